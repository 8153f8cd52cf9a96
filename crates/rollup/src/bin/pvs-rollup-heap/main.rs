// SPDX-License-Identifier: Apache-2.0
//! Memory of proofs and states. `pvs-rollup-bench` runs this program, so that nothing counts
//! allocations where times are taken.

mod heap;
mod proofs;
mod state;
#[path = "../workload/mod.rs"]
mod workload;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workload::{Outcome, ACCOUNTS_LOG2, POWERS};

const EXAMPLES: &str = "Examples:
  pvs-rollup-heap proofs --power 16
  pvs-rollup-heap state --accounts-log2 20";

/// Measures memory for `pvs-rollup-bench`, and prints bytes as one line of JSON.
///
/// An allocator counts what is in use. `pvs-rollup-bench` times the same work without one.
#[derive(Parser)]
#[command(name = "pvs-rollup-heap", version, about, after_help = EXAMPLES)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// One proof by each back end, the most in use while it is made; each proof is checked.
	Proofs {
		/// The domain, as a power of two.
		#[arg(long, value_parser = clap::value_parser!(u32).range(POWERS))]
		power: u32,
	},
	/// A state: the most in use to read, build, save and load it; what is held by one and by many.
	State {
		/// Accounts of the state, as a power of two.
		#[arg(long, value_parser = clap::value_parser!(u32).range(ACCOUNTS_LOG2))]
		accounts_log2: u32,
	},
}

fn main() -> ExitCode {
	let told = run(&Arguments::parse().command).and_then(|figures| Ok(pvs_text::print(figures)?));
	match told {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			pvs_text::complain(format_args!("error: {error}"));
			ExitCode::FAILURE
		},
	}
}

fn run(command: &Command) -> Outcome<String> {
	Ok(match command {
		Command::Proofs { power } => serde_json::to_string(&proofs::memory(*power)?)?,
		Command::State { accounts_log2 } => serde_json::to_string(&state::memory(*accounts_log2)?)?,
	})
}
