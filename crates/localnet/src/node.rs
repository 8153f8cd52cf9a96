// SPDX-License-Identifier: Apache-2.0
//! Nodes: one that makes blocks and that the demo itself uses, and others that find it.

use crate::{
	error::DemoError,
	options::Scenario,
	processes::{free_ports, Process},
	run::POLL,
};
use pvs_client::{Client, Error};
use std::{
	path::Path,
	time::{Duration, Instant},
};

/// The network key of the node that the others find, and the identity that comes with it.
const AUTHOR_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
pub(crate) const AUTHOR_ID: &str = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
/// Time that a node may take to answer, and to have all blocks.
const NODE_WAIT: Duration = Duration::from_secs(60);
/// Time that connecting may take, before it is tried again.
const CONNECT_WAIT: Duration = Duration::from_secs(1);

/// A node that runs, and a connection to it.
pub(crate) struct Node {
	pub(crate) process: Process,
	pub(crate) client: Client,
	/// Address at which other nodes find it.
	pub(crate) address: String,
}

/// Starts the node that the demo uses: the one that makes the blocks, or the first of those that do, unless the scenario
/// has authors of its own. It gets these options beside those that all have. Waits until it answers.
pub(crate) async fn start_author(
	program: &Path,
	scenario: Scenario,
	options: &[&str],
	logs: &Path,
) -> Result<Node, DemoError> {
	let more: &[&str] = match scenario {
		Scenario::Nodes => &["--dev", "--no-grandpa"],
		Scenario::Validators => &["--chain", "local", "--alice", "--no-mdns"],
		// The scenario starts those that make blocks, and says to whom they connect.
		Scenario::Reorg => &["--chain", "dev", "--no-grandpa", "--no-mdns", "--out-peers", "0"],
		_ => &["--dev"],
	};
	start("node", program, &[&["--node-key", AUTHOR_KEY], more, options].concat(), logs).await
}

/// Starts a node that finds the author at an address, and waits until it has as many blocks as that one.
pub(crate) async fn start_other(
	name: &'static str,
	program: &Path,
	scenario: Scenario,
	(author, address): (&Client, &str),
	options: &[&str],
	logs: &Path,
) -> Result<Node, DemoError> {
	let chain = if scenario == Scenario::Validators { "local" } else { "dev" };
	let connect: &[&str] = match scenario {
		// Without places for others a node that is no longer reserved loses its connection.
		Scenario::Reorg => {
			&["--reserved-only", "--reserved-nodes", address, "--in-peers", "0", "--out-peers", "0"]
		},
		_ => &["--bootnodes", address],
	};
	let common: &[&str] = &["--chain", chain, "--no-mdns"];
	let mut node = start(name, program, &[common, connect, options].concat(), logs).await?;
	let give_up = Instant::now() + NODE_WAIT;
	let wanted = author.best().await?.number;
	while node.client.best().await?.number < wanted {
		wait_a_moment(&mut node.process, give_up).await?;
	}
	Ok(node)
}

async fn start(
	name: &'static str,
	program: &Path,
	options: &[&str],
	logs: &Path,
) -> Result<Node, DemoError> {
	let [rpc, p2p, metrics] = free_ports()?;
	let [rpc_port, metrics] = [rpc, metrics].map(|port| port.to_string());
	// On this machine only.
	let listen = format!("/ip4/127.0.0.1/tcp/{p2p}");
	let common =
		["--tmp", "--rpc-port", &rpc_port, "--listen-addr", &listen, "--prometheus-port", &metrics];
	let arguments: Vec<String> =
		common.iter().chain(options).map(|option| (*option).to_owned()).collect();
	let mut process = Process::start(name, program, &arguments, logs)?;
	let client = connect(&mut process, &format!("ws://127.0.0.1:{rpc}")).await?;
	Ok(Node { process, client, address: format!("{listen}/p2p/{AUTHOR_ID}") })
}

/// Connects as soon as the node answers.
async fn connect(node: &mut Process, url: &str) -> Result<Client, DemoError> {
	let give_up = Instant::now() + NODE_WAIT;
	loop {
		match Client::connect(url, CONNECT_WAIT).await {
			Ok(client) => return Ok(client),
			Err(error @ Error::DifferentPallet { .. }) => return Err(error.into()),
			Err(error) => tracing::debug!("the node is not ready: {error}"),
		}
		wait_a_moment(node, give_up).await?;
	}
}

/// Waits before a node is asked again. Fails if it has stopped, or was given enough time.
async fn wait_a_moment(node: &mut Process, give_up: Instant) -> Result<(), DemoError> {
	node.check_alive()?;
	if Instant::now() >= give_up {
		node.show_log();
		return Err(DemoError::NotReady { name: node.name(), seconds: NODE_WAIT.as_secs() });
	}
	tokio::time::sleep(POLL).await;
	Ok(())
}
