// SPDX-License-Identifier: Apache-2.0
//! Prints `src/poseidon/constants.rs`, derived from nothing but the parameters of the permutation.
//!
//! `cargo run -p pvs-primitives --example poseidon_constants > primitives/src/poseidon/constants.rs`

use ark_ff::PrimeField;
use pvs_primitives::{field::Scalar, poseidon::generator::Parameters};
use std::fmt::Write;

const HEADER: &str = "\
// SPDX-License-Identifier: Apache-2.0
//! The constants of the permutation. Do not edit: `examples/poseidon_constants.rs` prints this file,
//! and the tests derive every number again. One table, so it is longer than other files.

use super::{Matrix, RoundConstants, SparseMatrix, FULL_ROUNDS, PARTIAL_ROUNDS, ROUNDS};
use crate::field::Scalar;
use ark_ff::BigInt;

/// A scalar from its 64-bit words, the highest first; into Montgomery form at compile time.
const fn scalar(w3: u64, w2: u64, w1: u64, w0: u64) -> Scalar {
	Scalar::new(BigInt::new([w0, w1, w2, w3]))
}
";

fn main() {
	let plain = Parameters::generate();
	let optimized = plain.optimize();
	let mut out = String::from(HEADER);

	rows(&mut out, "ROUND_CONSTANTS: [RoundConstants; ROUNDS]", &plain.round_constants);
	rows(&mut out, "MDS: Matrix", &plain.mds);
	rows(&mut out, "FIRST_FULL: [RoundConstants; FULL_ROUNDS / 2]", &optimized.first_full);
	rows(&mut out, "TRANSITION: Matrix", &optimized.transition);
	open(&mut out, "PARTIAL: [Scalar; PARTIAL_ROUNDS]");
	scalars(&mut out, 1, &optimized.partial);
	out.push_str("];\n");
	open(&mut out, "SPARSE: [SparseMatrix; PARTIAL_ROUNDS]");
	for matrix in &optimized.sparse {
		out.push_str("\tSparseMatrix {\n\t\trow: [\n");
		scalars(&mut out, 3, &matrix.row);
		out.push_str("\t\t],\n\t\tcolumn: [\n");
		scalars(&mut out, 3, &matrix.column);
		out.push_str("\t\t],\n\t},\n");
	}
	out.push_str("];\n");
	rows(&mut out, "LAST_FULL: [RoundConstants; FULL_ROUNDS / 2]", &optimized.last_full);

	print!("{out}");
}

fn open(out: &mut String, declaration: &str) {
	let _ = writeln!(out, "\n#[rustfmt::skip]\npub(super) static {declaration} = [");
}

fn rows(out: &mut String, declaration: &str, rows: &[[Scalar; 5]]) {
	open(out, declaration);
	for row in rows {
		out.push_str("\t[\n");
		scalars(out, 2, row);
		out.push_str("\t],\n");
	}
	out.push_str("];\n");
}

fn scalars(out: &mut String, depth: usize, scalars: &[Scalar]) {
	for scalar in scalars {
		let [w0, w1, w2, w3] = scalar.into_bigint().0;
		let indent = "\t".repeat(depth);
		let _ =
			writeln!(out, "{indent}scalar(0x{w3:016x}, 0x{w2:016x}, 0x{w1:016x}, 0x{w0:016x}),");
	}
}
