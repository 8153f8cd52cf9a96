// SPDX-License-Identifier: Apache-2.0
//! Records of provers and of the market, shares of recent work, and what follows from them.

use crate::{mock::*, RecentBatches, Rollups};
use frame_support::assert_ok;
use pvs_auction::recent::{slot, RECENT_BATCHES};
use pvs_primitives::{
	api::{Concentration, MarketInfo, MarketStats},
	params::{RollupParams, WHOLE},
	Balance,
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

/// Figures of the chain and of a rollup, each by proofs and by payment.
fn figures(rollup: u32) -> [Concentration; 4] {
	let MarketInfo {
		concentration,
		concentration_by_payment,
		rollup_concentration,
		rollup_concentration_by_payment,
		..
	} = Pvs::market_info(rollup).expect("registered");
	[concentration, concentration_by_payment, rollup_concentration, rollup_concentration_by_payment]
}

/// Returns who proved the final batches that rollup 0 keeps, and what they were paid.
fn recent() -> Vec<(AccountId, Balance)> {
	let finals = Rollups::<Test>::get(0).expect("registered").finals;
	(finals.saturating_sub(RECENT_BATCHES.into())..finals)
		.filter_map(|batch| RecentBatches::<Test>::get(0, slot(batch)))
		.map(|batch| (batch.prover, batch.paid))
		.collect()
}

#[test]
fn market_should_be_empty_before_any_work() {
	market(|| {
		let info = Pvs::market_info(0).expect("registered");
		assert_eq!((info.reserve, info.mean_payment), (1_000, None));
		assert_eq!(info.stats, MarketStats::default());
		assert_eq!(figures(0), [Concentration::default(); 4]);
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
fn recent_payments_should_fade_as_recent_work_does() {
	market(|| {
		proven_by(&ANN);
		proven_by(&ANN);
		run_to(SHARE_EPOCH);
		// Ann's two payments of 100 count as one from here on.
		proven_by(&BEN);
		let [_, by_payment, ..] = figures(0);
		let equal = Concentration { provers: 2, hhi: WHOLE / 2, nakamoto: 2, gini: 0 };
		assert_eq!(by_payment, equal);
		System::set_block_number(SHARE_EPOCH * 8);
		let [by_proofs, by_payment, ..] = figures(0);
		assert_eq!((by_proofs, by_payment), (equal, Concentration::default()), "100 >> 7 is 0");
		System::set_block_number(SHARE_EPOCH + 20);
	});
}

/// Finding M10: with a rollup of one's own, proofs at the least price make the chain's figures what one
/// likes. Those of other rollups stay, and by payment it takes as much money as others are paid.
#[test]
fn m10_figures_of_a_rollup_should_stay_when_another_one_has_cheap_proofs() {
	market(|| {
		register_rollup(RollupParams { data_len: 1, ..params() });
		for who in [&ANN, &BEN, &ANN, &BEN] {
			proven_by(who);
		}
		let equal = Concentration { provers: 2, hhi: WHOLE / 2, nakamoto: 2, gini: 0 };
		assert_eq!(figures(0), [equal; 4]);
		for _ in 0..12 {
			let id = commit_to(1);
			auction(id, &[(CID, 10, 5)]);
			assert_ok!(deliver(id, &CID));
		}
		let [by_proofs, by_payment, of_rollup, of_rollup_by_payment] = figures(0);
		assert_eq!([of_rollup, of_rollup_by_payment], [equal; 2]);
		let expected = Concentration {
			provers: 3,
			// 0.125^2 + 0.125^2 + 0.75^2: Cid seems to do three quarters of the chain's work.
			hhi: 593_750_000,
			nakamoto: 1,
			// (-2 * 2 + 2 * 12) / (3 * 16)
			gini: 416_666_667,
		};
		assert_eq!(by_proofs, expected);
		let expected = Concentration {
			provers: 3,
			// (200^2 + 200^2 + 120^2) / 520^2
			hhi: 349_112_427,
			nakamoto: 2,
			// (-2 * 120 + 2 * 200) / (3 * 520)
			gini: 102_564_103,
		};
		assert_eq!(by_payment, expected);
		// What its owner may do with its own rollup, nobody can keep it from.
		let alone = Concentration { provers: 1, hhi: WHOLE, nakamoto: 1, gini: 0 };
		let [.., of_rollup, of_rollup_by_payment] = figures(1);
		assert_eq!([of_rollup, of_rollup_by_payment], [alone; 2]);
	});
}

#[test]
fn recent_batches_should_be_those_that_became_final_in_their_order() {
	market(|| {
		let ids = [commit(100), commit(100)];
		run_to(2);
		bid(ids[0], &ANN, 50, 5);
		bid(ids[1], &BEN, 50, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 50, 5));
		assert_ok!(reveal(ids[1], &BEN, 50, 5));
		assert_ok!(deliver(ids[1], &BEN));
		assert!(recent().is_empty(), "proven, but not final");
		assert_ok!(deliver(ids[0], &ANN));
		run_to(7);
		assert_eq!(recent(), [(ANN, 100), (BEN, 100)]);
		// A batch that is proven and paid, and dropped behind one that fails.
		let ids = [commit(100), commit(100)];
		auction(ids[1], &[(CID, 50, 5)]);
		assert_ok!(deliver(ids[1], &CID));
		run_to(now() + 20);
		assert!(!pending(ids[0]) && !pending(ids[1]));
		assert_eq!(recent(), [(ANN, 100), (BEN, 100)]);
		assert_eq!(prover(&CID).stats.earned, 100);
	});
}

#[test]
fn recent_batches_should_say_what_was_paid_when_lateness_took_all() {
	market_with(RollupParams { late_rate: WHOLE, ..params() }, || {
		let id = commit(100);
		auction(id, &[(ANN, 50, 5)]);
		let assigned = Pvs::round_info(id).expect("open").assignment.expect("assigned");
		run_to(assigned.on_time_until + 1);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(recent(), [(ANN, 0)]);
		let alone = Concentration { provers: 1, hhi: WHOLE, nakamoto: 1, gini: 0 };
		let nothing = Concentration::default();
		assert_eq!(figures(0), [alone, nothing, alone, nothing]);
	});
}

#[test]
fn recent_batches_should_be_so_many_and_gone_when_the_rollup_is() {
	let test = || {
		proven_by(&CID);
		for _ in 0..RECENT_BATCHES {
			assert_eq!(recent()[0].0, CID);
			proven_by(&ANN);
			assert_ok!(Pvs::do_try_state());
		}
		assert_eq!(recent(), vec![(ANN, 100); 32]);
		assert_ok!(Pvs::deregister_rollup(signed(&OWNER), 0));
		assert_eq!(RecentBatches::<Test>::iter().count(), 0);
	};
	with_cheap_proofs(|| market(test));
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
