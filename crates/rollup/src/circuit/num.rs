// SPDX-License-Identifier: Apache-2.0
//! Numbers of the circuit: a value and the linear combination of variables that stands for it.
//!
//! Sums and multiples cost no constraint. When only values are wanted the combinations stay empty.

use super::Part;
use crate::Scalar;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use ark_relations::gr1cs::{ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use std::{
	cell::{Cell, RefCell},
	collections::BTreeMap,
	ops::{Add, Mul, Neg, Sub},
};

pub(crate) type Result<T> = std::result::Result<T, SynthesisError>;

/// A linear combination of variables and its value.
#[derive(Clone, Debug)]
pub(crate) struct Num {
	pub(crate) value: Scalar,
	combination: LinearCombination<Scalar>,
	/// Made of constants only: the same in every assignment.
	constant: bool,
}

impl Num {
	pub(crate) fn is_constant(&self) -> bool {
		self.constant
	}
}

impl Add for &Num {
	type Output = Num;

	fn add(self, other: &Num) -> Num {
		Num {
			value: self.value + other.value,
			combination: &self.combination + &other.combination,
			constant: self.constant && other.constant,
		}
	}
}

impl Sub for &Num {
	type Output = Num;

	fn sub(self, other: &Num) -> Num {
		Num {
			value: self.value - other.value,
			combination: &self.combination - &other.combination,
			constant: self.constant && other.constant,
		}
	}
}

impl Mul<Scalar> for &Num {
	type Output = Num;

	fn mul(self, factor: Scalar) -> Num {
		Num {
			value: self.value * factor,
			combination: &self.combination * factor,
			constant: self.constant,
		}
	}
}

impl Neg for &Num {
	type Output = Num;

	fn neg(self) -> Num {
		Num { value: -self.value, combination: -self.combination.clone(), constant: self.constant }
	}
}

/// Makes variables and constraints.
pub(crate) struct Builder {
	cs: ConstraintSystemRef<Scalar>,
	combinations: bool,
	part: Cell<Part>,
	counts: RefCell<BTreeMap<Part, usize>>,
}

impl Builder {
	pub(crate) fn new(cs: ConstraintSystemRef<Scalar>) -> Self {
		let combinations = cs.should_construct_matrices();
		Self { cs, combinations, part: Cell::new(Part::Inputs), counts: RefCell::default() }
	}

	/// Counts the constraints that `build` makes for a part, but for those that it counts for others.
	pub(crate) fn within<T>(&self, part: Part, build: impl FnOnce() -> Result<T>) -> Result<T> {
		let outer = self.part.replace(part);
		let built = build();
		self.part.set(outer);
		built
	}

	/// The constraints of each part so far.
	pub(crate) fn into_counts(self) -> BTreeMap<Part, usize> {
		self.counts.into_inner()
	}

	pub(crate) fn constant(&self, value: Scalar) -> Num {
		Num { constant: true, ..self.num(value, Variable::One, value) }
	}

	pub(crate) fn one(&self) -> Num {
		self.constant(Scalar::ONE)
	}

	pub(crate) fn zero(&self) -> Num {
		Num { value: Scalar::ZERO, combination: LinearCombination::zero(), constant: true }
	}

	/// A public input.
	pub(crate) fn input(&self, value: Scalar) -> Result<Num> {
		let variable = self.cs.new_input_variable(|| Ok(value))?;
		Ok(self.num(Scalar::ONE, variable, value))
	}

	/// A private variable without any constraint.
	pub(crate) fn witness(&self, value: Scalar) -> Result<Num> {
		let variable = self.cs.new_witness_variable(|| Ok(value))?;
		Ok(self.num(Scalar::ONE, variable, value))
	}

	fn num(&self, coefficient: Scalar, variable: Variable, value: Scalar) -> Num {
		let combination = if self.combinations {
			LinearCombination::from((coefficient, variable))
		} else {
			LinearCombination::zero()
		};
		Num { value, combination, constant: false }
	}

	/// `a * b = c`.
	pub(crate) fn enforce(&self, a: &Num, b: &Num, c: &Num) -> Result<()> {
		if !self.combinations {
			return Ok(());
		}
		*self.counts.borrow_mut().entry(self.part.get()).or_default() += 1;
		self.cs.enforce_r1cs_constraint(
			|| a.combination.clone(),
			|| b.combination.clone(),
			|| c.combination.clone(),
		)
	}

	/// `a = b`.
	pub(crate) fn enforce_equal(&self, a: &Num, b: &Num) -> Result<()> {
		self.enforce(&(a - b), &self.one(), &self.zero())
	}

	/// `a * b` as a variable.
	pub(crate) fn product(&self, a: &Num, b: &Num) -> Result<Num> {
		let product = self.witness(a.value * b.value)?;
		self.enforce(a, b, &product)?;
		Ok(product)
	}

	/// `a / b` as a variable. The caller shows that `b` is never zero: otherwise the quotient of
	/// zero by zero is whatever the prover likes.
	pub(crate) fn quotient(&self, a: &Num, b: &Num) -> Result<Num> {
		let quotient = self.witness(a.value * b.value.inverse().unwrap_or_default())?;
		self.enforce(&quotient, b, a)?;
		Ok(quotient)
	}

	/// `a / (1 + shift)` and `b / (1 - shift)` as variables, like [`Builder::quotient`]. Their values
	/// take one inversion together.
	pub(crate) fn quotients(&self, [a, b]: [&Num; 2], shift: &Num) -> Result<[Num; 2]> {
		let (plus, minus) = (&self.one() + shift, &self.one() - shift);
		let inverse = (plus.value * minus.value).inverse().unwrap_or_default();
		let first = self.witness(a.value * minus.value * inverse)?;
		self.enforce(&first, &plus, a)?;
		let second = self.witness(b.value * plus.value * inverse)?;
		self.enforce(&second, &minus, b)?;
		Ok([first, second])
	}

	/// States that `a` is not zero if the bit `flag` is one: `a` has a multiple that equals the flag.
	/// States nothing if the flag is zero; the multiple is then fixed only if `a` is not zero.
	pub(crate) fn enforce_nonzero_if(&self, flag: &Num, a: &Num) -> Result<()> {
		self.quotient(flag, a).map(|_| ())
	}

	/// A sum of multiples.
	pub(crate) fn linear<'a>(&self, terms: impl IntoIterator<Item = (Scalar, &'a Num)>) -> Num {
		let mut value = Scalar::ZERO;
		let mut combination = LinearCombination::zero();
		let mut constant = true;
		for (factor, num) in terms {
			value += factor * num.value;
			constant &= num.constant;
			combination.extend(num.combination.iter().map(|(c, v)| (factor * c, *v)));
		}
		combination.compactify();
		Num { value, combination, constant }
	}

	/// A variable that is 0 or 1.
	pub(crate) fn bit(&self, value: bool) -> Result<Num> {
		self.bit_unless(None, value)
	}

	/// A variable that is 0 or 1, and 0 if the bit `forbidden` is 1: `(1 - forbidden - v) * v = 0`.
	fn bit_unless(&self, forbidden: Option<&Num>, value: bool) -> Result<Num> {
		let bit = self.witness(Scalar::from(value))?;
		let complement = &self.one() - &bit;
		let complement = forbidden.map_or(complement.clone(), |forbidden| &complement - forbidden);
		self.enforce(&complement, &bit, &self.zero())?;
		Ok(bit)
	}

	/// The lowest `count` bits of an integer (little-endian limbs), lowest first.
	pub(crate) fn bits(&self, limbs: &[u64], count: usize) -> Result<Vec<Num>> {
		(0..count).map(|place| self.bit(bit_of(limbs, place))).collect()
	}

	/// The lowest bits of an integer, as many as the modulus of `F` has, lowest first, stated to be
	/// below that modulus.
	///
	/// Walks down the bits of the largest element. While all bits so far equal that bound, a bit
	/// must not be one where the bound has a zero; `equal` is the product that says so. Each run of
	/// ones in the bound costs as many constraints as it is long, zeros cost nothing extra.
	pub(crate) fn bits_of_element<F: PrimeField>(&self, limbs: &[u64]) -> Result<Vec<Num>> {
		let bound = (-F::ONE).into_bigint();
		let count = F::MODULUS_BIT_SIZE as usize;
		let mut bits = Vec::with_capacity(count);
		let mut equal: Option<Num> = None;
		let mut run: Vec<Num> = Vec::new();
		for place in (0..count).rev() {
			let value = bit_of(limbs, place);
			if bound.get_bit(place) {
				let bit = self.bit(value)?;
				run.push(bit.clone());
				bits.push(bit);
			} else {
				for bit in run.drain(..) {
					equal = Some(match equal {
						Some(equal) => self.product(&equal, &bit)?,
						None => bit,
					});
				}
				bits.push(self.bit_unless(equal.as_ref(), value)?);
			}
		}
		bits.reverse();
		Ok(bits)
	}

	/// The number that bits stand for, lowest first.
	pub(crate) fn pack(&self, bits: &[Num]) -> Num {
		self.linear(bits.iter().enumerate().map(|(place, bit)| (power_of_two(place), bit)))
	}

	/// States that `num`, as an integer, is below `2^count`; `count` is below 253.
	pub(crate) fn enforce_range(&self, num: &Num, count: usize) -> Result<()> {
		let bits = self.bits(num.value.into_bigint().as_ref(), count)?;
		self.enforce_equal(&self.pack(&bits), num)
	}
}

/// `2^exponent`.
pub(crate) fn power_of_two(exponent: usize) -> Scalar {
	Scalar::from(2u64).pow([exponent as u64])
}

fn bit_of(limbs: &[u64], place: usize) -> bool {
	limbs.get(place / 64).is_some_and(|limb| limb >> (place % 64) & 1 == 1)
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use ark_ed_on_bn254::Fr as SubgroupScalar;
	use ark_relations::gr1cs::ConstraintSystem;

	/// Returns true, with what `build` returns, if the constraints hold that it makes.
	pub(crate) fn run<T>(build: impl FnOnce(&Builder) -> Result<T>) -> (bool, T) {
		let cs = ConstraintSystem::new_ref();
		let built = build(&Builder::new(cs.clone())).unwrap();
		cs.finalize();
		(cs.is_satisfied().unwrap(), built)
	}

	/// Number of constraints that `build` makes.
	pub(crate) fn count<T>(build: impl FnOnce(&Builder) -> Result<T>) -> usize {
		let cs = ConstraintSystem::new_ref();
		build(&Builder::new(cs.clone())).unwrap();
		cs.num_constraints()
	}

	/// Changes each private variable in turn, by one and to zero, and asserts that a constraint
	/// breaks.
	pub(crate) fn assert_all_variables_pinned<T>(build: impl FnOnce(&Builder) -> Result<T>) {
		let cs = ConstraintSystem::new_ref();
		build(&Builder::new(cs.clone())).unwrap();
		cs.finalize();
		assert!(cs.is_satisfied().unwrap());
		for variable in 0..cs.num_witness_variables() {
			let honest = cs.borrow().unwrap().assignments.witness_assignment[variable];
			for wrong in [honest + Scalar::ONE, honest - Scalar::ONE, -honest] {
				if wrong != honest {
					set(&cs, variable, wrong);
					assert!(!cs.is_satisfied().unwrap(), "variable {variable} is free");
				}
			}
			set(&cs, variable, honest);
		}
	}

	fn set(cs: &ConstraintSystemRef<Scalar>, variable: usize, value: Scalar) {
		let mut cs = cs.borrow_mut().unwrap();
		cs.assignments.witness_assignment[variable] = value;
		// The cached values of combinations would hide the change.
		cs.assignments.lc_assignment.clear();
	}

	#[test]
	fn parts_should_count_their_own_constraints_only() {
		let cs = ConstraintSystem::new_ref();
		let b = Builder::new(cs);
		b.bit(true).unwrap();
		b.within(Part::Paths, || {
			b.bit(true)?;
			b.within(Part::Leaves, || b.bits(&[5], 3))?;
			b.bit(false)
		})
		.unwrap();
		let counts = b.into_counts();
		let expected = [(Part::Inputs, 1), (Part::Paths, 2), (Part::Leaves, 3)];
		assert_eq!(counts, expected.into());
	}

	#[test]
	fn range_should_accept_what_is_below_and_reject_what_is_not() {
		let holds = |value: Scalar| run(|b| b.enforce_range(&b.witness(value)?, 64)).0;
		for value in [0, 1, u64::MAX] {
			assert!(holds(Scalar::from(value)));
		}
		assert!(!holds(Scalar::from(1u128 << 64)));
		assert!(!holds(-Scalar::ONE));
	}

	#[test]
	fn bit_should_reject_when_neither_zero_nor_one() {
		let cs = ConstraintSystem::new_ref();
		Builder::new(cs.clone()).bit(true).unwrap();
		assert!(cs.is_satisfied().unwrap());
		set(&cs, 0, Scalar::from(2u64));
		assert!(!cs.is_satisfied().unwrap());
	}

	fn element_holds<F: PrimeField>(number: F::BigInt) -> bool {
		let (holds, bits) = run(|b| b.bits_of_element::<F>(number.as_ref()));
		for (place, bit) in bits.iter().enumerate() {
			assert_eq!(bit.value, Scalar::from(number.get_bit(place)));
		}
		holds
	}

	fn check_bound<F: PrimeField>() {
		let mut number = F::MODULUS;
		assert!(!element_holds::<F>(number));
		number.sub_with_borrow(&F::BigInt::from(1u64));
		assert!(element_holds::<F>(number));
		assert!(element_holds::<F>(F::BigInt::from(0u64)));
		let mut above = F::MODULUS;
		above.add_with_carry(&F::BigInt::from(1u64));
		assert!(!element_holds::<F>(above));
		let ones: Vec<bool> = (0..F::MODULUS_BIT_SIZE).map(|_| true).collect();
		assert!(!element_holds::<F>(F::BigInt::from_bits_le(&ones)));
		// The bound with its lowest zero bit turned into a one, everything below it cleared.
		for place in 0..F::MODULUS_BIT_SIZE as usize {
			let bound = (-F::ONE).into_bigint();
			let bits: Vec<bool> = (0..F::MODULUS_BIT_SIZE as usize)
				.map(|at| at >= place && (bound.get_bit(at) || at == place))
				.collect();
			let number = F::BigInt::from_bits_le(&bits);
			assert_eq!(element_holds::<F>(number), number <= bound, "place {place}");
		}
	}

	#[test]
	fn element_bits_should_be_canonical_for_both_fields() {
		check_bound::<Scalar>();
		check_bound::<SubgroupScalar>();
	}

	#[test]
	fn element_bits_should_leave_no_variable_free() {
		let number = Scalar::from(0x1234_5678_9abc_def0u64).inverse().unwrap().into_bigint();
		assert_all_variables_pinned(|b| {
			let bits = b.bits_of_element::<Scalar>(number.as_ref())?;
			let packed = b.constant(Scalar::new(number));
			b.enforce_equal(&b.pack(&bits), &packed)
		});
	}

	#[test]
	fn nonzero_should_follow_the_flag() {
		let holds = |flag: u64, value: u64| {
			run(|b| {
				let flag = b.constant(Scalar::from(flag));
				b.enforce_nonzero_if(&flag, &b.witness(Scalar::from(value))?)
			})
			.0
		};
		assert!(holds(1, 5));
		assert!(holds(0, 0));
		assert!(!holds(1, 0));
	}

	#[test]
	fn quotient_should_reject_when_the_divisor_is_zero() {
		assert!(!run(|b| b.quotient(&b.one(), &b.zero())).0);
		let (holds, half) = run(|b| b.quotient(&b.one(), &b.constant(Scalar::from(2u64))));
		assert!(holds);
		assert_eq!(half.value.double(), Scalar::ONE);
	}
}
