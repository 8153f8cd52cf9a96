// SPDX-License-Identifier: Apache-2.0
//! Verification as a host function: the runtime passes bytes, the node answers natively.
//!
//! A function never changes once a chain uses it: a different answer is a new version, beside the
//! old one.

use crate::{
	batch::Claim,
	error::{KeyError, ProofError},
	key::{PreparedKey, PREPARED_KEY_BYTES},
};
use alloc::{vec, vec::Vec};
use pvs_primitives::{PROOF_BYTES, PUBLIC_INPUTS};

#[cfg(feature = "std")]
pub use interface::pvs_groth_16::HostFunctions;

/// The answer to a good key; every error has a code above it.
const ACCEPTED: u32 = 0;
/// What stands where the host has not answered, and what its buffer begins with: never a proof that holds.
const NO_ANSWER: u8 = 0;
/// The answer to a proof that holds; every error has a code above it.
const HOLDS: u8 = 1;

/// Checks a verifying key on the host; outside a runtime this is a plain call.
pub(crate) fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
	let mut prepared = [0; PREPARED_KEY_BYTES];
	key_result(interface::pvs_groth_16::prepare_key(key, &mut prepared))?;
	Ok(prepared)
}

/// Bytes of a claim for the host: the place of its key, its public inputs, its proof.
const CLAIM_BYTES: usize = 4 + 32 * PUBLIC_INPUTS + PROOF_BYTES;
/// The place of a key whose length is wrong.
const NO_KEY: u32 = u32::MAX;

/// Verifies proofs on the host; outside a runtime this is a plain call.
pub(crate) fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
	let mut keys: Vec<&[u8]> = Vec::new();
	let mut request = Vec::with_capacity(claims.len().saturating_mul(CLAIM_BYTES));
	// What the host's format has no room for is answered here, and is first in the order of errors.
	let early: Vec<Option<ProofError>> = claims
		.iter()
		.map(|claim| {
			if claim.inputs.len() != PUBLIC_INPUTS {
				return Some(ProofError::WrongInputCount);
			}
			if claim.proof.len() != PROOF_BYTES {
				return Some(ProofError::WrongLength);
			}
			let key = if claim.prepared.len() == PREPARED_KEY_BYTES {
				keys.iter().position(|key| *key == claim.prepared).unwrap_or_else(|| {
					keys.push(claim.prepared);
					keys.len().saturating_sub(1)
				})
			} else {
				usize::MAX
			};
			request.extend(u32::try_from(key).unwrap_or(NO_KEY).to_le_bytes());
			request.extend(claim.inputs.as_flattened());
			request.extend(claim.proof);
			None
		})
		.collect();
	let mut codes = vec![NO_ANSWER; early.iter().filter(|error| error.is_none()).count()];
	if !codes.is_empty() {
		interface::pvs_groth_16::verify_batch(&keys.concat(), &request, &mut codes);
	}
	let mut codes = codes.into_iter();
	early
		.into_iter()
		.map(|error| match error {
			Some(error) => Err(error),
			None => proof_result(codes.next().unwrap_or(NO_ANSWER)),
		})
		.collect()
}

#[allow(
	unsafe_code,
	missing_docs,
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	clippy::expect_used,
	clippy::unwrap_used,
	unexpected_cfgs,
	unreachable_pub,
	reason = "the macro writes the calls between Wasm and host"
)]
mod interface {
	#[cfg(not(feature = "std"))]
	#[allow(unused_imports, reason = "the host's side of the macro names it without a path")]
	use alloc::vec::Vec;

	use sp_runtime_interface::{
		pass_by::{PassFatPointerAndRead, PassFatPointerAndWrite},
		runtime_interface,
	};

	/// Groth16 over BN254, layout v1.
	#[runtime_interface]
	pub trait PvsGroth16 {
		/// Writes the prepared key and returns 0, or a code of `KeyError`.
		fn prepare_key(
			key: PassFatPointerAndRead<&[u8]>,
			prepared: PassFatPointerAndWrite<&mut [u8]>,
		) -> u32 {
			crate::host::key_code(key, prepared)
		}

		/// Writes 1 for each proof that holds, or a code of `ProofError`, all of which are above 1. What is not
		/// answered stays 0.
		///
		/// `keys` are prepared keys one after another. A claim is the place of its key among them, a u32
		/// little-endian, its public inputs and its proof. There is a byte of `answers` for each claim.
		fn verify_batch(
			keys: PassFatPointerAndRead<&[u8]>,
			claims: PassFatPointerAndRead<&[u8]>,
			answers: PassFatPointerAndWrite<&mut [u8]>,
		) {
			crate::host::answer(keys, claims, answers);
		}
	}
}

#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "a runtime calls its host instead"))]
fn key_code(key: &[u8], prepared: &mut [u8]) -> u32 {
	match crate::key::prepare_key(key) {
		Ok(bytes) => {
			for (to, from) in prepared.iter_mut().zip(bytes) {
				*to = from;
			}
			ACCEPTED
		},
		Err(KeyError::WrongLength) => 1,
		Err(KeyError::NonCanonicalCoordinate) => 2,
		Err(KeyError::NotOnCurve) => 3,
		Err(KeyError::NotInSubgroup) => 4,
		Err(KeyError::Identity) => 5,
		Err(KeyError::GammaEqualsDelta) => 6,
		Err(KeyError::GammaEqualsMinusDelta) => 7,
		Err(KeyError::BetaEqualsDelta) => 8,
		Err(KeyError::BetaEqualsMinusDelta) => 9,
		Err(KeyError::BetaEqualsGamma) => 10,
		Err(KeyError::BetaEqualsMinusGamma) => 11,
		Err(KeyError::BetaGammaDeltaDependent) => 12,
		Err(KeyError::DeltaIsGenerator) => 13,
		Err(KeyError::BetaIsGenerator) => 14,
		Err(KeyError::AlphaIsGenerator) => 15,
		Err(KeyError::AlphaMatchesBeta) => 16,
		Err(KeyError::AlphaMatchesGamma) => 17,
		Err(KeyError::AlphaMatchesDelta) => 18,
		Err(KeyError::AlphaBetaIsKnown) => 19,
		Err(KeyError::AlphaDeltaIsKnown) => 20,
		Err(KeyError::InputPointsDependent) => 21,
		Err(KeyError::InputPointsReachAlpha) => 22,
		Err(KeyError::InputPointsReachGenerator) => 23,
	}
}

fn key_result(code: u32) -> Result<(), KeyError> {
	Err(match code {
		ACCEPTED => return Ok(()),
		2 => KeyError::NonCanonicalCoordinate,
		3 => KeyError::NotOnCurve,
		4 => KeyError::NotInSubgroup,
		5 => KeyError::Identity,
		6 => KeyError::GammaEqualsDelta,
		7 => KeyError::GammaEqualsMinusDelta,
		8 => KeyError::BetaEqualsDelta,
		9 => KeyError::BetaEqualsMinusDelta,
		10 => KeyError::BetaEqualsGamma,
		11 => KeyError::BetaEqualsMinusGamma,
		12 => KeyError::BetaGammaDeltaDependent,
		13 => KeyError::DeltaIsGenerator,
		14 => KeyError::BetaIsGenerator,
		15 => KeyError::AlphaIsGenerator,
		16 => KeyError::AlphaMatchesBeta,
		17 => KeyError::AlphaMatchesGamma,
		18 => KeyError::AlphaMatchesDelta,
		19 => KeyError::AlphaBetaIsKnown,
		20 => KeyError::AlphaDeltaIsKnown,
		21 => KeyError::InputPointsDependent,
		22 => KeyError::InputPointsReachAlpha,
		23 => KeyError::InputPointsReachGenerator,
		// 1, and codes that version 1 of the function never returns.
		_ => KeyError::WrongLength,
	})
}

#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "a runtime calls its host instead"))]
fn answer(keys: &[u8], claims: &[u8], answers: &mut [u8]) {
	let (keys, _) = keys.as_chunks::<PREPARED_KEY_BYTES>();
	let (claims, _) = claims.as_chunks::<CLAIM_BYTES>();
	let claims: Vec<_> = claims.iter().map(|claim| read_claim(keys, claim)).collect();
	answers.fill(NO_ANSWER);
	for (answer, result) in answers.iter_mut().zip(crate::batch::verify_batch(&claims)) {
		*answer = proof_code(result);
	}
}

fn read_claim<'a>(keys: &'a [PreparedKey], claim: &'a [u8; CLAIM_BYTES]) -> Claim<'a> {
	let (key, rest) = claim.split_first_chunk::<4>().unwrap_or((&[0xff; 4], &[]));
	let (inputs, proof) = rest.split_at_checked(32 * PUBLIC_INPUTS).unwrap_or((&[], &[]));
	let key = usize::try_from(u32::from_le_bytes(*key)).ok().and_then(|key| keys.get(key));
	let prepared = key.map_or(&[][..], |key| key.as_slice());
	Claim { prepared, inputs: inputs.as_chunks().0, proof }
}

#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "a runtime calls its host instead"))]
fn proof_code(result: Result<(), ProofError>) -> u8 {
	match result {
		Ok(()) => HOLDS,
		Err(ProofError::WrongLength) => 2,
		Err(ProofError::NonCanonicalCoordinate) => 3,
		Err(ProofError::NotOnCurve) => 4,
		Err(ProofError::NotInSubgroup) => 5,
		Err(ProofError::Identity) => 6,
		Err(ProofError::NonCanonicalInput) => 7,
		Err(ProofError::WrongInputCount) => 8,
		Err(ProofError::MalformedKey) => 9,
		Err(ProofError::NotValid) => 10,
	}
}

fn proof_result(code: u8) -> Result<(), ProofError> {
	Err(match code {
		HOLDS => return Ok(()),
		2 => ProofError::WrongLength,
		3 => ProofError::NonCanonicalCoordinate,
		4 => ProofError::NotOnCurve,
		5 => ProofError::NotInSubgroup,
		6 => ProofError::Identity,
		7 => ProofError::NonCanonicalInput,
		8 => ProofError::WrongInputCount,
		9 => ProofError::MalformedKey,
		// 10, no answer, and codes that version 1 of the function never returns.
		_ => ProofError::NotValid,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::VERIFYING_KEY_BYTES;
	use codec::{DecodeAll, Encode};
	use proptest::prelude::*;

	/// All variants of an error, by their indices, which the codes follow.
	fn all<E: DecodeAll>() -> Vec<E> {
		(0..=u8::MAX).filter_map(|index| E::decode_all(&mut &[index][..]).ok()).collect()
	}

	#[test]
	fn codes_should_name_each_error_when_read_back() {
		assert_eq!((all::<KeyError>().len(), all::<ProofError>().len()), (23, 9));
		for error in all::<KeyError>() {
			let code = error.encode().iter().map(|index| u32::from(*index)).sum::<u32>();
			assert_eq!(key_result(code.saturating_add(1)), Err(error));
		}
		for error in all::<ProofError>() {
			let code = error.encode().iter().copied().sum::<u8>().saturating_add(2);
			assert_eq!((proof_result(code), proof_code(Err(error))), (Err(error), code));
		}
		assert_eq!((key_result(0), proof_result(1), proof_code(Ok(()))), (Ok(()), Ok(()), 1));
	}

	#[test]
	fn unknown_code_should_be_an_error() {
		for code in [24, 255, u32::MAX] {
			assert_eq!(key_result(code), Err(KeyError::WrongLength));
		}
		for code in [NO_ANSWER, 11, u8::MAX] {
			assert_eq!(proof_result(code), Err(ProofError::NotValid));
		}
	}

	/// A runtime's buffer reaches the host as zeros, whatever the runtime wrote into it.
	#[test]
	fn answer_should_say_so_when_there_is_none() {
		for before in [NO_ANSWER, HOLDS, u8::MAX] {
			let mut answers = [before; 3];
			answer(&[], &[], &mut answers);
			assert_eq!(answers, [NO_ANSWER; 3]);
			answer(&[1], &vec![0; CLAIM_BYTES - 1], &mut answers);
			assert_eq!(answers, [NO_ANSWER; 3]);
			// The place of the key is 0 and there is none; the bytes after the claim are none.
			answer(&[], &vec![0; CLAIM_BYTES + 1], &mut answers);
			assert_eq!(answers, [9, NO_ANSWER, NO_ANSWER]);
			answer(&[], &vec![0; 3 * CLAIM_BYTES], &mut answers[..1]);
			assert_eq!(answers, [9, NO_ANSWER, NO_ANSWER]);
		}
		assert!(proof_result(NO_ANSWER).is_err() && proof_result(u8::default()).is_err());
	}

	proptest! {
		#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

		/// E9: bytes of any lengths on the host's side never panic and never pass for a proof.
		#[test]
		fn fuzz_batch_commitment_verify(
			keys in prop::collection::vec(any::<u8>(), 0..3 * PREPARED_KEY_BYTES),
			claims in prop::collection::vec(any::<u8>(), 0..3 * CLAIM_BYTES),
			length in 0..6_usize,
		) {
			let mut answers = vec![NO_ANSWER; length];
			answer(&keys, &claims, &mut answers);
			prop_assert!(answers.iter().all(|code| proof_result(*code).is_err()));
		}
	}

	#[test]
	fn prepare_key_should_write_nothing_when_the_key_is_refused() {
		let mut prepared = [7; PREPARED_KEY_BYTES];
		assert_eq!(key_code(&[0; VERIFYING_KEY_BYTES], &mut prepared), 5);
		assert_eq!(prepared, [7; PREPARED_KEY_BYTES]);
	}
}
