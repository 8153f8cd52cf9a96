// SPDX-License-Identifier: Apache-2.0
//! Batches: transfers in order, padded with no-ops.

use crate::{
	shape::{BATCH_TRANSFERS, DATA_LEN, TRANSFER_BYTES},
	transfer::SignedTransfer,
};

/// At most [`BATCH_TRANSFERS`] transfers, executed in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
	transfers: Vec<SignedTransfer>,
}

/// More transfers than a batch has slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch takes at most {BATCH_TRANSFERS} transfers, got {0}; split them")]
pub struct TooManyTransfers(pub usize);

impl Batch {
	/// A batch of these transfers. Does not check them: execution does.
	///
	/// # Errors
	///
	/// [`TooManyTransfers`] above [`BATCH_TRANSFERS`].
	pub fn new(transfers: Vec<SignedTransfer>) -> Result<Self, TooManyTransfers> {
		if transfers.len() > BATCH_TRANSFERS {
			return Err(TooManyTransfers(transfers.len()));
		}
		Ok(Self { transfers })
	}

	/// The transfers in order.
	pub fn transfers(&self) -> &[SignedTransfer] {
		&self.transfers
	}

	/// Exactly [`DATA_LEN`] bytes: the transfers, then no-ops.
	pub fn encode(&self) -> Vec<u8> {
		let mut data = vec![0; DATA_LEN];
		for (slot, transfer) in data.chunks_exact_mut(TRANSFER_BYTES).zip(&self.transfers) {
			slot.copy_from_slice(&transfer.encode());
		}
		data
	}
}

/// The slots of a batch's bytes; `None` when their number is not [`DATA_LEN`].
pub(crate) fn slots(data: &[u8]) -> Option<[[u8; TRANSFER_BYTES]; BATCH_TRANSFERS]> {
	if data.len() != DATA_LEN {
		return None;
	}
	let mut slots = [[0; TRANSFER_BYTES]; BATCH_TRANSFERS];
	for (slot, bytes) in slots.iter_mut().zip(data.chunks_exact(TRANSFER_BYTES)) {
		slot.copy_from_slice(bytes);
	}
	Some(slots)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{demo, transfer::Transfer};

	fn transfer(nonce: u32) -> SignedTransfer {
		Transfer { from: 0, to: 1, amount: 1, nonce }.sign(&demo::secret_key(0))
	}

	#[test]
	fn batch_should_pad_with_zeros_when_not_full() {
		let data = Batch::new(vec![transfer(0), transfer(1)]).unwrap().encode();
		assert_eq!(data.len(), DATA_LEN);
		assert_eq!(data[..TRANSFER_BYTES], transfer(0).encode());
		assert_eq!(data[TRANSFER_BYTES..2 * TRANSFER_BYTES], transfer(1).encode());
		assert!(data[2 * TRANSFER_BYTES..].iter().all(|byte| *byte == 0));
	}

	#[test]
	fn batch_should_be_refused_when_it_has_too_many_transfers() {
		assert!(Batch::new((0..BATCH_TRANSFERS as u32).map(transfer).collect()).is_ok());
		assert_eq!(
			Batch::new((0..=BATCH_TRANSFERS as u32).map(transfer).collect()),
			Err(TooManyTransfers(BATCH_TRANSFERS + 1))
		);
	}

	#[test]
	fn slots_should_be_none_when_the_length_is_wrong() {
		assert!(slots(&[0; DATA_LEN]).is_some());
		assert!(slots(&[0; DATA_LEN - 1]).is_none());
		assert!(slots(&[0; DATA_LEN + 1]).is_none());
	}
}
