// SPDX-License-Identifier: Apache-2.0
//! Parameters that a rollup may choose.

use crate::{fixed::mul_div_ceil, round::MAX_LADDER};
use primitive_types::U256;
use pvs_primitives::{
	params::{RollupParams, SilencePolicy, WHOLE},
	Balance, BlockNumber,
};

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
	/// The most rounds of each kind that a batch may have.
	pub max_rounds: u32,
	/// The existential deposit, in planck: what is slashed can then always be kept on an account.
	pub existential_deposit: Balance,
	/// The lowest bond of a sequencer, in planck.
	pub min_sequencer_bond: Balance,
	/// The longest bidding window that the chain's seals keep secret, in blocks; see
	/// [`SealTiming`](pvs_primitives::seal_timing::SealTiming).
	pub max_bidding_blocks: BlockNumber,
	/// The shortest opening window in which every seal of a full round can be opened, in blocks.
	pub min_opening_blocks: BlockNumber,
	/// The shortest window in which silent bids are settled, in blocks.
	pub min_settle_blocks: BlockNumber,
	/// The longest window in which silent bids are settled, in blocks.
	pub max_settle_blocks: BlockNumber,
	/// The lowest silence penalty where silent bids are settled, in planck: the price of a row of storage
	/// for as long as they may stay unsettled.
	pub min_silence_penalty: Balance,
}

/// The rule that parameters break. Each name says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRule {
	/// `data_len` is 0 or above the chain's limit.
	DataLength,
	/// The bidding window is not longer than the inclusion slack, or above the longest window.
	BiddingWindow,
	/// The reveal window is shorter than the inclusion slack + 2, or above the longest window.
	RevealWindow,
	/// `w_fee` is 0: bids would not be compared by fee, and second-score payment divides by it.
	FeeWeight,
	/// `w_time` is 0: nobody would gain by being faster.
	TimeWeight,
	/// `min_proof_blocks` is 0, above `max_proof_blocks`, or the latter is above the longest window.
	ProofBlocks,
	/// `min_reserve` is 0 or below the existential deposit, or
	/// `min_reserve <= initial_reserve <= max_reserve` does not hold.
	Reserve,
	/// `reserve_margin` is 0: the reserve would fall to the mean payment, below half of all payments.
	ReserveMargin,
	/// `reserve_weight` is 0 or above one whole.
	ReserveWeight,
	/// `escalation_factor` is not above one whole: the reserve would not rise.
	EscalationFactor,
	/// `silence_penalty` is 0, so that staying silent would be free, or below the existential deposit.
	SilencePenalty,
	/// Seals are opened by force and `silence_penalty` is below
	/// `2 * ceil(max_reserve * w_time / w_fee)`, twice what all time of a round can be worth: half of the
	/// penalty can return through a friend that opens the seal.
	SilencePenaltyForOpening,
	/// Silent bids are settled and `silence_penalty` is below the price of their rows for the longest window
	/// in which that may happen.
	SilencePenaltyForSettling,
	/// The bond at `max_reserve` does not fit into the chain's minimal stake.
	Bond,
	/// `late_rate` is below `w_time / (w_fee * max_proof_blocks)`, or above one whole.
	LateRate,
	/// `grace_blocks` is 0 or above the longest window.
	Grace,
	/// `ladder_len` is 0 or above 8, or `ladder_blocks` is not longer than the inclusion slack or above the
	/// longest window.
	Ladder,
	/// `rescue_blocks` is below the inclusion slack + 2, so that its pay could not rise over a delay, or
	/// above the longest window.
	Rescue,
	/// `max_empty_rounds` is below 2 or above the chain's limit. (Of two rounds, the last one has
	/// `max_fee` as its reserve.)
	EmptyRounds,
	/// `max_failed_rounds` is 0 or above the chain's limit.
	FailedRounds,
	/// `sequencer_bond` is 0, so that a batch that fails would cost nothing, or below the chain's lowest.
	SequencerBond,
	/// The bidding window is longer than the chain's seals keep bids secret.
	SealedTime,
	/// `opening_blocks` is too short to open the seals of a full round, or above the longest window. Where
	/// no such window is that long, seals cannot be opened by force on the chain.
	SilencePolicy,
	/// `settle_blocks` is too short to open a seal twice, or above the longest such window.
	SettleWindow,
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
	ensure(params.bidding_blocks <= limits.max_bidding_blocks, BrokenRule::SealedTime)?;
	let least_reveal = limits.inclusion_slack.saturating_add(2);
	ensure(
		params.reveal_blocks >= least_reveal && window(params.reveal_blocks),
		BrokenRule::RevealWindow,
	)?;
	ensure(params.w_fee >= 1, BrokenRule::FeeWeight)?;
	ensure(params.w_time >= 1, BrokenRule::TimeWeight)?;
	ensure(
		params.min_proof_blocks >= 1
			&& params.min_proof_blocks <= params.max_proof_blocks
			&& params.max_proof_blocks <= limits.max_window_blocks,
		BrokenRule::ProofBlocks,
	)?;
	ensure(
		params.min_reserve >= limits.existential_deposit.max(1)
			&& params.min_reserve <= params.initial_reserve
			&& params.initial_reserve <= params.max_reserve,
		BrokenRule::Reserve,
	)?;
	ensure(params.reserve_margin >= 1, BrokenRule::ReserveMargin)?;
	ensure(
		params.reserve_weight >= 1 && params.reserve_weight <= WHOLE,
		BrokenRule::ReserveWeight,
	)?;
	ensure(params.escalation_factor > WHOLE, BrokenRule::EscalationFactor)?;
	ensure(
		params.silence_penalty >= limits.existential_deposit.max(1),
		BrokenRule::SilencePenalty,
	)?;
	let bond = params.max_reserve.checked_add(params.silence_penalty);
	ensure(bond.is_some_and(|bond| bond <= limits.min_stake), BrokenRule::Bond)?;
	ensure(late_rate_deters(params), BrokenRule::LateRate)?;
	ensure(
		params.grace_blocks >= 1 && params.grace_blocks <= limits.max_window_blocks,
		BrokenRule::Grace,
	)?;
	ensure(
		(1..=MAX_LADDER).contains(&params.ladder_len) && window(params.ladder_blocks),
		BrokenRule::Ladder,
	)?;
	ensure(
		params.rescue_blocks >= limits.inclusion_slack.saturating_add(2)
			&& window(params.rescue_blocks),
		BrokenRule::Rescue,
	)?;
	ensure(
		params.max_empty_rounds >= 2 && params.max_empty_rounds <= limits.max_rounds,
		BrokenRule::EmptyRounds,
	)?;
	ensure(
		params.max_failed_rounds >= 1 && params.max_failed_rounds <= limits.max_rounds,
		BrokenRule::FailedRounds,
	)?;
	ensure(params.sequencer_bond >= limits.min_sequencer_bond.max(1), BrokenRule::SequencerBond)?;
	match params.silence_policy {
		SilencePolicy::Exclude => Ok(()),
		SilencePolicy::ForceOpen { opening_blocks } => {
			ensure(
				opening_blocks >= limits.min_opening_blocks && window(opening_blocks),
				BrokenRule::SilencePolicy,
			)?;
			ensure(silence_deters(params), BrokenRule::SilencePenaltyForOpening)
		},
		SilencePolicy::Settle { settle_blocks } => {
			ensure(
				settle_blocks >= limits.min_settle_blocks.max(1)
					&& settle_blocks <= limits.max_settle_blocks,
				BrokenRule::SettleWindow,
			)?;
			ensure(
				params.silence_penalty >= limits.min_silence_penalty,
				BrokenRule::SilencePenaltyForSettling,
			)
		},
	}
}

/// `silence_penalty >= 2 * ceil(max_reserve * w_time / w_fee)`. What does not fit is not covered.
fn silence_deters(params: &RollupParams) -> bool {
	let worth = mul_div_ceil(params.max_reserve.into(), params.w_time.into(), params.w_fee.into());
	worth
		.ok()
		.and_then(|worth| worth.checked_mul(2))
		.is_some_and(|least| params.silence_penalty >= least)
}

/// `late_rate / WHOLE >= w_time / (w_fee * max_proof_blocks)`, without division.
fn late_rate_deters(params: &RollupParams) -> bool {
	let whole = U256::from(WHOLE);
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
		inclusion_slack: 2,
		max_window_blocks: 20,
		min_stake: 1_000,
		max_rounds: 5,
		existential_deposit: 10,
		min_sequencer_bond: 7,
		max_bidding_blocks: 10,
		min_opening_blocks: 6,
		min_settle_blocks: 9,
		max_settle_blocks: 40,
		min_silence_penalty: 30,
	};

	fn good() -> RollupParams {
		RollupParams {
			bidding_blocks: 3,
			reveal_blocks: 4,
			min_reserve: 50,
			initial_reserve: 100,
			max_reserve: 990,
			silence_penalty: 10,
			ladder_blocks: 3,
			rescue_blocks: 4,
			sequencer_bond: 7,
			..params()
		}
	}

	fn open(opening_blocks: u32) -> SilencePolicy {
		SilencePolicy::ForceOpen { opening_blocks }
	}

	fn settle(settle_blocks: u32) -> SilencePolicy {
		SilencePolicy::Settle { settle_blocks }
	}

	type Change = fn(&mut RollupParams);

	fn outcome(change: Change, limits: &Limits) -> Result<(), BrokenRule> {
		let mut params = good();
		change(&mut params);
		check(&params, limits)
	}

	#[test]
	fn parameters_should_pass_when_every_relation_holds_at_its_limit() {
		let cases: &[Change] = &[
			|_| (),
			|p| p.data_len = 1,
			|p| p.data_len = 100,
			|p| p.bidding_blocks = 10,
			|p| p.reveal_blocks = 20,
			|p| (p.w_fee, p.w_time) = (WHOLE, 1),
			|p| p.w_fee = u32::MAX,
			|p| p.w_time = 1,
			|p| p.w_share = u32::MAX,
			|p| p.min_proof_blocks = 1,
			|p| p.min_proof_blocks = 20,
			|p| (p.min_proof_blocks, p.max_proof_blocks, p.late_rate) = (1, 1, WHOLE),
			|p| p.min_reserve = 10,
			|p| p.min_reserve = 100,
			|p| p.initial_reserve = 50,
			|p| p.initial_reserve = 990,
			|p| p.reserve_margin = 1,
			|p| p.reserve_margin = u32::MAX,
			|p| p.reserve_weight = 1,
			|p| p.reserve_weight = WHOLE,
			|p| p.escalation_factor = WHOLE + 1,
			|p| p.escalation_factor = u32::MAX,
			|p| (p.max_reserve, p.silence_penalty) = (100, 900),
			// 0.3 / (0.7 * 20) is 0.0214285714..
			|p| p.late_rate = 21_428_572,
			|p| p.late_rate = WHOLE,
			|p| p.grace_blocks = 1,
			|p| p.grace_blocks = 20,
			|p| p.ladder_len = 1,
			|p| p.ladder_len = MAX_LADDER,
			|p| p.ladder_blocks = 20,
			|p| p.rescue_blocks = 20,
			|p| p.max_empty_rounds = 2,
			|p| p.max_empty_rounds = 5,
			|p| p.max_failed_rounds = 1,
			|p| p.max_failed_rounds = 5,
			|p| p.sequencer_bond = u128::MAX,
			|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (open(6), 86, 100),
			|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (open(20), 86, 100),
			|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (settle(9), 30, 100),
			|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (settle(40), 30, 100),
		];
		for (number, change) in cases.iter().enumerate() {
			assert_eq!(outcome(*change, &LIMITS), Ok(()), "case {number}");
		}
	}

	#[test]
	fn parameters_should_be_refused_with_the_rule_that_they_break() {
		let cases: &[(Change, BrokenRule)] = &[
			(|p| p.data_len = 0, BrokenRule::DataLength),
			(|p| p.data_len = 101, BrokenRule::DataLength),
			(|p| p.bidding_blocks = 2, BrokenRule::BiddingWindow),
			(|p| p.bidding_blocks = 21, BrokenRule::BiddingWindow),
			(|p| p.bidding_blocks = 11, BrokenRule::SealedTime),
			(|p| p.reveal_blocks = 3, BrokenRule::RevealWindow),
			(|p| p.reveal_blocks = 21, BrokenRule::RevealWindow),
			(|p| p.w_fee = 0, BrokenRule::FeeWeight),
			(|p| p.w_time = 0, BrokenRule::TimeWeight),
			(|p| p.min_proof_blocks = 0, BrokenRule::ProofBlocks),
			(|p| p.min_proof_blocks = 21, BrokenRule::ProofBlocks),
			(|p| p.max_proof_blocks = 1, BrokenRule::ProofBlocks),
			(|p| p.max_proof_blocks = 21, BrokenRule::ProofBlocks),
			(|p| p.min_reserve = 0, BrokenRule::Reserve),
			(|p| p.min_reserve = 9, BrokenRule::Reserve),
			(|p| p.min_reserve = 101, BrokenRule::Reserve),
			(|p| p.initial_reserve = 49, BrokenRule::Reserve),
			(|p| p.initial_reserve = 991, BrokenRule::Reserve),
			(|p| p.max_reserve = 99, BrokenRule::Reserve),
			(|p| p.reserve_margin = 0, BrokenRule::ReserveMargin),
			(|p| p.reserve_weight = 0, BrokenRule::ReserveWeight),
			(|p| p.reserve_weight = WHOLE + 1, BrokenRule::ReserveWeight),
			(|p| p.escalation_factor = WHOLE, BrokenRule::EscalationFactor),
			(|p| p.escalation_factor = 0, BrokenRule::EscalationFactor),
			(|p| p.silence_penalty = 9, BrokenRule::SilencePenalty),
			(|p| p.max_reserve = 991, BrokenRule::Bond),
			(|p| p.silence_penalty = 11, BrokenRule::Bond),
			(|p| p.silence_penalty = u128::MAX, BrokenRule::Bond),
			(|p| p.late_rate = 21_428_571, BrokenRule::LateRate),
			(|p| p.late_rate = WHOLE + 1, BrokenRule::LateRate),
			(|p| p.grace_blocks = 0, BrokenRule::Grace),
			(|p| p.grace_blocks = 21, BrokenRule::Grace),
			(|p| p.ladder_len = 0, BrokenRule::Ladder),
			(|p| p.ladder_len = MAX_LADDER + 1, BrokenRule::Ladder),
			(|p| p.ladder_blocks = 2, BrokenRule::Ladder),
			(|p| p.ladder_blocks = 21, BrokenRule::Ladder),
			(|p| p.rescue_blocks = 3, BrokenRule::Rescue),
			(|p| p.rescue_blocks = 21, BrokenRule::Rescue),
			(|p| p.max_empty_rounds = 1, BrokenRule::EmptyRounds),
			(|p| p.max_empty_rounds = 6, BrokenRule::EmptyRounds),
			(|p| p.max_failed_rounds = 0, BrokenRule::FailedRounds),
			(|p| p.max_failed_rounds = 6, BrokenRule::FailedRounds),
			(|p| p.sequencer_bond = 6, BrokenRule::SequencerBond),
			(|p| p.silence_policy = open(5), BrokenRule::SilencePolicy),
			(|p| p.silence_policy = open(21), BrokenRule::SilencePolicy),
			// 100 * 0.3 / 0.7 is 42.86: all time of a round is worth 43.
			(
				|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (open(6), 85, 100),
				BrokenRule::SilencePenaltyForOpening,
			),
			(|p| p.silence_policy = settle(8), BrokenRule::SettleWindow),
			(|p| p.silence_policy = settle(41), BrokenRule::SettleWindow),
			(
				|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (settle(9), 29, 100),
				BrokenRule::SilencePenaltyForSettling,
			),
		];
		for (number, (change, rule)) in cases.iter().enumerate() {
			assert_eq!(outcome(*change, &LIMITS), Err(*rule), "case {number}");
		}
	}

	#[test]
	fn zero_should_be_refused_for_every_number_but_the_weight_of_shares() {
		let limits = Limits {
			inclusion_slack: 0,
			existential_deposit: 0,
			min_sequencer_bond: 0,
			min_opening_blocks: 0,
			min_settle_blocks: 0,
			min_silence_penalty: 0,
			..LIMITS
		};
		let zeros: &[(Change, BrokenRule)] = &[
			(|p| p.data_len = 0, BrokenRule::DataLength),
			(|p| p.bidding_blocks = 0, BrokenRule::BiddingWindow),
			(|p| p.reveal_blocks = 0, BrokenRule::RevealWindow),
			(|p| p.silence_policy = open(0), BrokenRule::SilencePolicy),
			(|p| p.silence_policy = settle(0), BrokenRule::SettleWindow),
			(|p| p.w_fee = 0, BrokenRule::FeeWeight),
			(|p| p.w_time = 0, BrokenRule::TimeWeight),
			(|p| p.min_proof_blocks = 0, BrokenRule::ProofBlocks),
			(|p| p.max_proof_blocks = 0, BrokenRule::ProofBlocks),
			(|p| p.min_reserve = 0, BrokenRule::Reserve),
			(|p| p.initial_reserve = 0, BrokenRule::Reserve),
			(|p| p.max_reserve = 0, BrokenRule::Reserve),
			(|p| p.reserve_margin = 0, BrokenRule::ReserveMargin),
			(|p| p.reserve_weight = 0, BrokenRule::ReserveWeight),
			(|p| p.escalation_factor = 0, BrokenRule::EscalationFactor),
			(|p| p.silence_penalty = 0, BrokenRule::SilencePenalty),
			(|p| p.grace_blocks = 0, BrokenRule::Grace),
			(|p| p.late_rate = 0, BrokenRule::LateRate),
			(|p| p.ladder_len = 0, BrokenRule::Ladder),
			(|p| p.ladder_blocks = 0, BrokenRule::Ladder),
			(|p| p.rescue_blocks = 0, BrokenRule::Rescue),
			(|p| p.max_empty_rounds = 0, BrokenRule::EmptyRounds),
			(|p| p.max_failed_rounds = 0, BrokenRule::FailedRounds),
			(|p| p.sequencer_bond = 0, BrokenRule::SequencerBond),
		];
		for (zero, rule) in zeros {
			assert_eq!(outcome(*zero, &limits), Err(*rule));
		}
		assert_eq!(outcome(|p| p.w_share = 0, &limits), Ok(()));
	}

	#[test]
	fn rescue_should_have_two_blocks_at_least_when_nothing_delays_transactions() {
		let limits = Limits { inclusion_slack: 0, ..LIMITS };
		let one: Change = |p| (p.bidding_blocks, p.reveal_blocks, p.ladder_blocks) = (1, 2, 1);
		assert_eq!(outcome(one, &limits), Ok(()));
		assert_eq!(outcome(|p| p.rescue_blocks = 2, &limits), Ok(()));
		// The price of a rescue divides by its length less one.
		assert_eq!(outcome(|p| p.rescue_blocks = 1, &limits), Err(BrokenRule::Rescue));
		assert_eq!(outcome(|p| p.ladder_blocks = 0, &limits), Err(BrokenRule::Ladder));
		// A reveal that waits for the block before it needs a second one.
		assert_eq!(outcome(|p| p.reveal_blocks = 1, &limits), Err(BrokenRule::RevealWindow));
	}

	#[test]
	fn opening_window_should_be_longer_than_the_inclusion_slack() {
		let limits = Limits { min_opening_blocks: 0, ..LIMITS };
		let three: Change =
			|p| (p.silence_policy, p.silence_penalty, p.max_reserve) = (open(3), 86, 100);
		assert_eq!(outcome(three, &limits), Ok(()));
		assert_eq!(
			outcome(|p| p.silence_policy = open(2), &limits),
			Err(BrokenRule::SilencePolicy)
		);
	}

	#[test]
	fn silence_should_cost_something_when_there_is_no_existential_deposit() {
		let limits = Limits { existential_deposit: 0, ..LIMITS };
		assert_eq!(outcome(|p| p.silence_penalty = 1, &limits), Ok(()));
		assert_eq!(outcome(|p| p.silence_penalty = 0, &limits), Err(BrokenRule::SilencePenalty));
	}

	#[test]
	fn late_rate_should_be_judged_without_overflow_when_weights_are_extreme() {
		let wide: Change = |p| (p.w_fee, p.w_time, p.late_rate) = (1, u32::MAX, WHOLE);
		assert_eq!(outcome(wide, &LIMITS), Err(BrokenRule::LateRate));
		let narrow: Change = |p| (p.w_fee, p.w_time, p.late_rate) = (u32::MAX, 1, 1);
		assert_eq!(outcome(narrow, &LIMITS), Ok(()));
		let none: Change = |p| (p.w_time, p.late_rate) = (1, 0);
		assert_eq!(outcome(none, &LIMITS), Err(BrokenRule::LateRate));
	}
}
