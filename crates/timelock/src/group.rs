// SPDX-License-Identifier: Apache-2.0
//! The group `Z_N* / {+1,-1}` and its only encoding: the smaller of `x` and `N - x`, 256 bytes
//! big-endian (Boneh, Bünz, Fisch 2018, section 6: without the sign, -1 is no element of order 2).

use core::cmp::Ordering;
use crypto_bigint::{
	const_monty_params,
	modular::{ConstMontyForm, ConstMontyParams},
	nlimbs, CtLt, CtSelect, Uint, U2048,
};

/// Bytes of an element.
pub const ELEMENT_BYTES: usize = 256;

/// An element on the wire.
pub(crate) type Element = [u8; ELEMENT_BYTES];

const_monty_params!(
	Rsa2048,
	U2048,
	"c7970ceedcc3b0754490201a7aa613cd73911081c790f5f1a8726f463550bb5b7ff0db8e1ea1189ec72f93d1650011bd\
	721aeeacc2acde32a04107f0648c2813a31f5b0b7765ff8b44b4b6ffc93384b646eb09c7cf5e8592d40ea33c80039f35\
	b4f14a04b51f7bfd781be4d1673164ba8eb991c2c4d730bbbe35f592bdef524af7e8daefd26c66fc02c479af89d64d37\
	3f442709439de66ceb955f3ea37d5159f6135809f85334b5cb1813addc80cd05609f10ac6a95ad65872c909525bdad32\
	bc729592642920f24c61dc5b3c3b7923e56b16a4d9d373d8721f24a3fc0f1b3131f55615172866bccc30f95054c824e7\
	33a5eb6817f7bc16399d48c6361cc7e5",
	"The RSA-2048 challenge number."
);

/// A residue modulo `N`; its sign is dropped where it becomes bytes.
pub(crate) type Residue = ConstMontyForm<Rsa2048, { U2048::LIMBS }>;

const N: U2048 = *<Rsa2048 as ConstMontyParams<{ U2048::LIMBS }>>::PARAMS.modulus().as_ref();
/// `(N - 1) / 2`, the largest canonical element, as `N` is odd.
const LARGEST: U2048 = N.shr_vartime(1);
static MODULUS: Element = to_bytes(&N);
static GENERATOR: Element = to_bytes(&U2048::from_u8(4));

/// The modulus `N`: the RSA-2048 challenge number, big-endian.
///
/// RSA Laboratories published it in 1991 and destroyed the factors; nobody has found them.
pub fn modulus() -> &'static [u8; ELEMENT_BYTES] {
	&MODULUS
}

/// The generator `g` = 4, big-endian. A square, so the Jacobi symbol of `g^r` says nothing of `r`.
pub fn generator() -> &'static [u8; ELEMENT_BYTES] {
	&GENERATOR
}

/// Big-endian bytes.
pub(crate) const fn to_bytes(number: &U2048) -> Element {
	match number.to_be_bytes().as_slice().first_chunk() {
		Some(bytes) => *bytes,
		None => [0; ELEMENT_BYTES],
	}
}

/// The element that canonical bytes encode; `None` for 0 and what is above `(N - 1) / 2`.
pub(crate) fn decode(bytes: &Element) -> Option<Residue> {
	let number = U2048::from_be_slice(bytes);
	let canonical = !number.is_zero_vartime() && number.cmp_vartime(&LARGEST) != Ordering::Greater;
	canonical.then(|| Residue::new(&number))
}

/// The residue of any 256 bytes.
pub(crate) fn reduce(bytes: &Element) -> Residue {
	Residue::new(&U2048::from_be_slice(bytes))
}

/// The canonical bytes of an element, in constant time.
pub(crate) fn encode(element: &Residue) -> Element {
	let number = element.retrieve();
	let negated = element.neg().retrieve();
	to_bytes(&number.ct_select(&negated, negated.ct_lt(&number)))
}

/// `base^exponent`, exponent big-endian, in constant time.
pub(crate) fn pow_secret(base: &Residue, exponent: &[u8; crate::seal::EXPONENT_BYTES]) -> Residue {
	base.pow(&Uint::<{ nlimbs(2176) }>::from_be_slice(exponent))
}

/// `a^x * b^y` for public exponents of equal length, big-endian; canonical.
pub(crate) fn double_pow<const BYTES: usize>(
	a: (&Element, &[u8; BYTES]),
	b: (&Element, &[u8; BYTES]),
) -> Element {
	#[cfg(target_arch = "wasm32")]
	let product = double_pow_in_limbs(a, b);
	#[cfg(not(target_arch = "wasm32"))]
	let product = double_pow_in_words(a, b);
	encode(&product)
}

#[cfg(any(test, not(target_arch = "wasm32")))]
fn double_pow_in_words<const BYTES: usize>(
	(a, x): (&Element, &[u8; BYTES]),
	(b, y): (&Element, &[u8; BYTES]),
) -> Residue {
	straus((&reduce(a), x), (&reduce(b), y), &Residue::ONE, |a, b| a.mul(b))
}

#[cfg(any(test, target_arch = "wasm32"))]
fn double_pow_in_limbs<const BYTES: usize>(
	(a, x): (&Element, &[u8; BYTES]),
	(b, y): (&Element, &[u8; BYTES]),
) -> Residue {
	let modulus = crate::limbs::Modulus::<74>::new(&MODULUS);
	let (a, b) = (modulus.enter(a), modulus.enter(b));
	let product = straus((&a, x), (&b, y), &modulus.one(), |a, b| modulus.mul(a, b));
	reduce(&modulus.leave(&product))
}

/// `a^x * b^y` with 4-bit windows that share their squarings (Straus 1964).
fn straus<T: Copy, const BYTES: usize>(
	(a, x): (&T, &[u8; BYTES]),
	(b, y): (&T, &[u8; BYTES]),
	one: &T,
	mul: impl Fn(&T, &T) -> T,
) -> T {
	let (powers_a, powers_b) = (powers(a, one, &mul), powers(b, one, &mul));
	let mut product = *one;
	for (x, y) in x.iter().zip(y) {
		for (x, y) in [(x >> 4, y >> 4), (x & 15, y & 15)] {
			for _ in 0..4 {
				product = mul(&product, &product);
			}
			for (powers, digit) in [(&powers_a, x), (&powers_b, y)] {
				if let (Some(power), true) = (powers.get(usize::from(digit)), digit > 0) {
					product = mul(&product, power);
				}
			}
		}
	}
	product
}

/// `base^0` to `base^15`.
fn powers<T: Copy>(base: &T, one: &T, mul: impl Fn(&T, &T) -> T) -> [T; 16] {
	let mut next = *one;
	core::array::from_fn(|_| {
		let power = next;
		next = mul(&next, base);
		power
	})
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]
mod tests {
	use super::*;
	use num_bigint::BigUint;
	use proptest::prelude::*;

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(100))]

		/// What Wasm computes, what native code computes, and a third implementation.
		#[test]
		fn double_pow_should_agree_in_words_in_limbs_and_in_num_bigint(
			a in prop::array::uniform32(any::<[u8; 8]>()),
			b in prop::array::uniform32(any::<[u8; 8]>()),
			x in prop::array::uniform32(any::<u8>()),
			y in prop::array::uniform32(any::<u8>()),
		) {
			let element = |words: [[u8; 8]; 32]| -> Element { words.concat().try_into().unwrap() };
			let (a, b) = (element(a), element(b));
			let words = encode(&double_pow_in_words((&a, &x), (&b, &y)));
			prop_assert_eq!(words, encode(&double_pow_in_limbs((&a, &x), (&b, &y))));
			let n = BigUint::from_bytes_be(modulus());
			let power = |base: &Element, exponent: &[u8; 32]| {
				let number = BigUint::from_bytes_be;
				number(base).modpow(&number(exponent), &n)
			};
			let product = power(&a, &x) * power(&b, &y) % &n;
			prop_assert_eq!(BigUint::from_bytes_be(&words), product.clone().min(n - product));
		}
	}

	#[test]
	fn double_pow_should_agree_when_numbers_are_at_the_ends_of_their_ranges() {
		let ends = |bytes: &Element| {
			let number = U2048::from_be_slice(bytes);
			[U2048::ZERO, U2048::ONE, number, number.wrapping_sub(&U2048::ONE), U2048::MAX]
				.map(|number| to_bytes(&number))
		};
		for a in ends(modulus()) {
			for b in ends(&to_bytes(&LARGEST)) {
				for (x, y) in [([0xff; 33], [0xff; 33]), ([0; 33], [1; 33]), ([0; 33], [0; 33])] {
					let (a, b) = ((&a, &x), (&b, &y));
					let words = encode(&double_pow_in_words(a, b));
					assert_eq!(words, encode(&double_pow_in_limbs(a, b)));
				}
			}
		}
	}
}
