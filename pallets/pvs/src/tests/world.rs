// SPDX-License-Identifier: Apache-2.0
//! Long random runs of the whole market, with books kept from its events alone: value (G1, F2), one end
//! for every bid (G4), one payment for every batch (G7), slashes (F3), ids (B6) and storage (G12).

use super::{books::Books, dice::Dice};
use crate::{mock::*, Batches, UnsettledRounds};
use frame_support::weights::Weight;
use pvs_auction::phase::phase;
use pvs_primitives::{
	api::{BatchId, BidState, Phase},
	bid::{BidPayload, PAYLOAD_BYTES},
	params::RollupParams,
	Balance,
};
use std::collections::{BTreeMap, BTreeSet};

const PROVERS: [AccountId; 4] = [ANN, BEN, CID, DEE];
const RECORD: &str = "the market's own record";

/// A run of the market.
struct World {
	/// Number of rollups. With several, they change hands and the agenda lags.
	rollups: u32,
	dice: Dice,
	books: Books,
	payloads: BTreeMap<(BatchId, u32, AccountId), [u8; PAYLOAD_BYTES]>,
	issued: Balance,
	totals: BTreeMap<AccountId, Balance>,
}

impl World {
	fn new(seed: u64) -> Self {
		System::reset_events();
		let accounts = PROVERS.into_iter().chain([SEQUENCER]);
		Self {
			rollups: crate::RollupCount::<Test>::get(),
			dice: Dice(seed),
			books: Books::default(),
			payloads: BTreeMap::new(),
			issued: issuance(),
			totals: accounts.map(|who| (who.clone(), total(&who))).collect(),
		}
	}

	/// Compares the books with the ledger.
	fn audit(&mut self) {
		self.books.read();
		let books = &self.books;
		assert_eq!(issuance(), self.issued - books.burned, "burned is what events say");
		assert_eq!(Pvs::pot_balance(), books.kept, "kept is what events say");
		let mut all = Pvs::pot_balance();
		for who in PROVERS {
			let of = |map: &BTreeMap<AccountId, Balance>| map.get(&who).copied().unwrap_or(0);
			let expected =
				self.totals[&who] + of(&books.earned) - of(&books.slashed) - of(&books.slot_fees);
			assert_eq!(total(&who), expected, "{who:?}");
			assert_eq!(prover(&who).stats.slashed, of(&books.slashed), "{RECORD}");
			assert_eq!(prover(&who).stats.earned, of(&books.earned), "{RECORD}");
			all += total(&who);
		}
		assert_eq!(total(&SEQUENCER), self.totals[&SEQUENCER] - books.cost);
		all += total(&SEQUENCER) + total(&OWNER) + total(&GUEST);
		assert_eq!(all, issuance(), "no account but these has anything");
	}

	fn block(&mut self) {
		if self.rollups > 1 {
			let limit = if self.dice.one_in(4) { Weight::zero() } else { AGENDA_WEIGHT };
			MaxAgendaWeight::set(limit);
			self.transfer();
		}
		next_block();
		self.books.read();
		let mut ids: Vec<_> = Batches::<Test>::iter_keys().collect();
		ids.sort();
		for id in ids {
			self.act(id);
			self.books.read();
		}
		self.settle();
		for who in PROVERS {
			if prover(&who).suspended {
				Pvs::bond_more(signed(&who), MIN_STAKE).expect("it has enough");
			}
		}
	}

	/// Offers a rollup to another owner, or takes one that is offered.
	fn transfer(&mut self) {
		let rollup = self.dice.small(self.rollups);
		let row = Pvs::rollup_info(rollup).expect("registered");
		match (self.dice.roll(8), row.offered_to) {
			(0, _) => {
				let to = if row.owner == OWNER { GUEST } else { OWNER };
				Pvs::transfer_rollup(signed(&row.owner), rollup, to).expect("it is its own");
			},
			(1, Some(to)) => {
				Pvs::accept_rollup(signed(&to), rollup).expect("it is offered to it");
			},
			_ => (),
		}
		self.books.read();
	}

	/// Settles some of the silent bids of closed rounds whose time is not over.
	fn settle(&mut self) {
		for (batch, round, who) in self.books.unsettled.keys().cloned().collect::<Vec<_>>() {
			if UnsettledRounds::<Test>::get(batch, round)
				.is_some_and(|kept| kept.closed.until <= now())
			{
				continue;
			}
			let settled = match self.dice.roll(16) {
				0 => settle_by_opening((batch, round), &who),
				1 => {
					let payload = self.payloads[&(batch, round, who.clone())];
					settle_by_payload((batch, round), &who, &payload)
				},
				_ => continue,
			};
			settled.expect("it is unsettled");
		}
		self.books.read();
	}

	fn act(&mut self, id: BatchId) {
		let Ok(entry) = Pvs::entry(id) else { return };
		let (phase, _) = phase(&entry.batch.round, &Pvs::context(&entry), now());
		let Some(round) = Pvs::round_info(id) else { return };
		// One batch in eight is not bid for at all.
		let boycotted = id.index % 8 == 3;
		match phase {
			Phase::Bidding if !boycotted => {
				for who in PROVERS {
					let has_bid = round.bids.iter().any(|bid| bid.bidder == who);
					if has_bid || !self.dice.one_in(3) {
						continue;
					}
					let above = u128::from(self.dice.one_in(20));
					let payload = BidPayload {
						fee: u128::from(self.dice.roll(200)).min(round.reserve)
							+ above * round.reserve,
						proof_blocks: 1 + u32::try_from(self.dice.roll(8)).expect("small"),
						proof_commitment: None,
						salt: [1 + u8::try_from(self.dice.roll(9)).expect("small"); 32],
					}
					.encode();
					if place_sealed(id, &who, &payload).is_ok() {
						self.payloads.insert((id, round.round, who), payload);
					}
				}
			},
			Phase::Revealing => {
				for bid in &round.bids {
					// Who never comes to it in four blocks is silent.
					if !self.dice.one_in(3) {
						let payload = self.payloads[&(id, round.round, bid.bidder.clone())];
						let _ = reveal_bytes(id, &bid.bidder, &payload);
					}
				}
			},
			Phase::SealOpening => {
				for bid in round.bids.iter().filter(|bid| bid.state == BidState::Sealed) {
					match self.dice.roll(4) {
						0 => {
							let _ = open(id, &bid.bidder, &GUEST);
						},
						1 => {
							let payload = self.payloads[&(id, round.round, bid.bidder.clone())];
							let _ = reveal_for(&GUEST, id, &bid.bidder, &payload);
						},
						_ => (),
					}
				}
			},
			Phase::Proving | Phase::Late if self.dice.one_in(7) => {
				let who = round.assignment.expect("assigned").prover;
				deliver(id, &who).expect("the proof is valid");
			},
			Phase::Offered => {
				let who = round.ladder[0].prover.clone();
				match self.dice.roll(6) {
					0 => {
						accept(id, &who).expect("it is its turn");
					},
					1 => {
						deliver(id, &who).expect("it is its turn");
					},
					_ => (),
				}
			},
			Phase::Rescue => {
				let who = &PROVERS[usize::try_from(self.dice.roll(4)).expect("small")];
				if self.dice.one_in(8) && !prover(who).suspended {
					deliver(id, who).expect("anyone may rescue");
				}
			},
			_ => (),
		}
	}

	/// Commits and runs until `count` batches have ended.
	fn run(&mut self, count: u64, max_fee: Balance) {
		let mut committed = 0;
		let is_busy = || {
			Batches::<Test>::iter_keys().next().is_some()
				|| UnsettledRounds::<Test>::iter_keys().next().is_some()
		};
		while committed < count || is_busy() {
			self.block();
			let rollup = u32::try_from(committed).expect("few") % self.rollups;
			let row = Pvs::rollup_info(rollup).expect("registered");
			if committed < count && row.pending < MAX_PENDING && self.dice.one_in(2) {
				commit_in(rollup, max_fee);
				committed += 1;
				self.books.read();
			}
			if self.dice.one_in(16) {
				self.audit();
				Pvs::do_try_state().expect("the invariants hold");
			}
		}
		self.audit();
		let books = &self.books;
		assert!(books.open_bids.is_empty(), "every bid has ended: {:?}", books.open_bids);
		assert_eq!(books.kept, 0);
		assert!(books.unsettled.is_empty(), "every silent bid is settled: {:?}", books.unsettled);
	}
}

fn variants() -> RollupParams {
	RollupParams { initial_reserve: 150, w_share: 500_000_000, ..params() }
}

/// A rollup that opens the seals of silent bidders.
fn opening() -> RollupParams {
	RollupParams { initial_reserve: 150, w_share: 500_000_000, ..opening_params() }
}

/// A rollup that settles silent bids.
fn settling() -> RollupParams {
	RollupParams { initial_reserve: 150, w_share: 500_000_000, ..settling_params() }
}

/// The number of keys in storage but those of who proved the newest final batches: of them each rollup has
/// 32 at the most, as `try_state` checks.
fn keys_of_batches() -> usize {
	storage_keys() - crate::RecentBatches::<Test>::iter_keys().count()
}

/// G12: nothing per batch outlives it, whatever became of it, and no silent bid its time to be settled.
#[test]
fn storage_footprint_returns_to_baseline_when_silent_bids_are_settled() {
	let test = || {
		let mut world = World::new(17);
		world.run(60, 300);
		assert!(!world.books.slashes.is_empty(), "the rows of totals exist");
		let baseline = keys_of_batches();
		world.run(300, 300);
		assert_eq!(keys_of_batches(), baseline);
		let books = &world.books;
		assert!(books.proven > 100 && books.failed > 10, "{} {}", books.proven, books.failed);
		assert!(books.settled > 2 && books.expired > 0, "{} {}", books.settled, books.expired);
	};
	with_cheap_proofs(|| market_with(settling(), test));
}

/// G12: nothing per batch outlives it, whatever became of it.
#[test]
fn storage_footprint_returns_to_baseline() {
	let test = || {
		let mut world = World::new(11);
		world.run(8, 300);
		assert!(world.books.proven > 0 && world.books.failed > 0, "the rows of totals exist");
		let baseline = keys_of_batches();
		let before = (world.books.proven, world.books.failed, world.books.dropped);
		world.run(1_000, 300);
		assert_eq!(keys_of_batches(), baseline);
		let books = &world.books;
		let (proven, failed, dropped) =
			(books.proven - before.0, books.failed - before.1, books.dropped - before.2);
		// A batch behind a failed one may be paid as well: it counts twice.
		assert!(proven + failed + dropped >= 1_000);
		assert!(proven > 300 && failed > 50 && dropped > 50, "{proven} {failed} {dropped}");
		assert!(books.slashes.len() > 100 && books.ended_bids.len() > 1_000);
		assert!(books.opened > 10, "{}", books.opened);
		let row = crate::Rollups::<Test>::get(0).expect("registered");
		assert_eq!(
			(row.pending, row.guaranteed, crate::Totals::<Test>::get().taken_places),
			(0, 0, 0)
		);
	};
	with_cheap_proofs(|| market_with(opening(), test));
}

/// G1 and F2: on every path, what accounts have changes by what events say, and nothing else does.
/// G4 and G7: every bid ends once, and no batch is paid twice.
#[test]
fn prop_value_conserved_all_paths() {
	for seed in 1..=12 {
		let payment_rule = if seed % 3 == 0 {
			pvs_primitives::params::PaymentRule::FirstPrice
		} else {
			pvs_primitives::params::PaymentRule::SecondScore
		};
		let params = RollupParams {
			payment_rule,
			ladder_len: 1 + u32::try_from(seed % 4).expect("small"),
			silence_penalty: if seed % 4 == 3 { u128::from(seed) } else { 100 },
			max_failed_rounds: 1 + u32::try_from(seed % 3).expect("small"),
			..match seed % 4 {
				0 | 2 => opening(),
				1 => settling(),
				_ => variants(),
			}
		};
		market_with(params, || World::new(seed * 7_919).run(40, 10 + 80 * u128::from(seed)));
	}
}

/// G1, G2, G4 and G12 on a chain of three rollups, one for each silence policy, which share the provers'
/// stakes: with an existential deposit above 1, a gap and a slack of 0 and 2, owners that change, and
/// an agenda that lags.
#[test]
fn prop_value_conserved_when_rollups_share_stakes_and_the_agenda_lags() {
	let (mut transferred, mut opened, mut settled, mut slashed) = (0, 0, 0, 0);
	for (seed, (gap, slack)) in (1..).zip([(0, 0), (2, 0), (0, 2), (2, 2)]) {
		let test = || {
			ExistentialDeposit::set(25);
			GapBlocks::set(gap);
			SlackBlocks::set(slack);
			for params in [variants(), opening(), settling()] {
				register_rollup(RollupParams { min_reserve: 25, ..params });
			}
			for who in PROVERS {
				Pvs::register_prover(signed(&who), 2 * MIN_STAKE).expect("it has the stake");
			}
			let mut world = World::new(seed * 104_729);
			world.run(90, 300);
			let baseline = keys_of_batches();
			world.run(90, 300);
			assert_eq!(keys_of_batches(), baseline);
			let books = &world.books;
			assert!(books.proven > 60 && books.failed > 0 && books.dropped > 0);
			transferred += books.transferred;
			opened += books.opened;
			settled += books.settled;
			slashed += books.slashes.len();
		};
		with_cheap_proofs(|| chain(test));
	}
	let reached = [transferred > 0, opened > 0, settled > 0, slashed > 0];
	assert_eq!(reached, [true; 4], "transfers, openings, settlements and slashes");
}

/// F3: a bid's bond is slashed at most once, whole, and a stake loses nothing else. (The books check
/// each slash against the bond of its bid.)
#[test]
fn prop_slash_once_and_le_hold() {
	for seed in 100..106 {
		market_with(variants(), || {
			let mut world = World::new(seed);
			let stakes = PROVERS.map(|who| prover(&who).stake);
			for _ in 0..250 {
				world.block();
				if rollup().pending < MAX_PENDING {
					commit(300);
				}
				let added = |who: &AccountId| prover(who).stake + prover(who).stats.slashed;
				for (who, stake) in PROVERS.iter().zip(stakes) {
					assert_eq!((added(who) - stake) % MIN_STAKE, 0, "only top-ups came in");
					assert!(prover(who).reserved <= prover(who).stake);
				}
			}
			world.audit();
			assert!(!world.books.slashes.is_empty());
		});
	}
}

/// B6: ids of rollups, batches and rounds are unique for ever, whatever becomes of them. (The books
/// check batches and rounds.)
#[test]
fn prop_ids_unique_forever() {
	market_with(variants(), || {
		let mut world = World::new(5);
		world.run(60, 300);
		assert_eq!(world.books.committed.len(), 60);
		let last = world.books.committed.iter().next_back().expect("60").index;
		assert_eq!((last, rollup().next_index), (59, 60), "indices count up without gaps");
		let mut ids = BTreeSet::from([0]);
		for _ in 0..5 {
			register_rollup(params());
			let id = crate::NextRollupId::<Test>::get() - 1;
			assert!(ids.insert(id), "rollup {id} is used again");
			Pvs::deregister_rollup(signed(&OWNER), id).expect("nothing is pending");
		}
		// A bid for an index that has ended finds nothing.
		let placed = Pvs::place_bid(signed(&ANN), batch(10), 0, [0; 32], 99, [0; 32], any_seal());
		let ended = outcome(placed);
		assert_eq!(ended, Err(crate::Error::<Test>::BatchNotFound.into()));
	});
}
