// SPDX-License-Identifier: Apache-2.0
//! Bars on a terminal, and the standard output beside them.

use crate::loading::Loading;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pvs_primitives::{api::BatchId, RoundNumber};
use pvs_prover::{report::name, Progress};
use pvs_rollup::proving::Progress as LoadProgress;
use std::{
	collections::BTreeMap,
	io::{IsTerminal, Result, Write},
	sync::{Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};

/// Interval at which a bar is drawn.
const TICK: Duration = Duration::from_millis(100);
/// Time after which a replay shows its progress.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bars for what takes long.
#[derive(Default)]
pub(super) struct Bars {
	bars: MultiProgress,
	loading: Loading,
	shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
	proofs: BTreeMap<(BatchId, RoundNumber), ProgressBar>,
	replay_since: Option<Instant>,
	replay: Option<ProgressBar>,
}

impl Bars {
	/// Returns the standard output, around which bars step aside.
	pub(super) fn output(&self) -> impl Write + Send + 'static {
		Output(self.bars.clone())
	}

	fn shown(&self) -> MutexGuard<'_, Shown> {
		self.shown.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl LoadProgress for Bars {
	fn begin(&self, task: &str) {
		self.loading.begin(task);
	}

	fn end(&self) {
		self.loading.end();
	}

	fn note(&self, line: &str) {
		self.loading.note(line);
	}
}

impl Progress for Bars {
	fn replayed(&self, done: u32, all: u32) {
		let mut shown = self.shown();
		let since = *shown.replay_since.get_or_insert_with(Instant::now);
		if !std::io::stderr().is_terminal() || since.elapsed() < PATIENCE {
			return;
		}
		let bar = shown.replay.get_or_insert_with(|| {
			ProgressBar::new(all.into()).with_message("replaying the rollup")
		});
		bar.set_position(done.into());
	}

	fn replay_ended(&self) {
		let mut shown = self.shown();
		shown.replay_since = None;
		if let Some(bar) = shown.replay.take() {
			bar.finish_and_clear();
		}
	}

	fn proof_begun(&self, (batch, round): (BatchId, RoundNumber), steps: Option<u32>) {
		let (bar, template) = match steps {
			Some(steps) => (
				ProgressBar::new(steps.into()),
				"{spinner} {msg} [{elapsed}] {wide_bar} {pos}/{len} steps",
			),
			None => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
		};
		let style =
			ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
		let bar = bar.with_style(style).with_message(format!("proving {}", name(batch, round)));
		let bar = self.bars.add(bar);
		bar.enable_steady_tick(TICK);
		self.shown().proofs.insert((batch, round), bar);
	}

	fn proof_step(&self, proof: (BatchId, RoundNumber)) {
		if let Some(bar) = self.shown().proofs.get(&proof) {
			bar.inc(1);
		}
	}

	fn proof_ended(&self, proof: (BatchId, RoundNumber)) {
		let ended = self.shown().proofs.remove(&proof);
		if let Some(bar) = ended {
			bar.finish_and_clear();
			self.bars.remove(&bar);
		}
	}
}

/// The standard output, around which bars step aside.
struct Output(MultiProgress);

impl Write for Output {
	fn write(&mut self, bytes: &[u8]) -> Result<usize> {
		self.0.suspend(|| std::io::stdout().write(bytes))
	}

	fn flush(&mut self) -> Result<()> {
		std::io::stdout().flush()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bar_should_show_the_steps_of_a_proof() {
		let (bars, proof) = (Bars::default(), (BatchId { rollup: 0, index: 3 }, 0));
		bars.proof_begun(proof, Some(6));
		bars.proof_step(proof);
		assert_eq!(bars.shown().proofs[&proof].position(), 1);
		bars.proof_ended(proof);
		assert!(bars.shown().proofs.is_empty());
	}
}
