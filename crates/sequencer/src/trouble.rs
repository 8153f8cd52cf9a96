// SPDX-License-Identifier: Apache-2.0
//! What is wrong with commits and with batches, until the chain shows that it is over. Pure.

use crate::core::Change;

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

	/// What is wrong, if anything is.
	pub(crate) fn problem(&self) -> Option<String> {
		let problems: Vec<&str> =
			[&self.commits, &self.losses].into_iter().flatten().map(String::as_str).collect();
		(!problems.is_empty()).then(|| problems.join("; "))
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
}
