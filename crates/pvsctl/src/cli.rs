// SPDX-License-Identifier: Apache-2.0
//! The commands, and what is wrong with a command line in one line.

use crate::{
	ceremony, demo,
	fail::{finish, finish_with, one_line, USAGE},
	keys, opener, options, pages, prover, rollup, seal, sequencer,
};
use clap::{error::ErrorKind, CommandFactory, Parser, Subcommand};
use std::{ffi::OsString, io, process::ExitCode, time::Duration};

/// Time that threads may take to end when all else has: they stop between two steps of a proof.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Options that may stand before the commands, and whether a value follows.
const GLOBAL: [(&str, bool); 3] = [("--url", true), ("--key-file", true), ("--json", false)];

const AFTER_HELP: &str = "\
Options of all commands that have a use for them, also before the command:
  --url URL        WebSocket addresses of nodes [env: PVS_URL=]
  --key-file FILE  Key that signs
  --json           Print JSON

Exit codes:
  0  done
  1  failed; one line on stderr says why and what to do
  2  the command line is wrong; one line on stderr says what to write instead
  3  a service was asked to stop and left work for its next start

Examples:
  Prove for a development chain, as Bob:
    pvsctl prover run --suri //Bob
  A chain, a sequencer and three provers for three batches:
    pvsctl demo
  Completions for this shell, and man pages:
    pvsctl completions bash > ~/.local/share/bash-completion/completions/pvsctl
    pvsctl man ~/.local/share/man/man1";

/// One program for the people of a PVS market: provers, openers, sequencers, owners of rollups.
#[derive(Debug, Parser)]
#[command(name = "pvsctl", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Prove batches of a rollup for a fee; register, stake, look at the record
	#[command(subcommand)]
	Prover(prover::Command),
	/// Open the seals of silent bidders for a reward
	#[command(subcommand)]
	Opener(opener::Command),
	/// Commit batches of transfers to the reference payments rollup; send transfers, look at accounts
	#[command(subcommand)]
	Sequencer(sequencer::Command),
	/// Register and own a rollup; facts, genesis and development keys of the reference rollup
	Rollup(rollup::Arguments),
	/// Verifying keys and proofs of snarkjs, arkworks and gnark, as a chain takes them
	#[command(subcommand)]
	Keys(keys::Command),
	/// A key for the reference rollup that nobody can forge proofs for, unless all contributors conspire
	Ceremony(ceremony::Arguments),
	/// Parameters of time-lock puzzles, and the speed of this machine's squarings
	Seal(seal::Arguments),
	/// Run a development chain with a sequencer and three provers, and report what happened
	Demo(Box<demo::Args>),
	/// Print completions for a shell
	Completions {
		/// Shell to complete for
		shell: clap_complete::Shell,
	},
	/// Write man pages, one file per command
	Man {
		/// Directory to write into, which is made if it is not there
		dir: std::path::PathBuf,
	},
}

/// Does what the command line says.
pub(crate) fn main() -> ExitCode {
	let words: Vec<OsString> = std::env::args_os().collect();
	let command = match parse(words.clone()) {
		Ok(command) => command,
		Err(error) => return refuse(&error, &named(&Cli::command(), &words)),
	};
	options::start_logging();
	let runtime = match tokio::runtime::Runtime::new() {
		Ok(runtime) => runtime,
		Err(error) => return finish(Err(format!("cannot start threads: {error}"))),
	};
	let code = runtime.block_on(execute(command));
	runtime.shutdown_timeout(LAST_MOMENT);
	code
}

async fn execute(command: Command) -> ExitCode {
	match command {
		Command::Prover(command) => prover::execute(command).await,
		Command::Opener(command) => opener::execute(command).await,
		Command::Sequencer(command) => sequencer::execute(command).await,
		Command::Rollup(arguments) => rollup::run(arguments).await,
		Command::Keys(command) => finish(keys::run(&command)),
		Command::Ceremony(arguments) => ceremony::run(&arguments),
		Command::Seal(arguments) => seal::run(arguments),
		Command::Demo(args) => demo::execute(*args).await,
		Command::Completions { shell } => finish(pages::completions(Cli::command(), shell)),
		Command::Man { dir } => finish(pages::man(Cli::command(), &dir)),
	}
}

/// Reads a command line.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
	let arguments = moved(&Cli::command(), arguments.into_iter().collect());
	Cli::try_parse_from(arguments).map(|cli| cli.command)
}

/// Moves options that stand before the commands behind them, to where they are read.
fn moved(root: &clap::Command, arguments: Vec<OsString>) -> Vec<OsString> {
	let mut rest = arguments.into_iter().peekable();
	let mut line: Vec<OsString> = rest.next().into_iter().collect();
	let mut options = Vec::new();
	while let Some(option) = rest.next_if(is_global) {
		let has_value = GLOBAL.iter().any(|(name, has_value)| *has_value && option == *name);
		options.push(option);
		options.extend(rest.next_if(|_| has_value));
	}
	let mut command = root;
	while let Some(next) = rest.peek().and_then(|word| command.find_subcommand(word)) {
		command = next;
		line.extend(rest.next());
	}
	line.into_iter().chain(options).chain(rest).collect()
}

fn is_global(word: &OsString) -> bool {
	let word = word.to_string_lossy();
	let name = word.split_once('=').map_or(&*word, |(name, _)| name);
	GLOBAL.iter().any(|(option, has_value)| *option == name && (*has_value || !word.contains('=')))
}

/// Returns the command that a line names, without its options.
fn named(root: &clap::Command, words: &[OsString]) -> String {
	let (mut command, mut name) = (root, "pvsctl".to_owned());
	let is_option = |word: &&OsString| word.to_string_lossy().starts_with('-');
	for word in moved(root, words.to_vec()).iter().skip(1).take_while(|word| !is_option(word)) {
		let Some(next) = command.find_subcommand(word) else { break };
		command = next;
		name = format!("{name} {}", next.get_name());
	}
	name
}

/// Shows help or a version as asked, or tells in one line what is wrong.
fn refuse(error: &clap::Error, command: &str) -> ExitCode {
	match error.kind() {
		ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match error.print() {
			Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
				finish(Err(format!("cannot write to the standard output: {error}")))
			},
			_ => ExitCode::SUCCESS,
		},
		_ => finish_with(USAGE, &flat(error, command)),
	}
}

/// Puts what clap says on one line: the error, its tips, and where to read on.
fn flat(error: &clap::Error, command: &str) -> String {
	let text = error.to_string();
	if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
		return format!("`{command}` needs a command; see {command} --help");
	}
	let said = text.strip_prefix("error: ").unwrap_or(&text);
	let cause = said.split("\n\nUsage: ").next().unwrap_or(said);
	let cause = cause.split("\n\nFor more information").next().unwrap_or(cause);
	let parts: Vec<String> =
		cause.split("\n\n").map(one_line).filter(|it| !it.is_empty()).collect();
	format!("{}; see {command} --help", parts.join("; "))
}

#[cfg(test)]
pub(crate) mod testing {
	use super::Command;

	/// Reads a command line without the program's name.
	pub(crate) fn parse(line: &str) -> Result<Command, clap::Error> {
		let words = std::iter::once("pvsctl").chain(line.split_whitespace());
		super::parse(words.map(Into::into))
	}
}

#[cfg(test)]
mod tests {
	use super::{testing::parse, *};

	#[test]
	fn command_line_should_be_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn options_should_be_read_when_they_stand_before_the_commands() {
		let line = |words: &str| {
			let words = std::iter::once("pvsctl").chain(words.split(' ')).map(Into::into);
			moved(&Cli::command(), words.collect()).join(" ".as_ref()).into_string().unwrap()
		};
		assert_eq!(
			line("--url ws://a:1 --json prover status --key-file k"),
			"pvsctl prover status --url ws://a:1 --json --key-file k"
		);
		assert_eq!(line("--key-file=k prover run --once"), "pvsctl prover run --key-file=k --once");
		assert_eq!(line("prover run --json"), "pvsctl prover run --json");
		assert_eq!(line("--url"), "pvsctl --url");
		assert!(parse("--key-file k --url ws://a:1 prover run").is_ok());
		let refused = parse("--url ws://a:1 seal speed").unwrap_err();
		assert!(flat(&refused, "pvsctl").contains("unexpected argument '--url'"));
	}

	#[test]
	fn command_should_be_named_without_its_options() {
		let name = |line: &str| {
			let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
			named(&Cli::command(), &words)
		};
		assert_eq!(name("pvsctl --url ws://a:1 prover run --fee 2"), "pvsctl prover run");
		assert_eq!(name("pvsctl prover runn"), "pvsctl prover");
		assert_eq!(name("pvsctl"), "pvsctl");
	}

	#[test]
	fn usage_error_should_be_one_line_with_the_cure() {
		for (line, said) in [
			("", "`pvsctl` needs a command; see pvsctl --help"),
			("prover", "`pvsctl prover` needs a command; see pvsctl prover --help"),
			(
				"provr",
				"unrecognized subcommand 'provr'; tip: a similar subcommand exists: 'prover'",
			),
			("prover runn", "similar subcommands exist: 'unbond', 'run'"),
			(
				"prover run",
				"required arguments were not provided: <--suri <PATH>|--key-file <FILE>>",
			),
			("prover run --suri", "a value is required for '--suri <PATH>'"),
			("prover run --suri //Bob --key-file k", "cannot be used with"),
			("prover run --suri //Bob --fee 2", "`2 UNIT`"),
			("prover bond-more --suri //Bob --amount 2", "`2000 planck`"),
			("prover run --suri //Bob --treads 2", "similar argument exists: '--threads'"),
			("rollup set-sequencer --suri //A --id 0 --sequencer Bob", "write its SS58 address"),
			("opener settle --suri //A --batch 3 --bidder 0x00", "ROLLUP/INDEX"),
			("completions fish2", "possible values"),
			("demo --scenario none", "possible values"),
		] {
			let words = std::iter::once("pvsctl").chain(line.split_whitespace());
			let words: Vec<OsString> = words.map(Into::into).collect();
			let command = named(&Cli::command(), &words);
			let text = flat(&parse(line).unwrap_err(), &command);
			assert!(text.contains(said), "{line}: {text}");
			assert!(text.ends_with(&format!("; see {command} --help")), "{line}: {text}");
			assert_eq!(text.lines().count(), 1, "{text}");
		}
	}
}
