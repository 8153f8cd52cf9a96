// SPDX-License-Identifier: Apache-2.0
//! Nodes that make blocks once they are given the author's key, and are connected to the node of the programs or not.

use crate::{
	error::DemoError,
	node::AUTHOR_ID,
	run::{Demo, POLL},
};
use pvs_client::{
	keys,
	rpcs::{client::RpcParams, RpcClient},
	Account, Block, BlockHash, Client,
};
use pvs_primitives::BlockNumber;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{timeout, Instant};

/// Names of the nodes and their network keys, in the order in which they make blocks. All sign blocks with the same key,
/// which is the only author's.
const NODES: [(&str, &str); 5] = [
	("author-1", "0000000000000000000000000000000000000000000000000000000000000011"),
	("author-2", "0000000000000000000000000000000000000000000000000000000000000012"),
	("author-3", "0000000000000000000000000000000000000000000000000000000000000013"),
	("author-4", "0000000000000000000000000000000000000000000000000000000000000014"),
	("author-5", "0000000000000000000000000000000000000000000000000000000000000015"),
];
/// The path of the author's key.
const KEY: &str = "//Alice";
/// Time that a node may take to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Time that connecting, disconnecting and taking over blocks may take. Nodes leave each other alone for five seconds
/// after a connection.
const WAIT: Duration = Duration::from_secs(60);

/// A node that makes blocks, or will.
pub(super) struct Author {
	/// Its place among the further nodes of the demo.
	index: usize,
	name: &'static str,
	pub(super) client: Client,
	rpc: RpcClient,
}

impl Author {
	/// Starts the node with this place. It takes over the chain from the node of the programs, and makes no blocks yet.
	pub(super) async fn start(demo: &mut Demo<'_>, index: usize) -> Result<Self, DemoError> {
		let (name, key) = *NODES.get(index).ok_or(DemoError::NotShown(vec!["one more author"]))?;
		let options = ["--validator", "--no-grandpa", "--node-key", key];
		let url = demo.start_node(name, &options).await?;
		let client = Client::connect(&url, ANSWER_WAIT).await?;
		let rpc = dial(name, &url).await?;
		Ok(Self { index, name, client, rpc })
	}

	/// Gives it the key with which it makes a block in each slot from now on.
	pub(super) async fn begin(&self) -> Result<(), DemoError> {
		let account = Account::of(&keys::from_development_path(KEY)?);
		let digits = account.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
		let public = format!("0x{digits}");
		self.ask("author_insertKey", &["aura", KEY, &public]).await.map(drop)
	}

	/// Waits until its best chain has a block.
	pub(super) async fn wait_to_have(
		&self,
		demo: &Demo<'_>,
		block: Block,
	) -> Result<(), DemoError> {
		let has = async || Ok(hash_at(&self.client, block.number).await? == Some(block.hash));
		wait(demo, format!("{} has taken over block {}", self.name, block.number), has).await
	}

	/// Waits until its best chain is as high as this.
	pub(super) async fn wait_to_reach(
		&self,
		demo: &Demo<'_>,
		height: BlockNumber,
	) -> Result<(), DemoError> {
		let is_there = async || Ok(self.client.best().await?.number >= height);
		wait(demo, format!("{} has reached block {height}", self.name), is_there).await
	}

	/// Closes its connection to the node of the programs, the only one that it has, and waits until that is closed.
	pub(super) async fn disconnect(&self, demo: &Demo<'_>) -> Result<(), DemoError> {
		self.ask("system_removeReservedPeer", &[AUTHOR_ID]).await?;
		let is_alone = async || Ok(self.peers().await? == 0);
		wait(demo, format!("{} is without connections", self.name), is_alone).await
	}

	/// Connects it with the node of the programs again, and waits until that is open.
	pub(super) async fn connect(&self, demo: &Demo<'_>) -> Result<(), DemoError> {
		self.ask("system_addReservedPeer", &[demo.author()]).await?;
		let is_connected = async || Ok(self.peers().await? > 0);
		wait(demo, format!("{} is connected", self.name), is_connected).await
	}

	/// Kills it.
	pub(super) fn kill(self, demo: &mut Demo<'_>) {
		demo.kill_node(self.index);
	}

	/// Number of nodes that it is connected with.
	async fn peers(&self) -> Result<u64, DemoError> {
		const METHOD: &str = "system_health";
		let health = self.ask(METHOD, &[]).await?;
		health["peers"].as_u64().ok_or_else(|| {
			let reason = format!("no number of peers in {health}");
			DemoError::Rpc { name: self.name, method: METHOD, reason }
		})
	}

	async fn ask(&self, method: &'static str, parameters: &[&str]) -> Result<Value, DemoError> {
		ask(&self.rpc, self.name, method, parameters).await
	}
}

/// The next nonce of an account on the best chain of the node of the programs, and in its pool.
pub(super) async fn next_nonce(demo: &Demo<'_>, account: Account) -> Result<u64, DemoError> {
	const METHOD: &str = "system_accountNextIndex";
	let name = "node";
	let rpc = dial(name, &demo.client.url()).await?;
	let nonce = ask(&rpc, name, METHOD, &[&account.address()]).await?;
	nonce.as_u64().ok_or_else(|| {
		let reason = format!("no nonce: {nonce}");
		DemoError::Rpc { name, method: METHOD, reason }
	})
}

/// Connects to the RPC of a node.
async fn dial(name: &'static str, url: &str) -> Result<RpcClient, DemoError> {
	let dialed = match timeout(ANSWER_WAIT, RpcClient::from_insecure_url(url)).await {
		Ok(dialed) => dialed.map_err(|error| error.to_string()),
		Err(_) => Err(format!("no answer within {} s", ANSWER_WAIT.as_secs())),
	};
	dialed.map_err(|reason| DemoError::Rpc { name, method: "the connection", reason })
}

/// Calls a method of a node, for a moment at most.
async fn ask(
	rpc: &RpcClient,
	name: &'static str,
	method: &'static str,
	parameters: &[&str],
) -> Result<Value, DemoError> {
	let failed = |reason: String| DemoError::Rpc { name, method, reason };
	let mut params = RpcParams::new();
	for parameter in parameters {
		params.push(parameter).map_err(|error| failed(error.to_string()))?;
	}
	match timeout(ANSWER_WAIT, rpc.request::<Value>(method, params)).await {
		Ok(answer) => answer.map_err(|error| failed(error.to_string())),
		Err(_) => Err(failed(format!("no answer within {} s", ANSWER_WAIT.as_secs()))),
	}
}

/// The hash of the block at a height of a node's best chain; `None` if that is not as high.
pub(super) async fn hash_at(
	client: &Client,
	number: BlockNumber,
) -> Result<Option<BlockHash>, DemoError> {
	match client.hash_at(number).await {
		Ok(hash) => Ok(Some(hash)),
		Err(pvs_client::Error::NoBlock(_)) => Ok(None),
		Err(error) => Err(error.into()),
	}
}

/// Waits until something is so, for a minute at most. `what` says it in words.
pub(super) async fn wait(
	demo: &Demo<'_>,
	what: String,
	is_so: impl AsyncFn() -> Result<bool, DemoError>,
) -> Result<(), DemoError> {
	let give_up = Instant::now() + WAIT;
	while !is_so().await? {
		if Instant::now() >= give_up {
			demo.show_nodes();
			return Err(DemoError::NotYet { what, seconds: WAIT.as_secs() });
		}
		tokio::time::sleep(POLL).await;
	}
	Ok(())
}
