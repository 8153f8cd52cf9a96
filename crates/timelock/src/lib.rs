// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | | who | cost |
//! |---|---|---|
//! | [`seal()`] | bidder | two exponentiations of 2176 bits in constant time |
//! | [`check_seal`] | chain, when a bid is placed | a comparison of 256 bytes |
//! | [`solve::open_by_solving`] | anybody | `T` squarings, then a proof for a tenth as many multiplications |
//! | [`solve::open_with_exponent`] | a bidder that kept `r` | the proof alone |
//! | [`verify_opening`] | chain | a search for a prime, two exponentiations of 264 bits at once |
//! | [`decrypt`] | chain | a hash and 85 bytes of ChaCha20-Poly1305 |
//!
//! ```
//! use pvs_timelock::*;
//! # let parameters = solve::compute_parameters("example", 1 << 10, solve::Options::default())?;
//! let exponent = Exponent::random()?;
//! let (context, payload, opener) = ([1; BID_CONTEXT_BYTES], [2; PAYLOAD_BYTES], [3; 32]);
//! let seal = seal(&parameters, &context, &payload, &exponent);
//! check_seal(&seal)?;
//!
//! let commitment = pvs_primitives::bid::commitment_in(&context, &payload);
//! let statement = Statement {
//!     parameters: &parameters,
//!     seal: &seal,
//!     context: &context,
//!     commitment: &commitment,
//!     opener: &opener,
//! };
//! let go_on = |_: &solve::Solver| std::ops::ControlFlow::Continue(());
//! let opening = solve::open_by_solving(&statement, solve::Options::default(), go_on)?;
//! verify_opening(&statement, &opening.solution, &opening.proof)?;
//! assert_eq!(decrypt(&parameters, &seal, &context, &opening.solution), Some(payload));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sources
//!
//! - The puzzle: Rivest, Shamir, Wagner, "Time-lock puzzles and timed-release crypto", 1996.
//! - The proof and how to compute it from checkpoints: Wesolowski, "Efficient verifiable delay
//!   functions", Eurocrypt 2019, sections 3 and 4.1.
//! - The group without its sign, and the size of the challenge: Boneh, Bünz, Fisch, "A survey of two
//!   verifiable delay functions", 2018.
//!
//! # Assumptions
//!
//! Nobody knows the factors of the RSA-2048 challenge number. Nobody finds elements of small order
//! or takes roots in the group (adaptive root assumption). There is no check that `u` and `N` are
//! coprime: whoever could fail it on purpose had factored `N`. Every byte is in `docs/seal.md`.
//!
//! # Features
//!
//! `std` (default): [`solve`], with OpenSSL. Without
//! both the crate is `no_std` and for runtimes; no bytes whatsoever make it panic.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![deny(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::as_conversions)]

mod challenge;
mod error;
mod exponentiation;
mod group;
mod limbs;
mod opening;
mod parameters;
mod seal;
#[cfg(feature = "std")]
pub mod solve;
#[cfg(feature = "testing")]
pub mod testing;

pub use challenge::{CHALLENGE_BYTES, MAX_CANDIDATES, MAX_PRIMALITY_TESTS};
pub use error::{OpeningError, ParametersError, SealError};
pub use group::{generator, modulus, ELEMENT_BYTES};
pub use opening::{verify_opening, Opening, Statement};
pub use parameters::{Parameters, INSECURE_DEVELOPMENT, STANDARD};
pub use pvs_primitives::bid::{BID_CONTEXT_BYTES, PAYLOAD_BYTES};
pub use seal::{
	check_seal, decrypt, recover, seal, seal_key, Exponent, Seal, CIPHERTEXT_BYTES, EXPONENT_BYTES,
	SEAL_BYTES, TAG_BYTES,
};

/// Bytes of a proof of exponentiation: the attempt (1) and pi (256).
pub const PROOF_BYTES: usize = 257;
