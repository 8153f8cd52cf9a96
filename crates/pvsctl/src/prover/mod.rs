// SPDX-License-Identifier: Apache-2.0
//! Prover: its service, its stake, and what the chain and the journal say about it.

mod bars;
mod error;
mod status;

use crate::{
	chain::{self, SignArgs},
	fail::{finish, finish_with},
	options::{ConnectArgs, KeyArgs, MAX_RECONNECT_SECONDS},
};
use bars::Bars;
use clap::{Args, Subcommand, ValueEnum};
use error::CliError;
use pvs_client::{default_dir, Account, Amount, Call};
use pvs_primitives::Bytes32;
use pvs_prover::{run, Batches, Config, Keys, Launch, ProverError, Reporter, SERVICE};
use pvs_rollup::proving::Kind;
use pvs_service::{
	metrics::parse_address,
	shutdown::{self, Signals},
	Form,
};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

const EXAMPLES: &str = "\
Examples:
  Prove for a development chain, as Bob:
    pvsctl prover run --suri //Bob
  Ask a tenth of a token, promise three blocks, prove on two threads:
    pvsctl prover run --key-file prover.key --fee \"0.1 UNIT\" --proof-blocks 3 --threads 2
  Prove for another rollup, with a program that executes and proves its batches:
    pvsctl prover run --suri //Bob --rollup 1 --verifying-key rollup.pvskey --program node --program-arg rollup.mjs
  Prove with the keys of a ceremony instead of development keys:
    pvsctl prover run --key-file prover.key --proving-key keys/reference-rollup-4x16.key
  Prove for a payments rollup of your own, from the genesis that its sequencer serves:
    pvsctl prover run --key-file prover.key --rollup 2 --genesis genesis.json
  What the chain and the journal say about this prover, for a script:
    pvsctl prover status --key-file prover.key --json
  Become a prover first:
    pvsctl prover register --key-file prover.key --stake \"1000 UNIT\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Bid, prove and submit until stopped
	#[command(after_help = EXAMPLES)]
	Run(Box<RunArgs>),
	/// Show the prover's stake, record and journal
	Status(StatusArgs),
	/// Become a prover, with a stake
	Register(RegisterArgs),
	/// Hold more as stake
	BondMore(AmountArgs),
	/// Start to take a part out of the stake; `withdraw` pays it out after the chain's delay
	Unbond(AmountArgs),
	/// Get back what was unbonded, once its delay is over
	Withdraw(SignArgs),
	/// Stop being a prover, and get the stake back; refused while bids or wins are open
	Deregister(SignArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// The rollup to prove for
	#[arg(long, default_value_t = 0)]
	pub(crate) rollup: u32,
	#[command(flatten)]
	pub(crate) program: ProgramArgs,
	/// Genesis of the payments rollup, as for `pvsctl sequencer serve`: its first accounts and the shape
	/// of its batches [default: that of the demo rollup]
	///
	/// JSON, as `pvsctl rollup genesis export-demo` writes it. A rollup on the chain that starts from
	/// another state or has batches of another length is refused.
	#[arg(long, value_name = "FILE", conflicts_with = "program")]
	pub(crate) genesis: Option<PathBuf>,
	/// Directory of the journal and of the rollup's saved state [default: pvs/prover-ACCOUNT in the user's data directory]
	#[arg(long, value_name = "DIR")]
	pub(crate) data_dir: Option<PathBuf>,
	/// Directory of the payments rollup's development keys, one file for each shape [default: pvs/keys in the user's data
	/// directory]
	#[arg(long, value_name = "DIR", conflicts_with = "program")]
	pub(crate) keys_dir: Option<PathBuf>,
	/// Key file of a ceremony for the payments rollup, instead of development keys
	///
	/// As `pvsctl ceremony finalize` writes it. Its verifying key must be the one that the chain states
	/// for the rollup. The file is never changed or made again.
	#[arg(long, value_name = "FILE", conflicts_with_all = ["program", "keys_dir"])]
	pub(crate) proving_key: Option<PathBuf>,
	/// Hash that the verifying key of --proving-key must have, 0x and 64 hex digits [default: the
	/// one that the chain states]
	#[arg(long, value_name = "HEX", requires = "proving_key", value_parser = parse_hash)]
	pub(crate) verifying_key_hash: Option<Bytes32>,
	/// Lowest fee for a proof, such as "0.5 UNIT" or "500000 planck"; the fees of the bid's place
	/// and of the transactions are added to it
	#[arg(long, default_value = "1 UNIT", value_name = "AMOUNT")]
	pub(crate) fee: Amount,
	/// Blocks within which to promise a proof; more if recent proofs took longer
	#[arg(long, default_value_t = 8, value_name = "BLOCKS", value_parser = clap::value_parser!(u32).range(1..))]
	pub(crate) proof_blocks: u32,
	/// Do not bid while the free balance is below this
	#[arg(long, default_value = "1 UNIT", value_name = "AMOUNT")]
	pub(crate) min_balance: Amount,
	/// Open bids, unproven wins and rescues at the same time, at most, 1 to 1024
	///
	/// A place among the runners-up does not count until it is offered. If this many jobs are open
	/// then, the prover passes, which costs nothing.
	#[arg(long, default_value_t = 1, value_name = "JOBS", value_parser = clap::value_parser!(u32).range(1..=1024))]
	pub(crate) max_jobs: u32,
	/// Condition for proving batches that all assigned provers left: whoever delivers first is paid
	#[arg(long, value_enum, default_value_t = RescueWhen::Idle, value_name = "WHEN")]
	pub(crate) rescue: RescueWhen,
	/// Threads that prove, 1 to 1024 [default: all cores but one]
	#[arg(long, value_name = "THREADS", conflicts_with = "program", value_parser = clap::value_parser!(u16).range(1..=1024))]
	pub(crate) threads: Option<u16>,
	/// Back end that makes proofs: "fast", or "arkworks", the reference
	#[arg(long, value_name = "NAME", default_value_t, conflicts_with = "program")]
	pub(crate) back_end: Kind,
	/// Amount by which to lower the priority of what proves, threads or program, 0 to 19
	#[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i32).range(0..=19))]
	pub(crate) nice: i32,
	/// Stop after this many batches have ended, one way or another
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
	pub(crate) exit_after_batches: Option<u64>,
	/// Stop after one batch has ended
	#[arg(long, conflicts_with = "exit_after_batches")]
	pub(crate) once: bool,
	/// Seconds to keep trying when the node goes away, before giving up; a year at most
	#[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=MAX_RECONNECT_SECONDS))]
	pub(crate) reconnect_for: u64,
	/// Bid although the chain's record of this account says more than the journal explains: from now on what it
	/// says now counts as explained
	#[arg(long)]
	pub(crate) accept_record: bool,
	/// Seconds that open jobs may take when asked to stop, a year at most; asked twice, it stops at once. Jobs
	/// that are left are an error
	#[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=MAX_RECONNECT_SECONDS))]
	pub(crate) drain: u64,
	/// Serve /metrics, /healthz and /readyz at this address; a port alone means this machine only
	#[arg(long, value_name = "HOST:PORT", value_parser = parse_address)]
	pub(crate) metrics: Option<SocketAddr>,
	/// Print one JSON object per line
	#[arg(long)]
	pub(crate) json: bool,
}

fn parse_hash(text: &str) -> Result<Bytes32, String> {
	let mut hash = Bytes32::default();
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut hash)
		.map_err(|error| format!("a hash is 0x and 64 hex digits: {error}"))?;
	Ok(hash)
}

/// Program to prove with for a rollup other than the reference payments rollup.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProgramArgs {
	/// Program that executes and proves this rollup's batches, instead of the built-in payments
	/// rollup
	///
	/// It is started twice and answers requests, one line of JSON each, on its standard input and
	/// output: docs/provers.md describes them. No shell reads the command.
	#[arg(long, value_name = "COMMAND", requires = "verifying_key")]
	pub(crate) program: Option<PathBuf>,
	/// Argument of the program. Give it again for each further one
	#[arg(long, value_name = "ARG", requires = "program", allow_hyphen_values = true)]
	pub(crate) program_arg: Vec<String>,
	/// The rollup's verifying key, as `pvsctl keys import` writes it. A rollup with another key is
	/// refused, and proofs are verified with it before they are sent
	#[arg(long, value_name = "FILE", requires = "program")]
	pub(crate) verifying_key: Option<PathBuf>,
	/// Seconds that the program may take to execute a batch, 1 to 3600
	#[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
	pub(crate) execute_timeout: u32,
}

/// Condition for proving in rescues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RescueWhen {
	/// If no other job is open and the payment has reached --fee and the transaction's fee. Puts no stake at risk;
	/// the work is lost if another prover is faster
	Idle,
	/// Never
	Never,
}

impl RunArgs {
	/// Returns after how many batches to stop.
	fn batch_limit(&self) -> Option<u64> {
		if self.once {
			Some(1)
		} else {
			self.exit_after_batches
		}
	}

	/// Returns what executes and proves batches.
	fn batches(&self) -> Result<Batches, CliError> {
		if let Some(program) = &self.program.program {
			let verifying_key = self.program.verifying_key.clone();
			let launch = Launch {
				program: program.clone(),
				arguments: self.program.program_arg.clone(),
				execute_limit: Duration::from_secs(self.program.execute_timeout.into()),
			};
			let verifying_key = verifying_key.ok_or(CliError::NoVerifyingKey)?;
			return Ok(Batches::Program { launch, verifying_key });
		}
		let keys = match &self.proving_key {
			Some(file) => Keys::Ceremony { file: file.clone(), hash: self.verifying_key_hash },
			None => Keys::Development(self.keys_dir.clone().unwrap_or_else(|| default_dir("keys"))),
		};
		Ok(Batches::Payments {
			genesis: self.genesis.clone(),
			keys,
			threads: self.threads.map(usize::from),
			back_end: self.back_end,
		})
	}

	/// Returns what the service needs. Fails if the key cannot be loaded.
	fn config(&self, bars: Arc<Bars>) -> Result<Config, CliError> {
		let key = self.key.load()?;
		let data_dir = data_dir(self.data_dir.clone(), Account::of(&key));
		Ok(Config {
			connect: self.connect.endpoint(),
			key: Arc::new(key),
			rollup: self.rollup,
			batches: self.batches()?,
			data_dir,
			fee: self.fee.clone(),
			proof_blocks: self.proof_blocks,
			min_balance: self.min_balance.clone(),
			max_jobs: self.max_jobs as usize,
			rescue: self.rescue == RescueWhen::Idle,
			nice: self.nice,
			batch_limit: self.batch_limit(),
			reconnect_for: Duration::from_secs(self.reconnect_for),
			drain: Duration::from_secs(self.drain),
			accept_record: self.accept_record,
			metrics: self.metrics,
			registry: None,
			progress: bars,
		})
	}
}

/// Returns where the journal of an account is unless the operator says otherwise.
fn data_dir(named: Option<PathBuf>, account: Account) -> PathBuf {
	named.unwrap_or_else(|| default_dir(&format!("prover-{}", account.address())))
}

/// Does a command.
pub(crate) async fn execute(command: Command) -> ExitCode {
	let result = match command {
		Command::Run(args) => match run_until_signal(&args).await {
			Err(CliError::Prover(error @ ProverError::OpenJobs(_))) => {
				return finish_with(shutdown::WORK_LEFT, &error);
			},
			result => result,
		},
		Command::Status(args) => status::show(args).await,
		Command::Register(args) => status::register(args).await,
		Command::BondMore(AmountArgs { sign, amount }) => {
			return finish(chain::submit_amount(&sign, &amount, Call::bond_more).await);
		},
		Command::Unbond(AmountArgs { sign, amount }) => {
			return finish(chain::submit_amount(&sign, &amount, Call::unbond).await);
		},
		Command::Withdraw(sign) => {
			return finish(chain::submit(&sign, &Call::withdraw_unbonded()).await);
		},
		Command::Deregister(sign) => {
			return finish(chain::submit(&sign, &Call::deregister_prover()).await);
		},
	};
	finish(result)
}

/// Proves and writes to the standard output what happens, until a signal asks to stop; a second one stops at
/// once.
async fn run_until_signal(args: &RunArgs) -> Result<(), CliError> {
	let bars = Arc::new(Bars::default());
	let reporter = Reporter::lines(SERVICE, Form::json_if(args.json), bars.output())
		.map_err(|error| CliError::Io("cannot start a thread".into(), error))?;
	let config = args.config(bars)?;
	let mut signals =
		Signals::new().map_err(|error| CliError::Io("cannot listen for signals".into(), error))?;
	let (stopper, stop) = shutdown::stop(Duration::from_secs(args.drain));
	tokio::select! {
		result = run(config, reporter, stop) => Ok(result?),
		never = signals.pass_to(&stopper) => match never {},
	}
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StatusArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// Directory of the journal [default: as for `run`]
	#[arg(long, value_name = "DIR")]
	pub(crate) data_dir: Option<PathBuf>,
	/// Print the entries of the journal instead, with all that they keep secret, one JSON object per line
	#[arg(long, conflicts_with = "json")]
	pub(crate) entries: bool,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RegisterArgs {
	#[command(flatten)]
	pub(crate) connect: ConnectArgs,
	#[command(flatten)]
	pub(crate) key: KeyArgs,
	/// Amount to hold as stake, such as "1000 UNIT"
	#[arg(long, value_name = "AMOUNT")]
	pub(crate) stake: Amount,
	/// Print one JSON object
	#[arg(long)]
	pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AmountArgs {
	#[command(flatten)]
	pub(crate) sign: SignArgs,
	/// Amount, such as "100 UNIT"
	#[arg(long, value_name = "AMOUNT")]
	pub(crate) amount: Amount,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli, cli::testing};
	use pvs_client::Endpoint;

	fn parse(line: &str) -> Result<Command, clap::Error> {
		let line = line.strip_prefix("pvsctl ").unwrap();
		testing::parse(line).map(|group| match group {
			cli::Command::Prover(command) => command,
			other => panic!("{other:?}"),
		})
	}

	#[test]
	fn run_should_need_exactly_one_key() {
		assert!(parse("pvsctl prover run --suri //Bob").is_ok());
		assert!(parse("pvsctl prover run").is_err());
		assert!(parse("pvsctl prover run --suri //Bob --key-file key").is_err());
		assert!(parse("pvsctl prover run --suri //Bob --fee 2").is_err());
		assert!(parse("pvsctl prover run --suri //Bob --proof-blocks 0").is_err());
		assert!(parse("pvsctl prover run --suri //Bob --once --exit-after-batches 2").is_err());
	}

	#[test]
	fn number_should_be_refused_with_its_option_when_it_is_out_of_range() {
		let run = |options: &str| {
			let line = format!("pvsctl prover run --suri //Bob {options}");
			parse(&line)
		};
		let beyond = MAX_RECONNECT_SECONDS + 1;
		for good in [
			"--reconnect-for 0",
			&format!("--reconnect-for {MAX_RECONNECT_SECONDS}"),
			"--threads 1",
			"--threads 1024 --max-jobs 1024 --connect-timeout 3600",
		] {
			assert!(run(good).is_ok(), "{good}");
		}
		for wrong in [
			"--reconnect-for 18446744073709551615",
			&format!("--reconnect-for {beyond}"),
			"--threads 0",
			"--threads 1025",
			"--threads 70000",
			"--max-jobs 0",
			"--max-jobs 1025",
			"--proof-blocks 4294967296",
			"--exit-after-batches 0",
			"--connect-timeout 0",
			"--nice 20",
			"--execute-timeout 3601 --program p --verifying-key v",
		] {
			let refused = run(wrong).unwrap_err().to_string();
			let option = wrong.split(' ').next().unwrap();
			assert!(refused.contains(option), "{wrong}: {refused}");
		}
	}

	#[test]
	fn program_should_need_a_verifying_key_and_exclude_what_it_replaces() {
		let run = |options: &str| {
			let line = format!("pvsctl prover run --suri //Bob {options}");
			parse(&line)
		};
		let options = "--program node --program-arg a.mjs --program-arg --json --verifying-key k";
		let Ok(Command::Run(args)) = run(options) else { panic!("not `run`") };
		assert_eq!(args.program.program_arg, ["a.mjs", "--json"]);
		assert_eq!(args.program.execute_timeout, 5);
		for wrong in ["--program node", "--verifying-key k", "--program-arg a"] {
			assert!(run(wrong).is_err(), "{wrong}");
		}
		for replaced in ["--keys-dir d", "--threads 2", "--back-end fast", "--execute-timeout 0"] {
			assert!(run(&format!("{options} {replaced}")).is_err(), "{replaced}");
		}
	}

	#[test]
	fn genesis_should_go_with_either_keys_and_not_with_a_program() {
		let run = |options: &str| {
			let line = format!("pvsctl prover run --suri //Bob {options}");
			parse(&line)
		};
		for keys in ["", "--keys-dir d", "--proving-key k"] {
			let Ok(Command::Run(args)) = run(&format!("--genesis g.json {keys}")) else {
				panic!("not `run` with {keys}")
			};
			assert_eq!(args.genesis, Some(PathBuf::from("g.json")));
		}
		let Ok(Command::Run(args)) = run("") else { panic!("not `run`") };
		assert_eq!(args.genesis, None);
		assert!(run("--genesis").is_err());
		assert!(run("--genesis g.json --program p --verifying-key v").is_err());
	}

	#[test]
	fn proving_key_should_exclude_other_keys_and_take_a_hash() {
		let run = |options: &str| {
			let line = format!("pvsctl prover run --suri //Bob {options}");
			parse(&line)
		};
		let hash = format!("--verifying-key-hash 0x{}", "ab".repeat(32));
		let Ok(Command::Run(args)) = run(&format!("--proving-key k {hash}")) else {
			panic!("not `run`")
		};
		assert_eq!(args.verifying_key_hash, Some([0xab; 32]));
		for wrong in [
			&hash,
			"--proving-key k --keys-dir d",
			"--proving-key k --program p --verifying-key v",
			"--proving-key k --verifying-key-hash 0xabcd",
		] {
			assert!(run(wrong).is_err(), "{wrong}");
		}
	}

	fn config(options: &str) -> Config {
		let line = format!("pvsctl prover run --suri //Bob {options}");
		let Command::Run(args) = parse(&line).unwrap() else { panic!("not `run`") };
		args.config(Arc::default()).unwrap()
	}

	#[test]
	fn config_should_have_what_the_options_say() {
		let by_default = config("--url ws://a:1,ws://b:2");
		let Endpoint::Urls { urls, .. } = &by_default.connect else { panic!("not of a node") };
		assert_eq!(*urls, ["ws://a:1", "ws://b:2"]);
		let account = Account::of(&*by_default.key).address();
		assert!(by_default.data_dir.ends_with(format!("pvs/prover-{account}")));
		assert!(by_default.rescue && by_default.batch_limit.is_none());
		let keys = |config: Config| match config.batches {
			Batches::Payments { keys, .. } => keys,
			Batches::Program { .. } => panic!("not a payments rollup"),
		};
		assert!(matches!(keys(by_default), Keys::Development(dir) if dir.ends_with("pvs/keys")));
		let ceremony = config("--proving-key k --once --rescue never --drain 7");
		assert_eq!((ceremony.batch_limit, ceremony.rescue), (Some(1), false));
		assert_eq!(ceremony.drain, Duration::from_secs(7));
		assert!(matches!(keys(ceremony), Keys::Ceremony { hash: None, .. }));
		let program = config("--program node --program-arg a.mjs --verifying-key v");
		let Batches::Program { launch, verifying_key } = program.batches else {
			panic!("not a program")
		};
		assert_eq!((launch.program, verifying_key), (PathBuf::from("node"), PathBuf::from("v")));
		assert_eq!(launch.execute_limit, Duration::from_secs(5));
	}

	#[test]
	fn rescues_should_be_on_for_an_idle_prover_unless_switched_off() {
		let rescue = |line: &str| match parse(line).unwrap() {
			Command::Run(args) => args.rescue,
			_ => panic!("not `run`"),
		};
		assert_eq!(rescue("pvsctl prover run --suri //Bob"), RescueWhen::Idle);
		assert_eq!(rescue("pvsctl prover run --suri //Bob --rescue never"), RescueWhen::Never);
	}
}
