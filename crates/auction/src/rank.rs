// SPDX-License-Identifier: Apache-2.0
//! Winner of a round. The result does not depend on the order of the bids.

use crate::round::{Bid, Terms};
use alloc::vec::Vec;
use pvs_primitives::hash::blake2_256;

/// The counted bids of a round, best first.
///
/// Lower score first; a tie goes to the smallest `blake2_256(xor of the salts of all counted bids ++
/// bidder)`, which nobody can steer after bidding ends without losing a bond.
pub fn rank<AccountId: AsRef<[u8; 32]>>(bids: &[Bid<AccountId>]) -> Vec<(&Bid<AccountId>, &Terms)> {
	let mut counted: Vec<_> =
		bids.iter().filter_map(|bid| Some((bid, bid.stage.terms()?))).collect();
	let seed = counted.iter().fold([0u8; 32], |mut seed, (_, terms)| {
		seed.iter_mut().zip(terms.salt).for_each(|(byte, salt)| *byte ^= salt);
		seed
	});
	counted.sort_by_cached_key(|(bid, terms)| {
		(terms.score, blake2_256(&[&seed, bid.bidder.as_ref()]))
	});
	counted
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::round::BidStage;
	use std::collections::BTreeSet;

	#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
	struct Id([u8; 32]);

	impl AsRef<[u8; 32]> for Id {
		fn as_ref(&self) -> &[u8; 32] {
			&self.0
		}
	}

	fn bid(id: u8, score: u128, salt: u8) -> Bid<Id> {
		let terms =
			Terms { fee: score, proof_blocks: 1, proof_commitment: None, salt: [salt; 32], score };
		Bid { bidder: Id([id; 32]), share: 0, stage: BidStage::Revealed(terms) }
	}

	fn ranked(bids: &[Bid<Id>]) -> Vec<u8> {
		rank(bids).iter().map(|(bid, _)| bid.bidder.0[0]).collect()
	}

	#[test]
	fn rank_should_be_empty_when_nobody_counts() {
		assert!(ranked(&[]).is_empty());
		let sealed = Bid { stage: BidStage::Sealed, ..bid(1, 1, 1) };
		let void = Bid { stage: BidStage::Void, ..bid(2, 1, 1) };
		assert!(ranked(&[sealed, void]).is_empty());
	}

	#[test]
	fn rank_should_put_lower_scores_first() {
		assert_eq!(ranked(&[bid(1, 30, 1), bid(2, 10, 2), bid(3, 20, 3)]), [2, 3, 1]);
	}

	#[test]
	fn rank_should_leave_out_bids_that_do_not_count() {
		let sealed = Bid { stage: BidStage::Sealed, ..bid(4, 0, 1) };
		let void = Bid { stage: BidStage::Void, ..bid(5, 0, 1) };
		assert_eq!(ranked(&[sealed, bid(1, 30, 1), void, bid(2, 10, 2)]), [2, 1]);
	}

	#[test]
	fn rank_should_break_ties_by_the_hash_of_all_salts_and_the_bidder() {
		let bids = [bid(1, 5, 0x0f), bid(2, 5, 0xf0), bid(3, 5, 0x33)];
		let mut expected = vec![1u8, 2, 3];
		expected.sort_by_key(|id| blake2_256(&[&[0x0f ^ 0xf0 ^ 0x33; 32], &[*id; 32]]));
		assert_eq!(ranked(&bids), expected);
	}

	#[test]
	fn rank_should_change_among_ties_when_one_salt_changes() {
		let winners: BTreeSet<_> = (0..64)
			.map(|salt| {
				let bids: Vec<_> =
					(1..=8).map(|id| bid(id, 5, if id == 8 { salt } else { id })).collect();
				ranked(&bids)[0]
			})
			.collect();
		assert!(winners.len() > 1, "one salt must be able to change the outcome");
	}
}
