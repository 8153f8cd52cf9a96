// SPDX-License-Identifier: Apache-2.0
//! No-ops, and private values that do not fit.

use crate::support::{
	claim, data, data_for, demo_state, full_batch, half_batch, satisfied, signed, tiny, tiny_state,
	top_of, SHAPE, SYSTEM,
};
use ark_ff::{AdditiveGroup, Field};
use pvs_primitives::{
	field::scalar_from_be,
	poseidon::{data_commitment, hash4},
};
use pvs_rollup::{
	circuit::{AccountWitness, BatchCircuit, SlotWitness},
	shape::{HEAD_BYTES, TRANSFER_BYTES, TREE_ARITY},
	tree::Tree,
	Scalar,
};

/// The account that [`data`] names for fees.
const FEE_ACCOUNT: u32 = 9;

/// No transfer, all the same with a fee account.
fn empty() -> Vec<u8> {
	data(&[])
}

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
	let state = tiny_state();
	for byte in 0..TRANSFER_BYTES {
		let mut batch = data_for(tiny(), FEE_ACCOUNT, &[]);
		batch[HEAD_BYTES + byte] = 1;
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
	smuggled.inputs[2] = scalar_from_be(&data_commitment(&empty())).unwrap();
	assert!(!satisfied(smuggled.clone()));
	smuggled.slots[0].active = false;
	assert!(!satisfied(smuggled.clone()));
	let SlotWitness { from, to, amount, nonce, challenge, response, .. } = &mut smuggled.slots[0];
	(*from, *to, *amount, *nonce, *challenge, *response) = (0, 0, 0, 0, 0, [0; 4]);
	assert!(!satisfied(smuggled.clone()));

	let mut changed = claim(&state, &empty());
	assert!(satisfied(changed.clone()));
	changed.inputs[1] = honest.inputs[1];
	assert!(!satisfied(changed));
}

#[test]
fn circuit_should_reject_when_the_activity_flag_is_no_bit() {
	let honest = claim(&demo_state(), &full_batch()).assignment().unwrap();
	// Behind the top nodes and the five hashes above them.
	let flag = SYSTEM.instance_variables + 16 + 5 * 297;
	assert_eq!(honest[flag], Scalar::ONE);
	for wrong in [Scalar::ZERO, Scalar::from(2u64), -Scalar::ONE] {
		let mut changed = honest.clone();
		changed[flag] = wrong;
		assert!(SYSTEM.first_unsatisfied(&changed).is_some());
	}
}

#[test]
fn circuit_should_reject_when_fees_are_kept_back_or_made_up() {
	let state = demo_state();
	let honest = claim(&state, &full_batch());
	for change in [Scalar::ONE, -Scalar::ONE] {
		// The fee account gets another sum, and the claimed root says so.
		let mut circuit = honest.clone();
		let account = &mut circuit.fee.account;
		account.balance += change;
		assert!(!satisfied(circuit.clone()));
		let mut after = state.clone();
		after.execute_batch(&full_batch()).unwrap();
		let mut tree = Tree::new(SHAPE.depth());
		for (index, account) in after.accounts() {
			tree.set(index, account.leaf());
		}
		let AccountWitness { x, y, nonce, .. } = circuit.fee.account;
		let balance = Scalar::from(after.account(FEE_ACCOUNT).unwrap().balance) + change;
		tree.set(FEE_ACCOUNT, hash4(&[x, y, nonce, balance]));
		circuit.inputs[1] = tree.root();
		assert!(!satisfied(circuit));
	}
	// Another account gets them.
	let elsewhere = claim(&state, &data_for(SHAPE, 8, &[signed(0, 1, 5, 0)]));
	let mut circuit = claim(&state, &data_for(SHAPE, 9, &[signed(0, 1, 5, 0)]));
	circuit.fee = elsewhere.fee;
	assert!(!satisfied(circuit));
}

#[test]
fn circuit_should_reject_when_a_receiver_is_opened_without_a_key_or_not_with_one() {
	let honest = claim(&demo_state(), &full_batch());
	for slot in 0..SHAPE.transfers() {
		let mut circuit = honest.clone();
		circuit.slots[slot].opens ^= true;
		assert!(!satisfied(circuit), "slot {slot}");
	}
	// An account from nothing: nonce and balance of one's choice for what is opened.
	let changes: [Change; 2] =
		[|slot| slot.receiver_balance += Scalar::ONE, |slot| slot.receiver_nonce += Scalar::ONE];
	for change in changes {
		let mut circuit = honest.clone();
		assert!(circuit.slots[1].opens);
		change(&mut circuit.slots[1]);
		assert!(!satisfied(circuit));
	}
}

type Change = fn(&mut SlotWitness);
type BatchChange = fn(&mut BatchCircuit);

#[test]
fn circuit_should_reject_when_any_field_of_the_witness_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	let changes: [(&str, Change); 20] = [
		("active", |slot| slot.active = false),
		("from", |slot| slot.from ^= 1),
		("to", |slot| slot.to ^= 1),
		("amount", |slot| slot.amount ^= 1),
		("fee", |slot| slot.fee ^= 1),
		("nonce", |slot| slot.nonce ^= 1),
		("new_key", |slot| slot.new_key[0] ^= 1),
		("challenge", |slot| slot.challenge ^= 1),
		("challenge_high", |slot| slot.challenge_high ^= 1),
		("response", |slot| slot.response[0] ^= 1),
		("sender.x", |slot| slot.sender.x += Scalar::ONE),
		("sender.y", |slot| slot.sender.y += Scalar::ONE),
		("sender key", |slot| slot.sender.x = -slot.sender.x),
		("sender.balance", |slot| slot.sender.balance += Scalar::ONE),
		("receiver.x", |slot| slot.receiver.x += Scalar::ONE),
		("receiver.y", |slot| slot.receiver.y += Scalar::ONE),
		("receiver key", |slot| slot.receiver.x = -slot.receiver.x),
		("receiver.nonce", |slot| slot.receiver_nonce += Scalar::ONE),
		("receiver.balance", |slot| slot.receiver_balance += Scalar::ONE),
		("opens", |slot| slot.opens ^= true),
	];
	for slot in 0..SHAPE.transfers() {
		for (name, change) in changes {
			let mut changed = honest.clone();
			change(&mut changed.slots[slot]);
			assert!(!satisfied(changed), "{name} of slot {slot}");
		}
	}
	let changes: [(&str, BatchChange); 6] = [
		("index", |circuit| circuit.fee.index ^= 1),
		("x", |circuit| circuit.fee.account.x += Scalar::ONE),
		("y", |circuit| circuit.fee.account.y += Scalar::ONE),
		("nonce", |circuit| circuit.fee.account.nonce += Scalar::ONE),
		("balance", |circuit| circuit.fee.account.balance += Scalar::ONE),
		("path", |circuit| circuit.fee.path[3][1] += Scalar::ONE),
	];
	for (name, change) in changes {
		let mut changed = honest.clone();
		change(&mut changed);
		assert!(!satisfied(changed), "{name} of the fee account");
	}
}

#[test]
fn circuit_should_reject_when_any_node_is_changed() {
	let honest = claim(&demo_state(), &full_batch());
	for level in 0..honest.fee.path.len() {
		for child in 0..TREE_ARITY {
			let slot = (level + child) % SHAPE.transfers();
			let mut changed = honest.clone();
			changed.slots[slot].sender_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "sender, level {level}, child {child}");
			let mut changed = honest.clone();
			changed.slots[slot].receiver_path[level][child] += Scalar::ONE;
			assert!(!satisfied(changed), "receiver, level {level}, child {child}");
		}
	}
	for node in 0..honest.top.len() {
		let mut changed = honest.clone();
		changed.top[node] += Scalar::ONE;
		assert!(!satisfied(changed), "top node {node}");
	}
}

/// What a no-op leaves to the prover: the accounts and paths that it says nothing about.
#[test]
fn circuit_should_accept_any_account_in_a_no_op() {
	let honest = claim(&demo_state(), &half_batch());
	let mut circuit = honest.clone();
	let transfer = honest.slots[0].clone();
	let idle = &mut circuit.slots[2];
	assert!(!idle.active);
	idle.receiver = transfer.receiver;
	idle.receiver_balance = Scalar::from(5u64);
	let SlotWitness { receiver_nonce, receiver_path, .. } = idle;
	let key = demo_state();
	let key = key.account(1).unwrap().public_key.coordinates();
	let [x, y] = key.map(|bytes| scalar_from_be(&bytes).unwrap());
	let mut tree = Tree::new(SHAPE.depth());
	tree.set(0, hash4(&[x, y, *receiver_nonce, Scalar::from(5u64)]));
	*receiver_path = tree.path(0)[..receiver_path.len()].to_vec();
	assert!(satisfied(circuit));
}

/// Lets one account of one slot come from a tree of the prover's own making, in which it has twice
/// its balance, and claims the root that follows.
fn with_account_of_another_tree(slot: usize, receiver: bool) -> BatchCircuit {
	let state = demo_state();
	let transfers: Vec<_> = (0..=slot as u32).map(|nonce| signed(1, 2, 3, nonce)).collect();
	let mut circuit = claim(&state, &data_for(SHAPE, 2, &transfers));
	assert!(satisfied(circuit.clone()));
	let leaf = |account: &AccountWitness, nonce: Scalar, balance: Scalar| {
		hash4(&[account.x, account.y, nonce, balance])
	};
	let amount = Scalar::from(3u64);
	let mut payee = circuit.fee.account;
	let SlotWitness { sender, receiver_balance, sender_path, receiver_path, .. } =
		&mut circuit.slots[slot];
	payee.balance = *receiver_balance;
	let levels = sender_path.len();
	let mut tree = Tree::new(SHAPE.depth());
	if receiver {
		receiver_balance.double_in_place();
		payee.balance.double_in_place();
		tree.set(2, leaf(&payee, payee.nonce, payee.balance));
	} else {
		sender.balance.double_in_place();
		tree.set(1, leaf(sender, sender.nonce, sender.balance));
		tree.set(2, leaf(&payee, payee.nonce, payee.balance));
		*sender_path = tree.path(1)[..levels].to_vec();
		tree.set(1, leaf(sender, sender.nonce + Scalar::ONE, sender.balance - amount));
	}
	*receiver_path = tree.path(2)[..levels].to_vec();
	tree.set(2, leaf(&payee, payee.nonce, payee.balance + amount));
	circuit.fee.account.balance = payee.balance + amount;
	circuit.fee.path = tree.path(2)[..levels].to_vec();
	circuit.inputs[1] = tree.root();
	circuit
}

#[test]
fn circuit_should_reject_when_an_account_is_of_another_tree() {
	for slot in 0..SHAPE.transfers() {
		assert!(!satisfied(with_account_of_another_tree(slot, false)), "sender of slot {slot}");
		assert!(!satisfied(with_account_of_another_tree(slot, true)), "receiver of slot {slot}");
	}
	// The prover's own tree is consistent: only the state before is not that tree.
	let mut circuit = with_account_of_another_tree(0, false);
	let mut tree = Tree::new(SHAPE.depth());
	let AccountWitness { x, y, nonce, balance } = circuit.slots[0].sender;
	tree.set(1, hash4(&[x, y, nonce, balance]));
	let AccountWitness { x, y, nonce, balance } = circuit.fee.account;
	tree.set(2, hash4(&[x, y, nonce, balance - Scalar::from(3u64)]));
	circuit.inputs[0] = tree.root();
	assert!(!satisfied(circuit.clone()), "the top nodes are not those of the root");
	circuit.top = top_of(&tree);
	assert!(satisfied(circuit));
}
