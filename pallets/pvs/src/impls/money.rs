// SPDX-License-Identifier: Apache-2.0
//! Every movement of money.

use crate::{pallet::*, types::*};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Balanced, Inspect, InspectHold, Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation, Restriction},
		Imbalance,
	},
};
use pvs_primitives::{api::ProverStats, Balance};
use sp_runtime::traits::AccountIdConversion;

impl<T: Config> Pallet<T> {
	/// The pot: the account that keeps slashed bonds until their batch ends.
	pub fn pot_account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn existential_deposit() -> Balance {
		T::Currency::minimum_balance()
	}

	pub(crate) fn hold(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> Result<(), Error<T>> {
		// Where something else keeps the account alive, less than the existential deposit would be lost.
		let available =
			T::Currency::reducible_balance(who, Preservation::Preserve, Fortitude::Force);
		ensure!(amount <= available, Error::<T>::InsufficientBalance);
		T::Currency::hold(&reason.into(), who, amount).map_err(|_| Error::<T>::InsufficientBalance)
	}

	/// Returns whether an account can take an amount as free balance. Without the existential deposit, which
	/// it can only lack while something else keeps it alive, it takes no less than that.
	fn can_take(who: &T::AccountId, amount: Balance) -> bool {
		T::Currency::balance(who).saturating_add(amount) >= Self::existential_deposit()
	}

	/// Returns what was held for a batch or a rollup. What the account cannot take is burned: it must not
	/// keep anybody from a payment, nor the rollup from going on.
	pub(crate) fn return_held(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if Self::can_take(who, amount) {
			Self::release(reason, who, amount)
		} else {
			Self::burn_held(reason, who, amount)?;
			Self::emit_payout_burned(who, amount)
		}
	}

	/// Says that an amount was burned because the account that it was meant for could not take it.
	fn emit_payout_burned(who: &T::AccountId, amount: Balance) -> DispatchResult {
		if amount > 0 {
			Self::deposit_event(Event::PayoutBurned { who: who.clone(), amount });
		}
		Ok(())
	}

	pub(crate) fn release(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		T::Currency::release(&reason.into(), who, amount, Precision::Exact).map(|_| ())
	}

	pub(crate) fn burn_held(
		reason: HoldReason,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
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

	/// Pays a prover out of escrow. What its account cannot take is burned. Returns what it received.
	pub(crate) fn pay_from_escrow(
		from: &T::AccountId,
		to: &T::AccountId,
		amount: Balance,
	) -> Result<Balance, DispatchError> {
		if !Self::can_take(to, amount) {
			Self::burn_held(HoldReason::Escrow, from, amount)?;
			Self::emit_payout_burned(to, amount)?;
			return Ok(0);
		}
		T::Currency::transfer_on_hold(
			&HoldReason::Escrow.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
	}

	/// Changes a prover's record.
	pub(crate) fn mutate_prover(
		prover: &T::AccountId,
		change: impl FnOnce(&mut ProverRecord),
	) -> DispatchResult {
		Provers::<T>::try_mutate(prover, |record| {
			change(record.as_mut().ok_or(Error::<T>::Corrupt)?);
			Ok(())
		})
	}

	/// Frees a part of a prover's stake for other bids.
	pub(crate) fn unreserve(prover: &T::AccountId, bond: Balance) -> DispatchResult {
		Provers::<T>::try_mutate(prover, |record| {
			let record = record.as_mut().ok_or(Error::<T>::Corrupt)?;
			record.reserved = record.reserved.checked_sub(bond).ok_or(Error::<T>::Corrupt)?;
			Ok(())
		})
	}

	/// Burns a bond out of a prover's stake.
	pub(crate) fn slash_and_burn(
		prover: &T::AccountId,
		bond: Balance,
		record_it: impl FnOnce(&mut ProverStats),
	) -> DispatchResult {
		Self::debit_stake(prover, bond, record_it)?;
		Self::burn_held(HoldReason::ProverStake, prover, bond)
	}

	/// Takes `slashed` out of a bidder's stake, pays `reward` of it to an opener and burns the rest.
	/// Returns what the opener got: nothing, if its account cannot take it and it is burned as well.
	pub(crate) fn slash_and_reward(
		bidder: &T::AccountId,
		slashed: Balance,
		opener: &T::AccountId,
		reward: Balance,
		record_it: impl FnOnce(&mut ProverStats),
	) -> Result<Balance, DispatchError> {
		Self::debit_stake(bidder, slashed, record_it)?;
		let reward = if Self::can_take(opener, reward) {
			reward.min(slashed)
		} else {
			Self::emit_payout_burned(opener, reward)?;
			0
		};
		let reason = HoldReason::ProverStake;
		if reward > 0 {
			T::Currency::transfer_on_hold(
				&reason.into(),
				bidder,
				opener,
				reward,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		Self::burn_held(HoldReason::ProverStake, bidder, slashed.saturating_sub(reward))?;
		Ok(reward)
	}

	/// Moves a bond out of a prover's stake to the pot, until the batch ends. Bonds are at
	/// least the existential deposit; where an upgrade has raised it above one, the bond is burned
	/// instead, so that no end of a batch leaves a rest below it. Returns whether it is kept.
	pub(crate) fn slash_to_pot(
		prover: &T::AccountId,
		bond: Balance,
		record_it: impl FnOnce(&mut ProverStats),
	) -> Result<bool, DispatchError> {
		Self::debit_stake(prover, bond, record_it)?;
		let account = Self::pot_account();
		if bond < Self::existential_deposit() {
			Self::burn_held(HoldReason::ProverStake, prover, bond)?;
			Self::emit_payout_burned(&account, bond)?;
			return Ok(false);
		}
		T::Currency::transfer_on_hold(
			&HoldReason::ProverStake.into(),
			prover,
			&account,
			bond,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Totals::<T>::mutate(|totals| totals.kept_bonds = totals.kept_bonds.saturating_add(bond));
		Ok(true)
	}

	/// Takes a bond out of a prover's record, which suspends it if too little is left.
	fn debit_stake(
		prover: &T::AccountId,
		bond: Balance,
		record_it: impl FnOnce(&mut ProverStats),
	) -> DispatchResult {
		Provers::<T>::try_mutate(prover, |record| {
			let record = record.as_mut().ok_or(Error::<T>::Corrupt)?;
			let was_suspended = Self::is_suspended(record);
			record.reserved = record.reserved.checked_sub(bond).ok_or(Error::<T>::Corrupt)?;
			record.stake = record.stake.checked_sub(bond).ok_or(Error::<T>::Corrupt)?;
			record.stats.slashed = record.stats.slashed.saturating_add(bond);
			record_it(&mut record.stats);
			if Self::is_suspended(record) && !was_suspended {
				let stake = record.stake;
				Self::deposit_event(Event::ProverSuspended { prover: prover.clone(), stake });
			}
			Ok(())
		})
	}

	/// Pays a part of the pot to a prover and burns the rest, in one step: the whole sum of a batch
	/// leaves the account, so that no rest below the existential deposit stays behind. What the prover's
	/// account cannot take is burned as well. Returns what it received.
	pub(crate) fn pay_from_pot(
		share: Balance,
		burned: Balance,
		prover: &T::AccountId,
	) -> Result<Balance, DispatchError> {
		let all = share.checked_add(burned).ok_or(Error::<T>::Corrupt)?;
		if all == 0 {
			return Ok(0);
		}
		if !Self::can_take(prover, share) {
			Self::burn_from_pot(all)?;
			Self::emit_payout_burned(prover, share)?;
			return Ok(0);
		}
		Self::debit_pot(all)?;
		// What an upgrade has turned into dust is gone; the batch ends all the same.
		let taken = T::Currency::withdraw(
			&Self::pot_account(),
			all,
			Precision::BestEffort,
			Preservation::Expendable,
			Fortitude::Force,
		)?;
		// What is not given to the prover is burned when it goes out of scope.
		let (share, _) = taken.split(share);
		let received = share.peek();
		T::Currency::resolve(prover, share).map_err(|_| Error::<T>::Corrupt)?;
		Ok(received)
	}

	/// Burns a part of the pot.
	pub(crate) fn burn_from_pot(amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		Self::debit_pot(amount)?;
		T::Currency::burn_from(
			&Self::pot_account(),
			amount,
			Preservation::Expendable,
			Precision::BestEffort,
			Fortitude::Force,
		)
		.map(|_| ())
	}

	fn debit_pot(amount: Balance) -> DispatchResult {
		Totals::<T>::try_mutate(|totals| {
			let kept = totals.kept_bonds.checked_sub(amount).ok_or(Error::<T>::Corrupt)?;
			totals.kept_bonds = kept;
			Ok(())
		})
	}

	/// Returns what is in the pot.
	#[cfg_attr(not(any(feature = "std", feature = "try-runtime")), allow(dead_code))]
	pub(crate) fn pot_balance() -> Balance {
		T::Currency::balance(&Self::pot_account())
	}

	/// Returns what is held from an account for one reason.
	#[cfg_attr(not(any(feature = "std", feature = "try-runtime")), allow(dead_code))]
	pub(crate) fn held(reason: HoldReason, who: &T::AccountId) -> Balance {
		T::Currency::balance_on_hold(&reason.into(), who)
	}
}
