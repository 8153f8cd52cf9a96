// SPDX-License-Identifier: Apache-2.0
//! Consequences of a round without delivery.

use crate::{mock::*, Batches, Error, Event};
use frame_support::{assert_noop, assert_ok};
use pvs_auction::round::VoidReason;
use pvs_primitives::{api::BatchStatus, params::RollupParams};

#[test]
fn round_should_open_again_when_nobody_bids() {
	market(|| {
		let id = commit(500);
		run_to(4);
		assert_eq!(round_number(id), 0);
		run_to(5);
		assert_eq!(round_number(id), 1);
		assert!(events().contains(&Event::RoundEmpty { batch: id, round: 0 }));
		assert_eq!(Pvs::round_info(id).expect("open").bidding_from, 6);
	});
}

#[test]
fn round_should_open_again_when_nobody_reveals() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(10);
		assert_eq!(round_number(id), 1);
		assert_eq!(prover(&ANN).stats.silences, 1);
		// The event names the round of the bid, not the one that follows.
		assert!(events().contains(&Event::BidVoided {
			batch: id,
			round: 0,
			bidder: ANN,
			slashed: 600,
			reason: VoidReason::Silent,
		}));
	});
}

#[test]
fn reserve_should_rise_after_an_empty_round_and_be_the_max_fee_in_the_last() {
	let params = RollupParams { initial_reserve: 100, max_empty_rounds: 3, ..params() };
	market_with(params, || {
		let id = commit(500);
		let reserve = || Pvs::round_info(id).expect("open").reserve;
		assert_eq!(reserve(), 100);
		run_to(5);
		assert_eq!(reserve(), 150);
		assert!(events().iter().any(|event| matches!(
			event,
			Event::RoundOpened { batch, round: 1, reserve: 150, .. } if *batch == id
		)));
		run_to(9);
		assert_eq!(reserve(), 500, "the last round");
		run_to(13);
		assert!(!pending(id));
	});
}

#[test]
fn reserve_should_stop_at_the_max_fee() {
	let params = RollupParams { initial_reserve: 100, max_empty_rounds: 3, ..params() };
	market_with(params, || {
		let id = commit(120);
		run_to(5);
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 120);
		run_to(9);
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 120, "it repeats");
	});
}

#[test]
fn reserve_should_stay_after_a_round_without_delivery() {
	let params = RollupParams { initial_reserve: 100, ..params() };
	market_with(params, || {
		let id = commit(500);
		auction(id, &[(ANN, 90, 5)]);
		let rescue = run_to_default(id);
		run_to(rescue + 5);
		let info = Pvs::batch_info(id).expect("pending");
		assert_eq!((info.round, info.empty_rounds, info.failed_rounds), (1, 0, 1));
		assert_eq!(Pvs::round_info(id).expect("open").reserve, 100);
		assert!(events().contains(&Event::RescueEnded { batch: id, round: 0 }));
	});
}

#[test]
fn both_kinds_of_rounds_should_have_a_bound_of_their_own() {
	market(|| {
		let id = commit(500);
		// One round is empty, the next without delivery: neither bound of two is reached.
		run_to(5);
		auction(id, &[(ANN, 100, 2)]);
		run_to(run_to_default(id) + 5);
		let info = Pvs::batch_info(id).expect("pending");
		assert_eq!((info.round, info.empty_rounds, info.failed_rounds), (2, 1, 1));
		// The defaulter may bid again.
		auction(id, &[(ANN, 100, 2)]);
		assert_eq!(winner(id), Some(ANN));
		run_to(run_to_default(id) + 5);
		assert!(!pending(id));
		assert!(events().contains(&Event::BatchFailed {
			batch: id,
			bond_burned: 70,
			slashed_burned: 1_200,
		}));
		assert_eq!(Pvs::pot_balance(), 0);
	});
}

#[test]
fn round_of_void_bids_should_be_empty() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 501, 5)]);
		assert_eq!((status(id), round_number(id)), (BatchStatus::Auction, 1));
		assert!(events().contains(&Event::RoundEmpty { batch: id, round: 0 }));
		assert_eq!(crate::Bids::<Test>::iter().count(), 0);
	});
}

#[test]
fn batch_should_fail_when_its_rounds_are_used_up() {
	market(|| {
		let id = commit(500);
		let before = total(&SEQUENCER);
		run_to(9);
		assert!(Batches::<Test>::get(id).is_none());
		assert!(events().contains(&Event::BatchFailed {
			batch: id,
			bond_burned: 70,
			slashed_burned: 0,
		}));
		assert!(events().contains(&Event::RentBurned { batch: id, amount: 8 }));
		assert_eq!(total(&SEQUENCER), before - 70 - 8);
		assert_eq!(free(&SEQUENCER), before - 70 - 8);
		let rollup = Pvs::rollup_info(0).expect("registered");
		assert_eq!(rollup.tip_root, root(0));
		let next = commit(500);
		assert_eq!(next, batch(1), "indices are never used again");
		assert_eq!(Pvs::batch_info(next).expect("pending").prev_state_root, root(0));
	});
}

#[test]
fn batch_should_wait_when_out_of_rounds_behind_an_unproven_predecessor() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 20);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 20));
		run_to(9);
		assert_eq!(status(ids[1]), BatchStatus::Waiting);
		assert!(events().contains(&Event::BatchWaiting { batch: ids[1] }));
		assert!(Pvs::round_info(ids[1]).is_none());
		assert_noop!(accept(ids[1], &BEN), Error::<Test>::NothingOffered);
		assert_noop!(submit(ids[1], &BEN, vec![0; 256]), Error::<Test>::NothingToProve);
		run_to(12);
		assert_ok!(deliver(ids[0], &ANN));
		run_to(13);
		// One last round at the full fee, under a number of its own: nothing made for an earlier one
		// fits.
		assert_eq!((status(ids[1]), round_number(ids[1])), (BatchStatus::Auction, 2));
		assert_eq!(Pvs::round_info(ids[1]).expect("open").reserve, 500);
		run_to(17);
		assert!(!pending(ids[1]), "the last round was empty: it fails");
		assert!(events().contains(&Event::BatchFailed {
			batch: ids[1],
			bond_burned: 70,
			slashed_burned: 0,
		}));
	});
}

#[test]
fn batch_that_waited_should_be_proven_in_its_last_round() {
	market(|| {
		let ids = [commit(500), commit(300)];
		auction(ids[0], &[(ANN, 100, 20)]);
		run_to(9);
		assert_eq!(status(ids[1]), BatchStatus::Waiting);
		assert_ok!(deliver(ids[0], &ANN));
		run_to(10);
		// The reserve has followed the payment of 500, so 300 is this batch's own limit.
		assert_eq!(Pvs::round_info(ids[1]).expect("open").reserve, 300);
		auction(ids[1], &[(BEN, 300, 5)]);
		assert_ok!(deliver(ids[1], &BEN));
		assert_eq!(rollup().finalized_root, root(2));
	});
}

#[test]
fn batch_that_waits_should_be_dropped_when_its_predecessor_fails() {
	let params = RollupParams { max_failed_rounds: 1, ..params() };
	market_with(params, || {
		let ids = [commit(500), commit(500)];
		auction(ids[0], &[(ANN, 100, 20)]);
		run_to(9);
		assert_eq!(status(ids[1]), BatchStatus::Waiting);
		let before = total(&SEQUENCER);
		run_to(run_to_default(ids[0]) + 4);
		let rents = rent_by(ids[0], now() + 1) + rent_by(ids[1], now() + 1);
		run_to(now() + 1);
		assert!(!pending(ids[0]) && !pending(ids[1]));
		assert_eq!(total(&SEQUENCER), before - 70 - rents, "one bad batch costs one bond");
		assert_eq!(free(&SEQUENCER), before - 70 - rents);
	});
}

#[test]
fn last_round_should_not_repeat() {
	market(|| {
		let ids = [commit(500), commit(500)];
		auction(ids[0], &[(ANN, 100, 20)]);
		run_to(9);
		assert_ok!(deliver(ids[0], &ANN));
		run_to(10);
		auction(ids[1], &[(BEN, 300, 5)]);
		run_to(run_to_default(ids[1]) + 5);
		assert!(!pending(ids[1]));
		assert_eq!(Pvs::pot_balance(), 0);
		assert_eq!(prover(&BEN).stats.slashed, 600);
	});
}
