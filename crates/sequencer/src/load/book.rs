// SPDX-License-Identifier: Apache-2.0
//! Fates of the transfers that were sent, and the figures. Pure but for the time it is told.

use crate::pool::Hash;
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, HashMap},
	time::Duration,
};
use tokio::time::Instant;

/// From the first attempt to the acknowledgement or to a status.
#[derive(Clone, Copy, Debug)]
struct Times {
	started: Instant,
	acknowledged: Duration,
	committed: Option<Duration>,
	proven: Option<Duration>,
	settled: Option<Duration>,
	/// It ended, but not as final.
	is_lost: bool,
}

impl Times {
	fn is_open(&self) -> bool {
		self.settled.is_none() && !self.is_lost
	}
}

/// All transfers of a run.
#[derive(Debug, Default)]
pub(super) struct Book {
	transfers: HashMap<Hash, Times>,
	/// By code: how many, and what the first one was told.
	refusals: BTreeMap<i32, (u64, String)>,
	/// Time at which the first transfer was sent, and time at which the last one had its answer.
	began: Option<Instant>,
	sent_all: Option<Instant>,
}

impl Book {
	pub(super) fn accept(&mut self, hash: Hash, started: Instant) {
		let acknowledged = started.elapsed();
		let (committed, proven, settled) = (None, None, None);
		let times = Times { started, acknowledged, committed, proven, settled, is_lost: false };
		self.transfers.insert(hash, times);
	}

	pub(super) fn refuse(&mut self, code: i32, text: String) {
		let (count, _) = self.refusals.entry(code).or_insert((0, text));
		*count = count.saturating_add(1);
	}

	/// The first transfer is about to be sent.
	pub(super) fn begin(&mut self, now: Instant) {
		self.began = Some(now);
	}

	/// The last transfer has its answer.
	pub(super) fn sent_all(&mut self, now: Instant) {
		self.sent_all = Some(now);
	}

	/// Accepted transfers per second, from the first attempt to the last answer. `None` before that, and if they
	/// came at once.
	fn rate(&self) -> Option<f64> {
		let took = self.sent_all?.saturating_duration_since(self.began?).as_secs_f64();
		(took > 0.0).then(|| self.accepted() as f64 / took)
	}

	/// Takes in a status. One that was skipped counts as reached with the next.
	pub(super) fn see(&mut self, hash: &Hash, status: &str, seen: Instant) {
		let Some(times) = self.transfers.get_mut(hash) else { return };
		let elapsed = seen.saturating_duration_since(times.started);
		let stage = match status {
			"committed" => 1,
			"proven" => 2,
			"final" => 3,
			"replaced" | "evicted" | "expired" | "rejected" => {
				times.is_lost = true;
				0
			},
			_ => 0,
		};
		for (least, time) in
			[(1, &mut times.committed), (2, &mut times.proven), (3, &mut times.settled)]
		{
			if stage >= least && time.is_none() {
				*time = Some(elapsed);
			}
		}
	}

	pub(super) fn open_hashes(&self) -> Vec<Hash> {
		let open = self.transfers.iter().filter(|(_, times)| times.is_open());
		open.map(|(hash, _)| *hash).collect()
	}

	pub(super) fn open(&self) -> usize {
		self.transfers.values().filter(|times| times.is_open()).count()
	}

	pub(super) fn accepted(&self) -> usize {
		self.transfers.len()
	}

	pub(super) fn refused(&self) -> u64 {
		self.refusals.values().map(|(count, _)| count).sum()
	}

	pub(super) fn finals(&self) -> u64 {
		self.transfers.values().filter(|times| times.settled.is_some()).count() as u64
	}

	pub(super) fn lost(&self) -> usize {
		self.transfers.values().filter(|times| times.is_lost).count()
	}

	/// Returns whether all were sent and none can change any more.
	pub(super) fn is_over(&self) -> bool {
		self.sent_all.is_some() && self.open() == 0
	}

	fn latencies(&self) -> [(&'static str, Vec<f64>); 4] {
		let collect = |of: fn(&Times) -> Option<Duration>| {
			let mut seconds: Vec<f64> =
				self.transfers.values().filter_map(of).map(|time| time.as_secs_f64()).collect();
			seconds.sort_by(f64::total_cmp);
			seconds
		};
		[
			("acknowledged", collect(|times| Some(times.acknowledged))),
			("committed", collect(|times| times.committed)),
			("proven", collect(|times| times.proven)),
			("final", collect(|times| times.settled)),
		]
	}

	pub(super) fn as_json(&self) -> Value {
		let latencies: serde_json::Map<String, Value> = self
			.latencies()
			.iter()
			.map(|(name, sorted)| {
				let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(sorted, percent));
				let figures = json!({ "count": sorted.len(), "p50": p50, "p95": p95, "p99": p99 });
				((*name).to_owned(), figures)
			})
			.collect();
		let refusals: Vec<Value> = self
			.refusals
			.iter()
			.map(|(code, (count, text))| json!({ "code": code, "count": count, "first": text }))
			.collect();
		json!({
			"accepted": self.accepted(),
			"final": self.finals(),
			"lost": self.lost(),
			"open": self.open(),
			"refused": self.refused(),
			"refusals": refusals,
			"accepted_per_second": self.rate(),
			"seconds_until": latencies,
		})
	}

	pub(super) fn as_text(&self) -> String {
		let mut lines = vec![format!(
			"{} accepted, {} final, {} lost, {} open, {} refused",
			self.accepted(),
			self.finals(),
			self.lost(),
			self.open(),
			self.refused()
		)];
		if let Some(rate) = self.rate() {
			lines.push(format!("{rate:.1} accepted per second"));
		}
		for (code, (count, text)) in &self.refusals {
			lines.push(format!("refused {count} times with code {code}, first: {text}"));
		}
		for (name, sorted) in self.latencies() {
			if let (Some(p50), Some(p95), Some(p99)) =
				(percentile(&sorted, 50), percentile(&sorted, 95), percentile(&sorted, 99))
			{
				lines.push(format!(
					"until {name}: median {p50:.2} s, 95% within {p95:.2} s, 99% within {p99:.2} s"
				));
			}
		}
		lines.join("\n")
	}
}

/// The nearest-rank percentile: the smallest value such that at least `percent` per cent of all are no
/// larger.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
	let rank = sorted.len().saturating_mul(percent).div_ceil(100).max(1);
	sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn transfers_should_be_counted_by_how_they_stand() {
		let (mut book, start) = (Book::default(), Instant::now());
		for hash in 0..3 {
			book.accept([hash; 32], start);
		}
		let at = |seconds| start + Duration::from_secs(seconds);
		book.see(&[0; 32], "committed", at(1));
		book.see(&[0; 32], "final", at(3));
		book.see(&[1; 32], "pending", at(1));
		book.see(&[1; 32], "evicted", at(2));
		book.see(&[9; 32], "final", at(2));
		book.refuse(1020, "first".into());
		book.refuse(1020, "second".into());
		assert_eq!((book.accepted(), book.finals(), book.lost(), book.open()), (3, 1, 1, 1));
		assert_eq!(book.open_hashes(), [[2; 32]]);
		assert_eq!(book.as_json()["accepted_per_second"], Value::Null);
		book.begin(start);
		book.sent_all(at(2));
		assert!(!book.is_over());
		book.see(&[2; 32], "final", at(4));
		assert!(book.is_over());
		let json = book.as_json();
		assert_eq!(json["refusals"][0], json!({ "code": 1020, "count": 2, "first": "first" }));
		assert_eq!(json["seconds_until"]["committed"]["p50"], 1.0);
		assert_eq!(json["seconds_until"]["proven"]["p50"], 3.0, "skipped, so seen with the next");
		assert_eq!(json["seconds_until"]["final"]["p99"], 4.0);
		assert_eq!(json["accepted_per_second"], 1.5);
		assert!(book.as_text().contains("refused 2 times with code 1020"));
		assert!(book.as_text().contains("1.5 accepted per second"));
	}

	#[test]
	fn percentile_should_be_the_nearest_rank() {
		let values: Vec<f64> = (1..=100).map(f64::from).collect();
		assert_eq!(
			[50, 95, 99].map(|percent| percentile(&values, percent)),
			[50.0, 95.0, 99.0].map(Some)
		);
		assert_eq!(percentile(&[], 50), None);
		assert_eq!(percentile(&[7.0], 99), Some(7.0));
	}
}
