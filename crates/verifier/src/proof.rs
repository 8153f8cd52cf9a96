// SPDX-License-Identifier: Apache-2.0
//! The proof as bytes.

use crate::{
	encoding::{checked_g1, on_curve_g2, Reader},
	error::ProofError,
};
use ark_bn254::{G1Affine, G2Affine};
use pvs_primitives::PROOF_BYTES;

/// A proof whose points are on their curves and not the identity. Whether `b` is in its subgroup is
/// left to [`lines`](crate::lines::lines).
pub(crate) struct Proof {
	pub(crate) a: G1Affine,
	pub(crate) b: G2Affine,
	pub(crate) c: G1Affine,
}

impl Proof {
	/// Returns true if the bytes are as many as a proof has.
	pub(crate) fn check_length(bytes: &[u8]) -> Result<(), ProofError> {
		if bytes.len() == PROOF_BYTES {
			Ok(())
		} else {
			Err(ProofError::WrongLength)
		}
	}

	/// Reads and checks a proof.
	pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
		Self::check_length(bytes)?;
		let mut reader = Reader::new(bytes);
		let a = checked_g1(reader.take().ok_or(ProofError::WrongLength)?)?;
		let b = on_curve_g2(reader.take().ok_or(ProofError::WrongLength)?)?;
		let c = checked_g1(reader.take().ok_or(ProofError::WrongLength)?)?;
		Ok(Self { a, b, c })
	}
}
