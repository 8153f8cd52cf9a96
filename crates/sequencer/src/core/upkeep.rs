// SPDX-License-Identifier: Apache-2.0
//! Keeping the data directory in order, and going on when it was full.

use super::{Core, CoreError};
use crate::{dir::checkpoint, journal::Record};
use std::path::Path;

/// Conditions under which the data directory is put in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upkeep {
	/// Final batches from one saved state to the next.
	pub(crate) save_every: u32,
	/// Records of no more use after which the journal is written anew.
	pub(crate) compact_records: usize,
}

impl Core {
	/// Saves the final state if that is due, and writes the journal anew if enough of it is of no more use.
	pub(super) fn keep_up(&mut self) -> Result<(), CoreError> {
		if self.finals_since_save >= self.upkeep.save_every {
			self.save()?;
		}
		self.maybe_compact()
	}

	/// Writes the journal anew if enough of it is of no more use. What had no room is tried again after as many
	/// records more.
	pub(super) fn maybe_compact(&mut self) -> Result<(), CoreError> {
		let (records, most) = (self.storage.records(), self.upkeep.compact_records);
		let useful = self.pool.len().saturating_add(self.ended.len());
		if records.saturating_sub(useful) >= most && records >= self.compact_from {
			let is_done = self.compact()?;
			self.compact_from = if is_done { 0 } else { records.saturating_add(most) };
		}
		Ok(())
	}

	/// Saves the final state. Returns whether that was done: not while there is no room for it.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`], and nothing was touched, if something could not be stored before.
	pub(crate) fn save(&mut self) -> Result<bool, CoreError> {
		self.finals_since_save = 0;
		self.storage.save(&self.base)
	}

	/// Writes the journal anew with what it still has to say. Returns whether that was done.
	pub(super) fn compact(&mut self) -> Result<bool, CoreError> {
		if !self.save()? {
			return Ok(false);
		}
		let ended = self.ended_order.iter().filter_map(|hash| {
			self.ended.get(hash).map(|how| Record::Ended { hash: *hash, how: *how })
		});
		let live = self
			.pool
			.entries()
			.into_iter()
			.map(|entry| Record::Accepted { received: entry.received, signed: entry.signed });
		let records: Vec<Record> = ended.chain(live).chain([checkpoint(&self.base)]).collect();
		self.storage.rewrite(&records)
	}

	/// Goes on with what stood still while the disk was full, if there is room again.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`].
	pub(crate) fn look_for_room(&mut self) -> Result<(), CoreError> {
		self.storage.look_for_room()
	}

	/// Returns why nothing can be stored now, or any more, if so.
	pub(crate) fn failure(&self) -> Option<&str> {
		self.storage.failure()
	}

	/// Returns why the files could not be put in order, if so: there was no room for that.
	pub(crate) fn untidy(&self) -> Option<&str> {
		self.storage.untidy()
	}

	/// Lets the disk be full, or have room again.
	#[cfg(test)]
	pub(crate) fn fill_disk(&mut self, is_full: bool) {
		let failure = is_full.then_some(std::io::ErrorKind::StorageFull);
		self.storage.dir().journal().failure = failure;
	}

	/// Returns the directory of the data.
	pub(crate) fn dir(&self) -> &Path {
		self.storage.path()
	}
}
