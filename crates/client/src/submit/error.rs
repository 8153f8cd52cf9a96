// SPDX-License-Identifier: Apache-2.0
//! Failures of transactions, in the words of a node and of the chain.

use crate::{error::Error, pallet_error::PalletError};
use subxt::rpcs::Error as RpcError;

/// A transaction that did not succeed, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
	/// The account cannot pay for the transaction.
	#[error("{call}: account {account} cannot pay the transaction fee; send it some tokens")]
	CannotPay {
		/// The call.
		call: &'static str,
		/// The SS58 address of the signer.
		account: String,
	},
	/// The pool refused it, so it has no effect.
	#[error("{call}: the node refused the transaction: {reason}")]
	Refused {
		/// The call.
		call: &'static str,
		/// Reason that the node gives.
		reason: String,
	},
	/// A block took it, and the call failed.
	#[error("{call} failed with {name}: {explanation}")]
	Failed {
		/// The call.
		call: &'static str,
		/// The error, if it is one of the market's pallet.
		error: Option<PalletError>,
		/// The pallet and the name of its error.
		name: String,
		/// The error's documentation in the chain's metadata.
		explanation: String,
	},
	/// Nobody knows yet whether it will have an effect: ask the chain before acting on it.
	#[error("{call}: not in a block after {seconds} s ({reason}); its outcome is unknown")]
	Unknown {
		/// The call.
		call: &'static str,
		/// Number of seconds that were waited.
		seconds: u64,
		/// Reason why nothing more is known.
		reason: String,
	},
	/// The transaction could not be built or sent.
	#[error(transparent)]
	Chain(#[from] Error),
}

impl SubmitError {
	/// Returns the error of the market's pallet with which the call failed; `None` if that is not how it
	/// ended.
	pub fn pallet_error(&self) -> Option<PalletError> {
		match self {
			Self::Failed { error, .. } => *error,
			_ => None,
		}
	}
}

/// The node's own words if it refused a transaction; `None` if the request itself failed.
pub(super) fn refusal(error: &RpcError) -> Option<String> {
	let RpcError::User(user) = error else { return None };
	let data = user.data.as_ref().map(|data| data.get().trim_matches('"'));
	Some(match data {
		Some(data) => format!("{}: {data}", user.message),
		None => user.message.clone(),
	})
}

/// Returns whether signing again with a fresh nonce can help.
pub(super) fn is_about_the_nonce(reason: &str) -> bool {
	const SIGNS: [&str; 5] =
		["outdated", "Priority is too low", "nonce", "Already Imported", "usurped"];
	SIGNS.iter().any(|sign| reason.contains(sign))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn transaction_should_be_signed_again_only_when_its_nonce_was_the_reason() {
		assert!(is_about_the_nonce("Invalid Transaction: Transaction is outdated"));
		assert!(is_about_the_nonce("Priority is too low: (1 vs 1)"));
		assert!(!is_about_the_nonce("Invalid Transaction: Inability to pay some fees"));
		assert!(!is_about_the_nonce("Invalid Transaction: Transaction has a bad signature"));
	}
}
