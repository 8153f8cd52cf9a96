// SPDX-License-Identifier: Apache-2.0
//! Transitions of a batch: the pallet reads it with its rollup, asks the transition function what becomes of
//! its round, and writes back what follows.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use pvs_auction::{
	phase::due,
	recent::{slot, RecentBatch},
	round::{Bid, BidStage, Context, Stage, Standing},
	step::{step, Input, Outcome},
};
use pvs_primitives::{
	api::BatchId,
	params::{RollupParams, SilencePolicy, Snapshot},
	Bytes32,
};
use pvs_timelock::Parameters;

impl<T: Config> Pallet<T> {
	/// Returns where a batch that has a row stands among those of its rollup. Indices below
	/// `next_to_finalize` have ended, so that such a row can only be waiting for its clean-up.
	pub(crate) fn standing(id: BatchId, rollup: &RollupRecordOf<T>) -> Standing {
		match id.index.cmp(&rollup.next_to_finalize) {
			core::cmp::Ordering::Less => Standing::Dropped,
			core::cmp::Ordering::Equal => Standing::Head,
			core::cmp::Ordering::Greater => Standing::Behind,
		}
	}

	/// Returns what a batch that is committed now is bound to.
	pub(crate) fn snapshot(params: RollupParams) -> Snapshot {
		Snapshot {
			params,
			finality_gap: Self::finality_gap(),
			inclusion_slack: Self::inclusion_slack(),
			max_bids: T::MaxBids::get(),
			slot_fee_base: Self::slot_fee_base(),
			seal_timing: Self::seal_timing(),
			seal_digest: T::Seals::get().parameters.digest(),
		}
	}

	/// Returns the puzzle with this digest; `None` if the runtime has lost it.
	pub(crate) fn seals_of(digest: &Bytes32) -> Option<&'static Parameters> {
		core::iter::once(T::Seals::get().parameters)
			.chain(T::Seals::get().former.iter().copied())
			.find(|parameters| parameters.digest() == *digest)
	}

	/// Returns what transitions of a batch depend on.
	pub(crate) fn context(entry: &Entry<T>) -> Context<'_> {
		let snapshot = &entry.batch.snapshot;
		Context {
			snapshot,
			seal_delay: match snapshot.params.silence_policy {
				SilencePolicy::Exclude | SilencePolicy::Settle { .. } => None,
				SilencePolicy::ForceOpen { .. } => {
					Self::seals_of(&snapshot.seal_digest).map(|seals| seals.delay)
				},
			},
			max_fee: entry.batch.max_fee,
			standing: Self::standing(entry.id, &entry.rollup),
		}
	}

	/// Moves a batch in memory: asks the transition function, and carries out what follows.
	pub(crate) fn advance(entry: &mut Entry<T>, input: Input<T::AccountId>) -> DispatchResult {
		ensure!(!entry.ended, Error::<T>::BatchNotFound);
		let outcome = step(entry.batch.round.clone(), input, &Self::context(entry), Self::now())
			.map_err(Error::<T>::from)?;
		Self::apply_outcome(entry, outcome)
	}

	/// Turns an outcome into storage, money and events.
	pub(crate) fn apply_outcome(
		entry: &mut Entry<T>,
		outcome: Outcome<T::AccountId>,
	) -> DispatchResult {
		let before = entry.batch.round.clone();
		let waited = entry.batch.is_waiting();
		if let Some(round) = outcome.round {
			entry.batch.round = round;
		}
		let waiting = &mut entry.rollup.waiting;
		match (waited, entry.batch.is_waiting()) {
			(false, true) => *waiting = waiting.saturating_add(1),
			(true, false) => *waiting = waiting.saturating_sub(1),
			_ => (),
		}
		for effect in outcome.effects {
			Self::apply_effect(entry, &before, effect)?;
		}
		let proven = matches!(entry.batch.round.stage, Stage::Proven { .. });
		if proven && !entry.ended && Self::standing(entry.id, &entry.rollup) == Standing::Head {
			Self::finalize(entry)?;
		}
		Ok(())
	}

	/// The time of a batch's next transition has come: performs it, in memory. An auction's bids are
	/// taken out of storage for it.
	pub(crate) fn advance_due(entry: &mut Entry<T>) -> DispatchResult {
		let mut bids = Vec::new();
		if let Stage::Auction(_) = entry.batch.round.stage {
			for (bidder, record) in Bids::<T>::drain_prefix(entry.id) {
				let (share, stage) = (record.share, record.stage.clone());
				if stage == BidStage::Sealed {
					entry.sealed.insert(bidder.clone(), record);
				}
				bids.push(Bid { bidder, share, stage });
			}
		}
		Self::advance(entry, Input::Due(&bids))
	}

	/// Returns whether a batch's next transition is due. A proven batch whose turn has come is made final.
	pub(crate) fn is_due(entry: &Entry<T>) -> bool {
		due(&entry.batch.round, &Self::context(entry)).is_some_and(|due| due <= Self::now())
	}

	/// Makes the root of a proven batch final and wakes its successor.
	pub(crate) fn finalize(entry: &mut Entry<T>) -> DispatchResult {
		let Stage::Proven { prover, paid, .. } = &entry.batch.round.stage else {
			return Err(Error::<T>::Corrupt.into());
		};
		let newest = RecentBatch { prover: prover.clone(), paid: *paid };
		RecentBatches::<T>::insert(entry.id.rollup, slot(entry.rollup.finals), newest);
		entry.rollup.finals = entry.rollup.finals.saturating_add(1);
		let next = successor::<T>(entry.id.index)?;
		let state_root = entry.batch.next_state_root;
		entry.rollup.finalized_root = state_root;
		entry.rollup.next_to_finalize = next;
		Self::end(entry)?;
		Self::deposit_event(Event::BatchFinalized { batch: entry.id, state_root });
		// Where none waits, the successor's row need not be read.
		if entry.rollup.waiting > 0 {
			Self::wake(BatchId { index: next, ..entry.id }, &entry.rollup);
		}
		Ok(())
	}

	/// Takes a batch's row out of storage, returns its deposit and settles the rent of its place. What
	/// `store` writes after this is the rollup's row only.
	pub(crate) fn end(entry: &mut Entry<T>) -> DispatchResult {
		Self::unschedule(entry.id, &mut entry.batch);
		Self::return_held(HoldReason::BatchDeposit, &entry.batch.sequencer, entry.batch.deposit)?;
		Self::release_place(entry)?;
		Batches::<T>::remove(entry.id);
		if entry.batch.is_waiting() {
			entry.rollup.waiting = entry.rollup.waiting.saturating_sub(1);
		}
		entry.ended = true;
		Ok(())
	}

	/// Puts a batch into the agenda if the end of its predecessor made something due for it: its root
	/// becomes final, its last round opens, or it is dropped. One after the other, so that the work
	/// of a block stays bounded.
	pub(crate) fn wake(id: BatchId, rollup: &RollupRecordOf<T>) {
		if let Some(batch) = Batches::<T>::get(id) {
			let mut entry = Entry::new(id, rollup.clone(), batch);
			let due_before = entry.batch.due;
			match Self::standing(id, rollup) {
				Standing::Dropped => {
					let due = Due { lane: Lane::Others, at: Self::now() };
					Self::schedule(id, &mut entry.batch, due);
				},
				Standing::Head | Standing::Behind => Self::reschedule(&mut entry),
			}
			if entry.batch.due != due_before {
				Batches::<T>::insert(id, entry.batch);
			}
		}
	}

	/// Moves a batch's place in the agenda to where its round says.
	fn reschedule(entry: &mut Entry<T>) {
		let context = Self::context(entry);
		let closes = matches!(entry.batch.round.stage, Stage::Auction(_))
			&& context.standing != Standing::Dropped;
		let lane = if closes { Lane::Closes } else { Lane::Others };
		let due = due(&entry.batch.round, &context).map(|at| Due { lane, at });
		let now = Self::now();
		match due {
			None => Self::unschedule(entry.id, &mut entry.batch),
			Some(due) if entry.batch.due == Some(due) => (),
			// Its place among the overdue ones is as good as any.
			Some(due) if due.at <= now && entry.batch.due.is_some_and(|due| due.at <= now) => (),
			Some(due) => Self::schedule(entry.id, &mut entry.batch, due),
		}
	}

	/// Writes a batch and its rollup back. Returns true if its entry in the agenda moved.
	pub(crate) fn store(mut entry: Entry<T>) -> bool {
		let mut moved = false;
		if !entry.ended {
			let due = entry.batch.due;
			Self::reschedule(&mut entry);
			moved = entry.batch.due != due;
			Batches::<T>::insert(entry.id, entry.batch);
		}
		if Rollups::<T>::get(entry.id.rollup).as_ref() != Some(&entry.rollup) {
			Rollups::<T>::insert(entry.id.rollup, entry.rollup);
		}
		moved
	}
}
