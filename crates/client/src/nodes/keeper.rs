// SPDX-License-Identifier: Apache-2.0
//! Keeps the connection to one node.

use super::{Connection, Shared};
use crate::{
	connection::{deepest, height, Block},
	error::Error,
	BlockHash, ChainConfig,
};
use codec::Encode;
use jsonrpsee::ws_client::{PingConfig, WsClientBuilder};
use pvs_primitives::hash::blake2_256;
use std::{sync::Arc, time::Duration};
use subxt::{
	config::{substrate::DigestItem::RuntimeEnvironmentUpdated, RpcConfigFor},
	rpcs::{client::RpcSubscription, methods::legacy::LegacyRpcMethods, RpcClient},
};
use tokio::time::Instant;

type Methods = LegacyRpcMethods<RpcConfigFor<ChainConfig>>;
type Header = <ChainConfig as subxt::Config>::Header;

/// Pause before connecting again; it doubles up to the highest while that fails.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(8);
/// Interval at which a node is pinged, and how long it may be silent, that often in a row, before the connection is
/// closed. Pings are WebSocket frames, which no limit of calls counts.
const PING: Duration = Duration::from_secs(1);
const PING_SILENCE: Duration = Duration::from_secs(2);
const PING_FAILURES: usize = 2;
/// Blocks that may wait to be taken in.
const BUFFER: usize = 4_096;

/// Connects to a node again and again, and notes what it shows.
pub(super) async fn keep(shared: Arc<Shared>, index: usize) {
	let Some(url) = shared.urls.get(index).cloned() else { return };
	let mut pause = PAUSE;
	loop {
		let reason = match attach(&shared, &url).await {
			Ok((client, heads)) => {
				pause = PAUSE;
				shared.change_node(index, |node| {
					node.connection = Connection::Up(client);
					node.head_at = Instant::now();
					node.suspect_until = None;
				});
				let reason = follow(&shared, index, heads).await;
				Error::Unreachable { url: url.clone(), reason }
			},
			Err(error) => error,
		};
		let connection = match reason {
			Error::OtherChain { .. } => {
				pause = MAX_PAUSE;
				tracing::warn!("{reason}");
				Connection::Foreign
			},
			reason => {
				tracing::debug!("{reason}");
				Connection::Down(Arc::new(reason))
			},
		};
		shared.change_node(index, |node| node.connection = connection);
		tokio::time::sleep(pause).await;
		pause = pause.saturating_mul(2).min(MAX_PAUSE);
	}
}

/// Connects, checks which chain the node is on, and subscribes to its best blocks.
async fn attach(shared: &Shared, url: &str) -> Result<(RpcClient, RpcSubscription<Header>), Error> {
	let limit = shared.connect_limit;
	let unreachable = |reason: String| Error::Unreachable { url: url.into(), reason };
	let attached = async {
		let client = match &shared.own {
			Some(rpc) => rpc.clone(),
			None => {
				let dialed = dial(url, limit, shared.urls.len() > 1).await;
				dialed.map_err(|error| unreachable(deepest(&error)))?
			},
		};
		let methods = Methods::new(client.clone());
		let genesis = methods.genesis_hash().await.map_err(|error| unreachable(deepest(&error)))?;
		if !is_genesis(shared, genesis) {
			return Err(Error::OtherChain { url: url.into() });
		}
		let heads = methods.chain_subscribe_new_heads().await;
		Ok((client, heads.map_err(|error| unreachable(deepest(&error)))?))
	};
	tokio::time::timeout(limit, attached).await.unwrap_or_else(|_| {
		Err(unreachable(format!("no answer within {:.0} s", limit.as_secs_f64())))
	})
}

/// Connects to the node at an address.
async fn dial(
	url: &str,
	limit: Duration,
	has_others: bool,
) -> Result<RpcClient, jsonrpsee::core::ClientError> {
	let mut builder = WsClientBuilder::default()
		.connection_timeout(limit)
		.max_buffer_capacity_per_subscription(BUFFER);
	// Where there is no other node, one that is slow is better than none.
	if has_others {
		let pings = PingConfig::new()
			.ping_interval(PING)
			.inactive_limit(PING_SILENCE)
			.max_failures(PING_FAILURES);
		builder = builder.enable_ws_ping(pings);
	}
	builder.build(url).await.map(RpcClient::new)
}

/// Returns whether this is the first block of the chain. The first node that answers says which chain it is.
fn is_genesis(shared: &Shared, found: BlockHash) -> bool {
	*shared.lock().genesis.get_or_insert(found) == found
}

/// Takes in best blocks until the connection breaks. Returns why it did.
async fn follow(shared: &Shared, index: usize, mut heads: RpcSubscription<Header>) -> String {
	loop {
		match heads.next().await {
			Some(Ok(header)) => {
				let block = Block {
					hash: BlockHash::from(blake2_256(&[&header.encode()])),
					number: height(header.number),
					parent: header.parent_hash,
				};
				let has_changed = header.digest.logs.contains(&RuntimeEnvironmentUpdated);
				shared.change(|state| {
					state.runtimes.take(&block, has_changed);
					state.highest = state.highest.max(block.number);
					if let Some(node) = state.nodes.get_mut(index) {
						node.head = Some(block);
						node.head_at = Instant::now();
						node.suspect_until = None;
					}
				});
			},
			Some(Err(error)) => return deepest(&error),
			None => return "it closed the connection".into(),
		}
	}
}
