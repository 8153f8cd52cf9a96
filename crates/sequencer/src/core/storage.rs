// SPDX-License-Identifier: Apache-2.0
//! Records on the disk, and those that are not there yet because there was no room.
//!
//! One thing has to be on the disk before it is acted on: that a transfer was accepted, before anybody is told so and
//! before a batch has it. How transfers ended has happened by the time that it is written down, and the chain tells
//! it again: while there is no room it is kept in memory, and it comes to the disk, in order, before anything else
//! does. A write that fails for another cause is the last one.

use super::CoreError;
use crate::{
	dir::{DataDir, DirError, Saved},
	journal::Record,
};
use std::path::Path;

/// Room for some more records, in bytes: what there must be again after the disk was full.
const ROOM_BYTES: usize = 1 << 16;
/// Records of those in memory that go to the disk at once.
const RECORDS_PER_APPEND: usize = 1_024;

/// Records that the disk takes.
#[derive(Debug)]
enum Disk {
	/// Everything so far.
	Works,
	/// Nothing until there is room, for this reason.
	Full(String),
	/// Nothing until the program is started again, for this reason.
	Broken(String),
}

/// Reason why records are not on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
	/// There is no room. Later there may be.
	Full,
	/// Nothing is written any more.
	Broken,
}

/// The data directory, and what is not in it yet.
#[derive(Debug)]
pub(super) struct Storage {
	dir: DataDir,
	disk: Disk,
	/// Records of what has happened, oldest first; none while the disk works.
	unwritten: Vec<Record>,
	/// Number of records in the journal and in memory.
	records: usize,
	/// Reason why the newest state could not be saved, or the journal not be written anew.
	untidy: Option<String>,
}

impl Storage {
	pub(super) fn new(dir: DataDir, records: usize) -> Self {
		Self { dir, disk: Disk::Works, unwritten: Vec::new(), records, untidy: None }
	}

	pub(super) fn path(&self) -> &Path {
		self.dir.path()
	}

	/// Number of records in the journal, and of those that wait for room in it.
	pub(super) fn records(&self) -> usize {
		self.records
	}

	/// Returns whether something can be accepted.
	pub(super) fn works(&self) -> bool {
		matches!(self.disk, Disk::Works)
	}

	/// Returns why nothing can be written now, or any more.
	pub(super) fn failure(&self) -> Option<&str> {
		match &self.disk {
			Disk::Works => None,
			Disk::Full(reason) | Disk::Broken(reason) => Some(reason),
		}
	}

	/// Returns why the files could not be put in order, which does no harm but that they grow.
	pub(super) fn untidy(&self) -> Option<&str> {
		self.untidy.as_deref()
	}

	/// Checks that no write has failed for another reason than room.
	pub(super) fn check(&self) -> Result<(), CoreError> {
		match &self.disk {
			Disk::Broken(reason) => Err(CoreError::Stopped(reason.clone())),
			Disk::Works | Disk::Full(_) => Ok(()),
		}
	}

	/// Writes what must be on the disk before it is acted on: all of it is there when this returns, or else none
	/// counts.
	pub(super) fn record(&mut self, records: &[Record]) -> Result<(), Refused> {
		match self.disk {
			Disk::Works => {},
			Disk::Full(_) => return Err(Refused::Full),
			Disk::Broken(_) => return Err(Refused::Broken),
		}
		match self.dir.append(records) {
			Ok(()) => {
				self.records = self.records.saturating_add(records.len());
				Ok(())
			},
			Err(error) => {
				self.failed(&error);
				Err(if error.is_full() { Refused::Full } else { Refused::Broken })
			},
		}
	}

	/// Writes what has happened, or keeps it in memory while there is no room.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`].
	pub(super) fn note(&mut self, records: Vec<Record>) -> Result<(), CoreError> {
		self.check()?;
		self.records = self.records.saturating_add(records.len());
		self.unwritten.extend(records);
		if self.works() {
			self.flush();
		}
		self.check()
	}

	/// Takes up writing again if there is room for it.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`].
	pub(super) fn look_for_room(&mut self) -> Result<(), CoreError> {
		if matches!(self.disk, Disk::Full(_)) && self.dir.check_room(ROOM_BYTES).is_ok() {
			self.disk = Disk::Works;
			self.flush();
		}
		self.check()
	}

	/// Saves a state, and that it is the one to start from. Returns whether that was done: not while there is no
	/// room.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`], and nothing was touched if something could not be written before.
	pub(super) fn save(&mut self, saved: &Saved) -> Result<bool, CoreError> {
		self.check()?;
		if !self.works() {
			return Ok(false);
		}
		match self.dir.save(saved) {
			Ok(()) => {
				self.records = self.records.saturating_add(1);
				self.untidy = None;
				Ok(true)
			},
			Err(error @ DirError::State(_)) if error.is_full() => {
				self.untidy = Some(format!("the newest state cannot be saved: {error}"));
				Ok(false)
			},
			Err(error) => {
				self.failed(&error);
				self.check().map(|()| false)
			},
		}
	}

	/// Writes the journal anew with these records alone. Returns whether that was done: not while there is no room.
	///
	/// # Errors
	///
	/// [`CoreError::Stopped`].
	pub(super) fn rewrite(&mut self, records: &[Record]) -> Result<bool, CoreError> {
		self.check()?;
		if !self.works() {
			return Ok(false);
		}
		match self.dir.rewrite(records) {
			Ok(()) => {
				self.records = records.len();
				Ok(true)
			},
			Err(error) if error.is_full() => {
				self.untidy = Some(format!("the journal cannot be written anew: {error}"));
				Ok(false)
			},
			Err(error) => {
				self.failed(&error);
				self.check().map(|()| false)
			},
		}
	}

	/// Writes what is in memory, as far as there is room.
	fn flush(&mut self) {
		while !self.unwritten.is_empty() {
			let count = self.unwritten.len().min(RECORDS_PER_APPEND);
			let Some(first) = self.unwritten.get(..count) else { return };
			if let Err(error) = self.dir.append(first) {
				self.failed(&error);
				return;
			}
			self.unwritten.drain(..count);
		}
	}

	fn failed(&mut self, error: &DirError) {
		let reason = error.to_string();
		self.disk = if error.is_full() { Disk::Full(reason) } else { Disk::Broken(reason) };
	}

	/// Its directory, to make it fail.
	#[cfg(test)]
	pub(super) fn dir(&mut self) -> &mut DataDir {
		&mut self.dir
	}
}
