// SPDX-License-Identifier: Apache-2.0
//! Health of a service, whether it lives and is ready: named conditions, each of which only its own event meets.
//!
//! There is no call that makes a service healthy as a whole. Who connects again meets `connected`, and
//! has no way to meet `chain_moves`: that stays unmet until a block comes.

use crate::event::as_timestamp;
use serde::Serialize;
use std::{
	fmt::Write,
	future::Future,
	pin::pin,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant, SystemTime},
};
use tokio::time::timeout;

/// Facts known about the health of a service. Clones show the same.
#[derive(Clone, Debug)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	/// Time that a turn of the main loop may take.
	turn_limit: Duration,
	turned_at: Mutex<Instant>,
	conditions: Mutex<Vec<Condition>>,
}

/// One condition of readiness, held by whoever sees the event that meets it.
#[derive(Clone, Debug)]
pub struct Condition {
	name: &'static str,
	/// Time for which the event that meets it counts.
	lasts: Option<Duration>,
	/// Complaint if the event does not come again in time.
	lack: &'static str,
	state: Arc<Mutex<State>>,
}

#[derive(Clone, Debug)]
enum State {
	Met { at: Instant, since: SystemTime },
	Unmet { reason: String, since: SystemTime },
}

/// A condition that is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmet {
	/// Its name.
	pub condition: &'static str,
	/// Reason why it is not met.
	pub reason: String,
	/// Time since which it is not met, in JSON as RFC 3339 in UTC.
	#[serde(serialize_with = "as_timestamp")]
	pub since: SystemTime,
}

impl Health {
	/// Returns the health of a service whose main loop makes a turn at least every `turn_limit`.
	pub fn new(turn_limit: Duration) -> Self {
		let (turned_at, conditions) = (Mutex::new(Instant::now()), Mutex::default());
		Self(Arc::new(Inner { turn_limit, turned_at, conditions }))
	}

	/// Notes a turn of the main loop.
	pub fn turn(&self) {
		*lock(&self.0.turned_at) = Instant::now();
	}

	/// Waits for work that ends in its own time, such as connecting to a node, which counts as turns.
	pub async fn waiting<T>(&self, work: impl Future<Output = T>) -> T {
		let mut work = pin!(work);
		let often = (self.0.turn_limit / 4).max(Duration::from_millis(1));
		loop {
			self.turn();
			if let Ok(done) = timeout(often, work.as_mut()).await {
				self.turn();
				return done;
			}
		}
	}

	/// Adds a condition that stays met until its holder says otherwise. `lack` says what lacks as long as
	/// it was never met. The name is that of the condition in [`Unmet`] and in the metrics: snake case.
	pub fn condition(&self, name: &'static str, lack: &'static str) -> Condition {
		self.add(name, None, lack)
	}

	/// Adds a condition that has to be met again within `lasts`. `lack` is what lacks otherwise, such as
	/// "no new block"; how long it has lacked is put behind it.
	pub fn recurring(&self, name: &'static str, lasts: Duration, lack: &'static str) -> Condition {
		self.add(name, Some(lasts), lack)
	}

	fn add(&self, name: &'static str, lasts: Option<Duration>, lack: &'static str) -> Condition {
		let state = State::Unmet { reason: format!("{lack} yet"), since: SystemTime::now() };
		let condition = Condition { name, lasts, lack, state: Arc::new(Mutex::new(state)) };
		lock(&self.0.conditions).push(condition.clone());
		condition
	}

	/// Returns for how long the main loop has made no turn, if that is longer than it may take.
	pub fn stands_still(&self) -> Option<Duration> {
		let gone = lock(&self.0.turned_at).elapsed();
		(gone > self.0.turn_limit).then_some(gone)
	}

	/// Returns the conditions that are not met; none if the service is ready.
	pub fn unmet(&self) -> Vec<Unmet> {
		lock(&self.0.conditions).iter().filter_map(Condition::unmet_now).collect()
	}

	/// Calls `show` with the name of each condition, and whether it is met.
	pub fn show(&self, mut show: impl FnMut(&str, bool)) {
		for condition in lock(&self.0.conditions).iter() {
			show(condition.name, condition.is_met());
		}
	}

	/// Returns the conditions that are not met, one JSON object a line.
	pub fn unmet_as_lines(&self) -> String {
		self.unmet().iter().fold(String::new(), |mut lines, unmet| {
			if let Ok(line) = serde_json::to_string(unmet) {
				// Writing to a string does not fail.
				let _ = writeln!(lines, "{line}");
			}
			lines
		})
	}
}

impl Condition {
	/// Notes the event that meets the condition. Returns whether it was not met before.
	pub fn meet(&self) -> bool {
		let was_met = self.is_met();
		*lock(&self.state) = State::Met { at: Instant::now(), since: SystemTime::now() };
		!was_met
	}

	/// Notes what keeps the condition from being met. Returns whether it was met before.
	pub fn fail(&self, reason: impl Into<String>) -> bool {
		let before = self.unmet_now();
		let since = before.as_ref().map_or_else(SystemTime::now, |unmet| unmet.since);
		*lock(&self.state) = State::Unmet { reason: reason.into(), since };
		before.is_none()
	}

	/// Returns whether the condition is met now.
	pub fn is_met(&self) -> bool {
		self.unmet_now().is_none()
	}

	fn unmet_now(&self) -> Option<Unmet> {
		let (reason, since) = match &*lock(&self.state) {
			State::Unmet { reason, since } => (reason.clone(), *since),
			State::Met { at, since } => {
				let gone = at.elapsed();
				if self.lasts.is_none_or(|lasts| gone <= lasts) {
					return None;
				}
				(format!("{} for {} s", self.lack, gone.as_secs()), *since)
			},
		};
		Some(Unmet { condition: self.name, reason, since })
	}
}

/// Locks, even after a panic elsewhere, which leaves nothing half done: what is behind these locks is whole between
/// two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::thread::sleep;

	const LONG: Duration = Duration::from_secs(3_600);
	/// Longer than a busy machine keeps a test waiting, and less than half a second.
	const BRIEF: Duration = Duration::from_millis(400);

	fn names(health: &Health) -> Vec<&'static str> {
		health.unmet().into_iter().map(|unmet| unmet.condition).collect()
	}

	#[test]
	fn service_should_be_ready_only_when_every_condition_is_met() {
		let health = Health::new(LONG);
		let connected = health.condition("connected", "no node has answered");
		let moves = health.recurring("chain_moves", LONG, "no new block");
		assert_eq!(names(&health), ["connected", "chain_moves"]);
		assert_eq!(health.unmet()[0].reason, "no node has answered yet");
		assert_eq!(health.unmet()[1].reason, "no new block yet");
		assert!(moves.meet());
		assert_eq!(names(&health), ["connected"]);
		assert!(connected.meet());
		assert!(!connected.meet(), "it was met");
		assert!(health.unmet().is_empty());
		assert_eq!(health.unmet_as_lines(), "");
	}

	/// R18: a watchdog that connects again made the service healthy while the chain stood still.
	#[test]
	fn service_should_stay_unready_until_a_block_comes_when_only_the_connection_is_back() {
		let health = Health::new(LONG);
		let connected = health.condition("connected", "no node has answered");
		let moves = health.recurring("chain_moves", BRIEF, "no new block");
		connected.meet();
		moves.meet();
		sleep(BRIEF + BRIEF / 4);
		assert!(connected.fail("the node does not answer"));
		assert_eq!(names(&health), ["connected", "chain_moves"]);
		connected.meet();
		assert_eq!(names(&health), ["chain_moves"]);
		assert_eq!(health.unmet()[0].reason, "no new block for 0 s");
		assert!(moves.meet());
		assert!(health.unmet().is_empty());
	}

	#[test]
	fn reason_should_be_the_newest_and_its_time_the_first() {
		let health = Health::new(LONG);
		let can_pay = health.condition("can_pay", "the balance is not known");
		can_pay.meet();
		assert!(can_pay.fail("1 planck"));
		let first = health.unmet();
		sleep(BRIEF);
		assert!(!can_pay.fail("0 planck"), "it was not met");
		let second = health.unmet();
		assert_eq!((second[0].since, second[0].reason.as_str()), (first[0].since, "0 planck"));
	}

	#[test]
	fn unmet_condition_should_be_one_line_of_json() {
		let health = Health::new(LONG);
		let connected = health.condition("connected", "");
		connected.fail("a \"quoted\"\nreason");
		let lines = health.unmet_as_lines();
		assert_eq!(lines.lines().count(), 1);
		let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
		assert_eq!(line["condition"], "connected");
		assert_eq!(line["reason"], "a \"quoted\"\nreason");
		assert!(line["since"].as_str().unwrap().ends_with('Z'));
	}

	#[test]
	fn loop_should_count_as_standing_still_when_a_turn_takes_too_long() {
		let health = Health::new(BRIEF);
		assert_eq!(health.stands_still(), None);
		sleep(BRIEF + BRIEF / 4);
		assert!(health.stands_still().unwrap() > BRIEF);
		health.clone().turn();
		assert_eq!(health.stands_still(), None);
	}

	#[tokio::test]
	async fn loop_should_not_count_as_standing_still_while_it_waits_for_what_has_a_time_out() {
		let limit = Duration::from_secs(2);
		let health = Health::new(limit);
		let waiting = health.waiting(tokio::time::sleep(limit * 2));
		let look = async {
			tokio::time::sleep(limit * 3 / 2).await;
			health.stands_still()
		};
		let ((), stands_still) = tokio::join!(waiting, look);
		assert_eq!(stands_still, None);
	}

	#[test]
	fn conditions_should_be_shown_with_whether_they_are_met() {
		let health = Health::new(LONG);
		health.condition("connected", "").meet();
		let _moves = health.condition("chain_moves", "");
		let mut shown = Vec::new();
		health.show(|name, is_met| shown.push((name.to_owned(), is_met)));
		assert_eq!(shown, [("connected".into(), true), ("chain_moves".into(), false)]);
	}
}
