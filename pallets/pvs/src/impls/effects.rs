// SPDX-License-Identifier: Apache-2.0
//! Effects of a transition: money moves, records change, events are told.

use crate::{pallet::*, types::*};
use frame_support::pallet_prelude::*;
use pvs_auction::{
	round::{BidStage, Place, Round, Stage, Standing, Terms, VoidReason},
	step::{Effect, Receipt, Reward},
};
use pvs_primitives::{
	api::{BatchId, ProverStats},
	Balance,
};

impl<T: Config> Pallet<T> {
	/// Carries out one effect. `before` is the round as it was; the entry has it as it is.
	pub(crate) fn apply_effect(
		entry: &mut Entry<T>,
		before: &Round<T::AccountId>,
		effect: Effect<T::AccountId>,
	) -> DispatchResult {
		let (batch, round) = (entry.id, before.number);
		let at = RoundKey { batch, round };
		match effect {
			Effect::BidCounted { bidder, terms } => Self::count_bid(entry, bidder, terms),
			Effect::BidOpened { bidder, terms, penalty, reward } => {
				Self::open_bid_of(entry, bidder, terms, penalty, reward)
			},
			Effect::BidVoided { bidder, slashed, reward, reason } => {
				Self::void_bid(at, bidder, slashed, reward, reason)
			},
			Effect::BidsUnsettled { closed, bidders } => {
				Self::keep_unsettled(entry, at, closed, bidders)
			},
			Effect::BondReleased { prover, bond } => Self::unreserve(&prover, bond),
			Effect::RoundEmpty(round) => {
				let stats = &mut entry.rollup.stats;
				stats.empty_rounds = stats.empty_rounds.saturating_add(1);
				Self::emit(Event::RoundEmpty { batch, round })
			},
			Effect::WinnerSelected => Self::select_winner(entry),
			Effect::ProverDefaulted { prover, slashed } => {
				let kept = Self::slash_to_pot(&prover, slashed, |stats| {
					stats.defaults = stats.defaults.saturating_add(1);
				})?;
				if !kept {
					let all = &mut entry.batch.round.slashed;
					*all = all.checked_sub(slashed).ok_or(Error::<T>::Corrupt)?;
				}
				let stats = &mut entry.rollup.stats;
				stats.defaults = stats.defaults.saturating_add(1);
				Self::emit(Event::ProverDefaulted { batch, round, prover, slashed })
			},
			Effect::PlaceOffered { until } => {
				let Place { prover, payment, proof_blocks, .. } = Self::offered(entry)?;
				Self::emit(Event::PlaceOffered {
					batch,
					round,
					prover,
					payment,
					proof_blocks,
					until,
				})
			},
			Effect::PlaceAccepted => {
				let Stage::Assigned(assignment) = &entry.batch.round.stage else {
					return Err(Error::<T>::Corrupt.into());
				};
				Self::emit(Event::PlaceAccepted {
					batch,
					round,
					prover: assignment.place.prover.clone(),
					payment: assignment.place.payment,
					on_time_until: assignment.delivery.on_time_until,
					late_until: assignment.delivery.late_until,
				})
			},
			Effect::PlacePassed(prover) => Self::emit(Event::PlacePassed { batch, round, prover }),
			Effect::RescueOpened { until } => {
				let Stage::Rescue(rescue) = entry.batch.round.stage else {
					return Err(Error::<T>::Corrupt.into());
				};
				Self::emit(Event::RescueOpened {
					batch,
					round,
					payment: rescue.first_payment,
					last_payment: entry.batch.round.reserve,
					until,
				})
			},
			Effect::RescueEnded => Self::emit(Event::RescueEnded { batch, round }),
			Effect::RoundOpened => {
				Self::emit(Self::round_opened(batch, &entry.batch, &entry.batch.round))
			},
			Effect::BatchWaiting => Self::emit(Event::BatchWaiting { batch }),
			Effect::Delivered(receipt) => Self::pay(entry, before, receipt),
			Effect::BatchFailed { slashed } => Self::fail(entry, slashed),
			Effect::BatchDropped { paid, slashed } => Self::drop_batch(entry, paid, slashed),
		}
	}

	fn emit(event: Event<T>) -> DispatchResult {
		Self::deposit_event(event);
		Ok(())
	}

	/// The event of a round that opens.
	pub(crate) fn round_opened(
		batch: BatchId,
		record: &BatchRecordOf<T>,
		round: &Round<T::AccountId>,
	) -> Event<T> {
		Event::RoundOpened {
			batch,
			round: round.number,
			reserve: round.reserve,
			batch_digest: Self::batch_digest(record, round.reserve),
		}
	}

	fn count_bid(entry: &Entry<T>, bidder: T::AccountId, terms: Terms) -> DispatchResult {
		let event = Event::BidRevealed {
			batch: entry.id,
			round: entry.batch.round.number,
			bidder: bidder.clone(),
			fee: terms.fee,
			proof_blocks: terms.proof_blocks,
		};
		Bids::<T>::mutate(entry.id, &bidder, |bid| {
			if let Some(bid) = bid {
				bid.stage = BidStage::Revealed(terms);
			}
		});
		Self::mutate_prover(&bidder, |prover| {
			prover.stats.reveals = prover.stats.reveals.saturating_add(1);
		})?;
		Self::emit(event)
	}

	/// The bid of a silent bidder counts, and its bidder pays for its silence.
	fn open_bid_of(
		entry: &Entry<T>,
		bidder: T::AccountId,
		terms: Terms,
		penalty: Balance,
		reward: Option<Reward<T::AccountId>>,
	) -> DispatchResult {
		let (batch, round) = (entry.id, entry.batch.round.number);
		Self::deposit_event(Event::BidOpened {
			batch,
			round,
			bidder: bidder.clone(),
			fee: terms.fee,
			proof_blocks: terms.proof_blocks,
			penalty,
		});
		Bids::<T>::mutate(batch, &bidder, |bid| {
			if let Some(bid) = bid {
				bid.stage = BidStage::Opened(terms);
			}
		});
		let at = RoundKey { batch, round };
		Self::slash_bidder(at, &bidder, penalty, reward, |stats| {
			stats.opened = stats.opened.saturating_add(1);
		})
	}

	/// Takes what a bidder loses, pays an opener its part and burns the rest.
	pub(crate) fn slash_bidder(
		RoundKey { batch, round }: RoundKey,
		bidder: &T::AccountId,
		slashed: Balance,
		reward: Option<Reward<T::AccountId>>,
		record_it: impl FnOnce(&mut ProverStats),
	) -> DispatchResult {
		let Some(Reward { opener, amount }) = reward else {
			return Self::slash_and_burn(bidder, slashed, record_it);
		};
		let amount = Self::slash_and_reward(bidder, slashed, &opener, amount, record_it)?;
		let bidder = bidder.clone();
		Self::emit(Event::OpenerRewarded { batch, round, bidder, opener, amount })
	}

	fn void_bid(
		at: RoundKey,
		bidder: T::AccountId,
		slashed: Balance,
		reward: Option<Reward<T::AccountId>>,
		reason: VoidReason,
	) -> DispatchResult {
		if slashed > 0 {
			Self::slash_bidder(at, &bidder, slashed, reward, |stats| {
				if reason == VoidReason::Silent {
					stats.silences = stats.silences.saturating_add(1);
				}
			})?;
		}
		let RoundKey { batch, round } = at;
		// A bid that was malformed keeps its row until the auction closes; others are gone.
		Bids::<T>::mutate(batch, &bidder, |bid| {
			if let Some(bid) = bid {
				bid.stage = BidStage::Void;
			}
		});
		Self::emit(Event::BidVoided { batch, round, bidder, slashed, reason })
	}

	fn select_winner(entry: &Entry<T>) -> DispatchResult {
		let Stage::Assigned(assignment) = &entry.batch.round.stage else {
			return Err(Error::<T>::Corrupt.into());
		};
		let place = &assignment.place;
		Self::mutate_prover(&place.prover, |prover| {
			prover.stats.wins = prover.stats.wins.saturating_add(1);
		})?;
		Self::emit(Event::WinnerSelected {
			batch: entry.id,
			round: entry.batch.round.number,
			prover: place.prover.clone(),
			fee: place.fee,
			proof_blocks: place.proof_blocks,
			payment: place.payment,
			on_time_until: assignment.delivery.on_time_until,
			late_until: assignment.delivery.late_until,
		})
	}

	fn offered(entry: &Entry<T>) -> Result<Place<T::AccountId>, Error<T>> {
		match &entry.batch.round.stage {
			Stage::Offered(offer) => Ok(offer.place.clone()),
			_ => Err(Error::<T>::Corrupt),
		}
	}

	/// Pays a verified proof and lets the rollup's reserve follow. A dropped batch does not move it.
	fn pay(
		entry: &mut Entry<T>,
		before: &Round<T::AccountId>,
		receipt: Receipt<T::AccountId>,
	) -> DispatchResult {
		let sequencer = entry.batch.sequencer.clone();
		let prover = receipt.prover.clone();
		let paid = receipt.payment.saturating_sub(receipt.late_cost);
		let received = Self::pay_from_escrow(&sequencer, &prover, paid)?;
		Self::burn_held(HoldReason::Escrow, &sequencer, receipt.late_cost)?;
		Self::return_held(HoldReason::Escrow, &sequencer, receipt.refund)?;
		let bond = entry.batch.snapshot.params.sequencer_bond;
		Self::return_held(HoldReason::SequencerBond, &sequencer, bond)?;
		let (share, burned) = (receipt.slashed_share, receipt.slashed_burned);
		let received = received.saturating_add(Self::pay_from_pot(share, burned, &prover)?);
		Self::mutate_prover(&prover, |record| {
			let stats = &mut record.stats;
			let count = if receipt.late_blocks == 0 { &mut stats.on_time } else { &mut stats.late };
			*count = count.saturating_add(1);
			stats.earned = stats.earned.saturating_add(received);
			Self::count_proof(record, paid);
		})?;
		Self::deposit_event(Event::ProofAccepted {
			batch: entry.id,
			round: before.number,
			prover,
			payment: paid,
			late_blocks: receipt.late_blocks,
			late_cost: receipt.late_cost,
			slashed_share: receipt.slashed_share,
			slashed_burned: receipt.slashed_burned,
			refund: receipt.refund,
		});
		if !matches!(entry.batch.round.stage, Stage::Proven { .. }) {
			return Ok(());
		}
		let latency = Self::now().saturating_sub(entry.batch.committed_at);
		let stats = &mut entry.rollup.stats;
		stats.proven = stats.proven.saturating_add(1);
		stats.paid = stats.paid.saturating_add(paid);
		stats.last_payment = receipt.payment;
		stats.late = stats.late.saturating_add(u64::from(receipt.late_blocks > 0));
		stats.latency_blocks = stats.latency_blocks.saturating_add(latency.into());
		stats.last_latency_blocks = latency;
		// The batch's own snapshot says how prices are averaged, today's bounds where they may lie.
		entry.rollup.prices = entry
			.rollup
			.prices
			.after_payment(
				receipt.payment,
				receipt.reserve,
				receipt.counted,
				&entry.batch.snapshot.params,
			)
			.map_err(Error::<T>::from)?
			.within(&entry.rollup.params);
		Self::emit(Event::ReserveUpdated {
			rollup: entry.id.rollup,
			reserve: entry.rollup.prices.reserve,
			mean_payment: entry.rollup.prices.mean.unwrap_or_default(),
		})
	}

	/// Ends a batch that used up its rounds, and with it all that builds on it.
	fn fail(entry: &mut Entry<T>, slashed: Balance) -> DispatchResult {
		let bond_burned = entry.batch.snapshot.params.sequencer_bond;
		Self::return_held(HoldReason::Escrow, &entry.batch.sequencer, entry.batch.max_fee)?;
		Self::burn_held(HoldReason::SequencerBond, &entry.batch.sequencer, bond_burned)?;
		Self::burn_from_pot(slashed)?;
		entry.rollup.next_to_finalize = entry.rollup.next_index;
		entry.rollup.tip_root = entry.rollup.finalized_root;
		Self::end(entry)?;
		let stats = &mut entry.rollup.stats;
		stats.failed = stats.failed.saturating_add(1);
		Self::deposit_event(Event::BatchFailed {
			batch: entry.id,
			bond_burned,
			slashed_burned: slashed,
		});
		Self::clean_up_successor(entry)
	}

	/// Ends a batch behind a failed one.
	fn drop_batch(entry: &mut Entry<T>, paid: bool, slashed: Balance) -> DispatchResult {
		if !paid {
			let bond = entry.batch.snapshot.params.sequencer_bond;
			Self::return_held(HoldReason::Escrow, &entry.batch.sequencer, entry.batch.max_fee)?;
			Self::return_held(HoldReason::SequencerBond, &entry.batch.sequencer, bond)?;
		}
		Self::burn_from_pot(slashed)?;
		Self::end(entry)?;
		let stats = &mut entry.rollup.stats;
		stats.dropped = stats.dropped.saturating_add(1);
		Self::deposit_event(Event::BatchDropped { batch: entry.id, slashed_burned: slashed });
		Self::clean_up_successor(entry)
	}

	/// The clean-up behind a failed batch goes from batch to batch through the agenda, once.
	pub(crate) fn clean_up_successor(entry: &mut Entry<T>) -> DispatchResult {
		if entry.batch.cleaned {
			return Ok(());
		}
		entry.batch.cleaned = true;
		let next = BatchId { index: successor::<T>(entry.id.index)?, ..entry.id };
		if Self::standing(next, &entry.rollup) == Standing::Dropped {
			Self::wake(next, &entry.rollup);
		}
		Ok(())
	}
}
