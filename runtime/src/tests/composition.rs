// SPDX-License-Identifier: Apache-2.0

use crate::{
	configs::{ProxyType, RuntimeBlockLength, RuntimeBlockWeights, BLOCK_WEIGHT, RESERVED_RATIO},
	genesis_presets::{demo_params, get_preset, preset_names, DEMO_DATA_LEN},
	AccountId, AllPalletsWithSystem, Pvs, Runtime, RuntimeCall, RuntimeGenesisConfig, System,
	EXISTENTIAL_DEPOSIT, SLOT_MILLISECONDS, UNIT,
};
use core::any::TypeId;
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
	traits::{Get, GetCallName, InstanceFilter},
	weights::{
		constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_SECOND},
		Weight,
	},
};
use frame_system::CheckWeight;
use pallet_pvs::{
	primitives::{
		api::BatchId,
		params::{RollupParams, SilencePolicy},
	},
	seals::STANDARD,
	BidPlacement, BidReveal, Call, Config, ProofSubmission, WeightInfo, WeightInfoOf,
};
use pvs_auction::rules::{self, BrokenRule, Limits};
use sp_runtime::BuildStorage;

#[test]
fn constants_should_be_consistent() {
	sp_io::TestExternalities::default().execute_with(|| {
		<AllPalletsWithSystem as frame_support::traits::IntegrityTest>::integrity_test()
	});
}

/// Fills the block that is being built with calls of a class, each of this weight. Returns the weight that
/// the class has then.
fn fill(class: DispatchClass, call_weight: Weight) -> Weight {
	let info = DispatchInfo { call_weight, class, ..Default::default() };
	while CheckWeight::<Runtime>::do_prepare(&info, 0, 0).is_ok() {}
	*System::block_weight().get(class)
}

/// Finding M11: what is reserved for the operational class comes on top of `max_block`.
#[test]
fn m11_block_should_take_a_third_of_its_slot_at_the_most_when_every_class_is_full() {
	use DispatchClass::{Normal, Operational};
	let small = Weight::from_parts(100_000_000, 0);
	let third = WEIGHT_REF_TIME_PER_SECOND * SLOT_MILLISECONDS / 1_000 / 3;
	let reserved = RESERVED_RATIO * BLOCK_WEIGHT;
	let weights = RuntimeBlockWeights::get();
	let agenda: Weight = <Runtime as Config>::MaxAgendaWeight::get();
	let started = weights.base_block.saturating_add(agenda);
	let one = small.saturating_add(weights.get(Operational).base_extrinsic);
	for (hooks, order) in [
		(started, [Normal, Operational]),
		(started, [Operational, Normal]),
		(weights.base_block, [Normal, Operational]),
		(weights.base_block, [Operational, Normal]),
		// What a block can have left after its calls, `on_idle` may take.
		(weights.max_block, [Normal, Operational]),
	] {
		sp_io::TestExternalities::default().execute_with(|| {
			System::register_extra_weight_unchecked(hooks, DispatchClass::Mandatory);
			let [first, second] = order.map(|class| fill(class, small));
			let total = System::block_weight().total();
			assert!(total.ref_time() <= third, "{total:?}: {hooks:?}, {order:?}");
			if order == [Normal, Operational] {
				// Full blocks keep no reveal and no proof out: the last call of the reserve did not fit.
				assert!(second.saturating_add(one).ref_time() > reserved.ref_time(), "{second:?}");
				assert!(total.ref_time() > third * 9 / 10);
			}
			assert!(first.ref_time() <= weights.max_block.ref_time());
		});
	}
}

/// What a call may weigh before it runs, with its signature and its fee, is below what is kept for the
/// class in a full block.
#[test]
fn calls_with_deadlines_should_fit_what_is_reserved_for_them() {
	let reserved = RESERVED_RATIO * BLOCK_WEIGHT;
	for (call, weight) in every_call() {
		let name = call.get_call_name();
		if call.get_dispatch_info().class == DispatchClass::Operational && name != "submit_proofs" {
			let most = weight.saturating_add(Weight::from_parts(2_000_000_000, 0));
			assert!(most.ref_time() <= reserved.ref_time(), "{name}: {weight:?} of {reserved:?}");
		}
	}
}

/// Finding M6: `()` charges RocksDB's prices on a chain whose database is ParityDB.
#[test]
fn system_and_extensions_should_have_the_weights_that_were_measured() {
	fn same<A: 'static, B: 'static>() -> bool {
		TypeId::of::<A>() == TypeId::of::<B>()
	}
	assert!(same::<
		<Runtime as frame_system::Config>::ExtensionsWeightInfo,
		frame_system::SubstrateExtensionsWeight<Runtime>,
	>());
	assert!(same::<
		<Runtime as frame_system::Config>::SystemWeightInfo,
		frame_system::weights::SubstrateWeight<Runtime>,
	>());
	assert!(same::<
		<Runtime as pallet_transaction_payment::Config>::WeightInfo,
		pallet_transaction_payment::weights::SubstrateWeight<Runtime>,
	>());
	assert!(same::<<Runtime as frame_system::Config>::DbWeight, ParityDbWeight>());
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
	let weight = WeightInfoOf::<Runtime>::commit_batch(bytes);
	assert!(weight.ref_time() <= normal.ref_time() / 8);
	let block: u32 = <Runtime as pallet_pvs::Config>::MaxBlockDataBytes::get();
	assert!(block <= bytes * 4, "all commits of a block take half of it at the most");
}

/// Finding S3: the set that is shipped for chains with money on them covers two blocks at 2 ns a squaring.
#[test]
fn standard_seals_should_cover_two_blocks_exactly() {
	assert_eq!(Pvs::seal_timing().delay_for(2), STANDARD.delay);
	assert_eq!(Pvs::seal_timing().covered_blocks(STANDARD.delay), 2);
}

/// With `STANDARD` and the constants of this runtime the seals of a full round take 96,000 blocks, and the
/// longest window is 86,400.
#[test]
fn opening_by_force_should_be_refused_when_seals_are_the_standard_ones() {
	let longest: u32 = <Runtime as Config>::MaxWindowBlocks::get();
	let needed =
		Pvs::seal_timing().opening_blocks(STANDARD.delay, <Runtime as Config>::MaxBids::get());
	assert_eq!((longest, needed), (86_400, 96_000));
	let limits = Limits {
		max_data_bytes: <Runtime as Config>::MaxDataBytes::get(),
		inclusion_slack: Pvs::inclusion_slack(),
		max_window_blocks: longest,
		min_stake: <Runtime as Config>::MinStake::get(),
		max_rounds: <Runtime as Config>::MaxRounds::get(),
		existential_deposit: EXISTENTIAL_DEPOSIT,
		min_sequencer_bond: Pvs::min_sequencer_bond(),
		max_bidding_blocks: Pvs::seal_timing().covered_blocks(STANDARD.delay),
		min_opening_blocks: needed,
		min_settle_blocks: Pvs::seal_timing().settling_blocks(STANDARD.delay, 0),
		max_settle_blocks: <Runtime as Config>::MaxSettleBlocks::get(),
		min_silence_penalty: 1,
	};
	let forced = |opening_blocks| RollupParams {
		silence_policy: SilencePolicy::ForceOpen { opening_blocks },
		silence_penalty: 10 * UNIT,
		..demo_params()
	};
	for opening_blocks in [1, longest, longest + 1, needed, u32::MAX] {
		let outcome = rules::check(&forced(opening_blocks), &limits);
		assert_eq!(outcome, Err(BrokenRule::SilencePolicy), "{opening_blocks}");
	}
	let sooner = Limits { min_opening_blocks: longest, ..limits };
	assert_eq!(rules::check(&forced(longest), &sooner), Ok(()));
	// What is left to the rollup: silent bids that are settled afterwards.
	let settled = |settle_blocks| RollupParams {
		silence_policy: SilencePolicy::Settle { settle_blocks },
		..demo_params()
	};
	assert_eq!(limits.min_settle_blocks, 6_001);
	assert_eq!(rules::check(&settled(6_000), &limits), Err(BrokenRule::SettleWindow));
	assert_eq!(rules::check(&settled(6_001), &limits), Ok(()));
}

#[test]
fn calls_with_deadlines_should_be_operational() {
	let operational: Vec<_> = every_call()
		.iter()
		.filter(|(call, _)| call.get_dispatch_info().class == DispatchClass::Operational)
		.map(|(call, _)| call.get_call_name())
		.collect();
	assert_eq!(
		operational,
		["reveal_bid", "submit_proof", "submit_proofs", "reveal_bids", "accept_place", "open_bid"]
	);
}

#[test]
fn blocks_should_hold_the_longest_batch() {
	let bytes: u32 = <Runtime as pallet_pvs::Config>::MaxDataBytes::get();
	assert!(*RuntimeBlockLength::get().max.get(DispatchClass::Normal) > 2 * bytes);
}

type Weights = WeightInfoOf<Runtime>;

/// Each call of the market with the weight that it must declare.
fn every_call() -> Vec<(Call<Runtime>, Weight)> {
	let account = AccountId::new([1; 32]);
	let batch = BatchId { rollup: 0, index: 0 };
	let max_bids: u32 = <Runtime as pallet_pvs::Config>::MaxBids::get();
	let max_pending: u32 = <Runtime as pallet_pvs::Config>::MaxPendingBatches::get();
	let max_proofs: u32 = <Runtime as pallet_pvs::Config>::MaxProofs::get();
	let most_proofs = usize::try_from(max_proofs).expect("usize has 32 bits or more");
	let step = [
		Weights::close_round(max_bids).saturating_add(Weights::fail_batch()),
		Weights::drop_batch(max_bids),
		Weights::default_prover(),
		Weights::pass_place(),
		Weights::end_rescue(),
		Weights::open_last_round(),
		Weights::finalize_batch(),
	]
	.into_iter()
	.fold(Weight::zero(), |most, step| most.max(step));
	vec![
		(
			Call::register_rollup {
				verifying_key: Default::default(),
				genesis_root: [0; 32],
				sequencer: account.clone(),
				params: demo_params(),
			},
			Weights::register_rollup(),
		),
		(Call::deregister_rollup { rollup: 0 }, Weights::deregister_rollup()),
		(Call::register_prover { stake: 0 }, Weights::register_prover()),
		(Call::deregister_prover {}, Weights::deregister_prover()),
		(
			Call::commit_batch {
				rollup: 0,
				data: vec![0; 100].try_into().expect("short enough"),
				prev_state_root: [0; 32],
				next_state_root: [0; 32],
				max_fee: 0,
			},
			Weights::commit_batch(100),
		),
		(
			Call::place_bid {
				batch,
				round: 0,
				batch_digest: [0; 32],
				max_slot_fee: 0,
				commitment: [0; 32],
				seal: Default::default(),
			},
			Weights::place_bid().saturating_add(Weights::move_deadline()),
		),
		(
			Call::reveal_bid {
				batch,
				round: 0,
				bidder: account.clone(),
				payload: Default::default(),
			},
			Weights::reveal_bid()
				.max(Weights::settle_by_payload())
				.saturating_add(Weights::move_deadline())
				.saturating_add(step),
		),
		(
			Call::submit_proof { batch, prover: account.clone(), proof: Default::default() },
			Weights::submit_proof().saturating_add(step),
		),
		(
			Call::submit_proofs {
				proofs: vec![
					ProofSubmission {
						batch,
						prover: account.clone(),
						proof: Default::default()
					};
					most_proofs
				]
				.try_into()
				.expect("no more than allowed"),
			},
			Weights::submit_proofs(max_proofs)
				.saturating_add(Weights::submit_false_proofs(max_proofs))
				.saturating_add(step),
		),
		(
			Call::place_bids {
				bids: vec![
					BidPlacement {
						batch,
						round: 0,
						batch_digest: [0; 32],
						max_slot_fee: 0,
						commitment: [0; 32],
						seal: Default::default(),
					};
					2
				]
				.try_into()
				.expect("no more than allowed"),
			},
			Weights::place_bids(2).saturating_add(Weights::move_deadline().saturating_mul(2)),
		),
		(
			Call::reveal_bids {
				reveals: vec![
					BidReveal {
						batch,
						round: 0,
						bidder: account.clone(),
						payload: Default::default(),
					};
					2
				]
				.try_into()
				.expect("no more than allowed"),
			},
			Weights::reveal_bids(2)
				.max(
					Weights::reveal_bids(0)
						.saturating_add(Weights::settle_by_payload().saturating_mul(2)),
				)
				.saturating_add(Weights::move_deadline().saturating_mul(2))
				.saturating_add(step),
		),
		(Call::accept_place { batch, round: 0 }, Weights::accept_place().saturating_add(step)),
		(Call::bond_more { amount: 0 }, Weights::bond_more()),
		(Call::unbond { amount: 0 }, Weights::unbond()),
		(Call::withdraw_unbonded {}, Weights::withdraw_unbonded()),
		(
			Call::set_sequencer { rollup: 0, sequencer: account.clone() },
			Weights::set_sequencer(max_pending),
		),
		(Call::set_params { rollup: 0, params: demo_params() }, Weights::set_params()),
		(Call::transfer_rollup { rollup: 0, to: account.clone() }, Weights::transfer_rollup()),
		(Call::accept_rollup { rollup: 0 }, Weights::accept_rollup()),
		(
			Call::open_bid {
				batch,
				round: 0,
				bidder: account,
				seal: Default::default(),
				solution: Default::default(),
				proof: Default::default(),
			},
			Weights::open_bid()
				.max(Weights::settle_by_opening())
				.saturating_add(Weights::challenge_search())
				.saturating_add(Weights::move_deadline())
				.saturating_add(step),
		),
	]
}

#[test]
fn weights_should_be_wired_to_their_calls() {
	let calls = every_call();
	assert_eq!(calls.len(), Call::<Runtime>::get_call_names().len(), "a call is missing here");
	for (call, weight) in calls {
		assert_eq!(call.get_dispatch_info().call_weight, weight, "{}", call.get_call_name());
	}
}

/// Finding M11: a hot key that may commit could hand the rollup over or change its prices.
#[test]
fn market_proxy_should_make_every_call_but_those_of_a_rollups_owner() {
	let owners = [
		"register_rollup",
		"deregister_rollup",
		"set_sequencer",
		"set_params",
		"transfer_rollup",
		"accept_rollup",
	];
	for (call, _) in every_call() {
		let (name, call) = (call.get_call_name(), RuntimeCall::Pvs(call));
		assert_eq!(ProxyType::Market.filter(&call), !owners.contains(&name), "{name}");
		assert!(ProxyType::Any.filter(&call), "{name}");
	}
	let other = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
	assert!(!ProxyType::Market.filter(&other));
}

#[test]
fn weights_should_grow_with_what_they_are_linear_in() {
	let grows = |heavy: Weight, light: Weight| heavy.ref_time() > light.ref_time();
	assert!(grows(Weights::commit_batch(200), Weights::commit_batch(100)));
	assert!(grows(Weights::close_round(64), Weights::close_round(1)));
	assert!(grows(Weights::drop_batch(64), Weights::drop_batch(1)));
	assert!(grows(Weights::expire_bids(64), Weights::expire_bids(1)));
	assert!(grows(Weights::place_bids(16), Weights::place_bids(1)));
	assert!(grows(Weights::reveal_bids(16), Weights::reveal_bids(1)));
	assert!(grows(Weights::set_sequencer(64), Weights::set_sequencer(1)));
}

#[test]
fn every_call_should_fit_a_block() {
	for (call, weight) in every_call() {
		let class = call.get_dispatch_info().class;
		let most = RuntimeBlockWeights::get().get(class).max_extrinsic;
		assert!(most.is_none_or(|most| weight.all_lte(most)), "{}", call.get_call_name());
	}
}

/// C7: whoever opens a seal gets more than the transaction costs it, also if the block is full and it
/// pays for the heaviest step. (What it pays for power, nobody knows here.)
#[test]
fn test_opener_reward_ge_cost() {
	sp_io::TestExternalities::default().execute_with(|| {
		let opening = every_call().pop().expect("the last one").0;
		assert_eq!(opening.get_call_name(), "open_bid");
		let info = opening.get_dispatch_info();
		// Signature and extensions, a seal's solution and its proof.
		let bytes = 150 + 256 + 257;
		let fee = crate::TransactionPayment::compute_fee(bytes, &info, 0);
		let reward = pvs_auction::slashing::opener_reward(demo_params().silence_penalty);
		assert!(fee > 0 && reward >= 2 * fee, "a reward of {reward} for a fee of {fee}");
	});
}

/// C8: the dearest opening that anyone can send, with the longest search for its challenge and the
/// heaviest step behind it, is paid for in its weight and leaves room for others in the block.
#[test]
fn bench_force_open_worst() {
	let (opening, weight) = every_call().pop().expect("the last one");
	assert_eq!(opening.get_call_name(), "open_bid");
	assert_eq!(opening.get_dispatch_info().call_weight, weight);
	let block = RuntimeBlockWeights::get().max_block;
	assert!(weight.ref_time() < block.ref_time() / 4, "{weight:?} of {block:?}");
	assert!(Weights::challenge_search().ref_time() > Weights::reveal_bid().ref_time());
}
