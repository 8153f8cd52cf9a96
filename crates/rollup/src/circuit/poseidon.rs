// SPDX-License-Identifier: Apache-2.0
//! The hash of `pvs_primitives::poseidon` as constraints: three per S-box, 297 per hash.

use super::num::{Builder, Num, Result};
use crate::Scalar;
use ark_ff::Field;
use pvs_primitives::poseidon::{mds, round_constants, FULL_ROUNDS, ROUNDS, WIDTH};
use std::sync::LazyLock;

type State = [Num; WIDTH];

static INVERSE_OF_FIRST: LazyLock<Scalar> =
	LazyLock::new(|| mds()[0][0].inverse().expect("an MDS matrix has no zero entry"));

/// Hashes four numbers.
pub(crate) fn hash4(b: &Builder, inputs: [&Num; 4]) -> Result<Num> {
	let [first, second, third, fourth] = inputs.map(Num::clone);
	let mut state = [b.zero(), first, second, third, fourth];
	for (round, constants) in round_constants().iter().enumerate() {
		for (element, constant) in state.iter_mut().zip(constants) {
			*element = &*element + &b.constant(*constant);
		}
		let half = FULL_ROUNDS / 2;
		state = if round == 0 {
			// The capacity is a constant here: its fifth power needs no constraint.
			let capacity = b.constant(constants[0].pow([5]));
			full_round(b, &state, Some(capacity))?
		} else if (half..ROUNDS - half).contains(&round) {
			partial_round(b, &state)?
		} else {
			full_round(b, &state, None)?
		};
	}
	let [output, ..] = state;
	Ok(output)
}

fn full_round(b: &Builder, state: &State, first: Option<Num>) -> Result<State> {
	let mut powers = state.clone();
	for power in powers.iter_mut().skip(usize::from(first.is_some())) {
		let fourth = fourth_power(b, power)?;
		*power = b.product(&fourth, power)?;
	}
	if let Some(first) = first {
		powers[0] = first;
	}
	Ok(mds().map(|row| b.linear(row.into_iter().zip(&powers))))
}

/// A round in which only the first element goes through the S-box.
///
/// The variable that it makes is not the fifth power but the first element of the next state: the
/// fifth power is a combination of that and the other elements. So each S-box has a single variable
/// as its input, and the combinations, which grow from round to round, appear once and not thrice.
fn partial_round(b: &Builder, state: &State) -> Result<State> {
	let matrix = mds();
	let input = &state[0];
	let fourth = fourth_power(b, input)?;
	let rest = b.linear(matrix[0].into_iter().zip(state).skip(1));
	let next = b.witness(matrix[0][0] * fourth.value * input.value + rest.value)?;
	let fifth = &(&next - &rest) * *INVERSE_OF_FIRST;
	b.enforce(&fourth, input, &fifth)?;

	let mut after = state.clone();
	after[0] = fifth;
	let mut mixed: State = std::array::from_fn(|row| match row {
		0 => b.zero(),
		_ => b.linear(matrix[row].into_iter().zip(&after)),
	});
	mixed[0] = next;
	Ok(mixed)
}

fn fourth_power(b: &Builder, base: &Num) -> Result<Num> {
	let square = b.product(base, base)?;
	b.product(&square, &square)
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use ark_ff::{AdditiveGroup, UniformRand};
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
	fn gadget_should_leave_no_variable_free() {
		let inputs = [1u64, 2, 3, 4].map(Scalar::from);
		tests::assert_all_variables_pinned(|b| {
			let [first, second, third, fourth] = inputs.map(|input| b.constant(input));
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
}
