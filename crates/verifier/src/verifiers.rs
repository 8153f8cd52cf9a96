// SPDX-License-Identifier: Apache-2.0
//! The two ways for a runtime to verify. They accept and refuse the same bytes for the same reason.

use crate::{
	error::{KeyError, ProofError},
	host,
	key::{prepare_key, PreparedKey},
	proof::verify,
};
use pvs_primitives::{Bytes32, PUBLIC_INPUTS};

/// What a runtime chooses, by type, to check keys and proofs with.
pub trait ProofVerifier {
	/// Checks a verifying key and returns what is stored of it.
	///
	/// # Errors
	///
	/// As [`prepare_key`](crate::prepare_key).
	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError>;

	/// Verifies a proof under a prepared key.
	///
	/// # Errors
	///
	/// As [`verify`](crate::verify).
	fn verify(
		prepared: &[u8],
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8],
	) -> Result<(), ProofError>;
}

/// Verifies natively, through a host function: fast, and every node must have
/// [`host::HostFunctions`](crate::host) in its executor.
pub struct HostVerifier;

impl ProofVerifier for HostVerifier {
	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		host::prepare_key(key)
	}

	fn verify(
		prepared: &[u8],
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8],
	) -> Result<(), ProofError> {
		host::verify(prepared, inputs, proof)
	}
}

/// Verifies with the runtime's own code: slower, and nothing is asked of the node.
pub struct WasmVerifier;

impl ProofVerifier for WasmVerifier {
	fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
		prepare_key(key)
	}

	fn verify(
		prepared: &[u8],
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8],
	) -> Result<(), ProofError> {
		verify(prepared, inputs, proof)
	}
}
