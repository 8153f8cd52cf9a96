// SPDX-License-Identifier: Apache-2.0
//! The parts that the demo plays itself: the rollup's owner, who chooses parameters that bring a
//! scenario about within seconds, and a bidder that does not do what it should.

use crate::{
	error::DemoError,
	run::{Prover, POLL, ROLLUP},
};
use pvs_client::{keys, seals, Account, Call, Client, Submitter};
use pvs_primitives::{
	api::{BatchId, Phase, RoundInfo},
	bid::{bid_context, commitment_in, BidPayload, PAYLOAD_BYTES},
	hash::blake2_256,
	params::RollupParams,
	Balance, BlockNumber, Bytes32,
};
use pvs_timelock::Exponent;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Those who keep what they promise. They ask a fifth and a quarter of the highest fee.
pub(crate) const HONEST: [Prover; 2] = [
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 15, threads: None },
	Prover { name: "charlie", key: "//Charlie", ask_percent: 25, promise: 15, threads: None },
];
/// Key of the account that plays the bidder.
const BIDDER: &str = "//Eve";
/// Owner of the development chain's rollup.
const OWNER: &str = "//Alice";

/// Time that a block may take to have a transaction.
const INCLUSION_WAIT: Duration = Duration::from_secs(30);
/// Time that a batch may take to be committed, or bidding to end.
const PHASE_WAIT: Duration = Duration::from_secs(60);
/// The highest price for the bidder's slot, as a multiple of the price quoted.
const SLOT_FEE_FACTOR: u128 = 8;

/// The owner of the rollup.
pub(crate) struct Owner(Submitter);

impl Owner {
	/// The owner, on a development chain.
	pub(crate) fn new(client: &Client) -> Result<Self, DemoError> {
		let key = keys::from_development_path(OWNER)?;
		Ok(Self(Submitter::new(client.clone(), Arc::new(key))))
	}

	/// Sets the market of the next batch, and what its first round takes for a reserve. Parameters
	/// leave the reserve where it is unless it is out of their bounds: bounds without room move it
	/// there.
	pub(crate) async fn set_market(
		&self,
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
			self.0.submit(&Call::set_params(ROLLUP, params), INCLUSION_WAIT).await?;
		}
		Ok(())
	}
}

/// A registered prover that bids and does not do what it should.
pub(crate) struct Bidder {
	client: Client,
	submitter: Submitter,
}

impl Bidder {
	/// Registers it, with a stake as high as that of the first honest prover.
	pub(crate) async fn register(client: &Client) -> Result<Self, DemoError> {
		let view = client.at(client.best().await?).await?;
		let [example, ..] = HONEST;
		let example = Account::of(&keys::from_development_path(example.key)?);
		let prover = view.prover(example.0).await?;
		let stake = prover.ok_or_else(|| DemoError::NoProver(example.to_string()))?.stake;
		let key = keys::from_development_path(BIDDER)?;
		let submitter = Submitter::new(client.clone(), Arc::new(key));
		submitter.submit(&Call::register_prover(stake), INCLUSION_WAIT).await?;
		Ok(Self { client: client.clone(), submitter })
	}

	/// Wins a batch as soon as it takes bids, and delivers nothing.
	pub(crate) async fn win_and_vanish(&self, batch: BatchId) -> Result<(), DemoError> {
		let (round, payload) = self.bid(batch, 1, 1).await?;
		self.round_in(batch, Phase::Revealing, "open to reveals").await?;
		let reveal = Call::reveal_bid(batch, round.round, self.submitter.account(), &payload);
		self.submitter.submit(&reveal, INCLUSION_WAIT).await?;
		Ok(())
	}

	/// Seals a bid as soon as a batch takes bids, and says nothing more. Returns the round.
	pub(crate) async fn bid_and_stay_silent(
		&self,
		batch: BatchId,
		fee: Balance,
		proof_blocks: BlockNumber,
	) -> Result<RoundInfo<Bytes32>, DemoError> {
		Ok(self.bid(batch, fee, proof_blocks).await?.0)
	}

	/// Bids as soon as a batch takes bids. Returns the round and what was sealed.
	async fn bid(
		&self,
		batch: BatchId,
		fee: Balance,
		proof_blocks: BlockNumber,
	) -> Result<(RoundInfo<Bytes32>, [u8; PAYLOAD_BYTES]), DemoError> {
		let round = self.round_in(batch, Phase::Bidding, "open to bids").await?;
		let view = self.client.at(self.client.best().await?).await?;
		let parameters = seals::parameters(&view.seals().await?)?;
		let exponent = Exponent::random()
			.map_err(|error| std::io::Error::other(error.to_string()))
			.map_err(|source| DemoError::Io { what: "no randomness", source })?;
		// As secret as the exponent that it is made from.
		let salt = blake2_256(&[b"pvs-demo/salt", exponent.as_bytes()]);
		let payload = BidPayload { fee, proof_blocks, proof_commitment: None, salt }.encode();
		let context = bid_context(
			&self.client.genesis_hash(),
			batch,
			round.round,
			&round.batch_digest,
			&self.submitter.account(),
		);
		let bid = Call::place_bid(
			batch,
			round.round,
			round.batch_digest,
			round.slot_fee.saturating_mul(SLOT_FEE_FACTOR),
			commitment_in(&context, &payload),
			&pvs_timelock::seal(&parameters, &context, &payload, &exponent),
		);
		self.submitter.submit(&bid, INCLUSION_WAIT).await?;
		Ok((round, payload))
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
