// SPDX-License-Identifier: Apache-2.0
//! Solvers: stopping, resuming, proving.

use crate::{small, Bid};
use proptest::prelude::*;
use pvs_timelock::{
	generator,
	solve::{
		compute_parameters, open_by_solving, open_with_exponent, prove, prove_parameters,
		GeneratorCheckpoints, Options, SolveError, Solver, Squarer, StateError,
	},
};
use std::ops::ControlFlow;

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// Stopped anywhere, written, read and resumed: the same state and the same proof.
	#[test]
	fn solver_should_end_the_same_when_stopped_and_resumed(
		delay in 1u64..20_000,
		steps in prop::collection::vec(1u64..6_000, 1..6),
	) {
		let mut straight = Solver::new(generator(), delay, Squarer::OpenSsl);
		straight.advance(delay);
		let mut stopped = Solver::new(generator(), delay, Squarer::OpenSsl);
		for step in steps {
			stopped.advance(step);
			let bytes = stopped.to_bytes();
			stopped =
				Solver::from_bytes(&bytes, generator(), delay, Squarer::Portable).unwrap();
			prop_assert_eq!(stopped.to_bytes(), bytes);
		}
		prop_assert!(stopped.advance(u64::MAX));
		prop_assert_eq!(stopped.done(), delay);
		prop_assert_eq!(stopped.to_bytes(), straight.to_bytes());
		let (a, b) = (prove_parameters("a", &straight, 1), prove_parameters("a", &stopped, 2));
		prop_assert_eq!(a.unwrap(), b.unwrap());
	}

	#[test]
	fn squarers_should_agree(value: [[u8; 32]; 8], squarings in 0u32..3_000) {
		let value: [u8; 256] = value.concat().try_into().unwrap();
		let openssl = Squarer::OpenSsl.square(&value, squarings);
		let portable = Squarer::Portable.square(&value, squarings);
		if squarings > 0 {
			prop_assert_eq!(openssl, portable);
		}
	}

	/// No bytes but those that were written are a state.
	#[test]
	fn state_should_be_refused_when_any_byte_is_another(position in any::<usize>(), flip in 1u8..) {
		let mut solver = Solver::new(generator(), 5_000, Squarer::OpenSsl);
		solver.advance(3_000);
		let mut bytes = solver.to_bytes();
		let position = position % bytes.len();
		bytes[position] ^= flip;
		let error = Solver::from_bytes(&bytes, generator(), 5_000, Squarer::OpenSsl).unwrap_err();
		let expected = match position {
			0..11 => StateError::Foreign,
			11 => StateError::OtherVersion,
			_ => StateError::Corrupt,
		};
		prop_assert_eq!(error, expected);
	}
}

/// Every delay around the edges: below the challenge's bits the quotient is zero.
#[test]
fn proof_should_hold_when_the_delay_is_small_or_at_an_edge() {
	let delays = (1..12).chain(255..300).chain([511, 512, 513, 1000, 4095, 4096, 4097, 30_000]);
	for delay in delays {
		for threads in [1, 3] {
			let options = Options { squarer: Squarer::OpenSsl, threads };
			let parameters = compute_parameters("edge", delay, options).unwrap();
			assert_eq!(parameters.check(), Ok(()), "{delay}");
		}
	}
}

#[test]
fn state_should_be_refused_for_its_own_cause_when_it_is_truncated_foreign_or_of_another() {
	let mut solver = Solver::new(generator(), 5_000, Squarer::OpenSsl);
	solver.advance(3_000);
	let bytes = solver.to_bytes();
	let read = |bytes: &[u8], delay| {
		Solver::from_bytes(bytes, generator(), delay, Squarer::OpenSsl).map(|s| s.done())
	};
	assert_eq!(read(&bytes, 5_000), Ok(3_000));
	assert_eq!(read(b"", 5_000), Err(StateError::Foreign));
	assert_eq!(read(b"a file of somebody else's", 5_000), Err(StateError::Foreign));
	for length in [12, 100, 300, 600, bytes.len() - 1] {
		assert_eq!(read(&bytes[..length], 5_000), Err(StateError::WrongLength), "{length}");
	}
	// A whole checkpoint less has a possible length, and the wrong checksum.
	assert_eq!(read(&bytes[..bytes.len() - 256], 5_000), Err(StateError::Corrupt));
	assert_eq!(read(&[&bytes[..], &[0]].concat(), 5_000), Err(StateError::WrongLength));
	assert_eq!(read(&bytes, 5_001), Err(StateError::OtherStatement));
	let other = Solver::from_bytes(
		&bytes,
		&Bid::random(1).seal[..256].try_into().unwrap(),
		5_000,
		Squarer::OpenSsl,
	);
	assert_eq!(other.unwrap_err(), StateError::OtherStatement);
	let sealed = |change: &dyn Fn(&mut Vec<u8>)| {
		let mut body = bytes[..bytes.len() - 32].to_vec();
		change(&mut body);
		let checksum = pvs_primitives::hash::blake2_256(&[&body]);
		[body, checksum.to_vec()].concat()
	};
	// 5001 squarings done of 5000; another spacing; one checkpoint less; an element above N / 2.
	for change in [
		&(|body: &mut Vec<u8>| body[276..284].copy_from_slice(&5_001u64.to_le_bytes()))
			as &dyn Fn(&mut Vec<u8>),
		&|body| body[284] ^= 1,
		&|body| body.truncate(body.len() - 256),
		&|body| body[292] = 0xff,
		&|body| {
			let last = body.len() - 256;
			body[last] = 0xff;
		},
	] {
		assert_eq!(read(&sealed(change), 5_000), Err(StateError::Inconsistent));
	}
}

#[test]
fn opening_should_stop_when_the_caller_says_so() {
	let bid = Bid::random(1);
	let mut calls = 0;
	let result = open_by_solving(&bid.statement(), Options::default(), |solver| {
		calls += 1;
		assert!(solver.done() < solver.delay());
		ControlFlow::Break(())
	});
	assert_eq!((result, calls), (Err(SolveError::Cancelled), 1));
}

#[test]
fn opening_should_be_refused_when_solver_or_exponent_are_not_the_seals() {
	let (bid, other) = (Bid::random(1), Bid::random(2));
	let u = |bid: &Bid| bid.seal[..256].try_into().unwrap();
	let statement = bid.statement();
	let mut solver = Solver::new(&u(&bid), crate::DELAY, Squarer::OpenSsl);
	assert_eq!(prove(&solver, &statement, 1), Err(SolveError::NotFinished));
	solver.advance(crate::DELAY);
	assert_eq!(prove(&solver, &statement, 1), Ok(bid.open()));
	assert_eq!(prove(&solver, &other.statement(), 1), Err(SolveError::OtherStatement));
	let longer = Solver::new(&u(&bid), crate::DELAY + 1, Squarer::OpenSsl);
	assert_eq!(prove(&longer, &statement, 1), Err(SolveError::OtherStatement));
	let error = open_with_exponent(&statement, &other.exponent, &small().1, 1);
	assert_eq!(error, Err(SolveError::WrongExponent));
	let mut malformed = bid.clone();
	malformed.seal[0] = 0xff;
	let error =
		open_by_solving(&malformed.statement(), Options::default(), |_| ControlFlow::Continue(()));
	assert_eq!(error, Err(SolveError::MalformedSeal));
}

/// A bit that flips in memory while solving does not become an opening.
#[test]
fn opening_should_be_refused_when_the_state_was_wrong() {
	let bid = Bid::random(1);
	let u: [u8; 256] = bid.seal[..256].try_into().unwrap();
	let mut solver = Solver::new(&u, crate::DELAY, Squarer::OpenSsl);
	solver.advance(crate::DELAY);
	let bytes = solver.to_bytes();
	// The last byte of the result, and of the second checkpoint: the quotient's digits use it.
	for position in [547, 1059] {
		let mut body = bytes[..bytes.len() - 32].to_vec();
		body[position] ^= 1;
		let checksum = pvs_primitives::hash::blake2_256(&[&body]);
		let wrong = [body, checksum.to_vec()].concat();
		let wrong = Solver::from_bytes(&wrong, &u, crate::DELAY, Squarer::OpenSsl).unwrap();
		assert_eq!(prove(&wrong, &bid.statement(), 1), Err(SolveError::Miscalculated));
	}
}

#[test]
fn generator_checkpoints_should_be_refused_when_they_are_of_other_parameters() {
	let (parameters, checkpoints) = small();
	let bytes = checkpoints.to_bytes();
	assert!(GeneratorCheckpoints::from_bytes(parameters, &bytes).is_ok());
	let mut other = parameters.clone();
	other.h[255] ^= 1;
	let error = GeneratorCheckpoints::from_bytes(&other, &bytes).unwrap_err();
	assert_eq!(error, StateError::OtherStatement);
	let unfinished = Solver::new(generator(), parameters.delay, Squarer::OpenSsl);
	let error = GeneratorCheckpoints::new(parameters, unfinished).unwrap_err();
	assert_eq!(error, StateError::OtherStatement);
}
