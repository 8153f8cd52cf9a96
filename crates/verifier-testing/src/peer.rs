// SPDX-License-Identifier: Apache-2.0
//! Verification by plain arkworks, to compare with. Its generic code is compiled here, with the optimisation
//! of every library, wherever it is measured from.

use crate::TestKeys;
use ark_bn254::{Bn254, Fr};
use ark_groth16::{prepare_verifying_key, Groth16, PreparedVerifyingKey, Proof, VerifyingKey};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use pvs_primitives::{field::scalar_from_be, Bytes32, PROOF_BYTES, PUBLIC_INPUTS};
use pvs_verifier::decode_proof;

/// A key and a proof as arkworks has them.
pub struct Arkworks {
	key: VerifyingKey<Bn254>,
	prepared: PreparedVerifyingKey<Bn254>,
	proof: Vec<u8>,
	inputs: [Fr; PUBLIC_INPUTS],
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
		let mut bytes = Vec::new();
		decode_proof(proof)
			.expect("the proof is well-formed")
			.serialize_uncompressed(&mut bytes)
			.expect("a vector takes all bytes");
		let inputs = inputs.map(|input| scalar_from_be(&input).expect("inputs are canonical"));
		Self { prepared: prepare_verifying_key(&key), key, proof: bytes, inputs }
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
		let proof = Proof::deserialize_uncompressed(&self.proof[..]).expect("arkworks wrote it");
		Groth16::<Bn254>::verify_proof(key, &proof, &self.inputs).expect("the inputs fit the key")
	}
}
