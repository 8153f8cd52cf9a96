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
use pvs_auction::round::{Stage, Standing};
use pvs_primitives::{api::BatchId, BlockNumber};

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
	pub(crate) fn heaviest_step() -> Weight {
		let max_bids = T::MaxBids::get();
		T::WeightInfo::close_round(max_bids)
			.saturating_add(T::WeightInfo::fail_batch())
			.max(T::WeightInfo::drop_batch(max_bids))
			.max(T::WeightInfo::default_prover())
			.max(T::WeightInfo::pass_place())
			.max(T::WeightInfo::end_rescue())
			.max(T::WeightInfo::open_last_round())
			.max(T::WeightInfo::finalize_batch())
	}

	/// What the next transition of a batch weighs.
	pub(crate) fn step_weight(entry: &Entry<T>) -> Weight {
		let bids = match entry.batch.round.stage {
			Stage::Auction(auction) => auction.bids,
			// Each bond is released like that of a bid.
			_ => u32::try_from(entry.batch.round.bonded().count()).unwrap_or(u32::MAX),
		};
		if Self::standing(entry.id, &entry.rollup) == Standing::Dropped {
			return T::WeightInfo::drop_batch(bids);
		}
		match entry.batch.round.stage {
			// Without a bid that counts, closing the last round fails the batch.
			Stage::Auction(_) => {
				T::WeightInfo::close_round(bids).saturating_add(T::WeightInfo::fail_batch())
			},
			Stage::Assigned(_) => T::WeightInfo::default_prover(),
			Stage::Offered(_) => T::WeightInfo::pass_place(),
			Stage::Rescue(_) => T::WeightInfo::end_rescue().max(T::WeightInfo::fail_batch()),
			Stage::Waiting => T::WeightInfo::open_last_round(),
			Stage::Proven { .. } => T::WeightInfo::finalize_batch(),
		}
	}

	pub(crate) fn work_off_agenda(meter: &mut WeightMeter) {
		let now = Self::now();
		let mut cursor = AgendaCursor::<T>::get();
		if PendingInChain::<T>::get() == 0 {
			// Nothing can be due: a chain that has just taken the pallet in has no past to walk through.
			cursor = now.saturating_add(1);
			AgendaCursor::<T>::put(cursor);
		}
		'blocks: while cursor <= now {
			// A step can add to the block that is worked off: it is done when a new look finds nothing.
			let mut found = false;
			let mut items = Agenda::<T>::iter_key_prefix(cursor);
			loop {
				if meter.try_consume(T::WeightInfo::agenda_lookup()).is_err() {
					break 'blocks;
				}
				let Some(batch) = items.next() else { break };
				found = true;
				let weight = Self::entry(batch)
					.map_or(T::WeightInfo::agenda_lookup(), |entry| Self::step_weight(&entry));
				if meter.try_consume(weight).is_err() {
					break 'blocks;
				}
				Agenda::<T>::remove(cursor, batch);
				if let Err(error) = with_storage_layer(|| Self::perform_scheduled(batch)) {
					log::error!(
						target: "pvs::agenda",
						"{batch:?} failed and is tried again: {error:?}"
					);
					Self::retry_later(batch, now);
					Self::deposit_event(Event::AgendaItemFailed { batch, error });
				}
			}
			if !found {
				cursor = cursor.saturating_add(1);
				// What a later step adds to a past block goes to the first open one.
				AgendaCursor::<T>::put(cursor);
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

	/// Performs the transition of a batch whose entry was taken out of the agenda.
	fn perform_scheduled(batch: BatchId) -> DispatchResult {
		let Ok(mut entry) = Self::entry(batch) else {
			return Ok(());
		};
		entry.batch.due = None;
		let dropped = Self::standing(entry.id, &entry.rollup) == Standing::Dropped;
		if Self::is_due(&entry) || (dropped && !entry.batch.cleaned) {
			Self::perform(&mut entry)?;
		}
		Self::store(entry);
		Ok(())
	}

	/// Performs a transition that is due.
	fn perform(entry: &mut Entry<T>) -> DispatchResult {
		match (Self::standing(entry.id, &entry.rollup), &entry.batch.round.stage) {
			(Standing::Head, Stage::Proven { .. }) => Self::finalize(entry),
			(Standing::Dropped, _) => {
				Self::advance_due(entry)?;
				// A batch that keeps its row for a prover at work passes the clean-up on as well.
				Self::clean_up_successor(entry)
			},
			_ => Self::advance_due(entry),
		}
	}

	/// Before or after a call, in memory: the transition that is due, if one is. Returns its weight.
	pub(crate) fn catch_up(entry: &mut Entry<T>) -> Result<Option<Weight>, DispatchError> {
		if !Self::is_due(entry) {
			return Ok(None);
		}
		let weight = Self::step_weight(entry);
		Self::perform(entry)?;
		Ok(Some(weight))
	}

	/// Moves a batch's entry to block `at`, or to the first block that is not worked off.
	pub(crate) fn schedule(batch: BatchId, record: &mut BatchRecordOf<T>, at: BlockNumber) {
		Self::unschedule(batch, record);
		let at = at.max(AgendaCursor::<T>::get());
		Agenda::<T>::insert(at, batch, ());
		record.due = Some(at);
	}

	/// Takes a batch's entry out of the agenda.
	pub(crate) fn unschedule(batch: BatchId, record: &mut BatchRecordOf<T>) {
		if let Some(at) = record.due.take() {
			Agenda::<T>::remove(at, batch);
		}
	}
}
