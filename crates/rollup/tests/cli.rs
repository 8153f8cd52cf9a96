// SPDX-License-Identifier: Apache-2.0
//! The program `pvs-rollup`, without what takes seconds.

use pvs_primitives::hash::blake2_256;
use pvs_rollup::{demo, shape::DATA_LEN};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_pvs-rollup")).args(arguments).output().unwrap()
}

#[test]
fn info_should_print_the_facts_of_the_library() {
	let output = run(&["info", "--json"]);
	assert!(output.status.success());
	let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
	let hexadecimal = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
	assert_eq!(facts["data_len"], DATA_LEN);
	assert_eq!(facts["domain_size"], 1 << 16);
	assert_eq!(facts["genesis_root"], hexadecimal(demo::GENESIS_ROOT));
	assert_eq!(facts["verifying_key_hash"], hexadecimal(&blake2_256(&[demo::VERIFYING_KEY])));
	let plain = String::from_utf8(run(&["info"]).stdout).unwrap();
	assert_eq!(plain.lines().count(), facts.as_object().unwrap().len());
}

#[test]
fn export_root_should_write_the_genesis_root() {
	let dir = tempfile::tempdir().unwrap();
	let out = dir.path().join("root.bin");
	assert!(run(&["genesis", "export-root", "--out", out.to_str().unwrap()]).status.success());
	assert_eq!(std::fs::read(&out).unwrap(), demo::GENESIS_ROOT);
}

#[test]
fn export_root_should_fail_with_one_line_when_the_file_cannot_be_written() {
	let dir = tempfile::tempdir().unwrap();
	let output = run(&["genesis", "export-root", "--out", dir.path().to_str().unwrap()]);
	assert!(!output.status.success());
	let error = String::from_utf8(output.stderr).unwrap();
	assert!(error.starts_with("error: cannot write"), "{error}");
	assert_eq!(error.lines().count(), 1);
}
