// SPDX-License-Identifier: Apache-2.0
//! The entries of a journal, and what they come to for each round.

use super::totals::Totals;
use crate::record::Counts;
use pvs_primitives::{
	api::BatchId, bid::PAYLOAD_BYTES, BlockNumber, Bytes32, RoundNumber, PROOF_BYTES,
};
use pvs_timelock::{Seal, EXPONENT_BYTES};
use serde::{Deserialize, Serialize};

/// A round of a batch: what a bid, an assignment and a proof belong to.
pub(crate) type Key = (BatchId, RoundNumber);

/// Outcome of a round for this prover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Outcome {
	/// It did not bid.
	Skipped {
		/// Reason why not.
		reason: String,
	},
	/// It bid and another one won, or nobody did; it was on the ladder and not needed, or passed; or
	/// another one was faster in a rescue. It cost nothing.
	Lost,
	/// It delivered and was paid.
	Paid {
		/// Payment that it got from escrow, in planck.
		#[serde(with = "decimal")]
		payment: u128,
		/// Number of blocks that it was late.
		late_blocks: BlockNumber,
		/// Amount that it got of the bonds of others, in planck.
		#[serde(with = "decimal", default)]
		slashed_share: u128,
	},
	/// It won and did not deliver.
	Defaulted {
		/// Amount that it lost, in planck.
		#[serde(with = "decimal")]
		slashed: u128,
	},
	/// Its bid did not count.
	Voided,
	/// It did not reveal, the round closed without its bid, and the bid was settled afterwards.
	Settled {
		/// Amount that it lost, in planck.
		#[serde(with = "decimal")]
		slashed: u128,
		/// The rest of its bond, which it got back, in planck.
		#[serde(with = "decimal")]
		released: u128,
		/// Verdict on the bid.
		verdict: Verdict,
	},
	/// It may have lost a bond, and the node no longer has the events that say how it went.
	Unknown,
}

/// Verdict on a silent bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
	/// A valid bid that would not have won.
	WouldHaveLost,
	/// A valid bid that would have won.
	WouldHaveWon,
	/// Not a valid bid.
	Void,
	/// Nobody settled it in time.
	Expired,
}

impl Verdict {
	/// Returns what to tell the operator.
	pub(crate) fn text(self) -> &'static str {
		match self {
			Self::WouldHaveLost => "silent, and would not have won",
			Self::WouldHaveWon => "silent, and would have won",
			Self::Void => "silent, and void",
			Self::Expired => "silent, and not settled in time",
		}
	}
}

/// An entry of the journal: a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time, and short-lived")]
pub(crate) enum Entry {
	/// Numbers of rounds that have ended and are in the journal no more.
	Totals(Totals),
	/// The chain's record of this prover before the journal began, or what was accepted as that.
	Base(Counts),
	/// A seal is about to be made: whoever has its exponent reads the payload from the chain's seal,
	/// should the next entry be lost.
	Sealing {
		batch: BatchId,
		round: RoundNumber,
		/// The best block then.
		block: BlockNumber,
		#[serde(with = "hex_bytes")]
		exponent: [u8; EXPONENT_BYTES],
	},
	/// A bid that is about to go out, or that was recovered from its seal.
	Bid {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "hex_bytes")]
		batch_digest: Bytes32,
		#[serde(with = "hex_bytes")]
		payload: [u8; PAYLOAD_BYTES],
		#[serde(with = "hex_bytes")]
		commitment: Bytes32,
		#[serde(with = "hex_bytes")]
		seal: Seal,
	},
	/// A block has the bid.
	Placed { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// A block has the reveal.
	Revealed { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The round has closed without the bid, which can be settled before block `until`.
	Unsettled { batch: BatchId, round: RoundNumber, block: BlockNumber, until: BlockNumber },
	/// The bid won, or its place on the ladder was taken.
	Won {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "decimal")]
		payment: u128,
		assigned_at: BlockNumber,
		on_time_until: BlockNumber,
		late_until: BlockNumber,
	},
	/// A proof for a rescue is about to be made or sent.
	Rescuing { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The proof is made.
	Proved {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "hex_bytes")]
		proof: [u8; PROOF_BYTES],
		// Whole numbers only: serde reads no fractions in tagged enums when any crate of the build
		// asks serde_json for arbitrary precision.
		milliseconds: u64,
	},
	/// A block has the proof.
	Delivered { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The round is over for this prover.
	Ended { batch: BatchId, round: RoundNumber, outcome: Outcome },
}

impl Entry {
	/// Returns the round that the entry is about.
	pub(super) fn key(&self) -> Option<Key> {
		match *self {
			Self::Totals(_) | Self::Base(_) => None,
			Self::Sealing { batch, round, .. }
			| Self::Bid { batch, round, .. }
			| Self::Placed { batch, round, .. }
			| Self::Revealed { batch, round, .. }
			| Self::Unsettled { batch, round, .. }
			| Self::Won { batch, round, .. }
			| Self::Rescuing { batch, round, .. }
			| Self::Proved { batch, round, .. }
			| Self::Delivered { batch, round, .. }
			| Self::Ended { batch, round, .. } => Some((batch, round)),
		}
	}
}

/// Bytes as hex digits after `0x`.
mod hex_bytes {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<const N: usize, S: Serializer>(
		bytes: &[u8; N],
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
	}

	pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<[u8; N], D::Error> {
		let text = String::deserialize(deserializer)?;
		let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("0x is missing"))?;
		let mut bytes = [0; N];
		hex::decode_to_slice(digits, &mut bytes).map_err(D::Error::custom)?;
		Ok(bytes)
	}
}

/// Amounts as decimal text: JSON numbers lose digits in most readers.
pub(super) mod decimal {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(in crate::journal) fn serialize<S: Serializer>(
		amount: &u128,
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&amount.to_string())
	}

	pub(in crate::journal) fn deserialize<'de, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<u128, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
	}
}
