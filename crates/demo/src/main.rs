// SPDX-License-Identifier: Apache-2.0
//! Runs a development chain with a sequencer and three provers, and reports what happened.
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`run`] | starts everything, follows the chain until all batches are proven and final |
//! | [`faults`] | the scenario in which things go wrong |
//! | [`crash`] | the scenario in which the sequencer is killed and started again |
//! | [`silent`] | the scenario in which a bidder stays silent and its seal is opened |
//! | [`nodes`] | the scenario in which nothing becomes final and nodes freeze |
//! | [`pruned`] | the scenario in which a node has forgotten what became of a bid |
//! | [`validators`] | the scenario in which one of three validators is lost |
//! | [`reorg`] | the scenario in which transactions lose their blocks |
//! | [`embedded`] | the scenario in which nodes prove |
//! | [`node`] | nodes: the one that makes blocks, and others |
//! | [`sequencer`] | a serving sequencer, and the load generator that sends it transfers |
//! | [`roles`] | the owner and the bidder that the demo plays itself |
//! | [`processes`] | child processes that never outlive this one, and their logs |
//! | [`story`] | what happened to each batch, from the chain's events: pure |
//! | [`figures`] | percentiles: pure |
//! | [`show`] | progress, the table, the JSON line |

mod cli;
mod crash;
mod embedded;
mod error;
mod faults;
mod figures;
mod latency;
mod node;
mod nodes;
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

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let args = cli::Args::parse();
	pvs_client::cli::start_logging();
	pvs_client::cli::finish("pvs-demo", run::run(args).await)
}
