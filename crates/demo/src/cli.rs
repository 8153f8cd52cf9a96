// SPDX-License-Identifier: Apache-2.0
//! The command line.

use clap::Parser;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  Three batches, with the programs next to this one:
    pvs-demo
  Twenty batches, up to four at a time, the result as one line of JSON:
    pvs-demo --batches 20 --pipeline 4 --json
  With programs from elsewhere:
    pvs-demo --node ./pvs-node --bin-dir ./bin";

/// Runs a development chain with a sequencer and three provers, and reports what happened.
#[derive(Clone, Debug, Parser)]
#[command(name = "pvs-demo", version, after_help = EXAMPLES)]
pub(crate) struct Args {
	/// How many batches to prove
	#[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
	pub(crate) batches: u32,
	/// Batches that may be unproven at the same time
	#[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
	pub(crate) pipeline: u32,
	/// The node [default: pvs-node in the directory of the other programs]
	#[arg(long, value_name = "FILE")]
	pub(crate) node: Option<PathBuf>,
	/// Directory of pvs-prover and pvs-sequencer [default: the directory of this program]
	#[arg(long, value_name = "DIR")]
	pub(crate) bin_dir: Option<PathBuf>,
	/// Directory of the proving keys, kept between runs [default: pvs/keys in the user's cache]
	#[arg(long, value_name = "DIR")]
	pub(crate) keys_dir: Option<PathBuf>,
	/// Threads of each prover [default: all cores]
	#[arg(long, value_name = "THREADS")]
	pub(crate) threads: Option<usize>,
	/// Seed of the random transfers
	#[arg(long, default_value_t = 1)]
	pub(crate) seed: u64,
	/// Seconds after which to give up [default: 60, and 60 per batch]
	#[arg(long, value_name = "SECONDS")]
	pub(crate) timeout: Option<u64>,
	/// Progress on stderr, the result as one JSON object in the last line of stdout
	#[arg(long)]
	pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn command_line_should_be_consistent() {
		Args::command().debug_assert();
	}
}
