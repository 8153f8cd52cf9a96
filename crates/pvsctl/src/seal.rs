// SPDX-License-Identifier: Apache-2.0
//! Parameters of seals, and the speed of this machine's squarings.

use crate::fail::finish;
use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use pvs_files::write_whole;
use pvs_timelock::{
	generator,
	solve::{prove_parameters, Solver, Squarer},
};
use serde_json::json;
use std::{
	fs,
	path::{Path, PathBuf},
	process::ExitCode,
	time::{Duration, Instant},
};

/// How often the state is saved.
const SAVE_EVERY: Duration = Duration::from_secs(30);

/// Options and command.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
	#[command(subcommand)]
	command: Command,
	/// Print one JSON object
	#[arg(long, global = true)]
	json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Compute h = g^(2^T) and its proof: 256 and 257 bytes in one file
	Parameters {
		/// T, in squarings; 1 at least
		#[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
		delay: u64,
		/// File to write the 513 bytes to
		#[arg(long)]
		out: PathBuf,
		/// File that the state is saved to now and then; resumes from it, and leaves it: it serves as the
		/// generator's checkpoints
		#[arg(long)]
		state: Option<PathBuf>,
		/// Threads that compute the proof
		#[arg(long, default_value_t = 1)]
		threads: usize,
	},
	/// Measure squarings per second
	Speed {
		/// Milliseconds to measure each squarer for
		#[arg(long, default_value_t = 1000)]
		milliseconds: u64,
	},
}

/// Does a command.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
	let report = match arguments.command {
		Command::Parameters { delay, out, state, threads } => {
			parameters(delay, &out, state.as_deref(), threads)
		},
		Command::Speed { milliseconds } => Ok(speed(Duration::from_millis(milliseconds))),
	};
	// With its causes in one line.
	finish(
		report
			.and_then(|report| show(&report, arguments.json))
			.map_err(|error| format!("{error:#}")),
	)
}

fn show(report: &serde_json::Value, json: bool) -> anyhow::Result<()> {
	if json {
		return Ok(pvs_text::print(report)?);
	}
	let lines = report.as_object().into_iter().flatten().map(|(name, value)| {
		format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
	});
	Ok(pvs_text::print(lines.collect::<Vec<_>>().join("\n"))?)
}

fn parameters(
	delay: u64,
	out: &Path,
	state: Option<&Path>,
	threads: usize,
) -> anyhow::Result<serde_json::Value> {
	let mut solver = match state {
		Some(path) if path.exists() => {
			let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
			Solver::from_bytes(&bytes, generator(), delay, Squarer::default())
				.with_context(|| format!("resuming from {}", path.display()))?
		},
		_ => Solver::new(generator(), delay, Squarer::default()),
	};
	let resumed = solver.done();
	// Hidden by itself where standard error is no terminal.
	let bar = ProgressBar::new(delay).with_position(resumed);
	if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %, {eta} left") {
		bar.set_style(style);
	}
	let (start, mut saved) = (Instant::now(), Instant::now());
	while !solver.advance(1 << 18) {
		bar.set_position(solver.done());
		if let (Some(path), true) = (state, saved.elapsed() > SAVE_EVERY) {
			write(path, &solver.to_bytes())?;
			saved = Instant::now();
		}
	}
	bar.finish_and_clear();
	let squaring = start.elapsed();
	if let Some(path) = state {
		write(path, &solver.to_bytes())?;
	}
	let start = Instant::now();
	let parameters = prove_parameters("computed", &solver, threads)?;
	let proving = start.elapsed();
	write(out, &[&parameters.h[..], &parameters.h_proof[..]].concat())?;
	Ok(json!({
		"delay": delay,
		"digest": format!("0x{}", hex::encode(parameters.digest())),
		"resumed_from": resumed,
		"squaring_s": squaring.as_secs_f64(),
		"squarings_per_s": rate(delay.saturating_sub(resumed), squaring),
		"proof_s": proving.as_secs_f64(),
		"threads": threads,
		"out": out.display().to_string(),
	}))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
	write_whole(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn speed(duration: Duration) -> serde_json::Value {
	let measure = |squarer: Squarer| {
		let (start, mut squarings) = (Instant::now(), 0u64);
		let mut value = *generator();
		while start.elapsed() < duration {
			value = squarer.square(&value, 1 << 14);
			squarings = squarings.saturating_add(1 << 14);
		}
		rate(squarings, start.elapsed())
	};
	json!({
		"openssl_squarings_per_s": measure(Squarer::OpenSsl),
		"portable_squarings_per_s": measure(Squarer::Portable),
	})
}

fn rate(squarings: u64, time: Duration) -> u64 {
	let per_second = u128::from(squarings).saturating_mul(1_000_000_000);
	let rate = per_second.checked_div(time.as_nanos()).unwrap_or(0);
	u64::try_from(rate).unwrap_or(u64::MAX)
}
