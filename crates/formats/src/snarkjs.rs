// SPDX-License-Identifier: Apache-2.0
//! snarkjs: JSON, numbers as decimal strings, points with a last coordinate 1, the real part of Fp2
//! first. A proof and its public inputs may be in one object, as `fullProve` returns it.
//!
//! Fields that verification does not need, such as `vk_alphabeta_12`, are not read: a chain computes
//! them itself.

use crate::{
	number::{decimal_coordinate, decimal_scalar, shown},
	points::from_coordinates,
	FormatError,
};
use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{One, Zero};
use ark_groth16::{Proof, VerifyingKey};
use pvs_primitives::Bytes32;
use serde_json::Value;

pub(crate) fn read_key(bytes: &[u8]) -> Result<VerifyingKey<Bn254>, FormatError> {
	let json = parse(bytes)?;
	check_protocol(&json)?;
	check_curve(&json)?;
	let n_public = field(&json, "nPublic")?
		.as_u64()
		.ok_or_else(|| wrong_shape("nPublic", "a whole number"))?;
	let ic = array(field(&json, "IC")?, "IC")?;
	if u64::try_from(ic.len()).ok() != n_public.checked_add(1) {
		return Err(FormatError::InputCountDisagrees { n_public, ic: ic.len() });
	}
	Ok(VerifyingKey {
		alpha_g1: g1(field(&json, "vk_alpha_1")?, "vk_alpha_1")?,
		beta_g2: g2(field(&json, "vk_beta_2")?, "vk_beta_2")?,
		gamma_g2: g2(field(&json, "vk_gamma_2")?, "vk_gamma_2")?,
		delta_g2: g2(field(&json, "vk_delta_2")?, "vk_delta_2")?,
		gamma_abc_g1: ic
			.iter()
			.enumerate()
			.map(|(index, point)| g1(point, &format!("IC[{index}]")))
			.collect::<Result<_, _>>()?,
	})
}

pub(crate) fn read_proof(bytes: &[u8]) -> Result<Proof<Bn254>, FormatError> {
	let json = parse(bytes)?;
	let proof = json.get("proof").filter(|proof| proof.is_object()).unwrap_or(&json);
	check_protocol(proof)?;
	// rapidsnark leaves the curve out.
	if proof.get("curve").is_some() {
		check_curve(proof)?;
	}
	Ok(Proof {
		a: g1(field(proof, "pi_a")?, "pi_a")?,
		b: g2(field(proof, "pi_b")?, "pi_b")?,
		c: g1(field(proof, "pi_c")?, "pi_c")?,
	})
}

pub(crate) fn read_public_inputs(bytes: &[u8]) -> Result<Vec<Bytes32>, FormatError> {
	let json = parse(bytes)?;
	let inputs = json.get("publicSignals").unwrap_or(&json);
	array(inputs, "the list of public inputs")?
		.iter()
		.enumerate()
		.map(|(index, input)| {
			let place = format!("public input [{index}]");
			decimal_scalar(text(input, &place)?, &place)
		})
		.collect()
}

fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
	let text = pvs_text::decode(bytes).map_err(FormatError::NotText)?;
	serde_json::from_str(&text).map_err(|error| FormatError::NotJson(error.to_string()))
}

fn kind<'a>(json: &'a Value, name: &str) -> Result<&'a str, FormatError> {
	field(json, name)?.as_str().ok_or_else(|| wrong_shape(name, "a string"))
}

fn check_protocol(json: &Value) -> Result<(), FormatError> {
	let protocol = kind(json, "protocol")?;
	if protocol != "groth16" {
		return Err(FormatError::WrongProtocol { found: shown(protocol) });
	}
	Ok(())
}

fn check_curve(json: &Value) -> Result<(), FormatError> {
	// snarkjs writes bn128 and takes the other two names for the same curve, with anything between
	// their letters and digits, as in alt_bn128.
	let curve = kind(json, "curve")?;
	let mut name = curve.to_ascii_lowercase();
	name.retain(|character| character.is_ascii_alphanumeric());
	if !["bn128", "bn254", "altbn128"].contains(&name.as_str()) {
		return Err(FormatError::WrongCurve { found: shown(curve) });
	}
	Ok(())
}

fn g1(value: &Value, point: &str) -> Result<G1Affine, FormatError> {
	let [x, y, z] = elements(value, point)?;
	let number = |value: &Value, index| {
		let place = format!("{point}[{index}]");
		decimal_coordinate(text(value, &place)?, &place)
	};
	let (x, y, z) = (number(x, 0)?, number(y, 1)?, number(z, 2)?);
	check_last(&z, point)?;
	from_coordinates(x, y, point)
}

fn g2(value: &Value, point: &str) -> Result<G2Affine, FormatError> {
	let [x, y, z] = elements(value, point)?;
	let number = |value: &Value, index| {
		let place = format!("{point}[{index}]");
		let parts: [&Value; 2] = elements(value, &place)?;
		let [real, imaginary] = parts;
		let part = |value: &Value, part| -> Result<Fq, FormatError> {
			let place = format!("{place}[{part}]");
			decimal_coordinate(text(value, &place)?, &place)
		};
		Ok::<_, FormatError>(Fq2::new(part(real, 0)?, part(imaginary, 1)?))
	};
	let (x, y, z) = (number(x, 0)?, number(y, 1)?, number(z, 2)?);
	check_last(&z, point)?;
	from_coordinates(x, y, point)
}

/// The last coordinate says whether the other two are affine; zero is the identity.
fn check_last<F: Zero + One + PartialEq>(z: &F, point: &str) -> Result<(), FormatError> {
	if z.is_zero() {
		Err(FormatError::Identity { point: point.into() })
	} else if z.is_one() {
		Ok(())
	} else {
		Err(FormatError::NotAffine { point: point.into() })
	}
}

fn field<'a>(json: &'a Value, name: &str) -> Result<&'a Value, FormatError> {
	json.get(name).ok_or_else(|| FormatError::MissingField { field: name.into() })
}

fn array<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, FormatError> {
	value.as_array().ok_or_else(|| wrong_shape(name, "an array"))
}

fn elements<'a, const N: usize>(
	value: &'a Value,
	name: &str,
) -> Result<[&'a Value; N], FormatError> {
	let elements: Vec<&Value> = value.as_array().into_iter().flatten().collect();
	elements.try_into().map_err(|_| wrong_shape(name, &format!("an array of {N}")))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, FormatError> {
	value.as_str().ok_or_else(|| {
		let found = match value {
			Value::Null => "null",
			Value::Bool(_) => "true or false",
			Value::Number(_) => "a number outside quotes, which loses digits",
			Value::Array(_) => "an array",
			_ => "an object",
		};
		FormatError::NotDecimal { field: name.into(), found: found.into() }
	})
}

fn wrong_shape(field: &str, expected: &str) -> FormatError {
	FormatError::WrongShape { field: field.into(), expected: expected.into() }
}
