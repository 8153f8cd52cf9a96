// SPDX-License-Identifier: Apache-2.0
//! The rollup's state and its rules. The circuit states the same rules as constraints.

use crate::{
	account::Account,
	batch,
	keys::{NonCanonicalResponse, PublicKey, PublicKeyError},
	shape::{DATA_LEN, MAX_ACCOUNTS, TRANSFER_BYTES},
	transfer::SignedTransfer,
	tree::Tree,
};
use pvs_primitives::{field::scalar_to_be, Bytes32};
use std::collections::BTreeMap;

/// An account that exists from the start. Nothing of it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GenesisAccount {
	/// Its place in the tree, below [`MAX_ACCOUNTS`].
	pub index: u32,
	/// Coordinates of its public key, 32 bytes each, big-endian.
	pub public_key: [Bytes32; 2],
	/// What it starts with.
	pub balance: u64,
}

/// Where a rollup starts. All accounts have nonce 0.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Genesis {
	/// The accounts, in any order.
	pub accounts: Vec<GenesisAccount>,
}

/// Why a genesis is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
	/// The tree has no place for this index.
	#[error("account {0}: the index is not below {MAX_ACCOUNTS}")]
	Index(u32),
	/// Two accounts have this index.
	#[error("account {0} appears twice; give each account its own index")]
	Duplicate(u32),
	/// The circuit's signature check is sound for keys of the prime-order subgroup only, and keys
	/// enter the state here and nowhere else.
	#[error("account {index}: {cause}")]
	PublicKey {
		/// The account.
		index: u32,
		/// What is wrong with its key.
		cause: PublicKeyError,
	},
}

/// Why a transfer cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
	/// The signature is not encoded canonically.
	#[error(transparent)]
	Response(#[from] NonCanonicalResponse),
	/// Nobody has the paying account.
	#[error("the sender, account {0}, does not exist")]
	UnknownSender(u32),
	/// Nobody has the account to pay to.
	#[error("the receiver, account {0}, does not exist")]
	UnknownReceiver(u32),
	/// Payer and payee are one.
	#[error("account {0} pays itself; choose another receiver")]
	SelfTransfer(u32),
	/// The transfer was executed before, or one before it is missing.
	#[error("the nonce is {found}, the sender's is {expected}")]
	Nonce {
		/// What the account says.
		expected: u32,
		/// What the transfer says.
		found: u32,
	},
	/// The account has used all its nonces.
	#[error("the sender, account {0}, has used all its nonces")]
	NoncesExhausted(u32),
	/// The payer has less than it pays.
	#[error("the amount {amount} is above the sender's balance {balance}")]
	Overdraft {
		/// What the payer has.
		balance: u64,
		/// What it wants to pay.
		amount: u64,
	},
	/// The payee would have more than 2^64 - 1.
	#[error("the amount {amount} does not fit on top of the receiver's balance {balance}")]
	Overflow {
		/// What the payee has.
		balance: u64,
		/// What it would get.
		amount: u64,
	},
	/// The signature is not the payer's signature of this transfer.
	#[error("the signature is not the sender's signature of this transfer")]
	BadSignature,
}

/// Why a batch cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
	/// The number of bytes is wrong.
	#[error("a batch is {DATA_LEN} bytes, got {0}")]
	DataLength(usize),
	/// A transfer cannot be executed.
	#[error("transfer {slot}: {cause}")]
	Transfer {
		/// Its place in the batch, from 0.
		slot: usize,
		/// What is wrong with it.
		cause: TransferError,
	},
}

/// All accounts, and the tree over them.
#[derive(Clone, Debug)]
pub struct State {
	accounts: BTreeMap<u32, Account>,
	tree: Tree,
}

impl State {
	/// The state before the first batch.
	///
	/// # Errors
	///
	/// One [`GenesisError`] per cause, see there.
	pub fn from_genesis(genesis: &Genesis) -> Result<Self, GenesisError> {
		let mut state = Self { accounts: BTreeMap::new(), tree: Tree::default() };
		for GenesisAccount { index, public_key: [x, y], balance } in &genesis.accounts {
			let index = *index;
			if index >= MAX_ACCOUNTS {
				return Err(GenesisError::Index(index));
			}
			if state.accounts.contains_key(&index) {
				return Err(GenesisError::Duplicate(index));
			}
			let public_key = PublicKey::from_bytes(x, y)
				.map_err(|cause| GenesisError::PublicKey { index, cause })?;
			state.write(index, Account { public_key, nonce: 0, balance: *balance });
		}
		Ok(state)
	}

	/// The root of the account tree, 32 bytes big-endian: what the chain calls a state root.
	pub fn root(&self) -> Bytes32 {
		scalar_to_be(&self.tree.root())
	}

	/// An account; `None` if nobody has it.
	pub fn account(&self, index: u32) -> Option<&Account> {
		self.accounts.get(&index)
	}

	/// All accounts by index.
	pub fn accounts(&self) -> impl Iterator<Item = (u32, &Account)> {
		self.accounts.iter().map(|(index, account)| (*index, account))
	}

	/// Executes the bytes of a batch. On an error nothing has changed.
	///
	/// # Errors
	///
	/// [`ExecutionError::DataLength`], or the first transfer that cannot be executed and why.
	pub fn execute_batch(&mut self, data: &[u8]) -> Result<(), ExecutionError> {
		let slots = batch::slots(data).ok_or(ExecutionError::DataLength(data.len()))?;
		let mut changed = BTreeMap::new();
		for (slot, bytes) in slots.iter().enumerate() {
			self.execute_slot(&mut changed, bytes)
				.map_err(|cause| ExecutionError::Transfer { slot, cause })?;
		}
		self.write_all(changed);
		Ok(())
	}

	/// Executes one transfer. On an error nothing has changed.
	///
	/// # Errors
	///
	/// One [`TransferError`] per cause, see there.
	pub fn apply(&mut self, signed: &SignedTransfer) -> Result<(), TransferError> {
		let mut changed = BTreeMap::new();
		self.execute_transfer(&mut changed, signed)?;
		self.write_all(changed);
		Ok(())
	}

	pub(crate) fn tree(&self) -> &Tree {
		&self.tree
	}

	fn execute_slot(
		&self,
		changed: &mut BTreeMap<u32, Account>,
		bytes: &[u8; TRANSFER_BYTES],
	) -> Result<(), TransferError> {
		match SignedTransfer::decode_slot(bytes)? {
			Some(signed) => self.execute_transfer(changed, &signed),
			None => Ok(()),
		}
	}

	/// Executes on top of the accounts in `changed`, which it extends.
	fn execute_transfer(
		&self,
		changed: &mut BTreeMap<u32, Account>,
		signed: &SignedTransfer,
	) -> Result<(), TransferError> {
		let transfer = &signed.transfer;
		let current = |index| changed.get(&index).or_else(|| self.account(index)).copied();
		let mut sender =
			current(transfer.from).ok_or(TransferError::UnknownSender(transfer.from))?;
		let mut receiver =
			current(transfer.to).ok_or(TransferError::UnknownReceiver(transfer.to))?;
		if transfer.from == transfer.to {
			return Err(TransferError::SelfTransfer(transfer.from));
		}
		if transfer.nonce != sender.nonce {
			let expected = sender.nonce;
			return Err(TransferError::Nonce { expected, found: transfer.nonce });
		}
		sender.nonce =
			sender.nonce.checked_add(1).ok_or(TransferError::NoncesExhausted(transfer.from))?;
		let amount = transfer.amount;
		let balance = sender.balance;
		sender.balance =
			balance.checked_sub(amount).ok_or(TransferError::Overdraft { balance, amount })?;
		let balance = receiver.balance;
		receiver.balance =
			balance.checked_add(amount).ok_or(TransferError::Overflow { balance, amount })?;
		if !sender.public_key.verify(transfer, &signed.signature) {
			return Err(TransferError::BadSignature);
		}
		changed.insert(transfer.from, sender);
		changed.insert(transfer.to, receiver);
		Ok(())
	}

	fn write_all(&mut self, changed: BTreeMap<u32, Account>) {
		for (index, account) in changed {
			self.write(index, account);
		}
	}

	fn write(&mut self, index: u32, account: Account) {
		self.tree.set(index, account.leaf());
		self.accounts.insert(index, account);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		batch::Batch,
		demo,
		shape::{BATCH_TRANSFERS, MESSAGE_BYTES},
		transfer::Transfer,
	};
	use ark_ed_on_bn254::Fr as SubgroupScalar;
	use ark_ff::{BigInteger, PrimeField};

	fn state() -> State {
		State::from_genesis(&demo::genesis()).unwrap()
	}

	fn transfer(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
		Transfer { from, to, amount, nonce }.sign(&demo::secret_key(from))
	}

	fn genesis_with(change: impl FnOnce(&mut Genesis)) -> Result<State, GenesisError> {
		let mut genesis = demo::genesis();
		change(&mut genesis);
		State::from_genesis(&genesis)
	}

	fn assert_refused(signed: SignedTransfer, cause: TransferError) {
		let mut state = state();
		let before = state.root();
		assert_eq!(state.apply(&signed), Err(cause));
		let data = Batch::new(vec![transfer(5, 6, 7, 0), signed]).unwrap().encode();
		assert_eq!(
			state.execute_batch(&data),
			Err(ExecutionError::Transfer { slot: 1, cause }),
			"{signed:?}"
		);
		assert_eq!(state.root(), before);
		assert_eq!(state.account(5), super::tests::state().account(5));
	}

	#[test]
	fn batch_should_move_balances_and_count_nonces() {
		let mut state = state();
		let data = Batch::new(vec![transfer(0, 1, 100, 0), transfer(1, 2, 1_000_000_100, 0)]);
		state.execute_batch(&data.unwrap().encode()).unwrap();
		let account = |index| state.account(index).unwrap();
		assert_eq!((account(0).balance, account(0).nonce), (demo::BALANCE - 100, 1));
		assert_eq!((account(1).balance, account(1).nonce), (0, 1));
		assert_eq!((account(2).balance, account(2).nonce), (2 * demo::BALANCE + 100, 0));
	}

	#[test]
	fn batch_should_equal_its_transfers_applied_one_by_one() {
		let transfers = [transfer(3, 4, 1, 0), transfer(3, 5, 2, 1), transfer(4, 3, 3, 0)];
		let mut one_by_one = state();
		for signed in &transfers {
			one_by_one.apply(signed).unwrap();
		}
		let mut at_once = state();
		at_once.execute_batch(&Batch::new(transfers.to_vec()).unwrap().encode()).unwrap();
		assert_eq!(one_by_one.root(), at_once.root());
		assert!(one_by_one.accounts().eq(at_once.accounts()));
	}

	#[test]
	fn batch_should_change_nothing_when_it_is_all_no_ops() {
		let mut state = state();
		let before = state.root();
		state.execute_batch(&[0; DATA_LEN]).unwrap();
		assert_eq!(state.root(), before);
	}

	#[test]
	fn batch_should_allow_no_ops_between_transfers() {
		let mut data = Batch::new(vec![transfer(0, 1, 1, 0)]).unwrap().encode();
		data.rotate_right(TRANSFER_BYTES * (BATCH_TRANSFERS - 1));
		let mut state = state();
		state.execute_batch(&data).unwrap();
		assert_eq!(state.account(1).unwrap().balance, demo::BALANCE + 1);
	}

	#[test]
	fn batch_should_be_refused_when_its_length_is_wrong() {
		for length in [0, DATA_LEN - 1, DATA_LEN + 1] {
			assert_eq!(
				state().execute_batch(&vec![0; length]),
				Err(ExecutionError::DataLength(length))
			);
		}
	}

	#[test]
	fn transfer_should_be_refused_when_the_sender_is_unknown() {
		assert_refused(transfer(16, 1, 1, 0), TransferError::UnknownSender(16));
		assert_refused(transfer(65_536, 1, 1, 0), TransferError::UnknownSender(65_536));
	}

	#[test]
	fn transfer_should_be_refused_when_the_receiver_is_unknown() {
		assert_refused(transfer(1, 16, 1, 0), TransferError::UnknownReceiver(16));
		assert_refused(transfer(1, 65_536, 1, 0), TransferError::UnknownReceiver(65_536));
	}

	#[test]
	fn transfer_should_be_refused_when_sender_and_receiver_are_one() {
		assert_refused(transfer(1, 1, 1, 0), TransferError::SelfTransfer(1));
	}

	#[test]
	fn transfer_should_be_refused_when_the_nonce_is_wrong() {
		assert_refused(transfer(1, 2, 1, 1), TransferError::Nonce { expected: 0, found: 1 });
		let mut state = state();
		state.apply(&transfer(1, 2, 1, 0)).unwrap();
		assert_eq!(
			state.apply(&transfer(1, 2, 1, 0)),
			Err(TransferError::Nonce { expected: 1, found: 0 })
		);
	}

	#[test]
	fn transfer_should_be_refused_when_no_nonce_is_left() {
		let mut state = state();
		state.accounts.get_mut(&1).unwrap().nonce = u32::MAX;
		assert_eq!(
			state.apply(&transfer(1, 2, 1, u32::MAX)),
			Err(TransferError::NoncesExhausted(1))
		);
	}

	#[test]
	fn transfer_should_be_refused_when_it_overdraws() {
		let (balance, amount) = (demo::BALANCE, demo::BALANCE + 1);
		assert_refused(transfer(1, 2, amount, 0), TransferError::Overdraft { balance, amount });
		state().apply(&transfer(1, 2, balance, 0)).unwrap();
	}

	#[test]
	fn transfer_should_be_refused_when_the_receiver_overflows() {
		let balance = u64::MAX - 5;
		let mut state = genesis_with(|genesis| genesis.accounts[2].balance = balance).unwrap();
		assert_eq!(
			state.apply(&transfer(1, 2, 6, 0)),
			Err(TransferError::Overflow { balance, amount: 6 })
		);
		state.apply(&transfer(1, 2, 5, 0)).unwrap();
	}

	#[test]
	fn transfer_should_be_refused_when_another_key_signed() {
		let forged = Transfer { from: 1, to: 2, amount: 1, nonce: 0 }.sign(&demo::secret_key(2));
		assert_refused(forged, TransferError::BadSignature);
	}

	#[test]
	fn batch_should_be_refused_when_a_response_is_not_canonical() {
		let mut data = Batch::new(vec![transfer(0, 1, 1, 0)]).unwrap().encode();
		let response = &mut data[MESSAGE_BYTES + 16..TRANSFER_BYTES];
		let mut number = SubgroupScalar::from_be_bytes_mod_order(response).into_bigint();
		number.add_with_carry(&SubgroupScalar::MODULUS);
		response.copy_from_slice(&number.to_bytes_be());
		let cause = TransferError::Response(NonCanonicalResponse);
		assert_eq!(state().execute_batch(&data), Err(ExecutionError::Transfer { slot: 0, cause }));
	}

	#[test]
	fn genesis_should_be_refused_when_an_index_is_out_of_range() {
		let refused = genesis_with(|genesis| genesis.accounts[3].index = MAX_ACCOUNTS);
		assert_eq!(refused.err(), Some(GenesisError::Index(MAX_ACCOUNTS)));
		assert!(genesis_with(|genesis| genesis.accounts[3].index = MAX_ACCOUNTS - 1).is_ok());
	}

	#[test]
	fn genesis_should_be_refused_when_an_index_appears_twice() {
		let refused = genesis_with(|genesis| genesis.accounts[3].index = 2);
		assert_eq!(refused.err(), Some(GenesisError::Duplicate(2)));
	}

	#[test]
	fn genesis_should_be_refused_when_a_key_is_invalid() {
		let refused = genesis_with(|genesis| genesis.accounts[3].public_key[1] = [1; 32]);
		let cause = PublicKeyError::OffCurve;
		assert_eq!(refused.err(), Some(GenesisError::PublicKey { index: 3, cause }));
	}

	#[test]
	fn root_should_not_depend_on_the_order_of_the_genesis_accounts() {
		let reversed = genesis_with(|genesis| genesis.accounts.reverse()).unwrap();
		assert_eq!(reversed.root(), state().root());
	}
}
