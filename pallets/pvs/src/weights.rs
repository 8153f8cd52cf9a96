// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps.
//!
//! Written by `scripts/bench.sh weights` from `bench/weights.hbs`; edit the template, not this file. Each
//! weight is the slope over 20 steps of 10 repetitions of the benchmark of its name
//! in `benchmarking.rs`, run on the runtime's compiled Wasm on 2026-11-22 (SDK's benchmarking command
//! 64.0.0, AMD EPYC); key preparation and proof check run natively, as the host function does.
//! Database accesses are counted and weigh what the runtime's `DbWeight` says.

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

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_rollup() -> Weight {
		// Fastest run: 1_574_899 ns.
		Weight::from_parts(2_375_292_000, 3622)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn deregister_rollup() -> Weight {
		// Fastest run: 101_971 ns.
		Weight::from_parts(174_555_000, 3896)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn register_prover() -> Weight {
		// Fastest run: 151_743 ns.
		Weight::from_parts(259_214_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn deregister_prover() -> Weight {
		// Fastest run: 128_420 ns.
		Weight::from_parts(227_485_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `d` is 1 to 4096.
	fn commit_batch(d: u32) -> Weight {
		// Fastest run: 415_385 ns.
		Weight::from_parts(256_254_929, 3896)
			// Standard error: 58_026.
			.saturating_add(Weight::from_parts(2_452_544, 0).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn place_bid() -> Weight {
		// Fastest run: 147_415 ns.
		Weight::from_parts(269_483_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn open_bid() -> Weight {
		// Fastest run: 4_352_001 ns.
		Weight::from_parts(6_774_132_000, 4944)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn challenge_search() -> Weight {
		// Fastest run: 2_609_880 ns.
		Weight::from_parts(4_003_802_000, 4944).saturating_add(T::DbWeight::get().reads(4))
	}
	fn reveal_bid() -> Weight {
		// Fastest run: 157_173 ns.
		Weight::from_parts(274_362_000, 4944)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn submit_proof() -> Weight {
		// Fastest run: 2_470_831 ns.
		Weight::from_parts(3_728_036_000, 25002)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(21))
	}
	fn accept_place() -> Weight {
		// Fastest run: 60_603 ns.
		Weight::from_parts(101_790_000, 4944)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn bond_more() -> Weight {
		// Fastest run: 102_221 ns.
		Weight::from_parts(159_628_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Fastest run: 31_649 ns.
		Weight::from_parts(56_736_000, 3658)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Fastest run: 85_229 ns.
		Weight::from_parts(145_492_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `p` is 0 to 64.
	fn set_sequencer(p: u32) -> Weight {
		// Fastest run: 72_505 ns.
		Weight::from_parts(92_187_269, 3896)
			// Standard error: 388_597.
			.saturating_add(Weight::from_parts(16_772_765, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 3954).saturating_mul(p.into()))
	}
	fn set_params() -> Weight {
		// Fastest run: 39_494 ns.
		Weight::from_parts(67_396_000, 3896)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	// `b` is 0 to 64.
	fn close_round(b: u32) -> Weight {
		// Fastest run: 109_094 ns.
		Weight::from_parts(412_711_122, 4944)
			// Standard error: 2_195_747.
			.saturating_add(Weight::from_parts(80_205_122, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 3038).saturating_mul(b.into()))
	}
	fn default_prover() -> Weight {
		// Fastest run: 184_444 ns.
		Weight::from_parts(297_625_000, 6196)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn pass_place() -> Weight {
		// Fastest run: 89_106 ns.
		Weight::from_parts(156_572_000, 4944)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn end_rescue() -> Weight {
		// Fastest run: 74_368 ns.
		Weight::from_parts(121_296_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn open_last_round() -> Weight {
		// Fastest run: 72_966 ns.
		Weight::from_parts(91_099_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn finalize_batch() -> Weight {
		// Fastest run: 144_390 ns.
		Weight::from_parts(229_649_000, 8898)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn fail_batch() -> Weight {
		// Fastest run: 284_201 ns.
		Weight::from_parts(429_050_000, 8898)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	// `b` is 0 to 64.
	fn drop_batch(b: u32) -> Weight {
		// Fastest run: 319_466 ns.
		Weight::from_parts(573_186_867, 8898)
			// Standard error: 1_286_891.
			.saturating_add(Weight::from_parts(26_764_479, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(10))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 3038).saturating_mul(b.into()))
	}
	fn agenda_lookup() -> Weight {
		// Fastest run: 25_598 ns.
		Weight::from_parts(38_372_000, 4944)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}
