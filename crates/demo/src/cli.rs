// SPDX-License-Identifier: Apache-2.0
//! The command line.

use crate::{crash, embedded, error::DemoError, latency, nodes, pruned, reorg, silent, validators};
use clap::{builder::RangedU64ValueParser, Parser, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  Three batches, with the programs next to this one:
    pvs-demo
  Twenty batches, up to four at a time, the result as one line of JSON:
    pvs-demo --batches 20 --pipeline 4 --json
  What happens when things go wrong: a default, a round without bids, a late proof:
    pvs-demo --scenario faults
  A bidder that never reveals, and an opener that opens its seal:
    pvs-demo --scenario silent --json
  Provers whose nodes freeze, while nothing becomes final:
    pvs-demo --scenario nodes
  A prover that comes back to a node without the states of before:
    pvs-demo --scenario pruned
  Three validators of which one is killed; takes six minutes:
    pvs-demo --scenario validators
  Transactions whose blocks a reorganization takes out of the chain; takes four minutes:
    pvs-demo --scenario reorg --json
  Provers inside nodes, one of which is stopped twenty times while it proves:
    pvs-demo --scenario embedded --restarts 20
  Where the time of twenty batches goes:
    pvs-demo --scenario latency --batches 20
  Whether they are within the limits; fails with the reason if not:
    pvs-demo --scenario latency --check
  The same with the node's own prover in place of one program:
    pvs-demo --scenario latency --check --embedded
  A sequencer that is killed ten times while transfers come in:
    pvs-demo --scenario crash
  With programs from elsewhere:
    pvs-demo --node ./pvs-node --bin-dir ./bin";

/// Runs a development chain with a sequencer and three provers, and reports what happened.
#[derive(Clone, Debug, Parser)]
#[command(name = "pvs-demo", version, after_help = EXAMPLES)]
pub(crate) struct Args {
	/// Scenario to show
	#[arg(long, value_enum, default_value_t = Scenario::Plain)]
	pub(crate) scenario: Scenario,
	/// Number of batches to prove [default: 3; for latency 100]
	#[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
	batches: Option<u32>,
	/// Batches that may be unproven at the same time [default: 1; for latency 2]
	#[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=64))]
	pipeline: Option<u32>,
	/// The node [default: pvs-node in the directory of the other programs]
	#[arg(long, value_name = "FILE")]
	pub(crate) node: Option<PathBuf>,
	/// Directory of pvs-prover, pvs-sequencer and pvs-opener [default: the directory of this program]
	#[arg(long, value_name = "DIR")]
	pub(crate) bin_dir: Option<PathBuf>,
	/// Directory of the proving keys, kept between runs [default: pvs/keys in the user's cache]
	#[arg(long, value_name = "DIR")]
	pub(crate) keys_dir: Option<PathBuf>,
	/// Threads of each prover [default: all cores]
	#[arg(long, value_name = "THREADS",
		value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_024))]
	pub(crate) threads: Option<usize>,
	/// With `embedded`: number of times that a node is stopped while it proves [default: 3]
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000))]
	restarts: Option<u32>,
	/// Seed of the random transfers
	#[arg(long, default_value_t = 1)]
	pub(crate) seed: u64,
	/// Seconds after which to give up [default: 60, and 60 per batch; 240 for
	/// `crash`, `nodes` and `pruned`, 600 for `reorg` and `validators`]
	#[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
	pub(crate) timeout: Option<u64>,
	/// With `latency`: fail if the batches are not final within 10 s (95% of them), an honest prover was
	/// slashed, or more than 1% of the slots have no block
	#[arg(long)]
	pub(crate) check: bool,
	/// With `latency`: the first of the three provers runs inside the node that makes the blocks; with `--check` it
	/// has to deliver a proof at least
	#[arg(long)]
	pub(crate) embedded: bool,
	/// Progress on stderr, the result as one JSON object in the last line of stdout
	#[arg(long)]
	pub(crate) json: bool,
}

/// Scenario that the demo shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
	/// Batches that are bid for, proven and paid as they should be
	Plain,
	/// A winner that defaults and a runner-up that takes its place; a batch that nobody bids for until
	/// its reserve has risen; a proof that comes late
	Faults,
	/// Measurement of where the time goes: batches as in `plain`, the next one's auction while one is proved
	Latency,
	/// A bidder that never reveals: an opener solves its seals and is paid from the bonds. Twice the round has
	/// closed without the bid, which is settled; once the bid is opened by force, and wins
	Silent,
	/// A chain on which nothing becomes final, and provers whose nodes freeze after a bid and after a win: they
	/// reveal, deliver and are paid all the same
	Nodes,
	/// A prover that is killed behind a bid that loses, and comes back when its node has pruned what became of it:
	/// it bids, delivers and is paid all the same
	Pruned,
	/// Three validators of which one is killed, until finality is 200 blocks behind; a prover killed behind its bid that
	/// comes back, settles it, and is paid for a batch; one killed behind its win that finds in the chain's record what
	/// became of that
	Validators,
	/// A chain on which nothing becomes final, and two authors of whom the second one's branch becomes the longer one,
	/// four times: a commit, a bid, a reveal and a proof lose their blocks, come back once, and all batches are paid
	Reorg,
	/// A node that follows the chain and proves a batch; and a node alone, without connections, that makes batches and
	/// proves them, is stopped in the middle of proofs, and loses no block
	Embedded,
	/// A serving sequencer whose first batches fail and that is killed ten times while a load generator sends
	/// it transfers: nothing that it acknowledged is lost or doubled
	Crash,
}

impl Scenario {
	/// Its name on the command line.
	pub(crate) fn name(self) -> &'static str {
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

impl Args {
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
	pub(crate) fn check(&self) -> Result<(), DemoError> {
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
	use clap::CommandFactory;

	#[test]
	fn command_line_should_be_consistent() {
		Args::command().debug_assert();
	}

	#[test]
	fn number_of_batches_should_be_the_scenarios_own_unless_it_is_the_plain_one() {
		let args = |line: &str| Args::try_parse_from(line.split(' ')).unwrap();
		assert_eq!(args("pvs-demo --batches 7").batches(), 7);
		assert!(args("pvs-demo --batches 7 --pipeline 2").check().is_ok());
		let faults = args("pvs-demo --scenario faults");
		assert_eq!((faults.batches(), faults.pipeline(), faults.limit()), (3, 1, 240));
		assert!(faults.check().is_ok());
		let silent = args("pvs-demo --scenario silent --json");
		assert_eq!((silent.batches(), silent.pipeline(), silent.limit()), (3, 1, 240));
		assert!(silent.check().is_ok());
		let crash = args("pvs-demo --scenario crash");
		assert_eq!((crash.batches(), crash.pipeline(), crash.limit()), (20, 4, 240));
		assert!(crash.check().is_ok());
		assert!(args("pvs-demo --scenario latency --check").check().is_ok());
		let error = args("pvs-demo --check").check().unwrap_err();
		assert!(matches!(error, DemoError::NothingToCheck), "{error}");
		assert!(args("pvs-demo --scenario latency --embedded").check().is_ok());
		for line in ["pvs-demo --embedded", "pvs-demo --scenario embedded --embedded"] {
			let error = args(line).check().unwrap_err();
			assert!(matches!(error, DemoError::NothingToEmbed), "{error}");
		}
		let error = args("pvs-demo --restarts 2").check().unwrap_err();
		assert!(matches!(error, DemoError::NothingToRestart), "{error}");
		let embedded = args("pvs-demo --scenario embedded --restarts 20");
		assert_eq!((embedded.batches(), embedded.restarts()), (1, 20));
		assert!(embedded.check().is_ok());
		let nodes = args("pvs-demo --scenario nodes");
		assert_eq!((nodes.batches(), nodes.pipeline(), nodes.limit()), (2, 1, 240));
		let validators = args("pvs-demo --scenario validators");
		assert_eq!((validators.batches(), validators.limit()), (3, 600));
		assert_eq!(args("pvs-demo --scenario pruned").limit(), 240);
		let reorg = args("pvs-demo --scenario reorg");
		assert_eq!((reorg.batches(), reorg.pipeline(), reorg.limit()), (4, 1, 600));
		for scenario in
			["faults", "silent", "nodes", "pruned", "validators", "reorg", "embedded", "crash"]
		{
			for line in ["--batches 3", "--pipeline 1"] {
				let line = format!("pvs-demo --scenario {scenario} {line}");
				let error = args(&line).check().unwrap_err();
				assert!(matches!(error, DemoError::FixedBatches), "{error}");
			}
		}
	}

	#[test]
	fn numbers_should_have_a_highest_value() {
		for option in ["--timeout", "--batches", "--pipeline", "--threads"] {
			for number in ["0", "18446744073709551615"] {
				let line = ["pvs-demo".into(), format!("{option}={number}")];
				let error = Args::try_parse_from(line).unwrap_err().to_string();
				assert!(error.contains(option), "{error}");
			}
		}
	}
}
