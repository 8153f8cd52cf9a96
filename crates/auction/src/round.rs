// SPDX-License-Identifier: Apache-2.0
//! Record of a batch between two transitions.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::score::Score;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use pvs_primitives::{
	params::{RollupParams, Snapshot},
	Balance, BlockNumber, Bytes32, RoundNumber,
};
use scale_info::TypeInfo;

/// The longest ladder that a rollup may choose.
pub const MAX_LADDER: u32 = 8;

/// The runners-up behind a winner, best first.
pub type Ladder<AccountId> = BoundedVec<Place<AccountId>, ConstU32<MAX_LADDER>>;

/// A batch's market: its current round and what earlier ones left.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Round<AccountId> {
	/// The number of the round; it never repeats within a batch.
	pub number: RoundNumber,
	/// The block that opened it.
	pub opened_at: BlockNumber,
	/// The highest fee that a bid may ask, in planck.
	pub reserve: Balance,
	/// Number of rounds of the batch that have ended without a bid that counts.
	pub empty_rounds: u32,
	/// Number of rounds of the batch that have ended without delivery.
	pub failed_rounds: u32,
	/// Amount that provers lost by not delivering the batch, in planck; kept until the batch ends.
	pub slashed: Balance,
	/// Number of bids that counted when the round's auction closed; 0 before.
	pub counted: u32,
	/// State of the round.
	pub stage: Stage<AccountId>,
}

/// State of a round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage<AccountId> {
	/// Bids are placed and revealed.
	#[codec(index = 0)]
	Auction(Auction),
	/// A prover is at work.
	#[codec(index = 1)]
	Assigned(Assignment<AccountId>),
	/// The prover before failed; the first of the ladder may take its place.
	#[codec(index = 2)]
	Offered(Offer<AccountId>),
	/// Any registered prover may deliver.
	#[codec(index = 3)]
	Rescue(Rescue),
	/// Out of rounds behind an unproven predecessor.
	#[codec(index = 4)]
	Waiting,
	/// Proven; its predecessors are not.
	#[codec(index = 5)]
	Proven {
		/// Account that was paid.
		prover: AccountId,
		/// The block of the proof.
		at: BlockNumber,
		/// The amount that escrow released to the prover, in planck: its payment less the cost of lateness.
		paid: Balance,
	},
}

/// An open auction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Auction {
	/// Number of bids.
	pub bids: u32,
	/// Number of them that are neither revealed nor void.
	pub sealed: u32,
	/// Number of bids that were opened, or made void, after the reveal window.
	pub opened: u32,
}

/// A prover's place in the ranking, and what was fixed for it when the round closed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Place<AccountId> {
	/// The prover.
	pub prover: AccountId,
	/// Fee that it asked, in planck.
	pub fee: Balance,
	/// Payment that it gets from escrow if it is on time, in planck.
	pub payment: Balance,
	/// The time that it committed to, in blocks.
	pub proof_blocks: BlockNumber,
	/// The only proof that it may deliver, if it named one.
	pub proof_commitment: Option<Bytes32>,
	/// Amount that is reserved of its stake, in planck: the round's bond, without the silence penalty if its
	/// seal had to be opened.
	pub bond: Balance,
}

/// A prover at work.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Assignment<AccountId> {
	/// The prover and its terms.
	pub place: Place<AccountId>,
	/// Its deadlines.
	pub delivery: Delivery,
	/// Payment that the round's first winner would have got, in planck: a rescue starts there.
	pub first_payment: Balance,
	/// Runners-up after it, in rank.
	pub ladder: Ladder<AccountId>,
}

/// The time that an assigned prover has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Delivery {
	/// The block in which the prover was assigned.
	pub assigned_at: BlockNumber,
	/// The block from which its time counts. It does not depend on who revealed when.
	pub clock: BlockNumber,
	/// The last block for the full payment.
	pub on_time_until: BlockNumber,
	/// The last block for a reduced payment.
	pub late_until: BlockNumber,
}

/// A place on the ladder that waits to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Offer<AccountId> {
	/// The block that offered it.
	pub offered_at: BlockNumber,
	/// Payment that the round's first winner would have got, in planck.
	pub first_payment: Balance,
	/// The place, with its prover.
	pub place: Place<AccountId>,
	/// Runners-up after it, in rank.
	pub ladder: Ladder<AccountId>,
}

/// A round that any registered prover may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rescue {
	/// The block that opened it.
	pub started_at: BlockNumber,
	/// Payment that the round's first winner would have got, in planck.
	pub first_payment: Balance,
}

/// Content of a bid that counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// The fee that it asks, in planck.
	pub fee: Balance,
	/// The time that it commits to, in blocks.
	pub proof_blocks: BlockNumber,
	/// The proof that the bidder already has, if it named one.
	pub proof_commitment: Option<Bytes32>,
	/// Its part in breaking ties.
	pub salt: Bytes32,
	/// Its score, in 10^-18.
	pub score: Score,
}

/// State of a bid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum BidStage {
	/// Not revealed.
	#[codec(index = 0)]
	Sealed,
	/// Revealed and valid: it counts.
	#[codec(index = 1)]
	Revealed(Terms),
	/// Malformed; its bond is gone.
	#[codec(index = 2)]
	Void,
	/// Its bidder stayed silent, but the seal was opened and the bid is valid: it counts.
	#[codec(index = 3)]
	Opened(Terms),
}

impl BidStage {
	/// Content of the bid, if it counts.
	pub fn terms(&self) -> Option<&Terms> {
		match self {
			Self::Revealed(terms) | Self::Opened(terms) => Some(terms),
			Self::Sealed | Self::Void => None,
		}
	}
}

/// A bid of a round that closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// The bidder's share of recent proofs when it bid, in 10^-9.
	pub share: u32,
	/// State of the bid.
	pub stage: BidStage,
}

/// Why a bid does not count.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum VoidReason {
	/// Nobody revealed it in time.
	#[codec(index = 0)]
	Silent,
	/// The payload does not decode.
	#[codec(index = 1)]
	Undecodable,
	/// The salt is zero.
	#[codec(index = 2)]
	ZeroSalt,
	/// The committed time is zero or above the rollup's maximum.
	#[codec(index = 3)]
	ProofBlocks,
	/// The fee is above the round's reserve.
	#[codec(index = 4)]
	AboveReserve,
	/// The batch was dropped with a failed predecessor; the bond was released.
	#[codec(index = 5)]
	Dropped,
	/// Its seal was opened and does not hold what was committed to.
	#[codec(index = 6)]
	BadSeal,
}

/// Position of a batch among those of its rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
	/// All its predecessors are final.
	Head,
	/// A predecessor is not final yet.
	Behind,
	/// A predecessor failed.
	Dropped,
}

/// Everything beside the round itself that a transition depends on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
	/// Parameters and constants as they were when the batch was committed.
	pub snapshot: &'a Snapshot,
	/// Number of squarings that a seal of the batch takes to open; `None` if the runtime has lost the puzzle
	/// that the snapshot names.
	pub seal_delay: Option<u64>,
	/// Amount that the batch's sequencer has in escrow, in planck.
	pub max_fee: Balance,
	/// Position of the batch among those of its rollup.
	pub standing: Standing,
}

impl<'a> Context<'a> {
	/// The rollup's parameters as they were when the batch was committed.
	pub fn params(&self) -> &'a RollupParams {
		&self.snapshot.params
	}

	/// Returns what a bid reserves of its bidder's stake in a round with this reserve:
	/// `reserve + silence_penalty`, in planck. Public, so that it says nothing about the fee.
	pub fn bond(&self, reserve: Balance) -> Balance {
		reserve.saturating_add(self.params().silence_penalty)
	}

	/// Returns what is left of that for a bid in this stage, in planck: an opened one has paid the silence
	/// penalty, a void one has lost everything.
	pub fn bond_of(&self, stage: &BidStage, reserve: Balance) -> Balance {
		match stage {
			BidStage::Sealed | BidStage::Revealed(_) => self.bond(reserve),
			BidStage::Opened(_) => reserve,
			BidStage::Void => 0,
		}
	}
}

impl<AccountId> Round<AccountId> {
	/// The first round of a batch, opened at `now` with a reserve of `min(max_fee, reserve)`.
	pub fn first(max_fee: Balance, reserve: Balance, now: BlockNumber) -> Self {
		Self {
			number: 0,
			opened_at: now,
			reserve: reserve.min(max_fee),
			empty_rounds: 0,
			failed_rounds: 0,
			slashed: 0,
			counted: 0,
			stage: Stage::Auction(Auction::default()),
		}
	}

	/// The runners-up that may still step in, best first, with the one whose turn it is.
	pub fn runners_up(&self) -> impl Iterator<Item = &Place<AccountId>> {
		let (first, rest) = match &self.stage {
			Stage::Assigned(assignment) => (None, Some(&assignment.ladder)),
			Stage::Offered(offer) => (Some(&offer.place), Some(&offer.ladder)),
			_ => (None, None),
		};
		first.into_iter().chain(rest.into_iter().flatten())
	}

	/// The places whose bonds the round holds once it has closed: of the prover at work and of the
	/// runners-up.
	pub fn bonded(&self) -> impl Iterator<Item = &Place<AccountId>> {
		let assigned = match &self.stage {
			Stage::Assigned(assignment) => Some(&assignment.place),
			_ => None,
		};
		assigned.into_iter().chain(self.runners_up())
	}
}
