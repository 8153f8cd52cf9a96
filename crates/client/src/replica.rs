// SPDX-License-Identifier: Apache-2.0
//! States of a rollup, replayed from the data on the chain.
//!
//! States are kept by their root. A state can only come about by executing data on the state
//! before it, so a wrong one never gets in, whatever a node says: at worst one is missing.

use crate::{batch_data::Committed, call_tree::Commit, error::Error, view::View};
use futures::{stream, Stream, StreamExt, TryStreamExt};
use pvs_primitives::{BatchIndex, BlockNumber, Bytes32, RollupId};
use std::{pin::pin, sync::Arc};

/// Number of states that are kept at most. Needed are the newest final one and one for each pending batch, of which
/// chains allow 64; the others are those of other forks and of batches that ended without a proof. A batch builds
/// on the one before it or on the newest final state, so that the states that were not used for longest are not
/// needed.
const MAX_STATES: usize = 128;
/// Number of blocks that are fetched at the same time while catching up.
const PARALLEL_FETCHES: usize = 16;

/// Effect of batches on a rollup. A rollup plugs into the programs by implementing this.
pub trait RollupState: Clone + Send + 'static {
	/// The root of this state.
	fn root(&self) -> Bytes32;

	/// Executes a batch. On an error the state is thrown away, and the text says which part of the
	/// batch is invalid and why.
	fn execute(&mut self, data: &[u8]) -> Result<(), String>;

	/// Returns whether the last [`execute`](Self::execute) failed for a reason that is not the batch, and may
	/// succeed if it is tried again: for rollups that run outside this program.
	fn has_failed(&self) -> bool {
		false
	}
}

/// Reason why a state cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
	/// No data on the chain leads to this root.
	#[error(
		"no data on the chain leads to state root 0x{}; is the node on another fork?",
		hex::encode(root)
	)]
	UnknownState {
		/// The root.
		root: Bytes32,
	},
	/// No header says where the data of a batch is.
	#[error(
		"no header names the data of batch {rollup}/{index}, as those of older runtimes do not; start \
		 from a state that was saved after it"
	)]
	NoDigest {
		/// The rollup.
		rollup: RollupId,
		/// The batch's index.
		index: BatchIndex,
	},
	/// The batch breaks a rule of the rollup.
	#[error("the batch is invalid: {0}")]
	Invalid(String),
	/// The program that executes batches failed. That says nothing about the batch.
	#[error("cannot execute the batch: {0}")]
	Failed(String),
	/// The node failed.
	#[error(transparent)]
	Chain(#[from] Error),
}

/// The states of one rollup from the last final one on.
#[derive(Clone, Debug)]
pub struct Replica<S> {
	rollup: RollupId,
	/// By age, oldest first. The first one stays until a later one is final.
	states: Vec<Kept<S>>,
	/// Number of times that a state was used.
	uses: u64,
	/// True if states after the first one were forgotten for want of room.
	has_gaps: bool,
	/// The first block that has not been read for good.
	next_block: BlockNumber,
	/// The first batch that can be committed in that block; `None` while that is not known.
	next_index: Option<BatchIndex>,
}

#[derive(Clone, Debug)]
struct Kept<S> {
	root: Bytes32,
	state: Arc<S>,
	/// No batch that builds on it is committed before this block.
	since: BlockNumber,
	/// Number of uses of any state up to the last one of this state.
	used: u64,
}

impl<S: RollupState> Replica<S> {
	/// A replica that knows the first state only.
	pub fn new(rollup: RollupId, genesis: S) -> Self {
		Self { next_index: Some(0), ..Self::resume(rollup, genesis, 1) }
	}

	/// A replica that starts from a later state. All batches that build on it are committed in
	/// `next_block` or after it.
	pub fn resume(rollup: RollupId, state: S, next_block: BlockNumber) -> Self {
		let (root, state) = (state.root(), Arc::new(state));
		let first = Kept { root, state, since: next_block, used: 0 };
		let states = vec![first];
		Self { rollup, states, uses: 0, has_gaps: false, next_block, next_index: None }
	}

	/// The state with this root, if it is known.
	pub fn state(&self, root: &Bytes32) -> Option<&S> {
		self.find(root).map(|kept| &*kept.state)
	}

	/// The state with this root, to be kept without a copy, if it is known.
	pub fn shared(&self, root: &Bytes32) -> Option<Arc<S>> {
		self.find(root).map(|kept| kept.state.clone())
	}

	fn find(&self, root: &Bytes32) -> Option<&Kept<S>> {
		self.states.iter().rev().find(|kept| kept.root == *root)
	}

	/// Returns the state with this root for a use, if it is known.
	fn take_up(&mut self, root: &Bytes32) -> Option<Kept<S>> {
		self.uses = self.uses.saturating_add(1);
		let kept = self.states.iter_mut().rev().find(|kept| kept.root == *root)?;
		kept.used = self.uses;
		Some(kept.clone())
	}

	/// Executes a batch on the state with root `previous`, keeps the new state and returns its
	/// root.
	pub fn apply(&mut self, previous: &Bytes32, data: &[u8]) -> Result<Bytes32, ReplicaError> {
		let known = self.take_up(previous).ok_or(ReplicaError::UnknownState { root: *previous })?;
		let state = execute(&*known.state, data)?;
		Ok(self.keep(state, known.since))
	}

	/// Takes in a commit, by trying it on the state that it names. Returns whether it led to the root
	/// that it claims.
	///
	/// # Errors
	///
	/// [`ReplicaError::Failed`] if it could not be tried.
	pub fn absorb(&mut self, block: BlockNumber, commit: &Commit) -> Result<bool, ReplicaError> {
		let before = self.take_up(&commit.prev_state_root);
		if self.take_up(&commit.next_state_root).is_some() {
			return Ok(true);
		}
		let Some(before) = before else { return Ok(false) };
		match execute(&*before.state, &commit.data) {
			Ok(state) if state.root() == commit.next_state_root => {
				self.keep(state, block);
				Ok(true)
			},
			Ok(_) | Err(ReplicaError::Invalid(_)) => Ok(false),
			Err(error) => Err(error),
		}
	}

	fn keep(&mut self, state: S, since: BlockNumber) -> Bytes32 {
		let root = state.root();
		if self.take_up(&root).is_none() {
			if self.states.len() >= MAX_STATES {
				// From the first one the others can be had again.
				let others = self.states.iter().enumerate().skip(1);
				if let Some((oldest, _)) = others.min_by_key(|(_, kept)| kept.used) {
					self.states.remove(oldest);
					self.has_gaps = true;
				}
			}
			self.states.push(Kept { root, state: Arc::new(state), since, used: self.uses });
		}
		root
	}

	/// Forgets states older than the one with this root.
	pub fn forget_before(&mut self, finalized_root: &Bytes32) {
		if let Some(index) = self.states.iter().position(|kept| kept.root == *finalized_root) {
			self.states.drain(..index);
		}
	}

	/// Reads the blocks up to `until` that have not been read, if the state with root `wanted` is
	/// not known yet. Blocks up to `finalized` are read once and not again, unless states had to be
	/// forgotten for want of room. Of a block that committed no batch only the header is read.
	/// `progress` gets the number of blocks read and to read.
	///
	/// # Errors
	///
	/// [`ReplicaError::UnknownState`] if these blocks do not lead to `wanted`, and
	/// [`ReplicaError::NoDigest`] if that is because the headers do not name all batches. After
	/// [`ReplicaError::Failed`] the next call goes on with the block in which that happened.
	pub async fn catch_up(
		&mut self,
		view: &View,
		wanted: &Bytes32,
		until: BlockNumber,
		finalized: BlockNumber,
		progress: impl FnMut(u32, u32),
	) -> Result<(), ReplicaError> {
		let rollup = self.rollup;
		let read = |first| {
			stream::iter(first..=until)
				.map(
					move |number| async move { Ok((number, view.commits_in(number, rollup).await?)) },
				)
				.buffered(PARALLEL_FETCHES)
		};
		self.replay(read, wanted, until, finalized, progress).await
	}

	/// [`catch_up`](Self::catch_up), with the batches of the blocks from a first one on from `read`.
	async fn replay<R>(
		&mut self,
		read: impl Fn(BlockNumber) -> R,
		wanted: &Bytes32,
		until: BlockNumber,
		finalized: BlockNumber,
		mut progress: impl FnMut(u32, u32),
	) -> Result<(), ReplicaError>
	where
		R: Stream<Item = Result<(BlockNumber, Vec<Committed>), Error>>,
	{
		if self.state(wanted).is_some() {
			return Ok(());
		}
		let mut unnamed = self.go_on(&read, until, finalized, &mut progress).await?;
		if self.state(wanted).is_none() && self.has_gaps {
			if let Some(first) = self.states.first() {
				(self.next_block, self.next_index) = (first.since, None);
			}
			self.has_gaps = false;
			unnamed = self.go_on(&read, until, finalized, &mut progress).await?.or(unnamed);
		}
		match (self.state(wanted), unnamed) {
			(Some(_), _) => Ok(()),
			(None, Some(index)) => Err(ReplicaError::NoDigest { rollup: self.rollup, index }),
			(None, None) => Err(ReplicaError::UnknownState { root: *wanted }),
		}
	}

	/// Takes in the batches of the blocks that have not been read. Returns the first batch that no
	/// header names though there is a later one, or the rollup's first if none is named at all.
	async fn go_on<R>(
		&mut self,
		read: &impl Fn(BlockNumber) -> R,
		until: BlockNumber,
		finalized: BlockNumber,
		progress: &mut impl FnMut(u32, u32),
	) -> Result<Option<BatchIndex>, ReplicaError>
	where
		R: Stream<Item = Result<(BlockNumber, Vec<Committed>), Error>>,
	{
		let first = self.next_block;
		let total = until.saturating_add(1).saturating_sub(first);
		let mut next_index = self.next_index;
		let mut unnamed = None;
		let mut blocks = pin!(read(first));
		while let Some((number, batches)) = blocks.try_next().await? {
			for Committed { batch, calls } in &batches {
				if let Some(skipped) = next_index.filter(|next| *next < batch.index) {
					unnamed.get_or_insert(skipped);
				}
				next_index = Some(batch.index.saturating_add(1));
				if calls.is_empty() {
					tracing::warn!(
						"cannot read the data of batch {}/{} in block {number}",
						batch.rollup,
						batch.index
					);
				}
				for commit in calls {
					if !self.absorb(number, commit)? {
						tracing::debug!(block = number, "a batch leads to no state: invalid");
					}
				}
			}
			if number <= finalized {
				(self.next_block, self.next_index) = (number.saturating_add(1), next_index);
			}
			progress(number.saturating_add(1).saturating_sub(first), total);
		}
		Ok(unnamed.or(next_index.filter(|next| *next == 0)))
	}
}

fn execute<S: RollupState>(before: &S, data: &[u8]) -> Result<S, ReplicaError> {
	let mut state = before.clone();
	match state.execute(data) {
		Ok(()) => Ok(state),
		Err(reason) if state.has_failed() => Err(ReplicaError::Failed(reason)),
		Err(reason) => Err(ReplicaError::Invalid(reason)),
	}
}

#[cfg(test)]
mod tests;
