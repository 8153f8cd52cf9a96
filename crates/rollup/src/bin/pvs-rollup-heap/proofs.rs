// SPDX-License-Identifier: Apache-2.0
//! What a proof takes, by each back end alone with what it holds.

use crate::{
	heap::{used, Heap},
	workload::{
		bar,
		proofs::{fullest, Case, Memory},
		Meter, Outcome,
	},
};
use ark_bn254::Bn254;
use ark_groth16::Proof;
use pvs_rollup::{
	circuit::Constraints,
	proving::{backend, Keys},
};
use pvs_verifier::PreparedKey;
use std::sync::Arc;

/// Measures one proof by each back end in a domain of `2^power`.
pub(crate) fn memory(power: u32) -> Outcome<Memory> {
	let shape = fullest(power)?;
	let case = Case::new(shape)?;
	let bar = bar(4);
	bar.set_message("keys");
	let empty = used();
	let keys = Keys::generate(shape)?;
	let (key, constraints) = (keys.proving_key().clone(), keys.constraints().clone());
	let prepared = *keys.prepared_key();
	drop(keys);
	bar.inc(1);

	bar.set_message("a proof by arkworks");
	let back_end = backend::Arkworks::new(key.clone(), constraints.clone());
	let arkworks = peak(&case, "arkworks", &prepared, empty, || case.by(&back_end))?;
	drop(back_end);
	bar.inc(1);

	bar.set_message("a proof by ark-groth16");
	let with_matrices = used();
	drop(constraints);
	let matrices = with_matrices.saturating_sub(used());
	let ark_groth16 = peak(&case, "ark-groth16", &prepared, empty, || case.plainly(&key))?;
	bar.inc(1);

	bar.set_message("a proof by fast");
	let back_end = backend::Fast::new(&key, Arc::new(Constraints::synthesise(shape)?))?;
	drop(key);
	let fast = peak(&case, "fast", &prepared, empty, || case.by(&back_end))?;
	bar.finish_and_clear();
	Ok(Memory { matrices, ark_groth16, arkworks, fast })
}

/// The most memory in use while a proof is made that holds, above `empty`.
fn peak(
	case: &Case,
	by: &str,
	key: &PreparedKey,
	empty: u64,
	prove: impl FnOnce() -> Outcome<Proof<Bn254>>,
) -> Outcome<u64> {
	let held = used().saturating_sub(empty);
	let (proof, bytes) = Heap::of(prove)?;
	case.check(by, key, &proof)?;
	Ok(held + bytes.peak)
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_bn254::{G1Affine, G2Affine};
	use ark_ec::AffineRepr;
	use pvs_rollup::demo;

	#[test]
	fn peak_should_be_refused_when_the_proof_does_not_hold() {
		let case = Case::new(demo::SHAPE).unwrap();
		let key = pvs_verifier::prepare_key(demo::VERIFYING_KEY).unwrap();
		let (a, b) = (G1Affine::generator(), G2Affine::generator());
		let refused = peak(&case, "nobody", &key, 0, || Ok(Proof { a, b, c: a })).unwrap_err();
		assert!(refused.to_string().contains("by nobody of a batch of 4x2^16 does not hold"));
	}
}
