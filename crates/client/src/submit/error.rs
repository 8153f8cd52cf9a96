// SPDX-License-Identifier: Apache-2.0
//! Failures of transactions, in the words of a node and of the chain.

use crate::{error::Error, pallet_error::PalletError, PALLET};
use subxt::{error::DispatchError, rpcs::Error as RpcError};

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

/// Returns the error of a call that a block took: the name of the dispatch error, and what the chain's
/// metadata says about it.
pub(super) fn explain(call: &'static str, dispatched: &DispatchError) -> SubmitError {
	let (error, name, explanation) = match dispatched {
		DispatchError::Module(module) => match module.details() {
			Ok(details) => {
				let (pallet, variant) = (details.pallet.name(), &details.variant.name);
				let docs = details.variant.docs.join(" ");
				let error = PalletError::from_name(variant).filter(|_| pallet == PALLET);
				(error, format!("{pallet}::{variant}"), docs.trim().to_owned())
			},
			Err(error) => (None, module.details_string(), error.to_string()),
		},
		other => (None, "a dispatch error".into(), other.to_string()),
	};
	SubmitError::Failed { call, error, name, explanation }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::connection::our_metadata;

	#[test]
	fn transaction_should_be_signed_again_only_when_its_nonce_was_the_reason() {
		assert!(is_about_the_nonce("Invalid Transaction: Transaction is outdated"));
		assert!(is_about_the_nonce("Priority is too low: (1 vs 1)"));
		assert!(!is_about_the_nonce("Invalid Transaction: Inability to pay some fees"));
		assert!(!is_about_the_nonce("Invalid Transaction: Transaction has a bad signature"));
	}

	/// The error with which a call fails, as a chain with our metadata tells it.
	fn failed(pallet: &str, name: &str) -> SubmitError {
		/// Index of `Module` in a dispatch error.
		const MODULE: u8 = 3;
		let metadata = our_metadata().unwrap();
		let pallet = metadata.pallet_by_name(pallet).unwrap();
		let variants = pallet.error_variants().unwrap();
		let index = variants.iter().find(|error| error.name == name).unwrap().index;
		let bytes = vec![MODULE, pallet.error_index(), index, 0, 0, 0];
		let error = DispatchError::decode_from(bytes, our_metadata().unwrap().arc()).unwrap();
		explain("place_bid", &error)
	}

	#[test]
	fn error_of_the_pallet_should_be_told_with_its_documentation() {
		let metadata = our_metadata().unwrap();
		let variants = metadata.pallet_by_name(PALLET).unwrap().error_variants().unwrap();
		for variant in variants {
			let error = failed(PALLET, &variant.name);
			assert!(error.pallet_error().is_some(), "{error}");
			let start = format!("place_bid failed with Pvs::{}: ", variant.name);
			assert!(error.to_string().len() > start.len(), "{error}");
			assert!(error.to_string().starts_with(&start), "{error}");
		}
		assert_eq!(failed(PALLET, "AlreadyBid").pallet_error(), Some(PalletError::AlreadyBid));
	}

	#[test]
	fn error_of_another_pallet_should_not_be_taken_for_ours_when_it_has_the_same_name() {
		let name = "InsufficientBalance";
		let ours = failed(PALLET, name).pallet_error();
		assert_eq!(ours, Some(PalletError::InsufficientBalance));
		assert_eq!(failed("Balances", name).pallet_error(), None);
		let other = explain("place_bid", &DispatchError::BadOrigin);
		assert_eq!(other.pallet_error(), None);
		assert_eq!(other.to_string(), "place_bid failed with a dispatch error: Bad origin.");
	}
}
