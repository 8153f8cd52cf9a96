// SPDX-License-Identifier: Apache-2.0
//! Places among the pending batches: who gets which, what each costs in time (finding M2 of the audit,
//! G15), and how many rollups there can be.
//!
//! A round of the usual parameters takes at most 97 blocks, and a batch has at most three and a last one.

use crate::{
	mock::*, BatchRecord, Batches, BlockDataBytes, CommitsInBlock, Error, Event, HoldReason,
	PlaceKind, RollupCount, Rollups, Totals,
};
use frame_support::{
	assert_noop, assert_ok, storage::with_storage_layer, traits::fungible::Mutate, weights::Weight,
};
use pvs_auction::rent::{longest_round, rate};
use pvs_primitives::{api::BatchId, params::RollupParams};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

/// The most blocks of a round with the usual parameters.
const ROUND: u32 = 97;

fn row(id: BatchId) -> BatchRecord<AccountId> {
	Batches::<Test>::get(id).expect("the batch is pending")
}

fn held() -> u128 {
	Pvs::held(HoldReason::PlaceRent, &SEQUENCER)
}

/// Commits a batch of one byte with a `max_fee` of 10, however many this block has.
fn try_commit(rollup: u32) -> Result<BatchId, DispatchError> {
	BlockDataBytes::<Test>::kill();
	CommitsInBlock::<Test>::kill();
	lower_reserve(rollup, 10);
	let index = Rollups::<Test>::get(rollup).expect("registered").next_index;
	with_storage_layer(|| Pvs::commit(SEQUENCER, rollup, &[1], roots(tip(rollup), root(1)), 10))?;
	Ok(BatchId { rollup, index })
}

fn one_byte() -> RollupParams {
	RollupParams { data_len: 1, ..params() }
}

/// The rents that were burned in this block, by batch.
fn burned() -> Vec<(BatchId, u128)> {
	let rents = events().into_iter().filter_map(|event| match event {
		Event::RentBurned { batch, amount } => Some((batch, amount)),
		_ => None,
	});
	rents.collect()
}

#[test]
fn batch_should_hold_its_rent_for_as_long_as_it_can_live() {
	market(|| {
		let expected = [
			(PlaceKind::Guaranteed, 1, 1 + 4 * ROUND),
			(PlaceKind::Guaranteed, 1, 1 + 5 * ROUND),
			(PlaceKind::Pool, 1, 1 + 6 * ROUND),
			(PlaceKind::Pool, 2, 1 + 7 * ROUND),
		];
		assert_eq!(longest_round(&Pvs::snapshot(params())), ROUND);
		for (kind, rate, until) in expected {
			let (before, shown) = (held(), rollup().next_rent.expect("a place is free"));
			let id = commit(500);
			let place = row(id).place;
			assert_eq!((place.kind, place.rate, place.until), (kind, rate, until), "{id:?}");
			let rent = rate * u128::from(until - 1);
			assert_eq!((held() - before, shown), (rent, rent), "{id:?}");
			let info = Pvs::batch_info(id).expect("pending");
			assert_eq!((info.rent_rate, info.rent_until), (rate, until));
		}
		assert_eq!(
			(Totals::<Test>::get().taken_places, Rollups::<Test>::get(0).map(|row| row.guaranteed)),
			(2, Some(2))
		);
	});
}

#[test]
fn rate_should_double_with_each_eighth_of_the_pool_and_end_with_it() {
	chain(|| {
		MaxPendingBatches::set(20);
		PlaceRent::set(2);
		PoolPlaces::set(16);
		register_rollups(2, short());
		let rates: Vec<u128> = (0..18).map(|_| row(commit_to(0)).place.rate).collect();
		let pool = (0..8).flat_map(|eighth| [2u128 << eighth; 2]);
		assert_eq!(rates, [2, 2].into_iter().chain(pool).collect::<Vec<_>>());
		assert_eq!(try_commit(0), Err(Error::<Test>::ChainFull.into()));
		assert_eq!(Pvs::rollup_info(0).expect("registered").next_rent, None);
	});
}

/// G15: a rollup's own places cannot be taken, and cost the lowest price.
#[test]
fn rollup_should_have_its_guaranteed_places_when_the_pool_is_full() {
	chain(|| {
		MaxPendingBatches::set(20);
		register_rollups(2, one_byte());
		for _ in 0..GUARANTEED + POOL {
			commit_to(0);
		}
		assert_eq!(try_commit(0), Err(Error::<Test>::ChainFull.into()));
		for _ in 0..GUARANTEED {
			let place = row(try_commit(1).expect("a place of its own")).place;
			assert_eq!((place.kind, place.rate), (PlaceKind::Guaranteed, RENT));
		}
		assert_eq!(try_commit(1), Err(Error::<Test>::ChainFull.into()));
		assert_eq!(Totals::<Test>::get().taken_places, POOL);
	});
}

#[test]
fn batch_should_keep_its_kind_of_place_when_a_guaranteed_one_gets_free() {
	market(|| {
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 5));
		assert_ok!(deliver(ids[0], &ANN));
		assert_eq!(row(ids[2]).place.kind, PlaceKind::Pool);
		assert_eq!(row(commit(500)).place.kind, PlaceKind::Guaranteed);
		assert_eq!(row(commit(500)).place.kind, PlaceKind::Pool);
		assert_eq!(Totals::<Test>::get().taken_places, 2);
		Pvs::do_try_state().expect("the invariants hold");
		// Nobody bids on the others: all of them go in one block, and no place stays taken.
		run_to(20);
		let rollup = Rollups::<Test>::get(0).expect("registered");
		assert_eq!(
			(rollup.pending, rollup.guaranteed, Totals::<Test>::get().taken_places),
			(0, 0, 0)
		);
	});
}

/// A predecessor with long windows keeps a batch with short ones waiting, which its rent covers.
#[test]
fn rent_should_be_held_beyond_the_end_of_the_newest_pending_predecessor() {
	let long = RollupParams { bidding_blocks: 100, ..params() };
	market_with(long, || {
		let long_round = ROUND - 3 + 100;
		let first = commit(500);
		assert_eq!(row(first).place.until, 1 + 4 * long_round);
		assert_ok!(Pvs::set_params(signed(&OWNER), 0, params()));
		let second = commit(500);
		assert_eq!(row(second).place.until, 1 + 4 * long_round + ROUND);
		run_to(50);
		let third = commit(500);
		assert_eq!(row(third).place.until, 1 + 4 * long_round + 2 * ROUND);
		// The first fails in 1 + 2 * 101; what was dropped with it is no predecessor.
		run_to(203);
		assert!(!pending(first) && !pending(third));
		assert_eq!(row(commit(500)).place.until, 203 + 4 * ROUND);
	});
}

/// Predecessors whose row has not been cleaned up yet are none either.
#[test]
fn dropped_predecessor_should_not_count_when_its_row_is_still_there() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(2);
		bid(ids[1], &ANN, 100, 20);
		run_to(6);
		assert_ok!(reveal(ids[1], &ANN, 100, 20));
		run_to(9);
		assert!(!pending(ids[0]) && pending(ids[1]));
		assert_eq!(row(commit(500)).place.until, 9 + 4 * ROUND);
	});
}

#[test]
fn rent_of_the_blocks_lived_should_be_burned_however_a_batch_ends() {
	// Batch 0 is proven in 7; batch 1 fails in 9, and batch 2 is dropped with it.
	market(|| {
		PlaceRent::set(10);
		let ids = [commit(500), commit(500), commit(500)];
		run_to(2);
		bid(ids[0], &ANN, 100, 5);
		run_to(6);
		assert_ok!(reveal(ids[0], &ANN, 100, 5));
		run_to(7);
		let (sequencer, issued, locked) = (total(&SEQUENCER), issuance(), held());
		let of_first = row(ids[0]).rent();
		assert_eq!(of_first, 10 * u128::from(4 * ROUND));
		assert_ok!(deliver(ids[0], &ANN));
		assert_eq!(burned(), [(ids[0], 60)]);
		assert_eq!((total(&SEQUENCER), issuance()), (sequencer - 500 - 60, issued - 60));
		assert_eq!(held(), locked - of_first);
		run_to(8);
		let (sequencer, issued) = (total(&SEQUENCER), issuance());
		run_to(9);
		assert_eq!(burned(), [(ids[1], 80), (ids[2], 80)]);
		assert_eq!(held(), 0);
		let lost = 70 + 160;
		assert_eq!((total(&SEQUENCER), issuance()), (sequencer - lost, issued - lost));
	});
}

/// A batch that ends in the block of its commit has lived no block.
#[test]
fn rent_should_be_nothing_when_a_batch_is_dropped_in_its_first_block() {
	market(|| {
		let first = commit(500);
		run_to(8);
		MaxAgendaWeight::set(Weight::zero());
		run_to(9);
		let second = commit(500);
		let before = total(&SEQUENCER);
		idle(AGENDA_WEIGHT);
		assert!(!pending(first) && !pending(second));
		assert_eq!(burned(), [(first, 8), (second, 0)]);
		assert_eq!((total(&SEQUENCER), held()), (before - 70 - 8, 0));
	});
}

/// The end is the block in which a row is due to go. What goes behind another one is due when that has
/// gone.
#[test]
fn rent_should_not_grow_while_the_agenda_is_late() {
	market(|| {
		let ids = [commit(500), commit(500)];
		run_to(8);
		MaxAgendaWeight::set(Weight::zero());
		run_to(30);
		assert!(pending(ids[0]));
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		run_to(31);
		// The first was due to fail in 9. The second was dropped when it did.
		assert_eq!(burned(), [(ids[0], 8), (ids[1], 30)]);
		assert_eq!(held(), 0);
	});
}

/// A proof that closes an overdue round ends its batch now: until now it had its place for itself.
#[test]
fn rent_should_be_due_until_the_proof_when_that_closes_an_overdue_round() {
	market(|| {
		let id = commit(500);
		run_to(2);
		bid(id, &ANN, 100, 5);
		bid(id, &BEN, 200, 5);
		run_to(6);
		assert_ok!(reveal(id, &ANN, 100, 5));
		run_to(9);
		MaxAgendaWeight::set(Weight::zero());
		run_to(13);
		assert_ok!(deliver(id, &ANN));
		assert_eq!(burned(), [(id, 12)]);
	});
}

/// The last reveal can fail a batch before its agenda entry is due.
#[test]
fn rent_should_be_due_until_now_when_a_reveal_fails_its_batch() {
	market(|| {
		let id = commit(500);
		run_to(6);
		let malformed = payload(100, 21).encode();
		assert_ok!(place(id, &ANN, &malformed));
		run_to(11);
		assert_ok!(reveal_bytes(id, &ANN, &malformed));
		assert!(!pending(id));
		assert_eq!(burned(), [(id, 10)]);
	});
}

#[test]
fn rent_should_be_no_more_than_was_held_when_a_batch_outlives_its_bound() {
	market(|| {
		let id = commit(500);
		let all = row(id).rent();
		MaxAgendaWeight::set(Weight::zero());
		run_to(1 + 4 * ROUND + 50);
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		let before = total(&SEQUENCER);
		// The first round closes now, the second one four blocks later.
		run_to(now() + 5);
		assert_eq!((burned(), all), (vec![(id, all)], u128::from(4 * ROUND)));
		assert_eq!((total(&SEQUENCER), held()), (before - 70 - all, 0));
	});
}

#[test]
fn batch_should_be_refused_when_its_rent_cannot_be_held() {
	market(|| {
		lower_reserve(0, 500);
		let needed = 500 + 70 + BATCH_DEPOSIT + u128::from(4 * ROUND);
		// The existential deposit stays free.
		let spare = free(&SEQUENCER) - needed;
		assert_ok!(Balances::transfer_keep_alive(signed(&SEQUENCER), GUEST, spare));
		let call = || crate::Call::<Test>::commit_batch {
			rollup: 0,
			data: vec![1; 40].try_into().expect("short enough"),
			prev_state_root: tip(0),
			next_state_root: root(1),
			max_fee: 500,
		};
		let commit = || with_storage_layer(|| outcome(dispatch(signed(&SEQUENCER), call())));
		assert_noop!(commit(), Error::<Test>::RentNotCovered);
		assert_ok!(Balances::transfer_keep_alive(signed(&GUEST), SEQUENCER, 1));
		assert_ok!(commit());
		assert_eq!(free(&SEQUENCER), 1);
	});
}

#[test]
fn deposit_of_a_rollup_should_double_with_each_eighth_until_there_are_no_more() {
	chain(|| {
		MaxRollups::set(16);
		let register = || {
			Pvs::register_rollup(
				signed(&OWNER),
				verifying_key().try_into().expect("768 bytes"),
				root(0),
				SEQUENCER,
				params(),
			)
		};
		for number in 0..16 {
			assert_ok!(register());
			let deposit = Pvs::rollup_info(number).expect("registered").deposit;
			assert_eq!(deposit, ROLLUP_DEPOSIT << (number / 2));
		}
		assert_eq!(Pvs::held(HoldReason::RollupDeposit, &OWNER), 2 * 255 * ROLLUP_DEPOSIT);
		assert_noop!(register(), Error::<Test>::TooManyRollups);
		// The cheapest leaves with its own deposit, and the next one pays the highest.
		assert_ok!(Pvs::deregister_rollup(signed(&OWNER), 0));
		assert_eq!(RollupCount::<Test>::get(), 15);
		assert_ok!(register());
		let deposit = Pvs::rollup_info(16).expect("registered").deposit;
		assert_eq!(deposit, ROLLUP_DEPOSIT << 7);
		assert_noop!(register(), Error::<Test>::TooManyRollups);
	});
}

#[test]
fn runtime_should_be_refused_when_places_or_rollups_have_no_price() {
	new_ext().execute_with(|| {
		let passes = || std::panic::catch_unwind(Pvs::check_constants).is_ok();
		assert!(passes());
		PlaceRent::set(0);
		assert!(!passes(), "holding places would be free");
		PlaceRent::set(RENT);
		for (guaranteed, expected) in
			[(0, false), (1, true), (MAX_PENDING, true), (MAX_PENDING + 1, false)]
		{
			GuaranteedPlaces::set(guaranteed);
			assert_eq!(passes(), expected, "{guaranteed} guaranteed places");
		}
		GuaranteedPlaces::set(GUARANTEED);
		for (number, expected) in [(7, false), (8, true)] {
			PoolPlaces::set(number);
			assert_eq!(passes(), expected, "{number} places in the pool");
			PoolPlaces::set(POOL);
			MaxRollups::set(number);
			assert_eq!(passes(), expected, "{number} rollups");
			MaxRollups::set(ROLLUPS);
		}
		assert!(passes());
	});
}

/// Places of the pool in a siege.
const PLACES: u32 = 64;
/// Price of a full pool of them in a block: 8 places at each price from 1 to 128.
const PRICE: u128 = 8 * 255;
/// Number of blocks for which an attacker holds it.
const DAY: u32 = 200;

/// An attack that shuts everybody out of the pool.
#[derive(Default)]
struct Siege {
	/// Blocks at whose end every place was taken.
	full: u32,
	/// Amount that was burned for places of the pool.
	burned: u128,
}

impl Siege {
	/// Ends this block and begins the next one.
	fn next_block(&mut self) {
		self.full += u32::from(Totals::<Test>::get().taken_places == PLACES);
		let pool: BTreeSet<_> = Batches::<Test>::iter()
			.filter(|(_, batch)| batch.place.kind == PlaceKind::Pool)
			.map(|(id, _)| id)
			.collect();
		System::reset_events();
		next_block();
		let rents = burned().into_iter().filter(|(id, _)| pool.contains(id));
		self.burned += rents.map(|(_, amount)| amount).sum::<u128>();
	}
}

/// Lets an attacker act in each block of a day and then wait until its batches have ended. It pays for
/// every block in which it had the whole pool. Returns the blocks and the sum.
fn besiege(
	rollups: u32,
	pending: u32,
	params: RollupParams,
	mut act: impl FnMut(u32),
) -> (u32, u128) {
	let mut siege = Siege::default();
	new_ext().execute_with(|| {
		MaxPendingBatches::set(pending);
		PoolPlaces::set(PLACES);
		assert_ok!(Balances::mint_into(&SEQUENCER, 1_000_000_000_000));
		register_rollups(rollups, params);
		for block in 0..DAY {
			act(block);
			siege.next_block();
		}
		while Batches::<Test>::iter_keys().next().is_some() {
			siege.next_block();
		}
		Pvs::do_try_state().expect("the invariants hold");
	});
	let price = PRICE * u128::from(siege.full);
	assert!(siege.burned >= price, "{} burned in {} blocks", siege.burned, siege.full);
	(siege.full, siege.burned)
}

/// Commits until the rollup or the chain takes no more.
fn fill(rollup: u32) {
	let full = [Error::<Test>::ChainFull, Error::<Test>::TooManyPendingBatches];
	let error = loop {
		if let Err(error) = try_commit(rollup) {
			break error;
		}
	};
	assert!(full.map(DispatchError::from).contains(&error), "{error:?}");
}

/// A batch that nobody bids on lives six blocks.
fn short() -> RollupParams {
	RollupParams {
		data_len: 1,
		bidding_blocks: 2,
		reveal_blocks: 3,
		min_proof_blocks: 1,
		max_proof_blocks: 2,
		late_rate: 1_000_000_000,
		grace_blocks: 1,
		ladder_len: 1,
		ladder_blocks: 2,
		rescue_blocks: 3,
		max_failed_rounds: 1,
		..params()
	}
}

/// A batch that nobody bids on lives 202 blocks.
fn long() -> RollupParams {
	RollupParams { bidding_blocks: 100, ..short() }
}

/// M2: eight rollups with windows of a day filled the chain in ten blocks and held it for days, for
/// transaction fees.
#[test]
fn attack_holding_the_pool_for_a_day_should_burn_its_price_when_windows_are_long() {
	let (full, burned) = besiege(8, 10, long(), |block| {
		if block == 0 {
			(0..8).for_each(fill);
		}
	});
	assert_eq!((full, burned), (202, 202 * PRICE), "just the price, since it was filled in order");
}

#[test]
fn attack_holding_the_pool_for_a_day_should_burn_its_price_when_short_batches_come_again_and_again()
{
	let (full, _) = besiege(33, 4, short(), |_| (0..33).for_each(fill));
	assert!(full >= DAY, "{full} blocks");
	// The same, with few commits a block at first, so that not all rollups end together.
	let (full, _) = besiege(33, 4, short(), |block| {
		let first = block * 7;
		(first..first + 5 + 4 * block).for_each(|number| {
			let _ = try_commit(number % 33);
		});
	});
	assert!(full > DAY / 2, "{full} blocks");
}

/// Batches with short windows behind one with long ones: they are out of rounds and wait.
#[test]
fn attack_holding_the_pool_for_a_day_should_burn_its_price_when_predecessors_never_end() {
	let (full, burned) = besiege(8, 10, long(), |block| {
		if block == 0 {
			for rollup in 0..8 {
				try_commit(rollup).expect("a place of its own");
				assert_ok!(Pvs::set_params(signed(&OWNER), rollup, short()));
				fill(rollup);
			}
		}
	});
	assert_eq!((full, burned), (202, 202 * PRICE));
}

/// All batches go in one block, when the prices are low again. They are taken at once in another order.
#[test]
fn attack_holding_the_pool_for_a_day_should_burn_its_price_when_all_go_at_once_and_come_back() {
	let (full, burned) = besiege(8, 10, short(), |block| {
		(0..8).for_each(|rollup| fill((rollup + block) % 8));
	});
	assert!(full >= DAY, "{full} blocks");
	assert_eq!(burned, u128::from(full) * PRICE);
}

/// The cheap half is held for long and the dear half only when it is needed: what is taken while the
/// cheap half is there is dear.
#[test]
fn attack_holding_the_pool_for_a_day_should_burn_its_price_when_the_cheap_places_are_kept() {
	let (full, burned) = besiege(8, 10, long(), |block| {
		for rollup in 0..8 {
			if block == 0 && rollup >= 4 {
				assert_ok!(Pvs::set_params(signed(&OWNER), rollup, short()));
			}
			fill(rollup);
		}
	});
	assert!(full >= DAY, "{full} blocks");
	assert!(burned >= u128::from(full) * PRICE);
	let in_order: u128 = (0..PLACES).map(|taken| rate(RENT, taken, PLACES)).sum();
	assert_eq!(in_order, PRICE);
}
