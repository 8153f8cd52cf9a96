// SPDX-License-Identifier: Apache-2.0
//! Proofs of payments rollups, on threads of this program and at low priority, so that the node next door keeps up.

use super::{Cancel, Job, ProofBytes, ProvingError, Workers};
use crate::{
	progress::Progress,
	report::ShownProof,
	rollup::{Ledger, Payments},
	self_check,
};
use futures::future::BoxFuture;
use pvs_primitives::{BlockNumber, Bytes32};
use pvs_rollup::{
	proving::{self, BatchProver, KeyStoreError, Kind, ProveError, SetupError, Watch},
	shape::Shape,
};
use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

/// Source of the keys of the reference payments rollup.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
	/// Development keys, made if they are not there.
	Directory(PathBuf),
	/// A ceremony's keys, whose verifying key has this hash.
	Pinned {
		/// The key file.
		file: PathBuf,
		/// `blake2_256` of the verifying key.
		hash: Bytes32,
	},
}

/// Proves batches of the reference payments rollup, on threads of its own.
#[derive(Debug)]
pub(crate) struct Local {
	prover: Arc<BatchProver>,
	pool: Arc<rayon::ThreadPool>,
}

impl Local {
	/// Loads the keys for batches of `shape`, or makes those for development, and starts the threads.
	/// Of a pinned key only the verifying key is known to be the right one: it has to make a proof.
	pub(crate) fn new(
		shape: Shape,
		source: &KeySource,
		back_end: Kind,
		threads: Option<usize>,
		nice: i32,
		progress: &dyn Progress,
	) -> Result<Self, ProvingError> {
		let threads = threads.unwrap_or_else(|| {
			let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
			cores.saturating_sub(1).max(1)
		});
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(threads)
			.thread_name(|index| format!("prove-{index}"))
			.start_handler(move |_| lower_priority(nice))
			.build()?;
		let prover = pool.install(|| -> Result<_, ProvingError> {
			let keys = match source {
				KeySource::Directory(dir) => proving::load_or_generate_for(shape, dir, progress)?,
				KeySource::Pinned { file, hash } => {
					proving::load_pinned(file, shape, hash, progress)?
				},
			};
			let prover = BatchProver::new(&keys, back_end)
				.map_err(|error| KeyStoreError::from(SetupError::from(error)))?;
			if let KeySource::Pinned { file, .. } = source {
				self_check::run(&prover, progress)
					.map_err(|error| ProvingError::SelfCheck { file: file.clone(), error })?;
			}
			Ok(prover)
		})?;
		Ok(Self { prover: Arc::new(prover), pool: Arc::new(pool) })
	}

	/// `blake2_256` of the verifying key that the proofs are for.
	pub(crate) fn verifying_key_hash(&self) -> Bytes32 {
		self.prover.verifying_key_hash()
	}
}

impl Workers for Local {
	/// All threads work on one proof: two at once would make both late.
	fn capacity(&self) -> usize {
		1
	}

	fn prove(
		&self,
		job: Job,
		_: BlockNumber,
		cancel: Cancel,
	) -> BoxFuture<'_, Result<ProofBytes, ProvingError>> {
		let (prover, pool) = (self.prover.clone(), self.pool.clone());
		Box::pin(async move {
			let Job { work, inputs, shown } = job;
			shown.begin(Some(prover.back_end().steps()));
			let watched = Watched { cancel, shown };
			let made = tokio::task::spawn_blocking(move || {
				let Ledger::Payments(Payments(state)) = &*work.state else {
					return Err(ProvingError::OtherRollup);
				};
				let made = pool.install(|| prover.prove(state, &work.data, &inputs, &watched));
				made.map_err(|error| match error {
					ProveError::Cancelled => ProvingError::Cancelled,
					error => error.into(),
				})
			});
			made.await.map_err(|error| ProvingError::Crashed(error.to_string()))?
		})
	}
}

/// A proof that is being made.
struct Watched {
	cancel: Cancel,
	shown: ShownProof,
}

impl Watch for Watched {
	fn is_cancelled(&self) -> bool {
		self.cancel.check().is_err()
	}

	fn step(&self) {
		self.shown.step();
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
	use pvs_primitives::hash::blake2_256;
	use pvs_rollup::{demo, proving::Silent};
	use std::fs;

	#[test]
	fn keys_should_be_those_of_the_shape_that_is_asked_for() {
		let dir = tempfile::tempdir().unwrap();
		let shape = Shape::new(1, 2).unwrap();
		let load = |source| Local::new(shape, &source, Kind::default(), Some(1), 0, &Silent);
		let made = dir.path().join(proving::key_file(shape));
		let prover = load(KeySource::Directory(dir.path().to_owned())).unwrap();
		assert!(made.exists());
		assert_ne!(prover.verifying_key_hash(), blake2_256(&[demo::VERIFYING_KEY]));

		// The start of a ceremony's key, of no circuit.
		let file = dir.path().join("ceremony.key");
		fs::write(&file, [&b"pvs/key/v1\0\0\0\0\0\0"[..], &[0; 96]].concat()).unwrap();
		let refused = load(KeySource::Pinned { file, hash: [7; 32] }).unwrap_err().to_string();
		assert!(refused.contains("another circuit than that of batches of 1x2^4"), "{refused}");
	}

	/// Files of a ceremony's key of the smallest shape, as it is and with two points exchanged that its
	/// verifying key does not have.
	#[test]
	fn pinned_key_should_be_refused_when_it_makes_proofs_that_do_not_hold() {
		let dir = tempfile::tempdir().unwrap();
		let shape = Shape::new(1, 2).unwrap();
		let keys = proving::Keys::generate(shape).unwrap();
		let hash = keys.verifying_key_hash();
		let start = |name: &str, key: &_| {
			let file = dir.path().join(name);
			let bytes = proving::encode_ceremony_key(keys.constraints(), key).unwrap();
			fs::write(&file, bytes).unwrap();
			Local::new(
				shape,
				&KeySource::Pinned { file, hash },
				Kind::default(),
				Some(1),
				0,
				&Silent,
			)
		};
		let good = keys.proving_key();
		assert_eq!(start("good.key", good).unwrap().verifying_key_hash(), hash);
		let mut tampered = (**good).clone();
		tampered.h_query.swap(0, 1);
		let refused = start("tampered.key", &tampered).unwrap_err().to_string();
		for part in ["tampered.key is no good", "refuses its proofs", "pvsctl ceremony finalize"] {
			assert!(refused.contains(part), "{refused}");
		}
	}
}
