// SPDX-License-Identifier: Apache-2.0
//! Blocks that have the same runtime, by their headers: a chain says in the header of a block that it changes the
//! code. So nobody has to ask for the version of the runtime with each block.

use crate::{connection::Block, BlockHash};
use pvs_primitives::BlockNumber;
use std::{collections::VecDeque, num::NonZeroU64};

/// Number of blocks of which it is remembered.
const KEPT: usize = 128;
/// Interval, in blocks, at which a runtime counts as another one whatever the headers say: writing the code straight
/// into the storage leaves no item in a header.
const LOOK_EVERY: BlockNumber = 64;

/// The runtimes of the newest blocks, by numbers that mean nothing else.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
	/// The newest block comes last.
	known: VecDeque<(BlockHash, NonZeroU64)>,
	last: u64,
}

impl Runtimes {
	/// Takes in a block, and whether its header says that the code has changed.
	pub(super) fn take(&mut self, block: &Block, has_changed: bool) {
		if self.of(block.hash).is_some() {
			return;
		}
		let is_kept = !has_changed && !block.number.is_multiple_of(LOOK_EVERY);
		let kept = self.of(block.parent).filter(|_| is_kept);
		let runtime = kept.unwrap_or_else(|| self.another());
		if self.known.len() >= KEPT {
			self.known.pop_front();
		}
		self.known.push_back((block.hash, runtime));
	}

	/// Returns the runtime of a block; `None` if its header was not seen lately.
	pub(super) fn of(&self, hash: BlockHash) -> Option<NonZeroU64> {
		self.known.iter().rev().find(|(known, _)| *known == hash).map(|(_, runtime)| *runtime)
	}

	fn another(&mut self) -> NonZeroU64 {
		self.last = self.last.saturating_add(1);
		NonZeroU64::new(self.last).unwrap_or(NonZeroU64::MIN)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn hash(id: u8) -> BlockHash {
		BlockHash::from([id; 32])
	}

	fn block(number: BlockNumber, id: u8, parent: u8) -> Block {
		Block { hash: hash(id), number, parent: hash(parent) }
	}

	#[test]
	fn runtime_should_be_that_of_the_parent_when_the_header_says_nothing() {
		let mut runtimes = Runtimes::default();
		runtimes.take(&block(1, 1, 0), false);
		runtimes.take(&block(2, 2, 1), false);
		runtimes.take(&block(2, 12, 1), false);
		assert!(runtimes.of(hash(1)).is_some());
		assert_eq!(runtimes.of(hash(2)), runtimes.of(hash(1)));
		assert_eq!(runtimes.of(hash(12)), runtimes.of(hash(1)), "a fork");
		assert_eq!(runtimes.of(hash(0)), None);
	}

	#[test]
	fn runtime_should_be_another_one_when_it_may_have_changed() {
		let mut runtimes = Runtimes::default();
		runtimes.take(&block(1, 1, 0), false);
		runtimes.take(&block(2, 2, 1), true);
		assert_ne!(runtimes.of(hash(2)), runtimes.of(hash(1)), "the header says so");
		runtimes.take(&block(5, 5, 4), false);
		assert_ne!(runtimes.of(hash(5)), runtimes.of(hash(2)), "blocks between were not seen");
		runtimes.take(&block(2, 2, 1), false);
		runtimes.take(&block(3, 3, 2), false);
		assert_eq!(runtimes.of(hash(3)), runtimes.of(hash(2)), "shown again by another node");
		runtimes.take(&block(LOOK_EVERY, 6, 5), false);
		assert_ne!(runtimes.of(hash(6)), runtimes.of(hash(5)), "now and then");
	}

	#[test]
	fn old_blocks_should_be_forgotten() {
		let mut runtimes = Runtimes::default();
		for id in 1..=200 {
			runtimes.take(&block(1, id, id - 1), false);
		}
		assert_eq!(runtimes.known.len(), KEPT);
		assert!(runtimes.of(hash(72)).is_none() && runtimes.of(hash(73)).is_some());
	}
}
