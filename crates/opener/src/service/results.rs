// SPDX-License-Identifier: Apache-2.0
//! Way from what solvers and transactions bring back to the operator and the next step.

use super::{Message, Sent, Service};
use crate::{
	decide::{Id, Speed, Stage, Target},
	pool::Outcome,
	report::{OpenedBid, Report},
};
use pvs_client::{Included, PalletError, PvsEvent, SubmitError};
use pvs_primitives::{BlockNumber, Bytes32};

impl Service {
	/// Takes in what came back. Returns whether the best block is worth another look.
	pub(super) fn on_message(&mut self, message: Message) -> bool {
		match message {
			Message::Ended(id, outcome) => self.on_ended(id, outcome),
			Message::Sent(id, result) => {
				self.on_sent(id, result);
				false
			},
			Message::BrokeOff(id) => {
				self.on_broken_off(id);
				false
			},
		}
	}

	fn on_ended(&mut self, id: Id, outcome: Outcome) -> bool {
		let Some(work) = self.work.get_mut(&id) else { return true };
		let seal = work.name();
		work.handle = None;
		match outcome {
			Outcome::Solved { opening, took, squarings } => {
				work.opening = Some(*opening);
				work.stage = Stage::Solved;
				let speed = Speed::measured(squarings, self.parameters.delay, took, self.height);
				self.speed = speed.or(self.speed);
				self.say(Report::Solved { seal, seconds: took.as_secs_f64() });
			},
			Outcome::Stopped { saved } => {
				self.work.remove(&id);
				if let Some(trace) = self.traces.get_mut(&id) {
					trace.saved = saved;
				}
				self.summary.cancelled = self.summary.cancelled.saturating_add(1);
			},
			Outcome::Failed(text) => {
				work.stage = Stage::Refused;
				self.say(Report::Trouble { about: Some(seal), text });
			},
		}
		true
	}

	/// Nobody knows what became of an opening. One that went out over an earlier connection was noted when
	/// that was lost.
	fn on_broken_off(&mut self, id: Id) {
		let height = self.height;
		let Some(work) = self.work.get_mut(&id) else { return };
		if work.stage == Stage::Sending {
			work.stage = Stage::Sent(height);
			let (about, text) = (Some(work.name()), "sending the opening has crashed".into());
			self.say(Report::Trouble { about, text });
		}
	}

	fn on_sent(&mut self, id: Id, result: Result<Sent, SubmitError>) {
		let Some(work) = self.work.get_mut(&id) else { return };
		let seal = work.name();
		work.stage = stage_after(&result, self.height);
		if let Err(error @ SubmitError::CannotPay { .. }) = &result {
			self.monitor.can_pay.fail(error.to_string());
		}
		match result {
			Ok(Sent::Included(included)) => self.on_opened(id, &included),
			Ok(Sent::Refused) => {
				let reason = "the chain would refuse the opening".into();
				self.tell_once(id, Report::Skipped { seal, reason });
			},
			Ok(Sent::NotNeeded) => {
				let reason = "the bid was opened, settled or revealed".into();
				self.tell_once(id, Report::Skipped { seal, reason });
			},
			Ok(Sent::Unknown(error)) => {
				self.tell_once(id, Report::Trouble { about: Some(seal), text: error.to_string() });
			},
			Err(error)
				if matches!(
					error.pallet_error(),
					Some(PalletError::BidNotSealed | PalletError::NothingToSettle)
				) =>
			{
				let reason = "another opener was faster".into();
				self.tell_once(id, Report::Skipped { seal, reason });
			},
			Err(error) => {
				self.tell_once(id, Report::Trouble { about: Some(seal), text: error.to_string() });
			},
		}
	}

	fn on_opened(&mut self, id: Id, included: &Included) {
		let Some(work) = self.work.get(&id) else { return };
		let (seal, target) = (work.name(), &work.target);
		let (reward, bid) = result_of(&included.events, target, &self.me.0);
		if self.earned.insert(id, reward).is_none() {
			self.monitor.opened(bid, reward);
		}
		self.summary.opened = u64::try_from(self.earned.len()).unwrap_or(u64::MAX);
		let sum = |sum: u128, earned: &u128| sum.saturating_add(*earned);
		self.summary.earned = self.earned.values().fold(0, sum);
		self.say(Report::Opened { seal, block: included.number, reward, bid });
	}
}

/// Tells apart what a block or the pool has answered from what may still have an effect.
pub(super) fn sent_or_unknown(result: Result<Included, SubmitError>) -> Result<Sent, SubmitError> {
	match result {
		Ok(included) => Ok(Sent::Included(included)),
		// A connection that breaks after the node has the transaction does not take it back.
		Err(error @ (SubmitError::Unknown { .. } | SubmitError::Chain(_))) => {
			Ok(Sent::Unknown(error))
		},
		Err(error) => Err(error),
	}
}

/// Returns where the work on a seal stands after an attempt to open it at `height`.
///
/// Whatever may be in a block, or get into one, is not repeated at once. That is so for an opening
/// that failed, too: after a reorganization it may succeed.
fn stage_after(result: &Result<Sent, SubmitError>, height: BlockNumber) -> Stage {
	match result {
		Ok(Sent::Included(included)) => Stage::Sent(included.number),
		Ok(Sent::Refused) => Stage::Refused,
		Ok(Sent::Unknown(_)) => Stage::Sent(height),
		Err(error) if error.pallet_error() == Some(PalletError::SequencerMayNotOpen) => {
			Stage::Refused
		},
		Err(SubmitError::Failed { .. } | SubmitError::Unknown { .. }) => Stage::Sent(height),
		Ok(Sent::NotNeeded)
		| Err(
			SubmitError::Chain(_) | SubmitError::Refused { .. } | SubmitError::CannotPay { .. },
		) => Stage::Solved,
	}
}

/// Returns what an opening has earned, in planck, and what became of the bid, from its events.
fn result_of(events: &[PvsEvent], target: &Target, me: &Bytes32) -> (u128, OpenedBid) {
	let key = (target.batch, target.round, target.bidder);
	let reward = events.iter().find_map(|event| match *event {
		PvsEvent::OpenerRewarded { batch, round, bidder, opener, amount }
			if (batch, round, bidder) == key && opener == *me =>
		{
			Some(amount)
		},
		_ => None,
	});
	let bid = events.iter().find_map(|event| match *event {
		PvsEvent::BidOpened { batch, round, bidder, .. } if (batch, round, bidder) == key => {
			Some(OpenedBid::Counts)
		},
		PvsEvent::BidSettled { batch, round, bidder, .. } if (batch, round, bidder) == key => {
			Some(OpenedBid::Settled)
		},
		_ => None,
	});
	(reward.unwrap_or(0), bid.unwrap_or(OpenedBid::Void))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		decide::tests::{book, round, sealed, SCOPE},
		decide::{targets, Rounds},
	};
	use pvs_client::{Error, Verdict, VoidReason};
	use pvs_primitives::api::Phase;

	fn target() -> Target {
		let open = vec![round(0, Phase::SealOpening, vec![sealed(1)])];
		targets(&Rounds { open, ..Rounds::default() }, &SCOPE, &book()).remove(0)
	}

	fn events(target: &Target, opener: Bytes32, counts: bool) -> Vec<PvsEvent> {
		let Target { batch, round, bidder, .. } = *target;
		let outcome = if counts {
			PvsEvent::BidOpened { batch, round, bidder, fee: 1, proof_blocks: 2, penalty: 500 }
		} else {
			let reason = VoidReason::BadSeal;
			PvsEvent::BidVoided { batch, round, bidder, slashed: 1_500, reason }
		};
		vec![outcome, PvsEvent::OpenerRewarded { batch, round, bidder, opener, amount: 250 }]
	}

	#[test]
	fn reward_should_be_read_from_the_events_of_the_opening() {
		let (target, me) = (target(), SCOPE.opener);
		let result = |counts| result_of(&events(&target, me, counts), &target, &me);
		assert_eq!(result(true), (250, OpenedBid::Counts));
		assert_eq!(result(false), (250, OpenedBid::Void));
		let Target { batch, round, bidder, .. } = target;
		let (slashed, released, verdict) = (500, 1_000, Verdict::WouldHaveLost);
		let settled = PvsEvent::BidSettled { batch, round, bidder, slashed, released, verdict };
		assert_eq!(result_of(&[settled], &target, &me), (0, OpenedBid::Settled));
	}

	#[test]
	fn reward_should_not_be_counted_when_it_is_of_another_seal_or_opener() {
		let (target, me) = (target(), SCOPE.opener);
		assert_eq!(
			result_of(&events(&target, [8; 32], true), &target, &me),
			(0, OpenedBid::Counts)
		);
		let other = Target { bidder: [7; 32], ..target.clone() };
		assert_eq!(result_of(&events(&other, me, true), &target, &me), (0, OpenedBid::Void));
		assert_eq!(result_of(&[], &target, &me), (0, OpenedBid::Void));
	}

	fn failed(error: PalletError) -> SubmitError {
		let (error, name, explanation) = (Some(error), format!("Pvs::{error:?}"), String::new());
		SubmitError::Failed { call: "open_bid", error, name, explanation }
	}

	fn unknown() -> SubmitError {
		SubmitError::Unknown { call: "open_bid", seconds: 30, reason: String::new() }
	}

	fn broken() -> SubmitError {
		SubmitError::Chain(Error::StreamEnded { url: String::new() })
	}

	#[test]
	fn opening_should_not_be_repeated_at_once_when_it_may_have_an_effect() {
		let (block, number) = (Default::default(), 18);
		let included = Included { block, number, events: Vec::new(), fee: None };
		let refused =
			|reason: &str| SubmitError::Refused { call: "open_bid", reason: reason.into() };
		let table = [
			(sent_or_unknown(Ok(included)), Stage::Sent(18)),
			(sent_or_unknown(Err(unknown())), Stage::Sent(20)),
			// After the node had it.
			(sent_or_unknown(Err(broken())), Stage::Sent(20)),
			(sent_or_unknown(Err(failed(PalletError::BidNotSealed))), Stage::Sent(20)),
			(sent_or_unknown(Err(failed(PalletError::NotOpening))), Stage::Sent(20)),
			(sent_or_unknown(Err(failed(PalletError::NothingToSettle))), Stage::Sent(20)),
			(sent_or_unknown(Err(failed(PalletError::SequencerMayNotOpen))), Stage::Refused),
			(sent_or_unknown(Err(refused("Transaction is outdated"))), Stage::Solved),
			// Before it was sent.
			(Err(broken()), Stage::Solved),
			(Ok(Sent::NotNeeded), Stage::Solved),
			(Ok(Sent::Refused), Stage::Refused),
		];
		for (number, (result, expected)) in table.into_iter().enumerate() {
			assert_eq!(stage_after(&result, 20), expected, "row {number}");
		}
	}
}
