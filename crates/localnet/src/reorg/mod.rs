// SPDX-License-Identifier: Apache-2.0
//! The scenario in which blocks are taken out of the best chain that have transactions of the programs.
//!
//! The programs use a node that makes no blocks. It follows one that does, and on which nothing becomes final. In each
//! pass a second author takes over the chain, is cut off and makes a branch of its own, while the first one's branch gets
//! a transaction: a commit, a bid, a reveal or a proof. Then the first author is killed, and once the other branch is
//! longer its author is connected, so that the node of the programs goes over to that. The transaction has to come back,
//! once, and the batch to be proven and paid there.

mod author;
mod outcome;

pub(crate) use outcome::Outcome;

use crate::{
	error::DemoError,
	roles::Owner,
	run::{Demo, Prover, POLL, ROLLUP},
	story::{Batch, Story},
};
use author::{hash_at, next_nonce, wait, Author};
use outcome::{Reorganization, Transactions};
use pvs_client::{keys, Account};
use pvs_primitives::{api::BatchId, params::RollupParams, BlockNumber};
use std::time::Duration;
use tokio::time::Instant;

/// Number of batches that the scenario has: one a pass.
pub(crate) const BATCHES: u32 = 4;
/// Time that a step may take: the longest has a bidding window in it.
const STEP_WAIT: Duration = Duration::from_secs(120);
/// Number of blocks by which the other branch is longer before the node of the programs hears of it.
const LEAD: BlockNumber = 3;

/// The prover. Proving on one thread takes longer than it takes to freeze it.
const PROVER: Prover =
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 25, threads: Some(1) };
/// The path of the key of the sequencer, and of the owner, who sets the market once a pass with two transactions.
const SEQUENCER: &str = "//Alice";
const SETTINGS: u64 = 2;

/// Transaction that loses its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
	Commit,
	Bid,
	Reveal,
	Proof,
}

const PASSES: [Lost; BATCHES as usize] = [Lost::Commit, Lost::Bid, Lost::Reveal, Lost::Proof];

impl Lost {
	/// The name of its call.
	fn call(self) -> &'static str {
		match self {
			Self::Commit => "commit_batch",
			Self::Bid => "place_bid",
			Self::Reveal => "reveal_bid",
			Self::Proof => "submit_proof",
		}
	}

	/// The lengths of the windows for bids and for reveals. The one that it belongs to is long enough for a second time.
	fn windows(self) -> (BlockNumber, BlockNumber) {
		match self {
			Self::Commit | Self::Proof => (4, 6),
			Self::Bid => (40, 6),
			Self::Reveal => (16, 40),
		}
	}

	/// The block that has it.
	fn block(self, batch: &Batch) -> Option<BlockNumber> {
		match self {
			Self::Commit => Some(batch.commit_block),
			Self::Bid => batch.first_bid,
			Self::Reveal => batch.first_reveal,
			Self::Proof => batch.proof.map(|proof| proof.block),
		}
	}

	/// The block after which it can come, if that has anything of the batch. Both branches have it.
	fn base(self, batch: &Batch) -> Option<BlockNumber> {
		match self {
			Self::Commit => None,
			Self::Bid => Some(batch.commit_block),
			Self::Reveal => batch.first_bid,
			Self::Proof => batch.first_winner,
		}
	}
}

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<Outcome, DemoError> {
	let give_up = Instant::now() + Duration::from_secs(demo.args.limit());
	let mut author = Author::start(demo, 0).await?;
	author.begin().await?;
	let is_moving = async || Ok(demo.client.best().await?.number > 0);
	wait(demo, "the node has a block of the first author".into(), is_moving).await?;
	let owner = Owner::new(&demo.client)?;
	let rollup = demo.rollup().await?;
	demo.start_provers(&[PROVER]).await?;
	let mut reorganizations = Vec::new();
	for (nth, lost) in PASSES.into_iter().enumerate() {
		let next = Author::start(demo, nth.saturating_add(1)).await?;
		let index = rollup.next_index.saturating_add(nth as u64);
		let id = BatchId { rollup: ROLLUP, index };
		let pass = Pass { lost, id, market: &rollup.params, give_up };
		reorganizations.push(pass.play(demo, &owner, author, &next).await?);
		author = next;
	}
	// All of it once more, as the chain has it in the end.
	let best = demo.client.best().await?;
	demo.start_over(best.number);
	let are_proven = |story: &Story| story.proven() >= PASSES.len();
	follow(demo, give_up, "all batches are proven in the end".into(), are_proven).await?;
	outcome(demo, reorganizations).await
}

/// Reads from the chain what the scenario is judged by.
async fn outcome(
	demo: &Demo<'_>,
	reorganizations: Vec<Reorganization>,
) -> Result<Outcome, DemoError> {
	let account = |path| keys::from_development_path(path).map(|key| Account::of(&key));
	let (prover, sequencer) = (account(PROVER.key)?, account(SEQUENCER)?);
	let story = demo.story().clone();
	let batches = || story.batches().values();
	let count = |of: fn(&Batch) -> u64| batches().map(of).fold(0, u64::saturating_add);
	let useful = count(|batch| {
		let proofs = u64::from(batch.proof.is_some());
		u64::from(batch.bids).saturating_add(batch.reveals.into()).saturating_add(proofs)
	});
	let settings = SETTINGS.saturating_mul(PASSES.len() as u64);
	let transactions = [
		Transactions { who: "prover", sent: next_nonce(demo, prover).await?, useful },
		Transactions {
			who: "sequencer and owner",
			sent: next_nonce(demo, sequencer).await?,
			useful: count(|_| 1).saturating_add(settings),
		},
	];
	let view = demo.client.at(demo.client.best().await?).await?;
	let record = view.prover(prover.0).await?;
	let record = record.ok_or_else(|| DemoError::NoProver(prover.to_string()))?.stats;
	let token = demo.client.token().clone();
	Ok(Outcome { story, token, prover, reorganizations, transactions, record })
}

/// One pass.
struct Pass<'a> {
	lost: Lost,
	id: BatchId,
	/// The market as it is before the scenario.
	market: &'a RollupParams,
	give_up: Instant,
}

impl Pass<'_> {
	/// Plays it, with the author so far and the one whose branch wins.
	async fn play(
		&self,
		demo: &mut Demo<'_>,
		owner: &Owner,
		author: Author,
		next: &Author,
	) -> Result<Reorganization, DemoError> {
		let (lost, index) = (self.lost, self.id.index);
		demo.progress.line(&format!("batch {index}: {} loses its block", lost.call()));
		let (bidding_blocks, reveal_blocks) = lost.windows();
		let market = RollupParams { bidding_blocks, reveal_blocks, ..self.market.clone() };
		owner.set_market(&market, self.market.initial_reserve).await?;

		let fork = self.fork(demo, next).await?;
		match lost {
			Lost::Commit => self.commit(demo).await?,
			Lost::Bid | Lost::Proof => demo.thaw_prover(PROVER.name),
			Lost::Reveal => self.check_closing(demo, fork).await?,
		}
		let old = self.wait_for_block(demo, "is in a block").await?;
		if old <= fork {
			let what =
				format!("block {fork}, which both branches have, has {} already", lost.call());
			return Err(DemoError::Reorganized(vec![what]));
		}
		let old_hash = demo.client.hash_at(old).await?;
		author.kill(demo);
		let height = demo.client.best().await?.number;
		next.wait_to_reach(demo, height.saturating_add(LEAD)).await?;
		next.connect(demo).await?;
		let has_changed = async || {
			let first = fork.saturating_add(1);
			let [ours, theirs] =
				[hash_at(&demo.client, first).await?, hash_at(&next.client, first).await?];
			Ok(ours == theirs && hash_at(&demo.client, old).await? != Some(old_hash))
		};
		wait(demo, "the node has gone over to the longer branch".into(), has_changed).await?;
		let blocks = height.saturating_sub(fork);
		demo.progress.line(&format!("{blocks} blocks are gone, among them {old} with the call"));
		demo.start_over(fork);
		if lost == Lost::Commit {
			demo.thaw_prover(PROVER.name);
		}

		let new = self.wait_for_block(demo, "is in a block of the other branch").await?;
		let line = format!("{}: the chain has left its block", lost.call());
		let has_noticed = async || {
			Ok(match lost {
				Lost::Commit => demo.sequencer_has_logged(&line),
				_ => demo.has_logged(PROVER.name, &line),
			})
		};
		let what = format!("the program has logged `{line}`");
		wait(demo, what, has_noticed).await?;
		let is_proven = |story: &Story| story.batch(index).is_some_and(|it| it.proof.is_some());
		let what = format!("batch {index} is proven on the other branch");
		follow(demo, self.give_up, what, is_proven).await?;
		Ok(Reorganization { call: lost.call(), index, fork, blocks, old, new })
	}

	/// Lets the other author make a branch of its own, behind all that comes before the transaction and before the
	/// transaction itself. Returns the last block that both have. Where the prover would be faster it is frozen.
	async fn fork(&self, demo: &mut Demo<'_>, next: &Author) -> Result<BlockNumber, DemoError> {
		if matches!(self.lost, Lost::Commit | Lost::Bid) {
			demo.freeze_prover(PROVER.name);
		}
		let (lost, index) = (self.lost, self.id.index);
		let base = move |story: &Story| story.batch(index).and_then(|batch| lost.base(batch));
		if lost != Lost::Commit {
			self.commit(demo).await?;
			let what = format!("{} is next for batch {index}", lost.call());
			follow(demo, self.give_up, what, |story| base(story).is_some()).await?;
		}
		if lost == Lost::Proof {
			demo.freeze_prover(PROVER.name);
		}
		let base = match base(demo.story()) {
			Some(height) => demo.client.block(demo.client.hash_at(height).await?).await?,
			None => demo.client.best().await?,
		};
		next.wait_to_have(demo, base).await?;
		next.disconnect(demo).await?;
		// The last block that it was sent may be on its way to its database.
		tokio::time::sleep(POLL).await;
		let fork = next.client.best().await?.number;
		next.begin().await?;
		demo.progress.line(&format!("two branches from block {fork} on"));
		Ok(fork)
	}

	/// Has the batch committed.
	async fn commit(&self, demo: &mut Demo<'_>) -> Result<(), DemoError> {
		let seed = demo.args.seed.wrapping_add(self.id.index);
		demo.commit_batches(1, self.market.max_reserve, seed).await
	}

	/// Fails unless the block that closes bidding is another one on each branch: what is revealed then is known on a
	/// branch on which bidding was open.
	async fn check_closing(&self, demo: &Demo<'_>, fork: BlockNumber) -> Result<(), DemoError> {
		let view = demo.client.at(demo.client.best().await?).await?;
		let closing = view.round(self.id).await?.map(|round| round.reveal_from.saturating_sub(1));
		match closing {
			Some(closing) if closing > fork => Ok(()),
			closing => {
				let what =
					format!("bidding closes in {closing:?}, not on each branch after block {fork}");
				Err(DemoError::Reorganized(vec![what]))
			},
		}
	}

	/// Waits until a block of the best chain has the transaction, and returns that block.
	async fn wait_for_block(
		&self,
		demo: &mut Demo<'_>,
		what: &str,
	) -> Result<BlockNumber, DemoError> {
		let (lost, index) = (self.lost, self.id.index);
		let block = move |story: &Story| story.batch(index).and_then(|batch| lost.block(batch));
		let what = format!("{} of batch {index} {what}", lost.call());
		follow(demo, self.give_up, what, |story| block(story).is_some()).await?;
		Ok(block(demo.story()).unwrap_or_default())
	}
}

/// Follows the chain until something has happened, which `what` says in words.
async fn follow(
	demo: &mut Demo<'_>,
	give_up: Instant,
	what: String,
	has_happened: impl Fn(&Story) -> bool,
) -> Result<(), DemoError> {
	let begun = Instant::now();
	let give_up = give_up.min(begun + STEP_WAIT);
	match demo.follow_while(give_up, |story| !has_happened(story)).await {
		Err(DemoError::TimedOut { .. }) => {
			demo.show_nodes();
			Err(DemoError::NotYet { what, seconds: begun.elapsed().as_secs() })
		},
		result => result,
	}
}
