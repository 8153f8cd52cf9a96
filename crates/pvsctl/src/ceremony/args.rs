// SPDX-License-Identifier: Apache-2.0
//! The command line.

use clap::{Args, Subcommand};
use pvs_ceremony::{Name, MAX_ITERATIONS_LOG2, MIN_ITERATIONS_LOG2};
use pvs_primitives::Bytes32;
use pvs_rollup::shape::Shape;
use std::{path::PathBuf, str::FromStr};

const EXAMPLES: &str = "\
Examples:
  The coordinator starts, from powers of tau in a snarkjs file:
    pvsctl ceremony start --shape small --powers powers_16.ptau --out 0000.pvsc
  Each contributor, one after the other, keeps the hash that this prints:
    pvsctl ceremony contribute --in 0000.pvsc --out 0001.pvsc --name \"Alice\"
  Public randomness that nobody knew before the last contribution was published:
    pvsctl ceremony beacon --in 0001.pvsc --out 0002.pvsc --value 0x5f2c...e1 --iterations-log2 20
  Anybody, and each contributor with their hash; the beacon as looked up at its source:
    pvsctl ceremony verify --shape small --powers powers_16.ptau --expect 0x93d1...07 --beacon 0x5f2c...e1 0002.pvsc
  The key for pvsctl prover run --proving-key:
    pvsctl ceremony finalize --shape small --powers powers_16.ptau --beacon 0x5f2c...e1 --in 0002.pvsc --dir keys";

/// Options and command.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
	/// Print one JSON object
	#[arg(long, global = true)]
	pub(crate) json: bool,
	/// Command to run
	#[command(subcommand)]
	pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Make the first parameters of a circuit from powers of tau
	Start {
		#[command(flatten)]
		ground: Ground,
		/// File to write
		#[arg(long, value_name = "FILE")]
		out: PathBuf,
	},
	/// Multiply the parameters by a secret that is then forgotten
	Contribute {
		#[command(flatten)]
		step: Step,
		/// File with anything unpredictable, mixed into the system's randomness; up to 16 MiB are
		/// read
		#[arg(long, value_name = "FILE")]
		entropy_file: Option<PathBuf>,
	},
	/// Multiply the parameters by public randomness
	Beacon {
		#[command(flatten)]
		step: Step,
		/// The randomness, 16 to 128 bytes in hex, such as the hash of a block announced beforehand
		#[arg(long, value_name = "HEX")]
		value: String,
		/// How often to hash it, as a power of two
		#[arg(long, value_name = "N", value_parser = clap::value_parser!(u8)
			.range(i64::from(MIN_ITERATIONS_LOG2)..=i64::from(MAX_ITERATIONS_LOG2)))]
		iterations_log2: u8,
	},
	/// Check a whole transcript against the circuit and the powers of tau
	Verify {
		#[command(flatten)]
		ground: Ground,
		/// Hash of a contribution that must be in the transcript. Give it again for each further one
		#[arg(long, value_name = "HEX", value_parser = parse_hash)]
		expect: Vec<Bytes32>,
		/// Value of the beacon that the transcript must end with, as you looked it up at the source
		/// that was announced
		#[arg(long, value_name = "HEX")]
		beacon: Option<BeaconValue>,
		/// File to check
		file: PathBuf,
	},
	/// Check a whole transcript and write the proving key, the verifying key and the transcript
	Finalize {
		#[command(flatten)]
		ground: Ground,
		/// Last file of the ceremony
		#[arg(long = "in", value_name = "FILE")]
		input: PathBuf,
		/// Directory to write into
		#[arg(long, value_name = "DIR")]
		dir: PathBuf,
		/// Hash that the verifying key must have
		#[arg(long, value_name = "HEX", value_parser = parse_hash)]
		pin: Option<Bytes32>,
		/// Value of the beacon that the transcript must end with, as you looked it up at the source
		/// that was announced
		#[arg(long, value_name = "HEX", conflicts_with = "without_beacon")]
		beacon: Option<BeaconValue>,
		/// Take a transcript that does not end with a beacon
		#[arg(long)]
		without_beacon: bool,
	},
	/// Show what a file says, without checking it against circuit and powers
	Inspect {
		/// File to show
		file: PathBuf,
	},
}

/// What the first parameters follow from.
#[derive(Debug, Args)]
pub(crate) struct Ground {
	/// Sizes of the reference rollup's circuit: small (4x16, powers of tau of power 16), large (7x20,
	/// power 17), or others as TRANSFERSxBITS of an account's index
	#[arg(long, value_name = "SHAPE", value_parser = parse_shape)]
	pub(crate) shape: Shape,
	/// Powers of tau, a .ptau file of snarkjs
	#[arg(long, value_name = "FILE")]
	pub(crate) powers: PathBuf,
}

/// From one file to the next.
#[derive(Debug, Args)]
pub(crate) struct Step {
	/// File of the contributor before
	#[arg(long = "in", value_name = "FILE")]
	pub(crate) input: PathBuf,
	/// File to write
	#[arg(long, value_name = "FILE")]
	pub(crate) out: PathBuf,
	/// Who contributes, up to 64 bytes; public
	#[arg(long, value_name = "TEXT", default_value = "")]
	pub(crate) name: Name,
}

/// The bytes of a beacon, of any length.
#[derive(Clone, Debug)]
pub(crate) struct BeaconValue(pub(crate) Vec<u8>);

impl FromStr for BeaconValue {
	type Err = hex::FromHexError;

	fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
		hex::decode(text.strip_prefix("0x").unwrap_or(text)).map(Self)
	}
}

fn parse_shape(text: &str) -> Result<Shape, String> {
	match text {
		"small" => return Ok(Shape::SMALL),
		"large" => return Ok(Shape::LARGE),
		_ => {},
	}
	let sizes = text.split_once('x').and_then(|(transfers, bits)| {
		let (transfers, bits) = (transfers.parse().ok()?, bits.parse::<usize>().ok()?);
		(bits % 2 == 0).then_some((transfers, bits / 2))
	});
	let (transfers, depth) = sizes.ok_or(
		"a shape is small, large, or transfers and bits of an index such as 4x16; the bits are even",
	)?;
	Shape::new(transfers, depth).map_err(|error| error.to_string())
}

fn parse_hash(text: &str) -> Result<Bytes32, String> {
	let mut hash = Bytes32::default();
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut hash)
		.map_err(|error| format!("a hash is 0x and 64 hex digits: {error}"))?;
	Ok(hash)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli::testing::parse, cli::Command as Group};

	fn command(line: &str) -> Result<Command, clap::Error> {
		parse(line.strip_prefix("pvsctl ").unwrap()).map(|group| match group {
			Group::Ceremony(arguments) => arguments.command,
			other => panic!("{other:?}"),
		})
	}

	#[test]
	fn shape_should_be_a_name_or_sizes_within_their_limits() {
		assert_eq!(parse_shape("small"), Ok(Shape::SMALL));
		assert_eq!(parse_shape("4x16"), Ok(Shape::SMALL));
		assert_eq!(parse_shape("7x20"), parse_shape("large"));
		assert_eq!(parse_shape("1x4"), Ok(Shape::new(1, 2).unwrap()));
		for wrong in ["", "x", "4", "4x", "4x17", "4x-16", "4x2^16", "tiny", "4x16x1"] {
			assert!(parse_shape(wrong).unwrap_err().contains("such as 4x16"), "{wrong}");
		}
		for beyond in ["0x16", "65x16", "4x2", "4x26"] {
			assert!(parse_shape(beyond).unwrap_err().contains("1 to 64 transfers"), "{beyond}");
		}
	}

	#[test]
	fn beacon_should_be_refused_when_its_iterations_are_out_of_range() {
		let parse = |iterations: u8| {
			let line = format!(
				"pvsctl ceremony beacon --in a --out b --value 00 --iterations-log2 {iterations}"
			);
			command(&line)
		};
		assert!(parse(MIN_ITERATIONS_LOG2).is_ok() && parse(MAX_ITERATIONS_LOG2).is_ok());
		assert!(parse(MIN_ITERATIONS_LOG2 - 1).is_err());
		assert!(parse(MAX_ITERATIONS_LOG2 + 1).is_err());
	}

	#[test]
	fn expected_beacon_should_be_hexadecimal_and_exclude_doing_without() {
		let parse = |options: &str| {
			let line = format!(
				"pvsctl ceremony finalize --shape small --powers p --in a --dir b {options}"
			);
			command(&line)
		};
		for value in ["0x00ff17", "00FF17"] {
			let Ok(Command::Finalize { beacon: Some(beacon), .. }) =
				parse(&format!("--beacon {value}"))
			else {
				panic!("{value} is not taken")
			};
			assert_eq!(beacon.0, [0, 0xff, 0x17]);
		}
		for wrong in ["--beacon 0x00f", "--beacon block", "--beacon 00ff17 --without-beacon"] {
			assert!(parse(wrong).is_err(), "{wrong}");
		}
	}
}
