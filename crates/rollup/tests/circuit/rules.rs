// SPDX-License-Identifier: Apache-2.0
//! One test per rule of a transfer.

use crate::support::{accepts, claim, data, demo_state, full_batch, satisfied, signed};
use ark_ff::Field;
use pvs_primitives::{field::scalar_to_be, poseidon::hash4};
use pvs_rollup::{
	circuit::{witness::unchecked_root, AccountWitness, BatchCircuit},
	demo,
	shape::{BATCH_TRANSFERS, DATA_LEN, MESSAGE_BYTES, TRANSFER_BYTES},
	state::{ExecutionError, Genesis, State, TransferError},
	transfer::{SignedTransfer, Transfer},
	tree::Tree,
	Scalar,
};

/// Asserts that executor and circuit both refuse the transfer in a batch that is fine without it.
fn assert_both_refuse(state: &State, transfer: SignedTransfer, cause: TransferError) {
	let fine = signed(5, 6, 7, 0);
	let batch = data(&[fine, transfer]);
	assert_eq!(
		state.clone().execute_batch(&batch),
		Err(ExecutionError::Transfer { slot: 1, cause })
	);
	assert!(accepts(state, &data(&[fine])));
	assert!(!accepts(state, &batch), "{cause}");
}

#[test]
fn circuit_should_accept_when_the_batch_is_valid() {
	let mut state = demo_state();
	let mut next = state.clone();
	next.execute_batch(&full_batch()).unwrap();
	let root = unchecked_root(&state, &full_batch()).unwrap();
	assert_eq!(scalar_to_be(&root), next.root());
	assert!(accepts(&state, &full_batch()));

	state = next;
	for batch in
		[data(&[]), data(&[signed(15, 3, 1, 0)]), data(&[signed(0, 1, 1, 2), signed(0, 1, 1, 3)])]
	{
		assert!(accepts(&state, &batch));
		state.execute_batch(&batch).unwrap();
	}
}

#[test]
fn circuit_should_accept_when_no_ops_are_anywhere() {
	let mut batch = data(&[signed(0, 1, 5, 0), signed(1, 2, 5, 0)]);
	for _ in 0..BATCH_TRANSFERS {
		batch.rotate_right(TRANSFER_BYTES);
		assert_eq!(demo_state().execute_batch(&batch), Ok(()));
		assert!(accepts(&demo_state(), &batch));
	}
	let mut spread = vec![0; DATA_LEN];
	spread[TRANSFER_BYTES..2 * TRANSFER_BYTES].copy_from_slice(&signed(0, 1, 5, 0).encode());
	spread[3 * TRANSFER_BYTES..].copy_from_slice(&signed(1, 0, 5, 0).encode());
	assert!(accepts(&demo_state(), &spread));
}

#[test]
fn circuit_should_accept_the_limits_of_balances() {
	let mut genesis: Genesis = demo::genesis();
	genesis.accounts[0].balance = u64::MAX;
	genesis.accounts[1].balance = 0;
	let state = State::from_genesis(&genesis).unwrap();
	assert!(accepts(&state, &data(&[signed(0, 1, u64::MAX, 0), signed(1, 0, u64::MAX, 0)])));
}

#[test]
fn circuit_should_reject_when_the_nonce_is_wrong() {
	let state = demo_state();
	for found in [1, 2, u32::MAX] {
		let cause = TransferError::Nonce { expected: 0, found };
		assert_both_refuse(&state, signed(1, 2, 1, found), cause);
	}
	let mut later = state;
	later.apply(&signed(1, 2, 1, 0)).unwrap();
	assert_both_refuse(&later, signed(1, 2, 1, 0), TransferError::Nonce { expected: 1, found: 0 });
}

/// A transfer from account 1 to account 2 in a state, valid in all else, in which account 1 has
/// this nonce.
fn transfer_with_nonce(nonce: u32) -> BatchCircuit {
	let batch = data(&[signed(1, 2, 3, nonce)]);
	let mut circuit = claim(&demo_state(), &batch);
	let leaf = |account: &AccountWitness, nonce: Scalar, balance: Scalar| {
		hash4(&[account.x, account.y, nonce, balance])
	};
	let slot = &mut circuit.slots[0];
	let (sender, receiver) = (slot.sender, slot.receiver);
	let (nonce, amount) = (Scalar::from(nonce), Scalar::from(3u64));
	let mut tree = Tree::default();
	tree.set(1, leaf(&sender, nonce, sender.balance));
	tree.set(2, leaf(&receiver, receiver.nonce, receiver.balance));
	circuit.inputs[0] = tree.root();
	slot.sender_path = tree.path(1);
	tree.set(1, leaf(&sender, nonce + Scalar::ONE, sender.balance - amount));
	slot.receiver_path = tree.path(2);
	tree.set(2, leaf(&receiver, receiver.nonce, receiver.balance + amount));
	circuit.inputs[1] = tree.root();
	circuit
}

#[test]
fn circuit_should_reject_when_the_last_nonce_is_used() {
	assert!(satisfied(transfer_with_nonce(0)));
	assert!(satisfied(transfer_with_nonce(u32::MAX - 1)));
	assert!(!satisfied(transfer_with_nonce(u32::MAX)));
}

#[test]
fn circuit_should_reject_when_a_balance_is_overdrawn() {
	let (balance, amount) = (demo::BALANCE, demo::BALANCE + 1);
	let cause = TransferError::Overdraft { balance, amount };
	assert_both_refuse(&demo_state(), signed(1, 2, amount, 0), cause);
	let cause = TransferError::Overdraft { balance, amount: u64::MAX };
	assert_both_refuse(&demo_state(), signed(1, 2, u64::MAX, 0), cause);
}

#[test]
fn circuit_should_reject_when_a_balance_overflows() {
	let mut genesis = demo::genesis();
	genesis.accounts[2].balance = u64::MAX - 5;
	let state = State::from_genesis(&genesis).unwrap();
	let cause = TransferError::Overflow { balance: u64::MAX - 5, amount: 6 };
	assert_both_refuse(&state, signed(1, 2, 6, 0), cause);
}

#[test]
fn circuit_should_reject_when_sender_and_receiver_are_one() {
	assert_both_refuse(&demo_state(), signed(1, 1, 1, 0), TransferError::SelfTransfer(1));
	assert_both_refuse(&demo_state(), signed(0, 0, 1, 0), TransferError::SelfTransfer(0));
}

#[test]
fn circuit_should_reject_when_an_account_is_unknown() {
	let state = demo_state();
	for index in [16, 65_535, 65_536, 65_537, u32::MAX] {
		assert_both_refuse(&state, signed(index, 1, 0, 0), TransferError::UnknownSender(index));
		assert_both_refuse(&state, signed(1, index, 0, 0), TransferError::UnknownReceiver(index));
	}
}

#[test]
fn circuit_should_reject_when_the_signature_is_forged() {
	let state = demo_state();
	let transfer = Transfer { from: 1, to: 2, amount: 1, nonce: 0 };
	let by_another = transfer.sign(&demo::secret_key(2));
	assert_both_refuse(&state, by_another, TransferError::BadSignature);
	let of_another = SignedTransfer { transfer, ..signed(1, 2, 2, 0) };
	assert_both_refuse(&state, of_another, TransferError::BadSignature);
	let honest = signed(1, 2, 1, 0).encode();
	for byte in MESSAGE_BYTES..TRANSFER_BYTES {
		let mut batch = vec![0; DATA_LEN];
		batch[..TRANSFER_BYTES].copy_from_slice(&honest);
		batch[byte] ^= 1;
		assert!(state.clone().execute_batch(&batch).is_err());
		assert!(!accepts(&state, &batch), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_signature_is_zero() {
	let mut batch = data(&[signed(1, 2, 1, 0)]);
	batch[MESSAGE_BYTES..TRANSFER_BYTES].fill(0);
	assert!(!accepts(&demo_state(), &batch));
}

#[test]
fn circuit_should_reject_when_transfers_are_reordered() {
	let state = demo_state();
	let (first, second) = (signed(0, 1, 1, 0), signed(0, 1, 1, 1));
	assert!(accepts(&state, &data(&[first, second])));
	assert!(!accepts(&state, &data(&[second, first])));
	let mut circuit = claim(&state, &data(&[first, second]));
	circuit.slots.swap(0, 1);
	assert!(!satisfied(circuit));
}
