// SPDX-License-Identifier: Apache-2.0
//! History of each batch. Pure: events and the moments at which they were seen go in.

#[cfg(test)]
pub(crate) mod tests;

use pvs_client::{Account, PvsEvent, Token, Verdict};
use pvs_primitives::{BlockNumber, Bytes32};
use std::{collections::BTreeMap, time::Instant};

/// A batch from its commit to its proof.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
	pub(crate) commit_block: BlockNumber,
	pub(crate) commit_seen: Instant,
	/// Time when the author of that block began it, in milliseconds since 1970, if somebody asked.
	pub(crate) commit_time: Option<u64>,
	pub(crate) rounds: u32,
	pub(crate) bids: u32,
	pub(crate) reveals: u32,
	/// The block with the first bid.
	pub(crate) first_bid: Option<BlockNumber>,
	/// The block with the first reveal.
	pub(crate) first_reveal: Option<BlockNumber>,
	/// The block that named the first winner.
	pub(crate) first_winner: Option<BlockNumber>,
	/// Number of bids that lost their bonds.
	pub(crate) slashed_bids: u32,
	/// The reserve of each round.
	pub(crate) reserves: Vec<u128>,
	/// Number of rounds that had no bid that counts.
	pub(crate) empty_rounds: u32,
	pub(crate) defaults: Vec<Defaulted>,
	/// Bids whose bidders stayed silent and whose seals were opened.
	pub(crate) opened: Vec<Opened>,
	/// Silent bids that were settled after their round had closed.
	pub(crate) settled: Vec<Settled>,
	/// The first block in which bids could not be revealed any more, if somebody said so.
	pub(crate) reveal_until: Option<BlockNumber>,
	/// Prover that the newest closed round chose.
	pub(crate) selected: Option<Account>,
	/// The runner-up that is asked, or has taken its place.
	pub(crate) runner_up: Option<Winner>,
	/// True if any prover may deliver.
	pub(crate) in_rescue: bool,
	/// The prover that is, or was last, to deliver.
	pub(crate) winner: Option<Winner>,
	pub(crate) proof: Option<Proof>,
	pub(crate) final_seen: Option<Instant>,
}

/// A prover that was assigned and did not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Defaulted {
	pub(crate) prover: Account,
	/// Amount that it lost, in planck.
	pub(crate) slashed: u128,
}

/// A bid that counts because somebody opened its seal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
	pub(crate) bidder: Account,
	/// Fee that it asks, in planck.
	pub(crate) fee: u128,
	/// Penalty that its bidder paid for its silence, in planck.
	pub(crate) penalty: u128,
	/// Account that opened it and what it got of the penalty, in planck.
	pub(crate) opener: Option<(Account, u128)>,
	pub(crate) block: BlockNumber,
	pub(crate) seen: Instant,
}

/// A silent bid of a closed round, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
	pub(crate) bidder: Account,
	/// Amount that its bidder lost, in planck.
	pub(crate) slashed: u128,
	/// Amount that it got back of its bond, in planck.
	pub(crate) released: u128,
	pub(crate) verdict: Verdict,
	/// Account that opened the seal and what it got, in planck.
	pub(crate) opener: Option<(Account, u128)>,
	pub(crate) block: BlockNumber,
}

/// A prover that was assigned, or may be, and what it promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Winner {
	pub(crate) prover: Account,
	pub(crate) proof_blocks: BlockNumber,
	pub(crate) assigned_block: BlockNumber,
}

/// An accepted proof.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
	pub(crate) prover: Account,
	pub(crate) payment: u128,
	pub(crate) late_blocks: BlockNumber,
	/// Amount that lateness took off the payment, in planck.
	pub(crate) late_cost: u128,
	/// Amount that it got of the bonds of others, in planck.
	pub(crate) slashed_share: u128,
	pub(crate) block: BlockNumber,
	pub(crate) seen: Instant,
}

impl Batch {
	/// Seconds from seeing the commit in the best block to seeing the proof in it.
	pub(crate) fn latency(&self) -> Option<f64> {
		self.proof.map(|proof| (proof.seen - self.commit_seen).as_secs_f64())
	}

	/// Seconds from seeing the commit in the best block to seeing the proof's block finalized.
	pub(crate) fn finalized_latency(&self) -> Option<f64> {
		self.final_seen.map(|seen| (seen - self.commit_seen).as_secs_f64())
	}

	/// Returns whether a runner-up delivered it.
	pub(crate) fn was_promoted(&self) -> bool {
		let provers = self.proof.zip(self.runner_up);
		provers.is_some_and(|(proof, runner_up)| proof.prover == runner_up.prover)
	}

	/// Returns whether it was delivered in a rescue.
	pub(crate) fn was_rescued(&self) -> bool {
		self.in_rescue && self.proof.is_some()
	}

	/// Blocks from the assignment to the proof.
	pub(crate) fn actual_blocks(&self) -> Option<BlockNumber> {
		let (proof, winner) = (self.proof?, self.winner?);
		proof.block.checked_sub(winner.assigned_block)
	}
}

/// All batches of a rollup, by index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
	batches: BTreeMap<u64, Batch>,
	lost: Option<u64>,
	/// Time when each block was seen.
	seen: BTreeMap<BlockNumber, Instant>,
}

impl Story {
	/// Notes when a block was seen.
	pub(crate) fn see(&mut self, block: BlockNumber, seen: Instant) {
		self.seen.entry(block).or_insert(seen);
	}

	/// Notes when the author of a batch's block began it.
	pub(crate) fn committed_at(&mut self, index: u64, milliseconds: u64) {
		if let Some(batch) = self.batches.get_mut(&index) {
			batch.commit_time = Some(milliseconds);
		}
	}

	/// Returns when a block was seen.
	pub(crate) fn seen(&self, block: BlockNumber) -> Option<Instant> {
		self.seen.get(&block).copied()
	}

	/// Notes up to which block, that one not included, the bids of a batch could be revealed.
	pub(crate) fn reveals_end(&mut self, index: u64, until: BlockNumber) {
		if let Some(batch) = self.batches.get_mut(&index) {
			batch.reveal_until = Some(until);
		}
	}

	/// Seconds from seeing the last block for reveals to seeing the one with the opening.
	pub(crate) fn opening_seconds(&self, batch: &Batch, opened: &Opened) -> Option<f64> {
		let last = batch.reveal_until?.checked_sub(1)?;
		let ended = self.seen.get(&last)?;
		Some(opened.seen.saturating_duration_since(*ended).as_secs_f64())
	}

	/// Takes in an event of a block. Returns a line about it, if it is worth one.
	pub(crate) fn take_in(
		&mut self,
		event: &PvsEvent,
		block: BlockNumber,
		seen: Instant,
		token: &Token,
	) -> Option<String> {
		let index = event.batch()?.index;
		if let PvsEvent::BatchCommitted { max_fee, .. } = event {
			self.batches.insert(
				index,
				Batch {
					commit_block: block,
					commit_seen: seen,
					commit_time: None,
					rounds: 0,
					bids: 0,
					reveals: 0,
					first_bid: None,
					first_reveal: None,
					first_winner: None,
					slashed_bids: 0,
					reserves: Vec::new(),
					empty_rounds: 0,
					defaults: Vec::new(),
					opened: Vec::new(),
					settled: Vec::new(),
					reveal_until: None,
					selected: None,
					runner_up: None,
					in_rescue: false,
					winner: None,
					proof: None,
					final_seen: None,
				},
			);
			let fee = token.show_short(*max_fee);
			return Some(format!("batch {index}: committed in block {block}, up to {fee}"));
		}
		let batch = self.batches.get_mut(&index)?;
		let line = match event {
			PvsEvent::RoundOpened { reserve, .. } => {
				batch.rounds = batch.rounds.saturating_add(1);
				batch.reserves.push(*reserve);
				batch.runner_up = None;
				batch.in_rescue = false;
				if batch.rounds == 1 {
					return None;
				}
				format!("round {} takes bids up to {}", batch.rounds, token.show_short(*reserve))
			},
			PvsEvent::BidPlaced { bidder, .. } => {
				batch.bids = batch.bids.saturating_add(1);
				batch.first_bid.get_or_insert(block);
				format!("{} bids in block {block}, sealed", name(bidder))
			},
			PvsEvent::BidRevealed { bidder, fee, proof_blocks, .. } => {
				batch.reveals = batch.reveals.saturating_add(1);
				batch.first_reveal.get_or_insert(block);
				let fee = token.show_short(*fee);
				format!("{} reveals {fee}, {proof_blocks} blocks", name(bidder))
			},
			PvsEvent::BidRefused { bidder, error, .. } => {
				format!("a bid or reveal of {} failed with {}", name(bidder), error.name)
			},
			PvsEvent::BidOpened { bidder, fee, proof_blocks, penalty, .. } => {
				batch.opened.push(Opened {
					bidder: Account(*bidder),
					fee: *fee,
					penalty: *penalty,
					opener: None,
					block,
					seen,
				});
				let (fee, penalty) = (token.show_short(*fee), token.show_short(*penalty));
				format!(
					"{} was silent, its seal is opened in block {block}: {fee}, {proof_blocks} blocks; \
					 it pays {penalty}",
					name(bidder)
				)
			},
			PvsEvent::OpenerRewarded { bidder, opener, amount, .. } => {
				let paid = Some((Account(*opener), *amount));
				let settled = batch.settled.iter_mut().rev().find(|bid| bid.bidder.0 == *bidder);
				let opened = batch.opened.iter_mut().rev().find(|bid| bid.bidder.0 == *bidder);
				match (settled, opened) {
					(Some(settled), _) => settled.opener = paid,
					(None, Some(opened)) => opened.opener = paid,
					(None, None) => {},
				}
				let amount = token.show_short(*amount);
				format!("{} opened the seal of {} and gets {amount}", name(opener), name(bidder))
			},
			PvsEvent::BidUnsettled { bidder, until, .. } => {
				format!("{} was silent, to be settled before block {until}", name(bidder))
			},
			PvsEvent::BidSettled { bidder, slashed, released, verdict, .. } => {
				batch.settled.push(Settled {
					bidder: Account(*bidder),
					slashed: *slashed,
					released: *released,
					verdict: *verdict,
					opener: None,
					block,
				});
				let (slashed, released) = (token.show_short(*slashed), token.show_short(*released));
				format!(
					"the silent bid of {} is settled in block {block}, {}: it pays {slashed} and gets \
					 {released} back",
					name(bidder),
					verdict_text(*verdict)
				)
			},
			PvsEvent::BidVoided { bidder, slashed, .. } => {
				if *slashed > 0 {
					batch.slashed_bids = batch.slashed_bids.saturating_add(1);
				}
				format!(
					"the bid of {} is void, {} slashed",
					name(bidder),
					token.show_short(*slashed)
				)
			},
			PvsEvent::WinnerSelected { prover, payment, proof_blocks, .. } => {
				batch.selected = Some(Account(*prover));
				batch.first_winner.get_or_insert(block);
				batch.winner = Some(Winner {
					prover: Account(*prover),
					proof_blocks: *proof_blocks,
					assigned_block: block,
				});
				format!(
					"{} wins in block {block}, to be paid {}",
					name(prover),
					token.show_short(*payment)
				)
			},
			PvsEvent::RoundEmpty { .. } => {
				batch.empty_rounds = batch.empty_rounds.saturating_add(1);
				format!("no bid counts, block {block}")
			},
			PvsEvent::PlaceOffered { prover, proof_blocks, payment, .. } => {
				batch.runner_up = Some(Winner {
					prover: Account(*prover),
					proof_blocks: *proof_blocks,
					assigned_block: block,
				});
				let payment = token.show_short(*payment);
				format!("{} may step in from block {block} on, for {payment}", name(prover))
			},
			PvsEvent::PlaceAccepted { prover, .. } => {
				if let Some(runner_up) = &mut batch.runner_up {
					runner_up.assigned_block = block;
				}
				batch.winner = batch.runner_up;
				format!("{} steps in, block {block}", name(prover))
			},
			PvsEvent::PlacePassed { prover, .. } => {
				batch.runner_up = None;
				format!("{} does not step in", name(prover))
			},
			PvsEvent::RescueOpened { payment, last_payment, .. } => {
				batch.in_rescue = true;
				batch.winner = None;
				format!(
					"any prover may deliver from block {block} on, for {} to {}",
					token.show_short(*payment),
					token.show_short(*last_payment)
				)
			},
			PvsEvent::RescueEnded { .. } => format!("nobody delivered, block {block}"),
			PvsEvent::BatchWaiting { .. } => "out of rounds; waits for the batch before it".into(),
			PvsEvent::ProofAccepted {
				prover,
				payment,
				late_blocks,
				late_cost,
				slashed_share,
				..
			} => {
				batch.proof = Some(Proof {
					prover: Account(*prover),
					payment: *payment,
					late_blocks: *late_blocks,
					late_cost: *late_cost,
					slashed_share: *slashed_share,
					block,
					seen,
				});
				let took = batch.latency().unwrap_or_default();
				let paid = token.show_short(*payment);
				let mut line = format!(
					"proof verified in block {block}, {took:.1} s; {} is paid {paid}",
					name(prover)
				);
				if *slashed_share > 0 {
					line += &format!(" and {} of slashed bonds", token.show_short(*slashed_share));
				}
				if *late_blocks > 0 {
					let cost = token.show_short(*late_cost);
					line += &format!("; {late_blocks} blocks late, {cost} burned");
				}
				line
			},
			PvsEvent::ProverDefaulted { prover, slashed, .. } => {
				let default = Defaulted { prover: Account(*prover), slashed: *slashed };
				batch.defaults.push(default);
				let slashed = token.show_short(*slashed);
				format!("{} did not deliver, {slashed} slashed, block {block}", name(prover))
			},
			PvsEvent::BatchFailed { .. } | PvsEvent::BatchDropped { .. } => {
				self.lost = Some(index);
				format!("ended without a proof in block {block}")
			},
			PvsEvent::AgendaItemFailed { .. } => format!("a due step failed, block {block}"),
			PvsEvent::BatchCommitted { .. }
			| PvsEvent::BatchFinalized { .. }
			| PvsEvent::ReserveUpdated { .. } => return None,
		};
		Some(format!("batch {index}: {line}"))
	}

	/// Notes that blocks up to `number` are finalized. Returns a line per batch whose proof is
	/// among them for the first time.
	pub(crate) fn finalize(&mut self, number: BlockNumber, seen: Instant) -> Vec<String> {
		let mut lines = Vec::new();
		for (index, batch) in &mut self.batches {
			let is_new = batch.final_seen.is_none();
			if is_new && batch.proof.is_some_and(|proof| proof.block <= number) {
				batch.final_seen = Some(seen);
				let took = batch.finalized_latency().unwrap_or_default();
				lines.push(format!("batch {index}: proof finalized, {took:.1} s"));
			}
		}
		lines
	}

	/// The batches by index.
	pub(crate) fn batches(&self) -> &BTreeMap<u64, Batch> {
		&self.batches
	}

	/// A batch, if it was seen.
	pub(crate) fn batch(&self, index: u64) -> Option<&Batch> {
		self.batches.get(&index)
	}

	/// Returns how many batches are proven.
	pub(crate) fn proven(&self) -> usize {
		self.batches.values().filter(|batch| batch.proof.is_some()).count()
	}

	/// Returns how many proofs are in finalized blocks.
	pub(crate) fn finalized(&self) -> usize {
		self.batches.values().filter(|batch| batch.final_seen.is_some()).count()
	}

	/// Returns how many silent bids were settled, and how many of all expired instead.
	pub(crate) fn settled(&self) -> (usize, usize) {
		let all = self.batches.values().flat_map(|batch| &batch.settled);
		let expired = all.clone().filter(|bid| bid.verdict == Verdict::Expired).count();
		(all.count().saturating_sub(expired), expired)
	}

	/// A batch that ended without a proof.
	pub(crate) fn lost(&self) -> Option<u64> {
		self.lost
	}
}

/// Returns the outcome of a silent bid in words.
pub(crate) fn verdict_text(verdict: Verdict) -> &'static str {
	match verdict {
		Verdict::WouldHaveLost => "it would have lost",
		Verdict::WouldHaveWon => "it would have won",
		Verdict::Void(_) => "it is void",
		Verdict::Expired => "nobody opened it in time",
	}
}

fn name(account: &Bytes32) -> String {
	Account(*account).to_string()
}
