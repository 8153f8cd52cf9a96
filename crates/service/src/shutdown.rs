// SPDX-License-Identifier: Apache-2.0
//! Stopping in two steps.
//!
//! The first request lets a service finish what it has begun, for a limited time; the second one, or
//! the end of that time, stops it at once. The exit code says whether work was left.
//!
//! A service knows only its [`Stop`]. Who asks is the affair of the program around it: [`Signals`] of the
//! system, or what embeds the service.

mod signals;

pub use signals::Signals;

use std::{convert::Infallible, future::pending, process::ExitCode, time::Duration};
use tokio::{sync::watch, time::Instant};

/// The exit code of a program that was asked to stop and left work behind.
pub const WORK_LEFT: u8 = 3;

/// Returns the exit code of a program that has stopped as asked, with so many pieces of work left.
pub fn exit_code(left: usize) -> ExitCode {
	if left == 0 {
		ExitCode::SUCCESS
	} else {
		ExitCode::from(WORK_LEFT)
	}
}

/// Extent to which a service is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
	Running,
	/// It finishes its work, until then; `None` if that lies beyond what the clock can tell.
	Draining(Option<Instant>),
	Stopping,
}

/// Asks a service to stop.
#[derive(Debug)]
pub struct Stopper {
	phase: watch::Sender<Phase>,
	/// Time that the service may take to finish its work.
	limit: Duration,
}

/// Signal that a service looks at to know whether to stop. Clones show the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Phase>);

/// Returns what asks a service to stop and what the service looks at. After the first request the service
/// has `limit` to finish its work.
pub fn stop(limit: Duration) -> (Stopper, Stop) {
	let (phase, seen) = watch::channel(Phase::Running);
	(Stopper { phase, limit }, Stop(seen))
}

impl Stopper {
	/// Asks the service to finish its work, or, the second time, to stop at once.
	pub fn request(&self) {
		self.phase.send_modify(|phase| {
			*phase = match *phase {
				Phase::Running => Phase::Draining(Instant::now().checked_add(self.limit)),
				Phase::Draining(_) | Phase::Stopping => Phase::Stopping,
			}
		});
	}

	/// Passes requests on, such as [`Signals`] of the system, as long as it is polled.
	pub async fn pass_on(&self, mut next: impl AsyncFnMut()) -> Infallible {
		loop {
			next().await;
			self.request();
		}
	}
}

impl Stop {
	/// Returns a stop that nobody asks for: of a service that ends with what it is embedded in.
	pub fn never() -> Self {
		stop(Duration::ZERO).1
	}

	/// Returns whether the service was asked to stop.
	pub fn is_requested(&self) -> bool {
		*self.0.borrow() != Phase::Running
	}

	/// Waits until the service is asked to stop.
	pub async fn requested(&self) {
		let mut seen = self.0.clone();
		// Without anybody who could ask, nobody does.
		if seen.wait_for(|phase| *phase != Phase::Running).await.is_err() {
			pending::<()>().await;
		}
	}

	/// Waits until the service has to stop at once: it was asked twice, or its time to finish is over.
	pub async fn at_once(&self) {
		self.requested().await;
		let mut seen = self.0.clone();
		let until = match *seen.borrow_and_update() {
			Phase::Draining(until) => until,
			Phase::Running | Phase::Stopping => return,
		};
		let over = async {
			match until {
				Some(until) => tokio::time::sleep_until(until).await,
				None => pending().await,
			}
		};
		let again = async {
			if seen.wait_for(|phase| *phase == Phase::Stopping).await.is_err() {
				pending::<()>().await;
			}
		};
		tokio::select! {
			() = over => {},
			() = again => {},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::time::timeout;

	const LONG: Duration = Duration::from_secs(3_600);
	const SOON: Duration = Duration::from_secs(10);
	const BRIEF: Duration = Duration::from_millis(50);

	#[tokio::test]
	async fn service_should_drain_at_the_first_request_and_stop_at_the_second() {
		let (stopper, stop) = stop(LONG);
		assert!(!stop.is_requested());
		assert!(timeout(BRIEF, stop.requested()).await.is_err());
		stopper.request();
		timeout(SOON, stop.requested()).await.unwrap();
		assert!(stop.is_requested());
		assert!(timeout(BRIEF, stop.at_once()).await.is_err(), "it may finish its work");
		stopper.request();
		timeout(SOON, stop.at_once()).await.unwrap();
		timeout(SOON, stop.requested()).await.unwrap();
	}

	#[tokio::test]
	async fn service_should_stop_when_its_time_to_finish_is_over() {
		let (stopper, stop) = stop(BRIEF);
		stopper.request();
		let asked_at = Instant::now();
		timeout(SOON, stop.at_once()).await.unwrap();
		assert!(asked_at.elapsed() >= BRIEF / 2);
		let (stopper, stop) = super::stop(Duration::ZERO);
		stopper.request();
		timeout(SOON, stop.at_once()).await.unwrap();
	}

	#[tokio::test]
	async fn limit_should_last_when_it_is_beyond_the_clock() {
		let (stopper, stop) = stop(Duration::MAX);
		stopper.request();
		assert!(timeout(BRIEF, stop.at_once()).await.is_err());
		stopper.request();
		timeout(SOON, stop.at_once()).await.unwrap();
	}

	#[tokio::test]
	async fn service_should_stop_at_once_when_it_is_asked_twice_while_it_waits() {
		let (stopper, stop) = stop(LONG);
		let waiting = tokio::spawn(async move { stop.at_once().await });
		stopper.request();
		tokio::time::sleep(BRIEF).await;
		assert!(!waiting.is_finished());
		stopper.request();
		timeout(SOON, waiting).await.unwrap().unwrap();
	}

	#[tokio::test]
	async fn service_should_go_on_when_nobody_is_left_to_stop_it() {
		let stop = Stop::never();
		assert!(timeout(BRIEF, stop.requested()).await.is_err());
		assert!(timeout(BRIEF, stop.at_once()).await.is_err());
		assert!(!stop.is_requested());
	}

	#[tokio::test]
	async fn limit_should_hold_when_the_one_who_asked_is_gone() {
		let (stopper, stop) = stop(BRIEF);
		stopper.request();
		drop(stopper);
		timeout(SOON, stop.at_once()).await.unwrap();
	}

	#[tokio::test]
	async fn requests_should_be_passed_on_one_by_one() {
		let (stopper, stop) = stop(LONG);
		let (sender, mut signals) = tokio::sync::mpsc::unbounded_channel();
		sender.send(()).unwrap();
		let mut taken = 0;
		let pass_on = stopper.pass_on(async || {
			if signals.recv().await.is_none() {
				pending::<()>().await;
			}
			taken += 1;
		});
		assert!(timeout(BRIEF, pass_on).await.is_err());
		assert_eq!(taken, 1);
		assert!(stop.is_requested());
		assert!(timeout(BRIEF, stop.at_once()).await.is_err());
	}

	#[test]
	fn exit_code_should_say_whether_work_was_left() {
		let shown = |code: ExitCode| format!("{code:?}");
		assert_eq!(shown(exit_code(0)), shown(ExitCode::SUCCESS));
		assert_eq!(shown(exit_code(1)), shown(ExitCode::from(WORK_LEFT)));
		assert_eq!(shown(exit_code(usize::MAX)), shown(ExitCode::from(WORK_LEFT)));
	}
}
