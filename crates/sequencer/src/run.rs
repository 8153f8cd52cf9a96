// SPDX-License-Identifier: Apache-2.0
//! Committing batches and following them.

use crate::{
	batches::{random_batch, Payments},
	cli::RunArgs,
	error::SequencerError,
	ledger::{Ledger, Stage},
	seat::{Commit, Seat, Wanted},
};
use futures::StreamExt;
use pvs_client::{Account, Block, Error, PvsEvent, Replica, ReplicaError, Signals};
use pvs_primitives::{api::BatchId, BlockNumber};
use pvs_rollup::{demo, state::State};
use rand::{rngs::StdRng, SeedableRng};
use serde_json::json;
use std::{io::Write, time::Duration};
use tokio::time::Instant;

/// Commits batches until as many as asked for are final.
pub(crate) async fn run(args: RunArgs) -> Result<(), SequencerError> {
	let mut sequencer = Sequencer::start(args).await?;
	let mut signals = Signals::new().map_err(SequencerError::signals)?;
	tokio::select! {
		result = sequencer.follow() => result,
		() = signals.next() => Err(SequencerError::Interrupted(sequencer.ledger.unproven())),
	}
}

struct Sequencer {
	args: RunArgs,
	seat: Seat,
	replica: Replica<Payments>,
	rng: StdRng,
	ledger: Ledger,
	committed: u64,
	/// The newest block whose events were taken in.
	seen: BlockNumber,
	last_commit: Option<BlockNumber>,
	last_progress: Instant,
}

impl Sequencer {
	async fn start(args: RunArgs) -> Result<Self, SequencerError> {
		let genesis = State::from_genesis(&demo::genesis())
			.map_err(|error| SequencerError::Genesis(error.to_string()))?;
		let wanted = Wanted { rollup: args.rollup, genesis_root: genesis.root() };
		let key = args.key.load()?;
		let client = args.connect.connect().await?;
		let (seat, best) = Seat::take(client, key, args.max_fee.as_ref(), wanted).await?;
		let info = seat.rollup(best).await?;
		seat.check_right(&info)?;
		seat.check_funds(best, &info).await?;
		let replica = Replica::new(args.rollup, Payments(genesis));
		let rng = args.seed.map_or_else(StdRng::from_entropy, StdRng::seed_from_u64);
		Ok(Self {
			args,
			seat,
			replica,
			rng,
			ledger: Ledger::default(),
			committed: 0,
			seen: best.number,
			last_commit: None,
			last_progress: Instant::now(),
		})
	}

	async fn follow(&mut self) -> Result<(), SequencerError> {
		let mut blocks = self.seat.client.best_blocks().await?;
		let mut best = self.seat.client.best().await?;
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
			let url = self.seat.client.url();
			best = next.ok_or_else(|| Error::StreamEnded { url })??;
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
				self.seat.client.block(self.seat.client.hash_at(number).await?).await?
			};
			for event in self.seat.client.at(block).await?.events().await? {
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
		let view = self.seat.client.at(best).await?;
		let rollup = self.seat.rollup(best).await?;
		let finalized = self.seat.client.finalized().await?;
		self.replica
			.catch_up(&view, &rollup.tip_root, best.number, finalized.number, |_, _| {})
			.await?;
		self.replica.forget_before(&rollup.finalized_root);
		let unknown = ReplicaError::UnknownState { root: rollup.tip_root };
		let Payments(state) = self.replica.state(&rollup.tip_root).ok_or(unknown)?;
		let (data, after) = random_batch(state, &mut self.rng)?;
		let next_root = after.root();
		let Commit::Included(batch, block) = self.seat.commit(&rollup, &data, next_root).await?
		else {
			return Ok(());
		};
		self.replica.apply(&rollup.tip_root, &data)?;
		self.ledger.add(batch);
		self.committed = self.committed.saturating_add(1);
		self.last_commit = Some(block);
		self.last_progress = Instant::now();
		self.tell_committed(batch, block);
		Ok(())
	}

	fn tell_committed(&self, batch: BatchId, block: BlockNumber) {
		let json = json!({
			"event": "committed",
			"batch": batch,
			"block": block,
			"max_fee": self.seat.max_fee.to_string(),
		});
		let fee = self.seat.client.token().show(self.seat.max_fee);
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
					self.seat.client.token().show(*payment)
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
