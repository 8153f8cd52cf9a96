// SPDX-License-Identifier: Apache-2.0
//! Reasons why the opener stops.

use pvs_client::{amount::AmountError, Error, KeyError, Retry, SealsError};
use pvs_files::LockError;
use pvs_service::MetricsError;

/// A reason to stop that the operator has to see.
#[derive(Debug, thiserror::Error)]
pub enum OpenerError {
	/// The node does not answer, or its chain is not ours.
	#[error(transparent)]
	Chain(#[from] Error),
	/// There is no key to sign with.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// An amount on the command line cannot be read.
	#[error(transparent)]
	Amount(#[from] AmountError),
	/// The chain's time-lock puzzle is broken.
	#[error(transparent)]
	Seals(#[from] SealsError),
	/// Another opener uses the directory, or it cannot be used.
	#[error(transparent)]
	Directory(#[from] LockError),
	/// The account cannot pay for a single opening.
	#[error("account {account} has {free}, an opening costs {needed}; send it some tokens")]
	BalanceTooLow {
		/// Its SS58 address.
		account: String,
		/// Balance that it has.
		free: String,
		/// Balance that it needs.
		needed: String,
	},
	/// The node does not tell fees.
	#[error("the node does not say what an opening costs ({0}); name it with --cost")]
	NoFee(Error),
	/// Its metrics cannot be served.
	#[error(transparent)]
	Metrics(#[from] MetricsError),
	/// A part of the program has panicked.
	#[error("the opener has crashed ({0}); start it again, its unfinished work is kept")]
	Crashed(String),
	/// The system refuses something.
	#[error("{0}: {1}")]
	Io(String, std::io::Error),
}

impl OpenerError {
	/// Returns whether to ask again.
	pub(crate) fn retry(&self) -> Retry {
		match self {
			Self::Chain(error) | Self::NoFee(error) => error.retry(),
			_ => Retry::Never,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn question_should_be_asked_again_when_a_fee_query_failed_over_the_connection() {
		let url = || String::from("ws://node");
		let ended = || Error::StreamEnded { url: url() };
		assert_eq!(OpenerError::Chain(ended()).retry(), Retry::Again);
		assert_eq!(OpenerError::NoFee(ended()).retry(), Retry::Again);
		let bad = || Error::BadUrl { url: url() };
		assert_eq!(OpenerError::Chain(bad()).retry(), Retry::Never);
		assert_eq!(OpenerError::NoFee(bad()).retry(), Retry::Never);
		assert_eq!(OpenerError::Chain(Error::OtherChain { url: url() }).retry(), Retry::Never);
	}
}
