// SPDX-License-Identifier: Apache-2.0
//! G3 where everything takes as long as it may: random sequences on chains of several rollups, with a gap
//! and a slack of 0 or 2 and an existential deposit above 1, in which each transaction of an honest
//! prover is delayed by as many blocks as a minority of authors can delay it. What it sends on top of block
//! `h` is in block `h + 1 + InclusionSlack`, mostly; in some sequences in an earlier one. It promises
//! exactly the time that it needs, and the agenda lags.
//!
//! `PVS_STATEFUL_SEQUENCES` sets how many sequences run; the seed of each is its number.

use super::{
	actions::{pending as all_pending, random_action, Bids, Setup, ACTIONS},
	dice::Dice,
	stateful::{check_decided, decided, sequences},
	watch::Watch,
};
use crate::{mock::*, Call, Error, UnsettledBids};
use frame_support::{assert_ok, weights::Weight};
use pvs_primitives::{
	api::{BatchId, BatchStatus, BidState, Phase, RoundInfo},
	params::RollupParams,
	Balance,
};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

const DEFAULT_SEQUENCES: u64 = 320;

/// Purpose of a transaction of Ann.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
	Bid,
	Reveal,
	Accept,
	Proof,
}

/// A round and what a transaction in it is for.
type Purpose = (BatchId, u32, Kind);

/// Reason why a transaction of Ann may fail that is no bid: its batch has been dropped.
const GONE: [Error<Test>; 2] = [Error::BatchNotFound, Error::BatchWasDropped];

/// Counts of the cases that the sequences have met.
#[derive(Debug, Default)]
struct Met {
	/// Reveals in the last block of their window.
	reveals: u32,
	/// Places that were taken.
	places: u32,
	/// Proofs in the last block for the full payment.
	last_moment: u32,
	/// Of them, those that were promised for one block.
	of_one_block: u32,
	/// Proofs that closed their round, which the agenda had not.
	closed: u32,
	/// Proofs of dropped batches.
	dropped: u32,
	/// Rounds that closed by their deadline, as it was expected.
	as_expected: usize,
}

impl Met {
	fn plus(self, other: Self) -> Self {
		Self {
			reveals: self.reveals + other.reveals,
			places: self.places + other.places,
			last_moment: self.last_moment + other.last_moment,
			of_one_block: self.of_one_block + other.of_one_block,
			closed: self.closed + other.closed,
			dropped: self.dropped + other.dropped,
			as_expected: self.as_expected + other.as_expected,
		}
	}
}

/// Ann follows the protocol: she bids, reveals, takes her place and delivers, upon what she sees at the end
/// of a block.
struct Ann {
	seed: u64,
	/// Fee that she asks, in planck.
	fee: Balance,
	/// The time that she promises, in blocks: her proof is there one block before it is over.
	time: u32,
	/// The number of blocks by which a transaction may be delayed.
	longest_delay: u32,
	/// True if her proof is there as soon as she has won.
	is_fast: bool,
	/// True if each transaction takes as long as it may.
	is_slow: bool,
	/// True if she misses the first block upon which she may reveal.
	is_absent: bool,
	sent: BTreeSet<Purpose>,
	/// Transactions on their way, with the blocks in which they arrive.
	on_the_way: Vec<(u32, Purpose, Call<Test>)>,
	met: Met,
}

impl Ann {
	fn new(setup: &Setup, longest_delay: u32, dice: &mut Dice) -> Self {
		let seed = setup.seed;
		let times = [1, 2, 1, 9];
		Self {
			seed,
			fee: 50 + u128::from(dice.roll(100)),
			time: times[usize::try_from(seed / 16 % 4).expect("small")],
			longest_delay,
			is_fast: seed % 7 == 3,
			is_slow: !seed.is_multiple_of(5),
			is_absent: seed.is_multiple_of(3),
			sent: BTreeSet::new(),
			on_the_way: Vec::new(),
			met: Met::default(),
		}
	}

	fn send(&mut self, dice: &mut Dice, purpose: Purpose, call: Call<Test>) {
		if self.sent.insert(purpose) {
			let longest = self.longest_delay;
			let delay = if self.is_slow { longest } else { dice.small(longest + 1) };
			self.on_the_way.push((now() + 1 + delay, purpose, call));
		}
	}

	/// Sends what is to be sent upon the state at the end of this block.
	fn look(&mut self, dice: &mut Dice) {
		for id in all_pending() {
			let Some(round) = Pvs::round_info(id) else { continue };
			let at = |kind| (id, round.round, kind);
			let mine = round.bids.iter().find(|bid| bid.bidder == ANN);
			let payload = payload(self.fee, self.time).encode();
			match (round.phase, mine) {
				(Phase::Bidding, None) if round.reserve >= self.fee => {
					let call = Call::place_bid {
						batch: id,
						round: round.round,
						batch_digest: round.batch_digest,
						max_slot_fee: Balance::MAX,
						commitment: commitment(id, &ANN, &payload),
						seal: any_seal(),
					};
					self.send(dice, at(Kind::Bid), call);
				},
				(Phase::Revealing, Some(bid))
					if bid.state == BidState::Sealed
						&& (now() >= round.reveal_from || !self.is_absent) =>
				{
					let payload = payload.to_vec().try_into().expect("85 bytes");
					let call =
						Call::reveal_bid { batch: id, round: round.round, bidder: ANN, payload };
					self.send(dice, at(Kind::Reveal), call);
				},
				(Phase::Offered, _) if round.ladder.first().is_some_and(|p| p.prover == ANN) => {
					let call = Call::accept_place { batch: id, round: round.round };
					self.send(dice, at(Kind::Accept), call);
				},
				_ => (),
			}
			if let Some((clock, _)) = deadlines(id, &round) {
				if self.is_fast || now() + 1 >= clock + self.time {
					let proof = proof(id, &ANN).try_into().expect("256 bytes");
					let call = Call::submit_proof { batch: id, prover: ANN, proof };
					self.send(dice, at(Kind::Proof), call);
				}
			}
		}
	}

	/// Takes the transactions that arrive in this block.
	fn arrive(&mut self) {
		let (due, later): (Vec<_>, Vec<_>) =
			self.on_the_way.drain(..).partition(|(block, ..)| *block == now());
		self.on_the_way = later;
		for (_, (id, number, kind), call) in due {
			let round = Pvs::round_info(id).filter(|round| round.round == number);
			let on_time_until = round.as_ref().and_then(|round| deadlines(id, round));
			let on_time_until = on_time_until.map(|(_, until)| until);
			let dropped = pending(id) && status(id) == BatchStatus::Dropped;
			match outcome(dispatch(signed(&ANN), call)) {
				Ok(_) => self.note(kind, round, on_time_until, dropped),
				// A bid may come too late, all else only if the batch has been dropped.
				Err(error) => assert!(
					kind == Kind::Bid || GONE.map(DispatchError::from).contains(&error),
					"seed {}: {kind:?} of {id:?} {number} in {}: {error:?}",
					self.seed,
					now()
				),
			}
		}
	}

	/// Counts what was met by a transaction that was accepted; `round` is as it was before.
	fn note(
		&mut self,
		kind: Kind,
		round: Option<RoundInfo<AccountId>>,
		on_time_until: Option<u32>,
		dropped: bool,
	) {
		let met = &mut self.met;
		match kind {
			Kind::Bid => (),
			Kind::Accept => met.places += 1,
			Kind::Reveal => {
				met.reveals +=
					u32::from(round.is_some_and(|round| now() + 1 == round.reveal_until));
			},
			Kind::Proof => {
				let at_last = on_time_until == Some(now());
				met.last_moment += u32::from(at_last);
				met.of_one_block += u32::from(at_last && self.time == 1);
				met.closed += u32::from(round.is_some_and(|round| round.assignment.is_none()));
				met.dropped += u32::from(dropped);
			},
		}
	}
}

/// Returns the block from which Ann's time counts and the last one for her full payment, if she has won.
fn deadlines(id: BatchId, round: &RoundInfo<AccountId>) -> Option<(u32, u32)> {
	let assigned = round.assignment.as_ref().filter(|assigned| assigned.prover == ANN);
	let decided = Pvs::expected_winner_info(id).filter(|won| won.decided && won.prover == ANN);
	let assigned = assigned.map(|assigned| (assigned.clock, assigned.on_time_until));
	assigned.or(decided.map(|won| (won.clock, won.on_time_until)))
}

/// Plays a sequence in which transactions of Ann are delayed by so many blocks beyond the slack. Returns what
/// it has met.
fn run(seed: u64, beyond_slack: u32) -> Met {
	let setup = Setup::adverse(seed);
	let mut met = Met::default();
	setup.play(|| {
		let mut dice = Dice(seed);
		let mut bids = Bids::new();
		let mut watch = Watch::new(setup.rollups.clone());
		let mut ann = Ann::new(&setup, setup.slack + beyond_slack, &mut dice);
		let before = total(&ANN);
		let check = || {
			Pvs::do_try_state().unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
		};
		for _ in 0..ACTIONS {
			random_action(&mut dice, &mut bids, &setup);
			watch.look(seed);
			if dice.one_in(2) {
				continue;
			}
			ann.arrive();
			watch.look(seed);
			if dice.one_in(8) {
				check();
			}
			// Two blocks of three have room left, for one step or several.
			idle(Weight::from_parts(2_000_000_000 * u64::from(now() % 3), u64::MAX));
			watch.look(seed);
			let decided = decided();
			ann.look(&mut dice);
			run_to(now() + 1);
			ann.met.as_expected += check_decided(decided, seed);
			// Before or after everyone else's calls.
			if dice.one_in(2) {
				ann.arrive();
				watch.look(seed);
			}
		}
		MaxAgendaWeight::set(AGENDA_WEIGHT);
		let stop = now() + 40 * Pvs::retry_blocks();
		while !all_pending().is_empty() || UnsettledBids::<Test>::iter_keys().next().is_some() {
			assert!(now() < stop, "seed {seed}: {:?} never ends", all_pending());
			ann.arrive();
			watch.look(seed);
			ann.look(&mut dice);
			run_to(now() + 1);
			if now().is_multiple_of(4) {
				check();
			}
		}
		check();
		watch.look(seed);
		watch.check_ann(before, seed);
		met = ann.met;
	});
	met
}

/// G3: nobody who follows the protocol is slashed, late or paid less.
#[test]
fn honest_prover_should_lose_nothing_when_each_transaction_takes_as_long_as_it_may() {
	let sequences = sequences(DEFAULT_SEQUENCES);
	let play = |first: u64| {
		let mut met = Met::default();
		with_cheap_proofs(|| {
			let all = (first..=sequences).step_by(2);
			met = all.map(|seed| run(seed, 0)).fold(Met::default(), Met::plus);
		});
		met
	};
	let met = std::thread::scope(|scope| {
		let halves = [1, 2].map(|first| scope.spawn(move || play(first)));
		halves.map(|half| half.join().expect("no sequence fails"))
	});
	let [first, second] = met;
	let met = first.plus(second);
	let counts = [
		met.reveals,
		met.places,
		met.last_moment,
		met.of_one_block,
		met.closed,
		met.dropped,
		u32::try_from(met.as_expected).expect("few"),
	];
	assert!(sequences < DEFAULT_SEQUENCES || counts.iter().all(|count| *count > 0), "{met:?}");
}

/// The negative control: a block more than the slack, and Ann does lose.
#[test]
#[should_panic(expected = "seed ")]
fn honest_prover_should_lose_when_its_transactions_take_longer_than_they_may() {
	with_cheap_proofs(|| {
		for seed in 1..=8 {
			run(seed, 1);
		}
	});
}

/// Ann promises one block at slack 0, and a rival is silent, so that she learns in the last block of the
/// window that she has won, and nobody may have written it when her proof comes.
#[test]
fn promise_of_one_block_should_be_kept_when_a_rival_is_silent_at_slack_0() {
	for params in [params(), settling_params(), opening_params()] {
		for lags in [false, true] {
			for late in [0, 1] {
				let params =
					RollupParams { min_proof_blocks: 1, min_reserve: 20, ..params.clone() };
				let setup = Setup {
					seed: 0,
					rollups: vec![params],
					existential_deposit: 20,
					gap: 0,
					slack: 0,
				};
				setup.play(|| {
					let id = commit(500);
					run_to(2);
					bid(id, &BEN, 50, 1);
					bid(id, &ANN, 100, 1);
					let decided =
						|| Pvs::expected_winner_info(id).filter(|expected| expected.decided);
					run_to(Pvs::round_info(id).expect("open").reveal_until - 1);
					assert_ok!(reveal(id, &ANN, 100, 1));
					while decided().is_none() {
						run_to(now() + 1);
					}
					let won = decided().expect("it is");
					assert_eq!((won.prover, won.clock), (ANN, now()));
					let proof = proof(id, &ANN);
					let limit = if lags { Weight::zero() } else { AGENDA_WEIGHT };
					MaxAgendaWeight::set(limit);
					run_to(now() + 1 + late);
					let before = total(&ANN);
					assert_ok!(submit(id, &ANN, proof));
					// Nobody else counts; a late block costs five per cent of the reserve.
					assert_eq!(total(&ANN), before + 500 - 25 * u128::from(late));
					let ann = prover(&ANN).stats;
					assert_eq!((ann.on_time, ann.late), (u32::from(late == 0), late));
					MaxAgendaWeight::set(AGENDA_WEIGHT);
				});
			}
		}
	}
}
