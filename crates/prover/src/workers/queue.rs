// SPDX-License-Identifier: Apache-2.0
//! Turns to prove: as many jobs at a time as there is room for, and of those that wait the one that is due first.

use pvs_primitives::BlockNumber;
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// Hands out turns, a number of them at a time.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
	/// Number of turns that nobody has. None while somebody waits.
	free: usize,
	/// By the block that they are due in, and as they came where that is the same.
	waiting: BTreeMap<(BlockNumber, u64), oneshot::Sender<Turn>>,
	arrivals: u64,
}

/// The right to prove. Whoever is due first has it next when it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Turns);

impl Turns {
	/// Returns this many turns that nobody has, at least one.
	pub(super) fn new(turns: usize) -> Self {
		let (waiting, arrivals) = (BTreeMap::new(), 0);
		Self(Arc::new(Mutex::new(State { free: turns.max(1), waiting, arrivals })))
	}

	/// Waits for a turn with a job that is due in block `due`. A job that is being proved keeps its
	/// turn, however late it is due.
	pub(super) async fn take(&self, due: BlockNumber) -> Turn {
		loop {
			match self.ask(due) {
				Ok(turn) => return turn,
				Err(waiting) => {
					if let Ok(turn) = waiting.await {
						return turn;
					}
				},
			}
		}
	}

	fn ask(&self, due: BlockNumber) -> Result<Turn, oneshot::Receiver<Turn>> {
		let mut state = self.state();
		if state.free > 0 {
			state.free = state.free.saturating_sub(1);
			return Ok(Turn(self.clone()));
		}
		let (turn, waiting) = oneshot::channel();
		let arrival = state.arrivals;
		state.arrivals = arrival.saturating_add(1);
		state.waiting.insert((due, arrival), turn);
		Err(waiting)
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Drop for Turn {
	fn drop(&mut self) {
		let next = {
			let mut state = self.0.state();
			let next = state.waiting.pop_first();
			if next.is_none() {
				state.free = state.free.saturating_add(1);
			}
			next
		};
		if let Some((_, next)) = next {
			// Where nobody waits for it any more the turn is dropped, and so passed on.
			let _ = next.send(Self(self.0.clone()));
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::poll;
	use std::time::Duration;

	/// Finding R13: jobs were proved in the order in which they came.
	#[tokio::test]
	async fn job_that_is_due_first_should_be_proved_first() {
		let turns = Turns::new(1);
		let proved = Arc::new(Mutex::new(Vec::new()));
		let being_proved = turns.take(100).await;
		let mut tasks = Vec::new();
		for (name, due) in [("a", 30), ("b", 10), ("c", 20), ("d", 10)] {
			let (turns, proved) = (turns.clone(), proved.clone());
			tasks.push(tokio::spawn(async move {
				let _turn = turns.take(due).await;
				proved.lock().unwrap().push(name);
			}));
			tokio::task::yield_now().await;
		}
		assert!(proved.lock().unwrap().is_empty());
		drop(being_proved);
		for task in tasks {
			task.await.unwrap();
		}
		assert_eq!(*proved.lock().unwrap(), ["b", "d", "c", "a"]);
	}

	#[tokio::test]
	async fn turn_should_pass_on_when_whoever_waited_has_given_up() {
		let turns = Turns::new(1);
		let first = turns.take(1).await;
		let mut before = Box::pin(turns.take(2));
		let mut after = Box::pin(turns.take(3));
		assert!(poll!(&mut before).is_pending() && poll!(&mut after).is_pending());
		drop(before);
		// It gets the turn and is given up before it sees it.
		drop(first);
		drop(after);
		let next = tokio::time::timeout(Duration::from_secs(5), turns.take(4));
		assert!(next.await.is_ok());
	}

	#[tokio::test]
	async fn jobs_should_be_proved_at_the_same_time_as_far_as_there_is_room() {
		let turns = Turns::new(2);
		let (first, second) = (turns.take(1).await, turns.take(2).await);
		let mut late = Box::pin(turns.take(9));
		let mut early = Box::pin(turns.take(3));
		assert!(poll!(&mut late).is_pending() && poll!(&mut early).is_pending());
		drop(second);
		assert!(poll!(&mut late).is_pending(), "another one is due before");
		let early = early.await;
		drop(first);
		let late = late.await;
		drop((early, late));
		let (_one, _other) = (turns.take(1).await, turns.take(2).await);
		assert!(poll!(Box::pin(turns.take(3))).is_pending(), "there are two, as at first");
	}
}
