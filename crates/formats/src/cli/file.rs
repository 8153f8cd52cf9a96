// SPDX-License-Identifier: Apache-2.0
//! Files: read up to a limit, written whole or not at all.

use super::Error;
use crate::{FormatError, MAX_FILE_BYTES};
use std::{
	fs::File,
	io::{self, Read, Write},
	path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Reads a file; one that is too large is refused without reading on.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
	let failed = |source| Error::Read { path: path.to_owned(), source };
	let file = File::open(path).map_err(failed)?;
	let length = file.metadata().map_err(failed)?.len();
	let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
	let mut bytes = Vec::new();
	file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
	if bytes.len() > MAX_FILE_BYTES {
		let has = usize::try_from(length).unwrap_or(usize::MAX).max(bytes.len());
		return Err(Error::Format {
			path: path.to_owned(),
			error: FormatError::TooLarge { has, limit: MAX_FILE_BYTES },
			hint: String::new(),
		});
	}
	Ok(bytes)
}

/// Writes all files: each into a temporary file beside it first, so that a failure while writing
/// leaves none. A file that exists is replaced only by force.
pub(super) fn write_all(files: &[(&Path, &[u8])], force: bool) -> Result<(), Error> {
	if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.exists()) {
		return Err(Error::Exists(path.to_path_buf()));
	}
	let mut written = Vec::new();
	for (path, bytes) in files {
		let temporary = write_beside(path, bytes)
			.map_err(|source| Error::Write { path: path.to_path_buf(), source })?;
		written.push((path, temporary));
	}
	for (path, temporary) in written {
		let result =
			if force { temporary.persist(path) } else { temporary.persist_noclobber(path) };
		result.map_err(|error| match error.error.kind() {
			io::ErrorKind::AlreadyExists => Error::Exists(path.to_path_buf()),
			_ => Error::Write { path: path.to_path_buf(), source: error.error },
		})?;
	}
	Ok(())
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
	let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
	let mut builder = tempfile::Builder::new();
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		// Like any file that is made: readable by all, less what the umask takes away.
		builder.permissions(std::fs::Permissions::from_mode(0o666));
	}
	let mut file = builder.tempfile_in(directory.unwrap_or(Path::new(".")))?;
	file.write_all(bytes)?;
	file.as_file().sync_all()?;
	Ok(file)
}

/// The name of the file with the hex digits.
pub(super) fn with_hex(path: &Path) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(".hex");
	name.into()
}

/// Bytes as wallets take them: 0x, digits, end of line.
pub(super) fn hex_line(bytes: &[u8]) -> String {
	format!("{}\n", hexadecimal(bytes))
}

/// Bytes as 0x and digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}
