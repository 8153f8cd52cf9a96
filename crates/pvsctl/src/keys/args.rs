// SPDX-License-Identifier: Apache-2.0
//! The command line.

use clap::{
	builder::{PossibleValuesParser, TypedValueParser},
	Args, Subcommand,
};
use pvs_formats::Source;
use std::path::PathBuf;

const KEY_EXAMPLES: &str = "\
Examples:
  Write verification_key.pvskey, 768 bytes, and its hex digits beside it:
    pvsctl keys import --from snarkjs verification_key.json --hex
  A key that gnark wrote, under another name:
    pvsctl keys import --from gnark vk.bin --output rollup.pvskey
  Check a key before registering it:
    pvsctl keys show rollup.pvskey --json";

const PROOF_EXAMPLES: &str = "\
Examples:
  Write proof.pvsproof, 256 bytes:
    pvsctl keys import-proof --from snarkjs proof.json
  Verify it first as the chain would:
    pvsctl keys import-proof --from snarkjs proof.json --key rollup.pvskey --public public.json
  The same with the public inputs written out:
    pvsctl keys import-proof --from gnark proof.bin --key rollup.pvskey --inputs 1,2,3,4";

/// Commands for keys and proofs of other tools.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
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
	/// Check a proof and write the 256 bytes that submit_proof takes
	///
	/// With --key, the proof is also verified as the chain does it. Nothing is written if it does
	/// not hold.
	#[command(after_help = PROOF_EXAMPLES)]
	ImportProof(ImportProof),
}

impl Command {
	/// Returns whether to print JSON.
	pub(crate) fn json(&self) -> bool {
		match self {
			Self::Import(args) => args.json,
			Self::Show(args) => args.json,
			Self::ImportProof(args) => args.json,
		}
	}
}

/// Reads the name of a tool.
fn source() -> impl TypedValueParser<Value = Source> {
	PossibleValuesParser::new(["snarkjs", "arkworks", "gnark"]).map(|name| match name.as_str() {
		"snarkjs" => Source::Snarkjs,
		"arkworks" => Source::Arkworks,
		_ => Source::Gnark,
	})
}

/// Options of `import`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportKey {
	/// Tool that wrote the key: snarkjs (JSON), arkworks or gnark (binary, compressed or not)
	#[arg(long, value_parser = source(), value_name = "TOOL")]
	pub(crate) from: Source,
	/// The key
	#[arg(value_name = "FILE")]
	pub(crate) file: PathBuf,
	/// File to write [default: FILE with the extension .pvskey]
	#[arg(long, value_name = "FILE")]
	pub(crate) output: Option<PathBuf>,
	/// Write the bytes as 0x and hex digits too, into a second file with .hex at the end of its name
	#[arg(long)]
	pub(crate) hex: bool,
	/// Replace files that exist
	#[arg(long)]
	pub(crate) force: bool,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}

/// Options of `show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowKey {
	/// The key, 768 bytes or their hex digits
	#[arg(value_name = "FILE")]
	pub(crate) file: PathBuf,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}

/// Options of `import-proof`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportProof {
	/// Tool that wrote the proof, and the file of --public: snarkjs (JSON), arkworks or gnark (binary)
	#[arg(long, value_parser = source(), value_name = "TOOL")]
	pub(crate) from: Source,
	/// The proof
	#[arg(value_name = "FILE")]
	pub(crate) file: PathBuf,
	/// Verify the proof under this key, a file of 768 bytes as `keys import` writes it
	#[arg(long, value_name = "FILE", requires = "statement")]
	pub(crate) key: Option<PathBuf>,
	/// The public inputs to verify for, as the same tool writes them
	#[arg(long, value_name = "FILE", requires = "key", group = "statement")]
	pub(crate) public: Option<PathBuf>,
	/// The public inputs to verify for, four numbers: decimal, or 0x and 64 hex digits
	#[arg(
		long,
		value_name = "A,B,C,D",
		requires = "key",
		group = "statement",
		value_delimiter = ','
	)]
	pub(crate) inputs: Vec<String>,
	/// File to write [default: FILE with the extension .pvsproof]
	#[arg(long, value_name = "FILE")]
	pub(crate) output: Option<PathBuf>,
	/// Replace a file that exists
	#[arg(long)]
	pub(crate) force: bool,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}
