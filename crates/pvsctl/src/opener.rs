// SPDX-License-Identifier: Apache-2.0
//! Opener of seals: its service, and the settlement of a silent bid by hand.

mod settle;

use crate::{
	fail::{finish, left},
	options::{ConnectArgs, KeyArgs, MAX_RECONNECT_SECONDS},
};
use clap::Subcommand;
use pvs_client::{default_dir, Account, Amount};
use pvs_opener::{run, Config, OpenerError, Reporter, Summary, SERVICE};
use pvs_service::{
	metrics::parse_address,
	shutdown::{self, Signals},
	Form,
};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

const EXAMPLES: &str = "\
Examples:
  Open silent bidders' seals on a development chain, as Ferdie:
    pvsctl opener run --suri //Ferdie
  Two seals at a time, none for less than a tenth of a token:
    pvsctl opener run --key-file opener.key --threads 2 --min-profit \"0.1 UNIT\"
  With metrics and health for monitoring on this machine:
    pvsctl opener run --key-file opener.key --metrics 9620";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Open seals until stopped
	///
	/// Starts to solve the seals of a round as soon as its bidding has closed, gives up those whose
	/// bidders reveal, and opens the others. Each seal takes one core for as long as its delay says.
	#[command(after_help = EXAMPLES)]
	Run(Box<Args>),
	/// Settle a silent bid whose round has closed, by its payload or by opening its seal
	#[command(after_help = settle::EXAMPLES)]
	Settle(Box<settle::Args>),
}

/// Does a command.
pub(crate) async fn execute(command: Command) -> ExitCode {
	match command {
		Command::Run(args) => match run_until_signal(&args).await {
			Ok(summary) => left(summary.left),
			Err(error) => finish(Err(error)),
		},
		Command::Settle(args) => finish(settle::settle(*args).await),
	}
}

/// Options of the service.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
	/// Node to use.
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	/// Account that opens and is rewarded.
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// Seals to solve at the same time, at most, 1 to 1024: one core each
	#[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
	pub(crate) threads: u32,
	/// Open a seal only if its reward exceeds what the transaction costs by this much, such as "0.1 UNIT"
	#[arg(long, default_value = "0", value_name = "AMOUNT")]
	pub(crate) min_profit: Amount,
	/// Cost of an opening, such as "0.1 UNIT" [default: the transaction fee that the node tells]
	#[arg(long, value_name = "AMOUNT")]
	pub(crate) cost: Option<Amount>,
	/// Directory where unfinished work is kept over restarts [default: pvs/opener-ACCOUNT in the user's data directory]
	#[arg(long, value_name = "DIR")]
	pub(crate) state_dir: Option<PathBuf>,
	/// Amount by which to lower the priority of the threads that solve, 0 to 19
	#[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i32).range(0..=19))]
	pub(crate) nice: i32,
	/// Seconds to keep trying when the node goes away, before giving up; a year at most
	#[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=MAX_RECONNECT_SECONDS))]
	pub(crate) reconnect_for: u64,
	/// Seconds to wait for openings that are on their way when asked to stop, a year at most; asked twice, it
	/// stops at once
	#[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=MAX_RECONNECT_SECONDS))]
	pub(crate) drain: u64,
	/// Serve /metrics, /healthz and /readyz at this address; a port alone means this machine only
	#[arg(long, value_name = "HOST:PORT", value_parser = parse_address)]
	pub(crate) metrics: Option<SocketAddr>,
	/// Print one JSON object per line
	#[arg(long)]
	pub(crate) json: bool,
}

impl Args {
	/// Returns what the service needs. Fails if the key cannot be loaded.
	pub(crate) fn config(&self) -> Result<Config, OpenerError> {
		let key = self.key.load()?;
		let state_dir = self
			.state_dir
			.clone()
			.unwrap_or_else(|| default_dir(&format!("opener-{}", Account::of(&key).address())));
		Ok(Config {
			connect: self.connect.endpoint(),
			key: Arc::new(key),
			threads: self.threads,
			nice: self.nice,
			min_profit: self.min_profit.clone(),
			cost: self.cost.clone(),
			state_dir,
			reconnect_for: self.reconnect_for,
			metrics: self.metrics,
			registry: None,
		})
	}
}

/// Opens seals and writes to stdout what happens, until a signal asks to stop; a second one stops at once.
///
/// # Errors
///
/// Those of [`run`] and of [`Args::config`].
async fn run_until_signal(args: &Args) -> Result<Summary, OpenerError> {
	let config = args.config()?;
	let mut signals = Signals::new()
		.map_err(|error| OpenerError::Io("cannot listen for signals".into(), error))?;
	let reporter = Reporter::stdout(SERVICE, Form::json_if(args.json))
		.map_err(|error| OpenerError::Io("cannot start a thread".into(), error))?;
	let (stopper, stop) = shutdown::stop(Duration::from_secs(args.drain));
	tokio::select! {
		result = run(config, reporter, stop) => result,
		never = signals.pass_to(&stopper) => match never {},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli, cli::testing};

	fn parse(line: &str) -> Result<Args, clap::Error> {
		testing::parse(line).map(|group| match group {
			cli::Command::Opener(Command::Run(args)) => *args,
			other => panic!("{other:?}"),
		})
	}

	#[test]
	fn program_should_need_exactly_one_key_and_one_thread_at_least() {
		assert_eq!(parse("opener run --suri //Ferdie").unwrap().threads, 1);
		assert!(parse("opener run").is_err());
		assert!(parse("opener run --suri //Ferdie --key-file key").is_err());
		assert!(parse("opener run --suri //Ferdie --threads 0").is_err());
		assert!(parse("opener run --suri //Ferdie --min-profit much").is_err());
	}

	#[test]
	fn metrics_should_be_for_this_machine_only_when_a_port_is_given_alone() {
		let metrics = |value| {
			parse(&format!("opener run --suri //Ferdie --metrics {value}")).unwrap().metrics
		};
		assert_eq!(metrics("9620"), metrics("127.0.0.1:9620"));
		assert!(metrics("0.0.0.0:9620").unwrap().ip().is_unspecified());
		assert_eq!(parse("opener run --suri //Ferdie").unwrap().metrics, None);
	}

	#[test]
	fn number_should_be_refused_with_its_option_when_it_is_out_of_range() {
		let most = MAX_RECONNECT_SECONDS;
		assert!(parse(&format!("opener run --suri //Ferdie --reconnect-for {most}")).is_ok());
		for wrong in [
			format!("--reconnect-for {}", most + 1),
			format!("--reconnect-for {}", u64::MAX),
			"--connect-timeout 0".into(),
			"--threads 1025".into(),
			"--nice 20".into(),
			format!("--drain {}", most + 1),
			"--metrics 127.0.0.1".into(),
		] {
			let refused = parse(&format!("opener run --suri //Ferdie {wrong}")).unwrap_err();
			let option = wrong.split(' ').next().unwrap();
			assert!(refused.to_string().contains(option), "{refused}");
		}
	}

	#[test]
	fn config_should_name_a_directory_for_each_account() {
		let config = parse("opener run --suri //Ferdie").unwrap().config().unwrap();
		let account = Account::of(&*config.key).address();
		assert!(config.state_dir.ends_with(format!("pvs/opener-{account}")));
		let named = parse("opener run --suri //Ferdie --state-dir /d").unwrap().config().unwrap();
		assert_eq!(named.state_dir, PathBuf::from("/d"));
		let missing = parse("opener run --key-file /nonexistent").unwrap().config().err().unwrap();
		assert!(missing.to_string().contains("cannot read the key file"), "{missing}");
	}
}
