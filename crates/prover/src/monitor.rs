// SPDX-License-Identifier: Apache-2.0
//! Monitoring of a prover: its metrics, and the conditions under which it is ready.

use crate::report::Report;
use pvs_primitives::{Balance, BlockNumber};
use pvs_service::{
	metrics::{AmountCounter, Histogram, IntCounter, IntGauge},
	ChainMonitor, Condition, Metrics, MetricsError,
};
use std::time::Duration;

/// Ranges of the time that a proof takes, in seconds.
const PROVING_SECONDS: [f64; 12] =
	[0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 30.0, 60.0, 300.0, 1_800.0];

/// Metrics and conditions.
#[derive(Debug)]
pub(crate) struct Monitor {
	/// Parts that every service that follows a chain has.
	pub(crate) base: ChainMonitor,
	/// Nothing has happened after which this prover makes no bids until it is started again.
	pub(crate) may_bid: Condition,
	bids: IntCounter,
	won: IntCounter,
	delivered: IntCounter,
	slashed: AmountCounter,
	earned: AmountCounter,
	open_jobs: IntGauge,
	proving_seconds: Histogram,
}

impl Monitor {
	/// Makes the metrics, and conditions of which none is met. The chain counts as moving for `stall` after
	/// each higher block.
	pub(crate) fn new(metrics: &Metrics, stall: Duration) -> Result<Self, MetricsError> {
		let base = ChainMonitor::new(metrics, stall)?;
		Ok(Self {
			may_bid: base.health.condition("may_bid", "the service has not started"),
			base,
			bids: metrics.counter("bids_total", "Bids sent")?,
			won: metrics.counter("won_total", "Rounds won")?,
			delivered: metrics.counter("delivered_total", "Proofs that were paid")?,
			slashed: metrics
				.amount("slashed_planck_total", "What was taken out of the stake, in planck")?,
			earned: metrics.amount("earned_planck_total", "Payments for proofs, in planck")?,
			open_jobs: metrics.gauge("open_jobs", "Rounds that are not over for this prover")?,
			proving_seconds: metrics.histogram(
				"proving_seconds",
				"Time that proofs took, without waiting for each other",
				&PROVING_SECONDS,
			)?,
		})
	}

	/// Counts what happened.
	pub(crate) fn note(&self, report: &Report) {
		match report {
			Report::Bid { .. } => self.bids.inc(),
			Report::Won { .. } => self.won.inc(),
			Report::Proved { seconds, .. } => self.proving_seconds.observe(*seconds),
			Report::Paid { payment, slashed_share, .. } => {
				self.delivered.inc();
				self.earned.add(payment.saturating_add(*slashed_share));
			},
			_ => {},
		}
	}

	/// Notes what was taken out of the stake and is not counted yet, in planck.
	pub(crate) fn was_slashed(&self, planck: Balance) {
		self.slashed.add(planck);
	}

	/// Notes a block, and how many rounds are not over.
	pub(crate) fn saw_block(&self, height: BlockNumber, open_jobs: usize) {
		self.base.saw_block(height);
		self.open_jobs.set(i64::try_from(open_jobs).unwrap_or(i64::MAX));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{journal::Verdict, SERVICE};
	use pvs_primitives::api::BatchId;

	#[test]
	fn events_should_be_counted_by_what_they_earn_and_cost() {
		let metrics = Metrics::new(SERVICE).unwrap();
		let monitor = Monitor::new(&metrics, Duration::from_secs(30)).unwrap();
		let (batch, round) = (BatchId { rollup: 0, index: 3 }, 0);
		for report in [
			Report::Bid { batch, round, fee: 9, proof_blocks: 8 },
			Report::Bid { batch, round: 1, fee: 9, proof_blocks: 8 },
			Report::Won { batch, round, payment: 9, on_time_until: 40 },
			Report::Proved { batch, round, seconds: 3.5, waited: 90.0 },
			Report::Paid { batch, round, payment: 10, late_blocks: 0, slashed_share: 2 },
			Report::Opened { batch, round, penalty: 100 },
			Report::Defaulted { batch, round, slashed: 20 },
			Report::Settled { batch, round, slashed: 3, released: 7, verdict: Verdict::Void },
			Report::Lost { batch, round },
		] {
			monitor.note(&report);
		}
		monitor.was_slashed(100);
		monitor.was_slashed(23);
		monitor.saw_block(12, 3);
		let text = metrics.text().unwrap();
		for line in [
			"pvs_prover_bids_total 2",
			"pvs_prover_won_total 1",
			"pvs_prover_delivered_total 1",
			"pvs_prover_earned_planck_total 12",
			"pvs_prover_slashed_planck_total 123",
			"pvs_prover_proving_seconds_bucket{le=\"2\"} 0",
			"pvs_prover_proving_seconds_bucket{le=\"4\"} 1",
			"pvs_prover_last_block 12",
			"pvs_prover_open_jobs 3",
		] {
			assert!(text.lines().any(|found| found == line), "{line}\n{text}");
		}
	}
}
