// SPDX-License-Identifier: Apache-2.0
//! Reading from the chain what the core wants to know.

use crate::{
	core::{Commit, Heads, Stage},
	error::SequencerError,
	seat::Seat,
};
use futures::{stream, StreamExt, TryStreamExt};
use pvs_client::{Block, Error, PvsEvent};
use pvs_primitives::{
	api::{BatchId, BatchInfo, BatchStatus, RollupInfo},
	BlockNumber, Bytes32,
};
use std::collections::{BTreeMap, HashMap};

/// How many old blocks are fetched at the same time.
const PARALLEL_FETCHES: usize = 16;

/// What was read of one rollup.
#[derive(Debug, Default)]
pub(crate) struct Reader {
	/// Data of batches that are not final yet, by index and commitment.
	data: HashMap<(u64, Bytes32), Vec<u8>>,
	/// The newest finalised block whose body was searched.
	searched: BlockNumber,
}

/// The chain at one block.
pub(crate) struct Seen {
	pub(crate) heads: Heads,
	pub(crate) rollup: RollupInfo<Bytes32>,
	/// Batches without a proof.
	pub(crate) unproven: usize,
}

impl Reader {
	/// What the chain says at `best` and at its newest finalised block.
	pub(crate) async fn heads(&mut self, seat: &Seat, best: Block) -> Result<Seen, SequencerError> {
		let finalized = seat.client.finalized().await?;
		let rollup = seat.rollup(best).await?;
		let settled = seat.rollup(finalized).await?;
		let (best_view, final_view) =
			(seat.client.at(best).await?, seat.client.at(finalized).await?);
		let mut batches: BTreeMap<u64, (BatchInfo<Bytes32>, Stage)> = BTreeMap::new();
		let mut unproven = 0_usize;
		for index in settled.next_to_finalize..rollup.next_index.max(settled.next_index) {
			let id = BatchId { rollup: rollup.id, index };
			let is_pending = index >= rollup.next_to_finalize;
			let info = match is_pending {
				true => best_view.batch(id).await?,
				false => None,
			};
			match info {
				Some(info) if info.status == BatchStatus::Dropped => {},
				Some(info) => {
					let is_proven = matches!(info.status, BatchStatus::Proven { .. });
					unproven = unproven.saturating_add(usize::from(!is_proven));
					let stage = if is_proven { Stage::Proven } else { Stage::Committed };
					batches.insert(index, (info, stage));
				},
				// Over at the best block, but not for sure.
				None => {
					if let Some(info) = final_view.batch(id).await? {
						batches.insert(index, (info, Stage::Proven));
					}
				},
			}
		}
		let mut commits = Vec::new();
		let mut data = HashMap::new();
		let first = batches.values().map(|(info, _)| info.committed_at).min();
		for (index, (info, stage)) in batches {
			let key = (index, info.data_commitment);
			let bytes = match self.data.remove(&key) {
				Some(bytes) => bytes,
				None => match best_view.batch_data(&info).await {
					Ok(bytes) => bytes,
					// The best chain changed in between.
					Err(Error::NoBatchData { .. }) => continue,
					Err(error) => return Err(error.into()),
				},
			};
			data.insert(key, bytes.clone());
			commits.push(Commit {
				index: Some(index),
				block: info.committed_at,
				prev_root: info.prev_state_root,
				next_root: info.next_state_root,
				data: bytes,
				stage,
			});
		}
		self.data = data;
		let after = finalized.number.saturating_add(1);
		let heads = Heads {
			best: best.number,
			finalized: finalized.number,
			final_root: settled.finalized_root,
			next_index: settled.next_to_finalize,
			tip_root: rollup.tip_root,
			cursor: first.map_or(after, |first| first.min(after)),
			commits,
		};
		Ok(Seen { heads, rollup, unproven })
	}

	/// Commits in the bodies of old blocks, from `first` on. Finalised blocks are searched once.
	pub(crate) async fn search(
		&mut self,
		seat: &Seat,
		rollup: u32,
		first: BlockNumber,
		heads: &Heads,
	) -> Result<Vec<Commit>, SequencerError> {
		let first = first.max(self.searched.saturating_add(1));
		let best = seat.client.best().await?;
		let view = seat.client.at(best).await?;
		let view = &view;
		let found: Vec<Vec<Commit>> = stream::iter(first..=best.number)
			.map(|number| async move {
				let calls = view.commits_in(number, rollup).await?;
				if calls.is_empty() {
					return Ok::<_, SequencerError>(Vec::new());
				}
				let indices = indices(seat, number).await;
				let commits = calls.into_iter().map(|call| Commit {
					index: indices.get(&(rollup, call.data_commitment())).copied(),
					block: number,
					prev_root: call.prev_state_root,
					next_root: call.next_state_root,
					data: call.data,
					stage: Stage::Committed,
				});
				Ok(commits.collect())
			})
			.buffered(PARALLEL_FETCHES)
			.try_collect()
			.await?;
		self.searched = heads.finalized;
		Ok(found.into_iter().flatten().collect())
	}

	/// Lets old blocks be searched again.
	pub(crate) fn start_over(&mut self) {
		self.searched = 0;
	}
}

/// Indices of the batches that a block committed, by rollup and commitment; empty if the node does not have the
/// block's state any more, in which case nobody needs them to find the way.
async fn indices(seat: &Seat, number: BlockNumber) -> HashMap<(u32, Bytes32), u64> {
	let events = async {
		let block = seat.client.block(seat.client.hash_at(number).await?).await?;
		seat.client.at(block).await?.events().await
	};
	let events = events.await.unwrap_or_else(|error| {
		tracing::debug!("no events of block {number}: {error}");
		Vec::new()
	});
	let committed = events.into_iter().filter_map(|event| match event {
		PvsEvent::BatchCommitted { batch, data_commitment, .. } => {
			Some(((batch.rollup, data_commitment), batch.index))
		},
		_ => None,
	});
	committed.collect()
}
