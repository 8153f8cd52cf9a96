// SPDX-License-Identifier: Apache-2.0
//! Changes of batches by a block. Pure.

use super::path::{Commit, Layer, Stage, Step};
use pvs_primitives::BlockNumber;

/// Change that came with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
	/// A batch is on the best chain.
	Committed { batch: u64, block: BlockNumber, transfers: usize },
	/// A batch is proven.
	Proven { batch: u64 },
	/// A batch is final.
	Final { batch: u64, transfers: usize },
	/// A batch has gone without becoming final: its transfers wait again.
	Lost { batch: u64, transfers: usize },
}

/// Returns what is new about the batches behind the final state.
pub(super) fn changes(before: &[Layer], settled: &[Step], after: &[Layer]) -> Vec<Change> {
	let is = |one: &Step, other: &Step| {
		one.commit.next_root == other.commit.next_root && one.commit.index == other.commit.index
	};
	let mut changes = Vec::new();
	let after = || after.iter().map(|layer| &layer.step);
	for Layer { step, .. } in before {
		if !settled.iter().chain(after()).any(|other| is(step, other)) {
			let (batch, transfers) = (step.commit.index, step.hashes.len());
			changes.push(Change::Lost { batch, transfers });
		}
	}
	for (step, is_final) in
		settled.iter().map(|step| (step, true)).chain(after().map(|step| (step, false)))
	{
		let old = before.iter().map(|layer| &layer.step).find(|other| is(step, other));
		let Commit { index: batch, block, stage, .. } = step.commit;
		let transfers = step.hashes.len();
		if old.is_none() {
			changes.push(Change::Committed { batch, block, transfers });
		}
		let was_proven = old.is_some_and(|old| old.commit.stage == Stage::Proven);
		if (is_final || stage == Stage::Proven) && !was_proven {
			changes.push(Change::Proven { batch });
		}
		if is_final {
			changes.push(Change::Final { batch, transfers });
		}
	}
	changes
}
