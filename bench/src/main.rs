// SPDX-License-Identifier: Apache-2.0
//! Measures the proof market on the real runtime: what fits a block, how many batches can be in
//! flight, what they cost in state, and what is left of them; and the seals of its bids.

mod calls;
mod chain;
mod lifecycle;
mod load;
mod market;
mod progress;
mod seal;
mod setup;
mod wasm;

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
	/// Squarings per second beside GMP, and what sealing, solving and verifying take
	///
	/// Compares the solver with GMP's `powm` and with portable code, in turns. Seals a bid on the real
	/// runtime, solves and proves it, verifies the opening natively and in the runtime's Wasm, and
	/// prints the delay that windows and margins need. Needs to be built with the feature `gmp`.
	Seal {
		/// One JSON object as the last line
		#[arg(long)]
		json: bool,
	},
}

fn main() -> anyhow::Result<()> {
	match Cli::parse().command {
		Command::Market { json } => market::run(json),
		Command::Seal { json } => seal::run(json),
	}
}
