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
	/// gamma is minus delta: proofs can be forged.
	#[codec(index = 6)]
	GammaEqualsMinusDelta,
	/// beta equals delta: proofs can be forged.
	#[codec(index = 7)]
	BetaEqualsDelta,
	/// beta is minus delta: proofs can be forged.
	#[codec(index = 8)]
	BetaEqualsMinusDelta,
	/// beta equals gamma: proofs can be forged.
	#[codec(index = 9)]
	BetaEqualsGamma,
	/// beta is minus gamma: proofs can be forged.
	#[codec(index = 10)]
	BetaEqualsMinusGamma,
	/// beta, gamma and delta add up to the identity with some signs: proofs can be forged.
	#[codec(index = 11)]
	BetaGammaDeltaDependent,
	/// delta is plus or minus the generator, as after a set-up without its second phase: proofs can
	/// be forged.
	#[codec(index = 12)]
	DeltaIsGenerator,
	/// beta, or beta plus or minus delta, is plus or minus the generator, as without a secret in
	/// phase 1: proofs can be forged.
	#[codec(index = 13)]
	BetaIsGenerator,
	/// alpha is plus or minus the generator, up to delta, as without a secret in phase 1: proofs
	/// can be forged.
	#[codec(index = 14)]
	AlphaIsGenerator,
	/// alpha and beta have the same logarithm, up to sign, 1 and delta: proofs can be forged.
	#[codec(index = 15)]
	AlphaMatchesBeta,
	/// alpha and gamma have the same logarithm, up to sign and delta: proofs can be forged.
	#[codec(index = 16)]
	AlphaMatchesGamma,
	/// alpha and delta have the same logarithm, up to sign: proofs can be forged.
	#[codec(index = 17)]
	AlphaMatchesDelta,
	/// `alpha beta` is a sum of `alpha gamma`, gamma, `alpha delta` and delta, or of alpha, beta, 1 and
	/// delta, with some signs: proofs can be forged.
	#[codec(index = 18)]
	AlphaBetaIsKnown,
	/// `alpha delta` is a sum of alpha, beta, 1 and delta with some signs: proofs can be forged.
	#[codec(index = 19)]
	AlphaDeltaIsKnown,
	/// IC points add up to the identity with some signs: public inputs are not bound each by
	/// itself.
	#[codec(index = 20)]
	InputPointsDependent,
	/// IC points add up to alpha with some signs: proofs can be forged for some inputs.
	#[codec(index = 21)]
	InputPointsReachAlpha,
	/// gamma is the generator, and IC points add up to plus or minus the generator of G1: beta
	/// follows from alpha, and proofs can be forged.
	#[codec(index = 22)]
	InputPointsReachGenerator,
}

impl KeyError {
	/// Returns true if the points are good one by one, and related so that proofs can be forged.
	pub const fn is_forgeable(self) -> bool {
		!matches!(
			self,
			Self::WrongLength
				| Self::NonCanonicalCoordinate
				| Self::NotOnCurve
				| Self::NotInSubgroup
				| Self::Identity
		)
	}
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
			Self::Identity => "a point is the identity, as when a public input takes part in no constraint",
			Self::GammaEqualsDelta => "gamma equals delta: run the second phase of the set-up",
			Self::GammaEqualsMinusDelta => {
				"gamma is minus delta, as after a phase 2 that multiplies by -1: run it with \
				 secret factors"
			},
			Self::BetaEqualsDelta => {
				"beta equals delta, so the set-up took one secret for both: run it again"
			},
			Self::BetaEqualsMinusDelta => {
				"beta is minus delta, so the set-up took one secret for both: run it again"
			},
			Self::BetaEqualsGamma => {
				"beta equals gamma, so the set-up took one secret for both: run it again"
			},
			Self::BetaEqualsMinusGamma => {
				"beta is minus gamma, so the set-up took one secret for both: run it again"
			},
			Self::BetaGammaDeltaDependent => {
				"beta, gamma and delta add up to the identity with some signs, so one secret of \
				 the set-up follows from two others: run it again"
			},
			Self::DeltaIsGenerator => {
				"delta is 1 or -1 times the generator: run the second phase of the set-up"
			},
			Self::BetaIsGenerator => {
				"beta is 1 or -1 times the generator, up to delta: run the first phase of the \
				 set-up (powers of tau) with a secret beta"
			},
			Self::AlphaIsGenerator => {
				"alpha is 1 or -1 times the generator, up to delta: run the first phase of the \
				 set-up (powers of tau) with a secret alpha"
			},
			Self::AlphaMatchesBeta => {
				"alpha and beta have the same logarithm, up to sign, 1 and delta, so the set-up \
				 took one secret for both: run it again"
			},
			Self::AlphaMatchesGamma => {
				"alpha and gamma have the same logarithm, up to sign and delta, so the set-up \
				 took one secret for both: run it again"
			},
			Self::AlphaMatchesDelta => {
				"alpha and delta have the same logarithm, up to sign, so the set-up took one \
				 secret for both: run it again"
			},
			Self::AlphaBetaIsKnown => {
				"alpha times beta is a sum of gamma, delta, their products with alpha, or of alpha, \
				 beta, 1 and delta, so the secrets were not drawn independently: run the set-up again"
			},
			Self::AlphaDeltaIsKnown => {
				"alpha times delta is a sum of alpha, beta, 1 and delta, so delta was not drawn \
				 independently: run the second phase of the set-up again"
			},
			Self::InputPointsDependent => {
				"IC points add up to the identity with some signs: constrain each public input \
				 by itself, and run the set-up again"
			},
			Self::InputPointsReachAlpha => {
				"IC points add up to alpha with some signs, so gamma follows from other secrets \
				 of the set-up: run it again"
			},
			Self::InputPointsReachGenerator => {
				"gamma is 1 or -1 and IC points add up to the generator with some signs, so one secret \
				 of the set-up follows from another: run it again"
			},
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
