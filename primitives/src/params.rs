// SPDX-License-Identifier: Apache-2.0
//! Parameters of a rollup's market. A batch uses the snapshot taken when it was committed.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::{seal_timing::SealTiming, Balance, BlockNumber, Bytes32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One whole in the fixed point of weights and rates: 10^9.
pub const WHOLE: u32 = 1_000_000_000;

/// Meaning of a rollup's data, roots and public inputs. It is fixed when the rollup is registered.
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
#[scale_info(capture_docs = "always")]
pub enum Layout {
	/// Roots and the Poseidon commitment to the data are scalars of BN254; a proof has four public
	/// inputs: root before, root after, data commitment, binding.
	#[codec(index = 0)]
	Fields,
}

/// Payment rule of the winner of a round.
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
#[scale_info(capture_docs = "always")]
pub enum PaymentRule {
	/// The fee at which the winner's score would equal the next bid's, between its own fee and the
	/// reserve (Che 1993, second-score auction).
	#[codec(index = 0)]
	SecondScore,
	/// The winner's own fee.
	#[codec(index = 1)]
	FirstPrice,
}

/// Policy for a round in which a bidder stays silent.
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
#[scale_info(capture_docs = "always")]
pub enum SilencePolicy {
	/// The round closes on the revealed bids; a silent bidder loses its whole bond, which is above
	/// the reserve and so above what dropping a bid can win.
	#[codec(index = 0)]
	Exclude,
	/// The round waits until anyone has opened the seals that are left. Makes censoring a reveal
	/// pointless, and costs waiting.
	#[codec(index = 1)]
	ForceOpen {
		/// Length of the opening window, which follows the reveal window.
		opening_blocks: BlockNumber,
	},
	/// The round closes on the revealed bids, and each silent bid is settled afterwards: whoever shows
	/// what is in its seal decides what its bidder loses. A seal that nobody opens in time costs the
	/// whole bond.
	#[codec(index = 2)]
	Settle {
		/// Length of the window in which silent bids are settled, which follows the reveal window.
		settle_blocks: BlockNumber,
	},
}

/// Settings of a rollup's owner for its market. Amounts are in planck, times in blocks, weights, rates
/// and factors in 10^-9.
///
/// A number that is 0 is refused, `w_share` excepted: wallets write 0 for a field that is missing or
/// misspelled.
#[derive(
	Clone,
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
#[scale_info(capture_docs = "always")]
pub struct RollupParams {
	/// Meaning of data, roots and public inputs; `set_params` cannot change it.
	pub layout: Layout,
	/// Exact length of a batch's data, in bytes; 1 to the runtime's `MaxDataBytes`.
	pub data_len: u32,
	/// Length of the bidding window; above the runtime's `InclusionSlack`.
	pub bidding_blocks: BlockNumber,
	/// Length of the reveal window; at least the runtime's `InclusionSlack` + 2. A winner's time counts
	/// from its last block, whenever the bids were revealed.
	pub reveal_blocks: BlockNumber,
	/// Policy for a round in which a bidder stays silent.
	pub silence_policy: SilencePolicy,
	/// Payment rule of the winner.
	pub payment_rule: PaymentRule,
	/// Weight of the fee in the score; above 0.
	pub w_fee: u32,
	/// Weight of the committed proof time in the score; above 0.
	pub w_time: u32,
	/// By how much a bidder's share of recent proofs worsens its score; 0 switches
	/// anti-concentration off.
	pub w_share: u32,
	/// Committed times below this count as this; at least 1.
	pub min_proof_blocks: BlockNumber,
	/// The longest committed time that a bid may name; at least `min_proof_blocks`.
	pub max_proof_blocks: BlockNumber,
	/// The lowest reserve; at least the chain's existential deposit.
	pub min_reserve: Balance,
	/// The reserve before the first proof; from `min_reserve` to `max_reserve`.
	pub initial_reserve: Balance,
	/// The highest `max_fee` of a batch; at least `min_reserve`.
	pub max_reserve: Balance,
	/// Factor above the mean payment at which the reserve may stay; above 0.
	pub reserve_margin: u32,
	/// Weight of the newest payment in the mean; above 0, at most one whole.
	pub reserve_weight: u32,
	/// By what the reserve is multiplied after a round without a bid that counts; above one whole.
	pub escalation_factor: u32,
	/// Part of a bond above the reserve; at least the chain's existential deposit.
	pub silence_penalty: Balance,
	/// Blocks after the committed time in which a late proof is still paid, reduced; above 0.
	pub grace_blocks: BlockNumber,
	/// Share of the reserve that each late block takes off the payment; at least
	/// `w_time / (w_fee * max_proof_blocks)`, so that claiming a time that one cannot hold never
	/// pays.
	pub late_rate: u32,
	/// Number of runners-up that may step in for a winner that fails; 1 to 8.
	pub ladder_len: u32,
	/// Blocks in which a runner-up may take its place; above the runtime's `InclusionSlack`.
	pub ladder_blocks: BlockNumber,
	/// Blocks in which any prover may deliver once the ladder is exhausted; at least 2 and above the
	/// runtime's `InclusionSlack`.
	pub rescue_blocks: BlockNumber,
	/// Rounds without a bid that counts after which a batch fails; at least 2.
	pub max_empty_rounds: u32,
	/// Rounds without delivery after which a batch fails; at least 1.
	pub max_failed_rounds: u32,
	/// Bond that the sequencer holds beside the escrow, and loses when the batch fails.
	pub sequencer_bond: Balance,
}

/// Terms of a batch from its commitment to its end: the parameters of its rollup and the
/// constants of its runtime, as they were in the block of the commitment. Neither `set_params` nor a
/// runtime upgrade changes a round that is open.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(capture_docs = "always")]
pub struct Snapshot {
	/// Parameters of the rollup.
	pub params: RollupParams,
	/// Blocks between the bidding and the reveal window.
	pub finality_gap: BlockNumber,
	/// Number of blocks by which a minority of block authors can delay a transaction.
	pub inclusion_slack: BlockNumber,
	/// The most bids in one round.
	pub max_bids: u32,
	/// Lowest price of a bid's place in a round, in planck.
	pub slot_fee_base: Balance,
	/// Relation between squarings and blocks.
	pub seal_timing: SealTiming,
	/// Digest of the time-lock puzzle of the batch's seals.
	pub seal_digest: Bytes32,
}
