// SPDX-License-Identifier: Apache-2.0
//! No call, error or origin without a test.

use crate::{mock::*, Call, Error};
use frame_support::{
	assert_noop,
	traits::{GetCallName, UnfilteredDispatchable},
};
use scale_info::{TypeDef, TypeInfo};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

/// The tests of the pallet.
const SOURCES: &[&str] = &[
	include_str!("agenda.rs"),
	include_str!("attacks.rs"),
	include_str!("bid.rs"),
	include_str!("bid_many.rs"),
	include_str!("boundary.rs"),
	include_str!("clock.rs"),
	include_str!("commit.rs"),
	include_str!("descendants.rs"),
	include_str!("digest.rs"),
	include_str!("ladder.rs"),
	include_str!("lengths.rs"),
	include_str!("money.rs"),
	include_str!("open.rs"),
	include_str!("place.rs"),
	include_str!("prove.rs"),
	include_str!("prove_many.rs"),
	include_str!("register.rs"),
	include_str!("rent.rs"),
	include_str!("rescue.rs"),
	include_str!("reveal.rs"),
	include_str!("rollup_owner.rs"),
	include_str!("rounds.rs"),
	include_str!("seal_place.rs"),
	include_str!("settle.rs"),
	include_str!("stake.rs"),
	include_str!("transfer.rs"),
	include_str!("upgrade.rs"),
];

const README: &str = include_str!("../../README.md");

fn variants<T: TypeInfo>() -> Vec<String> {
	match T::type_info().type_def {
		TypeDef::Variant(variants) => variants
			.variants
			.iter()
			.map(|variant| variant.name.to_string())
			.filter(|name| !name.starts_with("__"))
			.collect(),
		other => panic!("not an enum: {other:?}"),
	}
}

/// Returns whether a test says `prefix` followed by exactly `name`.
fn is_named(prefix: &str, name: &str) -> bool {
	let wanted = format!("{prefix}{name}");
	SOURCES.iter().any(|source| {
		source.match_indices(&wanted).any(|(at, _)| {
			let next = source[at + wanted.len()..].chars().next();
			!next.is_some_and(|next| next.is_alphanumeric() || next == '_')
		})
	})
}

#[test]
fn every_error_should_be_provoked_by_a_test() {
	let all = variants::<Error<Test>>();
	assert!(all.len() > 60, "{} errors: is the list complete?", all.len());
	let missing: Vec<_> = all
		.iter()
		.filter(|name| !is_named("Error::<Test>::", name) && !is_named("Error::", name))
		.collect();
	assert!(missing.is_empty(), "no test provokes {missing:?}");
	assert!(!is_named("Error::<Test>::", "Nonexistent"), "the search finds what is not there");
}

#[test]
fn every_event_should_be_expected_by_a_test() {
	let sources = [SOURCES, &[include_str!("reserve.rs"), include_str!("world.rs")]].concat();
	for name in variants::<crate::Event<Test>>() {
		assert!(
			sources.iter().any(|source| source.contains(&format!("Event::{name} {{"))
				|| source.contains(&format!("Event::{name}{{"))),
			"no test expects {name}"
		);
	}
}

#[test]
fn readme_should_name_every_call_and_every_error() {
	let errors = variants::<Error<Test>>();
	let calls = Call::<Test>::get_call_names().iter().map(|name| name.to_string());
	for name in errors.into_iter().chain(calls) {
		assert!(README.contains(&format!("`{name}`")), "{name}");
	}
}

/// Each guarantee has a row, and the tests that it names are there.
#[test]
fn readme_should_show_every_guarantee_by_tests_that_exist() {
	let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
	let sources: String = std::fs::read_dir(folder)
		.expect("it exists")
		.map(|entry| std::fs::read_to_string(entry.expect("it is readable").path()))
		.collect::<Result<_, _>>()
		.expect("they are text");
	for number in 1..=15 {
		let row = README.lines().find(|line| line.starts_with(&format!("| G{number} |")));
		let shown_by = row.and_then(|row| row.rsplit('|').nth(1));
		let shown_by = shown_by.unwrap_or_else(|| panic!("G{number} has no row"));
		let tests: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
		assert!(!tests.is_empty(), "G{number} is shown by nothing");
		for test in tests {
			assert!(sources.contains(&format!("fn {test}(")), "G{number}: {test}");
		}
	}
}

fn every_call() -> Vec<Call<Test>> {
	let id = batch(0);
	vec![
		Call::register_rollup {
			verifying_key: verifying_key().try_into().expect("768 bytes"),
			genesis_root: root(0),
			sequencer: SEQUENCER,
			params: params(),
		},
		Call::deregister_rollup { rollup: 0 },
		Call::register_prover { stake: MIN_STAKE },
		Call::deregister_prover {},
		Call::commit_batch {
			rollup: 0,
			data: vec![0; 40].try_into().expect("short enough"),
			prev_state_root: root(0),
			next_state_root: root(1),
			max_fee: 500,
		},
		Call::place_bid {
			batch: id,
			round: 0,
			batch_digest: [0; 32],
			max_slot_fee: 99,
			commitment: [0; 32],
			seal: any_seal(),
		},
		Call::reveal_bid { batch: id, round: 0, bidder: ANN, payload: Default::default() },
		Call::submit_proof { batch: id, prover: ANN, proof: Default::default() },
		Call::submit_proofs { proofs: submissions(&[(id, ANN, vec![])]) },
		Call::accept_place { batch: id, round: 0 },
		Call::bond_more { amount: 1 },
		Call::unbond { amount: 1 },
		Call::withdraw_unbonded {},
		Call::set_sequencer { rollup: 0, sequencer: GUEST },
		Call::set_params { rollup: 0, params: params() },
		Call::transfer_rollup { rollup: 0, to: GUEST },
		Call::accept_rollup { rollup: 0 },
		Call::place_bids { bids: Default::default() },
		Call::reveal_bids { reveals: Default::default() },
		Call::open_bid {
			batch: id,
			round: 0,
			bidder: ANN,
			seal: any_seal(),
			solution: Default::default(),
			proof: Default::default(),
		},
	]
}

#[test]
fn every_call_should_reject_the_none_and_root_origins() {
	market(|| {
		let names: BTreeSet<_> = every_call().iter().map(|call| call.get_call_name()).collect();
		let all: BTreeSet<_> = Call::<Test>::get_call_names().iter().copied().collect();
		assert_eq!(names, all, "a call is missing here");
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			for call in every_call() {
				assert_noop!(call.dispatch_bypass_filter(origin.clone()), DispatchError::BadOrigin);
			}
		}
	});
}

/// No call is free, and those that keep a prover from being late go before full blocks.
#[test]
fn every_call_should_pay_and_have_its_class() {
	use frame_support::dispatch::{DispatchClass, GetDispatchInfo, Pays};
	for call in every_call() {
		let info = call.get_dispatch_info();
		let name = call.get_call_name();
		assert_eq!(info.pays_fee, Pays::Yes, "{name}");
		assert!(info.call_weight.ref_time() > 0, "{name}");
		let urgent = [
			"reveal_bid",
			"reveal_bids",
			"open_bid",
			"submit_proof",
			"submit_proofs",
			"accept_place",
		]
		.contains(&name);
		let class = if urgent { DispatchClass::Operational } else { DispatchClass::Normal };
		assert_eq!(info.class, class, "{name}");
	}
}
