// SPDX-License-Identifier: Apache-2.0

use crate::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	genesis_presets::{demo_params, get_preset, preset_names, DEMO_DATA_LEN},
	AllPalletsWithSystem, Pvs, Runtime, RuntimeGenesisConfig,
};
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::Get,
	weights::constants::WEIGHT_REF_TIME_PER_SECOND,
};
use pallet_pvs::{Call, WeightInfo};
use sp_runtime::BuildStorage;

#[test]
fn constants_should_be_consistent() {
	sp_io::TestExternalities::default().execute_with(|| {
		<AllPalletsWithSystem as frame_support::traits::IntegrityTest>::integrity_test()
	});
}

#[test]
fn block_should_take_a_third_of_its_slot_at_the_most() {
	assert!(RuntimeBlockWeights::get().max_block.ref_time() <= WEIGHT_REF_TIME_PER_SECOND / 3);
}

#[test]
fn presets_should_build_a_valid_state() {
	for name in preset_names() {
		let patch = get_preset(&name).expect("the preset is listed");
		let patch: serde_json::Value = serde_json::from_slice(&patch).expect("it is JSON");
		let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("it is JSON");
		merge(&mut config, patch);
		let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("it fits");
		let storage = config.build_storage().expect("it builds");
		sp_io::TestExternalities::new(storage).execute_with(|| {
			Pvs::do_try_state().expect("the invariants hold");
			let rollup = Pvs::rollup_info(0).expect("the demo rollup is registered");
			assert_eq!(rollup.params, demo_params());
			assert_eq!(rollup.params.data_len, DEMO_DATA_LEN);
		});
	}
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

#[test]
fn one_commit_should_take_an_eighth_of_the_normal_class_at_the_most() {
	let normal = RuntimeBlockWeights::get()
		.get(DispatchClass::Normal)
		.max_total
		.expect("the normal class is limited");
	let bytes: u32 = <Runtime as pallet_pvs::Config>::MaxDataBytes::get();
	let weight = <Runtime as pallet_pvs::Config>::WeightInfo::commit_batch(bytes);
	assert!(weight.ref_time() <= normal.ref_time() / 8);
	let block: u32 = <Runtime as pallet_pvs::Config>::MaxBlockDataBytes::get();
	assert!(block <= bytes * 4, "all commits of a block take half of it at the most");
}

#[test]
fn reveals_and_proofs_should_be_operational() {
	let batch = pvs_primitives::api::BatchId { rollup: 0, index: 0 };
	let reveal = Call::<Runtime>::reveal_bid { batch, payload: [0; 85] };
	let proof =
		Call::<Runtime>::submit_proof { batch, prover: [0; 32].into(), proof: Default::default() };
	assert_eq!(reveal.get_dispatch_info().class, DispatchClass::Operational);
	assert_eq!(proof.get_dispatch_info().class, DispatchClass::Operational);
}

#[test]
fn blocks_should_hold_the_longest_batch() {
	let bytes: u32 = <Runtime as pallet_pvs::Config>::MaxDataBytes::get();
	assert!(*RuntimeBlockLength::get().max.get(DispatchClass::Normal) > 2 * bytes);
}

#[test]
fn weights_should_be_wired_to_their_calls() {
	let batch = pvs_primitives::api::BatchId { rollup: 0, index: 0 };
	let bid = Call::<Runtime>::place_bid {
		batch,
		round: 0,
		batch_digest: [0; 32],
		max_slot_fee: 0,
		commitment: [0; 32],
	};
	let weight = bid.get_dispatch_info().call_weight;
	assert!(weight.all_gte(<Runtime as pallet_pvs::Config>::WeightInfo::place_bid()));
	let commit = |bytes: usize| {
		Call::<Runtime>::commit_batch {
			rollup: 0,
			data: vec![0; bytes].try_into().expect("short enough"),
			next_state_root: [0; 32],
			max_fee: 0,
		}
		.get_dispatch_info()
		.call_weight
	};
	assert_eq!(commit(100), <Runtime as pallet_pvs::Config>::WeightInfo::commit_batch(100));
	assert!(commit(200).ref_time() > commit(100).ref_time());
}
