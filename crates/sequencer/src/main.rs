// SPDX-License-Identifier: Apache-2.0
//! The demo sequencer of the PVS reference rollup.
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`run`] | commits batches and follows them until their state roots are final |
//! | [`batches`] | random valid batches on a state |
//! | [`ledger`] | what became of the committed batches, from the chain's events: pure |

mod batches;
mod cli;
mod ledger;
mod run;

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let cli = cli::Cli::parse();
	pvs_client::cli::start_logging();
	let cli::Command::Run(args) = cli.command;
	pvs_client::cli::finish("pvs-sequencer", run::run(args).await)
}
