// SPDX-License-Identifier: Apache-2.0
//! The account tree: sparse, of fixed depth, four children per node, Poseidon.
//!
//! An absent leaf is the field element 0, whose preimage nobody knows. All leaves have the same
//! depth, so a node cannot pass as a leaf. Only nodes above a leaf that was set are kept: memory
//! grows with the accounts in use and not with the size of the tree.

use crate::{
	shape::{MAX_DEPTH, TREE_ARITY},
	Scalar,
};
use ark_ff::Zero;
use pvs_primitives::poseidon;
use std::{collections::BTreeMap, sync::LazyLock};

/// For each level from the leaves up, all children of the node above the position.
pub type Path = Vec<[Scalar; TREE_ARITY]>;

/// Nodes by height and position.
pub(crate) type Nodes = BTreeMap<(usize, u32), Scalar>;

/// Hashes of subtrees without a leaf, by height.
static EMPTY: LazyLock<[Scalar; MAX_DEPTH + 1]> = LazyLock::new(|| {
	let mut hashes = [Scalar::zero(); MAX_DEPTH + 1];
	for height in 0..MAX_DEPTH {
		hashes[height + 1] = poseidon::hash4(&[hashes[height]; TREE_ARITY]);
	}
	hashes
});

/// A sparse Merkle tree.
#[derive(Clone, Debug)]
pub struct Tree {
	depth: usize,
	/// What is absent is empty.
	nodes: Nodes,
}

impl Tree {
	/// A tree without a leaf, `depth` levels high; at most [`MAX_DEPTH`] of them count.
	pub fn new(depth: usize) -> Self {
		Self { depth: depth.min(MAX_DEPTH), nodes: Nodes::new() }
	}

	/// A tree with these leaves, each node hashed once. Of an index only the low bits count, two
	/// per level.
	pub fn from_leaves(depth: usize, leaves: impl IntoIterator<Item = (u32, Scalar)>) -> Self {
		let mut tree = Self::new(depth);
		let mask = tree.mask();
		tree.nodes.extend(leaves.into_iter().map(|(index, leaf)| ((0, index & mask), leaf)));
		for height in 0..tree.depth {
			let mut parents: Vec<u32> = tree
				.nodes
				.range((height, 0)..=(height, u32::MAX))
				.map(|((_, at), _)| at >> 2)
				.collect();
			parents.dedup();
			for parent in parents {
				let hash = poseidon::hash4(&tree.overlay().children(height, parent));
				tree.nodes.insert((height + 1, parent), hash);
			}
		}
		tree
	}

	/// The root.
	pub fn root(&self) -> Scalar {
		self.overlay().root()
	}

	/// The siblings of a leaf with their own place among them. Of the index only the low bits
	/// count, two per level.
	pub fn path(&self, index: u32) -> Path {
		self.overlay().path(index)
	}

	/// Sets a leaf and every node above it. Of the index only the low bits count, two per level.
	pub fn set(&mut self, index: u32, leaf: Scalar) {
		let mut overlay = self.overlay();
		overlay.set(index, leaf);
		let nodes = overlay.into_nodes();
		self.extend(nodes);
	}

	/// A view in which leaves can be set without a change of this tree.
	pub(crate) fn overlay(&self) -> Overlay<'_> {
		Overlay { base: self, nodes: Nodes::new() }
	}

	pub(crate) fn extend(&mut self, nodes: Nodes) {
		self.nodes.extend(nodes);
	}

	fn mask(&self) -> u32 {
		(1 << (2 * self.depth)) - 1
	}
}

/// A tree with changes that are kept apart.
#[derive(Clone, Debug)]
pub(crate) struct Overlay<'a> {
	base: &'a Tree,
	nodes: Nodes,
}

impl Overlay<'_> {
	pub(crate) fn root(&self) -> Scalar {
		self.node(self.base.depth, 0)
	}

	pub(crate) fn path(&self, index: u32) -> Path {
		let index = index & self.base.mask();
		(0..self.base.depth)
			.map(|height| self.children(height, index >> (2 * (height + 1))))
			.collect()
	}

	pub(crate) fn set(&mut self, index: u32, leaf: Scalar) {
		let index = index & self.base.mask();
		self.nodes.insert((0, index), leaf);
		for height in 0..self.base.depth {
			let position = index >> (2 * (height + 1));
			let hash = poseidon::hash4(&self.children(height, position));
			self.nodes.insert((height + 1, position), hash);
		}
	}

	/// All nodes that many levels above the leaves, in order.
	pub(crate) fn level(&self, height: usize) -> Vec<Scalar> {
		let count = 1u32 << (2 * self.base.depth.saturating_sub(height));
		(0..count).map(|position| self.node(height, position)).collect()
	}

	pub(crate) fn into_nodes(self) -> Nodes {
		self.nodes
	}

	fn children(&self, height: usize, parent: u32) -> [Scalar; TREE_ARITY] {
		[0, 1, 2, 3].map(|child| self.node(height, parent * TREE_ARITY as u32 + child))
	}

	fn node(&self, height: usize, position: u32) -> Scalar {
		let at = (height, position);
		self.nodes
			.get(&at)
			.or_else(|| self.base.nodes.get(&at))
			.copied()
			.unwrap_or_else(|| EMPTY.get(height).copied().unwrap_or_default())
	}
}

const _: () = assert!(2 * MAX_DEPTH <= 31, "indices and numbers of accounts are u32");

#[cfg(test)]
mod tests {
	use super::*;

	const LEAVES: [(u32, u64); 6] = [(0, 5), (1, 6), (7, 7), (40_000, 8), (65_535, 9), (1, 10)];

	/// The root by hashing every leaf, from the definition.
	fn full_root(depth: usize, leaves: &BTreeMap<u32, Scalar>) -> Scalar {
		let mut level: Vec<Scalar> = (0..1 << (2 * depth))
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
		let mut tree = Tree::new(8);
		let mut leaves = BTreeMap::new();
		assert_eq!(tree.root(), full_root(8, &leaves));
		for (index, leaf) in LEAVES {
			tree.set(index, Scalar::from(leaf));
			leaves.insert(index, Scalar::from(leaf));
		}
		assert_eq!(tree.root(), full_root(8, &leaves));
		assert_eq!(Tree::from_leaves(8, leaves).root(), tree.root());
	}

	#[test]
	fn tree_should_keep_nodes_for_used_leaves_only() {
		let mut tree = Tree::new(12);
		tree.set(0, Scalar::from(1u64));
		tree.set((1 << 24) - 1, Scalar::from(2u64));
		assert_eq!(tree.nodes.len(), 2 * 12 + 1);
	}

	#[test]
	fn path_should_lead_from_the_leaf_to_the_root() {
		for depth in [8, 10] {
			let mut tree = Tree::new(depth);
			tree.set(3, Scalar::from(1));
			tree.set(27, Scalar::from(2));
			for index in [3, 27, 28, 65_535] {
				let path = tree.path(index);
				assert_eq!(path.len(), depth);
				let mut node = tree.overlay().node(0, index);
				for (height, children) in path.iter().enumerate() {
					assert_eq!(children[(index >> (2 * height)) as usize % TREE_ARITY], node);
					node = poseidon::hash4(children);
				}
				assert_eq!(node, tree.root());
			}
		}
	}

	#[test]
	fn overlay_should_leave_the_tree_as_it_is() {
		let tree = Tree::from_leaves(8, [(3, Scalar::from(1))]);
		let before = tree.root();
		let mut overlay = tree.overlay();
		overlay.set(4, Scalar::from(2));
		assert_eq!(tree.root(), before);
		let expected = Tree::from_leaves(8, [(3, Scalar::from(1)), (4, Scalar::from(2))]);
		assert_eq!(overlay.root(), expected.root());
		assert_eq!(overlay.level(6).len(), 16);
	}
}
