// SPDX-License-Identifier: Apache-2.0
//! Scenarios on a development chain of their own.

use crate::{
	fail::{finish, finish_as},
	loading::Loading,
};
use clap::{builder::RangedU64ValueParser, ValueEnum};
use pvs_localnet::{Options, Scenario as Played};
use std::{path::PathBuf, process::ExitCode};

const EXAMPLES: &str = "\
Examples:
  Three batches, with the programs next to this one:
    pvsctl demo
  Twenty batches, up to four at a time, the result as one line of JSON:
    pvsctl demo --batches 20 --pipeline 4 --json
  What happens when things go wrong: a default, a round without bids, a late proof:
    pvsctl demo --scenario faults
  A bidder that never reveals, and an opener that opens its seal:
    pvsctl demo --scenario silent --json
  Provers whose nodes freeze, while nothing becomes final:
    pvsctl demo --scenario nodes
  A prover that comes back to a node without the states of before:
    pvsctl demo --scenario pruned
  Three validators of which one is killed; takes six minutes:
    pvsctl demo --scenario validators
  Transactions whose blocks a reorganization takes out of the chain; takes four minutes:
    pvsctl demo --scenario reorg --json
  Provers inside nodes, one of which is stopped twenty times while it proves:
    pvsctl demo --scenario embedded --restarts 20
  Where the time of twenty batches goes:
    pvsctl demo --scenario latency --batches 20
  Whether they are within the limits; fails with the reason if not:
    pvsctl demo --scenario latency --check
  The same with the node's own prover in place of one program:
    pvsctl demo --scenario latency --check --embedded
  A sequencer that is killed ten times while transfers come in:
    pvsctl demo --scenario crash
  With programs from elsewhere:
    pvsctl demo --node ./pvs-node --bin-dir ./bin";

/// Options of the demo.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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
	/// Directory of pvsctl and pvs-node [default: the directory of this program]
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

impl From<Scenario> for Played {
	fn from(scenario: Scenario) -> Self {
		match scenario {
			Scenario::Plain => Self::Plain,
			Scenario::Faults => Self::Faults,
			Scenario::Latency => Self::Latency,
			Scenario::Silent => Self::Silent,
			Scenario::Nodes => Self::Nodes,
			Scenario::Pruned => Self::Pruned,
			Scenario::Validators => Self::Validators,
			Scenario::Reorg => Self::Reorg,
			Scenario::Embedded => Self::Embedded,
			Scenario::Crash => Self::Crash,
		}
	}
}

impl From<Args> for Options {
	fn from(args: Args) -> Self {
		Self {
			scenario: args.scenario.into(),
			batches: args.batches,
			pipeline: args.pipeline,
			node: args.node,
			bin_dir: args.bin_dir,
			keys_dir: args.keys_dir,
			threads: args.threads,
			restarts: args.restarts,
			seed: args.seed,
			timeout: args.timeout,
			check: args.check,
			embedded: args.embedded,
			json: args.json,
		}
	}
}

/// Plays a scenario.
pub(crate) async fn execute(args: Args) -> ExitCode {
	let options = Options::from(args);
	if let Err(error) = options.check() {
		return finish_as(true, &error);
	}
	finish(pvs_localnet::run(options, Loading::default()).await)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli, cli::testing};
	use pvs_localnet::DemoError;

	fn parse(line: &str) -> Result<Options, clap::Error> {
		let line = line.strip_prefix("pvsctl ").unwrap();
		testing::parse(line).map(|group| match group {
			cli::Command::Demo(args) => (*args).into(),
			other => panic!("{other:?}"),
		})
	}

	#[test]
	fn options_should_be_refused_when_they_are_another_scenarios() {
		let check = |line: &str| parse(line).unwrap().check();
		assert!(check("pvsctl demo --batches 7 --pipeline 2").is_ok());
		assert!(check("pvsctl demo --scenario latency --check --embedded").is_ok());
		assert!(check("pvsctl demo --scenario embedded --restarts 20").is_ok());
		assert!(matches!(check("pvsctl demo --check"), Err(DemoError::NothingToCheck)));
		assert!(matches!(check("pvsctl demo --restarts 2"), Err(DemoError::NothingToRestart)));
		for line in ["pvsctl demo --embedded", "pvsctl demo --scenario embedded --embedded"] {
			assert!(matches!(check(line), Err(DemoError::NothingToEmbed)));
		}
		for scenario in
			["faults", "silent", "nodes", "pruned", "validators", "reorg", "embedded", "crash"]
		{
			for option in ["--batches 3", "--pipeline 1"] {
				let line = format!("pvsctl demo --scenario {scenario} {option}");
				assert!(matches!(check(&line), Err(DemoError::FixedBatches)), "{line}");
			}
		}
	}

	#[test]
	fn numbers_should_have_a_highest_value() {
		for option in ["--timeout", "--batches", "--pipeline", "--threads"] {
			for number in ["0", "18446744073709551615"] {
				let line = format!("demo {option}={number}");
				let error = crate::cli::testing::parse(&line).unwrap_err().to_string();
				assert!(error.contains(option), "{error}");
			}
		}
	}
}
