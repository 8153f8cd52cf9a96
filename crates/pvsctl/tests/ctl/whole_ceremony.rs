// SPDX-License-Identifier: Apache-2.0
//! A whole ceremony by the program, for the smallest shape of the reference rollup, and a batch that is
//! proved with its key.

use crate::pvsctl;
use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{scalar_mul::BatchMulPreprocessing, AffineRepr, PrimeGroup};
use ark_ff::{BigInteger, Field, One, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use pvs_primitives::{
	api::BatchId,
	hash::blake2_256,
	poseidon::data_commitment,
	public_inputs::{binding, PublicInputs},
	Bytes32,
};
use pvs_rollup::{
	batch::Batch,
	demo,
	genesis::Genesis,
	proving::{
		ceremony_key_file, key_file, load_or_generate_for, load_pinned, BatchProver, Keys, Kind,
		Origin, PinnedKeyError, Silent, Unwatched,
	},
	shape::Shape,
	state::State,
	transfer::Transfer,
};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Output,
};
use tempfile::TempDir;

/// Of the smallest circuit.
const POWER: u32 = 14;
const BEACON: &str = "0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// One transfer among 16 accounts.
fn shape() -> Shape {
	Shape::new(1, 2).unwrap()
}

/// A `.ptau` file that went through `prepare phase2`. The secrets of a real one nobody knows; known, they
/// give each point by one multiplication.
fn powers_of_tau() -> Vec<u8> {
	let [tau, alpha, beta] = [3u64, 5, 7].map(|secret| Fr::from(secret).pow([99]));
	let size = 1usize << POWER;
	let powers: Vec<Fr> = std::iter::successors(Some(Fr::one()), |power| Some(*power * tau))
		.take(2 * size - 1)
		.collect();
	let domain = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
	let lagrange = domain.evaluate_all_lagrange_coefficients(tau);
	let g1_table = BatchMulPreprocessing::new(G1Projective::generator(), 8 * size);
	let g2_table = BatchMulPreprocessing::new(G2Projective::generator(), 2 * size);
	let times = |factor: Fr, scalars: &[Fr]| -> Vec<Fr> {
		scalars.iter().map(|scalar| factor * scalar).collect()
	};
	let g1 = |scalars: &[Fr]| -> Vec<u8> {
		g1_table.batch_mul(scalars).iter().flat_map(g1_bytes).collect()
	};
	let g2 = |scalars: &[Fr]| -> Vec<u8> {
		g2_table.batch_mul(scalars).iter().flat_map(g2_bytes).collect()
	};
	// Behind the bases of the smaller domains, and before what else a section has; neither is read.
	let basis = |bytes: Vec<u8>, point: usize, behind: usize| {
		[vec![0; (size - 1) * point], bytes, vec![0; behind * point]].concat()
	};
	let one = Fr::one();
	let header = [
		&32u32.to_le_bytes()[..],
		&Fq::MODULUS.to_bytes_le(),
		&POWER.to_le_bytes(),
		&POWER.to_le_bytes(),
	];
	let sections = [
		(1u32, header.concat()),
		(2, g1(&powers)),
		(3, g2(&powers[..size])),
		(4, g1(&times(alpha, &powers[..size]))),
		(5, g1(&times(beta, &powers[..size]))),
		(6, g2(&[beta])),
		(7, vec![0; 4]),
		(12, basis(g1(&times(one, &lagrange)), 64, 2 * size)),
		(13, basis(g2(&times(one, &lagrange)), 128, 0)),
		(14, basis(g1(&times(alpha, &lagrange)), 64, 0)),
		(15, basis(g1(&times(beta, &lagrange)), 64, 0)),
	];
	let mut file = b"ptau\x01\0\0\0".to_vec();
	file.extend((sections.len() as u32).to_le_bytes());
	for (section, bytes) in sections {
		file.extend(section.to_le_bytes());
		file.extend((bytes.len() as u64).to_le_bytes());
		file.extend(bytes);
	}
	file
}

fn g1_bytes(point: &G1Affine) -> Vec<u8> {
	let (x, y) = point.xy().unwrap();
	montgomery([x, y])
}

fn g2_bytes(point: &G2Affine) -> Vec<u8> {
	let (x, y) = point.xy().unwrap();
	montgomery([x.c0, x.c1, y.c0, y.c1])
}

fn montgomery<const N: usize>(elements: [Fq; N]) -> Vec<u8> {
	elements.iter().flat_map(|element| element.0 .0).flat_map(u64::to_le_bytes).collect()
}

fn run(dir: &Path, line: &str) -> Output {
	pvsctl(&["ceremony"]).args(line.split(' ')).current_dir(dir).output().unwrap()
}

fn json(dir: &Path, line: &str) -> Value {
	let output = run(dir, &format!("{line} --json"));
	assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
	serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(dir: &Path, line: &str) -> String {
	let output = run(dir, line);
	assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
	String::from_utf8(output.stderr).unwrap()
}

/// Two parties and a beacon; the key files are in `keys`. Gives the pin.
fn ceremony(dir: &Path) -> Bytes32 {
	fs::write(dir.join("powers.ptau"), powers_of_tau()).unwrap();
	let ground = "--shape 1x4 --powers powers.ptau";
	json(dir, &format!("start {ground} --out 0.pvsc"));
	let alice = json(dir, "contribute --in 0.pvsc --out 1.pvsc --name Alice");
	let bob = json(dir, "contribute --in 1.pvsc --out 2.pvsc --name Bob");
	json(dir, &format!("beacon --in 2.pvsc --out 3.pvsc --iterations-log2 10 --value {BEACON}"));
	let hashes = [alice, bob].map(|made| made["keep_this_hash"].as_str().unwrap().to_owned());
	let shown = json(dir, "inspect 3.pvsc");
	let pin = shown["verifying_key_hash"].as_str().unwrap();

	let other = format!("0x{}", "17".repeat(32));
	let expect = format!("--expect {} --expect {}", hashes[0], hashes[1]);
	let refused = refusal(dir, &format!("verify {ground} {expect} --expect {other} 3.pvsc"));
	assert!(
		refused.contains(&format!("3.pvsc: has no contribution with the hash {other}")),
		"{refused}"
	);
	let refused = refusal(dir, &format!("verify {ground} --expect {} 1.pvsc", hashes[1]));
	assert!(
		refused.contains(&format!("1.pvsc: has no contribution with the hash {}", hashes[1])),
		"{refused}"
	);
	let verified = json(dir, &format!("verify {ground} {expect} --beacon {BEACON} 3.pvsc"));
	assert_eq!(verified["verified"], true);

	let finalize = format!("finalize {ground} --beacon {BEACON} --in 3.pvsc --dir keys");
	let refused = refusal(dir, &format!("{finalize} --pin {other}"));
	let words = format!("3.pvsc: gives a verifying key of hash {pin}, not that of --pin");
	assert!(refused.contains(&words), "{refused}");
	assert!(!dir.join("keys").exists());
	let facts = json(dir, &format!("{finalize} --pin {pin}"));
	let read = |name: &str| fs::read(dir.join(facts[name].as_str().unwrap())).unwrap();
	let hexadecimal = |bytes: &[u8]| format!("0x{}", hex::encode(blake2_256(&[bytes])));
	assert_eq!(facts["proving_key_file_hash"], hexadecimal(&read("proving_key")));
	assert_eq!(facts["verifying_key_hash"], pin);
	assert_eq!(hexadecimal(&read("verifying_key")), pin);
	assert_eq!(read("transcript"), fs::read(dir.join("3.pvsc")).unwrap());
	assert_eq!(fs::read_dir(dir.join("keys")).unwrap().count(), 3);
	let refused = refusal(dir, &format!("{finalize} --pin {pin}"));
	assert!(refused.contains(": exists"), "{refused}");
	let mut bytes = Bytes32::default();
	hex::decode_to_slice(pin.trim_start_matches("0x"), &mut bytes).unwrap();
	bytes
}

/// Proves a batch and verifies it as a chain does that has registered the key.
fn prove(keys: &Keys, registered: &[u8], development: &Keys) {
	let state = State::from_genesis(&Genesis { shape: shape(), ..demo::genesis() }).unwrap();
	let transfer = Transfer { from: 0, to: 1, amount: 5, fee: 1, ..Transfer::default() };
	let transfers = vec![transfer.sign(&demo::secret_key(0))];
	let data = Batch::new(shape(), demo::FEE_ACCOUNT, transfers).unwrap().encode();
	let inputs = PublicInputs {
		prev_state_root: state.root(),
		next_state_root: state.execute(&data).unwrap().next_root(),
		data_commitment: data_commitment(&data),
		binding: binding(&[1; 32], BatchId { rollup: 0, index: 0 }, 0, &[2; 32]),
	};
	let registered = pvs_verifier::prepare_key(registered).unwrap();
	for kind in Kind::ALL {
		let prover = BatchProver::new(keys, kind).unwrap();
		let proof = prover.prove(&state, &data, &inputs, &Unwatched).unwrap();
		let verify = |key| pvs_verifier::verify(key, &inputs.to_array(), &proof);
		assert_eq!(verify(&registered), Ok(()), "{kind}");
		assert!(verify(development.prepared_key()).is_err(), "{kind}");
	}
}

/// Asserts that files which are not this key are refused by cause, and stay as they are.
fn refuse_others(dir: &TempDir, key: &Path, pin: &Bytes32) {
	let refused = |path: &Path, shape, pin: &Bytes32| {
		let before = fs::read(path).ok();
		let refused = load_pinned(path, shape, pin, &Silent).unwrap_err();
		assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
		assert_eq!(fs::read(path).ok(), before);
		refused
	};
	let other = blake2_256(&[demo::VERIFYING_KEY]);
	assert!(matches!(
		refused(key, shape(), &other),
		PinnedKeyError::OtherKey { expected, found, .. } if expected == other && found == *pin
	));
	let of_shape = refused(key, Shape::SMALL, pin);
	assert!(matches!(of_shape, PinnedKeyError::OtherCircuit { .. }), "{of_shape}");

	let whole = fs::read(key).unwrap();
	let changed = |change: &dyn Fn(&mut Vec<u8>)| {
		let path = dir.path().join("changed.key");
		let mut bytes = whole.clone();
		change(&mut bytes);
		fs::write(&path, bytes).unwrap();
		refused(&path, shape(), pin)
	};
	let (expected, last) = (whole.len(), whole.len() - 1);
	assert!(matches!(
		changed(&|bytes| bytes.truncate(last)),
		PinnedKeyError::Truncated { expected: whole, found, .. } if whole == expected && found == last
	));
	assert!(matches!(
		changed(&|bytes| bytes.push(0)),
		PinnedKeyError::ExtraBytes { expected: whole, extra: 1, .. } if whole == expected
	));
	assert!(matches!(changed(&|bytes| bytes[last / 2] ^= 1), PinnedKeyError::Checksum { .. }));
	assert!(matches!(changed(&|bytes| bytes[0] ^= 1), PinnedKeyError::NotAKeyFile { .. }));
	assert!(matches!(changed(&|bytes| bytes.clear()), PinnedKeyError::NotAKeyFile { .. }));
	// A point that is not on the curve, under the right checksum.
	let point = changed(&|bytes| {
		let content = expected - 32;
		bytes[content - 64..content - 32].fill(1);
		let checksum = blake2_256(&[&bytes[..content]]);
		bytes[content..].copy_from_slice(&checksum);
	});
	assert!(matches!(point, PinnedKeyError::NotAKey { .. }), "{point}");

	let development = refused(&dir.path().join(key_file(shape())), shape(), pin);
	assert!(matches!(development, PinnedKeyError::DevelopmentKey { .. }), "{development}");
	let missing = refused(&dir.path().join("missing.key"), shape(), pin);
	assert!(matches!(missing, PinnedKeyError::Read { .. }), "{missing}");
}

#[test]
fn ceremony_should_give_a_pinned_key_that_proves_batches_and_refuse_all_others() {
	let dir = tempfile::tempdir().unwrap();
	let pin = ceremony(dir.path());
	let key: PathBuf = dir.path().join("keys").join(ceremony_key_file(shape()));
	let keys = load_pinned(&key, shape(), &pin, &Silent).unwrap();
	assert_eq!((keys.origin(), keys.verifying_key_hash()), (Origin::Ceremony, pin));
	let registered = fs::read(key.with_extension("vk")).unwrap();
	assert_eq!(registered, keys.verifying_key());
	let development = load_or_generate_for(shape(), dir.path(), &Silent).unwrap();
	prove(&keys, &registered, &development);
	refuse_others(&dir, &key, &pin);
}
