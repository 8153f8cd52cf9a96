// SPDX-License-Identifier: Apache-2.0
//! What the operator sees: a line of text or of JSON per event, on stdout.

use crate::journal::Verdict;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pvs_client::{Account, Token};
use pvs_primitives::{api::BatchId, BlockNumber, RoundNumber};
use serde_json::json;
use std::{io::Write, sync::OnceLock, time::Duration};

/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Report {
	Ready {
		account: Account,
		rollup: u32,
		journal: String,
		open_jobs: usize,
	},
	Bid {
		batch: BatchId,
		round: RoundNumber,
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
		penalty: u128,
	},
	Won {
		batch: BatchId,
		round: RoundNumber,
		payment: u128,
		on_time_until: BlockNumber,
	},
	/// The rollup is replayed.
	Replaying {
		rollup: u32,
		/// The first block that is read.
		from: BlockNumber,
		/// The file of the saved state, for a rollup that has one.
		saved: Option<String>,
		/// What is wrong with it, if it is of no use.
		reason: Option<String>,
	},
	/// A proof is begun.
	Proving {
		batch: BatchId,
		round: RoundNumber,
		/// How many steps it has, if that is known.
		steps: Option<u32>,
	},
	/// A proof was not wanted any more before it was made.
	GivenUp {
		batch: BatchId,
		round: RoundNumber,
	},
	Proved {
		batch: BatchId,
		round: RoundNumber,
		seconds: f64,
		/// In seconds, while another proof was being made.
		waited: f64,
	},
	StandsBy {
		batch: BatchId,
		round: RoundNumber,
		ahead: usize,
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
		payment: u128,
	},
	Paid {
		batch: BatchId,
		round: RoundNumber,
		payment: u128,
		late_blocks: BlockNumber,
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
		slashed: u128,
		released: u128,
		verdict: Verdict,
	},
	Defaulted {
		batch: BatchId,
		round: RoundNumber,
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

/// Writes reports, and shows bars on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
	json: bool,
	token: Token,
	bars: MultiProgress,
}

impl Reporter {
	/// A reporter in JSON or in text, with amounts in `token`.
	pub(crate) fn new(json: bool, token: Token) -> Self {
		Self { json, token, bars: MultiProgress::new() }
	}

	/// Writes a report. A reader that has gone away does not stop the prover.
	pub(crate) fn say(&self, report: &Report) {
		let line = if self.json { as_json(report).to_string() } else { self.text(report) };
		self.bars.suspend(|| {
			let mut out = std::io::stdout().lock();
			let _ = writeln!(out, "{line}").and_then(|()| out.flush());
		});
	}

	/// Shows a proof for a round.
	pub(crate) fn proof(&self, (batch, round): (BatchId, RoundNumber)) -> ShownProof {
		ShownProof { reporter: self.clone(), batch, round, bar: OnceLock::new() }
	}

	fn text(&self, report: &Report) -> String {
		let about = |batch: &BatchId, round: &RoundNumber| name(*batch, *round);
		let amount = |planck: &u128| self.token.show(*planck);
		match report {
			Report::Ready { account, rollup, journal, open_jobs } => {
				format!("ready: {account} proves for rollup {rollup}; {open_jobs} open jobs in {journal}")
			},
			Report::Bid { batch, round, fee, proof_blocks } => {
				format!("{}: bid {} and {proof_blocks} blocks", about(batch, round), amount(fee))
			},
			Report::Revealed { batch, round, block } => {
				format!("{}: revealed in block {block}", about(batch, round))
			},
			Report::Recovered { batch, round } => {
				format!("{}: bid recovered from its seal", about(batch, round))
			},
			Report::Opened { batch, round, penalty } => format!(
				"{}: not revealed in time, opened by force; the silence cost {}",
				about(batch, round),
				amount(penalty)
			),
			Report::Won { batch, round, payment, on_time_until } => format!(
				"{}: won, {} if proven up to block {on_time_until}",
				about(batch, round),
				amount(payment)
			),
			Report::Replaying { rollup, from, saved: Some(saved), reason: None } => {
				format!(
					"replaying rollup {rollup} from block {from} on, after the saved state {saved}"
				)
			},
			Report::Replaying { rollup, saved: Some(saved), reason: Some(reason), .. } => {
				format!(
					"replaying rollup {rollup} from its genesis: the saved state {saved} {reason}"
				)
			},
			Report::Replaying { rollup, .. } => {
				format!("replaying rollup {rollup} from its genesis")
			},
			Report::Proving { batch, round, .. } => format!("{}: proving", about(batch, round)),
			Report::GivenUp { batch, round } => {
				format!("{}: proof given up, it is not wanted any more", about(batch, round))
			},
			Report::Proved { batch, round, seconds, .. } => {
				format!("{}: proved in {seconds:.1} s", about(batch, round))
			},
			Report::StandsBy { batch, round, ahead, payment } => format!(
				"{}: runner-up {}, stands by for {}",
				about(batch, round),
				ahead.saturating_add(1),
				amount(payment)
			),
			Report::Accepted { batch, round, block } => {
				format!("{}: took the place offered in block {block}", about(batch, round))
			},
			Report::Passed { batch, round, reason } => {
				format!("{}: passes, {reason}", about(batch, round))
			},
			Report::Rescuing { batch, round, payment } => {
				format!("{}: rescue, for {} or more", about(batch, round), amount(payment))
			},
			Report::Paid { batch, round, payment, late_blocks, slashed_share } => {
				let mut text = format!("{}: paid {}", about(batch, round), amount(payment));
				if *slashed_share > 0 {
					text += &format!(" and {} of slashed bonds", amount(slashed_share));
				}
				if *late_blocks > 0 {
					text += &format!(", {late_blocks} blocks late");
				}
				text
			},
			Report::Lost { batch, round } => format!("{}: lost", about(batch, round)),
			Report::Voided { batch, round } => {
				format!("{}: the bid is void and its bond gone", about(batch, round))
			},
			Report::Unsettled { batch, round, until } => format!(
				"{}: not revealed in time; the bid can be settled before block {until}",
				about(batch, round)
			),
			Report::Settled { batch, round, slashed, released, verdict } => format!(
				"{}: {}, {} slashed and {} released",
				about(batch, round),
				verdict.text(),
				amount(slashed),
				amount(released)
			),
			Report::Defaulted { batch, round, slashed } => {
				format!("{}: not delivered, {} slashed", about(batch, round), amount(slashed))
			},
			Report::Unknown { batch, round } => {
				format!("{}: over, and the node no longer knows how", about(batch, round))
			},
			Report::Skipped { batch, round, reason } => {
				format!("{}: skipped, {reason}", about(batch, round))
			},
			Report::Trouble { about: Some((batch, round)), text } => {
				format!("{}: {text}", about(batch, round))
			},
			Report::Trouble { about: None, text } => text.clone(),
			Report::Reconnected { url } => format!("connected again, to {url}"),
			Report::Warning { text } => format!("warning: {text}"),
			Report::Stopping { reason } => format!("stopping: {reason}"),
		}
	}
}

/// A proof that is being made, as the operator sees it.
#[derive(Debug)]
pub(crate) struct ShownProof {
	reporter: Reporter,
	batch: BatchId,
	round: RoundNumber,
	bar: OnceLock<ProgressBar>,
}

impl ShownProof {
	/// It is begun, and has this many steps if that is known.
	pub(crate) fn begin(&self, steps: Option<u32>) {
		let (batch, round) = (self.batch, self.round);
		self.reporter.say(&Report::Proving { batch, round, steps });
		let template = "{spinner} {msg} [{elapsed}] {wide_bar} {pos}/{len} steps";
		let (bar, template) = match steps {
			Some(steps) => (ProgressBar::new(steps.into()), template),
			None => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
		};
		let style =
			ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
		let bar = bar.with_style(style).with_message(format!("proving {}", name(batch, round)));
		let bar = self.bar.get_or_init(|| self.reporter.bars.add(bar));
		bar.enable_steady_tick(TICK);
	}

	/// One more step is done.
	pub(crate) fn step(&self) {
		if let Some(bar) = self.bar.get() {
			bar.inc(1);
		}
	}
}

impl Drop for ShownProof {
	fn drop(&mut self) {
		if let Some(bar) = self.bar.get() {
			bar.finish_and_clear();
			self.reporter.bars.remove(bar);
		}
	}
}

/// How a batch and its round are called in text.
fn name(batch: BatchId, round: RoundNumber) -> String {
	match round {
		0 => format!("batch {}/{}", batch.rollup, batch.index),
		_ => format!("batch {}/{} round {round}", batch.rollup, batch.index),
	}
}

fn as_json(report: &Report) -> serde_json::Value {
	let about = |event: &str, batch: &BatchId, round: &RoundNumber, more: serde_json::Value| {
		let mut object = json!({ "event": event, "batch": batch, "round": round });
		if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
			object.extend(more);
		}
		object
	};
	match report {
		Report::Ready { account, rollup, journal, open_jobs } => json!({
			"event": "ready",
			"account": account.address(),
			"rollup": rollup,
			"journal": journal,
			"open_jobs": open_jobs,
		}),
		Report::Bid { batch, round, fee, proof_blocks } => {
			let more = json!({ "fee": fee.to_string(), "proof_blocks": proof_blocks });
			about("bid", batch, round, more)
		},
		Report::Revealed { batch, round, block } => {
			about("revealed", batch, round, json!({ "block": block }))
		},
		Report::Recovered { batch, round } => about("recovered", batch, round, json!({})),
		Report::Opened { batch, round, penalty } => {
			about("opened", batch, round, json!({ "penalty": penalty.to_string() }))
		},
		Report::Won { batch, round, payment, on_time_until } => {
			let more = json!({ "payment": payment.to_string(), "on_time_until": on_time_until });
			about("won", batch, round, more)
		},
		Report::Replaying { rollup, from, saved, reason } => json!({
			"event": "replaying",
			"rollup": rollup,
			"from_block": from,
			"saved_state": saved,
			"reason": reason,
		}),
		Report::Proving { batch, round, steps } => {
			about("proving", batch, round, json!({ "steps": steps }))
		},
		Report::GivenUp { batch, round } => about("proof_given_up", batch, round, json!({})),
		Report::Proved { batch, round, seconds, waited } => {
			let more = json!({ "seconds": seconds, "waited_seconds": waited });
			about("proved", batch, round, more)
		},
		Report::StandsBy { batch, round, ahead, payment } => {
			let more = json!({ "ahead": ahead, "payment": payment.to_string() });
			about("stands_by", batch, round, more)
		},
		Report::Accepted { batch, round, block } => {
			about("accepted", batch, round, json!({ "block": block }))
		},
		Report::Passed { batch, round, reason } => {
			about("passed", batch, round, json!({ "reason": reason }))
		},
		Report::Rescuing { batch, round, payment } => {
			about("rescuing", batch, round, json!({ "payment": payment.to_string() }))
		},
		Report::Paid { batch, round, payment, late_blocks, slashed_share } => {
			let more = json!({
				"payment": payment.to_string(),
				"late_blocks": late_blocks,
				"slashed_share": slashed_share.to_string(),
			});
			about("paid", batch, round, more)
		},
		Report::Lost { batch, round } => about("lost", batch, round, json!({})),
		Report::Voided { batch, round } => about("voided", batch, round, json!({})),
		Report::Unsettled { batch, round, until } => {
			about("unsettled", batch, round, json!({ "until": until }))
		},
		Report::Settled { batch, round, slashed, released, verdict } => {
			let more = json!({
				"slashed": slashed.to_string(),
				"released": released.to_string(),
				"verdict": verdict,
			});
			about("settled", batch, round, more)
		},
		Report::Defaulted { batch, round, slashed } => {
			about("defaulted", batch, round, json!({ "slashed": slashed.to_string() }))
		},
		Report::Unknown { batch, round } => about("unknown", batch, round, json!({})),
		Report::Skipped { batch, round, reason } => {
			about("skipped", batch, round, json!({ "reason": reason }))
		},
		Report::Trouble { about: Some((batch, round)), text } => {
			about("trouble", batch, round, json!({ "text": text }))
		},
		Report::Trouble { about: None, text } => json!({ "event": "trouble", "text": text }),
		Report::Reconnected { url } => json!({ "event": "reconnected", "url": url }),
		Report::Warning { text } => json!({ "event": "warning", "text": text }),
		Report::Stopping { reason } => json!({ "event": "stopping", "reason": reason }),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

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
		let text = Reporter::new(false, Token::default()).text(&report);
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
		let reporter = Reporter::new(false, Token::default());
		assert_eq!(reporter.text(&made), "batch 0/3: proved in 1.3 s");
		let shown = reporter.proof((batch, round));
		shown.begin(Some(6));
		shown.step();
		assert_eq!(shown.bar.get().unwrap().position(), 1);
	}

	#[test]
	fn saved_state_should_be_told_with_what_is_wrong_with_it() {
		let text = |report| Reporter::new(false, Token::default()).text(&report);
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
	fn silent_bid_should_be_told_with_what_it_cost() {
		let (batch, round) = (BATCH, 1);
		let text = |report| Reporter::new(false, Token::default()).text(&report);
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
		let text = Reporter::new(false, Token::default()).text(&report);
		assert_eq!(text, "batch 0/3: paid 1 UNIT and 0.5 UNIT of slashed bonds");
		assert_eq!(as_json(&report)["slashed_share"], "500000000000");
	}
}
