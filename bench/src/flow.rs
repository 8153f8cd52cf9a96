// SPDX-License-Identifier: Apache-2.0
//! Batches from their commitment to their proof: the transactions of sequencers and provers, each in a
//! block that has room for it.

use crate::{
	chain::{pending_batches, Applied, Chain},
	progress,
	setup::{bid, commit, constant, payload, prove, reveal, round, World},
};
use anyhow::{ensure, Context};
use pallet_pvs::{CommitsInBlock, Config};
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	BatchIndex, RollupId,
};
use pvs_runtime::{Pvs, Runtime, RuntimeCall};
use sp_core::sr25519;

/// Bids per batch.
const BIDS: usize = 3;

/// Commits in this block, or in the next one if this has as many commits as it may.
pub(crate) fn commit_soon(
	chain: &mut Chain,
	sequencer: &sr25519::Pair,
	call: RuntimeCall,
) -> anyhow::Result<()> {
	let most = constant::<<Runtime as Config>::MaxCommitsPerBlock>();
	if chain.read(CommitsInBlock::<Runtime>::get) >= most {
		chain.next_block()?;
	}
	chain.apply_soon(sequencer, call)
}

/// Commits until every rollup has as many pending batches as it may, each from batch `first` on. Returns
/// them, the oldest of all rollups first.
pub(crate) fn fill(
	world: &World,
	chain: &mut Chain,
	first: BatchIndex,
) -> anyhow::Result<Vec<BatchId>> {
	let per_rollup = BatchIndex::from(constant::<<Runtime as Config>::MaxPendingBatches>());
	let limit = usize::try_from(per_rollup)? * world.sequencers.len();
	let bar = progress::bar("batches", limit);
	let mut batches = Vec::new();
	for index in first..first + per_rollup {
		for (sequencer, rollup) in world.sequencers.iter().zip(0 as RollupId..) {
			commit_soon(chain, sequencer, commit(rollup, index)?)?;
			batches.push(BatchId { rollup, index });
			bar.inc(1);
		}
	}
	let pending = usize::try_from(chain.read(pending_batches))?;
	ensure!(pending == batches.len(), "{pending} batches are pending, not {}", batches.len());
	Ok(batches)
}

/// The provers that bid on a batch with what their bids are ranked by.
pub(crate) fn bidders(
	world: &World,
	batch: BatchId,
) -> impl Iterator<Item = (usize, &sr25519::Pair)> {
	let first = usize::try_from(batch.index).unwrap_or_default() * BIDS;
	world.provers.iter().enumerate().cycle().skip(first % world.provers.len()).take(BIDS)
}

/// Places the bids of all batches, whose bidding windows are open. Returns their number.
pub(crate) fn place_bids(
	world: &World,
	chain: &mut Chain,
	batches: &[BatchId],
) -> anyhow::Result<usize> {
	let bar = progress::bar("bids", batches.len());
	let mut placed = 0;
	for batch in batches {
		let round = round(chain, *batch)?;
		for (number, bidder) in bidders(world, *batch) {
			let call = bid(chain, &round, bidder, &payload(number));
			chain.apply_soon(bidder, call)?;
			placed += 1;
		}
		bar.inc(1);
	}
	Ok(placed)
}

/// Reveals all bids of these batches as soon as they may be.
pub(crate) fn reveal_bids(
	world: &World,
	chain: &mut Chain,
	batches: &[BatchId],
) -> anyhow::Result<()> {
	let bar = progress::bar("reveals", batches.len());
	for batch in batches {
		let reveal_from = round(chain, *batch)?.reveal_from;
		chain.run_to(reveal_from)?;
		for (number, bidder) in bidders(world, *batch) {
			chain.apply_soon(bidder, reveal(*batch, bidder, payload(number)))?;
		}
		bar.inc(1);
	}
	Ok(())
}

/// Delivers the proofs of these batches.
pub(crate) fn deliver(world: &World, chain: &mut Chain, batches: &[BatchId]) -> anyhow::Result<()> {
	let bar = progress::bar("proofs", batches.len());
	for batch in batches {
		let assignment = round(chain, *batch)?.assignment.context("the round has a winner")?;
		let winner = world.prover(&assignment.prover)?;
		let call = prove(chain, &world.keys, *batch, winner)?;
		if chain.apply(winner, call.clone())? == Applied::NoRoom {
			chain.next_block()?;
			ensure!(chain.apply(winner, call)? == Applied::Included, "a proof fits no block");
		}
		let open = chain.read(|| Pvs::batch_info(*batch)).map(|batch| batch.status);
		ensure!(
			matches!(open, None | Some(BatchStatus::Proven { .. })),
			"{batch:?} was not proven"
		);
		bar.inc(1);
	}
	Ok(())
}
