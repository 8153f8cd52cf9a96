// SPDX-License-Identifier: Apache-2.0
//! What the winner of a round is paid before lateness.

use crate::{
	fixed::mul_div_floor,
	score::{nano, time_part, Score},
	MathError,
};
use pvs_primitives::{
	params::{PaymentRule, RollupParams},
	Balance, BlockNumber,
};

/// The payment of a winner that asked `fee` and committed to `proof_blocks`.
///
/// `FirstPrice` pays the fee. `SecondScore` pays the fee at which the winner's score would equal
/// `next_score`, the score of the next counted bid (Che 1993):
/// `reserve * (next_score - w_time * t / max_proof_blocks) / w_fee`, rounded down and clamped to
/// `[fee, reserve]`; without a next bid it pays the reserve.
///
/// # Errors
/// `DivisionByZero` if `w_fee` or `max_proof_blocks` is 0.
pub fn payment(
	fee: Balance,
	proof_blocks: BlockNumber,
	next_score: Option<Score>,
	reserve: Balance,
	params: &RollupParams,
) -> Result<Balance, MathError> {
	match (params.payment_rule, next_score) {
		(PaymentRule::FirstPrice, _) => Ok(fee),
		(PaymentRule::SecondScore, None) => Ok(reserve.max(fee)),
		(PaymentRule::SecondScore, Some(next)) => {
			let for_fee = next.saturating_sub(time_part(proof_blocks, params)?);
			let matching = match mul_div_floor(reserve.into(), for_fee.into(), nano(params.w_fee)) {
				Err(MathError::Overflow) => Balance::MAX,
				other => other?,
			};
			Ok(matching.min(reserve).max(fee))
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::score::{score, tests::params};
	use proptest::prelude::*;
	use pvs_primitives::params::WHOLE;

	#[test]
	fn payment_should_be_the_fee_under_first_price() {
		let params = RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() };
		assert_eq!(payment(40, 5, Some(u128::MAX), 100, &params), Ok(40));
		assert_eq!(payment(40, 5, None, 100, &params), Ok(40));
	}

	#[test]
	fn payment_should_be_the_reserve_when_there_is_no_next_bid() {
		assert_eq!(payment(40, 5, None, 100, &params()), Ok(100));
	}

	#[test]
	fn payment_should_match_the_next_score() {
		let params = params();
		// Same time: the winner gets what the next one asked.
		let next = score(60, 10, 100, &params).expect("valid");
		assert_eq!(payment(40, 10, Some(next), 100, &params), Ok(60));
		// Five blocks faster: 0.3 * 5/20 of score is worth 0.075/0.7 of the reserve.
		assert_eq!(payment(40, 5, Some(next), 100, &params), Ok(70));
	}

	#[test]
	fn payment_should_be_clamped_to_fee_and_reserve() {
		assert_eq!(payment(40, 10, Some(0), 100, &params()), Ok(40));
		assert_eq!(payment(40, 10, Some(u128::MAX), 100, &params()), Ok(100));
	}

	proptest! {
		#[test]
		fn payment_should_lie_between_fee_and_reserve(
			reserve in 1u128.., fee: u128, time in 1u32..=20, next: Option<u128>, w_fee in 1..=WHOLE,
		) {
			let fee = fee % reserve;
			let params = RollupParams { w_fee, ..params() };
			let paid = payment(fee, time, next, reserve, &params).expect("no zero divisor");
			prop_assert!((fee..=reserve).contains(&paid));
		}

		#[test]
		fn payment_should_not_depend_on_the_winners_own_fee_when_not_clamped(
			reserve in 1_000u128..u128::MAX / 2, a: u128, b: u128, other: u128, time in 1u32..=20,
		) {
			let params = params();
			let other = other % reserve;
			let next = score(other, time, reserve, &params).expect("fee is below the reserve");
			let (a, b) = (a % (other + 1), b % (other + 1));
			let first = payment(a, time, Some(next), reserve, &params).expect("no zero divisor");
			let second = payment(b, time, Some(next), reserve, &params).expect("no zero divisor");
			prop_assert_eq!(first, second);
			prop_assert!(first >= other);
		}
	}
}
