// SPDX-License-Identifier: Apache-2.0
//! The scenario in which things go wrong: a winner that defaults, a batch that nobody bids for, a proof
//! that comes late.
//!
//! Each batch is proven all the same, by a prover process and with a real proof. The demo itself plays
//! two parts: the rollup's owner, who chooses parameters that bring each fault about within seconds, and
//! the bidder that wins and delivers nothing.

use crate::{
	error::DemoError,
	run::{Demo, Prover, POLL, ROLLUP},
	story::{Batch, Story},
};
use pvs_client::{keys, Account, Call, Client, Submitter};
use pvs_primitives::{
	api::{BatchId, Phase, RoundInfo},
	bid::{bid_commitment, BidPayload},
	hash::blake2_256,
	params::RollupParams,
	Balance, Bytes32,
};
use std::time::{Duration, Instant};

/// Those who keep what they promise. They ask a fifth and a quarter of the highest fee.
const HONEST: [Prover; 2] = [
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None },
	Prover { name: "charlie", key: "//Charlie", ask_percent: 25, promise: 15, threads: None },
];
/// One that asks little and promises a proof in the next block, which one thread never makes.
const HASTY: Prover =
	Prover { name: "dave", key: "//Dave", ask_percent: 10, promise: 1, threads: Some(1) };
/// Whoever plays the bidder that wins and delivers nothing.
const DEFAULTER: &str = "//Eve";
/// Owner of the development chain's rollup.
const OWNER: &str = "//Alice";

/// How long a block may take to have a transaction.
const INCLUSION_WAIT: Duration = Duration::from_secs(30);
/// How long a batch may take to be committed, or bidding to end.
const PHASE_WAIT: Duration = Duration::from_secs(60);
/// The highest price for the defaulter's slot, as a multiple of the price quoted.
const SLOT_FEE_FACTOR: u128 = 8;

/// Plays the scenario.
pub(crate) async fn play(demo: &mut Demo<'_>) -> Result<(), DemoError> {
	let limit = Duration::from_secs(demo.args.limit());
	let give_up = tokio::time::Instant::now() + limit;
	let rollup = demo.rollup().await?;
	let (market, first) = (rollup.params, rollup.next_index);
	let max_fee = market.max_reserve;
	let percent = |percent: u128| (max_fee.saturating_mul(percent) / 100).max(market.min_reserve);
	let owner = Submitter::new(demo.client.clone(), keys::from_development_path(OWNER)?);
	let defaulter = Defaulter::register(&demo.client, demo.args.seed).await?;
	demo.start_provers(&HONEST).await?;

	demo.progress.line("batch 0: a winner that does not deliver");
	let impatient =
		RollupParams { bidding_blocks: 3, grace_blocks: 2, ladder_blocks: 8, ..market.clone() };
	set_market(&owner, &impatient, percent(50)).await?;
	demo.start_sequencer(1, 1, max_fee, demo.args.seed)?;
	let batch = BatchId { rollup: ROLLUP, index: first };
	tokio::try_join!(demo.follow(1, give_up), defaulter.win_and_vanish(batch))?;
	demo.wait_for_sequencer().await?;

	demo.progress.line("batch 1: a reserve below what every prover asks");
	set_market(&owner, &market, percent(10)).await?;
	demo.start_sequencer(1, 1, max_fee, demo.args.seed.wrapping_add(1))?;
	demo.follow(2, give_up).await?;
	demo.wait_for_sequencer().await?;

	demo.progress.line("batch 2: a prover that promises less time than it needs");
	// A long time of grace, and two per cent of the reserve for each block of it.
	let patient = RollupParams {
		min_proof_blocks: 1,
		grace_blocks: 30,
		late_rate: 20_000_000,
		..market.clone()
	};
	set_market(&owner, &patient, percent(50)).await?;
	demo.start_provers(&[HASTY]).await?;
	demo.start_sequencer(1, 1, max_fee, demo.args.seed.wrapping_add(2))?;
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

/// Sets the market of the next batch, and what its first round takes for a reserve. Parameters leave
/// the reserve where it is unless it is out of their bounds: bounds without room move it there.
async fn set_market(
	owner: &Submitter,
	params: &RollupParams,
	reserve: Balance,
) -> Result<(), DemoError> {
	let fixed = RollupParams {
		min_reserve: reserve,
		initial_reserve: reserve,
		max_reserve: reserve,
		..params.clone()
	};
	for params in [&fixed, params] {
		owner.submit(&Call::set_params(ROLLUP, params), INCLUSION_WAIT).await?;
	}
	Ok(())
}

/// A registered prover that bids lowest and delivers nothing.
struct Defaulter {
	client: Client,
	submitter: Submitter,
	seed: u64,
}

impl Defaulter {
	/// Registers it, with a stake as high as that of the first honest prover.
	async fn register(client: &Client, seed: u64) -> Result<Self, DemoError> {
		let view = client.at(client.best().await?).await?;
		let [example, ..] = HONEST;
		let example = Account::of(&keys::from_development_path(example.key)?);
		let prover = view.prover(example.0).await?;
		let stake = prover.ok_or_else(|| DemoError::NoProver(example.to_string()))?.stake;
		let submitter = Submitter::new(client.clone(), keys::from_development_path(DEFAULTER)?);
		submitter.submit(&Call::register_prover(stake), INCLUSION_WAIT).await?;
		Ok(Self { client: client.clone(), submitter, seed })
	}

	/// Wins a batch as soon as it takes bids: it asks 1 planck and promises one block.
	async fn win_and_vanish(&self, batch: BatchId) -> Result<(), DemoError> {
		let round = self.round_in(batch, Phase::Bidding, "open to bids").await?;
		let me = self.submitter.account();
		// Nobody here tries to guess the bid, so the salt need not be secret.
		let salt = blake2_256(&[b"pvs-demo", &self.seed.to_le_bytes()]);
		let payload = BidPayload { fee: 1, proof_blocks: 1, proof_commitment: None, salt }.encode();
		let commitment = bid_commitment(
			&self.client.genesis_hash(),
			batch,
			round.round,
			&round.batch_digest,
			&me,
			&payload,
		);
		let max_slot_fee = round.slot_fee.saturating_mul(SLOT_FEE_FACTOR);
		let bid = Call::place_bid(batch, round.round, round.batch_digest, max_slot_fee, commitment);
		self.submitter.submit(&bid, INCLUSION_WAIT).await?;
		self.round_in(batch, Phase::Revealing, "open to reveals").await?;
		self.submitter.submit(&Call::reveal_bid(batch, &payload), INCLUSION_WAIT).await?;
		Ok(())
	}

	/// Waits until the batch's round is in a phase.
	async fn round_in(
		&self,
		batch: BatchId,
		phase: Phase,
		called: &'static str,
	) -> Result<RoundInfo<Bytes32>, DemoError> {
		let give_up = Instant::now() + PHASE_WAIT;
		loop {
			let view = self.client.at(self.client.best().await?).await?;
			match view.round(batch).await? {
				Some(round) if round.phase == phase => return Ok(round),
				_ if Instant::now() >= give_up => {
					let (batch, seconds) = (batch.index, PHASE_WAIT.as_secs());
					return Err(DemoError::NoRound { batch, phase: called, seconds });
				},
				_ => tokio::time::sleep(POLL).await,
			}
		}
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
