// SPDX-License-Identifier: Apache-2.0
//! Random sequences of actions, with the invariants checked after every one, and a prover that
//! follows the protocol and must never be slashed.
//!
//! `PVS_STATEFUL_SEQUENCES` sets how many sequences run; the seed of each is its number.

use crate::{mock::*, Batches, Provers, Stage};
use pvs_primitives::{
	api::{BatchId, BidState, Phase},
	Balance,
};
use std::collections::BTreeMap;

const DEFAULT_SEQUENCES: u64 = 100;
const ACTIONS: u32 = 100;

/// xorshift64*: the same sequence for the same seed, everywhere.
struct Dice(u64);

impl Dice {
	fn roll(&mut self, sides: u64) -> u64 {
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % sides
	}
}

/// Ann plays by the rules: reveals what she bid and delivers on time.
struct Honest {
	income: Balance,
	fee: Balance,
}

impl Honest {
	fn act(&mut self) {
		for id in pending() {
			let Some(round) = Pvs::round_info(id) else { continue };
			let mine = round.bids.iter().find(|bid| bid.bidder == ANN);
			match (&round.assignment, mine) {
				(Some(assignment), _) if assignment.prover == ANN => {
					let payment = assignment.payment;
					assert!(payment >= self.fee, "never paid less than asked");
					submit(id, &ANN, proof(id, &ANN)).expect("an honest proof is accepted");
					self.income += payment;
				},
				(None, Some(bid)) if bid.state == BidState::Sealed => {
					let _ = reveal(id, &ANN, self.fee, 10);
				},
				(None, None) if round.reserve >= self.fee && in_window(id, Phase::Bidding) => {
					let _ = place(id, &ANN, &payload(self.fee, 10).encode());
				},
				_ => (),
			}
		}
	}
}

fn in_window(id: BatchId, phase: Phase) -> bool {
	match Batches::<Test>::get(id).map(|record| (record.params, record.stage)) {
		Some((params, Stage::Auction(auction))) => {
			Pvs::timeline(&params, &auction).phase(System::block_number()).0 == phase
		},
		_ => false,
	}
}

fn pending() -> Vec<BatchId> {
	let mut ids: Vec<_> = Batches::<Test>::iter_keys().collect();
	ids.sort();
	ids
}

/// What the rivals have bid, so that most of their reveals match.
type Bids = BTreeMap<(BatchId, u32, AccountId), (Balance, u32)>;

fn random_action(dice: &mut Dice, bids: &mut Bids) {
	let ids = pending();
	let id = ids.get(usize::try_from(dice.roll(8)).expect("small")).copied().unwrap_or(batch(0));
	let rival = if dice.roll(2) == 0 { BEN } else { CID };
	match dice.roll(10) {
		0..=1 => {
			let index = Pvs::rollup_info(0).expect("registered").next_index;
			let number = u8::try_from(index % 250).expect("small") + 1;
			let _ = Pvs::commit_batch(
				RuntimeOrigin::signed(SEQUENCER),
				0,
				vec![number; 40].try_into().expect("short enough"),
				root(number),
				100 + u128::from(dice.roll(900)),
			);
		},
		2..=4 => {
			if Pvs::round_info(id).is_some() {
				let fee = u128::from(dice.roll(400));
				let time = u32::try_from(dice.roll(22)).expect("small");
				if place(id, &rival, &payload(fee, time).encode()).is_ok() {
					bids.insert((id, round_number(id), rival), (fee, time));
				}
			}
		},
		5 => {
			// A reveal that hardly ever matches.
			let _ = reveal(id, &rival, u128::from(dice.roll(400)), 5);
		},
		6..=7 => {
			if winner(id) == Some(rival.clone()) && dice.roll(3) > 0 {
				let _ = submit(id, &rival, proof(id, &rival));
			} else {
				let _ = submit(id, &rival, vec![1; 256]);
			}
		},
		8 => {
			let _ = Pvs::register_prover(RuntimeOrigin::signed(GUEST), MIN_STAKE);
			let _ = Pvs::deregister_prover(RuntimeOrigin::signed(rival));
		},
		_ => {
			for ((id, _, rival), (fee, time)) in bids.iter() {
				if dice.roll(4) > 0 {
					let _ = reveal(*id, rival, *fee, *time);
				}
			}
		},
	}
}

#[test]
fn honest_prover_should_never_be_slashed_and_be_paid_what_it_is_owed() {
	let sequences = std::env::var("PVS_STATEFUL_SEQUENCES")
		.ok()
		.and_then(|count| count.parse().ok())
		.unwrap_or(DEFAULT_SEQUENCES);
	for seed in 1..=sequences {
		market(|| {
			let mut dice = Dice(seed);
			let mut bids = Bids::new();
			let mut honest = Honest { income: 0, fee: 50 + u128::from(dice.roll(200)) };
			for _ in 0..ACTIONS {
				random_action(&mut dice, &mut bids);
				honest.act();
				Pvs::do_try_state().unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
				if dice.roll(2) == 0 {
					run_to(System::block_number() + 1);
				}
			}
			while !pending().is_empty() {
				honest.act();
				run_to(System::block_number() + 1);
				Pvs::do_try_state().unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
			}
			let ann = Provers::<Test>::get(&ANN).expect("she never leaves");
			assert_eq!(ann.stats.slashed, 0, "seed {seed}: {:?}", ann.stats);
			assert_eq!(ann.stake, 2 * MIN_STAKE, "seed {seed}");
			assert_eq!(ann.stats.earned, honest.income, "seed {seed}");
			assert_eq!((ann.stats.late, ann.stats.defaults, ann.stats.silences), (0, 0, 0));
		});
	}
}
