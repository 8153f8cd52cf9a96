// SPDX-License-Identifier: Apache-2.0
//! Monitoring of an opener: its metrics, and the conditions under which it is ready.

use crate::report::OpenedBid;
use pvs_primitives::{Balance, BlockNumber};
use pvs_service::{
	metrics::{AmountCounter, IntCounter, IntGauge},
	ChainMonitor, Condition, Metrics, MetricsError,
};
use std::time::Duration;

/// Metrics and conditions.
pub(crate) struct Monitor {
	/// Parts that every service that follows a chain has.
	pub(crate) base: ChainMonitor,
	/// The account can pay for an opening.
	pub(crate) can_pay: Condition,
	/// Squarings that the threads have done.
	pub(crate) squarings: IntCounter,
	seals_open: IntGauge,
	opened: IntCounter,
	settled: IntCounter,
	rewards: AmountCounter,
}

impl Monitor {
	/// Makes the metrics, and conditions of which none is met. The chain counts as moving for `stall` after
	/// each higher block.
	pub(crate) fn new(metrics: &Metrics, stall: Duration) -> Result<Self, MetricsError> {
		let base = ChainMonitor::new(metrics, stall)?;
		Ok(Self {
			can_pay: base.health.condition("can_pay", "the account's balance was not read"),
			base,
			squarings: metrics.counter("squarings_total", "Squarings done to solve seals")?,
			seals_open: metrics.gauge("seals_open", "Sealed bids to look at in the last block")?,
			opened: metrics.counter("opened_total", "Seals opened while their round waited")?,
			settled: metrics.counter("settled_total", "Silent bids settled after their round")?,
			rewards: metrics.amount("rewards_planck_total", "Rewards for openings, in planck")?,
		})
	}

	/// Notes a block and how many seals it shows.
	pub(crate) fn saw_block(&self, height: BlockNumber, seals: usize) {
		self.base.saw_block(height);
		self.seals_open.set(i64::try_from(seals).unwrap_or(i64::MAX));
	}

	/// Notes an opening that was not counted before.
	pub(crate) fn opened(&self, bid: OpenedBid, reward: Balance) {
		match bid {
			OpenedBid::Counts | OpenedBid::Void => self.opened.inc(),
			OpenedBid::Settled => self.settled.inc(),
		}
		self.rewards.add(reward);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn monitor(metrics: &Metrics) -> Monitor {
		Monitor::new(metrics, Duration::from_secs(60)).unwrap()
	}

	#[test]
	fn openings_should_be_counted_by_what_they_did() {
		let metrics = Metrics::new("pvs-opener").unwrap();
		let monitor = monitor(&metrics);
		monitor.opened(OpenedBid::Counts, 5);
		monitor.opened(OpenedBid::Void, 6);
		monitor.opened(OpenedBid::Settled, 7);
		monitor.squarings.inc_by(9);
		monitor.saw_block(12, 3);
		let text = metrics.text().unwrap();
		for line in [
			"pvs_opener_opened_total 2",
			"pvs_opener_settled_total 1",
			"pvs_opener_rewards_planck_total 18",
			"pvs_opener_squarings_total 9",
			"pvs_opener_last_block 12",
			"pvs_opener_seals_open 3",
		] {
			assert!(text.lines().any(|found| found == line), "{line}\n{text}");
		}
	}

	#[test]
	fn opener_should_be_ready_only_when_it_runs_and_can_earn() {
		let monitor = monitor(&Metrics::new("pvs-opener").unwrap());
		let conditions = || -> Vec<_> {
			monitor.base.health.unmet().into_iter().map(|unmet| unmet.condition).collect()
		};
		assert_eq!(conditions(), ["running", "connected", "chain_moves", "can_pay"]);
		monitor.base.running.meet();
		monitor.base.connected.meet();
		monitor.can_pay.meet();
		assert_eq!(conditions(), ["chain_moves"], "until a block comes");
		monitor.base.chain_moves.meet();
		assert!(conditions().is_empty());
	}
}
