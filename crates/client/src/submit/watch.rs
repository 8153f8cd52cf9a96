// SPDX-License-Identifier: Apache-2.0
//! Fate of a transaction on the way to a block.

use super::{
	error::SubmitError, finality, open::Open, Included, Submitter, LOOK_EVERY, REPLACE_AFTER,
	RISES, SEARCH_DEPTH,
};
use crate::{
	call_error::CallError, calls::Call, connection::Block, error::Error, nodes::Nodes,
	view::Applied, BlockHash, Client,
};
use pvs_primitives::{hash::blake2_256, BlockNumber, Bytes32};
use std::sync::{Arc, PoisonError};
use tokio::sync::watch::Receiver;

/// Place where a transaction was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
	pub(super) block: Block,
	pub(super) extrinsic: u32,
}

/// Answer of the best chain about a transaction.
pub(super) enum Fate {
	/// No block has it.
	Open,
	Found(Place),
	/// Another transaction of the account has its nonce.
	NonceTaken,
}

/// Finder of an account's transactions on the chain.
pub(super) struct Lookup {
	pub(super) client: Client,
	account: Bytes32,
}

impl Lookup {
	/// Returns what the chain up to a block says of a transaction.
	pub(super) async fn fate(&self, open: &Open, best: Block) -> Result<Fate, Error> {
		if self.nonce_at(best.hash).await? <= open.nonce {
			return Ok(Fate::Open);
		}
		let lowest = open.first_sent.saturating_sub(SEARCH_DEPTH);
		let mut block = best;
		loop {
			let body = self.client.body(block.hash).await?;
			let found =
				body.iter().position(|extrinsic| open.hashes.contains(&blake2_256(&[extrinsic])));
			if let Some(extrinsic) = found.and_then(|found| u32::try_from(found).ok()) {
				return Ok(Fate::Found(Place { block, extrinsic }));
			}
			if block.number <= lowest {
				return Ok(Fate::NonceTaken);
			}
			block = self.client.block(block.parent).await?;
		}
	}

	/// The account's next nonce after a block.
	async fn nonce_at(&self, block: BlockHash) -> Result<u64, Error> {
		const METHOD: &str = "AccountNonceApi_account_nonce";
		let answer = self.client.rpc().state_call(METHOD, Some(&self.account), Some(block)).await;
		let answer = answer.map_err(|error| self.client.failed(error))?;
		let nonce: u32 = codec::Decode::decode(&mut &answer[..])
			.map_err(|source| Error::Decode { method: METHOD, source })?;
		Ok(nonce.into())
	}
}

/// Best blocks, one after the other. What lies between two looks is passed over.
pub(super) struct Heads {
	nodes: Arc<Nodes>,
	changes: Receiver<u64>,
	done: Option<BlockHash>,
}

impl Heads {
	fn new(client: &Client) -> Self {
		let nodes = client.nodes().clone();
		Self { changes: nodes.changes(), nodes, done: None }
	}

	/// Returns the best block, once that is another one than the one that was done with.
	pub(super) async fn next(&mut self) -> Block {
		loop {
			self.changes.borrow_and_update();
			let head = self.nodes.report().head;
			if let Some(best) = head.filter(|head| self.done != Some(head.hash)) {
				return best;
			}
			self.wait().await;
		}
	}

	pub(super) fn done_with(&mut self, block: Block) {
		self.done = Some(block.hash);
	}

	/// Waits until something is new about the nodes, for a moment at most.
	pub(super) async fn wait(&mut self) {
		tokio::select! {
			_ = self.changes.changed() => {},
			() = tokio::time::sleep(LOOK_EVERY) => {},
		}
	}
}

impl Submitter {
	/// Waits until a best block has the transaction, and sends it again while none does.
	pub(super) async fn watch(&self, open: &mut Open) -> Result<Included, SubmitError> {
		let lookup = self.lookup();
		let mut heads = Heads::new(&self.client);
		loop {
			let best = heads.next().await;
			// Nodes that fail are asked again: another one may answer then.
			match lookup.fate(open, best).await {
				Ok(Fate::Found(place)) => return self.included(&open.call, place).await,
				Ok(Fate::NonceTaken) => {
					let reason = "another transaction of this account took its nonce".into();
					return Err(SubmitError::Refused { call: open.call.name(), reason });
				},
				Ok(Fate::Open) => {
					heads.done_with(best);
					if best.number.saturating_sub(open.last_sent) >= REPLACE_AFTER {
						self.replace(open, best.number).await;
					}
				},
				Err(error) => {
					tracing::debug!("{}: {error}", open.call.name());
					heads.wait().await;
				},
			}
		}
	}

	pub(super) fn lookup(&self) -> Lookup {
		Lookup { client: self.client.clone(), account: self.account() }
	}

	/// Looks after a transaction that a block has until that is final.
	pub(super) fn keep(&self, open: Open, included: &Included) {
		let at = (included.number, included.block);
		let kept =
			finality::keep(self.lookup(), Heads::new(&self.client), self.state.clone(), open, at);
		let mut tasks = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
		while tasks.try_join_next().is_some() {}
		tasks.spawn(kept);
	}

	/// Sends a transaction again, with a higher tip until that is as high as the fee.
	async fn replace(&self, open: &mut Open, best: BlockNumber) {
		let replaced = async {
			let anchor = self.anchor().await?;
			if open.fee.is_none() {
				let signed = self.sign(&open.call, anchor, open.nonce, 0).await?;
				let fee = signed.partial_fee_estimate().await;
				open.fee = Some(fee.map_err(|error| self.client.failed(error))?);
			}
			if open.rises < RISES {
				let tip = open.next_tip(open.fee.unwrap_or(0));
				let signed = self.sign(&open.call, anchor, open.nonce, tip).await?;
				open.encoded = signed.into_encoded();
				// Before it is sent: a block can take it from there on.
				open.hashes.push(blake2_256(&[&open.encoded]));
				open.rises = open.rises.saturating_add(1);
			}
			let sent = self.client.nodes().submit(&open.encoded).await;
			sent.map_err(|error| self.client.failed(error))
		};
		let result: Result<(), Error> = replaced.await;
		open.last_sent = best;
		if let Err(error) = result {
			tracing::debug!("{} was not sent again: {error}", open.call.name());
		}
	}

	/// Reads what became of a transaction in the block that has it.
	async fn included(&self, call: &Call, place: Place) -> Result<Included, SubmitError> {
		let unknown =
			|reason: String| SubmitError::Unknown { call: call.name(), seconds: 0, reason };
		let view = self.client.at(place.block).await;
		let view = view.map_err(|error| unknown(error.to_string()))?;
		match view.events_of(place.extrinsic).await.map_err(|error| unknown(error.to_string()))? {
			Ok(Applied { events, fee }) => {
				Ok(Included { block: place.block.hash, number: place.block.number, events, fee })
			},
			Err(error) => Err(CallError::of(&error).of_call(call.name())),
		}
	}
}
