// SPDX-License-Identifier: Apache-2.0
//! The proof market.

use super::RuntimeBlockWeights;
use crate::{
	Balance, Balances, Runtime, RuntimeHoldReason, System, MILLIUNIT, SLOT_MILLISECONDS, UNIT,
};
use frame_support::{derive_impl, parameter_types, traits::ConstU128, weights::Weight};
use pallet_pvs::{seals, Network, Prices, Seals};
use sp_runtime::Perbill;

/// The lowest stake of a prover.
pub const MIN_STAKE: Balance = 100 * UNIT;

parameter_types! {
	/// A development chain has one author and no forks.
	pub const MarketNetwork: Network = Network::with_authors(SLOT_MILLISECONDS, 1, 0);
	/// Seals that open within seconds, so that a developer sees it happen. They keep no secret from
	/// anyone who wants to know it: a chain with money on it takes a delay that covers its windows.
	pub const MarketSeals: Seals = Seals::new(&seals::INSECURE_DEVELOPMENT);
	/// Holding the whole pool of places for a day of 1 s slots burns 564 UNIT.
	pub const MarketPrices: Prices = Prices {
		slot_fee_base: MILLIUNIT,
		place_rent: 50_000,
		rollup_deposit: 10 * UNIT,
		batch_deposit: 100 * MILLIUNIT,
		prover_deposit: 100 * MILLIUNIT,
		min_sequencer_bond: 100 * MILLIUNIT,
	};
	/// Deadlines take a quarter of a block at the most.
	pub MaxAgendaWeight: Weight =
		Perbill::from_percent(25) * RuntimeBlockWeights::get().max_block;
}

#[cfg(not(feature = "wasm-verifier"))]
type Verification = pallet_pvs::HostVerification<Runtime>;
#[cfg(feature = "wasm-verifier")]
type Verification = pallet_pvs::WasmVerification<Runtime>;

#[derive_impl(pallet_pvs::config_preludes::SolochainDefaultConfig)]
impl pallet_pvs::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type MaxAgendaWeight = MaxAgendaWeight;
	type MinStake = ConstU128<MIN_STAKE>;
	type Network = MarketNetwork;
	type Prices = MarketPrices;
	type Seals = MarketSeals;
	type Verification = Verification;
}
