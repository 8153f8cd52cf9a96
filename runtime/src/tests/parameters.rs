// SPDX-License-Identifier: Apache-2.0
//! The tables of `docs/parameters.md` show the values of this runtime.
//!
//! A row counts if its first cell is a name in backticks. Its second cell begins with the value: a
//! number, an amount as `5 UNIT`, or a name.

use crate::{configs::RuntimeBlockWeights, genesis_presets::demo_params, Pvs, Runtime, UNIT};
use codec::Decode;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_support::{traits::Get, weights::Weight, PalletId};
use pallet_pvs::{primitives::Balance, Config, Seals};
use pvs_auction::rent::rate;
use sp_runtime::Perbill;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../../docs/parameters.md");
const OF_ROLLUPS: &str = "## What a rollup's owner sets";
const OF_RUNTIMES: &str = "## What a runtime sets";
const AFTER_TABLES: &str = "## Slot fees";

/// Amounts on the page are read with twelve decimal places.
const _: () = assert!(UNIT == 1_000_000_000_000);

/// Returns name and value of each row between two headings.
fn rows(from: &str, until: &str) -> BTreeMap<String, String> {
	let (_, rest) = PAGE.split_once(from).expect("the page has the heading");
	let (section, _) = rest.split_once(until).expect("the page has the heading behind it");
	section.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(String, String)> {
	let mut cells = line.strip_prefix("| `")?.split(" | ");
	let name = cells.next()?.strip_suffix('`')?;
	Some((name.to_owned(), value(cells.next()?)))
}

/// Returns the value at the start of a cell: a number without commas, planck, or a name.
fn value(cell: &str) -> String {
	let cell = cell.replace(['`', ',', ':'], "");
	let mut words = cell.split_whitespace();
	let first = words.next().unwrap_or_default();
	match words.next() {
		Some("UNIT") => planck(first).to_string(),
		_ => first.to_owned(),
	}
}

fn planck(units: &str) -> Balance {
	let (whole, part) = units.split_once('.').unwrap_or((units, ""));
	assert!(part.len() <= 12, "{units} UNIT is no whole number of planck");
	format!("{whole}{part:0<12}").parse().expect("an amount is a decimal number")
}

fn number<G: Get<u32>>() -> String {
	G::get().to_string()
}

fn amount<G: Get<Balance>>() -> String {
	G::get().to_string()
}

/// Returns the share of a block that deadlines may take, in percent.
fn agenda_percent() -> String {
	let most: Weight = <Runtime as Config>::MaxAgendaWeight::get();
	let block: Weight = RuntimeBlockWeights::get().max_block;
	let percent = (0..=100u32).find(|percent| Perbill::from_percent(*percent) * block == most);
	percent.expect("it is a whole number of percent").to_string()
}

/// Returns the constants of the market, as the page names them.
fn constants() -> BTreeMap<String, String> {
	let seals: Seals = <Runtime as Config>::Seals::get();
	let timing = Pvs::seal_timing();
	let id: PalletId = <Runtime as Config>::PalletId::get();
	[
		("MaxDataBytes", number::<<Runtime as Config>::MaxDataBytes>()),
		("MaxBlockDataBytes", number::<<Runtime as Config>::MaxBlockDataBytes>()),
		("MaxCommitsPerBlock", number::<<Runtime as Config>::MaxCommitsPerBlock>()),
		("MaxBids", number::<<Runtime as Config>::MaxBids>()),
		("MaxPendingBatches", number::<<Runtime as Config>::MaxPendingBatches>()),
		("MaxBidsPerCall", number::<<Runtime as Config>::MaxBidsPerCall>()),
		("MaxProofs", number::<<Runtime as Config>::MaxProofs>()),
		("GuaranteedPlaces", number::<<Runtime as Config>::GuaranteedPlaces>()),
		("PoolPlaces", number::<<Runtime as Config>::PoolPlaces>()),
		("MaxRollups", number::<<Runtime as Config>::MaxRollups>()),
		("MinStake", amount::<<Runtime as Config>::MinStake>()),
		("SlotFeeBase", Pvs::slot_fee_base().to_string()),
		("PlaceRent", Pvs::place_rent().to_string()),
		("RollupDeposit", Pvs::rollup_deposit().to_string()),
		("BatchDeposit", Pvs::batch_deposit().to_string()),
		("ProverDeposit", Pvs::prover_deposit().to_string()),
		("MinSequencerBond", Pvs::min_sequencer_bond().to_string()),
		("UnbondingBlocks", number::<<Runtime as Config>::UnbondingBlocks>()),
		("ShareEpoch", number::<<Runtime as Config>::ShareEpoch>()),
		("FinalityGap", Pvs::finality_gap().to_string()),
		("InclusionSlack", Pvs::inclusion_slack().to_string()),
		("SealParameters", seals.parameters.name.to_owned()),
		("FormerSealParameters", seals.former.len().to_string()),
		("SealTiming.slot_millis", timing.slot_millis.to_string()),
		("SealTiming.stretch_percent", timing.stretch_percent.to_string()),
		("SealTiming.fastest_squarings", timing.fastest_squarings.to_string()),
		("SealTiming.margin", timing.margin.to_string()),
		("SealTiming.opener_squarings", timing.opener_squarings.to_string()),
		("SealTiming.opener_cores", timing.opener_cores.to_string()),
		("MaxWindowBlocks", number::<<Runtime as Config>::MaxWindowBlocks>()),
		("MaxSettleBlocks", number::<<Runtime as Config>::MaxSettleBlocks>()),
		("MaxRounds", number::<<Runtime as Config>::MaxRounds>()),
		("MaxAgendaWeight", agenda_percent()),
		("PalletId", String::from_utf8_lossy(&id.0).into_owned()),
	]
	.into_iter()
	.map(|(name, value)| (name.to_owned(), value))
	.collect()
}

#[test]
fn rollup_tables_should_show_the_parameters_of_the_presets() {
	let params = serde_json::to_value(demo_params()).expect("parameters are JSON");
	let params = params.as_object().expect("parameters have names");
	let expected: BTreeMap<String, String> = params
		.iter()
		.flat_map(|(name, value)| match value.as_object() {
			// A variant with fields: its name, and a row for each field.
			Some(variant) => {
				let fields = variant.values().filter_map(|fields| fields.as_object()).flatten();
				let fields = fields.map(|(name, value)| (name.clone(), value.to_string()));
				let names = variant.keys().map(|variant| (name.clone(), variant.clone()));
				names.chain(fields).collect::<Vec<_>>()
			},
			None => {
				let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
				vec![(name.clone(), value)]
			},
		})
		.collect();
	assert_eq!(rows(OF_ROLLUPS, OF_RUNTIMES), expected);
}

#[test]
fn constants_table_should_show_the_constants_of_the_runtime() {
	assert_eq!(rows(OF_RUNTIMES, AFTER_TABLES), constants());
}

#[test]
fn constants_table_should_have_a_row_for_each_constant_in_the_metadata() {
	let opaque = Runtime::metadata_at_version(16).expect("the version is supported");
	let bytes: &[u8] = &opaque;
	let metadata = RuntimeMetadataPrefixed::decode(&mut &*bytes).expect("metadata decodes");
	let RuntimeMetadataPrefixed(_, RuntimeMetadata::V16(metadata)) = metadata else {
		panic!("another version of metadata than was asked for");
	};
	let pallet = metadata.pallets.iter().find(|pallet| pallet.name == "Pvs");
	let pallet = pallet.expect("the runtime has the pallet");
	let table = rows(OF_RUNTIMES, AFTER_TABLES);
	let shown: BTreeSet<&str> = table.keys().filter_map(|name| name.split('.').next()).collect();
	for constant in &pallet.constants {
		assert!(shown.contains(constant.name.as_str()), "{} has no row", constant.name);
	}
}

/// M2: what holding every place of the pool burns in a day. The oldest of the places that are held
/// together costs at least the first price, and so on: whatever is let go and taken again, no way is
/// cheaper than filling the pool in order (`pvs_auction::rent`).
#[test]
fn holding_the_pool_for_a_day_should_burn_500_units() {
	const BLOCKS: Balance = 86_400;
	let (rent, pool): (Balance, u32) = (Pvs::place_rent(), <Runtime as Config>::PoolPlaces::get());
	let milliunits = |planck: Balance| planck / (UNIT / 1_000);
	let day = |from: u32, until: u32| -> Balance {
		(from..until).map(|taken| rate(rent, taken, pool)).sum::<Balance>() * BLOCKS
	};
	let all = day(0, pool);
	assert!(all >= 500 * UNIT, "{all} planck");
	assert_eq!(milliunits(all), 564_019, "the figures of the page follow from the constants");
	let (_, section) = PAGE.split_once("## Rent of places").expect("the page has the heading");
	assert!(section.contains("| 564.02 |"));
	// Each row: places, price of one for a day, price of all of them.
	for eighth in 0..8 {
		let (from, until) = (eighth * pool / 8, (eighth + 1) * pool / 8);
		let one = rate(rent, from, pool) * BLOCKS;
		let places = format!("| {} to {} |", from + 1, until);
		let row = section.lines().find(|line| line.replace(',', "").starts_with(&places));
		let row = row.unwrap_or_else(|| panic!("no row for {places}"));
		let cells: Vec<_> =
			row.split(" | ").skip(1).map(|cell| cell.trim_end_matches(" |")).collect();
		assert_eq!(planck(cells[0]), rate(rent, from, pool), "{row}");
		assert_eq!(planck(cells[1]), one, "{row}");
		assert_eq!(planck(cells[2]), day(from, until), "{row}");
	}
}

#[test]
fn values_should_be_read_from_the_start_of_a_cell() {
	let cases = [
		("420 bytes", "420"),
		("700,000,000", "700000000"),
		("500,000,000 (50 %)", "500000000"),
		("0.01 UNIT", "10000000000"),
		("5 UNIT", "5000000000000"),
		("`insecure-development`: 2^21 squarings", "insecure-development"),
	];
	for (cell, expected) in cases {
		assert_eq!(value(cell), expected, "{cell}");
	}
	assert_eq!(row("| `w_share` | 0 | any | | |"), Some(("w_share".into(), "0".into())));
	assert_eq!(row("| - | 11 UNIT | | | |"), None);
	assert_eq!(row("|---|---|"), None);
}

/// U5: what a chain has to write for the market, in lines without comments and blank ones.
#[test]
fn market_should_be_configured_in_forty_lines_at_the_most() {
	let code = include_str!("../configs/pvs.rs");
	let lines = code.lines().map(str::trim);
	let count = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
	assert!((10..=40).contains(&count), "{count} lines");
}
