// SPDX-License-Identifier: Apache-2.0
//! A PVS validator node.

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
