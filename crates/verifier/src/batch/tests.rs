// SPDX-License-Identifier: Apache-2.0
//! What the coefficients of a batch depend on, and what could be forged if they did not.

use super::*;
use crate::{encode_proof, prepare_key, verify_batch, PREPARED_KEY_BYTES, PROOF_BYTES};
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::{pairing::Pairing, AffineRepr};
use ark_ff::{Field, UniformRand};
use ark_groth16::Proof as ArkworksProof;
use pvs_primitives::field::scalar_to_be;
use pvs_verifier_testing::{corpus::Fixture, trapdoor::Trapdoor};
use rand::{rngs::StdRng, SeedableRng};
use std::sync::LazyLock;

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| Fixture::new(1));

/// The claims of a transcript, which need not decode.
#[derive(Clone)]
struct Transcript {
	prepared: [Vec<u8>; 2],
	inputs: [[Bytes32; PUBLIC_INPUTS]; 3],
	proofs: [Vec<u8>; 3],
}

/// Which key each claim is under.
const KEY_OF: [usize; 3] = [0, 1, 0];

impl Transcript {
	/// Byte `i` is `i * factor + start` modulo 256: of the two keys with the factors 7 and 11 and the
	/// starts 1 and 2, of the inputs of claim `j` with 13 and `3 + j`, of its proof with 17 and `5 + j`.
	fn of_patterns() -> Self {
		let pattern = |length: usize, factor: usize, start: usize| -> Vec<u8> {
			(0..length).map(|place| (place * factor + start) as u8).collect()
		};
		Self {
			prepared: [pattern(PREPARED_KEY_BYTES, 7, 1), pattern(PREPARED_KEY_BYTES, 11, 2)],
			inputs: [0, 1, 2]
				.map(|claim| pattern(128, 13, 3 + claim).as_chunks().0.try_into().unwrap()),
			proofs: [0, 1, 2].map(|claim| pattern(PROOF_BYTES, 17, 5 + claim)),
		}
	}

	/// The seed, and the statements with their coefficients.
	fn draw(&self) -> (Bytes32, Vec<Statement>) {
		let claims: Vec<_> = (0..3)
			.map(|place| Claim {
				prepared: &self.prepared[KEY_OF[place]],
				inputs: &self.inputs[place],
				proof: &self.proofs[place],
			})
			.collect();
		// No key can be read from these bytes, and none is for drawing.
		let all = self.prepared.iter().map(|key| (&key[..], Err(ProofError::MalformedKey)));
		let keys = Keys { all: all.collect(), ..Keys::default() };
		let statement = |place: usize| Statement {
			place,
			key: KEY_OF[place],
			inputs: Default::default(),
			proof: Proof::decode(&FIXTURE.proof).unwrap(),
			coefficient: Coefficient::ONE,
		};
		let mut statements: Vec<_> = (0..3).map(statement).collect();
		draw_coefficients(&mut statements, &claims, &keys);
		(seed(&statements, &claims, &keys), statements)
	}
}

/// Numbers from Python: `hashlib.blake2b(..., digest_size=32)` of
/// `"pvs/batch-verification/v1" ++ for each claim: blake2b(prepared key) ++ inputs ++ proof` is the seed;
/// of `seed ++ place as u32 little-endian` the first and second 8 bytes, little-endian, are `low` and
/// `high`; the coefficient is `low + high * lambda` modulo `r`.
#[test]
fn coefficients_should_be_the_known_ones() {
	let (seed, statements) = Transcript::of_patterns().draw();
	let expected = "11346fc5bdfee93b352edf238f02d3a0c50f5cbefb0c5ed20271e26a2bf65456";
	assert_eq!(seed.map(|byte| format!("{byte:02x}")).concat(), expected);
	let scalars = [
		"1",
		"9113776610319633739859579711556478262986445963371171843070749328974074959885",
		"5985179262450565625860530347374795993455013932317780825799583081246449635991",
	];
	for (statement, expected) in statements.iter().zip(scalars) {
		assert_eq!(statement.coefficient.scalar().to_string(), expected);
	}
}

#[test]
fn seed_should_change_with_every_byte_of_keys_inputs_and_proofs() {
	let original = Transcript::of_patterns();
	let (seed, statements) = original.draw();
	let changed = |what: &str, place: usize, change: &dyn Fn(&mut Transcript)| {
		let mut transcript = original.clone();
		change(&mut transcript);
		let (other, others) = transcript.draw();
		assert_ne!(other, seed, "{what}, byte {place}");
		for (statement, other) in statements.iter().zip(&others).skip(1) {
			assert_ne!(statement.coefficient, other.coefficient, "{what}, byte {place}");
		}
	};
	for place in 0..PREPARED_KEY_BYTES {
		for key in 0..2 {
			changed("key", place, &|transcript| transcript.prepared[key][place] ^= 1);
		}
	}
	for claim in 0..3 {
		for place in 0..128 {
			changed("inputs", place, &|transcript| {
				transcript.inputs[claim].as_flattened_mut()[place] ^= 0x80;
			});
		}
		for place in 0..PROOF_BYTES {
			changed("proof", place, &|transcript| transcript.proofs[claim][place] ^= 1);
		}
	}
}

/// Two statements that nobody can prove, and the seed that their coefficients would come from if `leave`
/// were left out of it. Proofs that cancel for these coefficients pass together.
struct Attempt {
	rng: StdRng,
	trapdoor: Trapdoor,
	prepared: [u8; PREPARED_KEY_BYTES],
	inputs: [[Fr; PUBLIC_INPUTS]; 2],
}

impl Attempt {
	fn new() -> Self {
		let mut rng = StdRng::seed_from_u64(20);
		let trapdoor = Trapdoor::random(&mut rng);
		let key = pvs_verifier_testing::trapdoor::unchecked_key_bytes(&trapdoor.key());
		let inputs = [(); 2].map(|()| [(); PUBLIC_INPUTS].map(|()| Fr::rand(&mut rng)));
		Self { rng, prepared: prepare_key(&key).unwrap(), trapdoor, inputs }
	}

	/// `I` of a statement.
	fn sum(&self, statement: usize) -> G1Projective {
		let key = self.trapdoor.key();
		let (constant, points) = key.gamma_abc_g1.split_first().unwrap();
		let terms = points.iter().zip(&self.inputs[statement]).map(|(ic, input)| *ic * *input);
		terms.fold(constant.into_group(), |sum, term| sum + term)
	}

	/// `B_0 = beta`, `A_0 = (1 + r) alpha`, `B_1 = gamma`, `A_1 = (I_0 + r I_1) / r`, `C_0 = S`,
	/// `C_1 = -S / r` for any S: what they are off by cancels if `r` is the second coefficient.
	fn cancelling(&mut self, r: Fr) -> [ArkworksProof<Bn254>; 2] {
		let key = self.trapdoor.key();
		let inverse = r.inverse().unwrap();
		let s = G1Affine::rand(&mut self.rng);
		let a = (self.sum(0) + self.sum(1) * r) * inverse;
		let first = (key.alpha_g1 * (Fr::ONE + r), key.beta_g2, s.into_group());
		let proofs = [first, (a, key.gamma_g2, s * -inverse)];
		let proofs = proofs.map(|(a, b, c)| ArkworksProof { a: a.into(), b, c: c.into() });
		self.assert_cancelling(&proofs, r);
		proofs
	}

	/// The equation of the batch for the coefficients 1 and `r`, by arkworks.
	fn assert_cancelling(&self, proofs: &[ArkworksProof<Bn254>; 2], r: Fr) {
		let key = self.trapdoor.key();
		let [first, second] = proofs;
		let left = Bn254::multi_pairing([first.a, (second.a * r).into()], [first.b, second.b]);
		let right: [G1Affine; 3] = [
			(key.alpha_g1 * (Fr::ONE + r)).into(),
			(self.sum(0) + self.sum(1) * r).into(),
			(first.c + second.c * r).into(),
		];
		let points: [G2Affine; 3] = [key.beta_g2, key.gamma_g2, key.delta_g2];
		assert_eq!(left, Bn254::multi_pairing(right, points));
	}

	fn judge(&self, proofs: &[ArkworksProof<Bn254>; 2]) -> Vec<Result<(), ProofError>> {
		let inputs = self.inputs.map(|inputs| inputs.map(|input| scalar_to_be(&input)));
		let proofs = [&proofs[0], &proofs[1]].map(encode_proof);
		let claim = |place: usize| Claim {
			prepared: &self.prepared,
			inputs: &inputs[place],
			proof: &proofs[place],
		};
		verify_batch(&[claim(0), claim(1)])
	}

	/// The second coefficient, from a seed of these parts of each claim.
	fn known_coefficient(&self, parts: impl Fn(&Bytes32, &[u8]) -> Vec<u8>) -> Fr {
		let key = blake2_256(&[&self.prepared]);
		let mut bytes = DOMAIN.to_vec();
		for inputs in self.inputs {
			bytes.extend(parts(&key, inputs.map(|input| scalar_to_be(&input)).as_flattened()));
		}
		Coefficient::derive(&blake2_256(&[&bytes]), 1).scalar()
	}
}

/// If proofs took no part in the seed, the coefficients of any two statements would be known before their
/// proofs are made, and the proofs made to cancel.
#[test]
fn batch_should_refuse_cancelling_proofs_made_for_the_seed_without_proofs() {
	let mut attempt = Attempt::new();
	let r = attempt.known_coefficient(|key, inputs| [key, inputs].concat());
	let proofs = attempt.cancelling(r);
	assert_eq!(attempt.judge(&proofs), [Err(ProofError::NotValid); 2]);
}

/// Coefficients of few bits could be guessed.
#[test]
fn batch_should_refuse_cancelling_proofs_made_for_small_coefficients() {
	for r in [1_u64, 2, 3, 255, u32::MAX.into(), u64::MAX] {
		let mut attempt = Attempt::new();
		let proofs = attempt.cancelling(Fr::from(r));
		assert_eq!(attempt.judge(&proofs), [Err(ProofError::NotValid); 2], "{r}");
	}
}
