// SPDX-License-Identifier: Apache-2.0
//! Payment of the winner of a round, before lateness.

use crate::{
	fixed::mul_div_floor,
	score::{nano, share_factor, time_part, Score, ATTO},
	MathError,
};
use pvs_primitives::{
	params::{PaymentRule, RollupParams},
	Balance, BlockNumber,
};

/// The payment of a prover that asked `fee`, committed to `proof_blocks` and had `share` of recent
/// proofs (in 10^-9) when it bid.
///
/// `FirstPrice` pays the fee. `SecondScore` pays the fee at which the prover's score would equal
/// `next_score`, the score of the next counted bid (Che 1993):
/// `reserve * (next_score / (1 + w_share * share) - w_time * t / max_proof_blocks) / w_fee`, rounded
/// down and clamped to `[fee, reserve]`; without a next bid it pays the reserve.
///
/// # Errors
/// `DivisionByZero` if `w_fee` or `max_proof_blocks` is 0.
pub fn payment(
	fee: Balance,
	proof_blocks: BlockNumber,
	share: u32,
	next_score: Option<Score>,
	reserve: Balance,
	params: &RollupParams,
) -> Result<Balance, MathError> {
	match (params.payment_rule, next_score) {
		(PaymentRule::FirstPrice, _) => Ok(fee),
		(PaymentRule::SecondScore, None) => Ok(reserve.max(fee)),
		(PaymentRule::SecondScore, Some(next)) => {
			let without_share =
				mul_div_floor(next.into(), ATTO.into(), share_factor(share, params))?;
			let for_fee = without_share.saturating_sub(time_part(proof_blocks, params)?);
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

	#[test]
	fn payment_should_be_the_fee_under_first_price() {
		let params = RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() };
		assert_eq!(payment(40, 5, 0, Some(u128::MAX), 100, &params), Ok(40));
		assert_eq!(payment(40, 5, 0, None, 100, &params), Ok(40));
	}

	#[test]
	fn payment_should_be_the_reserve_when_there_is_no_next_bid() {
		assert_eq!(payment(40, 5, 0, None, 100, &params()), Ok(100));
	}

	#[test]
	fn payment_should_match_the_next_score() {
		let params = params();
		// Same time: the winner gets what the next one asked.
		let next = score(60, 10, 0, 100, &params).expect("valid");
		assert_eq!(payment(40, 10, 0, Some(next), 100, &params), Ok(60));
		// Five blocks faster: 0.3 * 5/20 of score is worth 0.075/0.7 of the reserve.
		assert_eq!(payment(40, 5, 0, Some(next), 100, &params), Ok(70));
		// Five blocks slower.
		assert_eq!(payment(40, 15, 0, Some(next), 100, &params), Ok(49));
	}

	#[test]
	fn payment_should_take_the_share_out_of_the_next_score() {
		let params = RollupParams { w_share: 1_000_000_000, ..params() };
		let next = score(60, 10, 0, 100, &params).expect("valid");
		// 0.57 / 1.1 - 0.15 = 0.36818.., of the reserve / 0.7: 52.597..
		assert_eq!(payment(40, 10, 100_000_000, Some(next), 100, &params), Ok(52));
	}

	#[test]
	fn payment_should_be_clamped_to_fee_and_reserve() {
		assert_eq!(payment(40, 10, 0, Some(0), 100, &params()), Ok(40));
		assert_eq!(payment(40, 10, 0, Some(u128::MAX), 100, &params()), Ok(100));
	}

	#[test]
	fn payment_should_fail_when_a_divisor_is_zero() {
		let without_fee = RollupParams { w_fee: 0, ..params() };
		assert_eq!(
			payment(1, 1, 0, Some(u128::MAX), 100, &without_fee),
			Err(MathError::DivisionByZero)
		);
		let without_time = RollupParams { max_proof_blocks: 0, ..params() };
		assert_eq!(payment(1, 1, 0, Some(1), 100, &without_time), Err(MathError::DivisionByZero));
	}
}
