// SPDX-License-Identifier: Apache-2.0
//! Changes that a rollup's owner may make, and the times for them.

use crate::{mock::*, weights::host::SubstrateWeight, Error, Event, HoldReason, WeightInfo};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::RollupParams,
};

fn set_sequencer(who: &AccountId) -> CallResult {
	set_sequencer_by(&OWNER, 0, who)
}

fn set_sequencer_by(owner: &AccountId, rollup: u32, who: &AccountId) -> CallResult {
	let call = crate::Call::set_sequencer { rollup, sequencer: who.clone() };
	outcome(dispatch(signed(owner), call))
}

fn set_params(params: RollupParams) -> Result<(), sp_runtime::DispatchError> {
	Pvs::set_params(signed(&OWNER), 0, params)
}

#[test]
fn sequencer_should_be_changed_by_the_owner_only() {
	market(|| {
		assert_noop!(set_sequencer_by(&OWNER, 9, &GUEST), Error::<Test>::RollupNotFound);
		assert_noop!(set_sequencer_by(&SEQUENCER, 0, &GUEST), Error::<Test>::NotOwner);
		assert_ok!(set_sequencer(&GUEST));
		assert_eq!(events(), [Event::SequencerChanged { rollup: 0, sequencer: GUEST }]);
		assert_eq!(rollup().sequencer, GUEST);
		assert_noop!(
			Pvs::commit(SEQUENCER, 0, &[1; 40], roots(tip(0), root(1)), 1_000),
			Error::<Test>::NotSequencer
		);
		assert_ok!(Pvs::commit(GUEST, 0, &[1; 40], roots(tip(0), root(1)), 1_000));
	});
}

#[test]
fn escrow_and_bond_should_stay_with_who_committed() {
	market(|| {
		let id = commit(500);
		assert_ok!(set_sequencer(&GUEST));
		lower_reserve(0, 400);
		assert_ok!(Pvs::commit(GUEST, 0, &[2; 40], roots(tip(0), root(2)), 400));
		let holds = |who| {
			[
				HoldReason::Escrow,
				HoldReason::SequencerBond,
				HoldReason::BatchDeposit,
				HoldReason::PlaceRent,
			]
			.map(|reason| Pvs::held(reason, &who))
		};
		// One round is 1 + 3 + 1 + 4 and three times 25, two times 4, and 5 blocks long. There are
		// three, and one behind each predecessor.
		let (round, bond) = (97, 70);
		assert_eq!(holds(SEQUENCER), [500, bond, BATCH_DEPOSIT, 4 * round]);
		assert_eq!(holds(GUEST), [400, bond, BATCH_DEPOSIT, 5 * round]);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(deliver(id, &ANN));
		// And the rent of five blocks.
		assert_eq!(free(&SEQUENCER), ENDOWMENT - 500 - 5);
		assert_eq!(holds(GUEST), [400, bond, BATCH_DEPOSIT, 5 * round]);
	});
}

#[test]
fn account_with_a_live_bid_should_not_become_sequencer() {
	market(|| {
		let id = commit(500);
		run_to(2);
		for who in [ANN, BEN, CID, DEE] {
			bid(id, &who, 100, 5);
		}
		// Sealed.
		assert_noop!(set_sequencer(&DEE), Error::<Test>::SequencerHasBids);
		run_to(6);
		// Revealed; and void, which is no obligation any more.
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_noop!(set_sequencer(&ANN), Error::<Test>::SequencerHasBids);
	});
}

#[test]
fn account_with_a_void_bid_should_become_sequencer() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 501, 5);
		bid(id, &BEN, 100, 5);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 501, 5));
		assert_ok!(set_sequencer(&ANN));
	});
}

#[test]
fn account_with_a_place_or_an_assignment_should_not_become_sequencer() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5), (CID, 300, 5), (DEE, 400, 5)]);
		for who in [ANN, BEN, CID] {
			assert_noop!(set_sequencer(&who), Error::<Test>::SequencerHasBids);
		}
		assert_ok!(set_sequencer(&DEE));
		run_to_default(id);
		// Offered to Ben; Ann has lost her place.
		for who in [BEN, CID] {
			assert_noop!(set_sequencer(&who), Error::<Test>::SequencerHasBids);
		}
		assert_ok!(set_sequencer(&ANN));
		assert_ok!(deliver(id, &BEN));
		assert_ok!(set_sequencer(&BEN));
	});
}

/// M11: a prover at work on a dropped batch may still deliver and be paid, and is no sequencer
/// until then.
#[test]
fn account_at_work_on_a_dropped_batch_should_not_become_sequencer() {
	market(|| {
		register_rollup(params());
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 20);
		bid(ids[1], &BEN, 200, 20);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 100, 20));
		assert_ok!(reveal(ids[1], &BEN, 200, 20));
		// Nobody bids on the first batch, which fails in 9.
		run_to(9);
		assert!(!pending(ids[0]));
		assert_eq!(status(ids[1]), BatchStatus::Dropped);
		assert_noop!(set_sequencer(&ANN), Error::<Test>::SequencerHasBids);
		// Ben's place on the ladder is gone with the batch.
		assert_eq!(prover(&BEN).reserved, 0);
		// Of another rollup, which has no dropped batch, she may be the sequencer.
		assert_ok!(set_sequencer_by(&OWNER, 1, &ANN));
		assert_ok!(set_sequencer(&BEN));
		let before = total(&ANN);
		assert_ok!(deliver(ids[1], &ANN));
		assert_eq!(total(&ANN), before + 200);
		assert_ok!(set_sequencer(&ANN));
	});
}

/// Only a look at every row would tell for whom a dropped batch waits: whoever has a bond anywhere is
/// refused until it ends.
#[test]
fn account_with_a_bond_elsewhere_should_wait_when_a_dropped_batch_is_at_work() {
	market(|| {
		register_rollup(params());
		let other = BatchId { rollup: 1, index: 0 };
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 20);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 100, 20));
		run_to(9);
		assert_ok!(Pvs::commit(SEQUENCER, 1, &[1; 40], roots(tip(1), root(1)), 1_000));
		run_to(10);
		bid(other, &CID, 100, 5);
		assert_noop!(set_sequencer(&CID), Error::<Test>::SequencerHasBids);
		assert_ok!(set_sequencer(&DEE));
		// In default without a penalty in 9 + 20 + 1 + 3 + 1 = 34; until then Cid's bond is
		// released as well.
		run_to(34);
		assert!(!pending(ids[1]));
		assert_ok!(set_sequencer(&ANN));
	});
}

#[test]
fn change_of_sequencer_should_look_at_every_live_batch() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[2], &ANN, 100, 5);
		assert_noop!(set_sequencer(&ANN), Error::<Test>::SequencerHasBids);
		bid(ids[2], &BEN, 200, 5);
		run_to(6);
		assert_ok!(reveal(ids[2], &ANN, 100, 5));
		assert_ok!(reveal(ids[2], &BEN, 200, 5));
		for who in [ANN, BEN] {
			assert_noop!(set_sequencer(&who), Error::<Test>::SequencerHasBids);
		}
		let weight = set_sequencer(&GUEST).expect("no bids").actual_weight;
		assert_eq!(weight, Some(SubstrateWeight::<Test>::set_sequencer(3)));
	});
}

#[test]
fn params_should_be_changed_by_the_owner_only() {
	market(|| {
		let new = RollupParams { data_len: 50, ..params() };
		assert_noop!(
			Pvs::set_params(signed(&OWNER), 9, new.clone()),
			Error::<Test>::RollupNotFound
		);
		assert_noop!(Pvs::set_params(signed(&SEQUENCER), 0, new.clone()), Error::<Test>::NotOwner);
		assert_noop!(
			set_params(RollupParams { w_fee: 0, ..params() }),
			Error::<Test>::ParamsFeeWeight
		);
		assert_ok!(set_params(new.clone()));
		assert_eq!(events(), [Event::ParamsChanged { rollup: 0, params: new.clone() }]);
		assert_eq!(rollup().params, new);
		assert_noop!(
			Pvs::commit(SEQUENCER, 0, &[1; 40], roots(tip(0), root(1)), 500),
			Error::<Test>::WrongDataLength
		);
	});
}

#[test]
fn reserve_should_move_into_new_bounds() {
	market(|| {
		assert_ok!(set_params(RollupParams { initial_reserve: 300, max_reserve: 400, ..params() }));
		assert_eq!(rollup().reserve, 400);
		assert_ok!(set_params(RollupParams { min_reserve: 600, ..params() }));
		assert_eq!(rollup().reserve, 600);
		assert_ok!(set_params(params()));
		assert_eq!(rollup().reserve, 600, "it is not set to the initial one again");
	});
}

#[test]
fn payment_of_an_old_batch_should_not_leave_the_new_bounds() {
	market(|| {
		let id = commit(500);
		assert_ok!(set_params(RollupParams { min_reserve: 800, ..params() }));
		auction(id, &[(ANN, 100, 5), (BEN, 120, 5)]);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(rollup().reserve, 800);
	});
}
