// SPDX-License-Identifier: Apache-2.0
//! Tasks that somebody looks after.
//!
//! [`Supervisor`] is for tasks that last as long as the service: what ends one, also a panic, is told, and
//! the task is started again or the service ends. [`Tasks`] is for pieces of work that bring something
//! back: each gives its [`Answer`], whatever becomes of it. [`caught`] makes an error of the panic of a whole
//! service, for those that embed it.

mod answer;

pub use answer::{Answer, Tasks};

use crate::Backoff;
use futures::FutureExt;
use std::{
	any::Any,
	fmt::{self, Display},
	future::{pending, Future},
	panic::AssertUnwindSafe,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A task that has lasted this long starts with the first pause again.
const LASTED: Duration = Duration::from_secs(60);

/// Reaction when a task ends that should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
	/// It is started again, after a pause.
	Restart(Backoff),
	/// The service ends: [`Supervisor::ended`] returns.
	EndService,
}

/// Reason why a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
	/// It panicked, with this message.
	Panicked(String),
	/// It returned this error.
	Failed(String),
	/// It returned, which it should not.
	Returned,
}

/// The end of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
	/// The name of the task.
	pub task: &'static str,
	/// Reason why it ended.
	pub cause: Cause,
	/// Time in which it is started again; `None` if the service ends.
	pub restarts_in: Option<Duration>,
}

impl Display for Ended {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let task = self.task;
		match &self.cause {
			Cause::Panicked(text) => write!(f, "the task {task} has panicked: {text}")?,
			Cause::Failed(text) => write!(f, "the task {task} has failed: {text}")?,
			Cause::Returned => write!(f, "the task {task} has ended")?,
		}
		match self.restarts_in {
			Some(pause) => write!(f, "; it is started again in {:.1} s", pause.as_secs_f64()),
			None => f.write_str("; the service stops"),
		}
	}
}

/// Runs tasks until it is dropped, which ends them all.
pub struct Supervisor {
	tasks: JoinSet<Ended>,
	tell: Arc<dyn Fn(&Ended) + Send + Sync>,
}

impl fmt::Debug for Supervisor {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Supervisor").field("tasks", &self.tasks.len()).finish_non_exhaustive()
	}
}

impl Supervisor {
	/// Returns a supervisor without tasks, which tells of each end of a task.
	pub fn new(tell: impl Fn(&Ended) + Send + Sync + 'static) -> Self {
		Self { tasks: JoinSet::new(), tell: Arc::new(tell) }
	}

	/// Starts a task, now and again as the policy says.
	pub fn spawn<T, E>(
		&mut self,
		name: &'static str,
		policy: Policy,
		start: impl Fn() -> T + Send + Sync + 'static,
	) where
		T: Future<Output = Result<(), E>> + Send + 'static,
		E: Display + Send + 'static,
	{
		self.tasks.spawn(keep(name, policy, start, self.tell.clone()));
	}

	/// Waits for the end of a task that ends the service. Never returns if there is none. May be dropped and
	/// called again without missing anything.
	pub async fn ended(&mut self) -> Ended {
		match self.tasks.join_next().await {
			Some(Ok(ended)) => ended,
			// Only what tells of ends can have panicked.
			Some(Err(error)) => Ended {
				task: "supervisor",
				cause: Cause::Panicked(error.to_string()),
				restarts_in: None,
			},
			None => pending().await,
		}
	}
}

/// Returns what the work brings.
///
/// # Errors
///
/// It panicked, with this message.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
	// What work shares with others is behind locks or channels, as for any thread that panics.
	let result = AssertUnwindSafe(work).catch_unwind().await;
	result.map_err(|panic| message(panic.as_ref()))
}

/// Runs a task until its end ends the service.
async fn keep<T, E>(
	task: &'static str,
	policy: Policy,
	start: impl Fn() -> T + Send + Sync,
	tell: Arc<dyn Fn(&Ended) + Send + Sync>,
) -> Ended
where
	T: Future<Output = Result<(), E>> + Send,
	E: Display + Send,
{
	let mut backoff = match policy {
		Policy::Restart(backoff) => Some(backoff),
		Policy::EndService => None,
	};
	loop {
		let started = Instant::now();
		let cause = match caught(async { start().await }).await {
			Ok(Ok(())) => Cause::Returned,
			Ok(Err(error)) => Cause::Failed(error.to_string()),
			Err(message) => Cause::Panicked(message),
		};
		let restarts_in = backoff.as_mut().map(|backoff| {
			if started.elapsed() >= LASTED {
				backoff.reset();
			}
			backoff.next_pause()
		});
		let ended = Ended { task, cause, restarts_in };
		tell(&ended);
		match restarts_in {
			Some(pause) => tokio::time::sleep(pause).await,
			None => return ended,
		}
	}
}

/// Returns what a panic says.
fn message(panic: &(dyn Any + Send)) -> String {
	let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
	let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
	text.unwrap_or_else(|| "without a message".into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::{
		atomic::{AtomicU32, Ordering},
		Mutex,
	};
	use tokio::time::timeout;

	const SOON: Duration = Duration::from_secs(20);
	const BRIEF: Duration = Duration::from_millis(100);

	fn quickly() -> Policy {
		Policy::Restart(Backoff::new(Duration::from_millis(1), Duration::from_millis(4)))
	}

	#[derive(Clone, Default)]
	struct Told(Arc<Mutex<Vec<Ended>>>);

	impl Told {
		fn supervisor(&self) -> Supervisor {
			let told = self.0.clone();
			Supervisor::new(move |ended| told.lock().unwrap().push(ended.clone()))
		}

		fn take(&self) -> Vec<Ended> {
			std::mem::take(&mut *self.0.lock().unwrap())
		}
	}

	/// Panics, fails and returns in turn, then lasts.
	async fn troubled(turn: u32) -> Result<(), &'static str> {
		match turn {
			0 => panic!("first"),
			1 => Err("second"),
			2 => Ok(()),
			_ => pending().await,
		}
	}

	async fn until(mut is_so: impl FnMut() -> bool) {
		let waiting = async {
			while !is_so() {
				tokio::time::sleep(Duration::from_millis(1)).await;
			}
		};
		timeout(SOON, waiting).await.unwrap();
	}

	#[tokio::test]
	async fn task_should_be_started_again_when_it_panics_fails_or_returns() {
		let (told, turns) = (Told::default(), Arc::new(AtomicU32::new(0)));
		let mut supervisor = told.supervisor();
		let counted = turns.clone();
		supervisor.spawn("troubled", quickly(), move || {
			troubled(counted.fetch_add(1, Ordering::Relaxed))
		});
		until(|| turns.load(Ordering::Relaxed) == 4).await;
		let causes: Vec<_> = told.take().into_iter().map(|ended| ended.cause).collect();
		let expected =
			[Cause::Panicked("first".into()), Cause::Failed("second".into()), Cause::Returned];
		assert_eq!(causes, expected);
		assert!(timeout(BRIEF, supervisor.ended()).await.is_err(), "the service goes on");
	}

	#[tokio::test]
	async fn service_should_end_when_a_task_that_it_needs_panics() {
		let told = Told::default();
		let mut supervisor = told.supervisor();
		supervisor.spawn("idle", quickly(), pending::<Result<(), String>>);
		supervisor.spawn("chain", Policy::EndService, || troubled(0));
		let ended = timeout(SOON, supervisor.ended()).await.unwrap();
		assert_eq!((ended.task, ended.restarts_in), ("chain", None));
		assert_eq!(ended.to_string(), "the task chain has panicked: first; the service stops");
		assert_eq!(told.take(), [ended]);
	}

	#[tokio::test]
	async fn panic_should_be_caught_when_a_task_panics_before_its_first_wait() {
		let told = Told::default();
		let mut supervisor = told.supervisor();
		let start = || -> std::future::Ready<Result<(), String>> { panic!("{} words", 2) };
		supervisor.spawn("start", Policy::EndService, start);
		let ended = timeout(SOON, supervisor.ended()).await.unwrap();
		assert_eq!(ended.cause, Cause::Panicked("2 words".into()));
	}

	#[tokio::test]
	async fn tasks_should_end_when_their_supervisor_is_dropped() {
		let alive = Arc::new(());
		let mut supervisor = Supervisor::new(|_| {});
		let held = alive.clone();
		supervisor.spawn("idle", Policy::EndService, move || {
			let held = held.clone();
			async move {
				let _held = held;
				pending::<Result<(), String>>().await
			}
		});
		tokio::task::yield_now().await;
		drop(supervisor);
		until(|| Arc::strong_count(&alive) == 1).await;
	}

	#[tokio::test]
	async fn supervisor_should_wait_when_it_has_no_tasks() {
		assert!(timeout(BRIEF, Supervisor::new(|_| {}).ended()).await.is_err());
	}

	#[test]
	fn end_of_a_task_should_say_when_it_is_started_again() {
		let restarts_in = Some(Duration::from_millis(1_500));
		let ended = Ended { task: "metrics", cause: Cause::Returned, restarts_in };
		assert_eq!(ended.to_string(), "the task metrics has ended; it is started again in 1.5 s");
		assert_eq!(message(&7_u8), "without a message");
	}
}
