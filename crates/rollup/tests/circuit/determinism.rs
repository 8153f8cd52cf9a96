// SPDX-License-Identifier: Apache-2.0
//! That the constraints leave a prover no choice but the declared one.
//!
//! Walks through the constraints the way a prover computes: a variable is *determined* if some
//! constraint gives it as the solution of a linear equation in known ones, and a *bit* if some
//! constraint reads `v * (k - v) = 0` with `k` 0 or 1. When nothing follows any more, the lowest
//! unknown variable is *free*. A dropped constraint turns what it determined into free variables.

use crate::support::{claim, demo_state, full_batch, SHAPE, SYSTEM};
use ark_ff::{AdditiveGroup, Field};
use pvs_rollup::{shape::TREE_ARITY, Scalar};
use std::collections::BTreeMap;

/// Of each slot the sender's key, the point that gives the receiver's key, and the receiver's nonce;
/// the balances follow from the bits of their ranges. That these are the accounts of the state
/// follows from its root and the collision resistance of the hash.
const FREE_OF_SLOT: usize = 2 + 2 + 1;
/// Key and nonce.
const FREE_OF_FEE_ACCOUNT: usize = 3;
/// The nodes that the state is kept in; their root is public.
const TOP_NODES: usize = 16;
const TOP_LEVELS: usize = 2;
/// On each level of a path all children but the one that is the node below.
const FREE_OF_PATH: usize = (SHAPE.depth() - TOP_LEVELS) * (TREE_ARITY - 1);

/// Rows with more unknown variables than this are not looked at: no rule decides so many at once.
const MOST_UNKNOWN: usize = 4;

enum Verdict {
	Determined(usize),
	Bit(usize),
	Nothing,
}

struct Walk<'a> {
	assignment: &'a [Scalar],
	known: Vec<bool>,
	/// For each variable the rows that mention it.
	mentions: Vec<Vec<usize>>,
	unknown_in_row: Vec<usize>,
	queue: Vec<usize>,
}

impl<'a> Walk<'a> {
	fn new(assignment: &'a [Scalar]) -> Self {
		let mut mentions: Vec<Vec<usize>> = vec![Vec::new(); assignment.len()];
		let mut unknown_in_row = vec![0; SYSTEM.len()];
		for (row, unknown) in unknown_in_row.iter_mut().enumerate() {
			for (_, variable) in SYSTEM.matrices.iter().flat_map(|matrix| &matrix[row]) {
				let list = &mut mentions[*variable];
				if list.last() != Some(&row) {
					list.push(row);
					*unknown += 1;
				}
			}
		}
		let known = vec![false; assignment.len()];
		Self { assignment, known, mentions, unknown_in_row, queue: Vec::new() }
	}

	fn learn(&mut self, variable: usize) {
		if !std::mem::replace(&mut self.known[variable], true) {
			for row in &self.mentions[variable] {
				self.unknown_in_row[*row] -= 1;
				if (1..=MOST_UNKNOWN).contains(&self.unknown_in_row[*row]) {
					self.queue.push(*row);
				}
			}
		}
	}

	/// The known part of one side of a row and the coefficients of the unknown variables.
	fn side(&self, matrix: usize, row: usize) -> (Scalar, BTreeMap<usize, Scalar>) {
		let mut constant = Scalar::ZERO;
		let mut unknown = BTreeMap::new();
		for (coefficient, variable) in &SYSTEM.matrices[matrix][row] {
			if self.known[*variable] {
				constant += *coefficient * self.assignment[*variable];
			} else {
				*unknown.entry(*variable).or_insert(Scalar::ZERO) += coefficient;
			}
		}
		unknown.retain(|_, coefficient| *coefficient != Scalar::ZERO);
		(constant, unknown)
	}

	fn judge(&self, row: usize) -> Verdict {
		let [(a, in_a), (b, in_b), (c, in_c)] = [0, 1, 2].map(|matrix| self.side(matrix, row));
		if !in_a.is_empty() && !in_b.is_empty() {
			let (Some((variable, in_a)), Some((same, in_b))) = (only(&in_a), only(&in_b)) else {
				return Verdict::Nothing;
			};
			// (a + in_a * v) * (in_b * v) = 0 has the roots 0 and -a / in_a.
			let other_root = -a * in_a.inverse().unwrap();
			let is_bit = variable == same
				&& (b, c) == (Scalar::ZERO, Scalar::ZERO)
				&& in_b == Scalar::ONE
				&& in_c.is_empty()
				&& (other_root == Scalar::ZERO || other_root == Scalar::ONE);
			return if is_bit { Verdict::Bit(variable) } else { Verdict::Nothing };
		}
		// One factor is known: the row is linear.
		let (factor, factored) = if in_a.is_empty() { (a, in_b) } else { (b, in_a) };
		let mut linear = in_c;
		for (variable, coefficient) in factored {
			*linear.entry(variable).or_insert(Scalar::ZERO) -= factor * coefficient;
		}
		linear.retain(|_, coefficient| *coefficient != Scalar::ZERO);
		only(&linear).map_or(Verdict::Nothing, |(variable, _)| Verdict::Determined(variable))
	}
}

fn only(coefficients: &BTreeMap<usize, Scalar>) -> Option<(usize, Scalar)> {
	let mut all = coefficients.iter();
	let (variable, coefficient) = all.next()?;
	all.next().is_none().then_some((*variable, *coefficient))
}

#[test]
fn circuit_should_leave_nothing_free_but_accounts_and_paths() {
	let assignment = claim(&demo_state(), &full_batch()).assignment().unwrap();
	let mut walk = Walk::new(&assignment);
	for variable in 0..SYSTEM.instance_variables {
		walk.learn(variable);
	}
	// The first rows first, so that a bit counts as one even if another row determines it later.
	walk.queue = (0..SYSTEM.len()).rev().collect();
	let (mut bits, mut free) = (0, 0);
	let mut lowest = SYSTEM.instance_variables;
	loop {
		while let Some(row) = walk.queue.pop() {
			match walk.judge(row) {
				Verdict::Determined(variable) => walk.learn(variable),
				Verdict::Bit(variable) => {
					bits += 1;
					walk.learn(variable);
				},
				Verdict::Nothing => {},
			}
		}
		while lowest < assignment.len() && walk.known[lowest] {
			lowest += 1;
		}
		if lowest == assignment.len() {
			break;
		}
		free += 1;
		walk.learn(lowest);
	}
	let of_slot = FREE_OF_SLOT + 2 * FREE_OF_PATH;
	let of_batch = TOP_NODES + FREE_OF_FEE_ACCOUNT + FREE_OF_PATH;
	// Nonce and balance of the receiver that is opened are stated to be zero: the nonce is not free,
	// and the last bit of the balance follows from the others.
	assert_eq!(free, SHAPE.transfers() * of_slot + of_batch - 1);
	// Flag, indices, amount, fee, nonce, new key, challenge hash, response, whether it opens, ranges.
	let of_slot = 1 + 2 * 16 + 64 + 32 + 32 + 254 + 254 + 251 + 1 + 2 * 64;
	assert_eq!(bits, SHAPE.transfers() * of_slot + 16 + 64 - 1);
}
