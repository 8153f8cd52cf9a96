// SPDX-License-Identifier: Apache-2.0
//! The one total function that says what a round allows at a block.

use pvs_primitives::{api::Phase, params::RollupParams, BlockNumber};

/// Everything about a round that its phase depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
	/// The block that opened the round.
	pub opened_at: BlockNumber,
	/// Length of the bidding window, in blocks.
	pub bidding_blocks: BlockNumber,
	/// Blocks between the bidding and the reveal window.
	pub finality_gap: BlockNumber,
	/// Length of the reveal window, in blocks.
	pub reveal_blocks: BlockNumber,
	/// Whether anyone has bid: a round without bids ends with bidding.
	pub has_bids: bool,
	/// The winner's time, once there is a winner.
	pub delivery: Option<Delivery>,
}

/// The time that an assigned prover has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
	/// The block in which the prover became the winner.
	pub assigned_at: BlockNumber,
	/// The last block for the full payment.
	pub on_time_until: BlockNumber,
	/// The last block for a reduced payment.
	pub late_until: BlockNumber,
}

impl Delivery {
	/// Deadlines of a prover assigned at `assigned_at` that committed to `proof_blocks`:
	/// on time up to `assigned_at + max(proof_blocks, min_proof_blocks) + inclusion_slack`, late for
	/// the next `grace_blocks`.
	pub fn new(
		assigned_at: BlockNumber,
		proof_blocks: BlockNumber,
		params: &RollupParams,
		inclusion_slack: BlockNumber,
	) -> Self {
		let on_time_until = assigned_at
			.saturating_add(proof_blocks.max(params.min_proof_blocks))
			.saturating_add(inclusion_slack);
		Self {
			assigned_at,
			on_time_until,
			late_until: on_time_until.saturating_add(params.grace_blocks),
		}
	}

	/// How many blocks late a delivery at `now` is; 0 if it is on time.
	pub fn late_blocks(&self, now: BlockNumber) -> BlockNumber {
		now.saturating_sub(self.on_time_until)
	}
}

impl Timeline {
	/// A round that opened at `opened_at` under `params`, with neither bids nor winner.
	pub fn new(opened_at: BlockNumber, params: &RollupParams, finality_gap: BlockNumber) -> Self {
		Self {
			opened_at,
			bidding_blocks: params.bidding_blocks,
			finality_gap,
			reveal_blocks: params.reveal_blocks,
			has_bids: false,
			delivery: None,
		}
	}

	/// First block of the bidding window.
	pub fn bidding_from(&self) -> BlockNumber {
		self.opened_at.saturating_add(1)
	}

	/// First block after the bidding window.
	pub fn bidding_until(&self) -> BlockNumber {
		self.bidding_from().saturating_add(self.bidding_blocks)
	}

	/// First block of the reveal window.
	pub fn reveal_from(&self) -> BlockNumber {
		self.bidding_until().saturating_add(self.finality_gap)
	}

	/// First block after the reveal window.
	pub fn reveal_until(&self) -> BlockNumber {
		self.reveal_from().saturating_add(self.reveal_blocks)
	}

	/// The block at which this round's next transition is due if nothing happens before.
	pub fn due(&self) -> BlockNumber {
		match self.delivery {
			Some(delivery) => delivery.late_until.saturating_add(1),
			None if self.has_bids => self.reveal_until(),
			None => self.bidding_until(),
		}
	}

	/// The phase at block `now`, and the first block in which it is over.
	///
	/// Total and disjoint: every block has exactly one phase, and windows are half-open.
	pub fn phase(&self, now: BlockNumber) -> (Phase, BlockNumber) {
		if now >= self.due() {
			return (Phase::Overdue, now.saturating_add(1));
		}
		if let Some(delivery) = self.delivery {
			return if now <= delivery.on_time_until {
				(Phase::Proving, delivery.on_time_until.saturating_add(1))
			} else {
				(Phase::Late, delivery.late_until.saturating_add(1))
			};
		}
		if now < self.bidding_from() {
			(Phase::Opening, self.bidding_from())
		} else if now < self.bidding_until() {
			(Phase::Bidding, self.bidding_until())
		} else if now < self.reveal_from() {
			(Phase::FinalityGap, self.reveal_from())
		} else {
			(Phase::Revealing, self.reveal_until())
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn timeline() -> Timeline {
		Timeline {
			opened_at: 10,
			bidding_blocks: 2,
			finality_gap: 3,
			reveal_blocks: 4,
			has_bids: true,
			delivery: None,
		}
	}

	#[test]
	fn phase_should_change_exactly_at_each_boundary() {
		let at = |now| timeline().phase(now).0;
		assert_eq!(at(10), Phase::Opening);
		assert_eq!(at(11), Phase::Bidding);
		assert_eq!(at(12), Phase::Bidding);
		assert_eq!(at(13), Phase::FinalityGap);
		assert_eq!(at(15), Phase::FinalityGap);
		assert_eq!(at(16), Phase::Revealing);
		assert_eq!(at(19), Phase::Revealing);
		assert_eq!(at(20), Phase::Overdue);
	}

	#[test]
	fn phase_should_be_overdue_after_bidding_when_nobody_bid() {
		let empty = Timeline { has_bids: false, ..timeline() };
		assert_eq!(empty.phase(12).0, Phase::Bidding);
		assert_eq!(empty.phase(13).0, Phase::Overdue);
	}

	#[test]
	fn delivery_should_be_late_after_committed_time_and_overdue_after_grace() {
		let delivery = Delivery { assigned_at: 16, on_time_until: 20, late_until: 22 };
		let round = Timeline { delivery: Some(delivery), ..timeline() };
		assert_eq!(round.phase(16).0, Phase::Proving);
		assert_eq!(round.phase(20).0, Phase::Proving);
		assert_eq!(round.phase(21).0, Phase::Late);
		assert_eq!(round.phase(22).0, Phase::Late);
		assert_eq!(round.phase(23).0, Phase::Overdue);
		assert_eq!(delivery.late_blocks(20), 0);
		assert_eq!(delivery.late_blocks(22), 2);
	}

	fn order(phase: Phase) -> u8 {
		match phase {
			Phase::Opening => 0,
			Phase::Bidding => 1,
			Phase::FinalityGap => 2,
			Phase::Revealing => 3,
			Phase::Proving => 4,
			Phase::Late => 5,
			Phase::Overdue => 6,
		}
	}

	proptest! {
		#[test]
		fn phase_should_never_go_back(
			opened_at: u32, bidding: u32, gap: u32, reveal: u32, has_bids: bool, now: u32, later: u32,
		) {
			let round = Timeline {
				opened_at,
				bidding_blocks: bidding,
				finality_gap: gap,
				reveal_blocks: reveal,
				has_bids,
				delivery: None,
			};
			let (now, later) = (now.min(later), now.max(later));
			prop_assert!(order(round.phase(now).0) <= order(round.phase(later).0));
		}

		#[test]
		fn phase_should_hold_until_the_block_it_names(
			opened_at in 0u32..1000, bidding in 1u32..50, gap in 0u32..50, reveal in 1u32..50, now in 0u32..1200,
		) {
			let round = Timeline {
				opened_at,
				bidding_blocks: bidding,
				finality_gap: gap,
				reveal_blocks: reveal,
				has_bids: true,
				delivery: None,
			};
			let (phase, ends) = round.phase(now);
			prop_assert!(ends > now);
			if phase != Phase::Overdue {
				prop_assert_eq!(round.phase(ends.saturating_sub(1)).0, phase);
				prop_assert_ne!(round.phase(ends).0, phase);
			}
		}
	}
}
