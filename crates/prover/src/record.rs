// SPDX-License-Identifier: Apache-2.0
//! The chain's record of this prover, against what its journal knows. A difference means that another program uses
//! the key, that the journal is not the one of before, or that a round ended badly while nobody could be asked. Pure.

use crate::journal::History;
use pvs_primitives::{api::ProverStats, Balance};
use serde::{Deserialize, Serialize};

/// Numbers in the chain's record that only acts and omissions of the prover itself move. They never go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
	/// Bids placed.
	pub(crate) bids: u64,
	/// Assignments not delivered.
	pub(crate) defaults: u64,
	/// Bids neither revealed, opened nor settled.
	pub(crate) silences: u64,
}

impl Counts {
	/// Returns what the chain says.
	pub(crate) fn of_chain(stats: &ProverStats) -> Self {
		Self {
			bids: stats.bids.into(),
			defaults: stats.defaults.into(),
			silences: stats.silences.into(),
		}
	}

	/// Returns the most that a journal can explain. A round that is open may have ended in any way by now, and one
	/// whose end is unknown may have had a bid; how it ended is what the chain's record tells.
	pub(crate) fn explained_by(history: &History) -> Self {
		let totals = history.totals();
		let open = |counts: fn(&crate::journal::Job) -> bool| {
			let jobs = history.open().iter().filter_map(|key| history.jobs().get(key));
			u64::try_from(jobs.filter(|job| counts(job)).count()).unwrap_or(u64::MAX)
		};
		Self {
			bids: totals
				.bids
				.saturating_add(totals.unknown)
				.saturating_add(open(|job| job.bid.is_some())),
			defaults: totals.defaults.saturating_add(open(|job| job.bid.is_some())),
			silences: totals.silences.saturating_add(open(|job| job.bid.is_some())),
		}
	}

	/// Returns what the chain said before a journal began, or what is to count as that, so that nothing is left to
	/// explain.
	pub(crate) fn base(chain: Self, explained: Self) -> Self {
		Self {
			bids: chain.bids.saturating_sub(explained.bids),
			defaults: chain.defaults.saturating_sub(explained.defaults),
			silences: chain.silences.saturating_sub(explained.silences),
		}
	}

	/// Returns what the chain knows beyond the base and what the journal explains, as a text for the operator; `None`
	/// if that is nothing.
	pub(crate) fn unexplained(chain: Self, base: Self, explained: Self) -> Option<String> {
		let beyond = |chain: u64, base: u64, explained: u64| {
			chain.saturating_sub(base).saturating_sub(explained)
		};
		let bids = beyond(chain.bids, base.bids, explained.bids);
		let defaults = beyond(chain.defaults, base.defaults, explained.defaults);
		let silences = beyond(chain.silences, base.silences, explained.silences);
		let parts: Vec<_> = [(bids, "bid"), (defaults, "default"), (silences, "unsettled silence")]
			.into_iter()
			.filter(|(count, _)| *count > 0)
			.map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
			.collect();
		(!parts.is_empty()).then(|| {
			format!(
				"the chain knows of {} of this account that the journal does not; see whether another program \
				 uses the key or the journal is not the one of before, then start with --accept-record",
				parts.join(", ")
			)
		})
	}
}

/// Amount that the chain has taken out of this prover's stake, as far as it is counted.
///
/// The chain adds up all of it in one place: penalties for silence, void bids, silent bids that were settled or not, and
/// assignments that were not delivered. Events tell only of those that this program saw happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slashed(Balance);

impl Slashed {
	/// Returns what the chain's record has beyond what is counted, in planck, and counts it. What a fork takes back
	/// and comes again counts once. An account without a record is no prover any more, and starts anew.
	pub(crate) fn take_new(&mut self, stats: Option<&ProverStats>) -> Balance {
		let Some(stats) = stats else {
			*self = Self::default();
			return 0;
		};
		let new = stats.slashed.saturating_sub(self.0);
		self.0 = self.0.max(stats.slashed);
		new
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::{Entry, Outcome};
	use pvs_primitives::{api::BatchId, bid::PAYLOAD_BYTES};
	use pvs_timelock::SEAL_BYTES;

	const BATCH: BatchId = BatchId { rollup: 0, index: 4 };

	fn counts(bids: u64, defaults: u64, silences: u64) -> Counts {
		Counts { bids, defaults, silences }
	}

	fn bid(round: u32) -> Entry {
		Entry::Bid {
			batch: BATCH,
			round,
			batch_digest: [3; 32],
			payload: [4; PAYLOAD_BYTES],
			commitment: [7; 32],
			seal: [9; SEAL_BYTES],
		}
	}

	fn ended(round: u32, outcome: Outcome) -> Entry {
		Entry::Ended { batch: BATCH, round, outcome }
	}

	fn explained(entries: impl IntoIterator<Item = Entry>) -> Counts {
		let mut history = History::default();
		entries.into_iter().for_each(|entry| history.apply(entry));
		Counts::explained_by(&history)
	}

	#[test]
	fn open_round_should_explain_whatever_may_have_become_of_it() {
		assert_eq!(explained([bid(0)]), counts(1, 1, 1));
		assert_eq!(explained([]), counts(0, 0, 0));
	}

	#[test]
	fn unknown_end_should_explain_a_bid_and_no_slash() {
		let entries = [bid(0), ended(0, Outcome::Unknown)];
		assert_eq!(explained(entries), counts(1, 0, 0));
		let placed = Entry::Placed { batch: BATCH, round: 1, block: 5 };
		let entries = [bid(1), placed, ended(1, Outcome::Defaulted { slashed: 9 })];
		assert_eq!(explained(entries), counts(1, 1, 0));
	}

	#[test]
	fn nothing_should_be_left_to_explain_when_the_record_is_accepted() {
		let (chain, explained) = (counts(9, 2, 1), counts(4, 0, 1));
		let base = Counts::base(chain, explained);
		assert_eq!(base, counts(5, 2, 0));
		assert_eq!(Counts::unexplained(chain, base, explained), None);
	}

	#[test]
	fn difference_should_be_told_when_the_chain_knows_more_than_the_journal() {
		let unexplained = |chain| Counts::unexplained(chain, counts(5, 1, 0), counts(4, 0, 1));
		assert_eq!(unexplained(counts(9, 1, 1)), None);
		assert_eq!(unexplained(counts(6, 0, 0)), None, "a fork can take bids back");
		let text = unexplained(counts(11, 2, 1)).unwrap();
		assert!(text.contains("2 bids, 1 default of this account"), "{text}");
		let text = unexplained(counts(0, 0, 2)).unwrap();
		assert!(text.contains("1 unsettled silence of"), "{text}");
	}

	#[test]
	fn slash_should_be_counted_once_whatever_it_was_for() {
		let mut counted = Slashed::default();
		let mut take =
			|slashed| counted.take_new(Some(&ProverStats { slashed, ..ProverStats::default() }));
		// Before this program started, a void bid, and a penalty with a default behind it.
		let taken = [40, 40, 1_540, 2_540].map(&mut take);
		assert_eq!(taken, [40, 0, 1_500, 1_000]);
		assert_eq!([1_540, 2_540].map(&mut take), [0, 0], "on another fork, and back");
		assert_eq!(take(2_541), 1);
	}

	#[test]
	fn slash_should_be_counted_from_nothing_when_the_account_registers_again() {
		let mut counted = Slashed(500);
		let stats = ProverStats { slashed: 7, ..ProverStats::default() };
		assert_eq!(counted.take_new(None), 0);
		assert_eq!(counted.take_new(Some(&stats)), 7);
	}
}
