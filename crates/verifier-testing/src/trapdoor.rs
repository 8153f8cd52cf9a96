// SPDX-License-Identifier: Apache-2.0
//! Keys made from logarithms of one's choice: those under which proofs are forged from public bytes, and
//! their neighbors, under which they are not.

use crate::bytes::{g1_bytes, g2_bytes};
use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_groth16::VerifyingKey;
use ark_std::rand::{rngs::StdRng, SeedableRng};
use pvs_primitives::PUBLIC_INPUTS;
use pvs_verifier::KeyError;

/// The logarithms of a key's points to the bases of the generators.
#[derive(Clone, Copy, Debug)]
pub struct Trapdoor {
	/// Of alpha.
	pub alpha: Fr,
	/// Of beta.
	pub beta: Fr,
	/// Of gamma.
	pub gamma: Fr,
	/// Of delta.
	pub delta: Fr,
	/// Of the IC points.
	pub ic: [Fr; PUBLIC_INPUTS + 1],
}

impl Trapdoor {
	/// Random logarithms: nobody's circuit, and as good a key as that of one.
	pub fn random(rng: &mut StdRng) -> Self {
		let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
		Self { alpha, beta, gamma, delta, ic: [(); PUBLIC_INPUTS + 1].map(|()| Fr::rand(rng)) }
	}

	/// The key.
	#[allow(clippy::arithmetic_side_effects, reason = "curve arithmetic never overflows")]
	pub fn key(&self) -> VerifyingKey<Bn254> {
		let g1 = |scalar| G1Affine::from(G1Affine::generator() * scalar);
		let g2 = |scalar| G2Affine::from(G2Affine::generator() * scalar);
		VerifyingKey {
			alpha_g1: g1(self.alpha),
			beta_g2: g2(self.beta),
			gamma_g2: g2(self.gamma),
			delta_g2: g2(self.delta),
			gamma_abc_g1: self.ic.map(g1).to_vec(),
		}
	}
}

/// The bytes of a key in layout v1, which are not checked.
pub fn unchecked_key_bytes(key: &VerifyingKey<Bn254>) -> Vec<u8> {
	let mut bytes = g1_bytes(&key.alpha_g1).to_vec();
	for point in [&key.beta_g2, &key.gamma_g2, &key.delta_g2] {
		bytes.extend(g2_bytes(point));
	}
	bytes.extend(key.gamma_abc_g1.iter().flat_map(g1_bytes));
	bytes
}

/// A key whose points are good one by one.
#[derive(Clone, Debug)]
pub struct RelatedKey {
	/// How its points are related.
	pub relation: String,
	/// The points.
	pub points: VerifyingKey<Bn254>,
}

impl RelatedKey {
	/// The key in layout v1.
	pub fn bytes(&self) -> Vec<u8> {
		unchecked_key_bytes(&self.points)
	}
}

/// Keys under which proofs are forged from public bytes, each with its error: all signs of every relation.
#[allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]
pub fn forgeable_keys() -> Vec<(RelatedKey, KeyError)> {
	let mut rng = StdRng::seed_from_u64(1);
	let mut keys = Vec::new();
	let mut add = |relation: String, error, change: &dyn Fn(&mut Trapdoor)| {
		let mut trapdoor = Trapdoor::random(&mut rng);
		change(&mut trapdoor);
		keys.push((RelatedKey { relation, points: trapdoor.key() }, error));
	};
	add("gamma = delta".into(), KeyError::GammaEqualsDelta, &|t| t.gamma = t.delta);
	add("gamma = -delta".into(), KeyError::GammaEqualsMinusDelta, &|t| t.gamma = -t.delta);
	add("beta = delta".into(), KeyError::BetaEqualsDelta, &|t| t.beta = t.delta);
	add("beta = -delta".into(), KeyError::BetaEqualsMinusDelta, &|t| t.beta = -t.delta);
	add("beta = gamma".into(), KeyError::BetaEqualsGamma, &|t| t.beta = t.gamma);
	add("beta = -gamma".into(), KeyError::BetaEqualsMinusGamma, &|t| t.beta = -t.gamma);
	let (one, zero) = (Fr::ONE, Fr::from(0u64));
	for (sign, s) in [("", one), ("-", -one)] {
		let named = |left: &str, right: &str| format!("{left} = {sign}({right})");
		for (part, t) in [("+ delta", one), ("- delta", -one)] {
			let name = named("beta", "gamma") + part;
			let change = |k: &mut Trapdoor| k.beta = s * k.gamma + t * k.delta;
			add(name, KeyError::BetaGammaDeltaDependent, &change);
		}
		add(named("delta", "1"), KeyError::DeltaIsGenerator, &|k| k.delta = s);
		for (part, t) in [("", zero), (" + delta", one), (" - delta", -one)] {
			let name = |left: &str, right: &str| named(left, right) + part;
			add(name("beta", "1"), KeyError::BetaIsGenerator, &|k| k.beta = s + t * k.delta);
			add(name("alpha", "1"), KeyError::AlphaIsGenerator, &|k| k.alpha = s + t * k.delta);
			for (shift, m) in [("", zero), (" + 1", one), (" - 1", -one)] {
				let name = name("alpha", "beta") + shift;
				let change = |k: &mut Trapdoor| k.alpha = s * k.beta + m + t * k.delta;
				add(name, KeyError::AlphaMatchesBeta, &change);
			}
			let change = |k: &mut Trapdoor| k.alpha = s * k.gamma + t * k.delta;
			add(name("alpha", "gamma"), KeyError::AlphaMatchesGamma, &change);
			let change = |k: &mut Trapdoor| k.beta = (s * k.gamma + t * k.delta) / k.alpha;
			add(name("alpha * beta", "gamma"), KeyError::AlphaBetaIsKnown, &change);
			let change = |k: &mut Trapdoor| k.alpha = t + s * k.beta / k.delta;
			add(name("alpha * delta", "beta"), KeyError::AlphaDeltaIsKnown, &change);
			let change = |k: &mut Trapdoor| k.alpha = t + s / k.delta;
			add(name("alpha * delta", "1"), KeyError::AlphaDeltaIsKnown, &change);
			let change = |k: &mut Trapdoor| k.beta = (s + t * k.delta) / k.alpha;
			add(name("alpha * beta", "1"), KeyError::AlphaBetaIsKnown, &change);
		}
		let change = |k: &mut Trapdoor| k.beta = s * k.gamma / k.alpha - k.delta;
		add(named("alpha * (beta + delta)", "gamma"), KeyError::AlphaBetaIsKnown, &change);
		let change = |k: &mut Trapdoor| k.beta = s * k.alpha / (k.alpha - one);
		add(named("alpha * beta", "alpha") + " + beta", KeyError::AlphaBetaIsKnown, &change);
		let change = |k: &mut Trapdoor| k.delta = s * k.alpha / (k.alpha - one);
		add(named("alpha * delta", "alpha") + " + delta", KeyError::AlphaDeltaIsKnown, &change);
		add(named("alpha", "delta"), KeyError::AlphaMatchesDelta, &|k| k.alpha = s * k.delta);
		let change = |k: &mut Trapdoor| k.beta = s * k.delta / k.alpha;
		add(named("alpha * beta", "delta"), KeyError::AlphaBetaIsKnown, &change);
		for last in 0..5 {
			for first in 0..last {
				let name = named(&format!("IC[{last}]"), &format!("IC[{first}]"));
				let change = |k: &mut Trapdoor| k.ic[last] = s * k.ic[first];
				add(name, KeyError::InputPointsDependent, &change);
			}
			let name = named(&format!("IC[{last}]"), "alpha");
			let change = |k: &mut Trapdoor| k.ic[last] = s * k.alpha;
			add(name, KeyError::InputPointsReachAlpha, &change);
			for (gamma, of_gamma) in [("1", one), ("-1", -one)] {
				let name = named(&format!("gamma = {gamma}, IC[{last}]"), "1");
				let change = |k: &mut Trapdoor| (k.gamma, k.ic[last]) = (of_gamma, s);
				add(name, KeyError::InputPointsReachGenerator, &change);
			}
		}
		let sum = |k: &Trapdoor| k.ic[0] - k.ic[1] + k.ic[2] + s * k.ic[3];
		let name = named("IC[4]", "IC[0] - IC[1] + IC[2]") + sign + "IC[3]";
		let change = |k: &mut Trapdoor| k.ic[4] = s * sum(k);
		add(name.clone(), KeyError::InputPointsDependent, &change);
		let change = |k: &mut Trapdoor| k.ic[4] = s * sum(k) + k.alpha;
		add(name.clone() + " + alpha", KeyError::InputPointsReachAlpha, &change);
		let change = |k: &mut Trapdoor| (k.gamma, k.ic[4]) = (one, s * sum(k) + one);
		add(name + " + 1, gamma = 1", KeyError::InputPointsReachGenerator, &change);
	}
	keys
}

/// Keys one step off each relation, for which no forgery is known to whoever has not made them.
#[allow(clippy::arithmetic_side_effects, reason = "field arithmetic never overflows")]
pub fn neighbors_of_forgeable_keys() -> Vec<RelatedKey> {
	type Change = fn(&mut Trapdoor);
	let changes: [(&str, Change); 28] = [
		("gamma = 2 delta", |k| k.gamma = k.delta.double()),
		("gamma = -2 delta", |k| k.gamma = -k.delta.double()),
		("beta = 2 delta", |k| k.beta = k.delta.double()),
		("beta = 2 gamma", |k| k.beta = k.gamma.double()),
		("beta = gamma + 2 delta", |k| k.beta = k.gamma + k.delta.double()),
		("beta = gamma + 1", |k| k.beta = k.gamma + Fr::ONE),
		("delta = gamma + 1", |k| k.delta = k.gamma + Fr::ONE),
		("gamma = 1, as snarkjs has it", |k| k.gamma = Fr::ONE),
		("gamma = -1", |k| k.gamma = -Fr::ONE),
		("delta = 2", |k| k.delta = Fr::from(2u64)),
		("beta = 2", |k| k.beta = Fr::from(2u64)),
		("beta = 1 + 2 delta", |k| k.beta = Fr::ONE + k.delta.double()),
		("alpha = 2", |k| k.alpha = Fr::from(2u64)),
		("alpha = 1 + 2 delta", |k| k.alpha = Fr::ONE + k.delta.double()),
		("alpha = 2 beta", |k| k.alpha = k.beta.double()),
		("alpha = beta + 2", |k| k.alpha = k.beta + Fr::from(2u64)),
		("alpha = beta + gamma", |k| k.alpha = k.beta + k.gamma),
		("alpha = 2 gamma", |k| k.alpha = k.gamma.double()),
		("alpha = 2 delta", |k| k.alpha = k.delta.double()),
		("alpha * beta = 2", |k| k.beta = Fr::from(2u64) / k.alpha),
		("alpha * beta = 2 gamma", |k| k.beta = k.gamma.double() / k.alpha),
		("alpha * delta = 2", |k| k.delta = Fr::from(2u64) / k.alpha),
		("alpha * delta = 2 beta", |k| k.beta = k.alpha * k.delta / Fr::from(2u64)),
		("alpha * delta = gamma", |k| k.gamma = k.alpha * k.delta),
		("IC[2] = 2 IC[1]", |k| k.ic[2] = k.ic[1].double()),
		("IC[0] = 2 alpha", |k| k.ic[0] = k.alpha.double()),
		("IC[3] = 1", |k| k.ic[3] = Fr::ONE),
		("gamma = 1, IC[3] = 2", |k| (k.gamma, k.ic[3]) = (Fr::ONE, Fr::from(2u64))),
	];
	let mut rng = StdRng::seed_from_u64(2);
	let key = |(relation, change): (&str, Change)| {
		let mut trapdoor = Trapdoor::random(&mut rng);
		change(&mut trapdoor);
		RelatedKey { relation: relation.into(), points: trapdoor.key() }
	};
	changes.map(key).into()
}
