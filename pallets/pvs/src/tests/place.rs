// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use pvs_primitives::{api::BatchStatus, params::RollupParams};

/// Ann wins and defaults in block 19; Ben is next, then Cid; Dee is off the ladder.
fn defaulted() -> pvs_primitives::api::BatchId {
	let id = commit(500);
	auction(id, &[(ANN, 100, 5), (BEN, 200, 5), (CID, 300, 5), (DEE, 400, 5)]);
	assert_eq!(run_to_default(id), 19);
	id
}

#[test]
fn place_should_be_offered_when_the_winner_defaults() {
	market(|| {
		let id = defaulted();
		assert_eq!(
			events(),
			[
				Event::ProverDefaulted { batch: id, round: 0, prover: ANN, slashed: 600 },
				Event::PlaceOffered {
					batch: id,
					round: 0,
					prover: BEN,
					// What the next one asked.
					payment: 300,
					proof_blocks: 5,
					until: 22,
				},
			]
		);
		assert_eq!(status(id), BatchStatus::Offered);
		assert_eq!(Pvs::pot_balance(), 600);
		assert_eq!(Pvs::batch_info(id).expect("pending").slashed, 600);
	});
}

#[test]
fn accepted_place_should_start_the_provers_own_time() {
	market(|| {
		let id = defaulted();
		run_to(21);
		System::reset_events();
		assert_ok!(accept(id, &BEN));
		assert_eq!(
			events(),
			[Event::PlaceAccepted {
				batch: id,
				round: 0,
				prover: BEN,
				payment: 300,
				on_time_until: 21 + 5 + INCLUSION_SLACK,
				late_until: 21 + 5 + INCLUSION_SLACK + 3,
			}]
		);
		assert_eq!(winner(id), Some(BEN));
		assert_noop!(accept(id, &BEN), Error::<Test>::NothingOffered);
		run_to(28);
		let before = total(&BEN);
		assert_ok!(deliver(id, &BEN));
		// One block late, five per cent of 500; and of Ann's 600 half, but at most 500 together.
		assert_eq!(total(&BEN), before + 300 - 25 + 200);
	});
}

/// M1 and G13: a place gives the same time whenever it is taken.
#[test]
fn place_should_give_no_more_time_when_it_is_taken_late() {
	// Offered in 19: a transaction on top of that block is in 20, or with the slack in 21.
	let clock = 21;
	for block in 19..=22 {
		market(|| {
			let id = defaulted();
			run_to(block);
			assert_ok!(accept(id, &BEN));
			let of = Pvs::round_info(id).expect("open").assignment.expect("assigned");
			assert_eq!((of.assigned_at, of.clock), (block, clock));
			assert_eq!((of.on_time_until, of.late_until), (clock + 6, clock + 9));
		});
	}
}

/// A proof takes the place as well, so that it stays open for as long as an honest prover needs for
/// it, and no longer, whatever the rollup's `ladder_blocks`.
#[test]
fn place_should_lapse_when_an_honest_prover_would_have_delivered() {
	// Offered in 19: 19 + 1 + 2 * 1 + 5 is before 19 + 30.
	for (ladder_blocks, until) in [(30, 27), (8, 27), (7, 26), (2, 21)] {
		market_with(RollupParams { ladder_blocks, ..params() }, || {
			let id = defaulted();
			assert!(events().iter().any(
				|event| matches!(event, Event::PlaceOffered { until: said, .. } if *said == until)
			));
			run_to(until);
			assert_storage_noop!({
				let _ = frame_support::storage::with_transaction(|| {
					assert_ok!(deliver(id, &BEN));
					sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(()))
				});
			});
			run_to(until + 1);
			assert!(events().contains(&Event::PlacePassed { batch: id, round: 0, prover: BEN }));
		});
	}
}

#[test]
fn proof_should_take_the_place_by_itself() {
	market(|| {
		let id = defaulted();
		run_to(22);
		let (ben, sequencer, issued) = (total(&BEN), total(&SEQUENCER), issuance());
		let rent = rent(id);
		assert_ok!(deliver(id, &BEN));
		assert_eq!(total(&BEN), ben + 300 + 200);
		assert_eq!(total(&SEQUENCER), sequencer - 300 - rent);
		assert_eq!(issuance(), issued - 400 - rent, "the rest of Ann's bond is burned");
		assert_eq!(Pvs::pot_balance(), 0);
		assert!(events().contains(&Event::ProofAccepted {
			batch: id,
			round: 0,
			prover: BEN,
			payment: 300,
			late_blocks: 0,
			late_cost: 0,
			slashed_share: 200,
			slashed_burned: 400,
			refund: 200,
		}));
		for who in [ANN, BEN, CID, DEE] {
			assert_eq!(prover(&who).reserved, 0);
		}
		assert_eq!((prover(&BEN).stats.earned, prover(&BEN).stats.on_time), (500, 1));
	});
}

#[test]
fn place_should_be_refused_when_it_is_another_provers_or_not_offered() {
	market(|| {
		assert_noop!(accept(batch(0), &BEN), Error::<Test>::BatchNotFound);
		let id = commit(500);
		assert_noop!(accept(id, &BEN), Error::<Test>::NothingOffered);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5), (CID, 300, 5)]);
		assert_noop!(accept(id, &BEN), Error::<Test>::NothingOffered);
		assert_noop!(accept(id, &ANN), Error::<Test>::NothingOffered);
		run_to_default(id);
		for who in [ANN, CID, DEE, GUEST] {
			assert_noop!(accept(id, &who), Error::<Test>::NotOffered);
			assert_noop!(submit(id, &who, vec![0; 256]), Error::<Test>::NotOffered);
		}
		// Ben's place until 22, Cid's until 26.
		run_to(27);
		assert_eq!(status(id), BatchStatus::Rescue);
		assert_noop!(accept(id, &BEN), Error::<Test>::NothingOffered);
	});
}

#[test]
fn place_should_need_the_proof_that_its_bid_named() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		let named = proof(id, &BEN);
		let mut payload = payload(200, 5);
		payload.proof_commitment = Some(pvs_primitives::hash::blake2_256(&[&named]));
		assert_ok!(place(id, &BEN, &payload.encode()));
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_ok!(reveal_bytes(id, &BEN, &payload.encode()));
		run_to_default(id);
		let inputs = Pvs::public_inputs_of(id, BEN).expect("pending");
		let other = keys().prove(&inputs, 2).to_vec();
		assert_noop!(submit(id, &BEN, other.clone()), Error::<Test>::OtherProofCommitted);
		// It does not bind in a rescue.
		run_to(23);
		assert_eq!(status(id), BatchStatus::Rescue);
		assert_ok!(submit(id, &BEN, other));
	});
}
