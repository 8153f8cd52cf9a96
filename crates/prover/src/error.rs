// SPDX-License-Identifier: Apache-2.0
//! Reasons why the prover stops.

use crate::{journal::JournalError, workers::ProvingError};
use pvs_client::{amount::AmountError, Error, ReplicaError, Retry, SealsError};
use pvs_primitives::{api::BatchId, BlockNumber};
use pvs_rollup::{
	genesis::{GenesisError, GenesisFileError},
	shape::Shape,
};
use pvs_service::MetricsError;
use pvs_verifier::KeyError;
use std::path::PathBuf;

/// A reason to stop that the operator has to see.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum ProverError {
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Amount(#[from] AmountError),
	#[error(transparent)]
	Journal(#[from] JournalError),
	#[error(transparent)]
	Seals(#[from] SealsError),
	#[error(transparent)]
	Proving(#[from] ProvingError),
	#[error("the seal of this prover's bid is not in block {0}, where the chain says it was placed; has the node pruned old blocks?")]
	SealNotFound(BlockNumber),
	#[error("rollup {0} is not registered on this chain; name another one with --rollup (--prover-rollup in a node)")]
	UnknownRollup(u32),
	#[error(
		"rollup {rollup} has another verifying key (hash 0x{}) than {keys} for batches of {shape} \
		 (hash 0x{}); give the key of a payments rollup's ceremony with --proving-key, the program of \
		 any other rollup with --program",
		hex::encode(found),
		hex::encode(ours)
	)]
	ForeignRollup { rollup: u32, found: [u8; 32], keys: &'static str, shape: Shape, ours: [u8; 32] },
	#[error(
		"rollup {rollup} has another verifying key (hash 0x{}) than the file {} (hash 0x{})",
		hex::encode(found),
		file.display(),
		hex::encode(ours)
	)]
	OtherVerifyingKey { rollup: u32, found: [u8; 32], file: PathBuf, ours: [u8; 32] },
	#[error("the file {} holds no verifying key that a chain accepts: {error}", file.display())]
	VerifyingKey { file: PathBuf, error: KeyError },
	#[error(
		"rollup {rollup} starts from state root 0x{}, {whose} from 0x{}",
		hex::encode(found),
		hex::encode(ours)
	)]
	ForeignGenesis { rollup: u32, found: [u8; 32], whose: String, ours: [u8; 32] },
	#[error(
		"rollup {rollup} has batches of {found} bytes, {whose} has batches of {ours} (shape {shape})"
	)]
	ForeignShape { rollup: u32, found: u32, whose: String, shape: Shape, ours: usize },
	#[error(
		"account {account} is the sequencer of rollup {rollup} and may not prove its batches; use another key"
	)]
	OwnRollup { account: String, rollup: u32 },
	#[error(
		"account {account} is no registered prover; run `pvsctl prover register --stake AMOUNT` with \
		 its key first"
	)]
	NotRegistered { account: String },
	#[error("account {account} has {free}, but needs at least {needed} (--min-balance); send it some tokens")]
	BalanceTooLow { account: String, free: String, needed: String },
	#[error(transparent)]
	Metrics(#[from] MetricsError),
	#[error(
		"a bid of this account for batch {}/{}, round {round}, is not in the journal: another program bids with \
		 this key, or the journal is not the one of before; stop the other one, or start again once that \
		 round is over",
		batch.rollup,
		batch.index
	)]
	ForeignBid { batch: BatchId, round: u32 },
	#[error("{0} jobs are open still: start again soon, or their bonds may be lost")]
	OpenJobs(usize),
	#[error("cannot replay the rollup: {0}")]
	Replay(#[from] ReplicaError),
	#[error(transparent)]
	GenesisFile(#[from] GenesisFileError),
	#[error("{whose} has an invalid genesis: {error}")]
	Genesis { whose: String, error: GenesisError },
	#[error(
		"asked to stop before it was ready; open jobs, if there are any, wait for the next start"
	)]
	NotReady,
	#[error("the prover has crashed ({0}); start it again, its journal is kept")]
	Crashed(String),
	#[error("{0}: {1}")]
	Io(String, std::io::Error),
}

impl ProverError {
	/// Returns whether to ask again.
	pub(crate) fn retry(&self) -> Retry {
		match self {
			Self::Chain(error) => error.retry(),
			_ => Retry::Never,
		}
	}
}
