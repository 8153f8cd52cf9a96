// SPDX-License-Identifier: Apache-2.0
//! Proofs of a rollup that has a program of its own, which makes them.

use super::{Cancel, Job, ProofBytes, ProvingError, Workers};
use crate::{program, rollup::Ledger};
use futures::future::BoxFuture;
use pvs_primitives::BlockNumber;
use pvs_verifier::PreparedKey;
use tokio::sync::Mutex;

/// Has batches proved by a process of the rollup's program.
#[derive(Debug)]
pub(crate) struct Program {
	/// It answers one request at a time.
	process: Mutex<program::Program>,
	key: PreparedKey,
}

impl Program {
	/// Returns what has a process make proofs for a verifying key.
	pub(crate) fn new(process: program::Program, key: PreparedKey) -> Self {
		Self { process: Mutex::new(process), key }
	}
}

impl Workers for Program {
	/// There is one process.
	fn capacity(&self) -> usize {
		1
	}

	/// Kills the process if the proof is not wanted any more; the next job starts it again.
	fn prove(
		&self,
		job: Job,
		_: BlockNumber,
		cancel: Cancel,
	) -> BoxFuture<'_, Result<ProofBytes, ProvingError>> {
		Box::pin(async move {
			let Job { work, inputs, shown } = job;
			let Ledger::Program(ledger) = &*work.state else {
				return Err(ProvingError::OtherRollup);
			};
			shown.begin(None);
			let mut process = self.process.lock().await;
			let proof = tokio::select! {
				proof = process.prove(&ledger.state, &work.data, &inputs) => proof?,
				() = cancel.cancelled() => return Err(ProvingError::Cancelled),
			};
			pvs_verifier::verify(&self.key, &inputs.to_array(), &proof)?;
			Ok(proof)
		})
	}
}
