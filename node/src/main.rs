// SPDX-License-Identifier: Apache-2.0
//! A PVS validator node.

mod chain_spec;
mod cli;
mod command;
mod links;
mod opener;
mod rpc;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			pvs_text::complain(format_args!("pvs-node: {error}"));
			ExitCode::FAILURE
		},
	}
}
