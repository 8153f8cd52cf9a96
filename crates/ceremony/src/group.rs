// SPDX-License-Identifier: Apache-2.0
//! Many multiplications of points: by scalars that are used again and again, and a Fourier transform.
//!
//! A scalar is split in two of half its length by the curve's endomorphism (Gallant, Lambert,
//! Vanstone 2001), and these are recoded in non-adjacent form of width 4, so that a multiplication
//! takes 128 doublings and some 55 additions.

use crate::progress::Progress;
use ark_bn254::Fr;
use ark_ec::{
	scalar_mul::glv::GLVConfig,
	short_weierstrass::{Affine, Projective},
	AdditiveGroup, AffineRepr, CurveGroup, VariableBaseMSM,
};
use ark_ff::{BigInteger, One, PrimeField, Zero};
use rayon::prelude::*;
use std::marker::PhantomData;
use zeroize::Zeroize;

/// A curve over BN254's scalars with an endomorphism.
pub(crate) trait Curve: GLVConfig<ScalarField = Fr> {}
impl<P: GLVConfig<ScalarField = Fr>> Curve for P {}

/// Odd multiples up to `2^WIDTH - 1` halved are kept: P, 3P, 5P, 7P.
const WIDTH: u32 = 4;
const TABLE: usize = 1 << (WIDTH - 2);
/// From so many terms on, arkworks' bucket method is faster.
const BUCKETS_FROM: usize = 48;

/// A scalar, split and recoded; least significant digits first.
pub(crate) struct Recoded<P> {
	halves: [Vec<i8>; 2],
	/// Each curve has an endomorphism of its own.
	curve: PhantomData<fn() -> P>,
}

impl<P: Curve> Recoded<P> {
	pub(crate) fn new(scalar: Fr) -> Self {
		let ((low_positive, low), (high_positive, high)) = P::scalar_decomposition(scalar);
		let halves = [digits(low, low_positive), digits(high, high_positive)];
		Self { halves, curve: PhantomData }
	}

	fn len(&self) -> usize {
		self.halves[0].len().max(self.halves[1].len())
	}
}

impl<P> Drop for Recoded<P> {
	/// It may be a contributor's secret.
	fn drop(&mut self) {
		self.halves.iter_mut().for_each(Zeroize::zeroize);
	}
}

fn digits(scalar: Fr, is_positive: bool) -> Vec<i8> {
	let mut rest = scalar.into_bigint();
	let mut digits = Vec::with_capacity(132);
	while !rest.is_zero() {
		let mut digit = 0;
		if rest.is_odd() {
			let low = (rest.0[0] & ((1 << WIDTH) - 1)) as i8;
			digit = if low >= 1 << (WIDTH - 1) { low - (1 << WIDTH) } else { low };
			let size = ark_ff::BigInt::from(u64::from(digit.unsigned_abs()));
			if digit > 0 {
				rest.sub_with_borrow(&size);
			} else {
				rest.add_with_carry(&size);
			}
		}
		digits.push(if is_positive { digit } else { -digit });
		rest.div2();
	}
	rest.zeroize();
	digits
}

/// The odd multiples of a point, and the same under the endomorphism.
struct Table<P: Curve>([[Projective<P>; TABLE]; 2]);

impl<P: Curve> Table<P> {
	fn new(point: Projective<P>) -> Self {
		let double = point.double();
		let mut odd = [point; TABLE];
		for index in 1..TABLE {
			odd[index] = odd[index - 1] + double;
		}
		Self([odd, odd.map(|multiple| P::endomorphism(&multiple))])
	}
}

/// The sum of points times scalars, all in one run of doublings.
fn straus<P: Curve>(terms: &[(Table<P>, &Recoded<P>)]) -> Projective<P> {
	let length = terms.iter().map(|(_, scalar)| scalar.len()).max().unwrap_or(0);
	let mut sum = Projective::<P>::zero();
	for place in (0..length).rev() {
		sum.double_in_place();
		for (Table(tables), scalar) in terms {
			for (table, digits) in tables.iter().zip(&scalar.halves) {
				let digit = digits.get(place).copied().unwrap_or(0);
				let multiple = usize::from(digit.unsigned_abs() / 2);
				match digit {
					1.. => sum += &table[multiple],
					0 => {},
					_ => sum -= &table[multiple],
				}
			}
		}
	}
	sum
}

/// A point times a scalar.
pub(crate) fn times<P: Curve>(point: Projective<P>, scalar: &Recoded<P>) -> Projective<P> {
	straus(&[(Table::new(point), scalar)])
}

/// All points times one scalar, in parallel. A step for each of [`blocks`].
pub(crate) fn times_all<P: Curve>(
	points: &[Affine<P>],
	scalar: Fr,
	progress: &dyn Progress,
) -> Vec<Affine<P>> {
	let scalar = Recoded::new(scalar);
	let blocks: Vec<Vec<Affine<P>>> = points
		.par_chunks(BLOCK)
		.map(|points| {
			let products: Vec<_> =
				points.iter().map(|point| times_affine(*point, &scalar)).collect();
			let products = Projective::normalize_batch(&products);
			progress.step();
			products
		})
		.collect();
	blocks.concat()
}

/// Queries are half full of identities.
fn times_affine<P: Curve>(point: Affine<P>, scalar: &Recoded<P>) -> Projective<P> {
	if point.is_zero() {
		Projective::zero()
	} else {
		times(point.into(), scalar)
	}
}

pub(crate) const BLOCK: usize = 1024;

/// Blocks that so many points are worked on in.
pub(crate) fn blocks(points: usize) -> u64 {
	points.div_ceil(BLOCK) as u64
}

/// The sum of points times scalars: additions for ones and minus ones, one run of doublings for a few
/// terms, buckets for many.
pub(crate) fn sum_of_products<P: Curve>(
	terms: impl Iterator<Item = (Fr, Affine<P>)>,
) -> Projective<P> {
	let mut sum = Projective::<P>::zero();
	let minus_one = -Fr::one();
	let (mut points, mut scalars) = (Vec::new(), Vec::new());
	for (scalar, point) in terms {
		if scalar.is_one() {
			sum += point;
		} else if scalar == minus_one {
			sum -= point;
		} else {
			points.push(point);
			scalars.push(scalar);
		}
	}
	if points.len() >= BUCKETS_FROM {
		return sum + Projective::<P>::msm_unchecked(&points, &scalars);
	}
	let scalars: Vec<_> = scalars.into_iter().map(Recoded::new).collect();
	let terms: Vec<_> =
		points.into_iter().map(|point| Table::new(point.into())).zip(&scalars).collect();
	sum + straus(&terms)
}

/// The Lagrange basis at tau times the size of the domain, from the powers of tau: the inverse
/// Fourier transform of points without its last division. A step for each power of two.
pub(crate) fn scaled_lagrange<P: Curve>(
	powers: &[Affine<P>],
	twiddles: &Twiddles<P>,
	progress: &dyn Progress,
) -> Vec<Affine<P>> {
	let size = powers.len();
	let shift = usize::BITS - size.trailing_zeros();
	let mut points: Vec<Projective<P>> = (0..size)
		.map(|index| powers[index.reverse_bits().checked_shr(shift).unwrap_or(0)].into())
		.collect();
	let mut half = 1;
	while half < size {
		let stride = size / (2 * half);
		points.par_chunks_mut(2 * half).for_each(|block| {
			let (low, high) = block.split_at_mut(half);
			low.par_iter_mut().zip(high).enumerate().with_min_len(16).for_each(
				|(index, (low, high))| {
					let product = match index {
						0 => *high,
						_ => times(*high, &twiddles.0[index * stride]),
					};
					*high = *low - product;
					*low += product;
				},
			);
		});
		progress.step();
		half *= 2;
	}
	Projective::normalize_batch(&points)
}

/// The powers of the domain's inverse generator, recoded.
pub(crate) struct Twiddles<P>(Vec<Recoded<P>>);

impl<P: Curve> Twiddles<P> {
	/// For a domain with this inverse generator, as large as `size`.
	pub(crate) fn new(inverse_generator: Fr, size: usize) -> Self {
		let mut power = Fr::one();
		let mut powers = Vec::with_capacity(size / 2);
		for _ in 0..size / 2 {
			powers.push(power);
			power *= inverse_generator;
		}
		Self(powers.into_par_iter().map(Recoded::new).collect())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Silent;
	use ark_bn254::{g1, g2};
	use ark_ec::PrimeGroup;
	use ark_ff::UniformRand;
	use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
	use rand::{rngs::StdRng, SeedableRng};

	fn scalars(rng: &mut StdRng) -> Vec<Fr> {
		let small = (0u64..40).map(Fr::from);
		let large = (1u64..10).map(|small| -Fr::from(small));
		let two = Fr::from(2u64);
		let powers = (0..254u64).map(|power| ark_ff::Field::pow(&two, [power]));
		small.chain(large).chain(powers).chain((0..50).map(|_| Fr::rand(rng))).collect()
	}

	fn products_should_equal_those_of_arkworks<P: Curve>() {
		let mut rng = StdRng::seed_from_u64(1);
		let point = Projective::<P>::rand(&mut rng);
		for scalar in scalars(&mut rng) {
			assert_eq!(times(point, &Recoded::new(scalar)), point * scalar, "{scalar}");
		}
		assert!(times(Projective::<P>::zero(), &Recoded::new(Fr::from(5u64))).is_zero());
	}

	#[test]
	fn products_should_equal_those_of_arkworks_when_split_and_recoded() {
		products_should_equal_those_of_arkworks::<g1::Config>();
		products_should_equal_those_of_arkworks::<g2::Config>();
	}

	#[test]
	fn sums_should_equal_those_of_arkworks_when_few_or_many() {
		let mut rng = StdRng::seed_from_u64(2);
		let scalars = scalars(&mut rng);
		for count in [0, 1, 3, 47, 48, scalars.len()] {
			let terms: Vec<_> = scalars[..count]
				.iter()
				.map(|scalar| (*scalar, Affine::<g1::Config>::rand(&mut rng)))
				.collect();
			let expected: Projective<_> =
				terms.iter().map(|(scalar, point)| *point * *scalar).sum();
			assert_eq!(sum_of_products(terms.into_iter()), expected, "{count}");
		}
	}

	#[test]
	fn lagrange_basis_should_be_that_of_the_domain() {
		let mut rng = StdRng::seed_from_u64(3);
		let tau = Fr::rand(&mut rng);
		let generator = Projective::<g1::Config>::generator();
		for power in 0..6 {
			let size = 1 << power;
			let domain = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
			let powers: Vec<_> = (0..size as u64)
				.map(|power| (generator * ark_ff::Field::pow(&tau, [power])).into_affine())
				.collect();
			let twiddles = Twiddles::new(domain.group_gen_inv(), size);
			let found = scaled_lagrange(&powers, &twiddles, &Silent);
			let basis = domain.evaluate_all_lagrange_coefficients(tau);
			for (found, value) in found.into_iter().zip(basis) {
				assert_eq!(found, (generator * (value * Fr::from(size as u64))).into_affine());
			}
		}
	}
}
