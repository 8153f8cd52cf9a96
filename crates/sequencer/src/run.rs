// SPDX-License-Identifier: Apache-2.0
//! Committing batches and following them.

use crate::{
	batches::{random_batch, NothingToMove, Payments},
	cli::RunArgs,
	ledger::{Ledger, Stage},
};
use futures::StreamExt;
use pvs_client::{
	amount::AmountError, Account, Block, Call, Client, Error, Included, KeyError, PvsEvent,
	Replica, ReplicaError, SubmitError, Submitter,
};
use pvs_primitives::{
	api::{BatchId, RollupInfo},
	BlockNumber, Bytes32,
};
use pvs_rollup::{demo, state::State};
use rand::{rngs::StdRng, SeedableRng};
use serde_json::json;
use std::{io::Write, time::Duration};
use tokio::time::Instant;

/// How long to wait for a block to take a batch before looking at the chain.
const INCLUSION_WAIT: Duration = Duration::from_secs(12);
/// Pallet errors of a commit that a later block can cure.
const PASSING_ERRORS: [&str; 4] =
	["BlockDataFull", "TooManyPendingBatches", "ChainFull", "TipChanged"];

/// Why the sequencer stops.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SequencerError {
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Key(#[from] KeyError),
	#[error(transparent)]
	Amount(#[from] AmountError),
	#[error(transparent)]
	Submit(#[from] SubmitError),
	#[error("cannot replay the rollup: {0}")]
	Replay(#[from] ReplicaError),
	#[error(transparent)]
	NothingToMove(#[from] NothingToMove),
	#[error("rollup {0} is not registered on this chain; name another one with --rollup")]
	UnknownRollup(u32),
	#[error("account {account} is not the sequencer of rollup {rollup}; {sequencer} is")]
	NotSequencer { account: String, rollup: u32, sequencer: String },
	#[error(
		"rollup {rollup} starts from state root 0x{}, the reference payments rollup from 0x{}",
		hex::encode(found),
		hex::encode(expected)
	)]
	ForeignGenesis { rollup: u32, found: Bytes32, expected: Bytes32 },
	#[error("the reference rollup's genesis is invalid: {0}")]
	Genesis(String),
	#[error(
		"--max-fee is {max_fee}, the rollup takes {lowest} to {highest}; choose an amount in between"
	)]
	FeeOutOfRange { max_fee: String, lowest: String, highest: String },
	#[error("account {account} has {free}, a batch holds {needed}; send it some tokens")]
	BalanceTooLow { account: String, free: String, needed: String },
	#[error("batch {0}/{1} ended without a proof")]
	BatchLost(u32, u64),
	#[error("nothing happened for {0} s; are provers running?")]
	TimedOut(u64),
	#[error("interrupted with {0} batches unproven; they go on without the sequencer")]
	Interrupted(usize),
}

/// Commits batches until as many as asked for are final.
pub(crate) async fn run(args: RunArgs) -> Result<(), SequencerError> {
	let mut sequencer = Sequencer::start(args).await?;
	tokio::select! {
		result = sequencer.follow() => result,
		() = stop_signal() => Err(SequencerError::Interrupted(sequencer.ledger.unproven())),
	}
}

struct Sequencer {
	args: RunArgs,
	client: Client,
	submitter: Submitter,
	replica: Replica<Payments>,
	rng: StdRng,
	max_fee: u128,
	ledger: Ledger,
	committed: u64,
	/// The newest block whose events were taken in.
	seen: BlockNumber,
	last_commit: Option<BlockNumber>,
	last_progress: Instant,
}

impl Sequencer {
	async fn start(args: RunArgs) -> Result<Self, SequencerError> {
		let key = args.key.load()?;
		let me = Account::of(&key);
		let client = args.connect.connect().await?;
		let token = client.token();
		let best = client.best().await?;
		let view = client.at(best).await?;
		let rollup =
			view.rollup(args.rollup).await?.ok_or(SequencerError::UnknownRollup(args.rollup))?;
		if rollup.sequencer != me.0 {
			return Err(SequencerError::NotSequencer {
				account: me.address(),
				rollup: args.rollup,
				sequencer: Account(rollup.sequencer).address(),
			});
		}
		let genesis = State::from_genesis(&demo::genesis())
			.map_err(|error| SequencerError::Genesis(error.to_string()))?;
		if genesis.root() != rollup.genesis_root {
			return Err(SequencerError::ForeignGenesis {
				rollup: args.rollup,
				found: rollup.genesis_root,
				expected: genesis.root(),
			});
		}

		let (lowest, highest) = (rollup.params.min_reserve, rollup.params.max_reserve);
		let max_fee = match &args.max_fee {
			Some(amount) => amount.planck(token)?,
			None => highest,
		};
		if !(lowest..=highest).contains(&max_fee) {
			return Err(SequencerError::FeeOutOfRange {
				max_fee: token.show(max_fee),
				lowest: token.show(lowest),
				highest: token.show(highest),
			});
		}
		let free = view.free_balance(me.0).await?;
		let needed = max_fee.saturating_add(rollup.params.sequencer_bond);
		if free < needed {
			return Err(SequencerError::BalanceTooLow {
				account: me.address(),
				free: token.show(free),
				needed: token.show(needed),
			});
		}

		let replica = Replica::new(args.rollup, Payments(genesis));
		let rng = args.seed.map_or_else(StdRng::from_entropy, StdRng::seed_from_u64);
		let submitter = Submitter::new(client.clone(), key);
		Ok(Self {
			args,
			client,
			submitter,
			replica,
			rng,
			max_fee,
			ledger: Ledger::default(),
			committed: 0,
			seen: best.number,
			last_commit: None,
			last_progress: Instant::now(),
		})
	}

	async fn follow(&mut self) -> Result<(), SequencerError> {
		let mut blocks = self.client.best_blocks().await?;
		let mut best = self.client.best().await?;
		let patience = Duration::from_secs(self.args.timeout);
		loop {
			self.take_in_events(best).await?;
			let finalized = u64::try_from(self.ledger.finalized()).unwrap_or(u64::MAX);
			if finalized >= self.args.batches {
				return Ok(());
			}
			if self.may_commit(best) {
				self.commit(best).await?;
			}
			let give_up = self.last_progress + patience;
			let next = tokio::time::timeout_at(give_up, blocks.next()).await;
			let next = next.map_err(|_| SequencerError::TimedOut(self.args.timeout))?;
			let url = self.client.url();
			best = next.ok_or_else(|| Error::StreamEnded { url: url.into() })??;
			if Instant::now() >= give_up {
				return Err(SequencerError::TimedOut(self.args.timeout));
			}
		}
	}

	/// Takes in the events of all blocks up to `best` that were not taken in yet.
	async fn take_in_events(&mut self, best: Block) -> Result<(), SequencerError> {
		for number in self.seen.saturating_add(1)..=best.number {
			let block = if number == best.number {
				best
			} else {
				self.client.block(self.client.hash_at(number).await?).await?
			};
			for event in self.client.at(block).await?.events().await? {
				if self.ledger.concerns(&event) {
					self.last_progress = Instant::now();
				}
				if let (Some(stage), Some(batch)) = (self.ledger.take_in(&event), event.batch()) {
					self.tell(batch, &event, block.number);
					if stage == Stage::Lost {
						return Err(SequencerError::BatchLost(batch.rollup, batch.index));
					}
				}
			}
			self.seen = number;
		}
		Ok(())
	}

	fn may_commit(&self, best: Block) -> bool {
		let has_room = self.ledger.unproven() < self.args.pipeline as usize;
		let is_due = self.last_commit.is_none_or(|last| {
			best.number.saturating_add(1) >= last.saturating_add(self.args.interval_blocks)
		});
		self.committed < self.args.batches && has_room && is_due
	}

	/// Commits one batch on top of the rollup's tip.
	async fn commit(&mut self, best: Block) -> Result<(), SequencerError> {
		let view = self.client.at(best).await?;
		let rollup = self.rollup(best).await?;
		let finalized = self.client.finalized().await?;
		self.replica
			.catch_up(&view, &rollup.tip_root, best.number, finalized.number, |_, _| {})
			.await?;
		self.replica.forget_before(&rollup.finalized_root);
		let unknown = ReplicaError::UnknownState { root: rollup.tip_root };
		let Payments(state) = self.replica.state(&rollup.tip_root).ok_or(unknown)?;
		let (data, after) = random_batch(state, &mut self.rng)?;
		let next_root = after.root();
		let call =
			Call::commit_batch(self.args.rollup, &data, rollup.tip_root, next_root, self.max_fee);
		let (batch, block) = match self.submitter.submit(&call, INCLUSION_WAIT).await {
			Ok(included) => {
				(committed_batch(&included, rollup.id, rollup.next_index), included.number)
			},
			Err(error) if PASSING_ERRORS.iter().any(|name| error.is_pallet_error(name)) => {
				tracing::info!("the next block will do: {error}");
				return Ok(());
			},
			Err(error @ SubmitError::Unknown { .. }) => {
				tracing::warn!("{error}");
				let best = self.client.best().await?;
				if self.rollup(best).await?.tip_root != next_root {
					return Ok(());
				}
				(BatchId { rollup: rollup.id, index: rollup.next_index }, best.number)
			},
			Err(error) => return Err(error.into()),
		};
		self.replica.apply(&rollup.tip_root, &data)?;
		self.ledger.add(batch);
		self.committed = self.committed.saturating_add(1);
		self.last_commit = Some(block);
		self.last_progress = Instant::now();
		self.tell_committed(batch, block);
		Ok(())
	}

	async fn rollup(&self, block: Block) -> Result<RollupInfo<Bytes32>, SequencerError> {
		let rollup = self.client.at(block).await?.rollup(self.args.rollup).await?;
		rollup.ok_or(SequencerError::UnknownRollup(self.args.rollup))
	}

	fn tell_committed(&self, batch: BatchId, block: BlockNumber) {
		let json = json!({
			"event": "committed",
			"batch": batch,
			"block": block,
			"max_fee": self.max_fee.to_string(),
		});
		let fee = self.client.token().show(self.max_fee);
		self.say(batch, &json, &format!("committed in block {block}, up to {fee} for its proof"));
	}

	fn tell(&self, batch: BatchId, event: &PvsEvent, block: BlockNumber) {
		let (json, text) = match event {
			PvsEvent::ProofAccepted { prover, payment, late_blocks, .. } => (
				json!({
					"event": "proven",
					"batch": batch,
					"block": block,
					"prover": Account(*prover).address(),
					"payment": payment.to_string(),
					"late_blocks": late_blocks,
				}),
				format!(
					"proven by {} in block {block} for {}",
					Account(*prover),
					self.client.token().show(*payment)
				),
			),
			PvsEvent::BatchFinalized { .. } => (
				json!({ "event": "final", "batch": batch, "block": block }),
				format!("final in block {block}"),
			),
			_ => (
				json!({ "event": "lost", "batch": batch, "block": block }),
				format!("ended without a proof in block {block}"),
			),
		};
		self.say(batch, &json, &text);
	}

	fn say(&self, batch: BatchId, json: &serde_json::Value, text: &str) {
		let mut out = std::io::stdout().lock();
		let written = if self.args.json {
			writeln!(out, "{json}")
		} else {
			writeln!(out, "batch {}/{}: {text}", batch.rollup, batch.index)
		};
		// A reader that has gone away does not stop the sequencer.
		let _ = written.and_then(|()| out.flush());
	}
}

/// The batch that a commit made, as its event says.
fn committed_batch(included: &Included, rollup: u32, expected_index: u64) -> BatchId {
	let committed = included.events.iter().find_map(|event| match event {
		PvsEvent::BatchCommitted { batch, .. } => Some(*batch),
		_ => None,
	});
	committed.unwrap_or(BatchId { rollup, index: expected_index })
}

async fn stop_signal() {
	#[cfg(unix)]
	{
		use tokio::signal::unix::{signal, SignalKind};
		if let Ok(mut terminate) = signal(SignalKind::terminate()) {
			tokio::select! {
				_ = tokio::signal::ctrl_c() => {},
				_ = terminate.recv() => {},
			}
			return;
		}
	}
	let _ = tokio::signal::ctrl_c().await;
}
