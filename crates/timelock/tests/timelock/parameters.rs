// SPDX-License-Identifier: Apache-2.0
//! The sets that are shipped, and others.

use crate::small;
use pvs_timelock::{
	generator, modulus,
	solve::{Solver, Squarer},
	Parameters, ParametersError, INSECURE_DEVELOPMENT, STANDARD,
};

#[test]
fn parameters_should_pass_their_check_when_shipped_or_computed() {
	for parameters in [&INSECURE_DEVELOPMENT, &STANDARD, &small().0] {
		assert_eq!(parameters.check(), Ok(()), "{}", parameters.name);
	}
	assert_eq!((INSECURE_DEVELOPMENT.delay, STANDARD.delay), (1 << 21, 1_500_000_000));
	assert!(INSECURE_DEVELOPMENT.insecure && INSECURE_DEVELOPMENT.name.contains("insecure"));
	assert!(!STANDARD.insecure && small().0.insecure);
}

#[test]
fn parameters_should_fail_their_check_when_any_field_is_another() {
	for good in [&INSECURE_DEVELOPMENT, &STANDARD, &small().0] {
		let error = |change: &dyn Fn(&mut Parameters)| {
			let mut parameters = good.clone();
			change(&mut parameters);
			parameters.check().unwrap_err()
		};
		let refused = [ParametersError::WrongProof, ParametersError::ChallengeNotFound];
		assert!(refused.contains(&error(&|p| p.delay += 1)));
		assert!(refused.contains(&error(&|p| p.delay -= 1)));
		assert!(refused.contains(&error(&|p| p.h[255] ^= 1)));
		assert!(refused.contains(&error(&|p| p.h_proof[256] ^= 1)));
		assert!(refused.contains(&error(&|p| p.h_proof[0] ^= 1)));
		assert_eq!(error(&|p| p.delay = 0), ParametersError::NoDelay);
		assert_eq!(error(&|p| p.h = [0; 256]), ParametersError::NotCanonical);
		assert_eq!(error(&|p| p.h = *modulus()), ParametersError::NotCanonical);
		assert_eq!(error(&|p| p.h[0] |= 0x80), ParametersError::NotCanonical);
		assert_eq!(error(&|p| p.h_proof[1..].fill(0)), ParametersError::ProofNotCanonical);
		assert_eq!(error(&|p| p.h_proof[1] = 0xff), ParametersError::ProofNotCanonical);
	}
}

#[test]
fn parameters_of_one_delay_should_be_refused_when_taken_from_another() {
	let mut mixed = INSECURE_DEVELOPMENT;
	mixed.h = STANDARD.h;
	mixed.h_proof = STANDARD.h_proof;
	assert!(mixed.check().is_err());
}

/// `docs/seal.md` names the plan: digits of 14 bits, 409 of them between two checkpoints.
#[test]
fn standard_set_should_be_solved_with_the_checkpoints_that_the_docs_name() {
	let solver = Solver::new(generator(), STANDARD.delay, Squarer::OpenSsl);
	assert_eq!(solver.spacing(), 14 * 409);
	assert_eq!(STANDARD.delay.div_ceil(solver.spacing()), 261_963);
}

/// The whole of the development set's `h`, squared again without the code that proves.
#[test]
fn development_h_should_be_what_squaring_gives() {
	let mut solver = Solver::new(generator(), INSECURE_DEVELOPMENT.delay, Squarer::OpenSsl);
	solver.advance(u64::MAX);
	assert_eq!(solver.result(), Some(INSECURE_DEVELOPMENT.h));
}

#[test]
fn digest_should_change_when_the_delay_or_h_does_and_only_then() {
	let good = &small().0;
	let digest = |change: &dyn Fn(&mut Parameters)| {
		let mut parameters = good.clone();
		change(&mut parameters);
		parameters.digest()
	};
	assert_ne!(digest(&|p| p.delay += 1), good.digest());
	assert_ne!(digest(&|p| p.h[0] ^= 1), good.digest());
	assert_eq!(digest(&|p| p.name = "another"), good.digest());
	assert_eq!(digest(&|p| p.h_proof[0] ^= 1), good.digest());
}

/// U7: a client in another language takes the modulus from the page.
#[test]
fn docs_should_show_the_modulus() {
	let page = include_str!("../../../../docs/encodings.md");
	let digits: String = page.split_whitespace().collect();
	assert!(digits.contains(&hex::encode(modulus())));
}
