// SPDX-License-Identifier: Apache-2.0
//! What the public inputs amount to in G1.

#![allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]

use crate::{coefficient::CoefficientSum, invert::to_affine, key::IC_POINTS};
use alloc::vec::Vec;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, PrimeField};
use pvs_primitives::PUBLIC_INPUTS;

/// Into how many parts scalars are cut for a key that is used now and perhaps never again. Sixteen sums
/// and no doublings are prepared.
pub(crate) const PARTS_ONCE: u32 = 1;
/// For a key that is used again and again: an eighth of the doublings, for 64 KiB of sums.
#[cfg(feature = "std")]
pub(crate) const PARTS_KEPT: u32 = 8;
/// Parts whose points have their sums in one table.
const PARTS_OF_A_TABLE: usize = 2;

/// The IC points of a key, with the sums that combining them takes.
#[derive(Debug)]
pub(crate) struct InputPoints {
	/// IC[0], which belongs to the constant 1.
	constant: G1Affine,
	/// Bits of each part of a scalar.
	bits: u32,
	/// Part `k` of the scalars belongs to IC[1..] times `2^(bits * k)`. A table has the sums of all subsets
	/// of the points of two parts: bit `i` of the index says whether point `i` of these takes part.
	tables: Vec<Vec<G1Affine>>,
}

impl InputPoints {
	/// Cuts scalars into `parts` parts.
	pub(crate) fn new(ic: &[G1Affine; IC_POINTS], parts: u32) -> Self {
		let [constant, points @ ..] = ic;
		let bits = Fr::MODULUS_BIT_SIZE.div_ceil(parts.max(1));
		let mut of_part = points.map(|point| point.into_group());
		let mut of_all = Vec::from(of_part);
		for _ in 1..parts {
			for point in &mut of_part {
				(0..bits).for_each(|_| {
					point.double_in_place();
				});
			}
			of_all.extend(of_part);
		}
		let of_all = to_affine(&of_all);
		let tables = of_all.chunks(PUBLIC_INPUTS.saturating_mul(PARTS_OF_A_TABLE));
		let tables = tables.map(|points| {
			let mut sums = Vec::from([G1Projective::ZERO]);
			for point in points {
				let with_point: Vec<_> = sums.iter().map(|sum| *sum + point).collect();
				sums.extend(with_point);
			}
			to_affine(&sums)
		});
		Self { constant: *constant, bits, tables: tables.collect() }
	}

	/// `constant * IC[0] + sum of scalars[i] * IC[i + 1]`.
	///
	/// All parts of the scalars share their doublings (Straus): each bit position picks one sum of each
	/// table.
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
		for place in (0..self.bits).rev() {
			sum.double_in_place();
			for (table, part) in self.tables.iter().zip((0..).step_by(PARTS_OF_A_TABLE)) {
				let low = place.saturating_add(self.bits.saturating_mul(part));
				let high = low.saturating_add(self.bits);
				// A table of one part is shorter: what would be its high bits are beyond the scalars.
				let bits = [high, low]
					.into_iter()
					.flat_map(|place| scalars.iter().rev().map(move |limbs| bit(limbs, place)));
				let chosen = bits.fold(0, |index, bit| index << 1 | usize::from(bit));
				if let Some(point) = table.get(chosen).filter(|_| chosen != 0) {
					sum += point;
				}
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
		let points: Vec<_> = (1..=9).map(|parts| InputPoints::new(&ic, parts)).collect();
		let (zero, one) = (Fr::from(0u64), Fr::from(1u64));
		let edges = [zero, one, -one, Fr::from(u64::MAX)];
		let mut cases = vec![edges, [zero; PUBLIC_INPUTS], [-one; PUBLIC_INPUTS]];
		cases.extend((0..50).map(|_| [(); PUBLIC_INPUTS].map(|()| Fr::rand(&mut rng))));
		let mut constant = CoefficientSum::default();
		for (place, scalars) in (0..).zip(cases) {
			let terms = ic[1..].iter().zip(&scalars).map(|(point, scalar)| *point * scalar);
			let expected = terms.sum::<G1Projective>() + ic[0] * constant.scalar();
			for points in &points {
				assert_eq!(points.combine(constant, &scalars), expected, "{} bits", points.bits);
			}
			constant.add(Coefficient::derive(&[7; 32], place));
		}
	}

	#[test]
	fn combine_should_be_the_identity_when_the_points_cancel() {
		let (zero, one) = (Fr::from(0u64), Fr::from(1u64));
		let mut constant = CoefficientSum::default();
		constant.add(Coefficient::ONE);
		for parts in [PARTS_ONCE, PARTS_KEPT] {
			let points = InputPoints::new(&[G1Affine::generator(); IC_POINTS], parts);
			let cancelling = points.combine(constant, &[-one, zero, zero, zero]);
			assert_eq!(cancelling, G1Projective::ZERO);
		}
	}
}
