// SPDX-License-Identifier: Apache-2.0
//! The proof market.

use super::RuntimeBlockWeights;
use crate::{Balance, Balances, Runtime, RuntimeHoldReason, System, MILLIUNIT, UNIT};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
	PalletId,
};
use pvs_verifier::HostVerifier;
use sp_runtime::Perbill;

/// The lowest stake of a prover.
pub const MIN_STAKE: Balance = 100 * UNIT;

parameter_types! {
	/// Names the account that keeps slashed bonds.
	pub const MarketPalletId: PalletId = PalletId(*b"pvs/slsh");
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
	type InclusionSlack = ConstU32<0>;
	type MaxAgendaWeight = MaxAgendaWeight;
	type MaxBids = ConstU32<64>;
	type MaxBlockDataBytes = ConstU32<{ 4 * 4_096 }>;
	type MaxDataBytes = ConstU32<4_096>;
	type MaxPendingBatches = ConstU32<64>;
	type MaxPendingInChain = ConstU32<512>;
	type MaxRounds = ConstU32<16>;
	type MaxWindowBlocks = ConstU32<86_400>;
	type MinSequencerBond = ConstU128<{ 100 * MILLIUNIT }>;
	type MinStake = ConstU128<MIN_STAKE>;
	type PalletId = MarketPalletId;
	type ProofVerifier = HostVerifier;
	type ProverDeposit = ConstU128<{ 100 * MILLIUNIT }>;
	type RollupDeposit = ConstU128<{ 10 * UNIT }>;
	type RuntimeHoldReason = RuntimeHoldReason;
	// A day of 1 s slots.
	type ShareEpoch = ConstU32<86_400>;
	type SlotFeeBase = ConstU128<MILLIUNIT>;
	// An hour of 1 s slots.
	type UnbondingBlocks = ConstU32<3_600>;
	type WeightInfo = pallet_pvs::weights::SubstrateWeight<Runtime>;
}
