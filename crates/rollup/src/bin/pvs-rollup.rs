// SPDX-License-Identifier: Apache-2.0
//! Keys and facts of the reference rollup.

use clap::{Parser, Subcommand};
use pvs_primitives::hash::blake2_256;
use pvs_rollup::{
	circuit::Constraints,
	demo,
	proving::{self, DevelopmentKeys, KEY_FILE},
	shape,
	state::State,
};
use serde_json::json;
use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
	process::ExitCode,
};

/// Keys and facts of the reference payments rollup of PVS.
#[derive(Parser)]
#[command(name = "pvs-rollup", version, about)]
struct Arguments {
	/// Prints JSON.
	#[arg(long, global = true)]
	json: bool,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Proving and verifying keys, made from a public seed: development only.
	#[command(subcommand)]
	Keys(Keys),
	/// The demo rollup's first state.
	#[command(subcommand)]
	Genesis(GenesisCommand),
	/// Size of the circuit, length of a batch, hash of the verifying key, genesis root.
	Info,
}

#[derive(Subcommand)]
enum Keys {
	/// Makes the keys, unless they are there.
	Generate {
		/// Where the key file is or will be.
		#[arg(long)]
		dir: PathBuf,
	},
	/// Writes the verifying key: 768 bytes, as a chain takes it.
	ExportVk {
		/// Where the key file is or will be.
		#[arg(long)]
		dir: PathBuf,
		/// The file to write.
		#[arg(long)]
		out: PathBuf,
	},
}

#[derive(Subcommand)]
enum GenesisCommand {
	/// Writes the state root before the first batch: 32 bytes.
	ExportRoot {
		/// The file to write.
		#[arg(long)]
		out: PathBuf,
	},
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	match run(&arguments) {
		Ok(facts) => {
			print(&facts, arguments.json);
			ExitCode::SUCCESS
		},
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		},
	}
}

fn run(arguments: &Arguments) -> Outcome<serde_json::Value> {
	match &arguments.command {
		Command::Keys(Keys::Generate { dir }) => {
			let keys = load(dir)?;
			Ok(json!({
				"development_only": true,
				"key_file": dir.join(KEY_FILE),
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
		Command::Keys(Keys::ExportVk { dir, out }) => {
			let keys = load(dir)?;
			write(out, keys.verifying_key())?;
			Ok(json!({
				"development_only": true,
				"written": out,
				"verifying_key_hash": hexadecimal(&keys.verifying_key_hash()),
			}))
		},
		Command::Genesis(GenesisCommand::ExportRoot { out }) => {
			let root = genesis_root()?;
			write(out, &root)?;
			Ok(json!({ "written": out, "genesis_root": hexadecimal(&root) }))
		},
		Command::Info => info(),
	}
}

fn load(dir: &Path) -> Outcome<DevelopmentKeys> {
	Ok(proving::load_or_generate(dir, &proving::Terminal::default())?)
}

fn info() -> Outcome<serde_json::Value> {
	let constraints = Constraints::synthesise()?;
	Ok(json!({
		"constraints": constraints.len(),
		"public_inputs": constraints.instance_variables - 1,
		"witness_variables": constraints.witness_variables,
		"domain_size": constraints.domain_size(),
		"batch_transfers": shape::BATCH_TRANSFERS,
		"transfer_bytes": shape::TRANSFER_BYTES,
		"data_len": shape::DATA_LEN,
		"tree_depth": shape::TREE_DEPTH,
		"max_accounts": shape::MAX_ACCOUNTS,
		"verifying_key_hash": hexadecimal(&blake2_256(&[demo::VERIFYING_KEY])),
		"genesis_root": hexadecimal(&genesis_root()?),
	}))
}

fn genesis_root() -> Outcome<[u8; 32]> {
	Ok(State::from_genesis(&demo::genesis())?.root())
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
	fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
	Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn print(facts: &serde_json::Value, json: bool) {
	if json {
		println!("{facts:#}");
		return;
	}
	for (name, value) in facts.as_object().into_iter().flatten() {
		let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
		println!("{:<20} {shown}", name.replace('_', " "));
	}
}
