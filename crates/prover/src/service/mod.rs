// SPDX-License-Identifier: Apache-2.0
//! The prover's loop.
//!
//! On every best block it reads the rollup's rounds, asks
//! [`next_step`](crate::decide::next_step) about each and starts what it says as a task
//! ([`steps`], [`proofs`], [`tasks`]). Bids and reveals that are ready in the same pass go out together at its end
//! ([`outbox`]). Results of tasks come back over a channel, so that one place changes the
//! journal ([`results`], [`records`]). A task that failed is not repeated by itself: the next block shows whether
//! it still has to be done.

mod outbox;
mod proofs;
mod records;
mod results;
mod rounds;
mod saving;
mod sealing;
mod silent;
mod steps;
mod tasks;

use crate::{
	appraise::{Appraisal, Appraiser, Unfit},
	config::Config,
	error::ProverError,
	fees::KnownFees,
	journal::{Bid, Entry, Journal, Key},
	monitor::Monitor,
	price::Policy,
	record::{Counts, Slashed},
	report::{Report, Reporter, Teller},
	rollup,
	settle::Ending,
	snapshot::{Owner, Store},
	workers::{Proof, ProvingError, Queue},
	SERVICE,
};
use outbox::Outbox;
use pvs_client::{
	seals, Account, BidPlacement, BidReveal, Block, Client, Error, Included, Notice, Step,
	SubmitError, Submitter, Token, View,
};
use pvs_primitives::{
	api::{BatchId, ProverStats, RollupInfo, RoundInfo},
	BlockNumber, Bytes32,
};
use pvs_service::{supervise::caught, Metrics, Server, Stop, Supervisor, Tasks};
use pvs_timelock::Parameters;
use rounds::{Cleaning, Rounds};
use saving::{prepare, replay, Saved, Saver};
use silent::Unsettled;
use std::{
	collections::{BTreeSet, VecDeque},
	sync::Arc,
	time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Time that no block may come before the chain counts as standing still.
const STALL: Duration = Duration::from_secs(30);
/// Interval at which the loop makes a turn when nothing happens.
const TURN: Duration = Duration::from_secs(1);

/// Runs the prover until it is asked to stop, or has stopped by itself and finished its open jobs.
///
/// # Errors
///
/// The nodes do not answer or are on another chain, the account is no prover or cannot pay, the rollup is not the one
/// of the keys or the program, the directory or the address for metrics cannot be used, the journal does not know a bid
/// of this account, jobs are left open, the prover itself has crashed.
pub async fn run(config: Config, reporter: Reporter, stop: Stop) -> Result<(), ProverError> {
	let metrics = match &config.registry {
		Some(metrics) => metrics.clone(),
		None => Metrics::new(SERVICE)?,
	};
	let reporter = reporter.counted(&metrics)?;
	let monitor = Arc::new(Monitor::new(&metrics, STALL)?);
	let told = reporter.clone();
	let mut supervisor = Supervisor::new(move |ended| {
		told.say(Report::Warning { text: ended.to_string() }, &Token::default());
	});
	if let Some(address) = config.metrics {
		let server = Server::bind(address, metrics, monitor.base.health.clone()).await?;
		let address = server.address();
		reporter.say(Report::ServesMetrics { address }, &Token::default());
		server.run_under(&mut supervisor);
	}
	caught(start_and_follow(&config, reporter, monitor, &stop))
		.await
		.map_err(ProverError::Crashed)?
}

/// Checks what can be checked of a prover without its keys and files, so that whoever embeds one can refuse to start.
///
/// # Errors
///
/// The chain does not answer, it has no such rollup, the account is the rollup's sequencer, no prover or cannot pay.
pub async fn check(config: &Config) -> Result<(), ProverError> {
	let client = config.connect.connect().await?;
	may_bid(config, &client).await.map(|_| ())
}

/// Returns the best block and the rollup there if this prover may bid for its batches.
async fn may_bid(
	config: &Config,
	client: &Client,
) -> Result<(View, RollupInfo<Bytes32>), ProverError> {
	let me = Account::of(&*config.key);
	let view = client.at(client.best().await?).await?;
	let rollup =
		view.rollup(config.rollup).await?.ok_or(ProverError::UnknownRollup(config.rollup))?;
	if rollup.sequencer == me.0 {
		return Err(ProverError::OwnRollup { account: me.address(), rollup: rollup.id });
	}
	if view.prover(me.0).await?.is_none() {
		return Err(ProverError::NotRegistered { account: me.address() });
	}
	let (token, free) = (client.token(), view.free_balance(me.0).await?);
	let needed = config.min_balance.planck(token)?;
	if free < needed {
		return Err(ProverError::BalanceTooLow {
			account: me.address(),
			free: token.show(free),
			needed: token.show(needed),
		});
	}
	Ok((view, rollup))
}

async fn start_and_follow(
	config: &Config,
	reporter: Reporter,
	monitor: Arc<Monitor>,
	stop: &Stop,
) -> Result<(), ProverError> {
	let start = async {
		let client = config.connect.connect().await?;
		let (token, progress) = (client.token().clone(), config.progress.clone());
		let teller = Teller { reporter, token, monitor: monitor.clone(), progress };
		let (service, results) = Service::start(config, &client, teller).await?;
		Ok::<_, ProverError>((client, service, results))
	};
	let (client, mut service, results) = tokio::select! {
		started = monitor.base.health.waiting(start) => started?,
		() = stop.requested() => return Err(ProverError::NotReady),
	};
	service.run(config, client, results, stop).await
}

/// Result that a finished task brings back.
#[allow(clippy::large_enum_variant, reason = "one at a time, and short-lived")]
enum Done {
	Appraised(Box<RoundInfo<Bytes32>>, Result<Appraisal, Unfit>),
	/// Alone or together with others, as is the next one.
	Placed(Key, Result<Included, Arc<SubmitError>>),
	Revealed(Key, Result<Included, Arc<SubmitError>>),
	/// With the commitment of the bid that the chain has.
	Recovered(Key, Bytes32, Result<Option<Box<Bid>>, ProverError>),
	Accepted(Key, Result<Included, SubmitError>),
	Proved(Key, Result<Proof, ProveFailure>),
	Delivered(Key, Result<Included, SubmitError>),
	/// Ending of a round that the chain shows no longer.
	Settled(Key, Result<Ending, Error>),
	Saved(Saved),
	/// The task of a round has crashed.
	Crashed(Key),
}

impl Done {
	/// Returns the round that the task worked on, if it did on one.
	fn key(&self) -> Option<Key> {
		match self {
			Self::Appraised(round, _) => Some((round.batch, round.round)),
			Self::Placed(key, _)
			| Self::Revealed(key, _)
			| Self::Recovered(key, ..)
			| Self::Accepted(key, _)
			| Self::Proved(key, _)
			| Self::Delivered(key, _)
			| Self::Settled(key, _)
			| Self::Crashed(key) => Some(*key),
			Self::Saved(_) => None,
		}
	}
}

/// Reason why a batch that was won, or is in rescue, has no proof.
#[derive(Debug, thiserror::Error)]
enum ProveFailure {
	#[error(transparent)]
	Work(#[from] Unfit),
	#[error(transparent)]
	Proving(#[from] ProvingError),
}

/// A connection, and what goes with it.
#[derive(Clone)]
struct Session {
	client: Client,
	submitter: Submitter,
}

struct Service {
	me: Account,
	rollup: u32,
	policy: Policy,
	fees: Arc<KnownFees>,
	batch_limit: Option<u64>,
	reporter: Teller,
	monitor: Arc<Monitor>,
	journal: Journal,
	queue: Queue,
	appraiser: Arc<Appraiser>,
	/// Absent for a rollup with a program of its own.
	saver: Option<Saver>,
	genesis_hash: Bytes32,
	slot: Duration,
	/// Time that open jobs may take when it stops by itself.
	drain_for: Duration,
	/// True if no node answers or the one that does lacks blocks, so that nothing is done but to wait.
	is_waiting: bool,
	/// Error that kept the newest block from being looked at, if anything did.
	looking_failed: Option<String>,
	/// Parameters that the chain sealed bids with at the start, and that bids are sealed with.
	seals: Parameters,
	height: BlockNumber,
	cleaning: Cleaning,
	rounds: Rounds,
	/// Bids and reveals that go out at the end of this pass.
	bids: Outbox<BidPlacement>,
	reveals: Outbox<BidReveal>,
	/// Runner of the tasks.
	running: Tasks,
	done: mpsc::UnboundedSender<Done>,
	/// Rounds that have closed without this prover's bid.
	unsettled: Unsettled,
	/// True if a transaction of this prover moved a round on, so that the best block is worth another look.
	look_again: bool,
	recent_proofs: VecDeque<BlockNumber>,
	ended: BTreeSet<BatchId>,
	/// Amount that was slashed, as far as it is counted, and whether there may be more.
	slashed: Slashed,
	may_be_slashed: bool,
	/// True if a round has ended in a way that only the chain's record can tell.
	is_record_due: bool,
	/// Reason why no new bids are made.
	breaker: Option<String>,
	/// True if the disk of the journal is full, so that no new bids are made until it is not.
	out_of_room: bool,
	draining_since: Option<Instant>,
	/// A round with a bid of this account that the journal does not know.
	foreign_bid: Option<Key>,
}

impl Service {
	/// Checks everything that bidding depends on, loads keys or starts the program, and replays the
	/// rollup.
	async fn start(
		config: &Config,
		client: &Client,
		reporter: Teller,
	) -> Result<(Self, mpsc::UnboundedReceiver<Done>), ProverError> {
		let me = Account::of(&*config.key);
		let token = client.token();
		let policy = Policy {
			fee: config.fee.planck(token)?,
			proof_blocks: config.proof_blocks,
			min_balance: config.min_balance.planck(token)?,
			max_jobs: config.max_jobs,
			rescue: config.rescue,
		};
		let unknown = || ProverError::UnknownRollup(config.rollup);
		let (view, rollup) = may_bid(config, client).await?;

		let info = view.seals().await?;
		let seals = seals::parameters(&info)?;

		let (genesis, queue) = rollup::load(config, &rollup).await?;
		let dir = &config.data_dir;
		let journal = Journal::open(dir, client.genesis_hash(), me.0)?;
		let store = genesis.shape().map(|shape| {
			let (chain, genesis_root) = (client.genesis_hash(), rollup.genesis_root);
			Store::new(dir, Owner { chain, rollup: config.rollup, genesis_root, shape })
		});
		if let Some(store) = &store {
			prepare(store, client, &reporter).await?;
		}
		// Keys, a program or the node may have taken a while.
		let view = client.at(client.best().await?).await?;
		let rollup = view.rollup(config.rollup).await?.ok_or_else(unknown)?;
		let (appraiser, saver) = replay(genesis, store, client, &view, &rollup, &reporter).await?;

		let fees = Arc::new(KnownFees::default());
		let submitter = Submitter::new(client.clone(), config.key.clone());
		fees.refresh(&submitter, view.block().number).await;

		let (done, results) = mpsc::unbounded_channel();
		let mut service = Self {
			me,
			rollup: config.rollup,
			policy,
			fees,
			batch_limit: config.batch_limit,
			monitor: reporter.monitor.clone(),
			reporter,
			journal,
			queue,
			appraiser: Arc::new(appraiser),
			saver,
			genesis_hash: client.genesis_hash(),
			slot: Duration::from_millis(info.slot_millis),
			drain_for: config.drain,
			is_waiting: false,
			looking_failed: None,
			seals,
			height: view.block().number,
			cleaning: Cleaning::new(view.block().number),
			rounds: Rounds::default(),
			bids: Outbox::default(),
			reveals: Outbox::default(),
			running: Tasks::default(),
			done,
			unsettled: Unsettled::default(),
			look_again: false,
			recent_proofs: VecDeque::new(),
			ended: BTreeSet::new(),
			slashed: Slashed::default(),
			may_be_slashed: false,
			is_record_due: false,
			breaker: None,
			out_of_room: false,
			draining_since: None,
			foreign_bid: None,
		};
		service.monitor.base.connected.meet();
		service.monitor.may_bid.meet();
		service.monitor.base.running.meet();
		service.reporter.say(&Report::Ready {
			account: me,
			rollup: config.rollup,
			journal: service.journal.path().display().to_string(),
			open_jobs: service.open_jobs().count(),
		});
		if let Some(text) = seals::warning(&service.seals) {
			service.reporter.say(&Report::Warning { text });
		}
		if let Some(prover) = view.prover(me.0).await? {
			service.check_record(&prover.stats, config.accept_record)?;
			// Counted is what is slashed from here on.
			service.slashed.take_new(Some(&prover.stats));
		}
		Ok((service, results))
	}

	/// Follows the chain. Returns when there is nothing left to do.
	async fn run(
		&mut self,
		config: &Config,
		client: Client,
		mut results: mpsc::UnboundedReceiver<Done>,
		stop: &Stop,
	) -> Result<(), ProverError> {
		let submitter = Submitter::new(client.clone(), config.key.clone());
		let session = Session { submitter, client };
		let mut nodes = session.client.follow(self.slot, config.reconnect_for);
		let mut is_asked_to_stop = false;
		while !self.is_finished(stop) {
			self.monitor.base.health.turn();
			tokio::select! {
				step = nodes.next() => {
					let step = step?;
					self.is_waiting = nodes.is_waiting();
					match step {
						Step::Best(block) => self.look(&session, block).await?,
						Step::Notice(notice) => self.on_notice(notice),
					}
				},
				Some(done) = results.recv() => {
					self.on_done(&session, done)?;
					// What else has come meanwhile may have bids to go along.
					while let Ok(done) = results.try_recv() {
						self.on_done(&session, done)?;
					}
					self.send_ready(&session);
					if core::mem::take(&mut self.look_again) {
						if let Some(best) = nodes.best() {
							self.look(&session, best).await?;
						}
					}
				},
				() = stop.requested(), if !is_asked_to_stop => {
					if self.draining_since.is_some() {
						break;
					}
					is_asked_to_stop = true;
					self.drain("asked to; open jobs are finished first, ask again to stop at once");
				},
				() = stop.at_once() => break,
				// The end of draining is a matter of time, and not of blocks.
				() = tokio::time::sleep(TURN) => {},
			}
		}
		// Threads and programs do not go on with what nobody waits for.
		self.rounds.cancel_all();
		self.look_for_room();
		match (self.open_jobs().count(), self.foreign_bid) {
			(0, None) => Ok(()),
			(0, Some((batch, round))) => Err(ProverError::ForeignBid { batch, round }),
			(open, _) => Err(ProverError::OpenJobs(open)),
		}
	}

	/// Compares the chain's record of this prover with what its journal explains. Makes no new bids if that does
	/// not cover it.
	fn check_record(&mut self, stats: &ProverStats, accepted: bool) -> Result<(), ProverError> {
		let history = self.journal.history();
		let (chain, explained) = (Counts::of_chain(stats), Counts::explained_by(history));
		match history.base().filter(|_| !accepted) {
			Some(base) => {
				if let Some(text) = Counts::unexplained(chain, base, explained) {
					self.stop_bidding(&text);
				}
			},
			// What was before the journal is not its business.
			None => self.journal.record(Entry::Base(Counts::base(chain, explained)))?,
		}
		Ok(())
	}

	/// Tells what is wrong with the nodes, or right again.
	fn on_notice(&self, notice: Notice) {
		match notice {
			Notice::Attached { url } => {
				self.monitor.base.connected.meet();
				self.reporter.say(&Report::Reconnected { url });
			},
			Notice::Lost { .. } => {
				self.monitor.base.connected.fail(notice.to_string());
				self.trouble(None, notice.to_string());
			},
			Notice::Behind { .. } | Notice::Stalled { .. } => {
				self.trouble(None, notice.to_string());
			},
		}
	}

	/// Does what a block asks for. What a node does not answer is asked again with the next block.
	async fn look(&mut self, session: &Session, best: Block) -> Result<(), ProverError> {
		// Only a block that is higher than all before shows that the chain goes on.
		if best.number > self.height {
			self.monitor.base.chain_moves.meet();
		}
		match self.on_block(session, best).await {
			Err(error) if error.retry().is_worthwhile() => {
				let text = error.to_string();
				if self.looking_failed.as_ref() != Some(&text) {
					self.trouble(None, text.clone());
				}
				self.looking_failed = Some(text);
				Ok(())
			},
			result => {
				self.looking_failed = None;
				result
			},
		}
	}

	fn drain(&mut self, reason: &str) {
		if self.draining_since.is_none() {
			self.draining_since = Some(Instant::now());
			self.monitor.base.running.fail(reason);
			self.reporter.say(&Report::Stopping { reason: reason.into() });
		}
	}

	fn is_finished(&mut self, stop: &Stop) -> bool {
		let ended = u64::try_from(self.ended.len()).unwrap_or(u64::MAX);
		if self.batch_limit.is_some_and(|limit| ended >= limit) {
			self.drain("enough batches have ended");
		}
		let Some(since) = self.draining_since else { return false };
		let is_idle = self.rounds.are_idle() && self.open_jobs().next().is_none();
		// How long it may take when it is asked to is for `stop` to say.
		is_idle || (!stop.is_requested() && since.elapsed() > self.drain_for)
	}
}
