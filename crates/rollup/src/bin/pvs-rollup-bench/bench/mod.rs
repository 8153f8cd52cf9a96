// SPDX-License-Identifier: Apache-2.0
//! What the rollup costs. Times are taken here, memory by another program.

mod memory;
mod proofs;
mod state;

pub(crate) use proofs::run as proofs;
pub(crate) use state::run as state;

use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};

fn mib(bytes: u64) -> f64 {
	bytes as f64 / (1 << 20) as f64
}

fn rounded(number: f64) -> f64 {
	(number * 100.0).round() / 100.0
}

/// A table with these columns, numbers on the right.
fn table<const N: usize>(columns: [&str; N]) -> Table {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header(columns);
	for column in table.column_iter_mut() {
		column.set_cell_alignment(CellAlignment::Right);
	}
	table
}
