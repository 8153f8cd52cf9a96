// SPDX-License-Identifier: Apache-2.0
//! Poseidon over BN254's scalar field with four inputs, and the commitment to a batch's data.
//!
//! The instance is circomlib's `Poseidon(4)`: width 5, S-box `x^5`, 8 full and 60 partial rounds,
//! the capacity element first, the output is element 0. The parameters come from the Grain LFSR of
//! the Poseidon paper (Grassi et al., USENIX Security 2021, appendices E and F).
//!
//! The permutation here is the optimized form of appendix B: in the partial rounds a constant is
//! added to one element only and the matrix has nine entries that are neither 0 nor 1. Each step
//! costs about half of the plain form; `generator` derives the table, and the tests compare both
//! forms.

mod constants;
#[cfg(feature = "std")]
pub mod generator;
#[cfg(test)]
mod tests;

use crate::{
	field::{scalar_from_be, scalar_to_be, Scalar},
	Bytes32,
};
use ark_ff::{AdditiveGroup, Field};

/// Elements of the state: one of capacity and four of input.
pub const WIDTH: usize = 5;
/// Elements that one hash takes.
pub const INPUTS: usize = 4;
/// Rounds in which every element goes through the S-box, half of them before the partial rounds.
pub const FULL_ROUNDS: usize = 8;
/// Rounds in which only element 0 goes through the S-box.
pub const PARTIAL_ROUNDS: usize = 60;
/// All rounds.
pub const ROUNDS: usize = FULL_ROUNDS + PARTIAL_ROUNDS;

/// Bytes of data in one field element: the most that always stay below the modulus.
pub const CHUNK_BYTES: usize = 31;
/// Field elements of data in one hash; the fourth input is the commitment so far.
pub const CHUNKS_PER_HASH: usize = 3;
/// Bytes of data in one hash.
pub const BYTES_PER_HASH: usize = CHUNK_BYTES * CHUNKS_PER_HASH;

/// Constants that a round of the plain permutation adds to each element of the state.
pub type RoundConstants = [Scalar; WIDTH];
/// A matrix of the permutation, row by row.
pub type Matrix = [[Scalar; WIDTH]; WIDTH];

/// The matrix of a partial round of the optimized permutation: `row` is row 0, `column` is column 0
/// below it, the rest is the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMatrix {
	/// Row 0.
	pub row: [Scalar; WIDTH],
	/// Column 0 without its first entry.
	pub column: [Scalar; INPUTS],
}

/// The constants of the plain permutation, one row for each round: what a circuit needs.
pub fn round_constants() -> &'static [RoundConstants; ROUNDS] {
	&constants::ROUND_CONSTANTS
}

/// The matrix of the plain permutation: `state[i] = sum of mds[i][j] * state[j]`.
pub fn mds() -> &'static Matrix {
	&constants::MDS
}

/// Hashes four field elements to one.
///
/// Equal to circomlib's `Poseidon(4)` and light-poseidon's `new_circom(4)`.
pub fn hash4(inputs: &[Scalar; INPUTS]) -> Scalar {
	let [a, b, c, d] = *inputs;
	let mut state = [Scalar::ZERO, a, b, c, d];

	let [first_rounds @ .., last_before_partial] = &constants::FIRST_FULL;
	for added in first_rounds {
		full_round(&mut state, added, &constants::MDS);
	}
	full_round(&mut state, last_before_partial, &constants::TRANSITION);

	for (added, matrix) in constants::PARTIAL.iter().zip(&constants::SPARSE) {
		partial_round(&mut state, added, matrix);
	}

	let [rounds @ .., last] = &constants::LAST_FULL;
	for added in rounds {
		full_round(&mut state, added, &constants::MDS);
	}
	add_and_substitute(&mut state, last);
	let [output_row, ..] = &constants::MDS;
	dot(output_row, &state)
}

/// The data of a batch as field elements, three for each hash.
///
/// 31 bytes each, big-endian; the last is padded with zeros on the right, missing ones are 0.
pub fn data_chunks(data: &[u8]) -> impl Iterator<Item = [Scalar; CHUNKS_PER_HASH]> + '_ {
	data.chunks(BYTES_PER_HASH).map(|group| {
		let mut scalars = [Scalar::ZERO; CHUNKS_PER_HASH];
		for (scalar, chunk) in scalars.iter_mut().zip(group.chunks(CHUNK_BYTES)) {
			*scalar = chunk_to_scalar(chunk);
		}
		scalars
	})
}

/// The commitment to a batch's data: `acc = length`, then for each three chunks
/// `acc = hash4(acc, c0, c1, c2)`.
///
/// Of no data at all it is 0, without any hash; no rollup has batches of that length.
pub fn data_commitment(data: &[u8]) -> Bytes32 {
	let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
	let commitment =
		data_chunks(data).fold(Scalar::from(length), |acc, [c0, c1, c2]| hash4(&[acc, c0, c1, c2]));
	scalar_to_be(&commitment)
}

fn chunk_to_scalar(chunk: &[u8]) -> Scalar {
	let mut bytes = [0; 32];
	for (to, from) in bytes.iter_mut().skip(1).zip(chunk) {
		*to = *from;
	}
	// 248 bits are always below the modulus of 254 bits.
	scalar_from_be(&bytes).unwrap_or_default()
}

fn full_round(state: &mut [Scalar; WIDTH], added: &RoundConstants, matrix: &Matrix) {
	add_and_substitute(state, added);
	let before = *state;
	for (element, row) in state.iter_mut().zip(matrix) {
		*element = dot(row, &before);
	}
}

#[allow(clippy::arithmetic_side_effects, reason = "arithmetic modulo the field never overflows")]
fn add_and_substitute(state: &mut [Scalar; WIDTH], added: &RoundConstants) {
	for (element, constant) in state.iter_mut().zip(added) {
		*element += constant;
		substitute(element);
	}
}

#[allow(clippy::arithmetic_side_effects, reason = "arithmetic modulo the field never overflows")]
fn partial_round(state: &mut [Scalar; WIDTH], added: &Scalar, matrix: &SparseMatrix) {
	let [first, ..] = state;
	*first += added;
	substitute(first);
	let before = *first;
	let next = dot(&matrix.row, state);
	let [first, rest @ ..] = state;
	*first = next;
	for (element, factor) in rest.iter_mut().zip(&matrix.column) {
		*element += *factor * before;
	}
}

#[allow(clippy::arithmetic_side_effects, reason = "arithmetic modulo the field never overflows")]
fn substitute(element: &mut Scalar) {
	let fourth = element.square().square();
	*element *= fourth;
}

fn dot(row: &[Scalar; WIDTH], state: &[Scalar; WIDTH]) -> Scalar {
	Scalar::sum_of_products(row, state)
}
