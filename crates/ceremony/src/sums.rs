// SPDX-License-Identifier: Apache-2.0
//! Checks of many points at once: a random sum of them stands for all. If one is wrong, the sum is
//! wrong for all but one in 2^128 choices of the factors.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{PrimeField, Zero};
use rand::{rngs::OsRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Factors of 128 random bits that nobody knew before.
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

/// Whether the second of two points is the same multiple of the first in both groups.
pub(crate) fn same_ratio(
	(a, multiple_of_a): (impl Into<G1Projective>, impl Into<G1Projective>),
	(b, multiple_of_b): (G2Affine, G2Affine),
) -> bool {
	let a: G1Affine = a.into().into_affine();
	let multiple_of_a: G1Affine = multiple_of_a.into().into_affine();
	Bn254::multi_pairing([a, -multiple_of_a], [multiple_of_b, b]).is_zero()
}

/// Whether each of the points is the one before times tau.
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
