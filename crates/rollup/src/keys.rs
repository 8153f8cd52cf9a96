// SPDX-License-Identifier: Apache-2.0
//! Schnorr signatures over Baby Jubjub with a Poseidon challenge.
//!
//! With `B` the generator of the subgroup of prime order `l`, `x` the secret scalar and `P = x*B`,
//! a signature of message `m` is `(e, s)`: `R = k*B`, `e` the low 128 bits of
//! `H(H(tag, R.x, R.y, m), P.x, P.y, 0)`, `s = k + e*x mod l`. It is valid when the challenge of
//! `R' = s*B - e*P` is `e`, that is, when `s*B = R' + e*P` for the one `R'` that the challenge fixes.
//!
//! - **No low-order component can enter.** `R` is not sent: the verifier computes it. Both terms of
//!   `s*B - e*P` lie in the prime-order subgroup because `P` does ([`PublicKey`] cannot hold another
//!   point, and keys enter the state only through a checked genesis), so the equation with and
//!   without the cofactor is the same one.
//! - **128 bits of challenge are enough.** A forger who does not know `x` must hit `e` before it is
//!   determined (Schnorr 1991; Neven, Smart, Warinschi 2009: a challenge of half the group's bits
//!   keeps the security of the group). The owner of a key may find two messages with one signature
//!   in 2^64 steps, which gains nothing here: the message travels with its signature.
//! - **Encodings are unique.** `s` at or above `l` is refused, natively and in the circuit.

use crate::{shape::SIGNATURE_BYTES, transfer::Transfer, Scalar};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ed_on_bn254::{EdwardsAffine, EdwardsProjective, Fr as SubgroupScalar};
use ark_ff::{BigInteger, One, PrimeField, Zero};
use blake2::{Blake2b512, Digest};
use pvs_primitives::{
	field::{scalar_from_be, scalar_to_be},
	poseidon, Bytes32,
};

/// Separates transfer signatures from every other use of Poseidon. Read as a big-endian integer.
pub(crate) const CHALLENGE_TAG: &[u8] = b"pvs/rollup/transfer/v1";
const SECRET_TAG: &[u8] = b"pvs/rollup/secret/v1";
const NONCE_TAG: &[u8] = b"pvs/rollup/nonce/v1";

/// Bits of a challenge.
pub(crate) const CHALLENGE_BITS: usize = 128;

/// The secret that moves an account's balance. Never printed.
#[derive(Clone)]
pub struct SecretKey {
	scalar: SubgroupScalar,
	public: PublicKey,
}

impl SecretKey {
	/// Derives a key from 32 secret bytes: `blake2b_512(tag ++ seed)` reduced modulo the order of
	/// the subgroup.
	pub fn from_seed(seed: &[u8; 32]) -> Self {
		let scalar = nonzero_scalar(&[SECRET_TAG, seed]);
		let point = (EdwardsAffine::generator() * scalar).into_affine();
		Self { scalar, public: PublicKey { point } }
	}

	/// The public key of this secret.
	pub fn public_key(&self) -> PublicKey {
		self.public
	}

	/// Signs a transfer. The nonce of the signature is a hash of the secret and the whole message,
	/// so that the same transfer always gets the same signature and two transfers never share one.
	pub fn sign(&self, transfer: &Transfer) -> Signature {
		let secret = self.scalar.into_bigint().to_bytes_be();
		let nonce = nonzero_scalar(&[NONCE_TAG, &secret, &transfer.encode()]);
		let commitment = (EdwardsAffine::generator() * nonce).into_affine();
		let challenge = challenge(&commitment, self.public.x(), self.public.y(), transfer.packed());
		let challenge = low_bits(&challenge);
		let response = nonce + SubgroupScalar::from(challenge) * self.scalar;
		Signature { challenge, response }
	}
}

impl std::fmt::Debug for SecretKey {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
	}
}

/// A point of the prime-order subgroup other than the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
	point: EdwardsAffine,
}

/// Why two coordinates are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
	/// A coordinate is at or above the field modulus.
	#[error("a coordinate is not below the field modulus; encode it as 32 bytes, big-endian")]
	NonCanonical,
	/// The coordinates are no point of Baby Jubjub.
	#[error("the point is not on Baby Jubjub (a = 1); check the form of the curve")]
	OffCurve,
	/// The point has a component of low order.
	#[error("the point is outside the prime-order subgroup; multiply it by the cofactor 8")]
	OutsideSubgroup,
	/// The identity is everybody's key.
	#[error("the identity is not a public key; derive one from a secret")]
	Identity,
}

impl PublicKey {
	/// Reads and checks a key: coordinates `x`, `y`, 32 bytes each, big-endian.
	///
	/// # Errors
	///
	/// One [`PublicKeyError`] per cause, see there.
	pub fn from_bytes(x: &Bytes32, y: &Bytes32) -> Result<Self, PublicKeyError> {
		let x = scalar_from_be(x).ok_or(PublicKeyError::NonCanonical)?;
		let y = scalar_from_be(y).ok_or(PublicKeyError::NonCanonical)?;
		let point = EdwardsAffine::new_unchecked(x, y);
		if !point.is_on_curve() {
			return Err(PublicKeyError::OffCurve);
		}
		if point.is_zero() {
			return Err(PublicKeyError::Identity);
		}
		if !point.is_in_correct_subgroup_assuming_on_curve() {
			return Err(PublicKeyError::OutsideSubgroup);
		}
		Ok(Self { point })
	}

	/// The coordinates, 32 bytes each, big-endian.
	pub fn to_bytes(&self) -> [Bytes32; 2] {
		[scalar_to_be(&self.point.x), scalar_to_be(&self.point.y)]
	}

	/// The first coordinate.
	pub fn x(&self) -> Scalar {
		self.point.x
	}

	/// The second coordinate.
	pub fn y(&self) -> Scalar {
		self.point.y
	}

	/// Whether `signature` is this key's signature of `transfer`.
	pub fn verify(&self, transfer: &Transfer, signature: &Signature) -> bool {
		let full = recomputed_challenge(
			self.point,
			transfer.packed(),
			signature.challenge,
			signature.response.into_bigint().as_ref(),
		);
		low_bits(&full) == signature.challenge
	}
}

/// A signature of a transfer: challenge and response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
	challenge: u128,
	response: SubgroupScalar,
}

/// The response of a signature is at or above the order of the subgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature's response is not below the subgroup order; reduce it")]
pub struct NonCanonicalResponse;

impl Signature {
	/// Challenge (16 bytes), then response (32 bytes), both big-endian.
	pub fn to_bytes(&self) -> [u8; SIGNATURE_BYTES] {
		let mut bytes = [0; SIGNATURE_BYTES];
		let (challenge, response) = bytes.split_at_mut(16);
		challenge.copy_from_slice(&self.challenge.to_be_bytes());
		response.copy_from_slice(&self.response.into_bigint().to_bytes_be());
		bytes
	}

	/// Reads what [`Signature::to_bytes`] wrote.
	///
	/// # Errors
	///
	/// [`NonCanonicalResponse`] when the response is not below the order of the subgroup.
	pub fn from_bytes(bytes: &[u8; SIGNATURE_BYTES]) -> Result<Self, NonCanonicalResponse> {
		let (challenge, response) = bytes.split_at(16);
		let challenge = challenge.iter().fold(0, |acc, byte| acc << 8 | u128::from(*byte));
		let reduced = SubgroupScalar::from_be_bytes_mod_order(response);
		if reduced.into_bigint().to_bytes_be() != response {
			return Err(NonCanonicalResponse);
		}
		Ok(Self { challenge, response: reduced })
	}
}

/// The full challenge hash of commitment `r`, key `(x, y)` and packed message.
fn challenge(r: &EdwardsAffine, x: Scalar, y: Scalar, message: Scalar) -> Scalar {
	let tag = Scalar::from_be_bytes_mod_order(CHALLENGE_TAG);
	let inner = poseidon::hash4(&[tag, r.x, r.y, message]);
	poseidon::hash4(&[inner, x, y, Scalar::zero()])
}

/// The full challenge hash that belongs to a signature: of `response * B - challenge * key`.
/// `response` is any integer, little-endian limbs.
pub(crate) fn recomputed_challenge(
	key: EdwardsAffine,
	message: Scalar,
	challenge_bits: u128,
	response: &[u64],
) -> Scalar {
	let base: EdwardsProjective = EdwardsAffine::generator().mul_bigint(response);
	let shift = key.mul_bigint([challenge_bits as u64, (challenge_bits >> 64) as u64]);
	challenge(&(base - shift).into_affine(), key.x, key.y, message)
}

/// The low 128 bits of the canonical integer.
pub(crate) fn low_bits(scalar: &Scalar) -> u128 {
	let limbs = scalar.into_bigint().0;
	u128::from(limbs[0]) | u128::from(limbs[1]) << 64
}

/// The bits of the canonical integer above the low 128.
pub(crate) fn high_bits(scalar: &Scalar) -> u128 {
	let limbs = scalar.into_bigint().0;
	u128::from(limbs[2]) | u128::from(limbs[3]) << 64
}

/// A scalar from 512 bits of hash: its distance from uniform is below 2^-256. Zero, which would
/// give the secret away, becomes one.
fn nonzero_scalar(parts: &[&[u8]]) -> SubgroupScalar {
	let mut hasher = Blake2b512::new();
	for part in parts {
		hasher.update(part);
	}
	let scalar = SubgroupScalar::from_be_bytes_mod_order(&hasher.finalize());
	if scalar.is_zero() {
		return SubgroupScalar::one();
	}
	scalar
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ec::twisted_edwards::TECurveConfig;
	use ark_ed_on_bn254::EdwardsConfig;
	use ark_ff::{Field, LegendreSymbol};

	const TRANSFER: Transfer = Transfer { from: 1, to: 2, amount: 3, nonce: 4 };

	fn key() -> SecretKey {
		SecretKey::from_seed(&[7; 32])
	}

	fn bytes(point: &EdwardsAffine) -> [Bytes32; 2] {
		[scalar_to_be(&point.x), scalar_to_be(&point.y)]
	}

	#[test]
	fn curve_should_have_a_complete_addition_law() {
		assert_eq!(EdwardsConfig::COEFF_A, Scalar::one());
		assert_eq!(EdwardsConfig::COEFF_D.legendre(), LegendreSymbol::QuadraticNonResidue);
		assert!(EdwardsAffine::generator().is_in_correct_subgroup_assuming_on_curve());
	}

	#[test]
	fn signature_should_verify_when_nothing_changed() {
		let signature = key().sign(&TRANSFER);
		assert!(key().public_key().verify(&TRANSFER, &signature));
		assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
		assert_eq!(signature, key().sign(&TRANSFER));
	}

	#[test]
	fn signature_should_fail_when_any_part_of_the_message_changed() {
		let signature = key().sign(&TRANSFER);
		for transfer in [
			Transfer { from: 2, ..TRANSFER },
			Transfer { to: 1, ..TRANSFER },
			Transfer { amount: 4, ..TRANSFER },
			Transfer { nonce: 3, ..TRANSFER },
		] {
			assert!(!key().public_key().verify(&transfer, &signature));
		}
	}

	#[test]
	fn signature_should_fail_when_any_bit_changed() {
		let signature = key().sign(&TRANSFER).to_bytes();
		for bit in 0..8 * SIGNATURE_BYTES {
			let mut changed = signature;
			changed[bit / 8] ^= 1 << (bit % 8);
			if let Ok(changed) = Signature::from_bytes(&changed) {
				assert!(!key().public_key().verify(&TRANSFER, &changed), "bit {bit}");
			}
		}
	}

	#[test]
	fn signature_should_fail_when_the_key_is_another() {
		let signature = key().sign(&TRANSFER);
		let other = SecretKey::from_seed(&[8; 32]).public_key();
		assert!(!other.verify(&TRANSFER, &signature));
	}

	#[test]
	fn response_should_be_refused_when_not_below_the_order() {
		let mut signature = key().sign(&TRANSFER).to_bytes();
		let mut response = SubgroupScalar::from_be_bytes_mod_order(&signature[16..]).into_bigint();
		assert!(!response.add_with_carry(&SubgroupScalar::MODULUS));
		signature[16..].copy_from_slice(&response.to_bytes_be());
		assert_eq!(Signature::from_bytes(&signature), Err(NonCanonicalResponse));
		signature[16..].copy_from_slice(&SubgroupScalar::MODULUS.to_bytes_be());
		assert_eq!(Signature::from_bytes(&signature), Err(NonCanonicalResponse));
	}

	#[test]
	fn public_key_should_round_trip_when_valid() {
		let key = key().public_key();
		let [x, y] = key.to_bytes();
		assert_eq!(PublicKey::from_bytes(&x, &y), Ok(key));
	}

	#[test]
	fn public_key_should_be_refused_when_invalid() {
		let [x, y] = key().public_key().to_bytes();
		// The curve is symmetric; swapping the coordinates adds a point of order four.
		assert_eq!(PublicKey::from_bytes(&y, &x), Err(PublicKeyError::OutsideSubgroup));
		assert_eq!(PublicKey::from_bytes(&x, &[1; 32]), Err(PublicKeyError::OffCurve));
		assert_eq!(PublicKey::from_bytes(&[0xff; 32], &y), Err(PublicKeyError::NonCanonical));
		let [x, y] = bytes(&EdwardsAffine::zero());
		assert_eq!(PublicKey::from_bytes(&x, &y), Err(PublicKeyError::Identity));
	}

	#[test]
	fn public_key_should_be_refused_when_it_has_a_low_order_component() {
		let low_order = EdwardsAffine::new_unchecked(Scalar::zero(), -Scalar::one());
		let [x, y] = bytes(&low_order);
		assert_eq!(PublicKey::from_bytes(&x, &y), Err(PublicKeyError::OutsideSubgroup));
		let mixed = (key().public_key().point + low_order).into_affine();
		let [x, y] = bytes(&mixed);
		assert_eq!(PublicKey::from_bytes(&x, &y), Err(PublicKeyError::OutsideSubgroup));
	}

	#[test]
	fn secret_key_should_not_show_its_scalar_when_printed() {
		let shown = format!("{:?}", key());
		assert!(!shown.contains(&key().scalar.to_string()));
	}
}
