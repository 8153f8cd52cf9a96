// SPDX-License-Identifier: Apache-2.0
//! Monitoring of a sequencer: its metrics, and the conditions under which it is ready.

use crate::core::Change;
use pvs_primitives::BlockNumber;
use pvs_service::{
	metrics::{IntCounter, IntGauge},
	Condition, Health, Metrics, MetricsError,
};
use std::time::Duration;

/// Time that a turn of the loop may take.
const TURN_LIMIT: Duration = Duration::from_secs(60);

/// Metrics and conditions.
#[derive(Debug)]
pub(crate) struct Monitor {
	pub(crate) health: Health,
	/// The service has started, and is not asked to stop.
	pub(crate) running: Condition,
	/// A node answers.
	pub(crate) connected: Condition,
	/// Higher blocks come.
	pub(crate) chain_moves: Condition,
	/// Nothing keeps a batch from being committed, whether or not a transfer waits.
	pub(crate) can_commit: Condition,
	/// There is room for the journal.
	pub(crate) has_room: Condition,
	/// Transfers that were acknowledged.
	pub(crate) accepted: IntCounter,
	committed: IntCounter,
	proven: IntCounter,
	settled: IntCounter,
	lost: IntCounter,
	waiting: IntGauge,
	unproven: IntGauge,
	last_block: IntGauge,
}

impl Monitor {
	/// Makes the metrics, and conditions of which none is met. The chain counts as moving for `stall` after
	/// each higher block.
	pub(crate) fn new(metrics: &Metrics, stall: Duration) -> Result<Self, MetricsError> {
		let health = Health::new(TURN_LIMIT);
		let batches = |what: &str, help| metrics.counter(&format!("batches_{what}_total"), help);
		Ok(Self {
			running: health.condition("running", "the service has not started"),
			connected: health.condition("connected", "no node has answered"),
			chain_moves: health.recurring("chain_moves", stall, "no new block"),
			can_commit: health.condition("can_commit", "no block was looked at"),
			has_room: health.condition("has_room", "the journal was not opened"),
			health,
			accepted: metrics.counter("transfers_accepted_total", "Transfers acknowledged")?,
			committed: batches("committed", "Batches that a best block took")?,
			proven: batches("proven", "Batches proven")?,
			settled: batches("final", "Batches that are final")?,
			lost: batches(
				"lost",
				"Batches that failed, were dropped or went with a reorganization",
			)?,
			waiting: metrics.gauge("transfers_waiting", "Transfers that wait for a batch")?,
			unproven: metrics
				.gauge("batches_unproven", "Batches without a proof in the last block")?,
			last_block: metrics.gauge("last_block", "Height of the last block looked at")?,
		})
	}

	/// Counts what a block changed.
	pub(crate) fn note(&self, change: &Change) {
		match change {
			Change::Committed { .. } => self.committed.inc(),
			Change::Proven { .. } => self.proven.inc(),
			Change::Final { .. } => self.settled.inc(),
			Change::Lost { .. } => self.lost.inc(),
		}
	}

	/// Notes a block, and how many batches have no proof there.
	pub(crate) fn saw_block(&self, height: BlockNumber, unproven: usize) {
		self.last_block.set(height.into());
		self.unproven.set(i64::try_from(unproven).unwrap_or(i64::MAX));
	}

	/// Notes how many transfers wait.
	pub(crate) fn saw_waiting(&self, transfers: usize) {
		self.waiting.set(i64::try_from(transfers).unwrap_or(i64::MAX));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::SERVICE;

	fn monitor(metrics: &Metrics) -> Monitor {
		Monitor::new(metrics, Duration::from_secs(60)).unwrap()
	}

	#[test]
	fn batches_should_be_counted_by_what_became_of_them() {
		let metrics = Metrics::new(SERVICE).unwrap();
		let monitor = monitor(&metrics);
		let transfers = 2;
		for change in [
			Change::Committed { batch: 0, block: 5, transfers },
			Change::Committed { batch: 1, block: 6, transfers },
			Change::Proven { batch: 0 },
			Change::Final { batch: 0, transfers },
			Change::Lost { batch: 1, transfers },
		] {
			monitor.note(&change);
		}
		monitor.saw_block(12, 3);
		monitor.saw_waiting(7);
		monitor.accepted.inc_by(9);
		let text = metrics.text().unwrap();
		for line in [
			"pvs_sequencer_batches_committed_total 2",
			"pvs_sequencer_batches_proven_total 1",
			"pvs_sequencer_batches_final_total 1",
			"pvs_sequencer_batches_lost_total 1",
			"pvs_sequencer_batches_unproven 3",
			"pvs_sequencer_transfers_accepted_total 9",
			"pvs_sequencer_transfers_waiting 7",
			"pvs_sequencer_last_block 12",
		] {
			assert!(text.lines().any(|found| found == line), "{line}\n{text}");
		}
	}

	#[test]
	fn sequencer_should_be_ready_only_when_it_runs_and_can_commit() {
		let monitor = monitor(&Metrics::new(SERVICE).unwrap());
		let conditions = || -> Vec<_> {
			monitor.health.unmet().into_iter().map(|unmet| unmet.condition).collect()
		};
		let all = ["running", "connected", "chain_moves", "can_commit", "has_room"];
		assert_eq!(conditions(), all);
		monitor.running.meet();
		monitor.connected.meet();
		monitor.can_commit.meet();
		monitor.has_room.meet();
		assert_eq!(conditions(), ["chain_moves"], "until a block comes");
		monitor.chain_moves.meet();
		assert!(conditions().is_empty());
	}
}
