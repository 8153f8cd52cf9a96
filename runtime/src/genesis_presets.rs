// SPDX-License-Identifier: Apache-2.0
//! The first states that the node offers: `development` (one validator) and `local_testnet` (three).

use crate::{
	configs::MIN_STAKE, AccountId, Balance, BalancesConfig, PvsConfig, RuntimeGenesisConfig,
	SudoConfig, UNIT,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_pvs::{
	primitives::params::{Layout, PaymentRule, RollupParams, SilencePolicy},
	GenesisRollup,
};
use serde_json::Value;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// The key of the reference rollup, made by the rollup crate's development set-up.
pub const DEMO_VERIFYING_KEY: &[u8] = include_bytes!("../../presets/demo_rollup/verifying_key.bin");
/// The reference rollup's root before any batch.
pub const DEMO_GENESIS_ROOT: &[u8] = include_bytes!("../../presets/demo_rollup/genesis_root.bin");
/// The exact length of the reference rollup's batches, in bytes.
pub const DEMO_DATA_LEN: u32 = 420;

/// The market's parameters of the reference rollup on a chain with 1 s slots: two blocks of bidding,
/// three to reveal (the round closes with the last reveal), thirty to prove at the most. Silent bids are
/// settled within an hour: a rollup bound by latency does not wait for seals.
pub fn demo_params() -> RollupParams {
	RollupParams {
		layout: Layout::Fields,
		data_len: DEMO_DATA_LEN,
		bidding_blocks: 2,
		reveal_blocks: 3,
		silence_policy: SilencePolicy::Settle { settle_blocks: 3_600 },
		payment_rule: PaymentRule::SecondScore,
		w_fee: 700_000_000,
		w_time: 300_000_000,
		w_share: 0,
		min_proof_blocks: 2,
		max_proof_blocks: 30,
		min_reserve: UNIT / 100,
		initial_reserve: 5 * UNIT,
		max_reserve: 10 * UNIT,
		reserve_margin: 500_000_000,
		reserve_weight: 100_000_000,
		escalation_factor: 1_500_000_000,
		silence_penalty: UNIT,
		grace_blocks: 10,
		late_rate: 50_000_000,
		ladder_len: 2,
		ladder_blocks: 4,
		rescue_blocks: 20,
		max_empty_rounds: 4,
		max_failed_rounds: 3,
		sequencer_bond: UNIT,
	}
}

fn genesis(authorities: &[(Sr25519Keyring, Ed25519Keyring)]) -> Value {
	let endowment: Balance = 1_000_000 * UNIT;
	let balances: Vec<(AccountId, Balance)> =
		Sr25519Keyring::well_known().map(|key| (key.to_account_id(), endowment)).collect();
	let aura: Vec<AuraId> = authorities.iter().map(|(key, _)| key.public().into()).collect();
	let grandpa: Vec<(GrandpaId, u64)> =
		authorities.iter().map(|(_, key)| (key.public().into(), 1)).collect();
	let sequencer = Sr25519Keyring::Alice.to_account_id();
	let provers = [Sr25519Keyring::Bob, Sr25519Keyring::Charlie, Sr25519Keyring::Dave]
		.map(|key| (key.to_account_id(), 10 * MIN_STAKE))
		.to_vec();
	build_struct_json_patch!(RuntimeGenesisConfig {
		aura: pallet_aura::GenesisConfig { authorities: aura },
		balances: BalancesConfig { balances },
		grandpa: pallet_grandpa::GenesisConfig { authorities: grandpa },
		pvs: PvsConfig {
			rollups: vec![GenesisRollup {
				owner: sequencer.clone(),
				sequencer,
				verifying_key: DEMO_VERIFYING_KEY.to_vec(),
				genesis_root: DEMO_GENESIS_ROOT.to_vec(),
				params: demo_params(),
			}],
			provers,
		},
		sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
	})
}

/// The JSON patch of a preset; `None` if there is none of that name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let alice = (Sr25519Keyring::Alice, Ed25519Keyring::Alice);
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(&[alice]),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(&[
			alice,
			(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		]),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
