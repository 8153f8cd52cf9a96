// SPDX-License-Identifier: Apache-2.0
//! The coefficients of a batch: 128 bits each, as two halves of 64 that an endomorphism keeps apart.

#![allow(clippy::arithmetic_side_effects, reason = "field and curve arithmetic never overflows")]

use crate::fields::Fp12;
use alloc::vec::Vec;
use ark_bn254::{g1, Fr, G1Affine, G1Projective};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::AdditiveGroup;
use pvs_primitives::{hash::blake2_256, Bytes32};

/// `low + high * lambda` modulo `r`, where `lambda` is the cube root of unity by which the
/// endomorphism `(x, y) -> (beta x, y)` of G1 multiplies (Gallant, Lambert, Vanstone, CRYPTO 2001).
///
/// Different halves give different scalars: no non-zero pair of numbers below 2^64 in absolute value
/// is a relation modulo `r`. So uniform halves are a uniform choice among 2^128 scalars, and
/// multiplication takes 64 doublings instead of 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coefficient {
	low: u64,
	high: u64,
}

impl Coefficient {
	/// One, which every batch may give to one of its proofs.
	pub(crate) const ONE: Self = Self { low: 1, high: 0 };

	/// The coefficient of the proof at a place, from the hash of the whole batch.
	pub(crate) fn derive(seed: &Bytes32, place: u32) -> Self {
		let hash = blake2_256(&[seed, &place.to_le_bytes()]);
		let (words, _) = hash.as_chunks::<8>();
		let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
		let (low, high) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
		if (low, high) == (0, 0) {
			return Self::ONE;
		}
		Self { low, high }
	}

	/// The same modulo `r`.
	pub(crate) fn scalar(self) -> Fr {
		Fr::from(self.low) + Fr::from(self.high) * g1::Config::LAMBDA
	}

	/// The multiple of a point.
	pub(crate) fn multiply(self, point: &G1Affine) -> G1Projective {
		multiply(point, self.low.into(), self.high.into())
	}
}

/// `low + high * lambda` times a point: both halves share their doublings. `P + phi(P) = -phi^2(P)`
/// makes the sum of both bases free.
fn multiply(point: &G1Affine, low: u128, high: u128) -> G1Projective {
	let turned = g1::Config::endomorphism_affine(point);
	let both = -g1::Config::endomorphism_affine(&turned);
	let mut sum = G1Projective::ZERO;
	for (low, high) in bits(low, high) {
		sum.double_in_place();
		match (low, high) {
			(false, false) => {},
			(true, false) => sum += point,
			(false, true) => sum += turned,
			(true, true) => sum += both,
		}
	}
	sum
}

/// The bits of both numbers from the highest that is set in either.
fn bits(low: u128, high: u128) -> impl Iterator<Item = (bool, bool)> {
	let length = u128::BITS.saturating_sub((low | high).leading_zeros());
	let of = |number: u128, bit: u32| number.wrapping_shr(bit) & 1 == 1;
	(0..length).rev().map(move |bit| (of(low, bit), of(high, bit)))
}

/// A sum of coefficients, half by half.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CoefficientSum {
	low: u128,
	high: u128,
}

impl CoefficientSum {
	pub(crate) fn add(&mut self, coefficient: Coefficient) {
		self.low = self.low.saturating_add(coefficient.low.into());
		self.high = self.high.saturating_add(coefficient.high.into());
	}

	/// The same modulo `r`.
	#[cfg(test)]
	pub(crate) fn scalar(self) -> Fr {
		Fr::from(self.low) + Fr::from(self.high) * g1::Config::LAMBDA
	}

	/// The multiple of a point.
	pub(crate) fn multiply(self, point: &G1Affine) -> G1Projective {
		multiply(point, self.low, self.high)
	}

	/// A power of an element of the pairing's target group. There `lambda` is the fourth power of
	/// Frobenius, since `p^4 = lambda` modulo `r`.
	pub(crate) fn power(self, base: &Fp12) -> Fp12 {
		let turned = base.frobenius(4);
		let both = *base * turned;
		let mut power = Fp12::ONE;
		for (low, high) in bits(self.low, self.high) {
			power = power.cyclotomic_square();
			match (low, high) {
				(false, false) => {},
				(true, false) => power = power * *base,
				(false, true) => power = power * turned,
				(true, true) => power = power * both,
			}
		}
		power
	}
}

/// The sum of `coefficients[i] * points[i]` by buckets (Pippenger): each half of a coefficient is one
/// scalar, of a point and of its image.
pub(crate) fn combine(points: &[(G1Affine, Coefficient)]) -> G1Projective {
	if let [(point, coefficient)] = points {
		return coefficient.multiply(point);
	}
	let halves: Vec<(G1Affine, u64)> = points
		.iter()
		.flat_map(|(point, coefficient)| {
			let turned = g1::Config::endomorphism_affine(point);
			[(*point, coefficient.low), (turned, coefficient.high)]
		})
		.collect();
	let width: u32 = match halves.len() {
		0..=15 => 2,
		16..=63 => 3,
		64..=191 => 4,
		192..=511 => 5,
		_ => 6,
	};
	let mask = 1_u64.wrapping_shl(width).wrapping_sub(1);
	let windows = u64::BITS.div_ceil(width);
	let mut sum = G1Projective::ZERO;
	for window in (0..windows).rev() {
		for _ in 0..width {
			sum.double_in_place();
		}
		let mut buckets: Vec<G1Projective> = (0..mask).map(|_| G1Projective::ZERO).collect();
		for (point, half) in &halves {
			let digit = half.wrapping_shr(window.saturating_mul(width)) & mask;
			let bucket = usize::try_from(digit).ok().and_then(|digit| digit.checked_sub(1));
			if let Some(bucket) = bucket.and_then(|bucket| buckets.get_mut(bucket)) {
				*bucket += point;
			}
		}
		let mut running = G1Projective::ZERO;
		for bucket in buckets.iter().rev() {
			running += bucket;
			sum += running;
		}
	}
	sum
}

#[cfg(test)]
#[allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	reason = "tests fail by panicking"
)]
mod tests {
	use super::*;
	use ark_bn254::Bn254;
	use ark_ec::pairing::Pairing;
	use ark_ff::{CyclotomicMultSubgroup, PrimeField, UniformRand};
	use rand::{rngs::StdRng, Rng, SeedableRng};

	fn cases(rng: &mut StdRng) -> Vec<Coefficient> {
		let edges = [0, 1, 2, u64::MAX - 1, u64::MAX, 1 << 63];
		let pairs = edges.iter().flat_map(|low| edges.map(|high| (*low, high)));
		let random: Vec<_> = (0..20).map(|_| (rng.gen(), rng.gen())).collect();
		pairs.chain(random).map(|(low, high)| Coefficient { low, high }).collect()
	}

	#[test]
	fn multiply_should_equal_multiplication_by_the_scalar() {
		let mut rng = StdRng::seed_from_u64(1);
		for coefficient in cases(&mut rng) {
			let point = G1Affine::rand(&mut rng);
			assert_eq!(coefficient.multiply(&point), point * coefficient.scalar());
		}
	}

	#[test]
	fn power_should_equal_exponentiation_by_the_scalar() {
		let mut rng = StdRng::seed_from_u64(2);
		let base = Bn254::pairing(G1Affine::rand(&mut rng), ark_bn254::G2Affine::rand(&mut rng)).0;
		for coefficient in cases(&mut rng) {
			let mut sum = CoefficientSum::default();
			sum.add(coefficient);
			sum.add(Coefficient { low: u64::MAX, high: 3 });
			let power = base.cyclotomic_exp(sum.scalar().into_bigint());
			assert_eq!(sum.power(&base.into()), power.into());
		}
		assert_eq!(CoefficientSum::default().power(&base.into()), Fp12::ONE);
	}

	#[test]
	fn combine_should_equal_separate_multiplications() {
		let mut rng = StdRng::seed_from_u64(3);
		for count in [0, 1, 2, 7, 8, 31, 32, 95, 96, 255, 256] {
			let all = cases(&mut rng);
			let points: Vec<_> = (0..count)
				.map(|index| (G1Affine::rand(&mut rng), all[(index * 7) % all.len()]))
				.collect();
			let expected: G1Projective =
				points.iter().map(|(point, coefficient)| *point * coefficient.scalar()).sum();
			assert_eq!(combine(&points), expected);
		}
	}

	#[test]
	fn halves_should_have_no_small_relation() {
		// The lattice of relations (low, high) with low + high * lambda = 0 modulo r has a reduced basis of
		// two vectors, both longer than two halves can differ.
		use num_bigint::BigInt;
		let (first, second) = ("9931322734385697763", "147946756881789319000765030803803410728");
		let [a, b] = [first, second].map(|text| text.parse::<BigInt>().unwrap());
		let r: BigInt = num_bigint::BigUint::from(Fr::MODULUS).into();
		let lambda: BigInt = num_bigint::BigUint::from(g1::Config::LAMBDA.into_bigint()).into();
		let basis = [(b.clone(), -a.clone()), (a.clone(), &a + &b)];
		for (low, high) in &basis {
			assert_eq!((low + high * &lambda) % &r, BigInt::from(0));
		}
		let determinant = &basis[0].0 * &basis[1].1 - &basis[0].1 * &basis[1].0;
		assert_eq!(determinant, r);
		// A relation is m * basis[0] + n * basis[1]; by Cramer's rule with parts below 2^64 both m and n
		// are below 1 in absolute value.
		let half = BigInt::from(1_u128 << 64);
		for row in [0, 1] {
			let bound = (&half * &basis[row].1).magnitude() + (&half * &basis[row].0).magnitude();
			assert!(&bound < r.magnitude(), "{bound}");
		}
	}

	#[test]
	fn derive_should_depend_on_seed_and_place() {
		let one = Coefficient::derive(&[1; 32], 0);
		assert_eq!(one, Coefficient::derive(&[1; 32], 0));
		assert_ne!(one, Coefficient::derive(&[1; 32], 1));
		assert_ne!(one, Coefficient::derive(&[2; 32], 0));
	}

	/// Every bit of both halves is set in some coefficients and not in others, and both halves weigh.
	#[test]
	fn derive_should_use_all_bits_of_both_halves() {
		let all: Vec<_> = (0..500).map(|place| Coefficient::derive(&[3; 32], place)).collect();
		for half in [|c: &Coefficient| c.low, |c: &Coefficient| c.high] {
			assert_eq!(all.iter().map(half).fold(0, |bits, half| bits | half), u64::MAX);
			assert_eq!(all.iter().map(half).fold(u64::MAX, |bits, half| bits & half), 0);
		}
		for Coefficient { low, high } in all {
			assert_ne!(low, high);
			let scalar = Coefficient { low, high }.scalar();
			assert_ne!(scalar, Coefficient { low, high: 0 }.scalar());
			assert_ne!(scalar, Coefficient { low: 0, high }.scalar());
		}
	}
}
