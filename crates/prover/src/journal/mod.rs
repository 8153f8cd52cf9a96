// SPDX-License-Identifier: Apache-2.0
//! What this prover has bid, won and proved.
//!
//! A file of JSON lines that only ever grows. Every line is on the disk before the program acts on
//! it, above all the exponent and the payload of a bid before its seal goes out: a prover that crashes after
//! bidding still reveals, and one that crashes after proving does not prove again. The chain
//! decides what is to be done; the journal only holds what the chain cannot know.

mod entry;
#[cfg(test)]
mod tests;

pub(crate) use entry::{Bid, Entry, Job, Key, Outcome, Verdict};
#[cfg(test)]
pub(crate) use entry::{Silence, Win};

use entry::apply;
use pvs_primitives::Bytes32;
use std::{
	collections::BTreeMap,
	fs::{self, File, OpenOptions},
	io::{self, Read, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};

const FILE_NAME: &str = "journal.jsonl";
/// Version 3 has seals. What older versions bid, no chain with seals has.
const VERSION: u32 = 3;

/// A journal that cannot be used. The program stops then: it must not act on what it cannot record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
	#[error("cannot use the journal {}: {source}", path.display())]
	Io { path: PathBuf, source: io::Error },
	#[error(
		"the journal {} is damaged at line {line} ({reason}); restore it from a backup, or move it \
		 away if no bid of this prover is open",
		path.display()
	)]
	Damaged { path: PathBuf, line: usize, reason: String },
	#[error(
		"the journal {} belongs to another {what}; name another directory with --data-dir",
		path.display()
	)]
	Foreign { path: PathBuf, what: &'static str },
	#[error("another process uses the journal {}; stop it, or name another --data-dir", path.display())]
	Locked { path: PathBuf },
}

/// The journal's file, and what it says.
#[derive(Debug)]
pub(crate) struct Journal {
	path: PathBuf,
	file: File,
	jobs: BTreeMap<Key, Job>,
}

impl Journal {
	/// Opens the journal in a directory, or starts one. A last line that was cut off by a crash is
	/// removed: nothing was done about it yet. The file stays locked while it is open.
	pub(crate) fn open(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<Self, JournalError> {
		let path = dir.join(FILE_NAME);
		let failed = |source| JournalError::Io { path: path.clone(), source };
		fs::create_dir_all(dir).map_err(failed)?;
		let mut file = private_file().open(&path).map_err(failed)?;
		match file.try_lock() {
			Ok(()) => {},
			Err(fs::TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
			Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
		}
		let mut text = String::new();
		file.read_to_string(&mut text).map_err(failed)?;
		let (entries, kept) = parse(&text).map_err(|(line, reason)| JournalError::Damaged {
			path: path.clone(),
			line,
			reason,
		})?;
		if kept < text.len() {
			tracing::warn!("removing the cut-off last line of {}", path.display());
			file.set_len(kept as u64).map_err(failed)?;
			file.sync_data().map_err(failed)?;
		}
		file.seek(SeekFrom::Start(kept as u64)).map_err(failed)?;

		let mut journal = Self { path, file, jobs: BTreeMap::new() };
		let mut entries = entries.into_iter();
		match entries.next() {
			None => {
				journal.write(&Entry::Journal { version: VERSION, genesis, account })?;
				File::open(dir)
					.and_then(|dir| dir.sync_all())
					.map_err(|source| JournalError::Io { path: journal.path.clone(), source })?;
			},
			Some(first) => journal.check_owner(&first, genesis, account)?,
		}
		for entry in entries {
			journal.apply(entry);
		}
		Ok(journal)
	}

	/// Reads a journal without locking or changing it; empty if there is none.
	pub(crate) fn read(dir: &Path) -> Result<BTreeMap<Key, Job>, JournalError> {
		let path = dir.join(FILE_NAME);
		let text = match fs::read_to_string(&path) {
			Ok(text) => text,
			Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
			Err(source) => return Err(JournalError::Io { path, source }),
		};
		let (entries, _) =
			parse(&text).map_err(|(line, reason)| JournalError::Damaged { path, line, reason })?;
		let mut jobs = BTreeMap::new();
		for entry in entries {
			apply(&mut jobs, entry);
		}
		Ok(jobs)
	}

	fn check_owner(
		&self,
		first: &Entry,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<(), JournalError> {
		let foreign = |what| Err(JournalError::Foreign { path: self.path.clone(), what });
		match first {
			Entry::Journal { version, .. } if *version != VERSION => {
				foreign("version of this program")
			},
			Entry::Journal { genesis: theirs, .. } if *theirs != genesis => foreign("chain"),
			Entry::Journal { account: theirs, .. } if *theirs != account => foreign("account"),
			Entry::Journal { .. } => Ok(()),
			_ => Err(JournalError::Damaged {
				path: self.path.clone(),
				line: 1,
				reason: "the first line does not say whose journal it is".into(),
			}),
		}
	}

	/// Where the journal is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// The rounds that the journal knows.
	pub(crate) fn jobs(&self) -> &BTreeMap<Key, Job> {
		&self.jobs
	}

	/// What the journal knows about a round.
	pub(crate) fn job(&self, key: &Key) -> Option<&Job> {
		self.jobs.get(key)
	}

	/// Writes a line and waits until it is on the disk.
	pub(crate) fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
		self.write(&entry)?;
		self.apply(entry);
		Ok(())
	}

	fn write(&mut self, entry: &Entry) -> Result<(), JournalError> {
		let failed = |source| JournalError::Io { path: self.path.clone(), source };
		let mut line = serde_json::to_string(entry).map_err(|error| failed(error.into()))?;
		line.push('\n');
		self.file.write_all(line.as_bytes()).map_err(failed)?;
		self.file.sync_data().map_err(failed)
	}

	fn apply(&mut self, entry: Entry) {
		apply(&mut self.jobs, entry);
	}
}

fn private_file() -> OpenOptions {
	let mut options = OpenOptions::new();
	options.read(true).write(true).create(true).truncate(false);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	options
}

/// The entries of a journal, and the number of bytes that hold them. Only the last line may be cut
/// off; otherwise the error names a line and what is wrong with it.
fn parse(text: &str) -> Result<(Vec<Entry>, usize), (usize, String)> {
	let mut entries = Vec::new();
	let mut kept = 0usize;
	for (index, line) in text.split_inclusive('\n').enumerate() {
		let is_last = kept.saturating_add(line.len()) == text.len();
		let Some(complete) = line.strip_suffix('\n') else { break };
		match serde_json::from_str(complete) {
			Ok(entry) => entries.push(entry),
			// A crash can leave a line of the right length whose bytes never reached the disk.
			Err(_) if is_last => break,
			Err(error) => return Err((index.saturating_add(1), error.to_string())),
		}
		kept = kept.saturating_add(line.len());
	}
	Ok((entries, kept))
}
