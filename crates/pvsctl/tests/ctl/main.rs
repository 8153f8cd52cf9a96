// SPDX-License-Identifier: Apache-2.0
//! The program as its users start it, without a chain.

mod ceremony;
mod opener;
mod prover;
mod rollup;
mod seal;
mod sequencer;
mod serve;
mod service;
mod usage;
mod whole_ceremony;

use std::process::Command;

/// The program with some words of its command line.
fn pvsctl(words: &[&str]) -> Command {
	let mut program = Command::new(env!("CARGO_BIN_EXE_pvsctl"));
	program.args(words);
	program
}
