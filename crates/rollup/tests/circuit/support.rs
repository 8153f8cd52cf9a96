// SPDX-License-Identifier: Apache-2.0
//! Batches, and what a prover claims about them.

use pvs_primitives::{field::scalar_to_be, poseidon::data_commitment, public_inputs::PublicInputs};
use pvs_rollup::{
	batch::Batch,
	circuit::{witness::unchecked_root, BatchCircuit, Constraints},
	demo,
	genesis::Genesis,
	keys::SecretKey,
	shape::Shape,
	state::State,
	transfer::{SignedTransfer, Transfer},
	tree::Tree,
	Scalar,
};
use std::sync::LazyLock;

pub(crate) const SHAPE: Shape = demo::SHAPE;

/// An index that nobody has in [`demo_state`].
pub(crate) const UNUSED: u32 = 16;

pub(crate) static SYSTEM: LazyLock<Constraints> =
	LazyLock::new(|| Constraints::synthesise(SHAPE).unwrap());
/// The same rules at a size at which thousands of batches take seconds.
static TINY: LazyLock<Constraints> = LazyLock::new(|| Constraints::synthesise(tiny()).unwrap());
pub(crate) static LARGE: LazyLock<Constraints> =
	LazyLock::new(|| Constraints::synthesise(Shape::LARGE).unwrap());

/// Two transfers among 64 accounts.
pub(crate) fn tiny() -> Shape {
	Shape::new(2, 3).unwrap()
}

pub(crate) fn satisfied(circuit: BatchCircuit) -> bool {
	let shape = circuit.shape;
	let assignment = circuit.assignment().unwrap();
	let holds = |system: &Constraints| system.first_unsatisfied(&assignment).is_none();
	match shape {
		SHAPE => holds(&SYSTEM),
		Shape::LARGE => holds(&LARGE),
		shape if shape == tiny() => holds(&TINY),
		shape => holds(&Constraints::synthesise(shape).unwrap()),
	}
}

pub(crate) fn demo_state() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

pub(crate) fn tiny_state() -> State {
	State::from_genesis(&Genesis { shape: tiny(), ..demo::genesis() }).unwrap()
}

pub(crate) fn new_key() -> SecretKey {
	SecretKey::from_seed(&[42; 32])
}

pub(crate) fn pay(from: u32, to: u32, amount: u64, nonce: u32) -> Transfer {
	Transfer { from, to, amount, nonce, ..Transfer::default() }
}

pub(crate) fn by_owner(transfer: Transfer) -> SignedTransfer {
	transfer.sign(&demo::secret_key(transfer.from))
}

pub(crate) fn signed(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
	by_owner(pay(from, to, amount, nonce))
}

pub(crate) fn data_for(shape: Shape, fee_account: u32, transfers: &[SignedTransfer]) -> Vec<u8> {
	Batch::new(shape, fee_account, transfers.to_vec()).unwrap().encode()
}

pub(crate) fn data(transfers: &[SignedTransfer]) -> Vec<u8> {
	data_for(SHAPE, 9, transfers)
}

/// Four transfers with fees; the second one opens an account, the fourth one spends from it.
pub(crate) fn full_batch() -> Vec<u8> {
	let new_key_ = Some(new_key().public_key());
	data(&[
		by_owner(Transfer { fee: 3, ..pay(0, 1, 5, 0) }),
		by_owner(Transfer { fee: 4, new_key: new_key_, ..pay(1, UNUSED, 1_000_000_001, 0) }),
		by_owner(Transfer { fee: u32::MAX >> 4, ..pay(0, 2, 7, 1) }),
		Transfer { fee: 1, ..pay(UNUSED, 0, 0, 0) }.sign(&new_key()),
	])
}

/// Two transfers and two no-ops.
pub(crate) fn half_batch() -> Vec<u8> {
	data(&[signed(0, 1, 5, 0), signed(1, 0, 5, 0)])
}

/// The nodes two levels below a tree's root.
pub(crate) fn top_of(tree: &Tree) -> [Scalar; 16] {
	let bits = SHAPE.index_bits();
	std::array::from_fn(|node| tree.path((node << (bits - 4)) as u32)[bits / 2 - 2][node % 4])
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
