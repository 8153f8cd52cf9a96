// SPDX-License-Identifier: Apache-2.0
//! Bad proofs, inputs and keys of every kind, each with the error that it must meet. All verifiers
//! answer every case.

mod common;

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ff::{PrimeField, UniformRand};
use common::*;
use pvs_verifier::{Bytes32, KeyError, ProofError, PREPARED_KEY_BYTES};
use rand::{Rng, RngCore};

const ONES: Bytes32 = [0xff; 32];

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

#[test]
fn test_negative_corpus() {
	let Fixture { keys, prepared, inputs, proof, mut rng, .. } = fixture(1);
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
	assert_eq!(judge(&prepared, &inputs, &again), Ok(()));
	for range in [0..64, 64..192, 192..256, 0..192, 64..256] {
		let bytes = with_bytes(&proof, range.start, &again[range]);
		corpus.push(("parts of two proofs", bytes, ProofError::NotValid));
	}
	let exchanged = [&proof[192..], &proof[64..192], &proof[..64]].concat();
	corpus.push(("A and C exchanged", exchanged, ProofError::NotValid));
	let decoded = pvs_verifier::decode_proof(&proof).unwrap();
	let negated = [
		with_bytes(&proof, 0, &g1_bytes(&-decoded.a)),
		with_bytes(&proof, 64, &g2_bytes(&-decoded.b)),
		with_bytes(&proof, 192, &g1_bytes(&-decoded.c)),
	];
	corpus.extend(negated.map(|bytes| ("negated point", bytes, ProofError::NotValid)));
	for seed in 0..20 {
		let other = fixture(1000 + seed);
		let other_inputs = keys.prove(&other.inputs, seed).to_vec();
		corpus.push(("proof for other inputs", other_inputs, ProofError::NotValid));
		let other_key = other.keys.prove(&inputs, seed).to_vec();
		corpus.push(("proof under another key", other_key, ProofError::NotValid));
	}

	assert!(corpus.len() >= 2_500, "only {} cases", corpus.len());
	for (kind, bytes, error) in &corpus {
		assert_eq!(judge(&prepared, &inputs, bytes), Err(*error), "{kind}: {bytes:02x?}");
	}
	println!("{} bad proofs refused", corpus.len());
}

#[test]
fn test_negative_input_corpus() {
	let Fixture { prepared, inputs, proof, mut rng, .. } = fixture(2);
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
	assert!(corpus.len() >= 160, "only {} cases", corpus.len());
	for (kind, bad, error) in &corpus {
		assert_eq!(judge(&prepared, bad, &proof), Err(*error), "{kind}: {bad:02x?}");
	}
}

#[test]
fn test_negative_key_corpus() {
	let Fixture { key, mut rng, .. } = fixture(3);
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

	assert!(corpus.len() >= 7_000, "only {} cases", corpus.len());
	for (kind, bytes, error) in &corpus {
		assert_eq!(prepare(bytes), Err(*error), "{kind}: {bytes:02x?}");
	}
	println!("{} bad keys refused", corpus.len());
}

/// Where the points of a key begin, and their lengths.
fn points_of_key() -> Vec<(usize, usize)> {
	let mut points = vec![(0, 64), (64, 128), (192, 128), (320, 128)];
	points.extend((0..5).map(|point| (448 + 64 * point, 64)));
	points
}

#[test]
fn test_negative_prepared_key_corpus() {
	let Fixture { prepared, inputs, proof, mut rng, .. } = fixture(4);
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
	// Coordinates of no point at all: nothing panics, nothing passes.
	for position in 6..36 {
		for value in [[0; 32], be(Fq::rand(&mut rng))] {
			let bytes = with_coordinate(&prepared, position, &value);
			corpus.push(("other coordinate", bytes, ProofError::NotValid));
		}
	}
	for _ in 0..50 {
		let words: Vec<_> = (0..36).map(|_| be(Fq::rand(&mut rng))).collect();
		corpus.push(("other coordinates", words.concat(), ProofError::NotValid));
	}
	corpus.push(("zeros", vec![0; PREPARED_KEY_BYTES], ProofError::NotValid));
	for (kind, bytes, error) in &corpus {
		assert_eq!(judge(bytes, &inputs, &proof), Err(*error), "{kind}: {bytes:02x?}");
	}
}

#[test]
fn random_bytes_should_be_refused_without_panic() {
	let Fixture { prepared, inputs, proof, mut rng, .. } = fixture(5);
	for _ in 0..2_000 {
		let mut bytes = vec![0; rng.gen_range(0..1300)];
		rng.fill_bytes(&mut bytes);
		assert!(prepare(&bytes).is_err());
		assert!(judge(&prepared, &inputs, &bytes).is_err());
		assert!(judge(&bytes, &inputs, &proof).is_err());
		let (words, _) = bytes.as_chunks::<32>();
		assert!(judge(&prepared, words, &proof).is_err());
	}
	for _ in 0..200 {
		let (mut key, mut bad) = ([0; 768], [0; 256]);
		rng.fill_bytes(&mut key);
		rng.fill_bytes(&mut bad);
		assert!(prepare(&key).is_err());
		assert!(judge(&prepared, &inputs, &bad).is_err());
	}
}
