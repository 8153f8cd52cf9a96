// SPDX-License-Identifier: Apache-2.0
//! Decision about whether to bid, and what; whether to step in for others. Pure.

use crate::{fees::Fees, journal::Totals};
use pvs_primitives::{
	api::{PlaceInfo, ProverInfo, RescueInfo, RoundInfo},
	params::RollupParams,
	Balance, BlockNumber, Bytes32,
};

/// Wishes of the operator, in planck and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
	/// The lowest fee for a proof, before what the bid itself costs.
	pub(crate) fee: Balance,
	/// The shortest time to promise.
	pub(crate) proof_blocks: BlockNumber,
	/// The free balance below which not to bid.
	pub(crate) min_balance: Balance,
	/// Open bids, unproven wins and rescues at the same time, at most.
	pub(crate) max_jobs: usize,
	/// True to prove in rescues while there is nothing else to do.
	pub(crate) rescue: bool,
}

/// Means that this prover has at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Means {
	/// Its free balance, in planck.
	pub(crate) free: Balance,
	/// Its open bids, unproven wins and rescues, without the round in question. Places on ladders
	/// do not count: hardly any is ever offered, and to pass costs nothing.
	pub(crate) jobs: usize,
	/// Number of blocks that its slowest recent proof took, if it has proved.
	pub(crate) measured_blocks: Option<BlockNumber>,
	/// Outcome of its earlier bids.
	pub(crate) record: Record,
	/// Fees of its transactions.
	pub(crate) fees: Fees,
}

/// Outcome of a prover's earlier bids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
	/// Rounds that ended after it had bid in them.
	pub(crate) bids: u64,
	/// Those that it won.
	pub(crate) wins: u64,
}

impl Record {
	/// Returns the record in the numbers of a journal.
	pub(crate) fn of(totals: &Totals) -> Self {
		Self { bids: totals.bids, wins: totals.wins }
	}
}

/// Bid to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
	/// The fee, in planck.
	pub(crate) fee: Balance,
	/// The promised time, in blocks.
	pub(crate) proof_blocks: BlockNumber,
	/// Highest cost of `place_bid`, in planck.
	pub(crate) max_slot_fee: Balance,
}

/// Reason why not to take on work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Pass {
	#[error("busy: {0} jobs are open (--max-jobs)")]
	Busy(usize),
	#[error("not a registered prover any more")]
	NotRegistered,
	#[error("suspended: the stake of {stake} planck is below the chain's minimum; top it up with `bond_more`")]
	Suspended { stake: Balance },
	#[error("the free stake is {free} planck, the bond {bond}")]
	StakeTooLow { free: Balance, bond: Balance },
	#[error("the free balance is {free} planck, needed are {needed}")]
	BalanceTooLow { free: Balance, needed: Balance },
	#[error("the ask of {ask} planck is above the reserve of {reserve}")]
	AboveReserve { ask: Balance, reserve: Balance },
	#[error(
		"a place costs {slot_fee} planck, and is worth {worth} by what a win is expected to bring"
	)]
	SlotTooDear { slot_fee: Balance, worth: Balance },
	#[error("a proof takes {needed} blocks, the rollup allows {allowed}")]
	TooSlow { needed: BlockNumber, allowed: BlockNumber },
	#[error("a proof takes {needed} blocks, and there are {left}")]
	NoTime { needed: BlockNumber, left: BlockNumber },
	#[error("rescues are off (--rescue)")]
	RescueOff,
	#[error("the rescue pays {payment} planck, the ask is {ask}")]
	BelowAsk { payment: Balance, ask: Balance },
}

/// Returns what a proof in a round costs, in planck, but for its place: the operator's own fee, and those of
/// the transactions.
fn cost(policy: &Policy, means: &Means) -> Balance {
	policy.fee.saturating_add(means.fees.round)
}

/// Returns the most that a place in a round is worth, in planck: what a win is expected to bring beyond
/// its cost, times the chance of it.
///
/// A payment lies between cost and reserve; half of the way is expected. The chance is the rule of
/// succession over the prover's record, `(wins + 1) / (bids + 2)` (Laplace). How many bid does not
/// count: a round that somebody fills to shut others out looks full of rivals.
pub(crate) fn max_slot_fee(
	round: &RoundInfo<Bytes32>,
	policy: &Policy,
	means: &Means,
) -> Result<Balance, Pass> {
	let margin = round.reserve.saturating_sub(cost(policy, means)) / 2;
	let Record { bids, wins } = means.record;
	let chance = (Balance::from(wins).saturating_add(1), Balance::from(bids).saturating_add(2));
	let worth = margin.saturating_mul(chance.0) / chance.1;
	if round.slot_fee > worth {
		return Err(Pass::SlotTooDear { slot_fee: round.slot_fee, worth });
	}
	Ok(worth)
}

/// Decides on a bid in a round.
///
/// The fee is the operator's own cost: under the second-score rule asking that is best, since the
/// payment is set by the next bid (Che 1993). Slot fee and transaction fees are part of the cost.
/// The promised time is what the operator says or what recent proofs took, whichever is longer: a
/// promise that cannot be kept costs more than it wins.
pub(crate) fn ask(
	round: &RoundInfo<Bytes32>,
	params: &RollupParams,
	prover: Option<&ProverInfo<Bytes32>>,
	policy: &Policy,
	means: &Means,
) -> Result<Ask, Pass> {
	if means.jobs >= policy.max_jobs {
		return Err(Pass::Busy(means.jobs));
	}
	let prover = prover.ok_or(Pass::NotRegistered)?;
	if prover.suspended {
		return Err(Pass::Suspended { stake: prover.stake });
	}
	let free_stake = prover.stake.saturating_sub(prover.reserved);
	if free_stake < round.bond {
		return Err(Pass::StakeTooLow { free: free_stake, bond: round.bond });
	}
	let fee = cost(policy, means).saturating_add(round.slot_fee);
	if fee > round.reserve {
		return Err(Pass::AboveReserve { ask: fee, reserve: round.reserve });
	}
	let max_slot_fee = max_slot_fee(round, policy, means)?;
	let needed = policy.min_balance.saturating_add(round.slot_fee);
	if means.free < needed {
		return Err(Pass::BalanceTooLow { free: means.free, needed });
	}
	let proof_blocks = policy.proof_blocks.max(means.measured_blocks.unwrap_or(0)).max(1);
	if proof_blocks > params.max_proof_blocks {
		return Err(Pass::TooSlow { needed: proof_blocks, allowed: params.max_proof_blocks });
	}
	Ok(Ask { fee, proof_blocks, max_slot_fee })
}

/// Decides on a place on the ladder that is offered. Its payment was fixed above this prover's own
/// ask, and to pass costs nothing, so it is taken whenever the promise can still be kept.
pub(crate) fn step_in(
	place: &PlaceInfo<Bytes32>,
	policy: &Policy,
	means: &Means,
) -> Result<(), Pass> {
	if means.jobs >= policy.max_jobs {
		return Err(Pass::Busy(means.jobs));
	}
	has_time(means, place.proof_blocks)
}

/// Decides on a rescue in which `blocks_left` blocks may still take a proof. There is nothing to lose
/// but the work, so only an idle prover sets out for it; one that has its proof already delivers it.
/// Both wait until the payment, which grows with each block, reaches the ask and the transaction fee.
pub(crate) fn rescue(
	rescue: &RescueInfo,
	blocks_left: BlockNumber,
	has_proof: bool,
	policy: &Policy,
	means: &Means,
) -> Result<(), Pass> {
	if !policy.rescue {
		return Err(Pass::RescueOff);
	}
	let ask = policy.fee.saturating_add(means.fees.delivery);
	if rescue.payment < ask {
		return Err(Pass::BelowAsk { payment: rescue.payment, ask });
	}
	if has_proof {
		return Ok(());
	}
	if means.jobs > 0 {
		return Err(Pass::Busy(means.jobs));
	}
	has_time(means, blocks_left)
}

fn has_time(means: &Means, left: BlockNumber) -> Result<(), Pass> {
	match means.measured_blocks {
		Some(needed) if needed > left => Err(Pass::NoTime { needed, left }),
		_ => Ok(()),
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::decide::tests::{place, round};
	use pvs_primitives::{
		api::{Phase, ProverStats},
		params::{Layout, PaymentRule, SilencePolicy, Snapshot},
		seal_timing::SealTiming,
	};

	pub(crate) fn params() -> RollupParams {
		RollupParams {
			layout: Layout::Fields,
			data_len: 1,
			bidding_blocks: 2,
			reveal_blocks: 3,
			silence_policy: SilencePolicy::Exclude,
			payment_rule: PaymentRule::SecondScore,
			w_fee: 1,
			w_time: 1,
			w_share: 0,
			min_proof_blocks: 1,
			max_proof_blocks: 20,
			min_reserve: 1,
			initial_reserve: 1000,
			max_reserve: 1000,
			reserve_margin: 1,
			reserve_weight: 1,
			escalation_factor: 2,
			silence_penalty: 500,
			grace_blocks: 10,
			late_rate: 1,
			ladder_len: 2,
			ladder_blocks: 4,
			rescue_blocks: 10,
			max_empty_rounds: 3,
			max_failed_rounds: 3,
			sequencer_bond: 1,
		}
	}

	pub(crate) fn snapshot() -> Snapshot {
		Snapshot {
			params: params(),
			finality_gap: 0,
			inclusion_slack: 0,
			max_bids: 64,
			slot_fee_base: 1,
			seal_timing: SealTiming {
				slot_millis: 1_000,
				stretch_percent: 100,
				fastest_squarings: 1,
				margin: 1,
				opener_squarings: 1,
				opener_cores: 1,
			},
			seal_digest: [6; 32],
		}
	}

	fn prover() -> ProverInfo<Bytes32> {
		ProverInfo {
			account: [1; 32],
			stake: 5000,
			reserved: 3500,
			unbonding: None,
			suspended: false,
			recent_share: 0,
			stats: ProverStats::default(),
		}
	}

	const POLICY: Policy =
		Policy { fee: 400, proof_blocks: 4, min_balance: 100, max_jobs: 1, rescue: true };
	const NEW: Record = Record { bids: 0, wins: 0 };
	const FEES: Fees = Fees { round: 0, delivery: 0 };
	const MEANS: Means =
		Means { free: 10_000, jobs: 0, measured_blocks: None, record: NEW, fees: FEES };

	fn decide(policy: Policy, means: Means) -> Result<Ask, Pass> {
		ask(&round(Phase::Bidding), &params(), Some(&prover()), &policy, &means)
	}

	#[test]
	fn ask_should_be_the_cost_and_the_slot() {
		assert_eq!(decide(POLICY, MEANS), Ok(Ask { fee: 410, proof_blocks: 4, max_slot_fee: 150 }));
	}

	/// Finding R13: transaction fees were not part of the ask.
	#[test]
	fn ask_should_have_the_transaction_fees_in_it() {
		let means = Means { fees: Fees { round: 50, delivery: 20 }, ..MEANS };
		// A margin of 1000 - 450, half of it, times one half.
		assert_eq!(decide(POLICY, means), Ok(Ask { fee: 460, proof_blocks: 4, max_slot_fee: 137 }));
		let dear = Policy { fee: 941, ..POLICY };
		assert_eq!(decide(dear, means), Err(Pass::AboveReserve { ask: 1001, reserve: 1000 }));
		let paying = |payment| RescueInfo { started_at: 1, payment, last_payment: 1000 };
		let decide = |payment| rescue(&paying(payment), 5, false, &POLICY, &means);
		assert_eq!(decide(420), Ok(()));
		assert_eq!(decide(419), Err(Pass::BelowAsk { payment: 419, ask: 420 }));
	}

	#[test]
	fn promise_should_be_longer_when_proofs_took_longer() {
		let slow = Means { measured_blocks: Some(6), ..MEANS };
		assert_eq!(decide(POLICY, slow).unwrap().proof_blocks, 6);
		let fast = Means { measured_blocks: Some(2), ..MEANS };
		assert_eq!(decide(POLICY, fast).unwrap().proof_blocks, 4);
		let too_slow = Means { measured_blocks: Some(21), ..MEANS };
		assert_eq!(decide(POLICY, too_slow), Err(Pass::TooSlow { needed: 21, allowed: 20 }));
	}

	#[test]
	fn bid_should_not_be_made_when_the_ask_is_above_the_reserve() {
		let dear = Policy { fee: 991, ..POLICY };
		assert_eq!(decide(dear, MEANS), Err(Pass::AboveReserve { ask: 1001, reserve: 1000 }));
		assert_eq!(decide(Policy { fee: 960, ..POLICY }, MEANS).unwrap().fee, 970);
		let endless = Policy { fee: u128::MAX, ..POLICY };
		assert!(matches!(decide(endless, MEANS), Err(Pass::AboveReserve { .. })));
	}

	/// Finding M3 of the audit: eight times a quoted fee of almost nothing shut the prover out.
	#[test]
	fn place_should_be_worth_what_a_win_is_expected_to_bring() {
		// Half of 1000 - 400, times (wins + 1) / (bids + 2).
		for (bids, wins, worth) in [(0, 0, 150), (8, 8, 270), (8, 3, 120), (8, 0, 30), (28, 0, 10)]
		{
			let means = Means { record: Record { bids, wins }, ..MEANS };
			assert_eq!(decide(POLICY, means).unwrap().max_slot_fee, worth, "{bids} {wins}");
		}
		let hopeless = Means { record: Record { bids: 29, wins: 0 }, ..MEANS };
		assert_eq!(decide(POLICY, hopeless), Err(Pass::SlotTooDear { slot_fee: 10, worth: 9 }));
		// A margin of 39 is worth 9 at first.
		let thin = Policy { fee: 961, ..POLICY };
		assert_eq!(decide(thin, MEANS), Err(Pass::SlotTooDear { slot_fee: 10, worth: 9 }));
	}

	#[test]
	fn bid_should_not_be_made_when_the_prover_cannot_afford_it() {
		let poor = Means { free: 109, ..MEANS };
		assert_eq!(decide(POLICY, poor), Err(Pass::BalanceTooLow { free: 109, needed: 110 }));
		let staked = ProverInfo { reserved: 3501, ..prover() };
		let refusal = ask(&round(Phase::Bidding), &params(), Some(&staked), &POLICY, &MEANS);
		assert_eq!(refusal, Err(Pass::StakeTooLow { free: 1499, bond: 1500 }));
		let refusal = ask(&round(Phase::Bidding), &params(), None, &POLICY, &MEANS);
		assert_eq!(refusal, Err(Pass::NotRegistered));
		let suspended = ProverInfo { suspended: true, ..prover() };
		let refusal = ask(&round(Phase::Bidding), &params(), Some(&suspended), &POLICY, &MEANS);
		assert_eq!(refusal, Err(Pass::Suspended { stake: 5000 }));
	}

	#[test]
	fn bid_should_not_be_made_when_the_prover_is_busy() {
		assert_eq!(decide(POLICY, Means { jobs: 1, ..MEANS }), Err(Pass::Busy(1)));
		assert!(decide(Policy { max_jobs: 2, ..POLICY }, Means { jobs: 1, ..MEANS }).is_ok());
	}

	#[test]
	fn place_should_be_taken_when_the_promise_can_still_be_kept() {
		let place = place([1; 32]);
		let decide = |means| step_in(&place, &POLICY, &means);
		assert_eq!(decide(MEANS), Ok(()));
		assert_eq!(decide(Means { measured_blocks: Some(4), ..MEANS }), Ok(()));
		let slow = Means { measured_blocks: Some(5), ..MEANS };
		assert_eq!(decide(slow), Err(Pass::NoTime { needed: 5, left: 4 }));
		assert_eq!(decide(Means { jobs: 1, ..MEANS }), Err(Pass::Busy(1)));
	}

	#[test]
	fn rescue_should_be_begun_when_it_pays_the_ask_and_there_is_nothing_else_to_do() {
		let paying = |payment| RescueInfo { started_at: 1, payment, last_payment: 1000 };
		let decide = |payment, means| rescue(&paying(payment), 5, false, &POLICY, &means);
		assert_eq!(decide(400, MEANS), Ok(()));
		assert_eq!(decide(399, MEANS), Err(Pass::BelowAsk { payment: 399, ask: 400 }));
		assert_eq!(decide(400, Means { jobs: 1, ..MEANS }), Err(Pass::Busy(1)));
		let slow = Means { measured_blocks: Some(6), ..MEANS };
		assert_eq!(decide(400, slow), Err(Pass::NoTime { needed: 6, left: 5 }));
		let off = Policy { rescue: false, ..POLICY };
		assert_eq!(rescue(&paying(999), 5, true, &off, &MEANS), Err(Pass::RescueOff));
	}

	#[test]
	fn proof_that_is_made_should_be_delivered_in_a_rescue_when_it_pays_the_ask() {
		let paying = |payment| RescueInfo { started_at: 1, payment, last_payment: 1000 };
		let busy = Means { jobs: 3, measured_blocks: Some(9), ..MEANS };
		assert_eq!(rescue(&paying(400), 1, true, &POLICY, &busy), Ok(()));
		let refusal = rescue(&paying(399), 1, true, &POLICY, &busy);
		assert_eq!(refusal, Err(Pass::BelowAsk { payment: 399, ask: 400 }));
	}
}
