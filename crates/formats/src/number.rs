// SPDX-License-Identifier: Apache-2.0
//! Numbers as text and as bytes.

use crate::FormatError;
use ark_bn254::{Fq, Fr};
use num_bigint::BigUint;
use pvs_primitives::{
	field::{element_from_be, scalar_from_be, scalar_to_be},
	Bytes32,
};

/// No number below a modulus of BN254 has more decimal digits, and none of so many digits has more
/// than 256 bits.
const MAX_DIGITS: usize = 77;

/// A coordinate from 32 big-endian bytes.
pub(crate) fn coordinate(bytes: &Bytes32, place: &str) -> Result<Fq, FormatError> {
	element_from_be(bytes).ok_or_else(|| not_below(place, "base"))
}

/// A coordinate from decimal digits.
pub(crate) fn decimal_coordinate(text: &str, place: &str) -> Result<Fq, FormatError> {
	coordinate(&decimal(text, place, "base")?, place)
}

/// A public input from 32 big-endian bytes.
pub(crate) fn scalar(bytes: &Bytes32, place: &str) -> Result<Bytes32, FormatError> {
	let scalar: Fr = scalar_from_be(bytes).ok_or_else(|| not_below(place, "scalar"))?;
	Ok(scalar_to_be(&scalar))
}

/// A public input from decimal digits.
pub(crate) fn decimal_scalar(text: &str, place: &str) -> Result<Bytes32, FormatError> {
	scalar(&decimal(text, place, "scalar")?, place)
}

/// Reads a public input as a user writes it: decimal digits without leading zeros, or `0x` and 64
/// hex digits. 32 bytes, big-endian.
///
/// # Errors
///
/// `NotDecimal` and `NotBelowModulus`, with `place` for its name.
pub fn parse_scalar(text: &str, place: &str) -> Result<Bytes32, FormatError> {
	let Some(digits) = text.strip_prefix("0x") else {
		return decimal_scalar(text, place);
	};
	let mut bytes = [0; 32];
	hex::decode_to_slice(digits, &mut bytes).map_err(|_| FormatError::NotDecimal {
		field: place.into(),
		found: format!("{}, which is not 0x and 64 hex digits either", shown(text)),
	})?;
	scalar(&bytes, place)
}

/// Decimal digits as 32 big-endian bytes.
fn decimal(text: &str, place: &str, modulus: &'static str) -> Result<Bytes32, FormatError> {
	let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
	if !digits_only || (text.len() > 1 && text.starts_with('0')) {
		return Err(FormatError::NotDecimal { field: place.into(), found: shown(text) });
	}
	let number = Some(text)
		.filter(|text| text.len() <= MAX_DIGITS)
		.and_then(|text| BigUint::parse_bytes(text.as_bytes(), 10))
		.ok_or_else(|| not_below(place, modulus))?;
	let mut bytes = [0; 32];
	for (to, from) in bytes.iter_mut().rev().zip(number.to_bytes_le()) {
		*to = from;
	}
	Ok(bytes)
}

fn not_below(place: &str, modulus: &'static str) -> FormatError {
	FormatError::NotBelowModulus { place: place.into(), modulus }
}

/// The start of a text, quoted and escaped, for an error message.
pub(crate) fn shown(text: &str) -> String {
	const CHARS: usize = 40;
	let start: String = text.chars().take(CHARS).collect();
	if start.len() == text.len() {
		format!("{start:?}")
	} else {
		format!("{start:?} and more")
	}
}
