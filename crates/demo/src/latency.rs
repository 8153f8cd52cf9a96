// SPDX-License-Identifier: Apache-2.0
//! Where the time goes from a batch in a block to its proof verified and finalised.

use crate::{
	error::DemoError,
	figures::Summary,
	run::Demo,
	show::{finalized_latencies, latencies, rounded},
	story::{Batch, Story},
};
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use pvs_rollup::demo::SHAPE;
use serde_json::{json, Value};
use std::collections::BTreeMap;

/// How many batches are measured unless the command line says otherwise.
pub(crate) const BATCHES: u32 = 100;
/// The auction of a batch runs while the one before it is proved.
pub(crate) const PIPELINE: u32 = 2;

/// The figures of a run.
pub(crate) struct Latency {
	batches: u32,
	proven: usize,
	pipeline: u32,
	provers: usize,
	seconds: f64,
	best: Option<Summary>,
	finalized: Option<Summary>,
	stages: Vec<(&'static str, Option<Summary>)>,
	slots: Slots,
	honest_slashed: usize,
}

/// Runs the batches and measures them.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<Latency, DemoError> {
	let first = demo.client.best().await?.number.max(1);
	let start = std::time::Instant::now();
	demo.play_plain().await?;
	let last = demo.client.best().await?;
	// The first block has no time.
	let first_block = demo.client.block(demo.client.hash_at(first).await?).await?;
	let (from, to) = (demo.client.at(first_block).await?, demo.client.at(last).await?);
	let slots = Slots::between(
		(first, from.timestamp().await?),
		(last.number, to.timestamp().await?),
		to.slot_duration().await?,
	);
	let proving = demo.provers().iter().flat_map(|prover| proofs(&prover.log())).collect();
	let story = demo.story();
	Ok(Latency {
		batches: demo.args.batches(),
		proven: story.proven(),
		pipeline: demo.args.pipeline(),
		provers: demo.provers().len(),
		seconds: start.elapsed().as_secs_f64(),
		best: latencies(story),
		finalized: finalized_latencies(story),
		stages: stages(story, &proving),
		slots,
		honest_slashed: slashed(story),
	})
}

/// How many slots went by, and in how many of them there was no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slots {
	all: u64,
	missed: u64,
}

impl Slots {
	/// From one block to another, each given by number and time.
	fn between(first: (u32, u64), last: (u32, u64), slot_ms: u64) -> Self {
		let slot = |time: u64| time.checked_div(slot_ms).unwrap_or_default();
		let all = slot(last.1).saturating_sub(slot(first.1));
		let blocks = u64::from(last.0.saturating_sub(first.0));
		Self { all, missed: all.saturating_sub(blocks) }
	}

	fn missed_percent(self) -> f64 {
		if self.all == 0 {
			return 0.0;
		}
		100.0 * self.missed as f64 / self.all as f64
	}
}

/// Seconds that each proof took, by its batch, as a prover's log says.
fn proofs(log: &str) -> Vec<(u64, f64)> {
	let proved = |line: &str| {
		let line: Value = serde_json::from_str(line).ok()?;
		let is_proof = line["event"] == "proved";
		is_proof.then_some((line["batch"]["index"].as_u64()?, line["seconds"].as_f64()?))
	};
	log.lines().filter_map(proved).collect()
}

/// What each stage took in each batch.
fn stages(story: &Story, proving: &BTreeMap<u64, f64>) -> Vec<(&'static str, Option<Summary>)> {
	type Took = fn(&Story, &Batch, Option<f64>) -> Option<f64>;
	let stages: [(&str, Took); 5] = [
		("bidding", |story, batch, _| {
			let end = story.seen(batch.first_reveal?.checked_sub(1)?)?;
			Some(end.saturating_duration_since(batch.commit_seen).as_secs_f64())
		}),
		("reveal", |story, batch, _| {
			let began = story.seen(batch.first_reveal?.checked_sub(1)?)?;
			let end = story.seen(batch.first_winner?)?;
			Some(end.saturating_duration_since(began).as_secs_f64())
		}),
		("proving", |_, _, proving| proving),
		("inclusion", |story, batch, proving| {
			let began = story.seen(batch.first_winner?)?;
			let took = batch.proof?.seen.saturating_duration_since(began).as_secs_f64();
			Some((took - proving?).max(0.0))
		}),
		("finality", |_, batch, _| {
			Some(batch.final_seen?.saturating_duration_since(batch.proof?.seen).as_secs_f64())
		}),
	];
	let sum = |took: Took| {
		let times = story.batches().iter();
		Summary::of(
			times.filter_map(|(index, batch)| took(story, batch, proving.get(index).copied())),
		)
	};
	stages.map(|(name, took)| (name, sum(took))).to_vec()
}

/// Bonds and assignments that were slashed. All bidders of this scenario do what they should.
fn slashed(story: &Story) -> usize {
	let of = |batch: &Batch| {
		let bids = usize::try_from(batch.slashed_bids).unwrap_or(usize::MAX);
		batch.defaults.len().saturating_add(bids)
	};
	story.batches().values().map(of).sum()
}

impl Latency {
	/// A table, and what is to be said beside it.
	pub(crate) fn as_text(&self) -> String {
		let mut table = Table::new();
		table.load_preset(UTF8_FULL_CONDENSED).set_header(["seconds", "p50", "p95", "p99", "most"]);
		for column in 1..5 {
			if let Some(column) = table.column_mut(column) {
				column.set_cell_alignment(CellAlignment::Right);
			}
		}
		let totals = [
			("commit to proof, best block", self.best),
			("commit to proof, finalised", self.finalized),
		];
		for (name, summary) in self.stages.iter().copied().chain(totals) {
			let numbers = summary
				.map_or([f64::NAN; 4], |Summary { p50, p95, p99, max }| [p50, p95, p99, max]);
			let numbers = numbers.map(|number| format!("{number:.2}"));
			table.add_row([name.to_owned()].into_iter().chain(numbers));
		}
		format!(
			"{table}\n{} of {} batches of {} transfers proven by {} provers in {:.0} s, up to {} at a \
			 time\n{} of {} slots without a block, {} honest bids or assignments slashed",
			self.proven,
			self.batches,
			SHAPE.transfers(),
			self.provers,
			self.seconds,
			self.pipeline,
			self.slots.missed,
			self.slots.all,
			self.honest_slashed
		)
	}

	/// The same for programs.
	pub(crate) fn as_json(&self) -> Value {
		let summary = |summary: &Option<Summary>| match summary {
			Some(Summary { p50, p95, p99, max }) => json!({
				"p50": rounded(*p50),
				"p95": rounded(*p95),
				"p99": rounded(*p99),
				"max": rounded(*max),
			}),
			None => Value::Null,
		};
		let stages: serde_json::Map<_, _> =
			self.stages.iter().map(|(name, took)| ((*name).to_owned(), summary(took))).collect();
		json!({
			"batches": self.batches,
			"proven": self.proven,
			"transfers_per_batch": SHAPE.transfers(),
			"pipeline": self.pipeline,
			"provers": self.provers,
			"seconds": rounded(self.seconds),
			"best": summary(&self.best),
			"finalized": summary(&self.finalized),
			"stages": stages,
			"slots": self.slots.all,
			"missed_slots": self.slots.missed,
			"missed_slots_pct": rounded(self.slots.missed_percent()),
			"honest_slashed": self.honest_slashed,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, silent, told};
	use std::time::Duration;

	#[test]
	fn slots_should_be_missed_where_there_are_fewer_blocks() {
		let slots = |last| Slots::between((10, 5_000_300), last, 1_000);
		assert_eq!(slots((110, 5_100_900)), Slots { all: 100, missed: 0 });
		assert_eq!(slots((109, 5_100_000)), Slots { all: 100, missed: 1 });
		assert_eq!(slots((109, 5_100_000)).missed_percent(), 1.0);
		assert_eq!(slots((10, 5_000_300)).missed_percent(), 0.0);
	}

	#[test]
	fn proofs_should_be_read_from_a_log_with_other_lines() {
		let log = "starting\n{\"event\":\"bid\",\"batch\":{\"rollup\":0,\"index\":3}}\n\
			{\"event\":\"proved\",\"batch\":{\"rollup\":0,\"index\":3},\"round\":0,\"seconds\":1.5}\n{";
		assert_eq!(proofs(log), [(3, 1.5)]);
	}

	#[test]
	fn stages_should_add_up_to_the_whole() {
		let (mut story, start) = told();
		for block in 10..=16 {
			story.see(block, start + Duration::from_secs(u64::from(block) - 10));
		}
		story.finalize(16, start + Duration::from_millis(6_500));
		let proving = BTreeMap::from([(0, 1.25)]);
		let stages: BTreeMap<_, _> = stages(&story, &proving).into_iter().collect();
		let p50 = |name| stages[name].unwrap().p50;
		assert_eq!((p50("bidding"), p50("reveal"), p50("proving")), (2.0, 1.0, 1.25));
		assert_eq!((p50("inclusion"), p50("finality")), (1.75, 0.5));
	}

	#[test]
	fn slashes_should_be_counted() {
		assert_eq!(slashed(&told().0), 0);
		assert_eq!(slashed(&faults()), 1);
		assert_eq!(slashed(&silent()), 1);
	}
}
