// SPDX-License-Identifier: Apache-2.0
//! Attacks on seals and openings, under their names in the catalog.

use crate::{reference, small, Bid};
use num_bigint::BigUint;
use proptest::prelude::*;
use pvs_primitives::bid::commitment_in;
use pvs_timelock::{check_seal, generator, modulus, OpeningError, SealError};

fn number(bytes: &[u8]) -> BigUint {
	BigUint::from_bytes_be(bytes)
}

fn canonical(x: &BigUint) -> [u8; 256] {
	let n = number(modulus());
	bytes(&x.clone().min(&n - x))
}

fn bytes(x: &BigUint) -> [u8; 256] {
	let short = x.to_bytes_be();
	let mut bytes = [0; 256];
	bytes[256 - short.len()..].copy_from_slice(&short);
	bytes
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// A2: the group is homomorphic, so `u' = u^k * g^s` has the solution `h_u^k * h^s`, and whoever
	/// mauls one knows how its solution relates. No such puzzle reads the old ciphertext, under the
	/// old context or another, and none matches a commitment.
	#[test]
	fn prop_mauled_puzzle_never_opens_valid(
		seed in 0u64..1 << 40,
		power in 1u32..4,
		shift in 0u32..4,
		negate: bool,
		other_context: bool,
		flipped in proptest::option::of(0usize..101),
	) {
		prop_assume!(power != 1 || shift != 0 || other_context || flipped.is_some());
		let bid = Bid::random(seed);
		let n = number(modulus());
		let mut mauled = bid.clone();
		let g = number(generator());
		let mut u = number(&bid.seal[..256]).pow(power) * g.pow(shift) % &n;
		if negate {
			u = &n - u;
		}
		mauled.seal[..256].copy_from_slice(&canonical(&u));
		if let Some(byte) = flipped {
			mauled.seal[256 + byte] ^= 1;
		}
		if other_context {
			mauled.context[121] ^= 1;
		}
		prop_assert_eq!(check_seal(&mauled.seal), Ok(()));
		let opening = mauled.solve();
		prop_assert_eq!(mauled.verify(&opening), Ok(()));
		prop_assert_eq!(mauled.decrypt(&opening.solution), None);
		prop_assert_eq!(bid.decrypt(&bid.open().solution), Some(bid.payload));
	}

	/// A2: an honest ciphertext for a mauled payload does not match the commitment that was copied.
	#[test]
	fn copied_commitment_should_not_match_when_the_payload_or_the_context_is_another(
		seed in 0u64..1 << 40,
		byte in 0usize..85,
		flip in 1u8..,
	) {
		let bid = Bid::random(seed);
		let mut payload = bid.payload;
		payload[byte] ^= flip;
		let copy = Bid::new(bid.context, payload, bid.exponent.clone(), bid.opener);
		let read = copy.decrypt(&copy.open().solution).unwrap();
		prop_assert_ne!(commitment_in(&copy.context, &read), bid.commitment);
	}

	/// C3: -1 has order 2, so `-y` would pass too where the sign mattered. Only one of both bytes is
	/// an element.
	#[test]
	fn prop_negated_solution_same_or_rejected(seed in 0u64..1 << 40) {
		let bid = Bid::random(seed);
		let n = number(modulus());
		let opening = bid.open();
		prop_assert_eq!(bid.verify(&opening), Ok(()));
		let mut negated = opening.clone();
		negated.solution = bytes(&(&n - number(&opening.solution)));
		prop_assert_eq!(bid.verify(&negated), Err(OpeningError::SolutionNotCanonical));
		let mut negated = opening.clone();
		negated.proof[1..].copy_from_slice(&bytes(&(&n - number(&opening.proof[1..]))));
		prop_assert_eq!(bid.verify(&negated), Err(OpeningError::ProofNotCanonical));
		let mut seal = bid.seal;
		seal[..256].copy_from_slice(&bytes(&(&n - number(&bid.seal[..256]))));
		prop_assert_eq!(check_seal(&seal), Err(SealError::NotCanonical));
	}

	/// C4: nothing that the challenge hashes can change. The mathematics of a changed field may still
	/// hold (context, commitment, ciphertext, opener are no part of it): only the challenge refuses.
	#[test]
	fn prop_transcript_binds_every_field(seed in 0u64..1 << 40, bit in any::<usize>()) {
		let bid = Bid::random(seed);
		let opening = bid.open();
		let flip = |bytes: &mut [u8]| {
			let bit = bit % (bytes.len() * 8);
			bytes[bit / 8] ^= 1 << (bit % 8);
		};
		let refused = [
			("u", changed(&bid, |bid| flip(&mut bid.seal[..256]))),
			("context", changed(&bid, |bid| flip(&mut bid.context))),
			("commitment", changed(&bid, |bid| flip(&mut bid.commitment))),
			("ciphertext", changed(&bid, |bid| flip(&mut bid.seal[256..341]))),
			("tag", changed(&bid, |bid| flip(&mut bid.seal[341..]))),
			("opener", changed(&bid, |bid| flip(&mut bid.opener))),
			("delay", changed(&bid, |bid| bid.parameters.delay += 1)),
		];
		for (field, bid) in refused {
			prop_assert!(bid.verify(&opening).is_err(), "{}", field);
		}
		let mut other = opening.clone();
		flip(&mut other.solution);
		prop_assert!(bid.verify(&other).is_err());
		let mut other = opening.clone();
		flip(&mut other.proof);
		prop_assert!(bid.verify(&other).is_err());
	}

	/// C5: whoever copies an opening and puts its own account in has no proof.
	#[test]
	fn copied_opening_should_be_refused_when_another_account_opens(
		seed in 0u64..1 << 40,
		thief: [u8; 32],
	) {
		let bid = Bid::random(seed);
		let opening = bid.open();
		prop_assume!(thief != bid.opener);
		prop_assert_eq!(bid.verify(&opening), Ok(()));
		let thief = changed(&bid, |bid| bid.opener = thief);
		let error = thief.verify(&opening).unwrap_err();
		prop_assert!(matches!(
			error,
			OpeningError::WrongSolution | OpeningError::ChallengeNotFound
		));
	}
}

fn changed(bid: &Bid, change: impl FnOnce(&mut Bid)) -> Bid {
	let mut changed = bid.clone();
	change(&mut changed);
	changed
}

/// C4: fields of the same content in another order are another transcript.
#[test]
fn transcript_should_tell_fields_of_equal_width_apart_when_they_are_swapped() {
	let bid = Bid::random(11);
	let opening = bid.open();
	let swapped = changed(&bid, |bid| std::mem::swap(&mut bid.commitment, &mut bid.opener));
	assert!(swapped.verify(&opening).is_err());
}

/// C2: the modulus is the RSA-2048 challenge number, digit by digit in both bases.
#[test]
fn test_modulus_digest_and_sanity() {
	let n = number(modulus());
	assert_eq!(n, reference::modulus());
	assert_eq!(
		format!("{n:X}"),
		"C7970CEEDCC3B0754490201A7AA613CD73911081C790F5F1A8726F463550BB5B7FF0DB8E1EA1189EC72F93D1650011BD\
		721AEEACC2ACDE32A04107F0648C2813A31F5B0B7765FF8B44B4B6FFC93384B646EB09C7CF5E8592D40EA33C80039F35\
		B4F14A04B51F7BFD781BE4D1673164BA8EB991C2C4D730BBBE35F592BDEF524AF7E8DAEFD26C66FC02C479AF89D64D37\
		3F442709439DE66CEB955F3EA37D5159F6135809F85334B5CB1813ADDC80CD05609F10AC6A95AD65872C909525BDAD32\
		BC729592642920F24C61DC5B3C3B7923E56B16A4D9D373D8721F24A3FC0F1B3131F55615172866BCCC30F95054C824E7\
		33A5EB6817F7BC16399D48C6361CC7E5"
	);
	assert_eq!(
		hex::encode(pvs_primitives::hash::blake2_256(&[modulus()])),
		"6bd6195870dc2627bcce76c24d248d0b4f9fa69c8e0b5f4fe1a55307546e3fd7"
	);
	assert_eq!(n.bits(), 2048);
	for divisor in 2u32..100_000 {
		assert_ne!(&n % divisor, BigUint::default(), "{divisor} divides N");
	}
	// Composite: a prime would pass Fermat's test.
	assert_ne!(BigUint::from(2u8).modpow(&(&n - 1u8), &n), BigUint::from(1u8));
	// 4 is a square: the Jacobi symbol of any power of it is 1.
	assert_eq!(number(generator()), BigUint::from(4u8));
}

/// C1: each kind of malformed bytes has its own error, in the seal and in the opening.
#[test]
fn malformed_bytes_should_each_be_refused_for_their_own_cause() {
	let bid = Bid::random(5);
	let opening = bid.open();
	let n = number(modulus());
	let half = (&n - 1u8) / 2u8;
	let with_u = |u: &BigUint| changed(&bid, |bid| bid.seal[..256].copy_from_slice(&bytes(u)));
	let top = number(&[0xff; 256]);
	for (u, expected) in [
		(BigUint::from(0u8), Err(SealError::Trivial)),
		(BigUint::from(1u8), Err(SealError::Trivial)),
		(BigUint::from(2u8), Ok(())),
		(half.clone(), Ok(())),
		(&half + 1u8, Err(SealError::NotCanonical)),
		(&n - 1u8, Err(SealError::NotCanonical)),
		(n.clone(), Err(SealError::NotCanonical)),
		(&n + 2u8, Err(SealError::NotCanonical)),
		(top.clone(), Err(SealError::NotCanonical)),
	] {
		let bid = with_u(&u);
		assert_eq!(check_seal(&bid.seal), expected, "{u}");
		if expected.is_err() {
			assert_eq!(bid.verify(&opening), Err(OpeningError::MalformedSeal), "{u}");
		}
	}
	for (x, refused) in [
		(BigUint::from(0u8), true),
		(BigUint::from(1u8), false),
		(half.clone(), false),
		(&half + 1u8, true),
		(n, true),
		(top, true),
	] {
		let mut solution = opening.clone();
		solution.solution = bytes(&x);
		let mut proof = opening.clone();
		proof.proof[1..].copy_from_slice(&bytes(&x));
		let expected = [
			(solution, OpeningError::SolutionNotCanonical),
			(proof, OpeningError::ProofNotCanonical),
		];
		for (opening, error) in expected {
			let result = bid.verify(&opening).unwrap_err();
			assert_eq!(result == error, refused, "{x}: {result}");
		}
	}
}

/// A shortcut that a bidder might try: small orders. Nobody knows an element of small order, so the
/// known ones are all: 1 and -1, and both are refused or fail.
#[test]
fn trivial_solution_should_be_refused_when_everything_in_it_is_one() {
	let bid = Bid::random(6);
	let mut opening = bid.open();
	let mut one = [0; 256];
	one[255] = 1;
	opening.solution = one;
	opening.proof[1..].copy_from_slice(&one);
	assert_eq!(bid.verify(&opening), Err(OpeningError::WrongSolution));
	assert_eq!(small().0.check(), Ok(()));
}
