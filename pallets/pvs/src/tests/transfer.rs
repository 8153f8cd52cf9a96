// SPDX-License-Identifier: Apache-2.0
//! Transfer of a rollup to another owner, finding M11 of the audit.

use crate::{mock::*, Call, Error, Event, HoldReason, Rollups};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::params::RollupParams;

fn offer(owner: &AccountId, rollup: u32, to: &AccountId) -> CallResult {
	outcome(dispatch(signed(owner), Call::transfer_rollup { rollup, to: to.clone() }))
}

fn accept_rollup(who: &AccountId, rollup: u32) -> CallResult {
	outcome(dispatch(signed(who), Call::accept_rollup { rollup }))
}

fn deposit_of(who: &AccountId) -> u128 {
	Pvs::held(HoldReason::RollupDeposit, who)
}

#[test]
fn rollup_should_have_another_owner_when_an_offer_is_accepted() {
	market(|| {
		let totals = [OWNER, GUEST].map(|who| total(&who));
		let before = rollup();
		assert_ok!(offer(&OWNER, 0, &GUEST));
		assert_eq!(events(), [Event::RollupOffered { rollup: 0, to: GUEST }]);
		assert_eq!((rollup().owner, rollup().offered_to), (OWNER, Some(GUEST)));
		assert_eq!([OWNER, GUEST].map(|who| deposit_of(&who)), [ROLLUP_DEPOSIT, 0]);
		System::reset_events();
		assert_ok!(accept_rollup(&GUEST, 0));
		assert_eq!(events(), [Event::RollupTransferred { rollup: 0, from: OWNER, to: GUEST }]);
		assert_eq!([OWNER, GUEST].map(|who| deposit_of(&who)), [0, ROLLUP_DEPOSIT]);
		assert_eq!([OWNER, GUEST].map(|who| total(&who)), totals, "the deposit is conserved");
		let after = rollup();
		assert_eq!((&after.owner, &after.offered_to), (&GUEST, &None));
		assert_eq!((after.sequencer, after.params), (before.sequencer, before.params));
		assert_eq!((after.deposit, free(&OWNER)), (ROLLUP_DEPOSIT, ENDOWMENT));
	});
}

#[test]
fn rights_of_an_owner_should_go_with_the_rollup() {
	market(|| {
		assert_ok!(offer(&OWNER, 0, &GUEST));
		// An offer changes nothing.
		assert_noop!(Pvs::set_params(signed(&GUEST), 0, params()), Error::<Test>::NotOwner);
		assert_noop!(offer(&GUEST, 0, &ANN), Error::<Test>::NotOwner);
		assert_ok!(Pvs::set_params(signed(&OWNER), 0, params()));
		assert_ok!(accept_rollup(&GUEST, 0));
		assert_noop!(Pvs::set_params(signed(&OWNER), 0, params()), Error::<Test>::NotOwner);
		assert_noop!(offer(&OWNER, 0, &OWNER), Error::<Test>::NotOwner);
		assert_noop!(Pvs::deregister_rollup(signed(&OWNER), 0), Error::<Test>::NotOwner);
		let set_sequencer = Call::set_sequencer { rollup: 0, sequencer: OWNER };
		assert_noop!(
			outcome(dispatch(signed(&OWNER), set_sequencer.clone())),
			Error::<Test>::NotOwner
		);
		assert_ok!(dispatch(signed(&GUEST), set_sequencer));
		assert_ok!(Pvs::set_params(signed(&GUEST), 0, RollupParams { data_len: 1, ..params() }));
		assert_ok!(Pvs::deregister_rollup(signed(&GUEST), 0));
		assert_eq!([OWNER, GUEST].map(|who| free(&who)), [ENDOWMENT; 2]);
	});
}

#[test]
fn transfer_should_be_refused_when_the_rollup_is_unknown_or_the_callers_no_owner() {
	market(|| {
		assert_noop!(offer(&OWNER, 9, &GUEST), Error::<Test>::RollupNotFound);
		assert_noop!(offer(&SEQUENCER, 0, &SEQUENCER), Error::<Test>::NotOwner);
		assert_noop!(accept_rollup(&GUEST, 9), Error::<Test>::RollupNotFound);
		assert_noop!(accept_rollup(&GUEST, 0), Error::<Test>::RollupNotOffered);
		assert_noop!(accept_rollup(&OWNER, 0), Error::<Test>::RollupNotOffered);
		assert_ok!(offer(&OWNER, 0, &GUEST));
		assert_noop!(accept_rollup(&ANN, 0), Error::<Test>::RollupNotOffered);
		assert_noop!(accept_rollup(&OWNER, 0), Error::<Test>::RollupNotOffered);
		assert_ok!(accept_rollup(&GUEST, 0));
		assert_noop!(accept_rollup(&GUEST, 0), Error::<Test>::RollupNotOffered);
	});
}

#[test]
fn offer_should_be_replaced_by_the_next_and_withdrawn_by_one_to_oneself() {
	market(|| {
		assert_ok!(offer(&OWNER, 0, &GUEST));
		assert_ok!(offer(&OWNER, 0, &ANN));
		assert_noop!(accept_rollup(&GUEST, 0), Error::<Test>::RollupNotOffered);
		System::reset_events();
		assert_ok!(offer(&OWNER, 0, &OWNER));
		assert_eq!(events(), [Event::RollupOffered { rollup: 0, to: OWNER }]);
		assert_eq!(rollup().offered_to, None);
		for who in [OWNER, ANN] {
			assert_noop!(accept_rollup(&who, 0), Error::<Test>::RollupNotOffered);
		}
		assert_ok!(offer(&OWNER, 0, &ANN));
		assert_ok!(accept_rollup(&ANN, 0));
		assert_eq!(rollup().owner, ANN);
	});
}

#[test]
fn rollup_should_stay_with_its_owner_when_the_next_one_cannot_pay_the_deposit() {
	market(|| {
		let next = AccountId::new([30; 32]);
		assert_ok!(offer(&OWNER, 0, &next));
		assert_noop!(accept_rollup(&next, 0), Error::<Test>::InsufficientBalance);
		// The existential deposit stays free.
		let amount = ROLLUP_DEPOSIT;
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), next.clone(), amount));
		assert_noop!(accept_rollup(&next, 0), Error::<Test>::InsufficientBalance);
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), next.clone(), 1));
		assert_ok!(accept_rollup(&next, 0));
		assert_eq!((free(&next), deposit_of(&next)), (1, ROLLUP_DEPOSIT));
	});
}

/// The amount that is held stays the same, whatever a new rollup would cost.
#[test]
fn deposit_should_be_the_one_that_was_held_when_new_rollups_cost_more() {
	market(|| {
		MaxRollups::set(8);
		register_rollup(params());
		assert_eq!(Pvs::rollup_info(1).expect("registered").deposit, 2 * ROLLUP_DEPOSIT);
		for (rollup, deposit) in [(0, ROLLUP_DEPOSIT), (1, 2 * ROLLUP_DEPOSIT)] {
			let before = deposit_of(&GUEST);
			assert_ok!(offer(&OWNER, rollup, &GUEST));
			assert_ok!(accept_rollup(&GUEST, rollup));
			assert_eq!(deposit_of(&GUEST), before + deposit);
			assert_ok!(Pvs::do_try_state());
		}
		assert_eq!((deposit_of(&OWNER), free(&OWNER)), (0, ENDOWMENT));
	});
}

/// Batches, their escrow and their sequencer have nothing to do with who owns the rollup.
#[test]
fn pending_batches_should_go_on_when_the_owner_changes() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(offer(&OWNER, 0, &BEN));
		assert_ok!(accept_rollup(&BEN, 0));
		assert_eq!(rollup().sequencer, SEQUENCER);
		commit(500);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(rollup().finalized_root, root(1));
		assert_noop!(Pvs::deregister_rollup(signed(&BEN), 0), Error::<Test>::RollupBusy);
	});
}

/// An owner that has given its account away keeps nobody from taking the rollup over.
#[test]
fn rollup_should_be_transferred_when_its_owner_cannot_take_the_deposit() {
	market(|| {
		assert_ok!(offer(&OWNER, 0, &GUEST));
		ExistentialDeposit::set(ROLLUP_DEPOSIT + 1);
		System::inc_providers(&OWNER);
		assert_ok!(Balances::transfer_all(signed(&OWNER), SEQUENCER, false));
		let issued = issuance();
		assert_ok!(accept_rollup(&GUEST, 0));
		assert!(events().contains(&Event::PayoutBurned { who: OWNER, amount: ROLLUP_DEPOSIT }));
		assert_eq!((total(&OWNER), issuance()), (0, issued - ROLLUP_DEPOSIT));
		assert_eq!(Rollups::<Test>::get(0).expect("registered").owner, GUEST);
	});
}
