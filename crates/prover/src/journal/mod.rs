// SPDX-License-Identifier: Apache-2.0
//! What this prover has bid, won and proved.
//!
//! A [`pvs_files::Journal`] whose payloads are lines of JSON. What must not be done without is on the disk before the
//! program acts on it, above all the exponent and the payload of a bid before its seal goes out: a prover that
//! crashes after bidding still reveals. What has happened is written down then, so that one that crashes after
//! proving does not prove again.
//! The chain decides what is to be done; the journal only holds what the chain cannot know.
//!
//! Of rounds that have ended the last few are kept, and the numbers of all. Those are what grows otherwise.

mod entry;
mod history;
mod job;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use entry::{Entry, Key, Outcome, Verdict};
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
/// What the journal of version 3 and older was called.
const OLDER_FILE_NAME: &str = "journal.jsonl";
/// Version 4 has frames, and forgets.
const FORMAT: Format =
	Format { magic: b"pvs/prover/jn/v4", advice: "move it away if no bid of this prover is open" };
/// Rounds that have ended and stay in the journal. The chain may go back to a fork on which one is open.
const KEPT_ENDED: usize = 256;
/// Rounds that have ended after which all but those are forgotten.
const MAX_ENDED: usize = 2 * KEPT_ENDED;
/// Why a journal cannot be used, or not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
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

/// The journal's file, and what it says.
#[derive(Debug)]
pub(crate) struct Journal {
	file: pvs_files::Journal,
	history: History,
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
		let mut journal = Self { file, history };
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

	/// Returns what the journal says.
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

	/// Writes an entry and waits until it is on the disk.
	///
	/// # Errors
	///
	/// Then the journal does not have the entry, neither on the disk nor in memory.
	pub(crate) fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
		self.file.append(&line(&entry)?)?;
		self.history.apply(entry);
		self.compact_if_due();
		Ok(())
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
		if let Err(error) = rewritten {
			// It goes on growing, and says the same.
			tracing::warn!("cannot write the journal anew: {error}");
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
