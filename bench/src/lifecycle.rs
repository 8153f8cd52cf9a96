// SPDX-License-Identifier: Apache-2.0
//! A chain with many batches, as many as eight rollups can have: what they take in state, what working
//! off their deadlines costs, and what is left when all have ended.

use crate::{
	calls::microseconds,
	chain::{pending_batches, Chain, Start},
	flow::{commit_soon, deliver, fill, place_bids, reveal_bids},
	progress,
	setup::{commit, params, World},
};
use anyhow::ensure;
use indicatif::ProgressBar;
use pallet_pvs::UnsettledRounds;
use pvs_auction::recent::RECENT_BATCHES;
use pvs_primitives::api::BatchId;
use pvs_runtime::Runtime;

/// Blocks in which all bids have to be placed.
const BIDDING_BLOCKS: u32 = 20;
/// Blocks in which all reveals have to come.
const REVEAL_BLOCKS: u32 = 12;
/// Blocks after which a batch that has not ended is a fault of the chain.
const PATIENCE: u32 = 5_000;

/// The measured figures.
pub(crate) struct Lifecycle {
	/// Batches that were pending at the same time, until the rollups could have no more.
	pub(crate) batches_in_flight: usize,
	/// Batches that were proven, and that failed or were dropped.
	pub(crate) proven: usize,
	pub(crate) failed: usize,
	/// Bytes of storage per batch without bids.
	pub(crate) bytes_per_batch: f64,
	/// Bytes of storage per bid.
	pub(crate) bytes_per_bid: f64,
	/// Bytes of storage more than before all batches, per batch, after all have ended.
	pub(crate) bytes_after_batch: f64,
	/// What the agenda did.
	pub(crate) agenda: Agenda,
}

/// Deadlines worked off in blocks that had many.
#[derive(Default)]
pub(crate) struct Agenda {
	/// Their number.
	pub(crate) items: usize,
	/// The most in one block.
	pub(crate) most_in_a_block: usize,
	/// Microseconds of weight for all of them.
	weight: f64,
	/// Microseconds that they took here.
	time: f64,
}

impl Agenda {
	/// Counts a block if it worked off deadlines. `idle` is what the start of a block takes without.
	fn count(&mut self, start: Start, idle: Start) {
		if start.worked_off == 0 {
			return;
		}
		self.items += start.worked_off;
		self.most_in_a_block = self.most_in_a_block.max(start.worked_off);
		self.weight += microseconds(start.weight.saturating_sub(idle.weight));
		self.time += start.time.saturating_sub(idle.time).as_secs_f64() * 1e6;
	}

	/// Microseconds of weight per item.
	pub(crate) fn weight_per_item(&self) -> f64 {
		per(self.weight, self.items)
	}

	/// Microseconds per item on this machine, natively.
	pub(crate) fn time_per_item(&self) -> f64 {
		per(self.time, self.items)
	}
}

#[allow(clippy::cast_precision_loss, reason = "for display")]
fn per(total: f64, number: usize) -> f64 {
	total / number.max(1) as f64
}

#[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn difference(after: usize, before: usize) -> f64 {
	after as f64 - before as f64
}

/// Fills a chain with batches and bids; the rollups with even ids get proofs, the others do not.
pub(crate) fn measure() -> anyhow::Result<Lifecycle> {
	let world = World::new(&params(BIDDING_BLOCKS, REVEAL_BLOCKS))?;
	let mut chain = world.chain()?;
	warm_up(&world, &mut chain)?;
	let idle = chain.next_block()?;
	ensure!(idle.worked_off == 0, "no batch is pending, and yet something was due");
	let empty = chain.market_bytes();

	let batches = fill(&world, &mut chain, RECENT_BATCHES.into())?;
	chain.next_block()?;
	let with_batches = chain.market_bytes();

	let bids = place_bids(&world, &mut chain, &batches)?;
	chain.next_block()?;
	let with_bids = chain.market_bytes();
	chain.check()?;

	let (to_prove, to_fail): (Vec<_>, Vec<_>) =
		batches.iter().copied().partition(|batch| batch.rollup % 2 == 0);
	reveal_bids(&world, &mut chain, &to_prove)?;
	let mut agenda = Agenda::default();
	deliver(&world, &mut chain, &to_prove)?;
	wait_for_the_end(&mut chain, idle, &mut agenda, to_fail.len())?;
	wait_for_expiry(&mut chain)?;
	chain.next_block()?;
	chain.check()?;
	ensure!(agenda.items > 0, "no deadline was worked off");
	Ok(Lifecycle {
		batches_in_flight: batches.len(),
		proven: to_prove.len(),
		failed: to_fail.len(),
		bytes_per_batch: per(difference(with_batches, empty), batches.len()),
		bytes_per_bid: per(difference(with_bids, with_batches), bids),
		bytes_after_batch: per(difference(chain.market_bytes(), empty), batches.len()),
		agenda,
	})
}

/// Proves as many batches of each rollup as it remembers, so that what a rollup or the chain keeps once,
/// whatever the number of its batches, is there before counting begins.
fn warm_up(world: &World, chain: &mut Chain) -> anyhow::Result<()> {
	for index in 0..RECENT_BATCHES.into() {
		let mut batches = Vec::new();
		for (sequencer, rollup) in world.sequencers.iter().zip(0..) {
			commit_soon(chain, sequencer, commit(rollup, index)?)?;
			batches.push(BatchId { rollup, index });
		}
		chain.next_block()?;
		place_bids(world, chain, &batches)?;
		reveal_bids(world, chain, &batches)?;
		deliver(world, chain, &batches)?;
	}
	Ok(())
}

/// Goes on until the silent bids of the failed batches have expired.
fn wait_for_expiry(chain: &mut Chain) -> anyhow::Result<()> {
	let last = chain.number() + PATIENCE;
	while chain.read(|| UnsettledRounds::<Runtime>::iter_keys().next().is_some()) {
		ensure!(chain.number() < last, "silent bids have not expired after {PATIENCE} blocks");
		chain.next_block()?;
	}
	Ok(())
}

/// Goes on until no batch is pending.
fn wait_for_the_end(
	chain: &mut Chain,
	idle: Start,
	agenda: &mut Agenda,
	pending: usize,
) -> anyhow::Result<()> {
	let bar: ProgressBar = progress::bar("batches ended", pending);
	let last = chain.number() + PATIENCE;
	loop {
		let left = usize::try_from(chain.read(pending_batches))?;
		bar.set_position(u64::try_from(pending.saturating_sub(left))?);
		if left == 0 {
			return Ok(());
		}
		ensure!(chain.number() < last, "{left} batches have not ended after {PATIENCE} blocks");
		let start = chain.next_block()?;
		agenda.count(start, idle);
	}
}
