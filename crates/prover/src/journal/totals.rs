// SPDX-License-Identifier: Apache-2.0
//! Numbers of how rounds ended.

use super::{
	entry::{decimal, Outcome, Verdict},
	job::Job,
};
use serde::{Deserialize, Serialize};

/// Numbers of rounds that have ended. They outlive what the journal knows about each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
	/// Rounds in which a bid was in a block.
	pub(crate) bids: u64,
	/// Those of them that were won.
	pub(crate) wins: u64,
	/// Rounds that were paid for.
	pub(crate) paid: u64,
	/// Those of them in which the proof was late.
	pub(crate) late: u64,
	/// Rounds that were lost.
	pub(crate) lost: u64,
	/// Rounds whose bid was silent and settled.
	pub(crate) settled: u64,
	/// Rounds that were won and not delivered, or whose bid was void.
	pub(crate) defaulted: u64,
	/// Those of them that were won and not delivered.
	pub(crate) defaults: u64,
	/// Rounds whose bid was silent and settled by nobody.
	pub(crate) silences: u64,
	/// Rounds whose end is unknown, and whose bid may or may not have been in a block.
	pub(crate) unknown: u64,
	/// Rounds in which no bid was made.
	pub(crate) skipped: u64,
	/// Payments and shares of the bonds of others, in planck.
	#[serde(with = "decimal")]
	pub(crate) earned: u128,
}

impl Totals {
	/// Returns what one round adds: nothing while it is open.
	pub(crate) fn of(job: &Job) -> Self {
		let Some(outcome) = &job.outcome else { return Self::default() };
		let has_bid = job.placed.is_some();
		let mut totals = Self {
			bids: has_bid.into(),
			wins: (has_bid && job.win.is_some()).into(),
			..Self::default()
		};
		match outcome {
			Outcome::Skipped { .. } => totals.skipped = 1,
			Outcome::Lost => totals.lost = 1,
			Outcome::Settled { verdict, .. } => {
				totals.settled = 1;
				totals.silences = (*verdict == Verdict::Expired).into();
			},
			Outcome::Paid { payment, late_blocks, slashed_share } => {
				totals.paid = 1;
				totals.late = (*late_blocks > 0).into();
				totals.earned = payment.saturating_add(*slashed_share);
			},
			Outcome::Defaulted { .. } => {
				totals.defaulted = 1;
				totals.defaults = 1;
			},
			Outcome::Voided => totals.defaulted = 1,
			Outcome::Unknown => totals.unknown = (!has_bid && job.bid.is_some()).into(),
		}
		totals
	}

	/// Adds others.
	pub(super) fn add(&mut self, others: &Self) {
		self.combine(others, u64::saturating_add, u128::saturating_add);
	}

	/// Takes others out, which were added before.
	pub(super) fn remove(&mut self, others: &Self) {
		self.combine(others, u64::saturating_sub, u128::saturating_sub);
	}

	fn combine(
		&mut self,
		others: &Self,
		count: fn(u64, u64) -> u64,
		amount: fn(u128, u128) -> u128,
	) {
		let Self {
			bids,
			wins,
			paid,
			late,
			lost,
			settled,
			defaulted,
			defaults,
			silences,
			unknown,
			skipped,
			earned,
		} = self;
		for (ours, theirs) in [
			(bids, others.bids),
			(wins, others.wins),
			(paid, others.paid),
			(late, others.late),
			(lost, others.lost),
			(settled, others.settled),
			(defaulted, others.defaulted),
			(defaults, others.defaults),
			(silences, others.silences),
			(unknown, others.unknown),
			(skipped, others.skipped),
		] {
			*ours = count(*ours, theirs);
		}
		*earned = amount(*earned, others.earned);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::journal::Win;

	#[test]
	fn totals_should_count_a_round_once_when_it_has_ended() {
		let ended = |outcome| Job { outcome: Some(outcome), ..Job::default() };
		let paid =
			|payment, late_blocks| ended(Outcome::Paid { payment, late_blocks, slashed_share: 1 });
		let verdict = Verdict::WouldHaveLost;
		let jobs = [
			Job::default(),
			paid(5, 0),
			paid(7, 2),
			ended(Outcome::Lost),
			ended(Outcome::Skipped { reason: "busy".into() }),
			ended(Outcome::Settled { slashed: 2, released: 3, verdict }),
			ended(Outcome::Unknown),
			Job { bid: Some(crate::decide::tests::bid()), ..ended(Outcome::Unknown) },
			ended(Outcome::Settled { slashed: 2, released: 3, verdict: Verdict::Expired }),
			ended(Outcome::Voided),
			ended(Outcome::Defaulted { slashed: 1 }),
		];
		let mut totals = Totals::default();
		jobs.iter().for_each(|job| totals.add(&Totals::of(job)));
		let expected = Totals {
			bids: 0,
			wins: 0,
			paid: 2,
			late: 1,
			lost: 1,
			settled: 2,
			defaulted: 2,
			defaults: 1,
			silences: 1,
			unknown: 1,
			skipped: 1,
			earned: 14,
		};
		assert_eq!(totals, expected);
		jobs.iter().for_each(|job| totals.remove(&Totals::of(job)));
		assert_eq!(totals, Totals::default());
	}

	#[test]
	fn totals_should_count_bids_of_rounds_that_ended_after_a_bid() {
		let win = Win { payment: 1, assigned_at: 2, on_time_until: 3, late_until: 4 };
		let lost = Job { placed: Some(1), outcome: Some(Outcome::Lost), ..Job::default() };
		let won = Job { win: Some(win), ..lost.clone() };
		let open = Job { placed: Some(1), win: Some(win), ..Job::default() };
		let not_placed = Job { placed: None, ..won.clone() };
		let numbers = [lost, won, open, not_placed].map(|job| {
			let totals = Totals::of(&job);
			(totals.bids, totals.wins)
		});
		assert_eq!(numbers, [(1, 0), (1, 1), (0, 0), (0, 0)]);
	}
}
