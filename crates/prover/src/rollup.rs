// SPDX-License-Identifier: Apache-2.0
//! The rollup that this prover works for: the reference payments rollup, or any other through a
//! [`program`](crate::program) of its own.

use crate::{
	config::{Batches, Config, Keys},
	error::ProverError,
	program::{Launch, Program, ProgramError},
	workers::{self, KeySource, Local, ProvingError, Queue},
};
use pvs_client::RollupState;
use pvs_primitives::{api::RollupInfo, hash::blake2_256, Bytes32, VERIFYING_KEY_BYTES};
use pvs_rollup::{demo, genesis::Genesis, proving::Kind, shape::Shape, state::State};
use pvs_verifier::PreparedKey;
use std::{fs::File, io::Read, path::Path, sync::Arc};
use tokio::{runtime::Handle, sync::Mutex, task::block_in_place};

/// Number of bytes that are read of a verifying key's file at most: its hex digits in UTF-16 take less.
const MAX_KEY_FILE_BYTES: usize = 5 * VERIFYING_KEY_BYTES;

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

impl Ledger {
	/// The sizes of a payments rollup; `None` if only a program knows what the state is.
	pub(crate) fn shape(&self) -> Option<Shape> {
		match self {
			Self::Payments(Payments(state)) => Some(state.shape()),
			Self::Program(_) => None,
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
/// queue of jobs before what makes proofs under its key.
pub(crate) async fn load(
	config: &Config,
	rollup: &RollupInfo<Bytes32>,
) -> Result<(Ledger, Queue), ProverError> {
	match &config.batches {
		Batches::Payments { genesis, keys, threads, back_end } => {
			let genesis = first_state(genesis.as_deref(), rollup)?;
			let (keys, whose) = match keys {
				Keys::Development(dir) => {
					(KeySource::Directory(dir.clone()), "the development key")
				},
				Keys::Ceremony { file, hash } => {
					let hash = hash.unwrap_or(rollup.verifying_key_hash);
					(KeySource::Pinned { file: file.clone(), hash }, "the key of --proving-key")
				},
			};
			let loaded = load_keys(config, genesis.shape(), keys, (*threads, *back_end));
			let (queue, found) = loaded.await?;
			check_key(rollup, whose, genesis.shape(), found)?;
			Ok((Ledger::Payments(Payments(genesis)), queue))
		},
		Batches::Program { launch, verifying_key } => {
			load_program(launch, verifying_key, config.nice, rollup).await
		},
	}
}

/// Loads or makes the keys of the payments rollup. Returns a queue before what proves with them, and the hash of the
/// verifying key.
async fn load_keys(
	config: &Config,
	shape: Shape,
	source: KeySource,
	(threads, back_end): (Option<usize>, Kind),
) -> Result<(Queue, Bytes32), ProverError> {
	let (nice, progress) = (config.nice, config.progress.clone());
	let prover = tokio::task::spawn_blocking(move || {
		Local::new(shape, &source, back_end, threads, nice, &*progress)
	})
	.await
	.map_err(|error| ProvingError::Crashed(error.to_string()))??;
	let hash = prover.verifying_key_hash();
	Ok((Queue::new(prover), hash))
}

/// The first state of the payments rollup with this genesis, the demo's by default, if the rollup on
/// the chain starts there and has batches of that shape.
fn first_state(file: Option<&Path>, rollup: &RollupInfo<Bytes32>) -> Result<State, ProverError> {
	let (genesis, whose) = match file {
		Some(path) => (Genesis::from_file(path)?, format!("the genesis {}", path.display())),
		None => {
			let whose = "the demo rollup (used without --genesis and --program)";
			(demo::genesis(), whose.to_owned())
		},
	};
	let shape = genesis.shape;
	if usize::try_from(rollup.params.data_len) != Ok(shape.data_len()) {
		let (rollup, found) = (rollup.id, rollup.params.data_len);
		let ours = shape.data_len();
		return Err(ProverError::ForeignShape { rollup, found, whose, shape, ours });
	}
	let state = match State::from_genesis(&genesis) {
		Ok(state) => state,
		Err(error) => return Err(ProverError::Genesis { whose, error }),
	};
	check_genesis(rollup, state.root(), &whose)?;
	Ok(state)
}

fn check_key(
	rollup: &RollupInfo<Bytes32>,
	keys: &'static str,
	shape: Shape,
	ours: Bytes32,
) -> Result<(), ProverError> {
	if ours == rollup.verifying_key_hash {
		return Ok(());
	}
	let (rollup, found) = (rollup.id, rollup.verifying_key_hash);
	Err(ProverError::ForeignRollup { rollup, found, keys, shape, ours })
}

async fn load_program(
	launch: &Launch,
	file: &Path,
	nice: i32,
	rollup: &RollupInfo<Bytes32>,
) -> Result<(Ledger, Queue), ProverError> {
	let (ours, prepared) = prepare_key(file)?;
	if ours != rollup.verifying_key_hash {
		let (rollup, found) = (rollup.id, rollup.verifying_key_hash);
		return Err(ProverError::OtherVerifyingKey { rollup, found, file: file.to_owned(), ours });
	}
	let launch = Arc::new(launch.clone());
	let (executor, prover) =
		tokio::try_join!(Program::start(launch.clone(), 0), Program::start(launch, nice))
			.map_err(ProvingError::from)?;
	let ledger = ProgramLedger::new(executor);
	check_genesis(rollup, ledger.root(), "the program of --program")?;
	let queue = Queue::new(workers::Program::new(prover, prepared));
	Ok((Ledger::Program(ledger), queue))
}

fn check_genesis(
	rollup: &RollupInfo<Bytes32>,
	ours: Bytes32,
	whose: &str,
) -> Result<(), ProverError> {
	if ours == rollup.genesis_root {
		return Ok(());
	}
	let (rollup, found) = (rollup.id, rollup.genesis_root);
	Err(ProverError::ForeignGenesis { rollup, found, whose: whose.to_owned(), ours })
}

/// Reads a verifying key in our encoding and checks it as a chain does: its hash, and the key as proofs
/// are verified with it.
fn prepare_key(file: &Path) -> Result<(Bytes32, PreparedKey), ProverError> {
	let key = read_key(file)?;
	let prepared = pvs_verifier::prepare_key(&key)
		.map_err(|error| ProverError::VerifyingKey { file: file.to_owned(), error })?;
	Ok((blake2_256(&[&key]), prepared))
}

/// Reads a verifying key in our encoding, or its hex digits.
fn read_key(path: &Path) -> Result<Vec<u8>, ProverError> {
	let name = || format!("cannot read the verifying key {}", path.display());
	let file = File::open(path).map_err(|error| ProverError::Io(name(), error))?;
	let mut key = Vec::new();
	let longest = u64::try_from(MAX_KEY_FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
	file.take(longest).read_to_end(&mut key).map_err(|error| ProverError::Io(name(), error))?;
	Ok(pvs_formats::wire_key(&key).into_owned())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::price::tests::params;
	use pvs_primitives::params::RollupParams;
	use pvs_verifier_testing::trapdoor::forgeable_keys;
	use std::{fs, path::PathBuf};
	use tempfile::TempDir;

	/// A rollup on the chain that starts with `genesis`.
	fn registered(genesis: &Genesis) -> RollupInfo<Bytes32> {
		let root = State::from_genesis(genesis).unwrap().root();
		let data_len = u32::try_from(genesis.shape.data_len()).unwrap();
		RollupInfo {
			id: 3,
			owner: [1; 32],
			sequencer: [2; 32],
			verifying_key_hash: [4; 32],
			genesis_root: root,
			finalized_root: root,
			next_to_finalize: 0,
			next_index: 0,
			tip_root: root,
			pending: 0,
			reserve: 1,
			params: RollupParams { data_len, ..params() },
			deposit: 1,
			offered_to: None,
			next_rent: Some(1),
		}
	}

	/// Fewer accounts than the demo, in another shape.
	fn large() -> Genesis {
		let mut accounts = demo::genesis().accounts;
		accounts.truncate(3);
		Genesis { shape: Shape::LARGE, accounts }
	}

	fn written(genesis: &Genesis) -> (TempDir, PathBuf) {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("genesis.json");
		fs::write(&path, serde_json::to_string(genesis).unwrap()).unwrap();
		(dir, path)
	}

	#[test]
	fn first_state_should_be_that_of_the_genesis_file_or_of_the_demo() {
		let (_dir, path) = written(&large());
		let state = first_state(Some(&path), &registered(&large())).unwrap();
		assert_eq!(state.shape(), Shape::LARGE);
		assert_eq!(state.root(), State::from_genesis(&large()).unwrap().root());
		let demo = first_state(None, &registered(&demo::genesis())).unwrap();
		assert_eq!((demo.shape(), demo.root()), (demo::SHAPE, *demo::GENESIS_ROOT));
	}

	#[test]
	fn rollup_should_be_refused_when_its_batches_have_another_length() {
		let (_dir, path) = written(&large());
		let small = first_state(Some(&path), &registered(&demo::genesis())).unwrap_err();
		assert!(matches!(small, ProverError::ForeignShape { found: 420, ours: 732, .. }));
		let words = format!(
			"rollup 3 has batches of 420 bytes, the genesis {} has batches of 732 (shape 7x2^20)",
			path.display()
		);
		assert_eq!(small.to_string(), words);
		// As many accounts and the same root, but other batches.
		let mut longer = registered(&large());
		longer.params.data_len += 1;
		let longer = first_state(Some(&path), &longer).unwrap_err();
		assert!(matches!(longer, ProverError::ForeignShape { found: 733, ours: 732, .. }));
		let demo = first_state(None, &registered(&large())).unwrap_err().to_string();
		assert!(demo.contains("732 bytes, the demo rollup (used without --genesis"), "{demo}");
	}

	#[test]
	fn rollup_should_be_refused_when_it_starts_from_another_state() {
		let mut richer = large();
		richer.accounts[0].balance += 1;
		let (_dir, path) = written(&richer);
		let refused = first_state(Some(&path), &registered(&large())).unwrap_err();
		assert!(matches!(refused, ProverError::ForeignGenesis { rollup: 3, .. }), "{refused}");
		assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
	}

	#[test]
	fn genesis_file_should_be_named_when_it_cannot_be_used() {
		let (dir, path) = written(&large());
		let rollup = registered(&large());
		let missing = dir.path().join("none.json");
		let refused = first_state(Some(&missing), &rollup).unwrap_err().to_string();
		assert!(refused.starts_with(&format!("cannot read {}", missing.display())), "{refused}");
		let text = fs::read_to_string(&path).unwrap();
		fs::write(&path, &text[..text.len() - 1]).unwrap();
		let refused = first_state(Some(&path), &rollup).unwrap_err();
		assert!(matches!(refused, ProverError::GenesisFile(_)));
		assert!(refused.to_string().starts_with(&path.display().to_string()), "{refused}");
	}

	#[test]
	fn rollup_should_be_refused_when_its_key_is_not_that_of_the_shape() {
		let rollup = registered(&large());
		assert!(check_key(&rollup, "the development key", Shape::LARGE, [4; 32]).is_ok());
		let refused = check_key(&rollup, "the development key", Shape::LARGE, [5; 32]).unwrap_err();
		let refused = refused.to_string();
		for part in [&*"04".repeat(32), &*"05".repeat(32), "7x2^20", "--proving-key", "--program"] {
			assert!(refused.contains(part), "{part}: {refused}");
		}
	}

	/// V0: a program's key is checked before there is a bid, and the cause is named.
	#[test]
	fn verifying_key_should_be_refused_by_name_when_proofs_could_be_forged_under_it() {
		let dir = tempfile::tempdir().unwrap();
		let file = dir.path().join("some.pvskey");
		for (key, error) in forgeable_keys() {
			fs::write(&file, key.bytes()).unwrap();
			let refused = prepare_key(&file).map(|_| ()).unwrap_err();
			assert!(
				matches!(&refused, ProverError::VerifyingKey { error: found, .. } if *found == error),
				"{}: {refused}",
				key.relation
			);
			let refused = refused.to_string();
			assert!(refused.contains("some.pvskey") && refused.contains(&error.to_string()));
		}
		let digits = format!("0x{}\r\n", hex::encode(demo::VERIFYING_KEY));
		for good in [&demo::VERIFYING_KEY[..], digits.as_bytes()] {
			fs::write(&file, good).unwrap();
			assert_eq!(prepare_key(&file).unwrap().0, blake2_256(&[demo::VERIFYING_KEY]));
		}
	}
}
