// SPDX-License-Identifier: Apache-2.0
//! Many inversions for the price of one (Montgomery's trick), on the thread that asks.

#![allow(clippy::arithmetic_side_effects, reason = "field and curve arithmetic never overflows")]

use alloc::vec::Vec;
use ark_bn254::{G1Affine, G1Projective};
use ark_ff::{AdditiveGroup, Field};

/// Inverts every element in place; zeros stay zeros.
pub(crate) fn batch_invert<F: Field>(elements: &mut [F]) {
	let mut product = F::ONE;
	let mut before = Vec::with_capacity(elements.len());
	for element in elements.iter().filter(|element| !element.is_zero()) {
		before.push(product);
		product *= element;
	}
	let mut inverse = product.inverse().unwrap_or(F::ZERO);
	let nonzero = elements.iter_mut().rev().filter(|element| !element.is_zero());
	for (element, before) in nonzero.zip(before.into_iter().rev()) {
		let next = inverse * *element;
		*element = inverse * before;
		inverse = next;
	}
}

/// The affine coordinates of every point.
pub(crate) fn to_affine(points: &[G1Projective]) -> Vec<G1Affine> {
	let mut inverses: Vec<_> = points.iter().map(|point| point.z).collect();
	batch_invert(&mut inverses);
	let affine = |(point, inverse): (&G1Projective, ark_bn254::Fq)| {
		let square = inverse.square();
		if inverse == ark_bn254::Fq::ZERO {
			G1Affine::identity()
		} else {
			G1Affine::new_unchecked(point.x * square, point.y * square * inverse)
		}
	};
	points.iter().zip(inverses).map(affine).collect()
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
	use ark_bn254::Fq2;
	use ark_ec::CurveGroup;
	use ark_ff::UniformRand;
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn batch_invert_should_equal_single_inversions_and_keep_zeros() {
		let mut rng = StdRng::seed_from_u64(1);
		for zeros in [vec![], vec![0], vec![9], vec![0, 4, 5, 9], (0..10).collect()] {
			let mut elements: Vec<_> = (0..10).map(|_| Fq2::rand(&mut rng)).collect();
			for zero in zeros {
				elements[zero] = Fq2::ZERO;
			}
			let expected: Vec<_> =
				elements.iter().map(|element| element.inverse().unwrap_or_default()).collect();
			batch_invert(&mut elements);
			assert_eq!(elements, expected);
		}
		batch_invert::<Fq2>(&mut []);
	}

	#[test]
	fn to_affine_should_equal_single_conversions() {
		let mut rng = StdRng::seed_from_u64(2);
		let mut points: Vec<_> = (0..5).map(|_| G1Projective::rand(&mut rng)).collect();
		points.insert(2, G1Projective::ZERO);
		let expected: Vec<_> = points.iter().map(|point| point.into_affine()).collect();
		assert_eq!(to_affine(&points), expected);
	}
}
