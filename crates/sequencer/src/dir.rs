// SPDX-License-Identifier: Apache-2.0
//! The directory of a sequencer: its lock, its journal, and the newest saved state.

use crate::{
	journal::{Ended, Identity, Journal, Record},
	pool::{hash_of, Hash},
};
use pvs_files::{JournalError, Lock, LockError};
use pvs_primitives::Bytes32;
use pvs_rollup::{state::State, store::StoreError, transfer::SignedTransfer};
use std::{
	collections::{BTreeMap, HashMap},
	fs,
	path::{Path, PathBuf},
	sync::Arc,
};

const STATE_PREFIX: &str = "state-";
/// Suffix of the name of a state file that cannot be used.
const DAMAGED: &str = ".damaged";

/// Reason why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
	/// Another process has it, or it cannot be made.
	#[error(transparent)]
	Lock(#[from] LockError),
	/// The journal.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// The file of a state.
	#[error(transparent)]
	State(#[from] StoreError),
}

impl DirError {
	/// Returns whether there was no room. What was to be written is not there, not even in part.
	pub(crate) fn is_full(&self) -> bool {
		match self {
			Self::Journal(error) => error.is_full(),
			Self::State(StoreError::Write { source, .. }) => pvs_files::is_full(source),
			Self::State(_) | Self::Lock(_) => false,
		}
	}
}

/// A directory that nobody else uses.
#[derive(Debug)]
pub(crate) struct DataDir {
	path: PathBuf,
	journal: Journal,
	/// True if there is no room for states, for tests.
	#[cfg(test)]
	pub(crate) lacks_room_for_states: bool,
}

/// A state that was saved, and where the chain goes on behind it.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
	pub(crate) state: Arc<State>,
	pub(crate) next_index: u64,
	pub(crate) cursor: u32,
}

/// Content of a directory.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
	/// Accepted transfers that have not ended, in order, with the time of their arrival.
	pub(crate) live: Vec<(u64, SignedTransfer)>,
	/// Ends of the others, oldest first.
	pub(crate) ended: Vec<(Hash, Ended)>,
	/// Records in the journal.
	pub(crate) records: usize,
	pub(crate) saved: Option<Saved>,
	/// Notes that the operator should know.
	pub(crate) notes: Vec<String>,
}

impl DataDir {
	/// Opens a directory, or makes it.
	///
	/// A damaged state file is put aside and noted: the state comes from the chain then.
	///
	/// # Errors
	///
	/// [`DirError::Lock`] if another process has it, [`DirError::Journal`] for one that is damaged or of something
	/// else.
	pub(crate) fn open(path: &Path, identity: Identity) -> Result<(Self, Remembered), DirError> {
		let lock = Lock::take(path)?;
		let (journal, contents) = Journal::open(lock, &identity)?;
		let dir = Self {
			path: path.to_owned(),
			journal,
			#[cfg(test)]
			lacks_room_for_states: false,
		};
		let records = contents.records.len();
		let mut remembered = Remembered { records, ..Remembered::default() };
		if contents.torn > 0 {
			remembered.notes.push(format!(
				"the journal ended with {} bytes of an interrupted write, which nobody was told about; \
				 they were cut off",
				contents.torn
			));
		}
		let mut checkpoint = None;
		// By order of arrival. One that was let go may have come again.
		let mut live = BTreeMap::new();
		let mut places = HashMap::new();
		for (place, record) in contents.records.iter().enumerate() {
			match *record {
				Record::Accepted { received, signed } => {
					live.insert(place, (received, signed));
					places.insert(hash_of(&signed), place);
				},
				Record::Ended { hash, how } => {
					places.remove(&hash).and_then(|place| live.remove(&place));
					remembered.ended.push((hash, how));
				},
				Record::Checkpoint { root, next_index, cursor } => {
					checkpoint = Some((root, next_index, cursor));
				},
			}
		}
		remembered.live = live.into_values().collect();
		if let Some((root, next_index, cursor)) = checkpoint {
			match dir.load(&root) {
				Ok(state) => {
					let state = Arc::new(state);
					remembered.saved = Some(Saved { state, next_index, cursor });
				},
				Err(note) => remembered.notes.push(note),
			}
		}
		dir.tidy(checkpoint.map(|(root, ..)| root));
		Ok((dir, remembered))
	}

	/// Returns where it is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// Adds to the journal. On the disk when this returns.
	pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), DirError> {
		Ok(self.journal.append(records)?)
	}

	/// Saves a state, and that it is the one to start from.
	pub(crate) fn save(&mut self, saved: &Saved) -> Result<(), DirError> {
		let root = saved.state.root();
		#[cfg(test)]
		if self.lacks_room_for_states {
			let source = std::io::ErrorKind::StorageFull.into();
			return Err(StoreError::Write { path: self.state_path(&root), source }.into());
		}
		saved.state.save(&self.state_path(&root))?;
		self.append(&[checkpoint(saved)])?;
		self.tidy(Some(root));
		Ok(())
	}

	/// Writes the journal anew with what it still has to say.
	pub(crate) fn rewrite(&mut self, records: &[Record]) -> Result<(), DirError> {
		Ok(self.journal.rewrite(records)?)
	}

	/// Checks that there is room for so many bytes.
	pub(crate) fn check_room(&self, bytes: usize) -> Result<(), DirError> {
		Ok(self.journal.check_room(bytes)?)
	}

	/// Its journal.
	#[cfg(test)]
	pub(crate) fn journal(&mut self) -> &mut Journal {
		&mut self.journal
	}

	fn state_path(&self, root: &Bytes32) -> PathBuf {
		self.path.join(format!("{STATE_PREFIX}{}", hex::encode(root)))
	}

	/// Loads the state with this root. One that cannot be used is put aside.
	fn load(&self, root: &Bytes32) -> Result<State, String> {
		let path = self.state_path(root);
		let reason = match State::load(&path) {
			Ok(state) if state.root() == *root => return Ok(state),
			Ok(_) => format!("{} holds the state of another root", path.display()),
			Err(StoreError::Read { source, .. }) => {
				return Err(format!(
					"cannot read {} ({source}); the state is made anew from the chain",
					path.display()
				));
			},
			Err(error) => error.to_string(),
		};
		let mut name = path.file_name().unwrap_or_default().to_owned();
		name.push(DAMAGED);
		let aside = path.with_file_name(name);
		let moved = match fs::rename(&path, &aside) {
			Ok(()) => format!("moved to {}", aside.display()),
			Err(error) => format!("cannot be moved aside: {error}"),
		};
		Err(format!("{reason}; {moved}; the state is made anew from the chain"))
	}

	/// Removes states that nothing leads to, also parts of them that interrupted writes have left. States put aside
	/// stay.
	fn tidy(&self, kept: Option<Bytes32>) {
		let kept = kept.map(|root| self.state_path(&root));
		for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
			let name = entry.file_name();
			let name = name.to_string_lossy();
			let is_state = name.starts_with(STATE_PREFIX) && !name.ends_with(DAMAGED);
			if is_state && Some(entry.path()) != kept {
				// A file too many does no harm.
				let _ = fs::remove_file(entry.path());
			}
		}
	}
}

/// The record that a state was saved.
pub(crate) fn checkpoint(saved: &Saved) -> Record {
	let Saved { state, next_index, cursor } = saved;
	Record::Checkpoint { root: state.root(), next_index: *next_index, cursor: *cursor }
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_rollup::{demo, transfer::Transfer};

	const IDENTITY: Identity =
		Identity { rollup: 0, rollup_genesis: [1; 32], chain_genesis: [2; 32] };

	fn saved() -> Saved {
		let state = State::from_genesis(&demo::genesis()).unwrap();
		Saved { state: Arc::new(state), next_index: 4, cursor: 17 }
	}

	#[test]
	fn directory_should_be_refused_when_another_sequencer_has_it() {
		let temporary = tempfile::tempdir().unwrap();
		let (dir, _) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		let error = DataDir::open(temporary.path(), IDENTITY).unwrap_err();
		assert!(matches!(error, DirError::Lock(LockError::InUse(_))), "{error}");
		drop(dir);
		DataDir::open(temporary.path(), IDENTITY).unwrap();
	}

	#[test]
	fn directory_should_remember_what_has_not_ended_and_the_newest_state() {
		let temporary = tempfile::tempdir().unwrap();
		let (mut dir, remembered) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		assert!(remembered.saved.is_none() && remembered.notes.is_empty());
		let transfer = |nonce| {
			let transfer = Transfer { to: 1, amount: 5, nonce, ..Transfer::default() };
			transfer.sign(&demo::secret_key(0))
		};
		for nonce in 0..3 {
			let signed = transfer(nonce);
			dir.append(&[Record::Accepted { received: nonce.into(), signed }]).unwrap();
		}
		let (hash, how) = (hash_of(&transfer(1)), Ended::NonceUsed);
		dir.append(&[Record::Ended { hash, how }]).unwrap();
		// Let go, and sent again.
		let (signed, hash_again) = (transfer(2), hash_of(&transfer(2)));
		let evicted = Ended::Evicted { by: hash };
		dir.append(&[Record::Ended { hash: hash_again, how: evicted }]).unwrap();
		dir.append(&[Record::Accepted { received: 9, signed }]).unwrap();
		dir.save(&saved()).unwrap();
		drop(dir);
		let (_, remembered) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		assert_eq!(remembered.live, [(0, transfer(0)), (9, transfer(2))]);
		assert_eq!(remembered.ended, [(hash, how), (hash_again, evicted)]);
		let found = remembered.saved.unwrap();
		assert_eq!(found.state.root(), saved().state.root());
		assert_eq!((found.next_index, found.cursor), (4, 17));
	}

	/// A process that is killed while it writes leaves these.
	#[test]
	fn unfinished_files_should_be_removed_and_others_stay() {
		let temporary = tempfile::tempdir().unwrap();
		let (mut dir, _) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		dir.save(&saved()).unwrap();
		drop(dir);
		let state = format!("{STATE_PREFIX}{}", hex::encode(saved().state.root()));
		let file = |name: &str| temporary.path().join(name);
		let left = ["journal.17-0.tmp".to_owned(), format!("{state}.17-1.tmp"), "state-00".into()];
		let others = ["journal.copy", "notes.tmp", "state-00.damaged"];
		for name in left.iter().map(String::as_str).chain(others) {
			fs::write(file(name), "half").unwrap();
		}
		let (_, remembered) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		assert!(remembered.notes.is_empty() && remembered.saved.is_some());
		assert!(left.iter().all(|name| !file(name).exists()));
		assert!(others.iter().all(|name| file(name).exists()));
		assert!(["journal", "lock", &state].iter().all(|name| file(name).exists()));
	}

	#[test]
	fn state_file_should_be_put_aside_and_noted_when_it_is_damaged() {
		let temporary = tempfile::tempdir().unwrap();
		let (mut dir, _) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		dir.save(&saved()).unwrap();
		let path = dir.state_path(&saved().state.root());
		drop(dir);
		let mut bytes = fs::read(&path).unwrap();
		bytes[60] ^= 1;
		fs::write(&path, &bytes).unwrap();
		let (_, remembered) = DataDir::open(temporary.path(), IDENTITY).unwrap();
		assert!(remembered.saved.is_none());
		let [note] = &remembered.notes[..] else { panic!("{:?}", remembered.notes) };
		assert!(note.contains("wrong checksum") && note.contains("from the chain"), "{note}");
		let aside = PathBuf::from(format!("{}{DAMAGED}", path.display()));
		assert_eq!(fs::read(aside).unwrap(), bytes);
	}
}
