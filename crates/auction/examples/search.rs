// SPDX-License-Identifier: Apache-2.0
//! Prints the largest gain of timing one's own messages, per silence policy, payment rule and slack.
//!
//! `cargo run --release -p pvs-auction --example search -- [worlds] [seed]`: the round of finding M1 and
//! that many drawn worlds, 1,000 from seed 0 unless told, first with rivals that all deliver, then with
//! rivals that may fail, so that places on the ladder are offered. Gains are in planck, with the part of
//! the reserve that they are. Version 1's clock is put back for the round of M1.
//!
//! Where silent bids are settled, as many pairs of worlds that differ in their rivals follow: one bid that is
//! revealed in both against two that are revealed or withdrawn once the rivals' bids are known.

use pvs_auction::driver::{
	hedge::hedge,
	market::ClockRule,
	search::{search, Found, Judging},
	world::{Policy, World},
};
use pvs_primitives::params::PaymentRule;

/// Findings in worlds of a kind.
#[derive(Default)]
struct Table {
	worlds: u32,
	won: u32,
	/// Worlds with a gain of more than a planck: without a friend, and with one.
	gaining: [u32; 2],
	/// The largest gains, in parts of the reserve.
	largest: [Option<(World, Found)>; 2],
	claim: f64,
}

fn gains(found: &Found) -> [i128; 2] {
	[found.gain_alone(), found.gain()]
}

fn part(gain: i128, world: &World) -> f64 {
	gain as f64 / world.reserve as f64
}

impl Table {
	fn take(&mut self, world: &World, found: &Found) {
		self.worlds += 1;
		self.won += u32::from(found.at_once.income > 0);
		self.claim = self.claim.max(part(found.gain_of_claim(), world));
		for (kind, gain) in gains(found).into_iter().enumerate() {
			self.gaining[kind] += u32::from(gain > 1);
			let larger = self.largest[kind].as_ref().is_none_or(|(before, largest)| {
				part(gains(largest)[kind], before) < part(gain, world)
			});
			if larger {
				self.largest[kind] = Some((world.clone(), found.clone()));
			}
		}
	}

	/// The largest gain, and which part of the reserve it is.
	fn largest(&self, kind: usize) -> (i128, f64) {
		let (world, found) = self.largest[kind].as_ref().expect("at least one world");
		let gain = gains(found)[kind];
		(gain, part(gain, world))
	}
}

fn main() {
	let mut arguments = std::env::args().skip(1);
	let mut number =
		|otherwise: u64| arguments.next().map_or(otherwise, |text| text.parse().expect("a number"));
	let (worlds, seed) = (number(1_000), number(0));
	println!("the round of finding M1 and {worlds} drawn worlds from seed {seed}");
	println!(
		"{:<10} {:<12} {:>5} {:<9} {:>6} {:>5} | {:>5} {:>14} {:>9} | {:>5} {:>14} {:>9} | {:>9}",
		"policy",
		"payment",
		"slack",
		"rivals",
		"worlds",
		"won",
		"gain",
		"alone, largest",
		"reserves",
		"gain",
		"with a friend",
		"reserves",
		"claim"
	);
	for policy in Policy::ALL {
		for payment_rule in [PaymentRule::SecondScore, PaymentRule::FirstPrice] {
			for slack in [0, 2] {
				for reliable in [true, false] {
					kind(policy, payment_rule, slack, reliable, seed..seed + worlds);
					if policy == Policy::Settle {
						pairs(payment_rule, slack, reliable, seed..seed + worlds);
					}
				}
			}
			let gain = search(&World::audited(policy, payment_rule, 0), ClockRule::Close).gain();
			println!("    round of M1 with the clock of version 1: {gain}");
		}
	}
}

fn kind(
	policy: Policy,
	payment_rule: PaymentRule,
	slack: u32,
	reliable: bool,
	seeds: std::ops::Range<u64>,
) {
	let mut table = Table::default();
	let drawn = seeds.map(|seed| World::drawn(seed, policy, payment_rule, slack));
	for world in std::iter::once(World::audited(policy, payment_rule, slack)).chain(drawn) {
		world.check().expect("worlds keep the rules");
		let any_fails = world.rivals.iter().any(|rival| rival.fails);
		// Worlds in which nobody fails are searched once.
		if reliable || any_fails {
			let world = if reliable { world.with_reliable_rivals() } else { world };
			let found = search(&world, ClockRule::Fixed);
			table.take(&world, &found);
		}
	}
	if table.worlds == 0 {
		return;
	}
	let [alone, with_friend] = [0, 1].map(|kind| table.largest(kind));
	println!(
		"{:<10} {:<12} {:>5} {:<9} {:>6} {:>5} | {:>5} {:>14} {:>9.6} | {:>5} {:>14} {:>9.6} | {:>9.6}",
		format!("{policy:?}"),
		format!("{payment_rule:?}"),
		slack,
		if reliable { "deliver" } else { "may fail" },
		table.worlds,
		table.won,
		table.gaining[0],
		alone.0,
		alone.1,
		table.gaining[1],
		with_friend.0,
		with_friend.1,
		table.claim,
	);
	for (kind, largest) in table.largest.iter().enumerate() {
		let (world, found) = largest.as_ref().expect("at least one world");
		if gains(found)[kind] > 1 {
			println!("    {world:?}\n    {found:?}");
		}
	}
}

/// Withdrawing in pairs of worlds, as the rules judge it and if it cost the silence penalty alone. With it what two
/// bids gain that are both revealed at once.
fn pairs(payment_rule: PaymentRule, slack: u32, reliable: bool, seeds: std::ops::Range<u64>) {
	let (mut pairs, mut won, mut gaining, mut largest) = (0, 0, [0; 3], [f64::MIN; 3]);
	let mut example = None;
	for seed in seeds {
		let world = World::drawn(seed, Policy::Settle, payment_rule, slack);
		let other = world.with_other_rivals(!seed);
		let mut worlds = [world, other];
		if reliable {
			worlds = worlds.map(World::with_reliable_rivals);
		} else if !worlds.iter().flat_map(|world| &world.rivals).any(|rival| rival.fails) {
			// Pairs in which nobody fails are searched once.
			continue;
		}
		let found = hedge(&worlds, Judging::Rules);
		let for_the_penalty = hedge(&worlds, Judging::PenaltyAlone);
		pairs += 1;
		won += u32::from(found.at_once > 0);
		let second_bid = found.aloud - found.at_once;
		let gains = [found.gain_of_silence(), second_bid, for_the_penalty.gain_of_silence()];
		for (kind, gain) in gains.into_iter().enumerate() {
			gaining[kind] += u32::from(gain > 1);
			let gain_part = part(gain, &worlds[0]);
			if gain_part > largest[kind] {
				largest[kind] = gain_part;
				if kind == 0 && gain > 1 {
					example = Some((worlds.clone(), found));
				}
			}
		}
	}
	if pairs == 0 {
		return;
	}
	println!(
		"    {pairs} pairs, {won} won: {} with a gain by withdrawing, at most {:.6} reserves; \
		 {} by a second bid alone, at most {:.6}; \
		 {} by withdrawing if it cost the penalty alone, at most {:.6}",
		gaining[0], largest[0], gaining[1], largest[1], gaining[2], largest[2],
	);
	if let Some((worlds, found)) = example {
		println!("    {worlds:?}: {found:?}");
	}
}
