// SPDX-License-Identifier: Apache-2.0
//! Records that the pallet stores. The records know nothing of FRAME.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::{
	pallet::{PayloadBytes, ProofBytes, SealBytes},
	Config,
};
use alloc::collections::BTreeMap;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use pvs_auction::{
	recent::RecentBatch,
	rent::rent_due,
	reserve::Reserve,
	round::{BidStage, Round, Stage},
	settle::ClosedRound,
	share::{RecentAmount, RecentCount},
};
use pvs_primitives::{
	api::{BatchId, MarketStats, ProverStats, SealPlace, Unbonding},
	params::{RollupParams, Snapshot},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId, RoundNumber,
};
use pvs_timelock::{Seal, ELEMENT_BYTES, PROOF_BYTES as OPENING_PROOF_BYTES};
use scale_info::TypeInfo;

/// A rollup of this runtime.
pub type RollupRecordOf<T> = RollupRecord<<T as frame_system::Config>::AccountId>;
/// A final batch of a rollup of this runtime.
pub type RecentBatchOf<T> = RecentBatch<<T as frame_system::Config>::AccountId>;
/// A closed round of this runtime with unsettled bids.
pub type UnsettledRoundOf<T> = UnsettledRound<<T as frame_system::Config>::AccountId>;
/// A batch of this runtime.
pub type BatchRecordOf<T> = BatchRecord<<T as frame_system::Config>::AccountId>;

/// A batch in memory, with its rollup: what a transition reads and writes.
pub(crate) struct Entry<T: Config> {
	/// The batch.
	pub(crate) id: BatchId,
	/// Its rollup's row.
	pub(crate) rollup: RollupRecordOf<T>,
	/// Its own row.
	pub(crate) batch: BatchRecordOf<T>,
	/// True if the batch has ended: its row is gone and must not be written again.
	pub(crate) ended: bool,
	/// Rows of bids that are still sealed while their auction closes.
	pub(crate) sealed: BTreeMap<T::AccountId, BidRecord>,
	/// The block in which the transition that is being performed was due, if that has passed; `None`
	/// while a call acts.
	pub(crate) due_since: Option<BlockNumber>,
}

impl<T: Config> Entry<T> {
	/// A batch as it was read, or is about to be written.
	pub(crate) fn new(id: BatchId, rollup: RollupRecordOf<T>, batch: BatchRecordOf<T>) -> Self {
		Self { id, rollup, batch, ended: false, sealed: BTreeMap::new(), due_since: None }
	}
}

/// The key of an entry of the agenda: lane, block, rollup and index, the numbers big-endian, so that
/// entries sort by lane, within a lane by block, and within a block by rollup.
pub type AgendaKey = (u8, [u8; 4], [u8; 4], [u8; 8]);

/// Rank of an item of the agenda when several are overdue.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
pub enum Lane {
	/// An auction closes: before everything else, so that no winner waits for its assignment.
	#[codec(index = 0)]
	Closes,
	/// Every other transition.
	#[codec(index = 1)]
	Others,
}

impl Lane {
	/// Both lanes, in the order in which they are worked off.
	pub(crate) const ALL: [Self; 2] = [Self::Closes, Self::Others];

	fn byte(self) -> u8 {
		match self {
			Self::Closes => 0,
			Self::Others => 1,
		}
	}
}

/// Block and lane in which a batch's next transition is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Due {
	/// The lane of its entry in the agenda.
	pub lane: Lane,
	/// The block of its entry in the agenda.
	pub at: BlockNumber,
}

/// Returns the key of a batch whose next transition is due then.
pub fn agenda_key(due: Due, batch: BatchId) -> AgendaKey {
	let at = due.at.to_be_bytes();
	(due.lane.byte(), at, batch.rollup.to_be_bytes(), batch.index.to_be_bytes())
}

/// Returns when a batch's next transition is due, and the batch.
pub fn agenda_item((lane, at, rollup, index): AgendaKey) -> (Due, BatchId) {
	let batch = BatchId {
		rollup: RollupId::from_be_bytes(rollup),
		index: BatchIndex::from_be_bytes(index),
	};
	let lane = if lane == Lane::Closes.byte() { Lane::Closes } else { Lane::Others };
	(Due { lane, at: BlockNumber::from_be_bytes(at) }, batch)
}

/// A pass of the agenda over what is overdue in a lane: one item of each rollup and block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AgendaPass {
	/// Block and rollup of the item that was worked off last; `None` before the first.
	pub last: Option<(BlockNumber, RollupId)>,
	/// The block in which the pass began. What is due later waits for the next pass.
	pub until: BlockNumber,
}

/// A registered rollup.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RollupRecord<AccountId> {
	/// Account that registered it.
	pub owner: AccountId,
	/// Account that may commit batches.
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
	/// Number of them that hold a guaranteed place.
	pub guaranteed: u32,
	/// Number of them that wait for a predecessor, proven or not.
	pub waiting: u32,
	/// Number of its batches that have become final.
	pub finals: u64,
	/// Its record.
	pub stats: MarketStats,
	/// Snapshot that the next batch takes.
	pub params: RollupParams,
	/// The reserve and the mean payment.
	pub prices: Reserve,
	/// The amount held from the owner for this row.
	pub deposit: Balance,
	/// Account that may become the owner.
	pub offered_to: Option<AccountId>,
}

/// Sums over the whole chain, in one row: a proof changes all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ChainTotals {
	/// The recent proofs.
	pub recent_proofs: RecentCount,
	/// Number of places of the pool that pending batches take.
	pub taken_places: u32,
	/// The slashed bonds on the pallet's account, in planck: the sum over all batches.
	pub kept_bonds: Balance,
}

/// Kind of a place among the pending batches. A batch keeps it to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum PlaceKind {
	/// One of the rollup's own.
	#[codec(index = 0)]
	Guaranteed,
	/// One of the chain's pool.
	#[codec(index = 1)]
	Pool,
}

/// A place among the pending batches, and its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PendingPlace {
	/// Its kind.
	pub kind: PlaceKind,
	/// The rent of a block, in planck.
	pub rate: Balance,
	/// The block up to which the rent is held: the batch has ended by then, if the agenda is never late.
	pub until: BlockNumber,
}

impl PendingPlace {
	/// Returns the rent that is held for the place if it is taken in this block, in planck.
	pub fn rent_from(&self, taken_at: BlockNumber) -> Balance {
		rent_due(self.rate, BlockNumber::MAX, self.until.saturating_sub(taken_at))
	}
}

/// A pending batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BatchRecord<AccountId> {
	/// Account that committed it; escrow and bond are held from it.
	pub sequencer: AccountId,
	/// The block whose body has the data.
	pub committed_at: BlockNumber,
	/// Root before the batch.
	pub prev_state_root: Bytes32,
	/// Root after the batch.
	pub next_state_root: Bytes32,
	/// Poseidon commitment to the data.
	pub data_commitment: Bytes32,
	/// Hash of the chain's first block, to which bids and proofs are bound.
	pub genesis_hash: Bytes32,
	/// The amount in escrow.
	pub max_fee: Balance,
	/// The amount held for this row.
	pub deposit: Balance,
	/// Its place among the pending batches, for which rent is held beside the deposit.
	pub place: PendingPlace,
	/// The rollup's parameters and the chain's constants when the batch was committed.
	pub snapshot: Snapshot,
	/// The current round.
	pub round: Round<AccountId>,
	/// Its place in the agenda.
	pub due: Option<Due>,
	/// True if the clean-up behind a failed predecessor has passed it.
	pub cleaned: bool,
}

impl<AccountId> BatchRecord<AccountId> {
	/// Returns true if nothing happens to the batch before its predecessor ends.
	pub(crate) fn is_waiting(&self) -> bool {
		matches!(self.round.stage, Stage::Waiting | Stage::Proven { .. })
	}

	/// Returns the rent that is held for the batch's place, in planck.
	pub fn rent(&self) -> Balance {
		self.place.rent_from(self.committed_at)
	}

	/// Returns how much of it is due if the batch ends in this block, in planck.
	pub fn rent_due(&self, end: BlockNumber) -> Balance {
		let lived = end.saturating_sub(self.committed_at);
		rent_due(self.place.rate, lived, self.place.until.saturating_sub(self.committed_at))
	}
}

/// A bid in the current round of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BidRecord {
	/// Binds chain, batch, round, bidder and payload.
	pub commitment: Bytes32,
	/// `blake2_256` of the time-lock puzzle around the payload. The seal itself is in the block's body.
	pub seal_hash: Bytes32,
	/// Place of the seal.
	pub placed: SealPlace,
	/// The bidder's share of recent proofs when it bid, in 10^-9.
	pub share: u32,
	/// Its state.
	pub stage: BidStage,
}

/// A round that has closed without bidders that stayed silent, as long as one of their bids is unsettled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct UnsettledRound<AccountId> {
	/// Account that committed the batch.
	pub committer: AccountId,
	/// Sequencer of the rollup when the round closed.
	pub sequencer: AccountId,
	/// Digest of the batch in the round, to which commitments are bound.
	pub batch_digest: Bytes32,
	/// Digest of the time-lock puzzle of the seals.
	pub seal_digest: Bytes32,
	/// Record of the round by which the bids are judged.
	pub closed: ClosedRound,
	/// Number of unsettled bids.
	pub bids: u32,
	/// Block of its entry among the expiries.
	pub expires_at: BlockNumber,
}

/// A bid whose bidder stayed silent and whose round has closed. Its bond is still reserved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct UnsettledBid {
	/// Binds chain, batch, round, bidder and payload.
	pub commitment: Bytes32,
	/// `blake2_256` of the time-lock puzzle around the payload.
	pub seal_hash: Bytes32,
	/// Place of the seal.
	pub placed: SealPlace,
	/// The bidder's share of recent proofs when it bid, in 10^-9.
	pub share: u32,
}

/// A round of a batch, as it stands in keys of storage.
pub type RoundId = (BatchId, RoundNumber);

/// A round of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundKey {
	/// The batch.
	pub batch: BatchId,
	/// Its round.
	pub round: RoundNumber,
}

impl RoundKey {
	/// Returns the key of storage.
	pub fn id(self) -> RoundId {
		(self.batch, self.round)
	}
}

/// The roots that a batch goes between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roots {
	/// Root before the batch.
	pub(crate) prev: Bytes32,
	/// Root after the batch.
	pub(crate) next: Bytes32,
}

/// A bid as it is placed.
pub(crate) struct SealedBid<'a> {
	/// Binds chain, batch, round, bidder and payload.
	pub(crate) commitment: Bytes32,
	/// The time-lock puzzle around the payload. Its length is not checked yet.
	pub(crate) seal: &'a [u8],
}

/// A seal as its opener brings it along. Lengths are not checked yet.
pub(crate) struct OfferedOpening<'a> {
	/// The seal that was placed.
	pub(crate) seal: &'a [u8],
	/// The solution of its puzzle.
	pub(crate) solution: &'a [u8],
	/// The proof of that.
	pub(crate) proof: &'a [u8],
}

/// A seal with the solution of its puzzle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
	/// The seal that was placed.
	pub seal: Seal,
	/// The solution of its puzzle.
	pub solution: [u8; ELEMENT_BYTES],
	/// The proof of that.
	pub proof: [u8; OPENING_PROOF_BYTES],
}

/// A silent bid with its round, which has closed.
pub(crate) struct SilentBid<T: Config> {
	/// The round.
	pub(crate) round: UnsettledRoundOf<T>,
	/// The bid.
	pub(crate) bid: UnsettledBid,
}

/// The key of an expiry: block, rollup, index and round, big-endian, so that they sort by block.
pub type ExpiryKey = ([u8; 4], [u8; 4], [u8; 8], [u8; 4]);

/// Returns the key of the round whose unsettled bids expire then.
pub fn expiry_key(at: BlockNumber, round: RoundKey) -> ExpiryKey {
	let RoundKey { batch: BatchId { rollup, index }, round } = round;
	(at.to_be_bytes(), rollup.to_be_bytes(), index.to_be_bytes(), round.to_be_bytes())
}

/// Returns the block in which unsettled bids expire, and their round.
pub fn expiry_item((at, rollup, index, round): ExpiryKey) -> (BlockNumber, RoundKey) {
	let batch = BatchId {
		rollup: RollupId::from_be_bytes(rollup),
		index: BatchIndex::from_be_bytes(index),
	};
	let round = RoundNumber::from_be_bytes(round);
	(BlockNumber::from_be_bytes(at), RoundKey { batch, round })
}

/// A registered prover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ProverRecord {
	/// The amount held from the prover that may back bids.
	pub stake: Balance,
	/// The part of it behind live bids, places and assignments.
	pub reserved: Balance,
	/// The amount held from the prover that is on its way out.
	pub unbonding: Option<Unbonding>,
	/// The amount held for this row.
	pub deposit: Balance,
	/// Its recent proofs.
	pub recent: RecentCount,
	/// The amount that escrows released to it for them, in planck.
	pub recent_paid: RecentAmount,
	/// Record of what the prover has done.
	pub stats: ProverStats,
}

impl ProverRecord {
	/// Amount that is held of the prover as stake, in planck.
	pub fn held(&self) -> Balance {
		self.stake.saturating_add(self.unbonding.map_or(0, |unbonding| unbonding.amount))
	}
}

/// One of the bids of `place_bids`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BidPlacement {
	/// The batch that it is for.
	pub batch: BatchId,
	/// The round that is meant.
	pub round: RoundNumber,
	/// Digest of the batch in the round, from the Runtime API.
	pub batch_digest: Bytes32,
	/// The highest slot fee that the bidder pays, in planck.
	pub max_slot_fee: Balance,
	/// Commitment to the payload.
	pub commitment: Bytes32,
	/// The time-lock puzzle around the payload, 357 bytes.
	pub seal: SealBytes,
}

/// One of the payloads of `reveal_bids`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BidReveal<AccountId> {
	/// The batch that the bid is for.
	pub batch: BatchId,
	/// The round of the bid.
	pub round: RoundNumber,
	/// The bidder.
	pub bidder: AccountId,
	/// Payload that the commitment was made of, 85 bytes.
	pub payload: PayloadBytes,
}

/// One of the proofs of `submit_proofs`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProofSubmission<AccountId> {
	/// The batch that it proves.
	pub batch: BatchId,
	/// The prover that it is bound to and that is paid.
	pub prover: AccountId,
	/// The proof, 256 bytes.
	pub proof: ProofBytes,
}
