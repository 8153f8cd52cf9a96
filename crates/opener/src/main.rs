// SPDX-License-Identifier: Apache-2.0
//! The opener program of PVS: opens the seals of silent bidders, for a reward.

use clap::Parser;
use pvs_opener::{
	cli::{run_until_signal, Args},
	SERVICE,
};
use pvs_service::shutdown;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let args = Args::parse();
	pvs_client::cli::start_logging();
	match run_until_signal(&args).await {
		Ok(summary) => shutdown::exit_code(summary.left),
		Err(error) => pvs_client::cli::finish(SERVICE, Err(error)),
	}
}
