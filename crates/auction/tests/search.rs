// SPDX-License-Identifier: Apache-2.0
//! The search over whole rounds: acting at once is best (G13), and the search sees where it is not.
//!
//! `cargo run --release -p pvs-auction --example search` searches 1,000 worlds of each kind.

use pvs_auction::{
	driver::{
		hedge::{hedge, Hedge},
		market::ClockRule,
		search::{search, Decision, Judging, Play},
		world::{Policy, Rival, Timing, World, FRIEND, OURS},
	},
	rules::BrokenRule,
};
use pvs_primitives::params::PaymentRule;

/// Number of worlds of each kind that are drawn.
const WORLDS: u64 = 6;

const PAYMENT_RULES: [PaymentRule; 2] = [PaymentRule::SecondScore, PaymentRule::FirstPrice];

/// Every policy, payment rule and slack.
fn kinds() -> impl Iterator<Item = (Policy, PaymentRule, u32)> {
	Policy::ALL.into_iter().flat_map(|policy| {
		PAYMENT_RULES.into_iter().flat_map(move |rule| [0, 2].map(|slack| (policy, rule, slack)))
	})
}

fn drawn(policy: Policy, rule: PaymentRule, slack: u32) -> impl Iterator<Item = World> {
	(0..WORLDS).map(move |seed| {
		let world = World::drawn(seed, policy, rule, slack);
		assert_eq!(world.check(), Ok(()), "seed {seed}");
		world
	})
}

/// Finding M1 of the audit, over everything that can be tried.
#[test]
fn search_should_find_nothing_in_the_round_of_finding_m1() {
	// The program has it with a slack as well.
	for (policy, rule, slack) in kinds().filter(|(_, _, slack)| *slack == 0) {
		let world = World::audited(policy, rule, slack);
		assert_eq!(world.check(), Ok(()));
		let found = search(&world, ClockRule::Fixed);
		assert!(found.at_once.income > 0);
		assert!(found.gain() <= 1, "{policy:?}, {rule:?}, slack {slack}: {found:?}");
	}
}

/// With 9 blocks of work, who reveals at once is paid 2.43 UNIT, and who reveals last 2.93 for a claim of
/// 2. Under first price it asks for that, and is not paid less for asking more.
#[test]
fn search_should_find_finding_m1_when_the_clock_of_version_1_is_put_back() {
	for policy in Policy::ALL {
		for rule in PAYMENT_RULES {
			let found = search(&World::audited(policy, rule, 0), ClockRule::Close);
			assert_eq!(found.gain(), 500_000_000_000, "{policy:?}, {rule:?}");
			let strategy = found.best.strategy.expect("a bid");
			assert_eq!(strategy.ours.timing, Timing::Revealed(7));
			assert_eq!(strategy.friend, None);
		}
	}
}

#[test]
fn acting_at_once_should_be_best_in_drawn_worlds_when_rivals_deliver() {
	let mut won = 0;
	for (policy, rule, slack) in kinds() {
		for world in drawn(policy, rule, slack).map(World::with_reliable_rivals) {
			let found = search(&world, ClockRule::Fixed);
			assert!(found.gain() <= 1, "{world:?}\n{found:?}");
			won += u32::from(found.at_once.income > 0);
		}
	}
	assert!(won >= 6, "worlds in which nothing can be won show nothing: {won}");
}

#[test]
fn search_should_find_gains_in_drawn_worlds_when_the_clock_of_version_1_is_put_back() {
	for policy in Policy::ALL {
		let worlds = drawn(policy, PaymentRule::SecondScore, 0).map(World::with_reliable_rivals);
		let gaining = worlds.filter(|world| search(world, ClockRule::Close).gain() > 1).count();
		assert!(gaining > 0, "{policy:?}");
	}
}

/// Finding S2 of the audit: half of what silence costs returns through a friend that opens the seal.
#[test]
fn silence_should_pay_when_it_costs_less_than_the_rules_demand() {
	let mut world = World::audited(Policy::ForceOpen, PaymentRule::SecondScore, 0);
	world.work = 10;
	assert_eq!(search(&world, ClockRule::Fixed).gain(), 0);

	world.snapshot.params.silence_penalty = 1_000_000_000;
	assert_eq!(world.check(), Err(BrokenRule::SilencePenaltyForOpening));
	let found = search(&world, ClockRule::Fixed);
	// The clock starts a block later, so that a claim of 2 holds instead of 3: 5 * 0.01 / 0.7.
	assert_eq!(found.gain(), 2_928_571_428_571 - 2_857_142_857_142 - 500_000_000);
	assert_eq!(found.best.strategy.expect("a bid").ours.timing, Timing::Opened(0));
}

#[test]
fn acting_at_once_should_be_best_without_a_friend_when_nothing_delays_transactions() {
	for policy in Policy::ALL {
		for rule in PAYMENT_RULES {
			for world in drawn(policy, rule, 0) {
				let found = search(&world, ClockRule::Fixed);
				assert!(found.gain_alone() <= 1, "{world:?}\n{found:?}");
			}
		}
	}
}

/// A round in which the first of the ladder is sure of its turn: the winner asks 50 for 2 blocks and fails,
/// behind the prover comes a bid of 200 for 10 blocks. The prover asks its cost of 100, and its work takes
/// 9 blocks from the offer. A block of its claim is worth 0.3/20 of the score, 21.4 of the reserve of 1,000.
fn offered_a_place(slack: u32, ladder_blocks: u32) -> World {
	let mut world = World::audited(Policy::Exclude, PaymentRule::SecondScore, slack);
	let params = &mut world.snapshot.params;
	params.reveal_blocks = slack + 2;
	params.max_proof_blocks = 20;
	params.silence_penalty = 1;
	params.late_rate = 21_428_572;
	params.min_reserve = 1;
	(params.initial_reserve, params.max_reserve) = (1_000, 1_000);
	params.ladder_blocks = ladder_blocks;
	world.snapshot.slot_fee_base = 1;
	let rival =
		|fee, proof_blocks, fails| Rival { fee, proof_blocks, timing: Timing::Revealed(0), fails };
	let rivals = vec![rival(50, 2, true), rival(200, 10, false)];
	let world = World { reserve: 1_000, cost: 100, work: 9, rivals, ..world };
	assert_eq!(world.check(), Ok(()));
	world
}

/// The block in which the prover takes the place that it is offered.
fn taken_at(play: &Play) -> Option<u32> {
	play.decisions.iter().find_map(|decision| match decision {
		Decision::Take { number: OURS, block } => Some(*block),
		_ => None,
	})
}

/// G13: the clock of a place does not depend on the block of its taking. Version 2 as it was written let it
/// start with that block, up to `InclusionSlack` blocks later, so that whoever waited could claim less.
#[test]
fn waiting_with_a_place_should_gain_nothing() {
	for (slack, ladder_blocks) in [(0, 2), (2, 3)] {
		let found = search(&offered_a_place(slack, ladder_blocks), ClockRule::Fixed);
		assert!(taken_at(&found.at_once).is_some(), "the work takes longer than the offer stands");
		assert_eq!(found.gain_alone(), 0);
	}
	// Two blocks of slack make the clock start two blocks after a place that is taken at once, so that it
	// can claim 4: (0.29 - 0.06) / 0.7 of the reserve, and half of the bond of 1,001.
	let found = search(&offered_a_place(2, 3), ClockRule::Fixed);
	assert_eq!(found.at_once.income, 328 + 500 - 100 - 1);
}

/// A gain that the rules leave (section 7 of the protocol): a place that is not taken costs nothing and passes
/// on. Who has two places one after the other works while the first one passes.
#[test]
fn letting_a_place_pass_to_oneself_should_gain_its_blocks() {
	let found = search(&offered_a_place(0, 2), ClockRule::Fixed);
	// Alone it can claim 8 blocks: (0.29 - 0.12) / 0.7 of the reserve, and half of the bond of 1,001.
	assert_eq!(found.alone.income, 242 + 500 - 100 - 1);
	// The friend's place passes after 3 blocks. Then it can claim 5: (0.29 - 0.075) / 0.7.
	assert_eq!(found.best.income, 307 + 500 - 100 - 2);
	assert_eq!(found.best.decisions[0], Decision::Pass { number: FRIEND });
}

/// The round of finding M1 in which the rival stays silent as well.
#[test]
fn silence_should_pay_nothing_when_nobody_else_bids_aloud() {
	for rule in PAYMENT_RULES {
		for slack in [0, 2] {
			let mut world = World::audited(Policy::Settle, rule, slack);
			world.rivals[0].timing = Timing::Silent;
			let found = search(&world, ClockRule::Fixed);
			// It is alone, and asks for the reserve of 5 where it is not paid that anyway.
			assert_eq!(found.at_once.income, 3_000_000_000_000 - 1_000_000_000);
			assert_eq!((found.gain_alone(), found.gain()), (0, 0));
		}
	}
}

/// The round of finding M1 as it is, and with a rival that asks 4.5 UNIT instead of 2.5.
fn cheap_or_dear(rule: PaymentRule) -> [World; 2] {
	let cheap = World::audited(Policy::Settle, rule, 0);
	let mut dear = cheap.clone();
	dear.rivals[0].fee = 4_500_000_000_000;
	[cheap, dear]
}

#[test]
fn withdrawing_should_gain_nothing_when_the_rivals_bids_are_not_known_beforehand() {
	for rule in PAYMENT_RULES {
		let found = hedge(&cheap_or_dear(rule), Judging::Rules);
		assert!(found.at_once > 0 && found.gain() <= 0, "{rule:?}: {found:?}");
		for slack in [0, 2] {
			for world in drawn(Policy::Settle, rule, slack).map(World::with_reliable_rivals) {
				let other = world.with_other_rivals(1).with_reliable_rivals();
				let worlds = [world, other];
				let found = hedge(&worlds, Judging::Rules);
				assert!(found.gain() <= 1, "{worlds:?}\n{found:?}");
			}
		}
	}
}

/// Reason why a bid that would have won costs more than the penalty.
#[test]
fn withdrawing_should_gain_under_first_price_when_it_costs_the_penalty_alone() {
	let found = hedge(&cheap_or_dear(PaymentRule::FirstPrice), Judging::PenaltyAlone);
	// A claim of 2 blocks wins with 5 * (0.43 - 0.02) / 0.7 against the cheap rival, and with 5 * (0.71 - 0.02) / 0.7
	// against the dear one. The cost is 2, and each bid pays a slot fee of 0.001.
	let [low, high] = [2_928_571_428_570, 4_928_571_428_570];
	let (cost, slot_fee) = (2_000_000_000_000, 1_000_000_000);
	// One bid: the higher one, which wins once. Twice the lower one is less.
	let at_once = high - cost - 2 * slot_fee;
	// Two: the better one of the two that win, each time. Withdrawing costs half of the penalty of 1, once.
	let best = low + high - 2 * cost - 4 * slot_fee - 500_000_000_000;
	assert_eq!((found.at_once, found.best), (at_once, best));
	assert_eq!(found.gain(), 426_571_428_570);
	// Under second score the higher bid is of no use.
	let found = hedge(&cheap_or_dear(PaymentRule::SecondScore), Judging::PenaltyAlone);
	assert_eq!(found.gain(), 0);
}

/// A round with a reserve of 1,000 in which each is paid what it asks, and a proof that costs 100 and takes 9 blocks.
/// A block of a claim is worth 0.3/20 of the score, 21.4 of the reserve. The penalty and a slot fee are 1.
fn small(policy: Policy, reveal_blocks: u32, late_rate: u32) -> World {
	let mut world = World::audited(policy, PaymentRule::FirstPrice, 0);
	let params = &mut world.snapshot.params;
	params.reveal_blocks = reveal_blocks;
	params.max_proof_blocks = 20;
	params.silence_penalty = 1;
	params.late_rate = late_rate;
	params.min_reserve = 1;
	(params.initial_reserve, params.max_reserve) = (1_000, 1_000);
	world.snapshot.slot_fee_base = 1;
	World { reserve: 1_000, cost: 100, work: 9, rivals: Vec::new(), ..world }
}

/// A rival that fails asks 300, another one asks 290 or 900, all for 8 blocks, which the prover can hold.
fn winner_may_fail(policy: Policy) -> [World; 2] {
	let world = small(policy, 2, 21_428_572);
	let rival = |fee, fails| Rival { fee, proof_blocks: 8, timing: Timing::Revealed(0), fails };
	[290, 900].map(|fee| {
		let rivals = vec![rival(300, true), rival(fee, false)];
		let world = World { rivals, ..world.clone() };
		assert_eq!(world.check(), Ok(()));
		world
	})
}

/// A rival asks 500 for 8 blocks, and reveals in the first or in the last of four blocks: the prover can hold 6 blocks,
/// or 9. A late block costs 60.
fn start_may_be_late(policy: Policy) -> [World; 2] {
	[0, 3].map(|block| {
		let timing = Timing::Revealed(block);
		let rivals = vec![Rival { fee: 500, proof_blocks: 8, timing, fails: false }];
		let world = World { rivals, ..small(policy, 4, 60_000_000) };
		assert_eq!(world.check(), Ok(()));
		world
	})
}

/// Two bids with equal scores and different times, of which the one could be withdrawn that turns out not to fit. The
/// winner's score is above that of the other one by nothing: it costs all that its fee is below the reserve.
#[test]
fn withdrawing_should_not_gain_who_learns_its_time_after_it_has_bid() {
	// One bid: 477 for 9 blocks twice. 541 for 6 blocks is late by 3 in the second world.
	let at_once = 2 * (477 - 100 - 1);
	for policy in [Policy::Exclude, Policy::Settle] {
		let found = hedge(&start_may_be_late(policy), Judging::Rules);
		assert_eq!(found, Hedge { at_once, aloud: at_once, best: at_once }, "{policy:?}");
	}
	// If it cost the penalty alone: 541 for 6 blocks in the first world, which stays silent in the second one for 1.
	let found = hedge(&start_may_be_late(Policy::Settle), Judging::PenaltyAlone);
	assert_eq!(found.best, 541 + 477 - 200 - 4 - 1);
	assert_eq!(found.gain(), 61);
}

/// A bid is withdrawn to be next to a winner that is known to fail, and to get a part of its bond. It costs all that
/// its fee is below the reserve, which is what can be earned after the winner's default.
#[test]
fn withdrawing_should_not_gain_when_the_winner_is_known_to_fail() {
	// One bid: 899 is next to the rival that asks 300, and gets half of its bond as well, up to the reserve. 289 wins
	// 189 twice.
	let at_once = 900 - 2;
	for policy in [Policy::Exclude, Policy::Settle] {
		let found = hedge(&winner_may_fail(policy), Judging::Rules);
		assert_eq!(found, Hedge { at_once, aloud: at_once, best: at_once }, "{policy:?}");
	}
	// If it cost the penalty alone: 289 wins in the first world, and stays silent in the second one for 1.
	let found = hedge(&winner_may_fail(Policy::Settle), Judging::PenaltyAlone);
	assert_eq!(found.best, 189 + 900 - 4 - 1);
	assert_eq!(found.gain(), 186);
}

/// A gain that the rules leave: whoever asks for nearly the reserve could not have been paid much more, and loses
/// little. Whoever cannot hold its time could not have had its fee either.
#[test]
fn withdrawing_should_gain_who_learns_its_time_when_it_asks_for_nearly_the_reserve() {
	let worlds = |policy| {
		start_may_be_late(policy).map(|mut world| {
			world.rivals[0].fee = 957;
			world
		})
	};
	// One bid: 934 for 9 blocks twice. 998 for 6 blocks is late by 3, at 60 each, in the second world.
	let at_once = 2 * (934 - 100 - 1);
	let found = hedge(&worlds(Policy::Exclude), Judging::Rules);
	assert_eq!(found, Hedge { at_once, aloud: at_once, best: at_once });
	let found = hedge(&worlds(Policy::Settle), Judging::Rules);
	// Two: 998 for 6 blocks in the first world, which stays silent in the second one for 1 and 1,000 - 998.
	assert_eq!(found, Hedge { at_once, aloud: at_once, best: 998 + 934 - 200 - 4 - 3 });
	assert_eq!(found.gain(), 59);
}

/// A gain that the rules leave: a bid that would have lost costs the penalty alone, and its place behind a winner that
/// fails goes to another one. With a longer ladder the place would pass on to it, for nothing (see above).
#[test]
fn withdrawing_should_gain_a_place_when_the_winner_ahead_is_known_to_fail() {
	let worlds = |policy| {
		let mut worlds = winner_may_fail(policy);
		for world in &mut worlds {
			world.snapshot.params.ladder_len = 1;
			// Ahead of 289, which is next to it.
			world.rivals[0].fee = 200;
		}
		worlds[0].rivals.remove(0);
		worlds
	};
	// One bid: 899 in the second world, with a part of the bond. 289 wins 189 in the first one, and gets 500 of the bond
	// of 1,001 in the second one.
	let at_once = 900 - 2;
	let found = hedge(&worlds(Policy::Exclude), Judging::Rules);
	assert_eq!(found, Hedge { at_once, aloud: at_once, best: at_once });
	let found = hedge(&worlds(Policy::Settle), Judging::Rules);
	// Two: 289 wins in the first world, and stays silent in the second one for 1.
	assert_eq!(found, Hedge { at_once, aloud: at_once, best: 189 + 900 - 4 - 1 });
	assert_eq!(found.gain_of_silence(), 186);
}
