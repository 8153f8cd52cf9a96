// SPDX-License-Identifier: Apache-2.0
//! The pallet's events, decoded by the names of their fields.

use crate::{ChainConfig, PALLET};
use pvs_primitives::{api::BatchId, Balance, BlockNumber, Bytes32, RoundNumber};
use subxt::{
	error::EventsError, events::Event, ext::scale_decode::DecodeAsType, utils::AccountId32,
};

/// An event of the pallet that concerns a batch. Amounts are in planck, times in blocks.
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
	/// A bid does not count, and its bond is gone.
	BidVoided { batch: BatchId, round: RoundNumber, bidder: Bytes32, slashed: Balance },
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
	/// A proof was accepted and its prover paid.
	ProofAccepted {
		batch: BatchId,
		round: RoundNumber,
		prover: Bytes32,
		payment: Balance,
		late_blocks: BlockNumber,
		late_cost: Balance,
	},
	/// A winner did not deliver.
	ProverDefaulted { batch: BatchId, round: RoundNumber, prover: Bytes32, slashed: Balance },
	/// A batch and all before it are proven: its root is final.
	BatchFinalized { batch: BatchId, state_root: Bytes32 },
	/// A batch ran out of rounds.
	BatchFailed { batch: BatchId },
	/// A batch ended because one before it failed.
	BatchDropped { batch: BatchId },
}

impl PvsEvent {
	/// The batch that the event is about.
	pub fn batch(&self) -> BatchId {
		match self {
			Self::BatchCommitted { batch, .. }
			| Self::RoundOpened { batch, .. }
			| Self::BidPlaced { batch, .. }
			| Self::BidRevealed { batch, .. }
			| Self::BidVoided { batch, .. }
			| Self::WinnerSelected { batch, .. }
			| Self::RoundEmpty { batch, .. }
			| Self::ProofAccepted { batch, .. }
			| Self::ProverDefaulted { batch, .. }
			| Self::BatchFinalized { batch, .. }
			| Self::BatchFailed { batch }
			| Self::BatchDropped { batch } => *batch,
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

		fn decode_event(event: &Event<'_, ChainConfig>) -> Result<Option<PvsEvent>, EventsError> {
			Ok(match event.event_name() {
				$(stringify!($variant) => {
					let fields = event.decode_fields_unchecked_as::<wire::$variant>()?;
					Some(PvsEvent::$variant { $($field: fields.$field.into_ours()),+ })
				})+
				_ => None,
			})
		}
	};
}

/// A value as an event carries it, turned into the type of this crate.
trait IntoOurs<T> {
	fn into_ours(self) -> T;
}

impl IntoOurs<BatchId> for WireBatch {
	fn into_ours(self) -> BatchId {
		self.into()
	}
}

impl IntoOurs<Bytes32> for AccountId32 {
	fn into_ours(self) -> Bytes32 {
		self.0
	}
}

macro_rules! already_ours {
	($($plain:ty),+) => {
		$(impl IntoOurs<$plain> for $plain {
			fn into_ours(self) -> $plain {
				self
			}
		})+
	};
}
already_ours!(u32, u128, Bytes32);

/// The events of the pallet among those of a block or of an extrinsic, in order. Events that do
/// not concern a batch are left out.
pub(crate) fn of_pallet<'events>(
	events: impl Iterator<Item = Result<Event<'events, ChainConfig>, EventsError>>,
) -> Result<Vec<PvsEvent>, EventsError> {
	let mut ours = Vec::new();
	for event in events {
		let event = event?;
		if event.pallet_name() == PALLET {
			ours.extend(decode_event(&event)?);
		}
	}
	Ok(ours)
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
	BidVoided { batch: WireBatch, round: u32, bidder: AccountId32, slashed: u128 }
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
	ProofAccepted {
		batch: WireBatch,
		round: u32,
		prover: AccountId32,
		payment: u128,
		late_blocks: u32,
		late_cost: u128,
	}
	ProverDefaulted { batch: WireBatch, round: u32, prover: AccountId32, slashed: u128 }
	BatchFinalized { batch: WireBatch, state_root: Bytes32 }
	BatchFailed { batch: WireBatch }
	BatchDropped { batch: WireBatch }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::connection::our_metadata;

	/// Every event that is decoded must exist, with the fields that are asked for.
	#[test]
	fn events_should_be_those_of_the_pallet() {
		let metadata = our_metadata().unwrap();
		let pallet = metadata.pallet_by_name(PALLET).unwrap();
		let fields_of = |event: &str| {
			let variant = pallet.event_variants().unwrap().iter().find(|found| found.name == event);
			let fields = &variant.unwrap_or_else(|| panic!("no event {event}")).fields;
			fields.iter().filter_map(|field| field.name.clone()).collect::<Vec<_>>()
		};
		let expected = [
			("BatchCommitted", vec!["batch", "sequencer", "data_commitment", "max_fee"]),
			("RoundOpened", vec!["batch", "round", "reserve", "batch_digest"]),
			("BidPlaced", vec!["batch", "round", "bidder", "bond", "slot_fee"]),
			("BidRevealed", vec!["batch", "round", "bidder", "fee", "proof_blocks"]),
			("BidVoided", vec!["batch", "round", "bidder", "slashed"]),
			("WinnerSelected", vec!["prover", "payment", "on_time_until", "late_until"]),
			("RoundEmpty", vec!["batch", "round"]),
			("ProofAccepted", vec!["batch", "prover", "payment", "late_blocks", "late_cost"]),
			("ProverDefaulted", vec!["batch", "round", "prover", "slashed"]),
			("BatchFinalized", vec!["batch", "state_root"]),
			("BatchFailed", vec!["batch"]),
			("BatchDropped", vec!["batch"]),
		];
		for (event, wanted) in expected {
			let fields = fields_of(event);
			for field in wanted {
				assert!(fields.iter().any(|found| found == field), "{event} has no {field}");
			}
		}
	}
}
