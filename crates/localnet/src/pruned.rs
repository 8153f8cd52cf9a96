// SPDX-License-Identifier: Apache-2.0
//! The scenario in which a prover comes back to a node that has forgotten what became of its bid.
//!
//! The prover loses the first round, and is killed before it sees that. When it comes back, the only node that it
//! names has pruned the states whose events would tell. It writes down that it does not know, and wins, proves and
//! is paid for the next batch through that node.

use crate::{
	error::DemoError,
	nodes::was_paid_by,
	run::{Demo, Prover},
	story::{Batch, Story},
};
use pvs_primitives::BlockNumber;
use std::time::Duration;

/// Number of batches that the scenario has.
pub(crate) const BATCHES: u32 = 2;
/// Number of final blocks whose states the node keeps.
const KEPT_BLOCKS: &str = "16";
/// Number of blocks after which the states of the first batch are gone: as many as are kept, as many as may wait
/// for finality, and as many again for those that the node has yet to remove.
const FORGETTING_BLOCKS: BlockNumber = 48;

/// Prover that loses the first round. It asks more.
const LOSER: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 25, promise: 15, threads: None };
const WINNER: Prover =
	Prover { name: "charlie", key: "//Charlie", ask_percent: 20, promise: 15, threads: None };

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (max_fee, first) = (rollup.params.max_reserve, rollup.next_index);
	let pruned = demo.start_node("pruned", &["--state-pruning", KEPT_BLOCKS]).await?;
	demo.start_provers_at(&[LOSER, WINNER], &pruned).await?;

	demo.progress.line("batch 0: a prover reveals a bid that loses, and is killed");
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	let is_revealed = |batch: &Batch| batch.reveals >= 2;
	demo.follow_while(give_up, |story| !story.batch(first).is_some_and(is_revealed)).await?;
	demo.kill_prover(LOSER.name);
	demo.follow(1, give_up).await?;
	demo.kill_prover(WINNER.name);

	let until = demo.client.best().await?.number.saturating_add(FORGETTING_BLOCKS);
	demo.progress.line(&format!("its node forgets: waiting for block {until}"));
	demo.wait_for_block(until).await?;

	demo.progress.line("batch 1: the prover is back");
	demo.start_provers_at(&[LOSER], &pruned).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(1)).await?;
	demo.follow_while(give_up, |story| story.proven() < 2).await?;
	match demo.has_logged(LOSER.name, "\"event\":\"unknown\"") {
		true => Ok(()),
		false => Err(DemoError::NotShown(vec!["a round whose end the node could not tell"])),
	}
}

/// Fails unless each prover was paid and nobody was slashed.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	was_paid_by(
		story,
		&[
			("a proof of the prover that stayed, and no slash", WINNER),
			("a proof of the prover that came back, and no slash", LOSER),
		],
	)
}
