// SPDX-License-Identifier: Apache-2.0
//! The proof market.

use super::RuntimeBlockWeights;
use crate::{
	Balance, Balances, Runtime, RuntimeHoldReason, System, MILLIUNIT, SLOT_MILLISECONDS, UNIT,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
	PalletId,
};
use pvs_primitives::seal_timing::SealTiming;
use pvs_verifier::HostVerifier;
use sp_runtime::Perbill;

/// The lowest stake of a prover.
pub const MIN_STAKE: Balance = 100 * UNIT;

#[cfg(not(feature = "runtime-benchmarks"))]
const SEALS: pvs_timelock::Parameters = pvs_timelock::INSECURE_DEVELOPMENT;
/// A benchmark opens seals in Wasm and cannot wait. What it measures does not depend on the delay.
#[cfg(feature = "runtime-benchmarks")]
const SEALS: pvs_timelock::Parameters = pvs_timelock::testing::INSECURE_TESTING;

parameter_types! {
	/// Names the account that keeps slashed bonds.
	pub const MarketPalletId: PalletId = PalletId(*b"pvs/slsh");
	/// Seals that open within seconds, so that a developer sees it happen. They keep no secret from
	/// anyone who wants to know it: a chain with money on it takes a delay that covers its windows.
	pub const SealParameters: &'static pvs_timelock::Parameters = &SEALS;
	/// No set was in use before: a runtime that changes its set keeps the old one here.
	pub const FormerSealParameters: &'static [&'static pvs_timelock::Parameters] = &[];
	/// The fastest squarer that is published does 2,048 bits in 66 ns (an FPGA on the LCS35 puzzle,
	/// 2019). Of an opener's core, a slow one is recorded: `scripts/bench.sh seal` measures it.
	pub const SealTimes: SealTiming = SealTiming {
		slot_millis: SLOT_MILLISECONDS,
		stretch_percent: 150,
		fastest_squarings: 15_100_000,
		margin: 10,
		opener_squarings: 500_000,
		opener_cores: 2,
	};
	/// Deadlines take a quarter of a block at the most.
	pub MaxAgendaWeight: Weight =
		Perbill::from_percent(25) * RuntimeBlockWeights::get().max_block;
}

impl pallet_pvs::Config for Runtime {
	type BatchDeposit = ConstU128<{ 100 * MILLIUNIT }>;
	type BlockNumberProvider = System;
	type Currency = Balances;
	// A development chain has one author and no forks.
	type FinalityGap = ConstU32<0>;
	type FormerSealParameters = FormerSealParameters;
	type GuaranteedPlaces = ConstU32<2>;
	type InclusionSlack = ConstU32<0>;
	type MaxAgendaWeight = MaxAgendaWeight;
	type MaxBids = ConstU32<64>;
	type MaxBidsPerCall = ConstU32<16>;
	type MaxBlockDataBytes = ConstU32<{ 4 * 4_096 }>;
	type MaxCommitsPerBlock = ConstU32<64>;
	type MaxDataBytes = ConstU32<4_096>;
	type MaxPendingBatches = ConstU32<64>;
	type MaxProofs = ConstU32<8>;
	type MaxRollups = ConstU32<4_096>;
	type MaxRounds = ConstU32<16>;
	// Four hours of 1 s slots.
	type MaxSettleBlocks = ConstU32<14_400>;
	type MaxWindowBlocks = ConstU32<86_400>;
	type MinSequencerBond = ConstU128<{ 100 * MILLIUNIT }>;
	type MinStake = ConstU128<MIN_STAKE>;
	type PalletId = MarketPalletId;
	// Holding the whole pool for a day of 1 s slots burns 564 UNIT.
	type PlaceRent = ConstU128<50_000>;
	type PoolPlaces = ConstU32<4_096>;
	type ProofVerifier = HostVerifier;
	type ProverDeposit = ConstU128<{ 100 * MILLIUNIT }>;
	type RollupDeposit = ConstU128<{ 10 * UNIT }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SealParameters = SealParameters;
	type SealTiming = SealTimes;
	// A day of 1 s slots.
	type ShareEpoch = ConstU32<86_400>;
	type SlotFeeBase = ConstU128<MILLIUNIT>;
	// An hour of 1 s slots.
	type UnbondingBlocks = ConstU32<3_600>;
	type WeightInfo = pallet_pvs::weights::SubstrateWeight<Runtime>;
}
