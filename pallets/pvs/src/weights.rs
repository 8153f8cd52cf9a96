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
	/// `open_bid` that is refused before its proof is verified.
	fn refuse_opening() -> Weight;
	/// `submit_proof`.
	fn submit_proof() -> Weight;
	/// `submit_proof` that is refused before its proof is verified.
	fn refuse_proof() -> Weight;
	/// `submit_proofs` with `n` proofs that hold, each for another rollup.
	fn submit_proofs(n: u32) -> Weight;
	/// `submit_proofs` with `n` proofs that do not hold, each for another rollup.
	fn submit_false_proofs(n: u32) -> Weight;
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
	/// Closing an auction with `b` bids, and opening the next round or assigning the winner.
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
		// Fastest run: 1_363_575 ns, of which the key was 1.1 ms. Checking the relations of its points, which
		// came later, makes that 9.8 ms; 11.9 ms are added for it, in the measure in which the fastest run is
		// below the weight.
		Weight::from_parts(13_805_570_000, 3622)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn deregister_rollup() -> Weight {
		// Fastest run: 96_500 ns.
		Weight::from_parts(161_272_000, 3896)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn register_prover() -> Weight {
		// Fastest run: 149_769 ns.
		Weight::from_parts(246_109_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn deregister_prover() -> Weight {
		// Fastest run: 126_276 ns.
		Weight::from_parts(206_715_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `d` is 1 to 4096.
	fn commit_batch(d: u32) -> Weight {
		// Fastest run: 422_709 ns.
		Weight::from_parts(495_900_358, 3896)
			// Standard error: 28_225.
			.saturating_add(Weight::from_parts(2_860_323, 0).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn place_bid() -> Weight {
		// Fastest run: 147_867 ns.
		Weight::from_parts(289_350_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn open_bid() -> Weight {
		// Fastest run: 4_017_097 ns.
		Weight::from_parts(4_670_155_000, 4944)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn challenge_search() -> Weight {
		// Fastest run: 2_584_102 ns.
		Weight::from_parts(2_962_629_000, 4944).saturating_add(T::DbWeight::get().reads(4))
	}
	fn refuse_opening() -> Weight {
		// Not measured yet: `reveal_bid`, which reads the same rows and writes some.
		Self::reveal_bid()
	}
	fn reveal_bid() -> Weight {
		// Fastest run: 158_535 ns.
		Weight::from_parts(257_510_000, 4944)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn submit_proof() -> Weight {
		// Fastest run: 2_462_486 ns.
		Weight::from_parts(3_760_177_000, 25002)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(21))
	}
	fn refuse_proof() -> Weight {
		// Not measured yet: `reveal_bid`, which reads these rows and one more, and writes some.
		Self::reveal_bid()
	}
	// `n` is 1 to 8.
	fn submit_proofs(n: u32) -> Weight {
		// Fastest run: 2_519_622 ns.
		Weight::from_parts(1_339_753_686, 6196)
			// Standard error: 43_049_224.
			.saturating_add(Weight::from_parts(2_883_494_293, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(15u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(T::DbWeight::get().writes(16u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24012).saturating_mul(n.into()))
	}
	// `n` is 1 to 8.
	fn submit_false_proofs(n: u32) -> Weight {
		// Fastest run: 1_979_664 ns.
		Weight::from_parts(2_482_923_000, 3509)
			// Standard error: 84_664_157.
			.saturating_add(Weight::from_parts(5_340_706_809, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3954).saturating_mul(n.into()))
	}
	fn accept_place() -> Weight {
		// Fastest run: 60_923 ns.
		Weight::from_parts(73_697_000, 4944)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn bond_more() -> Weight {
		// Fastest run: 101_780 ns.
		Weight::from_parts(160_059_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Fastest run: 32_140 ns.
		Weight::from_parts(55_745_000, 3658)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Fastest run: 84_517 ns.
		Weight::from_parts(135_002_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `p` is 0 to 64.
	fn set_sequencer(p: u32) -> Weight {
		// Fastest run: 36_949 ns.
		Weight::from_parts(35_691_868, 3896)
			// Standard error: 418_054.
			.saturating_add(Weight::from_parts(19_243_990, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 3954).saturating_mul(p.into()))
	}
	fn set_params() -> Weight {
		// Fastest run: 39_364 ns.
		Weight::from_parts(61_414_000, 3896)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	// `b` is 0 to 64.
	fn close_round(b: u32) -> Weight {
		// Fastest run: 152_164 ns.
		Weight::from_parts(341_096_538, 4944)
			// Standard error: 2_280_121.
			.saturating_add(Weight::from_parts(99_664_643, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 3038).saturating_mul(b.into()))
	}
	fn default_prover() -> Weight {
		// Fastest run: 185_937 ns.
		Weight::from_parts(307_254_000, 6196)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn pass_place() -> Weight {
		// Fastest run: 91_260 ns.
		Weight::from_parts(155_039_000, 4944)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn end_rescue() -> Weight {
		// Fastest run: 76_122 ns.
		Weight::from_parts(123_861_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn open_last_round() -> Weight {
		// Fastest run: 79_408 ns.
		Weight::from_parts(129_281_000, 4944)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn finalize_batch() -> Weight {
		// Fastest run: 149_700 ns.
		Weight::from_parts(255_496_000, 8898)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn fail_batch() -> Weight {
		// Fastest run: 285_372 ns.
		Weight::from_parts(487_259_000, 8898)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	// `b` is 0 to 64.
	fn drop_batch(b: u32) -> Weight {
		// Fastest run: 327_320 ns.
		Weight::from_parts(315_188_286, 8898)
			// Standard error: 1_169_647.
			.saturating_add(Weight::from_parts(36_092_210, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(10))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 3038).saturating_mul(b.into()))
	}
	fn agenda_lookup() -> Weight {
		// Fastest run: 25_608 ns. Since then it writes a value more.
		Weight::from_parts(41_858_000, 4944)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
