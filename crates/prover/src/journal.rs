// SPDX-License-Identifier: Apache-2.0
//! What this prover has bid, won and proved.
//!
//! A file of JSON lines that only ever grows. Every line is on the disk before the program acts on
//! it, above all the payload of a bid before its commitment goes out: a prover that crashes after
//! bidding still reveals, and one that crashes after proving does not prove again. The chain
//! decides what is to be done; the journal only holds what the chain cannot know.

use pvs_primitives::{
	api::BatchId, bid::PAYLOAD_BYTES, BlockNumber, Bytes32, RoundNumber, PROOF_BYTES,
};
use serde::{Deserialize, Serialize};
use std::{
	collections::BTreeMap,
	fs::{self, File, OpenOptions},
	io::{self, Read, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};

const FILE_NAME: &str = "journal.jsonl";
/// Version 1 had no rescues. What it says means the same, so it is read and gone on with.
const VERSION: u32 = 2;

/// A round of a batch: what a bid, an assignment and a proof belong to.
pub(crate) type Key = (BatchId, RoundNumber);

/// How a round ended for this prover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Outcome {
	/// It did not bid.
	Skipped {
		/// Why not.
		reason: String,
	},
	/// It bid and another one won, or nobody did; it was on the ladder and not needed, or passed; or
	/// another one was faster in a rescue. It cost nothing.
	Lost,
	/// It delivered and was paid.
	Paid {
		/// What it got from escrow, in planck.
		#[serde(with = "decimal")]
		payment: u128,
		/// How many blocks it was late.
		late_blocks: BlockNumber,
		/// What it got of the bonds of others, in planck.
		#[serde(with = "decimal", default)]
		slashed_share: u128,
	},
	/// It won and did not deliver.
	Defaulted {
		/// What it lost, in planck.
		#[serde(with = "decimal")]
		slashed: u128,
	},
	/// Its bid did not count.
	Voided,
	/// It won, and the node no longer has the events that say how it went.
	Unknown,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(crate) enum Entry {
	/// The first line: what the rest is about.
	Journal {
		version: u32,
		#[serde(with = "hex_bytes")]
		genesis: Bytes32,
		#[serde(with = "hex_bytes")]
		account: Bytes32,
	},
	/// A bid that is about to go out.
	Bid {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "hex_bytes")]
		batch_digest: Bytes32,
		#[serde(with = "hex_bytes")]
		payload: [u8; PAYLOAD_BYTES],
		#[serde(with = "hex_bytes")]
		commitment: Bytes32,
	},
	/// A block has the bid.
	Placed { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// A block has the reveal.
	Revealed { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The bid won, or its place on the ladder was taken.
	Won {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "decimal")]
		payment: u128,
		assigned_at: BlockNumber,
		on_time_until: BlockNumber,
		late_until: BlockNumber,
	},
	/// A proof for a rescue is about to be made or sent.
	Rescuing { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The proof is made.
	Proved {
		batch: BatchId,
		round: RoundNumber,
		#[serde(with = "hex_bytes")]
		proof: [u8; PROOF_BYTES],
		// Whole numbers only: serde reads no fractions in tagged enums when any crate of the build
		// asks serde_json for arbitrary precision.
		milliseconds: u64,
	},
	/// A block has the proof.
	Delivered { batch: BatchId, round: RoundNumber, block: BlockNumber },
	/// The round is over for this prover.
	Ended { batch: BatchId, round: RoundNumber, outcome: Outcome },
}

/// A sealed bid: what only its bidder knows until it reveals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bid {
	pub(crate) batch_digest: Bytes32,
	pub(crate) payload: [u8; PAYLOAD_BYTES],
	pub(crate) commitment: Bytes32,
}

/// A round that was won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Win {
	pub(crate) payment: u128,
	pub(crate) assigned_at: BlockNumber,
	pub(crate) on_time_until: BlockNumber,
	pub(crate) late_until: BlockNumber,
}

/// All that the journal knows about one round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Job {
	pub(crate) bid: Option<Bid>,
	pub(crate) placed: Option<BlockNumber>,
	pub(crate) revealed: Option<BlockNumber>,
	pub(crate) win: Option<Win>,
	/// The block after which a rescue was begun.
	pub(crate) rescue: Option<BlockNumber>,
	pub(crate) proof: Option<Box<[u8; PROOF_BYTES]>>,
	pub(crate) delivered: Option<BlockNumber>,
	pub(crate) outcome: Option<Outcome>,
}

impl Job {
	/// Whether the round may still ask something of this prover.
	pub(crate) fn is_open(&self) -> bool {
		self.outcome.is_none()
	}
}

/// A journal that cannot be used. The program stops then: it must not act on what it cannot record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
	#[error("cannot use the journal {}: {source}", path.display())]
	Io { path: PathBuf, source: io::Error },
	#[error(
		"the journal {} is damaged at line {line} ({reason}); restore it from a backup, or move it \
		 away if no bid of this prover is open",
		path.display()
	)]
	Damaged { path: PathBuf, line: usize, reason: String },
	#[error(
		"the journal {} belongs to another {what}; name another directory with --data-dir",
		path.display()
	)]
	Foreign { path: PathBuf, what: &'static str },
	#[error("another process uses the journal {}; stop it, or name another --data-dir", path.display())]
	Locked { path: PathBuf },
}

/// The journal's file, and what it says.
#[derive(Debug)]
pub(crate) struct Journal {
	path: PathBuf,
	file: File,
	jobs: BTreeMap<Key, Job>,
}

impl Journal {
	/// Opens the journal in a directory, or starts one. A last line that was cut off by a crash is
	/// removed: nothing was done about it yet. The file stays locked while it is open.
	pub(crate) fn open(
		dir: &Path,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<Self, JournalError> {
		let path = dir.join(FILE_NAME);
		let failed = |source| JournalError::Io { path: path.clone(), source };
		fs::create_dir_all(dir).map_err(failed)?;
		let mut file = private_file().open(&path).map_err(failed)?;
		match file.try_lock() {
			Ok(()) => {},
			Err(fs::TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
			Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
		}
		let mut text = String::new();
		file.read_to_string(&mut text).map_err(failed)?;
		let (entries, kept) = parse(&text).map_err(|(line, reason)| JournalError::Damaged {
			path: path.clone(),
			line,
			reason,
		})?;
		if kept < text.len() {
			tracing::warn!("removing the cut-off last line of {}", path.display());
			file.set_len(kept as u64).map_err(failed)?;
			file.sync_data().map_err(failed)?;
		}
		file.seek(SeekFrom::Start(kept as u64)).map_err(failed)?;

		let mut journal = Self { path, file, jobs: BTreeMap::new() };
		let mut entries = entries.into_iter();
		match entries.next() {
			None => {
				journal.write(&Entry::Journal { version: VERSION, genesis, account })?;
				File::open(dir)
					.and_then(|dir| dir.sync_all())
					.map_err(|source| JournalError::Io { path: journal.path.clone(), source })?;
			},
			Some(first) => journal.check_owner(&first, genesis, account)?,
		}
		for entry in entries {
			journal.apply(entry);
		}
		Ok(journal)
	}

	/// Reads a journal without locking or changing it; empty if there is none.
	pub(crate) fn read(dir: &Path) -> Result<BTreeMap<Key, Job>, JournalError> {
		let path = dir.join(FILE_NAME);
		let text = match fs::read_to_string(&path) {
			Ok(text) => text,
			Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
			Err(source) => return Err(JournalError::Io { path, source }),
		};
		let (entries, _) =
			parse(&text).map_err(|(line, reason)| JournalError::Damaged { path, line, reason })?;
		let mut jobs = BTreeMap::new();
		for entry in entries {
			apply(&mut jobs, entry);
		}
		Ok(jobs)
	}

	fn check_owner(
		&self,
		first: &Entry,
		genesis: Bytes32,
		account: Bytes32,
	) -> Result<(), JournalError> {
		let foreign = |what| Err(JournalError::Foreign { path: self.path.clone(), what });
		match first {
			Entry::Journal { version, .. } if !(1..=VERSION).contains(version) => {
				foreign("program version")
			},
			Entry::Journal { genesis: theirs, .. } if *theirs != genesis => foreign("chain"),
			Entry::Journal { account: theirs, .. } if *theirs != account => foreign("account"),
			Entry::Journal { .. } => Ok(()),
			_ => Err(JournalError::Damaged {
				path: self.path.clone(),
				line: 1,
				reason: "the first line does not say whose journal it is".into(),
			}),
		}
	}

	/// Where the journal is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// The rounds that the journal knows.
	pub(crate) fn jobs(&self) -> &BTreeMap<Key, Job> {
		&self.jobs
	}

	/// What the journal knows about a round.
	pub(crate) fn job(&self, key: &Key) -> Option<&Job> {
		self.jobs.get(key)
	}

	/// Writes a line and waits until it is on the disk.
	pub(crate) fn record(&mut self, entry: Entry) -> Result<(), JournalError> {
		self.write(&entry)?;
		self.apply(entry);
		Ok(())
	}

	fn write(&mut self, entry: &Entry) -> Result<(), JournalError> {
		let failed = |source| JournalError::Io { path: self.path.clone(), source };
		let mut line = serde_json::to_string(entry).map_err(|error| failed(error.into()))?;
		line.push('\n');
		self.file.write_all(line.as_bytes()).map_err(failed)?;
		self.file.sync_data().map_err(failed)
	}

	fn apply(&mut self, entry: Entry) {
		apply(&mut self.jobs, entry);
	}
}

fn private_file() -> OpenOptions {
	let mut options = OpenOptions::new();
	options.read(true).write(true).create(true).truncate(false);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	options
}

/// The entries of a journal, and the number of bytes that hold them. Only the last line may be cut
/// off; otherwise the error names a line and what is wrong with it.
fn parse(text: &str) -> Result<(Vec<Entry>, usize), (usize, String)> {
	let mut entries = Vec::new();
	let mut kept = 0usize;
	for (index, line) in text.split_inclusive('\n').enumerate() {
		let is_last = kept.saturating_add(line.len()) == text.len();
		let Some(complete) = line.strip_suffix('\n') else { break };
		match serde_json::from_str(complete) {
			Ok(entry) => entries.push(entry),
			// A crash can leave a line of the right length whose bytes never reached the disk.
			Err(_) if is_last => break,
			Err(error) => return Err((index.saturating_add(1), error.to_string())),
		}
		kept = kept.saturating_add(line.len());
	}
	Ok((entries, kept))
}

fn apply(jobs: &mut BTreeMap<Key, Job>, entry: Entry) {
	match entry {
		Entry::Journal { .. } => {},
		// A second bid for a round is one on another fork: it starts the round over.
		Entry::Bid { batch, round, batch_digest, payload, commitment } => {
			let bid = Some(Bid { batch_digest, payload, commitment });
			jobs.insert((batch, round), Job { bid, ..Job::default() });
		},
		Entry::Placed { batch, round, block } => {
			jobs.entry((batch, round)).or_default().placed = Some(block);
		},
		Entry::Revealed { batch, round, block } => {
			jobs.entry((batch, round)).or_default().revealed = Some(block);
		},
		Entry::Won { batch, round, payment, assigned_at, on_time_until, late_until } => {
			let job = jobs.entry((batch, round)).or_default();
			job.win = Some(Win { payment, assigned_at, on_time_until, late_until });
			job.rescue = None;
			job.outcome = None;
		},
		Entry::Rescuing { batch, round, block } => {
			let job = jobs.entry((batch, round)).or_default();
			job.rescue = Some(block);
			job.outcome = None;
		},
		Entry::Proved { batch, round, proof, .. } => {
			jobs.entry((batch, round)).or_default().proof = Some(Box::new(proof));
		},
		Entry::Delivered { batch, round, block } => {
			jobs.entry((batch, round)).or_default().delivered = Some(block);
		},
		Entry::Ended { batch, round, outcome } => {
			jobs.entry((batch, round)).or_default().outcome = Some(outcome);
		},
	}
}

/// Bytes as hex digits after `0x`.
mod hex_bytes {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<const N: usize, S: Serializer>(
		bytes: &[u8; N],
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
	}

	pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<[u8; N], D::Error> {
		let text = String::deserialize(deserializer)?;
		let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("0x is missing"))?;
		let mut bytes = [0; N];
		hex::decode_to_slice(digits, &mut bytes).map_err(D::Error::custom)?;
		Ok(bytes)
	}
}

/// Amounts as decimal text: JSON numbers lose digits in most readers.
mod decimal {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<S: Serializer>(
		amount: &u128,
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&amount.to_string())
	}

	pub(super) fn deserialize<'de, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<u128, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GENESIS: Bytes32 = [1; 32];
	const ACCOUNT: Bytes32 = [2; 32];
	const BATCH: BatchId = BatchId { rollup: 0, index: 7 };

	fn open(dir: &Path) -> Journal {
		Journal::open(dir, GENESIS, ACCOUNT).unwrap()
	}

	/// A round from its bid to its payment.
	fn story() -> Vec<Entry> {
		let (batch, round) = (BATCH, 1);
		vec![
			Entry::Bid {
				batch,
				round,
				batch_digest: [3; 32],
				payload: [4; PAYLOAD_BYTES],
				commitment: [5; 32],
			},
			Entry::Placed { batch, round, block: 10 },
			Entry::Revealed { batch, round, block: 12 },
			Entry::Won {
				batch,
				round,
				payment: u128::MAX,
				assigned_at: 12,
				on_time_until: 15,
				late_until: 25,
			},
			Entry::Proved { batch, round, proof: [6; PROOF_BYTES], milliseconds: 2_500 },
			Entry::Delivered { batch, round, block: 14 },
			Entry::Ended {
				batch,
				round,
				outcome: Outcome::Paid { payment: u128::MAX, late_blocks: 0, slashed_share: 1 },
			},
		]
	}

	fn written(entries: &[Entry]) -> (tempfile::TempDir, Vec<u8>) {
		let dir = tempfile::tempdir().unwrap();
		let mut journal = open(dir.path());
		for entry in entries {
			journal.record(entry.clone()).unwrap();
		}
		drop(journal);
		let bytes = fs::read(dir.path().join(FILE_NAME)).unwrap();
		(dir, bytes)
	}

	#[test]
	fn job_should_be_the_same_when_read_again_after_each_step() {
		for steps in 0..=story().len() {
			let dir = tempfile::tempdir().unwrap();
			let mut journal = open(dir.path());
			for entry in &story()[..steps] {
				journal.record(entry.clone()).unwrap();
			}
			let before = journal.jobs().clone();
			drop(journal);
			let again = open(dir.path());
			assert_eq!(again.jobs(), &before, "after {steps} steps");
			assert_eq!(Journal::read(dir.path()).unwrap(), before);
			let job = again.job(&(BATCH, 1));
			assert_eq!(job.is_some(), steps > 0);
			assert_eq!(job.is_some_and(|job| job.proof.is_some()), steps > 4);
			assert_eq!(job.is_some_and(|job| !job.is_open()), steps > 6);
		}
	}

	#[test]
	fn journal_should_recover_when_cut_off_at_any_byte() {
		let (_dir, full) = written(&story());
		let lines: Vec<usize> = full
			.iter()
			.enumerate()
			.filter(|(_, byte)| **byte == b'\n')
			.map(|(at, _)| at + 1)
			.collect();
		for cut in 0..full.len() {
			let dir = tempfile::tempdir().unwrap();
			fs::write(dir.path().join(FILE_NAME), &full[..cut]).unwrap();
			let mut journal = open(dir.path());
			let complete = lines.iter().filter(|end| **end <= cut).count();
			assert_eq!(journal.jobs().is_empty(), complete < 2, "cut at {cut}");
			// What is written next must be readable, not glued to the rest of a torn line.
			let next = Entry::Placed { batch: BATCH, round: 9, block: 1 };
			journal.record(next).unwrap();
			drop(journal);
			assert_eq!(open(dir.path()).job(&(BATCH, 9)).unwrap().placed, Some(1), "cut at {cut}");
		}
	}

	#[test]
	fn journal_should_recover_when_the_last_line_is_garbage() {
		let (dir, mut bytes) = written(&story()[..2]);
		bytes.extend(b"\0\0\0\0\0\0\n");
		fs::write(dir.path().join(FILE_NAME), &bytes).unwrap();
		assert_eq!(open(dir.path()).job(&(BATCH, 1)).unwrap().placed, Some(10));
	}

	#[test]
	fn journal_should_be_refused_when_a_line_in_the_middle_is_damaged() {
		let (dir, bytes) = written(&story());
		let text = String::from_utf8(bytes).unwrap().replacen("\"placed\"", "\"plac", 1);
		fs::write(dir.path().join(FILE_NAME), text).unwrap();
		let error = Journal::open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
		assert!(matches!(error, JournalError::Damaged { line: 3, .. }), "{error}");
	}

	#[test]
	fn journal_should_be_refused_when_it_is_of_another_chain_or_account() {
		let (dir, _) = written(&story());
		let open_as = |genesis, account| Journal::open(dir.path(), genesis, account).unwrap_err();
		let chain = open_as([9; 32], ACCOUNT);
		assert!(matches!(chain, JournalError::Foreign { what: "chain", .. }), "{chain}");
		let account = open_as(GENESIS, [9; 32]);
		assert!(matches!(account, JournalError::Foreign { what: "account", .. }), "{account}");
	}

	#[test]
	fn journal_should_be_refused_when_another_process_has_it() {
		let dir = tempfile::tempdir().unwrap();
		let _first = open(dir.path());
		let error = Journal::open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
		assert!(matches!(error, JournalError::Locked { .. }), "{error}");
	}

	#[test]
	fn round_should_start_over_when_a_second_bid_is_recorded() {
		let dir = tempfile::tempdir().unwrap();
		let mut journal = open(dir.path());
		for entry in story() {
			journal.record(entry).unwrap();
		}
		journal.record(story().remove(0)).unwrap();
		let job = journal.job(&(BATCH, 1)).unwrap();
		assert!(job.is_open() && job.win.is_none() && job.placed.is_none());
	}

	#[test]
	fn job_should_be_open_again_when_a_rescue_is_begun() {
		let dir = tempfile::tempdir().unwrap();
		let mut journal = open(dir.path());
		let (batch, round) = (BATCH, 1);
		journal.record(story().remove(0)).unwrap();
		journal.record(Entry::Ended { batch, round, outcome: Outcome::Lost }).unwrap();
		journal.record(Entry::Rescuing { batch, round, block: 40 }).unwrap();
		drop(journal);
		let journal = open(dir.path());
		let job = journal.job(&(BATCH, 1)).unwrap();
		assert!(job.is_open() && job.rescue == Some(40) && job.bid.is_some());
	}

	#[test]
	fn journal_of_an_older_version_should_be_gone_on_with() {
		let (dir, bytes) = written(&story()[..6]);
		let text = String::from_utf8(bytes).unwrap().replacen("\"version\":2", "\"version\":1", 1);
		assert!(text.contains("\"version\":1"));
		let paid = r#"{"entry":"ended","batch":{"rollup":0,"index":7},"round":1,"outcome":{"result":"paid","payment":"9","late_blocks":2}}"#;
		fs::write(dir.path().join(FILE_NAME), format!("{text}{paid}\n")).unwrap();
		let outcome = open(dir.path()).job(&(BATCH, 1)).unwrap().outcome.clone();
		let expected = Outcome::Paid { payment: 9, late_blocks: 2, slashed_share: 0 };
		assert_eq!(outcome, Some(expected));
		let text = text.replacen("\"version\":1", "\"version\":3", 1);
		fs::write(dir.path().join(FILE_NAME), text).unwrap();
		let error = Journal::open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
		assert!(matches!(error, JournalError::Foreign { what: "program version", .. }), "{error}");
	}

	#[test]
	fn journal_should_be_readable_by_its_owner_only() {
		use std::os::unix::fs::PermissionsExt;
		let dir = tempfile::tempdir().unwrap();
		let journal = open(dir.path());
		let mode = fs::metadata(journal.path()).unwrap().permissions().mode();
		assert_eq!(mode & 0o777, 0o600);
	}
}
