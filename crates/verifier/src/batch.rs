// SPDX-License-Identifier: Apache-2.0
//! Many proofs at once.
//!
//! Proof `i` holds if `e(A_i, B_i) = e(alpha, beta) * e(I_i, gamma) * e(C_i, delta)` with
//! `I_i = IC_0 + sum of x_ij IC_j` (Groth, EUROCRYPT 2016). A batch checks the product of these
//! equations, each to the power of its coefficient: one Miller loop over `(r_i A_i, B_i)` and two more
//! pairs for each key, one final exponentiation. A false proof passes only if the coefficients hit one
//! value in 2^128. They are hashes of everything that is verified, so that every node draws the same
//! ones and nobody chooses proofs after them.

#![allow(clippy::arithmetic_side_effects, reason = "field and curve arithmetic never overflows")]

use crate::{
	coefficient::{combine, Coefficient, CoefficientSum},
	error::ProofError,
	fields::Fp12,
	final_exponentiation::final_exponentiation,
	key::Key,
	lines::{lines, Lines},
	miller::{arguments, miller_loop, Argument, Pair},
	proof::Proof,
	threads::{join, two},
};
use alloc::{sync::Arc, vec::Vec};
use ark_bn254::{Fr, G1Projective};
use pvs_primitives::{field::scalar_from_be, hash::blake2_256, Bytes32, PUBLIC_INPUTS};

/// Starts what the coefficients of a batch are derived from.
const DOMAIN: &[u8] = b"pvs/batch-verification/v1";

/// Proofs verified together at most; more are cut into batches of this many, which bounds the memory
/// (about 12 KiB a proof) and loses next to nothing.
const MAX_TOGETHER: usize = 256;

/// A proof, and what it is said to prove.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
	/// What [`prepare_key`](crate::prepare_key) returned for the verifying key.
	pub prepared: &'a [u8],
	/// The public inputs, exactly four, 32 bytes big-endian each.
	pub inputs: &'a [Bytes32],
	/// The proof, 256 bytes.
	pub proof: &'a [u8],
}

/// Verifies proofs of one or several keys and answers for each, in their order.
///
/// Each answer is that of verifying the claim alone, whatever stands beside it, but for a chance of at
/// most 2^-119 (2^-128 for each product that is checked) which takes as many attempts to find. If all
/// hold, a proof in a batch of 64 costs a fraction of a single one. If some do not, halves of halves are
/// verified until the bad ones are known, and proof by proof once many batches have failed: two to three
/// times the work of single verifications at most. Coordinates and points off the curve are sorted out before
/// that and cost no more than reading them.
///
/// # Errors
///
/// In each claim's place the first that applies: number of inputs, length of the proof, canonical
/// inputs, the key's encoding, the proof's points in order (canonical, not the identity, on the
/// curve), whether B is in its subgroup, and only then whether the proof holds.
pub fn verify_batch(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
	claims.chunks(MAX_TOGETHER).flat_map(verify_together).collect()
}

/// Verifies a proof of 256 bytes for four public inputs under a key that
/// [`prepare_key`](crate::prepare_key) returned: a batch of one.
///
/// Proofs can be re-randomised by anyone: equal bytes mean an equal proof, different bytes mean
/// nothing.
///
/// # Errors
///
/// As [`verify_batch`].
pub fn verify(prepared: &[u8], inputs: &[Bytes32], proof: &[u8]) -> Result<(), ProofError> {
	let answers = verify_batch(&[Claim { prepared, inputs, proof }]);
	answers.into_iter().next().unwrap_or(Err(ProofError::NotValid))
}

fn verify_together(claims: &[Claim<'_>]) -> Vec<Result<(), ProofError>> {
	let mut keys = Keys::default();
	let mut answers: Vec<Result<(), ProofError>> = Vec::with_capacity(claims.len());
	let mut statements = Vec::with_capacity(claims.len());
	for (place, claim) in claims.iter().enumerate() {
		answers.push(match Statement::decode(place, claim, &mut keys) {
			Ok(statement) => {
				statements.push(statement);
				Ok(())
			},
			Err(error) => Err(error),
		});
	}
	draw_coefficients(&mut statements, claims, &keys);
	let mut refuse = |place: usize, error| {
		if let Some(answer) = answers.get_mut(place) {
			*answer = Err(error);
		}
	};

	let (terms, holds) = evaluate(&statements, &keys);
	if !holds {
		let mut inside = Vec::with_capacity(terms.len());
		for (statement, term) in statements.iter().zip(terms) {
			match term {
				Some(term) => inside.push(term),
				None => refuse(statement.place, ProofError::NotInSubgroup),
			}
		}
		// If a point was left out, nothing is known about the others.
		let known = inside.len() == statements.len();
		let mut bad = Vec::new();
		find_bad(&inside, &keys, known, &mut 0, &mut bad);
		for place in bad {
			refuse(place, ProofError::NotValid);
		}
	}
	answers
}

/// The bytes of a prepared key, and what they are.
type NamedKey<'a> = (&'a [u8], Result<Arc<Key>, ProofError>);

/// The different keys of a batch.
#[derive(Default)]
struct Keys<'a> {
	all: Vec<NamedKey<'a>>,
	/// True if tables of a key were made for this batch.
	#[cfg(feature = "std")]
	made: bool,
}

impl<'a> Keys<'a> {
	/// The place of a key, which is read if it is new.
	fn place_of(&mut self, prepared: &'a [u8]) -> Result<usize, ProofError> {
		let known = self.all.iter().position(|(bytes, _)| *bytes == prepared);
		let place = known.unwrap_or_else(|| {
			let key = self.read(prepared);
			self.all.push((prepared, key));
			self.all.len().saturating_sub(1)
		});
		match self.all.get(place) {
			Some((_, Err(error))) => Err(*error),
			_ => Ok(place),
		}
	}

	#[cfg(feature = "std")]
	fn read(&mut self, prepared: &[u8]) -> Result<Arc<Key>, ProofError> {
		crate::cache::key(prepared, &mut self.made)
	}

	#[cfg(not(feature = "std"))]
	fn read(&self, prepared: &[u8]) -> Result<Arc<Key>, ProofError> {
		Key::decode(prepared).map(Arc::new)
	}

	/// The keys that could be read, with their places.
	fn good(&self) -> impl Iterator<Item = (usize, &Key)> {
		self.all
			.iter()
			.enumerate()
			.filter_map(|(place, (_, key))| Some((place, &**key.as_ref().ok()?)))
	}
}

/// A claim whose bytes are well-formed.
struct Statement {
	/// Its place among the claims.
	place: usize,
	/// The place of its key.
	key: usize,
	inputs: [Fr; PUBLIC_INPUTS],
	proof: Proof,
	coefficient: Coefficient,
}

impl Statement {
	fn decode<'a>(
		place: usize,
		claim: &Claim<'a>,
		keys: &mut Keys<'a>,
	) -> Result<Self, ProofError> {
		let inputs: &[Bytes32; PUBLIC_INPUTS] =
			claim.inputs.try_into().map_err(|_| ProofError::WrongInputCount)?;
		Proof::check_length(claim.proof)?;
		let mut scalars = [Fr::default(); PUBLIC_INPUTS];
		for (scalar, input) in scalars.iter_mut().zip(inputs) {
			*scalar = scalar_from_be(input).ok_or(ProofError::NonCanonicalInput)?;
		}
		let key = keys.place_of(claim.prepared)?;
		let proof = Proof::decode(claim.proof)?;
		Ok(Self { place, key, inputs: scalars, proof, coefficient: Coefficient::ONE })
	}
}

/// Draws the coefficients of all statements but the first from one hash of everything.
fn draw_coefficients(statements: &mut [Statement], claims: &[Claim<'_>], keys: &Keys<'_>) {
	if statements.len() < 2 {
		return;
	}
	let seed = seed(statements, claims, keys);
	for (statement, place) in statements.iter_mut().zip(0..).skip(1) {
		statement.coefficient = Coefficient::derive(&seed, place);
	}
}

/// The hash of the domain and, for each statement, of its prepared key's hash, its inputs and its proof.
/// A part that were left out could be chosen after the coefficients, and two false proofs made to cancel.
fn seed(statements: &[Statement], claims: &[Claim<'_>], keys: &Keys<'_>) -> Bytes32 {
	let keys: Vec<Bytes32> = keys.all.iter().map(|(bytes, _)| blake2_256(&[bytes])).collect();
	let mut parts: Vec<&[u8]> = Vec::with_capacity(statements.len().saturating_mul(3));
	parts.push(DOMAIN);
	for statement in statements {
		if let (Some(key), Some(claim)) = (keys.get(statement.key), claims.get(statement.place)) {
			parts.extend([key, claim.inputs.as_flattened(), claim.proof]);
		}
	}
	blake2_256(&parts)
}

/// A statement with its own pair of the Miller loop: `coefficient * A` and the lines of `B`.
struct Term<'a> {
	statement: &'a Statement,
	argument: Argument,
	lines: Lines,
}

impl Term<'_> {
	fn pair(&self) -> Pair<'_> {
		(self.argument, &self.lines)
	}
}

/// How many statements' work the pairs of a key amount to.
const WORK_OF_A_KEY: usize = 3;
/// From how many statements on a second thread saves more than waking it costs.
const TWO_FROM: usize = 4;

/// Where to cut, so that both threads take as long: the right half has the keys' pairs too. With one
/// thread all is right, so that it squares one accumulator.
fn half_way(statements: usize) -> usize {
	if statements >= TWO_FROM && two() {
		statements.saturating_add(WORK_OF_A_KEY).div_euclid(2).min(statements)
	} else {
		0
	}
}

/// The terms, `None` where B is not in its subgroup, and whether all of them hold.
fn evaluate<'a>(statements: &'a [Statement], keys: &Keys<'_>) -> (Vec<Option<Term<'a>>>, bool) {
	let (left, right) = statements.split_at(half_way(statements.len()));
	let ((mut terms, left), (others, right, expected)) = join(
		!left.is_empty(),
		|| {
			let (terms, _) = own_terms(left, &[]);
			let product = miller_loop(terms.iter().flatten().map(Term::pair));
			(terms, product)
		},
		|| {
			let shared = Shared::new(statements.iter(), keys);
			let (terms, arguments) = own_terms(right, &shared.points);
			let own = terms.iter().flatten().map(Term::pair);
			let product = miller_loop(own.chain(shared.pairs(arguments)));
			(terms, product, shared.expected)
		},
	);
	terms.extend(others);
	let inside = terms.iter().all(Option::is_some);
	(terms, inside && is_pairing(left * right, expected))
}

/// The terms of statements, and `others` as arguments: an inversion serves both.
fn own_terms<'a>(
	statements: &'a [Statement],
	others: &[G1Projective],
) -> (Vec<Option<Term<'a>>>, Vec<Option<Argument>>) {
	let b: Vec<_> = statements.iter().map(|statement| statement.proof.b).collect();
	let a = statements.iter().map(|statement| statement.coefficient.multiply(&statement.proof.a));
	let points: Vec<_> = a.chain(others.iter().copied()).collect();
	let mut own = arguments(&points);
	let others = own.split_off(statements.len().min(own.len()));
	let terms = statements
		.iter()
		.zip(lines(&b))
		.zip(own)
		.map(|((statement, lines), argument)| {
			Some(Term { statement, argument: argument?, lines: lines? })
		})
		.collect();
	(terms, others)
}

/// Returns true if the final exponentiation leads to what is expected. Zero cannot come out of checked points:
/// only a key that was never prepared leads to it.
fn is_pairing(product: Fp12, expected: Fp12) -> bool {
	final_exponentiation(&product) == Some(expected)
}

/// What statements of the same keys share.
struct Shared<'a> {
	/// What is paired with gamma and delta.
	points: Vec<G1Projective>,
	lines: Vec<&'a Lines>,
	/// The product of the powers of `e(alpha, beta)`.
	expected: Fp12,
}

impl<'a> Shared<'a> {
	fn new<'s>(
		statements: impl Iterator<Item = &'s Statement> + Clone,
		keys: &'a Keys<'_>,
	) -> Self {
		let mut points = Vec::new();
		let mut lines = Vec::new();
		let mut expected = Fp12::ONE;
		for (place, key) in keys.good() {
			let mine = statements.clone().filter(|statement| statement.key == place);
			let mut coefficients = CoefficientSum::default();
			let mut inputs = [Fr::default(); PUBLIC_INPUTS];
			let mut c = Vec::new();
			for statement in mine {
				coefficients.add(statement.coefficient);
				let coefficient = statement.coefficient.scalar();
				for (sum, input) in inputs.iter_mut().zip(&statement.inputs) {
					*sum += coefficient * input;
				}
				c.push((statement.proof.c, statement.coefficient));
			}
			if c.is_empty() {
				continue;
			}
			let tables = key.tables();
			points.extend([-tables.inputs.combine(coefficients, &inputs), -combine(&c)]);
			lines.extend([&tables.gamma, &tables.delta]);
			expected = expected * coefficients.power(&key.alpha_beta);
		}
		Self { points, lines, expected }
	}

	/// The pairs, given the points as arguments.
	fn pairs(
		&self,
		arguments: Vec<Option<Argument>>,
	) -> impl Iterator<Item = Pair<'a>> + use<'_, 'a> {
		let pairs = arguments.into_iter().zip(&self.lines);
		pairs.filter_map(|(argument, lines)| Some((argument?, *lines)))
	}
}

/// Returns true if all terms hold.
fn hold(terms: &[Term<'_>], keys: &Keys<'_>) -> bool {
	let (left, right) = terms.split_at(half_way(terms.len()));
	let (left, (right, expected)) = join(
		!left.is_empty(),
		|| miller_loop(left.iter().map(Term::pair)),
		|| {
			let shared = Shared::new(terms.iter().map(|term| term.statement), keys);
			let pairs = shared.pairs(arguments(&shared.points));
			let product = miller_loop(right.iter().map(Term::pair).chain(pairs));
			(product, shared.expected)
		},
	);
	is_pairing(left * right, expected)
}

/// How many batches of several may fail before what is left is verified proof by proof. One bad proof of
/// [`MAX_TOGETHER`] is found within it; with many bad ones halving would cost more than it saves.
const MAX_FAILURES: u32 = 9;

/// Adds the places of the terms that do not hold, by halving. `known` says that there is one.
fn find_bad(
	terms: &[Term<'_>],
	keys: &Keys<'_>,
	known: bool,
	failures: &mut u32,
	bad: &mut Vec<usize>,
) {
	if let [term] = terms {
		if known || !hold(terms, keys) {
			bad.push(term.statement.place);
		}
		return;
	}
	if terms.is_empty() {
		return;
	}
	if *failures > MAX_FAILURES {
		terms.chunks(1).for_each(|term| find_bad(term, keys, false, failures, bad));
		return;
	}
	if !known && hold(terms, keys) {
		return;
	}
	*failures = failures.saturating_add(1);
	let (left, right) = terms.split_at(terms.len().div_euclid(2));
	let before = bad.len();
	find_bad(left, keys, false, failures, bad);
	let only_right = bad.len() == before;
	find_bad(right, keys, only_right, failures, bad);
}

#[cfg(test)]
#[allow(
	clippy::indexing_slicing,
	clippy::unwrap_used,
	clippy::cast_possible_truncation,
	clippy::as_conversions,
	reason = "tests fail by panicking"
)]
mod tests;
