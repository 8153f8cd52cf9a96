// SPDX-License-Identifier: Apache-2.0
//! Prints the largest gain of timing one's own messages, per silence policy, payment rule and slack.
//!
//! `cargo run --release -p pvs-auction --example search -- [worlds] [seed]`: that many drawn worlds beside
//! the round of finding M1, 1,000 unless told, from the seed 0. Version 1's clock is put back for a round
//! of M1 in lines of its own. Exit code 1 if version 2 leaves a gain of more than one planck.

use pvs_auction::driver::{
	market::ClockRule,
	search::{search, Found},
	world::{Policy, World},
};
use pvs_primitives::params::PaymentRule;
use std::process::ExitCode;

/// The worlds with the largest gains of a kind.
#[derive(Default)]
struct Largest {
	worlds: u64,
	gaining: u64,
	timing: Option<(World, Found)>,
	claim: i128,
}

impl Largest {
	fn take(&mut self, world: World, found: Found) {
		self.worlds += 1;
		self.gaining += u64::from(found.gain() > 1);
		// Claims are compared in parts of the reserve, since worlds differ.
		let nano = 1_000_000_000;
		let reserve = i128::try_from(world.reserve).expect("small");
		self.claim = self.claim.max(found.gain_of_claim() * nano / reserve);
		let part = |world: &World, found: &Found| found.gain() as f64 / world.reserve as f64;
		if self.timing.as_ref().is_none_or(|(w, f)| part(w, f) < part(&world, &found)) {
			self.timing = Some((world, found));
		}
	}

	fn gain(&self) -> i128 {
		self.timing.as_ref().map_or(0, |(_, found)| found.gain())
	}
}

fn main() -> ExitCode {
	let mut arguments = std::env::args().skip(1);
	let mut number =
		|otherwise: u64| arguments.next().map_or(otherwise, |text| text.parse().expect("a number"));
	let (worlds, seed) = (number(1_000), number(0));
	println!(
		"{worlds} drawn worlds from seed {seed}, and the round of finding M1; gains in planck"
	);
	println!("policy     payment      slack  worlds  gaining  gain of timing    (of the reserve)  of claim");
	let mut found_gain = false;
	for policy in Policy::ALL {
		for payment_rule in [PaymentRule::SecondScore, PaymentRule::FirstPrice] {
			for slack in [0, 2] {
				let mut largest = Largest::default();
				let drawn = (seed..seed + worlds)
					.map(|seed| World::drawn(seed, policy, payment_rule, slack));
				for world in
					std::iter::once(World::audited(policy, payment_rule, slack)).chain(drawn)
				{
					world.check().expect("worlds keep the rules");
					let found = search(&world, ClockRule::Fixed);
					largest.take(world, found);
				}
				let (world, found) = largest.timing.as_ref().expect("at least one world");
				println!(
					"{:<10} {:<12} {slack:>5}  {:>6}  {:>7}  {:>14}  {:>18.6}  {:>8.4}",
					format!("{policy:?}"),
					format!("{payment_rule:?}"),
					largest.worlds,
					largest.gaining,
					largest.gain(),
					found.gain() as f64 / world.reserve as f64,
					largest.claim as f64 / 1e9,
				);
				if found.gain() > 1 {
					found_gain = true;
					println!("{world:#?}\n{found:#?}");
				}
			}
			let world = World::audited(policy, payment_rule, 0);
			let gain = search(&world, ClockRule::Close).gain();
			println!("{policy:?} {payment_rule:?}, finding M1 with the clock of version 1: {gain}");
		}
	}
	ExitCode::from(u8::from(found_gain))
}
