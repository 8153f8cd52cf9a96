// SPDX-License-Identifier: Apache-2.0
//! Committing a batch.

use crate::{pallet::*, types::*, weights::WeightInfo};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	storage::{storage_prefix, unhashed},
	traits::PalletInfoAccess,
	StorageHasher,
};
use pvs_auction::round::Round;
use pvs_primitives::{
	api::BatchId,
	commit_digest::{CommitDigest, ENGINE_ID},
	field, poseidon, Balance, Bytes32, RollupId,
};
use sp_runtime::DigestItem;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_commit_batch(
		sequencer: T::AccountId,
		rollup: RollupId,
		data: &[u8],
		roots: Roots,
		max_fee: Balance,
	) -> DispatchResultWithPostInfo {
		// Whatever is wrong is found before the data is hashed.
		Self::commit(sequencer, rollup, data, roots, max_fee)
			.map_err(|error| error.with_weight(WeightInfoOf::<T>::commit_batch(0)))?;
		Ok(().into())
	}

	pub(crate) fn commit(
		sequencer: T::AccountId,
		rollup: RollupId,
		data: &[u8],
		roots: Roots,
		max_fee: Balance,
	) -> DispatchResult {
		let Roots { prev: prev_state_root, next: next_state_root } = roots;
		let extrinsic = Self::current_extrinsic()?;
		let mut record = Self::rollup(rollup)?;
		ensure!(record.sequencer == sequencer, Error::<T>::NotSequencer);
		ensure!(record.tip_root == prev_state_root, Error::<T>::TipChanged);
		let data_len = u32::try_from(data.len()).map_err(|_| Error::<T>::WrongDataLength)?;
		ensure!(data_len == record.params.data_len, Error::<T>::WrongDataLength);
		ensure!(field::is_canonical(&next_state_root), Error::<T>::StateRootNonCanonical);
		// A low `max_fee` would shut out everyone but a friend.
		ensure!(max_fee >= record.prices.reserve, Error::<T>::MaxFeeTooLow);
		ensure!(max_fee <= record.params.max_reserve, Error::<T>::MaxFeeTooHigh);
		ensure!(record.pending < T::MaxPendingBatches::get(), Error::<T>::TooManyPendingBatches);
		let snapshot = Self::snapshot(record.params.clone());
		let place = Self::next_place(rollup, &record, &snapshot)?;
		let block_data = BlockDataBytes::<T>::get().saturating_add(data_len);
		ensure!(block_data <= T::MaxBlockDataBytes::get(), Error::<T>::BlockDataFull);
		let commits = CommitsInBlock::<T>::get();
		ensure!(commits < T::MaxCommitsPerBlock::get(), Error::<T>::TooManyCommitsInBlock);

		let id = BatchId { rollup, index: record.next_index };
		record.next_index = successor::<T>(id.index)?;

		let now = Self::now();
		let mut batch = BatchRecord {
			sequencer: sequencer.clone(),
			committed_at: now,
			prev_state_root,
			next_state_root,
			data_commitment: Bytes32::default(),
			genesis_hash: Self::genesis_hash(),
			max_fee,
			deposit: Self::batch_deposit(),
			place,
			snapshot,
			round: Round::first(max_fee, record.prices.reserve, now),
			due: None,
			cleaned: false,
		};
		Self::hold(HoldReason::Escrow, &sequencer, max_fee)?;
		Self::hold(HoldReason::SequencerBond, &sequencer, record.params.sequencer_bond)?;
		Self::hold(HoldReason::BatchDeposit, &sequencer, batch.deposit)?;
		Self::hold(HoldReason::PlaceRent, &sequencer, batch.rent())
			.map_err(|_| Error::<T>::RentNotCovered)?;
		batch.data_commitment = poseidon::data_commitment(data);
		record.tip_root = next_state_root;
		Self::occupy_place(&mut record, place.kind);
		BlockDataBytes::<T>::put(block_data);
		CommitsInBlock::<T>::put(commits.saturating_add(1));
		Self::announce(CommitDigest {
			batch: id,
			extrinsic,
			data_commitment: batch.data_commitment,
		});
		Self::deposit_event(Event::BatchCommitted {
			batch: id,
			sequencer,
			prev_state_root,
			next_state_root,
			data_commitment: batch.data_commitment,
			max_fee,
		});
		Self::deposit_event(Self::round_opened(id, &batch, &batch.round));
		Self::store(Entry::new(id, record, batch));
		Ok(())
	}

	/// Returns the index of the extrinsic that is being applied.
	///
	/// # Errors
	/// `NotInExtrinsic` in hooks: neither data nor seal would be in the block's body. In
	/// `on_initialize` the index is 0 before the inherents are applied, and in `on_poll`, after them,
	/// that of the next extrinsic, whose bytes are not noted yet.
	pub(crate) fn current_extrinsic() -> Result<u32, Error<T>> {
		ensure!(frame_system::Pallet::<T>::inherents_applied(), Error::<T>::NotInExtrinsic);
		frame_system::Pallet::<T>::extrinsic_index()
			.filter(|index| Self::is_noted(*index))
			.ok_or(Error::<T>::NotInExtrinsic)
	}

	/// Returns true if the bytes of an extrinsic of this block are noted. They are not read: each of many calls
	/// below one extrinsic would read all of it, megabytes that no weight covers.
	fn is_noted(extrinsic: u32) -> bool {
		let system = frame_system::Pallet::<T>::name().as_bytes();
		let map = storage_prefix(system, b"ExtrinsicData");
		unhashed::exists(&[&map[..], &Twox64Concat::hash(&extrinsic.encode())].concat())
	}

	/// Says in the block's header where a batch's data is.
	fn announce(commit: CommitDigest) {
		let item = DigestItem::Consensus(ENGINE_ID, commit.encode().to_vec());
		frame_system::Pallet::<T>::deposit_log(item);
	}
}
