// SPDX-License-Identifier: Apache-2.0
//! Measures the proof market on the real runtime: what fits a block, how many batches can be in
//! flight, what they cost in state, and what is left of them; the seals of its bids; its proofs.

mod accesses;
mod backlog;
mod batched;
mod calls;
mod chain;
mod flow;
mod lifecycle;
mod load;
mod market;
mod measure;
mod progress;
mod proofs;
mod recorder;
mod seal;
mod setup;
mod verify;
mod wasm;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

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
	/// between and after. Counts the rows that a bid and a proof read and write, as weights count them.
	/// Lets the deadlines of 4,000 batches pass in one block and fails if the hooks take more than
	/// `MaxAgendaWeight` of any. Weights are those of the runtime; times are of this machine.
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
	/// Verification of proofs, alone and in batches, beside arkworks and snarkjs
	///
	/// Verifies natively, in the runtime's way through the host function, and in Wasm, in turns with
	/// arkworks that prepares the key for each proof (zkVerify's algorithm) and with a prepared key.
	Verify {
		/// One JSON object as the last line
		#[arg(long)]
		json: bool,
		/// A directory with `verify.mjs`, its packages, and a key, public inputs and a proof of snarkjs
		#[arg(long, value_name = "DIR")]
		snarkjs: Option<PathBuf>,
		/// Measure native verification on one core, for the program itself
		#[arg(long, hide = true, conflicts_with_all = ["json", "snarkjs"])]
		one_core: bool,
	},
}

fn main() -> anyhow::Result<()> {
	match Cli::parse().command {
		Command::Market { json } => market::run(json),
		Command::Seal { json } => seal::run(json),
		Command::Verify { one_core: true, .. } => verify::run_on_one_core(),
		Command::Verify { json, snarkjs, .. } => verify::run(json, snarkjs),
	}
}
