// SPDX-License-Identifier: Apache-2.0
//! Files of which no more is read than there may be.

use std::{
	fs::File,
	io::{self, Read},
	path::Path,
};

/// Reads a file, but no more than one byte beyond `limit`, which is in bytes. Returns what was read and how
/// many bytes the file has. That is more than `limit` only if the file is too large.
///
/// # Errors
///
/// Those of the file system.
pub fn read_bounded(path: &Path, limit: usize) -> io::Result<(Vec<u8>, usize)> {
	let file = File::open(path)?;
	let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
	let most = limit.saturating_add(1);
	let mut bytes = Vec::with_capacity(size.min(most));
	file.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
	let read = bytes.len();
	// Devices and pipes have no size.
	let found = if read > limit { size.max(read) } else { read };
	Ok((bytes, found))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

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
}
