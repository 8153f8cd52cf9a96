// SPDX-License-Identifier: Apache-2.0
//! Solving, off chain: `T` squarings with checkpoints, and proofs from the checkpoints.
//!
//! ```no_run
//! # use pvs_timelock::{solve, Statement, verify_opening};
//! # fn example(statement: &Statement) -> Result<(), Box<dyn std::error::Error>> {
//! use std::ops::ControlFlow;
//! let opening = solve::open_by_solving(statement, solve::Options::default(), |solver| {
//!     println!("{} of {} squarings", solver.done(), solver.delay());
//!     ControlFlow::Continue(())
//! })?;
//! verify_opening(statement, &opening.solution, &opening.proof)?;
//! # Ok(())
//! # }
//! ```

#![allow(clippy::arithmetic_side_effects, reason = "counts of work that are far below 2^64")]

mod checkpoints;
mod plan;
mod quotient;
mod solver;
mod squarer;

pub use checkpoints::GeneratorCheckpoints;
pub use plan::MAX_CHECKPOINTS;
pub use solver::{Solver, StateError};
pub use squarer::Squarer;

use crate::{
	exponentiation::challenge,
	group::{encode, pow_secret, reduce, Element, Residue},
	seal::parts,
	verify_opening, Exponent, Opening, Parameters, Statement, PROOF_BYTES,
};
use core::{fmt, ops::ControlFlow};

/// How to solve.
#[derive(Clone, Copy, Debug)]
pub struct Options {
	/// Engine that squares.
	pub squarer: Squarer,
	/// Threads that compute the proof, at least one; squaring always takes one.
	pub threads: usize,
}

impl Default for Options {
	/// OpenSSL, one thread.
	fn default() -> Self {
		Self { squarer: Squarer::OpenSsl, threads: 1 }
	}
}

/// Why there is no opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SolveError {
	/// The seal's `u` is not one that [`crate::check_seal`] accepts: nothing opens it.
	MalformedSeal,
	/// The caller stopped the work.
	Cancelled,
	/// The solver has not done all squarings.
	NotFinished,
	/// The solver squares another base, or for another delay.
	OtherStatement,
	/// The exponent is not the seal's.
	WrongExponent,
	/// All 256 attempts end without a challenge, which no seal will ever see.
	ChallengeNotFound,
	/// The result fails its own verification: memory or processor have erred. Solve again.
	Miscalculated,
}

impl fmt::Display for SolveError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::MalformedSeal => "the seal's u is not a canonical element: nothing opens it",
			Self::Cancelled => "stopped before the end",
			Self::NotFinished => "squarings are left: advance the solver first",
			Self::OtherStatement => "the solver's base or delay is not that of the statement",
			Self::WrongExponent => "the exponent does not belong to this seal",
			Self::ChallengeNotFound => "no attempt finds a challenge",
			Self::Miscalculated => "the result does not verify: memory or processor erred",
		})
	}
}

impl core::error::Error for SolveError {}

/// Opens a seal by `T` squarings and proves it. `on_progress` is called about every millisecond
/// while squaring and can stop the work, which is lost then: whoever wants to resume advances a
/// [`Solver`] and calls [`prove`].
///
/// # Errors
///
/// The seal is malformed, the caller stops, or the result does not verify.
pub fn open_by_solving(
	statement: &Statement<'_>,
	options: Options,
	mut on_progress: impl FnMut(&Solver) -> ControlFlow<()>,
) -> Result<Opening, SolveError> {
	crate::check_seal(statement.seal).map_err(|_| SolveError::MalformedSeal)?;
	let (u, _) = parts(statement.seal).ok_or(SolveError::MalformedSeal)?;
	let mut solver = Solver::new(u, statement.parameters.delay, options.squarer);
	while !solver.advance(solver.spacing()) {
		if on_progress(&solver).is_break() {
			return Err(SolveError::Cancelled);
		}
	}
	prove(&solver, statement, options.threads)
}

/// Proves a finished solver's result for a statement, and verifies it.
///
/// # Errors
///
/// The solver is not finished or not for this statement, or the result does not verify.
pub fn prove(
	solver: &Solver,
	statement: &Statement<'_>,
	threads: usize,
) -> Result<Opening, SolveError> {
	let (u, _) = parts(statement.seal).ok_or(SolveError::MalformedSeal)?;
	if solver.base() != u || solver.delay() != statement.parameters.delay {
		return Err(SolveError::OtherStatement);
	}
	let solution = solver.result().ok_or(SolveError::NotFinished)?;
	finish(statement, solution, |prime| quotient::power(solver, prime, threads))
}

/// Opens a seal with the exponent that its bidder kept, for the price of a proof.
///
/// # Errors
///
/// The exponent is not the seal's, the checkpoints are of other parameters, or the result does not
/// verify.
pub fn open_with_exponent(
	statement: &Statement<'_>,
	exponent: &Exponent,
	checkpoints: &GeneratorCheckpoints,
	threads: usize,
) -> Result<Opening, SolveError> {
	let parameters = statement.parameters;
	if !checkpoints.belong_to(parameters) {
		return Err(SolveError::OtherStatement);
	}
	let (u, _) = parts(statement.seal).ok_or(SolveError::MalformedSeal)?;
	let generator = reduce(crate::generator());
	if encode(&pow_secret(&generator, exponent.as_bytes())) != *u {
		return Err(SolveError::WrongExponent);
	}
	let solution = encode(&pow_secret(&reduce(&parameters.h), exponent.as_bytes()));
	finish(statement, solution, |prime| {
		pow_secret(&quotient::power(checkpoints.solver(), prime, threads), exponent.as_bytes())
	})
}

/// Computes a parameter set: `T` squarings of the generator and a proof. For tests and for chains
/// that need a delay of their own.
///
/// # Errors
///
/// The result does not verify.
pub fn compute_parameters(
	name: &'static str,
	delay: u64,
	options: Options,
) -> Result<Parameters, SolveError> {
	let mut solver = Solver::new(crate::generator(), delay, options.squarer);
	solver.advance(delay);
	prove_parameters(name, &solver, options.threads)
}

/// The parameter set that a finished solver of the generator has computed. It counts as insecure:
/// only a set that is part of this crate does not.
///
/// # Errors
///
/// The solver is not finished or squares another base, or the result does not verify.
pub fn prove_parameters(
	name: &'static str,
	solver: &Solver,
	threads: usize,
) -> Result<Parameters, SolveError> {
	if solver.base() != crate::generator() {
		return Err(SolveError::OtherStatement);
	}
	let h = solver.result().ok_or(SolveError::NotFinished)?;
	let mut parameters =
		Parameters { name, insecure: true, delay: solver.delay(), h, h_proof: [0; PROOF_BYTES] };
	parameters.h_proof = parameters
		.with_transcript(|transcript| {
			attempt(transcript, |prime| quotient::power(solver, prime, threads))
		})
		.ok_or(SolveError::ChallengeNotFound)?;
	parameters.check().map_err(|_| SolveError::Miscalculated)?;
	Ok(parameters)
}

/// Proves a solution with whatever computes `u^floor(2^T / l)`, and verifies the opening.
fn finish(
	statement: &Statement<'_>,
	solution: Element,
	power: impl Fn(&crate::challenge::Challenge) -> Residue,
) -> Result<Opening, SolveError> {
	let proof = statement
		.with_transcript(&solution, |transcript| attempt(transcript, power))
		.ok_or(SolveError::MalformedSeal)?
		.ok_or(SolveError::ChallengeNotFound)?;
	verify_opening(statement, &solution, &proof).map_err(|_| SolveError::Miscalculated)?;
	Ok(Opening { solution, proof })
}

/// The proof for the first attempt that has a challenge.
fn attempt(
	transcript: &[&[u8]; 9],
	power: impl Fn(&crate::challenge::Challenge) -> Residue,
) -> Option<[u8; PROOF_BYTES]> {
	let (attempt, prime) =
		(0..=u8::MAX).find_map(|attempt| Some((attempt, challenge(transcript, attempt)?)))?;
	let mut proof = [attempt; PROOF_BYTES];
	let [_, pi @ ..] = &mut proof;
	*pi = encode(&power(&prime));
	Some(proof)
}
