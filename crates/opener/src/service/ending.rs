// SPDX-License-Identifier: Apache-2.0
//! End of the service: what is on its way arrives, and the rest is saved.

use super::{Message, Service, Work};
use crate::{
	decide::Stage,
	pool::Outcome,
	report::{Report, Summary},
};
use pvs_primitives::{Balance, BlockNumber};
use pvs_service::Stop;
use std::time::Duration;
use tokio::{sync::mpsc, time::Instant};

/// Time that threads may take to save their work.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);
const PAUSE_POLL: Duration = Duration::from_millis(20);

impl Service {
	/// Stops as asked: lets the threads save their work and waits for the openings that are on their way.
	pub(super) async fn finish(
		&mut self,
		messages: &mut mpsc::UnboundedReceiver<Message>,
		stop: &Stop,
	) -> Summary {
		self.monitor.base.running.fail("the service was asked to stop");
		self.say(Report::Stopping { reason: "asked to".into() });
		tokio::select! {
			() = self.pause() => {},
			() = stop.at_once() => {},
		}
		loop {
			let message = if self.is_sending() {
				tokio::select! {
					Some(message) = messages.recv() => message,
					() = stop.at_once() => break,
				}
			} else {
				match messages.try_recv() {
					Ok(message) => message,
					Err(_) => break,
				}
			};
			// What was saved is not given up.
			if !matches!(message, Message::Ended(_, Outcome::Stopped { .. })) {
				self.on_message(message);
			}
			self.monitor.base.health.turn();
		}
		let costs = self.cost.saturating_add(self.min_profit);
		let left = self.work.values().filter(|work| work.is_left(self.height, costs));
		self.summary.left = left.count();
		self.say(Report::Summary(self.summary));
		self.summary
	}

	/// Lets the threads save their work.
	pub(super) async fn pause(&mut self) {
		for work in self.work.values() {
			if let Some(handle) = &work.handle {
				handle.pause();
			}
		}
		let give_up = Instant::now() + PAUSE_LIMIT;
		while !self.pool.is_idle() && Instant::now() < give_up {
			tokio::time::sleep(PAUSE_POLL).await;
		}
	}

	fn is_sending(&self) -> bool {
		self.work.values().any(|work| work.stage == Stage::Sending)
	}
}

impl Work {
	/// Returns whether a next start should go on with the seal, which the block of this height shows: it is solved
	/// and earns what it costs, or it is the opener's own and costs a bond if nobody opens it.
	fn is_left(&self, height: BlockNumber, costs: Balance) -> bool {
		let is_wanted = self.target.is_own || self.target.reward >= costs;
		let is_unfinished = match self.stage {
			Stage::Solved | Stage::Sending => is_wanted,
			Stage::Running => self.target.is_own,
			Stage::Sent(_) | Stage::Refused => false,
		};
		is_unfinished && self.seen == height
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		decide::tests::{book, round, sealed, SCOPE},
		decide::{targets, Rounds},
	};
	use pvs_primitives::api::Phase;

	fn work(stage: Stage) -> Work {
		let open = vec![round(0, Phase::SealOpening, vec![sealed(1)])];
		let target = targets(&Rounds { open, ..Rounds::default() }, &SCOPE, &book()).remove(0);
		Work { target, stage, handle: None, opening: None, seen: 20 }
	}

	#[test]
	fn seal_should_be_left_when_it_is_solved_and_worth_opening() {
		let reward = work(Stage::Solved).target.reward;
		for stage in [Stage::Solved, Stage::Sending] {
			assert!(work(stage).is_left(20, reward), "{stage:?}");
			assert!(!work(stage).is_left(20, reward + 1), "{stage:?}: dear");
			assert!(!work(stage).is_left(21, reward), "{stage:?}: gone");
		}
		for stage in [Stage::Running, Stage::Sent(20), Stage::Refused] {
			assert!(!work(stage).is_left(20, 0), "{stage:?}");
		}
	}

	#[test]
	fn own_seal_should_be_left_when_it_is_not_opened() {
		let own = |stage| {
			let mut work = work(stage);
			work.target.is_own = true;
			work
		};
		assert!(own(Stage::Running).is_left(20, Balance::MAX));
		assert!(own(Stage::Solved).is_left(20, Balance::MAX));
		assert!(!own(Stage::Sent(20)).is_left(20, 0));
	}
}
