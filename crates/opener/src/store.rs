// SPDX-License-Identifier: Apache-2.0
//! Store of what solvers have done so far and what they found, in a directory, so that a restart costs nothing but
//! the time since the last save.
//!
//! `ID.solver` is the state of a solver, up to 64 MiB; `ID.opening` is a solution and its proof.
//! Neither is a secret: both come from what the chain shows. A file that cannot be used is as good
//! as none.

use crate::decide::Id;
use pvs_files::{read_bounded, write_whole};
use pvs_timelock::{
	solve::{Solver, Squarer},
	Opening, ELEMENT_BYTES, PROOF_BYTES,
};
use std::{
	collections::BTreeSet,
	ffi::OsStr,
	fs, io,
	path::{Path, PathBuf},
	time::Duration,
};

const STATE: &str = "solver";
const OPENING: &str = "opening";
/// A state is not larger.
const MAX_STATE_BYTES: usize = (64 << 20) + 1024;

/// A directory of unfinished work.
#[derive(Clone, Debug)]
pub struct Store {
	dir: PathBuf,
}

impl Store {
	/// Uses a directory, and makes it if it is not there.
	pub fn open(dir: &Path) -> io::Result<Self> {
		fs::create_dir_all(dir)?;
		Ok(Self { dir: dir.into() })
	}

	fn path(&self, id: &Id, kind: &str) -> PathBuf {
		self.dir.join(hex::encode(id)).with_extension(kind)
	}

	/// The solver of a seal as it was last saved, if that is of use.
	pub fn solver(&self, id: &Id, base: &[u8; ELEMENT_BYTES], delay: u64) -> Option<Solver> {
		let (bytes, _) = read_bounded(&self.path(id, STATE), MAX_STATE_BYTES).ok()?;
		Solver::from_bytes(&bytes, base, delay, Squarer::default())
			.inspect_err(|error| tracing::warn!("starting a seal anew: {error}"))
			.ok()
	}

	/// Saves what a solver has done so far.
	pub fn save_solver(&self, id: &Id, solver: &Solver) -> io::Result<()> {
		write_whole(&self.path(id, STATE), &solver.to_bytes())
	}

	/// Returns what was found for a seal before, if it was.
	pub fn opening(&self, id: &Id) -> Option<Opening> {
		let limit = ELEMENT_BYTES.saturating_add(PROOF_BYTES);
		let (bytes, _) = read_bounded(&self.path(id, OPENING), limit).ok()?;
		let (solution, rest) = bytes.split_first_chunk::<ELEMENT_BYTES>()?;
		let proof: [u8; PROOF_BYTES] = rest.try_into().ok()?;
		Some(Opening { solution: *solution, proof })
	}

	/// Saves what was found for a seal; the state of its solver is of no use any more.
	pub fn save_opening(&self, id: &Id, opening: &Opening) -> io::Result<()> {
		let bytes = [&opening.solution[..], &opening.proof[..]].concat();
		write_whole(&self.path(id, OPENING), &bytes)?;
		remove(&self.path(id, STATE))
	}

	/// Forgets all about a seal.
	pub fn forget(&self, id: &Id) -> io::Result<()> {
		remove(&self.path(id, STATE))?;
		remove(&self.path(id, OPENING))
	}

	/// Forgets seals that are `gone`, and of those that are not `kept` what nobody has written to
	/// for as long as `age`. Files of other names stay.
	pub fn clean_up(
		&self,
		gone: &BTreeSet<Id>,
		kept: &BTreeSet<Id>,
		age: Duration,
	) -> io::Result<()> {
		for entry in fs::read_dir(&self.dir)? {
			let path = entry?.path();
			let Some(id) = path.file_name().and_then(id_of) else { continue };
			if kept.contains(&id) {
				continue;
			}
			if gone.contains(&id) || is_older_than(&path, age) {
				remove(&path)?;
			}
		}
		Ok(())
	}
}

/// Returns the seal that a file is about, also one that was being written when the program was killed. `None`
/// for files of other names.
fn id_of(name: &OsStr) -> Option<Id> {
	let (digits, kind) = name.to_str()?.split_once('.')?;
	let is_ours = [STATE, OPENING].into_iter().any(|ours| {
		let rest = kind.strip_prefix(ours);
		rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') && rest.ends_with(".tmp"))
	});
	let mut id = Id::default();
	hex::decode_to_slice(digits, &mut id).ok()?;
	is_ours.then_some(id)
}

/// Returns whether a file was last written to so long ago. One that is gone, or from the future, is not.
fn is_older_than(path: &Path, age: Duration) -> bool {
	let written = fs::metadata(path).and_then(|about| about.modified()).ok();
	written.and_then(|at| at.elapsed().ok()).is_some_and(|since| since >= age)
}

fn remove(path: &Path) -> io::Result<()> {
	match fs::remove_file(path) {
		Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
		_ => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ID: Id = [5; 32];
	const DELAY: u64 = 1 << 10;

	fn base() -> [u8; ELEMENT_BYTES] {
		*pvs_timelock::generator()
	}

	fn store() -> (tempfile::TempDir, Store) {
		let dir = tempfile::tempdir().unwrap();
		let store = Store::open(&dir.path().join("below")).unwrap();
		(dir, store)
	}

	fn opening() -> Opening {
		Opening { solution: [1; ELEMENT_BYTES], proof: [2; PROOF_BYTES] }
	}

	#[test]
	fn solver_should_go_on_where_it_was_saved() {
		let (_dir, store) = store();
		assert!(store.solver(&ID, &base(), DELAY).is_none());
		let mut solver = Solver::new(&base(), DELAY, Squarer::default());
		solver.advance(300);
		store.save_solver(&ID, &solver).unwrap();
		let mut again = store.solver(&ID, &base(), DELAY).unwrap();
		assert_eq!(again.done(), 300);
		assert!(again.advance(DELAY) && solver.advance(DELAY));
		assert_eq!(again.result(), solver.result());
		assert!(store.solver(&ID, &base(), DELAY + 1).is_none(), "of another delay");
	}

	#[test]
	fn solver_should_start_anew_when_its_file_is_damaged() {
		let (_dir, store) = store();
		store.save_solver(&ID, &Solver::new(&base(), DELAY, Squarer::default())).unwrap();
		let path = store.path(&ID, STATE);
		let bytes = fs::read(&path).unwrap();
		fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
		assert!(store.solver(&ID, &base(), DELAY).is_none());
	}

	#[test]
	fn opening_should_take_the_place_of_the_solver() {
		let (_dir, store) = store();
		store.save_solver(&ID, &Solver::new(&base(), DELAY, Squarer::default())).unwrap();
		store.save_opening(&ID, &opening()).unwrap();
		assert_eq!(store.opening(&ID), Some(opening()));
		assert!(store.solver(&ID, &base(), DELAY).is_none());
		fs::write(store.path(&ID, OPENING), [1; 100]).unwrap();
		assert_eq!(store.opening(&ID), None, "cut off");
	}

	#[test]
	fn seals_should_be_forgotten_only_when_they_are_gone_or_old() {
		const DAY: Duration = Duration::from_secs(86_400);
		let (_dir, store) = store();
		let (shown, gone, unknown) = ([5; 32], [6; 32], [7; 32]);
		for id in [shown, gone, unknown] {
			store.save_opening(&id, &opening()).unwrap();
		}
		let half = store.dir.join(format!("{}.solver.17-0.tmp", hex::encode(gone)));
		fs::write(&half, "killed").unwrap();
		let copy = format!("{}.solver.copy", hex::encode(gone));
		let others = ["notes.txt", &copy, "06.opening"].map(|name| store.dir.join(name));
		others.iter().for_each(|other| fs::write(other, "of the operator").unwrap());
		let left = || [shown, gone, unknown].map(|id| store.opening(&id).is_some());
		let kept = BTreeSet::from([shown]);
		store.clean_up(&BTreeSet::new(), &kept, DAY).unwrap();
		assert_eq!(left(), [true, true, true], "of a block that is not here yet");
		store.clean_up(&BTreeSet::from([shown, gone]), &kept, DAY).unwrap();
		assert_eq!((left(), half.exists()), ([true, false, true], false));
		store.clean_up(&BTreeSet::new(), &kept, Duration::ZERO).unwrap();
		assert_eq!(left(), [true, false, false]);
		assert!(others.iter().all(|other| other.exists()));
		store.forget(&shown).unwrap();
		store.forget(&shown).unwrap();
		assert_eq!(left(), [false; 3]);
	}
}
