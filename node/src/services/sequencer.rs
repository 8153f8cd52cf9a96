// SPDX-License-Identifier: Apache-2.0
//! A sequencer inside the node, for development: the service of `pvsctl sequencer serve`.

use super::{host::log_events, key::Key, Host};
use pvs_rollup::demo;
use pvs_sequencer::{Config, RpcConfig, SequencerError, Transfers, SERVICE};
use pvs_service::{metrics::Embedded, Stop};
use sc_service::error::Error as ServiceError;
use std::net::SocketAddr;

/// The demo rollup.
const ROLLUP: u32 = 0;
/// Its sequencer on a development chain.
const DEVELOPMENT_KEY: &str = "//Alice";
/// Transfers that it makes itself, in a second: a batch's worth every two.
const TRANSFERS: Transfers = Transfers { per_second: 2, seed: 1 };

/// Options of the node's sequencer.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sequencer")]
pub(crate) struct Params {
	/// Commit batches of the demo rollup, with --dev only: of transfers that the node makes itself between the
	/// rollup's accounts, or that others send to --sequencer-listen
	#[arg(long)]
	sequencer: bool,

	/// Take transfers at this address instead of making them: what `pvs-sequencer` and its `load` talk to
	#[arg(long, value_name = "ADDRESS", requires = "sequencer")]
	sequencer_listen: Option<SocketAddr>,
}

/// A sequencer that the node was asked for.
pub(crate) struct Requested {
	key: Key,
	listen: Option<SocketAddr>,
}

impl Params {
	/// Returns `None` if the node was not asked for a sequencer.
	///
	/// # Errors
	///
	/// It was, and without `--dev`, or is to listen to other machines.
	pub(crate) fn load(&self, is_dev: bool) -> Result<Option<Requested>, String> {
		if !self.sequencer {
			return Ok(None);
		}
		if !is_dev {
			return Err(
				"--sequencer is for --dev, where the sequencer's key is well known; elsewhere run \
			            `pvsctl sequencer serve`"
					.into(),
			);
		}
		if let Some(address) = self.sequencer_listen.filter(|address| !address.ip().is_loopback()) {
			return Err(format!(
				"--sequencer-listen: {address} can be reached from other machines, and a development chain \
				 is for this one; name an address such as 127.0.0.1:8545"
			));
		}
		let key = Key::load("--sequencer", None, Some(DEVELOPMENT_KEY))?;
		Ok(Some(Requested { key, listen: self.sequencer_listen }))
	}
}

/// Starts the sequencer.
///
/// # Errors
///
/// [`ServiceError::Other`] if its metrics have no place.
pub(crate) fn start(requested: Requested, host: &Host) -> Result<(), ServiceError> {
	let metrics = Embedded::new(SERVICE, host.registry.as_ref())
		.map_err(|error| ServiceError::Other(error.to_string()))?;
	let key = requested.key.signer("--sequencer", host)?;
	let data_dir = host.dir.join("sequencer");
	let config = Config {
		rpc: requested.listen.map(RpcConfig::new),
		transfers: requested.listen.is_none().then_some(TRANSFERS),
		..Config::new(host.endpoint(), key, ROLLUP, demo::genesis(), data_dir)
	};
	let run = move || {
		let (config, registry) = (config.clone(), metrics.next_run());
		async move {
			let config = Config { registry: Some(registry?), ..config };
			let reporter = log_events(SERVICE, "sequencer");
			pvs_sequencer::run(config, reporter, Stop::never()).await?;
			Ok::<_, SequencerError>(())
		}
	};
	let service = host.clone().keep_running(SERVICE, run, |_| {});
	host.tasks.spawn_blocking("sequencer", None, service);
	Ok(())
}
