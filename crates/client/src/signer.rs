// SPDX-License-Identifier: Apache-2.0
//! Signing: with a key of this program, or with one that is kept elsewhere.

use crate::keys::Account;
use pvs_primitives::Bytes32;
use std::sync::Arc;
use subxt_signer::sr25519::Keypair;

/// An sr25519 signature.
pub type Signature = [u8; 64];

/// Signer for an account, with an sr25519 key.
///
/// Signing does not wait: a key in memory takes microseconds, one in a keystore on this machine the reading of a
/// small file. A signer that asks another machine would need a thread of its own.
pub trait Signer: Send + Sync {
	/// Returns the account that signs. It stays the same.
	fn account(&self) -> Bytes32;

	/// Signs a payload, in the context `substrate`.
	///
	/// # Errors
	///
	/// [`SignError`] if the key is out of reach.
	fn sign(&self, payload: &[u8]) -> Result<Signature, SignError>;
}

/// A key that could be used when the program started, and cannot now.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign for account {account}: {source}")]
pub struct SignError {
	account: String,
	source: Box<dyn std::error::Error + Send + Sync>,
}

impl SignError {
	/// Says why the key of an account is out of reach, and what to do.
	pub fn new(
		account: Bytes32,
		source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
	) -> Self {
		Self { account: Account(account).address(), source: source.into() }
	}
}

impl Signer for Keypair {
	fn account(&self) -> Bytes32 {
		self.public_key().0
	}

	fn sign(&self, payload: &[u8]) -> Result<Signature, SignError> {
		Ok(Keypair::sign(self, payload).0)
	}
}

impl<S: Signer + ?Sized> Signer for Arc<S> {
	fn account(&self) -> Bytes32 {
		(**self).account()
	}

	fn sign(&self, payload: &[u8]) -> Result<Signature, SignError> {
		(**self).sign(payload)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::keys::from_development_path;
	use subxt_signer::sr25519::{self, PublicKey};

	#[test]
	fn signature_should_be_of_the_account_when_the_signer_is_shared() {
		let key = from_development_path("//Bob").unwrap();
		let signer: Arc<dyn Signer> = Arc::new(key);
		assert_eq!(Account::of(&signer).development_name(), Some("Bob"));
		let signature = sr25519::Signature(Signer::sign(&signer, b"payload").unwrap());
		let account = PublicKey(signer.account());
		assert!(sr25519::verify(&signature, b"payload", &account));
		assert!(!sr25519::verify(&signature, b"another", &account));
	}

	#[test]
	fn error_should_name_the_account_and_the_cause() {
		let error = SignError::new([7; 32], "the keystore is locked").to_string();
		let account = Account([7; 32]).address();
		assert_eq!(error, format!("cannot sign for account {account}: the keystore is locked"));
	}
}
