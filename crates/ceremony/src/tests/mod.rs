// SPDX-License-Identifier: Apache-2.0
//! A small circuit, powers of tau with known secrets, and a ceremony of two contributors and a beacon.

mod attacks;
mod ceremony;
mod files;
mod powers;

use crate::{Beacon, Ceremony, Circuit, Name, Powers, Secret, Silent};
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One};
use ark_relations::{
	gr1cs::{
		ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, Matrix, SynthesisError,
		SynthesisMode, Variable, R1CS_PREDICATE_LABEL,
	},
	lc,
};
use std::{
	io::{self, Cursor},
	sync::LazyLock,
};

use crate::points::Point;

/// What snarkjs made, see the README beside it.
pub(super) const GENUINE: &[u8] = include_bytes!("../../tests/fixtures/powers_5.ptau");
pub(super) const GENUINE_POWER: u32 = 5;

/// A chain of products of four public inputs with large coefficients, an unused variable, and as many
/// further rows as wanted.
#[derive(Clone, Copy)]
pub(super) struct Products {
	pub(super) inputs: [u64; 4],
	pub(super) rows: u64,
}

impl Products {
	pub(super) const SMALL: Self = Self { inputs: [2, 3, 5, 7], rows: 4 };
	pub(super) const LARGE: Self = Self { inputs: [2, 3, 5, 7], rows: 16 };
}

impl ConstraintSynthesizer<Fr> for Products {
	fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
		let one = Variable::One;
		let mut product = Fr::one();
		let mut before = cs.new_witness_variable(|| Ok(product))?;
		let _unused = cs.new_witness_variable(|| Ok(Fr::from(9u64)))?;
		let mut inputs = Vec::new();
		for input in self.inputs {
			let value = Fr::from(input);
			let input = cs.new_input_variable(|| Ok(value))?;
			inputs.push((input, value));
			product *= value;
			let next = cs.new_witness_variable(|| Ok(product))?;
			cs.enforce_r1cs_constraint(|| lc!() + before, || lc!() + input, || lc!() + next)?;
			before = next;
		}
		for row in 0..self.rows {
			let (input, value) = inputs[row as usize % 4];
			let factor = Fr::from(row + 3).pow([77]);
			product = (factor * product - value) * (product + factor);
			let next = cs.new_witness_variable(|| Ok(product))?;
			cs.enforce_r1cs_constraint(
				|| lc!() + (factor, before) - input,
				|| lc!() + before + (factor, one),
				|| lc!() + next,
			)?;
			before = next;
		}
		Ok(())
	}
}

/// Matrices and numbers of variables of any circuit.
pub(super) struct Matrices {
	matrices: Vec<Matrix<Fr>>,
	instance: usize,
	witness: usize,
}

impl Matrices {
	pub(super) fn of(circuit: impl ConstraintSynthesizer<Fr>) -> Self {
		let cs = ConstraintSystem::new_ref();
		cs.set_mode(SynthesisMode::Setup);
		circuit.generate_constraints(cs.clone()).unwrap();
		cs.finalize();
		Self {
			matrices: cs.to_matrices().unwrap().remove(R1CS_PREDICATE_LABEL).unwrap(),
			instance: cs.num_instance_variables(),
			witness: cs.num_witness_variables(),
		}
	}

	pub(super) fn circuit(&self) -> Circuit<'_> {
		let [a, b, c] = &self.matrices[..] else { panic!("three matrices") };
		Circuit::new([a, b, c], self.instance, self.witness).unwrap()
	}
}

/// Secrets that a real ceremony's contributors have deleted.
#[derive(Clone, Copy)]
pub(super) struct Trapdoor {
	pub(super) tau: Fr,
	pub(super) alpha: Fr,
	pub(super) beta: Fr,
}

impl Trapdoor {
	pub(super) fn of(tau: u64) -> Self {
		let fr = |value: u64| Fr::from(value).pow([99]);
		Self { tau: fr(tau), alpha: fr(tau + 1), beta: fr(tau + 2) }
	}

	/// A `.ptau` file of these powers.
	pub(super) fn ptau(&self, power: u32) -> Vec<u8> {
		let size = 1u64 << power;
		let g1 = |factor: Fr, count: u64| -> Vec<u8> {
			encoded((0..count).map(|i| G1Affine::generator() * (factor * self.tau.pow([i]))))
		};
		let g2 = |factor: Fr, count: u64| -> Vec<u8> {
			encoded((0..count).map(|i| G2Affine::generator() * (factor * self.tau.pow([i]))))
		};
		let mut header = GENUINE[24..24 + 36].to_vec();
		header.extend([power.to_le_bytes(), power.to_le_bytes()].concat());
		ptau_file(&[
			(1, header),
			(2, g1(Fr::one(), 2 * size - 1)),
			(3, g2(Fr::one(), size)),
			(4, g1(self.alpha, size)),
			(5, g1(self.beta, size)),
			(6, g2(self.beta, 1)),
			(7, vec![0; 4]),
		])
	}

	pub(super) fn powers(&self, power: u32) -> Powers {
		read(&self.ptau(power), power)
	}
}

pub(super) fn encoded<G: CurveGroup>(points: impl Iterator<Item = G>) -> Vec<u8>
where
	G::Affine: Point,
{
	let mut bytes = Vec::new();
	points.for_each(|point| point.into_affine().write(&mut bytes));
	bytes
}

/// A `.ptau` file of these sections.
pub(super) fn ptau_file(sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
	let mut file = b"ptau\x01\0\0\0".to_vec();
	file.extend((sections.len() as u32).to_le_bytes());
	for (section, bytes) in sections {
		file.extend(section.to_le_bytes());
		file.extend((bytes.len() as u64).to_le_bytes());
		file.extend(bytes);
	}
	file
}

pub(super) fn read(ptau: &[u8], power: u32) -> Powers {
	Powers::read(&mut Cursor::new(ptau), power, &Silent).unwrap()
}

pub(super) fn name(name: &str) -> Name {
	name.parse().unwrap()
}

pub(super) fn secret() -> Secret {
	Secret::random(io::empty()).unwrap()
}

pub(super) fn beacon() -> Beacon {
	Beacon::new(b"hash of a block of the future".to_vec(), 10).unwrap()
}

impl Ceremony {
	pub(super) fn by(self, contributor: &str) -> Self {
		self.contribute(name(contributor), secret(), &Silent).unwrap()
	}

	pub(super) fn with_beacon(self) -> Self {
		self.add_beacon(name("beacon"), beacon(), &Silent).unwrap()
	}
}

pub(super) static LARGE: LazyLock<Matrices> = LazyLock::new(|| Matrices::of(Products::LARGE));
pub(super) static SMALL: LazyLock<Matrices> = LazyLock::new(|| Matrices::of(Products::SMALL));
pub(super) static POWERS: LazyLock<Powers> = LazyLock::new(|| read(GENUINE, GENUINE_POWER));

pub(super) fn start() -> Ceremony {
	Ceremony::start(&LARGE.circuit(), &POWERS, &Silent).unwrap()
}

/// Two contributors and a beacon on snarkjs' powers.
pub(super) static WHOLE: LazyLock<Ceremony> =
	LazyLock::new(|| start().by("Alice").by("Bob").with_beacon());
