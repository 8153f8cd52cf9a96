// SPDX-License-Identifier: Apache-2.0
//! Sealing a payload, and reading it again with the solution or with the exponent.

use crate::{
	error::SealError,
	group::{decode, encode, generator, pow_secret, reduce, ELEMENT_BYTES},
	Parameters, BID_CONTEXT_BYTES, PAYLOAD_BYTES,
};
use chacha20poly1305::{aead::AeadInPlace, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use core::fmt;
use pvs_primitives::{
	hash::{blake2_256, SEAL_KEY_DOMAIN},
	Bytes32,
};
use zeroize::Zeroizing;

/// Bytes of the tag at the end of a ciphertext.
pub const TAG_BYTES: usize = 16;
/// Bytes of a ciphertext: the payload's and the tag.
pub const CIPHERTEXT_BYTES: usize = PAYLOAD_BYTES + TAG_BYTES;
/// Bytes of a seal: `u` (256), ciphertext (85), tag (16).
pub const SEAL_BYTES: usize = ELEMENT_BYTES + CIPHERTEXT_BYTES;
/// Bytes of the secret exponent: 2048 bits and 128 more, so that `g^r` is as good as uniform.
pub const EXPONENT_BYTES: usize = 272;

/// `u ++ ciphertext ++ tag`.
pub type Seal = [u8; SEAL_BYTES];

/// The secret exponent `r`, big-endian. One seal, one exponent: the key depends on nothing else
/// that is secret.
#[derive(Clone)]
pub struct Exponent(Zeroizing<[u8; EXPONENT_BYTES]>);

impl Exponent {
	/// Draws an exponent from the operating system.
	///
	/// # Errors
	///
	/// The operating system gives no random bytes.
	#[cfg(feature = "std")]
	pub fn random() -> Result<Self, getrandom::Error> {
		let mut bytes = Zeroizing::new([0; EXPONENT_BYTES]);
		getrandom::fill(bytes.as_mut_slice())?;
		Ok(Self(bytes))
	}

	/// The bytes, for whoever keeps them.
	pub fn as_bytes(&self) -> &[u8; EXPONENT_BYTES] {
		&self.0
	}
}

impl From<[u8; EXPONENT_BYTES]> for Exponent {
	/// Takes bytes that must be uniform and secret.
	fn from(bytes: [u8; EXPONENT_BYTES]) -> Self {
		Self(Zeroizing::new(bytes))
	}
}

impl fmt::Debug for Exponent {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Exponent(..)")
	}
}

/// Seals a payload: whoever knows `exponent`, or squares `T` times, can read it.
///
/// `u = g^r`, the key is [`seal_key`] of `h^r`, the associated data is the context. Two
/// exponentiations, in constant time.
pub fn seal(
	parameters: &Parameters,
	context: &[u8; BID_CONTEXT_BYTES],
	payload: &[u8; PAYLOAD_BYTES],
	exponent: &Exponent,
) -> Seal {
	let u = encode(&pow_secret(&reduce(generator()), &exponent.0));
	let solution = encode(&pow_secret(&reduce(&parameters.h), &exponent.0));
	let key = Zeroizing::new(seal_key(parameters, &u, context, &solution));
	let mut ciphertext = *payload;
	// It fails for more than 256 GiB only; a zero tag would then make the seal unreadable.
	let tag = ChaCha20Poly1305::new((&*key).into())
		.encrypt_in_place_detached(&Nonce::default(), context, &mut ciphertext)
		.unwrap_or_default();
	let mut seal = [0; SEAL_BYTES];
	for (to, from) in seal.iter_mut().zip(u.iter().chain(&ciphertext).chain(&tag)) {
		*to = *from;
	}
	seal
}

/// Reads the payload with the exponent, as a bidder does that lost its payload; `None` if the seal
/// is not one that [`seal()`] makes with this exponent for this context.
pub fn recover(
	parameters: &Parameters,
	seal: &Seal,
	context: &[u8; BID_CONTEXT_BYTES],
	exponent: &Exponent,
) -> Option<[u8; PAYLOAD_BYTES]> {
	let solution = encode(&pow_secret(&reduce(&parameters.h), &exponent.0));
	decrypt(parameters, seal, context, &solution)
}

/// Reads the payload with a solution that [`crate::verify_opening`] has accepted; `None` if the
/// ciphertext is not authentic for this context.
pub fn decrypt(
	parameters: &Parameters,
	seal: &Seal,
	context: &[u8; BID_CONTEXT_BYTES],
	solution: &[u8; ELEMENT_BYTES],
) -> Option<[u8; PAYLOAD_BYTES]> {
	let (u, ciphertext) = parts(seal)?;
	let (payload, tag) = ciphertext.split_first_chunk::<PAYLOAD_BYTES>()?;
	let tag: &[u8; TAG_BYTES] = tag.first_chunk()?;
	let key = Zeroizing::new(seal_key(parameters, u, context, solution));
	let mut payload = *payload;
	ChaCha20Poly1305::new((&*key).into())
		.decrypt_in_place_detached(&Nonce::default(), context, &mut payload, Tag::from_slice(tag))
		.ok()?;
	Some(payload)
}

/// Checks all of a seal that can be checked without opening it: `u` is canonical and not trivial.
///
/// It does not check that `u` and `N` are coprime: whoever had a common factor had factored `N`.
///
/// # Errors
///
/// `u` is 0 or 1, or above `(N - 1) / 2`.
pub fn check_seal(seal: &Seal) -> Result<(), SealError> {
	let (u, _) = parts(seal).ok_or(SealError::NotCanonical)?;
	check_element(u)
}

/// The key of a seal's ciphertext: `blake2_256("pvs/seal-key/v1" ++ digest of the parameters ++
/// solution ++ u ++ context)`.
pub fn seal_key(
	parameters: &Parameters,
	u: &[u8; ELEMENT_BYTES],
	context: &[u8; BID_CONTEXT_BYTES],
	solution: &[u8; ELEMENT_BYTES],
) -> Bytes32 {
	blake2_256(&[SEAL_KEY_DOMAIN, &parameters.digest(), solution, u, context])
}

/// `u` and the ciphertext with its tag.
pub(crate) fn parts(seal: &Seal) -> Option<(&[u8; ELEMENT_BYTES], &[u8; CIPHERTEXT_BYTES])> {
	let (u, rest) = seal.split_first_chunk()?;
	Some((u, rest.first_chunk()?))
}

pub(crate) fn check_element(bytes: &[u8; ELEMENT_BYTES]) -> Result<(), SealError> {
	let [high @ .., low] = bytes;
	if *low <= 1 && high.iter().all(|byte| *byte == 0) {
		return Err(SealError::Trivial);
	}
	decode(bytes).map(drop).ok_or(SealError::NotCanonical)
}
