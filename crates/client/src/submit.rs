// SPDX-License-Identifier: Apache-2.0
//! Signing, submitting and watching transactions.
//!
//! A transaction goes to all nodes, and best blocks are searched for it, so that it makes no difference which
//! node is in use when a block takes it. Its mortality counts from a block that is at most
//! [`MAX_ANCHOR_DEPTH`] below the best one: where finality stands still for longer than a transaction lives,
//! counting from the finalized head would have every transaction refused. One that no block takes is
//! replaced, with the same nonce and a higher tip, so that it has its effect once at most.

use crate::{
	calls::Call, connection::Block, error::Error, events::PvsEvent, keys::Account,
	pallet_error::PalletError, signer::Signer, view::Applied, BlockHash, ChainConfig, Client,
	PALLET,
};
use pvs_primitives::{hash::blake2_256, Balance, BlockNumber, Bytes32};
use std::{sync::Arc, time::Duration};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParamsBuilder,
	error::DispatchError,
	rpcs::Error as RpcError,
	tx::SubmittableTransaction,
	utils::{AccountId32, MultiSignature},
};
use tokio::{
	sync::Mutex,
	time::{timeout_at, Instant},
};

/// Blocks after which a transaction that no block took is void. A power of two. Short, because
/// nothing that a prover sends is of use after its window.
const MORTALITY_BLOCKS: u64 = 64;
/// How far below the best block the block may be that mortality counts from. Half of what a transaction lives,
/// and deeper than any reorganization among blocks that are not final should go.
const MAX_ANCHOR_DEPTH: BlockNumber = 32;
/// How often a transaction is signed again when the pool refused it for its nonce.
const ATTEMPTS: u32 = 3;
/// Pause before signing again.
const RETRY_PAUSE: Duration = Duration::from_millis(150);
/// Interval at which the nodes are looked at while no block comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Best blocks without a transaction after which it is sent again with a higher tip.
const REPLACE_AFTER: BlockNumber = 3;
/// Number of times that the tip rises: to an eighth of the transaction's fee, a quarter, a half, and all of it.
const RISES: u32 = 4;
/// How far below the block that was best when it was sent a transaction is searched for: a reorganization can
/// put it there.
const SEARCH_DEPTH: BlockNumber = 4;

type Signed = SubmittableTransaction<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;

/// A transaction that a best block took and that succeeded.
#[derive(Clone, Debug)]
pub struct Included {
	/// The block's hash.
	pub block: BlockHash,
	/// The block's height.
	pub number: BlockNumber,
	/// What the pallet reported about it.
	pub events: Vec<PvsEvent>,
	/// What it cost without a tip, in planck, after what was given back; `None` if the chain does not tell.
	pub fee: Option<Balance>,
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
		/// The error, if it is one of the market's pallet.
		error: Option<PalletError>,
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
	/// Returns the error of the market's pallet with which the call failed; `None` if that is not how it
	/// ended.
	pub fn pallet_error(&self) -> Option<PalletError> {
		match self {
			Self::Failed { error, .. } => *error,
			_ => None,
		}
	}
}

/// Signs and submits calls for one account. Calls may run at the same time; their nonces are handed
/// out one after the other.
#[derive(Clone)]
pub struct Submitter {
	client: Client,
	signer: Arc<dyn Signer>,
	state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
	/// The nonce after the newest submitted transaction, while the node's pool is known to have
	/// that transaction.
	next_nonce: Option<u64>,
	/// Transactions whose outcome is not known.
	open: Vec<Open>,
}

/// A transaction on its way. All that were signed for it have the same call and nonce, so that a block can take
/// one of them only.
#[derive(Clone, Debug)]
struct Open {
	call: Call,
	nonce: u64,
	/// The hashes of what was signed.
	hashes: Vec<Bytes32>,
	/// What was signed last.
	encoded: Vec<u8>,
	/// What it costs without a tip, in planck, once that was asked.
	fee: Option<Balance>,
	/// Number of times that its tip has risen.
	rises: u32,
	/// The best block when it was first sent, and when it was last sent.
	first_sent: BlockNumber,
	last_sent: BlockNumber,
}

impl Open {
	/// The tip after one more rise, in planck.
	fn next_tip(&self, fee: Balance) -> Balance {
		let halvings = RISES.saturating_sub(self.rises.saturating_add(1));
		fee.checked_shr(halvings).unwrap_or(0).max(1)
	}

	/// Returns whether all that was signed for it is void at a block.
	fn is_dead_at(&self, best: BlockNumber) -> bool {
		u64::from(best.saturating_sub(self.last_sent)) > MORTALITY_BLOCKS
	}
}

/// Where a transaction was found.
#[derive(Clone, Copy, Debug)]
struct Place {
	block: Block,
	extrinsic: u32,
}

/// What the best chain says of a transaction.
enum Fate {
	/// No block has it.
	Open,
	Found(Place),
	/// Another transaction of the account has its nonce.
	NonceTaken,
}

impl Submitter {
	/// A submitter for the account of a signer.
	pub fn new(client: Client, signer: Arc<dyn Signer>) -> Self {
		Self { client, signer, state: Arc::default() }
	}

	/// The signer's account.
	pub fn account(&self) -> Bytes32 {
		self.signer.account()
	}

	/// Submits a call and waits until a best block has it and it succeeded.
	///
	/// If the same call was submitted before and its outcome is not known, that transaction is replaced instead of
	/// followed by another one. A refusal because of the nonce is answered by signing again.
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
		state.open.retain(|other| other.nonce != open.nonce);
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
		let best = self.client.best().await?.number;
		state.open.retain(|open| !open.is_dead_at(best));
		if let Some(open) = state.open.iter().find(|open| open.call == *call) {
			return Ok(open.clone());
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

	/// Waits until a best block has the transaction, and sends it again while none does.
	async fn watch(&self, open: &mut Open) -> Result<Included, SubmitError> {
		let mut changes = self.client.nodes().changes();
		let mut looked_at = None;
		loop {
			changes.borrow_and_update();
			let head = self.client.nodes().report().head;
			if let Some(best) = head.filter(|head| looked_at != Some(head.hash)) {
				// Nodes that fail are asked again: another one may answer then.
				match self.fate(open, best).await {
					Ok(Fate::Found(place)) => return self.included(&open.call, place).await,
					Ok(Fate::NonceTaken) => {
						let reason = "another transaction of this account took its nonce".into();
						return Err(SubmitError::Refused { call: open.call.name(), reason });
					},
					Ok(Fate::Open) => {
						looked_at = Some(best.hash);
						if best.number.saturating_sub(open.last_sent) >= REPLACE_AFTER {
							self.replace(open, best.number).await;
						}
					},
					Err(error) => tracing::debug!("{}: {error}", open.call.name()),
				}
			}
			tokio::select! {
				_ = changes.changed() => {},
				() = tokio::time::sleep(LOOK_EVERY) => {},
			}
		}
	}

	/// Returns what the chain up to a block says of a transaction.
	async fn fate(&self, open: &Open, best: Block) -> Result<Fate, Error> {
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
		let answer = self.client.rpc().state_call(METHOD, Some(&self.account()), Some(block)).await;
		let answer = answer.map_err(|error| self.client.failed(error))?;
		let nonce: u32 = codec::Decode::decode(&mut &answer[..])
			.map_err(|source| Error::Decode { method: METHOD, source })?;
		Ok(nonce.into())
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
			Err(error) => Err(explain(call.name(), &error)),
		}
	}
}

/// The node's own words if it refused a transaction; `None` if the request itself failed.
fn refusal(error: &RpcError) -> Option<String> {
	let RpcError::User(user) = error else { return None };
	let data = user.data.as_ref().map(|data| data.get().trim_matches('"'));
	Some(match data {
		Some(data) => format!("{}: {data}", user.message),
		None => user.message.clone(),
	})
}

/// Whether signing again with a fresh nonce can help.
fn is_about_the_nonce(reason: &str) -> bool {
	const SIGNS: [&str; 5] =
		["outdated", "Priority is too low", "nonce", "Already Imported", "usurped"];
	SIGNS.iter().any(|sign| reason.contains(sign))
}

/// Returns the error of a call that a block took: the name of the dispatch error, and what the chain's
/// metadata says about it.
fn explain(call: &'static str, dispatched: &DispatchError) -> SubmitError {
	let (error, name, explanation) = match dispatched {
		DispatchError::Module(module) => match module.details() {
			Ok(details) => {
				let (pallet, variant) = (details.pallet.name(), &details.variant.name);
				let docs = details.variant.docs.join(" ");
				let error = PalletError::from_name(variant).filter(|_| pallet == PALLET);
				(error, format!("{pallet}::{variant}"), docs.trim().to_owned())
			},
			Err(error) => (None, module.details_string(), error.to_string()),
		},
		other => (None, "a dispatch error".into(), other.to_string()),
	};
	SubmitError::Failed { call, error, name, explanation }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::connection::our_metadata;

	#[test]
	fn transaction_should_be_signed_again_only_when_its_nonce_was_the_reason() {
		assert!(is_about_the_nonce("Invalid Transaction: Transaction is outdated"));
		assert!(is_about_the_nonce("Priority is too low: (1 vs 1)"));
		assert!(!is_about_the_nonce("Invalid Transaction: Inability to pay some fees"));
		assert!(!is_about_the_nonce("Invalid Transaction: Transaction has a bad signature"));
	}

	fn open(rises: u32, last_sent: BlockNumber) -> Open {
		Open {
			call: Call::accept_place(pvs_primitives::api::BatchId { rollup: 0, index: 0 }, 1),
			nonce: 5,
			hashes: Vec::new(),
			encoded: Vec::new(),
			fee: None,
			rises,
			first_sent: last_sent,
			last_sent,
		}
	}

	#[test]
	fn tip_should_rise_to_the_fee_and_no_further() {
		let tips = [0, 1, 2, 3].map(|rises| open(rises, 0).next_tip(800));
		assert_eq!(tips, [100, 200, 400, 800]);
		assert_eq!(open(RISES, 0).next_tip(800), 800);
		assert_eq!(open(0, 0).next_tip(0), 1, "a tip of nothing would not replace anything");
	}

	#[test]
	fn transaction_should_be_dead_when_its_mortality_is_over() {
		assert!(!open(0, 100).is_dead_at(164));
		assert!(open(0, 100).is_dead_at(165));
		assert!(!open(0, 100).is_dead_at(90));
	}

	/// The error with which a call fails, as a chain with our metadata tells it.
	fn failed(pallet: &str, name: &str) -> SubmitError {
		/// Index of `Module` in a dispatch error.
		const MODULE: u8 = 3;
		let metadata = our_metadata().unwrap();
		let pallet = metadata.pallet_by_name(pallet).unwrap();
		let variants = pallet.error_variants().unwrap();
		let index = variants.iter().find(|error| error.name == name).unwrap().index;
		let bytes = vec![MODULE, pallet.error_index(), index, 0, 0, 0];
		let error = DispatchError::decode_from(bytes, our_metadata().unwrap().arc()).unwrap();
		explain("place_bid", &error)
	}

	#[test]
	fn error_of_the_pallet_should_be_told_with_its_documentation() {
		let metadata = our_metadata().unwrap();
		let variants = metadata.pallet_by_name(PALLET).unwrap().error_variants().unwrap();
		for variant in variants {
			let error = failed(PALLET, &variant.name);
			assert!(error.pallet_error().is_some(), "{error}");
			let start = format!("place_bid failed with Pvs::{}: ", variant.name);
			assert!(error.to_string().len() > start.len(), "{error}");
			assert!(error.to_string().starts_with(&start), "{error}");
		}
		assert_eq!(failed(PALLET, "AlreadyBid").pallet_error(), Some(PalletError::AlreadyBid));
	}

	#[test]
	fn error_of_another_pallet_should_not_be_taken_for_ours_when_it_has_the_same_name() {
		let name = "InsufficientBalance";
		let ours = failed(PALLET, name).pallet_error();
		assert_eq!(ours, Some(PalletError::InsufficientBalance));
		assert_eq!(failed("Balances", name).pallet_error(), None);
		let other = explain("place_bid", &DispatchError::BadOrigin);
		assert_eq!(other.pallet_error(), None);
		assert_eq!(other.to_string(), "place_bid failed with a dispatch error: Bad origin.");
	}
}
