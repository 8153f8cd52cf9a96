// SPDX-License-Identifier: Apache-2.0
//! Thousands of random lives of a batch, each checked after everything that happens.
//!
//! `PVS_MARKET_SEQUENCES` sets how many; with fewer than the default, not every way through the market
//! is met.

use common::{committed, id, Market, FREE, MAX_BIDS};
use pvs_auction::{
	driver::{market::UnsettledBid, random::Random},
	phase::Windows,
	round::{Bid, BidStage, Stage, Standing, VoidReason},
	score::score,
	settle::{ClosedRound, Verdict},
	step::{claim, expected_winner, Effect, Refusal},
};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{PaymentRule, RollupParams, SilencePolicy},
};
use std::collections::BTreeMap;

mod common;

/// Number of lives, unless told.
const SEQUENCES: u64 = 20_000;

/// The prover that always follows the protocol.
const HONEST: u8 = 7;

/// Behavior of the others, the predecessors and the agenda of one sequence, in percent.
struct Temper {
	bids: u32,
	honest_bids: bool,
	reveals: u32,
	opens: u32,
	malformed: u32,
	delivers: u32,
	accepts: u32,
	rescues: u32,
	agenda: u32,
	becomes_head: u32,
	drops: u32,
}

impl Temper {
	fn new(random: &mut Random) -> Self {
		let mut level = || [0, 3, 20, 60, 95][usize::try_from(random.below(5)).expect("small")];
		Self {
			bids: level(),
			honest_bids: level() >= 60,
			reveals: level().max(3),
			opens: level(),
			malformed: level() / 3,
			delivers: level() / 3,
			accepts: level() / 2,
			rescues: level() / 5,
			agenda: level().max(20),
			becomes_head: level() / 10,
			drops: level() / 15,
		}
	}
}

fn random_params(random: &mut Random) -> RollupParams {
	let slack_and_more = |random: &mut Random| random.between(2, 5);
	RollupParams {
		bidding_blocks: slack_and_more(random),
		reveal_blocks: random.between(3, 6),
		silence_policy: match random.below(3) {
			0 => SilencePolicy::Exclude,
			1 => SilencePolicy::ForceOpen { opening_blocks: slack_and_more(random) },
			_ => SilencePolicy::Settle { settle_blocks: random.between(1, 40) },
		},
		payment_rule: if random.chance(70) {
			PaymentRule::SecondScore
		} else {
			PaymentRule::FirstPrice
		},
		w_share: if random.chance(50) { 0 } else { 500_000_000 },
		max_reserve: 500,
		grace_blocks: random.between(1, 4),
		late_rate: random.between(30_000_000, 400_000_000),
		ladder_len: random.between(1, 4),
		ladder_blocks: random.between(2, 30),
		rescue_blocks: slack_and_more(random),
		max_empty_rounds: random.between(2, 4),
		max_failed_rounds: random.between(1, 3),
		..common::params()
	}
}

/// Counts of what was seen, by name: every transition must have been.
type Seen = BTreeMap<String, u64>;

fn see(seen: &mut Seen, what: impl Into<String>) {
	*seen.entry(what.into()).or_default() += 1;
}

/// Fate of an unsettled bid, decided when its round closes.
struct Silent {
	/// The prover and the round.
	bid: (u8, u32),
	/// Content of its seal, if it is sound.
	payload: Option<[u8; PAYLOAD_BYTES]>,
	/// Number of the one that opens the seal; `None` if the payload is shown.
	opener: Option<u8>,
	/// The block in which that is tried.
	at: u32,
	/// Loss that it has then.
	verdict: Verdict,
	/// Amount of that loss, in planck.
	slashed: u128,
}

struct Run<'a> {
	market: Market,
	random: Random,
	temper: Temper,
	seen: &'a mut Seen,
	/// Balance that the honest prover should have now, apart from its stake.
	honest_free: u128,
	/// Bids that are still to be settled.
	silent: Vec<Silent>,
}

impl Run<'_> {
	fn effects(&mut self, stage: &'static str, effects: &[Effect<common::Id>]) {
		for effect in effects {
			let text = format!("{effect:?}");
			let name: String = text.chars().take_while(|letter| letter.is_alphanumeric()).collect();
			let name = match effect {
				Effect::BidVoided { reason, .. } => format!("{name} {reason:?}"),
				Effect::BatchDropped { paid, .. } => format!("{name} paid {paid} in {stage}"),
				Effect::Delivered(receipt) => {
					let late = if receipt.late_blocks > 0 { " late" } else { "" };
					let share = if receipt.slashed_share > 0 { " with share" } else { "" };
					format!("{name} in {stage}{late}{share}")
				},
				Effect::BidOpened { reward: None, .. } => format!("{name} by payload"),
				_ => name,
			};
			see(self.seen, name);
			if let Effect::BidOpened { penalty, .. } = effect {
				self.market.check();
				assert!(*penalty > 0);
			}
			if let Effect::Delivered(receipt) = effect {
				if receipt.prover == id(HONEST) {
					self.honest_free += receipt.payment - receipt.late_cost + receipt.slashed_share;
				}
			}
		}
	}

	fn stage(&self) -> &'static str {
		match self.market.round.stage {
			Stage::Auction(_) => "Auction",
			Stage::Assigned(_) => "Assigned",
			Stage::Offered(_) => "Offered",
			Stage::Rescue(_) => "Rescue",
			Stage::Waiting => "Waiting",
			Stage::Proven { .. } => "Proven",
		}
	}

	fn bid(&mut self, number: u8) {
		let phase = self.market.phase();
		let taken = self.market.bids.len();
		if self.market.prover(number).bond.is_some()
			|| self.market.bids.iter().any(|bid| bid.bidder == id(number))
		{
			return;
		}
		let lacks = self.market.lacks(number);
		if lacks > 0 {
			assert_ne!(number, HONEST, "it is never slashed");
			self.market.bond_more(number, lacks);
		}
		if self.market.unsettled.iter().any(|bid| bid.bidder == id(number)) {
			see(self.seen, "bid beside an unsettled one");
		}
		let share = self.random.below(1_000_000_001);
		let before = self.market.prover(HONEST).free;
		let full = taken >= usize::try_from(MAX_BIDS).expect("small");
		let expected = match phase {
			Phase::Dropped => Err(Refusal::Dropped),
			Phase::Bidding if full => Err(Refusal::RoundFull),
			Phase::Bidding => Ok(Vec::new()),
			_ => Err(Refusal::NotBidding),
		};
		assert_eq!(self.market.bid(number, share), expected);
		if number == HONEST {
			self.honest_free -= before - self.market.prover(HONEST).free;
		}
	}

	fn reveal(&mut self, number: u8) {
		let phase = self.market.phase();
		let sealed = self
			.market
			.bids
			.iter()
			.any(|bid| bid.bidder == id(number) && bid.stage == BidStage::Sealed);
		// Whoever drives `step` asks it only for bids that are sealed; the phase may be any.
		if !sealed {
			return;
		}
		let reserve = u32::try_from(self.market.round.reserve).expect("small");
		let params = self.market.params();
		let mut payload = BidPayload {
			fee: u128::from(self.random.below(reserve + 1)),
			proof_blocks: self.random.between(1, params.max_proof_blocks),
			proof_commitment: None,
			salt: [u8::try_from(self.random.between(1, 255)).expect("a byte"); 32],
		};
		let mut flag = 0;
		let malformed = number != HONEST && self.random.chance(self.temper.malformed);
		if malformed {
			match self.random.below(5) {
				0 => payload.salt = [0; 32],
				1 => payload.proof_blocks = 0,
				2 => payload.proof_blocks = params.max_proof_blocks + 1,
				3 => payload.fee = u128::from(reserve) + 1,
				_ => flag = 2,
			}
		}
		let mut bytes = payload.encode();
		bytes[20] = flag;
		let outcome = self.market.reveal_bytes(number, &bytes);
		match (phase, outcome) {
			(Phase::Revealing, Ok(effects)) => {
				let counts = matches!(effects[..], [Effect::BidCounted { .. }]);
				assert_eq!(counts, !malformed);
				self.effects("Auction", &effects);
			},
			(Phase::SealOpening, Ok(effects)) => {
				assert_ne!(number, HONEST, "who reveals in time opens nothing");
				let counts = matches!(effects[..], [Effect::BidOpened { reward: None, .. }]);
				assert_eq!(counts, !malformed);
				self.effects("Auction", &effects);
			},
			(Phase::Dropped, outcome) => assert_eq!(outcome, Err(Refusal::Dropped)),
			(_, outcome) => assert_eq!(outcome, Err(Refusal::NotRevealing)),
		}
	}

	/// Somebody opens the seal of a silent bidder, sound or not.
	fn open(&mut self, number: u8, opener: u8) {
		let phase = self.market.phase();
		let sealed = self
			.market
			.bids
			.iter()
			.any(|bid| bid.bidder == id(number) && bid.stage == BidStage::Sealed);
		if !sealed {
			return;
		}
		let reserve = u32::try_from(self.market.round.reserve).expect("small");
		let over = u32::from(self.random.chance(self.temper.malformed));
		let payload = BidPayload {
			fee: u128::from(self.random.below(reserve + 1) + over * (reserve + 1)),
			proof_blocks: self.random.between(1, self.market.params().max_proof_blocks),
			proof_commitment: None,
			salt: [9; 32],
		};
		let bytes = payload.encode();
		let bad = self.random.chance(self.temper.malformed);
		match (phase, self.market.open(number, opener, (!bad).then_some(&bytes))) {
			(Phase::SealOpening, Ok(effects)) => {
				assert_ne!(number, HONEST, "who reveals in time needs no opener");
				let counts = matches!(effects[..], [Effect::BidOpened { reward: Some(_), .. }]);
				assert_eq!(counts, !bad && over == 0);
				self.effects("Auction", &effects);
			},
			(Phase::Dropped, outcome) => assert_eq!(outcome, Err(Refusal::Dropped)),
			(_, outcome) => assert_eq!(outcome, Err(Refusal::NotOpening)),
		}
	}

	fn accept(&mut self, number: u8) {
		let phase = self.market.phase();
		let expected = match &self.market.round.stage {
			_ if phase == Phase::Dropped => Err(Refusal::Dropped),
			Stage::Offered(offer) if phase == Phase::Offered => {
				if offer.place.prover == id(number) {
					Ok(vec![Effect::PlaceAccepted])
				} else {
					Err(Refusal::NotOffered)
				}
			},
			_ => Err(Refusal::NothingOffered),
		};
		let outcome = self.market.accept(number);
		assert_eq!(outcome, expected);
		self.effects("Offered", &outcome.unwrap_or_default());
	}

	fn prove(&mut self, number: u8) {
		let (stage, phase) = (self.stage(), self.market.phase());
		let market = &self.market;
		let claimed = claim(&market.round, &id(number), &market.context(), market.now);
		let allowed =
			matches!(phase, Phase::Proving | Phase::Late | Phase::Offered | Phase::Rescue);
		assert!(allowed || claimed.is_err());
		assert!(phase != Phase::Rescue || claimed.is_ok());
		match (claimed, self.market.prove(number)) {
			(Ok(claim), Ok(effects)) => {
				let receipt = self.market.receipts.last().expect("just delivered");
				assert_eq!(receipt.prover, id(number));
				assert_eq!(receipt.payment, claim.payment);
				assert_eq!(receipt.late_blocks, claim.late_blocks);
				self.effects(stage, &effects);
			},
			(claimed, outcome) => assert_eq!(outcome.err(), claimed.err()),
		}
	}

	fn deadline(&mut self) {
		let stage = self.stage();
		let market = &self.market;
		let is_due = market.due().is_some_and(|due| due <= market.now);
		let proven_and_head = stage == "Proven" && market.standing == Standing::Head;
		let expected = market.standing == Standing::Dropped || (is_due && !proven_and_head);
		let (bids, reveal_until) = (market.bids.clone(), self.reveal_until());
		let dropped = market.standing == Standing::Dropped;
		match self.market.pass_deadline() {
			Ok(effects) => {
				assert!(expected);
				self.effects(stage, &effects);
				if !dropped {
					self.unsettled(&effects, &bids, reveal_until);
				}
			},
			Err(refusal) => {
				assert!(!expected);
				assert_eq!(refusal, Refusal::NotDue);
			},
		}
	}

	/// First block after the reveal window of the open auction.
	fn reveal_until(&self) -> Option<u32> {
		let Stage::Auction(auction) = &self.market.round.stage else { return None };
		let context = self.market.context();
		Some(Windows::new(self.market.round.opened_at, auction, &context).reveal_until)
	}

	/// Decides what becomes of the silent bids of an auction that has closed on these bids.
	fn unsettled(
		&mut self,
		effects: &[Effect<common::Id>],
		bids: &[Bid<common::Id>],
		reveal_until: Option<u32>,
	) {
		let sealed: Vec<_> = bids
			.iter()
			.filter(|bid| bid.stage == BidStage::Sealed)
			.map(|bid| (bid.bidder, bid.share))
			.collect();
		let found = effects.iter().find_map(|effect| match effect {
			Effect::BidsUnsettled { closed, bidders } => Some((*closed, bidders.clone())),
			_ => None,
		});
		let SilencePolicy::Settle { settle_blocks } = self.market.params().silence_policy else {
			assert_eq!(found, None);
			return;
		};
		if sealed.is_empty() {
			assert_eq!(found, None);
			return;
		}
		let (closed, bidders) = found.expect("bids were sealed");
		assert_eq!(bidders, sealed.iter().map(|(bidder, _)| *bidder).collect::<Vec<_>>());
		assert_eq!(Some(closed.until), reveal_until.map(|block| block + settle_blocks));
		let unsettled = self.market.unsettled.iter().rev().take(sealed.len()).rev();
		let kept: Vec<_> = unsettled.copied().collect();
		assert_eq!(kept.iter().map(|bid| (bid.bidder, bid.share)).collect::<Vec<_>>(), sealed);
		let winner = self.winning_scores(bids);
		for UnsettledBid { round, bidder, share, .. } in kept {
			let [number, ..] = bidder.0;
			assert_ne!(number, HONEST, "it is never silent");
			let payload = self.silent_payload(&closed);
			let (verdict, slashed) = self.judged(&closed, winner, share, payload.as_ref());
			let at = closed.until - settle_blocks + self.random.below(settle_blocks + 4);
			// Only a seal shows that nothing fits the commitment.
			let opened = payload.is_none() || self.random.chance(50);
			let opener = opened.then(|| u8::try_from(self.random.between(1, 6)).expect("small"));
			let bid = (number, round);
			self.silent.push(Silent { bid, payload, opener, at, verdict, slashed });
		}
	}

	/// Scores of the winner of the auction that has closed on these bids: of its bid, and with its payment for a
	/// fee.
	fn winning_scores(&self, bids: &[Bid<common::Id>]) -> Option<(u128, u128)> {
		let Stage::Assigned(assignment) = &self.market.round.stage else { return None };
		let place = &assignment.place;
		let bid = bids.iter().find(|bid| bid.bidder == place.prover).expect("it has bid");
		let (params, reserve) = (self.market.params(), self.market.round.reserve);
		let best = bids.iter().filter_map(|bid| bid.stage.terms()).map(|terms| terms.score).min();
		let paid = score(place.payment, place.proof_blocks, bid.share, reserve, params);
		best.zip(paid.ok())
	}

	fn silent_payload(&mut self, closed: &ClosedRound) -> Option<[u8; PAYLOAD_BYTES]> {
		let reserve = u32::try_from(closed.reserve).expect("small");
		let over = u32::from(self.random.chance(self.temper.malformed));
		let payload = BidPayload {
			fee: u128::from(self.random.below(reserve + 1) + over * (reserve + 1)),
			proof_blocks: self.random.between(1, self.market.params().max_proof_blocks),
			proof_commitment: None,
			salt: [9; 32],
		};
		(!self.random.chance(self.temper.malformed)).then(|| payload.encode())
	}

	/// Returns what a silent bid loses according to the protocol.
	fn judged(
		&self,
		closed: &ClosedRound,
		winner: Option<(u128, u128)>,
		share: u32,
		payload: Option<&[u8; PAYLOAD_BYTES]>,
	) -> (Verdict, u128) {
		let params = self.market.params();
		let (reserve, penalty) = (closed.reserve, params.silence_penalty);
		let bond = reserve + penalty;
		let Some(payload) = payload else { return (Verdict::Void(VoidReason::BadSeal), bond) };
		let BidPayload { fee, proof_blocks, .. } = BidPayload::decode(payload).expect("decodes");
		if fee > reserve {
			return (Verdict::Void(VoidReason::AboveReserve), bond);
		}
		let own = score(fee, proof_blocks, share, reserve, params).expect("within the rules");
		match winner {
			None => (Verdict::WouldHaveWon, bond),
			Some((won, _)) if own >= won => (Verdict::WouldHaveLost, penalty),
			Some((_, paid)) => {
				let whole = u128::from(params.w_fee) * 1_000_000_000;
				let worth = (reserve * (paid - own)).div_ceil(whole);
				(Verdict::WouldHaveWon, bond.min((penalty + worth).max(bond - fee)))
			},
		}
	}

	/// Settles the silent bids whose block has come, and ends those whose time is over when the agenda comes to
	/// them.
	fn settle(&mut self) {
		let now = self.market.now;
		let tried: Vec<_> = self.silent.extract_if(.., |silent| silent.at <= now).collect();
		for Silent { bid, payload, opener, verdict, slashed, .. } in tried {
			let (left, burned) = (self.market.unsettled.len(), self.market.burned);
			let stake = self.market.prover(bid.0).stake;
			match self.market.settle(bid, opener, payload.as_ref()) {
				Ok(settled) => {
					// Whatever has happened since the round closed.
					assert_eq!((settled.verdict, settled.slashed), (verdict, slashed));
					let reward = opener.map_or(0, |_| self.market.params().silence_penalty / 2);
					assert_eq!(self.market.burned - burned, slashed - reward);
					assert_eq!(stake - self.market.prover(bid.0).stake, slashed);
					assert_eq!(self.market.unsettled.len(), left - 1, "a bid is settled once");
					let way = opener.map_or("payload", |_| "opener");
					self.settled(&format!("{verdict:?} by {way}"));
				},
				Err(refusal) => {
					assert_eq!(refusal, Refusal::TooLate);
					see(self.seen, "settled too late");
				},
			}
		}
		if self.random.chance(self.temper.agenda) {
			let (left, burned) = (self.market.unsettled.len(), self.market.burned);
			let over = self.market.unsettled.iter().filter(|bid| bid.closed.until <= now);
			let bonds: Vec<_> = over.map(|bid| bid.closed.bond()).collect();
			self.market.expire();
			self.silent.retain(|silent| {
				let is = |bid: &UnsettledBid| {
					(bid.bidder, bid.round) == (id(silent.bid.0), silent.bid.1)
				};
				self.market.unsettled.iter().any(is)
			});
			assert_eq!(self.market.unsettled.len(), left - bonds.len());
			assert_eq!(self.market.burned - burned, bonds.iter().sum::<u128>());
			for _ in bonds {
				self.settled("Expired");
			}
		}
	}

	fn settled(&mut self, how: &str) {
		let ended = if self.market.end.is_some() { " after the batch" } else { "" };
		see(self.seen, format!("settled {how}{ended}"));
	}

	/// Acts as the honest prover does in every block: reveals, takes its place, delivers on time.
	fn honest(&mut self) {
		if self.market.end.is_some() {
			return;
		}
		if self.closes_with_its_proof() {
			self.deadline();
			see(self.seen, "closed by the winner");
		}
		match self.market.phase() {
			Phase::Bidding if self.temper.honest_bids => self.bid(HONEST),
			Phase::Revealing => self.reveal(HONEST),
			Phase::Offered
				if self.market.round.runners_up().next().expect("offered").prover == id(HONEST) =>
			{
				self.accept(HONEST);
			},
			Phase::Proving => {
				if let Stage::Assigned(assignment) = &self.market.round.stage {
					let (place, delivery) = (&assignment.place, assignment.delivery);
					if place.prover == id(HONEST)
						&& (self.random.chance(20) || self.market.now == delivery.on_time_until)
					{
						let payment = place.payment;
						assert!(payment >= place.fee);
						self.prove(HONEST);
						let receipt = &self.market.receipts[0];
						assert_eq!((receipt.payment, receipt.late_cost), (payment, 0));
						see(self.seen, "honest prover paid");
					}
				}
			},
			_ => (),
		}
	}

	/// A proof performs the close that is overdue. The honest prover sees that it has won, and does not
	/// wait for the agenda beyond its time.
	fn closes_with_its_proof(&mut self) -> bool {
		let market = &self.market;
		let expected = expected_winner(&market.round, &market.bids, &market.context(), market.now);
		expected.expect("within the rules").is_some_and(|expected| {
			expected.decided
				&& expected.place.prover == id(HONEST)
				&& (self.random.chance(20) || market.now == expected.delivery.on_time_until)
		})
	}

	fn others(&mut self) {
		for _ in 0..self.random.below(6) {
			if self.market.end.is_some() {
				return;
			}
			let number = u8::try_from(self.random.between(1, 6)).expect("small");
			// Out of turn now and then, to be refused.
			let wild = self.random.chance(5);
			let (act, percent) = match self.market.phase() {
				_ if wild => (self.random.below(5), 100),
				Phase::Bidding => (0, self.temper.bids),
				Phase::Revealing => (1, self.temper.reveals),
				Phase::SealOpening if self.random.chance(70) => (4, self.temper.opens),
				Phase::SealOpening => (1, self.temper.reveals),
				Phase::Offered if self.random.chance(70) => (2, self.temper.accepts),
				Phase::Rescue => (3, self.temper.rescues),
				_ => (3, self.temper.delivers),
			};
			if self.random.chance(percent) {
				match act {
					0 => self.bid(number),
					1 => self.reveal(number),
					2 => self.accept(number),
					4 => {
						let opener = u8::try_from(self.random.between(1, 6)).expect("small");
						self.open(number, opener);
					},
					_ => self.prove(number),
				}
			}
		}
	}

	fn block(&mut self) {
		if self.market.end.is_none() {
			self.live();
		}
		self.settle();
		let honest = self.market.prover(HONEST);
		assert_eq!(honest.free, self.honest_free, "the honest prover gets what it earned");
		assert_eq!(honest.stake, self.market.params().max_reserve + 10, "and is never slashed");
	}

	/// The block of a batch that has not ended.
	fn live(&mut self) {
		if matches!(self.market.params().silence_policy, SilencePolicy::Settle { .. }) {
			let latest = self.reveal_until().unwrap_or(u32::MAX);
			assert!(self.market.due() <= Some(latest), "no round waits for silent bidders");
			assert_ne!(self.market.phase(), Phase::SealOpening);
		}
		if self.market.standing == Standing::Behind {
			let patience = self.market.now > 400;
			if patience || self.random.chance(self.temper.becomes_head) {
				self.market.standing = Standing::Head;
			} else if self.random.chance(self.temper.drops) {
				let stage = self.stage();
				see(self.seen, format!("dropped in {stage}"));
				self.market.standing = Standing::Dropped;
			}
			self.market.check();
		}
		// The agenda comes first in a block, but does not always get to this batch.
		let is_due = self.market.due().is_some_and(|due| due <= self.market.now);
		if self.random.chance(self.temper.agenda) && (is_due || self.random.chance(20)) {
			self.deadline();
		}
		self.honest();
		if self.market.end.is_none() {
			self.others();
		}
		let market = &self.market;
		if market.end.is_none()
			&& matches!(market.round.stage, Stage::Proven { .. })
			&& market.standing == Standing::Head
		{
			self.market.finalize();
			see(self.seen, "final");
		}
	}
}

fn run(seed: u64, seen: &mut Seen) {
	let mut random = Random::new(seed);
	let temper = Temper::new(&mut random);
	let params = random_params(&mut random);
	let standing = if random.chance(30) { Standing::Head } else { Standing::Behind };
	let max_fee = u128::from(random.between(10, 500));
	let reserve = u128::from(random.between(10, 500));
	let mut market = committed(params, max_fee, reserve, standing);
	market.seal_delay = match random.below(4) {
		0 => None,
		choice => Some(u64::from(choice) * 700),
	};
	market.snapshot.finality_gap = random.below(3);
	let mut run = Run { market, random, temper, seen, honest_free: FREE, silent: Vec::new() };
	let start = run.market.now;
	while run.market.end.is_none() || !run.market.unsettled.is_empty() {
		run.block();
		run.market.now += 1;
		assert!(run.market.now < start + 5_000, "every batch ends");
	}
}

#[test]
fn prop_value_conserved_all_paths() {
	let sequences = std::env::var("PVS_MARKET_SEQUENCES")
		.map_or(SEQUENCES, |count| count.parse().expect("PVS_MARKET_SEQUENCES is a number"));
	let mut seen = Seen::new();
	for seed in 0..sequences {
		let outcome = std::panic::catch_unwind(|| {
			let mut seen = Seen::new();
			run(seed, &mut seen);
			seen
		});
		match outcome {
			Ok(found) => found.into_iter().for_each(|(name, count)| {
				*seen.entry(name).or_default() += count;
			}),
			Err(panic) => {
				eprintln!("sequence {seed} failed");
				std::panic::resume_unwind(panic);
			},
		}
	}
	for (name, count) in &seen {
		println!("{count:>9} {name}");
	}
	let expected = [
		"BidOpened",
		"BidOpened by payload",
		"BidVoided BadSeal",
		"BatchDropped paid false in Assigned",
		"BatchDropped paid false in Auction",
		"BatchDropped paid false in Offered",
		"BatchDropped paid false in Rescue",
		"BatchDropped paid false in Waiting",
		"BatchDropped paid true in Assigned",
		"BatchDropped paid true in Proven",
		"BatchFailed",
		"BatchWaiting",
		"BidCounted",
		"BidVoided AboveReserve",
		"BidVoided Dropped",
		"BidVoided ProofBlocks",
		"BidVoided Silent",
		"BidVoided Undecodable",
		"BidVoided ZeroSalt",
		"BidsUnsettled",
		"BondReleased",
		"Delivered in Assigned",
		"Delivered in Assigned late",
		"Delivered in Assigned late with share",
		"Delivered in Assigned with share",
		"Delivered in Offered with share",
		"Delivered in Rescue with share",
		"PlaceAccepted",
		"PlaceOffered",
		"PlacePassed",
		"ProverDefaulted",
		"RescueEnded",
		"RescueOpened",
		"RoundEmpty",
		"RoundOpened",
		"WinnerSelected",
		"bid beside an unsettled one",
		"closed by the winner",
		"dropped in Assigned",
		"dropped in Auction",
		"dropped in Offered",
		"dropped in Proven",
		"dropped in Rescue",
		"dropped in Waiting",
		"final",
		"honest prover paid",
		"settled Expired",
		"settled Expired after the batch",
		"settled Void(AboveReserve) by opener",
		"settled Void(AboveReserve) by payload",
		"settled Void(BadSeal) by opener",
		"settled WouldHaveLost by opener",
		"settled WouldHaveLost by opener after the batch",
		"settled WouldHaveLost by payload",
		"settled WouldHaveWon by opener",
		"settled WouldHaveWon by opener after the batch",
		"settled WouldHaveWon by payload",
		"settled too late",
	];
	for name in expected.into_iter().filter(|_| sequences >= SEQUENCES) {
		assert!(seen.contains_key(name), "no sequence came by: {name}");
	}
}

/// B7: the mechanism has no source of time but the height.
#[test]
fn rules_should_have_no_time_source() {
	fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
		for entry in std::fs::read_dir(folder).expect("it exists") {
			let path = entry.expect("it is readable").path();
			if path.is_dir() {
				sources(&path, found);
			} else if path.extension().is_some_and(|extension| extension == "rs") {
				found.push(path);
			}
		}
	}
	let mut files = Vec::new();
	sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
	assert!(files.len() >= 20, "{} files", files.len());
	for path in files {
		let source = std::fs::read_to_string(&path).expect("it is text");
		for word in ["pallet_timestamp", "UnixTime", "SystemTime", "Instant", "Duration", "Moment"]
		{
			assert!(!source.contains(word), "{word} in {}", path.display());
		}
	}
}
