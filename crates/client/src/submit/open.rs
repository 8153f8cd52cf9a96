// SPDX-License-Identifier: Apache-2.0
//! A transaction on its way to a block.

use super::{MORTALITY_BLOCKS, RISES};
use crate::calls::Call;
use pvs_primitives::{Balance, BlockNumber, Bytes32};

/// A transaction on its way. All that were signed for it have the same call and nonce, so that a block can take
/// one of them only.
#[derive(Clone, Debug)]
pub(super) struct Open {
	pub(super) call: Call,
	pub(super) nonce: u64,
	/// The hashes of what was signed.
	pub(super) hashes: Vec<Bytes32>,
	/// Transaction that was signed last.
	pub(super) encoded: Vec<u8>,
	/// Cost without a tip, in planck, once that was asked.
	pub(super) fee: Option<Balance>,
	/// Number of times that its tip has risen.
	pub(super) rises: u32,
	/// The best block when it was first sent, and when it was last sent.
	pub(super) first_sent: BlockNumber,
	pub(super) last_sent: BlockNumber,
}

impl Open {
	/// The tip after one more rise, in planck.
	pub(super) fn next_tip(&self, fee: Balance) -> Balance {
		let halvings = RISES.saturating_sub(self.rises.saturating_add(1));
		fee.checked_shr(halvings).unwrap_or(0).max(1)
	}

	/// Returns whether all that was signed for it is void at a block.
	pub(super) fn is_dead_at(&self, best: BlockNumber) -> bool {
		u64::from(best.saturating_sub(self.last_sent)) > MORTALITY_BLOCKS
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;

	pub(in crate::submit) fn open(rises: u32, last_sent: BlockNumber) -> Open {
		Open {
			call: Call::accept_place(pvs_primitives::api::BatchId { rollup: 0, index: 0 }, 1),
			nonce: 5,
			hashes: Vec::new(),
			encoded: Vec::new(),
			fee: None,
			rises,
			first_sent: last_sent,
			last_sent,
		}
	}

	#[test]
	fn tip_should_rise_to_the_fee_and_no_further() {
		let tips = [0, 1, 2, 3].map(|rises| open(rises, 0).next_tip(800));
		assert_eq!(tips, [100, 200, 400, 800]);
		assert_eq!(open(RISES, 0).next_tip(800), 800);
		assert_eq!(open(0, 0).next_tip(0), 1, "a tip of nothing would not replace anything");
	}

	#[test]
	fn transaction_should_be_dead_when_its_mortality_is_over() {
		assert!(!open(0, 100).is_dead_at(164));
		assert!(open(0, 100).is_dead_at(165));
		assert!(!open(0, 100).is_dead_at(90));
	}
}
