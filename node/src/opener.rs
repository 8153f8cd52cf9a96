// SPDX-License-Identifier: Apache-2.0
//! The opener inside the node: the service of `pvs-opener`, over the node's RPC without a socket.

use crate::{keystore_signer::KeystoreSigner, local_rpc::LocalRpc};
use pvs_client::{keys, rpcs::RpcClient, Amount, Endpoint, KeyError, Keypair, Signer};
use pvs_opener::{Config, OpenerError, Reporter, SERVICE};
use pvs_service::{Event, Level, Stop};
use sc_service::{error::Error as ServiceError, TaskManager};
use sp_keystore::KeystorePtr;
use std::{path::PathBuf, sync::Arc, time::Duration};

const LOG: &str = "opener";
/// How far the priority of the solving threads is lowered: blocks come first.
const NICE: i32 = 10;
/// Seconds to keep trying when the node's RPC does not answer.
const RECONNECT_FOR: u64 = 600;
/// Pause before an opener that has failed is started again.
const RETRY_PAUSE: Duration = Duration::from_secs(60);

/// Whether and how the node opens seals.
#[derive(Clone, Debug, clap::Args)]
#[command(
	next_help_heading = "Opener",
	group = clap::ArgGroup::new("opener_key").multiple(true)
)]
pub(crate) struct OpenerParams {
	/// Open the seals of silent bidders for a reward, and sign with the sr25519 key of type pvsp in the
	/// node's keystore (`pvs-node key insert`) unless a file is named
	#[arg(long, group = "opener_key")]
	opener: bool,

	/// Open the seals of silent bidders for a reward, and sign with the key in this file: a secret
	/// phrase or 0x and 64 hex digits, readable by its owner only or mounted by a service manager (mode
	/// 0440 or 0444, owned by root)
	#[arg(long, value_name = "FILE", group = "opener_key")]
	opener_key_file: Option<PathBuf>,

	/// Seals to solve at the same time, at most: one core each. 1 if not given
	#[arg(long, value_name = "N", requires = "opener_key", value_parser = clap::value_parser!(u32).range(1..=1024))]
	opener_threads: Option<u32>,
}

/// An opener that the node was asked for.
pub(crate) struct Opener {
	key: Key,
	threads: u32,
}

/// Where the opener's key is.
enum Key {
	File(Keypair),
	Keystore,
}

impl OpenerParams {
	/// Reads the key of the opener if it is in a file. Returns `None` if the node was not asked for an opener.
	///
	/// # Errors
	///
	/// Those of [`keys::from_file`].
	pub(crate) fn load(&self) -> Result<Option<Opener>, KeyError> {
		let key = match &self.opener_key_file {
			Some(path) => Key::File(keys::from_file(path)?),
			None if self.opener => Key::Keystore,
			None => return Ok(None),
		};
		Ok(Some(Opener { key, threads: self.opener_threads.unwrap_or(1) }))
	}
}

/// Starts an opener beside the node, over the node's RPC, whether or not that is served to others. It stops
/// with the node; what goes wrong with it later ends nothing else.
///
/// # Errors
///
/// [`ServiceError::Other`] if the key is to be in the node's keystore, and is not.
pub(crate) fn start(
	Opener { key, threads }: Opener,
	rpc: LocalRpc,
	keystore: KeystorePtr,
	state_dir: PathBuf,
	tasks: &TaskManager,
) -> Result<(), ServiceError> {
	let key: Arc<dyn Signer> = match key {
		Key::File(key) => Arc::new(key),
		Key::Keystore => {
			let found = KeystoreSigner::find(keystore);
			Arc::new(found.map_err(|error| ServiceError::Other(format!("--opener: {error}")))?)
		},
	};
	let config = Config {
		connect: Endpoint::InProcess(RpcClient::new(rpc)),
		key,
		threads,
		nice: NICE,
		min_profit: Amount::Planck(0),
		cost: None,
		state_dir,
		reconnect_for: RECONNECT_FOR,
		metrics: None,
	};
	tasks.spawn_handle().spawn_blocking("opener", None, keep_running(config));
	Ok(())
}

/// Runs the opener, and tries again after a while if it fails: a node that still syncs shows neither the
/// account's balance nor today's runtime.
async fn keep_running(config: Config) {
	let mut told = None;
	while let Err(error) = run(config.clone()).await {
		let error = error.to_string();
		if told.as_ref() != Some(&error) {
			let pause = RETRY_PAUSE.as_secs();
			log::error!(target: LOG, "the opener does not run: {error} (tries again every {pause} s)");
			told = Some(error);
		}
		tokio::time::sleep(RETRY_PAUSE).await;
	}
}

async fn run(config: Config) -> Result<(), OpenerError> {
	let reporter = Reporter::new(SERVICE, |stamped, token| {
		let line = stamped.event.text(token);
		match stamped.level {
			Level::Info => log::info!(target: LOG, "{line}"),
			Level::Warning => log::warn!(target: LOG, "{line}"),
			Level::Error => log::error!(target: LOG, "{line}"),
		}
	});
	pvs_opener::run(config, reporter, Stop::never()).await.map(|_| ())
}
