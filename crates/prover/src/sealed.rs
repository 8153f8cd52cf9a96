// SPDX-License-Identifier: Apache-2.0
//! Decision about a bid of this prover that the chain has sealed: before its round has closed, and after the round
//! has closed without it. Pure.

use crate::journal::{Job, Key};
use pvs_primitives::{
	api::{RoundInfo, SealPlace, UnsettledRoundInfo},
	BlockNumber, Bytes32,
};
use std::collections::BTreeMap;

/// A sealed bid of this prover, as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedBid {
	/// Digest of the batch in the round of the bid.
	pub(crate) batch_digest: Bytes32,
	/// Commitment of the bid.
	pub(crate) commitment: Bytes32,
	/// `blake2_256` of the seal.
	pub(crate) seal_hash: Bytes32,
	/// Place of the seal.
	pub(crate) placed: SealPlace,
}

/// A silent bid of this prover whose round has closed without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnsettledBid {
	/// The bid.
	pub(crate) bid: SealedBid,
	/// The first block in which it can be settled no more.
	pub(crate) until: BlockNumber,
}

/// Source of the payload of a sealed bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
	/// In the journal.
	Journal,
	/// In the seal on the chain; the journal has an exponent that may open it.
	Seal,
	/// Nowhere: the journal has neither the payload nor an exponent.
	Nowhere,
}

impl SealedBid {
	/// Returns the bid of `me` in a round that has not closed.
	pub(crate) fn in_round(round: &RoundInfo<Bytes32>, me: &Bytes32) -> Option<Self> {
		let bid = round.bids.iter().find(|bid| bid.bidder == *me)?;
		Some(Self {
			batch_digest: round.batch_digest,
			commitment: bid.commitment,
			seal_hash: bid.seal_hash,
			placed: bid.placed,
		})
	}
}

impl UnsettledBid {
	/// Returns where the payload is to be had that settles the bid in the block after `height`; `None` if that
	/// is too late.
	pub(crate) fn source(&self, job: Option<&Job>, height: BlockNumber) -> Option<Source> {
		let is_in_time = height.saturating_add(1) < self.until;
		is_in_time.then(|| source(&self.bid.commitment, job))
	}
}

/// Returns where the payload behind a commitment is to be had.
pub(crate) fn source(commitment: &Bytes32, job: Option<&Job>) -> Source {
	match job {
		Some(Job { bid: Some(bid), .. }) if bid.commitment == *commitment => Source::Journal,
		Some(job) if !job.exponents.is_empty() => Source::Seal,
		_ => Source::Nowhere,
	}
}

/// Returns whether a round may have closed without a bid of this prover, given that the bid is not in the
/// auction any more. The chain may have a bid of which the journal does not say so.
pub(crate) fn may_be_unsettled(job: &Job) -> bool {
	let may_have_bid = job.bid.is_some() || !job.exponents.is_empty();
	// A reveal on a fork that is gone does not count.
	let has_counted = job.win.is_some() || (job.revealed.is_some() && job.silence.is_none());
	job.is_open() && may_have_bid && !has_counted && job.rescue.is_none()
}

/// Returns the unsettled bids of `me` in these rounds.
pub(crate) fn unsettled_bids(
	rounds: &[UnsettledRoundInfo<Bytes32>],
	me: &Bytes32,
) -> BTreeMap<Key, UnsettledBid> {
	let mine = rounds.iter().filter_map(|round| {
		let bid = round.bids.iter().find(|bid| bid.bidder == *me)?;
		let bid = SealedBid {
			batch_digest: round.batch_digest,
			commitment: bid.commitment,
			seal_hash: bid.seal_hash,
			placed: bid.placed,
		};
		Some(((round.batch, round.round), UnsettledBid { bid, until: round.until }))
	});
	mine.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		decide::tests::{job, round, with_bid, ME, OTHER},
		journal::{Outcome, Silence, Win},
	};
	use pvs_primitives::api::{BatchId, BidState, Phase, UnsettledBidInfo};
	use pvs_timelock::EXPONENT_BYTES;

	const PLACED: SealPlace = SealPlace { block: 11, extrinsic: 2 };

	fn sealed() -> SealedBid {
		SealedBid { batch_digest: [3; 32], commitment: [7; 32], seal_hash: [9; 32], placed: PLACED }
	}

	fn unsettled_round(
		index: u64,
		number: u32,
		bidders: &[Bytes32],
	) -> UnsettledRoundInfo<Bytes32> {
		let bid = |bidder: &Bytes32| UnsettledBidInfo {
			bidder: *bidder,
			commitment: [7; 32],
			seal_hash: [9; 32],
			placed: PLACED,
		};
		UnsettledRoundInfo {
			batch: BatchId { rollup: 0, index },
			round: number,
			committer: [4; 32],
			sequencer: [4; 32],
			batch_digest: [3; 32],
			seal_digest: [6; 32],
			reserve: 1000,
			bond: 1500,
			until: 40,
			bids: bidders.iter().map(bid).collect(),
		}
	}

	fn with_exponent() -> Job {
		Job { bid: None, exponents: vec![[5; EXPONENT_BYTES]], ..job() }
	}

	#[test]
	fn sealed_bid_should_be_that_of_this_prover() {
		let bidding = with_bid(round(Phase::Revealing), BidState::Sealed);
		assert_eq!(SealedBid::in_round(&bidding, &ME), Some(sealed()));
		assert_eq!(SealedBid::in_round(&round(Phase::Revealing), &ME), None);
	}

	#[test]
	fn unsettled_bids_should_be_those_of_this_prover_in_every_round() {
		let rounds = [
			unsettled_round(4, 0, &[OTHER, ME]),
			unsettled_round(4, 1, &[OTHER]),
			unsettled_round(4, 2, &[ME]),
			unsettled_round(6, 0, &[]),
		];
		let key = |index, round| (BatchId { rollup: 0, index }, round);
		let ours = UnsettledBid { bid: sealed(), until: 40 };
		let expected = BTreeMap::from([(key(4, 0), ours.clone()), (key(4, 2), ours)]);
		assert_eq!(unsettled_bids(&rounds, &ME), expected);
		assert_eq!(unsettled_bids(&[], &ME), BTreeMap::new());
	}

	#[test]
	fn bid_should_be_settled_by_the_journal_or_by_the_seal_when_its_round_has_closed_without_it() {
		let unsettled = UnsettledBid { bid: sealed(), until: 40 };
		let source = |job: Option<&Job>| unsettled.source(job, 20);
		assert_eq!(source(Some(&job())), Some(Source::Journal));
		assert_eq!(source(Some(&with_exponent())), Some(Source::Seal));
		assert_eq!(source(Some(&Job::default())), Some(Source::Nowhere));
		assert_eq!(source(None), Some(Source::Nowhere));
		let mut other_fork = job();
		other_fork.bid.as_mut().unwrap().commitment = [6; 32];
		assert_eq!(source(Some(&other_fork)), Some(Source::Nowhere));
		other_fork.exponents = vec![[5; EXPONENT_BYTES]];
		assert_eq!(source(Some(&other_fork)), Some(Source::Seal));
	}

	#[test]
	fn bid_should_be_settled_until_the_last_block_of_its_window() {
		let unsettled = UnsettledBid { bid: sealed(), until: 40 };
		let is_tried = |height| unsettled.source(Some(&job()), height).is_some();
		assert!(is_tried(0) && is_tried(38), "block 39 is the last one");
		assert!(!is_tried(39) && !is_tried(40) && !is_tried(BlockNumber::MAX));
	}

	#[test]
	fn chain_should_be_asked_for_unsettled_bids_only_when_a_bid_may_be_silent() {
		let silence = Some(Silence { seen_at: 20, until: 40 });
		for silent in [
			job(),
			with_exponent(),
			Job { placed: Some(11), ..job() },
			Job { placed: Some(11), silence, ..job() },
			Job { revealed: Some(14), silence, ..job() },
		] {
			assert!(may_be_unsettled(&silent), "{silent:?}");
		}
		let win = Win { payment: 600, assigned_at: 14, on_time_until: 17, late_until: 27 };
		for other in [
			Job::default(),
			Job { revealed: Some(14), ..job() },
			Job { win: Some(win), ..job() },
			Job { rescue: Some(30), ..job() },
			Job { outcome: Some(Outcome::Lost), ..job() },
		] {
			assert!(!may_be_unsettled(&other), "{other:?}");
		}
	}
}
