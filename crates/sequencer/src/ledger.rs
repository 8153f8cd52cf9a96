// SPDX-License-Identifier: Apache-2.0
//! What became of the committed batches. Pure.

use pvs_client::PvsEvent;
use pvs_primitives::api::BatchId;
use std::collections::BTreeMap;

/// Where a committed batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
	/// No proof yet.
	Committed,
	/// Proven; waits for the batches before it.
	Proven,
	/// Its state root is final.
	Final,
	/// It ended without a proof.
	Lost,
}

/// The batches of this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
	batches: BTreeMap<BatchId, Stage>,
}

impl Ledger {
	/// Adds a batch that was just committed.
	pub(crate) fn add(&mut self, batch: BatchId) {
		self.batches.entry(batch).or_insert(Stage::Committed);
	}

	/// Takes in an event; returns the batch's new stage if it concerns one of this run and changes
	/// it.
	pub(crate) fn take_in(&mut self, event: &PvsEvent) -> Option<Stage> {
		let stage = match event {
			PvsEvent::ProofAccepted { .. } => Stage::Proven,
			PvsEvent::BatchFinalized { .. } => Stage::Final,
			PvsEvent::BatchFailed { .. } | PvsEvent::BatchDropped { .. } => Stage::Lost,
			_ => return None,
		};
		let current = self.batches.get_mut(&event.batch()?)?;
		let is_over = matches!(current, Stage::Final | Stage::Lost);
		if is_over || *current == stage {
			return None;
		}
		*current = stage;
		Some(stage)
	}

	/// Whether an event is about a batch of this run that is not over: bids, defaults, offered places
	/// and rescues move a batch on without changing its stage.
	pub(crate) fn concerns(&self, event: &PvsEvent) -> bool {
		let stage = event.batch().and_then(|batch| self.batches.get(&batch));
		stage.is_some_and(|stage| !matches!(stage, Stage::Final | Stage::Lost))
	}

	fn count(&self, stage: Stage) -> usize {
		self.batches.values().filter(|found| **found == stage).count()
	}

	/// Batches without a proof.
	pub(crate) fn unproven(&self) -> usize {
		self.count(Stage::Committed)
	}

	/// Batches whose state roots are final.
	pub(crate) fn finalized(&self) -> usize {
		self.count(Stage::Final)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn batch(index: u64) -> BatchId {
		BatchId { rollup: 0, index }
	}

	fn proven(index: u64) -> PvsEvent {
		PvsEvent::ProofAccepted {
			batch: batch(index),
			round: 0,
			prover: [1; 32],
			payment: 1,
			late_blocks: 0,
			late_cost: 0,
			slashed_share: 0,
			slashed_burned: 0,
			refund: 0,
		}
	}

	fn finalized(index: u64) -> PvsEvent {
		PvsEvent::BatchFinalized { batch: batch(index), state_root: [2; 32] }
	}

	#[test]
	fn batch_should_go_from_committed_over_proven_to_final() {
		let mut ledger = Ledger::default();
		ledger.add(batch(0));
		ledger.add(batch(1));
		assert_eq!((ledger.unproven(), ledger.finalized()), (2, 0));
		assert_eq!(ledger.take_in(&proven(1)), Some(Stage::Proven));
		assert_eq!(ledger.take_in(&proven(0)), Some(Stage::Proven));
		assert_eq!(ledger.take_in(&finalized(0)), Some(Stage::Final));
		assert_eq!(ledger.take_in(&finalized(1)), Some(Stage::Final));
		assert_eq!((ledger.unproven(), ledger.finalized()), (0, 2));
	}

	#[test]
	fn event_should_change_nothing_when_it_is_seen_again_or_of_another_batch() {
		let mut ledger = Ledger::default();
		ledger.add(batch(0));
		assert_eq!(ledger.take_in(&proven(7)), None);
		ledger.take_in(&finalized(0));
		assert_eq!(ledger.take_in(&finalized(0)), None);
		assert_eq!(ledger.take_in(&proven(0)), None, "final stays final");
		ledger.add(batch(0));
		assert_eq!(ledger.finalized(), 1);
	}

	#[test]
	fn batch_should_be_lost_when_it_failed_or_was_dropped() {
		let mut ledger = Ledger::default();
		ledger.add(batch(0));
		ledger.add(batch(1));
		let failed = PvsEvent::BatchFailed { batch: batch(0), bond_burned: 1, slashed_burned: 0 };
		assert_eq!(ledger.take_in(&failed), Some(Stage::Lost));
		let dropped = PvsEvent::BatchDropped { batch: batch(1), slashed_burned: 0 };
		assert_eq!(ledger.take_in(&dropped), Some(Stage::Lost));
		assert_eq!(ledger.unproven(), 0);
	}

	#[test]
	fn event_should_concern_the_run_until_its_batch_is_over() {
		let mut ledger = Ledger::default();
		ledger.add(batch(0));
		let rescue = PvsEvent::RescueOpened {
			batch: batch(0),
			round: 0,
			payment: 1,
			last_payment: 2,
			until: 30,
		};
		assert_eq!(ledger.take_in(&rescue), None);
		assert!(ledger.concerns(&rescue));
		let other = PvsEvent::RescueEnded { batch: batch(7), round: 0 };
		assert!(!ledger.concerns(&other));
		let priced = PvsEvent::ReserveUpdated { rollup: 0, reserve: 1, mean_payment: 1 };
		assert!(!ledger.concerns(&priced));
		ledger.take_in(&finalized(0));
		assert!(!ledger.concerns(&rescue));
	}
}
