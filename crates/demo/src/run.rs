// SPDX-License-Identifier: Apache-2.0
//! Starts everything and follows the chain.

use crate::{
	cli::Args,
	error::DemoError,
	processes::{free_ports, Process},
	show::{self, Progress},
	story::Story,
};
use futures::StreamExt;
use pvs_client::{Block, Client, Error};
use pvs_primitives::{params::RollupParams, BlockNumber};
use pvs_rollup::proving;
use std::{
	env,
	num::NonZeroUsize,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

const ROLLUP: u32 = 0;
/// How long the node may take to answer.
const NODE_WAIT: Duration = Duration::from_secs(60);
/// How long a prover may take to load its keys and to be ready.
const PROVER_WAIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);
/// How often the children are looked after.
const CHECK: Duration = Duration::from_secs(1);

/// The three provers: name, key, ask in per cent of the highest fee, promise in blocks.
const PROVERS: [(&str, &str, u128, BlockNumber); 3] =
	[("bob", "//Bob", 20, 12), ("charlie", "//Charlie", 25, 8), ("dave", "//Dave", 35, 6)];

/// Runs the demo.
pub(crate) async fn run(args: Args) -> Result<(), DemoError> {
	let progress = Progress::new(args.batches, args.json);
	let demo = async {
		let mut demo = Demo::start(&args, &progress).await?;
		demo.follow(&args, &progress).await?;
		Ok::<_, DemoError>((demo.story.clone(), demo.client.token().clone()))
	};
	let (story, token) = tokio::select! {
		result = demo => result?,
		() = stop_signal() => return Err(DemoError::Interrupted),
	};
	drop(progress);
	let table = show::table(&story, &token);
	if args.json {
		eprintln!("{table}");
		println!("{}", show::as_json(&story, args.batches));
	} else {
		println!("{table}");
	}
	Ok(())
}

struct Demo {
	client: Client,
	story: Story,
	/// The newest block whose events were taken in.
	seen: BlockNumber,
	// Dropped in this order: those that talk to the node first.
	sequencer: Process,
	provers: Vec<Process>,
	node: Process,
	_files: tempfile::TempDir,
}

impl Demo {
	async fn start(args: &Args, progress: &Progress) -> Result<Self, DemoError> {
		let failed = |what| move |source| DemoError::Io { what, source };
		let files = tempfile::Builder::new()
			.prefix("pvs-demo-")
			.tempdir()
			.map_err(failed("cannot make a temporary directory"))?;
		let programs = match &args.bin_dir {
			Some(dir) => dir.clone(),
			None => own_dir().map_err(failed("cannot find the directory of this program"))?,
		};
		let node_program = args.node.clone().unwrap_or_else(|| programs.join("pvs-node"));

		let [rpc, p2p, metrics] = free_ports()?;
		let mut node = start_node(&node_program, [rpc, p2p, metrics], files.path())?;
		let url = format!("ws://127.0.0.1:{rpc}");

		let keys_dir = args.keys_dir.clone().unwrap_or_else(default_keys_dir);
		let dir = keys_dir.clone();
		// Once for all: three provers would make the same keys at the same time.
		tokio::task::spawn_blocking(move || {
			proving::load_or_generate(&dir, &proving::Terminal::default())
		})
		.await
		.map_err(|error| DemoError::Io { what: "cannot load the keys", source: error.into() })??;

		progress.at(0, "waiting for the node");
		let client = connect(&mut node, &url).await?;
		let best = client.best().await?;
		let view = client.at(best).await?;
		let rollup = view.rollup(ROLLUP).await?.ok_or(DemoError::NoRollup)?;
		progress.line(&format!("node: {url}, block {}", best.number));

		let max_fee = rollup.params.max_reserve;
		let mut provers = Vec::new();
		for (name, key, percent, blocks) in PROVERS {
			let fee = (max_fee.saturating_mul(percent) / 100).max(1);
			let promise = promise(blocks, &rollup.params);
			let options = ProverOptions { url: &url, key, fee, promise, keys_dir: &keys_dir };
			let prover = start_prover(name, options, args, &programs, files.path())?;
			progress.line(&format!(
				"{name}: asks {}, promises {promise} blocks",
				client.token().show_short(fee)
			));
			provers.push(prover);
		}
		progress.at(0, "waiting for the provers");
		for prover in &mut provers {
			wait_until_ready(prover).await?;
		}

		let arguments: Vec<String> = [
			"run",
			"--url",
			&url,
			"--suri",
			"//Alice",
			"--rollup",
			"0",
			"--json",
			"--batches",
			&args.batches.to_string(),
			"--pipeline",
			&args.pipeline.to_string(),
			"--max-fee",
			&max_fee.to_string(),
			"--seed",
			&args.seed.to_string(),
		]
		.map(str::to_owned)
		.to_vec();
		// Whatever is in blocks before this one is not of this run.
		let seen = client.best().await?.number;
		let sequencer =
			Process::start("sequencer", &programs.join("pvs-sequencer"), &arguments, files.path())?;
		Ok(Self { client, story: Story::default(), seen, sequencer, provers, node, _files: files })
	}

	/// Follows the chain until all batches are proven and their proofs finalised.
	async fn follow(&mut self, args: &Args, progress: &Progress) -> Result<(), DemoError> {
		let limit = args.timeout.unwrap_or(60 + 60 * u64::from(args.batches));
		let give_up = tokio::time::Instant::now() + Duration::from_secs(limit);
		let mut best = self.client.best_blocks().await?;
		let mut finalized = self.client.finalized_blocks().await?;
		let mut check = tokio::time::interval(CHECK);
		let wanted = args.batches as usize;
		while self.story.finalized() < wanted {
			let ended = |client: &Client| Error::StreamEnded { url: client.url().into() };
			tokio::select! {
				block = best.next() => {
					let seen = Instant::now();
					let block = block.ok_or_else(|| ended(&self.client))??;
					self.take_in(block, seen, progress).await?;
				},
				block = finalized.next() => {
					let seen = Instant::now();
					let block = block.ok_or_else(|| ended(&self.client))??;
					for line in self.story.finalize(block.number, seen) {
						progress.line(&line);
					}
				},
				_ = check.tick() => self.check_children()?,
				() = tokio::time::sleep_until(give_up) => {
					for process in self.provers.iter().chain([&self.sequencer, &self.node]) {
						process.show_log();
					}
					let proven = self.story.proven();
					return Err(DemoError::TimedOut { proven, batches: args.batches, seconds: limit });
				},
			}
			if let Some(index) = self.story.lost() {
				self.sequencer.show_log();
				return Err(DemoError::BatchLost(index));
			}
			let unfinished = self.story.proven() < wanted;
			let waiting = if unfinished { "waiting for proofs" } else { "waiting for finality" };
			progress.at(self.story.proven(), waiting);
		}
		Ok(())
	}

	/// Takes in the events of all blocks up to `best` that were not taken in yet.
	async fn take_in(
		&mut self,
		best: Block,
		seen: Instant,
		progress: &Progress,
	) -> Result<(), DemoError> {
		for number in self.seen.saturating_add(1)..=best.number {
			let block = if number == best.number {
				best
			} else {
				self.client.block(self.client.hash_at(number).await?).await?
			};
			for event in self.client.at(block).await?.events().await? {
				let line = self.story.take_in(&event, number, seen, self.client.token());
				if let Some(line) = line {
					progress.line(&line);
				}
			}
			self.seen = number;
		}
		Ok(())
	}

	fn check_children(&mut self) -> Result<(), DemoError> {
		self.node.check_alive()?;
		for prover in &mut self.provers {
			prover.check_alive()?;
		}
		self.sequencer.check_not_failed()
	}
}

fn start_node(program: &Path, ports: [u16; 3], logs: &Path) -> Result<Process, DemoError> {
	let [rpc, p2p, metrics] = ports.map(|port| port.to_string());
	let arguments =
		["--dev", "--tmp", "--rpc-port", &rpc, "--port", &p2p, "--prometheus-port", &metrics]
			.map(str::to_owned);
	Process::start("node", program, &arguments, logs)
}

struct ProverOptions<'a> {
	url: &'a str,
	key: &'a str,
	fee: u128,
	promise: BlockNumber,
	keys_dir: &'a Path,
}

fn start_prover(
	name: &'static str,
	options: ProverOptions<'_>,
	args: &Args,
	programs: &Path,
	files: &Path,
) -> Result<Process, DemoError> {
	let threads = args
		.threads
		.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
	let data_dir = files.join(name);
	let arguments: Vec<String> = [
		"run",
		"--json",
		"--url",
		options.url,
		"--suri",
		options.key,
		"--rollup",
		"0",
		"--nice",
		"5",
		"--fee",
		&options.fee.to_string(),
		"--proof-blocks",
		&options.promise.to_string(),
		"--max-jobs",
		&args.pipeline.to_string(),
		"--threads",
		&threads.to_string(),
		"--data-dir",
		&data_dir.to_string_lossy(),
		"--keys-dir",
		&options.keys_dir.to_string_lossy(),
	]
	.map(str::to_owned)
	.to_vec();
	Process::start(name, &programs.join("pvs-prover"), &arguments, files)
}

/// A promise that the rollup takes.
fn promise(blocks: BlockNumber, params: &RollupParams) -> BlockNumber {
	blocks.clamp(1, params.max_proof_blocks.max(1))
}

/// Connects as soon as the node answers.
async fn connect(node: &mut Process, url: &str) -> Result<Client, DemoError> {
	let give_up = Instant::now() + NODE_WAIT;
	loop {
		match Client::connect(url, CHECK).await {
			Ok(client) => return Ok(client),
			Err(error @ Error::DifferentPallet { .. }) => return Err(error.into()),
			Err(error) => tracing::debug!("the node is not ready: {error}"),
		}
		node.check_alive()?;
		if Instant::now() >= give_up {
			node.show_log();
			return Err(DemoError::NotReady { name: node.name(), seconds: NODE_WAIT.as_secs() });
		}
		tokio::time::sleep(POLL).await;
	}
}

async fn wait_until_ready(prover: &mut Process) -> Result<(), DemoError> {
	let give_up = Instant::now() + PROVER_WAIT;
	while !prover.has_logged("\"event\":\"ready\"") {
		prover.check_alive()?;
		if Instant::now() >= give_up {
			prover.show_log();
			let (name, seconds) = (prover.name(), PROVER_WAIT.as_secs());
			return Err(DemoError::NotReady { name, seconds });
		}
		tokio::time::sleep(POLL).await;
	}
	Ok(())
}

fn own_dir() -> std::io::Result<PathBuf> {
	let program = env::current_exe()?;
	Ok(program.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// `$XDG_CACHE_HOME/pvs/keys`, else `~/.cache/pvs/keys`, else below the temporary directory.
fn default_keys_dir() -> PathBuf {
	let absolute =
		|variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
	absolute("XDG_CACHE_HOME")
		.or_else(|| absolute("HOME").map(|home| home.join(".cache")))
		.unwrap_or_else(env::temp_dir)
		.join("pvs/keys")
}

async fn stop_signal() {
	use tokio::signal::unix::{signal, SignalKind};
	match signal(SignalKind::terminate()) {
		Ok(mut terminate) => tokio::select! {
			_ = tokio::signal::ctrl_c() => {},
			_ = terminate.recv() => {},
		},
		Err(_) => {
			let _ = tokio::signal::ctrl_c().await;
		},
	}
}
