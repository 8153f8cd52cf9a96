// SPDX-License-Identifier: Apache-2.0
//! Reading from the chain what the core wants to know.

use crate::{
	core::{Commit, Heads, Stage},
	error::SequencerError,
	seat::Seat,
};
use futures::{stream, StreamExt, TryStreamExt};
use pvs_client::{Block, Committed, Error};
use pvs_primitives::{
	api::{BatchId, BatchInfo, BatchStatus, RollupInfo},
	BlockNumber, Bytes32,
};
use std::collections::{BTreeMap, HashMap};

/// Number of old blocks that are fetched at the same time.
const PARALLEL_FETCHES: usize = 16;

/// Data that was read of one rollup.
#[derive(Debug, Default)]
pub(crate) struct Reader {
	/// Data of batches that are not final yet, by index and commitment.
	data: HashMap<(u64, Bytes32), Vec<u8>>,
	/// The newest finalized block that was searched.
	searched: BlockNumber,
}

/// The chain at one block.
pub(crate) struct Seen {
	pub(crate) heads: Heads,
	pub(crate) rollup: RollupInfo<Bytes32>,
	/// Batches without a proof.
	pub(crate) unproven: usize,
}

/// Batches that old blocks committed.
pub(crate) struct Found {
	pub(crate) commits: Vec<Commit>,
	/// The first batch that should be among them and that no header names.
	pub(crate) unnamed: Option<u64>,
}

impl Reader {
	/// Returns what the chain says at `best` and at its newest finalized block.
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
					Err(Error::Reorganized { .. }) => continue,
					Err(error) => return Err(error.into()),
				},
			};
			data.insert(key, bytes.clone());
			commits.push(Commit {
				index,
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

	/// Looks for batches that old blocks committed, from `first` on, behind a state that does not have batch
	/// `next_index`. Finalized blocks are searched once.
	pub(crate) async fn search(
		&mut self,
		seat: &Seat,
		rollup: u32,
		(first, next_index): (BlockNumber, u64),
		heads: &Heads,
	) -> Result<Found, SequencerError> {
		let unsearched = first.max(self.searched.saturating_add(1));
		let best = seat.client.best().await?;
		let view = seat.client.at(best).await?;
		let view = &view;
		let found: Vec<(BlockNumber, Vec<Committed>)> = stream::iter(unsearched..=best.number)
			.map(|number| async move {
				Ok::<_, SequencerError>((number, view.commits_in(number, rollup).await?))
			})
			.buffered(PARALLEL_FETCHES)
			.try_collect()
			.await?;
		self.searched = heads.finalized;
		let indices = found.iter().flat_map(|(_, batches)| batches).map(|it| it.batch.index);
		let unnamed = first_unnamed(indices, (unsearched == first).then_some(next_index));
		let commits = found.into_iter().flat_map(|(block, batches)| commits_of(block, batches));
		Ok(Found { commits: commits.collect(), unnamed })
	}

	/// Lets old blocks be searched again.
	pub(crate) fn start_over(&mut self) {
		self.searched = 0;
	}
}

/// Returns the first index that is left out, or `next_index` if there is none at all.
fn first_unnamed(indices: impl Iterator<Item = u64>, next_index: Option<u64>) -> Option<u64> {
	let mut last: Option<u64> = None;
	for index in indices {
		let expected = last.map_or(index, |last| last.saturating_add(1));
		if index > expected {
			return Some(expected);
		}
		last = Some(index);
	}
	next_index.filter(|_| last.is_none())
}

/// The commits of batches that a block committed. If an extrinsic has several with the same data, all of
/// them: which one was executed shows when they are.
fn commits_of(block: BlockNumber, batches: Vec<Committed>) -> impl Iterator<Item = Commit> {
	batches.into_iter().flat_map(move |Committed { batch, calls }| {
		calls.into_iter().map(move |call| Commit {
			index: batch.index,
			block,
			prev_root: call.prev_state_root,
			next_root: call.next_state_root,
			data: call.data,
			stage: Stage::Committed,
		})
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_client::call_tree;

	#[test]
	fn commits_should_have_the_index_of_their_batch() {
		let call = |next: u8| call_tree::Commit {
			rollup: 0,
			data: vec![7; 64],
			prev_state_root: [1; 32],
			next_state_root: [next; 32],
		};
		let batch = |index| BatchId { rollup: 0, index };
		let batches = vec![
			Committed { batch: batch(3), calls: vec![call(9)] },
			Committed { batch: batch(4), calls: vec![] },
			Committed { batch: batch(5), calls: vec![call(2), call(8)] },
		];
		let found: Vec<(u64, u8)> =
			commits_of(5, batches).map(|commit| (commit.index, commit.next_root[0])).collect();
		assert_eq!(found, [(3, 9), (5, 2), (5, 8)]);
	}

	#[test]
	fn batches_that_no_header_names_should_be_noticed() {
		let unnamed = |indices: &[u64], next| first_unnamed(indices.iter().copied(), next);
		assert_eq!(unnamed(&[4, 5, 6], Some(4)), None);
		assert_eq!(unnamed(&[4, 6, 9], Some(4)), Some(5));
		// Those that were lost before may lie in earlier blocks, in which nobody looks.
		assert_eq!(unnamed(&[7, 8], Some(4)), None);
		assert_eq!(unnamed(&[], Some(4)), Some(4));
		assert_eq!(unnamed(&[], None), None, "not all blocks were searched");
	}
}
