// SPDX-License-Identifier: Apache-2.0
//! The default back end: transforms and multi-scalar multiplications of `taceo-ark-algebra`.
//!
//! What makes it faster than the reference: buckets of the multiplications are affine and share
//! inversions (El Housni, Botrel, ePrint 2022/1396, section 5.3); points at infinity, which stand in a
//! key for every variable that a matrix does not use, are left out, and ones are added instead of
//! multiplied; roots of unity and powers of the coset's shift are computed once; and the five
//! multiplications are one queue of work for all threads.

use super::{blinding, step, ProveError, Prover, Watch};
use crate::{circuit::Constraints, Scalar};
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::{
	short_weierstrass::{Affine, Projective, SWCurveConfig},
	AffineRepr, CurveGroup,
};
use ark_ff::{AdditiveGroup, FftField, Field};
use ark_groth16::{Proof, ProvingKey};
use ark_relations::gr1cs::{Matrix, SynthesisError};
use rayon::prelude::*;
use std::{fmt, sync::Arc};
use taceo_ark_algebra::{
	fft::{bit_reverse, powers, Domain},
	msm::msm_unchecked,
};

/// How many elements a thread takes at a time, at least.
const GRAIN: usize = 512;

/// Proofs from a key arranged for the purpose: about 1.5 times the key's memory beside it.
pub struct Fast {
	alpha_g1: G1Affine,
	beta_g1: G1Affine,
	beta_g2: G2Affine,
	delta_g1: G1Affine,
	delta_g2: G2Affine,
	a: Query<ark_bn254::g1::Config>,
	b_g1: Query<ark_bn254::g1::Config>,
	b_g2: Query<ark_bn254::g2::Config>,
	l: Query<ark_bn254::g1::Config>,
	/// In bit-reversed order.
	h: Vec<G1Affine>,
	quotient: Quotient,
	constraints: Arc<Constraints>,
}

impl fmt::Debug for Fast {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Fast").field("domain", &self.h.len()).finish_non_exhaustive()
	}
}

impl Fast {
	/// A back end for a key and the constraints that it was made for.
	///
	/// # Errors
	///
	/// [`SynthesisError::PolynomialDegreeTooLarge`] if there are more constraints than roots of unity.
	pub fn new(
		key: &ProvingKey<Bn254>,
		constraints: Arc<Constraints>,
	) -> Result<Self, SynthesisError> {
		let quotient = Quotient::new(&constraints)?;
		let mut h = key.h_query.clone();
		h.resize(quotient.domain.size(), G1Affine::identity());
		bit_reverse(&mut h);
		Ok(Self {
			alpha_g1: key.vk.alpha_g1,
			beta_g1: key.beta_g1,
			beta_g2: key.vk.beta_g2,
			delta_g1: key.delta_g1,
			delta_g2: key.vk.delta_g2,
			a: Query::new(&key.a_query, 0),
			b_g1: Query::new(&key.b_g1_query, 0),
			b_g2: Query::new(&key.b_g2_query, 0),
			l: Query::new(&key.l_query, constraints.instance_variables),
			h,
			quotient,
			constraints,
		})
	}
}

impl Prover for Fast {
	fn name(&self) -> &'static str {
		"fast"
	}

	fn steps(&self) -> u32 {
		6
	}

	fn prove(&self, assignment: &[Scalar], watch: &dyn Watch) -> Result<Proof<Bn254>, ProveError> {
		self.constraints.check_length(assignment)?;
		let (r, s) = blinding();
		let quotient = step(watch, || self.quotient.of(&self.constraints, assignment))?;
		// The dear one first, so that it does not end alone.
		let (b_g2, (h, (l, (a, b_g1)))) = rayon::join(
			|| step(watch, || self.b_g2.combine(assignment)),
			|| {
				rayon::join(
					|| step(watch, || msm_unchecked(&self.h, &quotient)),
					|| {
						rayon::join(
							|| step(watch, || self.l.combine(assignment)),
							|| {
								rayon::join(
									|| step(watch, || self.a.combine(assignment)),
									|| step(watch, || self.b_g1.combine(assignment)),
								)
							},
						)
					},
				)
			},
		);
		let a = a? + self.alpha_g1 + self.delta_g1 * r;
		let b_g1 = b_g1? + self.beta_g1 + self.delta_g1 * s;
		let b_g2 = b_g2? + self.beta_g2 + self.delta_g2 * s;
		if watch.is_cancelled() {
			return Err(ProveError::Cancelled);
		}
		let c = l? + h? + a * s + b_g1 * r - self.delta_g1 * (r * s);
		Ok(Proof { a: a.into_affine(), b: b_g2.into_affine(), c: c.into_affine() })
	}
}

/// Points of a key that belong to variables, without those at infinity.
struct Query<P: SWCurveConfig> {
	points: Vec<Affine<P>>,
	/// The variable of each point.
	variables: Vec<usize>,
}

impl<P: SWCurveConfig<ScalarField = Scalar>> Query<P> {
	/// Point `i` belongs to variable `first + i`.
	fn new(points: &[Affine<P>], first: usize) -> Self {
		let finite = points.iter().zip(first..).filter(|(point, _)| !point.is_zero());
		let (points, variables) = finite.map(|(point, variable)| (*point, variable)).unzip();
		Self { points, variables }
	}

	/// The sum of the points, each times its variable.
	fn combine(&self, assignment: &[Scalar]) -> Projective<P> {
		let mut sum = Projective::ZERO;
		let (mut points, mut scalars) = (Vec::new(), Vec::new());
		for (point, variable) in self.points.iter().zip(&self.variables) {
			let scalar = assignment[*variable];
			if scalar == Scalar::ONE {
				sum += point;
			} else if scalar != Scalar::ZERO {
				points.push(*point);
				scalars.push(scalar);
			}
		}
		sum + msm_unchecked(&points, &scalars)
	}
}

/// Computes `(A B - C) / Z` for the polynomials that run through the values of the constraints on a
/// domain (Groth, EUROCRYPT 2016), as `ark-groth16` does: on a coset of the domain.
struct Quotient {
	domain: Domain<Scalar>,
	/// Powers of the shift onto the coset, in bit-reversed order.
	shift: Vec<Scalar>,
	/// Powers of the shift back, divided by what Z is on the coset, in bit-reversed order.
	shift_back: Vec<Scalar>,
}

impl Quotient {
	fn new(constraints: &Constraints) -> Result<Self, SynthesisError> {
		let too_large = || SynthesisError::PolynomialDegreeTooLarge;
		let domain = Domain::<Scalar>::new(constraints.domain_size()).ok_or_else(too_large)?;
		let size = domain.size();
		let generator = Scalar::GENERATOR;
		let mut shift = powers(generator, size);
		bit_reverse(&mut shift);
		let vanishing = generator.pow([size as u64]) - Scalar::ONE;
		// Neither is zero: the generator is of full order.
		let back = generator.inverse().ok_or_else(too_large)?;
		let by_vanishing = vanishing.inverse().ok_or_else(too_large)?;
		let mut shift_back = powers(back, size);
		shift_back.par_iter_mut().for_each(|power| *power *= by_vanishing);
		bit_reverse(&mut shift_back);
		Ok(Self { domain, shift, shift_back })
	}

	/// The coefficients, in bit-reversed order.
	fn of(&self, constraints: &Constraints, assignment: &[Scalar]) -> Vec<Scalar> {
		let [a, b] = [0, 1].map(|matrix| constraints.matrices.get(matrix));
		let (mut a, mut b) = rayon::join(
			|| {
				let mut a = self.values(a, assignment);
				// The rows that keep the public inputs apart.
				let inputs = &assignment[..constraints.instance_variables];
				a[constraints.len()..][..inputs.len()].copy_from_slice(inputs);
				a
			},
			|| self.values(b, assignment),
		);
		// The third matrix says the same of an assignment that satisfies the constraints.
		let mut c = a.clone();
		multiply(&mut c, &b);
		rayon::join(
			|| rayon::join(|| self.onto_coset(&mut a), || self.onto_coset(&mut b)),
			|| self.onto_coset(&mut c),
		);
		multiply(&mut a, &b);
		a.par_iter_mut().with_min_len(GRAIN).zip(&c).for_each(|(a, c)| *a -= c);
		self.domain.ifft_in_to_out(&mut a);
		multiply(&mut a, &self.shift_back);
		a
	}

	/// What each row of a matrix comes to, and zeros up to the size of the domain.
	fn values(&self, matrix: Option<&Matrix<Scalar>>, assignment: &[Scalar]) -> Vec<Scalar> {
		let rows = matrix.map_or(&[][..], Vec::as_slice);
		let value = |row: &Vec<(Scalar, usize)>| {
			row.iter().fold(Scalar::ZERO, |sum, (coefficient, variable)| {
				let value = assignment[*variable];
				if *coefficient == Scalar::ONE {
					sum + value
				} else {
					sum + *coefficient * value
				}
			})
		};
		let mut values: Vec<_> = rows.par_iter().with_min_len(GRAIN).map(value).collect();
		values.resize(self.domain.size(), Scalar::ZERO);
		values
	}

	fn onto_coset(&self, values: &mut [Scalar]) {
		self.domain.ifft_in_to_out(values);
		multiply(values, &self.shift);
		self.domain.fft_out_to_in(values);
	}
}

fn multiply(values: &mut [Scalar], factors: &[Scalar]) {
	let pairs = values.par_iter_mut().with_min_len(GRAIN).zip(factors);
	pairs.for_each(|(value, factor)| *value *= factor);
}
