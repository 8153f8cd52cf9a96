// SPDX-License-Identifier: Apache-2.0
//! Actions of the commands.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	service,
	service::FullBackend,
};
use pvs_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_service::PartialComponents;
use std::{
	path::Path,
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"PVS Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn executable_name() -> String {
		"pvs-node".into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"the issue tracker of the PVS repository".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(match id {
			"dev" => Box::new(chain_spec::development()?),
			"" | "local" => Box::new(chain_spec::local()?),
			path => Box::new(chain_spec::ChainSpec::from_json_file(path.into())?),
		})
	}
}

/// Time that a stopping node waits for its tasks to let go of the database.
const DATABASE_RELEASE_TIMEOUT: Duration = Duration::from_secs(20);

/// Runs the command that the user gave.
pub(crate) fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		#[allow(deprecated, reason = "zombienet calls it")]
		Some(Subcommand::BuildSpec(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::CheckBlock(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Some(Subcommand::ExportState(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::PurgeChain(cmd)) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Some(Subcommand::Revert(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, backend, .. } =
				service::new_partial(&config)?;
			let revert_grandpa = Box::new(|client, _, blocks| {
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(revert_grandpa)), task_manager))
		}),
		Some(Subcommand::ChainInfo(cmd)) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run::<Block>(&config))
		},
		None => run_node(&cli),
	}
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
	// Before anything else: whoever asks for a service does not want a node without one.
	let services = cli.services.load(cli.run.shared_params.is_dev())?;
	let runner = cli.create_runner(&cli.run)?;
	let database = Arc::new(Mutex::new(None));
	let kept = database.clone();
	let result = runner.run_node_until_exit(|config| async move {
		let data = config.data_path.clone();
		let node = match config.network.network_backend {
			sc_network::config::NetworkBackendType::Libp2p => service::new_full::<
				sc_network::NetworkWorker<Block, <Block as sp_runtime::traits::Block>::Hash>,
			>(config),
			sc_network::config::NetworkBackendType::Litep2p => {
				service::new_full::<sc_network::Litep2pNetworkBackend>(config)
			},
		}
		.map_err(|error| cannot_start(&data, &error))?;
		if let Ok(mut slot) = kept.lock() {
			*slot = Some(node.backend);
		}
		services.start(&node.host).await?;
		Ok::<_, sc_cli::Error>(node.tasks)
	});
	if let Some(backend) = database.lock().ok().and_then(|mut slot| slot.take()) {
		close_database(backend);
	}
	result
}

/// Returns why the node does not start. Errors of the database and of the key store do not say where they are.
fn cannot_start(data: &Path, error: &sc_service::Error) -> sc_cli::Error {
	let text = format!("the node cannot start with the data in {}: {error}", data.display());
	sc_cli::Error::Application(text.into())
}

/// Waits until nothing else holds the database and drops it, so that it writes out its log. A process
/// that ended while a task still held it would lose the newest blocks.
fn close_database(backend: Arc<FullBackend>) {
	let started = Instant::now();
	while Arc::strong_count(&backend) > 1 && started.elapsed() < DATABASE_RELEASE_TIMEOUT {
		std::thread::sleep(Duration::from_millis(50));
	}
	if Arc::strong_count(&backend) > 1 {
		pvs_text::complain(format_args!(
			"pvs-node: a task still holds the database after {} s; the newest blocks may have to be \
			 imported again",
			DATABASE_RELEASE_TIMEOUT.as_secs()
		));
	}
}
