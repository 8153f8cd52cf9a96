// SPDX-License-Identifier: Apache-2.0
//! Transfers and their bytes.
//!
//! | bytes | field | order |
//! |---|---|---|
//! | 0..4 | `from` | little-endian |
//! | 4..8 | `to` | little-endian |
//! | 8..16 | `amount` | little-endian |
//! | 16..20 | `nonce` | little-endian |
//! | 20..36 | challenge of the signature | big-endian |
//! | 36..68 | response of the signature | big-endian |
//!
//! A slot of a batch whose bytes are all zero is a no-op. No transfer has these bytes, since it
//! would go from account 0 to itself.

use crate::{
	keys::{NonCanonicalResponse, SecretKey, Signature},
	shape::{MESSAGE_BYTES, SIGNATURE_BYTES, TRANSFER_BYTES},
	Scalar,
};
use ark_ff::BigInt;

/// A payment from one account to another, before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
	/// Index of the account that pays.
	pub from: u32,
	/// Index of the account that is paid; another one.
	pub to: u32,
	/// What is paid, in the rollup's smallest unit. Zero is allowed.
	pub amount: u64,
	/// The payer's nonce.
	pub nonce: u32,
}

impl Transfer {
	/// The bytes that are signed.
	pub fn encode(&self) -> [u8; MESSAGE_BYTES] {
		let mut bytes = [0; MESSAGE_BYTES];
		bytes[..4].copy_from_slice(&self.from.to_le_bytes());
		bytes[4..8].copy_from_slice(&self.to.to_le_bytes());
		bytes[8..16].copy_from_slice(&self.amount.to_le_bytes());
		bytes[16..].copy_from_slice(&self.nonce.to_le_bytes());
		bytes
	}

	/// Signs this transfer.
	pub fn sign(self, key: &SecretKey) -> SignedTransfer {
		SignedTransfer { transfer: self, signature: key.sign(&self) }
	}

	/// The same bytes as one field element: [`Transfer::encode`] read as a little-endian integer.
	pub(crate) fn packed(&self) -> Scalar {
		let low = u128::from(self.from) | u128::from(self.to) << 32 | u128::from(self.amount) << 64;
		let limbs = [low as u64, (low >> 64) as u64, u64::from(self.nonce), 0];
		Scalar::new(BigInt::new(limbs))
	}
}

/// A transfer with its payer's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedTransfer {
	/// What is paid.
	pub transfer: Transfer,
	/// By the key of `transfer.from`.
	pub signature: Signature,
}

/// Why bytes are not a signed transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
	/// The number of bytes is wrong.
	#[error("a transfer is {TRANSFER_BYTES} bytes, got {0}")]
	Length(usize),
	/// All bytes are zero.
	#[error("all bytes are zero: that is a no-op, not a transfer")]
	NoOp,
	/// The signature is not encoded canonically.
	#[error(transparent)]
	Response(#[from] NonCanonicalResponse),
}

impl SignedTransfer {
	/// Exactly [`TRANSFER_BYTES`] bytes.
	pub fn encode(&self) -> [u8; TRANSFER_BYTES] {
		let mut bytes = [0; TRANSFER_BYTES];
		bytes[..MESSAGE_BYTES].copy_from_slice(&self.transfer.encode());
		bytes[MESSAGE_BYTES..].copy_from_slice(&self.signature.to_bytes());
		bytes
	}

	/// Reads what [`SignedTransfer::encode`] wrote. Does not check the signature.
	///
	/// # Errors
	///
	/// One [`DecodeError`] per cause, see there.
	pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
		let bytes = bytes.try_into().map_err(|_| DecodeError::Length(bytes.len()))?;
		Self::decode_slot(bytes)?.ok_or(DecodeError::NoOp)
	}

	/// Reads a slot of a batch: `None` for a no-op.
	pub(crate) fn decode_slot(
		bytes: &[u8; TRANSFER_BYTES],
	) -> Result<Option<Self>, NonCanonicalResponse> {
		let raw = RawSlot::read(bytes);
		if raw.is_no_op() {
			return Ok(None);
		}
		let mut signature = [0; SIGNATURE_BYTES];
		signature.copy_from_slice(&bytes[MESSAGE_BYTES..]);
		Ok(Some(Self { transfer: raw.transfer, signature: Signature::from_bytes(&signature)? }))
	}
}

/// The numbers in a slot, whatever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawSlot {
	pub(crate) transfer: Transfer,
	pub(crate) challenge: u128,
	/// Little-endian limbs.
	pub(crate) response: [u64; 4],
}

impl RawSlot {
	pub(crate) fn read(bytes: &[u8; TRANSFER_BYTES]) -> Self {
		let little_endian = |bytes: &[u8]| {
			bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
		};
		let big_endian =
			|bytes: &[u8]| bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
		let transfer = Transfer {
			from: little_endian(&bytes[..4]) as u32,
			to: little_endian(&bytes[4..8]) as u32,
			amount: little_endian(&bytes[8..16]),
			nonce: little_endian(&bytes[16..20]) as u32,
		};
		let challenge =
			u128::from(big_endian(&bytes[20..28])) << 64 | u128::from(big_endian(&bytes[28..36]));
		let response = [60, 52, 44, 36].map(|start| big_endian(&bytes[start..start + 8]));
		Self { transfer, challenge, response }
	}

	pub(crate) fn is_no_op(&self) -> bool {
		self.transfer.encode() == [0; MESSAGE_BYTES]
			&& self.challenge == 0
			&& self.response == [0; 4]
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ff::{PrimeField, Zero};
	use proptest::prelude::*;

	fn key() -> SecretKey {
		SecretKey::from_seed(&[1; 32])
	}

	#[test]
	fn transfer_should_encode_as_documented() {
		let transfer = Transfer {
			from: 0x0403_0201,
			to: 0x0807_0605,
			amount: 0x100f_0e0d_0c0b_0a09,
			nonce: 0x1413_1211,
		};
		let expected: Vec<u8> = (1..=20).collect();
		assert_eq!(transfer.encode().as_slice(), expected);
		assert_eq!(transfer.packed(), Scalar::from_le_bytes_mod_order(&expected));
		let signed = transfer.sign(&key());
		assert_eq!(signed.encode()[..20], expected);
		assert_eq!(signed.encode()[20..], signed.signature.to_bytes());
	}

	#[test]
	fn decoding_should_fail_when_the_length_is_wrong() {
		let bytes = Transfer { from: 0, to: 1, amount: 1, nonce: 0 }.sign(&key()).encode();
		assert_eq!(
			SignedTransfer::decode(&bytes[1..]),
			Err(DecodeError::Length(TRANSFER_BYTES - 1))
		);
		assert_eq!(
			SignedTransfer::decode(&[&bytes[..], &[0]].concat()),
			Err(DecodeError::Length(TRANSFER_BYTES + 1))
		);
	}

	#[test]
	fn slot_should_be_a_no_op_only_when_every_byte_is_zero() {
		assert_eq!(SignedTransfer::decode_slot(&[0; TRANSFER_BYTES]), Ok(None));
		assert_eq!(SignedTransfer::decode(&[0; TRANSFER_BYTES]), Err(DecodeError::NoOp));
		for position in 0..TRANSFER_BYTES {
			let mut bytes = [0; TRANSFER_BYTES];
			bytes[position] = 1;
			assert_ne!(SignedTransfer::decode_slot(&bytes), Ok(None), "byte {position}");
		}
	}

	#[test]
	fn packed_should_be_zero_only_when_all_fields_are_zero() {
		let zero = Transfer { from: 0, to: 0, amount: 0, nonce: 0 };
		assert!(zero.packed().is_zero());
		assert!(!Transfer { nonce: 1, ..zero }.packed().is_zero());
	}

	proptest! {
		#[test]
		fn signed_transfer_should_round_trip(from: u32, to: u32, amount: u64, nonce: u32) {
			prop_assume!((from, to, amount, nonce) != (0, 0, 0, 0));
			let signed = Transfer { from, to, amount, nonce }.sign(&key());
			prop_assert_eq!(SignedTransfer::decode(&signed.encode()), Ok(signed));
			let raw = RawSlot::read(&signed.encode());
			prop_assert_eq!(raw.transfer, signed.transfer);
			let big_endian: Vec<u8> =
				raw.response.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
			prop_assert_eq!(
				[&raw.challenge.to_be_bytes()[..], &big_endian].concat(),
				signed.signature.to_bytes().to_vec()
			);
		}
	}
}
