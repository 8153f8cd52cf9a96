// SPDX-License-Identifier: Apache-2.0
//! Moments at which a sequencer is killed: at random, or at the first sign that it writes something.

use pvs_primitives::hash::blake2_256;
use std::{
	collections::BTreeSet,
	fs,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Interval at which the data directory is looked at: a write takes milliseconds.
const POLL: Duration = Duration::from_micros(300);
/// From the sign of a write to the kill at most, so that some come in the middle of it and some after it.
const MAX_DELAY: Duration = Duration::from_millis(2);
/// The longest wait of a kill that nothing tells of.
const MAX_WAIT: Duration = Duration::from_secs(2);

const TEMPORARY: &str = ".tmp";

/// Moment that a kill waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
	/// The journal grows.
	Append,
	/// A file of a state appears.
	Save,
	/// A journal is written anew.
	Compaction,
	/// Nothing: time goes by.
	Any,
	/// All is over.
	End,
}

impl Moment {
	/// Returns what it is called.
	pub(super) fn name(self) -> &'static str {
		match self {
			Self::Append => "append",
			Self::Save => "state save",
			Self::Compaction => "compaction",
			Self::Any => "random",
			Self::End => "end",
		}
	}
}

/// Numbers that depend on a seed alone.
#[derive(Debug)]
pub(super) struct Dice {
	seed: u64,
	throws: u64,
}

impl Dice {
	pub(super) fn new(seed: u64) -> Self {
		Self { seed, throws: 0 }
	}

	/// A number below `bound`, which is far below 2^64.
	fn below(&mut self, bound: u64) -> u64 {
		self.throws = self.throws.wrapping_add(1);
		let throw = [self.seed.to_le_bytes(), self.throws.to_le_bytes()].concat();
		let [a, b, c, d, e, f, g, h, ..] = blake2_256(&[b"pvs-demo/crash", &throw]);
		u64::from_le_bytes([a, b, c, d, e, f, g, h]) % bound.max(1)
	}

	fn time_below(&mut self, bound: Duration) -> Duration {
		Duration::from_micros(self.below(u64::try_from(bound.as_micros()).unwrap_or(u64::MAX)))
	}

	/// Puts these into an order.
	pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
		for last in (1..items.len()).rev() {
			let other = self.below(last as u64 + 1) as usize;
			items.swap(last, other);
		}
	}

	/// Returns how long to wait once the moment has come.
	pub(super) fn delay(&mut self, moment: Moment) -> Duration {
		match moment {
			Moment::Any => self.time_below(MAX_WAIT),
			Moment::End => Duration::ZERO,
			Moment::Append | Moment::Save | Moment::Compaction => self.time_below(MAX_DELAY),
		}
	}
}

/// Look of a data directory.
#[derive(Debug)]
pub(super) struct Look {
	dir: PathBuf,
	journal: Option<(u64, u64)>,
	names: BTreeSet<String>,
}

impl Look {
	pub(super) fn at(dir: &Path) -> Self {
		let journal = fs::metadata(dir.join("journal")).ok();
		let names = fs::read_dir(dir).into_iter().flatten().flatten();
		Self {
			dir: dir.to_owned(),
			journal: journal.map(|found| (found.ino(), found.len())),
			names: names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect(),
		}
	}

	/// Returns whether the moment has come since then.
	fn shows(&self, before: &Self, moment: Moment) -> bool {
		let is_half = |name: &&String| name.starts_with("journal.") && name.ends_with(TEMPORARY);
		let (now, then) = (self.journal.unwrap_or_default(), before.journal.unwrap_or_default());
		match moment {
			Moment::Append => now.0 == then.0 && now.1 > then.1,
			Moment::Save => {
				self.names.difference(&before.names).any(|name| name.starts_with("state-"))
			},
			Moment::Compaction => now.0 != then.0 || self.names.iter().any(|name| is_half(&name)),
			Moment::Any | Moment::End => true,
		}
	}

	/// Waits until the moment has come since this look. Says whether it has.
	pub(super) fn wait_for(&self, moment: Moment, give_up: Instant) -> bool {
		while !Self::at(&self.dir).shows(self, moment) {
			if Instant::now() >= give_up {
				return false;
			}
			std::thread::sleep(POLL);
		}
		true
	}

	/// Files that were being written.
	pub(super) fn unfinished(&self) -> BTreeSet<String> {
		self.names.iter().filter(|name| name.ends_with(TEMPORARY)).cloned().collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn dice_should_depend_on_the_seed_alone() {
		let order = |seed| {
			let mut items: Vec<u32> = (0..20).collect();
			Dice::new(seed).shuffle(&mut items);
			items
		};
		assert_eq!(order(1), order(1));
		assert_ne!(order(1), order(2));
		let mut sorted = order(3);
		sorted.sort_unstable();
		assert_eq!(sorted, (0..20).collect::<Vec<_>>());
		let mut dice = Dice::new(1);
		let delays: Vec<Duration> = (0..50).map(|_| dice.delay(Moment::Save)).collect();
		assert!(delays.iter().all(|delay| *delay < MAX_DELAY));
		assert!(delays.iter().any(|delay| *delay > MAX_DELAY / 2));
	}

	#[test]
	fn moment_should_have_come_when_the_directory_shows_it() {
		let dir = tempfile::tempdir().unwrap();
		let file = |name: &str| dir.path().join(name);
		fs::write(file("journal"), "1").unwrap();
		fs::write(file("state-1"), "").unwrap();
		let before = Look::at(dir.path());
		let shown = || {
			let now = Look::at(dir.path());
			[Moment::Append, Moment::Save, Moment::Compaction]
				.map(|moment| now.shows(&before, moment))
		};
		assert_eq!(shown(), [false; 3]);
		assert!(!before.wait_for(Moment::Append, Instant::now()));
		fs::write(file("journal"), "12").unwrap();
		assert_eq!(shown(), [true, false, false]);
		assert!(before.wait_for(Moment::Append, Instant::now()));
		fs::write(file("state-2.7-0.tmp"), "").unwrap();
		assert_eq!(shown(), [true, true, false]);
		fs::write(file("journal.7-1.tmp"), "1").unwrap();
		assert_eq!(shown(), [true, true, true]);
		assert_eq!(Look::at(dir.path()).unfinished().len(), 2);
		fs::rename(file("journal.7-1.tmp"), file("journal")).unwrap();
		assert_eq!(shown(), [false, true, true]);
	}
}
