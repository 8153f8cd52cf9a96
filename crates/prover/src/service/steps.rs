// SPDX-License-Identifier: Apache-2.0
//! From what the chain shows to tasks.

use super::{Done, Service, Session, Task};
use crate::{
	appraise::{Appraisal, Appraiser, Unfit, Work},
	decide::{next_step, Step},
	error::ProverError,
	journal::{Bid, Entry, Key, Outcome},
	proving::Cancel,
	report::Report,
	settle,
};
use pvs_client::{Block, Call, Client, Included, SubmitError, View};
use pvs_primitives::{
	api::{AssignmentInfo, BatchId, Phase, RoundInfo},
	public_inputs::{binding, PublicInputs},
	BlockNumber, Bytes32,
};
use std::{collections::BTreeSet, future::Future, time::Duration};
use tokio::sync::Mutex;

/// How long to wait for a block to take a transaction before looking at the chain again.
const INCLUSION_WAIT: Duration = Duration::from_secs(6);
/// How often a proof that the chain refuses is sent.
pub(super) const MAX_DELIVERIES: u32 = 3;
/// Every how many blocks states before the newest final one are forgotten.
const FORGET_EVERY: BlockNumber = 16;

impl Service {
	/// Rounds of this rollup that may still ask something of this prover.
	pub(super) fn open_jobs(&self) -> impl Iterator<Item = Key> + '_ {
		let ours = |key: &Key| key.0.rollup == self.rollup;
		self.journal
			.jobs()
			.iter()
			.filter(move |(key, job)| job.is_open() && ours(key))
			.map(|(key, _)| *key)
	}

	pub(super) async fn on_block(
		&mut self,
		session: &Session,
		block: Block,
	) -> Result<(), ProverError> {
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
	pub(super) fn act(
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
					let text =
						"cannot reveal: the journal does not have this bid; its bond is lost";
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
	pub(super) async fn settle_the_rest(
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
			let outcome = settle::outcome(&session.client, &self.me.0, &key, job, best).await?;
			if matches!(outcome, Outcome::Defaulted { .. }) {
				self.stop_bidding("a batch was won and not delivered");
			}
			self.end(key, outcome)?;
		}
		Ok(())
	}

	pub(super) async fn forget_old(
		&mut self,
		view: &View,
		shown: &BTreeSet<Key>,
	) -> Result<(), ProverError> {
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

	pub(super) fn start_task(
		&mut self,
		key: Key,
		task: impl Future<Output = Done> + Send + 'static,
	) -> Cancel {
		let cancel = Cancel::default();
		self.tasks.insert(key, Task { cancel: cancel.clone(), since: self.height });
		let done = self.done.clone();
		tokio::spawn(async move {
			let _ = done.send(task.await);
		});
		cancel
	}

	pub(super) fn submit(
		&mut self,
		session: &Session,
		key: Key,
		call: Call,
		done: fn(Key, Result<Included, SubmitError>) -> Done,
	) {
		let submitter = session.submitter.clone();
		self.start_task(
			key,
			async move { done(key, submitter.submit(&call, INCLUSION_WAIT).await) },
		);
	}

	pub(super) fn appraise(&mut self, session: &Session, view: &View, round: &RoundInfo<Bytes32>) {
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

	pub(super) fn place(
		&mut self,
		session: &Session,
		round: &RoundInfo<Bytes32>,
		bid: &Bid,
		max_slot_fee: u128,
	) {
		let call = Call::place_bid(
			round.batch,
			round.round,
			bid.batch_digest,
			max_slot_fee,
			bid.commitment,
		);
		self.submit(session, (round.batch, round.round), call, Done::Placed);
	}

	pub(super) fn prove(
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
	pub(super) fn input_maker(&self, (batch, round): Key) -> impl FnOnce(&Work) -> PublicInputs {
		let binding = binding(&self.genesis_hash, batch, round, &self.me.0);
		move |work| PublicInputs {
			prev_state_root: work.batch.prev_state_root,
			next_state_root: work.batch.next_state_root,
			data_commitment: work.batch.data_commitment,
			binding,
		}
	}

	pub(super) fn deliver(&mut self, session: &Session, key: Key) {
		let sent = self.deliveries.get(&key).copied().unwrap_or(0);
		let proof = self.journal.job(&key).and_then(|job| job.proof.clone());
		if let (Some(proof), true) = (proof, sent < MAX_DELIVERIES) {
			let call = Call::submit_proof(key.0, self.me.0, &proof);
			self.submit(session, key, call, Done::Delivered);
		}
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
