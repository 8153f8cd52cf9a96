// SPDX-License-Identifier: Apache-2.0
//! Progress, the table, the JSON line.

use crate::{
	figures::Summary,
	options::Scenario,
	story::{verdict_text, Batch, Opened, Settled, Story},
};
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use pvs_client::Token;
use pvs_text::OutputError;
use serde_json::{json, Value};
use std::{io::IsTerminal, time::Duration};

/// Lines as things happen; on a terminal with a bar below them.
#[derive(Debug)]
pub(crate) struct Progress {
	bar: Option<ProgressBar>,
	to_stderr: bool,
}

impl Progress {
	/// Progress toward a number of batches. With `to_stderr` stdout stays free for the result.
	pub(crate) fn new(batches: u32, to_stderr: bool) -> Self {
		let bar = std::io::stderr().is_terminal().then(|| {
			let style = ProgressStyle::with_template("{spinner} {pos}/{len} proven {bar:20} {msg}")
				.unwrap_or_else(|_| ProgressStyle::default_bar());
			let bar = ProgressBar::new(batches.into()).with_style(style);
			bar.enable_steady_tick(Duration::from_millis(200));
			bar
		});
		Self { bar, to_stderr }
	}

	/// Shows a line.
	pub(crate) fn line(&self, line: &str) {
		let print = || {
			if self.to_stderr {
				pvs_text::complain(line);
			} else {
				// The demo goes on without its progress; the result tells whether it can be written.
				let _ = pvs_text::print(line);
			}
		};
		match &self.bar {
			Some(bar) => bar.suspend(print),
			None => print(),
		}
	}

	/// Moves the bar, and says what is awaited.
	pub(crate) fn at(&self, proven: usize, waiting_for: &str) {
		if let Some(bar) = &self.bar {
			bar.set_position(u64::try_from(proven).unwrap_or(u64::MAX));
			bar.set_message(waiting_for.to_owned());
		}
	}
}

impl Drop for Progress {
	fn drop(&mut self) {
		if let Some(bar) = &self.bar {
			bar.finish_and_clear();
		}
	}
}

/// Prints a result: as text, or with `json` as text on stderr and one line of JSON on stdout.
pub(crate) fn print(json: bool, text: &str, object: &Value) -> Result<(), OutputError> {
	if json {
		pvs_text::complain(text);
		pvs_text::print(object)
	} else {
		pvs_text::print(text)
	}
}

/// The batches as a table, and the latencies under it. All scenarios but the plain one have a last
/// column that says what went wrong.
pub(crate) fn table(story: &Story, token: &Token, scenario: Scenario) -> String {
	let shows_faults = scenario != Scenario::Plain;
	let mut table = Table::new();
	let mut header =
		vec!["batch", "bids", "winner", "paid", "promised", "actual", "proof s", "finalized s"];
	if shows_faults {
		header.push("what happened");
	}
	table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
	for column in [0, 1, 4, 5, 6, 7] {
		if let Some(column) = table.column_mut(column) {
			column.set_cell_alignment(CellAlignment::Right);
		}
	}
	for (index, batch) in story.batches() {
		let none = || "-".to_owned();
		let seconds = |latency: Option<f64>| latency.map_or_else(none, |took| format!("{took:.1}"));
		let blocks =
			|count: Option<u32>| count.map_or_else(none, |count| format!("{count} blocks"));
		let mut row = vec![
			index.to_string(),
			batch.bids.to_string(),
			batch.proof.map_or_else(none, |proof| proof.prover.to_string()),
			batch.proof.map_or_else(none, |proof| token.show_short(proof.payment)),
			blocks(batch.winner.map(|winner| winner.proof_blocks)),
			blocks(batch.actual_blocks()),
			seconds(latency(batch, scenario)),
			seconds(finalized_latency(batch, scenario)),
		];
		if shows_faults {
			row.push(what_happened(story, batch, token));
		}
		table.add_row(row);
	}
	let line = |what: &str, summary: Option<Summary>| match summary {
		Some(Summary { p50, p95, max, .. }) => {
			format!("\n{what}: median {p50:.1} s, 95% within {p95:.1} s, at most {max:.1} s")
		},
		None => String::new(),
	};
	format!(
		"{table}{}{}",
		line("from commit to proof", latencies(story, scenario)),
		line("from commit to proof finalized", finalized_latencies(story, scenario))
	)
}

/// Returns what went wrong with a batch, and how it went on: a line per event.
fn what_happened(story: &Story, batch: &Batch, token: &Token) -> String {
	let mut lines = Vec::new();
	if let (1.., [first, .., last]) = (batch.empty_rounds, batch.reserves.as_slice()) {
		let rounds = if batch.empty_rounds == 1 { "round" } else { "rounds" };
		let (first, last) = (token.show_short(*first), token.show_short(*last));
		lines.push(format!("{} {rounds} without a bid", batch.empty_rounds));
		lines.push(format!("reserve {first} raised to {last}"));
	}
	for bid in &batch.opened {
		let after = match story.opening_seconds(batch, bid) {
			Some(seconds) => format!(" {seconds:.1} s after the reveals"),
			None => String::new(),
		};
		lines.push(format!("{} was silent, opened{after}", bid.bidder));
		lines.push(format!("it paid {} for that", token.show_short(bid.penalty)));
		if let Some((opener, reward)) = bid.opener {
			lines.push(format!("and {opener} got {} of it", token.show_short(reward)));
		}
		if batch.selected == Some(bid.bidder) {
			lines.push("the silent bid won".into());
		}
	}
	for bid in &batch.settled {
		lines.push(format!("{} was silent, {}", bid.bidder, verdict_text(bid.verdict)));
		lines.push(format!("it paid {} for that", token.show_short(bid.slashed)));
		if let Some((opener, reward)) = bid.opener {
			lines.push(format!("and {opener} got {} of it", token.show_short(reward)));
		}
	}
	for default in &batch.defaults {
		let slashed = token.show_short(default.slashed);
		lines.push(format!("{} did not deliver, {slashed} slashed", default.prover));
	}
	if let Some(proof) = batch.proof {
		if batch.was_promoted() {
			lines.push(format!("runner-up {} stepped in", proof.prover));
		}
		if batch.was_rescued() {
			lines.push(format!("{} came to the rescue", proof.prover));
		}
		if proof.slashed_share > 0 {
			let share = token.show_short(proof.slashed_share);
			lines.push(format!("and got {share} of what was slashed"));
		}
		if proof.late_blocks > 0 {
			let cost = token.show_short(proof.late_cost);
			lines.push(format!("{} blocks late, {cost} burned", proof.late_blocks));
		}
	}
	lines.join("\n")
}

/// Returns whether the times at which things were seen say when they happened. With reorganizations the chain is read
/// again at the end, all of it at once.
fn is_timed(scenario: Scenario) -> bool {
	scenario != Scenario::Reorg
}

fn latency(batch: &Batch, scenario: Scenario) -> Option<f64> {
	batch.latency().filter(|_| is_timed(scenario))
}

fn finalized_latency(batch: &Batch, scenario: Scenario) -> Option<f64> {
	batch.finalized_latency().filter(|_| is_timed(scenario))
}

fn latencies(story: &Story, scenario: Scenario) -> Option<Summary> {
	Summary::of(story.batches().values().filter_map(|batch| latency(batch, scenario)))
}

fn finalized_latencies(story: &Story, scenario: Scenario) -> Option<Summary> {
	Summary::of(story.batches().values().filter_map(|batch| finalized_latency(batch, scenario)))
}

/// The result for programs.
pub(crate) fn as_json(story: &Story, batches: u32, scenario: Scenario) -> Value {
	let summary = |summary: Option<Summary>| match summary {
		Some(Summary { p50, p95, max, .. }) => {
			json!({ "p50": rounded(p50), "p95": rounded(p95), "max": rounded(max) })
		},
		None => json!({ "p50": null, "p95": null, "max": null }),
	};
	let details: Vec<Value> = story
		.batches()
		.iter()
		.map(|(index, batch)| {
			json!({
				"batch": index,
				"rounds": batch.rounds,
				"bids": batch.bids,
				"reveals": batch.reveals,
				"winner": batch.proof.map(|proof| proof.prover.to_string()),
				"winner_address": batch.proof.map(|proof| proof.prover.address()),
				"payment": batch.proof.map(|proof| proof.payment.to_string()),
				"late_blocks": batch.proof.map(|proof| proof.late_blocks),
				"late_cost": batch.proof.map(|proof| proof.late_cost.to_string()),
				"empty_rounds": batch.empty_rounds,
				"reserves": batch.reserves.iter().map(u128::to_string).collect::<Vec<_>>(),
				"defaulted": batch
					.defaults
					.iter()
					.map(|default| default.prover.to_string())
					.collect::<Vec<_>>(),
				"slashed": batch
					.defaults
					.iter()
					.fold(0u128, |sum, default| sum.saturating_add(default.slashed))
					.to_string(),
				"opened": batch
					.opened
					.iter()
					.map(|bid| opened_json(story, batch, bid))
					.collect::<Vec<_>>(),
				"settled": batch.settled.iter().map(settled_json).collect::<Vec<_>>(),
				"reveal_until": batch.reveal_until,
				"close_block": batch.first_winner,
				"promoted": batch.was_promoted(),
				"rescued": batch.was_rescued(),
				"slashed_share": batch.proof.map(|proof| proof.slashed_share.to_string()),
				"promised_blocks": batch.winner.map(|winner| winner.proof_blocks),
				"actual_blocks": batch.actual_blocks(),
				"commit_block": batch.commit_block,
				"proof_block": batch.proof.map(|proof| proof.block),
				"latency_s": latency(batch, scenario).map(rounded),
				"finalized_latency_s": finalized_latency(batch, scenario).map(rounded),
			})
		})
		.collect();
	let (settled, expired) = story.settled();
	json!({
		"scenario": scenario.name(),
		"batches": batches,
		"proven": story.proven(),
		"settled": settled,
		"unsettled_expired": expired,
		"latency_s": summary(latencies(story, scenario)),
		"finalized_latency_s": summary(finalized_latencies(story, scenario)),
		"batches_detail": details,
	})
}

fn settled_json(bid: &Settled) -> Value {
	json!({
		"bidder": bid.bidder.to_string(),
		"slashed": bid.slashed.to_string(),
		"released": bid.released.to_string(),
		"verdict": verdict_text(bid.verdict),
		"opener": bid.opener.map(|(opener, _)| opener.to_string()),
		"reward": bid.opener.map(|(_, reward)| reward.to_string()),
		"block": bid.block,
	})
}

fn opened_json(story: &Story, batch: &Batch, bid: &Opened) -> Value {
	json!({
		"bidder": bid.bidder.to_string(),
		"fee": bid.fee.to_string(),
		"penalty": bid.penalty.to_string(),
		"opener": bid.opener.map(|(opener, _)| opener.to_string()),
		"reward": bid.opener.map(|(_, reward)| reward.to_string()),
		"block": bid.block,
		"after_reveals_s": story.opening_seconds(batch, bid).map(rounded),
		"won": batch.selected == Some(bid.bidder),
	})
}

/// To milliseconds.
pub(crate) fn rounded(seconds: f64) -> f64 {
	(seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, silent, told};
	use std::time::Duration;

	#[test]
	fn result_should_have_the_figures_in_both_forms() {
		let (mut story, start) = told();
		story.finalize(16, start + Duration::from_millis(9_250));
		let json = as_json(&story, 1, Scenario::Plain);
		assert_eq!(json["scenario"], "plain");
		assert_eq!(json["proven"], 1);
		assert_eq!(json["latency_s"]["p95"], 6.0);
		assert_eq!(json["finalized_latency_s"]["max"], 9.25);
		assert_eq!(json["batches_detail"][0]["promised_blocks"], 8);
		assert_eq!(json["batches_detail"][0]["actual_blocks"], 3);
		let table = table(&story, &Token::default(), Scenario::Plain);
		assert!(table.contains("3 blocks") && table.contains("median 6.0 s"), "{table}");
		assert!(!table.contains("what happened"), "{table}");
	}

	#[test]
	fn result_should_have_gaps_when_nothing_is_proven() {
		let json = as_json(&Story::default(), 3, Scenario::Plain);
		assert_eq!(json["proven"], 0);
		assert!(json["latency_s"]["p50"].is_null());
	}

	#[test]
	fn openings_should_be_told_in_both_forms() {
		let story = silent();
		let json = as_json(&story, 2, Scenario::Silent);
		assert_eq!((&json["scenario"], &json["proven"]), (&json!("silent"), &json!(3)));
		assert_eq!((&json["settled"], &json["unsettled_expired"]), (&json!(2), &json!(0)));
		let [lost, would_have_won] =
			[0, 1].map(|index| &json["batches_detail"][index]["settled"][0]);
		assert_eq!((&lost["slashed"], &lost["reward"]), (&json!("10"), &json!("5")));
		assert_eq!(lost["verdict"], "it would have lost");
		assert_eq!(would_have_won["verdict"], "it would have won");
		assert_eq!(json["batches_detail"][0]["close_block"], 18);
		assert_eq!(json["batches_detail"][0]["reveal_until"], 18);
		let won = &json["batches_detail"][2]["opened"][0];
		assert_eq!((&won["penalty"], &won["reward"]), (&json!("10"), &json!("5")));
		assert_eq!((&won["after_reveals_s"], &won["won"]), (&json!(3.0), &json!(true)));
		assert!(won["opener"].is_string() && won["bidder"].is_string());
		assert_eq!(json["batches_detail"][2]["promoted"], true);
		let token = Token { decimals: 0, symbol: "planck".into() };
		let table = table(&story, &token, Scenario::Silent);
		for text in [
			"was silent, it would have lost",
			"was silent, it would have won",
			"was silent, opened 3.0 s after the reveals",
			"it paid 10 planck for that",
			"got 5 planck of it",
			"the silent bid won",
			"stepped in",
		] {
			assert!(table.contains(text), "no `{text}` in\n{table}");
		}
	}

	#[test]
	fn faults_should_be_told_in_both_forms() {
		let story = faults();
		let json = as_json(&story, 3, Scenario::Faults);
		assert_eq!(json["scenario"], "faults");
		let [defaulted, empty, late] = [0, 1, 2].map(|index| &json["batches_detail"][index]);
		assert_eq!(defaulted["defaulted"].as_array().map(Vec::len), Some(1));
		assert_eq!(
			(&defaulted["slashed"], &defaulted["slashed_share"]),
			(&json!("6"), &json!("2"))
		);
		assert_eq!((&defaulted["promoted"], &empty["promoted"]), (&json!(true), &json!(false)));
		assert_eq!(empty["empty_rounds"], 2);
		assert_eq!(empty["reserves"], json!(["4", "6", "9"]));
		assert_eq!((&late["late_blocks"], &late["late_cost"]), (&json!(3), &json!("3")));
		let token = Token { decimals: 0, symbol: "planck".into() };
		let table = table(&story, &token, Scenario::Faults);
		for text in [
			"did not deliver, 6 planck slashed",
			"stepped in",
			"and got 2 planck of what was slashed",
			"2 rounds without a bid",
			"reserve 4 planck raised to 9 planck",
			"3 blocks late, 3 planck burned",
		] {
			assert!(table.contains(text), "no `{text}` in\n{table}");
		}
	}
}
