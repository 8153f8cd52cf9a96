// SPDX-License-Identifier: Apache-2.0
//! Rules that the constants of a runtime must not contradict.

use crate::{pallet::*, weights::MeasuredWith, ProofVerifier, Verification, WeightInfo};
use codec::Encode;
use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::Get};
use pvs_primitives::Balance;
use sp_runtime::traits::Zero;

/// Refuses a verifier beside weights that were measured with another one.
pub(crate) fn check_verification<V: Verification>() {
	let (verifier, measured) = (V::Verifier::BACKEND, V::WeightInfo::BACKEND);
	assert!(
		verifier == measured,
		"Verification: the verifier is {verifier:?}, and its weights were measured with {measured:?}: each \
		 proof would be charged wrongly. Take `HostVerification` or `WasmVerification`"
	);
}

impl<T: Config> Pallet<T> {
	/// Refuses a runtime whose constants contradict each other.
	pub(crate) fn check_constants() {
		check_verification::<T::Verification>();
		Self::check_bounds();
		Self::check_places();
		Self::check_windows();
		Self::check_seals();
		Self::check_prices();
		Self::check_stake();
		Self::check_commits();
		Self::check_weights();
		Self::check_encodings();
	}

	/// Refuses a runtime in which a bound leaves nothing to do.
	fn check_bounds() {
		assert!(T::MaxDataBytes::get() >= 1, "MaxDataBytes is 0: no batch could be committed");
		assert!(
			T::MaxBlockDataBytes::get() >= T::MaxDataBytes::get(),
			"MaxBlockDataBytes is below MaxDataBytes: the longest batch would never fit a block"
		);
		assert!(
			T::MaxCommitsPerBlock::get() >= 1,
			"MaxCommitsPerBlock is 0: no batch could be committed"
		);
		assert!(
			T::MaxBids::get() >= 8 && T::MaxBids::get().is_multiple_of(8),
			"MaxBids is no multiple of 8: the fees of its places rise by eighths"
		);
		assert!(T::MaxProofs::get() >= 1, "MaxProofs is 0: `submit_proofs` could take none");
		assert!(
			T::MaxPendingBatches::get() >= 1,
			"MaxPendingBatches is 0: no batch could be committed"
		);
		assert!(
			T::MaxBidsPerCall::get() >= 1,
			"MaxBidsPerCall is 0: `place_bids` and `reveal_bids` could take none"
		);
		assert!(T::MaxRounds::get() >= 2, "MaxRounds is below 2: no parameters would pass");
		assert!(T::ShareEpoch::get() >= 1, "ShareEpoch is 0: recent proofs would never fade");
		assert!(
			T::UnbondingBlocks::get() >= 1,
			"UnbondingBlocks is 0: `unbond` would have no delay"
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

	/// Refuses a runtime in which no rollup could choose its windows.
	fn check_windows() {
		assert!(
			T::MaxWindowBlocks::get() >= Self::inclusion_slack().saturating_add(2),
			"MaxWindowBlocks is below InclusionSlack + 2: no reveal window would be long enough"
		);
		assert!(
			T::MaxSettleBlocks::get() >= Self::min_settle_blocks(),
			"MaxSettleBlocks is too low: no silent bid could be settled in time"
		);
	}

	/// Refuses a runtime whose seals do not hold what they promise.
	fn check_seals() {
		let (parameters, timing) = (T::Seals::get().parameters, Self::seal_timing());
		assert!(timing.slot_millis >= 1, "SealTiming: slot_millis is 0");
		assert!(timing.stretch_percent >= 100, "SealTiming: stretch_percent is below 100");
		assert!(timing.fastest_squarings >= 1, "SealTiming: fastest_squarings is 0");
		assert!(timing.margin >= 1, "SealTiming: margin is 0");
		assert!(timing.opener_squarings >= 1, "SealTiming: opener_squarings is 0");
		assert!(timing.opener_cores >= 1, "SealTiming: opener_cores is 0");
		assert!(
			parameters.check().is_ok(),
			"SealParameters: h is not g^(2^T), so that seals would not open to what was sealed"
		);
		assert!(
			parameters.insecure || timing.margin >= 10,
			"SealTiming: the margin over the fastest hardware is below 10"
		);
		assert!(
			Self::max_bidding_blocks() > Self::inclusion_slack(),
			"SealParameters: seals open before the shortest bidding window and the finality gap end, to \
			 whoever squares at the margin over the fastest hardware or at 2 ns a squaring, the faster \
			 of the two"
		);
	}

	/// Refuses a runtime in which rows, places or failures are free.
	fn check_prices() {
		assert!(
			Self::slot_fee_base() >= 1,
			"SlotFeeBase is 0: a quarter of a round's places would be free"
		);
		assert!(
			Self::place_rent() >= 1,
			"PlaceRent is 0: places and rows of silent bids would be free"
		);
		assert!(Self::rollup_deposit() >= 1, "RollupDeposit is 0: rows of rollups would be free");
		assert!(Self::batch_deposit() >= 1, "BatchDeposit is 0: rows of batches would be free");
		assert!(Self::prover_deposit() >= 1, "ProverDeposit is 0: rows of provers would be free");
		assert!(
			Self::min_sequencer_bond() >= 1,
			"MinSequencerBond is 0: a batch that fails would burn nothing"
		);
	}

	/// Refuses a runtime in which no bond is small enough for the lowest stake.
	fn check_stake() {
		assert!(T::MinStake::get() >= 1, "MinStake is 0: bids would be backed by nothing");
		let least: Balance = Self::existential_deposit().max(1);
		assert!(
			T::MinStake::get() >= least.saturating_mul(2),
			"MinStake is below the lowest reserve and the lowest silence penalty together, two existential \
			 deposits: no parameters would pass"
		);
	}

	/// Refuses a runtime in which commits leave no room for bids.
	fn check_commits() {
		let Some(normal) = T::BlockWeights::get().get(DispatchClass::Normal).max_total else {
			return;
		};
		let largest = T::MaxDataBytes::get();
		let commit = WeightInfoOf::<T>::commit_batch(largest);
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

	/// Refuses a runtime in which a call or a step of the agenda would never fit.
	fn check_weights() {
		let proofs = usize::try_from(T::MaxProofs::get()).unwrap_or(usize::MAX);
		let full = Self::submit_proofs_weight(proofs, true).saturating_add(Self::heaviest_step());
		let fits = |weight: Weight, class| {
			let most = T::BlockWeights::get().get(class).max_extrinsic;
			most.is_none_or(|most| weight.all_lte(most))
		};
		assert!(
			fits(full, DispatchClass::Operational),
			"MaxProofs is too high: no block would take a full `submit_proofs`"
		);
		let bids = usize::try_from(T::MaxBidsPerCall::get()).unwrap_or(usize::MAX);
		let full = Self::reveal_bids_weight(bids).saturating_add(Self::heaviest_step());
		assert!(
			fits(full, DispatchClass::Operational)
				&& fits(Self::place_bids_weight(bids), DispatchClass::Normal),
			"MaxBidsPerCall is too high: no block would take a full `place_bids` or `reveal_bids`"
		);
		assert!(
			Self::heaviest_step()
				.saturating_add(WeightInfoOf::<T>::agenda_lookup())
				.saturating_add(Self::least_expiry())
				.saturating_add(Self::hook_weight())
				.all_lte(T::MaxAgendaWeight::get()),
			"MaxAgendaWeight does not fit the heaviest step and the expiry of a bid: the agenda could stall"
		);
	}

	/// Refuses a runtime whose accounts or hashes have another length than bids and proofs are bound to.
	fn check_encodings() {
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
