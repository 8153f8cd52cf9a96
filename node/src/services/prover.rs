// SPDX-License-Identifier: Apache-2.0
//! The prover inside the node: the service of `pvsctl prover run`.

use super::{host::log_events, key::Key, Host};
use pvs_client::{default_dir, Account, Amount};
use pvs_prover::{Batches, Config, Keys, ProverError, SERVICE};
use pvs_rollup::proving::Silent;
use pvs_service::{metrics::Embedded, shutdown};
use sc_service::error::Error as ServiceError;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Number by which the priority of what proves is lowered, as the program does by itself: blocks come first, and what
/// opens seals last, since a late proof costs a bond and a late opening a reward.
const NICE: i32 = 5;
/// Time to keep trying when the node's RPC does not answer.
const RECONNECT_FOR: Duration = Duration::from_secs(600);
/// Time that open jobs may take after a request to drain.
const DRAIN: Duration = Duration::from_secs(120);
/// Key of the account that proves on a development chain. That of //Alice is the sequencer.
const DEVELOPMENT_KEY: &str = "//Bob";

/// Options of the node's prover.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Prover")]
pub(crate) struct Params {
	/// Prove batches of a payments rollup for a fee, and sign with the sr25519 key of type pvsp in the node's
	/// keystore (`pvs-node key insert`) unless a file is named; with --dev, with that of //Bob
	#[arg(long)]
	prover: bool,

	/// File with the prover's key: a secret phrase or 0x and 64 hex digits, readable by its owner only or mounted by
	/// a service manager (mode 0440 or 0444, owned by root)
	#[arg(long, value_name = "FILE", requires = "prover")]
	prover_key_file: Option<PathBuf>,

	/// The rollup to prove for
	#[arg(long, value_name = "ID", default_value_t = 0, requires = "prover")]
	prover_rollup: u32,

	/// Genesis of the rollup, as for `pvsctl sequencer serve` [default: that of the demo rollup]
	#[arg(long, value_name = "FILE", requires = "prover")]
	prover_genesis: Option<PathBuf>,

	/// Key file of a ceremony for the rollup. With --dev, development keys do without
	#[arg(long, value_name = "FILE", requires = "prover")]
	prover_proving_key: Option<PathBuf>,

	/// Directory of development keys, which are made if they are not there, instead of those of a ceremony
	#[arg(long, value_name = "DIR", requires = "prover", conflicts_with = "prover_proving_key")]
	prover_keys_dir: Option<PathBuf>,

	/// Lowest fee for a proof, such as "0.5 UNIT" or "500000 planck"; the fees of the bid's place and of the
	/// transactions are added to it
	#[arg(long, value_name = "AMOUNT", default_value = "1 UNIT", requires = "prover")]
	prover_fee: Amount,

	/// Blocks within which to promise a proof; more if recent proofs took longer
	#[arg(long, value_name = "BLOCKS", default_value_t = 8, requires = "prover", value_parser = clap::value_parser!(u32).range(1..))]
	prover_proof_blocks: u32,

	/// Open bids, unproven wins and rescues at the same time, at most
	#[arg(long, value_name = "JOBS", default_value_t = 1, requires = "prover", value_parser = clap::value_parser!(u32).range(1..=1024))]
	prover_max_jobs: u32,

	/// Threads that prove [default: all cores but one]
	#[arg(long, value_name = "THREADS", requires = "prover", value_parser = clap::value_parser!(u16).range(1..=1024))]
	prover_threads: Option<u16>,

	/// Bid although the chain's record of the account says more than the journal explains: from now on what it says
	/// now counts as explained
	#[arg(long, requires = "prover")]
	prover_accept_record: bool,
}

/// A prover that the node was asked for.
pub(crate) struct Requested {
	key: Key,
	keys: Option<Keys>,
	params: Params,
}

impl Params {
	/// Reads what the prover needs of files. Returns `None` if the node was not asked for a prover.
	pub(crate) fn load(&self, is_dev: bool) -> Result<Option<Requested>, String> {
		if !self.prover {
			return Ok(None);
		}
		let development = is_dev.then_some(DEVELOPMENT_KEY);
		let key = Key::load("--prover-key-file", self.prover_key_file.as_deref(), development)?;
		let keys = match (&self.prover_proving_key, &self.prover_keys_dir) {
			(Some(file), _) => {
				// A key that is not there would be found out much later, when the node has synced.
				std::fs::File::open(file).map_err(|error| {
					format!("--prover-proving-key: cannot read {}: {error}", file.display())
				})?;
				Some(Keys::Ceremony { file: file.clone(), hash: None })
			},
			(None, Some(dir)) => Some(Keys::Development(dir.clone())),
			(None, None) if is_dev => None,
			(None, None) => {
				return Err(
					"--prover: no proving key; name the file of the rollup's ceremony with \
				            --prover-proving-key, or a directory for development keys with \
				            --prover-keys-dir"
						.into(),
				)
			},
		};
		Ok(Some(Requested { key, keys, params: self.clone() }))
	}
}

/// Starts the prover.
///
/// # Errors
///
/// [`ServiceError::Other`] if the key is to be in the node's keystore and is not, or if the chain says that the prover
/// cannot work: then it says what to do.
pub(crate) async fn start(requested: Requested, host: &Host) -> Result<(), ServiceError> {
	let Requested { key, keys, params } = requested;
	let failed = |error: &dyn std::fmt::Display| ServiceError::Other(format!("--prover: {error}"));
	let config = Config {
		connect: host.endpoint(),
		key: key.signer("--prover", host)?,
		rollup: params.prover_rollup,
		batches: Batches::Payments {
			genesis: params.prover_genesis,
			keys: keys.unwrap_or_else(|| Keys::Development(default_dir("keys"))),
			threads: params.prover_threads.map(usize::from),
			back_end: Default::default(),
		},
		data_dir: host.dir.join("prover"),
		fee: params.prover_fee,
		proof_blocks: params.prover_proof_blocks,
		min_balance: Amount::Planck(1),
		max_jobs: params.prover_max_jobs as usize,
		rescue: true,
		nice: NICE,
		batch_limit: None,
		reconnect_for: RECONNECT_FOR,
		drain: DRAIN,
		accept_record: params.prover_accept_record,
		metrics: None,
		registry: None,
		progress: Arc::new(Silent),
	};
	// A node that has yet to sync knows nothing of the rollup, or of the account's stake.
	if host.is_dev || host.is_synced().await {
		pvs_prover::check(&config).await.map_err(|error| failed(&error))?;
	}
	let metrics = Embedded::new(SERVICE, host.registry.as_ref()).map_err(|error| failed(&error))?;
	let status = host.prover.clone();
	status.set_up(Account::of(&*config.key), config.rollup, metrics.clone());
	let told = status.clone();
	let run = move || {
		let (config, registry, status) = (config.clone(), metrics.next_run(), status.clone());
		async move {
			let config = Config { registry: Some(registry?), ..config };
			let (stopper, stop) = shutdown::stop(DRAIN);
			status.started(stopper);
			pvs_prover::run(config, log_events(SERVICE, "prover"), stop).await?;
			status.drained();
			Ok::<_, ProverError>(())
		}
	};
	let service = host.clone().keep_running(SERVICE, run, move |error| told.failed(error));
	host.tasks.spawn_blocking("prover", None, service);
	Ok(())
}
