// SPDX-License-Identifier: Apache-2.0
//! One party's part: everything that depends on delta is multiplied by a factor, and a proof shows
//! that whoever did so knew the factor.
//!
//! With `d` the factor, `delta` what was there before and `R` a point of G2 that nobody knows the
//! logarithm of, hashed from all that was published before and from `d G1` and `d delta G1`, the
//! proof is `d R` (ePrint 2017/1050, section 3). Two pairing equations check it:
//! `e(d G1, R) = e(G1, d R)` and `e(d delta G1, R) = e(delta G1, d R)`.

use crate::{
	group::{blocks, times_all},
	parameters::Ceremony,
	points::Point,
	progress::Progress,
	sums::same_ratio,
};
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, PrimeField, Zero};
use blake2::{Blake2b512, Digest};
use pvs_primitives::{
	hash::{blake2_256, blake2_512},
	Bytes32,
};
use rand::{rngs::OsRng, RngCore};
use std::{
	fmt,
	io::{self, Read},
	str::FromStr,
};
use zeroize::Zeroizing;

const HASH_DOMAIN: &[u8] = b"pvs/ceremony/contribution/v1";
const PROOF_DOMAIN: &[u8] = b"pvs/ceremony/proof/v1";
const POINT_DOMAIN: &[u8] = b"pvs/ceremony/point/v1";
const SECRET_DOMAIN: &[u8] = b"pvs/ceremony/secret/v1";
const BEACON_DOMAIN: &[u8] = b"pvs/ceremony/beacon/v1";

/// The longest name of a contributor, in bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// The shortest value of a beacon, in bytes.
pub const MIN_BEACON_BYTES: usize = 16;
/// The longest value of a beacon, in bytes.
pub const MAX_BEACON_BYTES: usize = 128;
/// The fewest iterations of a beacon's hash, as a power of two.
pub const MIN_ITERATIONS_LOG2: u8 = 10;
/// The most iterations of a beacon's hash, as a power of two: some ten minutes for everybody who
/// verifies.
pub const MAX_ITERATIONS_LOG2: u8 = 32;
/// Of an entropy file so much is read.
const MAX_ENTROPY_BYTES: u64 = 1 << 24;
const ITERATIONS_PER_STEP: u64 = 1 << 16;

/// What a contributor is called: up to [`MAX_NAME_BYTES`] of UTF-8 without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(String);

/// Why something is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
	/// Too long.
	#[error("the name has {0} bytes; it may have {MAX_NAME_BYTES}")]
	TooLong(usize),
	/// It would garble a terminal.
	#[error("the name has a control character")]
	Control,
	/// The bytes are not UTF-8.
	#[error("the name is not UTF-8")]
	Encoding,
}

impl Name {
	/// The name of these bytes.
	///
	/// # Errors
	///
	/// One [`NameError`] per cause, see there.
	pub fn from_utf8(bytes: &[u8]) -> Result<Self, NameError> {
		std::str::from_utf8(bytes).map_err(|_| NameError::Encoding)?.parse()
	}

	/// The name.
	pub fn as_str(&self) -> &str {
		&self.0
	}
}

impl FromStr for Name {
	type Err = NameError;

	fn from_str(name: &str) -> Result<Self, NameError> {
		if name.len() > MAX_NAME_BYTES {
			return Err(NameError::TooLong(name.len()));
		}
		if name.chars().any(char::is_control) {
			return Err(NameError::Control);
		}
		Ok(Self(name.to_owned()))
	}
}

impl fmt::Display for Name {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

/// Public randomness, and how often it is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
	value: Vec<u8>,
	iterations_log2: u8,
}

/// Why something is no beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
	/// Too short to be unpredictable, or too long.
	#[error("the beacon's value has {0} bytes; it has {MIN_BEACON_BYTES} to {MAX_BEACON_BYTES}")]
	Length(usize),
	/// Too few or too many.
	#[error(
		"the beacon is hashed 2^{0} times; it may be 2^{MIN_ITERATIONS_LOG2} to \
		 2^{MAX_ITERATIONS_LOG2}"
	)]
	Iterations(u8),
}

impl Beacon {
	/// A value of [`MIN_BEACON_BYTES`] to [`MAX_BEACON_BYTES`], hashed 2^`iterations_log2` times,
	/// [`MIN_ITERATIONS_LOG2`] to [`MAX_ITERATIONS_LOG2`].
	///
	/// # Errors
	///
	/// One [`BeaconError`] per cause, see there.
	pub fn new(value: Vec<u8>, iterations_log2: u8) -> Result<Self, BeaconError> {
		if !(MIN_BEACON_BYTES..=MAX_BEACON_BYTES).contains(&value.len()) {
			return Err(BeaconError::Length(value.len()));
		}
		if !(MIN_ITERATIONS_LOG2..=MAX_ITERATIONS_LOG2).contains(&iterations_log2) {
			return Err(BeaconError::Iterations(iterations_log2));
		}
		Ok(Self { value, iterations_log2 })
	}

	/// The value that was published.
	pub fn value(&self) -> &[u8] {
		&self.value
	}

	/// How often it is hashed, as a power of two.
	pub fn iterations_log2(&self) -> u8 {
		self.iterations_log2
	}

	/// The factor: `h = BLAKE2b-256(tag, value)`, then 2^iterations times `h = BLAKE2b-256(h)`, then
	/// `BLAKE2b-512(tag, h)` as a little-endian number modulo the order of the groups.
	pub(crate) fn factor(&self, progress: &dyn Progress) -> Secret {
		let mut hash = blake2_256(&[BEACON_DOMAIN, &self.value]);
		let iterations = 1u64 << self.iterations_log2;
		progress.begin("hashing the beacon", iterations.div_ceil(ITERATIONS_PER_STEP));
		for iteration in 0..iterations {
			hash = blake2_256(&[&hash]);
			if iteration % ITERATIONS_PER_STEP == 0 {
				progress.step();
			}
		}
		progress.end();
		Secret::reduced(&blake2_512(&[BEACON_DOMAIN, &hash]))
	}
}

/// A factor. It is wiped when it goes.
pub struct Secret(Zeroizing<Fr>);

impl fmt::Debug for Secret {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Secret")
	}
}

impl Secret {
	/// A factor from the system's randomness, mixed with anything unpredictable, of which up to 16
	/// MiB are read. With `io::empty()` it is the system's randomness alone.
	///
	/// # Errors
	///
	/// `entropy` cannot be read.
	pub fn random(entropy: impl Read) -> io::Result<Self> {
		let mut mixer = Blake2b512::new();
		mixer.update(SECRET_DOMAIN);
		let mut system = Zeroizing::new([0; 64]);
		OsRng.try_fill_bytes(&mut *system).map_err(io::Error::other)?;
		mixer.update(system.as_slice());
		io::copy(&mut entropy.take(MAX_ENTROPY_BYTES), &mut mixer)?;
		let mixed = Zeroizing::new(<[u8; 64]>::from(mixer.finalize()));
		Ok(Self::reduced(&mixed))
	}

	#[cfg(test)]
	pub(crate) fn of(factor: Fr) -> Self {
		Self(Zeroizing::new(factor))
	}

	fn reduced(bytes: &[u8; 64]) -> Self {
		Self(Zeroizing::new(Fr::from_le_bytes_mod_order(bytes)))
	}

	/// Zero would destroy the parameters, one would change nothing. No hash gives them.
	fn is_usable(&self) -> bool {
		!self.0.is_zero() && !self.0.is_one()
	}
}

/// What one party did, in public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
	pub(crate) name: Name,
	pub(crate) beacon: Option<Beacon>,
	/// The factor times the generator.
	pub(crate) factor_g1: G1Affine,
	/// Delta after this contribution.
	pub(crate) delta_g1: G1Affine,
	/// The factor times a point hashed from everything before.
	pub(crate) proof_g2: G2Affine,
}

/// What is wrong with a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContributionError {
	/// A factor of one.
	#[error("changes nothing: its factor is 1")]
	FactorOne,
	/// The proof does not fit the factor, or was made for another place, name or transcript.
	#[error(
		"has a wrong proof of knowledge: it was made without its factor, or for another name, place \
		 or transcript"
	)]
	Proof,
	/// Delta is not the one before times the factor.
	#[error("does not continue the parameters before it: its delta is another")]
	Delta,
	/// The factor is not the beacon's.
	#[error("has another factor than its beacon gives")]
	Beacon,
}

impl Contribution {
	/// What the contributor calls themselves.
	pub fn name(&self) -> &Name {
		&self.name
	}

	/// The public randomness, if it is no contributor's.
	pub fn beacon(&self) -> Option<&Beacon> {
		self.beacon.as_ref()
	}

	/// BLAKE2b-256 of this contribution and, by the hash before it, of all before.
	pub(crate) fn hash(&self, before: &Bytes32) -> Bytes32 {
		let mut bytes = self.statement();
		self.proof_g2.write(&mut bytes);
		blake2_256(&[HASH_DOMAIN, before, &bytes])
	}

	/// The bytes in a file, less the proof: what the proof is about.
	///
	/// Kind (0, or 1 for a beacon); length and bytes of the name; of a beacon its iterations, length
	/// and bytes of its value; the factor; delta.
	pub(crate) fn statement(&self) -> Vec<u8> {
		let name = self.name.0.as_bytes();
		let mut bytes = vec![u8::from(self.beacon.is_some()), name.len() as u8];
		bytes.extend(name);
		if let Some(beacon) = &self.beacon {
			bytes.extend([beacon.iterations_log2, beacon.value.len() as u8]);
			bytes.extend(&beacon.value);
		}
		self.factor_g1.write(&mut bytes);
		self.delta_g1.write(&mut bytes);
		bytes
	}

	/// The point that the proof is a multiple of.
	fn challenge(&self, before: &Bytes32) -> G2Affine {
		hash_to_g2(&blake2_256(&[PROOF_DOMAIN, before, &self.statement()]))
	}

	pub(crate) fn new(
		name: Name,
		beacon: Option<Beacon>,
		secret: &Secret,
		delta_before: G1Affine,
		hash_before: &Bytes32,
	) -> Self {
		let mut contribution = Self {
			name,
			beacon,
			factor_g1: (G1Affine::generator() * *secret.0).into_affine(),
			delta_g1: (delta_before * *secret.0).into_affine(),
			proof_g2: G2Affine::identity(),
		};
		contribution.proof_g2 = (contribution.challenge(hash_before) * *secret.0).into_affine();
		contribution
	}

	/// Checks the contribution against what was before it. No point is the identity: files are read
	/// so.
	pub(crate) fn check(
		&self,
		delta_before: G1Affine,
		hash_before: &Bytes32,
		progress: &dyn Progress,
	) -> Result<(), ContributionError> {
		let generator = G1Affine::generator();
		if self.factor_g1 == generator {
			return Err(ContributionError::FactorOne);
		}
		let ratio = (self.challenge(hash_before), self.proof_g2);
		if !same_ratio((generator, self.factor_g1), ratio) {
			return Err(ContributionError::Proof);
		}
		if !same_ratio((delta_before, self.delta_g1), ratio) {
			return Err(ContributionError::Delta);
		}
		if let Some(beacon) = &self.beacon {
			let factor = beacon.factor(progress);
			if (generator * *factor.0).into_affine() != self.factor_g1 {
				return Err(ContributionError::Beacon);
			}
		}
		Ok(())
	}
}

impl Ceremony {
	/// Adds a contribution.
	///
	/// # Errors
	///
	/// [`ContributionError::FactorOne`] if the secret is one, which does not happen by chance.
	pub fn contribute(
		self,
		name: Name,
		secret: Secret,
		progress: &dyn Progress,
	) -> Result<Self, ContributionError> {
		self.extend(name, None, secret, progress)
	}

	/// Adds a contribution of public randomness, which anybody can repeat.
	///
	/// # Errors
	///
	/// [`ContributionError::FactorOne`] if the beacon gives one, which does not happen by chance.
	pub fn add_beacon(
		self,
		name: Name,
		beacon: Beacon,
		progress: &dyn Progress,
	) -> Result<Self, ContributionError> {
		let factor = beacon.factor(progress);
		self.extend(name, Some(beacon), factor, progress)
	}

	fn extend(
		mut self,
		name: Name,
		beacon: Option<Beacon>,
		secret: Secret,
		progress: &dyn Progress,
	) -> Result<Self, ContributionError> {
		if !secret.is_usable() {
			return Err(ContributionError::FactorOne);
		}
		let inverse = Zeroizing::new(secret.0.inverse().unwrap_or_default());
		let contribution =
			Contribution::new(name, beacon, &secret, self.key.delta_g1, &self.last_hash());
		let key = &mut self.key;
		progress.begin(
			"multiplying the parameters",
			blocks(key.h_query.len()) + blocks(key.l_query.len()),
		);
		key.delta_g1 = contribution.delta_g1;
		key.vk.delta_g2 = (key.vk.delta_g2 * *secret.0).into_affine();
		key.h_query = times_all(&key.h_query, *inverse, progress);
		key.l_query = times_all(&key.l_query, *inverse, progress);
		progress.end();
		self.contributions.push(contribution);
		Ok(self)
	}
}

/// A point of G2 that nobody knows the logarithm of: first coordinates are tried until one is on the
/// curve, and the point is multiplied by the cofactor.
fn hash_to_g2(seed: &Bytes32) -> G2Affine {
	let mut counter = 0u64;
	loop {
		let part = |part: u8| blake2_512(&[POINT_DOMAIN, seed, &counter.to_le_bytes(), &[part]]);
		let [real, imaginary, sign] = [0, 1, 2].map(part);
		let x =
			Fq2::new(Fq::from_le_bytes_mod_order(&real), Fq::from_le_bytes_mod_order(&imaginary));
		if let Some(point) = G2Affine::get_point_from_x_unchecked(x, sign[0] & 1 == 1) {
			let point = point.clear_cofactor();
			if !point.is_zero() {
				return point;
			}
		}
		counter += 1;
	}
}
