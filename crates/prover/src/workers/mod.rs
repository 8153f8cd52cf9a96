// SPDX-License-Identifier: Apache-2.0
//! Makers of proofs, and the one queue of jobs before them.

mod local;
mod program;
mod queue;

pub(crate) use local::{KeySource, Local};
pub(crate) use program::Program;

use crate::{
	appraise::Work, program::ProgramError, report::ShownProof, self_check::SelfCheckError,
};
use futures::future::BoxFuture;
use pvs_primitives::{public_inputs::PublicInputs, BlockNumber, PROOF_BYTES};
use pvs_rollup::proving::{KeyStoreError, PinnedKeyError, ProveError};
use pvs_verifier::ProofError;
use queue::Turns;
use std::{
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::sync::watch;

/// A proof as it goes to a chain.
pub(crate) type ProofBytes = [u8; PROOF_BYTES];

/// Makers of proofs.
pub(crate) trait Workers: Send + Sync {
	/// Returns the number of proofs that are made at the same time.
	fn capacity(&self) -> usize;

	/// Makes a proof, and verifies it. It is due in block `deadline`: who has a queue of its own takes the lowest
	/// first.
	///
	/// # Errors
	///
	/// [`ProvingError::Cancelled`] as soon as may be after the proof is not wanted any more.
	fn prove(
		&self,
		job: Job,
		deadline: BlockNumber,
		cancel: Cancel,
	) -> BoxFuture<'_, Result<ProofBytes, ProvingError>>;
}

/// A proof to make.
pub(crate) struct Job {
	/// Work that is proved.
	pub(crate) work: Work,
	/// Inputs for which the proof is to hold.
	pub(crate) inputs: PublicInputs,
	/// Display of the proof.
	pub(crate) shown: ShownProof,
}

/// Jobs that wait for workers. Clones stand before the same ones.
#[derive(Clone)]
pub(crate) struct Queue {
	workers: Arc<dyn Workers>,
	turns: Turns,
}

impl Queue {
	/// Returns an empty queue before these workers.
	pub(crate) fn new(workers: impl Workers + 'static) -> Self {
		let turns = Turns::new(workers.capacity());
		Self { workers: Arc::new(workers), turns }
	}

	/// Makes a proof once a worker is free. Of the jobs that wait, the one whose `deadline` is lowest is next.
	pub(crate) async fn prove(
		&self,
		job: Job,
		deadline: BlockNumber,
		cancel: Cancel,
	) -> Result<Proof, ProvingError> {
		let asked = Instant::now();
		let _turn = tokio::select! {
			turn = self.turns.take(deadline) => turn,
			() = cancel.cancelled() => return Err(ProvingError::Cancelled),
		};
		cancel.check()?;
		let waited = asked.elapsed();
		let started = Instant::now();
		let bytes = self.workers.prove(job, deadline, cancel.clone()).await?;
		cancel.check()?;
		Ok(Proof { bytes: Box::new(bytes), took: started.elapsed(), waited })
	}
}

/// Reason why there is no proof, or no way to make one.
#[derive(Debug, thiserror::Error)]
pub enum ProvingError {
	#[error("no proving keys, so no bids: {0}")]
	Keys(#[from] KeyStoreError),
	#[error("no proving keys, so no bids: {0}")]
	PinnedKeys(#[from] PinnedKeyError),
	#[error("cannot start the proving threads: {0}")]
	Threads(#[from] rayon::ThreadPoolBuildError),
	#[error("the proving key {} is no good, so no bids: {error}", file.display())]
	SelfCheck { file: PathBuf, error: SelfCheckError },
	#[error(transparent)]
	Proof(#[from] ProveError),
	#[error("the proof was cancelled: the batch is no longer this prover's job")]
	Cancelled,
	#[error("a proving thread stopped: {0}")]
	Crashed(String),
	#[error(transparent)]
	Program(#[from] ProgramError),
	#[error("the program's proof does not hold ({0}); was it made with the proving key of --verifying-key?")]
	Unsound(#[from] ProofError),
	#[error("the state is not one of the rollup that this prover has keys for")]
	OtherRollup,
}

impl ProvingError {
	/// Returns whether another attempt may well succeed: the program broke down, and said nothing about the batch.
	pub(crate) fn is_outage(&self) -> bool {
		matches!(self, Self::Program(error) if !matches!(error, ProgramError::Refused(_)))
	}
}

/// A finished proof.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
	pub(crate) bytes: Box<ProofBytes>,
	/// Without the time before it.
	pub(crate) took: Duration,
	/// Time that it stood in the queue.
	pub(crate) waited: Duration,
}

/// Set when a proof is not wanted any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<watch::Sender<bool>>);

impl Cancel {
	pub(crate) fn cancel(&self) {
		self.0.send_replace(true);
	}

	pub(super) fn check(&self) -> Result<(), ProvingError> {
		if *self.0.borrow() {
			return Err(ProvingError::Cancelled);
		}
		Ok(())
	}

	/// Returns once the proof is not wanted any more.
	pub(super) async fn cancelled(&self) {
		// `self` holds the sender, so waiting ends in no other way.
		let _ = self.0.subscribe().wait_for(|is_cancelled| *is_cancelled).await;
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
