// SPDX-License-Identifier: Apache-2.0
//! What a large state costs: in files, in memory, to clone, to change.

use super::{memory::Program, mib, rounded, table};
use crate::workload::{
	bar,
	state::{Accounts, Memory, KEPT, STEPS},
	Meter, Outcome,
};
use serde_json::{json, Value};
use std::{hint::black_box, time::Instant};

/// What is too short for a clock is repeated that often.
const REPETITIONS: u32 = 1_000_000;

/// Measures a state of `2^accounts_log2` accounts and prints a table. Returns the figures.
pub(crate) fn run(accounts_log2: u32) -> Outcome<Value> {
	let heap = Program::beside_this_one()?;
	let accounts = Accounts::new(accounts_log2)?;
	let bar = bar(STEPS + 2);
	let (state, times) = accounts.load::<Clock>(&bar)?;
	bar.set_message("cloning and changing the state");
	let ((), clones) = Clock::of(|| {
		(0..REPETITIONS).for_each(|_| drop(black_box(state.clone())));
		Ok(())
	})?;
	let clone = clones / f64::from(REPETITIONS);
	let batch = accounts.batch(0)?;
	let (_, executed) = Clock::of(|| Ok(state.execute(&batch)?))?;
	drop(state);
	bar.inc(1);
	bar.set_message("memory");
	let memory: Memory = heap.measure(&["state", "--accounts-log2", &accounts_log2.to_string()])?;
	bar.finish_and_clear();

	let Memory { peaks, held, kept } = memory;
	let batch_bytes = kept / u64::from(KEPT);
	let mut table = table(["what", "time", "memory"]);
	let row = |what: &str, seconds: f64, bytes: u64, kind: &str| {
		let time = match seconds {
			0.0 => String::new(),
			seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
			seconds if seconds >= 1e-3 => format!("{:.1} ms", seconds * 1e3),
			seconds => format!("{:.0} ns", seconds * 1e9),
		};
		[what.to_owned(), time, format!("{:.2} MiB {kind}", mib(bytes))]
	};
	table.add_row(row("read and check a genesis file", times.genesis, peaks.genesis, "peak"));
	table.add_row(row("build the state from it", times.build, peaks.build, "peak"));
	table.add_row(row("save the state", times.save, peaks.save, "peak"));
	table.add_row(row("load and check the state", times.load, peaks.load, "peak"));
	table.add_row(row("hold the state", 0.0, held, "held"));
	table.add_row(row("clone the state", clone, 0, "held"));
	table.add_row(row("execute a full batch on it", executed, batch_bytes, "held"));
	table.add_row(row(&format!("keep {KEPT} states, each a batch further"), 0.0, kept, "held"));
	let (count, transfers) = (accounts.count, accounts.shape.transfers());
	pvs_text::print(format_args!("{count} accounts, {transfers} transfers to a batch\n{table}"))?;
	let cost = |seconds: f64, peak: u64| {
		json!({
			"ms": rounded(seconds * 1e3),
			"peak_mib": rounded(mib(peak)),
		})
	};
	Ok(json!({
		"accounts": accounts.count,
		"transfers": accounts.shape.transfers(),
		"threads": rayon::current_num_threads(),
		"genesis": cost(times.genesis, peaks.genesis),
		"build": cost(times.build, peaks.build),
		"save": cost(times.save, peaks.save),
		"load": cost(times.load, peaks.load),
		"state_mib": rounded(mib(held)),
		"clone_ns": rounded(clone * 1e9),
		"batch_ms": rounded(executed * 1e3),
		"batch_kib": rounded(batch_bytes as f64 / 1024.0),
		"kept_states": KEPT,
		"kept_states_mib": rounded(mib(kept)),
	}))
}

/// Seconds as a figure.
struct Clock;

impl Meter for Clock {
	type Figure = f64;

	fn of<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
		let started = Instant::now();
		let result = work();
		let seconds = started.elapsed().as_secs_f64();
		Ok((result?, seconds))
	}
}
