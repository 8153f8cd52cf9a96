// SPDX-License-Identifier: Apache-2.0
//! Several bids in one call: each has the effects of a single one, or fails alone.

use crate::{
	mock::*, types::RoundKey, weights::WeightInfo, BidPlacement, BidReveal, Bids, Call, Error,
	Event, UnsettledRounds, WeightInfoOf,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
	weights::Weight,
};
use pvs_auction::round::BidStage;
use pvs_primitives::{api::BatchId, Balance};
use sp_runtime::DispatchError;

type Weights = WeightInfoOf<Test>;

/// A bid of this account with `payload(fee, 5)`, in the current round.
fn placement(id: BatchId, bidder: &AccountId, fee: Balance) -> BidPlacement {
	crate::mock::placement(id, bidder, &payload(fee, 5).encode())
}

fn reveal_of(batch: BatchId, bidder: &AccountId, fee: Balance) -> BidReveal<AccountId> {
	let payload = payload(fee, 5).encode().to_vec().try_into().expect("85 bytes");
	BidReveal { batch, round: 0, bidder: bidder.clone(), payload }
}

fn place_all(bidder: &AccountId, bids: Vec<BidPlacement>) -> CallResult {
	let bids = bids.try_into().expect("no more than decode");
	outcome(dispatch(signed(bidder), Call::place_bids { bids }))
}

/// Sent by somebody who has no part in the market.
fn reveal_all(reveals: Vec<BidReveal<AccountId>>) -> CallResult {
	let reveals = reveals.try_into().expect("no more than decode");
	outcome(dispatch(signed(&GUEST), Call::reveal_bids { reveals }))
}

fn refused(
	item: u32,
	batch: BatchId,
	bidder: &AccountId,
	error: impl Into<DispatchError>,
) -> Event<Test> {
	Event::BidRefused { item, batch, round: 0, bidder: bidder.clone(), error: error.into() }
}

/// Three batches whose bidding windows are open.
fn three_batches() -> Vec<BatchId> {
	let ids: Vec<_> = (0..3).map(|_| commit(500)).collect();
	run_to(2);
	ids
}

#[test]
fn bids_should_have_the_effects_of_single_ones_when_placed_and_revealed_together() {
	let run = |together: bool| {
		let mut result = (Vec::new(), Vec::new(), Vec::new());
		market(|| {
			let ids = three_batches();
			for id in &ids {
				bid(*id, &BEN, 200, 5);
			}
			System::reset_events();
			let bids: Vec<_> = ids.iter().map(|id| placement(*id, &ANN, 100)).collect();
			if together {
				let info = place_all(&ANN, bids).expect("all are sound");
				assert_eq!(info.actual_weight, Some(Weights::place_bids(3)));
			} else {
				for bid in bids {
					let BidPlacement { batch, round, batch_digest, commitment, seal, .. } = bid;
					let most = Balance::MAX;
					let origin = signed(&ANN);
					assert_ok!(Pvs::place_bid(
						origin,
						batch,
						round,
						batch_digest,
						most,
						commitment,
						seal
					));
				}
			}
			result.0 = events();
			run_to(6);
			System::reset_events();
			let reveals: Vec<_> = ids.iter().map(|id| reveal_of(*id, &ANN, 100)).collect();
			if together {
				let info = reveal_all(reveals).expect("all match");
				assert_eq!(info.actual_weight, Some(Weights::reveal_bids(3)));
			} else {
				for id in &ids {
					assert_ok!(reveal(*id, &ANN, 100, 5));
				}
			}
			result.1 = events();
			for id in &ids {
				assert_ok!(reveal(*id, &BEN, 200, 5));
				assert_eq!(winner(*id), Some(ANN));
			}
			result.2 = [ANN, BEN, SEQUENCER].iter().map(total).collect();
		});
		result
	};
	assert_eq!(run(true), run(false));
}

#[test]
fn bid_should_fail_alone_when_it_is_one_of_several() {
	for bad in 0..3 {
		market(|| {
			let ids = three_batches();
			let mut bids: Vec<_> = ids.iter().map(|id| placement(*id, &ANN, 100)).collect();
			bids[bad].max_slot_fee = SLOT_FEE - 1;
			let before = (prover(&ANN).reserved, total(&ANN));
			System::reset_events();
			assert_ok!(place_all(&ANN, bids));
			let item = u32::try_from(bad).expect("few");
			let refusal = refused(item, ids[bad], &ANN, Error::<Test>::SlotFeeTooHigh);
			let events = events();
			assert_eq!(events.len(), 3);
			assert_eq!(events[bad], refusal);
			for (number, id) in ids.iter().enumerate() {
				assert_eq!(Bids::<Test>::contains_key(id, ANN), number != bad);
			}
			assert_eq!(prover(&ANN).reserved, before.0 + 2 * 600);
			assert_eq!(total(&ANN), before.1 - 2 * SLOT_FEE, "a refused bid burns nothing");
		});
	}
}

/// The first bid of a round moves its deadline from the end of the bidding window to that of the reveals.
#[test]
fn bid_should_be_charged_the_move_of_a_deadline_when_it_is_the_first() {
	market(|| {
		let ids = three_batches();
		let single = |id: BatchId, bidder: &AccountId| {
			let BidPlacement { batch, round, batch_digest, max_slot_fee, commitment, seal } =
				placement(id, bidder, 100);
			let call =
				Call::place_bid { batch, round, batch_digest, max_slot_fee, commitment, seal };
			outcome(dispatch(signed(bidder), call)).expect("it is sound").actual_weight
		};
		let moved = |weight: Weight, moves: u64| {
			Some(weight.saturating_add(Weights::move_deadline().saturating_mul(moves)))
		};
		assert_eq!(single(ids[0], &ANN), moved(Weights::place_bid(), 1));
		assert_eq!(single(ids[0], &BEN), moved(Weights::place_bid(), 0));
		let bids = ids.iter().map(|id| placement(*id, &CID, 100)).collect();
		let info = place_all(&CID, bids).expect("all are sound");
		assert_eq!(info.actual_weight, moved(Weights::place_bids(3), 2));
	});
}

/// Each refusal is that of the single call, and nothing of it stays.
#[test]
fn bids_should_be_refused_by_the_errors_of_single_ones() {
	market(|| {
		let ids = three_batches();
		let good = placement(ids[0], &ANN, 100);
		let bad: [(BidPlacement, Error<Test>); 4] = [
			(good.clone(), Error::AlreadyBid),
			(BidPlacement { round: 1, ..placement(ids[1], &ANN, 100) }, Error::WrongRound),
			(
				BidPlacement { batch: BatchId { rollup: 0, index: 9 }, ..good.clone() },
				Error::BatchNotFound,
			),
			(
				BidPlacement { batch_digest: [9; 32], ..placement(ids[2], &ANN, 100) },
				Error::BatchChanged,
			),
		];
		assert_ok!(place_all(&ANN, vec![good]));
		System::reset_events();
		let rows = storage_rows();
		assert_ok!(place_all(&ANN, bad.iter().map(|(bid, _)| bid.clone()).collect()));
		let expected: Vec<_> = (0..)
			.zip(bad)
			.map(|(item, (bid, error))| Event::BidRefused {
				item,
				batch: bid.batch,
				round: bid.round,
				bidder: ANN,
				error: error.into(),
			})
			.collect();
		assert_eq!(events(), expected);
		assert_eq!(storage_rows(), rows);
	});
}

/// A seal of the wrong length is that bid's fault alone.
#[test]
fn bid_should_be_refused_when_its_seal_has_a_wrong_length() {
	market(|| {
		let ids = three_batches();
		let short = vec![1; 356].try_into().expect("short");
		let bids = vec![
			BidPlacement { seal: short, ..placement(ids[0], &ANN, 100) },
			placement(ids[1], &ANN, 100),
		];
		System::reset_events();
		assert_ok!(place_all(&ANN, bids));
		assert_eq!(events()[0], refused(0, ids[0], &ANN, Error::<Test>::SealWrongLength));
		assert!(Bids::<Test>::contains_key(ids[1], ANN));
	});
}

/// The stake covers the first bids, in the order given.
#[test]
fn bids_should_be_refused_from_the_one_on_that_the_stake_does_not_cover() {
	market(|| {
		let ids = three_batches();
		// Left for two bonds of 600.
		assert_ok!(Pvs::unbond(signed(&ANN), 2 * MIN_STAKE - MIN_STAKE));
		let free = prover(&ANN).stake - prover(&ANN).reserved;
		assert!((3 * 600..4 * 600).contains(&free), "{free}");
		let more = commit(500);
		run_to(3);
		let all = [ids[0], ids[1], ids[2], more];
		let bids = all.iter().map(|id| placement(*id, &ANN, 100)).collect();
		System::reset_events();
		assert_ok!(place_all(&ANN, bids));
		assert_eq!(events()[3], refused(3, more, &ANN, Error::<Test>::InsufficientStake));
		assert_eq!(prover(&ANN).reserved, 3 * 600);
	});
}

#[test]
fn reveal_should_fail_alone_when_it_is_one_of_several() {
	for bad in 0..3 {
		market(|| {
			let ids = three_batches();
			for id in &ids {
				bid(*id, &ANN, 100, 5);
				bid(*id, &BEN, 200, 5);
			}
			run_to(6);
			let mut reveals: Vec<_> = ids.iter().map(|id| reveal_of(*id, &ANN, 100)).collect();
			reveals[bad] = reveal_of(ids[bad], &ANN, 101);
			System::reset_events();
			assert_ok!(reveal_all(reveals));
			let item = u32::try_from(bad).expect("few");
			assert_eq!(
				events()[bad],
				refused(item, ids[bad], &ANN, Error::<Test>::CommitmentMismatch)
			);
			for (number, id) in ids.iter().enumerate() {
				let stage = Bids::<Test>::get(id, ANN).expect("placed").stage;
				assert_eq!(stage == BidStage::Sealed, number == bad);
			}
		});
	}
}

#[test]
fn bids_should_be_refused_when_there_are_none_or_too_many() {
	market(|| {
		let id = three_batches()[0];
		let placements = |count: u32| {
			let one = placement(id, &ANN, 100);
			let bids = vec![one; usize::try_from(count).expect("few")];
			Call::<Test>::place_bids { bids: bids.try_into().expect("they decode") }
		};
		let reveals = |count: u32| {
			let one = reveal_of(id, &ANN, 100);
			let reveals = vec![one; usize::try_from(count).expect("few")];
			Call::<Test>::reveal_bids { reveals: reveals.try_into().expect("they decode") }
		};
		let send = |call: Call<Test>| outcome(dispatch(signed(&ANN), call)).map(|_| ());
		assert_noop!(send(placements(0)), Error::<Test>::NoBids);
		assert_noop!(send(reveals(0)), Error::<Test>::NoBids);
		for count in [MAX_BIDS_PER_CALL + 1, 8 * MAX_BIDS_PER_CALL] {
			assert_noop!(send(placements(count)), Error::<Test>::TooManyBids);
			assert_noop!(send(reveals(count)), Error::<Test>::TooManyBids);
		}
		for count in [MAX_BIDS_PER_CALL - 1, MAX_BIDS_PER_CALL] {
			assert_ok!(send(placements(count)));
			assert_ok!(send(reveals(count)));
		}
		// More are refused at once and declare no more than a full call.
		let declared = |call: Call<Test>| call.get_dispatch_info().call_weight;
		let most = 8 * MAX_BIDS_PER_CALL;
		assert_eq!(declared(placements(most)), declared(placements(MAX_BIDS_PER_CALL)));
		assert_eq!(declared(reveals(most)), declared(reveals(MAX_BIDS_PER_CALL)));
		assert_eq!(placements(1).get_dispatch_info().class, DispatchClass::Normal);
		assert_eq!(reveals(1).get_dispatch_info().class, DispatchClass::Operational);
	});
}

/// The last reveals of several rounds close as many of them as one call may; the agenda closes the others.
#[test]
fn rounds_should_be_closed_by_the_agenda_when_one_call_may_not_close_all() {
	market(|| {
		let ids = three_batches();
		for id in &ids {
			for bidder in [ANN, BEN, CID, DEE] {
				bid(*id, &bidder, 100, 5);
			}
		}
		run_to(6);
		for id in &ids {
			for bidder in [BEN, CID, DEE] {
				assert_ok!(reveal(*id, &bidder, 100, 5));
			}
		}
		let close = Weights::close_round(4);
		assert!(close.saturating_mul(3).any_gt(Pvs::heaviest_step()), "three do not fit");
		assert!(close.saturating_mul(2).all_lte(Pvs::heaviest_step()), "two do");
		let info = reveal_all(ids.iter().map(|id| reveal_of(*id, &ANN, 100)).collect());
		let weight = info.expect("all match").actual_weight;
		// The deadlines of all three moved.
		let expected = Weights::reveal_bids(3)
			.saturating_add(close.saturating_mul(2))
			.saturating_add(Weights::move_deadline().saturating_mul(3));
		assert_eq!(weight, Some(expected));
		assert!(winner(ids[0]).is_some() && winner(ids[1]).is_some());
		let bid = Bids::<Test>::get(ids[2], ANN).expect("its round is open");
		assert!(matches!(bid.stage, BidStage::Revealed(_)), "the reveal counts all the same");
		run_to(7);
		assert!(winner(ids[2]).is_some());
	});
}

/// Silent bids of closed rounds are settled, and charged as that.
#[test]
fn reveals_should_settle_silent_bids_of_closed_rounds() {
	market_with(settling_params(), || {
		let ids = three_batches();
		for id in &ids {
			bid(*id, &ANN, 100, 5);
			bid(*id, &BEN, 200, 5);
		}
		run_to(6);
		for id in &ids[..2] {
			assert_ok!(reveal(*id, &BEN, 200, 5));
		}
		run_to(10);
		assert!(UnsettledRounds::<Test>::contains_key(ids[0], 0));
		let silent = ids.iter().map(|id| reveal_of(*id, &ANN, 100)).collect::<Vec<_>>();
		System::reset_events();
		let settled = vec![silent[0].clone(), silent[0].clone(), silent[1].clone()];
		let info = reveal_all(settled).expect("two can be settled").actual_weight;
		let expected = Weights::reveal_bids(0)
			.saturating_add(Weights::settle_by_payload().saturating_mul(2))
			.saturating_add(Weights::reveal_bids(1))
			.saturating_sub(Weights::reveal_bids(0));
		assert_eq!(info, Some(expected), "the second has nothing to settle");
		let settled = |id| move |event: &Event<Test>| matches!(event, Event::BidSettled { batch, bidder, .. } if *batch == id && *bidder == ANN);
		for id in &ids[..2] {
			assert_eq!(events().iter().filter(|event| settled(*id)(event)).count(), 1);
			let at = RoundKey { batch: *id, round: 0 };
			assert!(!UnsettledRounds::<Test>::contains_key(at.batch, at.round));
		}
		let refusal = refused(1, ids[0], &ANN, Error::<Test>::NothingToSettle);
		assert!(events().contains(&refusal));
	});
}

/// A round that must be closed before its silent bid can be settled needs what the call has left.
#[test]
fn reveal_should_be_refused_when_too_much_is_overdue() {
	market_with(settling_params(), || {
		let ids = three_batches();
		for id in &ids {
			for bidder in [ANN, BEN, CID, DEE] {
				bid(*id, &bidder, 100, 5);
			}
		}
		// Nobody reveals, and the agenda has no weight to close the rounds.
		MaxAgendaWeight::set(Weight::zero());
		run_to(10);
		System::reset_events();
		assert_ok!(reveal_all(ids.iter().map(|id| reveal_of(*id, &ANN, 100)).collect()));
		let refusal = refused(2, ids[2], &ANN, Error::<Test>::TooMuchOverdue);
		assert_eq!(events().last(), Some(&refusal));
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(11);
	});
}
