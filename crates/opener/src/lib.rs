// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`service`] | the loop: follows best blocks, starts and stops solvers, sends openings |
//! | [`decide`] | which seals to solve, to give up and to open: pure |
//! | [`pool`] | solvers on threads of their own |
//! | [`store`] | what solvers have done so far and what they found, kept over restarts |
//! | [`report`] | what the operator sees |
//! | `monitor` | what monitoring sees: metrics, and the conditions under which the opener is ready |

pub mod decide;
mod error;
mod monitor;
pub mod pool;
pub mod report;
pub mod service;
pub mod store;

pub use error::OpenerError;
pub use report::{Report, Reporter, Summary};
pub use service::{run, Config};

/// The name of the service in its events and, with underscores, in its metrics.
pub const SERVICE: &str = "pvs-opener";
