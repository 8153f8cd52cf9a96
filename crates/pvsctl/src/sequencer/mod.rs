// SPDX-License-Identifier: Apache-2.0
//! Sequencer of the reference rollup, and commands for its users.

mod bars;
mod commands;
mod key_file;
mod serve;

use crate::fail::{finish_as, left};
use clap::{Args, Subcommand};
use pvs_sequencer::{load, Load, SequencerError};
use serve::ServeArgs;
use std::{ops::RangeInclusive, path::PathBuf, process::ExitCode};

/// Seconds that anything may be told to take: beyond, times of the system overflow.
const SECONDS: RangeInclusive<u64> = 1..=1_000_000_000;

const SERVE_EXAMPLES: &str = "\
Examples:
  On a development chain, transfers taken on port 9955:
    pvsctl sequencer serve --suri //Alice --data-dir ./sequencer
  A batch after half a second, two unproven at most, no transfer without a fee of 5:
    pvsctl sequencer serve --suri //Alice --data-dir ./sequencer --max-wait-ms 500 --pipeline 2 --min-fee 5
  With metrics and health for monitoring on this machine, one JSON object per event:
    pvsctl sequencer serve --key-file sequencer.key --data-dir ./sequencer --metrics 9630 --json";

const LOAD_EXAMPLES: &str = "\
Examples:
  A hundred transfers, ten a second, the figures as one JSON object:
    pvsctl sequencer load --count 100 --rate 10 --json
  Four accounts, three of the transfers open new ones:
    pvsctl sequencer load --accounts 4 --count 20 --open 3";

const USER_EXAMPLES: &str = "\
Examples:
  Demo account 1 pays 5 to account 2, and the command waits until that is final:
    pvsctl sequencer transfer --demo-key --from 1 --to 2 --amount 5 --wait
  A key of your own, and an account for it, the first that nobody has:
    pvsctl sequencer account new --secret-file ./secret
    pvsctl sequencer transfer --demo-key --from 1 --to 16 --amount 5000 --new-key 0x...
  Accounts, the fate of a transfer, a proof that is checked against the chain:
    pvsctl sequencer account 1 2
    pvsctl sequencer status 0x...
    pvsctl sequencer proof 1 --verify --node ws://127.0.0.1:9944";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Take transfers over JSON-RPC, commit batches of them and follow them until they are final
	#[command(after_help = SERVE_EXAMPLES)]
	Serve(Box<ServeArgs>),
	/// Send transfers of demo accounts to a running sequencer and follow them
	#[command(after_help = LOAD_EXAMPLES)]
	Load(LoadArgs),
	/// Sign a transfer and send it to a running sequencer
	#[command(after_help = USER_EXAMPLES)]
	Transfer(TransferArgs),
	/// Show accounts, or make a key for one
	#[command(after_help = USER_EXAMPLES)]
	Account(AccountArgs),
	/// Show where transfers stand
	#[command(after_help = USER_EXAMPLES)]
	Status(StatusArgs),
	/// Show a Merkle proof of what an account holds
	#[command(after_help = USER_EXAMPLES)]
	Proof(ProofArgs),
}

/// Does a command; `serve` until a signal asks to stop, a second one at once.
pub(crate) async fn execute(command: Command) -> ExitCode {
	let result = match command {
		Command::Serve(args) => serve::serve(&args).await,
		Command::Load(args) => {
			let bar = bars::Bar::new(args.count);
			load(args.into(), &bar).await.map(|()| 0)
		},
		Command::Transfer(args) => commands::transfer(args).await.map(|()| 0),
		Command::Account(args) => commands::account(args).await.map(|()| 0),
		Command::Status(args) => commands::status(args).await.map(|()| 0),
		Command::Proof(args) => commands::proof(args).await.map(|()| 0),
	};
	match result {
		Ok(open) => left(open),
		Err(error) => {
			let is_usage =
				matches!(error, SequencerError::Input(_) | SequencerError::NotLoopback(_));
			finish_as(is_usage, &error)
		},
	}
}

/// Sequencer to ask, and form of the answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct RpcArgs {
	/// WebSocket address of a running sequencer
	#[arg(
		long,
		env = "PVS_SEQUENCER_RPC",
		default_value = "ws://127.0.0.1:9955",
		value_name = "URL"
	)]
	pub(crate) rpc: String,
	/// Print JSON
	#[arg(long)]
	pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArgs {
	#[command(flatten)]
	pub(crate) rpc: RpcArgs,
	/// Number of the demo accounts that send
	#[arg(long, default_value_t = 8, value_name = "N",
		value_parser = clap::value_parser!(u32).range(2..=i64::from(pvs_rollup::demo::ACCOUNTS)))]
	pub(crate) accounts: u32,
	/// Transfers in all
	#[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
	pub(crate) count: u64,
	/// Transfers per second
	#[arg(long, default_value_t = 4.0, value_parser = rate)]
	pub(crate) rate: f64,
	/// Number of the transfers that open a new account each
	#[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
	pub(crate) open: u32,
	/// Transfers without an answer at most, one per account
	#[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
	pub(crate) in_flight: u32,
	/// Lowest fee of a transfer; those that open an account pay what the sequencer takes for that, if it is more
	#[arg(long, default_value_t = 1, value_name = "FEE")]
	pub(crate) min_fee: u32,
	/// Highest fee of a transfer, from --min-fee on
	#[arg(long, default_value_t = 10, value_name = "FEE")]
	pub(crate) max_fee: u32,
	/// Seed of the random transfers [default: a new one each time]
	#[arg(long)]
	pub(crate) seed: Option<u64>,
	/// Seconds after which to give up
	#[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(SECONDS))]
	pub(crate) timeout: u64,
	/// Write hash and encoding of each accepted transfer to a file, a line each
	#[arg(long, value_name = "FILE")]
	pub(crate) accepted: Option<PathBuf>,
}

impl From<LoadArgs> for Load {
	fn from(args: LoadArgs) -> Self {
		Self {
			rpc: args.rpc.rpc,
			json: args.rpc.json,
			accounts: args.accounts,
			count: args.count,
			rate: args.rate,
			open: args.open,
			in_flight: args.in_flight,
			min_fee: args.min_fee,
			max_fee: args.max_fee,
			seed: args.seed,
			timeout: args.timeout,
			accepted: args.accepted,
		}
	}
}

fn rate(text: &str) -> Result<f64, String> {
	match text.parse::<f64>() {
		Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
		Ok(_) => Err("a rate is 0.01 to 10000 transfers per second".into()),
		Err(error) => Err(error.to_string()),
	}
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TransferArgs {
	#[command(flatten)]
	pub(crate) rpc: RpcArgs,
	/// Account that pays
	#[arg(long, value_name = "INDEX")]
	pub(crate) from: u32,
	/// Account that is paid
	#[arg(long, value_name = "INDEX")]
	pub(crate) to: u32,
	/// Amount that is paid, in the rollup's smallest unit
	#[arg(long)]
	pub(crate) amount: u64,
	/// Fee that is paid on top to the sequencer's account [default: the lowest that the sequencer takes]
	#[arg(long)]
	pub(crate) fee: Option<u32>,
	/// The payer's nonce [default: the next one]
	#[arg(long)]
	pub(crate) nonce: Option<u32>,
	/// Key to open the payee's account with, as `account new` prints it: 32 bytes, 0x and hexadecimal
	#[arg(long, value_name = "KEY")]
	pub(crate) new_key: Option<String>,
	/// Sign with the demo account's key, which is public
	#[arg(long, conflicts_with = "secret_file")]
	pub(crate) demo_key: bool,
	/// File with the payer's secret seed, as `account new` makes it: 0x and 64 hex digits, readable by its
	/// owner only
	#[arg(long, value_name = "FILE")]
	pub(crate) secret_file: Option<PathBuf>,
	/// Wait until the transfer is final
	#[arg(long)]
	pub(crate) wait: bool,
	/// Seconds to wait at most
	#[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(SECONDS))]
	pub(crate) timeout: u64,
}

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct AccountArgs {
	#[command(subcommand)]
	pub(crate) key: Option<KeyCommand>,
	#[command(flatten)]
	pub(crate) rpc: RpcArgs,
	/// Indices of accounts
	#[arg(required = true, value_name = "INDEX")]
	pub(crate) indices: Vec<u32>,
}

/// Keys of accounts, without a sequencer.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeyCommand {
	/// Make a secret, write it to a new file that only its owner can read, and show its public key
	New(SecretArgs),
	/// Show the public key of a secret, as --new-key and genesis files take it
	Show(SecretArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SecretArgs {
	/// File of the secret seed: 0x and 64 hex digits
	#[arg(long, value_name = "FILE")]
	pub(crate) secret_file: PathBuf,
	/// Print JSON
	#[arg(long)]
	pub(crate) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StatusArgs {
	#[command(flatten)]
	pub(crate) rpc: RpcArgs,
	/// Hashes of transfers
	#[arg(required = true, value_name = "HASH")]
	pub(crate) hashes: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ProofArgs {
	#[command(flatten)]
	pub(crate) rpc: RpcArgs,
	/// Index of the account
	#[arg(value_name = "INDEX")]
	pub(crate) index: u32,
	/// The root [default: the newest final one]
	#[arg(long)]
	pub(crate) root: Option<String>,
	/// Check the proof, and fail if it does not hold
	#[arg(long)]
	pub(crate) verify: bool,
	/// With --verify: a node that has to have the root as the rollup's final one
	#[arg(long, value_name = "URL", requires = "verify")]
	pub(crate) node: Option<String>,
	/// With --node: the rollup
	#[arg(long, default_value_t = 0, requires = "node")]
	pub(crate) rollup: u32,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{cli, cli::testing};

	pub(super) fn parse(line: &str) -> Result<Command, clap::Error> {
		let line = line.strip_prefix("pvsctl ").unwrap();
		testing::parse(line).map(|group| match group {
			cli::Command::Sequencer(command) => command,
			other => panic!("{other:?}"),
		})
	}

	#[test]
	fn account_should_take_indices_or_make_and_show_keys() {
		let account = |line: &str| match parse(line) {
			Ok(Command::Account(args)) => Ok(args),
			Ok(other) => panic!("{other:?}"),
			Err(error) => Err(error.to_string()),
		};
		assert_eq!(account("pvsctl sequencer account 1 2 --json").unwrap().indices, [1, 2]);
		let new = account("pvsctl sequencer account new --secret-file x --json").unwrap();
		assert!(matches!(new.key, Some(KeyCommand::New(SecretArgs { json: true, .. }))));
		let show = account("pvsctl sequencer account show --secret-file x").unwrap();
		assert!(matches!(show.key, Some(KeyCommand::Show(_))));
		assert!(account("pvsctl sequencer account").unwrap_err().contains("INDEX"));
		assert!(account("pvsctl sequencer account new").unwrap_err().contains("--secret-file"));
	}

	#[test]
	fn numbers_should_have_a_highest_value() {
		let serve = "serve --suri //Alice --data-dir x";
		let transfer = "transfer --demo-key --from 1 --to 2 --amount 5";
		for (command, option) in [
			(serve, "--pool-limit"),
			(serve, "--account-limit"),
			(serve, "--max-connections"),
			(serve, "--max-connections-per-address"),
			(serve, "--max-idle-seconds"),
			(serve, "--drain"),
			(serve, "--max-nonce-gap"),
			(serve, "--max-wait-ms"),
			(serve, "--max-age-seconds"),
			(serve, "--batch-blocks"),
			(serve, "--pipeline"),
			(serve, "--save-every"),
			(serve, "--compact-records"),
			("load", "--timeout"),
			("load", "--count"),
			("load", "--open"),
			("load", "--in-flight"),
			(transfer, "--timeout"),
		] {
			for number in ["4294967295", "18446744073709551615", "-1"] {
				let line = format!("pvsctl sequencer {command} {option}={number}");
				let error = parse(&line).unwrap_err().to_string();
				assert!(error.contains(option), "{line}: {error}");
			}
		}
	}
}
