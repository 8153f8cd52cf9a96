// SPDX-License-Identifier: Apache-2.0

use super::*;
use pvs_primitives::api::{BidInfo, SealPlace, UnsettledBidInfo};
use pvs_timelock::SEAL_BYTES;

pub(crate) const SCOPE: Scope =
	Scope { genesis_hash: [1; 32], parameters: [2; 32], opener: [9; 32] };

/// A round of batch `index` that opens at 10: bidding to 12, reveals to 16, openings to 40 and 10
/// blocks more per index.
pub(crate) fn round(index: u32, phase: Phase, bids: Vec<BidInfo<Bytes32>>) -> RoundInfo<Bytes32> {
	RoundInfo {
		batch: BatchId { rollup: 0, index: index.into() },
		round: 0,
		opened_at: 10,
		reserve: 1_000,
		bond: 1_500,
		slot_fee: 10,
		batch_digest: [3; 32],
		phase,
		phase_ends_at: 13,
		bidding_from: 11,
		reveal_from: 13,
		reveal_until: 16,
		opening_until: 40 + 10 * index,
		bids,
		assignment: None,
		ladder: Vec::new(),
		rescue: None,
	}
}

/// Canonical, since it is far below half of the modulus, but for those of bidder 6.
fn seal(bidder: u8) -> Seal {
	let mut seal = [bidder; SEAL_BYTES];
	seal[0] = if bidder == 6 { 0xff } else { 0 };
	seal
}

/// The seals of all bidders but number 5.
pub(crate) fn book() -> BTreeMap<Bytes32, Seal> {
	let others = (0..=u8::MAX).filter(|bidder| *bidder != 5);
	others.map(seal).map(|seal| (blake2_256(&[&seal]), seal)).collect()
}

fn bid(bidder: u8, state: BidState) -> BidInfo<Bytes32> {
	BidInfo {
		bidder: [bidder; 32],
		commitment: [bidder; 32],
		seal_hash: blake2_256(&[&seal(bidder)]),
		placed: SealPlace { block: 11, extrinsic: bidder.into() },
		state,
	}
}

pub(crate) fn sealed(bidder: u8) -> BidInfo<Bytes32> {
	bid(bidder, BidState::Sealed)
}

const REVEALED: BidState = BidState::Revealed { fee: 1, proof_blocks: 1 };
const OPENED: BidState = BidState::Opened { fee: 1, proof_blocks: 1 };

const MEANS: Means = Means {
	threads: 2,
	cost: 10,
	min_profit: 0,
	height: 20,
	delay: 1_000,
	speed: None,
	slot_millis: 1_000,
};

fn seals(phase: Phase, bidders: &[u8]) -> Vec<Target> {
	let bids = bidders.iter().map(|bidder| sealed(*bidder)).collect();
	targets(&open(&[round(0, phase, bids)]), &SCOPE, &book())
}

fn open(rounds: &[RoundInfo<Bytes32>]) -> Rounds {
	Rounds { open: rounds.to_vec(), unsettled: Vec::new() }
}

/// A closed round of batch 0 with silent bids, that are settled before block 60.
fn unsettled(bidders: &[u8]) -> UnsettledRoundInfo<Bytes32> {
	UnsettledRoundInfo {
		batch: BatchId { rollup: 0, index: 0 },
		round: 2,
		committer: [20; 32],
		sequencer: [21; 32],
		batch_digest: [3; 32],
		seal_digest: SCOPE.parameters,
		reserve: 1_000,
		bond: 1_500,
		until: 60,
		bids: bidders
			.iter()
			.map(|bidder| UnsettledBidInfo {
				bidder: [*bidder; 32],
				commitment: [*bidder; 32],
				seal_hash: blake2_256(&[&seal(*bidder)]),
				placed: SealPlace { block: 11, extrinsic: (*bidder).into() },
			})
			.collect(),
	}
}

fn to_settle(round: UnsettledRoundInfo<Bytes32>) -> Vec<Target> {
	let rounds = Rounds { open: Vec::new(), unsettled: vec![round] };
	assert_eq!(wanted_seals(&rounds, &SCOPE).count(), rounds.sealed(&SCOPE).count());
	targets(&rounds, &SCOPE, &book())
}

#[test]
fn silent_bids_of_closed_rounds_should_be_opened_at_once() {
	let found = to_settle(unsettled(&[1, 2]));
	assert_eq!(found.len(), 2);
	for target in &found {
		assert!(target.is_due && target.settles && !target.is_own);
		assert_eq!((target.round, target.until, target.reward), (2, 60, 250));
	}
	let plan = plan(&found, &BTreeMap::new(), &MEANS);
	assert_eq!(plan.start.len(), 2);
	// The opener's own as well, and those whose seals were not found are left out.
	let own = to_settle(unsettled(&[9, 5, 6]));
	assert_eq!(own.len(), 1);
	assert!(own[0].is_own && own[0].is_due);
}

#[test]
fn silent_bids_should_be_left_to_others_when_they_earn_nothing() {
	for (committer, sequencer) in [(SCOPE.opener, [21; 32]), ([20; 32], SCOPE.opener)] {
		let found = to_settle(UnsettledRoundInfo { committer, sequencer, ..unsettled(&[1]) });
		assert_eq!(found[0].reward, 0);
		let plan = plan(&found, &BTreeMap::new(), &MEANS);
		assert!(matches!(plan.pass[..], [(_, Pass::Unprofitable { reward: 0, .. })]));
	}
}

#[test]
fn silent_bids_should_be_left_alone_when_their_seals_are_of_another_set() {
	let other = UnsettledRoundInfo { seal_digest: [8; 32], ..unsettled(&[1]) };
	assert_eq!(to_settle(other), []);
}

fn jobs(entries: &[(&Target, Stage)]) -> BTreeMap<Id, Stage> {
	entries.iter().map(|(target, stage)| (target.id, *stage)).collect()
}

#[test]
fn seals_should_be_looked_at_once_bidding_has_closed() {
	let table = [
		(Phase::Opening, None),
		(Phase::Bidding, None),
		(Phase::FinalityGap, Some(false)),
		(Phase::Revealing, Some(false)),
		(Phase::SealOpening, Some(true)),
		(Phase::Proving, None),
		(Phase::Dropped, None),
		(Phase::Overdue, None),
	];
	for (phase, is_due) in table {
		let found = seals(phase, &[1]).first().map(|target| target.is_due);
		assert_eq!(found, is_due, "{phase:?}");
	}
}

#[test]
fn only_sealed_bids_of_others_should_be_looked_at() {
	let bids = vec![
		sealed(1),
		bid(2, REVEALED),
		bid(3, OPENED),
		bid(4, BidState::Void),
		// The opener's own, which it may still reveal.
		sealed(9),
		// The seal of the first was not found, and nothing opens that of the second.
		sealed(5),
		sealed(6),
	];
	assert_eq!(
		targets(&open(&[round(0, Phase::FinalityGap, bids.clone())]), &SCOPE, &book()).len(),
		1
	);
	let found = targets(&open(&[round(0, Phase::Revealing, bids)]), &SCOPE, &book());
	let bidders: Vec<u8> = found.iter().map(|target| target.bidder[0]).collect();
	assert_eq!(bidders, [1]);
	assert_eq!(found[0].reward, 250, "half of the silence penalty");
}

#[test]
fn seals_should_be_wanted_when_they_are_sealed_and_their_round_opens_them() {
	let bids = vec![sealed(1), bid(2, REVEALED), sealed(3)];
	let mut excludes = round(1, Phase::Revealing, vec![sealed(4)]);
	excludes.opening_until = excludes.reveal_until;
	let rounds = [round(0, Phase::Revealing, bids), excludes];
	let places: Vec<u32> =
		wanted_seals(&open(&rounds), &SCOPE).map(|(place, _)| place.extrinsic).collect();
	assert_eq!(places, [1, 3]);
}

#[test]
fn seals_should_be_left_alone_when_the_rollup_excludes_silent_bidders() {
	let mut excludes = round(0, Phase::Revealing, vec![sealed(1)]);
	excludes.opening_until = excludes.reveal_until;
	assert_eq!(targets(&open(&[excludes]), &SCOPE, &book()), []);
}

#[test]
fn rounds_that_end_first_should_come_first() {
	let rounds = [3, 1, 2].map(|index| round(index, Phase::Revealing, vec![sealed(1), sealed(2)]));
	let indices: Vec<u64> =
		targets(&open(&rounds), &SCOPE, &book()).iter().map(|target| target.batch.index).collect();
	assert_eq!(indices, [1, 1, 2, 2, 3, 3]);
}

#[test]
fn openers_should_start_with_different_seals() {
	let bids: Vec<_> = (1..=8).map(sealed).collect();
	let first_of = |opener: u8| {
		let scope = Scope { opener: [opener; 32], ..SCOPE };
		targets(&open(&[round(0, Phase::Revealing, bids.clone())]), &scope, &book())[0].bidder
	};
	let firsts: BTreeSet<Bytes32> = (100..120).map(first_of).collect();
	assert!(firsts.len() > 1, "{firsts:?}");
}

#[test]
fn seal_should_be_another_one_when_anything_about_it_differs() {
	let id =
		|round: RoundInfo<Bytes32>, scope: Scope| targets(&open(&[round]), &scope, &book())[0].id;
	let plain = || round(0, Phase::Revealing, vec![sealed(1)]);
	let mut other_seal = plain();
	other_seal.bids[0].seal_hash = sealed(2).seal_hash;
	let mut other_commitment = plain();
	other_commitment.bids[0].commitment = [7; 32];
	let mut other_fork = plain();
	other_fork.batch_digest = [7; 32];
	let ids = BTreeSet::from([
		id(plain(), SCOPE),
		id(other_seal, SCOPE),
		id(other_commitment, SCOPE),
		id(other_fork, SCOPE),
		id(plain(), Scope { opener: [8; 32], ..SCOPE }),
		id(plain(), Scope { parameters: [8; 32], ..SCOPE }),
	]);
	assert_eq!(ids.len(), 6);
}

#[test]
fn never_more_seals_should_be_solved_than_there_are_threads() {
	let found = seals(Phase::Revealing, &[1, 2, 3, 4]);
	let [a, b, c, _] = &found[..] else { panic!("{found:?}") };
	let started = |known: &[(&Target, Stage)], threads| {
		plan(&found, &jobs(known), &Means { threads, ..MEANS }).start.len()
	};
	for (known, threads, expected) in [
		(vec![], 2, 2),
		(vec![], 8, 4),
		(vec![(a, Stage::Running)], 2, 1),
		(vec![(a, Stage::Running), (b, Stage::Running)], 2, 0),
		(vec![(a, Stage::Running), (b, Stage::Solved)], 2, 1),
		(vec![(a, Stage::Solved), (b, Stage::Sending), (c, Stage::Refused)], 1, 1),
	] {
		assert_eq!(started(&known, threads), expected, "{known:?}, {threads} threads");
	}
	assert_eq!(plan(&found, &jobs(&[]), &MEANS).start, [a.id, b.id], "in their order");
}

#[test]
fn solving_should_be_given_up_when_the_seal_is_gone() {
	let found = seals(Phase::Revealing, &[1, 2]);
	let known = jobs(&[(&found[0], Stage::Running), (&found[1], Stage::Running)]);
	let one_left = &found[1..];
	let given_up = plan(one_left, &known, &MEANS);
	assert_eq!(given_up, Plan { cancel: vec![found[0].id], ..Plan::default() });
	assert_eq!(plan(&[], &known, &MEANS).cancel.len(), 2, "the round is gone");
	let done = jobs(&[(&found[0], Stage::Solved), (&found[1], Stage::Sent(19))]);
	assert_eq!(plan(&[], &done, &MEANS), Plan::default(), "nothing to stop");
}

#[test]
fn thread_should_be_used_again_when_its_seal_is_gone() {
	let found = seals(Phase::Revealing, &[1, 2]);
	let known = jobs(&[(&found[0], Stage::Running)]);
	let next = plan(&found[1..], &known, &Means { threads: 1, ..MEANS });
	assert_eq!((next.cancel, next.start), (vec![found[0].id], vec![found[1].id]));
}

#[test]
fn seal_should_be_opened_once_it_is_solved_and_due() {
	let table = [
		(Phase::Revealing, Stage::Solved, false),
		(Phase::SealOpening, Stage::Running, false),
		(Phase::SealOpening, Stage::Solved, true),
		(Phase::SealOpening, Stage::Sending, false),
		(Phase::SealOpening, Stage::Refused, false),
		// The block that is looked at had the opening, or comes before it.
		(Phase::SealOpening, Stage::Sent(20), false),
		(Phase::SealOpening, Stage::Sent(21), false),
		// It may be on its way, or back in the pool.
		(Phase::SealOpening, Stage::Sent(19), false),
		(Phase::SealOpening, Stage::Sent(20 - RESEND_AFTER + 1), false),
		// It is lost.
		(Phase::SealOpening, Stage::Sent(20 - RESEND_AFTER), true),
		(Phase::SealOpening, Stage::Sent(1), true),
		(Phase::Revealing, Stage::Sent(1), false),
	];
	for (phase, stage, is_opened) in table {
		let found = seals(phase, &[1]);
		let next = plan(&found, &jobs(&[(&found[0], stage)]), &MEANS);
		assert_eq!(next.open.len(), usize::from(is_opened), "{phase:?} {stage:?}");
		assert!(next.start.is_empty() && next.pass.is_empty());
	}
}

#[test]
fn test_opener_reward_ge_cost() {
	let found = seals(Phase::SealOpening, &[1]);
	let solved = jobs(&[(&found[0], Stage::Solved)]);
	for (cost, min_profit, is_worth_it) in [
		(0, 0, true),
		(250, 0, true),
		(251, 0, false),
		(200, 50, true),
		(200, 51, false),
		(0, u128::MAX, false),
		(u128::MAX, u128::MAX, false),
	] {
		let means = Means { cost, min_profit, ..MEANS };
		for (known, planned) in [
			(jobs(&[]), plan(&found, &jobs(&[]), &means).start),
			(solved.clone(), plan(&found, &solved, &means).open),
		] {
			assert_eq!(!planned.is_empty(), is_worth_it, "{cost} {min_profit} {known:?}");
		}
		let passes = plan(&found, &jobs(&[]), &means).pass;
		let expected = Pass::Unprofitable { reward: 250, cost, min_profit };
		let expected = if is_worth_it { vec![] } else { vec![(found[0].id, expected)] };
		assert_eq!(passes, expected);
	}
}

#[test]
fn seal_should_not_be_opened_for_nothing() {
	let mut unrewarded = round(0, Phase::SealOpening, vec![sealed(1)]);
	unrewarded.bond = unrewarded.reserve + 1;
	let found = targets(&open(&[unrewarded]), &SCOPE, &book());
	let free = Means { cost: 0, ..MEANS };
	assert!(matches!(plan(&found, &jobs(&[]), &free).pass[..], [(_, Pass::Unprofitable { .. })]));
}

#[test]
fn seal_should_not_be_begun_when_there_is_no_time_for_it() {
	let found = seals(Phase::Revealing, &[1]);
	// The window ends with block 39: after block 20 there are 19 blocks of a second.
	for (speed, delay, is_begun) in [
		(None, u64::MAX, true),
		(Some(100), 1_900, true),
		(Some(100), 2_000, false),
		(Some(1_000), 19_999, true),
		(Some(1_000), 20_000, false),
		(Some(0), 1, true),
	] {
		let speed = speed.map(|per_second| Speed { per_second, at: 20 });
		let means = Means { speed, delay, ..MEANS };
		let next = plan(&found, &jobs(&[]), &means);
		assert_eq!(!next.start.is_empty(), is_begun, "{speed:?} {delay}");
		assert_eq!(next.pass.is_empty(), is_begun);
	}
	let speed = Some(Speed { per_second: 100, at: 20 });
	let slow_blocks = Means { speed, delay: 2_000, slot_millis: 2_000, ..MEANS };
	assert_eq!(plan(&found, &jobs(&[]), &slow_blocks).start.len(), 1);
}

#[test]
fn seal_should_be_begun_when_saved_work_brings_it_into_time() {
	// 19 seconds are left, and the thread does 100 squarings in each.
	let speed = Some(Speed { per_second: 100, at: 20 });
	for (delay, done, is_begun) in [
		(2_000, 0, false),
		(2_000, 1, false),
		(2_000, 200, true),
		(2_000, 2_000, true),
		// The proof alone takes 20 s and more.
		(16_000, 16_000, false),
		(15_200, 15_200, true),
		// More than all cannot be.
		(2_000, u64::MAX, true),
	] {
		let mut found = seals(Phase::Revealing, &[1]);
		found[0].done = done;
		let next = plan(&found, &jobs(&[]), &Means { speed, delay, ..MEANS });
		assert_eq!(!next.start.is_empty(), is_begun, "{delay} {done}");
	}
}

#[test]
fn refusal_for_time_should_end_when_the_speed_is_old() {
	for (measured_at, is_begun) in [(1_000, false), (401, false), (400, true), (0, true)] {
		let mut found = seals(Phase::Revealing, &[1]);
		found[0].until = 1_010;
		let speed = Some(Speed { per_second: 1, at: measured_at });
		let means = Means { speed, height: 1_000, ..MEANS };
		let next = plan(&found, &jobs(&[]), &means);
		assert_eq!(!next.start.is_empty(), is_begun, "measured at {measured_at}");
	}
}

#[test]
fn speed_should_be_measured_only_by_jobs_that_squared_half_at_least() {
	let second = Duration::from_secs(1);
	for (squarings, delay, took, expected) in [
		(1_000, 1_000, second, Some(1_000)),
		(1_000, 1_000, 10 * second, Some(100)),
		(500, 1_000, second, Some(500)),
		(499, 1_000, second, None),
		// Resumed for its last squarings: the time is the proof's.
		(1, 1_000, second, None),
		(0, 1_000, second, None),
		// Too short or too long to tell.
		(1_000, 1_000, Duration::ZERO, None),
		(1, 1, 2 * second, None),
	] {
		let speed = Speed::measured(squarings, delay, took, 7);
		let expected = expected.map(|per_second| Speed { per_second, at: 7 });
		assert_eq!(speed, expected, "{squarings} of {delay} in {took:?}");
	}
}

#[test]
fn own_seal_should_be_opened_when_it_is_too_late_to_reveal() {
	let bidders_of = |phase: Phase| {
		let found = seals(phase, &[1, 9, 2]);
		found.iter().map(|target| target.bidder[0]).collect::<Vec<_>>()
	};
	for phase in [Phase::FinalityGap, Phase::Revealing] {
		assert!(!bidders_of(phase).contains(&9), "{phase:?}");
	}
	assert_eq!(bidders_of(Phase::SealOpening)[0], 9, "before those of others");

	// What it saves is always worth the fee, also where others would earn nothing.
	let mut unrewarded = round(0, Phase::SealOpening, vec![sealed(9)]);
	unrewarded.bond = unrewarded.reserve;
	let found = targets(&open(&[unrewarded]), &SCOPE, &book());
	let dear = Means { cost: u128::MAX, min_profit: u128::MAX, ..MEANS };
	assert_eq!(plan(&found, &jobs(&[]), &dear).start, [found[0].id]);
	assert_eq!(plan(&found, &jobs(&[(&found[0], Stage::Solved)]), &dear).open, [found[0].id]);
}

#[test]
fn reason_should_be_told_when_a_seal_is_gone() {
	let target = &seals(Phase::Revealing, &[1])[0];
	let with = |bids| open(&[round(0, Phase::Revealing, bids)]);
	assert_eq!(why_gone(&with(vec![bid(1, REVEALED)]), target), "its bidder revealed");
	assert_eq!(why_gone(&with(vec![bid(1, OPENED)]), target), "another opener was faster");
	assert_eq!(why_gone(&with(vec![bid(1, BidState::Void)]), target), "the bid is void");
	assert_eq!(why_gone(&with(vec![]), target), "the round is over");
	assert_eq!(why_gone(&Rounds::default(), target), "the round is over");
}
