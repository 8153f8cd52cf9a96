// SPDX-License-Identifier: Apache-2.0
//! Sealing a bid, and getting it back from its seal.

use super::{Done, Service};
use crate::{
	error::ProverError,
	journal::{Bid, Entry, Key},
	price::Ask,
	report::Report,
	sealed::SealedBid,
};
use pvs_client::{seals, View};
use pvs_primitives::{
	api::RoundInfo,
	bid::{bid_context, commitment_in, BidPayload, BID_CONTEXT_BYTES},
	Bytes32,
};
use pvs_timelock::{Exponent, Parameters, Seal, EXPONENT_BYTES};
use rand::{rngs::OsRng, RngCore};
use std::io;

impl Service {
	/// Writes a fresh bid into the journal, its exponent first, then makes its commitment and its
	/// seal ready to be sent.
	pub(super) fn bid(&mut self, round: &RoundInfo<Bytes32>, ask: &Ask) -> Result<(), ProverError> {
		let no_randomness = |error| ProverError::Io("no randomness".into(), error);
		let mut salt = [0; 32];
		OsRng.try_fill_bytes(&mut salt).map_err(|error| no_randomness(error.into()))?;
		let exponent = Exponent::random()
			.map_err(|error| no_randomness(io::Error::other(error.to_string())))?;
		let sealing = Entry::Sealing {
			batch: round.batch,
			round: round.round,
			block: self.height,
			exponent: *exponent.as_bytes(),
		};
		if !self.record(sealing) {
			return Ok(());
		}
		let payload = BidPayload {
			fee: ask.fee,
			proof_blocks: ask.proof_blocks,
			proof_commitment: None,
			salt,
		};
		let payload = payload.encode();
		let context = self.context((round.batch, round.round), &round.batch_digest);
		let bid = Bid {
			batch_digest: round.batch_digest,
			payload,
			commitment: commitment_in(&context, &payload),
			seal: pvs_timelock::seal(&self.seals, &context, &payload, &exponent),
		};
		if !self.record(bid.entry((round.batch, round.round))) {
			return Ok(());
		}
		self.reporter.say(&Report::Bid {
			batch: round.batch,
			round: round.round,
			fee: ask.fee,
			proof_blocks: ask.proof_blocks,
		});
		self.place(round, &bid, ask.max_slot_fee);
		Ok(())
	}

	/// Returns what this prover's bids in a round are bound to.
	fn context(&self, (batch, round): Key, batch_digest: &Bytes32) -> [u8; BID_CONTEXT_BYTES] {
		bid_context(&self.genesis_hash, batch, round, batch_digest, &self.me.0)
	}

	/// Reads the payload of a bid from its seal on the chain, in the background.
	pub(super) fn recover(&mut self, view: &View, key: Key, bid: SealedBid) {
		let known = self.journal.job(&key).map(|job| job.exponents.clone());
		let Some(exponents) = known else { return };
		let commitment = bid.commitment;
		if self.rounds.get(&key).and_then(|state| state.unreadable) == Some(commitment) {
			return;
		}
		let context = self.context(key, &bid.batch_digest);
		let view = view.clone();
		self.start_task(key, async move {
			let read = async {
				let parameters = seals::parameters(&view.seals().await?)?;
				let seals = view.seals_of([(bid.placed, bid.seal_hash)]).await?;
				let Some(seal) = seals.get(&bid.seal_hash) else {
					return Err(ProverError::SealNotFound(bid.placed.block));
				};
				Ok(recovered(&parameters, &context, (&bid, seal), &exponents))
			};
			Done::Recovered(key, commitment, read.await.map(|bid| bid.map(Box::new)))
		});
	}

	pub(super) fn on_recovered(
		&mut self,
		key: Key,
		commitment: Bytes32,
		read: Result<Option<Box<Bid>>, ProverError>,
	) -> Result<(), ProverError> {
		let bid = match read {
			Ok(Some(bid)) => bid,
			Ok(None) => {
				self.cannot_reveal(key, commitment);
				return Ok(());
			},
			// The next block is another attempt.
			Err(error) => {
				self.trouble(Some(key), error.to_string());
				return Ok(());
			},
		};
		self.note(bid.entry(key));
		let (batch, round) = key;
		self.reporter.say(&Report::Recovered { batch, round });
		self.look_again = true;
		Ok(())
	}

	/// Tells once that a bid of this prover stays sealed. On another fork there may be another bid of
	/// it, which is another matter.
	pub(super) fn cannot_reveal(&mut self, key: Key, commitment: Bytes32) {
		if self.rounds.of(key).unreadable.replace(commitment) != Some(commitment) {
			let text =
				"cannot reveal: the journal has neither this bid nor the exponent of its seal; \
			            it costs the silence penalty if somebody opens the seal, else the whole bond";
			self.trouble(Some(key), text.into());
		}
		self.meet_foreign_bid(key);
	}

	/// Tells once that somebody else opened this prover's seal.
	pub(super) fn was_opened(&mut self, round: &RoundInfo<Bytes32>) {
		let key = (round.batch, round.round);
		if !core::mem::replace(&mut self.rounds.of(key).is_opened, true) {
			let (batch, number) = key;
			self.may_be_slashed = true;
			let penalty = round.bond.saturating_sub(round.reserve);
			self.reporter.say(&Report::Opened { batch, round: number, penalty });
		}
	}
}

/// The bid behind a seal on the chain, if one of the exponents is its own and it is what was
/// committed to.
fn recovered(
	parameters: &Parameters,
	context: &[u8; BID_CONTEXT_BYTES],
	(bid, seal): (&SealedBid, &Seal),
	exponents: &[[u8; EXPONENT_BYTES]],
) -> Option<Bid> {
	// The newest bid is the likeliest.
	exponents.iter().rev().find_map(|exponent| {
		let exponent = Exponent::from(*exponent);
		let payload = pvs_timelock::recover(parameters, seal, context, &exponent)?;
		let commitment = commitment_in(context, &payload);
		let (batch_digest, is_committed) = (bid.batch_digest, commitment == bid.commitment);
		is_committed.then_some(Bid { batch_digest, payload, commitment, seal: *seal })
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use pvs_primitives::{
		api::{BatchId, SealPlace},
		bid::PAYLOAD_BYTES,
		hash::blake2_256,
	};
	use pvs_timelock::{INSECURE_DEVELOPMENT, SEAL_BYTES};

	const PAYLOAD: [u8; PAYLOAD_BYTES] = [6; PAYLOAD_BYTES];
	const DIGEST: Bytes32 = [3; 32];

	fn context() -> [u8; BID_CONTEXT_BYTES] {
		bid_context(&[1; 32], BatchId { rollup: 0, index: 4 }, 2, &DIGEST, &[5; 32])
	}

	fn on_chain(exponent: [u8; EXPONENT_BYTES]) -> (SealedBid, Seal) {
		let seal =
			pvs_timelock::seal(&INSECURE_DEVELOPMENT, &context(), &PAYLOAD, &exponent.into());
		let bid = SealedBid {
			batch_digest: DIGEST,
			commitment: commitment_in(&context(), &PAYLOAD),
			seal_hash: blake2_256(&[&seal]),
			placed: SealPlace { block: 11, extrinsic: 2 },
		};
		(bid, seal)
	}

	fn recover((bid, seal): &(SealedBid, Seal), exponents: &[[u8; EXPONENT_BYTES]]) -> Option<Bid> {
		recovered(&INSECURE_DEVELOPMENT, &context(), (bid, seal), exponents)
	}

	#[test]
	fn crash_journal_lost_bid_should_be_recovered_when_its_exponent_is_known() {
		let (ours, older, newer) = ([7; EXPONENT_BYTES], [8; EXPONENT_BYTES], [9; EXPONENT_BYTES]);
		let bid = on_chain(ours);
		let found = recover(&bid, &[older, ours, newer]).unwrap();
		assert_eq!((found.payload, found.batch_digest), (PAYLOAD, DIGEST));
		assert_eq!((found.commitment, found.seal), (bid.0.commitment, bid.1));
	}

	#[test]
	fn bid_should_not_be_recovered_when_no_exponent_is_its_own() {
		let bid = on_chain([7; EXPONENT_BYTES]);
		assert_eq!(recover(&bid, &[]), None);
		assert_eq!(recover(&bid, &[[8; EXPONENT_BYTES]]), None);
	}

	#[test]
	fn bid_should_not_be_recovered_when_the_chain_has_another_one() {
		let ours = [7; EXPONENT_BYTES];
		let mut other_commitment = on_chain(ours);
		other_commitment.0.commitment = [0; 32];
		assert_eq!(recover(&other_commitment, &[ours]), None);
		let mut mauled = on_chain(ours);
		mauled.1[SEAL_BYTES - 1] ^= 1;
		assert_eq!(recover(&mauled, &[ours]), None);
	}
}
