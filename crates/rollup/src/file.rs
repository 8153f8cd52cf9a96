// SPDX-License-Identifier: Apache-2.0
//! Files that are there whole or not at all, and of which no more is read than there may be.

use std::{
	fs::{self, File},
	io::{self, Read, Write},
	path::Path,
	sync::atomic::{AtomicU32, Ordering},
};

/// Writes a file beside `path`, brings it to the disk and moves it into place.
///
/// # Errors
///
/// Those of the file system. What was at `path` before is then still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
	static WRITES: AtomicU32 = AtomicU32::new(0);
	let write = WRITES.fetch_add(1, Ordering::Relaxed);
	let mut name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
	name.push(format!(".{}-{write}.tmp", std::process::id()));
	let temporary = path.with_file_name(name);
	let written = File::create(&temporary).and_then(|mut file| {
		file.write_all(bytes)?;
		file.sync_all()?;
		fs::rename(&temporary, path)?;
		sync_directory(path)
	});
	if written.is_err() {
		// Nothing more can be done about a file that cannot even be removed.
		let _ = fs::remove_file(&temporary);
	}
	written
}

/// Reads a file, but no more than one byte beyond `limit`. Gives what was read and how many bytes the
/// file has, which is more than was read only above the limit.
///
/// # Errors
///
/// Those of the file system.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> io::Result<(Vec<u8>, usize)> {
	let file = File::open(path)?;
	let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
	let most = limit.saturating_add(1);
	let mut bytes = Vec::with_capacity(size.min(most));
	file.take(most as u64).read_to_end(&mut bytes)?;
	let read = bytes.len();
	// What is no regular file has no size.
	let found = if read > limit { size.max(read) } else { read };
	Ok((bytes, found))
}

/// A rename lasts once the directory is on the disk too.
fn sync_directory(path: &Path) -> io::Result<()> {
	match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
		_ => File::open(".")?.sync_all(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn file_should_be_replaced_whole_and_leave_nothing_beside() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		for content in [&b"first"[..], b"second"] {
			write_whole(&path, content).unwrap();
			assert_eq!(fs::read(&path).unwrap(), content);
		}
		assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
	}

	#[test]
	fn file_should_be_read_up_to_one_byte_beyond_its_limit() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), b"eight by").unwrap();
		let read = |limit| read_bounded(file.path(), limit).unwrap();
		assert_eq!(read(9), (b"eight by".to_vec(), 8));
		assert_eq!(read(8), (b"eight by".to_vec(), 8));
		assert_eq!(read(7), (b"eight by".to_vec(), 8));
		assert_eq!(read(6), (b"eight b".to_vec(), 8));
		assert_eq!(read(usize::MAX).0, b"eight by");
		// A hole of a terabyte.
		file.as_file().set_len(1 << 40).unwrap();
		assert_eq!(read(8), (b"eight by\0".to_vec(), 1 << 40));
		if cfg!(target_os = "linux") {
			assert_eq!(read_bounded(Path::new("/dev/zero"), 3).unwrap(), (vec![0; 4], 4));
		}
	}

	#[test]
	fn file_should_stay_as_it_was_when_writing_fails() {
		let dir = tempfile::tempdir().unwrap();
		// A directory cannot be replaced by a file.
		let path = dir.path().join("state");
		fs::create_dir(&path).unwrap();
		fs::write(path.join("kept"), b"kept").unwrap();
		assert!(write_whole(&path, b"new").is_err());
		assert_eq!(fs::read(path.join("kept")).unwrap(), b"kept");
		assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
	}
}
