// SPDX-License-Identifier: Apache-2.0
//! Account of where the time goes from a batch in a block to its proof verified and finalized.

use crate::{
	error::DemoError,
	figures::Summary,
	run::{Demo, POLL, PROVERS},
	show::rounded,
	story::{Batch, Story},
};
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use pvs_client::{keys, Account};
use pvs_rollup::demo::SHAPE;
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Number of batches that are measured unless the command line says otherwise.
pub(crate) const BATCHES: u32 = 100;
/// The auction of a batch runs while the one before it is proved.
pub(crate) const PIPELINE: u32 = 2;

/// Limits that [`Latency::check`] demands: seconds from a batch in a block to its proof finalized, for 95% of the
/// batches, and slots without a block, in per cent.
const MAX_FINALIZED: f64 = 10.0;
const MAX_MISSED_PERCENT: f64 = 1.0;

/// The figures of a run.
pub(crate) struct Latency {
	batches: u32,
	proven: usize,
	pipeline: u32,
	provers: usize,
	/// Work of the node's prover, if one of the provers is that.
	embedded: Option<Embedded>,
	seconds: f64,
	best: Option<Summary>,
	finalized: Option<Summary>,
	stages: Vec<(&'static str, Option<Summary>)>,
	slots: Slots,
	honest_slashed: usize,
	/// Batches that were proven after their time.
	late: usize,
}

/// Number of batches that the prover inside the node won, and number of those that it was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Embedded {
	won: usize,
	delivered: usize,
}

impl Embedded {
	/// Counts the batches of an account.
	fn of(story: &Story, prover: Account) -> Self {
		let count = |is_of: fn(&Batch) -> Option<Account>| {
			story.batches().values().filter(|batch| is_of(batch) == Some(prover)).count()
		};
		Self {
			won: count(|batch| batch.selected),
			delivered: count(|batch| batch.proof.map(|proof| proof.prover)),
		}
	}
}

/// Runs the batches and measures them.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<Latency, DemoError> {
	let mut first = demo.client.best().await?;
	// The block before the first has no time.
	while first.number == 0 {
		tokio::time::sleep(POLL).await;
		first = demo.client.best().await?;
	}
	let first_time = demo.client.at(first).await?.timestamp().await?;
	let clock = Clock::new();
	demo.play_plain().await?;
	let last = demo.client.best().await?;
	let view = demo.client.at(last).await?;
	let slots = Slots::between(
		(first.number, first_time),
		(last.number, view.timestamp().await?),
		view.slot_duration().await?,
	);
	let mut proving: BTreeMap<_, _> =
		demo.provers().iter().flat_map(|prover| proofs(&prover.log())).collect();
	let story = demo.story();
	let embedded = match demo.args.embedded {
		true => {
			proving.extend(proofs_of_node(&demo.node_log()));
			let [prover, ..] = &PROVERS;
			let account = Account::of(&keys::from_development_path(prover.key)?);
			Some(Embedded::of(story, account))
		},
		false => None,
	};
	let batches = || story.batches().values();
	Ok(Latency {
		batches: demo.args.batches(),
		proven: story.proven(),
		pipeline: demo.args.pipeline(),
		provers: PROVERS.len(),
		embedded,
		seconds: clock.instant.elapsed().as_secs_f64(),
		best: Summary::of(
			batches().filter_map(|batch| clock.since_commit(batch, batch.proof?.seen)),
		),
		finalized: Summary::of(
			batches().filter_map(|batch| clock.since_commit(batch, batch.final_seen?)),
		),
		stages: stages(story, &proving, &clock),
		slots,
		honest_slashed: slashed(story),
		late: batches()
			.filter(|batch| batch.proof.is_some_and(|proof| proof.late_blocks > 0))
			.count(),
	})
}

/// A moment in both kinds of time: those of the chain and those that durations are made of.
struct Clock {
	instant: Instant,
	/// In milliseconds since 1970.
	chain: u64,
}

impl Clock {
	fn new() -> Self {
		let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		let chain = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
		Self { instant: Instant::now(), chain }
	}

	/// Seconds from the moment that a batch's author began its block to another one. Counted from there,
	/// and not from seeing the block, since one that is seen late would make the batch look fast.
	fn since_commit(&self, batch: &Batch, until: Instant) -> Option<f64> {
		let began = Duration::from_millis(batch.commit_time?.saturating_sub(self.chain));
		Some(until.saturating_duration_since(self.instant + began).as_secs_f64())
	}
}

/// Times that a prover tells of a proof, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Proving {
	/// The prover in a node does not tell this one.
	waited: Option<f64>,
	took: f64,
}

/// Number of slots that went by, and number of them in which there was no block.
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

/// The proofs in a prover's log, by their batches.
fn proofs(log: &str) -> Vec<(u64, Proving)> {
	let proved = |line: &str| {
		let line: Value = serde_json::from_str(line).ok()?;
		let (waited, took) = (line["waited_seconds"].as_f64()?, line["seconds"].as_f64()?);
		let is_proof = line["event"] == "proved";
		let proving = Proving { waited: Some(waited), took };
		is_proof.then_some((line["batch"]["index"].as_u64()?, proving))
	};
	log.lines().filter_map(proved).collect()
}

/// The proofs in the log of a node that proves, by their batches, to a tenth of a second.
fn proofs_of_node(log: &str) -> Vec<(u64, Proving)> {
	let proved = |line: &str| {
		let (_, about) = line.split_once("batch ")?;
		let (batch, took) = about.split_once(": proved in ")?;
		// The rollup, the index and, in a later round, that round.
		let (_, index) = batch.split_once('/')?;
		let index = index.split(' ').next()?.parse().ok()?;
		let took = took.split(' ').next()?.parse().ok()?;
		Some((index, Proving { waited: None, took }))
	};
	log.lines().filter_map(proved).collect()
}

/// Returns what each stage took in each batch.
fn stages(
	story: &Story,
	proving: &BTreeMap<u64, Proving>,
	clock: &Clock,
) -> Vec<(&'static str, Option<Summary>)> {
	type Took = fn(&Story, &Clock, &Batch, Option<&Proving>) -> Option<f64>;
	let stages: [(&str, Took); 6] = [
		("bidding", |story, clock, batch, _| {
			clock.since_commit(batch, story.seen(batch.first_reveal?.checked_sub(1)?)?)
		}),
		("reveal", |story, _, batch, _| {
			let began = story.seen(batch.first_reveal?.checked_sub(1)?)?;
			let end = story.seen(batch.first_winner?)?;
			Some(end.saturating_duration_since(began).as_secs_f64())
		}),
		("waiting for the proof before", |_, _, _, proving| proving?.waited),
		("proving", |_, _, _, proving| Some(proving?.took)),
		("inclusion", |story, _, batch, proving| {
			let began = story.seen(batch.first_winner?)?;
			let took = batch.proof?.seen.saturating_duration_since(began).as_secs_f64();
			let proving = proving?;
			Some((took - proving.waited.unwrap_or(0.0) - proving.took).max(0.0))
		}),
		("finality", |_, _, batch, _| {
			Some(batch.final_seen?.saturating_duration_since(batch.proof?.seen).as_secs_f64())
		}),
	];
	let sum = |took: Took| {
		let times = story.batches().iter();
		Summary::of(
			times.filter_map(|(index, batch)| took(story, clock, batch, proving.get(index))),
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
			("commit to proof, finalized", self.finalized),
		];
		for (name, summary) in self.stages.iter().copied().chain(totals) {
			let seconds = |Summary { p50, p95, p99, max }| {
				[p50, p95, p99, max].map(|number: f64| format!("{number:.2}"))
			};
			let numbers = summary.map_or_else(|| [(); 4].map(|()| "-".to_owned()), seconds);
			table.add_row([name.to_owned()].into_iter().chain(numbers));
		}
		let embedded = self.embedded.map_or_else(String::new, |Embedded { won, delivered }| {
			format!(
				"\nthe prover inside the node won {won} batches and delivered {delivered}; its waiting for \
				 the proof before counts as inclusion"
			)
		});
		format!(
			"{table}\n{} of {} batches of {} transfers proven by {} provers in {:.0} s, up to {} at a \
			 time\n{} of {} slots without a block, {} honest bids or assignments slashed, {} proofs \
			 late{embedded}",
			self.proven,
			self.batches,
			SHAPE.transfers(),
			self.provers,
			self.seconds,
			self.pipeline,
			self.slots.missed,
			self.slots.all,
			self.honest_slashed,
			self.late
		)
	}

	/// Fails with the reasons if the figures are not within the limits.
	pub(crate) fn check(&self) -> Result<(), DemoError> {
		let mut reasons = Vec::new();
		match self.finalized {
			Some(Summary { p95, .. }) if p95 <= MAX_FINALIZED => {},
			Some(Summary { p95, .. }) => reasons.push(format!(
				"95% of the proofs are final within {p95:.2} s, which is above {MAX_FINALIZED} s"
			)),
			None => reasons.push("no proof is final".into()),
		}
		if self.proven < self.batches as usize {
			reasons.push(format!("{} of {} batches are proven", self.proven, self.batches));
		}
		if self.honest_slashed > 0 {
			reasons
				.push(format!("{} honest bids or assignments were slashed", self.honest_slashed));
		}
		if self.embedded.is_some_and(|embedded| embedded.delivered == 0) {
			reasons.push("the prover inside the node delivered no proof".into());
		}
		let missed = self.slots.missed_percent();
		if missed > MAX_MISSED_PERCENT {
			reasons.push(format!(
				"{missed:.2}% of the slots have no block, which is above {MAX_MISSED_PERCENT}%"
			));
		}
		if reasons.is_empty() {
			Ok(())
		} else {
			Err(DemoError::OverLimits(reasons))
		}
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
			"prover": if self.embedded.is_some() { "embedded" } else { "program" },
			"embedded_won": self.embedded.map(|embedded| embedded.won),
			"embedded_delivered": self.embedded.map(|embedded| embedded.delivered),
			"seconds": rounded(self.seconds),
			"best": summary(&self.best),
			"finalized": summary(&self.finalized),
			"stages": stages,
			"slots": self.slots.all,
			"missed_slots": self.slots.missed,
			"missed_slots_pct": rounded(self.slots.missed_percent()),
			"honest_slashed": self.honest_slashed,
			"late": self.late,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, silent, told};

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
			{\"event\":\"proved\",\"batch\":{\"rollup\":0,\"index\":3},\"seconds\":1.5,\
			\"waited_seconds\":0.5}\n{";
		assert_eq!(proofs(log), [(3, Proving { waited: Some(0.5), took: 1.5 })]);
	}

	#[test]
	fn proofs_should_be_read_from_the_log_of_a_node() {
		let log = "2026-11-30 06:00:00 batch 0/3: proving\n\
			2026-11-30 06:00:02 batch 0/3: proved in 1.3 s\n\
			2026-11-30 06:00:02 batch 0/3: paid 2 PVS\n\
			2026-11-30 06:00:09 batch 0/12 round 1: proved in 2.0 s\n";
		let proof = |took| Proving { waited: None, took };
		assert_eq!(proofs_of_node(log), [(3, proof(1.3)), (12, proof(2.0))]);
	}

	#[test]
	fn batches_of_the_embedded_prover_should_be_counted_apart() {
		let (story, _) = told();
		let of = |account: u8| Embedded::of(&story, Account([account; 32]));
		assert_eq!(of(7), Embedded { won: 1, delivered: 1 });
		assert_eq!(of(8), Embedded { won: 0, delivered: 0 });
		let silent = silent();
		assert_eq!(Embedded::of(&silent, Account([7; 32])), Embedded { won: 1, delivered: 0 });
	}

	#[test]
	fn stages_should_add_up_to_the_whole() {
		let (mut story, start) = told();
		for block in 10..=16 {
			story.see(block, start + Duration::from_secs(u64::from(block) - 10));
		}
		story.finalize(16, start + Duration::from_millis(6_500));
		story.committed_at(0, 5_000_000);
		// The block was seen a quarter of a second after it was begun.
		let clock = Clock { instant: start - Duration::from_secs(1), chain: 4_999_250 };
		let proving = BTreeMap::from([(0, Proving { waited: Some(0.25), took: 1.25 })]);
		let stages: BTreeMap<_, _> = stages(&story, &proving, &clock).into_iter().collect();
		let p50 = |name| stages[name].unwrap().p50;
		assert_eq!((p50("bidding"), p50("reveal")), (2.25, 1.0));
		assert_eq!((p50("waiting for the proof before"), p50("proving")), (0.25, 1.25));
		assert_eq!((p50("inclusion"), p50("finality")), (1.5, 0.5));
		let untold = BTreeMap::from([(0, Proving { waited: None, took: 1.25 })]);
		let stages: BTreeMap<_, _> = super::stages(&story, &untold, &clock).into_iter().collect();
		assert!(stages["waiting for the proof before"].is_none());
		assert_eq!(stages["inclusion"].unwrap().p50, 1.75);
	}

	#[test]
	fn slashes_should_be_counted() {
		assert_eq!(slashed(&told().0), 0);
		assert_eq!(slashed(&faults()), 1);
		assert_eq!(slashed(&silent()), 1);
	}

	#[test]
	fn check_should_fail_with_every_limit_that_is_not_held() {
		let seconds = |p95| Some(Summary { p50: 5.0, p95, p99: 20.0, max: 20.0 });
		let latency = |finalized, missed, honest_slashed, proven| Latency {
			batches: 4,
			proven,
			pipeline: 2,
			provers: 3,
			embedded: None,
			seconds: 20.0,
			best: None,
			finalized,
			stages: Vec::new(),
			slots: Slots { all: 200, missed },
			honest_slashed,
			late: 0,
		};
		assert!(latency(seconds(10.0), 2, 0, 4).check().is_ok());
		for (bad, said) in [
			(latency(seconds(10.1), 2, 0, 4), "10.10 s"),
			(latency(None, 2, 0, 4), "no proof is final"),
			(latency(seconds(5.0), 3, 0, 4), "1.50% of the slots"),
			(latency(seconds(5.0), 0, 1, 4), "1 honest"),
			(latency(seconds(5.0), 0, 0, 3), "3 of 4 batches"),
		] {
			let error = bad.check().unwrap_err();
			assert!(error.to_string().contains(said), "{error}");
			assert!(matches!(error, DemoError::OverLimits(reasons) if reasons.len() == 1));
		}
		let embedded = |delivered| Latency {
			embedded: Some(Embedded { won: 1, delivered }),
			..latency(seconds(5.0), 0, 0, 4)
		};
		assert!(embedded(1).check().is_ok());
		assert_eq!(embedded(1).as_json()["prover"], "embedded");
		let untold = Latency { stages: vec![("waiting", None)], ..embedded(1) };
		assert!(!untold.as_text().contains("NaN"), "{}", untold.as_text());
		let error = embedded(0).check().unwrap_err();
		assert!(error.to_string().contains("inside the node"), "{error}");
		let worst = latency(seconds(11.0), 9, 2, 3).check().unwrap_err();
		assert!(matches!(worst, DemoError::OverLimits(reasons) if reasons.len() == 4));
	}
}
