// SPDX-License-Identifier: Apache-2.0
//! Proofs of batches that were won, or are in rescue, and their delivery.

use super::{steps::MAX_DELIVERIES, Done, Service, Session};
use crate::{
	appraise::{Unfit, Work},
	error::ProverError,
	journal::{self, Entry, Key},
	price,
	report::Report,
	workers::Job,
};
use pvs_client::{Call, View};
use pvs_primitives::{
	api::{AssignmentInfo, BatchId, RescueInfo, RoundInfo},
	public_inputs::{binding, PublicInputs},
	BlockNumber, Bytes32,
};

impl Service {
	/// Delivers in a rescue, or sets out to, if that pays.
	pub(super) fn rescue(
		&mut self,
		session: &Session,
		view: &View,
		round: &RoundInfo<Bytes32>,
		rescue: &RescueInfo,
	) -> Result<(), ProverError> {
		let key = (round.batch, round.round);
		let job = self.journal.job(&key);
		let has_proof = job.is_some_and(|job| job.proof.is_some());
		let is_begun = job.is_some_and(journal::Job::is_open);
		if let (Some(reason), false) = (self.reason_to_pass(), has_proof) {
			return if is_begun { self.pass(key, reason) } else { Ok(()) };
		}
		let blocks_left = round.phase_ends_at.saturating_sub(self.height.saturating_add(1));
		let means = self.means(&key, 0);
		if let Err(pass) = price::rescue(rescue, blocks_left, has_proof, &self.policy, &means) {
			tracing::debug!("no rescue of {key:?} for now: {pass}");
			return Ok(());
		}
		if !is_begun {
			let ((batch, round), block) = (key, self.height);
			self.note(Entry::Rescuing { batch, round, block });
			let payment = rescue.payment;
			self.reporter.say(&Report::Rescuing { batch, round, payment });
		}
		if has_proof {
			self.deliver(session, key);
		} else {
			self.start_proof(session, view, key, round.phase_ends_at);
		}
		Ok(())
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
			self.note(Entry::Won {
				batch,
				round,
				payment: assignment.payment,
				assigned_at: assignment.assigned_at,
				on_time_until: assignment.on_time_until,
				late_until: assignment.late_until,
			});
			self.reporter.say(&Report::Won {
				batch,
				round,
				payment: assignment.payment,
				on_time_until: assignment.on_time_until,
			});
		}
		self.start_proof(session, view, key, assignment.on_time_until);
		Ok(())
	}

	/// Makes the proof of a batch, won or in rescue and due in block `due`, in the background.
	fn start_proof(&mut self, session: &Session, view: &View, key: Key, due: BlockNumber) {
		let batch = key.0;
		let rescuer = self.is_rescue(&key).then_some(self.me.0);
		let inputs_of = self.input_maker(key);
		let (appraiser, queue) = (self.appraiser.clone(), self.queue.clone());
		let (client, view) = (session.client.clone(), view.clone());
		let (start, cancelled) = tokio::sync::oneshot::channel();
		let shown = self.reporter.proof(key);
		let cancel = self.start_task(key, async move {
			let cancel = cancelled.await.unwrap_or_default();
			let made = async {
				if let Some(me) = rescuer {
					check_rescuer(&view, me, batch).await?;
				}
				let finalized = client.finalized().await.map_err(Unfit::from)?;
				let work = appraiser.work(&view, finalized, batch).await?;
				let inputs = inputs_of(&work);
				Ok(queue.prove(Job { work, inputs, shown }, due, cancel).await?)
			};
			Done::Proved(key, made.await)
		});
		let _ = start.send(cancel);
	}

	/// Returns whether a round is this prover's by a rescue, and not by a bid.
	pub(super) fn is_rescue(&self, key: &Key) -> bool {
		self.journal.job(key).is_some_and(|job| job.rescue.is_some())
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
		// Once a node answers and has caught up, its block asks for it.
		if self.is_waiting {
			return;
		}
		let refused = self.rounds.get(&key).map_or(0, |state| state.refusals);
		let proof = self.journal.job(&key).and_then(|job| job.proof.clone());
		if let (Some(proof), true) = (proof, refused < MAX_DELIVERIES) {
			let call = Call::submit_proof(key.0, self.me.0, &proof);
			self.submit(session, key, call, Done::Delivered);
		}
	}
}

/// Checks what the chain checks of whoever delivers in a rescue. What would be refused is not begun.
async fn check_rescuer(view: &View, me: Bytes32, batch: BatchId) -> Result<(), Unfit> {
	let refused = |why: &str| Err(Unfit::ForEver(format!("no rescue by this account: {why}")));
	match view.prover(me).await? {
		None => return refused("it is no registered prover"),
		Some(prover) if prover.suspended => return refused("it is suspended"),
		Some(_) => {},
	}
	let rollup = view.rollup(batch.rollup).await?;
	let info = view.batch(batch).await?;
	let is_sequencer = rollup.is_some_and(|rollup| rollup.sequencer == me)
		|| info.is_some_and(|info| info.sequencer == me);
	if is_sequencer {
		return refused("it is the sequencer");
	}
	Ok(())
}
