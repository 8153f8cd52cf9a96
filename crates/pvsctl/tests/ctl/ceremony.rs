// SPDX-License-Identifier: Apache-2.0
//! The program, as far as it goes without minutes of computing: what it prints, what it refuses.

use crate::pvsctl;
use ark_bn254::Fr;
use ark_ff::One;
use pvs_ceremony::{Ceremony, Circuit, Powers, Silent};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output},
};
use tempfile::TempDir;

fn fixture() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../ceremony/tests/fixtures/powers_5.ptau")
}

/// A directory with the first parameters of a product of public inputs.
fn started() -> TempDir {
	let dir = tempfile::tempdir().unwrap();
	let row = |variable| vec![vec![(Fr::one(), variable)]; 8];
	let (a, b, c) = (row(1), row(2), row(5));
	let circuit = Circuit::new([&a, &b, &c], 5, 1).unwrap();
	let powers = Powers::from_file(&fixture(), circuit.power(), &Silent).unwrap();
	let ceremony = Ceremony::start(&circuit, &powers, &Silent).unwrap();
	fs::write(dir.path().join("0.pvsc"), ceremony.to_bytes()).unwrap();
	dir
}

fn program(dir: &TempDir, line: &str) -> Command {
	let mut program = pvsctl(&["ceremony"]);
	program.args(line.split(' ')).current_dir(dir.path());
	program
}

fn run(dir: &TempDir, line: &str) -> Output {
	program(dir, line).output().unwrap()
}

fn json(dir: &TempDir, line: &str) -> Value {
	let output = run(dir, &format!("{line} --json"));
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	assert!(output.stderr.is_empty(), "no bars where there is no terminal");
	serde_json::from_slice(&output.stdout).unwrap()
}

/// The one line of a failure.
fn refusal(dir: &TempDir, line: &str) -> String {
	let output = run(dir, line);
	assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
	let error = String::from_utf8(output.stderr).unwrap();
	assert_eq!(error.lines().count(), 1, "{error}");
	error
}

/// Finding R16: it panicked, with what it had to write written.
#[test]
fn program_should_end_well_when_nobody_reads_what_it_prints() {
	let dir = started();
	for line in ["inspect 0.pvsc", "inspect 0.pvsc --json", "contribute --in 0.pvsc --out 1.pvsc"] {
		let (reader, writer) = std::io::pipe().unwrap();
		drop(reader);
		let output = program(&dir, line).stdout(writer).output().unwrap();
		let said = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success() && said.is_empty(), "{line}: {said}");
	}
	assert!(dir.path().join("1.pvsc").exists());
}

#[cfg(unix)]
#[test]
fn program_should_show_a_path_as_far_as_it_can_when_it_is_not_unicode() {
	use std::os::unix::ffi::OsStrExt;
	let dir = started();
	let out = std::ffi::OsStr::from_bytes(b"caf\xe9.pvsc");
	let output = program(&dir, "contribute --in 0.pvsc --json --out").arg(out).output().unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let made: Value = serde_json::from_slice(&output.stdout).unwrap();
	assert_eq!(made["written"], "caf\u{fffd}.pvsc");
	assert!(dir.path().join(out).exists());
}

#[test]
fn program_should_contribute_add_a_beacon_and_show_the_transcript() {
	let dir = started();
	fs::write(dir.path().join("dice"), "4 2 6 6 1").unwrap();
	let first = json(&dir, "contribute --in 0.pvsc --out 1.pvsc --name Alice --entropy-file dice");
	let second = json(&dir, "contribute --in 1.pvsc --out 2.pvsc");
	let value = format!("0x{}", "5a".repeat(32));
	let beacon = format!("beacon --in 2.pvsc --out 3.pvsc --iterations-log2 10 --value {value}");
	let third = json(&dir, &beacon);
	let shown = json(&dir, "inspect 3.pvsc");
	let contributions = shown["contributions"].as_array().unwrap();
	assert_eq!(contributions.len(), 3);
	for (index, made) in [first, second, third].iter().enumerate() {
		assert_eq!(made["contribution"], index + 1);
		assert_eq!(made["keep_this_hash"], contributions[index]["hash"]);
	}
	assert_eq!(contributions[0]["name"], "Alice");
	assert_eq!(contributions[2]["beacon"], value.as_str());
	let text = run(&dir, "inspect 3.pvsc");
	let text = String::from_utf8(text.stdout).unwrap();
	assert!(text.contains("Alice") && text.contains("hashed 2^10 times"), "{text}");
}

#[test]
fn program_should_refuse_another_beacon_than_the_one_looked_up() {
	let dir = started();
	let (value, other) = ("5a".repeat(32), "5b".repeat(32));
	json(&dir, "contribute --in 0.pvsc --out 1.pvsc");
	json(&dir, &format!("beacon --in 1.pvsc --out 2.pvsc --iterations-log2 10 --value {value}"));
	let ground = format!("--shape small --powers {}", fixture().display());
	for (command, file) in [("verify", ""), ("finalize", "--dir keys --in ")] {
		let with = |beacon: &str, input: &str| {
			refusal(&dir, &format!("{command} {ground} --beacon 0x{beacon} {file}{input}"))
		};
		let refused = with(&other, "2.pvsc");
		let words = format!("2.pvsc: ends with the beacon 0x{value}, not the expected 0x{other}");
		assert!(refused.contains(&words), "{refused}");
		let refused = with(&value, "1.pvsc");
		let words = format!("1.pvsc: does not end with a beacon; the expected one is 0x{value}");
		assert!(refused.contains(&words), "{refused}");
		// The right one passes, up to the powers, which are for a smaller circuit.
		let refused = with(&value, "2.pvsc");
		assert!(refused.contains("the circuit needs 16 or more"), "{refused}");
	}
	assert!(!dir.path().join("keys").exists());
}

#[test]
fn program_should_refuse_to_overwrite_and_leave_what_is_there() {
	let dir = started();
	fs::write(dir.path().join("there"), "kept").unwrap();
	let powers = fixture();
	let powers = powers.display();
	for line in [
		"contribute --in 0.pvsc --out there",
		"beacon --in 0.pvsc --out there --iterations-log2 10 --value 00112233445566778899aabbccddeeff",
		&format!("start --shape small --powers {powers} --out there"),
	] {
		let error = refusal(&dir, line);
		assert!(error.starts_with("error: there: exists"), "{error}");
	}
	fs::write(dir.path().join("reference-rollup-4x16.vk"), "kept").unwrap();
	let error =
		refusal(&dir, &format!("finalize --shape small --powers {powers} --in 0.pvsc --dir ."));
	assert!(error.contains("reference-rollup-4x16.vk: exists"), "{error}");
	assert_eq!(fs::read(dir.path().join("there")).unwrap(), b"kept");
	assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else was written");
}

#[test]
fn program_should_name_file_and_cause_when_it_refuses() {
	let dir = started();
	let powers = fixture();
	let powers = powers.display();
	let whole = fs::read(dir.path().join("0.pvsc")).unwrap();
	fs::write(dir.path().join("short.pvsc"), &whole[..whole.len() - 1]).unwrap();
	fs::write(dir.path().join("text"), "no parameters").unwrap();
	for (line, words) in [
		("contribute --in short.pvsc --out 1.pvsc".to_owned(), "short.pvsc: is truncated"),
		("inspect text".into(), "text: is not a file of a ceremony"),
		("inspect missing".into(), "missing: cannot be read"),
		("contribute --in 0.pvsc --out 1.pvsc --entropy-file missing".into(), "missing: "),
		("contribute --in 0.pvsc --out no/1.pvsc".into(), "cannot write no/1.pvsc"),
		(
			"beacon --in 0.pvsc --out 1.pvsc --iterations-log2 10 --value 0011".into(),
			"--value: the beacon's value has 2 bytes; it has 16 to 128",
		),
		(
			format!("start --shape small --powers {powers} --out 1.pvsc"),
			"powers_5.ptau: has power 5; the circuit needs 16 or more",
		),
		("start --shape small --powers text --out 1.pvsc".into(), "text: is not a .ptau file"),
		(format!("verify --shape small --powers {powers} 0.pvsc"), "the circuit needs 16"),
	] {
		let error = refusal(&dir, &line);
		assert!(error.starts_with("error: ") && error.contains(words), "{line}: {error}");
	}
	assert!(!dir.path().join("1.pvsc").exists());
}
