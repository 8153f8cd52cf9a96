// SPDX-License-Identifier: Apache-2.0
//! A PVS validator node.

mod chain_spec;
mod cli;
mod command;
mod keystore_signer;
mod links;
mod local_rpc;
mod rpc;
mod service;
mod services;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			// The log writes a moment later, but for an error, which comes behind all that was logged before
			// it: the cause stands last.
			if log::log_enabled!(log::Level::Error) {
				log::error!("{error}");
			} else {
				pvs_text::complain(format_args!("pvs-node: {error}"));
			}
			ExitCode::FAILURE
		},
	}
}
