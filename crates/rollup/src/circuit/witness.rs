// SPDX-License-Identifier: Apache-2.0
//! What a prover fills in.
//!
//! Filling in checks nothing: it does what the data says, in the arithmetic of the field, and
//! leaves it to the constraints to refuse. An honest prover executes the batch first, see
//! [`crate::proving::prove`].

use super::merkle::{TOP_LEVELS, TOP_NODES};
use crate::{
	account::leaf,
	batch::RawBatch,
	keys::{high_bits, recomputed_challenge, PublicKey},
	shape::{Shape, MAX_DEPTH},
	state::State,
	transfer::RawSlot,
	tree::{Path, Tree},
	Scalar,
};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ed_on_bn254::{EdwardsAffine, Fr as SubgroupScalar};
use ark_ff::{AdditiveGroup, Field};
use pvs_primitives::{
	field::{scalar_from_be, scalar_to_be},
	public_inputs::PublicInputs,
	PUBLIC_INPUTS,
};
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
		Self::empty(EdwardsAffine::generator())
	}

	fn empty(EdwardsAffine { x, y, .. }: EdwardsAffine) -> Self {
		Self { x, y, nonce: Scalar::ZERO, balance: Scalar::ZERO }
	}

	fn leaf(&self) -> Scalar {
		leaf(self.x, self.y, self.nonce, self.balance)
	}

	/// The point of the subgroup that gives the key when doubled thrice.
	fn eighth(&self) -> PointWitness {
		let key = EdwardsAffine::new_unchecked(self.x, self.y);
		let eighth = SubgroupScalar::from(8u64).inverse().unwrap_or_default();
		let EdwardsAffine { x, y, .. } = (key * eighth).into_affine();
		PointWitness { x, y }
	}
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointWitness {
	/// First coordinate.
	pub x: Scalar,
	/// Second coordinate.
	pub y: Scalar,
}

/// What stands in for the path and the receiver of a no-op, which says nothing about the state: a
/// way from [`AccountWitness::absent`] at index 0 to some node all the same.
static ABSENT: LazyLock<(Path, PointWitness)> = LazyLock::new(|| {
	let mut tree = Tree::new(MAX_DEPTH);
	tree.set(0, AccountWitness::absent().leaf());
	(tree.path(0), AccountWitness::absent().eighth())
});

fn absent_path(shape: Shape) -> Path {
	ABSENT.0[..shape.depth() - TOP_LEVELS].to_vec()
}

/// The private values of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotWitness {
	/// True if the slot is a transfer and no no-op.
	pub active: bool,
	/// Index of the sender; only its low bits, as many as the tree has, enter the circuit.
	pub from: u32,
	/// Index of the receiver; likewise.
	pub to: u32,
	/// Amount that is paid.
	pub amount: u64,
	/// Amount that is paid to the fee account.
	pub fee: u32,
	/// The nonce of the message.
	pub nonce: u32,
	/// First coordinate of the new key, little-endian limbs; zero if there is none.
	pub new_key: [u64; 4],
	/// The challenge of the signature.
	pub challenge: u128,
	/// The bits of the challenge hash above the challenge.
	pub challenge_high: u128,
	/// The response of the signature, little-endian limbs.
	pub response: [u64; 4],
	/// The sender before the slot.
	pub sender: AccountWitness,
	/// A point that gives the receiver's key when doubled thrice.
	pub receiver: PointWitness,
	/// The receiver's nonce.
	pub receiver_nonce: Scalar,
	/// The receiver's balance before the slot.
	pub receiver_balance: Scalar,
	/// True if the receiver is opened.
	pub opens: bool,
	/// The sender's path before the slot, without the levels above the top nodes.
	pub sender_path: Path,
	/// The receiver's path after the sender's leaf has changed, likewise.
	pub receiver_path: Path,
}

impl SlotWitness {
	fn no_op(shape: Shape) -> Self {
		Self {
			active: false,
			from: 0,
			to: 0,
			amount: 0,
			fee: 0,
			nonce: 0,
			new_key: [0; 4],
			challenge: 0,
			challenge_high: 0,
			response: [0; 4],
			sender: AccountWitness::absent(),
			receiver: ABSENT.1,
			receiver_nonce: Scalar::ZERO,
			receiver_balance: Scalar::ZERO,
			opens: false,
			sender_path: absent_path(shape),
			receiver_path: absent_path(shape),
		}
	}
}

/// The account that gets the fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeWitness {
	/// Its index; only the low bits, as many as the tree has, enter the circuit.
	pub index: u32,
	/// The account after the last slot.
	pub account: AccountWitness,
	/// Its path, without the levels above the top nodes.
	pub path: Path,
}

/// The circuit of one batch with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchCircuit {
	/// The sizes.
	pub shape: Shape,
	/// The public inputs in the order of layout v1.
	pub inputs: [Scalar; PUBLIC_INPUTS],
	/// The nodes two levels below the root before the batch.
	pub top: [Scalar; TOP_NODES],
	/// The slots in order, as many as the shape has.
	pub slots: Vec<SlotWitness>,
	/// Who gets the fees.
	pub fee: FeeWitness,
}

/// Why no circuit can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
	/// The number of bytes is wrong.
	#[error("a batch is {expected} bytes, got {found}")]
	DataLength {
		/// The value that the shape has.
		expected: usize,
		/// The value that was given.
		found: usize,
	},
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
		let (slots, fee, _) = fill(state, data)?;
		let shape = state.shape();
		let mut top = [Scalar::ZERO; TOP_NODES];
		let nodes = state.tree().level(shape.depth() - TOP_LEVELS);
		for (node, value) in top.iter_mut().zip(nodes) {
			*node = value;
		}
		Ok(Self { shape, inputs: scalars, top, slots, fee })
	}

	/// A circuit for set-up, where values do not matter.
	pub(crate) fn blank(shape: Shape) -> Self {
		Self {
			shape,
			inputs: [Scalar::ZERO; PUBLIC_INPUTS],
			top: [Scalar::ZERO; TOP_NODES],
			slots: vec![SlotWitness::no_op(shape); shape.transfers()],
			fee: FeeWitness {
				index: 0,
				account: AccountWitness::absent(),
				path: absent_path(shape),
			},
		}
	}
}

/// The root that a batch leads to if no rule is checked: the one that a cheating prover claims.
///
/// # Errors
///
/// [`AssignError::DataLength`].
pub fn unchecked_root(state: &State, data: &[u8]) -> Result<Scalar, AssignError> {
	fill(state, data).map(|(_, _, root)| root)
}

type Filled = (Vec<SlotWitness>, FeeWitness, Scalar);

fn fill(state: &State, data: &[u8]) -> Result<Filled, AssignError> {
	let shape = state.shape();
	let RawBatch { fee_account, slots } = RawBatch::read(shape, data)
		.ok_or(AssignError::DataLength { expected: shape.data_len(), found: data.len() })?;
	let mut ledger = Ledger { state, changed: BTreeMap::new(), tree: state.tree().clone() };
	let mut fees = Scalar::ZERO;
	let mut witnesses = Vec::with_capacity(slots.len());
	for bytes in &slots {
		let raw = RawSlot::read(bytes);
		fees += Scalar::from(raw.fee);
		witnesses.push(ledger.execute(&raw));
	}
	let account = ledger.account(fee_account);
	let path = ledger.path(fee_account);
	ledger.write(fee_account, AccountWitness { balance: account.balance + fees, ..account });
	Ok((witnesses, FeeWitness { index: fee_account, account, path }, ledger.tree.root()))
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
			return SlotWitness::no_op(self.state.shape());
		}
		let RawSlot { from, to, amount, fee, nonce, new_key, challenge, response } = *raw;
		let sender = self.account(from);
		let sender_path = self.path(from);
		let paid = Scalar::from(amount);
		self.write(
			from,
			AccountWitness {
				nonce: Scalar::from(nonce) + Scalar::ONE,
				balance: sender.balance - paid - Scalar::from(fee),
				..sender
			},
		);
		let opens = raw.opens();
		let receiver = if opens { opened(raw) } else { self.account(to) };
		let receiver_path = self.path(to);
		self.write(to, AccountWitness { balance: receiver.balance + paid, ..receiver });

		let key = EdwardsAffine::new_unchecked(sender.x, sender.y);
		let message = [raw.packed(), raw.new_key_x()];
		let hash = recomputed_challenge(key, message, challenge, &response);
		SlotWitness {
			active: true,
			from,
			to,
			amount,
			fee,
			nonce,
			new_key,
			challenge,
			challenge_high: high_bits(&hash),
			response,
			sender,
			receiver: receiver.eighth(),
			receiver_nonce: receiver.nonce,
			receiver_balance: receiver.balance,
			opens,
			sender_path,
			receiver_path,
		}
	}

	fn account(&self, index: u32) -> AccountWitness {
		let index = self.masked(index);
		let from_state = || {
			self.state.account(index).map(|account| AccountWitness {
				nonce: Scalar::from(account.nonce),
				balance: Scalar::from(account.balance),
				..AccountWitness::empty(account.public_key.point())
			})
		};
		self.changed.get(&index).copied().or_else(from_state).unwrap_or_else(AccountWitness::absent)
	}

	fn path(&self, index: u32) -> Path {
		let mut path = self.tree.path(index);
		path.truncate(self.state.shape().depth() - TOP_LEVELS);
		path
	}

	fn write(&mut self, index: u32, account: AccountWitness) {
		let index = self.masked(index);
		self.tree.set(index, account.leaf());
		self.changed.insert(index, account);
	}

	fn masked(&self, index: u32) -> u32 {
		index % self.state.shape().max_accounts()
	}
}

/// The account that a transfer opens; some other one if its key is none.
fn opened(raw: &RawSlot) -> AccountWitness {
	PublicKey::from_bytes(&scalar_to_be(&raw.new_key_x()))
		.map_or_else(|_| AccountWitness::absent(), |key| AccountWitness::empty(key.point()))
}
