// SPDX-License-Identifier: Apache-2.0
//! What the pallet stores. The records know nothing of FRAME.

use crate::{pallet::ProofBytes, Config};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use pvs_auction::{
	reserve::Reserve,
	round::{BidStage, Round},
	share::RecentCount,
};
use pvs_primitives::{
	api::{BatchId, ProverStats, SealPlace, Unbonding},
	params::{RollupParams, Snapshot},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId,
};
use scale_info::TypeInfo;

/// A rollup of this runtime.
pub type RollupRecordOf<T> = RollupRecord<<T as frame_system::Config>::AccountId>;
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
	/// Whether the batch has ended: its row is gone and must not be written again.
	pub(crate) ended: bool,
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
	/// The reserve and the mean payment.
	pub prices: Reserve,
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
	/// The rollup's parameters and the chain's constants when the batch was committed.
	pub snapshot: Snapshot,
	/// The current round.
	pub round: Round<AccountId>,
	/// Its place in the agenda.
	pub due: Option<Due>,
	/// Whether the clean-up behind a failed predecessor has passed it.
	pub cleaned: bool,
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
	/// Where it stands.
	pub stage: BidStage,
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
	/// What the prover has done.
	pub stats: ProverStats,
}

impl ProverRecord {
	/// What is held of the prover as stake.
	pub fn held(&self) -> Balance {
		self.stake.saturating_add(self.unbonding.map_or(0, |unbonding| unbonding.amount))
	}
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
