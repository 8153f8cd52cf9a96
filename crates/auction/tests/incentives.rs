// SPDX-License-Identifier: Apache-2.0
//! Consequences of the ranking and the payments for bidders: order does not matter, a better offer never
//! ranks worse, and lying about time or fee never pays, whenever one reveals.

use common::{committed, id, Id};
use proptest::prelude::*;
use pvs_auction::{
	driver::market::ClockRule,
	lateness::late_cost,
	payment::payment,
	phase::Windows,
	rank::rank,
	round::{Auction, Bid, BidStage, Context, Delivery, Round, Stage, Standing, Terms},
	rules::{check, Limits},
	score::score,
	step::{step, Input},
};
use pvs_primitives::params::{PaymentRule, RollupParams, Snapshot, WHOLE};

mod common;

/// The largest window that [`LIMITS`] allow.
const LONGEST: u32 = 10_000;

const LIMITS: Limits = Limits {
	max_data_bytes: 100,
	inclusion_slack: 1,
	max_window_blocks: LONGEST,
	min_stake: u128::MAX,
	max_rounds: 3,
	existential_deposit: 1,
	min_sequencer_bond: 0,
	max_bidding_blocks: LONGEST,
	min_opening_blocks: 1,
	min_settle_blocks: 1,
	max_settle_blocks: LONGEST,
	min_silence_penalty: 1,
};

prop_compose! {
	/// Parameters that the rules accept, with `late_rate` at its allowed minimum.
	fn parameters()(
		w_fee in 1u32.., w_time: u32, w_share: u32, times in [1..=LONGEST, 1..=LONGEST],
		shift in 0..32u32, grace_blocks in 1..=LONGEST, first_price: bool,
	) -> RollupParams {
		let (min_proof_blocks, max_proof_blocks) = (times[0].min(times[1]), times[0].max(times[1]));
		let most = u64::from(w_fee) * u64::from(max_proof_blocks);
		let w_time =
			u32::try_from(most.min(u64::from(w_time >> shift)).max(1)).expect("at most w_time");
		let least = (u128::from(w_time) * u128::from(WHOLE)).div_ceil(u128::from(most));
		let params = RollupParams {
			w_fee,
			w_time,
			w_share,
			min_proof_blocks,
			max_proof_blocks,
			max_reserve: u128::MAX - 1_000,
			late_rate: u32::try_from(least).expect("at most one whole"),
			grace_blocks,
			payment_rule: if first_price { PaymentRule::FirstPrice } else { PaymentRule::SecondScore },
			..common::params()
		};
		assert_eq!(check(&params, &LIMITS), Ok(()));
		params
	}
}

/// An offer before it is fitted to parameters and reserve.
#[derive(Clone, Copy, Debug)]
struct Offer {
	fee: u32,
	time: u32,
	share: u32,
	salt: u8,
}

prop_compose! {
	fn offer()(fee in 0..=WHOLE, time: u32, share in 0..=WHOLE, salt: u8, coarse: bool) -> Offer {
		// Coarse offers tie.
		let fee = if coarse { fee / 300_000_000 * 300_000_000 } else { fee };
		Offer { fee, time, share: if coarse { 0 } else { share }, salt }
	}
}

fn reserves() -> impl Strategy<Value = u128> {
	(any::<u128>(), 3..128u32).prop_map(|(number, shift)| (number >> shift).max(1))
}

fn part_of(reserve: u128, nano: u32) -> u128 {
	let whole = u128::from(WHOLE);
	reserve / whole * u128::from(nano) + reserve % whole * u128::from(nano) / whole
}

fn time_of(number: u32, params: &RollupParams) -> u32 {
	1 + number % params.max_proof_blocks
}

fn bid(
	bidder: Id,
	fee: u128,
	proof_blocks: u32,
	share: u32,
	salt: u8,
	reserve: u128,
	params: &RollupParams,
) -> Bid<Id> {
	let score = score(fee, proof_blocks, share, reserve, params).expect("within the rules");
	let terms = Terms { fee, proof_blocks, proof_commitment: None, salt: [salt; 32], score };
	Bid { bidder, share, stage: BidStage::Revealed(terms) }
}

fn opponents(offers: &[Offer], reserve: u128, params: &RollupParams) -> Vec<Bid<Id>> {
	(1u8..)
		.zip(offers)
		.map(|(number, offer)| {
			let fee = part_of(reserve, offer.fee);
			let time = time_of(offer.time, params);
			bid(id(number), fee, time, offer.share, offer.salt, reserve, params)
		})
		.collect()
}

/// Our place in the ranking, and what it is paid.
fn place(
	ours: &Bid<Id>,
	others: &[Bid<Id>],
	reserve: u128,
	params: &RollupParams,
) -> (usize, u128) {
	let bids = [others, std::slice::from_ref(ours)].concat();
	let ranked = rank(&bids);
	let place = ranked.iter().position(|(bid, _)| bid.bidder == ours.bidder).expect("counts");
	let next = ranked.get(place + 1).map(|(_, terms)| terms.score);
	let terms = ranked[place].1;
	let paid = payment(terms.fee, terms.proof_blocks, ours.share, next, reserve, params);
	(place, paid.expect("within the rules"))
}

fn shuffled(bids: &[Bid<Id>], seed: u64) -> Vec<Bid<Id>> {
	let mut bids = bids.to_vec();
	let mut state = seed;
	for i in (1..bids.len()).rev() {
		state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
		bids.swap(i, usize::try_from(state >> 33).expect("31 bits") % (i + 1));
	}
	bids
}

const OURS: u8 = 100;

fn context(snapshot: &Snapshot, max_fee: u128) -> Context<'_> {
	let seal_delay = Some(common::SEAL_DELAY);
	Context { snapshot, seal_delay, max_fee, standing: Standing::Head }
}

/// The deadlines of a prover that promised `proof_blocks`, in a round that opened in block 10 and closed
/// in block `close`.
fn deadlines(close: u32, proof_blocks: u32, snapshot: &Snapshot) -> Delivery {
	let auction = Auction { bids: 2, sealed: 0, opened: 0 };
	let clock = Windows::new(10, &auction, &context(snapshot, 1)).clock(&auction, close);
	Delivery::new(close, clock, proof_blocks, snapshot)
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		..ProptestConfig::with_cases(4_096)
	})]

	#[test]
	fn prop_winner_permutation_invariant(
		offers in prop::collection::vec(offer(), 0..12),
		silent in 0..12usize,
		reserve in reserves(),
		params in parameters(),
		seed: u64,
	) {
		let mut bids = opponents(&offers, reserve, &params);
		if let Some(bid) = bids.get_mut(silent) {
			bid.stage = BidStage::Sealed;
		}
		let other = shuffled(&bids, seed);
		let names = |bids: &[Bid<Id>]| -> Vec<_> {
			rank(bids).into_iter().map(|(bid, terms)| (bid.bidder, terms.clone())).collect()
		};
		prop_assert_eq!(names(&bids), names(&other));

		let snapshot = common::snapshot(params);
		let context = context(&snapshot, reserve);
		let count = u32::try_from(bids.len()).expect("few");
		let mut round = Round::first(reserve, reserve, 10);
		round.stage = Stage::Auction(Auction { bids: count, sealed: count.min(1), opened: 0 });
		let close = |bids: &[Bid<Id>]| {
			let closed = step(round.clone(), Input::Due(bids), &context, 100).expect("due");
			let mut effects: Vec<_> =
				closed.effects.iter().map(|effect| format!("{effect:?}")).collect();
			// Who is silent is told in the order of the bids.
			effects.sort_unstable();
			(closed.round, effects)
		};
		prop_assert_eq!(close(&bids), close(&other));
	}

	#[test]
	fn better_offer_should_never_rank_worse(
		ours in offer(),
		better in (any::<u32>(), any::<u32>()),
		offers in prop::collection::vec(offer(), 0..12),
		reserve in reserves(),
		params in parameters(),
	) {
		let others = opponents(&offers, reserve, &params);
		let (fee, time) = (part_of(reserve, ours.fee), time_of(ours.time, &params));
		let rank_of = |fee, time| {
			let bid = bid(id(OURS), fee, time, ours.share, ours.salt, reserve, &params);
			place(&bid, &others, reserve, &params).0
		};
		let base = rank_of(fee, time);
		prop_assert!(rank_of(fee.min(part_of(reserve, better.0 % WHOLE)), time) <= base);
		prop_assert!(rank_of(fee, time.min(time_of(better.1, &params))) <= base);
	}

	/// `protocol.md`, sections 5 and 7. A proof arrives when it arrives: in the last block in which a prover
	/// is on time that reveals at once and promises the truth. The prover promises fewer blocks instead,
	/// and reveals in any block of the window, before or after its rivals.
	#[test]
	fn lying_about_time_never_pays(
		ours in offer(),
		promise: u32,
		offers in prop::collection::vec(offer(), 0..8),
		reserve in reserves(),
		params in parameters(),
		reveal_blocks in 3..20u32,
		reveals in [any::<u32>(), any::<u32>()],
	) {
		let params = RollupParams { reveal_blocks, ..params };
		let others = opponents(&offers, reserve, &params);
		let (fee, time) = (part_of(reserve, ours.fee), time_of(ours.time, &params));
		let promise = 1 + promise % time;
		let as_bid = |fee, time| bid(id(OURS), fee, time, ours.share, ours.salt, reserve, &params);
		let snapshot = common::snapshot(params.clone());
		// Bidding takes two blocks and the gap one.
		let [own_reveal, last_rival] = reveals.map(|reveal| 14 + reveal % reveal_blocks);
		let arrives = deadlines(last_rival, time, &snapshot).on_time_until;
		let late =
			deadlines(own_reveal.max(last_rival), promise, &snapshot).late_blocks(arrives);
		let honest = place(&as_bid(fee, time), &others, reserve, &params);
		let lie = place(&as_bid(fee, promise), &others, reserve, &params);
		// Who does not win, or defaults, is paid nothing.
		let cost = late_cost(lie.1, late, params.late_rate, reserve).expect("total");
		let lies_income =
			if lie.0 == 0 && late <= params.grace_blocks { lie.1 - cost } else { 0 };
		match params.payment_rule {
			PaymentRule::SecondScore if honest.0 == 0 => prop_assert!(lies_income <= honest.1),
			// Who loses with the truth earns no more than its fee with the lie, which is what it asks for
			// the work, but for what one unit of score is worth in planck.
			PaymentRule::SecondScore => {
				let unit = reserve / (u128::from(params.w_fee) * u128::from(WHOLE)) + 1;
				prop_assert!(lies_income <= fee + unit);
			},
			// There is a truthful offer that ranks no worse and is paid the same.
			PaymentRule::FirstPrice if lies_income > 0 => {
				let truth = as_bid(lies_income, time);
				prop_assert!(place(&truth, &others, reserve, &params).0 <= lie.0);
			},
			PaymentRule::FirstPrice => (),
		}
	}

	#[test]
	fn lying_about_the_fee_never_pays_under_second_score(
		ours in offer(),
		other_fee in 0..=WHOLE,
		offers in prop::collection::vec(offer(), 0..8),
		reserve in reserves(),
		params in parameters(),
	) {
		let params = RollupParams { payment_rule: PaymentRule::SecondScore, ..params };
		let others = opponents(&offers, reserve, &params);
		let time = time_of(ours.time, &params);
		let (cost, asked) = (part_of(reserve, ours.fee), part_of(reserve, other_fee));
		let with_fee = |fee| {
			let bid = bid(id(OURS), fee, time, ours.share, ours.salt, reserve, &params);
			place(&bid, &others, reserve, &params)
		};
		let (honest, lie) = (with_fee(cost), with_fee(asked));
		if honest.0 == 0 && lie.0 == 0 {
			prop_assert_eq!(honest.1, lie.1);
		} else if lie.0 == 0 {
			let unit = reserve / (u128::from(params.w_fee) * u128::from(WHOLE)) + 1;
			prop_assert!(lie.1 <= cost + unit);
		}
		// The truth never costs anything.
		prop_assert!(honest.1 >= cost);
	}
}

/// The lowest rate that the rules allow is the lowest that deters.
#[test]
fn lying_about_time_should_pay_when_the_late_rate_is_below_its_minimum() {
	let reserve = 1_000_000_000_000;
	let income = |late_rate, promise: u32| {
		let params = RollupParams { late_rate, ..common::params() };
		let other = bid(id(1), reserve / 2, 10, 0, 1, reserve, &params);
		let ours = bid(id(OURS), reserve / 10, promise, 0, 2, reserve, &params);
		let (place, paid) = place(&ours, &[other], reserve, &params);
		assert_eq!(place, 0);
		paid - late_cost(paid, 10 - promise, late_rate, reserve).expect("total")
	};
	// 0.3 / (0.7 * 20) is 0.0214285714..
	for promise in 5..10 {
		assert!(income(21_428_571, promise) > income(21_428_571, 10));
		assert!(income(21_428_572, promise) <= income(21_428_572, 10));
	}
}

const UNIT: u128 = 1_000_000_000_000;

/// The preset of the audit: reserve 5, times up to 30 blocks, a late block 5 %. A round that opens in
/// block 10 has bidding in 11 and 12, a gap in 13 and reveals in 14 to 21.
fn audited() -> RollupParams {
	RollupParams {
		reveal_blocks: 8,
		max_proof_blocks: 30,
		max_reserve: 10 * UNIT,
		silence_penalty: UNIT,
		grace_blocks: 10,
		late_rate: 50_000_000,
		..common::params()
	}
}

/// Returns what prover 1 is paid, less lateness, in the round of finding M1. Without delays, it has a cost of
/// 2 and 9 blocks of work against a rival that asks 2.5 for 8 blocks and reveals at once. Knowing that it
/// wins, it starts work in block 14. In version 1 the clock started when the round closed.
fn paid(proof_blocks: u32, reveal: u32, clock: ClockRule) -> u128 {
	let mut market = committed(audited(), 10 * UNIT, 5 * UNIT, Standing::Head);
	market.snapshot.inclusion_slack = 0;
	market.clock = clock;
	market.now = 11;
	for number in [1, 2] {
		market.bid(number, 0).expect("bidding");
	}
	market.now = 14;
	market.reveal(2, 25 * UNIT / 10, 8, None).expect("revealing");
	market.now = reveal;
	market.reveal(1, 2 * UNIT, proof_blocks, None).expect("revealing");
	market.pass_deadline().expect("all have revealed");
	let Stage::Assigned(assignment) = &market.round.stage else { panic!("assigned") };
	if assignment.place.prover != id(1) {
		return 0;
	}
	market.now = reveal.max(14 + 9);
	market.prove(1).expect("at most 7 blocks late");
	let receipt = &market.receipts[0];
	receipt.payment - receipt.late_cost
}

/// Finding M1 of the audit.
#[test]
fn last_revealer_should_gain_nothing_by_choosing_its_clock() {
	let best = |reveal: u32, clock: ClockRule| {
		let claims = 2..=30;
		claims.map(|blocks| (paid(blocks, reveal, clock), blocks)).max().expect("some")
	};
	// Version 1: who revealed at once could hold 9 blocks, and who revealed last 2, of the same work.
	assert_eq!(best(14, ClockRule::Close), (2_428_571_428_571, 9));
	assert_eq!(best(21, ClockRule::Close), (2_928_571_428_571, 2));
	// Now the clock starts in block 21 for both, and 2 more blocks are what both can hold.
	for reveal in 14..=21 {
		assert_eq!(best(reveal, ClockRule::Fixed), (2_928_571_428_571, 2), "revealed in {reveal}");
		for proof_blocks in 2..=30 {
			let at_once = paid(proof_blocks, 14, ClockRule::Fixed);
			assert_eq!(
				paid(proof_blocks, reveal, ClockRule::Fixed),
				at_once,
				"{proof_blocks}, {reveal}"
			);
		}
	}
}
