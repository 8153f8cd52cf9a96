// SPDX-License-Identifier: Apache-2.0
//! Deadlines without transactions: each batch has at most one entry under the block at which its
//! next transition is due, and each block works off what is due as far as its weight allows, at its
//! start within a limit and at its end with what is left.
//!
//! Silent bids of closed rounds expire behind all of that ([`settle`](super::settle)).
//!
//! Auctions that close go first: a winner must not wait for other work of the chain. They have a lane
//! of their own.
//!
//! Rollups take turns in a lane. A pass goes over what was due when it began, oldest first, and takes one item of
//! each rollup and block; the next pass takes the next ones. So an item waits for at most one item of
//! each other rollup and block that is overdue before its turn comes, however many they have.

use crate::{pallet::*, types::*, weights::WeightInfo};
use alloc::collections::VecDeque;
use frame_support::{ensure, pallet_prelude::*, storage::with_storage_layer, weights::WeightMeter};
use pvs_auction::{
	round::{Stage, Standing},
	step::may_fail,
};
use pvs_primitives::{api::BatchId, BatchIndex, BlockNumber, RollupId};

/// Time that a failed item waits before it is tried again, in milliseconds.
const RETRY_MILLIS: u64 = 100_000;

/// A batch, and when its next transition is due.
type Item = (Due, BatchId);

/// Order of turns while a block works off the agenda. The items of one rollup and block are a group.
#[derive(Default)]
struct Turns {
	/// The pass, as storage keeps it from block to block.
	pass: AgendaPass,
	/// True if the pass began in this call, so that `groups` has all of its groups.
	whole: bool,
	/// True if a whole pass is over and the next ones go through `groups`: seeking a group again from its
	/// first key would look over every entry that this block took out of it.
	again: bool,
	/// The last item of each group that this block took one of, in the order of the next turns.
	groups: VecDeque<Item>,
}

impl Turns {
	/// A lane whose pass stands where an earlier block left it.
	fn resumed(pass: AgendaPass) -> Self {
		Self { pass, ..Self::default() }
	}

	/// A pass that begins in block `until`; none if nothing is due.
	fn new_pass(until: Option<BlockNumber>) -> Self {
		let pass = until.map_or(AgendaPass::default(), |until| AgendaPass { last: None, until });
		Self { pass, whole: true, again: false, groups: VecDeque::new() }
	}

	/// Counts an item's turn.
	fn take(&mut self, item: Item) {
		self.pass.last = Some((item.0.at, item.1.rollup));
		self.groups.push_back(item);
	}
}

impl<T: Config> Pallet<T> {
	/// The start of a block: works off what is due, within `MaxAgendaWeight`.
	pub(crate) fn do_initialize() -> Weight {
		if !Self::is_storage_current() {
			return T::DbWeight::get().reads(1);
		}
		BlockDataBytes::<T>::kill();
		CommitsInBlock::<T>::kill();
		// Silent bids expire after everything else, at least one in each block.
		let most = T::MaxAgendaWeight::get().saturating_sub(Self::hook_weight());
		let expires = Self::is_expiry_due();
		let kept = if expires { Self::least_expiry() } else { Weight::zero() };
		let mut meter = WeightMeter::with_limit(most.saturating_sub(kept));
		Self::service_agenda(&mut meter);
		let mut left = WeightMeter::with_limit(most.saturating_sub(meter.consumed()));
		if expires {
			Self::service_expiries(&mut left);
		}
		meter.consumed().saturating_add(left.consumed()).saturating_add(Self::hook_weight())
	}

	/// Returns what the start of a block weighs beside what its meters see: the version, the counters of
	/// commits and of their bytes, the passes, and the first expiry.
	pub(crate) fn hook_weight() -> Weight {
		T::DbWeight::get().reads_writes(3, 3)
	}

	/// The end of a block: goes on with what is left of its weight. Returns what that took.
	pub(crate) fn do_idle(left: Weight) -> Weight {
		let pass = T::DbWeight::get().reads_writes(3, 1);
		let lookup = WeightInfoOf::<T>::agenda_lookup();
		let Some(limit) = left.checked_sub(&pass).filter(|limit| lookup.all_lte(*limit)) else {
			return Weight::zero();
		};
		if !Self::is_storage_current() {
			return T::DbWeight::get().reads(1);
		}
		let mut meter = WeightMeter::with_limit(limit);
		Self::service_agenda(&mut meter);
		if Self::is_expiry_due() {
			Self::service_expiries(&mut meter);
		}
		meter.consumed().saturating_add(pass)
	}

	/// The most that one transition weighs.
	pub(crate) fn heaviest_step() -> Weight {
		let max_bids = T::MaxBids::get();
		WeightInfoOf::<T>::close_round(max_bids)
			.saturating_add(WeightInfoOf::<T>::fail_batch())
			.max(WeightInfoOf::<T>::drop_batch(max_bids))
			.max(WeightInfoOf::<T>::default_prover())
			.max(WeightInfoOf::<T>::pass_place())
			.max(WeightInfoOf::<T>::end_rescue())
			.max(WeightInfoOf::<T>::open_last_round())
			.max(WeightInfoOf::<T>::finalize_batch())
	}

	/// Returns what the transition of a batch beside a call's own work may weigh.
	pub(crate) fn step_budget() -> WeightMeter {
		WeightMeter::with_limit(Self::heaviest_step())
	}

	/// The most that the next transition of a batch weighs. Which bids count is not known yet.
	pub(crate) fn step_weight(entry: &Entry<T>) -> Weight {
		let fails = may_fail(&entry.batch.round, &Self::context(entry));
		Self::step_weight_if(entry, fails)
	}

	/// Returns what the next transition of a batch weighs if it fails the batch, or if it does not.
	fn step_weight_if(entry: &Entry<T>, fails: bool) -> Weight {
		let bids = match entry.batch.round.stage {
			Stage::Auction(auction) => auction.bids,
			// Each bond is released like that of a bid.
			_ => Self::count(entry.batch.round.bonded().count()),
		};
		if Self::standing(entry.id, &entry.rollup) == Standing::Dropped {
			return WeightInfoOf::<T>::drop_batch(bids);
		}
		match entry.batch.round.stage {
			Stage::Auction(_) if fails => {
				WeightInfoOf::<T>::close_round(bids).saturating_add(WeightInfoOf::<T>::fail_batch())
			},
			Stage::Auction(_) => WeightInfoOf::<T>::close_round(bids),
			Stage::Assigned(_) => WeightInfoOf::<T>::default_prover(),
			Stage::Offered(_) => WeightInfoOf::<T>::pass_place(),
			Stage::Rescue(_) if fails => WeightInfoOf::<T>::fail_batch(),
			Stage::Rescue(_) => WeightInfoOf::<T>::end_rescue(),
			Stage::Waiting => WeightInfoOf::<T>::open_last_round(),
			Stage::Proven { .. } => WeightInfoOf::<T>::finalize_batch(),
		}
	}

	pub(crate) fn service_agenda(meter: &mut WeightMeter) {
		let now = Self::now();
		let before = CurrentPasses::<T>::get();
		let mut lanes = before.map(Turns::resumed);
		while meter.try_consume(WeightInfoOf::<T>::agenda_lookup()).is_ok() {
			let next = lanes.iter_mut().zip(Lane::ALL).find_map(|(turns, lane)| {
				Self::next_due(turns, lane, now).map(|item| (turns, item))
			});
			let Some((turns, (due, batch))) = next else { break };
			// Looking up an entry whose batch is gone includes taking it out.
			let most = Self::entry(batch).map_or(Weight::zero(), |entry| Self::step_weight(&entry));
			if !meter.can_consume(most) {
				break;
			}
			Agenda::<T>::remove(agenda_key(due, batch));
			turns.take((due, batch));
			match with_storage_layer(|| Self::perform_scheduled(batch)) {
				Ok(weight) => meter.consume(weight),
				Err(error) => {
					meter.consume(most);
					log::error!(
						target: "pvs::agenda",
						"{batch:?} failed and is tried again: {error:?}"
					);
					Self::retry_later(batch, now);
					Self::deposit_event(Event::AgendaItemFailed { batch, error });
				},
			}
		}
		let after = lanes.map(|turns| turns.pass);
		if after != before {
			CurrentPasses::<T>::put(after);
		}
	}

	/// Returns the item of a lane whose turn it is; `None` if nothing is due.
	fn next_due(turns: &mut Turns, lane: Lane, now: BlockNumber) -> Option<Item> {
		if !turns.again {
			let group = turns
				.pass
				.last
				.map(|(at, rollup)| (Due { lane, at }, BatchId { rollup, index: BatchIndex::MAX }));
			let due = Self::item_behind(lane, group).filter(|(due, _)| due.at <= turns.pass.until);
			if due.is_some() {
				return due;
			}
			turns.again = turns.whole;
		}
		// Each look but the last drops a group of which this block took an item: one for each step at the
		// most, and steps were measured with a look-up of their own.
		while turns.again {
			let Some((at, batch)) = turns.groups.pop_front() else { break };
			let in_group = |(next_at, next): &Item| *next_at == at && next.rollup == batch.rollup;
			let due = Self::item_behind(lane, Some((at, batch))).filter(in_group);
			if due.is_some() {
				return due;
			}
		}
		let first = Self::item_behind(lane, None).filter(|(due, _)| due.at <= now);
		*turns = Turns::new_pass(first.map(|_| now));
		first
	}

	/// Returns the first item of a lane behind this one.
	fn item_behind(lane: Lane, item: Option<Item>) -> Option<Item> {
		let last_of_closes = (
			Due { lane: Lane::Closes, at: BlockNumber::MAX },
			BatchId { rollup: RollupId::MAX, index: BatchIndex::MAX },
		);
		let mut keys = match (item, lane) {
			(Some((due, batch)), _) => Agenda::<T>::iter_keys_from_key(agenda_key(due, batch)),
			(None, Lane::Closes) => Agenda::<T>::iter_keys(),
			(None, Lane::Others) => {
				Agenda::<T>::iter_keys_from_key(agenda_key(last_of_closes.0, last_of_closes.1))
			},
		};
		keys.next().map(agenda_item).filter(|(due, _)| due.lane == lane)
	}

	/// Returns the number of blocks that a failed item waits before it is tried again: 100 seconds of
	/// slots, rounded up, and at least 1.
	pub(crate) fn retry_blocks() -> BlockNumber {
		let slot_millis = Self::seal_timing().slot_millis.max(1);
		BlockNumber::try_from(RETRY_MILLIS.div_ceil(slot_millis)).unwrap_or(BlockNumber::MAX)
	}

	fn retry_later(batch: BatchId, now: BlockNumber) {
		let due = Due { lane: Lane::Others, at: now.saturating_add(Self::retry_blocks()) };
		match Self::batch(batch) {
			Ok(mut record) => {
				record.due = None;
				Self::schedule(batch, &mut record, due);
				Batches::<T>::insert(batch, record);
			},
			Err(Error::Corrupt) => Agenda::<T>::insert(agenda_key(due, batch), ()),
			Err(_) => (),
		}
	}

	/// Performs the transition of a batch whose entry was taken out of the agenda. Returns its weight.
	fn perform_scheduled(batch: BatchId) -> Result<Weight, DispatchError> {
		let mut entry = match Self::entry(batch) {
			Ok(entry) => entry,
			Err(Error::BatchNotFound) => return Ok(Weight::zero()),
			Err(error) => return Err(error.into()),
		};
		let due = entry.batch.due.take();
		let dropped = Self::standing(entry.id, &entry.rollup) == Standing::Dropped;
		let weight = if Self::is_due(&entry) || (dropped && !entry.batch.cleaned) {
			Self::perform(&mut entry, due)?
		} else {
			Self::step_weight(&entry)
		};
		Self::store(entry);
		Ok(weight)
	}

	/// Performs a transition that is due since the block of its entry in the agenda, or since now.
	/// Returns its weight.
	fn perform(entry: &mut Entry<T>, due: Option<Due>) -> Result<Weight, DispatchError> {
		let now = Self::now();
		entry.due_since = Some(due.map_or(now, |due| due.at.min(now)));
		let [goes_on, fails] = [false, true].map(|fails| Self::step_weight_if(entry, fails));
		match (Self::standing(entry.id, &entry.rollup), &entry.batch.round.stage) {
			(Standing::Head, Stage::Proven { .. }) => Self::finalize(entry)?,
			(Standing::Dropped, _) => {
				Self::advance_due(entry)?;
				// A batch that keeps its row for a prover at work passes the clean-up on as well.
				Self::clean_up_successor(entry)?;
			},
			_ => Self::advance_due(entry)?,
		}
		entry.due_since = None;
		Ok(if entry.ended { fails } else { goes_on })
	}

	/// Before or after a call, in memory: performs the transition that is due, if one is and the budget
	/// allows it, and charges it to the budget, also if it fails. Returns whether one was due.
	pub(crate) fn catch_up(
		entry: &mut Entry<T>,
		budget: &mut WeightMeter,
	) -> Result<bool, DispatchError> {
		if !Self::is_due(entry) {
			return Ok(false);
		}
		let most = Self::step_weight(entry);
		ensure!(budget.can_consume(most), Error::<T>::TooMuchOverdue);
		let due = entry.batch.due;
		let performed = Self::perform(entry, due);
		budget.consume(performed.unwrap_or(most));
		performed.map(|_| true)
	}

	/// As `catch_up`; an error if the batch ends with the transition. What it did is undone then, and the
	/// agenda does it.
	pub(crate) fn catch_up_or_end(
		entry: &mut Entry<T>,
		budget: &mut WeightMeter,
	) -> Result<bool, DispatchError> {
		let dropped = Self::standing(entry.id, &entry.rollup) == Standing::Dropped;
		if matches!(entry.batch.round.stage, Stage::Proven { .. }) && !dropped {
			return Ok(false);
		}
		let moved = Self::catch_up(entry, budget)?;
		match (entry.ended, dropped) {
			(false, _) => Ok(moved),
			(true, true) => Err(Error::<T>::BatchWasDropped.into()),
			(true, false) => Err(Error::<T>::TooLate.into()),
		}
	}

	/// Moves a batch's entry to where it is due, or to this block if that has passed.
	pub(crate) fn schedule(batch: BatchId, record: &mut BatchRecordOf<T>, due: Due) {
		Self::unschedule(batch, record);
		let due = Due { at: due.at.max(Self::now()), ..due };
		Agenda::<T>::insert(agenda_key(due, batch), ());
		record.due = Some(due);
	}

	/// Takes a batch's entry out of the agenda.
	pub(crate) fn unschedule(batch: BatchId, record: &mut BatchRecordOf<T>) {
		if let Some(due) = record.due.take() {
			Agenda::<T>::remove(agenda_key(due, batch));
		}
	}
}
