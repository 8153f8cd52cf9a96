// SPDX-License-Identifier: Apache-2.0
//! `docs/example.md`, driven through `step`: every number of that page, and of the example in `docs/market.md`.

use pvs_auction::{
	concentration::concentration,
	phase::phase,
	reserve::Reserve,
	round::{Auction, Bid, BidStage, Context, Delivery, Round, Stage, Standing, VoidReason},
	score::score,
	settle::Verdict,
	share::share,
	slashing::{deliverers_share, rescue_payment},
	slot_fee::slot_fee,
	step::{step, Effect, Input, Receipt},
};
use pvs_primitives::{
	api::Phase,
	bid::BidPayload,
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	seal_timing::SealTiming,
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
		layout: Layout::Fields,
		data_len: 420,
		bidding_blocks: 2,
		reveal_blocks: 3,
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

/// The timing is that of a development chain, and plays no part: no seal is opened.
fn snapshot() -> Snapshot {
	Snapshot {
		params: params(),
		finality_gap: 0,
		inclusion_slack: 0,
		max_bids: 64,
		slot_fee_base: UNIT / 1_000,
		seal_timing: SealTiming {
			slot_millis: 1_000,
			stretch_percent: 100,
			fastest_squarings: 1_000,
			margin: 1,
			opener_squarings: 1_000,
			opener_cores: 1,
		},
		seal_digest: [0; 32],
	}
}

/// A batch that is driven from block to block.
struct Drive {
	snapshot: Snapshot,
	standing: Standing,
	round: Option<Round<Account>>,
	bids: Vec<Bid<Account>>,
}

impl Drive {
	fn commit(reserve: u128, now: u32) -> Self {
		Self {
			snapshot: snapshot(),
			standing: Standing::Head,
			round: Some(Round::first(MAX_FEE, reserve, now)),
			bids: Vec::new(),
		}
	}

	fn round(&self) -> &Round<Account> {
		self.round.as_ref().expect("the batch lives")
	}

	fn context(&self) -> Context<'_> {
		Context {
			snapshot: &self.snapshot,
			seal_delay: Some(1),
			max_fee: MAX_FEE,
			standing: self.standing,
		}
	}

	fn go(&mut self, input: Input<Account>, now: u32) -> Vec<Effect<Account>> {
		let outcome = step(self.round().clone(), input, &self.context(), now).expect("allowed");
		self.round = outcome.round;
		outcome.effects
	}

	fn phase(&self, now: u32) -> Phase {
		phase(self.round(), &self.context(), now).0
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

	/// Assignment, clock, last block for the full and for a reduced payment.
	fn deadlines(&self) -> (u32, u32, u32, u32) {
		let Stage::Assigned(assignment) = &self.round().stage else { panic!("assigned") };
		let Delivery { assigned_at, clock, on_time_until, late_until } = assignment.delivery;
		(assigned_at, clock, on_time_until, late_until)
	}
}

/// The prices of the rollup after a batch that was not dropped.
fn after(prices: &Reserve, receipt: &Receipt<Account>) -> Reserve {
	let Receipt { payment, reserve, counted, .. } = receipt;
	prices.after_payment(*payment, *reserve, *counted, &params()).expect("fits")
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
	assert_eq!(batch.deadlines(), (104, 105, 117, 127));
	let receipt = batch.deliver(BOB, 110);
	assert_eq!((receipt.late_cost, receipt.slashed_share), (0, 0));
	assert_eq!(receipt.refund, 7_785_714_285_715);
	let prices = after(&prices, &receipt);
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
	assert_eq!(batch.deadlines(), (204, 205, 217, 227));
	let receipt = batch.deliver(BOB, 220);
	assert_eq!((receipt.late_blocks, receipt.late_cost), (3, 498_214_285_716));
	assert_eq!(receipt.late_cost, 3 * 166_071_428_572);
	assert_eq!(receipt.payment - receipt.late_cost, 1_811_989_795_916);
	assert_eq!(receipt.refund, 7_689_795_918_368);
	let prices = after(&prices, &receipt);
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
	assert_eq!(batch.deadlines(), (304, 305, 317, 327));
	assert_eq!((batch.phase(327), batch.phase(328)), (Phase::Late, Phase::Overdue));
	let effects = batch.due(328);
	assert_eq!(
		effects,
		[
			Effect::ProverDefaulted { prover: BOB, slashed: 4_321_428_571_428 },
			Effect::PlaceOffered { until: 332 },
		]
	);
	assert_eq!((batch.phase(332), batch.phase(333)), (Phase::Offered, Phase::Overdue));
	batch.go(Input::Accept(CHARLIE), 330);
	assert_eq!(batch.deadlines(), (330, 329, 337, 347));
	let receipt = batch.deliver(CHARLIE, 335);
	assert_eq!(
		(receipt.payment, receipt.slashed_share, receipt.slashed_burned, receipt.refund),
		(2_405_102_040_816, 916_326_530_612, 3_405_102_040_816, 7_594_897_959_184)
	);
	assert_eq!(receipt.payment + receipt.slashed_share, receipt.reserve);
	let prices = after(&prices, &receipt);
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
	assert_eq!(batch.deadlines(), (404, 405, 417, 427));
	batch.due(428);
	assert_eq!((batch.phase(432), batch.phase(433)), (Phase::Offered, Phase::Overdue));
	let effects = batch.due(433);
	assert_eq!(effects[0], Effect::PlacePassed(CHARLIE));
	assert_eq!((batch.phase(437), batch.phase(438)), (Phase::Offered, Phase::Overdue));
	let effects = batch.due(438);
	assert_eq!(effects[0], Effect::PlacePassed(DAVE));
	assert_eq!(effects.last(), Some(&Effect::RescueOpened { until: 457 }));
	assert_eq!((batch.phase(457), batch.phase(458)), (Phase::Rescue, Phase::Overdue));
	let bond = 4_321_428_571_428u128;
	for (block, price, shared) in [
		(438, 1_010_204_081_632u128, 2_160_714_285_714u128),
		(439, 1_131_847_475_831, 2_160_714_285_714),
		(445, 1_861_707_841_030, 1_459_720_730_398),
		(457, 3_321_428_571_428, 0),
	] {
		assert_eq!(rescue_payment(1_010_204_081_632, prices.reserve, 438, 20, block), Ok(price));
		assert_eq!(deliverers_share(bond, price, prices.reserve), shared);
	}
	let receipt = batch.deliver(EVE, 445);
	assert_eq!(
		(receipt.payment, receipt.slashed_share, receipt.slashed_burned, receipt.refund),
		(1_861_707_841_030, 1_459_720_730_398, 2_861_707_841_030, 8_138_292_158_970)
	);
	let prices = after(&prices, &receipt);
	assert_eq!(prices, Reserve { reserve: 3_305_956_176_155, mean: Some(2_203_970_784_103) });

	// Batch 4
	let mut batch = Drive::commit(prices.reserve, 500);
	batch.bid(EVE, 501);
	assert_eq!((batch.phase(505), batch.phase(506)), (Phase::Revealing, Phase::Overdue));
	let effects = batch.due(506);
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
	assert_eq!((batch.round().opened_at, batch.round().reserve), (506, 4_958_934_264_233));
	batch.due(509);
	assert_eq!((batch.round().opened_at, batch.round().reserve), (509, 7_438_401_396_350));
	batch.due(512);
	assert_eq!((batch.round().opened_at, batch.round().reserve), (512, 10_000_000_000_000));
	batch.bid(BOB, 513);
	batch.bid(CHARLIE, 514);
	batch.reveal(BOB, 6 * UNIT, 12, 515);
	batch.reveal(CHARLIE, 7 * UNIT, 8, 515);
	batch.due(515);
	assert_eq!(batch.deadlines(), (515, 517, 529, 539));
	let Stage::Assigned(assignment) = &batch.round().stage else { panic!("assigned") };
	assert_eq!(assignment.ladder[0].payment, 10_000_000_000_000);
	assert_eq!(score(6 * UNIT, 12, 0, MAX_FEE, &params()), Ok(540_000_000_000_000_000));
	assert_eq!(score(7 * UNIT, 8, 0, MAX_FEE, &params()), Ok(570_000_000_000_000_000));
	let receipt = batch.deliver(BOB, 525);
	assert_eq!((receipt.payment, receipt.refund), (6_428_571_428_571, 3_571_428_571_429));
	let prices = after(&prices, &receipt);
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
	assert_eq!(batch.deadlines(), (604, 606, 618, 628));
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
	let fees = |reserve| {
		let fee = move |taken| slot_fee(reserve, taken, &snapshot()).expect("it has places");
		(0..64).map(fee).collect::<Vec<_>>()
	};
	let of_batch_0 = fees(5 * UNIT);
	assert_eq!(of_batch_0[..16], [1_000_000_000; 16]);
	for (eighth, fee) in [
		(2, 9_920_634_924u128),
		(3, 19_841_269_848),
		(4, 39_682_539_696),
		(5, 79_365_079_392),
		(6, 158_730_158_784),
		(7, 317_460_317_568),
	] {
		assert_eq!(of_batch_0[8 * eighth..8 * eighth + 8], [fee; 8]);
	}
	assert_eq!(of_batch_0.iter().sum::<u128>(), 5_016_000_001_696);
	assert_eq!(fees(UNIT)[16..24], [4_000_000_000; 8]);
	assert_eq!(fees(UNIT).iter().sum::<u128>(), 2_032_000_000_000);
}

/// The winner with its payment and its score `P`, if there is one, and what each silent bidder loses.
type Judged = (Option<(Account, u128, u128)>, Vec<(Verdict, u128)>);

/// Batch 0 under `Settle`, in which these stay silent.
fn silent_in_batch_0(silent: &[Account]) -> Judged {
	let offers = [(BOB, 2 * UNIT, 12), (CHARLIE, 25 * UNIT / 10, 8), (DAVE, 35 * UNIT / 10, 6)];
	let mut batch = Drive::commit(5 * UNIT, 100);
	batch.snapshot.params.silence_policy = SilencePolicy::Settle { settle_blocks: 20 };
	for (bidder, ..) in offers {
		batch.bid(bidder, 101);
	}
	for (bidder, fee, proof_blocks) in offers {
		if !silent.contains(&bidder) {
			batch.reveal(bidder, fee, proof_blocks, 104);
		}
	}
	let effects = batch.due(106);
	let Effect::BidsUnsettled { closed, bidders } = &effects[0] else { panic!("{effects:?}") };
	assert_eq!((bidders.as_slice(), closed.bond(), closed.until), (silent, 6 * UNIT, 126));
	let winner = match &batch.round().stage {
		Stage::Assigned(assignment) => Some((assignment.place.prover, assignment.place.payment)),
		_ => None,
	};
	let lost = offers.iter().filter(|(bidder, ..)| silent.contains(bidder)).map(|offer| {
		let (bidder, fee, proof_blocks) = *offer;
		let payload = BidPayload { fee, proof_blocks, proof_commitment: None, salt: bidder.0 };
		let settled = closed.settle(0, Some(&payload.encode()), 125).expect("in time");
		assert_eq!(settled.reward, 500_000_000_000);
		(settled.verdict, settled.slashed)
	});
	let paid = closed.winner.map(|scores| scores.paid);
	(winner.zip(paid).map(|((winner, payment), paid)| (winner, payment, paid)), lost.collect())
}

#[test]
fn silent_bids_should_lose_what_the_documentation_says_when_they_are_settled() {
	use Verdict::{WouldHaveLost, WouldHaveWon};
	// 0.55, less what rounding the payment down takes off.
	let winner = (BOB, 3_071_428_571_428, 549_999_999_999_920_000);
	let lost = vec![(WouldHaveLost, UNIT)];
	assert_eq!(silent_in_batch_0(&[CHARLIE]), (Some(winner), lost.clone()));
	let winner = (BOB, 2_214_285_714_285, 429_999_999_999_900_000);
	assert_eq!(silent_in_batch_0(&[DAVE]), (Some(winner), lost));

	let winner = (CHARLIE, 3_357_142_857_142, 549_999_999_999_880_000);
	let lost = vec![(WouldHaveWon, 4 * UNIT)];
	assert_eq!(silent_in_batch_0(&[BOB]), (Some(winner), lost));

	// 5 * (0.76 - 0.43) / 0.7 is 2.36, less than the 2.5 that Charlie's fee is below the reserve.
	let winner = (DAVE, 5 * UNIT, 760_000_000_000_000_000);
	let lost = vec![(WouldHaveWon, 4 * UNIT), (WouldHaveWon, 3_500_000_000_000)];
	assert_eq!(silent_in_batch_0(&[BOB, CHARLIE]), (Some(winner), lost));

	let lost = vec![(WouldHaveWon, 6 * UNIT); 3];
	assert_eq!(silent_in_batch_0(&[BOB, CHARLIE, DAVE]), (None, lost));
}
