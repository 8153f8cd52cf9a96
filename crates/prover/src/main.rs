// SPDX-License-Identifier: Apache-2.0
//! The prover program of PVS: watches rounds, bids, proves, submits. `pvs-prover open` is the opener
//! of `pvs-opener`.
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`service`] | the loop: follows best blocks, runs steps, takes in their results, seals bids |
//! | [`decide`] | what the chain and the journal together ask for next: pure |
//! | [`appraise`] | reads a batch, replays the state before it, executes it |
//! | [`price`] | whether to bid, and what: pure |
//! | [`proving`] | proofs on threads of their own, at low priority |
//! | [`journal`] | what was bid, won, proved: written before it is acted on |
//! | [`settle`] | how a round ended that was over before it was seen |
//! | [`report`] | what the operator sees |
//! | [`status`] | the `status` and `register` commands |

mod appraise;
mod cli;
mod decide;
mod error;
mod journal;
mod price;
mod proving;
mod report;
mod service;
mod settle;
mod status;

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let cli = cli::Cli::parse();
	pvs_client::cli::start_logging();
	let result = match cli.command {
		cli::Command::Run(args) => service::run(args).await,
		cli::Command::Status(args) => status::show(args).await,
		cli::Command::Register(args) => status::register(args).await,
		cli::Command::Open(args) => {
			pvs_opener::cli::run_until_signal(&args).await.map_err(Into::into)
		},
	};
	pvs_client::cli::finish("pvs-prover", result)
}
