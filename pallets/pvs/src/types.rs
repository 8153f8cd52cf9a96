// SPDX-License-Identifier: Apache-2.0
//! What the pallet stores. The records know nothing of FRAME.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use pvs_auction::{phase::Delivery, score::Score};
use pvs_primitives::{
	api::ProverStats, params::RollupParams, Balance, BatchIndex, BlockNumber, Bytes32, RoundNumber,
};
use scale_info::TypeInfo;

/// A registered rollup.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RollupRecord<AccountId> {
	/// Who registered it.
	pub owner: AccountId,
	/// Who may commit batches.
	pub sequencer: AccountId,
	/// `blake2_256` of the verifying key.
	pub verifying_key_hash: Bytes32,
	/// The root before any batch.
	pub genesis_root: Bytes32,
	/// The root after the newest final batch.
	pub finalized_root: Bytes32,
	/// The first index that has not ended. A row below it was dropped with a failed predecessor.
	pub next_to_finalize: BatchIndex,
	/// The index of the next batch.
	pub next_index: BatchIndex,
	/// The root that the next batch builds on.
	pub tip_root: Bytes32,
	/// Number of batch rows.
	pub pending: u32,
	/// What the next batch takes as its snapshot.
	pub params: RollupParams,
	/// The amount held from the owner for this row.
	pub deposit: Balance,
}

/// A pending batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BatchRecord<AccountId> {
	/// Who committed it; escrow and bond are held from this account.
	pub sequencer: AccountId,
	/// The block whose body has the data.
	pub committed_at: BlockNumber,
	/// Root before the batch.
	pub prev_state_root: Bytes32,
	/// Root after the batch.
	pub next_state_root: Bytes32,
	/// Poseidon commitment to the data.
	pub data_commitment: Bytes32,
	/// The amount in escrow.
	pub max_fee: Balance,
	/// The amount held for this row.
	pub deposit: Balance,
	/// The rollup's parameters when the batch was committed.
	pub params: RollupParams,
	/// The current round.
	pub round: RoundNumber,
	/// Where it stands.
	pub stage: Stage<AccountId>,
	/// Its place in the agenda.
	pub due: Option<BlockNumber>,
}

/// Where a batch stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage<AccountId> {
	/// A round is open.
	#[codec(index = 0)]
	Auction(Auction),
	/// A winner is at work.
	#[codec(index = 1)]
	Assigned(Assignment<AccountId>),
	/// Proven; its predecessors are not.
	#[codec(index = 2)]
	Proven {
		/// Who was paid.
		prover: AccountId,
		/// The block of the proof.
		at: BlockNumber,
	},
	/// Out of rounds behind an unproven predecessor.
	#[codec(index = 3)]
	Waiting,
}

/// An open round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Auction {
	/// The block that opened the round.
	pub opened_at: BlockNumber,
	/// The highest fee that a bid may ask.
	pub reserve: Balance,
	/// Number of bids.
	pub bids: u32,
	/// How many of them are neither revealed nor void.
	pub sealed: u32,
}

/// A winner at work.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Assignment<AccountId> {
	/// The block that opened the round.
	pub opened_at: BlockNumber,
	/// The reserve of the round.
	pub reserve: Balance,
	/// The winner.
	pub prover: AccountId,
	/// What it asked.
	pub fee: Balance,
	/// What it gets if it is on time.
	pub payment: Balance,
	/// What it loses if it does not deliver.
	pub bond: Balance,
	/// The time that it committed to.
	pub proof_blocks: BlockNumber,
	/// The only proof that it may deliver, if it named one.
	pub proof_commitment: Option<Bytes32>,
	/// The block in which it became the winner.
	pub assigned_at: BlockNumber,
	/// The last block for the full payment.
	pub on_time_until: BlockNumber,
	/// The last block for a reduced payment.
	pub late_until: BlockNumber,
}

impl<AccountId> Assignment<AccountId> {
	/// The deadlines as the auction's rules take them.
	pub fn delivery(&self) -> Delivery {
		Delivery {
			assigned_at: self.assigned_at,
			on_time_until: self.on_time_until,
			late_until: self.late_until,
		}
	}
}

/// A bid in the current round of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BidRecord {
	/// Binds chain, batch, round, bidder and payload.
	pub commitment: Bytes32,
	/// The part of the bidder's stake behind it.
	pub bond: Balance,
	/// Where it stands.
	pub stage: BidStage,
}

/// Where a bid stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum BidStage {
	/// Not revealed.
	#[codec(index = 0)]
	Sealed,
	/// Revealed and valid: it counts.
	#[codec(index = 1)]
	Revealed {
		/// What it asks.
		fee: Balance,
		/// The time that it commits to.
		proof_blocks: BlockNumber,
		/// The proof that it already has, if it named one.
		proof_commitment: Option<Bytes32>,
		/// Its part in breaking ties.
		salt: Bytes32,
		/// Its score.
		score: Score,
	},
	/// Revealed as malformed; its bond is gone.
	#[codec(index = 2)]
	Void,
}

/// A registered prover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ProverRecord {
	/// The amount held from the prover.
	pub stake: Balance,
	/// The part of it behind live bids and assignments.
	pub reserved: Balance,
	/// What the prover has done.
	pub stats: ProverStats,
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
}
