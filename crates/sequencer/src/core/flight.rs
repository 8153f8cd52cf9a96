// SPDX-License-Identifier: Apache-2.0
//! Transfers that are on their way to the chain. Pure.

use crate::pool::Hash;
use pvs_primitives::{BlockNumber, Bytes32};
use std::collections::BTreeSet;

/// A batch whose commit a block may take or not, and the root that it builds on.
#[derive(Clone, Debug)]
struct Flight {
	prev_root: Bytes32,
	hashes: BTreeSet<Hash>,
	/// The last block that may take the commit, once nobody waits for it any more.
	until: BlockNumber,
}

/// The batch that was built last, and those whose commits were given up but may still be taken.
#[derive(Debug, Default)]
pub(super) struct Flights {
	current: Option<Flight>,
	given_up: Vec<Flight>,
	/// The transfers of all of those.
	hashes: BTreeSet<Hash>,
}

impl Flights {
	/// All transfers on their way.
	pub(super) fn hashes(&self) -> &BTreeSet<Hash> {
		&self.hashes
	}

	/// A batch is about to be committed.
	pub(super) fn start(&mut self, prev_root: Bytes32, hashes: BTreeSet<Hash>) {
		self.current = Some(Flight { prev_root, hashes, until: BlockNumber::MAX });
		self.collect();
	}

	/// The newest one is over.
	pub(super) fn land(&mut self) {
		self.current = None;
		self.collect();
	}

	/// Nobody waits for the newest one any more. On another tip than `tip` it can do nothing.
	pub(super) fn give_up(&mut self, tip: Bytes32, until: BlockNumber) {
		if let Some(flight) = self.current.take().filter(|flight| flight.prev_root == tip) {
			self.given_up.push(Flight { until, ..flight });
		}
		self.collect();
	}

	/// Forgets those that cannot be taken any more.
	pub(super) fn follow(&mut self, tip: Bytes32, best: BlockNumber) {
		self.given_up.retain(|flight| flight.prev_root == tip && best <= flight.until);
		self.collect();
	}

	fn collect(&mut self) {
		let flights = self.given_up.iter().chain(&self.current);
		self.hashes = flights.flat_map(|flight| flight.hashes.iter().copied()).collect();
	}
}
