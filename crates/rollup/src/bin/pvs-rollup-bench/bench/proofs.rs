// SPDX-License-Identifier: Apache-2.0
//! What proofs cost: every back end beside `ark-groth16` as its users call it, in turns.

use super::{memory::Program, mib, rounded, table};
use crate::workload::{
	bar,
	proofs::{fullest, Case, Memory},
	Outcome, POWERS,
};
use ark_bn254::Bn254;
use ark_groth16::Proof;
use comfy_table::Table;
use indicatif::ProgressBar;
use pvs_rollup::{
	circuit,
	proving::{backend, Keys},
	shape::Shape,
};
use pvs_verifier::PreparedKey;
use serde_json::{json, Value};
use std::time::{Duration, Instant};

/// The domain of the demo rollup, whose ratio is the headline.
const HEADLINE: u32 = 16;

/// Measures all sizes up to `max_power`, `repetitions` proofs of each kind, and prints a table. Returns
/// the figures.
pub(crate) fn run(max_power: u32, repetitions: usize) -> Outcome<Value> {
	let heap = Program::beside_this_one()?;
	let powers: Vec<u32> = (*POWERS.start() as u32..=max_power).collect();
	let bar = bar(powers.len() * (repetitions + 2));
	let mut rows = Vec::new();
	for power in powers {
		rows.push(Row::measure(power, repetitions, &heap, &bar)?);
	}
	bar.finish_and_clear();
	pvs_text::print(shown(&rows))?;
	let headline = rows.iter().find(|row| row.power == HEADLINE);
	let large = circuit::count(Shape::LARGE)?.values().sum::<usize>();
	Ok(json!({
		"default_vs_ark": headline.map(|row| rounded(row.times.ark_groth16 / row.times.fast)),
		"constraints_per_transfer": large.div_ceil(Shape::LARGE.transfers()),
		"threads": rayon::current_num_threads(),
		"repetitions": repetitions,
		"rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
	}))
}

/// Medians in milliseconds.
struct Times {
	/// `ark-groth16` as it is called by everyone: it synthesises the circuit for each proof.
	ark_groth16: f64,
	/// The same with the matrices and values of ours.
	arkworks: f64,
	fast: f64,
}

struct Row {
	power: u32,
	shape: Shape,
	constraints: usize,
	times: Times,
	memory: Memory,
}

impl Row {
	fn measure(power: u32, repetitions: usize, heap: &Program, bar: &ProgressBar) -> Outcome<Self> {
		let shape = fullest(power)?;
		bar.set_message(format!("2^{power}: keys"));
		let keys = Keys::generate(shape)?;
		bar.inc(1);
		let constraints = keys.constraints().len();
		let times = Times::measure(keys, repetitions, |repetition| {
			bar.set_message(format!("2^{power}: proof {repetition} of {repetitions}"));
			bar.inc(1);
		})?;
		bar.set_message(format!("2^{power}: memory"));
		let memory = heap.measure(&["proofs", "--power", &power.to_string()])?;
		bar.inc(1);
		Ok(Self { power, shape, constraints, times, memory })
	}

	fn json(&self) -> Value {
		let figures = |milliseconds: f64, peak: u64| {
			json!({
				"ms": rounded(milliseconds),
				"peak_mib": rounded(mib(peak)),
				"vs_ark": rounded(self.times.ark_groth16 / milliseconds),
			})
		};
		json!({
			"domain": 1_u64 << self.power,
			"transfers": self.shape.transfers(),
			"accounts": self.shape.max_accounts(),
			"constraints": self.constraints,
			"matrices_mib": rounded(mib(self.memory.matrices)),
			"ark_groth16": figures(self.times.ark_groth16, self.memory.ark_groth16),
			"arkworks": figures(self.times.arkworks, self.memory.arkworks),
			"fast": figures(self.times.fast, self.memory.fast),
		})
	}
}

impl Times {
	/// Keeps nothing of the keys: memory is measured next, on the same machine.
	fn measure(keys: Keys, repetitions: usize, begin: impl Fn(usize)) -> Outcome<Self> {
		let case = Case::new(keys.shape())?;
		let (key, prepared) = (keys.proving_key().clone(), *keys.prepared_key());
		let arkworks = backend::Arkworks::new(key.clone(), keys.constraints().clone());
		let fast = backend::Fast::new(&key, keys.constraints().clone())?;
		let mut times: [Vec<Duration>; 3] = Default::default();
		for repetition in 1..=repetitions {
			begin(repetition);
			times[0].push(timed(&case, "ark-groth16", &prepared, || case.plainly(&key))?);
			times[1].push(timed(&case, "arkworks", &prepared, || case.by(&arkworks))?);
			times[2].push(timed(&case, "fast", &prepared, || case.by(&fast))?);
		}
		let [ark_groth16, arkworks, fast] = times.map(median);
		Ok(Self { ark_groth16, arkworks, fast })
	}
}

/// How long a proof takes that holds.
fn timed(
	case: &Case,
	by: &str,
	key: &PreparedKey,
	prove: impl FnOnce() -> Outcome<Proof<Bn254>>,
) -> Outcome<Duration> {
	let started = Instant::now();
	let proof = prove();
	let time = started.elapsed();
	case.check(by, key, &proof?)?;
	Ok(time)
}

fn median(mut times: Vec<Duration>) -> f64 {
	times.sort();
	times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

fn shown(rows: &[Row]) -> Table {
	let mut table = table([
		"domain",
		"transfers",
		"constraints",
		"ark-groth16",
		"arkworks",
		"fast",
		"fast vs ark-groth16",
		"memory: ark-groth16",
		"arkworks",
		"fast",
	]);
	for Row { power, shape, constraints, times, memory } in rows {
		table.add_row([
			format!("2^{power}"),
			shape.transfers().to_string(),
			constraints.to_string(),
			format!("{:.0} ms", times.ark_groth16),
			format!("{:.0} ms", times.arkworks),
			format!("{:.0} ms", times.fast),
			format!("{:.2}", times.ark_groth16 / times.fast),
			format!("{:.0} MiB", mib(memory.ark_groth16)),
			format!("{:.0} MiB", mib(memory.arkworks)),
			format!("{:.0} MiB", mib(memory.fast)),
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_bn254::{G1Affine, G2Affine};
	use ark_ec::AffineRepr;
	use pvs_rollup::demo;

	#[test]
	fn time_should_be_refused_when_the_proof_does_not_hold() {
		let case = Case::new(demo::SHAPE).unwrap();
		let key = pvs_verifier::prepare_key(demo::VERIFYING_KEY).unwrap();
		let (a, b) = (G1Affine::generator(), G2Affine::generator());
		let refused = timed(&case, "nobody", &key, || Ok(Proof { a, b, c: a })).unwrap_err();
		assert!(refused.to_string().contains("by nobody of a batch of 4x2^16 does not hold"));
	}
}
