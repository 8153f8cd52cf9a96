// SPDX-License-Identifier: Apache-2.0
//! Derives the constants of the permutation from nothing but its parameters, and computes the plain
//! permutation. Never part of a runtime: the table in use is committed, and the tests compare it.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::expect_used,
	reason = "only tests and the example that writes the table run this; sizes are constants"
)]

use super::{Matrix, RoundConstants, SparseMatrix, FULL_ROUNDS, INPUTS, ROUNDS, WIDTH};
use crate::field::{scalar_from_be, Scalar};
use alloc::{collections::VecDeque, vec::Vec};
use ark_ff::{AdditiveGroup, Field, PrimeField};

/// Bits of the modulus, and so of every number that the generator draws.
const FIELD_BITS: usize = 254;

/// The parameters of the plain permutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
	/// Constants that each round adds.
	pub round_constants: Vec<RoundConstants>,
	/// Matrix that each round multiplies with.
	pub mds: Matrix,
}

/// The same permutation with cheap partial rounds (Poseidon paper, appendix B).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optimized {
	/// Constants that the full rounds before the partial ones add.
	pub first_full: Vec<RoundConstants>,
	/// Constants that each partial round adds to element 0.
	pub partial: Vec<Scalar>,
	/// Constants that the full rounds after the partial ones add.
	pub last_full: Vec<RoundConstants>,
	/// The matrix of the last full round before the partial ones.
	pub transition: Matrix,
	/// The matrix of each partial round.
	pub sparse: Vec<SparseMatrix>,
}

impl Parameters {
	/// Draws the parameters from the Grain LFSR (Poseidon paper, appendix E): prime field, S-box
	/// `x^5`, 254 bits, width 5, 8 full and 60 partial rounds; then the Cauchy matrix
	/// `1 / (x_i + y_j)` with `x` and `y` from the same stream, as the authors' script does.
	pub fn generate() -> Self {
		let mut grain = Grain::new();
		let round_constants = (0..ROUNDS).map(|_| [(); WIDTH].map(|()| grain.below())).collect();
		let x = [(); WIDTH].map(|()| grain.reduced());
		let y = [(); WIDTH].map(|()| grain.reduced());
		let mds = x.map(|x| y.map(|y| (x + y).inverse().expect("the first draw has no zero sum")));
		Self { round_constants, mds }
	}

	/// The plain permutation, exactly as the paper defines it.
	pub fn permute(&self, state: &mut [Scalar; WIDTH]) {
		for (round, added) in self.round_constants.iter().enumerate() {
			for (element, constant) in state.iter_mut().zip(added) {
				*element += constant;
			}
			let partial = (FULL_ROUNDS / 2..ROUNDS - FULL_ROUNDS / 2).contains(&round);
			let substituted = if partial { 1 } else { WIDTH };
			for element in state.iter_mut().take(substituted) {
				*element = element.pow([5]);
			}
			*state = apply(&self.mds, state);
		}
	}

	/// Rewrites the partial rounds.
	///
	/// Constants move forward: what a partial round adds to elements 1 to 4 passes its S-box
	/// untouched and can be added, multiplied with the matrix, in the next round. Matrices move
	/// backward: the matrix is `sparse * dense`, where `dense` leaves element 0 alone, so `dense`
	/// can act before the S-box, as part of the matrix of the round before.
	pub fn optimize(&self) -> Optimized {
		let half = FULL_ROUNDS / 2;
		let (first_full, others) = self.round_constants.split_at(half);
		let (partial_rows, last_rows) = others.split_at(others.len() - half);

		let mut moved = [Scalar::ZERO; WIDTH];
		let mut partial = Vec::new();
		for row in partial_rows {
			let mut sum = add(row, &moved);
			partial.push(sum[0]);
			sum[0] = Scalar::ZERO;
			moved = apply(&self.mds, &sum);
		}
		let mut last_full = last_rows.to_vec();
		last_full[0] = add(&last_full[0], &moved);

		let mut sparse = Vec::new();
		let mut transition = self.mds;
		for _ in 0..partial.len() {
			let (left, right) = factor(&transition);
			sparse.push(left);
			transition = multiply(&right, &self.mds);
		}
		sparse.reverse();

		Optimized { first_full: first_full.to_vec(), partial, last_full, transition, sparse }
	}
}

/// Splits a matrix into a sparse left factor and a right factor that leaves element 0 alone.
fn factor(matrix: &Matrix) -> (SparseMatrix, Matrix) {
	let mut minor = [[Scalar::ZERO; INPUTS]; INPUTS];
	let mut right = identity();
	for i in 0..INPUTS {
		for j in 0..INPUTS {
			minor[i][j] = matrix[i + 1][j + 1];
			right[i + 1][j + 1] = matrix[i + 1][j + 1];
		}
	}
	let inverse = invert(minor);
	let mut row = [Scalar::ZERO; WIDTH];
	row[0] = matrix[0][0];
	for j in 0..INPUTS {
		row[j + 1] = (0..INPUTS).map(|k| matrix[0][k + 1] * inverse[k][j]).sum();
	}
	let column = core::array::from_fn(|i| matrix[i + 1][0]);
	(SparseMatrix { row, column }, right)
}

/// Gauss-Jordan elimination.
fn invert(mut matrix: [[Scalar; INPUTS]; INPUTS]) -> [[Scalar; INPUTS]; INPUTS] {
	let mut inverse: [[Scalar; INPUTS]; INPUTS] = core::array::from_fn(|i| {
		core::array::from_fn(|j| if i == j { Scalar::ONE } else { Scalar::ZERO })
	});
	for column in 0..INPUTS {
		let pivot = (column..INPUTS)
			.find(|row| matrix[*row][column] != Scalar::ZERO)
			.expect("minors of a Cauchy matrix are invertible");
		matrix.swap(column, pivot);
		inverse.swap(column, pivot);
		let scale = matrix[column][column].inverse().expect("the pivot is not zero");
		for k in 0..INPUTS {
			matrix[column][k] *= scale;
			inverse[column][k] *= scale;
		}
		for row in (0..INPUTS).filter(|row| *row != column) {
			let times = matrix[row][column];
			for k in 0..INPUTS {
				let (from_matrix, from_inverse) = (matrix[column][k], inverse[column][k]);
				matrix[row][k] -= times * from_matrix;
				inverse[row][k] -= times * from_inverse;
			}
		}
	}
	inverse
}

fn identity() -> Matrix {
	core::array::from_fn(|i| {
		core::array::from_fn(|j| if i == j { Scalar::ONE } else { Scalar::ZERO })
	})
}

fn multiply(left: &Matrix, right: &Matrix) -> Matrix {
	core::array::from_fn(|i| {
		core::array::from_fn(|j| (0..WIDTH).map(|k| left[i][k] * right[k][j]).sum())
	})
}

fn apply(matrix: &Matrix, state: &[Scalar; WIDTH]) -> [Scalar; WIDTH] {
	core::array::from_fn(|i| (0..WIDTH).map(|j| matrix[i][j] * state[j]).sum())
}

fn add(left: &RoundConstants, right: &RoundConstants) -> RoundConstants {
	core::array::from_fn(|i| left[i] + right[i])
}

/// The Grain LFSR in self-shrinking mode.
struct Grain {
	state: VecDeque<bool>,
}

impl Grain {
	fn new() -> Self {
		// Field (1: prime), S-box (0: x^alpha), bits, width, full rounds, partial rounds, ones.
		let fields = [
			(1, 2),
			(0, 4),
			(FIELD_BITS, 12),
			(WIDTH, 12),
			(FULL_ROUNDS, 10),
			(ROUNDS - FULL_ROUNDS, 10),
			((1 << 30) - 1, 30),
		];
		let state = fields
			.iter()
			.flat_map(|(value, bits)| (0..*bits).rev().map(move |bit| value >> bit & 1 == 1))
			.collect();
		let mut grain = Self { state };
		for _ in 0..160 {
			grain.step();
		}
		grain
	}

	fn step(&mut self) -> bool {
		let bit = [62, 51, 38, 23, 13, 0].iter().fold(false, |sum, tap| sum ^ self.state[*tap]);
		self.state.pop_front();
		self.state.push_back(bit);
		bit
	}

	/// Of each pair of bits, the second counts if the first is set.
	fn bit(&mut self) -> bool {
		loop {
			let (chosen, bit) = (self.step(), self.step());
			if chosen {
				return bit;
			}
		}
	}

	fn number(&mut self) -> [u8; 32] {
		let mut bytes = [0; 32];
		for position in (0..FIELD_BITS).rev() {
			bytes[31 - position / 8] |= u8::from(self.bit()) << (position % 8);
		}
		bytes
	}

	/// A number below the modulus, by drawing again.
	fn below(&mut self) -> Scalar {
		loop {
			if let Some(scalar) = scalar_from_be(&self.number()) {
				return scalar;
			}
		}
	}

	/// A number reduced modulo the modulus.
	fn reduced(&mut self) -> Scalar {
		Scalar::from_be_bytes_mod_order(&self.number())
	}
}
