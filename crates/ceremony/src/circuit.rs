// SPDX-License-Identifier: Apache-2.0
//! The circuit, as far as a set-up sees it.

use ark_bn254::Fr;
use ark_ff::{BigInteger, One, PrimeField};
use blake2::{digest::consts::U32, Blake2b, Digest};
use pvs_primitives::Bytes32;

const DOMAIN: &[u8] = b"pvs/ceremony/circuit/v1";
/// The largest domain that BN254's scalar field has, as a power of two.
pub(crate) const MAX_POWER: u32 = 28;

/// Rows of a matrix: coefficients and the variables that they belong to.
pub(crate) type Rows<'a> = &'a [Vec<(Fr, usize)>];

/// The matrices A, B, C of a rank-1 constraint system.
///
/// Variables are the constant one, the public inputs, the witness, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Circuit<'a> {
	matrices: [Rows<'a>; 3],
	instance_variables: usize,
	witness_variables: usize,
}

/// Why there can be no ceremony for these matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitError {
	/// The matrices have different numbers of rows.
	#[error("the matrices A, B, C have {0}, {1} and {2} rows; they must have equally many")]
	Rows(usize, usize, usize),
	/// A row names a variable that the circuit does not have.
	#[error("row {row} has an entry for variable {variable}; the circuit has {variables}")]
	Variable {
		/// Of any of the matrices.
		row: usize,
		/// Its number.
		variable: usize,
		/// Their number.
		variables: usize,
	},
	/// There is no constant one.
	#[error("the circuit has no instance variables; the constant one is the first of them")]
	NoInstance,
	/// No domain of the field is that large, or it is too small to have an h query.
	#[error("the circuit needs a domain of {size}; a domain has 2 to 2^{MAX_POWER} elements")]
	Domain {
		/// Constraints and instance variables together, rounded up to a power of two.
		size: usize,
	},
}

impl<'a> Circuit<'a> {
	/// A circuit of these matrices; `instance_variables` counts the constant one.
	///
	/// # Errors
	///
	/// One [`CircuitError`] per cause, see there.
	pub fn new(
		[a, b, c]: [&'a [Vec<(Fr, usize)>]; 3],
		instance_variables: usize,
		witness_variables: usize,
	) -> Result<Self, CircuitError> {
		if a.len() != b.len() || b.len() != c.len() {
			return Err(CircuitError::Rows(a.len(), b.len(), c.len()));
		}
		if instance_variables == 0 {
			return Err(CircuitError::NoInstance);
		}
		let variables = instance_variables + witness_variables;
		for matrix in [a, b, c] {
			for (row, entries) in matrix.iter().enumerate() {
				if let Some((_, variable)) = entries.iter().find(|(_, index)| *index >= variables) {
					return Err(CircuitError::Variable { row, variable: *variable, variables });
				}
			}
		}
		let circuit = Self { matrices: [a, b, c], instance_variables, witness_variables };
		let size = circuit.domain_size();
		if !(2..=1 << MAX_POWER).contains(&size) || variables > 1 << MAX_POWER {
			return Err(CircuitError::Domain { size });
		}
		Ok(circuit)
	}

	/// Public inputs and the constant one.
	pub fn instance_variables(&self) -> usize {
		self.instance_variables
	}

	/// Private variables.
	pub fn witness_variables(&self) -> usize {
		self.witness_variables
	}

	/// All variables.
	pub fn variables(&self) -> usize {
		self.instance_variables + self.witness_variables
	}

	/// Number of constraints, without the rows that the set-up adds for the instance variables.
	pub fn constraints(&self) -> usize {
		self.matrices[0].len()
	}

	/// Elements of the domain: constraints and instance variables, rounded up to a power of two.
	pub fn domain_size(&self) -> usize {
		(self.constraints() + self.instance_variables).next_power_of_two()
	}

	/// The domain's size as a power of two.
	pub fn power(&self) -> u32 {
		self.domain_size().trailing_zeros()
	}

	/// BLAKE2b-256 of the sizes and all entries.
	pub fn digest(&self) -> Bytes32 {
		let mut hasher = Blake2b::<U32>::new();
		hasher.update(DOMAIN);
		for count in [self.constraints(), self.instance_variables, self.witness_variables] {
			hasher.update((count as u64).to_le_bytes());
		}
		for row in self.matrices.into_iter().flatten() {
			hasher.update((row.len() as u64).to_le_bytes());
			for (coefficient, variable) in row {
				hasher.update(coefficient.into_bigint().to_bytes_le());
				hasher.update((*variable as u64).to_le_bytes());
			}
		}
		hasher.finalize().into()
	}

	/// The matrices with the rows that arkworks' reduction adds, multiplied by a vector of variables:
	/// three vectors with an entry for each element of the domain.
	///
	/// The added rows are `A[constraints + i] = instance variable i`. They make the polynomials of the
	/// public inputs independent, without which a proof could be changed to fit others.
	pub(crate) fn times(&self, variables: &[Fr]) -> [Vec<Fr>; 3] {
		let mut products = self.matrices.map(|matrix| {
			let mut product: Vec<Fr> = matrix
				.iter()
				.map(|row| {
					row.iter().map(|(coefficient, index)| *coefficient * variables[*index]).sum()
				})
				.collect();
			product.resize(self.domain_size(), Fr::default());
			product
		});
		let added = self.constraints()..self.constraints() + self.instance_variables;
		products[0][added].copy_from_slice(&variables[..self.instance_variables]);
		products
	}

	/// The columns of A (with the added rows), B and C: for each variable, rows and coefficients.
	pub(crate) fn columns(&self) -> [Columns; 3] {
		let mut columns = self.matrices.map(|matrix| Columns::of(matrix, self.variables()));
		for variable in 0..self.instance_variables {
			columns[0].0[variable].push((Fr::one(), self.constraints() + variable));
		}
		columns
	}
}

/// A matrix by its columns.
pub(crate) struct Columns(pub(crate) Vec<Vec<(Fr, usize)>>);

impl Columns {
	fn of(rows: Rows<'_>, variables: usize) -> Self {
		let mut columns = vec![Vec::new(); variables];
		for (index, row) in rows.iter().enumerate() {
			for (coefficient, variable) in row {
				columns[*variable].push((*coefficient, index));
			}
		}
		Self(columns)
	}
}
