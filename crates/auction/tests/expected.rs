// SPDX-License-Identifier: Apache-2.0
//! The winner of a round, known before the block that writes it down.
//!
//! A round that opens in block 10 has bidding in 11 and 12, a gap in 13 and the reveal window in 14 to 16.

use common::{committed, id, params, Id, Market};
use pvs_auction::{
	round::{Delivery, Stage, Standing},
	step::{expected_winner, ExpectedWinner},
	MathError,
};
use pvs_primitives::{
	bid::BidPayload,
	params::{RollupParams, SilencePolicy},
};

mod common;

fn market(silence_policy: SilencePolicy) -> Market {
	committed(RollupParams { silence_policy, ..params() }, 400, 100, Standing::Head)
}

fn force_open() -> SilencePolicy {
	SilencePolicy::ForceOpen { opening_blocks: 4 }
}

/// Bids of provers 1 to 3 in block 11. Those of 1 and 2 are revealed in 14: fees of 40 and 60 for 10 blocks.
fn third_is_silent(market: &mut Market) {
	market.now = 11;
	for number in 1..=3 {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	market.reveal(1, 40, 10, None).expect("revealing");
	market.reveal(2, 60, 10, None).expect("revealing");
}

/// Asked for block `now`.
fn expected(market: &Market, now: u32) -> Option<ExpectedWinner<Id>> {
	expected_winner(&market.round, &market.bids, &market.context(), now).expect("within the rules")
}

/// The winner that `step` selects in block `now` is the one that was expected.
fn assert_selects(market: &mut Market, now: u32, expected: ExpectedWinner<Id>) {
	assert!(expected.decided);
	market.now = now;
	market.pass_deadline().expect("due");
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	assert_eq!(assignment.place, expected.place);
	assert_eq!(assignment.delivery, expected.delivery);
}

#[test]
fn expected_winner_should_be_decided_when_the_reveal_window_is_over() {
	for now in [17, 18, 40] {
		let mut market = market(SilencePolicy::Exclude);
		third_is_silent(&mut market);
		for before in [14, 15, 16] {
			assert!(!expected(&market, before).expect("two bids count").decided);
		}
		let winner = expected(&market, now).expect("two bids count");
		assert_eq!((winner.place.prover, winner.place.fee, winner.place.payment), (id(1), 40, 60));
		assert_eq!(winner.place.bond, 110);
		let delivery = Delivery { assigned_at: now, clock: 16, on_time_until: 27, late_until: 30 };
		assert_eq!(winner.delivery, delivery);
		assert_selects(&mut market, now, winner);
	}
}

#[test]
fn expected_winner_should_be_decided_when_the_opening_window_is_over() {
	// One seal: the window is 17 and 18.
	for now in [19, 20, 40] {
		let mut market = market(force_open());
		third_is_silent(&mut market);
		for before in [14, 16, 17, 18] {
			let winner = expected(&market, before).expect("two bids count");
			assert_eq!((winner.place.prover, winner.decided), (id(1), false), "{before}");
			// As if it were left to the deadline.
			let delivery =
				Delivery { assigned_at: 19, clock: 18, on_time_until: 29, late_until: 32 };
			assert_eq!(winner.delivery, delivery);
		}
		let winner = expected(&market, now).expect("two bids count");
		assert_eq!((winner.place.prover, winner.delivery.clock), (id(1), 18));
		assert_selects(&mut market, now, winner);
	}
}

#[test]
fn expected_winner_should_be_decided_when_no_bid_is_sealed_any_more() {
	let mut revealed = market(SilencePolicy::Exclude);
	third_is_silent(&mut revealed);
	revealed.now = 15;
	revealed.reveal(3, 10, 10, None).expect("revealing");
	let winner = expected(&revealed, 15).expect("three bids count");
	assert_eq!((winner.place.prover, winner.place.payment), (id(3), 40));
	assert_eq!(winner.delivery.clock, 16);
	assert_selects(&mut revealed, 15, winner);

	let mut opened = market(force_open());
	third_is_silent(&mut opened);
	opened.now = 17;
	let payload = BidPayload { fee: 10, proof_blocks: 10, proof_commitment: None, salt: [3; 32] };
	opened.open(3, 7, Some(&payload.encode())).expect("sound");
	let winner = expected(&opened, 17).expect("three bids count");
	assert_eq!((winner.place.prover, winner.place.payment, winner.place.bond), (id(3), 40, 100));
	assert_eq!(winner.delivery.clock, 17);
	assert_selects(&mut opened, 17, winner);
}

#[test]
fn expected_winner_should_change_with_every_reveal_until_it_is_decided() {
	let mut market = market(SilencePolicy::Exclude);
	market.now = 11;
	for number in 1..=3 {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	let mut winners = Vec::new();
	for (number, fee) in [(1, 50), (2, 80), (3, 40)] {
		market.reveal(number, fee, 10, None).expect("revealing");
		let winner = expected(&market, 14).expect("one counts");
		winners.push((winner.place.prover, winner.place.payment));
	}
	assert_eq!(winners, [(id(1), 100), (id(1), 80), (id(3), 50)]);
}

#[test]
fn nobody_should_be_expected_to_win_when_no_bid_counts() {
	let mut market = market(SilencePolicy::Exclude);
	assert_eq!(expected(&market, 10), None);
	assert_eq!(expected(&market, 13), None, "nobody has bid, and the round is due");
	market.now = 11;
	market.bid(1, 0).expect("bidding");
	market.bid(2, 0).expect("bidding");
	assert_eq!(expected(&market, 12), None);
	market.now = 14;
	market.reveal(1, 101, 10, None).expect("void");
	for now in [14, 16, 17, 40] {
		assert_eq!(expected(&market, now), None, "one is void, one sealed: {now}");
	}
}

#[test]
fn nobody_should_be_expected_to_win_when_no_auction_is_open() {
	let mut market = market(SilencePolicy::Exclude);
	third_is_silent(&mut market);
	market.now = 17;
	market.pass_deadline().expect("due");
	assert_eq!(expected(&market, 18), None, "assigned");
	for now in [31, 35] {
		market.now = now;
		market.pass_deadline().expect("default, and a place that passes");
		assert_eq!(expected(&market, now), None, "offered, rescue");
	}
	market.prove(5).expect("a rescue");
	assert_eq!(expected(&market, 36), None, "proven");
}

#[test]
fn nobody_should_be_expected_to_win_when_the_batch_is_dropped() {
	let mut market = market(SilencePolicy::Exclude);
	third_is_silent(&mut market);
	market.standing = Standing::Dropped;
	assert_eq!(expected(&market, 14), None);
	assert_eq!(expected(&market, 17), None);
	market.standing = Standing::Behind;
	assert!(expected(&market, 17).is_some());
}

#[test]
fn expected_winner_should_fail_when_parameters_break_their_rules() {
	let params = RollupParams { w_fee: 0, ..params() };
	let mut market = committed(params, 400, 100, Standing::Head);
	third_is_silent(&mut market);
	let outcome = expected_winner(&market.round, &market.bids, &market.context(), 17);
	assert_eq!(outcome, Err(MathError::DivisionByZero));
}
