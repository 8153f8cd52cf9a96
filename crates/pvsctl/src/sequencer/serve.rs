// SPDX-License-Identifier: Apache-2.0
//! The command that serves.

use super::SECONDS;
use crate::options::{ConnectArgs, KeyArgs};
use clap::{builder::RangedU64ValueParser, Args};
use pvs_client::Amount;
use pvs_rollup::{demo, genesis::Genesis};
use pvs_sequencer::{defaults, run, Config, Reporter, RpcConfig, SequencerError, SERVICE};
use pvs_service::{
	metrics::parse_address,
	shutdown::{self, Signals},
	Form,
};
use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

/// Blocks from one commit to the next.
const BLOCKS: RangeInclusive<i64> = 0..=1_000_000;
/// Unproven batches at the same time. A chain takes fewer.
const PIPELINE: RangeInclusive<i64> = 1..=1_024;

#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// The rollup whose sequencer the key is
	#[arg(long, default_value_t = 0)]
	pub(crate) rollup: u32,
	/// Directory of the journal and of saved states; one sequencer at a time
	#[arg(long, value_name = "DIR")]
	pub(crate) data_dir: PathBuf,
	/// The rollup's genesis [default: that of the demo rollup]
	#[arg(long, value_name = "FILE")]
	pub(crate) genesis: Option<PathBuf>,
	/// Address at which to take transfers, over HTTP and WebSocket; port 0 takes a free one
	#[arg(long, default_value = "127.0.0.1:9955", value_name = "ADDRESS")]
	pub(crate) listen: SocketAddr,
	/// Allow an address that others can reach
	#[arg(long)]
	pub(crate) listen_anywhere: bool,
	/// Name of a host under which the RPC may be reached, beside localhost and addresses, and whose web pages
	/// may use it. Give it again for each further one
	#[arg(long, value_name = "NAME")]
	pub(crate) allow_host: Vec<String>,
	/// Connections at the same time
	#[arg(long, default_value_t = defaults::MAX_CONNECTIONS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
	pub(crate) max_connections: u32,
	/// Connections of one address at the same time; of IPv6, of one network of 64 bits. Behind a reverse proxy all
	/// come from its address
	#[arg(long, default_value_t = defaults::MAX_CONNECTIONS_PER_ADDRESS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
	pub(crate) max_connections_per_address: u32,
	/// Seconds that a WebSocket may be open without a request
	#[arg(long, default_value_t = defaults::MAX_IDLE_SECONDS, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(SECONDS))]
	pub(crate) max_idle_seconds: u64,
	/// Milliseconds that a transfer waits at most before a batch is made that is not full
	#[arg(long, default_value_t = defaults::MAX_WAIT_MS, value_name = "MS", value_parser = clap::value_parser!(u64).range(..=86_400_000))]
	pub(crate) max_wait_ms: u64,
	/// Fewest blocks from one commit to the next
	#[arg(long, default_value_t = defaults::BATCH_BLOCKS, value_name = "BLOCKS", value_parser = clap::value_parser!(u32).range(BLOCKS))]
	pub(crate) batch_blocks: u32,
	/// Batches that may be unproven at the same time
	#[arg(long, default_value_t = defaults::PIPELINE, value_name = "K", value_parser = clap::value_parser!(u32).range(PIPELINE))]
	pub(crate) pipeline: u32,
	/// Highest fee for a proof, such as "2 UNIT" or "2000000 planck" [default: the rollup's max_reserve]
	#[arg(long, value_name = "AMOUNT")]
	pub(crate) max_fee: Option<Amount>,
	/// The rollup's account that gets the fees of the transfers
	#[arg(long, default_value_t = defaults::FEE_ACCOUNT, value_name = "INDEX")]
	pub(crate) fee_account: u32,
	/// Lowest fee of a transfer, in the rollup's smallest unit
	#[arg(long, default_value_t = defaults::MIN_FEE, value_name = "FEE")]
	pub(crate) min_fee: u32,
	/// Lowest fee of a transfer that opens an account, which takes a place of the tree for ever; --min-fee
	/// holds for it too
	#[arg(long, default_value_t = defaults::MIN_OPENING_FEE, value_name = "FEE")]
	pub(crate) min_opening_fee: u32,
	/// Transfers in the pool at most, those in batches that are not final included
	#[arg(long, default_value_t = defaults::POOL_LIMIT, value_name = "N",
		value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
	pub(crate) pool_limit: usize,
	/// Waiting transfers of one account at most
	#[arg(long, default_value_t = defaults::ACCOUNT_LIMIT, value_name = "N",
		value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
	pub(crate) account_limit: usize,
	/// Greatest distance of a nonce from the account's next free one
	#[arg(long, default_value_t = defaults::MAX_NONCE_GAP, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
	pub(crate) max_nonce_gap: u32,
	/// Seconds that a transfer may wait; then it ends as expired
	#[arg(long, default_value_t = defaults::MAX_AGE_SECONDS, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(SECONDS))]
	pub(crate) max_age_seconds: u64,
	/// Final batches from one saved state to the next: fewer make a start quicker, and cost a write of all
	/// accounts each
	#[arg(long, default_value_t = defaults::SAVE_EVERY, value_name = "BATCHES", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
	pub(crate) save_every: u32,
	/// Records of no more use after which the journal is written anew
	#[arg(long, default_value_t = defaults::COMPACT_RECORDS, value_name = "N",
		value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000_000))]
	pub(crate) compact_records: usize,
	/// Seconds to wait for a commit that is on its way when asked to stop; asked twice, it stops at once
	#[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
	pub(crate) drain: u64,
	/// Serve /metrics, /healthz and /readyz at this address; a port alone means this machine only
	#[arg(long, value_name = "HOST:PORT", value_parser = parse_address)]
	pub(crate) metrics: Option<SocketAddr>,
	/// Print one JSON object per line
	#[arg(long)]
	pub(crate) json: bool,
}

impl ServeArgs {
	/// Returns what the service needs.
	///
	/// # Errors
	///
	/// Others could reach the address and nobody has allowed it, or the key or the genesis cannot be read.
	fn config(&self) -> Result<Config, SequencerError> {
		if !self.listen.ip().is_loopback() && !self.listen_anywhere {
			return Err(SequencerError::NotLoopback(self.listen));
		}
		let genesis = match &self.genesis {
			Some(path) => Genesis::from_file(path)?,
			None => demo::genesis(),
		};
		Ok(Config {
			connect: self.connect.endpoint(),
			key: Arc::new(self.key.load()?),
			rollup: self.rollup,
			genesis,
			data_dir: self.data_dir.clone(),
			rpc: Some(RpcConfig {
				listen: self.listen,
				hosts: self.allow_host.clone(),
				max_connections: self.max_connections,
				max_connections_per_address: self.max_connections_per_address,
				max_idle: Duration::from_secs(self.max_idle_seconds),
			}),
			max_wait: Duration::from_millis(self.max_wait_ms),
			batch_blocks: self.batch_blocks,
			pipeline: self.pipeline,
			max_fee: self.max_fee.clone(),
			fee_account: self.fee_account,
			min_fee: self.min_fee,
			min_opening_fee: self.min_opening_fee,
			pool_limit: self.pool_limit,
			account_limit: self.account_limit,
			max_nonce_gap: self.max_nonce_gap,
			max_age: Duration::from_secs(self.max_age_seconds),
			save_every: self.save_every,
			compact_records: self.compact_records,
			transfers: None,
			metrics: self.metrics,
			registry: None,
		})
	}
}

/// Serves, and writes to stdout what happens, until a signal asks to stop; a second one stops at once. Returns the
/// number of pieces of work that are left.
pub(super) async fn serve(args: &ServeArgs) -> Result<usize, SequencerError> {
	let failed = |what: &str| {
		let what = what.to_owned();
		move |source| SequencerError::Io { what, source }
	};
	let config = args.config()?;
	let mut signals = Signals::new().map_err(failed("cannot listen for signals"))?;
	let reporter = Reporter::stdout(SERVICE, Form::json_if(args.json))
		.map_err(failed("cannot start a thread"))?;
	let (stopper, stop) = shutdown::stop(Duration::from_secs(args.drain));
	let summary = tokio::select! {
		summary = run(config, reporter, stop) => summary?,
		never = signals.pass_to(&stopper) => match never {},
	};
	Ok(summary.left)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::sequencer::{tests::parse, Command};

	fn serve(more: &str) -> ServeArgs {
		let line = format!("pvsctl sequencer serve --suri //Alice --data-dir x {more}");
		match parse(&line).unwrap() {
			Command::Serve(args) => *args,
			other => panic!("{other:?}"),
		}
	}

	#[test]
	fn address_that_others_can_reach_should_be_refused_unless_it_is_allowed() {
		let error = serve("--listen 0.0.0.0:1").config().err().unwrap().to_string();
		assert!(error.contains("--listen-anywhere"), "{error}");
		let config = serve("--listen 0.0.0.0:1 --listen-anywhere").config().unwrap();
		assert!(config.rpc.unwrap().listen.ip().is_unspecified());
	}

	#[test]
	fn metrics_should_be_for_this_machine_only_when_a_port_is_given_alone() {
		assert_eq!(serve("").metrics, None);
		assert_eq!(serve("--metrics 9630").metrics, Some(([127, 0, 0, 1], 9_630).into()));
	}

	#[test]
	fn times_should_be_in_the_units_of_their_options() {
		let config = serve("--max-wait-ms 5 --max-age-seconds 6 --max-idle-seconds 7").config();
		let Config { max_wait, max_age, rpc, .. } = config.unwrap();
		let RpcConfig { max_idle, .. } = rpc.unwrap();
		let expected = [Duration::from_millis(5), Duration::from_secs(6), Duration::from_secs(7)];
		assert_eq!([max_wait, max_age, max_idle], expected);
	}
}
