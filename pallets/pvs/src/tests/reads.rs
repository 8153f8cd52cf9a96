// SPDX-License-Identifier: Apache-2.0

use crate::mock::*;
use frame_support::assert_ok;
use pvs_primitives::api::{BidState, Phase};

#[test]
fn reads_should_be_none_for_unknown_ids() {
	chain(|| {
		assert!(Pvs::rollup_info(0).is_none());
		assert!(Pvs::batch_info(batch(0)).is_none());
		assert!(Pvs::round_info(batch(0)).is_none());
		assert!(Pvs::prover_info(ANN).is_none());
		assert!(Pvs::public_inputs_of(batch(0), ANN).is_none());
		assert!(Pvs::commitment_of(batch(0), ANN, [0; 85]).is_none());
		assert!(Pvs::market_info(0).is_none());
		assert!(Pvs::open_rounds_page(0, 0, 9).items.is_empty());
	});
}

#[test]
fn round_should_say_what_the_next_block_allows() {
	market(|| {
		let id = commit(500);
		let at = |block| {
			run_to(block);
			let round = Pvs::round_info(id).expect("open");
			(round.phase, round.phase_ends_at)
		};
		assert_eq!(at(1), (Phase::Bidding, 5));
		run_to(2);
		bid(id, &ANN, 100, 5);
		assert_eq!(at(3), (Phase::Bidding, 5));
		assert_eq!(at(4), (Phase::FinalityGap, 6));
		assert_eq!(at(5), (Phase::Revealing, 10));
		run_to(6);
		let round = Pvs::round_info(id).expect("open");
		assert_eq!((round.bond, round.slot_fee, round.bids.len()), (600, 2, 1));
		assert_eq!(round.bids[0].state, BidState::Sealed);
		assert_ok!(reveal(id, &ANN, 100, 5));
		// The time counts from 9: on time until 15, late until 18.
		assert_eq!(at(6), (Phase::Proving, 16));
		assert_eq!(at(15), (Phase::Late, 19));
		let assignment = Pvs::round_info(id).expect("open").assignment.expect("assigned");
		assert_eq!((assignment.prover, assignment.payment), (ANN, 500));
		assert_eq!((assignment.assigned_at, assignment.clock), (6, 9));
		assert_eq!(Pvs::open_rounds_page(0, 0, 9).items.len(), 1);
	});
}

#[test]
fn round_should_show_offer_rescue_and_ladder() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let at = |block| {
			run_to(block);
			let round = Pvs::round_info(id).expect("open");
			(round.phase, round.phase_ends_at)
		};
		assert_eq!(at(18), (Phase::Overdue, 20), "the next block performs the default first");
		assert_eq!(at(19), (Phase::Offered, 23));
		let round = Pvs::round_info(id).expect("open");
		let ladder: Vec<_> = round.ladder.iter().map(|place| &place.prover).collect();
		assert_eq!((ladder, round.assignment, round.rescue), (vec![&BEN], None, None));
		assert_eq!(at(23), (Phase::Rescue, 28));
		let rescue = Pvs::round_info(id).expect("open").rescue.expect("it is open");
		// 200 + 300 * 1 / 4 in the next block.
		assert_eq!((rescue.payment, rescue.last_payment), (275, 500));
		assert_eq!(at(28), (Phase::Bidding, 32));
	});
}

#[test]
fn commitment_should_be_the_one_that_a_reveal_must_match() {
	market(|| {
		let id = commit(500);
		let payload = payload(100, 5).encode();
		assert_eq!(Pvs::commitment_of(id, ANN, payload), Some(commitment(id, &ANN, &payload)));
		auction(id, &[(ANN, 100, 5)]);
		assert_eq!(Pvs::commitment_of(id, ANN, payload), None);
	});
}

#[test]
fn explanation_should_show_ranks_parts_and_what_would_have_won() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 300, 10);
		bid(id, &BEN, 200, 10);
		bid(id, &CID, 100, 10);
		assert_eq!(Pvs::explanation(id, 0), Some(Vec::new()));
		run_to(6);
		reveal(id, &ANN, 300, 10).expect("it is valid");
		reveal(id, &BEN, 200, 10).expect("it is valid");
		let ranked = Pvs::explanation(id, 0).expect("the auction is open");
		let bidders: Vec<_> = ranked.iter().map(|bid| bid.bidder.clone()).collect();
		assert_eq!(bidders, [BEN, ANN]);
		// 0.7 * 200/500 and 0.3 * 10/20.
		let [best, next] = &ranked[..] else { panic!("two count") };
		assert_eq!(
			(best.fee_part, best.time_part),
			(280_000_000_000_000_000, 150_000_000_000_000_000)
		);
		assert_eq!(best.score, best.fee_part + best.time_part);
		assert_eq!((best.payment, next.payment), (300, 500));
		assert_eq!((best.winning_fee, next.winning_fee), (Some(299), Some(199)));
		assert_eq!(Pvs::explanation(id, 1), None);
		reveal(id, &CID, 100, 10).expect("it is valid");
		assert_eq!(Pvs::explanation(id, 0), None, "the round has closed");
		assert_eq!(Pvs::explanation(batch(9), 0), None);
	});
}
