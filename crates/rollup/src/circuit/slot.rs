// SPDX-License-Identifier: Apache-2.0
//! One slot of a batch as constraints: a no-op of zeros, or a transfer that follows every rule.

use super::{
	curve::Point,
	merkle,
	num::{Builder, Num, Result},
	poseidon,
	signature::SignatureBits,
	witness::SlotWitness,
};
use crate::{
	shape::{INDEX_BITS, TRANSFER_BYTES},
	Scalar,
};

const AMOUNT_BITS: usize = 64;
const NONCE_BITS: usize = 32;

/// The root after a slot and the slot's bytes.
pub(crate) fn constrain(
	b: &Builder,
	slot: &SlotWitness,
	root: &Num,
) -> Result<(Num, [Num; TRANSFER_BYTES])> {
	let active = b.bit(slot.active)?;
	let from_bits = b.bits(&[u64::from(slot.from)], INDEX_BITS)?;
	let to_bits = b.bits(&[u64::from(slot.to)], INDEX_BITS)?;
	let amount_bits = b.bits(&[slot.amount], AMOUNT_BITS)?;
	let nonce_bits = b.bits(&[u64::from(slot.nonce)], NONCE_BITS)?;
	let signature =
		SignatureBits::allocate(b, slot.challenge, slot.challenge_high, &slot.response)?;

	let message_bits = [
		padded(b, &from_bits, 32),
		padded(b, &to_bits, 32),
		amount_bits.clone(),
		nonce_bits.clone(),
	]
	.concat();
	let message = b.pack(&message_bits);

	// The three numbers are below the modulus, so each is zero only if all its bits are.
	let inactive = &b.one() - &active;
	b.enforce(&inactive, &message, &b.zero())?;
	b.enforce(&inactive, &b.pack(&signature.challenge), &b.zero())?;
	b.enforce(&inactive, &b.pack(&signature.response), &b.zero())?;

	let amount = b.pack(&amount_bits);
	let nonce = b.pack(&nonce_bits);
	b.enforce_nonzero_if(&active, &(&b.pack(&from_bits) - &b.pack(&to_bits)))?;

	let sender_key = Point { x: b.witness(slot.sender.x)?, y: b.witness(slot.sender.y)? };
	signature.enforce_valid_if(b, &active, &sender_key, &message)?;

	// The old leaf takes the nonce of the message: no other one gives the root before.
	let sender_balance = b.witness(slot.sender.balance)?;
	let sender_balance_after = &sender_balance - &amount;
	b.enforce_range(&sender_balance_after, AMOUNT_BITS)?;
	let nonce_after = enforce_next_nonce(b, &active, &nonce)?;
	let (before_sender, after_sender) = merkle::update(
		b,
		&from_bits,
		&poseidon::hash4(b, [&sender_key.x, &sender_key.y, &nonce, &sender_balance])?,
		&poseidon::hash4(b, [&sender_key.x, &sender_key.y, &nonce_after, &sender_balance_after])?,
		&slot.sender_path,
	)?;

	let receiver_x = b.witness(slot.receiver.x)?;
	let receiver_y = b.witness(slot.receiver.y)?;
	let receiver_nonce = b.witness(slot.receiver.nonce)?;
	let receiver_balance = b.witness(slot.receiver.balance)?;
	let receiver_balance_after = &receiver_balance + &amount;
	b.enforce_range(&receiver_balance_after, AMOUNT_BITS)?;
	let (before_receiver, after_receiver) = merkle::update(
		b,
		&to_bits,
		&poseidon::hash4(b, [&receiver_x, &receiver_y, &receiver_nonce, &receiver_balance])?,
		&poseidon::hash4(b, [&receiver_x, &receiver_y, &receiver_nonce, &receiver_balance_after])?,
		&slot.receiver_path,
	)?;

	b.enforce(&active, &(&before_sender - root), &b.zero())?;
	b.enforce(&active, &(&before_receiver - &after_sender), &b.zero())?;
	let root_after = root + &b.product(&active, &(&after_receiver - root))?;
	Ok((root_after, bytes(b, &message_bits, &signature)))
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

/// The bytes of `crate::transfer`, from bits that are lowest first.
fn bytes(b: &Builder, message_bits: &[Num], signature: &SignatureBits) -> [Num; TRANSFER_BYTES] {
	let little_endian =
		|bits: &[Num]| -> Vec<Num> { bits.chunks(8).map(|bits| b.pack(bits)).collect() };
	let big_endian = |bits: &[Num]| -> Vec<Num> {
		let mut bytes = little_endian(bits);
		bytes.reverse();
		bytes
	};
	let all = [
		little_endian(message_bits),
		big_endian(&signature.challenge),
		big_endian(&padded(b, &signature.response, 256)),
	]
	.concat();
	let mut bytes = std::array::from_fn(|_| b.zero());
	bytes.clone_from_slice(&all);
	bytes
}
