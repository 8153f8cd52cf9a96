// SPDX-License-Identifier: Apache-2.0
//! `pvs-bench market`: measures, then prints tables and targets.

use crate::{
	accesses::{self, Accesses},
	backlog, batched,
	calls::{calls, microseconds, percent_of_block, steps, Row},
	lifecycle, load, proofs,
	setup::{params, World},
};
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use pvs_runtime::configs::{BLOCK_MILLISECONDS, NORMAL_RATIO};
use serde_json::{json, Map, Value};

/// What the project wants to reach, beside what is measured.
const TARGET_BIDS: usize = 330;
const TARGET_BIDS_BATCHED: usize = 500;
const TARGET_PROOFS_BATCHED: usize = 100;
const TARGET_ACCESSES_OF_PROOF: usize = 21;
const TARGET_BATCHES: usize = 500;

/// Measures and prints.
pub(crate) fn run(json: bool) -> anyhow::Result<()> {
	let world = World::new(&params(1, 2))?;
	let calls = calls(&world, &mut world.chain()?)?;
	let steps = steps();
	println!(
		"Weights, of a block of {BLOCK_MILLISECONDS} ms, {}% of it for the normal class.\n{}\n\n{}",
		NORMAL_RATIO.deconstruct() / 10_000_000,
		call_table(&calls),
		step_table(&steps),
	);

	let load = load::measure()?;
	let batched = batched::measure()?;
	let proofs = proofs::measure()?;
	let accesses = accesses::measure()?;
	let life = lifecycle::measure()?;
	let backlog = backlog::measure()?;
	println!("\n{}", rows(&accesses));
	println!(
		"\n{}",
		figures(&[
			("bids in one block", load.bids_per_block.to_string(), at_least(TARGET_BIDS)),
			(
				"bids in one block, in full calls",
				batched.bids_per_block.to_string(),
				at_least(TARGET_BIDS_BATCHED)
			),
			("reveals in one block", load.reveals_per_block.to_string(), String::new()),
			(
				"reveals in one block, in full calls",
				batched.reveals_per_block.to_string(),
				String::new()
			),
			("proofs in one block, one by one", proofs.per_block.to_string(), String::new()),
			(
				"proofs in one block, in full calls",
				proofs.per_block_batched.to_string(),
				at_least(TARGET_PROOFS_BATCHED)
			),
			("accesses of a bid", accesses.bid.count().to_string(), String::new()),
			(
				"accesses of a proof on time",
				accesses.proof.count().to_string(),
				at_most(TARGET_ACCESSES_OF_PROOF)
			),
			(
				"accesses of a late proof after a default",
				accesses.late_proof.count().to_string(),
				String::new()
			),
			("batches in flight", life.batches_in_flight.to_string(), at_least(TARGET_BATCHES)),
			("of them proven", life.proven.to_string(), String::new()),
			("of them failed or dropped", life.failed.to_string(), String::new()),
			(
				"agenda, per due item (weight)",
				format!("{:.1} us", life.agenda.weight_per_item()),
				String::new()
			),
			(
				"agenda, per due item (here, natively)",
				format!("{:.1} us", life.agenda.time_per_item()),
				String::new()
			),
			(
				"most items worked off in one block",
				life.agenda.most_in_a_block.to_string(),
				String::new()
			),
			("state per open batch", bytes(life.bytes_per_batch), String::new()),
			("state per bid", bytes(life.bytes_per_bid), String::new()),
			("state left per ended batch", bytes(life.bytes_after_batch), "0 bytes".into()),
			("batches of a backlog", backlog.batches.to_string(), String::new()),
			("bids of a backlog", backlog.bids.to_string(), String::new()),
			("full blocks until it is worked off", backlog.blocks.to_string(), String::new()),
			("full blocks until all have ended", backlog.end_blocks.to_string(), String::new()),
			(
				"most of MaxAgendaWeight in a block",
				format!("{:.1}%", backlog.most_hook_percent),
				"at most 100%".into()
			),
		])
	);
	if json {
		println!(
			"{}",
			json!({
				"bids_per_block": load.bids_per_block,
				"bids_per_block_batched": batched.bids_per_block,
				"reveals_per_block": load.reveals_per_block,
				"reveals_per_block_batched": batched.reveals_per_block,
				"proofs_per_block": proofs.per_block,
				"proofs_per_block_batched": proofs.per_block_batched,
				"accesses_per_bid": accesses.bid.count(),
				"accesses_per_proof": accesses.proof.count(),
				"accesses_per_late_proof": accesses.late_proof.count(),
				"batches_in_flight": life.batches_in_flight,
				"batches_proven": life.proven,
				"batches_failed": life.failed,
				"agenda_us_per_item": rounded(life.agenda.weight_per_item()),
				"agenda_native_us_per_item": rounded(life.agenda.time_per_item()),
				"agenda_items_per_block": life.agenda.most_in_a_block,
				"state_bytes_per_open_batch": rounded(life.bytes_per_batch),
				"state_bytes_per_bid": rounded(life.bytes_per_bid),
				"state_bytes_after_batch": rounded(life.bytes_after_batch),
				"backlog_batches": backlog.batches,
				"backlog_bids": backlog.bids,
				"backlog_blocks": backlog.blocks,
				"backlog_end_blocks": backlog.end_blocks,
				"backlog_most_hook_percent": rounded(backlog.most_hook_percent),
				"call_percent_of_block": shares(&calls),
				"step_percent_of_block": shares(&steps),
			})
		);
	}
	Ok(())
}

fn at_least(target: usize) -> String {
	format!("at least {target}")
}

fn at_most(target: usize) -> String {
	format!("at most {target}")
}

/// The rows behind the numbers of accesses.
fn rows(accesses: &Accesses) -> String {
	let Accesses { bid, proof, late_proof } = accesses;
	[("a bid", bid), ("a proof on time", proof), ("a late proof after a default", late_proof)]
		.map(|(name, rows)| {
			format!("Accesses of {name}, without what weights leave out:\n{}", rows.list())
		})
		.join("\n")
}

fn bytes(number: f64) -> String {
	format!("{number:.1} bytes")
}

fn rounded(number: f64) -> f64 {
	(number * 1_000.0).round() / 1_000.0
}

fn shares(rows: &[Row]) -> Value {
	let share = |row: &Row| (row.name.clone(), rounded(percent_of_block(row.weight)).into());
	Value::Object(rows.iter().map(share).collect::<Map<_, _>>())
}

fn table(header: &[&str], numbers: std::ops::Range<usize>) -> Table {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
	for column in numbers {
		if let Some(column) = table.column_mut(column) {
			column.set_cell_alignment(CellAlignment::Right);
		}
	}
	table
}

fn call_table(rows: &[Row]) -> Table {
	let header = ["call", "weight us", "of the block", "as transaction", "bytes"];
	let mut table = table(&header, 1..5);
	for row in rows {
		table.add_row([
			row.name.clone(),
			format!("{:.0}", microseconds(row.weight)),
			format!("{:.3}%", percent_of_block(row.weight)),
			row.transaction
				.map_or_else(String::new, |weight| format!("{:.3}%", percent_of_block(weight))),
			row.bytes.map_or_else(String::new, |bytes| bytes.to_string()),
		]);
	}
	table
}

fn step_table(rows: &[Row]) -> Table {
	let mut table = table(&["step of the agenda", "weight us", "of the block"], 1..3);
	for row in rows {
		table.add_row([
			row.name.clone(),
			format!("{:.0}", microseconds(row.weight)),
			format!("{:.3}%", percent_of_block(row.weight)),
		]);
	}
	table
}

fn figures(rows: &[(&str, String, String)]) -> Table {
	let mut table = table(&["measured", "value", "target"], 1..3);
	for (name, value, target) in rows {
		table.add_row([*name, value, target]);
	}
	table
}
