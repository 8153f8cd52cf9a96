// SPDX-License-Identifier: Apache-2.0
//! Verification by plain arkworks, to compare with. Its generic code is compiled here, with the optimization
//! of every library, wherever it is measured from.

use crate::TestKeys;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective};
use ark_ec::{
	pairing::{Pairing, PairingOutput},
	AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM,
};
use ark_ff::{AdditiveGroup, BigInteger256, Field, PrimeField};
use ark_groth16::{prepare_verifying_key, Groth16, PreparedVerifyingKey, Proof, VerifyingKey};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use pvs_primitives::{
	field::scalar_from_be, hash::blake2_256, Bytes32, PROOF_BYTES, PUBLIC_INPUTS,
};
use pvs_verifier::decode_proof;

/// A key and a proof as arkworks has them.
pub struct Arkworks {
	key: VerifyingKey<Bn254>,
	prepared: PreparedVerifyingKey<Bn254>,
	claim: ArkworksClaim,
}

/// A proof in arkworks' encoding, and its public inputs.
struct ArkworksClaim {
	proof: Vec<u8>,
	inputs: [Fr; PUBLIC_INPUTS],
}

impl ArkworksClaim {
	fn new(inputs: &[Bytes32; PUBLIC_INPUTS], proof: &[u8; PROOF_BYTES]) -> Self {
		let mut bytes = Vec::new();
		decode_proof(proof)
			.expect("the proof is well-formed")
			.serialize_uncompressed(&mut bytes)
			.expect("a vector takes all bytes");
		let inputs = inputs.map(|input| scalar_from_be(&input).expect("inputs are canonical"));
		Self { proof: bytes, inputs }
	}

	/// Reads and checks the proof.
	fn proof(&self) -> Proof<Bn254> {
		Proof::deserialize_uncompressed(&self.proof[..]).expect("arkworks wrote it")
	}
}

impl Arkworks {
	/// Takes a proof in our encoding.
	///
	/// # Panics
	///
	/// The proof or an input is malformed.
	pub fn new(
		keys: &TestKeys,
		inputs: &[Bytes32; PUBLIC_INPUTS],
		proof: &[u8; PROOF_BYTES],
	) -> Self {
		let key = keys.proving_key().vk.clone();
		let claim = ArkworksClaim::new(inputs, proof);
		Self { prepared: prepare_verifying_key(&key), key, claim }
	}

	/// Reads and checks the proof, prepares the key, verifies: what zkVerify does for each proof.
	pub fn verify_preparing(&self) -> bool {
		self.verify(&prepare_verifying_key(&self.key))
	}

	/// Reads and checks the proof, and verifies under a key prepared before.
	pub fn verify_prepared(&self) -> bool {
		self.verify(&self.prepared)
	}

	fn verify(&self, key: &PreparedVerifyingKey<Bn254>) -> bool {
		Groth16::<Bn254>::verify_proof(key, &self.claim.proof(), &self.claim.inputs)
			.expect("the inputs fit the key")
	}
}

/// Proofs under one key, verified together with what arkworks offers: the key prepared before, a random
/// linear combination with coefficients of 128 bits, one multi-Miller loop, one final exponentiation.
pub struct ArkworksBatch {
	prepared: PreparedVerifyingKey<Bn254>,
	claims: Vec<ArkworksClaim>,
}

impl ArkworksBatch {
	/// Takes proofs in our encoding, with their public inputs.
	///
	/// # Panics
	///
	/// A proof or an input is malformed.
	pub fn new(keys: &TestKeys, claims: &[([Bytes32; PUBLIC_INPUTS], [u8; PROOF_BYTES])]) -> Self {
		let claims = claims.iter().map(|(inputs, proof)| ArkworksClaim::new(inputs, proof));
		let prepared = prepare_verifying_key(&keys.proving_key().vk);
		Self { prepared, claims: claims.collect() }
	}

	/// Reads and checks the proofs and verifies all of them together; `true` if all hold.
	#[allow(clippy::arithmetic_side_effects, reason = "curve and field arithmetic never overflows")]
	pub fn verify(&self) -> bool {
		let proofs: Vec<_> = self.claims.iter().map(ArkworksClaim::proof).collect();
		let coefficients = self.coefficients();

		let a = proofs.iter().zip(&coefficients).map(|(proof, r)| proof.a.mul_bigint(r));
		let a = G1Projective::normalize_batch(&a.collect::<Vec<_>>());
		let c: Vec<_> = proofs.iter().map(|proof| proof.c).collect();
		let c = G1Projective::msm_bigint(&c, &coefficients);
		let mut sum = Fr::ZERO;
		let mut inputs = [Fr::ZERO; PUBLIC_INPUTS];
		for (claim, r) in self.claims.iter().zip(&coefficients) {
			let r = Fr::new(*r);
			sum += r;
			for (total, input) in inputs.iter_mut().zip(claim.inputs) {
				*total += r * input;
			}
		}
		let scalars: Vec<_> =
			[sum].into_iter().chain(inputs).map(|scalar| scalar.into_bigint()).collect();
		let i = G1Projective::msm_bigint(&self.prepared.vk.gamma_abc_g1, &scalars);

		let points: Vec<G1Affine> = a.into_iter().chain([i.into(), c.into()]).collect();
		let partners = proofs.iter().map(|proof| proof.b.into());
		let key = [self.prepared.gamma_g2_neg_pc.clone(), self.prepared.delta_g2_neg_pc.clone()];
		let product = Bn254::multi_miller_loop(points, partners.chain(key));
		let expected = PairingOutput::<Bn254>(self.prepared.alpha_g1_beta_g2);
		Bn254::final_exponentiation(product) == Some(expected.mul_bigint(sum.into_bigint()))
	}

	/// One, and 128 bits of a hash of all claims for each further proof.
	fn coefficients(&self) -> Vec<BigInteger256> {
		let mut bytes = Vec::new();
		for claim in &self.claims {
			claim.inputs.serialize_uncompressed(&mut bytes).expect("a vector takes all bytes");
			bytes.extend(&claim.proof);
		}
		let seed = blake2_256(&[&bytes]);
		let others = (1_u64..).map(|place| {
			let hash = blake2_256(&[&seed, &place.to_le_bytes()]);
			let (words, _) = hash.as_chunks::<8>();
			BigInteger256::new([u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]), 0, 0])
		});
		[Fr::ONE.into_bigint()].into_iter().chain(others).take(self.claims.len()).collect()
	}
}
