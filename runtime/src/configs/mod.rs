// SPDX-License-Identifier: Apache-2.0
//! What this chain decides for each pallet.

mod pvs;
mod system;

pub use pvs::*;
pub use system::*;
