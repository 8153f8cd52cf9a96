// SPDX-License-Identifier: Apache-2.0
//! Every movement of money.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use crate::pallet::*;
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{InspectHold, Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation, Restriction},
	},
};
use pvs_auction::rules::Limits;
use pvs_primitives::{api::ProverStats, params::RollupParams, Balance};

impl<T: Config> Pallet<T> {
	/// What a bid in a round with this reserve holds of its bidder's stake.
	pub(crate) fn bond(params: &RollupParams, reserve: Balance) -> Result<Balance, Error<T>> {
		reserve.checked_add(params.silence_penalty).ok_or(Error::<T>::Corrupt)
	}

	/// What the chain allows a rollup's parameters to be.
	pub(crate) fn limits() -> Limits {
		Limits {
			max_data_bytes: T::MaxDataBytes::get(),
			inclusion_slack: T::InclusionSlack::get(),
			max_window_blocks: T::MaxWindowBlocks::get(),
			min_stake: T::MinStake::get(),
			max_rounds: T::MaxRounds::get(),
		}
	}

	pub(crate) fn hold(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> Result<(), Error<T>> {
		T::Currency::hold(&reason.into(), who, amount).map_err(|_| Error::<T>::InsufficientBalance)
	}

	pub(crate) fn release(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		T::Currency::release(&reason.into(), who, amount, Precision::Exact).map(|_| ())
	}

	pub(crate) fn burn_held(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		T::Currency::burn_held(&reason.into(), who, amount, Precision::Exact, Fortitude::Force)
			.map(|_| ())
	}

	pub(crate) fn burn_free(who: &T::AccountId, amount: Balance) -> Result<(), Error<T>> {
		T::Currency::burn_from(
			who,
			amount,
			Preservation::Preserve,
			Precision::Exact,
			Fortitude::Polite,
		)
		.map(|_| ())
		.map_err(|_| Error::<T>::InsufficientBalance)
	}

	pub(crate) fn pay_from_escrow(
		from: &T::AccountId,
		to: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		T::Currency::transfer_on_hold(
			&HoldReason::Escrow.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.map(|_| ())
	}

	/// Frees a part of a prover's stake for other bids.
	pub(crate) fn unreserve(prover: &T::AccountId, bond: Balance) -> DispatchResult {
		Provers::<T>::try_mutate(prover, |record| {
			let record = record.as_mut().ok_or(Error::<T>::Corrupt)?;
			record.reserved = record.reserved.checked_sub(bond).ok_or(Error::<T>::Corrupt)?;
			Ok(())
		})
	}

	/// Burns a bond out of a prover's stake and records why.
	pub(crate) fn slash(
		prover: &T::AccountId,
		bond: Balance,
		record_it: impl FnOnce(&mut ProverStats),
	) -> DispatchResult {
		Self::unreserve(prover, bond)?;
		Self::burn_held(HoldReason::ProverStake, prover, bond)?;
		Provers::<T>::try_mutate(prover, |record| {
			let record = record.as_mut().ok_or(Error::<T>::Corrupt)?;
			record.stake = record.stake.checked_sub(bond).ok_or(Error::<T>::Corrupt)?;
			record.stats.slashed = record.stats.slashed.saturating_add(bond);
			record_it(&mut record.stats);
			Ok(())
		})
	}

	/// What is held from an account for one reason.
	#[cfg_attr(not(any(feature = "std", feature = "try-runtime")), allow(dead_code))]
	pub(crate) fn held(reason: HoldReason, who: &T::AccountId) -> Balance {
		T::Currency::balance_on_hold(&reason.into(), who)
	}
}
