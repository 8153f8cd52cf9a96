// SPDX-License-Identifier: Apache-2.0
//! Who wins a round. The result does not depend on the order of the bids.

use crate::score::Score;
use core::cmp::Ordering;
use pvs_primitives::{hash::blake2_256, Balance, BlockNumber, Bytes32};

/// A bid that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedBid<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// The bidder's 32 bytes, which break ties.
	pub bidder_bytes: Bytes32,
	/// What it asks, in planck.
	pub fee: Balance,
	/// The time that it commits to, in blocks.
	pub proof_blocks: BlockNumber,
	/// Its salt.
	pub salt: Bytes32,
	/// Its score, in 10^-18.
	pub score: Score,
}

/// The winner, and the score that its payment is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking<AccountId> {
	/// The bid with the lowest score.
	pub winner: CountedBid<AccountId>,
	/// The score of the next bid, if there is one.
	pub next_score: Option<Score>,
}

/// Ranks by score, lowest first; a tie goes to the smallest
/// `blake2_256(xor of all salts ++ bidder)`, which nobody can steer after bidding ends without losing a bond.
/// `None` without bids.
pub fn rank<AccountId: Clone>(bids: &[CountedBid<AccountId>]) -> Option<Ranking<AccountId>> {
	let seed = bids.iter().fold([0u8; 32], |mut seed, bid| {
		seed.iter_mut().zip(bid.salt).for_each(|(byte, salt)| *byte ^= salt);
		seed
	});
	let before = |a: &CountedBid<AccountId>, b: &CountedBid<AccountId>| {
		a.score.cmp(&b.score).then_with(|| match a.bidder_bytes == b.bidder_bytes {
			true => Ordering::Equal,
			false => {
				blake2_256(&[&seed, &a.bidder_bytes]).cmp(&blake2_256(&[&seed, &b.bidder_bytes]))
			},
		})
	};
	let winner = bids.iter().min_by(|a, b| before(a, b))?;
	let next_score = bids
		.iter()
		.filter(|bid| bid.bidder_bytes != winner.bidder_bytes)
		.map(|bid| bid.score)
		.min();
	Some(Ranking { winner: winner.clone(), next_score })
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn bid(id: u8, score: Score, salt: u8) -> CountedBid<u8> {
		CountedBid {
			bidder: id,
			bidder_bytes: [id; 32],
			fee: score,
			proof_blocks: 1,
			salt: [salt; 32],
			score,
		}
	}

	#[test]
	fn rank_should_be_none_when_nobody_counts() {
		assert_eq!(rank::<u8>(&[]), None);
	}

	#[test]
	fn rank_should_choose_the_lowest_score_and_name_the_next() {
		let ranking = rank(&[bid(1, 30, 1), bid(2, 10, 2), bid(3, 20, 3)]).expect("has bids");
		assert_eq!(ranking.winner.bidder, 2);
		assert_eq!(ranking.next_score, Some(20));
	}

	#[test]
	fn rank_should_have_no_next_score_when_alone() {
		assert_eq!(rank(&[bid(1, 30, 1)]).expect("has a bid").next_score, None);
	}

	#[test]
	fn rank_should_break_ties_by_all_salts() {
		let winner = |salt| {
			let bids: Vec<_> =
				(1..=8).map(|id| bid(id, 5, if id == 8 { salt } else { id })).collect();
			rank(&bids).expect("has bids").winner.bidder
		};
		let winners: std::collections::BTreeSet<_> = (0..64).map(winner).collect();
		assert!(winners.len() > 1, "one salt must be able to change the outcome");
	}

	proptest! {
		#[test]
		fn prop_winner_permutation_invariant(
			scores in proptest::collection::vec(0u128..4, 1..12), salts: [u8; 12], seed: u64,
		) {
			let bids: Vec<_> = scores
				.iter()
				.zip(salts)
				.enumerate()
				.map(|(id, (score, salt))| bid(u8::try_from(id).expect("few"), *score, salt))
				.collect();
			let mut shuffled = bids.clone();
			let mut state = seed;
			for i in (1..shuffled.len()).rev() {
				state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
				shuffled.swap(i, usize::try_from(state >> 33).expect("small") % (i + 1));
			}
			prop_assert_eq!(rank(&bids), rank(&shuffled));
		}
	}
}
