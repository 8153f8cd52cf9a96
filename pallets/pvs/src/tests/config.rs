// SPDX-License-Identifier: Apache-2.0
//! Items that a runtime must choose, those that it gets, and which contradictions `integrity_test` refuses.

use crate::{
	config_preludes::{ParachainDefaultConfig, SolochainDefaultConfig},
	integrity::check_verification,
	mock::*,
	weights, DefaultConfig, HostVerification, Network, Seals, Verification, WasmVerification,
};
use frame_support::{traits::Get, weights::Weight};
use pvs_primitives::seal_timing::SealTiming;
use pvs_timelock::{Parameters, INSECURE_DEVELOPMENT};
use pvs_verifier::{HostVerifier, WasmVerifier};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Returns the sentence with which a check stops; `None` if it passes.
fn refusal(check: impl FnOnce()) -> Option<String> {
	let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
	let text = panic.downcast_ref::<String>().cloned();
	text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

/// Checks that the runtime passes as it is, and is refused with this sentence after a change of a constant.
fn assert_refused(sentence: &str, change: impl FnOnce()) {
	new_ext().execute_with(|| {
		assert_eq!(refusal(Pvs::check_constants), None, "before: {sentence}");
		change();
		let refused = refusal(Pvs::check_constants).unwrap_or_default();
		assert!(refused.contains(sentence), "{refused:?} is not {sentence:?}");
		reset_constants();
	});
}

/// The items of `Config` in the order of the code, with whether a runtime must choose them.
fn items() -> Vec<(&'static str, bool)> {
	let code = include_str!("../lib.rs");
	let (_, config) = code.split_once("\tpub trait Config:\n").expect("the trait is there");
	let (config, _) = config.split_once("\n\t}\n").expect("it has an end");
	let mut required = false;
	let mut items = Vec::new();
	for line in config.lines().map(str::trim) {
		required |= line == "#[pallet::no_default]";
		if let Some(item) = line.strip_prefix("type ") {
			items.push((item.split(':').next().unwrap_or_default(), required));
			required = false;
		}
	}
	items
}

#[test]
fn runtime_should_have_to_choose_a_dozen_items_at_the_most() {
	let items = items();
	let required: Vec<_> =
		items.iter().filter(|(_, required)| *required).map(|(name, _)| *name).collect();
	assert_eq!(
		required,
		[
			"Currency",
			"BlockNumberProvider",
			"Verification",
			"Seals",
			"Network",
			"Prices",
			"MinStake",
			"MaxAgendaWeight",
		]
	);
	assert!(required.len() <= 12);
	assert_eq!(items.len(), 25, "all items are found");
}

#[test]
fn bundles_should_have_six_fields_at_the_most() {
	let code = include_str!("../config.rs");
	for bundle in ["Network", "Seals", "Prices"] {
		let (_, rest) = code.split_once(&format!("pub struct {bundle} {{")).expect("it is there");
		let (fields, _) = rest.split_once("\n}\n").expect("it has an end");
		let count = fields.lines().filter(|line| line.trim().starts_with("pub ")).count();
		assert!((1..=6).contains(&count), "{bundle} has {count} fields");
	}
}

/// The times of a chain with slots of 6 s are those of a chain with slots of 1 s.
#[test]
fn defaults_should_be_the_same_times_when_slots_are_longer() {
	fn times<C: DefaultConfig>() -> [u32; 3] {
		[C::MaxWindowBlocks::get(), C::ShareEpoch::get(), C::UnbondingBlocks::get()]
	}
	fn bounds<C: DefaultConfig>() -> [u32; 12] {
		[
			C::GuaranteedPlaces::get(),
			C::MaxBids::get(),
			C::MaxBidsPerCall::get(),
			C::MaxBlockDataBytes::get(),
			C::MaxCommitsPerBlock::get(),
			C::MaxDataBytes::get(),
			C::MaxPendingBatches::get(),
			C::MaxProofs::get(),
			C::MaxRollups::get(),
			C::MaxRounds::get(),
			C::MaxSettleBlocks::get(),
			C::PoolPlaces::get(),
		]
	}
	let long = times::<ParachainDefaultConfig>().map(|blocks| 6 * blocks);
	assert_eq!(long, times::<SolochainDefaultConfig>());
	assert_eq!(bounds::<ParachainDefaultConfig>(), bounds::<SolochainDefaultConfig>());
}

/// The example of the guide: one author, slots of 6 s and a gap of two blocks.
#[test]
fn defaults_should_leave_time_to_settle_when_seals_cover_three_blocks_of_6_s() {
	let network = Network::with_authors(6_000, 1, 2);
	let timing = Seals::new(&INSECURE_DEVELOPMENT).timing(&network);
	let delay = timing.delay_for(network.finality_gap + network.inclusion_slack + 1);
	assert_eq!(delay, 13_500_000_000);
	let needed = timing.settling_blocks(delay, network.inclusion_slack);
	assert_eq!(needed, 9_001);
	let longest = <ParachainDefaultConfig as DefaultConfig>::MaxSettleBlocks::get();
	assert!(needed <= longest, "{needed} of {longest}");
}

#[test]
fn slack_should_be_what_a_third_of_the_authors_can_do() {
	let slack = |authors| Network::with_authors(6_000, authors, 3).inclusion_slack;
	assert_eq!([0, 1, 2, 3, 5, 6, 8, 9].map(slack), [0, 0, 1, 2, 2, 3, 3, 4]);
	assert_eq!(slack(u32::MAX), u32::MAX / 3 + 1);
	let network = Network::with_authors(6_000, 4, 3);
	assert_eq!(
		(network.slot_millis, network.stretch_percent, network.finality_gap),
		(6_000, 150, 3)
	);
}

/// A benchmark opens seals in Wasm: a runtime that is built for one gets the puzzle that opens at once.
#[test]
fn seals_should_be_the_testing_ones_when_the_runtime_is_benchmarked() {
	let seals = Seals::new(&INSECURE_DEVELOPMENT);
	let expected = if cfg!(feature = "runtime-benchmarks") {
		"insecure-testing"
	} else {
		INSECURE_DEVELOPMENT.name
	};
	assert_eq!((seals.parameters.name, seals.margin), (expected, 10));
	assert!(seals.former.is_empty());
}

#[test]
fn timing_should_be_put_together_from_network_and_seals() {
	new_ext().execute_with(|| {
		let timing = SealTiming {
			slot_millis: 1,
			stretch_percent: 102,
			fastest_squarings: 3,
			margin: 4,
			opener_squarings: 5,
			opener_cores: 6,
		};
		SealTimes::set(timing);
		assert_eq!(Pvs::seal_timing(), timing);
	});
}

struct HostWithWasmWeights;

impl Verification for HostWithWasmWeights {
	type Verifier = HostVerifier;
	type WeightInfo = weights::wasm::SubstrateWeight<Test>;
}

struct WasmWithHostWeights;

impl Verification for WasmWithHostWeights {
	type Verifier = WasmVerifier;
	type WeightInfo = weights::host::SubstrateWeight<Test>;
}

/// U4: a proof that is verified in Wasm and weighed as if natively is 5 ms too cheap.
#[test]
fn runtime_should_be_refused_when_its_weights_were_measured_with_another_verifier() {
	assert_eq!(refusal(check_verification::<HostVerification<Test>>), None);
	assert_eq!(refusal(check_verification::<WasmVerification<Test>>), None);
	let sentence = |verifier, measured| {
		format!("the verifier is {verifier}, and its weights were measured with {measured}")
	};
	let refused = refusal(check_verification::<WasmWithHostWeights>).expect("they differ");
	assert!(refused.contains(&sentence("Wasm", "Host")), "{refused}");
	let refused = refusal(check_verification::<HostWithWasmWeights>).expect("they differ");
	assert!(refused.contains(&sentence("Host", "Wasm")), "{refused}");
}

#[test]
fn runtime_should_be_refused_when_a_bound_leaves_nothing_to_do() {
	assert_refused("MaxDataBytes is 0", || LongestData::set(0));
	assert_refused("MaxBlockDataBytes is below MaxDataBytes", || {
		MostBlockData::set(MAX_DATA_BYTES - 1);
	});
	assert_refused("MaxCommitsPerBlock is 0", || MaxCommitsPerBlock::set(0));
	for places in [0, 4, 7, 9, 12] {
		assert_refused("MaxBids is no multiple of 8", || BidPlaces::set(places));
	}
	assert_refused("MaxProofs is 0", || MostProofs::set(0));
	assert_refused("MaxBidsPerCall is 0", || MostBidsPerCall::set(0));
	assert_refused("MaxPendingBatches is 0", || MaxPendingBatches::set(0));
	assert_refused("MaxRounds is below 2", || MostRounds::set(1));
	assert_refused("ShareEpoch is 0", || EpochBlocks::set(0));
	assert_refused("UnbondingBlocks is 0", || UnbondingTime::set(0));
}

#[test]
fn runtime_should_be_refused_when_places_could_shut_a_rollup_out() {
	assert_refused("GuaranteedPlaces is 0", || GuaranteedPlaces::set(0));
	assert_refused("GuaranteedPlaces is above MaxPendingBatches", || {
		GuaranteedPlaces::set(MAX_PENDING + 1);
	});
	assert_refused("PoolPlaces is below 8", || PoolPlaces::set(7));
	assert_refused("MaxRollups is below 8", || MaxRollups::set(7));
}

#[test]
fn runtime_should_be_refused_when_no_window_would_be_long_enough() {
	assert_refused("MaxWindowBlocks is below InclusionSlack + 2", || {
		LongestWindow::set(INCLUSION_SLACK + 1);
	});
	assert_refused("MaxWindowBlocks is below InclusionSlack + 2", || SlackBlocks::set(u32::MAX));
	new_ext().execute_with(|| {
		LongestWindow::set(INCLUSION_SLACK + 2);
		assert_eq!(refusal(Pvs::check_constants), None);
	});
	assert_refused("MaxSettleBlocks is too low", || LongestSettling::set(5));
}

#[test]
fn runtime_should_be_refused_when_a_part_of_its_seal_timing_is_missing() {
	let cases = [
		("slot_millis is 0", SealTiming { slot_millis: 0, ..SEAL_TIMING }),
		("stretch_percent is below 100", SealTiming { stretch_percent: 99, ..SEAL_TIMING }),
		("fastest_squarings is 0", SealTiming { fastest_squarings: 0, ..SEAL_TIMING }),
		("margin is 0", SealTiming { margin: 0, ..SEAL_TIMING }),
		("opener_squarings is 0", SealTiming { opener_squarings: 0, ..SEAL_TIMING }),
		("opener_cores is 0", SealTiming { opener_cores: 0, ..SEAL_TIMING }),
	];
	for (sentence, timing) in cases {
		// What follows from the timing is not what is looked for.
		assert_refused(sentence, || {
			LongestSettling::set(u32::MAX);
			SealTimes::set(timing);
		});
	}
}

#[test]
fn runtime_should_be_refused_when_its_seals_do_not_hold_what_they_promise() {
	let leaked = |parameters| -> &'static Parameters { Box::leak(Box::new(parameters)) };
	let own = test_parameters();
	assert_refused("SealParameters: h is not g^(2^T)", || {
		SealParameters::set(leaked(Parameters { delay: own.delay + 1, ..own.clone() }));
		LongestSettling::set(u32::MAX);
	});
	let secure = leaked(Parameters { insecure: false, ..own.clone() });
	assert_refused("the margin over the fastest hardware is below 10", || {
		SealParameters::set(secure);
		SealTimes::set(SealTiming { margin: 9, ..SEAL_TIMING });
	});
	assert_refused("seals open before the shortest bidding window", || {
		SealParameters::set(secure);
		SealTimes::set(SealTiming { margin: 10, ..SEAL_TIMING });
	});
}

#[test]
fn runtime_should_be_refused_when_a_price_is_zero() {
	assert_refused("SlotFeeBase is 0", || SlotFeeBase::set(0));
	assert_refused("PlaceRent is 0", || PlaceRent::set(0));
	assert_refused("RollupDeposit is 0", || RollupRowPrice::set(0));
	assert_refused("BatchDeposit is 0", || BatchRowPrice::set(0));
	assert_refused("ProverDeposit is 0", || ProverRowPrice::set(0));
	assert_refused("MinSequencerBond is 0", || LowestBond::set(0));
}

#[test]
fn runtime_should_be_refused_when_no_bond_is_as_low_as_its_lowest_stake() {
	assert_refused("MinStake is 0", || LowestStake::set(0));
	assert_refused("MinStake is below the lowest reserve", || LowestStake::set(1));
	assert_refused("MinStake is below the lowest reserve", || {
		ExistentialDeposit::set(MIN_STAKE / 2 + 1);
	});
	new_ext().execute_with(|| {
		LowestStake::set(2);
		assert_eq!(refusal(Pvs::check_constants), None);
	});
}

#[test]
fn runtime_should_be_refused_when_commits_leave_no_room_for_bids() {
	assert_refused("MaxDataBytes is too high", || {
		LongestData::set(1 << 20);
		MostBlockData::set(1 << 20);
	});
	assert_refused("MaxBlockDataBytes is too high", || MostBlockData::set(1 << 20));
}

#[test]
fn runtime_should_be_refused_when_a_call_or_a_step_would_never_fit() {
	assert_refused("MaxProofs is too high", || MostProofs::set(10_000));
	assert_refused("MaxBidsPerCall is too high", || MostBidsPerCall::set(100_000));
	assert_refused("MaxAgendaWeight does not fit the heaviest step", || {
		MaxAgendaWeight::set(Weight::from_parts(1_000_000, u64::MAX));
	});
}
