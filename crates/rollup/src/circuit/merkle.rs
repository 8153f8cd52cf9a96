// SPDX-License-Identifier: Apache-2.0
//! Changes of leaves of the account tree as constraints.
//!
//! The nodes two levels below the root, sixteen of them, are kept as numbers from one change to the
//! next: [`Top`]. A change proves its path up to one of them and replaces it, so that the two levels
//! above are hashed once before the batch and once after it, not four times for each transfer.
//!
//! Below, siblings are the prover's. They are given by their fifth powers in the first round of the
//! hash above them, which says the same for no constraint, see `poseidon`.

use super::{
	num::{Builder, Num, Result},
	poseidon,
};
use crate::{shape::TREE_ARITY, Scalar};

/// Levels above the nodes of [`Top`].
pub(crate) const TOP_LEVELS: usize = 2;
/// Nodes of [`Top`].
pub(crate) const TOP_NODES: usize = TREE_ARITY.pow(TOP_LEVELS as u32);
/// Bits of an index that name a node of [`Top`].
const TOP_BITS: usize = 2 * TOP_LEVELS;

/// The state: all nodes [`TOP_LEVELS`] below the root.
pub(crate) struct Top {
	nodes: Vec<Num>,
}

impl Top {
	/// The state as the prover says; nothing is stated of it before [`Top::root`].
	pub(crate) fn new(b: &Builder, nodes: &[Scalar; TOP_NODES]) -> Result<Self> {
		let nodes = nodes.iter().map(|node| b.witness(*node)).collect::<Result<_>>()?;
		Ok(Self { nodes })
	}

	/// The root above these nodes.
	pub(crate) fn root(&self, b: &Builder) -> Result<Num> {
		let mut level = self.nodes.clone();
		while level.len() > 1 {
			level = level
				.chunks_exact(TREE_ARITY)
				.map(|nodes| poseidon::hash4(b, [&nodes[0], &nodes[1], &nodes[2], &nodes[3]]))
				.collect::<Result<_>>()?;
		}
		level.pop().ok_or(ark_relations::gr1cs::SynthesisError::Unsatisfiable)
	}

	/// Changes one leaf, everything else staying as it is, if the bit `active` is one, and nothing
	/// if it is zero.
	///
	/// `index` are the bits of the leaf's index, lowest first, two per level. `siblings` are the
	/// prover's: for each level below the top nodes all children of the node above.
	pub(crate) fn update_if(
		&mut self,
		b: &Builder,
		active: &Num,
		index: &[Num],
		[old_leaf, new_leaf]: [&Num; 2],
		siblings: &[[Scalar; TREE_ARITY]],
	) -> Result<()> {
		let (low, high) = index.split_at(index.len() - TOP_BITS);
		let (old, new) = climb(b, low, old_leaf, new_leaf, siblings)?;
		let selected = select(b, high, &self.nodes)?;
		b.enforce(active, &(&selected - &old), &b.zero())?;
		let change = b.product(active, &(&new - &old))?;
		add_at(b, high, &mut self.nodes, change)
	}
}

/// The nodes above an old and a new leaf, with the same siblings.
///
/// On each level the child at the index is stated to be the old node below it, and all four
/// together hash to the old node above. The same children with that one replaced hash to the new one.
fn climb(
	b: &Builder,
	index: &[Num],
	old_leaf: &Num,
	new_leaf: &Num,
	siblings: &[[Scalar; TREE_ARITY]],
) -> Result<(Num, Num)> {
	let mut old = old_leaf.clone();
	let mut new = new_leaf.clone();
	for (bits, children) in index.chunks_exact(2).zip(siblings) {
		let constants = std::array::from_fn(poseidon::first_constant);
		let constant = select_constant(b, &bits[0], &bits[1], constants)?;
		let old_power = poseidon::fifth_power(b, &(&old + &constant))?;
		let new_power = poseidon::fifth_power(b, &(&new + &constant))?;
		let mut before: [Num; TREE_ARITY] = std::array::from_fn(|_| b.zero());
		for (place, (power, child)) in before.iter_mut().zip(children).enumerate() {
			*power = b.witness(fifth(*child + poseidon::first_constant(place)))?;
		}
		let selected = select(b, bits, &before)?;
		b.enforce_equal(&selected, &old_power)?;
		let mut after = before.clone();
		add_at(b, bits, &mut after, &new_power - &old_power)?;
		old = poseidon::hash_powers(b, before.each_ref())?;
		new = poseidon::hash_powers(b, after.each_ref())?;
	}
	Ok((old, new))
}

fn fifth(value: Scalar) -> Scalar {
	let fourth = value * value * value * value;
	fourth * value
}

/// `constants[low + 2 * high]`. One constraint.
fn select_constant(
	b: &Builder,
	low: &Num,
	high: &Num,
	[c0, c1, c2, c3]: [Scalar; TREE_ARITY],
) -> Result<Num> {
	let both = b.product(low, high)?;
	let one = b.one();
	Ok(b.linear([(c0, &one), (c1 - c0, low), (c2 - c0, high), (c3 - c2 - c1 + c0, &both)]))
}

/// The node that the bits name, lowest first. One constraint less than there are nodes.
fn select(b: &Builder, bits: &[Num], nodes: &[Num]) -> Result<Num> {
	let mut level = nodes.to_vec();
	for bit in bits {
		level = level
			.chunks_exact(2)
			.map(|pair| Ok(&pair[0] + &b.product(bit, &(&pair[1] - &pair[0]))?))
			.collect::<Result<_>>()?;
	}
	level.pop().ok_or(ark_relations::gr1cs::SynthesisError::Unsatisfiable)
}

/// Adds `change` to the node that the bits name, lowest first. One constraint less than there are
/// nodes.
fn add_at(b: &Builder, bits: &[Num], nodes: &mut [Num], change: Num) -> Result<()> {
	// From the highest bit down: what each half gets, then each quarter, and so on.
	let mut shares = vec![change];
	for bit in bits.iter().rev() {
		let mut halves = Vec::with_capacity(2 * shares.len());
		for share in &shares {
			let upper = b.product(bit, share)?;
			halves.push(share - &upper);
			halves.push(upper);
		}
		shares = halves;
	}
	for (node, share) in nodes.iter_mut().zip(&shares) {
		*node = &*node + share;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use crate::tree::Tree;
	use ark_ff::{AdditiveGroup, Field};

	const DEPTH: usize = 4;
	const ACCOUNTS: u32 = 1 << (2 * DEPTH);

	fn tree() -> Tree {
		let mut tree = Tree::new(DEPTH);
		for index in [0, 1, 2, 3, 4, 27, 130, 255] {
			tree.set(index, Scalar::from(u64::from(index) + 100));
		}
		tree
	}

	struct Change {
		active: u64,
		index: u32,
		leaves: [Scalar; 2],
		path: Vec<[Scalar; TREE_ARITY]>,
		top: Vec<Scalar>,
		roots: [Scalar; 2],
	}

	/// A change of a leaf of [`tree`] to 7.
	fn change(index: u32) -> Change {
		let before = tree();
		let path = before.path(index);
		let old = path[0][(index % TREE_ARITY as u32) as usize];
		let mut after = before.clone();
		after.set(index, Scalar::from(7u64));
		Change {
			active: 1,
			index,
			leaves: [old, Scalar::from(7u64)],
			path,
			top: before.level(DEPTH - TOP_LEVELS),
			roots: [before.root(), after.root()],
		}
	}

	impl Change {
		/// Returns true if the update holds and leads from one root to the other.
		fn holds(&self) -> bool {
			tests::run(|b| {
				let bits = b.bits(&[u64::from(self.index)], 2 * DEPTH)?;
				let [old, new] = self.leaves.map(|leaf| b.constant(leaf));
				let nodes: &[Scalar; TOP_NODES] = self.top.as_slice().try_into().unwrap();
				let mut top = Top::new(b, nodes)?;
				b.enforce_equal(&top.root(b)?, &b.constant(self.roots[0]))?;
				let active = b.constant(Scalar::from(self.active));
				let siblings = &self.path[..DEPTH - TOP_LEVELS];
				top.update_if(b, &active, &bits, [&old, &new], siblings)?;
				b.enforce_equal(&top.root(b)?, &b.constant(self.roots[1]))
			})
			.0
		}

		/// Each case changes what holds otherwise, see the first test.
		fn rejects(mut self, change: impl FnOnce(&mut Self)) {
			change(&mut self);
			assert!(!self.holds());
		}
	}

	#[test]
	fn update_should_lead_from_the_old_to_the_new_root() {
		for index in [0, 1, 2, 3, 4, 26, 27, 28, 130, ACCOUNTS - 1] {
			assert!(change(index).holds(), "index {index}");
		}
		for index in [0, 27] {
			change(index).rejects(|change| change.leaves[0] += Scalar::ONE);
			change(index).rejects(|change| change.leaves[1] += Scalar::ONE);
			change(index).rejects(|change| change.roots.swap(0, 1));
			for bit in 0..2 * DEPTH {
				change(index).rejects(|change| change.index ^= 1 << bit);
			}
		}
	}

	#[test]
	fn update_should_reject_when_any_node_is_wrong() {
		for level in 0..DEPTH - TOP_LEVELS {
			for child in 0..TREE_ARITY {
				change(27).rejects(|change| change.path[level][child] += Scalar::ONE);
			}
		}
		for node in 0..TOP_NODES {
			change(27).rejects(|change| change.top[node] += Scalar::ONE);
		}
	}

	#[test]
	fn update_should_reject_when_a_sibling_is_changed_along_with_the_leaf() {
		let mut other = tree();
		other.set(27, Scalar::from(7u64));
		other.set(26, Scalar::ONE);
		change(27).rejects(|change| change.roots[1] = other.root());
		change(27).rejects(|change| {
			change.roots[1] = other.root();
			change.path = other.path(27);
		});
	}

	#[test]
	fn update_should_change_nothing_when_inactive() {
		let mut inactive = change(27);
		inactive.active = 0;
		assert!(!inactive.holds());
		inactive.roots[1] = inactive.roots[0];
		assert!(inactive.holds());
		inactive.leaves[0] = Scalar::from(5u64);
		inactive.path[0][3] = Scalar::from(5u64);
		inactive.path[1][2] = pvs_primitives::poseidon::hash4(&inactive.path[0]);
		assert!(inactive.holds(), "the leaf may be any");
	}

	#[test]
	fn one_level_should_leave_no_variable_free() {
		for number in 0..TREE_ARITY as u64 {
			let children = [5u64, 6, 7, 8].map(Scalar::from);
			tests::assert_all_variables_pinned(|b| {
				let bits = [0, 1].map(|bit| b.constant(Scalar::from(number >> bit & 1)));
				let mut children = children.map(|child| b.constant(child));
				let node = select(b, &bits, &children)?;
				b.enforce_equal(&node, &children[number as usize])?;
				select_constant(b, &bits[0], &bits[1], [5u64, 6, 7, 8].map(Scalar::from))?;
				add_at(b, &bits, &mut children, b.constant(Scalar::from(9u64)))
			});
		}
	}

	#[test]
	fn selection_should_take_the_node_of_the_index() {
		let nodes: Vec<Scalar> = (100..116u64).map(Scalar::from).collect();
		for index in 0..TOP_NODES {
			let (holds, (selected, changed)) = tests::run(|b| {
				let bits = b.bits(&[index as u64], TOP_BITS)?;
				let mut all: Vec<Num> = nodes.iter().map(|node| b.constant(*node)).collect();
				let selected = select(b, &bits, &all)?;
				add_at(b, &bits, &mut all, b.constant(Scalar::from(7u64)))?;
				Ok((selected, all))
			});
			assert!(holds);
			assert_eq!(selected.value, nodes[index]);
			for (place, (before, after)) in nodes.iter().zip(&changed).enumerate() {
				let added = if place == index { Scalar::from(7u64) } else { Scalar::ZERO };
				assert_eq!(after.value, *before + added);
			}
			if index < TREE_ARITY {
				let constants = std::array::from_fn(|place| nodes[place]);
				let (_, constant) = tests::run(|b| {
					let bits = b.bits(&[index as u64], 2)?;
					select_constant(b, &bits[0], &bits[1], constants)
				});
				assert_eq!(constant.value, nodes[index]);
			}
		}
	}
}
