// SPDX-License-Identifier: Apache-2.0
//! The version of the storage: rows of another one are refused with a line in the log, left as they are, and never
//! taken for rows that are not there.

use crate::{mock::*, Agenda, Batches, Bids, Error, Event, Provers, Rollups};
use frame_support::{
	assert_noop,
	storage::{unhashed, with_transaction},
	traits::{GetStorageVersion, Hooks, StorageVersion},
	weights::Weight,
};
use pvs_primitives::bid::PAYLOAD_BYTES;
use sp_runtime::{DispatchError, TransactionOutcome};
use std::{cell::RefCell, sync::LazyLock};

/// Keeps the lines that the pallet logs.
struct Lines;

thread_local! {
	static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl log::Log for Lines {
	fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
		metadata.target().starts_with("pvs::")
	}

	fn log(&self, record: &log::Record<'_>) {
		if self.enabled(record.metadata()) {
			let line = format!("{} {}: {}", record.level(), record.target(), record.args());
			LINES.with_borrow_mut(|lines| lines.push(line));
		}
	}

	fn flush(&self) {}
}

/// Returns what the pallet logs while a test runs; `None` if another test has set what takes the process's
/// log first, as the one of FRAME that checks the runtime does.
fn logged(test: impl FnOnce()) -> Option<Vec<String>> {
	static IS_OURS: LazyLock<bool> = LazyLock::new(|| log::set_logger(&Lines).is_ok());
	if *IS_OURS {
		log::set_max_level(log::LevelFilter::Error);
	}
	LINES.take();
	test();
	let lines = LINES.take();
	IS_OURS.then_some(lines)
}

/// The first block of a runtime.
fn enact() {
	Pvs::on_runtime_upgrade();
}

#[test]
fn rows_should_stay_as_they_are_when_they_are_of_an_earlier_version() {
	for version in [0, 1] {
		rows_should_stay_when_they_are_of(version);
	}
}

fn rows_should_stay_when_they_are_of(version: u16) {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		StorageVersion::new(version).put::<Pvs>();
		let before = storage_rows();
		let lines = logged(|| {
			enact();
			// The round would have closed, opened again and failed.
			for _ in 0..100 {
				next_block();
				idle(Weight::MAX);
			}
		});
		assert_eq!(storage_rows(), before);
		if let Some(lines) = lines {
			assert_eq!(lines.len(), 1, "{lines:?}");
			let found = format!("StorageVersion({version})");
			for words in ["ERROR pvs::upgrade", &found, "StorageVersion(2)", "migration"] {
				assert!(lines[0].contains(words), "{words}: {lines:?}");
			}
		}
		let text = "45: storage has the version that this runtime reads";
		assert_eq!(Pvs::do_try_state(), Err(DispatchError::Other(text)));
		// A runtime that migrates them finds every deadline.
		StorageVersion::new(2).put::<Pvs>();
		next_block();
		assert!(events().iter().any(|event| matches!(event, Event::BidVoided { .. })));
	});
}

#[test]
fn storage_should_take_the_version_when_it_has_no_rows() {
	chain(|| {
		StorageVersion::new(0).put::<Pvs>();
		assert!(logged(enact).unwrap_or_default().is_empty());
		assert_eq!(Pvs::on_chain_storage_version(), StorageVersion::new(2));
	});
}

#[test]
fn upgrade_should_change_nothing_when_the_version_is_current() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		let before = storage_rows();
		assert!(logged(enact).unwrap_or_default().is_empty());
		assert_eq!(storage_rows(), before);
	});
}

/// Cuts a row off behind its first bytes while a test runs, so that it does not decode.
fn with_broken_row(key: &[u8], test: impl FnOnce()) {
	let row = unhashed::get_raw(key).expect("the row exists");
	unhashed::put_raw(key, &row[..3]);
	test();
	unhashed::put_raw(key, &row);
}

#[test]
fn row_should_be_corrupt_and_not_missing_when_it_does_not_decode() {
	market(|| {
		let id = commit(500);
		run_to(2);
		let bytes: [u8; PAYLOAD_BYTES] = payload(100, 5).encode();
		bid(id, &ANN, 100, 5);
		with_broken_row(&Rollups::<Test>::hashed_key_for(0), || {
			let change = || Pvs::set_params(signed(&OWNER), 0, params());
			assert_noop!(change(), Error::<Test>::Corrupt);
		});
		with_broken_row(&Provers::<Test>::hashed_key_for(ANN), || {
			assert_noop!(Pvs::bond_more(signed(&ANN), 1), Error::<Test>::Corrupt);
		});
		with_broken_row(&Batches::<Test>::hashed_key_for(id), || {
			assert_noop!(reveal_bytes(id, &ANN, &bytes), Error::<Test>::Corrupt);
		});
		run_to(6);
		with_broken_row(&Bids::<Test>::hashed_key_for(id, ANN), || {
			assert_noop!(reveal_bytes(id, &ANN, &bytes), Error::<Test>::Corrupt);
		});
	});
}

#[test]
fn deadline_should_be_tried_again_when_its_batch_does_not_decode() {
	market(|| {
		let id = commit(500);
		// Nobody bids, so that the round closes with its bidding window.
		let tried = || {
			unhashed::put_raw(&Batches::<Test>::hashed_key_for(id), &[1, 2, 3]);
			System::reset_events();
			next_block();
			let error = Error::<Test>::Corrupt.into();
			assert_eq!(events(), [Event::AgendaItemFailed { batch: id, error }]);
			assert_eq!(Agenda::<Test>::iter_keys().count(), 1, "its entry stays");
			TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
		};
		let due = Batches::<Test>::get(id).and_then(|row| row.due).expect("it is due").at;
		run_to(due - 1);
		with_transaction(tried).expect("no limit of layers is reached");
	});
}
