// SPDX-License-Identifier: Apache-2.0
//! Use of slashed bonds, and the payment of a rescue.

use crate::{fixed::mul_div_floor, MathError};
use primitive_types::U256;
use pvs_primitives::{Balance, BlockNumber};

/// The part of `slashed` that goes to whoever delivers after a default: at most half, and never so
/// much that it and the `payment` together exceed the round's `reserve`; in planck, rounded down. The
/// rest is burned.
pub fn deliverers_share(slashed: Balance, payment: Balance, reserve: Balance) -> Balance {
	slashed.checked_div(2).unwrap_or(0).min(reserve.saturating_sub(payment))
}

/// Returns the part of its `silence_penalty` that whoever opens a silent bidder's seal gets, in planck: half of it,
/// rounded down. The bidder can always open its own seal first through another account, and still loses
/// at least half.
pub fn opener_reward(silence_penalty: Balance) -> Balance {
	silence_penalty.checked_div(2).unwrap_or(0)
}

/// Returns the payment for a delivery at `now` in a rescue, in planck:
/// `first + (reserve - first) * (now - start) / (length - 1)`, rounded down, between `first` and the
/// reserve. `first` is what the round's first winner would have been paid, `length` the number of
/// blocks of the rescue.
///
/// # Errors
/// `DivisionByZero` if `length` is below 2.
pub fn rescue_payment(
	first: Balance,
	reserve: Balance,
	start: BlockNumber,
	length: BlockNumber,
	now: BlockNumber,
) -> Result<Balance, MathError> {
	let steps = length.saturating_sub(1);
	let passed = now.saturating_sub(start).min(steps);
	let range = reserve.saturating_sub(first);
	let part = mul_div_floor(range.into(), U256::from(passed), U256::from(steps))?;
	Ok(first.saturating_add(part))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::MathError;

	#[test]
	fn deliverers_share_should_be_half_rounded_down() {
		assert_eq!(deliverers_share(101, 10, 1_000), 50);
		assert_eq!(deliverers_share(1, 10, 1_000), 0);
		assert_eq!(deliverers_share(0, 10, 1_000), 0);
		assert_eq!(deliverers_share(u128::MAX, 0, u128::MAX), u128::MAX / 2);
	}

	#[test]
	fn deliverers_share_should_leave_the_sum_at_the_reserve() {
		assert_eq!(deliverers_share(1_000, 600, 1_000), 400);
		assert_eq!(deliverers_share(1_000, 1_000, 1_000), 0);
		assert_eq!(deliverers_share(1_000, 1_001, 1_000), 0);
	}

	#[test]
	fn opener_reward_should_be_half_of_the_penalty_rounded_down() {
		assert_eq!([0, 1, 2, 101].map(opener_reward), [0, 0, 1, 50]);
		assert_eq!(opener_reward(u128::MAX), u128::MAX / 2);
	}

	#[test]
	fn rescue_payment_should_rise_from_the_first_payment_to_the_reserve() {
		let paid: Vec<_> = (100..=105)
			.map(|now| rescue_payment(40, 101, 100, 5, now).expect("length 5"))
			.collect();
		// 61 / 4 = 15.25 a block; after the end it stays.
		assert_eq!(paid, [40, 55, 70, 85, 101, 101]);
	}

	#[test]
	fn rescue_payment_should_jump_when_there_are_two_blocks() {
		assert_eq!(rescue_payment(1, u128::MAX, 7, 2, 7), Ok(1));
		assert_eq!(rescue_payment(1, u128::MAX, 7, 2, 8), Ok(u128::MAX));
	}

	#[test]
	fn rescue_payment_should_stay_when_the_first_payment_was_the_reserve() {
		assert_eq!(rescue_payment(100, 100, 0, 10, 3), Ok(100));
	}

	#[test]
	fn rescue_payment_should_fail_when_the_rescue_has_no_length() {
		assert_eq!(rescue_payment(1, 2, 0, 1, 0), Err(MathError::DivisionByZero));
		assert_eq!(rescue_payment(1, 2, 0, 0, 0), Err(MathError::DivisionByZero));
	}
}
