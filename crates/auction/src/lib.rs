// SPDX-License-Identifier: Apache-2.0
//! The rules of the proof market as pure functions: no FRAME, no floats, no clock.
//!
//! Whoever needs to know what a round allows, who wins it and what is paid calls these functions:
//! the pallet, the prover program and the simulation. Weights and rates are in 10^-9, scores in
//! 10^-18, amounts in planck, times in blocks. Every division is rounded against the claimant.

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

pub mod fixed;
pub mod lateness;
pub mod payment;
pub mod phase;
pub mod rank;
pub mod rules;
pub mod score;
pub mod slot_fee;

/// Why a calculation has no result. None is reachable with parameters that [`rules::check`] accepts
/// and fees up to the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathError {
	/// A divisor was zero.
	DivisionByZero,
	/// A result does not fit its type.
	Overflow,
}
