// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, Batches, Error, Event, HoldReason};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{bid::BidPayload, hash::blake2_256};

fn try_submit(
	id: pvs_primitives::api::BatchId,
	prover: &AccountId,
	proof: &[u8],
) -> Result<(), sp_runtime::DispatchError> {
	submit(id, prover, proof.to_vec()).map(|_| ())
}

#[test]
fn proof_should_pay_its_prover_and_finalize_the_root() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let (ann, sequencer) = (total(&ANN), total(&SEQUENCER));
		let proof = proof(id, &ANN);
		System::reset_events();
		assert_ok!(submit(id, &ANN, proof));
		assert_eq!(
			events(),
			[
				Event::ProofAccepted {
					batch: id,
					round: 0,
					prover: ANN,
					payment: 200,
					late_blocks: 0,
					late_cost: 0,
					slashed_share: 0,
					slashed_burned: 0,
					refund: 300,
				},
				Event::ReserveUpdated { rollup: 0, reserve: 400, mean_payment: 200 },
				// From block 1 to 6.
				Event::RentBurned { batch: id, amount: 5 },
				Event::BatchFinalized { batch: id, state_root: root(1) },
			]
		);
		assert_eq!(total(&ANN), ann + 200);
		assert_eq!(total(&SEQUENCER), sequencer - 200 - 5);
		for reason in [
			HoldReason::Escrow,
			HoldReason::SequencerBond,
			HoldReason::BatchDeposit,
			HoldReason::PlaceRent,
		] {
			assert_eq!(Pvs::held(reason, &SEQUENCER), 0);
		}
		let rollup = Pvs::rollup_info(0).expect("registered");
		assert_eq!((rollup.genesis_root, rollup.finalized_root), (root(0), root(1)));
		assert_eq!((rollup.next_to_finalize, rollup.pending), (1, 0));
		let prover = Pvs::prover_info(ANN).expect("registered");
		assert_eq!((prover.reserved, prover.stats.on_time, prover.stats.earned), (0, 1, 200));
		assert!(Batches::<Test>::get(id).is_none());
		assert_noop!(try_submit(id, &ANN, &[0; 256]), Error::<Test>::BatchNotFound);
	});
}

#[test]
fn proof_should_be_paid_less_for_each_late_block() {
	// The time counts from 9: on time until 15, late until 18; five per cent of the reserve of 500
	// a block.
	for (block, late_blocks, payment) in [(15, 0, 200), (16, 1, 175), (18, 3, 125)] {
		market(|| {
			let id = commit(500);
			auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
			run_to(block);
			let (issued, rent) = (issuance(), rent(id));
			assert_ok!(submit(id, &ANN, proof(id, &ANN)));
			let late_cost = 200 - payment;
			assert!(events().contains(&Event::ProofAccepted {
				batch: id,
				round: 0,
				prover: ANN,
				payment,
				late_blocks,
				late_cost,
				slashed_share: 0,
				slashed_burned: 0,
				refund: 300,
			}));
			assert_eq!(issuance(), issued - late_cost - rent);
			let stats = Pvs::prover_info(ANN).expect("registered").stats;
			assert_eq!((stats.on_time, stats.late), if late_blocks == 0 { (1, 0) } else { (0, 1) });
		});
	}
}

#[test]
fn proof_should_be_refused_when_nobody_or_another_is_assigned() {
	market(|| {
		let id = commit(500);
		assert_noop!(try_submit(id, &ANN, &[0; 256]), Error::<Test>::NothingToProve);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let proof = proof(id, &BEN);
		assert_noop!(try_submit(id, &BEN, &proof), Error::<Test>::NotAssigned);
		assert_noop!(try_submit(batch(9), &ANN, &proof), Error::<Test>::BatchNotFound);
	});
}

#[test]
fn proof_should_be_refused_after_the_last_late_block() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5), (BEN, 200, 5)]);
		let proof = proof(id, &ANN);
		run_to(18);
		// The agenda has no weight: the call itself finds that the deadline has passed.
		MaxAgendaWeight::set(Default::default());
		run_to(19);
		assert_noop!(try_submit(id, &ANN, &proof), Error::<Test>::NotOffered);
		run_to(30);
		assert_noop!(try_submit(id, &ANN, &proof), Error::<Test>::NotOffered);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(31);
		assert_noop!(try_submit(id, &ANN, &proof), Error::<Test>::NotOffered);
		assert_eq!(prover(&ANN).stats.defaults, 1);
	});
}

#[test]
fn proof_should_be_refused_with_its_fault() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let good = proof(id, &ANN);
		let with = |change: fn(&mut Vec<u8>)| {
			let mut proof = good.clone();
			change(&mut proof);
			try_submit(id, &ANN, &proof)
		};
		assert_noop!(with(|proof| proof.truncate(255)), Error::<Test>::ProofWrongLength);
		assert_noop!(with(|proof| proof.push(0)), Error::<Test>::ProofWrongLength);
		assert_noop!(with(|proof| proof.clear()), Error::<Test>::ProofWrongLength);
		assert_noop!(with(|proof| proof[0] = 0xff), Error::<Test>::ProofNonCanonical);
		assert_noop!(with(|proof| proof[63] ^= 1), Error::<Test>::ProofNotOnCurve);
		assert_noop!(with(|proof| proof[..64].fill(0)), Error::<Test>::ProofIdentity);
		assert_noop!(with(|proof| proof[64..192].fill(0)), Error::<Test>::ProofIdentity);
		assert_noop!(
			with(|proof| proof[64..192].copy_from_slice(&super::register::off_subgroup())),
			Error::<Test>::ProofNotInSubgroup
		);
		// A point on the curve that is another one.
		assert_noop!(with(|proof| proof.copy_within(0..64, 192)), Error::<Test>::ProofInvalid);
		assert_ok!(with(|_| ()));
	});
}

#[test]
fn proof_should_be_refused_when_the_last_deadline_of_its_batch_has_passed() {
	let once = pvs_primitives::params::RollupParams { max_failed_rounds: 1, ..params() };
	market_with(once, || {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		assert_eq!(run_to_default(id), 19);
		let proof = proof(id, &ANN);
		run_to(23);
		// The rescue ends in 24. The agenda has no weight: the call finds that the batch has failed.
		MaxAgendaWeight::set(Default::default());
		run_to(24);
		assert_noop!(try_submit(id, &ANN, &proof), Error::<Test>::TooLate);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(25);
		assert!(!pending(id));
	});
}

#[test]
fn proof_should_be_reported_when_the_chain_has_lost_the_key() {
	market(|| {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		let proof = proof(id, &ANN);
		let key = crate::VerifyingKeys::<Test>::take(0).expect("stored");
		assert_noop!(try_submit(id, &ANN, &proof), Error::<Test>::Corrupt);
		crate::VerifyingKeys::<Test>::insert(0, key);
		assert_ok!(submit(id, &ANN, proof));
	});
}

#[test]
fn proof_should_be_the_one_that_the_winner_committed_to() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let proof = proof(id, &ANN);
		let bid = BidPayload { proof_commitment: Some(blake2_256(&[&proof])), ..payload(100, 5) }
			.encode();
		assert_ok!(place(id, &ANN, &bid));
		run_to(6);
		assert_ok!(reveal_bytes(id, &ANN, &bid));
		let inputs = Pvs::public_inputs_of(id, ANN).expect("pending");
		let other = keys().prove(&inputs, 2);
		assert_ne!(other.to_vec(), proof);
		assert_noop!(try_submit(id, &ANN, &other), Error::<Test>::OtherProofCommitted);
		assert_ok!(submit(id, &ANN, proof));
	});
}

#[test]
fn roots_should_become_final_in_order() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		for id in ids {
			bid(id, &ANN, 100, 5);
		}
		run_to(6);
		for id in ids {
			assert_ok!(reveal(id, &ANN, 100, 5));
		}
		for id in [ids[2], ids[1]] {
			assert_ok!(submit(id, &ANN, proof(id, &ANN)));
			assert_eq!(Pvs::rollup_info(0).expect("registered").finalized_root, root(0));
		}
		assert_eq!(Pvs::held(HoldReason::Escrow, &SEQUENCER), 500);
		assert_ok!(submit(ids[0], &ANN, proof(ids[0], &ANN)));
		assert_eq!(Pvs::rollup_info(0).expect("registered").finalized_root, root(1));
		run_to(7);
		assert_eq!(Pvs::rollup_info(0).expect("registered").finalized_root, root(3));
		assert_eq!(Batches::<Test>::iter().count(), 0);
		// From block 1: the first ended in 6; the second was due to go then, and went in 7; then the
		// third.
		let rents = 5 + 5 + 6;
		assert_eq!(free(&SEQUENCER), ENDOWMENT - 3 * 500 - rents);
	});
}
