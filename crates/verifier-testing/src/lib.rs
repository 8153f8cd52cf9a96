// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![allow(clippy::expect_used, reason = "for tests: what cannot be proved should fail loudly")]

pub mod bytes;
pub mod corpus;
pub mod peer;
pub mod trapdoor;

use ark_bn254::{Bn254, Fr};
use ark_ff::Field;
use ark_groth16::{Groth16, ProvingKey};
use ark_relations::{
	gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError},
	lc,
};
use ark_std::rand::{rngs::StdRng, SeedableRng};
use pvs_primitives::{
	field::scalar_from_be, Bytes32, PROOF_BYTES, PUBLIC_INPUTS, VERIFYING_KEY_BYTES,
};
use pvs_verifier::{encode_proof, encode_verifying_key};

/// A circuit with four public inputs that can be proved for any of them: the witness is the product
/// of the inputs so far, so that each input takes part in a constraint of its own.
#[derive(Clone, Copy, Debug)]
pub struct ProductCircuit {
	/// The public inputs; what they are does not matter during set-up.
	pub inputs: [Fr; PUBLIC_INPUTS],
}

impl ConstraintSynthesizer<Fr> for ProductCircuit {
	#[allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]
	fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
		let mut product = Fr::ONE;
		let mut product_variable = cs.new_witness_variable(|| Ok(product))?;
		for input in self.inputs {
			let input_variable = cs.new_input_variable(|| Ok(input))?;
			product *= input;
			let next = cs.new_witness_variable(|| Ok(product))?;
			cs.enforce_r1cs_constraint(
				|| lc!() + product_variable,
				|| lc!() + input_variable,
				|| lc!() + next,
			)?;
			product_variable = next;
		}
		Ok(())
	}
}

/// The keys of [`ProductCircuit`], the same for the same seed.
#[derive(Clone, Debug)]
pub struct TestKeys {
	proving_key: ProvingKey<Bn254>,
}

impl TestKeys {
	/// Runs a set-up; it takes milliseconds.
	pub fn new(seed: u64) -> Self {
		let mut rng = StdRng::seed_from_u64(seed);
		let circuit = ProductCircuit { inputs: [Fr::ONE; PUBLIC_INPUTS] };
		let proving_key =
			Groth16::<Bn254>::generate_random_parameters_with_reduction(circuit, &mut rng)
				.expect("the circuit fits its domain");
		Self { proving_key }
	}

	/// The keys as arkworks has them.
	pub fn proving_key(&self) -> &ProvingKey<Bn254> {
		&self.proving_key
	}

	/// The verifying key as a rollup registers it.
	pub fn verifying_key(&self) -> [u8; VERIFYING_KEY_BYTES] {
		encode_verifying_key(&self.proving_key.vk).expect("a fresh set-up is not degenerate")
	}

	/// A proof for these inputs; another seed gives other bytes that are as valid.
	///
	/// # Panics
	///
	/// An input is not below the scalar field's modulus.
	pub fn prove(&self, inputs: &[Bytes32; PUBLIC_INPUTS], seed: u64) -> [u8; PROOF_BYTES] {
		let inputs = inputs.map(|input| scalar_from_be(&input).expect("inputs are canonical"));
		let mut rng = StdRng::seed_from_u64(seed);
		let proof = Groth16::<Bn254>::create_random_proof_with_reduction(
			ProductCircuit { inputs },
			&self.proving_key,
			&mut rng,
		)
		.expect("the circuit holds for any inputs");
		encode_proof(&proof)
	}
}
