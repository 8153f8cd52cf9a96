// SPDX-License-Identifier: Apache-2.0
//! A search over what a prover gains that does not know its rivals' bids when it bids: it bids twice, and
//! reveals what is best once it has seen theirs.

use super::{
	market::ClockRule,
	search::{auction, cost_of_silence, fees, place_bids, Act, Decider, Judging, Placed, Strategy},
	world::{Timing, World},
};
use alloc::vec::Vec;
use pvs_primitives::{params::RollupParams, Balance, BlockNumber};

/// Income over all worlds that there may be, in planck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hedge {
	/// Income from the best bid that is revealed at once in every world.
	pub at_once: i128,
	/// Income from the best bid, or two bids of a prover and its friend, that are revealed at once in every world.
	pub aloud: i128,
	/// Income from the best bid, or two bids of a prover and its friend, if each is revealed at once or stays
	/// silent as is best in each world.
	pub best: i128,
}

impl Hedge {
	/// Returns what a second bid and silence gain, in planck.
	pub fn gain(&self) -> i128 {
		self.best.saturating_sub(self.at_once)
	}

	/// Returns what silence gains, in planck, over one or two bids that are revealed at once.
	pub fn gain_of_silence(&self) -> i128 {
		self.best.saturating_sub(self.aloud)
	}
}

/// A way to ask for a fee and a time.
type Terms = (Balance, BlockNumber);

/// Tries every claimed time with every fee worth asking for in one of two worlds, which differ in the rivals
/// only. Of two bids the times are the shortest, the longest, that of the work, and that which a prover can
/// claim that starts work in the first block of the reveal window.
pub fn hedge(worlds: &[World; 2], judging: Judging) -> Hedge {
	let [first, _] = worlds;
	let RollupParams { min_proof_blocks, max_proof_blocks, reveal_blocks, .. } =
		first.snapshot.params;
	let [alone, with_friend] = [false, true].map(|friend| {
		worlds.each_ref().map(|world| (world, place_bids(world, ClockRule::Fixed, friend)))
	});
	let (revealed, silent) = (Timing::Revealed(0), Timing::Silent);
	let mut found = Hedge::default();
	for ours in terms(worlds, (1..=max_proof_blocks).collect()) {
		let ways = [revealed, silent].map(|timing| [act(ours, timing)]);
		let (at_once, best) = in_all(&alone, judging, &ways);
		found.at_once = found.at_once.max(at_once);
		found.best = found.best.max(best);
	}
	found.aloud = found.at_once;
	let early = first.work.saturating_sub(reveal_blocks.saturating_sub(1)).max(1);
	let bids = terms(worlds, [min_proof_blocks, max_proof_blocks, first.work, early].into());
	for (number, ours) in bids.iter().enumerate() {
		for friend in bids.iter().skip(number) {
			let ways = [revealed, silent].map(|own| {
				[revealed, silent].map(|friends| [act(*ours, own), act(*friend, friends)])
			});
			let (aloud, best) = in_all(&with_friend, judging, ways.as_flattened());
			found.aloud = found.aloud.max(aloud);
			found.best = found.best.max(best);
		}
	}
	found
}

/// Times with the fees worth asking for in either world.
fn terms(worlds: &[World; 2], mut times: Vec<BlockNumber>) -> Vec<Terms> {
	times.sort_unstable();
	times.dedup();
	let terms = times.into_iter().flat_map(|time| {
		let mut fees: Vec<_> = worlds.iter().flat_map(|world| fees(world, time)).collect();
		fees.sort_unstable();
		fees.dedup();
		fees.into_iter().map(move |fee| (fee, time))
	});
	terms.collect()
}

fn act((fee, proof_blocks): Terms, timing: Timing) -> Act {
	Act { fee, proof_blocks, timing }
}

/// Returns the income over all worlds: from the first way, and from the best one in each world.
fn in_all<const BIDS: usize>(
	worlds: &[(&World, Placed); 2],
	judging: Judging,
	ways: &[[Act; BIDS]],
) -> (i128, i128) {
	worlds.iter().fold((0, 0), |(first, best), (world, placed)| {
		let incomes = ways.iter().map(|way| income(world, placed, judging, way));
		let incomes: Vec<_> = incomes.collect();
		let of_first = incomes.first().copied().unwrap_or(0);
		let of_best = incomes.iter().copied().max().unwrap_or(0);
		(i128::saturating_add(first, of_first), i128::saturating_add(best, of_best))
	})
}

/// Returns the income from one's own bid and, if there is a second one, from a friend's.
fn income(world: &World, placed: &Placed, judging: Judging, bids: &[Act]) -> i128 {
	let [ours, friend @ ..] = bids else { return 0 };
	let strategy = Strategy { ours: *ours, friend: friend.first().copied() };
	let (market, known) = auction(world, placed, &strategy);
	let lost = cost_of_silence(&market, &strategy, judging);
	let ready = known.saturating_add(world.work);
	Decider { world, at_once: true, lost }.decide(&market, ready).0
}
