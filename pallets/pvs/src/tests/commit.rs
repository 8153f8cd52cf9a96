// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Batches, Error, Event, HoldReason};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{api::BatchStatus, poseidon::data_commitment};

fn try_commit(
	who: AccountId,
	rollup: u32,
	len: usize,
	max_fee: u128,
) -> Result<(), sp_runtime::DispatchError> {
	let call = crate::Call::commit_batch {
		rollup,
		data: vec![1; len].try_into().expect("short enough"),
		prev_state_root: tip(rollup),
		next_state_root: root(1),
		max_fee,
	};
	outcome(dispatch(signed(&who), call)).map(|_| ())
}

#[test]
fn batch_should_be_committed_with_escrow_bond_and_deposit_held() {
	market(|| {
		let id = commit(500);
		assert_eq!(id, batch(0));
		assert_eq!(Pvs::held(HoldReason::Escrow, &SEQUENCER), 500);
		assert_eq!(Pvs::held(HoldReason::SequencerBond, &SEQUENCER), 70);
		assert_eq!(Pvs::held(HoldReason::BatchDeposit, &SEQUENCER), BATCH_DEPOSIT);
		let info = Pvs::batch_info(id).expect("it is pending");
		assert_eq!(info.status, BatchStatus::Auction);
		assert_eq!(info.data_commitment, data_commitment(&[1; 40]));
		assert_eq!((info.prev_state_root, info.next_state_root), (root(0), root(1)));
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::BatchCommitted { max_fee: 500, .. })));
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::RoundOpened { round: 0, reserve: 500, .. })));
		let next = commit(500);
		assert_eq!(next, batch(1));
		assert_eq!(Pvs::batch_info(next).expect("pending").prev_state_root, root(1));
	});
}

#[test]
fn batch_should_be_refused_when_caller_data_or_fee_is_wrong() {
	market(|| {
		assert_noop!(try_commit(SEQUENCER, 9, 40, 1_000), Error::<Test>::RollupNotFound);
		assert_noop!(try_commit(OWNER, 0, 40, 1_000), Error::<Test>::NotSequencer);
		assert_noop!(try_commit(SEQUENCER, 0, 39, 1_000), Error::<Test>::WrongDataLength);
		assert_noop!(try_commit(SEQUENCER, 0, 41, 1_000), Error::<Test>::WrongDataLength);
		assert_noop!(try_commit(SEQUENCER, 0, 101, 1_000), Error::<Test>::WrongDataLength);
		assert_noop!(try_commit(SEQUENCER, 0, 40, 9), Error::<Test>::MaxFeeTooLow);
		assert_noop!(try_commit(SEQUENCER, 0, 40, 1_001), Error::<Test>::MaxFeeTooHigh);
		assert_noop!(
			Pvs::commit(SEQUENCER, 0, &[1; 40], roots(tip(0), [0xff; 32]), 1_000),
			Error::<Test>::StateRootNonCanonical
		);
		assert_ok!(try_commit(SEQUENCER, 0, 40, 1_000));
	});
}

/// M13: a low `max_fee` made a low reserve, for which only a friend of the sequencer would bid.
#[test]
fn max_fee_should_be_at_least_the_rollups_reserve() {
	market(|| {
		assert_noop!(try_commit(SEQUENCER, 0, 40, 999), Error::<Test>::MaxFeeTooLow);
		assert_ok!(try_commit(SEQUENCER, 0, 40, 1_000));
		auction(batch(0), &[(ANN, 100, 5), (BEN, 150, 5)]);
		assert_ok!(deliver(batch(0), &ANN));
		// The first payment of 150 is the mean, and the reserve one whole above it.
		assert_eq!(rollup().reserve, 300);
		assert_noop!(try_commit(SEQUENCER, 0, 40, 299), Error::<Test>::MaxFeeTooLow);
		assert_ok!(try_commit(SEQUENCER, 0, 40, 300));
		assert_eq!(Pvs::round_info(batch(1)).expect("open").reserve, 300);
	});
}

#[test]
fn batch_should_be_refused_when_the_sequencer_cannot_pay() {
	market(|| {
		lower_reserve(0, 500);
		let spare = free(&SEQUENCER) - 500;
		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(SEQUENCER), GUEST, spare));
		// 500 and not the 575 of escrow, bond and deposit.
		let before = Balances::reserved_balance(&SEQUENCER);
		frame_support::assert_storage_noop!({
			let _ = frame_support::storage::with_storage_layer(|| {
				let refused = try_commit(SEQUENCER, 0, 40, 500);
				assert_eq!(refused, Err(Error::<Test>::InsufficientBalance.into()));
				refused
			});
		});
		assert_eq!(Balances::reserved_balance(&SEQUENCER), before);
	});
}

#[test]
fn batch_should_be_refused_when_rollup_chain_or_block_is_full() {
	market(|| {
		for _ in 0..4 {
			commit(500);
		}
		assert_noop!(try_commit(SEQUENCER, 0, 40, 500), Error::<Test>::TooManyPendingBatches);
		register_rollup(params());
		lower_reserve(1, 500);
		assert_ok!(try_commit(SEQUENCER, 1, 40, 500));
		assert_noop!(try_commit(SEQUENCER, 1, 40, 500), Error::<Test>::BlockDataFull);
		run_to(2);
		// Two of the four take places of the pool.
		PoolPlaces::set(2);
		assert_ok!(try_commit(SEQUENCER, 1, 40, 500));
		assert_noop!(try_commit(SEQUENCER, 1, 40, 500), Error::<Test>::ChainFull);
		assert_eq!(Batches::<Test>::iter().count(), 6);
	});
}

#[test]
fn batch_should_be_refused_when_it_builds_on_another_root_than_the_tip() {
	market(|| {
		commit(500);
		assert_noop!(
			Pvs::commit(SEQUENCER, 0, &[2; 40], roots(root(0), root(2)), 500),
			Error::<Test>::TipChanged
		);
		// The batch before fails in block 9, and with it the tip that this one was made for.
		let meant = tip(0);
		run_to(9);
		assert_noop!(
			Pvs::commit(SEQUENCER, 0, &[2; 40], roots(meant, root(2)), 500),
			Error::<Test>::TipChanged
		);
		assert_ok!(Pvs::commit(SEQUENCER, 0, &[2; 40], roots(tip(0), root(2)), 500));
	});
}
