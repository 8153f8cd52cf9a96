// SPDX-License-Identifier: Apache-2.0
//! What the operator sees: a line of text or of JSON per event.

use pvs_client::{Account, Token};
use pvs_primitives::{api::BatchId, Balance, BlockNumber, RoundNumber};
use serde_json::{json, Value};
use std::{io::Write, sync::Arc};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants' own lines say what the fields are")]
pub enum Report {
	/// The service follows the chain.
	Ready { account: Account, threads: usize, delay: u64, cost: Balance },
	/// A thread solves a seal from now on.
	Solving { seal: SealName, reward: Balance },
	/// The solution of a seal is proven.
	Solved { seal: SealName, seconds: f64 },
	/// The work on a seal was given up.
	Cancelled { seal: SealName, reason: String },
	/// A block has the opening.
	Opened { seal: SealName, block: BlockNumber, reward: Balance, bid: OpenedBid },
	/// A seal is left to others.
	Skipped { seal: SealName, reason: String },
	/// Something failed, and is tried again if that is of use.
	Trouble { about: Option<SealName>, text: String },
	/// The operator should know.
	Warning { text: String },
	/// The service is about to stop.
	Stopping { reason: String },
	/// What was done in all.
	Summary(Summary),
}

/// How a seal is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealName {
	/// The batch.
	pub batch: BatchId,
	/// Its round.
	pub round: RoundNumber,
	/// Whose bid it is.
	pub bidder: Account,
}

/// Fate of a bid whose seal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedBid {
	/// It counts in its round.
	Counts,
	/// It does not count, and its bond is gone.
	Void,
	/// Its round had closed without it, and what its bidder loses is settled.
	Settled,
}

/// What an opener has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
	/// Seals that it began to solve.
	pub started: u64,
	/// Seals whose solving was given up.
	pub cancelled: u64,
	/// Seals that it opened.
	pub opened: u64,
	/// The rewards, in planck; transaction fees are not taken off.
	pub earned: Balance,
}

type Say = dyn Fn(&Report, &Token) + Send + Sync;

/// Writes reports.
#[derive(Clone)]
pub struct Reporter(Arc<Say>);

impl Reporter {
	/// A reporter that hands each report to a function, with the token that amounts are in.
	pub fn new(say: impl Fn(&Report, &Token) + Send + Sync + 'static) -> Self {
		Self(Arc::new(say))
	}

	/// Lines on stdout, in JSON or in text. A reader that has gone away does not stop the opener.
	pub fn to_stdout(as_json: bool) -> Self {
		Self::new(move |report, token| {
			let line = if as_json { report.json().to_string() } else { report.text(token) };
			let mut out = std::io::stdout().lock();
			let _ = writeln!(out, "{line}").and_then(|()| out.flush());
		})
	}

	pub(crate) fn say(&self, report: &Report, token: &Token) {
		(self.0)(report, token);
	}
}

impl Report {
	/// The report as a line for people.
	pub fn text(&self, token: &Token) -> String {
		let amount = |planck: &Balance| token.show(*planck);
		match self {
			Self::Ready { account, threads, delay, cost } => format!(
				"ready: {account} opens up to {threads} seals at a time, {delay} squarings each, {} \
				 per transaction",
				amount(cost)
			),
			Self::Solving { seal, reward } => {
				format!("{seal}: solving, for {}", amount(reward))
			},
			Self::Solved { seal, seconds } => format!("{seal}: solved in {seconds:.1} s"),
			Self::Cancelled { seal, reason } => format!("{seal}: given up, {reason}"),
			Self::Opened { seal, block, reward, bid } => {
				let what = match bid {
					OpenedBid::Counts => "the bid counts",
					OpenedBid::Void => "the bid is void",
					OpenedBid::Settled => "the bid is settled",
				};
				format!("{seal}: opened in block {block}, {what}; earned {}", amount(reward))
			},
			Self::Skipped { seal, reason } => format!("{seal}: left to others, {reason}"),
			Self::Trouble { about: Some(seal), text } => format!("{seal}: {text}"),
			Self::Trouble { about: None, text } => text.clone(),
			Self::Warning { text } => format!("warning: {text}"),
			Self::Stopping { reason } => format!("stopping: {reason}"),
			Self::Summary(Summary { started, cancelled, opened, earned }) => format!(
				"{started} seals begun, {cancelled} given up, {opened} opened, {} earned",
				amount(earned)
			),
		}
	}

	/// The report as a JSON object. Amounts are in planck, as text.
	pub fn json(&self) -> Value {
		match self {
			Self::Ready { account, threads, delay, cost } => json!({
				"event": "ready",
				"account": account.address(),
				"threads": threads,
				"delay": delay,
				"cost": cost.to_string(),
			}),
			Self::Solving { seal, reward } => {
				seal.json("solving", json!({ "reward": reward.to_string() }))
			},
			Self::Solved { seal, seconds } => seal.json("solved", json!({ "seconds": seconds })),
			Self::Cancelled { seal, reason } => seal.json("cancelled", json!({ "reason": reason })),
			Self::Opened { seal, block, reward, bid } => {
				let bid = match bid {
					OpenedBid::Counts => "counts",
					OpenedBid::Void => "void",
					OpenedBid::Settled => "settled",
				};
				seal.json(
					"opened",
					json!({ "block": block, "reward": reward.to_string(), "bid": bid }),
				)
			},
			Self::Skipped { seal, reason } => seal.json("skipped", json!({ "reason": reason })),
			Self::Trouble { about: Some(seal), text } => {
				seal.json("trouble", json!({ "text": text }))
			},
			Self::Trouble { about: None, text } => json!({ "event": "trouble", "text": text }),
			Self::Warning { text } => json!({ "event": "warning", "text": text }),
			Self::Stopping { reason } => json!({ "event": "stopping", "reason": reason }),
			Self::Summary(Summary { started, cancelled, opened, earned }) => json!({
				"event": "summary",
				"started": started,
				"cancelled": cancelled,
				"opened": opened,
				"earned": earned.to_string(),
			}),
		}
	}
}

impl SealName {
	fn json(&self, event: &str, more: Value) -> Value {
		let mut object = json!({
			"event": event,
			"batch": self.batch,
			"round": self.round,
			"bidder": self.bidder.address(),
		});
		if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
			object.extend(more);
		}
		object
	}
}

impl core::fmt::Display for SealName {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		let Self { batch, round, bidder } = self;
		write!(f, "batch {}/{}", batch.rollup, batch.index)?;
		if *round > 0 {
			write!(f, " round {round}")?;
		}
		write!(f, ", bid of {bidder}")
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn seal(round: RoundNumber) -> SealName {
		let key = pvs_client::keys::from_development_path("//Eve").unwrap();
		SealName { batch: BatchId { rollup: 0, index: 3 }, round, bidder: Account::of(&key) }
	}

	#[test]
	fn report_should_be_one_line_in_both_forms() {
		let (block, reward, bid) = (40, 500_000_000_000, OpenedBid::Counts);
		let report = Report::Opened { seal: seal(1), block, reward, bid };
		let text = report.text(&Token::default());
		let expected =
			"batch 0/3 round 1, bid of Eve: opened in block 40, the bid counts; earned 0.5 UNIT";
		assert_eq!(text, expected);
		let json = report.json();
		assert_eq!((&json["event"], &json["bid"]), (&json!("opened"), &json!("counts")));
		assert_eq!((&json["batch"]["index"], &json["block"]), (&json!(3), &json!(40)));
		assert_eq!(json["reward"], "500000000000");
		assert_eq!(json["bidder"], seal(1).bidder.address());
	}

	#[test]
	fn report_should_say_what_became_of_an_opened_bid() {
		let said = |bid| {
			let report = Report::Opened { seal: seal(0), block: 4, reward: 0, bid };
			let json = report.json();
			(report.text(&Token::default()), json["bid"].as_str().map(String::from))
		};
		for (bid, text, name) in [
			(OpenedBid::Counts, "the bid counts", "counts"),
			(OpenedBid::Void, "the bid is void", "void"),
			(OpenedBid::Settled, "the bid is settled", "settled"),
		] {
			let (line, found) = said(bid);
			assert!(line.contains(text), "{line}");
			assert_eq!(found.as_deref(), Some(name));
		}
	}

	#[test]
	fn summary_should_have_all_counts() {
		let summary = Summary { started: 4, cancelled: 2, opened: 1, earned: 7 };
		let report = Report::Summary(summary);
		let token = Token { decimals: 0, symbol: "planck".into() };
		assert_eq!(report.text(&token), "4 seals begun, 2 given up, 1 opened, 7 planck earned");
		assert_eq!(report.json()["cancelled"], 2);
	}

	#[test]
	fn reporter_should_hand_over_every_report() {
		let said = Arc::new(std::sync::Mutex::new(Vec::new()));
		let kept = said.clone();
		let reporter = Reporter::new(move |report: &Report, token: &Token| {
			kept.lock().unwrap().push(report.text(token));
		});
		let report = Report::Skipped { seal: seal(0), reason: "it is dear".into() };
		reporter.say(&report, &Token::default());
		assert_eq!(*said.lock().unwrap(), ["batch 0/3, bid of Eve: left to others, it is dear"]);
	}
}
