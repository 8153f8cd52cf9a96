// SPDX-License-Identifier: Apache-2.0
//! The services that a node runs beside its blocks, over its own RPC without a socket.

mod host;
mod key;
mod opener;
mod prover;
mod sequencer;
mod status;

pub(crate) use host::Host;
pub(crate) use status::Status;

use sc_service::error::Error as ServiceError;

/// Options of the services that a node runs.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Params {
	#[clap(flatten)]
	prover: prover::Params,
	#[clap(flatten)]
	opener: opener::Params,
	#[clap(flatten)]
	sequencer: sequencer::Params,
}

/// The services that a node was asked for.
pub(crate) struct Requested {
	prover: Option<prover::Requested>,
	opener: Option<opener::Requested>,
	sequencer: Option<sequencer::Requested>,
}

impl Params {
	/// Reads what the services need of files. `is_dev` says whether the node was started with `--dev`, so that
	/// well-known keys may be used.
	///
	/// # Errors
	///
	/// A text that names the option and says what to do.
	pub(crate) fn load(&self, is_dev: bool) -> Result<Requested, String> {
		Ok(Requested {
			prover: self.prover.load(is_dev)?,
			opener: self.opener.load(is_dev)?,
			sequencer: self.sequencer.load(is_dev)?,
		})
	}
}

impl Requested {
	/// Starts the services. They stop with the node; what goes wrong with them later ends nothing else.
	///
	/// # Errors
	///
	/// [`ServiceError::Other`] if a key is to be in the node's keystore and is not, or if a service could never run on
	/// this chain.
	pub(crate) async fn start(self, host: &Host) -> Result<(), ServiceError> {
		if let Some(opener) = self.opener {
			opener::start(opener, host)?;
		}
		if let Some(sequencer) = self.sequencer {
			sequencer::start(sequencer, host)?;
		}
		if let Some(prover) = self.prover {
			prover::start(prover, host).await?;
		}
		Ok(())
	}
}
