// SPDX-License-Identifier: Apache-2.0
//! The opener's loop.
//!
//! On every best block it reads the open rounds, asks [`plan`](crate::decide::plan) and does what it
//! says ([`steps`]). Solvers and transactions report over one channel. Nothing is repeated by itself:
//! the next block shows whether it still has to be done. Which node shows the blocks is the
//! [`Follower`](pvs_client::Follower)'s to say.

mod steps;

use crate::{
	decide::{Id, Scope, Speed, Stage, Target},
	pool::{Handle, Outcome, Pool},
	report::{Report, Reporter, SealName, Summary},
	store::Store,
	OpenerError,
};
use pvs_client::{
	cli::ConnectArgs, seals, Account, Amount, Block, Call, Client, Included, Keypair, Step,
	SubmitError, Submitter, Token, View,
};
use pvs_files::Lock;
use pvs_primitives::{
	api::{BatchId, SealInfo},
	Balance, BlockNumber, Bytes32, RollupId,
};
use pvs_timelock::{Opening, Parameters, Seal, ELEMENT_BYTES, PROOF_BYTES, SEAL_BYTES};
use std::{
	collections::BTreeMap,
	future::Future,
	path::PathBuf,
	pin::{pin, Pin},
	sync::Arc,
	time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// How long threads may take to save their work when the service stops.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);
const PAUSE_POLL: Duration = Duration::from_millis(20);

/// What the service needs.
#[derive(Clone)]
pub struct Config {
	/// Which node to use.
	pub connect: ConnectArgs,
	/// Whose account opens and is rewarded.
	pub key: Keypair,
	/// Seals to solve at the same time, at most.
	pub threads: u32,
	/// How far to lower the priority of the threads.
	pub nice: i32,
	/// What must be left of a reward.
	pub min_profit: Amount,
	/// What an opening costs, if the node is not to be asked.
	pub cost: Option<Amount>,
	/// Where unfinished work is kept.
	pub state_dir: PathBuf,
	/// Seconds to keep trying when the node goes away.
	pub reconnect_for: u64,
}

/// Runs the opener until `stop` is ready, and says what it did.
///
/// # Errors
///
/// The node does not answer or is on another chain, its account cannot pay, the directory cannot be
/// used.
pub async fn run(
	config: Config,
	reporter: Reporter,
	stop: impl Future<Output = ()>,
) -> Result<Summary, OpenerError> {
	let mut stop = pin!(stop);
	let client = config.connect.connect().await?;
	let (mut service, mut messages) = Service::start(config, reporter, &client).await?;
	let submitter = Submitter::new(client.clone(), service.config.key.clone());
	let session = Session { client, submitter };
	let followed = service.follow(&session, &mut messages, stop.as_mut()).await;
	if followed.is_ok() {
		service.say(&Report::Stopping { reason: "asked to".into() });
	}
	service.pause().await;
	followed?;
	service.say(&Report::Summary(service.summary));
	Ok(service.summary)
}

/// What solvers and transactions bring back.
enum Message {
	Ended(Id, Outcome),
	/// The chain was asked about an opening, and sent it if that says yes.
	Sent(Id, Result<Sent, SubmitError>),
}

/// What became of an opening.
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

/// How a seal is called.
fn name(target: &Target) -> SealName {
	SealName { batch: target.batch, round: target.round, bidder: Account(target.bidder) }
}

/// What is left of a seal when there is no work on it.
#[derive(Clone, Copy, Debug)]
struct Trace {
	/// The height at which the seal was last worth looking at.
	seen: BlockNumber,
	/// How many squarings of it are saved.
	saved: u64,
}

struct Service {
	config: Config,
	me: Account,
	token: Token,
	reporter: Reporter,
	genesis_hash: Bytes32,
	/// What kept the newest block from being looked at, if anything did.
	trouble: Option<String>,
	min_profit: Balance,
	parameters: Arc<Parameters>,
	slot_millis: u64,
	/// What an opening costs, and the height at which that was asked.
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
	/// Whether the chain keeps this account from opening the seals of a batch: it is the sequencer.
	barred: BTreeMap<BatchId, bool>,
	/// What was said once about a seal, and the height at which there was last reason to.
	told: BTreeMap<(Id, String), BlockNumber>,
	/// What each opened seal has earned; one that is opened again after a reorganisation counts once.
	earned: BTreeMap<Id, Balance>,
	summary: Summary,
	messages: mpsc::UnboundedSender<Message>,
}

impl Service {
	/// Checks everything that opening depends on, and starts the threads.
	async fn start(
		config: Config,
		reporter: Reporter,
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
		if free == 0 || free < cost {
			return Err(OpenerError::BalanceTooLow {
				account: me.address(),
				free: token.show(free),
				needed: token.show(cost),
			});
		}
		let lock = Lock::take(&config.state_dir)?;
		let no_dir =
			|error| OpenerError::Io(format!("cannot use {}", config.state_dir.display()), error);
		let store = Store::open(&config.state_dir).map_err(no_dir)?;
		let (messages, received) = mpsc::unbounded_channel();
		let sender = messages.clone();
		let sink = Arc::new(move |id, outcome| {
			let _ = sender.send(Message::Ended(id, outcome));
		});
		let pool = Pool::start(config.threads as usize, config.nice, store.clone(), sink)
			.map_err(|error| OpenerError::Io("cannot start a thread".into(), error))?;
		let service = Self {
			me,
			token,
			reporter,
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
			parameters,
			config,
		};
		service.say(&Report::Ready {
			account: me,
			threads: service.config.threads as usize,
			delay: service.parameters.delay,
			cost,
		});
		if let Some(text) = seals::warning(&service.parameters) {
			service.say(&Report::Warning { text });
		}
		Ok((service, received))
	}

	/// Follows the chain until asked to stop.
	async fn follow(
		&mut self,
		session: &Session,
		messages: &mut mpsc::UnboundedReceiver<Message>,
		mut stop: Pin<&mut impl Future<Output = ()>>,
	) -> Result<(), OpenerError> {
		let slot = Duration::from_millis(self.slot_millis);
		let give_up = Duration::from_secs(self.config.reconnect_for);
		let mut nodes = session.client.follow(slot, give_up);
		loop {
			tokio::select! {
				step = nodes.next() => match step? {
					Step::Best(block) => self.look(session, block).await?,
					Step::Notice(notice) => {
						self.say(&Report::Trouble { about: None, text: notice.to_string() });
					},
				},
				Some(message) = messages.recv() => {
					// A thread is free, or an opening can go out.
					if self.on_message(message) {
						if let Some(best) = nodes.best() {
							self.look(session, best).await?;
						}
					}
				},
				() = stop.as_mut() => return Ok(()),
			}
		}
	}

	/// Does what a block asks for. What a node does not answer is asked again with the next block.
	async fn look(&mut self, session: &Session, best: Block) -> Result<(), OpenerError> {
		match self.on_block(session, best).await {
			Err(error) if error.is_about_the_connection() => {
				let text = error.to_string();
				if self.trouble.as_ref() != Some(&text) {
					self.say(&Report::Trouble { about: None, text: text.clone() });
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

	/// Lets the threads save their work.
	async fn pause(&mut self) {
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

	fn say(&self, report: &Report) {
		self.reporter.say(report, &self.token);
	}

	/// For whom and under which parameters seals are opened.
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
			self.say(&Report::Warning { text });
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

/// What an opening costs, in planck: what the operator says, else what the node tells for a
/// transaction of the same size and weight.
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

#[cfg(test)]
mod tests {
	use super::*;

	/// The node runs the service as a task, so it must be one that can move between threads.
	#[tokio::test]
	async fn service_should_fail_clearly_when_no_node_answers() {
		let dir = tempfile::tempdir().unwrap();
		let config = Config {
			connect: ConnectArgs { url: "ws://127.0.0.1:1".into(), connect_timeout: 5 },
			key: pvs_client::keys::from_development_path("//Ferdie").unwrap(),
			threads: 1,
			nice: 0,
			min_profit: Amount::Planck(0),
			cost: None,
			state_dir: dir.path().into(),
			reconnect_for: 0,
		};
		let running = tokio::spawn(run(config, Reporter::to_stdout(true), std::future::pending()));
		let error = running.await.unwrap().unwrap_err();
		assert!(error.to_string().contains("no node answers at ws://127.0.0.1:1"), "{error}");
	}
}
