// SPDX-License-Identifier: Apache-2.0
//! An account and its leaf in the tree.

use crate::{keys::PublicKey, Scalar};
use pvs_primitives::poseidon;

/// What the rollup knows of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
	/// Whose signature moves the balance. Fixed when the account is opened.
	pub public_key: PublicKey,
	/// The nonce that the next transfer of this account carries.
	pub nonce: u32,
	/// The balance in the rollup's smallest unit.
	pub balance: u64,
}

impl Account {
	/// The leaf of this account: `Poseidon(x, y, nonce, balance)`.
	pub fn leaf(&self) -> Scalar {
		leaf(
			self.public_key.x(),
			self.public_key.y(),
			Scalar::from(self.nonce),
			Scalar::from(self.balance),
		)
	}
}

/// The leaf of an account given as field elements, without a check of any of them.
pub(crate) fn leaf(x: Scalar, y: Scalar, nonce: Scalar, balance: Scalar) -> Scalar {
	poseidon::hash4(&[x, y, nonce, balance])
}

#[cfg(test)]
mod tests {
	use crate::demo;

	#[test]
	fn leaf_should_differ_when_any_part_differs() {
		let account = |key: u32, nonce, balance| super::Account {
			public_key: demo::secret_key(key).public_key(),
			nonce,
			balance,
		};
		let leaf = account(0, 1, 2).leaf();
		assert_ne!(leaf, account(1, 1, 2).leaf());
		assert_ne!(leaf, account(0, 2, 2).leaf());
		assert_ne!(leaf, account(0, 1, 1).leaf());
		assert_ne!(leaf, account(0, 2, 1).leaf());
		assert_eq!(leaf, account(0, 1, 2).leaf());
	}
}
