// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | `config` | what it is started with, and what it does if not told otherwise |
//! | `service` | the loop: follows best blocks, commits batches, stops |
//! | `pace`, `trouble` | when the next commit is tried, and what is wrong |
//! | `core` | what a serving sequencer knows, and its rules: no network |
//! | `pool` | transfers that are accepted and not final: pure |
//! | `journal`, `dir` | what is on the disk |
//! | `rpc` | the JSON-RPC server |
//! | `chain`, `seat` | reading from the chain, committing to it |
//! | [`report`] | what the operator sees |
//! | `monitor` | what monitoring sees: metrics, and the conditions under which the sequencer is ready |
//! | `generator` | random transfers of demo accounts |
//! | `link`, [`users`], `load` | the other side of the RPC: what commands for users need, a load generator |

mod chain;
mod config;
mod core;
mod dir;
mod error;
mod generator;
mod journal;
mod link;
mod load;
mod monitor;
mod pace;
mod pool;
pub mod report;
mod rpc;
mod seat;
mod service;
mod trouble;
pub mod users;

pub use config::{defaults, Config, RpcConfig, Transfers};
pub use error::SequencerError;
pub use load::{load, Load, Progress as LoadProgress};
pub use report::{Report, Reporter};
pub use service::{run, Summary};

/// The name of the service in its events and, with underscores, in its metrics.
pub const SERVICE: &str = "pvs-sequencer";
