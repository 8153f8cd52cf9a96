// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | `run` | starts everything, follows the chain until all batches are proven and final |
//! | `faults` | the scenario in which things go wrong |
//! | `crash` | the scenario in which the sequencer is killed and started again |
//! | `silent` | the scenario in which a bidder stays silent and its seal is opened |
//! | `nodes` | the scenario in which nothing becomes final and nodes freeze |
//! | `pruned` | the scenario in which a node has forgotten what became of a bid |
//! | `validators` | the scenario in which one of three validators is lost |
//! | `reorg` | the scenario in which transactions lose their blocks |
//! | `embedded` | the scenario in which nodes prove |
//! | `node` | nodes: the one that makes blocks, and others |
//! | `sequencer` | a serving sequencer, and the load generator that sends it transfers |
//! | `roles` | the owner and the bidder that the demo plays itself |
//! | `processes` | child processes that never outlive this one, and their logs |
//! | `story` | what happened to each batch, from the chain's events: pure |
//! | `figures` | percentiles: pure |
//! | `show` | progress, the table, the JSON line |

mod crash;
mod embedded;
mod error;
mod faults;
mod figures;
mod latency;
mod node;
mod nodes;
mod options;
mod processes;
mod pruned;
mod reorg;
mod roles;
mod run;
mod sequencer;
mod show;
mod silent;
mod story;
mod validators;

pub use error::DemoError;
pub use options::{Options, Scenario};
pub use run::run;
