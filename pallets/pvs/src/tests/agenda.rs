// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Agenda, AgendaCursor, Batches, Event, Provers, WeightInfo};
use frame_support::{assert_ok, weights::WeightMeter};

type Weights = crate::weights::SubstrateWeight<Test>;

#[test]
fn deadlines_should_need_no_transaction() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(100);
		assert!(Batches::<Test>::get(id).is_none());
		assert_eq!(Agenda::<Test>::iter().count(), 0);
		assert_eq!(AgendaCursor::<Test>::get(), 101);
	});
}

#[test]
fn items_should_carry_over_when_the_block_has_no_weight_left() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(4);
		// Room for one item: lookup and step, and the lookup that finds no weight for the next step.
		let one = Weights::agenda_lookup()
			.saturating_mul(2)
			.saturating_add(Weights::agenda_step())
			.saturating_add(Weights::close_round(0));
		MaxAgendaWeight::set(one.saturating_add(Weights::agenda_lookup().saturating_mul(4)));
		run_to(5);
		let advanced = |count| ids.iter().filter(|id| round_number(**id) == 1).count() == count;
		assert!(advanced(1), "one of three fits");
		run_to(6);
		assert!(advanced(2));
		run_to(7);
		assert!(advanced(3));
	});
}

#[test]
fn agenda_should_never_use_more_than_its_limit() {
	market(|| {
		for _ in 0..4 {
			commit(500);
		}
		for limit in [0u64, 1, 1_000_000_000, 5_000_000_000] {
			run_to(System::block_number() + 5);
			let limit = frame_support::weights::Weight::from_parts(limit, u64::MAX);
			let mut meter = WeightMeter::with_limit(limit);
			Pvs::work_off_agenda(&mut meter);
			assert!(meter.consumed().all_lte(limit));
		}
	});
}

#[test]
fn call_should_perform_the_overdue_transition_of_its_batch_first() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let proof = proof(id, &ANN);
		run_to(15);
		MaxAgendaWeight::set(Default::default());
		run_to(17);
		assert_eq!(winner(id), Some(ANN), "the agenda had no weight");
		let refused = submit(id, &ANN, proof).map_err(|e| e.error);
		assert_eq!(refused.map(|_| ()), Err(crate::Error::<Test>::NothingToProve.into()));
	});
}

#[test]
fn poison_item_should_not_stop_others() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &CID, 100, 5);
		bid(ids[1], &ANN, 100, 5);
		bid(ids[2], &BEN, 100, 5);
		run_to(6);
		let kept = Provers::<Test>::take(&ANN).expect("registered");
		run_to(10);
		assert!(events().iter().any(
			|event| matches!(event, Event::AgendaItemFailed { batch, .. } if *batch == ids[1])
		));
		assert_eq!(round_number(ids[2]), 1, "the others went on");
		// It is tried again, and goes through once what was wrong is put right.
		Provers::<Test>::insert(&ANN, kept);
		assert_ok!(Pvs::do_try_state());
		let mut record = Batches::<Test>::get(ids[1]).expect("still pending");
		assert_eq!(record.due, Some(10 + crate::agenda_impls::RETRY_BLOCKS));
		Pvs::schedule(ids[1], &mut record, 11);
		Batches::<Test>::insert(ids[1], record);
		run_to(11);
		assert_eq!(round_number(ids[1]), 1);
	});
}
