// SPDX-License-Identifier: Apache-2.0
//! Files with the secret of an account of the rollup: 0x, 64 hexadecimal digits and a line's end.

use pvs_client::keys;
use pvs_files::write_new_private;
use pvs_rollup::keys::SecretKey;
use pvs_sequencer::{
	users::{bytes_from_hex, hex},
	SequencerError,
};
use rand::{rngs::OsRng, RngCore};
use std::{io, path::Path};

/// Makes a secret of the system's randomness and writes it to a new file that only its owner can read.
///
/// # Errors
///
/// [`SequencerError::Input`] if there is something at `path`: it stays as it is.
pub(crate) fn create(path: &Path) -> Result<SecretKey, SequencerError> {
	let failed = |source: io::Error| match source.kind() {
		io::ErrorKind::AlreadyExists => SequencerError::Input(format!(
			"--secret-file: {} exists and stays as it is; name another file",
			path.display()
		)),
		_ => SequencerError::Io { what: format!("cannot write {}", path.display()), source },
	};
	let mut seed = [0; 32];
	OsRng.try_fill_bytes(&mut seed).map_err(|error| failed(io::Error::other(error)))?;
	write_new_private(path, format!("{}\n", hex(seed)).as_bytes()).map_err(failed)?;
	Ok(SecretKey::from_seed(&seed))
}

/// Reads a secret that only its owner can read.
///
/// # Errors
///
/// Those of [`keys::secret_line`], and [`SequencerError::Input`] if the line is malformed. What it says is
/// not shown.
pub(crate) fn read(path: &Path) -> Result<SecretKey, SequencerError> {
	let seed = bytes_from_hex(&keys::secret_line(path)?).map_err(|_| {
		SequencerError::Input(format!("{} is not 0x and 64 hexadecimal digits", path.display()))
	})?;
	Ok(SecretKey::from_seed(&seed))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{fs, os::unix::fs::PermissionsExt};

	#[test]
	fn secret_should_be_refused_when_others_can_read_it_or_it_is_malformed() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let refused = |content: &str, mode: u32| {
			fs::write(file.path(), content).unwrap();
			fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
			read(file.path()).map(|_| ()).unwrap_err().to_string()
		};
		let secret = format!("0x{}", "11".repeat(32));
		assert!(refused(&secret, 0o644).contains("can be read by others"));
		let error = refused(&secret[2..], 0o600);
		assert!(error.contains("64 hexadecimal digits") && !error.contains("1111"), "{error}");
		assert!(refused(&"0".repeat(5_000), 0o600).contains("more than 4096 bytes"));
		let error = refused(&format!("{secret}\n{secret}\n"), 0o600);
		assert!(error.contains("more than one line") && !error.contains("1111"), "{error}");
		fs::write(file.path(), format!("{secret}\n")).unwrap();
		let key = read(file.path()).unwrap();
		assert_eq!(key.public_key(), SecretKey::from_seed(&[0x11; 32]).public_key());
	}

	#[test]
	fn secret_should_be_new_for_its_owner_only_and_never_replace_another_one() {
		let dir = tempfile::tempdir().unwrap();
		let (one, two) = (dir.path().join("one"), dir.path().join("two"));
		let key = create(&one).unwrap();
		assert_ne!(create(&two).unwrap().public_key(), key.public_key());
		assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
		assert_eq!(read(&one).unwrap().public_key(), key.public_key());
		let before = fs::read(&one).unwrap();
		let error = create(&one).map(|_| ()).unwrap_err().to_string();
		assert!(error.contains("--secret-file") && error.contains("exists"), "{error}");
		assert_eq!(fs::read(&one).unwrap(), before);
	}
}
