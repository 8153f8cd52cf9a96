// SPDX-License-Identifier: Apache-2.0
//! Charges for steps of the agenda, the number that fits a block, and the order of their turns.
//!
//! A round without bids that opens in block `c` closes in `c + 4`.

use crate::{
	mock::*, types::AgendaPass, Batches, CurrentPasses, Error, Event, Provers, WeightInfo,
};
use frame_support::{assert_ok, weights::Weight};
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::RollupParams,
};
use std::collections::{BTreeMap, BTreeSet};

type Weights = crate::weights::host::SubstrateWeight<Test>;

fn lookup() -> Weight {
	Weights::agenda_lookup()
}

/// Looking up and closing one empty round behind which others are left.
fn one_close() -> Weight {
	lookup().saturating_add(Weights::close_round(0))
}

/// A chain of as many rollups with short batches, and room for all that a test commits.
fn rollups(count: u32, test: impl FnOnce()) {
	chain(|| {
		MaxPendingBatches::set(64);
		PoolPlaces::set(512);
		register_rollups(count, RollupParams { data_len: 1, ..params() });
		test();
	});
}

/// Returns how many rounds this block has closed so far.
fn closed() -> u64 {
	let closes = events().into_iter().filter(|event| matches!(event, Event::RoundEmpty { .. }));
	u64::try_from(closes.count()).expect("few")
}

/// Returns what the start of the next block takes of the limit.
fn weight_of_next_block() -> Weight {
	System::reset_events();
	next_block()
}

/// The next block does one step and finds nothing more, and is charged exactly this step.
fn assert_step(step: Weight) {
	assert_eq!(weight_of_next_block(), lookup().saturating_mul(2).saturating_add(step));
}

/// M9: closing empty rounds was charged as if each had failed its batch.
#[test]
fn empty_closes_should_fill_the_agenda_with_what_they_weigh() {
	rollups(70, || {
		for rollup in 0..70 {
			commit_to(rollup);
		}
		run_to(4);
		let limit = one_close().saturating_mul(40).saturating_add(lookup());
		MaxAgendaWeight::set(limit);
		let used = weight_of_next_block();
		let as_failed = one_close().saturating_add(Weights::fail_batch());
		let before = limit.ref_time() / as_failed.ref_time();
		let now = limit.ref_time() / one_close().ref_time();
		assert_eq!((closed(), now), (40, 40));
		assert!(before < 25, "{before} fitted when each was charged the failure");
		// The last look finds an item for which there is no room.
		assert_eq!(used, one_close().saturating_mul(40).saturating_add(lookup()));
		weight_of_next_block();
		assert_eq!(closed(), 30);
	});
}

#[test]
fn close_should_be_charged_the_failure_when_it_fails_its_batch() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(4);
		let closes = Weights::close_round(0).saturating_mul(2);
		let used = weight_of_next_block();
		assert_eq!(used, lookup().saturating_mul(3).saturating_add(closes));
		run_to(8);
		// The second rounds are the last: one batch fails, which drops the other, with a look-up each.
		let failure = Weights::close_round(0).saturating_add(Weights::fail_batch());
		let used = weight_of_next_block();
		assert!(!pending(ids[0]) && !pending(ids[1]));
		let dropped = Weights::drop_batch(0);
		assert_eq!(
			used,
			lookup().saturating_mul(3).saturating_add(failure).saturating_add(dropped)
		);
	});
}

#[test]
fn close_should_not_be_charged_the_failure_when_the_batch_may_only_wait() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 20);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 20));
		run_to(8);
		assert_step(Weights::close_round(0));
		assert_eq!(status(ids[1]), BatchStatus::Waiting);
	});
}

/// In the last round: that a bid counts is known only once the bids are read.
#[test]
fn close_should_be_charged_by_what_came_of_it_when_it_could_have_failed_its_batch() {
	let valid = payload(100, 5).encode();
	let malformed = payload(100, 21).encode();
	for (counts, payload) in [(true, valid), (false, malformed)] {
		market(|| {
			let id = commit(500);
			run_to(6);
			assert_ok!(place(id, &ANN, &payload));
			bid(id, &BEN, 200, 5);
			run_to(10);
			assert_ok!(reveal_bytes(id, &ANN, &payload));
			run_to(13);
			let failure = Weights::close_round(2).saturating_add(Weights::fail_batch());
			let entry = Pvs::entry(id).expect("pending");
			assert_eq!(Pvs::step_weight(&entry), failure, "what must fit before it is done");
			assert_step(if counts { Weights::close_round(2) } else { failure });
			assert_eq!(pending(id), counts);
		});
	}
}

#[test]
fn end_of_a_rescue_should_be_charged_the_failure_when_it_is_the_last() {
	for (max_failed_rounds, step) in [(2, Weights::end_rescue()), (1, Weights::fail_batch())] {
		market_with(RollupParams { max_failed_rounds, ..params() }, || {
			let id = commit(500);
			auction(id, &[(ANN, 100, 5)]);
			// The rescue is `[19, 24)`.
			assert_eq!(run_to_default(id), 19);
			run_to(23);
			assert_step(step);
			assert_eq!(pending(id), max_failed_rounds == 2);
		});
	}
}

/// Weight that a step does not need of its bound is there for the next one.
#[test]
fn bound_of_a_step_should_be_given_back_when_it_does_less() {
	rollups(2, || {
		for prover in [ANN, BEN] {
			assert_ok!(Pvs::register_prover(signed(&prover), 2 * MIN_STAKE));
		}
		let ids = [commit_to(0), commit_to(1)];
		run_to(6);
		for id in ids {
			bid(id, &ANN, 10, 5);
			bid(id, &BEN, 10, 5);
		}
		run_to(10);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 10, 5));
		}
		run_to(13);
		let close = lookup().saturating_add(Weights::close_round(2));
		let limit = close.saturating_mul(2).saturating_add(Weights::fail_batch());
		MaxAgendaWeight::set(limit);
		run_to(14);
		assert_eq!(ids.map(winner), [Some(ANN), Some(ANN)], "both could have failed, none did");
	});
}

#[test]
fn end_of_a_block_should_go_on_where_its_start_stopped() {
	rollups(6, || {
		let ids: Vec<_> = (0..6).map(commit_to).collect();
		run_to(4);
		MaxAgendaWeight::set(one_close().saturating_mul(2));
		run_to(5);
		assert_eq!(closed(), 2);
		System::reset_events();
		assert_eq!(idle(one_close().saturating_mul(3)), one_close().saturating_mul(3));
		assert_eq!(closed(), 3);
		assert_ok!(Pvs::do_try_state());
		assert_eq!(idle(AGENDA_WEIGHT), one_close().saturating_add(lookup()));
		assert_eq!(closed(), 4, "each was closed once");
		for id in ids {
			let round = Batches::<Test>::get(id).expect("pending").round;
			assert_eq!((round.number, round.opened_at), (1, 5), "as at the start of the block");
		}
		assert_eq!(idle(AGENDA_WEIGHT), lookup(), "nothing is due");
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(6);
		assert_eq!(closed(), 0);
	});
}

#[test]
fn end_of_a_block_should_do_nothing_when_nothing_fits() {
	rollups(1, || {
		let id = commit_to(0);
		MaxAgendaWeight::set(Weight::zero());
		run_to(5);
		let before = CurrentPasses::<Test>::get();
		let one_less = |of: Weight| of.saturating_sub(Weight::from_parts(1, 0));
		for left in [Weight::zero(), one_less(lookup()), one_less(one_close())] {
			let used = idle(left);
			let looked = lookup().all_lte(left);
			assert_eq!(used, if looked { lookup() } else { Weight::zero() });
			assert_eq!(round_number(id), 0);
			assert!(looked || CurrentPasses::<Test>::get() == before);
			assert_ok!(Pvs::do_try_state());
		}
		assert_eq!(idle(one_close()), one_close());
		assert_eq!(round_number(id), 1);
	});
}

/// A call between start and end of the block does its batch's transition; the end of the block finds
/// the batch as the call left it.
#[test]
fn end_of_a_block_should_find_what_calls_left() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 100, 5);
			bid(id, &BEN, 200, 5);
		}
		run_to(6);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 100, 5));
			assert_ok!(reveal(id, &BEN, 200, 5));
		}
		run_to(18);
		MaxAgendaWeight::set(Weight::zero());
		run_to(19);
		assert_ok!(accept(ids[0], &BEN));
		let one = lookup().saturating_mul(2).saturating_add(Weights::default_prover());
		assert_eq!(idle(AGENDA_WEIGHT), one, "one of the two defaults was left");
		assert_eq!(prover(&ANN).stats.defaults, 2);
		assert_eq!(winner(ids[0]), Some(BEN));
		// The place is offered in block 19, as if the start of the block had done it.
		assert_eq!(status(ids[1]), BatchStatus::Offered);
		run_to(22);
		assert_ok!(accept(ids[1], &BEN));
	});
}

/// M9: 60 due items of one rollup delay those of others by one item each time, not by 60.
#[test]
fn flood_of_one_rollup_should_not_delay_another() {
	rollups(3, || {
		for _ in 0..60 {
			commit_to(0);
		}
		let same_block = commit_to(1);
		run_to(2);
		let next_block = commit_to(2);
		run_to(4);
		MaxAgendaWeight::set(one_close().saturating_mul(2));
		run_to(5);
		assert_eq!(round_number(same_block), 1, "one of the flood, one of the other rollup");
		assert_eq!(round_number(next_block), 0, "it is not due");
		run_to(6);
		assert_eq!(round_number(next_block), 1);
		let flooded =
			Batches::<Test>::iter().filter(|(id, batch)| id.rollup == 0 && batch.round.number == 0);
		assert_eq!(flooded.count(), 58, "the flood itself gets what is left");
	});
}

/// Each item's turn comes, whatever falls due later: a pass ends with what was due when it began.
#[test]
fn later_deadlines_should_not_keep_an_item_from_its_turn() {
	rollups(7, || {
		let ids = [commit_to(0), commit_to(0)];
		for rollup in 1..=3 {
			run_to(1 + rollup);
			commit_to(rollup);
		}
		// From the next block on, one item of another rollup falls due in each, and one is worked off.
		MaxAgendaWeight::set(one_close());
		for rollup in 4..=6 {
			run_to(1 + rollup);
			commit_to(rollup);
		}
		let opened = ids.map(|id| Batches::<Test>::get(id).expect("pending").round.opened_at);
		assert_eq!(opened, [5, 6]);
	});
}

/// The bound that the agenda promises: between two turns of a rollup's items of one block, each other
/// rollup and block has one.
#[test]
fn items_should_wait_for_one_item_of_each_other_rollup_and_block() {
	const ROLLUPS: u32 = 5;
	rollups(ROLLUPS, || {
		for block in 1..=3 {
			run_to(block);
			for rollup in 0..ROLLUPS {
				for _ in 0..=rollup {
					commit_to(rollup);
				}
			}
		}
		MaxAgendaWeight::set(Weight::zero());
		run_to(7);
		let groups = u64::from(ROLLUPS) * 3;
		let mut served = Vec::<(u32, u32)>::new();
		let all = Batches::<Test>::iter_keys().count();
		while served.len() < all {
			System::reset_events();
			let opened: BTreeMap<BatchId, u32> =
				Batches::<Test>::iter().map(|(id, batch)| (id, batch.round.opened_at)).collect();
			assert_eq!(idle(one_close()), one_close(), "one item at a time");
			let closed = events().into_iter().find_map(|event| match event {
				Event::RoundEmpty { batch, .. } => Some(batch),
				_ => None,
			});
			let batch = closed.expect("one is closed");
			served.push((opened[&batch], batch.rollup));
		}
		for (turn, group) in served.iter().enumerate() {
			let next = served.iter().skip(turn + 1).position(|other| other == group);
			let between = next.map_or(0, |next| u64::try_from(next).expect("few"));
			assert!(between < groups, "{group:?} waited for {between} others");
			let others = &served[turn + 1..turn + 1 + usize::try_from(between).expect("few")];
			let distinct: BTreeSet<_> = others.iter().collect();
			assert_eq!(distinct.len(), others.len(), "nobody has two turns before {group:?}");
		}
		assert!(served[..15].is_sorted(), "oldest first: {served:?}");
	});
}

/// A winner must not wait for other work: an auction that closes goes before everything that is older.
#[test]
fn close_should_go_before_older_items_of_other_kinds() {
	rollups(2, || {
		assert_ok!(Pvs::register_prover(signed(&ANN), 2 * MIN_STAKE));
		assert_ok!(Pvs::register_prover(signed(&BEN), 2 * MIN_STAKE));
		let defaults: Vec<_> = (0..5).map(|_| commit_to(0)).collect();
		run_to(2);
		for id in &defaults {
			bid(*id, &ANN, 10, 5);
		}
		run_to(6);
		for id in &defaults {
			assert_ok!(reveal(*id, &ANN, 10, 5));
		}
		// In default since 19. The auction is committed in 12 and closes in 21, since Ann does not
		// reveal.
		run_to(12);
		let auction = commit_to(1);
		run_to(13);
		bid(auction, &ANN, 10, 5);
		bid(auction, &BEN, 10, 5);
		run_to(17);
		assert_ok!(reveal(auction, &BEN, 10, 5));
		run_to(18);
		MaxAgendaWeight::set(Weight::zero());
		run_to(21);
		let defaulted = || prover(&ANN).stats.defaults;
		let one = lookup().saturating_add(Weights::close_round(2));
		assert_eq!(idle(one), one);
		assert_eq!((winner(auction), defaulted()), (Some(BEN), 0));
		// The rest follows, oldest first as before.
		let one = lookup().saturating_add(Weights::default_prover());
		for done in 1..=5 {
			assert_eq!(idle(one), one);
			assert_eq!(defaulted(), done);
		}
	});
}

/// One look at the agenda seeks in both lanes: what falls due in the first is seen before the
/// second goes on.
#[test]
fn close_should_go_next_when_it_falls_due_while_others_are_worked_off() {
	rollups(2, || {
		assert_ok!(Pvs::register_prover(signed(&ANN), 2 * MIN_STAKE));
		let defaults: Vec<_> = (0..4).map(|_| commit_to(0)).collect();
		run_to(2);
		for id in &defaults {
			bid(*id, &ANN, 10, 5);
		}
		run_to(6);
		for id in &defaults {
			assert_ok!(reveal(*id, &ANN, 10, 5));
		}
		// A round without bids of block 16 closes in 20; the defaults are due in 19.
		run_to(16);
		let empty = commit_to(1);
		run_to(18);
		// Room for one of either kind.
		let one = Weights::default_prover().max(Weights::close_round(0));
		MaxAgendaWeight::set(lookup().saturating_add(one));
		run_to(19);
		assert_eq!((prover(&ANN).stats.defaults, round_number(empty)), (1, 0));
		assert_eq!(CurrentPasses::<Test>::get()[1], AgendaPass { last: Some((19, 0)), until: 19 });
		run_to(20);
		assert_eq!((prover(&ANN).stats.defaults, round_number(empty)), (1, 1));
		// Each lane has a pass of its own, which the other one does not disturb.
		assert_eq!(
			CurrentPasses::<Test>::get(),
			[
				AgendaPass { last: Some((20, 1)), until: 20 },
				AgendaPass { last: Some((19, 0)), until: 19 }
			]
		);
		run_to(21);
		assert_eq!(prover(&ANN).stats.defaults, 2);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(22);
		assert_eq!(prover(&ANN).stats.defaults, 4);
	});
}

/// M9 in the other lane: 20 defaults of one rollup delay one of another by one item, not by 20.
#[test]
fn flood_of_one_rollup_should_not_delay_another_when_provers_default() {
	rollups(2, || {
		assert_ok!(Pvs::register_prover(signed(&ANN), 2 * MIN_STAKE));
		let flood: Vec<_> = (0..20).map(|_| commit_to(0)).collect();
		let other = commit_to(1);
		run_to(2);
		for id in flood.iter().chain([&other]) {
			bid(*id, &ANN, 10, 5);
		}
		run_to(6);
		for id in flood.iter().chain([&other]) {
			assert_ok!(reveal(*id, &ANN, 10, 5));
		}
		run_to(18);
		let one = lookup().saturating_add(Weights::default_prover());
		MaxAgendaWeight::set(one.saturating_mul(2));
		run_to(19);
		let at_work = |id: &&BatchId| status(**id) == BatchStatus::Assigned;
		assert_eq!(status(other), BatchStatus::Rescue, "one of the flood, one of the other rollup");
		assert_eq!(flood.iter().filter(at_work).count(), 19);
		run_to(20);
		assert_eq!(flood.iter().filter(at_work).count(), 17);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
	});
}

#[test]
fn pass_should_be_kept_over_blocks_and_forgotten_when_nothing_is_due() {
	rollups(2, || {
		commit_to(0);
		commit_to(1);
		run_to(4);
		MaxAgendaWeight::set(one_close());
		run_to(5);
		assert_eq!(CurrentPasses::<Test>::get()[0], AgendaPass { last: Some((5, 0)), until: 5 });
		run_to(6);
		assert_eq!(CurrentPasses::<Test>::get()[0], AgendaPass { last: Some((5, 1)), until: 5 });
		run_to(7);
		assert_eq!(CurrentPasses::<Test>::get(), <[AgendaPass; 2]>::default());
	});
}

/// An item that fails at the end of a block takes its turn there, is charged in full, and is tried
/// again later; the others go on.
#[test]
fn poison_item_should_take_one_turn_at_the_end_of_a_block() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		let kept = Provers::<Test>::take(&ANN).expect("registered");
		MaxAgendaWeight::set(Weight::zero());
		run_to(10);
		let steps = Weights::close_round(1).saturating_add(Weights::close_round(0));
		assert_eq!(idle(AGENDA_WEIGHT), lookup().saturating_mul(3).saturating_add(steps));
		assert!(events().contains(&Event::AgendaItemFailed {
			batch: ids[0],
			error: Error::<Test>::Corrupt.into(),
		}));
		assert_eq!((round_number(ids[0]), round_number(ids[1])), (0, 1));
		let retry = 10 + Pvs::retry_blocks();
		let due = Batches::<Test>::get(ids[0]).expect("pending").due;
		assert_eq!(due.map(|due| due.at), Some(retry));
		Provers::<Test>::insert(&ANN, kept);
	});
}
