// SPDX-License-Identifier: Apache-2.0
//! Bad proofs, inputs and keys of every kind, alone and in batches. All verifiers answer every case.

mod common;

use common::*;
use pvs_verifier::Claim;
use pvs_verifier_testing::corpus::{
	bad_inputs, bad_keys, bad_prepared_keys, bad_proofs, BadClaim, Fixture,
};
use rand::{Rng, RngCore};

/// Each alone, and all of them in batches with claims that hold between them.
fn refuse(corpus: &[BadClaim]) {
	for bad in corpus {
		let result = judge(&bad.prepared, &bad.inputs, &bad.proof);
		assert_eq!(result, Err(bad.error), "{}: {bad:02x?}", bad.kind);
	}
	let good = Fixture::new(6);
	for (size, batch) in [1, 2, 7, 30, 63].into_iter().cycle().zip(corpus.chunks(50)) {
		let mut claims: Vec<Claim<'_>> = Vec::new();
		let mut expected = Vec::new();
		for (place, bad) in batch.iter().enumerate() {
			if place % size == 0 {
				claims.push(good.claim());
				expected.push(Ok(()));
			}
			claims.push(bad.claim());
			expected.push(Err(bad.error));
		}
		assert_eq!(judge_all(&claims), expected);
	}
}

#[test]
fn test_negative_corpus() {
	let corpus = bad_proofs();
	assert!(corpus.len() >= 2_500, "only {} cases", corpus.len());
	refuse(&corpus);
	println!("{} bad proofs refused", corpus.len());
}

#[test]
fn test_negative_input_corpus() {
	let corpus = bad_inputs();
	assert!(corpus.len() >= 160, "only {} cases", corpus.len());
	refuse(&corpus);
}

#[test]
fn test_negative_prepared_key_corpus() {
	refuse(&bad_prepared_keys());
}

#[test]
fn test_negative_key_corpus() {
	let corpus = bad_keys();
	assert!(corpus.len() >= 7_000, "only {} cases", corpus.len());
	for bad in &corpus {
		assert_eq!(prepare(&bad.key), Err(bad.error), "{}: {:02x?}", bad.kind, bad.key);
	}
	println!("{} bad keys refused", corpus.len());
}

#[test]
fn random_bytes_should_be_refused_without_panic() {
	let Fixture { prepared, inputs, proof, mut rng, .. } = Fixture::new(5);
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
