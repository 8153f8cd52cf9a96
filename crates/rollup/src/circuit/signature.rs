// SPDX-License-Identifier: Apache-2.0
//! The signature equation of [`crate::keys`] as constraints.
//!
//! Stated: challenge and response are bits; the response is below the subgroup's order;
//! `R = response * B - c * key` with `c = 2 challenge - (2^128 - 1)`; and, where the slot is active,
//! the hash of `R.x`, `key.x` and what is signed is, as the canonical integer below the field
//! modulus, `challenge + 2^128 * high` for some `high`. Without "canonical" a prover could pick
//! between two challenges for one hash and so accept signatures that the native check refuses.
//!
//! That the key lies in the prime-order subgroup is checked when it enters the state, see
//! [`crate::keys`]; that it is on the curve follows, and is stated here once more for three
//! constraints.

use super::{
	curve::Point,
	num::{Builder, Num, Result},
	poseidon,
};
use crate::{
	keys::{tag, CHALLENGE_BITS},
	Scalar,
};
use ark_ed_on_bn254::Fr as SubgroupScalar;

/// A signature's bits.
pub(crate) struct SignatureBits {
	/// Lowest first.
	pub(crate) challenge: Vec<Num>,
	/// Lowest first.
	pub(crate) response: Vec<Num>,
	/// The whole challenge hash, of which `challenge` is the low part.
	pub(crate) full_challenge: Num,
}

impl SignatureBits {
	/// Makes the bits of challenge, response (little-endian limbs) and the part of the challenge
	/// hash above the challenge; states that response and hash are canonical.
	pub(crate) fn allocate(
		b: &Builder,
		challenge: u128,
		challenge_high: u128,
		response: &[u64; 4],
	) -> Result<Self> {
		let halves = |number: u128| [number as u64, (number >> 64) as u64];
		let limbs = [halves(challenge), halves(challenge_high)].concat();
		let mut full = b.bits_of_element::<Scalar>(&limbs)?;
		let full_challenge = b.pack(&full);
		full.truncate(CHALLENGE_BITS);
		let response = b.bits_of_element::<SubgroupScalar>(response)?;
		Ok(Self { challenge: full, response, full_challenge })
	}

	/// States that, if the bit `active` is one, this is the key's signature of a transfer with these
	/// numbers and this new key, which is zero if there is none.
	pub(crate) fn enforce_valid_if(
		&self,
		b: &Builder,
		active: &Num,
		key: &Point,
		[numbers, new_key]: [&Num; 2],
	) -> Result<()> {
		key.enforce_on_curve(b)?;
		let commitment = key
			.negate()
			.multiply_signed(b, &self.challenge)?
			.add_generator_multiple(b, &self.response)?;
		let numbers = numbers + &b.constant(tag());
		let hash = poseidon::hash4(b, [&commitment.x, &key.x, &numbers, new_key])?;
		b.enforce(active, &(&hash - &self.full_challenge), &b.zero())
	}
}

#[cfg(test)]
mod tests {
	use super::{super::num::tests, *};
	use crate::{
		keys::{high_bits, recomputed_challenge, SecretKey},
		transfer::{RawSlot, SignedTransfer, Transfer},
	};
	use ark_ed_on_bn254::EdwardsAffine;
	use ark_ff::{BigInt, BigInteger, PrimeField};

	struct Case {
		raw: RawSlot,
		key: EdwardsAffine,
		high: u128,
	}

	impl Case {
		/// What a prover who wants this to pass fills in for the rest of the challenge hash.
		fn complete(&mut self) {
			self.high = high_bits(&recomputed_challenge(
				self.key,
				[self.raw.packed(), self.raw.new_key_x()],
				self.raw.challenge,
				&self.raw.response,
			));
		}
	}

	fn point(key: &SecretKey) -> EdwardsAffine {
		key.public_key().point()
	}

	fn case(signed: &SignedTransfer, key: &SecretKey) -> Case {
		let raw = RawSlot::read(&signed.encode());
		let mut case = Case { raw, key: point(key), high: 0 };
		case.complete();
		case
	}

	fn holds(case: &Case, active: u64) -> bool {
		tests::run(|b| {
			let key = Point { x: b.witness(case.key.x)?, y: b.witness(case.key.y)? };
			let raw = &case.raw;
			let bits = SignatureBits::allocate(b, raw.challenge, case.high, &raw.response)?;
			let numbers = b.witness(raw.packed())?;
			let new_key = b.witness(raw.new_key_x())?;
			let active = b.constant(Scalar::from(active));
			bits.enforce_valid_if(b, &active, &key, [&numbers, &new_key])
		})
		.0
	}

	fn signed(nonce: u32) -> (SignedTransfer, SecretKey) {
		let key = SecretKey::from_seed(&[9; 32]);
		let new_key = (nonce % 2 == 1).then(|| SecretKey::from_seed(&[11; 32]).public_key());
		(Transfer { from: 1, to: 2, amount: 3, fee: 4, nonce, new_key }.sign(&key), key)
	}

	#[test]
	fn gadget_should_accept_what_the_native_check_accepts() {
		for nonce in 0..4 {
			let (signed, key) = signed(nonce);
			assert!(key.public_key().verify(&signed.transfer, &signed.signature));
			assert!(holds(&case(&signed, &key), 1));
		}
	}

	#[test]
	fn gadget_should_reject_when_anything_is_changed() {
		let (signed, key) = signed(0);
		let rejects = |change: fn(&mut Case)| {
			let mut wrong = case(&signed, &key);
			change(&mut wrong);
			assert!(!holds(&wrong, 1));
			wrong.complete();
			assert!(!holds(&wrong, 1));
		};
		rejects(|case| case.raw.amount += 1);
		rejects(|case| case.raw.nonce += 1);
		rejects(|case| case.raw.from += 1);
		rejects(|case| case.raw.to += 1);
		rejects(|case| case.raw.fee += 1);
		rejects(|case| case.raw.new_key[0] += 1);
		rejects(|case| case.raw.challenge ^= 1);
		rejects(|case| case.raw.response[0] ^= 1);
		rejects(|case| case.key = point(&SecretKey::from_seed(&[10; 32])));
	}

	#[test]
	fn gadget_should_reject_when_the_response_is_not_canonical() {
		let (signed, key) = signed(0);
		let mut wrong = case(&signed, &key);
		let mut response = BigInt::<4>::new(wrong.raw.response);
		response.add_with_carry(&SubgroupScalar::MODULUS);
		wrong.raw.response = response.0;
		assert!(!holds(&wrong, 1));
	}

	#[test]
	fn gadget_should_reject_when_the_key_is_off_the_curve() {
		let (signed, key) = signed(0);
		let mut wrong = case(&signed, &key);
		wrong.key = EdwardsAffine::new_unchecked(wrong.key.x + wrong.key.y, wrong.key.y);
		assert!(!holds(&wrong, 1));
		assert!(!holds(&wrong, 0));
	}

	#[test]
	fn gadget_should_accept_anything_canonical_when_inactive() {
		let (signed, key) = signed(0);
		let mut wrong = case(&signed, &key);
		wrong.raw.amount += 1;
		assert!(holds(&wrong, 0));
	}

	#[test]
	fn full_challenge_should_reject_when_it_is_a_second_representation() {
		// hash + modulus fits into 254 bits for small hashes: it must not pass as the same hash.
		let hash = Scalar::from(77u64);
		let mut second = hash.into_bigint();
		second.add_with_carry(&Scalar::MODULUS);
		let limbs = second.0;
		let halves = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
		let (satisfied, bits) = tests::run(|b| {
			let (low, high) = (halves(limbs[0], limbs[1]), halves(limbs[2], limbs[3]));
			SignatureBits::allocate(b, low, high, &[0; 4])
		});
		assert_eq!(bits.full_challenge.value, hash);
		assert!(!satisfied);
	}
}
