// SPDX-License-Identifier: Apache-2.0
//! The proof and its verification.

use crate::{
	encoding::{checked_g1, checked_g2, Reader},
	error::ProofError,
	key::{TrustedKey, IC_POINTS},
};
use alloc::vec::Vec;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{pairing::Pairing, AdditiveGroup, CurveGroup};
use ark_ff::PrimeField;
use pvs_primitives::{field::scalar_from_be, Bytes32, PROOF_BYTES, PUBLIC_INPUTS};

/// A proof whose points are on their curves, in their subgroups and not the identity.
pub(crate) struct CheckedProof {
	pub(crate) a: G1Affine,
	pub(crate) b: G2Affine,
	pub(crate) c: G1Affine,
}

impl CheckedProof {
	/// Reads and checks a proof.
	pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
		if bytes.len() != PROOF_BYTES {
			return Err(ProofError::WrongLength);
		}
		let mut reader = Reader::new(bytes);
		let a = checked_g1(reader.take().ok_or(ProofError::WrongLength)?)?;
		let b = checked_g2(reader.take().ok_or(ProofError::WrongLength)?)?;
		let c = checked_g1(reader.take().ok_or(ProofError::WrongLength)?)?;
		Ok(Self { a, b, c })
	}
}

/// Verifies a proof of 256 bytes for four public inputs under a key that
/// [`prepare_key`](crate::prepare_key) returned.
///
/// `e(A, B) * e(-sum of inputs[i] * IC[i], gamma) * e(-C, delta) = e(alpha, beta)`, as one
/// multi-Miller loop and one final exponentiation (Groth, EUROCRYPT 2016).
///
/// Proofs can be re-randomised by anyone: equal bytes mean an equal proof, different bytes mean
/// nothing.
///
/// # Errors
///
/// The first that applies: number of inputs, length of the proof, canonical inputs, the key's
/// encoding, the proof's points in order, and only then whether it holds.
pub fn verify(prepared: &[u8], inputs: &[Bytes32], proof: &[u8]) -> Result<(), ProofError> {
	let inputs: &[Bytes32; PUBLIC_INPUTS] =
		inputs.try_into().map_err(|_| ProofError::WrongInputCount)?;
	if proof.len() != PROOF_BYTES {
		return Err(ProofError::WrongLength);
	}
	let inputs = decode_inputs(inputs)?;
	let key = TrustedKey::decode(prepared)?;
	let proof = CheckedProof::decode(proof)?;

	let combined = combine(&key.ic, &inputs);
	let product = Bn254::multi_miller_loop(
		[proof.a, negated(combined.into_affine()), negated(proof.c)],
		[proof.b, key.gamma, key.delta],
	);
	// Zero cannot come out of checked points: only a key that was never prepared gets here.
	let result = Bn254::final_exponentiation(product).ok_or(ProofError::MalformedKey)?;
	if result.0 == key.alpha_beta {
		Ok(())
	} else {
		Err(ProofError::NotValid)
	}
}

fn decode_inputs(inputs: &[Bytes32; PUBLIC_INPUTS]) -> Result<[Fr; PUBLIC_INPUTS], ProofError> {
	let mut scalars = [Fr::default(); PUBLIC_INPUTS];
	for (scalar, input) in scalars.iter_mut().zip(inputs) {
		*scalar = scalar_from_be(input).ok_or(ProofError::NonCanonicalInput)?;
	}
	Ok(scalars)
}

#[allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]
fn negated(point: G1Affine) -> G1Affine {
	-point
}

/// `ic[0] + sum of inputs[i] * ic[i + 1]`.
///
/// All scalars share their doublings (Straus): each bit position picks one of the 16 sums of IC
/// points. About a third of the additions and a quarter of the doublings of one multiplication
/// after another.
#[allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]
fn combine(ic: &[G1Affine; IC_POINTS], inputs: &[Fr; PUBLIC_INPUTS]) -> G1Projective {
	let [constant, points @ ..] = ic;
	let sums = subset_sums(points);
	let scalars = inputs.map(|input| input.into_bigint().0);

	let mut sum = G1Projective::default();
	for limb in (0..4).rev() {
		let words = scalars.map(|limbs| limbs.get(limb).copied().unwrap_or_default());
		for bit in (0..64u32).rev() {
			sum.double_in_place();
			let chosen = words
				.iter()
				.rev()
				.fold(0, |index, word| index << 1 | usize::from(word.wrapping_shr(bit) & 1 == 1));
			if let Some(point) = sums.get(chosen).filter(|_| chosen != 0) {
				sum += point;
			}
		}
	}
	sum + constant
}

/// The sums of all subsets of the points: bit `i` of the index says whether point `i` takes part.
#[allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]
fn subset_sums(points: &[G1Affine]) -> Vec<G1Affine> {
	let mut sums = Vec::from([G1Projective::default()]);
	for point in points {
		let with_point: Vec<_> = sums.iter().map(|sum| *sum + point).collect();
		sums.extend(with_point);
	}
	G1Projective::normalize_batch(&sums)
}

#[cfg(test)]
#[allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	reason = "tests fail by panicking; curve arithmetic never overflows"
)]
mod tests {
	use super::*;
	use ark_ec::AffineRepr;
	use ark_ff::UniformRand;
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn combine_should_equal_separate_multiplications() {
		let mut rng = StdRng::seed_from_u64(9);
		let ic: [G1Affine; IC_POINTS] = [(); IC_POINTS].map(|()| G1Affine::rand(&mut rng));
		let edges = [Fr::from(0u64), Fr::from(1u64), -Fr::from(1u64), Fr::from(u64::MAX)];
		let mut cases = vec![edges, [Fr::from(0u64); PUBLIC_INPUTS], [edges[2]; PUBLIC_INPUTS]];
		cases.extend((0..50).map(|_| [(); PUBLIC_INPUTS].map(|()| Fr::rand(&mut rng))));
		for inputs in cases {
			let [constant, points @ ..] = &ic;
			let expected = points
				.iter()
				.zip(&inputs)
				.fold(constant.into_group(), |sum, (point, input)| sum + *point * input);
			assert_eq!(combine(&ic, &inputs), expected);
		}
	}

	#[test]
	fn combine_should_be_the_identity_when_the_points_cancel() {
		let point = G1Affine::generator();
		let inputs = [Fr::from(0u64); PUBLIC_INPUTS];
		let minus_one = [-Fr::from(1u64), inputs[1], inputs[2], inputs[3]];
		assert_eq!(combine(&[point; IC_POINTS], &minus_one), G1Projective::default());
		assert_eq!(combine(&[point; IC_POINTS], &inputs), point.into_group());
	}
}
