// SPDX-License-Identifier: Apache-2.0
//! The corpus of bad proofs, inputs and keys in compiled Wasm, on both its paths.

use pvs_verifier::Claim;
use pvs_verifier_testing::corpus::{
	bad_inputs, bad_keys, bad_prepared_keys, bad_proofs, BadClaim, Fixture,
};
use pvs_verifier_wasm::{Path, Verifier};

const PATHS: [Path; 2] = [Path::Host, Path::Wasm];

/// In batches, with claims that hold between them: one call to the Wasm answers for many.
fn refuse(corpus: &[BadClaim]) {
	let verifier = Verifier::new().unwrap();
	let good = Fixture::new(6);
	for batch in corpus.chunks(40) {
		let mut claims: Vec<Claim<'_>> = vec![good.claim()];
		claims.extend(batch.iter().map(BadClaim::claim));
		claims.push(good.claim());
		for path in PATHS {
			let request = Verifier::request(path, &claims);
			let answers = verifier.verify_batch(&request).unwrap();
			assert_eq!(answers.len(), claims.len());
			assert_eq!((answers[0], answers[claims.len() - 1]), (Ok(()), Ok(())));
			for (answer, bad) in answers[1..].iter().zip(batch) {
				assert_eq!(*answer, Err(bad.error), "{path:?}, {}: {bad:02x?}", bad.kind);
			}
		}
	}
}

#[test]
fn test_negative_corpus_in_wasm() {
	let corpus = bad_proofs();
	refuse(&corpus);
	println!("{} bad proofs refused", corpus.len());
}

#[test]
fn test_negative_input_corpus_in_wasm() {
	refuse(&bad_inputs());
}

#[test]
fn test_negative_prepared_key_corpus_in_wasm() {
	refuse(&bad_prepared_keys());
}

#[test]
fn test_negative_key_corpus_in_wasm() {
	let verifier = Verifier::new().unwrap();
	// Most of the lengths and single bits say the same of both paths: every fourth of them.
	let corpus = bad_keys();
	for bad in corpus.iter().step_by(4) {
		for path in PATHS {
			let answer = verifier.prepare_key(path, &bad.key).unwrap();
			assert_eq!(answer, Err(bad.error), "{path:?}, {}: {:02x?}", bad.kind, bad.key);
		}
	}
}

#[test]
fn keys_and_proofs_should_pass_on_both_paths_as_natively() {
	let verifier = Verifier::new().unwrap();
	let fixtures: Vec<_> = (20..30).map(Fixture::new).collect();
	for path in PATHS {
		for fixture in &fixtures {
			let prepared = verifier.prepare_key(path, &fixture.key).unwrap();
			assert_eq!(prepared, Ok(fixture.prepared.to_vec()));
		}
		for size in [0, 1, 2, 10] {
			let claims: Vec<_> = fixtures[..size].iter().map(Fixture::claim).collect();
			let answers = verifier.verify_batch(&Verifier::request(path, &claims)).unwrap();
			assert_eq!(answers, vec![Ok(()); size]);
		}
	}
}
