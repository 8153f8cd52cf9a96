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

pub mod api;
pub mod bid;
pub mod commit_digest;
pub mod field;
pub mod hash;
pub mod params;
pub mod poseidon;
pub mod public_inputs;
pub mod seal_timing;

/// Identifies a rollup. Counts up from 0 and is never reused.
pub type RollupId = u32;
/// Identifies a batch within its rollup. Counts up from 0 and is never reused.
pub type BatchIndex = u64;
/// Counts the rounds of one batch, from 0.
pub type RoundNumber = u32;
/// An amount in planck, the smallest unit of the chain's native token.
pub type Balance = u128;
/// A block height.
pub type BlockNumber = u32;
/// 32 bytes: a hash, or a field element in big-endian order.
pub type Bytes32 = [u8; 32];

/// Bytes of a proof on the wire: A (64), B (128), C (64).
pub const PROOF_BYTES: usize = 256;
/// Bytes of a verifying key of layout v1 on the wire: alpha (64), beta, gamma, delta (128 each) and
/// five IC points (64 each).
pub const VERIFYING_KEY_BYTES: usize = 768;
/// Number of public inputs of layout v1.
pub const PUBLIC_INPUTS: usize = 4;
