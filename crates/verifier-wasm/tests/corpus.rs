// SPDX-License-Identifier: Apache-2.0
//! The corpus of bad proofs, inputs and keys in compiled Wasm, on both its paths.

use pvs_verifier::Claim;
use pvs_verifier_testing::corpus::{
	bad_inputs, bad_keys, bad_prepared_keys, bad_proofs, BadClaim, Fixture,
};
use pvs_verifier_wasm::{OurNode, Path, Request, StockNode, Verifier};

const PATHS: [Path; 2] = [Path::Host, Path::Wasm];

/// In batches, with claims that hold between them: one call to the Wasm answers for many.
fn refuse(corpus: &[BadClaim]) {
	let verifier: Verifier = Verifier::new().unwrap();
	let good = Fixture::new(6);
	for batch in corpus.chunks(40) {
		let mut claims: Vec<Claim<'_>> = vec![good.claim()];
		claims.extend(batch.iter().map(BadClaim::claim));
		claims.push(good.claim());
		for path in PATHS {
			let request = Request::new(path, &claims);
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
	let verifier: Verifier = Verifier::new().unwrap();
	// Lengths and single bits are many and say the same of both paths: every fifth of them.
	let corpus = bad_keys();
	let many = |kind: &str| ["length", "one bit"].contains(&kind);
	let (thinned, all): (Vec<_>, Vec<_>) = corpus.iter().partition(|bad| many(bad.kind));
	assert!(!all.is_empty() && !thinned.is_empty());
	for bad in all.into_iter().chain(thinned.into_iter().step_by(5)) {
		for path in PATHS {
			let answer = verifier.prepare_key(path, &bad.key).unwrap();
			assert_eq!(answer, Err(bad.error), "{path:?}, {}: {:02x?}", bad.kind, bad.key);
		}
	}
}

#[test]
fn keys_and_proofs_should_pass_on_both_paths_as_natively() {
	let verifier: Verifier = Verifier::new().unwrap();
	let fixtures: Vec<_> = (20..30).map(Fixture::new).collect();
	for path in PATHS {
		for fixture in &fixtures {
			let prepared = verifier.prepare_key(path, &fixture.key).unwrap();
			assert_eq!(prepared, Ok(fixture.prepared.to_vec()));
		}
		for size in [0, 1, 2, 10] {
			let claims: Vec<_> = fixtures[..size].iter().map(Fixture::claim).collect();
			let answers = verifier.verify_batch(&Request::new(path, &claims)).unwrap();
			assert_eq!(answers, vec![Ok(()); size]);
		}
	}
}

/// The promise of `WasmVerifier`: a chain that takes it needs nothing from its nodes.
#[test]
fn runtime_without_host_function_should_verify_on_a_stock_node() {
	let verifier = Verifier::<StockNode>::stock().unwrap();
	let fixture = Fixture::new(7);
	let prepared = verifier.prepare_key(Path::Wasm, &fixture.key).unwrap();
	assert_eq!(prepared, Ok(fixture.prepared.to_vec()));
	let corpus = bad_proofs();
	let bad = &corpus[0];
	let claims = [fixture.claim(), bad.claim(), fixture.claim()];
	let answers = verifier.verify_batch(&Request::new(Path::Wasm, &claims)).unwrap();
	assert_eq!(answers, [Ok(()), Err(bad.error), Ok(())]);
}

#[test]
fn runtime_with_host_function_should_not_start_on_a_stock_node() {
	let request = |path| Request::new(path, &[Fixture::new(7).claim()]);
	let stock = Verifier::<StockNode>::new().unwrap();
	assert!(stock.verify_batch(&request(Path::Wasm)).is_err());
	assert_eq!(
		Verifier::<OurNode>::new().unwrap().verify_batch(&request(Path::Host)).unwrap(),
		[Ok(())]
	);
}
