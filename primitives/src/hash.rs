// SPDX-License-Identifier: Apache-2.0
//! The byte hash of the protocol and the tags that keep its uses apart.

use crate::Bytes32;
use blake2::{digest::consts::U32, Blake2b, Digest};

/// Starts what a bid's commitment hashes.
pub const BID_DOMAIN: &[u8] = b"pvs/bid/v1";
/// Starts what a batch digest hashes.
pub const BATCH_DOMAIN: &[u8] = b"pvs/batch/v1";
/// Starts what a proof's binding hashes.
pub const BINDING_DOMAIN: &[u8] = b"pvs/binding/v1";

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
}
