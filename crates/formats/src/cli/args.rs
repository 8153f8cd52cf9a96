// SPDX-License-Identifier: Apache-2.0
//! The command line.

use crate::Source;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const KEY_EXAMPLES: &str = "\
Examples:
  Write verification_key.pvskey, 768 bytes, and its hex digits beside it:
    pvs-prover key import --from snarkjs verification_key.json --hex
  A key that gnark wrote, under another name:
    pvs-prover key import --from gnark vk.bin --output rollup.pvskey
  Check a key before registering it:
    pvs-prover key show rollup.pvskey --json";

const PROOF_EXAMPLES: &str = "\
Examples:
  Write proof.pvsproof, 256 bytes:
    pvs-prover proof import --from snarkjs proof.json
  Verify it first as the chain would:
    pvs-prover proof import --from snarkjs proof.json --key rollup.pvskey --public public.json
  The same with the public inputs written out:
    pvs-prover proof import --from gnark proof.bin --key rollup.pvskey --inputs 1,2,3,4";

/// Commands for keys and proofs of other tools.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
	/// Verifying keys of snarkjs, arkworks and gnark, as a rollup registers them
	#[command(subcommand, after_help = KEY_EXAMPLES)]
	Key(KeyCommand),
	/// Proofs of snarkjs, arkworks and gnark, as submit_proof takes them
	#[command(subcommand, after_help = PROOF_EXAMPLES)]
	Proof(ProofCommand),
}

impl Command {
	/// Returns true if JSON is to be printed.
	pub fn json(&self) -> bool {
		match self {
			Self::Key(KeyCommand::Import(args)) => args.json,
			Self::Key(KeyCommand::Show(args)) => args.json,
			Self::Proof(ProofCommand::Import(args)) => args.json,
		}
	}
}

/// Commands for verifying keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
	/// Check a key for four public inputs and write the 768 bytes that register_rollup takes
	///
	/// Groth16 over BN254 only. The circuit's public inputs must be prev_state_root,
	/// next_state_root, data_commitment and binding, in this order. Nothing is written if the key
	/// would be refused by the chain.
	#[command(after_help = KEY_EXAMPLES)]
	Import(ImportKey),
	/// Check a key of 768 bytes, or their hex digits, and show its hash
	#[command(after_help = KEY_EXAMPLES)]
	Show(ShowKey),
}

/// Commands for proofs.
#[derive(Clone, Debug, Subcommand)]
pub enum ProofCommand {
	/// Check a proof and write the 256 bytes that submit_proof takes
	///
	/// With --key, the proof is also verified as the chain does it. Nothing is written if it does
	/// not hold.
	#[command(after_help = PROOF_EXAMPLES)]
	Import(ImportProof),
}

/// What `key import` needs.
#[derive(Clone, Debug, Args)]
pub struct ImportKey {
	/// The tool that wrote the key
	#[arg(long, value_enum, value_name = "TOOL")]
	pub from: Source,
	/// The key
	#[arg(value_name = "FILE")]
	pub file: PathBuf,
	/// File to write [default: FILE with the extension .pvskey]
	#[arg(long, value_name = "FILE")]
	pub output: Option<PathBuf>,
	/// Write the bytes as 0x and hex digits too, into a second file with .hex at the end of its name
	#[arg(long)]
	pub hex: bool,
	/// Replace files that exist
	#[arg(long)]
	pub force: bool,
	/// Print one JSON object
	#[arg(long)]
	pub json: bool,
}

/// What `key show` needs.
#[derive(Clone, Debug, Args)]
pub struct ShowKey {
	/// The key, 768 bytes or their hex digits
	#[arg(value_name = "FILE")]
	pub file: PathBuf,
	/// Print one JSON object
	#[arg(long)]
	pub json: bool,
}

/// What `proof import` needs.
#[derive(Clone, Debug, Args)]
pub struct ImportProof {
	/// The tool that wrote the proof, and the file of --public
	#[arg(long, value_enum, value_name = "TOOL")]
	pub from: Source,
	/// The proof
	#[arg(value_name = "FILE")]
	pub file: PathBuf,
	/// Verify the proof under this key, a file of 768 bytes as `key import` writes it
	#[arg(long, value_name = "FILE", requires = "statement")]
	pub key: Option<PathBuf>,
	/// The public inputs to verify for, as the same tool writes them
	#[arg(long, value_name = "FILE", requires = "key", group = "statement")]
	pub public: Option<PathBuf>,
	/// The public inputs to verify for, four numbers: decimal, or 0x and 64 hex digits
	#[arg(
		long,
		value_name = "A,B,C,D",
		requires = "key",
		group = "statement",
		value_delimiter = ','
	)]
	pub inputs: Vec<String>,
	/// File to write [default: FILE with the extension .pvsproof]
	#[arg(long, value_name = "FILE")]
	pub output: Option<PathBuf>,
	/// Replace a file that exists
	#[arg(long)]
	pub force: bool,
	/// Print one JSON object
	#[arg(long)]
	pub json: bool,
}
