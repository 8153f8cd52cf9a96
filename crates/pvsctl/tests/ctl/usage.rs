// SPDX-License-Identifier: Apache-2.0
//! Bad input, help, pages and colors.

use crate::pvsctl;

#[test]
fn command_line_should_be_refused_in_one_line_with_code_2_when_it_is_wrong() {
	for (words, cure) in [
		(&[][..], "needs a command"),
		(&["provr"], "'prover'"),
		(&["prover"], "needs a command"),
		(&["prover", "run"], "--key-file"),
		(&["prover", "run", "--suri", "//Bob", "--fee", "2"], "`2 UNIT`"),
		(&["prover", "unbond", "--suri", "//Bob", "--amount", "2"], "`2 UNIT`"),
		(&["prover", "run", "--suri", "//Bob", "--keyfile", "k"], "--key-file"),
		(&["prover", "run", "--suri"], "a value is required"),
		(&["--url", "ws://a:1", "seal", "speed"], "--url"),
		(&["demo", "--check"], "latency"),
		(&["demo", "--scenario", "faults", "--batches", "3"], "plain"),
		(&["sequencer", "load", "--min-fee", "10", "--max-fee", "5"], "--max-fee"),
		(&["completions"], "<SHELL>"),
	] {
		let output = pvsctl(words).output().unwrap();
		let said = String::from_utf8(output.stderr).unwrap();
		assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
		assert!(said.starts_with("error: ") && said.contains(cure), "{words:?}: {said}");
		assert_eq!(said.lines().count(), 1, "{said}");
		assert!(output.stdout.is_empty(), "{words:?}");
	}
}

#[test]
fn failure_should_be_one_line_with_code_1() {
	let sign = ["--suri", "//Bob", "--url", "ws://127.0.0.1:1"];
	for words in [
		&["prover", "withdraw"][..],
		&["prover", "deregister"],
		&["prover", "bond-more", "--amount", "1 UNIT"],
		&["rollup", "accept", "--id", "0"],
		&["opener", "settle", "--batch", "0/3", "--bidder", &format!("0x{}", "11".repeat(32))],
	] {
		let output = pvsctl(words).args(sign).output().unwrap();
		let said = String::from_utf8(output.stderr).unwrap();
		assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
		assert!(said.starts_with("error: no node answers at ws://127.0.0.1:1"), "{said}");
		assert_eq!(said.lines().count(), 1, "{said}");
	}
}

#[test]
fn help_should_have_no_colors_where_it_is_no_terminal_and_end_well_when_nobody_reads() {
	let help = pvsctl(&["prover", "--help"]).output().unwrap();
	assert!(help.status.success() && !help.stdout.contains(&0x1b));
	for words in
		[&["--help"][..], &["prover", "run", "--help"], &["--version"], &["completions", "bash"]]
	{
		let (reader, writer) = std::io::pipe().unwrap();
		drop(reader);
		let output = pvsctl(words).stdout(writer).output().unwrap();
		let said = String::from_utf8_lossy(&output.stderr);
		assert!(output.status.success() && said.is_empty(), "{words:?}: {said}");
	}
}

#[test]
fn completions_and_pages_should_know_the_commands() {
	let script = pvsctl(&["completions", "bash"]).output().unwrap();
	assert!(String::from_utf8(script.stdout).unwrap().contains("set-sequencer"));
	let dir = tempfile::tempdir().unwrap();
	let dir = dir.path().join("man1");
	let output = pvsctl(&["man", dir.to_str().unwrap()]).output().unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	for page in ["pvsctl.1", "pvsctl-prover.1", "pvsctl-prover-run.1", "pvsctl-rollup-transfer.1"] {
		assert!(dir.join(page).is_file(), "{page}");
	}
}
