// SPDX-License-Identifier: Apache-2.0
//! Key files of ceremonies, laid out as `key_file.rs` says.
//!
//! Such a key is pinned by the hash of its verifying key, comes from elsewhere and cannot be made again:
//! all its points are checked, what is wrong is an error, and the file stays as it is.

use super::{
	key_file::{circuit_digest, encode, Layout, DIGEST_BYTES, HEADER_BYTES, MAGIC},
	Keys, Origin, Progress, SetupError,
};
use crate::{circuit::Constraints, shape::Shape};
use ark_bn254::Bn254;
use ark_groth16::{ProvingKey, VerifyingKey};
use ark_serialize::{CanonicalDeserialize, SerializationError};
use pvs_files::read_bounded;
use pvs_primitives::{hash::blake2_256, Bytes32};
use pvs_verifier::KeyError;
use std::{
	io,
	path::{Path, PathBuf},
};

const CEREMONY_MAGIC: &[u8; 16] = b"pvs/key/v1\0\0\0\0\0\0";
const CEREMONY_TAG: &[u8; 32] = b"pvs/reference-rollup/circuit/v1\0";

/// Why a ceremony's key file is refused.
#[derive(Debug, thiserror::Error)]
pub enum PinnedKeyError {
	/// The file cannot be read.
	#[error("cannot read {path}: {source}")]
	Read {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file starts otherwise.
	#[error("{path} is not a key file of a ceremony, or one of another version")]
	NotAKeyFile {
		/// The file.
		path: PathBuf,
	},
	/// The file has a key that anybody can forge proofs for.
	#[error("{path} holds a development key, which is never pinned; name its directory instead")]
	DevelopmentKey {
		/// The file.
		path: PathBuf,
	},
	/// The key is for other constraints.
	#[error("{path} belongs to another circuit than that of batches of {shape}")]
	OtherCircuit {
		/// The file.
		path: PathBuf,
		/// That was asked for.
		shape: Shape,
	},
	/// The file is too short.
	#[error("{path} is truncated: it has {found} of {expected} bytes")]
	Truncated {
		/// The file.
		path: PathBuf,
		/// Of a key for this circuit, in bytes.
		expected: usize,
		/// In bytes.
		found: usize,
	},
	/// The file is too long.
	#[error("{path} has {extra} bytes after its end at {expected}")]
	ExtraBytes {
		/// The file.
		path: PathBuf,
		/// Of a key for this circuit, in bytes.
		expected: usize,
		/// In bytes.
		extra: usize,
	},
	/// A byte was changed.
	#[error("{path} is damaged (wrong checksum)")]
	Checksum {
		/// The file.
		path: PathBuf,
	},
	/// The checksum is right, but not the points or the lengths of the queries.
	#[error("{path} does not hold a proving key: {reason}")]
	NotAKey {
		/// The file.
		path: PathBuf,
		/// The fault.
		reason: String,
	},
	/// The verifying key is another one.
	#[error(
		"{path} has the key 0x{}, not the expected 0x{}",
		hex::encode(found),
		hex::encode(expected)
	)]
	OtherKey {
		/// The file.
		path: PathBuf,
		/// The hash that is pinned.
		expected: Bytes32,
		/// The hash of the key in the file.
		found: Bytes32,
	},
	/// No chain would take the verifying key, such as one under which proofs can be forged.
	#[error("{path} has a verifying key that no chain accepts: {error}")]
	VerifyingKey {
		/// The file.
		path: PathBuf,
		/// Why.
		error: KeyError,
	},
	/// The circuit cannot be synthesised.
	#[error(transparent)]
	Setup(#[from] SetupError),
}

/// Name of the file of a shape's key from a ceremony.
pub fn ceremony_key_file(shape: Shape) -> String {
	format!("reference-rollup-{}x{}.key", shape.transfers(), shape.index_bits())
}

/// The key file of a ceremony's proving key for these constraints.
///
/// # Errors
///
/// Those of arkworks' serialization.
pub fn encode_ceremony_key(
	constraints: &Constraints,
	key: &ProvingKey<Bn254>,
) -> Result<Vec<u8>, SerializationError> {
	encode(CEREMONY_MAGIC, key, &circuit_digest(CEREMONY_TAG, constraints))
}

/// Reads a ceremony's keys from a file. `verifying_key_hash` is `blake2_256` of the 768 bytes of the
/// verifying key, as a chain states it. The file is never changed.
///
/// # Errors
///
/// One [`PinnedKeyError`] per cause, see there.
pub fn load_pinned(
	path: &Path,
	shape: Shape,
	verifying_key_hash: &Bytes32,
	progress: &dyn Progress,
) -> Result<Keys, PinnedKeyError> {
	let constraints = Constraints::synthesise(shape).map_err(SetupError::from)?;
	let layout = Layout::of(CEREMONY_TAG, &constraints);
	let (bytes, found) = read_bounded(path, layout.file_bytes())
		.map_err(|source| PinnedKeyError::Read { path: path.to_owned(), source })?;
	let encoded = content(&bytes, found, path, shape, &layout)?;
	// First, since the points take seconds.
	expect_key(encoded, path, verifying_key_hash)?;
	progress.begin("reading and checking the proving key");
	let proving_key = decode_pinned(encoded, path);
	progress.end();
	Ok(Keys::assemble(shape, Origin::Ceremony, proving_key?, constraints)?)
}

/// The encoded key in bytes that are all of a file of `found` bytes, unless that is too many.
fn content<'a>(
	bytes: &'a [u8],
	found: usize,
	path: &Path,
	shape: Shape,
	layout: &Layout,
) -> Result<&'a [u8], PinnedKeyError> {
	let path = || path.to_owned();
	if bytes.starts_with(MAGIC) {
		return Err(PinnedKeyError::DevelopmentKey { path: path() });
	}
	let expected = layout.file_bytes();
	let Some((magic, rest)) = bytes.split_first_chunk::<{ CEREMONY_MAGIC.len() }>() else {
		return Err(PinnedKeyError::NotAKeyFile { path: path() });
	};
	if magic != CEREMONY_MAGIC {
		return Err(PinnedKeyError::NotAKeyFile { path: path() });
	}
	if rest.get(..DIGEST_BYTES).is_some_and(|digest| digest != layout.digest) {
		return Err(PinnedKeyError::OtherCircuit { path: path(), shape });
	}
	if found < expected {
		return Err(PinnedKeyError::Truncated { path: path(), expected, found });
	}
	if found > expected {
		let extra = found - expected;
		return Err(PinnedKeyError::ExtraBytes { path: path(), expected, extra });
	}
	let (content, checksum) = bytes.split_at(expected - DIGEST_BYTES);
	if blake2_256(&[content]) != checksum {
		return Err(PinnedKeyError::Checksum { path: path() });
	}
	let encoded = &content[HEADER_BYTES..];
	// Arkworks would reserve memory for any length.
	if !layout.has_lengths(encoded) {
		return Err(not_a_key(path(), "its queries have other lengths"));
	}
	Ok(encoded)
}

/// Compares the hash of the verifying key, with which an encoded proving key begins.
fn expect_key(encoded: &[u8], path: &Path, expected: &Bytes32) -> Result<(), PinnedKeyError> {
	let verifying_key = VerifyingKey::deserialize_uncompressed_unchecked(encoded)
		.map_err(|error| not_a_key(path.to_owned(), error))?;
	let verifying_key = pvs_verifier::encode_verifying_key(&verifying_key)
		.map_err(|error| PinnedKeyError::VerifyingKey { path: path.to_owned(), error })?;
	let found = blake2_256(&[&verifying_key]);
	if found == *expected {
		return Ok(());
	}
	Err(PinnedKeyError::OtherKey { path: path.to_owned(), expected: *expected, found })
}

fn decode_pinned(encoded: &[u8], path: &Path) -> Result<ProvingKey<Bn254>, PinnedKeyError> {
	ProvingKey::deserialize_uncompressed(encoded).map_err(|error| not_a_key(path.to_owned(), error))
}

fn not_a_key(path: PathBuf, reason: impl ToString) -> PinnedKeyError {
	PinnedKeyError::NotAKey { path, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ec::AffineRepr;
	use pvs_verifier_testing::trapdoor::forgeable_keys;

	const DIGEST: Bytes32 = [3; 32];

	/// Of a witness without variables.
	fn layout() -> Layout {
		Layout { digest: DIGEST, instance: 5, witness: 0, domain: 4 }
	}

	/// A key of that layout.
	fn pinned_key() -> ProvingKey<Bn254> {
		let (g1, g2) = (ark_bn254::G1Affine::generator(), ark_bn254::G2Affine::generator());
		ProvingKey {
			vk: VerifyingKey {
				alpha_g1: g1,
				beta_g2: g2,
				gamma_g2: g2,
				delta_g2: g2,
				gamma_abc_g1: vec![g1; 5],
			},
			beta_g1: g1,
			delta_g1: g1,
			a_query: vec![g1; 5],
			b_g1_query: vec![g1; 5],
			b_g2_query: vec![g2; 5],
			h_query: vec![g1; 3],
			l_query: vec![],
		}
	}

	fn pinned_file() -> Vec<u8> {
		encode(CEREMONY_MAGIC, &pinned_key(), &DIGEST).unwrap()
	}

	fn decode_sized(bytes: &[u8], found: usize) -> Result<ProvingKey<Bn254>, PinnedKeyError> {
		let path = Path::new("some.key");
		let encoded = content(bytes, found, path, Shape::SMALL, &layout())?;
		decode_pinned(encoded, path)
	}

	fn decode_file(bytes: &[u8]) -> Result<ProvingKey<Bn254>, PinnedKeyError> {
		decode_sized(bytes, bytes.len())
	}

	/// The error's words, which name the file.
	fn refusal(bytes: &[u8]) -> String {
		let refusal = decode_file(bytes).unwrap_err().to_string();
		assert!(refusal.starts_with("some.key "), "{refusal}");
		refusal
	}

	#[test]
	fn pinned_key_should_round_trip_and_have_the_length_of_its_layout() {
		assert_eq!(decode_file(&pinned_file()).unwrap(), pinned_key());
		assert_eq!(pinned_file().len(), layout().file_bytes());
	}

	#[test]
	fn pinned_key_should_be_refused_by_cause_when_any_byte_is_changed() {
		let file = pinned_file();
		for position in 0..file.len() {
			let mut damaged = file.clone();
			damaged[position] ^= 1;
			let refusal = refusal(&damaged);
			let expected = match position {
				0..16 => "is not a key file",
				16..48 => "another circuit",
				_ => "wrong checksum",
			};
			assert!(refusal.contains(expected), "byte {position}: {refusal}");
		}
	}

	#[test]
	fn pinned_key_should_be_refused_by_cause_when_truncated_or_extended() {
		let file = pinned_file();
		for length in 0..file.len() {
			let refusal = refusal(&file[..length]);
			let expected = if length < 16 { "is not a key file" } else { "is truncated" };
			assert!(refusal.contains(expected), "{length} bytes: {refusal}");
		}
		let longer = refusal(&[&file[..], &[0]].concat());
		assert!(longer.contains("has 1 bytes after its end"), "{longer}");
		// As of a file that was not read to its end.
		let longer = decode_sized(&[&file[..], &[0]].concat(), file.len() + 7);
		assert!(longer.unwrap_err().to_string().contains("has 7 bytes after its end"));
	}

	/// V0: before the hash is compared, let alone a bid made.
	#[test]
	fn pinned_key_should_be_refused_by_name_when_proofs_could_be_forged_under_it() {
		for (key, expected) in forgeable_keys() {
			let key = ProvingKey { vk: key.points, ..pinned_key() };
			let file = encode(CEREMONY_MAGIC, &key, &DIGEST).unwrap();
			let path = Path::new("some.key");
			let encoded = content(&file, file.len(), path, Shape::SMALL, &layout()).unwrap();
			let refused = expect_key(encoded, path, &[0; 32]).unwrap_err();
			assert!(
				matches!(&refused, PinnedKeyError::VerifyingKey { error, .. } if *error == expected),
				"{refused}"
			);
			let words = format!("some.key has a verifying key that no chain accepts: {expected}");
			assert_eq!(refused.to_string(), words);
		}
	}

	#[test]
	fn pinned_key_should_be_refused_when_it_is_a_development_key_or_has_other_queries() {
		let development = encode(MAGIC, &pinned_key(), &DIGEST).unwrap();
		assert!(refusal(&development).contains("holds a development key"));
		// As long as the right one, with a point of one query moved to another.
		let g1 = ark_bn254::G1Affine::generator();
		let moved = ProvingKey { a_query: vec![g1; 4], b_g1_query: vec![g1; 6], ..pinned_key() };
		let moved = encode(CEREMONY_MAGIC, &moved, &DIGEST).unwrap();
		assert!(refusal(&moved).contains("other lengths"));
		let outside = ark_bn254::G1Affine::new_unchecked(g1.x, g1.x);
		let outside = ProvingKey { h_query: vec![outside; 3], ..pinned_key() };
		let outside = encode(CEREMONY_MAGIC, &outside, &DIGEST).unwrap();
		assert!(refusal(&outside).contains("does not hold a proving key"));
	}
}
