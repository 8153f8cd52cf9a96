// SPDX-License-Identifier: Apache-2.0
//! The hash of `pvs_primitives::poseidon` as constraints: three per S-box, 297 per hash.
//!
//! In a partial round only the first element goes through the S-box. The variable that such a round
//! makes is not the fifth power but the first element of the next state: the fifth power is a
//! combination of that and what came before. So each S-box has a single variable as its input, and
//! the combinations, which grow from round to round, appear once and not thrice. Their coefficients
//! are the same for every hash and are computed once.
//!
//! A hash can also start from the fifth powers of its first round, see [`first_power`]. The fifth
//! power is a bijection of the field, so a number that nothing else states may be given by its power,
//! for no constraint at all; and numbers that go into two hashes are raised once.

use super::num::{Builder, Num, Result};
use crate::Scalar;
use ark_ff::{AdditiveGroup, Field};
use pvs_primitives::poseidon::{
	mds, round_constants, FULL_ROUNDS, INPUTS, PARTIAL_ROUNDS, ROUNDS, WIDTH,
};
use std::sync::LazyLock;

type State = [Num; WIDTH];

const HALF: usize = FULL_ROUNDS / 2;

/// Hashes four numbers.
pub(crate) fn hash4(b: &Builder, inputs: [&Num; INPUTS]) -> Result<Num> {
	let mut powers = inputs.map(Num::clone);
	for (place, (power, input)) in powers.iter_mut().zip(inputs).enumerate() {
		*power = first_power(b, place, input)?;
	}
	hash_powers(b, powers.each_ref())
}

/// What the first round adds to the input at a place.
pub(crate) fn first_constant(place: usize) -> Scalar {
	round_constants()[0][1 + place]
}

/// The fifth power that the first round makes of the input at a place. Three constraints, none for
/// a constant.
pub(crate) fn first_power(b: &Builder, place: usize, input: &Num) -> Result<Num> {
	fifth_power(b, &(input + &b.constant(first_constant(place))))
}

/// The same for an input whose place is not known beforehand: the caller adds the constant.
pub(crate) fn fifth_power(b: &Builder, base: &Num) -> Result<Num> {
	if base.is_constant() {
		return Ok(b.constant(base.value.pow([5])));
	}
	let fourth = fourth_power(b, base)?;
	b.product(&fourth, base)
}

/// Hashes four numbers given by the fifth powers of the first round.
pub(crate) fn hash_powers(b: &Builder, powers: [&Num; INPUTS]) -> Result<Num> {
	let [first, second, third, fourth] = powers.map(Num::clone);
	// The capacity is a constant here.
	let capacity = b.constant(round_constants()[0][0].pow([5]));
	let mut state = mix(b, &[capacity, first, second, third, fourth]);
	for round in 1..HALF - 1 {
		state = mix(b, &full_powers(b, &state, round)?);
	}
	let before_partial = full_powers(b, &state, HALF - 1)?;
	state = partial_rounds(b, before_partial)?;
	for round in ROUNDS - HALF..ROUNDS - 1 {
		state = mix(b, &full_powers(b, &state, round)?);
	}
	let last = full_powers(b, &state, ROUNDS - 1)?;
	let [output_row, ..] = mds();
	Ok(b.linear(output_row.iter().copied().zip(&last)))
}

fn mix(b: &Builder, powers: &State) -> State {
	mds().map(|row| b.linear(row.into_iter().zip(powers)))
}

/// Adds the constants of a full round and takes fifth powers.
fn full_powers(b: &Builder, state: &State, round: usize) -> Result<State> {
	let mut powers = state.clone();
	for (power, constant) in powers.iter_mut().zip(&round_constants()[round]) {
		*power = fifth_power(b, &(&*power + &b.constant(*constant)))?;
	}
	Ok(powers)
}

fn fourth_power(b: &Builder, base: &Num) -> Result<Num> {
	let square = b.product(base, base)?;
	b.product(&square, &square)
}

/// Coefficients over: one, the five powers before the partial rounds, the first element of the state
/// after each partial round.
type Coefficients = [Scalar; 1 + WIDTH + PARTIAL_ROUNDS];

struct PartialRounds {
	/// The first element before the first partial round.
	entry: Coefficients,
	/// For each round, the fifth power that its S-box must give.
	fifths: Vec<Coefficients>,
	/// The state after the last partial round.
	exit: [Coefficients; WIDTH],
}

static PARTIAL: LazyLock<PartialRounds> = LazyLock::new(|| {
	let matrix = mds();
	let mut state = [[Scalar::ZERO; 1 + WIDTH + PARTIAL_ROUNDS]; WIDTH];
	for (element, row) in state.iter_mut().zip(matrix) {
		element[1..=WIDTH].copy_from_slice(row);
	}
	let entry = state[0];
	let sum = |terms: &[(Scalar, Coefficients)]| -> Coefficients {
		std::array::from_fn(|symbol| terms.iter().map(|(c, element)| *c * element[symbol]).sum())
	};
	let scale = matrix[0][0].inverse().unwrap_or_default();
	let mut fifths = Vec::with_capacity(PARTIAL_ROUNDS);
	for round in 0..PARTIAL_ROUNDS {
		for (element, constant) in state.iter_mut().zip(&round_constants()[HALF + round]) {
			element[0] += constant;
		}
		// next[0] = m[0][0] * fifth + m[0][1] * state[1] + ..., solved for the fifth power.
		let mut next = [Scalar::ZERO; 1 + WIDTH + PARTIAL_ROUNDS];
		next[1 + WIDTH + round] = Scalar::ONE;
		let mut terms = vec![(scale, next)];
		terms.extend((1..WIDTH).map(|place| (-matrix[0][place] * scale, state[place])));
		state[0] = sum(&terms);
		fifths.push(state[0]);

		let mixed = matrix.map(|row| sum(&row.into_iter().zip(state).collect::<Vec<_>>()));
		state = mixed;
	}
	PartialRounds { entry, fifths, exit: state }
});

/// From the powers of the last full round before to the state after the partial rounds.
fn partial_rounds(b: &Builder, powers: State) -> Result<State> {
	let table = &*PARTIAL;
	let mut symbols = Vec::with_capacity(1 + WIDTH + PARTIAL_ROUNDS);
	symbols.push(b.one());
	symbols.extend(powers);
	let combine = |symbols: &[Num], coefficients: &Coefficients| {
		b.linear(coefficients.iter().copied().zip(symbols))
	};
	let mut first = combine(&symbols, &table.entry);
	for (constants, fifth) in round_constants()[HALF..].iter().zip(&table.fifths) {
		let base = &first + &b.constant(constants[0]);
		let fourth = fourth_power(b, &base)?;
		let known = combine(&symbols, fifth);
		let scale = fifth[symbols.len()];
		let missing = fourth.value * base.value - known.value;
		first = b.witness(missing * mds()[0][0])?;
		b.enforce(&fourth, &base, &(&known + &(&first * scale)))?;
		symbols.push(first.clone());
	}
	Ok(table.exit.each_ref().map(|element| combine(&symbols, element)))
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use ark_ff::UniformRand;
	use rand::SeedableRng;
	use rand_chacha::ChaCha20Rng;

	#[test]
	fn gadget_should_equal_the_native_hash() {
		let rng = &mut ChaCha20Rng::seed_from_u64(1);
		let mut cases = vec![[Scalar::ZERO; 4], [-Scalar::ONE; 4]];
		cases.extend((0..8).map(|_| std::array::from_fn(|_| Scalar::rand(&mut *rng))));
		for inputs in cases {
			let (holds, hash) = tests::run(|b| {
				let [first, second, third, fourth] = inputs.map(|input| b.witness(input));
				hash4(b, [&first?, &second?, &third?, &fourth?])
			});
			assert!(holds);
			assert_eq!(hash.value, pvs_primitives::poseidon::hash4(&inputs));
		}
	}

	#[test]
	fn hash_should_cost_297_constraints_and_three_less_for_each_constant() {
		let count = |free: usize| {
			tests::count(|b| {
				let inputs = [0, 1, 2, 3].map(|place| match place < free {
					true => b.witness(Scalar::ONE).unwrap(),
					false => b.constant(Scalar::ONE),
				});
				hash4(b, inputs.each_ref())
			})
		};
		assert_eq!([4, 3, 2, 1].map(count), [297, 294, 291, 288]);
	}

	#[test]
	fn fifth_power_should_be_a_bijection() {
		// gcd(5, p - 1) = 1: the modulus is 3 modulo 5, so p - 1 is not divisible by 5.
		use ark_ff::{BigInteger, PrimeField};
		let remainder = Scalar::MODULUS
			.to_bytes_be()
			.iter()
			.fold(0u32, |rest, byte| (rest * 256 + u32::from(*byte)) % 5);
		assert_ne!(remainder, 1);
	}

	#[test]
	fn gadget_should_leave_no_variable_free() {
		let inputs = [1u64, 2, 3, 4].map(Scalar::from);
		tests::assert_all_variables_pinned(|b| {
			let [first, second, third, fourth] = inputs.map(|input| b.constant(input));
			// Not constants to the gadget, and pinned all the same.
			let [first, second, third, fourth] = [
				b.product(&first, &b.one())?,
				b.product(&second, &b.one())?,
				b.product(&third, &b.one())?,
				b.product(&fourth, &b.one())?,
			];
			hash4(b, [&first, &second, &third, &fourth])
		});
	}

	#[test]
	fn gadget_should_reject_when_the_output_is_another() {
		let inputs = [1u64, 2, 3, 4].map(Scalar::from);
		let output = pvs_primitives::poseidon::hash4(&inputs);
		let holds = |claimed: Scalar| {
			tests::run(|b| {
				let [first, second, third, fourth] = inputs.map(|input| b.constant(input));
				let hash = hash4(b, [&first, &second, &third, &fourth])?;
				b.enforce_equal(&hash, &b.constant(claimed))
			})
			.0
		};
		assert!(holds(output));
		assert!(!holds(output + Scalar::ONE));
	}

	#[test]
	fn fifth_powers_should_have_the_coefficient_that_the_scale_undoes() {
		for (round, fifth) in PARTIAL.fifths.iter().enumerate() {
			assert_eq!(fifth[1 + WIDTH + round] * mds()[0][0], Scalar::ONE, "round {round}");
			assert!(fifth[2 + WIDTH + round..].iter().all(|later| *later == Scalar::ZERO));
		}
	}
}
