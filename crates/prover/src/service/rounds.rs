// SPDX-License-Identifier: Apache-2.0
//! What the service remembers of rounds beside the journal. It is lost with the process.

use crate::{journal::Key, proving::Cancel};
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
	/// How often it was asked.
	pub(super) asked: u32,
	/// The height at which to ask again.
	pub(super) again_at: BlockNumber,
}

/// All that is remembered of a round.
#[derive(Default)]
pub(super) struct RoundState {
	/// The task in flight; one at a time.
	pub(super) task: Option<Task>,
	/// Whether it was looked at and not bid in.
	pub(super) is_skipped: bool,
	/// The reason why it could not be looked at yet.
	pub(super) deferred: Option<String>,
	/// The commitment of this prover's bid, if it cannot be revealed.
	pub(super) unreadable: Option<Bytes32>,
	/// Whether others opened this prover's seal.
	pub(super) is_opened: bool,
	/// Whether this prover is on the ladder and not asked yet.
	pub(super) stands_by: bool,
	/// Number of deliveries that the chain refused.
	pub(super) refusals: u32,
	/// The question how it ended, while there is no answer.
	pub(super) question: Option<Question>,
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
