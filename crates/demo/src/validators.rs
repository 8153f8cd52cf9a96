// SPDX-License-Identifier: Apache-2.0
//! The scenario in which one of three validators is lost, so that nothing becomes final any more.
//!
//! One prover is killed behind its bid at the same time. When finality is far behind, a batch is committed: the
//! other prover bids, reveals, delivers and is paid. The killed one comes back when nobody can tell it any more what
//! became of its bid: it finds that in the chain's record of it, says so and makes no bid.

use crate::{
	error::DemoError,
	nodes::was_paid_by,
	run::{Demo, Prover, POLL},
	story::{Batch, Story},
};
use pvs_client::{keys, Account, Verdict};
use pvs_primitives::BlockNumber;
use std::time::Duration;

/// Number of batches that the scenario has.
pub(crate) const BATCHES: u32 = 2;
/// Number of blocks that finality is behind when the second batch is committed.
const BEHIND: BlockNumber = 200;
/// Number of blocks that events are looked for in, and some more.
const AWAY: BlockNumber = 210;

/// The network keys of the second and the third validator: a validator starts with one only.
const KEYS: [&str; 2] = [
	"0000000000000000000000000000000000000000000000000000000000000002",
	"0000000000000000000000000000000000000000000000000000000000000003",
];

/// Who is killed behind its bid.
const KILLED: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None };
const WINNER: Prover =
	Prover { name: "charlie", key: "//Charlie", ask_percent: 25, promise: 15, threads: None };

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (max_fee, first) = (rollup.params.max_reserve, rollup.next_index);
	let second = demo.start_node("validator-2", &["--bob", "--node-key", KEYS[0]]).await?;
	demo.start_node("validator-3", &["--charlie", "--node-key", KEYS[1]]).await?;
	let urls = format!("{},{second}", demo.client.url());
	demo.start_provers_at(&[KILLED, WINNER], &urls).await?;
	while demo.client.finalized().await?.number == 0 {
		demo.check_children()?;
		tokio::time::sleep(POLL).await;
	}

	demo.progress.line("batch 0: a prover is killed behind its bid, and then a validator");
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	let has_bids = |batch: &Batch| batch.bids >= 2;
	demo.follow_while(give_up, |story| !story.batch(first).is_some_and(has_bids)).await?;
	demo.kill_prover(KILLED.name);
	demo.kill_node(1);
	let killed_at = demo.client.best().await?.number;
	demo.follow_while(give_up, |story| story.proven() < 1).await?;

	let finalized = demo.client.finalized().await?.number;
	let until = finalized.saturating_add(BEHIND).max(killed_at.saturating_add(AWAY));
	demo.progress.line(&format!("block {finalized} is the last final one: waiting for {until}"));
	demo.wait_for_block(until).await?;
	let (best, finalized) = (demo.client.best().await?, demo.client.finalized().await?);
	let behind = best.number.saturating_sub(finalized.number);
	demo.progress.line(&format!("batch 1: finality is {behind} blocks behind"));
	if behind < BEHIND {
		return Err(DemoError::NotShown(vec!["finality that is far behind"]));
	}
	demo.start_provers_at(&[KILLED], &urls).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(1)).await?;
	demo.follow_while(give_up, |story| story.proven() < 2).await?;
	let batch = first.saturating_add(1);
	let mut missing = Vec::new();
	if !demo.has_logged(KILLED.name, "1 unsettled silence of this account") {
		missing.push("a prover that sees in the chain's record what became of its bid");
	}
	if demo.story().batch(batch).is_none_or(|batch| batch.bids != 1) {
		missing.push("a prover that makes no bid while it does not know");
	}
	match missing.is_empty() {
		true => Ok(()),
		false => Err(DemoError::NotShown(missing)),
	}
}

/// Fails unless the prover that stayed was paid for both batches, and only silence was slashed.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	was_paid_by(
		story,
		&[
			("a proof after the prover and the validator were killed", WINNER),
			("a proof while finality was far behind, and no slash", WINNER),
		],
	)?;
	let killed = Account::of(&keys::from_development_path(KILLED.key)?);
	let mut settled = story.batches().values().flat_map(|batch| &batch.settled);
	match settled.all(|bid| bid.bidder == killed && bid.verdict == Verdict::Expired) {
		true => Ok(()),
		false => Err(DemoError::NotShown(vec!["a slash of nobody but the prover that was away"])),
	}
}
