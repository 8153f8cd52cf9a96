// SPDX-License-Identifier: Apache-2.0
//! The data of batches, from the blocks that committed them.
//!
//! Each commit leaves an item in the header of its block that names the batch, the extrinsic with its
//! data and the commitment to the data. So a header says whether its block committed batches, and nobody
//! has to guess among calls that failed. Neither needs the state of old blocks.

use crate::{
	call_tree::{self, Commit},
	connection::Client,
	error::Error,
	view::{AccountBytes, View},
	BlockHash,
};
use pvs_primitives::{
	api::{BatchId, BatchInfo},
	commit_digest::{CommitDigest, ENGINE_ID},
	BlockNumber, RollupId,
};
use subxt::{config::substrate::DigestItem, Metadata};

/// A batch that a block committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
	/// The batch.
	pub batch: BatchId,
	/// The calls with its data, in order of execution. They have the same data. There is more than one
	/// only if a sequencer sent it several times in one extrinsic; which of them was executed is not
	/// known then. None if this program cannot read the extrinsic.
	pub calls: Vec<Commit>,
}

impl View {
	/// Returns the data of a batch. Its commitment is the one that the chain computed.
	///
	/// # Errors
	///
	/// [`Error::NoBody`] if the node does not have the body of the block that committed it,
	/// [`Error::NoDigest`] if the header of that block does not name the batch,
	/// [`Error::NoBatchData`] if the extrinsic that the header names has no such data,
	/// [`Error::Reorganized`] if the block of this view is not on the best chain any more.
	pub async fn batch_data(&self, batch: &BatchInfo<AccountBytes>) -> Result<Vec<u8>, Error> {
		let (id, block) = (batch.id, batch.committed_at);
		let hash = self.client().hash_at(block).await?;
		let named = digests(self.client(), hash).await?;
		let Some(digest) = named.into_iter().find(|digest| is_of(digest, batch)) else {
			self.check_best().await?;
			return Err(Error::NoDigest { rollup: id.rollup, index: id.index, block });
		};
		let body = self.client().body(hash).await?;
		let calls = calls_of(self.metadata().await?, &body, &digest);
		calls.into_iter().next().map(|call| call.data).ok_or(Error::NoBatchData {
			rollup: id.rollup,
			index: id.index,
			block,
			extrinsic: digest.extrinsic,
		})
	}

	/// Returns the batches of a rollup that a block of the best chain committed, in their order.
	///
	/// # Errors
	///
	/// [`Error::NoBody`] if there are any, and the node does not have the body of the block.
	pub async fn commits_in(
		&self,
		number: BlockNumber,
		rollup: RollupId,
	) -> Result<Vec<Committed>, Error> {
		let hash = self.client().hash_at(number).await?;
		let mut named = digests(self.client(), hash).await?;
		named.retain(|digest| digest.batch.rollup == rollup);
		if named.is_empty() {
			return Ok(Vec::new());
		}
		let (body, metadata) = (self.client().body(hash).await?, self.metadata().await?);
		let committed = |digest: CommitDigest| Committed {
			batch: digest.batch,
			calls: calls_of(metadata, &body, &digest),
		};
		Ok(named.into_iter().map(committed).collect())
	}

	/// Fails with [`Error::Reorganized`] if the block of this view is not on the best chain.
	async fn check_best(&self) -> Result<(), Error> {
		let block = self.block();
		match self.client().hash_at(block.number).await {
			Ok(hash) if hash == block.hash => Ok(()),
			Ok(_) | Err(Error::NoBlock(_)) => Err(Error::Reorganized { block: block.number }),
			Err(error) => Err(error),
		}
	}
}

/// Returns what the header of a block says of the batches that it committed.
async fn digests(client: &Client, hash: BlockHash) -> Result<Vec<CommitDigest>, Error> {
	let header = client.rpc().chain_get_header(Some(hash)).await;
	let header = header.map_err(|error| client.failed(error))?;
	let header = header.ok_or_else(|| Error::NoBlock(format!("{hash:?}")))?;
	Ok(digests_in(&header.digest.logs))
}

fn digests_in(logs: &[DigestItem]) -> Vec<CommitDigest> {
	let digest = |item: &DigestItem| match item {
		DigestItem::Consensus(ENGINE_ID, bytes) => CommitDigest::decode(bytes),
		_ => None,
	};
	logs.iter().filter_map(digest).collect()
}

/// Returns true if an item names this batch: on another fork an index can stand for another one.
fn is_of(digest: &CommitDigest, batch: &BatchInfo<AccountBytes>) -> bool {
	digest.batch == batch.id && digest.data_commitment == batch.data_commitment
}

/// Returns the calls with the data that an item names, from the body of its block.
fn calls_of(metadata: &Metadata, body: &[Vec<u8>], digest: &CommitDigest) -> Vec<Commit> {
	let extrinsic = usize::try_from(digest.extrinsic).ok().and_then(|index| body.get(index));
	extrinsic.map(|extrinsic| call_tree::commits(metadata, extrinsic, digest)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		call_tree::tests::{bare_extrinsic, batch_all, commit, encoded},
		connection::our_metadata,
	};
	use pvs_primitives::poseidon::data_commitment;

	fn digest(rollup: u32, index: u64, extrinsic: u32, data: &[u8]) -> CommitDigest {
		let (batch, data_commitment) = (BatchId { rollup, index }, data_commitment(data));
		CommitDigest { batch, extrinsic, data_commitment }
	}

	#[test]
	fn digests_should_be_read_from_a_header_in_their_order() {
		let (first, second) = (digest(0, 1, 2, b"one"), digest(7, 0, 3, b"two"));
		let item =
			|digest: &CommitDigest| DigestItem::Consensus(ENGINE_ID, digest.encode().to_vec());
		let logs = [
			DigestItem::PreRuntime(*b"aura", vec![1]),
			item(&first),
			// Neither of this engine nor of another kind, nor of another length.
			DigestItem::Consensus(*b"FRNK", second.encode().to_vec()),
			DigestItem::PreRuntime(ENGINE_ID, second.encode().to_vec()),
			DigestItem::Consensus(ENGINE_ID, second.encode()[1..].to_vec()),
			item(&second),
			DigestItem::Seal(*b"aura", vec![2]),
		];
		assert_eq!(digests_in(&logs), [first, second]);
		assert_eq!(digests_in(&[]), []);
	}

	#[test]
	fn data_should_be_taken_from_the_extrinsic_that_the_header_names() {
		let metadata = our_metadata().unwrap();
		let body = [
			bare_extrinsic(&encoded(&commit(0, b"same"))),
			bare_extrinsic(&encoded(&batch_all([commit(0, b"other"), commit(0, b"same")]))),
			vec![1, 2, 3],
		];
		let found = |digest: &CommitDigest| -> Vec<Vec<u8>> {
			calls_of(&metadata, &body, digest).into_iter().map(|call| call.data).collect()
		};
		assert_eq!(found(&digest(0, 5, 0, b"same")), [b"same"]);
		assert_eq!(found(&digest(0, 5, 1, b"same")), [b"same"]);
		assert_eq!(found(&digest(0, 5, 1, b"other")), [b"other"]);
		// Of another rollup or with other data, in an extrinsic that cannot be read, in none.
		for wrong in [
			digest(1, 5, 0, b"same"),
			digest(0, 5, 0, b"other"),
			digest(0, 5, 2, b"same"),
			digest(0, 5, 3, b"same"),
			digest(0, 5, u32::MAX, b"same"),
		] {
			assert!(found(&wrong).is_empty(), "{wrong:?}");
		}
	}
}
