// SPDX-License-Identifier: Apache-2.0
//! Signing, submitting and watching transactions.

use crate::{
	calls::Call, connection::Block, error::Error, events, events::PvsEvent, keys::Account,
	BlockHash, ChainConfig, Client,
};
use pvs_primitives::{Balance, BlockNumber, Bytes32};
use std::{sync::Arc, time::Duration};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParamsBuilder,
	error::{DispatchError, ExtrinsicError, TransactionEventsError},
	tx::{SubmittableTransaction, TransactionInBlock, TransactionProgress, TransactionStatus},
};
use subxt_signer::sr25519::Keypair;
use tokio::sync::Mutex;

/// Blocks after which a transaction that no block took is void. A power of two. Short, because
/// nothing that a prover sends is of use after its window.
const MORTALITY_BLOCKS: u64 = 64;
/// How often a transaction is signed again when the pool refused it for its nonce.
const ATTEMPTS: u32 = 3;
/// Pause before signing again.
const RETRY_PAUSE: Duration = Duration::from_millis(150);

type Progress = TransactionProgress<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;
type Signed = SubmittableTransaction<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;
type InBlock = TransactionInBlock<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;

/// A transaction that a best block took and that succeeded.
#[derive(Clone, Debug)]
pub struct Included {
	/// The block's hash.
	pub block: BlockHash,
	/// The block's height.
	pub number: BlockNumber,
	/// What the pallet reported about it.
	pub events: Vec<PvsEvent>,
}

/// A transaction that did not succeed, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
	/// The account cannot pay for the transaction.
	#[error("{call}: account {account} cannot pay the transaction fee; send it some tokens")]
	CannotPay {
		/// The call.
		call: &'static str,
		/// The SS58 address of the signer.
		account: String,
	},
	/// The pool refused it, so it has no effect.
	#[error("{call}: the node refused the transaction: {reason}")]
	Refused {
		/// The call.
		call: &'static str,
		/// What the node says.
		reason: String,
	},
	/// A block took it, and the call failed.
	#[error("{call} failed with {name}: {explanation}")]
	Failed {
		/// The call.
		call: &'static str,
		/// The pallet and the name of its error.
		name: String,
		/// The error's documentation in the chain's metadata.
		explanation: String,
	},
	/// Nobody knows yet whether it will have an effect: ask the chain before acting on it.
	#[error("{call}: not in a block after {seconds} s ({reason}); its outcome is unknown")]
	Unknown {
		/// The call.
		call: &'static str,
		/// How long was waited.
		seconds: u64,
		/// Why nothing more is known.
		reason: String,
	},
	/// The transaction could not be built or sent.
	#[error(transparent)]
	Chain(#[from] Error),
}

impl SubmitError {
	/// Whether the call failed with this error of the pallet.
	pub fn is_pallet_error(&self, error_name: &str) -> bool {
		matches!(self, Self::Failed { name, .. } if *name == format!("{}::{error_name}", crate::PALLET))
	}
}

/// Signs and submits calls with one key. Calls may run at the same time; their nonces are handed
/// out one after the other.
#[derive(Clone)]
pub struct Submitter {
	client: Client,
	key: Keypair,
	/// The nonce after the newest submitted transaction, while the node's pool is known to have
	/// that transaction.
	next_nonce: Arc<Mutex<Option<u64>>>,
}

impl Submitter {
	/// A submitter for a key.
	pub fn new(client: Client, key: Keypair) -> Self {
		Self { client, key, next_nonce: Arc::default() }
	}

	/// The signer's account.
	pub fn account(&self) -> Bytes32 {
		self.key.public_key().0
	}

	/// Submits a call and waits until a best block has it and it succeeded.
	///
	/// Mortality counts from the finalised head, so that no reorganisation voids the signature. A
	/// refusal because of the nonce is answered by signing again.
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
		let mut progress = self.send(call).await?;
		let outcome = tokio::time::timeout(wait, self.watch(call, &mut progress)).await;
		let outcome = outcome.unwrap_or_else(|_| {
			Err(SubmitError::Unknown {
				call: call.name(),
				seconds: wait.as_secs(),
				reason: "no block took it".into(),
			})
		});
		if !matches!(outcome, Ok(_) | Err(SubmitError::Failed { .. })) {
			*self.next_nonce.lock().await = None;
		}
		outcome
	}

	/// What a transaction with this call would cost at the finalised head, in planck.
	pub async fn fee(&self, call: &Call) -> Result<Balance, Error> {
		let anchor = self.client.finalized().await?;
		let nonce = self.pool_nonce().await?;
		let signed = self.sign(call, anchor, nonce).await?;
		signed.partial_fee_estimate().await.map_err(|error| self.client.failed(error))
	}

	/// Signs the call with the next nonce and hands it to the node.
	async fn send(&self, call: &Call) -> Result<Progress, SubmitError> {
		let mut next_nonce = self.next_nonce.lock().await;
		let pool_nonce = self.pool_nonce().await?;
		let nonce = next_nonce.map_or(pool_nonce, |nonce| nonce.max(pool_nonce));
		let anchor = self.client.finalized().await?;
		let signed = self.sign(call, anchor, nonce).await?;
		match signed.submit_and_watch().await {
			Ok(progress) => {
				*next_nonce = Some(nonce.saturating_add(1));
				Ok(progress)
			},
			Err(error) => {
				*next_nonce = None;
				Err(self.refused(call, error))
			},
		}
	}

	async fn pool_nonce(&self) -> Result<u64, Error> {
		let account = self.key.public_key().to_account_id();
		let nonce = self.client.rpc().system_account_next_index(&account).await;
		nonce.map_err(|error| self.client.failed(error))
	}

	async fn sign(&self, call: &Call, anchor: Block, nonce: u64) -> Result<Signed, Error> {
		let params = DefaultExtrinsicParamsBuilder::<ChainConfig>::new()
			.mortal_from_unchecked(MORTALITY_BLOCKS, u64::from(anchor.number), anchor.hash)
			.nonce(nonce)
			.build();
		let at = self
			.client
			.api()
			.at_block_hash_and_number(anchor.hash, u64::from(anchor.number))
			.await
			.map_err(|error| self.client.failed(error))?;
		at.tx()
			.create_signable_offline(call, params)
			.and_then(|mut signable| signable.sign(&self.key))
			.map_err(|error| self.client.failed(error))
	}

	fn refused(&self, call: &Call, error: ExtrinsicError) -> SubmitError {
		let ExtrinsicError::ErrorSubmittingTransaction(backend) = &error else {
			return self.client.failed(error).into();
		};
		if let Some(reason) = refusal(backend) {
			return self.refusal_of(call, reason);
		}
		SubmitError::Unknown { call: call.name(), seconds: 0, reason: backend.to_string() }
	}

	fn refusal_of(&self, call: &Call, reason: String) -> SubmitError {
		if reason.contains("Inability to pay") {
			let account = Account(self.account()).address();
			return SubmitError::CannotPay { call: call.name(), account };
		}
		SubmitError::Refused { call: call.name(), reason }
	}

	async fn watch(&self, call: &Call, progress: &mut Progress) -> Result<Included, SubmitError> {
		let unknown =
			|reason: String| SubmitError::Unknown { call: call.name(), seconds: 0, reason };
		while let Some(status) = progress.next().await {
			match status.map_err(|error| unknown(error.to_string()))? {
				TransactionStatus::InBestBlock(block)
				| TransactionStatus::InFinalizedBlock(block) => {
					return self.included(call, block).await;
				},
				TransactionStatus::Invalid { message } => {
					return Err(self.refusal_of(call, message));
				},
				TransactionStatus::Error { message } | TransactionStatus::Dropped { message } => {
					return Err(unknown(message));
				},
				TransactionStatus::Validated
				| TransactionStatus::Broadcasted
				| TransactionStatus::NoLongerInBestBlock => {},
			}
		}
		Err(unknown("the node closed the subscription".into()))
	}

	async fn included(&self, call: &Call, block: InBlock) -> Result<Included, SubmitError> {
		let unknown =
			|reason: String| SubmitError::Unknown { call: call.name(), seconds: 0, reason };
		let all = match block.wait_for_success().await {
			Ok(all) => all,
			Err(TransactionEventsError::ExtrinsicFailed(error)) => {
				let (name, explanation) = explain(&error);
				return Err(SubmitError::Failed { call: call.name(), name, explanation });
			},
			Err(error) => return Err(unknown(error.to_string())),
		};
		let events = events::of_pallet(all.iter()).map_err(|error| unknown(error.to_string()))?;
		let block = self.client.block(block.block_hash()).await?;
		Ok(Included { block: block.hash, number: block.number, events })
	}
}

/// The node's own words if it refused a transaction; `None` if the request itself failed.
fn refusal(error: &subxt::error::BackendError) -> Option<String> {
	use subxt::{
		error::{BackendError, RpcError},
		rpcs,
	};
	match error {
		BackendError::Rpc(RpcError::ClientError(rpcs::Error::User(user))) => {
			let data = user.data.as_ref().map(|data| data.get().trim_matches('"'));
			Some(match data {
				Some(data) => format!("{}: {data}", user.message),
				None => user.message.clone(),
			})
		},
		_ => None,
	}
}

/// Whether signing again with a fresh nonce can help.
fn is_about_the_nonce(reason: &str) -> bool {
	const SIGNS: [&str; 5] =
		["outdated", "Priority is too low", "nonce", "Already Imported", "usurped"];
	SIGNS.iter().any(|sign| reason.contains(sign))
}

/// The name of a dispatch error and what the chain's metadata says about it.
fn explain(error: &DispatchError) -> (String, String) {
	let DispatchError::Module(module) = error else {
		return ("a dispatch error".into(), error.to_string());
	};
	match module.details() {
		Ok(details) => {
			let docs = details.variant.docs.join(" ");
			(format!("{}::{}", details.pallet.name(), details.variant.name), docs.trim().into())
		},
		Err(error) => (module.details_string(), error.to_string()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn transaction_should_be_signed_again_only_when_its_nonce_was_the_reason() {
		assert!(is_about_the_nonce("Invalid Transaction: Transaction is outdated"));
		assert!(is_about_the_nonce("Priority is too low: (1 vs 1)"));
		assert!(!is_about_the_nonce("Invalid Transaction: Inability to pay some fees"));
		assert!(!is_about_the_nonce("Invalid Transaction: Transaction has a bad signature"));
	}

	#[test]
	fn pallet_error_should_be_told_by_its_full_name() {
		let error = SubmitError::Failed {
			call: "place_bid",
			name: "Pvs::AlreadyBid".into(),
			explanation: String::new(),
		};
		assert!(error.is_pallet_error("AlreadyBid"));
		assert!(!error.is_pallet_error("Already"));
	}
}
