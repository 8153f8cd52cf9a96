// SPDX-License-Identifier: Apache-2.0
//! Random sequences of actions, with the invariants checked in between, and a prover that follows
//! the protocol: it must never be slashed, and its income must be what a second calculation of its
//! payments says. No call is charged more than it declares.
//!
//! `PVS_STATEFUL_SEQUENCES` sets how many sequences run; the seed of each is its number. In each tenth
//! sequence the honest prover looks, and the invariants are checked, after every action; in the others
//! it looks at the end of every block, and the invariants are checked every fourth block or so. Proofs
//! are cheap here: other tests are about real ones.

use super::{
	actions::{pending, phase_now, random_action, Bids, Setup, ACTIONS},
	dice::Dice,
	watch::Watch,
};
use crate::{mock::*, Batches, Event, UnsettledBids};
use frame_support::weights::Weight;
use pvs_auction::{
	round::{Stage, VoidReason},
	settle::Verdict,
};
use pvs_primitives::{
	api::{BatchId, BidState, ExpectedWinner, Phase},
	Balance,
};
use std::collections::BTreeMap;

const DEFAULT_SEQUENCES: u64 = 1_000;
/// Time that Ann promises: she delivers in the block in which she can.
const HONEST_TIME: u32 = 10;

/// Ann plays by the rules: reveals what she bid, takes her place, delivers on time. Where the
/// agenda has not closed a round that she has won, her proof does.
fn act_honestly(fee: Balance) {
	for id in pending() {
		let Some(round) = Pvs::round_info(id) else { continue };
		let phase = phase_now(id);
		let mine = round.bids.iter().find(|bid| bid.bidder == ANN);
		let assigned = round.assignment.as_ref().is_some_and(|a| a.prover == ANN);
		let offered = round.ladder.first().is_some_and(|place| place.prover == ANN);
		match (phase, mine) {
			(Phase::Proving | Phase::Late, _) if assigned => {
				submit(id, &ANN, proof(id, &ANN)).expect("an honest proof is accepted");
			},
			(Phase::Overdue, _) if has_won(id, &ANN) => {
				submit(id, &ANN, proof(id, &ANN)).expect("an honest proof closes the round");
			},
			(Phase::Offered, _) if offered => {
				submit(id, &ANN, proof(id, &ANN)).expect("an honest proof takes the place");
			},
			(Phase::Revealing, Some(bid)) if bid.state == BidState::Sealed => {
				reveal(id, &ANN, fee, HONEST_TIME).expect("an honest reveal is accepted");
			},
			(Phase::Bidding, None) if round.reserve >= fee => {
				let _ = place(id, &ANN, &payload(fee, HONEST_TIME).encode());
			},
			_ => (),
		}
	}
}

fn has_won(id: BatchId, prover: &AccountId) -> bool {
	Pvs::expected_winner_info(id).is_some_and(|won| won.decided && won.prover == *prover)
}

/// The winners that the state of this block decides.
pub(super) fn decided() -> Vec<(BatchId, ExpectedWinner<AccountId>)> {
	let expected = |id| Pvs::expected_winner_info(id).map(|winner| (id, winner));
	pending().into_iter().filter_map(expected).filter(|(_, winner)| winner.decided).collect()
}

/// Checks that a round that has closed since has the winner that was expected. Returns how many have.
pub(super) fn check_decided(
	decided: Vec<(BatchId, ExpectedWinner<AccountId>)>,
	seed: u64,
) -> usize {
	let closed = decided.into_iter().filter(|(id, expected)| {
		let round = Pvs::round_info(*id).filter(|round| round.round == expected.round);
		let Some(of) = round.and_then(|round| round.assignment) else { return false };
		let written = ExpectedWinner {
			round: expected.round,
			prover: of.prover,
			fee: of.fee,
			payment: of.payment,
			proof_blocks: of.proof_blocks,
			clock: of.clock,
			on_time_until: of.on_time_until,
			late_until: of.late_until,
			decided: true,
		};
		assert_eq!(*expected, written, "seed {seed}: {id:?}");
		true
	});
	closed.count()
}

/// Says if a transaction of Ann reaches this block. In one sequence of three each is delayed by up to
/// the slack of one block.
fn reaches(seed: u64) -> bool {
	!seed.is_multiple_of(3) || now().is_multiple_of(2)
}

/// Returns how many rounds closed as it was expected.
fn run(seed: u64) -> usize {
	let mut as_expected = 0;
	let setup = Setup::plain(seed);
	setup.play(|| {
		let mut dice = Dice(seed);
		let mut bids = Bids::new();
		let mut watch = Watch::new(setup.rollups.clone());
		let before = total(&ANN);
		let fee = 50 + u128::from(dice.roll(200));
		let check = || {
			Pvs::do_try_state().unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
		};
		for _ in 0..ACTIONS {
			random_action(&mut dice, &mut bids, &setup);
			let ends_block = dice.roll(2) == 0;
			let closely = seed.is_multiple_of(10);
			if (closely || ends_block) && reaches(seed) {
				act_honestly(fee);
			}
			watch.look(seed);
			if closely || (ends_block && dice.roll(4) == 0) {
				check();
			}
			if ends_block {
				// Two blocks of three have room left, for one step or several.
				idle(Weight::from_parts(2_000_000_000 * u64::from(now() % 3), u64::MAX));
				watch.look(seed);
				let decided = decided();
				run_to(System::block_number() + 1);
				as_expected += check_decided(decided, seed);
			}
		}
		MaxAgendaWeight::set(Weight::from_parts(1_000_000_000_000, u64::MAX));
		let stop = System::block_number() + 40 * Pvs::retry_blocks();
		while !pending().is_empty() || UnsettledBids::<Test>::iter_keys().next().is_some() {
			assert!(System::block_number() < stop, "seed {seed}: {:?} never ends", pending());
			act_honestly(fee);
			watch.look(seed);
			run_to(System::block_number() + 1);
			if System::block_number().is_multiple_of(4) {
				check();
			}
		}
		check();
		watch.look(seed);
		watch.check_ann(before, seed);
	});
	as_expected
}

/// Returns how many sequences are to run.
pub(super) fn sequences(by_default: u64) -> u64 {
	let count = std::env::var("PVS_STATEFUL_SEQUENCES").ok();
	count.and_then(|count| count.parse().ok()).unwrap_or(by_default)
}

/// F4, and F1 to F3 by the invariants.
#[test]
fn fuzz_honest_prover_never_slashed() {
	let sequences = sequences(DEFAULT_SEQUENCES);
	std::thread::scope(|scope| {
		for half in [1, 2] {
			scope.spawn(move || {
				let mut as_expected = 0;
				with_cheap_proofs(|| as_expected = (half..=sequences).step_by(2).map(run).sum());
				assert!(as_expected > 0, "some rounds close by their deadline");
			});
		}
	});
}

/// The sequences must reach what they are about. (Those of `late` count the places that are taken.)
#[test]
fn sequences_should_reach_every_stage() {
	let mut seen = BTreeMap::<&str, u32>::new();
	for seed in 1..=120 {
		let setup = Setup::plain(seed);
		let sequence = || {
			let mut dice = Dice(seed);
			let mut bids = Bids::new();
			for _ in 0..ACTIONS {
				random_action(&mut dice, &mut bids, &setup);
				for batch in Batches::<Test>::iter_values() {
					*seen
						.entry(match batch.round.stage {
							Stage::Auction(_) => "auction",
							Stage::Assigned(_) => "assigned",
							Stage::Offered(_) => "offered",
							Stage::Rescue(_) => "rescue",
							Stage::Waiting => "waiting",
							Stage::Proven { .. } => "proven",
						})
						.or_default() += 1;
				}
				if seed % 3 > 0 {
					act_honestly(100);
				}
				for event in events() {
					let name = match event {
						Event::BidOpened { .. } => "opened",
						Event::BidVoided { reason: VoidReason::BadSeal, .. } => "bad seal",
						Event::BidUnsettled { .. } => "unsettled",
						Event::BidSettled { verdict: Verdict::Expired, .. } => "expired",
						Event::BidSettled { .. } => "settled",
						Event::BatchFailed { .. } => "failed",
						Event::BatchDropped { .. } => "dropped",
						Event::BatchFinalized { .. } => "finalized",
						Event::ProverSuspended { .. } => "suspended",
						Event::RollupOffered { .. } => "offered to another owner",
						Event::RollupTransferred { .. } => "transferred",
						_ => continue,
					};
					*seen.entry(name).or_default() += 1;
				}
				System::reset_events();
				if dice.roll(2) == 0 {
					run_to(System::block_number() + 1);
				}
			}
			MaxAgendaWeight::set(Weight::from_parts(1_000_000_000_000, u64::MAX));
		};
		with_cheap_proofs(|| setup.play(sequence));
	}
	assert_eq!(seen.len(), 17, "{seen:?}");
}
