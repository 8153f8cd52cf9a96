// SPDX-License-Identifier: Apache-2.0
//! Events that the operator sees: a line of text or of JSON per event.

use pvs_client::{Account, Token};
use pvs_primitives::{api::BatchId, Balance, BlockNumber, RoundNumber};
use pvs_service::{event::as_text, Event, Level};
use serde::{Serialize, Serializer};
use std::net::SocketAddr;

/// Takes the reports of an opener.
pub type Reporter = pvs_service::Reporter<Report>;

/// Something that happened. In JSON amounts are in planck, as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants' own lines say what the fields are")]
pub enum Report {
	/// The metrics can be read at this address.
	ServesMetrics {
		#[serde(serialize_with = "as_text")]
		address: SocketAddr,
	},
	/// The service follows the chain.
	Ready {
		#[serde(serialize_with = "as_address")]
		account: Account,
		threads: usize,
		delay: u64,
		#[serde(serialize_with = "as_text")]
		cost: Balance,
	},
	/// A thread solves a seal from now on.
	Solving {
		#[serde(flatten)]
		seal: SealName,
		#[serde(serialize_with = "as_text")]
		reward: Balance,
	},
	/// The solution of a seal is proven.
	Solved {
		#[serde(flatten)]
		seal: SealName,
		seconds: f64,
	},
	/// The work on a seal was given up.
	Cancelled {
		#[serde(flatten)]
		seal: SealName,
		reason: String,
	},
	/// A block has the opening.
	Opened {
		#[serde(flatten)]
		seal: SealName,
		block: BlockNumber,
		#[serde(serialize_with = "as_text")]
		reward: Balance,
		bid: OpenedBid,
	},
	/// A seal is left to others.
	Skipped {
		#[serde(flatten)]
		seal: SealName,
		reason: String,
	},
	/// Something failed, and is tried again if that is of use.
	Trouble {
		#[serde(flatten)]
		about: Option<SealName>,
		text: String,
	},
	/// The operator should know.
	Warning { text: String },
	/// The service is about to stop.
	Stopping { reason: String },
	/// Sum of what was done in all.
	Summary(Summary),
}

/// Name of a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SealName {
	/// The batch.
	pub batch: BatchId,
	/// Its round.
	pub round: RoundNumber,
	/// Account whose bid it is.
	#[serde(serialize_with = "as_address")]
	pub bidder: Account,
}

/// Fate of a bid whose seal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenedBid {
	/// It counts in its round.
	Counts,
	/// It does not count, and its bond is gone.
	Void,
	/// Its round had closed without it, and what its bidder loses is settled.
	Settled,
}

/// Summary of what an opener has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
	/// Seals that it began to solve.
	pub started: u64,
	/// Seals whose solving was given up.
	pub cancelled: u64,
	/// Seals that it opened.
	pub opened: u64,
	/// The rewards, in planck; transaction fees are not taken off.
	#[serde(serialize_with = "as_text")]
	pub earned: Balance,
	/// Seals that wait for the next start: solved and in no block yet, or its own and not solved.
	pub left: usize,
}

impl Event for Report {
	type Context = Token;

	fn level(&self) -> Level {
		match self {
			Self::Trouble { .. } | Self::Warning { .. } => Level::Warning,
			_ => Level::Info,
		}
	}

	fn text(&self, token: &Token) -> String {
		let amount = |planck: &Balance| token.show(*planck);
		match self {
			Self::ServesMetrics { address } => format!("metrics at http://{address}/metrics"),
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
			Self::Summary(Summary { started, cancelled, opened, earned, left }) => {
				let mut text = format!(
					"{started} seals begun, {cancelled} given up, {opened} opened, {} earned",
					amount(earned)
				);
				if *left > 0 {
					text += &format!("; {left} left for the next start");
				}
				text
			},
		}
	}
}

/// Serializes an account as its SS58 address.
fn as_address<S: Serializer>(account: &Account, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&account.address())
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
	use serde_json::{json, Value};

	fn seal(round: RoundNumber) -> SealName {
		let key = pvs_client::keys::from_development_path("//Eve").unwrap();
		SealName { batch: BatchId { rollup: 0, index: 3 }, round, bidder: Account::of(&key) }
	}

	fn as_json(report: &Report) -> Value {
		serde_json::to_value(report).unwrap()
	}

	#[test]
	fn report_should_be_one_line_in_both_forms() {
		let (block, reward, bid) = (40, 500_000_000_000, OpenedBid::Counts);
		let report = Report::Opened { seal: seal(1), block, reward, bid };
		let text = report.text(&Token::default());
		let expected =
			"batch 0/3 round 1, bid of Eve: opened in block 40, the bid counts; earned 0.5 UNIT";
		assert_eq!(text, expected);
		assert_eq!(
			as_json(&report),
			json!({
				"event": "opened",
				"batch": { "rollup": 0, "index": 3 },
				"round": 1,
				"bidder": seal(1).bidder.address(),
				"block": 40,
				"reward": "500000000000",
				"bid": "counts",
			})
		);
	}

	#[test]
	fn report_should_say_what_became_of_an_opened_bid() {
		let said = |bid| {
			let report = Report::Opened { seal: seal(0), block: 4, reward: 0, bid };
			let json = as_json(&report);
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
	fn trouble_should_name_its_seal_when_it_is_about_one() {
		let trouble = |about| Report::Trouble { about, text: "no block took it".into() };
		let expected = json!({ "event": "trouble", "text": "no block took it" });
		assert_eq!(as_json(&trouble(None)), expected);
		let json = as_json(&trouble(Some(seal(0))));
		assert_eq!((&json["round"], &json["batch"]["index"]), (&json!(0), &json!(3)));
		assert_eq!(trouble(Some(seal(0))).level(), Level::Warning);
	}

	#[test]
	fn summary_should_have_all_counts() {
		let summary = Summary { started: 4, cancelled: 2, opened: 1, earned: 7, left: 0 };
		let token = Token { decimals: 0, symbol: "planck".into() };
		let text = |summary| Report::Summary(summary).text(&token);
		assert_eq!(text(summary), "4 seals begun, 2 given up, 1 opened, 7 planck earned");
		let summary = Summary { left: 3, ..summary };
		assert!(text(summary).ends_with("7 planck earned; 3 left for the next start"));
		let json = as_json(&Report::Summary(summary));
		assert_eq!((&json["cancelled"], &json["left"]), (&json!(2), &json!(3)));
		assert_eq!((&json["event"], &json["earned"]), (&json!("summary"), &json!("7")));
	}
}
