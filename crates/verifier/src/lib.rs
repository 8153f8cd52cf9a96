// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! ```
//! use pvs_verifier::{prepare_key, verify, KeyError, ProofError, PREPARED_KEY_BYTES};
//!
//! // Bytes are refused for one reason each.
//! assert_eq!(prepare_key(&[0; 768]), Err(KeyError::Identity));
//! let prepared = [0; PREPARED_KEY_BYTES];
//! assert_eq!(verify(&prepared, &[[0; 32]; 3], &[0; 256]), Err(ProofError::WrongInputCount));
//! assert_eq!(verify(&prepared, &[[0; 32]; 4], &[0; 255]), Err(ProofError::WrongLength));
//! ```
//!
//! The feature `std` (default) adds threads, keys that are kept between calls, the host's side of
//! [`host`], and conversions from and to arkworks' types.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![deny(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::as_conversions)]

extern crate alloc;

#[cfg(feature = "std")]
mod arkworks;
mod batch;
#[cfg(feature = "std")]
mod cache;
mod coefficient;
mod encoding;
mod error;
mod fields;
mod final_exponentiation;
pub mod host;
mod inputs;
mod invert;
mod key;
mod lines;
mod miller;
mod proof;
mod relations;
mod threads;
mod verifiers;

#[cfg(feature = "std")]
pub use arkworks::{decode_proof, decode_verifying_key, encode_proof, encode_verifying_key};
pub use batch::{verify, verify_batch, Claim};
pub use error::{KeyError, ProofError};
pub use key::{prepare_key, PreparedKey, PREPARED_KEY_BYTES};
pub use pvs_primitives::{Bytes32, PROOF_BYTES, PUBLIC_INPUTS, VERIFYING_KEY_BYTES};
pub use verifiers::{Backend, HostVerifier, ProofVerifier, WasmVerifier};
