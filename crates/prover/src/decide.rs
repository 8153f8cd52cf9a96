// SPDX-License-Identifier: Apache-2.0
//! What to do next about a round. The state of the chain decides; the journal adds what only this
//! prover knows. Pure: the same round and the same job give the same step.

use crate::journal::Job;
use pvs_primitives::{
	api::{AssignmentInfo, BidState, Phase, RoundInfo},
	Bytes32,
};

/// The next step in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
	/// Nothing can or need be done before the next block.
	Wait,
	/// Bids are taken and this prover has none: look at the batch.
	Appraise,
	/// The journal has a bid that the chain does not have, and bids are still taken.
	SendBid,
	/// It is time to reveal.
	Reveal,
	/// It is time to reveal, and the payload is not in the journal.
	CannotReveal,
	/// This prover won and has no proof yet.
	Prove(AssignmentInfo<Bytes32>),
	/// The proof is made and the chain does not have it.
	Deliver,
	/// The deadline of the win has passed.
	Missed,
	/// Another prover won, or the bid did not get in before bidding closed.
	Lost,
	/// The chain does not count the bid.
	Voided,
}

/// The next step of `me` in a round that the chain shows, given what the journal knows about it.
pub(crate) fn next_step(round: &RoundInfo<Bytes32>, me: &Bytes32, job: Option<&Job>) -> Step {
	if let Some(assignment) = &round.assignment {
		return after_selection(round, assignment, me, job);
	}
	let our_bid = round.bids.iter().find(|bid| bid.bidder == *me);
	let kept = job.and_then(|job| job.bid.as_ref());
	match (round.phase, our_bid.map(|bid| (&bid.state, &bid.commitment))) {
		(_, Some((BidState::Void, _))) => Step::Voided,
		(Phase::Bidding, None) => match kept {
			Some(bid) if bid.batch_digest == round.batch_digest && is_open(job) => Step::SendBid,
			_ => Step::Appraise,
		},
		(Phase::Revealing, Some((BidState::Sealed, commitment))) => match kept {
			Some(bid) if bid.commitment == *commitment => Step::Reveal,
			_ => Step::CannotReveal,
		},
		(Phase::FinalityGap | Phase::Revealing, None) if is_open(job) => Step::Lost,
		_ => Step::Wait,
	}
}

fn after_selection(
	round: &RoundInfo<Bytes32>,
	assignment: &AssignmentInfo<Bytes32>,
	me: &Bytes32,
	job: Option<&Job>,
) -> Step {
	if assignment.prover != *me {
		return if is_open(job) { Step::Lost } else { Step::Wait };
	}
	match round.phase {
		Phase::Proving | Phase::Late => match job.map(|job| job.proof.is_some()) {
			Some(true) => Step::Deliver,
			_ => Step::Prove(assignment.clone()),
		},
		_ => Step::Missed,
	}
}

fn is_open(job: Option<&Job>) -> bool {
	job.is_some_and(Job::is_open)
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::journal::{Bid, Outcome};
	use pvs_primitives::{
		api::{BatchId, BidInfo},
		bid::PAYLOAD_BYTES,
		PROOF_BYTES,
	};

	const ME: Bytes32 = [1; 32];
	const OTHER: Bytes32 = [2; 32];

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
			bids: Vec::new(),
			assignment: None,
		}
	}

	fn with_bid(mut round: RoundInfo<Bytes32>, state: BidState) -> RoundInfo<Bytes32> {
		round.bids.push(BidInfo { bidder: OTHER, commitment: [8; 32], state: BidState::Sealed });
		round.bids.push(BidInfo { bidder: ME, commitment: [7; 32], state });
		round
	}

	fn won_by(mut round: RoundInfo<Bytes32>, prover: Bytes32) -> RoundInfo<Bytes32> {
		round.assignment = Some(AssignmentInfo {
			prover,
			fee: 500,
			payment: 600,
			proof_blocks: 3,
			assigned_at: 14,
			on_time_until: 17,
			late_until: 27,
		});
		round
	}

	fn job() -> Job {
		let bid = Bid { batch_digest: [3; 32], payload: [4; PAYLOAD_BYTES], commitment: [7; 32] };
		Job { bid: Some(bid), ..Job::default() }
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
	fn loss_of_the_payload_should_be_told_when_it_is_time_to_reveal() {
		let sealed = with_bid(round(Phase::Revealing), BidState::Sealed);
		assert_eq!(next_step(&sealed, &ME, None), Step::CannotReveal);
		let mut other = job();
		other.bid.as_mut().unwrap().commitment = [6; 32];
		assert_eq!(next_step(&sealed, &ME, Some(&other)), Step::CannotReveal);
	}

	#[test]
	fn round_should_be_lost_when_the_bid_did_not_get_in() {
		assert_eq!(next_step(&round(Phase::Revealing), &ME, Some(&job())), Step::Lost);
		assert_eq!(next_step(&round(Phase::FinalityGap), &ME, Some(&job())), Step::Lost);
		assert_eq!(next_step(&round(Phase::Revealing), &ME, Some(&ended())), Step::Wait);
		assert_eq!(next_step(&round(Phase::Revealing), &ME, None), Step::Wait);
	}

	#[test]
	fn round_should_be_lost_when_another_one_won() {
		let theirs = won_by(round(Phase::Proving), OTHER);
		assert_eq!(next_step(&theirs, &ME, Some(&job())), Step::Lost);
		assert_eq!(next_step(&theirs, &ME, Some(&ended())), Step::Wait);
		assert_eq!(next_step(&theirs, &ME, None), Step::Wait);
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
	}
}
