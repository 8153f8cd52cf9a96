// SPDX-License-Identifier: Apache-2.0
//! The committed vectors: `PVS_WRITE_VECTORS=1` writes them, every other run checks them.

use crate::{reference, small, Bid};
use pvs_primitives::{bid::commitment_in, Bytes32};
use pvs_timelock::{
	check_seal, decrypt, recover, seal, seal_key, verify_opening, Opening, Parameters, Statement,
	BID_CONTEXT_BYTES, INSECURE_DEVELOPMENT, STANDARD,
};
use rand::{rngs::StdRng, Rng, RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Serialize, Deserialize)]
struct File {
	about: String,
	parameters: Set,
	shipped: Vec<Shipped>,
	good: Vec<Good>,
	bad: Vec<Bad>,
}

#[derive(Serialize, Deserialize)]
struct Set {
	modulus: String,
	generator: String,
	delay: String,
	h: String,
	h_proof: String,
	digest: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Shipped {
	name: String,
	delay: String,
	digest: String,
}

#[derive(Serialize, Deserialize)]
struct Good {
	exponent: String,
	context: String,
	payload: String,
	commitment: String,
	seal: String,
	solution: String,
	key: String,
	opener: String,
	attempt: u8,
	challenge_prime: String,
	proof: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Bad {
	what: String,
	error: String,
	context: String,
	commitment: String,
	seal: String,
	solution: String,
	opener: String,
	proof: String,
}

fn path() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/seal.json")
}

fn to_hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn from_hex<const N: usize>(text: &str) -> [u8; N] {
	hex::decode(text.strip_prefix("0x").unwrap()).unwrap().try_into().unwrap()
}

/// What comes of a seal and an opening: the first check that fails, by name.
fn outcome(parameters: &Parameters, case: &Bad) -> String {
	let (seal, context, commitment, opener, solution) = (
		from_hex(&case.seal),
		from_hex(&case.context),
		from_hex(&case.commitment),
		from_hex(&case.opener),
		from_hex(&case.solution),
	);
	if let Err(error) = check_seal(&seal) {
		return format!("Seal{error:?}");
	}
	let statement = Statement {
		parameters,
		seal: &seal,
		context: &context,
		commitment: &commitment,
		opener: &opener,
	};
	if let Err(error) = verify_opening(&statement, &solution, &from_hex(&case.proof)) {
		return format!("{error:?}");
	}
	match decrypt(parameters, &seal, &context, &solution) {
		None => "NotAuthentic".into(),
		Some(payload) if commitment_in(&context, &payload) != commitment => {
			"CommitmentDiffers".into()
		},
		Some(_) => "Ok".into(),
	}
}

fn shipped() -> Vec<Shipped> {
	[INSECURE_DEVELOPMENT, STANDARD]
		.map(|set| Shipped {
			name: set.name.into(),
			delay: set.delay.to_string(),
			digest: to_hex(&set.digest()),
		})
		.into()
}

fn good(bid: &Bid, opening: &Opening) -> Good {
	let prime = reference::challenge(&bid.statement(), &opening.solution, opening.proof[0]);
	let u = bid.seal[..256].try_into().unwrap();
	Good {
		exponent: to_hex(bid.exponent.as_bytes()),
		context: to_hex(&bid.context),
		payload: to_hex(&bid.payload),
		commitment: to_hex(&bid.commitment),
		seal: to_hex(&bid.seal),
		solution: to_hex(&opening.solution),
		key: to_hex(&seal_key(&bid.parameters, u, &bid.context, &opening.solution)),
		opener: to_hex(&bid.opener),
		attempt: opening.proof[0],
		challenge_prime: to_hex(&prime.unwrap().to_bytes_be()),
		proof: to_hex(&opening.proof),
	}
}

fn bad(what: &str, bid: &Bid, opening: &Opening) -> Bad {
	let mut case = Bad {
		what: what.into(),
		error: String::new(),
		context: to_hex(&bid.context),
		commitment: to_hex(&bid.commitment),
		seal: to_hex(&bid.seal),
		solution: to_hex(&opening.solution),
		opener: to_hex(&bid.opener),
		proof: to_hex(&opening.proof),
	};
	case.error = outcome(&bid.parameters, &case);
	case
}

fn number(bytes: &[u8]) -> num_bigint::BigUint {
	num_bigint::BigUint::from_bytes_be(bytes)
}

fn padded(x: &num_bigint::BigUint) -> [u8; 256] {
	let bytes = x.to_bytes_be();
	let mut padded = [0; 256];
	padded[256 - bytes.len()..].copy_from_slice(&bytes);
	padded
}

fn bad_cases(bid: &Bid, opening: &Opening, rng: &mut StdRng) -> Vec<Bad> {
	let n = reference::modulus();
	let half = (&n - 1u8) / 2u8;
	let mut cases = Vec::new();
	let mut push = |what: &str, change: &dyn Fn(&mut Bid, &mut Opening)| {
		let (mut bid, mut opening) = (bid.clone(), opening.clone());
		change(&mut bid, &mut opening);
		cases.push(bad(what, &bid, &opening));
	};
	let outside = [
		("0", padded(&0u8.into())),
		("(N - 1) / 2 + 1", padded(&(&half + 1u8))),
		("N - 1", padded(&(&n - 1u8))),
		("N", padded(&n)),
		("2^2048 - 1", [0xff; 256]),
	];
	for (name, value) in &outside {
		push(&format!("u is {name}"), &|bid, _| bid.seal[..256].copy_from_slice(value));
		push(&format!("the solution is {name}"), &|_, opening| opening.solution = *value);
		push(&format!("pi is {name}"), &|_, opening| opening.proof[1..].copy_from_slice(value));
	}
	let one = padded(&1u8.into());
	push("u is 1", &|bid, _| bid.seal[..256].copy_from_slice(&one));
	push("the solution is 1", &|_, opening| opening.solution = one);
	push("pi is 1", &|_, opening| opening.proof[1..].copy_from_slice(&one));
	push("solution and pi are 1", &|_, opening| {
		opening.solution = one;
		opening.proof[1..].copy_from_slice(&one);
	});
	push("u is N - u", &|bid, _| {
		let negated = padded(&(&n - number(&bid.seal[..256])));
		bid.seal[..256].copy_from_slice(&negated);
	});
	push("the solution is N minus the solution", &|_, opening| {
		opening.solution = padded(&(&n - number(&opening.solution)));
	});
	push("pi is N - pi", &|_, opening| {
		let negated = padded(&(&n - number(&opening.proof[1..])));
		opening.proof[1..].copy_from_slice(&negated);
	});
	let bit = rng.gen_range(0..8);
	push("a bit of u differs", &|bid, _| bid.seal[200] ^= 1 << bit);
	push("a bit of the solution differs", &|_, opening| opening.solution[99] ^= 1 << bit);
	push("a bit of pi differs", &|_, opening| opening.proof[77] ^= 1 << bit);
	push("the attempt is the next", &|_, opening| opening.proof[0] += 1);
	push("solution and pi are swapped", &|_, opening| {
		let solution = opening.solution;
		opening.solution.copy_from_slice(&opening.proof[1..]);
		opening.proof[1..].copy_from_slice(&solution);
	});
	push("another opener", &|bid, _| bid.opener[0] ^= 1);
	push("another commitment", &|bid, _| bid.commitment[31] ^= 1);
	push("commitment and opener are swapped", &|bid, _| {
		std::mem::swap(&mut bid.commitment, &mut bid.opener);
	});
	for (what, position) in [
		("another tag in the context", 0),
		("another chain", 10),
		("another rollup", 42),
		("another index", 46),
		("another round", 54),
		("another batch digest", 58),
		("another bidder", BID_CONTEXT_BYTES - 1),
	] {
		push(what, &|bid, _| bid.context[position] ^= 1);
	}
	push("a bit of the ciphertext differs", &|bid, _| bid.seal[256] ^= 1);
	push("a bit of the tag differs", &|bid, _| bid.seal[356] ^= 1);
	push("the solution is squared once too often", &|_, opening| {
		let square = number(&opening.solution).pow(2) % &n;
		opening.solution = padded(&square.clone().min(&n - square));
	});
	// These are opened as they are: the proof is right, and what it opens is not.
	push("opened: the ciphertext is damaged", &|bid, opening| {
		bid.seal[300] ^= 1;
		*opening = bid.open();
	});
	push("opened: the tag is damaged", &|bid, opening| {
		bid.seal[341] ^= 1;
		*opening = bid.open();
	});
	push("opened: the seal is copied to another bidder's context", &|bid, opening| {
		bid.context[90..].fill(7);
		*opening = bid.open();
	});
	push("opened: the ciphertext is all zero", &|bid, opening| {
		bid.seal[256..].fill(0);
		*opening = bid.open();
	});
	push("opened: the key is derived with another delay", &|bid, opening| {
		let mut other = bid.parameters.clone();
		other.delay += 1;
		bid.seal = seal(&other, &bid.context, &bid.payload, &bid.exponent);
		*opening = bid.open();
	});
	push("opened: u is squared, the ciphertext kept", &|bid, opening| {
		let square = number(&bid.seal[..256]).pow(2) % &n;
		let u = padded(&square.clone().min(&n - square));
		bid.seal[..256].copy_from_slice(&u);
		*opening = bid.solve();
	});
	push("opened: the payload is another than committed", &|bid, opening| {
		let mut payload = bid.payload;
		payload[0] ^= 1;
		bid.seal = seal(&bid.parameters, &bid.context, &payload, &bid.exponent);
		*opening = bid.open();
	});
	push("opened: the commitment is somebody else's", &|bid, opening| {
		bid.commitment = Bid::random(999).commitment;
		*opening = bid.open();
	});
	cases
}

fn generate() -> File {
	let mut rng = StdRng::seed_from_u64(20);
	let mut good_cases: Vec<_> = (0..20).map(|seed| Bid::random(1_000 + seed)).collect();
	// Exponents at the ends of their range, and payloads that look like others.
	let mut with = |exponent: [u8; 272], payload: [u8; 85]| {
		let mut opener = Bytes32::default();
		rng.fill_bytes(&mut opener);
		good_cases.push(Bid::new(Bid::random(2).context, payload, exponent.into(), opener));
	};
	let mut one = [0; 272];
	one[271] = 1;
	with(one, [0; 85]);
	with([0xff; 272], [0xff; 85]);
	let mut openings: Vec<_> = good_cases.iter().map(Bid::open).collect();
	// One whose first attempt finds no prime.
	let late = (2_000..).map(Bid::random).find(|bid| bid.open().proof[0] > 0).unwrap();
	good_cases.push(late.clone());
	openings.push(late.open());
	let mut bad_cases = bad_cases(&good_cases[0], &openings[0], &mut rng);
	let mut early = late.open();
	early.proof[0] = 0;
	bad_cases.push(bad("the attempt finds no prime", &late, &early));
	let (parameters, _) = small();
	File {
		about: "Vectors of docs/seal.md. Layout: README.md beside this file.".into(),
		parameters: Set {
			modulus: to_hex(pvs_timelock::modulus()),
			generator: to_hex(pvs_timelock::generator()),
			delay: parameters.delay.to_string(),
			h: to_hex(&parameters.h),
			h_proof: to_hex(&parameters.h_proof),
			digest: to_hex(&parameters.digest()),
		},
		shipped: shipped(),
		good: good_cases.iter().zip(&openings).map(|(bid, opening)| good(bid, opening)).collect(),
		bad: bad_cases,
	}
}

#[test]
fn vectors_should_agree_with_what_this_crate_computes() {
	if std::env::var_os("PVS_WRITE_VECTORS").is_some() {
		let text = serde_json::to_string_pretty(&generate()).unwrap();
		std::fs::write(path(), text + "\n").unwrap();
	}
	let file: File = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
	let set = &file.parameters;
	assert_eq!(set.modulus, to_hex(pvs_timelock::modulus()));
	assert_eq!(set.generator, to_hex(pvs_timelock::generator()));
	let parameters = Parameters {
		name: "vectors",
		insecure: true,
		delay: set.delay.parse().unwrap(),
		h: from_hex(&set.h),
		h_proof: from_hex(&set.h_proof),
	};
	assert_eq!(parameters.check(), Ok(()));
	assert_eq!(set.digest, to_hex(&parameters.digest()));
	assert_eq!(file.shipped, shipped());
	for (number, case) in file.good.iter().enumerate() {
		check_good(&parameters, case, number);
	}
	let mut errors = BTreeMap::new();
	for case in &file.bad {
		assert_eq!(outcome(&parameters, case), case.error, "{}", case.what);
		assert_ne!(case.error, "Ok", "{}", case.what);
		*errors.entry(case.error.as_str()).or_insert(0) += 1;
	}
	let expected = [
		"ChallengeNotFound",
		"CommitmentDiffers",
		"NotAuthentic",
		"ProofNotCanonical",
		"SealNotCanonical",
		"SealTrivial",
		"SolutionNotCanonical",
		"WrongSolution",
	];
	assert_eq!(errors.keys().copied().collect::<Vec<_>>(), expected);
	assert!(file.good.len() >= 20 && file.bad.len() >= 40);
	assert!(file.good.iter().any(|case| case.attempt > 0));
}

/// Returns true if a number stands in the value that JavaScript, which reads numbers as doubles, may round.
fn has_unsafe_number(value: &Value) -> bool {
	match value {
		Value::Number(number) => number.as_u64().is_none_or(|number| number >= 1 << 53),
		Value::Array(values) => values.iter().any(has_unsafe_number),
		Value::Object(fields) => fields.values().any(has_unsafe_number),
		_ => false,
	}
}

#[test]
fn vectors_should_hold_no_number_that_doubles_round() {
	let file: Value = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
	assert!(!has_unsafe_number(&file), "write values of u64 as strings");
	let largest = (1_u64 << 53) - 1;
	assert!(!has_unsafe_number(&serde_json::json!([{ "a": largest }, "9007199254740992"])));
	assert!(has_unsafe_number(&serde_json::json!([{ "a": largest + 1 }])));
}

fn check_good(parameters: &Parameters, case: &Good, number: usize) {
	let exponent = from_hex::<272>(&case.exponent).into();
	let context = from_hex(&case.context);
	let payload = from_hex(&case.payload);
	let sealed = seal(parameters, &context, &payload, &exponent);
	assert_eq!(to_hex(&sealed), case.seal, "{number}");
	assert_eq!(to_hex(&commitment_in(&context, &payload)), case.commitment, "{number}");
	assert_eq!(recover(parameters, &sealed, &context, &exponent), Some(payload), "{number}");
	let (commitment, opener) = (from_hex(&case.commitment), from_hex(&case.opener));
	let solution = from_hex(&case.solution);
	let key = seal_key(parameters, sealed[..256].try_into().unwrap(), &context, &solution);
	assert_eq!(to_hex(&key), case.key, "{number}");
	let statement = Statement {
		parameters,
		seal: &sealed,
		context: &context,
		commitment: &commitment,
		opener: &opener,
	};
	let proof = from_hex(&case.proof);
	assert_eq!(verify_opening(&statement, &solution, &proof), Ok(()), "{number}");
	assert_eq!(case.attempt, proof[0]);
	let prime = reference::challenge(&statement, &solution, proof[0]).unwrap();
	assert_eq!(to_hex(&prime.to_bytes_be()), case.challenge_prime, "{number}");
	let bid = Bid {
		parameters: parameters.clone(),
		seal: sealed,
		context,
		commitment,
		opener,
		payload,
		exponent,
	};
	assert_eq!(bid.solve(), Opening { solution, proof }, "{number}");
}
