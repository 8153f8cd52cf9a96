// SPDX-License-Identifier: Apache-2.0
//! The program `pvsctl rollup`, without what takes seconds.

use crate::pvsctl;
use pvs_primitives::hash::blake2_256;
use pvs_rollup::{demo, shape::Shape};
use std::process::Output;

fn run(arguments: &[&str]) -> Output {
	pvsctl(&["rollup"]).args(arguments).output().unwrap()
}

#[test]
fn info_should_print_the_facts_of_the_library() {
	let output = run(&["info", "--json"]);
	assert!(output.status.success());
	let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
	let hexadecimal = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
	assert_eq!(facts["data_len"], demo::SHAPE.data_len());
	assert_eq!(facts["domain_size"], 1 << 16);
	assert_eq!(facts["genesis_root"], hexadecimal(demo::GENESIS_ROOT));
	assert_eq!(facts["verifying_key_hash"], hexadecimal(&blake2_256(&[demo::VERIFYING_KEY])));
	let plain = String::from_utf8(run(&["info"]).stdout).unwrap();
	assert_eq!(plain.lines().count(), facts.as_object().unwrap().len());
	let large = run(&["info", "--shape", "large", "--json"]);
	let facts: serde_json::Value = serde_json::from_slice(&large.stdout).unwrap();
	assert_eq!(facts["data_len"], Shape::LARGE.data_len());
	assert_eq!(facts["domain_size"], 1 << 17);
}

/// Finding R16.
#[test]
fn program_should_end_well_when_nobody_reads_what_it_prints() {
	for arguments in [&["info"][..], &["info", "--json"], &["--help"]] {
		let (reader, writer) = std::io::pipe().unwrap();
		drop(reader);
		let output = pvsctl(&["rollup"]).args(arguments).stdout(writer).output().unwrap();
		let said = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
	}
}

/// Finding R16: the file was written, and then the program panicked.
#[cfg(unix)]
#[test]
fn path_should_be_shown_as_far_as_it_can_be_when_it_is_not_unicode() {
	use std::os::unix::ffi::OsStrExt;
	let dir = tempfile::tempdir().unwrap();
	let out = dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.json"));
	let output = pvsctl(&["rollup"])
		.args(["genesis", "export-demo", "--json", "--out"])
		.arg(&out)
		.output()
		.unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
	assert!(facts["written"].as_str().unwrap().ends_with("caf\u{fffd}.json"), "{facts}");
	assert!(out.exists());
}

#[test]
fn export_root_should_read_the_genesis_file_that_export_demo_wrote() {
	let dir = tempfile::tempdir().unwrap();
	let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
	let (genesis, root) = (path("genesis.json"), path("root.bin"));
	assert!(run(&["genesis", "export-demo", "--out", &genesis]).status.success());
	let export = ["genesis", "export-root", "--genesis", &genesis, "--out", &root];
	assert!(run(&export).status.success());
	assert_eq!(std::fs::read(&root).unwrap(), demo::GENESIS_ROOT);

	let json = std::fs::read_to_string(&genesis).unwrap();
	std::fs::write(&genesis, json.replacen("\"index\": 1,", "\"index\": 0,", 1)).unwrap();
	std::fs::remove_file(&root).unwrap();
	let output = run(&export);
	assert!(!output.status.success());
	let error = String::from_utf8(output.stderr).unwrap();
	assert!(error.contains("account 0 appears twice") && error.contains("line "), "{error}");
	assert_eq!(error.lines().count(), 1);
	assert!(!std::path::Path::new(&root).exists());
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
