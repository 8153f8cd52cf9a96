// SPDX-License-Identifier: Apache-2.0
//! Any bytes: no panic, and whatever is accepted is true.

use crate::{small, Bid};
use proptest::prelude::*;
use pvs_timelock::{check_seal, decrypt, recover, verify_opening, Opening, Seal, Statement};
use std::sync::OnceLock;

/// A seal, its true opening, and its bytes one after another.
fn seed() -> &'static (Bid, Opening, Vec<u8>) {
	static SEED: OnceLock<(Bid, Opening, Vec<u8>)> = OnceLock::new();
	SEED.get_or_init(|| {
		let bid = Bid::random(1);
		let opening = bid.open();
		let parts: [&[u8]; 6] = [
			&bid.seal,
			&opening.solution,
			&opening.proof,
			&bid.context,
			&bid.commitment,
			&bid.opener,
		];
		let bytes = parts.concat();
		(bid, opening, bytes)
	})
}

/// Bytes as a fuzzer makes them: the seed with some stretches overwritten, copied or negated, or
/// anything at all.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
	let length = seed().2.len();
	let stretch = (0..length, 0..length, 1..300usize, 0u8..5, any::<u8>());
	let edits = prop::collection::vec(stretch, 0..4).prop_map(move |edits| {
		let mut bytes = seed().2.clone();
		for (to, from, len, kind, value) in edits {
			let len = len.min(length - to).min(length - from);
			match kind {
				0 => bytes[to] ^= value,
				1 => bytes[to..to + len].fill(value),
				2 => bytes.copy_within(from..from + len, to),
				3 => bytes[to..to + len].iter_mut().for_each(|byte| *byte = !*byte),
				_ => bytes[to] = bytes[to].wrapping_add(value),
			}
		}
		bytes
	});
	prop_oneof![8 => edits, 1 => prop::collection::vec(any::<u8>(), length)]
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
	let (head, rest) = bytes.split_first_chunk().unwrap();
	*bytes = rest;
	*head
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	/// Whatever is accepted is what squaring gives.
	#[test]
	fn fuzz_poe_verify(bytes in mutated(), delay in prop_oneof![Just(crate::DELAY), 0u64..600]) {
		let (bid, opening, seed) = seed();
		let mut rest: &[u8] = &bytes;
		let (seal, solution, proof): (Seal, _, _) =
			(take(&mut rest), take(&mut rest), take(&mut rest));
		let (context, commitment, opener) = (take(&mut rest), take(&mut rest), take(&mut rest));
		let mut parameters = bid.parameters.clone();
		parameters.delay = delay;
		let statement = Statement {
			parameters: &parameters,
			seal: &seal,
			context: &context,
			commitment: &commitment,
			opener: &opener,
		};
		let accepted = verify_opening(&statement, &solution, &proof).is_ok();
		if accepted {
			let u = seal[..256].try_into().unwrap();
			let mut solver = pvs_timelock::solve::Solver::new(u, delay, Default::default());
			solver.advance(delay);
			prop_assert_eq!(Some(solution), solver.result());
		}
		if bytes == *seed && delay == crate::DELAY {
			prop_assert!(accepted && opening.solution == solution);
		}
	}

	/// Reading never panics, and reads nothing but the true payload.
	#[test]
	fn fuzz_seal_bytes(bytes in mutated()) {
		let (bid, opening, _) = seed();
		let mut rest: &[u8] = &bytes;
		let seal: Seal = take(&mut rest);
		let solution: [u8; 256] = take(&mut rest);
		let _: [u8; 257] = take(&mut rest);
		let context = take(&mut rest);
		let _ = check_seal(&seal);
		let untouched = seal == bid.seal && context == bid.context;
		let read = decrypt(&small().0, &seal, &context, &solution);
		let truth = untouched && solution == opening.solution;
		prop_assert_eq!(read, truth.then_some(bid.payload));
		let recovered = recover(&small().0, &seal, &context, &bid.exponent);
		prop_assert_eq!(recovered, untouched.then_some(bid.payload));
	}
}
