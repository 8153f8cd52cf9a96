// SPDX-License-Identifier: Apache-2.0
//! Checks of many points at once: a random sum of them stands for all. If one is wrong, the sum is
//! wrong for all but one in 2^128 choices of the factors.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{PrimeField, Zero};
use rand::{rngs::OsRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Factors of 128 random bits that nobody knew before: drawn anew for each check, so that no transcript can
/// be made for them.
pub(crate) fn factors(count: usize) -> Vec<Fr> {
	let mut seed = [0; 32];
	OsRng.fill_bytes(&mut seed);
	let mut rng = ChaCha20Rng::from_seed(seed);
	let mut factor = || {
		let (high, low) = (rng.next_u64(), rng.next_u64());
		Fr::from(u128::from(high) << 64 | u128::from(low))
	};
	(0..count).map(|_| factor()).collect()
}

/// The sum of points times factors; as many of both.
pub(crate) fn sum<A: AffineRepr<ScalarField = Fr>>(points: &[A], factors: &[Fr]) -> A::Group
where
	A::Group: VariableBaseMSM<MulBase = A>,
{
	let factors: Vec<_> = factors.iter().map(|factor| factor.into_bigint()).collect();
	A::Group::msm_bigint(points, &factors)
}

/// Returns true if the second of two points is the same multiple of the first in both groups.
pub(crate) fn same_ratio(
	(a, multiple_of_a): (impl Into<G1Projective>, impl Into<G1Projective>),
	(b, multiple_of_b): (G2Affine, G2Affine),
) -> bool {
	let a: G1Affine = a.into().into_affine();
	let multiple_of_a: G1Affine = multiple_of_a.into().into_affine();
	Bn254::multi_pairing([a, -multiple_of_a], [multiple_of_b, b]).is_zero()
}

/// Returns true if each of the points is the one before times tau.
pub(crate) fn are_powers(points: &[G1Affine], tau: G2Affine) -> bool {
	let factors = factors(points.len() - 1);
	let lower = sum(&points[..points.len() - 1], &factors);
	let higher = sum(&points[1..], &factors);
	same_ratio((lower, higher), (G2Affine::generator(), tau))
}

/// As [`are_powers`], in the other group.
pub(crate) fn are_powers_g2(points: &[G2Affine], tau: G1Affine) -> bool {
	let factors = factors(points.len() - 1);
	let lower = sum(&points[..points.len() - 1], &factors).into_affine();
	let higher = sum(&points[1..], &factors).into_affine();
	same_ratio((G1Affine::generator(), tau), (lower, higher))
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ff::AdditiveGroup;
	use std::collections::BTreeSet;

	/// V1: two ceremonies, and two checks of one, have no factor in common.
	#[test]
	fn factors_should_be_drawn_anew_for_each_check() {
		let all: BTreeSet<_> =
			(0..50).flat_map(|_| factors(20)).map(|factor| factor.into_bigint()).collect();
		assert_eq!(all.len(), 50 * 20);
	}

	#[test]
	fn factors_should_use_all_of_their_128_bits() {
		let all: Vec<_> = factors(500).iter().map(|factor| factor.into_bigint().0).collect();
		for limb in [0, 1] {
			assert_eq!(all.iter().fold(0, |bits, limbs| bits | limbs[limb]), u64::MAX);
			assert_eq!(all.iter().fold(u64::MAX, |bits, limbs| bits & limbs[limb]), 0);
		}
		assert!(all.iter().all(|limbs| (limbs[2], limbs[3]) == (0, 0)));
	}

	/// Two wrong points whose errors cancel in a plain sum.
	#[test]
	fn powers_should_be_refused_when_their_errors_cancel_without_factors() {
		let tau = Fr::from(7u64);
		let (generator, g2) = (G1Affine::generator(), G2Affine::generator());
		let powers = [1, 7, 49, 343, 2_401].map(|power: u64| generator * Fr::from(power));
		let g2_tau = (g2 * tau).into_affine();
		let affine = |powers: &[G1Projective]| -> Vec<G1Affine> {
			powers.iter().map(|power| power.into_affine()).collect()
		};
		assert!(are_powers(&affine(&powers), g2_tau));
		let mut wrong = powers;
		// Off by e and f: the plain sums of all but the last and all but the first are off by e + f each, and
		// tau times the one is the other if the last is off by (tau - 1)(e + f).
		wrong[1] += generator;
		wrong[2] += generator;
		wrong[4] += generator * (tau.double() - Fr::from(2u64));
		let plain = |powers: &[G1Projective]| powers.iter().sum::<G1Projective>();
		assert_eq!(plain(&wrong[..4]) * tau, plain(&wrong[1..]), "they cancel");
		assert!(!are_powers(&affine(&wrong), g2_tau));
	}
}
