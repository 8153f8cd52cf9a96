// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | `snarkjs` | JSON with decimal strings |
//! | `gnark` | `WriteTo` and `WriteRawTo`, big-endian, flags in the first byte |
//! | `arkworks` | `CanonicalSerialize`, little-endian, flags in the last byte |
//! | `points` | the checks of a point, by the name that the source gives it |

#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::arithmetic_side_effects,
		clippy::cast_possible_truncation,
		clippy::as_conversions
	)
)]

mod arkworks;
mod bytes;
mod error;
mod foreign;
mod gnark;
mod number;
mod points;
mod snarkjs;

pub use error::FormatError;
pub use foreign::{
	read_key, read_proof, read_public_inputs, to_layout_v1, wire_key, Encoding, ForeignKey,
	ForeignProof, PointNames, Source,
};
pub use number::parse_scalar;

/// The largest file that is read, in bytes: a key for four public inputs has a few thousand.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// The public inputs of layout v1, in their order.
pub const INPUT_NAMES: [&str; pvs_primitives::PUBLIC_INPUTS] =
	["prev_state_root", "next_state_root", "data_commitment", "binding"];
