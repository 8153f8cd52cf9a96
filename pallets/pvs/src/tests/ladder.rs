// SPDX-License-Identifier: Apache-2.0
//! The ranked runners-up behind a winner.

use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use pvs_primitives::{api::BatchStatus, params::RollupParams};

fn four_bids() -> Vec<(AccountId, u128, u32)> {
	vec![(DEE, 400, 5), (BEN, 200, 5), (CID, 300, 5), (ANN, 100, 5)]
}

#[test]
fn ladder_should_be_the_next_bids_by_rank_with_payments_fixed() {
	market(|| {
		let id = commit(500);
		auction(id, &four_bids());
		let ladder: Vec<_> = Pvs::round_info(id)
			.expect("open")
			.ladder
			.into_iter()
			.map(|place| (place.prover, place.fee, place.payment))
			.collect();
		assert_eq!(ladder, [(BEN, 200, 300), (CID, 300, 400)]);
		assert_eq!([ANN, BEN, CID, DEE].map(|who| prover(&who).reserved), [600, 600, 600, 0]);
	});
}

#[test]
fn ladder_should_be_as_long_as_the_rollup_says() {
	for ladder_len in 1..=4 {
		market_with(RollupParams { ladder_len, ..params() }, || {
			let id = commit(500);
			auction(id, &four_bids());
			let ladder = Pvs::round_info(id).expect("open").ladder;
			assert_eq!(ladder.len(), usize::try_from(ladder_len.min(3)).expect("small"));
			// The last one is paid the reserve: nobody is behind it.
			if ladder_len >= 3 {
				assert_eq!((&ladder[2].prover, ladder[2].payment), (&DEE, 500));
			}
		});
	}
}

#[test]
fn ladder_should_pass_on_at_no_cost_until_it_is_exhausted() {
	market(|| {
		let id = commit(500);
		auction(id, &four_bids());
		let (ben, cid) = (total(&BEN), total(&CID));
		assert_eq!(run_to_default(id), 19);
		run_to(22);
		assert_eq!(prover(&BEN).reserved, 600);
		run_to(23);
		assert_eq!(
			events(),
			[
				Event::PlacePassed { batch: id, round: 0, prover: BEN },
				Event::PlaceOffered {
					batch: id,
					round: 0,
					prover: CID,
					payment: 400,
					proof_blocks: 5,
					until: 26,
				},
			]
		);
		assert_eq!(prover(&BEN).reserved, 0);
		run_to(27);
		assert_eq!(
			events(),
			[
				Event::PlacePassed { batch: id, round: 0, prover: CID },
				Event::RescueOpened {
					batch: id,
					round: 0,
					payment: 200,
					last_payment: 500,
					until: 31,
				},
			]
		);
		assert_eq!((total(&BEN), total(&CID)), (ben, cid));
		for who in [BEN, CID] {
			let prover = prover(&who);
			assert_eq!((prover.reserved, prover.stats.defaults, prover.stats.slashed), (0, 0, 0));
		}
	});
}

#[test]
fn runner_up_that_accepts_and_fails_should_lose_its_bond_like_a_winner() {
	market(|| {
		let id = commit(500);
		auction(id, &four_bids());
		run_to_default(id);
		assert_ok!(accept(id, &BEN));
		// Offered in 19, its clock is 21: on time to 21 + 5 + 1, late to 30.
		assert_eq!(run_to_default(id), 31);
		assert!(events().contains(&Event::ProverDefaulted {
			batch: id,
			round: 0,
			prover: BEN,
			slashed: 600,
		}));
		assert_eq!(Pvs::pot_balance(), 1_200);
		let (cid, issued, rent) = (total(&CID), issuance(), rent(id));
		assert_ok!(deliver(id, &CID));
		// Its payment of 400, and of 1,200 no more than makes 500 together.
		assert_eq!((total(&CID), issuance()), (cid + 500, issued - 1_100 - rent));
	});
}

#[test]
fn ladder_should_hold_bonds_until_the_batch_ends() {
	market(|| {
		let id = commit(500);
		auction(id, &four_bids());
		assert_noop!(Pvs::deregister_prover(signed(&BEN)), Error::<Test>::ProverBusy);
		assert_noop!(Pvs::unbond(signed(&BEN), 3_500), Error::<Test>::InsufficientStake);
		assert_ok!(deliver(id, &ANN));
		assert_eq!((prover(&BEN).reserved, prover(&CID).reserved), (0, 0));
		assert_ok!(Pvs::deregister_prover(signed(&BEN)));
	});
}

#[test]
fn suspended_runner_up_should_keep_its_place() {
	market(|| {
		let id = commit(500);
		auction(id, &four_bids());
		// Eligibility was decided when the bid was placed.
		assert_ok!(Pvs::unbond(signed(&BEN), 3_400));
		assert!(prover(&BEN).suspended);
		run_to_default(id);
		assert_ok!(accept(id, &BEN));
		assert_ok!(deliver(id, &BEN));
		assert_eq!(status_of_all(), Vec::<BatchStatus<AccountId>>::new());
	});
}

fn status_of_all() -> Vec<BatchStatus<AccountId>> {
	crate::Batches::<Test>::iter_keys().map(status).collect()
}
