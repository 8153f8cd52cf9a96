// SPDX-License-Identifier: Apache-2.0
//! Many inversions for the price of one (Montgomery's trick), on the thread that asks.

#![allow(clippy::arithmetic_side_effects, reason = "field and curve arithmetic never overflows")]

use crate::fields::{Fp, Fp2};
use alloc::vec::Vec;
use ark_bn254::{G1Affine, G1Projective};
use core::ops::Mul;

/// What can be inverted.
pub(crate) trait Element: Copy + PartialEq + Mul<Output = Self> {
	const ZERO: Self;
	const ONE: Self;

	/// The inverse; `None` for zero.
	fn inverse(self) -> Option<Self>;
}

impl Element for Fp {
	const ZERO: Self = Self::ZERO;
	const ONE: Self = Self::ONE;

	fn inverse(self) -> Option<Self> {
		self.inverse()
	}
}

impl Element for Fp2 {
	const ZERO: Self = Self::ZERO;
	const ONE: Self = Self::ONE;

	fn inverse(self) -> Option<Self> {
		self.inverse()
	}
}

/// Inverts every element in place; zeros stay zeros.
pub(crate) fn batch_invert<E: Element>(elements: &mut [E]) {
	let mut product = E::ONE;
	let mut before = Vec::with_capacity(elements.len());
	for element in elements.iter().filter(|element| **element != E::ZERO) {
		before.push(product);
		product = product * *element;
	}
	let mut inverse = product.inverse().unwrap_or(E::ZERO);
	let nonzero = elements.iter_mut().rev().filter(|element| **element != E::ZERO);
	for (element, before) in nonzero.zip(before.into_iter().rev()) {
		let next = inverse * *element;
		*element = inverse * before;
		inverse = next;
	}
}

/// The affine coordinates of every point.
pub(crate) fn to_affine(points: &[G1Projective]) -> Vec<G1Affine> {
	let mut inverses: Vec<_> = points.iter().map(|point| Fp::from(point.z)).collect();
	batch_invert(&mut inverses);
	let affine = |(point, inverse): (&G1Projective, Fp)| {
		let square = inverse.square();
		if inverse == Fp::ZERO {
			G1Affine::identity()
		} else {
			let (x, y) = (Fp::from(point.x) * square, Fp::from(point.y) * square * inverse);
			G1Affine::new_unchecked(x.into(), y.into())
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
	use ark_ff::{AdditiveGroup, Field, UniformRand};
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn batch_invert_should_equal_single_inversions_and_keep_zeros() {
		let mut rng = StdRng::seed_from_u64(1);
		for zeros in [vec![], vec![0], vec![9], vec![0, 4, 5, 9], (0..10).collect()] {
			let mut elements: Vec<Fp2> = (0..10).map(|_| Fq2::rand(&mut rng).into()).collect();
			for zero in zeros {
				elements[zero] = Fp2::ZERO;
			}
			let expected: Vec<_> = elements
				.iter()
				.map(|element| Fq2::from(*element).inverse().unwrap_or_default().into())
				.collect();
			batch_invert(&mut elements);
			assert_eq!(elements, expected);
		}
		batch_invert::<Fp2>(&mut []);
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
