// SPDX-License-Identifier: Apache-2.0
//! The nodes of a chain, against servers that misbehave.

use super::*;
use crate::{
	connection::OUR_METADATA,
	follow::{Follower, Notice, Step},
	ChainConfig, Client,
};
use codec::Encode;
use futures::{stream, StreamExt};
use jsonrpsee::{
	core::SubscriptionResult,
	server::{Server, ServerHandle},
	types::ErrorObjectOwned,
	RpcModule, SubscriptionMessage,
};
use pvs_primitives::{
	api::{Page, RoundInfo},
	hash::blake2_256,
	BatchIndex, Bytes32,
};
use serde_json::{json, Value};
use std::{
	net::SocketAddr,
	sync::atomic::{AtomicBool, AtomicU32, AtomicUsize},
};
use tokio::sync::Notify;

const GENESIS: [u8; 32] = [7; 32];
const SLOT: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(10);
/// The block whose header says that the code has changed.
const UPGRADE: u32 = 30;

/// Behavior of a node.
struct Behavior {
	genesis: [u8; 32],
	/// Its best block.
	head: watch::Sender<u32>,
	/// True if it answers nothing any more.
	is_frozen: AtomicBool,
	/// The error that it answers to a call of `state_call`.
	error: Option<&'static str>,
	/// Calls of `state_call`, and transactions that it was given.
	asked: AtomicUsize,
	transactions: AtomicUsize,
}

/// A node that shows blocks and answers as it is told to.
struct Node {
	address: SocketAddr,
	behavior: Arc<Behavior>,
	_server: ServerHandle,
}

impl Node {
	async fn start(head: u32) -> Self {
		Self::with(head, GENESIS, None, "127.0.0.1:0").await
	}

	async fn with(
		head: u32,
		genesis: [u8; 32],
		error: Option<&'static str>,
		address: &str,
	) -> Self {
		let behavior = Arc::new(Behavior {
			genesis,
			head: watch::channel(head).0,
			is_frozen: AtomicBool::new(false),
			error,
			asked: AtomicUsize::new(0),
			transactions: AtomicUsize::new(0),
		});
		let server = Server::builder().build(address).await.unwrap();
		let address = server.local_addr().unwrap();
		let module = module(behavior.clone());
		Self { address, behavior, _server: server.start(module) }
	}

	fn url(&self) -> String {
		format!("ws://{}", self.address)
	}

	fn freeze(&self) {
		self.behavior.is_frozen.store(true, Ordering::Relaxed);
	}

	fn show(&self, head: u32) {
		self.behavior.head.send_replace(head);
	}

	fn asked(&self) -> usize {
		self.behavior.asked.load(Ordering::Relaxed)
	}
}

impl Behavior {
	async fn answer<T>(&self, answer: T) -> T {
		while self.is_frozen.load(Ordering::Relaxed) {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		answer
	}
}

fn hex_of(bytes: [u8; 32]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// The header of a block of the chain that all nodes show.
fn header(number: u32) -> Value {
	let zero = hex_of([0; 32]);
	let header = |number: u32, parent: &str| {
		let logs = if number == UPGRADE { json!(["0x08"]) } else { json!([]) };
		json!({
			"parentHash": parent,
			"number": format!("{number:#x}"),
			"stateRoot": zero,
			"extrinsicsRoot": zero,
			"digest": { "logs": logs },
		})
	};
	(1..=number).fold(header(0, &zero), |parent, number| header(number, &hash_of(parent)))
}

fn hash_of(header: Value) -> String {
	let header: <ChainConfig as subxt::Config>::Header = serde_json::from_value(header).unwrap();
	hex_of(blake2_256(&[&header.encode()]))
}

/// Returns what the runtime answers, as hex digits.
fn runtime_answer(method: &str) -> String {
	let answer = match method {
		"Core_version" => {
			let apis = Vec::<([u8; 8], u32)>::new();
			("pvs", "pvs", 1_u32, 9_u32, 1_u32, apis, 1_u32).encode()
		},
		"Metadata_metadata_versions" => vec![15_u32].encode(),
		"Metadata_metadata_at_version" => Some(OUR_METADATA).encode(),
		"PvsApi_open_rounds" => {
			Page::<RoundInfo<Bytes32>, BatchIndex> { items: Vec::new(), next: None }.encode()
		},
		_ => vec![0x2a],
	};
	format!("0x{}", hex::encode(answer))
}

fn module(behavior: Arc<Behavior>) -> RpcModule<Arc<Behavior>> {
	let mut module = RpcModule::new(behavior);
	module
		.register_async_method("chain_getBlockHash", |_, node, _| async move {
			node.answer(hex_of(node.genesis)).await
		})
		.unwrap();
	module
		.register_async_method("state_call", |params, node, _| async move {
			node.asked.fetch_add(1, Ordering::Relaxed);
			let method = params.sequence().next::<String>().unwrap_or_default();
			let error =
				|text: &str| Err(ErrorObjectOwned::owned(4003, text.to_owned(), None::<()>));
			node.answer(node.error.map_or_else(|| Ok(runtime_answer(&method)), error)).await
		})
		.unwrap();
	module
		.register_async_method("chain_getHeader", |_, node, _| async move {
			let head = *node.head.borrow();
			node.answer(header(head)).await
		})
		.unwrap();
	module
		.register_async_method("author_submitExtrinsic", |_, node, _| async move {
			node.transactions.fetch_add(1, Ordering::Relaxed);
			node.answer(hex_of([1; 32])).await
		})
		.unwrap();
	module
		.register_subscription(
			"chain_subscribeNewHeads",
			"chain_newHead",
			"chain_unsubscribeNewHeads",
			|_, pending, node, _| async move {
				let sink = pending.accept().await?;
				let mut heads = node.head.subscribe();
				heads.mark_changed();
				while heads.changed().await.is_ok() {
					let number = *heads.borrow_and_update();
					let message =
						SubscriptionMessage::from_json(&node.answer(header(number)).await)?;
					if sink.send(message).await.is_err() {
						break;
					}
				}
				SubscriptionResult::Ok(())
			},
		)
		.unwrap();
	module
}

async fn connect(nodes: &[&Node]) -> Nodes {
	let urls: Vec<_> = nodes.iter().map(|node| node.url()).collect();
	let urls: Vec<_> = urls.iter().map(String::as_str).collect();
	let nodes = Nodes::connect(&urls, LIMIT).await.unwrap();
	// Which of them are up, and at which block, is told soon after the first one is.
	tokio::time::sleep(Duration::from_millis(300)).await;
	nodes
}

/// A node's own RPC, which ends the subscriptions of blocks when it is told to. Each begins with the next block.
#[derive(Default)]
struct Inside {
	subscriptions: AtomicU32,
	end: Arc<Notify>,
}

fn raw(value: &Value) -> Box<RawValue> {
	RawValue::from_string(value.to_string()).unwrap()
}

impl RpcClientT for Inside {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		_: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		let answer = match method {
			"chain_getBlockHash" => hex_of(GENESIS),
			_ => "0x2a".into(),
		};
		Box::pin(async move { Ok(raw(&json!(answer))) })
	}

	fn subscribe_raw<'a>(
		&'a self,
		_: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		let number = self.subscriptions.fetch_add(1, Ordering::Relaxed) + 1;
		let first = stream::once(async move { Ok(raw(&header(number))) });
		let end = self.end.clone();
		let rest =
			stream::once(async move { end.notified().await }).filter_map(|()| async { None });
		let stream = Box::pin(first.chain(rest));
		Box::pin(async move { Ok(RawRpcSubscription { stream, id: None }) })
	}
}

async fn ask(nodes: &Nodes) -> Result<String, RpcError> {
	nodes.request_raw("state_call", None).await.map(|answer| answer.get().to_owned())
}

#[tokio::test]
async fn first_node_should_be_used_when_all_answer() {
	let (first, second) = (Node::start(5).await, Node::start(5).await);
	let nodes = connect(&[&first, &second]).await;
	assert_eq!(nodes.url(), first.url());
	assert_eq!(ask(&nodes).await.unwrap(), "\"0x2a\"");
	assert_eq!((first.asked(), second.asked()), (1, 0));
	assert_eq!(nodes.calls(), 1);
}

#[tokio::test]
async fn call_should_go_to_the_next_node_when_one_does_not_answer() {
	let (first, second) = (Node::start(5).await, Node::start(5).await);
	let nodes = connect(&[&first, &second]).await;
	first.freeze();
	let start = Instant::now();
	assert_eq!(ask(&nodes).await.unwrap(), "\"0x2a\"");
	assert!(start.elapsed() < LIMIT, "each call fails over by itself");
	assert_eq!((first.asked(), second.asked()), (1, 1));
	ask(&nodes).await.unwrap();
	assert_eq!((first.asked(), second.asked()), (1, 2), "the frozen one is not asked again");
	assert_eq!(nodes.url(), second.url());
}

#[tokio::test]
async fn call_should_go_to_the_next_node_only_when_that_may_answer_otherwise() {
	let pruned = "State already discarded for 0x1";
	for (error, expected) in [(pruned, Ok(())), ("Execution failed", Err(()))] {
		let first = Node::with(5, GENESIS, Some(error), "127.0.0.1:0").await;
		let second = Node::start(5).await;
		let nodes = connect(&[&first, &second]).await;
		assert_eq!(ask(&nodes).await.map(drop).map_err(drop), expected, "{error}");
		assert_eq!(nodes.url(), first.url(), "it is as good as before for all else");
	}
	let only = Node::with(5, GENESIS, Some(pruned), "127.0.0.1:0").await;
	let error = ask(&connect(&[&only]).await).await.unwrap_err();
	assert!(error.to_string().contains("discarded"), "{error}");
}

#[tokio::test]
async fn call_should_fail_at_once_when_no_node_is_connected() {
	let node = Node::start(5).await;
	let nodes = connect(&[&node]).await;
	drop(node);
	let start = Instant::now();
	while nodes.report().is_up && start.elapsed() < LIMIT {
		tokio::time::sleep(Duration::from_millis(20)).await;
	}
	let error = ask(&nodes).await.unwrap_err().to_string();
	assert!(error.contains("no node is connected"), "{error}");
}

#[tokio::test]
async fn transaction_should_go_to_all_nodes() {
	let (first, second) = (Node::start(5).await, Node::start(5).await);
	let nodes = connect(&[&first, &second]).await;
	nodes.submit(&[1, 2, 3]).await.unwrap();
	tokio::time::sleep(Duration::from_millis(300)).await;
	let given = |node: &Node| node.behavior.transactions.load(Ordering::Relaxed);
	assert_eq!((given(&first), given(&second)), (1, 1));
}

#[tokio::test]
async fn node_of_another_chain_should_never_be_used() {
	let first = Node::start(5).await;
	let foreign = Node::with(900, [8; 32], None, "127.0.0.1:0").await;
	let nodes = connect(&[&first, &foreign]).await;
	assert_eq!(nodes.report().highest, 5);
	first.freeze();
	assert!(tokio::time::timeout(Duration::from_millis(200), ask(&nodes)).await.is_err());
	assert_eq!(foreign.asked(), 0);
}

#[tokio::test]
async fn nodes_should_be_refused_when_none_answers() {
	let error = Nodes::connect(&["ws://127.0.0.1:1", "ws://127.0.0.1:2"], LIMIT).await;
	let error = error.err().unwrap();
	assert!(matches!(error, Error::Unreachable { url, .. } if url == "ws://127.0.0.1:2"));
}

/// The next steps, until one is of a block from this height on.
async fn steps_to(follower: &mut Follower, height: u32) -> Vec<String> {
	let mut steps = Vec::new();
	loop {
		match tokio::time::timeout(LIMIT, follower.next()).await.unwrap().unwrap() {
			Step::Best(block) => {
				steps.push(format!("block {}", block.number));
				if block.number >= height {
					return steps;
				}
			},
			Step::Notice(Notice::Lost { .. }) => steps.push("lost".into()),
			Step::Notice(Notice::Attached { url }) => steps.push(format!("attached to {url}")),
			Step::Notice(Notice::Behind { .. }) => steps.push("behind".into()),
			Step::Notice(Notice::Stalled { .. }) => steps.push("stalled".into()),
		}
	}
}

#[tokio::test]
async fn blocks_should_come_from_another_node_when_one_is_frozen() {
	let (first, second) = (Node::start(5).await, Node::start(5).await);
	let nodes = connect(&[&first, &second]).await;
	let mut follower = Follower::new(Arc::new(nodes), SLOT, LIMIT);
	assert_eq!(steps_to(&mut follower, 5).await, ["block 5"]);
	first.freeze();
	let start = Instant::now();
	second.show(6);
	tokio::time::sleep(Duration::from_millis(100)).await;
	second.show(7);
	let steps = steps_to(&mut follower, 7).await;
	assert_eq!(steps, [format!("attached to {}", second.url()), "block 7".into()]);
	assert!(start.elapsed() < Duration::from_secs(3), "after three slots, not after a call");
}

#[tokio::test]
async fn node_that_is_behind_should_be_left_for_one_that_is_not() {
	let (first, second) = (Node::start(5).await, Node::start(5).await);
	let nodes = connect(&[&first, &second]).await;
	let mut follower = Follower::new(Arc::new(nodes), SLOT, LIMIT);
	assert_eq!(steps_to(&mut follower, 5).await, ["block 5"]);
	second.show(50);
	let steps = steps_to(&mut follower, 50).await;
	assert_eq!(steps, [format!("attached to {}", second.url()), "block 50".into()]);
}

#[tokio::test]
async fn node_should_be_followed_again_when_it_is_back() {
	let node = Node::start(5).await;
	let (address, url) = (node.address.to_string(), node.url());
	let nodes = connect(&[&node]).await;
	let mut follower = Follower::new(Arc::new(nodes), SLOT, LIMIT);
	steps_to(&mut follower, 5).await;
	drop(node);
	let back = async {
		tokio::time::sleep(Duration::from_millis(500)).await;
		Node::with(9, GENESIS, None, &address).await
	};
	let (_back, steps) = tokio::join!(back, steps_to(&mut follower, 9));
	assert_eq!(steps, ["lost".into(), format!("attached to {url}"), "block 9".into()]);
}

#[tokio::test]
async fn follower_should_give_up_when_no_node_answers_for_long() {
	let node = Node::start(5).await;
	let nodes = connect(&[&node]).await;
	let mut follower = Follower::new(Arc::new(nodes), SLOT, Duration::from_millis(700));
	steps_to(&mut follower, 5).await;
	drop(node);
	let mut next = follower.next().await;
	while let Ok(Step::Notice(_)) = next {
		next = follower.next().await;
	}
	assert!(matches!(next, Err(Error::Unreachable { .. })), "{next:?}");
}

#[tokio::test]
async fn follower_should_stop_when_the_node_comes_back_with_another_chain() {
	let node = Node::start(5).await;
	let address = node.address.to_string();
	let nodes = connect(&[&node]).await;
	let mut follower = Follower::new(Arc::new(nodes), SLOT, LIMIT);
	steps_to(&mut follower, 5).await;
	drop(node);
	tokio::time::sleep(Duration::from_millis(100)).await;
	let _other = Node::with(9, [8; 32], None, &address).await;
	let mut next = follower.next().await;
	while let Ok(Step::Notice(_)) = next {
		next = follower.next().await;
	}
	assert!(matches!(next, Err(Error::OtherChain { .. })), "{next:?}");
}

/// Finding R19: two calls a block, and more now and then, with which a program that did nothing came near to what
/// nodes let a client ask.
#[tokio::test]
async fn look_at_a_block_without_rounds_should_take_one_call() {
	let node = Node::start(UPGRADE - 3).await;
	let client = Client::connect(&node.url(), LIMIT).await.unwrap();
	let mut follower = client.follow(SLOT, LIMIT);
	let mut calls = Vec::new();
	for height in UPGRADE - 2..=UPGRADE + 1 {
		node.show(height);
		let block = loop {
			let step = tokio::time::timeout(LIMIT, follower.next()).await.unwrap().unwrap();
			let Step::Best(block) = step else { continue };
			if block.number == height {
				break block;
			}
		};
		let before = client.calls();
		assert!(client.at(block).await.unwrap().open_rounds(0).await.unwrap().is_empty());
		calls.push(client.calls() - before);
	}
	assert_eq!(
		calls,
		[2, 1, 2, 1],
		"the version of the runtime at first, and when it may have changed"
	);
}

#[tokio::test]
async fn node_of_the_process_should_be_used_like_one_at_an_address() {
	let inside = Inside::default();
	let end = inside.end.clone();
	let nodes = Arc::new(Nodes::in_process(RpcClient::new(inside), LIMIT).await.unwrap());
	assert_eq!(ask(&nodes).await.unwrap(), "\"0x2a\"");
	let mut follower = Follower::new(nodes.clone(), SLOT, LIMIT);
	assert_eq!(steps_to(&mut follower, 1).await, ["block 1"]);
	end.notify_one();
	let steps = steps_to(&mut follower, 2).await;
	assert_eq!(steps, ["lost", "attached to this process", "block 2"]);
	assert_eq!(ask(&nodes).await.unwrap(), "\"0x2a\"");
}

#[tokio::test]
async fn node_of_the_process_should_be_given_up_when_it_does_not_answer() {
	let frozen = Node::start(5).await;
	let rpc = RpcClient::from_insecure_url(frozen.url()).await.unwrap();
	frozen.freeze();
	let error = Nodes::in_process(rpc, Duration::from_millis(300)).await.err().unwrap();
	assert!(matches!(error, Error::Unreachable { .. }), "{error}");
	assert!(error.to_string().contains("this process"), "{error}");
}
