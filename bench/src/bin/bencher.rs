// SPDX-License-Identifier: Apache-2.0
//! Measures the pallet's benchmarks on the runtime's Wasm: the SDK's benchmarking command with the
//! host functions that our runtime asks of a node, which no ready-made bencher has. A runtime that verifies
//! in Wasm asks for none but the stock ones. `scripts/bench.sh weights` builds and runs it.

use clap::Parser;
use frame_benchmarking_cli::PalletCmd;
use sp_runtime::traits::BlakeTwo256;

/// Host functions beside the stock ones.
#[cfg(not(feature = "wasm-verifier"))]
type HostFunctions = pvs_verifier::host::HostFunctions;
/// Host functions beside the stock ones: none.
#[cfg(feature = "wasm-verifier")]
type HostFunctions = ();

/// Measure the benchmarks of a runtime built with `runtime-benchmarks` and write its weights.
#[derive(Debug, Parser)]
#[command(name = "pvs-bencher", version)]
struct Cli {
	#[command(flatten)]
	pallet: PalletCmd,
}

fn main() -> anyhow::Result<()> {
	Cli::parse()
		.pallet
		.run_with_spec::<BlakeTwo256, HostFunctions>(None)
		.map_err(|error| anyhow::anyhow!("the benchmarks did not run: {error}"))
}
