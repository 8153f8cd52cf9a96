// SPDX-License-Identifier: Apache-2.0
//! `pvs-bench verify`: how fast proofs are verified natively, through the host function and in Wasm,
//! beside arkworks and snarkjs in the same run.

use crate::{
	measure::{median, rounded, table, timed},
	progress,
};
use anyhow::{bail, ensure, Context};
use ark_bn254::Fr;
use pvs_primitives::Bytes32;
use pvs_verifier::{verify_batch, Claim};
use pvs_verifier_testing::{
	bytes::be,
	corpus::Fixture,
	peer::{Arkworks, ArkworksBatch},
};
use pvs_verifier_wasm::{Path, Request, Verifier};
use serde_json::{json, Value};
use std::{
	path::PathBuf,
	process::{Command, Stdio},
	time::Duration,
};

/// Sizes of batches.
const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
/// Proofs of the batch that arkworks verifies too.
const BATCH: usize = 64;
/// Rounds in which everything is measured once, so that the machine's moods hit all alike.
const ROUNDS: usize = 11;
/// What is repeated for at least this long within a round.
const AT_LEAST: Duration = Duration::from_millis(12);
/// Calls of single verification that are not counted in each round: a key is in use then, as that of a
/// rollup is. What a key costs that is not is measured apart, and would otherwise take part here, since it drives
/// all others out.
const WARM_UP: usize = 10;
/// More keys than a node keeps, so that using them in turn finds none kept.
const KEYS: usize = 80;

/// The option with which the program measures native verification on one core, for itself.
pub(crate) const ONE_CORE: &str = "--one-core";

/// One thing to measure: how often in a call, and what.
struct Subject<'a> {
	name: String,
	proofs: usize,
	run: Box<dyn FnMut() -> anyhow::Result<()> + 'a>,
	/// Milliseconds per proof, one for each round.
	times: Vec<f64>,
}

impl<'a> Subject<'a> {
	fn new(
		name: impl Into<String>,
		proofs: usize,
		run: impl FnMut() -> anyhow::Result<()> + 'a,
	) -> Self {
		Self { name: name.into(), proofs, run: Box::new(run), times: Vec::new() }
	}

	fn measure(&mut self) -> anyhow::Result<()> {
		let warm_up = if self.proofs == 1 { WARM_UP } else { 1 };
		for _ in 0..warm_up {
			(self.run)().with_context(|| self.name.clone())?;
		}
		let mut calls = 0_u32;
		let mut total = Duration::ZERO;
		while total < AT_LEAST {
			let (time, result) = timed(&mut self.run);
			result.with_context(|| self.name.clone())?;
			total += time;
			calls += 1;
		}
		#[allow(clippy::cast_precision_loss, reason = "small numbers")]
		let proofs = f64::from(calls) * self.proofs as f64;
		self.times.push(total.as_secs_f64() * 1e3 / proofs);
		Ok(())
	}

	fn time(&self) -> f64 {
		median(self.times.clone())
	}

	/// The median over the rounds of how many times as long `other` takes.
	fn speedup_over(&self, other: &Self) -> f64 {
		median(other.times.iter().zip(&self.times).map(|(theirs, ours)| theirs / ours).collect())
	}
}

/// A key with as many proofs as the largest batch has.
struct Proofs {
	fixture: Fixture,
	all: Vec<([Bytes32; 4], [u8; 256])>,
}

impl Proofs {
	fn new() -> Self {
		let fixture = Fixture::new(1);
		let bar = progress::bar("proofs to verify", 256);
		let all = (0..256_u64)
			.map(|index| {
				bar.inc(1);
				let mut inputs = fixture.inputs;
				// All inputs of full length, and all different.
				inputs[3] = be(-Fr::from(index + 1));
				(inputs, fixture.keys.prove(&inputs, index))
			})
			.collect();
		Self { fixture, all }
	}

	fn arkworks(&self) -> Arkworks {
		let (inputs, proof) = &self.all[0];
		Arkworks::new(&self.fixture.keys, inputs, proof)
	}

	/// As many as [`BATCH`] for arkworks.
	fn arkworks_batch(&self) -> ArkworksBatch {
		ArkworksBatch::new(&self.fixture.keys, &self.all[..BATCH])
	}

	fn claims(&self, count: usize) -> Vec<Claim<'_>> {
		let prepared = &self.fixture.prepared;
		self.all[..count].iter().map(|(inputs, proof)| Claim { prepared, inputs, proof }).collect()
	}
}

fn all_hold(answers: &[Result<(), pvs_verifier::ProofError>]) -> anyhow::Result<()> {
	ensure!(answers.iter().all(Result::is_ok), "a proof was refused: {answers:?}");
	Ok(())
}

/// Native verification of batches.
fn native(proofs: &Proofs) -> Vec<Subject<'_>> {
	SIZES
		.map(|size| {
			let claims = proofs.claims(size);
			Subject::new(format!("native, batch of {size}"), size, move || {
				all_hold(&verify_batch(&claims))
			})
		})
		.into()
}

/// Ours on one core, for a size of batches.
struct OneCore {
	/// Milliseconds per proof.
	ms: f64,
	/// Speed-up over arkworks that prepares the key for each proof.
	by_preparing: f64,
	/// Speed-up over arkworks with a key prepared before, proof by proof.
	by_prepared: f64,
	/// Speed-up over arkworks with a key prepared before and [`BATCH`] proofs together.
	by_prepared_batch: f64,
}

/// Prints, as the child process on one core, the numbers of a [`OneCore`] for each size, in its order.
pub(crate) fn run_on_one_core() -> anyhow::Result<()> {
	use rustix::thread::{sched_setaffinity, CpuSet};
	let mut core = CpuSet::new();
	core.set(0);
	sched_setaffinity(None, &core).context("cannot stay on one core")?;
	let proofs = Proofs::new();
	let (arkworks, batch) = (proofs.arkworks(), proofs.arkworks_batch());
	let mut subjects: Vec<_> = peers(&arkworks, &batch).into();
	subjects.extend(native(&proofs));
	for _ in 0..ROUNDS {
		subjects.iter_mut().try_for_each(Subject::measure)?;
	}
	let ([preparing, prepared, prepared_batch], ours) =
		subjects.split_first_chunk().context("the peers come first")?;
	let of = |subject: &Subject<'_>| {
		let ratios = [preparing, prepared, prepared_batch].map(|peer| subject.speedup_over(peer));
		(subject.time(), ratios)
	};
	println!("{}", json!(ours.iter().map(of).collect::<Vec<_>>()));
	Ok(())
}

/// Returns what the child process measures, for each size.
fn on_one_core() -> anyhow::Result<Vec<OneCore>> {
	let program = std::env::current_exe()?;
	let output =
		Command::new(program).args(["verify", ONE_CORE]).stderr(Stdio::inherit()).output()?;
	ensure!(output.status.success(), "the measurement on one core failed: {}", output.status);
	let sizes: Vec<(f64, [f64; 3])> = serde_json::from_slice(&output.stdout)?;
	let sizes = sizes.into_iter();
	let sizes = sizes.map(|(ms, [by_preparing, by_prepared, by_prepared_batch])| OneCore {
		ms,
		by_preparing,
		by_prepared,
		by_prepared_batch,
	});
	Ok(sizes.collect())
}

/// The name of what a call that verifies nothing takes.
fn empty_call(path: &str) -> String {
	format!("{path}, call without a proof")
}

/// Takes the time of a call without a proof, which is the executor's, off the times of calls with some.
fn without_calls(subjects: &mut [Subject<'_>]) {
	for name in ["host function", "Wasm"] {
		let empty = empty_call(name);
		let Some(empty) = subjects.iter().find(|subject| subject.name == empty) else { continue };
		let overhead = empty.times.clone();
		let batches = format!("{name}, batch of ");
		for subject in subjects.iter_mut().filter(|subject| subject.name.starts_with(&batches)) {
			#[allow(clippy::cast_precision_loss, reason = "small numbers")]
			let proofs = subject.proofs as f64;
			for (time, overhead) in subject.times.iter_mut().zip(&overhead) {
				*time -= overhead / proofs;
			}
		}
	}
}

/// snarkjs's own verification, in its own process: milliseconds per proof.
fn snarkjs(directory: &std::path::Path) -> anyhow::Result<f64> {
	let names = ["verify.mjs", "verification_key.json", "public_large.json", "proof_large.json"];
	let output = Command::new("node")
		.args(names.map(|name| directory.join(name)))
		.stderr(Stdio::inherit())
		.output()
		.context("cannot start node")?;
	if !output.status.success() {
		bail!("snarkjs failed: {}", output.status);
	}
	let answer: Value = serde_json::from_slice(&output.stdout)?;
	answer["median_ms"].as_f64().context("snarkjs printed no time")
}

/// The name of what arkworks can do with a batch.
const PREPARED_BATCH: &str = "arkworks, prepared key, random combination of 64";

/// A subject for each way to verify with arkworks.
fn peers<'a>(arkworks: &'a Arkworks, batch: &'a ArkworksBatch) -> [Subject<'a>; 3] {
	[
		Subject::new(
			"arkworks, preparing the key for each proof (zkVerify's algorithm)",
			1,
			|| {
				ensure!(arkworks.verify_preparing(), "arkworks refuses the proof");
				Ok(())
			},
		),
		Subject::new("arkworks, prepared key", 1, || {
			ensure!(arkworks.verify_prepared(), "arkworks refuses the proof");
			Ok(())
		}),
		Subject::new(PREPARED_BATCH, BATCH, || {
			ensure!(batch.verify(), "arkworks refuses the batch");
			Ok(())
		}),
	]
}

/// Measures and prints.
pub(crate) fn run(json: bool, snarkjs_directory: Option<PathBuf>) -> anyhow::Result<()> {
	// Where arkworks would spread its work over threads, it gets one.
	let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
	one_thread.install(|| measure(json, snarkjs_directory))
}

fn measure(json: bool, snarkjs_directory: Option<PathBuf>) -> anyhow::Result<()> {
	let proofs = Proofs::new();
	let (arkworks, batch) = (proofs.arkworks(), proofs.arkworks_batch());
	let verifier: Verifier = Verifier::new()?;
	let others: Vec<_> = (0..KEYS).map(|seed| Fixture::new(1_000 + seed as u64)).collect();

	let mut bad = proofs.all[..64].to_vec();
	bad[21].1 = proofs.all[22].1;
	let prepared = &proofs.fixture.prepared;
	let one_bad: Vec<_> =
		bad.iter().map(|(inputs, proof)| Claim { prepared, inputs, proof }).collect();
	let all_bad: Vec<_> = (0..64)
		.map(|place| Claim {
			prepared,
			inputs: &proofs.all[place].0,
			proof: &proofs.all[place + 1].1,
		})
		.collect();

	let mut subjects: Vec<_> = peers(&arkworks, &batch).into();
	subjects.extend(native(&proofs));
	for path in [Path::Host, Path::Wasm] {
		let name = match path {
			Path::Host => "host function",
			Path::Wasm => "Wasm",
		};
		for size in SIZES {
			let request = Request::new(path, &proofs.claims(size));
			let nothing = Request::new(path, &[]);
			let verifier = &verifier;
			subjects.push(Subject::new(format!("{name}, batch of {size}"), size, move || {
				all_hold(&verifier.verify_batch(&request)?)
			}));
			if size == 1 {
				subjects.push(Subject::new(empty_call(name), 1, move || {
					all_hold(&verifier.verify_batch(&nothing)?)
				}));
			}
		}
	}
	let mut turn = others.iter().cycle();
	subjects.push(Subject::new("native, a key not used lately", 1, move || {
		let claim = turn.next().context("there are keys")?.claim();
		all_hold(&verify_batch(&[claim]))
	}));
	subjects.push(Subject::new("native, batch of 64 with one bad proof", 64, || {
		let answers = verify_batch(&one_bad);
		let bad = answers.iter().filter(|answer| answer.is_err()).count();
		ensure!(bad == 1 && answers[21].is_err(), "the bad proof was not found");
		Ok(())
	}));
	subjects.push(Subject::new("native, batch of 64 bad proofs", 64, || {
		ensure!(verify_batch(&all_bad).iter().all(Result::is_err), "a bad proof passed");
		Ok(())
	}));

	let many_keys: Vec<_> = others[..16].iter().map(Fixture::claim).collect();
	subjects.push(Subject::new("native, 16 proofs under 16 keys", 16, move || {
		all_hold(&verify_batch(&many_keys))
	}));
	let many_bad: Vec<_> = others[..16]
		.iter()
		.zip(&others[1..])
		.map(|(fixture, other)| Claim { prepared: &other.prepared, ..fixture.claim() })
		.collect();
	subjects.push(Subject::new("native, 16 bad proofs under 16 keys", 16, move || {
		ensure!(verify_batch(&many_bad).iter().all(Result::is_err), "a bad proof passed");
		Ok(())
	}));

	let bar = progress::bar("verifying", ROUNDS * subjects.len());
	for _ in 0..ROUNDS {
		for subject in &mut subjects {
			subject.measure()?;
			bar.inc(1);
		}
	}
	drop(bar);
	let one_core = on_one_core()?;
	let snarkjs_ms = snarkjs_directory.as_deref().map(snarkjs).transpose()?;

	// With the executor's part, before it is taken off.
	let single_with_call = subjects
		.iter()
		.find(|subject| subject.name == "host function, batch of 1")
		.map(|host| rounded(host.speedup_over(&subjects[0])));
	without_calls(&mut subjects);
	let named = |name: &str| {
		subjects.iter().find(|subject| subject.name == name).context("it was measured")
	};
	let baseline = &subjects[0];
	println!(
		"Groth16 over BN254, four public inputs; milliseconds per proof, medians of {ROUNDS} rounds in \
		 turns, and how many times faster than arkworks that prepares the key for each proof. Ours takes \
		 a second thread from four proofs on if there is a second core; arkworks takes one. \"Host function\" \
		 and \"Wasm\" are calls of a runtime that has nothing but the verifier, without the time of a call \
		 that verifies nothing."
	);
	let used_well = one_core.first().zip(one_core.get(3));
	if let Some((single, batch)) = used_well {
		println!(
			"Beside arkworks used well, natively on one core: {:.2} times as fast alone (its key prepared \
			 before), {:.2} times in a batch of {BATCH} (a random combination of as many).",
			single.by_prepared, batch.by_prepared_batch
		);
	}
	let mut rows = table(&["what", "ms per proof", "times as fast"]);
	for subject in &subjects {
		rows.add_row([
			subject.name.clone(),
			format!("{:.3}", subject.time()),
			format!("{:.2}", subject.speedup_over(baseline)),
		]);
	}
	for (size, measured) in SIZES.into_iter().zip(&one_core) {
		rows.add_row([
			format!("native, one core, batch of {size}"),
			format!("{:.3}", measured.ms),
			format!("{:.2}", measured.by_preparing),
		]);
	}
	if let Some(time) = snarkjs_ms {
		rows.add_row([
			"snarkjs (its own process, all cores)".into(),
			format!("{time:.3}"),
			format!("{:.2}", baseline.time() / time),
		]);
	}
	println!("{rows}");
	if json {
		let batches = |prefix: &str| -> anyhow::Result<Value> {
			let entries = subjects.iter().filter_map(|subject| {
				let size = subject.name.strip_prefix(&format!("{prefix}, batch of "))?;
				let size: usize = size.parse().ok()?;
				Some((size.to_string(), json!(rounded(subject.time()))))
			});
			Ok(Value::Object(entries.collect()))
		};
		let speedups = |prefix: &str| -> Value {
			let entries = subjects.iter().filter_map(|subject| {
				let size = subject.name.strip_prefix(&format!("{prefix}, batch of "))?;
				let size: usize = size.parse().ok()?;
				Some((size.to_string(), json!(rounded(subject.speedup_over(baseline)))))
			});
			Value::Object(entries.collect())
		};
		let cold = named("native, a key not used lately")?;
		let host = named("host function, batch of 1")?;
		let host64 = named("host function, batch of 64")?;
		println!(
			"{}",
			json!({
				"single_speedup": rounded(host.speedup_over(baseline)),
				"batch64_speedup": rounded(host64.speedup_over(baseline)),
				"host_ms": rounded(host.time()),
				"wasm_ms": rounded(named("Wasm, batch of 1")?.time()),
				"native_ms": rounded(named("native, batch of 1")?.time()),
				"native_one_core_ms": one_core.first().map(|single| rounded(single.ms)),
				"native_one_core_batch64_ms": one_core.get(3).map(|batch| rounded(batch.ms)),
				"single_speedup_one_core":
					one_core.first().map(|single| rounded(single.by_preparing)),
				"batch64_speedup_one_core": one_core.get(3).map(|batch| rounded(batch.by_preparing)),
				"single_vs_prepared_one_core":
					one_core.first().map(|single| rounded(single.by_prepared)),
				"batch64_vs_prepared_one_core":
					one_core.get(3).map(|batch| rounded(batch.by_prepared)),
				"batch64_vs_prepared_batch64_one_core":
					one_core.get(3).map(|batch| rounded(batch.by_prepared_batch)),
				"single_vs_prepared":
					rounded(named("native, batch of 1")?.speedup_over(named("arkworks, prepared key")?)),
				"batch64_vs_prepared":
					rounded(named("native, batch of 64")?.speedup_over(named("arkworks, prepared key")?)),
				"batch64_vs_prepared_batch64":
					rounded(named("native, batch of 64")?.speedup_over(named(PREPARED_BATCH)?)),
				"arkworks_prepared_batch64_ms": rounded(named(PREPARED_BATCH)?.time()),
				"per_call_preparing_ms": rounded(baseline.time()),
				"arkworks_prepared_ms": rounded(named("arkworks, prepared key")?.time()),
				"arkworks_prepared_speedup":
					rounded(named("arkworks, prepared key")?.speedup_over(baseline)),
				"snarkjs_ms": snarkjs_ms.map(rounded),
				"snarkjs_by_host": snarkjs_ms.map(|time| rounded(time / host.time())),
				"wasm_by_host": rounded(named("Wasm, batch of 1")?.time() / host.time()),
				"cold_key_ms": rounded(cold.time()),
				"cold_key_speedup": rounded(cold.speedup_over(baseline)),
				"single_speedup_with_call": single_with_call,
				"host_call_ms": rounded(named(&empty_call("host function"))?.time()),
				"wasm_call_ms": rounded(named(&empty_call("Wasm"))?.time()),
				"native_speedups": speedups("native"),
				"host_speedups": speedups("host function"),
				"wasm_speedups": speedups("Wasm"),
				"threads_from_4_proofs": std::thread::available_parallelism()?.get().min(2),
				"one_bad_of_64_ms": rounded(named("native, batch of 64 with one bad proof")?.time()),
				"all_bad_of_64_ms": rounded(named("native, batch of 64 bad proofs")?.time()),
				"native_batches_ms": batches("native")?,
				"host_batches_ms": batches("host function")?,
				"wasm_batches_ms": batches("Wasm")?,
				"many_keys_16_ms": rounded(named("native, 16 proofs under 16 keys")?.time()),
				"many_keys_16_bad_ms": rounded(named("native, 16 bad proofs under 16 keys")?.time()),
				"cores": std::thread::available_parallelism()?.get(),
			})
		);
	}
	Ok(())
}
