// SPDX-License-Identifier: Apache-2.0
//! The sequencer as a service: takes transfers, commits batches of them and follows their fate.
//!
//! On every best block it reads the rollup's batches, lets the [core](crate::core) draw its conclusions, and commits
//! ([`commits`]) what is due. Which node shows the blocks is the [`Follower`](pvs_client::Follower)'s to say.

mod commits;
mod ending;
mod starting;
#[cfg(test)]
mod tests;

use crate::{
	chain::{Found, Reader, Seen},
	config::Config,
	core::{Change, Core, CoreError},
	generator::{self, Generator},
	monitor::Monitor,
	pace::Pace,
	report::{Report, Reporter},
	rpc::{self, Server, Shared},
	seat::{Commit, Seat},
	trouble::{Standstill, Troubles},
	SequencerError, SERVICE,
};
use pvs_client::{Block, Error, Notice, ReplicaError, Step, SubmitError};
use pvs_primitives::BlockNumber;
use pvs_service::{supervise::caught, Metrics, Stop, Supervisor};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
	task::JoinSet,
	time::{interval, Interval, MissedTickBehavior},
};

/// Time that no block may come before the chain counts as standing still.
const STALL: Duration = Duration::from_secs(60);
/// Interval at which the loop makes a turn when nothing happens.
const TURN: Duration = Duration::from_secs(10);

/// Work that a sequencer that was stopped leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
	/// Accepted transfers that wait, in the journal.
	pub waiting: usize,
	/// Commits that a block may still take. The next start sees on the chain whether one has.
	pub left: usize,
}

/// Runs the sequencer until it is asked to stop, and says what is left. If this is dropped before, all that it started
/// ends too, and what it held is free a moment later: commits break off, and the next start sees on the chain what
/// became of them.
///
/// # Errors
///
/// No node answers, or on another chain or with another rollup or sequencer than there should be; an address or the
/// data directory cannot be used, or no more be written to for another reason than that it is full; the sequencer
/// itself has crashed.
pub async fn run(
	config: Config,
	reporter: Reporter,
	stop: Stop,
) -> Result<Summary, SequencerError> {
	let metrics = match &config.registry {
		Some(metrics) => metrics.clone(),
		None => Metrics::new(SERVICE)?,
	};
	let reporter = reporter.counted(&metrics)?;
	let monitor = Monitor::new(&metrics, STALL)?;
	let (told, rollup) = (reporter.clone(), config.rollup);
	let mut supervisor = Supervisor::new(move |ended| {
		told.say(Report::Warning { text: ended.to_string() }, &rollup);
	});
	if let Some(address) = config.metrics {
		let server = pvs_service::Server::bind(address, metrics, monitor.health.clone()).await?;
		let address = server.address();
		reporter.say(Report::ServesMetrics { address }, &rollup);
		server.run_under(&mut supervisor);
	}
	caught(serve(config, reporter, monitor, &stop)).await.map_err(SequencerError::Crashed)?
}

async fn serve(
	config: Config,
	reporter: Reporter,
	monitor: Monitor,
	stop: &Stop,
) -> Result<Summary, SequencerError> {
	let health = monitor.health.clone();
	let (mut service, mut server) = tokio::select! {
		started = health.waiting(Service::start(config, reporter, monitor, stop.clone())) => started?,
		() = stop.requested() => return Ok(Summary::default()),
	};
	let followed = service.follow(&mut server).await;
	service.finish(server, followed).await
}

/// A commit on its way, or none. It ends with whoever holds this.
type Committing = JoinSet<Result<Commit, SequencerError>>;

struct Service {
	config: Config,
	reporter: Reporter,
	monitor: Monitor,
	stop: Stop,
	shared: Shared,
	seat: Arc<Seat>,
	reader: Reader,
	/// Time from one block of the chain to the next.
	slot: Duration,
	/// A batch on its way to the chain.
	commit: Committing,
	last_commit: Option<BlockNumber>,
	/// The best block that was seen last.
	best: BlockNumber,
	pace: Pace,
	troubles: Troubles,
	standstill: Standstill,
	/// True if it was told that the files cannot be put in order.
	told_untidy: bool,
	/// Generator of transfers of its own, if there is one.
	generator: Option<Generator>,
}

impl Service {
	/// Takes in the chain at a block.
	async fn take_in(&mut self, best: Block) -> Result<(Seen, Vec<Change>), SequencerError> {
		let seen = self.reader.heads(&self.seat, best).await?;
		let heads = seen.heads.clone();
		let result = self.shared.with_core(|core| core.follow(heads)).await;
		let changes = match result {
			Err(CoreError::Missing(_)) => {
				let rollup = self.config.rollup;
				let from = self.shared.with_core(|core| (core.cursor(), core.next_index())).await;
				let search = self.reader.search(&self.seat, rollup, from, &seen.heads);
				let Found { commits, unnamed } = search.await?;
				let heads = seen.heads.clone();
				let again = move |core: &mut Core| {
					core.learn(commits);
					core.follow(heads)
				};
				match (self.shared.with_core(again).await, unnamed) {
					(Err(CoreError::Missing(_)), Some(index)) => {
						return Err(ReplicaError::NoDigest { rollup, index }.into());
					},
					(result, _) => result?,
				}
			},
			result => result?,
		};
		Ok((seen, changes))
	}

	/// Follows the chain until asked to stop.
	async fn follow(&mut self, server: &mut Option<Server>) -> Result<(), SequencerError> {
		let mut nodes = self.seat.client.follow(self.slot, Duration::MAX);
		let stop = self.stop.clone();
		let mut turns = self.generator.as_ref().map(|_| {
			let mut turns = interval(generator::TURN);
			turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
			turns
		});
		loop {
			self.monitor.health.turn();
			let result = tokio::select! {
				step = nodes.next() => match step? {
					Step::Best(block) => self.at_block(block).await,
					Step::Notice(notice) => {
						self.on_notice(&notice);
						Ok(())
					},
				},
				result = finished(&mut self.commit) => self.committed(result).await,
				() = next_turn(&mut turns) => {
					self.make_transfers().await;
					Ok(())
				},
				() = ended(server) => {
					return Err(SequencerError::Crashed("it takes no more connections".into()));
				},
				() = stop.requested() => return Ok(()),
				() = tokio::time::sleep(TURN) => Ok(()),
			};
			match result {
				Err(error) if can_pass(&error) => self.set_problem(Some(error.to_string())),
				result => result?,
			}
			self.look_at_disk().await?;
		}
	}

	/// Makes transfers of its own, as many as are due at once.
	async fn make_transfers(&mut self) {
		let Some(mut generator) = self.generator.take() else { return };
		let accepted = self.monitor.accepted.clone();
		let work = move |shared: &Shared| {
			generator.turn(shared, &accepted);
			generator
		};
		self.generator = Some(self.shared.on_thread(work).await);
	}

	/// Tells what is wrong with the nodes, or right again. Only a higher block says that all is well.
	fn on_notice(&mut self, notice: &Notice) {
		let text = notice.to_string();
		match notice {
			Notice::Attached { url } => {
				self.monitor.connected.meet();
				self.say(Report::Connected { url: url.clone() });
				return;
			},
			Notice::Lost { .. } => {
				self.monitor.connected.fail(text.clone());
			},
			Notice::Behind { .. } | Notice::Stalled { .. } => {},
		}
		self.standstill.note(text.clone());
		self.tell_problem(Some(text));
	}

	/// Takes in a block and does what is to be done.
	async fn at_block(&mut self, best: Block) -> Result<(), SequencerError> {
		self.best = best.number;
		if self.standstill.saw(best.number) {
			self.monitor.chain_moves.meet();
		}
		let (seen, changes) = match self.take_in(best).await {
			Ok(seen) => seen,
			Err(error) if is_about_data(&error) => {
				// A reorganization between two answers; what lasts is a node that lacks blocks.
				self.set_problem(Some(error.to_string()));
				return Ok(());
			},
			Err(error) => return Err(error),
		};
		self.monitor.saw_block(best.number, seen.unproven);
		self.note(&changes, best.number);
		let transfers = self.shared.with_core(|core| core.expire(rpc::now())).await?;
		if transfers > 0 {
			self.say(Report::Expired { transfers });
		}
		if self.shared.with_core(|core| core.is_idle()).await {
			self.troubles.idle();
		}
		let problem = match self.pace.is_time(best.number) {
			true => self.maybe_commit(best, seen).await?,
			false => None,
		};
		self.set_problem(problem.or_else(|| self.troubles.problem()));
		Ok(())
	}

	/// Notes what keeps batches from being committed, or that nothing does.
	fn set_problem(&self, problem: Option<String>) {
		match &problem {
			Some(text) => {
				self.monitor.can_commit.fail(text.clone());
			},
			None => {
				self.monitor.can_commit.meet();
			},
		}
		self.tell_problem(self.standstill.problem().or(problem));
	}

	/// Lets the RPC tell what is wrong, and the operator if it is new.
	fn tell_problem(&self, problem: Option<String>) {
		if let Some(text) = problem.clone().filter(|problem| self.shared.is_new(problem)) {
			self.say(Report::Problem { text });
		}
		self.shared.set_problem(problem);
	}

	/// Goes on if there is room on the disk again, and tells it once when there is none.
	async fn look_at_disk(&mut self) -> Result<(), SequencerError> {
		let look = |core: &mut Core| {
			core.look_for_room()?;
			let [failure, untidy] =
				[core.failure(), core.untidy()].map(|reason| reason.map(String::from));
			Ok::<_, CoreError>((failure, untidy, core.pool().waiting(core.tip())))
		};
		let (failure, untidy, waiting) = self.shared.with_core(look).await?;
		self.monitor.saw_waiting(waiting);
		match failure {
			Some(text) => {
				if self.monitor.has_room.fail(text.clone()) {
					self.say(Report::DiskFull { text });
				}
			},
			None => {
				if self.monitor.has_room.meet() {
					self.say(Report::DiskHasRoom);
				}
			},
		}
		let was_told = std::mem::replace(&mut self.told_untidy, untidy.is_some());
		if let Some(text) = untidy.filter(|_| !was_told) {
			self.say(Report::Warning { text });
		}
		Ok(())
	}

	/// Tells what happened, and slows down when batches are lost one after the other.
	fn note(&mut self, changes: &[Change], best: BlockNumber) {
		for change in changes {
			self.monitor.note(change);
			self.say(Report::from(change));
		}
		self.troubles.take_in(changes);
		if changes.iter().any(|change| matches!(change, Change::Committed { .. })) {
			self.pace.committed();
		}
		if changes.iter().any(|change| matches!(change, Change::Proven { .. })) {
			self.pace.proven();
		}
		if changes.iter().any(|change| matches!(change, Change::Lost { .. })) {
			let (pause, losses) = self.pace.lost(best);
			if pause > 0 {
				self.troubles.losses(format!(
					"batches were lost {losses} times in a row, which costs a bond each time; are provers \
					 running? The next one is committed in {pause} blocks"
				));
			}
		}
	}

	fn say(&self, report: Report) {
		self.reporter.say(report, &self.config.rollup);
	}
}

/// Waits for a commit to be over; forever if there is none.
async fn finished(commit: &mut Committing) -> Result<Commit, SequencerError> {
	match commit.join_next().await {
		None => pending().await,
		Some(Ok(result)) => result,
		Some(Err(error)) => Err(SequencerError::Unfinished(format!("a commit broke off: {error}"))),
	}
}

/// Waits until transfers of its own are due; forever if there are none.
async fn next_turn(turns: &mut Option<Interval>) {
	match turns {
		None => pending().await,
		Some(turns) => {
			turns.tick().await;
		},
	}
}

/// Waits until the server takes no more connections; forever if there is none.
async fn ended(server: &mut Option<Server>) {
	match server {
		None => pending().await,
		Some(server) => server.ended().await,
	}
}

/// Returns true if asking again, or another node, can help. A node that is still syncing may not know the rollup yet, and a
/// reserve that has risen above the highest fee comes down again.
fn can_pass(error: &SequencerError) -> bool {
	match error {
		SequencerError::UnknownRollup(_) | SequencerError::FeeOutOfRange { .. } => true,
		SequencerError::Chain(error) | SequencerError::Submit(SubmitError::Chain(error)) => {
			error.retry().is_worthwhile()
		},
		_ => false,
	}
}

/// Returns true if no batches are found that lead from the saved state to those on the chain.
fn is_missing(error: &SequencerError) -> bool {
	matches!(error, SequencerError::Core(CoreError::Missing(_)) | SequencerError::Replay(_))
}

/// Returns true if the data of batches cannot be read. The next block may show another one, and until then
/// what is known stays as it is.
fn is_about_data(error: &SequencerError) -> bool {
	match error {
		SequencerError::Chain(Error::NoDigest { .. } | Error::NoBatchData { .. }) => true,
		other => is_missing(other),
	}
}

/// Returns whether a commit came to no block and cost nothing, because the node's pool refused it.
fn is_free(error: &SequencerError) -> bool {
	use SubmitError::{CannotPay, Refused};
	matches!(error, SequencerError::Submit(Refused { .. } | CannotPay { .. }))
}
