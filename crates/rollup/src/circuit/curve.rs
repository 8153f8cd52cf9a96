// SPDX-License-Identifier: Apache-2.0
//! Points of Baby Jubjub, `x^2 + y^2 = 1 + d x^2 y^2`, as constraints.
//!
//! `a = 1` is a square and `d` is not, so the addition law is complete (Bernstein, Lange 2007,
//! theorem 3.3): for points on the curve no denominator is zero, and sum and double are determined.
//! Every point here is on the curve because it starts from constants or from
//! [`Point::enforce_on_curve`].

use super::num::{Builder, Num, Result};
use crate::Scalar;
use ark_ec::{twisted_edwards::TECurveConfig, AffineRepr, CurveGroup};
use ark_ed_on_bn254::{EdwardsAffine, EdwardsConfig, EdwardsProjective, Fr as SubgroupScalar};
use ark_ff::{PrimeField, Zero};
use ark_relations::gr1cs::SynthesisError;
use std::sync::LazyLock;

const D: Scalar = EdwardsConfig::COEFF_D;

/// Bits of a scalar that one step of a multiplication of the generator takes.
const FIXED_WINDOW: usize = 3;
/// Bits of a scalar that one step of a multiplication of another point takes.
const WINDOW: usize = 2;

#[derive(Clone, Debug)]
pub(crate) struct Point {
	pub(crate) x: Num,
	pub(crate) y: Num,
}

impl Point {
	/// States the equation of the curve. Three constraints.
	pub(crate) fn enforce_on_curve(&self, b: &Builder) -> Result<()> {
		let x_squared = b.product(&self.x, &self.x)?;
		let y_squared = b.product(&self.y, &self.y)?;
		let scaled = &x_squared * D;
		b.enforce(&scaled, &y_squared, &(&(&x_squared + &y_squared) - &b.one()))
	}

	pub(crate) fn negate(&self) -> Self {
		Self { x: -&self.x, y: self.y.clone() }
	}

	/// Six constraints.
	pub(crate) fn add(&self, b: &Builder, other: &Self) -> Result<Self> {
		let across = b.product(&self.x, &other.y)?;
		let back = b.product(&self.y, &other.x)?;
		let both = b.product(&(&self.x + &self.y), &(&other.y - &other.x))?;
		let shift = &b.product(&across, &back)? * D;
		// both = x1 y2 - x1 x2 + y1 y2 - y1 x2
		let [x, y] = b.quotients([&(&across + &back), &(&(&both - &across) + &back)], &shift)?;
		Ok(Self { x, y })
	}

	/// Five constraints.
	pub(crate) fn double(&self, b: &Builder) -> Result<Self> {
		let product = b.product(&self.x, &self.y)?;
		let difference = b.product(&(&self.y - &self.x), &(&self.y + &self.x))?;
		let shift = &b.product(&product, &product)? * D;
		let [x, y] = b.quotients([&(&product + &product), &difference], &shift)?;
		Ok(Self { x, y })
	}

	/// This point times the sum of `2^i` for each one and `-2^i` for each zero among these bits,
	/// lowest first; their number is even and not zero.
	///
	/// Two bits make one of the digits -3, -1, 1, 3: a table of two points and a sign.
	pub(crate) fn multiply_signed(&self, b: &Builder, bits: &[Num]) -> Result<Self> {
		let table = [self.clone(), self.double(b)?.add(b, self)?];
		let mut windows = bits.chunks(WINDOW).rev();
		let first = windows.next().ok_or(SynthesisError::Unsatisfiable)?;
		let mut sum = select_signed(b, first, &table)?;
		for window in windows {
			for _ in 0..WINDOW {
				sum = sum.double(b)?;
			}
			sum = sum.add(b, &select_signed(b, window, &table)?)?;
		}
		Ok(sum)
	}

	/// This point plus the generator times the integer with these bits, lowest first, of which
	/// there are at most as many as the subgroup's order has.
	pub(crate) fn add_generator_multiple(&self, b: &Builder, bits: &[Num]) -> Result<Self> {
		let mut sum = self.clone();
		for (window, table) in bits.chunks(FIXED_WINDOW).zip(GENERATOR_TABLES.iter()) {
			let zero = b.zero();
			let bit = |place| window.get(place).unwrap_or(&zero);
			let chosen = select_constant(b, [bit(0), bit(1), bit(2)], table)?;
			sum = sum.add(b, &chosen)?;
		}
		Ok(sum)
	}
}

/// The table's first point times `2 (2 high - 1) + (2 low - 1)`; its second one is thrice the first.
/// Four constraints.
fn select_signed(b: &Builder, window: &[Num], [one, three]: &[Point; 2]) -> Result<Point> {
	let [low, high] = window else {
		return Err(SynthesisError::Unsatisfiable);
	};
	// The digit is three in size where the bits agree; then the second factor is its sign and the
	// first is zero. Otherwise it is the other way round.
	let from_one = b.product(&(high - low), &one.x)?;
	let x = &from_one + &b.product(&(&(low + high) - &b.one()), &three.x)?;
	let both = b.product(low, high)?;
	let agree = &(&(&b.one() - low) - high) + &(&both + &both);
	let y = &one.y + &b.product(&agree, &(&three.y - &one.y))?;
	Ok(Point { x, y })
}

/// Multiples 0 to 7 of the generator times `8^window`, for each window of a scalar.
static GENERATOR_TABLES: LazyLock<Vec<[EdwardsAffine; 1 << FIXED_WINDOW]>> = LazyLock::new(|| {
	let windows = (SubgroupScalar::MODULUS_BIT_SIZE as usize).div_ceil(FIXED_WINDOW);
	let mut base = EdwardsAffine::generator().into_group();
	let mut tables = Vec::with_capacity(windows);
	for _ in 0..windows {
		let mut multiple = EdwardsProjective::zero();
		tables.push(std::array::from_fn(|_| {
			let affine = multiple.into_affine();
			multiple += base;
			affine
		}));
		base = multiple;
	}
	tables
});

/// `table[window]` for constant points. Three constraints.
///
/// Each coordinate is the polynomial in the three bits, linear in each, that takes the eight
/// values: `low(bits 0, 1) + bit 2 * (high - low)(bits 0, 1)`.
fn select_constant(
	b: &Builder,
	[first, second, third]: [&Num; 3],
	table: &[EdwardsAffine; 1 << FIXED_WINDOW],
) -> Result<Point> {
	let both = b.product(first, second)?;
	let one = b.one();
	let bilinear = |[v0, v1, v2, v3]: [Scalar; 4]| {
		let terms = [(v0, &one), (v1 - v0, first), (v2 - v0, second), (v3 - v2 - v1 + v0, &both)];
		b.linear(terms)
	};
	let coordinate = |values: [Scalar; 1 << FIXED_WINDOW]| -> Result<Num> {
		let [v0, v1, v2, v3, v4, v5, v6, v7] = values;
		let low = bilinear([v0, v1, v2, v3]);
		let high = bilinear([v4, v5, v6, v7]);
		Ok(&low + &b.product(third, &(&high - &low))?)
	};
	Ok(Point { x: coordinate(table.map(|p| p.x))?, y: coordinate(table.map(|p| p.y))? })
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use ark_ff::{AdditiveGroup, BigInteger, Field, UniformRand};
	use rand::SeedableRng;
	use rand_chacha::ChaCha20Rng;

	fn random_points() -> Vec<EdwardsAffine> {
		let rng = &mut ChaCha20Rng::seed_from_u64(2);
		let low_order = EdwardsAffine::new_unchecked(Scalar::zero(), -Scalar::ONE);
		let mut points = vec![EdwardsAffine::zero(), low_order, EdwardsAffine::generator()];
		points.extend((0..3).map(|_| EdwardsAffine::rand(rng)));
		points
	}

	fn allocate(b: &Builder, point: &EdwardsAffine) -> Result<Point> {
		Ok(Point { x: b.witness(point.x)?, y: b.witness(point.y)? })
	}

	fn native((holds, point): (bool, Point)) -> EdwardsAffine {
		assert!(holds);
		EdwardsAffine::new_unchecked(point.x.value, point.y.value)
	}

	#[test]
	fn addition_should_equal_the_native_one() {
		for p in random_points() {
			for q in random_points().into_iter().chain([p, -p]) {
				let sum = tests::run(|b| allocate(b, &p)?.add(b, &allocate(b, &q)?));
				assert_eq!(native(sum), (p + q).into_affine());
			}
			let double = tests::run(|b| allocate(b, &p)?.double(b));
			assert_eq!(native(double), (p + p).into_affine());
			let negative = tests::run(|b| Ok(allocate(b, &p)?.negate()));
			assert_eq!(native(negative), -p);
		}
	}

	#[test]
	fn on_curve_should_reject_when_a_coordinate_is_wrong() {
		for point in random_points() {
			let holds =
				|point: &EdwardsAffine| tests::run(|b| allocate(b, point)?.enforce_on_curve(b)).0;
			assert!(holds(&point));
			let off = EdwardsAffine::new_unchecked(point.x + Scalar::from(3u64), point.y);
			assert!(!holds(&off));
		}
	}

	#[test]
	fn multiplication_should_equal_the_native_one() {
		let rng = &mut ChaCha20Rng::seed_from_u64(3);
		// Low-order points included: the addition law is complete.
		for point in random_points() {
			for number in [0, 1, 2, 3, u128::MAX, 1 << 127, (1 << 127) - 1, u128::rand(rng)] {
				let limbs = [number as u64, (number >> 64) as u64];
				let product =
					tests::run(|b| allocate(b, &point)?.multiply_signed(b, &b.bits(&limbs, 128)?));
				let doubled = point.mul_bigint(limbs) + point.mul_bigint(limbs);
				let shift = point.mul_bigint([u64::MAX, u64::MAX]);
				assert_eq!(native(product), (doubled - shift).into_affine());
			}
		}
	}

	#[test]
	fn multiplication_should_refuse_an_odd_number_of_bits_and_none() {
		let cs = ark_relations::gr1cs::ConstraintSystem::new_ref();
		let b = Builder::new(cs);
		let point = allocate(&b, &EdwardsAffine::generator()).unwrap();
		for count in [0, 3] {
			let bits = b.bits(&[5], count).unwrap();
			let product = point.multiply_signed(&b, &bits);
			assert!(matches!(product, Err(SynthesisError::Unsatisfiable)));
		}
	}

	#[test]
	fn signed_digit_should_be_selected_for_each_window() {
		let point = EdwardsAffine::generator();
		for (number, digit) in [(0u64, -3i64), (1, -1), (2, 1), (3, 3)] {
			let chosen =
				tests::run(|b| allocate(b, &point)?.multiply_signed(b, &b.bits(&[number], 2)?));
			let size = point.mul_bigint([digit.unsigned_abs()]);
			let expected = if digit < 0 { -size } else { size };
			assert_eq!(native(chosen), expected.into_affine());
		}
	}

	#[test]
	fn generator_multiple_should_equal_the_native_one() {
		let rng = &mut ChaCha20Rng::seed_from_u64(4);
		let largest = -SubgroupScalar::ONE;
		for scalar in [SubgroupScalar::ZERO, SubgroupScalar::ONE, largest, UniformRand::rand(rng)] {
			let start = EdwardsAffine::rand(rng);
			let sum = tests::run(|b| {
				let limbs = scalar.into_bigint();
				let bits = b.bits(limbs.as_ref(), SubgroupScalar::MODULUS_BIT_SIZE as usize)?;
				allocate(b, &start)?.add_generator_multiple(b, &bits)
			});
			let expected = EdwardsAffine::generator() * scalar + start;
			assert_eq!(native(sum), expected.into_affine());
		}
	}

	#[test]
	fn generator_tables_should_cover_every_bit_of_the_order() {
		let bits = SubgroupScalar::MODULUS.num_bits() as usize;
		assert!(GENERATOR_TABLES.len() * FIXED_WINDOW >= bits);
	}

	#[test]
	fn arithmetic_should_leave_no_variable_free() {
		let point = EdwardsAffine::generator();
		let constant = |b: &Builder, point: &EdwardsAffine| Point {
			x: b.constant(point.x),
			y: b.constant(point.y),
		};
		let other = (point + point).into_affine();
		tests::assert_all_variables_pinned(|b| constant(b, &point).add(b, &constant(b, &other)));
		tests::assert_all_variables_pinned(|b| constant(b, &point).double(b));
		tests::assert_all_variables_pinned(|b| {
			let bits: Vec<Num> = [1u64, 0, 1, 1].map(|bit| b.constant(Scalar::from(bit))).to_vec();
			constant(b, &point).multiply_signed(b, &bits)?.add_generator_multiple(b, &bits)
		});
	}
}
