// SPDX-License-Identifier: Apache-2.0
//! Why a key or a proof is refused, one variant for each cause.

#![allow(
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the codec derives write the indices of variants that way"
)]

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;

/// Why bytes are not a verifying key that proofs may be checked with.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum KeyError {
	/// The length is not 768 bytes, that is one for exactly four public inputs.
	#[codec(index = 0)]
	WrongLength,
	/// A coordinate is not below the base field's modulus.
	#[codec(index = 1)]
	NonCanonicalCoordinate,
	/// A point is not on its curve.
	#[codec(index = 2)]
	NotOnCurve,
	/// A point of G2 is not in the subgroup of prime order.
	#[codec(index = 3)]
	NotInSubgroup,
	/// A point is the identity: a public input would be free, or any proof would pass.
	#[codec(index = 4)]
	Identity,
	/// gamma equals delta, as after a set-up without its second phase: proofs can be forged.
	#[codec(index = 5)]
	GammaEqualsDelta,
}

/// Why a proof is refused. Only `NotValid` says that a well-formed proof is false.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ProofError {
	/// The length of the proof is not 256 bytes.
	#[codec(index = 0)]
	WrongLength,
	/// A coordinate of the proof is not below the base field's modulus.
	#[codec(index = 1)]
	NonCanonicalCoordinate,
	/// A point of the proof is not on its curve.
	#[codec(index = 2)]
	NotOnCurve,
	/// B is not in the subgroup of prime order.
	#[codec(index = 3)]
	NotInSubgroup,
	/// A point of the proof is the identity.
	#[codec(index = 4)]
	Identity,
	/// A public input is not below the scalar field's modulus.
	#[codec(index = 5)]
	NonCanonicalInput,
	/// There are not exactly four public inputs.
	#[codec(index = 6)]
	WrongInputCount,
	/// The prepared key is not what `prepare_key` returns.
	#[codec(index = 7)]
	MalformedKey,
	/// Everything is well-formed and the proof does not hold for these inputs.
	#[codec(index = 8)]
	NotValid,
}

impl fmt::Display for KeyError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::WrongLength => "a key has exactly 768 bytes: use a circuit of four public inputs",
			Self::NonCanonicalCoordinate => "reduce each coordinate modulo the base field",
			Self::NotOnCurve => "a point is not on its curve: check byte order and Fp2 order",
			Self::NotInSubgroup => "a G2 point is outside the subgroup of prime order",
			Self::Identity => "a point is the identity: every public input must be constrained",
			Self::GammaEqualsDelta => "gamma equals delta: run the second phase of the set-up",
		})
	}
}

impl fmt::Display for ProofError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::WrongLength => "a proof has exactly 256 bytes",
			Self::NonCanonicalCoordinate => "reduce each coordinate modulo the base field",
			Self::NotOnCurve => "a point is not on its curve: check byte order and Fp2 order",
			Self::NotInSubgroup => "B is outside the subgroup of prime order",
			Self::Identity => "a point of the proof is the identity: prove again",
			Self::NonCanonicalInput => "reduce each public input modulo the scalar field",
			Self::WrongInputCount => "give exactly four public inputs",
			Self::MalformedKey => "the stored key is damaged: prepare it again",
			Self::NotValid => "the proof does not hold for these public inputs and this key",
		})
	}
}

impl core::error::Error for KeyError {}
impl core::error::Error for ProofError {}

/// Why 64 or 128 bytes are not a point that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointError {
	NonCanonicalCoordinate,
	NotOnCurve,
	NotInSubgroup,
	Identity,
}

impl From<PointError> for KeyError {
	fn from(error: PointError) -> Self {
		match error {
			PointError::NonCanonicalCoordinate => Self::NonCanonicalCoordinate,
			PointError::NotOnCurve => Self::NotOnCurve,
			PointError::NotInSubgroup => Self::NotInSubgroup,
			PointError::Identity => Self::Identity,
		}
	}
}

impl From<PointError> for ProofError {
	fn from(error: PointError) -> Self {
		match error {
			PointError::NonCanonicalCoordinate => Self::NonCanonicalCoordinate,
			PointError::NotOnCurve => Self::NotOnCurve,
			PointError::NotInSubgroup => Self::NotInSubgroup,
			PointError::Identity => Self::Identity,
		}
	}
}
