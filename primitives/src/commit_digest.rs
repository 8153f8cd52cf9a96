// SPDX-License-Identifier: Apache-2.0
//! Header digest item of a commit: says where the data of a batch lies.
//!
//! Each commit of a batch leaves one in the header of its block, as a consensus message of
//! [`ENGINE_ID`]. Who replays a rollup reads headers, and of a block with such an item the body.

use crate::{api::BatchId, BatchIndex, Bytes32, RollupId};

/// Names the sender of the items among those of other engines.
pub const ENGINE_ID: [u8; 4] = *b"pvsb";
/// Bytes of an encoded item behind the engine's id: rollup 4, index 8, extrinsic 4, data commitment 32.
pub const COMMIT_DIGEST_BYTES: usize = 48;

/// Entry of a commit in the header of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitDigest {
	/// The batch.
	pub batch: BatchId,
	/// Position, in the block's body, of the extrinsic in which the commit lies. A call in it, on its
	/// own or inside others, has the data with this commitment.
	pub extrinsic: u32,
	/// The commitment to the data of the batch.
	pub data_commitment: Bytes32,
}

impl CommitDigest {
	/// The item's only encoding: `rollup ++ index ++ extrinsic ++ data_commitment`, integers
	/// little-endian.
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

	/// Reads an item, from exactly the bytes that [`Self::encode`] writes; `None` if there are more or
	/// fewer.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		let bytes: &[u8; COMMIT_DIGEST_BYTES] = bytes.try_into().ok()?;
		let (rollup, rest) = bytes.split_first_chunk()?;
		let (index, rest) = rest.split_first_chunk()?;
		let (extrinsic, rest) = rest.split_first_chunk()?;
		let (data_commitment, _) = rest.split_first_chunk()?;
		Some(Self {
			batch: BatchId {
				rollup: RollupId::from_le_bytes(*rollup),
				index: BatchIndex::from_le_bytes(*index),
			},
			extrinsic: u32::from_le_bytes(*extrinsic),
			data_commitment: *data_commitment,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const DIGEST: CommitDigest = CommitDigest {
		batch: BatchId { rollup: 0x0403_0201, index: 0x0c0b_0a09_0807_0605 },
		extrinsic: 0x100f_0e0d,
		data_commitment: [0xaa; 32],
	};

	#[test]
	fn commit_digest_should_be_its_fields_in_order_and_little_endian() {
		let mut expected = [0xaa; COMMIT_DIGEST_BYTES];
		for (byte, value) in expected.iter_mut().zip(1..=16) {
			*byte = value;
		}
		assert_eq!(DIGEST.encode(), expected);
		assert_eq!(CommitDigest::decode(&expected), Some(DIGEST));
		assert_eq!(&ENGINE_ID, b"pvsb");
	}

	#[test]
	fn commit_digest_should_be_refused_when_the_length_is_wrong() {
		let bytes = DIGEST.encode();
		for length in 0..COMMIT_DIGEST_BYTES {
			assert_eq!(CommitDigest::decode(&bytes[..length]), None, "{length}");
		}
		for extra in [1, 2, COMMIT_DIGEST_BYTES] {
			assert_eq!(CommitDigest::decode(&[&bytes[..], &vec![0; extra]].concat()), None);
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

		#[test]
		fn commit_digest_should_survive_a_round_trip(
			(rollup, index, extrinsic) in any::<(u32, u64, u32)>(),
			data_commitment in any::<Bytes32>(),
		) {
			let batch = BatchId { rollup, index };
			let digest = CommitDigest { batch, extrinsic, data_commitment };
			prop_assert_eq!(CommitDigest::decode(&digest.encode()), Some(digest));
		}

		#[test]
		fn commit_digest_should_be_the_only_decoding_of_its_bytes(
			bytes in prop::collection::vec(any::<u8>(), COMMIT_DIGEST_BYTES),
		) {
			let digest = CommitDigest::decode(&bytes).expect("any bytes of this length");
			prop_assert_eq!(digest.encode().to_vec(), bytes);
		}
	}
}
