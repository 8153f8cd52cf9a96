// SPDX-License-Identifier: Apache-2.0
//! Bad proofs, inputs and keys of every kind, each with the error that it must meet, for every
//! verifier on every path.

use crate::{
	bytes::{
		aliases, be, coordinate, g1_bytes, g2_bytes, is_coordinate, outside_subgroup, with_bytes,
		with_coordinate,
	},
	trapdoor::forgeable_keys,
	TestKeys,
};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ff::{PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, SeedableRng};
use pvs_primitives::{Bytes32, PROOF_BYTES, PUBLIC_INPUTS, VERIFYING_KEY_BYTES};
use pvs_verifier::{
	decode_proof, prepare_key, Claim, KeyError, PreparedKey, ProofError, PREPARED_KEY_BYTES,
};

const ONES: Bytes32 = [0xff; 32];

/// A real key with a proof that holds, and randomness to damage them with.
pub struct Fixture {
	/// What the key was made with.
	pub keys: TestKeys,
	/// The verifying key.
	pub key: [u8; VERIFYING_KEY_BYTES],
	/// The same, prepared.
	pub prepared: PreparedKey,
	/// Public inputs.
	pub inputs: [Bytes32; PUBLIC_INPUTS],
	/// A proof for them.
	pub proof: [u8; PROOF_BYTES],
	/// The same for the same seed.
	pub rng: StdRng,
}

impl Fixture {
	/// The same for the same seed.
	pub fn new(seed: u64) -> Self {
		let mut rng = StdRng::seed_from_u64(seed);
		let keys = TestKeys::new(seed);
		let key = keys.verifying_key();
		let inputs = [(); PUBLIC_INPUTS].map(|()| be(Fr::rand(&mut rng)));
		let proof = keys.prove(&inputs, seed);
		let prepared = prepare_key(&key).expect("a fresh set-up is not degenerate");
		Self { keys, key, prepared, inputs, proof, rng }
	}

	/// The claim that holds.
	pub fn claim(&self) -> Claim<'_> {
		Claim { prepared: &self.prepared, inputs: &self.inputs, proof: &self.proof }
	}
}

/// A claim that every verifier refuses.
#[derive(Clone, Debug)]
pub struct BadClaim {
	/// Its fault.
	pub kind: &'static str,
	/// The prepared key.
	pub prepared: Vec<u8>,
	/// The public inputs.
	pub inputs: Vec<Bytes32>,
	/// The proof.
	pub proof: Vec<u8>,
	/// Why it is refused.
	pub error: ProofError,
}

impl BadClaim {
	/// As a verifier takes it.
	pub fn claim(&self) -> Claim<'_> {
		Claim { prepared: &self.prepared, inputs: &self.inputs, proof: &self.proof }
	}
}

/// A key that every verifier refuses.
#[derive(Clone, Debug)]
pub struct BadKey {
	/// Its fault.
	pub kind: &'static str,
	/// The key.
	pub key: Vec<u8>,
	/// Why it is refused.
	pub error: KeyError,
}

/// Every value of a coordinate that is the same number modulo the field and must be refused, and
/// some that are too large in other ways.
fn too_large(value: &Bytes32) -> Vec<Bytes32> {
	let mut bad = aliases::<Fq>(value);
	assert!(bad.len() >= 4);
	bad.extend(aliases::<Fq>(&[0; 32]));
	bad.push(ONES);
	// The bits in which other encodings keep flags.
	for flags in [0x40, 0x80, 0xc0] {
		let mut flagged = *value;
		flagged[0] |= flags;
		bad.push(flagged);
	}
	bad
}

/// What a single changed bit of a well-formed point leads to.
fn expected_of_flip(bytes: &[u8], at: usize) -> ProofError {
	if is_coordinate(&coordinate(bytes, at / 32)) {
		ProofError::NotOnCurve
	} else {
		ProofError::NonCanonicalCoordinate
	}
}

/// More than 2,500 proofs that do not hold, for the same inputs and key.
pub fn bad_proofs() -> Vec<BadClaim> {
	let Fixture { keys, prepared, inputs, proof, mut rng, .. } = Fixture::new(1);
	let mut corpus: Vec<(&str, Vec<u8>, ProofError)> = Vec::new();

	for length in (0..256).chain(257..=320).chain([512, 768, 4096]) {
		let bytes = proof.iter().copied().cycle().take(length).collect();
		corpus.push(("length", bytes, ProofError::WrongLength));
	}
	for position in 0..8 {
		for value in too_large(&coordinate(&proof, position)) {
			let bytes = with_coordinate(&proof, position, &value);
			corpus.push(("too large", bytes, ProofError::NonCanonicalCoordinate));
		}
		for _ in 0..20 {
			let bytes = with_coordinate(&proof, position, &be(Fq::rand(&mut rng)));
			corpus.push(("off curve", bytes, ProofError::NotOnCurve));
		}
		let zero = with_coordinate(&proof, position, &[0; 32]);
		corpus.push(("one coordinate zero", zero, ProofError::NotOnCurve));
		let mut little_endian = coordinate(&proof, position);
		little_endian.reverse();
		let error = if is_coordinate(&little_endian) {
			ProofError::NotOnCurve
		} else {
			ProofError::NonCanonicalCoordinate
		};
		let bytes = with_coordinate(&proof, position, &little_endian);
		corpus.push(("little-endian", bytes, error));
	}
	for bit in 0..256 * 8 {
		let mut bytes = proof.to_vec();
		bytes[bit / 8] ^= 1 << (bit % 8);
		let error = expected_of_flip(&bytes, bit / 8);
		corpus.push(("one bit", bytes, error));
	}
	for subset in 1..8 {
		let mut bytes = proof.to_vec();
		for (point, range) in [0..64, 64..192, 192..256].into_iter().enumerate() {
			if subset >> point & 1 == 1 {
				bytes[range].fill(0);
			}
		}
		corpus.push(("identity", bytes, ProofError::Identity));
	}
	// Fp2 with the real part first, x and y exchanged.
	let swap = |a: usize, b: usize| {
		let mut bytes = with_coordinate(&proof, a, &coordinate(&proof, b));
		bytes = with_coordinate(&bytes, b, &coordinate(&proof, a));
		bytes
	};
	for (a, b) in [(0, 1), (2, 3), (4, 5), (2, 4), (3, 5), (6, 7)] {
		corpus.push(("exchanged coordinates", swap(a, b), ProofError::NotOnCurve));
	}
	for _ in 0..50 {
		let bytes = with_bytes(&proof, 64, &g2_bytes(&outside_subgroup(&mut rng)));
		corpus.push(("outside subgroup", bytes, ProofError::NotInSubgroup));
	}
	// Well-formed and false.
	for _ in 0..20 {
		let (a, c) = (g1_bytes(&G1Affine::rand(&mut rng)), g1_bytes(&G1Affine::rand(&mut rng)));
		let b = g2_bytes(&G2Affine::rand(&mut rng));
		for bytes in [
			with_bytes(&proof, 0, &a),
			with_bytes(&proof, 64, &b),
			with_bytes(&proof, 192, &c),
			[&a[..], &b, &c].concat(),
		] {
			corpus.push(("random point", bytes, ProofError::NotValid));
		}
	}
	let again = keys.prove(&inputs, 99);
	for range in [0..64, 64..192, 192..256, 0..192, 64..256] {
		let bytes = with_bytes(&proof, range.start, &again[range]);
		corpus.push(("parts of two proofs", bytes, ProofError::NotValid));
	}
	let exchanged = [&proof[192..], &proof[64..192], &proof[..64]].concat();
	corpus.push(("A and C exchanged", exchanged, ProofError::NotValid));
	let decoded = decode_proof(&proof).expect("the proof is well-formed");
	let negated = [
		with_bytes(&proof, 0, &g1_bytes(&-decoded.a)),
		with_bytes(&proof, 64, &g2_bytes(&-decoded.b)),
		with_bytes(&proof, 192, &g1_bytes(&-decoded.c)),
	];
	corpus.extend(negated.map(|bytes| ("negated point", bytes, ProofError::NotValid)));
	for seed in 0..20 {
		let other = Fixture::new(1000 + seed);
		let other_inputs = keys.prove(&other.inputs, seed).to_vec();
		corpus.push(("proof for other inputs", other_inputs, ProofError::NotValid));
		let other_key = other.keys.prove(&inputs, seed).to_vec();
		corpus.push(("proof under another key", other_key, ProofError::NotValid));
	}

	let bad = |(kind, proof, error)| {
		let (prepared, inputs) = (prepared.to_vec(), inputs.to_vec());
		BadClaim { kind, prepared, inputs, proof, error }
	};
	corpus.into_iter().map(bad).collect()
}

/// More than 160 choices of public inputs for which a proof does not hold.
pub fn bad_inputs() -> Vec<BadClaim> {
	let Fixture { prepared, inputs, proof, mut rng, .. } = Fixture::new(2);
	let mut corpus: Vec<(&str, Vec<Bytes32>, ProofError)> = Vec::new();
	let replaced = |position: usize, value: Bytes32| {
		let mut changed = inputs.to_vec();
		changed[position] = value;
		changed
	};
	for position in 0..4 {
		let mut bad = aliases::<Fr>(&inputs[position]);
		bad.extend(aliases::<Fr>(&[0; 32]));
		bad.push(ONES);
		for value in bad {
			corpus.push(("alias", replaced(position, value), ProofError::NonCanonicalInput));
		}
		let value = Fr::from_be_bytes_mod_order(&inputs[position]);
		let one = Fr::from(1u64);
		let mut wrong = vec![Fr::from(0u64), one, -one, value + one, value - one, -value];
		wrong.extend((0..20).map(|_| Fr::rand(&mut rng)));
		for value in wrong {
			corpus.push(("other input", replaced(position, be(value)), ProofError::NotValid));
		}
		for other in (0..4).filter(|other| *other != position) {
			let mut changed = inputs.to_vec();
			changed.swap(position, other);
			corpus.push(("exchanged inputs", changed, ProofError::NotValid));
		}
	}
	for count in (0..12).filter(|count| *count != 4) {
		let some = inputs.iter().copied().cycle().take(count).collect();
		corpus.push(("count", some, ProofError::WrongInputCount));
	}
	let bad = |(kind, inputs, error)| {
		let (prepared, proof) = (prepared.to_vec(), proof.to_vec());
		BadClaim { kind, prepared, inputs, proof, error }
	};
	corpus.into_iter().map(bad).collect()
}

/// More than 7,000 keys that cannot be prepared.
pub fn bad_keys() -> Vec<BadKey> {
	let Fixture { key, mut rng, .. } = Fixture::new(3);
	let mut corpus: Vec<(&str, Vec<u8>, KeyError)> = Vec::new();

	for length in (0..768).chain(769..=832).chain([PREPARED_KEY_BYTES, 4096]) {
		let bytes = key.iter().copied().cycle().take(length).collect();
		corpus.push(("length", bytes, KeyError::WrongLength));
	}
	for position in 0..24 {
		for value in too_large(&coordinate(&key, position)) {
			let bytes = with_coordinate(&key, position, &value);
			corpus.push(("too large", bytes, KeyError::NonCanonicalCoordinate));
		}
		for _ in 0..10 {
			let bytes = with_coordinate(&key, position, &be(Fq::rand(&mut rng)));
			corpus.push(("off curve", bytes, KeyError::NotOnCurve));
		}
	}
	for bit in 0..768 * 8 {
		let mut bytes = key.to_vec();
		bytes[bit / 8] ^= 1 << (bit % 8);
		let error = match expected_of_flip(&bytes, bit / 8) {
			ProofError::NotOnCurve => KeyError::NotOnCurve,
			_ => KeyError::NonCanonicalCoordinate,
		};
		corpus.push(("one bit", bytes, error));
	}
	for (from, length) in points_of_key() {
		let bytes = with_bytes(&key, from, &vec![0; length]);
		corpus.push(("identity", bytes, KeyError::Identity));
	}
	for from in [64, 192, 320] {
		for _ in 0..10 {
			let bytes = with_bytes(&key, from, &g2_bytes(&outside_subgroup(&mut rng)));
			corpus.push(("outside subgroup", bytes, KeyError::NotInSubgroup));
		}
	}
	for _ in 0..10 {
		let point = g2_bytes(&G2Affine::rand(&mut rng));
		let bytes = with_bytes(&with_bytes(&key, 192, &point), 320, &point);
		corpus.push(("gamma equals delta", bytes, KeyError::GammaEqualsDelta));
	}
	for (key, error) in forgeable_keys() {
		corpus.push(("related points", key.bytes(), error));
	}

	corpus.into_iter().map(|(kind, key, error)| BadKey { kind, key, error }).collect()
}

/// Where the points of a key begin, and their lengths.
fn points_of_key() -> Vec<(usize, usize)> {
	let mut points = vec![(0, 64), (64, 128), (192, 128), (320, 128)];
	points.extend((0..5).map(|point| (448 + 64 * point, 64)));
	points
}

/// Bytes that no preparation of a key returns.
pub fn bad_prepared_keys() -> Vec<BadClaim> {
	let Fixture { prepared, inputs, proof, mut rng, .. } = Fixture::new(4);
	let mut corpus: Vec<(&str, Vec<u8>, ProofError)> = Vec::new();
	for length in (0..PREPARED_KEY_BYTES).step_by(7).chain([768, PREPARED_KEY_BYTES + 1, 2304]) {
		let bytes = prepared.iter().copied().cycle().take(length).collect();
		corpus.push(("length", bytes, ProofError::MalformedKey));
	}
	// Alpha and beta are the first six coordinates; verification uses their pairing instead.
	for position in 6..36 {
		let mut bad = aliases::<Fq>(&coordinate(&prepared, position));
		bad.push(ONES);
		for value in bad {
			let bytes = with_coordinate(&prepared, position, &value);
			corpus.push(("too large", bytes, ProofError::MalformedKey));
		}
	}
	// Coordinates of no point at all: nothing panics, nothing passes. Gamma, delta and IC are missed at
	// once; the twelve last are of the pairing, where every value is one.
	for position in 6..36 {
		let error = if position < 24 { ProofError::MalformedKey } else { ProofError::NotValid };
		for value in [[0; 32], be(Fq::rand(&mut rng))] {
			let bytes = with_coordinate(&prepared, position, &value);
			corpus.push(("other coordinate", bytes, error));
		}
	}
	for _ in 0..50 {
		let words: Vec<_> = (0..36).map(|_| be(Fq::rand(&mut rng))).collect();
		corpus.push(("other coordinates", words.concat(), ProofError::MalformedKey));
	}
	corpus.push(("zeros", vec![0; PREPARED_KEY_BYTES], ProofError::MalformedKey));
	let bad = |(kind, prepared, error)| {
		let (inputs, proof) = (inputs.to_vec(), proof.to_vec());
		BadClaim { kind, prepared, inputs, proof, error }
	};
	corpus.into_iter().map(bad).collect()
}
