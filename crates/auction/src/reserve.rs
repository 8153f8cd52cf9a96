// SPDX-License-Identifier: Apache-2.0
//! The dynamic reserve of a rollup: how it follows payments, and how a round without bids raises it.

use crate::{fixed::mul_div_ceil, MathError};
use codec::{Decode, Encode, MaxEncodedLen};
use primitive_types::U256;
use pvs_primitives::{
	params::{RollupParams, WHOLE},
	Balance,
};
use scale_info::TypeInfo;

/// Prices that a rollup remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Reserve {
	/// Reserve that a batch's first round takes, unless its `max_fee` is lower; in planck.
	pub reserve: Balance,
	/// The mean payment before lateness, exponentially weighted, in planck; `None` before the first.
	pub mean: Option<Balance>,
}

impl Reserve {
	/// The reserve of a new rollup: `initial_reserve`.
	pub fn new(params: &RollupParams) -> Self {
		Self { reserve: params.initial_reserve, mean: None }
	}

	/// Takes in the payment (before lateness) of a batch that was proven in a round with reserve
	/// `round_reserve` in which `counted` bids counted:
	/// `mean = mean * (1 - reserve_weight) + payment * reserve_weight`, the first payment if there is
	/// no mean; then `reserve = max(min_reserve, min(max(reserve, round_reserve),
	/// mean * (1 + reserve_margin)))`. Divisions round up.
	///
	/// A payment is never above its round's reserve, so payments only ever lower it: a lone bidder
	/// cannot ratchet it up. Nor can it, as the friend of a sequencer, talk it down: what a lone bidder
	/// is paid counts as no less than the mean, or the round's reserve while there is none.
	///
	/// # Errors
	/// None is reachable: the divisors are constants and an overflow counts as the largest amount.
	pub fn after_payment(
		&self,
		payment: Balance,
		round_reserve: Balance,
		counted: u32,
		params: &RollupParams,
	) -> Result<Self, MathError> {
		let least = if counted >= 2 { 0 } else { self.mean.unwrap_or(round_reserve) };
		let payment = payment.max(least);
		let mean = match self.mean {
			None => payment,
			Some(mean) => {
				let weight = params.reserve_weight.min(WHOLE);
				let rest = U256::from(mean)
					.saturating_mul(U256::from(WHOLE.saturating_sub(weight)))
					.saturating_add(U256::from(payment).saturating_mul(U256::from(weight)));
				mul_div_ceil(rest, U256::one(), WHOLE.into())?
			},
		};
		let factor = U256::from(WHOLE).saturating_add(params.reserve_margin.into());
		let ceiling = saturate(mul_div_ceil(mean.into(), factor, WHOLE.into()))?;
		let reserve = self.reserve.max(round_reserve).min(ceiling).max(params.min_reserve);
		Ok(Self { reserve, mean: Some(mean) })
	}

	/// The same prices within the bounds of new parameters.
	pub fn within(&self, params: &RollupParams) -> Self {
		Self {
			reserve: self.reserve.min(params.max_reserve).max(params.min_reserve),
			mean: self.mean,
		}
	}
}

/// The reserve of the round after one without a bid that counts:
/// `min(max_fee, ceil(reserve * escalation_factor))`, and `max_fee` in the last one.
///
/// # Errors
/// None is reachable: the divisor is a constant and an overflow counts as the largest amount.
pub fn escalated(
	reserve: Balance,
	max_fee: Balance,
	last: bool,
	params: &RollupParams,
) -> Result<Balance, MathError> {
	if last {
		return Ok(max_fee);
	}
	let raised =
		saturate(mul_div_ceil(reserve.into(), params.escalation_factor.into(), WHOLE.into()))?;
	Ok(raised.min(max_fee))
}

fn saturate(result: Result<Balance, MathError>) -> Result<Balance, MathError> {
	match result {
		Err(MathError::Overflow) => Ok(Balance::MAX),
		other => other,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::score::tests::params;

	fn bounded() -> RollupParams {
		RollupParams { min_reserve: 10, initial_reserve: 100, max_reserve: 1_000, ..params() }
	}

	#[test]
	fn reserve_should_start_at_the_initial_one() {
		assert_eq!(Reserve::new(&bounded()), Reserve { reserve: 100, mean: None });
	}

	#[test]
	fn reserve_should_take_the_first_payment_as_the_mean() {
		let after = Reserve::new(&bounded()).after_payment(40, 100, 2, &bounded());
		// 40 * 1.25
		assert_eq!(after, Ok(Reserve { reserve: 50, mean: Some(40) }));
	}

	#[test]
	fn reserve_should_weigh_later_payments_and_round_up() {
		let before = Reserve { reserve: 50, mean: Some(40) };
		// 40 * 0.9 + 33 * 0.1 = 39.3, and 40 * 1.25.
		let after = before.after_payment(33, 50, 2, &bounded());
		assert_eq!(after, Ok(Reserve { reserve: 50, mean: Some(40) }));
		// 40 * 0.9 + 12 * 0.1 = 37.2, and 38 * 1.25 = 47.5.
		let after = before.after_payment(12, 50, 2, &bounded());
		assert_eq!(after, Ok(Reserve { reserve: 48, mean: Some(38) }));
	}

	#[test]
	fn reserve_should_keep_what_an_escalated_round_paid() {
		let before = Reserve { reserve: 50, mean: Some(100) };
		for counted in [1, 2] {
			let after = before.after_payment(150, 150, counted, &bounded());
			// The mean of 105 allows 131.25.
			assert_eq!(after, Ok(Reserve { reserve: 132, mean: Some(105) }));
		}
	}

	#[test]
	fn reserve_should_not_fall_below_the_lowest_when_payments_are_zero() {
		let mut reserve = Reserve::new(&bounded());
		for _ in 0..200 {
			reserve = reserve.after_payment(0, reserve.reserve, 2, &bounded()).expect("total");
		}
		assert_eq!(reserve.reserve, 10);
	}

	#[test]
	fn reserve_should_not_rise_when_a_lone_bidder_is_always_paid_it() {
		let mut reserve = Reserve::new(&bounded());
		for _ in 0..200 {
			reserve = reserve
				.after_payment(reserve.reserve, reserve.reserve, 1, &bounded())
				.expect("total");
			assert_eq!(reserve.reserve, 100);
		}
	}

	/// Finding M13 of the audit: the friend of a sequencer, alone in its rounds, talked the reserve down.
	#[test]
	fn lone_bidder_should_not_lower_the_mean_when_it_is_paid_less() {
		let before = Reserve { reserve: 50, mean: Some(40) };
		for payment in [0, 12, 39, 40] {
			assert_eq!(before.after_payment(payment, 50, 1, &bounded()), Ok(before), "{payment}");
		}
		// Where somebody bids against it, the payment counts: 40 * 0.9 + 12 * 0.1 = 37.2.
		let with_a_rival = before.after_payment(12, 50, 2, &bounded());
		assert_eq!(with_a_rival, Ok(Reserve { reserve: 48, mean: Some(38) }));
	}

	#[test]
	fn lone_bidder_should_raise_the_mean_when_it_is_paid_more() {
		let before = Reserve { reserve: 50, mean: Some(40) };
		// 40 * 0.9 + 50 * 0.1 = 41; the reserve stays below 51.25.
		let after = before.after_payment(50, 50, 1, &bounded());
		assert_eq!(after, Ok(Reserve { reserve: 50, mean: Some(41) }));
	}

	#[test]
	fn lone_bidder_should_count_as_paid_the_reserve_when_there_is_no_mean() {
		let after = Reserve::new(&bounded()).after_payment(40, 100, 1, &bounded());
		assert_eq!(after, Ok(Reserve { reserve: 100, mean: Some(100) }));
		// Of a round that escalation has raised, that round's.
		let after = Reserve::new(&bounded()).after_payment(40, 150, 1, &bounded());
		assert_eq!(after, Ok(Reserve { reserve: 150, mean: Some(150) }));
	}

	#[test]
	fn lone_bidder_should_never_lower_the_reserve_however_often_it_is_paid_nothing() {
		let mut reserve = Reserve { reserve: 50, mean: Some(40) };
		for _ in 0..200 {
			reserve = reserve.after_payment(0, reserve.reserve, 1, &bounded()).expect("total");
			assert_eq!(reserve, Reserve { reserve: 50, mean: Some(40) });
		}
	}

	#[test]
	fn reserve_should_move_into_new_bounds() {
		let reserve = Reserve { reserve: 500, mean: Some(3) };
		let lower = RollupParams { max_reserve: 499, ..bounded() };
		let higher = RollupParams { min_reserve: 501, ..bounded() };
		assert_eq!(reserve.within(&lower), Reserve { reserve: 499, mean: Some(3) });
		assert_eq!(reserve.within(&higher), Reserve { reserve: 501, mean: Some(3) });
		assert_eq!(reserve.within(&bounded()), reserve);
	}

	#[test]
	fn escalation_should_round_up_and_stop_at_the_highest_fee() {
		assert_eq!(escalated(101, 1_000, false, &bounded()), Ok(152));
		assert_eq!(escalated(700, 1_000, false, &bounded()), Ok(1_000));
		assert_eq!(escalated(1_000, 1_000, false, &bounded()), Ok(1_000));
	}

	#[test]
	fn escalation_should_reach_the_highest_fee_in_the_last_round() {
		assert_eq!(escalated(10, 1_000, true, &bounded()), Ok(1_000));
	}

	#[test]
	fn escalation_should_not_overflow_when_inputs_are_extreme() {
		let params = RollupParams { escalation_factor: u32::MAX, ..bounded() };
		assert_eq!(escalated(u128::MAX, u128::MAX, false, &params), Ok(u128::MAX));
	}
}
