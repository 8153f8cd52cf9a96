// SPDX-License-Identifier: Apache-2.0
//! The time-lock puzzle that a chain seals bids with.
//!
//! A chain tells its parameters over the Runtime API. Those that this program was built with are
//! known good. Others must hash to the digest that the chain pins, and come with a proof that their
//! `h` is `g^(2^T)`: who seals with another `h` may make a seal that opens fast, or never.

use pvs_primitives::api::SealInfo;
use pvs_timelock::{
	Parameters, ParametersError, ELEMENT_BYTES, INSECURE_DEVELOPMENT, PROOF_BYTES, STANDARD,
};

/// Reason why a chain's parameters cannot be sealed with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealsError {
	/// A seal would hide nothing.
	#[error("the chain's seals have a delay of 0 squarings: they would hide nothing")]
	NoDelay,
	/// `h` is not an element of the group.
	#[error(
		"the chain's seal parameters are broken: h has {length} bytes or is not canonical; do not bid \
		 on this chain"
	)]
	MalformedElement {
		/// Number of bytes that it has.
		length: usize,
	},
	/// The proof of `h` has a wrong length.
	#[error(
		"the chain's seal parameters are broken: the proof of h has {length} bytes; do not bid on this \
		 chain"
	)]
	MalformedProof {
		/// Number of bytes that it has.
		length: usize,
	},
	/// The proof of `h` does not hold.
	#[error("the chain does not prove its seal parameters ({0}); do not bid on this chain")]
	Unproven(ParametersError),
	/// The digest is of other parameters.
	#[error(
		"the chain's seal parameters hash to 0x{}, but it names 0x{}; do not bid over this node",
		hex::encode(found),
		hex::encode(told)
	)]
	DigestMismatch {
		/// The digest of the parameters.
		found: [u8; 32],
		/// The digest that the chain names.
		told: [u8; 32],
	},
	/// The chain calls secure what is known not to be.
	#[error("the chain calls the development seals `{0}` secure; they are not")]
	InsecureByName(&'static str),
}

/// The parameters that a chain seals with.
///
/// # Errors
///
/// One for each cause, see [`SealsError`].
pub fn parameters(info: &SealInfo) -> Result<Parameters, SealsError> {
	let h: [u8; ELEMENT_BYTES] = info
		.h
		.as_slice()
		.try_into()
		.map_err(|_| SealsError::MalformedElement { length: info.h.len() })?;
	let h_proof: [u8; PROOF_BYTES] = info
		.h_proof
		.as_slice()
		.try_into()
		.map_err(|_| SealsError::MalformedProof { length: info.h_proof.len() })?;
	let told = Parameters {
		name: "the chain's own",
		insecure: info.insecure,
		delay: info.delay,
		h,
		h_proof,
	};
	let found = told.digest();
	if found != info.digest {
		return Err(SealsError::DigestMismatch { found, told: info.digest });
	}
	for known in [INSECURE_DEVELOPMENT, STANDARD] {
		if known.digest() == found {
			return if known.insecure && !info.insecure {
				Err(SealsError::InsecureByName(known.name))
			} else {
				Ok(known)
			};
		}
	}
	told.check().map_err(|error| match error {
		ParametersError::NoDelay => SealsError::NoDelay,
		ParametersError::NotCanonical => SealsError::MalformedElement { length: h.len() },
		error => SealsError::Unproven(error),
	})?;
	Ok(told)
}

/// Returns what to tell whoever bids under these parameters, if they protect nothing.
pub fn warning(parameters: &Parameters) -> Option<String> {
	parameters.insecure.then(|| {
		format!(
			"the chain's seals ({}, {} squarings) are for development: anyone can read a bid before \
			 bidding closes",
			parameters.name, parameters.delay
		)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_timelock::{
		generator, modulus,
		solve::{compute_parameters, Options},
	};

	fn info(parameters: &Parameters) -> SealInfo {
		SealInfo {
			name: parameters.name.as_bytes().to_vec(),
			insecure: parameters.insecure,
			digest: parameters.digest(),
			delay: parameters.delay,
			h: parameters.h.to_vec(),
			h_proof: parameters.h_proof.to_vec(),
			max_bidding_blocks: 2,
			min_opening_blocks: 10,
			min_settle_blocks: 5,
			slot_millis: 1_000,
			modulus: modulus().to_vec(),
			generator: generator().to_vec(),
		}
	}

	fn own(delay: u64, h: [u8; ELEMENT_BYTES]) -> Parameters {
		Parameters { name: "own", insecure: false, delay, h, h_proof: [0; PROOF_BYTES] }
	}

	fn small_element() -> [u8; ELEMENT_BYTES] {
		let mut element = [0; ELEMENT_BYTES];
		element[ELEMENT_BYTES - 1] = 9;
		element
	}

	#[test]
	fn parameters_should_be_the_built_in_ones_when_the_digest_is_theirs() {
		for known in [INSECURE_DEVELOPMENT, STANDARD] {
			assert_eq!(parameters(&info(&known)), Ok(known));
		}
	}

	#[test]
	fn parameters_should_be_taken_from_the_chain_when_they_are_its_own_and_proven() {
		let proven = compute_parameters("own", 1_000, Options::default()).unwrap();
		for insecure in [false, true] {
			let taken = parameters(&SealInfo { insecure, ..info(&proven) }).unwrap();
			assert_eq!((taken.delay, taken.h, taken.insecure), (1_000, proven.h, insecure));
			assert_eq!(taken.h_proof, proven.h_proof);
		}
	}

	#[test]
	fn parameters_should_be_refused_when_their_element_is_not_proven() {
		let proven = compute_parameters("own", 1_000, Options::default()).unwrap();
		// Whoever chose this element knows what opens every seal.
		let chosen = Parameters { h: small_element(), ..proven.clone() };
		let shorter = Parameters { delay: 999, ..proven.clone() };
		for wrong in [chosen, shorter] {
			let error = parameters(&info(&wrong)).unwrap_err();
			assert!(matches!(error, SealsError::Unproven(_)), "{error}");
			assert!(error.to_string().contains("do not bid") && !error.to_string().contains('\n'));
		}
		let none = SealInfo { h_proof: vec![0; PROOF_BYTES], ..info(&proven) };
		assert!(matches!(parameters(&none), Err(SealsError::Unproven(_))));
		let short = SealInfo { h_proof: vec![], ..info(&proven) };
		assert_eq!(parameters(&short), Err(SealsError::MalformedProof { length: 0 }));
	}

	#[test]
	fn parameters_should_be_refused_when_they_are_not_those_of_the_digest() {
		let good = info(&own(1_000, small_element()));
		for wrong in [
			SealInfo { delay: 999, ..good.clone() },
			SealInfo { h: vec![7; ELEMENT_BYTES], ..good.clone() },
			SealInfo { digest: [1; 32], ..good.clone() },
		] {
			let error = parameters(&wrong).unwrap_err();
			assert!(matches!(error, SealsError::DigestMismatch { .. }), "{error}");
		}
		let short = SealInfo { h: vec![7; 255], ..good };
		assert_eq!(parameters(&short), Err(SealsError::MalformedElement { length: 255 }));
	}

	#[test]
	fn parameters_should_be_refused_when_they_would_hide_nothing() {
		assert_eq!(parameters(&info(&own(0, small_element()))), Err(SealsError::NoDelay));
		for element in [[0; ELEMENT_BYTES], [0xff; ELEMENT_BYTES]] {
			let error = parameters(&info(&own(5, element))).unwrap_err();
			assert!(matches!(error, SealsError::MalformedElement { length: 256 }), "{error}");
		}
		let praised = SealInfo { insecure: false, ..info(&INSECURE_DEVELOPMENT) };
		assert!(matches!(parameters(&praised), Err(SealsError::InsecureByName(_))));
	}

	#[test]
	fn warning_should_be_given_when_the_seals_are_for_development() {
		assert!(warning(&INSECURE_DEVELOPMENT).is_some());
		assert_eq!(warning(&STANDARD), None);
	}
}
