// SPDX-License-Identifier: Apache-2.0
//! Output of reports, and of how proofs get on.

use super::{Report, Reporter};
use crate::{monitor::Monitor, progress::Progress};
use pvs_client::Token;
use pvs_primitives::{api::BatchId, RoundNumber};
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc,
};

/// Hands on reports, with amounts in the chain's token, and counts them.
#[derive(Clone)]
pub(crate) struct Teller {
	pub(crate) reporter: Reporter,
	pub(crate) token: Token,
	pub(crate) monitor: Arc<Monitor>,
	pub(crate) progress: Arc<dyn Progress>,
}

impl Teller {
	/// Tells what has happened.
	pub(crate) fn say(&self, report: &Report) {
		self.monitor.note(report);
		self.reporter.say(report.clone(), &self.token);
	}

	/// Shows a proof for a round.
	pub(crate) fn proof(&self, proof: (BatchId, RoundNumber)) -> ShownProof {
		ShownProof { teller: self.clone(), proof, is_begun: AtomicBool::new(false) }
	}
}

/// A proof that is being made, as the operator sees it.
pub(crate) struct ShownProof {
	teller: Teller,
	proof: (BatchId, RoundNumber),
	is_begun: AtomicBool,
}

impl ShownProof {
	/// It is begun, and has this many steps if that is known.
	pub(crate) fn begin(&self, steps: Option<u32>) {
		let (batch, round) = self.proof;
		self.teller.say(&Report::Proving { batch, round, steps });
		self.is_begun.store(true, Ordering::Relaxed);
		self.teller.progress.proof_begun(self.proof, steps);
	}

	/// One more step is done.
	pub(crate) fn step(&self) {
		self.teller.progress.proof_step(self.proof);
	}
}

impl Drop for ShownProof {
	fn drop(&mut self) {
		if self.is_begun.load(Ordering::Relaxed) {
			self.teller.progress.proof_ended(self.proof);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::SERVICE;
	use pvs_rollup::proving::{Progress as LoadProgress, Silent};
	use pvs_service::Metrics;
	use std::{sync::Mutex, time::Duration};

	impl Teller {
		/// Returns a teller to whom nobody listens.
		pub(crate) fn silent() -> Self {
			let metrics = Metrics::new(SERVICE).unwrap();
			Self {
				reporter: Reporter::new(SERVICE, |_, _| {}),
				token: Token::default(),
				monitor: Arc::new(Monitor::new(&metrics, Duration::from_secs(1)).unwrap()),
				progress: Arc::new(Silent),
			}
		}
	}

	#[derive(Default)]
	struct Heard(Mutex<Vec<String>>);

	impl LoadProgress for Heard {
		fn begin(&self, _: &str) {}
		fn end(&self) {}
		fn note(&self, _: &str) {}
	}

	impl Progress for Heard {
		fn replayed(&self, _: u32, _: u32) {}
		fn replay_ended(&self) {}
		fn proof_begun(&self, _: (BatchId, RoundNumber), steps: Option<u32>) {
			self.0.lock().unwrap().push(format!("begun {steps:?}"));
		}
		fn proof_step(&self, _: (BatchId, RoundNumber)) {
			self.0.lock().unwrap().push("step".into());
		}
		fn proof_ended(&self, _: (BatchId, RoundNumber)) {
			self.0.lock().unwrap().push("ended".into());
		}
	}

	#[test]
	fn proof_should_be_shown_from_its_beginning_to_its_end() {
		let heard = Arc::new(Heard::default());
		let teller = Teller { progress: heard.clone(), ..Teller::silent() };
		let proof = (BatchId { rollup: 0, index: 3 }, 0);
		drop(teller.proof(proof));
		assert!(heard.0.lock().unwrap().is_empty(), "it was never begun");
		let shown = teller.proof(proof);
		shown.begin(Some(6));
		shown.step();
		drop(shown);
		assert_eq!(*heard.0.lock().unwrap(), ["begun Some(6)", "step", "ended"]);
	}
}
