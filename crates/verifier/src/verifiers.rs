// SPDX-License-Identifier: Apache-2.0
//! The two ways for a runtime to verify. They accept and refuse the same bytes for the same reason.

use crate::{
	batch::{verify_batch, Claim},
	error::{KeyError, ProofError},
	host,
	key::{prepare_key, PreparedKey},
};
use alloc::vec::Vec;
use pvs_primitives::Bytes32;

/// Place in which a verifier works, which decides what a proof costs a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
	/// Natively, in the node, through a host function.
	Host,
	/// In the runtime's own code: several times slower.
	Wasm,
}

/// What a runtime chooses, by type, to check keys and proofs with.
pub trait ProofVerifier {
	/// Place in which it works. Weights that were measured with the other one are wrong.
	const BACKEND: Backend;

	/// Checks a verifying key and returns what is stored of it.
	///
	/// # Errors
	///
	/// As [`prepare_key`](crate::prepare_key).
	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError>;

	/// Verifies proofs of one or several prepared keys; as [`verify_batch`](crate::verify_batch).
	fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>>;

	/// Verifies a proof under a prepared key: a batch of one.
	///
	/// # Errors
	///
	/// As [`verify`](crate::verify).
	fn verify(prepared: &[u8], inputs: &[Bytes32], proof: &[u8]) -> Result<(), ProofError> {
		let answers = Self::verify_batch(&[Claim { prepared, inputs, proof }]);
		answers.into_iter().next().unwrap_or(Err(ProofError::NotValid))
	}
}

/// Verifies natively, through a host function: fast, and every node must have
/// [`host::HostFunctions`](crate::host) in its executor.
pub struct HostVerifier;

impl ProofVerifier for HostVerifier {
	const BACKEND: Backend = Backend::Host;

	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		host::prepare_key(key)
	}

	fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
		host::verify_batch(claims)
	}
}

/// Verifies with the runtime's own code: slower, and nothing is asked of the node.
pub struct WasmVerifier;

impl ProofVerifier for WasmVerifier {
	const BACKEND: Backend = Backend::Wasm;

	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		prepare_key(key)
	}

	fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
		verify_batch(claims)
	}
}
