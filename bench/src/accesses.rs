// SPDX-License-Identifier: Apache-2.0
//! Number of rows of storage that a bid and a proof read and write.
//!
//! Distinct keys that the call's own dispatch reads, and distinct keys that it writes, are added up. What
//! weights do not count is left out here as well: the runtime's whitelisted keys (`System` keeps block,
//! events and digest in memory while a block is made, `Balances` the total issuance), the keys
//! `:extrinsic_index`, `:intrablock_entropy` and `:transaction_level:`, and the account of the signer,
//! which the fee has read and written before.

use crate::{
	chain::Chain,
	flow::{bidders, commit_soon, deliver, place_bids, reveal_bids},
	recorder::Recorded,
	setup::{account, bid, commit, constant, params, payload, prove, round, World},
};
use anyhow::{ensure, Context};
use frame_support::{
	storage::transactional::TRANSACTION_LEVEL_KEY,
	traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys},
};
use pallet_pvs::{Batches, Call, Config, PlaceKind};
use pvs_primitives::{
	api::{BatchId, BatchStatus, Phase},
	params::RollupParams,
	BatchIndex,
};
use pvs_runtime::{AccountId, AllPalletsWithSystem, Pvs, Runtime, RuntimeCall};
use sp_core::{hexdisplay::HexDisplay, sr25519, storage::well_known_keys};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks in which the bids and the proofs of the batches before have to come.
const WINDOW_BLOCKS: u32 = 20;
/// Blocks after which a prover that does not deliver has defaulted.
const PATIENCE: u32 = 200;

/// Figures of this measurement.
pub(crate) struct Accesses {
	/// A bid in a round that has bids.
	pub(crate) bid: Rows,
	/// A proof on time.
	pub(crate) proof: Rows,
	/// A late proof of a runner-up, after a default in its round.
	pub(crate) late_proof: Rows,
}

/// Rows that a call reads and writes.
pub(crate) struct Rows {
	/// Storage items with the number of their rows that are read.
	read: BTreeMap<String, usize>,
	/// Storage items with the number of their rows that are written.
	written: BTreeMap<String, usize>,
}

impl Rows {
	/// Takes what weights count from what a call of `signer` did.
	fn new(recorded: &Recorded, signer: &sr25519::Pair) -> Self {
		let uncounted = uncounted(signer);
		let items = AllPalletsWithSystem::storage_info();
		let named = |keys: &BTreeSet<Vec<u8>>| {
			let mut rows = BTreeMap::new();
			for key in keys.difference(&uncounted) {
				*rows.entry(name(key, &items)).or_default() += 1;
			}
			rows
		};
		Self { read: named(&recorded.read), written: named(&recorded.written) }
	}

	/// Number of rows that are read and of rows that are written, added up.
	pub(crate) fn count(&self) -> usize {
		sum(&self.read) + sum(&self.written)
	}

	/// Names the rows, for people.
	pub(crate) fn list(&self) -> String {
		let (read, written) = (sum(&self.read), sum(&self.written));
		format!(
			"  reads {read}: {}\n  writes {written}: {}",
			names(&self.read),
			names(&self.written)
		)
	}
}

fn sum(rows: &BTreeMap<String, usize>) -> usize {
	rows.values().sum()
}

fn names(rows: &BTreeMap<String, usize>) -> String {
	let name = |(item, rows): (&String, &usize)| match rows {
		1 => item.clone(),
		rows => format!("{rows} of {item}"),
	};
	rows.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The storage item of a key; a key of none is named by its bytes.
fn name(key: &[u8], items: &[StorageInfo]) -> String {
	items.iter().find(|item| key.starts_with(&item.prefix)).map_or_else(
		|| HexDisplay::from(&key).to_string(),
		|item| {
			let pallet = String::from_utf8_lossy(&item.pallet_name);
			format!("{pallet}.{}", String::from_utf8_lossy(&item.storage_name))
		},
	)
}

/// Keys that weights leave out of a call of `signer`.
fn uncounted(signer: &sr25519::Pair) -> BTreeSet<Vec<u8>> {
	let of_runtime = AllPalletsWithSystem::whitelisted_storage_keys();
	let others = [
		well_known_keys::EXTRINSIC_INDEX.to_vec(),
		well_known_keys::INTRABLOCK_ENTROPY.to_vec(),
		TRANSACTION_LEVEL_KEY.to_vec(),
		frame_system::Account::<Runtime>::hashed_key_for(account(signer)),
	];
	of_runtime.into_iter().map(|tracked| tracked.key).chain(others).collect()
}

/// A rollup whose oldest pending batch is assigned, with a full ladder, while the next one is in its
/// auction. Both have places of the pool.
struct Assigned {
	chain: Chain,
	head: BatchId,
	successor: BatchId,
	/// Rows that the last bid in the head's round read and wrote.
	bid: Rows,
}

/// Measures a bid and proofs.
pub(crate) fn measure() -> anyhow::Result<Accesses> {
	let world = World::with_rollups(
		// Rounds enough for the successor's auctions, in which nobody bids.
		&RollupParams {
			max_empty_rounds: constant::<<Runtime as Config>::MaxRounds>(),
			..params(WINDOW_BLOCKS, WINDOW_BLOCKS)
		},
		1,
	)?;
	let on_time = assign(&world)?;
	let late = assign(&world)?;
	Ok(Accesses {
		proof: prove_on_time(&world, on_time.chain, on_time.head, on_time.successor)?,
		late_proof: prove_late(&world, late.chain, late.head, late.successor)?,
		bid: on_time.bid,
	})
}

fn assign(world: &World) -> anyhow::Result<Assigned> {
	let mut chain = world.chain()?;
	let guaranteed = BatchIndex::from(constant::<<Runtime as Config>::GuaranteedPlaces>());
	let batch = |index| BatchId { rollup: 0, index };
	let before: Vec<_> = (0..guaranteed).map(batch).collect();
	let (head, successor) = (batch(guaranteed), batch(guaranteed + 1));
	for index in 0..=successor.index {
		commit_soon(&mut chain, world.sequencer(0)?, commit(0, index)?)?;
	}
	chain.next_block()?;
	place_bids(world, &mut chain, &before)?;
	let bid = bid_on(world, &mut chain, head)?;
	reveal_bids(world, &mut chain, &before)?;
	reveal_bids(world, &mut chain, &[head])?;
	deliver(world, &mut chain, &before)?;
	Ok(Assigned { chain, head, successor, bid })
}

/// Places the bids of a batch. Returns what the last one reads and writes.
fn bid_on(world: &World, chain: &mut Chain, batch: BatchId) -> anyhow::Result<Rows> {
	let round = round(chain, batch)?;
	let mut bids: Vec<_> = bidders(world, batch)
		.map(|(number, bidder)| (bidder, bid(chain, &round, bidder, &payload(number))))
		.collect();
	let (last, call) = bids.pop().context("a batch has bidders")?;
	ensure!(!bids.is_empty(), "the measured bid is the first of its round");
	for (bidder, call) in bids {
		chain.apply_soon(bidder, call)?;
	}
	Ok(Rows::new(&chain.record(last, call)?, last))
}

/// A winner delivers in its time.
fn prove_on_time(
	world: &World,
	mut chain: Chain,
	head: BatchId,
	successor: BatchId,
) -> anyhow::Result<Rows> {
	chain.next_block()?;
	let open = round(&mut chain, head)?;
	let ladder = usize::try_from(params(WINDOW_BLOCKS, WINDOW_BLOCKS).ladder_len)?;
	ensure!(open.ladder.len() == ladder, "the ladder has {} places", open.ladder.len());
	ensure!(open.phase == Phase::Proving, "the head's phase is {:?}", open.phase);
	let winner = open.assignment.context("the head has a winner")?.prover;
	let call = prove(&mut chain, &world.keys, head, world.prover(&winner)?)?;
	deliver_as_head(world, chain, call, head, successor)
}

/// A winner defaults; the first runner-up takes its place and is late as well.
fn prove_late(
	world: &World,
	mut chain: Chain,
	head: BatchId,
	successor: BatchId,
) -> anyhow::Result<Rows> {
	let last = chain.number() + PATIENCE;
	while status(&mut chain, head) != Some(BatchStatus::Offered) {
		ensure!(chain.number() < last, "the winner has not defaulted after {PATIENCE} blocks");
		chain.next_block()?;
	}
	let offered = round(&mut chain, head)?;
	let next = &offered.ladder.first().context("a runner-up is offered the place")?.prover;
	let runner_up = world.prover(next)?;
	let take = Call::accept_place { batch: head, round: offered.round };
	chain.apply_soon(runner_up, take.into())?;
	let assignment = round(&mut chain, head)?.assignment.context("the runner-up is assigned")?;
	chain.run_to(assignment.on_time_until + 1)?;
	let call = prove(&mut chain, &world.keys, head, runner_up)?;
	deliver_as_head(world, chain, call, head, successor)
}

/// Submits the proof of the head, by an account that has no part in the batch.
fn deliver_as_head(
	world: &World,
	mut chain: Chain,
	call: RuntimeCall,
	head: BatchId,
	successor: BatchId,
) -> anyhow::Result<Rows> {
	for batch in [head, successor] {
		let place = chain.read(|| Batches::<Runtime>::get(batch)).map(|batch| batch.place.kind);
		ensure!(place == Some(PlaceKind::Pool), "{batch:?} has the place {place:?}");
	}
	let behind = status(&mut chain, successor);
	ensure!(behind == Some(BatchStatus::Auction), "the successor is {behind:?}");
	let relayer = world.provers.last().context("there are provers")?;
	let rows = Rows::new(&chain.record(relayer, call)?, relayer);
	ensure!(status(&mut chain, head).is_none(), "the head was not made final");
	chain.check()?;
	Ok(rows)
}

fn status(chain: &mut Chain, batch: BatchId) -> Option<BatchStatus<AccountId>> {
	chain.read(|| Pvs::batch_info(batch)).map(|batch| batch.status)
}
