// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls and of the agenda's steps, with the verifier that the module is named after.
//!
//! Written by `scripts/bench.sh weights` from `bench/weights.hbs`; edit the template, not this file. Each
//! weight is the slope over 10 steps of 3 repetitions of the benchmark of its name
//! in `benchmarking/mod.rs`, run on the runtime's compiled Wasm on 2026-11-30 (SDK's benchmarking command
//! 64.0.0, Intel(R) Xeon(R) Processor @ 2.00GHz).
//! Database accesses are counted and weigh what the runtime's `DbWeight` says; those of `submit_proof` and
//! `submit_proofs` are of 2026-12-01, without what the benchmark itself read.

use super::WeightInfo;
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_rollup() -> Weight {
		// Fastest run: 71_219_858 ns.
		Weight::from_parts(75_190_451_000, 3640)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn deregister_rollup() -> Weight {
		// Fastest run: 272_176 ns.
		Weight::from_parts(475_696_000, 82494)
			.saturating_add(T::DbWeight::get().reads(35))
			.saturating_add(T::DbWeight::get().writes(36))
	}
	fn register_prover() -> Weight {
		// Fastest run: 257_690 ns.
		Weight::from_parts(287_613_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn deregister_prover() -> Weight {
		// Fastest run: 218_501 ns.
		Weight::from_parts(242_457_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `d` is 1 to 4096.
	fn commit_batch(d: u32) -> Weight {
		// Fastest run: 814_982 ns.
		Weight::from_parts(608_322_087, 6249)
			// Standard error: 177_391.
			.saturating_add(Weight::from_parts(3_075_377, 0).saturating_mul(d.into()))
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn place_bid() -> Weight {
		// Fastest run: 299_045 ns.
		Weight::from_parts(332_787_000, 6366)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	// `n` is 1 to 16.
	fn place_bids(n: u32) -> Weight {
		// Fastest run: 280_410 ns.
		Weight::from_parts(280_410_000, 5142)
			// Standard error: 15_661_269.
			.saturating_add(Weight::from_parts(244_000_126, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	// `n` is 1 to 16.
	fn reveal_bids(n: u32) -> Weight {
		// Fastest run: 570_814 ns.
		Weight::from_parts(570_814_000, 990)
			// Standard error: 33_681_207.
			.saturating_add(Weight::from_parts(413_138_532, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	fn open_bid() -> Weight {
		// Fastest run: 8_469_832 ns.
		Weight::from_parts(11_428_002_000, 5103)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn settle_by_payload() -> Weight {
		// Fastest run: 236_256 ns.
		Weight::from_parts(395_900_000, 3722)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn settle_by_opening() -> Weight {
		// Fastest run: 11_551_187 ns.
		Weight::from_parts(15_532_754_000, 3722)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	// `b` is 1 to 64.
	fn expire_bids(b: u32) -> Weight {
		// Fastest run: 218_682 ns.
		Weight::from_parts(225_326_997, 3722)
			// Standard error: 12_911_831.
			.saturating_add(Weight::from_parts(182_344_451, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2688).saturating_mul(b.into()))
	}
	fn refuse_opening() -> Weight {
		// Fastest run: 204_894 ns.
		Weight::from_parts(251_250_000, 5103).saturating_add(T::DbWeight::get().reads(4))
	}
	fn challenge_search() -> Weight {
		// Fastest run: 4_084_405 ns.
		Weight::from_parts(7_022_636_000, 5103).saturating_add(T::DbWeight::get().reads(3))
	}
	fn reveal_bid() -> Weight {
		// Fastest run: 314_760 ns.
		Weight::from_parts(574_988_000, 5103)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn submit_proof() -> Weight {
		// Fastest run: 10_663_798 ns.
		Weight::from_parts(19_088_146_000, 25182)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn refuse_proof() -> Weight {
		// Fastest run: 205_962 ns.
		Weight::from_parts(372_423_000, 5103).saturating_add(T::DbWeight::get().reads(3))
	}
	// `n` is 1 to 8.
	fn submit_proofs(n: u32) -> Weight {
		// Fastest run: 10_881_787 ns.
		Weight::from_parts(12_517_588_000, 6196)
			// Standard error: 697_746_264.
			.saturating_add(Weight::from_parts(13_939_138_605, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(14u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(16u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24192).saturating_mul(n.into()))
	}
	// `n` is 1 to 8.
	fn submit_false_proofs(n: u32) -> Weight {
		// Fastest run: 15_642_956 ns.
		Weight::from_parts(16_094_231_000, 990)
			// Standard error: 1_748_692_054.
			.saturating_add(Weight::from_parts(37_181_900_720, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(n.into()))
	}
	fn accept_place() -> Weight {
		// Fastest run: 128_538 ns.
		Weight::from_parts(150_050_000, 5103)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn bond_more() -> Weight {
		// Fastest run: 177_549 ns.
		Weight::from_parts(328_776_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Fastest run: 61_161 ns.
		Weight::from_parts(113_397_000, 3678)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Fastest run: 154_081 ns.
		Weight::from_parts(280_423_000, 3678)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	// `p` is 0 to 64.
	fn set_sequencer(p: u32) -> Weight {
		// Fastest run: 129_385 ns.
		Weight::from_parts(220_823_227, 4038)
			// Standard error: 818_414.
			.saturating_add(Weight::from_parts(33_683_031, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 4113).saturating_mul(p.into()))
	}
	fn set_params() -> Weight {
		// Fastest run: 75_803 ns.
		Weight::from_parts(133_824_000, 4038)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn transfer_rollup() -> Weight {
		// Fastest run: 69_902 ns.
		Weight::from_parts(128_150_000, 4038)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn accept_rollup() -> Weight {
		// Fastest run: 280_381 ns.
		Weight::from_parts(534_610_000, 6290)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	// `b` is 0 to 64.
	fn close_round(b: u32) -> Weight {
		// Fastest run: 213_252 ns.
		Weight::from_parts(120_744_720, 5974)
			// Standard error: 9_341_016.
			.saturating_add(Weight::from_parts(178_459_663, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().reads(4u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(T::DbWeight::get().writes(4u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn default_prover() -> Weight {
		// Fastest run: 391_080 ns.
		Weight::from_parts(536_601_000, 10958)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn pass_place() -> Weight {
		// Fastest run: 225_684 ns.
		Weight::from_parts(262_806_000, 10958)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn end_rescue() -> Weight {
		// Fastest run: 191_240 ns.
		Weight::from_parts(213_096_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn open_last_round() -> Weight {
		// Fastest run: 193_799 ns.
		Weight::from_parts(212_308_000, 10958)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn finalize_batch() -> Weight {
		// Fastest run: 457_604 ns.
		Weight::from_parts(587_534_000, 10958)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn fail_batch() -> Weight {
		// Fastest run: 660_334 ns.
		Weight::from_parts(813_156_000, 10958)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	// `b` is 0 to 64.
	fn drop_batch(b: u32) -> Weight {
		// Fastest run: 718_767 ns.
		Weight::from_parts(1_447_829_599, 10958)
			// Standard error: 5_052_109.
			.saturating_add(Weight::from_parts(55_808_806, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().reads(2u64.saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(11))
			.saturating_add(T::DbWeight::get().writes(2u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 2721).saturating_mul(b.into()))
	}
	fn move_deadline() -> Weight {
		// Fastest run: 15_204 ns.
		Weight::from_parts(29_757_000, 0).saturating_add(T::DbWeight::get().writes(2))
	}
	fn agenda_lookup() -> Weight {
		// Fastest run: 81_738 ns.
		Weight::from_parts(118_134_000, 10958)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
