// SPDX-License-Identifier: Apache-2.0
//! Keys and proofs. One set-up, seconds long, serves all tests of this file.

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::Proof;
use pvs_primitives::{
	api::BatchId,
	field::scalar_to_be,
	hash::blake2_256,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
	PROOF_BYTES,
};
use pvs_rollup::{
	batch::Batch,
	demo,
	genesis::Genesis,
	keys::SecretKey,
	proving::{
		key_file, load_or_generate, load_or_generate_for, BatchProver, Keys, Kind, Progress,
		ProveError, Prover, Silent, Unwatched, Watch,
	},
	shape::Shape,
	state::{ExecutionError, State, TransferError},
	transfer::{SignedTransfer, Transfer},
	Scalar,
};
use pvs_verifier::ProofError;
use std::{
	fs,
	sync::{
		atomic::{AtomicU32, Ordering},
		LazyLock, Mutex,
	},
	time::{Duration, Instant},
};

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Progress for Recorder {
	fn begin(&self, task: &str) {
		self.0.lock().unwrap().push(format!("begin {task}"));
	}

	fn end(&self) {
		self.0.lock().unwrap().push("end".into());
	}

	fn note(&self, line: &str) {
		self.0.lock().unwrap().push(format!("note {line}"));
	}
}

struct FirstUse {
	dir: tempfile::TempDir,
	keys: Keys,
	progress: Vec<String>,
}

/// Keys made in a directory whose key file is garbage.
static FIRST_USE: LazyLock<FirstUse> = LazyLock::new(|| {
	let dir = tempfile::tempdir().unwrap();
	fs::write(dir.path().join(key_file(demo::SHAPE)), [7; 1_000]).unwrap();
	let recorder = Recorder::default();
	let keys = load_or_generate(dir.path(), &recorder).unwrap();
	FirstUse { dir, keys, progress: recorder.0.into_inner().unwrap() }
});

fn keys() -> &'static Keys {
	&FIRST_USE.keys
}

static PROVER: LazyLock<BatchProver> =
	LazyLock::new(|| BatchProver::new(keys(), Kind::default()).unwrap());

fn prove(
	state: &State,
	data: &[u8],
	inputs: &PublicInputs,
) -> Result<[u8; PROOF_BYTES], ProveError> {
	PROVER.prove(state, data, inputs, &Unwatched)
}

fn state() -> State {
	State::from_genesis(&demo::genesis()).unwrap()
}

fn signed(from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransfer {
	Transfer { from, to, amount, nonce, ..Transfer::default() }.sign(&demo::secret_key(from))
}

fn batch(transfers: Vec<SignedTransfer>) -> Vec<u8> {
	Batch::new(demo::SHAPE, demo::FEE_ACCOUNT, transfers).unwrap().encode()
}

/// Three transfers; one pays a fee, one opens an account.
fn data() -> Vec<u8> {
	let new_key = Some(SecretKey::from_seed(&[9; 32]).public_key());
	let opening = Transfer { from: 1, to: 40_000, amount: 6, fee: 2, nonce: 0, new_key };
	batch(vec![signed(0, 1, 5, 0), opening.sign(&demo::secret_key(1)), signed(0, 2, 7, 1)])
}

fn inputs(data: &[u8]) -> PublicInputs {
	inputs_on(&state(), data)
}

fn inputs_on(state: &State, data: &[u8]) -> PublicInputs {
	PublicInputs {
		prev_state_root: state.root(),
		next_state_root: state.execute(data).unwrap().next_root(),
		data_commitment: data_commitment(data),
		binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
	}
}

#[test]
fn committed_files_should_equal_what_the_seed_gives() {
	assert_eq!(keys().verifying_key(), demo::VERIFYING_KEY, "run `pvs-rollup keys export-vk`");
	assert_eq!(&state().root(), demo::GENESIS_ROOT, "run `pvs-rollup genesis export-root`");
	assert_eq!(keys().verifying_key_hash(), blake2_256(&[demo::VERIFYING_KEY]));
}

#[test]
fn keys_should_be_made_again_when_the_file_is_damaged_and_then_loaded() {
	let [note, begin, end] = FIRST_USE.progress.as_slice() else {
		panic!("{:?}", FIRST_USE.progress);
	};
	assert!(
		note.contains(&key_file(demo::SHAPE)) && note.contains("making the keys again"),
		"{note}"
	);
	assert!(begin.contains("development-only"), "{begin}");
	assert_eq!(end, "end");

	let recorder = Recorder::default();
	let started = Instant::now();
	let loaded = load_or_generate(FIRST_USE.dir.path(), &recorder).unwrap();
	println!("loaded in {:?}", started.elapsed());
	assert_eq!(recorder.0.into_inner().unwrap(), Vec::<String>::new());
	assert_eq!(loaded.verifying_key(), keys().verifying_key());
	let data = data();
	let prover = BatchProver::new(&loaded, Kind::default()).unwrap();
	let proof = prover.prove(&state(), &data, &inputs(&data), &Unwatched).unwrap();
	pvs_verifier::verify(keys().prepared_key(), &inputs(&data).to_array(), &proof).unwrap();
	let files: Vec<_> = fs::read_dir(FIRST_USE.dir.path()).unwrap().collect();
	assert_eq!(files.len(), 1, "no temporary file stays");
}

#[test]
fn keys_should_be_made_again_when_the_file_is_larger_than_any() {
	let shape = Shape::new(1, 2).unwrap();
	let dir = tempfile::tempdir().unwrap();
	let path = dir.path().join(key_file(shape));
	let made = load_or_generate_for(shape, dir.path(), &Silent).unwrap();
	let size = fs::metadata(&path).unwrap().len();
	// One byte too many, and a hole that would not fit any memory.
	for found in [size + 1, 1 << 40] {
		fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(found).unwrap();
		let recorder = Recorder::default();
		let again = load_or_generate_for(shape, dir.path(), &recorder).unwrap();
		assert_eq!(again.verifying_key(), made.verifying_key());
		let note = recorder.0.into_inner().unwrap().remove(0);
		assert!(note.contains(&format!("has {found} bytes, more than the {size} of")), "{note}");
		assert_eq!(fs::metadata(&path).unwrap().len(), size);
	}
}

#[test]
fn keys_should_be_refused_when_the_directory_cannot_be_used() {
	let file = tempfile::NamedTempFile::new().unwrap();
	let error = load_or_generate(&file.path().join("below"), &Silent).unwrap_err();
	assert!(error.to_string().starts_with("cannot read"), "{error}");
}

#[test]
fn proof_should_verify_for_its_inputs_and_for_no_others() {
	let data = data();
	let inputs = inputs(&data);
	let proof = prove(&state(), &data, &inputs).unwrap();
	let verify = |inputs: &PublicInputs, proof: &[u8; PROOF_BYTES]| {
		pvs_verifier::verify(keys().prepared_key(), &inputs.to_array(), proof)
	};
	assert_eq!(verify(&inputs, &proof), Ok(()));
	let other = scalar_to_be(&Scalar::from(5u64));
	for wrong in [
		PublicInputs { prev_state_root: other, ..inputs },
		PublicInputs { next_state_root: other, ..inputs },
		PublicInputs { data_commitment: other, ..inputs },
		PublicInputs { binding: other, ..inputs },
		PublicInputs { next_state_root: inputs.prev_state_root, ..inputs },
	] {
		assert_eq!(verify(&wrong, &proof), Err(ProofError::NotValid));
	}
	let mut wrong = proof;
	wrong.copy_within(..64, 192);
	assert_eq!(verify(&inputs, &wrong), Err(ProofError::NotValid));
}

#[test]
fn proofs_should_differ_when_made_twice() {
	let data = data();
	let inputs = inputs(&data);
	let proof = || prove(&state(), &data, &inputs).unwrap();
	assert_ne!(proof(), proof());
}

#[test]
fn proofs_of_every_back_end_should_verify() {
	let data = data();
	let inputs = inputs(&data);
	for kind in Kind::ALL {
		let prover = BatchProver::new(keys(), kind).unwrap();
		assert_eq!(prover.back_end().name(), kind.name());
		assert_eq!(prover.verifying_key_hash(), keys().verifying_key_hash());
		let steps = Steps::default();
		let proof = prover.prove(&state(), &data, &inputs, &steps).unwrap();
		assert_eq!(pvs_verifier::verify(keys().prepared_key(), &inputs.to_array(), &proof), Ok(()));
		assert_eq!(steps.done.into_inner(), prover.back_end().steps());
		assert_eq!(kind.name().parse(), Ok(kind));
	}
	let error = "gpu".parse::<Kind>().unwrap_err();
	assert!(error.to_string().contains("\"gpu\""), "{error}");
}

#[test]
fn proof_should_end_at_the_next_step_when_it_is_cancelled() {
	let shape = Shape::new(1, 2).unwrap();
	let keys = Keys::generate(shape).unwrap();
	let state = State::from_genesis(&Genesis { shape, ..demo::genesis() }).unwrap();
	let data = Batch::new(shape, demo::FEE_ACCOUNT, vec![signed(0, 1, 5, 0)]).unwrap().encode();
	let inputs = inputs_on(&state, &data);
	// On one thread steps come one after the other; on several, what runs beside comes to its end.
	let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
	for kind in Kind::ALL {
		let prover = BatchProver::new(&keys, kind).unwrap();
		let all = prover.back_end().steps();
		for after in 0..all {
			let steps = Steps { cancel_after: Some(after), ..Steps::default() };
			let cancelled = pool.install(|| prover.prove(&state, &data, &inputs, &steps));
			assert!(matches!(cancelled, Err(ProveError::Cancelled)), "{kind} after {after}");
			assert_eq!(steps.done.into_inner(), after, "{kind}");
		}
		let steps = Steps { cancel_after: Some(all + 1), ..Steps::default() };
		assert!(pool.install(|| prover.prove(&state, &data, &inputs, &steps)).is_ok(), "{kind}");
		assert_eq!(steps.done.into_inner(), all, "{kind}");
	}
}

/// A back end for tests: says that it proves, and does not.
#[derive(Debug)]
struct Mock;

impl Prover for Mock {
	fn name(&self) -> &'static str {
		"mock"
	}

	fn steps(&self) -> u32 {
		0
	}

	fn prove(&self, _: &[Scalar], _: &dyn Watch) -> Result<Proof<Bn254>, ProveError> {
		let (a, b) = (G1Affine::generator(), G2Affine::generator());
		Ok(Proof { a, b, c: a })
	}
}

#[test]
fn proof_should_be_held_back_when_it_does_not_verify() {
	let data = data();
	let prover = BatchProver::with(keys(), Box::new(Mock));
	let held_back = prover.prove(&state(), &data, &inputs(&data), &Unwatched);
	assert!(matches!(held_back, Err(ProveError::SelfCheck(ProofError::NotValid))));
}

/// What a chain does with a proof, with the key that development chains register and what it knows of
/// the batch.
#[test]
fn mock_proof_should_be_refused_as_a_chain_verifies_it() {
	let inputs = inputs(&data());
	let registered = pvs_verifier::prepare_key(demo::VERIFYING_KEY).unwrap();
	let verify = |proof: &[u8]| pvs_verifier::verify(&registered, &inputs.to_array(), proof);
	let mock = pvs_verifier::encode_proof(&Mock.prove(&[], &Unwatched).unwrap());
	assert_eq!(verify(&mock), Err(ProofError::NotValid));
	assert_eq!(verify(&prove(&state(), &data(), &inputs).unwrap()), Ok(()), "a real one");
}

#[test]
fn values_should_be_refused_when_there_are_too_many_or_too_few() {
	for kind in Kind::ALL {
		let prover = BatchProver::new(keys(), kind).unwrap();
		let variables = keys().constraints().variables();
		for count in [0, 1, variables - 1, variables + 1] {
			let refused = prover.back_end().prove(&vec![Scalar::from(1); count], &Unwatched);
			assert!(
				matches!(refused, Err(ProveError::Assignment { expected, found })
					if expected == variables && found == count),
				"{kind}"
			);
		}
	}
}

#[derive(Default)]
struct Steps {
	done: AtomicU32,
	cancel_after: Option<u32>,
}

impl Watch for Steps {
	fn is_cancelled(&self) -> bool {
		self.cancel_after.is_some_and(|after| self.done.load(Ordering::SeqCst) >= after)
	}

	fn step(&self) {
		self.done.fetch_add(1, Ordering::SeqCst);
	}
}

#[test]
fn proof_should_be_made_in_the_pool_of_the_caller() {
	let data = data();
	let inputs = inputs(&data);
	LazyLock::force(&PROVER);
	let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
	let started = Instant::now();
	let proof = pool.install(|| prove(&state(), &data, &inputs)).unwrap();
	println!("proved in {:?} on two threads", started.elapsed());
	assert!(started.elapsed() < Duration::from_secs(60));
	assert_eq!(pvs_verifier::verify(keys().prepared_key(), &inputs.to_array(), &proof), Ok(()));
}

#[test]
fn proving_should_be_refused_when_no_proof_exists() {
	let data = data();
	let inputs = inputs(&data);
	let other = [0; 32];
	let refused = |inputs: PublicInputs, data: &[u8]| prove(&state(), data, &inputs).unwrap_err();
	let wrong = PublicInputs { prev_state_root: other, ..inputs };
	assert!(matches!(refused(wrong, &data), ProveError::PrevStateRoot));
	let wrong = PublicInputs { next_state_root: other, ..inputs };
	assert!(matches!(refused(wrong, &data), ProveError::NextStateRoot));
	let wrong = PublicInputs { data_commitment: other, ..inputs };
	assert!(matches!(refused(wrong, &data), ProveError::DataCommitment));
	let wrong = PublicInputs { binding: [0xff; 32], ..inputs };
	assert!(matches!(refused(wrong, &data), ProveError::Assign(_)));
	let invalid = batch(vec![signed(0, 1, 1, 1)]);
	let wrong = PublicInputs { data_commitment: data_commitment(&invalid), ..inputs };
	let cause = TransferError::Nonce { expected: 0, found: 1 };
	assert!(matches!(
		refused(wrong, &invalid),
		ProveError::Execution(ExecutionError::Transfer { slot: 0, cause: found }) if found == cause
	));
	let large = Genesis { shape: Shape::LARGE, ..demo::genesis() };
	let large = State::from_genesis(&large).unwrap();
	let refused = prove(&large, &data, &inputs).unwrap_err();
	assert!(matches!(refused, ProveError::Shape { .. }), "{refused}");
}
