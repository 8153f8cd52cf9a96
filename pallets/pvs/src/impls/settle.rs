// SPDX-License-Identifier: Apache-2.0
//! Silent bids of closed rounds: kept until somebody settles them or their time is over.

use super::bids::SealBinding;
use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::*, storage::with_storage_layer, weights::WeightMeter};
use pvs_auction::{
	round::{Stage, Standing},
	settle::{ClosedRound, Settlement, Verdict},
	step::Reward,
};
use pvs_primitives::{
	bid::{bid_context, commitment_in, BID_CONTEXT_BYTES, PAYLOAD_BYTES},
	hash::blake2_256,
	params::SilencePolicy,
	Balance, BlockNumber,
};

impl<T: Config> Pallet<T> {
	/// The lowest silence penalty where silent bids are settled, in planck: what a row costs for as long as
	/// one may stay unsettled.
	pub(crate) fn min_silence_penalty() -> Balance {
		Self::place_rent().saturating_mul(T::MaxSettleBlocks::get().into())
	}

	/// The shortest window in which silent bids are settled, in blocks.
	pub(crate) fn min_settle_blocks() -> BlockNumber {
		let delay = T::Seals::get().parameters.delay;
		Self::seal_timing().settling_blocks(delay, Self::inclusion_slack())
	}

	/// Keeps the silent bids of a round that closes without them.
	pub(crate) fn keep_unsettled(
		entry: &mut Entry<T>,
		at: RoundKey,
		closed: ClosedRound,
		bidders: Vec<T::AccountId>,
	) -> DispatchResult {
		let RoundKey { batch, round } = at;
		let bids = Self::count(bidders.len());
		for bidder in bidders {
			let record = entry.sealed.remove(&bidder).ok_or(Error::<T>::Corrupt)?;
			let BidRecord { commitment, seal_hash, placed, share, .. } = record;
			let bid = UnsettledBid { commitment, seal_hash, placed, share };
			UnsettledBids::<T>::insert(at.id(), &bidder, bid);
			Self::deposit_event(Event::BidUnsettled { batch, round, bidder, until: closed.until });
		}
		let expires_at = closed.until;
		let kept = UnsettledRound {
			committer: entry.batch.sequencer.clone(),
			sequencer: entry.rollup.sequencer.clone(),
			batch_digest: Self::batch_digest(&entry.batch, closed.reserve),
			seal_digest: entry.batch.snapshot.seal_digest,
			closed,
			bids,
			expires_at,
		};
		UnsettledRounds::<T>::insert(batch, round, kept);
		Expiries::<T>::insert(expiry_key(expires_at, at), ());
		Ok(())
	}

	/// Returns the batch if bids of this round are to be shown to its auction; `None` if the round has closed
	/// and has silent bids to be settled. A round whose reveal window is over is closed for it.
	///
	/// # Errors
	/// `BatchNotFound`, `WrongRound`; `NothingToSettle` if the round has closed without silent bids, or all
	/// are settled.
	pub(crate) fn open_round(
		RoundKey { batch, round }: RoundKey,
		closing: &mut WeightMeter,
	) -> Result<Option<Entry<T>>, DispatchError> {
		if UnsettledRounds::<T>::contains_key(batch, round) {
			return Ok(None);
		}
		let mut entry = Self::entry(batch)?;
		ensure!(entry.batch.round.number == round, Error::<T>::WrongRound);
		let policy = entry.batch.snapshot.params.silence_policy;
		if !matches!(policy, SilencePolicy::Settle { .. })
			|| Self::standing(batch, &entry.rollup) == Standing::Dropped
		{
			return Ok(Some(entry));
		}
		match entry.batch.round.stage {
			Stage::Auction(auction) if auction.sealed > 0 && Self::is_due(&entry) => {
				Self::catch_up(&mut entry, closing)?;
				Self::store(entry);
				Ok(None)
			},
			Stage::Auction(_) => Ok(Some(entry)),
			_ => Err(Error::<T>::NothingToSettle.into()),
		}
	}

	/// Returns a silent bid that may be settled now, by this opening if there is one.
	///
	/// # Errors
	/// `NothingToSettle` if the bidder has no unsettled bid in the round, `TooLateToSettle` once the window
	/// is over, `SealMismatch` if the seal is another one.
	pub(crate) fn ensure_unsettled(
		at: RoundKey,
		bidder: &T::AccountId,
		opening: Option<&Opening>,
	) -> Result<SilentBid<T>, Error<T>> {
		let round = Self::silent_round(at)?;
		ensure!(Self::now() < round.closed.until, Error::<T>::TooLateToSettle);
		let bid = Self::silent_bid(at, bidder)?;
		if let Some(opening) = opening {
			ensure!(blake2_256(&[&opening.seal]) == bid.seal_hash, Error::<T>::SealMismatch);
		}
		Ok(SilentBid { round, bid })
	}

	/// Returns what a bid of a closed round is bound to.
	pub(crate) fn unsettled_context(
		RoundKey { batch, round }: RoundKey,
		kept: &UnsettledRoundOf<T>,
		bidder: &T::AccountId,
	) -> [u8; BID_CONTEXT_BYTES] {
		let genesis_hash = Self::genesis_hash();
		bid_context(&genesis_hash, batch, round, &kept.batch_digest, bidder.as_ref())
	}

	/// Settles a silent bid by what it committed to. Nobody is rewarded.
	pub(crate) fn settle_by_payload(
		at: RoundKey,
		bidder: T::AccountId,
		payload: &[u8],
	) -> DispatchResult {
		let payload: &[u8; PAYLOAD_BYTES] =
			payload.try_into().map_err(|_| Error::<T>::PayloadWrongLength)?;
		let SilentBid { round, bid } = Self::ensure_unsettled(at, &bidder, None)?;
		let context = Self::unsettled_context(at, &round, &bidder);
		let commitment = commitment_in(&context, payload);
		ensure!(commitment == bid.commitment, Error::<T>::CommitmentMismatch);
		let settled = round.closed.settle(bid.share, Some(payload), Self::now());
		Self::pay_for_silence(at, bidder, None, settled.map_err(Error::<T>::from)?)
	}

	/// Settles a silent bid by the solution of its seal.
	pub(crate) fn settle_by_opening(
		at: RoundKey,
		bidder: T::AccountId,
		SilentBid { round, bid }: SilentBid<T>,
		opener: T::AccountId,
		opening: &Opening,
	) -> DispatchResult {
		let sealed = SealBinding {
			seal_digest: &round.seal_digest,
			context: &Self::unsettled_context(at, &round, &bidder),
			commitment: &bid.commitment,
		};
		let payload = Self::unseal(&sealed, &opener, opening)?;
		let settled = round.closed.settle(bid.share, payload.as_ref(), Self::now());
		// Nobody who could keep a reveal out earns by it under its own name.
		let is_sequencer = opener == round.committer || opener == round.sequencer;
		let opener = (!is_sequencer).then_some(opener);
		Self::pay_for_silence(at, bidder, opener, settled.map_err(Error::<T>::from)?)
	}

	/// Takes what a silent bidder loses, releases the rest of its bond and forgets the bid.
	fn pay_for_silence(
		at: RoundKey,
		bidder: T::AccountId,
		opener: Option<T::AccountId>,
		settlement: Settlement,
	) -> DispatchResult {
		let Settlement { verdict, slashed, reward, released } = settlement;
		UnsettledBids::<T>::remove(at.id(), &bidder);
		let RoundKey { batch, round } = at;
		UnsettledRounds::<T>::try_mutate_exists(batch, round, |kept| {
			let record = kept.as_mut().ok_or(Error::<T>::Corrupt)?;
			record.bids = record.bids.checked_sub(1).ok_or(Error::<T>::Corrupt)?;
			if record.bids == 0 {
				Expiries::<T>::remove(expiry_key(record.expires_at, at));
				*kept = None;
			}
			Ok::<_, Error<T>>(())
		})?;
		Self::deposit_event(Event::BidSettled {
			batch,
			round,
			bidder: bidder.clone(),
			slashed,
			released,
			verdict,
		});
		let reward = opener.map(|opener| Reward { opener, amount: reward });
		Self::slash_bidder(at, &bidder, slashed, reward, |stats| {
			let count =
				if verdict == Verdict::Expired { &mut stats.silences } else { &mut stats.opened };
			*count = count.saturating_add(1);
		})?;
		if released > 0 {
			Self::unreserve(&bidder, released)?;
		}
		Ok(())
	}

	/// Returns true if the time of a silent bid is over. Takes one read.
	pub(crate) fn is_expiry_due() -> bool {
		let first = Expiries::<T>::iter_keys().next().map(expiry_item);
		first.is_some_and(|(due, _)| due <= Self::now())
	}

	/// Returns what one look at the expiries and one of them weigh at least.
	pub(crate) fn least_expiry() -> Weight {
		WeightInfoOf::<T>::agenda_lookup().saturating_add(WeightInfoOf::<T>::expire_bids(1))
	}

	/// Ends silent bids whose time to be settled is over, as many as the meter allows.
	pub(crate) fn service_expiries(meter: &mut WeightMeter) {
		let now = Self::now();
		let mut last = None;
		while meter.try_consume(WeightInfoOf::<T>::agenda_lookup()).is_ok() {
			let next = match last {
				None => Expiries::<T>::iter_keys().next(),
				Some(key) => Expiries::<T>::iter_keys_from_key(key).next(),
			};
			let Some((due, at)) = next.map(expiry_item).filter(|(due, _)| *due <= now) else {
				break;
			};
			let bids = Self::silent_round(at).map_or(0, |kept| kept.bids);
			let fits = |bids: &u32| meter.can_consume(WeightInfoOf::<T>::expire_bids(*bids));
			let Some(bids) = (1..=bids.max(1)).rev().find(fits) else { break };
			meter.consume(WeightInfoOf::<T>::expire_bids(bids));
			last = Some(expiry_key(due, at));
			if let Err(error) = with_storage_layer(|| Self::expire(at, bids)) {
				log::error!(target: "pvs::agenda", "silent bids of {at:?} stay: {error:?}");
				Self::expire_later(at, due, now);
				Self::deposit_event(Event::AgendaItemFailed { batch: at.batch, error });
			}
		}
	}

	/// Ends this many of the silent bids of a round.
	pub(crate) fn expire(at: RoundKey, bids: u32) -> DispatchResult {
		let kept = Self::silent_round(at).map_err(|_| Error::<T>::Corrupt)?;
		let most = usize::try_from(bids).unwrap_or(usize::MAX);
		let bidders: Vec<_> = UnsettledBids::<T>::iter_key_prefix(at.id()).take(most).collect();
		ensure!(!bidders.is_empty(), Error::<T>::Corrupt);
		for bidder in bidders {
			Self::pay_for_silence(at, bidder, None, kept.closed.expire())?;
		}
		Ok(())
	}

	fn expire_later(at: RoundKey, due: BlockNumber, now: BlockNumber) {
		Expiries::<T>::remove(expiry_key(due, at));
		UnsettledRounds::<T>::mutate(at.batch, at.round, |kept| {
			if let Some(kept) = kept {
				kept.expires_at = now.saturating_add(Self::retry_blocks());
				Expiries::<T>::insert(expiry_key(kept.expires_at, at), ());
			}
		});
	}
}
