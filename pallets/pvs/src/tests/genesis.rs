// SPDX-License-Identifier: Apache-2.0

use crate::{mock::*, pallet::GenesisRollup, GenesisConfig};
use pvs_verifier_testing::trapdoor::forgeable_keys;
use sp_runtime::BuildStorage;

fn genesis(change: impl FnOnce(&mut GenesisConfig<Test>)) -> GenesisConfig<Test> {
	let mut config = GenesisConfig::<Test> {
		rollups: vec![GenesisRollup {
			owner: OWNER,
			sequencer: SEQUENCER,
			verifying_key: verifying_key(),
			genesis_root: root(3).to_vec(),
			params: params(),
		}],
		provers: vec![(ANN, MIN_STAKE)],
	};
	change(&mut config);
	config
}

fn build(config: GenesisConfig<Test>) -> sp_io::TestExternalities {
	let balances = vec![(OWNER, ENDOWMENT), (ANN, ENDOWMENT)];
	let config = RuntimeGenesisConfig {
		balances: BalancesConfig { balances, ..Default::default() },
		pvs: config,
		..Default::default()
	};
	config.build_storage().expect("it builds").into()
}

#[test]
fn genesis_should_register_rollups_and_provers() {
	build(genesis(|_| ())).execute_with(|| {
		assert_eq!(Pvs::rollup_info(0).expect("registered").tip_root, root(3));
		assert_eq!(Pvs::prover_info(ANN).expect("registered").stake, MIN_STAKE);
		Pvs::do_try_state().expect("the invariants hold");
	});
}

#[test]
#[should_panic(expected = "rollup 0 of the genesis is refused")]
fn genesis_should_stop_the_chain_when_a_key_is_faulty() {
	build(genesis(|config| config.rollups[0].verifying_key.truncate(5)));
}

/// V0: each relation under which proofs are forged is named.
#[test]
fn genesis_should_stop_the_chain_when_the_points_of_a_key_are_related() {
	let mut keys = forgeable_keys();
	keys.dedup_by_key(|(_, error)| *error);
	for (key, error) in keys {
		let build = || build(genesis(|config| config.rollups[0].verifying_key = key.bytes()));
		let panic = std::panic::catch_unwind(build).expect_err("the genesis is refused");
		let message = panic.downcast_ref::<String>().expect("the panic has a message");
		assert!(message.contains("rollup 0 of the genesis is refused"), "{message}");
		assert!(message.contains(&format!("\"Key{error:?}\"")), "{}: {message}", key.relation);
	}
}

#[test]
#[should_panic(expected = "genesisRoot is not 32 bytes")]
fn genesis_should_stop_the_chain_when_a_root_is_too_short() {
	build(genesis(|config| config.rollups[0].genesis_root.truncate(5)));
}

#[test]
#[should_panic(expected = "prover 0 of the genesis is refused")]
fn genesis_should_stop_the_chain_when_a_stake_is_too_low() {
	build(genesis(|config| config.provers[0].1 = 1));
}

#[test]
fn genesis_rollup_should_be_written_in_hex() {
	let json = serde_json::to_value(&genesis(|_| ()).rollups[0]).expect("it is JSON");
	let key = json["verifyingKey"].as_str().expect("a string");
	assert_eq!(key.len(), 2 + 2 * 768);
	assert!(key.starts_with("0x"));
}
