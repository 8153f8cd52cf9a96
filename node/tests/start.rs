// SPDX-License-Identifier: Apache-2.0
//! Causes that keep the node from starting. Nothing here needs a runtime, which a build for tests may lack.

use std::process::Command;

#[test]
fn option_of_the_opener_should_be_refused_when_the_node_is_asked_for_none() {
	let output = Command::new(env!("CARGO_BIN_EXE_pvs-node"))
		.args(["--dev", "--tmp", "--opener-threads", "2"])
		.output()
		.unwrap();
	let text = String::from_utf8(output.stderr).unwrap();
	assert!(!output.status.success(), "{text}");
	assert!(text.contains("--opener-key-file"), "{text}");
}

/// Finding R14: the node ran on without the opener that it was asked for.
#[test]
fn node_should_not_start_when_the_key_of_its_opener_cannot_be_read() {
	for (key, said) in
		[("/nonexistent/key", "cannot read the key file"), ("/dev/null", "is no file")]
	{
		let output = Command::new(env!("CARGO_BIN_EXE_pvs-node"))
			.args(["--dev", "--tmp", "--opener-key-file", key])
			.output()
			.unwrap();
		let text = String::from_utf8(output.stderr).unwrap();
		assert!(!output.status.success(), "{text}");
		assert_eq!(text.lines().count(), 1, "{text}");
		for part in ["--opener-key-file", key, said] {
			assert!(text.contains(part), "{part}: {text}");
		}
	}
}

/// Returns what a node says that does not start with these options.
fn refusal(options: &[&str]) -> String {
	let output = Command::new(env!("CARGO_BIN_EXE_pvs-node")).args(options).output().unwrap();
	let text = String::from_utf8(output.stderr).unwrap();
	assert!(!output.status.success(), "{options:?}: {text}");
	text
}

#[test]
fn node_should_not_start_when_its_prover_or_sequencer_could_never_work() {
	let local = ["--chain", "local", "--tmp"];
	let cases: [(&[&str], &[&str], &str); 6] = [
		(
			&["--dev", "--tmp"],
			&["--prover", "--prover-key-file", "/nonexistent/key"],
			"cannot read",
		),
		(&["--dev", "--tmp"], &["--prover", "--prover-proving-key", "/nonexistent"], "cannot read"),
		(&local, &["--prover"], "no proving key; name the file"),
		(&local, &["--sequencer"], "--sequencer is for --dev"),
		(
			&["--dev", "--tmp"],
			&["--sequencer", "--sequencer-listen", "0.0.0.0:8545"],
			"can be reached from other machines",
		),
		(&["--dev", "--tmp"], &["--prover", "--prover-fee", "2"], "--prover-fee"),
	];
	for (chain, options, said) in cases {
		let text = refusal(&[chain, options].concat());
		assert!(text.contains(said), "{options:?}: {text}");
	}
}

#[test]
fn option_of_a_service_should_be_refused_when_the_node_is_asked_for_none() {
	for (option, value, needed) in [
		("--prover-threads", "2", "--prover"),
		("--prover-rollup", "1", "--prover"),
		("--prover-keys-dir", "keys", "--prover"),
		("--sequencer-listen", "127.0.0.1:0", "--sequencer"),
	] {
		let text = refusal(&["--dev", "--tmp", option, value]);
		assert!(text.contains(needed), "{option}: {text}");
	}
	let both = ["--prover", "--prover-keys-dir", "keys", "--prover-proving-key", "key"];
	let text = refusal(&[&["--dev", "--tmp"], &both[..]].concat());
	assert!(text.contains("cannot be used with"), "{text}");
}
