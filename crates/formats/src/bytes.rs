// SPDX-License-Identifier: Apache-2.0
//! What the two binary formats share: sizes, and taking bytes from the front.

use crate::{FormatError, MAX_FILE_BYTES};

/// Bytes of a coordinate of BN254.
pub(crate) const BN254: usize = 32;
/// Bytes of a coordinate of BLS12-381 and BLS12-377.
pub(crate) const BLS12: usize = 48;
/// What [`FormatError::WrongCurve`] says about a file of such coordinates.
pub(crate) const BLS12_NAME: &str = "coordinates of 48 bytes, as of BLS12-381 or BLS12-377";

/// IC points of a key for four public inputs.
pub(crate) const IC_POINTS: usize = pvs_primitives::PUBLIC_INPUTS.saturating_add(1);

/// Bytes of points.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
	pub(crate) g1: usize,
	pub(crate) g2: usize,
}

impl Sizes {
	/// Sizes of points of coordinates of so many bytes.
	pub(crate) fn new(coordinate: usize, compressed: bool) -> Self {
		let g1 = coordinate.saturating_mul(if compressed { 1 } else { 2 });
		Self { g1, g2: g1.saturating_mul(2) }
	}

	/// Bytes of so many points.
	pub(crate) fn of(self, g1_points: usize, g2_points: usize) -> usize {
		self.g1.saturating_mul(g1_points).saturating_add(self.g2.saturating_mul(g2_points))
	}
}

/// Takes bytes from the front.
pub(crate) struct Reader<'a> {
	left: &'a [u8],
	total: usize,
}

impl<'a> Reader<'a> {
	pub(crate) fn new(bytes: &'a [u8]) -> Self {
		Self { left: bytes, total: bytes.len() }
	}

	/// The next `N` bytes.
	pub(crate) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], FormatError> {
		let missing = N.saturating_sub(self.left.len());
		let truncated =
			FormatError::Truncated { needs: self.total.saturating_add(missing), has: self.total };
		let (head, left) = self.left.split_first_chunk().ok_or(truncated)?;
		self.left = left;
		Ok(head)
	}
}

/// The big-endian number of four bytes at `offset`, if the file goes that far.
pub(crate) fn u32_be_at(bytes: &[u8], offset: usize) -> Option<u32> {
	let (word, _) = bytes.get(offset..)?.split_first_chunk()?;
	Some(u32::from_be_bytes(*word))
}

/// The little-endian number of eight bytes at `offset`, if the file goes that far.
pub(crate) fn u64_le_at(bytes: &[u8], offset: usize) -> Option<u64> {
	let (word, _) = bytes.get(offset..)?.split_first_chunk()?;
	Some(u64::from_le_bytes(*word))
}

/// A count of elements of so many bytes each, if a file that is read can hold them.
pub(crate) fn plausible(
	field: &'static str,
	count: u64,
	element: usize,
) -> Result<usize, FormatError> {
	let too_many = FormatError::BadCount { field, count, limit: MAX_FILE_BYTES };
	match usize::try_from(count) {
		Ok(count) if count.saturating_mul(element) <= MAX_FILE_BYTES => Ok(count),
		_ => Err(too_many),
	}
}

/// Compares a length with what it should be.
pub(crate) fn exactly(needs: usize, has: usize) -> Result<(), FormatError> {
	match has.checked_sub(needs) {
		None => Err(FormatError::Truncated { needs, has }),
		Some(0) => Ok(()),
		Some(left) => Err(FormatError::ExtraBytes { left }),
	}
}
