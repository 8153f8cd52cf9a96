// SPDX-License-Identifier: Apache-2.0

use super::*;
use pvs_client::Verdict;
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
	let revealed =
		PvsEvent::BidRevealed { batch: BATCH, round: 0, bidder: [7; 32], fee: 3, proof_blocks: 8 };
	take_in(revealed, 13, 3);
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

/// As many batches as this, each with what happened to the one of [`told`].
pub(crate) fn repeated(batches: u32) -> Story {
	let (mut story, _) = told();
	let batch = story.batches[&0].clone();
	story.batches.extend((0..u64::from(batches)).map(|index| (index, batch.clone())));
	story
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

/// Three batches with a silent bidder (7), whose seal an opener (6) opens. In the first two the round has
/// closed without it, and another one (8) delivers; in the third the bid is opened by force and wins, its
/// bidder delivers nothing, and 8 steps in.
pub(crate) fn silent() -> Story {
	let (mut story, start) = (Story::default(), Instant::now());
	let at = |block: BlockNumber| start + Duration::from_secs(block.into());
	for index in [0, 1, 2] {
		let batch = committed(&mut story, index, start);
		let (round, bidder) = (0, [7; 32]);
		let won_by = |prover: Bytes32| PvsEvent::WinnerSelected {
			batch,
			round,
			prover,
			fee: 1,
			proof_blocks: 1,
			payment: 4,
			on_time_until: 23,
			late_until: 25,
		};
		let rewarded =
			(PvsEvent::OpenerRewarded { batch, round, bidder, opener: [6; 32], amount: 5 }, 20);
		let (slashed, verdict) = match index {
			0 => (10, Verdict::WouldHaveLost),
			_ => (14, Verdict::WouldHaveWon),
		};
		let settled = PvsEvent::BidSettled { batch, round, bidder, slashed, released: 3, verdict };
		let events = if index < 2 {
			vec![
				(PvsEvent::BidUnsettled { batch, round, bidder, until: 90 }, 18),
				(won_by([8; 32]), 18),
				(settled, 20),
				rewarded,
				(proven(batch, [8; 32], 0, 0), 28),
			]
		} else {
			let (fee, proof_blocks, penalty) = (1, 1, 10);
			vec![
				(PvsEvent::BidOpened { batch, round, bidder, fee, proof_blocks, penalty }, 20),
				rewarded,
				(won_by(bidder), 20),
				(PvsEvent::ProverDefaulted { batch, round, prover: bidder, slashed: 6 }, 26),
				(
					PvsEvent::PlaceOffered {
						batch,
						round,
						prover: [8; 32],
						payment: 9,
						proof_blocks: 15,
						until: 30,
					},
					26,
				),
				(proven(batch, [8; 32], 0, 2), 28),
			]
		};
		for (event, block) in &events {
			story.see(*block, at(*block));
			story.take_in(event, *block, at(*block), &Token::default());
		}
		story.see(17, at(17));
		story.reveals_end(index, 18);
	}
	story
}

#[test]
fn settled_bids_should_be_told_with_what_they_cost() {
	let story = silent();
	assert_eq!(story.settled(), (2, 0));
	let [settled] = story.batches()[&1].settled[..] else { panic!("one bid") };
	assert_eq!((settled.bidder, settled.slashed, settled.released), (Account([7; 32]), 14, 3));
	assert_eq!((settled.verdict, settled.block), (Verdict::WouldHaveWon, 20));
	assert_eq!(settled.opener, Some((Account([6; 32]), 5)));
}

#[test]
fn expired_bids_should_not_count_as_settled() {
	let (mut story, start) = (silent(), Instant::now());
	let batch = committed(&mut story, 3, start);
	let (bidder, verdict) = ([7; 32], Verdict::Expired);
	let expired =
		PvsEvent::BidSettled { batch, round: 0, bidder, slashed: 9, released: 0, verdict };
	story.take_in(&expired, 99, start, &Token::default());
	assert_eq!(story.settled(), (2, 1));
}

#[test]
fn opening_should_be_told_with_its_opener_and_how_long_it_took() {
	let story = silent();
	let batch = &story.batches()[&2];
	let [opened] = batch.opened[..] else { panic!("{:?}", batch.opened) };
	assert_eq!((opened.bidder, opened.penalty), (Account([7; 32]), 10));
	assert_eq!(opened.opener, Some((Account([6; 32]), 5)));
	assert_eq!(story.opening_seconds(batch, &opened), Some(3.0));
	assert_eq!(batch.selected, Some(Account([7; 32])));
	assert!(batch.was_promoted());
}

#[test]
fn opening_should_have_no_duration_when_nobody_said_when_reveals_end() {
	let (mut story, start) = (Story::default(), Instant::now());
	let batch = committed(&mut story, 0, start);
	let opened = PvsEvent::BidOpened {
		batch,
		round: 0,
		bidder: [7; 32],
		fee: 1,
		proof_blocks: 1,
		penalty: 10,
	};
	story.take_in(&opened, 20, start, &Token::default());
	let batch = &story.batches()[&0];
	assert_eq!(story.opening_seconds(batch, &batch.opened[0]), None);
	assert!(batch.opened[0].opener.is_none());
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
