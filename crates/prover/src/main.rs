// SPDX-License-Identifier: Apache-2.0
//! The prover program of PVS: watches rounds, bids, proves, submits. `pvs-prover open` is the opener
//! of `pvs-opener`, `pvs-prover key` and `pvs-prover proof` are the commands of `pvs-formats`.
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`service`] | the loop: follows best blocks, runs steps, takes in their results, seals bids |
//! | [`decide`] | what the chain and the journal together ask for next: pure |
//! | [`sealed`] | what to do about a bid that the chain has sealed, after its round has closed too: pure |
//! | [`appraise`] | reads a batch, replays the state before it, executes it |
//! | [`price`] | whether to bid, and what: pure |
//! | [`fees`] | what the transactions of a job cost |
//! | [`rollup`] | the rollup's states and keys: the reference rollup's, or those of a program |
//! | [`program`] | a rollup's own program, a child process that executes and proves |
//! | [`proving`] | proofs at low priority, one after the other |
//! | [`turns`] | whose turn it is to prove |
//! | [`self_check`] | a proof of a made-up batch before the first bid: is the key as good as it looks? |
//! | [`snapshot`] | the rollup's state in a file |
//! | [`journal`] | what was bid, won, proved: written before it is acted on |
//! | [`settle`] | how a round ended that was over before it was seen |
//! | [`report`] | what the operator sees |
//! | [`monitor`] | what monitoring sees: metrics, and the conditions under which the prover is ready |
//! | [`status`] | the `status` and `register` commands |

mod appraise;
mod cli;
mod decide;
mod error;
mod fees;
mod journal;
mod monitor;
mod price;
mod program;
mod proving;
mod record;
mod report;
mod rollup;
mod sealed;
mod self_check;
mod service;
mod settle;
mod snapshot;
mod status;
mod turns;

use clap::Parser;
use error::ProverError;
use pvs_service::shutdown;
use std::process::ExitCode;

/// The name of the service in its events and, with underscores, in its metrics.
const SERVICE: &str = "pvs-prover";

#[tokio::main]
async fn main() -> ExitCode {
	let cli = cli::Cli::parse();
	pvs_client::cli::start_logging();
	let result = match cli.command {
		cli::Command::Run(args) => match service::run(args).await {
			Err(error @ ProverError::OpenJobs(open)) => {
				pvs_client::cli::finish(SERVICE, Err(error));
				return shutdown::exit_code(open);
			},
			result => result,
		},
		cli::Command::Status(args) => status::show(args).await,
		cli::Command::Register(args) => status::register(args).await,
		cli::Command::Open(args) => match pvs_opener::cli::run_until_signal(&args).await {
			Ok(summary) => return shutdown::exit_code(summary.left),
			Err(error) => Err(error.into()),
		},
		cli::Command::Formats(command) => pvs_formats::cli::run(&command).map_err(Into::into),
	};
	pvs_client::cli::finish(SERVICE, result)
}
