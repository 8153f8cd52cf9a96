// SPDX-License-Identifier: Apache-2.0
//! Programs of a running demo: starts and stops provers, the opener and nodes.

use super::{Demo, ROLLUP};
use crate::{
	error::DemoError,
	node::{self, Node},
	options::{Options, Scenario},
	processes::Process,
	sequencer::Sequencer,
};
use pvs_primitives::{params::RollupParams, BlockNumber};
use std::{num::NonZeroUsize, path::Path};

/// A prover process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prover {
	/// Name of the prover.
	pub(crate) name: &'static str,
	/// The path of its development key.
	pub(crate) key: &'static str,
	/// Fee that it asks, in per cent of the highest fee.
	pub(crate) ask_percent: u128,
	/// Time that it promises, in blocks.
	pub(crate) promise: BlockNumber,
	/// Number of threads that it proves on, if not on those that the command line says.
	pub(crate) threads: Option<usize>,
}

/// The path of the opener's development key.
const OPENER: &str = "//Ferdie";
/// Part of the line with which the prover in a node says that it bids.
const NODE_PROVES: &str = "proves for rollup";

impl Demo<'_> {
	/// Starts provers and waits until they are ready.
	pub(crate) async fn start_provers(&mut self, provers: &[Prover]) -> Result<(), DemoError> {
		self.start_provers_at(provers, &self.client.url()).await
	}

	/// Starts provers that use the nodes at these addresses, and waits until they are ready.
	pub(crate) async fn start_provers_at(
		&mut self,
		provers: &[Prover],
		urls: &str,
	) -> Result<(), DemoError> {
		let params = self.rollup().await?.params;
		let first = self.provers.len();
		for prover in provers {
			let fee = fee(prover, &params);
			let promise = promise(prover.promise, &params);
			let process = self.start_prover(prover, fee, promise, urls)?;
			self.provers.push(process);
			self.progress.line(&format!(
				"{}: asks {}, promises {promise} blocks",
				prover.name,
				self.client.token().show_short(fee)
			));
		}
		self.progress.at(self.story.proven(), "waiting for the provers");
		for prover in self.provers.iter_mut().skip(first) {
			prover.wait_until_ready().await?;
		}
		Ok(())
	}

	/// Starts a further node with these options, and waits until it has all blocks. Returns its address.
	pub(crate) async fn start_node(
		&mut self,
		name: &'static str,
		options: &[&str],
	) -> Result<String, DemoError> {
		self.progress.at(self.story.proven(), "waiting for a node");
		let (program, scenario) = (&self.node_program, self.args.scenario);
		let author = (&self.client, self.author.as_str());
		let logs = self.files.path();
		let node = node::start_other(name, program, scenario, author, options, logs).await?;
		let url = node.client.url();
		self.others.push(node.process);
		self.progress.line(&format!("{name}: {url}"));
		Ok(url)
	}

	/// Freezes a prover.
	pub(crate) fn freeze_prover(&self, name: &str) {
		self.provers.iter().filter(|prover| prover.name() == name).for_each(Process::freeze);
	}

	/// Lets a frozen prover go on.
	pub(crate) fn thaw_prover(&self, name: &str) {
		self.provers.iter().filter(|prover| prover.name() == name).for_each(Process::thaw);
	}

	/// Kills a prover, without a chance to tidy up.
	pub(crate) fn kill_prover(&mut self, name: &str) {
		let mut killed = self.provers.extract_if(.., |prover| prover.name() == name);
		killed.by_ref().for_each(|mut prover| prover.kill());
		self.progress.line(&format!("{name} is killed"));
	}

	/// Returns whether a prover that runs has logged a text by now.
	pub(crate) fn has_logged(&self, name: &str, text: &str) -> bool {
		let mut provers = self.provers.iter().filter(|prover| prover.name() == name);
		provers.any(|prover| prover.has_logged(text))
	}

	/// Returns whether the sequencer has logged a text by now.
	pub(crate) fn sequencer_has_logged(&self, text: &str) -> bool {
		self.sequencer.as_ref().is_some_and(|sequencer| sequencer.has_logged(text))
	}

	/// Filter of the log lines of provers and of the sequencer, if it is not their own: lines about transactions that lose
	/// their blocks are none that an operator has to read.
	pub(crate) fn log_filter(&self) -> Option<&'static str> {
		(self.args.scenario == Scenario::Reorg).then_some("warn,pvs_client=info")
	}

	/// Shows the ends of the logs of all nodes on stderr.
	pub(crate) fn show_nodes(&self) {
		self.others.iter().chain([&self.node]).for_each(Process::show_log);
	}

	/// Freezes one of the further nodes.
	pub(crate) fn freeze_node(&self, index: usize) {
		if let Some(node) = self.others.get(index) {
			node.freeze();
			self.progress.line(&format!("{} is frozen", node.name()));
		}
	}

	/// Kills one of the further nodes.
	pub(crate) fn kill_node(&mut self, index: usize) {
		if let Some(node) = self.others.get_mut(index) {
			node.kill();
			self.progress.line(&format!("{} is killed", node.name()));
		}
	}

	/// Starts an opener and waits until it is ready. It solves one seal at a time.
	pub(crate) async fn start_opener(&mut self) -> Result<(), DemoError> {
		let state_dir = self.files.path().join("opener-state");
		let arguments: Vec<String> = [
			"opener",
			"run",
			"--json",
			"--url",
			&self.client.url(),
			"--suri",
			OPENER,
			"--threads",
			"1",
			"--state-dir",
			&state_dir.to_string_lossy(),
		]
		.map(str::to_owned)
		.to_vec();
		let program = self.program();
		let process = Process::start("opener", &program, &arguments, self.files.path())?;
		self.progress.at(self.story.proven(), "waiting for the opener");
		self.opener.insert(process).wait_until_ready().await?;
		self.progress.line("opener: one seal at a time");
		Ok(())
	}

	fn start_prover(
		&self,
		prover: &Prover,
		fee: u128,
		promise: BlockNumber,
		urls: &str,
	) -> Result<Process, DemoError> {
		let threads = prover
			.threads
			.or(self.args.threads)
			.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
		let data_dir = self.files.path().join(prover.name);
		let arguments: Vec<String> = [
			"prover",
			"run",
			"--json",
			"--url",
			urls,
			"--suri",
			prover.key,
			"--rollup",
			&ROLLUP.to_string(),
			"--nice",
			"5",
			"--fee",
			&format!("{fee} planck"),
			"--proof-blocks",
			&promise.to_string(),
			"--max-jobs",
			&self.args.pipeline().to_string(),
			"--threads",
			&threads.to_string(),
			"--data-dir",
			&data_dir.to_string_lossy(),
			"--keys-dir",
			&self.keys_dir.to_string_lossy(),
		]
		.map(str::to_owned)
		.to_vec();
		let (program, logs) = (self.program(), self.files.path());
		Process::start_telling(prover.name, &program, &arguments, logs, self.log_filter())
	}

	/// Fails if a program that should run has stopped.
	pub(crate) fn check_children(&mut self) -> Result<(), DemoError> {
		self.node.check_alive()?;
		for program in self.provers.iter_mut().chain(&mut self.opener) {
			program.check_alive()?;
		}
		self.sequencer.as_mut().map_or(Ok(()), Sequencer::check)
	}
}

/// Starts the node that makes the blocks with a prover in it, and waits until that bids. On a development chain such a
/// prover signs with the key of //Bob. It has as many threads as the node gives it unless the command line says
/// otherwise.
pub(super) async fn start_proving_author(
	program: &Path,
	prover: &Prover,
	args: &Options,
	keys_dir: &Path,
	logs: &Path,
) -> Result<Node, DemoError> {
	// Its price is an option, and depends on the market: a first start, without a prover, tells that.
	let plain = node::start_author(program, args.scenario, &[], logs).await?;
	let view = plain.client.at(plain.client.best().await?).await?;
	let params = view.rollup(ROLLUP).await?.ok_or(DemoError::NoRollup)?.params;
	drop((view, plain));
	let (rollup, fee) = (ROLLUP.to_string(), format!("{} planck", fee(prover, &params)));
	let promise = promise(prover.promise, &params).to_string();
	let (jobs, keys_dir) = (args.pipeline().to_string(), keys_dir.to_string_lossy());
	let mut options = vec![
		"--prover",
		"--prover-rollup",
		&rollup,
		"--prover-keys-dir",
		&keys_dir,
		"--prover-fee",
		&fee,
		"--prover-proof-blocks",
		&promise,
		"--prover-max-jobs",
		&jobs,
	];
	let threads = args.threads.map(|threads| threads.to_string());
	if let Some(threads) = &threads {
		options.extend(["--prover-threads", threads]);
	}
	let mut node = node::start_author(program, args.scenario, &options, logs).await?;
	node.process.wait_until_logged(NODE_PROVES).await?;
	Ok(node)
}

/// The fee that a prover asks, in planck.
fn fee(prover: &Prover, params: &RollupParams) -> u128 {
	(params.max_reserve.saturating_mul(prover.ask_percent) / 100).max(1)
}

/// A promise that the rollup takes.
fn promise(blocks: BlockNumber, params: &RollupParams) -> BlockNumber {
	blocks.clamp(1, params.max_proof_blocks.max(1))
}
