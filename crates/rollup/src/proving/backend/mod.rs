// SPDX-License-Identifier: Apache-2.0
//! What turns the values of a circuit into a proof.
//!
//! | back end | how |
//! |---|---|
//! | [`Arkworks`] | `ark-groth16`, the reference |
//! | [`Fast`] | the same proofs sooner; the default |
//!
//! Both give proofs for the same keys, run in the rayon pool of their caller, and need no memory
//! beyond a multiple of the key's.

mod arkworks;
mod fast;

pub use arkworks::Arkworks;
pub use fast::Fast;

use super::{Keys, ProveError};
use crate::Scalar;
use ark_bn254::Bn254;
use ark_ff::UniformRand;
use ark_groth16::Proof;
use ark_relations::gr1cs::SynthesisError;
use rand::rngs::OsRng;
use std::fmt;

/// Makes Groth16 proofs for one key.
pub trait Prover: fmt::Debug + Send + Sync {
	/// Its name, as [`Kind`] writes it.
	fn name(&self) -> &'static str;

	/// How many steps a proof takes, all told.
	fn steps(&self) -> u32;

	/// Proves that `assignment` satisfies the constraints: the values of all variables, the constant
	/// one first, then public inputs, then the witness. `watch` hears of each step that ends, from
	/// any thread.
	///
	/// # Errors
	///
	/// [`ProveError::Cancelled`] within a step of `watch` saying so, [`ProveError::Assignment`] if
	/// the number of values is wrong, and those of the library. That the values satisfy the
	/// constraints is the caller's to know: else the proof does not verify.
	fn prove(&self, assignment: &[Scalar], watch: &dyn Watch) -> Result<Proof<Bn254>, ProveError>;
}

/// Looks after a proof while it is made.
pub trait Watch: Sync {
	/// Returns true if the proof is not wanted any more.
	fn is_cancelled(&self) -> bool {
		false
	}

	/// One more step is done.
	fn step(&self) {}
}

/// Looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Runs a step, unless the proof is not wanted any more.
fn step<T>(watch: &dyn Watch, step: impl FnOnce() -> T) -> Result<T, ProveError> {
	if watch.is_cancelled() {
		return Err(ProveError::Cancelled);
	}
	let result = step();
	watch.step();
	Ok(result)
}

/// The blinding of a proof: what makes it zero-knowledge.
fn blinding() -> (Scalar, Scalar) {
	(Scalar::rand(&mut OsRng), Scalar::rand(&mut OsRng))
}

/// The back ends that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
	/// [`Fast`].
	#[default]
	Fast,
	/// [`Arkworks`].
	Arkworks,
}

impl Kind {
	/// All of them, the default first.
	pub const ALL: [Self; 2] = [Self::Fast, Self::Arkworks];

	/// Its name on command lines.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Fast => "fast",
			Self::Arkworks => "arkworks",
		}
	}

	/// A back end of this kind for these keys.
	///
	/// # Errors
	///
	/// Those of [`Fast::new`].
	pub fn prover(self, keys: &Keys) -> Result<Box<dyn Prover>, SynthesisError> {
		let (key, constraints) = (keys.proving_key.clone(), keys.constraints.clone());
		Ok(match self {
			Self::Fast => Box::new(Fast::new(&key, constraints)?),
			Self::Arkworks => Box::new(Arkworks::new(key, constraints)),
		})
	}
}

impl fmt::Display for Kind {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.name())
	}
}

/// No back end has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no back end is called {0:?}; there are fast and arkworks")]
pub struct UnknownKind(String);

impl std::str::FromStr for Kind {
	type Err = UnknownKind;

	fn from_str(name: &str) -> Result<Self, UnknownKind> {
		let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
		kind.ok_or_else(|| UnknownKind(name.to_owned()))
	}
}
