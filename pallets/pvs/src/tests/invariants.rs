// SPDX-License-Identifier: Apache-2.0
//! Negative controls: each invariant of `try_state` fails when what it is about is corrupted (F1).

use crate::{
	mock::*,
	types::{agenda_key, expiry_key, Due, Lane, PlaceKind, RoundKey},
	Agenda, BatchRecord, Batches, BidRecord, Bids, CurrentPasses, Expiries, ProverRecord, Provers,
	RecentBatches, RollupCount, RollupRecord, Rollups, Totals, UnsettledBid, UnsettledBids,
	UnsettledRound, UnsettledRounds, VerifyingKeys,
};
use frame_support::{storage::with_transaction, traits::StorageVersion};
use pvs_auction::{
	recent::RecentBatch,
	round::{BidStage, Stage},
	settle::ClosedRound,
};
use pvs_primitives::api::{BatchId, SealPlace, Unbonding};
use sp_runtime::{DispatchError, TransactionOutcome};
use std::collections::BTreeSet;

fn rollup_row(change: impl FnOnce(&mut RollupRecord<AccountId>)) {
	Rollups::<Test>::mutate(0, |row| change(row.as_mut().expect("registered")));
}

fn batch_row(index: u64, change: impl FnOnce(&mut BatchRecord<AccountId>)) {
	Batches::<Test>::mutate(batch(index), |row| change(row.as_mut().expect("pending")));
}

fn prover_row(change: impl FnOnce(&mut ProverRecord)) {
	Provers::<Test>::mutate(&ANN, |row| change(row.as_mut().expect("registered")));
}

fn void_bid() -> BidRecord {
	BidRecord {
		commitment: [0; 32],
		seal_hash: [0; 32],
		placed: SealPlace { block: 1, extrinsic: 1 },
		share: 0,
		stage: BidStage::Void,
	}
}

/// A round of a batch that has ended, with a silent bid of Dee.
const CLOSED: RoundKey = RoundKey { batch: BatchId { rollup: 0, index: 7 }, round: 0 };

fn closed_row(change: impl FnOnce(&mut UnsettledRound<AccountId>)) {
	UnsettledRounds::<Test>::mutate(CLOSED.batch, CLOSED.round, |row| {
		change(row.as_mut().expect("kept"))
	});
}

fn silent_bid() -> UnsettledBid {
	let BidRecord { commitment, seal_hash, placed, share, .. } = void_bid();
	UnsettledBid { commitment, seal_hash, placed, share }
}

/// Keeps a final batch that the rollup does not have.
fn put_recent_batch(rollup: u32) {
	RecentBatches::<Test>::insert(rollup, 0, RecentBatch { prover: ANN, paid: 1 });
}

fn put_closed_round() {
	let closed = ClosedRound {
		reserve: 500,
		silence_penalty: 100,
		scoring: (&params()).into(),
		winner: None,
		until: 90,
	};
	let kept = UnsettledRound {
		committer: SEQUENCER,
		sequencer: SEQUENCER,
		batch_digest: [0; 32],
		seal_digest: test_parameters().digest(),
		closed,
		bids: 1,
		expires_at: 90,
	};
	UnsettledRounds::<Test>::insert(CLOSED.batch, CLOSED.round, kept);
	UnsettledBids::<Test>::insert(CLOSED.id(), DEE, silent_bid());
	Expiries::<Test>::insert(expiry_key(90, CLOSED), ());
	Provers::<Test>::mutate(DEE, |row| row.as_mut().expect("registered").reserved += 600);
}

fn auction_of(row: &mut BatchRecord<AccountId>) -> &mut pvs_auction::round::Auction {
	match &mut row.round.stage {
		Stage::Auction(auction) => auction,
		other => panic!("not an auction: {other:?}"),
	}
}

/// A place in the agenda that no batch has.
const OTHER: Due = Due { lane: Lane::Others, at: 999 };

/// Each number with something that breaks it and none before it. Batch 0 is in bidding with a bid of
/// Ann, batch 1 is assigned to Ben, batch 2 has no bids.
fn corruptions() -> Vec<(u32, fn())> {
	vec![
		(1, || batch_row(0, |row| row.max_fee += 1)),
		(2, || batch_row(0, |row| row.snapshot.params.sequencer_bond += 1)),
		(3, || batch_row(0, |row| row.deposit += 1)),
		(4, || rollup_row(|row| row.deposit += 1)),
		(5, || prover_row(|row| row.stake += 1)),
		(5, || prover_row(|row| row.unbonding = Some(Unbonding { amount: 1, at: 0 }))),
		(6, || prover_row(|row| row.reserved += 1)),
		(6, || Bids::<Test>::remove(batch(0), ANN)),
		(7, || {
			prover_row(|row| {
				let moved = row.stake - row.reserved + 1;
				row.stake -= moved;
				row.unbonding = Some(Unbonding { amount: moved, at: 0 });
			});
		}),
		(8, || Provers::<Test>::remove(ANN)),
		(9, || batch_row(0, |row| auction_of(row).bids += 1)),
		(9, || batch_row(0, |row| auction_of(row).sealed -= 1)),
		(9, || Bids::<Test>::insert(batch(1), CID, void_bid())),
		(10, || {
			for number in 0..MAX_BIDS {
				let bidder = AccountId::new([100 + u8::try_from(number).expect("few"); 32]);
				Bids::<Test>::insert(batch(0), bidder, void_bid());
			}
			batch_row(0, |row| auction_of(row).bids += MAX_BIDS);
		}),
		(11, || Bids::<Test>::insert(batch(9), ANN, void_bid())),
		(12, || Totals::<Test>::mutate(|totals| totals.taken_places += 1)),
		(13, || rollup_row(|row| row.pending += 1)),
		(14, || VerifyingKeys::<Test>::remove(0)),
		(15, || {
			// A gap where batch 1 was.
			Batches::<Test>::insert(batch(3), Batches::<Test>::take(batch(1)).expect("pending"));
		}),
		(16, || batch_row(1, |row| row.prev_state_root = root(77))),
		(17, || rollup_row(|row| row.next_index += 1)),
		(18, || rollup_row(|row| row.tip_root = root(77))),
		(19, || Rollups::<Test>::remove(0)),
		(20, || Agenda::<Test>::insert(agenda_key(OTHER, batch(0)), ())),
		(21, || CurrentPasses::<Test>::mutate(|passes| passes[1].until = 1_000)),
		(22, || batch_row(0, |row| row.due = Some(OTHER))),
		(23, || {
			batch_row(0, |row| {
				Agenda::<Test>::remove(agenda_key(row.due.take().expect("due"), batch(0)));
			});
		}),
		(24, || {
			Agenda::<Test>::insert(agenda_key(OTHER, BatchId { rollup: 5, index: 5 }), ());
		}),
		(25, || batch_row(1, |row| row.round.slashed += 1)),
		(25, || Totals::<Test>::mutate(|totals| totals.kept_bonds += 1)),
		(25, || {
			// The sums agree, and the account has less.
			batch_row(1, |row| row.round.slashed += 1);
			Totals::<Test>::mutate(|totals| totals.kept_bonds += 1);
		}),
		(26, || prover_row(|row| row.deposit += 1)),
		(27, || rollup_row(|row| row.prices.reserve = row.params.max_reserve + 1)),
		(27, || rollup_row(|row| row.prices.reserve = row.params.min_reserve - 1)),
		(28, || batch_row(2, |row| row.round.reserve = row.max_fee + 1)),
		(28, || batch_row(2, |row| row.round.reserve = 0)),
		(29, || batch_row(2, |row| row.round.empty_rounds = 4)),
		(29, || batch_row(2, |row| row.round.failed_rounds = 4)),
		(30, || batch_row(2, |row| row.snapshot.seal_digest = [9; 32])),
		(31, || batch_row(2, |row| row.snapshot.max_bids = MAX_BIDS + 1)),
		(6, || UnsettledBids::<Test>::remove(CLOSED.id(), DEE)),
		(32, || Expiries::<Test>::insert(expiry_key(91, CLOSED), ())),
		(33, || closed_row(|row| row.bids += 1)),
		(34, || Expiries::<Test>::remove(expiry_key(90, CLOSED))),
		(34, || closed_row(|row| row.expires_at += 1)),
		(34, || closed_row(|row| row.closed.until += 1)),
		(35, || closed_row(|row| row.seal_digest = [9; 32])),
		(36, || UnsettledBids::<Test>::insert((CLOSED.batch, 1), CID, silent_bid())),
		(37, || Expiries::<Test>::insert(expiry_key(90, RoundKey { round: 1, ..CLOSED }), ())),
		(38, || batch_row(0, |row| row.place.rate += 1)),
		(38, || batch_row(0, |row| row.place.until += 1)),
		(39, || {
			// What is held is the same, for another batch.
			let until = Batches::<Test>::get(batch(0)).expect("pending").place.until;
			batch_row(0, |row| row.place.until = row.committed_at);
			batch_row(1, |row| row.place.until += until - row.committed_at);
		}),
		(40, || rollup_row(|row| row.guaranteed += 1)),
		(40, || {
			batch_row(2, |row| row.place.kind = PlaceKind::Guaranteed);
			Totals::<Test>::mutate(|totals| totals.taken_places = 0);
		}),
		(41, || rollup_row(|row| row.offered_to = Some(OWNER))),
		(42, || RollupCount::<Test>::mutate(|count| *count += 1)),
		(43, || put_recent_batch(0)),
		(44, || put_recent_batch(9)),
		(45, || StorageVersion::new(0).put::<Pvs>()),
		(46, || rollup_row(|row| row.finals += 1)),
		(47, || rollup_row(|row| row.waiting += 1)),
	]
}

/// F1: the ledger's liabilities are compared with what is held, and every other invariant is checked.
#[test]
fn try_state_escrow_covers_liabilities() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &BEN, 100, 20);
		run_to(5);
		// Batch 0 and 2 are in their second round.
		run_to(6);
		reveal(ids[1], &BEN, 100, 20).expect("the reveal is valid");
		bid(ids[0], &ANN, 100, 20);
		put_closed_round();
		for (number, corrupt) in corruptions() {
			Pvs::do_try_state().expect("nothing is corrupt");
			let found = with_transaction(|| -> TransactionOutcome<Result<_, DispatchError>> {
				corrupt();
				TransactionOutcome::Rollback(Ok(Pvs::do_try_state()))
			})
			.expect("no limit of layers is reached");
			match found {
				Err(DispatchError::Other(text)) => {
					assert!(text.starts_with(&format!("{number}: ")), "{number}: found {text:?}");
				},
				other => panic!("invariant {number}: {other:?}"),
			}
		}
	});
}

#[test]
fn every_invariant_should_have_a_negative_control() {
	let source = include_str!("../try_state.rs");
	let numbered: BTreeSet<u32> = source
		.split('"')
		.filter_map(|text| text.split_once(": "))
		.filter_map(|(number, _)| number.parse().ok())
		.collect();
	assert!(numbered.len() >= 12);
	let covered: BTreeSet<u32> = corruptions().into_iter().map(|(number, _)| number).collect();
	assert_eq!(numbered, covered);
}
