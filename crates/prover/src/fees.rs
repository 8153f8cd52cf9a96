// SPDX-License-Identifier: Apache-2.0
//! Costs of the transactions of a job: what this account paid last, and until then what the node tells.

use pvs_client::{Call, Error, Submitter};
use pvs_primitives::{
	api::BatchId, bid::PAYLOAD_BYTES, Balance, BlockNumber, Bytes32, PROOF_BYTES,
};
use pvs_timelock::SEAL_BYTES;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of blocks after which the node is asked again.
const REFRESH: BlockNumber = 100;

/// Transaction fees, in planck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fees {
	/// Those of a round that is won: the bid, its reveal and the proof.
	pub(crate) round: Balance,
	/// That of a proof.
	pub(crate) delivery: Balance,
}

/// The transactions of a round that is won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
	Bid,
	Reveal,
	Proof,
}

/// The newest fees that are known.
#[derive(Debug, Default)]
pub(crate) struct KnownFees(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
	/// The block in which the node was asked, if it was.
	asked_at: Option<BlockNumber>,
	bid: Fee,
	reveal: Fee,
	proof: Fee,
}

/// The fee of one transaction, in planck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fee {
	/// Most that the call can cost, by what the node tells. What it does not do is given back.
	most: Balance,
	/// Cost of the last one.
	paid: Option<Balance>,
}

impl Fee {
	fn expected(self) -> Balance {
		self.paid.unwrap_or(self.most)
	}
}

impl Known {
	fn fees(&self) -> Fees {
		let [bid, reveal, delivery] = [self.bid, self.reveal, self.proof].map(Fee::expected);
		Fees { round: bid.saturating_add(reveal).saturating_add(delivery), delivery }
	}

	/// Returns whether there is no reason to ask the node at `height`.
	fn is_fresh(&self, height: BlockNumber) -> bool {
		let are_paid = [self.bid, self.reveal, self.proof].iter().all(|fee| fee.paid.is_some());
		let is_new = |asked_at| height.saturating_sub(asked_at) < REFRESH;
		are_paid || self.asked_at.is_some_and(is_new)
	}
}

impl KnownFees {
	/// Returns the newest fees that are known, none if none are.
	pub(crate) fn last(&self) -> Fees {
		self.known().fees()
	}

	/// Notes what a transaction of this account has cost, in planck, if that is known. Of one with several bids, or reveals,
	/// that is the share of one.
	pub(crate) fn note(&self, transaction: Transaction, paid: Option<Balance>) {
		let mut known = self.known();
		let fee = match transaction {
			Transaction::Bid => &mut known.bid,
			Transaction::Reveal => &mut known.reveal,
			Transaction::Proof => &mut known.proof,
		};
		fee.paid = paid.or(fee.paid);
	}

	/// Asks the node at `height`, unless that was done lately or all have been paid once. Where it does not answer,
	/// what was known before goes on to count.
	pub(crate) async fn refresh(&self, submitter: &Submitter, height: BlockNumber) {
		if self.known().is_fresh(height) {
			return;
		}
		// Before it is asked, so that it is not asked twice at the same time.
		self.known().asked_at = Some(height);
		match ask(submitter).await {
			Ok(told) => {
				let mut known = self.known();
				[known.bid.most, known.reveal.most, known.proof.most] = told;
			},
			Err(error) => {
				tracing::warn!(
					"the node does not tell transaction fees, the last known count: {error}"
				);
			},
		}
	}

	fn known(&self) -> MutexGuard<'_, Known> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Asks the node what calls of the same size and weight as bid, reveal and proof cost. None of them is sent.
async fn ask(submitter: &Submitter) -> Result<[Balance; 3], Error> {
	let (batch, me) = (BatchId { rollup: 0, index: 0 }, submitter.account());
	let nothing = Bytes32::default();
	let bid = Call::place_bid(batch, 0, nothing, 0, nothing, &[0; SEAL_BYTES]);
	let reveal = Call::reveal_bid(batch, 0, me, &[0; PAYLOAD_BYTES]);
	let proof = Call::submit_proof(batch, me, &[0; PROOF_BYTES]);
	let (bid, reveal, proof) =
		tokio::try_join!(submitter.fee(&bid), submitter.fee(&reveal), submitter.fee(&proof))?;
	Ok([bid, reveal, proof])
}

#[cfg(test)]
mod tests {
	use super::*;

	fn known(fees: [Fee; 3]) -> KnownFees {
		let [bid, reveal, proof] = fees;
		KnownFees(Mutex::new(Known { asked_at: Some(50), bid, reveal, proof }))
	}

	const TOLD: Fee = Fee { most: 100, paid: None };

	#[test]
	fn fees_should_be_asked_for_again_after_a_while_only() {
		assert_eq!(KnownFees::default().last(), Fees::default());
		assert!(!KnownFees::default().known().is_fresh(0));
		let known = known([TOLD; 3]);
		for (height, is_fresh) in [(50, true), (149, true), (150, false), (1_000, false), (7, true)]
		{
			assert_eq!(known.known().is_fresh(height), is_fresh, "{height}");
		}
	}

	/// Nearly all of what the node tells is given back: it is the price of what a call does at most.
	#[test]
	fn fee_should_be_what_was_paid_last_once_something_was() {
		let known = known([TOLD; 3]);
		assert_eq!(known.last(), Fees { round: 300, delivery: 100 });
		known.note(Transaction::Bid, Some(7));
		assert_eq!(known.last(), Fees { round: 207, delivery: 100 });
		known.note(Transaction::Reveal, Some(5));
		known.note(Transaction::Proof, Some(20));
		assert_eq!(known.last(), Fees { round: 32, delivery: 20 });
		known.note(Transaction::Proof, Some(30));
		known.note(Transaction::Proof, None);
		assert_eq!(known.last(), Fees { round: 42, delivery: 30 }, "the last one");
	}

	#[test]
	fn node_should_not_be_asked_any_more_when_all_have_been_paid_once() {
		let known = known([TOLD; 3]);
		known.note(Transaction::Bid, Some(7));
		known.note(Transaction::Reveal, Some(5));
		assert!(!known.known().is_fresh(1_000));
		known.note(Transaction::Proof, Some(20));
		assert!(known.known().is_fresh(1_000));
	}
}
