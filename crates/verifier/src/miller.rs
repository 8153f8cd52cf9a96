// SPDX-License-Identifier: Apache-2.0
//! The Miller loop of many pairs with one accumulator.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use crate::{
	fields::{Fp, Fp12, Fp2},
	invert::batch_invert,
	lines::Lines,
};
use alloc::vec::Vec;
use ark_bn254::{Config, G1Projective};
use ark_ec::bn::BnConfig;

/// A point of G1 as lines are evaluated at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
	/// `-x / y`.
	minus_x_by_y: Fp,
	/// `1 / y`.
	one_by_y: Fp,
}

impl Argument {
	/// A line's terms at the point.
	fn at(&self, slope: Fp2, offset: Fp2) -> (Fp2, Fp2) {
		(slope.scale(self.minus_x_by_y), offset.scale(self.one_by_y))
	}
}

/// The points as arguments; `None` for the identity, whose pairing is 1. No other point has the y 0:
/// the order of the curve is odd. With `x = X/Z^2` and `y = Y/Z^3` one inversion of all Y is enough.
pub(crate) fn arguments(points: &[G1Projective]) -> Vec<Option<Argument>> {
	let mut inverses: Vec<_> = points.iter().map(|point| Fp::from(point.y)).collect();
	batch_invert(&mut inverses);
	let argument = |(point, inverse): (&G1Projective, Fp)| {
		let z = Fp::from(point.z);
		let z_by_y = z * inverse;
		let minus_x_by_y = -(Fp::from(point.x) * z_by_y);
		let one_by_y = z.square() * z_by_y;
		(z != Fp::ZERO).then_some(Argument { minus_x_by_y, one_by_y })
	};
	points.iter().zip(inverses).map(argument).collect()
}

/// A point of G1 and the lines of its partner.
pub(crate) type Pair<'a> = (Argument, &'a Lines);

/// The product of the Miller loops of all pairs, before the final exponentiation. All pairs share the
/// squarings.
pub(crate) fn miller_loop<'a>(pairs: impl IntoIterator<Item = Pair<'a>>) -> Fp12 {
	let pairs: Vec<_> = pairs.into_iter().collect();
	let mut product = Fp12::ONE;
	if pairs.is_empty() {
		return product;
	}
	let mut line = 0..;
	let mut multiply_all = |product: &mut Fp12| {
		let Some(line) = line.next() else { return };
		for (argument, lines) in &pairs {
			match lines {
				Lines::Divided(lines) => {
					let Some(line) = lines.get(line) else { continue };
					let (slope, offset) = argument.at(line.slope, line.offset);
					*product = product.times_line(slope, offset);
				},
				Lines::Whole(lines) => {
					let Some(line) = lines.get(line) else { continue };
					let (slope, offset) = argument.at(line.slope, line.offset);
					*product = product.times_whole_line(line.denominator, slope, offset);
				},
			}
		}
	};
	for (place, digit) in Config::ATE_LOOP_COUNT.iter().rev().skip(1).enumerate() {
		if place > 0 {
			product = product.square();
		}
		multiply_all(&mut product);
		if *digit != 0 {
			multiply_all(&mut product);
		}
	}
	multiply_all(&mut product);
	multiply_all(&mut product);
	product
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
	use crate::lines::lines;
	use ark_bn254::{Bn254, G2Affine};
	use ark_ec::{
		pairing::{MillerLoopOutput, Pairing},
		PrimeGroup,
	};
	use ark_ff::{AdditiveGroup, UniformRand};
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn miller_loop_should_lead_to_the_pairings_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(1);
		for count in [0, 1, 2, 3, 5, 6, 9] {
			let p: Vec<_> = (0..count).map(|_| G1Projective::rand(&mut rng)).collect();
			let q: Vec<_> = (0..count).map(|_| G2Affine::rand(&mut rng)).collect();
			let lines: Vec<_> = lines(&q).into_iter().map(Option::unwrap).collect();
			let arguments = arguments(&p).into_iter().map(Option::unwrap);
			let pairs: Vec<_> = arguments.zip(&lines).collect();
			let product = miller_loop(pairs.clone());
			let result = Bn254::final_exponentiation(MillerLoopOutput(product.into())).unwrap();
			assert_eq!(result, Bn254::multi_pairing(p, q), "{count}");
			// One accumulator takes lines of both kinds.
			let divided: Vec<_> = lines.iter().map(|lines| lines.clone().divided()).collect();
			let mixed = pairs.iter().zip(&divided).zip([true, false].into_iter().cycle());
			let product = miller_loop(mixed.map(|(((argument, whole), divided), first)| {
				(*argument, if first { divided } else { whole })
			}));
			let again = Bn254::final_exponentiation(MillerLoopOutput(product.into())).unwrap();
			assert_eq!(again, result, "{count}");
		}
	}

	#[test]
	fn arguments_should_leave_out_the_identity() {
		let points = [G1Projective::generator(), G1Projective::ZERO, -G1Projective::generator()];
		let arguments = arguments(&points);
		assert!(arguments[0].is_some() && arguments[1].is_none() && arguments[2].is_some());
	}
}
