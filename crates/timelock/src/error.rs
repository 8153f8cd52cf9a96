// SPDX-License-Identifier: Apache-2.0
//! Why a seal, an opening or parameters are refused, one variant for each cause.

use core::fmt;

/// Why bytes are not a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
	/// `u` is 0 or 1: there is nothing to solve.
	Trivial,
	/// `u` is above `(N - 1) / 2`: not the smaller of `x` and `N - x`.
	NotCanonical,
}

/// Why an opening is refused. Only `WrongSolution` says that a well-formed one is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningError {
	/// The `u` of the seal is not one that [`crate::check_seal`] accepts.
	MalformedSeal,
	/// The solution is 0 or above `(N - 1) / 2`.
	SolutionNotCanonical,
	/// The proof's element is 0 or above `(N - 1) / 2`.
	ProofNotCanonical,
	/// The search of this attempt ended without a prime.
	ChallengeNotFound,
	/// The equation does not hold: solution, proof or statement is another one.
	WrongSolution,
}

/// Why parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersError {
	/// The delay is 0 squarings.
	NoDelay,
	/// `h` is 0, 1 or above `(N - 1) / 2`.
	NotCanonical,
	/// The proof's element is 0 or above `(N - 1) / 2`.
	ProofNotCanonical,
	/// The search of this attempt ended without a prime.
	ChallengeNotFound,
	/// The equation does not hold: `h` is not `g^(2^T)`.
	WrongProof,
}

impl fmt::Display for SealError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Trivial => "u is 0 or 1: seal with a random exponent",
			Self::NotCanonical => "write the smaller of u and N - u",
		})
	}
}

impl fmt::Display for OpeningError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::MalformedSeal => "the seal's u is not a canonical element: nothing opens it",
			Self::SolutionNotCanonical => "write the smaller of the solution and N minus it, not 0",
			Self::ProofNotCanonical => "write the smaller of pi and N - pi, not 0",
			Self::ChallengeNotFound => "this attempt finds no prime: prove with the next one",
			Self::WrongSolution => "the proof does not hold for this seal, context and opener",
		})
	}
}

impl fmt::Display for ParametersError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::NoDelay => "the delay is 0 squarings: a seal would hide nothing",
			Self::NotCanonical => "write the smaller of h and N - h; neither 0 nor 1",
			Self::ProofNotCanonical => "write the smaller of pi and N - pi, not 0",
			Self::ChallengeNotFound => "this attempt finds no prime: prove with the next one",
			Self::WrongProof => "the proof does not show that h is g^(2^T)",
		})
	}
}

impl core::error::Error for SealError {}
impl core::error::Error for OpeningError {}
impl core::error::Error for ParametersError {}
