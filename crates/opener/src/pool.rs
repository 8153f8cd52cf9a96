// SPDX-License-Identifier: Apache-2.0
//! Solvers on threads of their own, at low priority.
//!
//! There are as many threads as the operator says, and no more jobs wait than there are threads: the
//! plan is made anew with every block, so a long queue would only be out of date.

use crate::{decide::Id, store::Store};
use pvs_primitives::{bid::BID_CONTEXT_BYTES, Bytes32};
use pvs_service::metrics::IntCounter;
use pvs_timelock::{
	solve::{prove, Solver, Squarer},
	Opening, Parameters, Seal, Statement, ELEMENT_BYTES,
};
use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	sync::{
		atomic::{AtomicU8, AtomicUsize, Ordering},
		mpsc::{sync_channel, Receiver, SyncSender, TrySendError},
		Arc, Mutex,
	},
	thread,
	time::{Duration, Instant},
};

/// Squarings between two looks at whether to go on; about 20 ms.
const CHUNK: u64 = 1 << 14;
/// Interval at which a solver is saved, and the work below which it is not worth it.
const SAVE_EVERY: Duration = Duration::from_secs(30);
/// Work that is worth saving when the opener stops.
const WORTH_SAVING: Duration = Duration::from_secs(5);
/// The part of the squarings that is worth saving when a seal is given up: one in so many. The block
/// that made it useless may not last.
const WORTH_KEEPING: u64 = 32;

/// Fate of a job that is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
	/// Nothing: it goes on.
	Work,
	/// Its work is saved if it is more than a few per cent.
	GiveUp,
	/// Its work is saved if it took more than a few seconds.
	Pause,
}

/// Asks a job to stop.
#[derive(Clone, Debug, Default)]
pub struct Handle(Arc<AtomicU8>);

impl Handle {
	/// Gives the seal up: as the best block is, nobody needs it any more.
	pub fn give_up(&self) {
		self.0.store(1, Ordering::Relaxed);
	}

	/// Saves the work for a restart.
	pub fn pause(&self) {
		self.0.store(2, Ordering::Relaxed);
	}

	fn order(&self) -> Order {
		match self.0.load(Ordering::Relaxed) {
			0 => Order::Work,
			1 => Order::GiveUp,
			_ => Order::Pause,
		}
	}
}

/// A seal to solve.
#[derive(Clone, Debug)]
pub struct Job {
	/// Identifies it.
	pub id: Id,
	/// The chain's parameters.
	pub parameters: Arc<Parameters>,
	/// The seal.
	pub seal: Seal,
	/// Context that it is bound to.
	pub context: [u8; BID_CONTEXT_BYTES],
	/// Commitment of its bid.
	pub commitment: Bytes32,
	/// Account for which it is opened.
	pub opener: Bytes32,
}

/// Outcome of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
	/// The seal is solved and proven.
	Solved {
		/// Opening to send.
		opening: Box<Opening>,
		/// Time that it took, the proof counted in, without what was done before a restart.
		took: Duration,
		/// Number of squarings that were done in that time.
		squarings: u64,
	},
	/// It was asked to stop.
	Stopped {
		/// Number of squarings of the seal that are saved.
		saved: u64,
	},
	/// It cannot be solved here, and why.
	Failed(String),
}

/// Receives how jobs end; called on the threads of the pool.
pub type Sink = Arc<dyn Fn(Id, Outcome) + Send + Sync>;

/// The threads.
#[derive(Debug)]
pub struct Pool {
	jobs: SyncSender<(Job, Handle)>,
	/// Jobs that are solved, or wait for a thread.
	taken: Arc<AtomicUsize>,
}

impl Pool {
	/// Starts the threads, with a priority lower by `nice` where the system has that. They count their
	/// squarings.
	pub fn start(
		threads: usize,
		nice: i32,
		store: Store,
		squarings: IntCounter,
		sink: Sink,
	) -> std::io::Result<Self> {
		let threads = threads.max(1);
		let (jobs, queue) = sync_channel(threads);
		let queue = Arc::new(Mutex::new(queue));
		let taken = Arc::new(AtomicUsize::new(0));
		for index in 0..threads {
			let (queue, store, squarings) = (queue.clone(), store.clone(), squarings.clone());
			let (sink, taken) = (sink.clone(), taken.clone());
			thread::Builder::new().name(format!("open-{index}")).spawn(move || {
				lower_priority(nice);
				while let Some((job, handle)) = next(&queue) {
					let outcome = run(&job, &handle, &store, &squarings);
					taken.fetch_sub(1, Ordering::Relaxed);
					sink(job.id, outcome);
				}
			})?;
		}
		Ok(Self { jobs, taken })
	}

	/// Hands a job to the threads; `None` if as many wait already as there are threads.
	pub fn solve(&self, job: Job) -> Option<Handle> {
		let handle = Handle::default();
		self.taken.fetch_add(1, Ordering::Relaxed);
		match self.jobs.try_send((job, handle.clone())) {
			Ok(()) => Some(handle),
			Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
				self.taken.fetch_sub(1, Ordering::Relaxed);
				None
			},
		}
	}

	/// Returns whether nothing is being solved.
	pub fn is_idle(&self) -> bool {
		self.taken.load(Ordering::Relaxed) == 0
	}
}

fn next(queue: &Mutex<Receiver<(Job, Handle)>>) -> Option<(Job, Handle)> {
	// A thread that panicked while it held the lock has taken no job out.
	queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv().ok()
}

fn run(job: &Job, handle: &Handle, store: &Store, squarings: &IntCounter) -> Outcome {
	catch_unwind(AssertUnwindSafe(|| solve(job, handle, store, squarings)))
		.unwrap_or_else(|_| Outcome::Failed("the solver has crashed".into()))
}

fn solve(job: &Job, handle: &Handle, store: &Store, squarings: &IntCounter) -> Outcome {
	let Some(base) = job.seal.first_chunk::<ELEMENT_BYTES>() else {
		return Outcome::Failed("the seal is too short".into());
	};
	let delay = job.parameters.delay;
	let mut solver = store
		.solver(&job.id, base, delay)
		.unwrap_or_else(|| Solver::new(base, delay, Squarer::default()));
	let (started, begun_at) = (Instant::now(), solver.done());
	let (mut saved, mut saved_at) = (begun_at, Instant::now());
	let save = |solver: &Solver| note(store.save_solver(&job.id, solver));
	while !solver.is_done() {
		let is_worth_saving = match handle.order() {
			Order::Work => None,
			Order::GiveUp => Some(solver.done() > delay / WORTH_KEEPING),
			Order::Pause => Some(started.elapsed() >= WORTH_SAVING),
		};
		if let Some(is_worth_saving) = is_worth_saving {
			if is_worth_saving && solver.done() > saved && save(&solver) {
				saved = solver.done();
			}
			return Outcome::Stopped { saved };
		}
		let before = solver.done();
		solver.advance(CHUNK);
		squarings.inc_by(solver.done().saturating_sub(before));
		if saved_at.elapsed() >= SAVE_EVERY {
			if save(&solver) {
				saved = solver.done();
			}
			saved_at = Instant::now();
		}
	}
	let statement = Statement {
		parameters: &job.parameters,
		seal: &job.seal,
		context: &job.context,
		commitment: &job.commitment,
		opener: &job.opener,
	};
	match prove(&solver, &statement, 1) {
		Ok(opening) => {
			note(store.save_opening(&job.id, &opening));
			Outcome::Solved {
				opening: Box::new(opening),
				took: started.elapsed(),
				squarings: delay.saturating_sub(begun_at),
			}
		},
		Err(error) => {
			// The next attempt must not start from what was miscalculated.
			note(store.forget(&job.id));
			Outcome::Failed(error.to_string())
		},
	}
}

/// Logs a failure to save; what cannot be saved is only missed after a restart. Returns whether it could.
fn note(result: std::io::Result<()>) -> bool {
	result.inspect_err(|error| tracing::warn!("cannot keep unfinished work: {error}")).is_ok()
}

/// On Linux a thread has a priority of its own, and `nice` sets that of the caller.
fn lower_priority(by: i32) {
	if by > 0 {
		if let Err(error) = rustix::process::nice(by) {
			tracing::debug!("cannot lower a thread's priority: {error}");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_timelock::{solve::Options, verify_opening, Exponent, EXPONENT_BYTES, PAYLOAD_BYTES};
	use std::{collections::BTreeSet, sync::mpsc, sync::LazyLock};

	const SHORT: u64 = 1 << 14;
	/// Hours: a job of it ends only when it is stopped.
	const LONG: u64 = 1 << 36;
	const WAIT: Duration = Duration::from_secs(60);

	static PARAMETERS: LazyLock<Arc<Parameters>> = LazyLock::new(|| {
		let computed =
			pvs_timelock::solve::compute_parameters("test", SHORT, Options::default()).unwrap();
		Arc::new(computed)
	});

	fn job(number: u8, delay: u64) -> Job {
		let (context, payload) = ([number; BID_CONTEXT_BYTES], [number; PAYLOAD_BYTES]);
		let exponent = Exponent::from([number.wrapping_add(1); EXPONENT_BYTES]);
		let parameters = Parameters { delay, ..(**PARAMETERS).clone() };
		Job {
			id: [number; 32],
			seal: pvs_timelock::seal(&parameters, &context, &payload, &exponent),
			parameters: Arc::new(parameters),
			context,
			commitment: [number; 32],
			opener: [9; 32],
		}
	}

	struct World {
		pool: Pool,
		ended: mpsc::Receiver<(Id, Outcome)>,
		store: Store,
		squarings: IntCounter,
		_dir: tempfile::TempDir,
	}

	fn counter() -> IntCounter {
		IntCounter::new("squarings_total", "Squarings").unwrap()
	}

	fn world(threads: usize) -> World {
		let dir = tempfile::tempdir().unwrap();
		let store = Store::open(dir.path()).unwrap();
		let (sender, ended) = mpsc::channel();
		let sender = Mutex::new(sender);
		let sink: Sink = Arc::new(move |id, outcome| {
			let _ = sender.lock().unwrap().send((id, outcome));
		});
		let squarings = counter();
		let pool = Pool::start(threads, 0, store.clone(), squarings.clone(), sink).unwrap();
		World { pool, ended, store, squarings, _dir: dir }
	}

	fn statement(job: &Job) -> Statement<'_> {
		Statement {
			parameters: &job.parameters,
			seal: &job.seal,
			context: &job.context,
			commitment: &job.commitment,
			opener: &job.opener,
		}
	}

	#[test]
	fn seal_should_be_solved_and_proven_for_its_opener_only() {
		let world = world(1);
		let job = job(1, SHORT);
		world.pool.solve(job.clone()).unwrap();
		let (id, outcome) = world.ended.recv_timeout(WAIT).unwrap();
		let Outcome::Solved { opening, squarings, .. } = outcome else { panic!("{outcome:?}") };
		assert_eq!((id, squarings), (job.id, SHORT));
		assert_eq!(verify_opening(&statement(&job), &opening.solution, &opening.proof), Ok(()));
		let thief = Job { opener: [8; 32], ..job.clone() };
		assert!(verify_opening(&statement(&thief), &opening.solution, &opening.proof).is_err());
		assert_eq!(world.store.opening(&job.id), Some(*opening), "kept for a restart");
		assert!(world.pool.is_idle());
	}

	#[test]
	fn jobs_should_never_be_more_than_threads_at_work_and_as_many_waiting() {
		let world = world(2);
		let handles: Vec<Handle> = (0..4).filter_map(|n| world.pool.solve(job(n, LONG))).collect();
		// A thread may not have taken its first job yet when the queue is looked at.
		assert!((2..=4).contains(&handles.len()), "{}", handles.len());
		let give_up = Instant::now() + WAIT;
		let mut more = handles.len();
		while more < 4 && Instant::now() < give_up {
			more += usize::from(world.pool.solve(job(more as u8, LONG)).is_some_and(|handle| {
				handle.give_up();
				true
			}));
		}
		assert_eq!(more, 4, "two at work, two waiting");
		handles.iter().for_each(Handle::give_up);
		let ended: BTreeSet<Id> =
			(0..4).map(|_| world.ended.recv_timeout(WAIT).unwrap().0).collect();
		assert_eq!(ended.len(), 4);
		assert!(world.pool.is_idle());
	}

	#[test]
	fn second_job_should_wait_when_there_is_one_thread() {
		let world = world(1);
		let first = world.pool.solve(job(1, LONG)).unwrap();
		let second = loop {
			// The only place in the queue is free once the thread has taken the first job.
			if let Some(handle) = world.pool.solve(job(2, SHORT)) {
				break handle;
			}
		};
		assert!(
			world.ended.recv_timeout(Duration::from_millis(300)).is_err(),
			"both are under way"
		);
		assert!(world.pool.solve(job(3, SHORT)).is_none(), "the queue is full");
		first.give_up();
		let stopped = Outcome::Stopped { saved: 0 };
		assert_eq!(world.ended.recv_timeout(WAIT).unwrap(), ([1; 32], stopped));
		let (id, outcome) = world.ended.recv_timeout(WAIT).unwrap();
		assert!(id == [2; 32] && matches!(outcome, Outcome::Solved { .. }));
		drop(second);
	}

	#[test]
	fn saved_work_should_stay_when_its_job_is_stopped() {
		let world = world(1);
		let job = job(1, LONG);
		let base = job.seal.first_chunk().unwrap();
		let mut solver = Solver::new(base, LONG, Squarer::default());
		solver.advance(CHUNK);
		for order in [Handle::pause as fn(&Handle), Handle::give_up] {
			world.store.save_solver(&job.id, &solver).unwrap();
			order(&world.pool.solve(job.clone()).unwrap());
			let ended = world.ended.recv_timeout(WAIT).unwrap();
			assert_eq!(ended, (job.id, Outcome::Stopped { saved: CHUNK }));
			assert_eq!(world.store.solver(&job.id, base, LONG).unwrap().done(), CHUNK);
		}
	}

	#[test]
	fn work_on_a_seal_given_up_should_be_kept_when_it_is_more_than_a_few_per_cent() {
		let world = world(1);
		let delay = CHUNK * 1_024;
		for (number, part_done, millis, is_kept) in
			[(1, delay / 128, 50, false), (2, delay / 16, 1_000, true)]
		{
			let job = job(number, delay);
			let base = job.seal.first_chunk().unwrap();
			let (handle, running) = (Handle::default(), job.clone());
			let store = world.store.clone();
			let mut solver = Solver::new(base, delay, Squarer::default());
			solver.advance(part_done);
			store.save_solver(&job.id, &solver).unwrap();
			let asked = handle.clone();
			let thread = thread::spawn(move || solve(&running, &asked, &store, &counter()));
			thread::sleep(Duration::from_millis(millis));
			handle.give_up();
			let Outcome::Stopped { saved } = thread.join().unwrap() else { panic!("not stopped") };
			assert_eq!(saved > part_done, is_kept, "{saved}");
			let kept = world.store.solver(&job.id, base, delay).unwrap().done();
			assert_eq!(kept, saved);
		}
	}

	#[test]
	fn seal_should_be_gone_on_with_when_it_was_saved_before() {
		let world = world(1);
		let job = job(1, SHORT);
		let mut solver = Solver::new(job.seal.first_chunk().unwrap(), SHORT, Squarer::default());
		solver.advance(SHORT - 100);
		world.store.save_solver(&job.id, &solver).unwrap();
		world.pool.solve(job.clone()).unwrap();
		let (_, outcome) = world.ended.recv_timeout(WAIT).unwrap();
		let Outcome::Solved { squarings, opening, .. } = outcome else { panic!("{outcome:?}") };
		assert_eq!((squarings, world.squarings.get()), (100, 100));
		assert_eq!(verify_opening(&statement(&job), &opening.solution, &opening.proof), Ok(()));
	}
}
