// SPDX-License-Identifier: Apache-2.0
//! gnark: big-endian coordinates, the imaginary part of Fp2 first, two flag bits at the top of each
//! point's first byte.
//!
//! | flags | point |
//! | --- | --- |
//! | 00 | uncompressed; the identity is all zeros |
//! | 10 | `x`, and `y` is the smaller one of `y` and `-y` |
//! | 11 | `x`, and `y` is the larger one |
//! | 01 | the identity, compressed: every other bit is zero |
//!
//! Key: `G1.Alpha, G1.Beta, G2.Beta, G2.Gamma, G1.Delta, G2.Delta`, the number of points in `G1.K`
//! (u32), `G1.K`. It ended there before gnark had commitments. Since then follows the number of
//! commitments (u32), which must be 0 here, and after it either another zero (u32, the number of
//! commitment keys) or, in versions between, one commitment key of two G2 points, used or not.
//!
//! Proof: `Ar, Bs, Krs`, and since commitments came: their number (u32), the commitments, and
//! `CommitmentPok` in G1, the identity if there are none.
//!
//! Layouts as `backend/groth16/bn254/marshal.go` of gnark, flags as `ecc/bn254/marshal.go` of
//! gnark-crypto.

use crate::{
	bytes::{exactly, plausible, u32_be_at, Reader, Sizes, BLS12, BLS12_NAME, BN254, IC_POINTS},
	foreign::Encoding,
	number,
	points::{from_coordinates, from_x},
	FormatError,
};
use ark_bn254::{Bn254, Fq2, G1Affine, G2Affine};
use ark_groth16::{Proof, VerifyingKey};
use pvs_primitives::Bytes32;

const FLAGS: u8 = 0b1100_0000;
const UNCOMPRESSED: u8 = 0b00;
const INFINITY: u8 = 0b01;
const LARGER: u8 = 0b11;

/// Bytes of a count.
const COUNT: usize = 4;
/// Counts above this are bytes of something else.
const MANY: u32 = 0xffff;

pub(crate) fn read_key(bytes: &[u8]) -> Result<(VerifyingKey<Bn254>, Encoding), FormatError> {
	let compressed = is_compressed(bytes);
	let sizes = Sizes::new(BN254, compressed);
	let other_curve = Sizes::new(BLS12, compressed);
	if !key_fits(bytes, sizes) && key_fits(bytes, other_curve) {
		return Err(FormatError::WrongCurve { found: BLS12_NAME.into() });
	}
	let has = bytes.len();
	let (count, end) = end_of_k(bytes, sizes).ok_or_else(|| FormatError::Truncated {
		needs: count_offset(sizes).saturating_add(COUNT).saturating_add(sizes.of(IC_POINTS, 0)),
		has,
	})?;
	plausible("G1.K", count.into(), sizes.g1)?;
	if count == 0 {
		return Err(FormatError::WrongShape {
			field: "G1.K".into(),
			expected: "one point or more".into(),
		});
	}
	let tail = bytes.get(end..).ok_or(FormatError::Truncated { needs: end, has })?;
	check_key_tail(tail, end, sizes, compressed)?;

	let mut points = Points { reader: Reader::new(bytes), compressed };
	let alpha_g1 = points.g1("G1.Alpha")?;
	points.unused(|points| points.g1("G1.Beta"))?;
	let beta_g2 = points.g2("G2.Beta")?;
	let gamma_g2 = points.g2("G2.Gamma")?;
	points.unused(|points| points.g1("G1.Delta"))?;
	let delta_g2 = points.g2("G2.Delta")?;
	let _: &[u8; COUNT] = points.reader.take()?;
	let gamma_abc_g1 = (0..count)
		.map(|index| points.g1(&format!("G1.K[{index}]")))
		.collect::<Result<Vec<_>, _>>()?;
	let key = VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, gamma_abc_g1 };
	Ok((key, Encoding::binary(compressed)))
}

pub(crate) fn read_proof(bytes: &[u8]) -> Result<(Proof<Bn254>, Encoding), FormatError> {
	let compressed = is_compressed(bytes);
	let sizes = Sizes::new(BN254, compressed);
	let other_curve = Sizes::new(BLS12, compressed);
	if !proof_fits(bytes, sizes) && proof_fits(bytes, other_curve) {
		return Err(FormatError::WrongCurve { found: BLS12_NAME.into() });
	}
	let end = sizes.of(2, 1);
	let truncated = FormatError::Truncated { needs: end, has: bytes.len() };
	let tail = bytes.get(end..).ok_or(truncated)?;
	check_proof_tail(tail, end, sizes, compressed)?;

	let mut points = Points { reader: Reader::new(bytes), compressed };
	let proof = Proof { a: points.g1("Ar")?, b: points.g2("Bs")?, c: points.g1("Krs")? };
	Ok((proof, Encoding::binary(compressed)))
}

/// Today's witness starts with the numbers of public values, secret values and all values; the old
/// one with the last of these only.
pub(crate) fn read_public_inputs(bytes: &[u8]) -> Result<Vec<Bytes32>, FormatError> {
	const HEADER: usize = 3 * COUNT;
	let has = bytes.len();
	let truncated = |needs| FormatError::Truncated { needs, has };
	let public = u32_be_at(bytes, 0).ok_or(truncated(HEADER))?;
	let count = plausible("the witness", public.into(), BN254)?;
	let elements = count.saturating_mul(BN254);
	let secret = u32_be_at(bytes, COUNT).ok_or(truncated(HEADER))?;
	let all = u32_be_at(bytes, COUNT.saturating_mul(2)).ok_or(truncated(HEADER))?;
	// Today's witness, cut off by as many bytes as its header is longer, has the length of an old one:
	// the header tells, which would otherwise be the top of a value that is neither small nor random.
	let is_old = has == elements.saturating_add(COUNT) && (secret, all) != (0, public);
	let header = if is_old {
		COUNT
	} else {
		if secret != 0 && public.checked_add(secret) == Some(all) {
			return Err(FormatError::SecretValues { count: secret });
		}
		exactly(elements.saturating_add(HEADER), has)?;
		if secret != 0 || all != public {
			return Err(FormatError::WrongShape {
				field: "the witness".into(),
				expected: "headed by the numbers of its public, secret and all values".into(),
			});
		}
		HEADER
	};
	let (words, _) = bytes.get(header..).unwrap_or_default().as_chunks::<BN254>();
	words
		.iter()
		.enumerate()
		.map(|(index, word)| number::scalar(word, &format!("public input [{index}]")))
		.collect()
}

fn is_compressed(bytes: &[u8]) -> bool {
	bytes.first().is_none_or(|byte| flags(*byte) != UNCOMPRESSED)
}

fn flags(byte: u8) -> u8 {
	byte.wrapping_shr(6)
}

fn count_offset(sizes: Sizes) -> usize {
	sizes.of(3, 3)
}

/// The number of points in `G1.K` and where they end, if the file goes as far as the number.
fn end_of_k(bytes: &[u8], sizes: Sizes) -> Option<(u32, usize)> {
	let count = u32_be_at(bytes, count_offset(sizes))?;
	let points = sizes.of(usize::try_from(count).ok()?, 0);
	Some((count, count_offset(sizes).saturating_add(COUNT).saturating_add(points)))
}

/// Returns true if the length is that of a key with points of these sizes and without commitments.
fn key_fits(bytes: &[u8], sizes: Sizes) -> bool {
	let left = end_of_k(bytes, sizes).and_then(|(_, end)| bytes.len().checked_sub(end));
	let commitment_key = COUNT.saturating_add(sizes.of(0, 2));
	left.is_some_and(|left| [0, 2 * COUNT, commitment_key].contains(&left))
}

fn proof_fits(bytes: &[u8], sizes: Sizes) -> bool {
	let left = bytes.len().checked_sub(sizes.of(2, 1));
	left.is_some_and(|left| [0, COUNT.saturating_add(sizes.of(1, 0))].contains(&left))
}

/// What follows `G1.K`: nothing, or what says that there are no commitments.
fn check_key_tail(
	tail: &[u8],
	end: usize,
	sizes: Sizes,
	compressed: bool,
) -> Result<(), FormatError> {
	let Some(keys) = check_count(tail, end, 2 * COUNT)? else { return Ok(()) };
	let with_key = COUNT.saturating_add(sizes.of(0, 2));
	let needs = end.saturating_add(with_key);
	let has = end.saturating_add(tail.len());
	if tail.len() == with_key {
		let mut points = Points { reader: Reader::new(keys), compressed };
		points.unused(|points| points.g2("CommitmentKey.G"))?;
		return points.unused(|points| points.g2("CommitmentKey.GRootSigmaNeg"));
	}
	match u32_be_at(keys, 0) {
		None | Some(0) => exactly(end.saturating_add(2 * COUNT), has),
		Some(count) if count <= MANY => Err(FormatError::Commitments { count }),
		// The key of the versions between, cut off or followed by something.
		Some(_) => exactly(needs, has),
	}
}

/// What follows `Krs`: nothing, or what says that there are no commitments.
fn check_proof_tail(
	tail: &[u8],
	end: usize,
	sizes: Sizes,
	compressed: bool,
) -> Result<(), FormatError> {
	let whole = COUNT.saturating_add(sizes.of(1, 0));
	let Some(pok) = check_count(tail, end, whole)? else { return Ok(()) };
	exactly(end.saturating_add(whole), end.saturating_add(tail.len()))?;
	let mut points = Points { reader: Reader::new(pok), compressed };
	points.unused(|points| points.g1("CommitmentPok"))
}

/// The number of commitments at the start of a tail must be 0. Returns what follows it; `None` for
/// the old layout, which has no tail. `whole` is how long such a tail is.
fn check_count(tail: &[u8], end: usize, whole: usize) -> Result<Option<&[u8]>, FormatError> {
	if tail.is_empty() {
		return Ok(None);
	}
	let extra = FormatError::ExtraBytes { left: tail.len() };
	match u32_be_at(tail, 0) {
		Some(0) => Ok(tail.get(COUNT..)),
		Some(count) if count <= MANY => Err(FormatError::Commitments { count }),
		Some(_) => Err(extra),
		None if tail.iter().all(|byte| *byte == 0) => Err(FormatError::Truncated {
			needs: end.saturating_add(whole),
			has: end.saturating_add(tail.len()),
		}),
		None => Err(extra),
	}
}

/// Reads one point after another, all compressed or all uncompressed.
struct Points<'a> {
	reader: Reader<'a>,
	compressed: bool,
}

impl Points<'_> {
	fn g1(&mut self, point: &str) -> Result<G1Affine, FormatError> {
		let head: &[u8; 32] = self.reader.take()?;
		let (flags, first) = self.split_flags(head, point)?;
		if self.compressed {
			identity_if(flags == INFINITY, point)?;
			return from_x(number::coordinate(&first, point)?, flags == LARGER, point);
		}
		let x = number::coordinate(&first, point)?;
		let y = number::coordinate(self.reader.take()?, point)?;
		from_coordinates(x, y, point)
	}

	fn g2(&mut self, point: &str) -> Result<G2Affine, FormatError> {
		let head: &[u8; 32] = self.reader.take()?;
		let (flags, first) = self.split_flags(head, point)?;
		let second: &[u8; 32] = self.reader.take()?;
		if self.compressed && flags == INFINITY {
			if second.iter().any(|byte| *byte != 0) {
				return Err(not_the_identity(point));
			}
			return Err(FormatError::Identity { point: point.into() });
		}
		let imaginary = number::coordinate(&first, point)?;
		let x = Fq2::new(number::coordinate(second, point)?, imaginary);
		if self.compressed {
			return from_x(x, flags == LARGER, point);
		}
		let imaginary = number::coordinate(self.reader.take()?, point)?;
		let y = Fq2::new(number::coordinate(self.reader.take()?, point)?, imaginary);
		from_coordinates(x, y, point)
	}

	/// A point that verification does not use: it may be the identity.
	fn unused<P>(
		&mut self,
		read: impl FnOnce(&mut Self) -> Result<P, FormatError>,
	) -> Result<(), FormatError> {
		match read(self) {
			Ok(_) | Err(FormatError::Identity { .. }) => Ok(()),
			Err(error) => Err(error),
		}
	}

	/// The flags of a point and its first word without them.
	fn split_flags(&self, head: &Bytes32, point: &str) -> Result<(u8, Bytes32), FormatError> {
		let mut word = *head;
		let [top, rest @ ..] = &mut word;
		let flags = flags(*top);
		*top &= !FLAGS;
		let bad = |problem| FormatError::BadFlags { point: point.into(), flags, problem };
		match (self.compressed, flags) {
			(true, UNCOMPRESSED) => Err(bad("an uncompressed point in a compressed file")),
			(false, UNCOMPRESSED) => Ok((flags, word)),
			(false, _) => Err(bad("a compressed point in an uncompressed file")),
			(true, INFINITY) if *top != 0 || rest.iter().any(|byte| *byte != 0) => {
				Err(not_the_identity(point))
			},
			(true, _) => Ok((flags, word)),
		}
	}
}

fn not_the_identity(point: &str) -> FormatError {
	FormatError::BadFlags {
		point: point.into(),
		flags: INFINITY,
		problem: "they say the identity, and other bits are not zero",
	}
}

fn identity_if(identity: bool, point: &str) -> Result<(), FormatError> {
	if identity {
		return Err(FormatError::Identity { point: point.into() });
	}
	Ok(())
}
