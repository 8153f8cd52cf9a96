// SPDX-License-Identifier: Apache-2.0
//! Batches: who gets the fees, and transfers in order, padded with no-ops at the end.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | index of the account that gets the fees, little-endian |
//! | 104 per slot | a transfer, see [`crate::transfer`], or zeros |
//!
//! A batch has one encoding: its length is fixed by the shape, no-ops come last, and each transfer
//! has one encoding. The fee account is named in every batch, also in one that pays no fee.

use crate::{
	shape::{Shape, HEAD_BYTES, TRANSFER_BYTES},
	transfer::{DecodeError, RawSlot, SignedTransfer},
};

/// Transfers, executed in order, and the account that gets their fees afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
	shape: Shape,
	fee_account: u32,
	transfers: Vec<SignedTransfer>,
}

/// More transfers than a batch has slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch takes at most {limit} transfers, got {found}; split them")]
pub struct TooManyTransfers {
	/// The most that the shape allows.
	pub limit: usize,
	/// The value that was given.
	pub found: usize,
}

/// Why bytes are not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
	/// The number of bytes is wrong.
	#[error("a batch is {expected} bytes, got {found}")]
	Length {
		/// The value that the shape has.
		expected: usize,
		/// The value that was given.
		found: usize,
	},
	/// A transfer after a no-op: the same transfers would have another encoding.
	#[error("transfer {0} comes after an empty slot; empty slots come last")]
	Gap(usize),
	/// A slot is neither a no-op nor a transfer.
	#[error("transfer {slot}: {cause}")]
	Transfer {
		/// Its place in the batch, from 0.
		slot: usize,
		/// Its fault.
		cause: DecodeError,
	},
}

impl Batch {
	/// A batch of these transfers. Does not check them: execution does.
	///
	/// # Errors
	///
	/// [`TooManyTransfers`] above [`Shape::transfers`].
	pub fn new(
		shape: Shape,
		fee_account: u32,
		transfers: Vec<SignedTransfer>,
	) -> Result<Self, TooManyTransfers> {
		let (limit, found) = (shape.transfers(), transfers.len());
		if found > limit {
			return Err(TooManyTransfers { limit, found });
		}
		Ok(Self { shape, fee_account, transfers })
	}

	/// A batch whose number of transfers was counted before.
	pub(crate) fn of_draft(shape: Shape, fee_account: u32, transfers: Vec<SignedTransfer>) -> Self {
		Self { shape, fee_account, transfers }
	}

	/// Index of the account that gets the fees.
	pub fn fee_account(&self) -> u32 {
		self.fee_account
	}

	/// The transfers in order.
	pub fn transfers(&self) -> &[SignedTransfer] {
		&self.transfers
	}

	/// Exactly [`Shape::data_len`] bytes.
	pub fn encode(&self) -> Vec<u8> {
		let mut data = vec![0; self.shape.data_len()];
		let (head, slots) = data.split_at_mut(HEAD_BYTES);
		head.copy_from_slice(&self.fee_account.to_le_bytes());
		for (slot, transfer) in slots.chunks_exact_mut(TRANSFER_BYTES).zip(&self.transfers) {
			slot.copy_from_slice(&transfer.encode());
		}
		data
	}

	/// Reads what [`Batch::encode`] wrote and nothing else. Does not check signatures.
	///
	/// # Errors
	///
	/// One [`BatchError`] per cause, see there; for a transfer the first one and why.
	pub fn decode(shape: Shape, data: &[u8]) -> Result<Self, BatchError> {
		let RawBatch { fee_account, slots } = RawBatch::read(shape, data)
			.ok_or(BatchError::Length { expected: shape.data_len(), found: data.len() })?;
		let mut transfers = Vec::with_capacity(slots.len());
		for (slot, bytes) in slots.iter().enumerate() {
			if RawSlot::read(bytes).is_no_op() {
				continue;
			}
			if slot > transfers.len() {
				return Err(BatchError::Gap(slot));
			}
			let transfer = SignedTransfer::decode(&bytes[..])
				.map_err(|cause| BatchError::Transfer { slot, cause })?;
			transfers.push(transfer);
		}
		Ok(Self { shape, fee_account, transfers })
	}
}

/// The parts of a batch's bytes, whatever they say.
pub(crate) struct RawBatch {
	pub(crate) fee_account: u32,
	pub(crate) slots: Vec<[u8; TRANSFER_BYTES]>,
}

impl RawBatch {
	/// `None` when the number of bytes is not [`Shape::data_len`].
	pub(crate) fn read(shape: Shape, data: &[u8]) -> Option<Self> {
		if data.len() != shape.data_len() {
			return None;
		}
		let (head, slots) = data.split_first_chunk::<HEAD_BYTES>()?;
		let slots =
			slots.chunks_exact(TRANSFER_BYTES).filter_map(|slot| slot.try_into().ok()).collect();
		Some(Self { fee_account: u32::from_le_bytes(*head), slots })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{demo, keys::NonCanonicalResponse, shape::MESSAGE_BYTES, transfer::Transfer};

	const SHAPE: Shape = Shape::SMALL;

	fn transfer(nonce: u32) -> SignedTransfer {
		Transfer { to: 1, amount: 1, nonce, ..Transfer::default() }.sign(&demo::secret_key(0))
	}

	fn batch(count: usize) -> Result<Batch, TooManyTransfers> {
		Batch::new(SHAPE, 0x0201, (0..count as u32).map(transfer).collect())
	}

	#[test]
	fn batch_should_pad_with_zeros_when_not_full() {
		let data = batch(2).unwrap().encode();
		assert_eq!(data.len(), SHAPE.data_len());
		assert_eq!(data[..4], [1, 2, 0, 0]);
		assert_eq!(data[4..][..TRANSFER_BYTES], transfer(0).encode());
		assert_eq!(data[4 + TRANSFER_BYTES..][..TRANSFER_BYTES], transfer(1).encode());
		assert!(data[4 + 2 * TRANSFER_BYTES..].iter().all(|byte| *byte == 0));
	}

	#[test]
	fn batch_should_round_trip() {
		for count in 0..=SHAPE.transfers() {
			let batch = batch(count).unwrap();
			assert_eq!(Batch::decode(SHAPE, &batch.encode()), Ok(batch));
		}
	}

	/// What is read is what is written again: no two encodings of one batch.
	#[test]
	fn decoding_should_be_refused_when_encoding_again_gives_other_bytes() {
		let honest = batch(3).unwrap().encode();
		for byte in 0..honest.len() {
			for bit in 0..8 {
				let mut data = honest.clone();
				data[byte] ^= 1 << bit;
				if let Ok(read) = Batch::decode(SHAPE, &data) {
					assert_eq!(read.encode(), data, "byte {byte}, bit {bit}");
				}
			}
		}
	}

	#[test]
	fn batch_should_be_refused_when_it_has_too_many_transfers() {
		assert!(batch(SHAPE.transfers()).is_ok());
		let (limit, found) = (SHAPE.transfers(), SHAPE.transfers() + 1);
		assert_eq!(batch(found), Err(TooManyTransfers { limit, found }));
	}

	#[test]
	fn decoding_should_be_refused_when_the_length_is_wrong() {
		let expected = SHAPE.data_len();
		for found in [0, expected - 1, expected + 1, 2 * expected] {
			let refused = Err(BatchError::Length { expected, found });
			assert_eq!(Batch::decode(SHAPE, &vec![0; found]), refused);
		}
	}

	#[test]
	fn decoding_should_be_refused_when_a_transfer_follows_a_no_op() {
		let mut data = batch(3).unwrap().encode();
		data[4 + TRANSFER_BYTES..][..TRANSFER_BYTES].fill(0);
		assert_eq!(Batch::decode(SHAPE, &data), Err(BatchError::Gap(2)));
		data[4..][..TRANSFER_BYTES].fill(0);
		assert_eq!(Batch::decode(SHAPE, &data), Err(BatchError::Gap(2)));
	}

	#[test]
	fn decoding_should_be_refused_when_a_transfer_is_not_canonical() {
		let mut data = batch(2).unwrap().encode();
		data[4 + TRANSFER_BYTES + MESSAGE_BYTES + 16] = 0xff;
		let cause = DecodeError::Response(NonCanonicalResponse);
		assert_eq!(Batch::decode(SHAPE, &data), Err(BatchError::Transfer { slot: 1, cause }));
	}
}
