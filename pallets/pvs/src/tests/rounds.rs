// SPDX-License-Identifier: Apache-2.0
//! What follows a round without delivery.

use crate::{mock::*, Batches, Error, Event, HoldReason, VoidReason};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::api::BatchStatus;

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
		assert_eq!(Pvs::prover_info(ANN).expect("registered").stats.silences, 1);
	});
}

#[test]
fn winner_should_lose_its_bond_and_the_round_open_again_when_it_does_not_deliver() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to(15);
		assert_eq!(winner(id), Some(ANN));
		let (ann, sequencer) = (total(&ANN), total(&SEQUENCER));
		run_to(16);
		assert!(events().contains(&Event::ProverDefaulted {
			batch: id,
			round: 0,
			prover: ANN,
			slashed: 600,
		}));
		assert_eq!(total(&ANN), ann - 600);
		assert_eq!(total(&SEQUENCER), sequencer, "the sequencer gains nothing");
		assert_eq!(round_number(id), 1);
		// An old proof is for another round.
		auction(id, &[(BEN, 200, 5)]);
		assert_eq!(winner(id), Some(BEN));
		assert_ok!(submit(id, &BEN, proof(id, &BEN)));
	});
}

#[test]
fn batch_should_fail_when_its_rounds_are_used_up() {
	market(|| {
		let id = commit(500);
		let before = total(&SEQUENCER);
		run_to(9);
		assert!(Batches::<Test>::get(id).is_none());
		assert!(events().contains(&Event::BatchFailed { batch: id, bond_burned: 70 }));
		assert_eq!(total(&SEQUENCER), before - 70);
		assert_eq!(free(&SEQUENCER), before - 70);
		let rollup = Pvs::rollup_info(0).expect("registered");
		assert_eq!(rollup.tip_root, root(0));
		let next = commit(500);
		assert_eq!(next, batch(1), "indices are never used again");
		assert_eq!(Pvs::batch_info(next).expect("pending").prev_state_root, root(0));
	});
}

#[test]
fn descendants_should_be_dropped_in_every_stage_when_a_batch_fails() {
	market(|| {
		// Batch 0 gets no bids and fails in block 9. Its descendants are bid for by nobody (1),
		// assigned (2) and proven (3).
		let ids: Vec<_> = (0..4).map(|_| commit(500)).collect();
		run_to(2);
		bid(ids[2], &ANN, 100, 20);
		bid(ids[3], &BEN, 100, 5);
		run_to(6);
		bid(ids[1], &CID, 100, 5);
		assert_ok!(reveal(ids[2], &ANN, 100, 20));
		assert_ok!(reveal(ids[3], &BEN, 100, 5));
		assert_ok!(submit(ids[3], &BEN, proof(ids[3], &BEN)));
		let (ann, cid) = (total(&ANN), total(&CID));
		run_to(9);
		assert!(Batches::<Test>::get(ids[0]).is_none());
		assert!(events().contains(&Event::BatchDropped { batch: ids[1] }));
		assert!(events().contains(&Event::BatchDropped { batch: ids[3] }));
		assert!(events().contains(&Event::BidVoided {
			batch: ids[1],
			round: 1,
			bidder: CID,
			slashed: 0,
			reason: VoidReason::Dropped,
		}));
		assert_eq!(Pvs::prover_info(CID).expect("registered").reserved, 0);
		assert_eq!(total(&CID), cid, "a dropped bid costs nothing");
		// The assigned prover may still deliver and is paid.
		assert_eq!(Pvs::batch_info(ids[2]).expect("pending").status, BatchStatus::Dropped);
		assert_ok!(submit(ids[2], &ANN, proof(ids[2], &ANN)));
		assert_eq!(total(&ANN), ann + 500);
		assert_eq!(Batches::<Test>::iter().count(), 0);
		assert_eq!(Pvs::rollup_info(0).expect("registered").tip_root, root(0));
		for reason in [HoldReason::Escrow, HoldReason::SequencerBond, HoldReason::BatchDeposit] {
			assert_eq!(Pvs::held(reason, &SEQUENCER), 0);
		}
		// Paid: batch 3 to Ben, batch 2 to Ann. Burned: the bond of batch 0 alone.
		assert_eq!(free(&SEQUENCER), ENDOWMENT - 500 - 500 - 70);
	});
}

#[test]
fn assigned_prover_of_a_dropped_batch_should_owe_nothing() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 5);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 100, 5));
		let ann = total(&ANN);
		run_to(9);
		assert_eq!(Pvs::batch_info(ids[1]).expect("pending").status, BatchStatus::Dropped);
		run_to(16);
		assert!(Batches::<Test>::get(ids[1]).is_none());
		assert_eq!(total(&ANN), ann);
		assert_eq!(Pvs::prover_info(ANN).expect("registered").reserved, 0);
	});
}

#[test]
fn calls_should_be_refused_on_a_dropped_batch() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(6);
		bid(ids[1], &ANN, 100, 5);
		run_to(8);
		let info = Pvs::round_info(ids[1]).expect("open");
		MaxAgendaWeight::set(Default::default());
		// The agenda has no weight: the failure of batch 0 comes with the first call on it.
		run_to(9);
		assert_noop!(
			Pvs::do_place_bid(BEN, ids[1], 1, info.batch_digest, 99, [0; 32]),
			Error::<Test>::NotBidding
		);
		assert_ok!(Pvs::catch_up(ids[0]));
		assert_noop!(
			Pvs::do_place_bid(BEN, ids[1], 1, info.batch_digest, 99, [0; 32]),
			Error::<Test>::BatchWasDropped
		);
		assert_noop!(
			Pvs::do_reveal_bid(ANN, ids[1], &payload(100, 5).encode()).map(|_| ()),
			Error::<Test>::BatchWasDropped
		);
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
		assert_eq!(Pvs::batch_info(ids[1]).expect("pending").status, BatchStatus::Waiting);
		assert!(events().contains(&Event::BatchWaiting { batch: ids[1] }));
		assert!(Pvs::round_info(ids[1]).is_none());
		run_to(12);
		assert_ok!(submit(ids[0], &ANN, proof(ids[0], &ANN)));
		run_to(13);
		// One last round, under a number of its own: nothing made for an earlier one fits.
		assert_eq!(round_number(ids[1]), 2);
		assert_eq!(Pvs::batch_info(ids[1]).expect("pending").status, BatchStatus::Auction);
		let mut waiting = 0;
		while Batches::<Test>::get(ids[1]).is_some() && waiting < 10 {
			run_to(System::block_number() + 1);
			waiting += 1;
		}
		assert!(events().contains(&Event::BatchFailed { batch: ids[1], bond_burned: 70 }));
	});
}
