// SPDX-License-Identifier: Apache-2.0
//! The verifying key: checked once when a rollup is registered, then read from state.

#[cfg(feature = "std")]
use crate::inputs::PARTS_KEPT;
use crate::{
	encoding::{
		base_elements, checked_g1, checked_g2, unchecked_g1, unchecked_g2, write_base_elements,
		Reader,
	},
	error::{KeyError, ProofError},
	fields::Fp12,
	inputs::{InputPoints, PARTS_ONCE},
	lines::{lines, Lines},
	relations,
};
use ark_bn254::{Fq12, G1Affine, G2Affine};
use ark_ff::Field;
use pvs_primitives::{PUBLIC_INPUTS, VERIFYING_KEY_BYTES};

/// Bytes of an element of the pairing's target field: twelve coordinates.
const TARGET_BYTES: usize = 12 * 32;

/// Bytes of a prepared key: the key itself and `e(alpha, beta)`.
pub const PREPARED_KEY_BYTES: usize = VERIFYING_KEY_BYTES + TARGET_BYTES;

/// A checked key with what verification needs of it computed once: the 768 bytes of the key, then
/// `e(alpha, beta)` as twelve coordinates of 32 bytes big-endian, in the order of arkworks' tower
/// (`c0.c0.c0`, `c0.c0.c1`, `c0.c1.c0`, ..., `c1.c2.c1`).
pub type PreparedKey = [u8; PREPARED_KEY_BYTES];

/// IC points: one for the constant 1 and one for each public input.
pub(crate) const IC_POINTS: usize = PUBLIC_INPUTS + 1;

/// The points of a key: on their curves, in their subgroups and not the identity.
pub(crate) struct Points {
	pub(crate) alpha: G1Affine,
	pub(crate) beta: G2Affine,
	pub(crate) gamma: G2Affine,
	pub(crate) delta: G2Affine,
	pub(crate) ic: [G1Affine; IC_POINTS],
}

impl Points {
	/// Reads and checks the points of a key of layout v1, one by one.
	fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
		if bytes.len() != VERIFYING_KEY_BYTES {
			return Err(KeyError::WrongLength);
		}
		let mut reader = Reader::new(bytes);
		let alpha = checked_g1(reader.take().ok_or(KeyError::WrongLength)?)?;
		let beta = checked_g2(reader.take().ok_or(KeyError::WrongLength)?)?;
		let gamma = checked_g2(reader.take().ok_or(KeyError::WrongLength)?)?;
		let delta = checked_g2(reader.take().ok_or(KeyError::WrongLength)?)?;
		let mut ic = [G1Affine::identity(); IC_POINTS];
		for point in &mut ic {
			*point = checked_g1(reader.take().ok_or(KeyError::WrongLength)?)?;
		}
		Ok(Self { alpha, beta, gamma, delta, ic })
	}
}

/// A key whose points are good, one by one and together.
pub(crate) struct CheckedKey {
	#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "conversion to arkworks reads it"))]
	pub(crate) points: Points,
	alpha_beta: Fp12,
}

impl CheckedKey {
	/// Reads and checks a key of layout v1.
	pub(crate) fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
		let points = Points::decode(bytes)?;
		let alpha_beta = relations::check(&points)?;
		Ok(Self { points, alpha_beta })
	}
}

/// Checks a verifying key and precomputes what every verification with it needs.
///
/// A key that passes was made for four public inputs and satisfies none of the relations in
/// `docs/verification.md` under which anyone forges proofs. What it was made *of*, nobody can see:
/// soundness rests with whoever ran the set-up.
///
/// # Errors
///
/// The first reason that applies: the points in the order of the bytes, then their relations in the order
/// of the variants of [`KeyError`].
pub fn prepare_key(bytes: &[u8]) -> Result<PreparedKey, KeyError> {
	let key = CheckedKey::decode(bytes)?;
	let mut prepared = [0; PREPARED_KEY_BYTES];
	let (key_bytes, target_bytes) = prepared.split_at_mut(VERIFYING_KEY_BYTES);
	for (to, from) in key_bytes.iter_mut().zip(bytes) {
		*to = *from;
	}
	write_base_elements(Fq12::from(key.alpha_beta).to_base_prime_field_elements(), target_bytes);
	Ok(prepared)
}

/// With which use of a key its tables are made. They cost about as much as one verification and
/// save an eighth of each: a key that was used so often comes again, and who pays for uses of keys one by
/// one gains nothing by stopping just here.
#[cfg(feature = "std")]
const USES_FOR_TABLES: u32 = 8;

/// A prepared key as verification uses it. The points were checked when it was prepared; here the
/// coordinates of those that take part are known to be canonical, gamma and delta to be in the subgroup, and
/// the IC points to be on the curve.
pub(crate) struct Key {
	pub(crate) alpha_beta: Fp12,
	once: Tables,
	#[cfg(feature = "std")]
	again: Again,
}

/// What is computed from a key's points.
#[derive(Debug)]
pub(crate) struct Tables {
	pub(crate) gamma: Lines,
	pub(crate) delta: Lines,
	pub(crate) inputs: InputPoints,
}

/// What is computed once a key has been used often.
#[cfg(feature = "std")]
struct Again {
	ic: [G1Affine; IC_POINTS],
	uses: std::sync::atomic::AtomicU32,
	tables: std::sync::OnceLock<Tables>,
}

impl Key {
	/// Reads a prepared key; `MalformedKey` if these bytes cannot come from [`prepare_key`] on account
	/// of their length, of a coordinate, of gamma or delta, or of an IC point off the curve.
	pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
		Self::try_decode(bytes).ok_or(ProofError::MalformedKey)
	}

	fn try_decode(bytes: &[u8]) -> Option<Self> {
		if bytes.len() != PREPARED_KEY_BYTES {
			return None;
		}
		let mut reader = Reader::new(bytes);
		// Alpha and beta take part through their pairing.
		let _: &[u8; 64 + 128] = reader.take()?;
		let gamma = unchecked_g2(reader.take()?)?;
		let delta = unchecked_g2(reader.take()?)?;
		let mut ic = [G1Affine::identity(); IC_POINTS];
		for point in &mut ic {
			*point = unchecked_g1(reader.take()?)?;
			// Sums in another order would differ off the curve.
			if !point.is_on_curve() {
				return None;
			}
		}
		let target: &[u8; TARGET_BYTES] = reader.take()?;
		let alpha_beta = Fq12::from_base_prime_field_elems(base_elements::<12>(target)?)?;
		let [gamma, delta] = <[_; 2]>::try_from(lines(&[gamma, delta])).ok()?;
		let inputs = InputPoints::new(&ic, PARTS_ONCE);
		Some(Self {
			alpha_beta: alpha_beta.into(),
			once: Tables { gamma: gamma?, delta: delta?, inputs },
			#[cfg(feature = "std")]
			again: Again { ic, uses: 1.into(), tables: Default::default() },
		})
	}

	/// Counts another use, of however many proofs. What a key that is used often needs is computed here, unless
	/// `made` says that such was computed already for what is being verified: so tables of one key at most
	/// make a batch longer.
	#[cfg(feature = "std")]
	pub(crate) fn count_use(&self, made: &mut bool) {
		use std::sync::atomic::Ordering;
		let uses = self.again.uses.load(Ordering::Relaxed).saturating_add(1);
		if uses < USES_FOR_TABLES {
			self.again.uses.store(uses, Ordering::Relaxed);
		} else if !*made {
			self.again.tables.get_or_init(|| {
				*made = true;
				Tables {
					gamma: self.once.gamma.clone().divided(),
					delta: self.once.delta.clone().divided(),
					inputs: InputPoints::new(&self.again.ic, PARTS_KEPT),
				}
			});
		}
	}

	/// The best tables that there are.
	#[cfg(feature = "std")]
	pub(crate) fn tables(&self) -> &Tables {
		self.again.tables.get().unwrap_or(&self.once)
	}

	/// The tables.
	#[cfg(not(feature = "std"))]
	pub(crate) fn tables(&self) -> &Tables {
		&self.once
	}
}
