// SPDX-License-Identifier: Apache-2.0
//! What a journal asks of its file.

use std::{fmt::Debug, fs::File, io};

/// A file that is only ever added to, or shortened to what was added before.
pub(super) trait Medium: Debug + Send + Sync {
	/// Adds bytes at the end, and brings them to the disk.
	fn add(&mut self, bytes: &[u8]) -> io::Result<()>;

	/// Forgets what is behind the first `length` bytes, and brings that to the disk.
	fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// Opened for appending.
impl Medium for File {
	fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
		io::Write::write_all(self, bytes)?;
		self.sync_data()
	}

	fn cut(&mut self, length: u64) -> io::Result<()> {
		self.set_len(length)?;
		self.sync_all()
	}
}
