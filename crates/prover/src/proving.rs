// SPDX-License-Identifier: Apache-2.0
//! Proofs, on threads of their own and at low priority, so that the node next door keeps up.

use crate::{
	appraise::Work,
	program::{Program, ProgramError},
	progress::Progress,
	report::ShownProof,
	rollup::{Ledger, Payments},
	self_check::{self, SelfCheckError},
	turns::Turns,
};
use pvs_primitives::{public_inputs::PublicInputs, BlockNumber, Bytes32, PROOF_BYTES};
use pvs_rollup::{
	proving::{
		self, BatchProver, KeyStoreError, Kind, PinnedKeyError, ProveError, SetupError, Watch,
	},
	shape::Shape,
};
use pvs_verifier::{PreparedKey, ProofError};
use std::{
	num::NonZeroUsize,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::sync::{watch, Mutex};

/// Why there is no proof, or no way to make one.
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
	/// Whether another attempt may well succeed: the program broke down, and said nothing about the
	/// batch.
	pub(crate) fn is_outage(&self) -> bool {
		matches!(self, Self::Program(error) if !matches!(error, ProgramError::Refused(_)))
	}
}

/// A finished proof.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
	pub(crate) bytes: Box<[u8; PROOF_BYTES]>,
	/// Without the time before it.
	pub(crate) took: Duration,
	/// How long the proof before it was being made meanwhile.
	pub(crate) waited: Duration,
}

/// Set when a proof is not wanted any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<watch::Sender<bool>>);

impl Cancel {
	pub(crate) fn cancel(&self) {
		self.0.send_replace(true);
	}

	fn check(&self) -> Result<(), ProvingError> {
		if *self.0.borrow() {
			return Err(ProvingError::Cancelled);
		}
		Ok(())
	}

	/// Returns once the proof is not wanted any more.
	async fn cancelled(&self) {
		// `self` holds the sender, so waiting ends in no other way.
		let _ = self.0.subscribe().wait_for(|is_cancelled| *is_cancelled).await;
	}
}

/// Makes one proof after the other.
#[derive(Clone, Debug)]
pub(crate) struct ProofMaker {
	backend: Arc<Backend>,
	/// Two proofs at once would make both late.
	turns: Turns,
}

/// Where proofs come from.
#[derive(Debug)]
enum Backend {
	Payments(PaymentsProver),
	Program(Box<ProgramProver>),
}

impl ProofMaker {
	/// A maker of proofs of the reference payments rollup.
	pub(crate) fn payments(prover: PaymentsProver) -> Self {
		Self { backend: Arc::new(Backend::Payments(prover)), turns: Turns::default() }
	}

	/// A maker of proofs of another rollup, by its program.
	pub(crate) fn program(prover: ProgramProver) -> Self {
		Self { backend: Arc::new(Backend::Program(Box::new(prover))), turns: Turns::default() }
	}

	/// Makes a proof once it is this one's turn, and shows how it gets on. Of the proofs that wait, the
	/// one whose `due` block is lowest is next. The proof is verified before it is returned.
	pub(crate) async fn prove(
		&self,
		work: Work,
		inputs: PublicInputs,
		due: BlockNumber,
		cancel: Cancel,
		shown: ShownProof,
	) -> Result<Proof, ProvingError> {
		let asked = Instant::now();
		let _turn = tokio::select! {
			turn = self.turns.take(due) => turn,
			() = cancel.cancelled() => return Err(ProvingError::Cancelled),
		};
		cancel.check()?;
		let waited = asked.elapsed();
		let started = Instant::now();
		let bytes = match &*self.backend {
			Backend::Payments(prover) => prover.prove(work, inputs, &cancel, shown).await?,
			Backend::Program(prover) => {
				shown.begin(None);
				prover.prove(&work, &inputs, &cancel).await?
			},
		};
		cancel.check()?;
		Ok(Proof { bytes: Box::new(bytes), took: started.elapsed(), waited })
	}
}

/// Where the keys of the reference payments rollup are.
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
pub(crate) struct PaymentsProver {
	prover: Arc<BatchProver>,
	pool: Arc<rayon::ThreadPool>,
}

impl PaymentsProver {
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

	async fn prove(
		&self,
		work: Work,
		inputs: PublicInputs,
		cancel: &Cancel,
		shown: ShownProof,
	) -> Result<[u8; PROOF_BYTES], ProvingError> {
		let (prover, pool) = (self.prover.clone(), self.pool.clone());
		shown.begin(Some(prover.back_end().steps()));
		let watched = Watched { cancel: cancel.clone(), shown };
		tokio::task::spawn_blocking(move || {
			let Ledger::Payments(Payments(state)) = &*work.state else {
				return Err(ProvingError::OtherRollup);
			};
			pool.install(|| prover.prove(state, &work.data, &inputs, &watched)).map_err(|error| {
				match error {
					ProveError::Cancelled => ProvingError::Cancelled,
					error => error.into(),
				}
			})
		})
		.await
		.map_err(|error| ProvingError::Crashed(error.to_string()))?
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

/// Has batches proved by a rollup's program.
#[derive(Debug)]
pub(crate) struct ProgramProver {
	program: Mutex<Program>,
	key: PreparedKey,
}

impl ProgramProver {
	/// A prover that has `program` prove for the verifying key `key`.
	pub(crate) fn new(program: Program, key: PreparedKey) -> Self {
		Self { program: Mutex::new(program), key }
	}

	async fn prove(
		&self,
		work: &Work,
		inputs: &PublicInputs,
		cancel: &Cancel,
	) -> Result<[u8; PROOF_BYTES], ProvingError> {
		let Ledger::Program(ledger) = &*work.state else { return Err(ProvingError::OtherRollup) };
		let mut program = self.program.lock().await;
		let proof = tokio::select! {
			proof = program.prove(&ledger.state, &work.data, inputs) => proof?,
			() = cancel.cancelled() => return Err(ProvingError::Cancelled),
		};
		pvs_verifier::verify(&self.key, &inputs.to_array(), &proof)?;
		Ok(proof)
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
		let load =
			|source| PaymentsProver::new(shape, &source, Kind::default(), Some(1), 0, &Silent);
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
			PaymentsProver::new(
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
		for part in ["tampered.key is no good", "refuses its proofs", "pvs-ceremony finalise"] {
			assert!(refused.contains(part), "{refused}");
		}
	}

	#[test]
	fn proof_should_be_refused_when_it_was_cancelled() {
		let cancel = Cancel::default();
		assert!(cancel.check().is_ok());
		cancel.clone().cancel();
		assert!(matches!(cancel.check(), Err(ProvingError::Cancelled)));
	}
}
