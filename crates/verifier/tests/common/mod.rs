// SPDX-License-Identifier: Apache-2.0
//! What the tests share: a real key and proof, ways to damage bytes, and one judge that asks every
//! verifier.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ff::{BigInteger, PrimeField, UniformRand};
use pvs_verifier::{
	Bytes32, HostVerifier, KeyError, PreparedKey, ProofError, ProofVerifier, WasmVerifier,
	PUBLIC_INPUTS,
};
use pvs_verifier_testing::TestKeys;
use rand::{rngs::StdRng, SeedableRng};

pub struct Fixture {
	pub keys: TestKeys,
	pub key: [u8; 768],
	pub prepared: PreparedKey,
	pub inputs: [Bytes32; PUBLIC_INPUTS],
	pub proof: [u8; 256],
	pub rng: StdRng,
}

pub fn fixture(seed: u64) -> Fixture {
	let mut rng = StdRng::seed_from_u64(seed);
	let keys = TestKeys::new(seed);
	let key = keys.verifying_key();
	let inputs = [(); PUBLIC_INPUTS].map(|()| be(Fr::rand(&mut rng)));
	let proof = keys.prove(&inputs, seed);
	let prepared = prepare(&key).unwrap();
	assert_eq!(judge(&prepared, &inputs, &proof), Ok(()));
	Fixture { keys, key, prepared, inputs, proof, rng }
}

/// Checks a key with every verifier; they must agree.
pub fn prepare(key: &[u8]) -> Result<PreparedKey, KeyError> {
	let result = pvs_verifier::prepare_key(key);
	assert_eq!(HostVerifier::prepare_key(key), result);
	assert_eq!(WasmVerifier::prepare_key(key), result);
	result
}

/// Verifies with every verifier; they must agree.
pub fn judge(prepared: &[u8], inputs: &[Bytes32], proof: &[u8]) -> Result<(), ProofError> {
	let result = pvs_verifier::verify(prepared, inputs, proof);
	if let Ok(inputs) = <&[Bytes32; PUBLIC_INPUTS]>::try_from(inputs) {
		assert_eq!(HostVerifier::verify(prepared, inputs, proof), result);
		assert_eq!(WasmVerifier::verify(prepared, inputs, proof), result);
	}
	result
}

pub fn be<F: PrimeField>(element: F) -> Bytes32 {
	element.into_bigint().to_bytes_be().try_into().unwrap()
}

/// `bytes + modulus`, `bytes + 2 * modulus`, ... as long as they fit into 32 bytes.
pub fn aliases<F: PrimeField>(bytes: &Bytes32) -> Vec<Bytes32> {
	let modulus: Bytes32 = F::MODULUS.to_bytes_be().try_into().unwrap();
	std::iter::successors(add(bytes, &modulus), |sum| add(sum, &modulus)).collect()
}

fn add(left: &Bytes32, right: &Bytes32) -> Option<Bytes32> {
	let mut sum = [0; 32];
	let mut carry = 0;
	for position in (0..32).rev() {
		let digit = u16::from(left[position]) + u16::from(right[position]) + carry;
		sum[position] = digit.to_be_bytes()[1];
		carry = digit >> 8;
	}
	(carry == 0).then_some(sum)
}

/// Whether the 32 bytes are a coordinate, that is below the base field's modulus.
pub fn is_coordinate(bytes: &[u8]) -> bool {
	bytes < Fq::MODULUS.to_bytes_be().as_slice()
}

/// The 32 bytes of one coordinate of a proof or key.
pub fn coordinate(bytes: &[u8], position: usize) -> Bytes32 {
	bytes[position * 32..][..32].try_into().unwrap()
}

/// The bytes with one coordinate replaced.
pub fn with_coordinate(bytes: &[u8], position: usize, value: &Bytes32) -> Vec<u8> {
	with_bytes(bytes, position * 32, value)
}

/// The bytes with some of them replaced.
pub fn with_bytes(bytes: &[u8], from: usize, value: &[u8]) -> Vec<u8> {
	let mut changed = bytes.to_vec();
	changed[from..from + value.len()].copy_from_slice(value);
	changed
}

pub fn g1_bytes(point: &G1Affine) -> [u8; 64] {
	[be(point.x), be(point.y)].concat().try_into().unwrap()
}

/// Imaginary part first, as EIP-197 has it.
pub fn g2_bytes(point: &G2Affine) -> [u8; 128] {
	let elements = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
	elements.map(be).concat().try_into().unwrap()
}

/// A point on the twist and outside the subgroup of prime order.
pub fn outside_subgroup(rng: &mut StdRng) -> G2Affine {
	loop {
		let x = Fq2::rand(rng);
		if let Some(point) = G2Affine::get_point_from_x_unchecked(x, bool::rand(rng)) {
			if !point.is_in_correct_subgroup_assuming_on_curve() {
				return point;
			}
		}
	}
}
