// SPDX-License-Identifier: Apache-2.0
//! The price of a place among a round's bids.

use pvs_primitives::Balance;

/// The fee for the next place when `taken` of `max_bids` are taken:
/// `base << floor(8 * taken / max_bids)`, in planck, burned. Filling a round to shut others out
/// costs 255/8 times what the same number of bids costs in an empty one. Saturates.
pub fn slot_fee(base: Balance, taken: u32, max_bids: u32) -> Balance {
	let steps = u64::from(taken).saturating_mul(8).checked_div(max_bids.into()).unwrap_or(8);
	let factor = u32::try_from(steps)
		.ok()
		.and_then(|steps| 1u128.checked_shl(steps))
		.unwrap_or(Balance::MAX);
	base.saturating_mul(factor)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn slot_fee_should_double_with_each_eighth() {
		let fees: Vec<_> = (0..64).map(|taken| slot_fee(10, taken, 64)).collect();
		for (taken, fee) in fees.iter().enumerate() {
			assert_eq!(*fee, 10 << (taken / 8));
		}
		assert_eq!(fees.iter().sum::<u128>(), 64 * 10 * 255 / 8);
	}

	#[test]
	fn slot_fee_should_saturate_when_inputs_are_extreme() {
		assert_eq!(slot_fee(u128::MAX, 63, 64), u128::MAX);
		assert_eq!(slot_fee(1, u32::MAX, 1), u128::MAX);
		assert_eq!(slot_fee(1, 0, 0), 256);
	}
}
