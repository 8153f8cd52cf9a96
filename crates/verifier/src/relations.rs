// SPDX-License-Identifier: Apache-2.0
//! Relations among a key's points under which proofs are forged from public bytes alone.
//!
//! In an honest key the logarithms of alpha, beta, gamma and delta are random, but for gamma, which is 1
//! in keys of snarkjs. `docs/verification.md` gives the forgery of each relation, and
//! `tests/forgeries.rs` carries it out. C of a proof is paired with delta and free, so that a forgery
//! works up to multiples of delta: relations of a single point are refused plus and minus delta, too.

#![allow(clippy::arithmetic_side_effects, reason = "curve and field arithmetic never overflows")]

use crate::{
	error::KeyError,
	fields::Fp12,
	final_exponentiation::final_exponentiation,
	key::Points,
	lines::lines,
	miller::{arguments, miller_loop},
};
use alloc::vec::Vec;
use ark_bn254::{G1Affine, G1Projective, G2Affine};
use ark_ec::{
	short_weierstrass::{Affine, Projective, SWCurveConfig},
	AffineRepr,
};
use ark_ff::{Field, Zero};

/// Checks that no such relation holds, and returns `e(alpha, beta)`, which the checks compute.
///
/// # Errors
///
/// The first relation that holds, in the order of the variants of [`KeyError`].
pub(crate) fn check(key: &Points) -> Result<Fp12, KeyError> {
	check_g2(key)?;
	let alpha_beta = check_pairings(key)?;
	check_inputs(key)?;
	Ok(alpha_beta)
}

/// Turns the statement that a relation holds into its error.
fn refuse_if(holds: bool, error: KeyError) -> Result<(), KeyError> {
	if holds {
		Err(error)
	} else {
		Ok(())
	}
}

/// Relations of beta, gamma, delta and the generator, seen in G2.
fn check_g2(Points { beta, gamma, delta, .. }: &Points) -> Result<(), KeyError> {
	refuse_if(gamma == delta, KeyError::GammaEqualsDelta)?;
	refuse_if(*gamma == -*delta, KeyError::GammaEqualsMinusDelta)?;
	refuse_if(beta == delta, KeyError::BetaEqualsDelta)?;
	refuse_if(*beta == -*delta, KeyError::BetaEqualsMinusDelta)?;
	refuse_if(beta == gamma, KeyError::BetaEqualsGamma)?;
	refuse_if(*beta == -*gamma, KeyError::BetaEqualsMinusGamma)?;
	let (beta, generator) = (beta.into_group(), G2Affine::generator());
	let dependent = [beta + gamma, beta - gamma];
	let dependent = dependent.iter().any(|sum| is_up_to_sign(sum, delta));
	refuse_if(dependent, KeyError::BetaGammaDeltaDependent)?;
	let delta_is_generator = is_up_to_sign(&delta.into_group(), &generator);
	refuse_if(delta_is_generator, KeyError::DeltaIsGenerator)?;
	let up_to_delta = [beta, beta + delta, beta - delta];
	let beta_is_generator = up_to_delta.iter().any(|sum| is_up_to_sign(sum, &generator));
	refuse_if(beta_is_generator, KeyError::BetaIsGenerator)
}

/// Returns true if a point is another one or its negative: whether both have the same x.
fn is_up_to_sign<P: SWCurveConfig>(point: &Projective<P>, other: &Affine<P>) -> bool {
	!point.is_zero() && point.x == other.x * point.z.square()
}

/// Relations between alpha in G1 and the points of G2: equal logarithms show as equal pairings with the
/// generators.
fn check_pairings(key: &Points) -> Result<Fp12, KeyError> {
	let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
	let [alpha_beta, alpha_gamma, alpha_delta, one, alpha, beta, gamma, delta] = pairings([
		(key.alpha, key.beta),
		(key.alpha, key.gamma),
		(key.alpha, key.delta),
		(g1, g2),
		(key.alpha, g2),
		(g1, key.beta),
		(g1, key.gamma),
		(g1, key.delta),
	])
	.ok_or(KeyError::NotInSubgroup)?;
	let alike = |left: Fp12, right: Fp12| left == right || left == right.conjugate();
	let alike_up_to_delta = |left: Fp12, right: Fp12| {
		[left, left * delta, left * delta.conjugate()].into_iter().any(|left| alike(left, right))
	};
	refuse_if(alike_up_to_delta(alpha, one), KeyError::AlphaIsGenerator)?;
	let alpha_is_beta = [beta, beta * one, beta * one.conjugate()];
	let alpha_is_beta = alpha_is_beta.into_iter().any(|beta| alike_up_to_delta(alpha, beta));
	refuse_if(alpha_is_beta, KeyError::AlphaMatchesBeta)?;
	refuse_if(alike_up_to_delta(alpha, gamma), KeyError::AlphaMatchesGamma)?;
	refuse_if(alike(alpha, delta), KeyError::AlphaMatchesDelta)?;
	let known = sums([alpha_gamma, gamma, alpha_delta, delta]).contains(&alpha_beta)
		|| sums([alpha, beta, one, delta]).contains(&alpha_beta);
	refuse_if(known, KeyError::AlphaBetaIsKnown)?;
	let known = sums([alpha, beta, one, delta]).contains(&alpha_delta);
	refuse_if(known, KeyError::AlphaDeltaIsKnown)?;
	Ok(alpha_beta)
}

/// Returns the 81 sums of logarithms in which each is added, subtracted or left out, as products in the
/// target group, where an inverse is the conjugate.
fn sums(terms: [Fp12; 4]) -> Vec<Fp12> {
	let mut sums = alloc::vec![Fp12::ONE];
	for term in terms {
		let with_term: Vec<_> =
			sums.iter().flat_map(|sum| [*sum * term, *sum * term.conjugate()]).collect();
		sums.extend(with_term);
	}
	sums
}

/// The pairing of each pair; `None` if a point of G2 is not in its subgroup or one is the identity.
fn pairings<const N: usize>(pairs: [(G1Affine, G2Affine); N]) -> Option<[Fp12; N]> {
	let arguments = arguments(&pairs.map(|(point, _)| point.into_group()));
	let lines = lines(&pairs.map(|(_, point)| point));
	let values: Option<Vec<_>> = arguments
		.into_iter()
		.zip(&lines)
		.map(|(argument, lines)| final_exponentiation(&miller_loop([(argument?, lines.as_ref()?)])))
		.collect();
	values?.try_into().ok()
}

/// Relations of IC points with each other, with alpha and with the generator: sums in which each point
/// is added, subtracted or left out. There are 121 up to sign.
fn check_inputs(Points { alpha, gamma, ic, .. }: &Points) -> Result<(), KeyError> {
	let mut sums: Vec<G1Projective> = Vec::new();
	for point in ic {
		let with_point: Vec<_> = sums.iter().flat_map(|sum| [*sum + point, *sum - point]).collect();
		sums.push(point.into_group());
		sums.extend(with_point);
	}
	let dependent = sums.iter().any(|sum| sum.is_zero());
	refuse_if(dependent, KeyError::InputPointsDependent)?;
	let reaches = |point| sums.iter().any(|sum| is_up_to_sign(sum, &point));
	refuse_if(reaches(*alpha), KeyError::InputPointsReachAlpha)?;
	let gamma_is_generator = is_up_to_sign(&gamma.into_group(), &G2Affine::generator());
	let known = gamma_is_generator && reaches(G1Affine::generator());
	refuse_if(known, KeyError::InputPointsReachGenerator)
}
