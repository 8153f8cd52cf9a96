// SPDX-License-Identifier: Apache-2.0
//! Transfers and their bytes.
//!
//! | bytes | field | order |
//! |---|---|---|
//! | 0..4 | `from` | little-endian |
//! | 4..8 | `to` | little-endian |
//! | 8..16 | `amount` | little-endian |
//! | 16..20 | `fee` | little-endian |
//! | 20..24 | `nonce` | little-endian |
//! | 24..56 | `new_key`, its first coordinate; zero if there is none | big-endian |
//! | 56..72 | challenge of the signature | big-endian |
//! | 72..104 | response of the signature | big-endian |
//!
//! A slot of a batch whose bytes are all zero is a no-op. No transfer has these bytes, since it
//! would go from account 0 to itself. Each transfer has one encoding: every number is of fixed
//! width, a key is the first coordinate below the modulus, of which zero is no key's, and a response
//! is below the order of the subgroup.

use crate::{
	keys::{NonCanonicalResponse, PublicKey, PublicKeyError, SecretKey, Signature},
	shape::{MESSAGE_BYTES, SIGNATURE_BYTES, TRANSFER_BYTES},
	Scalar,
};
use ark_ff::BigInt;

/// Bytes of the numbers of a transfer, from `from` to `nonce`.
const NUMBER_BYTES: usize = 24;

/// A payment from one account to another, before it is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
	/// Index of the account that pays.
	pub from: u32,
	/// Index of the account that is paid; another one.
	pub to: u32,
	/// What is paid, in the rollup's smallest unit. Zero is allowed.
	pub amount: u64,
	/// What the payer pays on top, to the account that the batch names for fees, in the rollup's
	/// smallest unit. Zero is allowed.
	pub fee: u32,
	/// The payer's nonce.
	pub nonce: u32,
	/// The key that account `to` is opened with: given exactly when nobody has that account yet.
	pub new_key: Option<PublicKey>,
}

impl Transfer {
	/// The bytes that are signed.
	pub fn encode(&self) -> [u8; MESSAGE_BYTES] {
		let mut bytes = [0; MESSAGE_BYTES];
		bytes[..4].copy_from_slice(&self.from.to_le_bytes());
		bytes[4..8].copy_from_slice(&self.to.to_le_bytes());
		bytes[8..16].copy_from_slice(&self.amount.to_le_bytes());
		bytes[16..20].copy_from_slice(&self.fee.to_le_bytes());
		bytes[20..24].copy_from_slice(&self.nonce.to_le_bytes());
		if let Some(key) = self.new_key {
			bytes[NUMBER_BYTES..].copy_from_slice(&key.to_bytes());
		}
		bytes
	}

	/// Signs this transfer.
	pub fn sign(self, key: &SecretKey) -> SignedTransfer {
		SignedTransfer { transfer: self, signature: key.sign(&self) }
	}

	/// The numbers as one field element: their bytes read as a little-endian integer.
	pub(crate) fn packed(&self) -> Scalar {
		packed(&[
			u64::from(self.from) | u64::from(self.to) << 32,
			self.amount,
			u64::from(self.fee) | u64::from(self.nonce) << 32,
		])
	}

	/// The first coordinate of the new key, or zero.
	pub(crate) fn new_key_x(&self) -> Scalar {
		self.new_key.map_or_else(Scalar::default, |key| key.x())
	}
}

fn packed(&[low, middle, high]: &[u64; 3]) -> Scalar {
	Scalar::new(BigInt::new([low, middle, high, 0]))
}

/// A transfer with its payer's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedTransfer {
	/// Amount that is paid.
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
	/// The key to open the account with is no key.
	#[error("the new key: {0}")]
	NewKey(#[from] PublicKeyError),
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
		let bytes: &[u8; TRANSFER_BYTES] =
			bytes.try_into().map_err(|_| DecodeError::Length(bytes.len()))?;
		let raw = RawSlot::read(bytes);
		if raw.is_no_op() {
			return Err(DecodeError::NoOp);
		}
		let mut signature = [0; SIGNATURE_BYTES];
		signature.copy_from_slice(&bytes[MESSAGE_BYTES..]);
		let signature = Signature::from_bytes(&signature)?;
		let new_key = match raw.opens() {
			true => {
				let mut key = [0; 32];
				key.copy_from_slice(&bytes[NUMBER_BYTES..MESSAGE_BYTES]);
				Some(PublicKey::from_bytes(&key)?)
			},
			false => None,
		};
		let RawSlot { from, to, amount, fee, nonce, .. } = raw;
		Ok(Self { transfer: Transfer { from, to, amount, fee, nonce, new_key }, signature })
	}
}

/// The numbers in a slot, whatever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawSlot {
	pub(crate) from: u32,
	pub(crate) to: u32,
	pub(crate) amount: u64,
	pub(crate) fee: u32,
	pub(crate) nonce: u32,
	/// Little-endian limbs.
	pub(crate) new_key: [u64; 4],
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
		let limbs = |end: usize| [8, 16, 24, 32].map(|back| big_endian(&bytes[end - back..][..8]));
		let challenge =
			u128::from(big_endian(&bytes[56..64])) << 64 | u128::from(big_endian(&bytes[64..72]));
		Self {
			from: little_endian(&bytes[..4]) as u32,
			to: little_endian(&bytes[4..8]) as u32,
			amount: little_endian(&bytes[8..16]),
			fee: little_endian(&bytes[16..20]) as u32,
			nonce: little_endian(&bytes[20..24]) as u32,
			new_key: limbs(56),
			challenge,
			response: limbs(104),
		}
	}

	pub(crate) fn is_no_op(&self) -> bool {
		let Self { from, to, amount, fee, nonce, new_key, challenge, response } = self;
		[*from, *to, *fee, *nonce] == [0; 4]
			&& *amount == 0
			&& [*new_key, *response] == [[0; 4]; 2]
			&& *challenge == 0
	}

	pub(crate) fn opens(&self) -> bool {
		self.new_key != [0; 4]
	}

	/// What is signed, as the circuit sees it.
	pub(crate) fn packed(&self) -> Scalar {
		packed(&[
			u64::from(self.from) | u64::from(self.to) << 32,
			self.amount,
			u64::from(self.fee) | u64::from(self.nonce) << 32,
		])
	}

	/// The first coordinate of the new key modulo the field modulus.
	pub(crate) fn new_key_x(&self) -> Scalar {
		use ark_ff::PrimeField;
		let bytes: Vec<u8> = self.new_key.iter().flat_map(|limb| limb.to_le_bytes()).collect();
		Scalar::from_le_bytes_mod_order(&bytes)
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
		let new_key = SecretKey::from_seed(&[2; 32]).public_key();
		let transfer = Transfer {
			from: 0x0403_0201,
			to: 0x0807_0605,
			amount: 0x100f_0e0d_0c0b_0a09,
			fee: 0x1413_1211,
			nonce: 0x1817_1615,
			new_key: Some(new_key),
		};
		let numbers: Vec<u8> = (1..=24).collect();
		let expected = [numbers.clone(), new_key.to_bytes().to_vec()].concat();
		assert_eq!(transfer.encode().as_slice(), expected);
		assert_eq!(transfer.packed(), Scalar::from_le_bytes_mod_order(&numbers));
		let signed = transfer.sign(&key());
		assert_eq!(signed.encode()[..56], expected);
		assert_eq!(signed.encode()[56..], signed.signature.to_bytes());
	}

	#[test]
	fn decoding_should_fail_when_the_length_is_wrong() {
		let bytes = Transfer { to: 1, amount: 1, ..Transfer::default() }.sign(&key()).encode();
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
	fn decoding_should_fail_when_the_new_key_is_not_canonical_or_no_key() {
		let new_key = Some(key().public_key());
		let honest = Transfer { to: 1, new_key, ..Transfer::default() }.sign(&key()).encode();
		let with_key = |key: [u8; 32]| {
			let mut bytes = honest;
			bytes[24..56].copy_from_slice(&key);
			SignedTransfer::decode(&bytes)
		};
		assert_eq!(with_key([0xff; 32]), Err(DecodeError::NewKey(PublicKeyError::NonCanonical)));
		let mut one = [0; 32];
		one[31] = 1;
		// (1, 0) is a point of order four.
		assert_eq!(with_key(one), Err(DecodeError::NewKey(PublicKeyError::OutsideSubgroup)));
	}

	#[test]
	fn slot_should_be_a_no_op_only_when_every_byte_is_zero() {
		assert_eq!(SignedTransfer::decode(&[0; TRANSFER_BYTES]), Err(DecodeError::NoOp));
		for position in 0..TRANSFER_BYTES {
			let mut bytes = [0; TRANSFER_BYTES];
			bytes[position] = 1;
			assert!(!RawSlot::read(&bytes).is_no_op(), "byte {position}");
			assert_ne!(SignedTransfer::decode(&bytes), Err(DecodeError::NoOp), "byte {position}");
		}
	}

	#[test]
	fn packed_should_be_zero_only_when_all_numbers_are_zero() {
		let zero = Transfer::default();
		assert!(zero.packed().is_zero());
		assert!(!Transfer { nonce: 1, ..zero }.packed().is_zero());
		assert!(!Transfer { fee: 1, ..zero }.packed().is_zero());
	}

	proptest! {
		#[test]
		fn signed_transfer_should_round_trip(
			from: u32, to: u32, amount: u64, fee: u32, nonce: u32, opens: bool,
		) {
			prop_assume!(from != to);
			let new_key = opens.then(|| key().public_key());
			let transfer = Transfer { from, to, amount, fee, nonce, new_key };
			let signed = transfer.sign(&key());
			prop_assert_eq!(SignedTransfer::decode(&signed.encode()), Ok(signed));
			let raw = RawSlot::read(&signed.encode());
			prop_assert_eq!(raw.packed(), transfer.packed());
			prop_assert_eq!(raw.new_key_x(), transfer.new_key_x());
			prop_assert_eq!(raw.opens(), opens);
			let big_endian: Vec<u8> =
				raw.response.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
			prop_assert_eq!(
				[&raw.challenge.to_be_bytes()[..], &big_endian].concat(),
				signed.signature.to_bytes().to_vec()
			);
		}
	}
}
