// SPDX-License-Identifier: Apache-2.0
//! Facts of the reference rollup, its development keys and genesis, and the calls of a rollup's owner.

mod owner;
mod params;

use crate::{fail::finish, loading::Loading};
use clap::{Args, Subcommand};
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
	error::Error,
	path::{Path, PathBuf},
	process::ExitCode,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const EXAMPLES: &str = "Examples:
  pvsctl rollup info
  pvsctl rollup info --shape large --json
  pvsctl rollup keys generate --dir keys
  pvsctl rollup genesis export-demo --out genesis.json
  pvsctl rollup genesis export-root --genesis genesis.json --out root.bin
  pvsctl rollup params --id 0 > params.json
  pvsctl rollup set-params --id 0 --params params.json --key-file owner.key";

/// Options and command.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
	/// Print JSON
	#[arg(long, global = true)]
	json: bool,
	#[command(subcommand)]
	command: Command,
}

/// Sizes of the reference rollup's circuit.
#[derive(Debug, Args)]
struct SizeArgs {
	/// Sizes of the circuit
	#[arg(long, value_enum, default_value_t = Size::Small)]
	shape: Size,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
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

#[derive(Debug, Subcommand)]
enum Command {
	/// Proving and verifying keys, made from a public seed: development only
	#[command(subcommand)]
	Keys(Keys),
	/// A rollup's first state
	#[command(subcommand)]
	Genesis(GenesisCommand),
	/// Size of the circuit by part, length of a batch; what the demo rollup is registered with
	Info(SizeArgs),
	#[command(flatten)]
	Owner(owner::Command),
}

#[derive(Debug, Subcommand)]
enum Keys {
	/// Make the keys, unless they are there
	Generate {
		#[command(flatten)]
		size: SizeArgs,
		/// Directory where the key file is or will be
		#[arg(long)]
		dir: PathBuf,
	},
	/// Write the verifying key: 768 bytes, as a chain takes it
	ExportVk {
		#[command(flatten)]
		size: SizeArgs,
		/// Directory where the key file is or will be
		#[arg(long)]
		dir: PathBuf,
		/// File to write
		#[arg(long)]
		out: PathBuf,
	},
}

#[derive(Debug, Subcommand)]
enum GenesisCommand {
	/// Write the demo rollup's genesis file, an example of the format
	ExportDemo {
		/// File to write
		#[arg(long)]
		out: PathBuf,
	},
	/// Write the state root before the first batch: 32 bytes
	ExportRoot {
		/// The genesis file [default: the demo rollup's]
		#[arg(long)]
		genesis: Option<PathBuf>,
		/// File to write
		#[arg(long)]
		out: PathBuf,
	},
}

/// Does a command.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
	let json = arguments.json;
	let facts = match arguments.command {
		Command::Owner(command) => return owner::run(command, json).await,
		Command::Keys(command) => keys(&command),
		Command::Genesis(command) => genesis(&command),
		Command::Info(size) => info(size.shape.into()),
	};
	finish(facts.and_then(|facts| Ok(pvs_text::print(text(&facts, json))?)))
}

fn keys(command: &Keys) -> Outcome<serde_json::Value> {
	match command {
		Keys::Generate { size, dir } => {
			let shape = size.shape.into();
			let keys = load(shape, dir)?;
			Ok(json!({
				"development_only": true,
				"key_file": dir.join(key_file(shape)).to_string_lossy(),
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
		Keys::ExportVk { size, dir, out } => {
			let keys = load(size.shape.into(), dir)?;
			write(out, keys.verifying_key())?;
			Ok(json!({
				"development_only": true,
				"written": out.to_string_lossy(),
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
	}
}

fn genesis(command: &GenesisCommand) -> Outcome<serde_json::Value> {
	match command {
		GenesisCommand::ExportDemo { out } => {
			let genesis = demo::genesis();
			write(out, format!("{}\n", serde_json::to_string_pretty(&genesis)?).as_bytes())?;
			Ok(json!({ "written": out.to_string_lossy(), "accounts": genesis.accounts.len() }))
		},
		GenesisCommand::ExportRoot { genesis, out } => {
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
	}
}

fn load(shape: Shape, dir: &Path) -> Outcome<proving::Keys> {
	Ok(proving::load_or_generate_for(shape, dir, &Loading::default())?)
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
