// SPDX-License-Identifier: Apache-2.0
//! Schnorr signatures over Baby Jubjub with a Poseidon challenge.
//!
//! With `B` the generator of the subgroup of prime order `l`, `x` the secret scalar and `P = x*B`,
//! a signature of message `m` is `(e, s)`: `R = k*B`, `e` the low 128 bits of
//! `H(R.x, P.x, tag*2^192 + numbers, new_key.x)`, `c = 2e - (2^128 - 1)`, `s = k + c*x mod l`. It is
//! valid when the hash for `R' = s*B - c*P` has the low bits `e`.
//!
//! - **First coordinates are enough.** Of `(x, y)` and `(x, -y)`, which differ by a negation and the
//!   point `(0, -1)` of order two, at most one lies in the subgroup. Points of the subgroup are
//!   therefore known by `x`, and `R'` lies in it because `P` does.
//! - **`c` is `sum of (2 bit - 1) 2^i` over the bits of `e`**: odd, another one for each `e`, below
//!   2^128 in size. The circuit multiplies by it with fewer constraints than by `e`.
//! - **No low-order component can enter.** `R` is not sent: the verifier computes it. Both terms of
//!   `s*B - c*P` lie in the prime-order subgroup because `P` does: [`PublicKey`] cannot hold another
//!   point, keys enter the state through a checked genesis or with a transfer that opens an account,
//!   and there the circuit proves that the key is eight times a point of the curve. So the equation
//!   with and without the cofactor is the same one.
//! - **128 bits of challenge are enough.** A forger who does not know `x` must hit `e` before it is
//!   determined (Schnorr 1991; Neven, Smart, Warinschi 2009: a challenge of half the group's bits
//!   keeps the security of the group). The owner of a key may find two messages with one signature
//!   in 2^64 steps, which gains nothing here: the message travels with its signature.
//! - **Nobody but the signer can make a second signature of a transfer.** `s` at or above `l` is
//!   refused, natively and in the circuit, and for one `R` there is one `e`.

use crate::{shape::SIGNATURE_BYTES, transfer::Transfer, Scalar};
use ark_ec::{twisted_edwards::TECurveConfig, AffineRepr, CurveGroup};
use ark_ed_on_bn254::{EdwardsAffine, EdwardsConfig, EdwardsProjective, Fr as SubgroupScalar};
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use blake2::{Blake2b512, Digest};
use pvs_primitives::{
	field::{scalar_from_be, scalar_to_be},
	poseidon, Bytes32,
};

/// Separates transfer signatures from every other use of Poseidon. Read as a big-endian integer and
/// put above the 192 bits of the transfer's numbers.
const CHALLENGE_TAG: &[u8; 7] = b"pvs/tx2";
const CHALLENGE_TAG_PLACE: u64 = 192;
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
		let message = [transfer.packed(), transfer.new_key_x()];
		let challenge = low_bits(&challenge(&commitment, self.public.x(), message));
		let response = nonce + signed_digits(challenge) * self.scalar;
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

/// Why bytes are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
	/// The coordinate is at or above the field modulus.
	#[error("the key is not below the field modulus; encode it as 32 bytes, big-endian")]
	NonCanonical,
	/// The coordinate is that of the identity, which is everybody's key.
	#[error("the key is zero, which is nobody's; derive one from a secret")]
	Zero,
	/// No point of Baby Jubjub has this coordinate.
	#[error(
		"no point of Baby Jubjub (a = 1) has this first coordinate; check the form of the curve"
	)]
	OffCurve,
	/// The points with this coordinate have a component of low order.
	#[error("the key is outside the prime-order subgroup; multiply it by the cofactor 8")]
	OutsideSubgroup,
}

impl PublicKey {
	/// Reads and checks a key: its first coordinate, 32 bytes, big-endian.
	///
	/// # Errors
	///
	/// One [`PublicKeyError`] per cause, see there.
	pub fn from_bytes(bytes: &Bytes32) -> Result<Self, PublicKeyError> {
		let x = scalar_from_be(bytes).ok_or(PublicKeyError::NonCanonical)?;
		if x.is_zero() {
			return Err(PublicKeyError::Zero);
		}
		// x^2 + y^2 = 1 + d x^2 y^2. The denominator is never zero: d is not a square.
		let squared = x.square();
		let denominator = Scalar::one() - EdwardsConfig::COEFF_D * squared;
		let y = denominator
			.inverse()
			.and_then(|inverse| ((Scalar::one() - squared) * inverse).sqrt())
			.ok_or(PublicKeyError::OffCurve)?;
		[y, -y]
			.map(|y| EdwardsAffine::new_unchecked(x, y))
			.into_iter()
			.find(EdwardsAffine::is_in_correct_subgroup_assuming_on_curve)
			.map(|point| Self { point })
			.ok_or(PublicKeyError::OutsideSubgroup)
	}

	/// The first coordinate, 32 bytes, big-endian. It fixes the second one.
	pub fn to_bytes(&self) -> Bytes32 {
		scalar_to_be(&self.point.x)
	}

	/// Both coordinates, 32 bytes each, big-endian.
	pub fn coordinates(&self) -> [Bytes32; 2] {
		[scalar_to_be(&self.point.x), scalar_to_be(&self.point.y)]
	}

	/// Reads and checks a key given by both coordinates, 32 bytes each, big-endian. Spares the square
	/// root of [`PublicKey::from_bytes`].
	///
	/// # Errors
	///
	/// One [`PublicKeyError`] per cause, see there.
	pub fn from_coordinates(x: &Bytes32, y: &Bytes32) -> Result<Self, PublicKeyError> {
		let x = scalar_from_be(x).ok_or(PublicKeyError::NonCanonical)?;
		let y = scalar_from_be(y).ok_or(PublicKeyError::NonCanonical)?;
		let point = EdwardsAffine::new_unchecked(x, y);
		if x.is_zero() {
			return Err(PublicKeyError::Zero);
		}
		if !point.is_on_curve() {
			return Err(PublicKeyError::OffCurve);
		}
		if !point.is_in_correct_subgroup_assuming_on_curve() {
			return Err(PublicKeyError::OutsideSubgroup);
		}
		Ok(Self { point })
	}

	pub(crate) fn point(&self) -> EdwardsAffine {
		self.point
	}

	/// The first coordinate.
	pub fn x(&self) -> Scalar {
		self.point.x
	}

	/// The second coordinate.
	pub fn y(&self) -> Scalar {
		self.point.y
	}

	/// Returns true if `signature` is this key's signature of `transfer`.
	pub fn verify(&self, transfer: &Transfer, signature: &Signature) -> bool {
		let full = recomputed_challenge(
			self.point,
			[transfer.packed(), transfer.new_key_x()],
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

/// What the tag adds to the numbers of a transfer.
pub(crate) fn tag() -> Scalar {
	Scalar::from_be_bytes_mod_order(CHALLENGE_TAG) * Scalar::from(2u64).pow([CHALLENGE_TAG_PLACE])
}

/// The full challenge hash of commitment `r`, the key's first coordinate and what is signed: the
/// numbers of the transfer and the new key.
fn challenge(r: &EdwardsAffine, key_x: Scalar, [numbers, new_key]: [Scalar; 2]) -> Scalar {
	poseidon::hash4(&[r.x, key_x, numbers + tag(), new_key])
}

/// `2 challenge - (2^128 - 1)`: the sum of `+2^i` for each one and `-2^i` for each zero.
fn signed_digits(challenge: u128) -> SubgroupScalar {
	let challenge = SubgroupScalar::from(challenge);
	challenge + challenge - SubgroupScalar::from(u128::MAX)
}

/// The full challenge hash that belongs to a signature: of `response * B - c * key`.
/// `response` is any integer, little-endian limbs.
pub(crate) fn recomputed_challenge(
	key: EdwardsAffine,
	message: [Scalar; 2],
	challenge_bits: u128,
	response: &[u64],
) -> Scalar {
	let base: EdwardsProjective = EdwardsAffine::generator().mul_bigint(response);
	let digits = signed_digits(challenge_bits);
	// A point of any order: a negative multiplier is not the same as one modulo the subgroup's order.
	let shift = if challenge_bits >> 127 == 1 {
		key.mul_bigint(digits.into_bigint())
	} else {
		-key.mul_bigint((-digits).into_bigint())
	};
	challenge(&(base - shift).into_affine(), key.x, message)
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
	use ark_ff::LegendreSymbol;

	const TRANSFER: Transfer =
		Transfer { from: 1, to: 2, amount: 3, fee: 4, nonce: 5, new_key: None };

	fn key() -> SecretKey {
		SecretKey::from_seed(&[7; 32])
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
			Transfer { fee: 5, ..TRANSFER },
			Transfer { nonce: 4, ..TRANSFER },
			Transfer { new_key: Some(key().public_key()), ..TRANSFER },
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
		for seed in 0..20 {
			let key = SecretKey::from_seed(&[seed; 32]).public_key();
			assert_eq!(PublicKey::from_bytes(&key.to_bytes()), Ok(key));
		}
	}

	#[test]
	fn public_key_should_be_refused_when_invalid() {
		let point = key().public_key().point;
		let refused = |x: Scalar| PublicKey::from_bytes(&scalar_to_be(&x)).unwrap_err();
		assert_eq!(PublicKey::from_bytes(&[0xff; 32]), Err(PublicKeyError::NonCanonical));
		let modulus: Bytes32 = Scalar::MODULUS.to_bytes_be().try_into().unwrap();
		assert_eq!(PublicKey::from_bytes(&modulus), Err(PublicKeyError::NonCanonical));
		assert_eq!(refused(Scalar::zero()), PublicKeyError::Zero);
		let off = (2u64..)
			.map(Scalar::from)
			.find(|x| EdwardsAffine::get_point_from_y_unchecked(*x, true).is_none());
		assert_eq!(refused(off.unwrap()), PublicKeyError::OffCurve);
		// (1, 0) has order four, and adding it swaps the coordinates up to a sign.
		assert_eq!(refused(Scalar::one()), PublicKeyError::OutsideSubgroup);
		assert_eq!(refused(point.y), PublicKeyError::OutsideSubgroup);
	}

	#[test]
	fn first_coordinate_should_belong_to_one_point_of_the_subgroup() {
		let point = key().public_key().point;
		let mirrored = EdwardsAffine::new_unchecked(point.x, -point.y);
		assert!(mirrored.is_on_curve());
		assert!(!mirrored.is_in_correct_subgroup_assuming_on_curve());
		let half_turn = EdwardsAffine::new_unchecked(Scalar::zero(), -Scalar::one());
		assert_eq!((half_turn - point).into_affine(), mirrored);
	}

	#[test]
	fn signature_should_fail_when_made_for_the_mirrored_key() {
		// -P + (0, -1) has the first coordinate of P: its owner must not have a second key.
		let point = key().public_key().point;
		let mirrored = EdwardsAffine::new_unchecked(point.x, -point.y);
		let signature = key().sign(&TRANSFER);
		let message = [TRANSFER.packed(), TRANSFER.new_key_x()];
		let hash = |key| {
			let response = signature.response.into_bigint();
			recomputed_challenge(key, message, signature.challenge, response.as_ref())
		};
		assert_eq!(low_bits(&hash(point)), signature.challenge);
		assert_ne!(low_bits(&hash(mirrored)), signature.challenge);
	}

	#[test]
	fn secret_key_should_not_show_its_scalar_when_printed() {
		let shown = format!("{:?}", key());
		assert!(!shown.contains(&key().scalar.to_string()));
	}
}
