// SPDX-License-Identifier: Apache-2.0
//! Times of the reference rollup: what its proofs and a large state cost.

mod bench;
#[path = "../workload/mod.rs"]
mod workload;

use clap::Parser;
use std::process::ExitCode;
use workload::{Outcome, ACCOUNTS_LOG2, POWERS};

const EXAMPLES: &str = "Examples:
  pvs-rollup-bench --max-power 16
  pvs-rollup-bench --state";

/// Times proofs of every back end beside plain ark-groth16, in turns, on all threads.
///
/// Domains of 2^14 to 2^18 points, each with a circuit that fills it. Each proof is checked. Prints
/// a table, and with --json one JSON object as the last line. Takes minutes. Memory is measured by
/// pvs-rollup-heap, once, after the times: it has to be in the directory of this program.
#[derive(Parser)]
#[command(name = "pvs-rollup-bench", version, about, after_help = EXAMPLES)]
struct Arguments {
	/// Prints JSON.
	#[arg(long)]
	json: bool,
	/// Measures a large state instead: its files, its memory, clones of it, a batch on it.
	#[arg(long, conflicts_with_all = ["max_power", "repetitions"])]
	state: bool,
	/// Accounts of the state, as a power of two.
	#[arg(long, requires = "state", default_value_t = 20,
		value_parser = clap::value_parser!(u32).range(ACCOUNTS_LOG2))]
	accounts_log2: u32,
	/// The largest domain, as a power of two.
	#[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u32).range(POWERS))]
	max_power: u32,
	/// Proofs of each kind in each domain; the medians are printed.
	#[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
	repetitions: u16,
}

fn main() -> ExitCode {
	match run(&Arguments::parse()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			pvs_text::complain(format_args!("error: {error}"));
			ExitCode::FAILURE
		},
	}
}

fn run(arguments: &Arguments) -> Outcome<()> {
	let figures = if arguments.state {
		bench::state(arguments.accounts_log2)?
	} else {
		bench::proofs(arguments.max_power, arguments.repetitions.into())?
	};
	// Figures are read by machines, the table before them by people.
	if arguments.json {
		pvs_text::print(figures)?;
	}
	Ok(())
}
