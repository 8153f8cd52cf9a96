// SPDX-License-Identifier: Apache-2.0
//! The options and the start-up that commands share.

use pvs_client::{keys, Client, Endpoint, Error, KeyError, Keypair};
use std::{io::IsTerminal, path::PathBuf, time::Duration};
use tracing_subscriber::EnvFilter;

/// Node to use.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConnectArgs {
	/// WebSocket address of a node of the chain, or several with commas between them. The first that
	/// answers is used, another one when it fails, stands still or falls behind; transactions go to all
	#[arg(long, env = "PVS_URL", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
	pub(crate) url: String,
	/// Seconds to wait for a node that takes the connection to answer, 1 to 3600; one that refuses it is not waited
	/// for
	#[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
	pub(crate) connect_timeout: u64,
}

impl ConnectArgs {
	/// Connects to the nodes, and waits for the first that answers.
	///
	/// # Errors
	///
	/// [`Error::BadUrl`] if any address is malformed, else what [`Client::connect`] says of the last
	/// one.
	pub(crate) async fn connect(&self) -> Result<Client, Error> {
		self.endpoint().connect().await
	}

	/// Returns how the chain is reached, for a service that connects by itself.
	pub(crate) fn endpoint(&self) -> Endpoint {
		let urls = self.url.split(',').map(|url| url.trim().into()).collect();
		Endpoint::Urls { urls, timeout: Duration::from_secs(self.connect_timeout) }
	}
}

/// Key that signs.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyArgs {
	/// Development key by its path, such as //Bob. Its secret is public
	#[arg(long, value_name = "PATH")]
	pub(crate) suri: Option<String>,
	/// File with a secret phrase or 0x and 64 hex digits, alone on one line, readable by its owner only or
	/// mounted by a service manager (mode 0440 or 0444, owned by root)
	#[arg(long, value_name = "FILE")]
	pub(crate) key_file: Option<PathBuf>,
}

impl KeyArgs {
	/// Loads the key.
	pub(crate) fn load(&self) -> Result<Keypair, KeyError> {
		match (&self.suri, &self.key_file) {
			(_, Some(path)) => keys::from_file(path),
			(Some(suri), None) => keys::from_development_path(suri),
			(None, None) => Err(KeyError::NotADevelopmentPath),
		}
	}
}

/// The longest time that programs keep trying to reach a node, in seconds: a year.
pub(crate) const MAX_RECONNECT_SECONDS: u64 = 31_536_000;

/// Sends log lines to stderr: warnings, or what `RUST_LOG` says.
pub(crate) fn start_logging() {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
	let _ = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_ansi(std::io::stderr().is_terminal())
		// It would be written to stderr too, and panic.
		.log_internal_errors(false)
		.try_init();
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

	#[tokio::test]
	async fn last_node_should_be_named_when_none_answers() {
		let error = nodes("ws://127.0.0.1:1, ws://127.0.0.1:2").connect().await.unwrap_err();
		assert!(matches!(error, Error::Unreachable { url, .. } if url == "ws://127.0.0.1:2"));
		for wrong in ["ws://127.0.0.1:1,", "ws://127.0.0.1:1,http://b", "", ","] {
			let error = nodes(wrong).connect().await.unwrap_err();
			assert!(matches!(error, Error::BadUrl { .. }), "{wrong}: {error}");
		}
	}
}
