// SPDX-License-Identifier: Apache-2.0
//! Scenario to play, and how.

use crate::{crash, embedded, error::DemoError, latency, nodes, pruned, reorg, silent, validators};
use std::path::PathBuf;

/// Scenario to play, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
	/// The scenario.
	pub scenario: Scenario,
	/// Number of batches to prove; the scenario's own if there is none.
	pub batches: Option<u32>,
	/// Batches that may be unproven at the same time; the scenario's own if there is none.
	pub pipeline: Option<u32>,
	/// The node; `pvs-node` in the directory of the other programs if there is none.
	pub node: Option<PathBuf>,
	/// Directory of `pvsctl`; that of this program if there is none.
	pub bin_dir: Option<PathBuf>,
	/// Directory of the proving keys, kept between runs; pvs/keys in the user's cache if there is none.
	pub keys_dir: Option<PathBuf>,
	/// Threads of each prover; all cores if there is none.
	pub threads: Option<usize>,
	/// With [`Scenario::Embedded`]: number of times that a node is stopped while it proves.
	pub restarts: Option<u32>,
	/// Seed of the random transfers.
	pub seed: u64,
	/// Seconds after which to give up; the scenario's own if there are none.
	pub timeout: Option<u64>,
	/// With [`Scenario::Latency`]: fail if limits are exceeded.
	pub check: bool,
	/// With [`Scenario::Latency`]: the first prover runs inside the node that makes the blocks.
	pub embedded: bool,
	/// Progress on stderr, the result as one JSON object in the last line of stdout.
	pub json: bool,
}

/// Scenario that can be played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
	/// Batches that are proven and paid as they should be.
	#[default]
	Plain,
	/// A winner that defaults, a batch that nobody bids for at first, a late proof.
	Faults,
	/// Measurement of where the time goes.
	Latency,
	/// A bidder that never reveals.
	Silent,
	/// Provers whose nodes freeze, while nothing becomes final.
	Nodes,
	/// A prover whose node has pruned what became of its bid.
	Pruned,
	/// Three validators of which one is killed.
	Validators,
	/// Transactions whose blocks a reorganization takes out of the chain.
	Reorg,
	/// Provers inside nodes.
	Embedded,
	/// A sequencer that is killed again and again.
	Crash,
}

impl Scenario {
	/// Its name on the command line.
	pub fn name(self) -> &'static str {
		match self {
			Self::Plain => "plain",
			Self::Faults => "faults",
			Self::Latency => "latency",
			Self::Silent => "silent",
			Self::Nodes => "nodes",
			Self::Pruned => "pruned",
			Self::Validators => "validators",
			Self::Reorg => "reorg",
			Self::Embedded => "embedded",
			Self::Crash => "crash",
		}
	}
}

impl Options {
	/// Returns how many batches there are in all.
	pub(crate) fn batches(&self) -> u32 {
		match self.scenario {
			Scenario::Plain => self.batches.unwrap_or(3),
			Scenario::Latency => self.batches.unwrap_or(latency::BATCHES),
			Scenario::Faults => 3,
			Scenario::Silent => silent::BATCHES,
			Scenario::Nodes => nodes::BATCHES,
			Scenario::Pruned => pruned::BATCHES,
			Scenario::Validators => validators::BATCHES,
			Scenario::Reorg => reorg::BATCHES,
			Scenario::Embedded => embedded::BATCHES,
			Scenario::Crash => crash::BATCHES,
		}
	}

	/// Returns how many batches may be unproven at the same time.
	pub(crate) fn pipeline(&self) -> u32 {
		match self.scenario {
			Scenario::Crash => crash::PIPELINE,
			Scenario::Latency => self.pipeline.unwrap_or(latency::PIPELINE),
			_ => self.pipeline.unwrap_or(1),
		}
	}

	/// Returns how often a node is stopped while it proves.
	pub(crate) fn restarts(&self) -> u32 {
		self.restarts.unwrap_or(embedded::RESTARTS)
	}

	/// Seconds after which to give up.
	pub(crate) fn limit(&self) -> u64 {
		self.timeout.unwrap_or_else(|| match self.scenario {
			Scenario::Crash | Scenario::Nodes | Scenario::Pruned => 240,
			Scenario::Reorg | Scenario::Validators => 600,
			_ => 60 + 60 * u64::from(self.batches()),
		})
	}

	/// Refuses options that do not go together.
	///
	/// # Errors
	///
	/// One [`DemoError`] per pair of options.
	pub fn check(&self) -> Result<(), DemoError> {
		let sets_batches = self.batches.is_some() || self.pipeline.is_some();
		let is_fixed = !matches!(self.scenario, Scenario::Plain | Scenario::Latency);
		if is_fixed && sets_batches {
			return Err(DemoError::FixedBatches);
		}
		if self.restarts.is_some() && self.scenario != Scenario::Embedded {
			return Err(DemoError::NothingToRestart);
		}
		if self.check && self.scenario != Scenario::Latency {
			return Err(DemoError::NothingToCheck);
		}
		if self.embedded && self.scenario != Scenario::Latency {
			return Err(DemoError::NothingToEmbed);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn options(scenario: Scenario) -> Options {
		Options { scenario, ..Options::default() }
	}

	#[test]
	fn scenario_should_have_its_own_batches_and_limits() {
		for (scenario, expected) in [
			(Scenario::Plain, (3, 1, 240)),
			(Scenario::Faults, (3, 1, 240)),
			(Scenario::Silent, (3, 1, 240)),
			(Scenario::Crash, (20, 4, 240)),
			(Scenario::Nodes, (2, 1, 240)),
			(Scenario::Reorg, (4, 1, 600)),
		] {
			let options = options(scenario);
			assert_eq!((options.batches(), options.pipeline(), options.limit()), expected);
			assert!(options.check().is_ok(), "{scenario:?}");
		}
		assert_eq!(options(Scenario::Pruned).limit(), 240);
		assert_eq!(Options { batches: Some(7), ..Options::default() }.batches(), 7);
		let embedded = Options { restarts: Some(20), ..options(Scenario::Embedded) };
		assert_eq!((embedded.batches(), embedded.restarts()), (1, 20));
		assert!(embedded.check().is_ok());
	}
}
