// SPDX-License-Identifier: Apache-2.0
//! Suffixes that may follow a phrase or a seed: a derivation path and a password. Pure.
//!
//! The parser behind this takes everything after a slash for a part of the path, a comment and the words of
//! a second key included, and another account signs. So what no tool writes is refused before it.

/// Reasons to refuse what follows a phrase or a seed. None of them repeats what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
	/// A comment, a second key, or a path that was pasted in pieces.
	#[error(
		"white space behind the key, in its derivation path or password; leave comments and \
		 whatever else out, as all of it would count and another account would sign"
	)]
	WhiteSpace,
	/// It has what a comment begins with, or what quotes the key in another file.
	#[error(
		"a # or a quotation mark in the derivation path; write the key without comment and without \
		 quotation marks"
	)]
	CommentOrQuote,
	/// Neither a letter, nor a digit, nor a sign of ASCII: it may not even be visible.
	#[error(
		"a character that is no letter, digit or ASCII sign in the derivation path or password; it \
		 may be invisible, so type the key anew"
	)]
	Invisible,
	/// A slash with nothing behind it.
	#[error("a slash with nothing behind it; write a path as /soft or //hard, or leave it out")]
	Empty,
	/// A seed is a secret of its own, to which a password adds nothing.
	#[error("a password (///) behind 64 hex digits, where it has no effect; leave it out")]
	PasswordOfSeed,
}

/// Checks what follows the phrase or the seed: junctions `/soft` and `//hard`, and behind a phrase a
/// password after `///`.
pub(super) fn check(text: &str) -> Result<(), PathError> {
	let start = text.find('/').unwrap_or(text.len());
	let (secret, rest) = text.split_at(start);
	let (path, password) = match rest.split_once("///") {
		Some((path, password)) => (path, Some(password)),
		None => (rest, None),
	};
	let all = || path.chars().chain(password.unwrap_or_default().chars());
	if all().any(char::is_whitespace) {
		return Err(PathError::WhiteSpace);
	}
	if path.contains(['#', '"', '\'', '`']) {
		return Err(PathError::CommentOrQuote);
	}
	if !all().all(|character| character.is_alphanumeric() || character.is_ascii_punctuation()) {
		return Err(PathError::Invisible);
	}
	// Three slashes begin the password, so that only the last junction can be empty.
	if path.ends_with('/') || password.is_some_and(str::is_empty) {
		return Err(PathError::Empty);
	}
	if password.is_some() && secret.trim_start().starts_with("0x") {
		return Err(PathError::PasswordOfSeed);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn path_should_be_accepted_when_a_tool_could_have_written_it() {
		for rest in [
			"",
			"//Bob",
			" //Bob",
			"/0",
			"//0//1/2",
			"//polkadot//validator-1/stash_2",
			"//eth.0:a@b",
			"//Z\u{fc}rich",
			"///password",
			"//Bob///pass#word's",
			"//Bob////slashes/in/it",
		] {
			assert_eq!(check(&format!("some phrase{rest}")), Ok(()), "{rest}");
		}
		assert_eq!(check("0x11//Bob/1"), Ok(()));
	}

	#[test]
	fn path_should_be_refused_when_a_comment_or_a_second_key_is_behind_it() {
		for (rest, expected) in [
			("//Bob extra words", PathError::WhiteSpace),
			("//Bob # of rack 2", PathError::WhiteSpace),
			("//Bob\t//Eve", PathError::WhiteSpace),
			("// Bob", PathError::WhiteSpace),
			("//Bob\u{a0}", PathError::WhiteSpace),
			("//Bob\u{2028}note", PathError::WhiteSpace),
			("///pass word", PathError::WhiteSpace),
			("//Bob#note", PathError::CommentOrQuote),
			("//Bob\"", PathError::CommentOrQuote),
			("//Bob'", PathError::CommentOrQuote),
			("//Bob\u{0}", PathError::Invisible),
			("//Bob\u{1b}[0m", PathError::Invisible),
			("//Bob\u{200b}", PathError::Invisible),
			("//\u{feff}Bob", PathError::Invisible),
			("///pass\u{7f}", PathError::Invisible),
			("//", PathError::Empty),
			("/", PathError::Empty),
			("//Bob/", PathError::Empty),
			("//Bob///", PathError::Empty),
			("///", PathError::Empty),
		] {
			assert_eq!(check(&format!("some phrase{rest}")), Err(expected), "{rest:?}");
		}
	}

	#[test]
	fn password_should_be_refused_when_a_seed_would_ignore_it() {
		assert_eq!(check("0x11//Bob///password"), Err(PathError::PasswordOfSeed));
	}
}
