// SPDX-License-Identifier: Apache-2.0
//! Where reports go, and a bar per proof on a terminal.

use super::{name, Report};
use crate::{error::ProverError, monitor::Monitor, SERVICE};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pvs_client::Token;
use pvs_primitives::{api::BatchId, RoundNumber};
use pvs_service::{Form, Metrics};
use std::{
	io::{Result, Write},
	sync::{Arc, OnceLock},
	time::Duration,
};

/// Interval at which a bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Writes reports, counts them, and shows bars on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
	lines: pvs_service::Reporter<Report>,
	token: Token,
	bars: MultiProgress,
	monitor: Arc<Monitor>,
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

impl Reporter {
	/// Returns a reporter in JSON or in text, with amounts in `token`. A reader that has gone away does not
	/// stop the prover.
	pub(crate) fn start(
		json: bool,
		token: Token,
		metrics: &Metrics,
		monitor: Arc<Monitor>,
	) -> std::result::Result<Self, ProverError> {
		let bars = MultiProgress::new();
		let lines =
			pvs_service::Reporter::lines(SERVICE, Form::json_if(json), Output(bars.clone()))
				.map_err(|error| ProverError::Io("cannot start a thread".into(), error))?;
		Ok(Self { lines: lines.counted(metrics)?, token, bars, monitor })
	}

	/// Writes a report.
	pub(crate) fn say(&self, report: &Report) {
		self.monitor.note(report);
		self.lines.say(report.clone(), &self.token);
	}

	/// Shows a proof for a round.
	pub(crate) fn proof(&self, (batch, round): (BatchId, RoundNumber)) -> ShownProof {
		ShownProof { reporter: self.clone(), batch, round, bar: OnceLock::new() }
	}
}

/// A proof that is being made, as the operator sees it.
#[derive(Debug)]
pub(crate) struct ShownProof {
	reporter: Reporter,
	batch: BatchId,
	round: RoundNumber,
	bar: OnceLock<ProgressBar>,
}

impl ShownProof {
	/// It is begun, and has this many steps if that is known.
	pub(crate) fn begin(&self, steps: Option<u32>) {
		let (batch, round) = (self.batch, self.round);
		self.reporter.say(&Report::Proving { batch, round, steps });
		let template = "{spinner} {msg} [{elapsed}] {wide_bar} {pos}/{len} steps";
		let (bar, template) = match steps {
			Some(steps) => (ProgressBar::new(steps.into()), template),
			None => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
		};
		let style =
			ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
		let bar = bar.with_style(style).with_message(format!("proving {}", name(batch, round)));
		let bar = self.bar.get_or_init(|| self.reporter.bars.add(bar));
		bar.enable_steady_tick(TICK);
	}

	/// One more step is done.
	pub(crate) fn step(&self) {
		if let Some(bar) = self.bar.get() {
			bar.inc(1);
		}
	}
}

impl Drop for ShownProof {
	fn drop(&mut self) {
		if let Some(bar) = self.bar.get() {
			bar.finish_and_clear();
			self.reporter.bars.remove(bar);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	impl Reporter {
		/// Returns a reporter that nobody reads.
		pub(crate) fn silent() -> Self {
			let metrics = Metrics::new(SERVICE).unwrap();
			let monitor = Arc::new(Monitor::new(&metrics, TICK).unwrap());
			let lines = pvs_service::Reporter::<Report>::new(SERVICE, |_, _| {});
			Self { lines, token: Token::default(), bars: MultiProgress::new(), monitor }
		}
	}

	#[test]
	fn bar_should_show_the_steps_of_a_proof() {
		let shown = Reporter::silent().proof((BatchId { rollup: 0, index: 3 }, 0));
		shown.begin(Some(6));
		shown.step();
		assert_eq!(shown.bar.get().unwrap().position(), 1);
	}
}
