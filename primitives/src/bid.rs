// SPDX-License-Identifier: Apache-2.0
//! Payload that a bidder seals and reveals, its commitment, and the digest of the batch that it bids on.

use crate::{
	api::BatchId,
	hash::{blake2_256, BATCH_DOMAIN, BID_DOMAIN},
	params::Snapshot,
	Balance, BlockNumber, Bytes32, RoundNumber,
};
use codec::Encode;
use core::fmt;

/// Bytes of an encoded payload: fee 16, proof blocks 4, flag 1, proof commitment 32, salt 32.
pub const PAYLOAD_BYTES: usize = 85;
/// Bytes of a [`bid_context`]: tag 10, genesis hash 32, rollup 4, index 8, round 4, batch digest 32,
/// bidder 32.
pub const BID_CONTEXT_BYTES: usize = 122;

/// Content of a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidPayload {
	/// The fee that the bidder asks, in planck.
	pub fee: Balance,
	/// The time in which it commits to prove, in blocks.
	pub proof_blocks: BlockNumber,
	/// `blake2_256` of the proof, if the bidder already has it: no other proof is accepted then.
	pub proof_commitment: Option<Bytes32>,
	/// Random bytes that hide the rest; they also take part in breaking ties.
	pub salt: Bytes32,
}

/// Why bytes are not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
	/// The length is not [`PAYLOAD_BYTES`].
	WrongLength,
	/// The flag of the proof commitment is neither 0 nor 1.
	UnknownFlag,
	/// The flag is 0 and the proof commitment is not zero.
	UnflaggedCommitment,
}

impl fmt::Display for PayloadError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::WrongLength => "a payload has exactly 85 bytes",
			Self::UnknownFlag => "byte 20 says whether a proof commitment follows: write 0 or 1",
			Self::UnflaggedCommitment => "write 32 zero bytes where there is no proof commitment",
		})
	}
}

impl core::error::Error for PayloadError {}

impl BidPayload {
	/// The payload's only encoding; integers are little-endian.
	pub fn encode(&self) -> [u8; PAYLOAD_BYTES] {
		let fee = self.fee.to_le_bytes();
		let proof_blocks = self.proof_blocks.to_le_bytes();
		let flag = [u8::from(self.proof_commitment.is_some())];
		let proof_commitment = self.proof_commitment.unwrap_or_default();
		let fields: [&[u8]; 5] = [&fee, &proof_blocks, &flag, &proof_commitment, &self.salt];
		let mut bytes = [0; PAYLOAD_BYTES];
		for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
			*to = *from;
		}
		bytes
	}

	/// Reads a payload, from exactly the bytes that [`Self::encode`] writes.
	///
	/// It judges the encoding only: whether fee, time and salt are acceptable depends on the round.
	///
	/// # Errors
	///
	/// The length is wrong, the flag is neither 0 nor 1, or it is 0 before a commitment.
	pub fn decode(bytes: &[u8]) -> Result<Self, PayloadError> {
		let bytes: &[u8; PAYLOAD_BYTES] =
			bytes.try_into().map_err(|_| PayloadError::WrongLength)?;
		let (fee, rest) = take(bytes)?;
		let (proof_blocks, rest) = take(rest)?;
		let ([flag], rest) = take(rest)?;
		let (proof_commitment, rest) = take(rest)?;
		let (salt, _) = take(rest)?;
		let proof_commitment = match flag {
			0 if proof_commitment == [0; 32] => None,
			0 => return Err(PayloadError::UnflaggedCommitment),
			1 => Some(proof_commitment),
			_ => return Err(PayloadError::UnknownFlag),
		};
		Ok(Self {
			fee: Balance::from_le_bytes(fee),
			proof_blocks: BlockNumber::from_le_bytes(proof_blocks),
			proof_commitment,
			salt,
		})
	}
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), PayloadError> {
	let (head, rest) = bytes.split_first_chunk().ok_or(PayloadError::WrongLength)?;
	Ok((*head, rest))
}

/// Place that a bid belongs to: one chain, batch, round, state of the batch and bidder.
///
/// `"pvs/bid/v1" ++ genesis_hash ++ rollup ++ index ++ round ++ batch_digest ++ bidder`, integers
/// little-endian. Commitments hash it, seals authenticate it, openings are proven for it.
pub fn bid_context(
	genesis_hash: &Bytes32,
	batch: BatchId,
	round: RoundNumber,
	batch_digest: &Bytes32,
	bidder: &Bytes32,
) -> [u8; BID_CONTEXT_BYTES] {
	let rollup = batch.rollup.to_le_bytes();
	let index = batch.index.to_le_bytes();
	let round = round.to_le_bytes();
	let fields: [&[u8]; 7] =
		[BID_DOMAIN, genesis_hash, &rollup, &index, &round, batch_digest, bidder];
	let mut bytes = [0; BID_CONTEXT_BYTES];
	for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
		*to = *from;
	}
	bytes
}

/// The commitment to a payload within a [`bid_context`]: `blake2_256(context ++ payload)`.
pub fn commitment_in(context: &[u8; BID_CONTEXT_BYTES], payload: &[u8; PAYLOAD_BYTES]) -> Bytes32 {
	blake2_256(&[context, payload])
}

/// Commitment that `place_bid` publishes: a hash that binds the payload to one chain, batch, round, state of
/// the batch and bidder, so that a copied commitment is useless.
///
/// [`commitment_in`] of the [`bid_context`], which is `blake2_256("pvs/bid/v1" ++ genesis_hash ++
/// rollup ++ index ++ round ++ batch_digest ++ bidder ++ payload)`, integers little-endian.
pub fn bid_commitment(
	genesis_hash: &Bytes32,
	batch: BatchId,
	round: RoundNumber,
	batch_digest: &Bytes32,
	bidder: &Bytes32,
	payload: &[u8; PAYLOAD_BYTES],
) -> Bytes32 {
	commitment_in(&bid_context(genesis_hash, batch, round, batch_digest, bidder), payload)
}

/// Digest that a bidder names, so that its bid never lands on a batch that it did not mean.
///
/// `blake2_256("pvs/batch/v1" ++ prev_root ++ next_root ++ data_commitment ++ max_fee ++ reserve
/// ++ blake2_256(snapshot))`: amounts in planck, little-endian; the snapshot in SCALE.
pub fn batch_digest(
	prev_root: &Bytes32,
	next_root: &Bytes32,
	data_commitment: &Bytes32,
	max_fee: Balance,
	reserve: Balance,
	snapshot: &Snapshot,
) -> Bytes32 {
	let snapshot_hash = blake2_256(&[&snapshot.encode()]);
	blake2_256(&[
		BATCH_DOMAIN,
		prev_root,
		next_root,
		data_commitment,
		&max_fee.to_le_bytes(),
		&reserve.to_le_bytes(),
		&snapshot_hash,
	])
}
