// SPDX-License-Identifier: Apache-2.0
//! Phase 2 of a Groth16 set-up over BN254, by several parties one after the other: whoever trusts
//! that one of them deleted their secret trusts the key.
//!
//! After Bowe, Gabizon, Miers, "Scalable Multi-party Computation for zk-SNARK Parameters in the
//! Random Beacon Model" (ePrint 2017/1050), section 6. The powers of tau come from a snarkjs file
//! ([`Powers`]), the circuit as matrices ([`Circuit`]), the result is a key of `ark-groth16` in the
//! layout of its `LibsnarkReduction`. `docs/ceremony.md` says how to run one.
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
pub use verify::{ExpectedBeaconError, FinaliseError, Verified, VerifyError};
