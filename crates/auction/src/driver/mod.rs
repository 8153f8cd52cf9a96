// SPDX-License-Identifier: Apache-2.0
//! A driver of [`step`](crate::step::step) for tests, simulations and models: the market of one batch on
//! a ledger of its own, and searches over what can be done in a round.
//!
//! Nothing here is part of a runtime. What must always hold is asserted, so the driver panics where the
//! rules contradict themselves.

pub mod hedge;
pub mod market;
pub mod random;
pub mod search;
pub mod world;
