// SPDX-License-Identifier: Apache-2.0
//! Reasons why a command fails.

use pvs_client::{amount::AmountError, Error, KeyError, SubmitError};
use pvs_prover::{JournalError, ProverError};

/// A reason to stop that the operator has to see.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
	#[error(transparent)]
	Prover(#[from] ProverError),
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Key(#[from] KeyError),
	#[error(transparent)]
	Amount(#[from] AmountError),
	#[error(transparent)]
	Submit(#[from] SubmitError),
	#[error(transparent)]
	Journal(#[from] JournalError),
	#[error(transparent)]
	Output(#[from] pvs_text::OutputError),
	#[error("--program needs --verifying-key")]
	NoVerifyingKey,
	#[error("account {account} is a registered prover already, with a stake of {stake}")]
	AlreadyRegistered { account: String, stake: String },
	#[error("{0}: {1}")]
	Io(String, std::io::Error),
}
