// SPDX-License-Identifier: Apache-2.0
//! Reasons why a command fails.

use crate::{core::CoreError, link::LinkError};
use pvs_client::{amount::AmountError, Error, KeyError, ReplicaError, SubmitError};
use pvs_primitives::Bytes32;
use pvs_rollup::genesis::GenesisFileError;
use pvs_service::MetricsError;
use pvs_text::OutputError;
use std::net::SocketAddr;

/// A reason to stop.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
	/// The node does not answer, or its chain is not ours.
	#[error(transparent)]
	Chain(#[from] Error),
	/// There is no key to sign with.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// An amount on the command line cannot be read.
	#[error(transparent)]
	Amount(#[from] AmountError),
	/// A transaction did not succeed.
	#[error(transparent)]
	Submit(#[from] SubmitError),
	/// The data of batches cannot be read from the chain.
	#[error("cannot replay the rollup: {0}")]
	Replay(#[from] ReplicaError),
	/// The chain has no such rollup.
	#[error("rollup {0} is not registered on this chain; name another one with --rollup")]
	UnknownRollup(u32),
	/// Somebody else may commit batches of the rollup.
	#[error("account {account} is not the sequencer of rollup {rollup}; {sequencer} is")]
	NotSequencer {
		/// The SS58 address of the account that signs.
		account: String,
		/// The rollup.
		rollup: u32,
		/// The SS58 address of the account that may.
		sequencer: String,
	},
	/// The rollup is another one than that of the genesis.
	#[error(
		"rollup {rollup} starts from state root 0x{}, the genesis given from 0x{}",
		hex::encode(found),
		hex::encode(expected)
	)]
	ForeignGenesis {
		/// The rollup.
		rollup: u32,
		/// Its first root.
		found: Bytes32,
		/// That of the genesis.
		expected: Bytes32,
	},
	/// No state can be made from the genesis.
	#[error("the rollup's genesis is invalid: {0}")]
	Genesis(String),
	/// Of other accounts the secrets are not known.
	#[error(
		"the sequencer makes transfers of its own (`transfers`) for the demo rollup only: the genesis given \
		 starts from state root 0x{}, the demo's from 0x{}; give the demo's genesis, or no `transfers`",
		hex::encode(found),
		hex::encode(pvs_rollup::demo::GENESIS_ROOT)
	)]
	NotDemo {
		/// The first root of the genesis.
		found: Bytes32,
	},
	/// The file of the genesis cannot be read.
	#[error(transparent)]
	GenesisFile(#[from] GenesisFileError),
	/// The chain would refuse every batch.
	#[error(
		"--max-fee is {max_fee}, the rollup takes {lowest} to {highest}; choose an amount in between"
	)]
	FeeOutOfRange {
		/// The highest fee for a proof.
		max_fee: String,
		/// The rollup's reserve.
		lowest: String,
		/// The rollup's highest reserve.
		highest: String,
	},
	/// The account cannot pay for a batch.
	#[error("account {account} has {free}, a batch holds {needed}; send it some tokens")]
	BalanceTooLow {
		/// Its SS58 address.
		account: String,
		/// Balance that it has.
		free: String,
		/// Balance that it needs.
		needed: String,
	},
	/// Nobody could get the fees.
	#[error("the fee account, account {0}, does not exist; name one that does with --fee-account")]
	NoFeeAccount(u32),
	/// The data directory cannot be used, or the chain does not lead on from what it has.
	#[error(transparent)]
	Core(#[from] CoreError),
	/// The address for transfers cannot be used.
	#[error("cannot listen on {address}: {reason}")]
	Listen {
		/// The address.
		address: SocketAddr,
		/// Cause given by the system.
		reason: String,
	},
	/// Others could reach the address, which nobody has allowed.
	#[error("--listen {0} is not a loopback address: give --listen-anywhere too if it should be reachable")]
	NotLoopback(SocketAddr),
	/// A running sequencer does not answer, or refuses.
	#[error(transparent)]
	Link(#[from] LinkError),
	/// Findings of a command cannot be printed.
	#[error(transparent)]
	Output(#[from] OutputError),
	/// Metrics cannot be served.
	#[error(transparent)]
	Metrics(#[from] MetricsError),
	/// The command line is wrong.
	#[error("{0}")]
	Input(String),
	/// The system refuses something.
	#[error("{what}: {source}")]
	Io {
		/// Action that failed.
		what: String,
		/// Cause given by the system.
		source: std::io::Error,
	},
	/// A command did not come to its end.
	#[error("{0}")]
	Unfinished(String),
	/// A part of the program has panicked, or ended.
	#[error("the sequencer has crashed ({0}); start it again, accepted transfers are kept")]
	Crashed(String),
}
