// SPDX-License-Identifier: Apache-2.0
//! The extensions of the base field that pairings take values in, with sums of products reduced once:
//! `Fp2 = Fp[u] / (u^2 + 1)`, `Fp6 = Fp2[v] / (v^3 - xi)` with `xi = 9 + u`, `Fp12 = Fp6[w] / (w^2 - v)`, as
//! in arkworks.
//!
//! Elements are reduced, [`Wide2`] and [`Wide6`] are not: see [`Wide`] for how many products may be summed.
//! What follows sums at most 140 before a reduction, counted by the absolute value of each; signs leave 102.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use super::base::{Fp, Wide};
use ark_bn254::{Fq12, Fq2, Fq6};
use ark_ff::Field;
use core::ops::{Add, Mul, Neg, Sub};

/// `real + imaginary * u`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fp2 {
	pub(crate) real: Fp,
	pub(crate) imaginary: Fp,
}

/// An element of `Fp2` before its reduction.
#[derive(Clone, Copy, Debug)]
struct Wide2 {
	real: Wide,
	imaginary: Wide,
}

impl From<Fq2> for Fp2 {
	fn from(element: Fq2) -> Self {
		Self { real: element.c0.into(), imaginary: element.c1.into() }
	}
}

impl From<Fp2> for Fq2 {
	fn from(element: Fp2) -> Self {
		Self::new(element.real.into(), element.imaginary.into())
	}
}

impl Fp2 {
	pub(crate) const ZERO: Self = Self { real: Fp::ZERO, imaginary: Fp::ZERO };
	pub(crate) const ONE: Self = Self { real: Fp::ONE, imaginary: Fp::ZERO };

	/// Three products instead of four (Karatsuba): two in the real part, two in the imaginary one.
	#[inline(always)]
	fn product(self, other: Self) -> Wide2 {
		let real = self.real.times(other.real);
		let imaginary = self.imaginary.times(other.imaginary);
		let both = Fp::sum_times_sum((self.real, self.imaginary), (other.real, other.imaginary));
		Wide2 { real: real - imaginary, imaginary: both - real - imaginary }
	}

	/// `(a + b)(a - b)` and `2ab`: two products in each part.
	#[inline(always)]
	fn wide_square(self) -> Wide2 {
		let less = self.real - self.imaginary;
		Wide2 {
			real: Fp::sum_times((self.real, self.imaginary), less),
			imaginary: Fp::sum_times((self.real, self.real), self.imaginary),
		}
	}

	#[inline(always)]
	pub(crate) fn square(self) -> Self {
		let wide = self.wide_square();
		Self { real: wide.real.reduce_small(), imaginary: wide.imaginary.reduce_small() }
	}

	#[inline(always)]
	pub(crate) fn double(self) -> Self {
		self + self
	}

	#[inline(always)]
	pub(crate) fn triple(self) -> Self {
		self.double() + self
	}

	/// The product with an element of the base field.
	#[inline(always)]
	pub(crate) fn scale(self, factor: Fp) -> Self {
		Self { real: self.real * factor, imaginary: self.imaginary * factor }
	}

	/// The product with `xi`.
	#[inline(always)]
	fn times_xi(self) -> Self {
		Self {
			real: self.real.nine_times_plus(-self.imaginary),
			imaginary: self.imaginary.nine_times_plus(self.real),
		}
	}

	pub(crate) fn inverse(self) -> Option<Self> {
		Fq2::from(self).inverse().map(Self::from)
	}
}

impl Add for Fp2 {
	type Output = Self;

	#[inline(always)]
	fn add(self, other: Self) -> Self {
		Self { real: self.real + other.real, imaginary: self.imaginary + other.imaginary }
	}
}

impl Sub for Fp2 {
	type Output = Self;

	#[inline(always)]
	fn sub(self, other: Self) -> Self {
		Self { real: self.real - other.real, imaginary: self.imaginary - other.imaginary }
	}
}

impl Neg for Fp2 {
	type Output = Self;

	#[inline(always)]
	fn neg(self) -> Self {
		Self { real: -self.real, imaginary: -self.imaginary }
	}
}

impl Mul for Fp2 {
	type Output = Self;

	#[inline(always)]
	fn mul(self, other: Self) -> Self {
		let wide = self.product(other);
		Self { real: wide.real.reduce_difference(), imaginary: wide.imaginary.reduce_small() }
	}
}

impl Wide2 {
	/// The product with `xi`: ten times as many products.
	#[inline(always)]
	fn times_xi(self) -> Self {
		Self {
			real: self.real.nine_times() - self.imaginary,
			imaginary: self.imaginary.nine_times() + self.real,
		}
	}

	#[inline(always)]
	fn reduce(self) -> Fp2 {
		Fp2 { real: self.real.reduce(), imaginary: self.imaginary.reduce() }
	}
}

impl Add for Wide2 {
	type Output = Self;

	#[inline(always)]
	fn add(self, other: Self) -> Self {
		Self { real: self.real + other.real, imaginary: self.imaginary + other.imaginary }
	}
}

impl Sub for Wide2 {
	type Output = Self;

	#[inline(always)]
	fn sub(self, other: Self) -> Self {
		Self { real: self.real - other.real, imaginary: self.imaginary - other.imaginary }
	}
}

/// `c[0] + c[1] v + c[2] v^2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fp6([Fp2; 3]);

/// An element of `Fp6` before its reduction.
#[derive(Clone, Copy, Debug)]
struct Wide6([Wide2; 3]);

impl From<Fq6> for Fp6 {
	fn from(element: Fq6) -> Self {
		Self([element.c0.into(), element.c1.into(), element.c2.into()])
	}
}

impl From<Fp6> for Fq6 {
	fn from(Fp6([c0, c1, c2]): Fp6) -> Self {
		Self::new(c0.into(), c1.into(), c2.into())
	}
}

impl Fp6 {
	/// Six products in `Fp2` instead of nine (Karatsuba; Devegili, Ó hÉigeartaigh, Scott, Dahab,
	/// ePrint 2006/471, section 4): at most 41, 23 and 6 products in the base field in the coefficients.
	fn product(&self, other: &Self) -> Wide6 {
		let (Self([a0, a1, a2]), Self([b0, b1, b2])) = (*self, *other);
		let v0 = a0.product(b0);
		let v1 = a1.product(b1);
		let v2 = a2.product(b2);
		let cross12 = (a1 + a2).product(b1 + b2) - v1 - v2;
		let cross01 = (a0 + a1).product(b0 + b1) - v0 - v1;
		let cross02 = (a0 + a2).product(b0 + b2) - v0 - v2;
		Wide6([v0 + cross12.times_xi(), cross01 + v2.times_xi(), cross02 + v1])
	}

	/// The product with `low + high v`; `high_xi` is `xi * high`.
	fn product_sparse(&self, low: Fp2, high: Fp2, high_xi: Fp2) -> Wide6 {
		let Self([a0, a1, a2]) = *self;
		let v0 = a0.product(low);
		let v1 = a1.product(high);
		let cross = (a0 + a1).product(low + high) - v0 - v1;
		Wide6([v0 + a2.product(high_xi), cross, a2.product(low) + v1])
	}

	/// The product with an element of `Fp2`.
	fn product_fp2(&self, factor: Fp2) -> Wide6 {
		Wide6(self.0.map(|coefficient| coefficient.product(factor)))
	}

	/// The product with `v`.
	fn times_v(&self) -> Self {
		let Self([c0, c1, c2]) = *self;
		Self([c2.times_xi(), c0, c1])
	}

	fn double(&self) -> Self {
		Self(self.0.map(Fp2::double))
	}
}

impl Add for Fp6 {
	type Output = Self;

	fn add(self, other: Self) -> Self {
		let (Self([a0, a1, a2]), Self([b0, b1, b2])) = (self, other);
		Self([a0 + b0, a1 + b1, a2 + b2])
	}
}

impl Wide6 {
	fn times_v(self) -> Self {
		let Self([c0, c1, c2]) = self;
		Self([c2.times_xi(), c0, c1])
	}

	fn reduce(self) -> Fp6 {
		Fp6(self.0.map(Wide2::reduce))
	}
}

impl Add for Wide6 {
	type Output = Self;

	fn add(self, other: Self) -> Self {
		let (Self([a0, a1, a2]), Self([b0, b1, b2])) = (self, other);
		Self([a0 + b0, a1 + b1, a2 + b2])
	}
}

impl Sub for Wide6 {
	type Output = Self;

	fn sub(self, other: Self) -> Self {
		let (Self([a0, a1, a2]), Self([b0, b1, b2])) = (self, other);
		Self([a0 - b0, a1 - b1, a2 - b2])
	}
}

/// `low + high * w`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fp12 {
	low: Fp6,
	high: Fp6,
}

impl From<Fq12> for Fp12 {
	fn from(element: Fq12) -> Self {
		Self { low: element.c0.into(), high: element.c1.into() }
	}
}

impl From<Fp12> for Fq12 {
	fn from(element: Fp12) -> Self {
		Self::new(element.low.into(), element.high.into())
	}
}

impl Fp12 {
	pub(crate) const ONE: Self = Self {
		low: Fp6([Fp2::ONE, Fp2::ZERO, Fp2::ZERO]),
		high: Fp6([Fp2::ZERO, Fp2::ZERO, Fp2::ZERO]),
	};

	/// `(a + bw)^2 = (a + b)(a + vb) - ab - vab + 2abw`.
	pub(crate) fn square(&self) -> Self {
		let Self { low, high } = self;
		let product = low.product(high);
		let both = (*low + *high).product(&(*low + high.times_v()));
		Self { low: (both - product - product.times_v()).reduce(), high: product.reduce().double() }
	}

	/// The product with `1 + (slope + offset * v) w`.
	pub(crate) fn times_line(&self, slope: Fp2, offset: Fp2) -> Self {
		let offset_xi = offset.times_xi();
		let times_v = self.high.product_sparse(slope, offset, offset_xi).times_v().reduce();
		let high = self.low.product_sparse(slope, offset, offset_xi).reduce();
		Self { low: self.low + times_v, high: self.high + high }
	}

	/// The product with `constant + (slope + offset * v) w`.
	pub(crate) fn times_whole_line(&self, constant: Fp2, slope: Fp2, offset: Fp2) -> Self {
		let Self { low, high } = self;
		let offset_xi = offset.times_xi();
		let of_low = low.product_fp2(constant);
		let of_high = high.product_sparse(slope, offset, offset_xi);
		let both = (*low + *high).product_sparse(constant + slope, offset, offset_xi);
		Self {
			low: (of_low + of_high.times_v()).reduce(),
			high: (both - of_low - of_high).reduce(),
		}
	}

	/// The inverse of an element whose norm over `Fp6` is 1.
	pub(crate) fn conjugate(&self) -> Self {
		let Self { low, high: Fp6(high) } = *self;
		Self { low, high: Fp6(high.map(Neg::neg)) }
	}

	/// The square of an element of the cyclotomic subgroup (Granger, Scott, PKC 2010, section 3.2).
	pub(crate) fn cyclotomic_square(&self) -> Self {
		let Self { low: Fp6([z0, z4, z3]), high: Fp6([z2, z1, z5]) } = *self;
		let (t0, t1) = square_fp4(z0, z1);
		let (t2, t3) = square_fp4(z2, z3);
		let (t4, t5) = square_fp4(z4, z5);
		// Three times the square, less or more twice the conjugate.
		let less = |t: Fp2, z: Fp2| (t - z).double() + t;
		let more = |t: Fp2, z: Fp2| (t + z).double() + t;
		Self {
			low: Fp6([less(t0, z0), less(t2, z4), less(t4, z3)]),
			high: Fp6([more(t5.times_xi(), z2), more(t1, z1), more(t3, z5)]),
		}
	}

	/// The `p^power`-th power.
	pub(crate) fn frobenius(&self, power: usize) -> Self {
		Fq12::from(*self).frobenius_map(power).into()
	}

	pub(crate) fn inverse(&self) -> Option<Self> {
		Fq12::from(*self).inverse().map(Self::from)
	}
}

/// The square of `a + b y` with `y^2 = xi`, in its two coefficients.
#[inline(always)]
fn square_fp4(a: Fp2, b: Fp2) -> (Fp2, Fp2) {
	let a_squared = a.wide_square();
	let b_squared = b.wide_square();
	let twice_both = (a + b).wide_square() - a_squared - b_squared;
	((a_squared + b_squared.times_xi()).reduce(), twice_both.reduce())
}

impl Mul for Fp12 {
	type Output = Self;

	fn mul(self, other: Self) -> Self {
		let low = self.low.product(&other.low);
		let high = self.high.product(&other.high);
		let both = (self.low + self.high).product(&(other.low + other.high));
		Self { low: (low + high.times_v()).reduce(), high: (both - low - high).reduce() }
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests fail by panicking")]
mod tests {
	use super::*;
	use crate::fields::plain;
	use ark_bn254::{Fq, Fq6Config};
	use ark_ff::{
		fields::fp6_3over2::Fp6Config, AdditiveGroup, CyclotomicMultSubgroup, UniformRand,
	};
	use rand::{rngs::StdRng, Rng, SeedableRng};

	/// Some at the edges: sums are largest where all coefficients are.
	fn coefficient(rng: &mut StdRng) -> Fq {
		match rng.gen_range(0..6) {
			0 => Fq::ZERO,
			1 | 2 => Fp::LARGEST.into(),
			3 => Fq::ONE,
			_ => Fq::rand(rng),
		}
	}

	fn fq2(rng: &mut StdRng) -> Fq2 {
		Fq2::new(coefficient(rng), coefficient(rng))
	}

	fn fq12(rng: &mut StdRng) -> Fq12 {
		let mut fq6 = || Fq6::new(fq2(rng), fq2(rng), fq2(rng));
		Fq12::new(fq6(), fq6())
	}

	/// All pairs of what has one or two kinds of coefficients, which random choices do not reach.
	fn uniform() -> Vec<Fq12> {
		let largest = Fq::from(Fp::LARGEST);
		let kinds = [Fq::ZERO, largest];
		let mut all = Vec::new();
		for even in kinds {
			for odd in kinds {
				let fq2 = Fq2::new(even, odd);
				for high in [fq2, Fq2::new(odd, even), Fq2::ZERO] {
					all.push(Fq12::new(Fq6::new(fq2, high, fq2), Fq6::new(high, fq2, high)));
				}
			}
		}
		all
	}

	#[test]
	fn quadratic_extension_should_be_that_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(1);
		assert_eq!((Fq2::from(Fp2::ZERO), Fq2::from(Fp2::ONE)), (Fq2::ZERO, Fq2::ONE));
		for _ in 0..2_000 {
			let (a, b, scalar) = (fq2(&mut rng), fq2(&mut rng), coefficient(&mut rng));
			let (ours, other) = (Fp2::from(a), Fp2::from(b));
			assert_eq!(Fq2::from(ours), a);
			assert_eq!(Fq2::from(ours + other), a + b);
			assert_eq!(Fq2::from(ours - other), a - b);
			assert_eq!(Fq2::from(-ours), -a);
			assert_eq!(Fq2::from(ours * other), a * b);
			assert_eq!(Fq2::from(ours.square()), a.square());
			assert_eq!(Fq2::from(ours.double()), a.double());
			assert_eq!(Fq2::from(ours.triple()), a.double() + a);
			assert_eq!(Fq2::from(ours.times_xi()), Fq6Config::mul_fp2_by_nonresidue(a));
			assert_eq!(
				Fq2::from(ours.scale(scalar.into())),
				Fq2::new(a.c0 * scalar, a.c1 * scalar)
			);
			assert_eq!(ours.inverse().map(Fq2::from), a.inverse());
			assert_eq!(Fq2::from(ours.product(other).times_xi().reduce()), {
				Fq6Config::mul_fp2_by_nonresidue(a * b)
			});
		}
	}

	#[test]
	fn products_should_be_those_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(2);
		let mut pairs: Vec<_> = (0..2_000).map(|_| (fq12(&mut rng), fq12(&mut rng))).collect();
		let uniform = uniform();
		pairs.extend(uniform.iter().flat_map(|a| uniform.iter().map(|b| (*a, *b))));
		for (a, b) in pairs {
			let ours = Fp12::from(a);
			assert_eq!(Fq12::from(ours), a);
			assert_eq!(Fq12::from(ours * b.into()), a * b);
			assert_eq!(Fq12::from(ours.square()), a.square());
			let (Fq6 { c0: constant, c1: slope, c2: offset }, mut product) = (b.c0, a);
			product.mul_by_034(&constant, &slope, &offset);
			let whole = ours.times_whole_line(constant.into(), slope.into(), offset.into());
			assert_eq!(Fq12::from(whole), product);
			let mut product = a;
			product.mul_by_034(&Fq2::ONE, &slope, &offset);
			assert_eq!(Fq12::from(ours.times_line(slope.into(), offset.into())), product);
			// What is compiled to Wasm.
			let plain = plain::Fp12::from(a);
			assert_eq!(Fq12::from(plain.times_line(slope.into(), offset.into())), product);
			let plain = plain.times_whole_line(constant.into(), slope.into(), offset.into());
			assert_eq!(Fq12::from(plain), whole.into());
		}
		assert_eq!(Fq12::from(Fp12::ONE), Fq12::ONE);
	}

	#[test]
	fn powers_should_be_those_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(3);
		let mut values: Vec<_> = (0..200).map(|_| fq12(&mut rng)).collect();
		values.extend(uniform());
		for value in values {
			let ours = Fp12::from(value);
			let mut conjugate = value;
			conjugate.conjugate_in_place();
			assert_eq!(Fq12::from(ours.conjugate()), conjugate);
			assert_eq!(ours.inverse().map(Fq12::from), value.inverse());
			for power in 0..13 {
				assert_eq!(Fq12::from(ours.frobenius(power)), value.frobenius_map(power));
			}
			let Some(inverse) = value.inverse() else { continue };
			let easy = conjugate * inverse;
			let in_subgroup = easy.frobenius_map(2) * easy;
			let square = Fp12::from(in_subgroup).cyclotomic_square();
			assert_eq!(Fq12::from(square), in_subgroup.cyclotomic_square());
			assert_eq!(Fq12::from(square), in_subgroup.square());
			let plain = plain::Fp12::from(in_subgroup);
			assert_eq!(Fq12::from(plain.cyclotomic_square()), in_subgroup.square());
			assert_eq!(Fq12::from(plain.conjugate() * plain), Fq12::ONE);
			assert_eq!(Fq12::from(plain.frobenius(3)), in_subgroup.frobenius_map(3));
		}
	}
}
