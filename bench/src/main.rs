// SPDX-License-Identifier: Apache-2.0
//! Measures the proof market on the real runtime: what fits a block, how many batches can be in
//! flight, what they cost in state, and what is left of them.

mod calls;
mod chain;
mod lifecycle;
mod load;
mod market;
mod progress;
mod setup;

use clap::{Parser, Subcommand};

/// Measures the proof market on the real runtime, natively and in memory.
#[derive(Debug, Parser)]
#[command(name = "pvs-bench", version)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// What fits a block, how many batches can be in flight, what state they take and leave
	///
	/// Builds blocks of signed transactions until the runtime takes no more, fills the chain with
	/// batches, proves half of them and lets the others fail, and counts the pallet's storage before,
	/// between and after. Weights are those of the runtime; times are of this machine.
	Market {
		/// One JSON object as the last line
		#[arg(long)]
		json: bool,
	},
}

fn main() -> anyhow::Result<()> {
	match Cli::parse().command {
		Command::Market { json } => market::run(json),
	}
}
