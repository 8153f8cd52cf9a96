// SPDX-License-Identifier: Apache-2.0
//! Montgomery multiplication in limbs of 28 bits, in variable time, for public numbers only.
//!
//! Wasm has no product of 64 by 64 bits: in the limbs of `crypto-bigint` every one is a call.
//! Products of 28 bits fit a word 256 times over, so that no carry moves before the end.

use core::cell::Cell;

const BITS: u32 = 28;
const MASK: u64 = (1 << BITS) - 1;

/// A number below the modulus, lowest limb first.
pub(crate) type Limbs<const L: usize> = [u32; L];

/// An odd modulus below `2^(28 L - 2)`, with `L` at most 127.
pub(crate) struct Modulus<const L: usize> {
	modulus: Limbs<L>,
	/// `-1 / modulus` modulo `2^28`.
	inverse: u64,
	/// `2^(28 L)` modulo the modulus: 1 in Montgomery form.
	one: Limbs<L>,
}

impl<const L: usize> Modulus<L> {
	/// Takes an odd modulus, big-endian.
	pub(crate) fn new(bytes: &[u8]) -> Self {
		let modulus = from_bytes(bytes);
		let low = modulus.first().copied().map_or(0, u64::from);
		// Newton's iteration: 3, 6, 12, 24, 48 low bits are right.
		let step = |x: u64| x.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(x)));
		let inverse = step(step(step(step(low)))).wrapping_neg() & MASK;
		let mut this = Self { modulus, inverse, one: [0; L] };
		// The highest bit alone is below the modulus. Doubled often enough it is 2^(28 L).
		let top = modulus.iter().rposition(|limb| *limb > 0).unwrap_or(0);
		let bit = modulus.get(top).and_then(|limb| limb.checked_ilog2()).unwrap_or(0);
		let mut power = [0; L];
		if let Some(limb) = power.get_mut(top) {
			*limb = 1 << bit;
		}
		for _ in (top..L).flat_map(|_| 0..BITS).skip(usize::try_from(bit).unwrap_or(0)) {
			power = this.double(&power);
		}
		this.one = power;
		this
	}

	/// 1 in Montgomery form.
	pub(crate) fn one(&self) -> Limbs<L> {
		self.one
	}

	/// `2 x`.
	pub(crate) fn double(&self, x: &Limbs<L>) -> Limbs<L> {
		self.reduce(x.map(|limb| u64::from(limb) << 1))
	}

	/// `x + y`.
	pub(crate) fn add(&self, x: &Limbs<L>, y: &Limbs<L>) -> Limbs<L> {
		let mut y = y.iter();
		self.reduce(
			x.map(|limb| u64::from(limb).wrapping_add(y.next().copied().map_or(0, u64::from))),
		)
	}

	/// `modulus - x` for `x` above zero.
	pub(crate) fn negate(&self, x: &Limbs<L>) -> Limbs<L> {
		subtract(&self.modulus, x).unwrap_or(*x)
	}

	#[cfg(any(test, target_arch = "wasm32"))]
	/// The Montgomery form of any bytes, big-endian.
	pub(crate) fn enter(&self, bytes: &[u8]) -> Limbs<L> {
		// 2^(7 L), squared twice, is 2^(28 L).
		let mut factor = self.one;
		for _ in 0..L {
			for _ in 0..BITS / 4 {
				factor = self.double(&factor);
			}
		}
		let factor = self.mul(&factor, &factor);
		let factor = self.mul(&factor, &factor);
		self.mul(&from_bytes(bytes), &factor)
	}

	#[cfg(any(test, target_arch = "wasm32"))]
	/// The number of a Montgomery form, big-endian.
	pub(crate) fn leave<const BYTES: usize>(&self, x: &Limbs<L>) -> [u8; BYTES] {
		let mut one = [0; L];
		if let Some(low) = one.first_mut() {
			*low = 1;
		}
		to_bytes(&self.mul(x, &one))
	}

	/// The Montgomery product.
	pub(crate) fn mul(&self, x: &Limbs<L>, y: &Limbs<L>) -> Limbs<L> {
		let mut sums = [0u64; L];
		let low = |limbs: &Limbs<L>| limbs.first().copied().map_or(0, u64::from);
		let (y_low, modulus_low) = (low(y), low(&self.modulus));
		for x in x {
			let x = u64::from(*x);
			let sum = sums.first().copied().unwrap_or(0).wrapping_add(x.wrapping_mul(y_low));
			let factor = (sum & MASK).wrapping_mul(self.inverse) & MASK;
			// Its low limb is zero now.
			let carry = sum.wrapping_add(factor.wrapping_mul(modulus_low)) >> BITS;
			let cells = Cell::from_mut(sums.as_mut_slice()).as_slice_of_cells();
			let factors = y.iter().zip(&self.modulus).skip(1);
			for (pair, (y, modulus)) in cells.windows(2).zip(factors) {
				if let [to, from] = pair {
					let product = x.wrapping_mul(u64::from(*y));
					let multiple = factor.wrapping_mul(u64::from(*modulus));
					to.set(from.get().wrapping_add(product).wrapping_add(multiple));
				}
			}
			if let Some(last) = sums.last_mut() {
				*last = 0;
			}
			if let Some(first) = sums.first_mut() {
				*first = first.wrapping_add(carry);
			}
		}
		self.reduce(sums)
	}

	/// Moves the carries, and subtracts the modulus if the number is not below it.
	fn reduce(&self, sums: [u64; L]) -> Limbs<L> {
		let mut carry = 0u64;
		let limbs = sums.map(|sum| {
			let sum = sum.wrapping_add(carry);
			carry = sum >> BITS;
			low_limb(sum)
		});
		subtract(&limbs, &self.modulus).unwrap_or(limbs)
	}
}

/// `x - y`; `None` if that is negative.
fn subtract<const L: usize>(x: &Limbs<L>, y: &Limbs<L>) -> Option<Limbs<L>> {
	let mut difference = *x;
	let mut borrow = 0;
	for (x, y) in difference.iter_mut().zip(y) {
		let digit = u64::from(*x).wrapping_sub(u64::from(*y)).wrapping_sub(borrow);
		borrow = digit >> 63;
		*x = low_limb(digit);
	}
	(borrow == 0).then_some(difference)
}

/// The lowest 28 bits.
#[allow(clippy::cast_possible_truncation, clippy::as_conversions, reason = "28 bits fit 32")]
fn low_limb(sum: u64) -> u32 {
	(sum & MASK) as u32
}

/// The limbs of big-endian bytes; what does not fit `L` limbs is dropped.
pub(crate) fn from_bytes<const L: usize>(bytes: &[u8]) -> Limbs<L> {
	let mut bytes = bytes.iter().rev();
	let (mut digits, mut bits) = (0u64, 0u32);
	core::array::from_fn(|_| {
		while bits < BITS {
			digits |= bytes.next().copied().map_or(0, u64::from) << bits;
			bits = bits.wrapping_add(8);
		}
		let limb = low_limb(digits);
		digits >>= BITS;
		bits = bits.wrapping_sub(BITS);
		limb
	})
}

#[cfg(any(test, target_arch = "wasm32"))]
/// Big-endian bytes; what does not fit them is dropped.
fn to_bytes<const L: usize, const BYTES: usize>(limbs: &Limbs<L>) -> [u8; BYTES] {
	let mut limbs = limbs.iter();
	let (mut digits, mut bits) = (0u64, 0u32);
	let mut bytes = [0; BYTES];
	for byte in bytes.iter_mut().rev() {
		if bits < 8 {
			digits |= limbs.next().copied().map_or(0, u64::from) << bits;
			bits = bits.wrapping_add(BITS);
		}
		let [low, ..] = digits.to_le_bytes();
		*byte = low;
		digits >>= 8;
		bits = bits.wrapping_sub(8);
	}
	bytes
}
