// SPDX-License-Identifier: Apache-2.0
//! The pallet's events, decoded by the names of their fields.

use crate::{
	call_error::{CallError, EncodedError},
	ChainConfig, PALLET,
};
use pvs_primitives::{api::BatchId, Balance, BlockNumber, Bytes32, RollupId, RoundNumber};
#[cfg(test)]
use subxt::ext::scale_decode::{self, DecodeAsFields, FieldIter, TypeResolver};
use subxt::{
	error::EventsError, events::Event, ext::scale_decode::DecodeAsType, utils::AccountId32,
	ArcMetadata,
};

/// An event of the pallet that concerns a batch or a rollup's prices. Amounts are in planck, times in
/// blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PvsEvent {
	/// A sequencer committed a batch.
	BatchCommitted {
		batch: BatchId,
		sequencer: Bytes32,
		prev_state_root: Bytes32,
		next_state_root: Bytes32,
		data_commitment: Bytes32,
		max_fee: Balance,
	},
	/// A round takes bids from the next block on.
	RoundOpened { batch: BatchId, round: RoundNumber, reserve: Balance, batch_digest: Bytes32 },
	/// A prover placed a sealed bid.
	BidPlaced {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		bond: Balance,
		slot_fee: Balance,
	},
	/// A prover revealed its bid.
	BidRevealed {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		fee: Balance,
		proof_blocks: BlockNumber,
	},
	/// One of several bids, or reveals, that a transaction had was refused. The others are not affected.
	BidRefused {
		/// Its position among them, from 0.
		item: u32,
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		/// The error that it alone would have failed with.
		error: CallError,
	},
	/// Somebody opened the seal of a bidder that stayed silent, and the bid counts.
	BidOpened {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		fee: Balance,
		proof_blocks: BlockNumber,
		penalty: Balance,
	},
	/// The opener of a seal got a part of what its bidder lost.
	OpenerRewarded {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		opener: Bytes32,
		amount: Balance,
	},
	/// A bid stayed sealed until its round closed without it.
	BidUnsettled { batch: BatchId, round: RoundNumber, bidder: Bytes32, until: BlockNumber },
	/// A silent bid of a closed round was settled, or nobody did so in time.
	BidSettled {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		slashed: Balance,
		released: Balance,
		verdict: Verdict,
	},
	/// A bid does not count. Its bond is gone, unless the batch was dropped.
	BidVoided {
		batch: BatchId,
		round: RoundNumber,
		bidder: Bytes32,
		slashed: Balance,
		reason: VoidReason,
	},
	/// A round has a winner.
	WinnerSelected {
		batch: BatchId,
		round: RoundNumber,
		prover: Bytes32,
		fee: Balance,
		proof_blocks: BlockNumber,
		payment: Balance,
		on_time_until: BlockNumber,
		late_until: BlockNumber,
	},
	/// A round ended without a counted bid.
	RoundEmpty { batch: BatchId, round: RoundNumber },
	/// The prover before failed, and the next one on the ladder may take its place.
	PlaceOffered {
		batch: BatchId,
		round: RoundNumber,
		prover: Bytes32,
		payment: Balance,
		proof_blocks: BlockNumber,
		until: BlockNumber,
	},
	/// A runner-up took its place and is assigned.
	PlaceAccepted {
		batch: BatchId,
		round: RoundNumber,
		prover: Bytes32,
		payment: Balance,
		on_time_until: BlockNumber,
		late_until: BlockNumber,
	},
	/// A runner-up did not take its place, which cost it nothing.
	PlacePassed { batch: BatchId, round: RoundNumber, prover: Bytes32 },
	/// Any registered prover may deliver.
	RescueOpened {
		batch: BatchId,
		round: RoundNumber,
		payment: Balance,
		last_payment: Balance,
		until: BlockNumber,
	},
	/// Nobody delivered in the rescue.
	RescueEnded { batch: BatchId, round: RoundNumber },
	/// A proof was accepted and its prover paid.
	ProofAccepted {
		batch: BatchId,
		round: RoundNumber,
		prover: Bytes32,
		payment: Balance,
		late_blocks: BlockNumber,
		late_cost: Balance,
		slashed_share: Balance,
		slashed_burned: Balance,
		refund: Balance,
	},
	/// An assigned prover did not deliver; its bond is kept until the batch ends.
	ProverDefaulted { batch: BatchId, round: RoundNumber, prover: Bytes32, slashed: Balance },
	/// A batch and all before it are proven: its root is final.
	BatchFinalized { batch: BatchId, state_root: Bytes32 },
	/// A batch is out of rounds behind an unproven one.
	BatchWaiting { batch: BatchId },
	/// A batch ran out of rounds.
	BatchFailed { batch: BatchId, bond_burned: Balance, slashed_burned: Balance },
	/// A batch ended because one before it failed.
	BatchDropped { batch: BatchId, slashed_burned: Balance },
	/// A due transition of a batch failed and is tried again.
	AgendaItemFailed { batch: BatchId },
	/// A payment moved a rollup's reserve.
	ReserveUpdated { rollup: RollupId, reserve: Balance, mean_payment: Balance },
}

/// Reason why a bid does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum VoidReason {
	/// Nobody revealed it in time, nor opened its seal.
	Silent,
	/// The payload does not decode.
	Undecodable,
	/// The salt is zero.
	ZeroSalt,
	/// The committed time is zero or above the rollup's maximum.
	ProofBlocks,
	/// The fee is above the round's reserve.
	AboveReserve,
	/// The batch was dropped; the bond was released.
	Dropped,
	/// Its seal was opened and does not hold what was committed to.
	BadSeal,
}

/// Outcome of a silent bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Verdict {
	/// A valid bid that would not have won.
	WouldHaveLost,
	/// A valid bid that would have won.
	WouldHaveWon,
	/// Not a valid bid.
	Void(VoidReason),
	/// Nobody settled it in time.
	Expired,
}

impl PvsEvent {
	/// The batch that the event is about, if it is about one.
	pub fn batch(&self) -> Option<BatchId> {
		match self {
			Self::BatchCommitted { batch, .. }
			| Self::RoundOpened { batch, .. }
			| Self::BidPlaced { batch, .. }
			| Self::BidRevealed { batch, .. }
			| Self::BidRefused { batch, .. }
			| Self::BidOpened { batch, .. }
			| Self::OpenerRewarded { batch, .. }
			| Self::BidUnsettled { batch, .. }
			| Self::BidSettled { batch, .. }
			| Self::BidVoided { batch, .. }
			| Self::WinnerSelected { batch, .. }
			| Self::RoundEmpty { batch, .. }
			| Self::PlaceOffered { batch, .. }
			| Self::PlaceAccepted { batch, .. }
			| Self::PlacePassed { batch, .. }
			| Self::RescueOpened { batch, .. }
			| Self::RescueEnded { batch, .. }
			| Self::ProofAccepted { batch, .. }
			| Self::ProverDefaulted { batch, .. }
			| Self::BatchWaiting { batch }
			| Self::BatchFinalized { batch, .. }
			| Self::BatchFailed { batch, .. }
			| Self::BatchDropped { batch, .. }
			| Self::AgendaItemFailed { batch } => Some(*batch),
			Self::ReserveUpdated { .. } => None,
		}
	}
}

/// [`BatchId`] as an event carries it.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct WireBatch {
	rollup: u32,
	index: u64,
}

impl From<WireBatch> for BatchId {
	fn from(wire: WireBatch) -> Self {
		Self { rollup: wire.rollup, index: wire.index }
	}
}

/// Makes `decode_event`: it reads the fields of an event by name and turns them into the
/// [`PvsEvent`] variant of the same name.
macro_rules! decode_events {
	($($variant:ident { $($field:ident: $wire:ty),+ $(,)? })+) => {
		/// The fields as an event carries them.
		#[expect(unused_imports, reason = "the derive imports what only enums use")]
		mod wire {
			use super::*;

			$(#[derive(DecodeAsType)]
			#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
			pub(super) struct $variant {
				$(pub(super) $field: $wire),+
			})+
		}

		fn decode_event(
			event: &Event<'_, ChainConfig>,
			metadata: &ArcMetadata,
		) -> Result<Option<PvsEvent>, EventsError> {
			Ok(match event.event_name() {
				$(stringify!($variant) => {
					let fields = event.decode_fields_unchecked_as::<wire::$variant>()?;
					Some(PvsEvent::$variant { $($field: fields.$field.into_ours(metadata)),+ })
				})+
				_ => None,
			})
		}

		/// The names of the events that are read, and of the fields of each.
		#[cfg(test)]
		const READ: &[(&str, &[&str])] =
			&[$((stringify!($variant), &[$(stringify!($field)),+])),+];

		/// Reads an event of one of these names from the bytes of its fields.
		#[cfg(test)]
		fn read_fields<'a>(
			name: &str,
			mut bytes: &[u8],
			fields: &mut dyn FieldIter<'a, u32>,
			types: &'a impl TypeResolver<TypeId = u32>,
		) -> Result<(), scale_decode::Error> {
			match name {
				$(stringify!($variant) => {
					wire::$variant::decode_as_fields(&mut bytes, fields, types).map(|_| ())
				})+
				_ => panic!("{name} is not read"),
			}
		}
	};
}

/// A value as an event carries it, turned into the type of this crate. The metadata is that of the chain then.
trait IntoOurs<T> {
	fn into_ours(self, metadata: &ArcMetadata) -> T;
}

impl IntoOurs<BatchId> for WireBatch {
	fn into_ours(self, _: &ArcMetadata) -> BatchId {
		self.into()
	}
}

impl IntoOurs<Bytes32> for AccountId32 {
	fn into_ours(self, _: &ArcMetadata) -> Bytes32 {
		self.0
	}
}

impl IntoOurs<CallError> for EncodedError {
	fn into_ours(self, metadata: &ArcMetadata) -> CallError {
		self.explained(metadata)
	}
}

macro_rules! already_ours {
	($($plain:ty),+) => {
		$(impl IntoOurs<$plain> for $plain {
			fn into_ours(self, _: &ArcMetadata) -> $plain {
				self
			}
		})+
	};
}
already_ours!(u32, u128, Bytes32, VoidReason, Verdict);

/// The events of the pallet among those of a block or of an extrinsic, in order. Those that
/// [`PvsEvent`] does not have are left out.
pub(crate) fn of_pallet<'events>(
	events: impl Iterator<Item = Result<Event<'events, ChainConfig>, EventsError>>,
	metadata: &ArcMetadata,
) -> Result<Vec<PvsEvent>, EventsError> {
	let mut ours = Vec::new();
	for event in events {
		let event = event?;
		if event.pallet_name() == PALLET {
			ours.extend(decode_event(&event, metadata)?);
		}
	}
	Ok(ours)
}

/// The pallet and the name of the event that tells what a transaction cost.
const FEE_PAID: (&str, &str) = ("TransactionPayment", "TransactionFeePaid");

/// The fields of that event, in planck. Both amounts are known once the call has given back what it did not use.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct FeePaid {
	/// All that was paid, with the tip.
	actual_fee: u128,
	tip: u128,
}

impl FeePaid {
	fn without_tip(&self) -> Balance {
		self.actual_fee.saturating_sub(self.tip)
	}
}

/// Returns what a transaction cost without a tip, in planck, if the event tells that.
pub(crate) fn fee_paid(event: &Event<'_, ChainConfig>) -> Result<Option<Balance>, EventsError> {
	if (event.pallet_name(), event.event_name()) != FEE_PAID {
		return Ok(None);
	}
	let paid = event.decode_fields_unchecked_as::<FeePaid>()?;
	Ok(Some(paid.without_tip()))
}

decode_events! {
	BatchCommitted {
		batch: WireBatch,
		sequencer: AccountId32,
		prev_state_root: Bytes32,
		next_state_root: Bytes32,
		data_commitment: Bytes32,
		max_fee: u128,
	}
	RoundOpened { batch: WireBatch, round: u32, reserve: u128, batch_digest: Bytes32 }
	BidPlaced { batch: WireBatch, round: u32, bidder: AccountId32, bond: u128, slot_fee: u128 }
	BidRevealed {
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		fee: u128,
		proof_blocks: u32,
	}
	BidRefused {
		item: u32,
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		error: EncodedError,
	}
	BidOpened {
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		fee: u128,
		proof_blocks: u32,
		penalty: u128,
	}
	OpenerRewarded {
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		opener: AccountId32,
		amount: u128,
	}
	BidUnsettled { batch: WireBatch, round: u32, bidder: AccountId32, until: u32 }
	BidSettled {
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		slashed: u128,
		released: u128,
		verdict: Verdict,
	}
	BidVoided {
		batch: WireBatch,
		round: u32,
		bidder: AccountId32,
		slashed: u128,
		reason: VoidReason,
	}
	WinnerSelected {
		batch: WireBatch,
		round: u32,
		prover: AccountId32,
		fee: u128,
		proof_blocks: u32,
		payment: u128,
		on_time_until: u32,
		late_until: u32,
	}
	RoundEmpty { batch: WireBatch, round: u32 }
	PlaceOffered {
		batch: WireBatch,
		round: u32,
		prover: AccountId32,
		payment: u128,
		proof_blocks: u32,
		until: u32,
	}
	PlaceAccepted {
		batch: WireBatch,
		round: u32,
		prover: AccountId32,
		payment: u128,
		on_time_until: u32,
		late_until: u32,
	}
	PlacePassed { batch: WireBatch, round: u32, prover: AccountId32 }
	RescueOpened { batch: WireBatch, round: u32, payment: u128, last_payment: u128, until: u32 }
	RescueEnded { batch: WireBatch, round: u32 }
	ProofAccepted {
		batch: WireBatch,
		round: u32,
		prover: AccountId32,
		payment: u128,
		late_blocks: u32,
		late_cost: u128,
		slashed_share: u128,
		slashed_burned: u128,
		refund: u128,
	}
	ProverDefaulted { batch: WireBatch, round: u32, prover: AccountId32, slashed: u128 }
	BatchFinalized { batch: WireBatch, state_root: Bytes32 }
	BatchWaiting { batch: WireBatch }
	BatchFailed { batch: WireBatch, bond_burned: u128, slashed_burned: u128 }
	BatchDropped { batch: WireBatch, slashed_burned: u128 }
	AgendaItemFailed { batch: WireBatch }
	ReserveUpdated { rollup: u32, reserve: u128, mean_payment: u128 }
}

#[cfg(test)]
mod tests;
