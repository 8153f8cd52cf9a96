// SPDX-License-Identifier: Apache-2.0
//! Bids: placed, revealed, opened.

use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::boxed::Box;
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	storage::with_storage_layer,
	weights::WeightMeter,
};
use pvs_auction::{
	round::{BidStage, Stage},
	slot_fee::slot_fee,
	step::{step, Input},
};
use pvs_primitives::{
	api::SealPlace,
	bid::{commitment_in, BID_CONTEXT_BYTES, PAYLOAD_BYTES},
	hash::blake2_256,
	Balance, Bytes32,
};
use pvs_timelock::{check_seal, decrypt, verify_opening, Seal, Statement};
use sp_runtime::SaturatedConversion;

/// Data that a seal is bound to.
pub(crate) struct SealBinding<'a> {
	/// Digest of the time-lock puzzle.
	pub(crate) seal_digest: &'a Bytes32,
	/// Binds chain, batch, round and bidder.
	pub(crate) context: &'a [u8; BID_CONTEXT_BYTES],
	/// The bid's commitment.
	pub(crate) commitment: &'a Bytes32,
}

/// A bid of an open auction.
struct AuctionBid<T: Config> {
	/// The batch.
	entry: Entry<T>,
	/// The bid.
	bid: BidRecord,
}

/// A bid whose seal is opened.
enum Opened<T: Config> {
	/// Of an open auction.
	Auction(Box<AuctionBid<T>>),
	/// Of a round that has closed.
	Unsettled(Box<SilentBid<T>>),
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_place_bid(
		bidder: T::AccountId,
		at: RoundKey,
		batch_digest: Bytes32,
		max_slot_fee: Balance,
		bid: SealedBid<'_>,
	) -> DispatchResultWithPostInfo {
		let placed = Self::place(bidder, at, batch_digest, max_slot_fee, bid);
		let moves = Self::moves(placed.map_or(0, u32::from));
		let weight = WeightInfoOf::<T>::place_bid().saturating_add(moves);
		Self::charged(weight, placed.map(|_| ()))
	}

	/// Places a bid. Returns true if the deadline of its batch moved.
	fn place(
		bidder: T::AccountId,
		RoundKey { batch: id, round }: RoundKey,
		batch_digest: Bytes32,
		max_slot_fee: Balance,
		SealedBid { commitment, seal }: SealedBid<'_>,
	) -> Result<bool, DispatchError> {
		let seal: Seal = seal.try_into().map_err(|_| Error::<T>::SealWrongLength)?;
		check_seal(&seal).map_err(Error::<T>::from)?;
		let extrinsic = Self::current_extrinsic()?;
		let mut entry = Self::entry(id)?;
		ensure!(entry.batch.round.number == round, Error::<T>::WrongRound);
		let after =
			step(entry.batch.round.clone(), Input::Bid, &Self::context(&entry), Self::now())
				.map_err(Error::<T>::from)?;
		let reserve = entry.batch.round.reserve;
		ensure!(
			Self::batch_digest(&entry.batch, reserve) == batch_digest,
			Error::<T>::BatchChanged
		);
		let mut prover = Self::ensure_eligible(&entry, &bidder)?;
		ensure!(!Bids::<T>::contains_key(id, &bidder), Error::<T>::AlreadyBid);
		let Stage::Auction(auction) = entry.batch.round.stage else {
			return Err(Error::<T>::Corrupt.into());
		};
		let fee =
			slot_fee(reserve, auction.bids, &entry.batch.snapshot).map_err(Error::<T>::from)?;
		ensure!(fee <= max_slot_fee, Error::<T>::SlotFeeTooHigh);
		let bond = Self::context(&entry).bond(reserve);
		let reserved = prover.reserved.checked_add(bond).ok_or(Error::<T>::InsufficientStake)?;
		ensure!(reserved <= prover.stake, Error::<T>::InsufficientStake);
		Self::burn_free(&bidder, fee)?;

		let share = Self::recent_share(&prover);
		prover.reserved = reserved;
		prover.stats.bids = prover.stats.bids.saturating_add(1);
		Provers::<T>::insert(&bidder, prover);
		let block = frame_system::Pallet::<T>::block_number().saturated_into();
		let record = BidRecord {
			commitment,
			seal_hash: blake2_256(&[&seal]),
			placed: SealPlace { block, extrinsic },
			share,
			stage: BidStage::Sealed,
		};
		Bids::<T>::insert(id, &bidder, record);
		entry.batch.round = after.round.ok_or(Error::<T>::Corrupt)?;
		let moved = Self::store(entry);
		Self::deposit_event(Event::BidPlaced { batch: id, round, bidder, bond, slot_fee: fee });
		Ok(moved)
	}

	/// Returns what it weighs to move the entries of so many batches in the agenda.
	pub(crate) fn moves(batches: u32) -> Weight {
		WeightInfoOf::<T>::move_deadline().saturating_mul(batches.into())
	}

	pub(crate) fn do_place_bids(
		bidder: T::AccountId,
		bids: &[BidPlacement],
	) -> DispatchResultWithPostInfo {
		Self::ensure_bids_per_call(bids.len())
			.map_err(|error| error.with_weight(WeightInfoOf::<T>::place_bids(1)))?;
		let mut moved = 0u32;
		for (item, placement) in (0..).zip(bids) {
			let BidPlacement { batch, round, batch_digest, max_slot_fee, commitment, seal } =
				placement;
			let (at, bid) = (
				RoundKey { batch: *batch, round: *round },
				SealedBid { commitment: *commitment, seal },
			);
			let placed = with_storage_layer(|| {
				Self::place(bidder.clone(), at, *batch_digest, *max_slot_fee, bid)
			});
			match placed {
				Ok(has_moved) => moved = moved.saturating_add(has_moved.into()),
				Err(error) => Self::emit_bid_refused(item, at, bidder.clone(), error),
			}
		}
		let weight = WeightInfoOf::<T>::place_bids(Self::count(bids.len()));
		Ok(Some(weight.saturating_add(Self::moves(moved))).into())
	}

	pub(crate) fn do_reveal_bid(
		at: RoundKey,
		bidder: T::AccountId,
		payload: &[u8],
	) -> DispatchResultWithPostInfo {
		let mut closing = Self::step_budget();
		let mut weight = WeightInfoOf::<T>::reveal_bid();
		let revealed = Self::open_round(at, &mut closing).and_then(|open| match open {
			Some(entry) => Self::reveal(entry, bidder, payload, &mut closing),
			None => {
				weight = WeightInfoOf::<T>::settle_by_payload();
				Self::settle_by_payload(at, bidder, payload).map(|()| false)
			},
		});
		let weight = weight.saturating_add(Self::moves(revealed.map_or(0, u32::from)));
		Self::charged(weight.saturating_add(closing.consumed()), revealed.map(|_| ()))
	}

	pub(crate) fn do_reveal_bids(
		reveals: &[BidReveal<T::AccountId>],
	) -> DispatchResultWithPostInfo {
		Self::ensure_bids_per_call(reveals.len())
			.map_err(|error| error.with_weight(WeightInfoOf::<T>::reveal_bids(1)))?;
		// One budget for all: it fits several rounds, and no call declares more than one heaviest step.
		let mut closing = Self::step_budget();
		let (mut settled, mut moved) = (0u32, 0u32);
		for (item, BidReveal { batch, round, bidder, payload }) in (0..).zip(reveals) {
			let at = RoundKey { batch: *batch, round: *round };
			let revealed = with_storage_layer(|| match Self::open_round(at, &mut closing)? {
				Some(entry) => Self::reveal(entry, bidder.clone(), payload, &mut closing),
				None => {
					settled = settled.saturating_add(1);
					Self::settle_by_payload(at, bidder.clone(), payload).map(|()| false)
				},
			});
			match revealed {
				Ok(has_moved) => moved = moved.saturating_add(has_moved.into()),
				Err(error) => Self::emit_bid_refused(item, at, bidder.clone(), error),
			}
		}
		let others = Self::count(reveals.len()).saturating_sub(settled);
		let weight = WeightInfoOf::<T>::reveal_bids(others)
			.saturating_add(WeightInfoOf::<T>::settle_by_payload().saturating_mul(settled.into()))
			.saturating_add(Self::moves(moved));
		Ok(Some(weight.saturating_add(closing.consumed())).into())
	}

	/// Checks how many bids a call has.
	fn ensure_bids_per_call(bids: usize) -> Result<(), Error<T>> {
		ensure!(bids > 0, Error::<T>::NoBids);
		ensure!(Self::count(bids) <= T::MaxBidsPerCall::get(), Error::<T>::TooManyBids);
		Ok(())
	}

	fn emit_bid_refused(item: u32, at: RoundKey, bidder: T::AccountId, error: DispatchError) {
		let RoundKey { batch, round } = at;
		Self::deposit_event(Event::BidRefused { item, batch, round, bidder, error });
	}

	/// Returns what `place_bids` with so many bids weighs.
	pub(crate) fn place_bids_weight(bids: usize) -> Weight {
		let count = Self::charged_bids(bids);
		WeightInfoOf::<T>::place_bids(count).saturating_add(Self::moves(count))
	}

	/// Returns the most that `reveal_bids` with so many payloads weighs beside the rounds that it closes:
	/// each may settle a silent bid.
	pub(crate) fn reveal_bids_weight(reveals: usize) -> Weight {
		let count = Self::charged_bids(reveals);
		let settles = WeightInfoOf::<T>::settle_by_payload().saturating_mul(count.into());
		WeightInfoOf::<T>::reveal_bids(count)
			.max(WeightInfoOf::<T>::reveal_bids(0).saturating_add(settles))
			.saturating_add(Self::moves(count))
	}

	/// Returns the number of bids that a call is charged at the most: more, or none, are refused before
	/// anything is done.
	fn charged_bids(bids: usize) -> u32 {
		Self::count(bids).min(T::MaxBidsPerCall::get()).max(1)
	}

	/// Reveals a bid. Returns true if the deadline of its batch moved.
	fn reveal(
		mut entry: Entry<T>,
		bidder: T::AccountId,
		payload: &[u8],
		closing: &mut WeightMeter,
	) -> Result<bool, DispatchError> {
		let payload: &[u8; PAYLOAD_BYTES] =
			payload.try_into().map_err(|_| Error::<T>::PayloadWrongLength)?;
		let bid = Self::bid(entry.id, &bidder);
		let commitment = commitment_in(&Self::bid_context(&entry, &bidder), payload);
		if let Ok(BidRecord { stage: BidStage::Revealed(_), commitment: committed, .. }) = bid {
			// Twice the same is no fault: whoever reveals for others need not look first.
			ensure!(commitment == committed, Error::<T>::CommitmentMismatch);
			return Ok(false);
		}
		// The phase first: whoever is too early or too late learns that, whatever it sent.
		let share = bid.as_ref().map_or(0, |bid| bid.share);
		let input = Input::Reveal { bidder, share, payload };
		let after = step(entry.batch.round.clone(), input, &Self::context(&entry), Self::now())
			.map_err(Error::<T>::from)?;
		let bid = bid?;
		ensure!(bid.stage == BidStage::Sealed, Error::<T>::BidNotSealed);
		ensure!(commitment == bid.commitment, Error::<T>::CommitmentMismatch);
		Self::apply_outcome(&mut entry, after)?;
		// What several reveals leave of their common budget may not do: the agenda closes the round then.
		if closing.can_consume(Self::step_weight(&entry)) {
			Self::catch_up(&mut entry, closing)?;
		}
		Ok(Self::store(entry))
	}

	pub(crate) fn do_open_bid(
		opener: T::AccountId,
		at: RoundKey,
		bidder: T::AccountId,
		offered: OfferedOpening<'_>,
	) -> DispatchResultWithPostInfo {
		let mut closing = Self::step_budget();
		// Before the dear part: whether this bid may be opened by this opener now.
		let openable = Self::opening_of(offered).and_then(|opening| {
			let target = match Self::open_round(at, &mut closing)? {
				Some(entry) => {
					let bid = Self::ensure_openable(&opener, &entry, &bidder, &opening)?;
					Opened::Auction(Box::new(AuctionBid { entry, bid }))
				},
				None => Opened::Unsettled(Box::new(Self::ensure_unsettled(
					at,
					&bidder,
					Some(&opening),
				)?)),
			};
			Ok((opening, target))
		});
		let (opening, target) = openable.map_err(|error| {
			error
				.with_weight(WeightInfoOf::<T>::refuse_opening().saturating_add(closing.consumed()))
		})?;
		let (weight, opened) = match target {
			Opened::Auction(found) => {
				let AuctionBid { entry, bid } = *found;
				let opened = Self::open(entry, bidder, bid, opener, &opening, &mut closing);
				(WeightInfoOf::<T>::open_bid(), opened)
			},
			Opened::Unsettled(silent) => {
				let opened = Self::settle_by_opening(at, bidder, *silent, opener, &opening);
				let opened = opened.map(|()| false);
				(WeightInfoOf::<T>::settle_by_opening(), opened)
			},
		};
		let weight = weight
			.saturating_add(WeightInfoOf::<T>::challenge_search())
			.saturating_add(Self::moves(opened.map_or(0, u32::from)));
		Self::charged(weight.saturating_add(closing.consumed()), opened.map(|_| ()))
	}

	/// Checks the lengths of an opening.
	fn opening_of(offered: OfferedOpening<'_>) -> Result<Opening, DispatchError> {
		let OfferedOpening { seal, solution, proof } = offered;
		Ok(Opening {
			seal: seal.try_into().map_err(|_| Error::<T>::SealWrongLength)?,
			solution: solution.try_into().map_err(|_| Error::<T>::SolutionWrongLength)?,
			proof: proof.try_into().map_err(|_| Error::<T>::OpeningProofWrongLength)?,
		})
	}

	/// Returns the bid of an open auction, if its seal may be opened by this opener now.
	fn ensure_openable(
		opener: &T::AccountId,
		entry: &Entry<T>,
		bidder: &T::AccountId,
		opening: &Opening,
	) -> Result<BidRecord, DispatchError> {
		let asked =
			Input::Open { bidder: bidder.clone(), share: 0, opener: opener.clone(), payload: None };
		step(entry.batch.round.clone(), asked, &Self::context(entry), Self::now())
			.map_err(Error::<T>::from)?;
		// Nobody who could keep a reveal out earns by it under its own name.
		let is_sequencer = *opener == entry.batch.sequencer || *opener == entry.rollup.sequencer;
		ensure!(!is_sequencer, Error::<T>::SequencerMayNotOpen);
		let bid = Self::bid(entry.id, bidder)?;
		ensure!(bid.stage == BidStage::Sealed, Error::<T>::BidNotSealed);
		ensure!(blake2_256(&[&opening.seal]) == bid.seal_hash, Error::<T>::SealMismatch);
		Ok(bid)
	}

	/// Opens a bid. Returns true if the deadline of its batch moved.
	fn open(
		mut entry: Entry<T>,
		bidder: T::AccountId,
		bid: BidRecord,
		opener: T::AccountId,
		opening: &Opening,
		closing: &mut WeightMeter,
	) -> Result<bool, DispatchError> {
		let sealed = SealBinding {
			seal_digest: &entry.batch.snapshot.seal_digest,
			context: &Self::bid_context(&entry, &bidder),
			commitment: &bid.commitment,
		};
		let payload = Self::unseal(&sealed, &opener, opening)?;
		let payload = payload.as_ref();
		Self::advance(&mut entry, Input::Open { bidder, share: bid.share, opener, payload })?;
		Self::catch_up(&mut entry, closing)?;
		Ok(Self::store(entry))
	}

	/// Verifies an opening. Returns the payload that was in the seal; `None` if it does not decrypt or is
	/// not what was committed to.
	pub(crate) fn unseal(
		sealed: &SealBinding<'_>,
		opener: &T::AccountId,
		opening: &Opening,
	) -> Result<Option<[u8; PAYLOAD_BYTES]>, Error<T>> {
		let SealBinding { seal_digest, context, commitment } = *sealed;
		let Opening { seal, solution, proof } = opening;
		let parameters = Self::seals_of(seal_digest).ok_or(Error::<T>::SealSetUnknown)?;
		let statement =
			Statement { parameters, seal, context, commitment, opener: opener.as_ref() };
		verify_opening(&statement, solution, proof).map_err(Error::<T>::from)?;
		Ok(decrypt(parameters, seal, context, solution)
			.filter(|payload| commitment_in(context, payload) == *commitment))
	}
}
