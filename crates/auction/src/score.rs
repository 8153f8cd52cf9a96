// SPDX-License-Identifier: Apache-2.0
//! The score of a bid: lower wins.

use crate::{fixed::mul_div_ceil, MathError};
use primitive_types::U256;
use pvs_primitives::{params::RollupParams, Balance, BlockNumber};

/// A score in 10^-18.
pub type Score = u128;

const NANO: u64 = 1_000_000_000;

/// The time's part of a score: `w_time * max(proof_blocks, min_proof_blocks) / max_proof_blocks`,
/// in 10^-18, rounded up.
///
/// # Errors
/// `DivisionByZero` if `max_proof_blocks` is 0.
pub fn time_part(proof_blocks: BlockNumber, params: &RollupParams) -> Result<Score, MathError> {
	let time = proof_blocks.max(params.min_proof_blocks);
	mul_div_ceil(nano(params.w_time), time.into(), params.max_proof_blocks.into())
}

/// The score of a bid: `w_fee * fee / reserve` plus [`time_part`], in 10^-18, each division rounded
/// up (Che 1993, scoring auction with a quasi-linear score).
///
/// A lower fee or a lower time never gives a higher score.
///
/// # Errors
/// `DivisionByZero` if `reserve` or `max_proof_blocks` is 0, `Overflow` for a fee so far above the
/// reserve that the score leaves 128 bits.
pub fn score(
	fee: Balance,
	proof_blocks: BlockNumber,
	reserve: Balance,
	params: &RollupParams,
) -> Result<Score, MathError> {
	let fee_part = mul_div_ceil(nano(params.w_fee), fee.into(), reserve.into())?;
	fee_part.checked_add(time_part(proof_blocks, params)?).ok_or(MathError::Overflow)
}

/// A weight in 10^-9 as a number in 10^-18.
pub(crate) fn nano(weight: u32) -> U256 {
	U256::from(u64::from(weight).saturating_mul(NANO))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use proptest::prelude::*;
	use pvs_primitives::params::{PaymentRule, WHOLE};

	pub(crate) fn params() -> RollupParams {
		RollupParams {
			data_len: 100,
			bidding_blocks: 2,
			reveal_blocks: 2,
			payment_rule: PaymentRule::SecondScore,
			w_fee: 700_000_000,
			w_time: 300_000_000,
			min_proof_blocks: 2,
			max_proof_blocks: 20,
			min_reserve: 1,
			max_reserve: u128::MAX / 4,
			silence_penalty: 1,
			grace_blocks: 5,
			late_rate: 30_000_000,
			max_rounds: 3,
			sequencer_bond: 0,
		}
	}

	#[test]
	fn score_should_weigh_fee_and_time() {
		// 0.7 * 50/100 + 0.3 * 10/20
		assert_eq!(score(50, 10, 100, &params()), Ok(500_000_000_000_000_000));
		// A time below the minimum counts as the minimum: 0.3 * 2/20.
		assert_eq!(score(0, 1, 100, &params()), Ok(30_000_000_000_000_000));
		assert_eq!(score(0, 1, 100, &params()), score(0, 2, 100, &params()));
	}

	#[test]
	fn score_should_round_up() {
		// 0.7 * 1/3 = 0.23333..
		assert_eq!(
			score(1, 0, 3, &RollupParams { w_time: 0, ..params() }),
			Ok(233_333_333_333_333_334)
		);
	}

	#[test]
	fn score_should_fail_when_reserve_is_zero() {
		assert_eq!(score(1, 1, 0, &params()), Err(MathError::DivisionByZero));
	}

	proptest! {
		#[test]
		fn score_should_never_rise_when_fee_or_time_falls(
			reserve in 1u128.., fee: u128, less_fee: u128, time in 1u32..=20, less_time in 1u32..=20,
			w_fee in 1..=WHOLE, w_time in 0..=WHOLE,
		) {
			let fee = fee % reserve;
			let params = RollupParams { w_fee, w_time, ..params() };
			let base = score(fee, time, reserve, &params).expect("fee is below the reserve");
			let cheaper = score(fee.min(less_fee), time, reserve, &params).expect("as above");
			let faster = score(fee, time.min(less_time), reserve, &params).expect("as above");
			prop_assert!(cheaper <= base);
			prop_assert!(faster <= base);
		}

		#[test]
		fn score_should_agree_with_big_integers(
			reserve in 1u128.., fee: u128, time in 1u32..=20, w_fee in 1..=WHOLE, w_time in 0..=WHOLE,
		) {
			use num_bigint::BigUint;
			let fee = fee % reserve;
			let params = RollupParams { w_fee, w_time, ..params() };
			let ceil = |a: BigUint, b: BigUint| (a + &b - 1u8) / b;
			let fee_part =
				ceil(BigUint::from(w_fee) * NANO * fee, BigUint::from(reserve));
			let time_part =
				ceil(BigUint::from(w_time) * NANO * time.max(2), BigUint::from(20u8));
			let ours = score(fee, time, reserve, &params).expect("fee is below the reserve");
			prop_assert_eq!(BigUint::from(ours), fee_part + time_part);
		}
	}
}
