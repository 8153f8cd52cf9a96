// SPDX-License-Identifier: Apache-2.0
//! The command line.

use clap::{Args, Parser, Subcommand};
use pvs_client::{
	cli::{ConnectArgs, KeyArgs},
	Amount,
};

const EXAMPLES: &str = "\
Examples:
  Three batches on a development chain, each committed once the one before is proven:
    pvs-sequencer run --suri //Alice --batches 3
  Up to four at a time, two tokens at most for a proof, the same transfers every time:
    pvs-sequencer run --suri //Alice --batches 20 --pipeline 4 --max-fee \"2 UNIT\" --seed 7";

/// Commits batches of random transfers to the reference payments rollup and pays for their proofs.
#[derive(Debug, Parser)]
#[command(name = "pvs-sequencer", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
	/// What to do
	#[command(subcommand)]
	pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Commit batches and follow them until they are final
	#[command(after_help = EXAMPLES)]
	Run(RunArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// The rollup whose sequencer the key is
	#[arg(long, default_value_t = 0)]
	pub(crate) rollup: u32,
	/// How many batches to commit
	#[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
	pub(crate) batches: u64,
	/// Highest fee for a proof, in planck or as "2 UNIT" [default: the rollup's max_reserve]
	#[arg(long, value_name = "AMOUNT")]
	pub(crate) max_fee: Option<Amount>,
	/// Fewest blocks from one commit to the next
	#[arg(long, default_value_t = 1, value_name = "BLOCKS")]
	pub(crate) interval_blocks: u32,
	/// Batches that may be unproven at the same time
	#[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
	pub(crate) pipeline: u32,
	/// Seed of the random transfers [default: a new one each time]
	#[arg(long)]
	pub(crate) seed: Option<u64>,
	/// Seconds without any progress after which to give up
	#[arg(long, default_value_t = 300, value_name = "SECONDS")]
	pub(crate) timeout: u64,
	/// Print one JSON object per line
	#[arg(long)]
	pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn command_line_should_be_consistent() {
		Cli::command().debug_assert();
	}
}
