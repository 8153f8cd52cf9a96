// SPDX-License-Identifier: Apache-2.0
//! The dynamic reserve of a rollup.

use crate::{mock::*, Event};
use frame_support::assert_ok;
use pvs_primitives::params::{PaymentRule, RollupParams};

/// One batch proven by Ann at a payment of `payment`, which Ben's bid sets.
fn proven_at(max_fee: u128, payment: u128) {
	let id = commit(max_fee);
	auction(id, &[(ANN, 1, 5), (BEN, payment, 5)]);
	assert_ok!(deliver(id, &ANN));
}

#[test]
fn reserve_should_follow_the_mean_payment_down() {
	market(|| {
		assert_eq!(rollup().reserve, 1_000);
		proven_at(1_000, 200);
		// The first payment is the mean; the reserve stays at most a whole above it.
		assert_eq!((rollup().reserve, market_mean()), (400, Some(200)));
		proven_at(1_000, 120);
		// 200 * 3/4 + 120 / 4
		assert_eq!((rollup().reserve, market_mean()), (360, Some(180)));
		assert!(events().contains(&Event::ReserveUpdated {
			rollup: 0,
			reserve: 360,
			mean_payment: 180,
		}));
		let id = commit(1_000);
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 360);
	});
}

fn market_mean() -> Option<u128> {
	Pvs::market_info(0).expect("registered").mean_payment
}

#[test]
fn mean_should_round_up() {
	market(|| {
		proven_at(1_000, 101);
		proven_at(1_000, 100);
		// 100.75
		assert_eq!((market_mean(), rollup().reserve), (Some(101), 202));
	});
}

#[test]
fn lateness_should_not_move_the_reserve() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to(18);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(prover(&ANN).stats.late, 1);
		assert_eq!(market_mean(), Some(200), "the payment before lateness");
	});
}

#[test]
fn reserve_should_not_move_when_a_dropped_batch_is_paid() {
	let params = RollupParams { max_failed_rounds: 1, ..params() };
	market_with(params, || {
		let ids = [commit(1_000), commit(1_000)];
		run_to(2);
		bid(ids[1], &ANN, 50, 20);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 50, 20));
		run_to(9);
		assert!(!pending(ids[0]));
		assert_ok!(deliver(ids[1], &ANN));
		assert_eq!((rollup().reserve, market_mean()), (1_000, None));
	});
}

/// A worked attack: provers that ask nothing push the reserve down to its floor, and no further; the
/// market still serves the next batch, because its reserve rises with each empty round up to `max_fee`.
#[test]
fn reserve_pushed_to_the_floor_should_not_stop_the_market() {
	let params = RollupParams {
		payment_rule: PaymentRule::FirstPrice,
		reserve_weight: 1_000_000_000,
		..params()
	};
	market_with(params, || {
		for _ in 0..3 {
			let id = commit(500);
			auction(id, &[(ANN, 0, 5), (BEN, 1, 5)]);
			assert_ok!(deliver(id, &ANN));
		}
		assert_eq!((rollup().reserve, market_mean()), (10, Some(0)));
		let id = commit(500);
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 10);
		// Nobody honest can prove for 10. The next round is the last, and open up to the full fee.
		run_to(Pvs::round_info(id).expect("open").bidding_from + 3);
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 500);
		auction(id, &[(BEN, 300, 5)]);
		let before = total(&BEN);
		assert_ok!(deliver(id, &BEN));
		assert_eq!(total(&BEN), before + 300);
		assert_eq!(rollup().reserve, 500, "and it follows the market up again");
	});
}

/// M13, the worked attack: a sequencer and its friend, who is alone and asks next to nothing, bring
/// the mean down, and with it the reserve, until nobody else can prove. What a lone bidder is paid
/// counts as no less than the mean.
#[test]
fn lone_friend_should_not_talk_the_mean_down() {
	let params = RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() };
	market_with(params.clone(), || {
		let id = commit(1_000);
		auction(id, &[(ANN, 300, 5), (BEN, 310, 5)]);
		assert_ok!(deliver(id, &ANN));
		assert_eq!((market_mean(), rollup().reserve), (Some(300), 600));
		for _ in 0..10 {
			let id = commit(600);
			auction(id, &[(DEE, 1, 5)]);
			let before = total(&DEE);
			assert_ok!(deliver(id, &DEE));
			assert_eq!(total(&DEE), before + 1);
			assert_eq!((market_mean(), rollup().reserve), (Some(300), 600));
		}
		// A bid that is void or silent is no second one.
		let id = commit(600);
		run_to(now() + 1);
		for (who, fee) in [(DEE, 1), (CID, 601), (BEN, 5)] {
			bid(id, &who, fee, 5);
		}
		run_to(now() + 4);
		assert_ok!(reveal(id, &DEE, 1, 5));
		assert_ok!(reveal(id, &CID, 601, 5));
		run_to(now() + 4);
		assert_ok!(deliver(id, &DEE));
		assert_eq!(market_mean(), Some(300));
		// Two that count do move it: 300 * 3/4 + 100 / 4.
		let id = commit(600);
		auction(id, &[(ANN, 100, 5), (BEN, 110, 5)]);
		assert_ok!(deliver(id, &ANN));
		assert_eq!((market_mean(), rollup().reserve), (Some(250), 500));
	});
	// Before the first payment there is no mean: the round's reserve stands for it.
	market_with(params, || {
		let id = commit(1_000);
		auction(id, &[(DEE, 1, 5)]);
		assert_ok!(deliver(id, &DEE));
		assert_eq!((market_mean(), rollup().reserve), (Some(1_000), 1_000));
	});
}

/// A worked attack: a lone bidder is paid the whole reserve, and gains nothing for later rounds by it.
#[test]
fn lone_bidder_should_not_ratchet_the_reserve_up() {
	market(|| {
		proven_at(1_000, 150);
		assert_eq!(rollup().reserve, 300);
		for _ in 0..10 {
			let id = commit(1_000);
			auction(id, &[(ANN, 299, 5)]);
			assert_ok!(deliver(id, &ANN));
			assert_eq!(rollup().reserve, 300, "paid the reserve of 300 each time");
		}
	});
}

/// A bid above the reserve does not count and costs its whole bond, also in later rounds.
#[test]
fn bid_above_the_reserve_should_cost_its_bond_in_every_round() {
	let params = RollupParams { initial_reserve: 100, ..params() };
	market_with(params, || {
		let id = commit(500);
		auction(id, &[(ANN, 101, 5), (BEN, 100, 5)]);
		assert_eq!(winner(id), Some(BEN));
		assert_eq!(prover(&ANN).stats.slashed, 200);
		run_to(run_to_default(id) + 5);
		// The reserve stays at 100 after the default.
		auction(id, &[(ANN, 101, 5), (CID, 99, 5)]);
		assert_eq!(winner(id), Some(CID));
		assert_eq!(prover(&ANN).stats.slashed, 400);
		// Alone, and paid no more than the reserve.
		let before = total(&CID);
		assert_ok!(deliver(id, &CID));
		// 100, and nothing of what Ben lost: there is no room below the reserve.
		assert_eq!(total(&CID), before + 100);
	});
}
