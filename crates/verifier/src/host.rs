// SPDX-License-Identifier: Apache-2.0
//! Verification as a host function: the runtime passes bytes, the node answers natively.
//!
//! A function never changes once a chain uses it: a different answer is a new version, beside the
//! old one.

use crate::{
	error::{KeyError, ProofError},
	key::{PreparedKey, PREPARED_KEY_BYTES},
};
use pvs_primitives::{Bytes32, PUBLIC_INPUTS};

#[cfg(feature = "std")]
pub use interface::pvs_groth_16::HostFunctions;

/// The answer to something acceptable; every error has a code above it.
const ACCEPTED: u32 = 0;

/// Checks a verifying key on the host; outside a runtime this is a plain call.
pub(crate) fn prepare_key(key: &[u8]) -> Result<PreparedKey, KeyError> {
	let mut prepared = [0; PREPARED_KEY_BYTES];
	key_result(interface::pvs_groth_16::prepare_key(key, &mut prepared))?;
	Ok(prepared)
}

/// Verifies a proof on the host; outside a runtime this is a plain call.
pub(crate) fn verify(
	prepared: &[u8],
	inputs: &[Bytes32; PUBLIC_INPUTS],
	proof: &[u8],
) -> Result<(), ProofError> {
	proof_result(interface::pvs_groth_16::verify(prepared, inputs.as_flattened(), proof))
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

		/// Returns 0 if the proof holds, or a code of `ProofError`. The inputs are 32 bytes each.
		fn verify(
			prepared: PassFatPointerAndRead<&[u8]>,
			inputs: PassFatPointerAndRead<&[u8]>,
			proof: PassFatPointerAndRead<&[u8]>,
		) -> u32 {
			crate::host::proof_code(prepared, inputs, proof)
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
		// 1, and codes that version 1 of the function never returns.
		_ => KeyError::WrongLength,
	})
}

#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "a runtime calls its host instead"))]
fn proof_code(prepared: &[u8], inputs: &[u8], proof: &[u8]) -> u32 {
	let (inputs, rest) = inputs.as_chunks::<32>();
	let result = if rest.is_empty() {
		crate::proof::verify(prepared, inputs, proof)
	} else {
		Err(ProofError::WrongInputCount)
	};
	match result {
		Ok(()) => ACCEPTED,
		Err(ProofError::WrongLength) => 1,
		Err(ProofError::NonCanonicalCoordinate) => 2,
		Err(ProofError::NotOnCurve) => 3,
		Err(ProofError::NotInSubgroup) => 4,
		Err(ProofError::Identity) => 5,
		Err(ProofError::NonCanonicalInput) => 6,
		Err(ProofError::WrongInputCount) => 7,
		Err(ProofError::MalformedKey) => 8,
		Err(ProofError::NotValid) => 9,
	}
}

fn proof_result(code: u32) -> Result<(), ProofError> {
	Err(match code {
		ACCEPTED => return Ok(()),
		1 => ProofError::WrongLength,
		2 => ProofError::NonCanonicalCoordinate,
		3 => ProofError::NotOnCurve,
		4 => ProofError::NotInSubgroup,
		5 => ProofError::Identity,
		6 => ProofError::NonCanonicalInput,
		7 => ProofError::WrongInputCount,
		8 => ProofError::MalformedKey,
		// 9, and codes that version 1 of the function never returns.
		_ => ProofError::NotValid,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{PROOF_BYTES, VERIFYING_KEY_BYTES};
	use codec::{DecodeAll, Encode};

	/// All variants of an error, by their indices, which the codes follow.
	fn all<E: DecodeAll>() -> Vec<E> {
		(0..=u8::MAX).filter_map(|index| E::decode_all(&mut &[index][..]).ok()).collect()
	}

	#[test]
	fn codes_should_name_each_error_when_read_back() {
		assert_eq!((all::<KeyError>().len(), all::<ProofError>().len()), (6, 9));
		for error in all::<KeyError>() {
			let code = error.encode().iter().map(|index| u32::from(*index)).sum::<u32>();
			assert_eq!(key_result(code.saturating_add(1)), Err(error));
		}
		for error in all::<ProofError>() {
			let code = error.encode().iter().map(|index| u32::from(*index)).sum::<u32>();
			assert_eq!(proof_result(code.saturating_add(1)), Err(error));
		}
		assert_eq!((key_result(0), proof_result(0)), (Ok(()), Ok(())));
	}

	#[test]
	fn unknown_code_should_be_an_error() {
		for code in [7, 10, 255, u32::MAX] {
			assert_eq!(key_result(code), Err(KeyError::WrongLength));
		}
		for code in [10, 255, u32::MAX] {
			assert_eq!(proof_result(code), Err(ProofError::NotValid));
		}
	}

	#[test]
	fn verify_should_count_inputs_when_bytes_are_left_over() {
		for length in [0, 31, 32, 96, 127, 129, 160] {
			assert_eq!(proof_code(&[], &vec![0; length], &[]), 7, "{length}");
		}
		assert_eq!(proof_code(&[], &[0; 128], &[]), 1);
		assert_eq!(proof_code(&[], &[0; 128], &[0; PROOF_BYTES]), 8);
	}

	#[test]
	fn prepare_key_should_write_nothing_when_the_key_is_refused() {
		let mut prepared = [7; PREPARED_KEY_BYTES];
		assert_eq!(key_code(&[0; VERIFYING_KEY_BYTES], &mut prepared), 5);
		assert_eq!(prepared, [7; PREPARED_KEY_BYTES]);
	}
}
