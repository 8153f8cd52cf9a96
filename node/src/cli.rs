// SPDX-License-Identifier: Apache-2.0
//! The command line.

use crate::services;
use sc_cli::RunCmd;

/// A PVS validator node.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	#[clap(flatten)]
	pub(crate) run: RunCmd,

	#[clap(flatten)]
	pub(crate) services: services::Params,
}

/// Commands of the node beside running.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "parsed once")]
pub(crate) enum Subcommand {
	/// Key management utilities.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Print a chain specification as JSON (the older name of export-chain-spec).
	#[allow(deprecated, reason = "zombienet calls it")]
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Print or write a chain specification as JSON.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Validate blocks.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Export the state of a block into a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Import blocks.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the whole chain.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Revert the chain to a previous state.
	Revert(sc_cli::RevertCmd),

	/// Show meta information of the database.
	ChainInfo(sc_cli::ChainInfoCmd),
}
