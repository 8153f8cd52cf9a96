// SPDX-License-Identifier: Apache-2.0
//! The public inputs of a batch's proof, layout v1.

use crate::{
	api::BatchId,
	hash::{blake2_256, BINDING_DOMAIN},
	Bytes32, RoundNumber, PUBLIC_INPUTS,
};

/// The four field elements that every circuit of layout v1 takes, each 32 bytes big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInputs {
	/// The root before the batch.
	pub prev_state_root: Bytes32,
	/// The root after the batch.
	pub next_state_root: Bytes32,
	/// The commitment to the batch's data.
	pub data_commitment: Bytes32,
	/// Binding of the proof to one chain, batch, round and prover: see [`binding`].
	pub binding: Bytes32,
}

impl PublicInputs {
	/// The inputs in the order of the layout.
	pub fn to_array(&self) -> [Bytes32; PUBLIC_INPUTS] {
		[self.prev_state_root, self.next_state_root, self.data_commitment, self.binding]
	}
}

/// The input that makes a proof worth something to one prover only.
///
/// The first 31 bytes, as a big-endian number, of `blake2_256("pvs/binding/v1" ++ genesis_hash ++
/// rollup ++ index ++ round ++ prover)`, integers little-endian. 31 bytes are always below the
/// modulus.
pub fn binding(
	genesis_hash: &Bytes32,
	batch: BatchId,
	round: RoundNumber,
	prover: &Bytes32,
) -> Bytes32 {
	let hash = blake2_256(&[
		BINDING_DOMAIN,
		genesis_hash,
		&batch.rollup.to_le_bytes(),
		&batch.index.to_le_bytes(),
		&round.to_le_bytes(),
		prover,
	]);
	let mut element = [0; 32];
	for (to, from) in element.iter_mut().skip(1).zip(hash) {
		*to = from;
	}
	element
}
