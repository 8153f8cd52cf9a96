// SPDX-License-Identifier: Apache-2.0
//! Times, medians and tables.

use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use std::time::{Duration, Instant};

pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
	let started = Instant::now();
	let result = work();
	(started.elapsed(), result)
}

pub(crate) fn milliseconds(repetitions: usize, mut work: impl FnMut()) -> f64 {
	median((0..repetitions).map(|_| timed(&mut work).0.as_secs_f64() * 1e3).collect())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
	values.sort_by(f64::total_cmp);
	values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn rounded(number: f64) -> f64 {
	(number * 1_000.0).round() / 1_000.0
}

pub(crate) fn table(header: &[&str]) -> Table {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
	for column in 1..header.len() {
		if let Some(column) = table.column_mut(column) {
			column.set_cell_alignment(CellAlignment::Right);
		}
	}
	table
}
