// SPDX-License-Identifier: Apache-2.0
//! A transaction between its block and finality. A reorganization can take it out of the best chain, and the pools of
//! the nodes may not have it any more then.

use super::{
	open::Open,
	watch::{Fate, Heads, Lookup},
	State, REPLACE_AFTER,
};
use crate::{calls::Call, connection::Block, error::Error, BlockHash};
use pvs_primitives::BlockNumber;
use std::sync::Arc;
use tokio::sync::Mutex;

/// A height and the hash of a block there.
type At = (BlockNumber, BlockHash);

/// Looks after a transaction that a block has until that is final, or nothing can be done for it.
///
/// While no block has it, it is among those whose outcome is not known: whoever submits the same call again goes on
/// with it.
pub(super) async fn keep(
	lookup: Lookup,
	mut heads: Heads,
	state: Arc<Mutex<State>>,
	open: Open,
	at: At,
) {
	let nonce = open.nonce;
	let mut kept = Kept { open, at: Some(at), sent_at: None };
	loop {
		let best = heads.next().await;
		let was_in_a_block = kept.at.is_some();
		match kept.look(&lookup, best).await {
			Ok(Outlook::Over) => {
				state.lock().await.release(nonce);
				return;
			},
			Ok(Outlook::Open) => {
				heads.done_with(best);
				match (was_in_a_block, kept.at.is_some()) {
					(true, false) => state.lock().await.open.push(kept.open.clone()),
					(false, true) => state.lock().await.forget(kept.open.nonce),
					_ => {},
				}
			},
			// Another node may answer then.
			Err(error) => {
				tracing::debug!("{}: {error}", kept.open.call.name());
				heads.wait().await;
			},
		}
	}
}

/// Returns the transaction with a call among those that a block had, if the chain up to a block does not have it any more
/// and can have it again.
///
/// # Errors
///
/// The node fails.
pub(super) async fn retracted(
	chain: &impl Chain,
	kept: &[Open],
	call: &Call,
	best: Block,
) -> Result<Option<Open>, Error> {
	for open in kept {
		if open.call != *call || open.is_dead_at(best.number) {
			continue;
		}
		if matches!(chain.fate(open, best).await?, Fate::Open) {
			return Ok(Some(open.clone()));
		}
	}
	Ok(None)
}

/// Questions that are asked of the chain.
pub(super) trait Chain {
	/// Returns the hash of the best chain's block at a height.
	async fn hash_at(&self, number: BlockNumber) -> Result<BlockHash, Error>;
	/// Returns the height of the newest final block.
	async fn finalized(&self) -> Result<BlockNumber, Error>;
	/// Returns what the chain up to a block says of a transaction.
	async fn fate(&self, open: &Open, best: Block) -> Result<Fate, Error>;
	/// Hands a transaction to the nodes. Their pools may have it.
	async fn send(&self, encoded: &[u8]);
}

impl Chain for Lookup {
	async fn hash_at(&self, number: BlockNumber) -> Result<BlockHash, Error> {
		self.client.hash_at(number).await
	}

	async fn finalized(&self) -> Result<BlockNumber, Error> {
		Ok(self.client.finalized().await?.number)
	}

	async fn fate(&self, open: &Open, best: Block) -> Result<Fate, Error> {
		Lookup::fate(self, open, best).await
	}

	async fn send(&self, encoded: &[u8]) {
		if let Err(error) = self.client.nodes().submit(encoded).await {
			tracing::debug!("a transaction was not sent again: {error}");
		}
	}
}

/// A transaction that a block had.
struct Kept {
	open: Open,
	/// The block of the best chain that has it, as far as is known.
	at: Option<At>,
	/// The best block when it was last sent again, since no block has it.
	sent_at: Option<BlockNumber>,
}

/// Answer to whether there is more to do for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
	Open,
	/// Its block is final, it can be in no block any more, or another one took its nonce.
	Over,
}

impl Kept {
	/// Looks for the transaction when a block has become the best one.
	async fn look(&mut self, chain: &impl Chain, best: Block) -> Result<Outlook, Error> {
		if let Some((number, hash)) = self.at.filter(|(number, _)| *number <= best.number) {
			if chain.hash_at(number).await? == hash {
				let is_final = chain.finalized().await? >= number;
				return Ok(if is_final { Outlook::Over } else { Outlook::Open });
			}
		}
		match chain.fate(&self.open, best).await? {
			Fate::Found(place) => {
				self.at = Some((place.block.number, place.block.hash));
				self.sent_at = None;
			},
			Fate::NonceTaken => return Ok(Outlook::Over),
			Fate::Open if self.open.is_dead_at(best.number) => return Ok(Outlook::Over),
			Fate::Open => {
				if self.at.take().is_some() {
					let call = self.open.call.name();
					tracing::info!("{call}: the chain has left its block; it is sent again");
				}
				let waits = |sent: BlockNumber| best.number.saturating_sub(sent) < REPLACE_AFTER;
				if !self.sent_at.is_some_and(waits) {
					chain.send(&self.open.encoded).await;
					self.sent_at = Some(best.number);
				}
			},
		}
		Ok(Outlook::Open)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::submit::{open, watch::Place};
	use std::{cell::RefCell, collections::VecDeque};

	/// A best chain of one transaction's blocks, by what it says at each look.
	#[derive(Default)]
	struct Script {
		hash: BlockHash,
		finalized: BlockNumber,
		fates: RefCell<VecDeque<Fate>>,
		sent: RefCell<u32>,
	}

	impl Chain for Script {
		async fn hash_at(&self, _: BlockNumber) -> Result<BlockHash, Error> {
			Ok(self.hash)
		}

		async fn finalized(&self) -> Result<BlockNumber, Error> {
			Ok(self.finalized)
		}

		async fn fate(&self, _: &Open, _: Block) -> Result<Fate, Error> {
			Ok(self.fates.borrow_mut().pop_front().expect("a look that nobody expected"))
		}

		async fn send(&self, _: &[u8]) {
			*self.sent.borrow_mut() += 1;
		}
	}

	fn hash(byte: u8) -> BlockHash {
		BlockHash::repeat_byte(byte)
	}

	fn block(number: BlockNumber, byte: u8) -> Block {
		Block { hash: hash(byte), number, parent: hash(0) }
	}

	fn kept() -> Kept {
		Kept { open: open::tests::open(0, 90), at: Some((100, hash(1))), sent_at: None }
	}

	fn found(number: BlockNumber, byte: u8) -> Fate {
		Fate::Found(Place { block: block(number, byte), extrinsic: 0 })
	}

	#[tokio::test]
	async fn transaction_should_be_looked_after_until_its_block_is_final() {
		let mut kept = kept();
		let mut chain = Script { hash: hash(1), finalized: 99, ..Script::default() };
		assert_eq!(kept.look(&chain, block(101, 2)).await.unwrap(), Outlook::Open);
		chain.finalized = 100;
		assert_eq!(kept.look(&chain, block(102, 3)).await.unwrap(), Outlook::Over);
		assert_eq!(*chain.sent.borrow(), 0);
	}

	#[tokio::test]
	async fn transaction_should_be_sent_again_when_a_reorganization_takes_it_out() {
		let mut kept = kept();
		let chain = Script { hash: hash(9), ..Script::default() };
		chain.fates.borrow_mut().extend([Fate::Open, Fate::Open, Fate::Open, Fate::Open]);
		let mut sent = Vec::new();
		for number in 101..105 {
			assert_eq!(kept.look(&chain, block(number, 2)).await.unwrap(), Outlook::Open);
			sent.push(*chain.sent.borrow());
		}
		assert_eq!(sent, [1, 1, 1, 2], "at once, and then every third block");
		assert_eq!(kept.at, None);
	}

	#[tokio::test]
	async fn transaction_should_be_sent_again_when_the_best_chain_has_become_shorter() {
		let mut kept = kept();
		let chain = Script { hash: hash(1), finalized: 100, ..Script::default() };
		chain.fates.borrow_mut().push_back(Fate::Open);
		assert_eq!(kept.look(&chain, block(99, 2)).await.unwrap(), Outlook::Open);
		assert_eq!(*chain.sent.borrow(), 1);
	}

	#[tokio::test]
	async fn transaction_should_be_followed_to_the_block_that_has_it_now() {
		let mut kept = kept();
		let mut chain = Script { hash: hash(9), finalized: 100, ..Script::default() };
		chain.fates.borrow_mut().extend([Fate::Open, found(103, 5)]);
		for number in [102, 103] {
			assert_eq!(kept.look(&chain, block(number, 2)).await.unwrap(), Outlook::Open);
		}
		assert_eq!((kept.at, kept.sent_at), (Some((103, hash(5))), None));
		(chain.hash, chain.finalized) = (hash(5), 103);
		assert_eq!(kept.look(&chain, block(104, 3)).await.unwrap(), Outlook::Over);
		assert_eq!(*chain.sent.borrow(), 1);
	}

	#[tokio::test]
	async fn call_should_go_on_with_its_transaction_when_the_chain_has_left_its_block() {
		let sent = open::tests::open(0, 90);
		let (kept, call) = ([sent.clone()], sent.call.clone());
		let chain = Script::default();
		chain.fates.borrow_mut().extend([Fate::Open, found(101, 2), Fate::NonceTaken]);
		let best = block(102, 2);
		let again = retracted(&chain, &kept, &call, best).await.unwrap();
		assert_eq!(again.map(|open| open.nonce), Some(sent.nonce));
		for what in ["a block has it", "it can be in no block"] {
			assert!(retracted(&chain, &kept, &call, best).await.unwrap().is_none(), "{what}");
		}
		// These ask nothing.
		assert!(retracted(&chain, &kept, &call, block(155, 2)).await.unwrap().is_none());
		let other = Call::withdraw_unbonded();
		assert!(retracted(&chain, &kept, &other, best).await.unwrap().is_none());
	}

	#[tokio::test]
	async fn transaction_should_be_given_up_when_it_is_void_or_its_nonce_is_taken() {
		let chain = Script { hash: hash(9), ..Script::default() };
		chain.fates.borrow_mut().extend([Fate::NonceTaken, Fate::Open]);
		assert_eq!(kept().look(&chain, block(101, 2)).await.unwrap(), Outlook::Over);
		assert_eq!(kept().look(&chain, block(155, 2)).await.unwrap(), Outlook::Over);
		assert_eq!(*chain.sent.borrow(), 0);
	}
}
