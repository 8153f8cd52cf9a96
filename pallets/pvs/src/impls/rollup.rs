// SPDX-License-Identifier: Apache-2.0
//! The registry of rollups: the bodies of its calls.

use crate::{pallet::*, types::*, weights::WeightInfo};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, pallet_prelude::*};
use pvs_auction::{
	recent::RECENT_BATCHES,
	rent::rollup_deposit,
	reserve::Reserve,
	round::BidStage,
	rules::{self, Limits},
};
use pvs_primitives::{
	api::{BatchId, MarketStats},
	field,
	hash::blake2_256,
	params::RollupParams,
	BatchIndex, Bytes32, RollupId,
};
use pvs_verifier::ProofVerifier;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_rollup(
		owner: T::AccountId,
		verifying_key: &[u8],
		genesis_root: Bytes32,
		sequencer: T::AccountId,
		params: RollupParams,
	) -> DispatchResult {
		rules::check(&params, &Self::limits()).map_err(Error::<T>::from)?;
		ensure!(field::is_canonical(&genesis_root), Error::<T>::StateRootNonCanonical);
		let prepared = VerifierOf::<T>::prepare_key(verifying_key).map_err(Error::<T>::from)?;
		let (rollups, most) = (RollupCount::<T>::get(), T::MaxRollups::get());
		ensure!(rollups < most, Error::<T>::TooManyRollups);
		let deposit = rollup_deposit(Self::rollup_deposit(), rollups, most);
		Self::hold(HoldReason::RollupDeposit, &owner, deposit)?;
		RollupCount::<T>::put(rollups.saturating_add(1));

		let rollup = NextRollupId::<T>::get();
		NextRollupId::<T>::put(rollup.checked_add(1).ok_or(Error::<T>::Corrupt)?);
		let verifying_key_hash = blake2_256(&[verifying_key]);
		VerifyingKeys::<T>::insert(rollup, prepared);
		Rollups::<T>::insert(
			rollup,
			RollupRecord {
				owner: owner.clone(),
				sequencer: sequencer.clone(),
				verifying_key_hash,
				genesis_root,
				finalized_root: genesis_root,
				next_to_finalize: 0,
				next_index: 0,
				tip_root: genesis_root,
				pending: 0,
				guaranteed: 0,
				waiting: 0,
				finals: 0,
				stats: MarketStats::default(),
				prices: Reserve::new(&params),
				params,
				deposit,
				offered_to: None,
			},
		);
		Self::deposit_event(Event::RollupRegistered {
			rollup,
			owner,
			sequencer,
			verifying_key_hash,
			genesis_root,
		});
		Ok(())
	}

	pub(crate) fn do_deregister_rollup(owner: T::AccountId, rollup: RollupId) -> DispatchResult {
		let record = Self::ensure_owner(&owner, rollup)?;
		ensure!(record.pending == 0, Error::<T>::RollupBusy);
		Self::release(HoldReason::RollupDeposit, &owner, record.deposit)?;
		Rollups::<T>::remove(rollup);
		VerifyingKeys::<T>::remove(rollup);
		// One look finds all of them.
		let _ = RecentBatches::<T>::clear_prefix(rollup, RECENT_BATCHES, None);
		RollupCount::<T>::mutate(|rollups| *rollups = rollups.saturating_sub(1));
		Self::deposit_event(Event::RollupDeregistered { rollup, deposit: record.deposit });
		Ok(())
	}

	pub(crate) fn do_set_sequencer(
		owner: T::AccountId,
		rollup: RollupId,
		sequencer: T::AccountId,
	) -> DispatchResultWithPostInfo {
		let mut looked_at = 0;
		let changed = Self::change_sequencer(owner, rollup, sequencer, &mut looked_at);
		Self::charged(WeightInfoOf::<T>::set_sequencer(looked_at), changed)
	}

	/// Counts in `looked_at` at how many batches it had to look, also if it fails.
	fn change_sequencer(
		owner: T::AccountId,
		rollup: RollupId,
		sequencer: T::AccountId,
		looked_at: &mut u32,
	) -> DispatchResult {
		let mut record = Self::ensure_owner(&owner, rollup)?;
		for index in record.next_to_finalize..record.next_index {
			*looked_at = looked_at.saturating_add(1);
			let id = BatchId { rollup, index };
			let bids = Bids::<T>::get(id, &sequencer);
			let has_bid = bids.is_some_and(|bid| bid.stage != BidStage::Void);
			let has_place = Batches::<T>::get(id)
				.is_some_and(|batch| batch.round.bonded().any(|place| place.prover == sequencer));
			ensure!(!has_bid && !has_place, Error::<T>::SequencerHasBids);
		}
		// Rows of dropped batches, whose provers may still deliver, lie anywhere before.
		let live = record.next_index.saturating_sub(record.next_to_finalize);
		let has_bond = || Provers::<T>::get(&sequencer).is_some_and(|prover| prover.reserved > 0);
		let may_be_at_work = BatchIndex::from(record.pending) > live && has_bond();
		ensure!(!may_be_at_work, Error::<T>::SequencerHasBids);
		record.sequencer = sequencer.clone();
		Rollups::<T>::insert(rollup, record);
		Self::deposit_event(Event::SequencerChanged { rollup, sequencer });
		Ok(())
	}

	pub(crate) fn do_set_params(
		owner: T::AccountId,
		rollup: RollupId,
		params: RollupParams,
	) -> DispatchResult {
		let mut record = Self::ensure_owner(&owner, rollup)?;
		rules::check(&params, &Self::limits()).map_err(Error::<T>::from)?;
		record.prices = record.prices.within(&params);
		record.params = params.clone();
		Rollups::<T>::insert(rollup, record);
		Self::deposit_event(Event::ParamsChanged { rollup, params });
		Ok(())
	}

	pub(crate) fn do_transfer_rollup(
		owner: T::AccountId,
		rollup: RollupId,
		to: T::AccountId,
	) -> DispatchResult {
		let mut record = Self::ensure_owner(&owner, rollup)?;
		record.offered_to = (to != owner).then(|| to.clone());
		Rollups::<T>::insert(rollup, record);
		Self::deposit_event(Event::RollupOffered { rollup, to });
		Ok(())
	}

	pub(crate) fn do_accept_rollup(owner: T::AccountId, rollup: RollupId) -> DispatchResult {
		let mut record = Self::rollup(rollup)?;
		ensure!(record.offered_to.as_ref() == Some(&owner), Error::<T>::RollupNotOffered);
		Self::hold(HoldReason::RollupDeposit, &owner, record.deposit)?;
		Self::return_held(HoldReason::RollupDeposit, &record.owner, record.deposit)?;
		record.offered_to = None;
		let from = core::mem::replace(&mut record.owner, owner.clone());
		Rollups::<T>::insert(rollup, record);
		Self::deposit_event(Event::RollupTransferred { rollup, from, to: owner });
		Ok(())
	}

	fn ensure_owner(owner: &T::AccountId, rollup: RollupId) -> Result<RollupRecordOf<T>, Error<T>> {
		let record = Self::rollup(rollup)?;
		ensure!(record.owner == *owner, Error::<T>::NotOwner);
		Ok(record)
	}

	/// Returns what the chain allows a rollup's parameters to be.
	pub(crate) fn limits() -> Limits {
		Limits {
			max_data_bytes: T::MaxDataBytes::get(),
			inclusion_slack: Self::inclusion_slack(),
			max_window_blocks: T::MaxWindowBlocks::get(),
			min_stake: T::MinStake::get(),
			max_rounds: T::MaxRounds::get(),
			existential_deposit: Self::existential_deposit(),
			min_sequencer_bond: Self::min_sequencer_bond(),
			max_bidding_blocks: Self::max_bidding_blocks(),
			min_opening_blocks: Self::min_opening_blocks(),
			min_settle_blocks: Self::min_settle_blocks(),
			max_settle_blocks: T::MaxSettleBlocks::get(),
			min_silence_penalty: Self::min_silence_penalty(),
		}
	}
}
