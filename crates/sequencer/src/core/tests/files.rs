// SPDX-License-Identifier: Apache-2.0
//! The files: a disk that fails, a damaged state, a journal that is written anew.

use super::*;
use std::{fs, io::ErrorKind};

/// Lets all writes of the journal fail, or none.
fn fail(core: &mut Core, failure: Option<ErrorKind>) {
	core.storage.dir().journal().failure = failure;
}

/// Records behind an append that failed may be behind half a frame.
#[test]
fn journal_should_be_left_alone_when_an_append_has_failed() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	let mut acknowledged = Vec::new();
	for step in [Act::Submit(0, 0), Act::Submit(1, 0), Act::Block, Act::Submit(2, 0), Act::Prove] {
		acknowledged.extend(act(step, &mut core, &mut chain));
	}
	let path = dir.path().join("journal");
	fail(&mut core, Some(ErrorKind::Other));
	let [result] = &core.submit(&[transfer(3, 0)], &[], 0)[..] else { panic!() };
	assert!(matches!(result, Err(SubmitError::Storage)), "{result:?}");
	// The disk works again, and has half of the append.
	fail(&mut core, None);
	let torn = [fs::read(&path).unwrap(), vec![7; 9]].concat();
	fs::write(&path, &torn).unwrap();

	chain.finalize();
	let save = core.save().map(|_| ());
	for result in [core.follow(chain.heads()).map(|_| ()), save, core.look_for_room()] {
		assert!(matches!(result, Err(CoreError::Stopped(_))), "{result:?}");
	}
	let [result] = &core.submit(&[transfer(4, 0)], &[], 0)[..] else { panic!() };
	assert!(matches!(result, Err(SubmitError::Storage)), "{result:?}");
	assert_eq!(fs::read(&path).unwrap(), torn);
	drop(core);

	let (mut core, notes) = open(dir.path());
	assert!(matches!(&notes[..], [note] if note.contains("9 bytes of an interrupted write")));
	follow(&mut core, &chain);
	assert_eq!(core.status(&hash_of(&transfer(2, 0))), Status::Pending);
	assert_eq!(core.status(&hash_of(&transfer(3, 0))), Status::Unknown);
	settle_and_check(&mut core, &mut chain, &acknowledged, "after an append that failed");
}

#[test]
fn state_should_be_made_from_the_chain_when_its_file_is_damaged_or_gone() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	for (nonce, step) in [Act::Block, Act::Prove, Act::Finalize].iter().cycle().take(9).enumerate()
	{
		act(Act::Submit(0, nonce as u32), &mut core, &mut chain);
		act(*step, &mut core, &mut chain);
	}
	follow(&mut core, &chain);
	core.save().unwrap();
	let settled = core.settled().root();
	assert_ne!(settled, genesis().root());
	drop(core);
	let (core, notes) = open(dir.path());
	assert_eq!((core.settled().root(), notes.len()), (settled, 0));
	drop(core);
	let file = dir.path().join(format!("state-{}", hex::encode(settled)));
	let bytes = fs::read(&file).unwrap();
	fs::write(&file, &bytes[1..]).unwrap();
	for gone in [false, true] {
		let (mut core, notes) = open(dir.path());
		assert_eq!(notes.len(), 1, "{notes:?}");
		assert!(notes[0].contains(if gone { "cannot read" } else { "moved to" }), "{notes:?}");
		assert_eq!(core.settled().root(), genesis().root());
		follow(&mut core, &chain);
		assert_eq!(core.settled().root(), settled);
	}
}

#[test]
fn journal_should_be_written_anew_and_say_the_same_when_it_has_grown() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(0, 0), &mut core, &mut chain);
	for step in [Act::Block, Act::Prove, Act::Finalize] {
		act(step, &mut core, &mut chain);
	}
	follow(&mut core, &chain);
	act(Act::Submit(1, 0), &mut core, &mut chain);
	let path = dir.path().join("journal");
	let before = fs::metadata(&path).unwrap().len();
	core.compact().unwrap();
	assert!(fs::metadata(&path).unwrap().len() < before);
	act(Act::Submit(1, 1), &mut core, &mut chain);
	drop(core);
	let (mut core, notes) = open(dir.path());
	assert!(notes.is_empty(), "{notes:?}");
	follow(&mut core, &chain);
	assert!(matches!(core.status(&hash_of(&transfer(0, 0))), Status::Ended(Ended::Final { .. })));
	for nonce in 0..2 {
		assert_eq!(core.status(&hash_of(&transfer(1, nonce))), Status::Pending);
	}
	assert_eq!(core.settled().account(0).unwrap().nonce, 1);
}

/// Replacements go on while no batch becomes final.
#[test]
fn journal_should_be_written_anew_when_replacements_have_filled_it() {
	let dir = tempfile::tempdir().unwrap();
	let upkeep = Upkeep { compact_records: 10, ..UPKEEP };
	let (mut core, chain) = (open_with(dir.path(), upkeep).0, Chain::new());
	follow(&mut core, &chain);
	let paying = |fee| {
		let transfer = Transfer { from: 0, to: 1, amount: 1, fee, nonce: 0, new_key: None };
		transfer.sign(&demo::secret_key(0))
	};
	let size = || fs::metadata(dir.path().join("journal")).unwrap().len();
	// A replacement adds two records, of which one is of use: that is how the other one ended.
	let mut sizes = vec![size()];
	for fee in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] {
		assert!(core.submit(&[paying(fee)], &[], 0)[0].is_ok());
		sizes.push(size());
	}
	let grew: Vec<bool> = sizes.windows(2).map(|sizes| sizes[1] > sizes[0]).collect();
	assert_eq!(grew, [vec![true; 10], vec![false]].concat());
	assert_eq!(
		core.storage.records(),
		12,
		"the transfer, how ten others ended, where the state is"
	);
	drop(core);
	let (core, _) = open(dir.path());
	assert_eq!(core.storage.records(), 12);
	assert_eq!(core.status(&hash_of(&paying(11))), Status::Pending);
	let replaced = Ended::Replaced { by: hash_of(&paying(11)) };
	assert_eq!(core.status(&hash_of(&paying(10))), Status::Ended(replaced));
}

#[test]
fn nothing_should_be_acknowledged_or_committed_when_the_journal_cannot_be_written() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain) = (open(dir.path()).0, Chain::new());
	follow(&mut core, &chain);
	act(Act::Submit(1, 0), &mut core, &mut chain);
	fail(&mut core, Some(ErrorKind::Other));
	let results = core.submit(&[transfer(0, 0), transfer(0, 1)], &[], 0);
	assert!(results.iter().all(|result| matches!(result, Err(SubmitError::Storage))));
	assert_eq!(core.build(u64::MAX, 0), Ok(None));
}
