// SPDX-License-Identifier: Apache-2.0
//! Starts everything and follows the chain.

mod programs;

pub(crate) use programs::Prover;

use crate::{
	crash, embedded,
	error::DemoError,
	faults,
	latency::{self, Latency},
	node::{self, Node},
	nodes,
	options::{Options, Scenario},
	processes::Process,
	pruned, reorg,
	sequencer::Sequencer,
	show::{self, Progress},
	silent,
	story::Story,
	validators,
};
use futures::StreamExt;
use pvs_client::{Block, Client, Error, PvsEvent, Token};
use pvs_primitives::{api::RollupInfo, BlockNumber, Bytes32, RollupId};
use pvs_rollup::proving;
use std::{
	env,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// The development chain's rollup.
pub(crate) const ROLLUP: RollupId = 0;
/// Interval at which something is looked at that tells nobody when it changes.
pub(crate) const POLL: Duration = Duration::from_millis(200);
/// Interval at which the children are looked after.
const CHECK: Duration = Duration::from_secs(1);

/// The provers of the plain scenario. All ask less than the reserve that their prices lead to.
pub(crate) const PROVERS: [Prover; 3] = [
	Prover { name: "bob", key: "//Bob", ask_percent: 20, promise: 12, threads: None },
	Prover { name: "charlie", key: "//Charlie", ask_percent: 25, promise: 8, threads: None },
	Prover { name: "dave", key: "//Dave", ask_percent: 28, promise: 6, threads: None },
];

/// Plays a scenario. `loading` hears about the proving keys, which are made if there are none.
///
/// # Errors
///
/// [`DemoError`] if a batch is not proven, or if what the scenario shows did not happen.
pub async fn run(
	args: Options,
	loading: impl proving::Progress + Send + 'static,
) -> Result<(), DemoError> {
	args.check()?;
	let progress = Progress::new(args.batches(), args.json);
	let scenario = args.scenario;
	let demo = async {
		let mut demo = Demo::start(&args, &progress, loading).await?;
		match scenario {
			Scenario::Plain => demo.play_plain().await?,
			Scenario::Faults => faults::play(&mut demo).await?,
			Scenario::Silent => silent::play(&mut demo).await?,
			Scenario::Nodes => nodes::play(&mut demo).await?,
			Scenario::Pruned => pruned::play(&mut demo).await?,
			Scenario::Validators => validators::play(&mut demo).await?,
			Scenario::Embedded => embedded::play(&mut demo).await?,
			Scenario::Latency => return latency::play(&mut demo).await.map(Outcome::Latency),
			Scenario::Crash => return crash::play(&mut demo).await.map(Outcome::Crash),
			Scenario::Reorg => {
				let outcome = reorg::play(&mut demo).await?;
				return Ok(Outcome::Reorg(Box::new(outcome)));
			},
		}
		let (story, token) = (demo.story.clone(), demo.client.token().clone());
		Ok::<_, DemoError>(Outcome::Story(Box::new(story), token))
	};
	let outcome = tokio::select! {
		result = demo => result?,
		() = stop_signal() => return Err(DemoError::Interrupted),
	};
	drop(progress);
	let (story, token) = match outcome {
		Outcome::Story(story, token) => (story, token),
		Outcome::Latency(latency) => {
			show::print(args.json, &latency.as_text(), &latency.as_json())?;
			return if args.check { latency.check() } else { Ok(()) };
		},
		Outcome::Crash(crash) => {
			show::print(args.json, &crash.as_text(), &crash.as_json())?;
			return crash.check();
		},
		Outcome::Reorg(reorg) => {
			show::print(args.json, &reorg.as_text(), &reorg.as_json())?;
			return reorg.check();
		},
	};
	let table = show::table(&story, &token, scenario);
	show::print(args.json, &table, &show::as_json(&story, args.batches(), scenario))?;
	match scenario {
		Scenario::Plain | Scenario::Latency | Scenario::Crash | Scenario::Reorg => Ok(()),
		Scenario::Faults => faults::check(&story),
		Scenario::Silent => silent::check(&story),
		Scenario::Nodes => nodes::check(&story),
		Scenario::Pruned => pruned::check(&story),
		Scenario::Validators => validators::check(&story),
		Scenario::Embedded => embedded::check(&story),
	}
}

/// Result of a scenario.
enum Outcome {
	Story(Box<Story>, Token),
	Latency(Latency),
	Crash(crash::Outcome),
	Reorg(Box<reorg::Outcome>),
}

/// A running chain with its programs.
pub(crate) struct Demo<'a> {
	pub(crate) args: &'a Options,
	pub(crate) progress: &'a Progress,
	pub(crate) client: Client,
	story: Story,
	/// The newest block whose events were taken in.
	seen: BlockNumber,
	/// Lines about blocks up to this one were shown already.
	shown: BlockNumber,
	programs: PathBuf,
	keys_dir: PathBuf,
	// Dropped in this order: those that talk to the node first.
	sequencer: Option<Sequencer>,
	provers: Vec<Process>,
	opener: Option<Process>,
	/// Nodes beside the one that is used here.
	others: Vec<Process>,
	node_program: PathBuf,
	/// Address at which nodes find the author.
	author: String,
	node: Process,
	files: tempfile::TempDir,
}

impl<'a> Demo<'a> {
	/// Starts the node, and makes the proving keys if there are none.
	async fn start(
		args: &'a Options,
		progress: &'a Progress,
		loading: impl proving::Progress + Send + 'static,
	) -> Result<Self, DemoError> {
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

		let keys_dir = args.keys_dir.clone().unwrap_or_else(default_keys_dir);
		let dir = keys_dir.clone();
		// Once for all: three provers would make the same keys at the same time.
		tokio::task::spawn_blocking(move || proving::load_or_generate(&dir, &loading))
			.await
			.map_err(|error| DemoError::Io {
				what: "cannot load the keys",
				source: error.into(),
			})??;

		progress.at(0, "waiting for the node");
		let node = if args.embedded {
			let [prover, ..] = &PROVERS;
			programs::start_proving_author(&node_program, prover, args, &keys_dir, files.path())
				.await?
		} else {
			node::start_author(&node_program, args.scenario, &[], files.path()).await?
		};
		let Node { process: node, client, address: author } = node;
		let seen = client.best().await?.number;
		progress.line(&format!("node: {}, block {seen}", client.url()));
		Ok(Self {
			args,
			progress,
			client,
			story: Story::default(),
			seen,
			shown: 0,
			programs,
			keys_dir,
			sequencer: None,
			provers: Vec::new(),
			opener: None,
			others: Vec::new(),
			node_program,
			author,
			node,
			files,
		})
	}

	/// Batches that go as they should.
	pub(crate) async fn play_plain(&mut self) -> Result<(), DemoError> {
		let max_fee = self.rollup().await?.params.max_reserve;
		self.start_provers(&PROVERS[usize::from(self.args.embedded)..]).await?;
		// Whatever is in blocks before this one is not of this run.
		self.seen = self.client.best().await?.number;
		let batches = self.args.batches();
		self.commit_batches(batches, max_fee, self.args.seed).await?;
		let limit = self.args.limit();
		self.follow(batches, tokio::time::Instant::now() + Duration::from_secs(limit)).await
	}

	/// The rollup as of the best block.
	pub(crate) async fn rollup(&self) -> Result<RollupInfo<Bytes32>, DemoError> {
		let view = self.client.at(self.client.best().await?).await?;
		view.rollup(ROLLUP).await?.ok_or(DemoError::NoRollup)
	}

	/// Forgets what has happened, so that it is read again from the chain as it is now. Of blocks up to `shown` nothing is
	/// shown again.
	pub(crate) fn start_over(&mut self, shown: BlockNumber) {
		self.story = Story::default();
		(self.seen, self.shown) = (0, shown);
	}

	/// Waits for a block of this height.
	pub(crate) async fn wait_for_block(&mut self, height: BlockNumber) -> Result<(), DemoError> {
		while self.client.best().await?.number < height {
			self.check_children()?;
			tokio::time::sleep(POLL).await;
		}
		Ok(())
	}

	/// Returns where the logs are, and other files that go when the demo ends.
	pub(crate) fn files(&self) -> &Path {
		self.files.path()
	}

	/// Returns where the proving keys are.
	pub(crate) fn keys_dir(&self) -> &Path {
		&self.keys_dir
	}

	/// Address at which nodes find the one that is used here.
	pub(crate) fn author(&self) -> &str {
		&self.author
	}

	/// The program of nodes.
	pub(crate) fn node_program(&self) -> &Path {
		&self.node_program
	}

	/// One of the programs.
	pub(crate) fn program(&self) -> PathBuf {
		self.programs.join("pvsctl")
	}

	/// Returns what has happened so far.
	pub(crate) fn story(&self) -> &Story {
		&self.story
	}

	/// What the node has printed.
	pub(crate) fn node_log(&self) -> String {
		self.node.log()
	}

	/// The programs of the provers.
	pub(crate) fn provers(&self) -> &[Process] {
		&self.provers
	}

	/// Returns what has happened so far, to be added to.
	pub(crate) fn story_mut(&mut self) -> &mut Story {
		&mut self.story
	}

	/// Has so many batches committed, by a sequencer that is started with the first of them. `max_fee` is in
	/// planck, per batch, and that of the first call counts.
	pub(crate) async fn commit_batches(
		&mut self,
		batches: u32,
		max_fee: u128,
		seed: u64,
	) -> Result<(), DemoError> {
		let mut sequencer = match self.sequencer.take() {
			Some(sequencer) => sequencer,
			None => Sequencer::start(self, max_fee).await?,
		};
		sequencer.fill(self, batches, seed)?;
		self.sequencer = Some(sequencer);
		Ok(())
	}

	/// Waits until the sequencer calls all transfers final that were sent to it.
	pub(crate) async fn wait_for_sequencer(&mut self) -> Result<(), DemoError> {
		match &mut self.sequencer {
			Some(sequencer) => sequencer.wait_for_load().await,
			None => Ok(()),
		}
	}

	/// Follows the chain until so many batches in all are proven and their proofs finalized.
	pub(crate) async fn follow(
		&mut self,
		batches: u32,
		give_up: tokio::time::Instant,
	) -> Result<(), DemoError> {
		self.follow_to(batches, 0, give_up).await
	}

	/// As [`follow`](Self::follow), and until so many silent bids in all are settled or expired.
	pub(crate) async fn follow_to(
		&mut self,
		batches: u32,
		silent_bids: usize,
		give_up: tokio::time::Instant,
	) -> Result<(), DemoError> {
		let wanted = batches as usize;
		self.follow_while(give_up, |story| {
			let (settled, expired) = story.settled();
			story.finalized() < wanted || settled.saturating_add(expired) < silent_bids
		})
		.await
	}

	/// Follows the chain for as long as what has happened is not enough.
	pub(crate) async fn follow_while(
		&mut self,
		give_up: tokio::time::Instant,
		is_lacking: impl Fn(&Story) -> bool,
	) -> Result<(), DemoError> {
		let progress = self.progress;
		let mut best = self.client.best_blocks().await?;
		let mut finalized = self.client.finalized_blocks().await?;
		let mut check = tokio::time::interval(CHECK);
		while is_lacking(&self.story) {
			let ended = |client: &Client| Error::StreamEnded { url: client.url() };
			tokio::select! {
				block = best.next() => {
					let seen = Instant::now();
					let block = block.ok_or_else(|| ended(&self.client))??;
					self.take_in(block, seen).await?;
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
					let programs = self.provers.iter().chain(&self.opener).chain([&self.node]);
					programs.for_each(Process::show_log);
					self.sequencer.iter().for_each(Sequencer::show_logs);
					let (proven, batches) = (self.story.proven(), self.args.batches());
					let seconds = self.args.limit();
					return Err(DemoError::TimedOut { proven, batches, seconds });
				},
			}
			if let Some(index) = self.story.lost() {
				self.sequencer.iter().for_each(Sequencer::show_logs);
				return Err(DemoError::BatchLost(index));
			}
			let begun = self.story.batches().len();
			let waiting = if begun == 0 || self.story.proven() < begun {
				"waiting for proofs"
			} else {
				"waiting for finality"
			};
			progress.at(self.story.proven(), waiting);
		}
		Ok(())
	}

	/// Takes in the events of all blocks up to `best` that were not taken in yet.
	async fn take_in(&mut self, best: Block, seen: Instant) -> Result<(), DemoError> {
		for number in self.seen.saturating_add(1)..=best.number {
			let block = if number == best.number {
				best
			} else {
				self.client.block(self.client.hash_at(number).await?).await?
			};
			self.story.see(number, seen);
			let view = self.client.at(block).await?;
			for event in view.events().await? {
				let committed = matches!(event, PvsEvent::BatchCommitted { .. });
				let line = self.story.take_in(&event, number, seen, self.client.token());
				if let Some(line) = line.filter(|_| number > self.shown) {
					self.progress.line(&line);
				}
				if let (true, Some(batch)) = (committed, event.batch()) {
					self.story.committed_at(batch.index, view.timestamp().await?);
				}
			}
			self.seen = number;
		}
		Ok(())
	}
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
