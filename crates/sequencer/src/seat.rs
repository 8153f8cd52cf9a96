// SPDX-License-Identifier: Apache-2.0
//! A sequencer's place at a chain: what has to be right before it commits, and committing.

use crate::error::SequencerError;
use pvs_client::{
	Account, Amount, Block, Call, Client, PalletError, Signer, SubmitError, Submitter,
};
use pvs_primitives::{api::RollupInfo, BlockNumber, Bytes32};
use std::{sync::Arc, time::Duration};

/// Time to wait for a block to take a batch before looking at the chain.
const INCLUSION_WAIT: Duration = Duration::from_secs(12);
/// Blocks in which a commit whose outcome is unknown may still be taken: how long the client's
/// transactions are valid, counted from a finalized block.
pub(crate) const MORTALITY_BLOCKS: BlockNumber = 64;
/// Pallet errors of a commit that a later block can cure.
const PASSING_ERRORS: [PalletError; 7] = [
	PalletError::BlockDataFull,
	PalletError::TooManyCommitsInBlock,
	PalletError::TooManyPendingBatches,
	PalletError::ChainFull,
	PalletError::TipChanged,
	// The reserve has risen; payments lower it again.
	PalletError::MaxFeeTooLow,
	// Others have taken places since the balance was looked at; a place is cheaper again when they go.
	PalletError::RentNotCovered,
];

/// A connection, and the right to commit batches of a rollup.
pub(crate) struct Seat {
	pub(crate) client: Client,
	/// In planck, per batch.
	max_fee: u128,
	submitter: Submitter,
	rollup: u32,
}

/// Conditions that a connection has to meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
	pub(crate) rollup: u32,
	/// The rollup's first root.
	pub(crate) genesis_root: Bytes32,
}

/// Outcome of a commit.
pub(crate) enum Commit {
	/// A block took it.
	Included(BlockNumber),
	/// A block had it, and the call failed for a reason that can pass.
	Refused {
		reason: String,
		/// The number of pending batches, if there were too many.
		full_at: Option<u32>,
	},
	/// No block took it so far, for this reason; one still may.
	Unknown(String),
}

impl Seat {
	/// Checks that the rollup behind a connection is the right one. Whether the key may commit batches of it says
	/// [`Seat::check_right`], and whether it can pay for one [`Seat::check_funds`]: both can change.
	pub(crate) async fn take(
		client: Client,
		key: Arc<dyn Signer>,
		max_fee: Option<&Amount>,
		wanted: Wanted,
	) -> Result<Self, SequencerError> {
		let Wanted { rollup, genesis_root } = wanted;
		let token = client.token();
		let view = client.at(client.best().await?).await?;
		let info = view.rollup(rollup).await?.ok_or(SequencerError::UnknownRollup(rollup))?;
		if genesis_root != info.genesis_root {
			return Err(SequencerError::ForeignGenesis {
				rollup,
				found: info.genesis_root,
				expected: genesis_root,
			});
		}
		let (lowest, highest) = (info.reserve, info.params.max_reserve);
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
		let submitter = Submitter::new(client.clone(), key);
		Ok(Self { client, max_fee, submitter, rollup })
	}

	/// Checks that the account is the rollup's sequencer, as of what the chain said of the rollup.
	///
	/// # Errors
	///
	/// [`SequencerError::NotSequencer`]. The rollup's owner can make it so again.
	pub(crate) fn check_right(&self, info: &RollupInfo<Bytes32>) -> Result<(), SequencerError> {
		check_right(self.submitter.account(), self.rollup, info.sequencer)
	}

	/// Checks that the account can pay for one more batch at a block.
	///
	/// # Errors
	///
	/// [`SequencerError::BalanceTooLow`]. What is held for pending batches comes back, so time may
	/// cure it.
	pub(crate) async fn check_funds(
		&self,
		block: Block,
		rollup: &RollupInfo<Bytes32>,
	) -> Result<(), SequencerError> {
		let account = Account(self.submitter.account());
		let free = self.client.at(block).await?.free_balance(account.0).await?;
		let token = self.client.token();
		// While no place is free, the chain says so to whoever commits.
		let rent = rollup.next_rent.unwrap_or(0);
		match shortage(free, [self.max_fee, rollup.params.sequencer_bond, rent]) {
			None => Ok(()),
			Some(needed) => Err(SequencerError::BalanceTooLow {
				account: account.address(),
				free: token.show(free),
				needed: token.show(needed),
			}),
		}
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
		match self.submitter.submit(&call, INCLUSION_WAIT).await {
			Ok(included) => Ok(Commit::Included(included.number)),
			Err(error) if error.pallet_error().is_some_and(|it| PASSING_ERRORS.contains(&it)) => {
				let is_full = error.pallet_error() == Some(PalletError::TooManyPendingBatches);
				let full_at = is_full.then_some(before.pending);
				Ok(Commit::Refused { reason: error.to_string(), full_at })
			},
			Err(error @ SubmitError::Unknown { .. }) => {
				let best = self.client.best().await?;
				if self.rollup(best).await?.tip_root != next_root {
					return Ok(Commit::Unknown(error.to_string()));
				}
				Ok(Commit::Included(best.number))
			},
			Err(error) => Err(error.into()),
		}
	}
}

fn check_right(me: Bytes32, rollup: u32, sequencer: Bytes32) -> Result<(), SequencerError> {
	if me == sequencer {
		return Ok(());
	}
	let (account, sequencer) = (Account(me).address(), Account(sequencer).address());
	Err(SequencerError::NotSequencer { account, rollup, sequencer })
}

/// Returns the sum of what a batch holds, if that is more than is free.
fn shortage(free: u128, held: [u128; 3]) -> Option<u128> {
	let needed = held.into_iter().fold(0, u128::saturating_add);
	(free < needed).then_some(needed)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn account_should_have_no_right_to_commit_when_another_one_is_the_sequencer() {
		assert!(check_right([1; 32], 7, [1; 32]).is_ok());
		let error = check_right([1; 32], 7, [2; 32]).unwrap_err().to_string();
		let [me, other] = [1, 2].map(|byte| Account([byte; 32]).address());
		assert!(error.contains(&me) && error.contains(&other), "{error}");
		assert!(error.contains("not the sequencer of rollup 7"), "{error}");
	}

	#[test]
	fn funds_should_be_short_when_fee_bond_and_rent_exceed_what_is_free() {
		assert_eq!(shortage(35, [20, 10, 5]), None);
		assert_eq!(shortage(34, [20, 10, 5]), Some(35));
		assert_eq!(shortage(u128::MAX - 1, [u128::MAX, 1, 1]), Some(u128::MAX));
	}
}
