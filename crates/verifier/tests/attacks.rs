// SPDX-License-Identifier: Apache-2.0
//! Attacks on proofs and keys by name, as far as a verifier can meet them.

mod common;

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::{pairing::Pairing, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField, UniformRand};
use ark_groth16::{prepare_verifying_key, Groth16, Proof};
use common::*;
use proptest::prelude::*;
use pvs_primitives::{
	api::BatchId,
	public_inputs::{binding, PublicInputs},
};
use pvs_verifier::{
	decode_proof, decode_verifying_key, encode_proof, encode_verifying_key, Bytes32, KeyError,
	ProofError,
};
use pvs_verifier_testing::{
	bytes::{aliases, be, g1_bytes, with_bytes},
	corpus::Fixture,
	TestKeys,
};
use std::sync::LazyLock;

static SHARED: LazyLock<Fixture> = LazyLock::new(|| Fixture::new(42));

#[test]
fn test_stolen_proof_rejected_for_thief() {
	let keys = TestKeys::new(7);
	let prepared = prepare(&keys.verifying_key()).unwrap();
	let genesis = [3; 32];
	let batch = BatchId { rollup: 1, index: 5 };
	let inputs = |genesis: &Bytes32, batch, round, prover: &Bytes32| {
		let [prev_state_root, next_state_root, data_commitment] = [[1; 32], [2; 32], [4; 32]];
		let binding = binding(genesis, batch, round, prover);
		PublicInputs { prev_state_root, next_state_root, data_commitment, binding }.to_array()
	};
	let (honest, thief) = ([10; 32], [11; 32]);
	let proof = keys.prove(&inputs(&genesis, batch, 0, &honest), 1);
	assert_eq!(judge(&prepared, &inputs(&genesis, batch, 0, &honest), &proof), Ok(()));

	let other_batch = BatchId { rollup: 1, index: 6 };
	let other_rollup = BatchId { rollup: 2, index: 5 };
	for (name, inputs) in [
		("thief", inputs(&genesis, batch, 0, &thief)),
		("round", inputs(&genesis, batch, 1, &honest)),
		("batch", inputs(&genesis, other_batch, 0, &honest)),
		("rollup", inputs(&genesis, other_rollup, 0, &honest)),
		("chain", inputs(&[4; 32], batch, 0, &honest)),
	] {
		assert_eq!(judge(&prepared, &inputs, &proof), Err(ProofError::NotValid), "{name}");
	}
}

/// What is stored is compared with what our pairing gives, so it has to be everybody's.
#[test]
fn prepared_key_should_hold_the_pairing_of_arkworks() {
	for seed in 0..5 {
		let Fixture { key, prepared, .. } = Fixture::new(seed);
		let decoded = decode_verifying_key(&key).unwrap();
		let pairing = Bn254::pairing(decoded.alpha_g1, decoded.beta_g2).0;
		let expected: Vec<u8> = pairing
			.to_base_prime_field_elements()
			.flat_map(|element| element.into_bigint().to_bytes_be())
			.collect();
		assert_eq!(prepared[..key.len()], key[..]);
		assert_eq!(prepared[key.len()..], expected[..]);
	}
}

#[test]
fn test_rerandomised_proof_still_valid() {
	let Fixture { keys, key, prepared, inputs, proof, mut rng, .. } = Fixture::new(8);
	let decoded = decode_proof(&proof).unwrap();
	let vk = decode_verifying_key(&key).unwrap();
	assert_eq!(vk, keys.proving_key().vk);
	let mut seen = vec![proof.to_vec()];
	for _ in 0..5 {
		let other = Groth16::<Bn254>::rerandomize_proof(&vk, &decoded, &mut rng);
		let bytes = encode_proof(&other).to_vec();
		assert_eq!(judge(&prepared, &inputs, &bytes), Ok(()));
		assert!(!seen.contains(&bytes), "proof bytes are no identity");
		seen.push(bytes);
	}
	// Anyone can do this one without even knowing the key.
	let negated = encode_proof(&Proof { a: -decoded.a, b: -decoded.b, c: decoded.c });
	assert_ne!(negated, proof);
	assert_eq!(judge(&prepared, &inputs, &negated), Ok(()));
}

#[test]
fn test_public_input_plus_kr_rejected() {
	let keys = TestKeys::new(9);
	let prepared = prepare(&keys.verifying_key()).unwrap();
	// 0 has the most aliases below 2^256: r, 2r, 3r, 4r and 5r.
	let mut edges = [[0; 32]; 4];
	edges[1][31] = 1;
	edges[2] = be(-Fr::from(1u64));
	edges[3][0] = 0x20;
	let proof = keys.prove(&edges, 1);
	assert_eq!(judge(&prepared, &edges, &proof), Ok(()));
	assert_eq!(aliases::<Fr>(&edges[0]).len(), 5);
	for position in 0..4 {
		for alias in aliases::<Fr>(&edges[position]) {
			let value = Fr::from_be_bytes_mod_order(&alias);
			assert_eq!(be(value), edges[position], "the alias is the same number modulo r");
			let mut inputs = edges;
			inputs[position] = alias;
			assert_eq!(judge(&prepared, &inputs, &proof), Err(ProofError::NonCanonicalInput));
		}
	}
}

#[test]
fn test_short_long_empty_inputs_rejected() {
	let keys = TestKeys::new(10);
	let prepared = prepare(&keys.verifying_key()).unwrap();
	// With a last input of 0, arkworks 0.6 alone would accept the shorter slice.
	let mut inputs = Fixture::new(10).inputs;
	inputs[3] = [0; 32];
	let proof = keys.prove(&inputs, 1);
	assert_eq!(judge(&prepared, &inputs, &proof), Ok(()));
	let arkworks = prepare_verifying_key(&keys.proving_key().vk);
	let scalars = inputs.map(|input| Fr::from_be_bytes_mod_order(&input));
	let decoded = decode_proof(&proof).unwrap();
	assert!(Groth16::<Bn254>::verify_proof(&arkworks, &decoded, &scalars[..3]).unwrap());

	for count in 0..4 {
		let result = judge(&prepared, &inputs[..count], &proof);
		assert_eq!(result, Err(ProofError::WrongInputCount));
	}
	for extra in 1..20 {
		let longer = [&inputs[..], &vec![[0; 32]; extra]].concat();
		assert_eq!(judge(&prepared, &longer, &proof), Err(ProofError::WrongInputCount));
	}
}

#[test]
fn test_vk_gamma_eq_delta_rejected() {
	let mut vk = SHARED.keys.proving_key().vk.clone();
	vk.delta_g2 = vk.gamma_g2;
	assert_eq!(encode_verifying_key(&vk), Err(KeyError::GammaEqualsDelta));
	let gamma: [u8; 128] = SHARED.key[192..320].try_into().unwrap();
	let key = with_bytes(&SHARED.key, 320, &gamma);
	assert_eq!(prepare(&key), Err(KeyError::GammaEqualsDelta));

	// What the check is for: under such a key anyone forges a proof, for any inputs, without a
	// witness, from the key alone.
	let inputs = SHARED.inputs.map(|input| Fr::from_be_bytes_mod_order(&input));
	let sum = vk.gamma_abc_g1[1..]
		.iter()
		.zip(inputs)
		.fold(vk.gamma_abc_g1[0].into(), |sum: ark_bn254::G1Projective, (ic, x)| sum + *ic * x);
	let forged = Proof { a: vk.alpha_g1, b: vk.beta_g2, c: (-sum).into_affine() };
	let arkworks = prepare_verifying_key(&vk);
	assert!(Groth16::<Bn254>::verify_proof(&arkworks, &forged, &inputs).unwrap());
	let result = judge(&SHARED.prepared, &SHARED.inputs, &encode_proof(&forged));
	assert_eq!(result, Err(ProofError::NotValid));
}

#[test]
fn test_vk_identity_rejected() {
	let vk = &SHARED.keys.proving_key().vk;
	let mut degenerate = vec![vk.clone(); 9];
	degenerate[0].alpha_g1 = G1Affine::identity();
	degenerate[1].beta_g2 = G2Affine::identity();
	degenerate[2].gamma_g2 = G2Affine::identity();
	degenerate[3].delta_g2 = G2Affine::identity();
	for input in 0..5 {
		degenerate[4 + input].gamma_abc_g1[input] = G1Affine::identity();
	}
	for vk in degenerate {
		assert_eq!(encode_verifying_key(&vk), Err(KeyError::Identity));
	}
}

#[test]
fn test_vk_for_other_input_counts_rejected() {
	let vk = &SHARED.keys.proving_key().vk;
	for count in [0, 1, 4, 6, 9] {
		let mut other = vk.clone();
		other.gamma_abc_g1 = vk.gamma_abc_g1.iter().copied().cycle().take(count).collect();
		assert_eq!(encode_verifying_key(&other), Err(KeyError::WrongLength));
	}
}

#[test]
fn verifiers_should_agree_with_arkworks_when_inputs_are_well_formed() {
	let mut rng = Fixture::new(11).rng;
	for seed in 0..20 {
		let Fixture { keys, prepared, inputs, proof, .. } = Fixture::new(100 + seed);
		let arkworks = prepare_verifying_key(&keys.proving_key().vk);
		let scalars = inputs.map(|input| Fr::from_be_bytes_mod_order(&input));
		let decoded = decode_proof(&proof).unwrap();
		let mut other = decoded.clone();
		other.c = G1Affine::rand(&mut rng);
		let mut changed = scalars;
		changed[3] += Fr::from(1u64);
		for (proof, scalars) in [(&decoded, scalars), (&other, scalars), (&decoded, changed)] {
			let theirs = Groth16::<Bn254>::verify_proof(&arkworks, proof, &scalars).unwrap();
			let ours = judge(&prepared, &scalars.map(be), &encode_proof(proof));
			assert_eq!(ours.is_ok(), theirs);
			assert!(ours.is_ok() || ours == Err(ProofError::NotValid));
		}
	}
}

#[test]
fn key_and_proof_should_survive_a_round_trip() {
	let vk = decode_verifying_key(&SHARED.key).unwrap();
	assert_eq!(encode_verifying_key(&vk), Ok(SHARED.key));
	assert_eq!(encode_proof(&decode_proof(&SHARED.proof).unwrap()), SHARED.proof);
	assert_eq!(SHARED.prepared[..768], SHARED.key);
}

#[test]
fn wire_should_be_the_one_of_eip_197_when_written() {
	let decoded = decode_proof(&SHARED.proof).unwrap();
	assert_eq!(SHARED.proof[..64], g1_bytes(&decoded.a));
	assert_eq!(SHARED.proof[64..96], be(decoded.b.x.c1));
	assert_eq!(SHARED.proof[96..128], be(decoded.b.x.c0));
	assert_eq!(SHARED.proof[128..160], be(decoded.b.y.c1));
	assert_eq!(SHARED.proof[160..192], be(decoded.b.y.c0));
	assert_eq!(SHARED.proof[192..], g1_bytes(&decoded.c));
}

#[test]
fn keys_should_be_the_same_when_the_seed_is() {
	assert_eq!(TestKeys::new(1).verifying_key(), TestKeys::new(1).verifying_key());
	assert_ne!(TestKeys::new(1).verifying_key(), TestKeys::new(2).verifying_key());
	let keys = TestKeys::new(1);
	assert_eq!(keys.prove(&[[0; 32]; 4], 5), keys.prove(&[[0; 32]; 4], 5));
	assert_ne!(keys.prove(&[[0; 32]; 4], 5), keys.prove(&[[0; 32]; 4], 6));
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_096) })]

	/// E6: what decodes is exactly what it re-encodes to, and nothing that is no proof verifies.
	#[test]
	fn fuzz_proof_roundtrip(
		at in 0..256_usize,
		bytes in prop::collection::vec(any::<u8>(), 1..64),
		cut in prop::option::of(0..300_usize),
	) {
		let mut proof = SHARED.proof.to_vec();
		for (to, from) in proof.iter_mut().skip(at).zip(&bytes) {
			*to = *from;
		}
		if let Some(length) = cut {
			proof.resize(length, 0);
		}
		if let Ok(decoded) = decode_proof(&proof) {
			prop_assert_eq!(&encode_proof(&decoded)[..], &proof[..]);
		}
		if proof != SHARED.proof {
			prop_assert!(pvs_verifier::verify(&SHARED.prepared, &SHARED.inputs, &proof).is_err());
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

	#[test]
	fn prop_any_mutated_public_input_rejected(position in 0..4_usize, value in any::<Bytes32>()) {
		let mut inputs = SHARED.inputs;
		inputs[position] = value;
		prop_assume!(inputs != SHARED.inputs);
		let expected = if value < be(-Fr::from(1u64)) || value == be(-Fr::from(1u64)) {
			ProofError::NotValid
		} else {
			ProofError::NonCanonicalInput
		};
		prop_assert_eq!(judge(&SHARED.prepared, &inputs, &SHARED.proof), Err(expected));
	}

	#[test]
	fn prop_any_flipped_input_bit_rejected(bit in 0..4 * 256_usize) {
		let mut inputs = SHARED.inputs;
		inputs[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
		prop_assert!(judge(&SHARED.prepared, &inputs, &SHARED.proof).is_err());
	}

	#[test]
	fn prop_extra_bytes_rejected(extra in prop::collection::vec(any::<u8>(), 1..512)) {
		let proof = [&SHARED.proof[..], &extra].concat();
		let result = judge(&SHARED.prepared, &SHARED.inputs, &proof);
		prop_assert_eq!(result, Err(ProofError::WrongLength));
		let proof = [&extra[..], &SHARED.proof].concat();
		let result = judge(&SHARED.prepared, &SHARED.inputs, &proof);
		prop_assert_eq!(result, Err(ProofError::WrongLength));
		let key = [&SHARED.key[..], &extra].concat();
		prop_assert_eq!(prepare(&key), Err(KeyError::WrongLength));
		let prepared = [&SHARED.prepared[..], &extra].concat();
		let result = judge(&prepared, &SHARED.inputs, &SHARED.proof);
		prop_assert_eq!(result, Err(ProofError::MalformedKey));
	}

	#[test]
	fn prop_any_proof_that_passes_reencodes_to_itself(seed in any::<u64>()) {
		let proof = SHARED.keys.prove(&SHARED.inputs, seed);
		prop_assert_eq!(judge(&SHARED.prepared, &SHARED.inputs, &proof), Ok(()));
		prop_assert_eq!(encode_proof(&decode_proof(&proof).unwrap()), proof);
	}
}
