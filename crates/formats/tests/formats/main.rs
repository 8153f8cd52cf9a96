// SPDX-License-Identifier: Apache-2.0
//! Keys and proofs of three tools: what is read, what is refused and why.

#![allow(
	clippy::unwrap_used,
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	reason = "tests fail by panicking"
)]

mod arkworks;
mod common;
mod differential;
mod gnark;
mod limits;
mod snarkjs;
