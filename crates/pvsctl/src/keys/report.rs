// SPDX-License-Identifier: Apache-2.0
//! Report of a command.

use super::file::hexadecimal;
use pvs_formats::{Encoding, Source, INPUT_NAMES};
use pvs_primitives::{Bytes32, PROOF_BYTES, PUBLIC_INPUTS, VERIFYING_KEY_BYTES};
use pvs_verifier::PREPARED_KEY_BYTES;
use serde_json::{json, Value};
use std::path::PathBuf;

/// Report of a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Report {
	/// About a verifying key.
	Key(KeyReport),
	/// About a proof.
	Proof(ProofReport),
}

/// A key that a chain accepts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyReport {
	/// `blake2_256` of the 768 bytes: by it a prover finds what a rollup needs.
	pub(crate) hash: Bytes32,
	/// What it was read as; `None` if it had our form already.
	pub(crate) read_as: Option<(Source, Encoding)>,
	/// File of its 768 bytes.
	pub(crate) file: PathBuf,
	/// Where they are as hex digits.
	pub(crate) hex_file: Option<PathBuf>,
}

/// A proof whose points are in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProofReport {
	/// `blake2_256` of the 256 bytes: the `proof_commitment` of a bid.
	pub(crate) proof_commitment: Bytes32,
	/// Program that wrote it.
	pub(crate) source: Source,
	/// How.
	pub(crate) encoding: Encoding,
	/// The hash of the key under which it holds, if that was asked.
	pub(crate) verified_under: Option<Bytes32>,
	/// File of its 256 bytes.
	pub(crate) file: PathBuf,
}

impl Report {
	/// The report as lines, or as one JSON object.
	pub(crate) fn text(&self, json: bool) -> String {
		if json {
			return self.to_json().to_string();
		}
		let lines = self.lines().into_iter().map(|(name, value)| format!("{name:<17} {value}"));
		lines.collect::<Vec<_>>().join("\n")
	}

	/// The report as one JSON object. Of a path that is not Unicode it shows what is.
	pub(crate) fn to_json(&self) -> Value {
		match self {
			Self::Key(key) => json!({
				"hash": hexadecimal(&key.hash),
				"curve": "bn254",
				"protocol": "groth16",
				"public_inputs": INPUT_NAMES,
				"read_as": key.read_as.map(|(source, encoding)| json!({
					"tool": source.to_string(),
					"encoding": encoding.to_string().to_lowercase(),
				})),
				"file": key.file.to_string_lossy(),
				"hex_file": key.hex_file.as_ref().map(|file| file.to_string_lossy()),
				"cost": {
					"key_bytes": VERIFYING_KEY_BYTES,
					"state_bytes": PREPARED_KEY_BYTES,
					"proof_bytes": PROOF_BYTES,
					"registered_by": "register_rollup",
					"proved_by": "submit_proof",
				},
			}),
			Self::Proof(proof) => json!({
				"proof_commitment": hexadecimal(&proof.proof_commitment),
				"curve": "bn254",
				"protocol": "groth16",
				"read_as": {
					"tool": proof.source.to_string(),
					"encoding": proof.encoding.to_string().to_lowercase(),
				},
				"verified": proof.verified_under.is_some(),
				"key_hash": proof.verified_under.map(|hash| hexadecimal(&hash)),
				"file": proof.file.to_string_lossy(),
			}),
		}
	}

	fn lines(&self) -> Vec<(&'static str, String)> {
		match self {
			Self::Key(key) => key.lines(),
			Self::Proof(proof) => proof.lines(),
		}
	}
}

impl KeyReport {
	fn lines(&self) -> Vec<(&'static str, String)> {
		let mut lines = vec![
			("hash", hexadecimal(&self.hash)),
			("curve", "BN254, Groth16".into()),
			("public inputs", format!("{PUBLIC_INPUTS}: {}", INPUT_NAMES.join(", "))),
		];
		lines.extend(self.read_as.map(|(source, encoding)| ("read as", read_as(source, encoding))));
		lines.push(("key", format!("{} ({VERIFYING_KEY_BYTES} bytes)", self.file.display())));
		lines.extend(self.hex_file.iter().map(|file| ("hex digits", file.display().to_string())));
		lines.push((
			"cost of the key",
			format!(
				"register_rollup, once: {VERIFYING_KEY_BYTES} bytes in the block, \
				 {PREPARED_KEY_BYTES} in state (prepared)"
			),
		));
		lines.push((
			"cost of a proof",
			format!("submit_proof: {PROOF_BYTES} bytes in the block, none in state"),
		));
		lines.push((
			"time",
			"the weights of these two calls on your chain; every key for 4 inputs costs the same"
				.into(),
		));
		lines
	}
}

impl ProofReport {
	fn lines(&self) -> Vec<(&'static str, String)> {
		let verified = match &self.verified_under {
			Some(hash) => format!("holds under the key {}", hexadecimal(hash)),
			None => "not asked: name --key, and --public or --inputs".into(),
		};
		vec![
			("proof_commitment", hexadecimal(&self.proof_commitment)),
			("curve", "BN254, Groth16".into()),
			("read as", read_as(self.source, self.encoding)),
			("verified", verified),
			("proof", format!("{} ({PROOF_BYTES} bytes)", self.file.display())),
		]
	}
}

fn read_as(source: Source, encoding: Encoding) -> String {
	format!("{source}, {encoding}")
}
