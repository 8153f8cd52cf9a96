// SPDX-License-Identifier: Apache-2.0
//! The lines of the Miller loop through multiples of a point on the twist, and with them, for almost
//! nothing, whether the point is in the subgroup.
//!
//! The optimal ate loop (Vercauteren, IEEE IT 2010) of a BN curve with parameter `x` ends at
//! `[6x + 2]Q + psi(Q) - psi^2(Q)`, where `psi` is the untwist-Frobenius-twist endomorphism. On the
//! subgroup of order `r`, `psi` multiplies by `p`, and `6x + 2 + p - p^2 + p^3 = 0 mod r`, so the loop
//! ends at `-psi^3(Q)`. Nowhere else on the twist: modulo `psi^2 - t psi + p` the polynomial
//! `6x + 2 + X - X^2 + X^3` has a norm whose greatest common divisor with the order of the twist is
//! `r` exactly, so that its kernel is the subgroup (the criterion of Dai, Lin, Zhao, Zhou,
//! ePrint 2022/348; the tests below compute it).

#![allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]

use crate::{fields::Fp2, invert::batch_invert};
use alloc::vec::Vec;
use ark_bn254::{g2, Config, G2Affine};
use ark_ec::{bn::BnConfig, short_weierstrass::SWCurveConfig};

/// A line through two multiples of a point, or the tangent at one, divided so that its term in the y
/// of its argument is 1: at `(x, y)` on G1 it is `1 - slope * (x / y) * w + offset * (1 / y) * v * w`.
/// The factor taken out lies in a proper subfield, which the final exponentiation sends to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
	pub(crate) slope: Fp2,
	pub(crate) offset: Fp2,
}

/// A line before its division: the term in the y of its argument is `denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
	pub(crate) slope: Fp2,
	pub(crate) offset: Fp2,
	pub(crate) denominator: Fp2,
}

/// The lines of one point, in the order of the loop.
#[derive(Clone, Debug)]
pub(crate) enum Lines {
	/// Where dividing costs less than it saves.
	Divided(Vec<Line>),
	/// Where it does not.
	Whole(Vec<Fraction>),
}

impl Lines {
	/// Divides all lines, with one inversion: for points that are used again.
	#[cfg(feature = "std")]
	pub(crate) fn divided(self) -> Self {
		let fractions = match self {
			Self::Whole(fractions) => fractions,
			Self::Divided(_) => return self,
		};
		let mut inverses: Vec<_> = fractions.iter().map(|fraction| fraction.denominator).collect();
		batch_invert(&mut inverses);
		let divided = fractions.iter().zip(inverses);
		let line = |(fraction, inverse): (&Fraction, Fp2)| Line {
			slope: fraction.slope * inverse,
			offset: fraction.offset * inverse,
		};
		Self::Divided(divided.map(line).collect())
	}
}

/// From how many points on divisions are cheaper than coordinates without them: what each point saves
/// in a step of the loop, six or seven multiplications in Fp2, pays for its share of one inversion.
const AFFINE_FROM: usize = 6;

/// The lines of each point on the twist; `None` for a point outside the subgroup of order `r`.
pub(crate) fn lines(points: &[G2Affine]) -> Vec<Option<Lines>> {
	if points.len() < AFFINE_FROM {
		points.iter().map(lines_of_one).collect()
	} else {
		lines_in_step(points)
	}
}

/// Returns true if a point on the twist is in the subgroup of order `r`.
pub(crate) fn is_in_subgroup(point: &G2Affine) -> bool {
	lines_of_one(point).is_some()
}

/// One step of the loop.
enum Step {
	Double,
	/// Adds the point itself, or subtracts it.
	Add(bool),
}

/// The loop up to the additions of Frobenius images: `[6x + 2]Q` by its signed digits.
fn steps() -> impl Iterator<Item = Step> {
	Config::ATE_LOOP_COUNT.iter().rev().skip(1).flat_map(|digit| {
		let add = match digit {
			1 => Some(Step::Add(true)),
			-1 => Some(Step::Add(false)),
			_ => None,
		};
		core::iter::once(Step::Double).chain(add)
	})
}

/// `psi`: the untwist-Frobenius-twist endomorphism.
fn psi(point: &G2Affine) -> G2Affine {
	let (mut x, mut y) = (point.x, point.y);
	x.conjugate_in_place();
	y.conjugate_in_place();
	G2Affine::new_unchecked(x * Config::TWIST_MUL_BY_Q_X, y * Config::TWIST_MUL_BY_Q_Y)
}

/// A point in affine coordinates, which is not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Point {
	x: Fp2,
	y: Fp2,
}

impl From<&G2Affine> for Point {
	fn from(point: &G2Affine) -> Self {
		Self { x: point.x.into(), y: point.y.into() }
	}
}

impl Point {
	fn negative(self) -> Self {
		Self { x: self.x, y: -self.y }
	}
}

/// The last two points that the loop adds, and where it must end.
fn frobenius_images(point: &G2Affine) -> [Point; 3] {
	let first = psi(point);
	let second = psi(&first);
	let third = psi(&second);
	[(&first).into(), Point::from(&second).negative(), Point::from(&third).negative()]
}

/// A multiple of the point, in homogeneous coordinates `x = X/Z`, `y = Y/Z`.
struct Multiple {
	x: Fp2,
	y: Fp2,
	z: Fp2,
}

impl Multiple {
	/// Doubles, and returns the tangent (formulas for `a = 0` as in Aranha, Barreto, Longa, Ricardini,
	/// ePrint 2013/722, section 3, here without halving).
	fn double(&mut self) -> Fraction {
		let xy = (self.x * self.y).double();
		let b = self.y.square();
		let c = self.z.square();
		let e = Fp2::from(g2::Config::COEFF_B) * c.triple();
		let f = e.triple();
		let h = (self.y + self.z).square() - (b + c);
		let j = self.x.square();
		let e_squared = e.square().double().double();
		self.x = xy * (b - f);
		self.y = (b + f).square() - e_squared.triple();
		self.z = (b * h).double().double();
		Fraction { slope: j.triple(), offset: b - e, denominator: h }
	}

	/// Adds a point, and returns the line through both. Leaves `Z = 0`, for ever, if it was the point
	/// itself or its negative.
	fn add(&mut self, point: Point) -> Fraction {
		let slope = self.y - point.y * self.z;
		let denominator = self.x - point.x * self.z;
		let d = denominator.square();
		let e = denominator * d;
		let f = self.z * slope.square();
		let g = self.x * d;
		let h = e + f - g.double();
		self.x = denominator * h;
		self.y = slope * (g - h) - e * self.y;
		self.z = self.z * e;
		let offset = slope * point.x - denominator * point.y;
		Fraction { slope, offset, denominator }
	}

	fn is(&self, point: Point) -> bool {
		self.z != Fp2::ZERO && self.x == point.x * self.z && self.y == point.y * self.z
	}
}

fn lines_of_one(point: &G2Affine) -> Option<Lines> {
	let [first, second, end] = frobenius_images(point);
	let point = Point::from(point);
	let mut multiple = Multiple { x: point.x, y: point.y, z: Fp2::ONE };
	let mut fractions: Vec<_> = steps()
		.map(|step| match step {
			Step::Double => multiple.double(),
			Step::Add(true) => multiple.add(point),
			Step::Add(false) => multiple.add(point.negative()),
		})
		.collect();
	fractions.push(multiple.add(first));
	fractions.push(multiple.add(second));
	if !multiple.is(end) {
		return None;
	}
	Some(Lines::Whole(fractions))
}

/// Points that walk through the loop together, in affine coordinates: they share the inversion that
/// each step takes.
struct Walk {
	at: Vec<Point>,
	lines: Vec<Vec<Line>>,
	/// True if the walk came to a division by zero, which never happens within the subgroup.
	stuck: Vec<bool>,
	inverses: Vec<Fp2>,
}

impl Walk {
	/// Goes on to the third point of each line, given denominators and the numerators of slopes.
	fn go(
		&mut self,
		fraction: impl Fn(usize, Point) -> (Fp2, Fp2),
		other_x: impl Fn(usize, Fp2) -> Fp2,
	) {
		self.inverses.clear();
		let mut numerators = Vec::with_capacity(self.at.len());
		for (index, at) in self.at.iter().enumerate() {
			let (numerator, denominator) = fraction(index, *at);
			numerators.push(numerator);
			self.inverses.push(denominator);
		}
		batch_invert(&mut self.inverses);
		let walkers = self.at.iter_mut().zip(&mut self.lines).zip(&mut self.stuck);
		let slopes = numerators.iter().zip(&self.inverses);
		for (index, (((at, lines), stuck), (numerator, inverse))) in walkers.zip(slopes).enumerate()
		{
			*stuck |= *inverse == Fp2::ZERO;
			let Point { x, y } = *at;
			let slope = *numerator * *inverse;
			lines.push(Line { slope, offset: slope * x - y });
			let next = slope.square() - x - other_x(index, x);
			*at = Point { x: next, y: slope * (x - next) - y };
		}
	}

	fn double(&mut self) {
		self.go(|_, at| (at.x.square().triple(), at.y.double()), |_, x| x);
	}

	/// Adds its own point to each; there are as many.
	fn add(&mut self, points: &[Point]) {
		let zero = Point { x: Fp2::ZERO, y: Fp2::ZERO };
		let point = |index: usize| points.get(index).copied().unwrap_or(zero);
		self.go(
			|index, at| (at.y - point(index).y, at.x - point(index).x),
			|index, _| point(index).x,
		);
	}
}

fn lines_in_step(points: &[G2Affine]) -> Vec<Option<Lines>> {
	let images: Vec<_> = points.iter().map(frobenius_images).collect();
	let points: Vec<_> = points.iter().map(Point::from).collect();
	let opposites: Vec<_> = points.iter().map(|point| point.negative()).collect();
	let mut walk = Walk {
		at: points.clone(),
		lines: alloc::vec![Vec::new(); points.len()],
		stuck: alloc::vec![false; points.len()],
		inverses: Vec::with_capacity(points.len()),
	};
	for step in steps() {
		match step {
			Step::Double => walk.double(),
			Step::Add(true) => walk.add(&points),
			Step::Add(false) => walk.add(&opposites),
		}
	}
	walk.add(&images.iter().map(|[first, _, _]| *first).collect::<Vec<_>>());
	walk.add(&images.iter().map(|[_, second, _]| *second).collect::<Vec<_>>());
	let ends = walk.at.iter().zip(&walk.stuck).zip(&images);
	let inside: Vec<_> = ends.map(|((at, stuck), [_, _, end])| !stuck && at == end).collect();
	walk.lines
		.into_iter()
		.zip(inside)
		.map(|(lines, inside)| inside.then_some(Lines::Divided(lines)))
		.collect()
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
	use ark_bn254::Fq2;
	use ark_ec::{AffineRepr, CurveConfig, CurveGroup};
	use ark_ff::{PrimeField, UniformRand, Zero};
	use num_bigint::BigUint;
	use rand::{rngs::StdRng, SeedableRng};

	/// A point on the twist, hardly ever in the subgroup.
	fn on_twist(rng: &mut StdRng) -> G2Affine {
		std::iter::repeat_with(|| G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), true))
			.find_map(|point| point)
			.unwrap()
	}

	/// Points of every small order that the cofactor allows, and others beside the subgroup.
	fn outside(rng: &mut StdRng) -> Vec<G2Affine> {
		let limbs = g2::Config::COFACTOR.iter().flat_map(|limb| limb.to_le_bytes());
		let cofactor = BigUint::from_bytes_le(&limbs.collect::<Vec<_>>());
		let order = BigUint::from(ark_bn254::Fr::MODULUS);
		let mut points: Vec<_> = (0..20).map(|_| on_twist(rng)).collect();
		for prime in [10_069_u64, 5_864_401, 1_875_725_156_269] {
			assert_eq!(&cofactor % prime, BigUint::from(0_u32));
			for _ in 0..4 {
				let point = on_twist(rng);
				let small = point.mul_bigint((&order * (&cofactor / prime)).to_u64_digits());
				let small = small.into_affine();
				assert!(!small.is_zero() && small.mul_bigint([prime]).is_zero());
				points.push(small);
				points.push((G2Affine::rand(rng) + small).into_affine());
			}
		}
		points
	}

	#[test]
	fn subgroup_should_be_the_one_of_order_r() {
		let mut rng = StdRng::seed_from_u64(1);
		for point in outside(&mut rng) {
			assert!(point.is_on_curve() && !point.is_in_correct_subgroup_assuming_on_curve());
			assert!(!is_in_subgroup(&point));
			let cleared = point.mul_by_cofactor();
			assert!(cleared.is_zero() || is_in_subgroup(&cleared));
		}
		for _ in 0..50 {
			assert!(is_in_subgroup(&G2Affine::rand(&mut rng)));
		}
		assert!(is_in_subgroup(&G2Affine::generator()));
	}

	#[test]
	fn lines_should_be_the_same_in_step_and_alone() {
		let mut rng = StdRng::seed_from_u64(2);
		let mut points = outside(&mut rng);
		for place in (0..points.len()).step_by(3) {
			points[place] = G2Affine::rand(&mut rng);
		}
		for count in [0, 1, AFFINE_FROM - 1, AFFINE_FROM, points.len()] {
			let alone: Vec<_> = points[..count].iter().map(lines_of_one).collect();
			let divided = |lines: Vec<Option<Lines>>| -> Vec<Option<Vec<Line>>> {
				let lines = lines.into_iter().map(|lines| Some(lines?.divided()));
				lines
					.map(|lines| match lines {
						Some(Lines::Divided(lines)) => Some(lines),
						_ => None,
					})
					.collect()
			};
			assert_eq!(divided(lines_in_step(&points[..count])), divided(alone.clone()));
			assert_eq!(divided(lines(&points[..count])), divided(alone.clone()));
			assert!(alone.iter().skip(1).step_by(3).all(Option::is_none));
			assert!(alone.iter().step_by(3).all(Option::is_some));
		}
	}

	#[test]
	fn psi_should_multiply_by_p_in_the_subgroup() {
		let mut rng = StdRng::seed_from_u64(3);
		let point = G2Affine::rand(&mut rng);
		let p = ark_bn254::Fq::MODULUS;
		assert_eq!(psi(&point), point.mul_bigint(p).into_affine());
	}

	/// What the module's documentation says of the polynomial, computed.
	#[test]
	fn relation_should_hold_nowhere_but_in_the_subgroup() {
		use num_bigint::BigInt;
		let x = BigInt::from(Config::X[0]);
		let p: BigInt = BigUint::from(ark_bn254::Fq::MODULUS).into();
		let r: BigInt = BigUint::from(ark_bn254::Fr::MODULUS).into();
		let t = 6 * &x * &x + 1;
		assert_eq!(&p + 1 - &t, r);
		let twist: BigInt = &r * (&p + &t - 1);
		assert!(G2Affine::generator().mul_bigint(twist.magnitude().to_u64_digits()).is_zero());
		let start = 6 * &x + 2;
		assert_eq!((&start + &p - p.pow(2) + p.pow(3)) % &r, BigInt::from(0));
		// Modulo X^2 - tX + p, the polynomial start + X - X^2 + X^3 is a + bX.
		let b = 1 - &t + &t * &t - &p;
		let a = start + &p - &t * &p;
		let norm = &a * &a + &a * &b * &t + &b * &b * &p;
		let mut divisors = (norm, twist);
		while divisors.1 != BigInt::from(0) {
			divisors = (divisors.1.clone(), divisors.0 % divisors.1);
		}
		assert_eq!(divisors.0.magnitude(), r.magnitude());
	}
}
