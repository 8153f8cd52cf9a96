// SPDX-License-Identifier: Apache-2.0
//! The file that accepted transfers are in before they are acknowledged: a [`pvs_files::Journal`] whose payloads
//! are records. It belongs to a rollup, its first root and the chain's first block.

use crate::pool::Hash;
use pvs_files::{Format, JournalError, Lock, Part};
use pvs_primitives::Bytes32;
use pvs_rollup::{
	shape::TRANSFER_BYTES,
	transfer::{DecodeError, SignedTransfer},
};

const NAME: &str = "journal";
const FORMAT: Format = Format {
	magic: b"pvs/sequenc/j/v1",
	advice: "move it away and have the transfers that were waiting sent again",
};
/// Records per append when a journal is written anew.
const RECORDS_PER_APPEND: usize = 1024;

/// Rollup and chain that a journal belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
	pub(crate) rollup: u32,
	/// The rollup's first root.
	pub(crate) rollup_genesis: Bytes32,
	/// The hash of the chain's first block.
	pub(crate) chain_genesis: Bytes32,
}

/// End that a transfer came to.
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
	fn read(bytes: &[u8]) -> Result<(Self, &[u8]), RecordError> {
		let (kind, rest) = bytes.split_first().ok_or(RecordError::Malformed)?;
		match kind {
			1 => {
				let (received, rest) = number64(rest)?;
				let (transfer, rest) = take::<TRANSFER_BYTES>(rest)?;
				let signed = SignedTransfer::decode(&transfer).map_err(RecordError::Transfer)?;
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
					_ => return Err(RecordError::Malformed),
				};
				Ok((Self::Ended { hash, how }, rest))
			},
			3 => {
				let (root, rest) = take::<32>(rest)?;
				let (next_index, rest) = number64(rest)?;
				let (cursor, rest) = number32(rest)?;
				Ok((Self::Checkpoint { root, next_index, cursor }, rest))
			},
			_ => Err(RecordError::Malformed),
		}
	}
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), RecordError> {
	bytes.split_first_chunk().map(|(first, rest)| (*first, rest)).ok_or(RecordError::Malformed)
}

fn number32(bytes: &[u8]) -> Result<(u32, &[u8]), RecordError> {
	take(bytes).map(|(number, rest)| (u32::from_le_bytes(number), rest))
}

fn number64(bytes: &[u8]) -> Result<(u64, &[u8]), RecordError> {
	take(bytes).map(|(number, rest)| (u64::from_le_bytes(number), rest))
}

/// Defect of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RecordError {
	#[error("a record is malformed")]
	Malformed,
	#[error("a record has no transfer: {0}")]
	Transfer(DecodeError),
}

/// Content of a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
	pub(crate) records: Vec<Record>,
	/// Bytes of an interrupted append that were cut off.
	pub(crate) torn: u64,
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
	file: pvs_files::Journal,
	/// Error that writes fail with, for tests.
	#[cfg(test)]
	pub(crate) failure: Option<std::io::ErrorKind>,
}

impl Journal {
	/// Opens the journal in a locked directory, or begins one. An interrupted append at its end is cut off.
	///
	/// # Errors
	///
	/// Those of [`pvs_files::Journal::open`].
	pub(crate) fn open(lock: Lock, identity: &Identity) -> Result<(Self, Contents), JournalError> {
		let rollup = identity.rollup.to_le_bytes();
		let identity = [
			Part { name: "rollup", bytes: &rollup },
			Part { name: "rollup", bytes: &identity.rollup_genesis },
			Part { name: "chain", bytes: &identity.chain_genesis },
		];
		let mut records = Vec::new();
		let (file, torn) = pvs_files::Journal::open(lock, NAME, &FORMAT, &identity, |payload| {
			let mut left = payload;
			while !left.is_empty() {
				let (record, next) = Record::read(left).map_err(|error| error.to_string())?;
				records.push(record);
				left = next;
			}
			Ok(())
		})?;
		let journal = Self {
			file,
			#[cfg(test)]
			failure: None,
		};
		Ok((journal, Contents { records, torn }))
	}

	/// Adds records, all or none. They are on the disk when this returns.
	///
	/// # Errors
	///
	/// Those of [`pvs_files::Journal::append`].
	pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
		#[cfg(test)]
		self.check_disk()?;
		self.file.append(&payload(records))
	}

	/// Writes the journal anew with these records alone.
	///
	/// # Errors
	///
	/// Those of [`pvs_files::Journal::rewrite`].
	pub(crate) fn rewrite(&mut self, records: &[Record]) -> Result<(), JournalError> {
		#[cfg(test)]
		self.check_disk()?;
		self.file.rewrite(records.chunks(RECORDS_PER_APPEND).map(payload))
	}

	/// Checks that there is room for so many bytes.
	///
	/// # Errors
	///
	/// Those of [`pvs_files::Journal::check_room`].
	pub(crate) fn check_room(&self, bytes: usize) -> Result<(), JournalError> {
		#[cfg(test)]
		self.check_disk()?;
		self.file.check_room(bytes)
	}

	#[cfg(test)]
	fn check_disk(&self) -> Result<(), JournalError> {
		let path = self.file.path().to_owned();
		match self.failure {
			None => Ok(()),
			Some(kind) => match pvs_files::is_full(&kind.into()) {
				true => Err(JournalError::Full { path, source: kind.into() }),
				false => Err(JournalError::Io { path, source: kind.into() }),
			},
		}
	}
}

fn payload(records: &[Record]) -> Vec<u8> {
	let mut payload = Vec::new();
	records.iter().for_each(|record| record.write(&mut payload));
	payload
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::{demo, transfer::Transfer};
	use std::{fs, path::Path};

	const IDENTITY: Identity =
		Identity { rollup: 7, rollup_genesis: [1; 32], chain_genesis: [2; 32] };

	fn open(dir: &Path) -> (Journal, Contents) {
		Journal::open(Lock::take(dir).unwrap(), &IDENTITY).unwrap()
	}

	fn accepted(nonce: u32) -> Record {
		let transfer = Transfer { to: 1, amount: 5, nonce, ..Transfer::default() };
		Record::Accepted { received: 1_000, signed: transfer.sign(&demo::secret_key(0)) }
	}

	fn records() -> Vec<Record> {
		let ended = |how| Record::Ended { hash: [3; 32], how };
		vec![
			accepted(1),
			ended(Ended::Evicted { by: [4; 32] }),
			ended(Ended::Final { batch: Some(9), block: 8 }),
			ended(Ended::Final { batch: None, block: 8 }),
			ended(Ended::Replaced { by: [5; 32] }),
			ended(Ended::NonceUsed),
			ended(Ended::AlreadyOpen { index: 77 }),
			ended(Ended::Expired),
			Record::Checkpoint { root: [6; 32], next_index: 10, cursor: 8 },
		]
	}

	#[test]
	fn journal_should_say_what_was_written_when_it_is_opened_again() {
		let dir = tempfile::tempdir().unwrap();
		let (mut journal, contents) = open(dir.path());
		assert_eq!(contents, Contents::default());
		journal.append(&[accepted(0)]).unwrap();
		journal.append(&records()).unwrap();
		journal.append(&[]).unwrap();
		drop(journal);
		let (mut journal, contents) = open(dir.path());
		assert_eq!(
			(contents.records, contents.torn),
			([&[accepted(0)][..], &records()].concat(), 0)
		);
		journal.rewrite(&vec![accepted(1); RECORDS_PER_APPEND + 1]).unwrap();
		journal.append(&[accepted(2)]).unwrap();
		drop(journal);
		assert_eq!(open(dir.path()).1.records.len(), RECORDS_PER_APPEND + 2);
	}

	#[test]
	fn records_of_an_append_should_be_lost_together_when_it_was_interrupted() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join(NAME);
		let (mut journal, _) = open(dir.path());
		journal.append(&[accepted(0)]).unwrap();
		let whole = fs::read(&path).unwrap().len();
		journal.append(&records()).unwrap();
		drop(journal);
		let bytes = fs::read(&path).unwrap();
		fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
		let torn = (bytes.len() - 1 - whole) as u64;
		assert_eq!(open(dir.path()).1, Contents { records: vec![accepted(0)], torn });
	}

	/// Zeros tell an append that never came to the disk.
	#[test]
	fn records_should_have_fewer_than_64_zeros_in_a_row() {
		let transfer = Transfer { from: 1, ..Transfer::default() };
		let signed = transfer.sign(&demo::secret_key(1));
		let ended = |how| Record::Ended { hash: [3; 32], how };
		// At most 55, in a payment of nothing from account 1 to account 0 with nonce 0.
		let most = [
			Record::Accepted { received: 1 << 40, signed },
			Record::Checkpoint { root: [1; 32], next_index: 0, cursor: 0 },
			ended(Ended::Final { batch: Some(0), block: 0 }),
			ended(Ended::NonceUsed),
		];
		let payload = payload(&most);
		assert!(!payload.windows(64).any(|bytes| bytes == [0; 64]));
	}

	#[test]
	fn foreign_or_malformed_journal_should_be_left_as_it_is_and_the_error_say_what_to_do() {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join(NAME);
		open(dir.path()).0.append(&[accepted(0)]).unwrap();
		let refusal = |identity| {
			let lock = Lock::take(dir.path()).unwrap();
			Journal::open(lock, &identity).unwrap_err().to_string()
		};
		for (other, what) in [
			(Identity { rollup: 8, ..IDENTITY }, "another rollup"),
			(Identity { rollup_genesis: [0; 32], ..IDENTITY }, "another rollup"),
			(Identity { chain_genesis: [0; 32], ..IDENTITY }, "another chain"),
		] {
			let error = refusal(other);
			assert!(error.contains(what) && error.contains("--data-dir"), "{error}");
		}
		let (mut journal, _) = open(dir.path());
		let place = fs::read(&path).unwrap().len();
		journal.file.append(&[4]).unwrap();
		drop(journal);
		let before = fs::read(&path).unwrap();
		let error = refusal(IDENTITY);
		assert!(error.contains(&format!("byte {place} (a record is malformed)")), "{error}");
		assert!(error.contains("restore it") && error.contains("sent again"), "{error}");
		assert_eq!(fs::read(&path).unwrap(), before);
	}
}
