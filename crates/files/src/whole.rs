// SPDX-License-Identifier: Apache-2.0
//! Files that are there whole or not at all.

use std::{
	ffi::OsStr,
	fs::{self, File, OpenOptions},
	io::{self, Write},
	path::{Path, PathBuf},
	sync::atomic::{AtomicU32, Ordering},
};

/// End of the name of a file that is not in its place yet.
const TEMPORARY: &str = ".tmp";

/// Writes a file in place of whatever file is at `path`. Everybody may read it, less what the umask takes away.
///
/// # Errors
///
/// As [`Staged::write`] and [`Staged::replace`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
	Staged::write(path, bytes, Access::Shared)?.replace()
}

/// Writes a file that only its owner may read, in place of whatever file is at `path`.
///
/// # Errors
///
/// As [`Staged::write`] and [`Staged::replace`].
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
	Staged::write(path, bytes, Access::Private)?.replace()
}

/// Writes a file that is not there yet. Everybody may read it, less what the umask takes away.
///
/// # Errors
///
/// As [`Staged::write`] and [`Staged::place`].
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
	Staged::write(path, bytes, Access::Shared)?.place()
}

/// Writes a file that is not there yet and that only its owner may read.
///
/// # Errors
///
/// As [`Staged::write`] and [`Staged::place`].
pub fn write_new_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
	Staged::write(path, bytes, Access::Private)?.place()
}

/// Removes what writes to `path` have left that were cut short. Nobody else may be writing to it.
///
/// # Errors
///
/// Those of the file system. A directory that is not there has nothing to remove.
pub fn remove_leftovers(path: &Path) -> io::Result<()> {
	let Some(name) = path.file_name() else { return Ok(()) };
	let entries = match fs::read_dir(directory_of(path)) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
		entries => entries?,
	};
	for entry in entries {
		let entry = entry?;
		if is_leftover(&entry.file_name(), name) {
			fs::remove_file(entry.path())?;
		}
	}
	Ok(())
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
	/// Its owner alone, from the moment that it is there: mode 0600.
	Private,
	/// Everybody, less what the umask takes away.
	Shared,
}

impl Access {
	/// Returns how such a file is made.
	pub(crate) fn options(self) -> OpenOptions {
		let mut options = OpenOptions::new();
		#[cfg(unix)]
		if self == Self::Private {
			std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
		}
		options
	}
}

/// The content of a file, on the disk under a temporary name beside the file. Dropped before it is in its
/// place, it is removed.
///
/// For several files that belong together: each is staged first, so that a full disk leaves none of them.
#[derive(Debug)]
pub struct Staged {
	path: PathBuf,
	/// Absent once there is nothing under the temporary name.
	temporary: Option<PathBuf>,
	file: File,
}

impl Staged {
	/// Writes what is to be at `path`, and brings it to the disk.
	///
	/// # Errors
	///
	/// Those of the file system. What is at `path` stays, and nothing is beside it.
	pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<Self> {
		let (temporary, file) = create_beside(path, access)?;
		let mut staged = Self { path: path.to_owned(), temporary: Some(temporary), file };
		staged.file.write_all(bytes)?;
		staged.file.sync_all()?;
		Ok(staged)
	}

	/// Moves the content into its place, whatever file is there. A symbolic link is replaced, not followed.
	///
	/// # Errors
	///
	/// Those of the file system, and one if something else than a file is there. What was at `path` stays,
	/// unless only the directory could not be brought to the disk: then it may be either content.
	pub fn replace(mut self) -> io::Result<()> {
		if fs::metadata(&self.path).is_ok_and(|found| !found.is_file()) {
			return Err(io::Error::other("there is something that is no regular file"));
		}
		self.rename()?;
		sync_directory(&self.path)
	}

	/// Moves the content into its place if nothing is there.
	///
	/// # Errors
	///
	/// `AlreadyExists` if something is at `path`, which stays as it is; those of the file system.
	pub fn place(mut self) -> io::Result<()> {
		let Some(temporary) = &self.temporary else { return Ok(()) };
		match fs::hard_link(temporary, &self.path) {
			Ok(()) => self.remove(),
			Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
			// Not every file system has hard links.
			Err(_) => self.place_by_name()?,
		}
		sync_directory(&self.path)
	}

	/// Takes the name first, so that of two writers one gets it. Killed in between, it leaves an empty file.
	fn place_by_name(&mut self) -> io::Result<()> {
		OpenOptions::new().write(true).create_new(true).open(&self.path)?;
		self.rename().inspect_err(|_| {
			// Nothing more can be done about a file that cannot even be removed.
			let _ = fs::remove_file(&self.path);
		})
	}

	/// Returns a handle that appends to the content, wherever it is moved.
	pub(crate) fn handle(&self) -> io::Result<File> {
		self.file.try_clone()
	}

	fn rename(&mut self) -> io::Result<()> {
		if let Some(temporary) = &self.temporary {
			fs::rename(temporary, &self.path)?;
		}
		self.temporary = None;
		Ok(())
	}

	fn remove(&mut self) {
		if let Some(temporary) = self.temporary.take() {
			// Nothing more can be done about a file that cannot even be removed.
			let _ = fs::remove_file(temporary);
		}
	}
}

impl Drop for Staged {
	fn drop(&mut self) {
		self.remove();
	}
}

fn create_beside(path: &Path, access: Access) -> io::Result<(PathBuf, File)> {
	static WRITES: AtomicU32 = AtomicU32::new(0);
	let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
	loop {
		let write = WRITES.fetch_add(1, Ordering::Relaxed);
		let mut name = name.to_owned();
		name.push(format!(".{}-{write}{TEMPORARY}", std::process::id()));
		let temporary = path.with_file_name(name);
		match access.options().append(true).create_new(true).open(&temporary) {
			// Left by a process of the same number that was killed, as all are in containers.
			Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {},
			opened => return opened.map(|file| (temporary, file)),
		}
	}
}

/// Returns whether `found` is the name of a temporary file of the file `name`.
fn is_leftover(found: &OsStr, name: &OsStr) -> bool {
	let Some(rest) = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes()) else {
		return false;
	};
	let numbers = std::str::from_utf8(rest)
		.ok()
		.and_then(|rest| rest.strip_prefix('.')?.strip_suffix(TEMPORARY)?.split_once('-'));
	numbers.is_some_and(|(process, write)| {
		process.parse::<u32>().is_ok() && write.parse::<u32>().is_ok()
	})
}

fn directory_of(path: &Path) -> &Path {
	match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	}
}

/// Brings the name of a file or directory to the disk: it lasts once what it is in is there too.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
	File::open(directory_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn names(directory: &Path) -> Vec<String> {
		let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
		let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
		names.sort();
		names
	}

	fn staged(path: &Path) -> Staged {
		Staged::write(path, b"new", Access::Shared).unwrap()
	}

	#[test]
	fn file_should_be_replaced_whole_and_leave_nothing_beside() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		for content in [&b"first"[..], b"second"] {
			write_whole(&path, content).unwrap();
			assert_eq!(fs::read(&path).unwrap(), content);
		}
		write_private(&path, b"third").unwrap();
		assert_eq!(fs::read(&path).unwrap(), b"third");
		assert_eq!(names(dir.path()), ["state"]);
	}

	#[test]
	fn file_should_stay_as_it_was_when_it_must_be_new_or_another_one_is_not_moved() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		write_new(&path, b"first").unwrap();
		for write in [write_new, write_new_private] {
			let error = write(&path, b"second").unwrap_err();
			assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
		}
		drop(staged(&path));
		let error = staged(&path).place_by_name().unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
		assert_eq!(fs::read(&path).unwrap(), b"first");
		assert_eq!(names(dir.path()), ["key"]);
	}

	#[cfg(unix)]
	#[test]
	fn name_should_be_taken_by_a_link_even_if_that_leads_nowhere() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("link");
		std::os::unix::fs::symlink(dir.path().join("nowhere"), &path).unwrap();
		assert_eq!(write_new(&path, b"").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
		assert_eq!(names(dir.path()), ["link"]);
	}

	#[test]
	fn new_file_should_be_whole_where_there_are_no_hard_links() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		staged(&path).place_by_name().unwrap();
		assert_eq!(fs::read(&path).unwrap(), b"new");
		// The content has gone: the name is given back.
		let mut gone = staged(&dir.path().join("other"));
		fs::remove_file(gone.temporary.as_ref().unwrap()).unwrap();
		assert_eq!(gone.place_by_name().unwrap_err().kind(), io::ErrorKind::NotFound);
		assert_eq!(names(dir.path()), ["key"]);
	}

	#[cfg(unix)]
	#[test]
	fn private_file_should_be_its_owners_from_the_start() {
		use std::os::unix::fs::PermissionsExt;
		let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("secret");
		fs::write(&path, b"shared before").unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
		let staged = Staged::write(&path, b"secret", Access::Private).unwrap();
		assert_eq!(mode(staged.temporary.as_ref().unwrap()), 0o600);
		staged.replace().unwrap();
		assert_eq!(mode(&path), 0o600);
		let new = dir.path().join("new");
		write_new_private(&new, b"secret").unwrap();
		assert_eq!(mode(&new), 0o600);
	}

	#[test]
	fn what_is_no_file_should_stay_as_it_was() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		fs::create_dir(&path).unwrap();
		fs::write(path.join("kept"), b"kept").unwrap();
		assert!(write_whole(&path, b"new").is_err());
		assert_eq!(write_new(&path, b"new").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
		assert_eq!(fs::read(path.join("kept")).unwrap(), b"kept");
		assert_eq!(names(dir.path()), ["state"]);
		assert!(write_whole(&dir.path().join("no").join("such"), b"new").is_err());
		assert!(write_whole(Path::new("/"), b"new").is_err());
	}

	#[test]
	fn leftovers_should_be_removed_and_nothing_else() {
		let dir = tempfile::tempdir().unwrap();
		let kept = ["state", "state.old-1.tmp", "state.tmp", "state2.7-1.tmp", "tate.7-1.tmp"];
		for name in kept.iter().chain(&["state.7-0.tmp", "state.4194304-12.tmp"]) {
			fs::write(dir.path().join(name), b"").unwrap();
		}
		remove_leftovers(&dir.path().join("state")).unwrap();
		assert_eq!(names(dir.path()), kept);
		remove_leftovers(&dir.path().join("missing").join("state")).unwrap();
	}

	/// In a container every process has the same number.
	#[test]
	fn leftover_of_a_process_with_the_same_number_should_be_in_nobodys_way() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		let process = std::process::id();
		for write in 0..200 {
			fs::write(dir.path().join(format!("state.{process}-{write}.tmp")), b"half").unwrap();
		}
		write_whole(&path, b"whole").unwrap();
		assert_eq!(fs::read(&path).unwrap(), b"whole");
		remove_leftovers(&path).unwrap();
		assert_eq!(names(dir.path()), ["state"]);
	}
}
