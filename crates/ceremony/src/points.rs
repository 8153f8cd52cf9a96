// SPDX-License-Identifier: Apache-2.0
//! Points as snarkjs' binary files have them, in `.ptau` files and in our own: `x`, `y`, each
//! coordinate 32 bytes little-endian in Montgomery form (times 2^256 modulo the base field's
//! prime), the real part of Fp2 first. The identity is all zeros.

use ark_bn254::{g1, g2, Fq, Fq2};
use ark_ec::{short_weierstrass::Affine, AffineRepr};
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;

/// Why bytes are no point that may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
	/// A coordinate is not below the modulus.
	#[error("has a coordinate that is not below the modulus")]
	NotCanonical,
	/// The coordinates do not satisfy the equation.
	#[error("is not on the curve")]
	NotOnCurve,
	/// The point has another order.
	#[error("is not in the subgroup")]
	NotInSubgroup,
	/// The identity, where it may not be.
	#[error("is the identity")]
	Identity,
}

/// True if the identity may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
	/// Queries of variables that a matrix does not use.
	Allowed,
	Refused,
}

/// A point that is written into files.
pub(crate) trait Point: AffineRepr + Send + Sync {
	/// Of an encoded point.
	const BYTES: usize;

	/// Reads and checks a point; `bytes` has [`Self::BYTES`].
	fn read(bytes: &[u8], identity: Identity) -> Result<Self, PointError>;

	/// Appends the encoding.
	fn write(&self, to: &mut Vec<u8>);

	/// Reads points one after the other, in parallel; `bytes` is a multiple of [`Self::BYTES`].
	///
	/// # Errors
	///
	/// The first bad point and its index.
	fn read_all(bytes: &[u8], identity: Identity) -> Result<Vec<Self>, (usize, PointError)> {
		let read = |(index, bytes)| Self::read(bytes, identity).map_err(|error| (index, error));
		let points: Vec<_> = bytes.par_chunks_exact(Self::BYTES).enumerate().map(read).collect();
		points.into_iter().collect()
	}
}

impl Point for Affine<g1::Config> {
	const BYTES: usize = 64;

	fn read(bytes: &[u8], identity: Identity) -> Result<Self, PointError> {
		let point = match coordinates(bytes)? {
			[x, y] if x == Fq::default() && y == Fq::default() => Self::zero(),
			[x, y] => Self::new_unchecked(x, y),
		};
		check(point, identity, point.is_on_curve())?;
		Ok(point)
	}

	fn write(&self, to: &mut Vec<u8>) {
		let (x, y) = self.xy().unwrap_or_default();
		write_coordinates([x, y], to);
	}
}

impl Point for Affine<g2::Config> {
	const BYTES: usize = 128;

	fn read(bytes: &[u8], identity: Identity) -> Result<Self, PointError> {
		let [x0, x1, y0, y1] = coordinates(bytes)?;
		let (x, y) = (Fq2::new(x0, x1), Fq2::new(y0, y1));
		let is_zero = x == Fq2::default() && y == Fq2::default();
		let point = if is_zero { Self::zero() } else { Self::new_unchecked(x, y) };
		check(point, identity, point.is_on_curve())?;
		if !point.is_in_correct_subgroup_assuming_on_curve() {
			return Err(PointError::NotInSubgroup);
		}
		Ok(point)
	}

	fn write(&self, to: &mut Vec<u8>) {
		let (x, y) = self.xy().unwrap_or_default();
		write_coordinates([x.c0, x.c1, y.c0, y.c1], to);
	}
}

fn check(point: impl AffineRepr, identity: Identity, on_curve: bool) -> Result<(), PointError> {
	if point.is_zero() && identity == Identity::Refused {
		return Err(PointError::Identity);
	}
	if on_curve {
		Ok(())
	} else {
		Err(PointError::NotOnCurve)
	}
}

fn coordinates<const N: usize>(bytes: &[u8]) -> Result<[Fq; N], PointError> {
	let mut elements = [Fq::default(); N];
	for (element, bytes) in elements.iter_mut().zip(bytes.chunks_exact(32)) {
		let mut limbs = [0; 4];
		for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
			let mut little_endian = [0; 8];
			little_endian.copy_from_slice(bytes);
			*limb = u64::from_le_bytes(little_endian);
		}
		let montgomery = BigInt::new(limbs);
		if montgomery >= Fq::MODULUS {
			return Err(PointError::NotCanonical);
		}
		*element = Fq::new_unchecked(montgomery);
	}
	Ok(elements)
}

fn write_coordinates<const N: usize>(elements: [Fq; N], to: &mut Vec<u8>) {
	for limb in elements.iter().flat_map(|element| element.0 .0) {
		to.extend(limb.to_le_bytes());
	}
}
