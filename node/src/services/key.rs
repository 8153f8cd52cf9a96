// SPDX-License-Identifier: Apache-2.0
//! Place of the key of a service.

use super::Host;
use crate::keystore_signer::KeystoreSigner;
use pvs_client::{keys, Keypair, Signer};
use sc_service::error::Error as ServiceError;
use std::{path::Path, sync::Arc};

/// The key of a service.
pub(crate) enum Key {
	/// One that was in a file, or is well known.
	Known(Box<Keypair>),
	/// The one of its type in the node's keystore.
	Keystore,
}

impl Key {
	/// Reads the key in `file`, which the option `option` names; without one, takes the well-known key `development`,
	/// if there is one, and else that of the keystore.
	pub(crate) fn load(
		option: &str,
		file: Option<&Path>,
		development: Option<&str>,
	) -> Result<Self, String> {
		match (file, development) {
			(Some(file), _) => keys::from_file(file)
				.map(|key| Self::Known(Box::new(key)))
				.map_err(|error| format!("{option}: {error}")),
			(None, Some(path)) => keys::from_development_path(path)
				.map(|key| Self::Known(Box::new(key)))
				.map_err(|error| error.to_string()),
			(None, None) => Ok(Self::Keystore),
		}
	}

	/// Returns what signs with the key, for the service that `option` asks for.
	///
	/// # Errors
	///
	/// The keystore has none that can be used.
	pub(crate) fn signer(self, option: &str, host: &Host) -> Result<Arc<dyn Signer>, ServiceError> {
		match self {
			Self::Known(key) => Ok(Arc::new(*key)),
			Self::Keystore => match KeystoreSigner::find(host.keystore.clone()) {
				Ok(signer) => Ok(Arc::new(signer)),
				Err(error) => Err(ServiceError::Other(format!("{option}: {error}"))),
			},
		}
	}
}
