// SPDX-License-Identifier: Apache-2.0
//! Each transition of a batch's market once, in numbers that can be followed by hand.
//!
//! A round that opens in block 10 has bidding in 11 and 12, a gap in 13 and the reveal window in 14 to
//! 16, whose last block starts the clock: with 10 blocks committed and 1 of slack a winner is on time up
//! to 27 and paid less up to 30. A bond is the reserve and 10. A late block costs 3 at a reserve of 100.

use common::{committed, id, params, End, Id, Market};
use pvs_auction::{
	round::{Auction, BidStage, Context, Delivery, Rescue, Round, Stage, Standing, VoidReason},
	step::{claim, may_fail, step, Claim, Effect, Input, Receipt, Refusal},
	MathError,
};
use pvs_primitives::{
	api::Phase,
	bid::BidPayload,
	params::{PaymentRule, RollupParams, SilencePolicy},
};

mod common;

const PROOF: [u8; 32] = [9; 32];

fn market() -> Market {
	committed(params(), 400, 100, Standing::Head)
}

fn behind() -> Market {
	committed(params(), 400, 100, Standing::Behind)
}

/// Takes the round that is open to its close, in the first block of its reveal window: each prover
/// asks a fee for 10 blocks.
fn auction(market: &mut Market, offers: &[(u8, u128)]) -> Vec<Effect<Id>> {
	market.now = market.round.opened_at + 1;
	for (number, _) in offers {
		market.bid(*number, 0).expect("bidding");
	}
	market.now = market.round.opened_at + 4;
	for (number, fee) in offers {
		market.reveal(*number, *fee, 10, Some(PROOF)).expect("revealing");
	}
	market.pass_deadline().expect("nobody is silent")
}

/// Fees of 40, 60 and 80: provers 1, 2 and 3 have payments of 60, 80 and 100 and their order.
fn three() -> [(u8, u128); 3] {
	[(1, 40), (2, 60), (3, 80)]
}

fn assigned(market: &mut Market) {
	auction(market, &three());
	assert_eq!(market.phase(), Phase::Proving);
}

/// Prover 1 has defaulted and 2 is asked, in block 31.
fn offered(market: &mut Market) {
	assigned(market);
	market.now = 31;
	market.pass_deadline().expect("late until 30");
	assert_eq!(market.phase(), Phase::Offered);
}

/// Prover 1 has defaulted, 2 and 3 have passed; block 39.
fn rescue(market: &mut Market) {
	offered(market);
	for now in [35, 39] {
		market.now = now;
		market.pass_deadline().expect("three blocks have passed");
	}
	assert_eq!(market.phase(), Phase::Rescue);
}

/// Three empty rounds behind an unproven predecessor; block 19.
fn waiting(market: &mut Market) {
	for now in [13, 16, 19] {
		market.now = now;
		market.pass_deadline().expect("nobody has bid");
	}
	assert_eq!(market.phase(), Phase::Waiting);
}

fn released(number: u8, bond: u128) -> Effect<Id> {
	Effect::BondReleased { prover: id(number), bond }
}

fn receipt(market: &Market) -> &Receipt<Id> {
	market.receipts.last().expect("a proof was delivered")
}

fn income(market: &Market) -> u128 {
	let receipt = receipt(market);
	receipt.payment - receipt.late_cost + receipt.slashed_share
}

// --- the auction ---

#[test]
fn first_round_should_take_the_lower_of_reserve_and_highest_fee() {
	assert_eq!(Round::<Id>::first(400, 100, 10).reserve, 100);
	assert_eq!(Round::<Id>::first(80, 100, 10).reserve, 80);
}

#[test]
fn auction_should_close_at_once_when_all_have_revealed() {
	let mut market = market();
	let effects = auction(&mut market, &[(1, 40), (2, 60), (3, 80), (4, 90)]);
	assert_eq!(market.now, 14);
	assert_eq!(effects, [released(4, 110), Effect::WinnerSelected]);
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	assert_eq!(assignment.place.prover, id(1));
	assert_eq!((assignment.place.payment, assignment.first_payment), (60, 60));
	assert_eq!(
		assignment.delivery,
		Delivery { assigned_at: 14, clock: 16, on_time_until: 27, late_until: 30 }
	);
	// Each payment is fixed against the next bid that counts, on the ladder or not.
	let ladder: Vec<_> =
		assignment.ladder.iter().map(|place| (place.prover, place.payment)).collect();
	assert_eq!(ladder, [(id(2), 80), (id(3), 90)]);
}

#[test]
fn auction_should_wait_for_the_reveal_window_when_a_bid_is_sealed() {
	let mut market = market();
	market.now = 12;
	for number in [1, 2] {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	market.reveal(1, 40, 10, None).expect("revealing");
	market.now = 16;
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
	market.now = 17;
	assert_eq!(
		market.pass_deadline().expect("due"),
		[
			Effect::BidVoided {
				bidder: id(2),
				slashed: 110,
				reward: None,
				reason: VoidReason::Silent
			},
			Effect::WinnerSelected,
		]
	);
	// What silence costs is burned, with the fees of the slots.
	assert_eq!((market.burned, market.kept), (110 + 2 + 2, 0));
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	assert_eq!(assignment.place.payment, 100, "alone, it is paid the reserve");
}

#[test]
fn auction_should_wait_for_the_opening_window_when_the_rollup_opens_seals() {
	let silence_policy = SilencePolicy::ForceOpen { opening_blocks: 6 };
	let mut market =
		committed(RollupParams { silence_policy, ..params() }, 400, 100, Standing::Head);
	market.now = 12;
	market.bid(1, 0).expect("bidding");
	// One seal takes a block, and a transaction one more.
	for now in [17, 18] {
		market.now = now;
		assert_eq!(market.phase(), Phase::SealOpening);
		assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
	}
	market.now = 19;
	assert_eq!(market.reveal(1, 40, 10, None), Err(Refusal::NotRevealing));
	let effects = market.pass_deadline().expect("due");
	assert_eq!(
		effects[0],
		Effect::BidVoided { bidder: id(1), slashed: 110, reward: None, reason: VoidReason::Silent }
	);
}

/// Finding M1 of the audit: in version 1 the last to reveal chose when its own clock started.
#[test]
fn winner_should_have_the_same_deadlines_whenever_bids_are_revealed() {
	// The blocks in which 1 and 2 reveal, and in which the round closes.
	for (first, second, close) in
		[(14, 14, 14), (14, 16, 16), (16, 14, 16), (15, 15, 15), (16, 16, 17), (14, 14, 20)]
	{
		let mut market = market();
		market.now = 11;
		market.bid(1, 0).expect("bidding");
		market.bid(2, 0).expect("bidding");
		for now in 14..=16 {
			market.now = now;
			for (number, fee, block) in [(1, 40, first), (2, 60, second)] {
				if block == now {
					market.reveal(number, fee, 10, None).expect("revealing");
				}
			}
		}
		market.now = close;
		assert_eq!(market.pass_deadline().expect("due"), [Effect::WinnerSelected]);
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		let expected =
			Delivery { assigned_at: close, clock: 16, on_time_until: 27, late_until: 30 };
		assert_eq!(assignment.delivery, expected, "revealed in {first} and {second}");
	}
}

#[test]
fn winner_should_have_the_same_deadlines_when_a_rival_stays_silent() {
	// Due in 17; a late agenda changes nothing.
	for close in [17, 19, 40] {
		let mut market = market();
		market.now = 11;
		market.bid(1, 0).expect("bidding");
		market.bid(2, 0).expect("bidding");
		market.now = 14;
		market.reveal(1, 40, 10, None).expect("revealing");
		market.now = close;
		market.pass_deadline().expect("due");
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		let Delivery { assigned_at, clock, on_time_until, late_until } = assignment.delivery;
		assert_eq!((assigned_at, clock, on_time_until, late_until), (close, 16, 27, 30));
	}
}

#[test]
fn winner_should_be_paid_when_it_delivers_before_the_clock_starts() {
	let mut market = market();
	assigned(&mut market);
	assert_eq!(market.now, 14);
	market.prove(1).expect("assigned");
	assert_eq!((receipt(&market).payment, receipt(&market).late_blocks), (60, 0));
}

#[test]
fn malformed_bid_should_be_void_at_once_and_lose_its_bond() {
	let good = BidPayload { fee: 100, proof_blocks: 20, proof_commitment: None, salt: [1; 32] };
	let above_reserve = BidPayload { fee: 101, ..good.clone() };
	let no_time = BidPayload { proof_blocks: 0, ..good.clone() };
	let long = BidPayload { proof_blocks: 21, ..good.clone() };
	let no_salt = BidPayload { salt: [0; 32], ..good.clone() };
	let mut undecodable = good.encode();
	undecodable[20] = 2;
	for (payload, reason) in [
		(above_reserve.encode(), VoidReason::AboveReserve),
		(no_time.encode(), VoidReason::ProofBlocks),
		(long.encode(), VoidReason::ProofBlocks),
		(no_salt.encode(), VoidReason::ZeroSalt),
		(undecodable, VoidReason::Undecodable),
	] {
		let mut market = market();
		market.now = 11;
		market.bid(1, 0).expect("bidding");
		market.bid(2, 0).expect("bidding");
		market.now = 14;
		let effects = market.reveal_bytes(1, &payload).expect("revealing");
		assert_eq!(
			effects,
			[Effect::BidVoided { bidder: id(1), slashed: 110, reward: None, reason }]
		);
		assert_eq!(market.prover(1).stake, 10_010 - 110);
		// The limits themselves are allowed, and with the last bid revealed the round closes.
		market.reveal_bytes(2, &good.encode()).expect("revealing");
		assert_eq!(market.pass_deadline().expect("due"), [Effect::WinnerSelected]);
	}
}

#[test]
fn share_should_worsen_the_rank_when_the_rollup_asks_for_it() {
	let winner = |w_share| {
		let mut market = committed(RollupParams { w_share, ..params() }, 400, 100, Standing::Head);
		market.now = 11;
		market.bid(1, 1_000_000_000).expect("bidding");
		market.bid(2, 0).expect("bidding");
		market.now = 14;
		market.reveal(1, 40, 10, None).expect("revealing");
		market.reveal(2, 60, 10, None).expect("revealing");
		market.pass_deadline().expect("due");
		let Stage::Assigned(assignment) = market.round.stage else { panic!("assigned") };
		(assignment.place.prover, assignment.place.payment, assignment.ladder[0].payment)
	};
	assert_eq!(winner(0), (id(1), 60, 100));
	// 0.43 * 2 against 0.57; what matches 0.86 is above the reserve.
	assert_eq!(winner(1_000_000_000), (id(2), 100, 100));
	// 0.43 * 1.5 = 0.645, and (0.645 - 0.15) / 0.7 = 0.707.
	assert_eq!(winner(500_000_000), (id(2), 70, 100));
}

#[test]
fn ladder_should_be_empty_when_the_rollup_wants_none() {
	let mut market =
		committed(RollupParams { ladder_len: 0, ..params() }, 400, 100, Standing::Head);
	let effects = auction(&mut market, &three());
	assert_eq!(effects, [released(2, 110), released(3, 110), Effect::WinnerSelected]);
	market.now = 31;
	assert_eq!(
		market.pass_deadline().expect("late until 30"),
		[
			Effect::ProverDefaulted { prover: id(1), slashed: 110 },
			Effect::RescueOpened { until: 35 },
		]
	);
}

#[test]
fn first_price_should_pay_every_place_its_own_fee() {
	let params = RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() };
	let mut market = committed(params, 400, 100, Standing::Head);
	auction(&mut market, &three());
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	let ladder: Vec<_> = assignment.ladder.iter().map(|place| place.payment).collect();
	assert_eq!((assignment.place.payment, ladder), (40, vec![60, 80]));
}

// --- rounds ---

#[test]
fn empty_rounds_should_raise_the_reserve_up_to_the_highest_fee_and_end_the_batch() {
	let mut market = market();
	for (number, now) in [(0, 13), (1, 16)] {
		market.now = now - 1;
		assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
		market.now = now;
		let effects = market.pass_deadline().expect("nobody has bid");
		assert_eq!(effects, [Effect::RoundEmpty(number), Effect::RoundOpened]);
	}
	assert_eq!(market.reserves, [100, 150, 400]);
	market.now = 19;
	let effects = market.pass_deadline().expect("nobody has bid");
	assert_eq!(effects, [Effect::RoundEmpty(2), Effect::BatchFailed { slashed: 0 }]);
	assert_eq!(market.end, Some(End::Failed));
	// The escrow is back, the bond is burned.
	assert_eq!((market.sequencer, market.burned), (common::FREE + 400, 50));
}

#[test]
fn round_at_the_highest_fee_should_repeat_while_rounds_are_left() {
	let params = RollupParams { max_empty_rounds: 5, ..params() };
	let mut market = committed(params, 160, 100, Standing::Head);
	for now in [13, 16, 19, 22] {
		market.now = now;
		market.pass_deadline().expect("nobody has bid");
	}
	assert_eq!(market.reserves, [100, 150, 160, 160, 160]);
}

#[test]
fn round_should_be_empty_when_no_bid_counts() {
	let mut market = market();
	market.now = 11;
	market.bid(1, 0).expect("bidding");
	market.bid(2, 0).expect("bidding");
	market.now = 14;
	market.reveal(1, 101, 10, None).expect("void");
	market.now = 17;
	assert_eq!(
		market.pass_deadline().expect("due"),
		[
			Effect::BidVoided {
				bidder: id(2),
				slashed: 110,
				reward: None,
				reason: VoidReason::Silent
			},
			Effect::RoundEmpty(0),
			Effect::RoundOpened,
		]
	);
	assert_eq!((market.round.number, market.round.opened_at, market.round.reserve), (1, 17, 150));
}

#[test]
fn default_should_pass_through_ladder_and_rescue_to_the_next_round_and_to_failure() {
	let mut market = market();
	assigned(&mut market);
	market.now = 30;
	assert_eq!(market.phase(), Phase::Late);
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
	market.now = 31;
	assert_eq!(
		market.pass_deadline().expect("due"),
		[
			Effect::ProverDefaulted { prover: id(1), slashed: 110 },
			Effect::PlaceOffered { until: 34 },
		]
	);
	market.now = 34;
	assert_eq!(market.phase(), Phase::Offered);
	market.now = 35;
	assert_eq!(market.accept(2), Err(Refusal::NothingOffered));
	assert_eq!(
		market.pass_deadline().expect("due"),
		[Effect::PlacePassed(id(2)), released(2, 110), Effect::PlaceOffered { until: 38 },]
	);
	assert_eq!(market.prover(2).stake, 10_010, "passing costs nothing");

	market.now = 38;
	assert_eq!(market.accept(2), Err(Refusal::NotOffered));
	assert_eq!(market.accept(3).expect("its turn"), [Effect::PlaceAccepted]);
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	assert_eq!((assignment.place.payment, assignment.first_payment), (100, 60));
	// It was offered in 35: at 37 the clock starts, whenever the place is taken.
	assert_eq!(
		assignment.delivery,
		Delivery { assigned_at: 38, clock: 37, on_time_until: 48, late_until: 51 }
	);

	market.now = 52;
	assert_eq!(
		market.pass_deadline().expect("due"),
		[
			Effect::ProverDefaulted { prover: id(3), slashed: 110 },
			Effect::RescueOpened { until: 56 },
		]
	);
	assert_eq!(market.round.slashed, 220);
	market.now = 56;
	assert_eq!(market.phase(), Phase::Rescue);
	market.now = 57;
	assert_eq!(market.pass_deadline().expect("due"), [Effect::RescueEnded, Effect::RoundOpened]);
	// A failed winner does not raise the reserve, and may bid again.
	let Round { number, reserve, empty_rounds, failed_rounds, slashed, .. } = market.round;
	assert_eq!((number, reserve, empty_rounds, failed_rounds, slashed), (1, 100, 0, 1, 220));

	auction(&mut market, &[(1, 50)]);
	market.now = 78;
	market.pass_deadline().expect("the clock is 63, late until 77");
	market.now = 83;
	assert_eq!(
		market.pass_deadline().expect("due"),
		[Effect::RescueEnded, Effect::BatchFailed { slashed: 330 }]
	);
	// Nothing of it to anyone: three bonds, the sequencer's, and the slots of 3 bids and of 1.
	assert_eq!(market.burned, 330 + 50 + (2 + 2 + 8) + 2);
	assert_eq!(market.sequencer, common::FREE + 400);
}

#[test]
fn empty_and_failed_rounds_should_be_counted_apart() {
	let mut market = market();
	market.now = 13;
	market.pass_deadline().expect("empty");
	market.now = 16;
	market.pass_deadline().expect("empty");
	assert_eq!((market.round.empty_rounds, market.round.reserve), (2, 400));
	auction(&mut market, &[(1, 300)]);
	market.now = 37;
	market.pass_deadline().expect("the clock is 22, late until 36");
	market.now = 42;
	market.pass_deadline().expect("nobody came to the rescue");
	assert_eq!((market.round.number, market.round.reserve), (3, 400));
	market.now = 45;
	let effects = market.pass_deadline().expect("empty");
	assert_eq!(effects, [Effect::RoundEmpty(3), Effect::BatchFailed { slashed: 410 }]);
}

fn fails(params: &RollupParams, round: &Round<Id>, standing: Standing) -> bool {
	let snapshot = common::snapshot(params.clone());
	let context = Context { snapshot: &snapshot, seal_delay: Some(1), max_fee: 400, standing };
	may_fail(round, &context)
}

#[test]
fn round_should_be_able_to_fail_its_batch_when_its_end_uses_up_the_rounds() {
	// 3 rounds may be empty and 2 may fail.
	let round = |stage, empty_rounds, failed_rounds| Round {
		stage,
		empty_rounds,
		failed_rounds,
		..Round::first(400, 100, 10)
	};
	let auction = || Stage::Auction(Auction::default());
	let rescue = || Stage::Rescue(Rescue { started_at: 40, first_payment: 60 });
	for (stage, empty, failed, expected) in [
		(auction(), 0, 0, false),
		(auction(), 1, 0, false),
		(auction(), 2, 0, true),
		(auction(), 1, 1, false),
		(auction(), 2, 1, true),
		// The last round of a batch that waited: both kinds are used up.
		(auction(), 3, 0, true),
		(auction(), 0, 2, true),
		(rescue(), 0, 0, false),
		(rescue(), 2, 0, false),
		(rescue(), 0, 1, true),
		(rescue(), 2, 1, true),
		(rescue(), 3, 0, true),
		(Stage::Waiting, 3, 0, false),
		(Stage::Proven { prover: id(1), at: 40, paid: 20 }, 2, 1, false),
	] {
		let round = round(stage, empty, failed);
		assert_eq!(fails(&params(), &round, Standing::Head), expected, "{round:?}");
		// Behind a predecessor it waits; a dropped one is dropped.
		assert!(!fails(&params(), &round, Standing::Behind));
		assert!(!fails(&params(), &round, Standing::Dropped));
	}
}

#[test]
fn prover_at_work_should_not_be_able_to_fail_the_batch_in_one_step() {
	let params = RollupParams { max_failed_rounds: 1, ..params() };
	for prepare in [assigned, offered] {
		let mut market = committed(params.clone(), 400, 100, Standing::Head);
		prepare(&mut market);
		// Ladder or rescue come first.
		assert!(!may_fail(&market.round, &market.context()));
	}
	let mut market = committed(params, 400, 100, Standing::Head);
	rescue(&mut market);
	assert!(may_fail(&market.round, &market.context()));
}

// --- waiting ---

#[test]
fn batch_should_wait_when_it_is_out_of_rounds_behind_an_unproven_predecessor() {
	let mut market = behind();
	for now in [13, 16] {
		market.now = now;
		market.pass_deadline().expect("nobody has bid");
	}
	market.now = 19;
	let effects = market.pass_deadline().expect("nobody has bid");
	assert_eq!(effects, [Effect::RoundEmpty(2), Effect::BatchWaiting]);
	assert_eq!(market.due(), None);
	market.now = 1_000;
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));

	market.standing = Standing::Head;
	assert_eq!(market.pass_deadline().expect("due"), [Effect::RoundOpened]);
	let Round { number, opened_at, reserve, .. } = market.round;
	assert_eq!((number, opened_at, reserve), (3, 1_000, 400));
	market.now = 1_003;
	let effects = market.pass_deadline().expect("nobody has bid");
	assert_eq!(effects, [Effect::RoundEmpty(3), Effect::BatchFailed { slashed: 0 }]);
}

#[test]
fn batch_should_wait_when_its_winners_have_failed_and_be_proven_in_its_last_round() {
	let params = RollupParams { max_failed_rounds: 1, ..params() };
	let mut market = committed(params, 400, 100, Standing::Behind);
	rescue(&mut market);
	market.now = 44;
	let effects = market.pass_deadline().expect("nobody came to the rescue");
	assert_eq!(effects, [Effect::RescueEnded, Effect::BatchWaiting]);
	assert_eq!(market.round.reserve, 100);
	market.now = 50;
	market.standing = Standing::Head;
	market.pass_deadline().expect("due");
	assert_eq!(market.round.reserve, 400);
	auction(&mut market, &[(4, 300), (5, 350)]);
	market.prove(4).expect("assigned");
	// What was slashed in the earlier round is still there: half of 110 and not above 400.
	let Receipt { reserve, payment, slashed_share, slashed_burned, refund, .. } =
		receipt(&market).clone();
	assert_eq!((reserve, payment, slashed_share, slashed_burned, refund), (400, 350, 50, 60, 50));
	market.finalize();
	assert_eq!(market.end, Some(End::Final));
}

#[test]
fn batch_should_fail_in_its_last_round_when_that_fails_in_either_way() {
	let mut market = behind();
	waiting(&mut market);
	market.standing = Standing::Head;
	market.pass_deadline().expect("due");
	auction(&mut market, &[(1, 10)]);
	market.now = market.due().expect("assigned");
	market.pass_deadline().expect("default");
	market.now = market.due().expect("rescue");
	let effects = market.pass_deadline().expect("nobody came to the rescue");
	assert_eq!(effects, [Effect::RescueEnded, Effect::BatchFailed { slashed: 410 }]);
}

// --- delivery ---

#[test]
fn delivery_on_time_should_be_paid_in_full_and_release_every_bond() {
	let mut market = market();
	assigned(&mut market);
	market.now = 27;
	let effects = market.prove(1).expect("on time");
	assert_eq!(effects[..3], [released(1, 110), released(2, 110), released(3, 110)]);
	assert_eq!(
		effects[3],
		Effect::Delivered(Receipt {
			prover: id(1),
			reserve: 100,
			counted: 3,
			payment: 60,
			late_blocks: 0,
			late_cost: 0,
			slashed_share: 0,
			slashed_burned: 0,
			refund: 340,
		})
	);
	assert_eq!(effects.len(), 4);
	// Escrow and bond are back with the sequencer, and nobody is paid again.
	assert_eq!(market.sequencer, common::FREE + 340 + 50);
	assert_eq!(market.prove(1), Err(Refusal::NothingToProve));
	assert_eq!(market.pass_deadline(), Err(Refusal::NotDue));
}

#[test]
fn late_delivery_should_cost_each_block_and_burn_it() {
	for (now, cost) in [(28, 3), (29, 6), (30, 9)] {
		let mut market = market();
		assigned(&mut market);
		market.now = now;
		let burned = market.burned;
		market.prove(1).expect("late");
		let receipt = receipt(&market);
		assert_eq!((receipt.late_blocks, receipt.late_cost), (now - 27, cost));
		assert_eq!((receipt.payment, receipt.refund), (60, 340));
		assert_eq!(income(&market), 60 - cost);
		assert_eq!(market.burned, burned + cost);
		assert_eq!(market.round.stage, Stage::Proven { prover: id(1), at: now, paid: 60 - cost });
		assert_eq!(market.prover(1).stake, 10_010, "lateness does not touch the bond");
	}
}

#[test]
fn late_delivery_should_never_cost_more_than_the_payment() {
	let params = RollupParams { late_rate: 1_000_000_000, ..params() };
	let mut market = committed(params, 400, 100, Standing::Head);
	assigned(&mut market);
	market.now = 30;
	market.prove(1).expect("late");
	assert_eq!((receipt(&market).late_cost, income(&market)), (60, 0));
}

#[test]
fn delivery_should_be_refused_when_the_deadline_has_passed() {
	let mut market = market();
	assigned(&mut market);
	market.now = 31;
	assert_eq!(market.prove(1), Err(Refusal::TooLate));
	market.pass_deadline().expect("due");
	market.now = 35;
	assert_eq!(market.prove(2), Err(Refusal::TooLate));
	market.pass_deadline().expect("due");
	market.now = 39;
	market.pass_deadline().expect("due");
	market.now = 44;
	assert_eq!(market.prove(4), Err(Refusal::TooLate));
}

#[test]
fn place_should_be_taken_by_a_proof_alone() {
	let mut market = market();
	offered(&mut market);
	market.now = 34;
	assert_eq!(market.prove(1), Err(Refusal::NotOffered));
	assert_eq!(market.prove(3), Err(Refusal::NotOffered));
	let effects = market.prove(2).expect("its turn");
	assert_eq!(effects[..2], [released(2, 110), released(3, 110)]);
	// Payment 80 under a reserve of 100 leaves 20 of the 55.
	let receipt = receipt(&market);
	assert_eq!((receipt.payment, receipt.late_blocks, receipt.slashed_share), (80, 0, 20));
	assert_eq!(receipt.slashed_burned, 90);
}

#[test]
fn runner_up_should_gain_no_time_whenever_it_takes_its_place() {
	// Offered in 31: an honest transaction is in block 33 at the latest.
	let clock = 33;
	for now in 31..=34 {
		let mut market = market();
		offered(&mut market);
		market.now = now;
		market.accept(2).expect("its turn");
		let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
		let Delivery { assigned_at, clock: found, on_time_until, late_until } = assignment.delivery;
		assert_eq!((assigned_at, found), (now, clock));
		assert_eq!((on_time_until, late_until), (clock + 11, clock + 14));
	}
}

#[test]
fn place_should_stand_until_its_prover_could_have_taken_it_and_proved() {
	// 1 block, twice the slack of 1 and 10 committed blocks: 13, or fewer where the rollup says so.
	for (ladder_blocks, until) in [(3, 34), (12, 43), (13, 44), (14, 44), (50, 44)] {
		let params = RollupParams { ladder_blocks, ..params() };
		let market = || {
			let mut market = committed(params.clone(), 400, 100, Standing::Head);
			assigned(&mut market);
			market.now = 31;
			let effects = market.pass_deadline().expect("late until 30");
			assert_eq!(effects[1], Effect::PlaceOffered { until });
			market
		};
		for now in [until - 1, until] {
			let (mut taken, mut proven) = (market(), market());
			(taken.now, proven.now) = (now, now);
			assert_eq!(taken.accept(2), Ok(vec![Effect::PlaceAccepted]));
			proven.prove(2).expect("its place");
			assert_eq!((receipt(&proven).payment, receipt(&proven).late_blocks), (80, 0));
		}
		let mut passed = market();
		passed.now = until;
		assert_eq!(passed.pass_deadline(), Err(Refusal::NotDue));
		passed.now = until + 1;
		assert_eq!(passed.accept(2), Err(Refusal::NothingOffered));
		assert_eq!(passed.prove(2), Err(Refusal::TooLate));
		assert_eq!(passed.pass_deadline().expect("due")[0], Effect::PlacePassed(id(2)));
	}
}

#[test]
fn runner_up_should_be_held_to_its_own_time_when_it_has_accepted() {
	let mut market = market();
	offered(&mut market);
	market.now = 32;
	market.accept(2).expect("its turn");
	assert_eq!(market.prove(3), Err(Refusal::NotAssigned));
	// It was offered in 31: at 33 its clock starts, and it is on time up to block 44.
	market.now = 45;
	assert_eq!(market.phase(), Phase::Late);
	market.prove(2).expect("late");
	let receipt = receipt(&market);
	assert_eq!((receipt.payment, receipt.late_blocks, receipt.late_cost), (80, 1, 3));
	assert_eq!(income(&market), 80 - 3 + 20);
}

#[test]
fn deliverers_share_should_be_half_of_what_was_slashed_when_the_reserve_leaves_room() {
	let mut market = market();
	auction(&mut market, &[(1, 10), (2, 20), (3, 30)]);
	market.now = 31;
	market.pass_deadline().expect("due");
	market.prove(2).expect("its turn");
	let receipt = receipt(&market);
	assert_eq!((receipt.payment, receipt.slashed_share, receipt.slashed_burned), (30, 55, 55));
}

#[test]
fn rescue_should_pay_more_with_each_block_up_to_the_reserve() {
	for (now, payment, share) in
		[(39, 60, 40), (40, 70, 30), (41, 80, 20), (42, 90, 10), (43, 100, 0)]
	{
		let mut market = market();
		rescue(&mut market);
		market.now = now;
		let effects = market.prove(6).expect("any prover");
		assert_eq!(effects.len(), 1, "no bonds are left");
		let receipt = receipt(&market);
		assert_eq!((receipt.payment, receipt.slashed_share), (payment, share));
		assert_eq!((receipt.late_cost, receipt.slashed_burned), (0, 110 - share));
	}
}

#[test]
fn rescue_should_not_repay_a_prover_that_defaulted() {
	let mut market = market();
	rescue(&mut market);
	market.now = 43;
	market.prove(1).expect("any prover");
	assert!(income(&market) < 110, "the bond was more than a rescue pays");
}

#[test]
fn proof_commitment_should_bind_winner_and_ladder_but_not_a_rescue() {
	let terms =
		|market: &Market, number| claim(&market.round, &id(number), &market.context(), market.now);
	let mut market = market();
	assigned(&mut market);
	let bound = |payment, late_blocks| Claim {
		proof_commitment: Some(PROOF),
		payment,
		late_blocks,
		rescue: false,
	};
	assert_eq!(terms(&market, 1), Ok(bound(60, 0)));
	market.now = 28;
	assert_eq!(terms(&market, 1), Ok(bound(60, 1)));
	assert_eq!(terms(&market, 2), Err(Refusal::NotAssigned));
	market.now = 31;
	assert_eq!(terms(&market, 1), Err(Refusal::TooLate));
	market.pass_deadline().expect("due");
	assert_eq!(terms(&market, 2), Ok(bound(80, 0)));
	assert_eq!(terms(&market, 3), Err(Refusal::NotOffered));
	market.accept(2).expect("its turn");
	assert_eq!(terms(&market, 2), Ok(bound(80, 0)));
	market.now = 48;
	market.pass_deadline().expect("late until 47");
	market.accept(3).expect("its turn");
	assert_eq!(terms(&market, 3), Ok(bound(100, 0)));
	market.now = market.due().expect("assigned");
	market.pass_deadline().expect("due");
	let free = Claim { proof_commitment: None, payment: 60, late_blocks: 0, rescue: true };
	assert_eq!(terms(&market, 3), Ok(free));
	assert_eq!(terms(&market, 7), Ok(free));
}

#[test]
fn proven_batch_should_be_final_when_its_predecessors_are() {
	let mut market = behind();
	assigned(&mut market);
	market.prove(1).expect("on time");
	assert_eq!(market.phase(), Phase::Proven);
	assert_eq!(market.due(), None);
	market.standing = Standing::Head;
	assert!(market.due().is_some_and(|due| due <= market.now));
	market.finalize();
}

// --- dropped ---

fn dropped(paid: bool, slashed: u128) -> Effect<Id> {
	Effect::BatchDropped { paid, slashed }
}

#[test]
fn auction_should_release_every_bond_when_the_batch_is_dropped() {
	let mut market = behind();
	market.now = 11;
	for number in [1, 2, 3] {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	market.reveal(2, 40, 10, None).expect("revealing");
	market.reveal(3, 101, 10, None).expect("void");
	market.standing = Standing::Dropped;
	assert_eq!(market.bid(4, 0), Err(Refusal::Dropped));
	assert_eq!(market.reveal(1, 40, 10, None), Err(Refusal::Dropped));
	assert_eq!(
		market.pass_deadline().expect("dropped"),
		[
			Effect::BidVoided {
				bidder: id(1),
				slashed: 0,
				reward: None,
				reason: VoidReason::Dropped
			},
			released(1, 110),
			released(2, 110),
			dropped(false, 0),
		]
	);
	assert_eq!(market.sequencer, common::FREE + 400 + 50);
	assert_eq!(market.prover(1).stake, 10_010);
}

#[test]
fn auction_should_be_dropped_in_every_block() {
	for now in [10, 11, 12, 13, 14, 16, 17, 100] {
		let mut market = behind();
		market.now = 11;
		market.bid(1, 0).expect("bidding");
		market.now = now;
		market.standing = Standing::Dropped;
		assert_eq!(market.phase(), Phase::Dropped);
		assert_eq!(market.pass_deadline().expect("dropped").last(), Some(&dropped(false, 0)));
	}
}

#[test]
fn assigned_prover_should_be_paid_within_its_time_when_the_batch_is_dropped() {
	for (now, late_cost) in [(14, 0), (27, 0), (30, 9)] {
		let mut market = behind();
		assigned(&mut market);
		market.standing = Standing::Dropped;
		// The ladder is free at once, and only once.
		let effects = market.pass_deadline().expect("dropped");
		assert_eq!(effects, [released(2, 110), released(3, 110)]);
		assert_eq!(market.pass_deadline().expect("dropped"), []);
		market.now = now;
		assert_eq!(market.prove(2), Err(Refusal::NotAssigned));
		let effects = market.prove(1).expect("within its time");
		assert_eq!((&effects[0], effects.last()), (&released(1, 110), Some(&dropped(true, 0))));
		assert_eq!((receipt(&market).payment, receipt(&market).late_cost), (60, late_cost));
		assert_eq!(market.end, Some(End::Dropped { paid: true }));
		assert_eq!(market.sequencer, common::FREE + 340 + 50);
	}
}

#[test]
fn assigned_prover_should_owe_nothing_after_its_time_when_the_batch_is_dropped() {
	let mut market = behind();
	assigned(&mut market);
	market.now = 20;
	market.standing = Standing::Dropped;
	market.pass_deadline().expect("dropped");
	assert_eq!(market.due(), Some(31));
	market.now = 31;
	assert_eq!(market.phase(), Phase::Dropped);
	assert_eq!(market.prove(1), Err(Refusal::Dropped));
	let effects = market.pass_deadline().expect("dropped");
	assert_eq!(effects, [released(1, 110), dropped(false, 0)]);
	assert_eq!(market.prover(1).stake, 10_010);
}

#[test]
fn overdue_prover_should_owe_nothing_when_the_batch_is_dropped_before_its_default() {
	let mut market = behind();
	assigned(&mut market);
	market.now = 31;
	assert_eq!(market.phase(), Phase::Overdue);
	market.standing = Standing::Dropped;
	let effects = market.pass_deadline().expect("dropped");
	assert_eq!(effects, [released(1, 110), released(2, 110), released(3, 110), dropped(false, 0)]);
}

#[test]
fn accepted_runner_up_should_be_paid_with_its_share_when_the_batch_is_dropped() {
	let mut market = behind();
	offered(&mut market);
	market.accept(2).expect("its turn");
	market.standing = Standing::Dropped;
	let effects = market.prove(2).expect("within its time");
	assert_eq!(effects.last(), Some(&dropped(true, 0)));
	assert_eq!((receipt(&market).payment, receipt(&market).slashed_share), (80, 20));
}

#[test]
fn offered_place_should_be_void_when_the_batch_is_dropped() {
	let mut market = behind();
	offered(&mut market);
	market.standing = Standing::Dropped;
	assert_eq!(market.accept(2), Err(Refusal::Dropped));
	assert_eq!(market.prove(2), Err(Refusal::Dropped));
	let effects = market.pass_deadline().expect("dropped");
	// The default stays slashed; with nobody to deliver all of it is burned.
	assert_eq!(effects, [released(2, 110), released(3, 110), dropped(false, 110)]);
	assert_eq!(market.burned, 110 + 2 + 2 + 8);
}

#[test]
fn rescue_should_end_when_the_batch_is_dropped() {
	let mut market = behind();
	rescue(&mut market);
	market.standing = Standing::Dropped;
	assert_eq!(market.prove(6), Err(Refusal::Dropped));
	assert_eq!(market.pass_deadline().expect("dropped"), [dropped(false, 110)]);
}

#[test]
fn waiting_batch_should_end_when_it_is_dropped() {
	let mut market = behind();
	waiting(&mut market);
	market.standing = Standing::Dropped;
	assert_eq!(market.pass_deadline().expect("dropped"), [dropped(false, 0)]);
	assert_eq!(market.sequencer, common::FREE + 400 + 50);
}

#[test]
fn proven_batch_should_stay_paid_when_it_is_dropped() {
	let mut market = behind();
	assigned(&mut market);
	market.prove(1).expect("on time");
	let free = market.prover(1).free;
	market.standing = Standing::Dropped;
	assert_eq!(market.phase(), Phase::Dropped);
	assert_eq!(market.prove(1), Err(Refusal::Dropped));
	assert_eq!(market.pass_deadline().expect("dropped"), [dropped(true, 0)]);
	assert_eq!(market.prover(1).free, free);
	assert_eq!(market.sequencer, common::FREE + 340 + 50);
}

// --- refusals ---

/// Every input in every phase: who is refused, and why.
#[test]
fn test_boundary_matrix() {
	use Refusal::*;

	fn sealed(market: &mut Market) {
		market.now = 11;
		market.bid(1, 0).expect("bidding");
	}

	fn proven(market: &mut Market) {
		assigned(market);
		market.prove(1).expect("on time");
	}

	/// Takes a batch to a stage.
	type Prepare = fn(&mut Market);

	// Bid, reveal, deadline, accept by 2, proof by 1, by 2, by 6.
	type Row = (Prepare, Standing, &'static [u32], Phase, [Option<Refusal>; 7]);

	let head = Standing::Head;
	let behind = Standing::Behind;
	let late = Some(TooLate);
	let (bid, reveal, due, place, none) = (
		Some(NotBidding),
		Some(NotRevealing),
		Some(NotDue),
		Some(NothingOffered),
		Some(NothingToProve),
	);
	let other = Some(NotAssigned);
	let gone = [Some(Dropped); 7];
	let dropped = [gone[0], gone[1], None, gone[3], gone[4], gone[5], gone[6]];
	let table: &[Row] = &[
		(sealed, head, &[10], Phase::Opening, [bid, reveal, due, place, none, none, none]),
		(sealed, head, &[11, 12], Phase::Bidding, [None, reveal, due, place, none, none, none]),
		(sealed, head, &[13], Phase::FinalityGap, [bid, reveal, due, place, none, none, none]),
		(sealed, head, &[14, 16], Phase::Revealing, [bid, None, due, place, none, none, none]),
		(sealed, head, &[17, 99], Phase::Overdue, [bid, reveal, None, place, none, none, none]),
		(assigned, head, &[14, 27], Phase::Proving, [bid, reveal, due, place, None, other, other]),
		(assigned, head, &[28, 30], Phase::Late, [bid, reveal, due, place, None, other, other]),
		(assigned, head, &[31, 99], Phase::Overdue, [bid, reveal, None, place, late, late, late]),
		(
			offered,
			head,
			&[31, 34],
			Phase::Offered,
			[bid, reveal, due, None, Some(NotOffered), None, Some(NotOffered)],
		),
		(offered, head, &[35, 99], Phase::Overdue, [bid, reveal, None, place, late, late, late]),
		(rescue, head, &[39, 43], Phase::Rescue, [bid, reveal, due, place, None, None, None]),
		(rescue, head, &[44, 99], Phase::Overdue, [bid, reveal, None, place, late, late, late]),
		(waiting, behind, &[19, 99], Phase::Waiting, [bid, reveal, due, place, none, none, none]),
		(waiting, head, &[19, 99], Phase::Overdue, [bid, reveal, None, place, none, none, none]),
		(proven, behind, &[14, 99], Phase::Proven, [bid, reveal, due, place, none, none, none]),
		(proven, head, &[14, 99], Phase::Proven, [bid, reveal, due, place, none, none, none]),
		(sealed, Standing::Dropped, &[10, 11, 14, 17], Phase::Dropped, dropped),
		(
			assigned,
			Standing::Dropped,
			&[14, 27],
			Phase::Proving,
			[bid, reveal, None, place, None, other, other],
		),
		(
			assigned,
			Standing::Dropped,
			&[28, 30],
			Phase::Late,
			[bid, reveal, None, place, None, other, other],
		),
		(assigned, Standing::Dropped, &[31, 99], Phase::Dropped, dropped),
		(offered, Standing::Dropped, &[31, 35], Phase::Dropped, dropped),
		(rescue, Standing::Dropped, &[39, 44], Phase::Dropped, dropped),
		(waiting, Standing::Dropped, &[19, 99], Phase::Dropped, dropped),
		(proven, Standing::Dropped, &[14, 99], Phase::Dropped, dropped),
	];
	for (row, (prepare, standing, blocks, phase, refusals)) in table.iter().enumerate() {
		let mut market = committed(params(), 400, 100, Standing::Behind);
		prepare(&mut market);
		market.standing = *standing;
		let bids = market.bids.clone();
		let payload =
			BidPayload { fee: 40, proof_blocks: 10, proof_commitment: None, salt: [1; 32] };
		let payload = payload.encode();
		let inputs = [
			Input::Bid,
			Input::Reveal { bidder: id(1), share: 0, payload: &payload },
			Input::Due(&bids),
			Input::Accept(id(2)),
			Input::Proof(id(1)),
			Input::Proof(id(2)),
			Input::Proof(id(6)),
		];
		for now in *blocks {
			market.now = *now;
			assert_eq!(market.phase(), *phase, "row {row}, block {now}");
			for (input, refusal) in inputs.iter().zip(refusals) {
				let outcome = step(market.round.clone(), input.clone(), &market.context(), *now);
				assert_eq!(outcome.err(), *refusal, "row {row}, block {now}, {input:?}");
			}
		}
	}
}

#[test]
fn bid_should_be_refused_when_the_round_is_full() {
	let market = market();
	let mut round = market.round.clone();
	let full = Auction { bids: common::MAX_BIDS, sealed: common::MAX_BIDS, opened: 0 };
	round.stage = Stage::Auction(full);
	assert_eq!(
		step(round.clone(), Input::Bid, &market.context(), 11).err(),
		Some(Refusal::RoundFull)
	);
	round.stage = Stage::Auction(Auction { bids: full.bids - 1, ..full });
	let after = step(round, Input::Bid, &market.context(), 11).expect("one is left").round;
	assert!(
		matches!(after, Some(Round { stage: Stage::Auction(auction), .. }) if auction.bids == full.bids)
	);
}

#[test]
fn transition_should_be_refused_when_parameters_break_their_rules() {
	let division = Some(Refusal::Math(MathError::DivisionByZero));
	// A reserve of zero divides the score.
	let mut market = committed(params(), 400, 0, Standing::Head);
	market.now = 11;
	market.bid(1, 0).expect("bidding");
	market.now = 14;
	assert_eq!(market.reveal(1, 0, 10, None).err(), division);
	assert_eq!(market.bids[0].stage, BidStage::Sealed, "a refusal changes nothing");

	// A weight of zero divides the payment.
	let mut market = committed(RollupParams { w_fee: 0, ..params() }, 400, 100, Standing::Head);
	market.now = 11;
	for number in [1, 2] {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	for number in [1, 2] {
		market.reveal(number, 40, 10, None).expect("revealing");
	}
	assert_eq!(market.pass_deadline().err(), division);
	assert_eq!(market.bids.len(), 2);

	// A rescue of one block divides its price.
	let mut market =
		committed(RollupParams { rescue_blocks: 1, ..params() }, 400, 100, Standing::Head);
	auction(&mut market, &[(1, 40)]);
	market.now = 31;
	market.pass_deadline().expect("late until 30");
	assert_eq!(market.prove(6).err(), division);
}
