// SPDX-License-Identifier: Apache-2.0
//! The item in a block's header that says where a batch's data is.

use crate::{api::BatchId, BatchIndex, Bytes32, RollupId};

/// Engine id of the items, which are of the kind `Consensus`.
pub const ENGINE_ID: [u8; 4] = *b"pvsb";
/// Bytes of an item behind its engine id: rollup 4, index 8, extrinsic 4, data commitment 32.
pub const COMMIT_DIGEST_BYTES: usize = 48;

/// Where a batch's data is: in a call below an extrinsic of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitDigest {
	/// The batch.
	pub batch: BatchId,
	/// Index of the extrinsic in the block's body.
	pub extrinsic: u32,
	/// Commitment to the data: the call below the extrinsic whose data has it is the batch's.
	pub data_commitment: Bytes32,
}

impl CommitDigest {
	/// Returns the item's only encoding; integers are little-endian.
	pub fn encode(&self) -> [u8; COMMIT_DIGEST_BYTES] {
		let rollup = self.batch.rollup.to_le_bytes();
		let index = self.batch.index.to_le_bytes();
		let extrinsic = self.extrinsic.to_le_bytes();
		let fields: [&[u8]; 4] = [&rollup, &index, &extrinsic, &self.data_commitment];
		let mut bytes = [0; COMMIT_DIGEST_BYTES];
		for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
			*to = *from;
		}
		bytes
	}

	/// Reads an item; `None` unless it has exactly its length.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		let (rollup, rest) = bytes.split_first_chunk()?;
		let (index, rest) = rest.split_first_chunk()?;
		let (extrinsic, rest) = rest.split_first_chunk()?;
		let data_commitment = rest.try_into().ok()?;
		let batch = BatchId {
			rollup: RollupId::from_le_bytes(*rollup),
			index: BatchIndex::from_le_bytes(*index),
		};
		Some(Self { batch, extrinsic: u32::from_le_bytes(*extrinsic), data_commitment })
	}
}
