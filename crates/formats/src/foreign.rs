// SPDX-License-Identifier: Apache-2.0
//! What is read, and its way onto the wire.

use crate::{arkworks, error::FormatError, gnark, snarkjs, MAX_FILE_BYTES};
use ark_bn254::Bn254;
use ark_groth16::{Proof, VerifyingKey};
use pvs_primitives::{Bytes32, PROOF_BYTES, PUBLIC_INPUTS, VERIFYING_KEY_BYTES};
use std::{borrow::Cow, fmt};

/// What wrote a file. It has to be said: a key or a proof of gnark and one of arkworks can have the
/// same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
	/// JSON as snarkjs writes it: verification_key.json, proof.json, public.json
	Snarkjs,
	/// Binary as arkworks' CanonicalSerialize writes it, compressed or uncompressed
	Arkworks,
	/// Binary as gnark's WriteTo (compressed) or WriteRawTo (uncompressed) writes it
	Gnark,
}

impl Source {
	/// All of them.
	pub const ALL: [Self; 3] = [Self::Snarkjs, Self::Arkworks, Self::Gnark];

	/// What its files call the points of a key.
	fn point_names(self) -> PointNames {
		let [alpha, beta, gamma, delta, ic] = match self {
			Self::Snarkjs => ["vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"],
			Self::Arkworks => ["alpha_g1", "beta_g2", "gamma_g2", "delta_g2", "gamma_abc_g1"],
			Self::Gnark => ["G1.Alpha", "G2.Beta", "G2.Gamma", "G2.Delta", "G1.K"],
		};
		PointNames { alpha, beta, gamma, delta, ic }
	}
}

/// What a file calls the points of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointNames {
	/// Its alpha in G1.
	pub alpha: &'static str,
	/// Its beta in G2.
	pub beta: &'static str,
	/// Its gamma.
	pub gamma: &'static str,
	/// Its delta in G2.
	pub delta: &'static str,
	/// Its IC points.
	pub ic: &'static str,
}

impl fmt::Display for PointNames {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { alpha, beta, gamma, delta, ic } = self;
		write!(f, "alpha is {alpha}, beta {beta}, gamma {gamma}, delta {delta}, IC {ic}")
	}
}

impl fmt::Display for Source {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Snarkjs => "snarkjs",
			Self::Arkworks => "arkworks",
			Self::Gnark => "gnark",
		})
	}
}

/// How points are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
	/// Decimal strings.
	Json,
	/// `x` and which of two `y`.
	Compressed,
	/// Both coordinates.
	Uncompressed,
}

impl Encoding {
	pub(crate) fn binary(compressed: bool) -> Self {
		if compressed {
			Self::Compressed
		} else {
			Self::Uncompressed
		}
	}
}

impl fmt::Display for Encoding {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Json => "JSON",
			Self::Compressed => "compressed",
			Self::Uncompressed => "uncompressed",
		})
	}
}

/// A verifying key for any number of public inputs. Its points are on their curves, in their
/// subgroups and not the identity if it came out of [`read_key`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
	/// The points.
	pub points: VerifyingKey<Bn254>,
	/// Program that wrote it.
	pub source: Source,
	/// How.
	pub encoding: Encoding,
}

impl ForeignKey {
	/// The number of public inputs: one less than the IC points.
	pub fn public_inputs(&self) -> usize {
		self.points.gamma_abc_g1.len().saturating_sub(1)
	}

	/// The key as a rollup registers it: 768 bytes that [`pvs_verifier::prepare_key`] accepts.
	///
	/// # Errors
	///
	/// `WrongInputCount` unless there are four public inputs, `Forgeable` if the points are related so
	/// that proofs can be forged, and `KeyRefused` if `points` did not come out of [`read_key`].
	pub fn to_wire(&self) -> Result<[u8; VERIFYING_KEY_BYTES], FormatError> {
		let found = self.public_inputs();
		if found != PUBLIC_INPUTS {
			return Err(FormatError::WrongInputCount { found });
		}
		let bytes = pvs_verifier::encode_verifying_key(&self.points);
		bytes.and_then(|bytes| pvs_verifier::prepare_key(&bytes).map(|_| bytes)).map_err(|error| {
			if error.is_forgeable() {
				FormatError::Forgeable { relation: error, names: self.source.point_names() }
			} else {
				FormatError::KeyRefused(error)
			}
		})
	}
}

/// A proof. Its points are on their curves, in their subgroups and not the identity if it came out
/// of [`read_proof`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignProof {
	/// The points.
	pub points: Proof<Bn254>,
	/// Program that wrote it.
	pub source: Source,
	/// How.
	pub encoding: Encoding,
}

impl ForeignProof {
	/// The proof as `submit_proof` takes it: 256 bytes that [`pvs_verifier::decode_proof`] accepts.
	///
	/// # Errors
	///
	/// `ProofRefused` if `points` did not come out of [`read_proof`].
	pub fn to_wire(&self) -> Result<[u8; PROOF_BYTES], FormatError> {
		let bytes = pvs_verifier::encode_proof(&self.points);
		pvs_verifier::decode_proof(&bytes).map_err(FormatError::ProofRefused)?;
		Ok(bytes)
	}
}

/// Reads a verifying key and checks its points.
///
/// # Errors
///
/// One [`FormatError`] per cause: what the file is not comes before what is wrong with its points,
/// and those are checked in the order of the file.
pub fn read_key(source: Source, bytes: &[u8]) -> Result<ForeignKey, FormatError> {
	within_limit(bytes)?;
	let (points, encoding) = match source {
		Source::Snarkjs => (snarkjs::read_key(bytes)?, Encoding::Json),
		Source::Arkworks => arkworks::read_key(bytes)?,
		Source::Gnark => gnark::read_key(bytes)?,
	};
	Ok(ForeignKey { points, source, encoding })
}

/// Reads a proof and checks its points.
///
/// # Errors
///
/// As [`read_key`].
pub fn read_proof(source: Source, bytes: &[u8]) -> Result<ForeignProof, FormatError> {
	within_limit(bytes)?;
	let (points, encoding) = match source {
		Source::Snarkjs => (snarkjs::read_proof(bytes)?, Encoding::Json),
		Source::Arkworks => arkworks::read_proof(bytes)?,
		Source::Gnark => gnark::read_proof(bytes)?,
	};
	Ok(ForeignProof { points, source, encoding })
}

/// Reads any number of public inputs: 32 bytes big-endian each, below the modulus.
///
/// snarkjs: public.json. arkworks: `Vec<Fr>`. gnark: a public witness, today's layout or the old one
/// without the numbers of public and secret values.
///
/// # Errors
///
/// As [`read_key`].
pub fn read_public_inputs(source: Source, bytes: &[u8]) -> Result<Vec<Bytes32>, FormatError> {
	within_limit(bytes)?;
	match source {
		Source::Snarkjs => snarkjs::read_public_inputs(bytes),
		Source::Arkworks => arkworks::read_public_inputs(bytes),
		Source::Gnark => gnark::read_public_inputs(bytes),
	}
}

/// The bytes of a key as a chain takes it, from a file with the bytes or with their hex digits, as
/// `key import --hex` writes them. What they are is not checked.
pub fn wire_key(file: &[u8]) -> Cow<'_, [u8]> {
	let digits = pvs_text::decode(file).ok().and_then(|text| {
		let text = text.trim();
		hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
	});
	// The points of a key are no hex digits, and nothing is no key.
	digits.filter(|bytes| !bytes.is_empty()).map_or(Cow::Borrowed(file), Cow::Owned)
}

/// The four public inputs of layout v1.
///
/// # Errors
///
/// `WrongInputCount` if there are not four.
pub fn to_layout_v1(inputs: &[Bytes32]) -> Result<[Bytes32; PUBLIC_INPUTS], FormatError> {
	inputs.try_into().map_err(|_| FormatError::WrongInputCount { found: inputs.len() })
}

fn within_limit(bytes: &[u8]) -> Result<(), FormatError> {
	if bytes.len() > MAX_FILE_BYTES {
		return Err(FormatError::TooLarge { has: bytes.len(), limit: MAX_FILE_BYTES });
	}
	Ok(())
}
