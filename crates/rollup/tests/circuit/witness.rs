// SPDX-License-Identifier: Apache-2.0
//! No-ops, and private values that do not fit.

use crate::support::{claim, data, demo_state, full_batch, satisfied, signed, SYSTEM};
use ark_ff::{AdditiveGroup, Field};
use pvs_primitives::{
	field::scalar_from_be,
	poseidon::{data_commitment, hash4},
};
use pvs_rollup::{
	circuit::{AccountWitness, BatchCircuit, SlotWitness},
	shape::{BATCH_TRANSFERS, DATA_LEN, TRANSFER_BYTES, TREE_ARITY, TREE_DEPTH},
	tree::Tree,
	Scalar,
};

#[test]
fn circuit_should_reject_when_a_transfer_passes_as_a_no_op() {
	let state = demo_state();
	let batch = data(&[signed(1, 2, 3, 0)]);
	let mut skipped = claim(&state, &batch);
	skipped.slots[0].active = false;
	assert!(!satisfied(skipped.clone()), "nothing is claimed to change");
	skipped.inputs[1] = skipped.inputs[0];
	assert!(!satisfied(skipped));
}

#[test]
fn circuit_should_reject_when_a_slot_is_zero_but_for_one_byte() {
	let state = demo_state();
	for byte in 0..TRANSFER_BYTES {
		let mut batch = vec![0; DATA_LEN];
		batch[byte] = 1;
		let mut circuit = claim(&state, &batch);
		assert!(!satisfied(circuit.clone()), "byte {byte}");
		circuit.slots[0].active = false;
		circuit.inputs[1] = circuit.inputs[0];
		assert!(!satisfied(circuit), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_no_op_changes_the_state() {
	let state = demo_state();
	let honest = claim(&state, &data(&[signed(1, 2, 3, 0)]));
	// The values of a transfer under the data of a no-op.
	let mut smuggled = honest.clone();
	smuggled.inputs[2] = scalar_from_be(&data_commitment(&[0; DATA_LEN])).unwrap();
	assert!(!satisfied(smuggled.clone()));
	smuggled.slots[0].active = false;
	assert!(!satisfied(smuggled.clone()));
	let SlotWitness { from, to, amount, nonce, challenge, response, .. } = &mut smuggled.slots[0];
	(*from, *to, *amount, *nonce, *challenge, *response) = (0, 0, 0, 0, 0, [0; 4]);
	assert!(!satisfied(smuggled.clone()));

	let mut changed = claim(&state, &[0; DATA_LEN]);
	assert!(satisfied(changed.clone()));
	changed.inputs[1] = honest.inputs[1];
	assert!(!satisfied(changed));
}

#[test]
fn circuit_should_reject_when_the_activity_flag_is_no_bit() {
	let honest = claim(&demo_state(), &full_batch()).assignment().unwrap();
	let flag = SYSTEM.instance_variables;
	assert_eq!(honest[flag], Scalar::ONE);
	for wrong in [Scalar::ZERO, Scalar::from(2u64), -Scalar::ONE] {
		let mut changed = honest.clone();
		changed[flag] = wrong;
		assert!(SYSTEM.first_unsatisfied(&changed).is_some());
	}
}

type Change = fn(&mut SlotWitness);

#[test]
fn circuit_should_reject_when_any_field_of_the_witness_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	let changes: [(&str, Change); 16] = [
		("active", |slot| slot.active = false),
		("from", |slot| slot.from ^= 1),
		("to", |slot| slot.to ^= 1),
		("amount", |slot| slot.amount ^= 1),
		("nonce", |slot| slot.nonce ^= 1),
		("challenge", |slot| slot.challenge ^= 1),
		("challenge_high", |slot| slot.challenge_high ^= 1),
		("response", |slot| slot.response[0] ^= 1),
		("sender.x", |slot| slot.sender.x += Scalar::ONE),
		("sender.y", |slot| slot.sender.y += Scalar::ONE),
		("sender key", |slot| slot.sender.x = -slot.sender.x),
		("sender.balance", |slot| slot.sender.balance += Scalar::ONE),
		("receiver.x", |slot| slot.receiver.x += Scalar::ONE),
		("receiver.y", |slot| slot.receiver.y += Scalar::ONE),
		("receiver.nonce", |slot| slot.receiver.nonce += Scalar::ONE),
		("receiver.balance", |slot| slot.receiver.balance += Scalar::ONE),
	];
	for slot in 0..BATCH_TRANSFERS {
		for (name, change) in changes {
			let mut changed = honest.clone();
			change(&mut changed.slots[slot]);
			assert!(!satisfied(changed), "{name} of slot {slot}");
		}
	}
}

#[test]
fn circuit_should_reject_when_any_node_of_a_path_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	for level in 0..TREE_DEPTH {
		for child in 0..TREE_ARITY {
			let slot = (level + child) % BATCH_TRANSFERS;
			let mut changed = honest.clone();
			changed.slots[slot].sender_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "sender, level {level}, child {child}");
			let mut changed = honest.clone();
			changed.slots[slot].receiver_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "receiver, level {level}, child {child}");
		}
	}
}

/// Lets one account of one slot come from a tree of the prover's own making, in which it has twice
/// its balance, and claims the root that follows.
fn with_account_of_another_tree(slot: usize, receiver: bool) -> BatchCircuit {
	let state = demo_state();
	let transfers: Vec<_> = (0..=slot as u32).map(|nonce| signed(1, 2, 3, nonce)).collect();
	let mut circuit = claim(&state, &data(&transfers));
	assert!(satisfied(circuit.clone()));
	let leaf = |account: &AccountWitness, nonce: Scalar, balance: Scalar| {
		hash4(&[account.x, account.y, nonce, balance])
	};
	let amount = Scalar::from(3u64);
	let SlotWitness { sender, receiver: payee, sender_path, receiver_path, .. } =
		&mut circuit.slots[slot];
	let mut tree = Tree::default();
	let chosen = if receiver { &mut *payee } else { &mut *sender };
	chosen.balance.double_in_place();
	if receiver {
		tree.set(2, leaf(payee, payee.nonce, payee.balance));
	} else {
		tree.set(1, leaf(sender, sender.nonce, sender.balance));
		tree.set(2, leaf(payee, payee.nonce, payee.balance));
		*sender_path = tree.path(1);
		tree.set(1, leaf(sender, sender.nonce + Scalar::ONE, sender.balance - amount));
	}
	*receiver_path = tree.path(2);
	tree.set(2, leaf(payee, payee.nonce, payee.balance + amount));
	circuit.inputs[1] = tree.root();
	circuit
}

#[test]
fn circuit_should_reject_when_an_account_is_of_another_tree() {
	for slot in 0..BATCH_TRANSFERS {
		assert!(!satisfied(with_account_of_another_tree(slot, false)), "sender of slot {slot}");
		assert!(!satisfied(with_account_of_another_tree(slot, true)), "receiver of slot {slot}");
	}
	// The prover's own tree is consistent: only the root before is not its root.
	let mut circuit = with_account_of_another_tree(0, false);
	let mut tree = Tree::default();
	let SlotWitness { sender, receiver, .. } = &circuit.slots[0];
	tree.set(1, hash4(&[sender.x, sender.y, sender.nonce, sender.balance]));
	tree.set(2, hash4(&[receiver.x, receiver.y, receiver.nonce, receiver.balance]));
	circuit.inputs[0] = tree.root();
	assert!(satisfied(circuit));
}
