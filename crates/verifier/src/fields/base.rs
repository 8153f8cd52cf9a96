// SPDX-License-Identifier: Apache-2.0
//! The base field, and integers of twice its width that are reduced late: sums of products cost one
//! reduction (Aranha, Karabina, Longa, Gebotys, López, EUROCRYPT 2011, section 3). Additions take no
//! branches, which depend on random bits and are mispredicted half of the time.
//!
//! An element has the bytes that arkworks gives it in memory: Montgomery's form to the radix `R = 2^256`.

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use ark_bn254::{Fq, FqConfig};
use ark_ff::{BigInt, Field, MontConfig, PrimeField};
use core::ops::{Add, Mul, Neg, Sub};

type Limbs = [u64; 4];

/// The modulus `p`, between 2^253 and 2^254.
const P: Limbs = Fq::MODULUS.0;
/// `-1 / p` modulo 2^64.
const MINUS_ONE_BY_P: u64 = <FqConfig as MontConfig<4>>::INV;

/// An element of the base field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fp(Limbs);

impl From<Fq> for Fp {
	fn from(element: Fq) -> Self {
		Self(element.0 .0)
	}
}

impl From<Fp> for Fq {
	fn from(element: Fp) -> Self {
		Self::new_unchecked(BigInt(element.0))
	}
}

/// The sum, which the caller knows to be below 2^256.
#[inline(always)]
fn sum([a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> Limbs {
	let (r0, carry) = a0.carrying_add(b0, false);
	let (r1, carry) = a1.carrying_add(b1, carry);
	let (r2, carry) = a2.carrying_add(b2, carry);
	let (r3, _) = a3.carrying_add(b3, carry);
	[r0, r1, r2, r3]
}

/// The difference modulo 2^256, and whether it is negative.
#[inline(always)]
fn difference([a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> (Limbs, bool) {
	let (r0, borrow) = a0.borrowing_sub(b0, false);
	let (r1, borrow) = a1.borrowing_sub(b1, borrow);
	let (r2, borrow) = a2.borrowing_sub(b2, borrow);
	let (r3, borrow) = a3.borrowing_sub(b3, borrow);
	([r0, r1, r2, r3], borrow)
}

/// The modulus where `condition` holds, otherwise zero.
#[inline(always)]
fn modulus_if(condition: bool) -> Limbs {
	let mask = u64::from(condition).wrapping_neg();
	let [p0, p1, p2, p3] = P;
	[p0 & mask, p1 & mask, p2 & mask, p3 & mask]
}

/// A number below `2p`, modulo `p`.
#[inline(always)]
fn below_modulus(number: Limbs) -> Fp {
	let (less, negative) = difference(number, P);
	Fp(sum(less, modulus_if(negative)))
}

impl Fp {
	pub(crate) const ZERO: Self = Self([0; 4]);
	pub(crate) const ONE: Self = Self(<FqConfig as MontConfig<4>>::R.0);
	/// The element whose bytes in memory are the largest.
	#[cfg(test)]
	pub(crate) const LARGEST: Self = {
		let [p0, p1, p2, p3] = P;
		Self([p0.wrapping_sub(1), p1, p2, p3])
	};

	/// The product, not reduced.
	#[inline(always)]
	pub(crate) fn times(self, other: Self) -> Wide {
		Wide::product(self.0, other.0)
	}

	/// `(a + b) * c` with the sum not reduced.
	#[inline(always)]
	pub(crate) fn sum_times((a, b): (Self, Self), c: Self) -> Wide {
		Wide::product(sum(a.0, b.0), c.0)
	}

	/// `(a + b) * (c + d)` with the sums not reduced.
	#[inline(always)]
	pub(crate) fn sum_times_sum((a, b): (Self, Self), (c, d): (Self, Self)) -> Wide {
		Wide::product(sum(a.0, b.0), sum(c.0, d.0))
	}

	/// Nine times the element, plus another.
	#[inline(always)]
	pub(crate) fn nine_times_plus(self, other: Self) -> Self {
		let [a0, a1, a2, a3] = self.0;
		let [b0, b1, b2, b3] = other.0;
		let (r0, carry) = a0.carrying_mul_add(9, b0, 0);
		let (r1, carry) = a1.carrying_mul_add(9, b1, carry);
		let (r2, carry) = a2.carrying_mul_add(9, b2, carry);
		let (r3, r4) = a3.carrying_mul_add(9, b3, carry);
		fold([r0, r1, r2, r3, r4])
	}

	#[inline(always)]
	pub(crate) fn square(self) -> Self {
		self * self
	}

	pub(crate) fn inverse(self) -> Option<Self> {
		Fq::from(self).inverse().map(Self::from)
	}
}

impl Add for Fp {
	type Output = Self;

	#[inline(always)]
	fn add(self, other: Self) -> Self {
		below_modulus(sum(self.0, other.0))
	}
}

impl Sub for Fp {
	type Output = Self;

	#[inline(always)]
	fn sub(self, other: Self) -> Self {
		let (less, negative) = difference(self.0, other.0);
		Self(sum(less, modulus_if(negative)))
	}
}

impl Neg for Fp {
	type Output = Self;

	#[inline(always)]
	fn neg(self) -> Self {
		Self::ZERO - self
	}
}

impl Mul for Fp {
	type Output = Self;

	#[inline(always)]
	/// Arkworks interleaves a single product with its reduction, which is faster.
	fn mul(self, other: Self) -> Self {
		(Fq::from(self) * Fq::from(other)).into()
	}
}

/// `64 p`: times `2^256` it is added before a reduction, so that nothing negative is left.
const OFFSET: [u64; 5] = {
	let [p0, p1, p2, p3] = P;
	[
		p0.wrapping_shl(6),
		p1.wrapping_shl(6) | p0.wrapping_shr(58),
		p2.wrapping_shl(6) | p1.wrapping_shr(58),
		p3.wrapping_shl(6) | p2.wrapping_shr(58),
		p3.wrapping_shr(58),
	]
};

/// The lowest bit that the estimate of a quotient by `p` looks at.
const QUOTIENT_BIT: u32 = 240;
/// `2^44 / (p / 2^240 + 1)`, both divisions rounded down.
const QUOTIENT_FACTOR: u64 = {
	let [_, _, _, highest] = P;
	1_u64
		.wrapping_shl(44)
		.div_euclid(highest.wrapping_shr(QUOTIENT_BIT % u64::BITS).wrapping_add(1))
};

/// A number below `2^12 p`, modulo `p`.
///
/// The quotient is estimated from the number's bits above 2^240: too low by less than 1, because
/// `number / p` is below `2^12` and differs from the estimate by less than `2^12 / 12388 + 1 / 12388`, and
/// never too high. One subtraction mends it.
#[inline(always)]
fn fold([n0, n1, n2, n3, n4]: [u64; 5]) -> Fp {
	const SHIFT: u32 = QUOTIENT_BIT % u64::BITS;
	let top = n3.wrapping_shr(SHIFT) | n4.wrapping_shl(u64::BITS.wrapping_sub(SHIFT));
	let quotient = top.wrapping_mul(QUOTIENT_FACTOR).wrapping_shr(44);
	let [p0, p1, p2, p3] = P;
	let (q0, carry) = p0.carrying_mul(quotient, 0);
	let (q1, carry) = p1.carrying_mul(quotient, carry);
	let (q2, carry) = p2.carrying_mul(quotient, carry);
	let (q3, _) = p3.carrying_mul(quotient, carry);
	let (rest, _) = difference([n0, n1, n2, n3], [q0, q1, q2, q3]);
	below_modulus(rest)
}

/// A signed integer in 576 bits: a sum of products of elements. Its absolute value stays below
/// `64 p 2^256`, which is more than three hundred products.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide([u64; 9]);

impl Wide {
	/// The product of two numbers below `2p`.
	#[inline(always)]
	fn product([a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> Self {
		let (r0, carry) = a0.carrying_mul(b0, 0);
		let (r1, carry) = a0.carrying_mul(b1, carry);
		let (r2, carry) = a0.carrying_mul(b2, carry);
		let (r3, r4) = a0.carrying_mul(b3, carry);

		let (r1, carry) = a1.carrying_mul_add(b0, r1, 0);
		let (r2, carry) = a1.carrying_mul_add(b1, r2, carry);
		let (r3, carry) = a1.carrying_mul_add(b2, r3, carry);
		let (r4, r5) = a1.carrying_mul_add(b3, r4, carry);

		let (r2, carry) = a2.carrying_mul_add(b0, r2, 0);
		let (r3, carry) = a2.carrying_mul_add(b1, r3, carry);
		let (r4, carry) = a2.carrying_mul_add(b2, r4, carry);
		let (r5, r6) = a2.carrying_mul_add(b3, r5, carry);

		let (r3, carry) = a3.carrying_mul_add(b0, r3, 0);
		let (r4, carry) = a3.carrying_mul_add(b1, r4, carry);
		let (r5, carry) = a3.carrying_mul_add(b2, r5, carry);
		let (r6, r7) = a3.carrying_mul_add(b3, r6, carry);
		Self([r0, r1, r2, r3, r4, r5, r6, r7, 0])
	}

	/// Nine times the number.
	#[inline(always)]
	pub(crate) fn nine_times(self) -> Self {
		let [n0, n1, n2, n3, n4, n5, n6, n7, n8] = self.0;
		let shifted = |high: u64, low: u64| high.wrapping_shl(3) | low.wrapping_shr(61);
		let eight_times = Self([
			n0.wrapping_shl(3),
			shifted(n1, n0),
			shifted(n2, n1),
			shifted(n3, n2),
			shifted(n4, n3),
			shifted(n5, n4),
			shifted(n6, n5),
			shifted(n7, n6),
			shifted(n8, n7),
		]);
		eight_times + self
	}

	/// Montgomery's reduction: the number divided by `2^256` modulo `p`, as an integer below itself
	/// divided by `2^256`, plus `p`.
	#[inline(always)]
	fn montgomery([n0, n1, n2, n3, n4, n5, n6, n7, n8]: [u64; 9]) -> [u64; 5] {
		let [p0, p1, p2, p3] = P;
		let factor = n0.wrapping_mul(MINUS_ONE_BY_P);
		let (_, carry) = factor.carrying_mul_add(p0, n0, 0);
		let (n1, carry) = factor.carrying_mul_add(p1, n1, carry);
		let (n2, carry) = factor.carrying_mul_add(p2, n2, carry);
		let (n3, carry) = factor.carrying_mul_add(p3, n3, carry);
		let (n4, over) = n4.carrying_add(carry, false);

		let factor = n1.wrapping_mul(MINUS_ONE_BY_P);
		let (_, carry) = factor.carrying_mul_add(p0, n1, 0);
		let (n2, carry) = factor.carrying_mul_add(p1, n2, carry);
		let (n3, carry) = factor.carrying_mul_add(p2, n3, carry);
		let (n4, carry) = factor.carrying_mul_add(p3, n4, carry);
		let (n5, over) = n5.carrying_add(carry, over);

		let factor = n2.wrapping_mul(MINUS_ONE_BY_P);
		let (_, carry) = factor.carrying_mul_add(p0, n2, 0);
		let (n3, carry) = factor.carrying_mul_add(p1, n3, carry);
		let (n4, carry) = factor.carrying_mul_add(p2, n4, carry);
		let (n5, carry) = factor.carrying_mul_add(p3, n5, carry);
		let (n6, over) = n6.carrying_add(carry, over);

		let factor = n3.wrapping_mul(MINUS_ONE_BY_P);
		let (_, carry) = factor.carrying_mul_add(p0, n3, 0);
		let (n4, carry) = factor.carrying_mul_add(p1, n4, carry);
		let (n5, carry) = factor.carrying_mul_add(p2, n5, carry);
		let (n6, carry) = factor.carrying_mul_add(p3, n6, carry);
		let (n7, over) = n7.carrying_add(carry, over);
		[n4, n5, n6, n7, n8.wrapping_add(u64::from(over))]
	}

	/// The element that the number stands for.
	#[inline(always)]
	pub(crate) fn reduce(self) -> Fp {
		let [n0, n1, n2, n3, n4, n5, n6, n7, n8] = self.0;
		let [o4, o5, o6, o7, o8] = OFFSET;
		let (n4, carry) = n4.carrying_add(o4, false);
		let (n5, carry) = n5.carrying_add(o5, carry);
		let (n6, carry) = n6.carrying_add(o6, carry);
		let (n7, carry) = n7.carrying_add(o7, carry);
		let (n8, _) = n8.carrying_add(o8, carry);
		fold(Self::montgomery([n0, n1, n2, n3, n4, n5, n6, n7, n8]))
	}

	/// The same of a number that is not negative and below `p 2^256`: one product, or the sum of up to five
	/// products of elements.
	#[inline(always)]
	pub(crate) fn reduce_small(self) -> Fp {
		let [r0, r1, r2, r3, _] = Self::montgomery(self.0);
		below_modulus([r0, r1, r2, r3])
	}

	/// The same of the difference of two products of elements.
	#[inline(always)]
	pub(crate) fn reduce_difference(self) -> Fp {
		let [n0, n1, n2, n3, n4, n5, n6, n7, n8] = self.0;
		let [n4, n5, n6, n7] = sum([n4, n5, n6, n7], modulus_if(n8 != 0));
		Self([n0, n1, n2, n3, n4, n5, n6, n7, 0]).reduce_small()
	}
}

impl Add for Wide {
	type Output = Self;

	#[inline(always)]
	fn add(self, other: Self) -> Self {
		let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
		let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = other.0;
		let (r0, carry) = a0.carrying_add(b0, false);
		let (r1, carry) = a1.carrying_add(b1, carry);
		let (r2, carry) = a2.carrying_add(b2, carry);
		let (r3, carry) = a3.carrying_add(b3, carry);
		let (r4, carry) = a4.carrying_add(b4, carry);
		let (r5, carry) = a5.carrying_add(b5, carry);
		let (r6, carry) = a6.carrying_add(b6, carry);
		let (r7, carry) = a7.carrying_add(b7, carry);
		let (r8, _) = a8.carrying_add(b8, carry);
		Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
	}
}

impl Sub for Wide {
	type Output = Self;

	#[inline(always)]
	fn sub(self, other: Self) -> Self {
		let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
		let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = other.0;
		let (r0, borrow) = a0.borrowing_sub(b0, false);
		let (r1, borrow) = a1.borrowing_sub(b1, borrow);
		let (r2, borrow) = a2.borrowing_sub(b2, borrow);
		let (r3, borrow) = a3.borrowing_sub(b3, borrow);
		let (r4, borrow) = a4.borrowing_sub(b4, borrow);
		let (r5, borrow) = a5.borrowing_sub(b5, borrow);
		let (r6, borrow) = a6.borrowing_sub(b6, borrow);
		let (r7, borrow) = a7.borrowing_sub(b7, borrow);
		let (r8, _) = a8.borrowing_sub(b8, borrow);
		Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
	}
}

#[cfg(test)]
#[allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	reason = "tests fail by panicking"
)]
mod tests {
	use super::*;
	use ark_ff::{AdditiveGroup, UniformRand};
	use proptest::prelude::*;
	use rand::{rngs::StdRng, SeedableRng};

	/// Elements whose bytes in memory are at the edges, and others.
	fn elements(rng: &mut StdRng) -> Vec<Fq> {
		let in_memory = |limbs| Fq::from(Fp(limbs));
		let [p0, p1, p2, p3] = P;
		let mut all = vec![Fq::ZERO, Fq::ONE, -Fq::ONE, Fq::from(2_u64), -Fq::from(9_u64)];
		all.extend([
			in_memory([1, 0, 0, 0]),
			in_memory([p0 - 1, p1, p2, p3]),
			in_memory([p0 - 2, p1, p2, p3]),
			in_memory([u64::MAX, u64::MAX, u64::MAX, p3 - 1]),
			in_memory([u64::MAX, 0, u64::MAX, 0]),
			in_memory([0, 0, 0, p3]),
			in_memory([p0 / 2 + 1, p1 / 2, p2 / 2, p3 / 2]),
		]);
		all.extend((0..20).map(|_| Fq::rand(rng)));
		all
	}

	#[test]
	fn elements_should_be_those_of_arkworks() {
		assert_eq!((Fq::from(Fp::ZERO), Fq::from(Fp::ONE)), (Fq::ZERO, Fq::ONE));
		let mut rng = StdRng::seed_from_u64(1);
		let all = elements(&mut rng);
		for a in &all {
			let ours = Fp::from(*a);
			assert_eq!(Fq::from(ours), *a);
			assert_eq!(Fq::from(-ours), -*a);
			assert_eq!(Fq::from(ours.square()), a.square());
			assert_eq!(ours.inverse().map(Fq::from), a.inverse());
			for b in &all {
				let other = Fp::from(*b);
				assert_eq!(Fq::from(ours + other), *a + b);
				assert_eq!(Fq::from(ours - other), *a - b);
				assert_eq!(Fq::from(ours * other), *a * b);
				assert_eq!(Fq::from(ours.nine_times_plus(other)), Fq::from(9_u64) * a + b);
				assert_eq!(ours == other, a == b);
			}
		}
	}

	#[test]
	fn products_should_reduce_to_those_of_arkworks() {
		let mut rng = StdRng::seed_from_u64(2);
		let all = elements(&mut rng);
		for a in &all {
			for b in &all {
				let (ours, other) = (Fp::from(*a), Fp::from(*b));
				let product = ours.times(other);
				assert_eq!(Fq::from(product.reduce_small()), *a * b);
				assert_eq!(Fq::from(product.reduce()), *a * b);
				assert_eq!(Fq::from(product.nine_times().reduce()), *a * b * Fq::from(9_u64));
				assert_eq!(Fq::from((product + product).reduce()), (*a * b).double());
				for c in &all {
					let third = Fp::from(*c);
					let both = Fp::sum_times((ours, other), third);
					assert_eq!(Fq::from(both.reduce_small()), (*a + b) * c);
					let squares = Fp::sum_times_sum((ours, third), (third, other));
					assert_eq!(Fq::from(squares.reduce_small()), (*a + c) * (*c + b));
					let less = product - third.times(other);
					assert_eq!(Fq::from(less.reduce_difference()), *a * b - *c * b);
					assert_eq!(Fq::from(less.reduce()), *a * b - *c * b);
				}
			}
		}
	}

	#[test]
	fn sums_should_reduce_up_to_three_hundred_largest_products() {
		let mut rng = StdRng::seed_from_u64(3);
		let (largest, zero) = (Fp::LARGEST, Fp::ZERO.times(Fp::ZERO));
		let square = Fq::from(largest).square();
		let (mut more, mut less) = (zero, zero);
		for count in 0..=300_u64 {
			assert_eq!(Fq::from(more.reduce()), square * Fq::from(count));
			assert_eq!(Fq::from(less.reduce()), -square * Fq::from(count));
			more = more + largest.times(largest);
			less = less - largest.times(largest);
		}
		for _ in 0..200 {
			let (mut sum, mut expected) = (zero, Fq::ZERO);
			for place in 0..300 {
				let (a, b) = (Fq::rand(&mut rng), Fq::rand(&mut rng));
				let product = Fp::from(a).times(b.into());
				if (place ^ (place / 7)) % 2 == 0 {
					(sum, expected) = (sum + product, expected + a * b);
				} else {
					(sum, expected) = (sum - product, expected - a * b);
				}
			}
			assert_eq!(Fq::from(sum.reduce()), expected);
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

		/// Whatever multiple of the modulus is on top, and one less and more.
		#[test]
		fn prop_fold_should_take_off_the_multiple(quotient in 0..4_096_u64, rest: [u64; 4], edge in 0..4) {
			let rest = match edge {
				0 => [0; 4],
				1 => [1, 0, 0, 0],
				2 => Fp::LARGEST.0,
				_ => Fp::from(Fq::from_be_bytes_mod_order(rest.map(u64::to_be_bytes).as_flattened())).0,
			};
			let [p0, p1, p2, p3] = P;
			let mut carry = 0;
			let mut number = [0; 5];
			for (place, (limb, add)) in [p0, p1, p2, p3].into_iter().zip(rest).enumerate() {
				(number[place], carry) = limb.carrying_mul_add(quotient, add, carry);
			}
			number[4] = carry;
			prop_assert_eq!(fold(number), Fp(rest));
		}
	}
}
