// SPDX-License-Identifier: Apache-2.0
//! The RPC inside the node. It is tested apart, since the program has no tests of its own.

#[path = "../src/local_rpc.rs"]
mod local_rpc;

use futures::StreamExt;
use jsonrpsee::{
	core::SubscriptionResult, types::ErrorObjectOwned, Methods, RpcModule, SubscriptionMessage,
};
use local_rpc::LocalRpc;
use pvs_client::rpcs::{
	client::{RpcParams, RpcSubscription},
	Error, RpcClient,
};
use std::{
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::sync::Notify;

/// After so long a test has failed.
const LIMIT: Duration = Duration::from_secs(10);
/// More messages than may wait.
const MANY: usize = 100_000;

/// Actions of the subscriptions of the test.
#[derive(Default)]
struct Seen {
	/// Messages that were taken without anybody reading them.
	buffered: AtomicUsize,
	/// That a subscription has been given up.
	ended: Notify,
}

/// Rights that the node grants to those inside it.
#[derive(Clone, Copy)]
struct Trusted;

type Answer<T> = Result<T, ErrorObjectOwned>;

fn module(seen: &Arc<Seen>) -> RpcModule<Seen> {
	let mut module = RpcModule::from_arc(seen.clone());
	module
		.register_method::<Answer<u32>, _>("sum", |params, _, _| {
			let (one, other) = params.parse::<(u32, u32)>()?;
			Ok(one + other)
		})
		.unwrap();
	module.register_method::<Answer<Option<u32>>, _>("nothing", |_, _, _| Ok(None)).unwrap();
	module
		.register_method::<Answer<u32>, _>("refuse", |_, _, _| {
			Err(ErrorObjectOwned::owned(4003, "State already discarded", Some("0x1")))
		})
		.unwrap();
	module
		.register_method::<Answer<bool>, _>("is_trusted", |_, _, extensions| {
			Ok(extensions.get::<Trusted>().is_some())
		})
		.unwrap();
	module
		.register_subscription("count", "counted", "uncount", |params, pending, _, _| async move {
			let to = match params.one::<u32>() {
				Ok(to) => to,
				Err(error) => {
					pending.reject(error).await;
					return SubscriptionResult::Ok(());
				},
			};
			let sink = pending.accept().await?;
			for number in 1..=to {
				if sink.send(SubscriptionMessage::from_json(&number)?).await.is_err() {
					break;
				}
			}
			Ok(())
		})
		.unwrap();
	module
		.register_subscription("flood", "flooded", "unflood", |_, pending, seen, _| async move {
			let mut sink = pending.accept().await?;
			let message = || SubscriptionMessage::from_json(&0);
			let mut buffered = 0;
			while buffered < MANY && sink.try_send(message()?).is_ok() {
				buffered += 1;
			}
			seen.buffered.store(buffered, Ordering::Relaxed);
			SubscriptionResult::Ok(())
		})
		.unwrap();
	module
		.register_subscription("wait", "waited", "unwait", |_, pending, seen, _| async move {
			pending.accept().await?.closed().await;
			seen.ended.notify_one();
			SubscriptionResult::Ok(())
		})
		.unwrap();
	module
}

fn client(methods: impl Into<Methods>) -> RpcClient {
	RpcClient::new(LocalRpc::new(methods.into()))
}

fn params(values: &[u32]) -> RpcParams {
	let mut params = RpcParams::new();
	for value in values {
		params.push(value).unwrap();
	}
	params
}

/// All that a subscription has to say.
async fn all(subscription: RpcSubscription<u32>) -> Vec<u32> {
	let numbers = subscription.map(Result::unwrap).collect::<Vec<_>>();
	tokio::time::timeout(LIMIT, numbers).await.unwrap()
}

#[tokio::test]
async fn call_should_be_answered_as_over_a_socket() {
	let client = client(module(&Arc::default()));
	assert_eq!(client.request::<u32>("sum", params(&[40, 2])).await.unwrap(), 42);
	let nothing = client.request::<Option<u32>>("nothing", RpcParams::new()).await;
	assert_eq!(nothing.unwrap(), None);
}

#[tokio::test]
async fn refusal_should_be_told_apart_from_a_failure() {
	let client = client(module(&Arc::default()));
	let refusal = match client.request::<u32>("refuse", RpcParams::new()).await {
		Err(Error::User(refusal)) => refusal,
		other => panic!("{other:?}"),
	};
	assert_eq!((refusal.code, refusal.message.as_str()), (4003, "State already discarded"));
	assert_eq!(refusal.data.unwrap().get(), "\"0x1\"");
	for (method, values) in [("unknown", &[][..]), ("sum", &[1][..])] {
		let error = client.request::<u32>(method, params(values)).await.unwrap_err();
		assert!(matches!(error, Error::User(_)), "{method}: {error}");
	}
}

#[tokio::test]
async fn caller_should_be_trusted_as_the_node_says() {
	for is_trusted in [false, true] {
		let mut module = module(&Arc::default());
		if is_trusted {
			module.extensions_mut().insert(Trusted);
		}
		let found = client(module).request::<bool>("is_trusted", RpcParams::new()).await;
		assert_eq!(found.unwrap(), is_trusted);
	}
}

#[tokio::test]
async fn subscription_should_tell_everything_and_end() {
	let client = client(module(&Arc::default()));
	let counts = client.subscribe("count", params(&[5]), "uncount").await.unwrap();
	assert_eq!(all(counts).await, [1, 2, 3, 4, 5]);
	let refused = client.subscribe::<u32>("count", RpcParams::new(), "uncount").await;
	assert!(matches!(refused.err(), Some(Error::User(_))));
}

#[tokio::test]
async fn messages_should_be_buffered_up_to_a_limit_when_nobody_reads_them() {
	let seen = Arc::default();
	let client = client(module(&seen));
	let flood = client.subscribe("flood", RpcParams::new(), "unflood").await.unwrap();
	let messages = all(flood).await.len();
	assert!((1..MANY).contains(&messages), "{messages}");
	assert_eq!(seen.buffered.load(Ordering::Relaxed), messages);
}

#[tokio::test]
async fn subscription_should_end_when_its_stream_is_dropped() {
	let seen = Arc::default();
	let client = client(module(&seen));
	let stream = client.subscribe::<u32>("wait", RpcParams::new(), "unwait").await.unwrap();
	drop(stream);
	tokio::time::timeout(LIMIT, seen.ended.notified()).await.unwrap();
}
