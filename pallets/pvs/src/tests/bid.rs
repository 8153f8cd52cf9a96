// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Bids, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn try_place(
	who: &AccountId,
	id: pvs_primitives::api::BatchId,
	round: u32,
	digest: [u8; 32],
	max_slot_fee: u128,
) -> Result<(), DispatchError> {
	outcome(Pvs::place_bid(signed(who), id, round, digest, max_slot_fee, [3; 32], any_seal()))
		.map(|_| ())
}

fn digest(id: pvs_primitives::api::BatchId) -> [u8; 32] {
	Pvs::round_info(id).expect("a round is open").batch_digest
}

#[test]
fn bid_should_reserve_its_bond_and_burn_its_slot_fee() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let (total_before, issued) = (total(&ANN), issuance());
		bid(id, &ANN, 100, 5);
		let prover = Pvs::prover_info(ANN).expect("registered");
		assert_eq!(prover.reserved, 600);
		assert_eq!(prover.stats.bids, 1);
		assert_eq!(total(&ANN), total_before - SLOT_FEE);
		assert_eq!(issuance(), issued - SLOT_FEE);
		assert_eq!(
			events(),
			[Event::BidPlaced { batch: id, round: 0, bidder: ANN, bond: 600, slot_fee: SLOT_FEE }]
		);
	});
}

#[test]
fn bid_should_be_refused_outside_the_bidding_window() {
	market(|| {
		let id = commit(500);
		let digest = digest(id);
		// Committed in block 1: bidding is [2, 5).
		assert_noop!(try_place(&ANN, id, 0, digest, 99), Error::<Test>::NotBidding);
		run_to(2);
		assert_ok!(try_place(&ANN, id, 0, digest, 99));
		run_to(4);
		assert_ok!(try_place(&BEN, id, 0, digest, 99));
		run_to(5);
		assert_noop!(try_place(&CID, id, 0, digest, 99), Error::<Test>::NotBidding);
	});
}

#[test]
fn bid_should_be_refused_when_it_was_meant_for_something_else() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let good = digest(id);
		assert_noop!(try_place(&ANN, batch(9), 0, good, 99), Error::<Test>::BatchNotFound);
		assert_noop!(try_place(&ANN, id, 1, good, 99), Error::<Test>::WrongRound);
		assert_noop!(try_place(&ANN, id, 0, [0; 32], 99), Error::<Test>::BatchChanged);
	});
}

#[test]
fn bid_should_be_refused_when_the_bidder_may_not() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let digest = digest(id);
		assert_noop!(try_place(&GUEST, id, 0, digest, 99), Error::<Test>::ProverNotFound);
		assert_ok!(Pvs::register_prover(RuntimeOrigin::signed(SEQUENCER), MIN_STAKE));
		assert_noop!(try_place(&SEQUENCER, id, 0, digest, 99), Error::<Test>::SequencerMayNotBid);
		// Neither the batch's sequencer, once it is replaced, nor its successor.
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, BEN));
		assert_noop!(try_place(&SEQUENCER, id, 0, digest, 99), Error::<Test>::SequencerMayNotBid);
		assert_noop!(try_place(&BEN, id, 0, digest, 99), Error::<Test>::SequencerMayNotBid);
		assert_noop!(try_place(&ANN, id, 0, digest, 1), Error::<Test>::SlotFeeTooHigh);
		assert_ok!(Pvs::unbond(signed(&ANN), MIN_STAKE + 1));
		assert_noop!(try_place(&ANN, id, 0, digest, 99), Error::<Test>::StakeTooLow);
		assert_ok!(Pvs::bond_more(signed(&ANN), 1));
		assert_ok!(try_place(&ANN, id, 0, digest, 99));
		assert_noop!(try_place(&ANN, id, 0, digest, 99), Error::<Test>::AlreadyBid);
	});
}

#[test]
fn bid_should_be_refused_when_stake_or_balance_is_used_up() {
	market(|| {
		// Three bonds of 1,100 fit into a stake of 4,000.
		let ids: Vec<_> = (0..4).map(|_| commit(1_000)).collect();
		run_to(2);
		for id in &ids[..3] {
			bid(*id, &ANN, 100, 5);
		}
		assert_noop!(
			try_place(&ANN, ids[3], 0, digest(ids[3]), 99),
			Error::<Test>::InsufficientStake
		);
		let spare = free(&BEN) - 1;
		assert_ok!(Balances::transfer_keep_alive(RuntimeOrigin::signed(BEN), GUEST, spare));
		assert_noop!(
			try_place(&BEN, ids[3], 0, digest(ids[3]), 99),
			Error::<Test>::InsufficientBalance
		);
	});
}

#[test]
fn bid_should_be_refused_when_the_round_is_full() {
	market(|| {
		let id = commit(500);
		run_to(2);
		for number in 0..MAX_BIDS {
			let bidder = AccountId::new([100 + u8::try_from(number).expect("few"); 32]);
			assert_ok!(Balances::transfer_keep_alive(
				RuntimeOrigin::signed(GUEST),
				bidder.clone(),
				5_000
			));
			assert_ok!(Pvs::register_prover(RuntimeOrigin::signed(bidder.clone()), MIN_STAKE));
			// The first quarter costs the base, then it doubles with each eighth.
			let fee = if number < 2 { SLOT_FEE } else { SLOT_FEE << number };
			assert_noop!(
				try_place(&bidder, id, 0, digest(id), fee - 1),
				Error::<Test>::SlotFeeTooHigh
			);
			assert_ok!(try_place(&bidder, id, 0, digest(id), fee));
		}
		assert_eq!(Bids::<Test>::iter_prefix(id).count(), 8);
		assert_noop!(try_place(&ANN, id, 0, digest(id), 9_999), Error::<Test>::RoundFull);
	});
}
