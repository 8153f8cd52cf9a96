// SPDX-License-Identifier: Apache-2.0
//! The sequencer program of the PVS reference rollup, and commands for its users.

use clap::Parser;
use pvs_sequencer::{
	cli::{run, Cli},
	SERVICE,
};
use pvs_service::shutdown;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	let cli = Cli::parse();
	pvs_client::cli::start_logging();
	match run(cli).await {
		Ok(left) => shutdown::exit_code(left),
		Err(error) => pvs_client::cli::finish(SERVICE, Err(error)),
	}
}
