// SPDX-License-Identifier: Apache-2.0
//! What proofs cost: every back end beside `ark-groth16` as its users call it, in turns.

use super::{bar, mib, rounded, table};
use crate::{heap::HEAP, Outcome};
use ark_bn254::Bn254;
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_snark::SNARK;
use comfy_table::Table;
use indicatif::ProgressBar;
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
use pvs_verifier::PreparedKey;
use rand::rngs::OsRng;
use serde_json::{json, Value};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

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
	println!("{}", shown(&rows));
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
		let empty = HEAP.used();
		let keys = Keys::generate(shape)?;
		let (key, constraints) = (keys.proving_key().clone(), keys.constraints().clone());
		let prepared = *keys.prepared_key();
		drop(keys);
		bar.inc(1);

		let arkworks = backend::Arkworks::new(key.clone(), constraints.clone());
		let fast = backend::Fast::new(&key, constraints.clone())?;
		let [plain, ark, ours] = ["ark-groth16", "arkworks", "fast"];
		let mut times: [Vec<Duration>; 3] = Default::default();
		for repetition in 0..repetitions {
			bar.set_message(format!("2^{power}: proof {} of {repetitions}", repetition + 1));
			times[0].push(case.timed(plain, &prepared, || case.plainly(&key))?);
			times[1].push(case.timed(ark, &prepared, || case.by(&arkworks))?);
			times[2].push(case.timed(ours, &prepared, || case.by(&fast))?);
			bar.inc(1);
		}
		let [ark_ms, arkworks_ms, fast_ms] = times.map(median);

		// Each alone with what it holds: all but the first need the matrices beside the key.
		bar.set_message(format!("2^{power}: memory"));
		drop(fast);
		let arkworks_peak = case.peak(ark, &prepared, empty, || case.by(&arkworks))?;
		drop(arkworks);
		let with_matrices = HEAP.used();
		let rows = constraints.len();
		drop(constraints);
		let matrices = with_matrices - HEAP.used();
		let ark_peak = case.peak(plain, &prepared, empty, || case.plainly(&key))?;
		let constraints = Arc::new(Constraints::synthesise(shape)?);
		let fast = backend::Fast::new(&key, constraints)?;
		drop(key);
		let fast_peak = case.peak(ours, &prepared, empty, || case.by(&fast))?;
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
	fn plainly(&self, key: &ProvingKey<Bn254>) -> Outcome<Proof<Bn254>> {
		let circuit = BatchCircuit::new(&self.state, &self.data, &self.inputs)?;
		Ok(Groth16::<Bn254>::prove(key, circuit, &mut OsRng)?)
	}

	/// As a prover does it, without checking the proof.
	fn by(&self, prover: &dyn Prover) -> Outcome<Proof<Bn254>> {
		let values = assign(&self.state, &self.data, &self.inputs)?;
		Ok(prover.prove(&values, &Unwatched)?)
	}

	/// How long a proof takes that holds.
	fn timed(
		&self,
		by: &str,
		key: &PreparedKey,
		prove: impl FnOnce() -> Outcome<Proof<Bn254>>,
	) -> Outcome<Duration> {
		let (proof, time) = HEAP.uncounted(|| {
			let started = Instant::now();
			(prove(), started.elapsed())
		});
		self.check(by, key, &proof?)?;
		Ok(time)
	}

	/// The most memory in use while a proof is made that holds, above `empty`.
	fn peak(
		&self,
		by: &str,
		key: &PreparedKey,
		empty: usize,
		prove: impl FnOnce() -> Outcome<Proof<Bn254>>,
	) -> Outcome<f64> {
		let (proof, peak) = HEAP.peak(prove);
		self.check(by, key, &proof?)?;
		Ok(mib(peak.saturating_sub(empty)))
	}

	fn check(&self, by: &str, key: &PreparedKey, proof: &Proof<Bn254>) -> Outcome<()> {
		let proof = pvs_verifier::encode_proof(proof);
		pvs_verifier::verify(key, &self.inputs.to_array(), &proof).map_err(|error| {
			let shape = self.state.shape();
			format!("a proof by {by} of a batch of {shape} does not hold ({error}); its time means nothing").into()
		})
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
			format!("{:.0} MiB", row.arkworks.peak_mib),
			format!("{:.0} MiB", row.fast.peak_mib),
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_bn254::{G1Affine, G2Affine};
	use ark_ec::AffineRepr;

	#[test]
	fn measurement_should_fail_when_a_proof_does_not_hold() {
		let case = Case::new(demo::SHAPE).unwrap();
		let key = pvs_verifier::prepare_key(demo::VERIFYING_KEY).unwrap();
		let (a, b) = (G1Affine::generator(), G2Affine::generator());
		let prove = || Ok(Proof { a, b, c: a });
		let refused = case.timed("nobody", &key, prove).unwrap_err().to_string();
		assert!(refused.contains("by nobody of a batch of 4x2^16 does not hold"), "{refused}");
		let refused = case.peak("nobody", &key, 0, prove).unwrap_err().to_string();
		assert!(refused.contains("does not hold"), "{refused}");
	}
}
