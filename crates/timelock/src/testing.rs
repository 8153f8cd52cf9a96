// SPDX-License-Identifier: Apache-2.0
//! A puzzle that opens at once, for benchmarks inside a runtime: there the solver, which needs the
//! standard library, is not at hand. Verifying costs what it costs for any delay, but for the few
//! squarings of `2^T mod l`.

#![allow(clippy::arithmetic_side_effects, reason = "squarings of a delay that is far below 2^64")]

use crate::{
	exponentiation::challenge,
	group::{decode, encode, Residue},
	seal::parts,
	Opening, Parameters, Statement, ELEMENT_BYTES, PROOF_BYTES,
};
use crypto_bigint::U320;

/// Opens in milliseconds. For benchmarks and tests: it protects nothing.
pub const INSECURE_TESTING: Parameters = Parameters::from_file(
	"insecure-testing",
	true,
	1 << 10,
	include_bytes!("../parameters/insecure_testing.bin"),
);

/// Opens a seal by squaring, and proves it by as many squarings again; `None` if the seal is malformed.
pub fn open(statement: &Statement<'_>) -> Option<Opening> {
	let (u, _) = parts(statement.seal)?;
	let u = decode(u)?;
	let delay = statement.parameters.delay;
	let solution = encode(&(0..delay).fold(u, |power, _| power.square()));
	statement.with_transcript(&solution, |transcript| {
		let (attempt, prime) =
			(0..=u8::MAX).find_map(|attempt| Some((attempt, challenge(transcript, attempt)?)))?;
		// The bits of floor(2^T / l), from the highest, by long division.
		let (mut rest, mut pi) = (U320::ONE, Residue::ONE);
		for _ in 0..delay {
			pi = pi.square();
			rest = rest.shl_vartime(1);
			if rest >= *prime.prime().as_ref() {
				rest = rest.wrapping_sub(prime.prime().as_ref());
				pi = pi.mul(&u);
			}
		}
		let mut proof = [attempt; PROOF_BYTES];
		let [_, bytes @ ..] = &mut proof;
		*bytes = encode(&pi);
		Some(Opening { solution, proof })
	})?
}

/// An attempt whose search for a challenge runs to its bound and finds nothing: the dearest search
/// that there is. `None` if all 256 attempts of this statement find one.
pub fn attempt_without_challenge(
	statement: &Statement<'_>,
	solution: &[u8; ELEMENT_BYTES],
) -> Option<u8> {
	statement.with_transcript(solution, |transcript| {
		(0..=u8::MAX).find(|attempt| challenge(transcript, *attempt).is_none())
	})?
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{seal, verify_opening, Exponent, EXPONENT_BYTES};

	#[test]
	fn testing_puzzle_should_open_and_fail_as_the_benchmarks_need_it() {
		assert_eq!(INSECURE_TESTING.check(), Ok(()));
		let context = [7; crate::BID_CONTEXT_BYTES];
		let exponent = Exponent::from([0xab; EXPONENT_BYTES]);
		let seal = seal(&INSECURE_TESTING, &context, &[9; 85], &exponent);
		let statement = Statement {
			parameters: &INSECURE_TESTING,
			seal: &seal,
			context: &context,
			commitment: &[1; 32],
			opener: &[2; 32],
		};
		let Opening { solution, mut proof } = open(&statement).expect("the seal is sound");
		assert_eq!(verify_opening(&statement, &solution, &proof), Ok(()));
		proof[0] = attempt_without_challenge(&statement, &solution).expect("this one has some");
		let refused = verify_opening(&statement, &solution, &proof);
		assert_eq!(refused, Err(crate::OpeningError::ChallengeNotFound));
	}
}
