// SPDX-License-Identifier: Apache-2.0
//! Why the opener stops.

use pvs_client::{amount::AmountError, Error, KeyError, SealsError};
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
		/// What it has.
		free: String,
		/// What it needs.
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
	/// Returns whether asking again, or another node, can help.
	pub(crate) fn is_about_the_connection(&self) -> bool {
		match self {
			Self::Chain(error) | Self::NoFee(error) => error.is_about_the_connection(),
			_ => false,
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
		assert!(OpenerError::Chain(ended()).is_about_the_connection());
		assert!(OpenerError::NoFee(ended()).is_about_the_connection());
		let bad = || Error::BadUrl { url: url() };
		assert!(!OpenerError::Chain(bad()).is_about_the_connection());
		assert!(!OpenerError::NoFee(bad()).is_about_the_connection());
		assert!(!OpenerError::Chain(Error::OtherChain { url: url() }).is_about_the_connection());
	}
}
