// SPDX-License-Identifier: Apache-2.0
//! Knowledge of the sequencer, and its rules. No network: the chain is told to it, block by block.
//!
//! Three things decide everything: the journal (what was accepted), the rollup's final state at a
//! finalized block (which never goes back), and the batches that lead from there to the tip of the best
//! chain. The last two come from the chain alone, so nothing of it can be lost with this process.

mod change;
mod flight;
mod path;
mod storage;
#[cfg(test)]
mod tests;
mod upkeep;

pub(crate) use change::Change;
pub(crate) use path::{Commit, Layer, Missing, Stage, Step};
pub(crate) use upkeep::Upkeep;

use crate::{
	dir::{DataDir, DirError, Remembered, Saved},
	journal::{Ended, Identity, Record},
	pool::{hash_of, Against, Hash, Limits, Pool, PoolError, RuledOut, Verdict},
};
use flight::Flights;
use path::Commits;
use pvs_primitives::{BlockNumber, Bytes32};
use pvs_rollup::{
	keys::PublicKey,
	state::{FeeError, State},
	transfer::SignedTransfer,
};
use std::{
	collections::{BTreeSet, HashMap, VecDeque},
	path::Path,
	sync::Arc,
};
use storage::{Refused, Storage};

/// Ended transfers whose fate is remembered.
const MAX_ENDED: usize = 100_000;
/// Final batches that can be asked for, and final states that proofs are made from besides the newest.
const MAX_DONE: usize = 256;
const MAX_OLD_STATES: usize = 4;

/// State of the rollup as the chain tells it.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
	/// The best block.
	pub(crate) best: BlockNumber,
	/// The newest finalized block.
	pub(crate) finalized: BlockNumber,
	/// The rollup's final root at the finalized block, and the first batch that is not final there.
	pub(crate) final_root: Bytes32,
	pub(crate) next_index: u64,
	/// The root at the best block that the next batch builds on.
	pub(crate) tip_root: Bytes32,
	/// The first block that may carry a commit behind the final root.
	pub(crate) cursor: BlockNumber,
	/// Commits that may lie behind the final root.
	pub(crate) commits: Vec<Commit>,
}

/// A batch to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
	pub(crate) data: Vec<u8>,
	pub(crate) prev_root: Bytes32,
	pub(crate) next_root: Bytes32,
	pub(crate) transfers: usize,
}

/// Stage that a transfer has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
	/// Nobody has sent it here, or it is too long ago.
	Unknown,
	/// It waits for a batch.
	Pending,
	/// It is in a batch.
	Committed { batch: u64, block: BlockNumber, stage: Stage },
	/// It is final, or will never be.
	Ended(Ended),
}

/// Reason why the core stops.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
	/// The chain's data does not lead to its roots.
	#[error(transparent)]
	Missing(#[from] Missing),
	/// The data directory cannot be used.
	#[error(transparent)]
	Storage(#[from] DirError),
	/// A write failed, and not for want of room.
	#[error("stopped, because nothing can be stored any more: {0}")]
	Stopped(String),
}

/// Reason why a transfer is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
	#[error(transparent)]
	Pool(#[from] PoolError),
	#[error(
		"the sequencer cannot write its journal and stops; send the transfer again when it is back"
	)]
	Storage,
	#[error("the disk of the sequencer is full; send the transfer again later")]
	Full,
}

impl From<Refused> for SubmitError {
	fn from(refused: Refused) -> Self {
		match refused {
			Refused::Full => Self::Full,
			Refused::Broken => Self::Storage,
		}
	}
}

/// The sequencer without its connections.
#[derive(Debug)]
pub(crate) struct Core {
	storage: Storage,
	upkeep: Upkeep,
	fee_account: u32,
	genesis: Arc<State>,
	pool: Pool,
	/// The final state, the first batch that it does not have, and where that may be.
	base: Saved,
	/// The batches from the final state to the tip.
	layers: Vec<Layer>,
	commits: Commits,
	flights: Flights,
	ended: HashMap<Hash, Ended>,
	ended_order: VecDeque<Hash>,
	done: VecDeque<Step>,
	old_states: VecDeque<Arc<State>>,
	finals_since_save: u32,
	/// The number of records with which the journal may be written anew.
	compact_from: usize,
	best: BlockNumber,
	finalized: BlockNumber,
}

impl Core {
	/// Opens a data directory. What it says is complete once the chain was [followed](Self::follow).
	/// The second value is what the operator should know.
	pub(crate) fn open(
		path: &Path,
		identity: Identity,
		genesis: State,
		fee_account: u32,
		limits: Limits,
		upkeep: Upkeep,
	) -> Result<(Self, Vec<String>), CoreError> {
		let (dir, remembered) = DataDir::open(path, identity)?;
		let Remembered { live, ended, records, saved, notes } = remembered;
		let genesis = Arc::new(genesis);
		let mut pool = Pool::new(limits);
		for (received, signed) in &live {
			pool.restore(signed, *received);
		}
		let mut core = Self {
			storage: Storage::new(dir, records),
			upkeep,
			fee_account,
			pool,
			base: saved.unwrap_or_else(|| from_start(&genesis)),
			genesis,
			layers: Vec::new(),
			commits: Commits::default(),
			flights: Flights::default(),
			ended: HashMap::new(),
			ended_order: VecDeque::new(),
			done: VecDeque::new(),
			old_states: VecDeque::new(),
			finals_since_save: 0,
			compact_from: 0,
			best: 0,
			finalized: 0,
		};
		for (hash, how) in ended {
			core.remember(hash, how);
		}
		Ok((core, notes))
	}

	/// Starts from the first state again: no data leads on from the saved one. Says whether that differs.
	pub(crate) fn start_over(&mut self) -> bool {
		let genesis = from_start(&self.genesis);
		let differs = self.base.state.root() != genesis.state.root();
		self.base = genesis;
		self.layers.clear();
		differs
	}

	/// For each of these transfers the key that it has to be signed with, if nothing else speaks against it.
	pub(crate) fn keys_for(&self, transfers: &[SignedTransfer]) -> Vec<Option<PublicKey>> {
		let against = Against { tip: self.tip(), in_flight: self.flights.hashes() };
		transfers.iter().map(|signed| self.pool.key_for(signed, against).ok()).collect()
	}

	/// Takes transfers, each or not, and puts what was taken on the disk at once. `verdicts` are on their
	/// signatures, in the same order; those without one are checked here. If nothing can be written, it is as
	/// if none of them had come.
	pub(crate) fn submit(
		&mut self,
		transfers: &[SignedTransfer],
		verdicts: &[Option<Verdict>],
		now: u64,
	) -> Vec<Result<Hash, SubmitError>> {
		let mut records = Vec::new();
		let mut taken = Vec::new();
		let mut results = Vec::with_capacity(transfers.len());
		let verdicts = verdicts.iter().copied().chain(std::iter::repeat(None));
		for (signed, verdict) in transfers.iter().zip(verdicts) {
			let tip = self.layers.last().map_or(&self.base.state, |layer| &layer.state);
			let against = Against { tip, in_flight: self.flights.hashes() };
			results.push(match self.pool.admit(signed, verdict, now, against) {
				Ok(admitted) => {
					let by = admitted.hash;
					records.push(Record::Accepted { received: now, signed: *signed });
					let replaced = admitted.replaced.map(|old| (old.hash, Ended::Replaced { by }));
					let evicted = admitted.evicted.map(|old| (old.hash, Ended::Evicted { by }));
					let gone = replaced.into_iter().chain(evicted);
					records.extend(gone.map(|(hash, how)| Record::Ended { hash, how }));
					taken.push(admitted);
					Ok(by)
				},
				Err(error) => Err(error.into()),
			});
		}
		if let Err(refused) = self.storage.record(&records) {
			taken.iter().rev().for_each(|admitted| self.pool.take_back(admitted));
			// Also those that were refused, perhaps for the sake of one that is gone again.
			return transfers.iter().map(|_| Err(refused.into())).collect();
		}
		self.remember_all(&records);
		// What was taken is on the disk; that nothing more will be, the next call tells.
		let _ = self.maybe_compact();
		results
	}

	/// Takes in what the chain says. On an error nothing has changed but commits that proved false.
	///
	/// # Errors
	///
	/// [`CoreError::Missing`]: tell it [more commits](Self::learn), from [`Core::cursor`] on.
	pub(crate) fn follow(&mut self, heads: Heads) -> Result<Vec<Change>, CoreError> {
		for commit in heads.commits {
			self.commits.merge(commit);
		}
		let (settled, states) = self.commits.path(
			&self.base.state,
			heads.final_root,
			&self.layers,
			MAX_OLD_STATES + 1,
		)?;
		let base = Arc::clone(states.back().unwrap_or(&self.base.state));
		let (steps, layer_states) =
			self.commits.path(&base, heads.tip_root, &self.layers, usize::MAX)?;
		let layers: Vec<Layer> = steps
			.into_iter()
			.zip(layer_states)
			.map(|(step, state)| Layer { step, state })
			.collect();

		let changes = change::changes(&self.layers, &settled, &layers);
		let next_index = heads.next_index.max(self.base.next_index);
		let base = Saved { state: base, next_index, cursor: heads.cursor };
		let old = std::mem::replace(&mut self.base, base);
		self.layers = layers;
		(self.best, self.finalized) = (heads.best, heads.finalized);
		self.flights.follow(heads.tip_root, heads.best);
		self.commits.forget(next_index);
		if !settled.is_empty() {
			self.old_states.push_back(old.state);
			self.old_states.extend(states);
			// The newest is the final state itself.
			self.old_states.pop_back();
			let surplus = self.old_states.len().saturating_sub(MAX_OLD_STATES);
			self.old_states.drain(..surplus);
			self.settle(settled)?;
		}
		Ok(changes)
	}

	/// Takes in commits that were found in old blocks.
	pub(crate) fn learn(&mut self, commits: impl IntoIterator<Item = Commit>) {
		for commit in commits {
			self.commits.merge(commit);
		}
	}

	fn settle(&mut self, settled: Vec<Step>) -> Result<(), CoreError> {
		let mut records = Vec::new();
		for Step { commit, hashes } in &settled {
			let how = Ended::Final { batch: Some(commit.index), block: commit.block };
			records.extend(hashes.iter().map(|hash| Record::Ended { hash: *hash, how }));
			self.finals_since_save = self.finals_since_save.saturating_add(1);
		}
		let executed: BTreeSet<Hash> =
			settled.iter().flat_map(|step| step.hashes.iter().copied()).collect();
		for (entry, why) in self.pool.settle(&self.base.state) {
			let was_final = matches!(self.ended.get(&entry.hash), Some(Ended::Final { .. }));
			if executed.contains(&entry.hash) || was_final {
				continue;
			}
			let how = match why {
				RuledOut::Nonce => Ended::NonceUsed,
				RuledOut::AlreadyOpen => Ended::AlreadyOpen { index: entry.signed.transfer.to },
			};
			records.push(Record::Ended { hash: entry.hash, how });
		}
		self.remember_all(&records);
		self.done.extend(settled);
		let surplus = self.done.len().saturating_sub(MAX_DONE);
		self.done.drain(..surplus);
		self.storage.note(records)?;
		self.keep_up()
	}

	/// Lets transfers go that have waited for too long at this time, in milliseconds since 1970 began.
	pub(crate) fn expire(&mut self, now: u64) -> Result<usize, CoreError> {
		self.storage.check()?;
		let tip = self.layers.last().map_or(&self.base.state, |layer| &layer.state);
		let gone = self.pool.expire(now, Against { tip, in_flight: self.flights.hashes() });
		let how = Ended::Expired;
		let records: Vec<Record> =
			gone.iter().map(|hash| Record::Ended { hash: *hash, how }).collect();
		self.remember_all(&records);
		self.storage.note(records)?;
		self.maybe_compact()?;
		Ok(gone.len())
	}

	/// Remembers the ends among these.
	fn remember_all(&mut self, records: &[Record]) {
		for record in records {
			if let Record::Ended { hash, how } = *record {
				self.remember(hash, how);
			}
		}
	}

	fn remember(&mut self, hash: Hash, how: Ended) {
		if self.ended.insert(hash, how).is_none() {
			self.ended_order.push_back(hash);
		}
		if self.ended_order.len() > MAX_ENDED {
			if let Some(oldest) = self.ended_order.pop_front() {
				self.ended.remove(&oldest);
			}
		}
	}

	/// Makes a batch on the tip if enough transfers wait, or one has waited for `max_wait` milliseconds.
	/// Until [`Core::landed`] or the end of [`Core::give_up`] its transfers can neither be replaced nor let
	/// go.
	///
	/// # Errors
	///
	/// [`FeeError`]: the fee account has gone from the tip, or the fees do not fit on it. No batch can be made
	/// until that has changed.
	pub(crate) fn build(&mut self, now: u64, max_wait: u64) -> Result<Option<Built>, FeeError> {
		// What waits is on the disk. How it ends could not be written down.
		if !self.storage.works() {
			return Ok(None);
		}
		let draft = self.pool.draft(self.tip(), self.fee_account);
		let hashes: BTreeSet<Hash> = draft.transfers().iter().map(hash_of).collect();
		let received =
			hashes.iter().filter_map(|hash| self.pool.get(hash)).map(|entry| entry.received);
		let Some(oldest) = received.min() else { return Ok(None) };
		if !draft.is_full() && now.saturating_sub(oldest) < max_wait {
			return Ok(None);
		}
		let outcome = draft.finish()?;
		let built = Built {
			data: outcome.batch().encode(),
			prev_root: outcome.prev_root(),
			next_root: outcome.next_root(),
			transfers: hashes.len(),
		};
		self.flights.start(built.prev_root, hashes);
		Ok(Some(built))
	}

	/// The batch that was built is on the chain, or will not be, or was [given up](Self::give_up).
	pub(crate) fn landed(&mut self) {
		self.flights.land();
	}

	/// Nobody waits any more for the batch that was built, though one of the next `blocks` blocks may
	/// take it: until then, or until the tip is another one, its transfers stay as they are.
	pub(crate) fn give_up(&mut self, blocks: BlockNumber) {
		let (tip, until) = (self.tip().root(), self.best.saturating_add(blocks));
		self.flights.give_up(tip, until);
	}

	/// Returns whether a block may still take a commit whose fate is not known.
	pub(crate) fn is_committing(&self) -> bool {
		!self.flights.hashes().is_empty()
	}

	/// The state at the tip.
	pub(crate) fn tip(&self) -> &State {
		self.layers.last().map_or(&self.base.state, |layer| &layer.state)
	}

	/// The newest final state.
	pub(crate) fn settled(&self) -> &State {
		&self.base.state
	}

	/// The first batch that is not final.
	pub(crate) fn next_index(&self) -> u64 {
		self.base.next_index
	}

	/// The first block that may carry a commit behind the final state.
	pub(crate) fn cursor(&self) -> BlockNumber {
		self.base.cursor
	}

	/// A state that is still kept, by its root.
	pub(crate) fn state(&self, root: &Bytes32) -> Option<&State> {
		let layers = self.layers.iter().map(|layer| &layer.state);
		let mut states = self.old_states.iter().chain([&self.base.state]).chain(layers);
		states.find(|state| state.root() == *root).map(Arc::as_ref)
	}

	/// The batches from the final state to the tip.
	pub(crate) fn layers(&self) -> &[Layer] {
		&self.layers
	}

	/// The newest final batches.
	pub(crate) fn done(&self) -> impl Iterator<Item = &Step> {
		self.done.iter()
	}

	/// The pool.
	pub(crate) fn pool(&self) -> &Pool {
		&self.pool
	}

	/// The account that gets the fees.
	pub(crate) fn fee_account(&self) -> u32 {
		self.fee_account
	}

	/// The best and the newest finalized block that were taken in.
	pub(crate) fn blocks(&self) -> (BlockNumber, BlockNumber) {
		(self.best, self.finalized)
	}

	/// Returns whether there is nothing to do: no transfer waits, and no batch is on its way to being final.
	pub(crate) fn is_idle(&self) -> bool {
		self.pool.len() == 0 && self.layers.is_empty()
	}

	/// Returns where a transfer stands.
	pub(crate) fn status(&self, hash: &Hash) -> Status {
		if let Some(layer) = self.layers.iter().find(|layer| layer.step.hashes.contains(hash)) {
			let Commit { index, block, stage, .. } = layer.step.commit;
			return Status::Committed { batch: index, block, stage };
		}
		match (self.pool.get(hash), self.ended.get(hash)) {
			(Some(_), _) => Status::Pending,
			(None, Some(how)) => Status::Ended(*how),
			(None, None) => Status::Unknown,
		}
	}
}

/// The state before all batches.
fn from_start(state: &Arc<State>) -> Saved {
	Saved { state: Arc::clone(state), next_index: 0, cursor: 1 }
}
