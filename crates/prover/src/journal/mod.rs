// SPDX-License-Identifier: Apache-2.0
//! Journal of what this prover has bid, won and proved.
//!
//! A [`pvs_files::Journal`] whose payloads are lines of JSON. What must not be done without is on the disk before the
//! program acts on it, above all the exponent and the payload of a bid before its seal goes out: a prover that
//! crashes after bidding still reveals. What has happened is written down then, so that one that crashes after
//! proving does not prove again; if there is no room for it, it is kept in memory and written with what comes next.
//! The chain decides what is to be done; the journal only holds what the chain cannot know.
//!
//! Of rounds that have ended the last few are kept, and the numbers of all. Those are what grows otherwise.

mod entry;
mod history;
mod job;
#[cfg(test)]
mod tests;
mod totals;

pub use entry::Verdict;
pub(crate) use entry::{Entry, Key, Outcome};
pub(crate) use history::History;
pub(crate) use job::{Bid, Job};
#[cfg(test)]
pub(crate) use job::{Silence, Win};
pub(crate) use totals::Totals;

use pvs_files::{Format, Lock, LockError, Part};
use pvs_primitives::Bytes32;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

const FILE_NAME: &str = "journal";
/// Name of the journal of version 3 and older.
const OLDER_FILE_NAME: &str = "journal.jsonl";
/// Version 4 has frames, and forgets.
const FORMAT: Format =
	Format { magic: b"pvs/prover/jn/v4", advice: "move it away if no bid of this prover is open" };
/// Rounds that have ended and stay in the journal. The chain may go back to a fork on which one is open.
const KEPT_ENDED: usize = 256;
/// Rounds that have ended after which all but those are forgotten.
const MAX_ENDED: usize = 2 * KEPT_ENDED;
/// Room for the entries of some rounds, in bytes: what there must be again after the disk was full.
const ROOM_BYTES: usize = 1 << 16;

/// Reason why a journal cannot be used, or not be written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum JournalError {
	#[error(transparent)]
	Lock(#[from] LockError),
	#[error(transparent)]
	File(#[from] pvs_files::JournalError),
	#[error(
		"the journal {} is of version 3 or older, and this program's is of version 4; move it away if no \
		 bid of this prover is open, else end them with the program that wrote it",
		.0.display()
	)]
	Older(PathBuf),
	#[error("cannot encode an entry of the journal: {0}")]
	Encode(#[from] serde_json::Error),
}

impl JournalError {
	/// Returns whether there was no room.
	pub(crate) fn is_full(&self) -> bool {
		matches!(self, Self::File(error) if error.is_full())
	}
}

/// The journal's file, and what it says.
#[derive(Debug)]
pub(crate) struct Journal {
	file: pvs_files::Journal,
	history: History,
	/// Entries of what has happened that are not in the file yet.
	unwritten: Vec<u8>,
	/// True if the disk is full, for tests.
	#[cfg(test)]
	is_disk_full: bool,
}

impl Journal {
	/// Opens the journal in a directory, or starts one. An entry that was cut off by a crash is removed: nothing
	/// was done about it yet. The directory stays locked while it is open.
	///
	/// # Errors
	///
	/// [`JournalError`] of the directory, of what is in the file, or of the system.
	pub(crate) fn open(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<Self, JournalError> {
		let lock = Lock::take(dir)?;
		refuse_older(dir)?;
		let mut history = History::default();
		let identity = identity(&genesis, &account);
		let (file, torn) =
			pvs_files::Journal::open(lock, FILE_NAME, &FORMAT, &identity, |payload| {
				read_entries(payload, |entry| history.apply(entry))
			})?;
		if torn > 0 {
			let path = file.path().display();
			tracing::warn!("removed {torn} bytes of an interrupted write from the end of {path}");
		}
		let mut journal = Self {
			file,
			history,
			unwritten: Vec::new(),
			#[cfg(test)]
			is_disk_full: false,
		};
		if journal.history.ended() > KEPT_ENDED {
			journal.compact();
		}
		Ok(journal)
	}

	/// Reads a journal without locking or changing it; empty if there is none.
	///
	/// # Errors
	///
	/// As [`Journal::open`].
	pub(crate) fn read(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<History, JournalError> {
		let mut history = History::default();
		visit(dir, genesis, account, |payload| {
			read_entries(payload, |entry| history.apply(entry))
		})?;
		Ok(history)
	}

	/// Reads the entries of a journal as they are in the file, lines of JSON, without locking or changing it.
	///
	/// # Errors
	///
	/// As [`Journal::open`].
	pub(crate) fn lines(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<Vec<u8>, JournalError> {
		let mut lines = Vec::new();
		visit(dir, genesis, account, |payload| {
			lines.extend(payload);
			Ok(())
		})?;
		Ok(lines)
	}

	/// Returns where the journal is.
	pub(crate) fn path(&self) -> &Path {
		self.file.path()
	}

	/// Returns what the journal says, with what could not be written yet.
	pub(crate) fn history(&self) -> &History {
		&self.history
	}

	/// Returns what the journal knows about a round.
	pub(crate) fn job(&self, key: &Key) -> Option<&Job> {
		self.jobs().get(key)
	}

	fn jobs(&self) -> &BTreeMap<Key, Job> {
		self.history.jobs()
	}

	/// Writes an entry, and all that could not be written before, and waits until it is on the disk: for what
	/// must not be done without it.
	///
	/// # Errors
	///
	/// Then the journal does not have the entry, neither on the disk nor in memory.
	pub(crate) fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
		let line = line(&entry)?;
		self.append(&[&self.unwritten[..], &line].concat())?;
		self.unwritten.clear();
		self.history.apply(entry);
		self.compact_if_due();
		Ok(())
	}

	/// Takes in an entry about what has happened, and writes it, with all that could not be written before.
	///
	/// # Errors
	///
	/// Then the journal has the entry in memory only, until it [is completed](Self::complete).
	pub(crate) fn note(&mut self, entry: Entry) -> Result<(), JournalError> {
		self.unwritten.extend(line(&entry)?);
		self.history.apply(entry);
		self.flush()
	}

	/// Writes what could not be written before, if there is room for that and for the entries of some rounds.
	///
	/// # Errors
	///
	/// [`JournalError::is_full`] if there is not.
	pub(crate) fn complete(&mut self) -> Result<(), JournalError> {
		#[cfg(test)]
		self.check_disk()?;
		self.file.check_room(ROOM_BYTES)?;
		self.flush()
	}

	fn flush(&mut self) -> Result<(), JournalError> {
		self.append(&self.unwritten.clone())?;
		self.unwritten.clear();
		self.compact_if_due();
		Ok(())
	}

	fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
		#[cfg(test)]
		self.check_disk()?;
		Ok(self.file.append(lines)?)
	}

	fn compact_if_due(&mut self) {
		if self.history.ended() > MAX_ENDED {
			self.compact();
		}
	}

	/// Forgets rounds that ended long ago, and writes the journal anew with all others.
	fn compact(&mut self) {
		self.history.forget(KEPT_ENDED);
		let rounds = self.history.entries();
		let rewritten = rounds
			.map(|entries| entries.iter().map(line).collect::<Result<Vec<_>, _>>())
			.collect::<Result<Vec<_>, _>>()
			.map_err(JournalError::from)
			.and_then(|rounds| Ok(self.file.rewrite(rounds.iter().map(|lines| lines.concat()))?));
		match rewritten {
			Ok(()) => self.unwritten.clear(),
			// It goes on growing, and says the same.
			Err(error) => tracing::warn!("cannot write the journal anew: {error}"),
		}
	}

	/// Lets the disk be full, or have room again.
	#[cfg(test)]
	pub(crate) fn fill_disk(&mut self, is_full: bool) {
		self.is_disk_full = is_full;
	}

	#[cfg(test)]
	fn check_disk(&self) -> Result<(), JournalError> {
		let (path, source) = (self.path().to_owned(), std::io::ErrorKind::StorageFull.into());
		match self.is_disk_full {
			true => Err(pvs_files::JournalError::Full { path, source }.into()),
			false => Ok(()),
		}
	}
}

fn identity<'a>(genesis: &'a Bytes32, account: &'a Bytes32) -> [Part<'a>; 2] {
	[Part { name: "chain", bytes: genesis }, Part { name: "account", bytes: account }]
}

/// Refuses a directory that has a journal of a version that was called otherwise.
fn refuse_older(dir: &Path) -> Result<(), JournalError> {
	let older = dir.join(OLDER_FILE_NAME);
	match older.symlink_metadata() {
		Ok(_) => Err(JournalError::Older(older)),
		Err(_) => Ok(()),
	}
}

fn visit(
	dir: &Path,
	genesis: Bytes32,
	account: Bytes32,
	visit: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), JournalError> {
	refuse_older(dir)?;
	let identity = identity(&genesis, &account);
	Ok(pvs_files::Journal::read(&dir.join(FILE_NAME), &FORMAT, &identity, visit)?)
}

fn line(entry: &Entry) -> Result<Vec<u8>, serde_json::Error> {
	let mut line = serde_json::to_vec(entry)?;
	line.push(b'\n');
	Ok(line)
}

/// Reads lines. An error says what is wrong with one.
fn read_entries(lines: &[u8], mut take: impl FnMut(Entry)) -> Result<(), String> {
	for line in lines.split_inclusive(|byte| *byte == b'\n') {
		let entry = serde_json::from_slice(line);
		take(entry.map_err(|error| format!("an entry cannot be read: {error}"))?);
	}
	Ok(())
}
