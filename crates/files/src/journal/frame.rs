// SPDX-License-Identifier: Apache-2.0
//! Bytes of a journal: its head, and a frame for each append.

use super::{error::Unfit, Format, Part, MAX_PAYLOAD_BYTES};
use blake2::{digest::consts::U32, Blake2b, Digest};

const CHECK_BYTES: usize = 16;
/// So many zeros in a row are in no payload.
const UNWRITTEN_BYTES: usize = 64;

/// Checksum of everything in the file up to here.
pub(super) type Check = [u8; CHECK_BYTES];

/// What a frame begins with.
struct FrameHead {
	/// Bytes of the payload.
	size: [u8; 4],
	size_check: [u8; 4],
	check: Check,
}

impl FrameHead {
	fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
		let (size, rest) = take(bytes)?;
		let (size_check, rest) = take(rest)?;
		let (check, rest) = take(rest)?;
		Some((Self { size, size_check, check }, rest))
	}
}

/// What was read of a journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Good {
	/// Bytes of the head and of whole frames.
	pub(super) length: usize,
	/// Bytes of an interrupted append behind them.
	pub(super) torn: usize,
	pub(super) check: Check,
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
	let mut hasher = Blake2b::<U32>::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}

fn check(parts: &[&[u8]]) -> Check {
	let mut check = [0; CHECK_BYTES];
	for (to, from) in check.iter_mut().zip(digest(parts)) {
		*to = from;
	}
	check
}

fn size_check(before: &Check, size: [u8; 4]) -> [u8; 4] {
	let [a, b, c, d, ..] = digest(&[b"length", before, &size]);
	[a, b, c, d]
}

fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
	bytes.split_first_chunk().map(|(first, rest)| (*first, rest))
}

/// Returns the head of a journal, and its checksum, which is the end of it.
pub(super) fn head(format: &Format, identity: &[Part<'_>]) -> (Vec<u8>, Check) {
	let mut bytes = format.magic.to_vec();
	for part in identity {
		bytes.extend(part.bytes);
	}
	let check = check(&[&bytes]);
	bytes.extend(check);
	(bytes, check)
}

/// Writes a frame behind the one with checksum `before`, and returns its checksum; `None` if the payload is
/// too long.
pub(super) fn frame(before: &Check, payload: &[u8], out: &mut Vec<u8>) -> Option<Check> {
	let size = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD_BYTES)?;
	let size = size.to_le_bytes();
	let check = check(&[before, payload]);
	out.extend(size);
	out.extend(size_check(before, size));
	out.extend(check);
	out.extend(payload);
	Some(check)
}

/// Reads a journal and hands over one payload after the other.
pub(super) fn read(
	bytes: &[u8],
	format: &Format,
	identity: &[Part<'_>],
	mut visit: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<Good, Unfit> {
	let (mut check, mut rest) = read_head(bytes, format, identity)?;
	loop {
		let length = bytes.len().saturating_sub(rest.len());
		let good = Good { length, torn: rest.len(), check };
		let damaged = |reason: String| Unfit::Damaged { offset: length, reason };
		if rest.iter().all(|byte| *byte == 0) {
			return Ok(good);
		}
		let Some((head, behind)) = FrameHead::read(rest) else { return Ok(good) };
		if head.size_check != size_check(&check, head.size) {
			return Err(damaged("the length of a frame is wrong".into()));
		}
		let size = usize::try_from(u32::from_le_bytes(head.size)).unwrap_or(usize::MAX);
		let Some((payload, behind)) = behind.split_at_checked(size) else { return Ok(good) };
		let expected = self::check(&[&check, payload]);
		if head.check != expected {
			if behind.is_empty() && is_unwritten(payload) {
				return Ok(good);
			}
			return Err(damaged("a frame has the wrong checksum".into()));
		}
		visit(payload).map_err(damaged)?;
		(check, rest) = (expected, behind);
	}
}

/// Checks the head, and returns its checksum and what is behind it.
fn read_head<'a>(
	bytes: &'a [u8],
	format: &Format,
	identity: &[Part<'_>],
) -> Result<(Check, &'a [u8]), Unfit> {
	let damaged = |reason: &str| Unfit::Damaged { offset: 0, reason: reason.into() };
	if bytes.is_empty() {
		return Err(damaged("it is empty"));
	}
	let ([name @ .., version], _) = take::<16>(bytes).ok_or(Unfit::Magic)?;
	let [our_name @ .., our_version] = format.magic;
	if name != *our_name || !version.is_ascii_alphanumeric() {
		return Err(Unfit::Magic);
	}
	if version != *our_version {
		return Err(Unfit::Version(version.into()));
	}
	let (ours, our_check) = head(format, identity);
	let (theirs, rest) =
		bytes.split_at_checked(ours.len()).ok_or_else(|| damaged("its head is cut off"))?;
	let (mut content, found) =
		theirs.split_last_chunk::<CHECK_BYTES>().ok_or_else(|| damaged("its head is cut off"))?;
	if check(&[content]) != *found {
		return Err(damaged("its head has the wrong checksum"));
	}
	content = content.strip_prefix(format.magic).unwrap_or(content);
	for part in identity {
		content = content.strip_prefix(part.bytes).ok_or(Unfit::Foreign(part.name))?;
	}
	Ok((our_check, rest))
}

/// Returns whether some of a payload never came to the disk.
pub(super) fn is_unwritten(payload: &[u8]) -> bool {
	payload.chunk_by(|one, next| (*one == 0) == (*next == 0)).any(|run| {
		let is_enough = run.len() >= UNWRITTEN_BYTES || run.len() == payload.len();
		is_enough && run.first() == Some(&0)
	})
}
