// SPDX-License-Identifier: Apache-2.0
//! The rollup that this prover works for: the reference payments rollup, or any other through a
//! [`program`](crate::program) of its own.

use crate::{
	cli::{default_dir, ProgramArgs, RunArgs},
	error::ProverError,
	program::{Launch, Program, ProgramError},
	proving::{KeySource, PaymentsProver, ProgramProver, ProofMaker, ProvingError},
};
use pvs_client::RollupState;
use pvs_primitives::{api::RollupInfo, hash::blake2_256, Bytes32, VERIFYING_KEY_BYTES};
use pvs_rollup::{demo, state::State};
use std::{fs::File, io::Read, path::Path, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::Mutex, task::block_in_place};

/// A state of the rollup, and how to get to the next.
#[derive(Clone, Debug)]
pub(crate) enum Ledger {
	/// The reference payments rollup, executed here.
	Payments(Payments),
	/// Another rollup, executed by its program.
	Program(ProgramLedger),
}

/// The reference payments rollup, as the replica runs it.
#[derive(Clone, Debug)]
pub(crate) struct Payments(pub(crate) State);

/// A state as a program describes it.
#[derive(Clone, Debug)]
pub(crate) struct ProgramLedger {
	root: Bytes32,
	/// In the program's own words.
	pub(crate) state: Arc<str>,
	executor: Arc<Mutex<Program>>,
	has_failed: bool,
}

impl ProgramLedger {
	/// The first state, and what executes batches on it.
	pub(crate) fn new(executor: Program) -> Self {
		let genesis = executor.genesis().clone();
		Self {
			root: genesis.root,
			state: genesis.state,
			executor: Arc::new(Mutex::new(executor)),
			has_failed: false,
		}
	}
}

impl RollupState for Ledger {
	fn root(&self) -> Bytes32 {
		match self {
			Self::Payments(payments) => payments.root(),
			Self::Program(ledger) => ledger.root(),
		}
	}

	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		match self {
			Self::Payments(payments) => payments.execute(data),
			Self::Program(ledger) => ledger.execute(data),
		}
	}

	fn has_failed(&self) -> bool {
		match self {
			Self::Payments(payments) => payments.has_failed(),
			Self::Program(ledger) => ledger.has_failed(),
		}
	}
}

impl RollupState for Payments {
	fn root(&self) -> Bytes32 {
		self.0.root()
	}

	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		self.0.execute_batch(data).map_err(|error| error.to_string())
	}
}

impl RollupState for ProgramLedger {
	fn root(&self) -> Bytes32 {
		self.root
	}

	/// Waits for the program, and leaves this thread's other tasks to another thread meanwhile.
	fn execute(&mut self, data: &[u8]) -> Result<(), String> {
		let answer = block_in_place(|| {
			Handle::current()
				.block_on(async { self.executor.lock().await.execute(&self.state, data).await })
		});
		match answer {
			Ok(after) => {
				(self.root, self.state) = (after.root, after.state);
				Ok(())
			},
			Err(ProgramError::Refused(reason)) => Err(reason),
			Err(error) => {
				self.has_failed = true;
				Err(error.to_string())
			},
		}
	}

	fn has_failed(&self) -> bool {
		self.has_failed
	}
}

/// Loads what the rollup needs and checks that it is the one on the chain: its first state, and a
/// maker of proofs under its key.
pub(crate) async fn load(
	args: &RunArgs,
	rollup: &RollupInfo<Bytes32>,
) -> Result<(Ledger, ProofMaker), ProverError> {
	match &args.program.program {
		Some(path) => load_program(args, path, rollup).await,
		None => load_payments(args, rollup).await,
	}
}

async fn load_payments(
	args: &RunArgs,
	rollup: &RollupInfo<Bytes32>,
) -> Result<(Ledger, ProofMaker), ProverError> {
	let genesis = State::from_genesis(&demo::genesis())
		.map_err(|error| ProverError::Genesis(error.to_string()))?;
	check_genesis(rollup, genesis.root(), "the built-in payments rollup (used without --program)")?;
	let source = match &args.proving_key {
		Some(file) => {
			let hash = args.verifying_key_hash.unwrap_or(rollup.verifying_key_hash);
			KeySource::Pinned { file: file.clone(), hash }
		},
		None => KeySource::Directory(args.keys_dir.clone().unwrap_or_else(|| default_dir("keys"))),
	};
	let (back_end, threads, nice) = (args.back_end, args.threads, args.nice);
	let prover =
		tokio::task::spawn_blocking(move || PaymentsProver::new(&source, back_end, threads, nice))
			.await
			.map_err(|error| ProvingError::Crashed(error.to_string()))??;
	if prover.verifying_key_hash() != rollup.verifying_key_hash {
		return Err(ProverError::ForeignRollup {
			rollup: rollup.id,
			found: rollup.verifying_key_hash,
		});
	}
	Ok((Ledger::Payments(Payments(genesis)), ProofMaker::payments(prover)))
}

async fn load_program(
	args: &RunArgs,
	path: &Path,
	rollup: &RollupInfo<Bytes32>,
) -> Result<(Ledger, ProofMaker), ProverError> {
	let ProgramArgs { program_arg, verifying_key, execute_timeout, .. } = &args.program;
	let file = verifying_key.as_deref().ok_or(ProverError::NoVerifyingKey)?;
	let key = read_key(file)?;
	let prepared = pvs_verifier::prepare_key(&key)
		.map_err(|error| ProverError::VerifyingKey { file: file.to_owned(), error })?;
	let ours = blake2_256(&[&key]);
	if ours != rollup.verifying_key_hash {
		let (rollup, found) = (rollup.id, rollup.verifying_key_hash);
		return Err(ProverError::OtherVerifyingKey { rollup, found, file: file.to_owned(), ours });
	}
	let launch = Arc::new(Launch {
		program: path.to_owned(),
		arguments: program_arg.clone(),
		execute_limit: Duration::from_secs(u64::from(*execute_timeout)),
	});
	let (executor, prover) =
		tokio::try_join!(Program::start(launch.clone(), 0), Program::start(launch, args.nice))
			.map_err(ProvingError::from)?;
	let ledger = ProgramLedger::new(executor);
	check_genesis(rollup, ledger.root(), "the program of --program")?;
	let maker = ProofMaker::program(ProgramProver::new(prover, prepared));
	Ok((Ledger::Program(ledger), maker))
}

fn check_genesis(
	rollup: &RollupInfo<Bytes32>,
	ours: Bytes32,
	whose: &'static str,
) -> Result<(), ProverError> {
	if ours == rollup.genesis_root {
		return Ok(());
	}
	let (rollup, found) = (rollup.id, rollup.genesis_root);
	Err(ProverError::ForeignGenesis { rollup, found, whose, ours })
}

/// Reads a verifying key in our encoding.
fn read_key(path: &Path) -> Result<Vec<u8>, ProverError> {
	let name = || format!("cannot read the verifying key {}", path.display());
	let file = File::open(path).map_err(|error| ProverError::Io(name(), error))?;
	let mut key = Vec::new();
	let longest = u64::try_from(VERIFYING_KEY_BYTES).unwrap_or(u64::MAX).saturating_add(1);
	file.take(longest).read_to_end(&mut key).map_err(|error| ProverError::Io(name(), error))?;
	Ok(key)
}
