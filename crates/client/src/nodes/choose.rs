// SPDX-License-Identifier: Apache-2.0
//! Choice of the node to use. Pure.

use pvs_primitives::BlockNumber;

/// Number of blocks that a node may be below the highest seen. As many can go in a reorganization.
const MAX_LAG: BlockNumber = 4;

/// Number of blocks that a node may be below the highest seen and still be as good as one that has that: what it takes
/// for a block to reach it.
const MAX_DELAY: BlockNumber = 1;

/// Returns whether a block is so far below the highest seen that its node is behind: what is not in it may be on the
/// chain all the same.
pub(crate) fn is_behind(height: BlockNumber, highest: BlockNumber) -> bool {
	highest.saturating_sub(height) > MAX_LAG
}

/// Facts known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
	/// A connection is open, and the node is on the chain.
	pub(super) is_up: bool,
	/// It did not answer a call in time, and has shown no block since.
	pub(super) is_suspect: bool,
	/// It has shown no block for a while.
	pub(super) is_stalled: bool,
	/// The height of its best block.
	pub(super) height: BlockNumber,
}

/// Usefulness of a node, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
	Good,
	/// It may be frozen, or the chain stands still, or its chain is a little shorter.
	Silent,
	/// It lacks blocks. Of several the highest one is the most useful.
	Behind(core::cmp::Reverse<BlockNumber>),
	Away,
}

fn rank(node: &Standing, highest: BlockNumber) -> Rank {
	match node {
		Standing { is_up: false, .. } => Rank::Away,
		Standing { height, .. } if is_behind(*height, highest) => {
			Rank::Behind(core::cmp::Reverse(*height))
		},
		Standing { is_suspect: true, .. } | Standing { is_stalled: true, .. } => Rank::Silent,
		Standing { height, .. } if highest.saturating_sub(*height) > MAX_DELAY => Rank::Silent,
		_ => Rank::Good,
	}
}

/// The order in which to use the nodes: the most useful first, and of equal ones the preferred one, then
/// those after it. Nodes that are away are not in it.
pub(super) fn order(nodes: &[Standing], preferred: usize, highest: BlockNumber) -> Vec<usize> {
	let count = nodes.len();
	let mut order: Vec<_> = nodes
		.iter()
		.enumerate()
		.map(|(index, node)| {
			let turn = index.saturating_add(count).saturating_sub(preferred);
			(rank(node, highest), turn.checked_rem(count).unwrap_or(0), index)
		})
		.filter(|(rank, ..)| *rank != Rank::Away)
		.collect();
	order.sort_unstable();
	order.into_iter().map(|(.., index)| index).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	const GOOD: Standing =
		Standing { is_up: true, is_suspect: false, is_stalled: false, height: 100 };
	const AWAY: Standing = Standing { is_up: false, ..GOOD };
	const SUSPECT: Standing = Standing { is_suspect: true, ..GOOD };
	const STALLED: Standing = Standing { is_stalled: true, ..GOOD };

	fn at(height: BlockNumber) -> Standing {
		Standing { height, ..GOOD }
	}

	#[test]
	fn node_in_use_should_be_kept_while_it_is_as_good_as_the_others() {
		assert_eq!(order(&[GOOD, GOOD, GOOD], 1, 100), [1, 2, 0]);
		assert_eq!(order(&[STALLED, STALLED], 1, 100), [1, 0], "the chain stands still");
		assert_eq!(order(&[SUSPECT], 0, 100), [0], "there is no other one");
	}

	#[test]
	fn next_node_should_be_used_when_the_one_in_use_is_worse() {
		for worse in [AWAY, SUSPECT, STALLED, at(98), at(95)] {
			assert_eq!(order(&[worse, GOOD, GOOD], 0, 100).first(), Some(&1), "{worse:?}");
			assert_eq!(order(&[GOOD, GOOD, worse], 2, 100).first(), Some(&0), "{worse:?}");
		}
		assert_eq!(order(&[at(99), GOOD], 0, 100), [0, 1], "the block is on its way");
		assert_eq!(order(&[at(96), AWAY], 0, 100), [0], "as low as a reorganization");
	}

	#[test]
	fn node_that_is_behind_should_be_used_only_when_no_other_one_answers() {
		assert_eq!(order(&[at(7), at(95), AWAY, at(8)], 0, 100), [1, 3, 0], "the highest first");
		assert_eq!(order(&[at(7), STALLED], 0, 100), [1, 0]);
	}

	#[test]
	fn no_node_should_be_used_when_all_are_away() {
		assert!(order(&[AWAY, AWAY], 0, 100).is_empty());
		assert!(order(&[], 0, 100).is_empty());
	}
}
