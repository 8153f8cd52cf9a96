// SPDX-License-Identifier: Apache-2.0
//! One slot of a batch as constraints: a no-op of zeros, or a transfer that follows every rule; and
//! the payment of the fees after the last slot.

use super::{
	curve::Point,
	merkle::Top,
	num::{Builder, Num, Result},
	poseidon,
	signature::SignatureBits,
	witness::{FeeWitness, SlotWitness},
	Part,
};
use crate::{shape::Shape, Scalar};

const INDEX_PLACES: usize = 32;
const AMOUNT_BITS: usize = 64;
const FEE_BITS: usize = 32;
const NONCE_BITS: usize = 32;

/// What a slot leaves behind for the rest of the batch.
pub(crate) struct Slot {
	/// 1 if it is a transfer, 0 if it is a no-op.
	pub(crate) active: Num,
	/// Amount that it pays to the fee account.
	pub(crate) fee: Num,
	/// Its bytes.
	pub(crate) bytes: Vec<Num>,
}

/// Changes the state by one slot.
pub(crate) fn constrain(
	b: &Builder,
	shape: Shape,
	slot: &SlotWitness,
	top: &mut Top,
) -> Result<Slot> {
	let numbers = b.within(Part::Numbers, || Numbers::allocate(b, shape, slot))?;
	let signature = b.within(Part::Signature, || {
		SignatureBits::allocate(b, slot.challenge, slot.challenge_high, &slot.response)
	})?;
	let active = &numbers.active;
	let message_bits = numbers.message(b);
	let message = b.pack(&message_bits);

	// The four numbers are below the modulus, so each is zero only if all its bits are. The whole
	// challenge hash, not only the part in the data, so that nothing of it is left to choose.
	let new_key = b.pack(&numbers.new_key);
	b.within(Part::Rules, || {
		let inactive = &b.one() - active;
		for number in [&message, &new_key, &signature.full_challenge, &b.pack(&signature.response)]
		{
			b.enforce(&inactive, number, &b.zero())?;
		}
		// A no-op's indices are both zero; it divides by one, which fixes its quotient too.
		let apart = &b.pack(&numbers.from) - &b.pack(&numbers.to);
		b.enforce_nonzero_if(active, &(&apart + &inactive))
	})?;

	let sender = Point { x: b.witness(slot.sender.x)?, y: b.witness(slot.sender.y)? };
	b.within(Part::Signature, || {
		signature.enforce_valid_if(b, active, &sender, [&message, &new_key])
	})?;

	let (amount, fee, nonce) =
		(b.pack(&numbers.amount), b.pack(&numbers.fee), b.pack(&numbers.nonce));
	let balance = b.witness(slot.sender.balance)?;
	let balance_after = &(&balance - &amount) - &fee;
	let nonce_after = b.within(Part::Rules, || {
		b.enforce_range(&balance_after, AMOUNT_BITS)?;
		enforce_next_nonce(b, active, &nonce)
	})?;
	// The old leaf takes the nonce of the message: no other one gives the state before.
	let [old, new] = b.within(Part::Leaves, || {
		leaves(b, &sender, [&nonce, &balance], Some(&nonce_after), &balance_after)
	})?;
	b.within(Part::Paths, || {
		top.update_if(b, active, &numbers.from, [&old, &new], &slot.sender_path)
	})?;

	let nonce = b.witness(slot.receiver_nonce)?;
	let balance = b.witness(slot.receiver_balance)?;
	let (opens, receiver) = b.within(Part::Opening, || {
		let opens = b.bit(slot.opens)?;
		let key = receiver_key(b, slot)?;
		enforce_opening(b, &opens, &new_key, &key, [&nonce, &balance])?;
		Ok((opens, key))
	})?;
	let balance_after = &balance + &amount;
	b.within(Part::Rules, || b.enforce_range(&balance_after, AMOUNT_BITS))?;
	let [old, new] =
		b.within(Part::Leaves, || leaves(b, &receiver, [&nonce, &balance], None, &balance_after))?;
	// What is opened was empty before: the leaf zero, which is no account's.
	let old = b.within(Part::Opening, || b.product(&(&b.one() - &opens), &old))?;
	b.within(Part::Paths, || {
		top.update_if(b, active, &numbers.to, [&old, &new], &slot.receiver_path)
	})?;

	let bytes = bytes(b, &message_bits, &numbers.new_key, &signature);
	Ok(Slot { active: numbers.active, fee, bytes })
}

/// Pays the fees to the account that the batch names, and gives back the bytes of the head.
pub(crate) fn pay_fees(
	b: &Builder,
	shape: Shape,
	witness: &FeeWitness,
	fees: &Num,
	top: &mut Top,
) -> Result<Vec<Num>> {
	b.within(Part::Fees, || {
		let index = b.bits(&[u64::from(witness.index)], shape.index_bits())?;
		let account = &witness.account;
		let key = Point { x: b.witness(account.x)?, y: b.witness(account.y)? };
		let nonce = b.witness(account.nonce)?;
		let balance = b.witness(account.balance)?;
		let balance_after = &balance + fees;
		b.enforce_range(&balance_after, AMOUNT_BITS)?;
		let [old, new] = leaves(b, &key, [&nonce, &balance], None, &balance_after)?;
		top.update_if(b, &b.one(), &index, [&old, &new], &witness.path)?;
		Ok(little_endian(b, &padded(b, &index, INDEX_PLACES)))
	})
}

/// The numbers of a slot as bits, lowest first.
struct Numbers {
	active: Num,
	from: Vec<Num>,
	to: Vec<Num>,
	amount: Vec<Num>,
	fee: Vec<Num>,
	nonce: Vec<Num>,
	new_key: Vec<Num>,
}

impl Numbers {
	fn allocate(b: &Builder, shape: Shape, slot: &SlotWitness) -> Result<Self> {
		Ok(Self {
			active: b.bit(slot.active)?,
			from: b.bits(&[u64::from(slot.from)], shape.index_bits())?,
			to: b.bits(&[u64::from(slot.to)], shape.index_bits())?,
			amount: b.bits(&[slot.amount], AMOUNT_BITS)?,
			fee: b.bits(&[u64::from(slot.fee)], FEE_BITS)?,
			nonce: b.bits(&[u64::from(slot.nonce)], NONCE_BITS)?,
			new_key: b.bits_of_element::<Scalar>(&slot.new_key)?,
		})
	}

	/// The bits of the numbers that are signed, in the order of `crate::transfer`.
	fn message(&self, b: &Builder) -> Vec<Num> {
		[
			padded(b, &self.from, INDEX_PLACES),
			padded(b, &self.to, INDEX_PLACES),
			self.amount.clone(),
			self.fee.clone(),
			self.nonce.clone(),
		]
		.concat()
	}
}

/// The leaves of an account before and after a change of its balance and, for a payer, its nonce.
fn leaves(
	b: &Builder,
	key: &Point,
	[nonce, balance]: [&Num; 2],
	nonce_after: Option<&Num>,
	balance_after: &Num,
) -> Result<[Num; 2]> {
	let x = poseidon::first_power(b, 0, &key.x)?;
	let y = poseidon::first_power(b, 1, &key.y)?;
	let nonce = poseidon::first_power(b, 2, nonce)?;
	let balance = poseidon::first_power(b, 3, balance)?;
	let nonce_after = match nonce_after {
		Some(after) => poseidon::first_power(b, 2, after)?,
		None => nonce.clone(),
	};
	let balance_after = poseidon::first_power(b, 3, balance_after)?;
	Ok([
		poseidon::hash_powers(b, [&x, &y, &nonce, &balance])?,
		poseidon::hash_powers(b, [&x, &y, &nonce_after, &balance_after])?,
	])
}

/// The receiver's key: eight times a point of the curve, and so a point of the prime-order subgroup,
/// since the curve has eight times as many points as the subgroup.
fn receiver_key(b: &Builder, slot: &SlotWitness) -> Result<Point> {
	let mut key = Point { x: b.witness(slot.receiver.x)?, y: b.witness(slot.receiver.y)? };
	key.enforce_on_curve(b)?;
	for _ in 0..3 {
		key = key.double(b)?;
	}
	Ok(key)
}

/// States that the bit `opens` is one exactly if the new key is not zero, and that the receiver then
/// has this key, nonce 0 and balance 0.
fn enforce_opening(
	b: &Builder,
	opens: &Num,
	new_key: &Num,
	key: &Point,
	[nonce, balance]: [&Num; 2],
) -> Result<()> {
	// Only the identity has the first coordinate zero in the subgroup.
	b.enforce(opens, &key.x, new_key)?;
	b.enforce_nonzero_if(opens, &key.x)?;
	b.enforce(opens, nonce, &b.zero())?;
	b.enforce(opens, balance, &b.zero())
}

/// `nonce + 1`. States that the nonce of an active slot is not the last one.
fn enforce_next_nonce(b: &Builder, active: &Num, nonce: &Num) -> Result<Num> {
	let left = &b.constant(Scalar::from(u32::MAX)) - nonce;
	b.enforce_nonzero_if(active, &left)?;
	Ok(nonce + &b.one())
}

fn padded(b: &Builder, bits: &[Num], count: usize) -> Vec<Num> {
	let mut bits = bits.to_vec();
	bits.resize(count, b.zero());
	bits
}

fn little_endian(b: &Builder, bits: &[Num]) -> Vec<Num> {
	bits.chunks(8).map(|bits| b.pack(bits)).collect()
}

fn big_endian(b: &Builder, bits: &[Num]) -> Vec<Num> {
	let mut bytes = little_endian(b, bits);
	bytes.reverse();
	bytes
}

/// The bytes of `crate::transfer`, from bits that are lowest first.
fn bytes(
	b: &Builder,
	message_bits: &[Num],
	new_key: &[Num],
	signature: &SignatureBits,
) -> Vec<Num> {
	[
		little_endian(b, message_bits),
		big_endian(b, &padded(b, new_key, 256)),
		big_endian(b, &signature.challenge),
		big_endian(b, &padded(b, &signature.response, 256)),
	]
	.concat()
}
