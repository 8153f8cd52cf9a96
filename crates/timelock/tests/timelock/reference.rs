// SPDX-License-Identifier: Apache-2.0
//! Verification a second time, from the words of `docs/seal.md` and on `num-bigint`: own modulus
//! (decimal), own search, own Miller-Rabin test with other bases.

use crate::Bid;
use num_bigint::BigUint;
use proptest::prelude::*;
use pvs_primitives::hash::blake2_512;
use pvs_timelock::{Opening, OpeningError, Statement};

const RSA_2048: &str = "\
	25195908475657893494027183240048398571429282126204032027777137836043662020707595556264018525880784\
	40691829064124951508218929855914917618450280848912007284499268739280728777673597141834727026189637\
	50149718246911650776133798590957000973304597488084284017974291006424586918171951187461215151726546\
	32282216869987549182422433637259085141865462043576798423387184774447920739934236584823824281198163\
	81501067481045166037730605620161967625613384414360383390441495263443219011465754445417842402092461\
	65157233507787077498171257724679629263863563732899121548314381678998850404453640235273819513786365\
	64391212010397122822120720357";

pub(crate) fn modulus() -> BigUint {
	RSA_2048.parse().unwrap()
}

fn number(bytes: &[u8]) -> BigUint {
	BigUint::from_bytes_be(bytes)
}

/// Sixteen rounds of Miller-Rabin with odd primes from 59 on.
fn is_prime(n: &BigUint) -> bool {
	let one = BigUint::from(1u8);
	let even = n - &one;
	let twos = even.trailing_zeros().unwrap();
	let bases = [59u8, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131];
	bases.iter().all(|base| {
		let mut power = BigUint::from(*base).modpow(&(&even >> twos), n);
		if power == one {
			return true;
		}
		for _ in 0..twos {
			if power == even {
				return true;
			}
			power = &power * &power % n;
		}
		false
	})
}

pub(crate) fn challenge(statement: &Statement, solution: &[u8], attempt: u8) -> Option<BigUint> {
	let (u, ciphertext) = statement.seal.split_at(256);
	let seed = blake2_512(&[
		b"pvs/opening/v1",
		&modulus().to_bytes_be(),
		&statement.parameters.delay.to_le_bytes(),
		u,
		solution,
		statement.context,
		statement.commitment,
		ciphertext,
		statement.opener,
		&[attempt],
	]);
	let mut tests = 0;
	for i in 0..1024u32 {
		let hash = blake2_512(&[b"pvs/challenge/v1", &seed, &i.to_le_bytes()]);
		let mut candidate = number(&hash[..33]);
		candidate.set_bit(263, true);
		candidate.set_bit(0, true);
		if (3u16..1024).any(|n| (&candidate % n) == BigUint::default()) {
			continue;
		}
		if tests == 64 {
			return None;
		}
		tests += 1;
		if is_prime(&candidate) {
			return Some(candidate);
		}
	}
	None
}

pub(crate) fn verify(statement: &Statement, opening: &Opening) -> Result<(), OpeningError> {
	let n = modulus();
	let largest = (&n - 1u8) / 2u8;
	let canonical = |x: &BigUint| *x <= largest && *x != BigUint::default();
	let (u, solution) = (number(&statement.seal[..256]), number(&opening.solution));
	let pi = number(&opening.proof[1..]);
	if !canonical(&u) || u == BigUint::from(1u8) {
		return Err(OpeningError::MalformedSeal);
	}
	if !canonical(&solution) {
		return Err(OpeningError::SolutionNotCanonical);
	}
	if !canonical(&pi) {
		return Err(OpeningError::ProofNotCanonical);
	}
	let prime = challenge(statement, &opening.solution, opening.proof[0])
		.ok_or(OpeningError::ChallengeNotFound)?;
	let rest = BigUint::from(2u8).modpow(&statement.parameters.delay.into(), &prime);
	let product = pi.modpow(&prime, &n) * u.modpow(&rest, &n) % &n;
	if product.clone().min(&n - product) != solution {
		return Err(OpeningError::WrongSolution);
	}
	Ok(())
}

/// What to do to a good opening.
#[derive(Clone, Debug)]
enum Change {
	Nothing,
	Flip { field: u8, bit: u16 },
	Attempt(u8),
	NegateSolution,
	NegateProof,
	AddModulus,
	Zero { field: u8 },
}

fn change() -> impl Strategy<Value = Change> {
	prop_oneof![
		2 => Just(Change::Nothing),
		6 => (0u8..6, any::<u16>()).prop_map(|(field, bit)| Change::Flip { field, bit }),
		1 => any::<u8>().prop_map(Change::Attempt),
		1 => Just(Change::NegateSolution),
		1 => Just(Change::NegateProof),
		1 => Just(Change::AddModulus),
		1 => (0u8..3).prop_map(|field| Change::Zero { field }),
	]
}

fn apply(change: &Change, bid: &mut Bid, opening: &mut Opening) {
	let n = modulus();
	let padded = |x: BigUint| {
		let bytes = x.to_bytes_be();
		let mut padded = [0; 256];
		padded[256 - bytes.len()..].copy_from_slice(&bytes);
		padded
	};
	match change {
		Change::Nothing => {},
		Change::Flip { field, bit } => {
			let bytes: &mut [u8] = match field {
				0 => &mut opening.solution,
				1 => &mut opening.proof,
				2 => &mut bid.seal,
				3 => &mut bid.context,
				4 => &mut bid.commitment,
				_ => &mut bid.opener,
			};
			let bit = usize::from(*bit) % (bytes.len() * 8);
			bytes[bit / 8] ^= 1 << (bit % 8);
		},
		Change::Attempt(attempt) => opening.proof[0] = *attempt,
		Change::NegateSolution => opening.solution = padded(&n - number(&opening.solution)),
		Change::NegateProof => {
			let negated = padded(&n - number(&opening.proof[1..]));
			opening.proof[1..].copy_from_slice(&negated);
		},
		Change::AddModulus => {
			let sum = number(&opening.solution) + &n;
			if sum.bits() <= 2048 {
				opening.solution = padded(sum);
			}
		},
		Change::Zero { field: 0 } => opening.solution = [0; 256],
		Change::Zero { field: 1 } => opening.proof[1..].fill(0),
		Change::Zero { .. } => bid.seal[..256].fill(0),
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(160))]

	#[test]
	fn verification_should_agree_with_num_bigint_when_openings_are_good_or_bad(
		seed in 0u64..1 << 40,
		change in change(),
	) {
		let mut bid = Bid::random(seed);
		let mut opening = bid.open();
		let good = (bid.clone(), opening.clone());
		apply(&change, &mut bid, &mut opening);
		let untouched = opening == good.1
			&& (bid.seal, bid.context, bid.commitment, bid.opener)
				== (good.0.seal, good.0.context, good.0.commitment, good.0.opener);
		let expected = verify(&bid.statement(), &opening);
		prop_assert_eq!(bid.verify(&opening), expected);
		prop_assert_eq!(expected.is_ok(), untouched, "{:?}", change);
	}
}

/// About one attempt in a hundred ends without a prime: both implementations stop at the same ones.
#[test]
fn search_should_end_without_a_prime_exactly_when_the_reference_does() {
	let bid = Bid::random(7);
	let opening = bid.open();
	let mut not_found = 0;
	for attempt in 0..=255 {
		let mut opening = opening.clone();
		opening.proof[0] = attempt;
		let expected = verify(&bid.statement(), &opening);
		assert_eq!(bid.verify(&opening), expected, "attempt {attempt}");
		not_found += usize::from(expected == Err(OpeningError::ChallengeNotFound));
	}
	assert!((1..16).contains(&not_found), "{not_found} of 256");
}

#[test]
fn solution_should_agree_with_num_bigint_when_squared_one_by_one() {
	let bid = Bid::random(3);
	let n = modulus();
	let solution = (0..bid.parameters.delay).fold(number(&bid.seal[..256]), |x, _| &x * &x % &n);
	let canonical = solution.clone().min(&n - solution);
	assert_eq!(number(&bid.solve().solution), canonical);
}
