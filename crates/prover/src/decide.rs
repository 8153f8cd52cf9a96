// SPDX-License-Identifier: Apache-2.0
//! Decision about what to do next about a round. The state of the chain decides; the journal adds what only this
//! prover knows. Pure: the same round and the same job give the same step.

use crate::{
	journal::{Job, Outcome},
	sealed::{source, Source},
};
use pvs_primitives::{
	api::{AssignmentInfo, BidState, ExpectedWinner, Phase, PlaceInfo, RescueInfo, RoundInfo},
	params::Snapshot,
	BlockNumber, Bytes32,
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
	/// It is time to reveal, and the payload is not in the journal: the exponent of the seal is, and
	/// reads it from the seal.
	Recover,
	/// It is time to reveal, and neither the payload nor the exponent is in the journal.
	CannotReveal,
	/// This prover did not reveal in time, and its seal was opened: the bid counts.
	WasOpened,
	/// This prover won, or took its place on the ladder, and has no proof yet.
	Prove(AssignmentInfo<Bytes32>),
	/// The proof is made and the chain does not have it.
	Deliver,
	/// Another prover is at work or asked, and this one is on the ladder.
	StandBy {
		/// Number of provers that are asked before this one.
		ahead: usize,
		/// Terms that were fixed for it when the round closed.
		place: PlaceInfo<Bytes32>,
	},
	/// The place on the ladder is offered to this prover.
	Accept(PlaceInfo<Bytes32>),
	/// Any prover may deliver.
	Rescue(RescueInfo),
	/// The deadline of the win has passed.
	Missed,
	/// The bid did not get in before bidding closed.
	Lost,
	/// This prover has no part in the round any more. The chain's events say how that came.
	Over,
	/// The chain does not count the bid.
	Voided,
}

/// The next step of `me` in a round that the chain shows, given what the journal knows about it.
pub(crate) fn next_step(round: &RoundInfo<Bytes32>, me: &Bytes32, job: Option<&Job>) -> Step {
	if let Some(assignment) = &round.assignment {
		return if assignment.prover == *me {
			assigned(round.phase, assignment, job)
		} else {
			on_the_ladder(round, me, job)
		};
	}
	if let Some(rescue) = round.rescue {
		return in_rescue(round.phase, rescue, job);
	}
	if !round.ladder.is_empty() {
		return on_the_ladder(round, me, job);
	}
	let our_bid = round.bids.iter().find(|bid| bid.bidder == *me);
	let kept = job.and_then(|job| job.bid.as_ref());
	match (round.phase, our_bid.map(|bid| (&bid.state, &bid.commitment))) {
		(_, Some((BidState::Void, _))) if job.is_none_or(Job::is_open) => Step::Voided,
		(_, Some((BidState::Opened { .. }, _))) => Step::WasOpened,
		(Phase::Bidding, None) => match kept {
			Some(bid) if bid.batch_digest == round.batch_digest && is_open(job) => Step::SendBid,
			_ => Step::Appraise,
		},
		// In the opening window the payload opens the bid, which costs less than to leave it to others.
		(Phase::Revealing | Phase::SealOpening, Some((BidState::Sealed, commitment))) => {
			match source(commitment, job) {
				Source::Journal => Step::Reveal,
				Source::Seal => Step::Recover,
				Source::Nowhere => Step::CannotReveal,
			}
		},
		(Phase::FinalityGap | Phase::Revealing | Phase::SealOpening, None) if is_open(job) => {
			Step::Lost
		},
		_ => Step::Wait,
	}
}

/// Returns the block that closed bidding, if there is still time at `height` to wait until it is final. A chain
/// without a finality gap does not ask for that.
pub(crate) fn closing_block_to_wait_for(
	round: &RoundInfo<Bytes32>,
	snapshot: &Snapshot,
	height: BlockNumber,
) -> Option<BlockNumber> {
	let gap = snapshot.finality_gap;
	let latest = round.reveal_until.saturating_sub(snapshot.inclusion_slack.saturating_add(2));
	let has_time = height.saturating_add(1) < latest;
	(gap > 0 && has_time).then(|| round.reveal_from.saturating_sub(gap.saturating_add(1)))
}

/// Returns whether a round has a bid of `me` that the journal does not know: another program bids with the same key,
/// or the journal is not the one of before.
pub(crate) fn has_foreign_bid(round: &RoundInfo<Bytes32>, me: &Bytes32, job: Option<&Job>) -> bool {
	let bid = round.bids.iter().find(|bid| bid.bidder == *me);
	bid.is_some_and(|bid| source(&bid.commitment, job) == Source::Nowhere)
}

/// Returns whether `me` may have won a round that is about to close on the bids as they are.
pub(crate) fn may_have_won(round: &RoundInfo<Bytes32>, me: &Bytes32) -> bool {
	let counts =
		|state: &BidState| matches!(state, BidState::Revealed { .. } | BidState::Opened { .. });
	round.phase == Phase::Overdue
		&& round.bids.iter().any(|bid| bid.bidder == *me && counts(&bid.state))
}

/// Shows a round as assigned to `me`, if it is known for sure that it has won. Where another one has, the
/// ladder is not known yet, and `me` may be on it.
pub(crate) fn assign(
	round: &mut RoundInfo<Bytes32>,
	me: &Bytes32,
	winner: ExpectedWinner<Bytes32>,
) {
	if !winner.decided || winner.round != round.round || winner.prover != *me {
		return;
	}
	round.phase = Phase::Proving;
	round.phase_ends_at = winner.on_time_until.saturating_add(1);
	round.assignment = Some(AssignmentInfo {
		prover: winner.prover,
		fee: winner.fee,
		payment: winner.payment,
		proof_blocks: winner.proof_blocks,
		assigned_at: winner.clock.saturating_add(1),
		clock: winner.clock,
		on_time_until: winner.on_time_until,
		late_until: winner.late_until,
	});
}

fn assigned(phase: Phase, assignment: &AssignmentInfo<Bytes32>, job: Option<&Job>) -> Step {
	match phase {
		Phase::Proving | Phase::Late if has_proof(job) => Step::Deliver,
		Phase::Proving | Phase::Late => Step::Prove(assignment.clone()),
		_ => Step::Missed,
	}
}

/// Behind another prover, or asked to take its place. A job that has ended was passed on, and stays so.
fn on_the_ladder(round: &RoundInfo<Bytes32>, me: &Bytes32, job: Option<&Job>) -> Step {
	let mut places = round.ladder.iter().enumerate();
	let Some((ahead, place)) = places.find(|(_, place)| place.prover == *me) else {
		return if is_open(job) { Step::Over } else { Step::Wait };
	};
	if job.is_some_and(|job| !job.is_open()) {
		return Step::Wait;
	}
	let is_our_turn = ahead == 0 && round.assignment.is_none();
	match round.phase {
		_ if !is_our_turn => Step::StandBy { ahead, place: place.clone() },
		Phase::Offered if has_proof(job) => Step::Deliver,
		Phase::Offered => Step::Accept(place.clone()),
		_ => Step::Wait,
	}
}

/// Returns the step in a rescue. Whoever lost a bond in this round stays out: what went wrong would go wrong again.
fn in_rescue(phase: Phase, rescue: RescueInfo, job: Option<&Job>) -> Step {
	if let Some(job) = job {
		match &job.outcome {
			None if job.rescue.is_none() => return Step::Over,
			None => {},
			Some(_) if job.rescue.is_some() => return Step::Wait,
			Some(Outcome::Lost | Outcome::Skipped { .. }) => {},
			Some(_) => return Step::Wait,
		}
	}
	match phase {
		Phase::Rescue => Step::Rescue(rescue),
		_ => Step::Wait,
	}
}

fn has_proof(job: Option<&Job>) -> bool {
	job.is_some_and(|job| job.proof.is_some())
}

fn is_open(job: Option<&Job>) -> bool {
	job.is_some_and(Job::is_open)
}

#[cfg(test)]
pub(crate) mod tests;
