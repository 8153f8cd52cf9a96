// SPDX-License-Identifier: Apache-2.0
//! Signing keys: a development path, or a file that only its owner can read.

use pvs_primitives::Bytes32;
use std::{
	fs,
	path::{Path, PathBuf},
	str::FromStr,
};
use subxt::utils::AccountId32;
use subxt_signer::{sr25519::Keypair, SecretUri};

/// An account, shown as people know it: its name if it is a well-known development account, else
/// its SS58 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account(pub Bytes32);

impl Account {
	/// The account of a key.
	pub fn of(key: &Keypair) -> Self {
		Self(key.public_key().0)
	}

	/// The generic SS58 address (prefix 42).
	pub fn address(&self) -> String {
		AccountId32(self.0).to_string()
	}

	/// The name of a well-known development account.
	pub fn development_name(&self) -> Option<&'static str> {
		["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"].into_iter().find(|name| {
			from_development_path(&format!("//{name}"))
				.is_ok_and(|key| key.public_key().0 == self.0)
		})
	}
}

impl core::fmt::Display for Account {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self.development_name() {
			Some(name) => f.write_str(name),
			None => f.write_str(&self.address()),
		}
	}
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
	/// Secrets do not belong on a command line.
	#[error(
		"--suri takes a development path such as //Bob only; put a secret phrase into a file and \
		 name it with --key-file"
	)]
	NotADevelopmentPath,
	/// The file cannot be read.
	#[error("cannot read the key file {}: {source}", path.display())]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		source: std::io::Error,
	},
	/// Other users can read the file.
	#[error(
		"the key file {} can be read by others (mode {mode:03o}); run `chmod 600` on it",
		path.display()
	)]
	Exposed {
		/// The file.
		path: PathBuf,
		/// Its permission bits.
		mode: u32,
	},
	/// The file holds no key.
	#[error(
		"the key file {} holds no key; expected a secret phrase, or 64 hex digits after 0x, with an \
		 optional //path",
		path.display()
	)]
	Malformed {
		/// The file.
		path: PathBuf,
	},
}

/// The key of a path below the well-known development phrase, such as `//Bob`.
pub fn from_development_path(suri: &str) -> Result<Keypair, KeyError> {
	if !suri.starts_with('/') {
		return Err(KeyError::NotADevelopmentPath);
	}
	let uri = SecretUri::from_str(suri).map_err(|_| KeyError::NotADevelopmentPath)?;
	Keypair::from_uri(&uri).map_err(|_| KeyError::NotADevelopmentPath)
}

/// The key in a file: a secret phrase or `0x` and 64 hex digits, each with an optional path.
/// Refuses a file that anyone but its owner can read. Errors never repeat what the file holds.
pub fn from_file(path: &Path) -> Result<Keypair, KeyError> {
	let unreadable = |source| KeyError::Unreadable { path: path.into(), source };
	let malformed = || KeyError::Malformed { path: path.into() };
	refuse_exposed(path, &fs::metadata(path).map_err(unreadable)?)?;
	let text = fs::read_to_string(path).map_err(unreadable)?;
	let secret = text.trim();
	// A bare path would name a well-known development key, which nobody means to keep in a file.
	if secret.is_empty() || secret.starts_with('/') {
		return Err(malformed());
	}
	let uri = SecretUri::from_str(secret).map_err(|_| malformed())?;
	Keypair::from_uri(&uri).map_err(|_| malformed())
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
	use std::os::unix::fs::PermissionsExt;
	let mode = metadata.permissions().mode() & 0o777;
	if mode & 0o077 != 0 {
		return Err(KeyError::Exposed { path: path.into(), mode });
	}
	Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path, _metadata: &fs::Metadata) -> Result<(), KeyError> {
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	fn key_file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
		let dir = tempfile::tempdir().unwrap();
		let path = dir.path().join("key");
		fs::write(&path, text).unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
		(dir, path)
	}

	const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

	#[test]
	fn key_file_should_be_read_when_only_its_owner_can() {
		let (_dir, path) = key_file(&format!("{PHRASE}//Bob\n"), 0o600);
		let key = from_file(&path).unwrap();
		assert_eq!(Account::of(&key).development_name(), Some("Bob"));

		let seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
		let (_dir, path) = key_file(seed, 0o400);
		assert_eq!(Account::of(&from_file(&path).unwrap()).to_string(), "Alice");
	}

	#[test]
	fn key_file_should_be_refused_when_others_can_read_it() {
		for mode in [0o644, 0o640, 0o604, 0o660] {
			let (_dir, path) = key_file(PHRASE, mode);
			assert!(
				matches!(from_file(&path), Err(KeyError::Exposed { mode: found, .. }) if found == mode)
			);
		}
	}

	#[test]
	fn key_file_should_be_refused_when_it_holds_no_key() {
		for text in ["", "  \n", "//Bob", "0x1234", "twelve words that are no phrase", "0xzz"] {
			let (_dir, path) = key_file(text, 0o600);
			let error = from_file(&path).expect_err(text);
			assert!(matches!(error, KeyError::Malformed { .. }), "{text}: {error}");
		}
		let missing = Path::new("/nonexistent/key");
		assert!(matches!(from_file(missing), Err(KeyError::Unreadable { .. })));
	}

	#[test]
	fn error_should_not_repeat_the_secret_when_a_key_is_malformed() {
		let (_dir, path) = key_file("correct horse battery staple", 0o600);
		let text = from_file(&path).expect_err("no key").to_string();
		assert!(!text.contains("horse"), "{text}");
	}

	#[test]
	fn suri_should_be_a_path_only() {
		assert!(from_development_path("//Charlie").is_ok());
		assert!(matches!(from_development_path(PHRASE), Err(KeyError::NotADevelopmentPath)));
		assert!(matches!(from_development_path(""), Err(KeyError::NotADevelopmentPath)));
	}
}
