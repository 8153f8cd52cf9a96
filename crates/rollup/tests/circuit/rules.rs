// SPDX-License-Identifier: Apache-2.0
//! One test per rule of a transfer.

use crate::support::{
	accepts, by_owner, claim, data, data_for, demo_state, full_batch, new_key, pay, satisfied,
	signed, top_of, SHAPE, UNUSED,
};
use ark_ff::{BigInteger, Field, PrimeField};
use pvs_primitives::{field::scalar_to_be, poseidon::hash4};
use pvs_rollup::{
	circuit::{witness::unchecked_root, AccountWitness, BatchCircuit},
	demo,
	genesis::Genesis,
	keys::PublicKeyError,
	shape::{Shape, HEAD_BYTES, MESSAGE_BYTES, TRANSFER_BYTES},
	state::{ExecutionError, FeeError, State, TransferError},
	transfer::{DecodeError, SignedTransfer, Transfer},
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
fn circuit_should_reject_when_a_transfer_follows_a_no_op() {
	let state = demo_state();
	let fine = data(&[signed(0, 1, 5, 0), signed(1, 2, 5, 0)]);
	assert!(accepts(&state, &fine));
	for transfers in 1..=2 {
		let mut batch = fine.clone();
		batch[HEAD_BYTES + transfers * TRANSFER_BYTES..].fill(0);
		batch[HEAD_BYTES..].rotate_right(TRANSFER_BYTES);
		assert!(state.clone().execute_batch(&batch).is_err());
		assert!(!accepts(&state, &batch));
	}
}

#[test]
fn circuit_should_accept_when_the_fee_account_takes_part() {
	let fee = Transfer { fee: 7, ..pay(1, 2, 5, 0) };
	let new_key = Some(new_key().public_key());
	let opening = Transfer { new_key, ..pay(2, UNUSED, 5, 0) };
	for fee_account in [0, 1, 2, 15, UNUSED] {
		let batch = data_for(SHAPE, fee_account, &[by_owner(fee), by_owner(opening)]);
		let mut state = demo_state();
		assert!(accepts(&state, &batch));
		let root = unchecked_root(&state, &batch).unwrap();
		state.execute_batch(&batch).unwrap();
		assert_eq!(scalar_to_be(&root), state.root());
	}
}

#[test]
fn circuit_should_reject_when_the_fee_account_is_unknown_or_overflows() {
	let mut genesis = demo::genesis();
	genesis.accounts[9].balance = u64::MAX - 6;
	let state = State::from_genesis(&genesis).unwrap();
	let fee = |fee| by_owner(Transfer { fee, ..pay(1, 2, 5, 0) });
	assert!(accepts(&state, &data(&[fee(6)])));
	let batch = data(&[fee(7)]);
	let cause = FeeError::Overflow { balance: u64::MAX - 6, fees: 7 };
	assert_eq!(state.clone().execute_batch(&batch), Err(ExecutionError::Fees(cause)));
	assert!(!accepts(&state, &batch));
	for index in [UNUSED, 65_535, 65_536, 65_536 + 9, u32::MAX] {
		let batch = data_for(SHAPE, index, &[fee(1)]);
		let cause = FeeError::UnknownAccount(index);
		assert_eq!(state.clone().execute_batch(&batch), Err(ExecutionError::Fees(cause)));
		assert!(!accepts(&state, &batch), "{index}");
	}
}

#[test]
fn circuit_should_reject_when_an_account_that_exists_is_opened() {
	for key in [new_key(), demo::secret_key(2)] {
		let taking = Transfer { new_key: Some(key.public_key()), ..pay(1, 2, 1, 0) };
		assert_both_refuse(&demo_state(), by_owner(taking), TransferError::AlreadyOpen(2));
	}
}

#[test]
fn circuit_should_reject_when_the_new_key_is_swapped() {
	let opening = Transfer { new_key: Some(new_key().public_key()), ..pay(1, UNUSED, 1, 0) };
	let mut stolen = by_owner(opening);
	stolen.transfer.new_key = Some(demo::secret_key(7).public_key());
	assert_both_refuse(&demo_state(), stolen, TransferError::BadSignature);
}

/// The payer signs a key that is none: both sides refuse whatever the signature.
#[test]
fn circuit_should_reject_when_the_new_key_is_no_key() {
	let state = demo_state();
	let opening = Transfer { new_key: Some(new_key().public_key()), ..pay(1, UNUSED, 1, 0) };
	let honest = data(&[by_owner(opening)]);
	assert!(accepts(&state, &honest));
	let mut one = [0; 32];
	one[31] = 1;
	// The same field element plus the modulus, which fits into 254 bits for small ones.
	let modulus = Scalar::MODULUS.to_bytes_be();
	for (bytes, cause) in [
		(one, PublicKeyError::OutsideSubgroup),
		(<[u8; 32]>::try_from(modulus).unwrap(), PublicKeyError::NonCanonical),
		([0xff; 32], PublicKeyError::NonCanonical),
	] {
		let mut batch = honest.clone();
		batch[HEAD_BYTES + 24..HEAD_BYTES + MESSAGE_BYTES].copy_from_slice(&bytes);
		let cause = DecodeError::NewKey(cause);
		let found = state.clone().execute_batch(&batch).unwrap_err();
		assert!(found.to_string().contains(&cause.to_string()), "{found}");
		assert!(!accepts(&state, &batch));
	}
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
	later.execute_batch(&data(&[signed(1, 2, 1, 0)])).unwrap();
	assert_both_refuse(&later, signed(1, 2, 1, 0), TransferError::Nonce { expected: 1, found: 0 });
}

/// A transfer from account 1 to account 2 in a state, valid in all else, in which account 1 has
/// this nonce.
fn transfer_with_nonce(nonce: u32) -> BatchCircuit {
	let batch = data_for(SHAPE, 2, &[signed(1, 2, 3, nonce)]);
	let mut circuit = claim(&demo_state(), &batch);
	let leaf = |account: &AccountWitness, nonce: Scalar, balance: Scalar| {
		hash4(&[account.x, account.y, nonce, balance])
	};
	let slot = &mut circuit.slots[0];
	let sender = slot.sender;
	let paid = circuit.fee.account;
	let (nonce, amount) = (Scalar::from(nonce), Scalar::from(3u64));
	let mut tree = Tree::new(SHAPE.depth());
	let levels = slot.sender_path.len();
	tree.set(1, leaf(&sender, nonce, sender.balance));
	tree.set(2, leaf(&paid, paid.nonce, paid.balance - amount));
	circuit.inputs[0] = tree.root();
	circuit.top = top_of(&tree);
	slot.sender_path = tree.path(1)[..levels].to_vec();
	tree.set(1, leaf(&sender, nonce + Scalar::ONE, sender.balance - amount));
	slot.receiver_path = tree.path(2)[..levels].to_vec();
	tree.set(2, leaf(&paid, paid.nonce, paid.balance));
	circuit.fee.path = tree.path(2)[..levels].to_vec();
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
	let cause = TransferError::Overdraft { balance, amount, fee: 0 };
	assert_both_refuse(&demo_state(), signed(1, 2, amount, 0), cause);
	let cause = TransferError::Overdraft { balance, amount: u64::MAX, fee: 0 };
	assert_both_refuse(&demo_state(), signed(1, 2, u64::MAX, 0), cause);
	for (amount, fee) in [(balance, 1), (0, u32::MAX), (u64::MAX, u32::MAX)] {
		let cause = TransferError::Overdraft { balance, amount, fee };
		let transfer = Transfer { fee, ..pay(1, 2, amount, 0) };
		assert_both_refuse(&demo_state(), by_owner(transfer), cause);
	}
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
	for index in [UNUSED, 65_535] {
		assert_both_refuse(&state, signed(index, 1, 0, 0), TransferError::UnknownSender(index));
		assert_both_refuse(&state, signed(1, index, 0, 0), TransferError::UnknownReceiver(index));
	}
	for index in [65_536, 65_537, u32::MAX] {
		let cause = TransferError::Index { index, limit: 65_536 };
		assert_both_refuse(&state, signed(index, 1, 0, 0), cause);
		assert_both_refuse(&state, signed(1, index, 0, 0), cause);
		let new_key = Some(new_key().public_key());
		let opening = Transfer { new_key, ..pay(1, index, 0, 0) };
		assert_both_refuse(&state, by_owner(opening), cause);
	}
}

#[test]
fn circuit_should_reject_when_the_signature_is_forged() {
	let state = demo_state();
	let transfer = pay(1, 2, 1, 0);
	let by_another = transfer.sign(&demo::secret_key(2));
	assert_both_refuse(&state, by_another, TransferError::BadSignature);
	let of_another = SignedTransfer { transfer, ..signed(1, 2, 2, 0) };
	assert_both_refuse(&state, of_another, TransferError::BadSignature);
	let honest = signed(1, 2, 1, 0).encode();
	for byte in MESSAGE_BYTES..TRANSFER_BYTES {
		let mut batch = vec![0; SHAPE.data_len()];
		batch[HEAD_BYTES..][..TRANSFER_BYTES].copy_from_slice(&honest);
		batch[HEAD_BYTES + byte] ^= 1;
		assert!(state.clone().execute_batch(&batch).is_err());
		assert!(!accepts(&state, &batch), "byte {byte}");
	}
}

#[test]
fn circuit_should_reject_when_a_signature_is_zero() {
	let mut batch = data(&[signed(1, 2, 1, 0)]);
	batch[HEAD_BYTES + MESSAGE_BYTES..HEAD_BYTES + TRANSFER_BYTES].fill(0);
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

#[test]
fn circuit_should_accept_and_reject_alike_when_the_shape_is_another() {
	for shape in [Shape::new(1, 2).unwrap(), Shape::new(1, 12).unwrap(), Shape::LARGE] {
		let mut genesis = Genesis { shape, ..demo::genesis() };
		genesis.accounts.pop();
		let state = State::from_genesis(&genesis).unwrap();
		let last = shape.max_accounts() - 1;
		let new_key = Some(new_key().public_key());
		let opening = Transfer { fee: 2, new_key, ..pay(0, last, 5, 0) };
		let mut transfers = vec![by_owner(opening)];
		transfers.extend((1..shape.transfers() as u32).map(|at| signed(at, last, 5, 0)));
		let batch = data_for(shape, 3, &transfers);
		let root = state.execute(&batch).unwrap().next_root();
		assert_eq!(scalar_to_be(&unchecked_root(&state, &batch).unwrap()), root);
		assert!(accepts(&state, &batch), "{shape}");
		transfers[0] = by_owner(Transfer { new_key: None, ..opening });
		assert!(!accepts(&state, &data_for(shape, 3, &transfers)), "{shape}");
		transfers[0] = by_owner(Transfer { amount: demo::BALANCE, ..opening });
		assert!(!accepts(&state, &data_for(shape, 3, &transfers)), "{shape}");
	}
}
