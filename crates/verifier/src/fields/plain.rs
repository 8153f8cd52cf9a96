// SPDX-License-Identifier: Apache-2.0
//! The fields by arkworks' arithmetic, behind the names that pairings use.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use ark_bn254::{Fq, Fq12, Fq12Config, Fq2};
use ark_ff::{fields::fp12_2over3over2::Fp12Config, CyclotomicMultSubgroup, Field};
use core::ops::{Add, Mul, Neg, Sub};

/// An element of a field of arkworks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element<F>(F);

/// An element of the base field.
pub(crate) type Fp = Element<Fq>;
/// An element of its quadratic extension.
pub(crate) type Fp2 = Element<Fq2>;
/// An element of the field in which pairings have their values.
pub(crate) type Fp12 = Element<Fq12>;

impl<F: Field> From<F> for Element<F> {
	fn from(element: F) -> Self {
		Self(element)
	}
}

impl From<Fp> for Fq {
	fn from(element: Fp) -> Self {
		element.0
	}
}

impl From<Fp2> for Fq2 {
	fn from(element: Fp2) -> Self {
		element.0
	}
}

impl From<Fp12> for Fq12 {
	fn from(element: Fp12) -> Self {
		element.0
	}
}

impl<F: Field> Element<F> {
	pub(crate) const ZERO: Self = Self(F::ZERO);
	pub(crate) const ONE: Self = Self(F::ONE);

	pub(crate) fn square(self) -> Self {
		Self(self.0.square())
	}

	pub(crate) fn double(self) -> Self {
		Self(self.0.double())
	}

	pub(crate) fn triple(self) -> Self {
		Self(self.0.double() + self.0)
	}

	pub(crate) fn inverse(self) -> Option<Self> {
		self.0.inverse().map(Self)
	}
}

impl<F: Field> Add for Element<F> {
	type Output = Self;

	fn add(self, other: Self) -> Self {
		Self(self.0 + other.0)
	}
}

impl<F: Field> Sub for Element<F> {
	type Output = Self;

	fn sub(self, other: Self) -> Self {
		Self(self.0 - other.0)
	}
}

impl<F: Field> Neg for Element<F> {
	type Output = Self;

	fn neg(self) -> Self {
		Self(-self.0)
	}
}

impl<F: Field> Mul for Element<F> {
	type Output = Self;

	fn mul(self, other: Self) -> Self {
		Self(self.0 * other.0)
	}
}

impl Fp2 {
	/// The product with an element of the base field.
	pub(crate) fn scale(self, factor: Fp) -> Self {
		let mut product = self.0;
		product.mul_assign_by_fp(&factor.0);
		Self(product)
	}
}

impl Fp12 {
	/// The product with `1 + (slope + offset * v) w`: with `l` for the sum in brackets,
	/// `(f0 + f1 w)(1 + l w) = f0 + v l f1 + ((f0 + f1)(1 + l) - f0 - l f1) w`.
	pub(crate) fn times_line(self, slope: Fp2, offset: Fp2) -> Self {
		let Fq12 { c0: f0, c1: f1 } = self.0;
		let mut low = f1;
		low.mul_by_01(&slope.0, &offset.0);
		let mut both = f0 + f1;
		both.mul_by_01(&(slope.0 + Fq2::ONE), &offset.0);
		let high = both - f0 - low;
		Self(Fq12::new(f0 + Fq12Config::mul_fp6_by_nonresidue_in_place(&mut low), high))
	}

	/// The product with `constant + (slope + offset * v) w`.
	pub(crate) fn times_whole_line(self, constant: Fp2, slope: Fp2, offset: Fp2) -> Self {
		let mut product = self.0;
		product.mul_by_034(&constant.0, &slope.0, &offset.0);
		Self(product)
	}

	/// The inverse of an element whose norm over `Fp6` is 1.
	pub(crate) fn conjugate(self) -> Self {
		let mut conjugate = self.0;
		conjugate.conjugate_in_place();
		Self(conjugate)
	}

	/// The square of an element of the cyclotomic subgroup.
	pub(crate) fn cyclotomic_square(self) -> Self {
		Self(self.0.cyclotomic_square())
	}

	/// The `p^power`-th power.
	pub(crate) fn frobenius(self, power: usize) -> Self {
		Self(self.0.frobenius_map(power))
	}
}
