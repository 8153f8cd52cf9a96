// SPDX-License-Identifier: Apache-2.0
//! The final exponentiation: by a multiple of `(p^12 - 1) / r`, which sends what the Miller loop
//! leaves to the pairing's target group.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use crate::fields::Fp12;

/// The BN parameter `x`, 4965661367192848881, in signed digits of width 4, the lowest first: 13
/// multiplications and 4 for the table, where signed bits take 24.
const X: [i8; 63] = [
	1, 0, 0, 0, -1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, -7, 0, 0, 0, 7, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1,
	0, 0, 0, -3, 0, 0, 0, -5, 0, 0, 0, 5, 0, 0, 0, 0, 3, 0, 0, 0, -3, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0,
	1,
];

/// The result; `None` for zero, which no pairing leads to.
///
/// The exponent is that of Fuentes-Castaneda, Knapp, Rodriguez-Henriquez (SAC 2011): `2x (6x^2 + 3x + 1)`
/// times `(p^12 - 1) / r`, which is written to the base `p` with four small polynomials in `x`.
pub(crate) fn final_exponentiation(value: &Fp12) -> Option<Fp12> {
	let easy = value.conjugate() * value.inverse()?;
	let f = easy.frobenius(2) * easy;

	let f_2x = power_x(&f).cyclotomic_square();
	let f_6x = f_2x.cyclotomic_square() * f_2x;
	let f_6xx = power_x(&f_6x);
	let f_12xxx = power_x(&f_6xx.cyclotomic_square());
	// 12x^3 + 6x^2 + 6x, and with 4x at the end.
	let second = f_12xxx * f_6xx * f_6x;
	let first = second * f_2x.conjugate();
	let zeroth = second * f_6xx * f;
	let third = first * f.conjugate();
	Some(zeroth * first.frobenius(1) * second.frobenius(2) * third.frobenius(3))
}

/// The power `x`, of an element of the cyclotomic subgroup.
fn power_x(base: &Fp12) -> Fp12 {
	let square = base.cyclotomic_square();
	let cube = square * *base;
	let fifth = cube * square;
	let odd = [*base, cube, fifth, fifth * square];
	let mut power = Fp12::ONE;
	let mut started = false;
	for digit in X.iter().rev() {
		if started {
			power = power.cyclotomic_square();
		}
		let factor = odd.get(usize::from(digit.unsigned_abs() / 2));
		let Some(factor) = factor.filter(|_| *digit != 0) else { continue };
		let factor = if *digit > 0 { *factor } else { factor.conjugate() };
		power = if started { power * factor } else { factor };
		started = true;
	}
	power
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
	use ark_bn254::{Bn254, Config, Fq12, G1Affine, G2Affine};
	use ark_ec::{
		bn::BnConfig,
		pairing::{MillerLoopOutput, Pairing},
	};
	use ark_ff::{AdditiveGroup, UniformRand};
	use rand::{rngs::StdRng, SeedableRng};

	#[test]
	fn digits_should_be_those_of_the_parameter() {
		let value: i128 = X.iter().rev().fold(0, |sum, digit| 2 * sum + i128::from(*digit));
		assert_eq!(value, i128::from(Config::X[0]));
		assert!(X.iter().all(|digit| digit % 2 != 0 || *digit == 0));
		assert!(X.iter().all(|digit| digit.abs() < 8));
	}

	#[test]
	fn final_exponentiation_should_equal_that_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(1);
		for _ in 0..10 {
			let any = Fq12::rand(&mut rng);
			let loops = Bn254::multi_miller_loop(
				[G1Affine::rand(&mut rng), G1Affine::rand(&mut rng)],
				[G2Affine::rand(&mut rng), G2Affine::rand(&mut rng)],
			);
			for value in [any, loops.0] {
				let expected = Bn254::final_exponentiation(MillerLoopOutput(value)).unwrap();
				assert_eq!(final_exponentiation(&value.into()), Some(expected.0.into()));
			}
		}
		assert_eq!(final_exponentiation(&Fp12::ONE), Some(Fp12::ONE));
		assert_eq!(final_exponentiation(&Fq12::ZERO.into()), None);
	}
}
