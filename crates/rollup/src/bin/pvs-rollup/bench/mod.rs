// SPDX-License-Identifier: Apache-2.0
//! What the rollup costs. Times are taken without a count of memory, memory beside.

mod proofs;
mod state;

pub(crate) use proofs::run as proofs;
pub(crate) use state::run as state;

use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::IsTerminal, time::Duration};

fn mib(bytes: usize) -> f64 {
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

fn bar(steps: usize) -> ProgressBar {
	if !std::io::stderr().is_terminal() {
		return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
	}
	let style = ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos}/{len} [{elapsed}]")
		.unwrap_or_else(|_| ProgressStyle::default_bar());
	let bar = ProgressBar::new(steps as u64).with_style(style);
	bar.enable_steady_tick(Duration::from_millis(100));
	bar
}
