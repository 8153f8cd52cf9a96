// SPDX-License-Identifier: Apache-2.0
//! Text from the bytes of a file.

use std::borrow::Cow;

/// Reason why bytes are not text. Errors name places, never what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
	/// The bytes are in no encoding that is read.
	#[error("not text from byte {at} on; save it as UTF-8")]
	NotUtf8 {
		/// The first byte that is not UTF-8, counted from 0.
		at: usize,
	},
	/// The bytes begin as UTF-16 and do not go on as it.
	#[error("damaged UTF-16; save it as UTF-8")]
	BadUtf16,
	/// There are NUL bytes, as in a file that was padded, or written by half.
	#[error("NUL bytes from byte {at} on, and text has none; save it again without them")]
	Nul {
		/// The first of them, counted from 0.
		at: usize,
	},
}

/// Decodes text as editors and shells save it: UTF-8, or UTF-16 of either byte order, with a byte
/// order mark or without one. The mark is no part of the text.
///
/// # Errors
///
/// One [`TextError`] per cause.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, TextError> {
	match bytes {
		[0xef, 0xbb, 0xbf, text @ ..] => utf8(text, 3),
		[0xff, 0xfe, text @ ..] => utf16(text, 2, u16::from_le_bytes),
		[0xfe, 0xff, text @ ..] => utf16(text, 2, u16::from_be_bytes),
		// Text that begins with an ASCII character, as JSON and keys do.
		[1..=u8::MAX, 0, ..] => utf16(bytes, 0, u16::from_le_bytes),
		[0, 1..=u8::MAX, ..] => utf16(bytes, 0, u16::from_be_bytes),
		_ => utf8(bytes, 0),
	}
}

fn utf8(bytes: &[u8], mark: usize) -> Result<Cow<'_, str>, TextError> {
	let at = |index: usize| mark.saturating_add(index);
	let text = std::str::from_utf8(bytes)
		.map_err(|error| TextError::NotUtf8 { at: at(error.valid_up_to()) })?;
	match text.find('\0') {
		Some(index) => Err(TextError::Nul { at: at(index) }),
		None => Ok(text.into()),
	}
}

fn utf16(bytes: &[u8], mark: usize, unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, TextError> {
	let (pairs, rest) = bytes.as_chunks::<2>();
	if !rest.is_empty() {
		return Err(TextError::BadUtf16);
	}
	if let Some(index) = pairs.iter().position(|pair| *pair == [0, 0]) {
		return Err(TextError::Nul { at: index.saturating_mul(2).saturating_add(mark) });
	}
	let text: Result<String, _> =
		char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
	text.map(Cow::Owned).map_err(|_| TextError::BadUtf16)
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Beyond ASCII, and beyond what one unit of UTF-16 holds.
	const TEXT: &str = "{ \"é\": \"🔑\" }\r\n";

	fn in_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
		text.encode_utf16().flat_map(bytes).collect()
	}

	#[test]
	fn text_should_be_read_when_an_editor_or_a_shell_saved_it() {
		let little = in_utf16(TEXT, u16::to_le_bytes);
		let big = in_utf16(TEXT, u16::to_be_bytes);
		for saved in [
			TEXT.as_bytes().to_vec(),
			[&[0xef, 0xbb, 0xbf], TEXT.as_bytes()].concat(),
			[&[0xff, 0xfe], &little[..]].concat(),
			[&[0xfe, 0xff], &big[..]].concat(),
			little,
			big,
		] {
			assert_eq!(decode(&saved).as_deref(), Ok(TEXT), "{saved:?}");
		}
		for nothing in [&[][..], &[0xef, 0xbb, 0xbf], &[0xff, 0xfe]] {
			assert_eq!(decode(nothing).as_deref(), Ok(""));
		}
	}

	#[test]
	fn nul_bytes_should_be_named_with_their_place() {
		assert_eq!(decode(b"{}\n\0\0\0"), Err(TextError::Nul { at: 3 }));
		assert_eq!(decode(b"\xef\xbb\xbf{}\0"), Err(TextError::Nul { at: 5 }));
		assert_eq!(decode(&[0; 16]), Err(TextError::Nul { at: 0 }));
		let padded = in_utf16("\u{feff}{}\0\0", u16::to_le_bytes);
		assert_eq!(decode(&padded), Err(TextError::Nul { at: 6 }));
		let text = TextError::Nul { at: 3 }.to_string();
		assert!(text.contains("NUL bytes from byte 3"), "{text}");
	}

	#[test]
	fn other_bytes_should_be_refused_with_what_to_do() {
		// Latin-1, UTF-16 that was cut, half of a surrogate pair.
		assert_eq!(decode(b"caf\xe9"), Err(TextError::NotUtf8 { at: 3 }));
		assert_eq!(decode(b"\xef\xbb\xbfcaf\xe9"), Err(TextError::NotUtf8 { at: 6 }));
		for cut in [&[0xff, 0xfe, b'{'][..], &[b'{', 0, 0x3d, 0xd8]] {
			assert_eq!(decode(cut), Err(TextError::BadUtf16));
		}
		for error in [TextError::NotUtf8 { at: 3 }, TextError::BadUtf16] {
			assert!(error.to_string().ends_with("save it as UTF-8"));
		}
	}
}
