// SPDX-License-Identifier: Apache-2.0

use super::*;
use pvs_primitives::{api::BatchId, bid::PAYLOAD_BYTES, PROOF_BYTES};
use pvs_timelock::{EXPONENT_BYTES, SEAL_BYTES};
use std::{fs, time::Duration};

const GENESIS: Bytes32 = [1; 32];
const ACCOUNT: Bytes32 = [2; 32];
const BATCH: BatchId = BatchId { rollup: 0, index: 7 };

fn open(dir: &Path) -> Journal {
	try_open(dir, GENESIS, ACCOUNT).unwrap()
}

/// Opens a journal that no test holds open. A process that another test is just starting can share
/// the lock of a journal that has been closed since, until it runs its own program.
fn try_open(dir: &Path, genesis: Bytes32, account: Bytes32) -> Result<Journal, JournalError> {
	for _ in 0..100 {
		match Journal::open(dir, genesis, account) {
			Err(JournalError::Lock(LockError::InUse(_))) => {
				std::thread::sleep(Duration::from_millis(10))
			},
			result => return result,
		}
	}
	Journal::open(dir, genesis, account)
}

/// A round from its bid to its payment.
fn story() -> Vec<Entry> {
	let (batch, round) = (BATCH, 1);
	vec![
		Entry::Sealing { batch, round, block: 11, exponent: [7; EXPONENT_BYTES] },
		Entry::Bid {
			batch,
			round,
			batch_digest: [3; 32],
			payload: [4; PAYLOAD_BYTES],
			commitment: [5; 32],
			seal: [8; SEAL_BYTES],
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
		let before = journal.history().clone();
		drop(journal);
		let again = open(dir.path());
		assert_eq!(again.history(), &before, "after {steps} steps");
		assert_eq!(Journal::read(dir.path(), GENESIS, ACCOUNT).unwrap(), before);
		let is_open = (1..8).contains(&steps);
		assert_eq!(again.history().open().contains(&(BATCH, 1)), is_open, "after {steps} steps");
		let job = again.job(&(BATCH, 1));
		assert_eq!(job.is_some(), steps > 0);
		assert_eq!(job.is_some_and(|job| job.proof.is_some()), steps > 5);
		assert_eq!(job.is_some_and(|job| !job.is_open()), steps > 7);
	}
}

#[test]
fn journal_should_recover_when_an_entry_is_cut_off() {
	let (dir, bytes) = written(&story());
	for cut in [1, 2, 100] {
		fs::write(dir.path().join(FILE_NAME), &bytes[..bytes.len() - cut]).unwrap();
		let mut journal = open(dir.path());
		let job = journal.job(&(BATCH, 1)).unwrap();
		assert!(job.is_open() && job.delivered == Some(14), "cut off {cut}");
		let next = Entry::Placed { batch: BATCH, round: 9, block: 1 };
		journal.record(next).unwrap();
		drop(journal);
		assert_eq!(open(dir.path()).job(&(BATCH, 9)).unwrap().placed, Some(1), "cut off {cut}");
	}
}

/// Finding R9 of the audit: a tail of any bytes refused the start, and a whole last line that is no entry was
/// cut off in silence.
#[test]
fn journal_should_recover_from_any_tail_and_be_refused_with_an_entry_that_is_none() {
	let (dir, bytes) = written(&story()[..3]);
	let path = dir.path().join(FILE_NAME);
	fs::write(&path, [&bytes[..], &[0xff, 0xfe, b'\n']].concat()).unwrap();
	assert_eq!(open(dir.path()).job(&(BATCH, 1)).unwrap().placed, Some(10));
	let lock = Lock::take(dir.path()).unwrap();
	let identity = identity(&GENESIS, &ACCOUNT);
	let opened = pvs_files::Journal::open(lock, FILE_NAME, &FORMAT, &identity, |_| Ok(()));
	let (mut file, _) = opened.unwrap();
	file.append(b"{\"entry\":\"plac\"}\n").unwrap();
	drop(file);
	let before = fs::read(&path).unwrap();
	let error = try_open(dir.path(), GENESIS, ACCOUNT).unwrap_err().to_string();
	let place = format!("damaged at byte {} (an entry cannot be read", bytes.len());
	assert!(error.contains(&place), "{error}");
	assert!(error.contains("move it away if no bid of this prover is open"), "{error}");
	assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn journal_should_be_refused_when_it_is_of_another_chain_or_account() {
	let (dir, _) = written(&story());
	let open_as = |genesis, account| try_open(dir.path(), genesis, account).unwrap_err();
	let chain = open_as([9; 32], ACCOUNT).to_string();
	assert!(chain.contains("belongs to another chain"), "{chain}");
	let account = open_as(GENESIS, [9; 32]).to_string();
	assert!(account.contains("belongs to another account"), "{account}");
	let read = Journal::read(dir.path(), GENESIS, [9; 32]).unwrap_err().to_string();
	assert_eq!(read, account);
}

#[test]
fn journal_should_be_refused_when_another_process_has_it() {
	let dir = tempfile::tempdir().unwrap();
	let _first = open(dir.path());
	let error = Journal::open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
	assert!(matches!(error, JournalError::Lock(LockError::InUse(_))), "{error}");
}

#[test]
fn round_should_start_over_when_a_second_bid_is_recorded() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	for entry in story().into_iter().chain(story().into_iter().take(2)) {
		journal.record(entry).unwrap();
	}
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert!(job.is_open() && job.win.is_none() && job.placed.is_none());
	assert_eq!(job.exponents.len(), 2, "the first fork may come back");
}

#[test]
fn exponent_should_be_kept_when_the_entry_of_its_bid_is_lost() {
	let mut story = story();
	story.remove(1);
	let (dir, _) = written(&story[..2]);
	let journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!((&job.bid, job.placed), (&None, Some(10)));
	assert_eq!(job.exponents, [[7; EXPONENT_BYTES]]);
}

/// Bids of several rounds go out in one transaction, once all of them are on the disk.
#[test]
fn bids_that_go_out_together_should_each_be_kept_when_the_journal_is_cut_off() {
	const ROUNDS: u32 = 3;
	let mut entries = Vec::new();
	for number in 0..ROUNDS {
		let of_round = story().into_iter().take(2).map(|entry| match entry {
			Entry::Sealing { batch, block, exponent, .. } => {
				Entry::Sealing { batch, round: number, block, exponent }
			},
			Entry::Bid { batch, batch_digest, payload, commitment, seal, .. } => {
				Entry::Bid { batch, round: number, batch_digest, payload, commitment, seal }
			},
			other => panic!("{other:?}"),
		});
		entries.extend(of_round);
	}
	let (dir, bytes) = written(&entries);
	let has_bid = |journal: &Journal| {
		let job = |round| journal.job(&(BATCH, round)).cloned().unwrap();
		(0..ROUNDS).map(job).map(|job| (job.bid.is_some(), job.exponents.len())).collect::<Vec<_>>()
	};
	assert_eq!(has_bid(&open(dir.path())), [(true, 1); 3]);
	// The crash came before the last one was written, so none was sent.
	fs::write(dir.path().join(FILE_NAME), &bytes[..bytes.len() - 1]).unwrap();
	assert_eq!(has_bid(&open(dir.path())), [(true, 1), (true, 1), (false, 1)]);
	// One alone was refused, or its end is unknown: the others have theirs.
	let (dir, _) = written(&entries);
	let mut journal = open(dir.path());
	for round in [0, 2] {
		journal.note(Entry::Placed { batch: BATCH, round, block: 12 }).unwrap();
	}
	drop(journal);
	let journal = open(dir.path());
	let placed = |round| journal.job(&(BATCH, round)).unwrap().placed;
	assert_eq!([0, 1, 2].map(placed), [Some(12), None, Some(12)]);
	assert_eq!(has_bid(&journal), [(true, 1); 3]);
}

/// A round whose reveal was missed, from its bid to its settlement.
fn silent_story() -> Vec<Entry> {
	let (batch, round) = (BATCH, 1);
	let outcome =
		Outcome::Settled { slashed: 3, released: u128::MAX, verdict: Verdict::WouldHaveLost };
	let mut story: Vec<_> = story().into_iter().take(3).collect();
	story.push(Entry::Unsettled { batch, round, block: 20, until: 50 });
	story.push(Entry::Ended { batch, round, outcome });
	story
}

#[test]
fn silent_bid_should_be_kept_with_its_payload_until_it_is_settled() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	let story = silent_story();
	let (last, before) = story.split_last().unwrap();
	for entry in before {
		journal.record(entry.clone()).unwrap();
	}
	drop(journal);
	let mut journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!(job.silence, Some(Silence { seen_at: 20, until: 50 }));
	assert!(job.is_open() && job.bid.is_some() && !job.exponents.is_empty());
	journal.record(last.clone()).unwrap();
	drop(journal);
	let journal = open(dir.path());
	let outcome = journal.job(&(BATCH, 1)).unwrap().outcome.clone();
	let verdict = Verdict::WouldHaveLost;
	assert_eq!(outcome, Some(Outcome::Settled { slashed: 3, released: u128::MAX, verdict }));
}

#[test]
fn silence_should_be_forgotten_when_the_bid_was_revealed_on_another_fork() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	for entry in silent_story().into_iter().take(4) {
		journal.record(entry).unwrap();
	}
	journal.record(Entry::Revealed { batch: BATCH, round: 1, block: 21 }).unwrap();
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!((job.silence, job.revealed), (None, Some(21)));
}

#[test]
fn job_should_be_open_again_when_a_rescue_is_begun() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	let (batch, round) = (BATCH, 1);
	journal.record(story().remove(1)).unwrap();
	journal.record(Entry::Ended { batch, round, outcome: Outcome::Lost }).unwrap();
	journal.record(Entry::Rescuing { batch, round, block: 40 }).unwrap();
	drop(journal);
	let journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert!(job.is_open() && job.rescue == Some(40) && job.bid.is_some());
}

#[test]
fn journal_should_be_refused_when_it_is_of_another_version() {
	let (dir, mut bytes) = written(&story());
	bytes[15] = b'5';
	fs::write(dir.path().join(FILE_NAME), &bytes).unwrap();
	let error = try_open(dir.path(), GENESIS, ACCOUNT).unwrap_err().to_string();
	assert!(error.contains("of version 5 and this program's of version 4"), "{error}");

	let dir = tempfile::tempdir().unwrap();
	let older = dir.path().join("journal.jsonl");
	fs::write(&older, "{\"entry\":\"journal\",\"version\":3}\n").unwrap();
	let error = try_open(dir.path(), GENESIS, ACCOUNT).unwrap_err().to_string();
	assert!(error.contains("journal.jsonl is of version 3 or older"), "{error}");
	assert!(error.contains("of version 4; move it away if no bid"), "{error}");
	let read = Journal::read(dir.path(), GENESIS, ACCOUNT).unwrap_err().to_string();
	assert_eq!(read, error);
	assert!(!dir.path().join(FILE_NAME).exists());
}

#[test]
fn entries_should_be_lines_of_json() {
	let (dir, _) = written(&story());
	let lines = String::from_utf8(Journal::lines(dir.path(), GENESIS, ACCOUNT).unwrap()).unwrap();
	let names: Vec<String> = lines
		.lines()
		.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
		.map(|entry| entry["entry"].as_str().unwrap().to_owned())
		.collect();
	let expected = ["sealing", "bid", "placed", "revealed", "won", "proved", "delivered", "ended"];
	assert_eq!(names, expected);
	assert!(lines.contains(&format!("\"payload\":\"0x{}\"", "04".repeat(PAYLOAD_BYTES))));
	let none = tempfile::tempdir().unwrap();
	assert!(Journal::lines(none.path(), GENESIS, ACCOUNT).unwrap().is_empty());
}

#[test]
fn journal_should_be_readable_by_its_owner_only() {
	use std::os::unix::fs::PermissionsExt;
	let dir = tempfile::tempdir().unwrap();
	let journal = open(dir.path());
	let mode = fs::metadata(journal.path()).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
}

/// The entries of a round of another batch that was skipped.
fn skipped(index: u64) -> Entry {
	let outcome = Outcome::Skipped { reason: "busy".into() };
	Entry::Ended { batch: BatchId { rollup: 0, index }, round: 0, outcome }
}

#[test]
fn journal_should_forget_old_rounds_and_keep_their_numbers_and_what_is_open() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	// One is paid, another one is open.
	let mut entries = story();
	entries.extend(story().into_iter().take(3).map(|mut entry| {
		match &mut entry {
			Entry::Sealing { round, .. }
			| Entry::Bid { round, .. }
			| Entry::Placed { round, .. } => {
				*round = 2;
			},
			_ => {},
		}
		entry
	}));
	for entry in entries {
		journal.record(entry).unwrap();
	}
	let size = || fs::metadata(dir.path().join(FILE_NAME)).unwrap().len();
	let last = MAX_ENDED as u64 + 99;
	let mut grown = size();
	for index in 100..last {
		journal.note(skipped(index)).unwrap();
		assert!(size() > grown);
		grown = size();
	}
	assert_eq!(journal.history().ended(), MAX_ENDED);
	journal.note(skipped(last)).unwrap();
	assert!(size() < grown, "written anew");
	let expected = Totals {
		bids: 1,
		wins: 1,
		paid: 1,
		skipped: MAX_ENDED as u64,
		earned: u128::MAX,
		..Totals::default()
	};
	let before = journal.history().clone();
	assert_eq!((before.ended(), before.totals()), (KEPT_ENDED, &expected));
	assert_eq!(before.open().iter().collect::<Vec<_>>(), [&(BATCH, 2)]);
	assert!(journal.job(&(BATCH, 1)).is_none() && journal.job(&(BATCH, 2)).unwrap().bid.is_some());
	let key = |index| (BatchId { rollup: 0, index }, 0);
	assert!(journal.job(&key(last)).is_some() && journal.job(&key(100)).is_none());
	journal.note(skipped(last + 1)).unwrap();
	let after = journal.history().clone();
	drop(journal);
	assert_eq!(Journal::read(dir.path(), GENESIS, ACCOUNT).unwrap(), after);
	// One more than are kept: the start forgets it.
	let journal = open(dir.path());
	assert_eq!(journal.history().ended(), KEPT_ENDED);
	assert_eq!(journal.history().totals(), after.totals());
	assert_eq!(&Journal::read(dir.path(), GENESIS, ACCOUNT).unwrap(), journal.history());
}

/// Returns what is written when the journal is compacted.
#[test]
fn history_should_be_the_same_when_it_is_read_from_its_own_entries() {
	let mut history = History::default();
	let (batch, round) = (BATCH, 1);
	let again = [
		Entry::Rescuing { batch, round, block: 40 },
		Entry::Ended { batch, round, outcome: Outcome::Lost },
		skipped(1),
		Entry::Unsettled { batch, round, block: 41, until: 50 },
		skipped(2),
		skipped(1),
		Entry::Totals(Totals { skipped: 5, earned: 1, ..Totals::default() }),
	];
	let all = [story(), silent_story(), story(), again.to_vec(), story()[..1].to_vec()].concat();
	for entry in all {
		history.apply(entry);
		let mut read = History::default();
		history.entries().flatten().for_each(|entry| read.apply(entry));
		assert_eq!(read, history);
	}
}

/// Finding R10 of the audit.
#[test]
fn what_has_happened_should_be_kept_in_memory_while_the_disk_is_full_and_written_then() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	let story = story();
	for entry in &story[..5] {
		journal.record(entry.clone()).unwrap();
	}
	journal.fill_disk(true);
	let sealing =
		Entry::Sealing { batch: BATCH, round: 2, block: 9, exponent: [7; EXPONENT_BYTES] };
	assert!(journal.record(sealing.clone()).unwrap_err().is_full());
	assert!(journal.job(&(BATCH, 2)).is_none(), "it must not be acted on");
	for entry in &story[5..7] {
		assert!(journal.note(entry.clone()).unwrap_err().is_full());
	}
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert!(job.proof.is_some() && job.delivered == Some(14));
	assert!(journal.complete().unwrap_err().is_full());
	let on_disk = || Journal::read(dir.path(), GENESIS, ACCOUNT).unwrap();
	assert!(on_disk().jobs()[&(BATCH, 1)].proof.is_none());

	journal.fill_disk(false);
	journal.complete().unwrap();
	assert_eq!(&on_disk(), journal.history());
	journal.complete().unwrap();
	journal.record(sealing).unwrap();
	journal.note(story[7].clone()).unwrap();
	assert_eq!(&on_disk(), journal.history());
	assert_eq!(on_disk().totals().paid, 1);
}

#[test]
fn what_could_not_be_written_should_come_before_what_is_written_next() {
	let dir = tempfile::tempdir().unwrap();
	let mut journal = open(dir.path());
	journal.fill_disk(true);
	for entry in &story()[..3] {
		assert!(journal.note(entry.clone()).is_err());
	}
	journal.fill_disk(false);
	journal.record(story()[3].clone()).unwrap();
	drop(journal);
	let journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!((job.placed, job.revealed), (Some(10), Some(12)));
}
