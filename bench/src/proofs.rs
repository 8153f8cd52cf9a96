// SPDX-License-Identifier: Apache-2.0
//! Number of proofs that fit a block, one by one and in calls with as many as one takes.

use crate::{
	chain::{Applied, Chain},
	flow::{fill, place_bids, reveal_bids},
	progress,
	setup::{constant, params, round, submission, submit, World},
};
use anyhow::{anyhow, ensure, Context};
use pallet_pvs::{Batches, Call, Config, ProofSubmission};
use pvs_primitives::api::BatchId;
use pvs_runtime::{AccountId, Runtime};

/// Blocks in which all bids have to be placed.
const BIDDING_BLOCKS: u32 = 20;
/// Blocks in which all reveals have to come.
const REVEAL_BLOCKS: u32 = 20;

/// Proofs that fit a block with nothing else but its inherent.
pub(crate) struct Proofs {
	/// Calls of `submit_proof`.
	pub(crate) per_block: usize,
	/// Proofs in calls of `submit_proofs` with `MaxProofs` each.
	pub(crate) per_block_batched: usize,
}

/// Gives every batch that eight rollups can have a winner, then fills a block with single proofs and one
/// with full calls. The proofs of all rollups come in turns, so that each makes its batch final.
pub(crate) fn measure() -> anyhow::Result<Proofs> {
	let world = World::new(&params(BIDDING_BLOCKS, REVEAL_BLOCKS))?;
	let mut chain = world.chain()?;
	let batches = fill(&world, &mut chain, 0)?;
	chain.next_block()?;
	place_bids(&world, &mut chain, &batches)?;
	reveal_bids(&world, &mut chain, &batches)?;
	let submissions = prove_all(&world, &mut chain, &batches)?;

	let per_block = single(&world, &mut chain, &submissions)?;
	let per_block_batched = batched(&world, &mut chain, &submissions[per_block..])?;
	chain.check()?;
	Ok(Proofs { per_block, per_block_batched })
}

/// The proofs of these batches for their winners.
fn prove_all(
	world: &World,
	chain: &mut Chain,
	batches: &[BatchId],
) -> anyhow::Result<Vec<ProofSubmission<AccountId>>> {
	let bar = progress::bar("proofs made", batches.len());
	let mut submissions = Vec::new();
	for batch in batches {
		let assignment = round(chain, *batch)?.assignment.context("the round has a winner")?;
		submissions.push(submission(chain, &world.keys, *batch, assignment.prover)?);
		bar.inc(1);
	}
	Ok(submissions)
}

/// Fills the next block with single proofs. Returns their number.
fn single(
	world: &World,
	chain: &mut Chain,
	submissions: &[ProofSubmission<AccountId>],
) -> anyhow::Result<usize> {
	chain.next_block()?;
	let mut proven = 0;
	for submission in submissions {
		let prover = world.prover(&submission.prover)?;
		if chain.apply(prover, submit(submission.clone()))? == Applied::NoRoom {
			break;
		}
		proven += 1;
	}
	ensure_final(chain, &submissions[..proven])?;
	ensure!(proven < submissions.len(), "there were not enough batches to fill a block");
	Ok(proven)
}

/// Fills the next block with full calls. Returns the number of their proofs.
fn batched(
	world: &World,
	chain: &mut Chain,
	submissions: &[ProofSubmission<AccountId>],
) -> anyhow::Result<usize> {
	chain.next_block()?;
	let each = usize::try_from(constant::<<Runtime as Config>::MaxProofs>())?;
	let relayer = world.sequencer(0)?;
	let mut proven = 0;
	let mut has_room = true;
	for proofs in submissions.chunks_exact(each) {
		let proofs = proofs.to_vec().try_into().map_err(|_| anyhow!("the proofs fit a call"))?;
		has_room =
			chain.apply(relayer, Call::submit_proofs { proofs }.into())? == Applied::Included;
		if !has_room {
			break;
		}
		proven += each;
	}
	// A call with proofs that are refused succeeds as well.
	ensure_final(chain, &submissions[..proven])?;
	ensure!(!has_room, "there were not enough batches to fill a block with full calls");
	Ok(proven)
}

/// Checks that these proofs were accepted: all batches before theirs are final, and so they are.
fn ensure_final(chain: &mut Chain, proven: &[ProofSubmission<AccountId>]) -> anyhow::Result<()> {
	for ProofSubmission { batch, .. } in proven {
		let pending = chain.read(|| Batches::<Runtime>::contains_key(*batch));
		ensure!(!pending, "{batch:?} was not made final");
	}
	Ok(())
}
