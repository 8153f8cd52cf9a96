// SPDX-License-Identifier: Apache-2.0
//! Signing, submitting and watching transactions.
//!
//! A transaction goes to all nodes, and best blocks are searched for it, so that it makes no difference which
//! node is in use when a block takes it. Its mortality counts from a block that is at most
//! [`MAX_ANCHOR_DEPTH`] below the best one: where finality stands still for longer than a transaction lives,
//! counting from the finalized head would have every transaction refused. One that no block takes is
//! replaced, with the same nonce and a higher tip, so that it has its effect once at most. Until the block that
//! has it is final, it is sent again if a reorganization takes it out of the best chain.

mod error;
mod finality;
mod items;
mod open;
mod watch;

pub use error::SubmitError;
pub use items::by_item;

use crate::{
	calls::Call, connection::Block, error::Error, events::PvsEvent, keys::Account, signer::Signer,
	BlockHash, ChainConfig, Client,
};
use error::{is_about_the_nonce, refusal};
use open::Open;
use pvs_primitives::{hash::blake2_256, Balance, BlockNumber, Bytes32};
use std::{
	sync::{Arc, Mutex as SyncMutex},
	time::Duration,
};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParamsBuilder,
	rpcs::Error as RpcError,
	tx::SubmittableTransaction,
	utils::{AccountId32, MultiSignature},
};
use tokio::{
	sync::Mutex,
	task::JoinSet,
	time::{timeout_at, Instant},
};

/// Blocks after which a transaction that no block took is void. A power of two. Short, because
/// nothing that a prover sends is of use after its window.
const MORTALITY_BLOCKS: u64 = 64;
/// Number of blocks that the block may be below the best one from which mortality counts. Half of what a
/// transaction lives, and deeper than any reorganization among blocks that are not final should go.
const MAX_ANCHOR_DEPTH: BlockNumber = 32;
/// Number of times that a transaction is signed again when the pool refused it for its nonce.
const ATTEMPTS: u32 = 3;
/// Pause before signing again.
const RETRY_PAUSE: Duration = Duration::from_millis(150);
/// Interval at which the nodes are looked at while no block comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Best blocks without a transaction after which it is sent again with a higher tip.
const REPLACE_AFTER: BlockNumber = 3;
/// Number of times that the tip rises: to an eighth of the transaction's fee, a quarter, a half, and all of it.
const RISES: u32 = 4;
/// Number of blocks below the one that was best when it was sent in which a transaction is searched for: a
/// reorganization can put it there.
const SEARCH_DEPTH: BlockNumber = 4;

type Signed = SubmittableTransaction<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;

/// A transaction that a best block took and that succeeded.
#[derive(Clone, Debug)]
pub struct Included {
	/// The block's hash.
	pub block: BlockHash,
	/// The block's height.
	pub number: BlockNumber,
	/// Events that the pallet reported about it.
	pub events: Vec<PvsEvent>,
	/// Cost without a tip, in planck, after what was given back; `None` if the chain does not tell.
	pub fee: Option<Balance>,
}

/// Signs and submits calls for one account. Calls may run at the same time; their nonces are handed
/// out one after the other.
#[derive(Clone)]
pub struct Submitter {
	client: Client,
	signer: Arc<dyn Signer>,
	state: Arc<Mutex<State>>,
	/// Looks after transactions whose blocks are not final. Ends with the last clone of this.
	kept: Arc<SyncMutex<JoinSet<()>>>,
}

#[derive(Default)]
struct State {
	/// The nonce after the newest submitted transaction, while the node's pool is known to have
	/// that transaction.
	next_nonce: Option<u64>,
	/// Transactions whose outcome is not known.
	open: Vec<Open>,
	/// Transactions that a block had when they were last looked at, and that are not final.
	kept: Vec<Open>,
}

impl State {
	/// Forgets the transaction with a nonce among those whose outcome is not known.
	fn forget(&mut self, nonce: u64) {
		self.open.retain(|open| open.nonce != nonce);
	}

	/// Forgets the transaction with a nonce among those that are not final.
	fn release(&mut self, nonce: u64) {
		self.kept.retain(|open| open.nonce != nonce);
	}
}

impl Submitter {
	/// A submitter for the account of a signer.
	pub fn new(client: Client, signer: Arc<dyn Signer>) -> Self {
		Self { client, signer, state: Arc::default(), kept: Arc::default() }
	}

	/// The signer's account.
	pub fn account(&self) -> Bytes32 {
		self.signer.account()
	}

	/// Submits a call and waits until a best block has it and it succeeded.
	///
	/// If the same call was submitted before and its outcome is not known, or a reorganization has taken it out of its
	/// block, that transaction is replaced instead of followed by another one. A refusal because of the nonce is answered by signing again.
	///
	/// # Errors
	///
	/// [`SubmitError::Unknown`] after `wait`: the transaction may still be included.
	pub async fn submit(&self, call: &Call, wait: Duration) -> Result<Included, SubmitError> {
		let mut attempt = 1;
		loop {
			match self.submit_once(call, wait).await {
				Err(SubmitError::Refused { reason, .. })
					if attempt < ATTEMPTS && is_about_the_nonce(&reason) =>
				{
					attempt += 1;
					tokio::time::sleep(RETRY_PAUSE).await;
				},
				result => return result,
			}
		}
	}

	async fn submit_once(&self, call: &Call, wait: Duration) -> Result<Included, SubmitError> {
		let mut open = self.send(call).await?;
		let until = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
		let outcome = timeout_at(until, self.watch(&mut open)).await;
		let outcome = outcome.unwrap_or_else(|_| {
			Err(SubmitError::Unknown {
				call: call.name(),
				seconds: wait.as_secs(),
				reason: "no block took it".into(),
			})
		});
		let mut state = self.state.lock().await;
		state.forget(open.nonce);
		if let Ok(included) = &outcome {
			state.kept.push(open.clone());
			self.keep(open.clone(), included);
		}
		if !matches!(outcome, Ok(_) | Err(SubmitError::Failed { .. })) {
			state.next_nonce = None;
		}
		if matches!(outcome, Err(SubmitError::Unknown { .. } | SubmitError::Chain(_))) {
			state.open.push(open);
		}
		outcome
	}

	/// Returns what a transaction with this call would cost, in planck.
	pub async fn fee(&self, call: &Call) -> Result<Balance, Error> {
		let anchor = self.anchor().await?;
		let nonce = self.pool_nonce().await?;
		let signed = self.sign(call, anchor, nonce, 0).await?;
		signed.partial_fee_estimate().await.map_err(|error| self.client.failed(error))
	}

	/// Signs the call with the next nonce and hands it to the nodes, or goes on with the transaction that has
	/// the same call already.
	async fn send(&self, call: &Call) -> Result<Open, SubmitError> {
		let mut state = self.state.lock().await;
		let head = self.client.best().await?;
		let best = head.number;
		state.open.retain(|open| !open.is_dead_at(best));
		if let Some(open) = state.open.iter().find(|open| open.call == *call) {
			return Ok(open.clone());
		}
		// Whoever sees a reorganization may ask for the call again before its keeper has seen it.
		if let Some(open) = finality::retracted(&self.lookup(), &state.kept, call, head).await? {
			return Ok(open);
		}
		let pool_nonce = self.pool_nonce().await?;
		let nonce = state.next_nonce.map_or(pool_nonce, |nonce| nonce.max(pool_nonce));
		let anchor = self.anchor().await?;
		let signed = self.sign(call, anchor, nonce, 0).await?;
		let encoded = signed.into_encoded();
		match self.client.nodes().submit(&encoded).await {
			Ok(()) => {
				state.next_nonce = Some(nonce.saturating_add(1));
				Ok(Open {
					call: call.clone(),
					nonce,
					hashes: vec![blake2_256(&[&encoded])],
					encoded,
					fee: None,
					rises: 0,
					first_sent: best,
					last_sent: best,
				})
			},
			Err(error) => {
				state.next_nonce = None;
				Err(self.refused(call, &error))
			},
		}
	}

	async fn pool_nonce(&self) -> Result<u64, Error> {
		let account = AccountId32(self.account());
		let nonce = self.client.rpc().system_account_next_index(&account).await;
		nonce.map_err(|error| self.client.failed(error))
	}

	/// The block that mortality counts from: the finalized one, unless that is too far below the best one.
	async fn anchor(&self) -> Result<Block, Error> {
		let finalized = self.client.finalized().await?;
		let lowest = self.client.best().await?.number.saturating_sub(MAX_ANCHOR_DEPTH);
		if finalized.number >= lowest {
			return Ok(finalized);
		}
		self.client.block(self.client.hash_at(lowest).await?).await
	}

	async fn sign(
		&self,
		call: &Call,
		anchor: Block,
		nonce: u64,
		tip: Balance,
	) -> Result<Signed, Error> {
		let params = DefaultExtrinsicParamsBuilder::<ChainConfig>::new()
			.mortal_from_unchecked(MORTALITY_BLOCKS, u64::from(anchor.number), anchor.hash)
			.nonce(nonce)
			.tip(tip)
			.build();
		let at = self
			.client
			.api()
			.at_block_hash_and_number(anchor.hash, u64::from(anchor.number))
			.await
			.map_err(|error| self.client.failed(error))?;
		let mut signable = at
			.tx()
			.create_signable_offline(call, params)
			.map_err(|error| self.client.failed(error))?;
		let payload = signable.signer_payload().map_err(|error| self.client.failed(error))?;
		let signature = MultiSignature::Sr25519(self.signer.sign(&payload)?);
		signable
			.sign_with_account_and_signature(&AccountId32(self.account()), &signature)
			.map_err(|error| self.client.failed(error))
	}

	fn refused(&self, call: &Call, error: &RpcError) -> SubmitError {
		if let Some(reason) = refusal(error) {
			return self.refusal_of(call, reason);
		}
		SubmitError::Unknown { call: call.name(), seconds: 0, reason: error.to_string() }
	}

	fn refusal_of(&self, call: &Call, reason: String) -> SubmitError {
		if reason.contains("Inability to pay") {
			let account = Account(self.account()).address();
			return SubmitError::CannotPay { call: call.name(), account };
		}
		SubmitError::Refused { call: call.name(), reason }
	}
}
