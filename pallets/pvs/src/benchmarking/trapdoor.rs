// SPDX-License-Identifier: Apache-2.0
//! A key whose set-up secrets are known, and proofs made with them.
//!
//! Benchmarks run in the runtime's Wasm, where no circuit can be proved. Whoever knows the secrets of
//! a Groth16 set-up can make a proof for any inputs without a circuit (the zero-knowledge simulator
//! of Groth, EUROCRYPT 2016): it picks `A` and `B` and solves the verification equation for `C`. Such a
//! proof is distributed like any other, so the verifier accepts it and does the same work.

use alloc::vec::Vec;
use ark_bn254::{G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::Field;
use pvs_primitives::{
	field::{element_to_be, scalar_from_be, Scalar},
	hash::blake2_256,
	Bytes32, PUBLIC_INPUTS,
};

/// The secrets of a set-up.
pub(super) struct Trapdoor {
	alpha: Scalar,
	beta: Scalar,
	gamma: Scalar,
	delta: Scalar,
	/// Exponents of the IC points: of the constant 1, then of each input.
	ic: [Scalar; PUBLIC_INPUTS + 1],
}

impl Trapdoor {
	/// The same secrets for the same seed.
	pub(super) fn new(seed: &[u8]) -> Self {
		let secret = |name: &[u8; 4]| secret(name, seed);
		Self {
			alpha: secret(b"alph"),
			beta: secret(b"beta"),
			gamma: secret(b"gamm"),
			delta: secret(b"delt"),
			ic: [b"ic 0", b"ic 1", b"ic 2", b"ic 3", b"ic 4"].map(secret),
		}
	}

	/// The verifying key of layout v1.
	pub(super) fn verifying_key(&self) -> Vec<u8> {
		let mut key = g1(self.alpha);
		for exponent in [self.beta, self.gamma, self.delta] {
			key.extend(g2(exponent));
		}
		for exponent in self.ic {
			key.extend(g1(exponent));
		}
		key
	}

	/// A proof for these inputs, which must be canonical: `c` such that
	/// `a * b = alpha * beta + gamma * ic(inputs) + delta * c`.
	pub(super) fn prove(&self, inputs: &[Bytes32; PUBLIC_INPUTS]) -> Vec<u8> {
		let [constant, exponents @ ..] = self.ic;
		let combined = exponents.iter().zip(inputs).fold(constant, |sum, (exponent, input)| {
			sum + *exponent * scalar_from_be(input).expect("the pallet's inputs are canonical")
		});
		let (a, b) = (secret(b"of A", &[]), secret(b"of B", &[]));
		let delta_inverse = self.delta.inverse().expect("a hash is not zero");
		let c = (a * b - self.alpha * self.beta - self.gamma * combined) * delta_inverse;
		[g1(a), g2(b), g1(c)].concat()
	}
}

fn secret(name: &[u8; 4], seed: &[u8]) -> Scalar {
	let mut bytes = blake2_256(&[b"pvs/benchmark/".as_slice(), name, seed]);
	// 253 bits, which is below the modulus.
	bytes[0] &= 0x1f;
	scalar_from_be(&bytes).expect("253 bits are below the modulus")
}

fn g1(exponent: Scalar) -> Vec<u8> {
	let point = (G1Projective::generator() * exponent).into_affine();
	[point.x, point.y].iter().flat_map(element_to_be).collect()
}

fn g2(exponent: Scalar) -> Vec<u8> {
	let point = (G2Projective::generator() * exponent).into_affine();
	[point.x.c1, point.x.c0, point.y.c1, point.y.c0].iter().flat_map(element_to_be).collect()
}
