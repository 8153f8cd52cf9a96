// SPDX-License-Identifier: Apache-2.0
//! Deadlines without transactions: each batch has at most one entry under the block at which its
//! next transition is due, and each block works off what is due as far as its weight allows.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use crate::{pallet::*, types::*, weights::WeightInfo};
use frame_support::{pallet_prelude::*, storage::with_storage_layer, weights::WeightMeter};
use pvs_primitives::{
	api::{BatchId, Phase},
	BlockNumber,
};

/// How long a failed item waits before it is tried again.
pub(crate) const RETRY_BLOCKS: BlockNumber = 100;

impl<T: Config> Pallet<T> {
	/// The start of a block.
	pub(crate) fn do_initialize() -> Weight {
		BlockDataBytes::<T>::kill();
		let mut meter = WeightMeter::with_limit(T::MaxAgendaWeight::get());
		Self::work_off_agenda(&mut meter);
		// The counter of data bytes and the cursor, which the meter does not see.
		meter.consumed().saturating_add(T::DbWeight::get().reads_writes(1, 2))
	}

	/// The most that one transition weighs.
	pub(crate) fn overdue_weight() -> Weight {
		T::WeightInfo::close_round(T::MaxBids::get()).saturating_add(T::WeightInfo::agenda_step())
	}

	/// The most that the next transition of this batch weighs.
	fn step_weight(batch: BatchId) -> Weight {
		match Batches::<T>::get(batch).map(|record| record.stage) {
			Some(Stage::Auction(auction)) => T::WeightInfo::close_round(auction.bids)
				.saturating_add(T::WeightInfo::agenda_step()),
			_ => T::WeightInfo::agenda_step(),
		}
	}

	pub(crate) fn work_off_agenda(meter: &mut WeightMeter) {
		let now = Self::now();
		let mut cursor = AgendaCursor::<T>::get();
		while cursor <= now {
			if meter.try_consume(T::WeightInfo::agenda_lookup()).is_err() {
				break;
			}
			let Some(batch) = Agenda::<T>::iter_key_prefix(cursor).next() else {
				cursor = cursor.saturating_add(1);
				// An item that a later step adds to a past block goes to the first open one.
				AgendaCursor::<T>::put(cursor);
				continue;
			};
			if meter.try_consume(Self::step_weight(batch)).is_err() {
				break;
			}
			Agenda::<T>::remove(cursor, batch);
			if let Err(error) = with_storage_layer(|| Self::perform_scheduled(batch)) {
				log::error!(target: "pvs::agenda", "{batch:?} failed and is tried again: {error:?}");
				Self::retry_later(batch, now);
				Self::deposit_event(Event::AgendaItemFailed { batch, error });
			}
		}
	}

	fn retry_later(batch: BatchId, now: BlockNumber) {
		if let Some(mut record) = Batches::<T>::get(batch) {
			record.due = None;
			Self::schedule(batch, &mut record, now.saturating_add(RETRY_BLOCKS));
			Batches::<T>::insert(batch, record);
		}
	}

	fn perform_scheduled(batch: BatchId) -> DispatchResult {
		Batches::<T>::mutate(batch, |record| {
			if let Some(record) = record {
				record.due = None;
			}
		});
		Self::perform_due(batch)
	}

	/// Before a call: the transition that the agenda had no weight left for.
	pub(crate) fn catch_up(batch: BatchId) -> Result<Weight, DispatchError> {
		let overdue = Batches::<T>::get(batch).is_some_and(|record| match &record.stage {
			Stage::Auction(auction) => {
				Self::timeline(&record.params, auction).phase(Self::now()).0 == Phase::Overdue
			},
			Stage::Assigned(assignment) => {
				Self::assigned_timeline(&record.params, assignment).phase(Self::now()).0
					== Phase::Overdue
			},
			Stage::Proven { .. } | Stage::Waiting => false,
		});
		if !overdue {
			return Ok(Weight::zero());
		}
		let weight = Self::step_weight(batch);
		Self::perform_due(batch)?;
		Ok(weight)
	}

	/// Moves a batch's entry to block `at`, or to the first block that is not worked off.
	pub(crate) fn schedule(
		batch: BatchId,
		record: &mut BatchRecord<T::AccountId>,
		at: BlockNumber,
	) {
		Self::unschedule(batch, record);
		let at = at.max(AgendaCursor::<T>::get());
		Agenda::<T>::insert(at, batch, ());
		record.due = Some(at);
	}

	/// Takes a batch's entry out of the agenda.
	pub(crate) fn unschedule(batch: BatchId, record: &mut BatchRecord<T::AccountId>) {
		if let Some(at) = record.due.take() {
			Agenda::<T>::remove(at, batch);
		}
	}
}
