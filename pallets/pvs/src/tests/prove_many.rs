// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, weights::WeightInfo, Batches, Error, Event, Provers, WeightInfoOf};
use frame_support::{
	assert_noop, assert_ok,
	weights::{RuntimeDbWeight, Weight},
};
use pvs_primitives::api::BatchId;
use pvs_verifier_testing::TestKeys;
use sp_runtime::DispatchError;
use std::collections::BTreeMap;

type Weights = WeightInfoOf<Test>;
type Proofs = [(BatchId, AccountId, Vec<u8>)];

/// Sent by somebody who has no part in the market.
fn submit_all(proofs: &Proofs) -> CallResult {
	let proofs = submissions(proofs);
	outcome(dispatch(signed(&GUEST), crate::Call::submit_proofs { proofs }))
}

/// Commits as many batches and takes all of them to a winner, Ann, in one block.
fn won_by_ann(count: usize) -> Vec<BatchId> {
	let ids: Vec<_> = (0..count).map(|_| commit(500)).collect();
	run_to(2);
	for id in &ids {
		bid(*id, &ANN, 100, 5);
		bid(*id, &BEN, 200, 5);
	}
	run_to(6);
	for id in &ids {
		assert_ok!(reveal(*id, &ANN, 100, 5));
		assert_ok!(reveal(*id, &BEN, 200, 5));
	}
	ids
}

fn by_ann(ids: &[BatchId]) -> Vec<(BatchId, AccountId, Vec<u8>)> {
	ids.iter().map(|id| (*id, ANN, proof(*id, &ANN))).collect()
}

fn refused(batch: BatchId, prover: &AccountId, error: impl Into<DispatchError>) -> Event<Test> {
	Event::ProofRefused { batch, prover: prover.clone(), error: error.into() }
}

#[test]
fn proofs_should_have_the_effects_of_single_ones() {
	let run = |together: bool| {
		let mut result = (Vec::new(), Vec::new());
		market(|| {
			let ids = won_by_ann(3);
			System::reset_events();
			let proofs = by_ann(&ids);
			if together {
				let info = submit_all(&proofs).expect("all hold");
				assert_eq!(info.actual_weight, Some(Weights::submit_proofs(3)));
			} else {
				for (id, prover, proof) in proofs {
					assert_ok!(submit(id, &prover, proof));
				}
			}
			assert_eq!(Pvs::prover_info(ANN).expect("registered").stats.on_time, 3);
			assert_eq!(free(&GUEST), ENDOWMENT, "the relayer is paid nothing");
			result = (events(), [ANN, BEN, SEQUENCER].iter().map(total).collect());
		});
		result
	};
	assert_eq!(run(true), run(false));
}

#[test]
fn bad_proof_should_fail_only_itself() {
	for bad in 0..3 {
		market(|| {
			let ids = won_by_ann(3);
			let mut proofs = by_ann(&ids);
			proofs[bad].2.copy_within(0..64, 192);
			let before = Batches::<Test>::get(ids[bad]);
			let info = submit_all(&proofs).expect("the others hold");
			let dearest = Weights::submit_proofs(3).saturating_add(Weights::submit_false_proofs(3));
			assert_eq!(info.actual_weight, Some(dearest));
			assert_eq!(Pvs::prover_info(ANN).expect("registered").stats.on_time, 2);
			assert_eq!(Batches::<Test>::get(ids[bad]), before);
			let refusals: Vec<_> = events()
				.into_iter()
				.filter(|event| matches!(event, Event::ProofRefused { .. }))
				.collect();
			assert_eq!(refusals, [refused(ids[bad], &ANN, Error::<Test>::ProofInvalid)]);
			assert_ok!(submit_all(&by_ann(&ids[bad..=bad])));
			run_to(System::block_number() + 1);
			assert_eq!(Pvs::rollup_info(0).expect("registered").next_to_finalize, 3);
		});
	}
}

#[test]
fn search_should_be_charged_only_when_false_proofs_had_to_be_found() {
	type Change = fn(&mut (BatchId, AccountId, Vec<u8>));
	let faults: [(Change, bool); 6] = [
		(|(id, _, _)| id.index = 9, false),
		(|(_, prover, _)| *prover = BEN, false),
		(|(_, _, proof)| proof[0] = 0xff, false),
		(|(_, _, proof)| proof[63] ^= 1, false),
		(|(_, _, proof)| proof[64..192].copy_from_slice(&super::register::off_subgroup()), true),
		(|(_, _, proof)| proof.copy_within(0..64, 192), true),
	];
	for (change, searched) in faults {
		market(|| {
			let ids = won_by_ann(2);
			let mut proofs = by_ann(&ids);
			change(&mut proofs[1]);
			let info = submit_all(&proofs).expect("the other one holds");
			let search =
				if searched { Weights::submit_false_proofs(2) } else { Default::default() };
			let expected = Weights::submit_proofs(2).saturating_add(search);
			assert_eq!(info.actual_weight, Some(expected));
			let last =
				events().into_iter().rfind(|event| matches!(event, Event::ProofRefused { .. }));
			assert!(last.is_some(), "one is refused");
		});
	}
	// Somebody else was quicker with a copy of one of them.
	market(|| {
		let ids = won_by_ann(2);
		let proofs = by_ann(&ids);
		assert_ok!(submit_all(&proofs[..1]));
		let info = submit_all(&proofs).expect("the other one holds");
		assert_eq!(info.actual_weight, Some(Weights::submit_proofs(2)));
	});
}

/// The benchmarks of proofs have as many runners-up as there may be; a proof pays for the rows of those that wait.
#[test]
fn proofs_should_be_charged_only_the_runners_up_that_there_are() {
	let bids = [(ANN, 100, 5), (BEN, 200, 5), (CID, 300, 5)];
	let row = Weight::from_parts(10, 0);
	for (waiting, together) in [(0_u32, false), (1, false), (2, false), (0, true), (2, true)] {
		market(|| {
			DatabaseWeight::set(RuntimeDbWeight { read: 3, write: 7 });
			let id = commit(500);
			auction(id, &bids[..=waiting as usize]);
			let single = Weights::submit_proof();
			let mut bad = proof(id, &ANN);
			bad.copy_within(0..64, 192);
			let call = crate::Call::submit_proof {
				batch: id,
				prover: ANN,
				proof: bad.try_into().expect("at most twice as long"),
			};
			let refused = dispatch(signed(&ANN), call).expect_err("it does not hold");
			assert_eq!(refused.post_info.actual_weight, Some(single), "nothing was released");

			let before: BTreeMap<_, _> = Provers::<Test>::iter().collect();
			let (accepted, most) = match together {
				true => (submit_all(&by_ann(&[id])), Weights::submit_proofs(1)),
				false => (deliver(id, &ANN), single),
			};
			let charged = accepted.expect("it holds").actual_weight;
			let changed = |(who, record): &(AccountId, _)| before.get(who) != Some(record);
			assert_eq!(Provers::<Test>::iter().filter(changed).count(), 1 + waiting as usize);
			let absent = u64::from(MAX_BIDS - 1 - waiting);
			assert_eq!(charged, Some(most.saturating_sub(row.saturating_mul(absent))));
		});
	}
}

#[test]
fn each_fault_should_be_named_as_by_a_single_submission() {
	type Change = fn(&mut (BatchId, AccountId, Vec<u8>));
	let faults: [(Change, Error<Test>); 10] = [
		(|(id, _, _)| id.index = 9, Error::BatchNotFound),
		(|(id, _, _)| id.rollup = 9, Error::BatchNotFound),
		(|(_, prover, _)| *prover = BEN, Error::NotAssigned),
		(|(_, _, proof)| proof.truncate(255), Error::ProofWrongLength),
		(|(_, _, proof)| proof.clear(), Error::ProofWrongLength),
		(|(_, _, proof)| proof[0] = 0xff, Error::ProofNonCanonical),
		(|(_, _, proof)| proof[63] ^= 1, Error::ProofNotOnCurve),
		(|(_, _, proof)| proof[..64].fill(0), Error::ProofIdentity),
		(
			|(_, _, proof)| proof[64..192].copy_from_slice(&super::register::off_subgroup()),
			Error::ProofNotInSubgroup,
		),
		(|(_, _, proof)| proof.copy_within(0..64, 192), Error::ProofInvalid),
	];
	for (change, error) in faults {
		let error: DispatchError = error.into();
		market(|| {
			let ids = won_by_ann(2);
			let mut proofs = by_ann(&ids);
			change(&mut proofs[0]);
			let (id, prover, bytes) = proofs[0].clone();
			let single = submit(id, &prover, bytes).map(|_| ());
			assert_eq!(single, Err(error));
			System::reset_events();
			assert_ok!(submit_all(&proofs));
			assert!(events().contains(&refused(id, &prover, error)));
			assert_eq!(Pvs::prover_info(ANN).expect("registered").stats.on_time, 1);
		});
	}
}

/// E2: neither the same bytes nor re-randomised ones pay a second time.
#[test]
fn test_rerandomised_proof_pays_once() {
	market(|| {
		let ids = won_by_ann(1);
		let inputs = Pvs::public_inputs_of(ids[0], ANN).expect("pending");
		let other = keys().prove(&inputs, 2).to_vec();
		let first = proof(ids[0], &ANN);
		assert_ne!(other, first);
		let ann = total(&ANN);
		System::reset_events();
		assert_ok!(submit_all(&[
			(ids[0], ANN, first.clone()),
			(ids[0], ANN, other),
			(ids[0], ANN, first),
		]));
		assert_eq!(total(&ANN), ann + 200);
		let again = refused(ids[0], &ANN, Error::<Test>::BatchNotFound);
		assert_eq!(events()[4..], [again.clone(), again]);
	});
}

#[test]
fn proofs_should_be_refused_when_there_are_none_or_too_many() {
	market(|| {
		assert_noop!(submit_all(&[]), Error::<Test>::NoProofs);
		let ids = won_by_ann(3);
		let mut proofs = by_ann(&ids[..MAX_PROOFS as usize - 1]);
		assert_ok!(submit_all(&proofs));
		proofs.resize(MAX_PROOFS as usize, proofs[0].clone());
		assert_ok!(submit_all(&proofs));
		proofs.push(proofs[0].clone());
		assert_noop!(submit_all(&proofs), Error::<Test>::TooManyProofs);
	});
}

#[test]
fn overdue_transition_should_happen_once_and_be_weighed() {
	market(|| {
		let ids = won_by_ann(2);
		run_to(18);
		// The agenda has no weight: the calls find that Ann's deadlines have passed.
		MaxAgendaWeight::set(Weight::zero());
		run_to(19);
		let by_ben: Vec<_> = ids.iter().map(|id| (*id, BEN, proof(*id, &BEN))).collect();
		let mut proofs = by_ben.clone();
		proofs[1].2.copy_within(0..64, 192);
		let info = submit_all(&proofs).expect("the first holds");
		let overdue = Weights::default_prover().saturating_mul(2);
		let dearest = Weights::submit_proofs(2).saturating_add(Weights::submit_false_proofs(2));
		assert_eq!(info.actual_weight, Some(dearest.saturating_add(overdue)));
		assert_eq!(prover(&ANN).stats.defaults, 2, "both defaults are done, one for a false proof");
		assert_eq!(prover(&BEN).stats.on_time, 1);
		let info = submit_all(&by_ben[1..]).expect("it holds");
		assert_eq!(info.actual_weight, Some(Weights::submit_proofs(1)));
		assert_eq!(prover(&BEN).stats.on_time, 2);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
	});
}

#[test]
fn overdue_transition_should_be_left_to_the_agenda_when_the_proof_is_not_awaited() {
	market(|| {
		let ids = won_by_ann(1);
		run_to(18);
		MaxAgendaWeight::set(Weight::zero());
		run_to(19);
		let proofs = by_ann(&ids);
		let info = submit_all(&proofs).expect("the call itself is fine");
		// It was done, and undone: that is paid for.
		let expected = Weights::submit_proofs(1).saturating_add(Weights::default_prover());
		assert_eq!(info.actual_weight, Some(expected));
		assert_eq!(events().last(), Some(&refused(ids[0], &ANN, Error::<Test>::NotOffered)));
		assert_eq!(prover(&ANN).stats.defaults, 0);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
	});
}

#[test]
fn proof_should_be_reported_when_the_chain_has_lost_its_key() {
	market(|| {
		let ids = won_by_ann(1);
		let proofs = by_ann(&ids);
		let key = crate::VerifyingKeys::<Test>::take(0).expect("stored");
		assert_ok!(submit_all(&proofs));
		assert_eq!(events().last(), Some(&refused(ids[0], &ANN, Error::<Test>::Corrupt)));
		crate::VerifyingKeys::<Test>::insert(0, key);
		assert_ok!(submit_all(&proofs));
		assert_eq!(prover(&ANN).stats.on_time, 1);
	});
}

#[test]
fn proofs_of_several_rollups_should_be_verified_together() {
	market(|| {
		let other_keys = TestKeys::new(2);
		assert_ok!(Pvs::register_rollup(
			RuntimeOrigin::signed(OWNER),
			other_keys.verifying_key().to_vec().try_into().expect("768 bytes"),
			root(0),
			SEQUENCER,
			params(),
		));
		lower_reserve(1, 500);
		assert_ok!(Pvs::commit_batch(
			RuntimeOrigin::signed(SEQUENCER),
			1,
			vec![7; 40].try_into().expect("short enough"),
			root(0),
			root(7),
			500,
		));
		let other = BatchId { rollup: 1, index: 0 };
		let id = commit(500);
		for id in [id, other] {
			run_to(2);
			bid(id, &ANN, 100, 5);
		}
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_ok!(reveal(other, &ANN, 100, 5));
		let inputs = Pvs::public_inputs_of(other, ANN).expect("pending");
		// A proof under the wrong key fails.
		let under = |keys: &TestKeys| (other, ANN, keys.prove(&inputs, 1).to_vec());
		let (wrong, right) = (under(keys()), under(&other_keys));
		System::reset_events();
		assert_ok!(submit_all(&[wrong, (id, ANN, proof(id, &ANN)), right]));
		let refusal = refused(other, &ANN, Error::<Test>::ProofInvalid);
		assert_eq!(events().iter().filter(|event| **event == refusal).count(), 1);
		assert_eq!(prover(&ANN).stats.on_time, 2);
		assert_eq!(Pvs::rollup_info(1).expect("registered").finalized_root, root(7));
	});
}

#[test]
fn proofs_should_be_refused_when_too_much_is_overdue() {
	market(|| {
		let ids: Vec<_> = (0..3).map(|_| commit(500)).collect();
		run_to(2);
		for id in &ids {
			for bidder in [ANN, BEN, CID, DEE] {
				bid(*id, &bidder, 100, 5);
			}
		}
		// Nobody reveals, and the agenda has no weight to close the rounds.
		MaxAgendaWeight::set(Weight::zero());
		run_to(20);
		let proofs: Vec<_> = ids.iter().map(|id| (*id, ANN, vec![1; 256])).collect();
		System::reset_events();
		let info = submit_all(&proofs).expect("the call itself is fine");
		let step = Weights::close_round(4);
		assert!(step.saturating_mul(3).any_gt(Pvs::heaviest_step()), "three do not fit");
		assert_eq!(
			events(),
			[
				refused(ids[0], &ANN, Error::<Test>::NothingToProve),
				refused(ids[1], &ANN, Error::<Test>::NothingToProve),
				refused(ids[2], &ANN, Error::<Test>::TooMuchOverdue),
			]
		);
		let overdue = step.saturating_mul(2);
		assert_eq!(info.actual_weight, Some(Weights::submit_proofs(3).saturating_add(overdue)));
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(21);
	});
}

/// E7: a round is proven under the key that its rollup was registered with; registering another one, even
/// by the same owner, changes nothing for it, and no call changes a key.
#[test]
fn test_vk_swap_after_open_ignored() {
	market(|| {
		let ids = won_by_ann(1);
		let other_keys = TestKeys::new(2);
		let before = crate::VerifyingKeys::<Test>::get(0);
		assert_ok!(Pvs::register_rollup(
			RuntimeOrigin::signed(OWNER),
			other_keys.verifying_key().to_vec().try_into().expect("768 bytes"),
			root(0),
			SEQUENCER,
			params(),
		));
		let call = Pvs::deregister_rollup(RuntimeOrigin::signed(OWNER), 0);
		assert_eq!(call, Err(Error::<Test>::RollupBusy.into()));
		assert_eq!(crate::VerifyingKeys::<Test>::get(0), before);
		let inputs = Pvs::public_inputs_of(ids[0], ANN).expect("pending");
		let swapped = other_keys.prove(&inputs, 1).to_vec();
		let single = submit(ids[0], &ANN, swapped.clone()).map(|_| ());
		assert_eq!(single, Err(Error::<Test>::ProofInvalid.into()));
		assert_ok!(submit_all(&[(ids[0], ANN, swapped)]));
		assert_eq!(events().last(), Some(&refused(ids[0], &ANN, Error::<Test>::ProofInvalid)));
		assert_ok!(submit(ids[0], &ANN, proof(ids[0], &ANN)));
	});
}
