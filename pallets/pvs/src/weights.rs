// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps.
//!
//! Provisional. Measured, with a margin of 1.6 to 3: key preparation and proof check natively, as the
//! host function runs them (a runtime that verifies in Wasm needs about four times as much), and the data
//! commitment per byte in Wasm. Guessed: the fixed part of a call and the part of each bid. Counted by
//! hand: database accesses. None comes from a generated benchmark yet; the repository's `README.md`
//! lists this among the limits.

#![deny(
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::cast_possible_truncation,
	clippy::as_conversions
)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// What each call and each agenda step weighs at the most.
pub trait WeightInfo {
	/// `register_rollup`.
	fn register_rollup() -> Weight;
	/// `deregister_rollup`.
	fn deregister_rollup() -> Weight;
	/// `register_prover`.
	fn register_prover() -> Weight;
	/// `deregister_prover`.
	fn deregister_prover() -> Weight;
	/// `commit_batch` with `d` bytes of data.
	fn commit_batch(d: u32) -> Weight;
	/// `place_bid`.
	fn place_bid() -> Weight;
	/// `reveal_bid` that does not close its round.
	fn reveal_bid() -> Weight;
	/// `open_bid` that does not close its round, with a search for its challenge of usual length.
	fn open_bid() -> Weight;
	/// The longest search for the challenge of an opening.
	fn challenge_search() -> Weight;
	/// `submit_proof`.
	fn submit_proof() -> Weight;
	/// `accept_place`.
	fn accept_place() -> Weight;
	/// `bond_more`.
	fn bond_more() -> Weight;
	/// `unbond`.
	fn unbond() -> Weight;
	/// `withdraw_unbonded`.
	fn withdraw_unbonded() -> Weight;
	/// `set_sequencer` of a rollup with `p` pending batches.
	fn set_sequencer(p: u32) -> Weight;
	/// `set_params`.
	fn set_params() -> Weight;
	/// Closing an auction with `b` bids.
	fn close_round(b: u32) -> Weight;
	/// Slashing an assigned prover and offering its place, or opening the rescue.
	fn default_prover() -> Weight;
	/// Passing an offered place on.
	fn pass_place() -> Weight;
	/// Ending a rescue and opening the next round.
	fn end_rescue() -> Weight;
	/// Opening the last round of a batch that waited.
	fn open_last_round() -> Weight;
	/// Making a proven batch final.
	fn finalize_batch() -> Weight;
	/// Failing a batch that used up its rounds.
	fn fail_batch() -> Weight;
	/// Dropping a batch behind a failed one, with `b` bids in its auction.
	fn drop_batch(b: u32) -> Weight;
	/// Looking for the next item of the agenda.
	fn agenda_lookup() -> Weight;
}

/// The weights of the development runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

const MICROSECOND: u64 = 1_000_000;
const CALL: u64 = 60 * MICROSECOND;
const KEY_PREPARATION: u64 = 6_000 * MICROSECOND;
const PROOF_CHECK: u64 = 4_000 * MICROSECOND;
const OPENING_CHECK: u64 = 15_000 * MICROSECOND;
const DATA_BYTE: u64 = 4 * MICROSECOND;
const BID: u64 = 40 * MICROSECOND;

impl<T: frame_system::Config> SubstrateWeight<T> {
	fn of(time: u64, reads: u64, writes: u64) -> Weight {
		let proof_size = reads.saturating_mul(1_024);
		Weight::from_parts(time, proof_size)
			.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_rollup() -> Weight {
		Self::of(CALL.saturating_add(KEY_PREPARATION), 3, 5)
	}
	fn deregister_rollup() -> Weight {
		Self::of(CALL, 3, 4)
	}
	fn register_prover() -> Weight {
		Self::of(CALL, 3, 3)
	}
	fn deregister_prover() -> Weight {
		Self::of(CALL, 3, 3)
	}
	fn commit_batch(d: u32) -> Weight {
		Self::of(CALL.saturating_add(DATA_BYTE.saturating_mul(d.into())), 7, 8)
	}
	fn place_bid() -> Weight {
		Self::of(CALL, 6, 5)
	}
	fn reveal_bid() -> Weight {
		Self::of(CALL, 5, 5)
	}
	fn open_bid() -> Weight {
		Self::of(CALL.saturating_add(OPENING_CHECK), 6, 6)
	}
	fn challenge_search() -> Weight {
		Self::of(OPENING_CHECK, 2, 0)
	}
	fn submit_proof() -> Weight {
		Self::of(CALL.saturating_add(PROOF_CHECK), 26, 24)
	}
	fn accept_place() -> Weight {
		Self::of(CALL, 4, 4)
	}
	fn bond_more() -> Weight {
		Self::of(CALL, 3, 3)
	}
	fn unbond() -> Weight {
		Self::of(CALL, 2, 2)
	}
	fn withdraw_unbonded() -> Weight {
		Self::of(CALL, 3, 3)
	}
	fn set_sequencer(p: u32) -> Weight {
		Self::of(CALL, u64::from(p).saturating_mul(2).saturating_add(1), 1)
	}
	fn set_params() -> Weight {
		Self::of(CALL, 1, 1)
	}
	fn close_round(b: u32) -> Weight {
		let b = u64::from(b);
		Self::of(
			CALL.saturating_add(BID.saturating_mul(b)),
			b.saturating_mul(4).saturating_add(4),
			b.saturating_mul(4).saturating_add(5),
		)
	}
	fn default_prover() -> Weight {
		Self::of(CALL.saturating_mul(2), 8, 8)
	}
	fn pass_place() -> Weight {
		Self::of(CALL, 5, 4)
	}
	fn end_rescue() -> Weight {
		Self::of(CALL, 4, 4)
	}
	fn open_last_round() -> Weight {
		Self::of(CALL, 4, 4)
	}
	fn finalize_batch() -> Weight {
		Self::of(CALL, 8, 10)
	}
	fn fail_batch() -> Weight {
		Self::of(CALL.saturating_mul(2), 8, 10)
	}
	fn drop_batch(b: u32) -> Weight {
		let b = u64::from(b);
		Self::of(
			CALL.saturating_mul(2).saturating_add(BID.saturating_mul(b)),
			b.saturating_mul(4).saturating_add(8),
			b.saturating_mul(4).saturating_add(10),
		)
	}
	fn agenda_lookup() -> Weight {
		Self::of(CALL, 1, 1)
	}
}
