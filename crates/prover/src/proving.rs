// SPDX-License-Identifier: Apache-2.0
//! Proofs, on threads of their own and at low priority, so that the node next door keeps up.

use crate::appraise::Work;
use pvs_primitives::{public_inputs::PublicInputs, Bytes32, PROOF_BYTES};
use pvs_rollup::proving::{self, DevelopmentKeys, KeyStoreError, ProveError, Terminal};
use std::{
	num::NonZeroUsize,
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Why there is no proof, or no way to make one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvingError {
	#[error("no proving keys, so no bids: {0}")]
	Keys(#[from] KeyStoreError),
	#[error("cannot start the proving threads: {0}")]
	Threads(#[from] rayon::ThreadPoolBuildError),
	#[error(transparent)]
	Proof(#[from] ProveError),
	#[error("the proof was cancelled: the batch is no longer this prover's job")]
	Cancelled,
	#[error("a proving thread stopped: {0}")]
	Crashed(String),
}

/// A finished proof.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
	pub(crate) bytes: Box<[u8; PROOF_BYTES]>,
	pub(crate) took: Duration,
}

/// Set when a proof is not wanted any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
	pub(crate) fn cancel(&self) {
		self.0.store(true, Ordering::Relaxed);
	}

	fn check(&self) -> Result<(), ProvingError> {
		if self.0.load(Ordering::Relaxed) {
			return Err(ProvingError::Cancelled);
		}
		Ok(())
	}
}

/// Makes one proof after the other.
#[derive(Clone, Debug)]
pub(crate) struct ProofMaker {
	keys: Arc<DevelopmentKeys>,
	pool: Arc<rayon::ThreadPool>,
	/// Two proofs at once would make both late.
	turn: Arc<Mutex<()>>,
}

impl ProofMaker {
	/// Loads the keys from a directory, or makes them there, and starts the threads.
	pub(crate) fn new(
		keys_dir: &Path,
		threads: Option<usize>,
		nice: i32,
	) -> Result<Self, ProvingError> {
		let threads = threads.filter(|threads| *threads > 0).unwrap_or_else(|| {
			let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
			cores.saturating_sub(1).max(1)
		});
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(threads)
			.thread_name(|index| format!("prove-{index}"))
			.start_handler(move |_| lower_priority(nice))
			.build()?;
		let keys = pool.install(|| proving::load_or_generate(keys_dir, &Terminal::default()))?;
		Ok(Self { keys: Arc::new(keys), pool: Arc::new(pool), turn: Arc::default() })
	}

	/// `blake2_256` of the verifying key that the proofs are for.
	pub(crate) fn verifying_key_hash(&self) -> Bytes32 {
		self.keys.verifying_key_hash()
	}

	/// Makes a proof once it is this one's turn. The proof is verified before it is returned.
	pub(crate) async fn prove(
		&self,
		work: Work,
		inputs: PublicInputs,
		cancel: Cancel,
	) -> Result<Proof, ProvingError> {
		let _turn = self.turn.lock().await;
		cancel.check()?;
		let (keys, pool) = (self.keys.clone(), self.pool.clone());
		let started = Instant::now();
		let proof = tokio::task::spawn_blocking(move || {
			pool.install(|| proving::prove(&keys, &work.state, &work.data, &inputs))
		})
		.await
		.map_err(|error| ProvingError::Crashed(error.to_string()))??;
		cancel.check()?;
		Ok(Proof { bytes: Box::new(proof), took: started.elapsed() })
	}
}

/// On Linux a thread has a priority of its own, and `nice` sets that of the caller.
fn lower_priority(by: i32) {
	if by > 0 {
		if let Err(error) = rustix::process::nice(by) {
			tracing::debug!("cannot lower a thread's priority: {error}");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn proof_should_be_refused_when_it_was_cancelled() {
		let cancel = Cancel::default();
		assert!(cancel.check().is_ok());
		cancel.clone().cancel();
		assert!(matches!(cancel.check(), Err(ProvingError::Cancelled)));
	}
}
