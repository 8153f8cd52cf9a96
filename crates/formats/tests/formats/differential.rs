// SPDX-License-Identifier: Apache-2.0
//! Attack E10, an error in one verifier: proofs of other tools against ours, and the other way round
//! as far as bytes go.

use crate::common::*;
use ark_bn254::{Bn254, Fr};
use ark_groth16::Groth16;
use ark_snark::SNARK;
use pvs_formats::{read_key, read_proof, read_public_inputs, to_layout_v1, Source};
use pvs_primitives::field::{scalar_from_be, scalar_to_be};
use pvs_verifier::{prepare_key, verify, Bytes32, ProofError};

/// What arkworks' own verifier says, on the points as they were read.
fn arkworks_says(source: Source, key: &[u8], proof: &[u8], inputs: &[Bytes32]) -> bool {
	let vk = read_key(source, key).unwrap().points;
	let proof = read_proof(source, proof).unwrap().points;
	let inputs: Vec<Fr> = inputs.iter().map(|input| scalar_from_be(input).unwrap()).collect();
	let prepared = Groth16::<Bn254>::process_vk(&vk).unwrap();
	Groth16::<Bn254>::verify_with_processed_vk(&prepared, &inputs, &proof).unwrap()
}

/// The input plus one; zero after the largest.
fn another(input: &Bytes32) -> Bytes32 {
	scalar_to_be(&(scalar_from_be(input).unwrap() + Fr::from(1u8)))
}

/// Genuine proofs of snarkjs 0.7.6.
#[test]
fn diff_groth16_arkworks_vs_snarkjs() {
	use snarkjs_files::*;
	let source = Source::Snarkjs;
	let prepared = prepare_key(&read_key(source, KEY).unwrap().to_wire().unwrap()).unwrap();
	let cases = [(PROOF_SMALL, PUBLIC_SMALL), (PROOF_LARGE, PUBLIC_LARGE)];
	for (proof, public) in cases {
		let inputs = to_layout_v1(&read_public_inputs(source, public).unwrap()).unwrap();
		let wire = read_proof(source, proof).unwrap().to_wire().unwrap();
		assert_eq!(verify(&prepared, &inputs, &wire), Ok(()));
		assert!(arkworks_says(source, KEY, proof, &inputs));
		for changed in 0..4 {
			let mut inputs = inputs;
			inputs[changed] = another(&inputs[changed]);
			assert_eq!(verify(&prepared, &inputs, &wire), Err(ProofError::NotValid), "{changed}");
			assert!(!arkworks_says(source, KEY, proof, &inputs));
		}
	}
	let wires = cases.map(|(proof, _)| read_proof(source, proof).unwrap().to_wire().unwrap());
	let inputs = cases
		.map(|(_, public)| to_layout_v1(&read_public_inputs(source, public).unwrap()).unwrap());
	assert_eq!(verify(&prepared, &inputs[0], &wires[1]), Err(ProofError::NotValid));
	assert_eq!(verify(&prepared, &inputs[1], &wires[0]), Err(ProofError::NotValid));
}

/// A genuine key and proof of gnark, for two public inputs: the equation holds in arkworks on the
/// points that we read. Our own verifier takes four inputs only, so it sees gnark's layouts around
/// points made here, in `gnark::*_should_become_our_bytes_in_every_layout`.
#[test]
fn diff_groth16_arkworks_vs_gnark() {
	use gnark_files::*;
	let inputs = read_public_inputs(Source::Snarkjs, PUBLIC).unwrap();
	assert_eq!(inputs.len(), 2);
	assert!(arkworks_says(Source::Gnark, KEY, PROOF, &inputs));
	for changed in 0..2 {
		let mut inputs = inputs.clone();
		inputs[changed] = another(&inputs[changed]);
		assert!(!arkworks_says(Source::Gnark, KEY, PROOF, &inputs), "{changed}");
	}
	// The same key and proof the way gnark's other method writes them.
	let vk = read_key(Source::Gnark, KEY).unwrap().points;
	let proof = read_proof(Source::Gnark, PROOF).unwrap().points;
	let today = |compressed| GnarkWriter { compressed, layout: Layout::Today };
	let raw_key = today(false).key(&vk, vk.alpha_g1, vk.alpha_g1);
	let short_proof = today(true).proof(&proof);
	assert!(arkworks_says(Source::Gnark, &raw_key, &short_proof, &inputs));
}

/// Proofs of four inputs made with arkworks, written as each tool writes them, verified by ours.
#[test]
fn proof_should_hold_on_the_chain_when_it_came_through_gnark_s_format() {
	let made = made(5);
	let keys = made.keys.proving_key();
	for compressed in [true, false] {
		let writer = GnarkWriter { compressed, layout: Layout::Today };
		let key = writer.key(&keys.vk, keys.beta_g1, keys.delta_g1);
		let proof = writer.proof(&made.proof());
		let wire = read_key(Source::Gnark, &key).unwrap().to_wire().unwrap();
		let prepared = prepare_key(&wire).unwrap();
		let proof = read_proof(Source::Gnark, &proof).unwrap().to_wire().unwrap();
		assert_eq!(verify(&prepared, &made.inputs, &proof), Ok(()));
		let mut inputs = made.inputs;
		inputs[3] = another(&inputs[3]);
		assert_eq!(verify(&prepared, &inputs, &proof), Err(ProofError::NotValid));
	}
}
