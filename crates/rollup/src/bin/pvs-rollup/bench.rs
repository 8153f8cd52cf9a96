// SPDX-License-Identifier: Apache-2.0
//! What proofs cost: every back end beside `ark-groth16` as its users call it, in turns.

use crate::Outcome;
use ark_bn254::Bn254;
use ark_groth16::{Groth16, ProvingKey};
use ark_snark::SNARK;
use comfy_table::{presets::UTF8_FULL_CONDENSED, CellAlignment, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use peak_alloc::PeakAlloc;
use pvs_primitives::{
	api::BatchId,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
	PUBLIC_INPUTS,
};
use pvs_rollup::{
	circuit::{self, BatchCircuit, Constraints},
	demo,
	genesis::{Genesis, GenesisAccount},
	proving::{assign, backend, Keys, Prover, Unwatched},
	shape::{Shape, MAX_TRANSFERS},
	state::State,
	transfer::Transfer,
};
use rand::rngs::OsRng;
use serde_json::{json, Value};
use std::{
	hint::black_box,
	io::IsTerminal,
	sync::Arc,
	time::{Duration, Instant},
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Domains from 2^14 to 2^18, and the depth of the tree in each: the circuit of a batch among 2^16 accounts
/// does not fit the first one.
const SIZES: [(u32, usize); 5] = [(14, 4), (15, 8), (16, 8), (17, 10), (18, 10)];
/// The domain of the demo rollup, whose ratio is the headline.
const HEADLINE: u32 = 16;

/// Measures all sizes up to `max_power`, `repetitions` proofs of each kind, and prints a table. Returns
/// the figures.
pub(crate) fn run(max_power: u32, repetitions: usize) -> Outcome<Value> {
	let sizes: Vec<_> = SIZES.into_iter().filter(|(power, _)| *power <= max_power).collect();
	let bar = bar(sizes.len() * (repetitions + 2));
	let mut rows = Vec::new();
	for (power, depth) in sizes {
		rows.push(Row::measure(power, depth, repetitions, &bar)?);
	}
	bar.finish_and_clear();
	println!("{}", table(&rows));
	let headline = rows.iter().find(|row| row.power == HEADLINE);
	let large = circuit::count(Shape::LARGE)?.values().sum::<usize>();
	Ok(json!({
		"default_vs_ark": headline.map(|row| rounded(row.ark.milliseconds / row.fast.milliseconds)),
		"constraints_per_transfer": large.div_ceil(Shape::LARGE.transfers()),
		"threads": rayon::current_num_threads(),
		"repetitions": repetitions,
		"rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
	}))
}

/// One way to prove, as measured.
struct Figures {
	milliseconds: f64,
	peak_mib: f64,
}

struct Row {
	power: u32,
	shape: Shape,
	constraints: usize,
	/// What the matrices take, which all but plain `ark-groth16` keep.
	matrices_mib: f64,
	/// `ark-groth16` as it is called by everyone: it synthesises the circuit for each proof.
	ark: Figures,
	/// The same with the matrices and values of ours.
	arkworks: Figures,
	fast: Figures,
}

impl Row {
	fn measure(power: u32, depth: usize, repetitions: usize, bar: &ProgressBar) -> Outcome<Self> {
		let shape = fullest(power, depth)?;
		let case = Case::new(shape)?;
		bar.set_message(format!("2^{power}: keys"));
		let empty = HEAP.current_usage();
		let keys = Keys::generate(shape)?;
		let (key, constraints) = (keys.proving_key().clone(), keys.constraints().clone());
		drop(keys);
		bar.inc(1);

		let arkworks = backend::Arkworks::new(key.clone(), constraints.clone());
		let fast = backend::Fast::new(&key, constraints.clone())?;
		let mut times: [Vec<Duration>; 3] = Default::default();
		for repetition in 0..repetitions {
			bar.set_message(format!("2^{power}: proof {} of {repetitions}", repetition + 1));
			times[0].push(timed(|| case.plainly(&key))?);
			times[1].push(timed(|| case.by(&arkworks))?);
			times[2].push(timed(|| case.by(&fast))?);
			bar.inc(1);
		}
		let [ark_ms, arkworks_ms, fast_ms] = times.map(median);

		// Each alone with what it holds: all but the first need the matrices beside the key.
		bar.set_message(format!("2^{power}: memory"));
		drop(fast);
		let arkworks_peak = peak(empty, || case.by(&arkworks))?;
		drop(arkworks);
		let with_matrices = HEAP.current_usage();
		let rows = constraints.len();
		drop(constraints);
		let matrices = with_matrices - HEAP.current_usage();
		let ark_peak = peak(empty, || case.plainly(&key))?;
		let constraints = Arc::new(Constraints::synthesise(shape)?);
		let fast = backend::Fast::new(&key, constraints)?;
		drop(key);
		let fast_peak = peak(empty, || case.by(&fast))?;
		bar.inc(1);
		Ok(Self {
			power,
			shape,
			constraints: rows,
			matrices_mib: mib(matrices),
			ark: Figures { milliseconds: ark_ms, peak_mib: ark_peak },
			arkworks: Figures { milliseconds: arkworks_ms, peak_mib: arkworks_peak },
			fast: Figures { milliseconds: fast_ms, peak_mib: fast_peak },
		})
	}

	fn json(&self) -> Value {
		let figures = |figures: &Figures| {
			json!({
				"ms": rounded(figures.milliseconds),
				"peak_mib": rounded(figures.peak_mib),
				"vs_ark": rounded(self.ark.milliseconds / figures.milliseconds),
			})
		};
		json!({
			"domain": 1_u64 << self.power,
			"transfers": self.shape.transfers(),
			"accounts": self.shape.max_accounts(),
			"constraints": self.constraints,
			"matrices_mib": rounded(self.matrices_mib),
			"ark_groth16": figures(&self.ark),
			"arkworks": figures(&self.arkworks),
			"fast": figures(&self.fast),
		})
	}
}

/// A batch to prove, as full as can be.
struct Case {
	state: State,
	data: Vec<u8>,
	inputs: PublicInputs,
}

impl Case {
	fn new(shape: Shape) -> Outcome<Self> {
		let accounts = (0..demo::ACCOUNTS).map(|index| GenesisAccount {
			index,
			public_key: demo::secret_key(index).public_key(),
			balance: demo::BALANCE,
		});
		let state = State::from_genesis(&Genesis { shape, accounts: accounts.collect() })?;
		let mut draft = state.draft(demo::FEE_ACCOUNT);
		for nonce in 0.. {
			for from in 0..demo::ACCOUNTS {
				if !draft.is_full() {
					let to = (from + 1) % demo::ACCOUNTS;
					let transfer =
						Transfer { from, to, amount: 1, fee: 1, nonce, ..Transfer::default() };
					draft.push(&transfer.sign(&demo::secret_key(from)))?;
				}
			}
			if draft.is_full() {
				break;
			}
		}
		let outcome = draft.finish()?;
		let data = outcome.batch().encode();
		let inputs = PublicInputs {
			prev_state_root: state.root(),
			next_state_root: outcome.next_root(),
			data_commitment: data_commitment(&data),
			binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
		};
		Ok(Self { state, data, inputs })
	}

	/// As users of `ark-groth16` do it.
	fn plainly(&self, key: &ProvingKey<Bn254>) -> Outcome<()> {
		let circuit = BatchCircuit::new(&self.state, &self.data, &self.inputs)?;
		black_box(Groth16::<Bn254>::prove(key, circuit, &mut OsRng)?);
		Ok(())
	}

	/// As a prover does it, without checking the proof.
	fn by(&self, prover: &dyn Prover) -> Outcome<()> {
		let values = assign(&self.state, &self.data, &self.inputs)?;
		black_box(prover.prove(&values, &Unwatched)?);
		Ok(())
	}
}

/// The shape with the most transfers whose circuit fits a domain of `2^power`.
fn fullest(power: u32, depth: usize) -> Outcome<Shape> {
	let mut fits = None;
	for transfers in 1..=MAX_TRANSFERS {
		let shape = Shape::new(transfers, depth)?;
		// The public inputs and the constant one have rows too.
		let rows = circuit::count(shape)?.values().sum::<usize>() + PUBLIC_INPUTS + 1;
		if rows > 1 << power {
			break;
		}
		fits = Some(shape);
	}
	fits.ok_or_else(|| format!("no batch at depth {depth} fits a domain of 2^{power}").into())
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
	let started = Instant::now();
	work()?;
	Ok(started.elapsed())
}

fn median(mut times: Vec<Duration>) -> f64 {
	times.sort();
	times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// The most bytes in use during `work`, above `empty`.
fn peak(empty: usize, work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
	HEAP.reset_peak_usage();
	work()?;
	Ok(mib(HEAP.peak_usage().saturating_sub(empty)))
}

fn mib(bytes: usize) -> f64 {
	bytes as f64 / (1 << 20) as f64
}

fn rounded(number: f64) -> f64 {
	(number * 100.0).round() / 100.0
}

fn table(rows: &[Row]) -> Table {
	let mut table = Table::new();
	table.load_preset(UTF8_FULL_CONDENSED).set_header([
		"domain",
		"transfers",
		"constraints",
		"ark-groth16",
		"arkworks",
		"fast",
		"fast vs ark-groth16",
		"memory: ark-groth16",
		"fast",
	]);
	for column in table.column_iter_mut() {
		column.set_cell_alignment(CellAlignment::Right);
	}
	for row in rows {
		table.add_row([
			format!("2^{}", row.power),
			row.shape.transfers().to_string(),
			row.constraints.to_string(),
			format!("{:.0} ms", row.ark.milliseconds),
			format!("{:.0} ms", row.arkworks.milliseconds),
			format!("{:.0} ms", row.fast.milliseconds),
			format!("{:.2}", row.ark.milliseconds / row.fast.milliseconds),
			format!("{:.0} MiB", row.ark.peak_mib),
			format!("{:.0} MiB", row.fast.peak_mib),
		]);
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
