// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps, with the verifier that the module is named after.
//!
//! Written by `scripts/bench.sh weights` from `bench/weights.hbs`; edit the template, not this file. Each
//! weight is the slope over 20 steps of 10 repetitions of the benchmark of its name
//! in `benchmarking/mod.rs`, run on the runtime's compiled Wasm on 2026-11-29 (SDK's benchmarking command
//! 64.0.0, AMD EPYC).
//! Database accesses and proof sizes, which no machine changes, were counted again on 2026-12-01; they weigh what
//! the runtime's `DbWeight` says.

use super::WeightInfo;
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_rollup() -> Weight {
		// Fastest run: 4_842_777 ns.
		Weight::from_parts(9_010_380_000, 3640)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn deregister_rollup() -> Weight {
		// Measured on 2026-11-30 on an Intel Xeon at 2.00 GHz, a slower machine.
		// Fastest run: 304_555 ns.
		Weight::from_parts(488_307_000, 82494)
			.saturating_add(T::DbWeight::get().reads(35))
			.saturating_add(T::DbWeight::get().writes(36))
	}
	fn register_prover() -> Weight {
		// Fastest run: 123_704 ns.
		Weight::from_parts(128_822_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn deregister_prover() -> Weight {
		// Fastest run: 105_527 ns.
		Weight::from_parts(113_338_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `d` is 1 to 4096.
	fn commit_batch(d: u32) -> Weight {
		// Fastest run: 429_669 ns.
		Weight::from_parts(582_049_222, 6249)
			// Standard error: 85_608.
			.saturating_add(Weight::from_parts(1_875_384, 0).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn place_bid() -> Weight {
		// Fastest run: 155_251 ns.
		Weight::from_parts(175_831_000, 6270)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	// `n` is 1 to 16.
	fn place_bids(n: u32) -> Weight {
		// Measured on 2026-11-30 on an Intel Xeon at 2.00 GHz, a slower machine.
		// Fastest run: 515_374 ns.
		Weight::from_parts(616_181_691, 5143)
			// Standard error: 18_405_919.
			.saturating_add(Weight::from_parts(175_840_149, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	// `n` is 1 to 16.
	fn reveal_bids(n: u32) -> Weight {
		// Measured on 2026-11-30 on an Intel Xeon at 2.00 GHz, a slower machine.
		// Fastest run: 354_838 ns.
		Weight::from_parts(292_316_200, 990)
			// Standard error: 23_232_031.
			.saturating_add(Weight::from_parts(275_556_135, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	fn open_bid() -> Weight {
		// Fastest run: 3_637_486 ns.
		Weight::from_parts(3_719_047_000, 5103)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn settle_by_payload() -> Weight {
		// Fastest run: 109_062 ns.
		Weight::from_parts(118_205_000, 3722)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn settle_by_opening() -> Weight {
		// Fastest run: 4_591_013 ns.
		Weight::from_parts(4_694_557_000, 3722)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	// `b` is 1 to 64.
	fn expire_bids(b: u32) -> Weight {
		// Fastest run: 87_750 ns.
		Weight::from_parts(33_795_830, 3722)
			// Standard error: 154_813.
			.saturating_add(Weight::from_parts(51_124_973, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2688).saturating_mul(b.into()))
	}
	fn refuse_opening() -> Weight {
		// Fastest run: 60_490 ns.
		Weight::from_parts(75_953_000, 5071).saturating_add(T::DbWeight::get().reads(4))
	}
	fn challenge_search() -> Weight {
		// Fastest run: 2_130_226 ns.
		Weight::from_parts(2_206_549_000, 5103).saturating_add(T::DbWeight::get().reads(3))
	}
	fn reveal_bid() -> Weight {
		// Fastest run: 160_198 ns.
		Weight::from_parts(179_647_000, 5103)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn submit_proof() -> Weight {
		// Fastest run: 1_593_227 ns.
		Weight::from_parts(1_707_939_000, 25182)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn refuse_proof() -> Weight {
		// Fastest run: 176_012 ns.
		Weight::from_parts(184_805_000, 5071).saturating_add(T::DbWeight::get().reads(3))
	}
	// `n` is 1 to 8.
	fn submit_proofs(n: u32) -> Weight {
		// Fastest run: 1_650_803 ns.
		Weight::from_parts(543_646_701, 6196)
			// Standard error: 15_270_921.
			.saturating_add(Weight::from_parts(1_325_697_264, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(14u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(16u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24192).saturating_mul(n.into()))
	}
	// `n` is 1 to 8.
	fn submit_false_proofs(n: u32) -> Weight {
		// Fastest run: 1_118_041 ns.
		Weight::from_parts(1_132_453_000, 990)
			// Standard error: 38_361_307.
			.saturating_add(Weight::from_parts(2_476_744_816, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	fn accept_place() -> Weight {
		// Fastest run: 66_048 ns.
		Weight::from_parts(76_894_000, 5071)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn bond_more() -> Weight {
		// Fastest run: 82_913 ns.
		Weight::from_parts(85_968_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Fastest run: 24_557 ns.
		Weight::from_parts(26_340_000, 3678)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Fastest run: 67_550 ns.
		Weight::from_parts(70_365_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `p` is 0 to 64.
	fn set_sequencer(p: u32) -> Weight {
		// Fastest run: 35_843 ns.
		Weight::from_parts(46_572_773, 3934)
			// Standard error: 29_035.
			.saturating_add(Weight::from_parts(9_630_184, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 4081).saturating_mul(p.into()))
	}
	fn set_params() -> Weight {
		// Fastest run: 33_800 ns.
		Weight::from_parts(38_457_000, 3934)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn transfer_rollup() -> Weight {
		// Fastest run: 25_117 ns.
		Weight::from_parts(34_562_000, 3934)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn accept_rollup() -> Weight {
		// Fastest run: 135_572 ns.
		Weight::from_parts(147_570_000, 6290)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	// `b` is 0 to 64.
	fn close_round(b: u32) -> Weight {
		// Fastest run: 121_321 ns.
		Weight::from_parts(214_325_807, 5974)
			// Standard error: 772_275.
			.saturating_add(Weight::from_parts(54_207_856, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn default_prover() -> Weight {
		// Fastest run: 198_395 ns.
		Weight::from_parts(215_691_000, 10958)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn pass_place() -> Weight {
		// Fastest run: 118_827 ns.
		Weight::from_parts(126_909_000, 10958)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn end_rescue() -> Weight {
		// Fastest run: 106_699 ns.
		Weight::from_parts(113_378_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn open_last_round() -> Weight {
		// Fastest run: 109_212 ns.
		Weight::from_parts(116_893_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn finalize_batch() -> Weight {
		// Fastest run: 238_774 ns.
		Weight::from_parts(255_018_000, 10958)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn fail_batch() -> Weight {
		// Fastest run: 349_769 ns.
		Weight::from_parts(364_562_000, 10958)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	// `b` is 0 to 64.
	fn drop_batch(b: u32) -> Weight {
		// Fastest run: 389_579 ns.
		Weight::from_parts(403_572_427, 10958)
			// Standard error: 84_178.
			.saturating_add(Weight::from_parts(19_234_454, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(11))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn move_deadline() -> Weight {
		// Measured on 2026-11-30 on an Intel Xeon at 2.00 GHz, a slower machine.
		// Fastest run: 14_920 ns.
		Weight::from_parts(16_787_000, 0).saturating_add(T::DbWeight::get().writes(2))
	}
	fn agenda_lookup() -> Weight {
		// Fastest run: 33_039 ns.
		Weight::from_parts(35_222_000, 10958)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
