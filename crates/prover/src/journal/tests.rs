// SPDX-License-Identifier: Apache-2.0

use super::*;
use pvs_primitives::{api::BatchId, bid::PAYLOAD_BYTES, PROOF_BYTES};
use pvs_timelock::{EXPONENT_BYTES, SEAL_BYTES};
use std::time::Duration;

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
			Err(JournalError::Locked { .. }) => std::thread::sleep(Duration::from_millis(10)),
			result => return result,
		}
	}
	Journal::open(dir, genesis, account)
}

/// A round from its bid to its payment.
fn story() -> Vec<Entry> {
	let (batch, round) = (BATCH, 1);
	vec![
		Entry::Sealing { batch, round, exponent: [7; EXPONENT_BYTES] },
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
		let before = journal.jobs().clone();
		drop(journal);
		let again = open(dir.path());
		assert_eq!(again.jobs(), &before, "after {steps} steps");
		assert_eq!(Journal::read(dir.path()).unwrap(), before);
		let job = again.job(&(BATCH, 1));
		assert_eq!(job.is_some(), steps > 0);
		assert_eq!(job.is_some_and(|job| job.proof.is_some()), steps > 5);
		assert_eq!(job.is_some_and(|job| !job.is_open()), steps > 7);
	}
}

#[test]
fn journal_should_recover_when_cut_off_anywhere() {
	let (_dir, full) = written(&story());
	let lines: Vec<usize> =
		full.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
	// Around every end of a line, and here and there in between: what is inside a hex number is alike.
	let is_telling =
		|cut: &usize| cut.is_multiple_of(29) || lines.iter().any(|end| end.abs_diff(*cut) <= 3);
	for cut in (0..full.len()).filter(is_telling) {
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
	let (dir, mut bytes) = written(&story()[..3]);
	bytes.extend(b"\0\0\0\0\0\0\n");
	fs::write(dir.path().join(FILE_NAME), &bytes).unwrap();
	assert_eq!(open(dir.path()).job(&(BATCH, 1)).unwrap().placed, Some(10));
}

#[test]
fn journal_should_be_refused_when_a_line_in_the_middle_is_damaged() {
	let (dir, bytes) = written(&story());
	let text = String::from_utf8(bytes).unwrap().replacen("\"placed\"", "\"plac", 1);
	fs::write(dir.path().join(FILE_NAME), text).unwrap();
	let error = try_open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
	assert!(matches!(error, JournalError::Damaged { line: 4, .. }), "{error}");
}

#[test]
fn journal_should_be_refused_when_it_is_of_another_chain_or_account() {
	let (dir, _) = written(&story());
	let open_as = |genesis, account| try_open(dir.path(), genesis, account).unwrap_err();
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
	for entry in story().into_iter().chain(story().into_iter().take(2)) {
		journal.record(entry).unwrap();
	}
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert!(job.is_open() && job.win.is_none() && job.placed.is_none());
	assert_eq!(job.exponents.len(), 2, "the first fork may come back");
}

#[test]
fn exponent_should_be_kept_when_the_line_of_its_bid_is_lost() {
	let (dir, bytes) = written(&story()[..3]);
	let text = String::from_utf8(bytes).unwrap();
	let without: String =
		text.split_inclusive('\n').filter(|line| !line.contains("\"bid\"")).collect();
	fs::write(dir.path().join(FILE_NAME), without).unwrap();
	let journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!((&job.bid, job.placed), (&None, Some(10)));
	assert_eq!(job.exponents, [[7; EXPONENT_BYTES]]);
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

/// What programs before the silence policy `Settle` wrote, word for word.
#[test]
fn journal_should_be_read_when_it_was_written_before_bids_were_settled() {
	let dir = tempfile::tempdir().unwrap();
	let hex = |byte: &str, count: usize| format!("0x{}", byte.repeat(count));
	let about = r#""batch":{"rollup":0,"index":7},"round":1"#;
	let text = [
		format!(
			r#"{{"entry":"journal","version":3,"genesis":"{}","account":"{}"}}"#,
			hex("01", 32),
			hex("02", 32)
		),
		format!(r#"{{"entry":"sealing",{about},"exponent":"{}"}}"#, hex("07", EXPONENT_BYTES)),
		format!(
			r#"{{"entry":"bid",{about},"batch_digest":"{}","payload":"{}","commitment":"{}","seal":"{}"}}"#,
			hex("03", 32),
			hex("04", PAYLOAD_BYTES),
			hex("05", 32),
			hex("08", SEAL_BYTES)
		),
		format!(r#"{{"entry":"placed",{about},"block":10}}"#),
		format!(r#"{{"entry":"ended",{about},"outcome":{{"result":"voided"}}}}"#),
	];
	fs::write(dir.path().join(FILE_NAME), text.join("\n") + "\n").unwrap();
	let journal = open(dir.path());
	let job = journal.job(&(BATCH, 1)).unwrap();
	assert_eq!((job.placed, job.silence), (Some(10), None));
	assert_eq!(job.outcome, Some(Outcome::Voided));
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
	for version in [1, 2, 4] {
		let (dir, bytes) = written(&story());
		let text = String::from_utf8(bytes).unwrap();
		let other = text.replacen("\"version\":3", &format!("\"version\":{version}"), 1);
		assert_ne!(text, other);
		fs::write(dir.path().join(FILE_NAME), other).unwrap();
		let error = try_open(dir.path(), GENESIS, ACCOUNT).unwrap_err();
		assert!(error.to_string().contains("another version of this program"), "{error}");
	}
}

#[test]
fn journal_should_be_readable_by_its_owner_only() {
	use std::os::unix::fs::PermissionsExt;
	let dir = tempfile::tempdir().unwrap();
	let journal = open(dir.path());
	let mode = fs::metadata(journal.path()).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
}
