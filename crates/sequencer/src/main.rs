// SPDX-License-Identifier: Apache-2.0
//! The sequencer of the PVS reference rollup.
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`serve`], [`pace`], [`trouble`] | takes transfers, commits batches, follows the chain, connects again |
//! | [`core`] | what a serving sequencer knows, and its rules: no network |
//! | [`pool`] | transfers that are accepted and not final: pure |
//! | [`journal`], [`dir`] | what is on the disk |
//! | [`rpc`] | the JSON-RPC server |
//! | [`chain`], [`seat`] | reading from the chain, committing to it |
//! | [`link`], [`commands`], [`load`] | the other side of the RPC: commands for users, a load generator |
//! | [`key_file`] | secrets of accounts |

mod chain;
mod cli;
mod commands;
mod core;
mod dir;
mod error;
mod journal;
mod key_file;
mod link;
mod load;
mod pace;
mod pool;
mod rpc;
mod seat;
mod serve;
mod trouble;

use clap::Parser;
use cli::Command;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let cli = cli::Cli::parse();
	pvs_client::cli::start_logging();
	let result = match cli.command {
		Command::Serve(args) => serve::serve(*args).await,
		Command::Load(args) => load::load(args).await,
		Command::Transfer(args) => commands::transfer(args).await,
		Command::Account(args) => commands::account(args).await,
		Command::Status(args) => commands::status(args).await,
		Command::Proof(args) => commands::proof(args).await,
	};
	pvs_client::cli::finish("pvs-sequencer", result)
}
