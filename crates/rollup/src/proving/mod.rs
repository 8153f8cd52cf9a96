// SPDX-License-Identifier: Apache-2.0
//! Keys and proofs.
//!
//! Proving takes the constraints from the keys, where they are computed once, and asks the circuit
//! for values only; a back end makes a proof of these, see [`backend`]. It runs in the rayon pool of
//! its caller: wrap it in `pool.install` to bound its threads.

pub mod backend;
mod key_file;
mod pinned;
mod progress;

pub use backend::{Kind, Prover, Unwatched, Watch};
pub use key_file::{key_file, load_or_generate, load_or_generate_for, KeyStoreError};
pub use pinned::{ceremony_key_file, encode_ceremony_key, load_pinned, PinnedKeyError};
pub use progress::{Progress, Silent};

use crate::{
	circuit::{witness::AssignError, BatchCircuit, Constraints},
	shape::Shape,
	state::{ExecutionError, State},
	Scalar,
};
use ark_bn254::Bn254;
use ark_groth16::{Groth16, ProvingKey};
use ark_relations::gr1cs::SynthesisError;
use ark_snark::SNARK;
use pvs_primitives::{
	hash::blake2_256, poseidon::data_commitment, public_inputs::PublicInputs, Bytes32, PROOF_BYTES,
	VERIFYING_KEY_BYTES,
};
use pvs_verifier::{KeyError, PreparedKey, ProofError};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::sync::Arc;

/// The seed of the set-up. **Development only**: whoever knows it, that is everyone, can compute
/// the trapdoor and prove any false statement under this key. A real rollup takes its key from a
/// ceremony: `docs/ceremony.md`, [`load_pinned`].
pub const DEVELOPMENT_ONLY_SEED: [u8; 32] = *b"PVS DEVELOPMENT ONLY: FORGEABLE!";

/// Where keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
	/// [`DEVELOPMENT_ONLY_SEED`]: everybody can forge proofs.
	Development,
	/// A ceremony: nobody can, if one of its contributors deleted their secret.
	Ceremony,
}

/// Proving and verifying key of one shape of the reference rollup, and the constraints that they were
/// made for.
#[derive(Debug)]
pub struct Keys {
	shape: Shape,
	origin: Origin,
	proving_key: Arc<ProvingKey<Bn254>>,
	constraints: Arc<Constraints>,
	verifying_key: [u8; VERIFYING_KEY_BYTES],
	prepared_key: PreparedKey,
}

impl Keys {
	/// Runs the set-up with [`DEVELOPMENT_ONLY_SEED`]. The same keys on every machine.
	///
	/// # Errors
	///
	/// [`SetupError`].
	pub fn generate(shape: Shape) -> Result<Self, SetupError> {
		let constraints = Constraints::synthesise(shape)?;
		Self::assemble(shape, Origin::Development, set_up(shape)?, constraints)
	}

	fn assemble(
		shape: Shape,
		origin: Origin,
		proving_key: ProvingKey<Bn254>,
		constraints: Constraints,
	) -> Result<Self, SetupError> {
		let verifying_key = pvs_verifier::encode_verifying_key(&proving_key.vk)?;
		let prepared_key = pvs_verifier::prepare_key(&verifying_key)?;
		let (proving_key, constraints) = (Arc::new(proving_key), Arc::new(constraints));
		Ok(Self { shape, origin, proving_key, constraints, verifying_key, prepared_key })
	}

	/// The sizes of the circuit.
	pub fn shape(&self) -> Shape {
		self.shape
	}

	/// Where the keys come from.
	pub fn origin(&self) -> Origin {
		self.origin
	}

	/// The proving key.
	pub fn proving_key(&self) -> &Arc<ProvingKey<Bn254>> {
		&self.proving_key
	}

	/// The verifying key as a chain takes it.
	pub fn verifying_key(&self) -> &[u8; VERIFYING_KEY_BYTES] {
		&self.verifying_key
	}

	/// `blake2_256` of the verifying key: how a prover finds the keys of a rollup.
	pub fn verifying_key_hash(&self) -> Bytes32 {
		blake2_256(&[&self.verifying_key])
	}

	/// The verifying key as [`pvs_verifier::verify`] takes it.
	pub fn prepared_key(&self) -> &PreparedKey {
		&self.prepared_key
	}

	/// The constraints.
	pub fn constraints(&self) -> &Arc<Constraints> {
		&self.constraints
	}
}

fn set_up(shape: Shape) -> Result<ProvingKey<Bn254>, SynthesisError> {
	let rng = &mut ChaCha20Rng::from_seed(DEVELOPMENT_ONLY_SEED);
	let circuit = BatchCircuit::blank(shape);
	let (proving_key, _) = Groth16::<Bn254>::circuit_specific_setup(circuit, rng)?;
	Ok(proving_key)
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
	/// The circuit cannot be synthesised.
	#[error("cannot synthesise the circuit: {0}")]
	Synthesis(#[from] SynthesisError),
	/// A chain would refuse the verifying key.
	#[error("the set-up gives a verifying key that no chain accepts: {0}")]
	Key(#[from] KeyError),
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
	/// The keys are for another circuit.
	#[error(
		"the keys are for batches of {keys}, the state has {state}; take the keys of its shape"
	)]
	Shape {
		/// Of the keys.
		keys: Shape,
		/// Of the state.
		state: Shape,
	},
	/// The state is not the one that the batch builds on.
	#[error("the state has another root than the batch builds on; replay the batches before it")]
	PrevStateRoot,
	/// The batch cannot be executed: no proof of it exists.
	#[error("the batch is invalid and cannot be proved: {0}")]
	Execution(#[from] ExecutionError),
	/// The batch leads elsewhere: no proof of the claimed root exists.
	#[error("the batch leads to another root than claimed and cannot be proved")]
	NextStateRoot,
	/// The data is not what was committed to.
	#[error("the data does not match the data commitment; fetch the data of this batch")]
	DataCommitment,
	/// It is not wanted any more.
	#[error("the proof was cancelled")]
	Cancelled,
	/// There are more or fewer values than variables.
	#[error("the circuit has {expected} variables, {found} values are given; take the constraints of this circuit")]
	Assignment {
		/// Variables of the circuit.
		expected: usize,
		/// Values that were given.
		found: usize,
	},
	/// The values of the circuit cannot be filled in.
	#[error(transparent)]
	Assign(#[from] AssignError),
	/// The prover fails.
	#[error("cannot prove: {0}")]
	Synthesis(#[from] SynthesisError),
	/// The proof that was made does not verify. The keys or the machine are damaged.
	#[error(
		"the proof does not verify ({0}); get the key file anew and check the machine's memory"
	)]
	SelfCheck(#[from] ProofError),
}

/// Executes a batch and gives the values of all variables of its circuit: what any back end needs
/// beside keys and constraints.
///
/// # Errors
///
/// One [`ProveError`] per cause, see there.
pub fn assign(
	state_before: &State,
	data: &[u8],
	inputs: &PublicInputs,
) -> Result<Vec<Scalar>, ProveError> {
	if state_before.root() != inputs.prev_state_root {
		return Err(ProveError::PrevStateRoot);
	}
	if data_commitment(data) != inputs.data_commitment {
		return Err(ProveError::DataCommitment);
	}
	if state_before.execute(data)?.next_root() != inputs.next_state_root {
		return Err(ProveError::NextStateRoot);
	}
	Ok(BatchCircuit::new(state_before, data, inputs)?.assignment()?)
}

/// Proves batches of one shape, for one key, by a back end.
#[derive(Debug)]
pub struct BatchProver {
	shape: Shape,
	prepared_key: PreparedKey,
	verifying_key_hash: Bytes32,
	back_end: Box<dyn Prover>,
}

impl BatchProver {
	/// A prover with a back end of this kind. The keys can be dropped then: it holds what it needs
	/// of them.
	///
	/// # Errors
	///
	/// Those of [`backend::Fast::new`].
	pub fn new(keys: &Keys, kind: Kind) -> Result<Self, SynthesisError> {
		Ok(Self::with(keys, kind.prover(keys)?))
	}

	/// A prover with a back end that was made for these keys.
	pub fn with(keys: &Keys, back_end: Box<dyn Prover>) -> Self {
		let (shape, prepared_key) = (keys.shape, keys.prepared_key);
		Self { shape, prepared_key, verifying_key_hash: keys.verifying_key_hash(), back_end }
	}

	/// The sizes of the circuit.
	pub fn shape(&self) -> Shape {
		self.shape
	}

	/// `blake2_256` of the verifying key that the proofs are for.
	pub fn verifying_key_hash(&self) -> Bytes32 {
		self.verifying_key_hash
	}

	/// The back end.
	pub fn back_end(&self) -> &dyn Prover {
		&*self.back_end
	}

	/// Proves that `data` leads from `state_before` to the claimed next root, bound to
	/// `inputs.binding`. The proof is checked with [`pvs_verifier::verify`] before it is returned.
	///
	/// # Errors
	///
	/// One [`ProveError`] per cause, see there. The batch is executed first, so that an invalid one
	/// costs no proving.
	pub fn prove(
		&self,
		state_before: &State,
		data: &[u8],
		inputs: &PublicInputs,
		watch: &dyn Watch,
	) -> Result<[u8; PROOF_BYTES], ProveError> {
		if self.shape != state_before.shape() {
			return Err(ProveError::Shape { keys: self.shape, state: state_before.shape() });
		}
		let assignment = assign(state_before, data, inputs)?;
		let proof = pvs_verifier::encode_proof(&self.back_end.prove(&assignment, watch)?);
		pvs_verifier::verify(&self.prepared_key, &inputs.to_array(), &proof)?;
		Ok(proof)
	}
}
