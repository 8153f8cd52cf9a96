// SPDX-License-Identifier: Apache-2.0
//! Monitoring of every service that follows a chain. What a service has beside that is its own.

use crate::{
	metrics::{IntGauge, Metrics, MetricsError},
	Condition, Health,
};
use std::time::Duration;

/// Time that a turn of the loop may take.
const TURN_LIMIT: Duration = Duration::from_secs(60);

/// Health, conditions and metrics of a service that follows a chain.
#[derive(Clone, Debug)]
pub struct ChainMonitor {
	/// The health that the conditions belong to.
	pub health: Health,
	/// The service has started, and is not asked to stop.
	pub running: Condition,
	/// A node answers.
	pub connected: Condition,
	/// Higher blocks come.
	pub chain_moves: Condition,
	last_block: IntGauge,
}

impl ChainMonitor {
	/// Makes the metrics, and conditions of which none is met. The chain counts as moving for `stall` after
	/// each higher block.
	///
	/// # Errors
	///
	/// There is a metric of the name `last_block`.
	pub fn new(metrics: &Metrics, stall: Duration) -> Result<Self, MetricsError> {
		let health = Health::new(TURN_LIMIT);
		Ok(Self {
			running: health.condition("running", "the service has not started"),
			connected: health.condition("connected", "no node has answered"),
			chain_moves: health.recurring("chain_moves", stall, "no new block"),
			health,
			last_block: metrics.gauge("last_block", "Height of the last block looked at")?,
		})
	}

	/// Notes the height of a block that was looked at.
	pub fn saw_block(&self, height: u32) {
		self.last_block.set(height.into());
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn service_should_be_ready_only_when_it_runs_and_blocks_come() {
		let metrics = Metrics::new("pvs-example").unwrap();
		let monitor = ChainMonitor::new(&metrics, Duration::from_secs(60)).unwrap();
		let conditions = || -> Vec<_> {
			monitor.health.unmet().into_iter().map(|unmet| unmet.condition).collect()
		};
		assert_eq!(conditions(), ["running", "connected", "chain_moves"]);
		monitor.running.meet();
		monitor.connected.meet();
		assert_eq!(conditions(), ["chain_moves"], "until a block comes");
		monitor.chain_moves.meet();
		assert!(conditions().is_empty());
		monitor.saw_block(12);
		let text = metrics.text().unwrap();
		assert!(text.lines().any(|line| line == "pvs_example_last_block 12"), "{text}");
	}
}
