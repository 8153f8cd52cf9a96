// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
//!
//! | room | what happens there |
//! | --- | --- |
//! | [`cli`] | the commands; usage errors in one line |
//! | [`fail`] | errors and exit codes |
//! | [`options`] | options that commands share |
//! | [`chain`] | one transaction, signed and watched |
//! | [`prover`], [`opener`], [`sequencer`] | services, and commands beside them |
//! | [`rollup`], [`keys`], [`ceremony`], [`seal`] | owners' calls, keys and proofs of other tools, ceremonies, seals |
//! | [`demo`] | scenarios of `pvs-localnet` |
//! | [`pages`] | completions and man pages |
//! | [`loading`] | a spinner for tasks of unknown length |

mod ceremony;
mod chain;
mod cli;
mod demo;
mod fail;
mod keys;
mod loading;
mod opener;
mod options;
mod pages;
mod prover;
mod rollup;
mod seal;
mod sequencer;

use std::process::ExitCode;

fn main() -> ExitCode {
	cli::main()
}
