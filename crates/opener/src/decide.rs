// SPDX-License-Identifier: Apache-2.0
//! Decision about which seals to solve, to give up and to open. Pure: the same rounds and the same jobs give the
//! same plan.

#[cfg(test)]
pub(crate) mod tests;

use pvs_primitives::{
	api::{BatchId, BidState, Phase, RoundInfo, SealPlace, UnsettledRoundInfo},
	bid::{bid_context, BID_CONTEXT_BYTES},
	hash::blake2_256,
	Balance, BlockNumber, Bytes32, RoundNumber,
};
use pvs_timelock::{check_seal, Seal};
use std::{
	collections::{BTreeMap, BTreeSet},
	time::Duration,
};

/// Number of blocks that a seal has to stay sealed before its opening is sent again. Fewer, and a transaction that
/// is still on its way, or back in the pool after a reorganization, would be followed by a second one, whose fee is
/// lost.
pub const RESEND_AFTER: BlockNumber = 6;
/// Number of blocks for which a measured speed counts: a machine that was busy may not be any more.
pub const SPEED_COUNTS_FOR: BlockNumber = 600;
/// Part that the proof takes of the work on a seal: an eighth at the most.
const PROOF_PART: u64 = 8;

/// Identifies one seal on one fork, opened by one account under one parameter set.
pub type Id = Bytes32;

/// A sealed bid that may be worth opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
	/// Identifies it.
	pub id: Id,
	/// The batch.
	pub batch: BatchId,
	/// Its round.
	pub round: RoundNumber,
	/// Account that stays silent so far.
	pub bidder: Bytes32,
	/// Commitment of the bid.
	pub commitment: Bytes32,
	/// The seal.
	pub seal: Seal,
	/// Context that the seal is bound to.
	pub context: [u8; BID_CONTEXT_BYTES],
	/// True if it can be opened in the next block.
	pub is_due: bool,
	/// The first block in which it cannot be opened any more.
	pub until: BlockNumber,
	/// Reward for opening it, in planck: half of the silence penalty.
	pub reward: Balance,
	/// True if it is the opener's own bid: opening it saves all of the bond but half the penalty.
	pub is_own: bool,
	/// True if its round has closed, so that opening it settles the bid.
	pub settles: bool,
	/// Number of squarings that were done and saved before.
	pub done: u64,
}

/// Account for which, and parameters under which, seals are opened.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
	/// The chain.
	pub genesis_hash: Bytes32,
	/// The digest of its seal parameters.
	pub parameters: Bytes32,
	/// The opener's account.
	pub opener: Bytes32,
}

/// The rounds in which there may be seals to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounds {
	/// Open rounds.
	pub open: Vec<RoundInfo<Bytes32>>,
	/// Closed rounds with silent bids that wait to be settled.
	pub unsettled: Vec<UnsettledRoundInfo<Bytes32>>,
}

/// A bid that is still sealed, as it stands in its round.
struct Sealed {
	batch: BatchId,
	round: RoundNumber,
	batch_digest: Bytes32,
	bidder: Bytes32,
	commitment: Bytes32,
	seal_hash: Bytes32,
	placed: SealPlace,
	is_due: bool,
	until: BlockNumber,
	reward: Balance,
	settles: bool,
}

impl Rounds {
	/// The bids that an opener looks at: of rounds that open seals by force and whose bidding is over, and of
	/// closed rounds with seals of the parameter set in use. Where the opener committed the batch or was
	/// the rollup's sequencer, settling earns nothing.
	fn sealed(&self, scope: &Scope) -> impl Iterator<Item = Sealed> + '_ {
		let open = self.open.iter().filter(|round| opens_seals(round)).flat_map(|round| {
			let sealed = round.bids.iter().filter(|bid| bid.state == BidState::Sealed);
			sealed.map(|bid| Sealed {
				batch: round.batch,
				round: round.round,
				batch_digest: round.batch_digest,
				bidder: bid.bidder,
				commitment: bid.commitment,
				seal_hash: bid.seal_hash,
				placed: bid.placed,
				is_due: round.phase == Phase::SealOpening,
				until: round.opening_until,
				reward: round.bond.saturating_sub(round.reserve) / 2,
				settles: false,
			})
		});
		let Scope { opener, parameters, .. } = *scope;
		let known = self.unsettled.iter().filter(move |round| round.seal_digest == parameters);
		let unsettled = known.flat_map(move |round| {
			let is_rewarded = round.committer != opener && round.sequencer != opener;
			let reward = round.bond.saturating_sub(round.reserve) / 2;
			round.bids.iter().map(move |bid| Sealed {
				batch: round.batch,
				round: round.round,
				batch_digest: round.batch_digest,
				bidder: bid.bidder,
				commitment: bid.commitment,
				seal_hash: bid.seal_hash,
				placed: bid.placed,
				is_due: true,
				until: round.until,
				reward: if is_rewarded { reward } else { 0 },
				settles: true,
			})
		});
		open.chain(unsettled)
	}
}

/// The seals that an opener looks at, most urgent first. The opener's own are left to the reveal; once
/// that is too late they come first among those that are as urgent.
///
/// Seals of one round come in an order that depends on the opener, so that openers with few cores
/// start with different ones. Those that are not among `seals`, by their hash, are left out.
pub fn targets(rounds: &Rounds, scope: &Scope, seals: &BTreeMap<Bytes32, Seal>) -> Vec<Target> {
	let mut found = Vec::new();
	for bid in rounds.sealed(scope) {
		let Some(seal) = seals.get(&bid.seal_hash).copied() else { continue };
		let is_own = bid.bidder == scope.opener;
		if (is_own && !bid.is_due) || check_seal(&seal).is_err() {
			continue;
		}
		let context =
			bid_context(&scope.genesis_hash, bid.batch, bid.round, &bid.batch_digest, &bid.bidder);
		let id = blake2_256(&[&context, &bid.commitment, &seal, &scope.parameters, &scope.opener]);
		found.push(Target {
			id,
			batch: bid.batch,
			round: bid.round,
			bidder: bid.bidder,
			commitment: bid.commitment,
			seal,
			context,
			is_due: bid.is_due,
			until: bid.until,
			reward: bid.reward,
			is_own,
			settles: bid.settles,
			done: 0,
		});
	}
	found.sort_by_key(|target| (target.until, !target.is_own, target.batch, target.id));
	found
}

/// Returns where the seals are that an opener looks at.
pub fn wanted_seals<'a>(
	rounds: &'a Rounds,
	scope: &Scope,
) -> impl Iterator<Item = (SealPlace, Bytes32)> + 'a {
	rounds.sealed(scope).map(|bid| (bid.placed, bid.seal_hash))
}

fn opens_seals(round: &RoundInfo<Bytes32>) -> bool {
	let is_closed =
		matches!(round.phase, Phase::FinalityGap | Phase::Revealing | Phase::SealOpening);
	is_closed && round.opening_until > round.reveal_until
}

/// Stage of the work on a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
	/// A thread solves it, or is about to.
	Running,
	/// It is solved and proven, and was not sent yet.
	Solved,
	/// The opening is on its way.
	Sending,
	/// At this height a block had the opening, or it was sent and nobody knows what became of it.
	Sent(BlockNumber),
	/// It cannot be opened by this program.
	Refused,
}

/// Means that an opener works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
	/// Number of seals that it solves at the same time, at most.
	pub threads: usize,
	/// Cost of the transaction, in planck.
	pub cost: Balance,
	/// Profit that must be left of the reward then, in planck.
	pub min_profit: Balance,
	/// The height of the block that is looked at.
	pub height: BlockNumber,
	/// Number of squarings that a seal takes.
	pub delay: u64,
	/// Speed that a thread had lately; `None` before the first seal.
	pub speed: Option<Speed>,
	/// The time between two blocks, in milliseconds.
	pub slot_millis: u64,
}

/// Speed that a thread had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
	/// Squarings a second, the proof counted in.
	pub per_second: u64,
	/// The height at which that was measured.
	pub at: BlockNumber,
}

impl Speed {
	/// Returns what a job tells about the speed of a thread: nothing if it did less than half of the squarings
	/// itself, since it always takes the whole proof.
	pub fn measured(squarings: u64, delay: u64, took: Duration, at: BlockNumber) -> Option<Self> {
		if squarings < delay.div_ceil(2) {
			return None;
		}
		let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
		let per_second = squarings.saturating_mul(1_000).checked_div(millis)?;
		(per_second > 0).then_some(Self { per_second, at })
	}

	/// Returns whether it still counts, so that a refusal because of it is never for ever.
	fn counts_at(&self, height: BlockNumber) -> bool {
		height.saturating_sub(self.at) < SPEED_COUNTS_FOR
	}
}

/// Reason why a seal is left to others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pass {
	/// It would cost more than it earns.
	#[error("the reward of {reward} planck does not cover the cost of {cost} and --min-profit of {min_profit}")]
	Unprofitable {
		/// Reward that it earns, in planck.
		reward: Balance,
		/// Cost of the transaction, in planck.
		cost: Balance,
		/// Profit that must be left, in planck.
		min_profit: Balance,
	},
	/// The opening window would be over.
	#[error("solving takes {needed} s here, and the opening window ends in {left} s")]
	NoTime {
		/// Time that it takes, in seconds.
		needed: u64,
		/// Time that there is, in seconds.
		left: u64,
	},
}

/// Work to do now, each in order of urgency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
	/// Seals to start solving.
	pub start: Vec<Id>,
	/// Seals whose solving is of no use any more.
	pub cancel: Vec<Id>,
	/// Seals to open.
	pub open: Vec<Id>,
	/// Seals that are left to others.
	pub pass: Vec<(Id, Pass)>,
}

/// Returns what to do about the seals of a block, given the work that is under way.
///
/// An opening that was sent is sent again if the bid is still sealed [`RESEND_AFTER`] blocks later:
/// it got lost, or a reorganization has undone it.
pub fn plan(targets: &[Target], jobs: &BTreeMap<Id, Stage>, means: &Means) -> Plan {
	let wanted: BTreeSet<Id> = targets.iter().map(|target| target.id).collect();
	let mut plan = Plan::default();
	let mut running = 0usize;
	for (id, _) in jobs.iter().filter(|(_, stage)| **stage == Stage::Running) {
		if wanted.contains(id) {
			running = running.saturating_add(1);
		} else {
			plan.cancel.push(*id);
		}
	}
	for target in targets {
		let is_lost = |sent: BlockNumber| means.height.saturating_sub(sent) >= RESEND_AFTER;
		match jobs.get(&target.id) {
			None => match worth(target, means).and_then(|()| in_time(target, means)) {
				Ok(()) if running < means.threads => {
					running = running.saturating_add(1);
					plan.start.push(target.id);
				},
				Ok(()) => {},
				Err(pass) => plan.pass.push((target.id, pass)),
			},
			Some(Stage::Solved) if target.is_due => match worth(target, means) {
				Ok(()) => plan.open.push(target.id),
				Err(pass) => plan.pass.push((target.id, pass)),
			},
			Some(Stage::Sent(at)) if target.is_due && is_lost(*at) => plan.open.push(target.id),
			Some(_) => {},
		}
	}
	plan
}

/// Checks that the reward covers the transaction and leaves the profit asked for. The opener's own seal is always
/// worth it: unopened it costs the bond.
fn worth(target: &Target, means: &Means) -> Result<(), Pass> {
	if target.is_own {
		return Ok(());
	}
	let (reward, cost, min_profit) = (target.reward, means.cost, means.min_profit);
	if reward == 0 || reward < cost.saturating_add(min_profit) {
		return Err(Pass::Unprofitable { reward, cost, min_profit });
	}
	Ok(())
}

/// Checks that a thread that starts now is done while the transaction can still get in.
fn in_time(target: &Target, means: &Means) -> Result<(), Pass> {
	let speed = means.speed.filter(|speed| speed.counts_at(means.height));
	let left_to_square = means.delay.saturating_sub(target.done);
	// What was saved spares its part of the squarings, and nothing of the proof.
	let work = (means.delay / PROOF_PART)
		.saturating_add(left_to_square.saturating_sub(left_to_square / PROOF_PART));
	let Some(needed) = speed.and_then(|speed| work.checked_div(speed.per_second)) else {
		return Ok(());
	};
	// The next block is the first, and the one before the end the last.
	let blocks = target.until.saturating_sub(means.height.saturating_add(1));
	let left = u64::from(blocks).saturating_mul(means.slot_millis) / 1_000;
	if needed > left {
		return Err(Pass::NoTime { needed, left });
	}
	Ok(())
}

/// Returns why a seal that was being solved is of no use any more, in words.
pub fn why_gone(rounds: &Rounds, target: &Target) -> &'static str {
	if target.settles {
		return "the bid is settled, or its time is over";
	}
	let is_its =
		|round: &&RoundInfo<Bytes32>| (round.batch, round.round) == (target.batch, target.round);
	let round = rounds.open.iter().find(is_its);
	let bid = round.and_then(|round| {
		round
			.bids
			.iter()
			.find(|bid| bid.bidder == target.bidder && bid.commitment == target.commitment)
	});
	match bid.map(|bid| bid.state) {
		Some(BidState::Revealed { .. }) => "its bidder revealed",
		Some(BidState::Opened { .. }) => "another opener was faster",
		Some(BidState::Void) => "the bid is void",
		Some(BidState::Sealed) => "the round does not open seals any more",
		None => "the round is over",
	}
}
