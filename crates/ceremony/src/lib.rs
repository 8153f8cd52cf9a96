// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | to change | go to |
//! |---|---|
//! | how a `.ptau` file is read and checked | [`Powers`] |
//! | the first parameters | [`Ceremony::start`] |
//! | what a contribution proves | [`Contribution`] |
//! | what a whole transcript must satisfy | [`Ceremony::verify`] |
//! | bytes of a file | [`Ceremony::from_bytes`] |
//!
//! # Limits
//!
//! - A contributor's secret is wiped from where this crate keeps it. Copies that the compiler left
//!   on the stack and pages that the system swapped out are not.
//! - Arithmetic is not constant-time: contribute on a machine that nobody else measures.

mod circuit;
mod contribution;
mod file;
mod group;
mod parameters;
mod points;
mod powers;
mod progress;
mod sums;
#[cfg(test)]
mod tests;
mod verify;

pub use circuit::{Circuit, CircuitError};
pub use contribution::{
	Beacon, BeaconError, Contribution, ContributionError, Name, NameError, Secret,
	MAX_BEACON_BYTES, MAX_ITERATIONS_LOG2, MAX_NAME_BYTES, MIN_BEACON_BYTES, MIN_ITERATIONS_LOG2,
};
pub use file::ReadError;
pub use parameters::Ceremony;
pub use points::PointError;
pub use powers::{Powers, PowersError};
pub use progress::{Progress, Silent};
pub use verify::{ExpectedBeaconError, FinalizeError, Verified, VerifyError};
