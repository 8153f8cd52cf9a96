// SPDX-License-Identifier: Apache-2.0
//! A market of one batch that carries out the effects of `step` on a ledger of its own and, after
//! everything that happens, checks what must always hold.
#![allow(dead_code, reason = "each test program uses a part of it")]

use pvs_auction::{
	phase::{due, phase},
	round::{Bid, BidStage, Context, Round, Stage, Standing, VoidReason},
	slot_fee::slot_fee,
	step::{
		claim, expected_winner, may_fail, step, Effect, ExpectedWinner, Input, Outcome, Receipt,
		Refusal, Reward,
	},
};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{Layout, PaymentRule, RollupParams, SilencePolicy, Snapshot},
	seal_timing::SealTiming,
};
use std::collections::BTreeMap;

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) [u8; 32]);

impl AsRef<[u8; 32]> for Id {
	fn as_ref(&self) -> &[u8; 32] {
		&self.0
	}
}

pub(crate) fn id(number: u8) -> Id {
	Id([number; 32])
}

pub(crate) const SLOT_FEE: u128 = 2;
pub(crate) const MAX_BIDS: u32 = 8;
pub(crate) const FREE: u128 = 1_000_000;

/// Rounds with reserves 100, 150 and `max_fee`.
pub(crate) fn params() -> RollupParams {
	RollupParams {
		layout: Layout::Fields,
		data_len: 100,
		bidding_blocks: 2,
		reveal_blocks: 3,
		silence_policy: SilencePolicy::Exclude,
		payment_rule: PaymentRule::SecondScore,
		w_fee: 700_000_000,
		w_time: 300_000_000,
		w_share: 0,
		min_proof_blocks: 2,
		max_proof_blocks: 20,
		min_reserve: 10,
		initial_reserve: 100,
		max_reserve: 10_000,
		reserve_margin: 250_000_000,
		reserve_weight: 100_000_000,
		escalation_factor: 1_500_000_000,
		silence_penalty: 10,
		grace_blocks: 3,
		late_rate: 30_000_000,
		ladder_len: 2,
		ladder_blocks: 3,
		rescue_blocks: 5,
		max_empty_rounds: 3,
		max_failed_rounds: 2,
		sequencer_bond: 50,
	}
}

/// With [`SEAL_DELAY`], each of an opener's two cores opens a seal in a block.
pub(crate) fn snapshot(params: RollupParams) -> Snapshot {
	Snapshot {
		params,
		finality_gap: 1,
		inclusion_slack: 1,
		max_bids: MAX_BIDS,
		slot_fee_base: SLOT_FEE,
		seal_timing: SealTiming {
			slot_millis: 1_000,
			stretch_percent: 100,
			fastest_squarings: 1_000,
			margin: 1,
			opener_squarings: 1_000,
			opener_cores: 2,
		},
		seal_digest: [7; 32],
	}
}

pub(crate) const SEAL_DELAY: u64 = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Prover {
	pub(crate) free: u128,
	pub(crate) stake: u128,
	/// The part of the stake that backs a bid, a place or an assignment.
	pub(crate) bond: Option<u128>,
}

/// How the batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
	Final,
	Failed,
	Dropped { paid: bool },
}

pub(crate) struct Market {
	pub(crate) snapshot: Snapshot,
	pub(crate) seal_delay: Option<u64>,
	pub(crate) max_fee: u128,
	pub(crate) standing: Standing,
	pub(crate) now: u32,
	/// As it was last; what counts once `end` is set is the latter.
	pub(crate) round: Round<Id>,
	pub(crate) end: Option<End>,
	/// Of the open auction.
	pub(crate) bids: Vec<Bid<Id>>,
	pub(crate) sequencer: u128,
	pub(crate) escrow: u128,
	pub(crate) sequencer_bond: u128,
	pub(crate) provers: BTreeMap<Id, Prover>,
	/// What was slashed and waits for the batch's end.
	pub(crate) kept: u128,
	pub(crate) burned: u128,
	pub(crate) receipts: Vec<Receipt<Id>>,
	/// Rounds that opened after the first one, with their reserves.
	pub(crate) reserves: Vec<u128>,
	issuance: u128,
}

impl Market {
	/// A batch that is committed in block 10, with seven provers.
	pub(crate) fn new(
		params: RollupParams,
		max_fee: u128,
		reserve: u128,
		standing: Standing,
	) -> Self {
		let now = 10;
		let round = Round::first(max_fee, reserve, now);
		let stake = params.max_reserve + params.silence_penalty;
		let provers: BTreeMap<_, _> =
			(1..=7).map(|n| (id(n), Prover { free: FREE, stake, bond: None })).collect();
		let sequencer_bond = params.sequencer_bond;
		let mut market = Self {
			reserves: vec![round.reserve],
			snapshot: snapshot(params),
			seal_delay: Some(SEAL_DELAY),
			max_fee,
			standing,
			now,
			round,
			end: None,
			bids: Vec::new(),
			sequencer: FREE,
			escrow: max_fee,
			sequencer_bond,
			provers,
			kept: 0,
			burned: 0,
			receipts: Vec::new(),
			issuance: 0,
		};
		market.issuance = market.value();
		market.check();
		market
	}

	pub(crate) fn context(&self) -> Context<'_> {
		Context {
			snapshot: &self.snapshot,
			seal_delay: self.seal_delay,
			max_fee: self.max_fee,
			standing: self.standing,
		}
	}

	pub(crate) fn params(&self) -> &RollupParams {
		&self.snapshot.params
	}

	pub(crate) fn phase(&self) -> Phase {
		phase(&self.round, &self.context(), self.now).0
	}

	pub(crate) fn due(&self) -> Option<u32> {
		due(&self.round, &self.context())
	}

	pub(crate) fn bond(&self) -> u128 {
		self.round.reserve + self.params().silence_penalty
	}

	pub(crate) fn prover(&self, number: u8) -> &Prover {
		&self.provers[&id(number)]
	}

	/// Places a sealed bid.
	pub(crate) fn bid(&mut self, number: u8, share: u32) -> Result<Vec<Effect<Id>>, Refusal> {
		let (bidder, bond, taken) = (id(number), self.bond(), self.bids.len());
		let effects = self.advance(Input::Bid)?;
		let taken = u32::try_from(taken).expect("few");
		let fee = slot_fee(self.round.reserve, taken, &self.snapshot).expect("it has places");
		let prover = self.provers.get_mut(&bidder).expect("a prover");
		assert_eq!(prover.bond.replace(bond), None, "one bid per prover and round");
		assert!(prover.stake >= bond);
		prover.free -= fee;
		self.burned += fee;
		self.bids.push(Bid { bidder, share, stage: BidStage::Sealed });
		self.check();
		Ok(effects)
	}

	/// Reveals a bid with these terms and a salt that depends on the bidder.
	pub(crate) fn reveal(
		&mut self,
		number: u8,
		fee: u128,
		proof_blocks: u32,
		proof_commitment: Option<[u8; 32]>,
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let payload = BidPayload { fee, proof_blocks, proof_commitment, salt: [number; 32] };
		self.reveal_bytes(number, &payload.encode())
	}

	pub(crate) fn reveal_bytes(
		&mut self,
		number: u8,
		payload: &[u8; PAYLOAD_BYTES],
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let bidder = id(number);
		let share = self.bids.iter().find(|bid| bid.bidder == bidder).map_or(0, |bid| bid.share);
		self.then_check(Input::Reveal { bidder, share, payload })
	}

	/// `opener` opens the seal of a silent bidder, which holds `payload` if it is sound.
	pub(crate) fn open(
		&mut self,
		number: u8,
		opener: u8,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let bidder = id(number);
		let share = self.bids.iter().find(|bid| bid.bidder == bidder).map_or(0, |bid| bid.share);
		self.then_check(Input::Open { bidder, share, opener: id(opener), payload })
	}

	/// Performs the transition that is due.
	pub(crate) fn pass_deadline(&mut self) -> Result<Vec<Effect<Id>>, Refusal> {
		let bids = self.bids.clone();
		let expected = expected_winner(&self.round, &bids, &self.context(), self.now);
		let closing = matches!(self.round.stage, Stage::Auction(_));
		let counted = closing && bids.iter().any(|bid| bid.stage.terms().is_some());
		let fails = may_fail(&self.round, &self.context()) && !counted;
		let effects = self.advance(Input::Due(if closing { &bids } else { &[] }))?;
		let failed = effects.iter().any(|effect| matches!(effect, Effect::BatchFailed { .. }));
		assert_eq!(failed, fails, "what may fail a batch is known from its counters");
		if closing {
			let closed = std::mem::take(&mut self.bids);
			self.check_expected(expected.expect("it has closed"));
			assert!(
				closed.iter().all(|bid| bid.stage != BidStage::Sealed),
				"a bid of a closed auction is neither revealed nor void"
			);
		}
		self.check();
		Ok(effects)
	}

	/// Who was expected to win an auction that has closed since, did.
	fn check_expected(&self, expected: Option<ExpectedWinner<Id>>) {
		let Stage::Assigned(assignment) = &self.round.stage else {
			assert_eq!(expected, None);
			return;
		};
		let expected = expected.expect("it has a winner");
		assert!(expected.decided);
		assert_eq!((expected.place, expected.delivery), {
			(assignment.place.clone(), assignment.delivery)
		});
	}

	pub(crate) fn accept(&mut self, number: u8) -> Result<Vec<Effect<Id>>, Refusal> {
		self.then_check(Input::Accept(id(number)))
	}

	pub(crate) fn prove(&mut self, number: u8) -> Result<Vec<Effect<Id>>, Refusal> {
		self.then_check(Input::Proof(id(number)))
	}

	/// Makes the root of a batch final that is proven and whose turn has come.
	pub(crate) fn finalize(&mut self) {
		assert!(matches!(self.round.stage, Stage::Proven { .. }));
		assert_eq!(self.standing, Standing::Head);
		assert_eq!(self.end.replace(End::Final), None);
		self.check();
	}

	fn then_check(&mut self, input: Input<Id>) -> Result<Vec<Effect<Id>>, Refusal> {
		let effects = self.advance(input)?;
		self.check();
		Ok(effects)
	}

	fn advance(&mut self, input: Input<Id>) -> Result<Vec<Effect<Id>>, Refusal> {
		assert_eq!(self.end, None, "the batch has ended");
		let before = self.round.clone();
		let Outcome { round, effects } = step(before.clone(), input, &self.context(), self.now)?;
		let ended = round.is_none();
		if let Some(round) = round {
			assert!(round.reserve >= before.reserve, "no round of a batch lowers its reserve");
			self.round = round;
		}
		for effect in &effects {
			self.apply(effect);
		}
		assert_eq!(self.end.is_some(), ended, "a batch without a round has ended");
		Ok(effects)
	}

	fn apply(&mut self, effect: &Effect<Id>) {
		match effect {
			Effect::BidCounted { bidder, terms } => {
				self.settle_bid(bidder, BidStage::Revealed(terms.clone()));
			},
			Effect::BidOpened { bidder, terms, penalty, reward } => {
				self.settle_bid(bidder, BidStage::Opened(terms.clone()));
				assert_eq!(*penalty, self.params().silence_penalty);
				let prover = self.provers.get_mut(bidder).expect("a prover");
				prover.bond = Some(prover.bond.expect("it has bid") - penalty);
				prover.stake -= penalty;
				self.reward(reward.as_ref(), *penalty);
			},
			Effect::BidVoided { bidder, slashed, reward, reason } => {
				self.settle_bid(bidder, BidStage::Void);
				assert_eq!(*slashed == 0, *reason == VoidReason::Dropped);
				if *slashed > 0 {
					self.slash(bidder, *slashed);
				}
				self.reward(reward.as_ref(), *slashed);
			},
			Effect::BondReleased { prover, bond } => {
				let prover = self.provers.get_mut(prover).expect("a prover");
				assert_eq!(prover.bond.take(), Some(*bond), "a bond is released once and whole");
			},
			Effect::ProverDefaulted { prover, slashed } => {
				self.slash(prover, *slashed);
				self.kept += slashed;
			},
			Effect::Delivered(receipt) => self.pay(receipt),
			Effect::BatchFailed { slashed } => {
				assert_eq!(*slashed, self.kept);
				self.burned += std::mem::take(&mut self.kept);
				self.burned += std::mem::take(&mut self.sequencer_bond);
				self.sequencer += std::mem::take(&mut self.escrow);
				assert_eq!(self.end.replace(End::Failed), None);
			},
			Effect::BatchDropped { paid, slashed } => {
				assert_eq!(*slashed, self.kept);
				self.burned += std::mem::take(&mut self.kept);
				assert_eq!(*paid, self.escrow == 0, "the escrow returns once");
				self.sequencer += std::mem::take(&mut self.escrow);
				self.sequencer += std::mem::take(&mut self.sequencer_bond);
				assert_eq!(self.end.replace(End::Dropped { paid: *paid }), None);
			},
			Effect::RoundOpened => self.reserves.push(self.round.reserve),
			Effect::RoundEmpty(_)
			| Effect::WinnerSelected
			| Effect::PlaceOffered { .. }
			| Effect::PlaceAccepted
			| Effect::PlacePassed(_)
			| Effect::RescueOpened { .. }
			| Effect::RescueEnded
			| Effect::BatchWaiting => (),
		}
	}

	/// What a bidder lost is burned, but for an opener's reward: at most half of the silence penalty.
	fn reward(&mut self, reward: Option<&Reward<Id>>, lost: u128) {
		self.burned += lost;
		if let Some(Reward { opener, amount }) = reward {
			assert!(*amount <= self.params().silence_penalty / 2);
			self.provers.get_mut(opener).expect("a prover").free += amount;
			self.burned -= amount;
		}
	}

	fn settle_bid(&mut self, bidder: &Id, stage: BidStage) {
		let bid = self.bids.iter_mut().find(|bid| bid.bidder == *bidder).expect("a bid");
		assert_eq!(bid.stage, BidStage::Sealed, "a bid is settled once");
		bid.stage = stage;
	}

	fn slash(&mut self, prover: &Id, amount: u128) {
		let prover = self.provers.get_mut(prover).expect("a prover");
		assert_eq!(prover.bond.take(), Some(amount), "a bond is slashed once and whole");
		prover.stake -= amount;
	}

	fn pay(&mut self, receipt: &Receipt<Id>) {
		assert!(self.receipts.is_empty(), "a batch is paid once");
		assert_eq!(receipt.payment + receipt.refund, self.escrow);
		assert_eq!(receipt.slashed_share + receipt.slashed_burned, self.kept);
		assert!(receipt.slashed_share <= self.kept / 2);
		assert!(receipt.payment + receipt.slashed_share <= receipt.reserve);
		assert!(receipt.late_cost <= receipt.payment);
		self.escrow = 0;
		self.kept = 0;
		let prover = self.provers.get_mut(&receipt.prover).expect("a prover");
		prover.free += receipt.payment - receipt.late_cost + receipt.slashed_share;
		self.burned += receipt.late_cost + receipt.slashed_burned;
		self.sequencer += receipt.refund + std::mem::take(&mut self.sequencer_bond);
		self.receipts.push(receipt.clone());
	}

	/// Everything that there is, with what was burned.
	pub(crate) fn value(&self) -> u128 {
		let provers: u128 = self.provers.values().map(|prover| prover.free + prover.stake).sum();
		self.sequencer + self.escrow + self.sequencer_bond + self.kept + self.burned + provers
	}

	/// What always holds.
	pub(crate) fn check(&self) {
		assert_eq!(self.value(), self.issuance, "value is conserved");
		for prover in self.provers.values() {
			assert!(prover.bond.is_none_or(|bond| bond <= prover.stake), "stakes cover bonds");
		}
		let mut bonded: Vec<_> = self
			.provers
			.iter()
			.filter_map(|(id, prover)| prover.bond.map(|bond| (*id, bond)))
			.collect();
		if self.end.is_some() {
			assert!(bonded.is_empty(), "no bond outlives its batch");
			assert_eq!((self.escrow, self.sequencer_bond, self.kept), (0, 0, 0));
			return;
		}
		let mut owing: Vec<_> = match &self.round.stage {
			Stage::Auction(auction) => {
				let count = |wanted: fn(&BidStage) -> bool| {
					u32::try_from(self.bids.iter().filter(|bid| wanted(&bid.stage)).count())
						.expect("few")
				};
				assert_eq!(auction.bids, count(|_| true));
				assert_eq!(auction.sealed, count(|stage| *stage == BidStage::Sealed));
				assert!(auction.bids <= MAX_BIDS);
				let penalty = self.params().silence_penalty;
				self.bids
					.iter()
					.filter(|bid| bid.stage != BidStage::Void)
					.map(|bid| {
						let opened = matches!(bid.stage, BidStage::Opened(_));
						(bid.bidder, self.bond() - if opened { penalty } else { 0 })
					})
					.collect()
			},
			_ => {
				assert!(self.bids.is_empty());
				self.round.bonded().map(|place| (place.prover, place.bond)).collect()
			},
		};
		owing.sort_unstable();
		bonded.sort_unstable();
		assert_eq!(bonded, owing, "exactly who has an obligation has a bond");
		assert_eq!(self.kept, self.round.slashed);

		let proven = matches!(self.round.stage, Stage::Proven { .. });
		assert_eq!(proven, !self.receipts.is_empty());
		let (escrow, bond) =
			if proven { (0, 0) } else { (self.max_fee, self.params().sequencer_bond) };
		assert_eq!((self.escrow, self.sequencer_bond), (escrow, bond));
		assert!(self.round.reserve <= self.max_fee, "escrow covers the highest payment");
		for place in self.round.runners_up() {
			assert!((place.fee..=self.round.reserve).contains(&place.payment));
		}
		if let Stage::Assigned(assignment) = &self.round.stage {
			let place = &assignment.place;
			assert!((place.fee..=self.round.reserve).contains(&place.payment));
			assert!(assignment.first_payment <= self.round.reserve);
		}
		let claims = self.provers.keys().filter(|prover| self.may_claim(prover)).count();
		let most = if self.phase() == Phase::Rescue { self.provers.len() } else { 1 };
		assert!(claims <= most, "one prover at a time may deliver");
		self.check_rounds();
	}

	fn may_claim(&self, prover: &Id) -> bool {
		claim(&self.round, prover, &self.context(), self.now).is_ok()
	}

	fn check_rounds(&self) {
		let Round { number, empty_rounds, failed_rounds, .. } = &self.round;
		let ended = empty_rounds + failed_rounds;
		let waiting = matches!(self.round.stage, Stage::Waiting);
		assert_eq!(*number, if waiting { ended - 1 } else { ended });
		assert!(*number < self.params().max_empty_rounds + self.params().max_failed_rounds);
		assert_eq!(self.reserves.len(), usize::try_from(*number).expect("few") + 1);
		let used_up = *empty_rounds >= self.params().max_empty_rounds
			|| *failed_rounds >= self.params().max_failed_rounds;
		// Out of rounds, it waits or has its last one.
		if used_up && !waiting {
			assert_eq!(self.round.reserve, self.max_fee);
		}
		assert!(used_up || !waiting);
	}
}
