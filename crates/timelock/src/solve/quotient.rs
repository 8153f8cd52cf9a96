// SPDX-License-Identifier: Apache-2.0
//! `base^floor(2^T / l)` from checkpoints (Wesolowski 2019, section 4.1).
//!
//! The quotient's digits of `kappa` bits are `b_i = floor(2^kappa * (2^(T - kappa * (i + 1)) mod l)
//! / l)`. Digits with equal `i mod gamma` share their buckets: bucket `b` collects the checkpoints
//! whose digit is `b`, and then `bucket_b^b` are multiplied for all `b` at once.

use super::Solver;
use crate::{challenge::Challenge, group::Residue};
use crypto_bigint::{
	modular::{FixedMontyForm, FixedMontyParams},
	NonZero, Odd, U320, U64,
};

/// Bits of the challenge: where less than so many bits of `2^T` are left, digits are zero.
const CHALLENGE_BITS: u64 = 264;

/// Computes the power with up to `threads` threads, from a solver that has all its checkpoints.
pub(super) fn power(solver: &Solver, challenge: &Challenge, threads: usize) -> Residue {
	let plan = solver.plan();
	let threads = u32::try_from(threads).unwrap_or(u32::MAX).clamp(1, plan.gamma);
	let share = plan.gamma.div_ceil(threads);
	let quotient = &Quotient::new(solver, challenge);
	std::thread::scope(|scope| {
		let shares = (0..threads).map(|thread| {
			let columns = thread * share..(thread + 1).saturating_mul(share).min(plan.gamma);
			(columns.start, scope.spawn(move || quotient.columns(columns)))
		});
		let shares: Vec<_> = shares.collect();
		shares.into_iter().fold(Residue::ONE, |product, (start, share)| {
			let share = share.join().unwrap_or(Residue::ONE);
			product.mul(&share.square_repeat_vartime(start.saturating_mul(plan.kappa)))
		})
	})
}

/// `2^T / l`, digit by digit.
struct Quotient<'a> {
	solver: &'a Solver,
	prime: NonZero<U320>,
	modular: FixedMontyParams<{ U320::LIMBS }>,
	/// The highest digit that can be other than zero; `None` if `2^T < l`.
	highest: Option<u64>,
}

impl<'a> Quotient<'a> {
	fn new(solver: &'a Solver, challenge: &Challenge) -> Self {
		let prime: Odd<U320> = *challenge.prime();
		let highest = solver.delay().checked_sub(CHALLENGE_BITS);
		Self {
			solver,
			prime: *prime.as_nz_ref(),
			modular: FixedMontyParams::new_vartime(prime),
			highest: highest.map(|bits| bits / u64::from(solver.plan().kappa)),
		}
	}

	/// The product over the digits of some columns, as if the first column were column 0.
	fn columns(&self, columns: core::ops::Range<u32>) -> Residue {
		let mut buckets = vec![None; 1 << self.solver.plan().kappa];
		columns.rev().fold(Residue::ONE, |product, column| {
			let product = product.square_repeat_vartime(self.solver.plan().kappa);
			self.fill(column, &mut buckets);
			product.mul(&empty(&mut buckets))
		})
	}

	/// Puts every checkpoint in the bucket of its digit in this column.
	fn fill(&self, column: u32, buckets: &mut [Option<Residue>]) {
		let plan = self.solver.plan();
		let Some(columns) = self.highest.and_then(|highest| highest.checked_sub(column.into()))
		else {
			return;
		};
		let last = columns / u64::from(plan.gamma);
		let index = last * u64::from(plan.gamma) + u64::from(column);
		let two = FixedMontyForm::new(&U320::from_u8(2), &self.modular);
		let power_of_two = |exponent: u64| two.pow_vartime(&U64::from_u64(exponent));
		let mut rest = power_of_two(self.solver.delay() - u64::from(plan.kappa) * (index + 1));
		let step = power_of_two(plan.spacing());
		let used = usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1);
		for checkpoint in self.solver.checkpoints().iter().take(used).rev() {
			let digit = self.digit(&rest.retrieve(), plan.kappa);
			if let Some(bucket) = buckets.get_mut(digit) {
				*bucket = Some(bucket.map_or(*checkpoint, |bucket| bucket.mul(checkpoint)));
			}
			rest = rest.mul(&step);
		}
	}

	/// `floor(2^kappa * rest / l)`, from the highest 64 bits of both where they decide: they are off
	/// by less than one each, so the quotient is off by less than `2^(kappa + 1) / denominator`.
	fn digit(&self, rest: &U320, kappa: u32) -> usize {
		let high_bits = |number: &U320| low_bits(&number.wrapping_shr_vartime(200));
		let numerator = u128::from(high_bits(rest)) << kappa;
		let denominator = u128::from(high_bits(self.prime.as_ref()));
		let (quotient, remainder) = (numerator / denominator, numerator % denominator);
		let margin = 2 << kappa;
		if (margin..denominator - margin).contains(&remainder) {
			return usize::try_from(quotient).unwrap_or(usize::MAX);
		}
		let (quotient, _) = rest.shl_vartime(kappa).div_rem_vartime(&self.prime);
		usize::try_from(low_bits(&quotient)).unwrap_or(usize::MAX)
	}
}

fn low_bits(number: &U320) -> u64 {
	number.to_be_bytes().as_slice().last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The product of all `bucket_b^b`: the product of the products of the buckets from `b` up, for all
/// `b` above zero. Leaves the buckets empty.
fn empty(buckets: &mut [Option<Residue>]) -> Residue {
	let mut suffix: Option<Residue> = None;
	let mut product = Residue::ONE;
	for bucket in buckets.iter_mut().skip(1).rev() {
		suffix = match (suffix, bucket.take()) {
			(Some(suffix), Some(bucket)) => Some(suffix.mul(&bucket)),
			(suffix, bucket) => suffix.or(bucket),
		};
		if let Some(suffix) = &suffix {
			product = product.mul(suffix);
		}
	}
	if let Some(zero) = buckets.first_mut() {
		*zero = None;
	}
	product
}
