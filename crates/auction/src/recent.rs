// SPDX-License-Identifier: Apache-2.0
//! Newest final batches of a rollup, and how concentrated the work on them is.

use crate::concentration::concentration;
use alloc::collections::BTreeMap;
use codec::{Decode, Encode, MaxEncodedLen};
use pvs_primitives::{api::Concentration, Balance};
use scale_info::TypeInfo;

/// Number of final batches over which a rollup's figures are.
pub const RECENT_BATCHES: u32 = 32;

/// A final batch: who proved it, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RecentBatch<AccountId> {
	/// The prover.
	pub prover: AccountId,
	/// The amount that escrow released to it, in planck: its payment less the cost of lateness. May be
	/// 0.
	pub paid: Balance,
}

/// Returns the slot, below [`RECENT_BATCHES`], of the batch that becomes final after `finals` others of its
/// rollup: a free one, or that of the oldest one that is kept.
pub fn slot(finals: u64) -> u32 {
	let slot = finals.checked_rem(RECENT_BATCHES.into()).unwrap_or_default();
	u32::try_from(slot).unwrap_or_default()
}

/// Returns the figures over the number of batches that each prover proved.
pub fn by_batches<AccountId: Ord>(batches: &[RecentBatch<AccountId>]) -> Concentration {
	over(batches, |_| 1)
}

/// Returns the figures over what each prover was paid. Who was paid nothing is left out.
pub fn by_payment<AccountId: Ord>(batches: &[RecentBatch<AccountId>]) -> Concentration {
	over(batches, |batch| batch.paid)
}

fn over<AccountId: Ord>(
	batches: &[RecentBatch<AccountId>],
	amount: impl Fn(&RecentBatch<AccountId>) -> u128,
) -> Concentration {
	let mut sums = BTreeMap::<&AccountId, u128>::new();
	for batch in batches {
		let sum = sums.entry(&batch.prover).or_default();
		*sum = sum.saturating_add(amount(batch));
	}
	concentration(sums.into_values())
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec::Vec;
	use pvs_primitives::params::WHOLE;

	fn of(batches: &[(u32, Balance)]) -> Vec<RecentBatch<u32>> {
		let batch = |(prover, paid): &(u32, Balance)| RecentBatch { prover: *prover, paid: *paid };
		batches.iter().map(batch).collect()
	}

	#[test]
	fn slots_should_be_those_of_the_oldest_batches_when_as_many_as_are_kept_are_final() {
		let slots: Vec<_> = (0..35).map(slot).collect();
		assert_eq!(slots[..32], (0..32).collect::<Vec<_>>());
		assert_eq!(slots[32..], [0, 1, 2]);
		assert_eq!(slot(u64::MAX), 31);
	}

	#[test]
	fn figures_should_be_nothing_when_no_batch_is_final() {
		assert_eq!(by_batches(&of(&[])), Concentration::default());
		assert_eq!(by_payment(&of(&[])), Concentration::default());
	}

	#[test]
	fn figures_should_tell_cheap_batches_from_dear_ones() {
		// One prover has three of four batches, and a quarter of the money.
		let batches = of(&[(1, 10), (2, 90), (1, 10), (1, 10)]);
		let expected =
			Concentration { provers: 2, hhi: 625_000_000, nakamoto: 1, gini: 250_000_000 };
		assert_eq!(by_batches(&batches), expected);
		// 0.25^2 + 0.75^2, and (90 - 30) / (2 * 120).
		assert_eq!(by_payment(&batches), expected);
		let batches = of(&[(1, 1), (2, 99), (1, 0)]);
		// 0.01^2 + 0.99^2, and (99 - 1) / (2 * 100).
		let expected =
			Concentration { provers: 2, hhi: 980_200_000, nakamoto: 1, gini: 490_000_000 };
		assert_eq!(by_payment(&batches), expected);
	}

	#[test]
	fn figures_should_leave_out_who_was_paid_nothing_by_payment_only() {
		let batches = of(&[(1, 0), (2, 5), (3, 0)]);
		assert_eq!(by_batches(&batches).provers, 3);
		let alone = Concentration { provers: 1, hhi: WHOLE, nakamoto: 1, gini: 0 };
		assert_eq!(by_payment(&batches), alone);
	}

	#[test]
	fn figures_should_not_overflow_when_payments_are_extreme() {
		let batches = of(&[(1, u128::MAX), (1, u128::MAX), (2, u128::MAX)]);
		let equal = Concentration { provers: 2, hhi: WHOLE / 2, nakamoto: 2, gini: 0 };
		assert_eq!(by_payment(&batches), equal, "a sum saturates");
	}
}
