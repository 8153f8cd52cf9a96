// SPDX-License-Identifier: Apache-2.0
//! A batch to prove, and the ways to prove it.

use super::Outcome;
use ark_bn254::Bn254;
use ark_groth16::{Groth16, Proof, ProvingKey};
use ark_snark::SNARK;
use pvs_primitives::{
	api::BatchId,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
	PUBLIC_INPUTS,
};
use pvs_rollup::{
	circuit::{self, BatchCircuit},
	demo,
	genesis::{Genesis, GenesisAccount},
	proving::{assign, Prover, Unwatched},
	shape::{Shape, MAX_TRANSFERS},
	state::State,
	transfer::Transfer,
};
use pvs_verifier::PreparedKey;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};

/// Bytes, each back end alone with what it holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
	/// The matrices, which all but plain `ark-groth16` keep.
	pub(crate) matrices: u64,
	/// The peak of `ark-groth16` as it is called by everyone: it synthesises the circuit for each proof.
	pub(crate) ark_groth16: u64,
	/// The peak of the same with the matrices and values of ours.
	pub(crate) arkworks: u64,
	pub(crate) fast: u64,
}

/// A batch as full as can be.
pub(crate) struct Case {
	state: State,
	data: Vec<u8>,
	inputs: PublicInputs,
}

impl Case {
	pub(crate) fn new(shape: Shape) -> Outcome<Self> {
		let accounts = (0..demo::ACCOUNTS).map(|index| GenesisAccount {
			index,
			public_key: demo::secret_key(index).public_key(),
			balance: demo::BALANCE,
		});
		let state = State::from_genesis(&Genesis { shape, accounts: accounts.collect() })?;
		let mut draft = state.draft(demo::FEE_ACCOUNT);
		for nonce in 0.. {
			for from in 0..demo::ACCOUNTS {
				if !draft.is_full() {
					let to = (from + 1) % demo::ACCOUNTS;
					let transfer =
						Transfer { from, to, amount: 1, fee: 1, nonce, ..Transfer::default() };
					draft.push(&transfer.sign(&demo::secret_key(from)))?;
				}
			}
			if draft.is_full() {
				break;
			}
		}
		let outcome = draft.finish()?;
		let data = outcome.batch().encode();
		let inputs = PublicInputs {
			prev_state_root: state.root(),
			next_state_root: outcome.next_root(),
			data_commitment: data_commitment(&data),
			binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
		};
		Ok(Self { state, data, inputs })
	}

	/// As users of `ark-groth16` do it.
	pub(crate) fn plainly(&self, key: &ProvingKey<Bn254>) -> Outcome<Proof<Bn254>> {
		let circuit = BatchCircuit::new(&self.state, &self.data, &self.inputs)?;
		Ok(Groth16::<Bn254>::prove(key, circuit, &mut OsRng)?)
	}

	/// As a prover does it, without checking the proof.
	pub(crate) fn by(&self, prover: &dyn Prover) -> Outcome<Proof<Bn254>> {
		let values = assign(&self.state, &self.data, &self.inputs)?;
		Ok(prover.prove(&values, &Unwatched)?)
	}

	/// Refuses a proof that does not hold.
	pub(crate) fn check(&self, by: &str, key: &PreparedKey, proof: &Proof<Bn254>) -> Outcome<()> {
		let proof = pvs_verifier::encode_proof(proof);
		pvs_verifier::verify(key, &self.inputs.to_array(), &proof).map_err(|error| {
			let shape = self.state.shape();
			format!("a proof by {by} of a batch of {shape} does not hold ({error}); its cost means nothing").into()
		})
	}
}

/// The shape with the most transfers whose circuit fits a domain of `2^power`.
pub(crate) fn fullest(power: u32) -> Outcome<Shape> {
	// The circuit of a batch among 2^16 accounts does not fit the first domain.
	let depth = match power {
		..=14 => 4,
		15 | 16 => 8,
		17.. => 10,
	};
	let mut fits = None;
	for transfers in 1..=MAX_TRANSFERS {
		let shape = Shape::new(transfers, depth)?;
		// The public inputs and the constant one have rows too.
		let rows = circuit::count(shape)?.values().sum::<usize>() + PUBLIC_INPUTS + 1;
		if rows > 1 << power {
			break;
		}
		fits = Some(shape);
	}
	fits.ok_or_else(|| format!("no batch at depth {depth} fits a domain of 2^{power}").into())
}
