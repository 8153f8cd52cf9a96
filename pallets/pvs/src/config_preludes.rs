// SPDX-License-Identifier: Apache-2.0
//! Defaults of [`Config`](crate::Config), for `derive_impl`: bounds and times that hardly any chain has a reason
//! to change. What must be chosen has none.

use crate::DefaultConfig;
use frame_support::{
	derive_impl, pallet_prelude::inject_runtime_type, parameter_types, register_default_impl,
	traits::ConstU32, PalletId,
};

parameter_types! {
	/// Names the account that keeps slashed bonds.
	pub const MarketPalletId: PalletId = PalletId(*b"pvs/slsh");
}

/// Defaults for a chain with slots of 1 s.
pub struct SolochainDefaultConfig;

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig, no_aggregated_types)]
impl frame_system::DefaultConfig for SolochainDefaultConfig {}

#[register_default_impl(SolochainDefaultConfig)]
impl DefaultConfig for SolochainDefaultConfig {
	type GuaranteedPlaces = ConstU32<2>;
	type MaxBids = ConstU32<64>;
	type MaxBidsPerCall = ConstU32<16>;
	type MaxBlockDataBytes = ConstU32<{ 4 * 4_096 }>;
	type MaxCommitsPerBlock = ConstU32<64>;
	type MaxDataBytes = ConstU32<4_096>;
	type MaxPendingBatches = ConstU32<64>;
	type MaxProofs = ConstU32<8>;
	type MaxRollups = ConstU32<4_096>;
	type MaxRounds = ConstU32<16>;
	/// Four hours.
	type MaxSettleBlocks = ConstU32<14_400>;
	/// A day.
	type MaxWindowBlocks = ConstU32<86_400>;
	type PalletId = MarketPalletId;
	type PoolPlaces = ConstU32<4_096>;
	#[inject_runtime_type]
	type RuntimeHoldReason = ();
	/// A day.
	type ShareEpoch = ConstU32<86_400>;
	/// An hour.
	type UnbondingBlocks = ConstU32<3_600>;
}

/// Defaults for a chain with slots of 6 s: those of [`SolochainDefaultConfig`], with the same times but for
/// `MaxSettleBlocks`, which is a day. A seal that covers as many blocks takes six times as long to open.
pub struct ParachainDefaultConfig;

#[derive_impl(frame_system::config_preludes::ParaChainDefaultConfig, no_aggregated_types)]
impl frame_system::DefaultConfig for ParachainDefaultConfig {}

#[derive_impl(SolochainDefaultConfig as DefaultConfig, no_aggregated_types)]
#[register_default_impl(ParachainDefaultConfig)]
impl DefaultConfig for ParachainDefaultConfig {
	/// A day.
	type MaxWindowBlocks = ConstU32<14_400>;
	/// A day.
	type ShareEpoch = ConstU32<14_400>;
	/// An hour.
	type UnbondingBlocks = ConstU32<600>;
}
