// SPDX-License-Identifier: Apache-2.0
//! A serving sequencer, and the load generator that sends it transfers.

use crate::{
	error::DemoError,
	processes::{free_ports, Process},
	run::{Demo, POLL, ROLLUP},
};
use pvs_rollup::demo::SHAPE;
use std::{
	path::Path,
	time::{Duration, Instant},
};

/// Time that the load generator may take to see that its transfers are final.
const LOAD_WAIT: Duration = Duration::from_secs(30);
/// Transfers per second: four full batches, of which a block takes one.
const RATE: u32 = 16;
/// Time that a transfer may wait for others of its batch, in milliseconds: a day. No batch is made that is
/// not full.
const FULL_ONLY: u32 = 86_400_000;

/// A sequencer of the rollup, with its load generator.
pub(crate) struct Sequencer {
	// Dropped first: it talks to the other one.
	load: Option<Process>,
	process: Process,
	rpc: String,
}

impl Sequencer {
	/// Starts a sequencer that makes full batches only, and waits until it is ready. `max_fee` is in planck,
	/// per batch.
	pub(crate) async fn start(demo: &Demo<'_>, max_fee: u128) -> Result<Self, DemoError> {
		let [port] = free_ports()?;
		// All transfers may wait at the same time, and until the end.
		let transfers = transfers(demo.args.batches()).to_string();
		let options = [
			("--pipeline", demo.args.pipeline().to_string()),
			("--max-fee", format!("{max_fee} planck")),
			("--max-wait-ms", FULL_ONLY.to_string()),
			("--pool-limit", transfers.clone()),
			("--account-limit", transfers),
			("--max-age-seconds", demo.args.limit().to_string()),
		];
		let data_dir = demo.files().join("sequencer-data");
		let process = serve(demo, "sequencer", port, &data_dir, &options).await?;
		Ok(Self { load: None, process, rpc: address(port) })
	}

	/// Sends the transfers of so many batches.
	pub(crate) fn fill(
		&mut self,
		demo: &Demo<'_>,
		batches: u32,
		seed: u64,
	) -> Result<(), DemoError> {
		let options = [
			("--count", transfers(batches).to_string()),
			("--rate", RATE.to_string()),
			("--seed", seed.to_string()),
		];
		self.load = Some(load(demo, &self.rpc, &options)?);
		Ok(())
	}

	/// Waits until the sequencer calls all transfers final.
	pub(crate) async fn wait_for_load(&mut self) -> Result<(), DemoError> {
		let Some(load) = &mut self.load else { return Ok(()) };
		let give_up = Instant::now() + LOAD_WAIT;
		while !load.has_finished()? {
			if Instant::now() >= give_up {
				load.show_log();
				self.process.show_log();
				let (name, seconds) = (load.name(), LOAD_WAIT.as_secs());
				return Err(DemoError::NotReady { name, seconds });
			}
			tokio::time::sleep(POLL).await;
		}
		Ok(())
	}

	/// Fails if the sequencer has stopped, or the load generator has failed.
	pub(crate) fn check(&mut self) -> Result<(), DemoError> {
		self.process.check_alive()?;
		self.load.as_mut().map_or(Ok(()), Process::check_not_failed)
	}

	/// Returns whether the sequencer has logged a text by now.
	pub(crate) fn has_logged(&self, text: &str) -> bool {
		self.process.has_logged(text)
	}

	/// Shows the ends of both logs on stderr.
	pub(crate) fn show_logs(&self) {
		self.load.iter().chain([&self.process]).for_each(Process::show_log);
	}
}

/// As many transfers as fill so many batches.
fn transfers(batches: u32) -> u64 {
	let each = u64::try_from(SHAPE.transfers()).unwrap_or(u64::MAX);
	u64::from(batches).saturating_mul(each)
}

/// Returns where a sequencer on this port takes transfers.
pub(crate) fn address(port: u16) -> String {
	format!("ws://127.0.0.1:{port}")
}

/// Starts a sequencer that takes transfers on a port, with these options beside those that all have, and
/// waits until it is ready.
pub(crate) async fn serve(
	demo: &Demo<'_>,
	name: &'static str,
	port: u16,
	data_dir: &Path,
	options: &[(&str, String)],
) -> Result<Process, DemoError> {
	let mut arguments: Vec<String> = [
		"sequencer",
		"serve",
		"--json",
		"--url",
		&demo.client.url(),
		"--suri",
		"//Alice",
		"--rollup",
		&ROLLUP.to_string(),
		"--data-dir",
		&data_dir.to_string_lossy(),
		"--listen",
		&format!("127.0.0.1:{port}"),
	]
	.map(str::to_owned)
	.to_vec();
	arguments.extend(flat(options));
	let program = demo.program();
	let filter = demo.log_filter();
	let mut process = Process::start_telling(name, &program, &arguments, demo.files(), filter)?;
	process.wait_until_ready().await?;
	Ok(process)
}

/// Starts a load generator for the sequencer at an address.
pub(crate) fn load(
	demo: &Demo<'_>,
	rpc: &str,
	options: &[(&str, String)],
) -> Result<Process, DemoError> {
	let limit = demo.args.limit().to_string();
	let mut arguments: Vec<String> =
		["sequencer", "load", "--json", "--rpc", rpc, "--timeout", &limit]
			.map(str::to_owned)
			.to_vec();
	arguments.extend(flat(options));
	Process::start("load", &demo.program(), &arguments, demo.files())
}

fn flat<'a>(options: &'a [(&str, String)]) -> impl Iterator<Item = String> + 'a {
	options.iter().flat_map(|(option, value)| [(*option).to_owned(), value.clone()])
}
