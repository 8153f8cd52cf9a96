// SPDX-License-Identifier: Apache-2.0
//! A chain with thousands of batches whose deadlines have all passed in one block: what the hooks take of
//! each block until everything is worked off.
//!
//! Batches cannot all be committed in one block, so that their deadlines lie in many. The block number
//! jumps behind the last of them, as if the agenda had stood still until then. From there on every block
//! counts as full: nothing is worked off at its end, and the hooks at its start are on their own.

use crate::{
	calls::percent,
	chain::{overdue, pending_batches, Chain, Start},
	flow::fill,
	progress,
	setup::{bid, constant, params, payload, round, World},
};
use anyhow::{ensure, Context};
use frame_support::{hypothetically, traits::Hooks, weights::Weight};
use pallet_pvs::{
	types::{agenda_item, expiry_item},
	Agenda, Config, Event, Expiries,
};
use pvs_primitives::api::BatchId;
use pvs_runtime::{configs::MaxAgendaWeight, Pvs, Runtime, RuntimeEvent, System};

/// Batches whose deadlines pass, at the least.
const BATCHES: u32 = 4_000;
/// Blocks in which all batches have to be committed and all bids placed.
const BIDDING_BLOCKS: u32 = 150;
/// Blocks in which nobody reveals.
const REVEAL_BLOCKS: u32 = 10;
/// One batch in so many has some bids.
const WITH_BIDS: u64 = 4;
/// Number of those.
const SOME_BIDS: usize = 3;
/// Blocks after which a backlog that is still there is a fault of the chain.
const PATIENCE: u32 = 2_000;

/// Figures of this measurement.
pub(crate) struct Backlog {
	/// Batches whose first deadline had passed.
	pub(crate) batches: usize,
	/// Bids on them that nobody revealed.
	pub(crate) bids: usize,
	/// Blocks until none of these deadlines was left: every auction had closed, and the next had opened.
	pub(crate) blocks: u32,
	/// Blocks, from another jump behind all deadlines on, until every batch had ended and every silent bid had
	/// expired.
	pub(crate) end_blocks: u32,
	/// The most that the market's hook took at the start of a block, in percent of `MaxAgendaWeight`.
	pub(crate) most_hook_percent: f64,
}

/// The weight of the market's hook in each block.
struct Watch {
	/// The weight of a block's start without it.
	others: Weight,
	/// The most so far.
	most: Weight,
}

impl Watch {
	/// Compares a block in which nothing is due with what the hook takes in such a one.
	fn new(chain: &mut Chain) -> anyhow::Result<Self> {
		let idle = chain.next_block()?;
		ensure!(idle.worked_off == 0, "no batch is pending, and yet something was due");
		let number = chain.number();
		let own = chain.read(|| hypothetically!(Pvs::on_initialize(number)));
		Ok(Self { others: idle.weight.saturating_sub(own), most: Weight::zero() })
	}

	/// Checks the hook of a block.
	fn check(&mut self, number: u32, start: Start) -> anyhow::Result<()> {
		let hook = start.weight.saturating_sub(self.others);
		let limit = MaxAgendaWeight::get();
		ensure!(
			hook.all_lte(limit),
			"the hook of block {number} takes {hook:?}, more than MaxAgendaWeight, {limit:?}"
		);
		self.most = self.most.max(hook);
		Ok(())
	}
}

/// Fills a chain, lets all deadlines pass, and works them off; then again, to the end of all batches.
pub(crate) fn measure() -> anyhow::Result<Backlog> {
	let rollups = BATCHES.div_ceil(constant::<<Runtime as Config>::MaxPendingBatches>());
	let world = World::with_rollups(&params(BIDDING_BLOCKS, REVEAL_BLOCKS), rollups)?;
	let mut chain = world.chain()?;
	let mut watch = Watch::new(&mut chain)?;
	let batches = fill(&world, &mut chain, 0)?;
	chain.next_block()?;
	let bids = place_bids(&world, &mut chain, &batches)?;
	ensure!(chain.number() < BIDDING_BLOCKS, "block {} is behind a deadline", chain.number());

	let jump = last_deadline(&mut chain)?;
	let due = chain.read(|| overdue(jump)).len();
	ensure!(due == batches.len(), "{due} batches have a deadline, not {}", batches.len());
	let blocks = work_off(&mut chain, &mut watch, jump, || overdue(jump).len())?;
	chain.check()?;

	let jump = last_deadline(&mut chain)?;
	let end_blocks = work_off(&mut chain, &mut watch, jump, || {
		let pending = usize::try_from(pending_batches()).unwrap_or(usize::MAX);
		pending.saturating_add(Expiries::<Runtime>::iter_keys().count())
	})?;
	chain.check()?;
	Ok(Backlog {
		batches: batches.len(),
		bids,
		blocks,
		end_blocks,
		most_hook_percent: percent(watch.most, MaxAgendaWeight::get()),
	})
}

/// Bids on the oldest batch of each rollup as often as a round allows, and on some others. Returns the
/// number of bids.
fn place_bids(world: &World, chain: &mut Chain, batches: &[BatchId]) -> anyhow::Result<usize> {
	let bar = progress::bar("bids of a backlog", batches.len());
	let mut placed = 0;
	for batch in batches {
		let bids = match batch.index {
			0 => world.provers.len(),
			index if index % WITH_BIDS == 0 => SOME_BIDS,
			_ => 0,
		};
		let round = round(chain, *batch)?;
		for (number, bidder) in world.provers.iter().enumerate().take(bids) {
			let call = bid(chain, &round, bidder, &payload(number));
			chain.apply_soon(bidder, call)?;
			placed += 1;
		}
		bar.inc(1);
	}
	Ok(placed)
}

/// The last block in which anything is due.
fn last_deadline(chain: &mut Chain) -> anyhow::Result<u32> {
	chain
		.read(|| {
			let batches = Agenda::<Runtime>::iter_keys().map(|key| agenda_item(key).0.at);
			let silent = Expiries::<Runtime>::iter_keys().map(|key| expiry_item(key).0);
			batches.chain(silent).max()
		})
		.context("no batch has a deadline")
}

/// Jumps to a block and goes on, from full block to full block, until nothing is left. Returns in how many
/// blocks that was.
fn work_off(
	chain: &mut Chain,
	watch: &mut Watch,
	jump: u32,
	left: impl Fn() -> usize,
) -> anyhow::Result<u32> {
	let bar = progress::bar("backlog", chain.read(&left));
	let mut blocks = 0;
	loop {
		chain.take_the_rest();
		let start = chain.jump_to(jump + blocks)?;
		blocks += 1;
		watch.check(chain.number(), start)?;
		ensure!(!chain.read(has_failed), "a deadline of block {} failed", chain.number());
		let left = chain.read(&left);
		bar.set_position(bar.length().unwrap_or_default().saturating_sub(u64::try_from(left)?));
		if left == 0 {
			return Ok(blocks);
		}
		ensure!(blocks < PATIENCE, "{left} are left of a backlog after {PATIENCE} blocks");
	}
}

/// Returns whether the agenda could not do something in this block, and puts it off.
fn has_failed() -> bool {
	let failed = |event| matches!(event, RuntimeEvent::Pvs(Event::AgendaItemFailed { .. }));
	System::read_events_no_consensus().any(|record| failed(record.event))
}
