// SPDX-License-Identifier: Apache-2.0
//! How many bids and reveals fit a block, by building blocks until the runtime takes no more.

use crate::{
	chain::{Applied, Chain},
	progress,
	setup::{account, bid, commit, params, payload, reveal, round, World},
};
use anyhow::ensure;
use pvs_primitives::{api::BatchId, bid::PAYLOAD_BYTES};
use pvs_runtime::Pvs;
use sp_core::sr25519;

/// Blocks that are filled with bids.
pub(crate) const BID_BLOCKS: u32 = 3;
/// Enough rounds for the bids of all blocks.
const MAX_BATCHES: usize = 64;

/// What fits a block.
pub(crate) struct Load {
	/// Bids, in a block with nothing else but its inherent.
	pub(crate) bids_per_block: usize,
	/// Reveals, in such a block; the last reveal of a round closes it.
	pub(crate) reveals_per_block: usize,
}

/// Fills blocks with bids, then one with their reveals.
pub(crate) fn measure() -> anyhow::Result<Load> {
	let world = World::new(&params(BID_BLOCKS + 1, 4))?;
	let mut chain = world.chain()?;

	let batches = commit_batches(&world, &mut chain)?;
	let bar = progress::bar("blocks of bids", usize::try_from(BID_BLOCKS)?);
	let mut to_reveal: Vec<(&sr25519::Pair, BatchId, [u8; PAYLOAD_BYTES])> = Vec::new();
	let mut per_block = Vec::new();
	let mut bids = batches.iter().flat_map(|batch| {
		world.provers.iter().enumerate().map(move |(number, prover)| (*batch, number, prover))
	});
	let mut next = bids.next();
	for _ in 0..BID_BLOCKS {
		chain.next_block()?;
		let before = to_reveal.len();
		while let Some((batch, number, prover)) = next {
			let round = round(&mut chain, batch)?;
			let payload = payload(number);
			let call = bid(&mut chain, &round, prover, &payload);
			if chain.apply(prover, call)? == Applied::NoRoom {
				break;
			}
			to_reveal.push((prover, batch, payload));
			next = bids.next();
		}
		ensure!(next.is_some(), "there were not enough batches to fill the blocks with bids");
		per_block.push(to_reveal.len() - before);
		bar.inc(1);
	}
	drop(bar);

	// The rounds that got no bids are over in the first block of the reveal window.
	let first = round(&mut chain, batches[0])?;
	chain.run_to(first.reveal_from + 1)?;
	let mut reveals_per_block = 0;
	for (prover, batch, payload) in &to_reveal {
		if chain.apply(prover, reveal(*batch, prover, *payload))? == Applied::NoRoom {
			break;
		}
		reveals_per_block += 1;
	}
	ensure!(reveals_per_block < to_reveal.len(), "there were not enough bids to fill a block");
	ensure!(
		chain
			.read(|| Pvs::prover_info(account(&world.provers[0])))
			.is_some_and(|p| p.stats.reveals > 0),
		"the reveals did not count"
	);
	chain.check()?;
	let bids_per_block = per_block.into_iter().min().unwrap_or_default();
	Ok(Load { bids_per_block, reveals_per_block })
}

/// Commits what fits the open block, at most [`MAX_BATCHES`], by all rollups in turns.
pub(crate) fn commit_batches(world: &World, chain: &mut Chain) -> anyhow::Result<Vec<BatchId>> {
	let mut batches = Vec::new();
	for index in 0.. {
		for (sequencer, rollup) in world.sequencers.iter().zip(0..) {
			if batches.len() == MAX_BATCHES
				|| chain.apply(sequencer, commit(rollup, index)?)? == Applied::NoRoom
			{
				return Ok(batches);
			}
			batches.push(BatchId { rollup, index });
		}
	}
	Ok(batches)
}
