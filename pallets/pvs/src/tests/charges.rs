// SPDX-License-Identifier: Apache-2.0
//! Charges for a call, also if it fails: for what it did, with the transition that it performed beside that,
//! and not for the heaviest one that it declares.

use crate::{mock::*, Call, Error, WeightInfo, WeightInfoOf};
use frame_support::{assert_ok, dispatch::GetDispatchInfo, weights::Weight};
use pvs_primitives::{api::BatchId, bid::BidPayload, params::RollupParams};
use sp_runtime::DispatchErrorWithPostInfo;

type Weights = WeightInfoOf<Test>;

/// The call is refused, and charged this, which is less than it declares.
fn assert_refused(who: &AccountId, call: Call<Test>, error: Error<Test>, charged: Weight) {
	let declared = call.get_dispatch_info().call_weight;
	let text = format!("{call:?}");
	let refused = dispatch(signed(who), call).expect_err(&text);
	let error = error.into();
	assert_eq!(refused, DispatchErrorWithPostInfo { post_info: Some(charged).into(), error });
	assert!(charged.ref_time() < declared.ref_time(), "{charged:?} of {declared:?}: {text:.60}");
}

fn reveal_call(batch: BatchId, bidder: &AccountId, fee: u128) -> Call<Test> {
	let payload = payload(fee, 5).encode().to_vec().try_into().expect("85 bytes");
	Call::reveal_bid { batch, round: 0, bidder: bidder.clone(), payload }
}

fn proof_call(batch: BatchId, prover: &AccountId, proof: &[u8]) -> Call<Test> {
	let proof = proof.to_vec().try_into().expect("at most twice as long");
	Call::submit_proof { batch, prover: prover.clone(), proof }
}

/// Ann has won, Ben and Cid are on the ladder, and Ann's time is over in this block, in which the
/// agenda has no weight.
fn overdue_default() -> BatchId {
	let id = commit(500);
	auction(id, &[(ANN, 100, 5), (BEN, 200, 5), (CID, 300, 5)]);
	run_to(18);
	MaxAgendaWeight::set(Weight::zero());
	run_to(19);
	id
}

#[test]
fn refused_reveal_should_be_charged_one_reveal() {
	market(|| {
		let one = Weights::reveal_bid();
		let id = commit(500);
		assert_refused(&ANN, reveal_call(batch(9), &ANN, 100), Error::BatchNotFound, one);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		assert_refused(&ANN, reveal_call(id, &ANN, 100), Error::NotRevealing, one);
		run_to(6);
		assert_refused(&CID, reveal_call(id, &CID, 100), Error::BidNotFound, one);
		assert_refused(&ANN, reveal_call(id, &ANN, 99), Error::CommitmentMismatch, one);
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_refused(&ANN, reveal_call(id, &ANN, 99), Error::CommitmentMismatch, one);
		// What is overdue is not a reveal's to perform.
		MaxAgendaWeight::set(Weight::zero());
		run_to(10);
		assert_refused(&BEN, reveal_call(id, &BEN, 200), Error::NotRevealing, one);
	});
}

/// M8: each failed reveal was charged the close of a full round that fails its batch, so that a block
/// of 14 was full.
#[test]
fn failed_reveals_should_not_fill_a_block_when_fourteen_heaviest_steps_would() {
	market(|| {
		let id = commit(500);
		run_to(6);
		let declared = reveal_call(id, &ANN, 100).get_dispatch_info().call_weight.ref_time();
		let block = 14 * declared;
		let (mut used, mut reveals) = (0, 0);
		while used + declared <= block {
			let refused =
				dispatch(signed(&ANN), reveal_call(id, &ANN, 100)).expect_err("no such bid");
			used += refused.post_info.actual_weight.map_or(declared, |weight| weight.ref_time());
			reveals += 1;
		}
		let expected = 13 * declared / Weights::reveal_bid().ref_time() + 1;
		assert_eq!(reveals, expected);
		assert!(reveals > 6 * 14, "{reveals} reveals fill the block");
	});
}

#[test]
fn last_reveal_should_not_be_charged_the_failure_when_its_bid_counts() {
	market(|| {
		let id = commit(500);
		run_to(6);
		assert_ok!(place(id, &ANN, &payload(100, 21).encode()));
		bid(id, &BEN, 200, 5);
		run_to(10);
		assert_ok!(reveal_bytes(id, &ANN, &payload(100, 21).encode()));
		let actual = reveal(id, &BEN, 200, 5).expect("it matches").actual_weight;
		assert_eq!(winner(id), Some(BEN));
		let expected = Weights::reveal_bid()
			.saturating_add(Weights::close_round(2))
			.saturating_add(Weights::move_deadline());
		assert_eq!(actual, Some(expected));
	});
}

#[test]
fn last_reveal_should_be_charged_the_failure_when_it_fails_the_batch() {
	let malformed = payload(100, 21).encode();
	market(|| {
		let id = commit(500);
		run_to(6);
		assert_ok!(place(id, &ANN, &malformed));
		run_to(10);
		let actual = reveal_bytes(id, &ANN, &malformed).expect("it matches");
		assert!(!pending(id));
		let expected = Weights::reveal_bid()
			.saturating_add(Weights::close_round(1))
			.saturating_add(Weights::fail_batch());
		assert_eq!(actual.actual_weight, Some(expected));
	});
}

#[test]
fn refused_acceptance_should_be_charged_what_it_did() {
	let one = Weights::accept_place();
	let accept = |batch, round| Call::accept_place { batch, round };
	market(|| {
		assert_refused(&BEN, accept(batch(9), 0), Error::BatchNotFound, one);
		let id = commit(500);
		assert_refused(&BEN, accept(id, 0), Error::NothingOffered, one);
		assert_refused(&BEN, accept(id, 1), Error::WrongRound, one);
	});
	market(|| {
		let id = overdue_default();
		let with_default = one.saturating_add(Weights::default_prover());
		assert_refused(&CID, accept(id, 0), Error::NotOffered, with_default);
		assert_refused(&BEN, accept(id, 1), Error::WrongRound, with_default);
		assert_eq!(winner(id), Some(ANN), "it was undone, and is charged all the same");
	});
	market_with(RollupParams { max_failed_rounds: 1, ..params() }, || {
		let ids = [commit(500), commit(500)];
		auction(ids[0], &[(ANN, 100, 5)]);
		// The rescue is `[19, 24)`.
		assert_eq!(run_to_default(ids[0]), 19);
		run_to(23);
		MaxAgendaWeight::set(Weight::zero());
		run_to(24);
		// The rescue is over, and with it the batch.
		let with_failure = one.saturating_add(Weights::fail_batch());
		assert_refused(&BEN, accept(ids[0], 0), Error::TooLate, with_failure);
		crate::Rollups::<Test>::mutate(0, |rollup| {
			rollup.as_mut().expect("registered").next_to_finalize = 2;
		});
		let with_drop = one.saturating_add(Weights::drop_batch(0));
		assert_refused(&BEN, accept(ids[1], 0), Error::BatchWasDropped, with_drop);
		crate::Rollups::<Test>::mutate(0, |rollup| {
			rollup.as_mut().expect("registered").next_to_finalize = 0;
		});
	});
}

#[test]
fn refused_proof_should_be_charged_the_verification_when_there_was_one() {
	let (unverified, verified) = (Weights::refuse_proof(), Weights::submit_proof());
	assert!(unverified.ref_time() < verified.ref_time() / 4);
	market(|| {
		let call = |id| proof_call(id, &ANN, &[1; 256]);
		assert_refused(&GUEST, call(batch(9)), Error::BatchNotFound, unverified);
		let id = commit(500);
		assert_refused(&GUEST, call(id), Error::NothingToProve, unverified);
		run_to(2);
		let commitment = BidPayload { proof_commitment: Some([1; 32]), ..payload(100, 5) };
		let bytes = commitment.encode();
		assert_ok!(place(id, &ANN, &bytes));
		run_to(6);
		assert_ok!(reveal_bytes(id, &ANN, &bytes));
		assert_refused(&GUEST, call(id), Error::OtherProofCommitted, unverified);
		assert_refused(&GUEST, proof_call(id, &BEN, &[]), Error::NotAssigned, unverified);
		run_to(19);
		// In the rescue, whether the prover may deliver is known before its proof is verified.
		assert_refused(&GUEST, proof_call(id, &GUEST, &[]), Error::ProverNotFound, unverified);
		let sequencer = proof_call(id, &SEQUENCER, &[]);
		assert_refused(&GUEST, sequencer, Error::SequencerMayNotBid, unverified);
		assert_refused(&GUEST, proof_call(id, &DEE, &[]), Error::ProofWrongLength, verified);
		let of_another = proof(id, &CID);
		let call = proof_call(id, &DEE, &of_another);
		assert_refused(&GUEST, call, Error::ProofInvalid, verified);
	});
}

#[test]
fn refused_proof_should_be_charged_the_transition_that_was_overdue() {
	market(|| {
		let id = overdue_default();
		let overdue = Weights::default_prover();
		let (of_ann, of_cid) = (proof(id, &ANN), proof(id, &CID));
		let unverified = Weights::refuse_proof().saturating_add(overdue);
		assert_refused(&ANN, proof_call(id, &ANN, &of_ann), Error::NotOffered, unverified);
		let verified = Weights::submit_proof().saturating_add(overdue);
		assert_refused(&BEN, proof_call(id, &BEN, &of_cid), Error::ProofInvalid, verified);
		let accepted = deliver(id, &BEN).expect("the place is offered").actual_weight;
		assert_eq!(accepted, Some(verified), "as a proof that holds");
	});
	market_with(RollupParams { max_failed_rounds: 1, ..params() }, || {
		let id = commit(500);
		auction(id, &[(ANN, 100, 5)]);
		run_to_default(id);
		run_to(23);
		MaxAgendaWeight::set(Weight::zero());
		run_to(24);
		let ended = Weights::refuse_proof().saturating_add(Weights::fail_batch());
		assert_refused(&BEN, proof_call(id, &BEN, &[]), Error::TooLate, ended);
	});
}

/// M8: whoever proved in vain paid for a verification and the heaviest step.
#[test]
fn rescuer_that_comes_second_should_not_pay_for_verification() {
	for behind in [false, true] {
		market(|| {
			let first = commit(500);
			let rescued = if behind { commit(500) } else { first };
			run_to(2);
			if behind {
				bid(first, &BEN, 100, 20);
			}
			auction(rescued, &[(ANN, 100, 5)]);
			if behind {
				assert_ok!(reveal(first, &BEN, 100, 20));
			}
			run_to_default(rescued);
			let of_cid = proof(rescued, &CID);
			assert_ok!(deliver(rescued, &DEE));
			// The batch is final and gone, or proven and waits for its predecessor.
			let error = if behind { Error::NothingToProve } else { Error::BatchNotFound };
			let call = proof_call(rescued, &CID, &of_cid);
			let declared = call.get_dispatch_info().call_weight.ref_time();
			assert_refused(&CID, call, error, Weights::refuse_proof());
			assert!(Weights::refuse_proof().ref_time() < declared / 10);
		});
	}
}

#[test]
fn refused_opening_should_be_charged_the_verification_when_there_was_one() {
	market_with(opening_params(), || {
		let id = commit(500);
		run_to(2);
		assert_ok!(place_sealed(id, &ANN, &payload(100, 5).encode()));
		assert_ok!(place_sealed(id, &BEN, &payload(200, 5).encode()));
		let (solution, proof) = solved(id, &ANN, &GUEST);
		let call = |batch, bidder| Call::open_bid {
			batch,
			round: 0,
			seal: seal_of(id, &bidder),
			bidder,
			solution: solution.clone(),
			proof: proof.clone(),
		};
		let unverified = Weights::refuse_opening();
		assert_refused(&GUEST, call(id, ANN), Error::NotOpening, unverified);
		run_to(6);
		assert_ok!(reveal(id, &BEN, 200, 5));
		run_to(10);
		let short = Call::open_bid {
			batch: id,
			round: 0,
			bidder: ANN,
			seal: seal_of(id, &ANN),
			solution: Default::default(),
			proof: proof.clone(),
		};
		assert_refused(&GUEST, short, Error::SolutionWrongLength, unverified);
		let short = Call::open_bid {
			batch: id,
			round: 0,
			bidder: ANN,
			seal: seal_of(id, &ANN),
			solution: solution.clone(),
			proof: Default::default(),
		};
		assert_refused(&GUEST, short, Error::OpeningProofWrongLength, unverified);
		assert_refused(&GUEST, call(batch(9), ANN), Error::BatchNotFound, unverified);
		assert_refused(&SEQUENCER, call(id, ANN), Error::SequencerMayNotOpen, unverified);
		assert_refused(&GUEST, call(id, CID), Error::BidNotFound, unverified);
		assert_refused(&GUEST, call(id, BEN), Error::BidNotSealed, unverified);
		let verified = Weights::open_bid().saturating_add(Weights::challenge_search());
		assert!(unverified.ref_time() < verified.ref_time() / 4);
		assert_refused(&DEE, call(id, ANN), Error::OpeningProofInvalid, verified);
		// It closes the round.
		let opened = dispatch(signed(&GUEST), call(id, ANN)).expect("it holds").actual_weight;
		let closed = Weights::close_round(2).saturating_add(Weights::move_deadline());
		assert_eq!(opened, Some(verified.saturating_add(closed)));
	});
}

#[test]
fn call_without_proofs_should_be_charged_a_refusal() {
	market(|| {
		let call = Call::submit_proofs { proofs: submissions(&[]) };
		assert_refused(&GUEST, call, Error::NoProofs, Weights::refuse_proof());
	});
}

/// Anything wrong with a batch is found before its data is hashed.
#[test]
fn refused_batch_should_not_be_charged_the_hashing_of_its_data() {
	let unhashed = Weights::commit_batch(0);
	market(|| {
		let call = |rollup, len, prev_state_root, next_state_root, max_fee| {
			let data = vec![1; len].try_into().expect("short enough");
			Call::commit_batch { rollup, data, prev_state_root, next_state_root, max_fee }
		};
		let (zero, one) = (root(0), root(1));
		let above = [0xff; 32];
		let cases = [
			(call(9, 40, zero, one, 1_000), Error::RollupNotFound),
			(call(0, 40, one, one, 1_000), Error::TipChanged),
			(call(0, 41, zero, one, 1_000), Error::WrongDataLength),
			(call(0, 40, zero, above, 1_000), Error::StateRootNonCanonical),
			(call(0, 40, zero, one, 999), Error::MaxFeeTooLow),
			(call(0, 40, zero, one, 1_001), Error::MaxFeeTooHigh),
		];
		for (call, error) in cases {
			assert_refused(&SEQUENCER, call, error, unhashed);
		}
		assert_refused(&GUEST, call(0, 40, zero, one, 1_000), Error::NotSequencer, unhashed);
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, POOR));
		let poor = call(0, 40, zero, one, 1_000);
		assert_refused(&POOR, poor.clone(), Error::InsufficientBalance, unhashed);
		// Escrow, bond, deposit and the existential deposit.
		let no_rent = 1_000 + 70 + BATCH_DEPOSIT + 1;
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), POOR, no_rent));
		assert_refused(&POOR, poor, Error::RentNotCovered, unhashed);
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, SEQUENCER));
		let good = call(0, 40, zero, one, 1_000);
		let good = dispatch(signed(&SEQUENCER), good).expect("it is valid");
		assert_eq!(good.actual_weight, None, "a batch that is committed pays what it declares");
	});
}

#[test]
fn refused_change_of_sequencer_should_be_charged_the_batches_it_looked_at() {
	market(|| {
		let call = |rollup, who: &AccountId| Call::set_sequencer { rollup, sequencer: who.clone() };
		let looked_at = |batches| Weights::set_sequencer(batches);
		assert_refused(&OWNER, call(9, &ANN), Error::RollupNotFound, looked_at(0));
		assert_refused(&GUEST, call(0, &ANN), Error::NotOwner, looked_at(0));
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 5);
		assert_refused(&OWNER, call(0, &ANN), Error::SequencerHasBids, looked_at(2));
	});
}

#[test]
fn refusals_should_weigh_less_than_what_they_spare() {
	assert!(Weights::refuse_proof().all_lte(Weights::submit_proof()));
	assert!(Weights::refuse_opening().all_lte(Weights::open_bid()));
	assert!(Weights::commit_batch(0).all_lte(Weights::commit_batch(1)));
}
