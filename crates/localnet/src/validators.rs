// SPDX-License-Identifier: Apache-2.0
//! The scenario in which one of three validators is lost, so that nothing becomes final any more.
//!
//! At the same time one prover is killed behind its bid, and then one behind its win. When finality is far behind, all
//! come back and a batch is committed. The first finds its bid unsettled and settles it, which costs what its silence
//! does and no more, and wins, proves and is paid for the batch. The second cannot learn from any node what became of
//! its win: it finds that in the chain's record of it, says so and makes no bid.

use crate::{
	error::DemoError,
	run::{Demo, Prover, POLL},
	story::{Batch, Settled, Story},
};
use pvs_client::{keys, Account, Verdict};
use pvs_primitives::BlockNumber;
use std::time::Duration;

/// Number of batches that the scenario has.
pub(crate) const BATCHES: u32 = 3;
/// Number of blocks that finality is behind when the last batch is committed.
const BEHIND: BlockNumber = 200;
/// Number of blocks that events are looked for in, and some more.
const AWAY: BlockNumber = 210;

/// The network keys of the second and the third validator: a validator starts with one only.
const KEYS: [&str; 2] = [
	"0000000000000000000000000000000000000000000000000000000000000002",
	"0000000000000000000000000000000000000000000000000000000000000003",
];

/// Prover that is killed behind its bid.
const SILENT: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None };
/// Prover that stays, and delivers what the others do not.
const STEADY: Prover =
	Prover { name: "charlie", key: "//Charlie", ask_percent: 25, promise: 15, threads: None };
/// Prover that is killed behind its win.
const WINNER: Prover =
	Prover { name: "dave", key: "//Dave", ask_percent: 10, promise: 4, threads: None };

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (max_fee, first) = (rollup.params.max_reserve, rollup.next_index);
	let url = demo.start_node("validator-2", &["--bob", "--node-key", KEYS[0]]).await?;
	demo.start_node("validator-3", &["--charlie", "--node-key", KEYS[1]]).await?;
	let urls = format!("{},{url}", demo.client.url());
	demo.start_provers_at(&[SILENT, STEADY], &urls).await?;
	while demo.client.finalized().await?.number == 0 {
		demo.check_children()?;
		tokio::time::sleep(POLL).await;
	}

	demo.progress.line("batch 0: a prover is killed behind its bid, and then a validator");
	demo.commit_batches(1, max_fee, demo.args.seed).await?;
	let has_bids = |batch: &Batch| batch.bids >= 2;
	demo.follow_while(give_up, |story| !story.batch(first).is_some_and(has_bids)).await?;
	demo.kill_prover(SILENT.name);
	demo.kill_node(1);
	demo.follow_while(give_up, |story| story.proven() < 1).await?;

	demo.progress.line("batch 1: a prover is killed behind its win");
	demo.start_provers_at(&[WINNER], &urls).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(1)).await?;
	let (second, third) = (first.saturating_add(1), first.saturating_add(2));
	let is_won = |batch: &Batch| batch.winner.is_some();
	demo.follow_while(give_up, |story| !story.batch(second).is_some_and(is_won)).await?;
	demo.kill_prover(WINNER.name);
	let killed_at = demo.client.best().await?.number;
	demo.follow_while(give_up, |story| story.proven() < 2).await?;

	let finalized = demo.client.finalized().await?.number;
	let until = finalized.saturating_add(BEHIND).max(killed_at.saturating_add(AWAY));
	demo.progress.line(&format!("block {finalized} is the last final one: waiting for {until}"));
	demo.wait_for_block(until).await?;
	let (best, finalized) = (demo.client.best().await?, demo.client.finalized().await?);
	let behind = best.number.saturating_sub(finalized.number);
	demo.progress.line(&format!("batch 2: finality is {behind} blocks behind, and all are back"));
	if behind < BEHIND {
		return Err(DemoError::NotShown(vec!["finality that is far behind"]));
	}
	demo.start_provers_at(&[SILENT, WINNER], &urls).await?;
	demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(2)).await?;
	demo.follow_while(give_up, |story| story.proven() < 3).await?;
	let mut missing = Vec::new();
	if !demo.has_logged(WINNER.name, "1 default of this account") {
		missing.push("a prover that sees in the chain's record what became of its win");
	}
	if demo.story().batch(third).is_none_or(|batch| batch.bids != 2) {
		missing.push("a prover that makes no bid while it does not know");
	}
	match missing.is_empty() {
		true => Ok(()),
		false => Err(DemoError::NotShown(missing)),
	}
}

/// Fails unless all batches were proven, and whoever was away lost what it must and nobody else anything.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	let account =
		|prover: Prover| keys::from_development_path(prover.key).map(|key| Account::of(&key));
	let [silent, steady, winner] = [account(SILENT)?, account(STEADY)?, account(WINNER)?];
	let proofs: Vec<_> =
		story.batches().values().map(|batch| batch.proof.map(|proof| proof.prover)).collect();
	let defaults: Vec<_> = story
		.batches()
		.values()
		.flat_map(|batch| batch.defaults.iter().map(|default| default.prover))
		.collect();
	let settled: Vec<_> = story.batches().values().flat_map(|batch| &batch.settled).collect();
	let was_settled = |bid: &&Settled| {
		bid.bidder == silent && bid.verdict == Verdict::WouldHaveWon && bid.released > 0
	};
	let shown = [
		(proofs == [Some(steady), Some(steady), Some(silent)], "a proof of each batch"),
		(defaults == [winner], "one default, of the prover that was killed behind its win"),
		(
			settled.len() == 1 && settled.iter().all(was_settled),
			"a bid whose bidder was away, and that was settled",
		),
	];
	let missing: Vec<_> =
		shown.into_iter().filter(|(was_shown, _)| !was_shown).map(|(_, what)| what).collect();
	match missing.is_empty() {
		true => Ok(()),
		false => Err(DemoError::NotShown(missing)),
	}
}
