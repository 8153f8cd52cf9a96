// SPDX-License-Identifier: Apache-2.0
//! The place of a batch's data: a call below the extrinsic that the block's header names. What comes
//! from anywhere else is refused, since nobody would find its data or its seal.

use crate::{mock::*, CommitsInBlock, Error};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::GetDispatchInfo,
	traits::{Hooks, UnfilteredDispatchable},
};
use pvs_primitives::{
	api::BatchId,
	commit_digest::{CommitDigest, COMMIT_DIGEST_BYTES, ENGINE_ID},
	params::RollupParams,
	poseidon::data_commitment,
};
use sp_core::H256;
use sp_runtime::{DigestItem, DispatchError};

type CallOf = crate::Call<Test>;

/// Refused, and charged less than declared.
fn send(who: &AccountId, call: CallOf) -> Result<(), DispatchError> {
	outcome(dispatch(signed(who), call)).map(|_| ())
}

fn commit_call(rollup: u32, data: Vec<u8>, max_fee: u128) -> CallOf {
	CallOf::commit_batch {
		rollup,
		data: data.try_into().expect("short enough"),
		prev_state_root: tip(rollup),
		next_state_root: root(1),
		max_fee,
	}
}

fn bid_call(id: BatchId, bidder: &AccountId) -> CallOf {
	let round = Pvs::round_info(id).expect("open");
	CallOf::place_bid {
		batch: id,
		round: round.round,
		batch_digest: round.batch_digest,
		max_slot_fee: round.slot_fee,
		commitment: commitment(id, bidder, &payload(100, 5).encode()),
		seal: any_seal(),
	}
}

/// The market's items in the header of this block, as bytes behind the engine id.
fn items() -> Vec<Vec<u8>> {
	System::digest()
		.logs
		.into_iter()
		.filter_map(|item| match item {
			DigestItem::Consensus(ENGINE_ID, bytes) => Some(bytes),
			_ => None,
		})
		.collect()
}

/// Ends the block, with whatever extrinsics it had, and begins the next one, as a chain does.
fn new_block() {
	System::set_extrinsic_index(10);
	System::note_finished_extrinsics();
	System::finalize();
	let number = now() + 1;
	System::reset_events();
	System::initialize(&number, &H256::repeat_byte(1), &Default::default());
	Pvs::on_initialize(number);
}

#[test]
fn commit_should_leave_its_place_in_the_header() {
	market(|| {
		new_block();
		in_extrinsic(3);
		assert_ok!(send(&SEQUENCER, commit_call(0, vec![7; 40], 1_000)));
		// Rollup 0, batch 0 and extrinsic 3, little-endian, then the commitment.
		let place = [&[0; 4][..], &[0; 8], &[3, 0, 0, 0], &data_commitment(&[7; 40])].concat();
		assert_eq!(place.len(), 48);
		assert_eq!(COMMIT_DIGEST_BYTES, 48);
		assert_eq!(items(), [place]);
		let header = System::finalize();
		let (logs, expected) =
			(header.digest.logs, DigestItem::Consensus(*b"pvsb", items().remove(0)));
		assert_eq!(logs, [expected]);
		in_extrinsic(EXTRINSIC);
	});
}

#[test]
fn header_should_have_one_item_for_each_commit() {
	market(|| {
		register_rollup(params());
		new_block();
		// Two in one extrinsic, as in a batch of calls, and one in a later one.
		let commits = [(4, 0, 1u8), (4, 1, 2), (6, 0, 3)];
		for (extrinsic, rollup, byte) in commits {
			in_extrinsic(extrinsic);
			assert_ok!(send(&SEQUENCER, commit_call(rollup, vec![byte; 40], 1_000)));
		}
		let expected =
			[(4, 0, 0, 1u8), (4, 1, 0, 2), (6, 0, 1, 3)].map(|(extrinsic, rollup, index, byte)| {
				let batch = BatchId { rollup, index };
				Some(CommitDigest {
					batch,
					extrinsic,
					data_commitment: data_commitment(&[byte; 40]),
				})
			});
		let items = items();
		assert!(items.iter().all(|bytes| bytes.len() == 48));
		let decoded: Vec<_> = items.iter().map(|bytes| CommitDigest::decode(bytes)).collect();
		assert_eq!(decoded, expected);
		// It is what the batch itself says.
		let info = Pvs::batch_info(batch(1)).expect("pending");
		assert_eq!(decoded[2].map(|item| item.data_commitment), Some(info.data_commitment));
	});
}

#[test]
fn header_should_have_no_item_when_the_commit_fails() {
	market(|| {
		new_block();
		in_extrinsic(1);
		let too_low = commit_call(0, vec![7; 40], 999);
		assert_noop!(send(&SEQUENCER, too_low), Error::<Test>::MaxFeeTooLow);
		assert_noop!(send(&GUEST, commit_call(0, vec![7; 40], 1_000)), Error::<Test>::NotSequencer);
		assert_ok!(Pvs::set_sequencer(signed(&OWNER), 0, POOR));
		// It fails at the last check, when it holds the escrow.
		assert_noop!(
			send(&POOR, commit_call(0, vec![7; 40], 1_000)),
			Error::<Test>::InsufficientBalance
		);
		assert_eq!((items(), CommitsInBlock::<Test>::get()), (vec![], 0));
	});
}

#[test]
fn commits_should_be_refused_when_the_block_has_as_many_as_it_may() {
	market(|| {
		PoolPlaces::set(20);
		MaxPendingBatches::set(20);
		assert_ok!(Pvs::set_params(signed(&OWNER), 0, RollupParams { data_len: 1, ..params() }));
		register_rollup(RollupParams { data_len: 1, ..params() });
		new_block();
		in_extrinsic(1);
		let commit = |rollup| send(&SEQUENCER, commit_call(rollup, vec![1], 1_000));
		for number in 0..MAX_COMMITS - 1 {
			assert_ok!(commit(number % 2));
		}
		// One that fails takes no place.
		assert_noop!(send(&SEQUENCER, commit_call(0, vec![1], 999)), Error::<Test>::MaxFeeTooLow);
		assert_ok!(commit(0));
		assert_noop!(commit(0), Error::<Test>::TooManyCommitsInBlock);
		assert_noop!(commit(1), Error::<Test>::TooManyCommitsInBlock);
		assert_eq!(items().len(), usize::try_from(MAX_COMMITS).expect("few"));
		new_block();
		assert_eq!(CommitsInBlock::<Test>::get(), 0);
		in_extrinsic(1);
		assert_ok!(commit(1));
		assert_eq!(items().len(), 1, "of this block only");
	});
}

/// Dispatches both calls as a hook does, a scheduler's for example: neither may pass.
fn assert_refused_in_hook(hook: &str, id: BatchId) {
	let refused = DispatchError::from(Error::<Test>::NotInExtrinsic);
	for (call, who) in [(commit_call(0, vec![7; 40], 1_000), SEQUENCER), (bid_call(id, &ANN), ANN)]
	{
		let before = sp_io::storage::root(Default::default());
		let text = format!("{call:?}");
		let outcome = call.dispatch_bypass_filter(signed(&who));
		assert_eq!(outcome.map_err(|error| error.error), Err(refused), "{hook}: {text:.40}");
		assert_eq!(sp_io::storage::root(Default::default()), before, "{hook}: {text:.40}");
	}
}

/// The hooks in the order in which a chain runs them, with what `frame_system` says in each.
#[test]
fn commit_and_bid_should_be_refused_when_a_hook_dispatches_them() {
	for inherents in [0, 2] {
		market(|| {
			let id = commit(1_000);
			new_block();
			// `on_initialize`, where the index is that of the first extrinsic.
			assert_eq!((System::inherents_applied(), System::extrinsic_index()), (false, Some(0)));
			assert_refused_in_hook("on_initialize", id);
			System::note_finished_initialize();
			for index in 0..inherents {
				System::note_extrinsic(vec![1]);
				assert_eq!(System::extrinsic_index(), Some(index));
				assert_refused_in_hook("an inherent", id);
				applied();
			}
			System::note_inherents_applied();
			// `on_poll`, where the index is that of an extrinsic whose bytes are not noted yet.
			assert_eq!(System::extrinsic_index(), Some(inherents));
			assert_refused_in_hook("on_poll", id);
			System::note_extrinsic(vec![1]);
			assert_ok!(send(&SEQUENCER, commit_call(0, vec![7; 40], 1_000)));
			assert_ok!(send(&ANN, bid_call(id, &ANN)));
			assert_eq!(items().len(), 1);
			applied();
			System::note_finished_extrinsics();
			assert_eq!((System::inherents_applied(), System::extrinsic_index()), (true, None));
			assert_refused_in_hook("on_idle", id);
			Pvs::on_idle(now(), AGENDA_WEIGHT);
			assert_refused_in_hook("on_finalize", id);
			Pvs::on_finalize(now());
			System::finalize();
			// The bytes of this block's extrinsics do not pass for those of the next one's.
			System::initialize(&(now() + 1), &H256::repeat_byte(1), &Default::default());
			System::note_inherents_applied();
			assert_refused_in_hook("on_poll of the next block", id);
			in_extrinsic(EXTRINSIC);
		});
	}
}

/// Notes the extrinsic as applied: the index goes on.
fn applied() {
	System::note_applied_extrinsic(&Ok(().into()), commit_call(0, vec![], 0).get_dispatch_info());
}

/// Other calls bring nothing that somebody would have to find.
#[test]
fn other_calls_should_be_accepted_when_a_hook_dispatches_them() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		run_to(5);
		new_block();
		assert!(!System::inherents_applied());
		assert_ok!(reveal(id, &ANN, 100, 5));
		assert_ok!(deliver(id, &ANN));
		assert_ok!(Pvs::bond_more(signed(&ANN), 1));
		in_extrinsic(EXTRINSIC);
	});
}
