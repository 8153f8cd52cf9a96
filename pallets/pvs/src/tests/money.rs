// SPDX-License-Identifier: Apache-2.0
//! F5, F6 and what happens at the existential deposit.

use crate::{mock::*, Batches, Error, Event, HoldReason, Totals};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{
	api::{BatchId, BatchStatus},
	params::{PaymentRule, RollupParams},
};

const ALL_HOLDS: [HoldReason; 4] = [
	HoldReason::Escrow,
	HoldReason::SequencerBond,
	HoldReason::BatchDeposit,
	HoldReason::PlaceRent,
];

/// Gives away all that is free. A second provider is what a pallet beside the market may add to an
/// account; without it the account keeps the existential deposit.
fn drain(who: &AccountId) {
	System::inc_providers(who);
	assert_ok!(Balances::transfer_all(signed(who), GUEST, false));
	assert_eq!(free(who), 0, "{who:?}");
}

fn first_price() -> RollupParams {
	RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() }
}

/// F6: a sequencer cannot spend what is in escrow, and nothing is pulled from its free balance later.
#[test]
fn test_requester_cannot_withdraw_escrow() {
	market(|| {
		let id = commit(500);
		let all = free(&SEQUENCER);
		assert!(Balances::transfer_allow_death(signed(&SEQUENCER), GUEST, all).is_err());
		assert_ok!(Balances::transfer_all(signed(&SEQUENCER), GUEST, false));
		let rent = Batches::<Test>::get(id).expect("pending").rent();
		assert_eq!(
			ALL_HOLDS.map(|reason| Pvs::held(reason, &SEQUENCER)),
			[500, 70, BATCH_DEPOSIT, rent]
		);
		let rest = free(&SEQUENCER);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let before = total(&ANN);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(total(&ANN), before + 200);
		// All of the rent but that of five blocks.
		assert_eq!(free(&SEQUENCER), rest + 300 + 70 + BATCH_DEPOSIT + rent - 5);
	});
}

/// F5 and M4: a payee that cannot take a small amount does not keep its batch from being proven.
/// The amount is burned, and an event says so.
#[test]
fn test_dead_payee_does_not_block_queue() {
	market_with(first_price(), || {
		let ids = [commit(500), commit(500)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 60, 5);
		}
		run_to(6);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 60, 5));
		}
		ExistentialDeposit::set(100);
		drain(&ANN);
		let (issued, stake) = (issuance(), prover(&ANN).stake);
		System::reset_events();
		assert_ok!(deliver(ids[0], &ANN));
		assert_eq!(rollup().finalized_root, root(1));
		assert!(events().contains(&Event::PayoutBurned { who: ANN, amount: 60 }));
		// And the rent of five blocks.
		assert_eq!(issuance(), issued - 60 - 5);
		assert_eq!((free(&ANN), prover(&ANN).stake), (0, stake));
		assert_eq!((prover(&ANN).stats.on_time, prover(&ANN).stats.earned), (1, 0));
		Pvs::do_try_state().expect("the invariants hold");
		// With 40 more on her account the next 60 arrive.
		assert_ok!(Pvs::unbond(signed(&ANN), 100));
		run_to(16);
		assert_ok!(Pvs::withdraw_unbonded(signed(&ANN)));
		assert_ok!(deliver(ids[1], &ANN));
		// The time counts from 9, so that she is one block late: five per cent of the reserve of
		// 500 are off.
		assert_eq!((free(&ANN), prover(&ANN).stats.earned), (100 + 35, 35));
	});
}

/// F5, the other way round: a sequencer cannot keep a proof from being paid by leaving an account that
/// cannot take the rest of its escrow.
#[test]
fn drained_sequencer_should_not_keep_a_prover_from_its_payment() {
	market_with(first_price(), || {
		let id = commit(500);
		auction(id, &[(ANN, 480, 5)]);
		let rent = Batches::<Test>::get(id).expect("pending").rent();
		ExistentialDeposit::set(1_000);
		drain(&SEQUENCER);
		let (ann, issued) = (total(&ANN), issuance());
		System::reset_events();
		assert_ok!(deliver(id, &ANN));
		assert_eq!(total(&ANN), ann + 480);
		// 20 of escrow, 70 of bond, 5 of deposit and all rent but that of five blocks are each below
		// what the account can take.
		assert_eq!(total(&SEQUENCER), 0);
		assert_eq!(issuance(), issued - 20 - 70 - BATCH_DEPOSIT - rent);
		for amount in [20, 70, BATCH_DEPOSIT, rent - 5] {
			assert!(events().contains(&Event::PayoutBurned { who: SEQUENCER, amount }));
		}
		assert_eq!(rollup().finalized_root, root(1));
	});
}

#[test]
fn drained_sequencer_should_not_stop_its_rollup() {
	market(|| {
		for _ in 0..3 {
			commit(50);
		}
		run_to(2);
		ExistentialDeposit::set(1_000);
		drain(&SEQUENCER);
		run_to(9);
		assert!(events().iter().all(|event| !matches!(event, Event::AgendaItemFailed { .. })));
		assert_eq!(rollup().pending, 0);
		assert_eq!(total(&SEQUENCER), 0);
	});
}

#[test]
fn runner_up_should_end_the_batch_when_its_account_is_drained() {
	let params = RollupParams { initial_reserve: 240, ..params() };
	market_with(params, || {
		let id = commit(240);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		ExistentialDeposit::set(300);
		drain(&BEN);
		run_to_default(id);
		let (issued, stake, rent) = (issuance(), prover(&BEN).stake, rent(id));
		System::reset_events();
		assert_ok!(deliver(id, &BEN));
		// Alone on the ladder he would get the reserve of 240, and there is no room for a share of
		// Ann's bond.
		assert!(events().contains(&Event::PayoutBurned { who: BEN, amount: 240 }));
		assert_eq!((free(&BEN), prover(&BEN).stake, Pvs::pot_balance()), (0, stake, 0));
		assert_eq!(issuance(), issued - 240 - 340 - rent);
		assert!(!pending(id));
	});
}

/// A rollup that opens seals, on a chain with an existential deposit of 100: at the least reserve
/// that it may have, an opened bid's bond is just that deposit.
fn market_with_deposit(initial_reserve: u128, test: impl FnOnce()) {
	chain(|| {
		ExistentialDeposit::set(100);
		let params = RollupParams { min_reserve: 100, initial_reserve, ..opening_params() };
		register_rollup(params);
		for prover in [ANN, BEN, CID, DEE] {
			assert_ok!(Pvs::register_prover(signed(&prover), 2 * MIN_STAKE));
		}
		test();
	});
}

/// Ann stays silent, is opened, wins and does not deliver, in as many batches at once. Bidding is
/// `[2, 5)`, revealing `[6, 10)`; she is opened in 10, so that she is in default in 10 + 5 + 1 + 3
/// + 1 = 20.
fn opened_winner_defaults<const COUNT: usize>(max_fee: u128) -> [BatchId; COUNT] {
	let ids = [(); COUNT].map(|()| commit(max_fee));
	run_to(2);
	for id in ids {
		assert_ok!(place_sealed(id, &ANN, &payload(0, 5).encode()));
		bid(id, &BEN, max_fee / 2, 5);
		bid(id, &CID, max_fee, 5);
	}
	run_to(6);
	for id in ids {
		assert_ok!(reveal(id, &BEN, max_fee / 2, 5));
		assert_ok!(reveal(id, &CID, max_fee, 5));
	}
	run_to(10);
	for id in ids {
		assert_ok!(open(id, &ANN, &GUEST));
		assert_eq!(winner(id), Some(ANN));
	}
	run_to(20);
	ids
}

/// M4: the bond of an opened winner, which is the reserve, was below the existential deposit of the
/// account that keeps it. Its default failed for ever.
#[test]
fn opened_winner_in_default_should_go_to_the_ladder_at_the_existential_deposit() {
	market_with_deposit(100, || {
		let [id] = opened_winner_defaults(100);
		assert!(!events().iter().any(|event| matches!(event, Event::AgendaItemFailed { .. })));
		assert_eq!(status(id), BatchStatus::Offered);
		assert_eq!((Pvs::pot_balance(), Totals::<Test>::get().kept_bonds), (100, 100));
		Pvs::do_try_state().expect("the invariants hold");
		let (ben, issued) = (total(&BEN), issuance() - rent(id));
		assert_ok!(deliver(id, &BEN));
		// Cid's score is the next: the reserve of 100, which leaves no room for a share.
		assert_eq!((total(&BEN), issuance()), (ben + 100, issued - 100));
		assert_eq!((Pvs::pot_balance(), Totals::<Test>::get().kept_bonds), (0, 0));
	});
}

/// M4: a rest below the existential deposit would be dust, and break the end of every later batch.
#[test]
fn slashed_account_should_keep_nothing_of_a_batch_that_has_ended() {
	market_with_deposit(300, || {
		let ids = opened_winner_defaults::<2>(300);
		assert_eq!((Pvs::pot_balance(), Totals::<Test>::get().kept_bonds), (600, 600));
		// Ben may deliver until 23 and Cid until 27. The rescue is `[28, 33)`, from the 150 that
		// Ann would have been paid to 300. With a share of what she lost it pays at most the
		// reserve.
		let cases = [(ids[0], 30, 150 + 75, 75), (ids[1], 31, 150 + 112, 38)];
		for (id, block, payment, share) in cases {
			run_to(block);
			assert_eq!(status(id), BatchStatus::Rescue);
			let (before, issued, kept) = (total(&DEE), issuance() - rent(id), Pvs::pot_balance());
			assert_ok!(deliver(id, &DEE));
			assert_eq!(total(&DEE), before + payment + share);
			assert_eq!((issuance(), Pvs::pot_balance()), (issued - (300 - share), kept - 300));
			Pvs::do_try_state().expect("the invariants hold");
		}
		assert_eq!((Pvs::pot_balance(), Totals::<Test>::get().kept_bonds), (0, 0));
	});
}

/// M4: an upgrade that raises the existential deposit above what bonds are. What cannot be kept is
/// burned, and the ladder goes on.
#[test]
fn bond_should_be_burned_when_it_is_below_the_existential_deposit() {
	for gift in [false, true] {
		market_with_deposit(100, || {
			let account = Pvs::pot_account();
			if gift {
				assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), account.clone(), 500));
			}
			let gift = Pvs::pot_balance();
			let id = commit(100);
			run_to(2);
			assert_ok!(place_sealed(id, &ANN, &payload(0, 5).encode()));
			bid(id, &BEN, 50, 5);
			run_to(6);
			assert_ok!(reveal(id, &BEN, 50, 5));
			run_to(10);
			assert_ok!(open(id, &ANN, &GUEST));
			ExistentialDeposit::set(101);
			let issued = issuance();
			run_to_default(id);
			assert!(events().contains(&Event::PayoutBurned { who: account, amount: 100 }));
			assert_eq!((issuance(), Pvs::pot_balance()), (issued - 100, gift));
			assert_eq!(Totals::<Test>::get().kept_bonds, 0);
			assert_eq!(Pvs::batch_info(id).expect("pending").slashed, 0);
			assert_eq!((prover(&ANN).stats.defaults, prover(&ANN).stats.slashed), (1, 200));
			assert_ok!(deliver(id, &BEN));
			assert_eq!((pending(id), Pvs::pot_balance()), (false, gift));
		});
	}
}

/// M4: bonds of two batches are kept when the existential deposit rises above either. The end of
/// the first leaves dust, which the account loses; the second ends all the same.
#[test]
fn batch_should_end_when_the_account_has_lost_its_bond() {
	market_with_deposit(100, || {
		let ids = opened_winner_defaults::<2>(100);
		assert_eq!(Pvs::pot_balance(), 200);
		ExistentialDeposit::set(150);
		run_to(28);
		for id in ids {
			assert_ok!(deliver(id, &DEE));
			assert!(!pending(id));
		}
		assert_eq!((Pvs::pot_balance(), Totals::<Test>::get().kept_bonds), (0, 0));
	});
}

/// Holding money never takes an account below the existential deposit, where what is left would be
/// lost.
#[test]
fn bond_hold_near_ed_conserves_issuance() {
	for second_provider in [false, true] {
		chain(|| {
			ExistentialDeposit::set(100);
			let poor = AccountId::new([30; 32]);
			let amount = MIN_STAKE + PROVER_DEPOSIT + 100;
			assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), poor.clone(), amount));
			if second_provider {
				System::inc_providers(&poor);
			}
			let issued = issuance();
			assert_noop!(
				Pvs::register_prover(signed(&poor), MIN_STAKE + 1),
				Error::<Test>::InsufficientBalance
			);
			assert_ok!(Pvs::register_prover(signed(&poor), MIN_STAKE));
			assert_eq!((free(&poor), total(&poor), issuance()), (100, amount, issued));
			assert_noop!(Pvs::bond_more(signed(&poor), 1), Error::<Test>::InsufficientBalance);
			assert_ok!(Pvs::deregister_prover(signed(&poor)));
			assert_eq!((free(&poor), issuance()), (amount, issued));
		});
	}
}

#[test]
fn slot_fee_should_leave_the_existential_deposit() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let spare = free(&ANN) - SLOT_FEE;
		assert_ok!(Balances::transfer_keep_alive(signed(&ANN), GUEST, spare));
		assert_noop!(
			place(id, &ANN, &payload(100, 5).encode()),
			Error::<Test>::InsufficientBalance
		);
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), ANN, 1));
		assert_ok!(place(id, &ANN, &payload(100, 5).encode()));
		assert_eq!(free(&ANN), 1);
	});
}

/// Money that somebody sends to the pallet's account does not disturb what is kept there.
#[test]
fn gift_to_the_slashed_account_should_change_nothing() {
	market(|| {
		let account = Pvs::pot_account();
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), account, 77));
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		run_to_default(id);
		assert_eq!(Pvs::pot_balance(), 677);
		let before = total(&BEN);
		assert_ok!(deliver(id, &BEN));
		// The reserve of 500, with no room for a share.
		assert_eq!((total(&BEN), Pvs::pot_balance()), (before + 500, 77));
	});
}
