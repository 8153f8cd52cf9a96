// SPDX-License-Identifier: Apache-2.0
//! A disk that is full, and has room again. Finding R10 at a sequencer, which ended.

use super::*;
use std::fs;

/// A sequencer with a batch on the chain and a transfer that waits, whose disk is full from now on.
fn full(dir: &Path) -> (Core, Chain, Vec<Hash>) {
	let (mut core, mut chain) = (open(dir).0, Chain::new());
	follow(&mut core, &chain);
	let mut acknowledged = Vec::new();
	for step in [Act::Submit(0, 0), Act::Submit(1, 0), Act::Block, Act::Submit(2, 0)] {
		acknowledged.extend(act(step, &mut core, &mut chain));
	}
	core.fill_disk(true);
	(core, chain, acknowledged)
}

fn dearer(from: u32) -> SignedTransfer {
	Transfer { fee: 50, ..transfer(from, 0).transfer }.sign(&demo::secret_key(from))
}

fn is_final(status: Status) -> bool {
	matches!(status, Status::Ended(Ended::Final { .. }))
}

#[test]
fn transfers_should_be_refused_without_a_trace_when_the_disk_is_full() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, ..) = full(dir.path());
	let journal = fs::read(dir.path().join("journal")).unwrap();
	let entries = |core: &Core| -> Vec<_> { core.pool().entries().into_iter().copied().collect() };
	let before = entries(&core);
	// A new one, the same again, one in the place of another, and one that is wrong anyway.
	let sent = [transfer(3, 0), transfer(3, 0), dearer(2), transfer(4, 90)];
	for attempt in ["the first to notice", "after it was noticed"] {
		let results = core.submit(&sent, &[], 0);
		assert!(
			results.iter().all(|result| matches!(result, Err(SubmitError::Full))),
			"{attempt}: {results:?}"
		);
		assert_eq!(entries(&core), before, "{attempt}");
		assert!(core.failure().unwrap().contains("is full"), "{attempt}");
	}
	for (sent, status) in [
		(transfer(2, 0), Status::Pending),
		(transfer(3, 0), Status::Unknown),
		(dearer(2), Status::Unknown),
	] {
		assert_eq!(core.status(&hash_of(&sent)), status);
	}
	assert_eq!(fs::read(dir.path().join("journal")).unwrap(), journal);
}

#[test]
fn sequencer_should_follow_the_chain_and_commit_nothing_while_the_disk_is_full_and_go_on_then() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain, mut acknowledged) = full(dir.path());
	let journal = || fs::read(dir.path().join("journal")).unwrap();
	let before = journal();
	chain.prove();
	chain.finalize();
	let changes = follow(&mut core, &chain);
	assert!(changes.contains(&Change::Final { batch: 0, transfers: 2 }), "{changes:?}");
	assert!(is_final(core.status(&acknowledged[0])), "in memory");
	assert_eq!(core.settled().root(), chain.finalized.0);
	assert_eq!(core.expire(60_001).unwrap(), 1, "also in memory");
	assert_eq!(core.build(u64::MAX, 0), Ok(None));
	core.look_for_room().unwrap();
	assert!(!core.save().unwrap());
	assert!(core.failure().is_some());
	assert_eq!(journal(), before);

	core.fill_disk(false);
	core.look_for_room().unwrap();
	assert_eq!(core.failure(), None);
	assert!(journal().len() > before.len(), "what happened meanwhile is written down");
	let expired = acknowledged.pop().unwrap();
	acknowledged.extend(act(Act::Submit(3, 0), &mut core, &mut chain));
	assert!(core.build(u64::MAX, 0).unwrap().is_some());
	core.landed();
	drop(core);
	let (mut core, notes) = open(dir.path());
	assert!(notes.is_empty(), "{notes:?}");
	assert!(is_final(core.status(&acknowledged[0])), "before the chain is asked");
	assert_eq!(core.status(&expired), Status::Ended(Ended::Expired));
	settle_and_check(&mut core, &mut chain, &acknowledged, "after the disk was full");
}

#[test]
fn nothing_should_be_lost_or_doubled_when_the_sequencer_is_killed_while_the_disk_is_full() {
	let dir = tempfile::tempdir().unwrap();
	let (mut core, mut chain, acknowledged) = full(dir.path());
	core.submit(&[transfer(3, 0), dearer(2)], &[], 0);
	chain.prove();
	chain.finalize();
	follow(&mut core, &chain);
	assert!(is_final(core.status(&acknowledged[0])));
	drop(core);
	let (mut core, notes) = open(dir.path());
	assert!(notes.is_empty(), "{notes:?}");
	assert_eq!(core.status(&acknowledged[0]), Status::Pending, "it was not written down");
	follow(&mut core, &chain);
	assert!(is_final(core.status(&acknowledged[0])), "the chain tells it again");
	assert_eq!(core.status(&hash_of(&transfer(3, 0))), Status::Unknown);
	settle_and_check(&mut core, &mut chain, &acknowledged, "killed with a full disk");
}

#[test]
fn transfers_should_be_taken_when_there_is_no_room_to_write_the_journal_anew() {
	let dir = tempfile::tempdir().unwrap();
	let upkeep = Upkeep { compact_records: 10, ..UPKEEP };
	let (mut core, chain) = (open_with(dir.path(), upkeep).0, Chain::new());
	follow(&mut core, &chain);
	core.storage.dir().lacks_room_for_states = true;
	let paying = |fee| {
		let transfer = Transfer { from: 0, to: 1, amount: 1, fee, nonce: 0, new_key: None };
		transfer.sign(&demo::secret_key(0))
	};
	// Each but the first adds two records, of which one is of use. It is due after ten, and again ten later.
	for fee in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
		assert!(core.submit(&[paying(fee)], &[], 0)[0].is_ok());
	}
	assert_eq!(core.untidy(), None);
	for fee in [11, 13] {
		assert!(core.submit(&[paying(fee)], &[], 0)[0].is_ok());
		assert!(core.untidy().unwrap().contains("state cannot be saved"));
	}
	assert_eq!(core.failure(), None);
	core.storage.dir().lacks_room_for_states = false;
	for fee in [15, 17, 19] {
		assert!(core.submit(&[paying(fee)], &[], 0)[0].is_ok());
		assert!(core.untidy().is_some(), "not tried again with each transfer");
	}
	assert!(core.submit(&[paying(21)], &[], 0)[0].is_ok());
	assert_eq!(core.untidy(), None);
	assert_eq!(core.storage.records(), 17, "the transfer, how 15 ended, where the state is");
}
