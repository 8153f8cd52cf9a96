// SPDX-License-Identifier: Apache-2.0
//! Events that the operator sees: a line of text or of JSON per event.

mod show;

pub use crate::journal::Verdict;
pub(crate) use show::{ShownProof, Teller};

use pvs_client::{Account, Token};
use pvs_primitives::{api::BatchId, BlockNumber, RoundNumber};
use pvs_service::{event::as_text, Event, Level};
use serde::{Serialize, Serializer};
use std::net::SocketAddr;

/// Takes the reports of a prover.
pub type Reporter = pvs_service::Reporter<Report>;

/// Something that happened. In JSON amounts are in planck, as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the events' texts say what they are")]
pub enum Report {
	/// The metrics can be read at this address.
	ServesMetrics {
		#[serde(serialize_with = "as_text")]
		address: SocketAddr,
	},
	Ready {
		#[serde(serialize_with = "as_address")]
		account: Account,
		rollup: u32,
		journal: String,
		open_jobs: usize,
	},
	Bid {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		fee: u128,
		proof_blocks: BlockNumber,
	},
	Revealed {
		batch: BatchId,
		round: RoundNumber,
		block: BlockNumber,
	},
	/// The payload was read from the chain's seal with the exponent.
	Recovered {
		batch: BatchId,
		round: RoundNumber,
	},
	/// The seal was opened by somebody else.
	Opened {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		penalty: u128,
	},
	Won {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		payment: u128,
		on_time_until: BlockNumber,
	},
	/// The rollup is replayed.
	Replaying {
		rollup: u32,
		/// The first block that is read.
		#[serde(rename = "from_block")]
		from: BlockNumber,
		/// The file of the saved state, for a rollup that has one.
		#[serde(rename = "saved_state")]
		saved: Option<String>,
		/// Reason why it is of no use, if it is of none.
		reason: Option<String>,
	},
	/// A proof is begun.
	Proving {
		batch: BatchId,
		round: RoundNumber,
		/// Number of steps that it has, if that is known.
		steps: Option<u32>,
	},
	/// A proof was not wanted any more before it was made.
	#[serde(rename = "proof_given_up")]
	GivenUp {
		batch: BatchId,
		round: RoundNumber,
	},
	Proved {
		batch: BatchId,
		round: RoundNumber,
		seconds: f64,
		/// In seconds, while another proof was being made.
		#[serde(rename = "waited_seconds")]
		waited: f64,
	},
	StandsBy {
		batch: BatchId,
		round: RoundNumber,
		ahead: usize,
		#[serde(serialize_with = "as_text")]
		payment: u128,
	},
	Accepted {
		batch: BatchId,
		round: RoundNumber,
		block: BlockNumber,
	},
	Passed {
		batch: BatchId,
		round: RoundNumber,
		reason: String,
	},
	Rescuing {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		payment: u128,
	},
	Paid {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		payment: u128,
		late_blocks: BlockNumber,
		#[serde(serialize_with = "as_text")]
		slashed_share: u128,
	},
	Lost {
		batch: BatchId,
		round: RoundNumber,
	},
	Voided {
		batch: BatchId,
		round: RoundNumber,
	},
	/// The round closed without the bid, which was not revealed in time.
	Unsettled {
		batch: BatchId,
		round: RoundNumber,
		until: BlockNumber,
	},
	/// The silent bid was settled, by whomever, or its time is over.
	Settled {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		slashed: u128,
		#[serde(serialize_with = "as_text")]
		released: u128,
		verdict: Verdict,
	},
	Defaulted {
		batch: BatchId,
		round: RoundNumber,
		#[serde(serialize_with = "as_text")]
		slashed: u128,
	},
	Unknown {
		batch: BatchId,
		round: RoundNumber,
	},
	Skipped {
		batch: BatchId,
		round: RoundNumber,
		reason: String,
	},
	Trouble {
		#[serde(flatten, serialize_with = "as_batch_and_round")]
		about: Option<(BatchId, RoundNumber)>,
		text: String,
	},
	/// A node was reached after the connection to one was lost.
	Reconnected {
		url: String,
	},
	Warning {
		text: String,
	},
	Stopping {
		reason: String,
	},
}

/// Serializes an account as its SS58 address.
fn as_address<S: Serializer>(account: &Account, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&account.address())
}

/// Serializes what an event is about as fields of the event.
fn as_batch_and_round<S: Serializer>(
	about: &Option<(BatchId, RoundNumber)>,
	serializer: S,
) -> Result<S::Ok, S::Error> {
	#[derive(Serialize)]
	struct About {
		batch: BatchId,
		round: RoundNumber,
	}
	about.map(|(batch, round)| About { batch, round }).serialize(serializer)
}

impl Event for Report {
	type Context = Token;

	fn level(&self) -> Level {
		match self {
			Self::Defaulted { .. } | Self::Voided { .. } | Self::Opened { .. } => Level::Error,
			Self::Settled { slashed, .. } if *slashed > 0 => Level::Error,
			Self::Trouble { .. }
			| Self::Warning { .. }
			| Self::Unsettled { .. }
			| Self::Unknown { .. } => Level::Warning,
			_ => Level::Info,
		}
	}

	fn text(&self, token: &Token) -> String {
		let about = |batch: &BatchId, round: &RoundNumber| name(*batch, *round);
		let amount = |planck: &u128| token.show(*planck);
		match self {
			Self::ServesMetrics { address } => format!("metrics at http://{address}/metrics"),
			Self::Ready { account, rollup, journal, open_jobs } => {
				format!("ready: {account} proves for rollup {rollup}; {open_jobs} open jobs in {journal}")
			},
			Self::Bid { batch, round, fee, proof_blocks } => {
				format!("{}: bid {} and {proof_blocks} blocks", about(batch, round), amount(fee))
			},
			Self::Revealed { batch, round, block } => {
				format!("{}: revealed in block {block}", about(batch, round))
			},
			Self::Recovered { batch, round } => {
				format!("{}: bid recovered from its seal", about(batch, round))
			},
			Self::Opened { batch, round, penalty } => format!(
				"{}: not revealed in time, opened by force; the silence cost {}",
				about(batch, round),
				amount(penalty)
			),
			Self::Won { batch, round, payment, on_time_until } => format!(
				"{}: won, {} if proven up to block {on_time_until}",
				about(batch, round),
				amount(payment)
			),
			Self::Replaying { rollup, from, saved: Some(saved), reason: None } => {
				format!(
					"replaying rollup {rollup} from block {from} on, after the saved state {saved}"
				)
			},
			Self::Replaying { rollup, saved: Some(saved), reason: Some(reason), .. } => {
				format!(
					"replaying rollup {rollup} from its genesis: the saved state {saved} {reason}"
				)
			},
			Self::Replaying { rollup, .. } => {
				format!("replaying rollup {rollup} from its genesis")
			},
			Self::Proving { batch, round, .. } => format!("{}: proving", about(batch, round)),
			Self::GivenUp { batch, round } => {
				format!("{}: proof given up, it is not wanted any more", about(batch, round))
			},
			Self::Proved { batch, round, seconds, .. } => {
				format!("{}: proved in {seconds:.1} s", about(batch, round))
			},
			Self::StandsBy { batch, round, ahead, payment } => format!(
				"{}: runner-up {}, stands by for {}",
				about(batch, round),
				ahead.saturating_add(1),
				amount(payment)
			),
			Self::Accepted { batch, round, block } => {
				format!("{}: took the place offered in block {block}", about(batch, round))
			},
			Self::Passed { batch, round, reason } => {
				format!("{}: passes, {reason}", about(batch, round))
			},
			Self::Rescuing { batch, round, payment } => {
				format!("{}: rescue, for {} or more", about(batch, round), amount(payment))
			},
			Self::Paid { batch, round, payment, late_blocks, slashed_share } => {
				let mut text = format!("{}: paid {}", about(batch, round), amount(payment));
				if *slashed_share > 0 {
					text += &format!(" and {} of slashed bonds", amount(slashed_share));
				}
				if *late_blocks > 0 {
					text += &format!(", {late_blocks} blocks late");
				}
				text
			},
			Self::Lost { batch, round } => format!("{}: lost", about(batch, round)),
			Self::Voided { batch, round } => {
				format!("{}: the bid is void and its bond gone", about(batch, round))
			},
			Self::Unsettled { batch, round, until } => format!(
				"{}: not revealed in time; the bid can be settled before block {until}",
				about(batch, round)
			),
			Self::Settled { batch, round, slashed, released, verdict } => format!(
				"{}: {}, {} slashed and {} released",
				about(batch, round),
				verdict.text(),
				amount(slashed),
				amount(released)
			),
			Self::Defaulted { batch, round, slashed } => {
				format!("{}: not delivered, {} slashed", about(batch, round), amount(slashed))
			},
			Self::Unknown { batch, round } => {
				format!("{}: over, and the node no longer knows how", about(batch, round))
			},
			Self::Skipped { batch, round, reason } => {
				format!("{}: skipped, {reason}", about(batch, round))
			},
			Self::Trouble { about: Some((batch, round)), text } => {
				format!("{}: {text}", about(batch, round))
			},
			Self::Trouble { about: None, text } => text.clone(),
			Self::Reconnected { url } => format!("connected again, to {url}"),
			Self::Warning { text } => format!("warning: {text}"),
			Self::Stopping { reason } => format!("stopping: {reason}"),
		}
	}
}

/// Returns how a batch and its round are called in text.
pub fn name(batch: BatchId, round: RoundNumber) -> String {
	match round {
		0 => format!("batch {}/{}", batch.rollup, batch.index),
		_ => format!("batch {}/{} round {round}", batch.rollup, batch.index),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, Value};

	fn as_json(report: &Report) -> Value {
		serde_json::to_value(report).unwrap()
	}

	const BATCH: BatchId = BatchId { rollup: 0, index: 3 };

	#[test]
	fn report_should_be_one_line_in_both_forms() {
		let report = Report::Paid {
			batch: BATCH,
			round: 1,
			payment: 1_500_000_000_000,
			late_blocks: 2,
			slashed_share: 0,
		};
		let text = report.text(&Token::default());
		assert_eq!(text, "batch 0/3 round 1: paid 1.5 UNIT, 2 blocks late");
		let json = as_json(&report);
		assert_eq!(json["event"], "paid");
		assert_eq!(json["batch"]["index"], 3);
		assert_eq!(json["payment"], "1500000000000");
	}

	#[test]
	fn proof_should_be_told_when_it_is_begun_and_when_it_is_made() {
		let (batch, round) = (BATCH, 0);
		let begun = as_json(&Report::Proving { batch, round, steps: Some(6) });
		assert_eq!((&begun["event"], &begun["steps"]), (&json!("proving"), &json!(6)));
		let made = Report::Proved { batch, round, seconds: 1.26, waited: 0.5 };
		assert_eq!(as_json(&made)["seconds"], 1.26);
		assert_eq!(made.text(&Token::default()), "batch 0/3: proved in 1.3 s");
	}

	#[test]
	fn saved_state_should_be_told_with_what_is_wrong_with_it() {
		let text = |report: Report| report.text(&Token::default());
		let saved = Some("/d/rollup-0.state".to_owned());
		let good = Report::Replaying { rollup: 0, from: 7, saved: saved.clone(), reason: None };
		assert!(text(good).contains("from block 7 on, after the saved state /d/rollup-0.state"));
		let reason = Some("is of another chain".to_owned());
		let bad = Report::Replaying { rollup: 0, from: 1, saved, reason };
		assert_eq!(as_json(&bad)["reason"], "is of another chain");
		assert!(
			text(bad).ends_with("genesis: the saved state /d/rollup-0.state is of another chain")
		);
	}

	#[test]
	fn trouble_should_name_its_round_when_it_is_about_one() {
		let trouble = |about| as_json(&Report::Trouble { about, text: "late".into() });
		assert_eq!(trouble(None), json!({ "event": "trouble", "text": "late" }));
		let batch = json!({ "rollup": 0, "index": 3 });
		assert_eq!(
			trouble(Some((BATCH, 1))),
			json!({ "event": "trouble", "text": "late", "batch": batch, "round": 1 })
		);
	}

	/// The names that scripts look for.
	#[test]
	fn event_should_keep_its_name_and_fields() {
		let (batch, round) = (BATCH, 0);
		for (report, expected) in [
			(Report::GivenUp { batch, round }, json!({ "event": "proof_given_up" })),
			(
				Report::Proved { batch, round, seconds: 1.5, waited: 0.5 },
				json!({ "event": "proved", "seconds": 1.5, "waited_seconds": 0.5 }),
			),
			(
				Report::StandsBy { batch, round, ahead: 1, payment: 7 },
				json!({ "event": "stands_by", "ahead": 1, "payment": "7" }),
			),
		] {
			let mut expected = expected;
			expected["batch"] = json!({ "rollup": 0, "index": 3 });
			expected["round"] = json!(0);
			assert_eq!(as_json(&report), expected);
		}
		let replaying = Report::Replaying { rollup: 0, from: 1, saved: None, reason: None };
		assert_eq!(
			as_json(&replaying),
			json!({
				"event": "replaying",
				"rollup": 0,
				"from_block": 1,
				"saved_state": null,
				"reason": null,
			})
		);
	}

	#[test]
	fn silent_bid_should_be_told_with_what_it_cost() {
		let (batch, round) = (BATCH, 1);
		let text = |report: Report| report.text(&Token::default());
		let unsettled = Report::Unsettled { batch, round, until: 40 };
		let json = as_json(&unsettled);
		assert_eq!((&json["event"], &json["until"]), (&json!("unsettled"), &json!(40)));
		assert_eq!(
			text(unsettled),
			"batch 0/3 round 1: not revealed in time; the bid can be settled before block 40"
		);
		let settled = |verdict| Report::Settled {
			batch,
			round,
			slashed: 1_000_000_000_000,
			released: 5_000_000_000_000,
			verdict,
		};
		let json = as_json(&settled(Verdict::WouldHaveLost));
		assert_eq!(
			(&json["event"], &json["verdict"]),
			(&json!("settled"), &json!("would_have_lost"))
		);
		assert_eq!(
			(&json["slashed"], &json["released"]),
			(&json!("1000000000000"), &json!("5000000000000"))
		);
		for (verdict, words) in [
			(Verdict::WouldHaveLost, "silent, and would not have won"),
			(Verdict::WouldHaveWon, "silent, and would have won"),
			(Verdict::Void, "silent, and void"),
			(Verdict::Expired, "silent, and not settled in time"),
		] {
			let expected =
				format!("batch 0/3 round 1: {words}, 1 UNIT slashed and 5 UNIT released");
			assert_eq!(text(settled(verdict)), expected);
		}
	}

	#[test]
	fn share_of_slashed_bonds_should_be_told_apart_from_the_payment() {
		let report = Report::Paid {
			batch: BATCH,
			round: 0,
			payment: 1_000_000_000_000,
			late_blocks: 0,
			slashed_share: 500_000_000_000,
		};
		let text = report.text(&Token::default());
		assert_eq!(text, "batch 0/3: paid 1 UNIT and 0.5 UNIT of slashed bonds");
		assert_eq!(as_json(&report)["slashed_share"], "500000000000");
	}
}
