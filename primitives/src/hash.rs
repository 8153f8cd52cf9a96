// SPDX-License-Identifier: Apache-2.0
//! The byte hash of the protocol and the tags that keep its uses apart.

use crate::Bytes32;
use blake2::{digest::consts::U32, Blake2b, Blake2b512, Digest};

/// Starts what a bid's commitment hashes.
pub const BID_DOMAIN: &[u8] = b"pvs/bid/v1";
/// Starts what a batch digest hashes.
pub const BATCH_DOMAIN: &[u8] = b"pvs/batch/v1";
/// Starts what a proof's binding hashes.
pub const BINDING_DOMAIN: &[u8] = b"pvs/binding/v1";
/// Starts what the digest of the seal parameters hashes.
pub const SEAL_PARAMETERS_DOMAIN: &[u8] = b"pvs/seal-parameters/v1";
/// Starts the transcript of the proof of the seal parameters.
pub const SEAL_PARAMETERS_PROOF_DOMAIN: &[u8] = b"pvs/seal-parameters-proof/v1";
/// Starts what the key of a seal hashes.
pub const SEAL_KEY_DOMAIN: &[u8] = b"pvs/seal-key/v1";
/// Starts the transcript of an opening.
pub const OPENING_DOMAIN: &[u8] = b"pvs/opening/v1";
/// Starts what a candidate for a challenge prime hashes.
pub const CHALLENGE_DOMAIN: &[u8] = b"pvs/challenge/v1";

/// BLAKE2b with 32 bytes of output and no key, over the parts one after another.
///
/// Equal to Substrate's `blake2_256` of the concatenation: the parts carry no lengths, so every
/// caller hashes parts of fixed width.
pub fn blake2_256(parts: &[&[u8]]) -> Bytes32 {
	let mut hasher = Blake2b::<U32>::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}

/// BLAKE2b with 64 bytes of output and no key, over the parts one after another, each of fixed
/// width as for [`blake2_256`].
pub fn blake2_512(parts: &[&[u8]]) -> [u8; 64] {
	let mut hasher = Blake2b512::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}

#[cfg(test)]
mod tests {
	use super::*;

	/// `b2sum -l 256` of nothing and of "abc".
	#[test]
	fn blake2_256_should_equal_the_reference_when_hashing_known_messages() {
		let of_nothing = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
		let of_abc = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
		assert_eq!(hex::encode(blake2_256(&[])), of_nothing);
		assert_eq!(hex::encode(blake2_256(&[b"abc"])), of_abc);
		assert_eq!(hex::encode(blake2_256(&[b"a", b"", b"bc"])), of_abc);
	}
	/// `b2sum` of "abc", the example of RFC 7693, appendix A.
	#[test]
	fn blake2_512_should_equal_the_reference_when_hashing_abc() {
		let of_abc = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
			7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923";
		assert_eq!(hex::encode(blake2_512(&[b"a", b"", b"bc"])), of_abc);
	}
}
