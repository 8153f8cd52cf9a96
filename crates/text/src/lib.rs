// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | `decode` | [`decode`]: text from the bytes of a file, as editors and shells save it |
//! | `output` | [`print`] and [`complain`]: lines for stdout and stderr, which nobody may read any more |
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let saved_by_powershell = [0xff, 0xfe, b'{', 0, b'}', 0];
//! pvs_text::print(pvs_text::decode(&saved_by_powershell)?)?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::arithmetic_side_effects,
		clippy::as_conversions
	)
)]

mod decode;
mod output;

pub use decode::{decode, TextError};
pub use output::{complain, print, OutputError};
