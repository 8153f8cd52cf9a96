// SPDX-License-Identifier: Apache-2.0
//! The price of a place among the pending batches in time, and of a rollup's row. Everything saturates.

use pvs_primitives::{
	params::{SilencePolicy, Snapshot},
	Balance, BlockNumber,
};

/// Returns the most blocks that one round of a batch can take, from the block that opens it to the one
/// in which the next round opens or the batch ends, if the agenda is never late.
///
/// That is `1 + bidding + gap + reveal + opening`, then for the winner and each place on the ladder the
/// longest committed time with slack and grace, for each place the blocks in which it can be taken, and
/// the rescue. Only a round that waits for openers has an opening window.
pub fn longest_round(snapshot: &Snapshot) -> BlockNumber {
	let params = &snapshot.params;
	let opening = match params.silence_policy {
		SilencePolicy::ForceOpen { opening_blocks } => opening_blocks,
		SilencePolicy::Exclude | SilencePolicy::Settle { .. } => 0,
	};
	let auction = 1u32
		.saturating_add(params.bidding_blocks)
		.saturating_add(snapshot.finality_gap)
		.saturating_add(params.reveal_blocks)
		.saturating_add(opening);
	let delivery = params
		.max_proof_blocks
		.saturating_add(snapshot.inclusion_slack)
		.saturating_add(params.grace_blocks)
		.saturating_add(1);
	let deliveries = delivery.saturating_mul(params.ladder_len.saturating_add(1));
	let offers = params.ladder_blocks.saturating_add(1).saturating_mul(params.ladder_len);
	auction.saturating_add(deliveries).saturating_add(offers).saturating_add(params.rescue_blocks)
}

/// Returns the most blocks that all rounds of a batch can take, but for the last one of a batch that
/// had to wait: either bound of rounds ends it.
pub fn longest_rounds(snapshot: &Snapshot) -> BlockNumber {
	let params = &snapshot.params;
	let rounds = params.max_empty_rounds.saturating_add(params.max_failed_rounds).saturating_sub(1);
	longest_round(snapshot).saturating_mul(rounds)
}

/// Returns the block by which a batch that is committed at `now` has ended, if the agenda is never late:
/// it may wait for its newest pending predecessor, which has ended by `of_predecessor`, and then has one
/// last round.
pub fn rent_until(
	now: BlockNumber,
	of_predecessor: Option<BlockNumber>,
	snapshot: &Snapshot,
) -> BlockNumber {
	let rounds = now.saturating_add(longest_rounds(snapshot));
	rounds.max(of_predecessor.unwrap_or(0)).saturating_add(longest_round(snapshot))
}

/// Returns the rent of a place of the pool, in planck per block, when `taken` of its `pool` places are
/// taken: `place_rent << floor(8 * taken / pool)`. A guaranteed place costs `place_rent`.
pub fn rate(place_rent: Balance, taken: u32, pool: u32) -> Balance {
	doubled(place_rent, taken, pool)
}

/// Returns what is due for a place, in planck: `rate` for each block that the batch lived, at most for
/// those that its rent was held for.
pub fn rent_due(rate: Balance, lived: BlockNumber, reserved_blocks: BlockNumber) -> Balance {
	rate.saturating_mul(lived.min(reserved_blocks).into())
}

/// Returns the deposit of the next rollup, in planck, when there are `rollups` of at most
/// `max_rollups`: `base << floor(8 * rollups / max_rollups)`.
pub fn rollup_deposit(base: Balance, rollups: u32, max_rollups: u32) -> Balance {
	doubled(base, rollups, max_rollups)
}

/// Returns a price that doubles with each eighth that is taken. Where nothing is to be had, it is the
/// highest amount.
fn doubled(base: Balance, taken: u32, all: u32) -> Balance {
	u64::from(taken)
		.saturating_mul(8)
		.checked_div(all.into())
		.and_then(|eighths| u32::try_from(eighths).ok())
		.and_then(|eighths| 1u128.checked_shl(eighths))
		.map_or(Balance::MAX, |factor| base.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		phase::Windows,
		round::{Auction, Context, Delivery, Ladder, Offer, Place, Standing},
		score::tests::{params, snapshot},
	};
	use proptest::prelude::*;
	use pvs_primitives::params::RollupParams;

	fn of(
		params: RollupParams,
		finality_gap: BlockNumber,
		inclusion_slack: BlockNumber,
	) -> Snapshot {
		Snapshot { params, finality_gap, inclusion_slack, ..snapshot() }
	}

	#[test]
	fn longest_round_should_be_the_sum_of_its_windows() {
		let params = RollupParams {
			bidding_blocks: 3,
			reveal_blocks: 4,
			max_proof_blocks: 20,
			grace_blocks: 5,
			ladder_len: 2,
			ladder_blocks: 6,
			rescue_blocks: 7,
			max_empty_rounds: 4,
			max_failed_rounds: 3,
			..params()
		};
		// 1 + 3 + 1 + 4, three times 20 + 2 + 5 + 1, two times 7, and 7.
		let auction = 9;
		let rest = 84 + 14 + 7;
		let snapshot = of(params.clone(), 1, 2);
		assert_eq!(longest_round(&snapshot), auction + rest);
		assert_eq!(longest_rounds(&snapshot), 6 * (auction + rest));
		let silence_policy = SilencePolicy::ForceOpen { opening_blocks: 100 };
		let snapshot = of(RollupParams { silence_policy, ..params }, 1, 2);
		assert_eq!(longest_round(&snapshot), auction + 100 + rest);
	}

	#[test]
	fn rent_should_be_held_until_the_predecessor_and_one_round_more() {
		let snapshot = snapshot();
		let (all, last) = (longest_rounds(&snapshot), longest_round(&snapshot));
		assert_eq!(rent_until(10, None, &snapshot), 10 + all + last);
		assert_eq!(rent_until(10, Some(10 + all), &snapshot), 10 + all + last);
		assert_eq!(rent_until(10, Some(11 + all), &snapshot), 11 + all + last);
		assert_eq!(rent_until(BlockNumber::MAX, None, &snapshot), BlockNumber::MAX);
		assert_eq!(rent_until(0, Some(BlockNumber::MAX), &snapshot), BlockNumber::MAX);
	}

	#[test]
	fn rate_should_double_with_each_eighth_of_the_pool() {
		for taken in 0..64 {
			assert_eq!(rate(5, taken, 64), 5 << (taken / 8), "{taken}");
			assert_eq!(rollup_deposit(5, taken, 64), 5 << (taken / 8), "{taken}");
		}
		// The in-between of a pool that is no multiple of 8.
		assert_eq!([0, 1, 2, 3, 9].map(|taken| rate(1, taken, 10)), [1, 1, 2, 4, 128]);
	}

	#[test]
	fn rate_should_saturate_when_inputs_are_extreme() {
		assert_eq!(rate(Balance::MAX, 7, 8), Balance::MAX);
		assert_eq!(rate(1, 0, 0), Balance::MAX);
		assert_eq!(rate(1, u32::MAX, 1), Balance::MAX);
		assert_eq!(rate(0, 7, 8), 0);
		assert_eq!(rate(1, u32::MAX - 1, u32::MAX), 128);
	}

	#[test]
	fn rent_should_be_due_for_the_blocks_lived_and_no_more_than_held() {
		assert_eq!(rent_due(3, 0, 10), 0);
		assert_eq!(rent_due(3, 9, 10), 27);
		assert_eq!(rent_due(3, 10, 10), 30);
		assert_eq!(rent_due(3, 11, 10), 30);
		assert_eq!(rent_due(Balance::MAX, 2, 10), Balance::MAX);
	}

	/// Filling a pool in order costs 1 + 2 + .. + 128 = 255 times an eighth of it.
	#[test]
	fn full_pool_should_cost_255_eighths_of_the_rent() {
		let sum: Balance = (0..4_096).map(|taken| rate(7, taken, 4_096)).sum();
		assert_eq!(sum, 7 * 512 * 255);
	}

	/// Returns the blocks that a round takes in which everyone takes as long as it may.
	fn slowest_round(snapshot: &Snapshot) -> u64 {
		let params = &snapshot.params;
		let context = Context { snapshot, seal_delay: None, max_fee: 1, standing: Standing::Head };
		let auction = Auction { bids: 2, sealed: 1, ..Auction::default() };
		let windows = Windows::new(0, &auction, &context);
		let closes = windows.opening_until;
		let clock = windows.clock(&auction, closes);
		let defaults =
			|clock| Delivery::new(clock, clock, params.max_proof_blocks, snapshot).late_until + 1;
		let mut at = defaults(clock);
		for _ in 0..params.ladder_len {
			let place = Place {
				prover: (),
				fee: 1,
				payment: 1,
				proof_blocks: params.max_proof_blocks,
				proof_commitment: None,
				bond: 1,
			};
			let offer =
				Offer { offered_at: at, first_payment: 1, place, ladder: Ladder::default() };
			at = defaults(offer.clock(snapshot)).max(offer.until(snapshot) + 1);
		}
		u64::from(at) + u64::from(params.rescue_blocks)
	}

	prop_compose! {
		fn any_snapshot()(
			windows in prop::array::uniform7(1..1_000u32),
			ladder_len in 1..=8u32,
			opening_blocks in prop::option::of(1..1_000u32),
			gap in 0..10u32,
			slack in 0..10u32,
		) -> Snapshot {
			let [bidding_blocks, reveal_blocks, min, more, grace_blocks, ladder, rescue_blocks] = windows;
			let silence_policy = opening_blocks.map_or(SilencePolicy::Exclude, |opening_blocks| {
				SilencePolicy::ForceOpen { opening_blocks }
			});
			let params = RollupParams {
				bidding_blocks,
				reveal_blocks,
				silence_policy,
				min_proof_blocks: min,
				max_proof_blocks: min + more,
				grace_blocks,
				ladder_len,
				// A rule of the parameters: above the slack.
				ladder_blocks: slack + ladder,
				rescue_blocks,
				..params()
			};
			of(params, gap, slack)
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig {
			failure_persistence: None,
			..ProptestConfig::with_cases(1_024)
		})]

		/// The rent of a batch is held for as long as it can live.
		#[test]
		fn round_should_end_within_the_longest_round(snapshot in any_snapshot()) {
			prop_assert!(slowest_round(&snapshot) <= longest_round(&snapshot).into());
		}

		/// Places that are alive together cost at least what filling the pool in their number costs:
		/// whatever goes and comes, the n-th oldest came when n - 1 were there.
		#[test]
		fn places_should_cost_at_least_what_filling_in_order_costs(
			moves in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..400),
		) {
			let pool = 64;
			let mut alive = Vec::<Balance>::new();
			for (comes, which) in moves {
				let taken = u32::try_from(alive.len()).expect("few");
				if comes && taken < pool {
					alive.push(rate(1, taken, pool));
				} else if !alive.is_empty() {
					alive.remove(which.index(alive.len()));
				}
				let in_order: Balance = (0..).zip(&alive).map(|(taken, _)| rate(1, taken, pool)).sum();
				prop_assert!(alive.iter().sum::<Balance>() >= in_order);
			}
		}

		#[test]
		fn rent_should_never_be_due_beyond_what_is_held(
			rate in any::<Balance>(),
			lived in any::<u32>(),
			reserved in any::<u32>(),
		) {
			prop_assert!(rent_due(rate, lived, reserved) <= rent_due(rate, BlockNumber::MAX, reserved));
		}
	}
}
