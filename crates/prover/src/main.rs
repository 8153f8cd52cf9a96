// SPDX-License-Identifier: Apache-2.0
//! The prover program of PVS: watches rounds, bids, proves, submits. `pvs-prover key` and `pvs-prover proof`
//! are the commands of `pvs-formats`.

use std::process::ExitCode;

fn main() -> ExitCode {
	pvs_prover::cli::main()
}
