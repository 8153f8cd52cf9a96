// SPDX-License-Identifier: Apache-2.0
//! Files: read up to a limit, written whole or not at all.

use super::Error;
use pvs_files::{read_bounded, Access, Staged};
use pvs_formats::{FormatError, MAX_FILE_BYTES};
use std::{
	io,
	path::{Path, PathBuf},
};

/// Reads a file; one that is too large is refused without reading on.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
	let (bytes, has) = read_bounded(path, MAX_FILE_BYTES)
		.map_err(|source| Error::Read { path: path.to_owned(), source })?;
	if has > MAX_FILE_BYTES {
		return Err(Error::Format {
			path: path.to_owned(),
			error: FormatError::TooLarge { has, limit: MAX_FILE_BYTES },
			hint: String::new(),
		});
	}
	Ok(bytes)
}

/// Writes all files: each beside its place first, so that a failure while writing leaves none. A file that
/// exists is replaced only by force.
pub(super) fn write_all(files: &[(&Path, &[u8])], force: bool) -> Result<(), Error> {
	if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.exists()) {
		return Err(Error::Exists(path.to_path_buf()));
	}
	let failed = |path: &Path, source: io::Error| match source.kind() {
		io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
		_ => Error::Write { path: path.to_owned(), source },
	};
	let mut written = Vec::new();
	for (path, bytes) in files {
		let staged = Staged::write(path, bytes, Access::Shared);
		written.push((*path, staged.map_err(|source| failed(path, source))?));
	}
	for (path, staged) in written {
		let moved = if force { staged.replace() } else { staged.place() };
		moved.map_err(|source| failed(path, source))?;
	}
	Ok(())
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
