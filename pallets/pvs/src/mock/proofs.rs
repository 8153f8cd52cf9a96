// SPDX-License-Identifier: Apache-2.0
//! Proofs, real or cheap, and the calls with them.

use super::*;

/// The proof of `prover` for the current round of a batch.
pub(crate) fn proof(id: BatchId, prover: &AccountId) -> Vec<u8> {
	let inputs = Pvs::public_inputs_of(id, prover.clone()).expect("the batch is pending");
	if Verifier::is_cheap() {
		return Verifier::cheap_proof(&inputs);
	}
	keys().prove(&inputs, 1).to_vec()
}

/// Verifies for real, as a node does, unless a test that makes thousands of proofs and is about
/// something else asks for cheap ones: those are a hash of the public inputs, so that they hold for one
/// prover, batch and round as real ones do.
pub struct Verifier;

thread_local! {
	static CHEAP: Cell<bool> = const { Cell::new(false) };
}

impl Verifier {
	fn is_cheap() -> bool {
		CHEAP.get()
	}

	fn cheap_proof(inputs: &[Bytes32]) -> Vec<u8> {
		blake2_256(&[&inputs.concat()]).repeat(8)
	}
}

/// Runs a test with cheap proofs.
pub(crate) fn with_cheap_proofs(test: impl FnOnce()) {
	CHEAP.set(true);
	test();
	CHEAP.set(false);
}

impl ProofVerifier for Verifier {
	const BACKEND: Backend = Backend::Host;

	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		static PREPARED: OnceLock<PreparedKey> = OnceLock::new();
		if Self::is_cheap() && key == keys().verifying_key() {
			let prepare = || HostVerifier::prepare_key(key).expect("the key is valid");
			return Ok(*PREPARED.get_or_init(prepare));
		}
		HostVerifier::prepare_key(key)
	}

	fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
		if !Self::is_cheap() {
			return HostVerifier::verify_batch(claims);
		}
		claims
			.iter()
			.map(|claim| {
				let holds = claim.proof == Self::cheap_proof(claim.inputs);
				holds.then_some(()).ok_or(ProofError::NotValid)
			})
			.collect()
	}
}

pub(crate) fn submit(id: BatchId, prover: &AccountId, proof: Vec<u8>) -> CallResult {
	let proof = proof.try_into().expect("at most twice as long");
	let call = Call::submit_proof { batch: id, prover: prover.clone(), proof };
	outcome(dispatch(signed(prover), call))
}

/// Batches, provers and proofs as `submit_proofs` takes them.
pub(crate) fn submissions(proofs: &[(BatchId, AccountId, Vec<u8>)]) -> ProofSubmissions<Test> {
	let submission = |(batch, prover, proof): &(BatchId, AccountId, Vec<u8>)| ProofSubmission {
		batch: *batch,
		prover: prover.clone(),
		proof: proof.clone().try_into().expect("at most twice as long"),
	};
	let all: Vec<_> = proofs.iter().map(submission).collect();
	all.try_into().expect("no more than allowed")
}
