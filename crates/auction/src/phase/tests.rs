// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	round::{Assignment, Auction, Ladder, Offer, Place},
	score::tests::{params, snapshot},
};
use proptest::prelude::*;

const OPENED: u32 = 10;
/// With it, each of an opener's two cores opens a seal in a block.
const DELAY: u64 = 1_000;

fn parameters() -> RollupParams {
	RollupParams {
		bidding_blocks: 2,
		reveal_blocks: 4,
		silence_policy: SilencePolicy::ForceOpen { opening_blocks: 3 },
		grace_blocks: 2,
		ladder_blocks: 3,
		rescue_blocks: 5,
		..params()
	}
}

fn of(params: RollupParams) -> Snapshot {
	Snapshot { params, ..snapshot() }
}

fn context(snapshot: &Snapshot, standing: Standing) -> Context<'_> {
	Context { snapshot, seal_delay: Some(DELAY), max_fee: 100, standing }
}

fn round(stage: Stage<u8>) -> Round<u8> {
	Round { opened_at: OPENED, stage, ..Round::first(100, 100, OPENED) }
}

fn auction(bids: u32, sealed: u32) -> Stage<u8> {
	Stage::Auction(Auction { bids, sealed, opened: 0 })
}

fn place() -> Place<u8> {
	Place { prover: 1, fee: 10, payment: 20, proof_blocks: 4, proof_commitment: None, bond: 110 }
}

fn assigned(at: u32, params: &RollupParams) -> Stage<u8> {
	Stage::Assigned(Assignment {
		place: place(),
		delivery: Delivery::new(at, at, 4, &of(params.clone())),
		first_payment: 20,
		ladder: Ladder::new(),
	})
}

fn offered(at: u32) -> Stage<u8> {
	Stage::Offered(Offer {
		offered_at: at,
		first_payment: 20,
		place: place(),
		ladder: Ladder::new(),
	})
}

fn rescue(at: u32) -> Stage<u8> {
	Stage::Rescue(Rescue { started_at: at, first_payment: 20 })
}

/// Checks the phase at every block from the first one named up to the last one named: each entry
/// holds from its block to the block before the next entry's.
fn assert_timeline(
	stage: &Stage<u8>,
	params: &RollupParams,
	standing: Standing,
	timeline: &[(u32, Phase)],
) {
	let snapshot = of(params.clone());
	let (round, context) = (round(stage.clone()), context(&snapshot, standing));
	let from = timeline[0].0;
	let until = timeline[timeline.len() - 1].0 + 2;
	for now in from..until {
		let expected = timeline.iter().rev().find(|(at, _)| *at <= now).expect("from the first").1;
		assert_eq!(phase(&round, &context, now).0, expected, "{stage:?} at {now}");
	}
}

#[test]
fn phase_should_change_exactly_at_each_boundary_when_bids_are_sealed() {
	// One or two seals take a block, three or four take two, and a transaction one more.
	for (sealed, overdue, standing) in
		[(1, 22, Standing::Head), (2, 22, Standing::Head), (3, 23, Standing::Behind)]
	{
		let timeline = [
			(9, Phase::Opening),
			(11, Phase::Bidding),
			(13, Phase::FinalityGap),
			(16, Phase::Revealing),
			(20, Phase::SealOpening),
			(overdue, Phase::Overdue),
		];
		assert_timeline(&auction(3, sealed), &parameters(), standing, &timeline);
	}
}

fn opening_window(auction: &Auction, opening_blocks: u32, seal_delay: Option<u64>) -> u32 {
	let silence_policy = SilencePolicy::ForceOpen { opening_blocks };
	let snapshot = of(RollupParams { silence_policy, ..parameters() });
	let context = Context { seal_delay, ..context(&snapshot, Standing::Head) };
	let windows = Windows::new(OPENED, auction, &context);
	assert_eq!(windows.reveal_until, 20);
	windows.opening_until - windows.reveal_until
}

#[test]
fn opening_window_should_fit_the_seals_that_the_reveal_window_left() {
	let of_seals =
		|sealed| opening_window(&Auction { bids: 8, sealed, opened: 0 }, 100, Some(DELAY));
	// ceil(seals / 2) blocks and 1 of slack.
	assert_eq!([0, 1, 2, 3, 4, 5, 8].map(of_seals), [1, 2, 2, 3, 3, 4, 5]);
	let slow = Auction { bids: 8, sealed: 3, opened: 0 };
	// Two turns of 2.5 blocks.
	assert_eq!(opening_window(&slow, 100, Some(2_500)), 6);
}

#[test]
fn opening_window_should_keep_its_length_when_seals_are_opened() {
	for opened in 0..=5 {
		let auction = Auction { bids: 8, sealed: 5 - opened, opened };
		assert_eq!(opening_window(&auction, 100, Some(DELAY)), 4, "{opened} opened");
	}
}

#[test]
fn opening_window_should_not_be_longer_than_the_rollup_allows() {
	let full = Auction { bids: 8, sealed: 8, opened: 0 };
	assert_eq!([4, 5, 6].map(|most| opening_window(&full, most, Some(DELAY))), [4, 5, 5]);
	assert_eq!(opening_window(&full, 100, Some(u64::MAX)), 100);
}

#[test]
fn opening_window_should_be_as_long_as_allowed_when_the_delay_of_seals_is_unknown() {
	for sealed in [0, 1, 8] {
		let auction = Auction { bids: 8, sealed, opened: 0 };
		assert_eq!(opening_window(&auction, 7, None), 7);
	}
}

/// The clock of an auction that closes in block `now`.
fn clock(silence_policy: SilencePolicy, auction: &Auction, now: u32) -> u32 {
	let snapshot = of(RollupParams { silence_policy, ..parameters() });
	let context = context(&snapshot, Standing::Head);
	Windows::new(OPENED, auction, &context).clock(auction, now)
}

#[test]
fn clock_should_be_the_last_block_of_the_reveal_window_when_silent_bidders_are_excluded() {
	let revealed = Auction { bids: 3, sealed: 0, opened: 0 };
	let silent = Auction { sealed: 1, ..revealed };
	// Closed early in 16 to 19; by its deadline in 20; later by a late agenda.
	for now in [16, 17, 18, 19, 20, 21, 99] {
		assert_eq!(clock(SilencePolicy::Exclude, &revealed, now), 19, "all revealed, {now}");
	}
	for now in [20, 21, 99] {
		assert_eq!(clock(SilencePolicy::Exclude, &silent, now), 19, "one silent, {now}");
	}
}

#[test]
fn clock_should_be_the_last_block_of_the_reveal_window_when_no_seal_had_to_be_opened() {
	let revealed = Auction { bids: 3, sealed: 0, opened: 0 };
	for now in [16, 19, 20, 21, 99] {
		let policy = SilencePolicy::ForceOpen { opening_blocks: 3 };
		assert_eq!(clock(policy, &revealed, now), 19, "{now}");
	}
}

#[test]
fn clock_should_be_the_block_of_the_last_opening_when_seals_had_to_be_opened() {
	// Three seals: the opening window is 20 to 22.
	let opened = Auction { bids: 3, sealed: 0, opened: 3 };
	let policy = SilencePolicy::ForceOpen { opening_blocks: 3 };
	for (now, expected) in [(20, 20), (21, 21), (22, 22), (23, 22), (99, 22)] {
		assert_eq!(clock(policy, &opened, now), expected, "{now}");
	}
}

#[test]
fn clock_should_be_the_last_block_of_the_opening_window_when_a_seal_was_left() {
	let policy = SilencePolicy::ForceOpen { opening_blocks: 3 };
	for (sealed, opened, last) in [(1, 0, 21), (1, 1, 21), (1, 2, 22), (3, 0, 22)] {
		let auction = Auction { bids: 3, sealed, opened };
		for now in [last + 1, last + 2, 99] {
			assert_eq!(clock(policy, &auction, now), last, "{auction:?} at {now}");
		}
	}
}

#[test]
fn phase_should_have_no_opening_window_when_silent_bidders_are_excluded() {
	let params = RollupParams { silence_policy: SilencePolicy::Exclude, ..parameters() };
	let timeline = [
		(10, Phase::Opening),
		(11, Phase::Bidding),
		(13, Phase::FinalityGap),
		(16, Phase::Revealing),
		(20, Phase::Overdue),
	];
	assert_timeline(&auction(3, 1), &params, Standing::Head, &timeline);
}

#[test]
fn phase_should_be_overdue_at_once_when_no_bid_is_sealed() {
	let timeline = [(11, Phase::Bidding), (13, Phase::FinalityGap), (16, Phase::Overdue)];
	assert_timeline(&auction(3, 0), &parameters(), Standing::Head, &timeline);
}

#[test]
fn phase_should_be_overdue_after_bidding_when_nobody_bid() {
	let timeline = [(10, Phase::Opening), (11, Phase::Bidding), (13, Phase::Overdue)];
	assert_timeline(&auction(0, 0), &parameters(), Standing::Head, &timeline);
}

#[test]
fn delivery_should_be_late_after_the_committed_time_and_overdue_after_grace() {
	let params = parameters();
	// 4 committed blocks and 1 of slack after block 30, then 2 of grace.
	let timeline = [(30, Phase::Proving), (36, Phase::Late), (38, Phase::Overdue)];
	for standing in [Standing::Head, Standing::Behind] {
		assert_timeline(&assigned(30, &params), &params, standing, &timeline);
	}
	let delivery = Delivery::new(30, 30, 4, &of(params));
	assert_eq!((delivery.on_time_until, delivery.late_until), (35, 37));
	assert_eq!([34, 35, 36, 37].map(|now| delivery.late_blocks(now)), [0, 0, 1, 2]);
}

#[test]
fn delivery_should_count_from_the_clock_and_not_from_the_assignment() {
	let snapshot = of(parameters());
	let delivery = Delivery::new(25, 30, 4, &snapshot);
	assert_eq!(
		delivery,
		Delivery { assigned_at: 25, clock: 30, on_time_until: 35, late_until: 37 }
	);
	let later = Delivery { assigned_at: 33, ..delivery };
	assert_eq!(Delivery::new(33, 30, 4, &snapshot), later);
}

#[test]
fn delivery_should_have_the_minimum_when_the_committed_time_is_below_it() {
	let snapshot = of(RollupParams { min_proof_blocks: 6, ..parameters() });
	assert_eq!(Delivery::new(30, 30, 1, &snapshot), Delivery::new(30, 30, 6, &snapshot));
	let prompt = Snapshot { inclusion_slack: 0, ..snapshot };
	assert_eq!(Delivery::new(30, 30, 1, &prompt).on_time_until, 36);
}

#[test]
fn delivery_should_go_from_on_time_to_overdue_when_there_is_no_grace() {
	let params = RollupParams { grace_blocks: 0, ..parameters() };
	let timeline = [(30, Phase::Proving), (36, Phase::Overdue)];
	assert_timeline(&assigned(30, &params), &params, Standing::Head, &timeline);
}

#[test]
fn offer_should_stand_in_its_block_and_in_each_of_the_ladder_blocks() {
	let timeline = [(30, Phase::Offered), (34, Phase::Overdue)];
	assert_timeline(&offered(30), &parameters(), Standing::Head, &timeline);
}

#[test]
fn offer_should_stand_no_longer_than_its_prover_may_take_for_a_proof() {
	// 1 block, twice the slack of 1, and 4 committed blocks, or 6 where that is the minimum.
	let of_blocks = |ladder_blocks, min_proof_blocks, inclusion_slack| Snapshot {
		inclusion_slack,
		..of(RollupParams { ladder_blocks, min_proof_blocks, ..parameters() })
	};
	let Stage::Offered(offer) = offered(30) else { panic!("offered") };
	for (ladder_blocks, min_proof_blocks, inclusion_slack, until) in [
		(3, 2, 1, 33),
		(6, 2, 1, 36),
		(7, 2, 1, 37),
		(8, 2, 1, 37),
		(100, 2, 1, 37),
		(100, 6, 1, 39),
		(100, 2, 0, 35),
		(100, 2, 2, 39),
	] {
		let snapshot = of_blocks(ladder_blocks, min_proof_blocks, inclusion_slack);
		assert_eq!(offer.until(&snapshot), until, "{snapshot:?}");
	}
	let params = of_blocks(100, 2, 1).params;
	let timeline = [(30, Phase::Offered), (38, Phase::Overdue)];
	assert_timeline(&offered(30), &params, Standing::Head, &timeline);
}

#[test]
fn offer_should_count_from_where_a_delayed_transaction_arrives() {
	let Stage::Offered(offer) = offered(30) else { panic!("offered") };
	// With a slack of 1 an honest transaction is in block 32 at the latest.
	assert_eq!(offer.clock(&of(parameters())), 32);
	let prompt = Snapshot { inclusion_slack: 0, ..of(parameters()) };
	assert_eq!(offer.clock(&prompt), 31);
}

#[test]
fn rescue_should_last_as_many_blocks_as_the_rollup_says() {
	let timeline = [(30, Phase::Rescue), (35, Phase::Overdue)];
	assert_timeline(&rescue(30), &parameters(), Standing::Head, &timeline);
}

#[test]
fn waiting_should_be_overdue_once_the_batch_is_the_head() {
	let params = parameters();
	assert_timeline(&Stage::Waiting, &params, Standing::Behind, &[(0, Phase::Waiting)]);
	assert_timeline(&Stage::Waiting, &params, Standing::Head, &[(0, Phase::Overdue)]);
	let (waiting, snapshot) = (round(Stage::Waiting), of(params));
	assert_eq!(due(&waiting, &context(&snapshot, Standing::Behind)), None);
	let forever = (Phase::Waiting, u32::MAX);
	assert_eq!(phase(&waiting, &context(&snapshot, Standing::Behind), 50), forever);
}

#[test]
fn proven_should_stay_proven_unless_a_predecessor_failed() {
	let params = parameters();
	let proven = Stage::Proven { prover: 1, at: 30, paid: 20 };
	assert_timeline(&proven, &params, Standing::Behind, &[(30, Phase::Proven)]);
	assert_timeline(&proven, &params, Standing::Head, &[(30, Phase::Proven)]);
	assert_timeline(&proven, &params, Standing::Dropped, &[(30, Phase::Dropped)]);
}

#[test]
fn every_stage_should_be_dropped_at_once_unless_its_prover_is_within_its_time() {
	let params = parameters();
	let stages =
		[auction(0, 0), auction(3, 1), auction(3, 0), offered(30), rescue(30), Stage::Waiting];
	for stage in stages {
		assert_timeline(&stage, &params, Standing::Dropped, &[(0, Phase::Dropped)]);
		let snapshot = of(params.clone());
		assert_eq!(due(&round(stage), &context(&snapshot, Standing::Dropped)), Some(0));
	}
	let timeline = [(30, Phase::Proving), (36, Phase::Late), (38, Phase::Dropped)];
	assert_timeline(&assigned(30, &params), &params, Standing::Dropped, &timeline);
}

fn order(phase: Phase) -> u8 {
	match phase {
		Phase::Opening => 0,
		Phase::Bidding => 1,
		Phase::FinalityGap => 2,
		Phase::Revealing => 3,
		Phase::SealOpening => 4,
		Phase::Proving => 5,
		Phase::Late => 6,
		Phase::Offered | Phase::Rescue | Phase::Waiting | Phase::Proven => 7,
		Phase::Overdue | Phase::Dropped => 8,
	}
}

fn standing() -> impl Strategy<Value = Standing> {
	prop_oneof![Just(Standing::Head), Just(Standing::Behind), Just(Standing::Dropped)]
}

fn stage() -> impl Strategy<Value = Stage<u8>> {
	let delivery = (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(at, time, grace)| {
		let on_time_until = at.saturating_add(time % 100);
		Delivery {
			assigned_at: at,
			clock: at,
			on_time_until,
			late_until: on_time_until.saturating_add(grace % 100),
		}
	});
	prop_oneof![
		(0..4u32, 0..4u32, 0..4u32).prop_map(|(bids, sealed, opened)| {
			let sealed = sealed.min(bids);
			Stage::Auction(Auction { bids, sealed, opened: opened.min(bids - sealed) })
		}),
		delivery.prop_map(|delivery| Stage::Assigned(Assignment {
			place: place(),
			delivery,
			first_payment: 20,
			ladder: Ladder::new(),
		})),
		any::<u32>().prop_map(offered),
		any::<u32>().prop_map(rescue),
		Just(Stage::Waiting),
		any::<u32>().prop_map(|at| Stage::Proven { prover: 1, at, paid: 20 }),
	]
}

/// A block near one at which something may happen, or any.
fn near(at: u32, choice: u32) -> u32 {
	if choice.is_multiple_of(4) {
		choice
	} else {
		at.saturating_sub(2).saturating_add(choice % 200)
	}
}

fn anchor(round: &Round<u8>) -> u32 {
	match &round.stage {
		Stage::Auction(_) | Stage::Waiting => round.opened_at,
		Stage::Assigned(assignment) => assignment.delivery.assigned_at,
		Stage::Offered(offer) => offer.offered_at,
		Stage::Rescue(rescue) => rescue.started_at,
		Stage::Proven { at, .. } => *at,
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		..ProptestConfig::with_cases(4_096)
	})]

	/// Total over all numbers, and disjoint: a phase holds in every block until the one that it
	/// names, and no longer.
	#[test]
	fn phase_should_hold_until_exactly_the_block_it_names(
		stage in stage(),
		standing in standing(),
		opened_at: u32,
		lengths in prop::array::uniform6(0..50u32),
		open: bool,
		choice: u32,
		between: u32,
	) {
		let [bidding_blocks, reveal_blocks, opening_blocks, ladder_blocks, rescue_blocks, gap] =
			lengths;
		let silence_policy = if open {
			SilencePolicy::ForceOpen { opening_blocks }
		} else {
			SilencePolicy::Exclude
		};
		let params = RollupParams {
			bidding_blocks,
			reveal_blocks,
			silence_policy,
			ladder_blocks,
			rescue_blocks,
			..parameters()
		};
		let snapshot = Snapshot { finality_gap: gap, ..of(params) };
		let context = context(&snapshot, standing);
		let round = Round { opened_at, ..round(stage) };
		let now = near(anchor(&round), choice);
		let (found, until) = phase(&round, &context, now);
		prop_assert!(until > now || now == u32::MAX);
		let inside = now + between % (until - now).max(1);
		prop_assert_eq!(phase(&round, &context, inside).0, found);
		prop_assert_eq!(phase(&round, &context, until.saturating_sub(1).max(now)).0, found);
		let open_ended = matches!(
			found,
			Phase::Overdue | Phase::Dropped | Phase::Proven | Phase::Waiting
		);
		if !open_ended && until < u32::MAX {
			prop_assert_ne!(phase(&round, &context, until).0, found);
		}
		// Overdue or dropped, exactly when a transition is due.
		let is_due = due(&round, &context).is_some_and(|due| now >= due);
		let proven = found == Phase::Proven;
		if now < u32::MAX {
			prop_assert_eq!(is_due && !proven, matches!(found, Phase::Overdue | Phase::Dropped));
		}
	}

	#[test]
	fn phase_should_never_go_back_while_nothing_happens(
		stage in stage(),
		standing in standing(),
		opened_at: u32,
		choices: [u32; 2],
	) {
		let snapshot = of(parameters());
		let context = context(&snapshot, standing);
		let round = Round { opened_at, ..round(stage) };
		let [a, b] = choices.map(|choice| near(anchor(&round), choice));
		let at = |now| order(phase(&round, &context, now).0);
		prop_assert!(at(a.min(b)) <= at(a.max(b)));
	}
}
