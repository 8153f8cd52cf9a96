// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects,
		clippy::cast_possible_truncation,
		clippy::as_conversions
	)
)]

extern crate alloc;

pub mod concentration;
#[cfg(feature = "driver")]
pub mod driver;
pub mod explain;
pub mod fixed;
pub mod lateness;
pub mod payment;
pub mod phase;
pub mod rank;
pub mod recent;
pub mod rent;
pub mod reserve;
pub mod round;
pub mod rules;
pub mod score;
pub mod settle;
pub mod share;
pub mod slashing;
pub mod slot_fee;
pub mod step;

/// Why a calculation has no result. None is reachable with parameters that [`rules::check`] accepts
/// and fees up to the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathError {
	/// A divisor was zero.
	DivisionByZero,
	/// A result does not fit its type.
	Overflow,
}
