// SPDX-License-Identifier: Apache-2.0
//! Calls of a rollup's owner.

use super::params::{from_json, to_json};
use crate::{
	chain::{self, ChainError, SignArgs},
	fail::finish,
	options::{ConnectArgs, KeyArgs},
};
use clap::{Args, Subcommand};
use pvs_client::{Account, Call};
use pvs_files::read_bounded;
use pvs_primitives::{params::RollupParams, Bytes32, RollupId};
use std::{
	path::{Path, PathBuf},
	process::ExitCode,
};

/// The most that is read of a file: parameters as people indent them, or a key's hex digits.
const MAX_FILE_BYTES: usize = 1 << 16;

/// Node to use and key that signs; `--json` is an option of all commands of rollups.
#[derive(Clone, Debug, Args)]
pub(super) struct OwnerArgs {
	#[command(flatten)]
	connect: ConnectArgs,
	#[command(flatten)]
	key: KeyArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
	/// Register a rollup: its verifying key, first root, sequencer and market
	Register {
		#[command(flatten)]
		owner: OwnerArgs,
		/// Verifying key, 768 bytes or their hex digits, as `keys import` writes it
		#[arg(long, value_name = "FILE")]
		verifying_key: PathBuf,
		/// First state root: a file of 32 bytes, as `genesis export-root` writes it, or 0x and 64 hex digits
		#[arg(long, value_name = "FILE|HEX")]
		genesis_root: PathBuf,
		/// Account that commits batches [default: the one that signs]
		#[arg(long, value_name = "ACCOUNT")]
		sequencer: Option<Account>,
		/// Parameters of the market, JSON as `params` prints it
		#[arg(long, value_name = "FILE")]
		params: PathBuf,
	},
	/// Show the parameters of a rollup's market as JSON, to be changed and given to `set-params`
	Params {
		#[command(flatten)]
		connect: ConnectArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
	},
	/// Set the parameters that a rollup's next batch takes
	SetParams {
		#[command(flatten)]
		owner: OwnerArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
		/// Parameters of the market, JSON as `params` prints it
		#[arg(long, value_name = "FILE")]
		params: PathBuf,
	},
	/// Name who may commit a rollup's batches from now on
	SetSequencer {
		#[command(flatten)]
		owner: OwnerArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
		/// Account that commits batches: an SS58 address, or 0x and 64 hex digits
		#[arg(long, value_name = "ACCOUNT")]
		sequencer: Account,
	},
	/// Offer a rollup to another owner, who has to accept; offered to oneself, an offer is withdrawn
	Transfer {
		#[command(flatten)]
		owner: OwnerArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
		/// Account to offer it to: an SS58 address, or 0x and 64 hex digits
		#[arg(long, value_name = "ACCOUNT")]
		to: Account,
	},
	/// Become the owner of a rollup that is offered to the account that signs
	Accept {
		#[command(flatten)]
		owner: OwnerArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
	},
	/// Give a rollup up; its batches end as they would
	Deregister {
		#[command(flatten)]
		owner: OwnerArgs,
		/// The rollup
		#[arg(long, value_name = "ID")]
		id: RollupId,
	},
}

/// Does a command.
pub(super) async fn run(command: Command, json: bool) -> ExitCode {
	finish(execute(command, json).await)
}

async fn execute(command: Command, json: bool) -> Result<(), ChainError> {
	let (owner, call) = match command {
		Command::Params { connect, id } => return show(&connect, id).await,
		Command::Register { owner, verifying_key, genesis_root, sequencer, params } => {
			let key = read(&verifying_key)?;
			let (root, params) = (root(&genesis_root)?, parameters(&params)?);
			let signer = Account::of(&owner.key.load()?);
			let sequencer = sequencer.unwrap_or(signer);
			let key = pvs_formats::wire_key(&key);
			pvs_verifier::prepare_key(&key).map_err(|error| {
				let file = verifying_key.display();
				ChainError::Input(format!(
					"{file}: not a key of 768 bytes that a chain accepts: {error}; make one with `pvsctl keys import`"
				))
			})?;
			(owner, Call::register_rollup(&key, root, sequencer.0, &params))
		},
		Command::SetParams { owner, id, params } => {
			(owner, Call::set_params(id, &parameters(&params)?))
		},
		Command::SetSequencer { owner, id, sequencer } => {
			(owner, Call::set_sequencer(id, sequencer.0))
		},
		Command::Transfer { owner, id, to } => (owner, Call::transfer_rollup(id, to.0)),
		Command::Accept { owner, id } => (owner, Call::accept_rollup(id)),
		Command::Deregister { owner, id } => (owner, Call::deregister_rollup(id)),
	};
	let OwnerArgs { connect, key } = owner;
	chain::submit(&SignArgs { connect, key, json }, &call).await
}

async fn show(connect: &ConnectArgs, id: RollupId) -> Result<(), ChainError> {
	let client = connect.connect().await?;
	let view = client.at(client.best().await?).await?;
	let Some(rollup) = view.rollup(id).await? else {
		let text =
			format!("rollup {id} is not registered on this chain; name another one with --id");
		return Err(ChainError::Input(text));
	};
	let text = to_json(&rollup.params)
		.map_err(|error| ChainError::Input(format!("cannot show the parameters: {error}")))?;
	Ok(pvs_text::print(text)?)
}

fn read(path: &Path) -> Result<Vec<u8>, ChainError> {
	let failed =
		|reason: String| ChainError::Input(format!("cannot read {}: {reason}", path.display()));
	let (bytes, has) =
		read_bounded(path, MAX_FILE_BYTES).map_err(|error| failed(error.to_string()))?;
	if has > MAX_FILE_BYTES {
		return Err(failed(format!("it has more than {MAX_FILE_BYTES} bytes")));
	}
	Ok(bytes)
}

fn parameters(path: &Path) -> Result<RollupParams, ChainError> {
	let bytes = read(path)?;
	let failed = |reason: String| {
		let path = path.display();
		ChainError::Input(format!(
			"{path}: no parameters of a market: {reason}; `pvsctl rollup params` prints an example"
		))
	};
	let text = pvs_text::decode(&bytes).map_err(|error| failed(error.to_string()))?;
	from_json(&text).map_err(failed)
}

/// Reads a root: hex digits, or a file of 32 bytes.
fn root(named: &Path) -> Result<Bytes32, ChainError> {
	let mut root = Bytes32::default();
	let text = named.to_string_lossy();
	if let Some(digits) = text.strip_prefix("0x") {
		hex::decode_to_slice(digits, &mut root).map_err(|error| {
			ChainError::Input(format!("--genesis-root: a root is 0x and 64 hex digits: {error}"))
		})?;
		return Ok(root);
	}
	read(named)?.as_slice().try_into().map_err(|_| {
		let path = named.display();
		let text =
			format!("{path} has not 32 bytes; write it with `pvsctl rollup genesis export-root`");
		ChainError::Input(text)
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn root_should_be_read_of_digits_and_of_a_file_of_32_bytes_only() {
		let digits = format!("0x{}", "ab".repeat(32));
		assert_eq!(root(Path::new(&digits)).unwrap(), [0xab; 32]);
		assert!(root(Path::new("0xabc")).unwrap_err().to_string().contains("--genesis-root"));
		let file = tempfile::NamedTempFile::new().unwrap();
		std::fs::write(file.path(), [7; 32]).unwrap();
		assert_eq!(root(file.path()).unwrap(), [7; 32]);
		std::fs::write(file.path(), [7; 33]).unwrap();
		assert!(root(file.path()).unwrap_err().to_string().contains("export-root"));
	}

	#[test]
	fn parameters_should_be_refused_with_the_cure_when_they_are_none() {
		let file = tempfile::NamedTempFile::new().unwrap();
		std::fs::write(file.path(), "{}").unwrap();
		let error = parameters(file.path()).unwrap_err().to_string();
		assert!(error.contains("missing field") && error.contains("rollup params"), "{error}");
		let error = parameters(Path::new("/nonexistent")).unwrap_err().to_string();
		assert!(error.contains("cannot read /nonexistent"), "{error}");
	}
}
