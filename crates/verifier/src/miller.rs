// SPDX-License-Identifier: Apache-2.0
//! The Miller loop of many pairs with one accumulator.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use crate::{
	invert::batch_invert,
	lines::{Fraction, Line, Lines},
};
use alloc::vec::Vec;
use ark_bn254::{Config, Fq, Fq12, Fq12Config, G1Projective};
use ark_ec::bn::BnConfig;
use ark_ff::{fields::fp12_2over3over2::Fp12Config, AdditiveGroup, Field};

/// A point of G1 as lines are evaluated at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
	/// `-x / y`.
	minus_x_by_y: Fq,
	/// `1 / y`.
	one_by_y: Fq,
}

/// The points as arguments; `None` for the identity, whose pairing is 1. No other point has the y 0:
/// the order of the curve is odd. With `x = X/Z^2` and `y = Y/Z^3` one inversion of all Y is enough.
pub(crate) fn arguments(points: &[G1Projective]) -> Vec<Option<Argument>> {
	let mut inverses: Vec<_> = points.iter().map(|point| point.y).collect();
	batch_invert(&mut inverses);
	let argument = |(point, inverse): (&G1Projective, Fq)| {
		let z_by_y = point.z * inverse;
		let minus_x_by_y = -(point.x * z_by_y);
		let one_by_y = point.z.square() * z_by_y;
		(point.z != Fq::ZERO).then_some(Argument { minus_x_by_y, one_by_y })
	};
	points.iter().zip(inverses).map(argument).collect()
}

/// A point of G1 and the lines of its partner.
pub(crate) type Pair<'a> = (Argument, &'a Lines);

/// The product of the Miller loops of all pairs, before the final exponentiation. All pairs share the
/// squarings.
pub(crate) fn miller_loop<'a>(pairs: impl IntoIterator<Item = Pair<'a>>) -> Fq12 {
	let pairs: Vec<_> = pairs.into_iter().collect();
	let mut product = Fq12::ONE;
	if pairs.is_empty() {
		return product;
	}
	let mut line = 0..;
	let mut multiply_all = |product: &mut Fq12| {
		let Some(line) = line.next() else { return };
		for (argument, lines) in &pairs {
			match lines {
				Lines::Divided(lines) => {
					lines.get(line).into_iter().for_each(|line| multiply(product, line, argument));
				},
				Lines::Whole(lines) => {
					lines
						.get(line)
						.into_iter()
						.for_each(|line| multiply_whole(product, line, argument));
				},
			}
		}
	};
	for digit in Config::ATE_LOOP_COUNT.iter().rev().skip(1) {
		product.square_in_place();
		multiply_all(&mut product);
		if *digit != 0 {
			multiply_all(&mut product);
		}
	}
	multiply_all(&mut product);
	multiply_all(&mut product);
	product
}

/// Multiplies by the line at the point: with `l = c3 + c4 v`,
/// `(f0 + f1 w)(1 + l w) = f0 + v l f1 + ((f0 + f1)(1 + l) - f0 - l f1) w`.
fn multiply(product: &mut Fq12, line: &Line, at: &Argument) {
	let (mut c3, mut c4) = (line.slope, line.offset);
	c3.mul_assign_by_fp(&at.minus_x_by_y);
	c4.mul_assign_by_fp(&at.one_by_y);
	let mut low = product.c1;
	low.mul_by_01(&c3, &c4);
	c3.c0 += Fq::ONE;
	let mut both = product.c0 + product.c1;
	both.mul_by_01(&c3, &c4);
	product.c1 = both - product.c0 - low;
	product.c0 += Fq12Config::mul_fp6_by_nonresidue_in_place(&mut low);
}

/// The same for a line that was not divided.
fn multiply_whole(product: &mut Fq12, line: &Fraction, at: &Argument) {
	let (mut c3, mut c4) = (line.slope, line.offset);
	c3.mul_assign_by_fp(&at.minus_x_by_y);
	c4.mul_assign_by_fp(&at.one_by_y);
	product.mul_by_034(&line.denominator, &c3, &c4);
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
	use ark_ff::UniformRand;
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
			let result = Bn254::final_exponentiation(MillerLoopOutput(product)).unwrap();
			assert_eq!(result, Bn254::multi_pairing(p, q), "{count}");
			// One accumulator takes lines of both kinds.
			let divided: Vec<_> = lines.iter().map(|lines| lines.clone().divided()).collect();
			let mixed = pairs.iter().zip(&divided).zip([true, false].into_iter().cycle());
			let product = miller_loop(mixed.map(|(((argument, whole), divided), first)| {
				(*argument, if first { divided } else { whole })
			}));
			let again = Bn254::final_exponentiation(MillerLoopOutput(product)).unwrap();
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
