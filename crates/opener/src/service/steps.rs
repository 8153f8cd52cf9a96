// SPDX-License-Identifier: Apache-2.0
//! Way from what the chain shows to solvers and transactions.

use super::{
	cost, name, results::sent_or_unknown, Block, Call, Message, OpenerError, Sent, Service,
	Session, Trace, View, Work,
};
use crate::{
	decide::{plan, targets, wanted_seals, why_gone, Id, Means, Rounds, Stage, Target},
	pool::Job,
	report::Report,
};
use pvs_primitives::{api::BatchId, BlockNumber};
use pvs_service::{Answer, Event};
use pvs_timelock::Opening;
use std::{
	collections::{BTreeMap, BTreeSet},
	time::Duration,
};

/// Time to wait for a block to take an opening before looking at the chain again.
const INCLUSION_WAIT: Duration = Duration::from_secs(30);
/// Number of blocks after which fee and seals are asked for again.
const ASK_EVERY: BlockNumber = 100;
/// Number of blocks for which a seal that is gone is remembered: a reorganization may bring it back.
const REMEMBER: BlockNumber = 64;
/// Time for which unfinished work is kept on the disk that no block has shown yet. After a restart the node may
/// have to catch up first; no opening window is as long as this.
const KEEP_FOR: Duration = Duration::from_secs(24 * 60 * 60);

impl Service {
	/// Does what a block asks for.
	pub(super) async fn on_block(
		&mut self,
		session: &Session,
		block: Block,
	) -> Result<(), OpenerError> {
		let view = session.client.at(block).await?;
		let previous = core::mem::replace(&mut self.height, block.number);
		if block.number.saturating_sub(self.asked_at) >= ASK_EVERY {
			self.asked_at = block.number;
			self.use_seals(&view.seals().await?)?;
			match cost(&self.config, &self.token, &session.submitter).await {
				Ok(cost) => self.cost = cost,
				Err(error) => tracing::warn!("the last known cost is used: {error}"),
			}
		}
		if self.asked_at == block.number || !self.monitor.can_pay.is_met() {
			self.check_balance(&view).await?;
		}
		let rounds = self.rounds(&view).await?;
		self.fetch_seals(&view, &rounds).await?;
		let mut targets = targets(&rounds, &self.scope(), &self.seals);
		self.leave_barred(&view, &mut targets).await?;
		for target in &mut targets {
			self.look_at(target, previous);
		}
		self.monitor.saw_block(block.number, targets.len());
		let stages = self.work.iter().map(|(id, work)| (*id, work.stage)).collect();
		let means = Means {
			threads: self.config.threads as usize,
			cost: self.cost,
			min_profit: self.min_profit,
			height: block.number,
			delay: self.parameters.delay,
			speed: self.speed,
			slot_millis: self.slot_millis,
		};
		let plan = plan(&targets, &stages, &means);
		for id in &plan.cancel {
			self.cancel(id, &rounds);
		}
		let find = |id: &Id| targets.iter().find(|target| target.id == *id);
		for target in plan.start.iter().filter_map(find) {
			self.start_solving(target);
		}
		for id in &plan.open {
			self.open(session, &view, *id);
		}
		for (id, pass) in plan.pass {
			if let Some(target) = find(&id) {
				let seal = name(target);
				self.tell_once(id, Report::Skipped { seal, reason: pass.to_string() });
			}
		}
		if is_cleaning_due(self.cleaned_at, block.number) {
			self.cleaned_at = block.number;
			self.forget_old(session).await?;
		}
		Ok(())
	}

	/// Reads the rounds in which there may be seals to open. A rollup is watched for silent bids from when it
	/// has batches until it has neither; now and then all are asked.
	async fn rounds(&mut self, view: &View) -> Result<Rounds, OpenerError> {
		let mut rounds = Rounds::default();
		let asks_all = self.asked_at == self.height;
		for rollup in view.rollups().await? {
			if rollup.pending > 0 {
				rounds.open.extend(view.open_rounds(rollup.id).await?);
			}
			if rollup.pending > 0 || asks_all {
				self.watched.insert(rollup.id, rollup.pending > 0);
			} else if let Some(is_busy) = self.watched.get_mut(&rollup.id) {
				*is_busy = false;
			}
		}
		for (rollup, is_busy) in core::mem::take(&mut self.watched) {
			let unsettled = view.unsettled_bids(rollup).await?;
			if is_busy || !unsettled.is_empty() {
				self.watched.insert(rollup, false);
			}
			rounds.unsettled.extend(unsettled);
		}
		Ok(rounds)
	}

	/// Fetches the seals of open rounds that are not known yet, and forgets the others. What is not found
	/// is looked for again with the next block.
	async fn fetch_seals(&mut self, view: &View, rounds: &Rounds) -> Result<(), OpenerError> {
		let wanted = wanted_seals(rounds, &self.scope());
		let wanted: BTreeMap<_, _> = wanted.map(|(place, hash)| (hash, place)).collect();
		self.seals.retain(|seal_hash, _| wanted.contains_key(seal_hash));
		let missing: Vec<_> = wanted
			.into_iter()
			.filter(|(seal_hash, _)| !self.seals.contains_key(seal_hash))
			.map(|(seal_hash, place)| (place, seal_hash))
			.collect();
		if !missing.is_empty() {
			let wanted = missing.len();
			let found = view.seals_of(missing).await?;
			if found.len() < wanted {
				tracing::warn!("{} seals are not where their bids say", wanted - found.len());
			}
			self.seals.extend(found);
		}
		Ok(())
	}

	/// Drops the seals that the chain does not let this account open: it is the sequencer that
	/// committed the batch, or the rollup's present one. The chain is asked once per batch.
	async fn leave_barred(
		&mut self,
		view: &View,
		targets: &mut Vec<Target>,
	) -> Result<(), OpenerError> {
		let open = targets.iter().filter(|target| !target.settles);
		let batches: BTreeSet<BatchId> = open.map(|target| target.batch).collect();
		for batch in batches {
			if self.barred.contains_key(&batch) {
				continue;
			}
			let committer = view.batch(batch).await?.map(|batch| batch.sequencer);
			let sequencer = view.rollup(batch.rollup).await?.map(|rollup| rollup.sequencer);
			let is_barred = [committer, sequencer].contains(&Some(self.me.0));
			self.barred.insert(batch, is_barred);
		}
		targets.retain(|target| {
			let is_barred = !target.settles && self.barred.get(&target.batch) == Some(&true);
			if is_barred {
				let reason = "the chain does not let the rollup's sequencer open seals".into();
				self.tell_once(target.id, Report::Skipped { seal: name(target), reason });
			}
			!is_barred
		});
		Ok(())
	}

	/// Notes that a seal is there, and what was saved of it; one that was solved before a restart
	/// needs no solver.
	fn look_at(&mut self, target: &mut Target, previous: BlockNumber) {
		let (height, store, delay) = (self.height, &self.store, self.parameters.delay);
		let trace = self.traces.entry(target.id).or_insert_with(|| {
			let base = target.seal.first_chunk();
			let solver = base.and_then(|base| store.solver(&target.id, base, delay));
			Trace { seen: height, saved: solver.map_or(0, |solver| solver.done()) }
		});
		trace.seen = height;
		target.done = trace.saved;
		if let Some(work) = self.work.get_mut(&target.id) {
			work.stage = stage_when_shown(work.stage, work.seen, previous, height);
			work.seen = height;
			work.target = target.clone();
		} else if let Some(opening) = store.opening(&target.id) {
			let work = Work {
				target: target.clone(),
				stage: Stage::Solved,
				handle: None,
				opening: Some(opening),
				seen: height,
			};
			self.work.insert(target.id, work);
		}
	}

	fn start_solving(&mut self, target: &Target) {
		let job = Job {
			id: target.id,
			parameters: self.parameters.clone(),
			seal: target.seal,
			context: target.context,
			commitment: target.commitment,
			opener: self.me.0,
		};
		// The queue is full while threads that were told to stop have not seen it yet.
		let Some(handle) = self.pool.solve(job) else { return };
		let work = Work {
			target: target.clone(),
			stage: Stage::Running,
			handle: Some(handle),
			opening: None,
			seen: self.height,
		};
		self.work.insert(target.id, work);
		self.summary.started = self.summary.started.saturating_add(1);
		self.say(Report::Solving { seal: name(target), reward: target.reward });
	}

	fn cancel(&mut self, id: &Id, rounds: &Rounds) {
		let Some(work) = self.work.get(id) else { return };
		if let Some(handle) = &work.handle {
			handle.give_up();
		}
		let reason = why_gone(rounds, &work.target).into();
		self.tell_once(*id, Report::Cancelled { seal: work.name(), reason });
	}

	/// Asks the chain about an opening, and sends it if that says yes.
	fn open(&mut self, session: &Session, view: &View, id: Id) {
		let Some(work) = self.work.get_mut(&id) else { return };
		let Some(opening) = work.opening.clone() else { return };
		work.stage = Stage::Sending;
		let (batch, round, bidder) = (work.target.batch, work.target.round, work.target.bidder);
		let (seal, me) = (work.target.seal, self.me.0);
		let (session, view, messages) = (session.clone(), view.clone(), self.messages.clone());
		let answer = Answer::new(Message::BrokeOff(id), move |message| {
			let _ = messages.send(message);
		});
		self.sending.spawn(answer, async move {
			let Opening { solution, proof } = &opening;
			let sent = async {
				let opened = (solution, proof);
				let verdict = view.check_opening((batch, round), bidder, me, &seal, opened).await?;
				Ok(match verdict {
					None => Sent::NotNeeded,
					Some(false) => Sent::Refused,
					Some(true) => {
						let call = Call::open_bid(batch, round, bidder, &seal, opened);
						sent_or_unknown(session.submitter.submit(&call, INCLUSION_WAIT).await)?
					},
				})
			};
			Message::Sent(id, sent.await)
		});
	}

	pub(super) fn tell_once(&mut self, id: Id, report: Report) {
		let key = (id, report.text(&self.token));
		if self.told.insert(key, self.height).is_none() {
			self.say(report);
		}
	}

	/// Forgets seals that no block has shown for a while, and their files once the finalized chain is
	/// past the last block that showed them and does not show them itself.
	async fn forget_old(&mut self, session: &Session) -> Result<(), OpenerError> {
		let height = self.height;
		let is_recent = |since: BlockNumber| height.saturating_sub(since) <= REMEMBER;
		self.work.retain(|_, work| {
			let is_busy = matches!(work.stage, Stage::Running | Stage::Sending);
			is_busy || is_recent(work.seen)
		});
		self.told.retain(|_, last| is_recent(*last));
		// A batch may have got another sequencer, or be another one on this fork.
		self.barred.clear();
		let finalized = session.client.finalized().await?;
		let view = session.client.at(finalized).await?;
		let mut rounds = Rounds { open: view.all_open_rounds().await?, ..Rounds::default() };
		for rollup in self.watched.keys() {
			rounds.unsettled.extend(view.unsettled_bids(*rollup).await?);
		}
		let seals = view.seals_of(wanted_seals(&rounds, &self.scope())).await?;
		let shown = targets(&rounds, &self.scope(), &seals).into_iter().map(|target| target.id);
		let kept: BTreeSet<Id> = self.work.keys().copied().chain(shown).collect();
		let seen = self.traces.iter().map(|(id, trace)| (*id, trace.seen));
		let gone = gone_for_good(seen, &kept, finalized.number);
		self.traces.retain(|id, _| !gone.contains(id));
		let known = self.traces.keys().copied().chain(kept).collect();
		if let Err(error) = self.store.clean_up(&gone, &known, KEEP_FOR) {
			tracing::warn!("cannot clean up {}: {error}", self.config.state_dir.display());
		}
		Ok(())
	}
}

/// Returns whether so many blocks have passed since the last clean-up; blocks may be skipped, and a reorganization
/// may lead to a lower one.
fn is_cleaning_due(cleaned_at: BlockNumber, height: BlockNumber) -> bool {
	height.saturating_sub(cleaned_at) >= REMEMBER
}

/// The seals that no finalized block will show again: the finalized chain is past the last block that
/// showed them, and they are not among those that are kept.
fn gone_for_good(
	seen: impl Iterator<Item = (Id, BlockNumber)>,
	kept: &BTreeSet<Id>,
	finalized: BlockNumber,
) -> BTreeSet<Id> {
	seen.filter(|(id, last)| *last < finalized && !kept.contains(id)).map(|(id, _)| id).collect()
}

/// Returns where the work stands on a seal that is shown at `height`, and was last shown at `seen`. If the
/// `previous` block did not show it, a reorganization has undone its opening, which is in the pool again: the wait
/// before it is sent again starts anew.
fn stage_when_shown(
	stage: Stage,
	seen: BlockNumber,
	previous: BlockNumber,
	height: BlockNumber,
) -> Stage {
	match stage {
		Stage::Sent(_) if seen < previous => Stage::Sent(height),
		stage => stage,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn wait_before_sending_again_should_start_anew_when_a_reorganization_undid_an_opening() {
		let sent = Stage::Sent(10);
		for (stage, seen, previous, height, expected) in [
			// It was never gone, also where blocks are skipped or looked at twice.
			(sent, 12, 12, 13, sent),
			(sent, 12, 12, 15, sent),
			(sent, 12, 12, 12, sent),
			(sent, 12, 12, 11, sent),
			// Gone from 11 to 15, and there again.
			(sent, 10, 15, 16, Stage::Sent(16)),
			(sent, 10, 15, 14, Stage::Sent(14)),
			(Stage::Solved, 10, 15, 16, Stage::Solved),
			(Stage::Sending, 10, 15, 16, Stage::Sending),
		] {
			let found = stage_when_shown(stage, seen, previous, height);
			assert_eq!(found, expected, "{stage:?} {seen} {previous} {height}");
		}
	}

	#[test]
	fn saved_work_should_be_forgotten_only_when_the_finalized_chain_is_past_it() {
		let [shown, gone, fresh] = [[1; 32], [2; 32], [3; 32]];
		let seen = || [(shown, 10), (gone, 10), (fresh, 20)].into_iter();
		let kept = BTreeSet::from([shown]);
		assert_eq!(gone_for_good(seen(), &kept, 20), BTreeSet::from([gone]));
		assert_eq!(gone_for_good(seen(), &kept, 21), BTreeSet::from([gone, fresh]));
		assert_eq!(gone_for_good(seen(), &kept, 10), BTreeSet::new(), "a node that catches up");
	}

	#[test]
	fn clean_up_should_come_once_in_so_many_blocks_when_blocks_are_skipped() {
		for (cleaned_at, height, is_due) in
			[(0, 63, false), (0, 64, true), (10, 75, true), (70, 128, false), (128, 127, false)]
		{
			assert_eq!(is_cleaning_due(cleaned_at, height), is_due, "{cleaned_at} {height}");
		}
	}
}
