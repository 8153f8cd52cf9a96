// SPDX-License-Identifier: Apache-2.0
//! The prover's loop.
//!
//! On every best block it reads the rollup's rounds, asks [`next_step`] about each and starts what
//! it says as a task. Results of tasks come back over a channel, so that one place changes the
//! journal. A task that failed is not repeated by itself: the next block shows whether it still has
//! to be done.

use crate::{
	appraise::{Appraisal, Appraiser, Unfit, Work},
	cli::{default_dir, RunArgs},
	decide::{next_step, Step},
	error::ProverError,
	journal::{Bid, Entry, Journal, Key, Outcome},
	price::{self, Ask, Means, Policy},
	proving::{Cancel, Proof, ProofMaker, ProvingError},
	report::{Report, Reporter},
	settle,
	status::data_dir,
};
use futures::{FutureExt, StreamExt};
use pvs_client::{Account, Block, Call, Client, Error, Included, Keypair, SubmitError, Submitter, View};
use pvs_primitives::{
	api::{AssignmentInfo, BatchId, Phase, RoundInfo},
	bid::{bid_commitment, BidPayload},
	public_inputs::{binding, PublicInputs},
	BlockNumber, Bytes32,
};
use pvs_rollup::{demo, state::State};
use rand::{rngs::OsRng, RngCore};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	future::Future,
	sync::Arc,
	time::Duration,
};
use tokio::{
	sync::{mpsc, Mutex},
	time::Instant,
};

/// How long to wait for a block to take a transaction before looking at the chain again.
const INCLUSION_WAIT: Duration = Duration::from_secs(6);
/// After how long without a new block the node counts as stalled.
const STALL: Duration = Duration::from_secs(30);
/// Pause between two attempts to reach the node again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// How often a proof that the chain refuses is sent.
const MAX_DELIVERIES: u32 = 3;
/// How many proofs count as recent.
const RECENT_PROOFS: usize = 8;
/// How long open jobs may take after a request to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(120);
/// Every how many blocks states before the newest final one are forgotten.
const FORGET_EVERY: BlockNumber = 16;

/// Runs the prover until it is told to stop.
pub(crate) async fn run(args: Box<RunArgs>) -> Result<(), ProverError> {
	let key = args.key.load()?;
	let client = args.connect.connect().await?;
	let (mut service, results) = Service::start(&args, &client, &key).await?;
	service.run(&args, client, key, results).await
}

/// What a finished task brings back.
enum Done {
	Appraised(Box<RoundInfo<Bytes32>>, Result<Appraisal, Unfit>),
	Placed(Key, Result<Included, SubmitError>),
	Revealed(Key, Result<Included, SubmitError>),
	Proved(Key, Result<Proof, ProveFailure>),
	Delivered(Key, Result<Included, SubmitError>),
}

/// Why a won batch has no proof.
#[derive(Debug, thiserror::Error)]
enum ProveFailure {
	#[error(transparent)]
	Work(#[from] Unfit),
	#[error(transparent)]
	Proving(#[from] ProvingError),
}

/// A task in flight.
struct Task {
	cancel: Cancel,
	since: BlockNumber,
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
	batch_limit: Option<u64>,
	reporter: Reporter,
	journal: Journal,
	maker: ProofMaker,
	appraiser: Arc<Mutex<Appraiser>>,
	genesis_hash: Bytes32,
	height: BlockNumber,
	tasks: BTreeMap<Key, Task>,
	done: mpsc::UnboundedSender<Done>,
	/// Rounds that were looked at and not bid in.
	skipped: BTreeSet<Key>,
	/// Rounds that could not be looked at yet, and why.
	deferred: BTreeMap<Key, String>,
	deliveries: BTreeMap<Key, u32>,
	recent_proofs: VecDeque<BlockNumber>,
	ended: BTreeSet<BatchId>,
	/// Why no new bids are made.
	breaker: Option<String>,
	draining_since: Option<Instant>,
}

impl Service {
	/// Checks everything that bidding depends on, loads the proving keys and replays the rollup.
	async fn start(
		args: &RunArgs,
		client: &Client,
		key: &Keypair,
	) -> Result<(Self, mpsc::UnboundedReceiver<Done>), ProverError> {
		let me = Account::of(key);
		let token = client.token();
		let policy = Policy {
			fee: args.fee.planck(token)?,
			proof_blocks: args.proof_blocks,
			min_balance: args.min_balance.planck(token)?,
			max_slot_fee_factor: args.max_slot_fee_factor,
			max_jobs: args.max_jobs as usize,
		};
		let view = client.at(client.best().await?).await?;
		let rollup =
			view.rollup(args.rollup).await?.ok_or(ProverError::UnknownRollup(args.rollup))?;
		if view.prover(me.0).await?.is_none() {
			return Err(ProverError::NotRegistered { account: me.address() });
		}
		let free = view.free_balance(me.0).await?;
		if free < policy.min_balance {
			return Err(ProverError::BalanceTooLow {
				account: me.address(),
				free: token.show(free),
				needed: token.show(policy.min_balance),
			});
		}

		let genesis = State::from_genesis(&demo::genesis())
			.map_err(|error| ProverError::Genesis(error.to_string()))?;
		if genesis.root() != rollup.genesis_root {
			return Err(ProverError::ForeignGenesis {
				rollup: args.rollup,
				found: rollup.genesis_root,
				expected: genesis.root(),
			});
		}
		let journal = Journal::open(&data_dir(args.data_dir.clone(), me), client.genesis_hash(), me.0)?;
		let keys_dir = args.keys_dir.clone().unwrap_or_else(|| default_dir("keys"));
		let (threads, nice) = (args.threads, args.nice);
		let maker = tokio::task::spawn_blocking(move || ProofMaker::new(&keys_dir, threads, nice))
			.await
			.map_err(|error| ProvingError::Crashed(error.to_string()))??;
		if maker.verifying_key_hash() != rollup.verifying_key_hash {
			return Err(ProverError::ForeignRollup {
				rollup: args.rollup,
				found: rollup.verifying_key_hash,
			});
		}

		let mut appraiser = Appraiser::new(args.rollup, genesis);
		// The keys may have taken a while.
		let view = client.at(client.best().await?).await?;
		let rollup =
			view.rollup(args.rollup).await?.ok_or(ProverError::UnknownRollup(args.rollup))?;
		appraiser.catch_up(&view, client.finalized().await?, &rollup.finalized_root).await?;

		let (done, results) = mpsc::unbounded_channel();
		let service = Self {
			me,
			rollup: args.rollup,
			policy,
			batch_limit: args.batch_limit(),
			reporter: Reporter::new(args.json, token.clone()),
			journal,
			maker,
			appraiser: Arc::new(Mutex::new(appraiser)),
			genesis_hash: client.genesis_hash(),
			height: view.block().number,
			tasks: BTreeMap::new(),
			done,
			skipped: BTreeSet::new(),
			deferred: BTreeMap::new(),
			deliveries: BTreeMap::new(),
			recent_proofs: VecDeque::new(),
			ended: BTreeSet::new(),
			breaker: None,
			draining_since: None,
		};
		service.reporter.say(&Report::Ready {
			account: me,
			rollup: args.rollup,
			journal: service.journal.path().display().to_string(),
			open_jobs: service.open_jobs().count(),
		});
		Ok((service, results))
	}

	/// Follows the chain over as many connections as it takes.
	async fn run(
		&mut self,
		args: &RunArgs,
		mut client: Client,
		key: Keypair,
		mut results: mpsc::UnboundedReceiver<Done>,
	) -> Result<(), ProverError> {
		let mut signals = Signals::new()
			.map_err(|error| ProverError::Io("cannot listen for signals".into(), error))?;
		loop {
			let submitter = Submitter::new(client.clone(), key.clone());
			let session = Session { client: client.clone(), submitter };
			match self.follow(&session, &mut results, &mut signals).await {
				Err(error) if error.is_about_the_connection() => {
					self.trouble(None, error.to_string());
					client = self.reconnect(args, &mut signals).await?;
				},
				result => return result,
			}
		}
	}

	async fn reconnect(
		&self,
		args: &RunArgs,
		signals: &mut Signals,
	) -> Result<Client, ProverError> {
		let give_up = Instant::now() + Duration::from_secs(args.reconnect_for);
		loop {
			tokio::select! {
				() = tokio::time::sleep(RECONNECT_PAUSE) => {},
				() = signals.next() => return Err(ProverError::Interrupted),
			}
			match args.connect.connect().await {
				Ok(client) if client.genesis_hash() != self.genesis_hash => {
					return Err(ProverError::OtherChain(client.url().into()));
				},
				Ok(client) => return Ok(client),
				Err(error) if Instant::now() >= give_up => return Err(error.into()),
				Err(error) => tracing::debug!("still no node: {error}"),
			}
		}
	}

	/// Follows the chain over one connection. Returns when there is nothing left to do.
	async fn follow(
		&mut self,
		session: &Session,
		results: &mut mpsc::UnboundedReceiver<Done>,
		signals: &mut Signals,
	) -> Result<(), ProverError> {
		let mut blocks = session.client.best_blocks().await?;
		let mut stall = Instant::now() + STALL;
		self.on_block(session, session.client.best().await?).await?;
		while !self.is_finished() {
			tokio::select! {
				block = blocks.next() => {
					let url = session.client.url();
					let ended = || Error::StreamEnded { url: url.into() };
					let mut newest = block.ok_or_else(ended)??;
					// Only the newest block counts.
					while let Some(Some(next)) = blocks.next().now_or_never() {
						newest = next?;
					}
					stall = Instant::now() + STALL;
					self.on_block(session, newest).await?;
				},
				Some(done) = results.recv() => self.on_done(session, done)?,
				() = signals.next() => {
					if self.draining_since.is_some() {
						return Ok(());
					}
					self.drain("asked to; open jobs are finished first, ask again to stop at once");
				},
				() = tokio::time::sleep_until(stall) => {
					return Err(ProverError::Stalled(STALL.as_secs()));
				},
			}
		}
		Ok(())
	}

	fn drain(&mut self, reason: &str) {
		if self.draining_since.is_none() {
			self.draining_since = Some(Instant::now());
			self.reporter.say(&Report::Stopping { reason: reason.into() });
		}
	}

	fn is_finished(&mut self) -> bool {
		let ended = u64::try_from(self.ended.len()).unwrap_or(u64::MAX);
		if self.batch_limit.is_some_and(|limit| ended >= limit) {
			self.drain("enough batches have ended");
		}
		let Some(since) = self.draining_since else { return false };
		let is_idle = self.tasks.is_empty() && self.open_jobs().next().is_none();
		is_idle || since.elapsed() > DRAIN_LIMIT
	}

	/// Rounds of this rollup that may still ask something of this prover.
	fn open_jobs(&self) -> impl Iterator<Item = Key> + '_ {
		let ours = |key: &Key| key.0.rollup == self.rollup;
		self.journal
			.jobs()
			.iter()
			.filter(move |(key, job)| job.is_open() && ours(key))
			.map(|(key, _)| *key)
	}

	async fn on_block(&mut self, session: &Session, block: Block) -> Result<(), ProverError> {
		let view = session.client.at(block).await?;
		self.height = block.number;
		let mut rounds = view.open_rounds().await?;
		rounds.retain(|round| round.batch.rollup == self.rollup);
		// What is due first comes first.
		rounds.sort_by_key(|round| round.phase_ends_at);
		for round in &rounds {
			self.act(session, &view, round)?;
		}
		let shown: BTreeSet<Key> = rounds.iter().map(|round| (round.batch, round.round)).collect();
		self.settle_the_rest(session, block, &shown).await?;
		if block.number.checked_rem(FORGET_EVERY) == Some(0) {
			self.forget_old(&view, &shown).await?;
		}
		Ok(())
	}

	/// Takes the next step in a round.
	fn act(
		&mut self,
		session: &Session,
		view: &View,
		round: &RoundInfo<Bytes32>,
	) -> Result<(), ProverError> {
		let key = (round.batch, round.round);
		let step = next_step(round, &self.me.0, self.journal.job(&key));
		if let Some(task) = self.tasks.get(&key) {
			if matches!(step, Step::Lost | Step::Voided) {
				task.cancel.cancel();
			}
			return Ok(());
		}
		if round.phase != Phase::Bidding {
			if let Some(reason) = self.deferred.remove(&key) {
				self.skip(key, reason)?;
			}
		}
		match step {
			Step::Wait | Step::Missed => Ok(()),
			Step::Appraise => {
				self.appraise(session, view, round);
				Ok(())
			},
			Step::SendBid => {
				let kept = self.journal.job(&key).and_then(|job| job.bid.clone());
				if let Some(bid) = kept {
					let factor = u128::from(self.policy.max_slot_fee_factor.max(1));
					self.place(session, round, &bid, round.slot_fee.saturating_mul(factor));
				}
				Ok(())
			},
			Step::Reveal => {
				let kept = self.journal.job(&key).and_then(|job| job.bid.clone());
				if let Some(bid) = kept {
					let call = Call::reveal_bid(round.batch, &bid.payload);
					self.submit(session, key, call, Done::Revealed);
				}
				Ok(())
			},
			Step::CannotReveal => {
				if self.skipped.insert(key) {
					let text = "cannot reveal: the journal does not have this bid; its bond is lost";
					self.trouble(Some(key), text.into());
				}
				Ok(())
			},
			Step::Prove(assignment) => self.prove(session, view, key, &assignment),
			Step::Deliver => {
				self.deliver(session, key);
				Ok(())
			},
			Step::Lost => self.end(key, Outcome::Lost),
			Step::Voided => {
				self.stop_bidding("a bid of this prover was void");
				self.end(key, Outcome::Voided)
			},
		}
	}

	/// Ends jobs whose rounds the chain shows no longer.
	async fn settle_the_rest(
		&mut self,
		session: &Session,
		best: Block,
		shown: &BTreeSet<Key>,
	) -> Result<(), ProverError> {
		let gone: Vec<Key> = self.open_jobs().filter(|key| !shown.contains(key)).collect();
		for key in gone {
			if let Some(task) = self.tasks.get(&key) {
				// A delivery brings its own result; anything else is of no use any more.
				task.cancel.cancel();
				continue;
			}
			let Some(job) = self.journal.job(&key) else { continue };
			let outcome =
				settle::outcome(&session.client, &self.me.0, &key, job, best).await?;
			if matches!(outcome, Outcome::Defaulted { .. }) {
				self.stop_bidding("a batch was won and not delivered");
			}
			self.end(key, outcome)?;
		}
		Ok(())
	}

	async fn forget_old(&mut self, view: &View, shown: &BTreeSet<Key>) -> Result<(), ProverError> {
		self.skipped.retain(|key| shown.contains(key));
		self.deferred.retain(|key, _| shown.contains(key));
		self.deliveries.retain(|key, _| shown.contains(key));
		if let Some(rollup) = view.rollup(self.rollup).await? {
			// An appraisal in flight needs its states; the next time will do.
			if let Ok(mut appraiser) = self.appraiser.try_lock() {
				appraiser.forget_before(rollup.next_to_finalize, &rollup.finalized_root);
			}
		}
		Ok(())
	}

	fn start_task(&mut self, key: Key, task: impl Future<Output = Done> + Send + 'static) -> Cancel {
		let cancel = Cancel::default();
		self.tasks.insert(key, Task { cancel: cancel.clone(), since: self.height });
		let done = self.done.clone();
		tokio::spawn(async move {
			let _ = done.send(task.await);
		});
		cancel
	}

	fn submit(
		&mut self,
		session: &Session,
		key: Key,
		call: Call,
		done: fn(Key, Result<Included, SubmitError>) -> Done,
	) {
		let submitter = session.submitter.clone();
		self.start_task(key, async move {
			done(key, submitter.submit(&call, INCLUSION_WAIT).await)
		});
	}

	fn appraise(&mut self, session: &Session, view: &View, round: &RoundInfo<Bytes32>) {
		let key = (round.batch, round.round);
		let is_stopped = self.draining_since.is_some() || self.breaker.is_some();
		if is_stopped || self.skipped.contains(&key) {
			return;
		}
		let appraiser = self.appraiser.clone();
		let (session, view, round) = (session.clone(), view.clone(), Box::new(round.clone()));
		let me = self.me.0;
		self.start_task(key, async move {
			let result = appraisal(&appraiser, &session.client, &view, round.batch, me).await;
			Done::Appraised(round, result)
		});
	}

	fn place(&mut self, session: &Session, round: &RoundInfo<Bytes32>, bid: &Bid, max_slot_fee: u128) {
		let call = Call::place_bid(
			round.batch,
			round.round,
			bid.batch_digest,
			max_slot_fee,
			bid.commitment,
		);
		self.submit(session, (round.batch, round.round), call, Done::Placed);
	}

	fn prove(
		&mut self,
		session: &Session,
		view: &View,
		key: Key,
		assignment: &AssignmentInfo<Bytes32>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		if self.journal.job(&key).is_none_or(|job| job.win.is_none() || !job.is_open()) {
			self.journal.record(Entry::Won {
				batch,
				round,
				payment: assignment.payment,
				assigned_at: assignment.assigned_at,
				on_time_until: assignment.on_time_until,
				late_until: assignment.late_until,
			})?;
			self.reporter.say(&Report::Won {
				batch,
				round,
				payment: assignment.payment,
				on_time_until: assignment.on_time_until,
			});
		}
		let inputs_of = self.input_maker(key);
		let (appraiser, maker) = (self.appraiser.clone(), self.maker.clone());
		let (client, view) = (session.client.clone(), view.clone());
		let (start, cancelled) = tokio::sync::oneshot::channel();
		let cancel = self.start_task(key, async move {
			let cancel = cancelled.await.unwrap_or_default();
			let made = async {
				let finalized = client.finalized().await.map_err(Unfit::from)?;
				let work = appraiser.lock().await.work(&view, finalized, batch).await?;
				let inputs = inputs_of(&work);
				Ok(maker.prove(work, inputs, cancel).await?)
			};
			Done::Proved(key, made.await)
		});
		let _ = start.send(cancel);
		Ok(())
	}

	/// Fills in the public inputs of a proof of this prover for a round.
	fn input_maker(&self, (batch, round): Key) -> impl FnOnce(&Work) -> PublicInputs {
		let binding = binding(&self.genesis_hash, batch, round, &self.me.0);
		move |work| PublicInputs {
			prev_state_root: work.batch.prev_state_root,
			next_state_root: work.batch.next_state_root,
			data_commitment: work.batch.data_commitment,
			binding,
		}
	}

	fn deliver(&mut self, session: &Session, key: Key) {
		let sent = self.deliveries.get(&key).copied().unwrap_or(0);
		let proof = self.journal.job(&key).and_then(|job| job.proof.clone());
		if let (Some(proof), true) = (proof, sent < MAX_DELIVERIES) {
			let call = Call::submit_proof(key.0, self.me.0, &proof);
			self.submit(session, key, call, Done::Delivered);
		}
	}

	fn on_done(&mut self, session: &Session, done: Done) -> Result<(), ProverError> {
		match done {
			Done::Appraised(round, result) => {
				self.tasks.remove(&(round.batch, round.round));
				self.on_appraised(session, &round, result)
			},
			Done::Placed(key, result) => {
				self.tasks.remove(&key);
				self.on_placed(key, result)
			},
			Done::Revealed(key, result) => {
				self.tasks.remove(&key);
				self.on_revealed(key, result)
			},
			Done::Proved(key, result) => {
				let since = self.tasks.remove(&key).map(|task| task.since);
				self.on_proved(session, key, since, result)
			},
			Done::Delivered(key, result) => {
				self.tasks.remove(&key);
				self.on_delivered(key, result)
			},
		}
	}

	fn on_appraised(
		&mut self,
		session: &Session,
		round: &RoundInfo<Bytes32>,
		result: Result<Appraisal, Unfit>,
	) -> Result<(), ProverError> {
		let key = (round.batch, round.round);
		let appraisal = match result {
			Ok(appraisal) => appraisal,
			Err(Unfit::ForEver(reason)) => return self.skip(key, reason),
			Err(Unfit::ForNow(error)) => {
				tracing::debug!("{key:?} cannot be appraised yet: {error}");
				self.deferred.insert(key, error.to_string());
				return Ok(());
			},
		};
		self.deferred.remove(&key);
		if self.draining_since.is_some() || self.breaker.is_some() {
			return Ok(());
		}
		if self.height.saturating_add(1) >= round.reveal_from {
			return self.skip(key, "bidding closed while the batch was looked at".into());
		}
		let means = Means {
			free: appraisal.free,
			jobs: self.open_jobs().count(),
			measured_blocks: self.recent_proofs.iter().copied().max(),
		};
		let params = &appraisal.batch.params;
		match price::ask(round, params, appraisal.prover.as_ref(), &self.policy, &means) {
			Ok(ask) => self.bid(session, round, &ask),
			Err(pass) => self.skip(key, pass.to_string()),
		}
	}

	/// Writes a fresh bid into the journal, then sends its commitment.
	fn bid(
		&mut self,
		session: &Session,
		round: &RoundInfo<Bytes32>,
		ask: &Ask,
	) -> Result<(), ProverError> {
		let mut salt = [0; 32];
		OsRng
			.try_fill_bytes(&mut salt)
			.map_err(|error| ProverError::Io("no randomness".into(), error.into()))?;
		let payload = BidPayload {
			fee: ask.fee,
			proof_blocks: ask.proof_blocks,
			proof_commitment: None,
			salt,
		};
		let payload = payload.encode();
		let commitment = bid_commitment(
			&self.genesis_hash,
			round.batch,
			round.round,
			&round.batch_digest,
			&self.me.0,
			&payload,
		);
		let bid = Bid { batch_digest: round.batch_digest, payload, commitment };
		self.journal.record(Entry::Bid {
			batch: round.batch,
			round: round.round,
			batch_digest: bid.batch_digest,
			payload: bid.payload,
			commitment: bid.commitment,
		})?;
		self.reporter.say(&Report::Bid {
			batch: round.batch,
			round: round.round,
			fee: ask.fee,
			proof_blocks: ask.proof_blocks,
		});
		self.place(session, round, &bid, ask.max_slot_fee);
		Ok(())
	}

	fn on_placed(
		&mut self,
		key: Key,
		result: Result<Included, SubmitError>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(included) => {
				Ok(self.journal.record(Entry::Placed { batch, round, block: included.number })?)
			},
			// An earlier copy of the same bid got in.
			Err(error) if error.is_pallet_error("AlreadyBid") => {
				Ok(self.journal.record(Entry::Placed { batch, round, block: self.height })?)
			},
			Err(error @ (SubmitError::Failed { .. } | SubmitError::CannotPay { .. })) => {
				self.skip(key, error.to_string())
			},
			Err(error) => {
				self.trouble(Some(key), error.to_string());
				Ok(())
			},
		}
	}

	fn on_revealed(
		&mut self,
		key: Key,
		result: Result<Included, SubmitError>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(included) => {
				let block = included.number;
				self.journal.record(Entry::Revealed { batch, round, block })?;
				self.reporter.say(&Report::Revealed { batch, round, block });
			},
			Err(error) if error.is_pallet_error("AlreadyRevealed") => {
				self.journal.record(Entry::Revealed { batch, round, block: self.height })?;
			},
			Err(error) => self.trouble(Some(key), error.to_string()),
		}
		Ok(())
	}

	fn on_proved(
		&mut self,
		session: &Session,
		key: Key,
		since: Option<BlockNumber>,
		result: Result<Proof, ProveFailure>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(proof) => {
				let seconds = proof.took.as_secs_f64();
				self.journal.record(Entry::Proved { batch, round, proof: *proof.bytes, seconds })?;
				self.reporter.say(&Report::Proved { batch, round, seconds });
				if let Some(since) = since {
					// One block more, for the transaction.
					let took = self.height.saturating_sub(since).saturating_add(1);
					self.recent_proofs.truncate(RECENT_PROOFS.saturating_sub(1));
					self.recent_proofs.push_front(took);
				}
				self.deliver(session, key);
			},
			Err(ProveFailure::Proving(ProvingError::Cancelled)) => {
				tracing::info!("{key:?}: the proof is not wanted any more");
			},
			Err(ProveFailure::Work(Unfit::ForNow(error))) => {
				self.trouble(Some(key), error.to_string());
			},
			Err(error) => {
				self.stop_bidding(&format!("a won batch could not be proved: {error}"));
			},
		}
		Ok(())
	}

	fn on_delivered(
		&mut self,
		key: Key,
		result: Result<Included, SubmitError>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(included) => {
				self.journal.record(Entry::Delivered { batch, round, block: included.number })?;
				let outcome = included
					.events
					.iter()
					.find_map(|event| settle::outcome_in(event, &self.me.0, &key));
				match outcome {
					Some(outcome) => self.end(key, outcome),
					None => Ok(()),
				}
			},
			Err(error) => {
				if matches!(error, SubmitError::Failed { .. }) {
					let failures = self.deliveries.entry(key).or_default();
					*failures = failures.saturating_add(1);
					if *failures == MAX_DELIVERIES {
						self.stop_bidding("the chain refuses a proof of this prover");
					}
				}
				self.trouble(Some(key), error.to_string());
				Ok(())
			},
		}
	}

	fn skip(&mut self, key: Key, reason: String) -> Result<(), ProverError> {
		self.skipped.insert(key);
		self.end(key, Outcome::Skipped { reason })
	}

	/// Records how a round ended, and tells the operator.
	fn end(&mut self, key: Key, outcome: Outcome) -> Result<(), ProverError> {
		let (batch, round) = key;
		self.journal.record(Entry::Ended { batch, round, outcome: outcome.clone() })?;
		self.ended.insert(batch);
		self.reporter.say(&match outcome {
			Outcome::Skipped { reason } => Report::Skipped { batch, round, reason },
			Outcome::Lost => Report::Lost { batch, round },
			Outcome::Paid { payment, late_blocks } => {
				Report::Paid { batch, round, payment, late_blocks }
			},
			Outcome::Defaulted { slashed } => Report::Defaulted { batch, round, slashed },
			Outcome::Voided => Report::Voided { batch, round },
			Outcome::Unknown => Report::Unknown { batch, round },
		});
		Ok(())
	}

	/// Makes no bid any more: whatever went wrong would go wrong again, and cost another bond.
	fn stop_bidding(&mut self, reason: &str) {
		if self.breaker.is_none() {
			self.breaker = Some(reason.into());
			self.trouble(None, format!("no new bids until a restart: {reason}"));
		}
	}

	fn trouble(&self, about: Option<Key>, text: String) {
		self.reporter.say(&Report::Trouble { about, text });
	}
}

/// Looks at a batch, and at what this prover has.
async fn appraisal(
	appraiser: &Mutex<Appraiser>,
	client: &Client,
	view: &View,
	batch: BatchId,
	me: Bytes32,
) -> Result<Appraisal, Unfit> {
	let finalized = client.finalized().await?;
	let work = appraiser.lock().await.work(view, finalized, batch).await?;
	Ok(Appraisal {
		batch: work.batch,
		prover: view.prover(me).await?,
		free: view.free_balance(me).await?,
	})
}

/// Requests to stop.
struct Signals {
	#[cfg(unix)]
	terminate: tokio::signal::unix::Signal,
}

impl Signals {
	fn new() -> std::io::Result<Self> {
		#[cfg(unix)]
		use tokio::signal::unix::{signal, SignalKind};
		Ok(Self {
			#[cfg(unix)]
			terminate: signal(SignalKind::terminate())?,
		})
	}

	async fn next(&mut self) {
		#[cfg(unix)]
		tokio::select! {
			_ = tokio::signal::ctrl_c() => {},
			_ = self.terminate.recv() => {},
		}
		#[cfg(not(unix))]
		let _ = tokio::signal::ctrl_c().await;
	}
}
