// SPDX-License-Identifier: Apache-2.0
//! States of a rollup, replayed from the data on the chain.
//!
//! States are kept by their root. A state can only come about by executing data on the state
//! before it, so a wrong one never gets in, whatever a node says: at worst one is missing.

use crate::{call_tree::Commit, error::Error, view::View};
use futures::{stream, StreamExt, TryStreamExt};
use pvs_primitives::{BlockNumber, Bytes32, RollupId};
use std::sync::Arc;

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
	/// By age, oldest first.
	states: Vec<(Bytes32, Arc<S>)>,
	/// The first block whose body has not been read for good.
	next_block: BlockNumber,
}

impl<S: RollupState> Replica<S> {
	/// A replica that knows the first state only.
	pub fn new(rollup: RollupId, genesis: S) -> Self {
		Self::resume(rollup, genesis, 1)
	}

	/// A replica that starts from a later state. All batches that build on it are committed in
	/// `next_block` or after it.
	pub fn resume(rollup: RollupId, state: S, next_block: BlockNumber) -> Self {
		Self { rollup, states: vec![(state.root(), Arc::new(state))], next_block }
	}

	/// The state with this root, if it is known.
	pub fn state(&self, root: &Bytes32) -> Option<&S> {
		self.find(root).map(|state| &**state)
	}

	/// The state with this root, to be kept without a copy, if it is known.
	pub fn shared(&self, root: &Bytes32) -> Option<Arc<S>> {
		self.find(root).cloned()
	}

	fn find(&self, root: &Bytes32) -> Option<&Arc<S>> {
		self.states.iter().rev().find(|(known, _)| known == root).map(|(_, state)| state)
	}

	/// Executes a batch on the state with root `previous`, keeps the new state and returns its
	/// root.
	pub fn apply(&mut self, previous: &Bytes32, data: &[u8]) -> Result<Bytes32, ReplicaError> {
		let known = self.state(previous).ok_or(ReplicaError::UnknownState { root: *previous })?;
		let state = execute(known, data)?;
		Ok(self.keep(state))
	}

	/// Takes in a commit of which only its arguments are known, by trying it on the state that it
	/// names. Returns whether it led to the root that it claims.
	///
	/// # Errors
	///
	/// [`ReplicaError::Failed`] if it could not be tried.
	pub fn absorb(&mut self, commit: &Commit) -> Result<bool, ReplicaError> {
		if self.state(&commit.next_state_root).is_some() {
			return Ok(true);
		}
		let Some(known) = self.state(&commit.prev_state_root) else { return Ok(false) };
		match execute(known, &commit.data) {
			Ok(state) if state.root() == commit.next_state_root => {
				self.keep(state);
				Ok(true)
			},
			Ok(_) | Err(ReplicaError::Invalid(_)) => Ok(false),
			Err(error) => Err(error),
		}
	}

	fn keep(&mut self, state: S) -> Bytes32 {
		let root = state.root();
		if self.state(&root).is_none() {
			if self.states.len() >= MAX_STATES {
				self.states.remove(0);
			}
			self.states.push((root, Arc::new(state)));
		}
		root
	}

	/// Forgets states older than the one with this root.
	pub fn forget_before(&mut self, finalized_root: &Bytes32) {
		if let Some(index) = self.states.iter().position(|(root, _)| root == finalized_root) {
			self.states.drain(..index);
		}
	}

	/// Reads the blocks up to `until` that have not been read, if the state with root `wanted` is
	/// not known yet. Blocks up to `finalized` are read once and never again. `progress` gets the
	/// number of blocks read and to read.
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
		mut progress: impl FnMut(u32, u32),
	) -> Result<(), ReplicaError> {
		if self.state(wanted).is_some() {
			return Ok(());
		}
		let first = self.next_block;
		let total = until.saturating_add(1).saturating_sub(first);
		let rollup = self.rollup;
		let mut bodies = stream::iter(first..=until)
			.map(|number| async move {
				Ok::<_, Error>((number, view.commits_in(number, rollup).await?))
			})
			.buffered(PARALLEL_FETCHES);
		while let Some((number, commits)) = bodies.try_next().await? {
			for commit in &commits {
				if !self.absorb(commit)? {
					tracing::debug!(
						block = number,
						"a commit leads to no state: failed or invalid"
					);
				}
			}
			if number <= finalized {
				self.next_block = number.saturating_add(1);
			}
			progress(number.saturating_sub(first).saturating_add(1), total);
		}
		match self.state(wanted) {
			Some(_) => Ok(()),
			None => Err(ReplicaError::UnknownState { root: *wanted }),
		}
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
		assert!(replica.absorb(&commit(10, 5, 15)).unwrap());
		assert!(!replica.absorb(&commit(10, 5, 99)).unwrap(), "a wrong root leads nowhere");
		assert!(!replica.absorb(&commit(99, 5, 104)).unwrap(), "nor does an unknown state");
		assert!(replica.absorb(&commit(10, 7, 17)).unwrap(), "a batch on an older state");
		assert!(replica.absorb(&commit(17, 1, 18)).unwrap());
		assert!(replica.absorb(&commit(18, 0, 18)).unwrap(), "known already");
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
		assert!(failed(replica.absorb(&commit(10, 5, 15)).unwrap_err()));
		assert!(failed(replica.apply(&[10; 32], &[5]).unwrap_err()));
		replica = Replica::new(0, Outage { sum: Sum(10), is_over: true });
		assert!(replica.absorb(&commit(10, 5, 15)).unwrap());
		let error = replica.apply(&[15; 32], &[]).unwrap_err();
		assert!(matches!(error, ReplicaError::Invalid(_)), "{error}");
	}

	#[test]
	fn old_states_should_be_forgotten_when_a_later_one_is_final() {
		let mut replica = Replica::new(0, Sum(1));
		for add in 1..4 {
			let tip = replica.states.last().unwrap().0;
			replica.apply(&tip, &[add]).unwrap();
		}
		replica.forget_before(&[4; 32]);
		assert_eq!(replica.states.iter().map(|(_, state)| state.0).collect::<Vec<_>>(), [4, 7]);
		replica.forget_before(&[200; 32]);
		assert_eq!(replica.states.len(), 2, "an unknown root forgets nothing");
	}

	#[test]
	fn replica_should_go_on_from_a_later_state() {
		let mut replica = Replica::resume(0, Sum(15), 7);
		assert_eq!(replica.next_block, 7);
		assert_eq!(replica.apply(&[15; 32], &[2]).unwrap(), [17; 32]);
		assert!(!replica.absorb(&commit(10, 5, 20)).unwrap(), "nothing before it is known");
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

	#[test]
	fn states_should_stay_bounded_when_many_are_applied() {
		#[derive(Clone)]
		struct Counter(u32);
		impl RollupState for Counter {
			fn root(&self) -> Bytes32 {
				let mut root = [0; 32];
				root[..4].copy_from_slice(&self.0.to_le_bytes());
				root
			}
			fn execute(&mut self, _data: &[u8]) -> Result<(), String> {
				self.0 += 1;
				Ok(())
			}
		}
		let mut replica = Replica::new(0, Counter(0));
		let mut tip = Counter(0).root();
		for _ in 0..2 * MAX_STATES {
			tip = replica.apply(&tip, &[]).unwrap();
		}
		assert_eq!(replica.states.len(), MAX_STATES);
		assert!(replica.state(&tip).is_some());
	}
}
