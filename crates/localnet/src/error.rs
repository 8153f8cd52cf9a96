// SPDX-License-Identifier: Apache-2.0
//! Reasons why the demo fails.

use pvs_client::{Error, KeyError, SealsError, SubmitError};
use pvs_rollup::proving::KeyStoreError;
use pvs_text::OutputError;
use std::path::PathBuf;

/// A reason to stop before all batches are proven and final.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum DemoError {
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Key(#[from] KeyError),
	#[error(transparent)]
	Submit(#[from] SubmitError),
	#[error(transparent)]
	Seals(#[from] SealsError),
	#[error(transparent)]
	Keys(#[from] KeyStoreError),
	#[error(transparent)]
	Output(#[from] OutputError),
	#[error("there is no program {}; build it, or name its place with --node and --bin-dir", .0.display())]
	NoProgram(PathBuf),
	#[error("cannot start {}: {source}", program.display())]
	Spawn { program: PathBuf, source: std::io::Error },
	#[error("{what}: {source}")]
	Io { what: &'static str, source: std::io::Error },
	#[error("{name} stopped too early ({status}); the end of its log is above")]
	Stopped { name: &'static str, status: String },
	#[error("{name} was not ready after {seconds} s; the end of its log is above")]
	NotReady { name: &'static str, seconds: u64 },
	#[error("{name} had not ended {seconds} s after it was asked to; the end of its log is above")]
	StillThere { name: &'static str, seconds: u64 },
	#[error("--restarts is for the scenario `embedded`")]
	NothingToRestart,
	#[error(
		"--batches and --pipeline are for the scenarios `plain` and `latency`; the others have as many batches as \
		 they need, one after the other but for `crash`"
	)]
	FixedBatches,
	#[error("batch {batch} was not {phase} within {seconds} s")]
	NoRound { batch: u64, phase: &'static str, seconds: u64 },
	#[error("this did not happen: {}", .0.join("; "))]
	NotShown(Vec<&'static str>),
	#[error("{what}: not so after {seconds} s; the ends of the logs are above")]
	NotYet { what: String, seconds: u64 },
	#[error("{name} does not do {method}: {reason}")]
	Rpc { name: &'static str, method: &'static str, reason: String },
	#[error("reorg: {}", .0.join("; "))]
	Reorganized(Vec<String>),
	#[error("latency: {}", .0.join("; "))]
	OverLimits(Vec<String>),
	#[error("--check is for the scenario `latency`")]
	NothingToCheck,
	#[error(
		"--embedded is for the scenario `latency`; the scenario `embedded` has provers in nodes without it"
	)]
	NothingToEmbed,
	#[error("account {0} is no registered prover: is the node's preset another one?")]
	NoProver(String),
	#[error("rollup 0 is not registered on this chain: is the node's preset another one?")]
	NoRollup,
	#[error("batch {0} ended without a proof")]
	BatchLost(u64),
	#[error("{proven} of {batches} batches proven after {seconds} s")]
	TimedOut { proven: usize, batches: u32, seconds: u64 },
	#[error("interrupted")]
	Interrupted,
}
