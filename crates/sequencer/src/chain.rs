// SPDX-License-Identifier: Apache-2.0
//! Reading from the chain what the core wants to know.

use crate::{
	core::{Commit, Heads, Stage},
	error::SequencerError,
	seat::Seat,
};
use futures::{stream, StreamExt, TryStreamExt};
use pvs_client::{call_tree, Block, Error, PvsEvent};
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
				let events = events(seat, number).await;
				Ok(commits_of(number, calls, events.as_deref()))
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

/// The pallet's events of a block; `None` if the node does not have the block's state any more.
async fn events(seat: &Seat, number: BlockNumber) -> Option<Vec<PvsEvent>> {
	let events = async {
		let block = seat.client.block(seat.client.hash_at(number).await?).await?;
		seat.client.at(block).await?.events().await
	};
	events.await.map_err(|error| tracing::debug!("no events of block {number}: {error}")).ok()
}

/// The commits that a block's calls made: those with an event. If there are no events to be had, all calls,
/// without an index; whether they succeeded shows when they are executed.
fn commits_of(
	number: BlockNumber,
	calls: Vec<call_tree::Commit>,
	events: Option<&[PvsEvent]>,
) -> Vec<Commit> {
	let index_of = |call: &call_tree::Commit| {
		let commitment = call.data_commitment();
		events?.iter().find_map(|event| match event {
			PvsEvent::BatchCommitted {
				batch,
				prev_state_root,
				next_state_root,
				data_commitment,
				..
			} => {
				let is_it = batch.rollup == call.rollup
					&& (*prev_state_root, *next_state_root)
						== (call.prev_state_root, call.next_state_root)
					&& *data_commitment == commitment;
				is_it.then_some(batch.index)
			},
			_ => None,
		})
	};
	calls
		.into_iter()
		.map(|call| (index_of(&call), call))
		.filter(|(index, _)| index.is_some() || events.is_none())
		.map(|(index, call)| Commit {
			index,
			block: number,
			prev_root: call.prev_state_root,
			next_root: call.next_state_root,
			data: call.data,
			stage: Stage::Committed,
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn call(rollup: u32, next: u8) -> call_tree::Commit {
		call_tree::Commit {
			rollup,
			data: vec![7; 64],
			prev_state_root: [1; 32],
			next_state_root: [next; 32],
			max_fee: 5,
		}
	}

	fn event(call: &call_tree::Commit, index: u64) -> PvsEvent {
		PvsEvent::BatchCommitted {
			batch: BatchId { rollup: call.rollup, index },
			sequencer: [3; 32],
			prev_state_root: call.prev_state_root,
			next_state_root: call.next_state_root,
			data_commitment: call.data_commitment(),
			max_fee: call.max_fee,
		}
	}

	#[test]
	fn calls_should_count_only_when_the_block_says_that_they_succeeded() {
		// Anybody can send a call with another root, or for a rollup that is not theirs: it fails.
		let calls = vec![call(0, 9), call(0, 2), call(0, 8)];
		let events = [event(&call(1, 9), 3), event(&call(0, 2), 4)];
		let indices = |commits: Vec<Commit>| -> Vec<(Option<u64>, u8)> {
			commits.iter().map(|commit| (commit.index, commit.next_root[0])).collect()
		};
		let found = commits_of(5, calls.clone(), Some(&events));
		assert_eq!(indices(found), [(Some(4), 2)]);
		assert!(commits_of(5, calls.clone(), Some(&[])).is_empty());
		let all = commits_of(5, calls, None);
		assert_eq!(indices(all), [(None, 9), (None, 2), (None, 8)]);
	}
}
