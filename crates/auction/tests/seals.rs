// SPDX-License-Identifier: Apache-2.0
//! Bidders that stay silent in a round that opens their seals, in numbers that can be followed by hand.
//!
//! A round that opens in block 10 has bidding in 11 and 12, a gap in 13, the reveal window in 14 to 16
//! and the opening window in 17 to 20. A bond is the reserve of 100 and the silence penalty of 11, of
//! which an opener gets 5.

use common::{id, params, Id, Market, FREE};
use pvs_auction::{
	round::{BidStage, Stage, Standing, VoidReason},
	step::{Effect, Refusal, Reward},
};
use pvs_primitives::{
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
	Market::new(params, 400, 100, Standing::Head)
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
	let expected =
		Effect::BidOpened { bidder: id(2), terms: terms.clone(), penalty: 11, reward: reward(7) };
	assert_eq!(effects, [expected]);
	assert_eq!(market.prover(7).free, FREE + 5);
	assert_eq!(market.prover(2).bond, Some(100));

	// Nothing is sealed any more: the round closes at once.
	assert_eq!(market.pass_deadline().expect("due"), [Effect::WinnerSelected]);
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	let (place, next) = (&assignment.place, &assignment.ladder[0]);
	assert_eq!((place.prover, place.payment, place.bond), (id(2), 60, 100));
	assert_eq!((next.prover, next.bond), (id(1), 111));

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
	market.now = 20;
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
	market.now = 21;
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
		(20, Ok(())),
		(21, Err(Refusal::NotOpening)),
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
