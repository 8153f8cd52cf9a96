// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]

mod bounded;
mod journal;
mod lock;
mod whole;

pub use bounded::read_bounded;
pub use journal::{Format, Journal, JournalError, Part, MAX_PAYLOAD_BYTES};
pub use lock::{Lock, LockError};
pub use whole::{
	remove_leftovers, write_new, write_new_private, write_private, write_whole, Access, Staged,
};

/// Returns whether a write failed because the disk, or what this user may have of it, is full.
pub fn is_full(error: &std::io::Error) -> bool {
	use std::io::ErrorKind;
	matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
