// SPDX-License-Identifier: Apache-2.0
//! Everything that a seal promises, against an independent implementation and against attacks.

mod attacks;
mod fuzz;
mod parameters;
mod reference;
mod sealing;
mod solving;
mod vectors;

use pvs_primitives::{
	api::BatchId,
	bid::{bid_context, commitment_in},
	Bytes32,
};
use pvs_timelock::{
	seal,
	solve::{self, compute_parameters, open_with_exponent, GeneratorCheckpoints, Solver, Squarer},
	Exponent, Opening, Parameters, Seal, Statement, BID_CONTEXT_BYTES, EXPONENT_BYTES,
	PAYLOAD_BYTES,
};
use rand::{rngs::StdRng, Rng, RngCore, SeedableRng};
use std::{ops::ControlFlow, sync::OnceLock};

/// The delay of the set that most tests use, in squarings: a few milliseconds.
const DELAY: u64 = 1 << 11;

/// A small set, computed once, with the generator's checkpoints.
fn small() -> &'static (Parameters, GeneratorCheckpoints) {
	static SMALL: OnceLock<(Parameters, GeneratorCheckpoints)> = OnceLock::new();
	SMALL.get_or_init(|| {
		let parameters = compute_parameters("test", DELAY, solve::Options::default()).unwrap();
		let mut solver = Solver::new(pvs_timelock::generator(), DELAY, Squarer::OpenSsl);
		assert!(solver.advance(DELAY));
		let checkpoints = GeneratorCheckpoints::new(&parameters, solver).unwrap();
		(parameters, checkpoints)
	})
}

/// A bid that is sealed, and somebody who opens it.
#[derive(Clone)]
struct Bid {
	parameters: Parameters,
	seal: Seal,
	context: [u8; BID_CONTEXT_BYTES],
	commitment: Bytes32,
	opener: Bytes32,
	payload: [u8; PAYLOAD_BYTES],
	exponent: Exponent,
}

impl Bid {
	fn random(seed: u64) -> Self {
		let mut rng = StdRng::seed_from_u64(seed);
		let mut exponent = [0; EXPONENT_BYTES];
		rng.fill_bytes(&mut exponent);
		let mut payload = [0; PAYLOAD_BYTES];
		rng.fill_bytes(&mut payload);
		let batch = BatchId { rollup: rng.gen(), index: rng.gen() };
		let context = bid_context(&rng.gen(), batch, rng.gen(), &rng.gen(), &rng.gen());
		Self::new(context, payload, exponent.into(), rng.gen())
	}

	fn new(
		context: [u8; BID_CONTEXT_BYTES],
		payload: [u8; PAYLOAD_BYTES],
		exponent: Exponent,
		opener: Bytes32,
	) -> Self {
		let parameters = small().0.clone();
		let seal = seal(&parameters, &context, &payload, &exponent);
		let commitment = commitment_in(&context, &payload);
		Self { parameters, seal, context, commitment, opener, payload, exponent }
	}

	fn statement(&self) -> Statement<'_> {
		Statement {
			parameters: &self.parameters,
			seal: &self.seal,
			context: &self.context,
			commitment: &self.commitment,
			opener: &self.opener,
		}
	}

	/// Opens by squaring.
	fn solve(&self) -> Opening {
		let go_on = |_: &Solver| ControlFlow::Continue(());
		solve::open_by_solving(&self.statement(), solve::Options::default(), go_on).unwrap()
	}

	/// Opens with the exponent: the same bytes, sooner.
	fn open(&self) -> Opening {
		open_with_exponent(&self.statement(), &self.exponent, &small().1, 1).unwrap()
	}

	fn verify(&self, opening: &Opening) -> Result<(), pvs_timelock::OpeningError> {
		pvs_timelock::verify_opening(&self.statement(), &opening.solution, &opening.proof)
	}

	fn decrypt(&self, solution: &[u8; 256]) -> Option<[u8; PAYLOAD_BYTES]> {
		pvs_timelock::decrypt(&self.parameters, &self.seal, &self.context, solution)
	}
}
