// SPDX-License-Identifier: Apache-2.0
//! The market of one batch that carries out the effects of `step` on a ledger of its own and, after
//! everything that happens, checks what must always hold.

use crate::{
	phase::{due, phase},
	round::{Bid, BidStage, Context, Delivery, Round, Stage, Standing, VoidReason},
	settle::{ClosedRound, Settlement},
	slot_fee::slot_fee,
	step::{
		claim, expected_winner, may_fail, step, Effect, ExpectedWinner, Input, Outcome, Receipt,
		Refusal, Reward,
	},
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::mem::take;
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{RollupParams, Snapshot},
	Balance, BlockNumber, Bytes32, RoundNumber,
};

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Bytes32);

impl AsRef<[u8; 32]> for Id {
	fn as_ref(&self) -> &[u8; 32] {
		&self.0
	}
}

/// The account of the prover with this number.
pub fn id(number: u8) -> Id {
	Id([number; 32])
}

/// Balances of a prover, in planck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prover {
	/// Outside its stake.
	pub free: Balance,
	/// Its stake.
	pub stake: Balance,
	/// The part of the stake that backs a bid, a place or an assignment.
	pub bond: Option<Balance>,
}

/// A silent bid of a closed round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsettledBid {
	/// The round.
	pub round: RoundNumber,
	/// The bidder.
	pub bidder: Id,
	/// Its share of recent proofs when it bid, in 10^-9.
	pub share: u32,
	/// Record of the round.
	pub closed: ClosedRound,
}

/// End of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
	/// Proven, and its root is final.
	Final,
	/// Out of rounds.
	Failed,
	/// Behind a failed batch.
	Dropped {
		/// True if it had been paid.
		paid: bool,
	},
}

/// The block from which a winner's time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockRule {
	/// The one that `step` says.
	Fixed,
	/// The block in which the round closed, as in version 1 of the rules. It shows that the search finds
	/// what was wrong with it.
	Close,
}

/// A batch's market, with the money of all who take part in it. Amounts in planck.
#[derive(Clone, Debug)]
pub struct Market {
	/// Parameters and constants that the batch is bound to.
	pub snapshot: Snapshot,
	/// Number of squarings that a seal takes to open.
	pub seal_delay: Option<u64>,
	/// The escrow at the start.
	pub max_fee: Balance,
	/// Standing of the batch among those of its rollup.
	pub standing: Standing,
	/// The block from which a winner's time counts.
	pub clock: ClockRule,
	/// The block.
	pub now: BlockNumber,
	/// The round as it was last; what counts once `end` is set is the latter.
	pub round: Round<Id>,
	/// End of the batch, if it has ended.
	pub end: Option<End>,
	/// The bids of the open auction.
	pub bids: Vec<Bid<Id>>,
	/// Silent bids of closed rounds, whose bonds are still reserved.
	pub unsettled: Vec<UnsettledBid>,
	/// Balance of the sequencer outside escrow and bond, in planck.
	pub sequencer: Balance,
	/// Amount in escrow, in planck.
	pub escrow: Balance,
	/// The sequencer's bond.
	pub sequencer_bond: Balance,
	/// The provers.
	pub provers: BTreeMap<Id, Prover>,
	/// Slashed bonds that wait for the batch's end, in planck.
	pub kept: Balance,
	/// Amount burned so far, in planck.
	pub burned: Balance,
	/// Payment of the delivered proof.
	pub receipts: Vec<Receipt<Id>>,
	/// The reserves of all rounds.
	pub reserves: Vec<Balance>,
	/// True if all invariants are checked after each input.
	pub checked: bool,
	issuance: Balance,
}

impl Market {
	/// A batch that is committed in block 10, with that many provers, numbered from 1. Each has `free`
	/// planck and the smallest stake that covers every bond. The sequencer has as much.
	pub fn new(
		snapshot: Snapshot,
		seal_delay: Option<u64>,
		max_fee: Balance,
		reserve: Balance,
		provers: u8,
		free: Balance,
	) -> Self {
		let now = 10;
		let round = Round::first(max_fee, reserve, now);
		let RollupParams { max_reserve, silence_penalty, sequencer_bond, .. } = snapshot.params;
		let stake = sum([max_reserve, silence_penalty]);
		let mut market = Self {
			reserves: vec![round.reserve],
			snapshot,
			seal_delay,
			max_fee,
			standing: Standing::Head,
			clock: ClockRule::Fixed,
			now,
			round,
			end: None,
			bids: Vec::new(),
			unsettled: Vec::new(),
			sequencer: free,
			escrow: max_fee,
			sequencer_bond,
			provers: (1..=provers)
				.map(|number| (id(number), Prover { free, stake, bond: None }))
				.collect(),
			kept: 0,
			burned: 0,
			receipts: Vec::new(),
			checked: true,
			issuance: 0,
		};
		market.issuance = market.value();
		market.check();
		market
	}

	/// Returns what transitions depend on.
	pub fn context(&self) -> Context<'_> {
		Context {
			snapshot: &self.snapshot,
			seal_delay: self.seal_delay,
			max_fee: self.max_fee,
			standing: self.standing,
		}
	}

	/// The rollup's parameters.
	pub fn params(&self) -> &RollupParams {
		&self.snapshot.params
	}

	/// The round's phase in this block.
	pub fn phase(&self) -> Phase {
		phase(&self.round, &self.context(), self.now).0
	}

	/// The block in which the next transition is due.
	pub fn due(&self) -> Option<BlockNumber> {
		due(&self.round, &self.context())
	}

	/// Returns true if a transition is due.
	pub fn is_due(&self) -> bool {
		self.due().is_some_and(|due| due <= self.now)
	}

	/// Returns the bond of a bid in this round, in planck.
	pub fn bond(&self) -> Balance {
		self.context().bond(self.round.reserve)
	}

	/// The prover with this number.
	pub fn prover(&self, number: u8) -> &Prover {
		must(self.provers.get(&id(number)), "no such prover")
	}

	/// Returns the balance of the prover with this number, its stake counted in, in planck.
	pub fn wealth(&self, number: u8) -> Balance {
		let Prover { free, stake, .. } = self.prover(number);
		sum([*free, *stake])
	}

	/// Returns what a prover's stake lacks to back a bid in this round beside its unsettled ones, in planck.
	pub fn lacks(&self, number: u8) -> Balance {
		let needed = sum([self.unsettled_bonds(&id(number)), self.bond()]);
		needed.saturating_sub(self.prover(number).stake)
	}

	/// Moves an amount in planck from a prover's free balance to its stake.
	pub fn bond_more(&mut self, number: u8, amount: Balance) {
		let prover = must(self.provers.get_mut(&id(number)), "no such prover");
		take_from(&mut prover.free, amount);
		add(&mut prover.stake, amount);
		self.check();
	}

	/// Returns what is reserved of a prover's stake for its unsettled bids, in planck.
	fn unsettled_bonds(&self, prover: &Id) -> Balance {
		let unsettled = self.unsettled.iter().filter(|bid| bid.bidder == *prover);
		sum(unsettled.map(|bid| bid.closed.bond()))
	}

	/// Places a sealed bid of a prover with this share of recent proofs (in 10^-9).
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn bid(&mut self, number: u8, share: u32) -> Result<Vec<Effect<Id>>, Refusal> {
		assert_eq!(self.lacks(number), 0, "the stake covers the bond");
		let (bidder, bond) = (id(number), self.bond());
		let taken = u32::try_from(self.bids.len()).unwrap_or(u32::MAX);
		let effects = self.advance(Input::Bid)?;
		let fee = slot_fee(self.round.reserve, taken, &self.snapshot)?;
		let prover = must(self.provers.get_mut(&bidder), "no such prover");
		assert_eq!(prover.bond.replace(bond), None, "one bid per prover and round");
		take_from(&mut prover.free, fee);
		add(&mut self.burned, fee);
		self.bids.push(Bid { bidder, share, stage: BidStage::Sealed });
		self.check();
		Ok(effects)
	}

	/// Reveals a bid with these terms and a salt that depends on the bidder.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn reveal(
		&mut self,
		number: u8,
		fee: Balance,
		proof_blocks: BlockNumber,
		proof_commitment: Option<Bytes32>,
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let payload = BidPayload { fee, proof_blocks, proof_commitment, salt: [number; 32] };
		self.reveal_bytes(number, &payload.encode())
	}

	/// Reveals a bid, in the reveal or in the opening window.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn reveal_bytes(
		&mut self,
		number: u8,
		payload: &[u8; PAYLOAD_BYTES],
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let (bidder, share) = (id(number), self.share_of(number));
		self.then_check(Input::Reveal { bidder, share, payload })
	}

	/// `opener` opens the seal of a silent bidder, which holds `payload` if it is sound.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn open(
		&mut self,
		number: u8,
		opener: u8,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
	) -> Result<Vec<Effect<Id>>, Refusal> {
		let (bidder, share) = (id(number), self.share_of(number));
		self.then_check(Input::Open { bidder, share, opener: id(opener), payload })
	}

	/// Settles the silent bid of a prover in a closed round. `payload` is what was behind its commitment;
	/// `None` if its seal holds something else. An `opener` that solved the seal is rewarded.
	///
	/// # Errors
	/// `TooLate` once the window is over.
	pub fn settle(
		&mut self,
		(number, round): (u8, RoundNumber),
		opener: Option<u8>,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
	) -> Result<Settlement, Refusal> {
		let UnsettledBid { share, closed, .. } = *must(self.silent(number, round), "it is settled");
		let settled = closed.settle(share, payload, self.now)?;
		self.pay_for_silence((number, round), opener, settled);
		Ok(settled)
	}

	/// Ends the silent bids whose time to be settled is over.
	pub fn expire(&mut self) {
		let over = |bid: &&UnsettledBid| self.now >= bid.closed.until;
		let expired: Vec<_> = self.unsettled.iter().filter(over).copied().collect();
		for UnsettledBid { bidder, round, closed, .. } in expired {
			let [number, ..] = bidder.0;
			self.pay_for_silence((number, round), None, closed.expire());
		}
	}

	fn silent(&self, number: u8, round: RoundNumber) -> Option<&UnsettledBid> {
		self.unsettled.iter().find(|bid| (bid.bidder, bid.round) == (id(number), round))
	}

	fn pay_for_silence(
		&mut self,
		(number, round): (u8, RoundNumber),
		opener: Option<u8>,
		Settlement { slashed, reward, released, .. }: Settlement,
	) {
		let bid = *must(self.silent(number, round), "it is settled");
		assert_eq!(sum([slashed, released]), bid.closed.bond(), "a bond is settled whole");
		self.unsettled.retain(|other| *other != bid);
		let prover = must(self.provers.get_mut(&bid.bidder), "no such prover");
		take_from(&mut prover.stake, slashed);
		let reward = opener.map(|opener| Reward { opener: id(opener), amount: reward });
		self.burn_but(reward.as_ref(), slashed);
		self.check();
	}

	fn share_of(&self, number: u8) -> u32 {
		self.share_of_bidder(&id(number))
	}

	fn share_of_bidder(&self, bidder: &Id) -> u32 {
		self.bids.iter().find(|bid| bid.bidder == *bidder).map_or(0, |bid| bid.share)
	}

	/// The bid of the prover with this number in the open auction.
	pub fn bid_of(&self, number: u8) -> Option<&Bid<Id>> {
		self.bids.iter().find(|bid| bid.bidder == id(number))
	}

	/// Performs the transition that is due.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn pass_deadline(&mut self) -> Result<Vec<Effect<Id>>, Refusal> {
		let bids = self.bids.clone();
		let closing = matches!(self.round.stage, Stage::Auction(_));
		let expected =
			self.checked.then(|| expected_winner(&self.round, &bids, &self.context(), self.now));
		let counted = closing && bids.iter().any(|bid| bid.stage.terms().is_some());
		let fails = may_fail(&self.round, &self.context()) && !counted;
		let effects = self.advance(Input::Due(if closing { &bids } else { &[] }))?;
		let failed = effects.iter().any(|effect| matches!(effect, Effect::BatchFailed { .. }));
		assert_eq!(failed, fails, "what may fail a batch is known from its counters");
		if closing {
			let closed = take(&mut self.bids);
			assert!(
				closed.iter().all(|bid| bid.stage != BidStage::Sealed),
				"a bid of a closed auction is neither revealed nor void"
			);
			if let Some(expected) = expected {
				self.check_expected(expected?);
			}
		}
		self.check();
		Ok(effects)
	}

	/// Checks that the expected winner of an auction that has closed since has won.
	fn check_expected(&self, expected: Option<ExpectedWinner<Id>>) {
		let selected = match &self.round.stage {
			Stage::Assigned(assignment) => Some((&assignment.place, assignment.delivery)),
			_ => None,
		};
		let place = selected.map(|(place, _)| place);
		assert_eq!(expected.as_ref().map(|expected| &expected.place), place);
		assert!(expected.as_ref().is_none_or(|expected| expected.decided));
		if self.clock == ClockRule::Fixed {
			let delivery = selected.map(|(_, delivery)| delivery);
			assert_eq!(expected.map(|expected| expected.delivery), delivery);
		}
	}

	/// A runner-up takes its place.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn accept(&mut self, number: u8) -> Result<Vec<Effect<Id>>, Refusal> {
		self.then_check(Input::Accept(id(number)))
	}

	/// A prover delivers.
	///
	/// # Errors
	/// The refusal of `step`.
	pub fn prove(&mut self, number: u8) -> Result<Vec<Effect<Id>>, Refusal> {
		self.then_check(Input::Proof(id(number)))
	}

	/// Makes the root of a batch final that is proven and whose turn has come.
	pub fn finalize(&mut self) {
		assert!(matches!(self.round.stage, Stage::Proven { .. }), "it is not proven");
		assert_eq!(self.standing, Standing::Head, "it is not its turn");
		assert_eq!(self.end.replace(End::Final), None, "a batch ends once");
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
		let closing = matches!(before.stage, Stage::Auction(_));
		let (number, reserve) = (before.number, before.reserve);
		let Outcome { round, effects } = step(before, input, &self.context(), self.now)?;
		let ended = round.is_none();
		if let Some(round) = round {
			assert!(round.reserve >= reserve, "no round of a batch lowers its reserve");
			self.round = round;
		}
		if closing && self.clock == ClockRule::Close {
			if let Stage::Assigned(assignment) = &mut self.round.stage {
				let blocks = assignment.place.proof_blocks;
				assignment.delivery = Delivery::new(self.now, self.now, blocks, &self.snapshot);
			}
		}
		for effect in &effects {
			self.apply(effect, number);
		}
		assert_eq!(self.end.is_some(), ended, "a batch without a round has ended");
		Ok(effects)
	}

	/// Carries out what follows from a transition of the round `before`.
	fn apply(&mut self, effect: &Effect<Id>, before: RoundNumber) {
		match effect {
			Effect::BidCounted { bidder, terms } => {
				self.settle_bid(bidder, BidStage::Revealed(terms.clone()));
			},
			Effect::BidOpened { bidder, terms, penalty, reward } => {
				self.settle_bid(bidder, BidStage::Opened(terms.clone()));
				assert_eq!(*penalty, self.params().silence_penalty, "what silence costs");
				let prover = must(self.provers.get_mut(bidder), "no such prover");
				take_from(must(prover.bond.as_mut(), "it has bid"), *penalty);
				take_from(&mut prover.stake, *penalty);
				self.burn_but(reward.as_ref(), *penalty);
			},
			Effect::BidVoided { bidder, slashed, reward, reason } => {
				self.settle_bid(bidder, BidStage::Void);
				assert_eq!(*slashed == 0, *reason == VoidReason::Dropped, "a void bid is slashed");
				if *slashed > 0 {
					self.slash(bidder, *slashed);
				}
				self.burn_but(reward.as_ref(), *slashed);
			},
			Effect::BidsUnsettled { closed, bidders } => {
				for bidder in bidders {
					let (round, share) = (before, self.share_of_bidder(bidder));
					self.settle_bid(bidder, BidStage::Void);
					let prover = must(self.provers.get_mut(bidder), "no such prover");
					assert_eq!(prover.bond.take(), Some(closed.bond()), "its bond stays reserved");
					let (bidder, closed) = (*bidder, *closed);
					self.unsettled.push(UnsettledBid { round, bidder, share, closed });
				}
			},
			Effect::BondReleased { prover, bond } => {
				let prover = must(self.provers.get_mut(prover), "no such prover");
				assert_eq!(prover.bond.take(), Some(*bond), "a bond is released once and whole");
			},
			Effect::ProverDefaulted { prover, slashed } => {
				self.slash(prover, *slashed);
				add(&mut self.kept, *slashed);
			},
			Effect::Delivered(receipt) => self.pay(receipt),
			Effect::BatchFailed { slashed } => {
				assert_eq!(*slashed, self.kept, "what was slashed is kept");
				add(&mut self.burned, take(&mut self.kept));
				add(&mut self.burned, take(&mut self.sequencer_bond));
				add(&mut self.sequencer, take(&mut self.escrow));
				assert_eq!(self.end.replace(End::Failed), None, "a batch ends once");
			},
			Effect::BatchDropped { paid, slashed } => {
				assert_eq!(*slashed, self.kept, "what was slashed is kept");
				add(&mut self.burned, take(&mut self.kept));
				assert_eq!(*paid, self.escrow == 0, "the escrow returns once");
				add(&mut self.sequencer, take(&mut self.escrow));
				add(&mut self.sequencer, take(&mut self.sequencer_bond));
				let end = End::Dropped { paid: *paid };
				assert_eq!(self.end.replace(end), None, "a batch ends once");
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

	/// Burns what a bidder lost, but for an opener's reward: at most half of the silence penalty.
	fn burn_but(&mut self, reward: Option<&Reward<Id>>, lost: Balance) {
		add(&mut self.burned, lost);
		if let Some(Reward { opener, amount }) = reward {
			let twice = sum([*amount, *amount]);
			assert!(twice <= self.params().silence_penalty, "half of the penalty is burned");
			add(&mut must(self.provers.get_mut(opener), "no such prover").free, *amount);
			take_from(&mut self.burned, *amount);
		}
	}

	fn settle_bid(&mut self, bidder: &Id, stage: BidStage) {
		let bid = must(self.bids.iter_mut().find(|bid| bid.bidder == *bidder), "no such bid");
		assert_eq!(bid.stage, BidStage::Sealed, "a bid is settled once");
		bid.stage = stage;
	}

	fn slash(&mut self, prover: &Id, amount: Balance) {
		let prover = must(self.provers.get_mut(prover), "no such prover");
		assert_eq!(prover.bond.take(), Some(amount), "a bond is slashed once and whole");
		take_from(&mut prover.stake, amount);
	}

	fn pay(&mut self, receipt: &Receipt<Id>) {
		let Receipt { payment, refund, slashed_share, slashed_burned, late_cost, .. } = receipt;
		assert!(self.receipts.is_empty(), "a batch is paid once");
		assert_eq!(sum([*payment, *refund]), self.escrow, "escrow pays");
		assert_eq!(sum([*slashed_share, *slashed_burned]), self.kept, "what was slashed is kept");
		assert!(slashed_share <= slashed_burned, "at most half of it returns");
		assert!(sum([*payment, *slashed_share]) <= receipt.reserve, "at most the reserve");
		self.escrow = 0;
		self.kept = 0;
		let prover = must(self.provers.get_mut(&receipt.prover), "no such prover");
		add(&mut prover.free, sum([*payment, *slashed_share]));
		take_from(&mut prover.free, *late_cost);
		add(&mut self.burned, sum([*late_cost, *slashed_burned]));
		add(&mut self.sequencer, sum([*refund, take(&mut self.sequencer_bond)]));
		self.receipts.push(receipt.clone());
	}

	/// Everything that there is, with what was burned.
	pub fn value(&self) -> Balance {
		let provers = sum(self.provers.values().map(|prover| sum([prover.free, prover.stake])));
		let batch = [self.sequencer, self.escrow, self.sequencer_bond, self.kept, self.burned];
		sum([sum(batch), provers])
	}

	/// Checks what always holds, unless `checked` is off.
	///
	/// # Panics
	/// It does not hold.
	pub fn check(&self) {
		if !self.checked {
			return;
		}
		assert_eq!(self.value(), self.issuance, "value is conserved");
		for (id, prover) in &self.provers {
			let bonds = prover.bond.into_iter().chain([self.unsettled_bonds(id)]);
			assert!(sum(bonds) <= prover.stake, "stakes cover bonds");
		}
		let mut bonded: Vec<_> = self
			.provers
			.iter()
			.filter_map(|(id, prover)| prover.bond.map(|bond| (*id, bond)))
			.collect();
		if self.end.is_some() {
			assert!(bonded.is_empty(), "no bond outlives its batch");
			let left = (self.escrow, self.sequencer_bond, self.kept);
			assert_eq!(left, (0, 0, 0), "nothing outlives its batch");
			return;
		}
		let mut owing = self.owing();
		owing.sort_unstable();
		bonded.sort_unstable();
		assert_eq!(bonded, owing, "exactly who has an obligation has a bond");
		assert_eq!(self.kept, self.round.slashed, "what was slashed is kept");

		let proven = matches!(self.round.stage, Stage::Proven { .. });
		assert_eq!(proven, !self.receipts.is_empty(), "who is paid has proven");
		let held = if proven { (0, 0) } else { (self.max_fee, self.params().sequencer_bond) };
		assert_eq!((self.escrow, self.sequencer_bond), held, "escrow and bond are held");
		assert!(self.round.reserve <= self.max_fee, "escrow covers the highest payment");
		for place in self.round.bonded() {
			let bounds = place.fee..=self.round.reserve;
			assert!(bounds.contains(&place.payment), "a payment is between fee and reserve");
		}
		if let Stage::Assigned(assignment) = &self.round.stage {
			assert!(assignment.first_payment <= self.round.reserve, "a rescue's price rises");
		}
		let claims = self.provers.keys().filter(|prover| self.may_claim(prover)).count();
		let most = if self.phase() == Phase::Rescue { self.provers.len() } else { 1 };
		assert!(claims <= most, "one prover at a time may deliver");
		self.check_rounds();
	}

	/// Returns the provers with an obligation, and the bond for it.
	fn owing(&self) -> Vec<(Id, Balance)> {
		let Stage::Auction(auction) = &self.round.stage else {
			assert!(self.bids.is_empty(), "bids do not outlive their auction");
			return self.round.bonded().map(|place| (place.prover, place.bond)).collect();
		};
		let sealed = self.bids.iter().filter(|bid| bid.stage == BidStage::Sealed).count();
		assert_eq!(usize::try_from(auction.bids), Ok(self.bids.len()), "bids are counted");
		assert_eq!(usize::try_from(auction.sealed), Ok(sealed), "sealed bids are counted");
		assert!(auction.bids <= self.snapshot.max_bids, "a round is not overfull");
		let context = self.context();
		self.bids
			.iter()
			.map(|bid| (bid.bidder, context.bond_of(&bid.stage, self.round.reserve)))
			.filter(|(_, bond)| *bond > 0)
			.collect()
	}

	fn may_claim(&self, prover: &Id) -> bool {
		claim(&self.round, prover, &self.context(), self.now).is_ok()
	}

	fn check_rounds(&self) {
		let Round { number, empty_rounds, failed_rounds, .. } = &self.round;
		let RollupParams { max_empty_rounds, max_failed_rounds, .. } = self.params();
		let ended = empty_rounds.saturating_add(*failed_rounds);
		let waiting = matches!(self.round.stage, Stage::Waiting);
		assert_eq!(number.saturating_add(waiting.into()), ended, "rounds are counted");
		let most = max_empty_rounds.saturating_add(*max_failed_rounds);
		assert!(*number < most, "rounds are bounded");
		let rounds = number.saturating_add(1);
		assert_eq!(usize::try_from(rounds), Ok(self.reserves.len()), "every round is told");
		let used_up = empty_rounds >= max_empty_rounds || failed_rounds >= max_failed_rounds;
		// Out of rounds, it waits or has its last one.
		if used_up && !waiting {
			assert_eq!(self.round.reserve, self.max_fee, "the last round has the highest reserve");
		}
		assert!(used_up || !waiting, "only who is out of rounds waits");
	}
}

fn must<T>(value: Option<T>, reason: &str) -> T {
	let Some(value) = value else { panic!("{reason}") };
	value
}

fn sum(amounts: impl IntoIterator<Item = Balance>) -> Balance {
	amounts.into_iter().fold(0, |sum, amount| must(sum.checked_add(amount), "an overflow"))
}

fn add(to: &mut Balance, amount: Balance) {
	*to = sum([*to, amount]);
}

fn take_from(from: &mut Balance, amount: Balance) {
	*from = must(from.checked_sub(amount), "more is taken than there is");
}
