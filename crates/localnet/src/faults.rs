// SPDX-License-Identifier: Apache-2.0
//! The scenario in which things go wrong: a winner that defaults, a batch that nobody bids for, a proof
//! that comes late.
//!
//! Each batch is proven all the same, by a prover process and with a real proof. The demo itself plays
//! two parts: the rollup's owner, who chooses parameters that bring each fault about within seconds, and
//! the bidder that wins and delivers nothing.

use crate::{
	error::DemoError,
	roles::{Bidder, Owner, HONEST},
	run::{Demo, Prover, POLL, ROLLUP},
	story::{Batch, Story},
};
use pvs_primitives::{api::BatchId, params::RollupParams, BlockNumber};
use std::time::Duration;

/// One that asks little and promises a proof in the next block. Its machine is held up for longer.
const HASTY: Prover =
	Prover { name: "dave", key: "//Dave", ask_percent: 10, promise: 1, threads: None };
/// Number of blocks more than it has promised.
const DELAY: BlockNumber = 2;

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (market, first) = (rollup.params, rollup.next_index);
	let max_fee = market.max_reserve;
	let percent = |percent: u128| (max_fee.saturating_mul(percent) / 100).max(market.min_reserve);
	let owner = Owner::new(&demo.client)?;
	let defaulter = Bidder::register(&demo.client).await?;
	demo.start_provers(&HONEST).await?;

	demo.progress.line("batch 0: a winner that does not deliver");
	let impatient = RollupParams {
		bidding_blocks: 3,
		reveal_blocks: 3,
		grace_blocks: 2,
		ladder_blocks: 8,
		..market.clone()
	};
	owner.set_market(&impatient, percent(50)).await?;
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	let batch = BatchId { rollup: ROLLUP, index: first };
	tokio::try_join!(demo.follow(1, give_up), defaulter.win_and_vanish(batch))?;
	demo.wait_for_sequencer().await?;

	demo.progress.line("batch 1: a reserve below what every prover asks");
	owner.set_market(&market, percent(10)).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(1)).await?;
	demo.follow(2, give_up).await?;
	demo.wait_for_sequencer().await?;

	demo.progress.line("batch 2: a prover that promises too little time and is held up");
	// A long time of grace, and two per cent of the reserve for each block of it.
	let patient = RollupParams {
		// The time counts from the last block of the reveal window, which is as short as it may be.
		reveal_blocks: 2,
		min_proof_blocks: 1,
		grace_blocks: 30,
		late_rate: 20_000_000,
		..market.clone()
	};
	owner.set_market(&patient, percent(50)).await?;
	demo.start_provers(&[HASTY]).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(2)).await?;
	let third = first.saturating_add(2);
	let winner = |story: &Story| story.batch(third).and_then(|batch| batch.winner);
	demo.follow_while(give_up, |story| winner(story).is_none()).await?;
	demo.freeze_prover(HASTY.name);
	let until = winner(demo.story()).map_or(0, |winner| {
		winner.assigned_block.saturating_add(winner.proof_blocks).saturating_add(DELAY)
	});
	while demo.client.best().await?.number < until {
		tokio::time::sleep(POLL).await;
	}
	demo.thaw_prover(HASTY.name);
	demo.follow(3, give_up).await?;
	demo.wait_for_sequencer().await
}

/// Fails unless each batch has had its fault and was proven and paid.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	type Happened = fn(&Batch) -> bool;
	let expected: [(&str, Happened); 3] = [
		(
			"a default, with a runner-up that stepped in and got a share of the slashed bond",
			|batch| {
				let is_slashed = batch.defaults.iter().any(|default| default.slashed > 0);
				let share = batch.proof.map_or(0, |proof| proof.slashed_share);
				is_slashed && batch.was_promoted() && share > 0
			},
		),
		("a round without bids, and a proof for a higher reserve", |batch| {
			let rose = batch.reserves.first() < batch.reserves.last();
			batch.empty_rounds > 0 && rose && batch.proof.is_some()
		}),
		("a late proof for a lower payment", |batch| {
			batch.proof.is_some_and(|proof| {
				proof.late_blocks > 0 && proof.late_cost > 0 && proof.payment > 0
			})
		}),
	];
	let mut batches = story.batches().values();
	let missing: Vec<&str> = expected
		.into_iter()
		.filter(|(_, happened)| !batches.next().is_some_and(happened))
		.map(|(what, _)| what)
		.collect();
	if missing.is_empty() {
		Ok(())
	} else {
		Err(DemoError::NotShown(missing))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, told};

	#[test]
	fn scenario_should_pass_when_every_fault_was_seen() {
		assert!(check(&faults()).is_ok());
	}

	#[test]
	fn scenario_should_fail_with_what_did_not_happen() {
		let error = check(&Story::default()).unwrap_err();
		assert!(matches!(error, DemoError::NotShown(missing) if missing.len() == 3));
		let (smooth, _) = told();
		let error = check(&smooth).unwrap_err().to_string();
		assert!(error.contains("a default") && error.contains("a late proof"), "{error}");
	}
}
