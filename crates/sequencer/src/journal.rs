// SPDX-License-Identifier: Apache-2.0
//! The file that accepted transfers are in before they are acknowledged.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `"pvs/sequenc/j/v1"` |
//! | 4 + 32 + 32 | rollup, the rollup's first root, hash of the chain's first block |
//! | 16 | checksum of everything before |
//! | per frame: 4 + 4 | length of its records, check of that length |
//! | 16 | checksum of the checksum before and the records |
//! | length | records |
//!
//! Numbers are little-endian. Every append is one frame, on the disk before anything else happens. So an
//! interruption concerns the last frame only, and nobody was told about its records: it is cut off and noted.
//! A process that is killed leaves a frame that is too short. A machine that loses its power may leave one of
//! the right length, since a file system can grow a file before it writes what is in it: where nothing was
//! written there are zeros. A last frame with the wrong checksum is therefore cut off only if all its
//! records are zeros, or [`UNWRITTEN_BYTES`] of them in a row, which no records have. That it was written and lost
//! on the medium later, nothing tells. Anything else that does not fit is damage, perhaps to records that somebody
//! was told about, and the file is refused as it is. After a write that failed nothing is added to the file.
//! Checksums depend on those before them, so that no frame can be left out or moved.

use crate::pool::Hash;
use pvs_primitives::{hash::blake2_256, Bytes32};
use pvs_rollup::{
	file,
	shape::TRANSFER_BYTES,
	transfer::{DecodeError, SignedTransfer},
};
use std::{
	fs::{self, File, OpenOptions},
	io::{self, Write},
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 16] = b"pvs/sequenc/j/v1";
const CHECK_BYTES: usize = 16;
const HEAD_BYTES: usize = MAGIC.len() + 4 + 32 + 32 + CHECK_BYTES;
const FRAME_HEAD_BYTES: usize = 4 + 4 + CHECK_BYTES;
/// So many zeros in a row are in no records: at most 55 are, in a payment of nothing from account 1 to
/// account 0 with nonce 0.
const UNWRITTEN_BYTES: usize = 64;
/// Records per frame when a journal is written anew.
const RECORDS_PER_FRAME: usize = 1024;

type Check = [u8; CHECK_BYTES];

/// What a journal belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
	pub(crate) rollup: u32,
	/// The rollup's first root.
	pub(crate) rollup_genesis: Bytes32,
	/// The hash of the chain's first block.
	pub(crate) chain_genesis: Bytes32,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
	/// In a batch whose root is final. The index is not known if the node has forgotten it.
	Final { batch: Option<u64>, block: u32 },
	/// Its sender replaced it.
	Replaced { by: Hash },
	/// A full pool let it go for one with a higher fee.
	Evicted { by: Hash },
	/// Another transfer with its nonce is final.
	NonceUsed,
	/// Another transfer opened the account, and that is final.
	AlreadyOpen { index: u32 },
	/// It waited for longer than the sequencer keeps transfers.
	Expired,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
	/// A transfer was accepted, so many milliseconds after 1970 began.
	Accepted { received: u64, signed: SignedTransfer },
	/// A transfer ended.
	Ended { hash: Hash, how: Ended },
	/// The state with this root is in a file. `next_index` is the first batch that it does not have, and
	/// what follows it was committed in `cursor` or later.
	Checkpoint { root: Bytes32, next_index: u64, cursor: u32 },
}

impl Record {
	fn write(&self, out: &mut Vec<u8>) {
		match self {
			Self::Accepted { received, signed } => {
				out.push(1);
				out.extend(received.to_le_bytes());
				out.extend(signed.encode());
			},
			Self::Ended { hash, how } => {
				out.push(2);
				out.extend(hash);
				let (tag, number, block, by) = match *how {
					Ended::Final { batch: Some(batch), block } => (0, batch, block, [0; 32]),
					Ended::Final { batch: None, block } => (1, 0, block, [0; 32]),
					Ended::Replaced { by } => (2, 0, 0, by),
					Ended::Evicted { by } => (3, 0, 0, by),
					Ended::NonceUsed => (4, 0, 0, [0; 32]),
					Ended::AlreadyOpen { index } => (5, 0, index, [0; 32]),
					Ended::Expired => (6, 0, 0, [0; 32]),
				};
				out.push(tag);
				out.extend(u64::to_le_bytes(number));
				out.extend(u32::to_le_bytes(block));
				out.extend(by);
			},
			Self::Checkpoint { root, next_index, cursor } => {
				out.push(3);
				out.extend(root);
				out.extend(next_index.to_le_bytes());
				out.extend(cursor.to_le_bytes());
			},
		}
	}

	/// Reads the first of these records.
	fn read(bytes: &[u8]) -> Result<(Self, &[u8]), What> {
		let (kind, rest) = bytes.split_first().ok_or(What::Record)?;
		match kind {
			1 => {
				let (received, rest) = number64(rest)?;
				let (transfer, rest) = take::<TRANSFER_BYTES>(rest)?;
				let signed = SignedTransfer::decode(&transfer).map_err(What::Transfer)?;
				Ok((Self::Accepted { received, signed }, rest))
			},
			2 => {
				let (hash, rest) = take::<32>(rest)?;
				let ([tag], rest) = take::<1>(rest)?;
				let (number, rest) = number64(rest)?;
				let (block, rest) = number32(rest)?;
				let (by, rest) = take::<32>(rest)?;
				let how = match tag {
					0 => Ended::Final { batch: Some(number), block },
					1 => Ended::Final { batch: None, block },
					2 => Ended::Replaced { by },
					3 => Ended::Evicted { by },
					4 => Ended::NonceUsed,
					5 => Ended::AlreadyOpen { index: block },
					6 => Ended::Expired,
					_ => return Err(What::Record),
				};
				Ok((Self::Ended { hash, how }, rest))
			},
			3 => {
				let (root, rest) = take::<32>(rest)?;
				let (next_index, rest) = number64(rest)?;
				let (cursor, rest) = number32(rest)?;
				Ok((Self::Checkpoint { root, next_index, cursor }, rest))
			},
			_ => Err(What::Record),
		}
	}
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), What> {
	bytes.split_first_chunk().map(|(first, rest)| (*first, rest)).ok_or(What::Record)
}

fn number32(bytes: &[u8]) -> Result<(u32, &[u8]), What> {
	take(bytes).map(|(number, rest)| (u32::from_le_bytes(number), rest))
}

fn number64(bytes: &[u8]) -> Result<(u64, &[u8]), What> {
	take(bytes).map(|(number, rest)| (u64::from_le_bytes(number), rest))
}

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum What {
	#[error("it is not a sequencer's journal of this version")]
	Magic,
	#[error("its head is damaged or cut off")]
	Head,
	#[error("it belongs to another rollup or another chain; name another --data-dir")]
	Identity,
	#[error("the length of a frame is damaged")]
	Length,
	#[error("a frame has the wrong checksum")]
	Checksum,
	#[error("a record is malformed")]
	Record,
	#[error("a record has no transfer: {0}")]
	Transfer(DecodeError),
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
	#[error("{}: {source}", path.display())]
	File { path: PathBuf, source: io::Error },
	#[error(
		"{}, byte {offset}: {what}; it was left as it is: restore it from a copy, or move it away and \
		 have the transfers that were waiting sent again",
		path.display()
	)]
	Content { path: PathBuf, offset: usize, what: What },
	#[error(
		"{}: nothing is added after a write that failed; see to its cause and start again",
		.0.display()
	)]
	Broken(PathBuf),
}

/// What a journal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
	pub(crate) records: Vec<Record>,
	/// Bytes of an interrupted append behind the last whole frame.
	pub(crate) torn: usize,
	length: usize,
	check: Check,
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
	file: File,
	path: PathBuf,
	check: Check,
	/// Whether a write has failed, so that the end of the file may be torn.
	is_broken: bool,
}

impl Journal {
	/// Opens the journal at `path`, or begins one. An interrupted append at its end is cut off.
	///
	/// # Errors
	///
	/// [`JournalError::Content`]: it is damaged or of something else, and was left as it is.
	pub(crate) fn open(path: &Path, identity: &Identity) -> Result<(Self, Contents), JournalError> {
		let failed = |source| JournalError::File { path: path.to_owned(), source };
		if !path.try_exists().map_err(failed)? {
			return Self::write(path, identity, &[]).map(|journal| (journal, Contents::default()));
		}
		let bytes = fs::read(path).map_err(failed)?;
		let contents = read(&bytes, identity).map_err(|(offset, what)| JournalError::Content {
			path: path.to_owned(),
			offset,
			what,
		})?;
		let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
		if contents.torn > 0 {
			file.set_len(contents.length as u64).map_err(failed)?;
			file.sync_all().map_err(failed)?;
		}
		let check = contents.check;
		Ok((Self { file, path: path.to_owned(), check, is_broken: false }, contents))
	}

	/// Writes a journal of these records in place of whatever is at `path`.
	pub(crate) fn write(
		path: &Path,
		identity: &Identity,
		records: &[Record],
	) -> Result<Self, JournalError> {
		let failed = |source| JournalError::File { path: path.to_owned(), source };
		let mut bytes = head(identity);
		let mut check = check(&[&bytes]);
		bytes.extend(check);
		for records in records.chunks(RECORDS_PER_FRAME) {
			check = frame(check, records, &mut bytes);
		}
		file::write_whole(path, &bytes).map_err(failed)?;
		let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
		Ok(Self { file, path: path.to_owned(), check, is_broken: false })
	}

	/// Writes the journal anew with these records alone.
	///
	/// # Errors
	///
	/// [`JournalError::Broken`] after an error of before, and from then on after any other: this file may not
	/// be the one at its path any more.
	pub(crate) fn rewrite(
		&mut self,
		identity: &Identity,
		records: &[Record],
	) -> Result<(), JournalError> {
		self.check_whole()?;
		self.is_broken = true;
		*self = Self::write(&self.path, identity, records)?;
		Ok(())
	}

	/// Adds records, all or none. They are on the disk when this returns.
	///
	/// # Errors
	///
	/// [`JournalError::Broken`] after an error of before, and from then on after any other: the end of the file
	/// may be torn, and what came behind that would be lost.
	pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
		self.check_whole()?;
		if records.is_empty() {
			return Ok(());
		}
		let mut bytes = Vec::new();
		let check = frame(self.check, records, &mut bytes);
		self.is_broken = true;
		self.file
			.write_all(&bytes)
			.and_then(|()| self.file.sync_data())
			.map_err(|source| JournalError::File { path: self.path.clone(), source })?;
		self.check = check;
		self.is_broken = false;
		Ok(())
	}

	fn check_whole(&self) -> Result<(), JournalError> {
		match self.is_broken {
			true => Err(JournalError::Broken(self.path.clone())),
			false => Ok(()),
		}
	}

	/// Lets appends go to another file. Gives the one of before.
	#[cfg(test)]
	pub(crate) fn use_file(&mut self, file: File) -> File {
		std::mem::replace(&mut self.file, file)
	}
}

fn check(parts: &[&[u8]]) -> Check {
	let mut check = [0; CHECK_BYTES];
	let digest = blake2_256(parts);
	check.copy_from_slice(&digest[..CHECK_BYTES]);
	check
}

fn length_check(before: &Check, length: [u8; 4]) -> [u8; 4] {
	let [a, b, c, d, ..] = blake2_256(&[b"length", before, &length]);
	[a, b, c, d]
}

fn head(identity: &Identity) -> Vec<u8> {
	let Identity { rollup, rollup_genesis, chain_genesis } = identity;
	[&MAGIC[..], &rollup.to_le_bytes(), rollup_genesis, chain_genesis].concat()
}

/// Writes a frame behind the one with checksum `before`, and returns its checksum.
fn frame(before: Check, records: &[Record], out: &mut Vec<u8>) -> Check {
	let mut payload = Vec::new();
	records.iter().for_each(|record| record.write(&mut payload));
	let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
	let check = check(&[&before, &payload]);
	out.extend(length);
	out.extend(length_check(&before, length));
	out.extend(check);
	out.extend(payload);
	check
}

/// Whether some of a frame's records never came to the disk.
fn is_unwritten(payload: &[u8]) -> bool {
	payload.chunk_by(|one, next| (*one == 0) == (*next == 0)).any(|run| {
		let is_enough = run.len() >= UNWRITTEN_BYTES || run.len() == payload.len();
		is_enough && run.first() == Some(&0)
	})
}

/// Reads a journal. An error names the first byte of what does not fit.
pub(crate) fn read(bytes: &[u8], identity: &Identity) -> Result<Contents, (usize, What)> {
	if !bytes.starts_with(MAGIC) {
		return Err((0, What::Magic));
	}
	let (start, mut rest) = bytes.split_at_checked(HEAD_BYTES).ok_or((0, What::Head))?;
	let (content, found) = start.split_at(HEAD_BYTES - CHECK_BYTES);
	let mut check = check(&[content]);
	if check != found {
		return Err((0, What::Head));
	}
	if content != head(identity) {
		return Err((0, What::Identity));
	}
	let mut records = Vec::new();
	loop {
		let length = bytes.len() - rest.len();
		let contents = |records, torn| Contents { records, torn, length, check };
		if rest.iter().all(|byte| *byte == 0) {
			return Ok(contents(records, rest.len()));
		}
		let Some((frame_head, behind)) = rest.split_at_checked(FRAME_HEAD_BYTES) else {
			return Ok(contents(records, rest.len()));
		};
		let (size, frame_head) = take::<4>(frame_head).map_err(|what| (length, what))?;
		if frame_head[..4] != length_check(&check, size) {
			return Err((length, What::Length));
		}
		let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
		let Some((payload, behind)) = behind.split_at_checked(size) else {
			return Ok(contents(records, rest.len()));
		};
		let found = self::check(&[&check, payload]);
		if frame_head[4..] != found {
			if behind.is_empty() && is_unwritten(payload) {
				return Ok(contents(records, rest.len()));
			}
			return Err((length, What::Checksum));
		}
		check = found;
		let mut left = payload;
		while !left.is_empty() {
			let (record, next) = Record::read(left).map_err(|what| (length, what))?;
			records.push(record);
			left = next;
		}
		rest = behind;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::{demo, transfer::Transfer};

	const IDENTITY: Identity =
		Identity { rollup: 7, rollup_genesis: [1; 32], chain_genesis: [2; 32] };

	fn accepted(nonce: u32) -> Record {
		let transfer = Transfer { to: 1, amount: 5, nonce, ..Transfer::default() };
		Record::Accepted { received: 1_000, signed: transfer.sign(&demo::secret_key(0)) }
	}

	fn frames() -> Vec<Vec<Record>> {
		let ended = |how| Record::Ended { hash: [3; 32], how };
		vec![
			vec![accepted(0)],
			vec![accepted(1), ended(Ended::Evicted { by: [4; 32] })],
			vec![
				ended(Ended::Final { batch: Some(9), block: 8 }),
				ended(Ended::Final { batch: None, block: 8 }),
				ended(Ended::Replaced { by: [5; 32] }),
				ended(Ended::NonceUsed),
				ended(Ended::AlreadyOpen { index: 77 }),
				ended(Ended::Expired),
				Record::Checkpoint { root: [6; 32], next_index: 10, cursor: 8 },
			],
			vec![accepted(2)],
		]
	}

	/// A journal's file, and where each frame ends.
	fn written(path: &Path) -> (Vec<u8>, Vec<usize>) {
		let (mut journal, contents) = Journal::open(path, &IDENTITY).unwrap();
		assert_eq!(contents, Contents::default());
		let mut ends = vec![HEAD_BYTES];
		for records in frames() {
			journal.append(&records).unwrap();
			ends.push(fs::read(path).unwrap().len());
		}
		journal.append(&[]).unwrap();
		let bytes = fs::read(path).unwrap();
		assert_eq!(Some(&bytes.len()), ends.last());
		(bytes, ends)
	}

	#[test]
	fn journal_should_say_what_was_written_when_it_is_opened_again() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		written(&path);
		let (mut journal, contents) = Journal::open(&path, &IDENTITY).unwrap();
		assert_eq!((contents.records, contents.torn), (frames().concat(), 0));
		journal.append(&[accepted(3)]).unwrap();
		let (_, contents) = Journal::open(&path, &IDENTITY).unwrap();
		assert_eq!(contents.records.last(), Some(&accepted(3)));
		Journal::write(&path, &IDENTITY, &vec![accepted(1); RECORDS_PER_FRAME + 1]).unwrap();
		let (_, contents) = Journal::open(&path, &IDENTITY).unwrap();
		assert_eq!(contents.records.len(), RECORDS_PER_FRAME + 1);
	}

	#[test]
	fn journal_should_refuse_records_when_a_write_has_failed() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		let (bytes, _) = written(&path);
		let (mut journal, _) = Journal::open(&path, &IDENTITY).unwrap();
		let good = journal.use_file(File::open(&path).unwrap());
		let error = journal.append(&[accepted(3)]).unwrap_err();
		assert!(matches!(error, JournalError::File { .. }), "not opened for writing: {error}");
		journal.use_file(good);
		for result in [
			journal.append(&[accepted(4)]),
			journal.append(&[]),
			journal.rewrite(&IDENTITY, &[accepted(5)]),
		] {
			let error = result.unwrap_err();
			assert!(matches!(error, JournalError::Broken(_)), "{error}");
		}
		assert_eq!(fs::read(&path).unwrap(), bytes);
		// The same when it cannot be written anew.
		let (mut journal, _) = Journal::open(&path, &IDENTITY).unwrap();
		fs::remove_file(&path).unwrap();
		fs::create_dir(&path).unwrap();
		let error = journal.rewrite(&IDENTITY, &[]).unwrap_err();
		assert!(matches!(error, JournalError::File { .. }), "{error}");
		let error = journal.append(&[accepted(3)]).unwrap_err();
		assert!(matches!(error, JournalError::Broken(_)), "{error}");
	}

	/// A process that is killed leaves a part of its last append.
	#[test]
	fn journal_should_lose_only_the_torn_frame_when_cut_at_any_byte() {
		let dir = tempfile::tempdir().unwrap();
		let (bytes, ends) = written(&dir.path().join("journal"));
		for length in 0..=bytes.len() {
			let result = read(&bytes[..length], &IDENTITY);
			let Some(whole) = ends.iter().rposition(|end| *end <= length) else {
				assert!(result.is_err(), "{length}");
				continue;
			};
			let contents = result.unwrap();
			assert_eq!(contents.records, frames()[..whole].concat(), "{length}");
			assert_eq!(contents.torn, length - ends[whole], "{length}");
		}
	}

	#[test]
	fn journal_should_be_refused_when_any_byte_is_changed() {
		let dir = tempfile::tempdir().unwrap();
		let (bytes, ends) = written(&dir.path().join("journal"));
		for position in 0..bytes.len() {
			for flip in [1, 0x80, 0xff] {
				let mut damaged = bytes.clone();
				damaged[position] ^= flip;
				let (offset, _) = read(&damaged, &IDENTITY).unwrap_err();
				let frame = ends.iter().rposition(|end| *end <= position);
				assert_eq!(offset, frame.map_or(0, |frame| ends[frame]), "byte {position}");
			}
		}
	}

	/// A machine that loses its power may leave a file as long as it should be, with zeros in the last append.
	#[test]
	fn last_frame_should_be_cut_off_when_it_was_not_written_and_refused_when_it_was_changed() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		let (bytes, ends) = written(&path);
		let (start, all) = (ends[3], bytes.len());
		let records = start + FRAME_HEAD_BYTES;
		assert!(all - records > UNWRITTEN_BYTES);
		let without = |from: usize, to: usize| {
			let mut bytes = bytes.clone();
			bytes[from..to].fill(0);
			bytes
		};
		for (from, to) in [
			(records, all),
			(records, records + UNWRITTEN_BYTES),
			(all - UNWRITTEN_BYTES, all),
			(start, all),
		] {
			let contents = read(&without(from, to), &IDENTITY).unwrap();
			assert_eq!(contents.records, frames()[..3].concat(), "{from} to {to}");
			assert_eq!(contents.torn, all - start, "{from} to {to}");
		}
		// Fewer zeros than that may be anything.
		let (offset, what) = read(&without(all - 32, all), &IDENTITY).unwrap_err();
		assert!(offset == start && matches!(what, What::Checksum), "{offset} {what}");
		// With something behind it, it was acknowledged before that came.
		let (offset, what) =
			read(&without(ends[2] + FRAME_HEAD_BYTES, ends[3]), &IDENTITY).unwrap_err();
		assert!(offset == ends[2] && matches!(what, What::Checksum), "{offset} {what}");
		// Appending goes on where the last whole frame ends.
		fs::write(&path, without(records, all)).unwrap();
		let (mut journal, _) = Journal::open(&path, &IDENTITY).unwrap();
		journal.append(&[accepted(3)]).unwrap();
		let (_, contents) = Journal::open(&path, &IDENTITY).unwrap();
		assert_eq!(contents.records, [&frames()[..3].concat()[..], &[accepted(3)]].concat());
		assert_eq!(contents.torn, 0);
	}

	#[test]
	fn records_should_have_fewer_zeros_in_a_row_than_what_was_not_written() {
		let transfer = Transfer { from: 1, ..Transfer::default() };
		let signed = transfer.sign(&demo::secret_key(1));
		let ended = |how| Record::Ended { hash: [3; 32], how };
		let most = [
			Record::Accepted { received: 1 << 40, signed },
			Record::Checkpoint { root: [1; 32], next_index: 0, cursor: 0 },
			ended(Ended::Final { batch: Some(0), block: 0 }),
			ended(Ended::NonceUsed),
		];
		let mut payload = Vec::new();
		most.iter().for_each(|record| record.write(&mut payload));
		assert!(!is_unwritten(&payload));
		assert!(is_unwritten(&[0; 45]), "a checkpoint");
	}

	#[test]
	fn journal_should_be_refused_when_frames_are_left_out_or_swapped() {
		let dir = tempfile::tempdir().unwrap();
		let (bytes, ends) = written(&dir.path().join("journal"));
		let without = [&bytes[..ends[1]], &bytes[ends[2]..]].concat();
		assert!(matches!(read(&without, &IDENTITY), Err((at, What::Length)) if at == ends[1]));
		let swapped =
			[&bytes[..ends[0]], &bytes[ends[1]..ends[2]], &bytes[ends[0]..ends[1]]].concat();
		assert!(matches!(read(&swapped, &IDENTITY), Err((at, What::Length)) if at == ends[0]));
	}

	#[test]
	fn torn_end_should_be_cut_off_and_appending_go_on() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		let (bytes, _) = written(&path);
		for torn in [&bytes[HEAD_BYTES..HEAD_BYTES + 3], &[0; 100]] {
			fs::write(&path, [&bytes[..], torn].concat()).unwrap();
			let (mut journal, contents) = Journal::open(&path, &IDENTITY).unwrap();
			assert_eq!(contents.torn, torn.len());
			journal.append(&[accepted(3)]).unwrap();
			let (_, contents) = Journal::open(&path, &IDENTITY).unwrap();
			assert_eq!((contents.records.len(), contents.torn), (frames().concat().len() + 1, 0));
		}
	}

	#[test]
	fn damaged_or_foreign_journal_should_be_left_as_it_is_and_the_error_say_what_to_do() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("journal");
		let (mut bytes, _) = written(&path);
		let other = Identity { rollup: 8, ..IDENTITY };
		let error = Journal::open(&path, &other).unwrap_err().to_string();
		assert!(error.contains("another rollup") && error.contains("--data-dir"), "{error}");
		bytes[HEAD_BYTES + 40] ^= 1;
		fs::write(&path, &bytes).unwrap();
		let error = Journal::open(&path, &IDENTITY).unwrap_err().to_string();
		assert!(error.contains("wrong checksum") && error.contains("restore it"), "{error}");
		assert!(error.contains(&format!("byte {HEAD_BYTES}")), "{error}");
		assert_eq!(fs::read(&path).unwrap(), bytes);
	}
}
