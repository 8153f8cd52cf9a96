// SPDX-License-Identifier: Apache-2.0
//! The opener's loop.
//!
//! On every best block it reads the open rounds, asks [`plan`](crate::decide::plan) and does what it
//! says ([`steps`]). Solvers and transactions report over one channel. Nothing is repeated by itself:
//! the next block shows whether it still has to be done. Which node shows the blocks is the
//! [`Follower`](pvs_client::Follower)'s to say.

mod ending;
mod results;
mod steps;
#[cfg(test)]
mod tests;

use crate::{
	decide::{Id, Scope, Speed, Stage, Target},
	monitor::Monitor,
	pool::{Handle, Outcome, Pool},
	report::{Report, Reporter, SealName, Summary},
	store::Store,
	OpenerError, SERVICE,
};
use pvs_client::{
	seals, Account, Amount, Block, Call, Client, Endpoint, Included, Notice, Signer, Step,
	SubmitError, Submitter, Token, View,
};
use pvs_files::Lock;
use pvs_primitives::{
	api::{BatchId, SealInfo},
	Balance, BlockNumber, Bytes32, RollupId,
};
use pvs_service::{supervise::caught, Metrics, Server, Stop, Supervisor, Tasks};
use pvs_timelock::{Opening, Parameters, Seal, ELEMENT_BYTES, PROOF_BYTES, SEAL_BYTES};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Time that no block may come before the chain counts as standing still.
const STALL: Duration = Duration::from_secs(60);
/// Interval at which the loop makes a turn when nothing happens.
const TURN: Duration = Duration::from_secs(10);

/// Settings that the service needs.
#[derive(Clone)]
pub struct Config {
	/// Way in which the chain is reached.
	pub connect: Endpoint,
	/// Key of the account that opens and is rewarded.
	pub key: Arc<dyn Signer>,
	/// Seals to solve at the same time, at most.
	pub threads: u32,
	/// Amount by which to lower the priority of the threads.
	pub nice: i32,
	/// Profit that must be left of a reward.
	pub min_profit: Amount,
	/// Cost of an opening, if the node is not to be asked.
	pub cost: Option<Amount>,
	/// Directory of unfinished work.
	pub state_dir: PathBuf,
	/// Seconds to keep trying when the node goes away.
	pub reconnect_for: u64,
	/// Address at which to serve metrics and health, if anywhere.
	pub metrics: Option<SocketAddr>,
	/// Place where metrics are kept; one of their own if `None`. Of one run only, since their names are taken then.
	pub registry: Option<Metrics>,
}

/// Runs the opener until it is asked to stop, and says what it did.
///
/// # Errors
///
/// The node does not answer or is on another chain, its account cannot pay, the directory or the address
/// for metrics cannot be used, the opener itself has crashed.
pub async fn run(config: Config, reporter: Reporter, stop: Stop) -> Result<Summary, OpenerError> {
	let metrics = match &config.registry {
		Some(metrics) => metrics.clone(),
		None => Metrics::new(SERVICE)?,
	};
	let reporter = reporter.counted(&metrics)?;
	let monitor = Monitor::new(&metrics, STALL)?;
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
	caught(open_seals(config, reporter, monitor, &stop)).await.map_err(OpenerError::Crashed)?
}

async fn open_seals(
	config: Config,
	reporter: Reporter,
	monitor: Monitor,
	stop: &Stop,
) -> Result<Summary, OpenerError> {
	let client = tokio::select! {
		client = monitor.base.health.waiting(config.connect.connect()) => client?,
		() = stop.requested() => return Ok(Summary::default()),
	};
	let (mut service, mut messages) = Service::start(config, reporter, monitor, &client).await?;
	let submitter = Submitter::new(client.clone(), service.config.key.clone());
	let session = Session { client, submitter };
	if let Err(error) = service.follow(&session, &mut messages, stop).await {
		service.pause().await;
		return Err(error);
	}
	Ok(service.finish(&mut messages, stop).await)
}

/// Results that solvers and transactions bring back.
enum Message {
	Ended(Id, Outcome),
	/// The chain was asked about an opening, and sent it if that says yes.
	Sent(Id, Result<Sent, SubmitError>),
	/// The task that sends an opening has crashed, or was ended.
	BrokeOff(Id),
}

/// Fate of an opening.
enum Sent {
	/// The chain would refuse it.
	Refused,
	/// The bid is not sealed any more.
	NotNeeded,
	/// A block has it.
	Included(Included),
	/// It was handed to the node, and nobody knows what became of it.
	Unknown(SubmitError),
}

/// A connection, and what goes with it.
#[derive(Clone)]
struct Session {
	client: Client,
	submitter: Submitter,
}

/// All that is known about a seal.
struct Work {
	target: Target,
	stage: Stage,
	handle: Option<Handle>,
	opening: Option<Opening>,
	/// The height at which the seal was last worth looking at.
	seen: BlockNumber,
}

impl Work {
	fn name(&self) -> SealName {
		name(&self.target)
	}
}

/// Returns how a seal is called.
fn name(target: &Target) -> SealName {
	SealName { batch: target.batch, round: target.round, bidder: Account(target.bidder) }
}

/// Rest of a seal when there is no work on it.
#[derive(Clone, Copy, Debug)]
struct Trace {
	/// The height at which the seal was last worth looking at.
	seen: BlockNumber,
	/// Number of squarings of it that are saved.
	saved: u64,
}

struct Service {
	config: Config,
	me: Account,
	token: Token,
	reporter: Reporter,
	monitor: Monitor,
	genesis_hash: Bytes32,
	/// Error that kept the newest block from being looked at, if anything did.
	trouble: Option<String>,
	min_profit: Balance,
	parameters: Arc<Parameters>,
	slot_millis: u64,
	/// Cost of an opening, and the height at which that was asked.
	cost: Balance,
	asked_at: BlockNumber,
	height: BlockNumber,
	speed: Option<Speed>,
	pool: Pool,
	store: Store,
	/// Keeps other openers out of the directory.
	_lock: Lock,
	work: BTreeMap<Id, Work>,
	/// Rollups that are asked for silent bids, and whether they had batches in the last block.
	watched: BTreeMap<RollupId, bool>,
	/// The seals of open rounds and of silent bids, by their hash.
	seals: BTreeMap<Bytes32, Seal>,
	/// Every seal that was worth looking at lately.
	traces: BTreeMap<Id, Trace>,
	/// The height at which seals that are gone were last forgotten.
	cleaned_at: BlockNumber,
	/// True for batches whose seals the chain keeps this account from opening: it is the sequencer.
	barred: BTreeMap<BatchId, bool>,
	/// Lines that were said once about a seal, and the height at which there was last reason to.
	told: BTreeMap<(Id, String), BlockNumber>,
	/// Reward that each opened seal has earned; one that is opened again after a reorganization counts once.
	earned: BTreeMap<Id, Balance>,
	summary: Summary,
	messages: mpsc::UnboundedSender<Message>,
	/// Openings on their way, over the present connection.
	sending: Tasks,
}

impl Service {
	/// Checks everything that opening depends on, and starts the threads.
	async fn start(
		config: Config,
		reporter: Reporter,
		monitor: Monitor,
		client: &Client,
	) -> Result<(Self, mpsc::UnboundedReceiver<Message>), OpenerError> {
		let me = Account::of(&config.key);
		let token = client.token().clone();
		let min_profit = config.min_profit.planck(&token)?;
		let view = client.at(client.best().await?).await?;
		let info = view.seals().await?;
		let parameters = Arc::new(seals::parameters(&info)?);
		let submitter = Submitter::new(client.clone(), config.key.clone());
		let cost = cost(&config, &token, &submitter).await?;
		let free = view.free_balance(me.0).await?;
		afford(me, free, cost, &token)?;
		let lock = Lock::take(&config.state_dir)?;
		let no_dir =
			|error| OpenerError::Io(format!("cannot use {}", config.state_dir.display()), error);
		let store = Store::open(&config.state_dir).map_err(no_dir)?;
		let (messages, received) = mpsc::unbounded_channel();
		let sender = messages.clone();
		let sink = Arc::new(move |id, outcome| {
			let _ = sender.send(Message::Ended(id, outcome));
		});
		let squarings = monitor.squarings.clone();
		let pool =
			Pool::start(config.threads as usize, config.nice, store.clone(), squarings, sink)
				.map_err(|error| OpenerError::Io("cannot start a thread".into(), error))?;
		monitor.base.connected.meet();
		monitor.can_pay.meet();
		monitor.base.running.meet();
		let service = Self {
			me,
			token,
			reporter,
			monitor,
			genesis_hash: client.genesis_hash(),
			trouble: None,
			min_profit,
			slot_millis: info.slot_millis,
			cost,
			asked_at: view.block().number,
			height: view.block().number,
			speed: None,
			pool,
			store,
			_lock: lock,
			work: BTreeMap::new(),
			// All are asked once: silent bids may wait from before.
			watched: view.rollups().await?.iter().map(|rollup| (rollup.id, false)).collect(),
			seals: BTreeMap::new(),
			traces: BTreeMap::new(),
			cleaned_at: view.block().number,
			barred: BTreeMap::new(),
			told: BTreeMap::new(),
			earned: BTreeMap::new(),
			summary: Summary::default(),
			messages,
			sending: Tasks::default(),
			parameters,
			config,
		};
		service.say(Report::Ready {
			account: me,
			threads: service.config.threads as usize,
			delay: service.parameters.delay,
			cost,
		});
		if let Some(text) = seals::warning(&service.parameters) {
			service.say(Report::Warning { text });
		}
		Ok((service, received))
	}

	/// Follows the chain until asked to stop.
	async fn follow(
		&mut self,
		session: &Session,
		messages: &mut mpsc::UnboundedReceiver<Message>,
		stop: &Stop,
	) -> Result<(), OpenerError> {
		let slot = Duration::from_millis(self.slot_millis);
		let give_up = Duration::from_secs(self.config.reconnect_for);
		let mut nodes = session.client.follow(slot, give_up);
		loop {
			self.monitor.base.health.turn();
			tokio::select! {
				step = nodes.next() => match step? {
					Step::Best(block) => self.look(session, block).await?,
					Step::Notice(notice) => self.on_notice(&notice),
				},
				Some(message) = messages.recv() => {
					// A thread is free, or an opening can go out.
					if self.on_message(message) {
						if let Some(best) = nodes.best() {
							self.look(session, best).await?;
						}
					}
				},
				() = stop.requested() => return Ok(()),
				() = tokio::time::sleep(TURN) => {},
			}
		}
	}

	/// Tells what is wrong with the nodes, or right again.
	fn on_notice(&self, notice: &Notice) {
		match notice {
			Notice::Attached { .. } => {
				self.monitor.base.connected.meet();
			},
			Notice::Lost { .. } => {
				self.monitor.base.connected.fail(notice.to_string());
			},
			Notice::Behind { .. } | Notice::Stalled { .. } => {},
		}
		self.say(Report::Trouble { about: None, text: notice.to_string() });
	}

	/// Does what a block asks for. What a node does not answer is asked again with the next block.
	async fn look(&mut self, session: &Session, best: Block) -> Result<(), OpenerError> {
		// Only a block that is higher than all before shows that the chain goes on.
		if best.number > self.height {
			self.monitor.base.chain_moves.meet();
		}
		match self.on_block(session, best).await {
			Err(error) if error.retry().is_worthwhile() => {
				let text = error.to_string();
				if self.trouble.as_ref() != Some(&text) {
					self.say(Report::Trouble { about: None, text: text.clone() });
				}
				self.trouble = Some(text);
				Ok(())
			},
			result => {
				self.trouble = None;
				result
			},
		}
	}

	fn say(&self, report: Report) {
		self.reporter.say(report, &self.token);
	}

	/// Looks whether the account can pay, and tells it when that changes.
	async fn check_balance(&self, view: &View) -> Result<(), OpenerError> {
		let free = view.free_balance(self.me.0).await?;
		match afford(self.me, free, self.cost, &self.token) {
			Ok(()) => {
				self.monitor.can_pay.meet();
			},
			Err(error) => {
				let text = error.to_string();
				if self.monitor.can_pay.fail(text.clone()) {
					self.say(Report::Warning { text });
				}
			},
		}
		Ok(())
	}

	/// Returns for whom and under which parameters seals are opened.
	fn scope(&self) -> Scope {
		Scope {
			genesis_hash: self.genesis_hash,
			parameters: self.parameters.digest(),
			opener: self.me.0,
		}
	}

	/// Takes in what the chain says about its seals, which an upgrade can change.
	fn use_seals(&mut self, info: &SealInfo) -> Result<(), OpenerError> {
		if info.digest != self.parameters.digest() {
			self.parameters = Arc::new(seals::parameters(info)?);
			self.speed = None;
			let text = format!("the chain has new seals, of {} squarings", info.delay);
			self.say(Report::Warning { text });
		}
		self.slot_millis = info.slot_millis;
		Ok(())
	}
}

impl Drop for Service {
	/// Threads that are not waited for save their work as far as they get.
	fn drop(&mut self) {
		self.work.values().filter_map(|work| work.handle.as_ref()).for_each(Handle::pause);
	}
}

/// Fails if an account with so much cannot pay for an opening.
fn afford(
	account: Account,
	free: Balance,
	cost: Balance,
	token: &Token,
) -> Result<(), OpenerError> {
	if free == 0 || free < cost {
		return Err(OpenerError::BalanceTooLow {
			account: account.address(),
			free: token.show(free),
			needed: token.show(cost),
		});
	}
	Ok(())
}

/// Returns what an opening costs, in planck: what the operator says, else what the node tells for a transaction of
/// the same size and weight.
async fn cost(
	config: &Config,
	token: &Token,
	submitter: &Submitter,
) -> Result<Balance, OpenerError> {
	if let Some(cost) = &config.cost {
		return Ok(cost.planck(token)?);
	}
	let batch = BatchId { rollup: 0, index: 0 };
	let opening = (&[0; ELEMENT_BYTES], &[0; PROOF_BYTES]);
	let call = Call::open_bid(batch, 0, submitter.account(), &[0; SEAL_BYTES], opening);
	submitter.fee(&call).await.map_err(OpenerError::NoFee)
}
