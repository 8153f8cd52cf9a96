// SPDX-License-Identifier: Apache-2.0
//! The opener inside the node: the service of `pvs-opener`, over the node's own RPC.

use pvs_client::{cli::ConnectArgs, keys, Amount};
use pvs_opener::{Config, OpenerError, Report, Reporter};
use sc_service::TaskManager;
use std::{path::PathBuf, time::Duration};

const LOG: &str = "opener";
/// How far the priority of the solving threads is lowered: blocks come first.
const NICE: i32 = 10;
/// Seconds to keep trying when the node's RPC does not answer.
const RECONNECT_FOR: u64 = 600;
/// Pause before an opener that has failed is started again.
const RETRY_PAUSE: Duration = Duration::from_secs(60);

/// Whether and how the node opens seals.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Opener")]
pub(crate) struct OpenerParams {
	/// Open the seals of silent bidders for a reward, and sign with the key in this file: a secret
	/// phrase or 0x and 64 hex digits, readable by its owner only
	#[arg(long, value_name = "FILE")]
	opener_key_file: Option<PathBuf>,

	/// Seals to solve at the same time, at most: one core each. 1 if not given
	#[arg(long, value_name = "N", requires = "opener_key_file", value_parser = clap::value_parser!(u32).range(1..=1024))]
	opener_threads: Option<u32>,
}

/// Starts the opener beside the node if it was asked for. It stops with the node; what goes wrong with
/// it ends nothing else.
pub(crate) fn start(
	params: &OpenerParams,
	rpc_port: Option<u16>,
	state_dir: PathBuf,
	tasks: &TaskManager,
) {
	let Some(key_file) = &params.opener_key_file else { return };
	let Some(port) = rpc_port else {
		log::error!(target: LOG, "the opener does not run: the node serves no RPC");
		return;
	};
	let key = match keys::from_file(key_file) {
		Ok(key) => key,
		Err(error) => {
			log::error!(target: LOG, "the opener does not run: {error}");
			return;
		},
	};
	let config = Config {
		connect: ConnectArgs { url: format!("ws://127.0.0.1:{port}"), connect_timeout: 30 },
		key,
		threads: params.opener_threads.unwrap_or(1),
		nice: NICE,
		min_profit: Amount::Planck(0),
		cost: None,
		state_dir,
		reconnect_for: RECONNECT_FOR,
	};
	tasks.spawn_handle().spawn_blocking("opener", None, keep_running(config));
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
	let reporter = Reporter::new(|report, token| {
		let line = report.text(token);
		match report {
			Report::Trouble { .. } | Report::Warning { .. } => log::warn!(target: LOG, "{line}"),
			_ => log::info!(target: LOG, "{line}"),
		}
	});
	pvs_opener::run(config, reporter, std::future::pending()).await.map(|_| ())
}
