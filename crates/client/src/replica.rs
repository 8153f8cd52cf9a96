// SPDX-License-Identifier: Apache-2.0
//! States of a rollup, replayed from the data on the chain.
//!
//! States are kept by their root. A state can only come about by executing data on the state
//! before it, so a wrong one never gets in, whatever a node says: at worst one is missing.

use crate::{call_tree::Commit, error::Error, view::View};
use futures::{stream, Stream, StreamExt, TryStreamExt};
use pvs_primitives::{BlockNumber, Bytes32, RollupId};
use std::{
	collections::{HashMap, HashSet},
	pin::pin,
	sync::Arc,
};

/// How many states are kept at most. Needed are the newest final one and one for each pending
/// batch, of which chains allow 64; the others are those of other forks and of commits that failed.
const MAX_STATES: usize = 128;
/// How many blocks are fetched at the same time while catching up.
const PARALLEL_FETCHES: usize = 16;

/// What a rollup does with a batch. A rollup plugs into the programs by implementing this.
pub trait RollupState: Clone + Send + 'static {
	/// The root of this state.
	fn root(&self) -> Bytes32;

	/// Executes a batch. On an error the state is thrown away, and the text says which part of the
	/// batch is invalid and why.
	fn execute(&mut self, data: &[u8]) -> Result<(), String>;

	/// Whether the last [`execute`](Self::execute) failed for a reason that is not the batch, and
	/// may succeed if it is tried again: for rollups that run outside this program.
	fn has_failed(&self) -> bool {
		false
	}
}

/// Why a state cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
	/// No data on the chain leads to this root.
	#[error(
		"no data on the chain leads to state root 0x{}; has the node pruned old blocks?",
		hex::encode(root)
	)]
	UnknownState {
		/// The root.
		root: Bytes32,
	},
	/// The batch breaks a rule of the rollup.
	#[error("the batch is invalid: {0}")]
	Invalid(String),
	/// What executes batches failed. That says nothing about the batch.
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
	/// Whether states after the first one were forgotten for want of room.
	has_gaps: bool,
	/// The first block whose body has not been read for good.
	next_block: BlockNumber,
}

#[derive(Clone, Debug)]
struct Kept<S> {
	root: Bytes32,
	state: Arc<S>,
	/// No batch that builds on it is committed before this block.
	since: BlockNumber,
}

impl<S: RollupState> Replica<S> {
	/// A replica that knows the first state only.
	pub fn new(rollup: RollupId, genesis: S) -> Self {
		Self::resume(rollup, genesis, 1)
	}

	/// A replica that starts from a later state. All batches that build on it are committed in
	/// `next_block` or after it.
	pub fn resume(rollup: RollupId, state: S, next_block: BlockNumber) -> Self {
		let first = Kept { root: state.root(), state: Arc::new(state), since: next_block };
		Self { rollup, states: vec![first], has_gaps: false, next_block }
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

	/// Executes a batch on the state with root `previous`, keeps the new state and returns its
	/// root.
	pub fn apply(&mut self, previous: &Bytes32, data: &[u8]) -> Result<Bytes32, ReplicaError> {
		let known = self.find(previous).ok_or(ReplicaError::UnknownState { root: *previous })?;
		let (state, since) = (execute(&*known.state, data)?, known.since);
		Ok(self.keep(state, since))
	}

	/// Takes in a commit of which only its arguments are known, by trying it on the state that it
	/// names. Returns whether it led to the root that it claims.
	///
	/// # Errors
	///
	/// [`ReplicaError::Failed`] if it could not be tried.
	pub fn absorb(&mut self, block: BlockNumber, commit: &Commit) -> Result<bool, ReplicaError> {
		if self.state(&commit.next_state_root).is_some() {
			return Ok(true);
		}
		match self.check(commit)? {
			Claim::True(state) => {
				self.keep(state, block);
				Ok(true)
			},
			Claim::False | Claim::Unknown => Ok(false),
		}
	}

	fn check(&self, commit: &Commit) -> Result<Claim<S>, ReplicaError> {
		let Some(known) = self.state(&commit.prev_state_root) else { return Ok(Claim::Unknown) };
		match execute(known, &commit.data) {
			Ok(state) if state.root() == commit.next_state_root => Ok(Claim::True(state)),
			Ok(_) | Err(ReplicaError::Invalid(_)) => Ok(Claim::False),
			Err(error) => Err(error),
		}
	}

	fn keep(&mut self, state: S, since: BlockNumber) -> Bytes32 {
		let root = state.root();
		if self.state(&root).is_none() {
			if self.states.len() >= MAX_STATES {
				self.states.remove(1);
				self.has_gaps = true;
			}
			self.states.push(Kept { root, state: Arc::new(state), since });
		}
		root
	}

	/// Keeps a state on a path, and of all but the first one those that are needed soonest.
	fn keep_on(&mut self, path: &Path, state: S, since: BlockNumber) {
		let root = state.root();
		if self.state(&root).is_some() {
			return;
		}
		self.states.push(Kept { root, state: Arc::new(state), since });
		if self.states.len() > MAX_STATES {
			let others = self.states.iter().enumerate().skip(1);
			let last = others.max_by_key(|(_, kept)| path.next_use(&kept.root));
			if let Some((index, _)) = last {
				self.states.remove(index);
			}
		}
	}

	/// Forgets states older than the one with this root.
	pub fn forget_before(&mut self, finalized_root: &Bytes32) {
		if let Some(index) = self.states.iter().position(|kept| kept.root == *finalized_root) {
			self.states.drain(..index);
		}
	}

	/// Reads the blocks up to `until` that have not been read, if the state with root `wanted` is
	/// not known yet. Blocks up to `finalized` are read once and not again, unless states had to be
	/// forgotten for want of room: anybody can fill a block with commits that fail. `progress` gets
	/// the number of blocks read and to read.
	///
	/// # Errors
	///
	/// [`ReplicaError::UnknownState`] if these blocks do not lead to `wanted`. After
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

	/// [`catch_up`](Self::catch_up), with the commits of the blocks from a first one on from `read`.
	async fn replay<R>(
		&mut self,
		read: impl Fn(BlockNumber) -> R,
		wanted: &Bytes32,
		until: BlockNumber,
		finalized: BlockNumber,
		mut progress: impl FnMut(u32, u32),
	) -> Result<(), ReplicaError>
	where
		R: Stream<Item = Result<(BlockNumber, Vec<Commit>), Error>>,
	{
		if self.state(wanted).is_some() {
			return Ok(());
		}
		let first = self.next_block;
		let mut told = |number: BlockNumber, first: BlockNumber| {
			let total = until.saturating_add(1).saturating_sub(first);
			progress(number.saturating_add(1).saturating_sub(first), total);
		};
		let mut bodies = pin!(read(first));
		while let Some((number, commits)) = bodies.try_next().await? {
			for commit in &commits {
				if !self.absorb(number, commit)? {
					tracing::debug!(
						block = number,
						"a commit leads to no state: failed or invalid"
					);
				}
			}
			if number <= finalized {
				self.next_block = number.saturating_add(1);
			}
			told(number, first);
		}
		let mut refuted = HashSet::new();
		while self.state(wanted).is_none() && self.has_gaps {
			let first = self.states.first().map_or(first, |kept| kept.since);
			let mut path = Path::to(wanted, read(first), &refuted).await?;
			let known = refuted.len();
			let mut at: usize = 0;
			let mut bodies = pin!(read(first));
			while let Some((number, commits)) = bodies.try_next().await? {
				for commit in &commits {
					if path.take(at, &commit.prev_state_root) {
						match self.check(commit)? {
							Claim::True(state) => self.keep_on(&path, state, number),
							Claim::False => {
								refuted.insert(at);
							},
							Claim::Unknown => {},
						}
						if self.state(wanted).is_some() {
							return Ok(());
						}
					}
					at = at.saturating_add(1);
				}
				told(number, first);
			}
			if refuted.len() == known {
				break;
			}
		}
		match self.state(wanted) {
			Some(_) => Ok(()),
			None => Err(ReplicaError::UnknownState { root: *wanted }),
		}
	}
}

/// What becomes of a commit's claim when its batch is executed.
enum Claim<S> {
	/// It leads to this state, as claimed.
	True(S),
	/// It leads elsewhere, or nowhere.
	False,
	/// The state that it builds on is not known.
	Unknown,
}

/// The roots from which commits lead to a root by what they claim, and that root. Each has the places
/// of the commits that build on it, the next one last.
///
/// A commit that fails may claim anything. As the states are kept that are needed soonest, a pass over
/// the path either gets to its end or refutes a claim.
struct Path {
	end: Bytes32,
	uses: HashMap<Bytes32, Vec<usize>>,
}

impl Path {
	/// The path to `wanted`, without the commits at the places `refuted`.
	async fn to(
		wanted: &Bytes32,
		bodies: impl Stream<Item = Result<(BlockNumber, Vec<Commit>), Error>>,
		refuted: &HashSet<usize>,
	) -> Result<Self, Error> {
		let mut claims = Vec::new();
		let mut bodies = pin!(bodies);
		while let Some((_, commits)) = bodies.try_next().await? {
			claims.extend(commits.iter().map(|it| (it.prev_state_root, it.next_state_root)));
		}
		let mut uses = HashMap::from([(*wanted, Vec::new())]);
		// What a batch builds on was committed before it.
		for (at, (previous, next)) in claims.iter().enumerate().rev() {
			if uses.contains_key(next) && !refuted.contains(&at) {
				uses.entry(*previous).or_default().push(at);
			}
		}
		Ok(Self { end: *wanted, uses })
	}

	/// Whether the commit at a place, on the state with root `previous`, is on the path. Places are
	/// asked for in their order.
	fn take(&mut self, at: usize, previous: &Bytes32) -> bool {
		self.uses
			.get_mut(previous)
			.is_some_and(|places| places.pop_if(|next| *next == at).is_some())
	}

	/// The place of the next commit that builds on a root, beyond all if there is none. The end is
	/// needed at once.
	fn next_use(&self, root: &Bytes32) -> usize {
		if *root == self.end {
			return 0;
		}
		self.uses.get(root).and_then(|places| places.last()).copied().unwrap_or(usize::MAX)
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
