// SPDX-License-Identifier: Apache-2.0

use super::{error::Unfit, frame::is_unwritten, *};
use crate::LockError;
use std::sync::{Arc, Mutex};

const FORMAT: Format = Format { magic: b"pvs/files/test/1", advice: "move it away and begin anew" };
const NAME: &str = "journal";
const HEAD_BYTES: usize = 16 + 4 + 32 + 16;
const FRAME_HEAD_BYTES: usize = 24;
const UNWRITTEN_BYTES: usize = 64;

fn identity(rollup: &[u8; 4]) -> [Part<'_>; 2] {
	[Part { name: "rollup", bytes: rollup }, Part { name: "chain", bytes: &[1; 32] }]
}

/// What a journal says, and how many bytes were cut off.
type Contents = (Vec<Vec<u8>>, u64);

fn try_open(directory: &Path) -> Result<(Journal, Contents), JournalError> {
	let mut payloads = Vec::new();
	let lock = Lock::take(directory).unwrap();
	let (journal, torn) =
		Journal::open(lock, NAME, &FORMAT, &identity(&[7, 0, 0, 0]), |payload| {
			payloads.push(payload.to_vec());
			Ok(())
		})?;
	Ok((journal, (payloads, torn)))
}

fn open(directory: &Path) -> (Journal, Contents) {
	try_open(directory).unwrap()
}

fn refusal(directory: &Path) -> JournalError {
	try_open(directory).map(|(_, contents)| contents).unwrap_err()
}

/// Payloads of different lengths; some are no text, the last one is long.
fn payloads() -> Vec<Vec<u8>> {
	vec![b"one".to_vec(), vec![0xff, 0xfe], b"three".repeat(9), vec![0x80; 2 * UNWRITTEN_BYTES]]
}

/// A directory with a journal of these payloads, its bytes, and where each frame ends.
fn written() -> (tempfile::TempDir, Vec<u8>, Vec<usize>) {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, contents) = open(dir.path());
	assert_eq!(contents, (vec![], 0));
	let mut ends = vec![HEAD_BYTES];
	for payload in payloads() {
		journal.append(&payload).unwrap();
		ends.push(fs::read(journal.path()).unwrap().len());
	}
	journal.append(&[]).unwrap();
	let bytes = fs::read(journal.path()).unwrap();
	assert_eq!(Some(&bytes.len()), ends.last());
	(dir, bytes, ends)
}

fn read_bytes(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, usize), Unfit> {
	let mut payloads = Vec::new();
	let good = read(bytes, &FORMAT, &identity(&[7, 0, 0, 0]), |payload| {
		payloads.push(payload.to_vec());
		Ok(())
	})?;
	Ok((payloads, good.torn))
}

/// By another implementation, from the table of the module.
#[test]
fn journal_should_have_the_bytes_that_the_table_says() {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, _) = open(dir.path());
	journal.append(b"one").unwrap();
	journal.append(b"\xff\xfe two").unwrap();
	let bytes = fs::read(journal.path()).unwrap();
	let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
	let expected = concat!(
		"7076732f66696c65732f746573742f31070000000101010101010101010101010101010101010101",
		"010101010101010101010101f3dbe6fec8b8854cf7701e7e14cf570503000000d45e24ca3e9c1023",
		"f38abd42ca3456985966d7d96f6e65060000004cafd97cc8c47cffb9ca4ce9da0d948ba3500cf1ff",
		"fe2074776f",
	);
	assert_eq!(digits, expected);
}

#[test]
fn journal_should_say_what_was_written_when_it_is_opened_again() {
	let (dir, ..) = written();
	let (mut journal, contents) = open(dir.path());
	assert_eq!(contents, (payloads(), 0));
	assert_eq!((journal.path(), journal.directory()), (&*dir.path().join(NAME), dir.path()));
	journal.append(b"more").unwrap();
	drop(journal);
	assert_eq!(open(dir.path()).1 .0.last().unwrap(), b"more");
}

/// A process that is killed leaves a part of its last append.
#[test]
fn journal_should_lose_only_the_torn_frame_when_cut_at_any_byte() {
	let (_dir, bytes, ends) = written();
	for length in 0..=bytes.len() {
		let result = read_bytes(&bytes[..length]);
		let Some(whole) = ends.iter().rposition(|end| *end <= length) else {
			assert!(result.is_err(), "{length}");
			continue;
		};
		assert_eq!(result, Ok((payloads()[..whole].to_vec(), length - ends[whole])), "{length}");
	}
}

#[test]
fn journal_should_be_refused_with_the_place_when_any_byte_is_changed() {
	let (_dir, bytes, ends) = written();
	for position in 0..bytes.len() {
		for flip in [1, 0x80, 0xff] {
			let mut damaged = bytes.clone();
			damaged[position] ^= flip;
			let unfit = read_bytes(&damaged).unwrap_err();
			let frame = ends.iter().rposition(|end| *end <= position);
			let place = frame.map_or(0, |frame| ends[frame]);
			match unfit {
				Unfit::Magic | Unfit::Version(_) => assert!(position < 16, "byte {position}"),
				Unfit::Damaged { offset, .. } => assert_eq!(offset, place, "byte {position}"),
				Unfit::Foreign(_) => panic!("byte {position}"),
			}
		}
	}
}

/// A machine that loses its power may leave a file as long as it should be, with zeros in the last append.
#[test]
fn last_frame_should_be_cut_off_when_it_was_not_written_and_refused_when_it_was_changed() {
	let (dir, bytes, ends) = written();
	let (start, all) = (ends[3], bytes.len());
	let payload = start + FRAME_HEAD_BYTES;
	let without = |from: usize, to: usize| {
		let mut bytes = bytes.clone();
		bytes[from..to].fill(0);
		bytes
	};
	for (from, to) in [
		(payload, all),
		(payload, payload + UNWRITTEN_BYTES),
		(all - UNWRITTEN_BYTES, all),
		(start, all),
	] {
		let found = read_bytes(&without(from, to));
		assert_eq!(found, Ok((payloads()[..3].to_vec(), all - start)), "{from} to {to}");
	}
	// Fewer zeros than that may be anything.
	let fewer = read_bytes(&without(all - UNWRITTEN_BYTES + 1, all)).unwrap_err();
	assert!(matches!(fewer, Unfit::Damaged { offset, .. } if offset == start), "{fewer:?}");
	// With something behind it, it was on the disk before that came.
	let inside = read_bytes(&without(ends[2] + FRAME_HEAD_BYTES, ends[3])).unwrap_err();
	assert!(matches!(inside, Unfit::Damaged { offset, .. } if offset == ends[2]), "{inside:?}");
	// Appending goes on where the last whole frame ends.
	fs::write(dir.path().join(NAME), without(payload, all)).unwrap();
	let (mut journal, contents) = open(dir.path());
	assert_eq!(contents, (payloads()[..3].to_vec(), (all - start) as u64));
	journal.append(b"next").unwrap();
	drop(journal);
	let expected = [&payloads()[..3], &[b"next".to_vec()]].concat();
	assert_eq!(open(dir.path()).1, (expected, 0));
}

#[test]
fn zeros_should_count_as_unwritten_when_they_are_all_or_many_in_a_row() {
	assert!(is_unwritten(&[0; 3]));
	assert!(!is_unwritten(&[&[0; UNWRITTEN_BYTES - 1][..], &[1], &[0; 9]].concat()));
	assert!(is_unwritten(&[&[1][..], &[0; UNWRITTEN_BYTES], &[1]].concat()));
}

/// Finding R9 of the audit: the tail need not be text.
#[test]
fn torn_end_should_be_cut_off_and_appending_go_on_whatever_its_bytes_are() {
	let (dir, bytes, _) = written();
	for torn in [&[0xff, 0xfe, 0xc3][..], &[b'1'; FRAME_HEAD_BYTES - 1], &[0; 100]] {
		fs::write(dir.path().join(NAME), [&bytes[..], torn].concat()).unwrap();
		let (mut journal, contents) = open(dir.path());
		assert_eq!(contents, (payloads(), torn.len() as u64));
		journal.append(b"next").unwrap();
		drop(journal);
		let expected = [&payloads()[..], &[b"next".to_vec()]].concat();
		assert_eq!(open(dir.path()).1, (expected, 0));
	}
}

#[test]
fn journal_should_be_refused_when_frames_are_left_out_or_swapped() {
	let (_dir, bytes, ends) = written();
	let damaged = |bytes: &[u8], place: usize| {
		let unfit = read_bytes(bytes).unwrap_err();
		assert!(matches!(unfit, Unfit::Damaged { offset, .. } if offset == place), "{unfit:?}");
	};
	damaged(&[&bytes[..ends[1]], &bytes[ends[2]..]].concat(), ends[1]);
	let (first, second) = (&bytes[ends[0]..ends[1]], &bytes[ends[1]..ends[2]]);
	damaged(&[&bytes[..ends[0]], second, first].concat(), ends[0]);
}

#[test]
fn journal_should_be_left_as_it_is_and_the_error_say_what_to_do_when_it_is_refused() {
	let (dir, bytes, ends) = written();
	let path = dir.path().join(NAME);
	let torn = [&bytes[..], b"torn"].concat();
	let lock = Lock::take(dir.path()).unwrap();
	fs::write(&path, &torn).unwrap();
	let open_as = |lock, rollup: &[u8; 4], format: &Format| {
		Journal::open(lock, NAME, format, &identity(rollup), |_| Ok(())).unwrap_err().to_string()
	};
	let error = open_as(lock, &[8, 0, 0, 0], &FORMAT);
	assert!(error.contains("belongs to another rollup; name another directory"), "{error}");
	let take = || Lock::take(dir.path()).unwrap();
	let newer = Format { magic: b"pvs/files/test/2", ..FORMAT };
	let error = open_as(take(), &[7, 0, 0, 0], &newer);
	let expected =
		"is of version 1 and this program's of version 2; use the program that wrote it, or \
	                move it away and begin anew";
	assert!(error.contains(expected), "{error}");
	let other = Format { magic: b"pvs/other/test/1", ..FORMAT };
	let error = open_as(take(), &[7, 0, 0, 0], &other);
	assert!(error.contains("is no journal of this program"), "{error}");
	// A payload that the program cannot read.
	let mut count = 0;
	let refused = Journal::open(take(), NAME, &FORMAT, &identity(&[7, 0, 0, 0]), |_| {
		count += 1;
		if count == 2 {
			Err("an entry is malformed".into())
		} else {
			Ok(())
		}
	});
	let error = refused.unwrap_err().to_string();
	let expected = format!(
		"is damaged at byte {} (an entry is malformed) and was left as it is; restore it from a copy, or \
		 move it away and begin anew",
		ends[1]
	);
	assert!(error.contains(&expected), "{error}");
	assert_eq!(fs::read(&path).unwrap(), torn);
	for (content, expected) in [(&b""[..], "it is empty"), (&bytes[..40], "its head is cut off")] {
		fs::write(&path, content).unwrap();
		let error = refusal(dir.path()).to_string();
		assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
		assert_eq!(fs::read(&path).unwrap(), content);
	}
	fs::write(&path, b"{\"entry\":\"journal\"}\n").unwrap();
	assert!(matches!(refusal(dir.path()), JournalError::NotAJournal(_)));
}

#[test]
fn journal_should_be_one_openers_and_read_by_others_without_a_change() {
	let (dir, bytes, _) = written();
	let path = dir.path().join(NAME);
	fs::write(&path, [&bytes[..], b"torn"].concat()).unwrap();
	let read_at = |path: &Path| {
		let mut payloads = Vec::new();
		let visit = |payload: &[u8]| {
			payloads.push(payload.to_vec());
			Ok(())
		};
		Journal::read(path, &FORMAT, &identity(&[7, 0, 0, 0]), visit).map(|()| payloads)
	};
	assert_eq!(read_at(&path).unwrap(), payloads());
	assert_eq!(fs::read(&path).unwrap().len(), bytes.len() + 4);
	assert_eq!(read_at(&dir.path().join("none")).unwrap(), Vec::<Vec<u8>>::new());
	let (journal, _) = open(dir.path());
	assert!(matches!(Lock::take(dir.path()), Err(LockError::InUse(_))));
	assert_eq!(read_at(&path).unwrap(), payloads());
	drop(journal);
	open(dir.path());
}

#[cfg(unix)]
#[test]
fn journal_should_be_readable_by_its_owner_only_also_when_it_was_not() {
	use std::os::unix::fs::PermissionsExt;
	let (dir, ..) = written();
	let path = dir.path().join(NAME);
	let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
	assert_eq!(mode(), 0o600);
	fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
	let (mut journal, _) = open(dir.path());
	assert_eq!(mode(), 0o600);
	journal.rewrite(payloads()).unwrap();
	assert_eq!(mode(), 0o600);
}

/// What goes wrong with a disk.
#[derive(Debug, Default)]
struct Faults {
	/// Number of bytes that there is still room for, if not for any number.
	room: Option<usize>,
	/// What bringing an append to the disk gives.
	sync: Option<io::ErrorKind>,
	/// What shortening the file gives.
	cut: Option<io::ErrorKind>,
}

#[derive(Debug)]
struct Disk {
	file: File,
	faults: Arc<Mutex<Faults>>,
}

impl Medium for Disk {
	fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
		let faults = self.faults.lock().unwrap();
		let written = faults.room.unwrap_or(usize::MAX).min(bytes.len());
		self.file.add(&bytes[..written])?;
		if written < bytes.len() {
			return Err(io::ErrorKind::StorageFull.into());
		}
		faults.sync.map_or(Ok(()), |kind| Err(kind.into()))
	}

	fn cut(&mut self, length: u64) -> io::Result<()> {
		let kind = self.faults.lock().unwrap().cut;
		kind.map_or_else(|| self.file.cut(length), |kind| Err(kind.into()))
	}
}

/// A journal with one payload on a disk that can fail.
fn on_a_disk(directory: &Path) -> (Journal, Arc<Mutex<Faults>>) {
	let (mut journal, _) = open(directory);
	journal.append(b"first").unwrap();
	let faults = Arc::<Mutex<Faults>>::default();
	let file = OpenOptions::new().append(true).open(journal.path()).unwrap();
	journal.medium = Box::new(Disk { file, faults: Arc::clone(&faults) });
	(journal, faults)
}

/// Finding R10 of the audit.
#[test]
fn append_should_vanish_when_the_disk_is_full_and_be_possible_once_it_is_not() {
	let too_little = |room| Faults { room: Some(room), ..Faults::default() };
	let not_synced = |kind| Faults { sync: Some(kind), ..Faults::default() };
	for full in [
		too_little(0),
		too_little(1),
		too_little(FRAME_HEAD_BYTES + 3),
		not_synced(io::ErrorKind::StorageFull),
		not_synced(io::ErrorKind::QuotaExceeded),
	] {
		for cut in [None, Some(io::ErrorKind::StorageFull), Some(io::ErrorKind::Other)] {
			let dir = tempfile::tempdir().unwrap();
			let (mut journal, faults) = on_a_disk(dir.path());
			let size = || fs::metadata(dir.path().join(NAME)).unwrap().len();
			let before = size();
			*faults.lock().unwrap() = Faults { cut, ..full };
			for _ in 0..2 {
				let error = journal.append(b"second").unwrap_err();
				assert!(error.is_full() || cut == Some(io::ErrorKind::Other), "{error}");
			}
			assert_eq!(size() == before, cut.is_none() || full.room == Some(0));
			*faults.lock().unwrap() = Faults::default();
			journal.append(b"third").unwrap();
			drop(journal);
			let expected = vec![b"first".to_vec(), b"third".to_vec()];
			assert_eq!(open(dir.path()).1, (expected, 0), "{full:?}");
		}
	}
}

/// A process that is killed on a full disk leaves what an interrupted append does.
#[test]
fn append_on_a_full_disk_should_be_cut_off_at_the_next_start() {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, faults) = on_a_disk(dir.path());
	let cut = Some(io::ErrorKind::StorageFull);
	*faults.lock().unwrap() = Faults { room: Some(9), cut, ..Faults::default() };
	assert!(journal.append(b"second").unwrap_err().is_full());
	drop(journal);
	assert_eq!(open(dir.path()).1, (vec![b"first".to_vec()], 9));
}

#[test]
fn nothing_should_be_appended_when_a_write_has_failed_for_another_cause() {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, faults) = on_a_disk(dir.path());
	faults.lock().unwrap().sync = Some(io::ErrorKind::Other);
	let error = journal.append(b"second").unwrap_err();
	assert!(matches!(error, JournalError::Io { .. }) && !error.is_full(), "{error}");
	*faults.lock().unwrap() = Faults::default();
	let before = fs::read(journal.path()).unwrap();
	for result in [journal.append(b"third"), journal.append(&[]), journal.rewrite([b"fourth"])] {
		let error = result.unwrap_err();
		assert!(matches!(error, JournalError::Broken(_)) && !error.is_full(), "{error}");
	}
	assert_eq!(fs::read(journal.path()).unwrap(), before);
}

#[test]
fn payload_should_be_refused_when_it_is_too_long_and_the_journal_go_on() {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, _) = open(dir.path());
	let long = vec![1; MAX_PAYLOAD_BYTES + 1];
	for result in [journal.append(&long), journal.rewrite([&long])] {
		let error = result.unwrap_err();
		assert!(matches!(error, JournalError::TooLong { bytes, .. } if bytes == long.len()));
	}
	journal.append(b"short").unwrap();
	drop(journal);
	assert_eq!(open(dir.path()).1, (vec![b"short".to_vec()], 0));
}

#[test]
fn room_should_be_checked_and_nothing_be_left_of_it() {
	let (dir, bytes, _) = written();
	let (journal, _) = open(dir.path());
	journal.check_room(1 << 16).unwrap();
	assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "journal and lock");
	assert_eq!(fs::read(journal.path()).unwrap(), bytes);
}

#[test]
fn journal_should_say_what_it_is_written_anew_with_and_go_on() {
	let (dir, ..) = written();
	let (mut journal, _) = open(dir.path());
	let kept = &payloads()[2..];
	journal.rewrite(kept).unwrap();
	journal.append(b"next").unwrap();
	drop(journal);
	let (mut journal, contents) = open(dir.path());
	assert_eq!(contents, ([kept, &[b"next".to_vec()]].concat(), 0));
	journal.rewrite(Vec::<Vec<u8>>::new()).unwrap();
	drop(journal);
	assert_eq!(open(dir.path()).1, (vec![], 0));
}

/// Room that is made on a full disk may be used by a new file.
#[test]
fn journal_should_be_whole_when_it_is_written_anew_behind_a_torn_append() {
	let dir = tempfile::tempdir().unwrap();
	let (mut journal, faults) = on_a_disk(dir.path());
	let cut = Some(io::ErrorKind::StorageFull);
	*faults.lock().unwrap() = Faults { room: Some(9), cut, ..Faults::default() };
	assert!(journal.append(b"second").unwrap_err().is_full());
	journal.rewrite([b"first"]).unwrap();
	journal.append(b"third").unwrap();
	drop(journal);
	assert_eq!(open(dir.path()).1, (vec![b"first".to_vec(), b"third".to_vec()], 0));
}

#[test]
fn journal_should_say_what_it_did_when_writing_it_anew_was_interrupted() {
	let (dir, ..) = written();
	let half = dir.path().join("journal.17-0.tmp");
	fs::write(&half, b"pvs/files/test/1").unwrap();
	let (_journal, contents) = open(dir.path());
	assert_eq!(contents, (payloads(), 0));
	assert!(!half.exists());
}

#[test]
fn journal_should_go_on_when_the_new_file_cannot_be_made_and_stop_when_it_may_be_there() {
	let (dir, bytes, _) = written();
	// So long a name has none beside it.
	let name = "j".repeat(250);
	let path = dir.path().join(&name);
	fs::write(&path, &bytes).unwrap();
	let open_long = || {
		let mut count = 0;
		let lock = Lock::take(dir.path()).unwrap();
		let opened = Journal::open(lock, &name, &FORMAT, &identity(&[7, 0, 0, 0]), |_| {
			count += 1;
			Ok(())
		});
		(opened.unwrap().0, count)
	};
	let (mut journal, _) = open_long();
	let error = journal.rewrite([b"anew"]).unwrap_err();
	assert!(matches!(error, JournalError::Io { .. }), "{error}");
	journal.append(b"next").unwrap();
	drop(journal);
	assert_eq!(open_long().1, payloads().len() + 1);

	let (mut journal, _) = open(dir.path());
	fs::remove_file(journal.path()).unwrap();
	fs::create_dir(journal.path()).unwrap();
	let error = journal.rewrite([b"anew"]).unwrap_err();
	assert!(matches!(error, JournalError::Io { .. }), "{error}");
	assert!(matches!(journal.append(b"next"), Err(JournalError::Broken(_))));
}
