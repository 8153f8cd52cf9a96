// SPDX-License-Identifier: Apache-2.0
//! Number of bids and reveals that fit a block in calls with as many as one takes.

use crate::{
	chain::{Applied, Chain},
	load::{commit_batches, BID_BLOCKS},
	progress,
	setup::{account, bid, constant, params, payload, round, World},
};
use anyhow::{anyhow, bail, ensure};
use pallet_pvs::{BidPlacement, BidReveal, Call, Config, PayloadBytes};
use pvs_primitives::api::{BatchId, ProverStats};
use pvs_runtime::{AccountId, Pvs, Runtime, RuntimeCall};
use sp_core::sr25519;

/// Bids and reveals that fit a block in full calls.
pub(crate) struct Batched {
	/// Bids, in a block with nothing else but its inherent.
	pub(crate) bids_per_block: usize,
	/// Reveals, in such a block; the last reveal of a round closes it.
	pub(crate) reveals_per_block: usize,
}

/// Fills blocks with calls of `MaxBidsPerCall` bids, then one with such calls of their reveals.
pub(crate) fn measure() -> anyhow::Result<Batched> {
	let world = World::new(&params(BID_BLOCKS + 1, 4))?;
	let mut chain = world.chain()?;
	let batches = commit_batches(&world, &mut chain)?;
	let each = usize::try_from(constant::<<Runtime as Config>::MaxBidsPerCall>())?;

	let bar = progress::bar("blocks of bids in full calls", usize::try_from(BID_BLOCKS)?);
	let mut placed: Vec<BidReveal<AccountId>> = Vec::new();
	let mut per_block = Vec::new();
	let mut calls = batches
		.chunks_exact(each)
		.flat_map(|batches| world.provers.iter().enumerate().map(move |prover| (batches, prover)));
	let mut next = calls.next();
	for _ in 0..BID_BLOCKS {
		chain.next_block()?;
		let before = placed.len();
		while let Some((batches, (number, prover))) = next {
			let call = place(&mut chain, batches, number, prover)?;
			if chain.apply(prover, call)? == Applied::NoRoom {
				break;
			}
			placed.extend(batches.iter().map(|batch| to_reveal(*batch, number, prover)));
			next = calls.next();
		}
		ensure!(next.is_some(), "there were not enough batches to fill the blocks with bids");
		per_block.push(placed.len() - before);
		bar.inc(1);
	}
	drop(bar);
	let counted = count(&world, &mut chain, |stats| u64::from(stats.bids));
	ensure!(counted == u64::try_from(placed.len())?, "{counted} bids were counted");

	// The rounds that got no bids are over in the first block of the reveal window.
	let first = round(&mut chain, batches[0])?;
	chain.run_to(first.reveal_from + 1)?;
	let reveals_per_block = reveal(&world, &mut chain, &placed, each)?;
	chain.check()?;
	let bids_per_block = per_block.into_iter().min().unwrap_or_default();
	Ok(Batched { bids_per_block, reveals_per_block })
}

/// The call with which a prover bids on all of these batches.
fn place(
	chain: &mut Chain,
	batches: &[BatchId],
	number: usize,
	prover: &sr25519::Pair,
) -> anyhow::Result<RuntimeCall> {
	let mut bids = Vec::new();
	for batch in batches {
		let open = round(chain, *batch)?;
		let call = bid(chain, &open, prover, &payload(number));
		let RuntimeCall::Pvs(Call::place_bid {
			batch,
			round,
			batch_digest,
			max_slot_fee,
			commitment,
			seal,
		}) = call
		else {
			bail!("a bid is placed by another call");
		};
		bids.push(BidPlacement { batch, round, batch_digest, max_slot_fee, commitment, seal });
	}
	let bids = bids.try_into().map_err(|_| anyhow!("the bids fit a call"))?;
	Ok(Call::place_bids { bids }.into())
}

fn to_reveal(batch: BatchId, number: usize, prover: &sr25519::Pair) -> BidReveal<AccountId> {
	let payload = PayloadBytes::truncate_from(payload(number).to_vec());
	BidReveal { batch, round: 0, bidder: account(prover), payload }
}

/// Fills the open block with full calls. Returns the number of their reveals.
fn reveal(
	world: &World,
	chain: &mut Chain,
	placed: &[BidReveal<AccountId>],
	each: usize,
) -> anyhow::Result<usize> {
	let mut revealed = 0;
	let mut has_room = true;
	for reveals in placed.chunks_exact(each) {
		let reveals = reveals.to_vec().try_into().map_err(|_| anyhow!("the reveals fit a call"))?;
		let call = Call::reveal_bids { reveals }.into();
		has_room = chain.apply(world.sequencer(0)?, call)? == Applied::Included;
		if !has_room {
			break;
		}
		revealed += each;
	}
	ensure!(!has_room, "there were not enough bids to fill a block with reveals");
	// A call with reveals that are refused succeeds as well.
	let counted = count(world, chain, |stats| u64::from(stats.reveals));
	ensure!(counted == u64::try_from(revealed)?, "{counted} reveals were counted");
	Ok(revealed)
}

/// Adds up a number of all provers' records.
fn count(world: &World, chain: &mut Chain, number: impl Fn(&ProverStats) -> u64) -> u64 {
	chain.read(|| {
		let infos = world.provers.iter().filter_map(|prover| Pvs::prover_info(account(prover)));
		infos.map(|info| number(&info.stats)).sum()
	})
}
