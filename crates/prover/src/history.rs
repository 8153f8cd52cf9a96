// SPDX-License-Identifier: Apache-2.0
//! Contents of a prover's journal, for whoever shows them.

use crate::journal::{Job, Journal, JournalError, Outcome};
use pvs_client::Token;
use pvs_primitives::{api::BatchId, Bytes32, RoundNumber};
use std::path::Path;

/// Contents of a prover's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
	/// Number of rounds that have not ended.
	pub open: usize,
	/// Number of proofs that were paid for.
	pub paid: u64,
	/// Number of those that came late.
	pub late: u64,
	/// Number of bids that did not win.
	pub lost: u64,
	/// Number of bids that were not revealed and settled.
	pub settled: u64,
	/// Number of wins without a proof in time.
	pub defaulted: u64,
	/// Number of rounds without a bid.
	pub skipped: u64,
	/// Payments received, in planck.
	pub earned: u128,
	/// State of each round that the journal has, in the order of the batches.
	pub rounds: Vec<((BatchId, RoundNumber), String)>,
}

impl History {
	/// Reads the journal of an account without locking or changing it; empty if there is none.
	///
	/// # Errors
	///
	/// [`JournalError`] if it is damaged, or of another chain or account.
	pub fn read(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
		token: &Token,
	) -> Result<Self, JournalError> {
		let history = Journal::read(dir, genesis, account)?;
		let totals = history.totals();
		let rounds = history.jobs().iter().map(|(key, job)| (*key, state_of(job, token)));
		Ok(Self {
			open: history.open().len(),
			paid: totals.paid,
			late: totals.late,
			lost: totals.lost,
			settled: totals.settled,
			defaulted: totals.defaulted,
			skipped: totals.skipped,
			earned: totals.earned,
			rounds: rounds.collect(),
		})
	}

	/// Reads the entries of a journal as they are in the file, lines of JSON with all that they keep secret.
	///
	/// # Errors
	///
	/// As [`History::read`].
	pub fn lines(dir: &Path, genesis: Bytes32, account: Bytes32) -> Result<Vec<u8>, JournalError> {
		Journal::lines(dir, genesis, account)
	}
}

fn state_of(job: &Job, token: &Token) -> String {
	match &job.outcome {
		Some(Outcome::Skipped { reason }) => format!("skipped: {reason}"),
		Some(Outcome::Lost) => "lost".into(),
		Some(Outcome::Paid { payment, late_blocks, slashed_share }) => {
			let paid = token.show(payment.saturating_add(*slashed_share));
			match late_blocks {
				0 => format!("paid {paid}"),
				_ => format!("paid {paid}, {late_blocks} blocks late"),
			}
		},
		Some(Outcome::Defaulted { slashed }) => {
			format!("not delivered, {} slashed", token.show(*slashed))
		},
		Some(Outcome::Voided) => "bid void".into(),
		Some(Outcome::Settled { slashed, released, verdict }) => format!(
			"{}, {} slashed and {} released",
			verdict.text(),
			token.show(*slashed),
			token.show(*released)
		),
		Some(Outcome::Unknown) => "over; the node no longer knows how".into(),
		None if job.delivered.is_some() => "delivered".into(),
		None if job.proof.is_some() => "proved".into(),
		None if job.win.is_some() => "won".into(),
		None if job.rescue.is_some() => "rescue".into(),
		None => match (job.silence, job.revealed, job.placed) {
			(Some(silence), ..) => {
				format!("not revealed; can be settled before block {}", silence.until)
			},
			(None, Some(_), _) => "revealed".into(),
			(None, None, Some(_)) => "bid".into(),
			(None, None, None) => "about to bid".into(),
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::{Silence, Verdict};

	#[test]
	fn silent_bid_should_be_shown_until_and_after_it_is_settled() {
		let token = Token::default();
		let silence = Some(Silence { seen_at: 20, until: 40 });
		let waiting = Job { placed: Some(11), silence, ..Job::default() };
		assert_eq!(state_of(&waiting, &token), "not revealed; can be settled before block 40");
		let settled = Outcome::Settled {
			slashed: 1_000_000_000_000,
			released: 5_000_000_000_000,
			verdict: Verdict::WouldHaveLost,
		};
		let settled = Job { outcome: Some(settled), ..waiting };
		let expected = "silent, and would not have won, 1 UNIT slashed and 5 UNIT released";
		assert_eq!(state_of(&settled, &token), expected);
		let placed = Job { placed: Some(11), ..Job::default() };
		assert_eq!(state_of(&placed, &token), "bid");
	}
}
