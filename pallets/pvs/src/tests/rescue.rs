// SPDX-License-Identifier: Apache-2.0
//! The phase in which any prover may deliver.

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{
	api::{BatchId, BatchStatus, Phase},
	params::{PaymentRule, RollupParams},
};

/// Ann wins alone at the 200 that she asks: the rescue lasts from 19 to 23.
fn rescue(test: impl FnOnce(BatchId)) {
	market_with(RollupParams { payment_rule: PaymentRule::FirstPrice, ..params() }, || {
		let id = commit(500);
		auction(id, &[(ANN, 200, 5)]);
		assert_eq!(run_to_default(id), 19);
		test(id);
	});
}

#[test]
fn rescue_should_open_when_the_ladder_is_exhausted() {
	rescue(|id| {
		assert_eq!(
			events(),
			[
				Event::ProverDefaulted { batch: id, round: 0, prover: ANN, slashed: 600 },
				Event::RescueOpened {
					batch: id,
					round: 0,
					payment: 200,
					last_payment: 500,
					until: 23,
				},
			]
		);
		assert_eq!(status(id), BatchStatus::Rescue);
		let round = Pvs::round_info(id).expect("open");
		assert_eq!((round.phase, round.phase_ends_at), (Phase::Rescue, 24));
		let rescue = round.rescue.expect("it is open");
		assert_eq!((rescue.started_at, rescue.payment, rescue.last_payment), (19, 275, 500));
	});
}

#[test]
fn rescue_should_pay_more_with_each_block_up_to_the_reserve() {
	// Of Ann's 600 at most 300, and payment and share together at most 500.
	for (block, payment, share) in
		[(19, 200, 300), (20, 275, 225), (21, 350, 150), (22, 425, 75), (23, 500, 0)]
	{
		rescue(|id| {
			run_to(block);
			let (dee, sequencer, issued) = (total(&DEE), total(&SEQUENCER), issuance());
			let rent = rent(id);
			assert_ok!(deliver(id, &DEE));
			assert_eq!(total(&DEE), dee + payment + share);
			assert_eq!(total(&SEQUENCER), sequencer - payment - rent);
			assert_eq!(issuance(), issued + share - 600 - rent);
			assert_eq!((prover(&DEE).stats.on_time, prover(&DEE).stats.wins), (1, 0));
			assert!(events().iter().any(|event| matches!(
				event,
				Event::ProofAccepted { prover: DEE, late_blocks: 0, late_cost: 0, .. }
			)));
		});
	}
}

#[test]
fn rescue_should_be_open_to_every_eligible_prover_and_nobody_else() {
	rescue(|id| {
		let proof = |who: &AccountId| proof(id, who);
		assert_noop!(submit(id, &GUEST, proof(&GUEST)), Error::<Test>::ProverNotFound);
		assert_ok!(Pvs::register_prover(signed(&SEQUENCER), MIN_STAKE));
		assert_noop!(submit(id, &SEQUENCER, proof(&SEQUENCER)), Error::<Test>::SequencerMayNotBid);
		// A new sequencer of the rollup may not rescue either.
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, CID));
		assert_noop!(submit(id, &CID, proof(&CID)), Error::<Test>::SequencerMayNotBid);
		assert_noop!(submit(id, &SEQUENCER, proof(&SEQUENCER)), Error::<Test>::SequencerMayNotBid);
		assert_ok!(Pvs::unbond(signed(&DEE), MIN_STAKE + 1));
		assert_noop!(submit(id, &DEE, proof(&DEE)), Error::<Test>::StakeTooLow);
		assert_ok!(Pvs::bond_more(signed(&DEE), 1));
		assert_noop!(submit(id, &DEE, proof(&BEN)), Error::<Test>::ProofInvalid);
		assert_ok!(submit(id, &DEE, proof(&DEE)));
		assert_eq!(prover(&DEE).reserved, 0, "a rescuer has no bond at stake");
	});
}

#[test]
fn rescue_should_be_open_to_the_defaulter_at_a_loss() {
	rescue(|id| {
		run_to(23);
		let before = total(&ANN);
		assert_ok!(deliver(id, &ANN));
		// 500 and nothing of its own bond, which was 600.
		assert_eq!(total(&ANN), before + 500);
		assert_eq!((prover(&ANN).stats.defaults, prover(&ANN).stats.slashed), (1, 600));
	});
}

#[test]
fn rescue_should_end_in_a_new_round_when_nobody_delivers() {
	rescue(|id| {
		let stale = proof(id, &DEE);
		run_to(24);
		assert!(events().contains(&Event::RescueEnded { batch: id, round: 0 }));
		assert_eq!((status(id), round_number(id)), (BatchStatus::Auction, 1));
		assert_eq!(Pvs::pot_balance(), 600, "kept until the batch ends");
		assert_noop!(submit(id, &DEE, stale.clone()), Error::<Test>::NothingToProve);
		auction(id, &[(DEE, 450, 5)]);
		assert_noop!(submit(id, &DEE, stale), Error::<Test>::ProofInvalid);
		let before = total(&DEE);
		assert_ok!(deliver(id, &DEE));
		// The 450 that it asks, and of Ann's 600 what makes the reserve together.
		assert_eq!(total(&DEE), before + 500);
		assert_eq!(Pvs::pot_balance(), 0);
	});
}
