// SPDX-License-Identifier: Apache-2.0
//! Batches that lead from one state to another. Pure.

use crate::pool::{hash_of, Hash};
use pvs_primitives::{BlockNumber, Bytes32};
use pvs_rollup::{batch::Batch, state::State};
use std::{
	collections::{BTreeSet, HashMap, VecDeque},
	sync::Arc,
};

/// Stage of a batch at the best block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
	/// No proof yet.
	Committed,
	/// Proven; not final at a finalized block.
	Proven,
}

/// A commit on the chain. What it claims is believed only after execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
	/// Its batch's index.
	pub(crate) index: u64,
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
pub struct Missing {
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
			known.index == commit.index
				&& known.prev_root == commit.prev_root
				&& known.next_root == commit.next_root
				&& known.data == commit.data
		});
		match known {
			Some(known) => {
				known.block = commit.block;
				known.stage = commit.stage;
			},
			None => self.0.push(commit),
		}
	}

	/// Forgets commits that can only lie before the final state.
	pub(crate) fn forget(&mut self, next_index: u64) {
		self.0.retain(|commit| commit.index >= next_index);
	}

	/// The batches from `state` to the state with root `to`, each executed, and the states after the last
	/// of them, at most `keep` and at least one. Of batches that were committed twice the newest counts. Commits that do not
	/// lead to where they claim are forgotten, and what was executed before the first of them is not
	/// executed again as long as its states are kept. `known` are layers that were executed before.
	pub(crate) fn path(
		&mut self,
		state: &Arc<State>,
		to: Bytes32,
		known: &[Layer],
		keep: usize,
	) -> Result<(Vec<Step>, VecDeque<Arc<State>>), Missing> {
		self.path_by(state, to, keep, |before, commit| execute(before, commit, known))
	}

	fn path_by(
		&mut self,
		state: &Arc<State>,
		to: Bytes32,
		keep: usize,
		mut execute: impl FnMut(&Arc<State>, Commit) -> Option<(Step, Arc<State>)>,
	) -> Result<(Vec<Step>, VecDeque<Arc<State>>), Missing> {
		let from = state.root();
		let mut done = Prefix::default();
		'again: loop {
			let places = self.link(from, to).ok_or(Missing { from, to })?;
			let way = places.iter().filter_map(|place| self.0.get(*place));
			let executed = done.keep_common(way);
			for place in places.into_iter().skip(executed) {
				let Some(commit) = self.0.get(place).cloned() else { continue 'again };
				let current = done.states.back().unwrap_or(state);
				let Some((step, after)) = execute(current, commit) else {
					self.0.remove(place);
					continue 'again;
				};
				done.push(step, after, keep.max(1));
			}
			return Ok((done.steps, done.states));
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

/// Part of a way that was executed.
#[derive(Default)]
struct Prefix {
	steps: Vec<Step>,
	/// The states after the last of them.
	states: VecDeque<Arc<State>>,
}

impl Prefix {
	fn push(&mut self, step: Step, after: Arc<State>, keep: usize) {
		self.steps.push(step);
		self.states.push_back(after);
		if self.states.len() > keep {
			self.states.pop_front();
		}
	}

	/// Goes back to where another way branches off, or to the start if the state there is not kept. Returns
	/// the number of steps that are left.
	fn keep_common<'a>(&mut self, way: impl Iterator<Item = &'a Commit>) -> usize {
		let common =
			self.steps.iter().zip(way).take_while(|(step, commit)| step.commit == **commit).count();
		let surplus = self.steps.len().saturating_sub(common);
		if surplus < self.states.len() {
			self.steps.truncate(common);
			self.states.truncate(self.states.len().saturating_sub(surplus));
		} else {
			self.steps.clear();
			self.states.clear();
		}
		self.steps.len()
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

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::{demo, transfer::Transfer};

	/// Commits that lead from the demo rollup's first state to another, each with one transfer.
	fn chain(length: u32) -> (Arc<State>, Vec<Commit>) {
		let genesis = State::from_genesis(&demo::genesis()).unwrap();
		let mut state = genesis.clone();
		let commits = (0..length)
			.map(|nonce| {
				let transfer = Transfer { to: 1, amount: 1, nonce, ..Transfer::default() };
				let mut draft = state.draft(demo::FEE_ACCOUNT);
				draft.push(&transfer.sign(&demo::secret_key(0))).unwrap();
				let outcome = draft.finish().unwrap();
				let commit = Commit {
					index: nonce.into(),
					block: nonce,
					prev_root: outcome.prev_root(),
					next_root: outcome.next_root(),
					data: outcome.batch().encode(),
					stage: Stage::Committed,
				};
				state.apply(outcome).unwrap();
				commit
			})
			.collect();
		(Arc::new(genesis), commits)
	}

	/// The honest commits and false ones, walked. Returns how many batches were executed.
	fn walk(genesis: &Arc<State>, honest: &[Commit], other: &[Commit], keep: usize) -> usize {
		let mut commits = Commits(honest.iter().chain(other).cloned().collect());
		let mut executions = 0;
		let to = honest.last().unwrap().next_root;
		let (steps, states) = commits
			.path_by(genesis, to, keep, |before, commit| {
				executions += 1;
				execute(before, commit, &[])
			})
			.unwrap();
		let found: Vec<Commit> = steps.into_iter().map(|step| step.commit).collect();
		assert_eq!(found, honest);
		assert_eq!(states.back().unwrap().root(), to);
		assert!(states.len() <= keep);
		executions
	}

	#[test]
	fn path_should_not_execute_batches_again_when_a_later_commit_proves_false() {
		let (genesis, honest) = chain(4);
		assert_eq!(walk(&genesis, &honest, &[], 4), 4);
		let claim = |index, from: usize, data: u8| Commit {
			index,
			prev_root: honest[from].prev_root,
			data: vec![data; 3],
			..honest[3].clone()
		};
		// Three false ones in place of the last: each is tried once, behind the three true ones.
		let last: Vec<Commit> = (0..3).map(|data| claim(90 + u64::from(data), 3, data)).collect();
		for keep in [1, 4] {
			assert_eq!(walk(&genesis, &honest, &last, keep), 4 + 3, "{keep}");
		}
		// One that leaves out two.
		assert_eq!(walk(&genesis, &honest, &[claim(90, 1, 0)], 4), 4 + 1);
	}

	#[test]
	fn prefix_should_go_back_to_a_state_that_is_kept_or_to_the_start() {
		let (genesis, honest) = chain(4);
		let walked = |keep| {
			let (mut prefix, mut state) = (Prefix::default(), Arc::clone(&genesis));
			for commit in &honest {
				let (step, after) = execute(&state, commit.clone(), &[]).unwrap();
				prefix.push(step, Arc::clone(&after), keep);
				state = after;
			}
			prefix
		};
		for (keep, common, left) in
			[(4, 4, 4), (4, 1, 1), (4, 0, 0), (2, 4, 4), (2, 3, 3), (2, 2, 0), (1, 3, 0)]
		{
			let mut prefix = walked(keep);
			assert_eq!(prefix.keep_common(honest[..common].iter()), left, "{keep} {common}");
			let root = prefix.states.back().unwrap_or(&genesis).root();
			assert_eq!(root, honest.get(left).map_or(honest[3].next_root, |next| next.prev_root));
		}
	}
}
