// SPDX-License-Identifier: Apache-2.0
// Longer than other files: the metadata names each type with its module, so that a move of one is a change for clients.
//! Read models of the Runtime API: what wallets, provers and sequencers see.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::{
	params::{RollupParams, Snapshot},
	Balance, BatchIndex, BlockNumber, Bytes32, RollupId, RoundNumber,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Identifies a batch in the whole chain.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct BatchId {
	/// The rollup.
	pub rollup: RollupId,
	/// The index of the batch within the rollup.
	pub index: BatchIndex,
}

/// Actions that are allowed in a round at a given block. Windows are half-open.
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
	Serialize,
	Deserialize,
)]
pub enum Phase {
	/// The block that opened the round: nothing yet.
	#[codec(index = 0)]
	Opening,
	/// Bids are accepted.
	#[codec(index = 1)]
	Bidding,
	/// Bidding is over and waits to be final before anyone reveals.
	#[codec(index = 2)]
	FinalityGap,
	/// Bidders reveal.
	#[codec(index = 3)]
	Revealing,
	/// Bidders stayed silent, and anyone may open their seals.
	#[codec(index = 4)]
	SealOpening,
	/// The assigned prover may deliver for its full payment.
	#[codec(index = 5)]
	Proving,
	/// The assigned prover may deliver for a reduced payment.
	#[codec(index = 6)]
	Late,
	/// The prover before failed, and the next one on the ladder may take its place.
	#[codec(index = 7)]
	Offered,
	/// The ladder is exhausted, and any registered prover may deliver.
	#[codec(index = 8)]
	Rescue,
	/// The batch is out of rounds and waits for its predecessors.
	#[codec(index = 9)]
	Waiting,
	/// The batch is proven.
	#[codec(index = 10)]
	Proven,
	/// A predecessor failed: nothing is accepted any more.
	#[codec(index = 11)]
	Dropped,
	/// The deadline of the phase before has passed and its transition is due.
	#[codec(index = 12)]
	Overdue,
}

/// A rollup as its users see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RollupInfo<AccountId> {
	/// The rollup.
	pub id: RollupId,
	/// Account that registered it and may deregister it.
	pub owner: AccountId,
	/// Account that may commit batches.
	pub sequencer: AccountId,
	/// `blake2_256` of the verifying key's bytes: chooses executor and proving key.
	pub verifying_key_hash: Bytes32,
	/// The root before any batch.
	pub genesis_root: Bytes32,
	/// The root after the newest final batch.
	pub finalized_root: Bytes32,
	/// Number of batches that are final or ended, counted from index 0.
	pub next_to_finalize: BatchIndex,
	/// The index that the next batch gets.
	pub next_index: BatchIndex,
	/// The root that the next batch builds on.
	pub tip_root: Bytes32,
	/// Number of pending batches.
	pub pending: u32,
	/// The reserve that the first round of the next batch takes, unless its `max_fee` is lower.
	pub reserve: Balance,
	/// The parameters that the next batch takes.
	pub params: RollupParams,
	/// Amount that is held from the owner for the rollup's row, in planck.
	pub deposit: Balance,
	/// Account that may become the owner by `accept_rollup`.
	pub offered_to: Option<AccountId>,
	/// The rent that a commit would hold for its place now, beside `max_fee`, `sequencer_bond` and
	/// `BatchDeposit`; `None` while no place is free. It rises as others take places.
	pub next_rent: Option<Balance>,
}

/// State of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum BatchStatus<AccountId> {
	/// A round is open.
	#[codec(index = 0)]
	Auction,
	/// A prover is assigned.
	#[codec(index = 1)]
	Assigned,
	/// Proven; waits for its predecessors.
	#[codec(index = 2)]
	Proven {
		/// Account that was paid.
		prover: AccountId,
		/// The block of the proof.
		at: BlockNumber,
	},
	/// A predecessor failed; its rows are about to go.
	#[codec(index = 3)]
	Dropped,
	/// Out of rounds behind an unproven predecessor: gets one last round if that one is proven.
	#[codec(index = 4)]
	Waiting,
	/// The prover before failed; the next one on the ladder may take its place.
	#[codec(index = 5)]
	Offered,
	/// The ladder is exhausted; any registered prover may deliver.
	#[codec(index = 6)]
	Rescue,
}

/// A batch as its users see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BatchInfo<AccountId> {
	/// The batch.
	pub id: BatchId,
	/// Account that committed it and pays for it.
	pub sequencer: AccountId,
	/// The block whose body carries the data.
	pub committed_at: BlockNumber,
	/// Root before the batch.
	pub prev_state_root: Bytes32,
	/// Root after the batch.
	pub next_state_root: Bytes32,
	/// Poseidon commitment to the data, computed by the chain.
	pub data_commitment: Bytes32,
	/// The highest fee that the sequencer pays; held in escrow.
	pub max_fee: Balance,
	/// The current round.
	pub round: RoundNumber,
	/// Number of rounds that have ended without a bid that counts.
	pub empty_rounds: u32,
	/// Number of rounds that have ended without delivery.
	pub failed_rounds: u32,
	/// Amount that provers lost by not delivering this batch, in planck; a part of it goes to whoever delivers.
	pub slashed: Balance,
	/// Its state.
	pub status: BatchStatus<AccountId>,
	/// The rent of its place, per block.
	pub rent_rate: Balance,
	/// The block up to which rent is held, counted from `committed_at`. What is held for blocks that the
	/// batch does not live returns.
	pub rent_until: BlockNumber,
	/// The rollup's parameters and the chain's constants when the batch was committed.
	pub snapshot: Snapshot,
}

/// State of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum BidState {
	/// Only its commitment is known.
	#[codec(index = 0)]
	Sealed,
	/// Revealed by its bidder; it counts.
	#[codec(index = 1)]
	Revealed {
		/// The fee that the bidder asks, in planck.
		fee: Balance,
		/// The time in which it commits to prove, in blocks.
		proof_blocks: BlockNumber,
	},
	/// Malformed; it does not count and its bond is gone.
	#[codec(index = 2)]
	Void,
	/// Its bidder stayed silent and its seal was opened; it counts.
	#[codec(index = 3)]
	Opened {
		/// The fee that the bidder asks, in planck.
		fee: Balance,
		/// The time in which it commits to prove, in blocks.
		proof_blocks: BlockNumber,
	},
}

/// Place of a bid's seal: in a `place_bid` below an extrinsic of a block.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
pub struct SealPlace {
	/// Number of the block, counted by the chain.
	pub block: BlockNumber,
	/// Index of the extrinsic in the block's body.
	pub extrinsic: u32,
}

/// A bid as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BidInfo<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// Its commitment.
	pub commitment: Bytes32,
	/// `blake2_256` of its seal, which is 357 bytes long.
	pub seal_hash: Bytes32,
	/// Place of the seal.
	pub placed: SealPlace,
	/// Its state.
	pub state: BidState,
}

/// An assigned prover and its deadlines.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AssignmentInfo<AccountId> {
	/// The prover.
	pub prover: AccountId,
	/// Fee that it asked, in planck.
	pub fee: Balance,
	/// Payment that it gets from escrow if it is on time, in planck.
	pub payment: Balance,
	/// The time that it committed to, in blocks.
	pub proof_blocks: BlockNumber,
	/// The block in which it was assigned.
	pub assigned_at: BlockNumber,
	/// The block from which its time counts.
	pub clock: BlockNumber,
	/// The last block for the full payment.
	pub on_time_until: BlockNumber,
	/// The last block for a reduced payment.
	pub late_until: BlockNumber,
}

/// The winner of an open auction if nothing happens to its bids any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ExpectedWinner<AccountId> {
	/// The round.
	pub round: RoundNumber,
	/// The prover.
	pub prover: AccountId,
	/// Fee that it asks, in planck.
	pub fee: Balance,
	/// Payment that it gets from escrow if it is on time, in planck.
	pub payment: Balance,
	/// The time that it commits to, in blocks.
	pub proof_blocks: BlockNumber,
	/// The block from which its time counts.
	pub clock: BlockNumber,
	/// The last block for the full payment.
	pub on_time_until: BlockNumber,
	/// The last block for a reduced payment.
	pub late_until: BlockNumber,
	/// True if no transaction of a later block can change it. `submit_proof` of the next block then
	/// closes the round itself: the prover need not wait.
	pub decided: bool,
}

/// Why a bid of an open auction ranks as it does, if the auction closes on the bids that count so far.
/// Parts and score are in 10^-18.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BidExplanation<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// The fee that it asks, in planck.
	pub fee: Balance,
	/// The time that it commits to, in blocks.
	pub proof_blocks: BlockNumber,
	/// Its share of recent proofs when it bid, in 10^-9.
	pub share: u32,
	/// The fee's part of the score.
	pub fee_part: u128,
	/// The time's part of the score.
	pub time_part: u128,
	/// The score: the sum of both parts, worsened by the share. Lower wins.
	pub score: u128,
	/// Payment for a delivery in time, as winner or in its place on the ladder, in planck.
	pub payment: Balance,
	/// The highest fee with which it would rank first for sure, all else being equal, in planck; `None` if no
	/// fee does.
	pub winning_fee: Option<Balance>,
}

/// A runner-up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PlaceInfo<AccountId> {
	/// The prover.
	pub prover: AccountId,
	/// Fee that it asked, in planck.
	pub fee: Balance,
	/// Payment that it gets from escrow if it steps in, in planck.
	pub payment: Balance,
	/// The time that it committed to, in blocks, counted from the block in which it steps in.
	pub proof_blocks: BlockNumber,
}

/// The rescue of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RescueInfo {
	/// The block that opened it.
	pub started_at: BlockNumber,
	/// Payment from escrow for a delivery in the next block, in planck. It grows with each block.
	pub payment: Balance,
	/// Payment for a delivery in the last block, in planck.
	pub last_payment: Balance,
}

/// A round as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RoundInfo<AccountId> {
	/// The batch.
	pub batch: BatchId,
	/// The round of that batch.
	pub round: RoundNumber,
	/// The block that opened the round.
	pub opened_at: BlockNumber,
	/// The highest fee that a bid may ask.
	pub reserve: Balance,
	/// Bond that a bid reserves of its bidder's stake, in planck.
	pub bond: Balance,
	/// Fee of the next bid's slot, in planck.
	pub slot_fee: Balance,
	/// Digest that `place_bid` names, so that a bid never lands where it was not meant.
	pub batch_digest: Bytes32,
	/// Actions that are allowed in the next block (the one after the block that was asked).
	pub phase: Phase,
	/// The first block in which that is no longer so.
	pub phase_ends_at: BlockNumber,
	/// First block of the bidding window.
	pub bidding_from: BlockNumber,
	/// First block of the reveal window.
	pub reveal_from: BlockNumber,
	/// First block after the reveal window.
	pub reveal_until: BlockNumber,
	/// First block after the opening window, which is empty unless seals are opened by force.
	pub opening_until: BlockNumber,
	/// The bids, in no particular order; empty once the round has closed.
	pub bids: Vec<BidInfo<AccountId>>,
	/// The prover at work, if there is one.
	pub assignment: Option<AssignmentInfo<AccountId>>,
	/// The runners-up, best first. In phase `Offered` the first may take its place.
	pub ladder: Vec<PlaceInfo<AccountId>>,
	/// The rescue, while it lasts.
	pub rescue: Option<RescueInfo>,
}

/// A closed round with silent bids that wait to be settled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct UnsettledRoundInfo<AccountId> {
	/// The batch.
	pub batch: BatchId,
	/// The round of that batch.
	pub round: RoundNumber,
	/// Account that committed the batch; gets no reward.
	pub committer: AccountId,
	/// Sequencer of the rollup when the round closed; gets no reward.
	pub sequencer: AccountId,
	/// Digest of the batch in the round, to which commitments are bound.
	pub batch_digest: Bytes32,
	/// Digest of the time-lock puzzle of the seals.
	pub seal_digest: Bytes32,
	/// The highest fee that a bid could ask, in planck.
	pub reserve: Balance,
	/// Amount that is reserved of each bidder's stake, in planck.
	pub bond: Balance,
	/// The first block in which its bids can be settled no more.
	pub until: BlockNumber,
	/// The bids, in no particular order.
	pub bids: Vec<UnsettledBidInfo<AccountId>>,
}

/// A silent bid that waits to be settled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct UnsettledBidInfo<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// Its commitment.
	pub commitment: Bytes32,
	/// `blake2_256` of its seal, which is 357 bytes long.
	pub seal_hash: Bytes32,
	/// Place of the seal.
	pub placed: SealPlace,
}

/// The most bytes of a page, encoded. A single item is never larger.
pub const PAGE_BYTES: usize = 64 * 1024;

/// A part of a list, and where the rest begins.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Page<Item, From> {
	/// The items, in ascending order.
	pub items: Vec<Item>,
	/// First key of the next page; `None` if there is no more.
	pub next: Option<From>,
}

impl<Item: Encode, From> Page<Item, From> {
	/// Fills a page with the items behind these keys, as many as fit [`PAGE_BYTES`], `limit` at most and
	/// one at least. Keys without an item are passed over.
	pub fn fill<Key: Clone + Into<From>>(
		keys: impl IntoIterator<Item = Key>,
		limit: u32,
		item: impl Fn(Key) -> Option<Item>,
	) -> Self {
		// The length of the list takes five bytes at most, the key of the next page thirteen.
		let mut left = PAGE_BYTES.saturating_sub(18);
		let mut items = Vec::new();
		for key in keys {
			let is_full = u32::try_from(items.len()).is_ok_and(|count| count >= limit.max(1));
			if is_full {
				return Self { items, next: Some(key.into()) };
			}
			let Some(found) = item(key.clone()) else { continue };
			match left.checked_sub(found.encoded_size()) {
				Some(rest) => left = rest,
				None if items.is_empty() => left = 0,
				None => return Self { items, next: Some(key.into()) },
			}
			items.push(found);
		}
		Self { items, next: None }
	}
}

/// A prover as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ProverInfo<AccountId> {
	/// The prover.
	pub account: AccountId,
	/// Its stake, in planck, without what is unbonding.
	pub stake: Balance,
	/// The part of the stake that backs live bids, places and assignments.
	pub reserved: Balance,
	/// The stake that is on its way out, if there is any.
	pub unbonding: Option<Unbonding>,
	/// True if the stake is below the minimum: the prover may not bid until it tops up.
	pub suspended: bool,
	/// Its share of the batches proven lately in the whole chain, in 10^-9.
	pub recent_share: u32,
	/// Its record.
	pub stats: ProverStats,
}

/// Stake on its way out: it backs nothing and cannot be slashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Unbonding {
	/// The amount, in planck.
	pub amount: Balance,
	/// The first block in which it can be withdrawn.
	pub at: BlockNumber,
}

/// A prover's record. Counts never go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ProverStats {
	/// Bids placed.
	pub bids: u32,
	/// Bids revealed.
	pub reveals: u32,
	/// Rounds won.
	pub wins: u32,
	/// Proofs delivered within the committed time, or in a rescue.
	pub on_time: u32,
	/// Proofs delivered late.
	pub late: u32,
	/// Assignments not delivered.
	pub defaults: u32,
	/// Bids neither revealed, opened nor settled.
	pub silences: u32,
	/// Bids that were opened or settled after the reveal window.
	pub opened: u32,
	/// Payments received, in planck, shares of slashed bonds included.
	pub earned: Balance,
	/// Stake slashed, in planck.
	pub slashed: Balance,
}

/// A rollup's record. Counts and sums never go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MarketStats {
	/// Batches proven.
	pub proven: u64,
	/// Batches that used up their rounds.
	pub failed: u64,
	/// Batches dropped behind a failed one.
	pub dropped: u64,
	/// Of the proven batches, those delivered after the committed time.
	pub late: u64,
	/// Assignments not delivered.
	pub defaults: u64,
	/// Rounds without a bid that counts.
	pub empty_rounds: u64,
	/// Sum that provers were paid from escrow for these batches, in planck.
	pub paid: Balance,
	/// The newest payment before lateness, in planck.
	pub last_payment: Balance,
	/// Blocks from commitment to proof, summed over the proven batches.
	pub latency_blocks: u64,
	/// Blocks from commitment to proof of the batch that was proven last.
	pub last_latency_blocks: BlockNumber,
}

/// Figures over the recent work of provers. They are over accounts, and cheap to dress up: in the
/// whole chain by proofs of a rollup of one's own, in a rollup by its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Concentration {
	/// Number of provers with recent work.
	pub provers: u32,
	/// Herfindahl-Hirschman index: the sum of the squared shares, in 10^-9. One prover: 10^9.
	pub hhi: u32,
	/// Nakamoto coefficient: the fewest provers that together have more than half; 0 without any.
	pub nakamoto: u32,
	/// Gini coefficient, in 10^-9. 0 if all have the same.
	pub gini: u32,
}

/// The time-lock puzzle of a chain's seals: to open one takes `delay` squarings modulo `modulus`.
///
/// A seal is 357 bytes: `u = generator^r` (256), the ciphertext of the payload (85), its tag (16). Its key
/// is `blake2_256("pvs/seal-key/v1" ++ digest ++ solution ++ u ++ context)` with `solution = h^r =
/// u^(2^delay)`, and `context`, 122 bytes, what the bid's commitment hashes before the payload. Numbers of
/// 256 bytes are big-endian, and of `x` and `modulus - x` the smaller one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SealInfo {
	/// The name of the parameters, in ASCII.
	pub name: Vec<u8>,
	/// True if the puzzle is too short to keep anything secret: for development only.
	pub insecure: bool,
	/// `blake2_256("pvs/seal-parameters/v1" ++ modulus ++ delay ++ generator ++ h)`, the delay as eight
	/// bytes little-endian.
	pub digest: Bytes32,
	/// Number of squarings that a seal takes to open.
	pub delay: u64,
	/// `h`, the generator after that many squarings: 256 bytes, big-endian.
	pub h: Vec<u8>,
	/// The proof that `h` is that, 257 bytes: the attempt (1) and `pi` (256).
	pub h_proof: Vec<u8>,
	/// The longest bidding window that a rollup may have, in blocks.
	pub max_bidding_blocks: BlockNumber,
	/// The shortest opening window that a rollup which opens seals may have, in blocks.
	pub min_opening_blocks: BlockNumber,
	/// The shortest window in which silent bids are settled, in blocks.
	pub min_settle_blocks: BlockNumber,
	/// The time between two blocks, in milliseconds.
	pub slot_millis: u64,
	/// `N`, the RSA-2048 challenge number: 256 bytes, big-endian.
	pub modulus: Vec<u8>,
	/// `g`, which is 4: 256 bytes, big-endian.
	pub generator: Vec<u8>,
}

/// A rollup's market as everyone sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MarketInfo {
	/// The reserve that the next batch's first round takes, unless its `max_fee` is lower; in planck.
	pub reserve: Balance,
	/// The mean payment, exponentially weighted, before lateness; in planck. `None` before the first.
	pub mean_payment: Option<Balance>,
	/// The rollup's record.
	pub stats: MarketStats,
	/// Over the recent proofs of the whole chain, whatever was paid for them. Each counts half after an
	/// epoch of the chain.
	pub concentration: Concentration,
	/// Over what escrows released for these proofs, in planck. Provers paid nothing are left out.
	pub concentration_by_payment: Concentration,
	/// Over the newest final batches of the rollup, 32 at the most, whatever was paid for them.
	pub rollup_concentration: Concentration,
	/// Over what escrow released for these batches, in planck. Provers paid nothing are left out.
	pub rollup_concentration_by_payment: Concentration,
}

#[cfg(test)]
mod tests {
	use super::*;

	fn fill(keys: &[u32], limit: u32, bytes: usize) -> (Vec<u32>, Option<u32>) {
		// An even key has no item; an item has two bytes for its length in front.
		let item = |key: u32| (!key.is_multiple_of(2)).then(|| (key, vec![0u8; bytes]));
		let page: Page<_, u32> = Page::fill(keys.iter().copied(), limit, item);
		assert!(bytes > PAGE_BYTES || page.encoded_size() <= PAGE_BYTES);
		(page.items.into_iter().map(|(key, _)| key).collect(), page.next)
	}

	#[test]
	fn page_should_end_where_its_limit_is_reached() {
		assert_eq!(fill(&[1, 3, 5], 2, 1), (vec![1, 3], Some(5)));
		assert_eq!(fill(&[1, 3, 5], 3, 1), (vec![1, 3, 5], None));
		assert_eq!(fill(&[1, 3, 5], u32::MAX, 1), (vec![1, 3, 5], None));
		assert_eq!(fill(&[1, 3, 5], 0, 1), (vec![1], Some(3)));
		assert_eq!(fill(&[], 1, 1), (vec![], None));
	}

	#[test]
	fn page_should_pass_over_keys_without_an_item() {
		assert_eq!(fill(&[2, 1, 4, 3, 6, 5], 2, 1), (vec![1, 3], Some(6)));
		assert_eq!(fill(&[2, 4, 6], 1, 1), (vec![], None));
	}

	#[test]
	fn page_should_end_before_what_does_not_fit() {
		// Two items of 4 + 4 + 32,000 bytes fit 65,536 - 18, a third one does not.
		assert_eq!(fill(&[1, 3, 5], u32::MAX, 32_000), (vec![1, 3], Some(5)));
		// The largest of which two fit: (65,536 - 18) / 2 - 8 = 32,751.
		assert_eq!(fill(&[1, 3, 5], u32::MAX, 32_751), (vec![1, 3], Some(5)));
		assert_eq!(fill(&[1, 3, 5], u32::MAX, 32_752), (vec![1], Some(3)));
	}

	#[test]
	fn page_should_have_one_item_even_if_that_does_not_fit() {
		assert_eq!(fill(&[1, 3], u32::MAX, PAGE_BYTES + 1), (vec![1], Some(3)));
	}
}
