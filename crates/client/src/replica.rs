// SPDX-License-Identifier: Apache-2.0
//! States of a rollup, replayed from the data on the chain.
//!
//! States are kept by their root. A state can only come about by executing data on the state
//! before it, so a wrong one never gets in, whatever a node says: at worst one is missing.

use crate::{call_tree::Commit, error::Error, view::View};
use futures::{stream, Stream, StreamExt, TryStreamExt};
use pvs_primitives::{BlockNumber, Bytes32, RollupId};
use std::{collections::HashSet, pin::pin, sync::Arc};

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
		let Some(known) = self.state(&commit.prev_state_root) else { return Ok(false) };
		match execute(known, &commit.data) {
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
		if self.state(&root).is_none() {
			if self.states.len() >= MAX_STATES {
				self.states.remove(1);
				self.has_gaps = true;
			}
			self.states.push(Kept { root, state: Arc::new(state), since });
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
		if self.state(wanted).is_none() && self.has_gaps {
			let first = self.states.first().map_or(first, |kept| kept.since);
			let path = path(read(first), wanted).await?;
			let mut bodies = pin!(read(first));
			while let Some((number, commits)) = bodies.try_next().await? {
				for commit in commits.iter().filter(|it| path.contains(&it.next_state_root)) {
					self.absorb(number, commit)?;
				}
				told(number, first);
			}
		}
		match self.state(wanted) {
			Some(_) => Ok(()),
			None => Err(ReplicaError::UnknownState { root: *wanted }),
		}
	}
}

/// The roots from which commits lead to `wanted`, by what they claim, and `wanted`.
async fn path(
	bodies: impl Stream<Item = Result<(BlockNumber, Vec<Commit>), Error>>,
	wanted: &Bytes32,
) -> Result<HashSet<Bytes32>, Error> {
	let mut claims = Vec::new();
	let mut bodies = pin!(bodies);
	while let Some((_, commits)) = bodies.try_next().await? {
		claims.extend(commits.iter().map(|it| (it.prev_state_root, it.next_state_root)));
	}
	let mut path = HashSet::from([*wanted]);
	// What a batch builds on was committed before it.
	for (previous, next) in claims.iter().rev() {
		if path.contains(next) {
			path.insert(*previous);
		}
	}
	Ok(path)
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
mod tests {
	use super::*;

	/// A number to which batches add; a batch of other than one byte is invalid.
	#[derive(Clone, Debug, PartialEq)]
	struct Sum(u8);

	impl RollupState for Sum {
		fn root(&self) -> Bytes32 {
			[self.0; 32]
		}

		fn execute(&mut self, data: &[u8]) -> Result<(), String> {
			let [add] = data else { return Err(format!("{} bytes", data.len())) };
			self.0 = self.0.checked_add(*add).ok_or("too big")?;
			Ok(())
		}
	}

	fn commit(previous: u8, add: u8, next: u8) -> Commit {
		let (prev_state_root, next_state_root) = ([previous; 32], [next; 32]);
		Commit { rollup: 0, data: vec![add], prev_state_root, next_state_root, max_fee: 1 }
	}

	#[test]
	fn batch_should_be_applied_to_the_state_it_builds_on() {
		let mut replica = Replica::new(0, Sum(10));
		assert_eq!(replica.apply(&[10; 32], &[5]).unwrap(), [15; 32]);
		assert_eq!(replica.apply(&[15; 32], &[1]).unwrap(), [16; 32]);
		assert_eq!(replica.apply(&[10; 32], &[2]).unwrap(), [12; 32], "a second child");
		assert_eq!(replica.state(&[15; 32]), Some(&Sum(15)));
	}

	#[test]
	fn batch_should_be_refused_when_it_is_invalid_or_its_state_unknown() {
		let mut replica = Replica::new(0, Sum(10));
		let error = replica.apply(&[11; 32], &[5]).unwrap_err();
		assert!(matches!(error, ReplicaError::UnknownState { root } if root == [11; 32]));
		let error = replica.apply(&[10; 32], &[1, 2]).unwrap_err();
		assert!(matches!(error, ReplicaError::Invalid(reason) if reason == "2 bytes"));
		assert_eq!(replica.state(&[10; 32]), Some(&Sum(10)), "the old state is untouched");
	}

	#[test]
	fn commits_should_be_absorbed_when_they_lead_to_their_root() {
		let mut replica = Replica::new(0, Sum(10));
		assert!(replica.absorb(1, &commit(10, 5, 15)).unwrap());
		assert!(!replica.absorb(1, &commit(10, 5, 99)).unwrap(), "a wrong root leads nowhere");
		assert!(!replica.absorb(1, &commit(99, 5, 104)).unwrap(), "nor does an unknown state");
		assert!(replica.absorb(1, &commit(10, 7, 17)).unwrap(), "a batch on an older state");
		assert!(replica.absorb(1, &commit(17, 1, 18)).unwrap());
		assert!(replica.absorb(1, &commit(18, 0, 18)).unwrap(), "known already");
		assert_eq!(replica.states.len(), 4);
		assert_eq!(replica.state(&[99; 32]), None);
	}

	#[test]
	fn commit_should_be_tried_again_when_its_execution_failed() {
		#[derive(Clone)]
		struct Outage {
			sum: Sum,
			is_over: bool,
		}
		impl RollupState for Outage {
			fn root(&self) -> Bytes32 {
				self.sum.root()
			}
			fn execute(&mut self, data: &[u8]) -> Result<(), String> {
				self.is_over.then_some(()).ok_or("away")?;
				self.sum.execute(data)
			}
			fn has_failed(&self) -> bool {
				!self.is_over
			}
		}
		let mut replica = Replica::new(0, Outage { sum: Sum(10), is_over: false });
		let failed = |error| matches!(error, ReplicaError::Failed(reason) if reason == "away");
		assert!(failed(replica.absorb(1, &commit(10, 5, 15)).unwrap_err()));
		assert!(failed(replica.apply(&[10; 32], &[5]).unwrap_err()));
		replica = Replica::new(0, Outage { sum: Sum(10), is_over: true });
		assert!(replica.absorb(1, &commit(10, 5, 15)).unwrap());
		let error = replica.apply(&[15; 32], &[]).unwrap_err();
		assert!(matches!(error, ReplicaError::Invalid(_)), "{error}");
	}

	#[test]
	fn old_states_should_be_forgotten_when_a_later_one_is_final() {
		let mut replica = Replica::new(0, Sum(1));
		for add in 1..4 {
			let tip = replica.states.last().unwrap().root;
			replica.apply(&tip, &[add]).unwrap();
		}
		replica.forget_before(&[4; 32]);
		assert_eq!(replica.states.iter().map(|kept| kept.state.0).collect::<Vec<_>>(), [4, 7]);
		replica.forget_before(&[200; 32]);
		assert_eq!(replica.states.len(), 2, "an unknown root forgets nothing");
	}

	#[test]
	fn replica_should_go_on_from_a_later_state() {
		let mut replica = Replica::resume(0, Sum(15), 7);
		assert_eq!(replica.next_block, 7);
		assert_eq!(replica.apply(&[15; 32], &[2]).unwrap(), [17; 32]);
		assert!(!replica.absorb(1, &commit(10, 5, 20)).unwrap(), "nothing before it is known");
	}

	#[test]
	fn state_should_be_handed_out_without_a_copy_and_outlive_the_replica() {
		let mut replica = Replica::new(0, Sum(1));
		replica.apply(&[1; 32], &[3]).unwrap();
		let (one, again) = (replica.shared(&[1; 32]).unwrap(), replica.shared(&[1; 32]).unwrap());
		assert!(Arc::ptr_eq(&one, &again));
		replica.forget_before(&[4; 32]);
		assert_eq!((replica.shared(&[1; 32]), &*one), (None, &Sum(1)));
	}

	/// A number of 32 bits to which batches of four bytes add.
	#[derive(Clone, Debug)]
	struct Wide(u32);

	impl RollupState for Wide {
		fn root(&self) -> Bytes32 {
			wide(self.0)
		}

		fn execute(&mut self, data: &[u8]) -> Result<(), String> {
			let add = data.try_into().map_err(|_| "no number")?;
			self.0 = self.0.checked_add(u32::from_le_bytes(add)).ok_or("too big")?;
			Ok(())
		}
	}

	fn wide(number: u32) -> Bytes32 {
		let mut root = [0; 32];
		root[..4].copy_from_slice(&number.to_le_bytes());
		root
	}

	fn step(previous: u32, next: u32) -> Commit {
		let data = (next - previous).to_le_bytes().to_vec();
		let (prev_state_root, next_state_root) = (wide(previous), wide(next));
		Commit { rollup: 0, data, prev_state_root, next_state_root, max_fee: 1 }
	}

	/// Block n has the commits `blocks[n - 1]`.
	async fn replay(
		replica: &mut Replica<Wide>,
		blocks: &[Vec<Commit>],
		wanted: u32,
	) -> Result<(), ReplicaError> {
		let until = u32::try_from(blocks.len()).unwrap();
		let read = |first: BlockNumber| {
			let numbered = (1..).zip(blocks.to_vec()).filter(move |(number, _)| *number >= first);
			stream::iter(numbered.map(Ok).collect::<Vec<_>>())
		};
		replica.replay(read, &wide(wanted), until, until, |done, all| assert!(done <= all)).await
	}

	#[tokio::test]
	async fn replay_should_lead_to_the_wanted_state_and_read_blocks_once() {
		let mut replica = Replica::new(0, Wide(0));
		let blocks = [vec![step(0, 1)], vec![], vec![step(1, 3), step(7, 9)]];
		replay(&mut replica, &blocks, 3).await.unwrap();
		assert_eq!((replica.next_block, replica.states.len()), (4, 3));
		replay(&mut replica, &[], 1).await.unwrap();
		let error = replay(&mut replica, &blocks, 9).await.unwrap_err();
		assert!(matches!(error, ReplicaError::UnknownState { root } if root == wide(9)));
	}

	#[tokio::test]
	async fn replay_should_find_its_way_when_others_fill_blocks_with_batches() {
		// More batches than states are kept, all valid and none taken by the chain, around each batch
		// that is.
		let many = u32::try_from(2 * MAX_STATES).unwrap();
		let noise = |previous: u32| (0..many).map(move |at| step(previous, 1_000_000 + at));
		let blocks: Vec<Vec<Commit>> = (0..4)
			.map(|tip| noise(tip).chain([step(tip, tip + 1)]).chain(noise(tip)).collect())
			.collect();
		let mut replica = Replica::new(0, Wide(0));
		replay(&mut replica, &blocks, 4).await.unwrap();
		assert!(replica.states.len() <= MAX_STATES);
		assert_eq!(replica.states[0].root, wide(0), "the first one stays");
		// A later start finds its own first state, and not the blocks before it.
		replica.forget_before(&wide(4));
		assert_eq!((replica.states[0].root, replica.states[0].since), (wide(4), 4));
		let more: Vec<Vec<Commit>> = blocks
			.iter()
			.cloned()
			.chain([noise(4).chain([step(4, 5)]).chain(noise(5)).collect()])
			.chain([noise(5).chain([step(5, 6)]).collect()])
			.collect();
		replay(&mut replica, &more, 6).await.unwrap();
	}

	#[test]
	fn states_should_stay_bounded_when_many_are_applied() {
		let mut replica = Replica::new(0, Wide(0));
		let mut tip = wide(0);
		for _ in 0..2 * MAX_STATES {
			tip = replica.apply(&tip, &1u32.to_le_bytes()).unwrap();
		}
		assert_eq!(replica.states.len(), MAX_STATES);
		assert!(replica.state(&tip).is_some());
		assert!(replica.state(&wide(0)).is_some(), "from which all others can be had again");
	}
}
