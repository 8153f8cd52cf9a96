// SPDX-License-Identifier: Apache-2.0
//! Settings that a prover is started with.

use crate::{program::Launch, Progress};
use pvs_client::{Amount, Endpoint, Signer};
use pvs_primitives::{BlockNumber, Bytes32, RollupId};
use pvs_rollup::proving::Kind;
use pvs_service::Metrics;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Settings that the service needs.
#[derive(Clone)]
pub struct Config {
	/// Way in which the chain is reached.
	pub connect: Endpoint,
	/// Key of the account whose stake is at risk, and which is paid.
	pub key: Arc<dyn Signer>,
	/// The rollup to prove for.
	pub rollup: RollupId,
	/// Executor and prover of its batches.
	pub batches: Batches,
	/// Directory of the journal and the rollup's saved state.
	pub data_dir: PathBuf,
	/// The lowest fee for a proof. The fees of the bid's place and of the transactions are added to it.
	pub fee: Amount,
	/// The shortest time to promise, in blocks.
	pub proof_blocks: BlockNumber,
	/// The free balance below which not to bid.
	pub min_balance: Amount,
	/// Open bids, unproven wins and rescues at the same time, at most.
	pub max_jobs: usize,
	/// True to prove in rescues while there is nothing else to do.
	pub rescue: bool,
	/// Amount by which to lower the priority of what proves.
	pub nice: i32,
	/// Number of batches after which to stop, if after any.
	pub batch_limit: Option<u64>,
	/// Time to keep trying when the nodes go away.
	pub reconnect_for: Duration,
	/// Time that open jobs may take when the service stops for a reason of its own. How long they may take when it is
	/// asked to is said by who asks.
	pub drain: Duration,
	/// True if what the chain's record says now counts as explained, although the journal does not know it.
	pub accept_record: bool,
	/// Address at which to serve metrics and health, if anywhere.
	pub metrics: Option<SocketAddr>,
	/// Place where metrics are kept; one of their own if `None`. Of one run only, since their names are taken then.
	pub registry: Option<Metrics>,
	/// Listener that hears how work gets on that takes long.
	pub progress: Arc<dyn Progress>,
}

/// Executor and prover of the batches of a rollup.
#[derive(Clone, Debug)]
pub enum Batches {
	/// This program itself, those of a payments rollup.
	Payments {
		/// The file of the rollup's genesis; the demo's if `None`.
		genesis: Option<PathBuf>,
		/// Proving keys.
		keys: Keys,
		/// Number of threads that prove; all cores but one if `None`.
		threads: Option<usize>,
		/// Back end that makes proofs.
		back_end: Kind,
	},
	/// A program of the rollup's own.
	Program {
		/// Way to start it.
		launch: Launch,
		/// The file of the rollup's verifying key.
		verifying_key: PathBuf,
	},
}

/// Place of the proving keys of a payments rollup.
#[derive(Clone, Debug)]
pub enum Keys {
	/// Development keys in this directory, made if they are not there.
	Development(PathBuf),
	/// Those of a ceremony.
	Ceremony {
		/// The key file.
		file: PathBuf,
		/// `blake2_256` of its verifying key; what the chain states for the rollup if `None`.
		hash: Option<Bytes32>,
	},
}
