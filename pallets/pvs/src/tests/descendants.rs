// SPDX-License-Identifier: Apache-2.0
//! Fate of the batches behind a failed one, in each phase that they may be in.

use crate::{mock::*, Batches, Error, Event, HoldReason};
use frame_support::{
	assert_noop, assert_ok,
	weights::{Weight, WeightMeter},
};
use pvs_auction::round::VoidReason;
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::RollupParams,
};

/// The block in which batch 0 fails.
const FAILURE: u32 = 39;

/// The batches behind batch 0, by what they are in when it fails.
struct Line {
	first: BatchId,
	waiting: BatchId,
	offered: BatchId,
	rescue: BatchId,
	proven: BatchId,
	assigned: BatchId,
	revealing: BatchId,
	bidding: BatchId,
	none: BatchId,
}

/// Runs to the block before batch 0 fails, with one batch behind it in every phase.
fn line(test: impl FnOnce(Line)) {
	market_with(RollupParams { max_failed_rounds: 1, ..params() }, || {
		MaxPendingBatches::set(9);
		PoolPlaces::set(9);
		let reveal_ok = |id, who: &AccountId, fee, time| {
			assert_ok!(reveal(id, who, fee, time));
		};
		// Dee wins batch 0 for 20 blocks, which count from 9: in default in 34. The rescue ends in 39.
		let first = commit(500);
		auction(first, &[(DEE, 100, 20)]);
		run_to(15);
		let waiting = commit(500);
		run_to(16);
		bid(waiting, &CID, 100, 2);
		run_to(20);
		reveal_ok(waiting, &CID, 100, 2);
		run_to(22);
		let (offered, rescue, proven) = (commit(500), commit(500), commit(500));
		run_to(23);
		bid(offered, &ANN, 100, 2);
		bid(offered, &BEN, 200, 2);
		bid(rescue, &CID, 100, 2);
		bid(proven, &BEN, 100, 2);
		run_to(25);
		let assigned = commit(500);
		run_to(26);
		bid(assigned, &ANN, 100, 20);
		bid(assigned, &BEN, 200, 20);
		run_to(27);
		reveal_ok(offered, &ANN, 100, 2);
		reveal_ok(offered, &BEN, 200, 2);
		reveal_ok(rescue, &CID, 100, 2);
		reveal_ok(proven, &BEN, 100, 2);
		assert_ok!(deliver(proven, &BEN));
		run_to(30);
		reveal_ok(assigned, &ANN, 100, 20);
		reveal_ok(assigned, &BEN, 200, 20);
		run_to(32);
		let revealing = commit(500);
		run_to(33);
		bid(revealing, &ANN, 100, 20);
		bid(revealing, &BEN, 100, 20);
		bid(revealing, &CID, 501, 20);
		run_to(36);
		let bidding = commit(500);
		run_to(37);
		bid(bidding, &BEN, 100, 20);
		reveal_ok(revealing, &ANN, 100, 20);
		reveal_ok(revealing, &CID, 501, 20);
		run_to(FAILURE - 1);
		let none = commit(500);
		let expected = [
			(first, BatchStatus::Rescue),
			(waiting, BatchStatus::Waiting),
			(offered, BatchStatus::Offered),
			(rescue, BatchStatus::Rescue),
			(proven, BatchStatus::Proven { prover: BEN, at: 27 }),
			(assigned, BatchStatus::Assigned),
			(revealing, BatchStatus::Auction),
			(bidding, BatchStatus::Auction),
			(none, BatchStatus::Auction),
		];
		for (id, expected) in expected {
			assert_eq!(status(id), expected, "{id:?}");
		}
		Pvs::do_try_state().expect("the invariants hold");
		test(Line { first, waiting, offered, rescue, proven, assigned, revealing, bidding, none });
	});
}

#[test]
fn descendants_should_be_dropped_in_every_phase_when_a_batch_fails() {
	line(|line| {
		let everyone = [ANN, BEN, CID, DEE];
		let before = everyone.clone().map(|who| (total(&who), prover(&who).stats.slashed));
		let (sequencer, issued) = (total(&SEQUENCER), issuance());
		let kept = Pvs::pot_balance();
		let ended = [
			line.first,
			line.waiting,
			line.offered,
			line.rescue,
			line.proven,
			line.revealing,
			line.bidding,
			line.none,
		];
		let rents: u128 = ended.map(|id| rent_by(id, FAILURE)).iter().sum();
		run_to(FAILURE);
		let events = events();
		assert!(events.iter().any(|event| matches!(
			event,
			Event::BatchFailed { batch, bond_burned: 70, slashed_burned: 600 } if *batch == line.first
		)));
		for id in [
			line.waiting,
			line.offered,
			line.rescue,
			line.proven,
			line.revealing,
			line.bidding,
			line.none,
		] {
			assert!(!pending(id), "{id:?}");
			assert!(events
				.iter()
				.any(|event| matches!(event, Event::BatchDropped { batch, .. } if *batch == id)));
		}
		assert_eq!(status(line.assigned), BatchStatus::Dropped);
		// Sealed bids are void without a penalty. (The malformed one was punished before.)
		for (batch, bidder) in [(line.revealing, BEN), (line.bidding, BEN)] {
			assert!(events.contains(&Event::BidVoided {
				batch,
				round: 0,
				bidder,
				slashed: 0,
				reason: VoidReason::Dropped,
			}));
		}
		assert_eq!(crate::Bids::<Test>::iter().count(), 0);
		// Nobody lost anything by it but the sequencer its bond for the failed batch and the rent of each
		// place, and what was slashed before is burned.
		assert_eq!(everyone.clone().map(|who| (total(&who), prover(&who).stats.slashed)), before);
		assert_eq!(total(&SEQUENCER), sequencer - 70 - rents);
		assert_eq!((issuance(), Pvs::pot_balance()), (issued - 70 - rents - kept, 0));
		assert_eq!(kept, 4 * 600, "of Dee, twice of Cid, of Ann");
		// Ann is at work; all others are free, the runner-up of the same batch too.
		assert_eq!(everyone.map(|who| prover(&who).reserved), [600, 0, 0, 0]);
		assert_eq!(Pvs::held(HoldReason::Escrow, &SEQUENCER), 500);
		assert_eq!(Pvs::held(HoldReason::SequencerBond, &SEQUENCER), 70);
		Pvs::do_try_state().expect("the invariants hold");
		// The prover at work is within its time and paid.
		let (ann, rents) = (total(&ANN), rents + rent(line.assigned));
		assert_ok!(deliver(line.assigned, &ANN));
		assert_eq!(total(&ANN), ann + 200);
		assert_eq!(Batches::<Test>::iter().count(), 0);
		// Paid: to Ben for the proven one, to Ann; burned: one bond, and rent.
		assert_eq!(free(&SEQUENCER), ENDOWMENT - 500 - 200 - 70 - rents);
		assert_eq!((rollup().pending, rollup().tip_root), (0, root(0)));
		assert_eq!(commit(500), batch(9), "indices are never used again");
	});
}

#[test]
fn assigned_prover_of_a_dropped_batch_should_owe_nothing() {
	line(|line| {
		run_to(FAILURE);
		let (ann, slashed) = (total(&ANN), prover(&ANN).stats.slashed);
		let late_until = Pvs::round_info(line.assigned)
			.expect("at work")
			.assignment
			.expect("at work")
			.late_until;
		run_to(late_until);
		assert!(pending(line.assigned));
		run_to(late_until + 1);
		assert!(!pending(line.assigned));
		assert_eq!((total(&ANN), prover(&ANN).stats.slashed), (ann, slashed));
		assert_eq!((prover(&ANN).reserved, prover(&ANN).stats.defaults), (0, 1));
	});
}

#[test]
fn assigned_prover_of_a_dropped_batch_should_be_paid_less_when_late() {
	line(|line| {
		run_to(FAILURE);
		let ann = total(&ANN);
		// Committed in 25: the time counts from 33.
		run_to(33 + 20 + INCLUSION_SLACK + 1);
		assert_ok!(deliver(line.assigned, &ANN));
		assert_eq!(total(&ANN), ann + 200 - 25);
		assert!(!pending(line.assigned));
	});
}

#[test]
fn calls_should_be_refused_on_dropped_batches_from_the_failure_on() {
	line(|line| {
		// Proofs for what can be proven, before anything is dropped.
		let offered = proof(line.offered, &BEN);
		let rescue = proof(line.rescue, &DEE);
		let digest = Pvs::round_info(line.bidding).expect("open").batch_digest;
		// The failure takes all the weight that the block has: rows wait for their clean-up.
		MaxAgendaWeight::set(Weight::zero());
		run_to(FAILURE);
		let mut entry = Pvs::entry(line.first).expect("pending");
		let mut budget = WeightMeter::with_limit(Pvs::heaviest_step());
		assert_ok!(Pvs::catch_up(&mut entry, &mut budget));
		Pvs::store(entry);
		let dropped = sp_runtime::DispatchError::from(Error::<Test>::BatchWasDropped);
		for id in [line.waiting, line.offered, line.rescue, line.bidding, line.none] {
			assert_eq!(status(id), BatchStatus::Dropped);
			assert_eq!(Pvs::round_info(id), None);
			assert_noop!(
				outcome(Pvs::place_bid(signed(&CID), id, 0, digest, 99, [0; 32], any_seal())),
				dropped
			);
			let payload = payload(100, 20).encode();
			assert_noop!(reveal_bytes(id, &BEN, &payload), dropped);
		}
		assert_noop!(reveal(line.revealing, &BEN, 100, 20), dropped);
		// These perform what is due first, after which the batch is gone.
		assert_noop!(accept(line.offered, &BEN), Error::<Test>::BatchWasDropped);
		assert_noop!(submit(line.offered, &BEN, offered), Error::<Test>::BatchWasDropped);
		assert_noop!(submit(line.rescue, &DEE, rescue), Error::<Test>::BatchWasDropped);
		assert_noop!(accept(line.assigned, &BEN), Error::<Test>::NothingOffered);
		assert_ok!(deliver(line.assigned, &ANN));
		Pvs::do_try_state().expect("the invariants hold");
		// A new batch builds on the final root at once, while the old rows are still there.
		let next = commit(300);
		assert_eq!(Pvs::batch_info(next).expect("pending").prev_state_root, root(0));
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(FAILURE + 1);
		assert_eq!(Batches::<Test>::iter_keys().collect::<Vec<_>>(), [next]);
	});
}

#[test]
fn clean_up_should_go_on_from_block_to_block_and_pass_a_prover_at_work() {
	line(|line| {
		use crate::{weights::host::SubstrateWeight, WeightInfo};
		// Room for one or two steps in each block.
		let one = SubstrateWeight::<Test>::agenda_lookup()
			.saturating_add(SubstrateWeight::<Test>::drop_batch(3))
			.saturating_add(SubstrateWeight::<Test>::fail_batch());
		MaxAgendaWeight::set(one);
		run_to(FAILURE);
		assert!(!pending(line.first));
		assert!(pending(line.none), "there is not enough weight for all");
		Pvs::do_try_state().expect("the invariants hold");
		run_to(FAILURE + 12);
		assert_eq!(Batches::<Test>::iter_keys().collect::<Vec<_>>(), [line.assigned]);
	});
}

#[test]
fn failure_of_a_later_batch_should_not_touch_earlier_ones() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 20);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 20));
		// Batches 1 and 2 are out of rounds in 9; they wait, and are not failed before batch 0 is.
		run_to(12);
		assert_eq!([1, 2].map(|i| status(ids[i])), [BatchStatus::Waiting, BatchStatus::Waiting]);
		assert_ok!(deliver(ids[0], &ANN));
		run_to(13);
		assert_eq!([1, 2].map(|i| status(ids[i])), [BatchStatus::Auction, BatchStatus::Waiting]);
		run_to(17);
		assert_eq!(Batches::<Test>::iter().count(), 0);
		assert_eq!((rollup().finalized_root, rollup().tip_root), (root(1), root(1)));
		// Batch 0 lived from 1 to 12, the others to 17.
		let rents = 11 + 16 + 16;
		assert_eq!(free(&SEQUENCER), ENDOWMENT - 500 - 70 - rents, "batch 2 cost only rent");
	});
}
