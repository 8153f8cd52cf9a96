// SPDX-License-Identifier: Apache-2.0
//! What a whole transcript must satisfy.
//!
//! Nothing is computed again point by point: a query is compared with the circuit by a random sum
//! of its points, which is one polynomial at tau. With random `rho`, `sum(rho_j a_j)` is
//! `sum((A rho)_i L_i(tau))`, and the inverse transform of `A rho` gives its coefficients for the
//! powers of tau. A wrong point escapes with probability 2^-128.

use crate::{
	circuit::Circuit,
	contribution::{Contribution, ContributionError},
	parameters::{vanishing_multiples, Ceremony},
	powers::Powers,
	progress::Progress,
	sums::{factors, same_ratio, sum},
};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::ProvingKey;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use pvs_primitives::{Bytes32, VERIFYING_KEY_BYTES};
use pvs_verifier::KeyError;

/// Why a transcript is not one of a ceremony for this circuit and these powers.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
	/// The file names another circuit, or has other sizes.
	#[error("is for another circuit")]
	OtherCircuit,
	/// The file names other powers.
	#[error("was started from other powers of tau")]
	OtherPowers,
	/// A part that no contribution may change is not what the circuit and the powers give.
	#[error("{0} is not what circuit and powers of tau give")]
	Unchanging(&'static str),
	/// A contribution is wrong.
	#[error("contribution {number} (\"{name}\") {error}")]
	Contribution {
		/// From 1.
		number: usize,
		/// Of the contributor.
		name: String,
		/// The fault.
		error: ContributionError,
	},
	/// Delta in G2 is not that of the last contribution.
	#[error("delta in G2 is not the delta of the last contribution")]
	Delta,
	/// The h or l query is not divided by delta.
	#[error("the {0} query does not fit circuit, powers of tau and the product of all factors")]
	Query(char),
}

/// Why a transcript does not end with the beacon that was announced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpectedBeaconError {
	/// There is none, or contributions come after it.
	#[error("does not end with a beacon; the expected one is 0x{}", hex::encode(expected))]
	NotLast {
		/// The value that was announced.
		expected: Vec<u8>,
	},
	/// Whoever added it took another value.
	#[error(
		"ends with the beacon 0x{}, not the expected 0x{}",
		hex::encode(found),
		hex::encode(expected)
	)]
	OtherValue {
		/// The value that was announced.
		expected: Vec<u8>,
		/// The value in the transcript.
		found: Vec<u8>,
	},
}

/// Why a key is not released.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
	/// Only public randomness, or nothing: everybody can compute delta.
	#[error("has no contribution of secret randomness: everybody could forge proofs")]
	NoContribution,
	/// The last contributor chose the key.
	#[error("does not end with a beacon; add one, or finalize without (--without-beacon)")]
	NoBeacon,
	/// A chain would refuse the key.
	#[error("gives a verifying key that no chain accepts: {0}")]
	Key(#[from] KeyError),
}

/// A ceremony that satisfies everything.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a>(&'a Ceremony);

impl Ceremony {
	/// Checks the whole transcript: that the first parameters are those of circuit and powers, that
	/// each contributor knew their factor, and that the parameters are the first ones changed by
	/// exactly these factors.
	///
	/// # Errors
	///
	/// The first [`VerifyError`] that applies.
	pub fn verify(
		&self,
		circuit: &Circuit<'_>,
		powers: &Powers,
		progress: &dyn Progress,
	) -> Result<Verified<'_>, VerifyError> {
		let sizes = (circuit.instance_variables(), circuit.witness_variables());
		if self.circuit != circuit.digest()
			|| self.power != circuit.power()
			|| self.variables() != sizes
		{
			return Err(VerifyError::OtherCircuit);
		}
		if self.powers != powers.digest() || self.power != powers.power {
			return Err(VerifyError::OtherPowers);
		}
		self.check_contributions(progress)?;
		progress.begin("checking the parameters", STEPS);
		let checked = self.check_key(circuit, powers, progress);
		progress.end();
		checked.map(|()| Verified(self))
	}

	/// Checks that the last contribution says to be a beacon with this value. That it is one,
	/// [`Self::check_contributions`] finds out.
	///
	/// # Errors
	///
	/// One [`ExpectedBeaconError`] per cause, see there.
	pub fn expect_beacon(&self, expected: &[u8]) -> Result<(), ExpectedBeaconError> {
		let expected = expected.to_vec();
		let last = self.contributions.last().and_then(Contribution::beacon);
		let found = match last {
			Some(beacon) => beacon.value().to_vec(),
			None => return Err(ExpectedBeaconError::NotLast { expected }),
		};
		if found == expected {
			return Ok(());
		}
		Err(ExpectedBeaconError::OtherValue { expected, found })
	}

	/// Checks the contributions alone: what somebody without circuit and powers can check.
	///
	/// # Errors
	///
	/// The first [`VerifyError`] that applies.
	pub fn check_contributions(&self, progress: &dyn Progress) -> Result<(), VerifyError> {
		let generator = G1Affine::generator();
		let mut delta = generator;
		let mut hash = self.start_hash();
		for (index, contribution) in self.contributions.iter().enumerate() {
			contribution.check(delta, &hash, progress).map_err(|error| {
				let name = contribution.name().to_string();
				VerifyError::Contribution { number: index + 1, name, error }
			})?;
			delta = contribution.delta_g1;
			hash = contribution.hash(&hash);
		}
		let g2 = G2Affine::generator();
		if self.key.delta_g1 != delta || !same_ratio((generator, delta), (g2, self.key.vk.delta_g2))
		{
			return Err(VerifyError::Delta);
		}
		Ok(())
	}

	fn check_key(
		&self,
		circuit: &Circuit<'_>,
		powers: &Powers,
		progress: &dyn Progress,
	) -> Result<(), VerifyError> {
		let key = &self.key;
		for (name, is_right) in [
			("alpha in G1", key.vk.alpha_g1 == powers.alpha_tau_g1[0]),
			("beta in G1", key.beta_g1 == powers.beta_tau_g1[0]),
			("beta in G2", key.vk.beta_g2 == powers.beta_g2),
			("gamma in G2", key.vk.gamma_g2 == G2Affine::generator()),
		] {
			if !is_right {
				return Err(VerifyError::Unchanging(name));
			}
		}
		let domain = Radix2EvaluationDomain::<Fr>::new(circuit.domain_size())
			.ok_or(VerifyError::OtherCircuit)?;
		let tau_g1 = &powers.tau_g1[..domain.size()];
		let rho = factors(circuit.variables());
		let [a, b, _] = circuit.times(&rho).map(|values| domain.ifft(&values));
		let unchanging = |name, is_right| {
			progress.step();
			if is_right {
				Ok(())
			} else {
				Err(VerifyError::Unchanging(name))
			}
		};
		unchanging("the a query", sum(&key.a_query, &rho) == sum(tau_g1, &a))?;
		unchanging("the b query in G1", sum(&key.b_g1_query, &rho) == sum(tau_g1, &b))?;
		unchanging("the b query in G2", sum(&key.b_g2_query, &rho) == sum(&powers.tau_g2, &b))?;

		// The same combination of the matrices is the IC and, divided by delta, the l query.
		let instance = circuit.instance_variables();
		let mixed = |from: usize, to: usize| -> G1Projective {
			let mut chosen = vec![Fr::default(); rho.len()];
			chosen[from..to].copy_from_slice(&rho[from..to]);
			let [a, b, c] = circuit.times(&chosen).map(|values| domain.ifft(&values));
			sum(&powers.beta_tau_g1, &a) + sum(&powers.alpha_tau_g1, &b) + sum(tau_g1, &c)
		};
		let ic = mixed(0, instance);
		unchanging("the IC", sum(&key.vk.gamma_abc_g1, &rho[..instance]) == ic)?;

		let divided_by_delta = |name, quotient: G1Projective, product: G1Projective| {
			progress.step();
			if same_ratio((quotient, product), (G2Affine::generator(), key.vk.delta_g2)) {
				Ok(())
			} else {
				Err(VerifyError::Query(name))
			}
		};
		let l = sum(&key.l_query, &rho[instance..]);
		divided_by_delta('l', l, mixed(instance, rho.len()))?;
		let rho = factors(key.h_query.len());
		let h = sum(&key.h_query, &rho);
		divided_by_delta('h', h, sum(&vanishing_multiples(&powers.tau_g1), &rho))
	}
}

const STEPS: u64 = 6;

impl<'a> Verified<'a> {
	/// The hash of each contribution, oldest first.
	pub fn hashes(&self) -> Vec<Bytes32> {
		self.0.hashes()
	}

	/// The proving key and the verifying key as a chain takes it.
	///
	/// # Errors
	///
	/// One [`FinalizeError`] per cause, see there; `NoBeacon` only if `needs_beacon`.
	pub fn finalize(
		&self,
		needs_beacon: bool,
	) -> Result<(&'a ProvingKey<Bn254>, [u8; VERIFYING_KEY_BYTES]), FinalizeError> {
		let is_beacon = |contribution: &Contribution| contribution.beacon().is_some();
		let contributions = &self.0.contributions;
		if contributions.iter().all(is_beacon) {
			return Err(FinalizeError::NoContribution);
		}
		if needs_beacon && !contributions.last().is_some_and(is_beacon) {
			return Err(FinalizeError::NoBeacon);
		}
		let verifying_key = pvs_verifier::encode_verifying_key(&self.0.key.vk)?;
		pvs_verifier::prepare_key(&verifying_key)?;
		Ok((&self.0.key, verifying_key))
	}
}
