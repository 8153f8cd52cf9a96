// SPDX-License-Identifier: Apache-2.0
//! Engine that squares.

use crate::group::{modulus, to_bytes, Element, Residue};
use crypto_bigint::U2048;
use openssl::bn::{BigNum, BigNumContext};

/// Computes squarings modulo `N`, one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Squarer {
	/// OpenSSL's Montgomery squaring in assembly, through `BN_mod_exp` with a power of two as
	/// exponent: the fastest that a library under a permissive license gives. It squares with
	/// [`Squarer::Portable`] where OpenSSL has no memory.
	#[default]
	OpenSsl,
	/// `crypto-bigint`, in Rust: two to three times slower.
	Portable,
}

impl Squarer {
	/// `value^(2^squarings)` modulo `N`, not canonical.
	pub fn square(self, value: &[u8; 256], squarings: u32) -> [u8; 256] {
		match self {
			Self::OpenSsl => {
				openssl(value, squarings).unwrap_or_else(|| portable(value, squarings))
			},
			Self::Portable => portable(value, squarings),
		}
	}
}

/// `None` if OpenSSL has no memory, or cannot count so far.
fn openssl(value: &Element, squarings: u32) -> Option<Element> {
	let modulus = BigNum::from_slice(modulus()).ok()?;
	let base = BigNum::from_slice(value).ok()?;
	let mut exponent = BigNum::new().ok()?;
	exponent.set_bit(i32::try_from(squarings).ok()?).ok()?;
	let mut power = BigNum::new().ok()?;
	let mut context = BigNumContext::new().ok()?;
	power.mod_exp(&base, &exponent, &modulus, &mut context).ok()?;
	let mut bytes = [0; 256];
	for (to, from) in bytes.iter_mut().rev().zip(power.to_vec().iter().rev()) {
		*to = *from;
	}
	Some(bytes)
}

fn portable(value: &Element, squarings: u32) -> Element {
	let value = Residue::new(&U2048::from_be_slice(value));
	to_bytes(&value.square_repeat_vartime(squarings).retrieve())
}
