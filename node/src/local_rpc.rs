// SPDX-License-Identifier: Apache-2.0
//! The node's RPC for the services inside it: calls of functions, without a socket and its limits.
//!
//! It does what the node may do, unsafe methods included, whatever `--rpc-methods` says: that is for others.

use futures::stream;
use jsonrpsee::{core::traits::ToRpcParams, Methods, MethodsError};
use pvs_client::rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RawValue},
	Error, RpcClientT, UserError,
};

/// Messages of a subscription that may wait to be taken in. The node ends a subscription of which more do.
const BUFFER: usize = 1_024;

/// The node's RPC. Whoever holds it keeps the database open.
pub(crate) struct LocalRpc {
	methods: Methods,
}

impl LocalRpc {
	/// The RPC with these methods.
	pub(crate) fn new(methods: Methods) -> Self {
		Self { methods }
	}
}

impl RpcClientT for LocalRpc {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		Box::pin(async move {
			let answer = self.methods.call::<_, Box<RawValue>>(method, Params(params)).await;
			answer.map_err(as_told)
		})
	}

	/// The subscription ends when its stream is dropped.
	fn subscribe_raw<'a>(
		&'a self,
		subscribe: &'a str,
		params: Option<Box<RawValue>>,
		_unsubscribe: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(async move {
			let subscription = self.methods.subscribe(subscribe, Params(params), BUFFER).await;
			let subscription = subscription.map_err(as_told)?;
			let stream = stream::unfold(subscription, |mut subscription| async move {
				let message = subscription.next::<Box<RawValue>>().await?;
				Some((message.map(|(value, _)| value).map_err(as_told), subscription))
			});
			Ok(RawRpcSubscription { stream: Box::pin(stream), id: None })
		})
	}
}

/// Parameters that are JSON already.
struct Params(Option<Box<RawValue>>);

impl ToRpcParams for Params {
	fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
		Ok(self.0)
	}
}

/// An error as a client over a socket would be told it.
fn as_told(error: MethodsError) -> Error {
	match error {
		MethodsError::JsonRpc(error) => Error::User(UserError {
			code: error.code(),
			message: error.message().into(),
			data: error.data().map(ToOwned::to_owned),
		}),
		other => Error::Client(Box::new(other)),
	}
}
