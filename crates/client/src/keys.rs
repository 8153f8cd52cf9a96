// SPDX-License-Identifier: Apache-2.0
//! Signing keys: a development path, or a file that only its owner can read.

#[cfg(unix)]
mod access;
mod suri;

pub use suri::PathError;

use crate::signer::Signer;
use pvs_primitives::Bytes32;
use pvs_text::TextError;
use std::{
	fs::{self, File},
	io::Read,
	path::{Path, PathBuf},
	str::FromStr,
};
use subxt::utils::AccountId32;
use subxt_signer::{sr25519::Keypair, SecretUri};

/// Text is no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no account; write its SS58 address, or 0x and 64 hex digits")]
pub struct AccountError(String);

/// An account, shown as people know it: its name if it is a well-known development account, else
/// its SS58 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account(pub Bytes32);

impl FromStr for Account {
	type Err = AccountError;

	fn from_str(text: &str) -> Result<Self, AccountError> {
		let mut bytes = Bytes32::default();
		if let Some(digits) = text.strip_prefix("0x") {
			hex::decode_to_slice(digits, &mut bytes).map_err(|_| AccountError(text.into()))?;
			return Ok(Self(bytes));
		}
		let account = AccountId32::from_str(text).map_err(|_| AccountError(text.into()))?;
		Ok(Self(account.0))
	}
}

impl Account {
	/// The account of a key, or of whatever else signs.
	pub fn of(signer: &(impl Signer + ?Sized)) -> Self {
		Self(signer.account())
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

/// The largest file that is read for a secret, in bytes. A phrase of 24 words has some 200.
const MAX_KEY_FILE_BYTES: u64 = 4_096;

/// A key that cannot be used. No error repeats what a file holds.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
	/// Secrets do not belong on a command line.
	#[error(
		"--suri takes a development path such as //Bob only; put a secret phrase into a file and \
		 name it with --key-file"
	)]
	NotADevelopmentPath,
	/// The development path is followed by something, or cannot be told from a slip.
	#[error("--suri has {0}")]
	DevelopmentPath(PathError),
	/// The file cannot be read.
	#[error(
		"cannot read the key file {}: {source}; name a file that is there and that this user may read",
		path.display()
	)]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Error of the system.
		source: std::io::Error,
	},
	/// It is a directory or a device.
	#[error("{} is no file; name the file that holds the key", path.display())]
	NotAFile {
		/// Path of the directory or the device.
		path: PathBuf,
	},
	/// Other users can read the file.
	#[error(
		"the key file {} can be read by others (mode {mode:03o}); run `chmod 600` on it, or have it \
		 mounted with mode 0400 if a service manager makes it",
		path.display()
	)]
	Exposed {
		/// The file.
		path: PathBuf,
		/// Its permission bits.
		mode: u32,
	},
	/// The file is another one of root's than a secret that a service manager has mounted.
	#[error(
		"the key file {} belongs to root and has mode {mode:03o}; have it mounted with mode 0440 \
		 (`defaultMode` of a Kubernetes secret), or give this program a file of its own with mode 0600",
		path.display()
	)]
	ExposedByRoot {
		/// The file.
		path: PathBuf,
		/// Its permission bits.
		mode: u32,
	},
	/// The file is too large for a secret.
	#[error(
		"the key file {} has more than {MAX_KEY_FILE_BYTES} bytes; it should hold a key and nothing \
		 else",
		path.display()
	)]
	TooLarge {
		/// The file.
		path: PathBuf,
	},
	/// The file holds no text.
	#[error("the key file {} is {source}", path.display())]
	NotText {
		/// The file.
		path: PathBuf,
		/// Mistake in the text.
		source: TextError,
	},
	/// The file holds more than a key. All of it would count: what follows a derivation path would be
	/// taken for a part of that, and another account would sign.
	#[error(
		"the key file {} has more than one line; leave the key alone in it",
		path.display()
	)]
	SeveralLines {
		/// The file.
		path: PathBuf,
	},
	/// The file is what wallets export.
	#[error(
		"the key file {} is JSON, as wallets export accounts, encrypted; write the account's secret \
		 phrase into a file instead",
		path.display()
	)]
	Keystore {
		/// The file.
		path: PathBuf,
	},
	/// The file holds a key, and behind it what would make it another one.
	#[error("the key file {} has {source}", path.display())]
	Path {
		/// The file.
		path: PathBuf,
		/// Mistake in the path.
		source: PathError,
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
///
/// # Errors
///
/// [`KeyError::NotADevelopmentPath`], also for one with a password, and [`KeyError::DevelopmentPath`].
pub fn from_development_path(suri: &str) -> Result<Keypair, KeyError> {
	if !suri.starts_with('/') || suri.contains("///") {
		return Err(KeyError::NotADevelopmentPath);
	}
	suri::check(suri).map_err(KeyError::DevelopmentPath)?;
	let uri = SecretUri::from_str(suri).map_err(|_| KeyError::NotADevelopmentPath)?;
	Keypair::from_uri(&uri).map_err(|_| KeyError::NotADevelopmentPath)
}

/// The key in a file: a secret phrase or `0x` and 64 hex digits, each with an optional path of `/soft` and
/// `//hard` junctions, alone on one line. A phrase may have a password behind `///`, without white space.
///
/// # Errors
///
/// Those of [`secret_line`], [`KeyError::Path`] if something else follows the key, and
/// [`KeyError::Malformed`] if the line is no key.
pub fn from_file(path: &Path) -> Result<Keypair, KeyError> {
	let malformed = || KeyError::Malformed { path: path.into() };
	let secret = secret_line(path)?;
	// A bare path would name a well-known development key, which nobody means to keep in a file.
	if secret.is_empty() || secret.starts_with('/') {
		return Err(malformed());
	}
	suri::check(&secret).map_err(|source| KeyError::Path { path: path.into(), source })?;
	let uri = SecretUri::from_str(&secret).map_err(|_| malformed())?;
	Keypair::from_uri(&uri).map_err(|_| malformed())
}

/// Reads the only line of a file, without spaces around it. A pipe counts as a file, so that a secret may
/// come from another program.
///
/// Nobody but the owner may have access to the file. One of root's may also have mode 0440 or 0444 unless this
/// program runs as root: so service managers mount secrets.
///
/// # Errors
///
/// One [`KeyError`] per cause. None of them repeats what the file holds.
pub fn secret_line(path: &Path) -> Result<String, KeyError> {
	let unreadable = |source| KeyError::Unreadable { path: path.into(), source };
	let file = File::open(path).map_err(unreadable)?;
	let metadata = file.metadata().map_err(unreadable)?;
	if !metadata.is_file() && !is_pipe(&metadata) {
		return Err(KeyError::NotAFile { path: path.into() });
	}
	refuse_exposed(path, &metadata)?;
	let mut bytes = Vec::new();
	file.take(MAX_KEY_FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
	if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_KEY_FILE_BYTES) {
		return Err(KeyError::TooLarge { path: path.into() });
	}
	let text = pvs_text::decode(&bytes)
		.map_err(|source| KeyError::NotText { path: path.into(), source })?;
	if text.trim_start().starts_with('{') {
		return Err(KeyError::Keystore { path: path.into() });
	}
	let line = text.strip_suffix('\n').unwrap_or(&text);
	let line = line.strip_suffix('\r').unwrap_or(line);
	if line.contains(['\n', '\r']) {
		return Err(KeyError::SeveralLines { path: path.into() });
	}
	Ok(line.trim().into())
}

#[cfg(unix)]
fn is_pipe(metadata: &fs::Metadata) -> bool {
	use std::os::unix::fs::FileTypeExt;
	metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_metadata: &fs::Metadata) -> bool {
	false
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
	use std::os::unix::fs::MetadataExt;
	let own = rustix::process::geteuid().as_raw();
	access::check(metadata.mode(), metadata.uid(), own)
		.map_err(|exposure| exposed(path, metadata.mode(), exposure))
}

#[cfg(unix)]
fn exposed(path: &Path, mode: u32, exposure: access::Exposure) -> KeyError {
	let (path, mode) = (path.into(), mode & 0o777);
	match exposure {
		access::Exposure::Shared => KeyError::Exposed { path, mode },
		access::Exposure::Mounted => KeyError::ExposedByRoot { path, mode },
	}
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
		// Whoever runs the tests owns the files, also if that is root.
		for mode in [0o644, 0o640, 0o604, 0o660, 0o440, 0o444] {
			let (_dir, path) = key_file(PHRASE, mode);
			let error = from_file(&path).map(|_| ()).unwrap_err();
			assert!(
				matches!(error, KeyError::Exposed { mode: found, .. } if found == mode),
				"{error}"
			);
			let text = error.to_string();
			for part in [format!("mode {mode:o}"), "chmod 600".into(), "0400".into()] {
				assert!(text.contains(&part), "{text}");
			}
		}
	}

	#[test]
	fn file_of_root_should_be_refused_with_the_mode_that_secrets_are_mounted_with() {
		let exposure = access::check(0o100_644, 0, 1000).unwrap_err();
		let text = exposed(Path::new("/run/secrets/key"), 0o100_644, exposure).to_string();
		for part in ["/run/secrets/key", "mode 644", "0440", "defaultMode"] {
			assert!(text.contains(part), "{text}");
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

	/// Finding R15: what followed the key became a part of its derivation path.
	#[test]
	fn key_file_should_be_refused_when_it_has_more_than_one_line() {
		let first = format!("{PHRASE}//Bob");
		for more in ["\n# prover of rack 2\n", "\n\n", "\r\n//Eve", "\rnote\r"] {
			let (_dir, path) = key_file(&format!("{first}{more}"), 0o600);
			let error = from_file(&path).map(|_| ()).expect_err(more);
			assert!(matches!(error, KeyError::SeveralLines { .. }), "{more:?}: {error}");
			assert!(error.to_string().contains("more than one line"), "{error}");
		}
		for end in ["", "\n", "\r\n", " \n"] {
			let (_dir, path) = key_file(&format!("{first}{end}"), 0o600);
			let key = from_file(&path).unwrap();
			assert_eq!(Account::of(&key).development_name(), Some("Bob"), "{end:?}");
		}
	}

	/// The rest of finding R15: the same on one line.
	#[test]
	fn key_file_should_be_refused_when_something_follows_the_key_on_its_line() {
		let seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
		for (line, expected) in [
			(format!("{PHRASE}//Bob # rack 2"), PathError::WhiteSpace),
			(format!("{PHRASE}//Bob {PHRASE}//Eve"), PathError::WhiteSpace),
			(format!("{PHRASE}//Bob\u{200b}"), PathError::Invisible),
			(format!("{PHRASE}//Bob\""), PathError::CommentOrQuote),
			(format!("{PHRASE}//"), PathError::Empty),
			(format!("{seed}/1 note"), PathError::WhiteSpace),
			(format!("{seed}///password"), PathError::PasswordOfSeed),
		] {
			let (_dir, path) = key_file(&line, 0o600);
			let error = from_file(&path).map(|_| ()).expect_err(&line);
			assert!(
				matches!(error, KeyError::Path { source, .. } if source == expected),
				"{line}: {error}"
			);
			let text = error.to_string();
			for secret in ["obey", "Bob", "Eve", "rack", "e5be"] {
				assert!(!text.contains(secret), "{text}");
			}
		}
		for line in [format!("{PHRASE} # rack 2"), format!("{PHRASE} extra"), format!("{seed} x")] {
			let (_dir, path) = key_file(&line, 0o600);
			let error = from_file(&path).map(|_| ()).expect_err(&line);
			assert!(matches!(error, KeyError::Malformed { .. }), "{line}: {error}");
		}
	}

	#[test]
	fn password_of_a_phrase_should_count_when_it_is_in_a_file_only() {
		let key = |line: &str| {
			let (_dir, path) = key_file(line, 0o600);
			from_file(&path).unwrap().public_key().0
		};
		let plain = key(&format!("{PHRASE}//Bob"));
		assert_eq!(key(&format!("{PHRASE} //Bob")), plain, "the same key to all tools");
		assert_ne!(key(&format!("{PHRASE}//Bob///password")), plain);
		let refused = from_development_path("//Bob///password");
		assert!(matches!(refused, Err(KeyError::NotADevelopmentPath)));
	}

	#[test]
	fn key_file_should_be_named_for_what_it_is_when_it_is_no_regular_file() {
		let dir = tempfile::tempdir().unwrap();
		for path in [dir.path(), Path::new("/dev/null"), Path::new("/dev/zero")] {
			let error = from_file(path).map(|_| ()).unwrap_err();
			assert!(matches!(error, KeyError::NotAFile { .. }), "{error}");
			let text = error.to_string();
			assert!(text.contains("is no file") && !text.contains("chmod"), "{text}");
		}
	}

	#[test]
	fn key_file_should_be_read_as_windows_saves_it_and_refused_when_it_is_no_text() {
		let units: Vec<u8> = format!("\u{feff}{PHRASE}//Bob\r\n")
			.encode_utf16()
			.flat_map(u16::to_le_bytes)
			.collect();
		let marked = format!("\u{feff}{PHRASE}//Bob").into_bytes();
		let (_dir, path) = key_file("", 0o600);
		for saved in [units, marked] {
			fs::write(&path, saved).unwrap();
			assert_eq!(Account::of(&from_file(&path).unwrap()).development_name(), Some("Bob"));
		}
		fs::write(&path, [PHRASE.as_bytes(), &[0; 9]].concat()).unwrap();
		let text = from_file(&path).map(|_| ()).unwrap_err().to_string();
		assert!(text.contains("NUL bytes from byte 69") && !text.contains("obey"), "{text}");
		fs::write(&path, [b'a'; 5_000]).unwrap();
		let error = from_file(&path).map(|_| ()).unwrap_err();
		assert!(matches!(error, KeyError::TooLarge { .. }), "{error}");
	}

	#[test]
	fn keystore_of_a_wallet_should_be_told_from_a_key() {
		let json =
			r#"{"encoded":"MFMCAQEw","encoding":{"content":["pkcs8","sr25519"]},"address":"5F"}"#;
		let (_dir, path) = key_file(json, 0o600);
		let error = from_file(&path).map(|_| ()).unwrap_err();
		assert!(matches!(error, KeyError::Keystore { .. }), "{error}");
		let text = error.to_string();
		assert!(text.contains("secret phrase") && !text.contains("MFMCAQEw"), "{text}");
	}

	#[test]
	fn error_should_not_repeat_the_secret_when_a_key_is_malformed() {
		for text in ["correct horse battery staple", "correct horse\nbattery staple"] {
			let (_dir, path) = key_file(text, 0o600);
			let text = from_file(&path).map(|_| ()).expect_err("no key").to_string();
			assert!(!text.contains("horse"), "{text}");
		}
	}

	#[test]
	fn suri_should_be_a_path_only() {
		assert!(from_development_path("//Charlie").is_ok());
		assert!(matches!(from_development_path(PHRASE), Err(KeyError::NotADevelopmentPath)));
		assert!(matches!(from_development_path(""), Err(KeyError::NotADevelopmentPath)));
		for more in ["//Bob # rack 2", "//Bob //Eve", "//Bob/", "//"] {
			let error = from_development_path(more).map(|_| ()).expect_err(more);
			assert!(matches!(error, KeyError::DevelopmentPath(_)), "{more}: {error}");
			assert!(error.to_string().starts_with("--suri has "), "{error}");
		}
	}
}
