// SPDX-License-Identifier: Apache-2.0
//! Random sequences of actions, with the invariants checked in between, and a prover that follows
//! the protocol: it must never be slashed, and its income must be what a second calculation of its
//! payments says. No call is charged more than it declares.
//!
//! `PVS_STATEFUL_SEQUENCES` sets how many sequences run; the seed of each is its number. In each tenth
//! sequence the honest prover looks, and the invariants are checked, after every action; in the others
//! it looks at the end of every block, and the invariants are checked every fourth block or so. Proofs
//! are cheap here: other tests are about real ones.

use crate::{mock::*, Batches, Call, Event, Provers, UnsettledBids};
use frame_support::weights::Weight;
use pvs_auction::{
	phase::phase,
	round::{Stage, VoidReason},
	settle::Verdict,
};
use pvs_primitives::{
	api::{BatchId, BidState, ExpectedWinner, Phase},
	bid::PAYLOAD_BYTES,
	params::{PaymentRule, RollupParams},
	Balance,
};
use std::collections::BTreeMap;

const DEFAULT_SEQUENCES: u64 = 1_000;
const ACTIONS: u32 = 200;
/// What Ann promises: she delivers in the block in which she can.
const HONEST_TIME: u32 = 10;

/// xorshift64*: the same sequence for the same seed, everywhere.
struct Dice(u64);

impl Dice {
	fn roll(&mut self, sides: u64) -> u64 {
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % sides
	}

	fn small(&mut self, sides: u64) -> u32 {
		u32::try_from(self.roll(sides)).expect("small")
	}

	fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
		let index = self.roll(u64::try_from(from.len()).expect("few").max(1));
		from.get(usize::try_from(index).expect("few"))
	}
}

/// Bidder, fee and promised blocks.
type Revealed = (AccountId, Balance, u32);

/// What the events say, from which Ann's income follows without the pallet's arithmetic.
struct Watch {
	params: RollupParams,
	reserves: BTreeMap<(BatchId, u32), Balance>,
	revealed: BTreeMap<(BatchId, u32), Vec<Revealed>>,
	slashed: BTreeMap<BatchId, Balance>,
	income: Balance,
	slot_fees: Balance,
}

impl Watch {
	fn new(params: RollupParams) -> Self {
		Self {
			params,
			reserves: BTreeMap::new(),
			revealed: BTreeMap::new(),
			slashed: BTreeMap::new(),
			income: 0,
			slot_fees: 0,
		}
	}

	fn look(&mut self, seed: u64) {
		for event in events() {
			match event {
				Event::RoundOpened { batch, round, reserve, .. } => {
					self.reserves.insert((batch, round), reserve);
				},
				Event::BidPlaced { bidder, slot_fee, .. } if bidder == ANN => {
					self.slot_fees += slot_fee;
				},
				Event::BidRevealed { batch, round, bidder, fee, proof_blocks } => self
					.revealed
					.entry((batch, round))
					.or_default()
					.push((bidder, fee, proof_blocks)),
				Event::BidOpened { batch, round, bidder, fee, proof_blocks, .. } => {
					assert_ne!(bidder, ANN, "seed {seed}");
					self.revealed.entry((batch, round)).or_default().push((
						bidder,
						fee,
						proof_blocks,
					));
				},
				Event::ProverDefaulted { batch, slashed, prover, .. } => {
					assert_ne!(prover, ANN, "seed {seed}");
					*self.slashed.entry(batch).or_default() += slashed;
				},
				Event::BidUnsettled { bidder, .. } | Event::BidSettled { bidder, .. } => {
					assert_ne!(bidder, ANN, "seed {seed}");
				},
				Event::BidVoided { bidder, slashed, .. } => {
					assert!(bidder != ANN || slashed == 0, "seed {seed}");
				},
				Event::ProofAccepted {
					batch,
					round,
					prover,
					payment,
					slashed_share,
					late_cost,
					..
				} => {
					let kept = self.slashed.remove(&batch).unwrap_or_default();
					if prover == ANN {
						let reserve = self.reserves[&(batch, round)];
						let allowed = self.payments((batch, round), reserve);
						assert!(allowed.contains(&payment), "seed {seed}: {payment} {allowed:?}");
						assert_eq!(late_cost, 0, "seed {seed}");
						let share = (kept / 2).min(reserve - payment);
						assert_eq!(slashed_share, share, "seed {seed}");
						self.income += payment + share;
					}
				},
				_ => (),
			}
		}
		System::reset_events();
	}

	/// What Ann may be paid in a round: by the next score after hers. If another has exactly her
	/// score, either may be ahead.
	fn payments(&self, round: (BatchId, u32), reserve: Balance) -> Vec<Balance> {
		let params = &self.params;
		let nano = 1_000_000_000u128;
		let time = |blocks: u32| {
			let blocks = u128::from(blocks.max(params.min_proof_blocks));
			(u128::from(params.w_time) * nano * blocks)
				.div_ceil(u128::from(params.max_proof_blocks))
		};
		let score = |fee: Balance, blocks: u32| {
			(u128::from(params.w_fee) * nano * fee).div_ceil(reserve) + time(blocks)
		};
		let bids = &self.revealed[&round];
		let (_, fee, blocks) = bids.iter().find(|(bidder, ..)| *bidder == ANN).expect("she bid");
		let own = score(*fee, *blocks);
		let others: Vec<_> = bids
			.iter()
			.filter(|(bidder, ..)| *bidder != ANN)
			.map(|(_, fee, blocks)| score(*fee, *blocks))
			.collect();
		let by = |next: Option<u128>| match next {
			None => reserve,
			Some(next) => (reserve * next.saturating_sub(time(*blocks))
				/ (u128::from(params.w_fee) * nano))
				.clamp(*fee, reserve),
		};
		let above = others.iter().copied().filter(|score| *score > own).min();
		let mut allowed = vec![by(above)];
		if others.contains(&own) {
			allowed.push(by(Some(own)));
		}
		allowed
	}
}

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
fn decided() -> Vec<(BatchId, ExpectedWinner<AccountId>)> {
	let expected = |id| Pvs::expected_winner_info(id).map(|winner| (id, winner));
	pending().into_iter().filter_map(expected).filter(|(_, winner)| winner.decided).collect()
}

/// Checks that a round that has closed since has the winner that was expected. Returns how many have.
fn check_decided(decided: Vec<(BatchId, ExpectedWinner<AccountId>)>, seed: u64) -> usize {
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

fn phase_now(id: BatchId) -> Phase {
	let entry = Pvs::entry(id).expect("pending");
	phase(&entry.batch.round, &Pvs::context(&entry), System::block_number()).0
}

fn pending() -> Vec<BatchId> {
	let mut ids: Vec<_> = Batches::<Test>::iter_keys().collect();
	ids.sort();
	ids
}

/// What the rivals have bid, so that most of their reveals match.
type Bids = BTreeMap<(BatchId, u32, AccountId), [u8; PAYLOAD_BYTES]>;

const RIVALS: [AccountId; 3] = [BEN, CID, DEE];

/// What the rivals of a sequence are like.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
	Mixed,
	NeverDeliver,
	NeverReveal,
	NeverBid,
}

impl Mood {
	fn of(seed: u64) -> Self {
		[Self::Mixed, Self::NeverDeliver, Self::NeverReveal, Self::NeverBid]
			[usize::try_from(seed % 4).expect("small")]
	}
}

/// In one sequence of five the rollup opens the seals of silent bidders, in another one it settles their
/// bids. (An opening takes a thousand squarings.)
fn first_params(seed: u64) -> RollupParams {
	let initial_reserve = 100 + 30 * Balance::from(seed % 30);
	let params = match seed % 5 {
		2 => opening_params(),
		3 => settling_params(),
		_ => params(),
	};
	RollupParams { initial_reserve, ..params }
}

/// The lowest silence penalty that the rules of a sequence's policy allow.
fn least_penalty(seed: u64) -> Balance {
	if matches!(seed % 5, 2 | 3) {
		100
	} else {
		1
	}
}

fn random_action(dice: &mut Dice, bids: &mut Bids, seed: u64) {
	let mood = Mood::of(seed);
	let id = dice.pick(&pending()).copied().unwrap_or(batch(0));
	let rival = dice.pick(&RIVALS).expect("three").clone();
	let signed = RuntimeOrigin::signed(rival.clone());
	match dice.roll(24) {
		0..=2 => {
			let sequencer = Pvs::rollup_info(0).expect("registered").sequencer;
			let index = Pvs::rollup_info(0).expect("registered").next_index;
			let number = u8::try_from(index % 250).expect("small") + 1;
			// Now and then too little.
			let max_fee = (rollup().reserve + u128::from(dice.roll(500))).saturating_sub(50);
			let call = Call::commit_batch {
				rollup: 0,
				data: vec![number; 40].try_into().expect("short enough"),
				prev_state_root: tip(0),
				next_state_root: root(number),
				max_fee: max_fee.min(1_000),
			};
			let _ = dispatch(RuntimeOrigin::signed(sequencer), call);
		},
		3..=7 => {
			if Pvs::round_info(id).is_some() && mood != Mood::NeverBid {
				let mut bid = payload(u128::from(dice.roll(500)), dice.small(22));
				bid.salt = [u8::try_from(dice.roll(8)).expect("small"); 32];
				if dice.roll(6) == 0 {
					bid.proof_commitment = Some([1; 32]);
				}
				let bytes = bid.encode();
				let placed = match dice.roll(4) {
					0 => place(id, &rival, &bytes),
					_ => place_sealed(id, &rival, &bytes),
				};
				if placed.is_ok() {
					bids.insert((id, round_number(id), rival), bytes);
				}
			}
		},
		8..=10 => {
			open_seals();
			settle_some(dice, bids);
			for ((id, _, rival), bytes) in bids.iter() {
				if dice.roll(5) > 0 && mood != Mood::NeverReveal {
					let sender = if dice.roll(3) == 0 { &GUEST } else { rival };
					let _ = reveal_for(sender, *id, rival, bytes);
				}
			}
		},
		11 => {
			let _ = reveal(id, &rival, u128::from(dice.roll(400)), 5);
		},
		12..=14 => {
			// Whoever's turn it is, or anyone in a rescue.
			let prover = winner(id).unwrap_or_else(|| rival.clone());
			let would = mood != Mood::NeverDeliver || dice.roll(8) == 0;
			if prover != ANN && would && dice.roll(3) > 0 {
				let proof = (id, prover.clone(), proof_or_nothing(id, &prover));
				if id.index % 2 == 0 {
					let _ = submit(id, &prover, proof.2);
				} else {
					let false_one = (id, rival.clone(), vec![1; 256]);
					let proofs = submissions(&[false_one, proof.clone(), proof]);
					let _ = dispatch(signed, Call::submit_proofs { proofs });
				}
			}
		},
		15 => {
			let _ = submit(id, &rival, vec![1; 256]);
		},
		16 => {
			for (id, rival) in pending().into_iter().zip(RIVALS.into_iter().cycle()) {
				let round = round_number(id);
				let call = Call::accept_place { batch: id, round };
				let _ = dispatch(RuntimeOrigin::signed(rival), call);
			}
		},
		17 => {
			let _ = Pvs::unbond(signed, u128::from(dice.roll(500)));
		},
		18 => {
			let _ = Pvs::bond_more(signed, u128::from(dice.roll(1_500)));
		},
		19 => {
			let _ = Pvs::withdraw_unbonded(signed);
		},
		20 => {
			let _ = Pvs::register_prover(signed.clone(), 2 * MIN_STAKE);
			if dice.roll(4) == 0 {
				let _ = Pvs::deregister_prover(signed);
			}
		},
		21 => {
			// Ann's income is calculated with the first weights: only the rest changes.
			let params = RollupParams {
				reveal_blocks: 3 + dice.small(4),
				ladder_len: 1 + dice.small(3),
				ladder_blocks: 2 + dice.small(3),
				rescue_blocks: 3 + dice.small(5),
				grace_blocks: 1 + dice.small(3),
				max_empty_rounds: 2 + dice.small(2),
				max_failed_rounds: 1 + dice.small(3),
				min_reserve: 10 + u128::from(dice.roll(50)),
				initial_reserve: 500,
				sequencer_bond: MIN_SEQUENCER_BOND + u128::from(dice.roll(100)),
				silence_penalty: least_penalty(seed) + u128::from(dice.roll(200)),
				payment_rule: PaymentRule::SecondScore,
				..first_params(seed)
			};
			Pvs::set_params(RuntimeOrigin::signed(OWNER), 0, params).expect("they keep the rules");
		},
		22 => {
			let next = dice.pick(&[SEQUENCER, GUEST, rival]).expect("three").clone();
			let call = Call::set_sequencer { rollup: 0, sequencer: next };
			let _ = dispatch(RuntimeOrigin::signed(OWNER), call);
		},
		_ => {
			// A block or more in which deadlines have to wait.
			let limit = if dice.roll(3) == 0 { 0 } else { 1_000_000_000_000 };
			MaxAgendaWeight::set(Weight::from_parts(limit, u64::MAX));
		},
	}
}

/// Somebody settles some of the silent bids of closed rounds, now and then twice or with a wrong payload.
fn settle_some(dice: &mut Dice, bids: &Bids) {
	for (at, bidder, _) in UnsettledBids::<Test>::iter() {
		let placed = bids.get(&(at.0, at.1, bidder.clone())).copied();
		let payload = placed.filter(|_| dice.roll(8) > 0).unwrap_or([1; PAYLOAD_BYTES]);
		match dice.roll(6) {
			0 | 1 => {
				let _ = settle_by_payload(at, &bidder, &payload);
				let _ = settle_by_payload(at, &bidder, &payload);
			},
			2 => {
				let _ = settle_by_opening(at, &bidder);
			},
			_ => {},
		}
	}
}

/// Somebody opens whatever may be opened.
fn open_seals() {
	for id in pending() {
		let round = Pvs::round_info(id).filter(|_| phase_now(id) == Phase::SealOpening);
		let bids = round.into_iter().flat_map(|round| round.bids);
		for bid in bids.filter(|bid| bid.state == BidState::Sealed) {
			let _ = open(id, &bid.bidder, &GUEST);
		}
	}
}

fn proof_or_nothing(id: BatchId, prover: &AccountId) -> Vec<u8> {
	match Pvs::public_inputs_of(id, prover.clone()) {
		Some(_) => proof(id, prover),
		None => Vec::new(),
	}
}

/// Says if a transaction of Ann reaches this block. In one sequence of three each is delayed by up to
/// the slack of one block.
fn reaches(seed: u64) -> bool {
	!seed.is_multiple_of(3) || now().is_multiple_of(2)
}

/// Returns how many rounds closed as it was expected.
fn run(seed: u64) -> usize {
	let mut as_expected = 0;
	market_with(first_params(seed), || {
		let mut dice = Dice(seed);
		let mut bids = Bids::new();
		let mut watch = Watch::new(first_params(seed));
		let before = total(&ANN);
		let fee = 50 + u128::from(dice.roll(200));
		let check = || {
			Pvs::do_try_state().unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
		};
		for _ in 0..ACTIONS {
			random_action(&mut dice, &mut bids, seed);
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
		let ann = Provers::<Test>::get(&ANN).expect("she never leaves");
		assert_eq!((ann.stats.slashed, ann.stake, ann.reserved), (0, 2 * MIN_STAKE, 0), "{seed}");
		assert_eq!((ann.stats.late, ann.stats.defaults, ann.stats.silences), (0, 0, 0));
		assert_eq!(ann.stats.earned, watch.income, "seed {seed}");
		assert_eq!(total(&ANN), before + watch.income - watch.slot_fees, "seed {seed}");
	});
	as_expected
}

/// F4, and F1 to F3 by the invariants.
#[test]
fn fuzz_honest_prover_never_slashed() {
	let sequences = std::env::var("PVS_STATEFUL_SEQUENCES")
		.ok()
		.and_then(|count| count.parse().ok())
		.unwrap_or(DEFAULT_SEQUENCES);
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

/// The sequences must reach what they are about.
#[test]
fn sequences_should_reach_every_stage() {
	let mut seen = BTreeMap::<&str, u32>::new();
	for seed in 1..=60 {
		let sequence = || {
			let mut dice = Dice(seed);
			let mut bids = Bids::new();
			for _ in 0..ACTIONS {
				random_action(&mut dice, &mut bids, seed);
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
						Event::PlaceAccepted { .. } => "accepted",
						Event::BidOpened { .. } => "opened",
						Event::BidVoided { reason: VoidReason::BadSeal, .. } => "bad seal",
						Event::BidUnsettled { .. } => "unsettled",
						Event::BidSettled { verdict: Verdict::Expired, .. } => "expired",
						Event::BidSettled { .. } => "settled",
						Event::BatchFailed { .. } => "failed",
						Event::BatchDropped { .. } => "dropped",
						Event::BatchFinalized { .. } => "finalized",
						Event::ProverSuspended { .. } => "suspended",
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
		with_cheap_proofs(|| market_with(first_params(seed), sequence));
	}
	assert_eq!(seen.len(), 16, "{seen:?}");
}
