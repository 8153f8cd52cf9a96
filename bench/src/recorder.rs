// SPDX-License-Identifier: Apache-2.0
//! Keys of storage that some work reads and writes.

use sp_core::{
	storage::{ChildInfo, StateVersion, TrackedStorageKey},
	traits::Externalities,
};
use sp_externalities::{
	set_and_run_with_externalities, Error, Extension, ExtensionStore, MultiRemovalResults,
};
use std::{
	any::{Any, TypeId},
	collections::BTreeSet,
};

/// Keys of the main trie that were read and written.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
	/// Keys that were read before they were written, if they were: a row that was just written is in
	/// memory.
	pub(crate) read: BTreeSet<Vec<u8>>,
	/// Keys that were written or cleared, also where that was undone.
	pub(crate) written: BTreeSet<Vec<u8>>,
}

/// Does some work on externalities and records its accesses.
pub(crate) fn record<R>(inner: impl Externalities, work: impl FnOnce() -> R) -> (R, Recorded) {
	let mut recorder = Recorder { inner, recorded: Recorded::default() };
	let result = set_and_run_with_externalities(&mut recorder, work);
	(result, recorder.recorded)
}

/// Externalities that record accesses to the main trie and leave everything to others. Child tries, which
/// the runtime does not use, are not recorded.
struct Recorder<E> {
	inner: E,
	recorded: Recorded,
}

impl<E> Recorder<E> {
	fn note_read(&mut self, key: &[u8]) {
		if !self.recorded.written.contains(key) {
			self.recorded.read.insert(key.to_vec());
		}
	}

	fn note_write(&mut self, key: &[u8]) {
		self.recorded.written.insert(key.to_vec());
	}
}

impl<E: Externalities> ExtensionStore for Recorder<E> {
	fn extension_by_type_id(&mut self, type_id: TypeId) -> Option<&mut dyn Any> {
		self.inner.extension_by_type_id(type_id)
	}

	fn register_extension_with_type_id(
		&mut self,
		type_id: TypeId,
		extension: Box<dyn Extension>,
	) -> Result<(), Error> {
		self.inner.register_extension_with_type_id(type_id, extension)
	}

	fn deregister_extension_by_type_id(&mut self, type_id: TypeId) -> Result<(), Error> {
		self.inner.deregister_extension_by_type_id(type_id)
	}
}

impl<E: Externalities> Externalities for Recorder<E> {
	fn storage(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		self.note_read(key);
		self.inner.storage(key)
	}

	fn storage_hash(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		self.note_read(key);
		self.inner.storage_hash(key)
	}

	fn exists_storage(&mut self, key: &[u8]) -> bool {
		self.note_read(key);
		self.inner.exists_storage(key)
	}

	fn next_storage_key(&mut self, key: &[u8]) -> Option<Vec<u8>> {
		let next = self.inner.next_storage_key(key);
		if let Some(next) = &next {
			self.note_read(next);
		}
		next
	}

	fn place_storage(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
		self.note_write(&key);
		self.inner.place_storage(key, value);
	}

	fn storage_append(&mut self, key: Vec<u8>, value: Vec<u8>) {
		self.note_read(&key);
		self.note_write(&key);
		self.inner.storage_append(key, value);
	}

	fn clear_prefix(
		&mut self,
		prefix: &[u8],
		maybe_limit: Option<u32>,
		maybe_cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		// All keys with the prefix, also where a limit leaves some.
		let mut key = prefix.to_vec();
		while let Some(next) =
			self.inner.next_storage_key(&key).filter(|next| next.starts_with(prefix))
		{
			self.note_read(&next);
			self.note_write(&next);
			key = next;
		}
		self.inner.clear_prefix(prefix, maybe_limit, maybe_cursor)
	}

	fn set_offchain_storage(&mut self, key: &[u8], value: Option<&[u8]>) {
		self.inner.set_offchain_storage(key, value);
	}

	fn child_storage_hash(&mut self, child_info: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.child_storage_hash(child_info, key)
	}

	fn child_storage(&mut self, child_info: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.child_storage(child_info, key)
	}

	fn next_child_storage_key(&mut self, child_info: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
		self.inner.next_child_storage_key(child_info, key)
	}

	fn kill_child_storage(
		&mut self,
		child_info: &ChildInfo,
		maybe_limit: Option<u32>,
		maybe_cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		self.inner.kill_child_storage(child_info, maybe_limit, maybe_cursor)
	}

	fn clear_child_prefix(
		&mut self,
		child_info: &ChildInfo,
		prefix: &[u8],
		maybe_limit: Option<u32>,
		maybe_cursor: Option<&[u8]>,
	) -> MultiRemovalResults {
		self.inner.clear_child_prefix(child_info, prefix, maybe_limit, maybe_cursor)
	}

	fn place_child_storage(
		&mut self,
		child_info: &ChildInfo,
		key: Vec<u8>,
		value: Option<Vec<u8>>,
	) {
		self.inner.place_child_storage(child_info, key, value);
	}

	fn storage_root(&mut self, state_version: StateVersion) -> Vec<u8> {
		self.inner.storage_root(state_version)
	}

	fn child_storage_root(
		&mut self,
		child_info: &ChildInfo,
		state_version: StateVersion,
	) -> Vec<u8> {
		self.inner.child_storage_root(child_info, state_version)
	}

	fn storage_start_transaction(&mut self) {
		self.inner.storage_start_transaction();
	}

	fn storage_rollback_transaction(&mut self) -> Result<(), ()> {
		self.inner.storage_rollback_transaction()
	}

	fn storage_commit_transaction(&mut self) -> Result<(), ()> {
		self.inner.storage_commit_transaction()
	}

	fn wipe(&mut self) {
		self.inner.wipe();
	}

	fn commit(&mut self) {
		self.inner.commit();
	}

	fn read_write_count(&self) -> (u32, u32, u32, u32) {
		self.inner.read_write_count()
	}

	fn reset_read_write_count(&mut self) {
		self.inner.reset_read_write_count();
	}

	fn get_whitelist(&self) -> Vec<TrackedStorageKey> {
		self.inner.get_whitelist()
	}

	fn set_whitelist(&mut self, new: Vec<TrackedStorageKey>) {
		self.inner.set_whitelist(new);
	}

	fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
		self.inner.get_read_and_written_keys()
	}
}
