// SPDX-License-Identifier: Apache-2.0
//! A sequencer's place at a chain: what has to be right before it commits, and committing.

use crate::error::SequencerError;
use pvs_client::{
	cli::{ConnectArgs, KeyArgs},
	Account, Amount, Block, Call, Client, Included, PvsEvent, SubmitError, Submitter,
};
use pvs_primitives::{
	api::{BatchId, RollupInfo},
	BlockNumber, Bytes32,
};
use std::time::Duration;

/// How long to wait for a block to take a batch before looking at the chain.
const INCLUSION_WAIT: Duration = Duration::from_secs(12);
/// Pallet errors of a commit that a later block can cure.
const PASSING_ERRORS: [&str; 4] =
	["BlockDataFull", "TooManyPendingBatches", "ChainFull", "TipChanged"];

/// A connection, and the right to commit batches of a rollup.
pub(crate) struct Seat {
	pub(crate) client: Client,
	/// In planck, per batch.
	pub(crate) max_fee: u128,
	submitter: Submitter,
	rollup: u32,
}

/// What became of a commit.
pub(crate) enum Commit {
	/// A block took it.
	Included(BatchId, BlockNumber),
	/// No block took it, or none did so far; another attempt is in order.
	NotYet,
}

impl Seat {
	/// Connects and checks that the key may commit batches of a rollup with this genesis, and can pay
	/// for them.
	pub(crate) async fn take(
		connect: &ConnectArgs,
		key: &KeyArgs,
		rollup: u32,
		max_fee: Option<&Amount>,
		genesis_root: Bytes32,
	) -> Result<(Self, Block), SequencerError> {
		let key = key.load()?;
		let me = Account::of(&key);
		let client = connect.connect().await?;
		let token = client.token();
		let best = client.best().await?;
		let view = client.at(best).await?;
		let info = view.rollup(rollup).await?.ok_or(SequencerError::UnknownRollup(rollup))?;
		if info.sequencer != me.0 {
			return Err(SequencerError::NotSequencer {
				account: me.address(),
				rollup,
				sequencer: Account(info.sequencer).address(),
			});
		}
		if genesis_root != info.genesis_root {
			return Err(SequencerError::ForeignGenesis {
				rollup,
				found: info.genesis_root,
				expected: genesis_root,
			});
		}
		let (lowest, highest) = (info.params.min_reserve, info.params.max_reserve);
		let max_fee = match max_fee {
			Some(amount) => amount.planck(token)?,
			None => highest,
		};
		if !(lowest..=highest).contains(&max_fee) {
			return Err(SequencerError::FeeOutOfRange {
				max_fee: token.show(max_fee),
				lowest: token.show(lowest),
				highest: token.show(highest),
			});
		}
		let free = view.free_balance(me.0).await?;
		let needed = max_fee.saturating_add(info.params.sequencer_bond);
		if free < needed {
			return Err(SequencerError::BalanceTooLow {
				account: me.address(),
				free: token.show(free),
				needed: token.show(needed),
			});
		}
		let submitter = Submitter::new(client.clone(), key);
		Ok((Self { client, max_fee, submitter, rollup }, best))
	}

	/// The rollup as of a block.
	pub(crate) async fn rollup(&self, block: Block) -> Result<RollupInfo<Bytes32>, SequencerError> {
		let rollup = self.client.at(block).await?.rollup(self.rollup).await?;
		rollup.ok_or(SequencerError::UnknownRollup(self.rollup))
	}

	/// Commits a batch on top of the tip of `before`. A commit whose outcome is unknown can do no harm
	/// later: it names the root that it builds on.
	pub(crate) async fn commit(
		&self,
		before: &RollupInfo<Bytes32>,
		data: &[u8],
		next_root: Bytes32,
	) -> Result<Commit, SequencerError> {
		let call = Call::commit_batch(self.rollup, data, before.tip_root, next_root, self.max_fee);
		let expected = BatchId { rollup: self.rollup, index: before.next_index };
		match self.submitter.submit(&call, INCLUSION_WAIT).await {
			Ok(included) => Ok(Commit::Included(
				committed_batch(&included).unwrap_or(expected),
				included.number,
			)),
			Err(error) if PASSING_ERRORS.iter().any(|name| error.is_pallet_error(name)) => {
				tracing::info!("the next block will do: {error}");
				Ok(Commit::NotYet)
			},
			Err(error @ SubmitError::Unknown { .. }) => {
				tracing::warn!("{error}");
				let best = self.client.best().await?;
				if self.rollup(best).await?.tip_root != next_root {
					return Ok(Commit::NotYet);
				}
				Ok(Commit::Included(expected, best.number))
			},
			Err(error) => Err(error.into()),
		}
	}
}

/// The batch that a commit made, as its event says.
fn committed_batch(included: &Included) -> Option<BatchId> {
	included.events.iter().find_map(|event| match event {
		PvsEvent::BatchCommitted { batch, .. } => Some(*batch),
		_ => None,
	})
}
