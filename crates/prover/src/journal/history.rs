// SPDX-License-Identifier: Apache-2.0
//! History that the entries of a journal come to.

use super::{
	entry::{Entry, Key},
	job::Job,
	totals::Totals,
};
use crate::record::Counts;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The rounds that a journal knows, and the numbers of those that it has forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
	jobs: BTreeMap<Key, Job>,
	/// Those of them that are open.
	open: BTreeSet<Key>,
	/// The others, in the order of their ends.
	ended: VecDeque<Key>,
	/// Numbers of all that have ended, known or forgotten.
	totals: Totals,
	/// Record of the chain before all that.
	base: Option<Counts>,
}

impl History {
	/// Returns the rounds that are known: all open ones, and the last that have ended.
	pub(crate) fn jobs(&self) -> &BTreeMap<Key, Job> {
		&self.jobs
	}

	/// Returns the rounds that may still ask something of this prover.
	pub(crate) fn open(&self) -> &BTreeSet<Key> {
		&self.open
	}

	/// Returns the numbers of all rounds that have ended.
	pub(crate) fn totals(&self) -> &Totals {
		&self.totals
	}

	/// Returns what the chain's record of this prover said before the journal began, if that is known.
	pub(crate) fn base(&self) -> Option<Counts> {
		self.base
	}

	/// Returns how many of the known rounds have ended.
	pub(super) fn ended(&self) -> usize {
		self.ended.len()
	}

	/// Takes in an entry.
	pub(crate) fn apply(&mut self, entry: Entry) {
		let Some(key) = entry.key() else {
			match entry {
				Entry::Totals(totals) => self.totals.add(&totals),
				Entry::Base(counts) => self.base = Some(counts),
				_ => {},
			}
			return;
		};
		let job = self.jobs.entry(key).or_default();
		self.totals.remove(&Totals::of(job));
		let had_ended = !job.is_open();
		job.apply(entry);
		self.totals.add(&Totals::of(job));
		match (had_ended, job.is_open()) {
			(true, true) => {
				self.ended.retain(|ended| *ended != key);
				self.open.insert(key);
			},
			(false, true) => {
				self.open.insert(key);
			},
			(false, false) => {
				self.open.remove(&key);
				self.ended.push_back(key);
			},
			(true, false) => {},
		}
	}

	/// Forgets all rounds that have ended but the last `kept`. Their numbers stay.
	pub(super) fn forget(&mut self, kept: usize) {
		let surplus = self.ended.len().saturating_sub(kept);
		for key in self.ended.drain(..surplus) {
			self.jobs.remove(&key);
		}
	}

	/// Returns the entries that come to this, those of each round together.
	pub(super) fn entries(&self) -> impl Iterator<Item = Vec<Entry>> + '_ {
		let mut forgotten = self.totals;
		for job in self.jobs.values() {
			forgotten.remove(&Totals::of(job));
		}
		let rounds = self.ended.iter().chain(&self.open);
		let rounds = rounds.filter_map(|key| Some(self.jobs.get(key)?.entries(*key)));
		let base = self.base.map(Entry::Base);
		let numbers = std::iter::once(Entry::Totals(forgotten)).chain(base);
		std::iter::once(numbers.collect()).chain(rounds)
	}
}
