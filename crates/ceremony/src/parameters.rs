// SPDX-License-Identifier: Apache-2.0
//! The parameters of a ceremony, and how they begin.

use crate::{
	circuit::{Circuit, Columns},
	contribution::Contribution,
	group::{blocks, scaled_lagrange, sum_of_products, times_all, Curve, Twiddles, BLOCK},
	powers::{Basis, Powers, PowersError},
	progress::Progress,
};
use ark_bn254::{g1, g2, Bn254, Fr, G1Affine, G2Affine};
use ark_ec::{
	short_weierstrass::{Affine, Projective},
	AffineRepr, CurveGroup,
};
use ark_ff::{FftField, Field, One};
use ark_groth16::{ProvingKey, VerifyingKey};
use pvs_primitives::{hash::blake2_256, Bytes32};
use rayon::prelude::*;

const DOMAIN: &[u8] = b"pvs/ceremony/start/v1";

/// A proving key after some contributions, and these contributions.
///
/// The key is of the group elements that Groth16 needs, with gamma = 1 and with delta = 1 times the
/// factors of all contributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceremony {
	/// [`Circuit::digest`].
	pub(crate) circuit: Bytes32,
	/// [`Powers::digest`].
	pub(crate) powers: Bytes32,
	/// The domain's size as a power of two.
	pub(crate) power: u32,
	pub(crate) key: ProvingKey<Bn254>,
	pub(crate) contributions: Vec<Contribution>,
}

impl Ceremony {
	/// The first parameters: with delta = 1, everything follows from circuit and powers.
	///
	/// # Errors
	///
	/// [`PowersError::TooSmall`] if the powers were read for another domain.
	pub fn start(
		circuit: &Circuit<'_>,
		powers: &Powers,
		progress: &dyn Progress,
	) -> Result<Self, PowersError> {
		let (size, power) = (circuit.domain_size(), circuit.power());
		if powers.power != power {
			return Err(PowersError::TooSmall { has: powers.power, needs: power });
		}
		let computed;
		let basis = match &powers.basis {
			Some(basis) => basis,
			None => {
				computed = Basis::new(powers, size, progress)?;
				&computed
			},
		};
		let [a, b, c] = circuit.columns();
		let variables = circuit.variables();
		progress.begin("computing the queries", 8 * blocks(variables));
		let scale = Scale { factor: basis.scale.inverse().unwrap_or_default(), progress };
		let a_query = scale.query(variables, &[(&a, &basis.tau_g1)]);
		let b_g1_query = scale.query(variables, &[(&b, &basis.tau_g1)]);
		let b_g2_query = scale.query(variables, &[(&b, &basis.tau_g2)]);
		let mut gamma_abc_g1 = scale
			.query(variables, &[(&a, &basis.beta_g1), (&b, &basis.alpha_g1), (&c, &basis.tau_g1)]);
		progress.end();
		let l_query = gamma_abc_g1.split_off(circuit.instance_variables());
		let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
		Ok(Self {
			circuit: circuit.digest(),
			powers: powers.digest(),
			power,
			key: ProvingKey {
				vk: VerifyingKey {
					alpha_g1: powers.alpha_tau_g1[0],
					beta_g2: powers.beta_g2,
					gamma_g2: g2,
					delta_g2: g2,
					gamma_abc_g1,
				},
				beta_g1: powers.beta_tau_g1[0],
				delta_g1: g1,
				a_query,
				b_g1_query,
				b_g2_query,
				h_query: vanishing_multiples(&powers.tau_g1),
				l_query,
			},
			contributions: Vec::new(),
		})
	}

	/// What the first contribution follows: BLAKE2b-256 of circuit, powers and sizes. Everything else
	/// in the first parameters is a function of these.
	pub fn start_hash(&self) -> Bytes32 {
		let instance = self.key.vk.gamma_abc_g1.len() as u64;
		let witness = self.key.l_query.len() as u64;
		blake2_256(&[
			DOMAIN,
			&self.circuit,
			&self.powers,
			&self.power.to_le_bytes(),
			&instance.to_le_bytes(),
			&witness.to_le_bytes(),
		])
	}

	/// The hash of each contribution: what its contributor keeps. Each covers all before it.
	pub fn hashes(&self) -> Vec<Bytes32> {
		let chain = self.contributions.iter().scan(self.start_hash(), |hash, contribution| {
			*hash = contribution.hash(hash);
			Some(*hash)
		});
		chain.collect()
	}

	/// The hash of the last contribution, or of the start.
	pub fn last_hash(&self) -> Bytes32 {
		self.hashes().pop().unwrap_or_else(|| self.start_hash())
	}

	/// The contributions, oldest first.
	pub fn contributions(&self) -> &[Contribution] {
		&self.contributions
	}

	/// `blake2_256` of the verifying key as a chain takes it, if a chain would: not before the first
	/// contribution, and only for four public inputs.
	pub fn verifying_key_hash(&self) -> Option<Bytes32> {
		let verifying_key = pvs_verifier::encode_verifying_key(&self.key.vk).ok()?;
		Some(blake2_256(&[&verifying_key]))
	}

	/// Digest of the circuit that the file says it is for.
	pub fn circuit_digest(&self) -> Bytes32 {
		self.circuit
	}

	/// Digest of the powers of tau that the file says it was started from.
	pub fn powers_digest(&self) -> Bytes32 {
		self.powers
	}

	/// The domain's size as a power of two.
	pub fn power(&self) -> u32 {
		self.power
	}

	/// Public inputs and the constant one, then private variables.
	pub fn variables(&self) -> (usize, usize) {
		(self.key.vk.gamma_abc_g1.len(), self.key.l_query.len())
	}
}

/// `tau^i (tau^n - 1)`: arkworks' h query times delta.
pub(crate) fn vanishing_multiples(tau_g1: &[G1Affine]) -> Vec<G1Affine> {
	let size = tau_g1.len().div_ceil(2);
	let (low, high) = (&tau_g1[..size - 1], &tau_g1[size..]);
	let differences: Vec<_> = high.par_iter().zip(low).map(|(high, low)| *high - *low).collect();
	Projective::normalize_batch(&differences)
}

impl Basis {
	fn new(powers: &Powers, size: usize, progress: &dyn Progress) -> Result<Self, PowersError> {
		let generator = Fr::get_root_of_unity(size as u64)
			.and_then(|root| root.inverse())
			.ok_or(PowersError::Power(powers.power))?;
		progress.begin("transforming the powers of tau", 4 * u64::from(powers.power));
		let twiddles = Twiddles::new(generator, size);
		let g1 = |powers: &[G1Affine]| scaled_lagrange::<g1::Config>(powers, &twiddles, progress);
		let tau_g1 = g1(&powers.tau_g1[..size]);
		let alpha_g1 = g1(&powers.alpha_tau_g1);
		let beta_g1 = g1(&powers.beta_tau_g1);
		drop(twiddles);
		let twiddles = Twiddles::<g2::Config>::new(generator, size);
		let tau_g2 = scaled_lagrange(&powers.tau_g2, &twiddles, progress);
		progress.end();
		Ok(Self { tau_g1, tau_g2, alpha_g1, beta_g1, scale: Fr::from(size as u64) })
	}
}

struct Scale<'a> {
	/// One over the scale of the bases.
	factor: Fr,
	progress: &'a dyn Progress,
}

impl Scale<'_> {
	/// For each variable the sum of its columns' entries times the bases.
	fn query<P: Curve>(
		&self,
		variables: usize,
		columns: &[(&Columns, &Vec<Affine<P>>)],
	) -> Vec<Affine<P>> {
		let indices: Vec<usize> = (0..variables).collect();
		let sums: Vec<Vec<Projective<P>>> = indices
			.par_chunks(BLOCK)
			.map(|indices| {
				let sum = |index: &usize| {
					let terms = columns.iter().flat_map(|(Columns(columns), basis)| {
						columns[*index].iter().map(|(factor, row)| (*factor, basis[*row]))
					});
					sum_of_products(terms)
				};
				let sums = indices.iter().map(sum).collect();
				self.progress.step();
				sums
			})
			.collect();
		let sums = Projective::normalize_batch(&sums.concat());
		if self.factor.is_one() {
			return sums;
		}
		times_all(&sums, self.factor, self.progress)
	}
}
