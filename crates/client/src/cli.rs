// SPDX-License-Identifier: Apache-2.0
//! The options and the start-up that all programs share.

use crate::{keys, Client, Error, KeyError};
use std::{io::IsTerminal, path::PathBuf, process::ExitCode, time::Duration};
use subxt_signer::sr25519::Keypair;
use tracing_subscriber::EnvFilter;

/// Which node to use.
#[derive(Clone, Debug, clap::Args)]
pub struct ConnectArgs {
	/// WebSocket address of a node of the chain
	#[arg(long, env = "PVS_URL", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
	pub url: String,
	/// Seconds to wait for the node to answer
	#[arg(long, default_value_t = 10, value_name = "SECONDS")]
	pub connect_timeout: u64,
}

impl ConnectArgs {
	/// Connects to the node. See [`Client::connect`].
	pub async fn connect(&self) -> Result<Client, Error> {
		Client::connect(&self.url, Duration::from_secs(self.connect_timeout)).await
	}
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

	#[test]
	fn error_should_fit_on_one_line() {
		assert_eq!(one_line("one\n  two\tthree "), "one two three");
	}
}
