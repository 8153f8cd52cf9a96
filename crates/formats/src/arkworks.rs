// SPDX-License-Identifier: Apache-2.0
//! arkworks' `CanonicalSerialize`: little-endian coordinates, the real part of Fp2 first, two flag
//! bits at the top of each point's last byte.
//!
//! | flags | point |
//! | --- | --- |
//! | 00 | `y` is the smaller one of `y` and `-y` |
//! | 10 | `y` is the larger one |
//! | 01 | the identity: every other bit is zero |
//!
//! The flags are there uncompressed too, where they must agree with `y`. arkworks itself ignores a
//! contradiction, and takes any coordinates with the flag of the identity for the identity.
//!
//! Key: `alpha_g1, beta_g2, gamma_g2, delta_g2`, the number of points in `gamma_abc_g1` (u64),
//! `gamma_abc_g1`. Proof: `a, b, c`. Public inputs: their number (u64), the elements.

use crate::{
	bytes::{exactly, plausible, u64_le_at, Reader, Sizes, BLS12, BLS12_NAME, BN254, IC_POINTS},
	foreign::Encoding,
	number,
	points::{from_coordinates, from_x},
	FormatError,
};
use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_groth16::{Proof, VerifyingKey};
use pvs_primitives::Bytes32;

const FLAGS: u8 = 0b1100_0000;
const SMALLER: u8 = 0b00;
const INFINITY: u8 = 0b01;
const LARGER: u8 = 0b10;

/// Bytes of a count.
const COUNT: usize = 8;

pub(crate) fn read_key(bytes: &[u8]) -> Result<(VerifyingKey<Bn254>, Encoding), FormatError> {
	let compressed = key_is_compressed(bytes)?;
	let sizes = Sizes::new(BN254, compressed);
	let count = u64_le_at(bytes, count_offset(sizes)).unwrap_or_default();
	if count == 0 {
		return Err(FormatError::WrongShape {
			field: "gamma_abc_g1".into(),
			expected: "one point or more".into(),
		});
	}
	let mut points = Points { reader: Reader::new(bytes), compressed };
	let alpha_g1 = points.g1("alpha_g1")?;
	let beta_g2 = points.g2("beta_g2")?;
	let gamma_g2 = points.g2("gamma_g2")?;
	let delta_g2 = points.g2("delta_g2")?;
	let _: &[u8; COUNT] = points.reader.take()?;
	let gamma_abc_g1 = (0..count)
		.map(|index| points.g1(&format!("gamma_abc_g1[{index}]")))
		.collect::<Result<Vec<_>, _>>()?;
	let key = VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, gamma_abc_g1 };
	Ok((key, Encoding::binary(compressed)))
}

pub(crate) fn read_proof(bytes: &[u8]) -> Result<(Proof<Bn254>, Encoding), FormatError> {
	let compressed = proof_is_compressed(bytes)?;
	let proof = Points { reader: Reader::new(bytes), compressed }.proof()?;
	Ok((proof, Encoding::binary(compressed)))
}

pub(crate) fn read_public_inputs(bytes: &[u8]) -> Result<Vec<Bytes32>, FormatError> {
	let truncated = FormatError::Truncated { needs: COUNT, has: bytes.len() };
	let count = u64_le_at(bytes, 0).ok_or(truncated)?;
	let count = plausible("the list of public inputs", count, BN254)?;
	exactly(count.saturating_mul(BN254).saturating_add(COUNT), bytes.len())?;
	let (words, _) = bytes.get(COUNT..).unwrap_or_default().as_chunks::<BN254>();
	words
		.iter()
		.enumerate()
		.map(|(index, word)| number::scalar(&reversed(word), &format!("public input [{index}]")))
		.collect()
}

fn count_offset(sizes: Sizes) -> usize {
	sizes.of(1, 3)
}

/// Bytes of a key with points of these sizes, by the count that it holds.
fn key_length(bytes: &[u8], sizes: Sizes) -> Option<Result<usize, FormatError>> {
	let offset = count_offset(sizes);
	let count = u64_le_at(bytes, offset)?;
	let points = plausible("gamma_abc_g1", count, sizes.g1);
	Some(points.map(|count| offset.saturating_add(COUNT).saturating_add(sizes.of(count, 0))))
}

/// Which of its two forms a key has, by its length.
fn key_is_compressed(bytes: &[u8]) -> Result<bool, FormatError> {
	let has = bytes.len();
	let fits = |coordinate, compressed| {
		let sizes = Sizes::new(coordinate, compressed);
		let has_points = u64_le_at(bytes, count_offset(sizes)) != Some(0);
		has_points && key_length(bytes, sizes) == Some(Ok(has))
	};
	if let Some(compressed) = [true, false].into_iter().find(|form| fits(BN254, *form)) {
		return Ok(compressed);
	}
	if fits(BLS12, true) || fits(BLS12, false) {
		return Err(FormatError::WrongCurve { found: BLS12_NAME.into() });
	}
	// Neither: say what is missing or left over, by the form whose count could be one.
	let forms = [true, false].map(|compressed| Sizes::new(BN254, compressed));
	let truncated = |sizes| {
		let header = count_offset(sizes).saturating_add(COUNT);
		let needs = header.saturating_add(sizes.of(IC_POINTS, 0));
		Err(FormatError::Truncated { needs, has })
	};
	let [short, long] = forms;
	match forms.map(|sizes| key_length(bytes, sizes)) {
		[Some(Ok(needs)), _] => exactly(needs, has).map(|()| true),
		[_, Some(Ok(needs))] => exactly(needs, has).map(|()| false),
		[Some(Err(error)), Some(Err(_))] => Err(error),
		[None, _] => truncated(short),
		[_, None] => truncated(long),
	}
}

/// Which of its two forms a proof has, by its length and its first points: half an uncompressed proof
/// is as long as a compressed one.
fn proof_is_compressed(bytes: &[u8]) -> Result<bool, FormatError> {
	let length = |coordinate, compressed| Sizes::new(coordinate, compressed).of(2, 1);
	let (short, long) = (length(BN254, true), length(BN254, false));
	let has = bytes.len();
	// Random bytes are a point of G1 now and then, but never a point of G1 uncompressed, nor three
	// points of which one is in the subgroup of G2.
	let reader = |compressed| Points { reader: Reader::new(bytes), compressed };
	let starts_short = reader(true).proof().is_ok();
	let starts_long = reader(false).g1("a").is_ok();
	let compressed = match (starts_short, starts_long) {
		(true, _) => true,
		(false, true) => false,
		(false, false) => {
			let is_bls12 = has == length(BLS12, true) || has == length(BLS12, false);
			if is_bls12 {
				return Err(FormatError::WrongCurve { found: BLS12_NAME.into() });
			}
			has <= short
		},
	};
	exactly(if compressed { short } else { long }, has)?;
	Ok(compressed)
}

/// Reads one point after another, all compressed or all uncompressed.
struct Points<'a> {
	reader: Reader<'a>,
	compressed: bool,
}

impl Points<'_> {
	fn proof(&mut self) -> Result<Proof<Bn254>, FormatError> {
		Ok(Proof { a: self.g1("a")?, b: self.g2("b")?, c: self.g1("c")? })
	}

	fn g1(&mut self, point: &str) -> Result<G1Affine, FormatError> {
		let x = if self.compressed { [0; 32] } else { *self.reader.take()? };
		let (flags, last) = split_flags(self.reader.take()?);
		let numbers = [reversed(&x), reversed(&last)];
		check_identity(flags, &numbers, point)?;
		let [x, last] = numbers;
		let last = number::coordinate(&last, point)?;
		if self.compressed {
			return from_x(last, flags == LARGER, point);
		}
		agreeing(from_coordinates(number::coordinate(&x, point)?, last, point)?, flags, point)
	}

	fn g2(&mut self, point: &str) -> Result<G2Affine, FormatError> {
		let x = if self.compressed { [[0; 32]; 2] } else { self.take_words()? };
		let real: &Bytes32 = self.reader.take()?;
		let (flags, imaginary) = split_flags(self.reader.take()?);
		let [x_real, x_imaginary] = x;
		let numbers = [x_real, x_imaginary, *real, imaginary].map(|word| reversed(&word));
		check_identity(flags, &numbers, point)?;
		let [x_real, x_imaginary, real, imaginary] = numbers;
		let last = element(&real, &imaginary, point)?;
		if self.compressed {
			return from_x(last, flags == LARGER, point);
		}
		let x = element(&x_real, &x_imaginary, point)?;
		agreeing(from_coordinates(x, last, point)?, flags, point)
	}

	fn take_words(&mut self) -> Result<[Bytes32; 2], FormatError> {
		Ok([*self.reader.take()?, *self.reader.take()?])
	}
}

fn element(real: &Bytes32, imaginary: &Bytes32, point: &str) -> Result<Fq2, FormatError> {
	let parts: [Fq; 2] = [number::coordinate(real, point)?, number::coordinate(imaginary, point)?];
	let [real, imaginary] = parts;
	Ok(Fq2::new(real, imaginary))
}

/// The flags at the end of a word and the word without them.
fn split_flags(word: &Bytes32) -> (u8, Bytes32) {
	let mut word = *word;
	let [.., top] = &mut word;
	let flags = top.wrapping_shr(6);
	*top &= !FLAGS;
	(flags, word)
}

/// Refuses the identity and flags that no point has.
fn check_identity(flags: u8, numbers: &[Bytes32], point: &str) -> Result<(), FormatError> {
	let bad = |problem| FormatError::BadFlags { point: point.into(), flags, problem };
	match flags {
		SMALLER | LARGER => Ok(()),
		INFINITY if numbers.iter().flatten().all(|byte| *byte == 0) => {
			Err(FormatError::Identity { point: point.into() })
		},
		INFINITY => Err(bad("they say the identity, and other bits are not zero")),
		_ => Err(bad("no point has both")),
	}
}

/// Compares the flags of an uncompressed point with its `y`.
#[allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]
fn agreeing<C: SWCurveConfig>(
	affine: Affine<C>,
	flags: u8,
	point: &str,
) -> Result<Affine<C>, FormatError> {
	let is_larger = affine.y > -affine.y;
	if is_larger == (flags == LARGER) {
		return Ok(affine);
	}
	let problem = "they contradict y";
	Err(FormatError::BadFlags { point: point.into(), flags, problem })
}

fn reversed(word: &Bytes32) -> Bytes32 {
	let mut word = *word;
	word.reverse();
	word
}
