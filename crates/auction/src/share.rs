// SPDX-License-Identifier: Apache-2.0
//! Shares of recent work: counts that are halved as time passes.

use crate::fixed::mul_div_ceil;
use codec::{Decode, Encode, MaxEncodedLen};
use pvs_primitives::{params::WHOLE, Balance, BlockNumber};
use scale_info::TypeInfo;

/// A number of proofs, halved once per epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RecentCount {
	/// The epoch that `count` is as of.
	pub epoch: BlockNumber,
	/// The number of proofs, in 2^-32.
	pub count: u64,
}

/// One proof in the fixed point of [`RecentCount`].
const ONE: u64 = 1 << 32;

impl RecentCount {
	/// The count as of `epoch`: halved, rounded down, once for each epoch since.
	pub fn at(&self, epoch: BlockNumber) -> u64 {
		self.count.checked_shr(epoch.saturating_sub(self.epoch)).unwrap_or(0)
	}

	/// One proof more, in `epoch`.
	pub fn add_one(&self, epoch: BlockNumber) -> Self {
		Self { epoch, count: self.at(epoch).saturating_add(ONE) }
	}
}

/// An amount of money, halved once per epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RecentAmount {
	/// The epoch that `amount` is as of.
	pub epoch: BlockNumber,
	/// The amount, in planck.
	pub amount: Balance,
}

impl RecentAmount {
	/// Returns the amount as of `epoch`, in planck: halved, rounded down, once for each epoch since.
	pub fn at(&self, epoch: BlockNumber) -> Balance {
		self.amount.checked_shr(epoch.saturating_sub(self.epoch)).unwrap_or(0)
	}

	/// Adds an amount, in planck, in `epoch`.
	pub fn add(&self, epoch: BlockNumber, amount: Balance) -> Self {
		Self { epoch, amount: self.at(epoch).saturating_add(amount) }
	}
}

/// The epoch of a block, given the length of epochs in blocks (at least 1).
pub fn epoch(now: BlockNumber, length: BlockNumber) -> BlockNumber {
	now.checked_div(length).unwrap_or(0)
}

/// Returns the part of `total` that the count `own` is, in 10^-9, rounded up; 0 if there is nothing.
pub fn share(own: u64, total: u64) -> u32 {
	mul_div_ceil(own.into(), WHOLE.into(), total.into())
		.map_or(0, |share| u32::try_from(share).unwrap_or(WHOLE).min(WHOLE))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn count_should_halve_with_each_epoch() {
		let count = RecentCount::default().add_one(3).add_one(3).add_one(3);
		assert_eq!(count.at(3), 3 * ONE);
		assert_eq!(count.at(4), 3 * ONE / 2);
		assert_eq!(count.at(5), 3 * ONE / 4);
		assert_eq!(count.at(3 + 34), 0);
		assert_eq!(count.at(3 + 33), 1);
		assert_eq!(count.at(u32::MAX), 0);
	}

	#[test]
	fn count_should_add_to_what_is_left() {
		let count = RecentCount::default().add_one(0).add_one(1);
		assert_eq!(count, RecentCount { epoch: 1, count: ONE / 2 + ONE });
	}

	#[test]
	fn count_should_saturate() {
		let full = RecentCount { epoch: 0, count: u64::MAX };
		assert_eq!(full.add_one(0).count, u64::MAX);
	}

	#[test]
	fn amount_should_halve_with_each_epoch_and_add_to_what_is_left() {
		let amount = RecentAmount::default().add(3, 100).add(3, 1);
		assert_eq!((amount.at(3), amount.at(4), amount.at(9), amount.at(10)), (101, 50, 1, 0));
		assert_eq!(amount.at(u32::MAX), 0);
		assert_eq!(amount.add(4, 7), RecentAmount { epoch: 4, amount: 57 });
		assert_eq!(amount.add(4, u128::MAX).amount, u128::MAX);
	}

	#[test]
	fn epoch_should_count_whole_lengths() {
		assert_eq!(epoch(0, 10), 0);
		assert_eq!(epoch(9, 10), 0);
		assert_eq!(epoch(10, 10), 1);
		assert_eq!(epoch(10, 0), 0);
	}

	#[test]
	fn share_should_be_zero_when_the_set_is_empty() {
		assert_eq!(share(0, 0), 0);
		assert_eq!(share(5, 0), 0);
	}

	#[test]
	fn share_should_be_rounded_up_and_at_most_one_whole() {
		assert_eq!(share(0, 7), 0);
		assert_eq!(share(1, 3), 333_333_334);
		assert_eq!(share(7, 7), WHOLE);
		assert_eq!(share(8, 7), WHOLE);
		assert_eq!(share(1, u64::MAX), 1);
		assert_eq!(share(u64::MAX, u64::MAX), WHOLE);
		assert_eq!(share(u64::MAX, 1), WHOLE);
	}
}
