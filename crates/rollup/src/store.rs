// SPDX-License-Identifier: Apache-2.0
//! A state in a file.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `"pvs/rollup/st/v1"` |
//! | 1 + 1 | transfers of a batch, depth of the tree |
//! | 4 | number of accounts in use, little-endian |
//! | 80 each | index (4), key (32 + 32, big-endian), nonce (4), balance (8); by rising index |
//! | 32 | root |
//! | 32 | `blake2_256` of everything before |
//!
//! Numbers are little-endian. Reading checks all of it: the length against the head, before more than
//! that is read; the checksum against damage, then every index and every key, and the root against the
//! accounts. A file that is refused is left as it is.
//! Whoever can write the file can make it say anything consistent: compare [`State::root`] with the
//! chain's.

use crate::{
	account::Account,
	keys::{PublicKey, PublicKeyError},
	shape::{InvalidShape, Shape},
	state::State,
};
use pvs_files::{read_bounded, write_whole};
use pvs_primitives::hash::blake2_256;
use rayon::prelude::*;
use std::{
	io,
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 16] = b"pvs/rollup/st/v1";
const HEAD_BYTES: usize = MAGIC.len() + 2 + 4;
const ACCOUNT_BYTES: usize = 80;
const DIGEST_BYTES: usize = 32;
/// Fewer accounts are not shared out among threads.
const GRAIN: usize = 64;

/// Why a state cannot be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// The file cannot be read.
	#[error("cannot read {path}: {source}")]
	Read {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file cannot be written.
	#[error("cannot write {path}: {source}")]
	Write {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The file does not hold a state.
	#[error("{path} {cause}; it was left as it is")]
	Content {
		/// The file.
		path: PathBuf,
		/// Its fault.
		cause: ContentError,
	},
}

/// Why bytes are not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
	/// There are fewer or more bytes than there should be.
	#[error("is truncated or has something after its end: {found} bytes instead of {expected}")]
	Length {
		/// What the head says; for a file without one, the least there is.
		expected: usize,
		/// The value that there is.
		found: usize,
	},
	/// The first bytes are those of something else.
	#[error("is not a state file of this version")]
	Magic,
	/// There are more accounts than the tree has places.
	#[error("says that it has {found} accounts; its tree has room for {limit}")]
	Accounts {
		/// The value in the head.
		found: u32,
		/// Number of places.
		limit: u32,
	},
	/// Something was changed.
	#[error("is damaged: wrong checksum")]
	Checksum,
	/// No circuit has these sizes.
	#[error("has impossible sizes: {0}")]
	Shape(#[from] InvalidShape),
	/// An index is out of order or beyond the tree.
	#[error("has account {0} out of order, twice, or beyond the tree")]
	Index(u32),
	/// A key is no key.
	#[error("has account {index} with an invalid key: {cause}")]
	PublicKey {
		/// The account.
		index: u32,
		/// What is wrong with its key.
		cause: PublicKeyError,
	},
	/// The accounts have another root than the file says.
	#[error("has accounts that do not give its root")]
	Root,
}

impl State {
	/// The state as bytes.
	pub fn to_bytes(&self) -> Vec<u8> {
		let shape = self.shape();
		let size = HEAD_BYTES + self.len() * ACCOUNT_BYTES + 2 * DIGEST_BYTES;
		let mut bytes = Vec::with_capacity(size);
		bytes.extend(MAGIC);
		bytes.extend([shape.transfers() as u8, shape.depth() as u8]);
		bytes.extend((self.len() as u32).to_le_bytes());
		for (index, account) in self.accounts() {
			bytes.extend(index.to_le_bytes());
			bytes.extend(account.public_key.coordinates().concat());
			bytes.extend(account.nonce.to_le_bytes());
			bytes.extend(account.balance.to_le_bytes());
		}
		bytes.extend(self.root());
		let checksum = blake2_256(&[&bytes]);
		bytes.extend(checksum);
		bytes
	}

	/// Reads what [`State::to_bytes`] wrote and nothing else.
	///
	/// # Errors
	///
	/// One [`ContentError`] per cause, see there.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
		Self::read(bytes, bytes.len())
	}

	/// Reads bytes that are all of a file of `found` bytes, unless that is too many.
	fn read(bytes: &[u8], found: usize) -> Result<Self, ContentError> {
		let (shape, expected) = announced(bytes, found)?;
		let wrong_length = ContentError::Length { expected, found };
		if found != expected {
			return Err(wrong_length);
		}
		let (content, checksum) = bytes.split_last_chunk::<DIGEST_BYTES>().ok_or(wrong_length)?;
		if blake2_256(&[content]) != *checksum {
			return Err(ContentError::Checksum);
		}
		let (content, root) = content.split_last_chunk::<DIGEST_BYTES>().ok_or(wrong_length)?;
		let accounts = content.get(HEAD_BYTES..).ok_or(wrong_length)?;
		let state = Self::from_accounts(shape, read_accounts(shape, accounts)?);
		if state.root() != *root {
			return Err(ContentError::Root);
		}
		Ok(state)
	}

	/// Saves the state: the file at `path` is replaced whole, or stays as it is.
	///
	/// # Errors
	///
	/// [`StoreError::Write`].
	pub fn save(&self, path: &Path) -> Result<(), StoreError> {
		write_whole(path, &self.to_bytes())
			.map_err(|source| StoreError::Write { path: path.to_owned(), source })
	}

	/// Loads a state that [`State::save`] wrote.
	///
	/// # Errors
	///
	/// [`StoreError::Read`] or [`StoreError::Content`]. The file stays as it is.
	pub fn load(path: &Path) -> Result<Self, StoreError> {
		let read = |limit| {
			read_bounded(path, limit)
				.map_err(|source| StoreError::Read { path: path.to_owned(), source })
		};
		let refused = |cause| StoreError::Content { path: path.to_owned(), cause };
		// The head says how much there is to read.
		let (head, found) = read(HEAD_BYTES)?;
		let (_, expected) = announced(&head, found).map_err(refused)?;
		let (bytes, found) = read(expected)?;
		Self::read(&bytes, found).map_err(refused)
	}
}

/// What the head of a file of `found` bytes says: the shape, and how many bytes there are.
fn announced(bytes: &[u8], found: usize) -> Result<(Shape, usize), ContentError> {
	let least = HEAD_BYTES + 2 * DIGEST_BYTES;
	let too_short = ContentError::Length { expected: least, found };
	if found < least {
		return Err(too_short);
	}
	let (magic, rest) = bytes.split_first_chunk().ok_or(too_short)?;
	if magic != MAGIC {
		return Err(ContentError::Magic);
	}
	let ([transfers, depth], rest) = rest.split_first_chunk().ok_or(too_short)?;
	let count = u32::from_le_bytes(*rest.first_chunk().ok_or(too_short)?);
	let shape = Shape::new(usize::from(*transfers), usize::from(*depth))?;
	let limit = shape.max_accounts();
	if count > limit {
		return Err(ContentError::Accounts { found: count, limit });
	}
	// At most 2^24 accounts.
	Ok((shape, least + count as usize * ACCOUNT_BYTES))
}

fn read_accounts(shape: Shape, bytes: &[u8]) -> Result<Vec<(u32, Account)>, ContentError> {
	let mut least = 0;
	for record in bytes.chunks_exact(ACCOUNT_BYTES) {
		let index = u32::from_le_bytes(take(record).0);
		if index < least || index >= shape.max_accounts() {
			return Err(ContentError::Index(index));
		}
		least = index + 1;
	}
	// Most of the time goes into the keys.
	let records = bytes.par_chunks_exact(ACCOUNT_BYTES).with_min_len(GRAIN);
	let accounts = records.clone().map(read_account).collect::<Result<_, _>>();
	// Any of several errors; always the first one of a file is easier to understand.
	accounts
		.map_err(|any| records.find_map_first(|record| read_account(record).err()).unwrap_or(any))
}

fn read_account(record: &[u8]) -> Result<(u32, Account), ContentError> {
	let (index, rest) = take::<4>(record);
	let (x, rest) = take::<32>(rest);
	let (y, rest) = take::<32>(rest);
	let (nonce, rest) = take::<4>(rest);
	let (balance, _) = take::<8>(rest);
	let index = u32::from_le_bytes(index);
	let public_key = PublicKey::from_coordinates(&x, &y)
		.map_err(|cause| ContentError::PublicKey { index, cause })?;
	let (nonce, balance) = (u32::from_le_bytes(nonce), u64::from_le_bytes(balance));
	Ok((index, Account { public_key, nonce, balance }))
}

/// The first bytes of a record, whose length is known, and the others.
fn take<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
	bytes.split_first_chunk().map_or(([0; N], &[]), |(first, rest)| (*first, rest))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{demo, transfer::Transfer};
	use std::fs;

	fn state() -> State {
		let mut state = State::from_genesis(&demo::genesis()).unwrap();
		let new_key = Some(demo::secret_key(99).public_key());
		let mut draft = state.draft(0);
		let opening = Transfer { from: 1, to: 60_000, amount: 5, fee: 1, nonce: 0, new_key };
		draft.push(&opening.sign(&demo::secret_key(1))).unwrap();
		let outcome = draft.finish().unwrap();
		state.apply(outcome).unwrap();
		state
	}

	fn sealed(content: &[u8]) -> Vec<u8> {
		[content, &blake2_256(&[content])].concat()
	}

	/// Changes the content and puts the right checksum behind it.
	fn resealed(change: impl FnOnce(&mut Vec<u8>)) -> Result<State, ContentError> {
		let mut content = state().to_bytes();
		content.truncate(content.len() - DIGEST_BYTES);
		change(&mut content);
		State::from_bytes(&sealed(&content))
	}

	#[test]
	fn state_should_round_trip_through_a_file() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		for state in [State::from_genesis(&demo::genesis()).unwrap(), state()] {
			state.save(&path).unwrap();
			let loaded = State::load(&path).unwrap();
			assert_eq!(loaded.root(), state.root());
			assert_eq!(loaded.shape(), state.shape());
			assert!(loaded.accounts().eq(state.accounts()));
		}
		assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
	}

	#[test]
	fn state_should_be_refused_when_any_byte_is_changed() {
		let bytes = state().to_bytes();
		for position in 0..bytes.len() {
			let mut damaged = bytes.clone();
			damaged[position] ^= 1;
			assert!(State::from_bytes(&damaged).is_err(), "byte {position}");
		}
	}

	#[test]
	fn state_should_be_refused_when_truncated_or_extended() {
		let bytes = state().to_bytes();
		for length in 0..bytes.len() {
			let refused = State::from_bytes(&bytes[..length]).unwrap_err();
			assert!(matches!(refused, ContentError::Length { .. }), "{length} bytes: {refused}");
		}
		let longer = [&bytes[..], &[0]].concat();
		let (expected, found) = (bytes.len(), bytes.len() + 1);
		assert_eq!(
			State::from_bytes(&longer).unwrap_err(),
			ContentError::Length { expected, found }
		);
	}

	#[test]
	fn state_should_be_refused_with_its_reason_when_the_content_is_wrong() {
		let refused = |change: fn(&mut Vec<u8>)| resealed(change).unwrap_err();
		assert!(resealed(|_| ()).is_ok());
		assert_eq!(refused(|bytes| bytes[0] ^= 1), ContentError::Magic);
		assert!(matches!(refused(|bytes| bytes[16] = 0), ContentError::Shape(_)));
		assert!(matches!(refused(|bytes| bytes[17] = 13), ContentError::Shape(_)));
		let too_many = ContentError::Accounts { found: 17 + (1 << 24), limit: 1 << 16 };
		assert_eq!(refused(|bytes| bytes[21] = 1), too_many);
		let first = HEAD_BYTES;
		// Twice account 1; one beyond the tree; no key; a balance that the root does not have.
		assert_eq!(refused(|bytes| bytes[HEAD_BYTES] = 1), ContentError::Index(1));
		assert_eq!(
			refused(|bytes| {
				let last = bytes.len() - DIGEST_BYTES - ACCOUNT_BYTES;
				bytes[last + 2] = 1;
			}),
			ContentError::Index(60_000 + (1 << 16))
		);
		let zero_key = resealed(|bytes| bytes[first + 4..first + 36].fill(0)).unwrap_err();
		assert!(matches!(zero_key, ContentError::PublicKey { index: 0, .. }), "{zero_key}");
		// The first of several.
		let keys = resealed(|bytes| {
			for account in [9, 3, 12] {
				bytes[first + account * ACCOUNT_BYTES + 4..][..64].fill(0);
			}
		});
		let cause = PublicKeyError::Zero;
		assert_eq!(keys.unwrap_err(), ContentError::PublicKey { index: 3, cause });
		assert_eq!(refused(|bytes| bytes[HEAD_BYTES + 72] ^= 1), ContentError::Root);
	}

	#[test]
	fn file_should_be_refused_by_its_length_before_it_is_read() {
		let file = tempfile::NamedTempFile::new().unwrap();
		state().save(file.path()).unwrap();
		let expected = state().to_bytes().len();
		// The last one would not fit any memory; it is a hole.
		for found in [0, HEAD_BYTES - 1, HEAD_BYTES, expected - 1, expected + 1, 1 << 40] {
			state().save(file.path()).unwrap();
			let resized = fs::OpenOptions::new().write(true).open(file.path()).unwrap();
			resized.set_len(found as u64).unwrap();
			let refused = State::load(file.path()).unwrap_err();
			let named = if found <= HEAD_BYTES { HEAD_BYTES + 2 * DIGEST_BYTES } else { expected };
			let StoreError::Content { cause, .. } = &refused else { panic!("{refused}") };
			assert_eq!(*cause, ContentError::Length { expected: named, found });
			assert!(refused.to_string().contains(&named.to_string()), "{refused}");
		}
		state().save(file.path()).unwrap();
		assert_eq!(State::load(file.path()).unwrap().root(), state().root());
	}

	#[test]
	fn file_should_be_left_unharmed_when_it_is_refused() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("state");
		let mut bytes = state().to_bytes();
		bytes[40] ^= 1;
		fs::write(&path, &bytes).unwrap();
		let error = State::load(&path).unwrap_err().to_string();
		assert!(error.contains("wrong checksum") && error.contains("left as it is"), "{error}");
		assert_eq!(fs::read(&path).unwrap(), bytes);
		let missing = State::load(&dir.path().join("none")).unwrap_err().to_string();
		assert!(missing.starts_with("cannot read"), "{missing}");
		let unwritable = state().save(&dir.path().join("none/state")).unwrap_err().to_string();
		assert!(unwritable.starts_with("cannot write"), "{unwritable}");
	}
}
