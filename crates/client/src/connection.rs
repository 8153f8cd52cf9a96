// SPDX-License-Identifier: Apache-2.0
//! Connecting to a node, and following its blocks.

use crate::{
	amount::Token, calls, error::Error, nodes::Nodes, view::View, BlockHash, ChainConfig, PALLET,
	RUNTIME_API,
};
use futures::{Stream, StreamExt};
use pvs_primitives::BlockNumber;
use std::{
	num::NonZeroU64,
	sync::{
		atomic::{AtomicU32, AtomicU64, Ordering},
		Arc, LazyLock,
	},
	time::Duration,
};
use subxt::{
	backend::LegacyBackend,
	client::Blocks,
	config::RpcConfigFor,
	rpcs::{methods::legacy::LegacyRpcMethods, RpcClient},
	Metadata, OnlineClient,
};

/// Time that programs wait for a node unless told otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time that a service waits for the node that it runs in, which may be busy with its start.
const IN_PROCESS_TIMEOUT: Duration = Duration::from_secs(30);

/// The metadata of the runtime that this crate belongs to, as the runtime's own test writes it.
pub(crate) static OUR_METADATA: &[u8] = include_bytes!("../../../presets/metadata.scale");

/// Hashes of the parts of the metadata that this crate relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
	pallet: Option<[u8; 32]>,
	runtime_api: Option<[u8; 32]>,
}

impl Fingerprint {
	fn of(metadata: &Metadata) -> Self {
		Self {
			pallet: metadata.pallet_by_name(PALLET).map(|pallet| pallet.hash()),
			runtime_api: metadata.runtime_api_trait_by_name(RUNTIME_API).map(|api| api.hash()),
		}
	}

	/// Returns what is wrong with the other side, if anything is.
	fn difference(&self, theirs: &Self) -> Option<String> {
		match (theirs.pallet, theirs.runtime_api) {
			(None, _) => Some(format!("it has no pallet `{PALLET}`")),
			(_, None) => Some(format!("it has no runtime API `{RUNTIME_API}`")),
			(pallet, _) if pallet != self.pallet => Some(format!("pallet `{PALLET}` differs")),
			(_, api) if api != self.runtime_api => {
				Some(format!("runtime API `{RUNTIME_API}` differs"))
			},
			_ => None,
		}
	}
}

static OUR_FINGERPRINT: LazyLock<Option<Fingerprint>> =
	LazyLock::new(|| our_metadata().map(|metadata| Fingerprint::of(&metadata)));

/// The metadata that this crate was built with; `None` if the build embedded something else.
pub fn our_metadata() -> Option<Metadata> {
	Metadata::decode_from(OUR_METADATA).ok()
}

/// A block by its hash and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
	/// Its hash.
	pub hash: BlockHash,
	/// Its height.
	pub number: BlockNumber,
	/// The hash of the block before it.
	pub parent: BlockHash,
}

/// Way in which a chain is reached.
#[derive(Clone, Debug)]
pub enum Endpoint {
	/// Over nodes at addresses.
	Urls {
		/// Their WebSocket addresses.
		urls: Vec<String>,
		/// Time to wait for the first that answers.
		timeout: Duration,
	},
	/// Over the RPC of the node that this program is a part of.
	InProcess(RpcClient),
}

impl Endpoint {
	/// Connects to the chain.
	///
	/// # Errors
	///
	/// Those of [`Client::connect_to_any`] and of [`Client::in_process`].
	pub async fn connect(&self) -> Result<Client, Error> {
		match self {
			Self::Urls { urls, timeout } => {
				let urls: Vec<_> = urls.iter().map(String::as_str).collect();
				Client::connect_to_any(&urls, *timeout).await
			},
			Self::InProcess(rpc) => Client::in_process(rpc.clone()).await,
		}
	}
}

/// A connection to the nodes of a chain, of which one is in use at a time: see [`follow`](crate::follow). Cheap
/// to clone, and good for as long as any of them answers.
#[derive(Clone, Debug)]
pub struct Client {
	inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
	api: OnlineClient<ChainConfig>,
	rpc: LegacyRpcMethods<RpcConfigFor<ChainConfig>>,
	nodes: Arc<Nodes>,
	token: Token,
	/// The newest spec version whose pallet is known to be ours, plus one; 0 before the first.
	checked_spec: AtomicU64,
	/// The newest runtime whose spec version was looked at, as [`Nodes`] number them; 0 before the first.
	checked_runtime: AtomicU64,
	/// Number of bids that one transaction takes, by the newest runtime that was looked at.
	bids_per_call: AtomicU32,
}

impl Client {
	/// Connects to a node and checks that its chain has our pallet and Runtime API.
	///
	/// # Errors
	///
	/// [`Error::BadUrl`], [`Error::Unreachable`] if no node answers within `timeout`,
	/// [`Error::DifferentPallet`].
	pub async fn connect(url: &str, timeout: Duration) -> Result<Self, Error> {
		Self::connect_to_any(&[url], timeout).await
	}

	/// Connects to the nodes of a chain. The first that answers is used until it fails, stands still or falls
	/// behind.
	///
	/// # Errors
	///
	/// As those of [`Client::connect`], of the node named last.
	pub async fn connect_to_any(urls: &[&str], timeout: Duration) -> Result<Self, Error> {
		Self::over(Nodes::connect(urls, timeout).await?, timeout).await
	}

	/// A client of the node that this program is a part of. Its calls have time limits like all others; where a
	/// subscription ends, because nobody took its messages in, there is another one a moment later.
	///
	/// The client holds what the RPC holds, which may be the node's database, until it is dropped.
	///
	/// # Errors
	///
	/// [`Error::Unreachable`] if the RPC does not answer within 30 s, [`Error::DifferentPallet`].
	pub async fn in_process(rpc: RpcClient) -> Result<Self, Error> {
		let nodes = Nodes::in_process(rpc, IN_PROCESS_TIMEOUT).await?;
		Self::over(nodes, IN_PROCESS_TIMEOUT).await
	}

	async fn over(nodes: Nodes, timeout: Duration) -> Result<Self, Error> {
		let nodes = Arc::new(nodes);
		let opened = async {
			let client = Self::open(nodes.clone()).await?;
			client.at(client.best().await?).await?;
			Ok(client)
		};
		tokio::time::timeout(timeout, opened).await.unwrap_or_else(|_| {
			let reason = format!("no answer within {:.0} s", timeout.as_secs_f64());
			Err(Error::Unreachable { url: nodes.url(), reason })
		})
	}

	async fn open(nodes: Arc<Nodes>) -> Result<Self, Error> {
		let unreachable = |error: &dyn std::error::Error| Error::Unreachable {
			url: nodes.url(),
			reason: deepest(error),
		};
		let rpc_client = RpcClient::new(nodes.clone());
		// Best blocks are what a market with windows of seconds acts on. The head subscription
		// hands them over without the pinning that the `chainHead` methods ask for.
		let backend = LegacyBackend::<ChainConfig>::builder().build(rpc_client.clone());
		let api = OnlineClient::from_backend(Arc::new(backend))
			.await
			.map_err(|error| unreachable(&error))?;
		let rpc = LegacyRpcMethods::new(rpc_client);
		let token = token(&rpc).await;
		let (checked_spec, checked_runtime) = (AtomicU64::new(0), AtomicU64::new(0));
		let bids_per_call = AtomicU32::new(1);
		let inner = Inner { api, rpc, nodes, token, checked_spec, checked_runtime, bids_per_call };
		Ok(Self { inner: Arc::new(inner) })
	}

	/// The address of the node in use.
	pub fn url(&self) -> String {
		self.inner.nodes.url()
	}

	/// Returns how many calls the nodes were asked so far.
	pub fn calls(&self) -> u64 {
		self.inner.nodes.calls()
	}

	/// Returns how many bids, or reveals, one transaction takes, by the newest runtime that was looked at: 1 where the
	/// chain has only the calls for one.
	pub fn bids_per_call(&self) -> usize {
		let most = self.inner.bids_per_call.load(Ordering::Relaxed);
		usize::try_from(most).unwrap_or(usize::MAX)
	}

	pub(crate) fn nodes(&self) -> &Arc<Nodes> {
		&self.inner.nodes
	}

	/// The chain's native token.
	pub fn token(&self) -> &Token {
		&self.inner.token
	}

	/// The hash of the chain's first block.
	pub fn genesis_hash(&self) -> [u8; 32] {
		self.inner.api.genesis_hash().0
	}

	pub(crate) fn api(&self) -> &OnlineClient<ChainConfig> {
		&self.inner.api
	}

	pub(crate) fn rpc(&self) -> &LegacyRpcMethods<RpcConfigFor<ChainConfig>> {
		&self.inner.rpc
	}

	/// Wraps an error of subxt with the node's address.
	pub(crate) fn failed(&self, error: impl Into<subxt::Error>) -> Error {
		Error::Node { url: self.url(), source: Box::new(error.into()) }
	}

	/// The best block.
	pub async fn best(&self) -> Result<Block, Error> {
		let hash =
			self.rpc().chain_get_block_hash(None).await.map_err(|error| self.failed(error))?;
		self.block(hash.ok_or_else(|| Error::NoBlock("at its head".into()))?).await
	}

	/// The newest finalized block.
	pub async fn finalized(&self) -> Result<Block, Error> {
		let hash =
			self.rpc().chain_get_finalized_head().await.map_err(|error| self.failed(error))?;
		self.block(hash).await
	}

	/// A block by its hash.
	pub async fn block(&self, hash: BlockHash) -> Result<Block, Error> {
		let header =
			self.rpc().chain_get_header(Some(hash)).await.map_err(|error| self.failed(error))?;
		let header = header.ok_or_else(|| Error::NoBlock(format!("{hash:?}")))?;
		Ok(Block { hash, number: height(header.number), parent: header.parent_hash })
	}

	/// The hash of the block at a height of the best chain.
	pub async fn hash_at(&self, number: BlockNumber) -> Result<BlockHash, Error> {
		let hash = self
			.rpc()
			.chain_get_block_hash(Some(u64::from(number).into()))
			.await
			.map_err(|error| self.failed(error))?;
		hash.ok_or_else(|| Error::NoBlock(format!("at height {number}")))
	}

	/// The encoded extrinsics of a block, without their length prefix.
	///
	/// # Errors
	///
	/// [`Error::NoBody`] if the node has only the header of the block.
	pub async fn body(&self, hash: BlockHash) -> Result<Vec<Vec<u8>>, Error> {
		let details =
			self.rpc().chain_get_block(Some(hash)).await.map_err(|error| self.failed(error))?;
		let Some(details) = details else {
			let block = self.block(hash).await?.number;
			return Err(Error::NoBody { url: self.url(), block });
		};
		Ok(details.block.extrinsics.into_iter().map(|extrinsic| extrinsic.0).collect())
	}

	/// Best blocks as the node imports them. A reorganization shows as a block whose parent was
	/// not the one before.
	pub async fn best_blocks(
		&self,
	) -> Result<impl Stream<Item = Result<Block, Error>> + Send + Unpin, Error> {
		let blocks = self.api().stream_best_blocks().await.map_err(|error| self.failed(error))?;
		Ok(self.clone().blocks(blocks))
	}

	/// Finalized blocks, without gaps.
	pub async fn finalized_blocks(
		&self,
	) -> Result<impl Stream<Item = Result<Block, Error>> + Send + Unpin, Error> {
		let blocks = self.api().stream_blocks().await.map_err(|error| self.failed(error))?;
		Ok(self.clone().blocks(blocks))
	}

	fn blocks(
		self,
		blocks: Blocks<ChainConfig>,
	) -> impl Stream<Item = Result<Block, Error>> + Send + Unpin {
		blocks.map(move |block| {
			let block = block.map_err(|error| self.failed(error))?;
			Ok(Block {
				hash: block.hash(),
				number: height(block.number()),
				parent: block.header().parent_hash,
			})
		})
	}

	/// The chain as of a block. Asks the node nothing where the headers since the last one say that the runtime is
	/// still the same.
	///
	/// # Errors
	///
	/// [`Error::DifferentPallet`] if the runtime was upgraded to a pallet that this program does not know.
	pub async fn at(&self, block: Block) -> Result<View, Error> {
		let view = View::new(self.clone(), block);
		let runtime = self.nodes().runtime_of(block.hash).map_or(0, NonZeroU64::get);
		if runtime > 0 && self.inner.checked_runtime.load(Ordering::Relaxed) == runtime {
			return Ok(view);
		}
		let at = view.online().await?;
		let spec = u64::from(at.spec_version()).saturating_add(1);
		if self.inner.checked_spec.load(Ordering::Relaxed) != spec {
			self.check_pallet(at.metadata_ref())?;
			let most = calls::bids_per_call(at.metadata_ref());
			self.inner.bids_per_call.store(most, Ordering::Relaxed);
			self.inner.checked_spec.store(spec, Ordering::Relaxed);
		}
		if runtime > 0 {
			self.inner.checked_runtime.store(runtime, Ordering::Relaxed);
		}
		Ok(view)
	}

	fn check_pallet(&self, metadata: &Metadata) -> Result<(), Error> {
		let detail = match *OUR_FINGERPRINT {
			Some(ours) => ours.difference(&Fingerprint::of(metadata)),
			None => Some("this program was built without the metadata of a runtime".into()),
		};
		match detail {
			Some(detail) => Err(Error::DifferentPallet { url: self.url(), detail }),
			None => Ok(()),
		}
	}
}

/// Heights are 32 bits wide on chains that have the pallet.
pub(crate) fn height(number: u64) -> BlockNumber {
	BlockNumber::try_from(number).unwrap_or(BlockNumber::MAX)
}

/// The innermost cause: the one that says what the network did.
pub(crate) fn deepest(error: &dyn std::error::Error) -> String {
	let mut innermost = error;
	while let Some(source) = innermost.source() {
		innermost = source;
	}
	innermost.to_string().replace("RPC error: client error: ", "")
}

/// The token that the chain specification names, else the default.
async fn token(rpc: &LegacyRpcMethods<RpcConfigFor<ChainConfig>>) -> Token {
	let properties = rpc.system_properties().await.unwrap_or_default();
	let default = Token::default();
	Token {
		decimals: properties
			.get("tokenDecimals")
			.and_then(|decimals| decimals.as_u64())
			.and_then(|decimals| u32::try_from(decimals).ok())
			.filter(|decimals| *decimals <= 30)
			.unwrap_or(default.decimals),
		symbol: properties
			.get("tokenSymbol")
			.and_then(|symbol| symbol.as_str())
			.map_or(default.symbol, Into::into),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn fingerprint_should_find_the_pallet_when_the_metadata_is_ours() {
		let ours = Fingerprint::of(&our_metadata().unwrap());
		assert!(ours.pallet.is_some() && ours.runtime_api.is_some());
		assert_eq!(ours.difference(&ours), None);
	}

	#[test]
	fn fingerprint_should_name_the_part_when_a_chain_differs() {
		let ours = Fingerprint { pallet: Some([1; 32]), runtime_api: Some([2; 32]) };
		let differs = |pallet, runtime_api| ours.difference(&Fingerprint { pallet, runtime_api });
		assert_eq!(differs(None, None).unwrap(), "it has no pallet `Pvs`");
		assert_eq!(differs(Some([1; 32]), None).unwrap(), "it has no runtime API `PvsApi`");
		assert_eq!(differs(Some([3; 32]), Some([2; 32])).unwrap(), "pallet `Pvs` differs");
		assert_eq!(differs(Some([1; 32]), Some([3; 32])).unwrap(), "runtime API `PvsApi` differs");
	}

	#[tokio::test]
	async fn connect_should_fail_clearly_when_nothing_listens() {
		let timeout = Duration::from_secs(5);
		let error = Client::connect("ws://127.0.0.1:1", timeout).await.unwrap_err();
		assert!(matches!(error, Error::Unreachable { .. }), "{error}");
		let error = Client::connect("http://127.0.0.1:1", timeout).await.unwrap_err();
		assert!(matches!(error, Error::BadUrl { .. }), "{error}");
	}
}
