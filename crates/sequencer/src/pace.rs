// SPDX-License-Identifier: Apache-2.0
//! Time of the next attempt at a batch, after attempts that failed and batches that were lost. Pure.

use pvs_primitives::BlockNumber;

/// Blocks to wait after a commit that failed for a reason that will not pass by itself, since it may have cost a
/// transaction fee, and after losing batches twice in a row, since each loss costs a bond. Doubles with every
/// further one, up to the highest.
const LONG_PAUSE: BlockNumber = 10;
const MAX_LONG_PAUSE: BlockNumber = 640;
/// Blocks from a commit that the chain or the node's pool did not take to the next one, after several in a row:
/// each costs a transaction fee, or nothing.
const MAX_REFUSAL_PAUSE: BlockNumber = 32;

/// Causes that hold the next commit back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
	/// The first block on which a commit may be tried again, after commits and after losses.
	after_commits: BlockNumber,
	after_losses: BlockNumber,
	/// Blocks with a loss since the newest proof.
	losses: u32,
	/// Commits in a row that the chain did not take.
	refusals: u32,
	/// Commits in a row that failed for a reason that will not pass by itself.
	failures: u32,
	/// The number of pending batches with which the chain took no more.
	full_at: Option<u32>,
}

impl Pace {
	/// Returns whether the time has come.
	pub(crate) fn is_time(&self, best: BlockNumber) -> bool {
		best >= self.after_commits.max(self.after_losses)
	}

	/// Returns whether the chain may take one more batch on top of so many pending ones.
	pub(crate) fn has_place(&self, pending: u32) -> bool {
		self.full_at.is_none_or(|full| pending < full)
	}

	/// A batch is on the chain, perhaps after nobody waited for it any more.
	pub(crate) fn committed(&mut self) {
		self.after_commits = 0;
		self.refusals = 0;
		self.failures = 0;
		self.full_at = None;
	}

	/// A batch was not taken for a reason that can pass or at no cost, `full_at` if that was the number of
	/// pending ones. Returns the pause, and how many refusals there were in a row.
	pub(crate) fn refused(
		&mut self,
		best: BlockNumber,
		full_at: Option<u32>,
	) -> (BlockNumber, u32) {
		self.full_at = full_at;
		self.refusals = self.refusals.saturating_add(1);
		let pause = (1 << self.refusals.saturating_sub(1).min(16)).min(MAX_REFUSAL_PAUSE);
		self.wait_after_commit(best, pause);
		(pause, self.refusals)
	}

	/// A commit failed for a reason that will not pass by itself. Returns the pause, and how many failures there
	/// were in a row.
	pub(crate) fn failed(&mut self, best: BlockNumber) -> (BlockNumber, u32) {
		let pause = long_pause(self.failures);
		self.failures = self.failures.saturating_add(1);
		self.wait_after_commit(best, pause);
		(pause, self.failures)
	}

	/// A batch is proven.
	pub(crate) fn proven(&mut self) {
		self.losses = 0;
	}

	/// Batches were lost. Returns the pause, and how many losses there were in a row.
	pub(crate) fn lost(&mut self, best: BlockNumber) -> (BlockNumber, u32) {
		self.losses = self.losses.saturating_add(1);
		let pause = self.losses.checked_sub(2).map_or(0, long_pause);
		self.after_losses = self.after_losses.max(best.saturating_add(pause));
		(pause, self.losses)
	}

	fn wait_after_commit(&mut self, best: BlockNumber, pause: BlockNumber) {
		self.after_commits = self.after_commits.max(best.saturating_add(pause));
	}
}

/// The pause after so many shorter ones.
fn long_pause(before: u32) -> BlockNumber {
	LONG_PAUSE.saturating_mul(1 << before.min(16)).min(MAX_LONG_PAUSE)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pause_should_grow_with_the_losses_up_to_a_limit() {
		let mut pace = Pace::default();
		let pauses = [(); 9].map(|()| pace.lost(0).0);
		assert_eq!(pauses, [0, 10, 20, 40, 80, 160, 320, 640, 640]);
		pace.proven();
		assert_eq!(pace.lost(0), (0, 1));
		assert_eq!(long_pause(u32::MAX), 640);
	}

	#[test]
	fn pause_should_double_while_the_chain_refuses_and_begin_anew_after_a_commit() {
		let mut pace = Pace::default();
		let mut best = 100;
		for expected in [1, 2, 4, 8, 16, 32, 32, 32] {
			assert!(pace.is_time(best));
			assert_eq!(pace.refused(best, None).0, expected);
			assert!(!pace.is_time(best + expected - 1));
			best += expected;
		}
		pace.refused(best, None);
		pace.committed();
		assert!(pace.is_time(best));
		assert_eq!(pace.refused(best, None), (1, 1));
	}

	/// As when somebody else has become the sequencer: each attempt costs a fee.
	#[test]
	fn pause_should_double_while_commits_fail_and_begin_anew_after_one_that_does_not() {
		let mut pace = Pace::default();
		let mut best = 100;
		for (failures, pause) in (1..).zip([10, 20, 40, 80, 160, 320, 640, 640, 640]) {
			assert!(pace.is_time(best));
			assert_eq!(pace.failed(best), (pause, failures));
			assert!(!pace.is_time(best + pause - 1));
			best += pause;
		}
		pace.committed();
		assert_eq!(pace.failed(best), (10, 1));
	}

	#[test]
	fn commit_should_wait_for_a_place_when_the_chain_had_none() {
		let mut pace = Pace::default();
		assert!(pace.has_place(u32::MAX));
		pace.refused(5, Some(64));
		assert!(!pace.has_place(64) && !pace.has_place(65) && pace.has_place(63));
		pace.committed();
		assert!(pace.has_place(64));
	}

	#[test]
	fn shorter_pause_should_not_cut_a_longer_one_short() {
		let mut pace = Pace::default();
		pace.lost(0);
		assert_eq!(pace.lost(0), (10, 2));
		pace.refused(1, None);
		assert!(!pace.is_time(9) && pace.is_time(10));
		pace.committed();
		assert!(!pace.is_time(9), "a commit says nothing about provers");
		pace.failed(1);
		pace.refused(2, None);
		assert!(!pace.is_time(10) && pace.is_time(11));
	}
}
