// SPDX-License-Identifier: Apache-2.0
//! What the Runtime API shows, and the hashes that bind bids and proofs.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{pallet_prelude::*, traits::Get};
use pvs_auction::{phase::Timeline, slot_fee::slot_fee};
use pvs_primitives::{
	api::{
		AssignmentInfo, BatchId, BatchInfo, BatchStatus, BidInfo, BidState, ProverInfo, RollupInfo,
		RoundInfo,
	},
	bid,
	bid::PAYLOAD_BYTES,
	public_inputs::{binding, PublicInputs},
	Balance, BlockNumber, Bytes32, RollupId,
};
use sp_runtime::{
	traits::{BlockNumberProvider, Zero},
	SaturatedConversion,
};

impl<T: Config> Pallet<T> {
	/// The height that windows and deadlines are measured by.
	pub fn now() -> BlockNumber {
		T::BlockNumberProvider::current_block_number().saturated_into()
	}

	/// The hash of block 0, which FRAME never prunes.
	pub fn genesis_hash() -> Bytes32 {
		let hash = frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		);
		let mut bytes = [0u8; 32];
		hash.as_ref().iter().zip(bytes.iter_mut()).for_each(|(from, to)| *to = *from);
		bytes
	}

	pub(crate) fn batch_digest(record: &BatchRecord<T::AccountId>, reserve: Balance) -> Bytes32 {
		bid::batch_digest(
			&record.prev_state_root,
			&record.next_state_root,
			&record.data_commitment,
			record.max_fee,
			reserve,
			&record.params,
		)
	}

	pub(crate) fn inputs(
		batch: BatchId,
		record: &BatchRecord<T::AccountId>,
		prover: &T::AccountId,
	) -> PublicInputs {
		PublicInputs {
			prev_state_root: record.prev_state_root,
			next_state_root: record.next_state_root,
			data_commitment: record.data_commitment,
			binding: binding(&Self::genesis_hash(), batch, record.round, prover.as_ref()),
		}
	}

	/// A rollup.
	pub fn rollup_info(rollup: RollupId) -> Option<RollupInfo<T::AccountId>> {
		let record = Rollups::<T>::get(rollup)?;
		Some(RollupInfo {
			id: rollup,
			owner: record.owner,
			sequencer: record.sequencer,
			verifying_key_hash: record.verifying_key_hash,
			genesis_root: record.genesis_root,
			finalized_root: record.finalized_root,
			next_to_finalize: record.next_to_finalize,
			next_index: record.next_index,
			tip_root: record.tip_root,
			pending: record.pending,
			params: record.params,
		})
	}

	/// A pending batch.
	pub fn batch_info(batch: BatchId) -> Option<BatchInfo<T::AccountId>> {
		let record = Batches::<T>::get(batch)?;
		let rollup = Rollups::<T>::get(batch.rollup)?;
		let status = match record.stage {
			Stage::Proven { prover, at } => BatchStatus::Proven { prover, at },
			_ if Self::is_dropped(batch, &rollup) => BatchStatus::Dropped,
			Stage::Auction(_) => BatchStatus::Auction,
			Stage::Assigned(_) => BatchStatus::Assigned,
			Stage::Waiting => BatchStatus::Waiting,
		};
		Some(BatchInfo {
			id: batch,
			sequencer: record.sequencer,
			committed_at: record.committed_at,
			prev_state_root: record.prev_state_root,
			next_state_root: record.next_state_root,
			data_commitment: record.data_commitment,
			max_fee: record.max_fee,
			round: record.round,
			status,
			params: record.params,
		})
	}

	/// All rounds that accept bids, reveals or a proof. Work grows with the pending batches; it is for
	/// reading off chain.
	pub fn open_rounds() -> Vec<RoundInfo<T::AccountId>> {
		Batches::<T>::iter_keys().filter_map(Self::round_info).collect()
	}

	/// The current round of a batch, with its bids. `None` once it is proven, dropped or waiting.
	pub fn round_info(batch: BatchId) -> Option<RoundInfo<T::AccountId>> {
		let (rollup, record) = Self::batch(batch).ok()?;
		let (timeline, reserve, bids, assignment) = match &record.stage {
			Stage::Auction(auction) if !Self::is_dropped(batch, &rollup) => {
				(Self::timeline(&record.params, auction), auction.reserve, auction.bids, None)
			},
			Stage::Assigned(assignment) => (
				Self::assigned_timeline(&record.params, assignment),
				assignment.reserve,
				T::MaxBids::get(),
				Some(AssignmentInfo {
					prover: assignment.prover.clone(),
					fee: assignment.fee,
					payment: assignment.payment,
					proof_blocks: assignment.proof_blocks,
					assigned_at: assignment.assigned_at,
					on_time_until: assignment.on_time_until,
					late_until: assignment.late_until,
				}),
			),
			_ => return None,
		};
		let (phase, phase_ends_at) = timeline.phase(Self::now().saturating_add(1));
		Some(RoundInfo {
			batch,
			round: record.round,
			opened_at: timeline.opened_at,
			reserve,
			bond: Self::bond(&record.params, reserve).ok()?,
			slot_fee: slot_fee(T::SlotFeeBase::get(), bids, T::MaxBids::get()),
			batch_digest: Self::batch_digest(&record, reserve),
			phase,
			phase_ends_at,
			bidding_from: timeline.bidding_from(),
			reveal_from: Timeline::reveal_from(&timeline),
			reveal_until: timeline.reveal_until(),
			bids: Bids::<T>::iter_prefix(batch)
				.map(|(bidder, bid)| BidInfo {
					bidder,
					commitment: bid.commitment,
					state: match bid.stage {
						BidStage::Sealed => BidState::Sealed,
						BidStage::Revealed { fee, proof_blocks, .. } => {
							BidState::Revealed { fee, proof_blocks }
						},
						BidStage::Void => BidState::Void,
					},
				})
				.collect(),
			assignment,
		})
	}

	/// A prover.
	pub fn prover_info(account: T::AccountId) -> Option<ProverInfo<T::AccountId>> {
		let record = Provers::<T>::get(&account)?;
		Some(ProverInfo {
			account,
			stake: record.stake,
			reserved: record.reserved,
			stats: record.stats,
		})
	}

	/// The public inputs that a proof of `prover` for the batch's current round must have.
	pub fn public_inputs(batch: BatchId, prover: T::AccountId) -> Option<[Bytes32; 4]> {
		let record = Batches::<T>::get(batch)?;
		Some(Self::inputs(batch, &record, &prover).to_array())
	}

	/// The commitment of `bidder` to `payload` in the batch's current round. `None` if no round is
	/// open. Whoever answers the question sees the payload: ask only a node of one's own.
	pub fn bid_commitment(
		batch: BatchId,
		bidder: T::AccountId,
		payload: [u8; PAYLOAD_BYTES],
	) -> Option<Bytes32> {
		let (_, record) = Self::live_batch(batch).ok()?;
		let Stage::Auction(auction) = record.stage else {
			return None;
		};
		Some(bid::bid_commitment(
			&Self::genesis_hash(),
			batch,
			record.round,
			&Self::batch_digest(&record, auction.reserve),
			bidder.as_ref(),
			&payload,
		))
	}

	/// Refuses a runtime whose constants contradict each other.
	pub(crate) fn check_constants() {
		assert!(T::MaxDataBytes::get() >= 1, "MaxDataBytes is 0: no batch could be committed");
		assert!(
			T::MaxBlockDataBytes::get() >= T::MaxDataBytes::get(),
			"MaxBlockDataBytes is below MaxDataBytes: the longest batch would never fit a block"
		);
		assert!(T::MaxBids::get() >= 1, "MaxBids is 0: no round could have a winner");
		assert!(T::MaxRounds::get() >= 1, "MaxRounds is 0: no batch could have a round");
		assert!(T::MaxPendingBatches::get() >= 1, "MaxPendingBatches is 0");
		assert!(
			T::MaxPendingInChain::get() >= T::MaxPendingBatches::get(),
			"MaxPendingInChain is below MaxPendingBatches"
		);
		assert!(
			T::MaxWindowBlocks::get() > T::InclusionSlack::get(),
			"MaxWindowBlocks leaves no window longer than InclusionSlack"
		);
		assert!(T::MinStake::get() >= 1, "MinStake is 0: bids would be backed by nothing");
		assert!(
			Self::overdue_weight()
				.saturating_add(T::WeightInfo::agenda_lookup())
				.all_lte(T::MaxAgendaWeight::get()),
			"MaxAgendaWeight does not fit the heaviest step: the agenda could stall"
		);
		assert_eq!(
			T::AccountId::max_encoded_len(),
			32,
			"account ids must be exactly 32 bytes: bids and proofs are bound to them"
		);
		assert_eq!(
			frame_system::Pallet::<T>::block_hash(
				frame_system::pallet_prelude::BlockNumberFor::<T>::zero()
			)
			.encode()
			.len(),
			32,
			"block hashes must be exactly 32 bytes: bids and proofs are bound to the chain"
		);
	}
}
