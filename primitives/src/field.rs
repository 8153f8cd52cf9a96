// SPDX-License-Identifier: Apache-2.0
//! Field elements as bytes: 32 bytes, big-endian, canonical (below the modulus).

use crate::Bytes32;
use ark_ff::{BigInt, PrimeField};

/// An element of BN254's scalar field: state roots, data commitments, public inputs.
pub type Scalar = ark_bn254::Fr;

/// Reads an element of a 256-bit prime field from 32 big-endian bytes.
///
/// `None` if the number is not below the modulus: every element has exactly one encoding.
pub fn element_from_be<F>(bytes: &Bytes32) -> Option<F>
where
	F: PrimeField<BigInt = BigInt<4>>,
{
	F::from_bigint(number_from_be(bytes))
}

/// Writes an element of a 256-bit prime field as 32 big-endian bytes.
pub fn element_to_be<F>(element: &F) -> Bytes32
where
	F: PrimeField<BigInt = BigInt<4>>,
{
	let mut bytes = [0; 32];
	let (words, _) = bytes.as_chunks_mut::<8>();
	for (word, limb) in words.iter_mut().rev().zip(element.into_bigint().0) {
		*word = limb.to_be_bytes();
	}
	bytes
}

/// Reads a scalar from 32 big-endian bytes; `None` if the number is not below the modulus.
pub fn scalar_from_be(bytes: &Bytes32) -> Option<Scalar> {
	element_from_be(bytes)
}

/// Writes a scalar as 32 big-endian bytes.
pub fn scalar_to_be(scalar: &Scalar) -> Bytes32 {
	element_to_be(scalar)
}

/// Returns true if the bytes are the encoding of a scalar, that is a number below the modulus.
pub fn is_canonical(bytes: &Bytes32) -> bool {
	number_from_be(bytes) < Scalar::MODULUS
}

fn number_from_be(bytes: &Bytes32) -> BigInt<4> {
	let mut limbs = [0; 4];
	let (words, _) = bytes.as_chunks::<8>();
	for (limb, word) in limbs.iter_mut().rev().zip(words) {
		*limb = u64::from_be_bytes(*word);
	}
	BigInt::new(limbs)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
	use super::*;
	use ark_ff::{AdditiveGroup, Field};

	fn modulus_plus(offset: i8) -> Bytes32 {
		let mut value = num_bigint::BigInt::from(num_bigint::BigUint::from(Scalar::MODULUS));
		value += offset;
		let bytes = value.to_biguint().unwrap().to_bytes_be();
		bytes.try_into().unwrap()
	}

	#[test]
	fn scalar_should_be_refused_when_not_below_the_modulus() {
		assert_eq!(scalar_from_be(&modulus_plus(0)), None);
		assert_eq!(scalar_from_be(&modulus_plus(1)), None);
		assert_eq!(scalar_from_be(&[0xff; 32]), None);
		assert_eq!(scalar_from_be(&modulus_plus(-1)), Some(-Scalar::ONE));
		assert_eq!(scalar_from_be(&[0; 32]), Some(Scalar::ZERO));
	}

	#[test]
	fn is_canonical_should_agree_with_decoding_when_near_the_modulus() {
		for offset in -3..=3 {
			let bytes = modulus_plus(offset);
			assert_eq!(is_canonical(&bytes), offset < 0);
			assert_eq!(scalar_from_be(&bytes).is_some(), offset < 0);
		}
	}

	#[test]
	fn scalar_should_be_written_big_endian_when_small() {
		let mut expected = [0; 32];
		expected[30] = 1;
		expected[31] = 2;
		assert_eq!(scalar_to_be(&Scalar::from(258u64)), expected);
		assert_eq!(scalar_from_be(&expected), Some(Scalar::from(258u64)));
	}
}
