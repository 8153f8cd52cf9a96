// SPDX-License-Identifier: Apache-2.0
//! Keys in files: those of the development set-up, which takes seconds, and those of ceremonies.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `"pvs/dev-key/v1"` or, of a ceremony, `"pvs/key/v1"`; zeros |
//! | 32 | digest of seed or tag and constraints: a key of another circuit is not used |
//! | all but the last 32 | proving key, arkworks' uncompressed form |
//! | 32 | `blake2_256` of everything before |
//!
//! A development key that cannot be used is made again. Its points are not checked when the file is
//! read: the checksum stands for that. It protects against damage, not against someone who can write
//! to the directory; such a one could make this prover fail, and the check of each finished proof
//! would show it.
//!
//! A ceremony's key is another matter: `pinned.rs`.

use super::{set_up, Keys, Origin, Progress, SetupError, DEVELOPMENT_ONLY_SEED};
use crate::{circuit::Constraints, demo, shape::Shape};
use ark_bn254::Bn254;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::ProvingKey;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};
use blake2::{digest::consts::U32, Blake2b, Digest};
use pvs_files::{read_bounded, write_whole};
use pvs_primitives::{hash::blake2_256, Bytes32};
use std::{
	fs, io,
	path::{Path, PathBuf},
};

/// Name of a shape's file in the directory of the keys.
pub fn key_file(shape: Shape) -> String {
	let (transfers, bits) = (shape.transfers(), shape.index_bits());
	format!("reference-rollup-{transfers}x{bits}.DEVELOPMENT-ONLY.key")
}

pub(super) const MAGIC: &[u8; 16] = b"pvs/dev-key/v1\0\0";
pub(super) const DIGEST_BYTES: usize = 32;
pub(super) const HEADER_BYTES: usize = MAGIC.len() + DIGEST_BYTES;
const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;
const LENGTH_BYTES: usize = 8;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
	/// The directory cannot be made.
	#[error("cannot make the directory {path}: {source}")]
	Directory {
		/// The directory.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file exists and cannot be read.
	#[error("cannot read {path}: {source}; check its permissions or delete it")]
	Read {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file cannot be written.
	#[error("cannot write {path}: {source}; choose a directory with 80 MB of room")]
	Write {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The keys cannot be turned into bytes.
	#[error("cannot encode the keys: {0}")]
	Encode(#[from] SerializationError),
	/// The set-up fails.
	#[error(transparent)]
	Setup(#[from] SetupError),
}

/// Why a key file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unusable {
	#[error("is truncated")]
	Truncated,
	#[error("has {found} bytes, more than the {limit} of this circuit's keys")]
	TooLarge { found: usize, limit: usize },
	#[error("is damaged (wrong checksum)")]
	Checksum,
	#[error("is not a key file of this version")]
	Magic,
	#[error("belongs to another circuit")]
	OtherCircuit,
	#[error("does not hold a proving key")]
	Encoding,
}

/// [`load_or_generate_for`] the demo's shape.
///
/// # Errors
///
/// One [`KeyStoreError`] per cause, see there.
pub fn load_or_generate(dir: &Path, progress: &dyn Progress) -> Result<Keys, KeyStoreError> {
	load_or_generate_for(demo::SHAPE, dir, progress)
}

/// Reads the keys of a shape from `dir`, or makes them and writes them there.
///
/// A file that is damaged or belongs to another version of the circuit is noted on `progress` and
/// replaced. Several processes may do this at once: files are moved into place whole.
///
/// # Errors
///
/// One [`KeyStoreError`] per cause, see there.
pub fn load_or_generate_for(
	shape: Shape,
	dir: &Path,
	progress: &dyn Progress,
) -> Result<Keys, KeyStoreError> {
	let path = dir.join(key_file(shape));
	let constraints = Constraints::synthesise(shape).map_err(SetupError::from)?;
	let layout = Layout::of(&DEVELOPMENT_ONLY_SEED, &constraints);
	match read_bounded(&path, layout.file_bytes()) {
		Ok((bytes, found)) => match decode(&bytes, found, &layout) {
			Ok(proving_key) => {
				let origin = Origin::Development;
				return Ok(Keys::assemble(shape, origin, proving_key, constraints)?);
			},
			Err(reason) => {
				progress.note(&format!("{} {reason}; making the keys again", path.display()));
			},
		},
		Err(error) if error.kind() == io::ErrorKind::NotFound => {},
		Err(source) => return Err(KeyStoreError::Read { path, source }),
	}
	progress.begin("making development-only proving keys, once");
	let proving_key = set_up(shape);
	progress.end();
	let proving_key = proving_key.map_err(SetupError::from)?;
	let keys = Keys::assemble(shape, Origin::Development, proving_key, constraints)?;
	fs::create_dir_all(dir)
		.map_err(|source| KeyStoreError::Directory { path: dir.to_owned(), source })?;
	write_whole(&path, &encode(MAGIC, &keys.proving_key, &layout.digest)?)
		.map_err(|source| KeyStoreError::Write { path, source })?;
	Ok(keys)
}

pub(super) fn encode(
	magic: &[u8; 16],
	key: &ProvingKey<Bn254>,
	digest: &Bytes32,
) -> Result<Vec<u8>, SerializationError> {
	let mut bytes = [&magic[..], digest].concat();
	key.serialize_uncompressed(&mut bytes)?;
	let checksum = blake2_256(&[&bytes]);
	bytes.extend(checksum);
	Ok(bytes)
}

/// Reads bytes that are all of a file of `found` bytes, unless that is too many.
fn decode(bytes: &[u8], found: usize, layout: &Layout) -> Result<ProvingKey<Bn254>, Unusable> {
	let limit = layout.file_bytes();
	if found > limit {
		return Err(Unusable::TooLarge { found, limit });
	}
	let (content, checksum) =
		bytes.split_last_chunk::<DIGEST_BYTES>().ok_or(Unusable::Truncated)?;
	if content.len() < HEADER_BYTES {
		return Err(Unusable::Truncated);
	}
	if !content.starts_with(MAGIC) {
		return Err(Unusable::Magic);
	}
	if blake2_256(&[content]) != *checksum {
		return Err(Unusable::Checksum);
	}
	let (header, mut key) = content.split_at(HEADER_BYTES);
	if header[MAGIC.len()..] != layout.digest {
		return Err(Unusable::OtherCircuit);
	}
	let proving_key =
		ProvingKey::deserialize_uncompressed_unchecked(&mut key).map_err(|_| Unusable::Encoding)?;
	if key.is_empty() {
		Ok(proving_key)
	} else {
		Err(Unusable::Encoding)
	}
}

/// What a circuit says about its key files.
pub(super) struct Layout {
	/// Of tag and circuit.
	pub(super) digest: Bytes32,
	/// Public inputs and the constant one.
	pub(super) instance: usize,
	/// Private variables.
	pub(super) witness: usize,
	/// Elements of the domain.
	pub(super) domain: usize,
}

impl Layout {
	pub(super) fn of(tag: &[u8; 32], constraints: &Constraints) -> Self {
		Self {
			digest: circuit_digest(tag, constraints),
			instance: constraints.instance_variables,
			witness: constraints.witness_variables,
			domain: constraints.domain_size(),
		}
	}

	/// IC, a, b in G1, b in G2, h, l.
	fn lengths(&self) -> [usize; 6] {
		let variables = self.instance + self.witness;
		[self.instance, variables, variables, variables, self.domain - 1, self.witness]
	}

	/// Of a whole file.
	pub(super) fn file_bytes(&self) -> usize {
		let [ic, a, b_g1, b_g2, h, l] = self.lengths();
		let points = G1_BYTES * (3 + ic + a + b_g1 + h + l) + G2_BYTES * (3 + b_g2);
		HEADER_BYTES + points + 6 * LENGTH_BYTES + DIGEST_BYTES
	}

	/// Returns true if each query of an encoded key announces as many points as it should.
	pub(super) fn has_lengths(&self, key: &[u8]) -> bool {
		// Alpha, beta, gamma and delta before the IC; beta and delta in G1 after it.
		let gaps = [G1_BYTES + 3 * G2_BYTES, 2 * G1_BYTES, 0, 0, 0, 0];
		let points = [G1_BYTES, G1_BYTES, G1_BYTES, G2_BYTES, G1_BYTES, G1_BYTES];
		let mut position = 0;
		self.lengths().into_iter().zip(gaps).zip(points).all(|((length, gap), bytes)| {
			let start = position + gap;
			position = start + LENGTH_BYTES + length * bytes;
			key.get(start..start + LENGTH_BYTES) == Some(&(length as u64).to_le_bytes())
		})
	}
}

/// Digest of a tag and every entry of the matrices.
pub(super) fn circuit_digest(tag: &[u8; 32], constraints: &Constraints) -> Bytes32 {
	let mut hasher = Blake2b::<U32>::new();
	hasher.update(tag);
	for count in [constraints.instance_variables, constraints.witness_variables] {
		hasher.update((count as u64).to_le_bytes());
	}
	for row in constraints.matrices.iter().flatten() {
		hasher.update((row.len() as u64).to_le_bytes());
		for (coefficient, variable) in row {
			hasher.update(coefficient.into_bigint().to_bytes_le());
			hasher.update((*variable as u64).to_le_bytes());
		}
	}
	hasher.finalize().into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ec::AffineRepr;
	use ark_groth16::VerifyingKey;

	const DIGEST: Bytes32 = [3; 32];

	/// Of a witness without variables.
	fn layout() -> Layout {
		Layout { digest: DIGEST, instance: 5, witness: 0, domain: 4 }
	}

	fn decode_file(bytes: &[u8]) -> Result<ProvingKey<Bn254>, Unusable> {
		decode(bytes, bytes.len(), &layout())
	}

	/// A key of that layout.
	fn key() -> ProvingKey<Bn254> {
		let g1 = ark_bn254::G1Affine::generator();
		let g2 = ark_bn254::G2Affine::generator();
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

	fn file() -> Vec<u8> {
		encode(MAGIC, &key(), &DIGEST).unwrap()
	}

	/// Ends `content` with its checksum.
	fn sealed(content: &[u8]) -> Vec<u8> {
		[content, &blake2_256(&[content])].concat()
	}

	#[test]
	fn key_file_should_round_trip() {
		assert_eq!(decode_file(&file()), Ok(key()));
		assert_eq!(file().len(), layout().file_bytes());
	}

	#[test]
	fn key_file_should_be_refused_when_any_byte_is_changed() {
		let file = file();
		for position in 0..file.len() {
			let mut damaged = file.clone();
			damaged[position] ^= 1;
			assert!(decode_file(&damaged).is_err(), "byte {position}");
		}
	}

	#[test]
	fn key_file_should_be_refused_when_truncated_or_extended() {
		let file = file();
		for length in 0..file.len() {
			assert!(decode_file(&file[..length]).is_err(), "{length} bytes");
		}
		assert_eq!(decode_file(&file[..79]), Err(Unusable::Truncated));
		let limit = file.len();
		let longer = [&file[..], &[0]].concat();
		let refused = decode_file(&longer);
		assert_eq!(refused, Err(Unusable::TooLarge { found: limit + 1, limit }));
		assert!(refused.unwrap_err().to_string().contains(&limit.to_string()));
		// As of a file that was not read to its end.
		let refused = decode(&longer, limit + 7, &layout());
		assert_eq!(refused, Err(Unusable::TooLarge { found: limit + 7, limit }));
		let content = &file[..limit - 32];
		let shorter = sealed(&content[..content.len() - 1]);
		assert_eq!(decode_file(&shorter), Err(Unusable::Encoding));
		// A query that is shorter than its length says, and the other way round.
		let moved = ProvingKey { a_query: vec![ark_bn254::G1Affine::generator(); 4], ..key() };
		let moved = encode(MAGIC, &moved, &DIGEST).unwrap();
		let padded = sealed(&[&moved[..moved.len() - 32], &[0; 64]].concat());
		assert_eq!(decode_file(&padded), Err(Unusable::Encoding));
	}

	#[test]
	fn key_file_should_be_refused_when_it_is_of_another_circuit_or_version() {
		let other = Layout { digest: [4; 32], ..layout() };
		let whole = file();
		assert_eq!(decode(&whole, whole.len(), &other), Err(Unusable::OtherCircuit));
		let mut content = file();
		content.truncate(content.len() - 32);
		content[13] ^= 1;
		assert_eq!(decode_file(&sealed(&content)), Err(Unusable::Magic));
	}
}
