// SPDX-License-Identifier: Apache-2.0
//! The four public inputs and the data.

use crate::support::{
	accepts, claim, data, demo_state, full_batch, satisfied, signed, SHAPE, SYSTEM,
};
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystem, SynthesisMode};
use pvs_primitives::{
	field::scalar_from_be, poseidon::data_commitment, public_inputs::PublicInputs,
};
use pvs_rollup::{circuit::BatchCircuit, Scalar};
use rand::{rngs::StdRng, SeedableRng};

const DATA_LEN: usize = SHAPE.data_len();

#[test]
fn circuit_should_reject_when_a_public_input_is_changed() {
	let circuit = claim(&demo_state(), &full_batch());
	let assignment = circuit.clone().assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	for input in 0..4 {
		for wrong in [Scalar::ZERO, Scalar::ONE, circuit.inputs[input] + Scalar::ONE] {
			// The prover takes the wrong input into account, or changes it afterwards.
			let mut changed = circuit.clone();
			changed.inputs[input] = wrong;
			if input < 3 {
				assert!(!satisfied(changed), "input {input}");
			}
			let mut changed = assignment.clone();
			changed[1 + input] = wrong;
			assert!(SYSTEM.first_unsatisfied(&changed).is_some(), "input {input}");
		}
	}
	let mut swapped = circuit.clone();
	swapped.inputs.swap(0, 1);
	assert!(!satisfied(swapped));
}

#[test]
fn circuit_should_accept_any_binding_and_pin_it() {
	let mut circuit = claim(&demo_state(), &full_batch());
	circuit.inputs[3] = -Scalar::ONE;
	let mut assignment = circuit.assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	assignment[4] += Scalar::ONE;
	assert!(SYSTEM.first_unsatisfied(&assignment).is_some());
}

#[test]
fn circuit_should_reject_when_data_is_tampered_with() {
	let state = demo_state();
	let honest = claim(&state, &full_batch());
	assert!(satisfied(honest.clone()));
	for byte in (0..DATA_LEN).step_by(29) {
		let mut batch = full_batch();
		batch[byte] ^= 0x40;
		// The commitment to other data with the honest witness, and the other way round.
		let mut other_commitment = honest.clone();
		other_commitment.inputs[2] = scalar_from_be(&data_commitment(&batch)).unwrap();
		assert!(!satisfied(other_commitment), "byte {byte}");
		let mut other_data = claim(&state, &batch);
		other_data.inputs = honest.inputs;
		assert!(!satisfied(other_data), "byte {byte}");
		assert!(!accepts(&state, &batch), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_the_state_before_is_another() {
	let state = demo_state();
	let mut other = state.clone();
	other.execute_batch(&data(&[signed(9, 10, 1, 0)])).unwrap();
	let mut circuit = claim(&state, &full_batch());
	circuit.inputs[0] = scalar_from_be(&other.root()).unwrap();
	assert!(!satisfied(circuit));
}

#[test]
fn circuit_should_refuse_values_that_are_not_canonical() {
	let state = demo_state();
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: state.root(),
		data_commitment: data_commitment(&[0; DATA_LEN]),
		binding: [0xff; 32],
	};
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN], &inputs).is_err());
	let inputs = PublicInputs { binding: [0; 32], ..inputs };
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN], &inputs).is_ok());
	assert!(BatchCircuit::new(&state, &[0; DATA_LEN - 1], &inputs).is_err());
}

/// Attack E3 (Baghery, Kohlweiss, Siim, Volkhov, ePrint 2020/811): where the polynomials of a public
/// input depend on those of private variables, a proof for one input can be turned into one for another.
/// A row of the set-up that no other variable appears in rules that out.
#[test]
fn test_input_malleability_rejected() {
	let cs = ConstraintSystem::new_ref();
	cs.set_mode(SynthesisMode::Setup);
	claim(&demo_state(), &full_batch()).generate_constraints(cs.clone()).unwrap();
	cs.finalize();
	let (rows, inputs) = (cs.num_constraints(), cs.num_instance_variables());
	assert_eq!((rows, inputs), (SYSTEM.len(), 5));
	let point = Scalar::rand(&mut StdRng::seed_from_u64(3));
	type Domain = Radix2EvaluationDomain<Scalar>;
	let lagrange = Domain::new(rows + inputs).unwrap().evaluate_all_lagrange_coefficients(point);
	let set_up = LibsnarkReduction::instance_map_with_evaluation::<Scalar, Domain>(cs, &point);
	let (a, b, c, ..) = set_up.unwrap();
	for (found, matrix) in [a, b, c].iter().zip(&SYSTEM.matrices) {
		let mut expected = vec![Scalar::ZERO; SYSTEM.variables()];
		for (row, lagrange) in matrix.iter().zip(&lagrange) {
			for (coefficient, variable) in row {
				expected[*variable] += *coefficient * lagrange;
			}
		}
		// The circuit's own rows account for all of B and C, and for A of private variables.
		let is_a = std::ptr::eq(matrix, &SYSTEM.matrices[0]);
		if is_a {
			for input in 0..inputs {
				expected[input] += lagrange[rows + input];
			}
		}
		assert!(*found == expected);
	}
}
