// SPDX-License-Identifier: Apache-2.0
//! Keys and facts of the reference rollup.

mod bench;
#[path = "../workload/mod.rs"]
mod workload;

use clap::{Parser, Subcommand};
use pvs_files::write_whole;
use pvs_primitives::hash::blake2_256;
use pvs_rollup::{
	circuit::{self, Constraints, Part},
	demo,
	genesis::Genesis,
	proving::{self, key_file},
	shape::{Shape, TRANSFER_BYTES},
	state::State,
};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	process::ExitCode,
};
use workload::{Outcome, ACCOUNTS_LOG2, POWERS};

const EXAMPLES: &str = "Examples:
  pvs-rollup info
  pvs-rollup info --shape large --json
  pvs-rollup keys generate --dir keys
  pvs-rollup genesis export-demo --out genesis.json
  pvs-rollup genesis export-root --genesis genesis.json --out root.bin
  pvs-rollup bench --max-power 16
  pvs-rollup bench --state";

/// Keys and facts of the reference payments rollup of PVS.
#[derive(Parser)]
#[command(name = "pvs-rollup", version, about, after_help = EXAMPLES)]
struct Arguments {
	/// Prints JSON.
	#[arg(long, global = true)]
	json: bool,
	/// The sizes of the circuit.
	#[arg(long, global = true, value_enum, default_value_t = Size::Small)]
	shape: Size,
	#[command(subcommand)]
	command: Command,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Size {
	/// 4 transfers, 2^16 accounts.
	Small,
	/// 7 transfers, 2^20 accounts.
	Large,
}

impl From<Size> for Shape {
	fn from(size: Size) -> Self {
		match size {
			Size::Small => Self::SMALL,
			Size::Large => Self::LARGE,
		}
	}
}

#[derive(Subcommand)]
enum Command {
	/// Proving and verifying keys, made from a public seed: development only.
	#[command(subcommand)]
	Keys(Keys),
	/// A rollup's first state.
	#[command(subcommand)]
	Genesis(GenesisCommand),
	/// Size of the circuit by part, length of a batch; what the demo rollup is registered with.
	Info,
	/// Times proofs of every back end beside plain ark-groth16, in turns, on all threads.
	///
	/// Domains of 2^14 to 2^18 points, each with a circuit that fills it. Each proof is checked. Prints
	/// a table, and with --json one JSON object as the last line. Takes minutes. Memory is measured by
	/// pvs-rollup-heap, once, after the times: it has to be in the directory of this program.
	Bench {
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
	},
}

#[derive(Subcommand)]
enum Keys {
	/// Makes the keys, unless they are there.
	Generate {
		/// Path of the key file, existing or not.
		#[arg(long)]
		dir: PathBuf,
	},
	/// Writes the verifying key: 768 bytes, as a chain takes it.
	ExportVk {
		/// Path of the key file, existing or not.
		#[arg(long)]
		dir: PathBuf,
		/// The file to write.
		#[arg(long)]
		out: PathBuf,
	},
}

#[derive(Subcommand)]
enum GenesisCommand {
	/// Writes the demo rollup's genesis file, an example of the format.
	ExportDemo {
		/// The file to write.
		#[arg(long)]
		out: PathBuf,
	},
	/// Writes the state root before the first batch: 32 bytes.
	ExportRoot {
		/// The genesis file [default: the demo rollup's].
		#[arg(long)]
		genesis: Option<PathBuf>,
		/// The file to write.
		#[arg(long)]
		out: PathBuf,
	},
}

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	let told = run(&arguments).and_then(|facts| match arguments.command {
		// Figures are read by machines, the table before them by people.
		Command::Bench { .. } if !arguments.json => Ok(()),
		Command::Bench { .. } => Ok(pvs_text::print(facts)?),
		_ => Ok(pvs_text::print(text(&facts, arguments.json))?),
	});
	match told {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			pvs_text::complain(format_args!("error: {error}"));
			ExitCode::FAILURE
		},
	}
}

fn run(arguments: &Arguments) -> Outcome<serde_json::Value> {
	let shape = arguments.shape.into();
	match &arguments.command {
		Command::Keys(Keys::Generate { dir }) => {
			let keys = load(shape, dir)?;
			Ok(json!({
				"development_only": true,
				"key_file": dir.join(key_file(shape)).to_string_lossy(),
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
		Command::Keys(Keys::ExportVk { dir, out }) => {
			let keys = load(shape, dir)?;
			write(out, keys.verifying_key())?;
			Ok(json!({
				"development_only": true,
				"written": out.to_string_lossy(),
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
		Command::Genesis(GenesisCommand::ExportDemo { out }) => {
			let genesis = demo::genesis();
			write(out, format!("{}\n", serde_json::to_string_pretty(&genesis)?).as_bytes())?;
			Ok(json!({ "written": out.to_string_lossy(), "accounts": genesis.accounts.len() }))
		},
		Command::Genesis(GenesisCommand::ExportRoot { genesis, out }) => {
			let genesis = match genesis {
				Some(path) => Genesis::from_file(path)?,
				None => demo::genesis(),
			};
			let root = State::from_genesis(&genesis)?.root();
			write(out, &root)?;
			Ok(json!({
				"written": out.to_string_lossy(),
				"accounts": genesis.accounts.len(),
				"genesis_root": hexadecimal(&root),
			}))
		},
		Command::Info => info(shape),
		Command::Bench { state: true, accounts_log2, .. } => bench::state(*accounts_log2),
		Command::Bench { max_power, repetitions, .. } => {
			bench::proofs(*max_power, (*repetitions).into())
		},
	}
}

fn load(shape: Shape, dir: &Path) -> Outcome<proving::Keys> {
	Ok(proving::load_or_generate_for(shape, dir, &proving::Terminal::default())?)
}

fn info(shape: Shape) -> Outcome<serde_json::Value> {
	let constraints = Constraints::synthesise(shape)?;
	let mut facts = json!({
		"constraints": constraints.len(),
		"constraints_per_transfer": constraints.len().div_ceil(shape.transfers()),
		"public_inputs": constraints.instance_variables - 1,
		"witness_variables": constraints.witness_variables,
		"domain_size": constraints.domain_size(),
		"batch_transfers": shape.transfers(),
		"transfer_bytes": TRANSFER_BYTES,
		"data_len": shape.data_len(),
		"tree_depth": shape.depth(),
		"max_accounts": shape.max_accounts(),
	});
	let parts = circuit::count(shape)?;
	for (name, per_transfer) in [("per_transfer", true), ("per_batch", false)] {
		for (part, count) in &parts {
			if Part::is_per_transfer(*part) == per_transfer {
				let count = if per_transfer { count.div_ceil(shape.transfers()) } else { *count };
				facts[format!("{part} {name}").replace(' ', "_")] = count.into();
			}
		}
	}
	if shape == demo::SHAPE {
		facts["verifying_key_hash"] = hexadecimal(&blake2_256(&[demo::VERIFYING_KEY])).into();
		facts["genesis_root"] = hexadecimal(demo::GENESIS_ROOT).into();
	}
	Ok(facts)
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
	write_whole(path, bytes)
		.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
	Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn text(facts: &serde_json::Value, json: bool) -> String {
	if json {
		return format!("{facts:#}");
	}
	let lines = facts.as_object().into_iter().flatten().map(|(name, value)| {
		let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
		format!("{:<28} {shown}", name.replace('_', " "))
	});
	lines.collect::<Vec<_>>().join("\n")
}
