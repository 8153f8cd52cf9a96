// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests fail by panicking")]

use super::{constants, generator::Parameters, *};
use ark_ff::UniformRand;
use light_poseidon::{parameters::bn254_x5::get_poseidon_parameters, Poseidon, PoseidonHasher};
use rand::{rngs::StdRng, SeedableRng};

/// A spread of inputs: edges, small numbers, random ones.
fn inputs() -> Vec<[Scalar; INPUTS]> {
	let mut rng = StdRng::seed_from_u64(5);
	let mut inputs = vec![
		[Scalar::ZERO; INPUTS],
		[-Scalar::ONE; INPUTS],
		[1u64, 2, 3, 4].map(Scalar::from),
		[0u64, 0, 0, 1].map(Scalar::from),
	];
	inputs.extend((0..200).map(|_| [(); INPUTS].map(|()| Scalar::rand(&mut rng))));
	inputs
}

#[test]
fn hash4_should_equal_light_poseidon_when_given_the_same_inputs() {
	let mut oracle = Poseidon::<Scalar>::new_circom(INPUTS).unwrap();
	for inputs in inputs() {
		assert_eq!(hash4(&inputs), oracle.hash(&inputs).unwrap());
	}
}

#[test]
fn hash4_should_equal_the_plain_permutation_when_given_the_same_inputs() {
	let plain = Parameters::generate();
	for inputs in inputs() {
		let [a, b, c, d] = inputs;
		let mut state = [Scalar::ZERO, a, b, c, d];
		plain.permute(&mut state);
		assert_eq!(hash4(&inputs), state[0]);
	}
}

#[test]
fn committed_table_should_equal_the_derived_one() {
	let plain = Parameters::generate();
	assert_eq!(round_constants().as_slice(), plain.round_constants);
	assert_eq!(*mds(), plain.mds);
	let optimized = plain.optimize();
	assert_eq!(constants::FIRST_FULL.as_slice(), optimized.first_full);
	assert_eq!(constants::PARTIAL.as_slice(), optimized.partial);
	assert_eq!(constants::LAST_FULL.as_slice(), optimized.last_full);
	assert_eq!(constants::TRANSITION, optimized.transition);
	assert_eq!(constants::SPARSE.as_slice(), optimized.sparse);
}

#[test]
fn committed_table_should_equal_light_poseidon() {
	let oracle = get_poseidon_parameters::<Scalar>(u8::try_from(WIDTH).unwrap()).unwrap();
	assert_eq!((oracle.full_rounds, oracle.partial_rounds), (FULL_ROUNDS, PARTIAL_ROUNDS));
	assert_eq!((oracle.width, oracle.alpha), (WIDTH, 5));
	assert_eq!(round_constants().as_flattened(), oracle.ark);
	for (ours, theirs) in mds().iter().zip(&oracle.mds) {
		assert_eq!(ours.as_slice(), theirs);
	}
}

#[test]
fn hash4_should_depend_on_the_order_of_its_inputs() {
	let [a, b, c, d] = [1u64, 2, 3, 4].map(Scalar::from);
	let hashes = [[a, b, c, d], [b, a, c, d], [a, c, b, d], [a, b, d, c]].map(|i| hash4(&i));
	for (position, hash) in hashes.iter().enumerate() {
		assert!(!hashes.iter().skip(position + 1).any(|other| other == hash));
	}
}
