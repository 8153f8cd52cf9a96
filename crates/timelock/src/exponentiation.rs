// SPDX-License-Identifier: Apache-2.0
//! Proofs that `result = base^(2^T)` (Wesolowski, "Efficient verifiable delay functions", Eurocrypt
//! 2019): with the challenge prime `l`, `pi = base^floor(2^T / l)` satisfies
//! `pi^l * base^(2^T mod l) = result`.

use crate::{
	challenge::Challenge,
	group::{decode, double_pow, Element},
	PROOF_BYTES,
};
use pvs_primitives::hash::blake2_512;

/// Why a proof of exponentiation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofError {
	BaseNotCanonical,
	ResultNotCanonical,
	ProofNotCanonical,
	ChallengeNotFound,
	Wrong,
}

/// The challenge of one attempt to prove what the transcript says.
pub(crate) fn challenge(transcript: &[&[u8]; 9], attempt: u8) -> Option<Challenge> {
	let [a, b, c, d, e, f, g, h, i] = *transcript;
	Challenge::search(&blake2_512(&[a, b, c, d, e, f, g, h, i, &[attempt]]))
}

/// Checks `result = base^(2^delay)` up to the sign, for a transcript that names all three.
pub(crate) fn verify(
	transcript: &[&[u8]; 9],
	base: &Element,
	delay: u64,
	result: &Element,
	proof: &[u8; PROOF_BYTES],
) -> Result<(), ProofError> {
	decode(base).ok_or(ProofError::BaseNotCanonical)?;
	decode(result).ok_or(ProofError::ResultNotCanonical)?;
	let [attempt, pi @ ..] = proof;
	decode(pi).ok_or(ProofError::ProofNotCanonical)?;
	let prime = challenge(transcript, *attempt).ok_or(ProofError::ChallengeNotFound)?;
	let rest = prime.pow_of_two(delay);
	if double_pow((pi, &prime.to_bytes()), (base, &rest)) != *result {
		return Err(ProofError::Wrong);
	}
	Ok(())
}
