// SPDX-License-Identifier: Apache-2.0
//! Books of the market that are kept from its events alone.

use crate::{mock::*, Event};
use pvs_auction::settle::Verdict;
use pvs_primitives::{api::BatchId, Balance};
use std::collections::{BTreeMap, BTreeSet};

/// Sums of what the events say. Amounts in planck.
#[derive(Default)]
pub(super) struct Books {
	pub(super) committed: BTreeSet<BatchId>,
	pub(super) rounds: BTreeSet<(BatchId, u32)>,
	pub(super) open_bids: BTreeSet<(BatchId, u32, AccountId)>,
	pub(super) ended_bids: BTreeSet<(BatchId, u32, AccountId)>,
	pub(super) bonds: BTreeMap<(BatchId, u32, AccountId), Balance>,
	pub(super) slashes: BTreeSet<(BatchId, u32, AccountId)>,
	pub(super) slashed: BTreeMap<AccountId, Balance>,
	pub(super) kept: Balance,
	pub(super) burned: Balance,
	pub(super) paid: BTreeSet<BatchId>,
	pub(super) earned: BTreeMap<AccountId, Balance>,
	pub(super) slot_fees: BTreeMap<AccountId, Balance>,
	pub(super) cost: Balance,
	/// Bonds of silent bids that are still to be settled.
	pub(super) unsettled: BTreeMap<(BatchId, u32, AccountId), Balance>,
	pub(super) opened: u64,
	pub(super) settled: u64,
	pub(super) expired: u64,
	pub(super) proven: u64,
	pub(super) failed: u64,
	pub(super) dropped: u64,
	pub(super) transferred: u64,
}

impl Books {
	fn slash(&mut self, bid: (BatchId, u32, AccountId), amount: Balance) {
		let bond = self.bonds[&bid];
		assert_eq!(amount, bond, "a slash takes the bond, whole: {bid:?}");
		assert!(self.slashes.insert(bid.clone()), "{bid:?} is slashed twice");
		*self.slashed.entry(bid.2).or_default() += amount;
	}

	fn end_bid(&mut self, bid: (BatchId, u32, AccountId)) {
		assert!(self.open_bids.remove(&bid), "{bid:?} ends without having been placed");
		assert!(self.ended_bids.insert(bid.clone()), "{bid:?} ends twice");
	}

	/// Takes in the events so far, and checks that each thing happens once.
	pub(super) fn read(&mut self) {
		for event in events() {
			match event {
				Event::BatchCommitted { batch, .. } => {
					assert!(self.committed.insert(batch), "{batch:?} is used again");
				},
				Event::RoundOpened { batch, round, .. } => {
					assert!(self.rounds.insert((batch, round)), "{batch:?} {round} is used again");
				},
				Event::BidPlaced { batch, round, bidder, bond, slot_fee } => {
					let bid = (batch, round, bidder.clone());
					assert!(self.open_bids.insert(bid.clone()) && !self.ended_bids.contains(&bid));
					self.bonds.insert(bid, bond);
					*self.slot_fees.entry(bidder).or_default() += slot_fee;
					self.burned += slot_fee;
				},
				Event::BidRevealed { batch, round, bidder, .. } => {
					self.end_bid((batch, round, bidder));
				},
				Event::BidOpened { batch, round, bidder, penalty, .. } => {
					let bid = (batch, round, bidder.clone());
					self.end_bid(bid.clone());
					*self.bonds.get_mut(&bid).expect("it was placed") -= penalty;
					*self.slashed.entry(bidder).or_default() += penalty;
					self.burned += penalty;
					self.opened += 1;
				},
				Event::OpenerRewarded { opener, amount, .. } => {
					assert_eq!(opener, GUEST);
					self.burned -= amount;
				},
				Event::BidUnsettled { batch, round, bidder, .. } => {
					let bid = (batch, round, bidder);
					self.end_bid(bid.clone());
					let bond = self.bonds[&bid];
					assert_eq!(self.unsettled.insert(bid, bond), None);
				},
				Event::BidSettled { batch, round, bidder, slashed, released, verdict } => {
					let bond = self.unsettled.remove(&(batch, round, bidder.clone()));
					assert_eq!(
						bond,
						Some(slashed + released),
						"a silent bid is settled once, whole"
					);
					*self.slashed.entry(bidder).or_default() += slashed;
					self.burned += slashed;
					self.settled += u64::from(verdict != Verdict::Expired);
					self.expired += u64::from(verdict == Verdict::Expired);
				},
				Event::BidVoided { batch, round, bidder, slashed, .. } => {
					self.end_bid((batch, round, bidder.clone()));
					if slashed > 0 {
						self.slash((batch, round, bidder), slashed);
						self.burned += slashed;
					}
				},
				Event::ProverDefaulted { batch, round, prover, slashed } => {
					self.slash((batch, round, prover), slashed);
					self.kept += slashed;
				},
				Event::ProofAccepted {
					batch,
					prover,
					payment,
					late_cost,
					slashed_share,
					slashed_burned,
					..
				} => {
					assert!(self.paid.insert(batch), "{batch:?} is paid twice");
					*self.earned.entry(prover).or_default() += payment + slashed_share;
					self.cost += payment + late_cost;
					self.burned += late_cost + slashed_burned;
					self.kept -= slashed_share + slashed_burned;
					self.proven += 1;
				},
				Event::BatchFailed { bond_burned, slashed_burned, .. } => {
					self.cost += bond_burned;
					self.burned += bond_burned + slashed_burned;
					self.kept -= slashed_burned;
					self.failed += 1;
				},
				Event::BatchDropped { slashed_burned, .. } => {
					self.burned += slashed_burned;
					self.kept -= slashed_burned;
					self.dropped += 1;
				},
				Event::RollupTransferred { .. } => self.transferred += 1,
				Event::RentBurned { amount, .. } => {
					self.cost += amount;
					self.burned += amount;
				},
				_ => (),
			}
		}
		System::reset_events();
	}
}
