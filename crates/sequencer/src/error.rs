// SPDX-License-Identifier: Apache-2.0
//! Why a command fails.

use crate::{core::CoreError, link::LinkError};
use pvs_client::{amount::AmountError, Error, KeyError, ReplicaError, SubmitError};
use pvs_primitives::Bytes32;
use pvs_rollup::genesis::GenesisFileError;
use pvs_text::OutputError;
use std::net::SocketAddr;

/// A reason to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SequencerError {
	#[error(transparent)]
	Chain(#[from] Error),
	#[error(transparent)]
	Key(#[from] KeyError),
	#[error(transparent)]
	Amount(#[from] AmountError),
	#[error(transparent)]
	Submit(#[from] SubmitError),
	#[error("cannot replay the rollup: {0}")]
	Replay(#[from] ReplicaError),
	#[error("rollup {0} is not registered on this chain; name another one with --rollup")]
	UnknownRollup(u32),
	#[error("account {account} is not the sequencer of rollup {rollup}; {sequencer} is")]
	NotSequencer { account: String, rollup: u32, sequencer: String },
	#[error(
		"rollup {rollup} starts from state root 0x{}, the genesis given from 0x{}",
		hex::encode(found),
		hex::encode(expected)
	)]
	ForeignGenesis { rollup: u32, found: Bytes32, expected: Bytes32 },
	#[error("the rollup's genesis is invalid: {0}")]
	Genesis(String),
	#[error(transparent)]
	GenesisFile(#[from] GenesisFileError),
	#[error(
		"--max-fee is {max_fee}, the rollup takes {lowest} to {highest}; choose an amount in between"
	)]
	FeeOutOfRange { max_fee: String, lowest: String, highest: String },
	#[error("account {account} has {free}, a batch holds {needed}; send it some tokens")]
	BalanceTooLow { account: String, free: String, needed: String },
	#[error("the fee account, account {0}, does not exist; name one that does with --fee-account")]
	NoFeeAccount(u32),
	#[error(transparent)]
	Core(#[from] CoreError),
	#[error("cannot listen on {address}: {reason}")]
	Listen { address: SocketAddr, reason: String },
	#[error("--listen {0} is not a loopback address: give --listen-anywhere too if it should be reachable")]
	NotLoopback(SocketAddr),
	#[error(transparent)]
	Link(#[from] LinkError),
	#[error(transparent)]
	Output(#[from] OutputError),
	#[error("{0}")]
	Input(String),
	#[error("{what}: {source}")]
	Io { what: String, source: std::io::Error },
	#[error("{0}")]
	Unfinished(String),
}

impl SequencerError {
	/// The system does not let anyone listen to signals.
	pub(crate) fn signals(source: std::io::Error) -> Self {
		Self::Io { what: "cannot listen to signals".into(), source }
	}
}
