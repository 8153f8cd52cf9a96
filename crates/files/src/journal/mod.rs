// SPDX-License-Identifier: Apache-2.0
//! A file that remembers what a program was told and did, over crashes and losses of power.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | [`Format::magic`] |
//! | as many as there are | the identity, part by part |
//! | 16 | checksum of everything before |
//! | per frame: 4 + 4 | length of its payload, check of that length |
//! | 16 | checksum of the checksum before and the payload |
//! | length | the payload: bytes of the program |
//!
//! Numbers are little-endian; checksums are the first bytes of BLAKE2b-256. Each depends on those before it, so
//! that no frame can be left out or moved. An append is one frame, on the disk before anything else happens. So an
//! interruption concerns the last frame only, and nothing was done yet because of it: it is cut off and reported.
//!
//! A process that is killed leaves a frame that is too short. A machine that loses its power may leave one of
//! the right length, since a file system can grow a file before it writes what is in it: where nothing was
//! written there are zeros. A last frame with the wrong checksum is therefore cut off only if all its
//! payload is zeros, or 64 bytes of it in a row, which no payload may have. That it was written and lost
//! on the medium later, nothing tells. Anything else that does not fit is damage, perhaps to what somebody
//! relies on, and the file is refused as it is.

mod error;
mod frame;
mod medium;
#[cfg(test)]
mod tests;

pub use error::JournalError;

use crate::{
	lock::Lock,
	whole::{remove_leftovers, Access, Staged},
};
use frame::{frame, head, read, Check};
use medium::Medium;
use std::{
	fs::{self, File, OpenOptions},
	io::{self, Read},
	path::{Path, PathBuf},
};

/// The most bytes of one append.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 26;

/// What a program's journals have in common.
#[derive(Clone, Copy, Debug)]
pub struct Format {
	/// Start of the file. The last byte, a digit or a letter, is the version.
	pub magic: &'static [u8; 16],
	/// What to do about a journal that cannot be restored, as the end of a sentence: "move it away and ...".
	pub advice: &'static str,
}

impl Format {
	fn version(&self) -> char {
		let [.., version] = *self.magic;
		version.into()
	}
}

/// A part of what a journal belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
	/// Name for the error "belongs to another ...".
	pub name: &'static str,
	/// Identifies it. Of one format, always of the same length.
	pub bytes: &'a [u8],
}

/// State of the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
	/// After the last append.
	Whole,
	/// There may be a part of an append for which there was no room.
	Torn,
	/// Not known.
	Lost,
}

/// An open journal, which holds the lock of its directory. Only its owner can read the file.
#[derive(Debug)]
pub struct Journal {
	lock: Lock,
	path: PathBuf,
	/// Head of the file, and its checksum.
	head: (Vec<u8>, Check),
	medium: Box<dyn Medium>,
	/// Bytes of the head and all appends.
	length: u64,
	check: Check,
	end: End,
}

impl Journal {
	/// Opens the journal `name` in a locked directory, or begins one.
	///
	/// Hands over the payloads, oldest first. An error of `visit` says what is wrong with a payload.
	/// Returns besides how many bytes of an interrupted append were cut off.
	///
	/// # Errors
	///
	/// [`JournalError::Full`] and [`JournalError::Io`] of the system. The others are about what is in the file,
	/// which was left as it is.
	pub fn open(
		lock: Lock,
		name: &str,
		format: &Format,
		identity: &[Part<'_>],
		visit: impl FnMut(&[u8]) -> Result<(), String>,
	) -> Result<(Self, u64), JournalError> {
		let path = lock.directory().join(name);
		let failed = |source| JournalError::system(&path, source);
		// A file too many does no harm.
		let _ = remove_leftovers(&path);
		let head = head(format, identity);
		let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => {
				let medium = write(&path, &head.0).map_err(|(error, _)| error)?;
				return Ok((Self::new(lock, path, head, medium), 0));
			},
			opened => opened.map_err(failed)?,
		};
		make_private(&file).map_err(failed)?;
		let mut bytes = Vec::new();
		file.read_to_end(&mut bytes).map_err(failed)?;
		let good =
			read(&bytes, format, identity, visit).map_err(|unfit| unfit.at(&path, format))?;
		let torn = u64::try_from(good.torn).unwrap_or(u64::MAX);
		let length = u64::try_from(good.length).unwrap_or(u64::MAX);
		if torn > 0 {
			file.cut(length).map_err(failed)?;
		}
		let journal = Self::new(lock, path, head, Box::new(file));
		Ok((Self { length, check: good.check, ..journal }, torn))
	}

	/// Reads the journal at `path`, whoever has it open, and changes nothing. Hands over the payloads, oldest
	/// first, none if there is no file.
	///
	/// # Errors
	///
	/// As [`Journal::open`].
	pub fn read(
		path: &Path,
		format: &Format,
		identity: &[Part<'_>],
		visit: impl FnMut(&[u8]) -> Result<(), String>,
	) -> Result<(), JournalError> {
		let bytes = match fs::read(path) {
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
			bytes => bytes.map_err(|source| JournalError::system(path, source))?,
		};
		read(&bytes, format, identity, visit).map_err(|unfit| unfit.at(path, format)).map(|_| ())
	}

	fn new(lock: Lock, path: PathBuf, head: (Vec<u8>, Check), medium: Box<dyn Medium>) -> Self {
		let (length, check) = (u64::try_from(head.0.len()).unwrap_or(u64::MAX), head.1);
		Self { lock, path, head, medium, length, check, end: End::Whole }
	}

	/// Returns where the journal is.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Returns the directory that is locked while the journal is open.
	pub fn directory(&self) -> &Path {
		self.lock.directory()
	}

	/// Checks that there is room for so many bytes, with a file beside the journal that is removed again.
	///
	/// # Errors
	///
	/// [`JournalError::Full`] if there is not; [`JournalError::Io`] if the system refuses something else.
	pub fn check_room(&self, bytes: usize) -> Result<(), JournalError> {
		// Other bytes than zeros, which some file systems leave out.
		Staged::write(&self.path, &vec![b' '; bytes], Access::Private)
			.map(drop)
			.map_err(|source| JournalError::system(&self.path, source))
	}

	/// Adds a payload of at most [`MAX_PAYLOAD_BYTES`], whole or not at all; an empty one adds nothing. It is on
	/// the disk when this returns.
	///
	/// # Errors
	///
	/// After [`JournalError::Full`], once there is room again, an append first removes what may be left of the
	/// one that failed, and then does its work. After [`JournalError::Io`] every append gets
	/// [`JournalError::Broken`]: what would come behind a part of a frame would be lost.
	pub fn append(&mut self, payload: &[u8]) -> Result<(), JournalError> {
		match self.end {
			End::Lost => return Err(JournalError::Broken(self.path.clone())),
			End::Torn => self.cut()?,
			End::Whole => {},
		}
		if payload.is_empty() {
			return Ok(());
		}
		let mut bytes = Vec::new();
		let check =
			frame(&self.check, payload, &mut bytes).ok_or_else(|| self.too_long(payload))?;
		let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
		if let Err(source) = self.medium.add(&bytes) {
			let error = JournalError::system(&self.path, source);
			self.end = End::Lost;
			if error.is_full() {
				self.end = End::Torn;
				// What comes of it, the next append tells.
				let _ = self.cut();
			}
			return Err(error);
		}
		self.length = self.length.saturating_add(length);
		self.check = check;
		Ok(())
	}

	/// Writes the journal anew with these payloads alone: it has them all or is as it was. Interrupted, it
	/// says what it said before.
	///
	/// # Errors
	///
	/// After [`JournalError::Full`] appends go on as before, to what was there. After [`JournalError::Io`] they
	/// do if the new file could not be made; if it may be in its place, they get [`JournalError::Broken`].
	pub fn rewrite<P: AsRef<[u8]>>(
		&mut self,
		payloads: impl IntoIterator<Item = P>,
	) -> Result<(), JournalError> {
		if self.end == End::Lost {
			return Err(JournalError::Broken(self.path.clone()));
		}
		let (mut bytes, mut check) = self.head.clone();
		for payload in payloads {
			let payload = payload.as_ref();
			check = frame(&check, payload, &mut bytes).ok_or_else(|| self.too_long(payload))?;
		}
		match write(&self.path, &bytes) {
			Ok(medium) => {
				self.medium = medium;
				self.length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
				self.check = check;
				self.end = End::Whole;
				Ok(())
			},
			Err((error, is_in_place)) => {
				if is_in_place {
					self.end = End::Lost;
				}
				Err(error)
			},
		}
	}

	fn cut(&mut self) -> Result<(), JournalError> {
		let cut = self.medium.cut(self.length);
		cut.map_err(|source| JournalError::system(&self.path, source))?;
		self.end = End::Whole;
		Ok(())
	}

	fn too_long(&self, payload: &[u8]) -> JournalError {
		JournalError::TooLong { path: self.path.clone(), bytes: payload.len() }
	}
}

/// Writes the file of a journal, and opens it for appending. An error comes with whether the new file may be in
/// its place.
fn write(path: &Path, bytes: &[u8]) -> Result<Box<dyn Medium>, (JournalError, bool)> {
	let failed =
		|is_in_place| move |source: io::Error| (JournalError::system(path, source), is_in_place);
	let staged = Staged::write(path, bytes, Access::Private).map_err(failed(false))?;
	let file = staged.handle().map_err(failed(false))?;
	staged.replace().map_err(failed(true))?;
	Ok(Box::new(file))
}

/// Takes the file away from others, who may have got at it with a copy of it.
fn make_private(file: &File) -> io::Result<()> {
	#[cfg(unix)]
	{
		use std::os::unix::fs::PermissionsExt;
		if file.metadata()?.permissions().mode() & 0o077 != 0 {
			file.set_permissions(fs::Permissions::from_mode(0o600))?;
		}
	}
	Ok(())
}
