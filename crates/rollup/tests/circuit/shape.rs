// SPDX-License-Identifier: Apache-2.0
//! Size of the circuit, and that no variable of it is free.

use crate::support::{claim, demo_state, full_batch, SYSTEM};
use ark_ff::{AdditiveGroup, Field};
use pvs_rollup::Scalar;

/// The committed size of the circuit. A change here is a change of the verifying key.
const CONSTRAINTS: usize = 59_266;
const WITNESS_VARIABLES: usize = 59_448;
const NON_ZERO_ENTRIES: [usize; 3] = [143_568, 233_330, 388_502];

#[test]
fn size_should_equal_the_committed_one() {
	let entries: Vec<usize> =
		SYSTEM.matrices.iter().map(|matrix| matrix.iter().map(Vec::len).sum()).collect();
	assert_eq!(SYSTEM.len(), CONSTRAINTS);
	assert_eq!(SYSTEM.witness_variables, WITNESS_VARIABLES);
	assert_eq!(entries, NON_ZERO_ENTRIES);
	assert_eq!(SYSTEM.instance_variables, 5);
	assert_eq!(SYSTEM.domain_size(), 1 << 16);
}

#[test]
fn each_public_input_should_appear_in_a_constraint() {
	for input in 1..=4 {
		let appears = SYSTEM
			.matrices
			.iter()
			.flatten()
			.flatten()
			.any(|(c, v)| *v == input && *c != Scalar::ZERO);
		assert!(appears, "input {input}");
	}
}

/// For every private variable: with all others fixed, no other value satisfies the constraints.
///
/// Constraints are of degree two in one variable, so a variable is pinned if the polynomials of the
/// constraints that mention it have the honest value as their only common root. Each constraint is
/// `(a0 + a1 t)(b0 + b1 t) - (c0 + c1 t)` in the change `t`, zero at `t = 0`; its other root, if it
/// has one, is computed and must break another constraint.
#[test]
fn circuit_should_pin_every_variable_when_all_slots_are_transfers() {
	let assignment = claim(&demo_state(), &full_batch()).assignment().unwrap();
	assert_eq!(SYSTEM.first_unsatisfied(&assignment), None);
	let variables = SYSTEM.instance_variables + SYSTEM.witness_variables;
	assert_eq!(assignment.len(), variables);

	let value = |matrix: usize, row: usize| -> Scalar {
		SYSTEM.matrices[matrix][row].iter().map(|(c, v)| *c * assignment[*v]).sum()
	};
	// Per variable: the constraints that mention it, with its coefficients in A, B, C.
	let mut mentions: Vec<Vec<(usize, [Scalar; 3])>> = vec![Vec::new(); variables];
	for row in 0..SYSTEM.len() {
		for matrix in 0..3 {
			for (coefficient, variable) in &SYSTEM.matrices[matrix][row] {
				let list = &mut mentions[*variable];
				if list.last().is_none_or(|(last, _)| *last != row) {
					list.push((row, [Scalar::ZERO; 3]));
				}
				list.last_mut().unwrap().1[matrix] += coefficient;
			}
		}
	}
	for (variable, constraints) in mentions.iter().enumerate().skip(SYSTEM.instance_variables) {
		// t * (quadratic * t + linear) for each constraint.
		let polynomials: Vec<(Scalar, Scalar)> = constraints
			.iter()
			.map(|(row, [a, b, c])| (*a * b, value(0, *row) * b + value(1, *row) * a - c))
			.collect();
		let holds_at = |t: Scalar| polynomials.iter().all(|(q, l)| (*q * t + l) == Scalar::ZERO);
		let candidates: Vec<Scalar> = polynomials
			.iter()
			.filter_map(|(quadratic, linear)| Some(-*linear * quadratic.inverse()?))
			.chain([Scalar::ONE])
			.filter(|t| *t != Scalar::ZERO)
			.collect();
		for t in candidates {
			assert!(!holds_at(t), "variable {variable} may also be {}", assignment[variable] + t);
		}
	}
}
