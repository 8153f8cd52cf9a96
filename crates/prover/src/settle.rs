// SPDX-License-Identifier: Apache-2.0
//! How a round ended that is over before this program saw its end: after a restart, a lost
//! connection, or a proof that somebody else relayed.

use crate::journal::{Job, Key, Outcome};
use pvs_client::{Block, Client, Error, PvsEvent};
use pvs_primitives::{BlockNumber, Bytes32};
use std::ops::RangeInclusive;

/// How far back a node is asked for events. Nodes keep the state of 256 blocks by default.
const MAX_BLOCKS: BlockNumber = 200;

/// Which blocks say how a round ended.
#[derive(Debug, PartialEq, Eq)]
enum Span {
	/// The chain is not as far as the round was.
	NotYet,
	/// More blocks than nodes keep.
	TooLong,
	Blocks(RangeInclusive<BlockNumber>),
}

impl Span {
	fn new(since: BlockNumber, best: BlockNumber) -> Self {
		match best.checked_sub(since) {
			None => Self::NotYet,
			Some(blocks) if blocks > MAX_BLOCKS => Self::TooLong,
			Some(_) => Self::Blocks(since..=best),
		}
	}
}

/// The outcome of a round for `me`, from the events since its bid; `None` if the chain is not as far
/// as that yet, on another fork or a node that is behind.
///
/// # Errors
///
/// If the node fails: not knowing is not the same as not having happened.
pub(crate) async fn outcome(
	client: &Client,
	me: &Bytes32,
	key: &Key,
	job: &Job,
	best: Block,
) -> Result<Option<Outcome>, Error> {
	let won_at = job.win.map(|win| win.assigned_at);
	let since = job.rescue.or(won_at).or(job.revealed).or(job.placed);
	let Some(since) = since else { return Ok(Some(Outcome::Lost)) };
	let blocks = match Span::new(since, best.number) {
		Span::NotYet => return Ok(None),
		Span::TooLong => {
			let may_have_mattered = job.win.is_some() || job.rescue.is_some();
			return Ok(Some(if may_have_mattered { Outcome::Unknown } else { Outcome::Lost }));
		},
		Span::Blocks(blocks) => blocks,
	};
	for number in blocks {
		let block = client.block(client.hash_at(number).await?).await?;
		let events = client.at(block).await?.events().await?;
		if let Some(outcome) = events.iter().find_map(|event| outcome_in(event, me, key)) {
			return Ok(Some(outcome));
		}
	}
	Ok(Some(Outcome::Lost))
}

/// What an event says about how a round ended for `me`.
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
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
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

	#[test]
	fn outcome_should_be_open_when_the_chain_is_not_as_far_as_the_round_was() {
		assert_eq!(Span::new(90, 89), Span::NotYet);
		assert_eq!(Span::new(90, 0), Span::NotYet);
		assert_eq!(Span::new(90, 90), Span::Blocks(90..=90));
		assert_eq!(Span::new(90, 90 + MAX_BLOCKS), Span::Blocks(90..=90 + MAX_BLOCKS));
		assert_eq!(Span::new(90, 91 + MAX_BLOCKS), Span::TooLong);
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
