// SPDX-License-Identifier: Apache-2.0
//! The reference back end.

use super::{blinding, step, ProveError, Prover, Watch};
use crate::{circuit::Constraints, Scalar};
use ark_bn254::Bn254;
use ark_groth16::{Groth16, Proof, ProvingKey};
use std::sync::Arc;

/// `ark-groth16`, with matrices and values that were computed once. Can be cancelled before it begins,
/// and not after.
#[derive(Debug)]
pub struct Arkworks {
	key: Arc<ProvingKey<Bn254>>,
	constraints: Arc<Constraints>,
}

impl Arkworks {
	/// A back end for a key and the constraints that it was made for.
	pub fn new(key: Arc<ProvingKey<Bn254>>, constraints: Arc<Constraints>) -> Self {
		Self { key, constraints }
	}
}

impl Prover for Arkworks {
	fn name(&self) -> &'static str {
		"arkworks"
	}

	fn steps(&self) -> u32 {
		1
	}

	fn prove(&self, assignment: &[Scalar], watch: &dyn Watch) -> Result<Proof<Bn254>, ProveError> {
		self.constraints.check_length(assignment)?;
		let (r, s) = blinding();
		let proof = step(watch, || {
			Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
				&self.key,
				r,
				s,
				&self.constraints.matrices,
				self.constraints.instance_variables,
				self.constraints.len(),
				assignment,
			)
		})?;
		Ok(proof?)
	}
}
