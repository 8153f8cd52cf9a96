// SPDX-License-Identifier: Apache-2.0
//! All that the journal knows about one round.

use super::entry::{Entry, Key, Outcome};
use pvs_primitives::{bid::PAYLOAD_BYTES, BlockNumber, Bytes32, PROOF_BYTES};
use pvs_timelock::{Seal, EXPONENT_BYTES};

/// A sealed bid: what only its bidder knows until it reveals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bid {
	pub(crate) batch_digest: Bytes32,
	pub(crate) payload: [u8; PAYLOAD_BYTES],
	pub(crate) commitment: Bytes32,
	pub(crate) seal: Seal,
}

impl Bid {
	/// Returns the entry of a bid in a round.
	pub(crate) fn entry(&self, (batch, round): Key) -> Entry {
		Entry::Bid {
			batch,
			round,
			batch_digest: self.batch_digest,
			payload: self.payload,
			commitment: self.commitment,
			seal: self.seal,
		}
	}
}

/// A silent bid whose round has closed without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
	/// The block in which it was seen first.
	pub(crate) seen_at: BlockNumber,
	/// The first block in which it can be settled no more.
	pub(crate) until: BlockNumber,
}

/// A round that was won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Win {
	pub(crate) payment: u128,
	pub(crate) assigned_at: BlockNumber,
	pub(crate) on_time_until: BlockNumber,
	pub(crate) late_until: BlockNumber,
}

/// All that the journal knows about one round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Job {
	/// The exponents of the seals that were made for this round, also on other forks.
	pub(crate) exponents: Vec<[u8; EXPONENT_BYTES]>,
	/// The best block when the newest of them was made: from the next one on the bid can be in a block.
	pub(crate) sealed_at: Option<BlockNumber>,
	pub(crate) bid: Option<Bid>,
	pub(crate) placed: Option<BlockNumber>,
	pub(crate) revealed: Option<BlockNumber>,
	pub(crate) silence: Option<Silence>,
	pub(crate) win: Option<Win>,
	/// The block after which a rescue was begun.
	pub(crate) rescue: Option<BlockNumber>,
	pub(crate) proof: Option<Box<[u8; PROOF_BYTES]>>,
	/// Time that the proof took, in milliseconds.
	pub(crate) proof_milliseconds: u64,
	pub(crate) delivered: Option<BlockNumber>,
	pub(crate) outcome: Option<Outcome>,
}

impl Job {
	/// Returns whether the round may still ask something of this prover.
	pub(crate) fn is_open(&self) -> bool {
		self.outcome.is_none()
	}

	/// Takes in an entry about this round.
	pub(super) fn apply(&mut self, entry: Entry) {
		match entry {
			Entry::Totals(_) | Entry::Base(_) => {},
			// A second seal for a round is for a bid on another fork: it starts the round over. The first
			// fork may come back.
			Entry::Sealing { block, exponent, .. } => {
				let mut exponents = core::mem::take(&mut self.exponents);
				exponents.push(exponent);
				*self = Self { exponents, sealed_at: Some(block), ..Self::default() };
			},
			Entry::Bid { batch_digest, payload, commitment, seal, .. } => {
				self.bid = Some(Bid { batch_digest, payload, commitment, seal });
			},
			Entry::Placed { block, .. } => self.placed = Some(block),
			Entry::Revealed { block, .. } => {
				self.revealed = Some(block);
				// It was silent on another fork.
				self.silence = None;
			},
			Entry::Unsettled { block, until, .. } => {
				self.silence = Some(Silence { seen_at: block, until });
			},
			Entry::Won { payment, assigned_at, on_time_until, late_until, .. } => {
				self.win = Some(Win { payment, assigned_at, on_time_until, late_until });
				self.rescue = None;
				self.outcome = None;
			},
			Entry::Rescuing { block, .. } => {
				self.rescue = Some(block);
				self.outcome = None;
			},
			Entry::Proved { proof, milliseconds, .. } => {
				self.proof = Some(Box::new(proof));
				self.proof_milliseconds = milliseconds;
			},
			Entry::Delivered { block, .. } => self.delivered = Some(block),
			Entry::Ended { outcome, .. } => self.outcome = Some(outcome),
		}
	}

	/// Returns entries that come to this job, in an order in which none undoes another.
	pub(super) fn entries(&self, (batch, round): Key) -> Vec<Entry> {
		let block = self.sealed_at.unwrap_or_default();
		let sealing = |exponent: &_| Entry::Sealing { batch, round, block, exponent: *exponent };
		let mut entries: Vec<Entry> = self.exponents.iter().map(sealing).collect();
		entries.extend(self.bid.as_ref().map(|bid| bid.entry((batch, round))));
		entries.extend(self.placed.map(|block| Entry::Placed { batch, round, block }));
		entries.extend(self.revealed.map(|block| Entry::Revealed { batch, round, block }));
		entries.extend(self.silence.map(|silence| Entry::Unsettled {
			batch,
			round,
			block: silence.seen_at,
			until: silence.until,
		}));
		entries.extend(self.win.map(|win| Entry::Won {
			batch,
			round,
			payment: win.payment,
			assigned_at: win.assigned_at,
			on_time_until: win.on_time_until,
			late_until: win.late_until,
		}));
		entries.extend(self.rescue.map(|block| Entry::Rescuing { batch, round, block }));
		entries.extend(self.proof.as_ref().map(|proof| Entry::Proved {
			batch,
			round,
			proof: **proof,
			milliseconds: self.proof_milliseconds,
		}));
		entries.extend(self.delivered.map(|block| Entry::Delivered { batch, round, block }));
		entries.extend(self.outcome.clone().map(|outcome| Entry::Ended { batch, round, outcome }));
		entries
	}
}
