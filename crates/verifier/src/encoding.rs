// SPDX-License-Identifier: Apache-2.0
//! Points as bytes: 32 bytes big-endian per coordinate, uncompressed `x ++ y`, the imaginary part
//! of Fp2 first (EIP-197). There is no encoding of the identity.

use crate::{error::PointError, lines::is_in_subgroup};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use pvs_primitives::field::{element_from_be, element_to_be};

/// Bytes of a point of G1.
pub(crate) const G1_BYTES: usize = 64;
/// Bytes of a point of G2.
pub(crate) const G2_BYTES: usize = 128;

/// Takes bytes from the front, one fixed width after another.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
	pub(crate) fn new(bytes: &'a [u8]) -> Self {
		Self(bytes)
	}

	/// The next `N` bytes; `None` if fewer are left.
	pub(crate) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
		let (head, rest) = self.0.split_first_chunk()?;
		self.0 = rest;
		Some(head)
	}
}

/// Reads a point of G1 and checks all of it; the whole curve is the subgroup.
pub(crate) fn checked_g1(bytes: &[u8; G1_BYTES]) -> Result<G1Affine, PointError> {
	let point = unchecked_g1(bytes).ok_or(PointError::NonCanonicalCoordinate)?;
	if point.is_zero() {
		return Err(PointError::Identity);
	}
	if !point.is_on_curve() {
		return Err(PointError::NotOnCurve);
	}
	Ok(point)
}

/// Reads a point of G2 and checks all of it.
pub(crate) fn checked_g2(bytes: &[u8; G2_BYTES]) -> Result<G2Affine, PointError> {
	let point = on_curve_g2(bytes)?;
	if !is_in_subgroup(&point) {
		return Err(PointError::NotInSubgroup);
	}
	Ok(point)
}

/// Reads a point of the twist and checks all but its subgroup.
pub(crate) fn on_curve_g2(bytes: &[u8; G2_BYTES]) -> Result<G2Affine, PointError> {
	let point = unchecked_g2(bytes).ok_or(PointError::NonCanonicalCoordinate)?;
	if point.is_zero() {
		return Err(PointError::Identity);
	}
	if !point.is_on_curve() {
		return Err(PointError::NotOnCurve);
	}
	Ok(point)
}

/// Reads two canonical coordinates and checks nothing else.
pub(crate) fn unchecked_g1(bytes: &[u8; G1_BYTES]) -> Option<G1Affine> {
	let [x, y] = base_elements(bytes)?;
	Some(G1Affine::new_unchecked(x, y))
}

/// Reads four canonical coordinates and checks nothing else.
pub(crate) fn unchecked_g2(bytes: &[u8; G2_BYTES]) -> Option<G2Affine> {
	let [x_imaginary, x_real, y_imaginary, y_real] = base_elements(bytes)?;
	let (x, y) = (Fq2::new(x_real, x_imaginary), Fq2::new(y_real, y_imaginary));
	Some(G2Affine::new_unchecked(x, y))
}

/// Reads `N` elements of the base field; `None` if one is not canonical or the length differs.
pub(crate) fn base_elements<const N: usize>(bytes: &[u8]) -> Option<[Fq; N]> {
	let (words, rest) = bytes.as_chunks::<32>();
	if words.len() != N || !rest.is_empty() {
		return None;
	}
	let mut elements = [Fq::default(); N];
	for (element, word) in elements.iter_mut().zip(words) {
		*element = element_from_be(word)?;
	}
	Some(elements)
}

/// Writes elements of the base field, 32 bytes each, until either side ends.
pub(crate) fn write_base_elements(elements: impl IntoIterator<Item = Fq>, bytes: &mut [u8]) {
	let (words, _) = bytes.as_chunks_mut::<32>();
	for (word, element) in words.iter_mut().zip(elements) {
		*word = element_to_be(&element);
	}
}

/// The coordinates of a point of G1 in the order of the wire.
#[cfg(feature = "std")]
pub(crate) fn g1_elements(point: &G1Affine) -> [Fq; 2] {
	[point.x, point.y]
}

/// The coordinates of a point of G2 in the order of the wire.
#[cfg(feature = "std")]
pub(crate) fn g2_elements(point: &G2Affine) -> [Fq; 4] {
	[point.x.c1, point.x.c0, point.y.c1, point.y.c0]
}
