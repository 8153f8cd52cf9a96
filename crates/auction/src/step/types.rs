// SPDX-License-Identifier: Apache-2.0
//! Inputs of the transition function, their effects, and the reasons why it refuses one.

use crate::{
	round::{Bid, Round, Terms, VoidReason},
	settle::ClosedRound,
	MathError,
};
use alloc::vec::Vec;
use pvs_primitives::{bid::PAYLOAD_BYTES, Balance, BlockNumber, RoundNumber};

/// Input of a round.
#[derive(Clone, Debug)]
pub enum Input<'a, AccountId> {
	/// A prover bids. Who may and what it costs was checked before.
	Bid,
	/// Somebody shows the payload behind the commitment of a bidder whose share of recent proofs was
	/// `share` (in 10^-9) when it bid. In the opening window it opens the bid, and rewards nobody.
	Reveal {
		/// The bidder.
		bidder: AccountId,
		/// Its share of recent proofs when it bid, in 10^-9.
		share: u32,
		/// The payload, which hashes to the commitment.
		payload: &'a [u8; PAYLOAD_BYTES],
	},
	/// Somebody has opened the seal of a bidder that stayed silent. That the opening is right was
	/// checked before.
	Open {
		/// The bidder.
		bidder: AccountId,
		/// Its share of recent proofs when it bid, in 10^-9.
		share: u32,
		/// Account that opened it.
		opener: AccountId,
		/// The payload that was in the seal, if it hashes to the commitment; `None` if the seal does
		/// not decrypt or holds something else.
		payload: Option<&'a [u8; PAYLOAD_BYTES]>,
	},
	/// The time of the next transition has come. An auction closes on these bids, which are all that
	/// were placed in it; in other stages there are none.
	Due(&'a [Bid<AccountId>]),
	/// A prover takes the place on the ladder that it is offered.
	Accept(AccountId),
	/// A prover delivers a proof that was verified. In a rescue, that it is registered and may
	/// deliver was checked before.
	Proof(AccountId),
}

/// Consequences for money, for other records and for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<AccountId> {
	/// A bid was revealed and counts.
	BidCounted {
		/// The bidder.
		bidder: AccountId,
		/// Its content.
		terms: Terms,
	},
	/// A silent bidder's bid was opened and counts. It pays the silence penalty.
	BidOpened {
		/// The bidder.
		bidder: AccountId,
		/// Its content.
		terms: Terms,
		/// Amount that the bidder loses, in planck.
		penalty: Balance,
		/// Part of that which an opener gets, in planck; the rest is burned. `None` if it was opened by its payload.
		reward: Option<Reward<AccountId>>,
	},
	/// A bid does not count.
	BidVoided {
		/// The bidder.
		bidder: AccountId,
		/// Its whole bond, which it loses, in planck; or 0 if the bond is released.
		slashed: Balance,
		/// Part of that which an opener gets, in planck, if the seal was opened; the rest is burned.
		reward: Option<Reward<AccountId>>,
		/// Why.
		reason: VoidReason,
	},
	/// A round closed without these bids, which were still sealed. Their bonds stay reserved until each
	/// bid is settled.
	BidsUnsettled {
		/// Record of the round by which they are judged.
		closed: ClosedRound,
		/// The bidders.
		bidders: Vec<AccountId>,
	},
	/// A bond is released.
	BondReleased {
		/// The prover concerned.
		prover: AccountId,
		/// The amount, in planck.
		bond: Balance,
	},
	/// A round closed without a bid that counts.
	RoundEmpty(RoundNumber),
	/// A round closed with a winner. Its terms are in the round.
	WinnerSelected,
	/// An assigned prover did not deliver: its bond is slashed and kept until the batch ends.
	ProverDefaulted {
		/// The prover.
		prover: AccountId,
		/// The amount, in planck.
		slashed: Balance,
	},
	/// The next one on the ladder may take its place, up to and with block `until`.
	PlaceOffered {
		/// The last block in which it may.
		until: BlockNumber,
	},
	/// A runner-up has taken its place and is assigned.
	PlaceAccepted,
	/// A runner-up did not take its place, which costs it nothing.
	PlacePassed(AccountId),
	/// Any registered prover may deliver, up to and with block `until`.
	RescueOpened {
		/// The last block in which it may.
		until: BlockNumber,
	},
	/// Nobody delivered in the rescue.
	RescueEnded,
	/// The next round opened.
	RoundOpened,
	/// The batch is out of rounds and waits for its predecessors.
	BatchWaiting,
	/// A proof was delivered and is paid. `payment - late_cost` goes from escrow to the prover,
	/// `late_cost` is burned from escrow, the rest of the escrow and the sequencer's bond return. Of
	/// what was slashed, `slashed_share` goes to the prover and `slashed_burned` is burned.
	Delivered(Receipt<AccountId>),
	/// The batch has used up its rounds: the escrow returns, the sequencer's bond and what was slashed
	/// (in planck) are burned.
	BatchFailed {
		/// Amount that was slashed, in planck.
		slashed: Balance,
	},
	/// The batch ended behind a failed one: escrow (unless it was paid) and bond return, what was
	/// slashed is burned.
	BatchDropped {
		/// True if the batch had been proven and paid: nothing is left to return then.
		paid: bool,
		/// Amount that was slashed, in planck.
		slashed: Balance,
	},
}

/// Reward of an opener for its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward<AccountId> {
	/// Account that opened the seal.
	pub opener: AccountId,
	/// The amount, in planck.
	pub amount: Balance,
}

/// Payment of a delivered proof. Amounts in planck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<AccountId> {
	/// Account that delivered.
	pub prover: AccountId,
	/// The reserve of the round.
	pub reserve: Balance,
	/// Number of bids that counted in the round.
	pub counted: u32,
	/// Payment from escrow, before lateness.
	pub payment: Balance,
	/// Number of blocks by which the delivery was late.
	pub late_blocks: BlockNumber,
	/// Amount that lateness takes off the payment.
	pub late_cost: Balance,
	/// The prover's part of what others lost by not delivering.
	pub slashed_share: Balance,
	/// The rest of that.
	pub slashed_burned: Balance,
	/// Amount that is left in escrow.
	pub refund: Balance,
}

/// The round after a transition, or `None` if its batch has ended, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<AccountId> {
	/// The round.
	pub round: Option<Round<AccountId>>,
	/// Effects, in order.
	pub effects: Vec<Effect<AccountId>>,
}

/// Why an input is refused. The round stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
	/// A predecessor failed.
	Dropped,
	/// Bids are not accepted in this phase.
	NotBidding,
	/// The round has as many bids as it may.
	RoundFull,
	/// Bids are not revealed in this phase.
	NotRevealing,
	/// Seals are not opened by force in this phase.
	NotOpening,
	/// No place is offered.
	NothingOffered,
	/// The place is another prover's.
	NotOffered,
	/// No prover is at work.
	NothingToProve,
	/// Another prover is assigned.
	NotAssigned,
	/// The deadline has passed.
	TooLate,
	/// No transition is due.
	NotDue,
	/// The round contradicts itself or its parameters break their rules.
	Math(MathError),
}

impl From<MathError> for Refusal {
	fn from(error: MathError) -> Self {
		Self::Math(error)
	}
}
