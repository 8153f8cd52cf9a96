// SPDX-License-Identifier: Apache-2.0
//! `docs/example.md`, driven through `step`: every number of that page.

use pvs_auction::{
	concentration::concentration,
	phase::phase,
	reserve::Reserve,
	round::{Auction, Bid, BidStage, Context, Round, Stage, Standing, VoidReason},
	score::score,
	share::share,
	slashing::{deliverers_share, rescue_payment},
	slot_fee::slot_fee,
	step::{step, Effect, Input, Receipt},
};
use pvs_primitives::{
	api::Phase,
	bid::BidPayload,
	params::{PaymentRule, RollupParams, SilencePolicy},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account([u8; 32]);

impl AsRef<[u8; 32]> for Account {
	fn as_ref(&self) -> &[u8; 32] {
		&self.0
	}
}

const UNIT: u128 = 1_000_000_000_000;
const MAX_FEE: u128 = 10 * UNIT;
const BOB: Account = Account([1; 32]);
const CHARLIE: Account = Account([2; 32]);
const DAVE: Account = Account([3; 32]);
const EVE: Account = Account([4; 32]);

fn params() -> RollupParams {
	RollupParams {
		data_len: 272,
		bidding_blocks: 2,
		reveal_blocks: 8,
		silence_policy: SilencePolicy::Exclude,
		payment_rule: PaymentRule::SecondScore,
		w_fee: 700_000_000,
		w_time: 300_000_000,
		w_share: 0,
		min_proof_blocks: 2,
		max_proof_blocks: 30,
		min_reserve: UNIT / 100,
		initial_reserve: 5 * UNIT,
		max_reserve: 10 * UNIT,
		reserve_margin: 500_000_000,
		reserve_weight: 100_000_000,
		escalation_factor: 1_500_000_000,
		silence_penalty: UNIT,
		grace_blocks: 10,
		late_rate: 50_000_000,
		ladder_len: 2,
		ladder_blocks: 4,
		rescue_blocks: 20,
		max_empty_rounds: 4,
		max_failed_rounds: 3,
		sequencer_bond: UNIT,
	}
}

/// A batch that is driven from block to block.
struct Drive {
	params: RollupParams,
	standing: Standing,
	round: Option<Round<Account>>,
	bids: Vec<Bid<Account>>,
}

impl Drive {
	fn commit(reserve: u128, now: u32) -> Self {
		Self {
			params: params(),
			standing: Standing::Head,
			round: Some(Round::first(MAX_FEE, reserve, now)),
			bids: Vec::new(),
		}
	}

	fn round(&self) -> &Round<Account> {
		self.round.as_ref().expect("the batch lives")
	}

	fn go(&mut self, input: Input<Account>, now: u32) -> Vec<Effect<Account>> {
		let context = Context {
			params: &self.params,
			max_fee: MAX_FEE,
			standing: self.standing,
			finality_gap: 0,
			inclusion_slack: 0,
			max_bids: 64,
		};
		let outcome = step(self.round().clone(), input, &context, now).expect("allowed");
		self.round = outcome.round;
		outcome.effects
	}

	fn phase(&self, now: u32) -> Phase {
		let context = Context {
			params: &self.params,
			max_fee: MAX_FEE,
			standing: self.standing,
			finality_gap: 0,
			inclusion_slack: 0,
			max_bids: 64,
		};
		phase(self.round(), &context, now).0
	}

	fn bid(&mut self, bidder: Account, now: u32) {
		self.go(Input::Bid, now);
		self.bids.push(Bid { bidder, share: 0, stage: BidStage::Sealed });
	}

	fn reveal(&mut self, bidder: Account, fee: u128, proof_blocks: u32, now: u32) {
		let payload =
			BidPayload { fee, proof_blocks, proof_commitment: None, salt: bidder.0 }.encode();
		let effects = self.go(Input::Reveal { bidder, share: 0, payload: &payload }, now);
		let [Effect::BidCounted { terms, .. }] = effects.as_slice() else { panic!("{effects:?}") };
		let bid = self.bids.iter_mut().find(|bid| bid.bidder == bidder).expect("has bid");
		bid.stage = BidStage::Revealed(terms.clone());
	}

	fn due(&mut self, now: u32) -> Vec<Effect<Account>> {
		let bids = std::mem::take(&mut self.bids);
		self.go(Input::Due(&bids), now)
	}

	/// Opens at `now`, closes at `now + 4`, with these bids and these scores and payments.
	fn auction(&mut self, now: u32, expected: &[(Account, u128, u32, u128, u128)]) {
		for (bidder, ..) in expected {
			self.bid(*bidder, now + 1);
		}
		for (bidder, fee, proof_blocks, ..) in expected {
			self.reveal(*bidder, *fee, *proof_blocks, now + 4);
		}
		for (bidder, _, _, expected, _) in expected {
			let bid = self.bids.iter().find(|bid| bid.bidder == *bidder).expect("has bid");
			let BidStage::Revealed(terms) = &bid.stage else { panic!("revealed") };
			assert_eq!(terms.score, *expected);
		}
		self.due(now + 4);
		let Stage::Assigned(assignment) = &self.round().stage else { panic!("assigned") };
		let places: Vec<_> = std::iter::once(&assignment.place)
			.chain(&assignment.ladder)
			.map(|place| (place.prover, place.fee, place.proof_blocks, place.payment))
			.collect();
		let wanted: Vec<_> =
			expected.iter().map(|(who, fee, time, _, pay)| (*who, *fee, *time, *pay)).collect();
		assert_eq!(places, wanted);
	}

	fn deliver(&mut self, prover: Account, now: u32) -> Receipt<Account> {
		let effects = self.go(Input::Proof(prover), now);
		effects
			.into_iter()
			.find_map(|effect| match effect {
				Effect::Delivered(receipt) => Some(receipt),
				_ => None,
			})
			.expect("delivered")
	}

	fn deadlines(&self) -> (u32, u32, u32) {
		let Stage::Assigned(assignment) = &self.round().stage else { panic!("assigned") };
		let delivery = assignment.delivery;
		(delivery.assigned_at, delivery.on_time_until, delivery.late_until)
	}
}

#[test]
fn example_should_give_the_numbers_of_the_documentation_when_driven() {
	let prices = Reserve::new(&params());

	// Batch 0
	let mut batch = Drive::commit(prices.reserve, 100);
	batch.auction(
		100,
		&[
			(BOB, 2 * UNIT, 12, 400_000_000_000_000_000, 2_214_285_714_285),
			(CHARLIE, 25 * UNIT / 10, 8, 430_000_000_000_000_000, 3_357_142_857_142),
			(DAVE, 35 * UNIT / 10, 6, 550_000_000_000_000_000, 5_000_000_000_000),
		],
	);
	assert_eq!(batch.deadlines(), (104, 116, 126));
	let receipt = batch.deliver(BOB, 110);
	assert_eq!((receipt.late_cost, receipt.slashed_share), (0, 0));
	assert_eq!(receipt.refund, 7_785_714_285_715);
	let prices = prices.after_payment(receipt.payment, receipt.reserve, &params()).expect("fits");
	assert_eq!(prices, Reserve { reserve: 3_321_428_571_428, mean: Some(2_214_285_714_285) });

	// Batch 1
	let mut batch = Drive::commit(prices.reserve, 200);
	batch.auction(
		200,
		&[
			(BOB, 2 * UNIT, 12, 541_505_376_344_158_539, 2_310_204_081_632),
			(CHARLIE, 25 * UNIT / 10, 8, 606_881_720_430_198_174, 2_905_102_040_816),
			(DAVE, 3 * UNIT, 6, 692_258_064_516_237_808, 3_321_428_571_428),
		],
	);
	assert_eq!(batch.deadlines(), (204, 216, 226));
	let receipt = batch.deliver(BOB, 219);
	assert_eq!((receipt.late_blocks, receipt.late_cost), (3, 498_214_285_716));
	assert_eq!(receipt.late_cost, 3 * 166_071_428_572);
	assert_eq!(receipt.payment - receipt.late_cost, 1_811_989_795_916);
	assert_eq!(receipt.refund, 7_689_795_918_368);
	let prices = prices.after_payment(receipt.payment, receipt.reserve, &params()).expect("fits");
	assert_eq!(prices, Reserve { reserve: 3_321_428_571_428, mean: Some(2_223_877_551_020) });

	// Batch 2
	let mut batch = Drive::commit(prices.reserve, 300);
	batch.auction(
		300,
		&[
			(BOB, 15 * UNIT / 10, 12, 436_129_032_258_118_904, 1_810_204_081_632),
			(CHARLIE, 2 * UNIT, 8, 501_505_376_344_158_539, 2_405_102_040_816),
			(DAVE, 25 * UNIT / 10, 6, 586_881_720_430_198_174, 3_321_428_571_428),
		],
	);
	assert_eq!(batch.deadlines(), (304, 316, 326));
	assert_eq!((batch.phase(326), batch.phase(327)), (Phase::Late, Phase::Overdue));
	let effects = batch.due(327);
	assert_eq!(
		effects,
		[
			Effect::ProverDefaulted { prover: BOB, slashed: 4_321_428_571_428 },
			Effect::PlaceOffered { until: 331 },
		]
	);
	assert_eq!((batch.phase(331), batch.phase(332)), (Phase::Offered, Phase::Overdue));
	batch.go(Input::Accept(CHARLIE), 329);
	assert_eq!(batch.deadlines(), (329, 337, 347));
	let receipt = batch.deliver(CHARLIE, 335);
	assert_eq!(
		(receipt.payment, receipt.slashed_share, receipt.slashed_burned, receipt.refund),
		(2_405_102_040_816, 916_326_530_612, 3_405_102_040_816, 7_594_897_959_184)
	);
	assert_eq!(receipt.payment + receipt.slashed_share, receipt.reserve);
	let prices = prices.after_payment(receipt.payment, receipt.reserve, &params()).expect("fits");
	assert_eq!(prices, Reserve { reserve: 3_321_428_571_428, mean: Some(2_242_000_000_000) });

	// Batch 3
	let mut batch = Drive::commit(prices.reserve, 400);
	batch.auction(
		400,
		&[
			(BOB, UNIT, 12, 330_752_688_172_079_270, 1_010_204_081_632),
			(CHARLIE, 12 * UNIT / 10, 8, 332_903_225_806_495_124, 1_905_102_040_816),
			(DAVE, 2 * UNIT, 6, 481_505_376_344_158_539, 3_321_428_571_428),
		],
	);
	assert_eq!(batch.deadlines(), (404, 416, 426));
	batch.due(427);
	assert_eq!((batch.phase(431), batch.phase(432)), (Phase::Offered, Phase::Overdue));
	let effects = batch.due(432);
	assert_eq!(effects[0], Effect::PlacePassed(CHARLIE));
	assert_eq!((batch.phase(436), batch.phase(437)), (Phase::Offered, Phase::Overdue));
	let effects = batch.due(437);
	assert_eq!(effects[0], Effect::PlacePassed(DAVE));
	assert_eq!(effects.last(), Some(&Effect::RescueOpened { until: 456 }));
	assert_eq!((batch.phase(456), batch.phase(457)), (Phase::Rescue, Phase::Overdue));
	let bond = 4_321_428_571_428u128;
	for (block, price, shared) in [
		(437, 1_010_204_081_632u128, 2_160_714_285_714u128),
		(438, 1_131_847_475_831, 2_160_714_285_714),
		(444, 1_861_707_841_030, 1_459_720_730_398),
		(456, 3_321_428_571_428, 0),
	] {
		assert_eq!(rescue_payment(1_010_204_081_632, prices.reserve, 437, 20, block), Ok(price));
		assert_eq!(deliverers_share(bond, price, prices.reserve), shared);
	}
	let receipt = batch.deliver(EVE, 444);
	assert_eq!(
		(receipt.payment, receipt.slashed_share, receipt.slashed_burned, receipt.refund),
		(1_861_707_841_030, 1_459_720_730_398, 2_861_707_841_030, 8_138_292_158_970)
	);
	let prices = prices.after_payment(receipt.payment, receipt.reserve, &params()).expect("fits");
	assert_eq!(prices, Reserve { reserve: 3_305_956_176_155, mean: Some(2_203_970_784_103) });

	// Batch 4
	let mut batch = Drive::commit(prices.reserve, 500);
	batch.bid(EVE, 501);
	assert_eq!((batch.phase(510), batch.phase(511)), (Phase::Revealing, Phase::Overdue));
	let effects = batch.due(511);
	assert_eq!(
		effects[0],
		Effect::BidVoided {
			bidder: EVE,
			slashed: 4_305_956_176_155,
			reward: None,
			reason: VoidReason::Silent,
		}
	);
	assert_eq!(100 * UNIT - 4_305_956_176_155, 95_694_043_823_845);
	assert_eq!((batch.round().opened_at, batch.round().reserve), (511, 4_958_934_264_233));
	batch.due(514);
	assert_eq!((batch.round().opened_at, batch.round().reserve), (514, 7_438_401_396_350));
	batch.due(517);
	assert_eq!((batch.round().opened_at, batch.round().reserve), (517, 10_000_000_000_000));
	batch.bid(BOB, 518);
	batch.bid(CHARLIE, 519);
	batch.reveal(BOB, 6 * UNIT, 12, 520);
	batch.reveal(CHARLIE, 7 * UNIT, 8, 520);
	batch.due(520);
	assert_eq!(batch.deadlines(), (520, 532, 542));
	let Stage::Assigned(assignment) = &batch.round().stage else { panic!("assigned") };
	assert_eq!(assignment.ladder[0].payment, 10_000_000_000_000);
	assert_eq!(score(6 * UNIT, 12, 0, MAX_FEE, &params()), Ok(540_000_000_000_000_000));
	assert_eq!(score(7 * UNIT, 8, 0, MAX_FEE, &params()), Ok(570_000_000_000_000_000));
	let receipt = batch.deliver(BOB, 530);
	assert_eq!((receipt.payment, receipt.refund), (6_428_571_428_571, 3_571_428_571_429));
	let prices = prices.after_payment(receipt.payment, receipt.reserve, &params()).expect("fits");
	assert_eq!(prices, Reserve { reserve: 3_939_646_272_825, mean: Some(2_626_430_848_550) });

	// Batches 5 and 6
	let mut batch = Drive::commit(prices.reserve, 600);
	for now in [603, 606, 609] {
		assert_eq!(batch.phase(now), Phase::Overdue);
		batch.due(now);
		assert_eq!(batch.round().stage, Stage::Auction(Auction::default()));
	}
	assert_eq!(batch.due(612).last(), Some(&Effect::BatchFailed { slashed: 0 }));
	assert!(batch.round.is_none());
	let mut batch = Drive::commit(prices.reserve, 601);
	batch.standing = Standing::Behind;
	batch.bid(BOB, 602);
	batch.reveal(BOB, 2 * UNIT, 12, 604);
	batch.due(604);
	assert_eq!(score(2 * UNIT, 12, 0, prices.reserve, &params()), Ok(475_361_853_082_333_396));
	assert_eq!(batch.deadlines(), (604, 616, 626));
	batch.standing = Standing::Dropped;
	assert_eq!(batch.due(612), []);
	let receipt = batch.deliver(BOB, 614);
	assert_eq!((receipt.payment, receipt.refund), (3_939_646_272_825, 6_060_353_727_175));
	assert!(batch.round.is_none());

	// Shares
	assert_eq!((share(4, 6), share(1, 6), share(0, 6)), (666_666_667, 166_666_667, 0));
	let figures = concentration([4, 1, 1, 0]);
	assert_eq!((figures.hhi, figures.nakamoto, figures.gini), (500_000_000, 1, 333_333_334));
	let weighed = RollupParams { w_share: 500_000_000, ..params() };
	let (bob, charlie, dave) = (
		score(2 * UNIT, 12, 666_666_667, 5 * UNIT, &weighed).expect("fits"),
		score(25 * UNIT / 10, 8, 166_666_667, 5 * UNIT, &weighed).expect("fits"),
		score(35 * UNIT / 10, 6, 0, 5 * UNIT, &weighed).expect("fits"),
	);
	assert_eq!(charlie, 465_833_333_405_000_000);
	assert_eq!(bob, 533_333_333_400_000_000);
	assert_eq!(dave, 550_000_000_000_000_000);
	let pay = pvs_auction::payment::payment;
	assert_eq!(
		pay(25 * UNIT / 10, 8, 166_666_667, Some(bob), 5 * UNIT, &weighed),
		Ok(2_945_054_944_953)
	);
	assert_eq!(
		pay(2 * UNIT, 12, 666_666_667, Some(dave), 5 * UNIT, &weighed),
		Ok(2_089_285_713_917)
	);
	assert_eq!(pay(35 * UNIT / 10, 6, 0, None, 5 * UNIT, &weighed), Ok(5 * UNIT));

	// Slot fees
	assert_eq!(
		(0..64).map(|taken| slot_fee(1_000_000_000, taken, 64)).sum::<u128>(),
		2_040_000_000_000
	);
}
