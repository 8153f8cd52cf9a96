// SPDX-License-Identifier: Apache-2.0
//! What a large state costs: in files, in memory, to clone, to change.

use super::{bar, mib, rounded, table};
use crate::{heap::HEAP, Outcome};
use indicatif::ProgressBar;
use pvs_rollup::{
	batch::Batch,
	demo,
	genesis::{Genesis, GenesisAccount},
	keys::SecretKey,
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use serde_json::{json, Value};
use std::{
	fs::File,
	hint::black_box,
	io::{BufWriter, Write},
	time::Instant,
};

/// States that a prover keeps at most: one for each batch that may be in flight.
const KEPT: u32 = 256;
/// What is too short for a clock is repeated that often.
const REPETITIONS: u32 = 1_000_000;
/// Keys; each belongs to many accounts, which costs as much as if each had its own.
const KEYS: u32 = 16;

/// Measures a state of `2^accounts_log2` accounts and prints a table. Returns the figures.
pub(crate) fn run(accounts_log2: u32) -> Outcome<Value> {
	let shape = Shape::new(Shape::LARGE.transfers(), accounts_log2.div_ceil(2) as usize)?;
	let accounts = 1u32 << accounts_log2;
	let keys: Vec<_> = (0..KEYS).map(demo::secret_key).collect();
	let dir = tempfile::tempdir()?;
	let (genesis_file, state_file) = (dir.path().join("genesis.json"), dir.path().join("state"));
	let bar = bar(6);
	bar.set_message("making the accounts");
	write_genesis(&mut BufWriter::new(File::create(&genesis_file)?), shape, accounts, &keys)?;
	bar.inc(1);

	let (genesis, genesis_cost) =
		Cost::of(&bar, "reading the genesis", || Ok(Genesis::from_file(&genesis_file)?))?;
	let (built, build_cost) =
		Cost::of(&bar, "building the state", || Ok(State::from_genesis(&genesis)?))?;
	drop(genesis);
	let ((), save_cost) = Cost::of(&bar, "saving the state", || Ok(built.save(&state_file)?))?;
	let root = built.root();
	drop(built);
	let empty = HEAP.used();
	let (state, load_cost) = Cost::of(&bar, "loading the state", || Ok(State::load(&state_file)?))?;
	let held = HEAP.used() - empty;
	if state.root() != root {
		return Err("the loaded state has another root than the saved one".into());
	}

	bar.set_message("cloning and changing the state");
	let clone = HEAP.uncounted(|| {
		let started = Instant::now();
		(0..REPETITIONS).for_each(|_| drop(black_box(state.clone())));
		started.elapsed().as_secs_f64() / f64::from(REPETITIONS)
	});
	let batch = batch(shape, accounts, &keys, 0)?;
	let executed = HEAP.uncounted(|| {
		let started = Instant::now();
		let outcome = state.execute(&batch).map(drop);
		outcome.map(|()| started.elapsed().as_secs_f64())
	})?;
	let kept = keep(&state, shape, accounts, &keys)?;
	bar.inc(1);
	bar.finish_and_clear();

	let mut table = table(["what", "time", "memory"]);
	let row = |what: &str, seconds: f64, bytes: usize, kind: &str| {
		let time = match seconds {
			0.0 => String::new(),
			seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
			seconds if seconds >= 1e-3 => format!("{:.1} ms", seconds * 1e3),
			seconds => format!("{:.0} ns", seconds * 1e9),
		};
		[what.to_owned(), time, format!("{:.2} MiB {kind}", mib(bytes))]
	};
	let batch_bytes = kept / KEPT as usize;
	table.add_row(row(
		"read and check a genesis file",
		genesis_cost.seconds,
		genesis_cost.peak,
		"peak",
	));
	table.add_row(row("build the state from it", build_cost.seconds, build_cost.peak, "peak"));
	table.add_row(row("save the state", save_cost.seconds, save_cost.peak, "peak"));
	table.add_row(row("load and check the state", load_cost.seconds, load_cost.peak, "peak"));
	table.add_row(row("hold the state", 0.0, held, "held"));
	table.add_row(row("clone the state", clone, 0, "held"));
	table.add_row(row("execute a full batch on it", executed, batch_bytes, "held"));
	table.add_row(row(&format!("keep {KEPT} states, each a batch further"), 0.0, kept, "held"));
	println!("{} accounts, {} transfers to a batch", accounts, shape.transfers());
	println!("{table}");
	let cost = |cost: &Cost| {
		json!({
			"ms": rounded(cost.seconds * 1e3),
			"peak_mib": rounded(mib(cost.peak)),
		})
	};
	Ok(json!({
		"accounts": accounts,
		"transfers": shape.transfers(),
		"threads": rayon::current_num_threads(),
		"genesis": cost(&genesis_cost),
		"build": cost(&build_cost),
		"save": cost(&save_cost),
		"load": cost(&load_cost),
		"state_mib": rounded(mib(held)),
		"clone_ns": rounded(clone * 1e9),
		"batch_ms": rounded(executed * 1e3),
		"batch_kib": rounded(batch_bytes as f64 / 1024.0),
		"kept_states": KEPT,
		"kept_states_mib": rounded(mib(kept)),
	}))
}

struct Cost {
	seconds: f64,
	/// Above what was in use before.
	peak: usize,
}

impl Cost {
	/// Of work with few allocations, which may be timed while they are counted.
	fn of<T>(
		bar: &ProgressBar,
		what: &'static str,
		work: impl FnOnce() -> Outcome<T>,
	) -> Outcome<(T, Self)> {
		bar.set_message(what);
		let (empty, started) = (HEAP.used(), Instant::now());
		let (result, peak) = HEAP.peak(work);
		let seconds = started.elapsed().as_secs_f64();
		bar.inc(1);
		Ok((result?, Self { seconds, peak: peak.saturating_sub(empty) }))
	}
}

/// Account by account: a list of all would be counted.
fn write_genesis(
	file: &mut impl Write,
	shape: Shape,
	accounts: u32,
	keys: &[SecretKey],
) -> Outcome<()> {
	write!(file, "{{\"shape\":{},\"accounts\":[", serde_json::to_string(&shape)?)?;
	for (index, key) in (0..accounts).zip(keys.iter().cycle()) {
		let account =
			GenesisAccount { index, public_key: key.public_key(), balance: demo::BALANCE };
		let comma = if index == 0 { "" } else { "," };
		write!(file, "{comma}{}", serde_json::to_string(&account)?)?;
	}
	write!(file, "]}}")?;
	Ok(file.flush()?)
}

/// A full batch among accounts all over the tree, the `number`th of its kind.
fn batch(shape: Shape, accounts: u32, keys: &[SecretKey], number: u32) -> Outcome<Vec<u8>> {
	let count = shape.transfers() as u32;
	let mut transfers = Vec::new();
	for place in number * count..(number + 1) * count {
		// Odd numbers step through all indices of a power of two.
		let from = place.wrapping_mul(2_654_435_761) % accounts;
		let to = (from + accounts / 2 + 1) % accounts;
		let transfer = Transfer { from, to, amount: 1, fee: 1, ..Transfer::default() };
		let key = keys.get((from % KEYS) as usize).ok_or("an account without a key")?;
		transfers.push(transfer.sign(key));
	}
	Ok(Batch::new(shape, demo::FEE_ACCOUNT, transfers)?.encode())
}

/// The bytes that as many states take as a prover keeps, each a batch further than the one before; of few
/// accounts an estimate from fewer states.
fn keep(state: &State, shape: Shape, accounts: u32, keys: &[SecretKey]) -> Outcome<usize> {
	// Each payer pays once.
	let rounds = KEPT.min(accounts / shape.transfers() as u32);
	let batches = (0..rounds).map(|number| batch(shape, accounts, keys, number));
	let batches = batches.collect::<Outcome<Vec<_>>>()?;
	let mut states = Vec::with_capacity(batches.len() + 1);
	let empty = HEAP.used();
	let mut next = state.clone();
	for batch in &batches {
		next.execute_batch(batch)?;
		states.push(next.clone());
	}
	let used = HEAP.used().saturating_sub(empty);
	Ok(used / rounds as usize * KEPT as usize)
}
