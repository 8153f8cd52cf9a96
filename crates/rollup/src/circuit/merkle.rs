// SPDX-License-Identifier: Apache-2.0
//! The change of one leaf of the account tree as constraints.

use super::{
	num::{Builder, Num, Result},
	poseidon,
};
use crate::{shape::TREE_ARITY, tree::Path};

/// The roots before and after a leaf changes, everything else staying as it is.
///
/// `index` are the bits of the leaf's index, lowest first, two per level. The children in `path`
/// are the prover's: on each level the one at the index is stated to be the old node below it, and
/// all four together hash to the old node above. The same children with that one replaced hash to
/// the new node.
pub(crate) fn update(
	b: &Builder,
	index: &[Num],
	old_leaf: &Num,
	new_leaf: &Num,
	path: &Path,
) -> Result<(Num, Num)> {
	let mut old = old_leaf.clone();
	let mut new = new_leaf.clone();
	for (bits, children) in index.chunks_exact(2).zip(path) {
		let (low, high) = (&bits[0], &bits[1]);
		let mut before: [Num; TREE_ARITY] = std::array::from_fn(|_| b.zero());
		for (child, value) in before.iter_mut().zip(children) {
			*child = b.witness(*value)?;
		}
		enforce_selected(b, low, high, &before, &old)?;
		let after = replace(b, low, high, &before, &(&new - &old))?;
		old = poseidon::hash4(b, before.each_ref())?;
		new = poseidon::hash4(b, after.each_ref())?;
	}
	Ok((old, new))
}

/// States `children[low + 2 * high] = node`. Three constraints.
fn enforce_selected(
	b: &Builder,
	low: &Num,
	high: &Num,
	[first, second, third, fourth]: &[Num; TREE_ARITY],
	node: &Num,
) -> Result<()> {
	let lower = first + &b.product(low, &(second - first))?;
	let upper = third + &b.product(low, &(fourth - third))?;
	b.enforce(high, &(&upper - &lower), &(node - &lower))
}

/// Adds `change` to `children[low + 2 * high]`. Three constraints.
fn replace(
	b: &Builder,
	low: &Num,
	high: &Num,
	[first, second, third, fourth]: &[Num; TREE_ARITY],
	change: &Num,
) -> Result<[Num; TREE_ARITY]> {
	let if_low = b.product(low, change)?;
	let if_high = b.product(high, change)?;
	let if_both = b.product(low, &if_high)?;
	Ok([
		&(&(&(first + change) - &if_low) - &if_high) + &if_both,
		&(second + &if_low) - &if_both,
		&(third + &if_high) - &if_both,
		fourth + &if_both,
	])
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use crate::{
		shape::{INDEX_BITS, TREE_DEPTH},
		tree::Tree,
		Scalar,
	};
	use ark_ff::{AdditiveGroup, Field};

	fn tree() -> Tree {
		let mut tree = Tree::default();
		for index in [0, 1, 2, 3, 4, 27, 40_000, 65_535] {
			tree.set(index, Scalar::from(u64::from(index) + 100));
		}
		tree
	}

	/// Whether the update holds and leads from one root to the other.
	fn holds(index: u32, leaves: [Scalar; 2], path: &Path, roots: [Scalar; 2]) -> bool {
		tests::run(|b| {
			let bits = b.bits(&[u64::from(index)], INDEX_BITS)?;
			let [old, new] = leaves.map(|leaf| b.constant(leaf));
			let (before, after) = update(b, &bits, &old, &new, path)?;
			b.enforce_equal(&before, &b.constant(roots[0]))?;
			b.enforce_equal(&after, &b.constant(roots[1]))
		})
		.0
	}

	#[test]
	fn update_should_lead_from_the_old_to_the_new_root() {
		for index in [0, 1, 2, 3, 4, 26, 27, 28, 40_000, 65_535] {
			let before = tree();
			let leaf_place = (index % TREE_ARITY as u32) as usize;
			let old = before.path(index)[0][leaf_place];
			let mut after = before.clone();
			after.set(index, Scalar::from(7u64));
			let leaves = [old, Scalar::from(7u64)];
			let roots = [before.root(), after.root()];
			let path = before.path(index);
			assert!(holds(index, leaves, &path, roots), "index {index}");
			assert!(!holds(index, [old + Scalar::ONE, leaves[1]], &path, roots));
			assert!(!holds(index, [old, leaves[1] + Scalar::ONE], &path, roots));
			assert!(!holds(index ^ 1, leaves, &path, roots));
			assert!(!holds(index, leaves, &path, [roots[1], roots[0]]));
		}
	}

	#[test]
	fn update_should_reject_when_any_child_of_the_path_is_wrong() {
		let index = 27;
		let before = tree();
		let mut after = before.clone();
		after.set(index, Scalar::ZERO);
		let leaves = [Scalar::from(127u64), Scalar::ZERO];
		let roots = [before.root(), after.root()];
		assert!(holds(index, leaves, &before.path(index), roots));
		for level in 0..TREE_DEPTH {
			for child in 0..TREE_ARITY {
				let mut path = before.path(index);
				path[level][child] += Scalar::ONE;
				assert!(!holds(index, leaves, &path, roots), "level {level}, child {child}");
			}
		}
	}

	#[test]
	fn update_should_reject_when_a_sibling_is_changed_along_with_the_leaf() {
		let index = 27;
		let before = tree();
		let mut after = before.clone();
		after.set(index, Scalar::ZERO);
		after.set(26, Scalar::ONE);
		let leaves = [Scalar::from(127u64), Scalar::ZERO];
		let roots = [before.root(), after.root()];
		assert!(!holds(index, leaves, &before.path(index), roots));
		assert!(!holds(index, leaves, &after.path(index), roots));
	}

	#[test]
	fn one_level_should_leave_no_variable_free() {
		for (low, high) in [(false, false), (true, false), (false, true), (true, true)] {
			let children = [5u64, 6, 7, 8].map(Scalar::from);
			let node = children[usize::from(low) + 2 * usize::from(high)];
			tests::assert_all_variables_pinned(|b| {
				let [low, high] = [low, high].map(|bit| b.constant(Scalar::from(bit)));
				let children = children.map(|child| b.constant(child));
				enforce_selected(b, &low, &high, &children, &b.constant(node))?;
				replace(b, &low, &high, &children, &b.constant(Scalar::from(9u64)))
			});
		}
	}
}
