// SPDX-License-Identifier: Apache-2.0
//! The nodes of one chain, used as if they were one.
//!
//! To each of them a connection is kept ([`keeper`]), which shows its best blocks and whether it answers.
//! Calls go to the best one ([`choose`]); a call that one does not answer in time goes to the next, so that
//! nothing that runs has to know which node is in use. Transactions go to all.

mod calls;
pub(crate) mod choose;
mod keeper;
mod report;
mod runtimes;
#[cfg(test)]
mod tests;

pub(crate) use report::Report;

use crate::{connection::Block, error::Error, BlockHash};
use calls::Calls;
use choose::Standing;
use pvs_primitives::BlockNumber;
use runtimes::Runtimes;
use std::{
	num::NonZeroU64,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	time::Duration,
};
use subxt::rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RawValue},
	Error as RpcError, RpcClient, RpcClientT,
};
use tokio::{sync::watch, task::AbortHandle, time::Instant};

/// Time that a node may take to answer a call while there is another one to ask.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Time that it may take where the answer is large, or nobody else can be asked.
const LONG_ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Time that a node that is named later waits for those before it, when a program starts.
const PRECEDENCE: Duration = Duration::from_secs(1);
/// Time for which a node that did not answer in time comes last, unless it shows a block before.
const SUSPICION: Duration = Duration::from_secs(10);
/// Name that stands for the address of the node that this program is a part of.
const THIS_PROCESS: &str = "this process";
/// Time without a block after which a node counts as stalled, until the chain's slots are known.
const FIRST_STALL: Duration = Duration::from_secs(18);

/// The connections to the nodes of a chain. They are closed when this is dropped.
pub(crate) struct Nodes {
	shared: Arc<Shared>,
	keepers: Vec<AbortHandle>,
}

impl Drop for Nodes {
	fn drop(&mut self) {
		self.keepers.iter().for_each(AbortHandle::abort);
	}
}

/// State that calls and keepers share.
struct Shared {
	urls: Vec<String>,
	/// The RPC of the node that this program is a part of. It is the only node then.
	own: Option<RpcClient>,
	connect_limit: Duration,
	stall_millis: AtomicU64,
	calls: Mutex<Calls>,
	state: Mutex<State>,
	/// Counts the changes of `state`.
	changes: watch::Sender<u64>,
}

struct State {
	/// The hash of the chain's first block, once a node has told it.
	genesis: Option<BlockHash>,
	nodes: Vec<Node>,
	/// The node in use.
	preferred: usize,
	/// The height of the highest block that any node has shown.
	highest: BlockNumber,
	runtimes: Runtimes,
}

/// Facts known of a node.
struct Node {
	connection: Connection,
	head: Option<Block>,
	/// Time when it last showed a block, or was connected.
	head_at: Instant,
	suspect_until: Option<Instant>,
}

/// The connection to a node.
enum Connection {
	/// It is not known yet whether there is one.
	Pending,
	Up(RpcClient),
	/// There is none, and why.
	Down(Arc<Error>),
	/// The node is on another chain.
	Foreign,
}

impl Nodes {
	/// Keeps connections to all nodes, and waits for the first that answers.
	///
	/// # Errors
	///
	/// [`Error::BadUrl`] for the first malformed address; if none answers within `limit`, what the last one
	/// said.
	pub(crate) async fn connect(urls: &[&str], limit: Duration) -> Result<Self, Error> {
		if let Some(url) = urls.iter().find(|url| !is_web_socket(url)) {
			return Err(Error::BadUrl { url: (*url).into() });
		}
		Self::keep(urls.iter().map(|url| (*url).into()).collect(), None, limit).await
	}

	/// Keeps to the node that this program is a part of, and waits until it answers.
	///
	/// # Errors
	///
	/// [`Error::Unreachable`] if it does not within `limit`.
	pub(crate) async fn in_process(rpc: RpcClient, limit: Duration) -> Result<Self, Error> {
		Self::keep(vec![THIS_PROCESS.into()], Some(rpc), limit).await
	}

	async fn keep(
		urls: Vec<String>,
		own: Option<RpcClient>,
		limit: Duration,
	) -> Result<Self, Error> {
		let now = Instant::now();
		let node = || Node {
			connection: Connection::Pending,
			head: None,
			head_at: now,
			suspect_until: None,
		};
		let state = State {
			genesis: None,
			nodes: urls.iter().map(|_| node()).collect(),
			preferred: 0,
			highest: 0,
			runtimes: Runtimes::default(),
		};
		let count = urls.len();
		let shared = Arc::new(Shared {
			urls,
			own,
			connect_limit: limit,
			stall_millis: AtomicU64::new(millis(FIRST_STALL)),
			calls: Mutex::new(Calls::new(now)),
			state: Mutex::new(state),
			changes: watch::channel(0).0,
		});
		let keepers = (0..count)
			.map(|index| tokio::spawn(keeper::keep(shared.clone(), index)).abort_handle())
			.collect();
		let nodes = Self { shared, keepers };
		nodes.wait_for_one().await?;
		Ok(nodes)
	}

	/// Waits until a node is up, or all have failed. One that is named earlier has a moment's precedence.
	async fn wait_for_one(&self) -> Result<(), Error> {
		let mut changes = self.changes();
		let mut precedence = Instant::now().checked_add(PRECEDENCE);
		while !self.shared.lock().is_settled(precedence.is_some()) {
			let until = precedence.unwrap_or_else(far);
			if tokio::time::timeout_at(until, changes.changed()).await.is_err() {
				precedence = None;
			}
		}
		match self.report().down {
			None => Ok(()),
			Some(error) => Err(self.own(&error)),
		}
	}

	/// Reports changes of what is known of the nodes.
	pub(crate) fn changes(&self) -> watch::Receiver<u64> {
		self.shared.changes.subscribe()
	}

	/// Takes in how long the chain's slots are: a node that shows no block for three of them counts as
	/// stalled.
	pub(crate) fn set_slot(&self, slot: Duration) {
		self.shared.stall_millis.store(millis(slot.saturating_mul(3)), Ordering::Relaxed);
	}

	/// Returns after how long without a block a node counts as stalled.
	pub(crate) fn stall(&self) -> Duration {
		self.shared.stall()
	}

	/// Returns how many calls were made.
	pub(crate) fn calls(&self) -> u64 {
		self.shared.calls().all
	}

	/// Returns the runtime of a block, by a number that other blocks with the same one have; `None` if the block was
	/// not shown lately.
	pub(crate) fn runtime_of(&self, block: BlockHash) -> Option<NonZeroU64> {
		self.shared.lock().runtimes.of(block)
	}

	/// Hands a transaction to all nodes that are up. The one in use answers for them; if it does not, the next
	/// one does.
	pub(crate) async fn submit(&self, transaction: &[u8]) -> Result<(), RpcError> {
		let mut params = subxt::rpcs::client::RpcParams::new();
		params.push(format!("0x{}", hex::encode(transaction)))?;
		let params = params.build();
		for client in self.shared.others() {
			let params = params.clone();
			tokio::spawn(async move {
				let sent = client.request_raw(SUBMIT, params);
				// What the node in use says counts; the pools of the others may have it from there already.
				let _ = tokio::time::timeout(LONG_ANSWER_LIMIT, sent).await;
			});
		}
		self.shared.request(SUBMIT, params).await.map(|_| ())
	}
}

const SUBMIT: &str = "author_submitExtrinsic";

impl Shared {
	fn lock(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn calls(&self) -> MutexGuard<'_, Calls> {
		self.calls.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn stall(&self) -> Duration {
		Duration::from_millis(self.stall_millis.load(Ordering::Relaxed))
	}

	/// Changes the state and tells those who wait for it.
	fn change(&self, change: impl FnOnce(&mut State)) {
		change(&mut self.lock());
		self.changes.send_modify(|count| *count = count.wrapping_add(1));
	}

	/// Changes what is known of a node.
	fn change_node(&self, index: usize, change: impl FnOnce(&mut Node)) {
		self.change(|state| {
			if let Some(node) = state.nodes.get_mut(index) {
				change(node);
			}
		});
	}

	/// The nodes that are up, best first. The first one is in use from now on.
	fn order(&self) -> Vec<usize> {
		let (now, stall) = (Instant::now(), self.stall());
		let mut state = self.lock();
		let standings: Vec<_> = state.nodes.iter().map(|node| node.standing(now, stall)).collect();
		let order = choose::order(&standings, state.preferred, state.highest);
		if let Some(first) = order.first() {
			state.preferred = *first;
		}
		order
	}

	/// The clients of the nodes that are up, best first.
	fn clients(&self) -> Vec<(usize, RpcClient)> {
		let order = self.order();
		let state = self.lock();
		let client = |index: usize| match state.nodes.get(index).map(|node| &node.connection) {
			Some(Connection::Up(client)) => Some((index, client.clone())),
			_ => None,
		};
		order.into_iter().filter_map(client).collect()
	}

	/// The clients of the nodes that are up and not in use.
	fn others(&self) -> Vec<RpcClient> {
		self.clients().into_iter().skip(1).map(|(_, client)| client).collect()
	}

	/// Notes that a node did not answer, so that the next one is used.
	fn suspect(&self, index: usize) {
		let until = Instant::now().checked_add(SUSPICION);
		self.change_node(index, |node| node.suspect_until = until);
	}

	/// Asks the nodes in turn until one answers.
	async fn request(
		&self,
		method: &str,
		params: Option<Box<RawValue>>,
	) -> Result<Box<RawValue>, RpcError> {
		self.calls().count(Instant::now());
		let clients = self.clients();
		let mut failed = no_node();
		for (turn, (index, client)) in clients.iter().enumerate() {
			let is_last = turn.saturating_add(1) == clients.len();
			let limit = limit(method, params.as_deref(), is_last);
			let answer = client.request_raw(method, params.clone());
			failed = match tokio::time::timeout(limit, answer).await {
				Ok(Err(error @ RpcError::User(_))) if is_last || !may_differ(&error) => {
					return Err(error);
				},
				Ok(Err(error @ RpcError::User(_))) => error,
				Ok(Err(error)) => {
					self.suspect(*index);
					error
				},
				Err(_) => {
					self.suspect(*index);
					let (seconds, calls) = (limit.as_secs(), self.calls().per_minute());
					RpcError::Client(
						format!(
							"no answer to {method} within {seconds} s; this program makes {calls} calls a \
							 minute, does the node limit them?"
						)
						.into(),
					)
				},
				Ok(Ok(answer)) => return Ok(answer),
			};
		}
		Err(failed)
	}

	/// Subscribes at the first node that lets it.
	async fn subscribe(
		&self,
		method: &str,
		params: Option<Box<RawValue>>,
		unsubscribe: &str,
	) -> Result<RawRpcSubscription, RpcError> {
		self.calls().count(Instant::now());
		let mut failed = no_node();
		for (index, client) in self.clients() {
			let stream = client.subscribe_raw(method, params.clone(), unsubscribe);
			failed = match tokio::time::timeout(LONG_ANSWER_LIMIT, stream).await {
				Ok(Err(error @ RpcError::User(_))) => return Err(error),
				Ok(Err(error)) => {
					self.suspect(index);
					error
				},
				Err(_) => {
					self.suspect(index);
					RpcError::Client(format!("no answer to {method}").into())
				},
				Ok(Ok(stream)) => return Ok(stream),
			};
		}
		Err(failed)
	}
}

impl State {
	/// Returns whether it is decided which node to begin with. With precedence that is the first that has not failed,
	/// else any that is up.
	fn is_settled(&self, precedence: bool) -> bool {
		let is_pending = |node: &Node| matches!(node.connection, Connection::Pending);
		let mut left = self
			.nodes
			.iter()
			.filter(|node| node.is_up() || is_pending(node))
			.skip_while(|node| !precedence && is_pending(node));
		match left.next() {
			Some(node) => node.is_up(),
			None => !self.nodes.iter().any(is_pending),
		}
	}
}

impl Node {
	fn is_up(&self) -> bool {
		matches!(self.connection, Connection::Up(_))
	}

	fn standing(&self, now: Instant, stall: Duration) -> Standing {
		Standing {
			is_up: self.is_up(),
			is_suspect: self.suspect_until.is_some_and(|until| now < until),
			is_stalled: now.saturating_duration_since(self.head_at) > stall,
			height: self.head.map_or(0, |head| head.number),
		}
	}
}

impl RpcClientT for Nodes {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		Box::pin(self.shared.request(method, params))
	}

	fn subscribe_raw<'a>(
		&'a self,
		subscribe: &'a str,
		params: Option<Box<RawValue>>,
		unsubscribe: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(self.shared.subscribe(subscribe, params, unsubscribe))
	}
}

impl core::fmt::Debug for Nodes {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.debug_tuple("Nodes").field(&self.shared.urls).finish()
	}
}

/// Returns whether a node can be at this address.
pub(crate) fn is_web_socket(url: &str) -> bool {
	url.starts_with("ws://") || url.starts_with("wss://")
}

/// Returns how long a node may take to answer.
fn limit(method: &str, params: Option<&RawValue>, is_last: bool) -> Duration {
	let is_large = matches!(method, "chain_getBlock" | "state_getMetadata")
		|| params.is_some_and(|params| params.get().contains("Metadata_"));
	if is_large || is_last {
		LONG_ANSWER_LIMIT
	} else {
		ANSWER_LIMIT
	}
}

/// Returns whether another node may answer where this one refuses: it lacks the block or its state, or it limits
/// how much it answers.
fn may_differ(error: &RpcError) -> bool {
	const SIGNS: [&str; 5] = ["UnknownBlock", "nknown block", "discarded", "rate limit", "pruned"];
	let text = match error {
		RpcError::User(user) => {
			let data = user.data.as_ref().map_or("", |data| data.get());
			format!("{} {data}", user.message)
		},
		_ => return true,
	};
	SIGNS.iter().any(|sign| text.contains(sign))
}

fn no_node() -> RpcError {
	RpcError::Client("no node is connected".into())
}

/// A moment that is too far away to be waited for: until then something else happens.
fn far() -> Instant {
	let now = Instant::now();
	now.checked_add(Duration::from_secs(86_400)).unwrap_or(now)
}

fn millis(duration: Duration) -> u64 {
	u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
