// SPDX-License-Identifier: Apache-2.0
//! Which batches lead from one state to another. Pure.

use crate::pool::{hash_of, Hash};
use pvs_primitives::{BlockNumber, Bytes32};
use pvs_rollup::{batch::Batch, state::State};
use std::{
	collections::{BTreeSet, HashMap, VecDeque},
	sync::Arc,
};

/// Where a batch stands at the best block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
	/// No proof yet.
	Committed,
	/// Proven; not final at a finalised block.
	Proven,
}

/// A commit on the chain. What it claims is believed only after execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
	/// Its batch's index, unless the node has forgotten it.
	pub(crate) index: Option<u64>,
	/// The block that carries it.
	pub(crate) block: BlockNumber,
	pub(crate) prev_root: Bytes32,
	pub(crate) next_root: Bytes32,
	pub(crate) data: Vec<u8>,
	pub(crate) stage: Stage,
}

/// A batch that was executed.
#[derive(Clone, Debug)]
pub(crate) struct Step {
	pub(crate) commit: Commit,
	/// Its transfers in order.
	pub(crate) hashes: Vec<Hash>,
}

/// A batch that was executed, and the state after it.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
	pub(crate) step: Step,
	pub(crate) state: Arc<State>,
}

/// No known commits lead from one root to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
	"no data on the chain leads from state root 0x{} to 0x{}",
	hex::encode(from),
	hex::encode(to)
)]
pub(crate) struct Missing {
	pub(crate) from: Bytes32,
	pub(crate) to: Bytes32,
}

/// Commits by the roots that they claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commits(Vec<Commit>);

impl Commits {
	/// Takes in a commit, or what is new about a known one.
	pub(crate) fn merge(&mut self, commit: Commit) {
		if commit.prev_root == commit.next_root {
			// An empty batch: no path needs it.
			return;
		}
		let known = self.0.iter_mut().find(|known| {
			let same_index =
				known.index == commit.index || known.index.is_none() || commit.index.is_none();
			same_index
				&& known.prev_root == commit.prev_root
				&& known.next_root == commit.next_root
				&& known.data == commit.data
		});
		match known {
			Some(known) => {
				known.index = commit.index.or(known.index);
				known.block = commit.block;
				known.stage = commit.stage;
			},
			None => self.0.push(commit),
		}
	}

	/// Forgets commits that can only lie before the final state.
	pub(crate) fn forget(&mut self, next_index: u64, cursor: BlockNumber) {
		self.0.retain(|commit| match commit.index {
			Some(index) => index >= next_index,
			None => commit.block >= cursor,
		});
	}

	/// The batches from `state` to the state with root `to`, each executed, and the states after the last
	/// of them, at most `keep`. Of batches that were committed twice the newest counts. Commits that do not
	/// lead to where they claim are forgotten. `known` are layers that were executed before.
	pub(crate) fn path(
		&mut self,
		state: &Arc<State>,
		to: Bytes32,
		known: &[Layer],
		keep: usize,
	) -> Result<(Vec<Step>, VecDeque<Arc<State>>), Missing> {
		let from = state.root();
		'again: loop {
			let places = self.link(from, to).ok_or(Missing { from, to })?;
			let (mut steps, mut states) = (Vec::with_capacity(places.len()), VecDeque::new());
			let mut current = Arc::clone(state);
			for place in places {
				let Some(commit) = self.0.get(place).cloned() else { continue 'again };
				let Some((step, after)) = execute(&current, commit, known) else {
					self.0.remove(place);
					continue 'again;
				};
				steps.push(step);
				states.push_back(Arc::clone(&after));
				if states.len() > keep {
					states.pop_front();
				}
				current = after;
			}
			return Ok((steps, states));
		}
	}

	/// Places of commits whose claims lead from one root to another, found from the end.
	fn link(&self, from: Bytes32, to: Bytes32) -> Option<Vec<usize>> {
		let mut seen = BTreeSet::from([to]);
		// Roots to go on from, with the way from there to the end.
		let mut open = vec![(to, Vec::new())];
		while let Some((root, way)) = open.pop() {
			if root == from {
				let mut way: Vec<usize> = way;
				way.reverse();
				return Some(way);
			}
			let mut before: Vec<(usize, &Commit)> =
				self.0.iter().enumerate().filter(|(_, commit)| commit.next_root == root).collect();
			// The newest is the last to be pushed, and the first to be tried.
			before.sort_by_key(|(_, commit)| (commit.index, commit.block));
			let newest: HashMap<Bytes32, usize> =
				before.iter().map(|(place, commit)| (commit.prev_root, *place)).collect();
			for (place, commit) in before {
				let is_newest = newest.get(&commit.prev_root) == Some(&place);
				if is_newest && seen.insert(commit.prev_root) {
					let mut way = way.clone();
					way.push(place);
					open.push((commit.prev_root, way));
				}
			}
		}
		None
	}
}

/// `None` if the commit does not lead to where it claims.
fn execute(before: &Arc<State>, commit: Commit, known: &[Layer]) -> Option<(Step, Arc<State>)> {
	let same = |layer: &&Layer| {
		let other = &layer.step.commit;
		(other.prev_root, other.next_root) == (commit.prev_root, commit.next_root)
			&& other.data == commit.data
	};
	if let Some(Layer { step, state }) = known.iter().find(same) {
		let hashes = step.hashes.clone();
		return Some((Step { commit, hashes }, Arc::clone(state)));
	}
	let mut state = State::clone(before);
	state.execute_claimed(&commit.data, &commit.next_root).ok()?;
	let batch = Batch::decode(state.shape(), &commit.data).ok()?;
	let hashes = batch.transfers().iter().map(hash_of).collect();
	Some((Step { commit, hashes }, Arc::new(state)))
}
