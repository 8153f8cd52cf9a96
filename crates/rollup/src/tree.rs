// SPDX-License-Identifier: Apache-2.0
//! The account tree: sparse, of fixed depth, four children per node, Poseidon.
//!
//! An absent leaf is the field element 0, whose preimage nobody knows. All leaves have the same
//! depth, so a node cannot pass as a leaf. Only nodes above a leaf that was set are kept: memory
//! grows with the accounts in use and not with the size of the tree.
//!
//! Clones share their nodes. A clone costs a pointer, and a leaf that is set in one of them the nodes
//! on its path.

use crate::{
	account::Account,
	shape::{MAX_DEPTH, TREE_ARITY},
	Scalar,
};
use ark_ff::Zero;
use pvs_primitives::poseidon;
use rayon::prelude::*;
use std::{
	fmt, iter,
	sync::{Arc, LazyLock},
};

/// For each level from the leaves up, all children of the node above the position.
pub type Path = Vec<[Scalar; TREE_ARITY]>;

/// Hashes of subtrees without a leaf, by height.
static EMPTY: LazyLock<[Scalar; MAX_DEPTH + 1]> = LazyLock::new(|| {
	let mut hashes = [Scalar::zero(); MAX_DEPTH + 1];
	for height in 0..MAX_DEPTH {
		hashes[height + 1] = poseidon::hash4(&[hashes[height]; TREE_ARITY]);
	}
	hashes
});

/// A sparse Merkle tree.
#[derive(Clone)]
pub struct Tree {
	depth: usize,
	/// Absent, like any other node, until a leaf below it was set.
	root: Option<Node>,
	accounts: usize,
}

impl Tree {
	/// A tree without a leaf, `depth` levels high; 1 to [`MAX_DEPTH`] of them count.
	pub fn new(depth: usize) -> Self {
		Self { depth: depth.clamp(1, MAX_DEPTH), root: None, accounts: 0 }
	}

	/// A tree with these leaves, each node hashed once; of several leaves of one index the last one
	/// counts. Of an index only the low bits count, two per level.
	pub fn from_leaves(depth: usize, leaves: impl IntoIterator<Item = (u32, Scalar)>) -> Self {
		Self::build(depth, leaves.into_iter().collect())
	}

	/// As [`Tree::from_leaves`], of accounts.
	pub(crate) fn from_accounts(depth: usize, accounts: Vec<(u32, Account)>) -> Self {
		Self::build(depth, accounts)
	}

	fn build<T: Sync>(depth: usize, mut items: Vec<(u32, T)>) -> Self
	where
		Leaf: for<'a> From<&'a T>,
	{
		let mut tree = Self::new(depth);
		let mask = tree.mask();
		items.iter_mut().for_each(|(index, _)| *index &= mask);
		items.sort_by_key(|(index, _)| *index);
		tree.root = Node::build(tree.depth, &items);
		tree.accounts = tree.accounts().count();
		tree
	}

	/// The root.
	pub fn root(&self) -> Scalar {
		hash(self.root.as_ref(), self.depth)
	}

	/// The siblings of a leaf with their own place among them. Of the index only the low bits
	/// count, two per level.
	pub fn path(&self, index: u32) -> Path {
		let mut path = Path::with_capacity(self.depth);
		let mut node = self.root.as_ref();
		for height in (0..self.depth).rev() {
			path.push(hashes(node, height));
			node = node.and_then(|node| node.child(place(index, height)));
		}
		path.reverse();
		path
	}

	/// Sets a leaf and every node above it; an account there is forgotten. Of the index only the low
	/// bits count, two per level.
	pub fn set(&mut self, index: u32, leaf: Scalar) {
		self.set_leaf(index, Leaf::from(&leaf));
	}

	/// Sets the leaf of an account, and remembers the account.
	pub(crate) fn set_account(&mut self, index: u32, account: &Account) {
		self.set_leaf(index, Leaf::from(account));
	}

	fn set_leaf(&mut self, index: u32, leaf: Leaf) {
		self.accounts += usize::from(leaf.account.is_some());
		let old = Node::set(&mut self.root, self.depth, index, leaf);
		self.accounts -= usize::from(old.account.is_some());
	}

	/// An account that was set; `None` also beyond the tree.
	pub(crate) fn account(&self, index: u32) -> Option<&Account> {
		let mut node = self.root.as_ref().filter(|_| index <= self.mask());
		for height in (1..self.depth).rev() {
			node = node?.child(place(index, height));
		}
		match node? {
			Node::Leaves(four) => four.leaves[place(index, 0)].account.as_ref(),
			Node::Branch(_) => None,
		}
	}

	/// All accounts by rising index.
	pub(crate) fn accounts(&self) -> impl Iterator<Item = (u32, &Account)> {
		// Nodes with their positions on their levels, the leftmost on top.
		let mut stack = vec![(self.root.as_ref(), 0u32)];
		let fours = iter::from_fn(move || loop {
			match stack.pop()? {
				(None, _) => {},
				(Some(Node::Branch(branch)), position) => {
					let children = branch.children.iter().map(Option::as_ref);
					let places = [0, 1, 2, 3].map(|place| 4 * position + place);
					stack.extend(children.zip(places).rev());
				},
				(Some(Node::Leaves(four)), position) => return Some((four, position)),
			}
		});
		fours.flat_map(|(four, position)| {
			let leaves = (4 * position..).zip(&four.leaves);
			leaves.filter_map(|(index, leaf)| Some((index, leaf.account.as_ref()?)))
		})
	}

	/// Number of accounts.
	pub(crate) fn len(&self) -> usize {
		self.accounts
	}

	/// All nodes that many levels above the leaves, in order.
	pub(crate) fn level(&self, height: usize) -> Vec<Scalar> {
		if height >= self.depth {
			return vec![self.root()];
		}
		let mut nodes = vec![self.root.as_ref()];
		for _ in height + 1..self.depth {
			let children = nodes.into_iter().flat_map(|node| {
				[0, 1, 2, 3].map(|place| node.and_then(|node: &Node| node.child(place)))
			});
			nodes = children.collect();
		}
		nodes.into_iter().flat_map(|node| hashes(node, height)).collect()
	}

	fn mask(&self) -> u32 {
		(1 << (2 * self.depth)) - 1
	}
}

/// Without the nodes, of which there may be millions.
impl fmt::Debug for Tree {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let mut shown = f.debug_struct("Tree");
		shown.field("depth", &self.depth).field("root", &self.root());
		shown.field("accounts", &self.accounts).finish_non_exhaustive()
	}
}

/// A node above a leaf that was set.
#[derive(Clone)]
enum Node {
	Branch(Arc<Branch>),
	/// One level above the leaves.
	Leaves(Arc<Leaves>),
}

#[derive(Clone, Default)]
struct Branch {
	hash: Scalar,
	children: [Option<Node>; TREE_ARITY],
}

#[derive(Clone, Default)]
struct Leaves {
	hash: Scalar,
	leaves: [Leaf; TREE_ARITY],
}

#[derive(Clone, Copy, Default)]
struct Leaf {
	hash: Scalar,
	/// Absent as well where only a hash was set.
	account: Option<Account>,
}

impl From<&Account> for Leaf {
	fn from(account: &Account) -> Self {
		Self { hash: account.leaf(), account: Some(*account) }
	}
}

impl From<&Scalar> for Leaf {
	fn from(hash: &Scalar) -> Self {
		Self { hash: *hash, account: None }
	}
}

impl Node {
	/// The node that many levels above these items, which are sorted by index and all below it.
	fn build<T: Sync>(height: usize, items: &[(u32, T)]) -> Option<Self>
	where
		Leaf: for<'a> From<&'a T>,
	{
		if items.is_empty() {
			return None;
		}
		if height == 1 {
			let mut four = Leaves::default();
			for (index, item) in items {
				four.leaves[place(*index, 0)] = Leaf::from(item);
			}
			four.rehash();
			return Some(Self::Leaves(Arc::new(four)));
		}
		let below = height - 1;
		let mut branch = Branch::default();
		let build = |(child, node): (usize, &mut Option<Self>)| {
			let from = items.partition_point(|(index, _)| place(*index, below) < child);
			let to = items.partition_point(|(index, _)| place(*index, below) <= child);
			*node = Self::build(below, &items[from..to]);
		};
		if items.len() < GRAIN {
			branch.children.iter_mut().enumerate().for_each(build);
		} else {
			branch.children.par_iter_mut().enumerate().for_each(build);
		}
		branch.rehash(height);
		Some(Self::Branch(Arc::new(branch)))
	}

	/// Sets a leaf that many levels below, copying what other trees have too. Gives back the old leaf.
	fn set(node: &mut Option<Self>, height: usize, index: u32, leaf: Leaf) -> Leaf {
		let new = || match height {
			1 => Self::Leaves(Arc::default()),
			_ => Self::Branch(Arc::default()),
		};
		let place = place(index, height - 1);
		match node.get_or_insert_with(new) {
			Self::Branch(branch) => {
				let branch = Arc::make_mut(branch);
				let old = Self::set(&mut branch.children[place], height - 1, index, leaf);
				branch.rehash(height);
				old
			},
			Self::Leaves(four) => {
				let four = Arc::make_mut(four);
				let old = std::mem::replace(&mut four.leaves[place], leaf);
				four.rehash();
				old
			},
		}
	}

	fn hash(&self) -> Scalar {
		match self {
			Self::Branch(branch) => branch.hash,
			Self::Leaves(four) => four.hash,
		}
	}

	/// A child that is a node and not a leaf.
	fn child(&self, place: usize) -> Option<&Self> {
		match self {
			Self::Branch(branch) => branch.children[place].as_ref(),
			Self::Leaves(_) => None,
		}
	}
}

impl Branch {
	/// `height` is the branch's own.
	fn rehash(&mut self, height: usize) {
		self.hash = poseidon::hash4(&self.hashes(height - 1));
	}

	/// The hashes of the children, which are that many levels above the leaves.
	fn hashes(&self, height: usize) -> [Scalar; TREE_ARITY] {
		self.children.each_ref().map(|child| hash(child.as_ref(), height))
	}
}

impl Leaves {
	fn rehash(&mut self) {
		self.hash = poseidon::hash4(&self.hashes());
	}

	fn hashes(&self) -> [Scalar; TREE_ARITY] {
		self.leaves.map(|leaf| leaf.hash)
	}
}

/// The hash of a node that many levels above the leaves.
fn hash(node: Option<&Node>, height: usize) -> Scalar {
	node.map_or_else(|| empty(height), Node::hash)
}

/// The hashes of a node's children, which are that many levels above the leaves.
fn hashes(node: Option<&Node>, height: usize) -> [Scalar; TREE_ARITY] {
	match node {
		Some(Node::Branch(branch)) => branch.hashes(height),
		Some(Node::Leaves(four)) => four.hashes(),
		None => [empty(height); TREE_ARITY],
	}
}

fn empty(height: usize) -> Scalar {
	EMPTY.get(height).copied().unwrap_or_default()
}

/// Which child of the node above it the ancestor of a leaf is, that many levels above the leaf.
fn place(index: u32, height: usize) -> usize {
	(index >> (2 * height)) as usize % TREE_ARITY
}

/// Fewer leaves are not shared out among threads.
const GRAIN: usize = 256;

const _: () = assert!(2 * MAX_DEPTH <= 31, "indices and numbers of accounts are u32");

#[cfg(test)]
mod tests {
	use super::*;
	use crate::demo;
	use std::collections::BTreeMap;

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

	/// Addresses of all nodes.
	fn nodes(tree: &Tree) -> Vec<usize> {
		let mut found = Vec::new();
		let mut stack: Vec<&Node> = tree.root.iter().collect();
		while let Some(node) = stack.pop() {
			found.push(match node {
				Node::Branch(branch) => Arc::as_ptr(branch) as usize,
				Node::Leaves(four) => Arc::as_ptr(four) as usize,
			});
			stack.extend((0..TREE_ARITY).filter_map(|place| node.child(place)));
		}
		found
	}

	fn account(balance: u64) -> Account {
		Account { public_key: demo::secret_key(0).public_key(), nonce: 0, balance }
	}

	#[test]
	fn root_should_equal_the_full_computation() {
		for depth in [1, 2, 5, 8] {
			let mut tree = Tree::new(depth);
			let mut leaves = BTreeMap::new();
			assert_eq!(tree.root(), full_root(depth, &leaves));
			for (index, leaf) in LEAVES {
				tree.set(index, Scalar::from(leaf));
				leaves.insert(index % (1 << (2 * depth)), Scalar::from(leaf));
			}
			assert_eq!(tree.root(), full_root(depth, &leaves));
			let given = LEAVES.map(|(index, leaf)| (index, Scalar::from(leaf)));
			assert_eq!(Tree::from_leaves(depth, given).root(), tree.root());
		}
	}

	#[test]
	fn tree_should_be_the_same_when_built_at_once_or_leaf_by_leaf() {
		// Enough for several threads, with gaps.
		let accounts: Vec<_> = (0..2_000u32).map(|i| (i * i % 65_521, account(i.into()))).collect();
		let built = Tree::from_accounts(8, accounts.clone());
		let mut set = Tree::new(8);
		for (index, account) in &accounts {
			set.set_account(*index, account);
		}
		assert_eq!(built.root(), set.root());
		let expected: BTreeMap<_, _> = accounts.into_iter().collect();
		for tree in [&built, &set] {
			assert_eq!(tree.len(), expected.len());
			assert!(tree.accounts().eq(expected.iter().map(|(index, account)| (*index, account))));
			for index in (0..65_536).step_by(7) {
				assert_eq!(tree.account(index), expected.get(&index));
				assert_eq!(tree.path(index), built.path(index));
			}
		}
		assert_eq!(nodes(&built).len(), nodes(&set).len());
	}

	#[test]
	fn account_should_be_none_beyond_the_tree_and_where_only_a_hash_was_set() {
		let mut tree = Tree::new(2);
		tree.set_account(3, &account(1));
		assert_eq!(tree.account(3), Some(&account(1)));
		assert_eq!(tree.account(3 + 16), None);
		tree.set(3, Scalar::from(1));
		assert_eq!((tree.account(3), tree.len()), (None, 0));
		tree.set_account(3, &account(2));
		tree.set_account(3, &account(3));
		assert_eq!((tree.account(3), tree.len()), (Some(&account(3)), 1));
	}

	#[test]
	fn tree_should_keep_nodes_for_used_leaves_only() {
		let mut tree = Tree::new(12);
		tree.set(0, Scalar::from(1u64));
		tree.set((1 << 24) - 1, Scalar::from(2u64));
		assert_eq!(nodes(&tree).len(), 2 * 11 + 1);
	}

	#[test]
	fn clones_should_be_independent() {
		let leaves = (0..1_000).map(|index| (index, Scalar::from(index + 1)));
		let original = Tree::from_leaves(5, leaves.clone());
		let root = original.root();
		let mut changed = original.clone();
		changed.set(17, Scalar::from(5));
		changed.set(1_001, Scalar::from(6));
		assert_eq!(original.root(), root);
		assert!(original.path(17).iter().flatten().all(|node| *node != Scalar::from(5)));
		let expected = leaves.chain([(17, Scalar::from(5)), (1_001, Scalar::from(6))]);
		assert_eq!(changed.root(), Tree::from_leaves(5, expected).root());
		// The other way round, and with one of them gone.
		let mut original = original;
		original.set(17, Scalar::from(7));
		assert_eq!(changed.path(17)[0][1], Scalar::from(5));
		drop(changed);
		original.set(17, Scalar::from(18));
		assert_eq!(original.root(), root);
	}

	#[test]
	fn clone_should_share_all_nodes_but_those_above_a_changed_leaf() {
		let original = Tree::from_leaves(5, (0..1_024).map(|index| (index, Scalar::from(index))));
		let mut changed = original.clone();
		let before = nodes(&original);
		assert_eq!(nodes(&changed), before);
		changed.set(0, Scalar::from(5));
		changed.set(1_023, Scalar::from(6));
		changed.set(1_022, Scalar::from(7));
		let new = nodes(&changed).into_iter().filter(|node| !before.contains(node));
		// Two paths that have the root in common.
		assert_eq!(new.count(), 2 * 5 - 1);
		assert_eq!(nodes(&original), before);
	}

	#[test]
	fn path_should_lead_from_the_leaf_to_the_root() {
		for depth in [8, 10] {
			let mut tree = Tree::new(depth);
			let leaves = [(3, Scalar::from(1)), (27, Scalar::from(2))];
			leaves.iter().for_each(|(index, leaf)| tree.set(*index, *leaf));
			for index in [3, 27, 28, 65_535] {
				let path = tree.path(index);
				assert_eq!(path.len(), depth);
				let set = leaves.iter().find(|(set, _)| *set == index);
				let mut node = set.map_or(Scalar::zero(), |(_, leaf)| *leaf);
				for (height, children) in path.iter().enumerate() {
					assert_eq!(children[(index >> (2 * height)) as usize % TREE_ARITY], node);
					node = poseidon::hash4(children);
				}
				assert_eq!(node, tree.root());
			}
		}
	}

	#[test]
	fn level_should_be_the_nodes_on_the_paths() {
		let tree = Tree::from_leaves(8, LEAVES.map(|(index, leaf)| (index, Scalar::from(leaf))));
		let level = tree.level(6);
		assert_eq!(level.len(), 16);
		for (node, hash) in level.into_iter().enumerate() {
			assert_eq!(tree.path((node << 12) as u32)[6][node % TREE_ARITY], hash);
		}
		assert_eq!(tree.level(8), [tree.root()]);
		let leaves = Tree::from_leaves(2, [(3, Scalar::from(1)), (9, Scalar::from(2))]).level(0);
		assert_eq!((leaves[3], leaves[9]), (Scalar::from(1), Scalar::from(2)));
		assert_eq!(leaves.iter().filter(|leaf| leaf.is_zero()).count(), 14);
	}
}
