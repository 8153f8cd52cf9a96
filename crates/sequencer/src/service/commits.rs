// SPDX-License-Identifier: Apache-2.0
//! Commits: when one is sent, and what follows from how it ends.

use super::{can_pass, is_about_data, is_free, Service};
use crate::{
	chain::Seen,
	core::Core,
	report::Report,
	rpc,
	seat::{Commit, MORTALITY_BLOCKS},
	SequencerError,
};
use pvs_client::Block;
use pvs_primitives::BlockNumber;
use std::sync::Arc;

impl Service {
	/// Sends a batch on its way if there is room and reason for one. Returns what keeps it from doing so and
	/// the operator should know, whether or not a transfer waits.
	pub(super) async fn maybe_commit(
		&mut self,
		best: Block,
		seen: Seen,
	) -> Result<Option<String>, SequencerError> {
		let has_room = seen.unproven < self.config.pipeline as usize;
		let is_due = self.last_commit.is_none_or(|last| {
			best.number.saturating_add(1) >= last.saturating_add(self.config.batch_blocks)
		});
		if !has_room || !is_due || !self.commit.is_empty() || self.stop.is_requested() {
			return Ok(None);
		}
		// A commit without the right to it costs a transaction fee.
		if let Err(error) = self.seat.check_right(&seen.rollup) {
			return Ok(Some(format!("{error}; nothing is committed until that changes")));
		}
		let pending = seen.rollup.pending;
		if !self.pace.has_place(pending) {
			let problem = format!("the chain takes no further batch while {pending} are pending");
			return Ok(Some(problem));
		}
		match self.seat.check_funds(best, &seen.rollup).await {
			Ok(()) => {},
			Err(error @ SequencerError::BalanceTooLow { .. }) => {
				return Ok(Some(error.to_string()))
			},
			Err(error) => return Err(error),
		}
		let max_wait = u64::try_from(self.config.max_wait.as_millis()).unwrap_or(u64::MAX);
		let built = self.shared.with_core(move |core| core.build(rpc::now(), max_wait)).await;
		let built = match built {
			Ok(Some(built)) => built,
			Ok(None) => return Ok(None),
			Err(error) => return Ok(Some(format!("no batch can be made: {error}"))),
		};
		let (seat, before) = (Arc::clone(&self.seat), seen.rollup);
		if built.prev_root != before.tip_root {
			self.shared.with_core(Core::landed).await;
			return Ok(None);
		}
		let commit = async move { seat.commit(&before, &built.data, built.next_root).await };
		self.commit.spawn(commit);
		Ok(None)
	}

	/// A batch was not taken, which may be different in a later block or cost nothing.
	fn refused(&mut self, reason: &str, full_at: Option<u32>) {
		let (pause, refusals) = self.pace.refused(self.best, full_at);
		self.not_committed(reason, pause);
		if refusals > 1 {
			self.troubles.no_commit(format!(
				"the chain did not take {refusals} commits in a row ({reason}); the next one is tried \
				 in {pause} blocks"
			));
		}
	}

	fn not_committed(&self, reason: &str, blocks: BlockNumber) {
		self.say(Report::NotCommitted { reason: reason.into(), blocks });
	}

	/// A commit is over.
	pub(super) async fn committed(
		&mut self,
		result: Result<Commit, SequencerError>,
	) -> Result<(), SequencerError> {
		match result {
			Ok(Commit::Included(block)) => {
				self.last_commit = Some(block);
				self.pace.committed();
				self.troubles.committed();
			},
			Ok(Commit::Refused { reason, full_at }) => self.refused(&reason, full_at),
			Ok(Commit::Unknown(reason)) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				self.refused(&reason, None);
			},
			// The nodes may have it.
			Err(error) if can_pass(&error) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				self.refused(&error.to_string(), None);
			},
			Err(error) if is_free(&error) => self.refused(&error.to_string(), None),
			Err(error) => {
				let (pause, failures) = self.pace.failed(self.best);
				self.not_committed(&error.to_string(), pause);
				self.troubles.no_commit(format!(
					"cannot commit, {failures} times in a row: {error}; trying again in {pause} blocks"
				));
			},
		}
		// Until the chain's word is in, its transfers stay as they are.
		let read = match self.seat.client.best().await {
			Ok(best) => self.take_in(best).await.map(|(_, changes)| (best, changes)),
			Err(error) => Err(error.into()),
		};
		match read {
			Ok((best, changes)) => {
				self.shared.with_core(Core::landed).await;
				self.note(&changes, best.number);
			},
			Err(error) if is_about_data(&error) => {
				self.shared.with_core(Core::landed).await;
				self.say(Report::Warning { text: error.to_string() });
			},
			Err(error) => {
				self.shared.with_core(|core| core.give_up(MORTALITY_BLOCKS)).await;
				return Err(error);
			},
		}
		Ok(())
	}
}
