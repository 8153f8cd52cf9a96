// SPDX-License-Identifier: Apache-2.0
//! Bidders that stay silent in a round that opens their seals, in numbers that can be followed by hand.
//!
//! A round that opens in block 10 has bidding in 11 and 12, a gap in 13, the reveal window in 14 to 16
//! and an opening window from 17: a block for each two seals and one of slack, at most 4. A bond is the
//! reserve of 100 and the silence penalty of 11, of which an opener gets 5.

use common::{committed, id, params, Id, Market, FREE};
use pvs_auction::{
	round::{BidStage, Delivery, Stage, Standing, VoidReason},
	step::{Effect, Refusal, Reward},
};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{RollupParams, SilencePolicy},
};

mod common;

fn market() -> Market {
	let params = RollupParams {
		silence_policy: SilencePolicy::ForceOpen { opening_blocks: 4 },
		silence_penalty: 11,
		..params()
	};
	committed(params, 400, 100, Standing::Head)
}

fn payload(fee: u128) -> [u8; PAYLOAD_BYTES] {
	BidPayload { fee, proof_blocks: 10, proof_commitment: None, salt: [1; 32] }.encode()
}

/// Bids of these provers; then those with a fee reveal. Block 17, the first of the opening window.
fn silent_round(market: &mut Market, bids: &[(u8, Option<u128>)]) {
	market.now = 11;
	for (number, _) in bids {
		market.bid(*number, 0).expect("bidding");
	}
	market.now = 14;
	for (number, fee) in bids {
		if let Some(fee) = fee {
			market.reveal(*number, *fee, 10, None).expect("revealing");
		}
	}
	market.now = 17;
}

fn reward(opener: u8) -> Reward<Id> {
	Reward { opener: id(opener), amount: 5 }
}

#[test]
fn opened_bid_should_count_like_any_other_and_win_when_it_is_best() {
	let mut market = market();
	silent_round(&mut market, &[(1, Some(60)), (2, None)]);
	let effects = market.open(2, 7, Some(&payload(40))).expect("the seal is sound");
	let BidStage::Opened(terms) = &market.bids[1].stage else { panic!("opened") };
	let expected = Effect::BidOpened {
		bidder: id(2),
		terms: terms.clone(),
		penalty: 11,
		reward: Some(reward(7)),
	};
	assert_eq!(effects, [expected]);
	assert_eq!(market.prover(7).free, FREE + 5);
	assert_eq!(market.prover(2).bond, Some(100));

	// Nothing is sealed any more: the round closes at once.
	assert_eq!(market.pass_deadline().expect("due"), [Effect::WinnerSelected]);
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	let (place, next) = (&assignment.place, &assignment.ladder[0]);
	assert_eq!((place.prover, place.payment, place.bond), (id(2), 60, 100));
	assert_eq!((next.prover, next.bond), (id(1), 111));
	// Its 10 blocks and 1 of slack count from the opening.
	let expected = Delivery { assigned_at: 17, clock: 17, on_time_until: 28, late_until: 31 };
	assert_eq!(assignment.delivery, expected);

	// In default it loses what it has left, once.
	market.now = assignment.delivery.late_until + 1;
	let effects = market.pass_deadline().expect("due");
	assert_eq!(effects[0], Effect::ProverDefaulted { prover: id(2), slashed: 100 });
}

#[test]
fn opened_bid_should_get_the_rest_of_its_bond_back_when_it_does_not_win() {
	let mut market = market();
	silent_round(&mut market, &[(1, Some(10)), (2, Some(20)), (3, Some(30)), (4, None)]);
	market.open(4, 4, Some(&payload(90))).expect("anyone may open, the bidder too");
	let effects = market.pass_deadline().expect("due");
	assert_eq!(effects[0], Effect::BondReleased { prover: id(4), bond: 100 });
	// It lost the penalty and got less than half of it back.
	assert_eq!(market.prover(4).free + market.prover(4).stake, {
		let untouched = market.prover(5);
		let slot_fee = 16;
		untouched.free + untouched.stake - 11 + 5 - slot_fee
	});
}

#[test]
fn bad_seal_should_be_void_and_forfeit_the_whole_bond() {
	let above = payload(101);
	let zero_salt = BidPayload { salt: [0; 32], ..BidPayload::decode(&payload(1)).expect("good") };
	let cases: [(Option<[u8; PAYLOAD_BYTES]>, VoidReason); 3] = [
		(None, VoidReason::BadSeal),
		(Some(above), VoidReason::AboveReserve),
		(Some(zero_salt.encode()), VoidReason::ZeroSalt),
	];
	for (payload, reason) in cases {
		let mut market = market();
		silent_round(&mut market, &[(1, Some(60)), (2, None)]);
		let effects = market.open(2, 7, payload.as_ref()).expect("the opening is right");
		let expected =
			Effect::BidVoided { bidder: id(2), slashed: 111, reward: Some(reward(7)), reason };
		assert_eq!(effects, [expected]);
		assert_eq!(market.prover(2).bond, None);
		market.pass_deadline().expect("a bad seal never blocks a round");
		assert!(matches!(&market.round.stage, Stage::Assigned(a) if a.place.prover == id(1)));
	}
}

#[test]
fn silent_bid_should_forfeit_its_bond_when_nobody_opens_it_in_time() {
	let mut market = market();
	silent_round(&mut market, &[(1, Some(60)), (2, None)]);
	market.now = 18;
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
	market.now = 19;
	assert_eq!(market.open(2, 7, Some(&payload(1))), Err(Refusal::NotOpening));
	let effects = market.pass_deadline().expect("due");
	let silent =
		Effect::BidVoided { bidder: id(2), slashed: 111, reward: None, reason: VoidReason::Silent };
	assert_eq!(effects, [silent, Effect::WinnerSelected]);
}

#[test]
fn round_should_be_settled_by_openings_alone_when_all_bidders_are_silent() {
	let mut market = market();
	silent_round(&mut market, &[(1, None), (2, None), (3, None)]);
	for (number, fee) in [(1, 70), (2, 50), (3, 90)] {
		assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
		market.open(number, 7, Some(&payload(fee))).expect("sound");
	}
	market.pass_deadline().expect("nothing is sealed any more");
	assert!(matches!(&market.round.stage, Stage::Assigned(a) if a.place.prover == id(2)));
	assert_eq!(market.prover(7).free, FREE + 15);
}

#[test]
fn seal_should_be_opened_in_the_opening_window_only() {
	for (now, expected) in [
		(13, Err(Refusal::NotOpening)),
		(16, Err(Refusal::NotOpening)),
		(17, Ok(())),
		(18, Ok(())),
		(19, Err(Refusal::NotOpening)),
	] {
		let mut market = market();
		silent_round(&mut market, &[(1, Some(60)), (2, None)]);
		market.now = now;
		assert_eq!(market.open(2, 7, Some(&payload(40))).map(|_| ()), expected, "block {now}");
	}
}

#[test]
fn opened_bid_should_be_released_when_the_batch_is_dropped() {
	let mut market = market();
	market.standing = Standing::Behind;
	silent_round(&mut market, &[(1, None), (2, None)]);
	market.open(2, 7, Some(&payload(40))).expect("sound");
	market.standing = Standing::Dropped;
	assert_eq!(market.open(1, 7, Some(&payload(40))), Err(Refusal::Dropped));
	let effects = market.pass_deadline().expect("dropped");
	assert!(effects.contains(&Effect::BondReleased { prover: id(2), bond: 100 }));
	assert!(effects.contains(&Effect::BondReleased { prover: id(1), bond: 111 }));
}

#[test]
fn payload_should_open_its_bid_when_it_comes_in_the_opening_window() {
	for now in [17, 18] {
		let mut market = market();
		silent_round(&mut market, &[(1, Some(60)), (2, None)]);
		market.now = now;
		let burned = market.burned;
		let effects = market.reveal_bytes(2, &payload(40)).expect("its payload");
		let BidStage::Opened(terms) = &market.bids[1].stage else { panic!("opened") };
		let expected =
			Effect::BidOpened { bidder: id(2), terms: terms.clone(), penalty: 11, reward: None };
		assert_eq!(effects, [expected]);
		// The whole penalty is burned, and the rest of the bond stands.
		assert_eq!(market.burned - burned, 11);
		assert_eq!(market.prover(2).bond, Some(100));
		let Stage::Auction(auction) = &market.round.stage else { panic!("open") };
		assert_eq!((auction.bids, auction.sealed, auction.opened), (2, 0, 1));

		market.pass_deadline().expect("nothing is sealed any more");
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		assert_eq!((assignment.place.prover, assignment.place.bond), (id(2), 100));
		assert_eq!(assignment.delivery.clock, now);
	}
}

#[test]
fn payload_should_be_refused_when_the_opening_window_is_over() {
	let mut market = market();
	silent_round(&mut market, &[(1, Some(60)), (2, None)]);
	market.now = 19;
	assert_eq!(market.phase(), Phase::Overdue);
	assert_eq!(market.reveal_bytes(2, &payload(40)), Err(Refusal::NotRevealing));
}

#[test]
fn malformed_payload_should_be_void_when_it_comes_in_the_opening_window() {
	let no_salt = BidPayload { salt: [0; 32], ..BidPayload::decode(&payload(1)).expect("good") };
	let mut undecodable = payload(1);
	undecodable[20] = 2;
	for (payload, reason) in [
		(payload(101), VoidReason::AboveReserve),
		(no_salt.encode(), VoidReason::ZeroSalt),
		(undecodable, VoidReason::Undecodable),
	] {
		let mut market = market();
		silent_round(&mut market, &[(1, Some(60)), (2, None)]);
		let burned = market.burned;
		let effects = market.reveal_bytes(2, &payload).expect("it hashes to the commitment");
		let expected = Effect::BidVoided { bidder: id(2), slashed: 111, reward: None, reason };
		assert_eq!(effects, [expected]);
		assert_eq!((market.burned - burned, market.prover(2).bond), (111, None));
		let Stage::Auction(auction) = &market.round.stage else { panic!("open") };
		assert_eq!((auction.sealed, auction.opened), (0, 1));
		market.pass_deadline().expect("a bad payload never blocks a round");
		assert!(matches!(&market.round.stage, Stage::Assigned(a) if a.place.prover == id(1)));
	}
}

#[test]
fn payload_should_cost_nothing_when_it_comes_in_the_reveal_window() {
	let mut market = market();
	silent_round(&mut market, &[(1, Some(60)), (2, None)]);
	market.now = 16;
	let effects = market.reveal_bytes(2, &payload(40)).expect("revealing");
	assert!(matches!(effects[..], [Effect::BidCounted { .. }]));
	let Stage::Auction(auction) = &market.round.stage else { panic!("open") };
	assert_eq!((auction.sealed, auction.opened), (0, 0));
}

#[test]
fn opening_window_should_last_for_the_seals_that_were_left_however_many_are_opened() {
	// ceil(silent / 2) blocks and 1 of slack, at most 4.
	for (silent, end) in [(1, 19), (2, 19), (3, 20), (4, 20), (5, 21), (6, 21), (7, 21)] {
		for opened in 0..silent {
			let mut market = market();
			let bids: Vec<_> = (1..=silent).map(|number| (number, None)).collect();
			silent_round(&mut market, &bids);
			for number in 1..=opened {
				if number % 2 == 0 {
					market.open(number, 7, Some(&payload(40))).expect("sound");
				} else {
					market.reveal_bytes(number, &payload(40)).expect("its payload");
				}
			}
			assert_eq!(market.due(), Some(end), "{silent} silent, {opened} opened");
			market.now = end - 1;
			assert_eq!(market.phase(), Phase::SealOpening);
			market.now = end;
			assert_eq!(market.phase(), Phase::Overdue);
		}
	}
}

#[test]
fn opening_window_should_not_count_bids_that_were_revealed_or_void_before() {
	let mut market = market();
	market.now = 11;
	for number in 1..=5 {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 16;
	market.reveal(1, 60, 10, None).expect("revealing");
	market.reveal(2, 101, 10, None).expect("void");
	market.reveal(3, 70, 10, None).expect("revealing");
	assert_eq!(market.due(), Some(19), "two are left");
}

#[test]
fn clock_should_start_with_the_last_opening_or_the_end_of_the_window() {
	// Three silent bids: the window is 17 to 19. Blocks of the openings, and of the close.
	for (openings, close, clock) in [
		([Some(17), Some(17), Some(17)], 17, 17),
		([Some(17), Some(18), Some(18)], 18, 18),
		([Some(19), Some(17), Some(18)], 19, 19),
		([Some(17), Some(17), None], 20, 19),
		([Some(19), None, Some(19)], 20, 19),
		([Some(17), None, None], 30, 19),
	] {
		let mut market = market();
		silent_round(&mut market, &[(1, None), (2, None), (3, None)]);
		for now in 17..=19 {
			market.now = now;
			for (number, opening) in (1..=3).zip(openings) {
				if opening == Some(now) {
					market.open(number, 7, Some(&payload(40))).expect("sound");
				}
			}
		}
		market.now = close;
		market.pass_deadline().expect("due");
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		let Delivery { assigned_at, clock: found, on_time_until, late_until } = assignment.delivery;
		assert_eq!((assigned_at, found), (close, clock), "{openings:?}");
		assert_eq!((on_time_until, late_until), (clock + 11, clock + 14));
	}
}

#[test]
fn clock_should_not_wait_for_openings_when_all_bids_were_revealed() {
	for (revealed, close) in [(14, 14), (16, 16), (16, 17), (14, 30)] {
		let mut market = market();
		market.now = 11;
		market.bid(1, 0).expect("bidding");
		market.now = revealed;
		market.reveal(1, 60, 10, None).expect("revealing");
		market.now = close;
		market.pass_deadline().expect("due");
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		assert_eq!(assignment.delivery.clock, 16, "closed in {close}");
	}
}
