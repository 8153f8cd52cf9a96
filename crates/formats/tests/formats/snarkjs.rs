// SPDX-License-Identifier: Apache-2.0
//! snarkjs' JSON files.

use crate::common::{snarkjs_files::*, *};
use pvs_formats::{
	read_key, read_proof, read_public_inputs, to_layout_v1, Encoding, FormatError, PointNames,
	Source::Snarkjs,
};
use pvs_verifier::KeyError;
use serde_json::{json, Value};

const MODULUS: &str =
	"21888242871839275222246405745257275088696311157297823662689037894645226208583";

fn key_error(file: &Value) -> FormatError {
	let key = read_key(Snarkjs, file.to_string().as_bytes());
	key.and_then(|key| key.to_wire()).unwrap_err()
}

fn proof_error(file: &Value) -> FormatError {
	read_proof(Snarkjs, file.to_string().as_bytes()).unwrap_err()
}

fn json_of(file: &[u8]) -> Value {
	serde_json::from_slice(file).unwrap()
}

/// The key with the value at a JSON pointer replaced.
fn key_with(pointer: &str, value: Value) -> Value {
	let mut key = json_of(KEY);
	*key.pointer_mut(pointer).unwrap() = value;
	key
}

fn proof_with(pointer: &str, value: Value) -> Value {
	let mut proof = json_of(PROOF_SMALL);
	*proof.pointer_mut(pointer).unwrap() = value;
	proof
}

#[test]
fn genuine_files_should_be_read() {
	let key = read_key(Snarkjs, KEY).unwrap();
	assert_eq!((key.public_inputs(), key.encoding), (4, Encoding::Json));
	let wire = key.to_wire().unwrap();
	assert_eq!(pvs_verifier::decode_verifying_key(&wire).unwrap(), key.points);
	for (proof, public) in [(PROOF_SMALL, PUBLIC_SMALL), (PROOF_LARGE, PUBLIC_LARGE)] {
		let proof = read_proof(Snarkjs, proof).unwrap();
		assert_eq!(pvs_verifier::decode_proof(&proof.to_wire().unwrap()).unwrap(), proof.points);
		assert!(to_layout_v1(&read_public_inputs(Snarkjs, public).unwrap()).is_ok());
	}
	let three = read_public_inputs(Snarkjs, PUBLIC_SMALL).unwrap()[2];
	assert_eq!((three[31], &three[..31]), (3, &[0; 31][..]));
}

#[test]
fn genuine_files_should_be_refused_by_cause_when_a_chain_cannot_take_them() {
	let wire = |file| read_key(Snarkjs, file).and_then(|key| key.to_wire()).unwrap_err();
	assert_eq!(wire(KEY_3_INPUTS), FormatError::WrongInputCount { found: 3 });
	let plonk = || FormatError::WrongProtocol { found: "\"plonk\"".into() };
	assert_eq!(wire(KEY_PLONK), plonk());
	assert_eq!(read_proof(Snarkjs, PROOF_PLONK), Err(plonk()));
	let bls = || FormatError::WrongCurve { found: "\"bls12381\"".into() };
	assert_eq!(wire(KEY_BLS12381), bls());
	assert_eq!(read_proof(Snarkjs, PROOF_BLS12381), Err(bls()));
	let names = PointNames {
		alpha: "vk_alpha_1",
		beta: "vk_beta_2",
		gamma: "vk_gamma_2",
		delta: "vk_delta_2",
		ic: "IC",
	};
	let relation = KeyError::GammaEqualsDelta;
	assert_eq!(wire(KEY_NO_PHASE2), FormatError::Forgeable { relation, names });
}

#[test]
fn file_should_be_refused_when_it_is_not_json_at_any_length() {
	for file in [KEY, PROOF_SMALL] {
		for length in 0..file.len() {
			let prefix = &file[..length];
			assert!(matches!(read_key(Snarkjs, prefix), Err(FormatError::NotJson(_))));
			assert!(matches!(read_proof(Snarkjs, prefix), Err(FormatError::NotJson(_))));
		}
		let longer = [file, b"0"].concat();
		assert!(matches!(read_key(Snarkjs, &longer), Err(FormatError::NotJson(_))));
	}
	let deep = "[".repeat(100_000);
	assert!(matches!(read_key(Snarkjs, deep.as_bytes()), Err(FormatError::NotJson(_))));
}

/// Finding R17: what PowerShell and other tools of Windows save.
#[test]
fn file_should_be_read_when_it_has_a_byte_order_mark_or_is_utf_16() {
	let text = std::str::from_utf8(KEY).unwrap();
	let key = read_key(Snarkjs, KEY).unwrap();
	let utf16 =
		|bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
	for saved in [
		[&[0xef, 0xbb, 0xbf], KEY].concat(),
		[&[0xff, 0xfe], &utf16(u16::to_le_bytes)[..]].concat(),
		[&[0xfe, 0xff], &utf16(u16::to_be_bytes)[..]].concat(),
	] {
		assert_eq!(read_key(Snarkjs, &saved), Ok(key.clone()));
	}
}

#[test]
fn nul_bytes_behind_a_file_should_be_named() {
	let padded = [KEY, &[0; 512][..]].concat();
	let error = read_key(Snarkjs, &padded).unwrap_err();
	assert!(matches!(error, FormatError::NotText(_)), "{error}");
	let said = format!("NUL bytes from byte {} on", KEY.len());
	assert!(error.to_string().contains(&said), "{error}");
}

#[test]
fn proof_and_inputs_should_be_read_from_the_object_that_full_prove_returns() {
	let both = json!({ "proof": json_of(PROOF_SMALL), "publicSignals": json_of(PUBLIC_SMALL) });
	let both = both.to_string();
	assert_eq!(read_proof(Snarkjs, both.as_bytes()), read_proof(Snarkjs, PROOF_SMALL));
	assert!(read_proof(Snarkjs, both.as_bytes()).is_ok());
	let inputs = read_public_inputs(Snarkjs, both.as_bytes());
	assert_eq!(inputs, read_public_inputs(Snarkjs, PUBLIC_SMALL));
	assert!(inputs.is_ok());
	let damaged = json!({ "proof": proof_with("/pi_a", json!([])) });
	let field = "pi_a".into();
	let expected = FormatError::WrongShape { field, expected: "an array of 3".into() };
	assert_eq!(proof_error(&damaged), expected);
}

#[test]
fn field_should_be_named_when_missing() {
	let fields = [
		"protocol",
		"curve",
		"nPublic",
		"vk_alpha_1",
		"vk_beta_2",
		"vk_gamma_2",
		"vk_delta_2",
		"IC",
	];
	for field in fields {
		let mut key = json_of(KEY);
		key.as_object_mut().unwrap().remove(field);
		assert_eq!(key_error(&key), FormatError::MissingField { field: field.into() });
	}
	for field in ["protocol", "pi_a", "pi_b", "pi_c"] {
		let mut proof = json_of(PROOF_SMALL);
		proof.as_object_mut().unwrap().remove(field);
		assert_eq!(proof_error(&proof), FormatError::MissingField { field: field.into() });
	}
	for other in [json!([]), json!(null), json!(1), json!("groth16")] {
		let field = "protocol".into();
		assert_eq!(key_error(&other), FormatError::MissingField { field });
	}
}

/// rapidsnark's proofs are snarkjs's without the curve.
#[test]
fn proof_should_be_read_when_it_names_no_curve() {
	let mut proof = json_of(PROOF_SMALL);
	proof.as_object_mut().unwrap().remove("curve");
	let read = read_proof(Snarkjs, proof.to_string().as_bytes());
	assert!(read.is_ok());
	assert_eq!(read, read_proof(Snarkjs, PROOF_SMALL));
}

/// Fields that verification does not need are not read.
#[test]
fn key_should_be_read_when_only_unused_fields_are_missing_or_wrong() {
	let mut key = json_of(KEY);
	key.as_object_mut().unwrap().remove("vk_alphabeta_12");
	key["note"] = json!({ "any": [1, 2, 3] });
	let read = read_key(Snarkjs, key.to_string().as_bytes());
	assert_eq!(read, read_key(Snarkjs, KEY));
}

#[test]
fn field_should_be_named_when_it_has_another_type() {
	let shape = |field: &str, expected: &str| FormatError::WrongShape {
		field: field.into(),
		expected: expected.into(),
	};
	for value in [json!(null), json!("x"), json!({}), json!([]), json!(["1", "2"])] {
		let error = key_error(&key_with("/vk_alpha_1", value));
		assert_eq!(error, shape("vk_alpha_1", "an array of 3"));
	}
	let error = key_error(&key_with("/vk_delta_2/1", json!(["1", "2", "3"])));
	assert_eq!(error, shape("vk_delta_2[1]", "an array of 2"));
	assert_eq!(key_error(&key_with("/IC", json!("x"))), shape("IC", "an array"));
	assert_eq!(key_error(&key_with("/IC/3", json!(7))), shape("IC[3]", "an array of 3"));
	for value in [json!("4"), json!(-4), json!(4.5), json!(null)] {
		assert_eq!(key_error(&key_with("/nPublic", value)), shape("nPublic", "a whole number"));
	}
	assert_eq!(key_error(&key_with("/curve", json!(128))), shape("curve", "a string"));
	assert_eq!(proof_error(&proof_with("/protocol", json!(16))), shape("protocol", "a string"));
	let error = read_public_inputs(Snarkjs, b"{}").unwrap_err();
	assert_eq!(error, shape("the list of public inputs", "an array"));
}

/// One spelling per number: what snarkjs writes.
#[test]
fn number_should_be_named_when_it_is_not_decimal_digits_in_quotes() {
	let number = json_of(KEY)["IC"][3][1].as_str().unwrap().to_owned();
	for spelling in [
		json!(format!("0{number}")),
		json!(format!(" {number}")),
		json!(format!("{number}\n")),
		json!(format!("+{number}")),
		json!(format!("-{number}")),
		json!(format!("{number}n")),
		json!("0x1"),
		json!("1e3"),
		json!("1.0"),
		json!("1_000"),
		json!("\u{663}"),
		json!(""),
		json!(1),
		json!(null),
		json!(true),
		json!([]),
		json!({}),
	] {
		let error = key_error(&key_with("/IC/3/1", spelling.clone()));
		let FormatError::NotDecimal { field, .. } = error else { panic!("{spelling}: {error}") };
		assert_eq!(field, "IC[3][1]");
		let error = proof_error(&proof_with("/pi_b/1/0", spelling.clone()));
		let FormatError::NotDecimal { field, .. } = error else { panic!("{spelling}: {error}") };
		assert_eq!(field, "pi_b[1][0]");
		let inputs = json!(["1", "2", spelling, "4"]).to_string();
		let error = read_public_inputs(Snarkjs, inputs.as_bytes()).unwrap_err();
		let FormatError::NotDecimal { field, .. } = error else { panic!("{inputs}: {error}") };
		assert_eq!(field, "public input [2]");
	}
}

#[test]
fn error_should_show_the_start_only_when_a_number_is_long_and_wild() {
	let wild = format!("\u{1b}[31m{}", "z".repeat(10_000));
	let message = key_error(&key_with("/IC/0/0", json!(wild))).to_string();
	assert!(message.len() < 200 && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn number_should_be_named_when_not_below_the_modulus() {
	let plus_modulus = |text: &str| {
		let sum = text.parse::<num_bigint::BigUint>().unwrap()
			+ MODULUS.parse::<num_bigint::BigUint>().unwrap();
		sum.to_string()
	};
	let x = json_of(KEY)["vk_beta_2"][0][1].as_str().unwrap().to_owned();
	for large in [MODULUS.to_owned(), plus_modulus(&x), "9".repeat(78), "9".repeat(500_000)] {
		let error = key_error(&key_with("/vk_beta_2/0/1", json!(large)));
		let place = "vk_beta_2[0][1]".into();
		assert_eq!(error, FormatError::NotBelowModulus { place, modulus: "base" });
	}
	let error = proof_error(&proof_with("/pi_c/1", json!(MODULUS)));
	let place = "pi_c[1]".into();
	assert_eq!(error, FormatError::NotBelowModulus { place, modulus: "base" });
	// Between the two moduli, and so a coordinate but no public input.
	let scalar = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
	let inputs = json!([scalar]).to_string();
	let error = read_public_inputs(Snarkjs, inputs.as_bytes()).unwrap_err();
	let place = "public input [0]".into();
	assert_eq!(error, FormatError::NotBelowModulus { place, modulus: "scalar" });
}

#[test]
fn curve_and_protocol_should_be_named_when_others() {
	for curve in ["bls12381", "BLS12-381", "secq256r1", ""] {
		let found = format!("{curve:?}");
		let key = key_with("/curve", json!(curve));
		assert_eq!(key_error(&key), FormatError::WrongCurve { found: found.clone() });
		let proof = proof_with("/curve", json!(curve));
		assert_eq!(proof_error(&proof), FormatError::WrongCurve { found });
	}
	// Only letters and digits count, as for snarkjs.
	for same in ["bn128", "BN128", "bn254", "altbn128", "alt_bn128", "ALT-BN128"] {
		let key = key_with("/curve", json!(same)).to_string();
		assert!(read_key(Snarkjs, key.as_bytes()).is_ok(), "{same}");
	}
	for protocol in ["plonk", "fflonk", "groth", "GROTH16", ""] {
		let found = format!("{protocol:?}");
		let key = key_with("/protocol", json!(protocol));
		assert_eq!(key_error(&key), FormatError::WrongProtocol { found: found.clone() });
		let proof = proof_with("/protocol", json!(protocol));
		assert_eq!(proof_error(&proof), FormatError::WrongProtocol { found });
	}
}

#[test]
fn key_should_be_refused_when_its_number_of_inputs_contradicts_ic() {
	for n_public in [0, 3, 5, u64::MAX] {
		let error = key_error(&key_with("/nPublic", json!(n_public)));
		assert_eq!(error, FormatError::InputCountDisagrees { n_public, ic: 5 });
	}
	let error = key_error(&key_with("/IC", json!([])));
	assert_eq!(error, FormatError::InputCountDisagrees { n_public: 4, ic: 0 });
}

#[test]
fn public_inputs_should_be_counted() {
	for found in [0, 1, 3, 5, 400] {
		let inputs = json!(vec!["1"; found]).to_string();
		let inputs = read_public_inputs(Snarkjs, inputs.as_bytes()).unwrap();
		assert_eq!(to_layout_v1(&inputs), Err(FormatError::WrongInputCount { found }));
	}
}

#[test]
fn point_should_be_named_when_it_is_the_identity_or_not_affine() {
	let g1_points = ["vk_alpha_1", "IC/0", "IC/1", "IC/2", "IC/3", "IC/4"];
	let name = |path: &str| match path.split_once('/') {
		Some((field, index)) => format!("{field}[{index}]"),
		None => path.to_owned(),
	};
	for path in g1_points {
		let pointer = format!("/{path}");
		for identity in [json!(["0", "1", "0"]), json!(["0", "0", "0"]), json!(["0", "0", "1"])] {
			let error = key_error(&key_with(&pointer, identity));
			assert_eq!(error, FormatError::Identity { point: name(path) });
		}
		let error = key_error(&key_with(&format!("/{path}/2"), json!("2")));
		assert_eq!(error, FormatError::NotAffine { point: name(path) });
	}
	for path in ["vk_beta_2", "vk_gamma_2", "vk_delta_2"] {
		let pointer = format!("/{path}");
		let zero = json!(["0", "0"]);
		let one = json!(["1", "0"]);
		for identity in [json!([zero, one, zero]), json!([zero, zero, one])] {
			let error = key_error(&key_with(&pointer, identity));
			assert_eq!(error, FormatError::Identity { point: path.into() });
		}
		for z in [json!(["2", "0"]), json!(["1", "1"]), json!(["0", "1"])] {
			let error = key_error(&key_with(&format!("/{path}/2"), z));
			assert_eq!(error, FormatError::NotAffine { point: path.into() });
		}
	}
	for path in ["pi_a", "pi_c"] {
		let error = proof_error(&proof_with(&format!("/{path}"), json!(["0", "1", "0"])));
		assert_eq!(error, FormatError::Identity { point: path.into() });
	}
	let identity = json!([["0", "0"], ["1", "0"], ["0", "0"]]);
	let error = proof_error(&proof_with("/pi_b", identity));
	assert_eq!(error, FormatError::Identity { point: "pi_b".into() });
}

#[test]
fn point_should_be_named_when_off_the_curve_or_the_subgroup() {
	let error = key_error(&key_with("/IC/2/0", json!("1")));
	assert_eq!(error, FormatError::NotOnCurve { point: "IC[2]".into() });
	// The two parts of Fp2 the other way round, as Ethereum's contracts have them.
	let mut key = json_of(KEY);
	for coordinate in 0..2 {
		key["vk_beta_2"][coordinate].as_array_mut().unwrap().reverse();
	}
	assert_eq!(key_error(&key), FormatError::NotOnCurve { point: "vk_beta_2".into() });
	let point = outside_subgroup();
	let outside = json!([
		[point.x.c0.to_string(), point.x.c1.to_string()],
		[point.y.c0.to_string(), point.y.c1.to_string()],
		["1", "0"]
	]);
	let error = key_error(&key_with("/vk_delta_2", outside.clone()));
	assert_eq!(error, FormatError::NotInSubgroup { point: "vk_delta_2".into() });
	let error = proof_error(&proof_with("/pi_b", outside));
	assert_eq!(error, FormatError::NotInSubgroup { point: "pi_b".into() });
}

/// Changing one digit of any number that is read leaves no curve, except by a chance of 2^-254.
#[test]
fn key_should_be_refused_when_any_digit_is_changed() {
	fn numbers(value: &Value, pointer: String, found: &mut Vec<String>) {
		match value {
			Value::Array(elements) => {
				for (index, element) in elements.iter().enumerate() {
					numbers(element, format!("{pointer}/{index}"), found);
				}
			},
			_ => found.push(pointer),
		}
	}
	let key = json_of(KEY);
	let mut pointers = vec![];
	for field in ["vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"] {
		numbers(&key[field], format!("/{field}"), &mut pointers);
	}
	assert_eq!(pointers.len(), 6 * 3 + 3 * 6);
	for pointer in pointers {
		let number = key.pointer(&pointer).unwrap().as_str().unwrap().to_owned();
		for position in 0..number.len() {
			let mut digits = number.clone().into_bytes();
			digits[position] = b'0' + (digits[position] - b'0' + 1) % 10;
			let changed = key_with(&pointer, json!(String::from_utf8(digits).unwrap()));
			let read = read_key(Snarkjs, changed.to_string().as_bytes());
			assert!(read.is_err(), "{pointer}, digit {position}");
		}
	}
}
