// SPDX-License-Identifier: Apache-2.0
//! Places among the pending batches: who gets which, and what each costs in time.
//!
//! Each rollup has guaranteed places of its own, so that no crowd shuts it out. Further places come from
//! the chain's pool, whose price doubles with each eighth that is taken.

use crate::{pallet::*, types::*};
use frame_support::{ensure, pallet_prelude::*};
use pvs_auction::rent::{rate, rent_until};
use pvs_primitives::{api::BatchId, params::Snapshot, BlockNumber, RollupId};

impl<T: Config> Pallet<T> {
	/// Returns the place that the next batch of a rollup takes.
	///
	/// # Errors
	/// `ChainFull` if neither a guaranteed one nor one of the pool is free.
	pub(crate) fn next_place(
		id: RollupId,
		rollup: &RollupRecordOf<T>,
		snapshot: &Snapshot,
	) -> Result<PendingPlace, Error<T>> {
		let lowest = Self::place_rent();
		let (kind, rate) = if rollup.guaranteed < T::GuaranteedPlaces::get() {
			(PlaceKind::Guaranteed, lowest)
		} else {
			let (taken, pool) = (Totals::<T>::get().taken_places, T::PoolPlaces::get());
			ensure!(taken < pool, Error::<T>::ChainFull);
			(PlaceKind::Pool, rate(lowest, taken, pool))
		};
		let until = rent_until(Self::now(), Self::predecessor_until(id, rollup), snapshot);
		Ok(PendingPlace { kind, rate, until })
	}

	/// Returns the block up to which the rent of the newest pending batch that was not dropped is held.
	fn predecessor_until(id: RollupId, rollup: &RollupRecordOf<T>) -> Option<BlockNumber> {
		let index = rollup.next_index.checked_sub(1)?;
		if index < rollup.next_to_finalize {
			return None;
		}
		Batches::<T>::get(BatchId { rollup: id, index }).map(|batch| batch.place.until)
	}

	/// Counts a place that a batch takes.
	pub(crate) fn occupy_place(rollup: &mut RollupRecordOf<T>, kind: PlaceKind) {
		rollup.pending = rollup.pending.saturating_add(1);
		match kind {
			PlaceKind::Guaranteed => rollup.guaranteed = rollup.guaranteed.saturating_add(1),
			PlaceKind::Pool => Totals::<T>::mutate(|totals| {
				totals.taken_places = totals.taken_places.saturating_add(1);
			}),
		}
	}

	/// Counts a place that a batch leaves.
	fn vacate_place(rollup: &mut RollupRecordOf<T>, kind: PlaceKind) {
		rollup.pending = rollup.pending.saturating_sub(1);
		match kind {
			PlaceKind::Guaranteed => rollup.guaranteed = rollup.guaranteed.saturating_sub(1),
			PlaceKind::Pool => Totals::<T>::mutate(|totals| {
				totals.taken_places = totals.taken_places.saturating_sub(1);
			}),
		}
	}

	/// Gives up the place of a batch that ends, burns its rent and returns the rest of what was held for
	/// it. What the agenda was late is not charged.
	pub(crate) fn release_place(entry: &mut Entry<T>) -> DispatchResult {
		let end = entry.due_since.unwrap_or_else(Self::now);
		let (held, amount) = (entry.batch.rent(), entry.batch.rent_due(end));
		let sequencer = &entry.batch.sequencer;
		Self::burn_held(HoldReason::PlaceRent, sequencer, amount)?;
		Self::return_held(HoldReason::PlaceRent, sequencer, held.saturating_sub(amount))?;
		Self::vacate_place(&mut entry.rollup, entry.batch.place.kind);
		Self::deposit_event(Event::RentBurned { batch: entry.id, amount });
		Ok(())
	}
}
