// SPDX-License-Identifier: Apache-2.0
//! Which parameters a rollup may choose.

use primitive_types::U256;
use pvs_primitives::{params::RollupParams, Balance, BlockNumber};

/// The limits that a chain sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// The longest data of a batch, in bytes.
	pub max_data_bytes: u32,
	/// The number of blocks by which a minority of block authors can delay a transaction.
	pub inclusion_slack: BlockNumber,
	/// The longest that any window may be, in blocks.
	pub max_window_blocks: BlockNumber,
	/// The lowest stake of a prover: the bond at the highest reserve fits into it.
	pub min_stake: Balance,
	/// The most rounds that a batch may have.
	pub max_rounds: u32,
}

/// The rule that parameters break. Each name says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRule {
	/// `data_len` is 0 or above the chain's limit.
	DataLength,
	/// The bidding window is not longer than the inclusion slack, or above the longest window.
	BiddingWindow,
	/// The reveal window is not longer than the inclusion slack, or above the longest window.
	RevealWindow,
	/// `w_fee` is 0: bids would not be compared by fee, and second-score payment divides by it.
	FeeWeight,
	/// `min_proof_blocks` is 0, above `max_proof_blocks`, or the latter is above the longest window.
	ProofBlocks,
	/// `min_reserve` is 0 or above `max_reserve`.
	Reserve,
	/// `silence_penalty` is 0: staying silent would be free.
	SilencePenalty,
	/// The bond at `max_reserve` does not fit into the chain's minimal stake.
	Bond,
	/// `late_rate` is below `w_time / (w_fee * max_proof_blocks)`, or above one whole.
	LateRate,
	/// `grace_blocks` is above the longest window.
	Grace,
	/// `max_rounds` is 0 or above the chain's limit.
	Rounds,
}

/// Checks every relation between the parameters of a rollup and the limits of its chain.
///
/// # Errors
/// The first rule that is broken.
pub fn check(params: &RollupParams, limits: &Limits) -> Result<(), BrokenRule> {
	let window =
		|blocks: BlockNumber| blocks > limits.inclusion_slack && blocks <= limits.max_window_blocks;
	ensure(
		params.data_len >= 1 && params.data_len <= limits.max_data_bytes,
		BrokenRule::DataLength,
	)?;
	ensure(window(params.bidding_blocks), BrokenRule::BiddingWindow)?;
	ensure(window(params.reveal_blocks), BrokenRule::RevealWindow)?;
	ensure(params.w_fee >= 1, BrokenRule::FeeWeight)?;
	ensure(
		params.min_proof_blocks >= 1
			&& params.min_proof_blocks <= params.max_proof_blocks
			&& params.max_proof_blocks <= limits.max_window_blocks,
		BrokenRule::ProofBlocks,
	)?;
	ensure(
		params.min_reserve >= 1 && params.min_reserve <= params.max_reserve,
		BrokenRule::Reserve,
	)?;
	ensure(params.silence_penalty >= 1, BrokenRule::SilencePenalty)?;
	let bond = params.max_reserve.checked_add(params.silence_penalty);
	ensure(bond.is_some_and(|bond| bond <= limits.min_stake), BrokenRule::Bond)?;
	ensure(late_rate_deters(params), BrokenRule::LateRate)?;
	ensure(params.grace_blocks <= limits.max_window_blocks, BrokenRule::Grace)?;
	ensure(params.max_rounds >= 1 && params.max_rounds <= limits.max_rounds, BrokenRule::Rounds)
}

/// `late_rate / WHOLE >= w_time / (w_fee * max_proof_blocks)`, without division.
fn late_rate_deters(params: &RollupParams) -> bool {
	let whole = U256::from(pvs_primitives::params::WHOLE);
	let product = U256::from(params.late_rate)
		.saturating_mul(params.w_fee.into())
		.saturating_mul(params.max_proof_blocks.into());
	U256::from(params.late_rate) <= whole
		&& product >= U256::from(params.w_time).saturating_mul(whole)
}

fn ensure(holds: bool, rule: BrokenRule) -> Result<(), BrokenRule> {
	if holds {
		Ok(())
	} else {
		Err(rule)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::score::tests::params;

	const LIMITS: Limits = Limits {
		max_data_bytes: 100,
		inclusion_slack: 1,
		max_window_blocks: 20,
		min_stake: 1_000,
		max_rounds: 3,
	};

	fn good() -> RollupParams {
		RollupParams { max_reserve: 999, ..params() }
	}

	#[test]
	fn parameters_should_pass_when_every_relation_holds_at_its_limit() {
		assert_eq!(check(&good(), &LIMITS), Ok(()));
	}

	#[test]
	fn parameters_should_be_refused_with_the_rule_that_they_break() {
		type Change = fn(&mut RollupParams);
		let cases: &[(Change, BrokenRule)] = &[
			(|p| p.data_len = 0, BrokenRule::DataLength),
			(|p| p.data_len = 101, BrokenRule::DataLength),
			(|p| p.bidding_blocks = 1, BrokenRule::BiddingWindow),
			(|p| p.bidding_blocks = 21, BrokenRule::BiddingWindow),
			(|p| p.reveal_blocks = 1, BrokenRule::RevealWindow),
			(|p| p.reveal_blocks = 21, BrokenRule::RevealWindow),
			(|p| p.w_fee = 0, BrokenRule::FeeWeight),
			(|p| p.min_proof_blocks = 0, BrokenRule::ProofBlocks),
			(|p| p.min_proof_blocks = 21, BrokenRule::ProofBlocks),
			(|p| p.max_proof_blocks = 21, BrokenRule::ProofBlocks),
			(|p| p.min_reserve = 0, BrokenRule::Reserve),
			(|p| p.min_reserve = 1_000, BrokenRule::Reserve),
			(|p| p.silence_penalty = 0, BrokenRule::SilencePenalty),
			(|p| p.max_reserve = 1_000, BrokenRule::Bond),
			(|p| p.silence_penalty = u128::MAX, BrokenRule::Bond),
			// 0.3 / (0.7 * 20) is 0.0214285714..
			(|p| p.late_rate = 21_428_571, BrokenRule::LateRate),
			(|p| p.late_rate = 1_000_000_001, BrokenRule::LateRate),
			(|p| p.grace_blocks = 21, BrokenRule::Grace),
			(|p| p.max_rounds = 0, BrokenRule::Rounds),
			(|p| p.max_rounds = 4, BrokenRule::Rounds),
		];
		for (change, rule) in cases {
			let mut params = good();
			change(&mut params);
			assert_eq!(check(&params, &LIMITS), Err(*rule));
		}
		let mut params = good();
		params.late_rate = 21_428_572;
		assert_eq!(check(&params, &LIMITS), Ok(()));
	}
}
