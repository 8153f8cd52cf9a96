// SPDX-License-Identifier: Apache-2.0
//! Way from what tasks bring back to the journal, the operator and the next task.

use super::{steps::MAX_DELIVERIES, Done, ProveFailure, Service, Session};
use crate::{
	appraise::{Appraisal, Unfit},
	error::ProverError,
	fees::Transaction,
	journal::{Entry, Key, Outcome},
	price,
	report::Report,
	settle::{self, Ending},
	workers::{Proof, ProvingError},
};
use pvs_client::{Error, Included, PalletError, ReplicaError, Retry, SubmitError};
use pvs_primitives::{api::RoundInfo, BlockNumber, Bytes32};
use std::sync::Arc;

/// Number of times that a node is asked about a state that it does not have, before the end of a round counts as unknown.
const MAX_QUESTIONS: u32 = 3;
/// Number of proofs that count as recent.
const RECENT_PROOFS: usize = 8;

impl Service {
	pub(super) fn on_done(&mut self, session: &Session, done: Done) -> Result<(), ProverError> {
		let task = done.key().and_then(|key| self.rounds.end_task(&key));
		match done {
			Done::Appraised(round, result) => self.on_appraised(&round, result),
			Done::Placed(key, result) => self.on_placed(key, result),
			Done::Revealed(key, result) => self.on_revealed(key, result),
			Done::Recovered(key, commitment, read) => self.on_recovered(key, commitment, read),
			Done::Accepted(key, result) => {
				self.on_accepted(key, result);
				Ok(())
			},
			Done::Proved(key, result) => {
				self.on_proved(session, key, task.map(|task| task.since), result)
			},
			Done::Delivered(key, result) => self.on_delivered(key, result),
			Done::Settled(key, result) => self.on_ending(key, result),
			Done::Saved(saved) => {
				self.on_saved(saved);
				Ok(())
			},
			// The next block shows whether it still has to be done.
			Done::Crashed(key) => {
				self.trouble(Some(key), "what was done about this round has crashed".into());
				Ok(())
			},
		}
	}

	pub(super) fn on_appraised(
		&mut self,
		round: &RoundInfo<Bytes32>,
		result: Result<Appraisal, Unfit>,
	) -> Result<(), ProverError> {
		let key = (round.batch, round.round);
		let appraisal = match result {
			Ok(appraisal) => appraisal,
			Err(Unfit::ForEver(reason)) => return self.skip(key, reason),
			Err(Unfit::ForNow(error)) => {
				tracing::debug!("{key:?} cannot be appraised yet: {error}");
				if matches!(error, ReplicaError::Failed(_)) {
					self.trouble(Some(key), error.to_string());
				}
				self.rounds.of(key).deferred = Some(error.to_string());
				return Ok(());
			},
		};
		self.rounds.of(key).deferred = None;
		if appraisal.batch.snapshot.seal_digest != self.seals.digest() {
			let reason = "its bids take other seals than the chain had when this program started; \
			              restart it if the chain has changed them since";
			return self.skip(key, reason.into());
		}
		if self.reason_to_pass().is_some() || self.is_waiting {
			return Ok(());
		}
		if self.height.saturating_add(1) >= round.reveal_from {
			return self.skip(key, "bidding closed while the batch was looked at".into());
		}
		let means = self.means(&key, appraisal.free);
		let params = &appraisal.batch.snapshot.params;
		match price::ask(round, params, appraisal.prover.as_ref(), &self.policy, &means) {
			Ok(ask) => self.bid(round, &ask),
			Err(pass) => self.skip(key, pass.to_string()),
		}
	}

	pub(super) fn on_placed(
		&mut self,
		key: Key,
		result: Result<Included, Arc<SubmitError>>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		if !is_unknown(&result) {
			if is_not_taken(&result) && self.bids.part(&key) {
				// The next block asks again, for each of them alone.
				return Ok(());
			}
			self.bids.end(&key);
		}
		match result {
			Ok(included) => {
				self.fees.note(Transaction::Bid, included.fee);
				self.note(Entry::Placed { batch, round, block: included.number });
				Ok(())
			},
			// An earlier copy of the same bid got in.
			Err(error) if error.pallet_error() == Some(PalletError::AlreadyBid) => {
				self.note(Entry::Placed { batch, round, block: self.height });
				Ok(())
			},
			// Others were faster. The next block asks again, at what the place costs then.
			Err(error) if error.pallet_error() == Some(PalletError::SlotFeeTooHigh) => {
				self.trouble(Some(key), error.to_string());
				Ok(())
			},
			Err(error) if error.retry() == Retry::Never => self.skip(key, error.to_string()),
			Err(error) => {
				self.trouble(Some(key), error.to_string());
				Ok(())
			},
		}
	}

	pub(super) fn on_revealed(
		&mut self,
		key: Key,
		result: Result<Included, Arc<SubmitError>>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		if is_not_taken(&result) {
			self.reveals.part(&key);
		}
		if !is_unknown(&result) {
			self.reveals.end(&key);
		}
		match result {
			Ok(included) => {
				// The round may have closed before the payload was in a block.
				if let Some(outcome) = self.outcome_in(&included, &key) {
					return self.end(key, outcome);
				}
				self.fees.note(Transaction::Reveal, included.fee);
				let block = included.number;
				self.note(Entry::Revealed { batch, round, block });
				self.reporter.say(&Report::Revealed { batch, round, block });
				// The last reveal of a round selects the winner.
				self.look_again = true;
			},
			Err(error) => self.trouble(Some(key), error.to_string()),
		}
		Ok(())
	}

	pub(super) fn on_accepted(&mut self, key: Key, result: Result<Included, SubmitError>) {
		let (batch, round) = key;
		match result {
			Ok(included) => {
				let block = included.number;
				self.reporter.say(&Report::Accepted { batch, round, block });
				self.look_again = true;
			},
			Err(error) => self.trouble(Some(key), error.to_string()),
		}
	}

	pub(super) fn on_proved(
		&mut self,
		session: &Session,
		key: Key,
		since: Option<BlockNumber>,
		result: Result<Proof, ProveFailure>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(proof) => {
				let [seconds, waited] = [proof.took, proof.waited].map(|time| time.as_secs_f64());
				let milliseconds = u64::try_from(proof.took.as_millis()).unwrap_or(u64::MAX);
				let proof = *proof.bytes;
				self.note(Entry::Proved { batch, round, proof, milliseconds });
				self.reporter.say(&Report::Proved { batch, round, seconds, waited });
				if let Some(since) = since {
					// One block more, for the transaction.
					let took = self.height.saturating_sub(since).saturating_add(1);
					self.recent_proofs.truncate(RECENT_PROOFS.saturating_sub(1));
					self.recent_proofs.push_front(took);
				}
				self.deliver(session, key);
			},
			Err(ProveFailure::Proving(ProvingError::Cancelled)) => {
				self.reporter.say(&Report::GivenUp { batch, round });
			},
			Err(ProveFailure::Work(Unfit::ForNow(error))) => {
				self.trouble(Some(key), error.to_string());
			},
			// The next block tries again.
			Err(ProveFailure::Proving(error)) if error.is_outage() => {
				self.trouble(Some(key), error.to_string());
			},
			Err(error) if self.is_rescue(&key) => return self.skip(key, error.to_string()),
			Err(error) => {
				self.stop_bidding(&format!("a won batch could not be proved: {error}"));
			},
		}
		Ok(())
	}

	pub(super) fn on_delivered(
		&mut self,
		key: Key,
		result: Result<Included, SubmitError>,
	) -> Result<(), ProverError> {
		let (batch, round) = key;
		match result {
			Ok(included) => {
				self.fees.note(Transaction::Proof, included.fee);
				self.note(Entry::Delivered { batch, round, block: included.number });
				match self.outcome_in(&included, &key) {
					Some(outcome) => self.end(key, outcome),
					None => Ok(()),
				}
			},
			Err(error) => {
				if matches!(error, SubmitError::Failed { .. }) {
					let state = self.rounds.of(key);
					state.refusals = state.refusals.saturating_add(1);
					if state.refusals == MAX_DELIVERIES {
						// In a rescue others may be faster, and nothing is lost by it.
						if self.is_rescue(&key) {
							return self.skip(key, error.to_string());
						}
						self.stop_bidding("the chain refuses a proof of this prover");
					}
				}
				self.trouble(Some(key), error.to_string());
				Ok(())
			},
		}
	}

	/// Takes in how a round ended that the chain shows no longer.
	fn on_ending(&mut self, key: Key, result: Result<Ending, Error>) -> Result<(), ProverError> {
		let asked = self.rounds.of(key).question.take();
		match result {
			// The next block asks again.
			Ok(Ending::NotYet) => Ok(()),
			Ok(Ending::Unsettled { until }) => self.note_silence(key, until),
			Ok(Ending::Ended(outcome)) => self.end(key, outcome),
			Err(error) => {
				let times = asked.map_or(0, |question| question.asked);
				if times == 1 {
					self.trouble(Some(key), format!("not known yet how it ended: {error}"));
				}
				// A state that is gone does not come back.
				if times >= MAX_QUESTIONS && error.retry() == Retry::OtherNode {
					return self.end(key, Outcome::Unknown);
				}
				self.rounds.of(key).question = asked;
				Ok(())
			},
		}
	}

	/// Returns how a round ended for this prover, if a transaction ended it.
	fn outcome_in(&self, included: &Included, key: &Key) -> Option<Outcome> {
		included.events.iter().find_map(|event| settle::outcome_in(event, &self.me.0, key))
	}

	pub(super) fn skip(&mut self, key: Key, reason: String) -> Result<(), ProverError> {
		self.rounds.of(key).is_skipped = true;
		self.end(key, Outcome::Skipped { reason })
	}

	/// Records how a round ended, and tells the operator. Makes no bid any more if it ended so that it should
	/// not happen again.
	pub(super) fn end(&mut self, key: Key, outcome: Outcome) -> Result<(), ProverError> {
		let (batch, round) = key;
		if let Some(reason) = settle::reason_to_stop(&outcome) {
			self.stop_bidding(reason);
		}
		self.note(Entry::Ended { batch, round, outcome: outcome.clone() });
		self.ended.insert(batch);
		self.may_be_slashed |= settle::may_be_slashed(&outcome);
		self.is_record_due |= outcome == Outcome::Unknown;
		self.rounds.of(key).stands_by = false;
		self.unsettled.bids.remove(&key);
		self.reporter.say(&match outcome {
			Outcome::Skipped { reason } => Report::Skipped { batch, round, reason },
			Outcome::Lost => Report::Lost { batch, round },
			Outcome::Paid { payment, late_blocks, slashed_share } => {
				Report::Paid { batch, round, payment, late_blocks, slashed_share }
			},
			Outcome::Defaulted { slashed } => Report::Defaulted { batch, round, slashed },
			Outcome::Voided => Report::Voided { batch, round },
			Outcome::Settled { slashed, released, verdict } => {
				Report::Settled { batch, round, slashed, released, verdict }
			},
			Outcome::Unknown => Report::Unknown { batch, round },
		});
		Ok(())
	}

	/// Makes no bid any more: whatever went wrong would go wrong again, and cost another bond.
	pub(super) fn stop_bidding(&mut self, reason: &str) {
		if self.breaker.is_none() {
			self.breaker = Some(reason.into());
			self.monitor.may_bid.fail(reason);
			self.trouble(None, format!("no new bids until a restart: {reason}"));
		}
	}

	pub(super) fn trouble(&self, about: Option<Key>, text: String) {
		self.reporter.say(&Report::Trouble { about, text });
	}
}

/// Returns true if a transaction may still have an effect, or was never sent.
fn is_unknown(result: &Result<Included, Arc<SubmitError>>) -> bool {
	let error = result.as_ref().err().map(AsRef::as_ref);
	matches!(error, Some(SubmitError::Unknown { .. } | SubmitError::Chain(_)))
}

/// Returns true if no block will take a transaction, whatever its call would have done.
fn is_not_taken(result: &Result<Included, Arc<SubmitError>>) -> bool {
	let error = result.as_ref().err().map(AsRef::as_ref);
	matches!(error, Some(SubmitError::CannotPay { .. } | SubmitError::Refused { .. }))
}
