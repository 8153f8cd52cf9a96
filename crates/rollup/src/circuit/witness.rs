// SPDX-License-Identifier: Apache-2.0
//! What a prover fills in.
//!
//! Filling in checks nothing: it does what the data says, in the arithmetic of the field, and
//! leaves it to the constraints to refuse. An honest prover executes the batch first, see
//! [`crate::proving::prove`].

use crate::{
	account::leaf,
	batch,
	keys::{high_bits, recomputed_challenge},
	shape::{BATCH_TRANSFERS, DATA_LEN, MAX_ACCOUNTS},
	state::State,
	transfer::{RawSlot, Transfer},
	tree::{Path, Tree},
	Scalar,
};
use ark_ec::AffineRepr;
use ark_ed_on_bn254::EdwardsAffine;
use ark_ff::AdditiveGroup;
use pvs_primitives::{field::scalar_from_be, public_inputs::PublicInputs, PUBLIC_INPUTS};
use std::{collections::BTreeMap, sync::LazyLock};

/// An account as the circuit sees it: field elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountWitness {
	/// First coordinate of the public key.
	pub x: Scalar,
	/// Second coordinate of the public key.
	pub y: Scalar,
	/// The nonce before the slot. Of a sender the circuit takes the nonce of the message instead.
	pub nonce: Scalar,
	/// The balance before the slot.
	pub balance: Scalar,
}

impl AccountWitness {
	/// What stands in for an account that does not exist: the circuit computes with its key, so
	/// that is a point of the curve.
	fn absent() -> Self {
		let EdwardsAffine { x, y } = EdwardsAffine::generator();
		Self { x, y, nonce: Scalar::ZERO, balance: Scalar::ZERO }
	}

	fn leaf(&self) -> Scalar {
		leaf(self.x, self.y, self.nonce, self.balance)
	}
}

/// A path that fits [`AccountWitness::absent`] at index 0: a no-op says nothing about the state, but
/// its path leads from its leaf to some root all the same.
static ABSENT_PATH: LazyLock<Path> = LazyLock::new(|| {
	let mut tree = Tree::default();
	tree.set(0, AccountWitness::absent().leaf());
	tree.path(0)
});

/// The private values of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotWitness {
	/// Whether the slot is a transfer and no no-op.
	pub active: bool,
	/// Index of the sender; only its low bits, as many as the tree has, enter the circuit.
	pub from: u32,
	/// Index of the receiver; likewise.
	pub to: u32,
	/// What is paid.
	pub amount: u64,
	/// The nonce of the message.
	pub nonce: u32,
	/// The challenge of the signature.
	pub challenge: u128,
	/// The bits of the challenge hash above the challenge.
	pub challenge_high: u128,
	/// The response of the signature, little-endian limbs.
	pub response: [u64; 4],
	/// The sender before the slot.
	pub sender: AccountWitness,
	/// The receiver before the slot.
	pub receiver: AccountWitness,
	/// The sender's path in the tree before the slot.
	pub sender_path: Path,
	/// The receiver's path in the tree after the sender's leaf has changed.
	pub receiver_path: Path,
}

impl SlotWitness {
	fn no_op() -> Self {
		Self {
			active: false,
			from: 0,
			to: 0,
			amount: 0,
			nonce: 0,
			challenge: 0,
			challenge_high: 0,
			response: [0; 4],
			sender: AccountWitness::absent(),
			receiver: AccountWitness::absent(),
			sender_path: *ABSENT_PATH,
			receiver_path: *ABSENT_PATH,
		}
	}
}

/// The circuit of one batch with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchCircuit {
	/// The public inputs in the order of layout v1.
	pub inputs: [Scalar; PUBLIC_INPUTS],
	/// The slots in order.
	pub slots: [SlotWitness; BATCH_TRANSFERS],
}

/// Why no circuit can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
	/// The number of bytes is wrong.
	#[error("a batch is {DATA_LEN} bytes, got {0}")]
	DataLength(usize),
	/// A public input is at or above the field modulus.
	#[error("public input {0} is not below the field modulus")]
	NonCanonicalInput(usize),
}

impl BatchCircuit {
	/// Fills in the values for a batch on top of a state, without a check of either.
	///
	/// # Errors
	///
	/// One [`AssignError`] per cause, see there.
	pub fn new(state: &State, data: &[u8], inputs: &PublicInputs) -> Result<Self, AssignError> {
		let mut scalars = [Scalar::ZERO; PUBLIC_INPUTS];
		for (place, (scalar, bytes)) in scalars.iter_mut().zip(inputs.to_array()).enumerate() {
			*scalar = scalar_from_be(&bytes).ok_or(AssignError::NonCanonicalInput(place))?;
		}
		let (slots, _) = fill(state, data)?;
		Ok(Self { inputs: scalars, slots })
	}

	/// A circuit for set-up, where values do not matter.
	pub(crate) fn blank() -> Self {
		Self {
			inputs: [Scalar::ZERO; PUBLIC_INPUTS],
			slots: std::array::from_fn(|_| SlotWitness::no_op()),
		}
	}
}

/// The root that a batch leads to if no rule is checked: the one that a cheating prover claims.
///
/// # Errors
///
/// [`AssignError::DataLength`].
pub fn unchecked_root(state: &State, data: &[u8]) -> Result<Scalar, AssignError> {
	fill(state, data).map(|(_, root)| root)
}

type Slots = [SlotWitness; BATCH_TRANSFERS];

fn fill(state: &State, data: &[u8]) -> Result<(Slots, Scalar), AssignError> {
	let slots = batch::slots(data).ok_or(AssignError::DataLength(data.len()))?;
	let mut ledger = Ledger { state, changed: BTreeMap::new(), tree: state.tree().clone() };
	let slots = slots.map(|bytes| ledger.execute(&RawSlot::read(&bytes)));
	Ok((slots, ledger.tree.root()))
}

/// Accounts in field arithmetic, on top of a state.
struct Ledger<'a> {
	state: &'a State,
	changed: BTreeMap<u32, AccountWitness>,
	tree: Tree,
}

impl Ledger<'_> {
	fn execute(&mut self, raw: &RawSlot) -> SlotWitness {
		if raw.is_no_op() {
			return SlotWitness::no_op();
		}
		let RawSlot { transfer: Transfer { from, to, amount, nonce }, challenge, response } = *raw;
		let sender = self.account(from);
		let sender_path = self.tree.path(from);
		let amount_scalar = Scalar::from(amount);
		self.write(
			from,
			AccountWitness {
				nonce: Scalar::from(nonce) + Scalar::from(1u64),
				balance: sender.balance - amount_scalar,
				..sender
			},
		);
		let receiver = self.account(to);
		let receiver_path = self.tree.path(to);
		self.write(to, AccountWitness { balance: receiver.balance + amount_scalar, ..receiver });

		let key = EdwardsAffine::new_unchecked(sender.x, sender.y);
		let hash = recomputed_challenge(key, raw.transfer.packed(), challenge, &response);
		SlotWitness {
			active: true,
			from,
			to,
			amount,
			nonce,
			challenge,
			challenge_high: high_bits(&hash),
			response,
			sender,
			receiver,
			sender_path,
			receiver_path,
		}
	}

	fn account(&self, index: u32) -> AccountWitness {
		let index = index % MAX_ACCOUNTS;
		let from_state = || {
			self.state.account(index).map(|account| AccountWitness {
				x: account.public_key.x(),
				y: account.public_key.y(),
				nonce: Scalar::from(account.nonce),
				balance: Scalar::from(account.balance),
			})
		};
		self.changed.get(&index).copied().or_else(from_state).unwrap_or_else(AccountWitness::absent)
	}

	fn write(&mut self, index: u32, account: AccountWitness) {
		let index = index % MAX_ACCOUNTS;
		self.tree.set(index, account.leaf());
		self.changed.insert(index, account);
	}
}
