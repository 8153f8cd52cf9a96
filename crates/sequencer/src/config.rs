// SPDX-License-Identifier: Apache-2.0
//! Values that a sequencer is started with.

use pvs_client::{Amount, Endpoint, Signer};
use pvs_primitives::{BlockNumber, RollupId};
use pvs_rollup::genesis::Genesis;
use pvs_service::Metrics;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Defaults of a sequencer that is not told otherwise, on the command line or as a library.
pub mod defaults {
	/// Connections at the same time.
	pub const MAX_CONNECTIONS: u32 = 100;
	/// Those of one address.
	pub const MAX_CONNECTIONS_PER_ADDRESS: u32 = 32;
	/// Seconds that a WebSocket may be open without a request.
	pub const MAX_IDLE_SECONDS: u64 = 600;
	/// Milliseconds that a transfer waits at most before a batch is made that is not full.
	pub const MAX_WAIT_MS: u64 = 1_000;
	/// Fewest blocks from one commit to the next.
	pub const BATCH_BLOCKS: u32 = 1;
	/// Batches that may be unproven at the same time.
	pub const PIPELINE: u32 = 1;
	/// The rollup's account that gets the fees of the transfers.
	pub const FEE_ACCOUNT: u32 = pvs_rollup::demo::FEE_ACCOUNT;
	/// Lowest fee of a transfer.
	pub const MIN_FEE: u32 = 1;
	/// Lowest fee of a transfer that opens an account.
	pub const MIN_OPENING_FEE: u32 = 100;
	/// Transfers in the pool at most.
	pub const POOL_LIMIT: usize = 10_000;
	/// Waiting transfers of one account at most.
	pub const ACCOUNT_LIMIT: usize = 64;
	/// Greatest distance of a nonce from the account's next free one.
	pub const MAX_NONCE_GAP: u32 = 16;
	/// Seconds that a transfer may wait.
	pub const MAX_AGE_SECONDS: u64 = 3_600;
	/// Final batches from one saved state to the next.
	pub const SAVE_EVERY: u32 = 8;
	/// Records of no more use after which the journal is written anew.
	pub const COMPACT_RECORDS: usize = 16_384;
}

/// Everything that the service needs.
#[derive(Clone)]
pub struct Config {
	/// Way to the chain.
	pub connect: Endpoint,
	/// Key of the account that commits batches, and pays for their proofs.
	pub key: Arc<dyn Signer>,
	/// The rollup whose sequencer that account is.
	pub rollup: RollupId,
	/// The rollup's genesis.
	pub genesis: Genesis,
	/// Directory of the journal and of saved states.
	pub data_dir: PathBuf,
	/// Way to take transfers from others; if `None`, no socket is opened for that.
	pub rpc: Option<RpcConfig>,
	/// Time that a transfer waits at most before a batch is made that is not full.
	pub max_wait: Duration,
	/// Fewest blocks from one commit to the next.
	pub batch_blocks: BlockNumber,
	/// Batches that may be unproven at the same time.
	pub pipeline: u32,
	/// Highest fee for a proof; the rollup's highest reserve if there is none.
	pub max_fee: Option<Amount>,
	/// The rollup's account that gets the fees of the transfers.
	pub fee_account: u32,
	/// Lowest fee of a transfer, in the rollup's smallest unit.
	pub min_fee: u32,
	/// The same of one that opens an account.
	pub min_opening_fee: u32,
	/// Transfers in the pool at most, those in batches that are not final included.
	pub pool_limit: usize,
	/// Waiting transfers of one account at most.
	pub account_limit: usize,
	/// Greatest distance of a nonce from the account's next free one.
	pub max_nonce_gap: u32,
	/// Time that a transfer may wait before it ends as expired.
	pub max_age: Duration,
	/// Final batches from one saved state to the next.
	pub save_every: u32,
	/// Records of no more use after which the journal is written anew.
	pub compact_records: usize,
	/// Transfers that it makes itself, if any, for development: only of the demo's genesis.
	pub transfers: Option<Transfers>,
	/// Address at which to serve metrics and health, if anywhere.
	pub metrics: Option<SocketAddr>,
	/// Registry of the metrics; one of their own if `None`. Of one run only, since their names are taken then.
	pub registry: Option<Metrics>,
}

impl Config {
	/// Returns what `pvsctl sequencer serve` does with no more options than these, but takes no transfers from others,
	/// makes none, and serves no metrics.
	pub fn new(
		connect: Endpoint,
		key: Arc<dyn Signer>,
		rollup: RollupId,
		genesis: Genesis,
		data_dir: PathBuf,
	) -> Self {
		Self {
			connect,
			key,
			rollup,
			genesis,
			data_dir,
			rpc: None,
			max_wait: Duration::from_millis(defaults::MAX_WAIT_MS),
			batch_blocks: defaults::BATCH_BLOCKS,
			pipeline: defaults::PIPELINE,
			max_fee: None,
			fee_account: defaults::FEE_ACCOUNT,
			min_fee: defaults::MIN_FEE,
			min_opening_fee: defaults::MIN_OPENING_FEE,
			pool_limit: defaults::POOL_LIMIT,
			account_limit: defaults::ACCOUNT_LIMIT,
			max_nonce_gap: defaults::MAX_NONCE_GAP,
			max_age: Duration::from_secs(defaults::MAX_AGE_SECONDS),
			save_every: defaults::SAVE_EVERY,
			compact_records: defaults::COMPACT_RECORDS,
			transfers: None,
			metrics: None,
			registry: None,
		}
	}
}

/// Settings by which transfers are taken from others.
#[derive(Clone, Debug)]
pub struct RpcConfig {
	/// Address to listen at. Port 0 takes one that is free. Anyone who reaches the address can send transfers.
	pub listen: SocketAddr,
	/// Names of hosts under which the RPC may be reached, beside `localhost` and addresses, and whose web pages
	/// may use it.
	pub hosts: Vec<String>,
	/// Connections at the same time.
	pub max_connections: u32,
	/// Those of one address, at least 1.
	pub max_connections_per_address: u32,
	/// Time that a WebSocket may be open without a request.
	pub max_idle: Duration,
}

impl RpcConfig {
	/// Returns what `pvsctl sequencer serve` does with no more options than the address.
	pub fn new(listen: SocketAddr) -> Self {
		Self {
			listen,
			hosts: Vec::new(),
			max_connections: defaults::MAX_CONNECTIONS,
			max_connections_per_address: defaults::MAX_CONNECTIONS_PER_ADDRESS,
			max_idle: Duration::from_secs(defaults::MAX_IDLE_SECONDS),
		}
	}
}

/// Random transfers between the accounts of the demo rollup, whose secrets are public: so that a development chain has
/// batches without anybody else. They are taken as those of others are, which fails while their accounts or the pool
/// are full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfers {
	/// Number of transfers a second, all made at once; none if 0.
	pub per_second: u8,
	/// Seed that amounts, fees and receivers follow from.
	pub seed: u64,
}
