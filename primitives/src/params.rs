// SPDX-License-Identifier: Apache-2.0
//! Parameters of a rollup's market. A batch uses the snapshot taken when it was committed.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use crate::{Balance, BlockNumber};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One whole in the fixed point of weights and rates: 10^9.
pub const WHOLE: u32 = 1_000_000_000;

/// How the winner of a round is paid.
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
pub enum PaymentRule {
	/// The fee at which the winner's score would equal the next bid's, between its own fee and the
	/// reserve (Che 1993, second-score auction).
	#[codec(index = 0)]
	SecondScore,
	/// The winner's own fee.
	#[codec(index = 1)]
	FirstPrice,
}

/// What becomes of a round in which a bidder stays silent.
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
}

/// What a rollup's owner sets for its market. Amounts are in planck, times in blocks, weights, rates
/// and factors in 10^-9.
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
pub struct RollupParams {
	/// Exact length of a batch's data, in bytes; 1 to the runtime's `MaxDataBytes`.
	pub data_len: u32,
	/// Length of the bidding window; above the runtime's `InclusionSlack`.
	pub bidding_blocks: BlockNumber,
	/// Length of the reveal window; above the runtime's `InclusionSlack`.
	pub reveal_blocks: BlockNumber,
	/// What becomes of a round in which a bidder stays silent.
	pub silence_policy: SilencePolicy,
	/// How the winner is paid.
	pub payment_rule: PaymentRule,
	/// Weight of the fee in the score; above 0.
	pub w_fee: u32,
	/// Weight of the committed proof time in the score.
	pub w_time: u32,
	/// By how much a bidder's share of recent proofs worsens its score; 0 switches
	/// anti-concentration off.
	pub w_share: u32,
	/// Committed times below this count as this; at least 1.
	pub min_proof_blocks: BlockNumber,
	/// The longest committed time that a bid may name; at least `min_proof_blocks`.
	pub max_proof_blocks: BlockNumber,
	/// The lowest `max_fee` of a batch, and the lowest reserve; above 0.
	pub min_reserve: Balance,
	/// The reserve before the first proof; from `min_reserve` to `max_reserve`.
	pub initial_reserve: Balance,
	/// The highest `max_fee` of a batch; at least `min_reserve`.
	pub max_reserve: Balance,
	/// How far above the mean payment the reserve may stay.
	pub reserve_margin: u32,
	/// Weight of the newest payment in the mean; above 0, at most one whole.
	pub reserve_weight: u32,
	/// By what the reserve is multiplied after a round without a bid that counts; above one whole.
	pub escalation_factor: u32,
	/// What a bond holds above the reserve; at least the chain's existential deposit.
	pub silence_penalty: Balance,
	/// Blocks after the committed time in which a late proof is still paid, reduced.
	pub grace_blocks: BlockNumber,
	/// Share of the reserve that each late block takes off the payment; at least
	/// `w_time / (w_fee * max_proof_blocks)`, so that claiming a time that one cannot hold never
	/// pays.
	pub late_rate: u32,
	/// How many runners-up may step in for a winner that fails; 0 to 8.
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
	/// What the sequencer holds beside the escrow, and loses when the batch fails.
	pub sequencer_bond: Balance,
}
