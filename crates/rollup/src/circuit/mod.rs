// SPDX-License-Identifier: Apache-2.0
//! The rules of the rollup as constraints.
//!
//! A satisfied circuit means: there are accounts, paths and signatures such that the data with the
//! public commitment leads from the first public root to the second, every slot being either a
//! transfer that [`crate::state::State`] would execute or, after all of these, a no-op whose bytes
//! are all zero, and the fees going to the account that the data names. `docs/rollup.md` goes
//! through the rules one by one.
//!
//! | room | states |
//! |---|---|
//! | `num` | numbers, bits, ranges |
//! | `poseidon` | the hash |
//! | `curve` | points of Baby Jubjub |
//! | `signature` | the signature equation |
//! | `merkle` | change of one leaf |
//! | `slot` | one slot of a batch |
//! | [`witness`] | what a prover fills in |
//!
//! Three facts are not stated by constraints but follow by induction from a checked genesis: old
//! balances are below 2^64, old nonces below 2^32, and public keys of payers and of the fee account
//! lie in the prime-order subgroup. Every balance that the circuit writes is range-checked, every
//! nonce is the one before plus one and not 2^32, and every key is in the subgroup.

mod curve;
mod merkle;
mod num;
mod poseidon;
mod signature;
mod slot;
pub mod witness;

pub use witness::{AccountWitness, BatchCircuit, FeeWitness, SlotWitness};

use crate::{proving::ProveError, shape::Shape, Scalar};
use ark_ff::AdditiveGroup;
use ark_relations::gr1cs::{
	ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, Matrix, SynthesisError,
	SynthesisMode, R1CS_PREDICATE_LABEL,
};
use merkle::Top;
use num::{Builder, Num};
use pvs_primitives::poseidon::{CHUNKS_PER_HASH, CHUNK_BYTES};
use std::{collections::BTreeMap, fmt};

/// What a constraint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
	/// Bits of activity, indices, amount, fee, nonce and new key of each slot; no-ops come last.
	Numbers,
	/// The signature of each slot.
	Signature,
	/// Zeros in no-ops, two different accounts, the last nonce, ranges of both balances.
	Rules,
	/// The key of each receiver, and what holds of an account that is opened.
	Opening,
	/// Hashes of both accounts of each slot, before and after.
	Leaves,
	/// The way of both accounts of each slot up to the top nodes.
	Paths,
	/// All of the fee account.
	Fees,
	/// The root above the top nodes, before and after the batch.
	Top,
	/// The commitment to the data.
	Data,
	/// What ties the public inputs to the rest.
	Inputs,
}

impl Part {
	/// Returns true if each transfer has this part.
	pub fn is_per_transfer(self) -> bool {
		!matches!(self, Self::Fees | Self::Top | Self::Data | Self::Inputs)
	}
}

impl fmt::Display for Part {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Numbers => "numbers",
			Self::Signature => "signature",
			Self::Rules => "rules",
			Self::Opening => "opening",
			Self::Leaves => "leaves",
			Self::Paths => "paths",
			Self::Fees => "fee account",
			Self::Top => "top of the tree",
			Self::Data => "data commitment",
			Self::Inputs => "public inputs",
		})
	}
}

/// The number of constraints of each part of a shape's circuit.
///
/// # Errors
///
/// Those of the constraint system.
pub fn count(shape: Shape) -> Result<BTreeMap<Part, usize>, SynthesisError> {
	let cs = ConstraintSystem::new_ref();
	cs.set_mode(SynthesisMode::Setup);
	let b = Builder::new(cs);
	BatchCircuit::blank(shape).constrain(&b)?;
	Ok(b.into_counts())
}

impl ConstraintSynthesizer<Scalar> for BatchCircuit {
	fn generate_constraints(self, cs: ConstraintSystemRef<Scalar>) -> Result<(), SynthesisError> {
		self.constrain(&Builder::new(cs))
	}
}

impl BatchCircuit {
	fn constrain(&self, b: &Builder) -> Result<(), SynthesisError> {
		let [prev_root, next_root, data_commitment, binding] = self.inputs;
		let prev_root = b.input(prev_root)?;
		let next_root = b.input(next_root)?;
		let data_commitment = b.input(data_commitment)?;
		let binding = b.input(binding)?;

		let mut top = Top::new(b, &self.top)?;
		b.enforce_equal(&b.within(Part::Top, || top.root(b))?, &prev_root)?;

		let mut fees = b.zero();
		let mut slots = Vec::new();
		let mut before: Option<Num> = None;
		for slot in &self.slots {
			let slot::Slot { active, fee, bytes } = slot::constrain(b, self.shape, slot, &mut top)?;
			if let Some(before) = &before {
				// No transfer follows a no-op: a batch has one encoding.
				let idle = &b.one() - before;
				b.within(Part::Numbers, || b.enforce(&idle, &active, &b.zero()))?;
			}
			before = Some(active);
			fees = &fees + &fee;
			slots.extend(bytes);
		}
		let mut data = slot::pay_fees(b, self.shape, &self.fee, &fees, &mut top)?;
		data.extend(slots);

		b.enforce_equal(&b.within(Part::Top, || top.root(b))?, &next_root)?;
		let commitment = b.within(Part::Data, || commit(b, &data))?;
		b.enforce_equal(&commitment, &data_commitment)?;

		// Nothing else uses the binding. Without a constraint of its own its IC point would hold no
		// more than what the library's consistency rows put there; a set-up without those rows would
		// give the identity, and a proof would verify for every binding.
		b.product(&binding, &b.one())?;
		Ok(())
	}
}

/// The data commitment of `pvs_primitives::poseidon`, over bytes.
fn commit(b: &Builder, data: &[Num]) -> Result<Num, SynthesisError> {
	let mut commitment = b.constant(Scalar::from(data.len() as u64));
	let chunks: Vec<Num> = data
		.chunks(CHUNK_BYTES)
		.map(|bytes| {
			let places = (0..CHUNK_BYTES).rev().map(|place| num::power_of_two(8 * place));
			b.linear(bytes.iter().zip(places).map(|(byte, place)| (place, byte)))
		})
		.collect();
	let missing = b.constant(Scalar::ZERO);
	for group in chunks.chunks(CHUNKS_PER_HASH) {
		let chunk = |place| group.get(place).unwrap_or(&missing);
		commitment = poseidon::hash4(b, [&commitment, chunk(0), chunk(1), chunk(2)])?;
	}
	Ok(commitment)
}

/// The constraints as matrices A, B, C, the same for every batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraints {
	/// Rows of `(coefficient, variable)`; variables are the constant one, the public inputs, the
	/// witness.
	pub matrices: Vec<Matrix<Scalar>>,
	/// Public inputs and the constant one.
	pub instance_variables: usize,
	/// Private variables.
	pub witness_variables: usize,
}

impl Constraints {
	/// Synthesises a shape's circuit once without looking at any value.
	///
	/// # Errors
	///
	/// Those of the constraint system.
	pub fn synthesise(shape: Shape) -> Result<Self, SynthesisError> {
		let cs = ConstraintSystem::new_ref();
		cs.set_mode(SynthesisMode::Setup);
		BatchCircuit::blank(shape).generate_constraints(cs.clone())?;
		cs.finalize();
		let matrices =
			cs.to_matrices()?.remove(R1CS_PREDICATE_LABEL).ok_or(SynthesisError::MissingCS)?;
		Ok(Self {
			matrices,
			instance_variables: cs.num_instance_variables(),
			witness_variables: cs.num_witness_variables(),
		})
	}

	/// Number of constraints, without the rows that the set-up adds for the public inputs.
	pub fn len(&self) -> usize {
		self.matrices.first().map_or(0, Vec::len)
	}

	/// Returns true if there is no constraint at all.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The size of the domain that a proof works in.
	pub fn domain_size(&self) -> usize {
		(self.len() + self.instance_variables).next_power_of_two()
	}

	/// Number of variables: the constant one, the public inputs, the witness.
	pub fn variables(&self) -> usize {
		self.instance_variables + self.witness_variables
	}

	/// Returns true if there is a value for each variable.
	///
	/// # Errors
	///
	/// [`ProveError::Assignment`].
	pub fn check_length(&self, assignment: &[Scalar]) -> Result<(), ProveError> {
		let (expected, found) = (self.variables(), assignment.len());
		if found == expected {
			Ok(())
		} else {
			Err(ProveError::Assignment { expected, found })
		}
	}

	/// The first constraint that an assignment breaks.
	pub fn first_unsatisfied(&self, assignment: &[Scalar]) -> Option<usize> {
		(0..self.len()).find(|row| !self.is_satisfied(*row, assignment))
	}

	/// Returns true if an assignment satisfies one constraint.
	pub fn is_satisfied(&self, row: usize, assignment: &[Scalar]) -> bool {
		let value = |matrix: usize| -> Scalar {
			self.matrices[matrix][row]
				.iter()
				.map(|(coefficient, variable)| *coefficient * assignment[*variable])
				.sum()
		};
		value(0) * value(1) == value(2)
	}
}

impl BatchCircuit {
	/// The values of all variables: one, the public inputs, the witness. Builds no matrices.
	///
	/// # Errors
	///
	/// Those of the constraint system.
	pub fn assignment(self) -> Result<Vec<Scalar>, SynthesisError> {
		let cs = ConstraintSystem::new_ref();
		cs.set_mode(SynthesisMode::Prove {
			construct_matrices: false,
			generate_lc_assignments: false,
		});
		self.generate_constraints(cs.clone())?;
		let cs = cs.into_inner().ok_or(SynthesisError::MissingCS)?;
		let mut assignment = cs.assignments.instance_assignment;
		assignment.extend(cs.assignments.witness_assignment);
		Ok(assignment)
	}
}
