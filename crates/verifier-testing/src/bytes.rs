// SPDX-License-Identifier: Apache-2.0
//! Ways to read and to damage the bytes of keys and proofs.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{BigInteger, PrimeField, UniformRand};
use ark_std::rand::rngs::StdRng;
use pvs_primitives::Bytes32;

/// A field element as 32 bytes, big-endian.
pub fn be<F: PrimeField>(element: F) -> Bytes32 {
	let bytes = element.into_bigint().to_bytes_be();
	bytes.try_into().expect("the element has 32 bytes")
}

/// `bytes + modulus`, `bytes + 2 * modulus`, ... as long as they fit into 32 bytes.
pub fn aliases<F: PrimeField>(bytes: &Bytes32) -> Vec<Bytes32> {
	let modulus = F::MODULUS.to_bytes_be().try_into().expect("the modulus has 32 bytes");
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

/// Returns true if the 32 bytes are a coordinate, that is below the base field's modulus.
pub fn is_coordinate(bytes: &[u8]) -> bool {
	bytes < Fq::MODULUS.to_bytes_be().as_slice()
}

/// The 32 bytes of one coordinate of a proof or key.
pub fn coordinate(bytes: &[u8], position: usize) -> Bytes32 {
	bytes[position * 32..][..32].try_into().expect("32 bytes were taken")
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

/// A point of G1 as 64 bytes.
pub fn g1_bytes(point: &G1Affine) -> [u8; 64] {
	[be(point.x), be(point.y)].concat().try_into().expect("two coordinates")
}

/// A point of G2 as 128 bytes, imaginary parts first, as EIP-197 has it.
pub fn g2_bytes(point: &G2Affine) -> [u8; 128] {
	let elements = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
	elements.map(be).concat().try_into().expect("four coordinates")
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
