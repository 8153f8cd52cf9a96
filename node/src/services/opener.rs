// SPDX-License-Identifier: Apache-2.0
//! The opener inside the node: the service of `pvs-opener`.

use super::{host::log_events, key::Key, Host};
use pvs_client::Amount;
use pvs_opener::{Config, OpenerError, SERVICE};
use pvs_service::{metrics::Embedded, Stop};
use sc_service::error::Error as ServiceError;
use std::path::PathBuf;

/// Number by which the priority of the solving threads is lowered: blocks come first.
const NICE: i32 = 10;
/// Seconds to keep trying when the node's RPC does not answer.
const RECONNECT_FOR: u64 = 600;
/// Key of the account that opens seals on a development chain.
const DEVELOPMENT_KEY: &str = "//Ferdie";

/// Options of the node's opener of seals.
#[derive(Clone, Debug, clap::Args)]
#[command(
	next_help_heading = "Opener",
	group = clap::ArgGroup::new("opener_key").multiple(true)
)]
pub(crate) struct Params {
	/// Open the seals of silent bidders for a reward, and sign with the sr25519 key of type pvsp in the
	/// node's keystore (`pvs-node key insert`) unless a file is named; with --dev, with that of //Ferdie
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
pub(crate) struct Requested {
	key: Key,
	threads: u32,
}

impl Params {
	/// Reads the key of the opener if it is in a file. Returns `None` if the node was not asked for an opener.
	pub(crate) fn load(&self, is_dev: bool) -> Result<Option<Requested>, String> {
		if !self.opener && self.opener_key_file.is_none() {
			return Ok(None);
		}
		let development = is_dev.then_some(DEVELOPMENT_KEY);
		let key = Key::load("--opener-key-file", self.opener_key_file.as_deref(), development)?;
		Ok(Some(Requested { key, threads: self.opener_threads.unwrap_or(1) }))
	}
}

/// Starts the opener.
///
/// # Errors
///
/// [`ServiceError::Other`] if the key is to be in the node's keystore, and is not.
pub(crate) fn start(requested: Requested, host: &Host) -> Result<(), ServiceError> {
	let config = Config {
		connect: host.endpoint(),
		key: requested.key.signer("--opener", host)?,
		threads: requested.threads,
		nice: NICE,
		min_profit: Amount::Planck(0),
		cost: None,
		state_dir: host.dir.join("opener"),
		reconnect_for: RECONNECT_FOR,
		metrics: None,
		registry: None,
	};
	let metrics = Embedded::new(SERVICE, host.registry.as_ref())
		.map_err(|error| ServiceError::Other(error.to_string()))?;
	let run = move || {
		let (config, registry) = (config.clone(), metrics.next_run());
		async move {
			let config = Config { registry: Some(registry?), ..config };
			let reporter = log_events(SERVICE, "opener");
			pvs_opener::run(config, reporter, Stop::never()).await?;
			Ok::<_, OpenerError>(())
		}
	};
	let service = host.clone().keep_running(SERVICE, run, |_| {});
	host.tasks.spawn_blocking("opener", None, service);
	Ok(())
}
