// SPDX-License-Identifier: Apache-2.0
//! What the transactions of a job cost, by what the node tells.

use pvs_client::{Call, Error, Submitter};
use pvs_primitives::{
	api::BatchId, bid::PAYLOAD_BYTES, Balance, BlockNumber, Bytes32, PROOF_BYTES,
};
use pvs_timelock::SEAL_BYTES;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// After how many blocks the node is asked again.
const REFRESH: BlockNumber = 100;

/// Transaction fees, in planck: the most that the calls can cost. What they do not do is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fees {
	/// Those of a round that is won: the bid, its reveal and the proof.
	pub(crate) round: Balance,
	/// That of a proof.
	pub(crate) delivery: Balance,
}

impl Fees {
	/// Asks the node what calls of the same size and weight cost. None of them is sent.
	async fn ask(submitter: &Submitter) -> Result<Self, Error> {
		let (batch, me) = (BatchId { rollup: 0, index: 0 }, submitter.account());
		let nothing = Bytes32::default();
		let bid = Call::place_bid(batch, 0, nothing, 0, nothing, &[0; SEAL_BYTES]);
		let reveal = Call::reveal_bid(batch, 0, me, &[0; PAYLOAD_BYTES]);
		let proof = Call::submit_proof(batch, me, &[0; PROOF_BYTES]);
		let (bid, reveal, delivery) =
			tokio::try_join!(submitter.fee(&bid), submitter.fee(&reveal), submitter.fee(&proof))?;
		Ok(Self { round: bid.saturating_add(reveal).saturating_add(delivery), delivery })
	}
}

/// The newest fees, and the block in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct KnownFees(Mutex<Option<(BlockNumber, Fees)>>);

impl KnownFees {
	/// The newest fees that are known, none if none are.
	pub(crate) fn last(&self) -> Fees {
		self.known().map_or_else(Fees::default, |(_, fees)| fees)
	}

	/// Asks the node at `height` unless that was done lately. Where it does not answer, what was known
	/// before goes on to count.
	pub(crate) async fn refresh(&self, submitter: &Submitter, height: BlockNumber) {
		if self.is_fresh(height) {
			return;
		}
		// Before it is asked, so that it is not asked twice at the same time.
		let last = self.last();
		*self.known() = Some((height, last));
		match Fees::ask(submitter).await {
			Ok(fees) => *self.known() = Some((height, fees)),
			Err(error) => {
				tracing::warn!(
					"the node does not tell transaction fees, the last known count: {error}"
				);
			},
		}
	}

	fn is_fresh(&self, height: BlockNumber) -> bool {
		self.known().is_some_and(|(asked_at, _)| height.saturating_sub(asked_at) < REFRESH)
	}

	fn known(&self) -> MutexGuard<'_, Option<(BlockNumber, Fees)>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn fees_should_be_asked_for_again_after_a_while_only() {
		let known = KnownFees::default();
		assert_eq!(known.last(), Fees::default());
		assert!(!known.is_fresh(0));
		let fees = Fees { round: 3, delivery: 1 };
		*known.known() = Some((50, fees));
		assert_eq!(known.last(), fees);
		for (height, is_fresh) in [(50, true), (149, true), (150, false), (1_000, false), (7, true)]
		{
			assert_eq!(known.is_fresh(height), is_fresh, "{height}");
		}
	}
}
