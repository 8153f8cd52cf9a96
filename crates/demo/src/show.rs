// SPDX-License-Identifier: Apache-2.0
//! Progress, the table, the JSON line.

use crate::{figures::Summary, story::Story};
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use pvs_client::Token;
use serde_json::{json, Value};
use std::{io::IsTerminal, time::Duration};

/// Lines as things happen; on a terminal with a bar below them.
#[derive(Debug)]
pub(crate) struct Progress {
	bar: Option<ProgressBar>,
	to_stderr: bool,
}

impl Progress {
	/// Progress towards a number of batches. With `to_stderr` stdout stays free for the result.
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
				eprintln!("{line}");
			} else {
				println!("{line}");
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

/// The batches as a table, and the latencies under it.
pub(crate) fn table(story: &Story, token: &Token) -> String {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header([
		"batch",
		"bids",
		"winner",
		"paid",
		"promised",
		"actual",
		"proof s",
		"finalised s",
	]);
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
		table.add_row([
			index.to_string(),
			batch.bids.to_string(),
			batch.proof.map_or_else(none, |proof| proof.prover.to_string()),
			batch.proof.map_or_else(none, |proof| token.show_short(proof.payment)),
			blocks(batch.winner.map(|winner| winner.proof_blocks)),
			blocks(batch.actual_blocks()),
			seconds(batch.latency()),
			seconds(batch.finalized_latency()),
		]);
	}
	let line = |what: &str, summary: Option<Summary>| match summary {
		Some(Summary { p50, p95, max }) => {
			format!("\n{what}: median {p50:.1} s, 95% within {p95:.1} s, at most {max:.1} s")
		},
		None => String::new(),
	};
	format!(
		"{table}{}{}",
		line("from commit to proof", latencies(story)),
		line("from commit to proof finalised", finalized_latencies(story))
	)
}

fn latencies(story: &Story) -> Option<Summary> {
	Summary::of(story.batches().values().filter_map(|batch| batch.latency()))
}

fn finalized_latencies(story: &Story) -> Option<Summary> {
	Summary::of(story.batches().values().filter_map(|batch| batch.finalized_latency()))
}

/// The result for programs.
pub(crate) fn as_json(story: &Story, batches: u32) -> Value {
	let summary = |summary: Option<Summary>| match summary {
		Some(Summary { p50, p95, max }) => {
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
				"promised_blocks": batch.winner.map(|winner| winner.proof_blocks),
				"actual_blocks": batch.actual_blocks(),
				"commit_block": batch.commit_block,
				"proof_block": batch.proof.map(|proof| proof.block),
				"latency_s": batch.latency().map(rounded),
				"finalized_latency_s": batch.finalized_latency().map(rounded),
			})
		})
		.collect();
	json!({
		"batches": batches,
		"proven": story.proven(),
		"latency_s": summary(latencies(story)),
		"finalized_latency_s": summary(finalized_latencies(story)),
		"batches_detail": details,
	})
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
	(seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::told;
	use std::time::Duration;

	#[test]
	fn result_should_have_the_figures_in_both_forms() {
		let (mut story, start) = told();
		story.finalize(16, start + Duration::from_millis(9_250));
		let json = as_json(&story, 1);
		assert_eq!(json["proven"], 1);
		assert_eq!(json["latency_s"]["p95"], 6.0);
		assert_eq!(json["finalized_latency_s"]["max"], 9.25);
		assert_eq!(json["batches_detail"][0]["promised_blocks"], 8);
		assert_eq!(json["batches_detail"][0]["actual_blocks"], 3);
		let table = table(&story, &Token::default());
		assert!(table.contains("3 blocks") && table.contains("median 6.0 s"), "{table}");
	}

	#[test]
	fn result_should_have_gaps_when_nothing_is_proven() {
		let json = as_json(&Story::default(), 3);
		assert_eq!(json["proven"], 0);
		assert!(json["latency_s"]["p50"].is_null());
	}
}
