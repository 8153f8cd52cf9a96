// SPDX-License-Identifier: Apache-2.0
//! Explanation of the ranks of the bids of an auction.

use crate::{
	fixed::mul_div_ceil,
	payment::payment,
	rank::rank,
	round::{Bid, Context},
	score::{nano, score, time_part, Score},
	MathError,
};
use alloc::vec::Vec;
use pvs_primitives::{
	params::{PaymentRule, RollupParams},
	Balance, BlockNumber,
};

/// A bid that counts, with the parts of its score. Amounts in planck, times in blocks, parts and score
/// in 10^-18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedBid<AccountId> {
	/// The bidder.
	pub bidder: AccountId,
	/// The fee that it asks.
	pub fee: Balance,
	/// The time that it commits to.
	pub proof_blocks: BlockNumber,
	/// Its share of recent proofs when it bid, in 10^-9.
	pub share: u32,
	/// `w_fee * fee / reserve`, rounded up.
	pub fee_part: Score,
	/// `w_time * max(proof_blocks, min_proof_blocks) / max_proof_blocks`, rounded up.
	pub time_part: Score,
	/// The score: the sum of both parts, worsened by the share. Lower wins.
	pub score: Score,
	/// Payment for a delivery in time, as winner or in its place on the ladder.
	pub payment: Balance,
	/// The highest fee with which it would rank first for sure, all else being equal; `None` if no fee does.
	pub winning_fee: Option<Balance>,
}

/// Returns the counted bids of an auction with this reserve, best first.
///
/// # Errors
/// `MathError` if the parameters break their rules.
pub fn explain<AccountId: Clone + AsRef<[u8; 32]>>(
	bids: &[Bid<AccountId>],
	reserve: Balance,
	context: &Context,
) -> Result<Vec<RankedBid<AccountId>>, MathError> {
	let params = context.params();
	let ranked = rank(bids);
	let best = ranked.first().map(|(_, terms)| terms.score);
	let second = ranked.get(1).map(|(_, terms)| terms.score);
	let next_scores = ranked.iter().skip(1).map(|(_, terms)| Some(terms.score)).chain([None]);
	ranked
		.iter()
		.zip(next_scores)
		.enumerate()
		.map(|(place, ((bid, terms), next))| {
			let (fee, blocks, share) = (terms.fee, terms.proof_blocks, bid.share);
			let best_other = if place == 0 { second } else { best };
			Ok(RankedBid {
				bidder: bid.bidder.clone(),
				fee,
				proof_blocks: blocks,
				share,
				fee_part: mul_div_ceil(nano(params.w_fee), fee.into(), reserve.into())?,
				time_part: time_part(blocks, params)?,
				score: terms.score,
				payment: payment(fee, blocks, share, next, reserve, params)?,
				winning_fee: winning_fee(blocks, share, best_other, reserve, params)?,
			})
		})
		.collect()
}

/// Returns the highest fee up to the reserve whose score is below `best_other`.
fn winning_fee(
	proof_blocks: BlockNumber,
	share: u32,
	best_other: Option<Score>,
	reserve: Balance,
	params: &RollupParams,
) -> Result<Option<Balance>, MathError> {
	let Some(best_other) = best_other else { return Ok(Some(reserve)) };
	let as_second = RollupParams { payment_rule: PaymentRule::SecondScore, ..params.clone() };
	// The fee at which the scores are equal, rounded down: it, or the one below, is the highest that wins.
	let equal = payment(0, proof_blocks, share, Some(best_other), reserve, &as_second)?;
	let wins = |fee: Balance| Ok(score(fee, proof_blocks, share, reserve, params)? < best_other);
	for fee in [Some(equal), equal.checked_sub(1)].into_iter().flatten() {
		if wins(fee)? {
			return Ok(Some(fee));
		}
	}
	Ok(None)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		round::{BidStage, Standing, Terms},
		score::tests::{params, snapshot},
	};
	use proptest::prelude::*;
	use pvs_primitives::{params::Snapshot, Bytes32};

	const RESERVE: Balance = 100;

	#[derive(Clone, Debug, PartialEq, Eq)]
	struct Id(Bytes32);

	impl AsRef<[u8; 32]> for Id {
		fn as_ref(&self) -> &[u8; 32] {
			&self.0
		}
	}

	fn bid(id: u8, fee: Balance, proof_blocks: u32, share: u32, params: &RollupParams) -> Bid<Id> {
		let score = score(fee, proof_blocks, share, RESERVE, params).expect("valid");
		let terms = Terms { fee, proof_blocks, proof_commitment: None, salt: [id; 32], score };
		Bid { bidder: Id([id; 32]), share, stage: BidStage::Revealed(terms) }
	}

	fn explained(bids: &[Bid<Id>], params: &RollupParams) -> Vec<RankedBid<Id>> {
		explained_at(RESERVE, bids, params)
	}

	fn explained_at(
		reserve: Balance,
		bids: &[Bid<Id>],
		params: &RollupParams,
	) -> Vec<RankedBid<Id>> {
		let snapshot = Snapshot { params: params.clone(), ..snapshot() };
		let context = Context {
			snapshot: &snapshot,
			seal_delay: None,
			max_fee: reserve,
			standing: Standing::Head,
		};
		explain(bids, reserve, &context).expect("valid")
	}

	#[test]
	fn bids_should_be_explained_by_rank_and_by_the_parts_of_their_scores() {
		let params = params();
		let sealed = Bid { stage: BidStage::Sealed, ..bid(3, 1, 1, 0, &params) };
		let bids = [bid(1, 60, 10, 0, &params), sealed, bid(2, 50, 10, 0, &params)];
		let [first, second] = &explained(&bids, &params)[..] else { panic!("two count") };
		assert_eq!((first.bidder.0[0], second.bidder.0[0]), (2, 1));
		// 0.7 * 50/100 and 0.3 * 10/20.
		assert_eq!(first.fee_part, 350_000_000_000_000_000);
		assert_eq!(first.time_part, 150_000_000_000_000_000);
		assert_eq!(first.score, first.fee_part + first.time_part);
		assert_eq!((first.payment, second.payment), (60, 100));
		// Just below what the other asks for the same time.
		assert_eq!((first.winning_fee, second.winning_fee), (Some(59), Some(49)));
	}

	#[test]
	fn parts_should_add_up_to_the_score_when_they_are_rounded() {
		let params = params();
		let [alone] = &explained_at(3, &[bid(1, 1, 10, 0, &params)], &params)[..] else {
			panic!("one counts")
		};
		// 0.7 / 3.
		assert_eq!(alone.fee_part, 233_333_333_333_333_334);
		assert_eq!(Ok(alone.fee_part + alone.time_part), score(1, 10, 0, 3, &params));
	}

	#[test]
	fn lone_bid_should_win_with_any_fee() {
		let params = params();
		let [alone] = &explained(&[bid(1, 60, 10, 0, &params)], &params)[..] else {
			panic!("one counts")
		};
		assert_eq!((alone.winning_fee, alone.payment), (Some(RESERVE), RESERVE));
	}

	#[test]
	fn bid_should_have_no_winning_fee_when_its_time_alone_is_too_long() {
		let params = params();
		let bids = [bid(1, 5, 2, 0, &params), bid(2, 0, 20, 0, &params)];
		let ranked = explained(&bids, &params);
		assert_eq!(ranked[1].winning_fee, None);
		assert!(explained(&[], &params).is_empty());
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			failure_persistence: None,
			..ProptestConfig::with_cases(1_024)
		})]

		#[test]
		fn winning_fee_should_be_the_highest_that_ranks_first(
			terms in prop::collection::vec((0..=RESERVE, 1..=20u32, 0..=1_000_000_000u32), 1..6),
			w_share in 0..2_000_000_000u32,
			rule in prop_oneof![Just(PaymentRule::SecondScore), Just(PaymentRule::FirstPrice)],
		) {
			let params = RollupParams { w_share, payment_rule: rule, ..params() };
			let bids: Vec<_> = (1..)
				.zip(&terms)
				.map(|(id, (fee, blocks, share))| bid(id, *fee, *blocks, *share, &params))
				.collect();
			for ranked in explained(&bids, &params) {
				let others: Vec<_> =
					bids.iter().filter(|bid| bid.bidder != ranked.bidder).cloned().collect();
				let best = rank(&others).first().map(|(_, terms)| terms.score);
				let wins = |fee| {
					let own = score(fee, ranked.proof_blocks, ranked.share, RESERVE, &params);
					best.is_none_or(|best| own.expect("valid") < best)
				};
				let highest = (0..=RESERVE).rev().find(|fee| wins(*fee));
				prop_assert_eq!(ranked.winning_fee, highest);
			}
		}
	}
}
