// SPDX-License-Identifier: Apache-2.0
//! What the public inputs amount to in G1.

#![allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]

use crate::{coefficient::CoefficientSum, invert::to_affine, key::IC_POINTS};
use alloc::vec::Vec;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, PrimeField};
use pvs_primitives::PUBLIC_INPUTS;

/// Bits of the lower half of a scalar; the upper half has no more.
const HALF: u32 = 127;

/// The IC points of a key, with the sums that combining them takes.
pub(crate) struct InputPoints {
	/// IC[0], which belongs to the constant 1.
	constant: G1Affine,
	/// The sums of all subsets of IC[1..] and of the same times 2^127: bit `i` of the index says whether
	/// point `i` of these takes part.
	sums: Vec<G1Affine>,
}

impl InputPoints {
	pub(crate) fn new(ic: &[G1Affine; IC_POINTS]) -> Self {
		let [constant, points @ ..] = ic;
		let high = points.map(|point| {
			let mut high = point.into_group();
			(0..HALF).for_each(|_| {
				high.double_in_place();
			});
			high
		});
		let mut sums = Vec::from([G1Projective::ZERO]);
		for point in points.iter().copied().chain(to_affine(&high)) {
			let with_point: Vec<_> = sums.iter().map(|sum| *sum + point).collect();
			sums.extend(with_point);
		}
		Self { constant: *constant, sums: to_affine(&sums) }
	}

	/// `constant * IC[0] + sum of scalars[i] * IC[i + 1]`.
	///
	/// All halves of the scalars share their doublings (Straus): each bit position picks one of the 256
	/// sums. That is an eighth of the additions and of the doublings of one multiplication after another.
	pub(crate) fn combine(
		&self,
		constant: CoefficientSum,
		scalars: &[Fr; PUBLIC_INPUTS],
	) -> G1Projective {
		let scalars = scalars.map(|scalar| scalar.into_bigint().0);
		let bit = |limbs: &[u64; 4], place: u32| {
			let limb = usize::try_from(place / u64::BITS).ok().and_then(|limb| limbs.get(limb));
			limb.is_some_and(|limb| limb.wrapping_shr(place % u64::BITS) & 1 == 1)
		};
		let mut sum = G1Projective::ZERO;
		for place in (0..HALF).rev() {
			sum.double_in_place();
			let low = scalars.iter().map(|limbs| bit(limbs, place));
			let high = scalars.iter().map(|limbs| bit(limbs, place.saturating_add(HALF)));
			let bits = low.chain(high).rev();
			let chosen = bits.fold(0, |index, bit| index << 1 | usize::from(bit));
			if let Some(point) = self.sums.get(chosen).filter(|_| chosen != 0) {
				sum += point;
			}
		}
		sum + constant.multiply(&self.constant)
	}
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
	use crate::coefficient::Coefficient;
	use ark_ff::UniformRand;
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn combine_should_equal_separate_multiplications() {
		let mut rng = StdRng::seed_from_u64(9);
		let ic: [G1Affine; IC_POINTS] = [(); IC_POINTS].map(|()| G1Affine::rand(&mut rng));
		let points = InputPoints::new(&ic);
		let (zero, one) = (Fr::from(0u64), Fr::from(1u64));
		let edges = [zero, one, -one, Fr::from(u64::MAX)];
		let mut cases = vec![edges, [zero; PUBLIC_INPUTS], [-one; PUBLIC_INPUTS]];
		cases.extend((0..50).map(|_| [(); PUBLIC_INPUTS].map(|()| Fr::rand(&mut rng))));
		let mut constant = CoefficientSum::default();
		for (place, scalars) in (0..).zip(cases) {
			let terms = ic[1..].iter().zip(&scalars).map(|(point, scalar)| *point * scalar);
			let expected = terms.sum::<G1Projective>() + ic[0] * constant.scalar();
			assert_eq!(points.combine(constant, &scalars), expected);
			constant.add(Coefficient::derive(&[7; 32], place));
		}
	}

	#[test]
	fn combine_should_be_the_identity_when_the_points_cancel() {
		let points = InputPoints::new(&[G1Affine::generator(); IC_POINTS]);
		let (zero, one) = (Fr::from(0u64), Fr::from(1u64));
		let mut constant = CoefficientSum::default();
		constant.add(Coefficient::ONE);
		let cancelling = points.combine(constant, &[-one, zero, zero, zero]);
		assert_eq!(cancelling, G1Projective::ZERO);
	}
}
