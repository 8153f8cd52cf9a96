// SPDX-License-Identifier: Apache-2.0
//! One test per rule and per kind of bad input.

use super::*;
use crate::{
	demo,
	genesis::GenesisAccount,
	keys::{NonCanonicalResponse, PublicKeyError, SecretKey},
	shape::{HEAD_BYTES, MESSAGE_BYTES, TRANSFER_BYTES},
	transfer::{DecodeError, Transfer},
};
use ark_ed_on_bn254::Fr as SubgroupScalar;
use ark_ff::{BigInteger, PrimeField};

/// An index that nobody has.
const UNUSED: u32 = 16;

fn state() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

fn new_key() -> SecretKey {
	SecretKey::from_seed(&[42; 32])
}

fn pay(from: u32, to: u32, amount: u64, nonce: u32) -> Transfer {
	Transfer { from, to, amount, nonce, ..Transfer::default() }
}

fn signed(transfer: Transfer) -> SignedTransfer {
	transfer.sign(&demo::secret_key(transfer.from))
}

fn transfer(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
	signed(pay(from, to, amount, nonce))
}

fn data(fee_account: u32, transfers: &[SignedTransfer]) -> Vec<u8> {
	Batch::new(demo::SHAPE, fee_account, transfers.to_vec()).unwrap().encode()
}

fn genesis_with(change: impl FnOnce(&mut Genesis)) -> Result<State, GenesisError> {
	let mut genesis = demo::genesis();
	change(&mut genesis);
	State::from_genesis(&genesis)
}

/// Asserts that a batch is refused for this cause and changes nothing.
fn assert_batch_refused(state: &State, data: &[u8], cause: ExecutionError) {
	let mut after = state.clone();
	assert_eq!(after.execute_batch(data), Err(cause), "{cause}");
	assert_eq!(after.root(), state.root());
	assert_eq!(after.to_bytes(), state.to_bytes());
}

/// Asserts that a transfer is refused alone and behind another one.
fn assert_refused_by(state: &State, transfer_: SignedTransfer, cause: TransferError) {
	let mut draft = state.draft(0);
	assert_eq!(draft.push(&transfer_), Err(cause));
	assert!(draft.transfers().is_empty() && draft.changed.is_empty());
	let behind = data(0, &[transfer(5, 6, 7, 0), transfer_]);
	assert_batch_refused(state, &behind, ExecutionError::Transfer { slot: 1, cause });
}

fn assert_refused(transfer: SignedTransfer, cause: TransferError) {
	assert_refused_by(&state(), transfer, cause);
}

#[test]
fn batch_should_move_balances_and_count_nonces() {
	let mut state = state();
	let all = Transfer { fee: 7, ..pay(1, 2, demo::BALANCE + 100 - 7, 0) };
	state.execute_batch(&data(9, &[transfer(0, 1, 100, 0), signed(all)])).unwrap();
	let account = |index| state.account(index).unwrap();
	assert_eq!((account(0).balance, account(0).nonce), (demo::BALANCE - 100, 1));
	assert_eq!((account(1).balance, account(1).nonce), (0, 1));
	assert_eq!((account(2).balance, account(2).nonce), (2 * demo::BALANCE + 93, 0));
	assert_eq!((account(9).balance, account(9).nonce), (demo::BALANCE + 7, 0));
}

#[test]
fn batch_should_conserve_the_sum_of_balances() {
	let sum = |state: &State| state.accounts().map(|(_, a)| u128::from(a.balance)).sum::<u128>();
	let mut state = state();
	let before = sum(&state);
	let opening =
		Transfer { fee: 3, new_key: Some(new_key().public_key()), ..pay(0, UNUSED, 50, 0) };
	let to_fee_account = Transfer { fee: 5, ..pay(3, 4, 60, 0) };
	state.execute_batch(&data(4, &[signed(opening), signed(to_fee_account)])).unwrap();
	assert_eq!(sum(&state), before);
}

#[test]
fn fees_should_be_paid_out_after_the_last_transfer() {
	let fee = Transfer { fee: 10, ..pay(1, 2, 0, 0) };
	// Account 3 cannot spend in the batch what it earns in it.
	let spending = transfer(3, 4, demo::BALANCE + 1, 0);
	let (balance, amount) = (demo::BALANCE, demo::BALANCE + 1);
	assert_batch_refused(
		&state(),
		&data(3, &[signed(fee), spending]),
		ExecutionError::Transfer {
			slot: 1,
			cause: TransferError::Overdraft { balance, amount, fee: 0 },
		},
	);
	let mut state = state();
	state.execute_batch(&data(3, &[signed(fee)])).unwrap();
	state.execute_batch(&data(3, &[spending])).unwrap();
}

#[test]
fn fee_account_may_pay_be_paid_or_be_opened_in_the_batch() {
	for fee_account in [1, 2] {
		let mut state = state();
		let fee = Transfer { fee: 10, ..pay(1, 2, 5, 0) };
		state.execute_batch(&data(fee_account, &[signed(fee)])).unwrap();
		let balance = |index| state.account(index).unwrap().balance - demo::BALANCE + 15;
		let earned = |index| if fee_account == index { 10 } else { 0 };
		assert_eq!([balance(1), balance(2)], [earned(1), 20 + earned(2)]);
	}
	let mut state = state();
	let new_key = Some(new_key().public_key());
	let opening = Transfer { fee: 10, new_key, ..pay(1, UNUSED, 5, 0) };
	state.execute_batch(&data(UNUSED, &[signed(opening)])).unwrap();
	assert_eq!(state.account(UNUSED).unwrap().balance, 15);
}

#[test]
fn batch_should_be_refused_when_the_fee_account_is_unknown() {
	for index in [UNUSED, demo::SHAPE.max_accounts(), u32::MAX] {
		let cause = ExecutionError::Fees(FeeError::UnknownAccount(index));
		assert_batch_refused(&state(), &data(index, &[]), cause);
		assert_batch_refused(&state(), &data(index, &[transfer(0, 1, 1, 0)]), cause);
	}
}

#[test]
fn batch_should_be_refused_when_the_fee_account_overflows() {
	let balance = u64::MAX - 9;
	let state = genesis_with(|genesis| genesis.accounts[2].balance = balance).unwrap();
	let fee = |fee| data(2, &[signed(Transfer { fee, ..pay(1, 3, 0, 0) })]);
	let cause = FeeError::Overflow { balance, fees: 10 };
	assert_batch_refused(&state, &fee(10), ExecutionError::Fees(cause));
	state.clone().execute_batch(&fee(9)).unwrap();
}

#[test]
fn transfer_should_open_an_account_when_it_brings_a_key() {
	let mut state = state();
	let key = new_key();
	let opening = Transfer { new_key: Some(key.public_key()), ..pay(1, UNUSED, 5, 0) };
	let spending = pay(UNUSED, 2, 5, 0).sign(&key);
	// Opened, paid to and spent from in one batch.
	let again = transfer(1, UNUSED, 6, 1);
	state.execute_batch(&data(0, &[signed(opening), again, spending])).unwrap();
	let opened = state.account(UNUSED).unwrap();
	assert_eq!(opened, &Account { public_key: key.public_key(), nonce: 1, balance: 6 });
}

#[test]
fn transfer_should_be_refused_when_it_opens_an_account_that_exists() {
	let new_key = Some(new_key().public_key());
	let taking = Transfer { new_key, ..pay(1, 2, 5, 0) };
	assert_refused(signed(taking), TransferError::AlreadyOpen(2));
	// With the key that it has, too.
	let new_key = Some(demo::secret_key(2).public_key());
	assert_refused(signed(Transfer { new_key, ..taking }), TransferError::AlreadyOpen(2));
}

#[test]
fn transfer_should_be_refused_when_somebody_swaps_the_new_key() {
	let opening =
		signed(Transfer { new_key: Some(new_key().public_key()), ..pay(1, UNUSED, 5, 0) });
	let stolen = Some(demo::secret_key(7).public_key());
	let swapped =
		SignedTransfer { transfer: Transfer { new_key: stolen, ..opening.transfer }, ..opening };
	assert_refused(swapped, TransferError::BadSignature);
}

#[test]
fn batch_should_be_refused_when_a_new_key_is_invalid() {
	let new_key = Some(new_key().public_key());
	let honest = data(0, &[signed(Transfer { new_key, ..pay(1, UNUSED, 5, 0) })]);
	let mut low_order = [0; 32];
	low_order[31] = 1;
	for (key, cause) in
		[([0xff; 32], PublicKeyError::NonCanonical), (low_order, PublicKeyError::OutsideSubgroup)]
	{
		let mut data = honest.clone();
		data[HEAD_BYTES + 24..HEAD_BYTES + 56].copy_from_slice(&key);
		let cause = BatchError::Transfer { slot: 0, cause: DecodeError::NewKey(cause) };
		assert_batch_refused(&state(), &data, ExecutionError::Encoding(cause));
	}
	// The key zero is no key: the receiver is unknown then.
	let mut data = honest;
	data[HEAD_BYTES + 24..HEAD_BYTES + 56].fill(0);
	let cause = TransferError::UnknownReceiver(UNUSED);
	assert_batch_refused(&state(), &data, ExecutionError::Transfer { slot: 0, cause });
}

#[test]
fn draft_should_equal_the_batch_that_it_ends_in() {
	let transfers = [transfer(3, 4, 1, 0), transfer(3, 5, 2, 1), transfer(4, 3, 3, 0)];
	let mut drafted = state();
	let mut draft = drafted.draft(2);
	for signed in &transfers {
		draft.push(signed).unwrap();
	}
	assert_eq!(draft.account(3).unwrap().balance, demo::BALANCE);
	let outcome = draft.finish().unwrap();
	assert_eq!(outcome.prev_root(), drafted.root());
	let mut executed = state();
	executed.execute_claimed(&outcome.batch().encode(), &outcome.next_root()).unwrap();
	drafted.apply(outcome).unwrap();
	assert_eq!(drafted.root(), executed.root());
	assert!(drafted.accounts().eq(executed.accounts()));
}

#[test]
fn outcome_should_be_refused_when_the_state_is_another() {
	let mut state = state();
	let outcome = state.execute(&data(0, &[transfer(1, 2, 3, 0)])).unwrap();
	state.apply(outcome.clone()).unwrap();
	let before = state.root();
	assert_eq!(state.apply(outcome), Err(OtherState));
	assert_eq!(state.root(), before);
}

#[test]
fn batch_should_be_refused_when_its_root_is_wrong() {
	let mut state = state();
	let (before, batch) = (state.root(), data(0, &[transfer(1, 2, 3, 0)]));
	let next = state.execute(&batch).unwrap().next_root();
	for wrong in [before, [0; 32], [0xff; 32]] {
		assert_eq!(state.execute_claimed(&batch, &wrong), Err(ExecutionError::Root));
		assert_eq!(state.root(), before);
	}
	state.execute_claimed(&batch, &next).unwrap();
	assert_eq!(state.root(), next);
}

#[test]
fn root_should_be_that_of_the_accounts_after_every_batch() {
	let mut state = state();
	let new_key = Some(new_key().public_key());
	let opening = Transfer { new_key, ..pay(1, 40_000, 5, 0) };
	state.execute_batch(&data(0, &[signed(opening), transfer(2, 3, 4, 0)])).unwrap();
	let accounts = state.accounts().map(|(index, account)| (index, *account));
	let rebuilt = State::from_accounts(demo::SHAPE, accounts.collect());
	assert_eq!(rebuilt.root(), state.root());
}

#[test]
fn clones_should_be_independent() {
	let before = state();
	let bytes = before.to_bytes();
	let [mut first, mut second] = [before.clone(), before.clone()];
	let new_key = Some(new_key().public_key());
	let opening = Transfer { new_key, ..pay(1, UNUSED, 5, 0) };
	first.execute_batch(&data(0, &[signed(opening), transfer(2, 3, 4, 0)])).unwrap();
	second.execute_batch(&data(0, &[transfer(2, 3, 9, 0)])).unwrap();
	assert_eq!(before.to_bytes(), bytes);
	assert_eq!((first.len(), second.len(), before.len()), (17, 16, 16));
	assert!(second.account(UNUSED).is_none() && before.account(UNUSED).is_none());
	let balances = [&before, &first, &second].map(|state| state.account(3).unwrap().balance);
	assert_eq!(balances, [0, 4, 9].map(|more| demo::BALANCE + more));
	// An outcome outlives the state that it was made on.
	let outcome = second.execute(&data(0, &[transfer(2, 3, 1, 1)])).unwrap();
	let mut third = second.clone();
	drop((before, second));
	third.apply(outcome).unwrap();
	assert_eq!(third.account(3).unwrap().balance, demo::BALANCE + 10);
	assert_eq!(State::from_bytes(&third.to_bytes()).unwrap().root(), third.root());
}

#[test]
fn batch_should_change_nothing_when_it_is_all_no_ops() {
	let mut state = state();
	let before = state.to_bytes();
	state.execute_batch(&vec![0; demo::SHAPE.data_len()]).unwrap();
	assert_eq!(state.to_bytes(), before);
}

#[test]
fn batch_should_be_refused_when_a_transfer_follows_a_no_op() {
	let mut data = data(0, &[transfer(0, 1, 1, 0)]);
	data[HEAD_BYTES..].rotate_right(TRANSFER_BYTES);
	let cause = ExecutionError::Encoding(BatchError::Gap(1));
	assert_batch_refused(&state(), &data, cause);
}

#[test]
fn batch_should_be_refused_when_its_length_is_wrong() {
	let expected = demo::SHAPE.data_len();
	for found in [0, expected - 1, expected + 1, Shape::LARGE.data_len(), 1 << 20] {
		let cause = ExecutionError::Encoding(BatchError::Length { expected, found });
		assert_batch_refused(&state(), &vec![0; found], cause);
	}
}

#[test]
fn draft_should_refuse_a_transfer_when_it_is_full() {
	let state = state();
	let mut draft = state.draft(0);
	for nonce in 0..demo::SHAPE.transfers() as u32 {
		draft.push(&transfer(0, 1, 1, nonce)).unwrap();
	}
	let nonce = demo::SHAPE.transfers() as u32;
	let cause = TransferError::BatchFull(demo::SHAPE.transfers());
	assert_eq!(draft.push(&transfer(0, 1, 1, nonce)), Err(cause));
}

#[test]
fn transfer_should_be_refused_when_an_account_is_unknown() {
	let limit = demo::SHAPE.max_accounts();
	assert_refused(transfer(UNUSED, 1, 1, 0), TransferError::UnknownSender(UNUSED));
	assert_refused(transfer(1, UNUSED, 1, 0), TransferError::UnknownReceiver(UNUSED));
	for index in [limit, limit + 1, u32::MAX] {
		assert_refused(transfer(index, 1, 1, 0), TransferError::Index { index, limit });
		assert_refused(transfer(1, index, 1, 0), TransferError::Index { index, limit });
	}
}

#[test]
fn transfer_should_be_refused_when_sender_and_receiver_are_one() {
	assert_refused(transfer(1, 1, 1, 0), TransferError::SelfTransfer(1));
	let new_key = Some(new_key().public_key());
	let opening = Transfer { new_key, ..pay(1, 1, 1, 0) };
	assert_refused(signed(opening), TransferError::SelfTransfer(1));
}

#[test]
fn transfer_should_be_refused_when_it_is_replayed_or_comes_early() {
	assert_refused(transfer(1, 2, 1, 1), TransferError::Nonce { expected: 0, found: 1 });
	let mut state = state();
	let batch = data(0, &[transfer(1, 2, 1, 0)]);
	state.execute_batch(&batch).unwrap();
	let cause = TransferError::Nonce { expected: 1, found: 0 };
	assert_refused_by(&state, transfer(1, 2, 1, 0), cause);
	assert_batch_refused(&state, &batch, ExecutionError::Transfer { slot: 0, cause });
	let twice = data(0, &[transfer(3, 4, 1, 0), transfer(3, 4, 1, 0)]);
	assert_batch_refused(&state, &twice, ExecutionError::Transfer { slot: 1, cause });
}

#[test]
fn transfer_should_be_refused_when_no_nonce_is_left() {
	let state = state();
	let accounts = state.accounts().map(|(index, account)| {
		let nonce = if index == 1 { u32::MAX } else { account.nonce };
		(index, Account { nonce, ..*account })
	});
	let state = State::from_accounts(demo::SHAPE, accounts.collect());
	assert_refused_by(&state, transfer(1, 2, 1, u32::MAX), TransferError::NoncesExhausted(1));
}

#[test]
fn transfer_should_be_refused_when_it_overdraws() {
	let balance = demo::BALANCE;
	for (amount, fee) in
		[(balance + 1, 0), (balance, 1), (0, u32::MAX), (u64::MAX, 0), (u64::MAX, u32::MAX)]
	{
		let cause = TransferError::Overdraft { balance, amount, fee };
		assert_refused(signed(Transfer { fee, ..pay(1, 2, amount, 0) }), cause);
	}
	let all = Transfer { fee: 1, ..pay(1, 2, balance - 1, 0) };
	state().execute_batch(&data(0, &[signed(all)])).unwrap();
}

#[test]
fn transfer_should_be_refused_when_the_receiver_overflows() {
	let balance = u64::MAX - 5;
	let state = genesis_with(|genesis| genesis.accounts[2].balance = balance).unwrap();
	let cause = TransferError::Overflow { balance, amount: 6 };
	assert_refused_by(&state, transfer(1, 2, 6, 0), cause);
	state.clone().execute_batch(&data(0, &[transfer(1, 2, 5, 0)])).unwrap();
}

#[test]
fn transfer_should_be_refused_when_the_signature_is_wrong() {
	let forged = pay(1, 2, 1, 0).sign(&demo::secret_key(2));
	assert_refused(forged, TransferError::BadSignature);
	let of_another = SignedTransfer { transfer: pay(1, 2, 2, 0), ..transfer(1, 2, 1, 0) };
	assert_refused(of_another, TransferError::BadSignature);
	let other_fee = Transfer { fee: 1, ..pay(1, 2, 1, 0) };
	let of_another = SignedTransfer { transfer: other_fee, ..transfer(1, 2, 1, 0) };
	assert_refused(of_another, TransferError::BadSignature);
}

#[test]
fn batch_should_be_refused_when_a_response_is_not_canonical() {
	let mut data = data(0, &[transfer(0, 1, 1, 0)]);
	let end = HEAD_BYTES + TRANSFER_BYTES;
	let response = &mut data[HEAD_BYTES + MESSAGE_BYTES + 16..end];
	let mut number = SubgroupScalar::from_be_bytes_mod_order(response).into_bigint();
	number.add_with_carry(&SubgroupScalar::MODULUS);
	response.copy_from_slice(&number.to_bytes_be());
	let cause = DecodeError::Response(NonCanonicalResponse);
	let cause = ExecutionError::Encoding(BatchError::Transfer { slot: 0, cause });
	assert_batch_refused(&state(), &data, cause);
}

#[test]
fn genesis_should_be_refused_when_an_index_is_out_of_range_or_twice() {
	let limit = demo::SHAPE.max_accounts();
	let refused = genesis_with(|genesis| genesis.accounts[3].index = limit);
	assert_eq!(refused.err(), Some(GenesisError::Index { index: limit, limit }));
	assert!(genesis_with(|genesis| genesis.accounts[3].index = limit - 1).is_ok());
	let refused = genesis_with(|genesis| genesis.accounts[3].index = 2);
	assert_eq!(refused.err(), Some(GenesisError::Duplicate(2)));
}

#[test]
fn root_should_not_depend_on_the_order_of_the_genesis_accounts() {
	let reversed = genesis_with(|genesis| genesis.accounts.reverse()).unwrap();
	assert_eq!(reversed.root(), state().root());
}

#[test]
fn membership_should_be_proved_for_accounts_and_for_unused_places() {
	let large = genesis_with(|genesis| {
		genesis.shape = Shape::LARGE;
		let public_key = new_key().public_key();
		let index = Shape::LARGE.max_accounts() - 1;
		genesis.accounts.push(GenesisAccount { index, public_key, balance: 9 });
	});
	for state in [state(), large.unwrap()] {
		let (shape, root) = (state.shape(), state.root());
		for index in [0, 15, 16, 17, 40_000, shape.max_accounts() - 1] {
			let proof = state.prove(index).unwrap();
			assert_eq!(proof.account.as_ref(), state.account(index));
			assert_eq!(proof.verify(shape, &root), Ok(()));
		}
		assert_eq!(state.prove(shape.max_accounts()), None);
	}
}

#[test]
fn membership_should_be_refused_when_anything_is_wrong() {
	let (state, shape) = (state(), demo::SHAPE);
	let root = state.root();
	let refused = |change: &dyn Fn(&mut Membership)| {
		let mut proof = state.prove(3).unwrap();
		change(&mut proof);
		proof.verify(shape, &root).unwrap_err()
	};
	let sizes = |index, levels| MembershipError::Sizes { index, levels, depth: 8 };
	assert_eq!(refused(&|proof| proof.index = 4), MembershipError::Broken(0));
	assert_eq!(refused(&|proof| proof.index = 3 + 16), MembershipError::Broken(2));
	assert_eq!(refused(&|proof| proof.index += 1 << 16), sizes(3 + (1 << 16), 8));
	assert_eq!(refused(&|proof| proof.account = None), MembershipError::Broken(0));
	let richer = |proof: &mut Membership| proof.account.as_mut().unwrap().balance += 1;
	assert_eq!(refused(&richer), MembershipError::Broken(0));
	assert_eq!(refused(&|proof| proof.path[2][3][31] ^= 1), MembershipError::Broken(3));
	assert_eq!(refused(&|proof| proof.path[7][3][31] ^= 1), MembershipError::Root);
	assert_eq!(refused(&|proof| proof.path[1][3] = [0xff; 32]), MembershipError::NonCanonical(1));
	assert_eq!(refused(&|proof| proof.path.truncate(7)), sizes(3, 7));
	assert_eq!(refused(&|proof| proof.path.push([[0; 32]; 4])), sizes(3, 9));
	let mut other = state.clone();
	other.execute_batch(&data(0, &[transfer(1, 2, 3, 0)])).unwrap();
	assert_eq!(state.prove(3).unwrap().verify(shape, &other.root()), Err(MembershipError::Root));
}

/// 4,000 accounts among 2^20 places.
#[test]
fn state_should_grow_with_its_accounts_and_not_with_the_tree() {
	let public_key = new_key().public_key();
	let accounts = (0..4_000u32)
		.map(|at| GenesisAccount { index: at * 262, public_key, balance: 1 })
		.collect();
	let state = State::from_genesis(&Genesis { shape: Shape::LARGE, accounts }).unwrap();
	assert_eq!(state.len(), 4_000);
	assert!(state.to_bytes().len() < 4_000 * 81);
	let proof = state.prove(262 * 3_999).unwrap();
	assert_eq!(proof.verify(Shape::LARGE, &state.root()), Ok(()));
}
