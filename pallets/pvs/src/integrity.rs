// SPDX-License-Identifier: Apache-2.0
//! Rules that the constants of a runtime must not contradict.

use crate::{pallet::*, weights::WeightInfo};
use codec::Encode;
use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::Get};
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
	/// Refuses a runtime whose constants contradict each other.
	pub(crate) fn check_constants() {
		assert!(T::MaxDataBytes::get() >= 1, "MaxDataBytes is 0: no batch could be committed");
		assert!(
			T::MaxBlockDataBytes::get() >= T::MaxDataBytes::get(),
			"MaxBlockDataBytes is below MaxDataBytes: the longest batch would never fit a block"
		);
		assert!(
			T::MaxBids::get() >= 8 && T::MaxBids::get().is_multiple_of(8),
			"MaxBids is no multiple of 8: the fees of its places rise by eighths"
		);
		assert!(
			T::SlotFeeBase::get() >= 1,
			"SlotFeeBase is 0: a quarter of a round's places would be free"
		);
		assert!(T::MaxCommitsPerBlock::get() >= 1, "MaxCommitsPerBlock is 0");
		assert!(T::MaxProofs::get() >= 1, "MaxProofs is 0: `submit_proofs` could take none");
		let proofs = usize::try_from(T::MaxProofs::get()).unwrap_or(usize::MAX);
		let full = Self::submit_proofs_weight(proofs, true).saturating_add(Self::heaviest_step());
		let most = T::BlockWeights::get().get(DispatchClass::Operational).max_extrinsic;
		assert!(
			most.is_none_or(|most| full.all_lte(most)),
			"MaxProofs is too high: no block would take a full `submit_proofs`"
		);
		assert!(
			T::MaxBidsPerCall::get() >= 1,
			"MaxBidsPerCall is 0: `place_bids` and `reveal_bids` could take none"
		);
		let bids = usize::try_from(T::MaxBidsPerCall::get()).unwrap_or(usize::MAX);
		let full = Self::reveal_bids_weight(bids).saturating_add(Self::heaviest_step());
		let most_of = |class| T::BlockWeights::get().get(class).max_extrinsic;
		assert!(
			most_of(DispatchClass::Normal)
				.is_none_or(|most| Self::place_bids_weight(bids).all_lte(most))
				&& most_of(DispatchClass::Operational).is_none_or(|most| full.all_lte(most)),
			"MaxBidsPerCall is too high: no block would take a full `place_bids` or `reveal_bids`"
		);
		assert!(T::MaxRounds::get() >= 2, "MaxRounds is below 2: no parameters would pass");
		assert!(T::ShareEpoch::get() >= 1, "ShareEpoch is 0: recent proofs would never fade");
		assert!(
			T::UnbondingBlocks::get() >= 1,
			"UnbondingBlocks is 0: `unbond` would have no delay"
		);
		assert!(T::MaxPendingBatches::get() >= 1, "MaxPendingBatches is 0");
		Self::check_places();
		assert!(
			T::MaxWindowBlocks::get() > T::InclusionSlack::get(),
			"MaxWindowBlocks leaves no window longer than InclusionSlack"
		);
		assert!(
			T::MaxSettleBlocks::get() >= Self::min_settle_blocks(),
			"MaxSettleBlocks is too low: no silent bid could be settled in time"
		);
		assert!(T::MinStake::get() >= 1, "MinStake is 0: bids would be backed by nothing");
		Self::check_seals();
		Self::check_prices();
		Self::check_commits();
		assert!(
			Self::heaviest_step()
				.saturating_add(T::WeightInfo::agenda_lookup())
				.saturating_add(Self::least_expiry())
				.saturating_add(Self::hook_weight())
				.all_lte(T::MaxAgendaWeight::get()),
			"MaxAgendaWeight does not fit the heaviest step and the expiry of a bid: the agenda could stall"
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

	/// Refuses a runtime whose seals do not hold what they promise.
	fn check_seals() {
		let (parameters, timing) = (T::SealParameters::get(), T::SealTiming::get());
		assert!(timing.is_sound(), "SealTiming: a part is 0, or the stretch is below 100 percent");
		assert!(
			parameters.check().is_ok(),
			"SealParameters: h is not g^(2^T), so that seals would not open to what was sealed"
		);
		assert!(
			parameters.insecure || timing.margin >= 10,
			"SealTiming: the margin over the fastest hardware is below 10"
		);
		assert!(
			Self::max_bidding_blocks() > T::InclusionSlack::get(),
			"SealParameters: seals open before the shortest bidding window and the finality gap end, to \
			 whoever squares at the margin over the fastest hardware or at 2 ns a squaring, the faster \
			 of the two"
		);
	}

	/// Refuses a runtime in which rows or failures are free.
	fn check_prices() {
		assert!(T::RollupDeposit::get() >= 1, "RollupDeposit is 0: rows of rollups would be free");
		assert!(T::BatchDeposit::get() >= 1, "BatchDeposit is 0: rows of batches would be free");
		assert!(T::ProverDeposit::get() >= 1, "ProverDeposit is 0: rows of provers would be free");
		assert!(
			T::MinSequencerBond::get() >= 1,
			"MinSequencerBond is 0: a batch that fails would burn nothing"
		);
		assert!(
			T::PlaceRent::get() >= 1,
			"PlaceRent is 0: places and rows of silent bids would be free"
		);
	}

	/// Refuses a runtime in which a rollup can be shut out, or in which holding places has no price.
	fn check_places() {
		let guaranteed = T::GuaranteedPlaces::get();
		assert!(guaranteed >= 1, "GuaranteedPlaces is 0: others could shut a rollup out");
		assert!(
			guaranteed <= T::MaxPendingBatches::get(),
			"GuaranteedPlaces is above MaxPendingBatches: no rollup could use all of its own"
		);
		assert!(
			T::PoolPlaces::get() >= 8,
			"PoolPlaces is below 8: the rent of its places rises by eighths"
		);
		assert!(
			T::MaxRollups::get() >= 8,
			"MaxRollups is below 8: the deposits of rollups rise by eighths"
		);
	}

	/// Refuses a runtime in which commits leave no room for bids.
	fn check_commits() {
		let Some(normal) = T::BlockWeights::get().get(DispatchClass::Normal).max_total else {
			return;
		};
		let largest = T::MaxDataBytes::get();
		let commit = T::WeightInfo::commit_batch(largest);
		assert!(
			commit.saturating_mul(8).all_lte(normal),
			"MaxDataBytes is too high: one commit takes more than an eighth of the normal class"
		);
		let full = T::MaxBlockDataBytes::get().checked_div(largest).unwrap_or(0);
		assert!(
			commit.saturating_mul(full.into()).saturating_mul(2).all_lte(normal),
			"MaxBlockDataBytes is too high: the commits of a block take more than half of the normal \
			 class"
		);
	}
}
