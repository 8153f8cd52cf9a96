// SPDX-License-Identifier: Apache-2.0
//! Size of the circuit, and that no variable of it is free.

use crate::support::{
	claim, data, data_for, demo_state, full_batch, half_batch, signed, LARGE, SYSTEM,
};
use ark_ff::{AdditiveGroup, Field};
use pvs_rollup::{
	circuit::{count, Constraints, Part},
	demo,
	genesis::Genesis,
	shape::Shape,
	state::State,
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
fn free_variables(system: &Constraints, assignment: &[Scalar]) -> Vec<usize> {
	assert_eq!(system.first_unsatisfied(assignment), None);
	let variables = system.instance_variables + system.witness_variables;
	assert_eq!(assignment.len(), variables);

	let value = |matrix: usize, row: usize| -> Scalar {
		system.matrices[matrix][row].iter().map(|(c, v)| *c * assignment[*v]).sum()
	};
	// Per variable: the constraints that mention it, with its coefficients in A, B, C.
	let mut mentions: Vec<Vec<(usize, [Scalar; 3])>> = vec![Vec::new(); variables];
	let mut values = Vec::with_capacity(system.len());
	for row in 0..system.len() {
		values.push([value(0, row), value(1, row)]);
		for matrix in 0..3 {
			for (coefficient, variable) in &system.matrices[matrix][row] {
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
fn circuit_should_pin_every_variable_with_and_without_no_ops() {
	let state = demo_state();
	for batch in [full_batch(), half_batch(), data(&[])] {
		let assignment = claim(&state, &batch).assignment().unwrap();
		assert_eq!(free_variables(&SYSTEM, &assignment), Vec::<usize>::new());
	}
	let state = State::from_genesis(&Genesis { shape: Shape::LARGE, ..demo::genesis() }).unwrap();
	let batch = data_for(Shape::LARGE, 9, &[signed(0, 1, 5, 0), signed(1, 0, 5, 0)]);
	let assignment = claim(&state, &batch).assignment().unwrap();
	assert_eq!(free_variables(&LARGE, &assignment), Vec::<usize>::new());
}
