// SPDX-License-Identifier: Apache-2.0
//! Batches, and what a prover claims about them.

use pvs_primitives::{field::scalar_to_be, poseidon::data_commitment, public_inputs::PublicInputs};
use pvs_rollup::{
	batch::Batch,
	circuit::{witness::unchecked_root, BatchCircuit, Constraints},
	demo,
	state::State,
	transfer::{SignedTransfer, Transfer},
	Scalar,
};
use std::sync::LazyLock;

pub(crate) static SYSTEM: LazyLock<Constraints> =
	LazyLock::new(|| Constraints::synthesise().unwrap());

pub(crate) fn satisfied(circuit: BatchCircuit) -> bool {
	SYSTEM.first_unsatisfied(&circuit.assignment().unwrap()).is_none()
}

pub(crate) fn demo_state() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

pub(crate) fn signed(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
	Transfer { from, to, amount, nonce }.sign(&demo::secret_key(from))
}

pub(crate) fn data(transfers: &[SignedTransfer]) -> Vec<u8> {
	Batch::new(transfers.to_vec()).unwrap().encode()
}

pub(crate) fn full_batch() -> Vec<u8> {
	data(&[
		signed(0, 1, 5, 0),
		signed(1, 15, 1_000_000_005, 0),
		signed(0, 2, 7, 1),
		signed(2, 0, 0, 0),
	])
}

/// What a prover claims who follows the data wherever it leads and checks no rule.
pub(crate) fn claim(state: &State, data: &[u8]) -> BatchCircuit {
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: scalar_to_be(&unchecked_root(state, data).unwrap()),
		data_commitment: data_commitment(data),
		binding: scalar_to_be(&Scalar::from(77u64)),
	};
	BatchCircuit::new(state, data, &inputs).unwrap()
}

pub(crate) fn accepts(state: &State, data: &[u8]) -> bool {
	satisfied(claim(state, data))
}
