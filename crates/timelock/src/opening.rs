// SPDX-License-Identifier: Apache-2.0
//! An opening: the solution of a seal and the proof that it is one.

use crate::{
	error::OpeningError,
	exponentiation::{self, ProofError},
	group::{modulus, ELEMENT_BYTES},
	seal::{check_seal, parts, Seal},
	Parameters, BID_CONTEXT_BYTES, PROOF_BYTES,
};
use pvs_primitives::{hash::OPENING_DOMAIN, Bytes32};

/// What an opener publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
	/// `u^(2^T)`, canonical.
	pub solution: [u8; ELEMENT_BYTES],
	/// The attempt whose challenge is proven (1), pi (256).
	pub proof: [u8; PROOF_BYTES],
}

/// What an opening is proven for: each of these changes the challenge.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
	/// The chain's parameters.
	pub parameters: &'a Parameters,
	/// The seal that is opened.
	pub seal: &'a Seal,
	/// The bid's context, see `pvs_primitives::bid::bid_context`.
	pub context: &'a [u8; BID_CONTEXT_BYTES],
	/// The bid's commitment.
	pub commitment: &'a Bytes32,
	/// The account that opens: nobody else can use the proof.
	pub opener: &'a Bytes32,
}

/// Checks that `solution` is `u^(2^T)` for the statement's seal and opener, cheap checks first.
///
/// # Errors
///
/// One for each cause, see [`OpeningError`].
pub fn verify_opening(
	statement: &Statement<'_>,
	solution: &[u8; ELEMENT_BYTES],
	proof: &[u8; PROOF_BYTES],
) -> Result<(), OpeningError> {
	check_seal(statement.seal).map_err(|_| OpeningError::MalformedSeal)?;
	let delay = statement.parameters.delay;
	let (u, _) = parts(statement.seal).ok_or(OpeningError::MalformedSeal)?;
	statement
		.with_transcript(solution, |transcript| {
			exponentiation::verify(transcript, u, delay, solution, proof)
		})
		.ok_or(OpeningError::MalformedSeal)?
		.map_err(|error| match error {
			ProofError::BaseNotCanonical => OpeningError::MalformedSeal,
			ProofError::ResultNotCanonical => OpeningError::SolutionNotCanonical,
			ProofError::ProofNotCanonical => OpeningError::ProofNotCanonical,
			ProofError::ChallengeNotFound => OpeningError::ChallengeNotFound,
			ProofError::Wrong => OpeningError::WrongSolution,
		})
}

impl Statement<'_> {
	/// What the proof of an opening is proven for, without the attempt.
	pub(crate) fn with_transcript<R>(
		&self,
		solution: &[u8; ELEMENT_BYTES],
		use_it: impl FnOnce(&[&[u8]; 9]) -> R,
	) -> Option<R> {
		let (u, ciphertext) = parts(self.seal)?;
		Some(use_it(&[
			OPENING_DOMAIN,
			modulus(),
			&self.parameters.delay.to_le_bytes(),
			u,
			solution,
			self.context,
			self.commitment,
			ciphertext,
			self.opener,
		]))
	}
}
