// SPDX-License-Identifier: Apache-2.0
//! The price of a place among a round's bids.

use crate::{fixed::mul_div_ceil, MathError};
use pvs_primitives::{params::Snapshot, Balance};

/// Returns the fee for the next place of a round with this `reserve` when `taken` of its
/// `max_bids` places are taken; in planck, burned, saturating.
///
/// The first quarter of the places costs `slot_fee_base` each. The others cost
/// `base << floor(8 * taken / max_bids)` with
/// `base = max(slot_fee_base, ceil(reserve * 8 / (252 * max_bids)))`. The factors 4 to 128 of the last
/// six eighths add up to 252, so that filling a round to shut others out costs at least its reserve,
/// the most that its filler can win by it.
///
/// # Errors
/// `DivisionByZero` if `max_bids` is 0.
pub fn slot_fee(reserve: Balance, taken: u32, snapshot: &Snapshot) -> Result<Balance, MathError> {
	let max_bids = u64::from(snapshot.max_bids);
	let eighths = u64::from(taken).saturating_mul(8);
	let steps = eighths.checked_div(max_bids).ok_or(MathError::DivisionByZero)?;
	if steps < 2 {
		return Ok(snapshot.slot_fee_base);
	}
	let share = mul_div_ceil(reserve.into(), 8.into(), max_bids.saturating_mul(252).into())?;
	let factor = u32::try_from(steps)
		.ok()
		.and_then(|steps| 1u128.checked_shl(steps))
		.unwrap_or(Balance::MAX);
	Ok(snapshot.slot_fee_base.max(share).saturating_mul(factor))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::score::tests::snapshot;
	use proptest::prelude::*;

	fn of(slot_fee_base: Balance, max_bids: u32) -> Snapshot {
		Snapshot { slot_fee_base, max_bids, ..snapshot() }
	}

	fn fees(reserve: Balance, snapshot: &Snapshot) -> Vec<Balance> {
		(0..snapshot.max_bids)
			.map(|taken| slot_fee(reserve, taken, snapshot).expect("it has places"))
			.collect()
	}

	#[test]
	fn slot_fee_should_be_the_base_until_a_quarter_is_taken() {
		// ceil(2,016 * 8 / (252 * 64)) = 1, below the base.
		let fees = fees(2_016, &of(10, 64));
		assert_eq!(fees[..16], [10; 16]);
		for (taken, fee) in fees.iter().enumerate().skip(16) {
			assert_eq!(*fee, 10 << (taken / 8), "{taken}");
		}
	}

	#[test]
	fn slot_fee_should_follow_the_reserve_when_the_base_is_low() {
		// ceil(5,000,000 * 8 / (252 * 64)) = 2,481.
		let fees = fees(5_000_000, &of(10, 64));
		assert_eq!([fees[15], fees[16], fees[63]], [10, 2_481 << 2, 2_481 << 7]);
	}

	#[test]
	fn slot_fee_should_saturate_when_inputs_are_extreme() {
		assert_eq!(slot_fee(0, 63, &of(u128::MAX, 64)), Ok(u128::MAX));
		// 8 / (252 * 64) of the largest reserve still fits, 128 times.
		assert_eq!(slot_fee(u128::MAX, 63, &of(0, 64)), Ok(u128::MAX.div_ceil(2_016) << 7));
		assert_eq!(slot_fee(u128::MAX, 1, &of(0, 1)), Ok(u128::MAX));
		assert_eq!(slot_fee(1, u32::MAX, &of(1, 1)), Ok(u128::MAX));
	}

	#[test]
	fn slot_fee_should_fail_when_a_round_has_no_places() {
		assert_eq!(slot_fee(1, 0, &of(1, 0)), Err(MathError::DivisionByZero));
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			failure_persistence: None,
			..ProptestConfig::with_cases(1_024)
		})]

		/// G15, and finding M3 of the audit: 2.04 UNIT filled a round with a reserve of 5.
		#[test]
		fn filling_a_round_should_cost_at_least_its_reserve(
			reserve in 0..u128::MAX / 1_000_000,
			base in 0..1_000_000_000_000u128,
			eighth in 1..64u32,
		) {
			let fees = fees(reserve, &of(base, 8 * eighth));
			prop_assert!(fees.iter().sum::<u128>() >= reserve);
			prop_assert!(fees.is_sorted());
		}
	}
}
