// SPDX-License-Identifier: Apache-2.0
//! A connection to a running sequencer.

use crate::{pool::Hash, rpc::types::hex};
use jsonrpsee::{
	core::{
		client::{ClientT, Error as RpcError},
		params::{BatchRequestBuilder, ObjectParams},
	},
	ws_client::{WsClient, WsClientBuilder},
};
use pvs_rollup::transfer::SignedTransfer;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Time to wait for a connection, and for an answer.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u32 = 4 * 1024 * 1024;

/// Reason why a sequencer gives no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum LinkError {
	/// The address is none.
	#[error("`{0}` is no WebSocket address; write ws://HOST:PORT")]
	BadUrl(String),
	/// Nobody answers there.
	#[error("no sequencer answers at {url} ({reason}); start one with `pvsctl sequencer serve`, or name it with --rpc")]
	Unreachable { url: String, reason: String },
	/// It answers with an error.
	#[error("the sequencer refused: {text} (code {code})")]
	Refused { code: i32, text: String },
	/// Its answer is another one than it should be.
	#[error("the answer to {method} is not what this program knows: {reason}")]
	Answer { method: &'static str, reason: String },
}

/// A connection to a sequencer's RPC.
#[derive(Debug)]
pub struct Link {
	url: String,
	client: WsClient,
}

impl Link {
	/// Connects.
	pub async fn connect(url: &str) -> Result<Self, LinkError> {
		if !(url.starts_with("ws://") || url.starts_with("wss://")) {
			return Err(LinkError::BadUrl(url.into()));
		}
		let client = WsClientBuilder::default()
			.connection_timeout(CONNECT_WAIT)
			.request_timeout(ANSWER_WAIT)
			.max_response_size(MAX_ANSWER_BYTES)
			.build(url)
			.await
			.map_err(|error| LinkError::Unreachable {
				url: url.into(),
				reason: error.to_string(),
			})?;
		Ok(Self { url: url.into(), client })
	}

	fn failed(&self, error: RpcError) -> LinkError {
		match error {
			RpcError::Call(error) => {
				LinkError::Refused { code: error.code(), text: error.message().into() }
			},
			error => LinkError::Unreachable { url: self.url.clone(), reason: error.to_string() },
		}
	}

	/// Calls a method with named parameters.
	pub async fn call<P: Serialize>(
		&self,
		method: &'static str,
		named: &[(&str, P)],
	) -> Result<Value, LinkError> {
		let mut params = ObjectParams::new();
		for (name, value) in named {
			params
				.insert(name, value)
				.map_err(|error| LinkError::Answer { method, reason: error.to_string() })?;
		}
		self.client.request(method, params).await.map_err(|error| self.failed(error))
	}

	/// Sends a transfer.
	pub async fn submit(&self, signed: &SignedTransfer) -> Result<(), LinkError> {
		let encoded = hex(signed.encode());
		self.call("rollup_submitTransfer", &[("transfer", encoded)]).await.map(|_| ())
	}

	/// The nonce that an account's next transfer should carry; `None` if nobody has the account.
	pub async fn next_nonce(&self, index: u32) -> Result<Option<u32>, LinkError> {
		let method = "rollup_account";
		let answer = self.call(method, &[("index", index)]).await?;
		if answer["tip"].is_null() {
			return Ok(None);
		}
		let nonce = answer["next_nonce"].as_u64().and_then(|nonce| u32::try_from(nonce).ok());
		nonce.map(Some).ok_or_else(|| LinkError::Answer { method, reason: answer.to_string() })
	}

	/// The lowest fees that the sequencer takes: of a transfer, and of one that opens an account.
	pub async fn least_fees(&self) -> Result<[u32; 2], LinkError> {
		let method = "rollup_info";
		let answer = self.call::<u8>(method, &[]).await?;
		let fee = |name: &str| {
			let fee = answer[name].as_u64().and_then(|fee| u32::try_from(fee).ok());
			fee.ok_or_else(|| LinkError::Answer { method, reason: format!("no `{name}`") })
		};
		Ok([fee("min_fee")?, fee("min_opening_fee")?])
	}

	/// Returns where transfers stand, at most as many as one batch request may ask for.
	pub async fn statuses(&self, hashes: &[Hash]) -> Result<Vec<Value>, LinkError> {
		let method = "rollup_transferStatus";
		let malformed = |reason: String| LinkError::Answer { method, reason };
		let mut batch = BatchRequestBuilder::new();
		for hash in hashes {
			batch.insert(method, [hex(hash)]).map_err(|error| malformed(error.to_string()))?;
		}
		let answers =
			self.client.batch_request::<Value>(batch).await.map_err(|error| self.failed(error))?;
		answers
			.into_iter()
			.map(|answer| {
				answer.map_err(|error| LinkError::Refused {
					code: error.code(),
					text: error.message().into(),
				})
			})
			.collect()
	}
}
