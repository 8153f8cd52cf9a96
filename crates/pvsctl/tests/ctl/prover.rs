// SPDX-License-Identifier: Apache-2.0
//! `pvsctl prover` and `pvsctl keys`.

use crate::pvsctl;
use std::{
	fs,
	process::{Command, Output},
};

fn program(arguments: &[&str]) -> Command {
	pvsctl(arguments)
}

/// Runs it where nobody reads its standard output any more, as behind `| head`.
fn run_unread(arguments: &[&str]) -> Output {
	let (reader, writer) = std::io::pipe().unwrap();
	drop(reader);
	program(arguments).stdout(writer).output().unwrap()
}

/// Finding R16: exit code 1 although the work was done.
#[test]
fn program_should_end_well_when_nobody_reads_what_it_prints() {
	let dir = tempfile::tempdir().unwrap();
	let key = dir.path().join("rollup.pvskey");
	fs::write(&key, pvs_verifier_testing::TestKeys::new(1).verifying_key()).unwrap();
	let key = key.to_str().unwrap();
	for arguments in [&["keys", "show", key][..], &["keys", "show", key, "--json"], &["--help"]] {
		let output = run_unread(arguments);
		let said = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
	}
}

/// Finding R13: it meant 2 planck.
#[test]
fn amount_should_be_refused_with_both_spellings_when_it_has_no_unit() {
	for arguments in [
		["prover", "run", "--fee", "2"],
		["prover", "run", "--min-balance", "2"],
		["prover", "register", "--stake", "2"],
	] {
		let output = program(&arguments).args(["--suri", "//Bob"]).output().unwrap();
		let said = String::from_utf8(output.stderr).unwrap();
		assert!(!output.status.success(), "{arguments:?}");
		assert!(said.contains("`2 UNIT`") && said.contains("`2000 planck`"), "{said}");
	}
}
