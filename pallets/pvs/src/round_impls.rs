// SPDX-License-Identifier: Apache-2.0
//! How a batch moves from round to round and to its end.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use pvs_auction::{
	lateness::late_cost,
	payment::payment,
	phase::{Delivery, Timeline},
	rank::{rank, CountedBid},
};
use pvs_primitives::{
	api::{BatchId, Phase},
	params::RollupParams,
	Balance, BlockNumber,
};

/// A batch with its rollup.
pub(crate) type BatchInRollup<T> = (
	RollupRecord<<T as frame_system::Config>::AccountId>,
	BatchRecord<<T as frame_system::Config>::AccountId>,
);

impl<T: Config> Pallet<T> {
	/// The rollup and the row of a batch, whether dropped or not.
	pub(crate) fn batch(batch: BatchId) -> Result<BatchInRollup<T>, DispatchError> {
		let record = Batches::<T>::get(batch).ok_or(Error::<T>::BatchNotFound)?;
		let rollup = Rollups::<T>::get(batch.rollup).ok_or(Error::<T>::Corrupt)?;
		Ok((rollup, record))
	}

	/// The rollup and the row of a batch that may still be proven.
	pub(crate) fn live_batch(batch: BatchId) -> Result<BatchInRollup<T>, DispatchError> {
		let (rollup, record) = Self::batch(batch)?;
		ensure!(!Self::is_dropped(batch, &rollup), Error::<T>::BatchWasDropped);
		Ok((rollup, record))
	}

	/// Whether a predecessor of a batch that still has a row failed. Indices below `next_to_finalize`
	/// have ended, so such a row can only be waiting for its clean-up.
	pub(crate) fn is_dropped(batch: BatchId, rollup: &RollupRecord<T::AccountId>) -> bool {
		batch.index < rollup.next_to_finalize
	}

	/// The timeline of an open round.
	pub(crate) fn timeline(params: &RollupParams, auction: &Auction) -> Timeline {
		Timeline {
			has_bids: auction.bids > 0,
			..Timeline::new(auction.opened_at, params, T::FinalityGap::get())
		}
	}

	/// The timeline of a round with a winner.
	pub(crate) fn assigned_timeline(
		params: &RollupParams,
		assignment: &Assignment<T::AccountId>,
	) -> Timeline {
		Timeline {
			has_bids: true,
			delivery: Some(assignment.delivery()),
			..Timeline::new(assignment.opened_at, params, T::FinalityGap::get())
		}
	}

	/// Opens the round that `record.round` names; bidding starts in the next block.
	pub(crate) fn open_round(batch: BatchId, record: &mut BatchRecord<T::AccountId>) {
		let reserve = record.max_fee;
		let auction = Auction { opened_at: Self::now(), reserve, bids: 0, sealed: 0 };
		record.stage = Stage::Auction(auction);
		let due = Self::timeline(&record.params, &auction).due();
		Self::schedule(batch, record, due);
		Self::deposit_event(Event::RoundOpened {
			batch,
			round: record.round,
			reserve,
			batch_digest: Self::batch_digest(record, reserve),
		});
	}

	/// Closes an open round: voids what is still sealed, releases the losers, assigns the winner.
	///
	/// Leaves the record in its next stage, or ended (see [`Self::store_unless_ended`]).
	pub(crate) fn close_round(
		batch: BatchId,
		record: &mut BatchRecord<T::AccountId>,
	) -> DispatchResult {
		let Stage::Auction(auction) = record.stage else {
			return Err(Error::<T>::Corrupt.into());
		};
		let mut counted = Vec::new();
		for (bidder, bid) in Bids::<T>::drain_prefix(batch) {
			match bid.stage {
				BidStage::Revealed { fee, proof_blocks, proof_commitment, salt, score } => {
					let bidder_bytes = *bidder.as_ref();
					counted.push((
						CountedBid { bidder, bidder_bytes, fee, proof_blocks, salt, score },
						bid.bond,
						proof_commitment,
					));
				},
				BidStage::Sealed => {
					Self::slash(&bidder, bid.bond, |stats| {
						stats.silences = stats.silences.saturating_add(1);
					})?;
					Self::deposit_event(Event::BidVoided {
						batch,
						round: record.round,
						bidder,
						slashed: bid.bond,
						reason: VoidReason::Silent,
					});
				},
				BidStage::Void => (),
			}
		}
		let bids: Vec<_> = counted.iter().map(|(bid, ..)| bid.clone()).collect();
		let Some(ranking) = rank(&bids) else {
			Self::deposit_event(Event::RoundEmpty { batch, round: record.round });
			return Self::next_round(batch, record);
		};
		let mut proof_commitment = None;
		let mut bond = 0;
		for (bid, its_bond, its_commitment) in counted {
			if bid.bidder == ranking.winner.bidder {
				bond = its_bond;
				proof_commitment = its_commitment;
			} else {
				Self::unreserve(&bid.bidder, its_bond)?;
			}
		}
		Self::assign(batch, record, &auction, ranking, bond, proof_commitment)
	}

	fn assign(
		batch: BatchId,
		record: &mut BatchRecord<T::AccountId>,
		auction: &Auction,
		ranking: pvs_auction::rank::Ranking<T::AccountId>,
		bond: Balance,
		proof_commitment: Option<pvs_primitives::Bytes32>,
	) -> DispatchResult {
		let winner = ranking.winner;
		let now = Self::now();
		let payment = payment(
			winner.fee,
			winner.proof_blocks,
			ranking.next_score,
			auction.reserve,
			&record.params,
		)
		.map_err(|_| Error::<T>::Corrupt)?;
		let delivery =
			Delivery::new(now, winner.proof_blocks, &record.params, T::InclusionSlack::get());
		Provers::<T>::mutate(&winner.bidder, |prover| {
			if let Some(prover) = prover {
				prover.stats.wins = prover.stats.wins.saturating_add(1);
			}
		});
		let assignment = Assignment {
			opened_at: auction.opened_at,
			reserve: auction.reserve,
			prover: winner.bidder.clone(),
			fee: winner.fee,
			payment,
			bond,
			proof_blocks: winner.proof_blocks,
			proof_commitment,
			assigned_at: now,
			on_time_until: delivery.on_time_until,
			late_until: delivery.late_until,
		};
		let due = Self::assigned_timeline(&record.params, &assignment).due();
		record.stage = Stage::Assigned(assignment);
		Self::schedule(batch, record, due);
		Self::deposit_event(Event::WinnerSelected {
			batch,
			round: record.round,
			prover: winner.bidder,
			fee: winner.fee,
			proof_blocks: winner.proof_blocks,
			payment,
			on_time_until: delivery.on_time_until,
			late_until: delivery.late_until,
		});
		Ok(())
	}

	/// After a round without delivery: the next round, waiting, or failure.
	fn next_round(batch: BatchId, record: &mut BatchRecord<T::AccountId>) -> DispatchResult {
		let next = record.round.checked_add(1).ok_or(Error::<T>::Corrupt)?;
		if next < record.params.max_rounds {
			record.round = next;
			Self::open_round(batch, record);
			return Ok(());
		}
		let rollup = Rollups::<T>::get(batch.rollup).ok_or(Error::<T>::Corrupt)?;
		if batch.index == rollup.next_to_finalize {
			Self::fail(batch, rollup, record)
		} else {
			record.stage = Stage::Waiting;
			Self::unschedule(batch, record);
			Self::deposit_event(Event::BatchWaiting { batch });
			Ok(())
		}
	}

	/// The winner's time is over.
	fn default_winner(batch: BatchId, record: &mut BatchRecord<T::AccountId>) -> DispatchResult {
		let Stage::Assigned(assignment) = record.stage.clone() else {
			return Err(Error::<T>::Corrupt.into());
		};
		Self::slash(&assignment.prover, assignment.bond, |stats| {
			stats.defaults = stats.defaults.saturating_add(1);
		})?;
		Self::deposit_event(Event::ProverDefaulted {
			batch,
			round: record.round,
			prover: assignment.prover,
			slashed: assignment.bond,
		});
		Self::next_round(batch, record)
	}

	/// Pays a verified proof and moves the batch on: final, waiting for predecessors, or gone if it
	/// had been dropped.
	pub(crate) fn settle_proof(
		batch: BatchId,
		rollup: &RollupRecord<T::AccountId>,
		record: &mut BatchRecord<T::AccountId>,
		assignment: &Assignment<T::AccountId>,
		now: BlockNumber,
	) -> DispatchResult {
		let late_blocks = assignment.delivery().late_blocks(now);
		let late_cost =
			late_cost(assignment.payment, late_blocks, record.params.late_rate, assignment.reserve)
				.map_err(|_| Error::<T>::Corrupt)?;
		let paid = assignment.payment.saturating_sub(late_cost);
		let refund = record.max_fee.saturating_sub(assignment.payment);
		Self::pay_from_escrow(&record.sequencer, &assignment.prover, paid)?;
		Self::burn_held(HoldReason::Escrow, &record.sequencer, late_cost)?;
		Self::release(HoldReason::Escrow, &record.sequencer, refund)?;
		Self::release(HoldReason::SequencerBond, &record.sequencer, record.params.sequencer_bond)?;
		Self::unreserve(&assignment.prover, assignment.bond)?;
		Provers::<T>::mutate(&assignment.prover, |prover| {
			if let Some(prover) = prover {
				let stats = &mut prover.stats;
				let count = if late_blocks == 0 { &mut stats.on_time } else { &mut stats.late };
				*count = count.saturating_add(1);
				stats.earned = stats.earned.saturating_add(paid);
			}
		});
		Self::deposit_event(Event::ProofAccepted {
			batch,
			round: record.round,
			prover: assignment.prover.clone(),
			payment: paid,
			late_blocks,
			late_cost,
			refund,
		});
		record.stage = Stage::Proven { prover: assignment.prover.clone(), at: now };
		Self::unschedule(batch, record);
		if Self::is_dropped(batch, rollup) {
			Self::deposit_event(Event::BatchDropped { batch });
			Self::remove_row(batch, record)?;
			Self::schedule_dropped_successor(batch)
		} else if batch.index == rollup.next_to_finalize {
			Self::finalize(batch, record)
		} else {
			Ok(())
		}
	}

	/// Makes the root of a proven batch final and wakes its successor.
	fn finalize(batch: BatchId, record: &mut BatchRecord<T::AccountId>) -> DispatchResult {
		let next = successor::<T>(batch.index)?;
		let state_root = record.next_state_root;
		Rollups::<T>::mutate(batch.rollup, |rollup| {
			if let Some(rollup) = rollup {
				rollup.finalized_root = state_root;
				rollup.next_to_finalize = next;
			}
		});
		Self::remove_row(batch, record)?;
		Self::deposit_event(Event::BatchFinalized { batch, state_root });
		let successor = BatchId { index: next, ..batch };
		if let Some(mut record) = Batches::<T>::get(successor) {
			if matches!(record.stage, Stage::Proven { .. } | Stage::Waiting) {
				Self::schedule(successor, &mut record, Self::now());
				Batches::<T>::insert(successor, record);
			}
		}
		Ok(())
	}

	/// Ends a batch that used up its rounds, and with it all that builds on it.
	fn fail(
		batch: BatchId,
		mut rollup: RollupRecord<T::AccountId>,
		record: &mut BatchRecord<T::AccountId>,
	) -> DispatchResult {
		let bond_burned = record.params.sequencer_bond;
		Self::release(HoldReason::Escrow, &record.sequencer, record.max_fee)?;
		Self::burn_held(HoldReason::SequencerBond, &record.sequencer, bond_burned)?;
		rollup.next_to_finalize = rollup.next_index;
		rollup.tip_root = rollup.finalized_root;
		Rollups::<T>::insert(batch.rollup, rollup);
		Self::remove_row(batch, record)?;
		Self::deposit_event(Event::BatchFailed { batch, bond_burned });
		Self::schedule_dropped_successor(batch)
	}

	/// Ends a dropped batch, unless its winner may still deliver.
	fn end_dropped(batch: BatchId, record: &mut BatchRecord<T::AccountId>) -> DispatchResult {
		match record.stage.clone() {
			Stage::Assigned(assignment) if Self::now() <= assignment.late_until => {
				let due = Self::assigned_timeline(&record.params, &assignment).due();
				Self::schedule(batch, record, due);
				return Self::schedule_dropped_successor(batch);
			},
			Stage::Assigned(assignment) => {
				Self::unreserve(&assignment.prover, assignment.bond)?;
				Self::return_escrow_and_bond(record)?;
			},
			Stage::Auction(_) => {
				for (bidder, bid) in Bids::<T>::drain_prefix(batch) {
					// A void bid backs nothing, and its bidder may have left.
					if bid.stage == BidStage::Void {
						continue;
					}
					Self::unreserve(&bidder, bid.bond)?;
					if bid.stage == BidStage::Sealed {
						Self::deposit_event(Event::BidVoided {
							batch,
							round: record.round,
							bidder,
							slashed: 0,
							reason: VoidReason::Dropped,
						});
					}
				}
				Self::return_escrow_and_bond(record)?;
			},
			Stage::Waiting => Self::return_escrow_and_bond(record)?,
			Stage::Proven { .. } => (),
		}
		Self::remove_row(batch, record)?;
		Self::deposit_event(Event::BatchDropped { batch });
		Self::schedule_dropped_successor(batch)
	}

	fn return_escrow_and_bond(record: &BatchRecord<T::AccountId>) -> DispatchResult {
		Self::release(HoldReason::Escrow, &record.sequencer, record.max_fee)?;
		Self::release(HoldReason::SequencerBond, &record.sequencer, record.params.sequencer_bond)
	}

	/// The clean-up goes from batch to batch through the agenda, so that its work per block is
	/// bounded.
	fn schedule_dropped_successor(batch: BatchId) -> DispatchResult {
		let next = BatchId { index: successor::<T>(batch.index)?, ..batch };
		let Some(rollup) = Rollups::<T>::get(batch.rollup) else {
			return Ok(());
		};
		if !Self::is_dropped(next, &rollup) {
			return Ok(());
		}
		if let Some(mut record) = Batches::<T>::get(next) {
			Self::schedule(next, &mut record, Self::now());
			Batches::<T>::insert(next, record);
		}
		Ok(())
	}

	/// Takes a batch's row out of storage and returns its deposit.
	fn remove_row(batch: BatchId, record: &mut BatchRecord<T::AccountId>) -> DispatchResult {
		Self::unschedule(batch, record);
		Self::release(HoldReason::BatchDeposit, &record.sequencer, record.deposit)?;
		Batches::<T>::remove(batch);
		PendingInChain::<T>::mutate(|pending| *pending = pending.saturating_sub(1));
		Rollups::<T>::mutate(batch.rollup, |rollup| {
			if let Some(rollup) = rollup {
				rollup.pending = rollup.pending.saturating_sub(1);
			}
		});
		Ok(())
	}

	/// Writes a row back unless the transition before has removed it.
	pub(crate) fn store_unless_ended(batch: BatchId, record: BatchRecord<T::AccountId>) {
		if Batches::<T>::contains_key(batch) {
			Batches::<T>::insert(batch, record);
		}
	}

	/// Performs the one transition of a batch that is due now; nothing if none is.
	pub(crate) fn perform_due(batch: BatchId) -> DispatchResult {
		let Some(mut record) = Batches::<T>::get(batch) else {
			return Ok(());
		};
		let rollup = Rollups::<T>::get(batch.rollup).ok_or(Error::<T>::Corrupt)?;
		if Self::is_dropped(batch, &rollup) {
			Self::end_dropped(batch, &mut record)?;
		} else {
			match record.stage.clone() {
				Stage::Auction(auction) => {
					let timeline = Self::timeline(&record.params, &auction);
					match timeline.phase(Self::now()) {
						(Phase::Overdue, _) => Self::close_round(batch, &mut record)?,
						_ => Self::schedule(batch, &mut record, timeline.due()),
					}
				},
				Stage::Assigned(assignment) => {
					let timeline = Self::assigned_timeline(&record.params, &assignment);
					match timeline.phase(Self::now()) {
						(Phase::Overdue, _) => Self::default_winner(batch, &mut record)?,
						_ => Self::schedule(batch, &mut record, timeline.due()),
					}
				},
				Stage::Proven { .. } if batch.index == rollup.next_to_finalize => {
					Self::finalize(batch, &mut record)?;
				},
				Stage::Waiting if batch.index == rollup.next_to_finalize => {
					record.round = record.round.checked_add(1).ok_or(Error::<T>::Corrupt)?;
					Self::open_round(batch, &mut record);
				},
				Stage::Proven { .. } | Stage::Waiting => Self::unschedule(batch, &mut record),
			}
		}
		Self::store_unless_ended(batch, record);
		Ok(())
	}
}
