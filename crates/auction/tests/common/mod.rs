// SPDX-License-Identifier: Apache-2.0
//! The market of one batch with small numbers.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]

pub(crate) use pvs_auction::driver::market::{id, End, Id, Market};

use pvs_auction::round::Standing;
use pvs_primitives::{
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	seal_timing::SealTiming,
};

pub(crate) const SLOT_FEE: u128 = 2;
pub(crate) const MAX_BIDS: u32 = 8;
pub(crate) const FREE: u128 = 1_000_000;

/// Rounds with reserves 100, 150 and `max_fee`.
pub(crate) fn params() -> RollupParams {
	RollupParams {
		layout: Layout::Fields,
		data_len: 100,
		bidding_blocks: 2,
		reveal_blocks: 3,
		silence_policy: SilencePolicy::Exclude,
		payment_rule: PaymentRule::SecondScore,
		w_fee: 700_000_000,
		w_time: 300_000_000,
		w_share: 0,
		min_proof_blocks: 2,
		max_proof_blocks: 20,
		min_reserve: 10,
		initial_reserve: 100,
		max_reserve: 10_000,
		reserve_margin: 250_000_000,
		reserve_weight: 100_000_000,
		escalation_factor: 1_500_000_000,
		silence_penalty: 10,
		grace_blocks: 3,
		late_rate: 30_000_000,
		ladder_len: 2,
		ladder_blocks: 3,
		rescue_blocks: 5,
		max_empty_rounds: 3,
		max_failed_rounds: 2,
		sequencer_bond: 50,
	}
}

/// With [`SEAL_DELAY`], each of an opener's two cores opens a seal in a block.
pub(crate) fn snapshot(params: RollupParams) -> Snapshot {
	Snapshot {
		params,
		finality_gap: 1,
		inclusion_slack: 1,
		max_bids: MAX_BIDS,
		slot_fee_base: SLOT_FEE,
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

pub(crate) const SEAL_DELAY: u64 = 1_000;

/// A batch that is committed in block 10, with seven provers.
pub(crate) fn committed(
	params: RollupParams,
	max_fee: u128,
	reserve: u128,
	standing: Standing,
) -> Market {
	let mut market = Market::new(snapshot(params), Some(SEAL_DELAY), max_fee, reserve, 7, FREE);
	market.standing = standing;
	market
}
