// SPDX-License-Identifier: Apache-2.0
//! Concentration of the work of a market.

use alloc::vec::Vec;
use primitive_types::{U256, U512};
use pvs_primitives::{api::Concentration, params::WHOLE};

/// Figures over the work of provers, in proofs or in planck, an amount for each; zeroes are left out.
///
/// - Herfindahl-Hirschman index: the sum of the squared shares (Herfindahl 1950).
/// - Nakamoto coefficient: the fewest provers with more than half of the work (Srinivasan 2017).
/// - Gini coefficient: `sum((2i - n - 1) x_i) / (n sum(x))` over the amounts in rising order
///   (Gini 1912).
///
/// Indices are in 10^-9, rounded up.
pub fn concentration(amounts: impl IntoIterator<Item = u128>) -> Concentration {
	let mut amounts: Vec<u128> = amounts.into_iter().filter(|amount| *amount > 0).collect();
	amounts.sort_unstable();
	let total =
		amounts.iter().fold(U256::zero(), |sum, amount| sum.saturating_add((*amount).into()));
	let provers = u32::try_from(amounts.len()).unwrap_or(u32::MAX);
	let squares = amounts.iter().fold(U512::zero(), |sum, amount| {
		let amount = U256::from(*amount);
		sum.saturating_add(amount.full_mul(amount))
	});
	let mut together = U256::zero();
	let mut nakamoto = 0u32;
	for amount in amounts.iter().rev() {
		together = together.saturating_add((*amount).into());
		nakamoto = nakamoto.saturating_add(1);
		if together.saturating_mul(2.into()) > total {
			break;
		}
	}
	// sum((2i - n - 1) x_i), with the negative part apart.
	let mut above = U256::zero();
	let mut below = U256::zero();
	for (rank, amount) in (1u64..).zip(&amounts) {
		let (doubled, middle) = (rank.saturating_mul(2), u64::from(provers).saturating_add(1));
		let weighted = |weight: u64| U256::from(weight).saturating_mul(U256::from(*amount));
		above = above.saturating_add(weighted(doubled.saturating_sub(middle)));
		below = below.saturating_add(weighted(middle.saturating_sub(doubled)));
	}
	Concentration {
		provers,
		hhi: nano_part(squares, total.full_mul(total)),
		nakamoto,
		gini: nano_part(above.saturating_sub(below).into(), total.full_mul(provers.into())),
	}
}

/// `part / whole` in 10^-9, rounded up; 0 if the whole is 0.
fn nano_part(part: U512, whole: U512) -> u32 {
	if whole.is_zero() {
		return 0;
	}
	let (nano, rest) = part.saturating_mul(WHOLE.into()).div_mod(whole);
	let nano = nano.saturating_add(u32::from(!rest.is_zero()).into());
	u32::try_from(nano).unwrap_or(WHOLE).min(WHOLE)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn concentration_should_be_nothing_when_nobody_worked() {
		assert_eq!(concentration([]), Concentration::default());
		assert_eq!(concentration([0, 0]), Concentration::default());
	}

	#[test]
	fn concentration_should_be_highest_when_there_is_one_prover() {
		let expected = Concentration { provers: 1, hhi: WHOLE, nakamoto: 1, gini: 0 };
		assert_eq!(concentration([5]), expected);
		assert_eq!(concentration([0, u128::MAX, 0]), expected);
	}

	#[test]
	fn concentration_should_be_lowest_when_all_have_the_same() {
		for provers in 1..=100u32 {
			let found = concentration((0..provers).map(|_| 12_345));
			assert_eq!(found.provers, provers);
			assert_eq!(found.hhi, WHOLE.div_ceil(provers));
			assert_eq!(found.nakamoto, provers / 2 + 1);
			assert_eq!(found.gini, 0);
		}
	}

	#[test]
	fn concentration_should_follow_its_definitions() {
		// Shares 0.1, 0.2, 0.3, 0.4: 0.30, two have 0.7, and (-3 - 2 + 3 + 12) / (4 * 10).
		let expected =
			Concentration { provers: 4, hhi: 300_000_000, nakamoto: 2, gini: 250_000_000 };
		assert_eq!(concentration([30, 10, 40, 20]), expected);
		// Exactly half is not more than half.
		assert_eq!(concentration([50, 25, 25]).nakamoto, 2);
	}

	#[test]
	fn concentration_should_not_overflow_when_amounts_are_extreme() {
		let found = concentration([u128::MAX; 1_000]);
		assert_eq!((found.hhi, found.nakamoto, found.gini), (1_000_000, 501, 0));
		let found = concentration([1, u128::MAX]);
		assert_eq!((found.hhi, found.nakamoto, found.gini), (WHOLE, 1, 500_000_000));
	}
}
