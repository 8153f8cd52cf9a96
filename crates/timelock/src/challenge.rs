// SPDX-License-Identifier: Apache-2.0
//! The challenge of a proof: a 264-bit prime, found by a bounded search that depends on the seed only.
//!
//! 264 bits, because an adversary that computes alone can prepare: against a challenge of 128 bits
//! the non-interactive proof has about 64 bits of security (Boneh, Bünz, Fisch 2018, section 3.3).

use crate::limbs::{Limbs, Modulus};
use crypto_bigint::{
	modular::{FixedMontyForm, FixedMontyParams},
	Odd, U320, U64,
};
use pvs_primitives::hash::{blake2_512, CHALLENGE_DOMAIN};

/// Bytes of a challenge prime.
pub const CHALLENGE_BYTES: usize = 33;
/// Limbs of 28 bits that hold a challenge prime.
const LIMBS: usize = 10;
/// Candidates that one search hashes at most. A search that ends without a prime has used up its
/// tests long before (after about 400 candidates).
pub const MAX_CANDIDATES: u32 = 1024;
/// Candidates without a small factor that one search tests at most: the bound on its cost. About
/// 1 % of all searches reach it.
pub const MAX_PRIMALITY_TESTS: u32 = 64;

/// Bases of the Miller-Rabin test. Candidates are hashes, not an adversary's choice, so fixed bases
/// do. A composite that passed would help a forger only if all of its factors were small.
const BASES: [u8; 8] = [2, 3, 5, 7, 11, 13, 17, 19];

/// The odd primes below 1024: a candidate that one of them divides does not count as a test.
#[rustfmt::skip]
const SMALL_PRIMES: [u16; 171] = [
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
	97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181,
	191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281,
	283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397,
	401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503,
	509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619,
	631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743,
	751, 757, 761, 769, 773, 787, 797, 809, 811, 821, 823, 827, 829, 839, 853, 857, 859, 863,
	877, 881, 883, 887, 907, 911, 919, 929, 937, 941, 947, 953, 967, 971, 977, 983, 991, 997,
	1009, 1013, 1019, 1021,
];

/// A challenge prime.
pub(crate) struct Challenge {
	prime: Odd<U320>,
}

impl Challenge {
	/// The first prime among the seed's candidates; `None` if the bounds end the search.
	pub(crate) fn search(seed: &[u8; 64]) -> Option<Self> {
		let mut tests_left = MAX_PRIMALITY_TESTS;
		for number in 0..MAX_CANDIDATES {
			let candidate = candidate(seed, number);
			if has_small_factor(&candidate) {
				continue;
			}
			tests_left = tests_left.checked_sub(1)?;
			if is_probable_prime(&candidate) {
				return Option::from(Odd::new(widen(&candidate))).map(|prime| Self { prime });
			}
		}
		None
	}

	/// The prime, big-endian.
	pub(crate) fn to_bytes(&self) -> [u8; CHALLENGE_BYTES] {
		narrow(self.prime.as_ref())
	}

	/// `2^exponent` modulo the prime, big-endian.
	pub(crate) fn pow_of_two(&self, exponent: u64) -> [u8; CHALLENGE_BYTES] {
		let params = FixedMontyParams::new_vartime(self.prime);
		let two = FixedMontyForm::new(&U320::from_u8(2), &params);
		narrow(&two.pow_vartime(&U64::from_u64(exponent)).retrieve())
	}

	/// The prime as a number.
	#[cfg(any(feature = "std", feature = "testing"))]
	pub(crate) fn prime(&self) -> &Odd<U320> {
		&self.prime
	}
}

/// A candidate: 264 bits of the hash of seed and number, the highest and the lowest bit set.
fn candidate(seed: &[u8; 64], number: u32) -> [u8; CHALLENGE_BYTES] {
	let hash = blake2_512(&[CHALLENGE_DOMAIN, seed, &number.to_le_bytes()]);
	let mut candidate = [0; CHALLENGE_BYTES];
	for (to, from) in candidate.iter_mut().zip(hash) {
		*to = from;
	}
	candidate[0] |= 0x80;
	candidate[CHALLENGE_BYTES - 1] |= 1;
	candidate
}

/// For every small prime, `2^256, 2^224, ..., 2^32, 1` modulo it: the weights of a candidate's first
/// byte and of its words.
static WEIGHTS: [[u16; 9]; SMALL_PRIMES.len()] = weights();

#[allow(
	clippy::indexing_slicing,
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::cast_possible_truncation,
	reason = "the compiler evaluates it: an error does not compile"
)]
const fn weights() -> [[u16; 9]; SMALL_PRIMES.len()] {
	let mut weights = [[1; 9]; SMALL_PRIMES.len()];
	let mut row = 0;
	while row < SMALL_PRIMES.len() {
		let mut column = 8;
		while column > 0 {
			let weight = (weights[row][column] as u64) << 32;
			column -= 1;
			weights[row][column] = (weight % SMALL_PRIMES[row] as u64) as u16;
		}
		row += 1;
	}
	weights
}

fn has_small_factor(candidate: &[u8; CHALLENGE_BYTES]) -> bool {
	let [first, rest @ ..] = candidate;
	let mut digits = [u64::from(*first); 9];
	for (digit, word) in digits.iter_mut().skip(1).zip(rest.as_chunks::<4>().0) {
		*digit = u64::from(u32::from_be_bytes(*word));
	}
	SMALL_PRIMES.iter().zip(&WEIGHTS).any(|(prime, weights)| {
		let products = digits.iter().zip(weights).map(|(d, w)| d.wrapping_mul(u64::from(*w)));
		// Nine products below 2^42.
		products.fold(0, u64::wrapping_add).checked_rem(u64::from(*prime)) == Some(0)
	})
}

/// The Miller-Rabin test with every one of [`BASES`].
fn is_probable_prime(candidate: &[u8; CHALLENGE_BYTES]) -> bool {
	let modulus = Modulus::new(candidate);
	let one = modulus.one();
	let minus_one = modulus.negate(&one);
	let even = widen(candidate).wrapping_sub(&U320::ONE);
	let twos = even.trailing_zeros_vartime();
	let odd = narrow(&even.wrapping_shr_vartime(twos));
	BASES.iter().all(|base| {
		let mut power = power_of_base(&modulus, *base, &odd);
		if power == one || power == minus_one {
			return true;
		}
		for _ in 1..twos {
			power = modulus.mul(&power, &power);
			if power == minus_one {
				return true;
			}
		}
		false
	})
}

/// `base^exponent` in Montgomery form, the base multiplied by doubling and adding: for small ones
/// that is soonest.
fn power_of_base(
	modulus: &Modulus<LIMBS>,
	base: u8,
	exponent: &[u8; CHALLENGE_BYTES],
) -> Limbs<LIMBS> {
	exponent.iter().flat_map(bits).fold(modulus.one(), |power, bit| {
		let square = modulus.mul(&power, &power);
		if !bit {
			return square;
		}
		bits(&base).skip_while(|digit| !digit).skip(1).fold(square, |product, digit| {
			let double = modulus.double(&product);
			if digit {
				modulus.add(&double, &square)
			} else {
				double
			}
		})
	})
}

/// The bits of a byte, the highest first.
fn bits(byte: &u8) -> impl Iterator<Item = bool> {
	let byte = *byte;
	(0..8).rev().map(move |bit| (byte >> bit) & 1 == 1)
}

fn widen(bytes: &[u8; CHALLENGE_BYTES]) -> U320 {
	let mut wide = [0; 40];
	for (to, from) in wide.iter_mut().rev().zip(bytes.iter().rev()) {
		*to = *from;
	}
	U320::from_be_slice(&wide)
}

fn narrow(number: &U320) -> [u8; CHALLENGE_BYTES] {
	match number.to_be_bytes().as_slice().last_chunk() {
		Some(bytes) => *bytes,
		None => [0; CHALLENGE_BYTES],
	}
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]
mod tests {
	use super::*;
	use num_bigint::BigUint;
	use proptest::prelude::*;

	#[test]
	fn small_primes_should_be_all_odd_primes_below_1024() {
		let is_prime = |n: &u16| (2..*n).all(|divisor| !n.is_multiple_of(divisor));
		assert_eq!((3..1024).filter(is_prime).collect::<Vec<u16>>(), SMALL_PRIMES);
	}

	#[test]
	fn primality_should_agree_with_num_bigint_when_numbers_follow_each_other() {
		let odd = |low: u16| {
			let mut bytes = [0; CHALLENGE_BYTES];
			bytes[0] = 0x80;
			bytes[CHALLENGE_BYTES - 2..].copy_from_slice(&low.to_be_bytes());
			bytes
		};
		for low in (1..2000).step_by(2) {
			let number = BigUint::from_bytes_be(&odd(low));
			assert_eq!(is_probable_prime(&odd(low)), fermat(&number), "2^263 + {low}");
		}
	}

	/// The seeds come from a search with another program: the first prime of one is its 64th
	/// candidate without a small factor, that of the other its 65th.
	#[test]
	fn search_should_end_when_the_64th_test_finds_no_prime() {
		let search = |number: u64| {
			let mut seed = [0; 64];
			seed[..8].copy_from_slice(&number.to_le_bytes());
			Challenge::search(&seed).map(|challenge| hex::encode(challenge.to_bytes()))
		};
		let at_64 = "ae52b3c9ffcb83a7f1427724fd2cfc226b248028f3b5cd1966cb6a7f2000837dbd";
		assert_eq!(search(537).as_deref(), Some(at_64));
		assert_eq!(search(860), None);
	}

	/// Fermat's test with bases that the code does not use.
	fn fermat(number: &BigUint) -> bool {
		[23u8, 29, 31, 37, 41, 43]
			.iter()
			.all(|base| BigUint::from(*base).modpow(&(number - 1u8), number) == BigUint::from(1u8))
	}

	proptest! {
		#[test]
		fn primality_should_agree_with_num_bigint_when_numbers_are_random(
			bytes in prop::collection::vec(any::<u8>(), CHALLENGE_BYTES),
		) {
			let mut bytes: [u8; CHALLENGE_BYTES] = bytes.try_into().unwrap();
			bytes[0] |= 0x80;
			bytes[CHALLENGE_BYTES - 1] |= 1;
			let prime = fermat(&BigUint::from_bytes_be(&bytes));
			prop_assert_eq!(is_probable_prime(&bytes), prime);
		}

		#[test]
		fn small_factor_should_be_found_exactly_when_one_divides(
			bytes in prop::collection::vec(any::<u8>(), CHALLENGE_BYTES),
		) {
			let number = BigUint::from_bytes_be(&bytes);
			let divided = (3u16..1024).step_by(2).any(|n| &number % n == BigUint::default());
			prop_assert_eq!(has_small_factor(&bytes.try_into().unwrap()), divided);
		}

		#[test]
		fn pow_of_two_should_agree_with_num_bigint(seed in any::<[u8; 32]>(), exponent: u64) {
			let seed: [u8; 64] = [seed, seed].concat().try_into().unwrap();
			if let Some(challenge) = Challenge::search(&seed) {
				let prime = BigUint::from_bytes_be(&challenge.to_bytes());
				prop_assert!(fermat(&prime) && prime.bits() == 264);
				let power = BigUint::from(2u8).modpow(&BigUint::from(exponent), &prime);
				let computed = challenge.pow_of_two(exponent);
				prop_assert_eq!(BigUint::from_bytes_be(&computed), power);
			}
		}
	}
}
