// SPDX-License-Identifier: Apache-2.0
//! Forged proofs under keys whose points are related: each is made from public points alone, satisfies
//! the equation by arkworks' pairing, and its key is refused with an error of its own.
//!
//! In what follows `t` is the multiple of delta by which a relation is off; C takes it up. Delta is added to
//! B, and A to C, where a point would be the identity otherwise.

mod common;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{pairing::Pairing, AffineRepr};
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_groth16::{Proof, VerifyingKey};
use codec::DecodeAll;
use common::*;
use pvs_verifier::{decode_proof, encode_proof, encode_verifying_key, KeyError};
use pvs_verifier_testing::trapdoor::{
	forgeable_keys, neighbors_of_forgeable_keys, unchecked_key_bytes, Trapdoor,
};
use rand::{rngs::StdRng, SeedableRng};

const SIGNS: [i64; 2] = [1, -1];
const UP_TO_DELTA: [i64; 3] = [0, 1, -1];
/// Random statements for each key.
const STATEMENTS: usize = 5;

/// What a forger has: the verifying key, and points of the public proving key or powers of tau.
struct Public {
	key: VerifyingKey<Bn254>,
	/// Beta in G1.
	beta: G1Projective,
	/// The IC points times gamma.
	gamma_ic: [G1Projective; 5],
}

impl Public {
	fn of(trapdoor: &Trapdoor) -> Self {
		let g1 = |scalar: Fr| G1Affine::generator() * scalar;
		Self {
			key: trapdoor.key(),
			beta: g1(trapdoor.beta),
			gamma_ic: trapdoor.ic.map(|ic| g1(ic * trapdoor.gamma)),
		}
	}

	fn alpha(&self) -> G1Projective {
		self.key.alpha_g1.into()
	}

	fn beta_2(&self) -> G2Projective {
		self.key.beta_g2.into()
	}

	fn gamma(&self) -> G2Projective {
		self.key.gamma_g2.into()
	}

	fn delta(&self) -> G2Projective {
		self.key.delta_g2.into()
	}

	/// `I`, of inputs that begin with the constant 1.
	fn sum(&self, inputs: &[Fr; 5]) -> G1Projective {
		self.key.gamma_abc_g1.iter().zip(inputs).map(|(ic, input)| *ic * *input).sum()
	}

	/// `gamma * I`.
	fn gamma_sum(&self, inputs: &[Fr; 5]) -> G1Projective {
		self.gamma_ic.iter().zip(inputs).map(|(ic, input)| *ic * *input).sum()
	}

	/// The proof of A, of B plus delta, and of C plus A.
	fn blinded(&self, a: G1Projective, b: G2Projective, c: G1Projective) -> Proof<Bn254> {
		proof(a, b + self.delta(), c + a)
	}
}

fn proof(a: G1Projective, b: G2Projective, c: G1Projective) -> Proof<Bn254> {
	Proof { a: a.into(), b: b.into(), c: c.into() }
}

fn g1() -> G1Projective {
	G1Affine::generator().into()
}

fn g2() -> G2Projective {
	G2Affine::generator().into()
}

fn inputs(rng: &mut StdRng) -> [Fr; 5] {
	[Fr::ONE, Fr::rand(rng), Fr::rand(rng), Fr::rand(rng), Fr::rand(rng)]
}

/// The equation, by arkworks alone, and that the proof has the form which verifiers ask for.
fn assert_passes(public: &Public, inputs: &[Fr; 5], proof: &Proof<Bn254>) {
	assert_eq!(decode_proof(&encode_proof(proof)).as_ref(), Ok(proof), "it is well-formed");
	let key = &public.key;
	let left = Bn254::pairing(proof.a, proof.b);
	let right = Bn254::multi_pairing(
		[key.alpha_g1, public.sum(inputs).into(), proof.c],
		[key.beta_g2, key.gamma_g2, key.delta_g2],
	);
	assert_eq!(left, right, "the forgery does not pass");
}

fn assert_refused(public: &Public, error: KeyError) {
	assert_eq!(encode_verifying_key(&public.key), Err(error));
	assert_eq!(prepare(&unchecked_key_bytes(&public.key)), Err(error));
}

/// Forges a proof of any statement under a key with a relation, and sees the key refused.
fn any_statement(
	error: KeyError,
	relate: impl Fn(&mut Trapdoor),
	forge: impl Fn(&Public, &[Fr; 5]) -> Proof<Bn254>,
) {
	let mut rng = StdRng::seed_from_u64(7);
	let mut trapdoor = Trapdoor::random(&mut rng);
	relate(&mut trapdoor);
	let public = Public::of(&trapdoor);
	for _ in 0..STATEMENTS {
		let inputs = inputs(&mut rng);
		assert_passes(&public, &inputs, &forge(&public, &inputs));
	}
	assert_refused(&public, error);
}

#[test]
fn forgery_should_pass_and_its_key_be_refused_when_gamma_is_delta_up_to_sign() {
	for (s, error) in
		SIGNS.into_iter().zip([KeyError::GammaEqualsDelta, KeyError::GammaEqualsMinusDelta])
	{
		let s = Fr::from(s);
		any_statement(
			error,
			|key| key.gamma = s * key.delta,
			|public, x| proof(public.alpha(), public.beta_2(), public.sum(x) * -s),
		);
	}
}

#[test]
fn forgery_should_pass_and_its_key_be_refused_when_beta_is_delta_up_to_sign() {
	for (s, error) in
		SIGNS.into_iter().zip([KeyError::BetaEqualsDelta, KeyError::BetaEqualsMinusDelta])
	{
		let s = Fr::from(s);
		any_statement(
			error,
			|key| key.beta = s * key.delta,
			|public, x| proof(public.sum(x), public.gamma(), public.alpha() * -s),
		);
	}
}

#[test]
fn forgery_should_pass_and_its_key_be_refused_when_beta_is_gamma_up_to_sign() {
	for (s, error) in
		SIGNS.into_iter().zip([KeyError::BetaEqualsGamma, KeyError::BetaEqualsMinusGamma])
	{
		let s = Fr::from(s);
		any_statement(
			error,
			|key| key.beta = s * key.gamma,
			|public, x| {
				let a = public.sum(x) + public.alpha() * s;
				public.blinded(a, public.gamma(), a - a)
			},
		);
	}
}

#[test]
fn forgery_should_pass_and_its_key_be_refused_when_beta_gamma_delta_are_dependent() {
	for (s, t) in SIGNS.into_iter().flat_map(|s| SIGNS.map(|t| (Fr::from(s), Fr::from(t)))) {
		any_statement(
			KeyError::BetaGammaDeltaDependent,
			|key| key.beta = s * key.gamma + t * key.delta,
			|public, x| {
				let alpha = public.alpha();
				proof(public.sum(x) + alpha * s, public.gamma(), alpha * -t)
			},
		);
	}
}

/// With the powers of tau, which give the IC points times gamma.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_delta_is_the_generator_up_to_sign() {
	for s in SIGNS.map(Fr::from) {
		any_statement(
			KeyError::DeltaIsGenerator,
			|key| key.delta = s,
			|public, x| proof(public.alpha(), public.beta_2(), public.gamma_sum(x) * -s),
		);
	}
}

/// With beta in G1, which every proving key has.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_matches_gamma() {
	for (s, t) in SIGNS.into_iter().flat_map(|s| UP_TO_DELTA.map(|t| (Fr::from(s), Fr::from(t)))) {
		any_statement(
			KeyError::AlphaMatchesGamma,
			|key| key.alpha = s * key.gamma + t * key.delta,
			|public, x| {
				let a = public.sum(x) + public.beta * s;
				public.blinded(a, public.gamma(), public.beta * -t)
			},
		);
	}
}

/// With beta in G1.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_matches_delta() {
	for s in SIGNS.map(Fr::from) {
		any_statement(
			KeyError::AlphaMatchesDelta,
			|key| key.alpha = s * key.delta,
			|public, x| proof(public.sum(x), public.gamma(), public.beta * -s),
		);
	}
}

/// From the key alone where the product is gamma or delta, or gamma is the generator; with the powers of
/// tau otherwise.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_beta_is_known() {
	let error = KeyError::AlphaBetaIsKnown;
	for s in SIGNS.map(Fr::from) {
		any_statement(
			error,
			|key| key.beta = s * key.delta / key.alpha,
			|public, x| proof(public.sum(x), public.gamma(), g1() * -s),
		);
		for t in UP_TO_DELTA.map(Fr::from) {
			any_statement(
				error,
				|key| key.beta = (s * key.gamma + t * key.delta) / key.alpha,
				|public, x| {
					let a = public.sum(x) + g1() * s;
					public.blinded(a, public.gamma(), g1() * -t)
				},
			);
			any_statement(
				error,
				|key| key.beta = (s + t * key.delta) / key.alpha,
				|public, x| public.blinded(public.gamma_sum(x) + g1() * s, g2(), g1() * -t),
			);
			any_statement(
				error,
				|key| (key.gamma, key.beta) = (Fr::ONE, (s + t * key.delta) / key.alpha),
				|public, x| public.blinded(public.sum(x) + g1() * s, g2(), g1() * -t),
			);
		}
	}
}

/// One constraint, `U V = W`, where each is a sum of the inputs with these factors: a statement without
/// a witness. Tau takes no part in one constraint.
struct Constraint {
	u: [Fr; 5],
	v: [Fr; 5],
	w: [Fr; 5],
}

impl Constraint {
	fn random(rng: &mut StdRng) -> Self {
		let [u, v, w] = [(); 3].map(|()| [(); 5].map(|()| Fr::rand(rng)));
		Self { u, v, w }
	}

	/// Makes the IC points those of this constraint.
	fn set_up(&self, key: &mut Trapdoor) {
		for (place, ic) in key.ic.iter_mut().enumerate() {
			let numerator = key.beta * self.u[place] + key.alpha * self.v[place] + self.w[place];
			*ic = numerator / key.gamma;
		}
	}

	fn values(&self, inputs: &[Fr; 5]) -> [Fr; 3] {
		[&self.u, &self.v, &self.w].map(|row| dot(row, inputs))
	}
}

fn dot(left: &[Fr; 5], right: &[Fr; 5]) -> Fr {
	left.iter().zip(right).map(|(left, right)| *left * right).sum()
}

/// Forges proofs of false statements; `forge` gets U, V and W, and may find none for a statement.
fn false_statements(
	error: KeyError,
	relate: impl Fn(&mut Trapdoor, &Constraint),
	forge: impl Fn(&Public, &Constraint, [Fr; 3]) -> Option<Proof<Bn254>>,
) {
	let mut rng = StdRng::seed_from_u64(8);
	let constraint = Constraint::random(&mut rng);
	let mut trapdoor = Trapdoor::random(&mut rng);
	relate(&mut trapdoor, &constraint);
	constraint.set_up(&mut trapdoor);
	let public = Public::of(&trapdoor);
	let mut forged = 0;
	for _ in 0..STATEMENTS * 4 {
		let inputs = inputs(&mut rng);
		let [u, v, w] = constraint.values(&inputs);
		assert_ne!(u * v, w, "the statement is false");
		if let Some(proof) = forge(&public, &constraint, [u, v, w]) {
			assert_passes(&public, &inputs, &proof);
			forged += 1;
		}
	}
	assert!(forged >= STATEMENTS, "only {forged}");
	assert_refused(&public, error);
}

/// `alpha beta + beta U + alpha V + W` is `(alpha + a)(V + s)` for `a = (s U + W) / (V + s)`.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_beta_is_the_generator_up_to_delta() {
	for (s, t) in SIGNS.into_iter().flat_map(|s| UP_TO_DELTA.map(|t| (Fr::from(s), Fr::from(t)))) {
		false_statements(
			KeyError::BetaIsGenerator,
			|key, _| key.beta = s + t * key.delta,
			|public, _, [u, v, w]| {
				let a = public.alpha() + g1() * ((s * u + w) / (v + s));
				let c = (public.alpha() + g1() * u) * -t;
				Some(public.blinded(a, g2() * (v + s), c))
			},
		);
	}
}

/// `alpha beta + beta U + alpha V + W` is `(U + s)(beta + b)` for `b = (s V + W) / (U + s)`.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_is_the_generator_up_to_delta() {
	for (s, t) in SIGNS.into_iter().flat_map(|s| UP_TO_DELTA.map(|t| (Fr::from(s), Fr::from(t)))) {
		false_statements(
			KeyError::AlphaIsGenerator,
			|key, _| key.alpha = s + t * key.delta,
			|public, _, [u, v, w]| {
				let b = public.beta_2() + g2() * ((s * v + w) / (u + s));
				Some(public.blinded(g1() * (u + s), b, (public.beta + g1() * v) * -t))
			},
		);
	}
}

/// A root of `square z^2 - sum z + product`, of which about half have some.
fn root(square: Fr, sum: Fr, product: Fr) -> Option<Fr> {
	if square == Fr::ZERO {
		return Some(product / sum);
	}
	let discriminant = sum.square() - Fr::from(4u64) * square * product;
	Some((sum + discriminant.sqrt()?) / square.double())
}

/// All factors of four terms that are 0, 1 or -1.
fn factors() -> Vec<[Fr; 4]> {
	let each = [0i64, 1, -1].map(Fr::from);
	let pairs = each.iter().flat_map(|a| each.map(|b| [*a, b]));
	let pairs: Vec<_> = pairs.collect();
	pairs.iter().flat_map(|[a, b]| pairs.iter().map(|[c, d]| [*a, *b, *c, *d])).collect()
}

/// From the key alone: for `alpha beta = a alpha gamma + b gamma + c alpha delta + d delta`,
/// `alpha beta + I gamma` is `(I + a alpha + b) gamma` but for `(c alpha + d) delta`. Without b and d, beta,
/// gamma and delta are dependent.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_beta_is_a_sum_with_gamma() {
	for [a, b, c, d] in factors().into_iter().filter(|[_, b, _, d]| [*b, *d] != [Fr::ZERO; 2]) {
		any_statement(
			KeyError::AlphaBetaIsKnown,
			|key| {
				let of_alpha = a * key.gamma + c * key.delta;
				key.beta = of_alpha + (b * key.gamma + d * key.delta) / key.alpha;
			},
			|public, x| {
				let alpha = public.alpha();
				let left = public.sum(x) + alpha * a + g1() * b;
				public.blinded(left, public.gamma(), -(alpha * c + g1() * d))
			},
		);
	}
}

/// For `alpha beta = s alpha + t beta + m + n delta`, `A = (1 + e) alpha + U - t e` and
/// `B = beta + (V - s e) / (1 + e)` are right but for `n e delta`, where `e` is a root of
/// `(m + s t) e^2 + (m - W - s U - t V) e + U V - W`. For `m = -s t` without delta, alpha is t or beta is s.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_beta_is_a_sum() {
	for [s, t, m, n] in factors().into_iter().filter(|[s, t, m, n]| *n != Fr::ZERO || *m != -*s * t)
	{
		false_statements(
			KeyError::AlphaBetaIsKnown,
			|key, _| key.beta = (s * key.alpha + m + n * key.delta) / (key.alpha - t),
			|public, _, [u, v, w]| {
				let e = root(m + s * t, w + s * u + t * v - m, u * v - w)?;
				let one_more = e + Fr::ONE;
				let a = public.alpha() * one_more + g1() * (u - t * e);
				let b = public.beta_2() + g2() * ((v - s * e) / one_more);
				Some(public.blinded(a, b, g1() * (n * e)))
			},
		);
	}
}

/// For `alpha delta = a alpha + b beta + m + t delta`, `(alpha + U + b c)(beta + V + a c)` is right but for
/// `c (alpha - t) delta`, where c is a root of `a b c^2 + (a U + b V - m) c + U V - W`. For `m = -a t` without
/// beta, alpha is t or delta is a.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_delta_is_a_sum() {
	for [a, b, m, t] in factors().into_iter().filter(|[a, b, m, t]| *b != Fr::ZERO || *m != -*a * t)
	{
		false_statements(
			KeyError::AlphaDeltaIsKnown,
			|key, _| key.delta = (a * key.alpha + b * key.beta + m) / (key.alpha - t),
			|public, _, [u, v, w]| {
				let c = root(a * b, m - a * u - b * v, u * v - w)?;
				let left = public.alpha() + g1() * (u + b * c);
				let right = public.beta_2() + g2() * (v + a * c);
				Some(proof(left, right, (public.alpha() - g1() * t) * c))
			},
		);
	}
}

/// For `alpha = s beta + m`, `alpha beta + beta U + alpha V + W` is `(beta + a)(s beta + b)` if
/// `b + s a = m + U + s V` and `a b = m V + W`.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_alpha_matches_beta() {
	for (s, t) in SIGNS.into_iter().flat_map(|s| UP_TO_DELTA.map(|t| (Fr::from(s), Fr::from(t)))) {
		for m in [0, 1, -1].map(|m: i64| Fr::from(m)) {
			false_statements(
				KeyError::AlphaMatchesBeta,
				|key, _| key.alpha = s * key.beta + m + t * key.delta,
				|public, _, [u, v, w]| {
					let sum = m + u + s * v;
					let a = root(s, sum, m * v + w)?;
					let b = sum - s * a;
					let c = (public.beta + g1() * v) * -t;
					Some(public.blinded(public.beta + g1() * a, public.beta_2() * s + g2() * b, c))
				},
			);
		}
	}
}

/// For gamma 1 and a sum of IC points that is `m`, beta is `k alpha + n` with public `k` and `n`.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_input_points_reach_the_generator() {
	let signs = SIGNS.into_iter().flat_map(|gamma| SIGNS.map(|m| (Fr::from(gamma), Fr::from(m))));
	for ((gamma, m), chosen) in
		signs.flat_map(|pair| [[0, 0, 0, 1, 0], [1, -1, 0, 0, 1]].map(|chosen| (pair, chosen)))
	{
		let chosen = chosen.map(|sign: i64| Fr::from(sign));
		let line = |constraint: &Constraint| {
			let [u, v, w] = constraint.values(&chosen);
			(-v / u, (m * gamma - w) / u)
		};
		false_statements(
			KeyError::InputPointsReachGenerator,
			|key, constraint| {
				let (k, n) = line(constraint);
				(key.gamma, key.beta) = (gamma, k * key.alpha + n);
			},
			|public, constraint, [u, v, w]| {
				let (k, n) = line(constraint);
				let sum = n + k * u + v;
				let a = root(k, sum, n * u + w)?;
				let b = public.beta_2() + g2() * (sum - k * a - n);
				Some(public.blinded(public.alpha() + g1() * a, b, a_zero()))
			},
		);
	}
}

fn a_zero() -> G1Projective {
	G1Affine::identity().into()
}

/// Where the constant takes part in the relation, there are inputs for which `I` is the identity.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_the_constant_is_cancelled() {
	let mut rng = StdRng::seed_from_u64(9);
	for chosen in [[0, 0, 0, 1], [0, -1, 0, 0], [1, -1, 0, 1], [1, 1, -1, -1]] {
		let [b, c, d, e] = chosen.map(|sign: i64| Fr::from(sign));
		let x = [Fr::ONE, b, c, d, e];
		let mut trapdoor = Trapdoor::random(&mut rng);
		trapdoor.ic[0] = Fr::from(0u64);
		trapdoor.ic[0] = -dot(&trapdoor.ic, &x);
		let public = Public::of(&trapdoor);
		assert_eq!(public.sum(&x), a_zero());
		let forged = public.blinded(public.alpha(), public.beta_2(), a_zero());
		assert_passes(&public, &x, &forged);
		assert_refused(&public, KeyError::InputPointsDependent);
	}
}

/// Where it does not, a proof of one statement is a proof of others.
#[test]
fn proof_should_pass_for_other_inputs_and_its_key_be_refused_when_inputs_are_dependent() {
	let mut rng = StdRng::seed_from_u64(10);
	for chosen in [[1, 0, 0, -1], [0, 1, 1, 0], [1, -1, 1, 0], [1, 1, -1, 1]] {
		let chosen = chosen.map(|sign: i64| Fr::from(sign));
		let mut trapdoor = Trapdoor::random(&mut rng);
		let last = chosen.iter().rposition(|sign| *sign != Fr::from(0u64)).unwrap();
		trapdoor.ic[last + 1] = Fr::from(0u64);
		let x = [Fr::from(0u64), chosen[0], chosen[1], chosen[2], chosen[3]];
		trapdoor.ic[last + 1] = -dot(&trapdoor.ic, &x) / chosen[last];
		let public = Public::of(&trapdoor);
		// The only proof that needs the trapdoor: whoever has a witness makes one without.
		let honest = inputs(&mut rng);
		let (a, b) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
		let sum = trapdoor.alpha * trapdoor.beta + dot(&trapdoor.ic, &honest) * trapdoor.gamma;
		let c = (a * b - sum) / trapdoor.delta;
		let proof = proof(g1() * a, g2() * b, g1() * c);
		assert_passes(&public, &honest, &proof);
		let shift = Fr::rand(&mut rng);
		let mut other = honest;
		for (input, sign) in other.iter_mut().zip(x) {
			*input += shift * sign;
		}
		assert_ne!(other, honest);
		assert_passes(&public, &other, &proof);
		assert_refused(&public, KeyError::InputPointsDependent);
	}
}

/// Where the constant takes part, there are inputs for which `I` is `s alpha`.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_inputs_and_the_constant_reach_alpha() {
	let mut rng = StdRng::seed_from_u64(11);
	for chosen in [[0, 0, 0, 0], [0, -1, 0, 0], [1, -1, 0, 1], [1, 1, -1, -1]] {
		for s in SIGNS.map(Fr::from) {
			let [b, c, d, e] = chosen.map(|sign: i64| Fr::from(sign));
			let x = [Fr::ONE, b, c, d, e];
			let mut trapdoor = Trapdoor::random(&mut rng);
			trapdoor.ic[0] = Fr::from(0u64);
			trapdoor.ic[0] = s * trapdoor.alpha - dot(&trapdoor.ic, &x);
			let public = Public::of(&trapdoor);
			let a = public.sum(&x);
			let forged = public.blinded(a, public.beta_2() * s + public.gamma(), a_zero());
			assert_passes(&public, &x, &forged);
			assert_refused(&public, KeyError::InputPointsReachAlpha);
		}
	}
}

/// Where it does not, and all else stands on the right of the constraint, `U V = W` is proved for `W = 0`
/// and any U and V.
#[test]
fn forgery_should_pass_and_its_key_be_refused_when_an_input_point_is_alpha() {
	let mut rng = StdRng::seed_from_u64(12);
	for (place, s) in (1..5).flat_map(|place| SIGNS.map(|s| (place, Fr::from(s)))) {
		let zeros = [Fr::from(0u64); 5];
		let mut constraint = Constraint { u: zeros, v: Constraint::random(&mut rng).v, w: zeros };
		constraint.u[place] = Fr::ONE;
		let mut trapdoor = Trapdoor::random(&mut rng);
		// gamma = s (beta + alpha v) / alpha
		trapdoor.gamma =
			s * (trapdoor.beta + trapdoor.alpha * constraint.v[place]) / trapdoor.alpha;
		constraint.set_up(&mut trapdoor);
		let public = Public::of(&trapdoor);
		for _ in 0..STATEMENTS {
			let x = inputs(&mut rng);
			let [u, v, w] = constraint.values(&x);
			assert_ne!(u * v, w, "the statement is false");
			let others = v - constraint.v[place] * x[place];
			let b = public.beta_2() + public.gamma() * (s * x[place]) + g2() * others;
			assert_passes(&public, &x, &public.blinded(public.alpha(), b, a_zero()));
		}
		assert_refused(&public, KeyError::InputPointsReachAlpha);
	}
}

#[test]
fn every_relation_should_have_its_error_and_a_key_with_it() {
	let all = (0..=u8::MAX).filter_map(|index| KeyError::decode_all(&mut &[index][..]).ok());
	let related: Vec<_> = all.filter(|error| error.is_forgeable()).collect();
	assert_eq!(related.len(), 18);
	let keys = forgeable_keys();
	for error in related {
		assert!(keys.iter().any(|(_, found)| *found == error), "no key for {error:?}");
	}
	for (key, error) in keys {
		assert_eq!(prepare(&key.bytes()), Err(error), "{}", key.relation);
	}
}

#[test]
fn key_should_be_accepted_when_it_is_one_step_off_a_relation() {
	for key in neighbors_of_forgeable_keys() {
		assert!(prepare(&key.bytes()).is_ok(), "{}: {:?}", key.relation, prepare(&key.bytes()));
	}
}
