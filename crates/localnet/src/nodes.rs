// SPDX-License-Identifier: Apache-2.0
//! The scenario in which the chain and its nodes fail the provers.
//!
//! The only author of the chain finalizes nothing, so that after a minute no transaction is valid any more that counts
//! its life from a final block. Each prover names a node of its own first and the author's second. The first one's
//! node freezes once its bid is in a block, the second one's once it has won: both reveal, deliver and are paid
//! through the other node.

use crate::{
	error::DemoError,
	run::{Demo, Prover},
	story::{Batch, Story},
};
use pvs_client::{keys, Account};
use pvs_primitives::BlockNumber;
use std::time::Duration;

/// Number of batches that the scenario has.
pub(crate) const BATCHES: u32 = 2;
/// The block from which on batches are committed: a transaction lives 64 blocks.
const FIRST_BLOCK: BlockNumber = 70;

/// Prover whose node freezes after its bid.
const BIDDER: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None };
/// Prover whose node freezes after its win. It asks less.
const WINNER: Prover =
	Prover { name: "charlie", key: "//Charlie", ask_percent: 10, promise: 15, threads: None };

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (max_fee, first) = (rollup.params.max_reserve, rollup.next_index);
	let author = demo.client.url();
	let [of_bidder, of_winner] =
		[demo.start_node("relay-1", &[]).await?, demo.start_node("relay-2", &[]).await?];
	demo.start_provers_at(&[BIDDER], &format!("{of_bidder},{author}")).await?;

	demo.progress.line(&format!("nothing becomes final: waiting for block {FIRST_BLOCK}"));
	demo.wait_for_block(FIRST_BLOCK).await?;

	demo.progress.line("batch 0: the prover's node freezes after its bid");
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	demo.follow_while(give_up, |story| story.batch(first).is_none_or(|batch| batch.bids == 0))
		.await?;
	demo.freeze_node(0);
	demo.follow_while(give_up, |story| story.proven() < 1).await?;

	demo.progress.line("batch 1: the winner's node freezes after its win");
	demo.start_provers_at(&[WINNER], &format!("{of_winner},{author}")).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(1)).await?;
	let second = first.saturating_add(1);
	let is_won = |batch: &Batch| batch.winner.is_some();
	demo.follow_while(give_up, |story| !story.batch(second).is_some_and(is_won)).await?;
	demo.freeze_node(1);
	demo.follow_while(give_up, |story| story.proven() < 2).await?;
	let finalized = demo.client.finalized().await?.number;
	demo.progress.line(&format!("the newest final block is {finalized}"));
	match finalized {
		0 => Ok(()),
		_ => Err(DemoError::NotShown(vec!["a chain on which nothing becomes final"])),
	}
}

/// Fails unless each prover was paid and nobody was slashed.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	was_paid_by(
		story,
		&[
			("a proof of the prover whose node froze after its bid, and no slash", BIDDER),
			("a proof of the prover whose node froze after its win, and no slash", WINNER),
		],
	)
}

/// Fails with what is missing unless the batches were paid to these provers, one each, and no bond was slashed.
pub(crate) fn was_paid_by(
	story: &Story,
	expected: &[(&'static str, Prover)],
) -> Result<(), DemoError> {
	let mut batches = story.batches().values();
	let mut missing = Vec::new();
	for (what, prover) in expected {
		let account = Account::of(&keys::from_development_path(prover.key)?);
		if !batches.next().is_some_and(|batch| was_paid(batch, account)) {
			missing.push(*what);
		}
	}
	if missing.is_empty() {
		Ok(())
	} else {
		Err(DemoError::NotShown(missing))
	}
}

fn was_paid(batch: &Batch, prover: Account) -> bool {
	let is_paid = |proof: &crate::story::Proof| proof.prover == prover && proof.payment > 0;
	batch.proof.as_ref().is_some_and(is_paid)
		&& batch.slashed_bids == 0
		&& batch.defaults.is_empty()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, told};

	#[test]
	fn scenario_should_fail_with_what_did_not_happen() {
		let error = check(&Story::default()).unwrap_err();
		assert!(matches!(error, DemoError::NotShown(missing) if missing.len() == 2));
	}

	#[test]
	fn prover_should_count_as_paid_only_when_nobody_was_slashed() {
		let (smooth, _) = told();
		let batch = smooth.batches().values().find(|batch| batch.proof.is_some()).unwrap();
		let prover = batch.proof.unwrap().prover;
		assert!(was_paid(batch, prover));
		assert!(!was_paid(batch, Account([9; 32])));
		assert!(!was_paid(&Batch { slashed_bids: 1, ..batch.clone() }, prover));
		let defaulted = faults();
		let defaulted = defaulted.batches().values().find(|batch| !batch.defaults.is_empty());
		let defaults = defaulted.unwrap().defaults.clone();
		assert!(!was_paid(&Batch { defaults, ..batch.clone() }, prover));
	}
}
