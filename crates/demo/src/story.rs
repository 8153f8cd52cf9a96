// SPDX-License-Identifier: Apache-2.0
//! What happened to each batch. Pure: events and the moments at which they were seen go in.

use pvs_client::{Account, PvsEvent, Token};
use pvs_primitives::{BlockNumber, Bytes32};
use std::{collections::BTreeMap, time::Instant};

/// A batch from its commit to its proof.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
	pub(crate) commit_block: BlockNumber,
	pub(crate) commit_seen: Instant,
	pub(crate) rounds: u32,
	pub(crate) bids: u32,
	pub(crate) reveals: u32,
	/// The reserve of each round.
	pub(crate) reserves: Vec<u128>,
	/// How many rounds had no bid that counts.
	pub(crate) empty_rounds: u32,
	pub(crate) defaults: Vec<Defaulted>,
	/// The runner-up that is asked, or has taken its place.
	pub(crate) runner_up: Option<Winner>,
	/// Whether any prover may deliver.
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
	/// What it lost, in planck.
	pub(crate) slashed: u128,
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
	/// What lateness took off the payment, in planck.
	pub(crate) late_cost: u128,
	/// What it got of the bonds of others, in planck.
	pub(crate) slashed_share: u128,
	pub(crate) block: BlockNumber,
	pub(crate) seen: Instant,
}

impl Batch {
	/// Seconds from seeing the commit in the best block to seeing the proof in it.
	pub(crate) fn latency(&self) -> Option<f64> {
		self.proof.map(|proof| (proof.seen - self.commit_seen).as_secs_f64())
	}

	/// Seconds from seeing the commit in the best block to seeing the proof's block finalised.
	pub(crate) fn finalized_latency(&self) -> Option<f64> {
		self.final_seen.map(|seen| (seen - self.commit_seen).as_secs_f64())
	}

	/// Whether a runner-up delivered it.
	pub(crate) fn was_promoted(&self) -> bool {
		let provers = self.proof.zip(self.runner_up);
		provers.is_some_and(|(proof, runner_up)| proof.prover == runner_up.prover)
	}

	/// Whether it was delivered in a rescue.
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
}

impl Story {
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
					rounds: 0,
					bids: 0,
					reveals: 0,
					reserves: Vec::new(),
					empty_rounds: 0,
					defaults: Vec::new(),
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
				format!("{} bids in block {block}, sealed", name(bidder))
			},
			PvsEvent::BidRevealed { bidder, fee, proof_blocks, .. } => {
				batch.reveals = batch.reveals.saturating_add(1);
				let fee = token.show_short(*fee);
				format!("{} reveals {fee}, {proof_blocks} blocks", name(bidder))
			},
			PvsEvent::BidVoided { bidder, slashed, .. } => {
				format!(
					"the bid of {} is void, {} burned",
					name(bidder),
					token.show_short(*slashed)
				)
			},
			PvsEvent::WinnerSelected { prover, payment, proof_blocks, .. } => {
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

	/// Notes that blocks up to `number` are finalised. Returns a line per batch whose proof is
	/// among them for the first time.
	pub(crate) fn finalize(&mut self, number: BlockNumber, seen: Instant) -> Vec<String> {
		let mut lines = Vec::new();
		for (index, batch) in &mut self.batches {
			let is_new = batch.final_seen.is_none();
			if is_new && batch.proof.is_some_and(|proof| proof.block <= number) {
				batch.final_seen = Some(seen);
				let took = batch.finalized_latency().unwrap_or_default();
				lines.push(format!("batch {index}: proof finalised, {took:.1} s"));
			}
		}
		lines
	}

	/// The batches by index.
	pub(crate) fn batches(&self) -> &BTreeMap<u64, Batch> {
		&self.batches
	}

	/// How many batches are proven.
	pub(crate) fn proven(&self) -> usize {
		self.batches.values().filter(|batch| batch.proof.is_some()).count()
	}

	/// How many proofs are in finalised blocks.
	pub(crate) fn finalized(&self) -> usize {
		self.batches.values().filter(|batch| batch.final_seen.is_some()).count()
	}

	/// A batch that ended without a proof.
	pub(crate) fn lost(&self) -> Option<u64> {
		self.lost
	}
}

fn name(account: &Bytes32) -> String {
	Account(*account).to_string()
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use pvs_primitives::api::BatchId;
	use std::time::Duration;

	const BATCH: BatchId = BatchId { rollup: 0, index: 0 };

	/// A batch that is committed in block 10, assigned in 13, proven in 16 after 6 s.
	pub(crate) fn told() -> (Story, Instant) {
		let start = Instant::now();
		let mut story = Story::default();
		let token = Token::default();
		let mut take_in = |event, block, seconds| {
			story.take_in(&event, block, start + Duration::from_secs(seconds), &token);
		};
		let committed = PvsEvent::BatchCommitted {
			batch: BATCH,
			sequencer: [1; 32],
			prev_state_root: [2; 32],
			next_state_root: [3; 32],
			data_commitment: [4; 32],
			max_fee: 5,
		};
		take_in(committed, 10, 0);
		let opened =
			PvsEvent::RoundOpened { batch: BATCH, round: 0, reserve: 5, batch_digest: [6; 32] };
		take_in(opened, 10, 0);
		let won = PvsEvent::WinnerSelected {
			batch: BATCH,
			round: 0,
			prover: [7; 32],
			fee: 3,
			proof_blocks: 8,
			payment: 4,
			on_time_until: 21,
			late_until: 31,
		};
		take_in(won, 13, 3);
		let accepted = PvsEvent::ProofAccepted {
			batch: BATCH,
			round: 0,
			prover: [7; 32],
			payment: 4,
			late_blocks: 0,
			late_cost: 0,
			slashed_share: 0,
			slashed_burned: 0,
			refund: 1,
		};
		take_in(accepted, 16, 6);
		(story, start)
	}

	/// A batch of index `index` that is committed in block 10.
	fn committed(story: &mut Story, index: u64, start: Instant) -> BatchId {
		let batch = BatchId { rollup: 0, index };
		let committed = PvsEvent::BatchCommitted {
			batch,
			sequencer: [1; 32],
			prev_state_root: [2; 32],
			next_state_root: [3; 32],
			data_commitment: [4; 32],
			max_fee: 20,
		};
		story.take_in(&committed, 10, start, &Token::default());
		batch
	}

	fn proven(batch: BatchId, prover: Bytes32, late_blocks: u32, slashed_share: u128) -> PvsEvent {
		PvsEvent::ProofAccepted {
			batch,
			round: 0,
			prover,
			payment: 9,
			late_blocks,
			late_cost: u128::from(late_blocks),
			slashed_share,
			slashed_burned: 4,
			refund: 11,
		}
	}

	/// A default with a promoted runner-up, two rounds without bids, and a late proof.
	pub(crate) fn faults() -> Story {
		let (mut story, start) = (Story::default(), Instant::now());
		let batch = committed(&mut story, 0, start);
		let promoted = [
			PvsEvent::ProverDefaulted { batch, round: 0, prover: [7; 32], slashed: 6 },
			PvsEvent::PlaceOffered {
				batch,
				round: 0,
				prover: [8; 32],
				payment: 9,
				proof_blocks: 15,
				until: 30,
			},
			PvsEvent::PlaceAccepted {
				batch,
				round: 0,
				prover: [8; 32],
				payment: 9,
				on_time_until: 38,
				late_until: 40,
			},
			proven(batch, [8; 32], 0, 2),
		];
		for (event, block) in promoted.iter().zip([22, 22, 23, 27]) {
			story.take_in(event, block, start, &Token::default());
		}
		let batch = committed(&mut story, 1, start);
		for (round, reserve) in [(0, 4), (1, 6), (2, 9)] {
			let opened = PvsEvent::RoundOpened { batch, round, reserve, batch_digest: [6; 32] };
			story.take_in(&opened, 11, start, &Token::default());
			if round < 2 {
				let empty = PvsEvent::RoundEmpty { batch, round };
				story.take_in(&empty, 14, start, &Token::default());
			}
		}
		story.take_in(&proven(batch, [8; 32], 0, 0), 20, start, &Token::default());
		let batch = committed(&mut story, 2, start);
		story.take_in(&proven(batch, [9; 32], 3, 0), 20, start, &Token::default());
		story
	}

	#[test]
	fn default_should_be_told_with_who_stepped_in() {
		let story = faults();
		let batch = &story.batches()[&0];
		let default = Defaulted { prover: Account([7; 32]), slashed: 6 };
		assert_eq!(batch.defaults, [default]);
		assert!(batch.was_promoted() && !batch.was_rescued());
		assert_eq!(batch.winner.unwrap().prover, Account([8; 32]));
		assert_eq!(batch.actual_blocks(), Some(4), "from stepping in");
		assert_eq!(batch.proof.unwrap().slashed_share, 2);
	}

	#[test]
	fn rounds_without_bids_should_be_counted_with_their_reserves() {
		let story = faults();
		let batch = &story.batches()[&1];
		assert_eq!((batch.rounds, batch.empty_rounds), (3, 2));
		assert_eq!(batch.reserves, [4, 6, 9]);
		assert!(batch.defaults.is_empty() && !batch.was_promoted());
		assert_eq!(story.batches()[&2].proof.unwrap().late_blocks, 3);
	}

	#[test]
	fn rescue_should_be_told_when_anyone_delivers() {
		let (mut story, start) = (Story::default(), Instant::now());
		let batch = committed(&mut story, 0, start);
		let opened =
			PvsEvent::RescueOpened { batch, round: 0, payment: 9, last_payment: 20, until: 40 };
		story.take_in(&opened, 21, start, &Token::default());
		assert!(!story.batches()[&0].was_rescued());
		story.take_in(&proven(batch, [8; 32], 0, 2), 25, start, &Token::default());
		assert!(story.batches()[&0].was_rescued() && !story.batches()[&0].was_promoted());
	}

	#[test]
	fn latency_should_be_from_commit_to_proof() {
		let (story, _) = told();
		let batch = &story.batches()[&0];
		assert_eq!(batch.latency(), Some(6.0));
		assert_eq!(batch.actual_blocks(), Some(3));
		assert_eq!(batch.finalized_latency(), None);
		assert_eq!((story.proven(), story.finalized()), (1, 0));
	}

	#[test]
	fn proof_should_be_final_once_its_block_is() {
		let (mut story, start) = told();
		assert!(story.finalize(15, start + Duration::from_secs(7)).is_empty());
		assert_eq!(story.finalize(17, start + Duration::from_secs(8)).len(), 1);
		assert!(story.finalize(18, start + Duration::from_secs(9)).is_empty());
		assert_eq!(story.batches()[&0].finalized_latency(), Some(8.0));
		assert_eq!(story.finalized(), 1);
	}

	#[test]
	fn batch_should_be_lost_when_it_failed() {
		let (mut story, start) = told();
		assert_eq!(story.lost(), None);
		let failed = PvsEvent::BatchFailed { batch: BATCH, bond_burned: 1, slashed_burned: 0 };
		story.take_in(&failed, 20, start, &Token::default());
		assert_eq!(story.lost(), Some(0));
	}

	#[test]
	fn event_should_be_passed_over_when_its_batch_is_unknown() {
		let (mut story, start) = told();
		let other = PvsEvent::RoundEmpty { batch: BatchId { rollup: 0, index: 9 }, round: 0 };
		assert_eq!(story.take_in(&other, 20, start, &Token::default()), None);
	}
}
