// SPDX-License-Identifier: Apache-2.0
//! A search over all that a prover and its friend can do in one round, for what acting at once does not
//! earn (G13 of the protocol).
//!
//! The prover knows its rivals' bids beforehand, in the search as in the comparison. It starts work in
//! the block in which it can know that it wins: when no bid of a rival is sealed any more, in the last
//! block in which one could be opened, or when a rival's failure hands it a place. A proof takes it the
//! same number of blocks whatever it claims. Its income is what it and its friend have afterwards, less
//! what they had before, less the cost of each proof that they deliver.
//!
//! A claim is about the clock, which starts with the last block of the reveal window: whoever starts work
//! before it can truly claim less than the work takes. That is no matter of the prover's own messages, so
//! that every way is compared with the best claim of a prover that acts at once.
//!
//! A silent bid that is settled after its round is judged alone, whatever becomes of the round and of other
//! bids. Each is counted with the least that it can cost.
//!
//! Whoever knows its rivals' bids beforehand has no use for a bid that it withdraws.
//! [`hedge`](super::hedge::hedge) is about a prover that does not.

use super::{
	market::{id, ClockRule, Id, Market},
	world::{Rival, Timing, World, FRIEND, OPENER, OURS},
};
use crate::{
	payment::payment,
	phase::Windows,
	round::{Assignment, Auction, BidStage, Offer, Stage},
	score::score,
	settle::{ClosedRound, WinningScores},
	step::Refusal,
};
use alloc::{vec, vec::Vec};
use pvs_primitives::{
	api::Phase,
	bid::{BidPayload, PAYLOAD_BYTES},
	params::{PaymentRule, RollupParams, SilencePolicy},
	Balance, BlockNumber,
};

/// A bid, and when it stops being sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
	/// Fee that it asks, in planck.
	pub fee: Balance,
	/// The time that it claims, in blocks.
	pub proof_blocks: BlockNumber,
	/// Time at which it stops being sealed.
	pub timing: Timing,
}

/// Bids of the prover and its friend, until the auction closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
	/// Its bid.
	pub ours: Act,
	/// Its friend's bid, if it makes one.
	pub friend: Option<Act>,
}

impl Strategy {
	/// Returns true if it reveals in the first block and has no friend.
	pub fn is_at_once(&self) -> bool {
		self.friend.is_none() && self.ours.timing == Timing::Revealed(0)
	}

	/// Its bids, with the numbers of the bidders.
	fn numbered(&self) -> impl Iterator<Item = (u8, Act)> {
		let friend = self.friend.map(|friend| (FRIEND, friend));
		[(OURS, self.ours)].into_iter().chain(friend)
	}
}

/// Decision of the prover, or of its friend, after the auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
	/// Takes the place that it is offered.
	Take {
		/// Number of the prover.
		number: u8,
		/// The block.
		block: BlockNumber,
	},
	/// Lets the place that it is offered pass.
	Pass {
		/// Number of the prover.
		number: u8,
	},
	/// Delivers.
	Deliver {
		/// Number of the prover.
		number: u8,
		/// The block.
		block: BlockNumber,
	},
	/// Does not deliver.
	Default {
		/// Number of the prover.
		number: u8,
	},
}

/// A way through a round, and what it earns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
	/// Bids until the auction closes; `None` if the prover does not bid.
	pub strategy: Option<Strategy>,
	/// Decisions after the auction.
	pub decisions: Vec<Decision>,
	/// Its income, in planck.
	pub income: i128,
}

/// The outcome of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
	/// The best way to act at once: without a friend, revealed in the first block, a place taken in the
	/// first block, delivered as soon as the work is done.
	pub at_once: Play,
	/// The best way without a friend.
	pub alone: Play,
	/// The best of all ways.
	pub best: Play,
	/// Income of acting at once with the true cost as its fee and the work as its time, in planck,
	/// though the clock starts no earlier than the last block of the reveal window.
	pub plain: i128,
}

impl Found {
	/// Returns the largest gain over acting at once, in planck.
	pub fn gain(&self) -> i128 {
		self.best.income.saturating_sub(self.at_once.income)
	}

	/// Returns the largest gain without a friend over acting at once, in planck.
	pub fn gain_alone(&self) -> i128 {
		self.alone.income.saturating_sub(self.at_once.income)
	}

	/// Returns what acting at once gains by the claimed time and the fee alone, in planck.
	pub fn gain_of_claim(&self) -> i128 {
		self.at_once.income.saturating_sub(self.plain)
	}
}

/// Judgment of silent bids that are settled after their round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judging {
	/// As the rules say.
	Rules,
	/// Each costs the silence penalty alone, also one that would have won. It shows that the search finds what
	/// withdrawing would bring.
	PenaltyAlone,
}

/// Tries everything in a world: every claimed time, every timing of the prover's own bid, a friend that
/// is absent or bids as well with every timing, the block of taking a place, the block of delivery. The
/// fee is the cost; under first price also the highest that ranks before each rival, and where rivals fail
/// the reserve.
pub fn search(world: &World, clock: ClockRule) -> Found {
	let none = Play { strategy: None, decisions: Vec::new(), income: 0 };
	let mut found = Found { at_once: none.clone(), alone: none.clone(), best: none, plain: 0 };
	let RollupParams { max_proof_blocks, reveal_blocks, .. } = world.snapshot.params;
	let openings = longest_opening(world);
	let friends = friends(world, reveal_blocks, openings);
	let own_timings = own_timings(reveal_blocks, openings);
	let [alone, with_friend] = [false, true].map(|friend| place_bids(world, clock, friend));
	for proof_blocks in 1..=max_proof_blocks {
		for fee in fees(world, proof_blocks) {
			for timing in &own_timings {
				for friend in &friends {
					let ours = Act { fee, proof_blocks, timing: *timing };
					let placed = if friend.is_some() { &with_friend } else { &alone };
					try_strategy(world, placed, Strategy { ours, friend: *friend }, &mut found);
				}
			}
		}
	}
	found
}

fn try_strategy(world: &World, placed: &Placed, strategy: Strategy, found: &mut Found) {
	let (market, known) = auction(world, placed, &strategy);
	let ready = known.saturating_add(world.work);
	let lost = cost_of_silence(&market, &strategy, Judging::Rules);
	if strategy.is_at_once() {
		let (income, decisions) = Decider { world, at_once: true, lost }.decide(&market, ready);
		let honest = (world.cost, world.work);
		if (strategy.ours.fee, strategy.ours.proof_blocks) == honest {
			found.plain = income;
		}
		if income > found.at_once.income {
			found.at_once = Play { strategy: Some(strategy), decisions, income };
		}
	}
	let (income, decisions) = Decider { world, at_once: false, lost }.decide(&market, ready);
	let play = Play { strategy: Some(strategy), decisions, income };
	if strategy.friend.is_none() && income > found.alone.income {
		found.alone = play.clone();
	}
	if income > found.best.income {
		found.best = play;
	}
}

/// The most blocks that an opening window can have in this world; 0 if there is none.
fn longest_opening(world: &World) -> BlockNumber {
	match world.snapshot.params.silence_policy {
		SilencePolicy::Exclude | SilencePolicy::Settle { .. } => 0,
		SilencePolicy::ForceOpen { opening_blocks } => {
			let bids = u32::try_from(world.rivals.len()).unwrap_or(u32::MAX).saturating_add(2);
			let needed = world.snapshot.seal_timing.opening_blocks(world.seal_delay, bids);
			needed.saturating_add(world.snapshot.inclusion_slack).min(opening_blocks)
		},
	}
}

fn own_timings(reveal_blocks: BlockNumber, openings: BlockNumber) -> Vec<Timing> {
	let mut timings = friends_timings(reveal_blocks, openings);
	timings.extend((0..openings).map(Timing::Shown));
	timings
}

/// Without the payloads that a friend shows: its seal is opened at the same time for less.
fn friends_timings(reveal_blocks: BlockNumber, openings: BlockNumber) -> Vec<Timing> {
	let mut timings: Vec<_> = (0..reveal_blocks).map(Timing::Revealed).collect();
	timings.extend((0..openings).map(Timing::Opened));
	timings.push(Timing::Silent);
	timings
}

/// No friend; or one that asks too much to win, as much as the prover for the same work, or for the
/// shortest time; where silent bids are settled, also one that wins if anyone does.
fn friends(world: &World, reveal_blocks: BlockNumber, openings: BlockNumber) -> Vec<Option<Act>> {
	let RollupParams { min_proof_blocks, max_proof_blocks, silence_policy, .. } =
		world.snapshot.params;
	let mut bids = vec![
		(world.reserve, max_proof_blocks),
		(world.cost, world.work),
		(world.cost, min_proof_blocks),
	];
	if matches!(silence_policy, SilencePolicy::Settle { .. }) {
		bids.push((0, min_proof_blocks));
	}
	let mut friends = vec![None];
	for (fee, proof_blocks) in bids {
		let timings = friends_timings(reveal_blocks, openings);
		friends.extend(timings.into_iter().map(|timing| Some(Act { fee, proof_blocks, timing })));
	}
	friends
}

/// The fees worth asking for this time: the cost and, under first price, the highest ones that rank
/// before each rival and nobody at all. Whoever waits for rivals to fail asks for the reserve, under either rule.
pub(super) fn fees(world: &World, proof_blocks: BlockNumber) -> Vec<Balance> {
	let mut fees = vec![world.cost];
	let params = &world.snapshot.params;
	match params.payment_rule {
		PaymentRule::SecondScore => {
			let waits = world.rivals.iter().any(|rival| rival.fails);
			fees.extend(waits.then_some(world.reserve));
		},
		PaymentRule::FirstPrice => {
			let as_second =
				RollupParams { payment_rule: PaymentRule::SecondScore, ..params.clone() };
			let before = world.rivals.iter().filter_map(|rival| {
				let Rival { fee, proof_blocks: blocks, .. } = *rival;
				let score = score(fee, blocks, 0, world.reserve, params).ok()?;
				let next = Some(score);
				let equal = payment(0, proof_blocks, 0, next, world.reserve, &as_second).ok()?;
				Some(equal.saturating_sub(1))
			});
			fees.extend(before.filter(|fee| *fee > world.cost));
			fees.push(world.reserve.max(world.cost));
			fees.sort_unstable();
			fees.dedup();
		},
	}
	fees
}

/// A round in which all bids are placed, in the first block of the bidding window.
pub(super) struct Placed {
	market: Market,
	windows: Windows,
}

/// Places the bids of the prover, of its friend if that bids, and of the rivals.
pub(super) fn place_bids(world: &World, clock: ClockRule, friend: bool) -> Placed {
	let World { snapshot, reserve, .. } = world;
	let max_fee = snapshot.params.max_reserve;
	let (delay, provers) = (Some(world.seal_delay), world.provers());
	let mut market = Market::new(snapshot.clone(), delay, max_fee, *reserve, provers, free(world));
	market.clock = clock;
	market.checked = false;
	let opened_at = market.round.opened_at;
	let windows = Windows::new(opened_at, &Auction::default(), &market.context());
	market.now = windows.bidding_from;
	let rivals = world.numbered_rivals().map(|(number, _)| number);
	for number in [OURS].into_iter().chain(friend.then_some(FRIEND)).chain(rivals) {
		done(market.bid(number, 0));
	}
	Placed { market, windows }
}

/// Balance of each prover beside its stake, in planck: more than it can spend.
fn free(world: &World) -> Balance {
	world.reserve.saturating_mul(16).saturating_add(1_000)
}

/// Plays the auction. Returns the market as it has closed, and the block in which the prover can know
/// whether it has won.
pub(super) fn auction(
	world: &World,
	placed: &Placed,
	strategy: &Strategy,
) -> (Market, BlockNumber) {
	let Placed { market, windows } = placed;
	let mut market = market.clone();
	let rivals = world.numbered_rivals().map(|(number, rival)| {
		let Rival { fee, proof_blocks, timing, .. } = *rival;
		(number, Act { fee, proof_blocks, timing })
	});
	let bids: Vec<_> = strategy.numbered().chain(rivals).collect();
	let mut known = None;
	market.now = windows.reveal_from;
	while is_open(&market) {
		if market.is_due() {
			done(market.pass_deadline());
		}
		for (number, act) in &bids {
			if is_open(&market) {
				perform(&mut market, *number, act, windows);
				if market.is_due() {
					done(market.pass_deadline());
				}
			}
		}
		let last = market.due() == market.now.checked_add(1);
		if known.is_none() && (!is_open(&market) || last || rivals_are_known(&market)) {
			known = Some(market.now);
		}
		if is_open(&market) {
			market.now = market.now.saturating_add(1);
		}
	}
	let known = known.unwrap_or(market.now);
	(market, known)
}

/// Returns true if the first round's auction is open.
fn is_open(market: &Market) -> bool {
	market.round.number == 0 && matches!(market.round.stage, Stage::Auction(_))
}

fn rivals_are_known(market: &Market) -> bool {
	market
		.bids
		.iter()
		.filter(|bid| own_number(&bid.bidder).is_none())
		.all(|bid| bid.stage != BidStage::Sealed)
}

/// Does what is to be done for a bid in this block.
fn perform(market: &mut Market, number: u8, act: &Act, windows: &Windows) {
	let reveal = market.now.checked_sub(windows.reveal_from);
	let opening = market.now.checked_sub(windows.reveal_until);
	let opening = opening.filter(|_| market.phase() == Phase::SealOpening);
	let Act { fee, proof_blocks, timing } = *act;
	match timing {
		Timing::Revealed(at) if reveal == Some(at) => {
			done(market.reveal(number, fee, proof_blocks, None));
		},
		Timing::Shown(at) if opening == Some(at) => {
			done(market.reveal(number, fee, proof_blocks, None));
		},
		Timing::Opened(at) if opening == Some(at) => {
			let opener = if own_number(&id(number)).is_some() { FRIEND } else { OPENER };
			done(market.open(number, opener, Some(&payload(number, act))));
		},
		_ => (),
	}
}

/// Payload of a bid.
fn payload(number: u8, act: &Act) -> [u8; PAYLOAD_BYTES] {
	let Act { fee, proof_blocks, .. } = *act;
	BidPayload { fee, proof_blocks, proof_commitment: None, salt: [number; 32] }.encode()
}

/// Returns the least that the silent bids of the prover and its friend cost if they are settled after the close,
/// in planck. Each is settled by its payload, or opened through another account of theirs, which gets the reward,
/// or left to expire.
pub(super) fn cost_of_silence(market: &Market, strategy: &Strategy, judging: Judging) -> Balance {
	let costs = strategy.numbered().filter_map(|(number, act)| {
		let bid = market.unsettled.iter().find(|bid| bid.bidder == id(number))?;
		let closed = match judging {
			Judging::Rules => bid.closed,
			Judging::PenaltyAlone => {
				let winner = Some(WinningScores { won: 0, paid: 0 });
				ClosedRound { winner, ..bid.closed }
			},
		};
		let settled = done(closed.settle(bid.share, Some(&payload(number, &act)), market.now));
		let opened = settled.slashed.saturating_sub(settled.reward);
		Some(settled.slashed.min(opened).min(closed.expire().slashed))
	});
	costs.fold(0, Balance::saturating_add)
}

fn own_number(prover: &Id) -> Option<u8> {
	[OURS, FRIEND].into_iter().find(|number| id(*number) == *prover)
}

/// Message where an input that the search tries must be allowed.
fn done<T>(outcome: Result<T, Refusal>) -> T {
	match outcome {
		Ok(value) => value,
		Err(refusal) => panic!("{refusal:?}"),
	}
}

/// Decides, from the close of the auction on.
pub(super) struct Decider<'a> {
	/// The world.
	pub(super) world: &'a World,
	/// True if it takes places and delivers as soon as it can.
	pub(super) at_once: bool,
	/// Cost of silent bids beside what the market has taken, in planck.
	pub(super) lost: Balance,
}

type Decided = (i128, Vec<Decision>);

impl Decider<'_> {
	/// The best income that can still be had, and the decisions for it. The proof is ready in block
	/// `ready`.
	pub(super) fn decide(&self, market: &Market, ready: BlockNumber) -> Decided {
		match &market.round.stage {
			Stage::Assigned(assignment) => match own_number(&assignment.place.prover) {
				Some(number) => self.at_work(market, number, assignment, ready),
				None => self.rival_at_work(market, assignment),
			},
			Stage::Offered(offer) => match own_number(&offer.place.prover) {
				Some(number) => self.offered(market, number, offer, ready),
				None => self.rival_offered(market, offer),
			},
			// In a rescue another prover is first; the next round is another story.
			Stage::Auction(_) | Stage::Rescue(_) | Stage::Waiting | Stage::Proven { .. } => {
				(self.income(market, 0), Vec::new())
			},
		}
	}

	fn income(&self, market: &Market, proofs: u32) -> i128 {
		let wealth = |market: &Market| {
			let amounts = [OURS, FRIEND].map(|number| signed(market.wealth(number)));
			amounts.into_iter().fold(0, i128::saturating_add)
		};
		let RollupParams { max_reserve, silence_penalty, .. } = market.snapshot.params;
		let start = free(self.world).saturating_add(max_reserve).saturating_add(silence_penalty);
		let start = signed(start).saturating_mul(2);
		let cost = signed(self.world.cost).saturating_mul(proofs.into());
		let cost = cost.saturating_add(signed(self.lost));
		wealth(market).saturating_sub(start).saturating_sub(cost)
	}

	fn at_work(
		&self,
		market: &Market,
		number: u8,
		assignment: &Assignment<Id>,
		ready: BlockNumber,
	) -> Decided {
		let late_until = assignment.delivery.late_until;
		let defaulted = after(market, late_until.saturating_add(1), Market::pass_deadline);
		let mut best = before(Decision::Default { number }, self.decide(&defaulted, ready));
		self.deliver(market, number, ready, late_until, &mut best);
		best
	}

	/// Delivers in each block up to the last; at once, in the first.
	fn deliver(
		&self,
		market: &Market,
		number: u8,
		ready: BlockNumber,
		last: BlockNumber,
		best: &mut Decided,
	) {
		let first = ready.max(market.now);
		let last = if self.at_once { last.min(first) } else { last };
		for block in first..=last {
			let delivered = after(market, block, |market| market.prove(number));
			let decision = Decision::Deliver { number, block };
			better(best, (self.income(&delivered, 1), vec![decision]));
		}
	}

	fn offered(
		&self,
		market: &Market,
		number: u8,
		offer: &Offer<Id>,
		ready: BlockNumber,
	) -> Decided {
		let until = offer.until(&market.snapshot);
		let passed = after(market, until.saturating_add(1), Market::pass_deadline);
		let mut best = before(Decision::Pass { number }, self.decide(&passed, ready));
		self.deliver(market, number, ready, until, &mut best);
		// The offer is seen in the block that makes it; what is sent on top of that is in the next one.
		let at_once = offer.offered_at.saturating_add(1);
		let blocks = if self.at_once { at_once..=until.min(at_once) } else { market.now..=until };
		for block in blocks {
			let taken = after(market, block, |market| market.accept(number));
			let decision = Decision::Take { number, block };
			better(&mut best, before(decision, self.decide(&taken, ready)));
		}
		best
	}

	fn rival_at_work(&self, market: &Market, assignment: &Assignment<Id>) -> Decided {
		if !self.fails(&assignment.place.prover) {
			return (self.income(market, 0), Vec::new());
		}
		let late_until = assignment.delivery.late_until;
		self.after_a_rival(market, late_until.saturating_add(1))
	}

	fn rival_offered(&self, market: &Market, offer: &Offer<Id>) -> Decided {
		if !self.fails(&offer.place.prover) {
			return (self.income(market, 0), Vec::new());
		}
		self.after_a_rival(market, offer.until(&market.snapshot).saturating_add(1))
	}

	/// A rival lets its time pass until this block, in which the work starts if the next place is ours.
	fn after_a_rival(&self, market: &Market, block: BlockNumber) -> Decided {
		let market = after(market, block, Market::pass_deadline);
		self.decide(&market, block.saturating_add(self.world.work))
	}

	fn fails(&self, prover: &Id) -> bool {
		self.world.rival(prover).is_some_and(|rival| rival.fails)
	}
}

/// The market after something is done in a block.
fn after<T>(
	market: &Market,
	block: BlockNumber,
	act: impl FnOnce(&mut Market) -> Result<T, Refusal>,
) -> Market {
	let mut market = market.clone();
	market.now = block;
	done(act(&mut market));
	market
}

fn before(first: Decision, (income, mut then): Decided) -> Decided {
	then.insert(0, first);
	(income, then)
}

fn better(best: &mut Decided, other: Decided) {
	if other.0 > best.0 {
		*best = other;
	}
}

fn signed(amount: Balance) -> i128 {
	i128::try_from(amount).unwrap_or(i128::MAX)
}
