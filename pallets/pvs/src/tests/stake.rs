// SPDX-License-Identifier: Apache-2.0
//! Stake going in and out.

use crate::{mock::*, Error, Event, HoldReason};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::api::Unbonding;

fn held(who: &AccountId) -> u128 {
	Pvs::held(HoldReason::ProverStake, who)
}

#[test]
fn stake_should_grow_by_what_is_bonded() {
	market(|| {
		assert_ok!(Pvs::bond_more(signed(&ANN), 500));
		assert_eq!(events(), [Event::StakeIncreased { prover: ANN, amount: 500, stake: 4_500 }]);
		assert_eq!((prover(&ANN).stake, held(&ANN)), (4_500, 4_500));
	});
}

#[test]
fn bonding_should_be_refused_when_amount_account_or_balance_is_wrong() {
	market(|| {
		assert_noop!(Pvs::bond_more(signed(&ANN), 0), Error::<Test>::AmountZero);
		assert_noop!(Pvs::bond_more(signed(&GUEST), 5), Error::<Test>::ProverNotFound);
		let all = free(&ANN);
		assert_noop!(Pvs::bond_more(signed(&ANN), all), Error::<Test>::InsufficientBalance);
		assert_noop!(Pvs::bond_more(signed(&ANN), u128::MAX), Error::<Test>::InsufficientBalance);
		assert_ok!(Pvs::bond_more(signed(&ANN), all - 1));
	});
}

#[test]
fn unbonding_stake_should_come_back_after_the_delay() {
	market(|| {
		let before = free(&ANN);
		assert_noop!(Pvs::withdraw_unbonded(signed(&ANN)), Error::<Test>::NothingUnbonding);
		assert_ok!(Pvs::unbond(signed(&ANN), 300));
		assert_eq!(events(), [Event::StakeUnbonding { prover: ANN, amount: 300, at: 11 }]);
		let info = prover(&ANN);
		assert_eq!((info.stake, info.unbonding), (3_700, Some(Unbonding { amount: 300, at: 11 })));
		assert_eq!(held(&ANN), 4_000);
		run_to(10);
		assert_noop!(Pvs::withdraw_unbonded(signed(&ANN)), Error::<Test>::StillUnbonding);
		run_to(11);
		assert_ok!(Pvs::withdraw_unbonded(signed(&ANN)));
		assert_eq!(events(), [Event::StakeWithdrawn { prover: ANN, amount: 300 }]);
		assert_eq!((free(&ANN), held(&ANN)), (before + 300, 3_700));
		assert_noop!(Pvs::withdraw_unbonded(signed(&ANN)), Error::<Test>::NothingUnbonding);
		assert_noop!(Pvs::withdraw_unbonded(signed(&GUEST)), Error::<Test>::ProverNotFound);
	});
}

#[test]
fn second_unbonding_should_add_to_the_first_and_start_the_delay_anew() {
	market(|| {
		assert_ok!(Pvs::unbond(signed(&ANN), 300));
		run_to(8);
		assert_ok!(Pvs::unbond(signed(&ANN), 200));
		assert_eq!(prover(&ANN).unbonding, Some(Unbonding { amount: 500, at: 18 }));
		run_to(17);
		assert_noop!(Pvs::withdraw_unbonded(signed(&ANN)), Error::<Test>::StillUnbonding);
		run_to(18);
		assert_ok!(Pvs::withdraw_unbonded(signed(&ANN)));
		assert_eq!(prover(&ANN).stake, 3_500);
	});
}

#[test]
fn unbonding_should_be_refused_when_it_would_uncover_a_bond() {
	market(|| {
		assert_noop!(Pvs::unbond(signed(&ANN), 0), Error::<Test>::AmountZero);
		assert_noop!(Pvs::unbond(signed(&GUEST), 5), Error::<Test>::ProverNotFound);
		assert_noop!(Pvs::unbond(signed(&ANN), 4_001), Error::<Test>::InsufficientStake);
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		assert_noop!(Pvs::unbond(signed(&ANN), 3_401), Error::<Test>::InsufficientStake);
		assert_ok!(Pvs::unbond(signed(&ANN), 3_400));
	});
}

#[test]
fn unbonding_stake_should_back_no_bids_and_not_be_slashed() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(Pvs::unbond(signed(&ANN), 3_400));
		let next = commit(500);
		run_to(7);
		assert_noop!(place(next, &ANN, &payload(100, 5).encode()), Error::<Test>::StakeTooLow);
		run_to_default(id);
		// The whole of what was left is gone, and nothing of what is on its way out.
		let info = prover(&ANN);
		assert_eq!((info.stake, info.reserved, held(&ANN)), (0, 0, 3_400));
		assert_ok!(Pvs::withdraw_unbonded(signed(&ANN)));
		assert_eq!(held(&ANN), 0);
		assert_eq!(total(&ANN), ENDOWMENT - 600 - SLOT_FEE);
	});
}

#[test]
fn prover_should_be_suspended_below_the_minimum_and_reinstated_above() {
	market(|| {
		assert_ok!(Pvs::unbond(signed(&ANN), MIN_STAKE));
		assert!(!prover(&ANN).suspended, "exactly the minimum");
		assert_ok!(Pvs::unbond(signed(&ANN), 1));
		assert_eq!(events().last(), Some(&Event::ProverSuspended { prover: ANN, stake: 1_999 }));
		System::reset_events();
		assert_ok!(Pvs::unbond(signed(&ANN), 9));
		assert_eq!(events().len(), 1, "it was suspended already");
		let id = commit(500);
		run_to(2);
		assert_noop!(place(id, &ANN, &payload(100, 5).encode()), Error::<Test>::StakeTooLow);
		assert_ok!(Pvs::bond_more(signed(&ANN), 9));
		assert!(prover(&ANN).suspended);
		assert_ok!(Pvs::bond_more(signed(&ANN), 1));
		assert_eq!(events().last(), Some(&Event::ProverReinstated { prover: ANN, stake: 2_000 }));
		assert_ok!(place(id, &ANN, &payload(100, 5).encode()));
	});
}

#[test]
fn prover_should_be_suspended_by_a_slash() {
	market(|| {
		assert_ok!(Pvs::unbond(signed(&ANN), 1_500));
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(10);
		assert!(events().contains(&Event::ProverSuspended { prover: ANN, stake: 1_900 }));
		assert!(prover(&ANN).suspended);
	});
}

#[test]
fn prover_should_leave_with_what_is_unbonding_at_once() {
	market(|| {
		assert_ok!(Pvs::unbond(signed(&ANN), 1_000));
		assert_ok!(Pvs::deregister_prover(signed(&ANN)));
		assert_eq!((free(&ANN), held(&ANN)), (ENDOWMENT, 0));
	});
}

#[test]
fn record_should_not_be_inherited_by_a_new_registration() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(prover(&ANN).stats.wins, 1);
		assert_ok!(Pvs::deregister_prover(signed(&ANN)));
		assert_ok!(Pvs::register_prover(signed(&ANN), MIN_STAKE));
		assert_eq!((prover(&ANN).stats.wins, prover(&ANN).recent_share), (0, 0));
	});
}
