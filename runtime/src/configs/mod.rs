// SPDX-License-Identifier: Apache-2.0
//! Choices of this chain for each pallet.

mod pvs;
mod system;

pub use pvs::*;
pub use system::*;
