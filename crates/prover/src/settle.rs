// SPDX-License-Identifier: Apache-2.0
//! Search for how a round ended that is over before this program saw its end: after a restart, a lost connection,
//! or a proof that somebody else relayed.

use crate::journal::{Job, Key, Outcome, Verdict};
use pvs_client::{Block, Client, Error, PvsEvent};
use pvs_primitives::{BlockNumber, Bytes32};
use std::ops::RangeInclusive;

/// Number of blocks back that a node is asked for events. Nodes keep the state of 256 blocks by default.
const MAX_BLOCKS: BlockNumber = 200;

/// State in which a round that is over is for this prover.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
	/// The chain is not as far as the round was: it is on another fork, or the node is behind.
	NotYet,
	/// The round closed without the bid, and the journal does not know that.
	Unsettled {
		/// The first block in which it can be settled no more.
		until: BlockNumber,
	},
	/// It has ended.
	Ended(Outcome),
}

/// Place to look up how a round ended.
#[derive(Debug, PartialEq, Eq)]
enum Search {
	/// The chain is not as far as the round was.
	NotYet,
	/// Nowhere: it is known, or nodes keep the events no longer.
	Known(Outcome),
	/// In these blocks; the outcome if they do not tell.
	Blocks(RangeInclusive<BlockNumber>, Outcome),
}

impl Search {
	fn new(job: &Job, best: BlockNumber) -> Self {
		let oldest = best.saturating_sub(MAX_BLOCKS);
		if let Some(silence) = job.silence.filter(|_| job.win.is_none() && job.rescue.is_none()) {
			return match silence.seen_at {
				since if since > best => Self::NotYet,
				// Whatever the end was, it came after what may be a long wait.
				since => Self::Blocks(since.max(oldest)..=best, Outcome::Unknown),
			};
		}
		let won_at = job.win.map(|win| win.assigned_at);
		// Whether a bid that was sealed got into a block is not known after a crash.
		match job.rescue.or(won_at).or(job.revealed).or(job.placed).or(job.sealed_at) {
			None => Self::Known(Outcome::Lost),
			Some(since) if since > best => Self::NotYet,
			Some(since) if since >= oldest => Self::Blocks(since..=best, Outcome::Lost),
			// Whoever revealed may have won since.
			Some(_) => Self::Known(Outcome::Unknown),
		}
	}
}

/// Looks up how a round ended for `me`, in the events since its bid.
///
/// # Errors
///
/// If the node fails: not knowing is not the same as not having happened.
pub(crate) async fn ending(
	client: &Client,
	me: &Bytes32,
	key: &Key,
	job: &Job,
	best: Block,
) -> Result<Ending, Error> {
	let (blocks, otherwise) = match Search::new(job, best.number) {
		Search::NotYet => return Ok(Ending::NotYet),
		Search::Known(outcome) => return Ok(Ending::Ended(outcome)),
		Search::Blocks(blocks, otherwise) => (blocks, otherwise),
	};
	let mut ending = Ending::Ended(otherwise);
	// Most ends were a moment ago.
	for number in blocks.rev() {
		let block = client.block(client.hash_at(number).await?).await?;
		let events = client.at(block).await?.events().await?;
		if let Some(outcome) = events.iter().find_map(|event| outcome_in(event, me, key)) {
			return Ok(Ending::Ended(outcome));
		}
		// If the journal knows that already, the chain has been asked, and has the bid no more.
		if let (None, Some(until)) =
			(job.silence, events.iter().find_map(|event| unsettled_in(event, me, key)))
		{
			ending = Ending::Unsettled { until };
		}
	}
	Ok(ending)
}

/// Returns until when a bid of `me` can be settled, if an event says that its round closed without it.
fn unsettled_in(event: &PvsEvent, me: &Bytes32, key: &Key) -> Option<BlockNumber> {
	match *event {
		PvsEvent::BidUnsettled { batch, round, bidder, until }
			if (batch, round) == *key && bidder == *me =>
		{
			Some(until)
		},
		_ => None,
	}
}

/// Returns what an event says about how a round ended for `me`.
pub(crate) fn outcome_in(event: &PvsEvent, me: &Bytes32, key: &Key) -> Option<Outcome> {
	match *event {
		PvsEvent::ProofAccepted {
			batch,
			round,
			prover,
			payment,
			late_blocks,
			slashed_share,
			..
		} if (batch, round) == *key && prover == *me => {
			Some(Outcome::Paid { payment, late_blocks, slashed_share })
		},
		PvsEvent::ProverDefaulted { batch, round, prover, slashed }
			if (batch, round) == *key && prover == *me =>
		{
			Some(Outcome::Defaulted { slashed })
		},
		// The bid of a batch that was dropped is void too, but costs nothing.
		PvsEvent::BidVoided { batch, round, bidder, slashed, .. }
			if (batch, round) == *key && bidder == *me =>
		{
			Some(if slashed == 0 { Outcome::Lost } else { Outcome::Voided })
		},
		PvsEvent::BidSettled { batch, round, bidder, slashed, released, verdict }
			if (batch, round) == *key && bidder == *me =>
		{
			let verdict = match verdict {
				pvs_client::Verdict::WouldHaveLost => Verdict::WouldHaveLost,
				pvs_client::Verdict::WouldHaveWon => Verdict::WouldHaveWon,
				pvs_client::Verdict::Void(_) => Verdict::Void,
				pvs_client::Verdict::Expired => Verdict::Expired,
			};
			Some(Outcome::Settled { slashed, released, verdict })
		},
		_ => None,
	}
}

/// Returns whether a round that ended like this may have cost a part of the stake.
pub(crate) fn may_be_slashed(outcome: &Outcome) -> bool {
	match outcome {
		Outcome::Defaulted { .. }
		| Outcome::Voided
		| Outcome::Settled { .. }
		| Outcome::Unknown => true,
		Outcome::Skipped { .. } | Outcome::Lost | Outcome::Paid { .. } => false,
	}
}

/// Returns why to make no bid any more after a round that ended like this: what went wrong would go wrong
/// again, and cost another bond.
pub(crate) fn reason_to_stop(outcome: &Outcome) -> Option<&'static str> {
	match outcome {
		Outcome::Defaulted { .. } => Some("a batch was won and not delivered"),
		Outcome::Voided | Outcome::Settled { verdict: Verdict::Void, .. } => {
			Some("a bid of this prover was void")
		},
		Outcome::Settled { verdict: Verdict::Expired, .. } => {
			Some("a bid of this prover was neither revealed nor settled")
		},
		Outcome::Settled { verdict: Verdict::WouldHaveLost | Verdict::WouldHaveWon, .. }
		| Outcome::Skipped { .. }
		| Outcome::Lost
		| Outcome::Paid { .. }
		| Outcome::Unknown => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::{Silence, Win};
	use pvs_client::VoidReason;
	use pvs_primitives::api::BatchId;

	const ME: Bytes32 = [1; 32];
	const BATCH: BatchId = BatchId { rollup: 0, index: 4 };

	fn accepted(prover: Bytes32, round: u32) -> PvsEvent {
		PvsEvent::ProofAccepted {
			batch: BATCH,
			round,
			prover,
			payment: 9,
			late_blocks: 1,
			late_cost: 2,
			slashed_share: 3,
			slashed_burned: 4,
			refund: 5,
		}
	}

	fn voided(slashed: u128, reason: VoidReason) -> PvsEvent {
		PvsEvent::BidVoided { batch: BATCH, round: 1, bidder: ME, slashed, reason }
	}

	fn settled(bidder: Bytes32, round: u32, verdict: pvs_client::Verdict) -> PvsEvent {
		PvsEvent::BidSettled { batch: BATCH, round, bidder, slashed: 6, released: 7, verdict }
	}

	fn silent(seen_at: BlockNumber) -> Job {
		Job { placed: Some(80), silence: Some(Silence { seen_at, until: 999 }), ..Job::default() }
	}

	#[test]
	fn outcome_should_be_open_when_the_chain_is_not_as_far_as_the_round_was() {
		let placed = Job { placed: Some(90), ..Job::default() };
		for job in [&placed, &silent(90)] {
			assert_eq!(Search::new(job, 89), Search::NotYet);
			assert_eq!(Search::new(job, 0), Search::NotYet);
		}
	}

	#[test]
	fn outcome_should_be_looked_up_since_the_newest_that_is_known() {
		let lost = |blocks| Search::Blocks(blocks, Outcome::Lost);
		let placed = Job { placed: Some(90), ..Job::default() };
		assert_eq!(Search::new(&placed, 90), lost(90..=90));
		assert_eq!(Search::new(&placed, 90 + MAX_BLOCKS), lost(90..=90 + MAX_BLOCKS));
		let revealed = Job { revealed: Some(95), ..placed.clone() };
		assert_eq!(Search::new(&revealed, 99), lost(95..=99));
		let win = Win { payment: 1, assigned_at: 97, on_time_until: 98, late_until: 99 };
		assert_eq!(Search::new(&Job { win: Some(win), ..revealed }, 99), lost(97..=99));
		assert_eq!(Search::new(&Job::default(), 99), Search::Known(Outcome::Lost));
	}

	#[test]
	fn outcome_should_be_unknown_when_nodes_keep_it_no_longer_and_a_bond_was_at_stake() {
		let search = |job: &Job| Search::new(job, 91 + MAX_BLOCKS);
		let placed = Job { placed: Some(90), ..Job::default() };
		assert_eq!(search(&placed), Search::Known(Outcome::Unknown));
		let revealed = Job { revealed: Some(90), ..placed.clone() };
		assert_eq!(search(&revealed), Search::Known(Outcome::Unknown), "it may have won since");
		let sealed = Job { sealed_at: Some(90), ..Job::default() };
		assert_eq!(search(&sealed), Search::Known(Outcome::Unknown), "it may have been placed");
		assert_eq!(Search::new(&sealed, 91), Search::Blocks(90..=91, Outcome::Lost));
		let win = Win { payment: 1, assigned_at: 90, on_time_until: 98, late_until: 99 };
		let won = Job { win: Some(win), ..revealed };
		assert_eq!(search(&won), Search::Known(Outcome::Unknown));
		let rescue = Job { rescue: Some(90), ..Job::default() };
		assert_eq!(search(&rescue), Search::Known(Outcome::Unknown));
	}

	#[test]
	fn settlement_should_be_looked_up_in_the_newest_blocks_when_the_wait_was_long() {
		let unknown = |blocks| Search::Blocks(blocks, Outcome::Unknown);
		assert_eq!(Search::new(&silent(90), 92), unknown(90..=92));
		assert_eq!(Search::new(&silent(90), 1_000), unknown(1_000 - MAX_BLOCKS..=1_000));
	}

	#[test]
	fn settled_bid_should_end_its_round_with_what_it_cost() {
		let key = (BATCH, 1);
		for (theirs, verdict) in [
			(pvs_client::Verdict::WouldHaveLost, Verdict::WouldHaveLost),
			(pvs_client::Verdict::WouldHaveWon, Verdict::WouldHaveWon),
			(pvs_client::Verdict::Void(VoidReason::BadSeal), Verdict::Void),
			(pvs_client::Verdict::Expired, Verdict::Expired),
		] {
			let outcome = Some(Outcome::Settled { slashed: 6, released: 7, verdict });
			assert_eq!(outcome_in(&settled(ME, 1, theirs), &ME, &key), outcome);
			assert_eq!(outcome_in(&settled([2; 32], 1, theirs), &ME, &key), None);
			assert_eq!(outcome_in(&settled(ME, 0, theirs), &ME, &key), None);
		}
	}

	#[test]
	fn unsettled_bid_should_not_end_its_round_but_tell_until_when_it_can_be_settled() {
		let unsettled =
			|bidder, round| PvsEvent::BidUnsettled { batch: BATCH, round, bidder, until: 40 };
		let key = (BATCH, 1);
		assert_eq!(outcome_in(&unsettled(ME, 1), &ME, &key), None);
		assert_eq!(unsettled_in(&unsettled(ME, 1), &ME, &key), Some(40));
		assert_eq!(unsettled_in(&unsettled([2; 32], 1), &ME, &key), None);
		assert_eq!(unsettled_in(&unsettled(ME, 0), &ME, &key), None);
		assert_eq!(unsettled_in(&voided(6, VoidReason::Silent), &ME, &key), None);
	}

	#[test]
	fn bidding_should_stop_when_a_bid_was_void_or_nobody_settled_it() {
		let settled = |verdict| Outcome::Settled { slashed: 6, released: 0, verdict };
		for outcome in [
			Outcome::Defaulted { slashed: 1 },
			Outcome::Voided,
			settled(Verdict::Void),
			settled(Verdict::Expired),
		] {
			assert!(reason_to_stop(&outcome).is_some(), "{outcome:?}");
		}
		for outcome in [
			settled(Verdict::WouldHaveLost),
			settled(Verdict::WouldHaveWon),
			Outcome::Lost,
			Outcome::Unknown,
			Outcome::Skipped { reason: "busy".into() },
			Outcome::Paid { payment: 1, late_blocks: 0, slashed_share: 0 },
		] {
			assert_eq!(reason_to_stop(&outcome), None, "{outcome:?}");
		}
	}

	#[test]
	fn event_should_end_a_round_only_when_it_is_ours() {
		let key = (BATCH, 1);
		let paid = Some(Outcome::Paid { payment: 9, late_blocks: 1, slashed_share: 3 });
		assert_eq!(outcome_in(&accepted(ME, 1), &ME, &key), paid);
		assert_eq!(outcome_in(&accepted([2; 32], 1), &ME, &key), None);
		assert_eq!(outcome_in(&accepted(ME, 0), &ME, &key), None);
		let empty = PvsEvent::RoundEmpty { batch: BATCH, round: 1 };
		assert_eq!(outcome_in(&empty, &ME, &key), None);
	}

	#[test]
	fn default_should_end_a_round_whoever_proves_it_later() {
		let key = (BATCH, 1);
		let slashed = PvsEvent::ProverDefaulted { batch: BATCH, round: 1, prover: ME, slashed: 7 };
		assert_eq!(outcome_in(&slashed, &ME, &key), Some(Outcome::Defaulted { slashed: 7 }));
		let passed = PvsEvent::PlacePassed { batch: BATCH, round: 1, prover: ME };
		assert_eq!(outcome_in(&passed, &ME, &key), None, "passing costs nothing");
	}

	#[test]
	fn opened_seal_should_not_end_a_round_since_the_bid_counts() {
		let opened = PvsEvent::BidOpened {
			batch: BATCH,
			round: 1,
			bidder: ME,
			fee: 1,
			proof_blocks: 2,
			penalty: 3,
		};
		assert_eq!(outcome_in(&opened, &ME, &(BATCH, 1)), None);
	}

	#[test]
	fn void_bid_should_be_told_from_one_of_a_dropped_batch() {
		let outcome = |event| outcome_in(&event, &ME, &(BATCH, 1));
		for reason in [VoidReason::Silent, VoidReason::BadSeal] {
			assert_eq!(outcome(voided(6, reason)), Some(Outcome::Voided));
		}
		assert_eq!(outcome(voided(0, VoidReason::Dropped)), Some(Outcome::Lost));
	}
}
