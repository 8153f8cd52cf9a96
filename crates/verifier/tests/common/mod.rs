// SPDX-License-Identifier: Apache-2.0
//! One judge that asks every verifier.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use pvs_verifier::{
	Bytes32, Claim, HostVerifier, KeyError, PreparedKey, ProofError, ProofVerifier, WasmVerifier,
};

/// Checks a key with every verifier; they must agree.
pub fn prepare(key: &[u8]) -> Result<PreparedKey, KeyError> {
	let result = pvs_verifier::prepare_key(key);
	assert_eq!(HostVerifier::prepare_key(key), result);
	assert_eq!(WasmVerifier::prepare_key(key), result);
	result
}

/// Verifies with every verifier; they must agree.
pub fn judge(prepared: &[u8], inputs: &[Bytes32], proof: &[u8]) -> Result<(), ProofError> {
	let result = pvs_verifier::verify(prepared, inputs, proof);
	assert_eq!(HostVerifier::verify(prepared, inputs, proof), result);
	assert_eq!(WasmVerifier::verify(prepared, inputs, proof), result);
	result
}

/// Verifies a batch with every verifier; they must agree.
pub fn judge_all(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
	let answers = pvs_verifier::verify_batch(claims);
	assert_eq!(HostVerifier::verify_batch(claims), answers);
	assert_eq!(WasmVerifier::verify_batch(claims), answers);
	answers
}
