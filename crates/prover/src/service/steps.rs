// SPDX-License-Identifier: Apache-2.0
//! Way from what the chain shows to tasks.

use super::{Done, Service, Session};
use crate::{
	appraise::{Appraisal, Appraiser, Unfit},
	decide::{self, next_step, Step},
	error::ProverError,
	journal::{Bid, Key, Outcome},
	price::{self, Means, Record},
	report::Report,
	sealed::SealedBid,
	settle,
};
use futures::future::join_all;
use pvs_client::{BidPlacement, BidReveal, Block, Call, Client, View};
use pvs_primitives::{
	api::{BatchId, Phase, PlaceInfo, RoundInfo},
	BlockNumber, Bytes32,
};
use std::collections::BTreeSet;

/// Number of times that a proof that the chain refuses is sent.
pub(super) const MAX_DELIVERIES: u32 = 3;

/// The longest pause, in blocks, between two questions of the same kind that no node answers.
const MAX_QUESTION_PAUSE: BlockNumber = 64;

impl Service {
	/// Rounds of this rollup that may still ask something of this prover.
	pub(super) fn open_jobs(&self) -> impl Iterator<Item = Key> + '_ {
		let ours = |key: &Key| key.0.rollup == self.rollup;
		self.journal.history().open().iter().copied().filter(move |key| ours(key))
	}

	/// Returns what this prover has for work on a round, beside that round. Places on ladders that are not offered
	/// and silent bids of closed rounds do not count.
	pub(super) fn means(&self, key: &Key, free: u128) -> Means {
		let is_work = |job: &Key| {
			let stands_by = self.rounds.get(job).is_some_and(|state| state.stands_by);
			job != key && !stands_by && !self.unsettled.bids.contains_key(job)
		};
		Means {
			free,
			jobs: self.open_jobs().filter(is_work).count(),
			measured_blocks: self.recent_proofs.iter().copied().max(),
			record: Record::of(self.journal.history().totals()),
			fees: self.fees.last(),
		}
	}

	/// Returns why no new obligation is taken on, if none is.
	pub(super) fn reason_to_pass(&self) -> Option<String> {
		let stopping = self.draining_since.map(|_| "about to stop".to_owned());
		let full = || self.out_of_room.then(|| "the disk of the journal is full".to_owned());
		stopping.or_else(|| self.breaker.clone()).or_else(full)
	}

	/// Does what a block asks for, and cleans up if it is time.
	pub(super) async fn on_block(
		&mut self,
		session: &Session,
		block: Block,
	) -> Result<(), ProverError> {
		let acted = self.act_on(session, block).await;
		// At once, and also if there was no answer about another round.
		self.send_ready(session);
		let (view, shown) = acted?;
		let is_busy = !shown.is_empty() || self.open_jobs().next().is_some();
		let is_time_to_clean = self.cleaning.is_time(block.number, is_busy);
		if self.may_be_slashed || is_time_to_clean {
			self.count_slashes(&view).await?;
		}
		if is_time_to_clean {
			// Before states are forgotten: the finalized block may be behind the best one.
			self.save_state(session).await?;
			self.forget_old(&view, &shown).await?;
		}
		Ok(())
	}

	/// Takes the next step in each round that a block shows. Returns the view of it, and these rounds but for those in
	/// which this prover has no part any more.
	async fn act_on(
		&mut self,
		session: &Session,
		block: Block,
	) -> Result<(View, BTreeSet<Key>), ProverError> {
		self.look_for_room();
		let view = session.client.at(block).await?;
		self.height = block.number;
		self.monitor.saw_block(block.number, self.open_jobs().count());
		if self.is_record_due {
			// Before there can be a new bid.
			if let Some(prover) = view.prover(self.me.0).await? {
				self.check_record(&prover.stats, false)?;
			}
			self.is_record_due = false;
		}
		let mut rounds = view.open_rounds(self.rollup).await?;
		// What is due first comes first.
		rounds.sort_by_key(|round| round.phase_ends_at);
		let mut shown = BTreeSet::new();
		let mut steps = Vec::new();
		for round in &mut rounds {
			self.assign_if_won(&view, round).await?;
			let key = (round.batch, round.round);
			self.look_for_foreign_bid(round);
			let step = next_step(round, &self.me.0, self.journal.job(&key));
			if step != Step::Over {
				shown.insert(key);
			}
			steps.push(step);
		}
		let gone: Vec<Key> = self.open_jobs().filter(|key| !shown.contains(key)).collect();
		// First, because what is unsettled is not work that stands against a bid.
		self.look_for_unsettled(&view, &gone).await?;
		let (reveals, others): (Vec<_>, Vec<_>) =
			rounds.iter().zip(steps).partition(|(_, step)| *step == Step::Reveal);
		for (round, step) in others {
			self.act(session, &view, round, step)?;
		}
		// All at the same time, so that they can go out together without waiting for one answer after the other.
		let asked = reveals.iter().map(|(round, _)| self.holds_back(session, &view, round));
		let held_back = join_all(asked.collect::<Vec<_>>()).await;
		let mut unanswered = None;
		for ((round, step), is_held_back) in reveals.into_iter().zip(held_back) {
			match is_held_back {
				Ok(true) => (),
				Ok(false) => self.act(session, &view, round, step)?,
				// The others need not wait for the next block.
				Err(error) => unanswered = Some(error),
			}
		}
		if let Some(error) = unanswered {
			return Err(error);
		}
		self.settle_the_rest(session, &view, gone);
		Ok((view, shown))
	}

	/// Counts what was slashed, of which events may not have told.
	async fn count_slashes(&mut self, view: &View) -> Result<(), ProverError> {
		let prover = view.prover(self.me.0).await?;
		self.may_be_slashed = false;
		let new = self.slashed.take_new(prover.as_ref().map(|prover| &prover.stats));
		self.monitor.was_slashed(new);
		Ok(())
	}

	/// Looks for a bid of this account that is not this program's.
	fn look_for_foreign_bid(&mut self, round: &RoundInfo<Bytes32>) {
		let key = (round.batch, round.round);
		if decide::has_foreign_bid(round, &self.me.0, self.journal.job(&key)) {
			self.meet_foreign_bid(key);
		}
	}

	/// Stops taking on work if another program bids with the same key: two that do not know of each other promise
	/// the same stake and the same processors twice.
	pub(super) fn meet_foreign_bid(&mut self, key: Key) {
		if self.foreign_bid.is_some() {
			return;
		}
		self.foreign_bid = Some(key);
		let (batch, round) = key;
		self.trouble(Some(key), ProverError::ForeignBid { batch, round }.to_string());
		self.drain("a bid of this account is not in the journal; open jobs are finished first");
	}

	/// Shows a round as assigned whose winner is known but not written down yet: the deadline of its
	/// auction has passed, and whatever transaction of the next block comes first closes it.
	async fn assign_if_won(
		&self,
		view: &View,
		round: &mut RoundInfo<Bytes32>,
	) -> Result<(), ProverError> {
		if !decide::may_have_won(round, &self.me.0) {
			return Ok(());
		}
		if let Some(winner) = view.expected_winner(round.batch).await? {
			decide::assign(round, &self.me.0, winner);
		}
		Ok(())
	}

	/// Returns whether a bid is not revealed yet because the block that closed bidding may still be undone: on another fork
	/// bidding may be open, and the bid would be given away.
	async fn holds_back(
		&self,
		session: &Session,
		view: &View,
		round: &RoundInfo<Bytes32>,
	) -> Result<bool, ProverError> {
		let Some(batch) = view.batch(round.batch).await? else { return Ok(false) };
		let Some(closing) = decide::closing_block_to_wait_for(round, &batch.snapshot, self.height)
		else {
			return Ok(false);
		};
		Ok(session.client.finalized().await?.number < closing)
	}

	/// Takes the next step in a round.
	pub(super) fn act(
		&mut self,
		session: &Session,
		view: &View,
		round: &RoundInfo<Bytes32>,
		step: Step,
	) -> Result<(), ProverError> {
		let key = (round.batch, round.round);
		if let Some(state) = self.rounds.get_mut(&key) {
			state.stands_by &= matches!(step, Step::StandBy { .. });
		}
		if let Some(task) = self.rounds.task(&key) {
			if matches!(step, Step::Lost | Step::Over | Step::Voided) {
				task.cancel.cancel();
			}
			return Ok(());
		}
		if round.phase != Phase::Bidding {
			let deferred = self.rounds.get_mut(&key).and_then(|state| state.deferred.take());
			if let Some(reason) = deferred {
				self.skip(key, reason)?;
			}
		}
		match step {
			// How a round went on without this prover is settled below.
			Step::Wait | Step::Missed | Step::Over => Ok(()),
			Step::Appraise => {
				self.appraise(session, view, round);
				Ok(())
			},
			Step::SendBid => {
				let kept = self.journal.job(&key).and_then(|job| job.bid.clone());
				// A bid that the chain does not have is a new one.
				let is_allowed = self.reason_to_pass().is_none();
				let Some(bid) = kept.filter(|_| is_allowed) else { return Ok(()) };
				let means = self.means(&key, 0);
				let state = self.rounds.get(&key);
				let sent = state.and_then(|state| state.max_slot_fee_at(round.slot_fee));
				let priced = || price::max_slot_fee(round, &self.policy, &means);
				match sent.map_or_else(priced, Ok) {
					Ok(max_slot_fee) => self.place(round, &bid, max_slot_fee),
					// It may be cheaper in the next round only.
					Err(pass) => return self.skip(key, pass.to_string()),
				}
				Ok(())
			},
			Step::Reveal => {
				self.reveal(key);
				Ok(())
			},
			Step::Recover => {
				if let Some(bid) = SealedBid::in_round(round, &self.me.0) {
					self.recover(view, key, bid);
				}
				Ok(())
			},
			Step::CannotReveal => {
				if let Some(bid) = SealedBid::in_round(round, &self.me.0) {
					self.cannot_reveal(key, bid.commitment);
				}
				Ok(())
			},
			Step::WasOpened => {
				self.was_opened(round);
				Ok(())
			},
			Step::Prove(assignment) => self.prove(session, view, key, &assignment),
			Step::Deliver => {
				self.deliver(session, key);
				Ok(())
			},
			Step::StandBy { ahead, place } => self.stand_by(key, ahead, &place),
			Step::Accept(place) => self.accept(session, key, &place),
			Step::Rescue(rescue) => self.rescue(session, view, round, &rescue),
			Step::Lost => self.end(key, Outcome::Lost),
			Step::Voided => self.end(key, Outcome::Voided),
		}
	}

	fn stand_by(
		&mut self,
		key: Key,
		ahead: usize,
		place: &PlaceInfo<Bytes32>,
	) -> Result<(), ProverError> {
		if let Some(reason) = self.reason_to_pass() {
			return self.pass(key, reason);
		}
		if !core::mem::replace(&mut self.rounds.of(key).stands_by, true) {
			let ((batch, round), payment) = (key, place.payment);
			self.reporter.say(&Report::StandsBy { batch, round, ahead, payment });
		}
		Ok(())
	}

	/// Takes the place that is offered, if its proof can be made in time.
	fn accept(
		&mut self,
		session: &Session,
		key: Key,
		place: &PlaceInfo<Bytes32>,
	) -> Result<(), ProverError> {
		if let Some(reason) = self.reason_to_pass() {
			return self.pass(key, reason);
		}
		match price::step_in(place, &self.policy, &self.means(&key, 0)) {
			Ok(()) => {
				self.submit(session, key, Call::accept_place(key.0, key.1), Done::Accepted);
				Ok(())
			},
			Err(pass) => self.pass(key, pass.to_string()),
		}
	}

	/// Leaves the work to others. No obligation is broken by it.
	pub(super) fn pass(&mut self, key: Key, reason: String) -> Result<(), ProverError> {
		let (batch, round) = key;
		self.reporter.say(&Report::Passed { batch, round, reason });
		self.end(key, Outcome::Lost)
	}

	/// Asks how rounds ended that the chain shows no longer, or in which this prover has no part any more, in
	/// tasks of their own: what a node cannot tell about old blocks must not keep this prover from revealing or
	/// delivering. If a bid is unsettled, that is settled first.
	fn settle_the_rest(&mut self, session: &Session, view: &View, gone: Vec<Key>) {
		for key in gone {
			if let Some(task) = self.rounds.task(&key) {
				// A delivery brings its own result; anything else is of no use any more.
				task.cancel.cancel();
				continue;
			}
			if self.unsettled.bids.contains_key(&key) {
				self.settle_bid(view, key);
				continue;
			}
			let mut question = self.rounds.of(key).question.unwrap_or_default();
			if self.height < question.again_at {
				continue;
			}
			question.asked = question.asked.saturating_add(1);
			question.again_at = self.height.saturating_add(pause_after(question.asked));
			self.rounds.of(key).question = Some(question);
			let Some(job) = self.journal.job(&key).cloned() else { continue };
			let (client, best, me) = (session.client.clone(), view.block(), self.me.0);
			self.start_task(key, async move {
				Done::Settled(key, settle::ending(&client, &me, &key, &job, best).await)
			});
		}
	}

	pub(super) async fn forget_old(
		&mut self,
		view: &View,
		shown: &BTreeSet<Key>,
	) -> Result<(), ProverError> {
		let unsettled = &self.unsettled.bids;
		let is_kept = |key: &Key| shown.contains(key) || unsettled.contains_key(key);
		self.rounds.forget(is_kept);
		self.bids.forget(is_kept);
		self.reveals.forget(is_kept);
		if let Some(rollup) = view.rollup(self.rollup).await? {
			self.appraiser.forget_before(rollup.next_to_finalize, &rollup.finalized_root);
		}
		Ok(())
	}

	/// Makes the payload of a bid ready to be sent. In the reveal window that reveals the bid, in the opening window it opens
	/// the bid, and once the round has closed without the bid it settles it.
	pub(super) fn reveal(&mut self, key: Key) {
		let kept = self.journal.job(&key).and_then(|job| job.bid.as_ref());
		if let Some(bid) = kept {
			let ((batch, round), bidder, payload) = (key, self.me.0, bid.payload);
			self.reveals.add(BidReveal { batch, round, bidder, payload });
		}
	}

	pub(super) fn appraise(&mut self, session: &Session, view: &View, round: &RoundInfo<Bytes32>) {
		let key = (round.batch, round.round);
		let is_skipped = self.rounds.get(&key).is_some_and(|state| state.is_skipped);
		if self.reason_to_pass().is_some() || is_skipped {
			return;
		}
		let appraiser = self.appraiser.clone();
		let (session, view, round) = (session.clone(), view.clone(), Box::new(round.clone()));
		let me = self.me.0;
		let (fees, submitter, height) = (self.fees.clone(), session.submitter.clone(), self.height);
		// Beside it, since bidding does not last long.
		tokio::spawn(async move { fees.refresh(&submitter, height).await });
		self.start_task(key, async move {
			let result = appraisal(&appraiser, &session.client, &view, round.batch, me).await;
			Done::Appraised(round, result)
		});
	}

	/// Makes a bid that is in the journal ready to be sent.
	pub(super) fn place(&mut self, round: &RoundInfo<Bytes32>, bid: &Bid, max_slot_fee: u128) {
		self.bids.add(BidPlacement {
			batch: round.batch,
			round: round.round,
			batch_digest: bid.batch_digest,
			max_slot_fee,
			commitment: bid.commitment,
			seal: bid.seal,
		});
		self.rounds.of((round.batch, round.round)).max_slot_fee = Some(max_slot_fee);
	}
}

/// Returns for how many blocks not to ask again after so many answers that did not come.
fn pause_after(asked: u32) -> BlockNumber {
	1_u32
		.checked_shl(asked.saturating_sub(1))
		.map_or(MAX_QUESTION_PAUSE, |pause| pause.min(MAX_QUESTION_PAUSE))
}

/// Looks at a batch, and at what this prover has.
async fn appraisal(
	appraiser: &Appraiser,
	client: &Client,
	view: &View,
	batch: BatchId,
	me: Bytes32,
) -> Result<Appraisal, Unfit> {
	let finalized = client.finalized().await?;
	let work = appraiser.work(view, finalized, batch).await?;
	Ok(Appraisal {
		batch: work.batch,
		prover: view.prover(me).await?,
		free: view.free_balance(me).await?,
	})
}
