// SPDX-License-Identifier: Apache-2.0
//! The public parameters: a delay and `h = g^(2^T)`, with a proof that `h` is that.

use crate::{
	error::ParametersError,
	exponentiation::{self, ProofError},
	group::{generator, modulus, ELEMENT_BYTES},
	PROOF_BYTES,
};
use pvs_primitives::{
	hash::{blake2_256, SEAL_PARAMETERS_DOMAIN, SEAL_PARAMETERS_PROOF_DOMAIN},
	Bytes32,
};

/// What everybody who seals or opens agrees on, beside the modulus and the generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
	/// Names the set for people.
	pub name: &'static str,
	/// The delay protects nothing: for development and tests.
	pub insecure: bool,
	/// `T`: the squarings, one after another, that open a seal.
	pub delay: u64,
	/// `h = g^(2^T)`, canonical.
	pub h: [u8; ELEMENT_BYTES],
	/// Shows that `h` is `g^(2^T)`: whoever computed `h` cannot have chosen another element.
	pub h_proof: [u8; PROOF_BYTES],
}

/// Opens in about two seconds on one core. For development chains: it protects nothing.
pub const INSECURE_DEVELOPMENT: Parameters = Parameters::from_file(
	"insecure-development",
	true,
	1 << 21,
	include_bytes!("../parameters/insecure_development.bin"),
);

/// 1.5 billion squarings: two blocks of 1 s, 150 % of their slots long, at 2 ns a squaring.
///
/// They take about half an hour on one core of a server, 99 seconds on the fastest squarer that is
/// published (15.1 million squarings per second at this width), and 3 seconds at the 2 ns that an ASIC
/// project names as its aim.
pub const STANDARD: Parameters = Parameters::from_file(
	"standard",
	false,
	1_500_000_000,
	include_bytes!("../parameters/standard.bin"),
);

impl Parameters {
	/// Returns a set of one's own, from the bytes of a file that `pvsctl seal parameters --delay T --out FILE`
	/// wrote: `h` (256), then its proof (257).
	///
	/// `name` is for people, `insecure` says that the delay keeps nothing secret, and `delay` is `T`. Nothing
	/// is checked here, so that this can make a constant of a runtime: [`Self::check`] does, and a runtime's
	/// `integrity_test` calls it.
	///
	/// ```
	/// use pvs_timelock::{Parameters, STANDARD};
	///
	/// const FILE: &[u8; 513] = include_bytes!("../parameters/standard.bin");
	/// const OWN: Parameters = Parameters::from_file("own", false, 1_500_000_000, FILE);
	/// assert_eq!(OWN.check(), Ok(()));
	/// assert_eq!(OWN.digest(), STANDARD.digest());
	/// ```
	pub const fn from_file(
		name: &'static str,
		insecure: bool,
		delay: u64,
		file: &[u8; ELEMENT_BYTES + PROOF_BYTES],
	) -> Self {
		match (file.first_chunk(), file.last_chunk()) {
			(Some(h), Some(h_proof)) => Self { name, insecure, delay, h: *h, h_proof: *h_proof },
			_ => Self { name, insecure, delay, h: [0; ELEMENT_BYTES], h_proof: [0; PROOF_BYTES] },
		}
	}

	/// `blake2_256("pvs/seal-parameters/v1" ++ N ++ T ++ g ++ h)`, `T` as eight bytes little-endian.
	///
	/// What a genesis pins. Equal digests mean equal seals and openings.
	pub fn digest(&self) -> Bytes32 {
		blake2_256(&[
			SEAL_PARAMETERS_DOMAIN,
			modulus(),
			&self.delay.to_le_bytes(),
			generator(),
			&self.h,
		])
	}

	/// Checks that `h` is canonical and that its proof holds.
	///
	/// # Errors
	///
	/// One for each cause, see [`ParametersError`].
	pub fn check(&self) -> Result<(), ParametersError> {
		if self.delay == 0 {
			return Err(ParametersError::NoDelay);
		}
		crate::seal::check_element(&self.h).map_err(|_| ParametersError::NotCanonical)?;
		self.with_transcript(|transcript| {
			exponentiation::verify(transcript, generator(), self.delay, &self.h, &self.h_proof)
		})
		.map_err(|error| match error {
			ProofError::BaseNotCanonical | ProofError::ResultNotCanonical => {
				ParametersError::NotCanonical
			},
			ProofError::ProofNotCanonical => ParametersError::ProofNotCanonical,
			ProofError::ChallengeNotFound => ParametersError::ChallengeNotFound,
			ProofError::Wrong => ParametersError::WrongProof,
		})
	}

	/// What the proof of `h` is proven for, without the attempt.
	pub(crate) fn with_transcript<R>(&self, use_it: impl FnOnce(&[&[u8]; 9]) -> R) -> R {
		use_it(&[
			SEAL_PARAMETERS_PROOF_DOMAIN,
			modulus(),
			&self.delay.to_le_bytes(),
			generator(),
			&self.h,
			&[],
			&[],
			&[],
			&[],
		])
	}
}
