// SPDX-License-Identifier: Apache-2.0
//! `a * b / c` with a 512-bit product, so that no intermediate overflows.

use crate::MathError;
use primitive_types::{U256, U512};

/// `a * b / c`, rounded down.
///
/// # Errors
/// `DivisionByZero` if `c` is 0, `Overflow` if the quotient is above `u128::MAX`.
pub fn mul_div_floor(a: U256, b: U256, c: U256) -> Result<u128, MathError> {
	let (quotient, _) = divide(a, b, c)?;
	narrow(quotient)
}

/// `a * b / c`, rounded up.
///
/// # Errors
/// `DivisionByZero` if `c` is 0, `Overflow` if the quotient is above `u128::MAX`.
pub fn mul_div_ceil(a: U256, b: U256, c: U256) -> Result<u128, MathError> {
	let (quotient, remainder) = divide(a, b, c)?;
	if remainder.is_zero() {
		narrow(quotient)
	} else {
		narrow(quotient.checked_add(U512::one()).ok_or(MathError::Overflow)?)
	}
}

fn divide(a: U256, b: U256, c: U256) -> Result<(U512, U512), MathError> {
	if c.is_zero() {
		return Err(MathError::DivisionByZero);
	}
	Ok(a.full_mul(b).div_mod(U512::from(c)))
}

fn narrow(value: U512) -> Result<u128, MathError> {
	value.try_into().map_err(|_| MathError::Overflow)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn division_should_fail_when_divisor_is_zero() {
		let one = U256::one();
		assert_eq!(mul_div_floor(one, one, U256::zero()), Err(MathError::DivisionByZero));
		assert_eq!(mul_div_ceil(one, one, U256::zero()), Err(MathError::DivisionByZero));
	}

	#[test]
	fn division_should_overflow_when_quotient_exceeds_128_bits() {
		let max = U256::from(u128::MAX);
		assert_eq!(mul_div_floor(max, U256::from(2), U256::one()), Err(MathError::Overflow));
		assert_eq!(mul_div_ceil(max, U256::from(3), U256::from(2)), Err(MathError::Overflow));
	}

	proptest! {
		#[test]
		fn division_should_agree_with_big_integers(a: u128, b: u128, c in 1u128..) {
			use num_bigint::BigUint;
			let (x, y, z) = (BigUint::from(a), BigUint::from(b), BigUint::from(c));
			let floor = &x * &y / &z;
			let ceil = (&x * &y + &z - 1u8) / &z;
			let ours = mul_div_floor(a.into(), b.into(), c.into());
			prop_assert_eq!(ours.ok(), u128::try_from(floor).ok());
			let ours = mul_div_ceil(a.into(), b.into(), c.into());
			prop_assert_eq!(ours.ok(), u128::try_from(ceil).ok());
		}
	}
}
