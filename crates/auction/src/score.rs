// SPDX-License-Identifier: Apache-2.0
//! The score of a bid: lower wins.

use crate::{fixed::mul_div_ceil, MathError};
use codec::{Decode, Encode, MaxEncodedLen};
use primitive_types::U256;
use pvs_primitives::{params::RollupParams, Balance, BlockNumber};
use scale_info::TypeInfo;

/// A score in 10^-18.
pub type Score = u128;

const NANO: u64 = 1_000_000_000;

/// One whole in the fixed point of scores.
pub(crate) const ATTO: u64 = 1_000_000_000_000_000_000;

/// The parameters that scores depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Scoring {
	/// Weight of the fee, in 10^-9.
	pub w_fee: u32,
	/// Weight of the committed time, in 10^-9.
	pub w_time: u32,
	/// By how much a share of recent proofs worsens a score, in 10^-9.
	pub w_share: u32,
	/// Committed times below this count as this, in blocks.
	pub min_proof_blocks: BlockNumber,
	/// The longest committed time, in blocks.
	pub max_proof_blocks: BlockNumber,
}

impl From<&RollupParams> for Scoring {
	fn from(params: &RollupParams) -> Self {
		let RollupParams { w_fee, w_time, w_share, min_proof_blocks, max_proof_blocks, .. } =
			*params;
		Self { w_fee, w_time, w_share, min_proof_blocks, max_proof_blocks }
	}
}

/// The time's part of a score: `w_time * max(proof_blocks, min_proof_blocks) / max_proof_blocks`,
/// in 10^-18, rounded up.
///
/// # Errors
/// `DivisionByZero` if `max_proof_blocks` is 0.
pub fn time_part(
	proof_blocks: BlockNumber,
	scoring: impl Into<Scoring>,
) -> Result<Score, MathError> {
	let scoring = scoring.into();
	let time = proof_blocks.max(scoring.min_proof_blocks);
	mul_div_ceil(nano(scoring.w_time), time.into(), scoring.max_proof_blocks.into())
}

/// The score of a bid: `(w_fee * fee / reserve` plus [`time_part`]`) * (1 + w_share * share)`, in
/// 10^-18, each division rounded up (Che 1993, scoring auction with a quasi-linear score; the factor
/// is ours). `share` is the bidder's share of recent proofs, in 10^-9.
///
/// A lower fee or a lower time never gives a higher score.
///
/// # Errors
/// `DivisionByZero` if `reserve` or `max_proof_blocks` is 0, `Overflow` for a fee so far above the
/// reserve that the score leaves 128 bits.
pub fn score(
	fee: Balance,
	proof_blocks: BlockNumber,
	share: u32,
	reserve: Balance,
	scoring: impl Into<Scoring>,
) -> Result<Score, MathError> {
	let scoring = scoring.into();
	let fee_part = mul_div_ceil(nano(scoring.w_fee), fee.into(), reserve.into())?;
	let time_part = time_part(proof_blocks, scoring)?;
	let base = fee_part.checked_add(time_part).ok_or(MathError::Overflow)?;
	mul_div_ceil(base.into(), share_factor(share, scoring), U256::from(ATTO))
}

/// `1 + w_share * share`, in 10^-18.
pub(crate) fn share_factor(share: u32, scoring: impl Into<Scoring>) -> U256 {
	let worsening = u64::from(scoring.into().w_share).saturating_mul(share.into());
	U256::from(ATTO).saturating_add(worsening.into())
}

/// A weight in 10^-9 as a number in 10^-18.
pub(crate) fn nano(weight: u32) -> U256 {
	U256::from(u64::from(weight).saturating_mul(NANO))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use pvs_primitives::{
		params::{Layout, PaymentRule, SilencePolicy, Snapshot},
		seal_timing::SealTiming,
	};

	/// One seal of 1,000 squarings takes a block on each of two cores.
	pub(crate) fn snapshot() -> Snapshot {
		Snapshot {
			params: params(),
			finality_gap: 3,
			inclusion_slack: 1,
			max_bids: 8,
			slot_fee_base: 2,
			seal_timing: SealTiming {
				slot_millis: 1_000,
				stretch_percent: 100,
				fastest_squarings: 1_000,
				margin: 1,
				opener_squarings: 1_000,
				opener_cores: 2,
			},
			seal_digest: [7; 32],
		}
	}

	pub(crate) fn params() -> RollupParams {
		RollupParams {
			layout: Layout::Fields,
			data_len: 100,
			bidding_blocks: 2,
			reveal_blocks: 2,
			silence_policy: SilencePolicy::Exclude,
			payment_rule: PaymentRule::SecondScore,
			w_fee: 700_000_000,
			w_time: 300_000_000,
			w_share: 0,
			min_proof_blocks: 2,
			max_proof_blocks: 20,
			min_reserve: 1,
			initial_reserve: 100,
			max_reserve: u128::MAX / 4,
			reserve_margin: 250_000_000,
			reserve_weight: 100_000_000,
			escalation_factor: 1_500_000_000,
			silence_penalty: 1,
			grace_blocks: 5,
			late_rate: 30_000_000,
			ladder_len: 2,
			ladder_blocks: 2,
			rescue_blocks: 2,
			max_empty_rounds: 3,
			max_failed_rounds: 2,
			sequencer_bond: 0,
		}
	}

	#[test]
	fn score_should_weigh_fee_and_time() {
		// 0.7 * 50/100 + 0.3 * 10/20
		assert_eq!(score(50, 10, 0, 100, &params()), Ok(500_000_000_000_000_000));
	}

	#[test]
	fn score_should_count_the_minimum_when_time_is_below_it() {
		// 0.3 * 2/20
		assert_eq!(score(0, 1, 0, 100, &params()), Ok(30_000_000_000_000_000));
		assert_eq!(score(0, 2, 0, 100, &params()), Ok(30_000_000_000_000_000));
		assert_eq!(score(0, 3, 0, 100, &params()), Ok(45_000_000_000_000_000));
	}

	#[test]
	fn score_should_rise_with_the_share_when_the_rollup_asks_for_it() {
		let params = RollupParams { w_share: 400_000_000, ..params() };
		// 0.5 * (1 + 0.4 * 0.25)
		assert_eq!(score(50, 10, 250_000_000, 100, &params), Ok(550_000_000_000_000_000));
		assert_eq!(score(50, 10, 0, 100, &params), Ok(500_000_000_000_000_000));
	}

	#[test]
	fn score_should_ignore_the_share_when_its_weight_is_zero() {
		assert_eq!(score(50, 10, 1_000_000_000, 100, &params()), Ok(500_000_000_000_000_000));
	}

	#[test]
	fn score_should_round_up_in_every_division() {
		let params = RollupParams { w_time: 0, ..params() };
		// 0.7 * 1/3 = 0.23333..
		assert_eq!(score(1, 0, 0, 3, &params), Ok(233_333_333_333_333_334));
		// One unit above nothing, times (1 + 10^-9), is two.
		let params = RollupParams { w_fee: 1, w_share: 1_000_000_000, ..params };
		assert_eq!(score(1, 0, 1, 1_000_000_000, &params), Ok(2));
	}

	#[test]
	fn score_should_fail_when_a_divisor_is_zero() {
		assert_eq!(score(1, 1, 0, 0, &params()), Err(MathError::DivisionByZero));
		let params = RollupParams { max_proof_blocks: 0, ..params() };
		assert_eq!(score(1, 1, 0, 100, &params), Err(MathError::DivisionByZero));
	}

	#[test]
	fn score_should_overflow_when_the_fee_is_far_above_the_reserve() {
		assert_eq!(score(u128::MAX, 1, 0, 1, &params()), Err(MathError::Overflow));
	}
}
