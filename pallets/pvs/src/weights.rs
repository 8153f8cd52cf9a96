// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps.
//!
//! Written by `scripts/bench.sh weights` from `bench/weights.hbs`; edit the template, not this file. Each
//! weight is the slope over 20 steps of 10 repetitions of the benchmark of its name
//! in `benchmarking.rs`, run on the runtime's compiled Wasm on 2026-11-29 (SDK's benchmarking command
//! 64.0.0, Intel(R) Xeon(R) Processor); key preparation and proof check run natively, as the host function does.
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
	/// `reveal_bid` that settles the silent bid of a closed round.
	fn settle_by_payload() -> Weight;
	/// `open_bid` that settles the silent bid of a closed round, with a search for its challenge of usual
	/// length.
	fn settle_by_opening() -> Weight;
	/// Ending `b` silent bids of a closed round, without looking for it.
	fn expire_bids(b: u32) -> Weight;
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
	/// `transfer_rollup`.
	fn transfer_rollup() -> Weight;
	/// `accept_rollup`.
	fn accept_rollup() -> Weight;
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
		// Fastest run: 5_831_381 ns.
		Weight::from_parts(6_301_225_000, 3622)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn deregister_rollup() -> Weight {
		// Fastest run: 90_461 ns.
		Weight::from_parts(125_086_000, 3897)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn register_prover() -> Weight {
		// Fastest run: 142_739 ns.
		Weight::from_parts(171_354_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn deregister_prover() -> Weight {
		// Fastest run: 115_703 ns.
		Weight::from_parts(132_005_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `d` is 1 to 4096.
	fn commit_batch(d: u32) -> Weight {
		// Measured before places had a rent (fastest run: 425_065 ns); 30 us and the row of the predecessor
		// were added by hand.
		Weight::from_parts(203_368_719, 4421)
			// Standard error: 44_787.
			.saturating_add(Weight::from_parts(1_995_040, 0).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn place_bid() -> Weight {
		// Fastest run: 160_310 ns.
		Weight::from_parts(181_493_000, 6161)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn open_bid() -> Weight {
		// Fastest run: 3_248_596 ns.
		Weight::from_parts(3_692_796_000, 5050)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn settle_by_payload() -> Weight {
		// Not measured yet: above `reveal_bid` that makes a bid void.
		Weight::from_parts(200_000_000, 6161)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn settle_by_opening() -> Weight {
		// Not measured yet: above `open_bid`.
		Weight::from_parts(3_700_000_000, 6161)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn expire_bids(b: u32) -> Weight {
		// Not measured yet: above what `close_round` takes for each silent bid.
		Weight::from_parts(50_000_000, 6161)
			.saturating_add(Weight::from_parts(150_000_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().reads(4_u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(4_u64.saturating_mul(b.into())))
	}
	fn refuse_opening() -> Weight {
		// Fastest run: 67_072 ns.
		Weight::from_parts(79_489_000, 5050).saturating_add(T::DbWeight::get().reads(3))
	}
	fn challenge_search() -> Weight {
		// Fastest run: 2_383_648 ns.
		Weight::from_parts(2_497_876_000, 5050).saturating_add(T::DbWeight::get().reads(4))
	}
	fn reveal_bid() -> Weight {
		// Fastest run: 172_062 ns.
		Weight::from_parts(192_356_000, 5050)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn submit_proof() -> Weight {
		// Fastest run: 1_762_237 ns.
		Weight::from_parts(1_929_426_000, 25002)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(22))
	}
	fn refuse_proof() -> Weight {
		// Fastest run: 101_853 ns.
		Weight::from_parts(115_785_000, 5050).saturating_add(T::DbWeight::get().reads(3))
	}
	// `n` is 1 to 8.
	fn submit_proofs(n: u32) -> Weight {
		// Fastest run: 1_852_028 ns.
		Weight::from_parts(2_374_741_525, 6196)
			// Standard error: 121_477_823.
			.saturating_add(Weight::from_parts(1_634_290_184, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(15u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(6))
			.saturating_add(T::DbWeight::get().writes(16u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24012).saturating_mul(n.into()))
	}
	// `n` is 1 to 8.
	fn submit_false_proofs(n: u32) -> Weight {
		// Fastest run: 1_464_716 ns.
		Weight::from_parts(1_570_550_000, 3509)
			// Standard error: 53_415_938.
			.saturating_add(Weight::from_parts(3_416_850_834, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4060).saturating_mul(n.into()))
	}
	fn accept_place() -> Weight {
		// Fastest run: 60_758 ns.
		Weight::from_parts(71_808_000, 5050)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn bond_more() -> Weight {
		// Fastest run: 89_890 ns.
		Weight::from_parts(104_329_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Fastest run: 27_832 ns.
		Weight::from_parts(34_747_000, 3658)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Fastest run: 74_773 ns.
		Weight::from_parts(88_139_000, 3658)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `p` is 0 to 64.
	fn set_sequencer(p: u32) -> Weight {
		// Fastest run: 37_831 ns.
		Weight::from_parts(49_479_877, 3897)
			// Standard error: 60_199.
			.saturating_add(Weight::from_parts(11_213_634, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 4060).saturating_mul(p.into()))
	}
	fn set_params() -> Weight {
		// Fastest run: 29_398 ns.
		Weight::from_parts(36_909_000, 3897)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn transfer_rollup() -> Weight {
		// Not measured yet: as `set_params`.
		Weight::from_parts(36_909_000, 3897)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn accept_rollup() -> Weight {
		// Not measured yet: as `deregister_rollup`.
		Weight::from_parts(125_086_000, 3897)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	// `b` is 0 to 64.
	fn close_round(b: u32) -> Weight {
		// Fastest run: 111_307 ns.
		Weight::from_parts(255_948_786, 5974)
			// Standard error: 2_081_128.
			.saturating_add(Weight::from_parts(70_315_902, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn default_prover() -> Weight {
		// Fastest run: 209_802 ns.
		Weight::from_parts(241_013_000, 10958)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn pass_place() -> Weight {
		// Fastest run: 114_755 ns.
		Weight::from_parts(144_522_000, 10958)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn end_rescue() -> Weight {
		// Fastest run: 100_446 ns.
		Weight::from_parts(116_830_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn open_last_round() -> Weight {
		// Fastest run: 106_408 ns.
		Weight::from_parts(123_266_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn finalize_batch() -> Weight {
		// Fastest run: 161_338 ns.
		Weight::from_parts(194_350_000, 10958)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn fail_batch() -> Weight {
		// Fastest run: 272_491 ns.
		Weight::from_parts(315_451_000, 10958)
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(13))
	}
	// `b` is 0 to 64.
	fn drop_batch(b: u32) -> Weight {
		// Fastest run: 319_032 ns.
		Weight::from_parts(321_744_643, 10958)
			// Standard error: 904_242.
			.saturating_add(Weight::from_parts(27_994_240, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(15))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(13))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn agenda_lookup() -> Weight {
		// Fastest run: 34_029 ns.
		Weight::from_parts(41_072_000, 10958)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
