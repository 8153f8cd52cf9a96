// SPDX-License-Identifier: Apache-2.0
//! Why a file is refused: one variant for each cause, in the words of the format it came from.

use crate::PointNames;
use pvs_text::TextError;
use pvs_verifier::{KeyError, ProofError};

/// Why a file is not a key, a proof or a list of public inputs that a chain takes.
///
/// `point`, `field` and `place` are the names of the source: `vk_beta_2`, `G1.K[3]`, `delta_g2`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
	/// The file is larger than [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES).
	#[error("the file has {has} bytes, at most {limit} are read; is it a proving key?")]
	TooLarge {
		/// Bytes of the file.
		has: usize,
		/// The limit.
		limit: usize,
	},
	/// The file is not JSON.
	#[error("not JSON: {0}")]
	NotJson(String),
	/// The file is not even text.
	#[error("not JSON: {0}")]
	NotText(TextError),
	/// A field is missing.
	#[error("the field {field} is missing")]
	MissingField {
		/// Name of the field.
		field: String,
	},
	/// A field holds something else than it should.
	#[error("{field} must be {expected}")]
	WrongShape {
		/// Name of the field.
		field: String,
		/// What it should hold.
		expected: String,
	},
	/// A number is not a string of decimal digits without leading zeros.
	#[error("{field} must be a string of decimal digits, found {found}")]
	NotDecimal {
		/// Name of the field.
		field: String,
		/// The start of what it holds.
		found: String,
	},
	/// A number is not below the modulus of its field.
	#[error("{place} is not below the modulus of BN254's {modulus} field; reduce it")]
	NotBelowModulus {
		/// Name of the number.
		place: String,
		/// `base` (coordinates) or `scalar` (public inputs).
		modulus: &'static str,
	},
	/// The file is of another curve.
	#[error("the curve must be BN254 (bn128), found {found}")]
	WrongCurve {
		/// The value that was found.
		found: String,
	},
	/// The file is of another proof system.
	#[error("the protocol must be groth16, found {found}")]
	WrongProtocol {
		/// The value that was found.
		found: String,
	},
	/// snarkjs' `nPublic` and the number of IC points contradict each other.
	#[error("nPublic is {n_public}, but IC has {ic} points instead of nPublic + 1")]
	InputCountDisagrees {
		/// What `nPublic` says.
		n_public: u64,
		/// Points in `IC`.
		ic: usize,
	},
	/// There are not exactly four public inputs.
	#[error(
		"{found} public inputs, the chain needs exactly 4: prev_state_root, next_state_root, \
		 data_commitment, binding"
	)]
	WrongInputCount {
		/// Their number.
		found: usize,
	},
	/// A point of snarkjs is not given by its affine coordinates.
	#[error("{point} must be affine, with 1 as its last coordinate")]
	NotAffine {
		/// Name of the point.
		point: String,
	},
	/// A point is the identity.
	#[error("{point} is the identity (point at infinity), which no chain accepts")]
	Identity {
		/// Name of the point.
		point: String,
	},
	/// A point is not on its curve.
	#[error("{point} is not on its curve")]
	NotOnCurve {
		/// Name of the point.
		point: String,
	},
	/// A point of G2 is outside the subgroup of prime order.
	#[error("{point} is outside the subgroup of prime order")]
	NotInSubgroup {
		/// Name of the point.
		point: String,
	},
	/// The flag bits of a point mean nothing, or not what the rest of the file says.
	#[error("{point} has the flag bits {flags:02b}: {problem}")]
	BadFlags {
		/// Name of the point.
		point: String,
		/// The two bits.
		flags: u8,
		/// Their fault.
		problem: &'static str,
	},
	/// The file ends early.
	#[error("truncated: needs {needs} bytes, has {has}")]
	Truncated {
		/// Bytes that such a file has at least.
		needs: usize,
		/// Bytes of the file.
		has: usize,
	},
	/// The file goes on after its end.
	#[error("{left} bytes are left over at the end")]
	ExtraBytes {
		/// Their number.
		left: usize,
	},
	/// A length in the file is more than any file that is read can hold.
	#[error("{field} claims {count} elements, more than a file of {limit} bytes can hold")]
	BadCount {
		/// Name of the field.
		field: &'static str,
		/// The value in the file.
		count: u64,
		/// The largest file that is read.
		limit: usize,
	},
	/// gnark's extension of Groth16 by Pedersen commitments.
	#[error(
		"{count} gnark commitments: they need another pairing equation than Groth16's, which the \
		 chain does not check; build the circuit without api.Commit (range checks and lookups use it)"
	)]
	Commitments {
		/// Their number.
		count: u32,
	},
	/// A gnark witness holds secret values.
	#[error("the witness holds {count} secret values; write its public part only")]
	SecretValues {
		/// Their number.
		count: u32,
	},
	/// The points are related so that anyone can forge proofs.
	#[error("proofs can be forged under this key: {relation} ({names})")]
	Forgeable {
		/// How they are related, and what to do.
		relation: KeyError,
		/// What the file calls them.
		names: PointNames,
	},
	/// The chain's own check refuses the key, after everything above.
	#[error("the chain would refuse the key: {0}")]
	KeyRefused(KeyError),
	/// The chain's own check refuses the proof, after everything above.
	#[error("the chain would refuse the proof: {0}")]
	ProofRefused(ProofError),
}
