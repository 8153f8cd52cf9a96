// SPDX-License-Identifier: Apache-2.0
//! Problems with commits, with batches and with the nodes, until the chain shows that they are over. Pure.

use crate::core::Change;
use pvs_primitives::BlockNumber;

/// The two kinds of trouble: either can pass while the other lasts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles {
	/// Until a batch is committed.
	commits: Option<String>,
	/// Until a batch is proven, or there is nothing left to prove.
	losses: Option<String>,
}

impl Troubles {
	/// Commits do not succeed.
	pub(crate) fn no_commit(&mut self, problem: String) {
		self.commits = Some(problem);
	}

	/// Batches are lost one after the other.
	pub(crate) fn losses(&mut self, problem: String) {
		self.losses = Some(problem);
	}

	/// A batch of ours is on the chain.
	pub(crate) fn committed(&mut self) {
		self.commits = None;
	}

	/// Takes in what changed with a block.
	pub(crate) fn take_in(&mut self, changes: &[Change]) {
		for change in changes {
			match change {
				Change::Committed { .. } => self.commits = None,
				Change::Proven { .. } => self.losses = None,
				Change::Final { .. } | Change::Lost { .. } => {},
			}
		}
	}

	/// No transfer waits and no batch is pending.
	pub(crate) fn idle(&mut self) {
		self.losses = None;
	}

	/// Returns what is wrong, if anything is.
	pub(crate) fn problem(&self) -> Option<String> {
		let problems: Vec<&str> =
			[&self.commits, &self.losses].into_iter().flatten().map(String::as_str).collect();
		(!problems.is_empty()).then(|| problems.join("; "))
	}
}

/// Problem with the nodes, until there is a higher block than all before: that a node answers again, or shows
/// the same block again, does not make the chain move.
#[derive(Clone, Debug)]
pub(crate) struct Standstill {
	highest: BlockNumber,
	problem: Option<String>,
}

impl Standstill {
	/// Nothing is wrong, and this is the highest block so far.
	pub(crate) fn after(highest: BlockNumber) -> Self {
		Self { highest, problem: None }
	}

	/// No node answers, or those that do show no new block.
	pub(crate) fn note(&mut self, problem: String) {
		self.problem = Some(problem);
	}

	/// Takes in a best block. Returns whether it is higher than all before.
	pub(crate) fn saw(&mut self, block: BlockNumber) -> bool {
		let is_higher = block > self.highest;
		if is_higher {
			self.highest = block;
			self.problem = None;
		}
		is_higher
	}

	/// Returns what is wrong, if anything is.
	pub(crate) fn problem(&self) -> Option<String> {
		self.problem.clone()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const COMMITTED: Change = Change::Committed { batch: 0, block: 1, transfers: 1 };
	const PROVEN: Change = Change::Proven { batch: 0 };
	const LOST: Change = Change::Lost { batch: 0, transfers: 1 };

	fn both() -> Troubles {
		let mut troubles = Troubles::default();
		assert_eq!(troubles.problem(), None);
		troubles.no_commit("no commit".into());
		troubles.losses("losses".into());
		assert_eq!(troubles.problem().as_deref(), Some("no commit; losses"));
		troubles
	}

	/// A commit may be taken by a block after nobody waited for it any more.
	#[test]
	fn trouble_with_commits_should_be_over_when_the_chain_has_a_batch() {
		let mut troubles = both();
		troubles.take_in(&[LOST, COMMITTED]);
		assert_eq!(troubles.problem().as_deref(), Some("losses"), "provers may still be down");
		let mut troubles = both();
		troubles.committed();
		assert_eq!(troubles.problem().as_deref(), Some("losses"));
	}

	#[test]
	fn trouble_with_losses_should_be_over_when_a_batch_is_proven() {
		let mut troubles = both();
		troubles.take_in(&[LOST]);
		assert_eq!(troubles.problem().as_deref(), Some("no commit; losses"));
		troubles.take_in(&[PROVEN]);
		assert_eq!(troubles.problem().as_deref(), Some("no commit"));
	}

	#[test]
	fn trouble_with_losses_should_be_over_when_nothing_is_left_to_prove() {
		let mut troubles = both();
		troubles.idle();
		assert_eq!(troubles.problem().as_deref(), Some("no commit"));
	}

	/// Finding R18: a new connection cleared it.
	#[test]
	fn trouble_with_nodes_should_be_over_when_there_is_a_higher_block_than_all_before() {
		let mut standstill = Standstill::after(7);
		assert!(!standstill.saw(7));
		standstill.note("no new block".into());
		for known in [7, 6, 7] {
			assert!(!standstill.saw(known));
			assert_eq!(standstill.problem().as_deref(), Some("no new block"));
		}
		assert!(standstill.saw(8));
		assert_eq!(standstill.problem(), None);
	}
}
