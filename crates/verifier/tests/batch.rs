// SPDX-License-Identifier: Apache-2.0
//! Batches answer for each proof as if it stood alone.

mod common;

use ark_bn254::{Bn254, Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use ark_groth16::{Groth16, Proof};
use common::*;
use proptest::prelude::*;
use pvs_verifier::{decode_proof, encode_proof, verify_batch, Claim, ProofError};
use pvs_verifier_testing::{
	bytes::{be, g2_bytes, outside_subgroup, with_bytes, with_coordinate},
	corpus::Fixture,
	peer::ArkworksBatch,
};
use std::sync::LazyLock;

/// Keys enough that batches mix them.
static KEYS: LazyLock<Vec<Fixture>> = LazyLock::new(|| (0..5).map(Fixture::new).collect());

/// What a claim of a random batch is.
#[derive(Clone, Copy, Debug)]
enum Kind {
	Good,
	OtherInputs,
	OtherKey,
	NegatedA,
	OutsideSubgroup,
	OffCurve,
	Identity,
	NonCanonicalInput,
	Short,
	NoKey,
}

const KINDS: [(Kind, Result<(), ProofError>); 10] = [
	(Kind::Good, Ok(())),
	(Kind::OtherInputs, Err(ProofError::NotValid)),
	(Kind::OtherKey, Err(ProofError::NotValid)),
	(Kind::NegatedA, Err(ProofError::NotValid)),
	(Kind::OutsideSubgroup, Err(ProofError::NotInSubgroup)),
	(Kind::OffCurve, Err(ProofError::NotOnCurve)),
	(Kind::Identity, Err(ProofError::Identity)),
	(Kind::NonCanonicalInput, Err(ProofError::NonCanonicalInput)),
	(Kind::Short, Err(ProofError::WrongLength)),
	(Kind::NoKey, Err(ProofError::MalformedKey)),
];

struct Owned {
	prepared: Vec<u8>,
	inputs: Vec<[u8; 32]>,
	proof: Vec<u8>,
}

impl Owned {
	fn new(kind: Kind, key: usize) -> Self {
		let fixture = &KEYS[key % KEYS.len()];
		let other = &KEYS[(key + 1) % KEYS.len()];
		let mut rng = fixture.rng.clone();
		let mut owned = Self {
			prepared: fixture.prepared.to_vec(),
			inputs: fixture.inputs.to_vec(),
			proof: fixture.proof.to_vec(),
		};
		match kind {
			Kind::Good => {},
			Kind::OtherInputs => owned.inputs = other.inputs.to_vec(),
			Kind::OtherKey => owned.prepared = other.prepared.to_vec(),
			Kind::NegatedA => {
				let Proof { a, b, c } = decode_proof(&fixture.proof).unwrap();
				owned.proof = encode_proof(&Proof { a: -a, b, c }).to_vec();
			},
			Kind::OutsideSubgroup => {
				let bytes = g2_bytes(&outside_subgroup(&mut rng));
				owned.proof = with_bytes(&owned.proof, 64, &bytes);
			},
			Kind::OffCurve => owned.proof = with_coordinate(&owned.proof, 7, &[0; 32]),
			Kind::Identity => owned.proof = with_bytes(&owned.proof, 0, &[0; 64]),
			Kind::NonCanonicalInput => owned.inputs[2] = [0xff; 32],
			Kind::Short => {
				owned.proof.pop();
			},
			Kind::NoKey => {
				owned.prepared.pop();
			},
		}
		owned
	}

	fn claim(&self) -> Claim<'_> {
		Claim { prepared: &self.prepared, inputs: &self.inputs, proof: &self.proof }
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

	#[test]
	fn prop_batch_should_answer_as_single_verifications(
		picks in prop::collection::vec((0..KINDS.len() * 3, 0..5_usize), 0..40),
	) {
		// Two of three claims hold.
		let kind = |pick: usize| KINDS.get(pick).copied().unwrap_or(KINDS[0]);
		let owned: Vec<_> = picks.iter().map(|(pick, key)| Owned::new(kind(*pick).0, *key)).collect();
		let claims: Vec<_> = owned.iter().map(Owned::claim).collect();
		let expected: Vec<_> = picks.iter().map(|(pick, _)| kind(*pick).1).collect();
		prop_assert_eq!(judge_all(&claims), expected);
	}
}

#[test]
fn batch_should_name_the_bad_proof_wherever_it_stands() {
	let good = Owned::new(Kind::Good, 0);
	for kind in [Kind::NegatedA, Kind::OutsideSubgroup, Kind::OffCurve] {
		let (bad, error) = (Owned::new(kind, 0), KINDS[kind as usize].1);
		for place in 0..17 {
			let mut claims = vec![good.claim(); 17];
			claims[place] = bad.claim();
			let mut expected = vec![Ok(()); 17];
			expected[place] = error;
			assert_eq!(judge_all(&claims), expected, "{kind:?} at {place}");
		}
	}
}

#[test]
fn batch_should_answer_when_all_or_none_are_bad_at_every_size_around_its_cuts() {
	for size in [0, 1, 2, 3, 5, 6, 7, 255, 256, 257] {
		for (kind, expected) in [KINDS[0], KINDS[3]] {
			if size > 10 && matches!(kind, Kind::NegatedA) {
				continue;
			}
			let owned: Vec<_> = (0..size).map(|place| Owned::new(kind, place)).collect();
			let claims: Vec<_> = owned.iter().map(Owned::claim).collect();
			assert_eq!(verify_batch(&claims), vec![expected; size], "{kind:?}");
		}
	}
}

/// Two false proofs whose errors cancel: the sum of their C is right and neither is. Without
/// coefficients a batch of both would pass.
#[test]
fn batch_should_refuse_both_when_their_errors_cancel() {
	let fixture = &KEYS[0];
	let Proof { a, b, c } = decode_proof(&fixture.proof).unwrap();
	let shift = G1Affine::generator();
	let shifted = |c: ark_bn254::G1Projective| encode_proof(&Proof { a, b, c: c.into_affine() });
	let c = c.into_group();
	let (up, down) = (shifted(c + shift), shifted(c - shift));
	let claim = |proof| Claim { proof, ..fixture.claim() };
	let not_valid = Err(ProofError::NotValid);
	assert_eq!(judge_all(&[claim(&up), claim(&down)]), [not_valid; 2]);
	assert_eq!(judge_all(&[claim(&down), claim(&up)]), [not_valid; 2]);
	let mixed = [claim(&up), fixture.claim(), claim(&down), fixture.claim()];
	assert_eq!(judge_all(&mixed), [not_valid, Ok(()), not_valid, Ok(())]);
}

#[test]
fn batch_should_accept_the_same_claim_twice_and_its_rerandomised_copies() {
	let fixture = &KEYS[1];
	let mut rng = fixture.rng.clone();
	let vk = &fixture.keys.proving_key().vk;
	let decoded = decode_proof(&fixture.proof).unwrap();
	let copy = encode_proof(&Groth16::<Bn254>::rerandomize_proof(vk, &decoded, &mut rng));
	let claims = [fixture.claim(), fixture.claim(), Claim { proof: &copy, ..fixture.claim() }];
	assert_eq!(judge_all(&claims), [Ok(()); 3]);
}

/// What the benchmarks compare with does the same work.
#[test]
fn batch_of_arkworks_should_hold_unless_a_proof_is_false() {
	let fixture = &KEYS[0];
	let mut claims: Vec<_> =
		(0..5).map(|seed| (fixture.inputs, fixture.keys.prove(&fixture.inputs, seed))).collect();
	let holds = |claims: &[_]| ArkworksBatch::new(&fixture.keys, claims).verify();
	assert!(holds(&claims) && holds(&claims[..1]));
	for place in 0..5 {
		let good = claims[place];
		claims[place].0[3] = KEYS[1].inputs[3];
		assert!(!holds(&claims), "inputs of {place}");
		claims[place] = good;
		let Proof { a, b, c } = decode_proof(&good.1).unwrap();
		claims[place].1 = encode_proof(&Proof { a: -a, b, c });
		assert!(!holds(&claims), "proof {place}");
		claims[place] = good;
	}
}

/// Inputs at the edges of the field, where sums of products wrap.
#[test]
fn batch_should_accept_inputs_at_the_edges_of_the_field() {
	let fixture = &KEYS[2];
	let edges = [Fr::from(0u64), Fr::from(1u64), -Fr::from(1u64), Fr::from(u64::MAX)].map(be);
	let proofs: Vec<_> = (0..4)
		.map(|turn| {
			let mut inputs = edges;
			inputs.rotate_left(turn);
			(inputs, fixture.keys.prove(&inputs, 3))
		})
		.collect();
	assert!(Fr::from_be_bytes_mod_order(&edges[2]) == -Fr::from(1u64));
	let claims: Vec<_> = proofs
		.iter()
		.map(|(inputs, proof)| Claim { prepared: &fixture.prepared, inputs, proof })
		.collect();
	assert_eq!(judge_all(&claims), [Ok(()); 4]);
}

/// More keys than the process keeps, in turns: a node that has just started answers like one that has
/// run for long.
#[test]
fn answers_should_be_the_same_whichever_keys_are_kept() {
	let fixtures: Vec<_> = (100..170).map(Fixture::new).collect();
	for _ in 0..2 {
		for (fixture, other) in fixtures.iter().zip(fixtures.iter().skip(1)) {
			let swapped = Claim { prepared: &other.prepared, ..fixture.claim() };
			assert_eq!(judge_all(&[fixture.claim()]), [Ok(())]);
			assert_eq!(judge_all(&[swapped]), [Err(ProofError::NotValid)]);
		}
	}
	let claims: Vec<_> = fixtures.iter().map(Fixture::claim).collect();
	assert_eq!(judge_all(&claims), vec![Ok(()); fixtures.len()]);
}
