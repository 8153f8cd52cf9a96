// SPDX-License-Identifier: Apache-2.0
//! The rollup's state and its rules. The circuit states the same rules as constraints.
//!
//! Transfers are executed one after the other: the payer pays amount and fee and its nonce goes up
//! by one, the payee gets the amount; a payee that nobody has yet is opened with the transfer's new
//! key. After the last transfer the account that the batch names gets the sum of the fees, so fees
//! cannot be spent in the batch that pays them. That account must exist by then, also when there is
//! no fee. It may be any account, one that takes part in the batch or is opened by it included.

use crate::{
	account::Account,
	batch::{Batch, BatchError},
	genesis::{Genesis, GenesisError},
	shape::{Shape, TREE_ARITY},
	transfer::SignedTransfer,
	tree::Tree,
	Scalar,
};
use pvs_primitives::{
	field::{scalar_from_be, scalar_to_be},
	poseidon, Bytes32,
};
use std::collections::BTreeMap;

/// Why a transfer cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
	/// The batch is full.
	#[error("the batch has no slot left; {0} transfers are the most")]
	BatchFull(usize),
	/// The tree has no place for this index.
	#[error("account {index}: the index is not below {limit}")]
	Index {
		/// The account.
		index: u32,
		/// Number of places.
		limit: u32,
	},
	/// Nobody has the paying account.
	#[error("the sender, account {0}, does not exist")]
	UnknownSender(u32),
	/// Nobody has the account to pay to, and the transfer brings no key to open it with.
	#[error("the receiver, account {0}, does not exist; give a new key to open it")]
	UnknownReceiver(u32),
	/// The transfer brings a key for an account that somebody has.
	#[error("the receiver, account {0}, exists already; leave out the new key")]
	AlreadyOpen(u32),
	/// Payer and payee are one.
	#[error("account {0} pays itself; choose another receiver")]
	SelfTransfer(u32),
	/// The transfer was executed before, or one before it is missing.
	#[error("the nonce is {found}, the sender's is {expected}")]
	Nonce {
		/// The value that the account has.
		expected: u32,
		/// The value that the transfer has.
		found: u32,
	},
	/// The account has used all its nonces.
	#[error("the sender, account {0}, has used all its nonces")]
	NoncesExhausted(u32),
	/// The payer has less than it pays.
	#[error("amount {amount} and fee {fee} are above the sender's balance {balance}")]
	Overdraft {
		/// Balance of the payer.
		balance: u64,
		/// Amount that it wants to pay.
		amount: u64,
		/// Fee that it wants to pay on top.
		fee: u32,
	},
	/// The payee would have more than 2^64 - 1.
	#[error("the amount {amount} does not fit on top of the receiver's balance {balance}")]
	Overflow {
		/// Balance of the payee.
		balance: u64,
		/// Amount that it would get.
		amount: u64,
	},
	/// The signature is not the payer's signature of this transfer.
	#[error("the signature is not the sender's signature of this transfer")]
	BadSignature,
}

/// Why the fees of a batch cannot be paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
	/// Nobody has the account.
	#[error("the fee account, account {0}, does not exist; name one that does")]
	UnknownAccount(u32),
	/// The account would have more than 2^64 - 1.
	#[error("fees of {fees} do not fit on top of the fee account's balance {balance}")]
	Overflow {
		/// Balance of the account.
		balance: u64,
		/// Amount that it would get.
		fees: u64,
	},
}

/// Why a batch cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
	/// The bytes are no batch.
	#[error(transparent)]
	Encoding(#[from] BatchError),
	/// A transfer cannot be executed.
	#[error("transfer {slot}: {cause}")]
	Transfer {
		/// Its place in the batch, from 0.
		slot: usize,
		/// Its fault.
		cause: TransferError,
	},
	/// The fees cannot be paid out.
	#[error(transparent)]
	Fees(#[from] FeeError),
	/// The batch leads elsewhere than claimed.
	#[error("the batch leads to another root than the claimed one")]
	Root,
}

/// An [`Outcome`] belongs to another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the batch was executed on another state; execute it again")]
pub struct OtherState;

/// All accounts, and the tree over them.
///
/// A clone shares them: it costs a few pointers, and a batch on it the nodes above the accounts that
/// the batch changes.
#[derive(Clone, Debug)]
pub struct State {
	shape: Shape,
	tree: Tree,
}

/// What a batch makes of a state.
#[derive(Clone, Debug)]
pub struct Outcome {
	batch: Batch,
	prev_root: Bytes32,
	next_root: Bytes32,
	accounts: BTreeMap<u32, Account>,
	tree: Tree,
}

impl Outcome {
	/// The batch.
	pub fn batch(&self) -> &Batch {
		&self.batch
	}

	/// The root before the batch.
	pub fn prev_root(&self) -> Bytes32 {
		self.prev_root
	}

	/// The root after the batch.
	pub fn next_root(&self) -> Bytes32 {
		self.next_root
	}

	/// The accounts that the batch changes, after it.
	pub fn accounts(&self) -> &BTreeMap<u32, Account> {
		&self.accounts
	}
}

impl State {
	/// The state before the first batch.
	///
	/// # Errors
	///
	/// One [`GenesisError`] per cause, see there.
	pub fn from_genesis(genesis: &Genesis) -> Result<Self, GenesisError> {
		genesis.check()?;
		let accounts = genesis.accounts.iter().map(|account| (account.index, account.into()));
		Ok(Self::from_accounts(genesis.shape, accounts.collect()))
	}

	/// A state of these accounts, whose indices the tree has room for.
	pub(crate) fn from_accounts(shape: Shape, accounts: Vec<(u32, Account)>) -> Self {
		Self { shape, tree: Tree::from_accounts(shape.depth(), accounts) }
	}

	/// The sizes of the circuit that proves batches of this state.
	pub fn shape(&self) -> Shape {
		self.shape
	}

	/// The root of the account tree, 32 bytes big-endian: what the chain calls a state root.
	pub fn root(&self) -> Bytes32 {
		scalar_to_be(&self.tree.root())
	}

	/// An account; `None` if nobody has it.
	pub fn account(&self, index: u32) -> Option<&Account> {
		self.tree.account(index)
	}

	/// All accounts by index.
	pub fn accounts(&self) -> impl Iterator<Item = (u32, &Account)> {
		self.tree.accounts()
	}

	/// Number of accounts in use.
	pub fn len(&self) -> usize {
		self.tree.len()
	}

	/// Returns true if nobody has an account.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Begins a batch on top of this state, with the account that gets the fees.
	pub fn draft(&self, fee_account: u32) -> Draft<'_> {
		Draft { state: self, fee_account, transfers: Vec::new(), changed: BTreeMap::new(), fees: 0 }
	}

	/// Executes the bytes of a batch without a change of this state.
	///
	/// # Errors
	///
	/// [`ExecutionError::Encoding`], the first transfer that cannot be executed and why, or
	/// [`ExecutionError::Fees`].
	pub fn execute(&self, data: &[u8]) -> Result<Outcome, ExecutionError> {
		let batch = Batch::decode(self.shape, data)?;
		let mut draft = self.draft(batch.fee_account());
		for (slot, signed) in batch.transfers().iter().enumerate() {
			draft.push(signed).map_err(|cause| ExecutionError::Transfer { slot, cause })?;
		}
		Ok(draft.finish()?)
	}

	/// Executes the bytes of a batch. On an error nothing has changed.
	///
	/// # Errors
	///
	/// Those of [`State::execute`].
	pub fn execute_batch(&mut self, data: &[u8]) -> Result<(), ExecutionError> {
		let outcome = self.execute(data)?;
		self.tree = outcome.tree;
		Ok(())
	}

	/// Executes the bytes of a batch that is claimed to lead to a root. On an error nothing has
	/// changed.
	///
	/// # Errors
	///
	/// Those of [`State::execute`], and [`ExecutionError::Root`].
	pub fn execute_claimed(
		&mut self,
		data: &[u8],
		next_root: &Bytes32,
	) -> Result<(), ExecutionError> {
		let outcome = self.execute(data)?;
		if outcome.next_root != *next_root {
			return Err(ExecutionError::Root);
		}
		self.tree = outcome.tree;
		Ok(())
	}

	/// Takes over what a batch makes of this state.
	///
	/// # Errors
	///
	/// [`OtherState`] when the batch was executed on a state with another root.
	pub fn apply(&mut self, outcome: Outcome) -> Result<(), OtherState> {
		if outcome.prev_root != self.root() {
			return Err(OtherState);
		}
		self.tree = outcome.tree;
		Ok(())
	}

	/// A proof of what an index holds; `None` if the tree has no such index.
	pub fn prove(&self, index: u32) -> Option<Membership> {
		if index >= self.shape.max_accounts() {
			return None;
		}
		let path = self.tree.path(index);
		let path = path.iter().map(|children| children.map(|child| scalar_to_be(&child))).collect();
		Some(Membership { index, account: self.account(index).copied(), path })
	}

	pub(crate) fn tree(&self) -> &Tree {
		&self.tree
	}
}

/// A batch in the making: transfers on top of a state that stays as it is.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
	state: &'a State,
	fee_account: u32,
	transfers: Vec<SignedTransfer>,
	changed: BTreeMap<u32, Account>,
	/// At most 64 fees below 2^32.
	fees: u64,
}

impl Draft<'_> {
	/// An account after the transfers so far; `None` if nobody has it.
	pub fn account(&self, index: u32) -> Option<&Account> {
		self.changed.get(&index).or_else(|| self.state.account(index))
	}

	/// The transfers so far.
	pub fn transfers(&self) -> &[SignedTransfer] {
		&self.transfers
	}

	/// Returns true if no transfer fits any more.
	pub fn is_full(&self) -> bool {
		self.transfers.len() >= self.state.shape.transfers()
	}

	/// Executes a transfer. On an error nothing has changed.
	///
	/// # Errors
	///
	/// One [`TransferError`] per cause, see there.
	pub fn push(&mut self, signed: &SignedTransfer) -> Result<(), TransferError> {
		if self.is_full() {
			return Err(TransferError::BatchFull(self.state.shape.transfers()));
		}
		let transfer = &signed.transfer;
		let limit = self.state.shape.max_accounts();
		for index in [transfer.from, transfer.to] {
			if index >= limit {
				return Err(TransferError::Index { index, limit });
			}
		}
		let mut sender =
			*self.account(transfer.from).ok_or(TransferError::UnknownSender(transfer.from))?;
		if transfer.from == transfer.to {
			return Err(TransferError::SelfTransfer(transfer.from));
		}
		let mut receiver = match (self.account(transfer.to), transfer.new_key) {
			(Some(account), None) => *account,
			(None, Some(public_key)) => Account { public_key, nonce: 0, balance: 0 },
			(Some(_), Some(_)) => return Err(TransferError::AlreadyOpen(transfer.to)),
			(None, None) => return Err(TransferError::UnknownReceiver(transfer.to)),
		};
		if transfer.nonce != sender.nonce {
			let expected = sender.nonce;
			return Err(TransferError::Nonce { expected, found: transfer.nonce });
		}
		sender.nonce =
			sender.nonce.checked_add(1).ok_or(TransferError::NoncesExhausted(transfer.from))?;
		let (amount, fee) = (transfer.amount, transfer.fee);
		let balance = sender.balance;
		sender.balance = balance
			.checked_sub(amount)
			.and_then(|left| left.checked_sub(u64::from(fee)))
			.ok_or(TransferError::Overdraft { balance, amount, fee })?;
		let balance = receiver.balance;
		receiver.balance =
			balance.checked_add(amount).ok_or(TransferError::Overflow { balance, amount })?;
		if !sender.public_key.verify(transfer, &signed.signature) {
			return Err(TransferError::BadSignature);
		}
		self.changed.insert(transfer.from, sender);
		self.changed.insert(transfer.to, receiver);
		self.fees += u64::from(fee);
		self.transfers.push(*signed);
		Ok(())
	}

	/// Pays out the fees and ends the batch.
	///
	/// # Errors
	///
	/// One [`FeeError`] per cause, see there.
	pub fn finish(mut self) -> Result<Outcome, FeeError> {
		let index = self.fee_account;
		let mut account = *self.account(index).ok_or(FeeError::UnknownAccount(index))?;
		let (balance, fees) = (account.balance, self.fees);
		account.balance = balance.checked_add(fees).ok_or(FeeError::Overflow { balance, fees })?;
		self.changed.insert(index, account);

		let mut tree = self.state.tree.clone();
		for (index, account) in &self.changed {
			tree.set_account(*index, account);
		}
		let batch = Batch::of_draft(self.state.shape, index, self.transfers);
		Ok(Outcome {
			batch,
			prev_root: self.state.root(),
			next_root: scalar_to_be(&tree.root()),
			accounts: self.changed,
			tree,
		})
	}
}

/// A proof that an index holds an account, or none, under a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
	/// The place in the tree.
	pub index: u32,
	/// What it holds; `None` if nobody has the account.
	pub account: Option<Account>,
	/// For each level from the leaves up, the four children of the node above, 32 bytes big-endian.
	pub path: Vec<[Bytes32; TREE_ARITY]>,
}

/// Why a proof of membership is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
	/// The path is not as long as the tree is high, or the index is beyond the tree.
	#[error("a path of {levels} levels and index {index} do not fit a tree of depth {depth}")]
	Sizes {
		/// The place.
		index: u32,
		/// Levels of the path.
		levels: usize,
		/// Depth of the tree.
		depth: usize,
	},
	/// A node is at or above the field modulus.
	#[error("a node on level {0} is not below the field modulus")]
	NonCanonical(usize),
	/// A level does not contain the node below it.
	#[error("level {0} does not lead on from the one below")]
	Broken(usize),
	/// The path leads to another root.
	#[error("the path leads to another root")]
	Root,
}

impl Membership {
	/// Checks the proof against a root.
	///
	/// # Errors
	///
	/// One [`MembershipError`] per cause, see there.
	pub fn verify(&self, shape: Shape, root: &Bytes32) -> Result<(), MembershipError> {
		let (index, levels, depth) = (self.index, self.path.len(), shape.depth());
		if levels != depth || index >= shape.max_accounts() {
			return Err(MembershipError::Sizes { index, levels, depth });
		}
		let mut node = self.account.map(|account| account.leaf()).unwrap_or_default();
		for (level, bytes) in self.path.iter().enumerate() {
			let mut children = [Scalar::default(); TREE_ARITY];
			for (child, bytes) in children.iter_mut().zip(bytes) {
				*child = scalar_from_be(bytes).ok_or(MembershipError::NonCanonical(level))?;
			}
			if children[(index >> (2 * level)) as usize % TREE_ARITY] != node {
				return Err(MembershipError::Broken(level));
			}
			node = poseidon::hash4(&children);
		}
		if scalar_to_be(&node) == *root {
			Ok(())
		} else {
			Err(MembershipError::Root)
		}
	}
}

#[cfg(test)]
mod tests;
