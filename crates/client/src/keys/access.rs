// SPDX-License-Identifier: Apache-2.0
//! Access that users may have to a file with a secret. Pure.

/// The user that service managers mount secrets as.
const ROOT: u32 = 0;
/// Mode bits of what everybody but the owner may do.
const OTHERS: u32 = 0o077;

/// Reasons to leave a file alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposure {
	/// Others than its owner have access to it.
	Shared,
	/// It belongs to root, and others may do more than read it, or not even that.
	Mounted,
}

/// Checks the permission bits of a file with a secret, its owner, and as which user this program runs.
///
/// A file to which nobody but its owner has access is good, and so is one of root's with mode 0440 or 0444 for a
/// program that does not run as root: systemd and Kubernetes mount secrets that way, where no other user of the
/// machine gets to them.
pub(super) fn check(mode: u32, owner: u32, own: u32) -> Result<(), Exposure> {
	if mode & OTHERS == 0 {
		return Ok(());
	}
	if owner != ROOT || own == ROOT {
		return Err(Exposure::Shared);
	}
	match mode & 0o777 {
		0o440 | 0o444 => Ok(()),
		_ => Err(Exposure::Mounted),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const SERVICE: u32 = 1000;
	const OTHER: u32 = 1001;

	/// The modes that are accepted, of all.
	fn accepted(owner: u32, own: u32) -> Vec<u32> {
		(0..=0o777).filter(|mode| check(*mode, owner, own).is_ok()).collect()
	}

	/// Modes with which only the owner has access to a file.
	fn private() -> Vec<u32> {
		(0..8).map(|bits| bits << 6).collect()
	}

	#[test]
	fn own_file_should_be_accepted_only_when_nobody_else_has_access() {
		for user in [SERVICE, ROOT] {
			assert_eq!(accepted(user, user), private());
			for mode in [0o600, 0o400] {
				assert_eq!(check(mode, user, user), Ok(()));
			}
			for mode in [0o440, 0o444, 0o640, 0o644, 0o660, 0o604, 0o601] {
				assert_eq!(check(mode, user, user), Err(Exposure::Shared), "{mode:o}");
			}
		}
	}

	#[test]
	fn file_of_root_should_be_accepted_when_it_is_as_secrets_are_mounted() {
		let expected: Vec<u32> =
			(0..=0o777).filter(|mode| mode & 0o077 == 0 || [0o440, 0o444].contains(mode)).collect();
		assert_eq!(accepted(ROOT, SERVICE), expected);
		for mode in [0o644, 0o640, 0o660, 0o404, 0o445, 0o464, 0o446] {
			assert_eq!(check(mode, ROOT, SERVICE), Err(Exposure::Mounted), "{mode:o}");
		}
	}

	#[test]
	fn file_of_another_user_should_be_accepted_only_when_nobody_else_has_access() {
		for own in [SERVICE, ROOT] {
			assert_eq!(accepted(OTHER, own), private());
			assert_eq!(check(0o440, OTHER, own), Err(Exposure::Shared));
			assert_eq!(check(0o444, OTHER, own), Err(Exposure::Shared));
		}
	}

	#[test]
	fn type_of_the_file_and_special_bits_should_not_count() {
		assert_eq!(check(0o100_400, SERVICE, SERVICE), Ok(()));
		assert_eq!(check(0o100_440, ROOT, SERVICE), Ok(()));
		assert_eq!(check(0o102_440, ROOT, SERVICE), Ok(()), "a group of the volume's own");
		assert_eq!(check(0o100_640, ROOT, SERVICE), Err(Exposure::Mounted));
	}
}
