// SPDX-License-Identifier: Apache-2.0
//! The scenario in which a bidder stays silent: its seal is opened without it, and the opener is paid from
//! its bond.
//!
//! An opener process watches the market. The demo itself plays the rollup's owner and the bidder that seals
//! a real bid and never reveals. In the first two batches the round closes without the silent bid, which
//! is settled afterwards: first one that would have lost, then one that would have won, which costs more.
//! In the third the market opens seals by force: the silent bid wins, its bidder delivers nothing either,
//! and a runner-up steps in.

use crate::{
	error::DemoError,
	roles::{Bidder, Owner, HONEST},
	run::{Demo, ROLLUP},
	story::{Batch, Opened, Settled, Story},
};
use pvs_client::Verdict;
use pvs_primitives::{
	api::BatchId,
	params::{RollupParams, SilencePolicy},
};
use std::time::Duration;

/// Number of batches that the scenario has.
pub(crate) const BATCHES: u32 = 3;

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let view = demo.client.at(demo.client.best().await?).await?;
	let opening_blocks = view.seals().await?.min_opening_blocks;
	let (market, first) = (rollup.params, rollup.next_index);
	let max_fee = market.max_reserve;
	let percent = |percent: u128| (max_fee.saturating_mul(percent) / 100).max(market.min_reserve);
	let owner = Owner::new(&demo.client)?;
	let bidder = Bidder::register(&demo.client).await?;
	demo.start_provers(&HONEST).await?;
	demo.start_opener().await?;
	let settles = RollupParams { bidding_blocks: 3, ..market.clone() };
	// Twice what all time of a round can be worth, as the rules ask where seals are opened by force.
	let time = max_fee.saturating_mul(market.w_time.into()).div_ceil(market.w_fee.into());
	let opens = RollupParams {
		silence_penalty: time.saturating_mul(2),
		reveal_blocks: 4,
		silence_policy: SilencePolicy::ForceOpen { opening_blocks },
		grace_blocks: 2,
		ladder_blocks: 8,
		..settles.clone()
	};
	// Above what the honest ones ask, and below what any of them could.
	let bids = [
		("a silent bidder that asks too much", &settles, percent(40), market.max_proof_blocks),
		("a silent bidder that would have won", &settles, 1, 1),
		("a silent bidder whose seal is opened by force, and that wins", &opens, 1, 1),
	];
	let mut settled = 0usize;
	for (nth, (what, market, fee, proof_blocks)) in (0u32..).zip(bids) {
		demo.progress.line(&format!("batch {nth}: {what}"));
		owner.set_market(market, percent(50)).await?;
		demo.commit_batches(1, max_fee, demo.args.seed.wrapping_add(nth.into())).await?;
		let index = first.saturating_add(nth.into());
		let batch = BatchId { rollup: ROLLUP, index };
		let silence = bidder.bid_and_stay_silent(batch, fee, proof_blocks);
		let proven = nth.saturating_add(1);
		settled = settled.saturating_add(usize::from(market == &settles));
		let ((), round) = tokio::try_join!(demo.follow_to(proven, settled, give_up), silence)?;
		demo.story_mut().reveals_end(index, round.reveal_until);
		demo.wait_for_sequencer().await?;
	}
	Ok(())
}

/// Fails unless silent bids of closed rounds were settled, a silent bid that was opened won, their opener
/// was paid from the bonds, and all batches were proven.
pub(crate) fn check(story: &Story) -> Result<(), DemoError> {
	type Happened = fn(&Batch) -> bool;
	fn settled_as(batch: &Batch, verdict: Verdict) -> bool {
		let closed_in_time =
			batch.first_winner.is_some() && batch.first_winner == batch.reveal_until;
		let paid = |bid: &Settled| bid.verdict == verdict && was_settled_by_opener(bid);
		closed_in_time && batch.settled.iter().any(paid) && batch.proof.is_some()
	}
	let expected: [(&str, Happened); 3] = [
		("a round that closed without a silent bid that would have lost, and a proof", |batch| {
			settled_as(batch, Verdict::WouldHaveLost)
		}),
		("a round that closed without a silent bid that would have won, and a proof", |batch| {
			settled_as(batch, Verdict::WouldHaveWon)
		}),
		("a silent bid that was opened and won, and a proof", |batch| {
			let won = |bid: &Opened| batch.selected == Some(bid.bidder);
			batch.opened.iter().any(|bid| was_paid_for(bid) && won(bid)) && batch.proof.is_some()
		}),
	];
	let mut batches = story.batches().values();
	let mut missing: Vec<&str> = expected
		.into_iter()
		.filter(|(_, happened)| !batches.next().is_some_and(happened))
		.map(|(what, _)| what)
		.collect();
	if story.settled().1 > 0 {
		missing.push("no silent bid that nobody settled in time");
	}
	if missing.is_empty() {
		Ok(())
	} else {
		Err(DemoError::NotShown(missing))
	}
}

/// Returns true if the opener got a part of the silent bidder's loss, at most half.
fn was_settled_by_opener(bid: &Settled) -> bool {
	bid.opener.is_some_and(|(opener, reward)| {
		opener != bid.bidder && reward > 0 && reward <= bid.slashed / 2
	})
}

/// Returns whether the bidder paid for its silence and the opener got a part of that, at most half.
fn was_paid_for(bid: &Opened) -> bool {
	bid.opener.is_some_and(|(opener, reward)| {
		opener != bid.bidder && reward > 0 && reward <= bid.penalty / 2
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::story::tests::{faults, silent};

	#[test]
	fn scenario_should_pass_when_all_silent_bids_were_opened() {
		assert!(check(&silent()).is_ok());
	}

	#[test]
	fn scenario_should_fail_with_what_did_not_happen() {
		for story in [Story::default(), faults()] {
			let error = check(&story).unwrap_err();
			assert!(matches!(error, DemoError::NotShown(missing) if missing.len() == 3));
		}
	}

	#[test]
	fn opener_should_be_paid_from_the_penalty_and_by_half_of_it_at_most() {
		let story = silent();
		let bid = story.batches()[&2].opened[0];
		let (opener, _) = bid.opener.unwrap();
		for (opener, is_paid) in [
			(None, false),
			(Some((opener, 0)), false),
			(Some((opener, 5)), true),
			(Some((opener, 6)), false),
			(Some((bid.bidder, 5)), false),
		] {
			assert_eq!(was_paid_for(&Opened { opener, ..bid }), is_paid, "{opener:?}");
		}
	}
	#[test]
	fn opener_of_a_settled_bid_should_be_paid_by_half_of_the_loss_at_most() {
		let story = silent();
		let bid = story.batches()[&0].settled[0];
		let (opener, _) = bid.opener.unwrap();
		for (opener, is_paid) in [
			(None, false),
			(Some((opener, 0)), false),
			(Some((opener, 5)), true),
			(Some((opener, 6)), false),
			(Some((bid.bidder, 5)), false),
		] {
			assert_eq!(was_settled_by_opener(&Settled { opener, ..bid }), is_paid, "{opener:?}");
		}
	}
}
