// SPDX-License-Identifier: Apache-2.0
//! Sizes that a circuit fixes. Another shape is another circuit and another verifying key.

use std::fmt;

/// Children of a node of the account tree: the inputs of one Poseidon hash.
pub const TREE_ARITY: usize = 4;
/// The highest tree that a shape may have: 2^24 accounts.
pub const MAX_DEPTH: usize = 12;
/// The most transfers that a shape may have in a batch.
pub const MAX_TRANSFERS: usize = 64;
/// Bytes of the head of a batch: the index of the account that gets the fees.
pub const HEAD_BYTES: usize = 4;
/// Bytes of an encoded transfer without its signature.
pub const MESSAGE_BYTES: usize = 56;
/// Bytes of an encoded signature.
pub const SIGNATURE_BYTES: usize = 48;
/// Bytes of an encoded, signed transfer.
pub const TRANSFER_BYTES: usize = MESSAGE_BYTES + SIGNATURE_BYTES;

/// Number of transfers in a batch and height of the account tree.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "Sizes", into = "Sizes")]
pub struct Shape {
	transfers: u8,
	depth: u8,
}

/// What a shape is in JSON: `{"transfers": 4, "depth": 8}`.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
	transfers: usize,
	depth: usize,
}

/// Sizes that no shape has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
	"a shape has 1 to {MAX_TRANSFERS} transfers and a depth of 2 to {MAX_DEPTH}, \
	 got {transfers} and {depth}"
)]
pub struct InvalidShape {
	transfers: usize,
	depth: usize,
}

impl Shape {
	/// 4 transfers among 2^16 accounts: just under 2^16 constraints.
	pub const SMALL: Self = Self { transfers: 4, depth: 8 };
	/// 7 transfers among 2^20 accounts: under 2^17 constraints.
	pub const LARGE: Self = Self { transfers: 7, depth: 10 };

	/// A shape of these sizes.
	///
	/// # Errors
	///
	/// [`InvalidShape`] when the transfers are not 1 to [`MAX_TRANSFERS`] or the depth is not 2 to
	/// [`MAX_DEPTH`].
	pub fn new(transfers: usize, depth: usize) -> Result<Self, InvalidShape> {
		if !(1..=MAX_TRANSFERS).contains(&transfers) || !(2..=MAX_DEPTH).contains(&depth) {
			return Err(InvalidShape { transfers, depth });
		}
		Ok(Self { transfers: transfers as u8, depth: depth as u8 })
	}

	/// Transfers in a batch.
	pub const fn transfers(self) -> usize {
		self.transfers as usize
	}

	/// Levels between the root and the leaves of the account tree.
	pub const fn depth(self) -> usize {
		self.depth as usize
	}

	/// Bits of an account index: two per level.
	pub const fn index_bits(self) -> usize {
		2 * self.depth()
	}

	/// Number of accounts that the tree has room for.
	pub const fn max_accounts(self) -> u32 {
		1 << self.index_bits()
	}

	/// Bytes of a batch: the `data_len` that a rollup with this circuit is registered with.
	pub const fn data_len(self) -> usize {
		HEAD_BYTES + self.transfers() * TRANSFER_BYTES
	}
}

impl TryFrom<Sizes> for Shape {
	type Error = InvalidShape;

	fn try_from(Sizes { transfers, depth }: Sizes) -> Result<Self, InvalidShape> {
		Self::new(transfers, depth)
	}
}

impl From<Shape> for Sizes {
	fn from(shape: Shape) -> Self {
		Self { transfers: shape.transfers(), depth: shape.depth() }
	}
}

impl fmt::Display for Shape {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}x2^{}", self.transfers, self.index_bits())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shape_should_be_refused_when_a_size_is_out_of_range() {
		for (transfers, depth) in [(0, 8), (MAX_TRANSFERS + 1, 8), (4, 1), (4, MAX_DEPTH + 1)] {
			let refused = Err(InvalidShape { transfers, depth });
			assert_eq!(Shape::new(transfers, depth), refused);
			let json = serde_json::json!({ "transfers": transfers, "depth": depth });
			assert!(serde_json::from_value::<Shape>(json).is_err());
		}
		assert_eq!(Shape::new(4, 8), Ok(Shape::SMALL));
		assert_eq!(Shape::new(7, 10), Ok(Shape::LARGE));
	}

	#[test]
	fn sizes_should_be_those_that_rollups_are_registered_with() {
		assert_eq!((Shape::SMALL.data_len(), Shape::LARGE.data_len()), (420, 732));
		assert_eq!((Shape::SMALL.max_accounts(), Shape::LARGE.max_accounts()), (1 << 16, 1 << 20));
		assert_eq!(Shape::LARGE.to_string(), "7x2^20");
		let json = serde_json::to_string(&Shape::SMALL).unwrap();
		assert_eq!(json, r#"{"transfers":4,"depth":8}"#);
		assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), Shape::SMALL);
	}
}
