// SPDX-License-Identifier: Apache-2.0
//! Attacks by the names that the threat model gives them, as far as this version defends.

use crate::{mock::*, Batches, Bids, Error, Provers};
use frame_support::{assert_noop, assert_ok};
use pvs_auction::slot_fee::slot_fee;

/// A1: a copied commitment is useless to the copier and harmless to the copied.
#[test]
fn test_copied_commit_forfeits_copier_only() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let bytes = payload(100, 5).encode();
		let round = Pvs::round_info(id).expect("open");
		let copied = commitment(id, &ANN, &bytes);
		assert_ok!(place(id, &ANN, &bytes));
		assert_ok!(Pvs::place_bid(
			RuntimeOrigin::signed(BEN),
			id,
			0,
			round.batch_digest,
			99,
			copied
		));
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		// Even with the payload now public, it does not open under another account.
		assert_noop!(
			Pvs::do_reveal_bid(BEN, id, &bytes).map(|_| ()),
			Error::<Test>::CommitmentMismatch
		);
		run_to(10);
		assert_eq!(winner(id), Some(ANN));
		assert_eq!(Provers::<Test>::get(&BEN).expect("registered").stats.slashed, 600);
		assert_eq!(Provers::<Test>::get(&ANN).expect("registered").stats.slashed, 0);
	});
}

/// A5: a bid without a bond changes nothing.
#[test]
fn test_commit_without_bond_is_noop() {
	market(|| {
		let id = commit(500);
		run_to(2);
		Provers::<Test>::mutate(&ANN, |prover| {
			let prover = prover.as_mut().expect("registered");
			prover.reserved = prover.stake - 599;
		});
		let digest = Pvs::round_info(id).expect("open").batch_digest;
		assert_noop!(
			Pvs::do_place_bid(ANN, id, 0, digest, 99, [1; 32]),
			Error::<Test>::InsufficientStake
		);
		Provers::<Test>::mutate(&ANN, |prover| {
			prover.as_mut().expect("registered").reserved = 0;
		});
	});
}

/// A6: filling a round gets dear.
#[test]
fn test_slot_stuffing_cost_curve() {
	let fees: Vec<_> = (0..64).map(|taken| slot_fee(SLOT_FEE, taken, 64)).collect();
	assert!(fees.windows(2).all(|pair| pair[0] <= pair[1]));
	assert_eq!(fees[63], SLOT_FEE << 7);
	assert!(fees.iter().sum::<u128>() >= 31 * 64 * SLOT_FEE);
}

/// B3: every call at end - 1, end and end + 1 of each window.
#[test]
fn test_boundary_matrix() {
	// Committed in 1: bidding [2, 5), gap [5, 6), revealing [6, 10).
	let may_bid = |block| {
		let mut allowed = false;
		market(|| {
			let id = commit(500);
			let digest = Pvs::round_info(id).expect("open").batch_digest;
			run_to(2);
			bid(id, &BEN, 200, 5);
			if block == 1 {
				return;
			}
			run_to(block);
			allowed = Pvs::do_place_bid(ANN, id, 0, digest, 99, [1; 32]).is_ok();
		});
		allowed
	};
	assert_eq!([2, 3, 4, 5, 6].map(may_bid), [true, true, true, false, false]);
	let may_reveal = |block| {
		let mut allowed = false;
		market(|| {
			let id = commit(500);
			run_to(2);
			bid(id, &ANN, 100, 5);
			run_to(block);
			allowed = Pvs::do_reveal_bid(ANN, id, &payload(100, 5).encode()).is_ok();
		});
		allowed
	};
	assert_eq!(
		[4, 5, 6, 7, 9, 10, 11].map(may_reveal),
		[false, false, true, true, true, false, false]
	);
	// Assigned in 6 for 5 blocks with a slack of 1 and a grace of 3.
	let may_prove = |block| {
		let mut allowed = false;
		market(|| {
			let id = commit(500);
			auction(id, &[(ANN, 100, 5)]);
			let proof = proof(id, &ANN);
			run_to(block);
			allowed = submit(id, &ANN, proof).is_ok();
		});
		allowed
	};
	assert_eq!([6, 12, 13, 15, 16, 17].map(may_prove), [true, true, true, true, false, false]);
}

/// B5: an expired bid does not keep its bidder from the next round.
#[test]
fn test_expired_commit_does_not_block() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(10);
		assert_eq!(round_number(id), 1);
		auction(id, &[(ANN, 100, 5)]);
		assert_eq!(winner(id), Some(ANN));
	});
}

/// B7: the pallet has no source of time but the height.
#[test]
fn test_pallet_has_no_time_source() {
	for file in [
		include_str!("../lib.rs"),
		include_str!("../agenda_impls.rs"),
		include_str!("../dispatchable_impls.rs"),
		include_str!("../round_impls.rs"),
		include_str!("../read_impls.rs"),
	] {
		assert!(!file.contains("pallet_timestamp") && !file.contains("UnixTime"));
	}
	assert!(!include_str!("../../Cargo.toml").contains("pallet-timestamp"));
}

/// D4: eligibility is decided when the bid is placed.
#[test]
fn test_winning_elsewhere_keeps_bid() {
	market(|| {
		let ids = [commit(1_000), commit(1_000), commit(1_000)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 100, 5);
		}
		run_to(6);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 100, 5));
			assert_eq!(winner(id), Some(ANN));
		}
	});
}

/// E1: a proof is bound to its prover: a thief cannot use it, and a relayer cannot redirect it.
#[test]
fn test_stolen_proof_rejected_for_thief() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		bid(ids[1], &BEN, 100, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 5));
		assert_ok!(reveal(ids[1], &BEN, 100, 5));
		let stolen = proof(ids[0], &ANN);
		assert_noop!(Pvs::do_submit_proof(ids[1], BEN, &stolen), Error::<Test>::ProofInvalid);
		let (ann, guest) = (total(&ANN), total(&GUEST));
		assert_ok!(Pvs::submit_proof(
			RuntimeOrigin::signed(GUEST),
			ids[0],
			ANN,
			stolen.try_into().expect("256 bytes")
		));
		assert_eq!(total(&ANN), ann + 500, "a relayed proof pays its prover");
		assert_eq!(total(&GUEST), guest);
	});
}

/// E2, E8: a proof pays once, and not in another round, batch or rollup.
#[test]
fn test_same_proof_two_auctions_one_payout() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let first_round = proof(id, &ANN);
		run_to(16);
		auction(id, &[(ANN, 100, 5)]);
		assert_noop!(Pvs::do_submit_proof(id, ANN, &first_round), Error::<Test>::ProofInvalid);
		let proof = proof(id, &ANN);
		assert_ok!(submit(id, &ANN, proof.clone()));
		assert_noop!(Pvs::do_submit_proof(id, ANN, &proof), Error::<Test>::BatchNotFound);
	});
}

/// F3: a bond is slashed once, and nothing else of the stake.
#[test]
fn test_slash_once_and_le_hold() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		run_to(60);
		let prover = Provers::<Test>::get(&ANN).expect("registered");
		assert_eq!((prover.stake, prover.stats.slashed), (2 * MIN_STAKE - 600, 600));
		assert_eq!(prover.reserved, 0);
	});
}

/// F6: a sequencer cannot spend what is in escrow.
#[test]
fn test_requester_cannot_withdraw_escrow() {
	market(|| {
		commit(500);
		let all = free(&SEQUENCER);
		assert!(
			Balances::transfer_allow_death(RuntimeOrigin::signed(SEQUENCER), GUEST, all).is_err()
		);
		assert_ok!(Balances::transfer_all(RuntimeOrigin::signed(SEQUENCER), GUEST, false));
		assert_eq!(Balances::reserved_balance(&SEQUENCER), 575);
	});
}

/// G12: nothing per batch is left when it has ended.
#[test]
fn storage_footprint_returns_to_baseline() {
	market(|| {
		let keys = || {
			let mut count = 0;
			let mut key = Vec::new();
			while let Some(next) = sp_io::storage::next_key(&key) {
				let pallet = sp_io::hashing::twox_128(b"Pvs");
				if next.starts_with(&pallet) {
					count += 1;
				}
				key = next;
			}
			count
		};
		run_to(2);
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		assert_ok!(submit(id, &ANN, proof(id, &ANN)));
		let baseline = keys();
		for _ in 0..50 {
			let id = commit(500);
			auction(id, &[(ANN, 100, 5), (BEN, 90, 4)]);
			assert_ok!(submit(id, &BEN, proof(id, &BEN)));
		}
		run_to(System::block_number() + 1);
		assert_eq!(keys(), baseline);
		assert_eq!(Batches::<Test>::iter().count() + Bids::<Test>::iter().count(), 0);
	});
}
