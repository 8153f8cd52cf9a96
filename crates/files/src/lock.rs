// SPDX-License-Identifier: Apache-2.0
//! The lock of a data directory.

use crate::whole::{sync_directory, Access};
use std::{
	fs::{self, File, TryLockError},
	io,
	path::{Path, PathBuf},
};

const NAME: &str = "lock";

/// A data directory that no other process uses. The system lets go of it when the process ends, however it
/// ends; the file `lock` in the directory stays.
#[derive(Debug)]
pub struct Lock {
	directory: PathBuf,
	_file: File,
}

/// Reason why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
	/// Another process has the lock.
	#[error("another process uses the directory {}; stop it, or name another directory", .0.display())]
	InUse(PathBuf),
	/// The directory cannot be made, or its lock cannot be opened.
	#[error("cannot lock the directory {}: {source}", path.display())]
	Io {
		/// The directory.
		path: PathBuf,
		/// Cause given by the system.
		source: io::Error,
	},
}

impl Lock {
	/// Locks a directory, and makes it if it is not there.
	///
	/// # Errors
	///
	/// [`LockError::InUse`] if another process, or this one, has locked it already.
	pub fn take(directory: &Path) -> Result<Self, LockError> {
		let failed = |source| LockError::Io { path: directory.to_owned(), source };
		make(directory).map_err(failed)?;
		let mut options = Access::Private.options();
		let file = options.write(true).create(true).truncate(false);
		let file = file.open(directory.join(NAME)).map_err(failed)?;
		match file.try_lock() {
			Ok(()) => Ok(Self { directory: directory.to_owned(), _file: file }),
			Err(TryLockError::WouldBlock) => Err(LockError::InUse(directory.to_owned())),
			Err(TryLockError::Error(source)) => Err(failed(source)),
		}
	}

	/// Returns the directory.
	pub fn directory(&self) -> &Path {
		&self.directory
	}
}

/// Makes a directory, and brings the names of all that were missing to the disk.
fn make(directory: &Path) -> io::Result<()> {
	let missing: Vec<&Path> = directory.ancestors().take_while(|path| !path.exists()).collect();
	fs::create_dir_all(directory)?;
	missing.into_iter().try_for_each(sync_directory)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn directory_should_be_refused_when_it_is_locked_until_it_is_let_go() {
		let temporary = tempfile::tempdir().unwrap();
		let directory = temporary.path().join("below").join("data");
		let lock = Lock::take(&directory).unwrap();
		assert_eq!(lock.directory(), directory);
		let error = Lock::take(&directory).unwrap_err();
		assert!(matches!(&error, LockError::InUse(path) if *path == directory), "{error}");
		assert!(error.to_string().starts_with("another process uses"), "{error}");
		assert!(Lock::take(temporary.path()).is_ok(), "another directory");
		drop(lock);
		Lock::take(&directory).unwrap();
	}

	#[test]
	fn directory_should_be_refused_with_its_name_when_it_is_a_file() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let error = Lock::take(file.path()).unwrap_err();
		assert!(matches!(error, LockError::Io { .. }), "{error}");
		assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
	}
}
