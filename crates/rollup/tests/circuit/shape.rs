// SPDX-License-Identifier: Apache-2.0
//! Size of the circuit, and that no variable of it is free.

use crate::support::{claim, demo_state, full_batch, half_batch, LARGE, SHAPE, SYSTEM};
use ark_ff::{AdditiveGroup, Field};
use pvs_rollup::{
	circuit::{count, Part},
	shape::Shape,
	Scalar,
};

/// What `docs/rollup.md` says, line by line.
const TABLE: &str = include_str!("../../../../docs/rollup.md");

/// The table of constraints in Markdown. A change here is a change of the verifying keys.
fn table() -> String {
	let shapes = [Shape::SMALL, Shape::LARGE];
	let counts = shapes.map(|shape| count(shape).unwrap());
	let systems = [&*SYSTEM, &*LARGE];
	let mut lines = Vec::new();
	for part in counts[0].keys() {
		let [small, large] = [0, 1].map(|at| {
			let (count, transfers) = (counts[at][part], shapes[at].transfers());
			if part.is_per_transfer() && *part != Part::Numbers {
				assert_eq!(count % transfers, 0);
				format!("{transfers} x {} = {count}", count / transfers)
			} else {
				count.to_string()
			}
		});
		lines.push(format!("| {part} | {small} | {large} |"));
	}
	let row =
		|name: &str, of: &dyn Fn(usize) -> usize| format!("| {name} | {} | {} |", of(0), of(1));
	lines.push(row("**all**", &|at| systems[at].len()));
	lines.push(row("per transfer, rounded up", &|at| {
		systems[at].len().div_ceil(shapes[at].transfers())
	}));
	lines.push(row("private variables", &|at| systems[at].witness_variables));
	for (matrix, name) in ["A", "B", "C"].iter().enumerate() {
		lines.push(row(&format!("entries of {name}"), &|at| {
			systems[at].matrices[matrix].iter().map(Vec::len).sum()
		}));
	}
	lines.push(row("domain", &|at| systems[at].domain_size()));
	lines.push(row("bytes of a batch", &|at| shapes[at].data_len()));
	lines.join("\n")
}

#[test]
fn size_should_equal_the_committed_one() {
	let table = table();
	assert!(TABLE.contains(&table), "docs/rollup.md should have:\n{table}");
}

#[test]
fn size_should_be_within_its_limits() {
	for (shape, system, domain) in
		[(Shape::SMALL, &*SYSTEM, 1 << 16), (Shape::LARGE, &*LARGE, 1 << 17)]
	{
		assert_eq!(system.instance_variables, 5);
		assert_eq!(system.domain_size(), domain);
		assert!(system.len() <= 16_000 * shape.transfers(), "{shape}: {}", system.len());
		assert_eq!(count(shape).unwrap().values().sum::<usize>(), system.len());
	}
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

/// For every private variable and public input: with all others fixed, no other value satisfies the
/// constraints. Gives back those of which that is not so.
///
/// Constraints are of degree two in one variable, so a variable is pinned if the polynomials of the
/// constraints that mention it have the honest value as their only common root. Each constraint is
/// `(a0 + a1 t)(b0 + b1 t) - (c0 + c1 t)` in the change `t`, zero at `t = 0`; its other root, if it
/// has one, is computed and must break another constraint.
fn free_variables(assignment: &[Scalar]) -> Vec<usize> {
	assert_eq!(SYSTEM.first_unsatisfied(assignment), None);
	let variables = SYSTEM.instance_variables + SYSTEM.witness_variables;
	assert_eq!(assignment.len(), variables);

	let value = |matrix: usize, row: usize| -> Scalar {
		SYSTEM.matrices[matrix][row].iter().map(|(c, v)| *c * assignment[*v]).sum()
	};
	// Per variable: the constraints that mention it, with its coefficients in A, B, C.
	let mut mentions: Vec<Vec<(usize, [Scalar; 3])>> = vec![Vec::new(); variables];
	let mut values = Vec::with_capacity(SYSTEM.len());
	for row in 0..SYSTEM.len() {
		values.push([value(0, row), value(1, row)]);
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
	let is_free = |constraints: &[(usize, [Scalar; 3])]| {
		// t * (quadratic * t + linear) for each constraint.
		let polynomials: Vec<(Scalar, Scalar)> = constraints
			.iter()
			.map(|(row, [a, b, c])| (*a * b, values[*row][0] * b + values[*row][1] * a - c))
			.collect();
		let holds_at = |t: Scalar| polynomials.iter().all(|(q, l)| (*q * t + l) == Scalar::ZERO);
		polynomials
			.iter()
			.filter_map(|(quadratic, linear)| Some(-*linear * quadratic.inverse()?))
			.chain([Scalar::ONE])
			.any(|t| t != Scalar::ZERO && holds_at(t))
	};
	(1..variables).filter(|variable| is_free(&mentions[*variable])).collect()
}

#[test]
fn circuit_should_pin_every_variable_when_all_slots_are_transfers() {
	let assignment = claim(&demo_state(), &full_batch()).assignment().unwrap();
	assert_eq!(free_variables(&assignment), Vec::<usize>::new());
}

/// In a no-op the indices need not differ, so what would show that they do may be anything: one
/// variable, which no other constraint mentions.
#[test]
fn circuit_should_pin_all_but_one_variable_of_a_no_op() {
	let assignment = claim(&demo_state(), &half_batch()).assignment().unwrap();
	let free = free_variables(&assignment);
	assert_eq!(free.len(), SHAPE.transfers() - 2);
	for variable in free {
		let mut rows = (0..SYSTEM.len())
			.filter(|row| SYSTEM.matrices.iter().any(|m| m[*row].iter().any(|e| e.1 == variable)));
		let row = rows.next().unwrap();
		assert_eq!(rows.next(), None);
		let side = |matrix: usize| -> Scalar {
			SYSTEM.matrices[matrix][row].iter().map(|(c, v)| *c * assignment[*v]).sum()
		};
		// variable * (from - to) = active
		assert_eq!([side(1), side(2)], [Scalar::ZERO; 2]);
	}
}
