// SPDX-License-Identifier: Apache-2.0
//! The one total function that says what a round allows at a block.

use crate::round::{Auction, Context, Delivery, Offer, Rescue, Round, Stage, Standing};
use pvs_primitives::{
	api::Phase,
	params::{RollupParams, SilencePolicy, Snapshot},
	BlockNumber,
};

/// The windows of an auction. Each is half-open: it ends before the block that the next names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
	/// First block of the bidding window.
	pub bidding_from: BlockNumber,
	/// First block after the bidding window.
	pub bidding_until: BlockNumber,
	/// First block of the reveal window.
	pub reveal_from: BlockNumber,
	/// First block after the reveal window.
	pub reveal_until: BlockNumber,
	/// First block after the opening window; it is empty unless seals are opened by force.
	pub opening_until: BlockNumber,
}

impl Windows {
	/// Returns the windows of an auction that opened at `opened_at`.
	///
	/// The opening window is as long as an opener needs for the seals that were left when the reveal
	/// window ended, and as a transaction may be delayed; at most the rollup's `opening_blocks`.
	pub fn new(opened_at: BlockNumber, auction: &Auction, context: &Context) -> Self {
		let params = context.params();
		let bidding_from = opened_at.saturating_add(1);
		let bidding_until = bidding_from.saturating_add(params.bidding_blocks);
		let reveal_from = bidding_until.saturating_add(context.snapshot.finality_gap);
		let reveal_until = reveal_from.saturating_add(params.reveal_blocks);
		let opening_until = match params.silence_policy {
			SilencePolicy::Exclude | SilencePolicy::Settle { .. } => reveal_until,
			SilencePolicy::ForceOpen { opening_blocks } => {
				reveal_until.saturating_add(opening_time(auction, opening_blocks, context))
			},
		};
		Self { bidding_from, bidding_until, reveal_from, reveal_until, opening_until }
	}

	/// Returns the block in which an auction closes: after bidding without bids, else as soon as no bid
	/// is sealed, but not before the reveal window, and at the end of the last window.
	pub(crate) fn close(&self, auction: &Auction) -> BlockNumber {
		match (auction.bids, auction.sealed) {
			(0, _) => self.bidding_until,
			(_, 0) => self.reveal_from,
			_ => self.opening_until,
		}
	}

	/// Returns the block from which the first winner's time counts, of an auction that closes in block
	/// `now`: the last one of the reveal window, whenever the bids were revealed. Where seals were
	/// opened by force, the block of the last opening, in which the auction closes, or the last one of
	/// the opening window.
	pub fn clock(&self, auction: &Auction, now: BlockNumber) -> BlockNumber {
		let last_reveal = self.reveal_until.saturating_sub(1);
		let last_opening = self.opening_until.saturating_sub(1);
		match (auction.sealed, auction.opened) {
			(0, 0) => last_reveal,
			(0, _) => last_reveal.max(now.min(last_opening)),
			_ => last_reveal.max(last_opening),
		}
	}

	fn phase(&self, now: BlockNumber) -> (Phase, BlockNumber) {
		if now < self.bidding_from {
			(Phase::Opening, self.bidding_from)
		} else if now < self.bidding_until {
			(Phase::Bidding, self.bidding_until)
		} else if now < self.reveal_from {
			(Phase::FinalityGap, self.reveal_from)
		} else if now < self.reveal_until {
			(Phase::Revealing, self.reveal_until)
		} else {
			(Phase::SealOpening, self.opening_until)
		}
	}
}

/// Returns the length of the opening window: what an opener needs for the seals that were left at its
/// start, and the inclusion slack; at most `most`, and that where the delay of the seals is unknown.
fn opening_time(auction: &Auction, most: BlockNumber, context: &Context) -> BlockNumber {
	let seals = auction.sealed.saturating_add(auction.opened);
	context.seal_delay.map_or(most, |delay| {
		let needed = context.snapshot.seal_timing.opening_blocks(delay, seals);
		needed.saturating_add(context.snapshot.inclusion_slack).min(most)
	})
}

/// Returns the time that a bid is held to, in blocks: `max(proof_blocks, min_proof_blocks)`.
pub fn held_to(proof_blocks: BlockNumber, params: &RollupParams) -> BlockNumber {
	proof_blocks.max(params.min_proof_blocks)
}

impl Delivery {
	/// Returns the deadlines of a prover assigned at `assigned_at` that committed to `proof_blocks` and
	/// whose time counts from `clock`: on time up to
	/// `clock + max(proof_blocks, min_proof_blocks) + inclusion_slack`, late for the next
	/// `grace_blocks`.
	pub fn new(
		assigned_at: BlockNumber,
		clock: BlockNumber,
		proof_blocks: BlockNumber,
		snapshot: &Snapshot,
	) -> Self {
		let on_time_until = clock
			.saturating_add(held_to(proof_blocks, &snapshot.params))
			.saturating_add(snapshot.inclusion_slack);
		let late_until = on_time_until.saturating_add(snapshot.params.grace_blocks);
		Self { assigned_at, clock, on_time_until, late_until }
	}

	/// Number of blocks by which a delivery at `now` is; 0 if it is on time.
	pub fn late_blocks(&self, now: BlockNumber) -> BlockNumber {
		now.saturating_sub(self.on_time_until)
	}
}

impl<AccountId> Offer<AccountId> {
	/// Returns the last block in which the place may be taken:
	/// `min(offered + ladder_blocks, offered + 1 + 2 * inclusion_slack + t)`. Whoever has its proof
	/// delivers it until then as well as by taking the place first.
	pub fn until(&self, snapshot: &Snapshot) -> BlockNumber {
		let proving = snapshot
			.inclusion_slack
			.saturating_mul(2)
			.saturating_add(1)
			.saturating_add(held_to(self.place.proof_blocks, &snapshot.params));
		self.offered_at.saturating_add(snapshot.params.ladder_blocks.min(proving))
	}

	/// Returns the block from which the time of a prover counts that takes the place:
	/// `offered + 1 + inclusion_slack`, the last one in which an honest transaction that takes it at once
	/// may come. It does not depend on when the place is taken, so that nobody gains by waiting.
	pub fn clock(&self, snapshot: &Snapshot) -> BlockNumber {
		self.offered_at.saturating_add(1).saturating_add(snapshot.inclusion_slack)
	}
}

impl Rescue {
	/// First block after the rescue.
	pub fn until(&self, params: &RollupParams) -> BlockNumber {
		self.started_at.saturating_add(params.rescue_blocks)
	}
}

/// The block at which a round's next transition is due if nothing happens before; `None` if it waits
/// for its predecessors. A dropped batch is due at once, unless its prover is within its time. A proven
/// batch whose predecessors are final is due as well, but not for [`step`](crate::step::step): its
/// rollup's root is to be moved, and it ends.
pub fn due<AccountId>(round: &Round<AccountId>, context: &Context) -> Option<BlockNumber> {
	let at = match &round.stage {
		Stage::Assigned(assignment) => assignment.delivery.late_until.saturating_add(1),
		_ if context.standing == Standing::Dropped => 0,
		Stage::Auction(auction) => Windows::new(round.opened_at, auction, context).close(auction),
		Stage::Offered(offer) => offer.until(context.snapshot).saturating_add(1),
		Stage::Rescue(rescue) => rescue.until(context.params()),
		Stage::Waiting | Stage::Proven { .. } if context.standing == Standing::Head => 0,
		Stage::Waiting | Stage::Proven { .. } => return None,
	};
	Some(at)
}

/// The phase at block `now`, and the first block in which it is over (the last of all numbers for
/// phases that wait for a predecessor).
///
/// Total and disjoint: every block has exactly one phase, and windows are half-open.
pub fn phase<AccountId>(
	round: &Round<AccountId>,
	context: &Context,
	now: BlockNumber,
) -> (Phase, BlockNumber) {
	let due = due(round, context).unwrap_or(BlockNumber::MAX);
	match &round.stage {
		_ if now >= due && context.standing == Standing::Dropped => {
			(Phase::Dropped, now.saturating_add(1))
		},
		Stage::Proven { .. } => (Phase::Proven, due.max(now.saturating_add(1))),
		_ if now >= due => (Phase::Overdue, now.saturating_add(1)),
		Stage::Auction(auction) => {
			let windows = Windows::new(round.opened_at, auction, context);
			let (phase, until) = windows.phase(now);
			(phase, until.min(due))
		},
		Stage::Assigned(assignment) if now <= assignment.delivery.on_time_until => {
			(Phase::Proving, assignment.delivery.on_time_until.saturating_add(1))
		},
		Stage::Assigned(_) => (Phase::Late, due),
		Stage::Offered(_) => (Phase::Offered, due),
		Stage::Rescue(_) => (Phase::Rescue, due),
		Stage::Waiting => (Phase::Waiting, due),
	}
}

#[cfg(test)]
mod tests;
