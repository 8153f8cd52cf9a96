// SPDX-License-Identifier: Apache-2.0
//! The generator's checkpoints: with them and the exponent, a bidder opens its own seal for the
//! price of a proof.

use super::{Solver, Squarer, StateError};
use crate::{generator, Parameters};

/// The checkpoints of the generator for one parameter set. To compute them takes `T` squarings,
/// once.
#[derive(Clone, Debug)]
pub struct GeneratorCheckpoints(Solver);

impl GeneratorCheckpoints {
	/// Takes a solver of the generator that has finished.
	///
	/// # Errors
	///
	/// The solver is not finished, squares another base or delay, or did not find `h`.
	pub fn new(parameters: &Parameters, solver: Solver) -> Result<Self, StateError> {
		let checkpoints = Self(solver);
		if !checkpoints.belong_to(parameters) {
			return Err(StateError::OtherStatement);
		}
		Ok(checkpoints)
	}

	/// Reads what [`Self::to_bytes`] wrote.
	///
	/// # Errors
	///
	/// One for each cause, see [`StateError`].
	pub fn from_bytes(parameters: &Parameters, bytes: &[u8]) -> Result<Self, StateError> {
		let solver = Solver::from_bytes(bytes, generator(), parameters.delay, Squarer::default())?;
		Self::new(parameters, solver)
	}

	/// The state of the finished solver, see [`Solver::to_bytes`].
	pub fn to_bytes(&self) -> Vec<u8> {
		self.0.to_bytes()
	}

	pub(super) fn belong_to(&self, parameters: &Parameters) -> bool {
		self.0.base() == generator()
			&& self.0.delay() == parameters.delay
			&& self.0.result() == Some(parameters.h)
	}

	pub(super) fn solver(&self) -> &Solver {
		&self.0
	}
}
