// SPDX-License-Identifier: Apache-2.0
//! Between arkworks' types and the wire, for provers and set-ups.

use crate::{
	encoding::{g1_elements, g2_elements, write_base_elements},
	error::{KeyError, ProofError},
	key::{CheckedKey, IC_POINTS},
	lines::is_in_subgroup,
};
use ark_bn254::Bn254;
use ark_groth16::{Proof, VerifyingKey};
use pvs_primitives::{PROOF_BYTES, VERIFYING_KEY_BYTES};

/// Writes a proof: A, B, C. The identity, which no verifier accepts, becomes zeros.
pub fn encode_proof(proof: &Proof<Bn254>) -> [u8; PROOF_BYTES] {
	let mut bytes = [0; PROOF_BYTES];
	let elements =
		[&g1_elements(&proof.a)[..], &g2_elements(&proof.b)[..], &g1_elements(&proof.c)[..]];
	write_base_elements(elements.into_iter().flatten().copied(), &mut bytes);
	bytes
}

/// Writes a verifying key: alpha, beta, gamma, delta, five IC points.
///
/// # Errors
///
/// A chain would refuse the key; `WrongLength` if it is not one for four public inputs.
pub fn encode_verifying_key(
	key: &VerifyingKey<Bn254>,
) -> Result<[u8; VERIFYING_KEY_BYTES], KeyError> {
	if key.gamma_abc_g1.len() != IC_POINTS {
		return Err(KeyError::WrongLength);
	}
	let g2_points = [key.beta_g2, key.gamma_g2, key.delta_g2];
	let elements = g1_elements(&key.alpha_g1)
		.into_iter()
		.chain(g2_points.iter().flat_map(g2_elements))
		.chain(key.gamma_abc_g1.iter().flat_map(g1_elements));
	let mut bytes = [0; VERIFYING_KEY_BYTES];
	write_base_elements(elements, &mut bytes);
	CheckedKey::decode(&bytes)?;
	Ok(bytes)
}

/// Reads a proof and checks its points.
///
/// # Errors
///
/// The first reason that applies, in the order of the bytes; `NotInSubgroup` comes last.
pub fn decode_proof(bytes: &[u8]) -> Result<Proof<Bn254>, ProofError> {
	let proof = crate::proof::Proof::decode(bytes)?;
	if !is_in_subgroup(&proof.b) {
		return Err(ProofError::NotInSubgroup);
	}
	Ok(Proof { a: proof.a, b: proof.b, c: proof.c })
}

/// Reads a verifying key and checks it as [`prepare_key`](crate::prepare_key) does.
///
/// # Errors
///
/// As [`prepare_key`](crate::prepare_key).
pub fn decode_verifying_key(bytes: &[u8]) -> Result<VerifyingKey<Bn254>, KeyError> {
	let key = CheckedKey::decode(bytes)?.points;
	Ok(VerifyingKey {
		alpha_g1: key.alpha,
		beta_g2: key.beta,
		gamma_g2: key.gamma,
		delta_g2: key.delta,
		gamma_abc_g1: key.ic.to_vec(),
	})
}
