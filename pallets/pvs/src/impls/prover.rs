// SPDX-License-Identifier: Apache-2.0
//! The registry of provers: the bodies of its calls.

use crate::{pallet::*, types::*};
use frame_support::{ensure, pallet_prelude::*};
use pvs_auction::share::{epoch, share};
use pvs_primitives::{api::Unbonding, Balance};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_prover(prover: T::AccountId, stake: Balance) -> DispatchResult {
		ensure!(!Provers::<T>::contains_key(&prover), Error::<T>::ProverExists);
		ensure!(stake >= T::MinStake::get(), Error::<T>::StakeTooLow);
		let deposit = Self::prover_deposit();
		Self::hold(HoldReason::ProverStake, &prover, stake)?;
		Self::hold(HoldReason::ProverDeposit, &prover, deposit)?;
		Provers::<T>::insert(&prover, ProverRecord { stake, deposit, ..Default::default() });
		Self::deposit_event(Event::ProverRegistered { prover, stake });
		Ok(())
	}

	pub(crate) fn do_deregister_prover(prover: T::AccountId) -> DispatchResult {
		let record = Self::prover(&prover)?;
		ensure!(record.reserved == 0, Error::<T>::ProverBusy);
		let stake = record.held();
		Self::release(HoldReason::ProverStake, &prover, stake)?;
		Self::release(HoldReason::ProverDeposit, &prover, record.deposit)?;
		Provers::<T>::remove(&prover);
		Self::deposit_event(Event::ProverDeregistered { prover, stake });
		Ok(())
	}

	pub(crate) fn do_bond_more(prover: T::AccountId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::AmountZero);
		Self::prover(&prover)?;
		Self::hold(HoldReason::ProverStake, &prover, amount)?;
		Self::add_stake(&prover, amount).map_err(Into::into)
	}

	/// Adds what was put on hold to a prover's stake.
	pub(crate) fn add_stake(prover: &T::AccountId, amount: Balance) -> Result<(), Error<T>> {
		let mut record = Self::prover(prover)?;
		let was_suspended = Self::is_suspended(&record);
		record.stake = record.stake.checked_add(amount).ok_or(Error::<T>::Corrupt)?;
		let (stake, is_suspended) = (record.stake, Self::is_suspended(&record));
		Provers::<T>::insert(prover, record);
		Self::deposit_event(Event::StakeIncreased { prover: prover.clone(), amount, stake });
		if was_suspended && !is_suspended {
			Self::deposit_event(Event::ProverReinstated { prover: prover.clone(), stake });
		}
		Ok(())
	}

	pub(crate) fn do_unbond(prover: T::AccountId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::AmountZero);
		let mut record = Self::prover(&prover)?;
		let was_suspended = Self::is_suspended(&record);
		let left = record.stake.checked_sub(amount).ok_or(Error::<T>::InsufficientStake)?;
		ensure!(left >= record.reserved, Error::<T>::InsufficientStake);
		let all = record.held().saturating_sub(left);
		let at = Self::now().saturating_add(T::UnbondingBlocks::get());
		record.stake = left;
		record.unbonding = Some(Unbonding { amount: all, at });
		let is_suspended = Self::is_suspended(&record);
		Provers::<T>::insert(&prover, record);
		Self::deposit_event(Event::StakeUnbonding { prover: prover.clone(), amount: all, at });
		if is_suspended && !was_suspended {
			Self::deposit_event(Event::ProverSuspended { prover, stake: left });
		}
		Ok(())
	}

	pub(crate) fn do_withdraw_unbonded(prover: T::AccountId) -> DispatchResult {
		let mut record = Self::prover(&prover)?;
		let unbonding = record.unbonding.take().ok_or(Error::<T>::NothingUnbonding)?;
		ensure!(Self::now() >= unbonding.at, Error::<T>::StillUnbonding);
		Self::release(HoldReason::ProverStake, &prover, unbonding.amount)?;
		Provers::<T>::insert(&prover, record);
		Self::deposit_event(Event::StakeWithdrawn { prover, amount: unbonding.amount });
		Ok(())
	}

	/// A prover that may take on work: registered, with at least the minimal stake, and neither the
	/// batch's nor its rollup's sequencer.
	pub(crate) fn ensure_eligible(
		entry: &Entry<T>,
		prover: &T::AccountId,
	) -> Result<ProverRecord, Error<T>> {
		ensure!(
			*prover != entry.batch.sequencer && *prover != entry.rollup.sequencer,
			Error::<T>::SequencerMayNotBid
		);
		let record = Self::prover(prover)?;
		ensure!(!Self::is_suspended(&record), Error::<T>::StakeTooLow);
		Ok(record)
	}

	pub(crate) fn is_suspended(record: &ProverRecord) -> bool {
		record.stake < T::MinStake::get()
	}

	/// A prover's share of the proofs of late, in 10^-9.
	pub(crate) fn recent_share(record: &ProverRecord) -> u32 {
		let epoch = epoch(Self::now(), T::ShareEpoch::get());
		share(record.recent.at(epoch), Totals::<T>::get().recent_proofs.at(epoch))
	}

	/// Counts a proof among the recent ones, in the prover's record and in the chain's, and what escrow
	/// released for it, in planck.
	pub(crate) fn count_proof(record: &mut ProverRecord, paid: Balance) {
		let epoch = epoch(Self::now(), T::ShareEpoch::get());
		record.recent = record.recent.add_one(epoch);
		record.recent_paid = record.recent_paid.add(epoch, paid);
		Totals::<T>::mutate(|totals| totals.recent_proofs = totals.recent_proofs.add_one(epoch));
	}
}
