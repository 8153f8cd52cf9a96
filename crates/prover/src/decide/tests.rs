// SPDX-License-Identifier: Apache-2.0
//! Table of what the chain and the journal together ask for, in every phase of a round.

use super::*;
use crate::journal::{Bid, Verdict, Win};
use pvs_primitives::{
	api::{BatchId, BidInfo, SealPlace},
	bid::PAYLOAD_BYTES,
	PROOF_BYTES,
};
use pvs_timelock::{EXPONENT_BYTES, SEAL_BYTES};

pub(crate) const ME: Bytes32 = [1; 32];
pub(crate) const OTHER: Bytes32 = [2; 32];

pub(crate) fn round(phase: Phase) -> RoundInfo<Bytes32> {
	RoundInfo {
		batch: BatchId { rollup: 0, index: 0 },
		round: 0,
		opened_at: 10,
		reserve: 1000,
		bond: 1500,
		slot_fee: 10,
		batch_digest: [3; 32],
		phase,
		phase_ends_at: 13,
		bidding_from: 11,
		reveal_from: 13,
		reveal_until: 16,
		opening_until: 16,
		bids: Vec::new(),
		assignment: None,
		ladder: Vec::new(),
		rescue: None,
	}
}

pub(crate) fn place(prover: Bytes32) -> PlaceInfo<Bytes32> {
	PlaceInfo { prover, fee: 600, payment: 700, proof_blocks: 4 }
}

const RESCUE: RescueInfo = RescueInfo { started_at: 40, payment: 650, last_payment: 1000 };

fn with_ladder(mut round: RoundInfo<Bytes32>, provers: &[Bytes32]) -> RoundInfo<Bytes32> {
	round.ladder = provers.iter().map(|prover| place(*prover)).collect();
	round
}

fn rescue(phase: Phase) -> RoundInfo<Bytes32> {
	RoundInfo { rescue: Some(RESCUE), ..round(phase) }
}

pub(crate) fn with_bid(mut round: RoundInfo<Bytes32>, state: BidState) -> RoundInfo<Bytes32> {
	let bid = |bidder, commitment, state| BidInfo {
		bidder,
		commitment,
		seal_hash: [9; 32],
		placed: SealPlace { block: 11, extrinsic: 2 },
		state,
	};
	round.bids.push(bid(OTHER, [8; 32], BidState::Sealed));
	round.bids.push(bid(ME, [7; 32], state));
	round
}

fn won_by(mut round: RoundInfo<Bytes32>, prover: Bytes32) -> RoundInfo<Bytes32> {
	round.assignment = Some(AssignmentInfo {
		prover,
		fee: 500,
		payment: 600,
		proof_blocks: 3,
		assigned_at: 14,
		clock: 14,
		on_time_until: 17,
		late_until: 27,
	});
	round
}

pub(crate) fn bid() -> Bid {
	Bid {
		batch_digest: [3; 32],
		payload: [4; PAYLOAD_BYTES],
		commitment: [7; 32],
		seal: [9; SEAL_BYTES],
	}
}

pub(crate) fn job() -> Job {
	Job { bid: Some(bid()), ..Job::default() }
}

fn ended() -> Job {
	Job { outcome: Some(Outcome::Lost), ..job() }
}

#[test]
fn round_should_be_appraised_when_it_takes_bids_and_we_have_none() {
	assert_eq!(next_step(&round(Phase::Bidding), &ME, None), Step::Appraise);
	assert_eq!(next_step(&round(Phase::Bidding), &ME, Some(&Job::default())), Step::Appraise);
}

#[test]
fn bid_should_be_sent_again_when_the_chain_does_not_have_it() {
	assert_eq!(next_step(&round(Phase::Bidding), &ME, Some(&job())), Step::SendBid);
}

#[test]
fn bid_should_be_made_anew_when_it_was_for_another_state_of_the_batch() {
	let mut other_fork = round(Phase::Bidding);
	other_fork.batch_digest = [9; 32];
	assert_eq!(next_step(&other_fork, &ME, Some(&job())), Step::Appraise);
	assert_eq!(next_step(&round(Phase::Bidding), &ME, Some(&ended())), Step::Appraise);
}

#[test]
fn nothing_should_be_done_when_the_bid_is_placed_and_bidding_goes_on() {
	let placed = with_bid(round(Phase::Bidding), BidState::Sealed);
	assert_eq!(next_step(&placed, &ME, Some(&job())), Step::Wait);
	let waiting = with_bid(round(Phase::FinalityGap), BidState::Sealed);
	assert_eq!(next_step(&waiting, &ME, Some(&job())), Step::Wait);
}

#[test]
fn bid_should_be_revealed_when_its_window_is_open_and_it_is_sealed() {
	let sealed = with_bid(round(Phase::Revealing), BidState::Sealed);
	assert_eq!(next_step(&sealed, &ME, Some(&job())), Step::Reveal);
	let revealed = BidState::Revealed { fee: 1, proof_blocks: 1 };
	let revealed = with_bid(round(Phase::Revealing), revealed);
	assert_eq!(next_step(&revealed, &ME, Some(&job())), Step::Wait);
}

#[test]
fn reveal_should_wait_for_finality_when_the_chain_has_a_gap_for_it_and_there_is_time() {
	let round = RoundInfo { reveal_from: 20, reveal_until: 28, ..round(Phase::Revealing) };
	let wait_for = |finality_gap, inclusion_slack, height| {
		let snapshot =
			Snapshot { finality_gap, inclusion_slack, ..crate::price::tests::snapshot() };
		closing_block_to_wait_for(&round, &snapshot, height)
	};
	assert_eq!(wait_for(0, 0, 19), None, "no gap");
	assert_eq!(wait_for(3, 0, 19), Some(16), "bidding was open in blocks up to 16");
	// In block 26 - slack at the latest, two before the last one that counts.
	assert_eq!(wait_for(3, 0, 24), Some(16));
	assert_eq!(wait_for(3, 0, 25), None);
	assert_eq!(wait_for(3, 2, 22), Some(16));
	assert_eq!(wait_for(3, 2, 23), None);
}

#[test]
fn bid_should_be_foreign_when_the_journal_knows_neither_it_nor_its_exponent() {
	let placed = with_bid(round(Phase::Bidding), BidState::Sealed);
	assert!(!has_foreign_bid(&placed, &ME, Some(&job())));
	let sealing = Job { exponents: vec![[5; EXPONENT_BYTES]], ..Job::default() };
	assert!(!has_foreign_bid(&placed, &ME, Some(&sealing)));
	assert!(has_foreign_bid(&placed, &ME, None));
	let mut other = job();
	other.bid.as_mut().unwrap().commitment = [6; 32];
	assert!(has_foreign_bid(&placed, &ME, Some(&other)));
	assert!(!has_foreign_bid(&round(Phase::Bidding), &ME, None), "there is no bid of ours");
}

#[test]
fn loss_of_the_payload_should_be_told_when_it_is_time_to_reveal() {
	let sealed = with_bid(round(Phase::Revealing), BidState::Sealed);
	assert_eq!(next_step(&sealed, &ME, None), Step::CannotReveal);
	let mut other = job();
	other.bid.as_mut().unwrap().commitment = [6; 32];
	assert_eq!(next_step(&sealed, &ME, Some(&other)), Step::CannotReveal);
}

#[test]
fn payload_should_be_recovered_when_only_its_exponent_is_known() {
	let sealed = with_bid(round(Phase::Revealing), BidState::Sealed);
	let exponents = vec![[5; EXPONENT_BYTES]];
	let lost = Job { bid: None, exponents: exponents.clone(), ..job() };
	assert_eq!(next_step(&sealed, &ME, Some(&lost)), Step::Recover);
	let mut other_fork = Job { exponents, ..job() };
	other_fork.bid.as_mut().unwrap().commitment = [6; 32];
	assert_eq!(next_step(&sealed, &ME, Some(&other_fork)), Step::Recover);
	// In the opening window it still saves the bond.
	let opening = with_bid(round(Phase::SealOpening), BidState::Sealed);
	assert_eq!(next_step(&opening, &ME, Some(&lost)), Step::Recover);
	let too_late = with_bid(round(Phase::Overdue), BidState::Sealed);
	assert_eq!(next_step(&too_late, &ME, Some(&lost)), Step::Wait);
}

#[test]
fn bid_should_be_opened_by_its_payload_when_it_was_not_revealed_in_time() {
	let sealed = with_bid(round(Phase::SealOpening), BidState::Sealed);
	assert_eq!(next_step(&sealed, &ME, Some(&job())), Step::Reveal);
}

fn winner(prover: Bytes32, decided: bool) -> ExpectedWinner<Bytes32> {
	ExpectedWinner {
		round: 0,
		prover,
		fee: 500,
		payment: 600,
		proof_blocks: 3,
		clock: 15,
		on_time_until: 18,
		late_until: 28,
		decided,
	}
}

#[test]
fn winner_should_be_asked_for_when_our_bid_counts_and_the_round_is_about_to_close() {
	let revealed = BidState::Revealed { fee: 1, proof_blocks: 1 };
	let opened = BidState::Opened { fee: 1, proof_blocks: 1 };
	for (phase, state, asks) in [
		(Phase::Overdue, revealed, true),
		(Phase::Overdue, opened, true),
		(Phase::Overdue, BidState::Sealed, false),
		(Phase::Overdue, BidState::Void, false),
		(Phase::Revealing, revealed, false),
		(Phase::SealOpening, opened, false),
	] {
		let round = with_bid(round(phase), state);
		assert_eq!(may_have_won(&round, &ME), asks, "{phase:?} {state:?}");
	}
	assert!(!may_have_won(&round(Phase::Overdue), &ME));
}

#[test]
fn batch_should_be_proven_before_the_chain_writes_its_winner_down() {
	let about_to_close =
		with_bid(round(Phase::Overdue), BidState::Revealed { fee: 1, proof_blocks: 1 });
	let mut won = about_to_close.clone();
	assign(&mut won, &ME, winner(ME, true));
	let Step::Prove(assignment) = next_step(&won, &ME, Some(&job())) else {
		panic!("it is known that we have won");
	};
	assert_eq!((assignment.clock, assignment.on_time_until), (15, 18));
	let mut proven = job();
	proven.proof = Some(Box::new([1; PROOF_BYTES]));
	assert_eq!(next_step(&won, &ME, Some(&proven)), Step::Deliver);
	let other_round = ExpectedWinner { round: 1, ..winner(ME, true) };
	for not_ours in [winner(OTHER, true), winner(ME, false), other_round] {
		let mut open = about_to_close.clone();
		assign(&mut open, &ME, not_ours);
		assert_eq!(open, about_to_close);
		assert_eq!(next_step(&open, &ME, Some(&job())), Step::Wait);
	}
}

#[test]
fn opening_by_force_should_be_told_while_the_round_is_open() {
	let opened = BidState::Opened { fee: 1, proof_blocks: 1 };
	for phase in [Phase::SealOpening, Phase::Overdue] {
		let round = with_bid(round(phase), opened);
		assert_eq!(next_step(&round, &ME, Some(&job())), Step::WasOpened);
	}
}

#[test]
fn round_should_be_lost_when_the_bid_did_not_get_in() {
	assert_eq!(next_step(&round(Phase::Revealing), &ME, Some(&job())), Step::Lost);
	assert_eq!(next_step(&round(Phase::FinalityGap), &ME, Some(&job())), Step::Lost);
	assert_eq!(next_step(&round(Phase::SealOpening), &ME, Some(&job())), Step::Lost);
	assert_eq!(next_step(&round(Phase::Revealing), &ME, Some(&ended())), Step::Wait);
	assert_eq!(next_step(&round(Phase::Revealing), &ME, None), Step::Wait);
}

#[test]
fn round_should_be_over_when_another_one_won_and_we_are_not_on_the_ladder() {
	for theirs in
		[won_by(round(Phase::Proving), OTHER), with_ladder(round(Phase::Offered), &[OTHER])]
	{
		assert_eq!(next_step(&theirs, &ME, Some(&job())), Step::Over);
		assert_eq!(next_step(&theirs, &ME, Some(&ended())), Step::Wait);
		assert_eq!(next_step(&theirs, &ME, None), Step::Wait);
	}
}

#[test]
fn prover_should_stand_by_when_it_is_on_the_ladder_and_not_asked() {
	let behind_the_winner = with_ladder(won_by(round(Phase::Late), OTHER), &[ME, [3; 32]]);
	let first = Step::StandBy { ahead: 0, place: place(ME) };
	assert_eq!(next_step(&behind_the_winner, &ME, Some(&job())), first);
	assert_eq!(next_step(&behind_the_winner, &ME, None), first, "journal lost");
	let second_of_an_offer = with_ladder(round(Phase::Offered), &[OTHER, ME]);
	let second = Step::StandBy { ahead: 1, place: place(ME) };
	assert_eq!(next_step(&second_of_an_offer, &ME, Some(&job())), second);
	assert_eq!(next_step(&second_of_an_offer, &ME, Some(&ended())), Step::Wait, "it has passed");
}

#[test]
fn place_should_be_accepted_once_it_is_offered() {
	let ours = with_ladder(round(Phase::Offered), &[ME, OTHER]);
	assert_eq!(next_step(&ours, &ME, Some(&job())), Step::Accept(place(ME)));
	assert_eq!(next_step(&ours, &ME, None), Step::Accept(place(ME)), "journal lost");
	let proven = Job { proof: Some(Box::new([5; PROOF_BYTES])), ..job() };
	assert_eq!(next_step(&ours, &ME, Some(&proven)), Step::Deliver);
	assert_eq!(next_step(&ours, &ME, Some(&ended())), Step::Wait, "it has passed");
	let overdue = with_ladder(round(Phase::Overdue), &[ME]);
	assert_eq!(next_step(&overdue, &ME, Some(&job())), Step::Wait);
}

#[test]
fn place_that_was_taken_should_be_proven_like_a_win() {
	let ours = with_ladder(won_by(round(Phase::Proving), ME), &[OTHER]);
	let assignment = ours.assignment.clone().unwrap();
	assert_eq!(next_step(&ours, &ME, Some(&job())), Step::Prove(assignment));
}

#[test]
fn default_should_be_looked_up_when_the_round_went_on_without_us() {
	let win = Win { payment: 600, assigned_at: 14, on_time_until: 17, late_until: 27 };
	let late = Job { win: Some(win), ..job() };
	for round in [
		with_ladder(round(Phase::Offered), &[OTHER]),
		won_by(round(Phase::Proving), OTHER),
		rescue(Phase::Rescue),
		rescue(Phase::Overdue),
	] {
		assert_eq!(next_step(&round, &ME, Some(&late)), Step::Over);
	}
}

#[test]
fn rescue_should_be_open_to_whoever_lost_no_bond_in_the_round() {
	let step = |job: Option<&Job>| next_step(&rescue(Phase::Rescue), &ME, job);
	assert_eq!(step(None), Step::Rescue(RESCUE));
	assert_eq!(step(Some(&ended())), Step::Rescue(RESCUE));
	let skipped = Outcome::Skipped { reason: "busy".into() };
	assert_eq!(step(Some(&Job { outcome: Some(skipped), ..job() })), Step::Rescue(RESCUE));
	let settled = Outcome::Settled { slashed: 1, released: 2, verdict: Verdict::WouldHaveLost };
	for outcome in [Outcome::Defaulted { slashed: 1 }, Outcome::Voided, settled, Outcome::Unknown] {
		assert_eq!(step(Some(&Job { outcome: Some(outcome), ..job() })), Step::Wait);
	}
}

#[test]
fn round_should_be_over_when_it_closed_without_our_silent_bid() {
	let silent = Job { placed: Some(11), ..job() };
	for closed in [
		won_by(round(Phase::Proving), OTHER),
		with_ladder(won_by(round(Phase::Late), OTHER), &[[3; 32]]),
		with_ladder(round(Phase::Offered), &[OTHER]),
		rescue(Phase::Rescue),
	] {
		assert_eq!(next_step(&closed, &ME, Some(&silent)), Step::Over, "{closed:?}");
	}
	let about_to_close = with_bid(round(Phase::Overdue), BidState::Sealed);
	assert_eq!(next_step(&about_to_close, &ME, Some(&silent)), Step::Wait);
	let next = RoundInfo { round: 1, ..round(Phase::Bidding) };
	assert_eq!(next_step(&next, &ME, None), Step::Appraise, "a bid of its own");
}

#[test]
fn rescue_should_go_on_until_it_has_ended() {
	let begun = Job { rescue: Some(41), ..Job::default() };
	assert_eq!(next_step(&rescue(Phase::Rescue), &ME, Some(&begun)), Step::Rescue(RESCUE));
	assert_eq!(next_step(&rescue(Phase::Overdue), &ME, Some(&begun)), Step::Wait);
	let given_up = Job { outcome: Some(Outcome::Lost), ..begun };
	assert_eq!(next_step(&rescue(Phase::Rescue), &ME, Some(&given_up)), Step::Wait);
}

#[test]
fn proof_should_be_made_once_and_delivered_until_the_chain_has_it() {
	for phase in [Phase::Proving, Phase::Late] {
		let ours = won_by(round(phase), ME);
		let assignment = ours.assignment.clone().unwrap();
		assert_eq!(next_step(&ours, &ME, Some(&job())), Step::Prove(assignment.clone()));
		assert_eq!(next_step(&ours, &ME, None), Step::Prove(assignment), "journal lost");
		let proven = Job { proof: Some(Box::new([5; PROOF_BYTES])), ..job() };
		assert_eq!(next_step(&ours, &ME, Some(&proven)), Step::Deliver);
	}
}

#[test]
fn win_should_be_missed_when_its_deadline_has_passed() {
	let ours = won_by(round(Phase::Overdue), ME);
	assert_eq!(next_step(&ours, &ME, Some(&job())), Step::Missed);
}

#[test]
fn bid_should_be_voided_when_the_chain_says_so() {
	let void = with_bid(round(Phase::Revealing), BidState::Void);
	assert_eq!(next_step(&void, &ME, Some(&job())), Step::Voided);
	assert_eq!(next_step(&void, &ME, Some(&ended())), Step::Wait, "it is told once");
}
