// SPDX-License-Identifier: Apache-2.0
//! Messages that go over the pipe. `docs/provers.md` describes it for authors of programs.
//!
//! | method | params | result |
//! | --- | --- | --- |
//! | `genesis` | `version` | `version`, `root`, `state` |
//! | `execute` | `state`, `data` | `root`, `state` |
//! | `prove` | `state`, `data`, `inputs` | `proof` |
//!
//! Bytes are hex digits after `0x`, big-endian where they are a field element; `inputs` are decimal
//! strings, as circom and snarkjs take them.

use num_bigint::BigUint;
use pvs_primitives::{field::is_canonical, public_inputs::PublicInputs, Bytes32, PROOF_BYTES};
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::{json, Value};
use std::sync::Arc;

/// The version of this protocol.
pub(crate) const VERSION: u32 = 1;
/// Length of the part of a foreign text that goes into an error, in characters.
const QUOTE_LENGTH: usize = 80;

/// Method that the program is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
	/// The first state.
	Genesis,
	/// The state after a batch.
	Execute,
	/// The proof of a batch.
	Prove,
}

impl Method {
	/// The method's name in a request.
	pub(crate) fn name(self) -> &'static str {
		match self {
			Self::Genesis => "genesis",
			Self::Execute => "execute",
			Self::Prove => "prove",
		}
	}
}

/// The rollup's first state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Genesis {
	/// Its root.
	pub(crate) root: Bytes32,
	/// The state in the program's own words.
	pub(crate) state: Arc<str>,
}

/// The state after a batch.
pub(crate) type After = Genesis;

/// A request as one line.
pub(crate) fn request(id: u64, method: Method, params: Value) -> String {
	let mut line = json!({ "id": id, "method": method.name(), "params": params }).to_string();
	line.push('\n');
	line
}

/// Returns what `genesis` is asked with.
pub(crate) fn genesis_params() -> Value {
	json!({ "version": VERSION })
}

/// Returns what `execute` is asked with.
pub(crate) fn execute_params(state: &str, data: &[u8]) -> Value {
	json!({ "state": state, "data": format!("0x{}", hex::encode(data)) })
}

/// Returns what `prove` is asked with.
pub(crate) fn prove_params(state: &str, data: &[u8], inputs: &PublicInputs) -> Value {
	let mut params = execute_params(state, data);
	params["inputs"] =
		inputs.to_array().iter().map(|input| BigUint::from_bytes_be(input).to_string()).collect();
	params
}

#[derive(Deserialize)]
struct Answer {
	id: u64,
	result: Option<Value>,
	error: Option<String>,
}

/// The result in the answer to request `id`, or the program's own error.
pub(crate) fn answer(line: &[u8], id: u64) -> Result<Result<Value, String>, String> {
	let text = core::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
	let answer: Answer = serde_json::from_str(text)
		.map_err(|error| format!("{error} in the line {}", quote(text)))?;
	if answer.id != id {
		return Err(format!("it is the answer to request {}, not to {id}", answer.id));
	}
	match (answer.result, answer.error) {
		(Some(result), None) => Ok(Ok(result)),
		(None, Some(error)) => Ok(Err(quote(&error))),
		_ => Err("it needs either a `result` or an `error`".into()),
	}
}

/// Reads the result of `genesis`.
pub(crate) fn genesis(result: Value) -> Result<Genesis, String> {
	let version = result.get("version").cloned().unwrap_or_default();
	if version != VERSION {
		return Err(format!("its `version` is {version}, this prover speaks {VERSION}"));
	}
	after(result)
}

/// Reads the result of `execute`.
pub(crate) fn after(result: Value) -> Result<After, String> {
	#[derive(Deserialize)]
	struct Raw {
		root: String,
		state: String,
	}
	let Raw { root, state } = from(result)?;
	let root = hex_array("root", &root)?;
	if !is_canonical(&root) {
		return Err("its `root` is not below the modulus of BN254's scalar field".into());
	}
	Ok(After { root, state: state.into() })
}

/// Reads the result of `prove`: an object as snarkjs writes it, or our own bytes.
pub(crate) fn proof(result: Value) -> Result<[u8; PROOF_BYTES], String> {
	#[derive(Deserialize)]
	struct Raw {
		proof: Value,
	}
	let Raw { proof } = from(result)?;
	match &proof {
		Value::String(digits) => hex_array("proof", digits),
		Value::Object(_) => {
			pvs_formats::read_proof(pvs_formats::Source::Snarkjs, proof.to_string().as_bytes())
				.and_then(|proof| proof.to_wire())
				.map_err(|error| format!("its `proof`: {error}"))
		},
		_ => Err("its `proof` is neither a string nor an object".into()),
	}
}

fn from<R: DeserializeOwned>(result: Value) -> Result<R, String> {
	serde_json::from_value(result).map_err(|error| format!("its `result`: {error}"))
}

fn hex_array<const N: usize>(field: &str, digits: &str) -> Result<[u8; N], String> {
	let wrong = || format!("its `{field}` is not 0x and {} hex digits", N.saturating_mul(2));
	let digits = digits.strip_prefix("0x").ok_or_else(wrong)?;
	let mut bytes = [0; N];
	hex::decode_to_slice(digits, &mut bytes).map_err(|_| wrong())?;
	Ok(bytes)
}

/// A text by somebody else, short, on one line and without control characters.
fn quote(text: &str) -> String {
	let clean = |c: char| if c.is_control() { ' ' } else { c };
	let mut quoted: String = text.trim().chars().take(QUOTE_LENGTH).map(clean).collect();
	if text.trim().chars().nth(QUOTE_LENGTH).is_some() {
		quoted.push_str("...");
	}
	quoted
}
