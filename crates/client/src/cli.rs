// SPDX-License-Identifier: Apache-2.0
//! The options and the start-up that all programs share.

use crate::{connection, keys, Client, Error, KeyError};
use pvs_primitives::{BlockNumber, Bytes32};
use std::{
	future::Future,
	io::IsTerminal,
	path::PathBuf,
	process::ExitCode,
	time::{Duration, Instant},
};
use subxt_signer::sr25519::Keypair;
use tracing_subscriber::EnvFilter;

/// Which node to use.
#[derive(Clone, Debug, clap::Args)]
pub struct ConnectArgs {
	/// WebSocket address of a node of the chain, or several with commas between them. They are tried
	/// in turn, and the next one is used when one fails or stands still
	#[arg(long, env = "PVS_URL", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
	pub url: String,
	/// Seconds to wait for the node to answer, 1 to 3600
	#[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
	pub connect_timeout: u64,
}

impl ConnectArgs {
	/// Connects to the first node that answers.
	///
	/// # Errors
	///
	/// [`Error::BadUrl`] if any address is malformed, else what [`Client::connect`] says of the last
	/// one.
	pub async fn connect(&self) -> Result<Client, Error> {
		let urls = self.urls();
		are_web_sockets(&urls)?;
		let timeout = Duration::from_secs(self.connect_timeout);
		let mut urls = urls.into_iter();
		let mut url = urls.next().unwrap_or_default();
		loop {
			let result = Client::connect(url, timeout).await;
			match (result, urls.next()) {
				(Err(error), Some(next)) => {
					tracing::warn!("{error}; trying {next}");
					url = next;
				},
				(result, _) => return result,
			}
		}
	}

	/// Connects again when the connection to the node `lost` has failed: the nodes after it come
	/// first and it comes last, as one that stands still may well answer. A node that is behind what
	/// was seen is taken only if no other one answers: of several the highest.
	///
	/// # Errors
	///
	/// [`Error::OtherChain`] if all of them are on another chain, else those of
	/// [`ConnectArgs::connect`].
	pub async fn reconnect(&self, lost: &str, seen: Seen) -> Result<Client, Error> {
		let urls = self.urls_after(lost);
		are_web_sockets(&urls)?;
		let timeout = Duration::from_secs(self.connect_timeout);
		choose(&urls, seen, |url| async move {
			let client = Client::connect(url, timeout).await?;
			let best = tokio::time::timeout(timeout, client.best()).await.unwrap_or_else(|_| {
				let reason = format!("no answer within {} s", timeout.as_secs());
				Err(Error::Unreachable { url: url.into(), reason })
			})?;
			let genesis_hash = client.genesis_hash();
			Ok((client, Seen { genesis_hash, height: best.number }))
		})
		.await
	}

	fn urls(&self) -> Vec<&str> {
		self.url.split(',').map(str::trim).collect()
	}

	fn urls_after(&self, lost: &str) -> Vec<&str> {
		let mut urls = self.urls();
		if let Some(at) = urls.iter().position(|url| *url == lost) {
			urls.rotate_left(at.saturating_add(1));
		}
		urls
	}
}

fn are_web_sockets(urls: &[&str]) -> Result<(), Error> {
	match urls.iter().find(|url| !connection::is_web_socket(url)) {
		Some(url) => Err(Error::BadUrl { url: (*url).into() }),
		None => Ok(()),
	}
}

/// How many blocks a node may be below the highest seen. As many can go in a reorganisation.
const MAX_LAG: BlockNumber = 4;

/// What a program has seen of its chain, by which it tells a node that is behind, or on another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
	/// The hash of its first block.
	pub genesis_hash: Bytes32,
	/// The height of its highest block.
	pub height: BlockNumber,
}

impl Seen {
	/// Takes in a best block. Returns whether it is current: what is not in a block that is behind
	/// the highest seen by more than 4 blocks may be on the chain all the same.
	pub fn note(&mut self, best: BlockNumber) -> bool {
		self.height = self.height.max(best);
		!self.is_ahead_of(best)
	}

	fn is_ahead_of(&self, best: BlockNumber) -> bool {
		self.height.saturating_sub(best) > MAX_LAG
	}
}

/// The first node that is on the chain and not behind, else the highest one that is on it.
async fn choose<'a, N, F>(
	urls: &[&'a str],
	seen: Seen,
	connect: impl Fn(&'a str) -> F,
) -> Result<N, Error>
where
	F: Future<Output = Result<(N, Seen), Error>>,
{
	let mut behind: Option<(N, BlockNumber)> = None;
	let mut failed = None;
	let mut elsewhere = None;
	for &url in urls {
		match connect(url).await {
			Ok((_, found)) if found.genesis_hash != seen.genesis_hash => {
				let error = Error::OtherChain { url: url.into() };
				tracing::warn!("{error}");
				elsewhere = Some(error);
			},
			Ok((node, found)) if seen.is_ahead_of(found.height) => {
				let (best, height) = (found.height, seen.height);
				tracing::warn!("the node at {url} is at block {best}, seen was block {height}");
				if behind.as_ref().is_none_or(|(_, highest)| best > *highest) {
					behind = Some((node, best));
				}
			},
			Ok((node, _)) => return Ok(node),
			Err(error) => {
				tracing::debug!("{error}");
				failed = Some(error);
			},
		}
	}
	let none = || Error::BadUrl { url: String::new() };
	// A node that fails may be on the chain when it is back.
	behind.map(|(node, _)| node).ok_or_else(|| failed.or(elsewhere).unwrap_or_else(none))
}

/// Whose key signs.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct KeyArgs {
	/// Development key by its path, such as //Bob. Its secret is public
	#[arg(long, value_name = "PATH")]
	pub suri: Option<String>,
	/// File with a secret phrase or 0x and 64 hex digits, readable by its owner only
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,
}

impl KeyArgs {
	/// Loads the key.
	pub fn load(&self) -> Result<Keypair, KeyError> {
		match (&self.suri, &self.key_file) {
			(_, Some(path)) => keys::from_file(path),
			(Some(suri), None) => keys::from_development_path(suri),
			(None, None) => Err(KeyError::NotADevelopmentPath),
		}
	}
}

/// The longest time that programs keep trying to reach a node, in seconds: a year.
pub const MAX_RECONNECT_SECONDS: u64 = 31_536_000;

/// When to give up. Never, if that lies beyond what the clock can tell.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
	/// This many seconds from now.
	pub fn after(seconds: u64) -> Self {
		Self(Instant::now().checked_add(Duration::from_secs(seconds)))
	}

	/// Whether it is time.
	pub fn has_passed(self) -> bool {
		self.0.is_some_and(|end| Instant::now() >= end)
	}
}

/// A directory below the user's data directory: `$XDG_DATA_HOME`, else `~/.local/share`, else the
/// working directory.
pub fn default_dir(name: &str) -> PathBuf {
	let absolute =
		|variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
	absolute("XDG_DATA_HOME")
		.or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
		.unwrap_or_default()
		.join("pvs")
		.join(name)
}

/// Sends log lines to stderr: warnings, or what `RUST_LOG` says.
pub fn start_logging() {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
	let _ = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_ansi(std::io::stderr().is_terminal())
		.try_init();
}

/// Turns the result of a program into its exit code, and an error into one line on stderr.
pub fn finish<E: core::fmt::Display>(program: &str, result: Result<(), E>) -> ExitCode {
	match result {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("{program}: {}", one_line(&error.to_string()));
			ExitCode::FAILURE
		},
	}
}

fn one_line(text: &str) -> String {
	text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Program {
		#[command(flatten)]
		connect: ConnectArgs,
	}

	#[test]
	fn connect_timeout_should_be_a_second_to_an_hour() {
		let parse =
			|seconds: &str| Program::try_parse_from(["program", "--connect-timeout", seconds]);
		for good in ["1", "3600"] {
			assert_eq!(parse(good).unwrap().connect.connect_timeout.to_string(), good);
		}
		for wrong in ["0", "3601", "18446744073709551615", "ten"] {
			let refused = parse(wrong).err().unwrap().to_string();
			assert!(refused.contains("--connect-timeout"), "{refused}");
		}
	}

	fn nodes(url: &str) -> ConnectArgs {
		ConnectArgs { url: url.into(), connect_timeout: 5 }
	}

	#[test]
	fn node_that_was_lost_should_be_tried_last() {
		let nodes = nodes("ws://a, ws://b,ws://c");
		assert_eq!(nodes.urls(), ["ws://a", "ws://b", "ws://c"]);
		assert_eq!(nodes.urls_after("ws://a"), ["ws://b", "ws://c", "ws://a"]);
		assert_eq!(nodes.urls_after("ws://c"), ["ws://a", "ws://b", "ws://c"]);
		assert_eq!(nodes.urls_after("ws://d"), ["ws://a", "ws://b", "ws://c"]);
	}

	#[tokio::test]
	async fn nodes_should_be_tried_in_turn_and_the_last_one_named_when_none_answers() {
		let error = nodes("ws://127.0.0.1:1,ws://127.0.0.1:2").connect().await.unwrap_err();
		assert!(matches!(error, Error::Unreachable { url, .. } if url == "ws://127.0.0.1:2"));
		for wrong in ["ws://127.0.0.1:1,", "ws://127.0.0.1:1,http://b", "", ","] {
			let error = nodes(wrong).connect().await.unwrap_err();
			assert!(matches!(error, Error::BadUrl { .. }), "{wrong}: {error}");
		}
	}

	const SEEN: Seen = Seen { genesis_hash: [1; 32], height: 100 };

	/// Nodes are named by their height; one of another chain begins with `x`, one that fails is `-`.
	async fn chosen(urls: &[&'static str]) -> Result<&'static str, Error> {
		choose(urls, SEEN, |url| async move {
			let genesis_hash = if url.starts_with('x') { [2; 32] } else { [1; 32] };
			let height = url.trim_start_matches('x').parse();
			let away = |_| Error::Unreachable { url: url.into(), reason: "away".into() };
			height.map(|height| (url, Seen { genesis_hash, height })).map_err(away)
		})
		.await
	}

	#[tokio::test]
	async fn node_that_is_behind_should_be_taken_only_when_no_other_one_answers() {
		assert_eq!(chosen(&["96", "120"]).await.unwrap(), "96", "as low as a reorganisation");
		assert_eq!(chosen(&["95", "0", "101"]).await.unwrap(), "101");
		assert_eq!(chosen(&["7", "95", "-", "8"]).await.unwrap(), "95", "the highest");
		assert_eq!(chosen(&["7"]).await.unwrap(), "7");
	}

	#[tokio::test]
	async fn node_of_another_chain_should_be_passed_over_and_told_when_no_url_is_left() {
		assert_eq!(chosen(&["x200", "100"]).await.unwrap(), "100");
		assert_eq!(chosen(&["x200", "5", "-"]).await.unwrap(), "5");
		let error = chosen(&["x200", "x100"]).await.unwrap_err();
		assert!(matches!(&error, Error::OtherChain { url } if url == "x100"), "{error}");
		for urls in [["x200", "-"], ["-", "x200"]] {
			let error = chosen(&urls).await.unwrap_err();
			assert!(matches!(error, Error::Unreachable { .. }), "it may come back: {error}");
		}
	}

	#[test]
	fn block_should_be_current_unless_it_is_far_below_the_highest() {
		let mut seen = SEEN;
		for (best, is_current) in [(100, true), (96, true), (95, false), (0, false), (101, true)] {
			assert_eq!(seen.note(best), is_current, "{best}");
		}
		assert_eq!(seen.height, 101);
		assert!(!seen.note(96), "a node cannot fall back step by step");
	}

	#[test]
	fn deadline_should_pass_in_its_time_and_never_when_it_is_beyond_the_clock() {
		assert!(Deadline::after(0).has_passed());
		for later in [60, MAX_RECONNECT_SECONDS, u64::MAX] {
			assert!(!Deadline::after(later).has_passed(), "{later}");
		}
	}

	#[test]
	fn error_should_fit_on_one_line() {
		assert_eq!(one_line("one\n  two\tthree "), "one two three");
	}
}
