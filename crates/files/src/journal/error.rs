// SPDX-License-Identifier: Apache-2.0
//! Reason why a journal cannot be used.

use super::Format;
use crate::is_full;
use std::{
	io,
	path::{Path, PathBuf},
};

/// Reason why a journal cannot be used, or not be added to.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
	/// There is no room for what was to be written. Nothing of it is in the journal.
	#[error("the disk of the journal {} is full: {source}; make room on it", path.display())]
	Full {
		/// The journal's file.
		path: PathBuf,
		/// Cause given by the system.
		source: io::Error,
	},
	/// The system refuses something else.
	#[error("cannot use the journal {}: {source}", path.display())]
	Io {
		/// The journal's file.
		path: PathBuf,
		/// Cause given by the system.
		source: io::Error,
	},
	/// An append failed before, and not for want of room.
	#[error(
		"nothing is added to the journal {} after a write that failed; see to its cause and start again",
		.0.display()
	)]
	Broken(PathBuf),
	/// What was to be appended is longer than [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES).
	#[error("{bytes} bytes at once are too many for the journal {}; append less", path.display())]
	TooLong {
		/// The journal's file.
		path: PathBuf,
		/// Number of its bytes.
		bytes: usize,
	},
	/// The file begins otherwise.
	#[error("{} is no journal of this program; name another directory with --data-dir", .0.display())]
	NotAJournal(PathBuf),
	/// Another version of the program wrote the file.
	#[error(
		"the journal {} is of version {found} and this program's of version {expected}; use the program \
		 that wrote it, or {advice}",
		path.display()
	)]
	Version {
		/// The journal's file.
		path: PathBuf,
		/// Version of the file.
		found: char,
		/// Version of this program.
		expected: char,
		/// Advice on what else helps.
		advice: &'static str,
	},
	/// The journal is not of what it is opened for.
	#[error("the journal {} belongs to another {what}; name another directory with --data-dir", path.display())]
	Foreign {
		/// The journal's file.
		path: PathBuf,
		/// Name of the first part of the identity that differs.
		what: &'static str,
	},
	/// Something in the file does not fit. The file was left as it is.
	#[error(
		"the journal {} is damaged at byte {offset} ({reason}) and was left as it is; restore it from a \
		 copy, or {advice}",
		path.display()
	)]
	Damaged {
		/// The journal's file.
		path: PathBuf,
		/// First byte of what does not fit.
		offset: usize,
		/// What does not fit.
		reason: String,
		/// Advice on what else helps.
		advice: &'static str,
	},
}

impl JournalError {
	/// Returns whether there was no room. Once there is, the same append can be made.
	pub fn is_full(&self) -> bool {
		matches!(self, Self::Full { .. })
	}

	pub(super) fn system(path: &Path, source: io::Error) -> Self {
		let path = path.to_owned();
		match is_full(&source) {
			true => Self::Full { path, source },
			false => Self::Io { path, source },
		}
	}
}

/// Reason why bytes are no journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
	Magic,
	Version(char),
	Foreign(&'static str),
	Damaged { offset: usize, reason: String },
}

impl Unfit {
	/// Returns the error for the journal at `path`.
	pub(super) fn at(self, path: &Path, format: &Format) -> JournalError {
		let (path, advice) = (path.to_owned(), format.advice);
		match self {
			Self::Magic => JournalError::NotAJournal(path),
			Self::Version(found) => {
				JournalError::Version { path, found, expected: format.version(), advice }
			},
			Self::Foreign(what) => JournalError::Foreign { path, what },
			Self::Damaged { offset, reason } => {
				JournalError::Damaged { path, offset, reason, advice }
			},
		}
	}
}
