// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`config`] | what a prover is started with |
//! | [`service`] | the loop: follows best blocks, runs steps, takes in their results, seals bids |
//! | `decide` | what the chain and the journal together ask for next: pure |
//! | `sealed` | what to do about a bid that the chain has sealed, after its round has closed too: pure |
//! | `appraise` | reads a batch, replays the state before it, executes it |
//! | `price` | whether to bid, and what: pure |
//! | `fees` | what the transactions of a job cost |
//! | `rollup` | the rollup's states and keys: the reference rollup's, or those of a program |
//! | `program` | a rollup's own program, a child process that executes and proves |
//! | `workers` | what makes proofs, threads of this program or one of the rollup's own, and the queue before it |
//! | `self_check` | a proof of a made-up batch before the first bid: is the key as good as it looks? |
//! | `snapshot` | the rollup's state in a file |
//! | `journal` | what was bid, won, proved: written before it is acted on |
//! | `record` | the chain's record of this prover, against what the journal knows: pure |
//! | `settle` | how a round ended that was over before it was seen |
//! | [`report`] | what the operator sees |
//! | [`progress`] | how work gets on that takes long |
//! | `monitor` | what monitoring sees: metrics, and the conditions under which the prover is ready |
//! | `history` | [`History`]: contents of the journal, for whoever shows them |

mod appraise;
pub mod config;
mod decide;
mod error;
mod fees;
mod history;
mod journal;
mod monitor;
mod price;
mod program;
pub mod progress;
mod record;
pub mod report;
mod rollup;
mod sealed;
mod self_check;
pub mod service;
mod settle;
mod snapshot;
mod workers;

pub use config::{Batches, Config, Keys};
pub use error::ProverError;
pub use history::History;
pub use journal::JournalError;
pub use program::Launch;
pub use progress::Progress;
pub use report::{Report, Reporter};
pub use service::{check, run};

/// The name of the service in its events and, with underscores, in its metrics.
pub const SERVICE: &str = "pvs-prover";
