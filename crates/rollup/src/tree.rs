// SPDX-License-Identifier: Apache-2.0
//! The account tree: sparse, of fixed depth, four children per node, Poseidon.
//!
//! An absent leaf is the field element 0, whose preimage nobody knows. All leaves have the same
//! depth, so a node cannot pass as a leaf.

use crate::{
	shape::{INDEX_BITS, MAX_ACCOUNTS, TREE_ARITY, TREE_DEPTH},
	Scalar,
};
use ark_ff::Zero;
use pvs_primitives::poseidon;
use std::{collections::BTreeMap, sync::LazyLock};

/// For each level from the leaves up, all children of the node above the position.
pub type Path = [[Scalar; TREE_ARITY]; TREE_DEPTH];

/// Hashes of subtrees without a leaf, by height.
static EMPTY: LazyLock<[Scalar; TREE_DEPTH + 1]> = LazyLock::new(|| {
	let mut hashes = [Scalar::zero(); TREE_DEPTH + 1];
	for height in 0..TREE_DEPTH {
		hashes[height + 1] = poseidon::hash4(&[hashes[height]; TREE_ARITY]);
	}
	hashes
});

/// A sparse Merkle tree with [`MAX_ACCOUNTS`] leaves.
#[derive(Clone, Debug, Default)]
pub struct Tree {
	/// By height and position; what is absent is empty.
	nodes: BTreeMap<(usize, u32), Scalar>,
}

impl Tree {
	/// The root.
	pub fn root(&self) -> Scalar {
		self.node(TREE_DEPTH, 0)
	}

	/// The siblings of a leaf with their own place among them. Only the low [`INDEX_BITS`] bits of
	/// the index count.
	pub fn path(&self, index: u32) -> Path {
		let index = index % MAX_ACCOUNTS;
		std::array::from_fn(|height| self.children(height, index >> (2 * (height + 1))))
	}

	/// Sets a leaf and every node above it. Only the low [`INDEX_BITS`] bits of the index count.
	pub fn set(&mut self, index: u32, leaf: Scalar) {
		let index = index % MAX_ACCOUNTS;
		self.nodes.insert((0, index), leaf);
		for height in 0..TREE_DEPTH {
			let position = index >> (2 * (height + 1));
			let hash = poseidon::hash4(&self.children(height, position));
			self.nodes.insert((height + 1, position), hash);
		}
	}

	fn children(&self, height: usize, parent: u32) -> [Scalar; TREE_ARITY] {
		[0, 1, 2, 3].map(|child| self.node(height, parent * TREE_ARITY as u32 + child))
	}

	fn node(&self, height: usize, position: u32) -> Scalar {
		self.nodes.get(&(height, position)).copied().unwrap_or(EMPTY[height])
	}
}

const _: () = assert!(INDEX_BITS <= 31, "indices and MAX_ACCOUNTS are u32");

#[cfg(test)]
mod tests {
	use super::*;

	/// The root by hashing every leaf, from the definition.
	fn full_root(leaves: &BTreeMap<u32, Scalar>) -> Scalar {
		let mut level: Vec<Scalar> = (0..MAX_ACCOUNTS)
			.map(|index| leaves.get(&index).copied().unwrap_or_default())
			.collect();
		let mut cache = BTreeMap::new();
		while level.len() > 1 {
			level = level
				.chunks_exact(TREE_ARITY)
				.map(|children| {
					let children: [Scalar; TREE_ARITY] = children.try_into().unwrap();
					*cache.entry(children).or_insert_with(|| poseidon::hash4(&children))
				})
				.collect();
		}
		level[0]
	}

	#[test]
	fn root_should_equal_the_full_computation() {
		let mut tree = Tree::default();
		let mut leaves = BTreeMap::new();
		assert_eq!(tree.root(), full_root(&leaves));
		for (index, leaf) in [(0, 5), (1, 6), (7, 7), (40_000, 8), (65_535, 9), (1, 10)] {
			tree.set(index, Scalar::from(leaf));
			leaves.insert(index, Scalar::from(leaf));
		}
		assert_eq!(tree.root(), full_root(&leaves));
	}

	#[test]
	fn path_should_lead_from_the_leaf_to_the_root() {
		let mut tree = Tree::default();
		tree.set(3, Scalar::from(1));
		tree.set(27, Scalar::from(2));
		for index in [3, 27, 28, 65_535] {
			let mut node = tree.node(0, index);
			for (height, children) in tree.path(index).iter().enumerate() {
				assert_eq!(children[(index >> (2 * height)) as usize % TREE_ARITY], node);
				node = poseidon::hash4(children);
			}
			assert_eq!(node, tree.root());
		}
	}
}
