// SPDX-License-Identifier: Apache-2.0
//! Memory of rounds that the service has beside the journal. It is lost with the process.

use crate::{journal::Key, workers::Cancel};
use pvs_primitives::{BlockNumber, Bytes32};
use std::collections::BTreeMap;

/// A task in flight.
pub(super) struct Task {
	pub(super) cancel: Cancel,
	pub(super) since: BlockNumber,
}

/// A question how a round ended, which no node has answered yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Question {
	/// Number of times that it was asked.
	pub(super) asked: u32,
	/// The height at which to ask again.
	pub(super) again_at: BlockNumber,
}

/// Every how many blocks to clean up.
const CLEAN_EVERY: BlockNumber = 16;
/// Number of times after the last work: by then its state is final and saved.
const CLEANINGS: u32 = 2;

/// Schedule for saving and forgetting what work leaves behind. Without work there is nothing to ask the node for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleaning {
	/// The height at which it was done last.
	at: BlockNumber,
	/// Number of times that it is to be done still.
	due: u32,
}

impl Cleaning {
	/// Starts at a height.
	pub(super) fn new(at: BlockNumber) -> Self {
		Self { at, due: CLEANINGS }
	}

	/// Returns whether it is time to clean up, and counts that as done. `is_busy` says whether there are rounds or open
	/// jobs at this height.
	pub(super) fn is_time(&mut self, height: BlockNumber, is_busy: bool) -> bool {
		if is_busy {
			self.due = CLEANINGS;
		}
		let is_time = self.due > 0 && height.saturating_sub(self.at) >= CLEAN_EVERY;
		if is_time {
			*self = Self { at: height, due: self.due.saturating_sub(1) };
		}
		is_time
	}
}

/// All that is remembered of a round.
#[derive(Default)]
pub(super) struct RoundState {
	/// The task in flight; one at a time.
	pub(super) task: Option<Task>,
	/// True if it was looked at and not bid in.
	pub(super) is_skipped: bool,
	/// The highest price for its place with which the bid was sent, in planck.
	pub(super) max_slot_fee: Option<u128>,
	/// The reason why it could not be looked at yet.
	pub(super) deferred: Option<String>,
	/// The commitment of this prover's bid, if it cannot be revealed.
	pub(super) unreadable: Option<Bytes32>,
	/// True if others opened this prover's seal.
	pub(super) is_opened: bool,
	/// True if this prover is on the ladder and not asked yet.
	pub(super) stands_by: bool,
	/// Number of deliveries that the chain refused.
	pub(super) refusals: u32,
	/// The question how it ended, while there is no answer.
	pub(super) question: Option<Question>,
}

impl RoundState {
	/// Returns the highest price with which the bid was sent, if that is still enough at a price of `slot_fee` planck. With
	/// the same price a bid is the same call, so that a transaction with it goes on instead of another one.
	pub(super) fn max_slot_fee_at(&self, slot_fee: u128) -> Option<u128> {
		self.max_slot_fee.filter(|max| *max >= slot_fee)
	}
}

/// The rounds of which something is remembered.
#[derive(Default)]
pub(super) struct Rounds(BTreeMap<Key, RoundState>);

impl Rounds {
	/// Returns what is remembered of a round, if anything is.
	pub(super) fn get(&self, key: &Key) -> Option<&RoundState> {
		self.0.get(key)
	}

	/// As [`get`](Self::get), to be changed.
	pub(super) fn get_mut(&mut self, key: &Key) -> Option<&mut RoundState> {
		self.0.get_mut(key)
	}

	/// Returns what is remembered of a round, to be changed; nothing at first.
	pub(super) fn of(&mut self, key: Key) -> &mut RoundState {
		self.0.entry(key).or_default()
	}

	/// Returns the task of a round that is in flight.
	pub(super) fn task(&self, key: &Key) -> Option<&Task> {
		self.get(key)?.task.as_ref()
	}

	/// Takes the task of a round that has ended.
	pub(super) fn end_task(&mut self, key: &Key) -> Option<Task> {
		self.get_mut(key)?.task.take()
	}

	/// Tells all tasks in flight that what they do is not wanted any more.
	pub(super) fn cancel_all(&self) {
		self.0
			.values()
			.filter_map(|state| state.task.as_ref())
			.for_each(|task| task.cancel.cancel());
	}

	/// Returns true if no task is in flight.
	pub(super) fn are_idle(&self) -> bool {
		self.0.values().all(|state| state.task.is_none())
	}

	/// Forgets rounds that are not to be kept, unless a task is in flight, a place on the ladder is not
	/// given up yet, or a question is open.
	pub(super) fn forget(&mut self, is_kept: impl Fn(&Key) -> bool) {
		self.0.retain(|key, state| {
			let is_open = state.task.is_some() || state.question.is_some();
			is_open || state.stands_by || is_kept(key)
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_primitives::api::BatchId;

	fn key(round: u32) -> Key {
		(BatchId { rollup: 0, index: 1 }, round)
	}

	#[test]
	fn bid_should_be_sent_again_at_the_same_price_while_that_is_enough() {
		let state = RoundState { max_slot_fee: Some(5), ..RoundState::default() };
		assert_eq!([4, 5, 6].map(|price| state.max_slot_fee_at(price)), [Some(5), Some(5), None]);
		assert_eq!(RoundState::default().max_slot_fee_at(0), None);
	}

	#[test]
	fn cleaning_should_end_when_there_is_no_work_any_more() {
		let mut cleaning = Cleaning::new(100);
		let times = |cleaning: &mut Cleaning, heights: core::ops::Range<u32>, is_busy| -> Vec<_> {
			heights.filter(|height| cleaning.is_time(*height, is_busy)).collect()
		};
		assert_eq!(
			times(&mut cleaning, 101..1_000, false),
			[116, 132],
			"what was before the start"
		);
		assert_eq!(times(&mut cleaning, 1_000..1_040, true), [1_000, 1_016, 1_032]);
		assert_eq!(times(&mut cleaning, 1_040..2_000, false), [1_048, 1_064]);
		assert!(times(&mut cleaning, 50..60, true).is_empty(), "a node that is behind");
	}

	#[test]
	fn rounds_should_be_forgotten_unless_they_are_kept_or_at_work() {
		let mut rounds = Rounds::default();
		rounds.of(key(0)).task = Some(Task { cancel: Cancel::default(), since: 7 });
		rounds.of(key(1)).stands_by = true;
		rounds.of(key(2)).is_skipped = true;
		rounds.of(key(3)).refusals = 2;
		rounds.of(key(4)).question = Some(Question::default());
		rounds.forget(|kept| *kept == key(2));
		assert!(rounds.get(&key(2)).is_some_and(|state| state.is_skipped));
		assert!(rounds.get(&key(3)).is_none() && rounds.get(&key(4)).is_some());
		assert!(!rounds.are_idle());
		assert_eq!(rounds.end_task(&key(0)).map(|task| task.since), Some(7));
		assert!(rounds.are_idle() && rounds.task(&key(0)).is_none());
		rounds.forget(|_| false);
		assert!(rounds.get(&key(0)).is_none() && rounds.get(&key(1)).is_some());
		assert_eq!(rounds.of(key(3)).refusals, 0);
	}
}
