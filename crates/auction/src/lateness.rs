// SPDX-License-Identifier: Apache-2.0
//! Cost of lateness.

use crate::{fixed::mul_div_ceil, MathError};
use pvs_primitives::{params::WHOLE, Balance, BlockNumber};

/// The part of `payment` that `late_blocks` blocks of lateness take:
/// `late_blocks * ceil(late_rate * reserve)`, at most the whole payment. `late_rate` is in 10^-9.
///
/// # Errors
/// None is reachable: the divisor is a constant and an overflow means the whole payment.
pub fn late_cost(
	payment: Balance,
	late_blocks: BlockNumber,
	late_rate: u32,
	reserve: Balance,
) -> Result<Balance, MathError> {
	let per_block = match mul_div_ceil(late_rate.into(), reserve.into(), WHOLE.into()) {
		Err(MathError::Overflow) => Balance::MAX,
		other => other?,
	};
	let cost = per_block.saturating_mul(late_blocks.into());
	Ok(cost.min(payment))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn late_cost_should_be_zero_when_on_time() {
		assert_eq!(late_cost(100, 0, 50_000_000, 1_000), Ok(0));
	}

	#[test]
	fn late_cost_should_round_up_per_block() {
		// 5 % of 101 is 5.05, six planck a block.
		assert_eq!(late_cost(100, 2, 50_000_000, 101), Ok(12));
	}

	#[test]
	fn late_cost_should_never_exceed_the_payment() {
		assert_eq!(late_cost(100, 1_000, 50_000_000, 1_000), Ok(100));
		assert_eq!(late_cost(7, u32::MAX, u32::MAX, u128::MAX), Ok(7));
	}

	#[test]
	fn late_cost_should_be_zero_when_the_rate_is() {
		assert_eq!(late_cost(100, 50, 0, u128::MAX), Ok(0));
	}
}
