// SPDX-License-Identifier: Apache-2.0
//! Signing for the services inside the node with a key in its keystore.

use pvs_client::{Account, SignError, Signer};
use sp_core::{crypto::KeyTypeId, sr25519::Public};
use sp_keystore::KeystorePtr;

/// The type of the services' key. One of its own: the keys of block production and finality sign for the network,
/// hold no tokens and change without an operator.
pub(crate) const KEY_TYPE: KeyTypeId = KeyTypeId(*b"pvsp");
/// Message that is signed when the node starts, to see whether the key can be used. No call begins like this.
const TRIAL: &[u8] = b"pvs-node: can this key sign?";

/// The one sr25519 key of type `pvsp` in the node's keystore.
pub(crate) struct KeystoreSigner {
	keystore: KeystorePtr,
	public: Public,
}

/// Reasons why no key of the keystore can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeystoreError {
	/// There is none of the type.
	#[error(
		"the node's keystore has no sr25519 key of type pvsp; run `pvs-node key insert --key-type \
		 pvsp --scheme sr25519` with the node's --chain and --base-path, which asks for the secret \
		 phrase"
	)]
	NoKey,
	/// There are several, and none of them has precedence.
	#[error(
		"the node's keystore has {} keys of type pvsp, of the accounts {}; leave one there, and move \
		 the others' files, whose names begin with 70767370, out of the keystore's folder",
		accounts.len(),
		accounts.join(", ")
	)]
	SeveralKeys {
		/// The SS58 addresses of their accounts.
		accounts: Vec<String>,
	},
	/// There is one that does not sign.
	#[error(
		"{0}; is the key in the node's keystore an sr25519 key, and the keystore's password right?"
	)]
	Unusable(SignError),
}

impl KeystoreSigner {
	/// Finds the key, and signs something with it to see whether that works.
	///
	/// # Errors
	///
	/// One [`KeystoreError`] per cause.
	pub(crate) fn find(keystore: KeystorePtr) -> Result<Self, KeystoreError> {
		let mut keys = keystore.sr25519_public_keys(KEY_TYPE);
		// One that is in a file and in memory is listed twice.
		keys.sort_unstable();
		keys.dedup();
		let public = match keys.as_slice() {
			[] => return Err(KeystoreError::NoKey),
			[public] => *public,
			several => {
				let accounts = several.iter().map(|key| Account(key.0).address()).collect();
				return Err(KeystoreError::SeveralKeys { accounts });
			},
		};
		let signer = Self { keystore, public };
		signer.sign(TRIAL).map_err(KeystoreError::Unusable)?;
		Ok(signer)
	}
}

impl Signer for KeystoreSigner {
	fn account(&self) -> [u8; 32] {
		self.public.0
	}

	fn sign(&self, payload: &[u8]) -> Result<[u8; 64], SignError> {
		match self.keystore.sr25519_sign(KEY_TYPE, &self.public, payload) {
			Ok(Some(signature)) => Ok(signature.0),
			Ok(None) => {
				let gone = "its key is not in the node's keystore any more; put it back";
				Err(SignError::new(self.account(), gone))
			},
			Err(error) => Err(SignError::new(self.account(), error)),
		}
	}
}
