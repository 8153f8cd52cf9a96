// SPDX-License-Identifier: Apache-2.0
//! The version of the storage, and what is done about another one.
//!
//! Layouts before version 2 were never released, and version 0 names several: rows of them are not migrated.
//! Nothing is done to them, so that a runtime that knows their layout finds them as they were.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::{
	pallet_prelude::*,
	storage::KeyPrefixIterator,
	traits::{GetStorageVersion, PalletInfoAccess, StorageVersion},
};

impl<T: Config> Pallet<T> {
	/// Returns true if storage has the layout that this code reads. Takes one read.
	pub(crate) fn is_storage_current() -> bool {
		Self::on_chain_storage_version() == Self::in_code_storage_version()
	}

	/// The first block of a runtime: storage without rows takes its version; storage of another one is refused
	/// with a line in the log, and the hooks stand still.
	pub(crate) fn do_runtime_upgrade() -> Weight {
		// The version, and at most two keys.
		let reads = T::DbWeight::get().reads(3);
		let (found, known) = (Self::on_chain_storage_version(), Self::in_code_storage_version());
		if found == known {
			return reads;
		}
		if Self::has_rows() {
			log::error!(
				target: "pvs::upgrade",
				"the storage is of {found:?}, and this runtime knows {known:?} alone: its rows stay as they \
				 are, and no deadline is kept. Go back to the runtime before, or enact one with a migration",
			);
			return reads;
		}
		known.put::<Self>();
		reads.saturating_add(T::DbWeight::get().writes(1))
	}

	/// Returns true if storage has anything but its version.
	fn has_rows() -> bool {
		let version = StorageVersion::storage_key::<Self>();
		let prefix = Self::name_hash().to_vec();
		let mut keys =
			KeyPrefixIterator::<Vec<u8>>::new(prefix.clone(), prefix, |key| Ok(key.to_vec()));
		keys.any(|key| !version.ends_with(&key))
	}
}
