// SPDX-License-Identifier: Apache-2.0

use crate::{
	mock::*,
	types::{agenda_item, agenda_key, AgendaPass, Due, Lane},
	Agenda, Batches, CurrentPasses, Error, Event, Provers, WeightInfo,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::Mutate,
	weights::{Weight, WeightMeter},
};
use pvs_primitives::{api::BatchId, params::RollupParams, seal_timing::SealTiming};
use std::collections::BTreeMap;

type Weights = crate::weights::host::SubstrateWeight<Test>;

/// Another transition than the close of an auction, due at `at`.
fn later(at: u32) -> Due {
	Due { lane: Lane::Others, at }
}

/// Returns what looking up and closing one empty round takes.
fn one_item() -> Weight {
	Weights::agenda_lookup().saturating_add(Weights::close_round(0))
}

#[test]
fn deadlines_should_need_no_transaction() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(100);
		assert!(Batches::<Test>::get(id).is_none());
		assert_eq!(Agenda::<Test>::iter().count(), 0);
		assert_eq!(CurrentPasses::<Test>::get(), <[AgendaPass; 2]>::default());
	});
}

#[test]
fn items_should_carry_over_when_the_block_has_no_weight_left() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(4);
		MaxAgendaWeight::set(one_item());
		let advanced = || ids.iter().filter(|id| round_number(**id) == 1).count();
		for done in 1..=3 {
			run_to(4 + done);
			assert_eq!(advanced(), usize::try_from(done).expect("small"));
		}
	});
}

#[test]
fn clocks_should_start_in_the_block_that_wrote_the_state() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		MaxAgendaWeight::set(Weight::zero());
		run_to(40);
		assert_eq!(winner(id), Some(ANN), "in default since block 19");
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(41);
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::PlaceOffered { prover: BEN, until: 44, .. })));
		run_to(44);
		assert_ok!(deliver(id, &BEN));
	});
}

#[test]
fn agenda_should_never_use_more_than_its_limit() {
	market(|| {
		for _ in 0..4 {
			commit(500);
		}
		for limit in [0u64, 1, 1_000_000_000, 5_000_000_000] {
			// The hook does nothing, so that what is due is left for this.
			MaxAgendaWeight::set(Weight::zero());
			run_to(System::block_number() + 5);
			let limit = Weight::from_parts(limit, u64::MAX);
			let mut meter = WeightMeter::with_limit(limit);
			Pvs::service_agenda(&mut meter);
			assert!(meter.consumed().all_lte(limit));
			assert_eq!(meter.consumed() == Weight::zero(), limit.ref_time() <= 1);
		}
	});
}

#[test]
fn agenda_should_do_nothing_when_its_first_step_does_not_fit() {
	market(|| {
		let id = commit(500);
		run_to(4);
		MaxAgendaWeight::set(one_item().saturating_sub(Weight::from_parts(1, 0)));
		run_to(8);
		assert_eq!(round_number(id), 0);
		MaxAgendaWeight::set(one_item());
		run_to(9);
		assert_eq!(round_number(id), 1);
	});
}

#[test]
fn call_should_perform_the_overdue_transition_of_its_batch_first() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to(18);
		MaxAgendaWeight::set(Weight::zero());
		run_to(20);
		assert_eq!(winner(id), Some(ANN), "the agenda had no weight");
		// A call that fails changes nothing; the agenda will do it.
		assert_noop!(deliver(id, &ANN), Error::<Test>::NotOffered);
		assert_noop!(accept(id, &CID), Error::<Test>::NotOffered);
		assert_eq!(winner(id), Some(ANN));
		let actual = accept(id, &BEN).expect("it is offered").actual_weight;
		assert_eq!(winner(id), Some(BEN));
		assert_eq!(prover(&ANN).stats.defaults, 1);
		let expected = Weights::accept_place().saturating_add(Weights::default_prover());
		assert_eq!(actual, Some(expected), "the transition is paid for");
	});
}

#[test]
fn call_should_cost_less_when_nothing_was_overdue() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to_default(id);
		let actual = accept(id, &BEN).expect("it is offered").actual_weight;
		assert_eq!(actual, Some(Weights::accept_place()));
		let actual = deliver(id, &BEN).expect("it is valid").actual_weight;
		assert_eq!(actual, Some(Weights::submit_proof()));
	});
}

#[test]
fn poison_item_should_not_stop_others() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		bid(ids[1], &CID, 100, 5);
		bid(ids[2], &BEN, 100, 5);
		run_to(6);
		let kept = Provers::<Test>::take(&ANN).expect("registered");
		run_to(10);
		assert!(events().contains(&Event::AgendaItemFailed {
			batch: ids[0],
			error: Error::<Test>::Corrupt.into(),
		}));
		assert_eq!((round_number(ids[1]), round_number(ids[2])), (1, 1), "the others went on");
		// It is tried again, and goes through once what was wrong is put right.
		Provers::<Test>::insert(&ANN, kept);
		assert_ok!(Pvs::do_try_state());
		let retry = 10 + Pvs::retry_blocks();
		assert_eq!(Batches::<Test>::get(ids[0]).expect("still pending").due, Some(later(retry)));
		run_to(retry - 1);
		assert_eq!(round_number(ids[0]), 0);
		run_to(retry);
		assert_eq!(round_number(ids[0]), 1);
		run_to(retry + 20);
		assert_eq!(Batches::<Test>::iter().count(), 0);
	});
}

/// Finding M11: the wait is a time, whatever the slots.
#[test]
fn poison_item_should_wait_for_as_long_when_slots_have_another_length() {
	let retry_blocks = |slot_millis| {
		SealTimes::set(SealTiming { slot_millis, ..SEAL_TIMING });
		Pvs::retry_blocks()
	};
	let lengths = [(1_000, 100), (2_000, 50), (6_000, 17), (12_000, 9), (100_000, 1)];
	market(|| {
		for (slot_millis, blocks) in lengths.into_iter().chain([(u64::MAX, 1)]) {
			assert_eq!(retry_blocks(slot_millis), blocks, "{slot_millis} ms");
		}
		assert_eq!(retry_blocks(6_000), 17);
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		let kept = Provers::<Test>::take(&ANN).expect("registered");
		run_to(10);
		assert_eq!(Batches::<Test>::get(id).expect("pending").due, Some(later(27)));
		Provers::<Test>::insert(&ANN, kept);
		run_to(27);
		assert_eq!(round_number(id), 1);
	});
}

#[test]
fn agenda_should_survive_entries_of_batches_that_are_gone() {
	market(|| {
		let id = commit(500);
		Agenda::<Test>::insert(agenda_key(later(3), batch(77)), ());
		run_to(5);
		assert_eq!(round_number(id), 1);
		assert!(events().iter().all(|event| !matches!(event, Event::AgendaItemFailed { .. })));
	});
}

/// 10,000 batches in 20 rollups, all due in one block, with one that cannot be processed.
#[test]
fn hook_survives_10k_due_items() {
	const ROLLUPS: u32 = 20;
	const BATCHES: u64 = 500;
	let small = RollupParams { data_len: 1, ..params() };
	let poisoned = BatchId { rollup: 7, index: 0 };
	let mut ext = new_ext();
	ext.execute_with(|| {
		MaxPendingBatches::set(500);
		PoolPlaces::set(10_000);
		assert_ok!(Balances::mint_into(&SEQUENCER, 1 << 60));
		register_rollups(ROLLUPS, small);
		for rollup in 0..ROLLUPS {
			for _ in 0..BATCHES {
				commit_to(rollup);
			}
		}
		assert_eq!(
			Agenda::<Test>::iter_keys().filter(|key| agenda_item(*key).0.at == 5).count(),
			10_000
		);
		Batches::<Test>::mutate(poisoned, |batch| {
			batch.as_mut().expect("pending").deposit = 1 << 90
		});
	});
	let limit = one_item().saturating_mul(300);
	let mut blocks = 0u32;
	let mut closed_in = BTreeMap::<u32, u32>::new();
	let mut failures = 0;
	loop {
		ext.commit_all().expect("no transaction is open");
		let left = ext.execute_with(|| {
			MaxAgendaWeight::set(limit);
			System::reset_events();
			let used = next_block();
			// The hook's own two items of storage come on top.
			assert!(used.all_lte(limit.saturating_add(Weight::from_parts(1_000_000_000, 10_000))));
			let count = |wanted: fn(&Event<Test>) -> bool| {
				u32::try_from(events().iter().filter(|event| wanted(event)).count()).expect("few")
			};
			let closed = count(|event| matches!(event, Event::RoundEmpty { .. }));
			let dropped = count(|event| matches!(event, Event::BatchDropped { .. }));
			assert!(closed <= 300, "{closed} rounds closed in a block that has room for 300");
			closed_in.insert(now(), closed);
			let failed = count(|event| matches!(event, Event::AgendaItemFailed { .. }));
			assert!(failed <= 1, "one item is poisoned, {failed} failed");
			failures += failed;
			assert!(now() < 5 || closed + dropped > 0, "block {} is idle", now());
			Batches::<Test>::iter_keys().filter(|id| id.rollup != poisoned.rollup).count()
		});
		blocks += 1;
		assert!(blocks < 1_000, "it never ends");
		if left == 0 {
			break;
		}
	}
	assert!(closed_in[&5] > 200, "{} rounds closed in the first block", closed_in[&5]);
	assert!(failures >= 1, "the poisoned batch was tried");
	ext.execute_with(|| {
		// Its rollup stands still behind it, and ends once the record is right again.
		assert_eq!(Batches::<Test>::iter().count(), 500);
		Batches::<Test>::mutate(poisoned, |batch| {
			batch.as_mut().expect("pending").deposit = BATCH_DEPOSIT;
		});
		run_to(now() + Pvs::retry_blocks() + 10);
		assert_eq!(Batches::<Test>::iter().count(), 0);
		assert_ok!(Pvs::do_try_state());
	});
}
