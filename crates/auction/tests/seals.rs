// SPDX-License-Identifier: Apache-2.0
//! Bidders that stay silent in a round that opens their seals, or that settles their bids after it, in numbers that
//! can be followed by hand.
//!
//! A round that opens in block 10 has bidding in 11 and 12, a gap in 13, the reveal window in 14 to 16
//! and an opening window from 17: a block for each two seals and one of slack, at most 4. A bond is the
//! reserve of 100 and the silence penalty of 11, of which an opener gets 5.

use common::{committed, id, params, End, Id, Market, FREE};
use pvs_auction::{
	round::{BidStage, Delivery, Stage, Standing, VoidReason},
	settle::{Verdict, WinningScores},
	step::{Effect, Refusal, Reward},
};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{PaymentRule, RollupParams, SilencePolicy},
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

// --- bids that are settled after their round ---

/// A round as above whose silent bids are settled: it closes in block 17, and they can be settled from 17 to 21.
fn settling(rule: PaymentRule) -> Market {
	let params = RollupParams {
		silence_policy: SilencePolicy::Settle { settle_blocks: 5 },
		silence_penalty: 11,
		payment_rule: rule,
		..params()
	};
	committed(params, 400, 100, Standing::Head)
}

/// The same, closed on the bids that have a fee.
fn closed(bids: &[(u8, Option<u128>)]) -> Market {
	let mut market = settling(PaymentRule::SecondScore);
	silent_round(&mut market, bids);
	market.pass_deadline().expect("due");
	market
}

fn offer(fee: u128, proof_blocks: u32) -> [u8; PAYLOAD_BYTES] {
	BidPayload { fee, proof_blocks, proof_commitment: None, salt: [1; 32] }.encode()
}

/// The verdict on the silent bid of prover 2 in the first round, and what it loses.
fn settled(market: &mut Market, payload: &[u8; PAYLOAD_BYTES]) -> (Verdict, u128) {
	let settled = market.settle((2, 0), None, Some(payload)).expect("in time");
	assert_eq!(settled.slashed + settled.released, 111);
	(settled.verdict, settled.slashed)
}

#[test]
fn round_should_close_with_the_reveal_window_when_silent_bids_are_settled() {
	let mut market = settling(PaymentRule::SecondScore);
	silent_round(&mut market, &[(1, Some(60)), (2, None), (3, Some(80))]);
	assert_eq!(market.due(), Some(17));
	assert_eq!(market.open(2, 7, Some(&payload(40))), Err(Refusal::NotOpening));
	assert_eq!(market.reveal_bytes(2, &payload(40)), Err(Refusal::NotRevealing));
	let effects = market.pass_deadline().expect("due");
	let [Effect::BidsUnsettled { closed, bidders }, Effect::WinnerSelected] = effects.as_slice()
	else {
		panic!("{effects:?}")
	};
	assert_eq!(bidders, &[id(2)]);
	assert_eq!((closed.reserve, closed.silence_penalty, closed.until), (100, 11, 22));
	// 0.7 of the fee's part of the reserve and 0.3 * 10/20: of the fee of 60, and of the payment of 80.
	let winner = WinningScores { won: 570_000_000_000_000_000, paid: 710_000_000_000_000_000 };
	assert_eq!(closed.winner, Some(winner));
	// The winner's time does not wait either: its 10 blocks and 1 of slack count from 16.
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	let expected = Delivery { assigned_at: 17, clock: 16, on_time_until: 27, late_until: 30 };
	assert_eq!((assignment.place.prover, assignment.delivery), (id(1), expected));
	// The bond stays reserved, also when the batch is proven and final.
	market.prove(1).expect("it is assigned");
	market.finalize();
	assert_eq!(market.unsettled.len(), 1);
	assert_eq!(settled(&mut market, &payload(70)), (Verdict::WouldHaveLost, 11));
}

#[test]
fn round_should_close_at_once_when_nobody_is_silent_though_silent_bids_are_settled() {
	let mut market = settling(PaymentRule::SecondScore);
	market.now = 11;
	market.bid(1, 0).expect("bidding");
	market.now = 14;
	market.reveal(1, 60, 10, None).expect("revealing");
	assert_eq!(market.pass_deadline().expect("due"), [Effect::WinnerSelected]);
	assert_eq!(market.unsettled, []);
}

#[test]
fn silent_bid_should_cost_the_penalty_when_it_would_have_lost() {
	// The winner asks 60 and is paid 80. As good as the winner is not better.
	for fee in [60, 70, 80, 100] {
		let mut market = closed(&[(1, Some(60)), (2, None), (3, Some(80))]);
		assert_eq!(settled(&mut market, &offer(fee, 10)), (Verdict::WouldHaveLost, 11));
	}
	// 12 blocks are 2 * 0.3/20 dearer than 10, 4.29 of the fee: 55 is better than 60, 56 is not.
	for (fee, verdict) in [(55, Verdict::WouldHaveWon), (56, Verdict::WouldHaveLost)] {
		let mut market = closed(&[(1, Some(60)), (2, None), (3, Some(80))]);
		assert_eq!(settled(&mut market, &offer(fee, 12)).0, verdict);
	}
}

#[test]
fn silent_bid_should_cost_the_reserve_beyond_its_fee_when_it_would_have_won() {
	for rule in [PaymentRule::SecondScore, PaymentRule::FirstPrice] {
		// The winner asks 60, and is paid 80 or 60.
		for (fee, proof_blocks) in [(59, 10), (40, 10), (40, 5), (0, 10)] {
			let mut market = settling(rule);
			silent_round(&mut market, &[(1, Some(60)), (2, None), (3, Some(80))]);
			market.pass_deadline().expect("due");
			let expected = (Verdict::WouldHaveWon, 11 + 100 - fee);
			assert_eq!(settled(&mut market, &offer(fee, proof_blocks)), expected);
		}
	}
}

#[test]
fn silent_bid_should_cost_what_the_winner_is_paid_beyond_it_when_that_is_more() {
	// A lone winner is paid the reserve. Eight blocks less are 0.12 / 0.7 of it, 17.1: 60 + 17.1, rounded up.
	let mut market = closed(&[(1, Some(60)), (2, None)]);
	assert_eq!(settled(&mut market, &offer(40, 2)), (Verdict::WouldHaveWon, 11 + 78));
	// At most the bond is lost.
	let mut market = closed(&[(1, Some(60)), (2, None)]);
	assert_eq!(settled(&mut market, &offer(10, 2)), (Verdict::WouldHaveWon, 111));
}

#[test]
fn silent_bid_should_cost_its_bond_when_nobody_won() {
	let mut market = closed(&[(1, None), (2, None)]);
	assert_eq!((market.round.number, market.round.reserve), (1, 150));
	assert_eq!(settled(&mut market, &payload(100)), (Verdict::WouldHaveWon, 111));
	let settled = market.settle((1, 0), Some(7), Some(&payload(40))).expect("in time");
	assert_eq!((settled.verdict, settled.slashed), (Verdict::WouldHaveWon, 111));
	assert_eq!(market.prover(7).free, FREE + 5);
}

#[test]
fn silent_bids_should_be_judged_alone_when_there_are_two() {
	// Each would have won over the winner; that 2 would not have won over 4 does not count.
	for order in [[2, 4], [4, 2]] {
		let mut market = closed(&[(1, Some(60)), (2, None), (3, Some(80)), (4, None)]);
		for number in order {
			let (fee, slashed) = if number == 2 { (50, 11 + 50) } else { (40, 11 + 60) };
			let settled = market.settle((number, 0), None, Some(&payload(fee))).expect("in time");
			assert_eq!((settled.verdict, settled.slashed), (Verdict::WouldHaveWon, slashed));
		}
		assert_eq!(market.unsettled, []);
	}
}

#[test]
fn opener_of_a_settled_bid_should_get_half_of_the_penalty_whatever_the_bid_loses() {
	let void = Verdict::Void(VoidReason::BadSeal);
	let malformed = Verdict::Void(VoidReason::AboveReserve);
	for (sealed, verdict, slashed) in [
		(Some(payload(70)), Verdict::WouldHaveLost, 11),
		(Some(payload(40)), Verdict::WouldHaveWon, 71),
		(Some(payload(101)), malformed, 111),
		(None, void, 111),
	] {
		let mut market = closed(&[(1, Some(60)), (2, None), (3, Some(80))]);
		let (burned, stake) = (market.burned, market.prover(2).stake);
		let settled = market.settle((2, 0), Some(7), sealed.as_ref()).expect("in time");
		assert_eq!((settled.verdict, settled.slashed, settled.reward), (verdict, slashed, 5));
		assert_eq!(market.prover(7).free, FREE + 5);
		assert_eq!(stake - market.prover(2).stake, slashed);
		assert_eq!(market.burned - burned, slashed - 5);
	}
	// Who shows the payload burns all of it.
	let mut market = closed(&[(1, Some(60)), (2, None), (3, Some(80))]);
	let burned = market.burned;
	assert_eq!(settled(&mut market, &payload(40)), (Verdict::WouldHaveWon, 71));
	assert_eq!(market.burned - burned, 71);
}

#[test]
fn silent_bid_should_be_settled_in_its_window_only_and_cost_its_bond_after_it() {
	// The window is 17 to 21 also where the agenda closes the round late.
	for close in [17, 19, 21] {
		for now in close..=21 {
			let mut market = settling(PaymentRule::SecondScore);
			silent_round(&mut market, &[(1, Some(60)), (2, None), (3, Some(80))]);
			market.now = close;
			market.pass_deadline().expect("due");
			market.now = now;
			market.expire();
			assert_eq!(settled(&mut market, &payload(70)), (Verdict::WouldHaveLost, 11));
		}
	}
	for (close, now) in [(17, 22), (17, 40), (22, 22), (40, 40)] {
		let mut market = settling(PaymentRule::SecondScore);
		silent_round(&mut market, &[(1, Some(60)), (2, None), (3, Some(80))]);
		market.now = close;
		market.pass_deadline().expect("due");
		market.now = now;
		let late = market.settle((2, 0), Some(7), Some(&payload(70)));
		assert_eq!(late, Err(Refusal::TooLate));
		let (burned, stake) = (market.burned, market.prover(2).stake);
		market.expire();
		assert_eq!((market.burned - burned, stake - market.prover(2).stake), (111, 111));
		assert_eq!(market.unsettled, []);
	}
}

#[test]
fn silent_bid_should_cost_the_same_whatever_becomes_of_its_batch() {
	let with_a_winner = || closed(&[(1, Some(60)), (2, None), (3, Some(80))]);
	let mut defaulted = with_a_winner();
	defaulted.now = 31;
	defaulted.pass_deadline().expect("the winner is late");
	defaulted.now = 21;
	assert_eq!(settled(&mut defaulted, &payload(40)), (Verdict::WouldHaveWon, 71));

	let mut dropped = with_a_winner();
	dropped.standing = Standing::Dropped;
	dropped.now = 21;
	dropped.prove(1).expect("a proof within its time");
	assert_eq!(dropped.end, Some(End::Dropped { paid: true }));
	assert_eq!(settled(&mut dropped, &payload(40)), (Verdict::WouldHaveWon, 71));
}

#[test]
fn silent_bid_should_lose_nothing_when_its_batch_is_dropped_before_its_round_closes() {
	let mut market = settling(PaymentRule::SecondScore);
	market.standing = Standing::Behind;
	silent_round(&mut market, &[(1, Some(60)), (2, None)]);
	market.standing = Standing::Dropped;
	let effects = market.pass_deadline().expect("dropped");
	assert!(effects.contains(&Effect::BondReleased { prover: id(2), bond: 111 }));
	assert_eq!(market.unsettled, []);
}

#[test]
fn bidder_should_need_a_bond_beside_that_of_its_unsettled_bid() {
	let mut market = closed(&[(1, None), (2, None)]);
	// The next round's bond is 161. Stakes cover a bond of 10,000 and 11.
	assert_eq!((market.bond(), market.lacks(2)), (161, 0));
	market.now = 18;
	market.bid(2, 0).expect("bidding");
	assert_eq!(market.prover(2).bond, Some(161));
	market.now = 21;
	market.reveal(2, 90, 10, None).expect("revealing");
	// The bid of round 0 is judged by round 0, in which nobody won.
	assert_eq!(settled(&mut market, &payload(40)), (Verdict::WouldHaveWon, 111));
	assert_eq!(market.prover(2).bond, Some(161));
}

/// A gain that the rules leave (the limits, about monopolists): an empty round raises the reserve, and one that is
/// followed by the last one raises it to the highest fee.
#[test]
fn silence_should_pay_who_is_alone_when_the_next_reserve_is_above_two_of_the_present_ones() {
	for policy in [SilencePolicy::Exclude, SilencePolicy::Settle { settle_blocks: 5 }] {
		let earned = |max_fee, silent: bool| {
			let params = RollupParams {
				silence_policy: policy,
				silence_penalty: 11,
				max_empty_rounds: 2,
				..params()
			};
			let mut market = committed(params, max_fee, 100, Standing::Head);
			let before = market.wealth(1);
			let bids: &[_] = if silent { &[None, Some(100)] } else { &[Some(100)] };
			for fee in bids {
				let opened = market.round.opened_at;
				market.now = opened + 1;
				market.bid(1, 0).expect("bidding");
				market.now = opened + 4;
				if let Some(fee) = fee {
					market.reveal(1, *fee, 10, None).expect("revealing");
				}
				market.now = market.due().expect("an auction").max(market.now);
				market.pass_deadline().expect("due");
			}
			market.prove(1).expect("it is alone");
			market.now += 10;
			market.expire();
			i128::try_from(market.wealth(1)).expect("small")
				- i128::try_from(before).expect("small")
		};
		// The reserve of 100, less a slot fee of 2.
		assert_eq!(earned(400, false), 98);
		// The bond of 111, then the highest fee.
		for (max_fee, income) in [(400, 400 - 111 - 4), (214, 99), (213, 98), (150, 35)] {
			assert_eq!(earned(max_fee, true), income, "{policy:?}");
		}
	}
}
