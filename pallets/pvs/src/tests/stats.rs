// SPDX-License-Identifier: Apache-2.0
//! Records of provers and of the market, shares of recent work, and what follows from them.

use crate::mock::*;
use frame_support::assert_ok;
use pvs_primitives::{
	api::{Concentration, MarketStats},
	params::RollupParams,
};

/// One batch proven by `who`, alone.
fn proven_by(who: &AccountId) {
	let id = commit(100);
	auction(id, &[(who.clone(), 50, 5)]);
	assert_ok!(deliver(id, who));
}

fn concentration() -> Concentration {
	Pvs::market_info(0).expect("registered").concentration
}

#[test]
fn market_should_be_empty_before_any_work() {
	market(|| {
		let info = Pvs::market_info(0).expect("registered");
		assert_eq!((info.reserve, info.mean_payment), (1_000, None));
		assert_eq!(info.stats, MarketStats::default());
		assert_eq!(info.concentration, Concentration::default());
		assert_eq!(prover(&ANN).recent_share, 0, "an empty set gives 0");
		assert!(Pvs::market_info(9).is_none());
	});
}

#[test]
fn market_should_record_what_happened() {
	market(|| {
		// Batch 0: proven in block 6 for 200.
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		assert_ok!(deliver(id, &ANN));
		// Batch 1: a round without bids; Ann defaults; Ben is late by two blocks.
		let id = commit(400);
		run_to(10);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let default = run_to_default(id);
		assert_ok!(accept(id, &BEN));
		let clock = default + 1 + INCLUSION_SLACK;
		run_to(clock + 5 + INCLUSION_SLACK + 2);
		assert_ok!(deliver(id, &BEN));
		let latency = now() - 6;
		// Batch 2 fails without bids, and batch 3 is dropped with it.
		commit(400);
		commit(400);
		run_to(now() + 20);
		let stats = Pvs::market_info(0).expect("registered").stats;
		assert_eq!(
			stats,
			MarketStats {
				proven: 2,
				failed: 1,
				dropped: 1,
				late: 1,
				defaults: 1,
				// One of batch 1, two of batch 2, one or two of batch 3.
				empty_rounds: stats.empty_rounds,
				// Ben's payment was the reserve of 400, less two times five per cent.
				paid: 200 + 360,
				last_payment: 400,
				latency_blocks: 5 + u64::from(latency),
				last_latency_blocks: latency,
			}
		);
		assert!((4..=5).contains(&stats.empty_rounds));
	});
}

#[test]
fn prover_should_have_its_record() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		bid(id, &CID, 300, 5);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_ok!(reveal(id, &BEN, 200, 5));
		run_to(10);
		run_to_default(id);
		assert_ok!(deliver(id, &BEN));
		let ann = prover(&ANN).stats;
		assert_eq!((ann.bids, ann.reveals, ann.wins, ann.defaults, ann.silences), (1, 1, 1, 1, 0));
		assert_eq!((ann.on_time, ann.late, ann.earned, ann.slashed), (0, 0, 0, 600));
		let ben = prover(&BEN).stats;
		assert_eq!((ben.bids, ben.reveals, ben.wins, ben.defaults, ben.silences), (1, 1, 0, 0, 0));
		assert_eq!((ben.on_time, ben.late, ben.earned, ben.slashed), (1, 0, 500, 0));
		let cid = prover(&CID).stats;
		assert_eq!((cid.bids, cid.reveals, cid.silences, cid.slashed), (1, 0, 1, 600));
	});
}

#[test]
fn shares_and_concentration_should_be_over_recent_work() {
	market(|| {
		for who in [&ANN, &ANN, &BEN, &ANN] {
			proven_by(who);
		}
		assert_eq!(prover(&ANN).recent_share, 750_000_000);
		assert_eq!(prover(&BEN).recent_share, 250_000_000);
		assert_eq!(prover(&CID).recent_share, 0);
		assert_eq!(
			concentration(),
			Concentration {
				provers: 2,
				// 0.75^2 + 0.25^2
				hhi: 625_000_000,
				nakamoto: 1,
				// ((2 * 1 - 3) * 1 + (2 * 2 - 3) * 3) / (2 * 4)
				gini: 250_000_000,
			}
		);
	});
}

#[test]
fn recent_work_should_fade() {
	market(|| {
		proven_by(&ANN);
		proven_by(&ANN);
		run_to(SHARE_EPOCH);
		// Ann's two count as one from here on.
		assert_eq!(prover(&ANN).recent_share, 1_000_000_000);
		proven_by(&BEN);
		assert_eq!(prover(&ANN).recent_share, 500_000_000);
		assert_eq!(prover(&BEN).recent_share, 500_000_000);
		assert_eq!(concentration().nakamoto, 2);
		System::set_block_number(SHARE_EPOCH * 80);
		assert_eq!(prover(&ANN).recent_share, 0, "halved away");
		assert_eq!(concentration(), Concentration::default());
		System::set_block_number(SHARE_EPOCH + 20);
	});
}

#[test]
fn share_should_worsen_a_score_only_when_the_rollup_asks_for_it() {
	for (w_share, expected) in [(0, ANN), (1_000_000_000, BEN)] {
		market_with(RollupParams { w_share, ..params() }, || {
			proven_by(&ANN);
			let id = commit(100);
			auction(id, &[(ANN, 50, 5), (BEN, 60, 5)]);
			assert_eq!(winner(id), Some(expected));
		});
	}
}

#[test]
fn share_should_be_the_one_when_the_bid_was_placed() {
	market_with(RollupParams { w_share: 1_000_000_000, ..params() }, || {
		// Ann bids on both before she has proven anything, and proves the first.
		let ids = [commit(100), commit(100)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 50, 5);
		}
		bid(ids[1], &BEN, 60, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 50, 5));
		assert_ok!(deliver(ids[0], &ANN));
		assert_eq!(prover(&ANN).recent_share, 1_000_000_000);
		assert_ok!(reveal(ids[1], &ANN, 50, 5));
		assert_ok!(reveal(ids[1], &BEN, 60, 5));
		assert_eq!(winner(ids[1]), Some(ANN));
		let paid = Pvs::round_info(ids[1]).expect("open").assignment.expect("assigned").payment;
		assert_eq!(paid, 60);
	});
}

#[test]
fn payment_of_a_large_prover_should_match_the_next_score_with_its_share() {
	market_with(RollupParams { w_share: 1_000_000_000, ..params() }, || {
		proven_by(&ANN);
		let id = commit(100);
		auction(id, &[(ANN, 20, 5), (BEN, 90, 5)]);
		assert_eq!(winner(id), Some(ANN));
		// Ben scores 0.7 * 0.9 + 0.075 = 0.705. Ann, whose scores count twice, reaches that with a
		// score of 0.3525: a fee of (0.3525 - 0.075) / 0.7 = 0.39642.. of the reserve of 100.
		let paid = Pvs::round_info(id).expect("open").assignment.expect("assigned").payment;
		assert_eq!(paid, 39);
	});
}
